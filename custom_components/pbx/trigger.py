"""Triggers: what happens to calls and agents, filtered.

They are bound to no entity, so that they outlive a reload.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar, override

import voluptuous as vol
from homeassistant.const import CONF_OPTIONS
from homeassistant.core import (
    CALLBACK_TYPE,
    HomeAssistant,
    async_get_hass_or_none,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.trigger import (
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType

from .accounts import country_of
from .callers import HIDDEN, KNOWN, UNKNOWN, async_wait_for_name, is_looked_up, kind_of
from .const import ATTR_AGENT, ATTR_CONFIG_ENTRY_ID, ATTR_EXTENSION, ATTR_QUEUE
from .coordinator import PbxCoordinator
from .data import PbxConfigEntry
from .devices import SubjectKind
from .event_dispatcher import SIGNAL_EVENT
from .telephony import phone_numbers as numbers
from .telephony.errors import InvalidInputError
from .telephony.events import Event
from .telephony.models import Agent, Direction, EventType, Outcome, Party, Queue
from .telephony.number_filter import number_filter

ATTR_CALLEE = "callee"
ATTR_CALLER = "caller"
ATTR_CALLER_KIND = "caller_kind"
ATTR_DIGITS = "digits"
ATTR_DIRECTION = "direction"
ATTR_MINIMUM_DURATION = "minimum_duration"
ANY = "any"
EMPTY: tuple[object, ...] = (None, [], {})

TEXT = vol.All(cv.string, vol.Strip, vol.Length(min=1, max=255))


def _chosen_number(value: str) -> str:
    """Return a number or its beginning with "*" behind it; raise Invalid if it can match nobody."""
    hass = async_get_hass_or_none()
    country = "" if hass is None else hass.config.country or ""
    try:
        number_filter(value, country)
    except InvalidInputError as err:
        if err.problem != "ambiguous_number":
            raise vol.Invalid("not a phone number") from err
        raise vol.Invalid(f"can be read in two ways, write it with a plus: {err.value}") from err
    return numbers.strip(value)


NUMBER = vol.All(TEXT, _chosen_number)
NUMBERS = vol.All(cv.ensure_list, [NUMBER])
KEYS = vol.All(TEXT, vol.Match(r"^[0-9A-Da-d*#]+$", msg="not keys of a phone"), vol.Upper)

COMMON_FIELDS: Mapping[vol.Marker, Any] = {
    vol.Optional(ATTR_EXTENSION): TEXT,
    vol.Optional(ATTR_CONFIG_ENTRY_ID): TEXT,
}
FROM_FIELDS: Mapping[vol.Marker, Any] = {
    vol.Optional(ATTR_CALLER, default=list): NUMBERS,
    **COMMON_FIELDS,
}
QUEUE_FIELDS: Mapping[vol.Marker, Any] = {vol.Optional(ATTR_QUEUE): TEXT}
DIRECTION_FIELDS: Mapping[vol.Marker, Any] = {
    vol.Optional(ATTR_DIRECTION): vol.In([direction.value for direction in Direction])
}
CALL_FIELDS: Mapping[vol.Marker, Any] = {
    **DIRECTION_FIELDS,
    vol.Optional(ATTR_CALLER_KIND, default=ANY): vol.In([ANY, KNOWN, UNKNOWN, HIDDEN]),
    **FROM_FIELDS,
    **QUEUE_FIELDS,
}
ENDED_FIELDS: Mapping[vol.Marker, Any] = {
    **CALL_FIELDS,
    vol.Optional(ATTR_MINIMUM_DURATION): cv.positive_time_period,
}
OUTGOING_FIELDS: Mapping[vol.Marker, Any] = {
    **DIRECTION_FIELDS,
    vol.Optional(ATTR_CALLEE, default=list): NUMBERS,
    **COMMON_FIELDS,
}
KEY_FIELDS: Mapping[vol.Marker, Any] = {vol.Optional(ATTR_DIGITS): KEYS, **FROM_FIELDS}
AGENT_FIELDS: Mapping[vol.Marker, Any] = {
    vol.Optional(ATTR_AGENT): TEXT,
    **COMMON_FIELDS,
    **QUEUE_FIELDS,
}

SENTENCES: Mapping[EventType, str] = {
    EventType.CALL_INCOMING: "call {sides} came in",
    EventType.CALL_OUTGOING: "call {sides} was placed",
    EventType.CALL_ANSWERED: "call {sides} was answered",
    EventType.CALL_ENDED: "call {sides} ended",
    EventType.CALL_MISSED: "call {sides} was missed",
    EventType.DTMF_RECEIVED: "key {digits} was pressed in the call {sides}",
    EventType.SMS_RECEIVED: "text message {sides} came in",
    EventType.VOICEMAIL_RECEIVED: "voicemail {sides} came in",
    EventType.AGENT_LOGGED_IN: "agent {agent} logged in",
    EventType.AGENT_LOGGED_OUT: "agent {agent} logged out",
    EventType.AGENT_PAUSED: "agent {agent} paused",
    EventType.AGENT_UNPAUSED: "agent {agent} went on",
}


class PbxTrigger(Trigger):
    """Something that happens at a phone system."""

    kind: ClassVar[EventType]
    schema: ClassVar[vol.Schema]

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Return the configuration as it is used; refuse filters that cannot be read.

        A filter that a form or a blueprint left empty means any.
        """
        filters: Mapping[str, Any] = config.get(CONF_OPTIONS) or {}
        given = {key: value for key, value in filters.items() if not _is_empty(value)}
        validated: ConfigType = cls.schema({**config, CONF_OPTIONS: given})
        return validated

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Initialize the trigger with its filters."""
        super().__init__(hass, config)
        self.options: dict[str, Any] = config.options or {}

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Listen to the events of every account; return what detaches the trigger."""
        waiting: dict[CALLBACK_TYPE, None] = {}

        @callback
        def async_decide(coordinator: PbxCoordinator, event: Event) -> None:
            """Run the action, unless the caller is not the kind of caller that is wanted."""
            if self._caller_fits(event):
                data = dict(coordinator.events.bus_data(event))
                run_action(data, describe(coordinator, event))

        @callback
        def async_handle(entry: PbxConfigEntry, event: Event) -> None:
            """Decide at once, or after the caller was looked up if the trigger is about that."""
            if event.type is not self.kind:
                return
            coordinator = entry.runtime_data.coordinator
            concerned = self._concerned(coordinator, event)
            if concerned is None:
                return
            about_names = self.options.get(ATTR_CALLER_KIND) in (KNOWN, UNKNOWN)
            if about_names and is_looked_up(coordinator, concerned):
                async_wait_for_name(self._hass, coordinator, concerned, async_decide, waiting)
            else:
                async_decide(coordinator, concerned)

        disconnect = async_dispatcher_connect(self._hass, SIGNAL_EVENT, async_handle)

        @callback
        def async_detach() -> None:
            """Stop listening and waiting."""
            disconnect()
            for cancel in list(waiting):
                cancel()

        return async_detach

    def _concerned(self, coordinator: PbxCoordinator, event: Event) -> Event | None:
        """Return the event as the extension that is listened to sees it.

        Return None if a filter that can be judged at once says no.
        """
        account = self.options.get(ATTR_CONFIG_ENTRY_ID)
        if account not in (None, coordinator.config_entry.entry_id):
            return None
        seen = self._as_seen(coordinator, event)
        country = country_of(self._hass, coordinator.config_entry)
        if seen is None or not self._call_fits(seen, country):
            return None
        queue = event.queue
        if not queue and event.call is not None:
            queue = event.call.queue
        agent_fits = self._is_named(coordinator, ATTR_AGENT, SubjectKind.AGENT, event.agent)
        queue_fits = self._is_named(coordinator, ATTR_QUEUE, SubjectKind.QUEUE, queue)
        return seen if agent_fits and queue_fits else None

    def _as_seen(self, coordinator: PbxCoordinator, event: Event) -> Event | None:
        """Return the event as the extension in the filter sees it, or None if it does not.

        Without that filter it is the account's, which does not see what single extensions do.
        """
        if self.options.get(ATTR_EXTENSION) is None:
            return event if event.public else None
        for number in event.tell:
            if self._is_named(coordinator, ATTR_EXTENSION, SubjectKind.EXTENSION, number):
                return replace(event, extension=number)
        return None

    def _is_named(
        self, coordinator: PbxCoordinator, option: str, kind: SubjectKind, identity: str | None
    ) -> bool:
        """Return whether a filter names an extension, agent or queue; without the filter, True."""
        wanted = self.options.get(option)
        if wanted is None:
            return True
        return bool(identity) and wanted in _names(coordinator, kind, identity or "")

    def _call_fits(self, event: Event, country: str) -> bool:
        """Return whether the direction, the numbers, the keys and the duration are those wanted.

        Numbers are read in the country of the account.
        """
        options = self.options
        direction = options.get(ATTR_DIRECTION)
        if direction is not None and (event.call is None or event.call.direction != direction):
            return False
        if not _is_among(_caller(event), options.get(ATTR_CALLER), country):
            return False
        if not _is_among(_callee(event), options.get(ATTR_CALLEE), country):
            return False
        digits = options.get(ATTR_DIGITS)
        if digits is not None and str(event.fields.get(ATTR_DIGITS, "")).upper() != digits:
            return False
        minimum: timedelta | None = options.get(ATTR_MINIMUM_DURATION)
        return minimum is None or _talked(event) >= minimum

    def _caller_fits(self, event: Event) -> bool:
        """Return whether the caller is of the kind that is wanted."""
        wanted = self.options.get(ATTR_CALLER_KIND, ANY)
        if wanted == ANY:
            return True
        return event.call is not None and kind_of(event.call.caller) == wanted


