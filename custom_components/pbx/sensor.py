"""Sensors: calls of the account and of each extension, agents and queues."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast, override

from homeassistant.components.sensor import (
    RestoreSensor,
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import PERCENTAGE, EntityCategory, UnitOfTime
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import PbxCoordinator
from .data import PbxConfigEntry
from .devices import Subject, SubjectKind
from .directory_values import (
    SensorValue,
    agent_value,
    any_has,
    extension_value,
    has,
    outbound_numbers,
    queue_value,
    shown_number,
)
from .entity import PbxEntity, PbxEntityDescription, async_add_subjects
from .recent_calls import RecentCalls
from .recent_rows import RecentRows
from .registry.call_registry import CallRegistry
from .telephony.models import AgentStatus, Call, CallState, Capability, Party
from .wording import called_from, caller_at

PARALLEL_UPDATES = 0

IDLE = "idle"
MOST_RECENT = 20
CALL_STATES = [IDLE, *(state for state in CallState if state is not CallState.ENDED)]


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PbxSensorEntityDescription(PbxEntityDescription, SensorEntityDescription):
    """Describe how a sensor reads its value and its unrecorded attributes."""

    value_fn: Callable[[PbxSensor, CallRegistry, str], SensorValue]
    attributes_fn: Callable[[PbxSensor, CallRegistry, str], Mapping[str, Any]] | None = None
    about_recent: bool = False
    """Show something of the recent calls, which are told after everything else."""


def _active_calls(sensor: PbxSensor, registry: CallRegistry, _id: str) -> Mapping[str, Any]:
    """Return the attributes of as many active calls as there are slots.

    What a call does meanwhile does not change how many there are, and is not told here.
    """
    calls = list(registry.calls.values())[: len(registry.slots)]
    if not calls:
        return {}
    described = [
        {**sensor.wording.call_attributes(call), "since": call.started_at} for call in calls
    ]
    return {"calls": described}


def _extension_call(sensor: PbxSensor, registry: CallRegistry, extension: str) -> Mapping[str, Any]:
    """Return the attributes of an extension's most urgent call, and how many calls it has."""
    calls = registry.calls_of(extension)
    call = next(iter(calls), None)
    return {**sensor.wording.call_attributes(call), "calls": len(calls)}


def _slot(registry: CallRegistry, slot: str) -> Call | None:
    """Return the call in a slot."""
    return registry.slots[int(slot) - 1]


def _slot_state(_sensor: PbxSensor, registry: CallRegistry, slot: str) -> str:
    """Return the state of the call in a slot."""
    call = _slot(registry, slot)
    return call.state if call is not None else IDLE


def _last_call(sensor: PbxSensor, registry: CallRegistry, _id: str) -> Mapping[str, Any]:
    """Return the attributes of the last call, and how it ended."""
    call = registry.last_call
    if call is None:
        return {}
    attributes = dict(sensor.wording.call_attributes(call))
    if call.outcome:
        attributes["outcome"] = call.outcome
    if call.answered_by:
        attributes["answered_by"] = call.answered_by
    return attributes


def _missed_calls(sensor: PbxSensor, registry: CallRegistry, _id: str) -> dict[str, Any]:
    """Return the missed calls that nobody has acknowledged, the last ones of them."""
    missed = sensor.recent.newest(min(registry.missed, MOST_RECENT), missed=True)
    return {"calls": sensor.recent_rows.rows(missed)}


def _last_caller(sensor: PbxSensor, _registry: CallRegistry, extension: str) -> str | None:
    """Return who called an extension last: the name, else the number."""
    call = sensor.recent.last_caller(extension)
    if call is None:
        return None
    return sensor.wording.party(Party(name=call.name, number=call.number)) or ""


def _last_caller_attributes(
    sensor: PbxSensor, _registry: CallRegistry, extension: str
) -> dict[str, Any]:
    """Return the call of whoever called an extension last."""
    call = sensor.recent.last_caller(extension)
    if call is None:
        return {}
    told = sensor.recent_rows.row(call)
    return {key: told[key] for key in ("number", "time", "outcome") if key in told}


