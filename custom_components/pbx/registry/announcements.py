"""Announce: the difference between what was told of a call and what is so, as a list of events.

The bus and the account hear each thing once (an event that is `public`); each phone hears its own
part (`tell`). What was told is noted in `Told` when the list is made, also when the caller then
throws the list away, because what it says was so before anybody looked.
"""

from collections.abc import Mapping
from typing import NamedTuple

from ..telephony.events import Event
from ..telephony.models import EARLY, UP, Call, CallState, Detail, Direction, EventType, Outcome
from .active_call import MAX_LEGS, ActiveCall
from .changes import Cause

CALLER = "caller"
CALLEE = "callee"

type States = Mapping[str, CallState]
"""What each extension does in a call: the furthest of its legs that is not over."""


def progress(call: ActiveCall, view: Call, cause: Cause, before: CallState) -> list[Event]:
    """Return what is new in a call that goes on, and that was in a state `before`."""
    builder = EventBuilder(call, view, cause)
    states = _states(call)
    events = _beginnings(builder, states)
    if call.meaning.answered and not call.told.answered:
        events.append(_answer(builder, states))
    elif call.told.answered and {before, call.state} == UP:
        held = call.state is CallState.ON_HOLD
        events.append(builder.event(EventType.CALL_HELD if held else EventType.CALL_RESUMED))
    events += _handed_over(builder, states)
    if call.facts.handed_outside:
        events += _transfer(builder, call.facts.handed_outside)
    if call.connected:
        events += _left(builder, states)
    return events


def transfer(call: ActiveCall, view: Call, cause: Cause, target: str) -> list[Event]:
    """Return, once, to whom the call was given: an extension, or whatever was dialled."""
    return _transfer(EventBuilder(call, view, cause), target)


def key_pressed(call: ActiveCall, view: Call, cause: Cause, digit: str, leg_id: str) -> Event:
    """Return that a key was pressed in a leg; its digit may be unknown, and is then empty."""
    fields: dict[str, Detail] = {"digits": digit} if digit else {}
    fields |= pressed_by(view, leg_id)
    return EventBuilder(call, view, cause).event(EventType.DTMF_RECEIVED, fields=fields)


def pressed_by(view: Call, leg_id: str | None) -> dict[str, Detail]:
    """Return which side of a call a leg is, as a field; nothing where that is not certain."""
    leg = next((leg for leg in view.legs if leg.id == leg_id), None)
    if leg is None or view.direction is None:
        return {}
    outside, caller = leg.extension is None, view.caller.number
    match view.direction:
        case Direction.INCOMING:
            return {"pressed_by": CALLER if outside else CALLEE}
        case Direction.OUTGOING:
            return {"pressed_by": CALLEE if outside else CALLER}
        case _ if outside or not caller:
            return {}
    return {"pressed_by": CALLER if leg.extension == caller else CALLEE}


def ending(call: ActiveCall, view: Call, cause: Cause, *, missed: bool) -> list[Event]:
    """Return how a call ended: to each phone that has not heard it, then to all, once (rule 6)."""
    builder = EventBuilder(call, view, cause)
    events: list[Event] = []
    answered = view.outcome is Outcome.ANSWERED
    outgoing = call.facts.direction is Direction.OUTGOING
    for extension, phone in call.facts.phones.items():
        told = call.told.phone(extension)
        if told.left or not (told.began or phone.talked):
            continue
        kind, outcome = EventType.CALL_ENDED, None
        if answered and phone.rang and not phone.talked:
            outcome = Outcome.ANSWERED_ELSEWHERE
        elif phone.declined and not phone.talked:
            outcome = Outcome.REJECTED
        elif phone.rang and missed and not outgoing:
            kind = EventType.CALL_MISSED
        events.append(builder.end_for(extension, kind, outcome))
    if call.told.ended:
        # It had only seemed to be over, and everybody knows.
        return events + correction(call, view, cause)
    kind = EventType.CALL_MISSED if missed else EventType.CALL_ENDED
    call.told.broadcast.add(kind)
    call.told.outcome = view.outcome
    whose = view.answered_by or next(iter(view.extensions), None)
    events.append(builder.event(kind, extension=whose, tell=()))
    return events


def correction(call: ActiveCall, view: Call, cause: Cause) -> list[Event]:
    """Return that a call which is over went another way than was told of it, if so (rule 8)."""
    before = call.told.outcome
    if before is None or view.outcome is None or before is view.outcome:
        return []
    call.told.outcome = view.outcome
    event = Event(
        type=EventType.CALL_CORRECTED,
        provider_event=cause.provider_event,
        time=cause.time,
        call=view,
        extension=view.answered_by or next(iter(view.extensions), None),
        tell=view.extensions,
        fields={"outcome_before": before.value},
    )
    return [event]


# -- the parts of progress -------------------------------------------------------------------------


def _states(call: ActiveCall) -> States:
    """Return what each extension does."""
    states: dict[str, CallState] = {}
    for leg in call.counting():
        if leg.extension is None:
            continue
        known = states.get(leg.extension, CallState.ENDED)
        if known is CallState.ENDED or leg.state in UP:
            states[leg.extension] = leg.state
    return states


