"""Recompute: what the facts mean. Pure: what comes in decides alone what comes out.

Facts are kept as they were said; what follows from them is worked out here and nowhere else: what
a call is doing, whether it was answered and by whom, and in the end how it went. A leg that is
over and forgotten leaves no fact behind, so what once was so is handed from one meaning to the
next (`before`).
"""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from ..telephony.models import UNTAKEN, UP, CallState, Direction, Outcome
from .active_leg import ActiveLeg
from .facts import Facts

UNMET = UNTAKEN | {Outcome.VOICEMAIL}
"""Outcomes of a call in which nobody met."""
IN_VAIN = UNMET - {Outcome.REJECTED, Outcome.NO_ANSWER}
"""Outcomes of a call from outside that was missed (rule 9)."""
SAYS_NOTHING = frozenset({None, Outcome.ANSWERED, Outcome.ANSWERED_ELSEWHERE})
"""What is said of a call in which nobody was seen to meet, and does not tell how it went."""
BEFORE_ANSWER = (CallState.ON_HOLD, CallState.RINGING)
AFTER_ANSWER = (CallState.ON_HOLD, CallState.TALKING, CallState.RINGING)
"""What a call does if one of its legs does it, the first that fits; else it dials."""


class Meaning(NamedTuple):
    """What the facts about a call mean at one moment."""

    state: CallState = CallState.DIALING  # the last it did, if it is over
    over: bool = False  # no leg is left
    answered: bool = False
    answered_at: datetime | None = None
    answered_by: str | None = None
    rang: bool = False  # a phone of ours
    talked: bool = False  # a phone of ours, or one outside that the call was passed on to
    by_system: bool = False  # somebody outside was connected, if only to a menu or a queue


UNKNOWN = Meaning()
"""What a call means of which nothing is known yet."""


def recompute(
    facts: Facts, legs: Collection[ActiveLeg], before: Meaning, now: datetime | None
) -> Meaning:
    """Return what the facts and the legs that count mean, given what was so before.

    `now` dates an answer for which nobody gave a time; without it, or of a call that was first seen
    up, nobody knows when.
    """
    up = [leg for leg in legs if leg.state is not CallState.ENDED]
    answered = before.answered or facts.answer.given
    answered_at = before.answered_at or facts.answer.at
    answered_by = before.answered_by or facts.answer.by
    talked = before.talked or facts.talked
    state, by_system = before.state, before.by_system
    if up:
        reached = [leg for leg in up if leg.extension is None and leg.state in UP]
        by_system = by_system or bool(reached)
        talked = talked or len(reached) > 1
        answered = answered or is_answered(facts.direction, up)
        state = _state(up, answered=answered)
    if up and answered:
        answered_at = answered_at or (None if facts.answer.unseen else now)
        if facts.direction is not Direction.OUTGOING:
            answered_by = _answering(facts, up, answered_by)
    return Meaning(
        state=state,
        over=not up,
        answered=answered,
        answered_at=answered_at,
        answered_by=answered_by,
        rang=before.rang or facts.rang,
        talked=talked,
        by_system=by_system,
    )


# -- while the call goes on ------------------------------------------------------------------------


def is_answered(direction: Direction | None, up: Collection[ActiveLeg]) -> bool:
    """Return whether legs that are not over say that the two sides of a call have met."""
    talking = {leg.extension for leg in up if leg.state in UP and leg.extension is not None}
    outside = [leg.state in UP for leg in up if leg.extension is None]
    match direction:
        case Direction.OUTGOING:
            # Our phone is up as soon as it dials; where the far side is not listed, that is all.
            only_outside = len(outside) == len(up)
            return bool(talking or only_outside) and (any(outside) or not outside)
        case Direction.INTERNAL:
            return len(talking) > 1 or (bool(talking) and all(leg.state in UP for leg in up))
        case _:
            return bool(talking) or sum(outside) > 1  # one alone listens to a machine


def _answering(facts: Facts, up: Collection[ActiveLeg], before: str | None) -> str | None:
    """Return the extension that answered: one that rang, else one that is not the caller.

    The one that did so `before` stays that, until it has given the call to another.
    """
    talking = [leg.extension for leg in up if leg.extension is not None and leg.state in UP]
    if before is not None and before in talking:
        return before
    for extension in talking:
        if facts.phones[extension].rang:
            return extension
    other = next((extension for extension in talking if extension != facts.caller.number), None)
    return other or before


