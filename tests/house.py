"""A house: an account at a simulated phone system, in a test's Home Assistant, reached as by a real one: over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from homeassistant.const import CONF_WEBHOOK_ID, EVENT_CALL_SERVICE
from homeassistant.core import Event, HomeAssistant, ServiceCall, SupportsResponse
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pbx.const import CONF_PROVIDER, DOMAIN, EVENT_PBX
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.options import stored_options
from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.providers.http import RateLimit
from custom_components.pbx.providers.voipat import api as voipat_access

from .fake_provider import async_set_up
from .simulators.base import Simulator
from .simulators.voipat import VoipatSimulator
from .simulators.voipat_wire import ON_PAPER, Profile
from .simulators.voipstudio import VoipstudioSimulator
from .simulators.voipsun import VoipsunSimulator
from .simulators.voxloud import VoxloudSimulator

TITLE = "Office"
ENTRY_ID = "01JOFFICE0000000000000PBX1"
WEBHOOK_ID = "hook_of_the_office"
PATIENCE = 5.0
CALLERS = {
    "voipat": "+493023125101",
    "voipstudio": "442079460123",
    "voipsun": "+420222333501",
    "voxloud": "+390655502001",
    "fake": "+390612345678",
}


@dataclass(kw_only=True)
class House:
    """What lives together; `done` are the actions that others than the phone system carried out."""

    hass: HomeAssistant
    simulator: Any
    entry: MockConfigEntry
    events: list[Event[dict[str, Any]]]
    asked: list[Event[dict[str, Any]]]
    done: list[ServiceCall] = field(default_factory=list)

    @property
    def provider(self) -> str:
        """The kind of phone system."""
        return str(self.simulator.provider)

    @property
    def coordinator(self) -> PbxCoordinator:
        """The account, loaded."""
        coordinator: PbxCoordinator = self.entry.runtime_data.coordinator
        return coordinator

    @property
    def caller(self) -> str:
        """Somebody outside, as this phone system writes the number."""
        return CALLERS[self.provider]

    @property
    def anna(self) -> str:
        """The extension of Anna Keller, who is the first everywhere."""
        return "1001" if self.provider == "voipstudio" else "101"

    def device(self, name: str) -> str:
        """Give the id of a device."""
        devices = dr.async_entries_for_config_entry(dr.async_get(self.hass), self.entry.entry_id)
        return next(device.id for device in devices if device.name == name)

    async def settle(self) -> None:
        """Let the phone system push, let polls look, and let Home Assistant draw its conclusions."""
        if isinstance(self.simulator, VoipatSimulator | VoipstudioSimulator | VoxloudSimulator):
            await self.simulator.settle()
        if isinstance(self.simulator, VoipsunSimulator):
            await self.coordinator.async_refresh()
        for _ in range(3):
            await asyncio.sleep(0.005)  # not until all is done: an automation may wait for a person

    async def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for something."""
        deadline = self.hass.loop.time() + PATIENCE
        while not condition():
            assert self.hass.loop.time() < deadline, f"Waited in vain for {what}"
            await self.settle()

    async def ring(self, *extensions: str, caller: str | None = None, name: str = "") -> str:
        """Let somebody call (Anna), as far as Home Assistant knows of it."""
        number = self.caller if caller is None else caller
        before = len(self.coordinator.data.calls)
        call_id: str = await self.simulator.ring(number, *(extensions or (self.anna,)), name=name)
        await self.until(lambda: len(self.coordinator.data.calls) > before, "the call")
        return call_id

    async def answer(self, call_id: str, extension: str | None = None) -> None:
        """Pick up (at Anna's), as far as Home Assistant knows of it."""
        await self.simulator.answer(call_id, self.anna if extension is None else extension)
        await self.until(lambda: "call_answered" in self.told(), "the answer")

    async def hang_up(self, call_id: str, *, by: str = "caller") -> None:
        """End a call, as far as Home Assistant knows of it."""
        before = self._ends()
        await self.simulator.hang_up(call_id, by=by)
        await self.until(lambda: self._ends() > before, "the end of the call")

    def _ends(self) -> int:
        return sum(told in ("call_ended", "call_missed") for told in self.told())

    def told(self) -> list[str]:
        """List the types of what the bus was told."""
        return [event.data["type"] for event in self.events]

    def mock(self, *actions: str) -> None:
        """Let actions of others be carried out here."""
        for action in actions:
            domain, _, name = action.partition(".")

            async def carry_out(call: ServiceCall) -> None:
                self.done.append(call)

            self.hass.services.async_register(domain, name, carry_out, supports_response=SupportsResponse.NONE)

    def carried_out(self, action: str) -> list[dict[str, Any]]:
        """List the data with which an action was carried out."""
        return [dict(call.data) for call in self.done if f"{call.domain}.{call.service}" == action]

    def requested(self, action: str) -> list[dict[str, Any]]:
        """List the data with which any action, also of the phone system's, was asked for."""
        return [
            dict(event.data["service_data"])
            for event in self.asked
            if f"{event.data['domain']}.{event.data['service']}" == action
        ]


