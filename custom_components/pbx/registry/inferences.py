"""Apply: what the answer of one phone says of the other phones of its call (rule 6).

An answer is the word of the leg that answers, and of no other. What follows for the others is
inferred, and yields to their own word. Its time is not theirs: what they say themselves may be
older, and must still count.
"""

from datetime import datetime

from ..telephony.models import EARLY, CallState, Direction
from .active_call import ActiveCall
from .active_leg import ActiveLeg, Inferred
from .correlated import inference


def infer_from_answer(
    call: ActiveCall,
    answering: ActiveLeg,
    time: datetime | None,
    now: datetime,
    *,
    alone: bool = False,
) -> None:
    """Take that a leg has just answered, at a time by the phone system's clock if that is known.

    Where a phone was called, the others that ring have been too slow. Where a phone calls, the
    one that rings has answered it; which of several, nobody knows. With `alone`, nothing follows
    for the others: the leg is none of those that a list has named, which may all be of later.
    """
    facts = call.facts
    facts.answer.told_at = time
    from_outside = facts.direction in {None, Direction.INCOMING}
    if answering.extension is None:
        if from_outside and not facts.phones:
            facts.answer.given = True
        return
    if alone:
        return
    phone = facts.phones.get(answering.extension)
    called = from_outside or (phone is not None and phone.rang)
    ringing = _still_ringing(call, answering, time, now)
    if called:
        for leg in ringing:
            inferred = inference(leg, answering) or Inferred.BY_ANSWER
            leg.push(CallState.ENDED, None, now, inferred=inferred)
    elif len(ringing) == 1:
        (leg,) = ringing
        leg.push(CallState.TALKING, None, now, inferred=inference(leg, answering))
    elif ringing:
        facts.answer.given = True


def infer_from_past_answer(call: ActiveCall, leg: ActiveLeg) -> None:
    """Take that a phone had answered which is told only after its end: the call was answered.

    Who calls out is up as soon as he dials where the other side has a leg of its own.
    """
    facts = call.facts
    if facts.direction is Direction.OUTGOING:
        alone = all(other.extension is not None for other in call.legs.values())
        facts.answer.given = facts.answer.given or alone
        return
    phone = facts.phones.get(leg.extension or "")
    if phone is not None and phone.rang:
        phone.talked = facts.answer.given = True
        facts.answer.by = facts.answer.by or leg.extension


def _still_ringing(
    call: ActiveCall, answering: ActiveLeg, time: datetime | None, now: datetime
) -> list[ActiveLeg]:
    """Return the other phones that ring, once the legs are moved for which the answer is plain.

    Whoever dialled talks now, and so does the same phone's other leg; but another window of it
    just stops ringing. A leg that began to ring after the answer is about something else.
    """
    ringing: list[ActiveLeg] = []
    for leg in call.legs.values():
        if leg.extension is None or leg is answering:
            continue
        if leg.state not in EARLY or leg.is_after(time):
            continue
        own = leg.extension == answering.extension
        if own and leg.correlated:
            leg.push(CallState.ENDED, None, now, inferred=Inferred.BY_ANSWER)
        elif own or leg.state is CallState.DIALING:
            leg.push(CallState.TALKING, None, now, inferred=inference(leg, answering))
        else:
            ringing.append(leg)
    return ringing
