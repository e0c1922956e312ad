"""What the integration is compared with: entities without any logic, and two integrations for telephones."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, cast
from unittest.mock import Mock

from aiohttp.web import Request, Response
from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.event import EventEntity
from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect, async_dispatcher_send
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_component import EntityComponent
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util

EVENT, EVENT_KEPT, EVENT_SIPGATE = "pbx_event", "pbx_activity", "sipgate_call_event"
SIGNAL = "sipgate_push"

type Json = dict[str, Any]
type Written = list[tuple[str, str, Json]]

# What an entity of such a kind has of itself, whatever its state.
OWN = frozenset(
    {
        *("device_class", "event_type", "event_types", "friendly_name", "icon", "options", "state_class"),
        *("supported_features", "unit_of_measurement"),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """What one kind of push makes of the integration: so many states, then these events."""

    written: Written
    events: list[tuple[str, Json]]


# -- as many entities without any logic ----------------------------------------------------------------


class RealSensor(SensorEntity):
    """A sensor that shows what it is given."""

    _attr_should_poll = False

    def __init__(self, name: str, attributes: Json) -> None:
        """Be registered, and of the same kind as a sensor with such attributes."""
        self._attr_unique_id = self._attr_name = name
        self._attr_device_class = attributes.get("device_class")
        self._attr_state_class = attributes.get("state_class")
        self._attr_options = attributes.get("options")

    @callback
    def show(self, state: str, attributes: Json) -> None:
        """Write a state."""
        value: str | int | datetime | None = state
        if self._attr_state_class is not None:
            value = int(state)
        elif self._attr_device_class == SensorDeviceClass.TIMESTAMP:
            value = dt_util.parse_datetime(state)
        self._attr_native_value = value
        self._attr_extra_state_attributes = attributes
        self.async_write_ha_state()


class RealEvent(EventEntity):
    """An event entity that shows what it is given."""

    _attr_should_poll = False

    def __init__(self, name: str, attributes: Json) -> None:
        """Be registered, and know the same events."""
        self._attr_unique_id = self._attr_name = name
        self._attr_event_types = attributes["event_types"]

    @callback
    def show(self, kind: str, attributes: Json) -> None:
        """Write an event."""
        self._trigger_event(kind, attributes)
        self.async_write_ha_state()


class RealEntities:
    """As many real sensors and event entities as the integration writes, and the same events; no logic at all."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin without entities."""
        self.hass = hass
        self.patterns: dict[str, Pattern] = {}
        self.shown: dict[str, RealSensor | RealEvent] = {}

    async def async_learn(self, patterns: Mapping[str, Pattern]) -> None:
        """Make an entity for each that the integration writes."""
        self.patterns = dict(patterns)
        for pattern in patterns.values():
            for entity_id, _, attributes in pattern.written:
                if entity_id in self.shown:
                    continue
                domain, _, name = entity_id.partition(".")
                kind = RealEvent if domain == "event" else RealSensor
                entity = self.shown[entity_id] = kind(f"real {name}", attributes)
                await _component(self.hass, domain).async_add_entities([entity])

    async def async_handle(self, hass: HomeAssistant, webhook_id: str, request: Request) -> Response:
        """Answer at once, and work then, as the integration does."""
        body = await request.json()
        hass.loop.call_soon(self._take, body)
        return Response()

    @callback
    def _take(self, body: Json) -> None:
        pattern = self.patterns[body["event_name"]]
        call = {"call_id": body["call_id"]}
        for entity_id, state, attributes in pattern.written:
            own = {name: value for name, value in attributes.items() if name not in OWN}
            kind = attributes.get("event_type", state)
            self.shown[entity_id].show(kind, own | call)
        for name, event in pattern.events:
            self.hass.bus.async_fire(name, event | call)


def _component(hass: HomeAssistant, domain: str) -> EntityComponent[Entity]:
    """Give what adds entities of a domain."""
    return cast("EntityComponent[Entity]", hass.data[cast("Any", domain)])


# -- a webhook handler of sipgate_ha's shape ------------------------------------------------------------


class _Pushed(Entity):
    """One of the entities that all write with each push, with the whole call as attributes."""

    _attr_should_poll = False
    _unrecorded = False

    def __init__(self, name: str) -> None:
        """Be registered."""
        self._attr_unique_id = self._attr_name = f"sipgate {name}"
        self._attr_extra_state_attributes: Json = {}

    async def async_added_to_hass(self) -> None:
        """Listen to the pushes."""
        self.async_on_remove(async_dispatcher_connect(self.hass, SIGNAL, self._async_show))

    @callback
    def _async_show(self, call: Json) -> None:
        self._attr_extra_state_attributes = dict(call)
        self.take(call)
        self.async_write_ha_state()

    def take(self, call: Json) -> None:
        """Take the value."""
        raise NotImplementedError


