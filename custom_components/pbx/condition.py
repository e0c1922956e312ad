"""Conditions: what an extension, an agent or a queue is doing."""

from collections.abc import Collection, Mapping
from typing import Any, ClassVar, override

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import (
    Condition,
    EntityConditionBase,
    EntityNumericalConditionBase,
    EntityStateConditionBase,
)

from .const import DOMAIN
from .sensor import IDLE
from .telephony.models import AgentStatus, CallState

# The sensors these conditions are about, by translation key: a device has others beside them.
CALL_SENSORS = frozenset({"call_state", "call_slot"})
AGENT_SENSORS = frozenset({"agent_status"})
WAITING_SENSORS = frozenset({"waiting_callers"})


class PbxCondition(EntityConditionBase):
    """A condition about some of the sensors of a phone system."""

    _domain_specs: Mapping[str, DomainSpec] = {SENSOR_DOMAIN: DomainSpec()}
    sensors: ClassVar[frozenset[str]]

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Keep what the condition is about."""
        registry = er.async_get(self._hass)
        return {
            entity_id
            for entity_id in super().entity_filter(entities)
            if (entry := registry.async_get(entity_id)) is not None
            and entry.platform == DOMAIN
            and entry.translation_key in self.sensors
        }


class PbxWaitingCondition(PbxCondition, EntityNumericalConditionBase):
    """Callers are waiting in a queue."""

    sensors: ClassVar[frozenset[str]] = WAITING_SENSORS


def _make(sensors: frozenset[str], states: Collection[str]) -> type[Condition]:
    """Make the condition that a sensor is in one of some states."""
    members: dict[str, Any] = {"sensors": sensors, "_states": {str(state) for state in states}}
    return type("PbxStateCondition", (PbxCondition, EntityStateConditionBase), members)


CONDITIONS: dict[str, type[Condition]] = {
    "is_idle": _make(CALL_SENSORS, {IDLE}),
    "is_ringing": _make(CALL_SENSORS, {CallState.RINGING}),
    "is_on_call": _make(CALL_SENSORS, {CallState.TALKING, CallState.ON_HOLD}),
    "agent_available": _make(AGENT_SENSORS, {AgentStatus.AVAILABLE}),
    "calls_waiting": PbxWaitingCondition,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """List the conditions."""
    return CONDITIONS
