"""Each provider's own part of a plan: its simulator, its account, its own troubles and what cannot be known of it."""

import json
import random
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus
from itertools import count
from types import MappingProxyType
from typing import Any, ClassVar, override

from aiohttp import web
from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import CONF_COUNTRY, CONF_WEBHOOK_ID
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.const import CONF_PROVIDER, DOMAIN, SUBENTRY_AGENT, SUBENTRY_QUEUE
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.providers.voipat.provider import VoipatProvider
from tests.simulators.base import Body, Simulator, TrueCall, TrueLeg
from tests.simulators.voipat import Esl, Leg, VoipatSimulator
from tests.simulators.voipat_wire import Registrations
from tests.simulators.voipstudio import VoipstudioSimulator
from tests.simulators.voipsun import VoipsunSimulator
from tests.simulators.voipsun_model import Agent, Broken, CallKind, DeviceState, Permission, Queue
from tests.simulators.voxloud import VoxloudSimulator

from .compare import Wanted, digits

LONGEST_RING = 280
LONGEST_WAY = 10
LITTLE = 0.5
"""The share of the requests that may be sent below which whoever asks saves them."""
UP = ("talking", "on_hold")
WEBHOOK_ID = "chaos0123456789abcdef0123456789abcdef"

STATUS = {
    DeviceState.IN_USE: "talking",
    DeviceState.RINGING_IN_USE: "talking",
    DeviceState.RINGING: "busy",
    DeviceState.BUSY: "busy",
    DeviceState.ON_HOLD: "on_hold",
}
UNLISTED = "default"
"""The context of a leg that VOIP@ lists for nobody."""
TOLERANCE = 40
"""Seconds by which a figure may be old that grows with time."""

type Step = Callable[[random.Random], Awaitable[None]]
type Trouble = Callable[[random.Random], Awaitable[None] | None]


def now() -> float:
    """Give the time of whatever clock runs."""
    return time.time()


def _whole(text: str) -> str:
    """Give a JSON text, if it is one from its beginning to its end."""
    try:
        json.loads(text)
    except ValueError:
        return ""
    return text


def _two(rng: random.Random, talking: Sequence[str], phones: Sequence[str]) -> tuple[str, str]:
    """Choose who hands a call over, and to whom else."""
    giver = rng.choice(talking)
    return giver, rng.choice([phone for phone in phones if phone != giver])


def _on(so: bool) -> str:  # noqa: FBT001
    return "on" if so else "off"


def _near(seconds: float) -> Callable[[str], bool]:
    """Expect a length of time that was so a while ago."""
    return lambda state: state.replace(".", "").isdecimal() and -TOLERANCE <= float(state) - seconds <= 1


def _level(queue: Queue) -> str:
    ended = queue.completed + queue.abandoned
    return str(round(100 * queue.within_level / ended, 1)) if ended else "unknown"