def typed(simulator: Simulator) -> dict[str, Any]:
    """Give what a person types into the form of an account."""
    match simulator:
        case VoipatSimulator():
            return {
                "url": simulator.url,
                "api_key": simulator.api_key,
                "domain": simulator.domain,
                "verify_ssl": True,
            }
        case VoipsunSimulator():
            return {
                "host": "127.0.0.1",
                "port": simulator.port,
                "ssl": False,
                "verify_ssl": True,
                "username": simulator.username,
                "password": simulator.password,
            }
        case VoipstudioSimulator() | VoxloudSimulator():
            return {"api_key": simulator.api_key, "url": simulator.url}
    raise TypeError(simulator.provider)


def phone_rows(simulator: VoipsunSimulator) -> list[dict[str, Any]]:
    """Give the table of phones as a person fills it in."""
    rows: list[dict[str, Any]] = [
        {"user": e.sip_username, "number": e.number, "name": e.name, "public": list(e.public_numbers)}
        for e in simulator.extensions
    ]
    return rows + [{"user": user, "hidden": True} for user in simulator.system.accounts if user.startswith("trunk")]


def named(simulator: VoipsunSimulator) -> dict[str, Any]:
    """Give the option that names the phones of a phone system that does not."""
    return stored_options(PROVIDERS["voipsun"], {"call_slots": 4, "extension_names": phone_rows(simulator)}, {})


def staff(simulator: VoipsunSimulator) -> dict[str, list[dict[str, Any]]]:
    """Give the agents and queues of a phone system that lists neither."""
    agents = [
        {"name": agent.full_name, "number": agent.number, "pin": agent.pin, "extension": "102"}
        for agent in simulator.agents.values()
    ]
    return {"agent": agents, "queue": [{"name": queue} for queue in simulator.queues]}


def simulator_of(provider: str, *, node: bool = False) -> Simulator:
    """Make a phone system; that of VOIP@ has the bridge that tells most if it is the `node` one."""
    match provider:
        case "voipat":
            profile = Profile.NODE if node else Profile.PYTHON
            return VoipatSimulator(profile=profile, extensions_broken=False, **ON_PAPER)
        case "voipstudio":
            return VoipstudioSimulator()
        case "voipsun":
            return VoipsunSimulator()
        case _:
            return VoxloudSimulator()


@asynccontextmanager
async def living(
    hass: HomeAssistant,
    provider: str,
    hass_client_no_auth: ClientSessionGenerator,
    *,
    components: Sequence[str] = (),
    options: Mapping[str, Any] | None = None,
    speed_dials: Sequence[Mapping[str, Any]] = (),
    node: bool = False,
) -> AsyncIterator[House]:
    """Set an account up, and connect the phone system's pushes to Home Assistant's own web server."""
    # Nobody waits for a request budget in a test.
    plenty = (RateLimit(requests=100_000, seconds=60),)
    with patch.object(PROVIDERS[provider], "limits", plenty), patch.object(voipat_access, "STANDARD", plenty):
        async with simulator_of(provider, node=node) as simulator:
            for component in (DOMAIN, *components):
                assert await async_setup_component(hass, component, {})
            client = await hass_client_no_auth()
            hass.config.external_url = str(client.make_url("")).rstrip("/")
            subentries: dict[str, Sequence[Mapping[str, Any]]] = {"speed_dial": speed_dials}
            if isinstance(simulator, VoipsunSimulator):
                subentries |= staff(simulator)
            entry = MockConfigEntry(
                domain=DOMAIN,
                title=TITLE,
                unique_id=None,
                entry_id=ENTRY_ID,
                data={CONF_PROVIDER: provider, CONF_WEBHOOK_ID: WEBHOOK_ID, **typed(simulator)},
                options={**(named(simulator) if isinstance(simulator, VoipsunSimulator) else {}), **(options or {})},
                subentries_data=[
                    {"subentry_type": kind, "title": data["name"], "data": dict(data), "unique_id": None}
                    for kind, made in subentries.items()
                    for data in made
                ],
            )
            events = async_capture_events(hass, EVENT_PBX)
            asked = async_capture_events(hass, EVENT_CALL_SERVICE)
            await async_set_up(hass, entry)
            url = str(client.make_url(f"/api/webhook/{WEBHOOK_ID}"))
            await _connect(simulator, url)
            house = House(hass=hass, simulator=simulator, entry=entry, events=events, asked=asked)
            await house.settle()
            health = house.coordinator.health
            if health.managed:  # what is told before Home Assistant has asked for it reaches nobody
                await house.until(lambda: health.subscribed, "the subscription")
            try:
                yield house
            finally:
                await hass.config_entries.async_unload(entry.entry_id)


async def _connect(simulator: Simulator, url: str) -> None:
    """Enter the webhook where a person enters it."""
    match simulator:
        case VoipatSimulator():
            simulator.connect_webhook(url)
            for extension in ("101", "102", "103"):
                await simulator.log_in_again(extension)
        case VoipstudioSimulator():
            await simulator.add_webhook(url)
