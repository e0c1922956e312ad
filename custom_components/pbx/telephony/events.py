"""What happened, in the flat form of `pbx_event`.

There is one schema for every provider. Fields that are unknown are absent.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .models import Call, CallRecord, Detail, Direction, EventType, Outcome, Party

POLL = "poll"

type Value = str | int | float | bool | list[str]

ALWAYS = frozenset({"type", "provider_event", "time"})
COMMON = ALWAYS | {
    *(
        "call_id",
        "direction",
        "state",
        "from_number",
        "from_name",
        "to_number",
        "to_name",
        "contact_known",
    ),
    *(
        "caller_hidden",
        "extension",
        "queue",
        "agent",
        "started_at",
        "answered_at",
        "ended_at",
        "ring_time",
    ),
    *("duration", "outcome", "hangup_cause", "ended_by"),
}
ABOUT_CALLS = COMMON | {"answered_by", "user_email", "sip_username"}
RECORDED = COMMON | {"answered_by", "record_id", "recording_id", "recording_url"}
ABOUT_RECORDS = RECORDED | {
    *(
        "answered_by_number",
        "answered_by_name",
        "caller_masked",
        "archived",
        "record_type",
        "recorded",
        "labels",
        "rules",
        "contact_source",
    ),
    *(
        "contact_url",
        "contact_logo",
        "voicemail",
        "voicemail_url",
        "click_to_call_type",
        "queue_call_id",
    ),
    *("transcription", "summary", "sentiment"),
}
FAX = COMMON | {"fax_id", "pages", "document_url", "description"}

# What each event may hold, whatever a provider knows beyond that.
FIELDS: Mapping[EventType, frozenset[str]] = {
    EventType.CALL_INCOMING: ABOUT_CALLS,
    EventType.CALL_OUTGOING: ABOUT_CALLS,
    EventType.CALL_ANSWERED: ABOUT_CALLS,
    EventType.CALL_HELD: ABOUT_CALLS,
    EventType.CALL_RESUMED: ABOUT_CALLS,
    EventType.CALL_MISSED: ABOUT_CALLS | {"told_late"},
    EventType.CALL_ENDED: ABOUT_CALLS | {"told_late"},
    EventType.CALL_CORRECTED: ABOUT_CALLS | {"outcome_before"},
    EventType.CALL_TRANSFERRED: ABOUT_CALLS | {"transferred_to"},
    EventType.CALL_RECORD: ABOUT_RECORDS,
    EventType.RECORDING_READY: RECORDED | {"size"},
    EventType.VOICEMAIL_RECEIVED: RECORDED | {"size"},
    EventType.FAX_RECEIVED: FAX,
    EventType.FAX_SENT: FAX,
    EventType.SMS_RECEIVED: COMMON | {"message_id", "text"},
    EventType.DTMF_RECEIVED: ABOUT_CALLS | {"digits", "pressed_by"},
    EventType.USER_EVENT: COMMON | {"name", "parameters"},
    EventType.AGENT_LOGGED_IN: COMMON,
    EventType.AGENT_LOGGED_OUT: COMMON,
    EventType.AGENT_PAUSED: COMMON,
    EventType.AGENT_UNPAUSED: COMMON,
    EventType.AGENT_WRAP_UP: COMMON,
    EventType.UNKNOWN: ALWAYS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened.

    `extension` is whose phone it is about and `tell` which extensions hear of it. `public` says
    that the bus and the account hear it as well, which is once per call and type.
    """

    type: EventType
    provider_event: str
    time: datetime
    call: Call | None = None
    record: CallRecord | None = None
    extension: str | None = None
    agent: str | None = None
    queue: str | None = None
    outcome: Outcome | None = None
    tell: tuple[str, ...] = ()
    public: bool = True
    fields: Mapping[str, Detail] = field(default_factory=dict)