class Line[S: Simulator](ABC):
    """An account at a simulated phone system, and what may go wrong with it."""

    provider: ClassVar[str]
    extensions: ClassVar[Sequence[str]] = ("101", "102", "103", "104", "105")
    country: ClassVar[str]
    block: ClassVar[str]
    """The outside numbers but for their last three digits, with country and without plus."""
    plus: ClassVar[str] = "+"
    settle: ClassVar[float]
    """Seconds after which everything must be known again: two of the slowest polls, and a new socket."""
    forget: ClassVar[float]
    """Seconds after which nothing may be left of calls that ended unheard, and the slowest question was asked."""
    shown_after: ClassVar[float] = 3
    """Seconds after the last change in which all of it must be shown, while nothing is in the way."""
    relearns: ClassVar[float] = 0
    """Seconds after which a list has told what a lost message should have told, where it is not asked at once."""
    notice: ClassVar[float] = 70
    """Seconds after which it must have been noticed that the phone system is away."""
    can_be_asked: ClassVar[bool] = True
    pushes: ClassVar[bool] = True
    commands: ClassVar[Sequence[str]] = ("originate", "click_to_call", "hangup")

    simulator: S

    def __init__(self, seed: int) -> None:
        """Prepare a phone system."""
        self.rng = random.Random(f"{self.provider} {seed}")
        self.simulator = self.make(seed)
        self._numbers = count(1)
        self.lossy: set[str] = set()
        """True calls of which not every message arrived, where only messages tell of calls."""
        self.unseen: set[tuple[str, str]] = set()
        """The calls and phones that talk to nobody now, and of which nothing has said that they did before."""
        self.returned: Counter[str] = Counter()
        """How often a call from a number has come back in a way that only a new one comes, as far as was said."""

    @abstractmethod
    def make(self, seed: int) -> S:
        """Make the simulator, in a dialect of its own."""

    @property
    @abstractmethod
    def data(self) -> Mapping[str, Any]:
        """What the flow keeps of an account."""

    @property
    @abstractmethod
    def account_id(self) -> str:
        """What makes the account unique."""

    @property
    def promises(self) -> bool:
        """Whether an accepted call is really placed."""
        return True

    @property
    def options(self) -> Mapping[str, Any]:
        """What a person sets afterwards."""
        return {CONF_COUNTRY: self.country}

    @property
    def subentries(self) -> list[ConfigSubentryData]:
        """What a person adds afterwards."""
        return []

    def entry(self) -> MockConfigEntry:
        """Make the config entry as the flow would."""
        return MockConfigEntry(
            domain=DOMAIN,
            title="Chaos",
            unique_id=f"{self.provider}_{self.account_id}",
            data={CONF_PROVIDER: self.provider, CONF_WEBHOOK_ID: WEBHOOK_ID, **self.data},
            options=dict(self.options),
            subentries_data=self.subentries,
        )

    def key_by_number(self, key: str) -> str:
        """Give the end of an entity's unique id with the number of its extension, whatever it is known by."""
        return key

    def fresh(self) -> str:
        """Give an outside number that nobody has called or called from, as this phone system writes it."""
        return f"{self.plus}{self.block}{next(self._numbers):03}"

    async def connect(self, url: str) -> None:  # noqa: B027
        """Enter the webhook URL in the phone system's own settings."""

    async def flush(self) -> None:
        """Wait until everything that is pushed was sent."""
        await self.simulator.webhooks.settle()

    def steps(self) -> Sequence[tuple[int, Step]]:
        """List what else people do here, each with its weight."""
        return ()

    def troubles(self) -> Sequence[tuple[str, Trouble]]:
        """List what else may go wrong, by name."""
        return ()

    async def calm(self) -> None:  # noqa: B027
        """Let everything work again."""

    def hear(self, event: str, body: Body, *, lost: bool) -> None:  # noqa: B027
        """Take note of a message that is sent, or lost."""

    def note_deafness(self) -> None:  # noqa: B027
        """Take note that messages of the calls that are up may be lost now."""

    def begin_again(self) -> None:  # noqa: B027
        """Take note that whoever listens knows nothing any more."""

    def undisturbed(self, coordinator: PbxCoordinator) -> bool:
        """Tell whether nothing of this phone system's own is in the way of showing what happens."""
        return coordinator.provider.http.budget.spare > LITTLE

    def truth(self) -> list[TrueCall]:
        """List the calls that are up."""
        return self.simulator.truth()

    @property
    def over(self) -> int:
        """How many calls are over, where those count that nobody's step has made."""
        return 0

    @property
    def refuses_late(self) -> bool:
        """Whether a call is also refused that was placed, but that nobody has answered."""
        return False

    @property
    def refuses(self) -> bool:
        """Whether it refuses a part of what is asked, so that nothing else may be refused by the way."""
        return False

    @property
    def absent(self) -> frozenset[str]:
        """Name the entities that this phone system need not have."""
        hold = () if "hold" in self.commands else (f"extension_{number}_hold" for number in self.extensions)
        return frozenset((*hold, *(() if self.pushes else ("account_push",))))

    def others(self, ids: Mapping[str, str], *, long: bool) -> Mapping[str, Wanted]:
        """Say what entities show that are not about calls; `ids` are those of what a person added, by name.

        `long` says that the time of the slowest question has passed.
        """
        return {}


