"""One account per provider: its simulator, what a person types to set it up, and where its webhook URL goes."""

import random
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from tests.asterisk.lab import NoAsteriskError, asterisk_root
from tests.asterisk.people import RealAsterisk
from tests.simulators.base import Simulator
from tests.simulators.demo import Caller, Demo, Plot
from tests.simulators.voipat import VoipatSimulator
from tests.simulators.voipstudio import VoipstudioSimulator
from tests.simulators.voipsun import VoipsunSimulator
from tests.simulators.voxloud import VoxloudSimulator

from .client import Client, Json, pasted

# Seconds until a person picks up a phone that rings because of Home Assistant.
REACTION = 2.5


class Account[S: Simulator](ABC):
    """An account at a simulated phone system."""

    provider: ClassVar[str]
    port: ClassVar[int]
    """The port of the simulator in the demo."""
    extensions: ClassVar[Sequence[str]] = ("101", "102", "103", "104", "105")
    callers: ClassVar[Sequence[Caller]]
    plots: ClassVar[Sequence[tuple[Plot, int]]] = ()
    country: ClassVar[str]
    block: ClassVar[str]
    """The numbers that a proof invents, but for the last three digits: blocks in which nobody lives."""
    pushed: ClassVar[tuple[str, ...]] = ()
    """The messages with which this provider pushes an incoming call, one of them; empty where it pushes none."""
    quiet: ClassVar[str] = ""
    """An extension of which nothing is pushed, so that its calls are seen by polls; empty where there is none."""

    def __init__(self, seed: int = 0, **switches: Any) -> None:
        """Prepare the phone system; `switches` are those of its simulator."""
        self.simulator = self.make(seed, {"auto_answer": REACTION, **switches})
        self.seed = seed
        self.entry_id = ""

    @abstractmethod
    def make(self, seed: int, switches: Mapping[str, Any]) -> S:
        """Make the simulator."""

    simulator: S

    @property
    @abstractmethod
    def form(self) -> dict[str, object]:
        """What a person types into the form."""

    def number(self, rng: random.Random) -> tuple[str, str]:
        """Invent an outside number: as this phone system writes it, and as Home Assistant does."""
        international = f"{self.block}{rng.randrange(1000):03}"
        return f"+{international}", f"+{international}"

    async def connect(self, urls: Sequence[str]) -> None:
        """Enter the webhook URLs in the settings of the phone system, as they are shown in the flow."""
        assert not urls

    async def complete(self, client: Client) -> None:
        """Set the options, and add what a person adds after the set-up."""
        await client.set_options(
            self.entry_id, country=self.country, call_slots=4, mask_numbers=False, assist=False, **self.options
        )
        await client.loaded(self.entry_id)

    @property
    def options(self) -> dict[str, object]:
        """What a person changes in the options, besides the country."""
        return {}

    async def set_up(self, client: Client) -> Json:
        """Set the account up by the config flow as a person does; give the last step."""
        menu = await client.start_flow("pbx")
        form = await client.step(menu, next_step_id=self.provider)
        step = await client.step(form, "flow", **self.form)
        urls: list[str] = []
        while step.get("step_id") in {"paste", "prove", "phones"}:
            urls += pasted(step)
            step = await client.step(step)
        if step["type"] != "create_entry":
            raise ValueError(f"The flow ended with {step}")
        self.entry_id = step["result"]["entry_id"]
        await self.connect(urls)
        return step

    def demo(self, pace: float = 1.0) -> Demo:
        """Let people use the phones."""
        return Demo(
            simulator=self.simulator,
            extensions=self.extensions,
            callers=self.callers,
            plots=self.plots,
            seed=self.seed,
            pace=pace,
            at_most=2,
        )


