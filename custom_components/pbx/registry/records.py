"""Call records: what they complete (rule 8), and what is told of them."""

from collections.abc import Iterator
from dataclasses import replace

from ..telephony.events import Event
from ..telephony.models import Call, CallRecord, Direction, EventType, Outcome, RecordPush, filled
from .announcements import Origin

UNMET = frozenset(
    {Outcome.MISSED, Outcome.BUSY, Outcome.REJECTED, Outcome.CANCELLED, Outcome.VOICEMAIL}
)


def completed(call: Call, record: CallRecord) -> Call:
    """Complete a call that is over: the record knows better how it went, but one phone's record never takes away."""
    better = record.outcome not in {Outcome.UNKNOWN, Outcome.ANSWERED_ELSEWHERE}
    return replace(
        call,
        outcome=record.outcome if better and call.outcome is not Outcome.ANSWERED else call.outcome,
        direction=call.direction or record.direction,
        caller=filled(call.caller, record.caller),
        callee=filled(call.callee, record.callee),
        hangup_cause=call.hangup_cause or record.hangup_cause,
        answered_at=call.answered_at or record.answered_at,
        answered_by=call.answered_by or record.answered_by,
        record=record if call.record is None or better else call.record,
    )


def missed(call: Call) -> bool | None:
    """Say whether a call was missed, None where its outcome says nothing of that."""
    if call.outcome is Outcome.ANSWERED:
        return False
    return True if call.direction is Direction.INCOMING and call.outcome in UNMET else None


def news(push: RecordPush, call: Call | None, origin: Origin) -> Iterator[Event]:
    """Tell of a record, and of what can be listened to."""
    record = push.record
    extension = (
        record.extension or record.answered_by or (call.answered_by if call is not None else None)
    )
    heard = call.extensions if call is not None else ()

    def event(kind: EventType, record: CallRecord, **fields: str | None) -> Event:
        return Event(
            type=kind,
            provider_event=origin.provider_event,
            time=origin.time,
            call=call,
            record=record,
            extension=extension,
            tell=heard or ((extension,) if extension else ()),
            fields=fields,
        )

    yield event(EventType.CALL_RECORD, record)
    if record.recording_id or record.recording_url:
        yield event(
            EventType.RECORDING_READY,
            record,
            recording_id=record.recording_id,
            recording_url=record.recording_url,
        )
    if record.voicemail:
        message = replace(record, recording_id=None, recording_url=record.voicemail_url)
        yield event(EventType.VOICEMAIL_RECEIVED, message)
