"""A call in the making: its legs, what they mean together, and what was told of it so far."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from ..telephony.events import POLL
from ..telephony.models import (
    EARLY,
    NOBODY,
    UP,
    Call,
    CallHint,
    CallRecord,
    CallState,
    Detail,
    Direction,
    Extension,
    Leg,
    LegPush,
    Outcome,
    Party,
    filled,
)
from .active_leg import LiveLeg, Presumed, is_answered, state_of

MAX_LEGS = 64


@dataclass(slots=True)
class Phone:
    """What one extension has done in a call, and what it was told."""

    rang: bool = False
    talked: bool = False
    announced: bool = False
    answered: bool = False
    joined: bool = False
    left: bool = False  # the last it heard of the call was its end


@dataclass(slots=True)
class LiveCall:
    """A call in the making."""

    id: str
    seen_at: datetime
    started_at: datetime
    legs: dict[str, LiveLeg] = field(default_factory=dict)
    phones: dict[str, Phone] = field(default_factory=dict)
    direction: Direction | None = None
    caller: Party = NOBODY
    callee: Party = NOBODY
    queue: str | None = None
    state: CallState = CallState.DIALING
    answered: bool = False
    answered_at: datetime | None = None
    answered_by: str | None = None
    rang: bool = False  # a phone of ours
    talked: bool = False  # a phone of ours, or one outside that the call was passed on to
    machine: bool = False  # whoever called was picked up, though by none of our phones
    outcome: Outcome | None = None  # what was said of the whole call
    leg_outcome: Outcome | None = None  # what was said of the leg that ended last
    said_missed: bool = False  # by the phone system's own last word
    hangup_cause: str | None = None
    ended_by: str | None = None
    polled: bool = False
    pushed_at: datetime | None = None
    sent_at: datetime | None = None  # the first message, by its sender's clock
    last_sent_at: datetime | None = None
    last_event: str = POLL
    missing: int = 0
    faded_at: datetime | None = None  # when its last leg ended, while it may still go on
    said_to_last: bool = False  # though no phone rings or talks
    ask_at: datetime | None = None
    end_at: datetime | None = None
    named: str = ""  # the number for which the name book was asked
    told_outgoing: bool = False
    told_incoming: bool = False
    told_answered: bool = False
    told_end: bool = False
    transfers: set[str] = field(default_factory=set)
    row: Call | None = None  # what the last list said, if nothing else was said since
    _hushed: Collection[str] = ()
    _answer_time: datetime | None = None
    _rings: dict[str, int] = field(default_factory=dict)
    _shadowed: bool = False

    # -- views --------------------------------------------------------------------------------------

    def counting(self) -> Collection[LiveLeg]:
        """Give the legs that count: a shadow does not once a list names its phone."""
        legs = self.legs.values()
        if not self._shadowed:
            return legs
        polled = {leg.extension for leg in legs if not leg.shadow}
        return [leg for leg in legs if not leg.shadow or leg.extension not in polled]

    def view(self, ended_at: datetime | None = None) -> Call:
        """Show the call as it is, or as it ended."""
        over = ended_at is not None
        return Call(
            id=self.id,
            state=CallState.ENDED if over else self.state,
            direction=self.direction,
            caller=self.caller,
            callee=self.callee,
            legs=tuple(
                Leg(
                    id=leg.id,
                    state=CallState.ENDED if over else leg.state,
                    extension=leg.extension,
                    changed=leg.changed,
                    context=leg.context,
                    account_code=leg.account_code,
                )
                for leg in self.counting()
            ),
            queue=self.queue,
            started_at=self.started_at,
            answered_at=self.answered_at,
            ended_at=ended_at,
            answered_by=self.answered_by,
            outcome=self._final_outcome() if over else None,
            hangup_cause=self.hangup_cause if over else None,
            ended_by=self.ended_by if over else None,
        )

    @property
    def outside(self) -> Party:
        """The party that is none of ours, as far as it can be told: whom we call, else who calls."""
        return self.callee if self.direction is Direction.OUTGOING else self.caller

    @property
    def announced(self) -> bool:
        """Whether anybody was told that this call is there."""
        return self.told_incoming or self.told_outgoing

    def details_of(self, extension: str | None) -> dict[str, Detail]:
        """Give what is known of a phone besides; of nobody's what is known of the only one."""
        known = [
            leg.details for leg in self.legs.values() if leg.extension == extension and leg.details
        ]
        return known[-1] if known and (extension is not None or len(known) == 1) else {}

    @property
    def met(self) -> bool:
        """Whether the two sides have talked; a machine that picked up after phones had rung does not count."""
        if self.outcome is Outcome.ANSWERED:
            return True
        if self.direction in {Direction.OUTGOING, Direction.INTERNAL}:
            return self.answered
        return self.talked or (not self.rang and (self.answered or self.machine))

    @property
    def missed(self) -> bool:
        """Whether somebody outside has called in vain."""
        if self.met:
            return False
        unknown = self.direction is None and (self.rang or self.outcome is Outcome.MISSED)
        return self.direction is Direction.INCOMING or unknown

    @property
    def hung(self) -> bool:
        """Whether it is known that a phone has hung up, or that all have: one list without the call is enough."""
        left = [leg for leg in self.legs.values() if leg.state is not CallState.ENDED]
        if self.faded_at is not None or any(leg.hung for leg in left):
            return True
        phones = {leg.extension for leg in left if leg.extension is not None}
        return bool(phones) and phones <= self._said_over() - {
            leg.extension for leg in left if leg.shadow
        }

    def _said_over(self) -> set[str | None]:
        """Give the phones that have said, under an id of their own kind, that they are done."""
        ended = (leg for leg in self.legs.values() if leg.shadow and leg.state is CallState.ENDED)
        return {leg.extension for leg in ended if leg.presumed is not Presumed.BY_LIST}

    def goes_on_in(self, call: Call, requested_at: datetime) -> bool:
        """Tell whether a list shows more of this call than phones that are known to be done with it."""
        over = {leg.id: leg for leg in self.legs.values() if leg.state is CallState.ENDED}
        return not call.legs or any(
            leg.id not in over or over[leg.id].comes_back_as(leg, requested_at) for leg in call.legs
        )

    def goes_on_with(self, push: LegPush) -> bool:
        """Tell whether a message is about something after all that was known of this call."""
        last = max(
            (leg.changed for leg in self.legs.values() if leg.changed is not None), default=None
        )
        later = push.time is not None and last is not None and push.time > last
        return later and push.state is not CallState.ENDED

    def pushed_since(self, moment: datetime) -> bool:
        """Tell whether a message was about this call since."""
        return self.pushed_at is not None and self.pushed_at >= moment

    # -- lists --------------------------------------------------------------------------------------

    def is_as_in(self, call: Call) -> bool:
        """Tell whether a list says once more what is known from the one before."""
        return not self.missing and self.faded_at is None and self.row == call

    def take_row(self, call: Call, requested_at: datetime) -> None:
        """Take what a list says (rule 3: unless a message has come since it was asked for)."""
        self.polled = True
        self.missing = 0
        self.row = None if self.pushed_since(requested_at) else call
        self.direction = call.direction or self.direction
        self.caller = filled(self.caller, call.caller)
        self.callee = filled(self.callee, call.callee)
        self.queue = call.queue or self.queue
        self.answered_at = self.answered_at or call.answered_at
        self.answered_by = self.answered_by or call.answered_by
        listed = {leg.id: leg for leg in call.legs[:MAX_LEGS] or (Leg(id="", state=call.state),)}
        if self._rings_on(listed, requested_at):
            self._take_answer_back()
        phones = {leg.extension for leg in listed.values() if leg.extension is not None}
        for left in self.legs.values():
            named = left.id in listed or left.pushed_since(requested_at)
            if not named and (not left.shadow or (call.legs and left.extension not in phones)):
                left.leave_out()
                if left.hung:
                    left.hung = False
                    self.hangup_cause = self.leg_outcome = (
                        None  # the call goes on without that phone
                    )
        for leg in listed.values():
            known = self.legs.get(leg.id)
            if known is not None:
                if leg.id in self._hushed and known.extension is None and leg.extension is not None:
                    self._learn_quietly(leg.extension, known.state)
                known.poll(leg, requested_at)
                if known.presumed is Presumed.BY_ANSWER:
                    self.row = None  # the list may be right, should it go on to say so
            elif self._make_room():
                self.legs[leg.id] = self._first_seen(leg, requested_at)

    def _rings_on(self, listed: Mapping[str, Leg], requested_at: datetime) -> bool:
        """Tell whether nobody has answered yet: the message that said so was about another call."""
        return not any(leg.state in UP for leg in listed.values()) and any(
            known.presumed is Presumed.BY_MATCH and not known.pushed_since(requested_at)
            for leg in listed.values()
            if leg.state is CallState.RINGING and (known := self.legs.get(leg.id)) is not None
        )

    def _take_answer_back(self) -> None:
        self.answered = self.talked = False
        self.answered_at = self.answered_by = None
        for leg in self.legs.values():
            if leg.presumed is Presumed.BY_MATCH:
                leg.state, leg.presumed = CallState.DIALING, None
            elif leg.shadow and leg.state in UP:
                leg.leave_out()
        for phone in self.phones.values():
            phone.talked = phone.joined = False

    def hush(self) -> None:
        """Note what was so before anybody looked: whose phones these are may become known only later."""
        self._hushed = {leg.id for leg in self.legs.values() if leg.extension is None}

    def _learn_quietly(self, extension: str, state: CallState) -> None:
        rings, talks = state is CallState.RINGING, state in UP
        phone = Phone(rang=rings, talked=talks, announced=True, answered=talks, joined=talks)
        self.phones.setdefault(extension, phone)

    def _first_seen(self, leg: Leg, requested_at: datetime) -> LiveLeg:
        """Make a leg; one that was picked up after the list was asked for talks already (rule 3)."""
        fresh = LiveLeg(leg.id, leg.state, leg.extension, leg.changed)
        fresh.poll(leg, requested_at)
        for shadow in self.legs.values():
            moved = (
                shadow.shadow
                and shadow.extension == leg.extension
                and shadow.pushed_since(requested_at)
            )
            if moved and shadow.state in UP and leg.state in EARLY:
                fresh.state, fresh.pushed_at = shadow.state, shadow.pushed_at
        return fresh

    # -- messages -----------------------------------------------------------------------------------

    def take_push(self, push: LegPush, now: datetime, *, shadow: bool) -> None:
        """Take what a message says of the call and of the legs it is about."""
        self.row = None
        self.pushed_at = now
        self.sent_at = self.sent_at or push.sent_at
        self.last_sent_at = push.sent_at or self.last_sent_at
        self.last_event = push.provider_event
        self.missing = 0
        self.direction = self.direction or push.direction
        self.caller = filled(self.caller, push.caller)
        self.callee = filled(self.callee, push.callee)
        self.queue = self.queue or push.queue
        if push.state in UP:
            self.answered_at = self.answered_at or push.answered_at
        if push.state is CallState.ENDED:
            self._take_end(push, whole=push.final or (push.leg_id is None and not shadow))
            self.said_to_last = push.lasts
        leg_id = push.call_id if shadow and push.leg_id is None else push.leg_id
        if leg_id is None:
            self._move_all(push, now)
        else:
            self._move_leg(leg_id, push, now, shadow=shadow)

    def _take_end(self, push: LegPush, *, whole: bool) -> None:
        """Note how a leg ended: the last word is the call's, unless the whole call was spoken of."""
        self.hangup_cause = push.hangup_cause or self.hangup_cause
        self.ended_by = push.ended_by or self.ended_by
        self.leg_outcome = push.outcome
        if whole:
            self.outcome = push.outcome or self.outcome
        self.said_missed = push.final and push.outcome is Outcome.MISSED

    def _move_all(self, push: LegPush, now: datetime) -> None:
        if not self.legs:
            self.legs[""] = LiveLeg("", push.state, None, push.time, now)
        ringing = sum(
            leg.extension is not None and leg.state is CallState.RINGING
            for leg in self.legs.values()
        )
        for leg in self.legs.values():
            # Who of several has answered is not said.
            if (
                push.state is not CallState.TALKING
                or leg.state is not CallState.RINGING
                or ringing == 1
            ):
                leg.push(push.state, push.time, now)
        if push.state is CallState.TALKING:
            self.answered = True

    def _move_leg(self, leg_id: str, push: LegPush, now: datetime, *, shadow: bool) -> None:
        leg = self.legs.get(self._current(leg_id))
        if leg is not None and not shadow and not self.polled:
            if leg.rang_before(push):
                return
            if leg.rings_anew(push):
                leg.push(CallState.ENDED, push.time, now)
                self._rings[leg_id] = self._rings.get(leg_id, 1) + 1
                self.phones.pop(push.extension or "", None)
                leg = None
        before = CallState.DIALING if leg is None else leg.state
        if leg is not None:
            leg.push(push.state, push.time, now)
            if push.state is CallState.TALKING and leg.state is CallState.ENDED:
                self._had_picked_up(leg)
        elif self._make_room():
            key = self._current(leg_id)
            state, presumed = self._begun(push)
            leg = self.legs[key] = LiveLeg(
                key, state, push.extension, push.time, now, presumed, shadow=shadow
            )
            self._shadowed = shadow
        else:
            return
        if push.details:
            leg.details.update({name: value for name, value in push.details.items() if value})
        if push.state is CallState.TALKING and before in EARLY and leg.state is CallState.TALKING:
            self._picked_up(leg, push.time, now)

    def _current(self, leg_id: str) -> str:
        """Give the key of a leg; the second ring of a phone is a leg of its own (rule 2)."""
        ring = self._rings.get(leg_id, 1)
        return leg_id if ring == 1 else f"{leg_id}#{ring}"

    def _begun(self, push: LegPush) -> tuple[CallState, Presumed | None]:
        """Say where a leg is whose beginning may be told only after the call was answered.

        Times are often whole seconds: of one that began when the call was answered nobody knows what came first.
        """
        if push.time is None or self._answer_time is None or push.time >= self._answer_time:
            return push.state, None
        match push.state:
            case CallState.RINGING:
                return CallState.ENDED, Presumed.BY_ANSWER
            case CallState.DIALING:
                return CallState.TALKING, None
            case state:
                return state, None

    def _picked_up(self, answering: LiveLeg, time: datetime | None, now: datetime) -> None:
        """Draw the conclusions of an answer for the other phones of the call (rule 6).

        The time of that is not theirs: what they say themselves may be older.
        """
        self._answer_time = time
        phone = self.phones.get(answering.extension or "")
        outside = self.direction in {None, Direction.INCOMING}
        called = outside or (phone is not None and phone.rang)
        if answering.extension is None:
            if outside and not self.phones:
                self.answered = True
            return
        ringing = self._ringing_beside(answering, time, now)
        if called:
            for leg in ringing:
                presumed = _presumed(leg, answering) or Presumed.BY_ANSWER
                leg.push(CallState.ENDED, None, now, presumed=presumed)
        elif len(ringing) == 1:
            ringing[0].push(CallState.TALKING, None, now, presumed=_presumed(ringing[0], answering))
        elif ringing:
            self.answered = True

    def _had_picked_up(self, leg: LiveLeg) -> None:
        """Note that a phone which was called has talked, though that is told only after its end."""
        phone = self.phones.get(leg.extension or "")
        if phone is not None and phone.rang and self.direction is not Direction.OUTGOING:
            phone.talked = self.answered = True
            self.answered_by = self.answered_by or leg.extension

    def _ringing_beside(
        self, answering: LiveLeg, time: datetime | None, now: datetime
    ) -> list[LiveLeg]:
        """Give the other phones that ring, after what an answer means for those that dial, and for the same phone.

        It means nothing for one that began to ring only after it.
        """
        ringing: list[LiveLeg] = []
        for leg in self.legs.values():
            if (
                leg.extension is None
                or leg is answering
                or leg.state not in EARLY
                or leg.is_after(time)
            ):
                continue
            own = leg.extension == answering.extension
            if own and leg.shadow:  # the same phone in another window
                leg.push(CallState.ENDED, None, now, presumed=Presumed.BY_ANSWER)
            elif own or leg.state is CallState.DIALING:
                leg.push(CallState.TALKING, None, now, presumed=_presumed(leg, answering))
            else:
                ringing.append(leg)
        return ringing

    def take_hint(self, leg_id: str, hint: CallHint) -> None:
        """Note how a leg ended that the next list will not name any more."""
        if hint.hangup_cause is None and hint.outcome is None:
            return
        self.row = None
        self.legs[leg_id].hung = True
        self.hangup_cause = hint.hangup_cause or self.hangup_cause
        self.leg_outcome = hint.outcome

    # -- records ------------------------------------------------------------------------------------

    def is_part(self, record: CallRecord, *, asked: bool = False) -> bool:
        """Tell whether a record is only about a phone that is done, while the call goes on with another.

        One that was asked for, because nothing was heard of the call for long, is about more than that; but a list
        that names the call says itself when it is over.
        """
        talking = {leg.extension for leg in self.counting() if leg.state in UP}
        if record.outcome is Outcome.ANSWERED_ELSEWHERE or (asked and self.polled):
            return True
        if talking and record.outcome is not Outcome.ANSWERED:
            return not asked
        own = record.answered_by or record.extension
        return own in self.phones and bool(talking - {None}) and own not in talking

    def take_part(self, record: CallRecord) -> None:
        """Take the record of a phone that was too slow, or that has handed the call over."""
        self.row = None
        for leg in self.legs.values():
            if record.extension and leg.extension == record.extension and leg.state not in UP:
                leg.state = CallState.ENDED

    def take_record(self, record: CallRecord) -> None:
        """Take the record of the whole call (rule 8)."""
        self.row = None
        if record.outcome is not Outcome.UNKNOWN:
            self.outcome = record.outcome
        self.hangup_cause = record.hangup_cause or self.hangup_cause
        self.direction = self.direction or record.direction
        self.caller = filled(self.caller, record.caller)
        self.callee = filled(self.callee, record.callee)
        self.answered_at = self.answered_at or record.answered_at
        self.answered_by = self.answered_by or record.answered_by

    def name_outside(self, party: Party) -> None:
        """Take the name that was found for the party outside."""
        self.row = None
        if self.direction is Direction.OUTGOING:
            self.callee = filled(self.callee, party)
        else:
            self.caller = filled(self.caller, party)

    def name_inside(self, extensions: Mapping[str, Extension]) -> None:
        """Name whoever is one of ours and came without a name."""
        self.caller = _named(self.caller, extensions)
        self.callee = _named(self.callee, extensions)

    # -- what it all means --------------------------------------------------------------------------

    def settle(self, now: datetime | None) -> CallState:
        """Work out what the legs together mean. Without a time, whatever is new was so before anybody looked."""
        up = [leg for leg in self.counting() if leg.state is not CallState.ENDED]
        for leg in self.legs.values():
            if leg.extension is not None:
                phone = self.phones.get(leg.extension)
                if phone is None:
                    phone = self.phones[leg.extension] = Phone()
                phone.rang = phone.rang or leg.state is CallState.RINGING
                phone.talked = phone.talked or leg.state in UP
                self.rang = self.rang or phone.rang
                self.talked = self.talked or phone.talked
        reached = sum(leg.extension is None and leg.state in UP for leg in up)
        self.machine = self.machine or reached > 0
        self.talked = self.talked or reached > 1
        if not up:
            return CallState.ENDED
        self.answered = self.answered or is_answered(self.direction, up)
        if self.answered:
            self.answered_at = self.answered_at or now
            if self.direction is not Direction.OUTGOING and self.answered_by is None:
                talking = [
                    leg.extension for leg in up if leg.extension is not None and leg.state in UP
                ]
                rang = (extension for extension in talking if self.phones[extension].rang)
                called = (extension for extension in talking if extension != self.caller.number)
                self.answered_by = next(rang, next(called, None))
        self.state = state_of(up, answered=self.answered)
        return self.state

    def _final_outcome(self) -> Outcome:
        said = self.outcome or self.leg_outcome
        if self.met:
            return Outcome.ANSWERED
        if said in {None, Outcome.ANSWERED, Outcome.ANSWERED_ELSEWHERE}:
            return (
                Outcome.MISSED
                if self.missed or self.direction is Direction.INTERNAL
                else Outcome.UNKNOWN
            )
        return said or Outcome.UNKNOWN

    def _make_room(self) -> bool:
        """Forget a leg that is over where there are too many; tell whether there is room (rule 10)."""
        if len(self.legs) < MAX_LEGS:
            return True
        over = next((leg for leg in self.legs.values() if leg.state is CallState.ENDED), None)
        if over is None:
            return False
        del self.legs[over.id]
        if over.extension is not None and all(
            leg.extension != over.extension for leg in self.legs.values()
        ):
            self.phones.pop(over.extension, None)
            self._rings.pop(over.id.partition("#")[0], None)
        return True


def _presumed(leg: LiveLeg, answering: LiveLeg) -> Presumed | None:
    """Say how far an answer can be trusted to be about a leg that a list has named."""
    return Presumed.BY_MATCH if answering.shadow and not leg.shadow else None


def _named(party: Party, extensions: Mapping[str, Extension]) -> Party:
    if party.name or (own := extensions.get(party.number)) is None or not own.name:
        return party
    return replace(party, name=own.name)