class Voipat(Account[VoipatSimulator]):
    """VOIP@ Cloud: the first three extensions have the browser widget, which pushes; the others are desk phones."""

    provider = "voipat"
    port = 8901
    country = "DE"
    block = "493023125"
    pushed = ("new_call",)
    quiet = "104"
    callers = (
        Caller(number="+493023125101", name="Bakery Schmidt"),
        Caller(number="+493023125102", name="Dr. Weber"),
        Caller(number="+442079460123", name="Olivia Hart"),
        Caller(number="+33199000042"),
        Caller(number="+493023125777"),
    )

    def make(self, seed: int, switches: Mapping[str, Any]) -> VoipatSimulator:
        """Make the simulator, with the manners of a real switch."""
        return VoipatSimulator(seed=seed, **{"auto_answer_far": REACTION, "extensions_broken": False, **switches})

    @property
    def form(self) -> dict[str, object]:
        """What a person types into the form."""
        return {
            "url": self.simulator.url,
            "api_key": self.simulator.api_key,
            "domain": self.simulator.domain,
            "verify_ssl": True,
        }

    @property
    def options(self) -> dict[str, object]:
        """Choose the plan with the larger request limits: people in a demo and tests are in a hurry."""
        return {"rate_plan": "enterprise"}

    async def connect(self, urls: Sequence[str]) -> None:
        """Enter the three URLs in the CRM settings; who works with the widget logs in again."""
        sim = self.simulator
        sim.crm_url, sim.crm_agent_login_url, sim.crm_agent_logout_url = urls
        sim.crm_method = "POST"
        for extension in self.extensions:
            if sim.tabs(extension):
                await sim.log_in_again(extension)

    async def complete(self, client: Client) -> None:
        """Let two agents press their button in the browser."""
        await super().complete(client)
        agents = self.extensions[:2]
        for extension in agents:
            await self.simulator.toggle_agent(extension)
        await client.wait_entities(self.entry_id, "agent", "status", len(agents))


class Voxloud(Account[VoxloudSimulator]):
    """Voxloud, which Home Assistant subscribes to by itself."""

    provider = "voxloud"
    port = 8902
    country = "IT"
    block = "390655502"
    pushed = ("CALL_INCOMING",)
    callers = (
        Caller(number="+390655502001"),
        Caller(number="+441632960101"),
        Caller(number="+12025550143"),
        Caller(number="+390655503300", name="Farmacia Centrale"),
        Caller(number="+441632960777"),
    )

    def make(self, seed: int, switches: Mapping[str, Any]) -> VoxloudSimulator:
        """Make the simulator."""
        return VoxloudSimulator(seed=seed, **switches)

    @property
    def form(self) -> dict[str, object]:
        """What a person types into the form."""
        return {"api_key": self.simulator.api_key, "url": self.simulator.url}


async def queued(demo: Demo) -> None:
    """Let somebody call the support queue, wait for the agent, and talk or give up."""
    simulator = demo.simulator
    assert isinstance(simulator, VoipsunSimulator)
    who = demo.caller()
    call = demo.mine(await simulator.ring_queue(who.number, "podpora", name=who.name))
    await demo.wait(6, 12)
    ringing = [leg.extension for up in simulator.truth() if up.call_id == call for leg in up.legs if leg.extension]
    for phone in ringing[:1]:
        await simulator.answer(call, phone)
        await demo.wait(10, 20)
    await simulator.hang_up(call)


# Where the agents usually sit.
HOMES = ("102", "103")