def _is_empty(value: object) -> bool:
    """Return whether a filter was left empty."""
    return value in EMPTY or not str(value).strip()


def _is_among(party: Party, wanted: list[str] | None, country: str) -> bool:
    """Return whether a party has one of the wanted numbers; if none is wanted, True."""
    if not wanted:
        return True
    return any(_matches(number, party.number, country) for number in wanted)


def _matches(wanted: str, number: str, country: str) -> bool:
    """Return whether a number is the wanted one, or begins as it does, in a country.

    What cannot be a number there is nobody's.
    """
    try:
        return number_filter(wanted, country).matches(number, country)
    except InvalidInputError:
        return False


def _make(kind: EventType, fields: Mapping[vol.Marker, Any]) -> type[Trigger]:
    """Return the trigger for one kind of event."""
    options = vol.Schema({vol.Required(CONF_OPTIONS, default=dict): vol.Schema(dict(fields))})
    return type(
        kind.value,
        (PbxTrigger,),
        {"kind": kind, "schema": options, "__doc__": f"Fires on {kind.value}."},
    )


TRIGGERS: dict[str, type[Trigger]] = {
    kind.value: _make(kind, fields)
    for kind, fields in (
        (EventType.CALL_INCOMING, CALL_FIELDS),
        (EventType.CALL_OUTGOING, OUTGOING_FIELDS),
        (EventType.CALL_ANSWERED, CALL_FIELDS),
        (EventType.CALL_ENDED, ENDED_FIELDS),
        (EventType.CALL_MISSED, CALL_FIELDS),
        (EventType.DTMF_RECEIVED, KEY_FIELDS),
        (EventType.SMS_RECEIVED, FROM_FIELDS),
        (EventType.VOICEMAIL_RECEIVED, FROM_FIELDS),
        (EventType.AGENT_LOGGED_IN, AGENT_FIELDS),
        (EventType.AGENT_LOGGED_OUT, AGENT_FIELDS),
        (EventType.AGENT_PAUSED, AGENT_FIELDS),
        (EventType.AGENT_UNPAUSED, AGENT_FIELDS),
    )
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers by name."""
    return TRIGGERS


def describe(coordinator: PbxCoordinator, event: Event) -> str:
    """Return a sentence that says what happened, for traces and the logbook."""
    agent = coordinator.data.agents.get(event.agent or "")
    agent_name = agent.name if agent is not None else ""
    return SENTENCES[event.type].format(
        sides=_sides(event),
        agent=agent_name or event.agent or "?",
        digits=event.fields.get(ATTR_DIGITS) or "?",
    )


def _sides(event: Event) -> str:
    """Return who called whom, as far as it is known."""
    caller = _worded(_caller(event)) or "a hidden number"
    callee = _worded(_callee(event))
    to: str | None = event.extension or callee
    if event.type is EventType.CALL_OUTGOING:
        to = callee or event.extension
    return f"from {caller} to {to}" if to else f"from {caller}"


def _caller(event: Event) -> Party:
    """Return who called or wrote: by the call, by its record, or by the event alone."""
    known = event.call or event.record
    return known.caller if known is not None else _party(event.fields, "from")


def _callee(event: Event) -> Party:
    """Return who was called or written to."""
    known = event.call or event.record
    return known.callee if known is not None else _party(event.fields, "to")


def _party(fields: Mapping[str, object], side: str) -> Party:
    """Return the party on one side of an event without a call."""
    number = fields.get(f"{side}_number") or ""
    name = fields.get(f"{side}_name") or ""
    return Party(number=str(number), name=str(name))


def _worded(party: Party) -> str:
    """Return the name and number of a party, as far as they are known."""
    if party.name and party.number:
        return f"{party.name} ({party.number})"
    return party.name or party.number


def _names(coordinator: PbxCoordinator, kind: SubjectKind, identity: str) -> set[str]:
    """Return what an extension, agent or queue may be called in a filter.

    That is its id, its number, its name and its device.
    """
    known = _known(coordinator, kind, identity)
    names = {identity}
    if known is not None:
        names |= {known.id, known.number, known.name}
        identity = known.id
    subject = coordinator.devices.subjects.get((kind, identity))
    if subject is not None:
        names.add(subject.device.id)
    return names


def _known(coordinator: PbxCoordinator, kind: SubjectKind, identity: str) -> Agent | Queue | None:
    """Return an agent or a queue, if it is known."""
    registry = coordinator.data
    if kind is SubjectKind.AGENT:
        return registry.agents.get(identity)
    if kind is SubjectKind.QUEUE:
        # Calls name their queue as the phone system does, which may be any of these.
        for queue in registry.queues.values():
            if identity in (queue.id, queue.number, queue.name):
                return queue
    return None


def _talked(event: Event) -> timedelta:
    """Return how long somebody talked; a phone whose call was answered elsewhere did not."""
    call = event.call
    if call is None or call.answered_at is None or call.ended_at is None:
        return timedelta()
    if event.outcome is Outcome.ANSWERED_ELSEWHERE:
        return timedelta()
    return call.ended_at - call.answered_at
