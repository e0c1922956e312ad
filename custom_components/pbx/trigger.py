"""Triggers: what happens to calls and agents, filtered.

They take a target, but are bound to no entity, so that they outlive a reload.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, override

import voluptuous as vol
from homeassistant.const import CONF_FOR, CONF_OPTIONS, CONF_TARGET
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.target import TargetSelection
from homeassistant.helpers.trigger import (
    Trigger,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.helpers.typing import ConfigType
from homeassistant.util import dt as dt_util

from .accounts import country_of
from .callers import KNOWN, UNKNOWN, async_wait_for_name, is_looked_up, kind_of
from .const import ATTR_AGENT, ATTR_CONFIG_ENTRY_ID, ATTR_EXTENSION, ATTR_QUEUE, DOMAIN
from .contradictions import contradiction_in, listening_to
from .coordinator import PbxCoordinator
from .data import PbxConfigEntry
from .devices import SubjectKind
from .event_dispatcher import SIGNAL_EVENT
from .event_words import callee_of, caller_of, describe, outcome_of, sides_of, talked_in
from .phone_book.collection import async_get_phone_book
from .places import async_get_places
from .targets import items_in
from .telephony.bounded_map import BoundedMap
from .telephony.events import Event, Value
from .telephony.models import EARLY, NOBODY, Call, CallState, EventType, Outcome
from .trigger_fields import (
    AGENT_FIELDS,
    ANY,
    ATTR_CALLED,
    ATTR_CALLEE,
    ATTR_CALLER,
    ATTR_CALLER_COUNTRY,
    ATTR_CALLER_GROUPS,
    ATTR_CALLER_KIND,
    ATTR_CALLER_PLACE,
    ATTR_DIGITS,
    ATTR_DIRECTION,
    ATTR_MINIMUM_DURATION,
    ATTR_OUTCOME,
    ATTR_PRESSED_BY,
    CALL_FIELDS,
    CALLED_FIELDS,
    CALLER_FIELDS,
    CORRECTED_FIELDS,
    ENDED_FIELDS,
    KEY_FIELDS,
    OLD_AGENT_FIELDS,
    OLD_FIELDS,
    OLD_OUTGOING_FIELDS,
    OUTGOING_FIELDS,
    WAITING_FIELDS,
    filled,
    is_among,
    is_empty,
)
from .trigger_names import known_by, names_one

CALL_UNANSWERED = "call_unanswered"
CALLS_REMEMBERED = 64
ONCE = frozenset({EventType.CALL_INCOMING, EventType.CALL_MISSED, EventType.CALL_ENDED})
"""What several phones of a target hear of one call, and the trigger tells once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An attached trigger: what it runs, and what it waits for."""

    run_action: TriggerActionRunner
    waiting: dict[CALLBACK_TYPE, None] = field(default_factory=dict)
    """What cancels each wait."""


class PbxTrigger(Trigger):
    """Something that happens at a phone system."""

    kind: ClassVar[EventType]
    fields: ClassVar[Mapping[vol.Marker, Any]]
    """The filters that the editor offers."""
    old_fields: ClassVar[Mapping[vol.Marker, Any]]
    """The filters that a target replaces."""

    @override
    @classmethod
    async def async_validate_config(cls, hass: HomeAssistant, config: ConfigType) -> ConfigType:
        """Return the configuration as it is used.

        Refuse filters that cannot be read, and those that can never fit together. A filter that a
        form or a blueprint left empty means any.
        """
        given: object = config.get(CONF_OPTIONS) or {}
        if isinstance(given, Mapping):
            given = {key: filled(value) for key, value in given.items() if not is_empty(value)}
        schema = vol.Schema(
            {
                vol.Optional(CONF_TARGET): cv.TARGET_FIELDS,
                vol.Required(CONF_OPTIONS): {**cls.fields, **cls.old_fields},
            }
        )
        validated: ConfigType = schema({**config, CONF_OPTIONS: given})
        listening = listening_to(hass, validated.get(CONF_TARGET, {}), validated[CONF_OPTIONS])
        contradiction = contradiction_in(cls.kind, validated[CONF_OPTIONS], listening)
        if contradiction is not None:
            raise vol.Invalid(contradiction, path=[CONF_OPTIONS])
        return validated

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Initialize the trigger with its filters."""
        super().__init__(hass, config)
        self.options: dict[str, Any] = config.options or {}
        self._selection = TargetSelection(config.target or {})
        self._told: BoundedMap[EventType] = BoundedMap(CALLS_REMEMBERED)

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Listen to the events of every account; return what detaches the trigger."""
        running = Running(run_action=run_action)
        disconnect = async_dispatcher_connect(
            self._hass, SIGNAL_EVENT, partial(self._async_handle, running)
        )

        @callback
        def async_detach() -> None:
            """Stop listening and waiting."""
            disconnect()
            for cancel in list(running.waiting):
                cancel()

        return async_detach

    @callback
    def _async_handle(self, running: Running, entry: PbxConfigEntry, event: Event) -> None:
        """Decide at once, or after something was looked up if the trigger is about that."""
        if not self._is_of_kind(event):
            return
        coordinator = entry.runtime_data.coordinator
        answered = self._as_answered(event)
        concerned = None if answered is None else self._concerned(coordinator, answered)
        concerned = concerned or self._concerned(coordinator, event)
        if concerned is None:
            return
        about_places = ATTR_CALLER_PLACE in self.options
        decide = partial(
            self._async_decide_by_place if about_places else self._async_decide, running
        )
        about_names = self.options.get(ATTR_CALLER_KIND) in (KNOWN, UNKNOWN)
        if about_names and is_looked_up(coordinator, concerned):
            async_wait_for_name(self._hass, coordinator, concerned, decide, running.waiting)
        else:
            decide(coordinator, concerned)

    def _is_of_kind(self, event: Event) -> bool:
        """Return whether an event is what the trigger is about."""
        return event.type is self.kind

    @callback
    def _async_decide(self, running: Running, coordinator: PbxCoordinator, event: Event) -> None:
        """Run the action, unless the caller is not the kind of caller that is wanted."""
        if self._caller_fits(event) and self._is_new(coordinator, event):
            self._async_fire(running, coordinator, event)

    @callback
    def _async_decide_by_place(
        self, running: Running, coordinator: PbxCoordinator, event: Event
    ) -> None:
        """Decide once it is known where the caller is at home."""

        async def async_look() -> None:
            """Wait for the tables of places."""
            place = await async_get_places(self._hass).async_find(caller_of(event).number)
            running.waiting.pop(async_cancel, None)
            if str(self.options[ATTR_CALLER_PLACE]).casefold() in place.town.casefold():
                self._async_decide(running, coordinator, event)

        @callback
        def async_cancel() -> None:
            """Wait no longer."""
            task.cancel()

        task = self._hass.async_create_background_task(
            async_look(), f"{DOMAIN} caller's place", eager_start=False
        )
        running.waiting[async_cancel] = None

    @callback
    def _async_fire(self, running: Running, coordinator: PbxCoordinator, event: Event) -> None:
        """Run the action with what the bus tells of the event."""
        running.run_action(dict(coordinator.events.bus_data(event)), describe(coordinator, event))

    def _is_new(self, coordinator: PbxCoordinator, event: Event) -> bool:
        """Return whether a call's event is new; several phones hear of a call together."""
        several = self._selection.has_any_target or len(self.options.get(ATTR_EXTENSION, ())) > 1
        if event.type not in ONCE or event.call is None or not several:
            return True
        key = f"{coordinator.config_entry.entry_id} {event.call.id}"
        if self._is_about_each_phone(event):
            key = f"{key} {event.extension}"
        if key in self._told or self._goes_on(coordinator, event, event.call):
            return False
        self._told.put(key, event.type)
        return True

    def _goes_on(self, coordinator: PbxCoordinator, event: Event, call: Call) -> bool:
        """Return whether a call that is over for a phone goes on at another one listened to."""
        if event.type is not EventType.CALL_ENDED or self._is_about_each_phone(event):
            return False
        up = {leg.extension for leg in call.legs if leg.state is not CallState.ENDED}
        return not event.public and any(
            self._concerned(coordinator, replace(event, tell=(number,))) is not None
            for number in up - {event.extension}
            if number is not None
        )

    def _as_answered(self, event: Event) -> Event | None:
        """Return the end of a call at a phone that did not answer as the phone sees it that did.

        Where both are listened to, that is what the call was. Return None where there is no such.
        """
        call = event.call
        if call is None or call.state is not CallState.ENDED or call.answered_by is None:
            return None
        if event.outcome is not Outcome.ANSWERED_ELSEWHERE or self._is_about_each_phone(event):
            return None
        return replace(event, extension=call.answered_by, tell=(call.answered_by,), outcome=None)

    def _is_about_each_phone(self, event: Event) -> bool:
        """Return whether each phone's end of a call counts: some were answered elsewhere."""
        wanted = self.options.get(ATTR_OUTCOME, ())
        return event.type is EventType.CALL_ENDED and Outcome.ANSWERED_ELSEWHERE in wanted

    def _concerned(self, coordinator: PbxCoordinator, event: Event) -> Event | None:
        """Return the event as the extension that is listened to sees it.

        Return None if a filter that can be judged at once says no.
        """
        account = self.options.get(ATTR_CONFIG_ENTRY_ID)
        device = coordinator.devices.account.device  # which outlives the entry
        if account not in (None, coordinator.config_entry.entry_id, device.id):
            return None
        if not self._call_fits(event) or not self._numbers_fit(coordinator, event):
            return None
        queue = event.queue
        if not queue and event.call is not None:
            queue = event.call.queue
        agent_fits = self._is_named(coordinator, ATTR_AGENT, SubjectKind.AGENT, event.agent)
        queue_fits = self._is_named(coordinator, ATTR_QUEUE, SubjectKind.QUEUE, queue)
        if not (agent_fits and queue_fits):
            return None
        return self._as_targeted(coordinator, event, queue)

    def _as_targeted(
        self, coordinator: PbxCoordinator, event: Event, queue: str | None
    ) -> Event | None:
        """Return the event as what is targeted sees it, or None if it does not.

        An account sees what the bus is told, a queue its calls, an agent what concerns it.
        """
        if not self._selection.has_any_target:
            return self._as_seen(coordinator, event)
        devices = coordinator.devices
        subjects = items_in(self._hass, self._selection).subjects(devices)
        seen = self._as_seen(coordinator, event)
        if seen is None or not subjects:
            return None
        for number in event.tell:
            if devices.subjects.get((SubjectKind.EXTENSION, number)) in subjects:
                return replace(event, extension=number)
        if not event.public:
            return None
        known = known_by(coordinator, SubjectKind.QUEUE, queue or "")
        others = {
            devices.account,
            devices.subjects.get((SubjectKind.AGENT, event.agent or "")),
            devices.subjects.get((SubjectKind.QUEUE, "" if known is None else known.id)),
        }
        return seen if subjects & others else None

    def _as_seen(self, coordinator: PbxCoordinator, event: Event) -> Event | None:
        """Return the event as the extension in the filter sees it, or None if it does not.

        Without that filter it is the account's, which does not see what single extensions do,
        unless these are targeted.
        """
        if self.options.get(ATTR_EXTENSION) is None:
            return event if event.public or self._selection.has_any_target else None
        for number in event.tell:
            if self._is_named(coordinator, ATTR_EXTENSION, SubjectKind.EXTENSION, number):
                return replace(event, extension=number)
        return None

    def _is_named(
        self, coordinator: PbxCoordinator, option: str, kind: SubjectKind, identity: str | None
    ) -> bool:
        """Return whether a filter names an extension, agent or queue; without the filter, True."""
        wanted: list[str] | None = self.options.get(option)
        if wanted is None:
            return True
        return bool(identity) and names_one(coordinator, kind, identity or "", wanted)

    def _call_fits(self, event: Event) -> bool:
        """Return whether the direction, the keys, the outcome and the duration are those wanted."""
        options = self.options
        direction = options.get(ATTR_DIRECTION)
        if direction is not None and (event.call is None or event.call.direction != direction):
            return False
        if not self._keys_fit(event):
            return False
        outcomes = options.get(ATTR_OUTCOME)
        if outcomes and outcome_of(event) not in outcomes:
            return False
        minimum: timedelta | None = options.get(ATTR_MINIMUM_DURATION)
        return minimum is None or talked_in(event) >= minimum

    def _numbers_fit(self, coordinator: PbxCoordinator, event: Event) -> bool:
        """Return whether the numbers of both sides are those wanted, and the caller's groups.

        Numbers are read in the country of the account. A stranger who shows the number of one of
        ours is nobody whom a filter names.
        """
        options = self.options
        country = country_of(self._hass, coordinator.config_entry)
        caller = caller_of(event)
        way = None if event.call is None else event.call.direction
        if coordinator.data.is_pretended(caller.number, way):
            caller = NOBODY
        home = options.get(ATTR_CALLER_COUNTRY)
        if home is not None and async_get_places(self._hass).find(caller.number).country != home:
            return False
        groups, book = options.get(ATTR_CALLER_GROUPS), async_get_phone_book(self._hass)
        if groups and not book.is_in_group(caller.number, country, groups):
            return False
        return all(
            is_among(options.get(name), party.number, country)
            for name, party in (
                (ATTR_CALLER, caller),
                (ATTR_CALLED, callee_of(event)),
                (ATTR_CALLEE, callee_of(event)),
            )
        )

    def _keys_fit(self, event: Event) -> bool:
        """Return whether the keys that were pressed, and who pressed them, are those wanted."""
        digits, side = self.options.get(ATTR_DIGITS), self.options.get(ATTR_PRESSED_BY)
        if digits is not None and str(event.fields.get(ATTR_DIGITS, "")).upper() != digits:
            return False
        return side is None or event.fields.get(ATTR_PRESSED_BY) == side

    def _caller_fits(self, event: Event) -> bool:
        """Return whether the caller is of the kind that is wanted."""
        wanted = self.options.get(ATTR_CALLER_KIND, ANY)
        if wanted == ANY:
            return True
        return event.call is not None and kind_of(event.call.caller) == wanted


