"""Voxloud: what rows say."""

from datetime import timedelta

import pytest

from custom_components.pbx.providers.voxloud import payload, push
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import (
    EventType,
    Outcome,
)

from .account import AT, BOOK, CONTACT, FAX, INTERNAL, MAIN, MS, PLACED_RECORD, RECORD, wrapped


def record(**changes: object) -> m.CallRecord:
    """Read a record; None removes a key."""
    row = {key: value for key, value in (RECORD | changes).items() if value is not None}
    found = payload.read_record(row, BOOK)
    assert found is not None
    return found


def test_a_record_with_everything() -> None:
    """The reference's own example, field by field."""
    pushed = push.read_push(wrapped(RECORD, "PHONE_CALL"), BOOK)
    assert pushed == m.RecordPush(
        provider_event="PHONE_CALL",
        key=f"PHONE_CALL:8395:{RECORD['callId']}:{MS}:recording,voicemail,transcription,summary",
        record=m.CallRecord(
            id="8395",
            call_id=RECORD["callId"],
            direction=INTERNAL,
            outcome=Outcome.ANSWERED,
            caller=m.Party(number="101", name="User1 User1"),
            callee=m.Party(number="102", name="User2 User2"),
            extension="101",
            answered_by="102",
            answered_by_number="102",
            answered_by_name="User2 User2",
            started_at=AT,
            answered_at=AT + timedelta(seconds=1),
            ended_at=AT + timedelta(seconds=4),
            ring_time=1.0,
            duration=3.0,
            hangup_cause="CALL_TERMINATED",
            recording_id="8395",
            recording_url="https://media.example/rec.mp3",
            voicemail=True,
            voicemail_url="https://media.example/vm.mp3",
            details={
                "caller_masked": False,
                "archived": False,
                "record_type": "phone_call",
                "recorded": True,
                "labels": ("label1", "label2"),
                "rules": ("IVRRule1",),
                "contact_source": "Hubspot",
                "contact_url": "https://crm.example/contact/1",
                "contact_logo": "https://crm.example/logo.png",
                "transcription": "Workers who telecommute",
                "summary": "A study",
                "sentiment": 73.0,
            },
        ),
    )


@pytest.mark.parametrize(
    ("last", "direction", "outcome"),
    [
        ("CALL_TERMINATED", "INBOUND", Outcome.ANSWERED),
        ("CALL_ANSWERED", "OUTBOUND", Outcome.ANSWERED),
        ("CALL_TRANSFERRED", "INBOUND", Outcome.ANSWERED),
        ("CALL_CANCELED_BY_ORIGINATOR", "INBOUND", Outcome.MISSED),
        ("CALL_CANCELED_BY_ORIGINATOR", "OUTBOUND", Outcome.CANCELLED),
        ("CALL_CANCELED_BY_ORIGINATOR", "INTERNAL", Outcome.CANCELLED),
        ("CALL_LOST_NO_ANSWER", "INBOUND", Outcome.MISSED),
        ("CALL_LOST_NO_ANSWER", "INTERNAL", Outcome.MISSED),
        ("CALL_LOST_NO_ANSWER", "OUTBOUND", Outcome.NO_ANSWER),
        ("CALL_LOST_USER_OFFLINE", "INBOUND", Outcome.MISSED),  # a word that nobody has published
        ("CALL_LOST_TIMEOUT", "OUTBOUND", Outcome.NO_ANSWER),
        ("CALL_CANCELLED_BY_ORIGINATOR", "INBOUND", Outcome.MISSED),
        ("CALL_CANCELED", "OUTBOUND", Outcome.CANCELLED),
        ("CALL_LOST_USER_BUSY", "INBOUND", Outcome.BUSY),
        ("CALL_REJECTED", "INBOUND", Outcome.REJECTED),
        ("CALL_LOST_LOSE_RACE", "INBOUND", Outcome.ANSWERED_ELSEWHERE),
        ("CALL_REQUEST", "OUTBOUND", Outcome.UNKNOWN),
        ("CALL_STARTED", "OUTBOUND", Outcome.UNKNOWN),
        ("SOMETHING_NEW", "INBOUND", Outcome.UNKNOWN),
        (None, None, Outcome.UNKNOWN),
    ],
)
def test_how_a_call_ended(last: str | None, direction: str | None, outcome: Outcome) -> None:
    """Every `lastEvent` has an outcome."""
    found = record(
        lastEvent=last, direction=direction, answererNumber=None, answererName=None, voicemail=False, ringTime=None
    )
    assert found.outcome is outcome
    assert found.answered_by is None
    answered, unclear = outcome is Outcome.ANSWERED, outcome is Outcome.UNKNOWN
    assert found.ring_time == (None if answered or unclear else 4.0)
    assert found.duration is None