def event_data(event: Event, call: Mapping[str, Value] | None = None) -> dict[str, Value]:
    """Flatten an event; times are ISO 8601 in UTC, ids are text, lengths are seconds.

    `call` is its call, if somebody has flattened that before.
    """
    data: dict[str, Value] = {
        "type": str(event.type),
        "provider_event": event.provider_event,
        "time": event.time.isoformat(),
    }
    if event.call is not None:
        data |= call_data(event.call) if call is None else call
    whose = {"extension": event.extension, "agent": event.agent, "queue": event.queue}
    data |= {name: identity for name, identity in whose.items() if identity}
    if event.record is not None:
        _add_record(data, event.record)
    if event.call is not None:
        data["call_id"] = event.call.id
    if event.outcome is not None:
        data["outcome"] = str(event.outcome)
    for name, detail in event.fields.items():
        _add(data, name, detail)
    known = FIELDS[event.type]
    return {name: value for name, value in data.items() if name in known}


def record_data(record: CallRecord) -> dict[str, Value]:
    """Flatten a call record for an action's answer."""
    data: dict[str, Value] = {}
    _add_record(data, record)
    return data


def call_data(call: Call) -> dict[str, Value]:
    """Flatten a call."""
    data: dict[str, Value] = {"call_id": call.id, "state": str(call.state)}
    if call.direction is not None:
        data["direction"] = str(call.direction)
    _add_party(data, "from", call.caller)
    _add_party(data, "to", call.callee)
    if call.direction is not Direction.OUTGOING and (call.caller.number or call.caller.hidden):
        data["caller_hidden"] = call.caller.hidden
    # As `outside` says, but without a call: each event comes through here.
    known = (call.callee if call.direction is Direction.OUTGOING else call.caller).known
    if known is not None:
        data["contact_known"] = known
    if call.queue:
        data["queue"] = call.queue
    met_at = call.met_at
    _add_times(data, call.started_at, met_at, call.ended_at)
    until = met_at or (call.ended_at if call.outcome is not Outcome.ANSWERED else None)
    if call.started_at and until:
        data["ring_time"] = max(0.0, (until - call.started_at).total_seconds())
    if met_at and call.ended_at:
        data["duration"] = max(0.0, (call.ended_at - met_at).total_seconds())
    if call.outcome is not None:
        data["outcome"] = str(call.outcome)
    said = {
        "hangup_cause": call.hangup_cause,
        "ended_by": call.ended_by,
        "answered_by": call.answered_by,
    }
    return data | {name: text for name, text in said.items() if text}


def _add_record(data: dict[str, Value], record: CallRecord) -> None:
    """Add what the record of a call says."""
    _add(data, "record_id", record.id)
    _add(data, "call_id", record.call_id)
    _add(data, "direction", record.direction)
    _add(data, "extension", record.extension)
    _add_party(data, "from", record.caller)
    _add_party(data, "to", record.callee)
    if record.direction is not Direction.OUTGOING and (
        record.caller.number or record.caller.hidden
    ):
        data["caller_hidden"] = record.caller.hidden
    _add_times(data, record.started_at, record.answered_at, record.ended_at)
    data["outcome"] = record.outcome.value
    for name in (
        "answered_by",
        "answered_by_number",
        "answered_by_name",
        "ring_time",
        "duration",
        "hangup_cause",
        "recording_id",
        "recording_url",
        "voicemail",
        "voicemail_url",
    ):
        _add(data, name, getattr(record, name))
    for name, detail in record.details.items():
        _add(data, name, detail)


def _add_party(data: dict[str, Value], side: str, party: Party) -> None:
    """Add who is at one side of a call."""
    if party.number:
        data[f"{side}_number"] = party.number
    if party.name:
        data[f"{side}_name"] = party.name


def _add_times(
    data: dict[str, Value],
    started: datetime | None,
    answered: datetime | None,
    ended: datetime | None,
) -> None:
    """Add when a call began, was answered and ended, and how long that took."""
    for name, moment in (("started_at", started), ("answered_at", answered), ("ended_at", ended)):
        if moment is not None:
            data[name] = moment.isoformat()


def _add(data: dict[str, Value], name: str, value: Detail) -> None:
    """Add a field that has a value."""
    if isinstance(value, tuple):
        if value:
            data[name] = list(value)
    elif value is not None and value != "":
        data[name] = str(value) if isinstance(value, str) else value
