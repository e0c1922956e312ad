"""Home Assistant with an account at the lab's Asterisk, and a stage whose actions are Home Assistant's."""

import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, override

from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.const import CONF_PROVIDER, DOMAIN, EVENT_PBX
from custom_components.pbx.providers.channels import is_line
from custom_components.pbx.telephony.models import Capability

from .ami import Ami
from .lab import Lab, until
from .stories import Pace, Stage

type Data = Mapping[str, Any]


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Set an account up, and wait until it follows what happens, if it could be set up."""
    entry.add_to_hass(hass)
    if await hass.config_entries.async_setup(entry.entry_id):
        await hass.async_block_till_done()
        health = entry.runtime_data.health
        if Capability.STREAM in entry.runtime_data.coordinator.provider.capabilities:
            await until(lambda: bool(health.streaming))
    return entry


def state_of(hass: HomeAssistant, entry: MockConfigEntry, unique: str) -> str:
    """Return the state of an entity of an account, by the end of its unique id."""
    for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        if entity.unique_id.endswith(unique):
            state = hass.states.get(entity.entity_id)
            return state.state if state is not None else "disabled"
    return "missing"


def entry_for(lab: Lab, username: str = "homeassistant", **data: object) -> MockConfigEntry:
    """Return an account at a lab, which is not set up yet."""
    settings = {
        CONF_PROVIDER: "asterisk",
        "host": "127.0.0.1",
        "port": lab.ami_port,
        "ssl": False,
        "username": username,
        "password": username,
        "webhook_id": f"asterisk-{lab.ami_port}",
        "account_id": f"127.0.0.1:{lab.ami_port}",
        **data,
    }
    return MockConfigEntry(
        domain=DOMAIN,
        title="Lab",
        unique_id=f"asterisk_127.0.0.1:{lab.ami_port}",
        data=settings,
        options={"country": "CZ", **({} if lab.server.as_freepbx else {"dial_context": "internal"})},
    )


class Watcher:
    """Keeps the events of an account, and the states of its phones with the time of each."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        """Begin to watch."""
        self.events: list[Data] = []
        self.states: dict[str, list[tuple[float, str]]] = defaultdict(list)
        self._entry = entry
        registry = er.async_get(hass)
        self._phones = {
            entity.entity_id: entity.unique_id.split("_extension_")[1].removesuffix("_call_state")
            for entity in er.async_entries_for_config_entry(registry, entry.entry_id)
            if "_extension_" in entity.unique_id and entity.unique_id.endswith("_call_state")
        }
        entry.async_on_unload(hass.bus.async_listen(EVENT_PBX, self._told))
        entry.async_on_unload(hass.bus.async_listen("state_changed", self._changed))

    @callback
    def _told(self, event: Event[Data]) -> None:
        """Keep an event."""
        if event.data["config_entry_id"] == self._entry.entry_id:
            self.events.append({**event.data, "_at": time.time()})

    @callback
    def _changed(self, event: Event[EventStateChangedData]) -> None:
        """Keep a state."""
        phone, state = self._phones.get(event.data["entity_id"]), event.data["new_state"]
        if phone is not None and state is not None:
            self.states[phone].append((time.time(), state.state))

    @property
    def calls(self) -> list[str]:
        """The types of the events that tell of calls while these last."""
        types = (data["type"] for data in self.events)
        return [kind for kind in types if kind.startswith("call_") and kind != "call_record"]

    @property
    def ended(self) -> dict[str, str]:
        """How each call went, by its id, as its end told."""
        ends = {"call_ended", "call_missed"}
        return {data["call_id"]: data["outcome"] for data in self.events if data["type"] in ends}

    @property
    def records(self) -> list[tuple[str, str]]:
        """Which calls were written down, by their ids, and how they went by that."""
        found = (data for data in self.events if data["type"] == "call_record")
        return [(data["call_id"], data["outcome"]) for data in found]


class HassStage(Stage):
    """A stage on which Home Assistant acts through its own actions."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry, lab: Lab, ami: Ami, pace: Pace) -> None:
        """Take the account."""
        super().__init__(lab, ami, pace)
        self.hass, self.entry = hass, entry
        self.remarks: list[str] = []

    @override
    def log(self, *words: object) -> None:
        """Keep a remark."""
        self.remarks.append(" ".join(map(str, words)))

    @override
    async def act(self, action: str, device: str = "", **data: object) -> None:
        """Call an action of the integration."""
        domain, _, name = action.partition(".")
        if device:
            registry = er.async_get(self.hass)
            entity = next(
                entity.entity_id
                for entity in er.async_entries_for_config_entry(registry, self.entry.entry_id)
                if entity.unique_id.endswith(f"_{device}_call_state")
            )
            data["entity_id"] = entity
        else:
            data["config_entry_id"] = self.entry.entry_id
        await self.hass.services.async_call(domain, name, data, blocking=True)

    async def silence(self) -> None:
        """Wait until Asterisk has no call any more, and Home Assistant knows of none."""

        async def is_silent() -> bool:
            """Return whether no channel of a phone or trunk is there."""
            return not any(is_line(row["Channel"]) for row in await ami.items("CoreShowChannels"))

        async with self.lab.ami() as ami:
            await until(is_silent)
        await until(lambda: not self.entry.runtime_data.coordinator.data.calls)

    @override
    async def restarted(self) -> None:
        """Wait until Home Assistant follows again."""
        await until(lambda: bool(self.entry.runtime_data.health.streaming))

    async def state(self, extension: str, wanted: str) -> None:
        """Wait until Home Assistant shows the call state of a phone."""
        await until(lambda: state_of(self.hass, self.entry, f"extension_{extension}_call_state") == wanted)

    @override
    async def log_in(self, extension: str) -> None:
        """Make a phone a member of the queue *support*."""
        await self.ami.action(
            "QueueAdd",
            Queue="support",
            Interface=f"Local/{extension}@from-queue/n",
            MemberName="Agent",
            StateInterface=f"PJSIP/{extension}",
        )

    @override
    async def log_out(self, extension: str) -> None:
        """Let it be one no more."""
        await self.act("pbx.queue_remove", queue="support", extension=extension)