class PbxEndedTrigger(PbxTrigger):
    """A call that is over; a missed one only if it is asked for by its outcome."""

    @override
    def _is_of_kind(self, event: Event) -> bool:
        """Return whether a call is over, and it is known to be of interest if it was missed."""
        missed = event.type is EventType.CALL_MISSED and bool(self.options.get(ATTR_OUTCOME))
        return missed or super()._is_of_kind(event)


class PbxUnansweredTrigger(PbxTrigger):
    """A call that nobody has answered for some time."""

    @callback
    @override
    def _async_fire(self, running: Running, coordinator: PbxCoordinator, event: Event) -> None:
        """Wait, and run the action if the call still rings then.

        To find out who calls may have taken a part of the time.
        """

        @callback
        def async_look(_now: datetime) -> None:
            """Run the action if nobody has answered yet and the caller has not given up."""
            running.waiting.pop(cancel, None)
            if coordinator.unloaded:
                return
            call = coordinator.data.find(event.call.id) if event.call is not None else None
            now = None if call is None else self._as_it_rings(coordinator, call, event)
            if now is None:
                return
            data: dict[str, Value] = dict(coordinator.events.bus_data(now))
            data["type"] = CALL_UNANSWERED
            data["ring_time"] = self.options[CONF_FOR].total_seconds()
            running.run_action(data, f"call {sides_of(now)} was not answered")

        left = max(timedelta(), event.time + self.options[CONF_FOR] - dt_util.utcnow())
        cancel = async_call_later(self._hass, left, async_look)
        running.waiting[cancel] = None

    def _as_it_rings(self, coordinator: PbxCoordinator, call: Call, event: Event) -> Event | None:
        """Return the event as it is now, or None if the call rings no more.

        If phones are listened to it has to ring at one of them, whichever rang first.
        """
        if call.answered_at is not None or call.state not in EARLY:
            return None
        if not self._is_about_phones(coordinator, event):
            return replace(event, call=call)
        ringing = {leg.extension for leg in call.legs if leg.state in EARLY and leg.extension}
        for number in sorted(ringing, key=lambda number: (number != event.extension, number)):
            seen = self._concerned(coordinator, replace(event, tell=(number,)))
            if seen is not None:
                return replace(seen, call=call)
        return None

    def _is_about_phones(self, coordinator: PbxCoordinator, event: Event) -> bool:
        """Return whether single phones are listened to, and not an account or a queue."""
        if ATTR_EXTENSION in self.options:
            return True
        subjects = items_in(self._hass, self._selection).subjects(coordinator.devices)
        phone = coordinator.devices.subjects.get((SubjectKind.EXTENSION, event.extension or ""))
        return phone in subjects and coordinator.devices.account not in subjects


