"""Apply: what a message about a leg, or about the whole call, changes."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from ..telephony.models import EARLY, UP, CallState, Direction, LegPush, Outcome, filled
from .active_call import ActiveCall
from .active_leg import ActiveLeg, Inferred
from .facts import Facts, Phone, Source
from .inferences import infer_from_answer, infer_from_past_answer

PLAIN = frozenset(
    {
        (CallState.RINGING, CallState.TALKING),
        (CallState.TALKING, CallState.ON_HOLD),
        (CallState.ON_HOLD, CallState.TALKING),
    }
)
"""What a phone that a list has named can only have done of its own: from one state to another."""
FIRST_TOLD_LATE: Mapping[CallState, tuple[CallState, Inferred | None]] = {
    CallState.RINGING: (CallState.ENDED, Inferred.BY_ANSWER),
    CallState.DIALING: (CallState.TALKING, None),
}
"""Where a leg is that was doing this before the answer, and of which that is told only after it."""


class Address(NamedTuple):
    """What a message is about, as the identity step found out.

    `leg_id` is None for the whole call. A `correlated` leg has an id of another kind than lists
    have, and speaks for one phone only.
    """

    leg_id: str | None
    correlated: bool = False


def apply_message(call: ActiveCall, push: LegPush, address: Address, now: datetime) -> bool:
    """Take what a message says of a call, and of its leg or legs.

    Return whether only a list can tell what follows for the other legs.
    """
    _note_source(call, push, now)
    facts = call.facts
    facts.direction = facts.direction or push.direction
    facts.caller = filled(facts.caller, push.caller)
    facts.callee = filled(facts.callee, push.callee)
    facts.queue = facts.queue or push.queue
    if push.state in UP and facts.answer.at is None:
        facts.answer.at = our_time(push.answered_at, push, call.started_at, now)
    of_nobody = push.extension is None and address.leg_id is not None
    if push.by_machine or (push.state in UP and of_nobody):
        facts.watched = True  # a machine picks up: a record's seconds may be its own
    if push.state is CallState.ENDED:
        _note_proof(call, push, now)
        if push.outcome is Outcome.REJECTED and push.extension is not None:
            facts.phones.setdefault(push.extension, Phone()).declined = True
        _note_end(facts, push, whole=push.final or address.leg_id is None)
        call.sources.expected_to_continue = push.lasts
    if address.leg_id is None:
        _move_all(call, push, now)
        return False
    return _move_leg(call, address.leg_id, push, now, correlated=address.correlated)


def apply_hint(call: ActiveCall, leg_id: str, state: CallState, now: datetime) -> bool:
    """Take what a phone has done whose leg a list has named; return whether that is plain.

    One that rang has answered, one that talked holds or resumes. Of all others the list tells.
    """
    leg = call.legs[leg_id]
    if leg.extension is None or (leg.state, state) not in PLAIN:
        return False
    answers = leg.state is CallState.RINGING
    call.sources.last = Source.HINT
    leg.push(state, None, now)
    if answers:
        infer_from_answer(call, leg, None, now)
    return True


def our_time(
    moment: datetime | None, push: LegPush, earliest: datetime | None, now: datetime
) -> datetime | None:
    """Return when something was that a message dates, by our clock and never after `now`.

    The sender's clock may be hours off: it only tells how long before the message that was.
    """
    if moment is None:
        return None
    if push.time is not None and moment <= push.time:
        moment = now - (push.time - moment)
    if moment > now:
        return now
    if earliest is not None and moment < earliest:
        return earliest
    return moment


def _note_proof(call: ActiveCall, push: LegPush, now: datetime) -> None:
    """Note that a phone of ours has talked, as the end of its leg may tell (rule 8).

    The same of a menu, a queue or a mailbox, which is no phone of ours, proves only the machine.
    """
    facts, answer = call.facts, call.facts.answer
    proves = bool(push.talk_time) or push.answered_at is not None
    if not proves or facts.talked or push.extension is None:
        return
    facts.phones.setdefault(push.extension, Phone()).talked = True
    answer.given = True
    since = now - timedelta(seconds=push.talk_time or 0)
    said = our_time(push.answered_at, push, call.started_at, now)
    by = None if facts.direction is Direction.OUTGOING else push.extension
    answer.learn(said or max(call.started_at, since), by)


def _note_source(call: ActiveCall, push: LegPush, now: datetime) -> None:
    """Note that a message spoke of the call, and when it was sent."""
    sources = call.sources
    sources.last = Source.MESSAGE
    sources.pushed_at = now
    sources.first_sent_at = sources.first_sent_at or push.sent_at
    if push.state is CallState.ENDED:
        sources.end_sent_at = push.sent_at or sources.end_sent_at
    sources.last_event = push.provider_event
    sources.missing = 0


def _note_end(facts: Facts, push: LegPush, *, whole: bool) -> None:
    """Note how a leg ended: the last word is the call's, unless the whole call was spoken of."""
    facts.hangup_cause = push.hangup_cause or facts.hangup_cause
    facts.ended_by = push.ended_by or facts.ended_by
    facts.leg_outcome = push.outcome
    if whole:
        facts.outcome = push.outcome or facts.outcome
    facts.reported_missed = push.final and push.outcome is Outcome.MISSED