class Voipat(Line[VoipatSimulator]):
    """VOIP@ Cloud."""

    provider = "voipat"
    country = "DE"
    block = "493023125"
    settle = 200
    forget = 660
    commands = ("originate", "click_to_call", "hangup", "hold", "unhold", "toggle_hold")

    @override
    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._talked: set[str] = set()
        self._listed: set[str] = set()
        self._handed: set[object] = set()
        self._refused = False
        self.simulator.on_answer = self._answered

    @override
    def begin_again(self) -> None:
        self._listed.clear()

    def _answered(self, request: web.Request, answer: web.StreamResponse) -> None:
        """Take note of the phones that a list shows in the middle of a call, and of whether the key was good."""
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self._refused = True
        elif answer.status == HTTPStatus.OK and not request.path.endswith("/status"):
            self._refused = False
        if request.path.endswith("/calls/channels") and isinstance(answer, web.Response):
            listed = _whole(answer.text or "")
            self._listed |= {leg_id for leg_id in self._up(self.simulator.truth()) if leg_id in listed}

    def _up(self, calls: Iterable[TrueCall]) -> Iterator[str]:
        """Name the phones' legs that talk, or have talked and are held: one can be held while it still dials."""
        for call in calls:
            for leg in call.legs:
                if leg.extension and leg.state in UP:
                    known = self._leg(call, leg)
                    if known.partner is not None or known.application not in ("", "bridge"):
                        yield known.uuid

    def _leg(self, call: TrueCall, leg: TrueLeg) -> Leg:
        engine = self.simulator.engine
        return engine.leg_of(engine.call(call.call_id), leg.extension)

    @override
    def make(self, seed: int) -> VoipatSimulator:
        rng = self.rng
        return VoipatSimulator(
            seed=seed,
            clock=now,
            profile=rng.choice(("python", "python", "node", "docs")),
            extensions_broken=False,
            real_rows=rng.random() < 0.8,
            auto_answer_far=rng.choice((None, 2.0, 6.0)),
            early_media=rng.random() < 0.2,
            foreign_tenant_rows=rng.random() < 0.3,
            text_booleans=rng.random() < 0.2,
            library_noise=rng.random() < 0.2,
            crm_method=rng.choice(("GET", "POST")),
            registrations=rng.choice(tuple(Registrations)),
        )

    @property
    @override
    def promises(self) -> bool:
        """Give none but on Node, which waits for the phone: others accept a call before the switch has heard of it."""
        return self.simulator.node

    @property
    @override
    def refuses_late(self) -> bool:
        return self.simulator.node

    @property
    @override
    def refuses(self) -> bool:
        return self.simulator.auth_flap > 0 or self._refused

    @property
    @override
    def data(self) -> Mapping[str, Any]:
        sim = self.simulator
        return {"url": sim.url, "api_key": sim.api_key, "domain": sim.domain, "verify_ssl": True, "auth": "key"}

    @property
    @override
    def account_id(self) -> str:
        return self.simulator.domain

    @override
    async def connect(self, url: str) -> None:
        self.simulator.connect_webhook(url, self.simulator.crm_method)

    @override
    async def flush(self) -> None:
        await self.simulator.settle()

    @override
    def truth(self) -> list[TrueCall]:
        """List the calls as they are told.

        A caller whom a machine has answered still rings, for the people.
        """
        calls = self.simulator.truth()
        self._talked |= set(self._up(calls))
        before = {
            (call.call_id, leg.extension): self._leg(call, leg).uuid
            for call in calls
            for leg in call.legs
            if leg.extension and leg.state == "dialing"
        }
        self.unseen = {phone for phone, leg_id in before.items() if leg_id in self._talked - self._listed}
        return [self._as_told(call) for call in calls]

    def _as_told(self, call: TrueCall) -> TrueCall:
        true = self.simulator.engine.call(call.call_id)
        if true.by_api and true.first is not None and true.first.answered_at is None:
            # The phone that rings first is that of whoever calls.
            call = replace(call, legs=tuple(replace(leg, state="dialing") for leg in call.legs))
        if true in self._handed:
            # Whoever came first, which way it went, and whether it was seen to talk before a machine took it,
            # depends on when it was looked at.
            alone = not any(leg.extension for leg in call.legs)
            call = replace(
                call, direction="", state="" if alone or call.state in ("dialing", "ringing") else call.state
            )
        if call.direction == "incoming" and call.state == "talking" and not any(leg.extension for leg in call.legs):
            return replace(call, state="ringing")
        return call

    @override
    def steps(self) -> Sequence[tuple[int, Step]]:
        sim = self.simulator

        async def transfer(rng: random.Random) -> None:
            call = rng.choice(sim.truth())
            talking = [leg.extension for leg in call.legs if leg.extension and leg.state == "talking"]
            handed = sim.engine.call(call.call_id)
            giver, taker = _two(rng, talking, self.extensions)
            unseen = sim.engine.leg_of(handed, giver).uuid not in self._listed
            await sim.transfer(call.call_id, giver, taker)
            self._handed.add(handed)
            # The phones that push had said they were done: now one is called by a number that has called before.
            self.returned[digits(handed.caller)] += unseen and handed.direction == "incoming"

        async def voicemail(rng: random.Random) -> None:
            await sim.divert(rng.choice(sim.truth()).call_id)

        async def ring_out(rng: random.Random) -> None:
            await sim.ring_out(rng.choice(sim.truth()).call_id)

        async def tab(rng: random.Random) -> None:
            phone = rng.choice(self.extensions[:3])
            rng.choice((sim.open_tab, sim.reload_tab))(phone)

        return ((1, transfer), (1, voicemail), (1, ring_out), (1, tab))

    @override
    def troubles(self) -> Sequence[tuple[str, Trouble]]:
        sim = self.simulator

        async def esl(rng: random.Random) -> None:
            await sim.set_esl(rng.choice((Esl.DOWN, Esl.EOF, Esl.CONNECTED)))

        async def bridge(_rng: random.Random) -> None:
            await sim.restart_bridge()

        def flap(_rng: random.Random) -> None:
            if not self.refuses and not any(fault.status == HTTPStatus.UNAUTHORIZED for fault in sim.faults):
                sim.auth_flap = 1  # two in a row are wrong credentials by contract

        return (
            ("esl", esl),
            ("socket dies", bridge),
            ("gateway page", lambda rng: setattr(sim, "gateway_error", rng.choice((0, 502, 504)))),
            ("slow", lambda rng: setattr(sim, "latency", rng.choice((0, 0.5, 3)))),
            ("401 flap", flap),
            ("500", lambda rng: setattr(sim, "auth_crash", rng.randint(1, 3))),
            ("429", lambda rng: setattr(sim, "throttle", rng.randint(1, 2))),
            ("empty list", lambda _rng: setattr(sim, "empty_list_glitch", 1)),
            ("no socket", lambda rng: setattr(sim, "ws_enabled", rng.random() < 0.5)),
        )

    @property
    @override
    def over(self) -> int:
        return len(self.simulator.engine.records)

    @override
    def undisturbed(self, coordinator: PbxCoordinator) -> bool:
        sim = self.simulator
        ill = sim.gateway_error or sim.auth_flap or sim.auth_crash or sim.throttle or sim.empty_list_glitch
        well = sim.esl is Esl.CONNECTED and sim.ws_enabled and not sim.latency and not self._refused
        # A Node bridge answers nobody while it waits for the phone of a call that was placed, though whoever has placed
        # it may have stopped waiting.
        well = well and not sim.occupied
        # Whoever was told that there is no call asks again when a hint comes, or the interval is over.
        well = well and not sim.misled
        # Who has lost the answer to a request cannot know of the call until its first phone has picked up.
        placed = {leg_id for leg_id, leg in sim.engine.legs.items() if leg.context == UNLISTED}
        known = placed <= coordinator.data.calls.keys()
        # Nor, where the socket was away then, of the end of one that no list has ever shown: it is believed in for as
        # long as its phone may ring.
        gone = coordinator.data.calls.keys() - {call.call_id for call in self.truth()}
        assert isinstance(coordinator.provider, VoipatProvider)
        unheard = any(map(coordinator.provider._placed.is_unlisted, gone))  # noqa: SLF001
        well = well and known and not unheard and not ill
        return well and coordinator.health.streaming and super().undisturbed(coordinator)

    @override
    async def calm(self) -> None:
        sim = self.simulator
        sim.gateway_error = sim.auth_flap = sim.auth_crash = sim.throttle = sim.empty_list_glitch = 0
        sim.latency, sim.ws_enabled = 0.0, True
        await sim.set_esl(Esl.CONNECTED)
        await sim.restart_bridge()

    @override
    def others(self, ids: Mapping[str, str], *, long: bool) -> Mapping[str, Wanted]:
        sim = self.simulator
        phones = {number: one for (domain, number), one in sim.engine.extensions.items() if domain == sim.domain}
        found: dict[str, Wanted] = {f"agent_{number}_status": None for number in phones}
        for number, one in phones.items():
            found[f"extension_{number}_registered"] = _on(one.registered) if long else None
        return found

    @property
    @override
    def absent(self) -> frozenset[str]:
        return frozenset(
            key for number in self.extensions for key in (f"extension_{number}_registered", f"agent_{number}_status")
        )


