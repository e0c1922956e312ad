"""An event is flat, of one schema for every provider, and what nobody knows is absent."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.pbx.telephony.events import FIELDS, POLL, Event, call_data, event_data, record_data
from custom_components.pbx.telephony.models import (
    UNTAKEN,
    Call,
    CallRecord,
    CallState,
    Direction,
    EventType,
    Leg,
    Outcome,
    Party,
)

from ..registry.story import moment

ALWAYS = {"type", "provider_event", "time"}
COMMON = ALWAYS | {
    *("call_id", "direction", "state", "from_number", "from_name", "to_number", "to_name", "contact_known"),
    *("caller_hidden", "extension", "queue", "agent", "started_at", "answered_at", "ended_at", "ring_time"),
    *("duration", "outcome", "hangup_cause", "ended_by"),
}
CALL = "answered_by user_email sip_username"
RECORD = (
    "record_id answered_by_number answered_by_name caller_masked archived record_type recorded labels "
    "rules contact_source contact_url contact_logo recording_url voicemail voicemail_url "
    "click_to_call_type queue_call_id transcription summary sentiment answered_by recording_id"
)
MEDIA = "recording_id recording_url size duration record_id answered_by"
FAX = "fax_id pages document_url description"
MORE = {
    EventType.CALL_INCOMING: CALL,
    EventType.CALL_OUTGOING: CALL,
    EventType.CALL_ANSWERED: CALL,
    EventType.CALL_HELD: CALL,
    EventType.CALL_RESUMED: CALL,
    EventType.CALL_MISSED: f"{CALL} told_late",
    EventType.CALL_ENDED: f"{CALL} told_late",
    EventType.CALL_TRANSFERRED: f"{CALL} transferred_to",
    EventType.CALL_CORRECTED: f"{CALL} outcome_before",
    EventType.CALL_RECORD: RECORD,
    EventType.RECORDING_READY: MEDIA,
    EventType.VOICEMAIL_RECEIVED: MEDIA,
    EventType.FAX_RECEIVED: FAX,
    EventType.FAX_SENT: FAX,
    EventType.SMS_RECEIVED: "message_id text",
    EventType.DTMF_RECEIVED: f"{CALL} digits pressed_by",
    EventType.USER_EVENT: "name parameters",
    EventType.AGENT_LOGGED_IN: "",
    EventType.AGENT_LOGGED_OUT: "",
    EventType.AGENT_PAUSED: "",
    EventType.AGENT_UNPAUSED: "",
    EventType.AGENT_WRAP_UP: "",
}

FULL_CALL = Call(
    id="c",
    state=CallState.ENDED,
    direction=Direction.INCOMING,
    caller=Party(number="+390612345678", name="Anna", known=True),
    callee=Party(number="101", name="Bert"),
    legs=(Leg(id="leg", state=CallState.ENDED, extension="101", context="internal", account_code="a"),),
    queue="600",
    started_at=moment(0),
    answered_at=moment(4),
    ended_at=moment(10),
    answered_by="101",
    outcome=Outcome.ANSWERED,
    hangup_cause="NORMAL_CLEARING",
    ended_by="caller",
)
DETAILS = {name: "x" for line in MORE.values() for name in line.split()}
FULL_RECORD = CallRecord(
    id="1",
    call_id="c",
    direction=Direction.INCOMING,
    outcome=Outcome.ANSWERED,
    caller=Party(number="+390612345678", name="Anna"),
    callee=Party(number="101", name="Bert"),
    extension="101",
    answered_by="101",
    answered_by_number="101",
    answered_by_name="Bert",
    started_at=moment(0),
    answered_at=moment(4),
    ended_at=moment(10),
    ring_time=4,
    duration=6,
    hangup_cause="NORMAL_CLEARING",
    recording_id="rec",
    recording_url="https://media.example/rec.mp3",
    voicemail=False,
    voicemail_url="https://media.example/vm.mp3",
    details={"labels": ("a", "b"), "rules": (), "sentiment": 73, "transcription": "Hello"},
)


def event(kind: EventType, **more: object) -> Event:
    """Make an event."""
    return Event(type=kind, provider_event=POLL, time=moment(0), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", EventType)
def test_an_event_holds_no_more_than_is_documented(kind: EventType) -> None:
    """Whatever a provider passes on."""
    documented = COMMON | set(MORE[kind].split()) if kind in MORE else ALWAYS
    full = event(
        kind,
        call=FULL_CALL,
        record=FULL_RECORD,
        extension="101",
        agent="7",
        queue="600",
        fields={**DETAILS, "secret": "x", "config_entry_id": "x", "device_id": "x", "provider": "x"},
    )
    assert event_data(full).keys() == documented
    assert FIELDS[kind] == documented


@pytest.mark.parametrize("kind", EventType)
def test_what_nobody_knows_is_absent(kind: EventType) -> None:
    """Neither empty nor guessed."""
    assert event_data(event(kind)).keys() == ALWAYS
    nothing = {"a": None, "b": "", "c": (), "text": "", "digits": None}
    assert event_data(event(kind, fields=nothing)).keys() == ALWAYS
    bare = event_data(event(kind, call=Call(id="c", state=CallState.RINGING)))
    assert bare.keys() <= ALWAYS | {"call_id", "state"}


def test_every_event_is_flat_and_can_be_written_down() -> None:
    """Ids are text, times are ISO 8601 in UTC, lengths are seconds."""
    data = event_data(event(EventType.CALL_ENDED, call=FULL_CALL, extension="101"))
    assert data == {
        "type": "call_ended",
        "provider_event": "poll",
        "time": "2026-01-05T08:00:00+00:00",
        "call_id": "c",
        "direction": "incoming",
        "state": "ended",
        "from_number": "+390612345678",
        "from_name": "Anna",
        "to_number": "101",
        "to_name": "Bert",
        "contact_known": True,
        "caller_hidden": False,
        "extension": "101",
        "queue": "600",
        "started_at": "2026-01-05T08:00:00+00:00",
        "answered_at": "2026-01-05T08:00:04+00:00",
        "ended_at": "2026-01-05T08:00:10+00:00",
        "ring_time": 4.0,
        "duration": 6.0,
        "outcome": "answered",
        "hangup_cause": "NORMAL_CLEARING",
        "ended_by": "caller",
        "answered_by": "101",
    }
    assert all(type(value) in {str, int, float, bool, list} for value in data.values())
    assert all(datetime.fromisoformat(str(data[name])).tzinfo == UTC for name in ("time", "started_at", "ended_at"))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        pytest.param(replace(FULL_CALL, started_at=None), {"duration": 6.0}, id="no_start"),
        pytest.param(replace(FULL_CALL, answered_at=None), {}, id="answered_nobody_knows_when"),
        pytest.param(
            replace(FULL_CALL, answered_at=None, outcome=Outcome.MISSED), {"ring_time": 10.0}, id="never_answered"
        ),
        pytest.param(replace(FULL_CALL, ended_at=None), {"ring_time": 4.0}, id="goes_on"),
        pytest.param(
            replace(FULL_CALL, started_at=moment(5), ended_at=moment(3)),
            {"ring_time": 0.0, "duration": 0.0},
            id="clocks",
        ),
    ],
)
def test_lengths_are_told_where_both_ends_are_known(call: Call, expected: dict[str, float]) -> None:
    """And never negative, whatever the clocks say."""
    data = call_data(call)
    assert {name: data[name] for name in ("ring_time", "duration") if name in data} == expected


@pytest.mark.parametrize("outcome", list(Outcome))
def test_nobody_has_talked_in_a_call_that_nobody_took(outcome: Outcome) -> None:
    """A menu or a queue that picked up is no answer: the call rang until its end."""
    data = call_data(replace(FULL_CALL, outcome=outcome))
    told = (data.get("answered_at"), data.get("duration"), data["ring_time"])
    assert told == ((None, None, 10.0) if outcome in UNTAKEN else ("2026-01-05T08:00:04+00:00", 6.0, 4.0))


@pytest.mark.parametrize(
    ("direction", "caller", "hidden", "known"),
    [
        (Direction.INCOMING, Party(hidden=True), True, None),
        (Direction.INCOMING, Party(number="+390612345678", known=False), False, False),
        (Direction.INCOMING, Party(), None, None),
        (None, Party(number="101"), False, None),
        (Direction.OUTGOING, Party(number="101", known=False), None, True),
    ],
)
def test_whether_the_caller_hides_and_is_known(
    direction: Direction | None,
    caller: Party,
    hidden: bool | None,  # noqa: FBT001
    known: bool | None,  # noqa: FBT001
) -> None:
    """About the other party: whoever is called where one calls oneself."""
    data = call_data(replace(FULL_CALL, direction=direction, caller=caller, callee=Party(number="1", known=True)))
    assert data.get("caller_hidden") is hidden
    assert data.get("contact_known") is known


def test_one_phones_outcome_and_own_fields_go_before_the_calls() -> None:
    """What is nearest to the event knows best."""
    told = event(
        EventType.CALL_ENDED, call=FULL_CALL, outcome=Outcome.ANSWERED_ELSEWHERE, queue="601", fields={"duration": 3}
    )
    data = event_data(told)
    assert (data["outcome"], data["queue"], data["duration"]) == ("answered_elsewhere", "601", 3)


def test_a_record_is_told_with_all_that_it_knows() -> None:
    """In an event and as an answer; lists are lists."""
    answer = record_data(FULL_RECORD)
    data = event_data(event(EventType.CALL_RECORD, record=FULL_RECORD))
    assert answer.items() <= data.items()
    assert (data["labels"], data["sentiment"], data["voicemail"]) == (["a", "b"], 73, False)
    assert "rules" not in data
    assert data["ring_time"] == 4
    known = {each.name for each in fields(CallRecord)} - {"id", "caller", "callee", "details", "by_seconds"}
    assert known <= answer.keys()
    assert record_data(CallRecord(id="1")) == {"record_id": "1", "outcome": "unknown"}


def test_parts_of_a_second_are_told() -> None:
    """As they are known."""
    data = event_data(
        event(EventType.CALL_ENDED, call=replace(FULL_CALL, ended_at=moment(10) + timedelta(seconds=0.5)))
    )
    assert data["ended_at"] == "2026-01-05T08:00:10.500000+00:00"
    assert data["duration"] == 6.5


@pytest.mark.parametrize(
    ("direction", "caller", "told"),
    [
        (Direction.INCOMING, Party(hidden=True), True),
        (None, Party(hidden=True), True),
        (Direction.INCOMING, Party(number="+390612345678"), False),
        (Direction.INCOMING, Party(), None),
        (Direction.OUTGOING, Party(hidden=True), None),
    ],
)
def test_a_record_tells_a_hidden_caller(direction: Direction | None, caller: Party, told: bool | None) -> None:  # noqa: FBT001
    """As a call does, in an event and in the history alike."""
    record = CallRecord(id="1", direction=direction, caller=caller)
    call = Call(id="c", state=CallState.ENDED, direction=direction, caller=caller)
    assert record_data(record).get("caller_hidden") is told
    assert event_data(event(EventType.CALL_RECORD, record=record)).get("caller_hidden") is told
    assert call_data(call).get("caller_hidden") is told