def _move_all(call: ActiveCall, push: LegPush, now: datetime) -> None:
    """Move every leg of a call; but which of several ringing phones has answered is not said."""
    if not call.legs:
        call.legs[""] = ActiveLeg("", push.state, None, push.time, now)
    answered = push.state is CallState.TALKING
    phones = 0
    for leg in call.legs.values():
        phones += leg.extension is not None and leg.state is CallState.RINGING
    for leg in call.legs.values():
        if not answered or phones == 1 or leg.state is not CallState.RINGING:
            leg.push(push.state, push.time, now)
    if answered:
        call.facts.answer.given = True


def _move_leg(
    call: ActiveCall, leg_id: str, push: LegPush, now: datetime, *, correlated: bool
) -> bool:
    """Move one leg, and draw the conclusions if it is the one that answers (rule 6).

    Return whether none could be drawn: of a phone that no list has named, though others are.
    """
    leg = call.legs.get(call.current(leg_id))
    # Where lists name the legs, they say themselves how often a phone takes part.
    if leg is not None and not correlated and not call.sources.listed:
        if leg.began_after(push):
            return False
        if leg.rings_again(push):
            leg.push(CallState.ENDED, push.time, now)
            call.ring_again(leg_id, push.extension)
            leg = None
    before = CallState.DIALING
    unlisted = leg is None and call.sources.listed and not correlated
    if leg is None:
        leg = _begin_leg(call, leg_id, push, now, correlated=correlated)
        if leg is None:
            return False
    else:
        before = leg.state
        leg.push(push.state, push.time, now)
        if push.state is CallState.TALKING and leg.over:
            infer_from_past_answer(call, leg)
    if push.details:
        leg.details.update({name: value for name, value in push.details.items() if value})
    answers = before in EARLY and push.state is leg.state is CallState.TALKING
    if answers:
        infer_from_answer(call, leg, push.time, now, alone=unlisted)
    return answers and unlisted


def _begin_leg(
    call: ActiveCall, leg_id: str, push: LegPush, now: datetime, *, correlated: bool
) -> ActiveLeg | None:
    """Begin a leg where its first message puts it; return None if there is no room for it."""
    if not call.make_room():
        return None
    key = call.current(leg_id)
    state, inferred = _first_state(push, call.facts.answer.told_at)
    leg = ActiveLeg(key, state, push.extension, push.time, now, inferred, correlated)
    leg.began_at = now
    call.legs[key] = leg
    call.correlated = call.correlated or correlated
    return leg


def _first_state(push: LegPush, answer_time: datetime | None) -> tuple[CallState, Inferred | None]:
    """Return where a leg is whose beginning may be told only after the call was answered.

    Times are often whole seconds: of a leg that began in the second of the answer nobody knows
    which came first.
    """
    if push.time is None or answer_time is None or push.time >= answer_time:
        return push.state, None
    return FIRST_TOLD_LATE.get(push.state, (push.state, None))