def _beginnings(builder: EventBuilder, states: States) -> list[Event]:
    """Return to which phones the call is new, and to everybody that there is one."""
    call = builder.call
    events: list[Event] = []
    for extension, state in states.items():
        told, phone = call.told.phone(extension), call.facts.phones[extension]
        if told.left and state is CallState.RINGING:
            told.began = False
        # Whoever takes part in an answered call without having rung was given the call.
        given = call.told.answered and not phone.rang
        if told.began or given or state is CallState.ENDED:
            continue
        told.began = True
        called = phone.rang or call.facts.direction is Direction.INCOMING
        dials = state is not CallState.RINGING and not called
        events.append(_beginning(builder, extension, dials=dials))
    if not call.told.began:
        events.append(_beginning(builder, None, dials=False))
    return events


def _beginning(builder: EventBuilder, extension: str | None, *, dials: bool) -> Event:
    """Return that a phone, or that somebody, is called or calls."""
    call = builder.call
    outgoing = dials or call.facts.direction is Direction.OUTGOING
    kind = EventType.CALL_OUTGOING if outgoing else EventType.CALL_INCOMING
    known = kind in call.told.broadcast
    call.told.broadcast.add(kind)
    tell = (extension,) if extension else ()
    return builder.event(kind, extension=extension, tell=tell, public=not known)


def _answer(builder: EventBuilder, states: States) -> Event:
    """Return that the call was answered, to all who talk now."""
    call = builder.call
    call.told.broadcast.add(EventType.CALL_ANSWERED)
    for extension in _talking(states):
        call.told.phone(extension).joined = True
    return builder.event(EventType.CALL_ANSWERED, extension=call.meaning.answered_by)


def _handed_over(builder: EventBuilder, states: States) -> list[Event]:
    """Return that a phone talks as well, or was given the call where another one has left."""
    call = builder.call
    newcomers = [one for one in _talking(states) if not call.told.phone(one).joined]
    if not newcomers:
        return []
    events: list[Event] = []
    gone = _gone(call, states)
    for extension in newcomers:
        told = call.told.phone(extension)
        if call.told.answered and told.began and not told.answered:
            told.answered = True
            events.append(
                builder.event(
                    EventType.CALL_ANSWERED, extension=extension, tell=(extension,), public=False
                )
            )
        if gone - {extension}:
            told.joined = True
            events += _transfer(builder, extension)
    return events


def _gone(call: ActiveCall, states: States) -> set[str]:
    """Return the phones that have talked and take no part any more."""
    gone: set[str] = set()
    for extension, phone in call.facts.phones.items():
        if phone.talked and states.get(extension) not in UP | EARLY:
            gone.add(extension)
    return gone


def _transfer(builder: EventBuilder, target: str) -> list[Event]:
    """Return that the call was given to somebody, unless that was told."""
    transfers = builder.call.told.transfers
    if target in transfers or len(transfers) >= MAX_LEGS:
        return []
    transfers.add(target)
    return [builder.event(EventType.CALL_TRANSFERRED, fields={"transferred_to": target})]


def _left(builder: EventBuilder, states: States) -> list[Event]:
    """Return which phones are done with a call that goes on: too slow, or they handed it over."""
    call = builder.call
    events: list[Event] = []
    for extension, phone in call.facts.phones.items():
        if states.get(extension, CallState.ENDED) is not CallState.ENDED:
            continue
        told = call.told.phone(extension)
        if told.left or not (told.began or phone.talked):
            continue
        told.joined = False
        outcome = Outcome.ANSWERED if phone.talked else Outcome.ANSWERED_ELSEWHERE
        events.append(builder.end_for(extension, EventType.CALL_ENDED, outcome))
    return events


def _talking(states: States) -> list[str]:
    """Return the extensions that talk, or hold whom they talk to."""
    return [extension for extension, state in states.items() if state in UP]


# -- events ----------------------------------------------------------------------------------------


class EventBuilder(NamedTuple):
    """Builds the events of one call as it is at one moment."""

    call: ActiveCall
    view: Call
    cause: Cause

    def end_for(self, extension: str, kind: EventType, outcome: Outcome | None) -> Event:
        """Return that the call is over for one phone."""
        event = self.event(
            kind, extension=extension, tell=(extension,), public=False, outcome=outcome
        )
        self.call.told.phone(extension).left = True
        return event

    def event(
        self,
        kind: EventType,
        *,
        extension: str | None = None,
        tell: tuple[str, ...] | None = None,
        public: bool = True,
        outcome: Outcome | None = None,
        fields: Mapping[str, Detail] | None = None,
    ) -> Event:
        """Return an event; unless it is said whom to tell, it is for all who talk."""
        if tell is None or not extension:
            talking = self._talking()
            tell = talking if tell is None else tell
            extension = extension or next(iter(talking), None)
        for told in tell:
            self.call.told.phone(told).left = False
        return Event(
            type=kind,
            provider_event=self.cause.provider_event,
            time=self.cause.time,
            call=self.view,
            extension=extension,
            outcome=outcome,
            tell=tell,
            public=public,
            fields={**self.call.details_of(extension), **(fields or {})},
        )

    def _talking(self) -> tuple[str, ...]:
        """Return the extensions that talk, each once."""
        talking: dict[str, None] = {}
        for leg in self.call.counting():
            if leg.extension and leg.state in UP:
                talking[leg.extension] = None
        return tuple(talking)
