"""Home Assistant is killed in the middle of calls and started again: afterwards it must know what is so."""

import asyncio
import contextlib
import random
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.e2e.accounts import KINDS
from tests.e2e.client import ActionError, Json
from tests.e2e.house import House, open_house
from tests.e2e.process import until
from tests.simulators.demo import GONE
from tests.simulators.voxloud import VoxloudSimulator

from .compare import Entity, Shown, Truth, differences, digits
from .lines import LINES, Line
from .plan import BEGINS, ENDS, Verdict

type AnyHouse = House[Any]

PATIENCE = 45.0
SET_UP = 90
SAVED = 3
MOMENT = 0.5


class Kill:
    """People use the phones, Home Assistant dies and comes back."""

    def __init__(self, house: AnyHouse, provider: str, seed: int) -> None:
        """Throw the dice."""
        self.house = house
        self.rng = random.Random(f"kill {provider} {seed}")
        self.line: Line[Any] = LINES[provider](seed)
        self.sim = self.line.simulator = house.account.simulator
        self.verdict = Verdict(provider=provider, seed=seed)
        self.seed = seed
        self.count = 0

    async def run(self) -> Verdict:
        """Do all of it."""
        for _ in range(self.rng.randint(2, 4)):
            await self._use_phones()
        await asyncio.sleep(self.rng.uniform(0, 2))
        placed = self._number()
        command = asyncio.create_task(self._place(placed))
        await asyncio.sleep(self.rng.choice((0, 0.005, 0.02, 0.1, 1)))
        await self.house.process.kill()
        self.verdict.faults["kill"] += 1
        await self.house.client.close()
        await command
        self.line.note_deafness()
        for _ in range(self.rng.randint(0, 3)):
            await self._use_phones()
        self.line.note_deafness()
        await self.house.process.start()
        await self.house.enter()
        await self._loaded()
        self.line.note_deafness()
        shown = await self._settled("after the restart")
        await self._use_phones()
        seen = shown | await self._settled("in the new life")
        for _ in range(4):
            for call in self.sim.truth():
                with contextlib.suppress(*GONE):
                    await self.sim.hang_up(call.call_id)
            await asyncio.sleep(MOMENT)
        await self._settled("when all was over", over=True)
        await self._judge(seen, placed)
        return self.verdict

    async def _loaded(self) -> None:
        """Wait until the account is set up, though a phone system that was asked too much makes it wait as well."""

        async def is_loaded() -> bool:
            return any(account["state"] == "loaded" for account in await self.house.client.accounts())

        await until(is_loaded, "account that is set up", SET_UP)

    async def _use_phones(self) -> None:
        """Do one thing that people do."""
        rng, calls = self.rng, self.line.truth()
        ringing = [(call, leg) for call in calls for leg in call.legs if leg.state == "ringing"]
        with contextlib.suppress(*GONE):
            match rng.choice(("ring", "ring", "dial", "answer", "answer", "hang up")):
                case "answer" if ringing:
                    call, leg = rng.choice(ringing)
                    await self.sim.answer(call.call_id, leg.extension)
                case "hang up" if calls:
                    await self.sim.hang_up(rng.choice(calls).call_id)
                case "dial":
                    await self.sim.dial(rng.choice(self.line.extensions), self._number())
                case _:
                    await self.sim.ring(self._number(), rng.choice(self.line.extensions))
        await asyncio.sleep(rng.choice((0, 0.05, MOMENT)))

    def _number(self) -> str:
        self.verdict.calls += 1
        self.count += 1
        # The numbers of one plan are not those of another: the simulator remembers what was placed.
        return f"{self.line.plus}{self.line.block[:-1]}{self.seed % 100:02}{self.count:02}"

    async def _place(self, number: str) -> None:
        self.verdict.commands += 1
        with contextlib.suppress(ActionError, ConnectionError, TimeoutError):
            await self.house.client.act(
                "pbx.originate", extension=self.line.extensions[-1], number=f"+{number.removeprefix('+')}"
            )

    # -- afterwards ---------------------------------------------------------------------------------

    async def _settled(self, when: str, *, over: bool = False) -> set[str]:
        """Wait until everything is shown as it is; give the calls that are shown."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE
        while True:
            shown = await self._shown()
            wrong = list(differences(await self._truth(over=over), shown))
            if not wrong:
                return set(shown.calls)
            if loop.time() > deadline:
                self.verdict.mismatches += [f"{when}: {text}" for text in wrong]
                return set(shown.calls)
            await asyncio.sleep(MOMENT)

    async def _truth(self, *, over: bool) -> Truth:
        devices = await self.house.client.devices(self.house.account.entry_id)
        ids = {device["name"]: device["identifiers"][0][1].rpartition("_")[2] for device in devices}
        return Truth(
            extensions=self.line.extensions,
            calls=self.line.truth(),
            others={"account_connected": "on", "account_push": None, **self.line.others(ids, long=False)},
            absent=self.line.absent,
            lossy=frozenset() if over or self.line.can_be_asked else frozenset(self.line.lossy),
        )

    async def _shown(self) -> Shown:
        client, entry_id = self.house.client, self.house.account.entry_id
        states: dict[str, Json] = {state["entity_id"]: state for state in await client.get("/api/states")}
        entities = {}
        for entity in await client.entities(entry_id):
            state = states.get(entity["entity_id"])
            if state is not None:
                key = self._key(entity["unique_id"])
                domain = entity["entity_id"].partition(".")[0]
                entities[key] = Entity(domain=domain, state=state["state"], attributes=state["attributes"])
        answer = await client.ask("pbx.get_calls", config_entry_id=entry_id)
        calls = {
            call["call_id"]: [leg["extension"] for leg in call.get("legs", ()) if leg.get("extension")]
            for call in answer["calls"]
        }
        return Shown(entities=entities, calls=calls)

    def _key(self, unique_id: str) -> str:
        """Take the account's part off a unique id."""
        kinds = ("account", "slot", "extension", "agent", "queue")
        return unique_id[min(at for kind in kinds if (at := unique_id.find(f"_{kind}_")) >= 0) + 1 :]

    async def _judge(self, seen: set[str], placed: str) -> None:
        begun = Counter(data.get("call_id", "") for data in self.house.events.all if data["type"] in BEGINS)
        ended = Counter(data.get("call_id", "") for data in self.house.events.all if data["type"] in ENDS)
        for call_id in seen | begun.keys() | ended.keys():
            if ended[call_id] != 1:
                self.verdict.mismatches.append(f"call {call_id} has {ended[call_id]} ends in the new life")
        times = sum(digits(one.destination) == digits(placed) for one in self.sim.placed)
        if times > 1:
            self.verdict.mismatches.append(f"a call was placed {times} times ({placed})")
        if isinstance(self.sim, VoxloudSimulator):
            made = Counter((one.event_type, one.callback_url) for one in self.sim.subscriptions.values())
            kinds = Counter(kind for kind, _ in made)
            if not made or max(made.values()) > 1 or max(kinds.values()) > 1:
                self.verdict.mismatches.append(f"the webhook is registered {sorted(made.values())} times")


def carry_out_kills(provider: str, seeds: Iterable[int]) -> list[Verdict]:
    """Kill a Home Assistant once for each seed."""
    verdicts: list[Verdict] = []
    with tempfile.TemporaryDirectory() as folder, open_house(Path(folder), KINDS[provider]()) as house:
        # Home Assistant saves a new account a moment later.
        house.run(asyncio.sleep(SAVED))
        verdicts += [house.run(Kill(house, provider, seed).run()) for seed in seeds]
    return verdicts