def test_a_voicemail_is_one_only_when_nobody_answered() -> None:
    """The flag alone does not turn a conversation into a message."""
    nobody: dict[str, object] = {"answererNumber": None, "answererName": None}
    assert record(**nobody, lastEvent="CALL_LOST_NO_ANSWER").outcome is Outcome.VOICEMAIL
    assert record(**nobody).outcome is Outcome.VOICEMAIL
    assert record(**nobody, lastEvent="CALL_LOST_LOSE_RACE").outcome is Outcome.ANSWERED_ELSEWHERE
    assert record().outcome is Outcome.ANSWERED
    assert record(voicemail_url=None, voicemailUrl="https://media.example/v").voicemail_url == "https://media.example/v"


def test_a_click_to_call_record_guesses_its_outcome() -> None:
    """It has no `lastEvent`: whoever talked longer than it rang was answered."""
    found = push.read_push(wrapped(PLACED_RECORD, "CLICK_TO_CALL"), BOOK)
    assert isinstance(found, m.RecordPush)
    assert found.provider_event == "CLICK_TO_CALL"
    assert found.record.outcome is Outcome.ANSWERED
    assert found.record.duration == 39.0
    assert found.record.caller == m.Party(number="+390663971096", name="Pinco Pallino")
    assert found.record.callee == m.Party(number="+393287035654")
    assert found.record.details["click_to_call_type"] == "extension"
    assert found.record.details["queue_call_id"] == "303b-clicktocall"
    unanswered = payload.read_record(PLACED_RECORD | {"ringTime": 40}, BOOK)
    assert unanswered is not None
    assert unanswered.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "extension"),
    [
        ({"direction": "INTERNAL"}, "101"),
        ({"direction": "OUTBOUND"}, "101"),
        ({"direction": "INBOUND", "originatorNumber": CONTACT}, "102"),
        ({"direction": "INBOUND", "answererNumber": None, "destinationNumber": "103"}, "103"),
        ({"direction": "INBOUND", "answererNumber": None, "destinationNumber": MAIN}, None),
        ({"direction": "INTERNAL", "lastEvent": "CALL_LOST_LOSE_RACE", "answererNumber": None}, "102"),
        ({"direction": None}, "102"),
    ],
)
def test_whose_record_it_is(changes: dict[str, object], extension: str | None) -> None:
    """Whoever called out, else whoever was reached, else the phone that was too slow."""
    assert record(**changes).extension == extension


def test_a_record_answered_by_an_outside_phone() -> None:
    """A forwarded call has an answerer who is no extension."""
    found = record(answererNumber=CONTACT, answererName="Mobile", direction="INBOUND")
    assert (found.answered_by, found.answered_by_number, found.answered_by_name) == (None, CONTACT, "Mobile")


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"duration": "4", "ringTime": "1"}, (1.0, 3.0)),
        ({"duration": 1, "ringTime": 4}, (4.0, 0.0)),
        ({"duration": None}, (1.0, None)),
        ({"duration": -1, "ringTime": 1e300}, (None, None)),
        ({"duration": [], "ringTime": {}}, (None, None)),
    ],
)
def test_odd_lengths(changes: dict[str, object], shown: tuple[float | None, float | None]) -> None:
    """Lengths that cannot be are unknown."""
    found = record(**changes)
    assert (found.ring_time, found.duration) == shown


def test_addresses_that_are_none_are_dropped() -> None:
    """Only web addresses are passed on."""
    found = record(recordingUrl="javascript:alert(1)", voicemail_url=7, contactCrmUrl="ftp://x")
    assert (found.recording_id, found.recording_url, found.voicemail_url) == (None, None, None)
    assert "contact_url" not in found.details


