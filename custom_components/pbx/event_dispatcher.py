"""The event dispatcher: what happened is told to event entities, to the bus and to triggers."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.util.signal_type import SignalType

from .accounts import country_of
from .activity import UNTOLD, activity_data
from .const import CONF_CALLER_PLACES, DOMAIN, EVENT_ACTIVITY, EVENT_PBX, LOGGER
from .contexts import Contexts
from .devices import PbxDevices, Subject, SubjectKind
from .phone_book.collection import async_get_phone_book
from .places import async_get_places
from .registry.call_registry import CallRegistry, Key, agent_key
from .telephony.events import COMMON, FIELDS, Event, Value, call_data, event_data
from .telephony.models import Call, Direction
from .wording import Wording

type EventListener = Callable[[Event], None]
type EventsListener = Callable[[Iterable[Event]], None]

# Sent for every event of every account, after the bus event; also for events that the bus does not
# hear of, since only some extensions are told.
SIGNAL_EVENT: SignalType[ConfigEntry, Event] = SignalType(f"{DOMAIN}_told")


class EventDispatcher:
    """Tell what happened at one account to everybody who listens.

    The states are written before, so that whoever hears of an event sees what it led to.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        provider: str,
        registry: CallRegistry,
        devices: PbxDevices,
        wording: Wording,
        contexts: Contexts,
    ) -> None:
        """Initialize the dispatcher without listeners; `provider` is the provider's key."""
        self._hass = hass
        self._entry = entry
        self._provider = provider
        self._registry = registry
        self._devices = devices
        self._wording = wording
        self._contexts = contexts
        self._country = country_of(hass, entry)
        self._last_caller: tuple[tuple[str, str] | None, Mapping[str, Value]] = (None, {})
        self._tells_places = bool(entry.options.get(CONF_CALLER_PLACES, True))
        self._keepers: dict[EventsListener, None] = {}
        self._unique_ids: dict[Key, str] = {}  # of the event entities, by subject
        self._listeners: dict[str | Key | None, dict[EventListener, None]] = {}
        # Everybody who is told of an event asks for the same words.
        self._last_call: tuple[Call | None, Mapping[str, Value] | None] = (None, None)
        self._last_words: tuple[Event | None, dict[str, Value]] = (None, {})
        self._last_event: tuple[Event | None, Mapping[str, Value]] = (None, {})

    @callback
    def async_listen_events(
        self, whose: str | Key | None, listener: EventListener
    ) -> CALLBACK_TYPE:
        """Listen to the events of an extension, of an agent (by its key) or of the account (None).

        Return what removes the listener.
        """
        listeners = self._listeners.setdefault(whose, {})
        listeners[listener] = None
        return partial(listeners.__delitem__, listener)

    @callback
    def async_listen_first(self, keeper: EventsListener) -> CALLBACK_TYPE:
        """Call a keeper with what happened, before any state that shows what it keeps is written.

        Return what removes it.
        """
        self._keepers[keeper] = None
        return partial(self._keepers.__delitem__, keeper)

    @callback
    def async_tell_first(self, events: Iterable[Event]) -> None:
        """Tell the keepers what happened."""
        for keeper in tuple(self._keepers):
            try:
                keeper(events)
            except Exception:  # noqa: BLE001 - the others are told all the same
                LOGGER.exception("Unexpected error keeping an event of %s", self._entry.title)

    @callback
    def async_tell(self, event: Event) -> None:
        """Tell of an event: first the event entities, then the bus, then the triggers."""
        for listener in self._concerned(event):
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - the others are told all the same
                LOGGER.exception("Unexpected error telling an event of %s", self._entry.title)
        if event.public:
            data = self.bus_data(event)
            context = None
            if self._contexts.noted:
                context = self._contexts.async_find(self._devices.subject_of_event(event).key)
            self._hass.bus.async_fire(EVENT_PBX, data, context=context)
            if event.type not in UNTOLD:
                agent = self._registry.agents.get(event.agent or "")
                given = self._devices.given_name(event.extension) if event.extension else ""
                name = agent.name if agent else ""
                kept = activity_data(data, name, self._wording, phone=given)
                self._hass.bus.async_fire(EVENT_ACTIVITY, kept, context=context)
        async_dispatcher_send(self._hass, SIGNAL_EVENT, self._entry, event)

    def _concerned(self, event: Event) -> list[EventListener]:
        """Return those who listen to the extensions, the account or the agent of an event."""
        listeners: list[EventListener] = []
        for extension in event.tell:
            listeners += self._listeners.get(extension, ())
        if event.public:
            listeners += self._listeners.get(None, ())
            if event.agent is not None:
                listeners += self._listeners.get(agent_key(event.agent), ())
        return listeners

    def words(self, event: Event) -> Mapping[str, Value]:
        """Return an event in its flat form, as it is known without Home Assistant."""
        last, data = self._last_words
        if last is not event and not (
            last and last.call is event.call and _says_the_same(last, event)
        ):
            known, call = self._last_call
            if known is not event.call:
                call = None if event.call is None else call_data(event.call)
                self._last_call = (event.call, call)
            data = event_data(event, call)
            self._last_words = (event, data)
        return data

    def bus_data(self, event: Event) -> Mapping[str, Value]:
        """Return an event in its flat form, with what only Home Assistant knows."""
        last, data = self._last_event
        if last is not event:
            data = self._complete(event)
            self._last_event = (event, data)
        return data

    def _complete(self, event: Event) -> Mapping[str, Value]:
        """Return an event in its flat form, with the account, the device and the extension."""
        data = dict(self.words(event))
        if FIELDS[event.type] >= COMMON:
            data |= self._caller_data(str(data.get("call_id", "")), data)
        data["config_entry_id"] = self._entry.entry_id
        data["provider"] = self._provider
        subject = self._devices.subject_of_event(event)
        data["device_id"] = subject.device.id
        entity_id = self._event_entity_of(subject)
        if entity_id is not None:
            data["entity_id"] = entity_id
        extension = self._registry.extensions.get(event.extension or "")
        if extension is not None and extension.name:
            data["extension_name"] = extension.name
        return data

    def _caller_data(self, call_id: str, event: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return the groups that the phone book has a caller in, and where the caller is at home.

        It is looked up once for a call: everything that is told of it is about the same caller.
        """
        number, direction = str(event.get("from_number", "")), event.get("direction")
        if self._registry.is_pretended(number, str(direction)):
            return {}
        last, data = self._last_caller
        if last == (call_id, number):
            return data
        found: dict[str, Value] = {}
        known = async_get_phone_book(self._hass).find(number, self._country) if number else None
        if known is not None and known.groups:
            found["caller_groups"] = list(known.groups)
        if self._tells_places and number and direction != Direction.OUTGOING:
            place = async_get_places(self._hass).find(number)
            if place.country:
                found["caller_country"] = place.country
            if place.town:
                found["caller_place"] = place.town
        self._last_caller = ((call_id, number), found)
        return found

    def _event_entity_of(self, subject: Subject) -> str | None:
        """Return the entity that shows the events of a subject, else the account's."""
        registry = er.async_get(self._hass)
        unique_id = self._unique_ids.get(subject.key)
        if unique_id is None:
            key = "agent_event" if subject.kind is SubjectKind.AGENT else "call_event"
            unique_id = self._unique_ids[subject.key] = self._devices.unique_id(subject, key)
        entity_id = registry.async_get_entity_id(Platform.EVENT, DOMAIN, unique_id)
        if entity_id is None and subject is not self._devices.account:
            return self._event_entity_of(self._devices.account)
        return entity_id


def _says_the_same(last: Event, event: Event) -> bool:
    """Return whether an event of a call has the words of its last one, and only other listeners."""
    return (
        last.type is event.type
        and last.time is event.time
        and last.extension == event.extension
        and last.outcome is event.outcome
        and last.record is event.record
        and last.agent == event.agent
        and last.queue == event.queue
        and last.provider_event == event.provider_event
        and last.fields == event.fields
    )
