"""Each provider's own part of a plan: its simulator, its account, its own troubles and what cannot be known of it."""

import random
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import count
from types import MappingProxyType
from typing import Any, ClassVar, override

from homeassistant.config_entries import ConfigSubentryData
from homeassistant.const import CONF_COUNTRY, CONF_WEBHOOK_ID
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.const import CONF_PROVIDER, DOMAIN, SUBENTRY_AGENT, SUBENTRY_QUEUE
from tests.simulators.base import Body, Simulator, TrueCall
from tests.simulators.voipat import Esl, VoipatSimulator
from tests.simulators.voipstudio import VoipstudioSimulator
from tests.simulators.voipsun import VoipsunSimulator
from tests.simulators.voipsun_model import Broken, Permission
from tests.simulators.voxloud import VoxloudSimulator

LONGEST_RING = 280
UP = ("talking", "on_hold")
WEBHOOK_ID = "chaos0123456789abcdef0123456789abcdef"

type Step = Callable[[random.Random], Awaitable[None]]
type Trouble = Callable[[random.Random], Awaitable[None] | None]


def now() -> float:
    """Give the time of whatever clock runs."""
    return time.time()


def _two(rng: random.Random, talking: Sequence[str], phones: Sequence[str]) -> tuple[str, str]:
    """Choose who hands a call over, and to whom else."""
    giver = rng.choice(talking)
    return giver, rng.choice([phone for phone in phones if phone != giver])


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
    """Seconds after which nothing may be left of calls that ended unheard."""
    can_be_asked: ClassVar[bool] = True
    commands: ClassVar[Sequence[str]] = ("originate", "click_to_call", "hangup")
    expected: ClassVar[Sequence[str]] = ()
    """What may be logged besides."""

    simulator: S

    def __init__(self, seed: int) -> None:
        """Prepare a phone system."""
        self.rng = random.Random(f"{self.provider} {seed}")
        self.simulator = self.make(seed)
        self._numbers = count(1)
        self.lossy: set[str] = set()
        """True calls of which not every message arrived, where only messages tell of calls."""

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

    def truth(self) -> list[TrueCall]:
        """List the calls that are up."""
        return self.simulator.truth()

    def agents(self) -> Mapping[str, Mapping[str, bool]]:
        """Say what the agents really do, by the name of their device: switches by key."""
        return {}