def _state(up: Collection[ActiveLeg], *, answered: bool) -> CallState:
    """Return what a call does: what its phones do; until it is answered it dials or rings.

    A phone that is up before the other side has answered may put the call on hold already.
    """
    inside = {leg.shown for leg in up if leg.extension is not None}
    states = inside or {leg.shown for leg in up}
    for state in BEFORE_ANSWER if inside and not answered else AFTER_ANSWER:
        if state in states:
            return state
    return CallState.DIALING


# -- how it went -----------------------------------------------------------------------------------


def is_connected(facts: Facts, meaning: Meaning) -> bool:
    """Return whether the two sides have talked; of the evidence, the best that is there decides.

    1. The phone system said *answered* of the whole call.
    2. Of a call that one of ours placed: that the other side picked up.
    3. Of a call from outside: that a phone of ours talked, or one it was passed on to. A machine
       that picks up after phones of ours have rung is no answer; where none rang, it is, unless
       the phone system says of the whole call that nobody came.
    """
    whole = facts.whole
    if whole is Outcome.ANSWERED:
        return True
    if facts.direction in {Direction.OUTGOING, Direction.INTERNAL}:
        return meaning.answered
    if meaning.talked or meaning.rang:
        return meaning.talked
    return (meaning.answered or meaning.by_system) and whole not in UNMET


def is_missed(facts: Facts, meaning: Meaning, outcome: Outcome | None) -> bool:
    """Return whether somebody outside has called in vain, given how the call went."""
    if outcome in {Outcome.ANSWERED, Outcome.REJECTED}:
        return False
    if facts.direction is None:
        return meaning.rang or facts.whole is Outcome.MISSED
    return facts.direction is Direction.INCOMING


def missed_by_outcome(direction: Direction | None, outcome: Outcome | None) -> bool | None:
    """Return whether a call with such an outcome was missed; None where that says nothing of it."""
    if outcome in {Outcome.ANSWERED, Outcome.REJECTED}:
        return False
    in_vain = direction is Direction.INCOMING and outcome in IN_VAIN
    return True if in_vain else None


def is_declined(facts: Facts) -> bool:
    """Return whether somebody did not want a call (rule 9): all of its phones, or all of it here.

    An agent who declines a call of a queue only passes it on to the next, and a phone that is none
    of ours may ring on.
    """
    if facts.hung_up_here:
        return True
    if facts.reaches_outside:
        return False
    declined = [phone for phone in facts.phones.values() if phone.declined]
    others = [phone for phone in facts.phones.values() if phone.rang and not phone.declined]
    return bool(declined) and not others and facts.queue is None


def declined_outcome(facts: Facts) -> Outcome:
    """Return how a call went that somebody did not want: whoever places one gives it up."""
    ours = facts.hung_up_here and facts.direction is not Direction.INCOMING
    return Outcome.CANCELLED if ours else Outcome.REJECTED


def outcome_of(facts: Facts, meaning: Meaning) -> Outcome:
    """Return how a call that is over went.

    That the sides talked counts before whatever was said, and that the call was left to a mailbox
    before how that came about. Then the word about the whole call counts before that about the leg
    which ended last. If neither tells, nobody took it.
    """
    if is_connected(facts, meaning):
        return Outcome.ANSWERED
    whole = facts.whole
    if whole is Outcome.VOICEMAIL:
        return Outcome.VOICEMAIL
    outgoing = facts.direction is Direction.OUTGOING
    if is_declined(facts):
        return declined_outcome(facts)
    said = _said(facts, whole)
    if outgoing and said is None:
        return Outcome.NO_ANSWER
    if said is not None:
        return seen_from(facts.direction, said)
    in_vain = facts.direction is not None or meaning.rang
    return Outcome.MISSED if in_vain else Outcome.UNKNOWN


def seen_from(direction: Direction | None, said: Outcome) -> Outcome:
    """Return what an outcome is called here: who calls has no answer, who is called misses it."""
    if direction is Direction.OUTGOING and said is Outcome.MISSED:
        return Outcome.NO_ANSWER
    if direction is Direction.INCOMING and said is Outcome.NO_ANSWER:
        return Outcome.MISSED
    return said


def _said(facts: Facts, whole: Outcome | None) -> Outcome | None:
    """Return what the phone system said of a call that nobody took; None if that tells nothing.

    What it said of the whole call comes first. That one phone declined says nothing of a call that
    rang at others as well.
    """
    if whole not in SAYS_NOTHING:
        return whole
    of_a_leg = facts.leg_outcome
    one_of_many = of_a_leg is Outcome.REJECTED and facts.direction is not Direction.OUTGOING
    return None if of_a_leg in SAYS_NOTHING or one_of_many else of_a_leg
