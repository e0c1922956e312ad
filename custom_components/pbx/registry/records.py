"""Call records: what they say of a call, while it seems to go on and when it is over (rule 8)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ..telephony.events import Event
from ..telephony.models import (
    UNTAKEN,
    UP,
    Call,
    CallRecord,
    CallState,
    Detail,
    EventType,
    Leg,
    Outcome,
    RecordPush,
    filled,
)
from .active_call import ActiveCall
from .active_leg import ActiveLeg
from .changes import Cause
from .ended import EndedCall
from .facts import CLOCKS_AGREE, TELLING, Source
from .outcomes import missed_by_outcome, outcome_of, seen_from

PARTIAL = frozenset({Outcome.UNKNOWN, Outcome.ANSWERED_ELSEWHERE})
"""What a record says that is not about the whole call."""


def on_our_clock(
    record: CallRecord, seen: tuple[datetime, datetime] | None, now: datetime
) -> CallRecord:
    """Return a record with its times by our clock, and nobody answering after the end.

    `seen` is from when to when its call was there, by ours; None for one that nobody has seen. The
    record of one phone may tell of a part of it, and a call may have been seen for a part only.
    """
    start, end = record.started_at, record.ended_at or record.started_at
    if start is None or end is None:
        return record
    off, over = timedelta(), now
    if seen is not None:
        began, over = seen
        within = began <= start and end <= over
        agree = abs(began - start) <= CLOCKS_AGREE or abs(over - end) <= CLOCKS_AGREE
        off = off if within or agree else began - start
    off = min(off, now - end)  # nothing ends later than now
    answered_at = record.answered_at
    return replace(
        record,
        started_at=start + off,
        answered_at=None if answered_at is None else min(answered_at + off, over),
        ended_at=None if record.ended_at is None else record.ended_at + off,
    )


# -- of a call that seems to go on -----------------------------------------------------------------


def is_part(call: ActiveCall, record: CallRecord, *, asked: bool) -> bool:
    """Return whether a record is only about a phone that is done, while the call goes on.

    One that was `asked` for, because nothing was heard of the call for long, is about more than
    that; but a list that names the call says itself when it is over.
    """
    if record.outcome is Outcome.ANSWERED_ELSEWHERE or (asked and call.sources.listed):
        return True
    talking = {leg.extension for leg in call.counting() if leg.state in UP}
    if talking and record.outcome is not Outcome.ANSWERED:
        return not asked
    own = record.answered_by or record.extension
    return own in call.facts.phones and bool(talking - {None}) and own not in talking


def apply_part(call: ActiveCall, record: CallRecord, *, asked: bool) -> None:
    """Take the record of a phone that was too slow, or that has handed the call over.

    What it says of persons counts when the call is over, as if it had come only then. The phone
    may have been given the call again since: what a list names goes on, and what began later.
    """
    call.sources.last = Source.RECORD
    call.facts.take_record(record)
    if not record.extension or (asked and call.sources.listed):
        return
    for leg in call.legs.values():
        if leg.extension != record.extension or leg.state in UP:
            continue
        if not _began_after(leg, record):
            leg.state = CallState.ENDED


def _began_after(leg: ActiveLeg, record: CallRecord) -> bool:
    """Return whether a leg began after the end that a record tells, as far as both are known."""
    if leg.began_at is None or record.ended_at is None:
        return False
    return leg.began_at > record.ended_at


def apply_machine(call: ActiveCall, record: CallRecord) -> None:
    """Take the record of the mailbox that took the call: it is done, but phones may still ring."""
    call.sources.last = Source.RECORD
    if record.outcome is Outcome.VOICEMAIL:
        call.facts.take_record(record)
    leg = call.legs.get(record.call_id or "")
    if leg is not None:
        leg.leave_out()


def apply_record(call: ActiveCall, record: CallRecord) -> None:
    """Take the record of the whole call, which is over."""
    facts = call.facts
    call.sources.last = Source.RECORD
    facts.take_record(record)
    facts.hangup_cause = record.hangup_cause or facts.hangup_cause
    facts.direction = facts.direction or record.direction
    facts.caller = filled(facts.caller, record.caller)
    facts.callee = filled(facts.callee, record.callee)
    if call.connected:
        facts.answer.learn(record.answered_at, record.answered_by)


def of_machine(record: CallRecord) -> CallRecord:
    """Return the record of a mailbox without what it says of persons: that it answered is none."""
    if record.outcome is Outcome.ANSWERED and record.answered_by is None:
        return replace(record, outcome=Outcome.UNKNOWN, answered_at=None)
    return record


# -- of a call that is over ------------------------------------------------------------------------


def completed(ended: EndedCall, record: CallRecord) -> Call:
    """Return a call that is over with what its record knows better.

    The record of one phone that was too slow never takes an answer away.
    """
    call, facts = ended.view, ended.call.facts
    facts.take_record(record)
    better = record.outcome not in PARTIAL
    return replace(
        call,
        outcome=outcome_of(facts, ended.call.meaning) if better else call.outcome,
        direction=call.direction or record.direction,
        caller=filled(call.caller, record.caller),
        callee=filled(call.callee, record.callee),
        hangup_cause=call.hangup_cause or record.hangup_cause,
        answered_at=call.answered_at or record.answered_at,
        answered_by=call.answered_by or record.answered_by,
        record=call.record if call.record and _tells_less(record, call.record) else record,
    )


def _tells_less(record: CallRecord, than: CallRecord) -> bool:
    """Return whether a record says less of a call than another of its records has said.

    The same record once more is a newer one.
    """
    return record.id != than.id and _telling(record) > _telling(than)


def _telling(record: CallRecord) -> tuple[bool, bool, int]:
    """Return how little a record says of a whole call, and of persons."""
    partial = record.outcome in PARTIAL
    return partial, record.by_seconds, 0 if partial else TELLING.index(record.outcome)


def unseen(record: CallRecord, call_id: str, now: datetime) -> Call | None:
    """Return the call that a record is about, of which nothing was heard while it lasted.

    Return None where the record does not tell how the whole call went.
    """
    if record.direction is None or record.outcome in PARTIAL:
        return None
    whose = record.answered_by or record.extension
    leg = Leg(id=whose, state=CallState.ENDED, extension=whose) if whose else None
    return Call(
        id=call_id,
        state=CallState.ENDED,
        direction=record.direction,
        caller=record.caller,
        callee=record.callee,
        legs=(leg,) if leg is not None else (),
        started_at=record.started_at,
        answered_at=record.answered_at,
        ended_at=record.ended_at or now,
        answered_by=record.answered_by,
        outcome=seen_from(record.direction, record.outcome),
        hangup_cause=record.hangup_cause,
        record=record,
    )


def told_late(call: Call, cause: Cause) -> Event:
    """Return how a call went, of which nothing was heard while it lasted."""
    return Event(
        type=EventType.CALL_MISSED
        if missed_by_outcome(call.direction, call.outcome)
        else EventType.CALL_ENDED,
        provider_event=cause.provider_event,
        time=cause.time,
        call=call,
        extension=next(iter(call.extensions), None),
        tell=call.extensions,
        fields={"told_late": True},
    )


# -- what is told of a record ----------------------------------------------------------------------


def events_of(push: RecordPush, call: Call | None, cause: Cause) -> list[Event]:
    """Return what a record tells: that it is there, and what can be listened to.

    Its seconds are a machine's where nobody has taken the call.
    """
    record = push.record
    if call is not None and record.by_seconds and call.outcome in UNTAKEN:
        outcome = call.outcome or record.outcome
        record = replace(record, outcome=outcome, answered_at=None, ring_time=None, duration=None)
    events = [_event(EventType.CALL_RECORD, record, call, cause)]
    if record.recording_id or record.recording_url:
        fields = {"recording_id": record.recording_id, "recording_url": record.recording_url}
        events.append(_event(EventType.RECORDING_READY, record, call, cause, fields))
    if record.voicemail:
        message = replace(record, recording_id=None, recording_url=record.voicemail_url)
        events.append(_event(EventType.VOICEMAIL_RECEIVED, message, call, cause))
    return events


def _event(
    kind: EventType,
    record: CallRecord,
    call: Call | None,
    cause: Cause,
    fields: Mapping[str, Detail] | None = None,
) -> Event:
    """Return an event about a record, for the phones of its call, or the one that it names.

    How a call went of which the record leaves that open, the call says.
    """
    extension = record.extension or record.answered_by
    if extension is None and call is not None:
        extension = call.answered_by
    heard = call.extensions if call is not None else ()
    if not heard and extension:
        heard = (extension,)
    return Event(
        type=kind,
        provider_event=cause.provider_event,
        time=cause.time,
        call=call,
        record=record,
        outcome=call.outcome if call is not None and record.outcome is Outcome.UNKNOWN else None,
        extension=extension,
        tell=heard,
        fields=fields or {},
    )