class Voipat(Line[VoipatSimulator]):
    """VOIP@ Cloud."""

    provider = "voipat"
    country = "DE"
    block = "493023125"
    settle = 200
    forget = 400
    commands = ("originate", "click_to_call", "hangup", "hold", "unhold", "toggle_hold")

    @override
    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._talked: set[tuple[str, str]] = set()

    @override
    def make(self, seed: int) -> VoipatSimulator:
        rng = self.rng
        return VoipatSimulator(
            seed=seed,
            clock=now,
            profile=rng.choice(("python", "python", "node", "docs")),
            extensions_broken=False,
            auto_answer_far=rng.choice((None, 2.0, 6.0)),
            early_media=rng.random() < 0.2,
            foreign_tenant_rows=rng.random() < 0.3,
            text_booleans=rng.random() < 0.2,
            library_noise=rng.random() < 0.2,
            crm_method=rng.choice(("GET", "POST")),
        )

    @property
    @override
    def promises(self) -> bool:
        """Give none but on Node, which waits for the phone: others accept a call before the switch has heard of it."""
        return self.simulator.node

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

        A caller whom a machine has answered still rings, for the people; a phone that has talked in a call talks on,
        though its partner was handed over to somebody who has yet to pick up.
        """
        calls = self.simulator.truth()
        self._talked |= {
            (call.call_id, leg.extension) for call in calls for leg in call.legs if leg.extension and leg.state in UP
        }
        return [self._as_told(call) for call in calls]

    def _as_told(self, call: TrueCall) -> TrueCall:
        if call.direction == "incoming" and call.state == "talking" and not any(leg.extension for leg in call.legs):
            return replace(call, state="ringing")
        legs = tuple(
            replace(leg, state="talking")
            if leg.state == "dialing" and (call.call_id, leg.extension) in self._talked
            else leg
            for leg in call.legs
        )
        return call if legs == call.legs else replace(call, legs=legs, state="talking")

    @override
    def steps(self) -> Sequence[tuple[int, Step]]:
        sim = self.simulator

        async def transfer(rng: random.Random) -> None:
            call = rng.choice(sim.truth())
            talking = [leg.extension for leg in call.legs if leg.extension and leg.state == "talking"]
            await sim.transfer(call.call_id, *_two(rng, talking, self.extensions))

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

        return (
            ("esl", esl),
            ("socket dies", bridge),
            ("gateway page", lambda rng: setattr(sim, "gateway_error", rng.choice((0, 502, 504)))),
            ("slow", lambda rng: setattr(sim, "latency", rng.choice((0, 0.5, 3)))),
            ("401 flap", lambda _rng: setattr(sim, "auth_flap", 1)),
            ("500", lambda rng: setattr(sim, "auth_crash", rng.randint(1, 3))),
            ("429", lambda rng: setattr(sim, "throttle", rng.randint(1, 2))),
            ("empty list", lambda _rng: setattr(sim, "empty_list_glitch", 1)),
            ("no socket", lambda rng: setattr(sim, "ws_enabled", rng.random() < 0.5)),
        )

    @override
    async def calm(self) -> None:
        sim = self.simulator
        sim.gateway_error = sim.auth_flap = sim.auth_crash = sim.throttle = sim.empty_list_glitch = 0
        sim.latency, sim.ws_enabled = 0.0, True
        await sim.set_esl(Esl.CONNECTED)
        await sim.restart_bridge()


class Voipsun(Line[VoipsunSimulator]):
    """VoIPSUN PBX."""

    provider = "voipsun"
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
            sim.deny = {rng.choice((Permission.CALL_LIST, Permission.SIP_STATUS, Permission.CALL_CENTER))}

        return (("broken script", broken), ("permission taken", denied))

    @override
    async def calm(self) -> None:
        self.simulator.broken = None
        self.simulator.broken_actions = set()
        self.simulator.deny = set()

    @override
    def agents(self) -> Mapping[str, Mapping[str, bool]]:
        return {
            one.full_name: {"logged_in": True, "paused": one.paused} if one.extension else {"logged_in": False}
            for one in self.simulator.agents.values()
        }


class Voipstudio(Line[VoipstudioSimulator]):
    """VoIPstudio."""

    provider = "voipstudio"
    country = "GB"
    block = "442079460"
    plus = ""
    extensions = ("1001", "1002", "1003", "1004", "1005")
    settle = 150
    forget = 300

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

        async def reject(rng: random.Random) -> None:
            call = rng.choice(sim.truth())
            await sim.reject(call.call_id, rng.choice([leg.extension for leg in call.legs if leg.state == "ringing"]))

        return ((2, queue), (1, agent), (1, hand_over), (1, reject))

    @override
    def troubles(self) -> Sequence[tuple[str, Trouble]]:
        sim = self.simulator
        return (("throttle page", lambda rng: setattr(sim, "throttle", rng.randint(1, 3))),)

    @override
    async def calm(self) -> None:
        self.simulator.throttle = 0

    @override
    def truth(self) -> list[TrueCall]:
        """List the calls as far as the phone system can say.

        A phone that rings for its own user's call by API cannot be told from one that dials, who of two has held
        their call is not said, and a caller nobody is offered to may be in no list.
        """
        told = (self._as_told(call) for call in self.simulator.truth())
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
        return replace(call, legs=legs)


class Voxloud(Line[VoxloudSimulator]):
    """Voxloud, of whose calls only messages tell."""

    provider = "voxloud"
    country = "IT"
    block = "390655502"
    settle = 30
    forget = 4.5 * 3600
    can_be_asked = False
    commands = ("originate", "click_to_call")

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
            await sim.transfer(call.call_id, *_two(rng, talking, self.extensions), blind=rng.random() < 0.5)

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
    async def calm(self) -> None:
        self.simulator.maintenance = False

    @override
    def hear(self, event: str, body: Body, *, lost: bool) -> None:
        if lost and isinstance(body, Mapping):
            inner = body.get("data", body)
            self.lossy.add(str(inner.get("callId", "")))

    @override
    def note_deafness(self) -> None:
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
        if true.click_to_call is None or true.answered is not None:
            return call
        legs = tuple(replace(leg, state="dialing") if leg.extension else leg for leg in call.legs)
        return replace(call, state="dialing", legs=legs)


LINES: Mapping[str, type[Line[Any]]] = {line.provider: line for line in (Voipat, Voxloud, Voipsun, Voipstudio)}