def _make(
    kind: EventType,
    fields: Mapping[vol.Marker, Any],
    old_fields: Mapping[vol.Marker, Any] = OLD_FIELDS,
    base: type[PbxTrigger] = PbxTrigger,
) -> type[PbxTrigger]:
    """Return the trigger for one kind of event."""
    members = {"kind": kind, "fields": fields, "old_fields": old_fields}
    return type(kind.value, (base,), {**members, "__doc__": f"Fires on {kind.value}."})


TRIGGERS: dict[str, type[PbxTrigger]] = {
    kind.value: _make(kind, fields)
    for kind, fields in (
        (EventType.CALL_INCOMING, CALL_FIELDS),
        (EventType.CALL_ANSWERED, CALL_FIELDS),
        (EventType.CALL_HELD, CALL_FIELDS),
        (EventType.CALL_RESUMED, CALL_FIELDS),
        (EventType.CALL_TRANSFERRED, CALL_FIELDS),
        (EventType.CALL_MISSED, CALL_FIELDS),
        (EventType.CALL_CORRECTED, CORRECTED_FIELDS),
        (EventType.DTMF_RECEIVED, KEY_FIELDS),
        (EventType.SMS_RECEIVED, CALLER_FIELDS),
        (EventType.VOICEMAIL_RECEIVED, CALLER_FIELDS),
        (EventType.FAX_RECEIVED, CALLER_FIELDS),
        (EventType.FAX_SENT, CALLED_FIELDS),
        (EventType.CALL_RECORD, CALLER_FIELDS),
        (EventType.RECORDING_READY, CALLER_FIELDS),
    )
}
TRIGGERS[EventType.CALL_ENDED.value] = _make(
    EventType.CALL_ENDED, ENDED_FIELDS, base=PbxEndedTrigger
)
TRIGGERS[CALL_UNANSWERED] = _make(
    EventType.CALL_INCOMING, WAITING_FIELDS, base=PbxUnansweredTrigger
)
TRIGGERS[EventType.CALL_OUTGOING.value] = _make(
    EventType.CALL_OUTGOING, OUTGOING_FIELDS, OLD_OUTGOING_FIELDS
)
for _kind in (
    EventType.AGENT_LOGGED_IN,
    EventType.AGENT_LOGGED_OUT,
    EventType.AGENT_PAUSED,
    EventType.AGENT_UNPAUSED,
):
    TRIGGERS[_kind.value] = _make(_kind, AGENT_FIELDS, OLD_AGENT_FIELDS)


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers by name."""
    return dict(TRIGGERS)
