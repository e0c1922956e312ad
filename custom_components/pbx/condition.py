"""Conditions: what an extension, an agent or a queue is doing."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, override

import voluptuous as vol
from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.const import CONF_OPTIONS
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import (
    ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL,
    Condition,
    ConditionConfig,
    EntityConditionBase,
    EntityNumericalConditionBase,
    EntityStateConditionBase,
)

from .accounts import country_of
from .const import DOMAIN
from .data import loaded_coordinator
from .devices import SubjectKind
from .phone_book.collection import async_get_phone_book
from .sensor import IDLE
from .telephony.models import AgentStatus, Call, CallState
from .trigger_fields import TEXTS, filled

# The sensors these conditions are about, by translation key: a device has others beside them.
PHONE_SENSOR = "call_state"
CALL_SENSORS = frozenset({PHONE_SENSOR, "call_slot"})
ATTR_CALLER_GROUPS = "caller_groups"
AGENT_SENSORS = frozenset({"agent_status"})
WAITING_SENSORS = frozenset({"waiting_callers"})
ACCOUNT_SENSOR = "active_calls"


class PbxCondition(EntityConditionBase):
    """A condition about some of the sensors of a phone system."""

    _domain_specs: Mapping[str, DomainSpec] = {SENSOR_DOMAIN: DomainSpec()}
    sensors: ClassVar[frozenset[str]]

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return those of the entities that the condition is about."""
        registry = er.async_get(self._hass)
        kept: set[str] = set()
        for entity_id in super().entity_filter(entities):
            entry = registry.async_get(entity_id)
            if entry is None or entry.platform != DOMAIN:
                continue
            if entry.translation_key in self.sensors:
                kept.add(entity_id)
            elif entry.translation_key == ACCOUNT_SENSOR and entry.config_entry_id is not None:
                kept |= self._phones_of(registry, entry.config_entry_id)
        return kept

    def _phones_of(self, registry: er.EntityRegistry, config_entry_id: str) -> set[str]:
        """Return what the condition is about of all phones of an account that is its target."""
        if PHONE_SENSOR not in self.sensors:
            return set()
        return {
            entry.entity_id
            for entry in er.async_entries_for_config_entry(registry, config_entry_id)
            if entry.translation_key == PHONE_SENSOR
        }


class PbxWaitingCondition(PbxCondition, EntityNumericalConditionBase):
    """Callers are waiting in a queue."""

    sensors: ClassVar[frozenset[str]] = WAITING_SENSORS


class PbxCallerCondition(PbxCondition):
    """The caller of the call that is going on is in a group of the phone book."""

    sensors: ClassVar[frozenset[str]] = CALL_SENSORS
    _schema = ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL.extend(
        {
            vol.Required(CONF_OPTIONS): {
                vol.Required(ATTR_CALLER_GROUPS): vol.All(
                    cv.ensure_list, filled, TEXTS, vol.Length(min=1)
                ),
            }
        }
    )

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Initialize the condition with its groups."""
        super().__init__(hass, config)
        options = config.options or {}
        self._groups: Collection[str] = options[ATTR_CALLER_GROUPS]

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        """Return whether the caller is in one of the groups."""
        registered = er.async_get(self._hass).async_get(entity_state.entity_id)
        if registered is None or registered.config_entry_id is None:
            return False
        entry = self._hass.config_entries.async_get_entry(registered.config_entry_id)
        coordinator = None if entry is None else loaded_coordinator(entry)
        if entry is None or coordinator is None:
            return False
        subject = coordinator.devices.by_unique_id.get(registered.unique_id)
        call: Call | None = None
        if subject is not None and subject.kind is SubjectKind.SLOT:
            call = coordinator.data.slots[int(subject.id) - 1]
        elif subject is not None:
            call = coordinator.data.call_of(subject.id)
        if call is None or coordinator.data.is_pretended(call.caller.number, call.direction):
            return False
        book, country = async_get_phone_book(self._hass), country_of(self._hass, entry)
        return book.is_in_group(call.caller.number, country, self._groups)


def _make(sensors: frozenset[str], states: Collection[str]) -> type[Condition]:
    """Make the condition that a sensor is in one of some states."""
    members: dict[str, Any] = {"sensors": sensors, "_states": {str(state) for state in states}}
    return type("PbxStateCondition", (PbxCondition, EntityStateConditionBase), members)


CONDITIONS: dict[str, type[Condition]] = {
    "is_idle": _make(CALL_SENSORS, {IDLE}),
    "is_ringing": _make(CALL_SENSORS, {CallState.RINGING}),
    "is_on_call": _make(CALL_SENSORS, {CallState.TALKING, CallState.ON_HOLD}),
    "caller_in_group": PbxCallerCondition,
    "agent_available": _make(AGENT_SENSORS, {AgentStatus.AVAILABLE}),
    "calls_waiting": PbxWaitingCondition,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """List the conditions."""
    return CONDITIONS
