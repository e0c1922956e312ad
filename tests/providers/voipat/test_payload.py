"""VOIP@: extensions and call records."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.pbx.providers.values import Json
from custom_components.pbx.providers.voipat.payload import (
    outcome_of,
    read_extension,
    read_record,
    read_registrations,
    read_statistics,
    sum_up,
)
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState, Outcome

from .rows import DOMAIN, INCOMING, OUTGOING, OUTSIDE, TENANT, VALUES, A, B, C


def legs_of(call: m.Call) -> list[tuple[str, str | None, CallState]]:
    """Give a call's legs in short."""
    return [(leg.id, leg.extension, leg.state) for leg in call.legs]


EXTENSION: Json = {
    "extension_uuid": "4444",
    "domain_name": DOMAIN,
    "extension": "1001",
    "number_alias": None,
    "effective_caller_id_name": "John Doe",
    "effective_caller_id_number": "1001",
    "outbound_caller_id_name": None,
    "outbound_caller_id_number": None,
    "directory_first_name": "John",
    "directory_last_name": "Doe",
    "enabled": True,
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, m.Extension(number="1001", name="John Doe", id="4444")),
        (
            {"directory_first_name": "", "directory_last_name": None},
            m.Extension(number="1001", name="John Doe", id="4444"),
        ),
        (
            {"directory_first_name": "", "directory_last_name": "", "effective_caller_id_name": "1001"},
            m.Extension(number="1001", id="4444"),
        ),
        ({"extension": 1001, "enabled": "true"}, m.Extension(number="1001", name="John Doe", id="4444")),
        ({"password": "SIP-CANARY"}, m.Extension(number="1001", name="John Doe", id="4444")),
        (
            {"outbound_caller_id_number": "0655500000", "outbound_caller_id_name": "Office"},
            m.Extension(
                number="1001",
                name="John Doe",
                id="4444",
                outbound_numbers=(m.OutboundNumber(number="+390655500000", label="Office", selected=True),),
            ),
        ),
        ({"enabled": "false"}, None),
        ({"extension": ""}, None),
        ({"extension": ["1001"]}, None),
        ({"domain_name": "other.example.net"}, None),
        ({"domain_name": ""}, m.Extension(number="1001", name="John Doe", id="4444")),
    ],
)
def test_extensions(change: Json, expected: m.Extension | None) -> None:
    """Booleans are text at times, texts are null at times."""
    assert read_extension({**EXTENSION, **change}, TENANT) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"registrations": [{"reg_user": "1001", "status": "Registered"}]}, {"1001"}),
        ({"registrations": [{"reg_user": "1001", "status": "Unregistered"}]}, set()),
        (
            [{"user": f"1001@{DOMAIN}"}, {"sip_user": "1002"}, {"sip-auth-user": "1003"}, {"x": 1}, 7],
            {"1001", "1002", "1003"},
        ),
        ({"rows": [{"user": "1001"}]}, {"1001"}),
        ({"data": {"1": {"user": "1001"}}}, {"1001"}),
        ({"registrations": {"rows": [{"user": "1001"}]}}, {"1001"}),
        ({"registrations": {"data": []}}, set()),
        ({"registrations": {"message": "none"}}, None),
        ({"registrations": []}, set()),
        ({"message": "none"}, None),
        ({"registrations": "none"}, None),
        ("text", None),
        (None, None),
    ],
)
def test_registrations(answer: object, expected: set[str] | None) -> None:
    """Nobody has seen a working list, so every shape is taken."""
    assert read_registrations(answer) == expected


RECORD: Json = {
    "xml_cdr_uuid": A,
    "domain_name": DOMAIN,
    "direction": "inbound",
    "caller_id_name": "Grace",
    "caller_id_number": "0612345678",
    "destination_number": "1001",
    "start_stamp": "2026-03-15T12:22:00.000Z",
    "answer_stamp": "2026-03-15T12:22:10+00:00",
    "end_stamp": "2026-03-15T12:26:15.250000+00:00",
    "duration": "255",
    "billsec": "245",
    "hangup_cause": "NORMAL_CLEARING",
    "record_name": None,
    "record_path": None,
}


UNANSWERED: Json = {**RECORD, "answer_stamp": None, "billsec": 0}