class Voipsun(Line[VoipsunSimulator]):
    """VoIPSUN PBX."""

    provider = "voipsun"
    pushes = False
    shown_after = 8  # it is only polled
    country = "CZ"
    block = "420222333"
    settle = 60
    forget = 120

    @override
    def make(self, seed: int) -> VoipsunSimulator:
        return VoipsunSimulator(seed=seed, clock=now)

    @property
    @override
    def data(self) -> Mapping[str, Any]:
        sim = self.simulator
        return {
            "host": "127.0.0.1",
            "port": sim.port,
            "ssl": False,
            "verify_ssl": True,
            "username": sim.username,
            "password": sim.password,
        }

    @property
    @override
    def account_id(self) -> str:
        return f"127.0.0.1:{self.simulator.port}"

    @property
    @override
    def options(self) -> Mapping[str, Any]:
        sim = self.simulator
        names: dict[str, Any] = {
            one.sip_username: {
                "number": one.number,
                "name": one.name,
                "public": list(one.public_numbers),
                "hidden": False,
            }
            for one in sim.extensions
        }
        names |= {user: {"hidden": True} for user in sim.system.accounts if user not in names}
        return {**super().options, "extension_names": names}

    @property
    @override
    def subentries(self) -> list[ConfigSubentryData]:
        agents = [
            ConfigSubentryData(
                data=MappingProxyType(
                    {"name": one.full_name, "number": one.number, "pin": one.pin, "extension": "102"}
                ),
                subentry_type=SUBENTRY_AGENT,
                title=one.full_name,
                unique_id=f"agent_{one.number}",
            )
            for one in self.simulator.agents.values()
        ]
        queues = [
            ConfigSubentryData(
                data=MappingProxyType({"name": name}),
                subentry_type=SUBENTRY_QUEUE,
                title=name,
                unique_id=f"queue_{name}",
            )
            for name in self.simulator.queues
        ]
        return agents + queues

    @override
    def steps(self) -> Sequence[tuple[int, Step]]:
        sim = self.simulator
        agents = list(sim.agents)

        async def login(rng: random.Random) -> None:
            await sim.agent_login(rng.choice(agents), rng.choice(self.extensions))

        async def logout(rng: random.Random) -> None:
            await sim.agent_logout(rng.choice(agents))

        async def pause(rng: random.Random) -> None:
            await rng.choice((sim.agent_pause, sim.agent_unpause))(rng.choice(agents))

        async def queue(rng: random.Random) -> None:
            await sim.ring_queue(self.fresh(), rng.choice(list(sim.queues)))

        async def restart(_rng: random.Random) -> None:
            await sim.restart_asterisk()

        return ((1, login), (1, logout), (1, pause), (2, queue), (1, restart))

    @override
    def troubles(self) -> Sequence[tuple[str, Trouble]]:
        sim = self.simulator

        def broken(rng: random.Random) -> None:
            sim.broken = rng.choice((None, *Broken))
            sim.broken_actions = rng.choice((set(), {"listcalls"}, {"sipstatus"}, {"agentstatus", "queuestatus"}))

        def denied(rng: random.Random) -> None:
            if any(fault.status == HTTPStatus.UNAUTHORIZED for fault in sim.faults):
                return  # both together are wrong credentials by contract
            sim.deny = {rng.choice((Permission.CALL_LIST, Permission.SIP_STATUS, Permission.CALL_CENTER))}

        return (("broken script", broken), ("permission taken", denied))

    @property
    @override
    def refuses(self) -> bool:
        return bool(self.simulator.deny)

    @override
    def undisturbed(self, coordinator: PbxCoordinator) -> bool:
        sim = self.simulator
        return not (sim.broken or sim.broken_actions or sim.deny) and super().undisturbed(coordinator)

    @override
    def truth(self) -> list[TrueCall]:
        """List the calls as far as they can be told apart.

        While the phone rings for which a call was placed by API, nothing says whom it is to reach.
        """
        calls = self.simulator.system.calls
        placed = {call_id for call_id, call in calls.items() if call.kind is CallKind.ORIGINATE}
        return [replace(call, direction="") if call.call_id in placed else call for call in self.simulator.truth()]

    @override
    async def calm(self) -> None:
        self.simulator.broken = None
        self.simulator.broken_actions = set()
        self.simulator.deny = set()

    @override
    def key_by_number(self, key: str) -> str:
        for one in self.simulator.extensions:
            if one.sip_username and key.startswith(f"extension_{one.sip_username}_"):
                return key.replace(f"extension_{one.sip_username}_", f"extension_{one.number}_", 1)
        return key

    @override
    def others(self, ids: Mapping[str, str], *, long: bool) -> Mapping[str, Wanted]:
        sim = self.simulator
        found: dict[str, Wanted] = {}
        for one in sim.extensions:
            if one.sip_username:
                found[f"extension_{one.number}_registered"] = _on(bool(sim.system.accounts[one.sip_username].contact))
            else:
                found[f"extension_{one.number}_registered"] = None
        for agent in sim.agents.values():
            prefix = f"agent_{ids[agent.full_name]}"
            found[f"{prefix}_logged_in"] = _on(agent.extension is not None)
            # A pause is nowhere to be seen of an agent who is in no queue now.
            found[f"{prefix}_paused"] = _on(agent.paused) if agent.extension else None
            found[f"{prefix}_status"] = self._status(agent)
        for queue in sim.queues.values():
            prefix = f"queue_{ids[queue.name]}"
            members = sim.system.members(queue)
            free = sum(sim.system.available(phone, agent) for _, _, phone, agent in members)
            found |= {
                f"{prefix}_waiting": str(len(queue.waiting)),
                f"{prefix}_longest_wait": _near(
                    max((now() - call.joined for call in queue.waiting.values()), default=0)
                ),
                f"{prefix}_agents_logged_in": str(len(members)),
                f"{prefix}_agents_available": str(free),
                f"{prefix}_service_level": _level(queue),
                f"{prefix}_answered": str(queue.completed),
                f"{prefix}_abandoned": str(queue.abandoned),
            }
        return found

    def _status(self, agent: Agent) -> str:
        if agent.extension is None:
            return "logged_out"
        state = self.simulator.system.device_state(agent.extension)
        if state is DeviceState.NOT_IN_USE:
            return "paused" if agent.paused else "available"
        return STATUS[state]


