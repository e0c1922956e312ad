"""A call that is not over: its legs, the facts about it, what they mean, and what was told of it.

What is said of a call is taken in `apply_message.py`, `apply_list.py` and `records.py`; what it
means is worked out in `outcomes.py`, and told in `announcements.py`. Here is what they share.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from ..telephony.models import (
    NOBODY,
    UP,
    Call,
    CallHint,
    CallState,
    Detail,
    Direction,
    Leg,
    LegPush,
    Party,
)
from . import correlated, outcomes
from .active_leg import ActiveLeg, ringing_together
from .facts import Facts, Phone, Source, Sources
from .outcomes import UNKNOWN, Meaning
from .told import Told

MAX_LEGS = 64


@dataclass(slots=True)
class ActiveCall:
    """A call that is not over, or that has no leg left but may still ring on (`grace_since`)."""

    id: str
    seen_at: datetime
    started_at: datetime
    legs: dict[str, ActiveLeg] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    sources: Sources = field(default_factory=Sources)
    meaning: Meaning = UNKNOWN
    told: Told = field(default_factory=Told)
    grace_since: datetime | None = None
    correlated: bool = False  # whether any leg is
    _rings: dict[str, int] = field(default_factory=dict)  # of a phone under one leg id

    # -- views -------------------------------------------------------------------------------------

    @property
    def state(self) -> CallState:
        """What the call does; while it has no leg left, the last that it did."""
        return self.meaning.state

    @property
    def connected(self) -> bool:
        """Whether the two sides have talked."""
        return outcomes.is_connected(self.facts, self.meaning)

    def lists(self, extension: str | None) -> bool:
        """Return whether a list has named a phone in the call."""
        return any(leg.extension == extension and not leg.correlated for leg in self.legs.values())

    def counting(self) -> Collection[ActiveLeg]:
        """Return the legs that count, those that are over among them."""
        legs = self.legs.values()
        return correlated.counting(legs) if self.correlated else legs

    def view(self, ended_at: datetime | None = None) -> Call:
        """Return the call as others see it; with a time, as one that ended then."""
        over = ended_at is not None
        facts, meaning = self.facts, self.meaning
        legs = [
            Leg(
                id=leg.id,
                state=CallState.ENDED if over else leg.shown,
                extension=leg.extension,
                number=leg.number,
                changed=leg.changed,
                context=leg.context,
                account_code=leg.account_code,
            )
            for leg in self.counting()
        ]
        return Call(
            id=self.id,
            state=CallState.ENDED if over else meaning.state,
            direction=facts.direction,
            caller=facts.caller,
            callee=facts.callee,
            legs=tuple(legs),
            queue=facts.queue,
            started_at=self.started_at,
            answered_at=meaning.answered_at or facts.answer.at,
            ended_at=ended_at,
            answered_by=meaning.answered_by or facts.answer.by,
            outcome=outcomes.outcome_of(facts, meaning) if over else None,
            hangup_cause=facts.hangup_cause if over else None,
            ended_by=facts.ended_by if over else None,
        )

    def details_of(self, extension: str | None) -> dict[str, Detail]:
        """Return what messages said of a phone besides; without one, of the only phone there is."""
        own = [leg.details for leg in self.legs.values() if leg.extension == extension]
        known = [details for details in own if details]
        if not known or (extension is None and len(known) > 1):
            return {}
        return known[-1]

    @property
    def hung_up(self) -> bool:
        """Whether a phone is known to have hung up, or all are.

        One list without the call is enough then.
        """
        left = [leg for leg in self.legs.values() if not leg.over]
        if self.grace_since is not None or any(leg.hung_up for leg in left):
            return True
        phones = {leg.extension for leg in left} - {None}
        return bool(phones) and phones <= correlated.done(self.legs.values())

    def goes_on_in(self, row: Call, requested_at: datetime) -> bool:
        """Return whether a list shows more of this call than legs known to be over."""
        if not row.legs:
            return True
        quicker = self.quicker_in(row)
        for leg in row.legs:
            known = self.legs.get(leg.id)
            if known is None or not known.over:
                return True
            if known.can_return_as(leg, requested_at, quicker=quicker):
                return True
        return False

    def quicker_in(self, row: Call) -> bool:
        """Return whether a list names the phone that has answered, or anybody who talks."""
        if any(leg.state in UP for leg in row.legs):
            return True
        return self.meaning.answered_by is None or self.meaning.answered_by in row.extensions

    def goes_on_with(self, push: LegPush) -> bool:
        """Return whether a message is about something after all that is known of this call.

        Times may be whole seconds: of a leg that is not known, it may be in the last of them.
        """
        if push.state is CallState.ENDED or push.time is None:
            return False
        latest = max((leg.changed for leg in self.legs.values() if leg.changed), default=None)
        if latest is None:
            return False
        return push.time > latest if push.leg_id in self.legs else push.time >= latest

    # -- recompute ---------------------------------------------------------------------------------

    def recompute(self, now: datetime | None) -> Meaning:
        """Work out anew what the facts mean, and return it; `now` as in `outcomes.recompute`."""
        self._note_phones()
        before, legs = self.meaning, self.counting()
        self.meaning = outcomes.recompute(self.facts, legs, before, now)
        if self.meaning.answered:
            self._note_hand_over(before, [leg for leg in legs if leg.state in UP])
        else:
            self.facts.answer.unseen = False
        if self.facts.group or len(self.legs) > 1:
            self.facts.group |= ringing_together(legs)
        if self.facts.group:
            self.let_go(self.facts.group)
        return self.meaning

    def let_go(self, group: Collection[str]) -> None:
        """Let none of several phones that ring together be who was called (rule 6)."""
        called = self.facts.callee.number
        if called in group and called != self.meaning.answered_by:
            self.facts.callee = NOBODY

    def _note_hand_over(self, before: Meaning, up: Collection[ActiveLeg]) -> None:
        """Note to whom an answered call was given: another phone of ours, or a number outside.

        `up` are the legs that count and talk or hold.
        """
        facts, now_by = self.facts, self.meaning.answered_by
        ours = [leg for leg in up if leg.extension is not None]
        reached = self._newly_reached(up)
        taken_by = None
        if reached and before.answered and facts.talked and not ours:
            taken_by = facts.handed_outside = reached
        elif before.answered_by not in {None, now_by}:
            taken_by = now_by
        if taken_by and facts.direction is not Direction.OUTGOING:
            facts.callee = Party(number=taken_by)

    def _newly_reached(self, up: Collection[ActiveLeg]) -> str:
        """Note who outside talks; return the number of the newest of them, "" if none is new."""
        outside = {leg.id: leg.number for leg in up if leg.extension is None and not leg.waits}
        before = self.facts.reached
        self.facts.reached = (before & self.legs.keys()) | outside.keys()
        fresh = [number for leg_id, number in outside.items() if leg_id not in before]
        return fresh[-1] if fresh else ""

    def _note_phones(self) -> None:
        """Note what each phone has done so far, and whether one outside was called as well."""
        phones = self.facts.phones
        outside = 0
        for leg in self.legs.values():
            if leg.extension is None:
                outside += not leg.over
                continue
            phone = phones.get(leg.extension)
            if phone is None:
                phone = phones[leg.extension] = Phone()
            if leg.state is CallState.RINGING:
                phone.rang = True
            elif leg.state in UP:
                phone.talked = True
        self.facts.reaches_outside |= outside > 1

    def take_answer_back(self) -> None:
        """Forget that the call was answered: the message that said so was about another."""
        answer = self.facts.answer
        answer.given, answer.at, answer.by = False, None, None
        self.meaning = self.meaning._replace(
            answered=False, talked=False, answered_at=None, answered_by=None
        )
        for phone in self.facts.phones.values():
            phone.talked = False
        self.told.take_answer_back()

    # -- what several steps change -----------------------------------------------------------------

    def take_hint(self, leg_id: str, hint: CallHint) -> None:
        """Take how a leg ended that the next list will not name any more."""
        if hint.hangup_cause is None and hint.outcome is None:
            return
        self.sources.last = Source.HINT
        self.legs[leg_id].hung_up = True
        self.facts.hangup_cause = hint.hangup_cause or self.facts.hangup_cause
        self.facts.leg_outcome = hint.outcome

    def take_name(self, party: Party) -> None:
        """Take what a look-up found about the party outside."""
        self.sources.last = Source.LOOK_UP
        self.facts.name_outside(party)

    def revive(self) -> None:
        """Go on after the call had only seemed to be over."""
        self.sources.last = self.grace_since = None

    # -- legs and phones ---------------------------------------------------------------------------

    def current(self, leg_id: str) -> str:
        """Return the key of a leg: the next ring of a phone is a leg of its own (rule 2)."""
        ring = self._rings.get(leg_id, 1)
        return leg_id if ring == 1 else f"{leg_id}#{ring}"

    def ring_again(self, leg_id: str, extension: str | None) -> None:
        """Let a phone take part once more, as if it had not yet."""
        self._rings[leg_id] = self._rings.get(leg_id, 1) + 1
        self._forget_phone(extension or "")

    def make_room(self) -> bool:
        """Return whether there is room for a leg; forget one that is over if need be (rule 11)."""
        if len(self.legs) < MAX_LEGS:
            return True
        over = next((leg for leg in self.legs.values() if leg.over), None)
        if over is None:
            return False
        del self.legs[over.id]
        others = (leg.extension for leg in self.legs.values())
        if over.extension is not None and over.extension not in others:
            self._forget_phone(over.extension)
            self._rings.pop(over.id.partition("#")[0], None)
        return True

    def _forget_phone(self, extension: str) -> None:
        """Forget what a phone did, and what it was told of that."""
        self.facts.phones.pop(extension, None)
        self.told.phones.pop(extension, None)