SENSORS: tuple[PbxSensorEntityDescription, ...] = (
    PbxSensorEntityDescription(
        key="caller",
        translation_key="caller",
        subject=SubjectKind.EXTENSION,
        needs=Capability.CALLS,
        entity_registry_enabled_default=False,
        about_calls=True,
        value_fn=lambda sensor, registry, number: sensor.wording.party(
            caller_at(registry.call_of(number), number)
        ),
    ),
    PbxSensorEntityDescription(
        key="callee",
        translation_key="callee",
        subject=SubjectKind.EXTENSION,
        needs=Capability.CALLS,
        entity_registry_enabled_default=False,
        about_calls=True,
        value_fn=lambda sensor, registry, number: sensor.wording.party(
            called_from(registry.call_of(number), number)
        ),
    ),
    PbxSensorEntityDescription(
        key="call_state",
        translation_key="call_state",
        subject=SubjectKind.EXTENSION,
        needs=Capability.CALLS,
        about_calls=True,
        essential=True,
        device_class=SensorDeviceClass.ENUM,
        options=CALL_STATES,
        value_fn=lambda _sensor, registry, number: registry.state_of(number) or IDLE,
        attributes_fn=_extension_call,
    ),
    PbxSensorEntityDescription(
        key="call",
        translation_key="call_slot",
        subject=SubjectKind.SLOT,
        needs=Capability.CALLS,
        about_calls=True,
        essential=True,
        entity_registry_enabled_default=False,
        device_class=SensorDeviceClass.ENUM,
        options=CALL_STATES,
        value_fn=_slot_state,
        attributes_fn=lambda sensor, registry, slot: sensor.wording.call_attributes(
            _slot(registry, slot)
        ),
    ),
    PbxSensorEntityDescription(
        key="active_calls",
        translation_key="active_calls",
        subject=SubjectKind.ACCOUNT,
        needs=Capability.CALLS,
        about_calls=True,
        essential=True,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda _sensor, registry, _id: len(registry.calls),
        attributes_fn=_active_calls,
    ),
    PbxSensorEntityDescription(
        key="missed_calls",
        translation_key="missed_calls",
        subject=SubjectKind.ACCOUNT,
        needs=Capability.CALLS,
        essential=True,
        state_class=SensorStateClass.TOTAL,
        value_fn=lambda _sensor, registry, _id: registry.missed,
        about_recent=True,
        attributes_fn=_missed_calls,
    ),
    PbxSensorEntityDescription(
        key="recent_calls",
        translation_key="recent_calls",
        subject=SubjectKind.ACCOUNT,
        needs=Capability.CALLS,
        essential=True,
        state_class=SensorStateClass.MEASUREMENT,
        health_only=True,
        about_recent=True,
        value_fn=lambda sensor, _registry, _id: sensor.recent.count,
        attributes_fn=lambda sensor, _registry, _id: {
            "calls": sensor.recent_rows.rows(sensor.recent.newest(MOST_RECENT))
        },
    ),
    PbxSensorEntityDescription(
        key="last_caller",
        translation_key="last_caller",
        subject=SubjectKind.EXTENSION,
        needs=Capability.CALLS,
        entity_registry_enabled_default=False,
        health_only=True,
        about_recent=True,
        value_fn=_last_caller,
        attributes_fn=_last_caller_attributes,
    ),
    PbxSensorEntityDescription(
        key="last_call",
        translation_key="last_call",
        subject=SubjectKind.ACCOUNT,
        needs=Capability.CALLS,
        essential=True,
        entity_registry_enabled_default=False,
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda _sensor, registry, _id: (
            registry.last_call.started_at if registry.last_call else None
        ),
        attributes_fn=_last_call,
    ),
    PbxSensorEntityDescription(
        key="unread_voicemails",
        translation_key="unread_voicemails",
        subject=SubjectKind.ACCOUNT,
        needs=Capability.VOICEMAIL_COUNT,
        essential=True,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=lambda _sensor, registry, _id: registry.unread_voicemails,
    ),
    PbxSensorEntityDescription(
        key="status",
        translation_key="agent_status",
        subject=SubjectKind.AGENT,
        needs=Capability.AGENTS,
        device_class=SensorDeviceClass.ENUM,
        options=list(AgentStatus),
        value_fn=agent_value(lambda agent: agent.status),
    ),
    PbxSensorEntityDescription(
        key="waiting",
        translation_key="waiting_callers",
        subject=SubjectKind.QUEUE,
        needs=Capability.QUEUES | Capability.QUEUE_FIGURES,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=queue_value(lambda queue: queue.waiting),
    ),
    PbxSensorEntityDescription(
        key="longest_wait",
        translation_key="longest_wait",
        subject=SubjectKind.QUEUE,
        needs=Capability.QUEUES | Capability.QUEUE_FIGURES,
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_display_precision=0,
        value_fn=queue_value(lambda queue: queue.longest_wait),
    ),
    PbxSensorEntityDescription(
        key="average_wait",
        translation_key="average_wait",
        subject=SubjectKind.QUEUE,
        needs=Capability.QUEUES | Capability.QUEUE_FIGURES,
        device_class=SensorDeviceClass.DURATION,
        native_unit_of_measurement=UnitOfTime.SECONDS,
        suggested_display_precision=0,
        entity_registry_enabled_default=False,
        value_fn=queue_value(lambda queue: queue.average_wait),
    ),
    PbxSensorEntityDescription(
        key="agents_logged_in",
        translation_key="agents_logged_in",
        subject=SubjectKind.QUEUE,
        needs=Capability.QUEUES,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=queue_value(lambda queue: queue.agents_logged_in),
    ),
    PbxSensorEntityDescription(
        key="agents_available",
        translation_key="agents_available",
        subject=SubjectKind.QUEUE,
        needs=Capability.QUEUES | Capability.QUEUE_FIGURES,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=queue_value(lambda queue: queue.agents_available),
    ),
    PbxSensorEntityDescription(
        key="service_level",
        translation_key="service_level",
        subject=SubjectKind.QUEUE,
        needs=Capability.QUEUES | Capability.QUEUE_FIGURES,
        native_unit_of_measurement=PERCENTAGE,
        suggested_display_precision=0,
        state_class=SensorStateClass.MEASUREMENT,
        value_fn=queue_value(lambda queue: queue.service_level),
    ),
    PbxSensorEntityDescription(
        key="answered",
        translation_key="answered_calls",
        subject=SubjectKind.QUEUE,
        needs=Capability.QUEUES | Capability.QUEUE_FIGURES,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=queue_value(lambda queue: queue.answered),
    ),
    PbxSensorEntityDescription(
        key="abandoned",
        translation_key="abandoned_calls",
        subject=SubjectKind.QUEUE,
        needs=Capability.QUEUES | Capability.QUEUE_FIGURES,
        state_class=SensorStateClass.TOTAL_INCREASING,
        value_fn=queue_value(lambda queue: queue.abandoned),
    ),
    PbxSensorEntityDescription(
        key="user_agent",
        translation_key="user_agent",
        subject=SubjectKind.EXTENSION,
        listed_only=True,
        needs=Capability.REGISTRATION,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists_fn=has(lambda extension: extension.user_agent),
        value_fn=extension_value(lambda extension: extension.user_agent),
    ),
    PbxSensorEntityDescription(
        key="address",
        translation_key="registered_from",
        subject=SubjectKind.EXTENSION,
        listed_only=True,
        needs=Capability.REGISTRATION,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists_fn=any_has(lambda extension: extension.address),
        value_fn=extension_value(lambda extension: extension.address),
    ),
    PbxSensorEntityDescription(
        key="contact",
        translation_key="registered_contact",
        subject=SubjectKind.EXTENSION,
        listed_only=True,
        needs=Capability.REGISTRATION,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        exists_fn=any_has(lambda extension: extension.contact),
        value_fn=extension_value(lambda extension: extension.contact),
    ),
    PbxSensorEntityDescription(
        key="latency",
        translation_key="latency",
        subject=SubjectKind.EXTENSION,
        listed_only=True,
        needs=Capability.REGISTRATION,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=False,
        device_class=SensorDeviceClass.DURATION,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfTime.MILLISECONDS,
        suggested_display_precision=0,
        exists_fn=any_has(lambda extension: extension.latency),
        value_fn=extension_value(lambda extension: extension.latency),
    ),
    PbxSensorEntityDescription(
        key="outbound_number",
        translation_key="outbound_number",
        subject=SubjectKind.EXTENSION,
        listed_only=True,
        entity_category=EntityCategory.DIAGNOSTIC,
        exists_fn=has(lambda extension: extension.outbound_numbers),
        value_fn=extension_value(shown_number),
        attributes_fn=outbound_numbers,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: PbxConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the sensors."""
    await async_add_subjects(entry.runtime_data.coordinator, async_add_entities, SENSORS, _make)


def _make(
    coordinator: PbxCoordinator, subject: Subject, description: PbxSensorEntityDescription
) -> PbxSensor:
    """Return the sensor of a subject; missed calls have a class of their own."""
    kind = PbxMissedCalls if description.key == "missed_calls" else PbxSensor
    return kind(coordinator, subject, description)


class PbxSensor(PbxEntity, SensorEntity):
    """A value of one subject."""

    _unrecorded_attributes = frozenset(
        {
            "answered_by",
            "call_id",
            "callee",
            "callee_name",
            "caller",
            "caller_name",
            "calls",
            "direction",
            "extensions",
            "number",
            "outcome",
            "since",
            "time",
        }
    )
    entity_description: PbxSensorEntityDescription
    _value: SensorValue = None
    _attributes: Mapping[str, Any] | None = None
    _listing: object = None

    def __init__(
        self, coordinator: PbxCoordinator, subject: Subject, description: PbxSensorEntityDescription
    ) -> None:
        """Initialize the sensor of a subject."""
        super().__init__(coordinator, subject, description)
        entry: PbxConfigEntry = coordinator.config_entry
        self.recent: RecentCalls = entry.runtime_data.recent

    @cached_property
    def recent_rows(self) -> RecentRows:
        """Return the rows of the recent calls that are shown, if any are."""
        return RecentRows(self.coordinator)

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to what is shown."""
        await super().async_added_to_hass()
        if self.entity_description.about_recent:
            extension = self.subject.id if self.subject.kind is SubjectKind.EXTENSION else None
            self.async_on_remove(
                self.recent.async_listen(self._handle_coordinator_update, extension)
            )

    @property
    @override
    def native_value(self) -> SensorValue:
        """Return the value, as it was read."""
        return self._value

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return the attributes that go with it."""
        return self._attributes

    @callback
    @override
    def async_read(self) -> object:
        """Read the value and the attributes that go with it; return both."""
        description, identity = self.entity_description, self.subject.id
        self._value = description.value_fn(self, self.registry, identity)
        if description.about_recent:
            # To list them costs more than all the rest, and they are asked for with every call.
            before, self._listing = self._listing, (self._value, self.recent.version)
            if before == self._listing:
                return (self._value, self._attributes)
        if description.attributes_fn is not None:
            self._attributes = description.attributes_fn(self, self.registry, identity)
        return (self._value, self._attributes)


class PbxMissedCalls(PbxSensor, RestoreSensor):
    """The number of missed calls since somebody looked, kept over a restart."""

    _restored = False

    @override
    async def async_added_to_hass(self) -> None:
        """Restore what was counted before the restart.

        Do so only once: an entity that gets another id is added again.
        """
        last = await self.async_get_last_sensor_data()
        if not self._restored and last is not None and last.native_value is not None:
            self.coordinator.async_restore_missed(int(cast("int", last.native_value)))
        self._restored = True
        await super().async_added_to_hass()
