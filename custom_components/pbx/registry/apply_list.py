"""Apply: what a row of a list of the active calls changes (rule 3).

A list is as old as the moment at which it was asked for: what a message said since holds against
it. What a list no longer names is over, but that is inferred, and the next list may know better.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from ..telephony.models import EARLY, UP, Call, CallState, Leg, filled
from .active_call import MAX_LEGS, ActiveCall
from .active_leg import ActiveLeg, Inferred, ringing_together
from .correlated import hand_over
from .facts import CLOCKS_AGREE, Phone, Source


def apply_row(
    call: ActiveCall, row: Call, requested_at: datetime, *, preexisting: bool = False
) -> None:
    """Take what a list says of a call that was asked for at a time.

    What is `preexisting`, since it is in the first list of all, was so before anybody looked.
    """
    sources, facts = call.sources, call.facts
    answered_at = _answer_time(call, row, requested_at)
    sources.last, sources.listed, sources.missing = Source.LIST, True, 0
    facts.direction = row.direction or facts.direction
    facts.caller = filled(facts.caller, row.caller)
    call.let_go(ringing_together(row.legs))
    facts.callee = filled(facts.callee, row.callee)
    facts.queue = row.queue or facts.queue
    facts.watched = True
    facts.answer.learn(answered_at, row.answered_by)
    legs = row.legs[:MAX_LEGS] or (Leg(id="", state=row.state),)
    listed = {leg.id: leg for leg in legs}
    if _still_rings(call, listed, requested_at):
        _take_answer_back(call)
    contested = sources.pushed_since(requested_at) or preexisting
    contested |= _leave_out(call, row, listed, requested_at)
    ring_at = _newest_ring(call, listed, requested_at)
    quicker = call.quicker_in(row)
    for leg in listed.values():
        contested |= _take_leg(call, leg, requested_at, ring_at, quicker=quicker)
    sources.row = None if contested else row
    if preexisting:
        sources.preexisting = {leg.id for leg in call.legs.values() if leg.extension is None}


def _answer_time(call: ActiveCall, row: Call, requested_at: datetime) -> datetime | None:
    """Return when a list says that a call was answered, by our clock; None where that cannot be.

    Of a call that was seen before it was answered, that is after it was seen.
    """
    if row.answered_at is None:
        return None
    begins = call.sources.last is None
    off = call.started_at - (row.started_at or call.started_at) if begins else timedelta()
    moment = row.answered_at + off
    earliest = moment if begins else call.seen_at - CLOCKS_AGREE
    return moment if earliest <= moment <= requested_at + CLOCKS_AGREE else None


def _newest_ring(
    call: ActiveCall, listed: Mapping[str, Leg], requested_at: datetime
) -> datetime | None:
    """Return when the newest phone that rings was first told of; None where none rings."""
    newest: datetime | None = None
    for leg in listed.values():
        if leg.state is not CallState.RINGING or leg.extension is None:
            continue
        known = call.legs.get(leg.id)
        began = requested_at if known is None else known.began_at
        if began is not None and (newest is None or began > newest):
            newest = began
    return newest


def _take_leg(
    call: ActiveCall,
    leg: Leg,
    requested_at: datetime,
    ring_at: datetime | None,
    *,
    quicker: bool,
) -> bool:
    """Take what a list says of a leg; return whether the list may be right if it insists."""
    known = call.legs.get(leg.id)
    if known is not None:
        if known.extension is None and leg.id in call.sources.preexisting:
            _learn_phone(call, leg.extension, known.state)
        known.poll(leg, requested_at, ring_at, quicker=quicker)
        doubted = leg.state in EARLY and known.state in UP and not known.waits
        by_answer = known.inferred is Inferred.BY_ANSWER
        return doubted or by_answer or known.pushed_since(requested_at)
    if call.make_room():
        fresh = ActiveLeg(leg.id, leg.state, leg.extension, leg.changed)
        fresh.context, fresh.account_code = leg.context, leg.account_code
        fresh.number, fresh.listed_up = leg.number, leg.state in UP
        fresh.began_at = requested_at
        hand_over(fresh, leg, call.legs.values(), requested_at)
        call.legs[leg.id] = fresh
    return False


def _leave_out(
    call: ActiveCall, row: Call, listed: Mapping[str, Leg], requested_at: datetime
) -> bool:
    """Take that a list does not name some of the legs: they are over.

    Return whether a later message keeps one of them: the list may be right if it insists.

    A correlated leg is in no list; it is over when the list has legs, but none of its phone.
    """
    phones = {leg.extension for leg in listed.values()} - {None}
    kept = False
    for left in call.legs.values():
        if left.id in listed:
            continue
        if left.pushed_since(requested_at):
            kept = kept or not left.over
            continue
        if left.correlated and (not row.legs or left.extension in phones):
            continue
        left.leave_out()
        if left.hung_up:  # the call goes on without that phone: how it left is not how it ended
            left.hung_up = False
            call.facts.hangup_cause = call.facts.leg_outcome = None
    return kept


# -- the message was about another call ------------------------------------------------------------


def _still_rings(call: ActiveCall, listed: Mapping[str, Leg], requested_at: datetime) -> bool:
    """Return whether nobody has answered yet, though a message that was matched said so."""
    if any(leg.state in UP for leg in listed.values()):
        return False
    for leg in listed.values():
        known = call.legs.get(leg.id)
        if leg.state is not CallState.RINGING or known is None:
            continue
        if known.inferred is Inferred.BY_MATCH and not known.pushed_since(requested_at):
            return True
    return False


def _take_answer_back(call: ActiveCall) -> None:
    """Undo an answer that was not this call's."""
    call.take_answer_back()
    for leg in call.legs.values():
        if leg.inferred is Inferred.BY_MATCH:
            leg.state, leg.inferred = CallState.DIALING, None
        elif leg.correlated and leg.state in UP:
            leg.leave_out()


# -- what was there before anybody looked ----------------------------------------------------------


def _learn_phone(call: ActiveCall, extension: str | None, state: CallState) -> None:
    """Learn whose phone a preexisting leg is; what it did before is not announced as new."""
    phones = call.facts.phones
    if extension is None or extension in phones:
        return
    talks = state in UP
    phones[extension] = Phone(rang=state is CallState.RINGING, talked=talks)
    told = call.told.phone(extension)
    told.began = True
    told.answered = told.joined = talks