class Voipsun(Account[VoipsunSimulator]):
    """A VoIPSUN PBX with a call centre."""

    provider = "voipsun"
    port = 8903
    country = "CZ"
    block = "420222333"
    quiet = "101"
    # 102 is the phone of an agent, who has calls enough.
    extensions = ("101", "103", "104", "105")
    callers = (
        Caller(number="+420222333501", name="Hotel Praha"),
        Caller(number="+420222333502", name="Eva Dvořáková"),
        Caller(number="+447700900123"),
        Caller(number="+420222333777"),
    )
    plots = ((queued, 5),)

    def make(self, seed: int, switches: Mapping[str, Any]) -> VoipsunSimulator:
        """Make the simulator."""
        return VoipsunSimulator(seed=seed, **switches)

    @property
    def form(self) -> dict[str, object]:
        """What a person types into the form."""
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
    def options(self) -> dict[str, object]:
        """Name the extensions, and hide the trunks."""
        sim = self.simulator
        rows: list[dict[str, object]] = [
            {"user": e.sip_username, "number": e.number, "name": e.name, "public": list(e.public_numbers)}
            for e in sim.extensions
        ]
        rows += [{"user": user, "hidden": True} for user in sim.system.accounts if user.startswith("trunk")]
        return {"extension_names": rows}

    async def complete(self, client: Client) -> None:
        """Add the agents and queues, which this phone system cannot list."""
        await super().complete(client)
        for agent, home in zip(self.simulator.agents.values(), HOMES, strict=True):
            await client.add_subentry(
                self.entry_id, "agent", name=agent.full_name, number=agent.number, pin=agent.pin, extension=home
            )
        for queue in self.simulator.queues:
            await client.add_subentry(self.entry_id, "queue", name=queue)
        await client.wait_entities(self.entry_id, "agent", "status", len(self.simulator.agents))
        await client.wait_entities(self.entry_id, "queue", "waiting", len(self.simulator.queues))


class Voipstudio(Account[VoipstudioSimulator]):
    """VoIPstudio, whose webhook a person enters in its dashboard."""

    provider = "voipstudio"
    port = 8904
    country = "GB"
    block = "442079460"
    pushed = ("call.initial",)
    extensions = ("1001", "1002", "1003", "1004", "1005")
    callers = (
        Caller(number="442079460123", name="Grace Okafor"),
        Caller(number="442079460124", name="Piotr Zając"),
        Caller(number="442079460555"),
        Caller(number="12025550143", name="Helpdesk Inc"),
    )

    def number(self, rng: random.Random) -> tuple[str, str]:
        """Invent an outside number, which this phone system writes without a plus."""
        _, international = super().number(rng)
        return international[1:], international

    def make(self, seed: int, switches: Mapping[str, Any]) -> VoipstudioSimulator:
        """Make the simulator."""
        return VoipstudioSimulator(seed=seed, **{"far_answer": REACTION, "records_calls": True, **switches})

    @property
    def form(self) -> dict[str, object]:
        """What a person types into the form."""
        return {"api_key": self.simulator.api_key, "url": self.simulator.url}

    async def connect(self, urls: Sequence[str]) -> None:
        """Save the webhook in the dashboard, which tries it first."""
        (url,) = urls
        await self.simulator.add_webhook(url)


class Asterisk(Account[RealAsterisk]):
    """A real Asterisk, whose phones call each other over SIP."""

    provider = "asterisk"
    port = 8905
    country = "CZ"
    block = "420222333"
    pushed = ("Newstate", "DialState")  # whichever comes first
    extensions = ("101", "102", "103", "104")
    callers = (
        Caller(number="+420222333601", name="Hotel Brno"),
        Caller(number="+420222333602", name="Lukas Dvorak"),
        Caller(number="+447700900124"),
        Caller(number="+420222333778"),
    )

    def make(self, seed: int, switches: Mapping[str, Any]) -> RealAsterisk:
        """Make the house."""
        return RealAsterisk(seed=seed, **switches)

    @property
    def form(self) -> dict[str, object]:
        """What a person types into the form."""
        return {
            "host": "127.0.0.1",
            "port": self.simulator.port,
            "ssl": False,
            "verify_ssl": True,
            "username": "homeassistant",
            "password": "homeassistant",
        }

    @property
    def options(self) -> dict[str, object]:
        """Say where phones dial in this dial plan."""
        return {"dial_context": "internal"}


KINDS: Mapping[str, type[Account[Any]]] = {
    kind.provider: kind for kind in (Voipat, Voxloud, Voipsun, Voipstudio, Asterisk)
}


def available(only: str = "") -> list[type[Account[Any]]]:
    """List the kinds of account that can be run here, or only one of them; say why one cannot."""
    kinds = [kind for provider, kind in KINDS.items() if only in ("", provider)]
    if Asterisk in kinds:
        try:
            asterisk_root()
        except NoAsteriskError as error:
            print(error, flush=True)  # noqa: T201 - to a person in front of a terminal
            kinds.remove(Asterisk)
    return kinds