def test_a_record_without_an_id_has_its_calls() -> None:
    """The id stands in an example only."""
    assert record(id=None).id == RECORD["callId"]
    assert payload.read_record({"type": "PHONE_CALL"}, BOOK) is None
    assert push.read_push(wrapped({"lastEvent": "CALL_TERMINATED"}, "PHONE_CALL"), BOOK) is None


@pytest.mark.parametrize("bare", [True, False])
def test_a_fax_that_was_sent(*, bare: bool) -> None:
    """Only the envelope says that it is a fax; without it, sender and recipient do."""
    assert push.read_push(FAX if bare else wrapped(FAX, "FAX_CALL"), BOOK) == m.Notice(
        provider_event="FAX_CALL",
        type=EventType.FAX_SENT,
        key=f"FAX_CALL:1234:{MS}",
        time=AT,
        fields={
            "fax_id": "1234",
            "direction": "outgoing",
            "from_number": "+390312345678",
            "to_number": MAIN,
            "caller_hidden": False,
            "pages": 4,
            "document_url": "https://media.example/fax.pdf",
            "description": "A fax description",
        },
    )


def test_a_fax_that_was_received() -> None:
    """The direction comes in small letters here, in capitals there, with the history's names for the ends."""
    row = {
        "id": 8563,
        "direction": "INBOUND",
        "timestamp": "2018-05-15T15:47:03.000+0000",
        "originatorNumber": "anonymous",
        "destinationNumber": "3907331980093",
        "destinationName": "3907331980093-fax-caller-id-name",
    }
    found = push.read_push(wrapped(row, "FAX_CALL"), BOOK)
    assert isinstance(found, m.Notice)
    assert found.type is EventType.FAX_RECEIVED
    assert found.fields == {
        "fax_id": "8563",
        "direction": "incoming",
        "to_number": "+3907331980093",
        "caller_hidden": True,
    }
    assert push.read_push(wrapped(FAX | {"direction": "sideways"}, "FAX_CALL"), BOOK) is None
    assert push.read_push(wrapped(FAX | {"id": None}, "FAX_CALL"), BOOK) is None


def test_users_become_extensions() -> None:
    """Names are put together, the selected number is marked, and rows without an extension are skipped."""
    rows: list[dict[str, object]] = [
        {
            "id": "facbb7fe",
            "first_name": "John",
            "last_name": "Smith",
            "extension_number": 101,
            "outbound_cli": {
                "outbound_did": {"number": "+390112121212", "label": "Main office"},
                "available_dids": [
                    {"number": "+390112121212", "label": "Main office"},
                    {"number": "+390243212332", "label": "Support"},
                    {"number": None},
                    "x",
                ],
            },
        },
        {"id": "b", "first_name": "Federico", "last_name": None, "extension_number": "102", "outbound_cli": None},
        {"id": "c", "extension_number": 101, "first_name": "Twice"},
        {
            "id": {"x": 1},
            "extension_number": 103.0,
            "outbound_cli": {"outbound_did": {"number": "+390112121212"}, "available_dids": None},
        },
        {"extension_number": True},
        {"extension_number": None},
        {"extension_number": -1},
    ]
    john, federico, third = payload.read_users(rows, "IT")
    assert john == m.Extension(
        number="101",
        name="John Smith",
        id="facbb7fe",
        outbound_numbers=(
            m.OutboundNumber(number="+390112121212", label="Main office", selected=True),
            m.OutboundNumber(number="+390243212332", label="Support"),
        ),
    )
    assert federico == m.Extension(number="102", name="Federico", id="b")
    assert third == m.Extension(
        number="103", outbound_numbers=(m.OutboundNumber(number="+390112121212", selected=True),)
    )


def test_the_most_telling_record() -> None:
    """Who answered says more than who was too slow."""
    lost = record(id=1, lastEvent="CALL_LOST_LOSE_RACE", answererNumber=None, voicemail=False)
    missed = record(id=2, lastEvent="CALL_LOST_NO_ANSWER", direction="INBOUND", answererNumber=None, voicemail=False)
    answered = record(id=3)
    assert payload.most_telling([lost, missed, answered]) is answered
    assert payload.most_telling([lost, missed]) is missed
    assert payload.most_telling([lost]) is lost
    assert payload.most_telling([]) is None