def test_a_record() -> None:
    """An answered call, with numbers as text and times of both servers."""
    assert read_record(RECORD, TENANT) == m.CallRecord(
        id=A,
        call_id=A,
        direction=INCOMING,
        outcome=Outcome.ANSWERED,
        caller=m.Party(number=OUTSIDE, name="Grace"),
        callee=m.Party(number="1001"),
        extension="1001",
        answered_by="1001",
        started_at=datetime(2026, 3, 15, 12, 22, tzinfo=UTC),
        answered_at=datetime(2026, 3, 15, 12, 22, 10, tzinfo=UTC),
        ended_at=datetime(2026, 3, 15, 12, 26, 15, 250000, tzinfo=UTC),
        ring_time=10,
        duration=245,
        hangup_cause="NORMAL_CLEARING",
    )


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"billsec": 245.0, "answer_stamp": None}, Outcome.ANSWERED),
        ({"billsec": "0"}, Outcome.ANSWERED),
        ({"last_app": "voicemail"}, Outcome.VOICEMAIL),
        ({"status": "voicemail", "billsec": "0", "answer_stamp": None}, Outcome.VOICEMAIL),
        ({**UNANSWERED, "hangup_cause": "NO_ANSWER"}, Outcome.MISSED),
        ({**UNANSWERED, "hangup_cause": "NO_ANSWER", "direction": "outbound"}, Outcome.NO_ANSWER),
        ({**UNANSWERED, "hangup_cause": "ORIGINATOR_CANCEL"}, Outcome.MISSED),
        ({**UNANSWERED, "hangup_cause": "USER_BUSY"}, Outcome.BUSY),
        ({**UNANSWERED, "hangup_cause": "CALL_REJECTED"}, Outcome.REJECTED),
        ({**UNANSWERED, "hangup_cause": "UNALLOCATED_NUMBER"}, Outcome.FAILED),
        ({**UNANSWERED, "hangup_cause": "USER_BUSY", "missed_call": True}, Outcome.MISSED),
        ({**UNANSWERED, "hangup_cause": "USER_BUSY", "missed_call": "true", "direction": "outbound"}, Outcome.BUSY),
        ({"missed_call": True}, Outcome.MISSED),  # a menu or a queue has picked up
        ({"missed_call": "true", "last_app": "callcenter"}, Outcome.MISSED),
        ({"missed_call": True, "last_app": "voicemail"}, Outcome.VOICEMAIL),
        ({"missed_call": True, "direction": "outbound"}, Outcome.ANSWERED),
        ({"missed_call": False, "last_app": "callcenter"}, Outcome.ANSWERED),
        ({"status": "missed", "last_app": "ivr"}, Outcome.MISSED),
        ({"status": "answered"}, Outcome.ANSWERED),
        ({"hangup_cause": "LOSE_RACE"}, Outcome.ANSWERED),
        ({**UNANSWERED, "hangup_cause": "user_busy"}, Outcome.BUSY),
        ({**UNANSWERED, "hangup_cause": None, "billsec": None}, Outcome.UNKNOWN),
        ({**UNANSWERED, "hangup_cause": "", "billsec": "-5"}, Outcome.UNKNOWN),
    ],
)
def test_outcomes(change: Json, outcome: Outcome) -> None:
    """A call was answered when somebody talked; else its cause says how it ended."""
    record = read_record({**RECORD, **change}, TENANT)
    assert record is not None
    assert record.outcome is outcome


def test_records_of_every_direction() -> None:
    """Whose record it is depends on the direction, which may be missing."""
    outgoing = read_record({**RECORD, "direction": "outbound", "caller_id_number": "1002"}, TENANT)
    internal = read_record({**RECORD, "direction": "local", "caller_id_number": "1002", "record_name": "a.wav"}, TENANT)
    unknown = read_record({**RECORD, "direction": None, "caller_id_number": "anonymous", "start_stamp": None}, TENANT)
    assert outgoing is not None
    assert internal is not None
    assert unknown is not None
    assert (outgoing.extension, outgoing.answered_by, outgoing.direction) == ("1002", None, OUTGOING)
    assert (internal.extension, internal.answered_by, internal.recording_id) == ("1002", "1001", "a.wav")
    assert (unknown.extension, unknown.direction, unknown.ring_time) == ("1001", INCOMING, None)
    assert unknown.caller == m.Party(hidden=True)


def test_a_missed_call_has_no_answer() -> None:
    """It rang until its end, whatever a machine has picked up."""
    record = read_record({**RECORD, "missed_call": True}, TENANT)
    assert record is not None
    assert (record.answered_at, record.duration, record.ring_time) == (None, 0, 255.25)


