"""Call records: what they say of a call, while it seems to go on and when it is over (rule 8)."""

from collections.abc import Mapping
from dataclasses import replace

from ..telephony.events import Event
from ..telephony.models import (
    UP,
    Call,
    CallRecord,
    CallState,
    Detail,
    Direction,
    EventType,
    Outcome,
    RecordPush,
    filled,
)
from .active_call import ActiveCall
from .changes import Cause
from .facts import Source

UNMET = frozenset(
    {Outcome.MISSED, Outcome.BUSY, Outcome.REJECTED, Outcome.CANCELLED, Outcome.VOICEMAIL}
)

# -- of a call that seems to go on -------------------------------------------------------------------


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


def apply_part(call: ActiveCall, record: CallRecord) -> None:
    """Take the record of a phone that was too slow, or that has handed the call over."""
    call.sources.last = Source.RECORD
    if not record.extension:
        return
    for leg in call.legs.values():
        if leg.extension == record.extension and leg.state not in UP:
            leg.state = CallState.ENDED


def apply_record(call: ActiveCall, record: CallRecord) -> None:
    """Take the record of the whole call, which is over."""
    facts = call.facts
    call.sources.last = Source.RECORD
    if record.outcome is not Outcome.UNKNOWN:
        facts.outcome = record.outcome
    facts.hangup_cause = record.hangup_cause or facts.hangup_cause
    facts.direction = facts.direction or record.direction
    facts.caller = filled(facts.caller, record.caller)
    facts.callee = filled(facts.callee, record.callee)
    facts.answered_at = facts.answered_at or record.answered_at
    facts.answered_by = facts.answered_by or record.answered_by


# -- of a call that is over --------------------------------------------------------------------------


def completed(call: Call, record: CallRecord) -> Call:
    """Return a call that is over with what its record knows better.

    The record of one phone that was too slow never takes an answer away.
    """
    better = record.outcome not in {Outcome.UNKNOWN, Outcome.ANSWERED_ELSEWHERE}
    corrects = better and call.outcome is not Outcome.ANSWERED
    return replace(
        call,
        outcome=record.outcome if corrects else call.outcome,
        direction=call.direction or record.direction,
        caller=filled(call.caller, record.caller),
        callee=filled(call.callee, record.callee),
        hangup_cause=call.hangup_cause or record.hangup_cause,
        answered_at=call.answered_at or record.answered_at,
        answered_by=call.answered_by or record.answered_by,
        record=record if better or call.record is None else call.record,
    )


def missed(call: Call) -> bool | None:
    """Return whether a call was missed, None where its outcome says nothing of that."""
    if call.outcome is Outcome.ANSWERED:
        return False
    unmet = call.direction is Direction.INCOMING and call.outcome in UNMET
    return True if unmet else None


# -- what is told of a record ------------------------------------------------------------------------


def events_of(push: RecordPush, call: Call | None, cause: Cause) -> list[Event]:
    """Return what a record tells: that it is there, and what can be listened to."""
    record = push.record
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
    """Return an event about a record, for the phones of its call, or the one that it names."""
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
        extension=extension,
        tell=heard,
        fields=fields or {},
    )
