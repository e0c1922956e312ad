"""Events: what happens to the calls of each extension and to each agent, and the account's rest."""

from dataclasses import dataclass
from typing import override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .data import PbxConfigEntry
from .devices import SubjectKind
from .entity import PbxEntity, PbxEntityDescription, async_add_subjects
from .registry.call_registry import Key
from .telephony.events import Event
from .telephony.models import Capability, EventType

PARALLEL_UPDATES = 0

AGENT_EVENTS: list[str] = [
    EventType.AGENT_LOGGED_IN,
    EventType.AGENT_LOGGED_OUT,
    EventType.AGENT_PAUSED,
    EventType.AGENT_UNPAUSED,
    EventType.AGENT_WRAP_UP,
]
ACCOUNT_EVENTS: list[str] = [
    kind for kind in EventType if kind not in {*AGENT_EVENTS, EventType.UNKNOWN}
]
CALL_EVENTS: list[str] = [
    EventType.CALL_INCOMING,
    EventType.CALL_OUTGOING,
    EventType.CALL_ANSWERED,
    EventType.CALL_HELD,
    EventType.CALL_RESUMED,
    EventType.CALL_TRANSFERRED,
    EventType.CALL_MISSED,
    EventType.CALL_ENDED,
    EventType.CALL_CORRECTED,
    EventType.DTMF_RECEIVED,
]
# Large or sensitive texts are not among them: they go to the bus only.
KEPT = frozenset(
    {
        "answered_by",
        "call_id",
        "direction",
        "duration",
        "extension",
        "from_name",
        "from_number",
        "outcome",
        "queue",
        "to_name",
        "to_number",
    }
)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PbxEventEntityDescription(PbxEntityDescription, EventEntityDescription):
    """Describe which events an event entity can show."""

    event_types: list[str]


EVENTS: tuple[PbxEventEntityDescription, ...] = (
    PbxEventEntityDescription(
        key="call_event",
        translation_key="call",
        subject=SubjectKind.ACCOUNT,
        essential=True,
        health_only=True,
        entity_registry_enabled_default=False,
        event_types=ACCOUNT_EVENTS,
    ),
    PbxEventEntityDescription(
        key="call_event",
        translation_key="call",
        subject=SubjectKind.EXTENSION,
        needs=Capability.CALLS,
        essential=True,
        health_only=True,
        event_types=CALL_EVENTS,
    ),
    PbxEventEntityDescription(
        key="agent_event",
        translation_key="agent",
        subject=SubjectKind.AGENT,
        needs=Capability.AGENTS,
        health_only=True,
        event_types=AGENT_EVENTS,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: PbxConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the event entities."""
    await async_add_subjects(entry.runtime_data.coordinator, async_add_entities, EVENTS, PbxEvent)


class PbxEvent(PbxEntity, EventEntity):
    """The events of one subject.

    The entity stays available whatever the polls do: an event that is fired while its entity is
    unavailable would be lost.
    """

    _unrecorded_attributes = KEPT
    entity_description: PbxEventEntityDescription

    @property
    @override
    def available(self) -> bool:
        """Return True."""
        return True

    @callback
    @override
    def async_read(self) -> object:
        """Return nothing: only events are shown."""
        return None

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the events of the subject."""
        await super().async_added_to_hass()
        match self.subject.kind:
            case SubjectKind.EXTENSION:
                whose: str | Key | None = self.subject.id
            case SubjectKind.AGENT:
                whose = self.subject.key
            case _:
                whose = None
        self.async_on_remove(self.coordinator.events.async_listen_events(whose, self._async_handle))

    @callback
    def _async_handle(self, event: Event) -> None:
        """Show an event, as the subject sees it."""
        if event.type not in self.event_types or self._is_shown_by_a_phone(event):
            return
        attributes = {
            name: value
            for name, value in self.coordinator.events.words(event).items()
            if name in KEPT
        }
        if self.subject.kind is SubjectKind.EXTENSION:
            attributes["extension"] = self.subject.id
        if self.wording.masked:
            for name in attributes.keys() & {"from_number", "to_number"}:
                attributes[name] = self.wording.number(str(attributes[name]))
            for name in attributes.keys() & {"from_name", "to_name"}:
                attributes[name] = self.wording.name(str(attributes[name]))
        self._trigger_event(event.type, attributes)
        self.async_write()

    def _is_shown_by_a_phone(self, event: Event) -> bool:
        """Return whether this is the account's entity, and a phone's own entity shows the event."""
        if self.subject.kind is not SubjectKind.ACCOUNT or event.type not in CALL_EVENTS:
            return False
        subject = self.coordinator.devices.subject_of_event(event)
        return subject.kind is SubjectKind.EXTENSION
