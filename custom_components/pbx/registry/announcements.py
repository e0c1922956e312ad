"""What is told of a call: the bus and the account hear each thing once, each phone hears its own part."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from ..telephony.events import Event
from ..telephony.models import EARLY, UP, Call, CallState, Detail, Direction, EventType, Outcome
from .active_call import MAX_LEGS, LiveCall, Phone


@dataclass(frozen=True, slots=True)
class Origin:
    """What brought something to light, and when."""

    provider_event: str
    time: datetime


@dataclass(frozen=True, slots=True)
class Teller:
    """Tells of one call as it is at one moment."""

    live: LiveCall
    call: Call
    origin: Origin

    def progress(self, before: CallState) -> Iterator[Event]:
        """Tell what is new in a call that goes on."""
        live = self.live
        states = self._states()
        yield from self._begun(states)
        if live.answered and not live.told_answered:
            yield self._answered(states)
        elif live.told_answered and {before, live.state} == UP:
            yield self._event(
                EventType.CALL_HELD if live.state is CallState.ON_HOLD else EventType.CALL_RESUMED
            )
        yield from self._handed_over(states)
        if live.met:
            yield from self._left(states)

    def transfer(self, target: str) -> Iterator[Event]:
        """Tell, once, to whom the call was given."""
        if target not in self.live.transfers and len(self.live.transfers) < MAX_LEGS:
            self.live.transfers.add(target)
            yield self._event(EventType.CALL_TRANSFERRED, fields={"transferred_to": target})

    def key_pressed(self, digit: str) -> Event:
        """Tell of a key, whose digit may be unknown."""
        return self._event(EventType.DTMF_RECEIVED, fields={"digits": digit} if digit else {})

    def ending(self) -> Iterator[Event]:
        """Tell how a call ended: each phone that has not heard it yet, then everybody, once (rule 6)."""
        live = self.live
        for extension, phone in live.phones.items():
            if phone.left or not (phone.announced or phone.talked):
                continue
            kind, outcome = EventType.CALL_ENDED, None
            if live.met:
                outcome = Outcome.ANSWERED_ELSEWHERE if phone.rang and not phone.talked else None
            elif phone.rang and live.direction is not Direction.OUTGOING:
                kind = EventType.CALL_MISSED
            yield self._end_for(extension, kind, outcome)
        if live.told_end:
            return  # it had only seemed to be over
        live.told_end = True
        yield self._event(
            EventType.CALL_MISSED if live.missed else EventType.CALL_ENDED,
            extension=live.answered_by or next(iter(self.call.extensions), None),
            tell=(),
        )

    # -- what is new --------------------------------------------------------------------------------

    def _states(self) -> dict[str, CallState]:
        """Give the furthest of each phone's legs that are not over."""
        states: dict[str, CallState] = {}
        for leg in self.live.counting():
            if leg.extension is not None:
                known = states.get(leg.extension, CallState.ENDED)
                if known is CallState.ENDED or leg.state in UP:
                    states[leg.extension] = leg.state
        return states

    def _begun(self, states: Mapping[str, CallState]) -> Iterator[Event]:
        live = self.live
        for extension, state in states.items():
            phone = live.phones[extension]
            if phone.left and state is CallState.RINGING:
                phone.announced = False
            # Whoever takes part without having rung was given the call.
            joined = live.told_answered and not phone.rang
            if phone.announced or state is CallState.ENDED or joined:
                continue
            phone.announced = True
            dials = (
                state is not CallState.RINGING
                and live.direction is not Direction.INCOMING
                and not phone.rang
            )
            yield self._start(
                outgoing=dials or live.direction is Direction.OUTGOING, extension=extension
            )
        if not live.announced:
            yield self._start(outgoing=live.direction is Direction.OUTGOING)

    def _start(self, *, outgoing: bool, extension: str | None = None) -> Event:
        live = self.live
        known = live.told_outgoing if outgoing else live.told_incoming
        if outgoing:
            live.told_outgoing = True
        else:
            live.told_incoming = True
        return self._event(
            EventType.CALL_OUTGOING if outgoing else EventType.CALL_INCOMING,
            extension=extension,
            tell=(extension,) if extension else (),
            public=not known,
        )

    def _answered(self, states: Mapping[str, CallState]) -> Event:
        self.live.told_answered = True
        for phone in self._talking(states).values():
            phone.joined = True
        return self._event(EventType.CALL_ANSWERED, extension=self.live.answered_by)

    def _handed_over(self, states: Mapping[str, CallState]) -> Iterator[Event]:
        """Tell of a phone that talks as well, and once another has left, that it was given the call."""
        if not (talking := self._talking(states)):
            return
        gone = {
            name
            for name, phone in self.live.phones.items()
            if phone.talked and states.get(name) not in UP | EARLY
        }
        for extension, phone in talking.items():
            if phone.joined:
                continue
            if self.live.told_answered and phone.announced and not phone.answered:
                phone.answered = True
                yield self._event(
                    EventType.CALL_ANSWERED, extension=extension, tell=(extension,), public=False
                )
            if gone - {extension}:
                phone.joined = True
                yield from self.transfer(extension)

    def _left(self, states: Mapping[str, CallState]) -> Iterator[Event]:
        """Tell a phone that is done with a call that goes on: it was too slow, or it has handed the call over."""
        for extension, phone in self.live.phones.items():
            over = states.get(extension, CallState.ENDED) is CallState.ENDED
            if over and not phone.left and (phone.announced or phone.talked):
                phone.joined = False
                outcome = Outcome.ANSWERED if phone.talked else Outcome.ANSWERED_ELSEWHERE
                yield self._end_for(extension, EventType.CALL_ENDED, outcome)

    def _end_for(self, extension: str, kind: EventType, outcome: Outcome | None) -> Event:
        event = self._event(
            kind, extension=extension, tell=(extension,), public=False, outcome=outcome
        )
        self.live.phones[extension].left = True
        return event

    def _talking(self, states: Mapping[str, CallState]) -> dict[str, Phone]:
        return {name: self.live.phones[name] for name, state in states.items() if state in UP}

    def _event(
        self,
        kind: EventType,
        *,
        extension: str | None = None,
        tell: tuple[str, ...] | None = None,
        public: bool = True,
        outcome: Outcome | None = None,
        fields: Mapping[str, Detail] | None = None,
    ) -> Event:
        if tell is None or not extension:
            legs = self.live.counting()
            talking = tuple(
                dict.fromkeys(leg.extension for leg in legs if leg.extension and leg.state in UP)
            )
            tell = talking if tell is None else tell
            extension = extension or next(iter(talking), None)
        for phone in tell:
            self.live.phones[phone].left = False
        return Event(
            type=kind,
            provider_event=self.origin.provider_event,
            time=self.origin.time,
            call=self.call,
            extension=extension,
            outcome=outcome,
            tell=tell,
            public=public,
            fields={**self.live.details_of(extension), **(fields or {})},
        )