class Voipstudio(Line[VoipstudioSimulator]):
    """VoIPstudio."""

    provider = "voipstudio"
    country = "GB"
    block = "442079460"
    plus = ""
    extensions = ("1001", "1002", "1003", "1004", "1005")
    relearns = 65
    settle = 150
    forget = 400

    @override
    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._handed: set[str] = set()
        self._said: set[str] = set()
        self._begun: dict[str, float] = {}
        """When each call was first seen to be up."""

    @override
    def make(self, seed: int) -> VoipstudioSimulator:
        rng = self.rng
        return VoipstudioSimulator(
            seed=seed,
            clock=now,
            far_answer=rng.choice((None, 3.0)),
            int_fields=rng.choice((set(), {"state", "destination"})),
            reverse_pushes=rng.random() < 0.2,
            sends_initial=rng.random() < 0.8,
            lists_root=rng.random() < 0.8,
            final_copies=rng.choice((1, 2)),
            hangup_after_missed=rng.random() < 0.3,
            records_calls=rng.random() < 0.5,
        )

    @property
    @override
    def data(self) -> Mapping[str, Any]:
        sim = self.simulator
        return {"api_key": sim.api_key, "url": sim.url, "customer_id": str(sim.customer_id)}

    @property
    @override
    def account_id(self) -> str:
        return str(self.simulator.customer_id)

    @override
    async def connect(self, url: str) -> None:
        await self.simulator.add_webhook(url)

    @override
    async def flush(self) -> None:
        await self.simulator.settle()

    @override
    def steps(self) -> Sequence[tuple[int, Step]]:
        sim = self.simulator

        async def queue(rng: random.Random) -> None:
            await sim.enter_queue(self.fresh(), rng.choice(("601", "602")))

        async def agent(rng: random.Random) -> None:
            await sim.agent(rng.choice(("601", "602")), rng.choice(self.extensions[:4]), joined=rng.random() < 0.5)

        async def hand_over(rng: random.Random) -> None:
            call = rng.choice(sim.truth())
            talking = [leg.extension for leg in call.legs if leg.extension and leg.state == "talking"]
            await sim.hand_over(call.call_id, *_two(rng, talking, self.extensions))
            self._handed.add(call.call_id)

        async def reject(rng: random.Random) -> None:
            call = rng.choice(sim.truth())
            await sim.reject(call.call_id, rng.choice([leg.extension for leg in call.legs if leg.state == "ringing"]))

        return ((2, queue), (1, agent), (1, hand_over), (1, reject))

    @override
    def troubles(self) -> Sequence[tuple[str, Trouble]]:
        sim = self.simulator
        return (("throttle page", lambda rng: setattr(sim, "throttle", rng.randint(1, 3))),)

    @override
    def hear(self, event: str, body: Body, *, lost: bool) -> None:
        if isinstance(body, Mapping):
            self._said.add(str(body.get("root_call_id", "")))

    @override
    def undisturbed(self, coordinator: PbxCoordinator) -> bool:
        # Messages tell of what phones do: none is sent of a caller in a queue of which no agent is free. Lists have
        # such a call, as they have one of which a message was lost.
        unsaid = {call.call_id for call in self.truth()} - self._said
        listed = all(now() - self._begun[call_id] > self.relearns for call_id in unsaid)
        return listed and not self.simulator.throttle and super().undisturbed(coordinator)

    @override
    async def calm(self) -> None:
        self.simulator.throttle = 0

    @override
    def truth(self) -> list[TrueCall]:
        """List the calls as far as the phone system can say.

        A phone that rings for its own user's call by API cannot be told from one that dials, who of two has held
        their call is not said, and a caller nobody is offered to may be in no list.
        """
        told = [self._as_told(call) for call in self.simulator.truth()]
        for call in told:
            self._begun.setdefault(call.call_id, now())
        return [call for call in told if self.simulator.lists_root or any(leg.extension for leg in call.legs)]

    def _as_told(self, call: TrueCall) -> TrueCall:
        legs = call.legs
        if self.simulator.calls[int(call.call_id)].placed:
            legs = tuple(
                replace(leg, state="dialing") if leg.extension == call.caller and leg.state == "ringing" else leg
                for leg in legs
            )
        if call.state == "on_hold":
            legs = tuple(replace(leg, state="on_hold") if leg.state == "talking" else leg for leg in legs)
        if call.call_id not in self._handed:
            return replace(call, legs=legs)
        # Whoever is given a call is called, whichever way it went before.
        state = "" if call.state in ("dialing", "ringing") else call.state
        return replace(call, legs=legs, state=state, direction="")

    @override
    def others(self, ids: Mapping[str, str], *, long: bool) -> Mapping[str, Wanted]:
        sim = self.simulator
        found: dict[str, Wanted] = {}
        for user in filter(lambda user: user.ext, sim.users.values()):
            found[f"extension_{user.ext}_do_not_disturb"] = _on(user.dnd)
            places = {queue.number: queue.members[user.id] for queue in sim.queues.values() if user.id in queue.members}
            for number, joined in places.items():
                found[f"agent_{user.id}_logged_in_{number}"] = _on(joined)
            if places:
                found[f"agent_{user.id}_logged_in"] = _on(any(places.values()))
                found[f"agent_{user.id}_status"] = "available" if any(places.values()) else "logged_out"
        for queue in sim.queues.values():
            found[f"queue_{queue.id}_agents_logged_in"] = str(sum(queue.members.values()))
        unread = sum(bool(row["is_new"]) for row in sim.voicemail.rows.values())
        found["account_unread_voicemails"] = str(unread) if long else None
        return found


