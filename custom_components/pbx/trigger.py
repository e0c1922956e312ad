"""Triggers: what happens to calls and agents, filtered; bound to no entity, so that they outlive a reload."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar, override

import voluptuous as vol
from homeassistant.const import CONF_OPTIONS
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.trigger import (
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType

from .callers import HIDDEN, KNOWN, UNKNOWN, async_wait_for_name, is_looked_up, kind_of
from .const import ATTR_AGENT, ATTR_CONFIG_ENTRY_ID, ATTR_EXTENSION, ATTR_QUEUE
from .coordinator import PbxCoordinator
from .data import PbxConfigEntry
from .devices import SubjectKind
from .event_dispatcher import SIGNAL_EVENT
from .telephony import phone_numbers as numbers
from .telephony.events import Event
from .telephony.models import Agent, Direction, EventType, Outcome, Party, Queue

ATTR_CALLEE = "callee"
ATTR_CALLER = "caller"
ATTR_CALLER_KIND = "caller_kind"
ATTR_DIGITS = "digits"
ATTR_DIRECTION = "direction"
ATTR_MINIMUM_DURATION = "minimum_duration"
ANY = "any"
EMPTY: tuple[object, ...] = (None, [], {})

TEXT = vol.All(cv.string, vol.Strip, vol.Length(min=1, max=255))
NUMBER = vol.All(TEXT, numbers.strip, vol.Match(r"^\+?[0-9*#]+$", msg="not a phone number"))
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
        """Refuse filters that cannot be read; one that a form or a blueprint left empty means any."""
        filters: Mapping[str, Any] = config.get(CONF_OPTIONS) or {}
        given = {
            key: value
            for key, value in filters.items()
            if value not in EMPTY and str(value).strip()
        }
        validated: ConfigType = cls.schema({**config, CONF_OPTIONS: given})
        return validated

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Take the filters."""
        super().__init__(hass, config)
        self.options: dict[str, Any] = config.options or {}

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Listen to every account, until detached."""
        waiting: dict[CALLBACK_TYPE, None] = {}

        @callback
        def async_decide(coordinator: PbxCoordinator, event: Event) -> None:
            if self._caller_fits(event):
                data = dict(coordinator.events.bus_data(event))
                run_action(data, describe(coordinator, event))

        @callback
        def async_told(entry: PbxConfigEntry, event: Event) -> None:
            if event.type is not self.kind:
                return
            coordinator = entry.runtime_data.coordinator
            concerned = self._concerned(coordinator, event)
            if concerned is None:
                return
            if self.options.get(ATTR_CALLER_KIND) in (KNOWN, UNKNOWN) and is_looked_up(
                coordinator, concerned
            ):
                async_wait_for_name(self._hass, coordinator, concerned, async_decide, waiting)
            else:
                async_decide(coordinator, concerned)

        disconnect = async_dispatcher_connect(self._hass, SIGNAL_EVENT, async_told)

        @callback
        def async_detach() -> None:
            disconnect()
            for cancel in list(waiting):
                cancel()

        return async_detach

    def _concerned(self, coordinator: PbxCoordinator, event: Event) -> Event | None:
        """Give the event as the extension that is listened to sees it; None when a filter says no."""
        options = self.options
        wanted = options.get(ATTR_CONFIG_ENTRY_ID)
        if wanted is not None and wanted != coordinator.config_entry.entry_id:
            return None
        extension = options.get(ATTR_EXTENSION)
        if extension is None:
            found = event if event.public else None
        else:
            told = (
                number
                for number in event.tell
                if extension in _names(coordinator, SubjectKind.EXTENSION, number)
            )
            number = next(told, None)
            found = None if number is None else replace(event, extension=number)
        if found is None or not self._call_fits(found):
            return None
        queue = event.queue or (event.call.queue if event.call is not None else None)
        for wanted, kind, identity in (
            (options.get(ATTR_AGENT), SubjectKind.AGENT, event.agent),
            (options.get(ATTR_QUEUE), SubjectKind.QUEUE, queue),
        ):
            if wanted is not None and (
                not identity or wanted not in _names(coordinator, kind, identity)
            ):
                return None
        return found

    def _call_fits(self, event: Event) -> bool:
        """Judge what is certain at once: the direction, the numbers, the keys, how long the call was."""
        direction = self.options.get(ATTR_DIRECTION)
        if direction is not None and (event.call is None or event.call.direction != direction):
            return False
        for name, party in ((ATTR_CALLER, _caller(event)), (ATTR_CALLEE, _callee(event))):
            wanted = self.options.get(name)
            if wanted and not any(numbers.same(party.number, number) for number in wanted):
                return False
        digits = self.options.get(ATTR_DIGITS)
        if digits is not None and str(event.fields.get(ATTR_DIGITS, "")).upper() != digits:
            return False
        minimum: timedelta | None = self.options.get(ATTR_MINIMUM_DURATION)
        return minimum is None or _talked(event) >= minimum

    def _caller_fits(self, event: Event) -> bool:
        """Judge who the caller is."""
        wanted = self.options.get(ATTR_CALLER_KIND, ANY)
        return wanted == ANY or (event.call is not None and kind_of(event.call.caller) == wanted)


def _make(kind: EventType, fields: Mapping[vol.Marker, Any]) -> type[Trigger]:
    """Make the trigger for one kind of event."""
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
    """List the triggers."""
    return TRIGGERS


def describe(coordinator: PbxCoordinator, event: Event) -> str:
    """Say in a sentence what happened, for traces and the logbook."""
    agent = coordinator.data.agents.get(event.agent or "")
    caller, callee = _worded(_caller(event)), _worded(_callee(event))
    to = (
        callee or event.extension
        if event.type is EventType.CALL_OUTGOING
        else event.extension or callee
    )
    return SENTENCES[event.type].format(
        sides=f"from {caller or 'a hidden number'}{f' to {to}' if to else ''}",
        agent=(agent.name if agent is not None else "") or event.agent or "?",
        digits=event.fields.get(ATTR_DIGITS) or "?",
    )


def _caller(event: Event) -> Party:
    """Give who called or wrote: the call says it, its record, or the event alone."""
    known = event.call or event.record
    return known.caller if known is not None else _party(event.fields, "from")


def _callee(event: Event) -> Party:
    """Give who was called or written to."""
    known = event.call or event.record
    return known.callee if known is not None else _party(event.fields, "to")


def _party(fields: Mapping[str, object], side: str) -> Party:
    number, name = (str(fields.get(f"{side}_{what}") or "") for what in ("number", "name"))
    return Party(number=number, name=name)


def _worded(party: Party) -> str:
    return (
        f"{party.name} ({party.number})"
        if party.name and party.number
        else party.name or party.number
    )


def _names(coordinator: PbxCoordinator, kind: SubjectKind, identity: str) -> set[str]:
    """Give everything an extension, agent or queue may be called in a filter: its device, id, number and name."""
    registry = coordinator.data
    found = {identity}
    known: Agent | Queue | None = None
    if kind is SubjectKind.AGENT:
        known = registry.agents.get(identity)
    elif kind is SubjectKind.QUEUE:
        # Calls name their queue as the phone system does, which may be any of these.
        rows = registry.queues.values()
        known = next(
            (queue for queue in rows if identity in (queue.id, queue.number, queue.name)), None
        )
    if known is not None:
        found |= {known.id, known.number, known.name}
    subject = coordinator.devices.subjects.get((kind, known.id if known is not None else identity))
    if subject is not None:
        found.add(subject.device.id)
    return found


def _talked(event: Event) -> timedelta:
    """Say how long somebody talked; a phone whose call was answered elsewhere did not."""
    call = event.call
    if call is None or call.answered_at is None or call.ended_at is None:
        return timedelta()
    return (
        timedelta()
        if event.outcome is Outcome.ANSWERED_ELSEWHERE
        else call.ended_at - call.answered_at
    )