@pytest.mark.parametrize("said", [None, "", "unknown", 0])
@pytest.mark.parametrize(
    ("source", "target", "direction", "extension"),
    [
        ("0612345678", "1001", INCOMING, "1001"),
        ("", "1001", INCOMING, "1001"),
        ("0612345678", "0655501000", INCOMING, None),
        ("1002", "0612345678", OUTGOING, "1002"),
        ("1002", "1001", m.Direction.INTERNAL, "1002"),
        ("1002", "*97", m.Direction.INTERNAL, "1002"),
        ("", "", None, None),
    ],
)
def test_a_record_that_does_not_say_which_way(
    said: object, source: str, target: str, direction: m.Direction | None, extension: str | None
) -> None:
    """Its ends tell, so that a call which nobody saw is told as missed."""
    row = {**UNANSWERED, "direction": said, "caller_id_number": source, "destination_number": target}
    record = read_record({**row, "hangup_cause": "NO_ANSWER"}, TENANT)
    assert record is not None
    assert (record.direction, record.extension) == (direction, extension)


@pytest.mark.parametrize("change", [{"xml_cdr_uuid": None}, {"domain_name": "other.example.net"}])
def test_records_that_are_not_ours(change: Json) -> None:
    """Another tenant's record, or one without an id, is none."""
    assert read_record({**RECORD, **change}, TENANT) is None


def test_outcome_of_no_cause() -> None:
    """No cause says nothing."""
    assert outcome_of("", INCOMING) is None


NO_CALLS = m.Statistics(total=0, answered=0, missed=0, mean_duration=0)


@pytest.mark.parametrize(
    ("stats", "expected"),
    [
        (
            {"total_calls": 342, "answered": 298, "missed": 44, "avg_duration": 187},
            m.Statistics(total=342, answered=298, missed=44, mean_duration=187),
        ),
        (
            {"total_calls": 2, "answered_calls": 1, "missed_calls": 1, "avg_duration": 237.0, "total_duration": 237},
            m.Statistics(total=2, answered=1, missed=1, mean_duration=237),
        ),
        (
            {"total_calls": 0, "answered_calls": None, "missed_calls": None, "avg_duration": 0, "total_duration": 0},
            m.Statistics(total=0, answered=0, missed=0, mean_duration=0),
        ),
        ({"total_calls": 5}, m.Statistics(total=5)),
        (
            [
                {
                    "direction": "inbound",
                    "total_calls": "3",
                    "answered_calls": "2",
                    "missed_calls": "1",
                    "avg_duration_sec": "15",
                    "total_duration_sec": "30",
                },
                {"direction": "outbound", "total_calls": "1", "answered_calls": "0", "total_duration_sec": None},
                {"direction": None, "total_calls": "1"},
                "noise",
            ],
            m.Statistics(total=5, answered=2, missed=1, mean_duration=15, by_direction={"incoming": 3, "outgoing": 1}),
        ),
        ([], NO_CALLS),
        ({"total_calls": 0}, NO_CALLS),
        ({"total_calls": "0", "answered": 0, "missed": None, "avg_duration": None}, NO_CALLS),
        ({"total_calls": 2, "answered_calls": 2, "missed_calls": None}, m.Statistics(total=2, answered=2, missed=0)),
        ({"total_calls": 2, "answered": None, "missed": 2}, m.Statistics(total=2, answered=0, missed=2)),
        ({}, None),
        ({"total_calls": "many"}, None),
        (None, None),
        ("text", None),
    ],
)
def test_statistics(stats: object, expected: m.Statistics | None) -> None:
    """Three shapes exist."""
    assert read_statistics(stats) == expected


def test_summing_up() -> None:
    """What the server cannot sum up is counted here in the same way."""
    rows = [RECORD, {**UNANSWERED, "xml_cdr_uuid": B}, {**UNANSWERED, "xml_cdr_uuid": C, "direction": None}]
    records = [record for item in rows if (record := read_record(item, TENANT)) is not None]
    assert sum_up(records) == m.Statistics(
        total=3, answered=1, missed=2, mean_duration=245, by_direction={"incoming": 3}
    )
    assert sum_up([]) == NO_CALLS


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from([*RECORD, *EXTENSION, "status", "total_calls"]), VALUES))
def test_any_row(item: dict[str, object]) -> None:
    """Whatever a row holds, reading it raises nothing."""
    read_record({"xml_cdr_uuid": A, **item}, TENANT)
    read_extension({"extension": "1001", **item}, TENANT)
    read_statistics(item)
    read_statistics([item])
    read_registrations([item])