class Voxloud(Line[VoxloudSimulator]):
    """Voxloud, of whose calls only messages tell."""

    provider = "voxloud"
    country = "IT"
    block = "390655502"
    settle = 30
    forget = 4.5 * 3600
    notice = 620
    can_be_asked = False
    commands = ("originate", "click_to_call")

    def __init__(self, seed: int) -> None:
        """Prepare a phone system that has sent nothing yet."""
        super().__init__(seed)
        self._sent_at: dict[str, float] = {}

    @override
    def make(self, seed: int) -> VoxloudSimulator:
        return VoxloudSimulator(seed=seed, clock=now)

    @property
    @override
    def data(self) -> Mapping[str, Any]:
        return {"api_key": self.simulator.api_key, "url": self.simulator.url, "company": self.simulator.company}

    @property
    @override
    def account_id(self) -> str:
        return sha256(self.simulator.email.encode()).hexdigest()[:20]

    @override
    async def flush(self) -> None:
        await self.simulator.settle()

    @override
    def steps(self) -> Sequence[tuple[int, Step]]:
        sim = self.simulator

        async def transfer(rng: random.Random) -> None:
            call = rng.choice(sim.truth())
            talking = [leg.extension for leg in call.legs if leg.extension and leg.state == "talking"]
            others = [phone for phone in self.extensions if phone not in talking]
            await sim.transfer(call.call_id, *_two(rng, talking, others), blind=rng.random() < 0.5)

        async def refuse(rng: random.Random) -> None:
            call = rng.choice(sim.truth())
            ringing = [leg.extension for leg in call.legs if leg.extension and leg.state == "ringing"]
            await sim.refuse(call.call_id, rng.choice(ringing))

        async def ring_next(rng: random.Random) -> None:
            call = rng.choice([one for one in sim.truth() if one.direction == "incoming" and one.state == "ringing"])
            await sim.ring_next(call.call_id, rng.choice(self.extensions))

        async def voicemail(rng: random.Random) -> None:
            call = rng.choice([one for one in sim.truth() if one.direction == "incoming" and one.state == "ringing"])
            await sim.leave_voicemail(call.call_id)

        return ((1, transfer), (1, refuse), (1, ring_next), (1, voicemail))

    @override
    def troubles(self) -> Sequence[tuple[str, Trouble]]:
        sim = self.simulator
        return (("maintenance", lambda rng: setattr(sim, "maintenance", rng.random() < 0.5)),)

    @override
    def undisturbed(self, coordinator: PbxCoordinator) -> bool:
        return not self.simulator.maintenance and super().undisturbed(coordinator)

    @override
    async def calm(self) -> None:
        self.simulator.maintenance = False

    @override
    def hear(self, event: str, body: Body, *, lost: bool) -> None:
        if isinstance(body, Mapping):
            call_id = str(body.get("data", body).get("callId", ""))
            self._sent_at[call_id] = now()
            if lost:
                self.lossy.add(call_id)

    @override
    def note_deafness(self) -> None:
        # What was sent a moment ago may still be on its way.
        self.lossy |= {call_id for call_id, sent_at in self._sent_at.items() if now() - sent_at <= LONGEST_WAY}
        self.lossy |= {call.call_id for call in self.simulator.truth()}

    @override
    def truth(self) -> list[TrueCall]:
        """List the calls as far as messages can tell of them.

        A phone that rings for a click-to-call cannot be told from one that dials, and what has rung for five minutes
        without another word is taken to be over.
        """
        calls = self.simulator.calls
        self.lossy |= {one.id for one in calls.values() if one.answered is None and now() - one.started > LONGEST_RING}
        return [self._as_told(call) for call in self.simulator.truth()]

    def _as_told(self, call: TrueCall) -> TrueCall:
        true = self.simulator.calls[call.call_id]
        if call.state == "talking" and any(leg.extension and leg.state == "ringing" for leg in call.legs):
            return replace(call, state="")  # whoever is given a call is called, though somebody outside talks already
        if true.click_to_call is None or true.answered is not None:
            return call
        legs = tuple(replace(leg, state="dialing") if leg.extension else leg for leg in call.legs)
        return replace(call, state="dialing", legs=legs)


LINES: Mapping[str, type[Line[Any]]] = {line.provider: line for line in (Voipat, Voxloud, Voipsun, Voipstudio)}