class _PushedSensor(_Pushed, SensorEntity):
    """A sensor that shows one field of the call."""

    def __init__(self, name: str, field: str) -> None:
        """Show a field."""
        super().__init__(name)
        self.field = field

    def take(self, call: Json) -> None:
        """Take the field."""
        self._attr_native_value = call[self.field]


class _PushedBinarySensor(_Pushed, BinarySensorEntity):
    """Whether somebody calls or talks."""

    def take(self, call: Json) -> None:
        """Take the state."""
        self._attr_is_on = call["state"] != "idle"


class Sipgate:
    """A webhook handler of the shape of sipgate_ha's, rebuilt from its description: it works, then it answers.

    An entry for each call, one event on the bus, four entities that write with each push. Its API of the history, its
    two counters and its store are left out, which makes it cheaper than it is.
    """

    STATES: Mapping[str, str] = {"call.initial": "ringing", "call.connected": "talking"}

    def __init__(self, hass: HomeAssistant) -> None:
        """Know no call."""
        self.hass = hass
        self.calls: dict[str, Json] = {}

    async def async_setup(self) -> None:
        """Add the entities."""
        for domain in ("sensor", "binary_sensor"):
            assert await async_setup_component(self.hass, domain, {})
        sensors = [_PushedSensor(name, name) for name in ("state", "from_number", "direction")]
        await _component(self.hass, "sensor").async_add_entities(sensors)
        await _component(self.hass, "binary_sensor").async_add_entities([_PushedBinarySensor("in call")])

    async def async_handle(self, hass: HomeAssistant, webhook_id: str, request: Request) -> Response:
        """Take a push, then answer in XML."""
        body = await request.json()
        now = dt_util.utcnow().isoformat()
        call = self.calls.setdefault(body["call_id"], {"started_at": now})
        call |= {
            "call_id": body["call_id"],
            "provider_event": body["event_name"],
            "state": self.STATES.get(body["event_name"], "idle"),
            "direction": body["destination"],
            "from_number": body["src"],
            "from_name": body["src_name"],
            "to_number": body["dst"],
            "users": [body["dst_name"]],
            "changed_at": now,
        }
        hass.bus.async_fire(EVENT_SIPGATE, dict(call))
        async_dispatcher_send(hass, SIGNAL, call)
        if call["state"] == "idle":
            del self.calls[body["call_id"]]
        return Response(text='<?xml version="1.0" encoding="UTF-8"?><Response/>', content_type="application/xml")


# -- core's own monitor of a FRITZ!Box --------------------------------------------------------------------


class Fritz:
    """Core's `fritzbox_callmonitor`, unchanged but for its phone book and its pause of a second after each line."""

    def __init__(self, hass: HomeAssistant, seen: list[tuple[str, float]]) -> None:
        """Note when its sensor has changed among what was seen."""
        self.hass = hass
        self.seen = seen

    async def async_add(self, port: int) -> None:
        """Set it up as a config entry does."""
        hass = self.hass
        parts = await hass.async_add_import_executor_job(_import_fritz)
        parts.sensor.sleep = lambda _seconds: None
        entry: ConfigEntry[Any] = ConfigEntry(
            data={"host": "127.0.0.1", "port": port, "phonebook": 0, "serial_number": "bench"},
            discovery_keys=MappingProxyType({}),
            domain="fritzbox_callmonitor",
            minor_version=1,
            options={},
            source=SOURCE_USER,
            subentries_data=(),
            title="FRITZ!Box",
            unique_id=None,
            version=1,
        )
        book = parts.base.FritzBoxPhonebook("127.0.0.1", "", "", 0)
        book.number_dict = {}
        book.update_phonebook = lambda: None
        book.fph = Mock(modelname="FRITZ!Box", fc=Mock(address="http://127.0.0.1", system_version="8"))
        entry.runtime_data = book
        added: list[Entity] = []
        await parts.sensor.async_setup_entry(hass, entry, added.extend)
        added[0]._attr_device_info = None  # noqa: SLF001 - there is no entry to have a device
        added[0]._attr_has_entity_name = False  # noqa: SLF001
        added[0]._attr_name = "FRITZ!Box"  # noqa: SLF001
        await _component(hass, "sensor").async_add_entities(added)
        entity_id = added[0].entity_id

        @callback
        def hear(event: Event[EventStateChangedData]) -> None:
            if event.data["entity_id"] == entity_id:
                self.seen.append(("fritz", time.monotonic()))

        hass.bus.async_listen(EVENT_STATE_CHANGED, hear)


def _import_fritz() -> Any:
    logging.getLogger("homeassistant.components.fritzbox_callmonitor").setLevel(logging.ERROR)
    from homeassistant.components import fritzbox_callmonitor  # noqa: PLC0415
    from homeassistant.components.fritzbox_callmonitor import base, sensor  # noqa: PLC0415

    del base, sensor
    return fritzbox_callmonitor
