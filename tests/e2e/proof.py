"""The main job, proved over Home Assistant's API: with numbers and call ids that nobody could have foreseen."""

import asyncio
import contextlib
import random
from collections.abc import Callable
from typing import Any

from tests.simulators.base import Placed, Simulator, TrueCall
from tests.simulators.demo import GONE

from .accounts import Account
from .client import ActionError, Client, EventLog, Json, known_as
from .process import until

# What is pushed is there at once; what is polled may take two turns.
PUSH = 8
POLLED = 25
AGAIN = 1
"""Seconds within which a call that is placed a second time would be there."""
AUTOMATION = "call_back_who_was_missed"


class ProofError(Exception):
    """Home Assistant or the phone system is not as it should be."""


class Proof:
    """Prove one account; `say` gets every line that a person reads."""

    def __init__(self, client: Client, account: Account[Any], rng: random.Random, say: Callable[[str], None]) -> None:
        """Prepare; nothing happens yet."""
        self.client = client
        self.account = account
        self.simulator: Simulator = account.simulator
        self.rng = rng
        self.say = say
        self._events = EventLog()

    async def run(self) -> None:
        """Go through all of it; raises ProofError, TimeoutError or ActionError at the first thing that is wrong."""
        account = self.account
        self._events = await self.client.events()
        if account.pushed:
            await self._incoming("pushed", account.extensions[0], account.pushed, PUSH)
        if account.quiet:
            await self._incoming("seen by poll", account.quiet, ("poll",), POLLED)
        await self._call_back()

    # -- an incoming call ---------------------------------------------------------------------------

    async def _incoming(self, how: str, extension: str, sources: tuple[str, ...], patience: float) -> None:
        """Let somebody call, be answered and hang up; read it all back. One of `sources` tells of the ring."""
        written, number = self.account.number(self.rng)
        true_id = await self.simulator.ring(written, extension)
        self.say(f"{number} rings {extension} at the phone system (its call {true_id})")
        event = await self._events.wait(patience, type="call_incoming", from_number=number)
        source = event["provider_event"]
        self._equal("the event's source", source, source if source in sources else sources[0])
        self._equal("the event's extension", event.get("extension"), extension)
        call_id = event["call_id"]
        self.say(f"  {how}: pbx_event call_incoming from {number}, call {call_id}, told by {source!r}")
        await self._shown(extension, number, call_id, "ringing", patience)
        await self._event_entity(extension, number)
        await self.simulator.answer(true_id, extension)
        await self._events.wait(patience, type="call_answered", from_number=number)
        await self._shown(extension, number, call_id, "talking", patience)
        await self.simulator.hang_up(true_id)
        ended = await self._events.wait(patience, type="call_ended", from_number=number)
        self.say(f"  call_ended: {ended.get('outcome')}, talked {ended.get('duration')} s")
        await self._idle(extension, patience)

    async def _shown(self, extension: str, number: str, call_id: str, state: str, patience: float) -> None:
        sensor = await self._entity(f"extension_{extension}", "call_state")
        shown = await self.client.wait_state(sensor, state, patience, call_id=call_id, caller=number)
        self.say(f"  {sensor} is {shown['state']}, caller {shown['attributes']['caller']}")
        active = await self._entity("account", "active_calls")

        def has_it(found: Json) -> bool:
            return any(call.get("call_id") == call_id for call in found["attributes"].get("calls", ()))

        found = await self.client.wait_state(active, has_it, patience)
        self.say(f"  {active} is {found['state']}")

    async def _event_entity(self, extension: str, number: str) -> None:
        entity = await self._entity(f"extension_{extension}", "call_event")
        state = await self.client.wait_state(entity, lambda it: it["attributes"].get("from_number") == number)
        self._equal(f"the type shown by {entity}", state["attributes"]["event_type"], "call_incoming")
        self.say(f"  {entity} shows {state['attributes']['event_type']} from {state['attributes']['from_number']}")

    # -- an automation that calls back --------------------------------------------------------------

    async def _call_back(self) -> None:
        """Let an automation call back who was missed; end the call by action, the second one by button."""
        missed, caller = self.account.extensions[0], self.account.extensions[3]
        device = await self.client.device(self.account.entry_id, f"extension_{caller}")
        await self._automate(caller)
        try:
            await self._twice(missed, caller, device)
        finally:
            await self.client.delete(f"/api/config/automation/config/{AUTOMATION}")

    async def _twice(self, missed: str, caller: str, device: str) -> None:
        buttons = await self.client.entities(self.account.entry_id)
        hang_ups = tuple(f"_{name}_hang_up" for name in known_as(f"extension_{caller}"))
        button = next((one["entity_id"] for one in buttons if one["unique_id"].endswith(hang_ups)), None)
        for first in (True, False):
            placed = await self._missed(missed, caller)
            if button is None:
                await self._refused(device)
                await self.simulator.hang_up(placed.call_id)
                return
            await self._connected(placed)
            await self._talking(caller)
            if first:
                await self.client.act("pbx.hangup", device=device)
                how = "pbx.hangup by target"
            else:
                await self.client.act("button.press", entity=button)
                how = f"a press of {button}"
            await self._over(placed, how)
            await self._idle(caller, POLLED)

    async def _automate(self, extension: str) -> None:
        action = {
            "action": "pbx.originate",
            "data": {
                "config_entry_id": self.account.entry_id,
                "extension": extension,
                "number": "tel:{{ trigger.event.data.from_number }}",
            },
        }
        wanted = {"type": "call_missed", "config_entry_id": self.account.entry_id}
        automation = {
            "alias": "Call back who was missed",
            "mode": "queued",
            "triggers": [{"trigger": "event", "event_type": "pbx_event", "event_data": wanted}],
            "actions": [action],
        }
        await self.client.post(f"/api/config/automation/config/{AUTOMATION}", automation)
        await self.client.wait_state(f"automation.{AUTOMATION}", "on")
        self.say(f"Automation: pbx.originate from {extension} when a call was missed")

    async def _missed(self, extension: str, caller: str) -> Placed:
        written, number = self.account.number(self.rng)
        before = len(self.simulator.placed)
        runs = (await self.client.state(f"automation.{AUTOMATION}"))["attributes"].get("last_triggered")
        true_id = await self.simulator.ring(written, extension)
        await self._events.wait(POLLED, type="call_incoming", from_number=number)
        await self.simulator.hang_up(true_id)
        event = await self._events.wait(POLLED, type="call_missed", from_number=number)
        self.say(f"{number} rings {extension} and gives up: call_missed, call {event['call_id']}")

        def done(state: Json) -> bool:
            attributes = state["attributes"]
            return bool(attributes.get("last_triggered") != runs and attributes.get("current") == 0)

        await self.client.wait_state(f"automation.{AUTOMATION}", done, POLLED)

        async def rings() -> list[Placed] | None:
            return self.simulator.placed[before:] or None

        await until(rings, "call placed on the phone system", PUSH)
        await asyncio.sleep(AGAIN)
        placed = self.simulator.placed[before:]
        self._equal("the number of calls placed", len(placed), 1)
        self._equal("who calls", placed[0].source, caller)
        self._equal("the last digits called", placed[0].destination[-6:], number[-6:])
        self.say(f"  the automation placed exactly one call: {placed[0].source} to {placed[0].destination}")
        return placed[0]

    async def _connected(self, placed: Placed) -> None:
        """Let the called party pick up, once the caller's own phone did."""

        async def talks() -> bool:
            call: TrueCall = next(call for call in self.simulator.truth() if call.call_id == placed.call_id)
            if call.state != "talking":
                with contextlib.suppress(*GONE):
                    await self.simulator.answer(placed.call_id)
            return call.state == "talking"

        await until(talks, f"conversation in call {placed.call_id}", PUSH)

    async def _talking(self, extension: str) -> None:
        sensor = await self._entity(f"extension_{extension}", "call_state")
        shown = await self.client.wait_state(sensor, "talking", POLLED)
        self.say(f"  {sensor} is {shown['state']}, callee {shown['attributes']['callee']}")

    async def _over(self, placed: Placed, how: str) -> None:
        async def gone() -> bool:
            return all(call.call_id != placed.call_id for call in self.simulator.truth())

        await until(gone, f"end of call {placed.call_id} by {how}", PUSH)
        self.say(f"  {how} ended it at the phone system")

    async def _refused(self, device: str) -> None:
        try:
            await self.client.act("pbx.hangup", device=device)
        except ActionError as error:
            self._equal("the refusal of pbx.hangup", error.key, "unsupported")
            self.say(f"  pbx.hangup is refused, as this phone system cannot: {error.message}")
        else:
            raise ProofError("pbx.hangup was accepted by a phone system without it")

    # -- small things -------------------------------------------------------------------------------

    async def _idle(self, extension: str, patience: float) -> None:
        sensor = await self._entity(f"extension_{extension}", "call_state")
        await self.client.wait_state(sensor, "idle", patience)
        self.say(f"  {sensor} is idle")

    async def _entity(self, subject: str, key: str) -> str:
        return str((await self.client.entity(self.account.entry_id, subject, key))["entity_id"])

    def _equal(self, what: str, found: object, wanted: object) -> None:
        if found != wanted:
            raise ProofError(f"Wrong: {what} is {found!r} instead of {wanted!r}")
