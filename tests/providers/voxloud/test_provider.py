"""The Voxloud provider: events and rows become models, and commands reach the phone system exactly once."""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.pbx.providers import http as http_module
from custom_components.pbx.providers.http import RateLimit
from custom_components.pbx.providers.voxloud import history, payload, push
from custom_components.pbx.providers.voxloud import provider as voxloud
from custom_components.pbx.providers.voxloud.provider import VoxloudProvider
from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    AuthError,
    BadPayloadError,
    ConnectError,
    InvalidInputError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    RefusedError,
    UnknownOutcomeError,
    UnsupportedError,
)
from custom_components.pbx.telephony.models import (
    CallState,
    Capability,
    DialFirst,
    Direction,
    EventType,
    Outcome,
    PlacedOutcome,
)
from tests.simulators.base import FaultKind
from tests.simulators.voxloud import (
    Absent,
    ByCallId,
    DeliveryMode,
    Envelope,
    ErrorStyle,
    EventKey,
    ForeignNumber,
    GroupHangup,
    LastEvent,
    NumberStyle,
    UpdateMethod,
    VoxloudSimulator,
    demo_users,
)
from tests.simulators.voxloud import DialFirst as SimulatedOrder
from tests.simulators.voxloud import EventType as SimulatedEvent

MS = 1_523_025_126_000
AT = datetime(2018, 4, 6, 14, 32, 6, tzinfo=UTC)
CANARY = "vx-canary-5ec7e7ca9a7ab1ec5ec7e7"
HOOK = "https://ha.example.com/api/webhook/4c1d8f0c"
FOREIGN_HOOK = "https://crm.example.com/hook"
CONTACT = "+390655502001"
MAIN, SUPPORT = "+390655501000", "+390655501100"
BOOK = payload.Book(country="IT", own=frozenset({MAIN}))

RINGING, TALKING, ENDED, DIALING = CallState.RINGING, CallState.TALKING, CallState.ENDED, CallState.DIALING
INCOMING, OUTGOING, INTERNAL = Direction.INCOMING, Direction.OUTGOING, Direction.INTERNAL

RECORD: dict[str, Any] = {
    "id": 8395,
    "type": "PHONE_CALL",
    "accountId": "faffd4879c2b686fe9c5fb1673ce2800",
    "direction": "INTERNAL",
    "timestamp": MS,
    "originatorName": "User1 User1",
    "originatorNumber": "101",
    "destinationName": "User2 User2",
    "destinationNumber": "102",
    "answererName": "User2 User2",
    "answererNumber": "102",
    "maskCallerNumber": False,
    "lastEvent": "CALL_TERMINATED",
    "duration": 4,
    "ringTime": 1,
    "archived": False,
    "callId": "1734bfbbd5dc4a9c8de1d2e5235e6389",
    "recorded": True,
    "recordingUrl": "https://media.example/rec.mp3",
    "voicemail": True,
    "voicemail_url": "https://media.example/vm.mp3",
    "labels": ["label1", "label2"],
    "ruleNames": ["IVRRule1"],
    "contactCrm": "Hubspot",
    "contactCrmUrl": "https://crm.example/contact/1",
    "crmLogo": "https://crm.example/logo.png",
    "transcription": "Workers who telecommute",
    "summary": "A study",
    "sentiment_score": 73,
}
PLACED_RECORD: dict[str, Any] = {
    "id": 517,
    "type": "CLICK_TO_CALL",
    "direction": "OUTBOUND",
    "timestamp": MS,
    "originatorName": "Pinco Pallino",
    "originatorNumber": "390663971096",
    "destinationName": "393287035654",
    "destinationNumber": "393287035654",
    "duration": 40,
    "ringTime": 1,
    "queueCallId": "303b-clicktocall",
    "clickToCallType": "EXTENSION",
    "archived": False,
    "callId": "303b-clicktocall",
    "recorded": True,
    "recordingUrl": "https://media.example/ctc.mp3",
}
FAX: dict[str, Any] = {
    "id": 1234,
    "timestamp": MS,
    "direction": "outbound",
    "sender": "390312345678",
    "recipient": "390655501000",
    "attachment_url": "https://media.example/fax.pdf",
    "total_pages": 4,
    "description": "A fax description",
}


def event(kind: str = "INCOMING", /, **changes: object) -> dict[str, object]:
    """Give the data of a call event; None removes a key."""
    data: dict[str, object] = {
        "timestamp": MS,
        "callId": "9cb33f1b",
        "type": kind,
        "originatorNumber": "+390687654321",
        "originatorName": "Another User",
        "destinationNumber": MAIN,
        "destinationName": "Some User",
        "sipUsername": "sip_user",
        "userEmail": "user1@example.com",
        "userExtension": 101,
    }
    return {key: value for key, value in (data | changes).items() if value is not None}


def wrapped(data: Mapping[str, object], kind: str, pbx_id: object = 117) -> dict[str, object]:
    """Put data into the envelope of a webhook."""
    return {"timestamp": MS, "type": kind, "data": data, "pbx_id": pbx_id}


def leg(data: Mapping[str, object], book: payload.Book = BOOK) -> m.LegPush:
    """Read a call event."""
    pushed = push.read_push(dict(data), book)
    assert isinstance(pushed, m.LegPush)
    return pushed


def record(**changes: object) -> m.CallRecord:
    """Read a record; None removes a key."""
    row = {key: value for key, value in (RECORD | changes).items() if value is not None}
    found = payload.read_record(row, BOOK)
    assert found is not None
    return found


def request(body: object) -> m.PushRequest:
    """Give a webhook request."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return m.PushRequest(method="POST", query={}, content_type="application/json", body=raw)


# -- events of running calls -------------------------------------------------------------------------


def test_a_started_call_in_its_envelope() -> None:
    """The reference's own example becomes a dialling leg of its user."""
    data = event("STARTED", originatorNumber="101", originatorName="User1", destinationNumber="102")
    assert leg(wrapped(data, "CALL_STARTED")) == m.LegPush(
        provider_event="CALL_STARTED",
        call_id="9cb33f1b",
        state=DIALING,
        leg_id="101",
        extension="101",
        key=f"CALL_STARTED:9cb33f1b:101:{MS}",
        time=AT,
        direction=INTERNAL,
        caller=m.Party(number="101", name="User1"),
        callee=m.Party(number="102", name="Some User"),
        started_at=AT,
        details={"user_email": "user1@example.com", "sip_username": "sip_user"},
    )


@pytest.mark.parametrize(
    ("kind", "state"), [("STARTED", DIALING), ("INCOMING", RINGING), ("ANSWERED", TALKING), ("HANGUP", ENDED)]
)
def test_every_call_event_wrapped_or_bare(kind: str, state: CallState) -> None:
    """Envelope or not, the same leg comes out; both spellings of the type are understood."""
    bare = leg(event(kind))
    assert bare.state is state
    assert bare == leg(wrapped(event(kind), f"CALL_{kind}")) == leg(event(f"call_{kind}".lower()))
    assert bare.started_at == (AT if state in {DIALING, RINGING} else None)
    assert bare.answered_at == (AT if state is TALKING else None)
    assert not bare.final


@pytest.mark.parametrize(
    ("given_by", "leg_id", "extension"),
    [
        ({}, "101", "101"),
        ({"userExtension": "101"}, "101", "101"),
        ({"userExtension": 101.0}, "101", "101"),
        ({"userExtension": None}, "sip_user", None),
        ({"userExtension": True}, "sip_user", None),
        ({"userExtension": "x"}, "sip_user", None),
        ({"userExtension": None, "sipUsername": None}, "user1@example.com", None),
        ({"userExtension": None, "sipUsername": None, "userEmail": None}, "-", None),
    ],
)
def test_whose_leg_it_is(given_by: dict[str, object], leg_id: str, extension: str | None) -> None:
    """A leg is named by extension, else SIP name, else e-mail, else it is nobody's."""
    pushed = leg(event(**given_by))
    assert (pushed.leg_id, pushed.extension) == (leg_id, extension)


def test_a_hang_up_without_a_user_ends_the_whole_call() -> None:
    """Nobody's hang-up is about the call, not about a leg."""
    assert leg(event("HANGUP", userExtension=None, sipUsername=None, userEmail=None)).leg_id is None


@pytest.mark.parametrize(
    ("kind", "originator", "destination", "direction"),
    [
        ("INCOMING", "+390687654321", MAIN, INCOMING),
        ("INCOMING", "anonymous", MAIN, INCOMING),
        ("INCOMING", "101", "102", INTERNAL),
        ("STARTED", "101", "102", INTERNAL),
        ("STARTED", MAIN, "102", INTERNAL),
        ("STARTED", "101", "+390687654321", OUTGOING),
        ("STARTED", MAIN, "0687654321", OUTGOING),
        ("ANSWERED", "101", "102", INTERNAL),
        ("ANSWERED", "101", "+390687654321", OUTGOING),
        ("ANSWERED", MAIN, "+390687654321", OUTGOING),
        ("ANSWERED", "+390687654321", "102", INCOMING),
        ("HANGUP", "+390687654321", MAIN, INCOMING),
        ("HANGUP", "anonymous", "+390699999999", INCOMING),
        ("HANGUP", "+390687654321", "+390699999999", None),
        ("HANGUP", None, None, None),
    ],
)
def test_the_direction_of_a_running_call(
    kind: str, originator: str | None, destination: str | None, direction: Direction | None
) -> None:
    """No event tells the direction: it follows from the event and whose numbers these are."""
    assert leg(event(kind, originatorNumber=originator, destinationNumber=destination)).direction is direction


@pytest.mark.parametrize(
    ("number", "name", "party"),
    [
        ("+390687654321", "Anna", m.Party(number="+390687654321", name="Anna")),
        ("390687654321", "Anna", m.Party(number="+390687654321", name="Anna")),
        ("0687654321", "0687654321", m.Party(number="+390687654321")),
        ("0039 06 8765-4321", "06 8765 4321", m.Party(number="+390687654321")),
        ("101", "Bea", m.Party(number="101", name="Bea")),
        (101, "Bea", m.Party(number="101", name="Bea")),
        ("anonymous", "anonymous", m.Party(hidden=True)),
        ("Private", "x", m.Party(hidden=True)),
        ("", "", m.Party(hidden=True)),
        (None, "Anna", m.Party(name="Anna")),
        (["x"], {"y": 1}, m.Party()),
        ("+390687654321", "39-fax-caller-id-name", m.Party(number="+390687654321")),
        ("+390687654321", "a\ud800b", m.Party(number="+390687654321", name="a?b")),
    ],
)
def test_who_calls(number: object, name: object, party: m.Party) -> None:
    """Numbers are shown as E.164, repeated or hidden ones are no names, and only a hidden caller is hidden."""
    assert leg(event(originatorNumber=number, originatorName=name)).caller == party


def test_who_is_called_is_never_hidden() -> None:
    """A destination that says nothing is only unknown."""
    assert leg(event(destinationNumber="", destinationName="anonymous")).callee == m.Party()


def test_a_call_placed_by_api_is_outgoing_whatever_its_phone_was_told() -> None:
    """The suffix of its id says so; the contact is the one who is called."""
    data = event(callId="303b-clicktocall", originatorNumber=CONTACT, destinationNumber="101")
    pushed = leg(data)
    assert (pushed.state, pushed.direction) == (RINGING, OUTGOING)
    assert (pushed.caller, pushed.callee) == (
        m.Party(number="101", name="Some User"),
        m.Party(number=CONTACT, name="Another User"),
    )
    straight = leg(data | {"type": "STARTED", "originatorNumber": "101", "destinationNumber": CONTACT})
    assert straight.direction is OUTGOING
    assert straight.callee is not None
    assert straight.callee.number == CONTACT


def test_a_call_just_placed_is_known_by_extension_and_number() -> None:
    """Where the id says nothing, the phone that rings for a contact just asked for is that call."""
    book = replace(BOOK, placed=(("101", CONTACT),))
    assert leg(event(originatorNumber=CONTACT), book).direction is OUTGOING
    assert leg(event(originatorNumber=CONTACT, userExtension=102), book).direction is INCOMING
    assert leg(event(originatorNumber="+390699999999"), book).direction is INCOMING


def test_the_time_of_an_event() -> None:
    """The data's own time counts, else the envelope's; one that cannot be is none, and names no message."""
    assert leg(wrapped(event(timestamp=None), "CALL_INCOMING")).time == AT
    assert leg(event(timestamp="2018-04-06T14:32:06.000+0000")).time == AT
    assert leg(event(timestamp=253_000_000_000_000)).time is None
    pushed = leg(event(timestamp=None))
    assert (pushed.time, pushed.key) == (None, None)


def test_keys_tell_repeated_messages_from_new_ones() -> None:
    """Call, type, leg and time make a message."""
    data = [event(), event(callId="b"), event("ANSWERED"), event(userExtension=102), event(timestamp=MS + 1)]
    assert len({leg(one).key for one in data}) == len(data)
    assert leg(event()).key == leg(wrapped(event(), "CALL_INCOMING")).key


# -- records and faxes -------------------------------------------------------------------------------


def test_a_record_with_everything() -> None:
    """The reference's own example, field by field."""
    pushed = push.read_push(wrapped(RECORD, "PHONE_CALL"), BOOK)
    assert pushed == m.RecordPush(
        provider_event="PHONE_CALL",
        key=f"PHONE_CALL:8395:{RECORD['callId']}:{MS}",
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
        ("CALL_LOST_NO_ANSWER", "OUTBOUND", Outcome.CANCELLED),
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


# -- bodies that are none ----------------------------------------------------------------------------


def make(**given_settings: object) -> VoxloudProvider:
    """Make a provider that sends nothing."""
    return VoxloudProvider(object(), {"api_key": CANARY, "country": "IT", **given_settings})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"not JSON",
        b"[" * 100_000,
        b"[]",
        b'"text"',
        b"null",
        b"{}",
        b'{"type":5,"data":{}}',
        b'{"type":"","data":{}}',
        b'{"type":"no type!"}',
        b'{"type":"CALL_STARTED","data":"x"}',
        b'{"type":"CALL_STARTED","data":null}',
        b'{"type":"CALL_STARTED","data":{"callId":[]}}',
        b'{"type":"CALL_STARTED","data":{"callId":true}}',
        b'{"type":"FAX_CALL","data":{}}',
        json.dumps(event(callId="x" * 300)).encode(),
    ],
)
def test_a_body_that_cannot_be_read(body: bytes) -> None:
    """It is refused as such, and names no account."""
    provider = make()
    with pytest.raises(BadPayloadError):
        provider.parse(request(body))
    assert provider.account_of(request(body)) is None


def test_an_event_of_a_new_kind() -> None:
    """What this version does not know is told by its name."""
    assert make().parse(request(wrapped({"callId": "x"}, "sms_received"))) == (
        m.UnknownPush(provider_event="SMS_RECEIVED"),
    )


def test_events_of_another_phone_system_are_dropped() -> None:
    """After the first event its phone system is pinned; a bare body names none."""
    ours, other = request(wrapped(event(), "CALL_INCOMING")), request(wrapped(event(), "CALL_INCOMING", 118))
    assert len(make().parse(other)) == 1
    assert make().account_of(ours) == "117"
    provider = make(pinned_account="117")
    assert len(provider.parse(ours)) == 1
    assert provider.parse(other) == ()
    assert len(provider.parse(request(event()))) == 1
    assert provider.account_of(request(event())) is None


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**40), max_value=10**40)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["CALL_STARTED", "HANGUP", "PHONE_CALL", "FAX_CALL", "INBOUND", "anonymous", "101", CONTACT, MS]),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.sampled_from([*RECORD, *FAX, "data"]), children, max_size=4)
    ),
    max_leaves=8,
)
SHAPES = [wrapped(event(), "CALL_INCOMING"), event("HANGUP"), wrapped(RECORD, "PHONE_CALL"), PLACED_RECORD, FAX]


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_mutated_bodies_are_read_or_refused(data: st.DataObject) -> None:
    """Whatever stands where, parsing gives messages or says that it cannot; it changes nothing."""
    body = json.loads(json.dumps(data.draw(st.sampled_from(SHAPES))))
    inner = body["data"] if "data" in body and data.draw(st.booleans()) else body
    for _ in range(data.draw(st.integers(min_value=1, max_value=4))):
        inner[data.draw(st.sampled_from([*inner, "extra"]))] = data.draw(JSON_VALUES)
    provider = make()
    asked = request(json.dumps(body).encode(errors="surrogatepass"))
    provider.account_of(asked)
    try:
        first = provider.parse(asked)
    except BadPayloadError:
        return
    assert first == provider.parse(asked)
    registry = CallRegistry()
    for pushed in first:
        registry.apply(pushed, AT)
        json.dumps(repr(pushed)).encode()


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    shape=st.sampled_from([json.dumps(shape).encode() for shape in SHAPES]),
    cuts=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 4), st.binary(max_size=6)), min_size=1, max_size=4),
)
def test_mangled_bytes_are_read_or_refused(shape: bytes, cuts: list[tuple[int, int, bytes]]) -> None:
    """Bytes cut out and put in raise nothing else either."""
    for at, length, new in cuts:
        shape = shape[: at % len(shape)] + new + shape[at % len(shape) + length :] if shape else new
    provider = make()
    with suppress(BadPayloadError):
        provider.parse(request(shape))
    provider.account_of(request(shape))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(answer=JSON_VALUES, key=st.sampled_from(["content", "data", "results", "x"]))
def test_answers_of_any_shape_are_read_or_left(answer: object, key: str) -> None:
    """No row, list or page of an answer raises anything."""
    for shape in (answer, [answer], {key: [answer]}, {key: answer}):
        payload.page(shape, 100)
        for row in (*(payload.rows(shape) or ()), *payload.events(shape)):
            payload.read_users([row], "IT")
            payload.read_subscription(row)
            payload.read_click_to_call(row, "IT")
            payload.read_contact(row)
            payload.read_record(row, BOOK)


# -- rows ----------------------------------------------------------------------------------------------


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


# -- against the simulator ---------------------------------------------------------------------------


class FastProvider(VoxloudProvider):
    """The provider, with more requests than a test needs."""

    limits = (RateLimit(requests=100_000, seconds=60),)


type Make = Callable[..., Awaitable[FastProvider]]


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    """Give a session."""
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture
async def sim(socket_enabled: None) -> AsyncIterator[VoxloudSimulator]:
    """Start a phone system."""
    simulator = VoxloudSimulator(seed=7)
    simulator.api_key = CANARY
    async with simulator:
        yield simulator


@pytest.fixture
def client(session: aiohttp.ClientSession, sim: VoxloudSimulator) -> FastProvider:
    """Talk to that phone system."""
    return FastProvider(session, {"api_key": CANARY, "url": sim.url, "country": "IT"})


type Answer = tuple[int, object]


class Stub:
    """A server that answers what a test says, in order, and keeps what it was asked."""

    def __init__(self) -> None:
        """Answer nothing yet."""
        self.answers: dict[tuple[str, str], list[Answer]] = {}
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[bytes] = []

    def add(self, method: str, path: str, *answers: object) -> None:
        """Answer a request; the last answer stays."""
        self.answers[method, path] = [answer if isinstance(answer, tuple) else (200, answer) for answer in answers]

    async def handle(self, asked: web.Request) -> web.Response:
        """Answer."""
        self.asked.append((asked.method, asked.path_qs))
        self.bodies.append(await asked.read())
        planned = self.answers.get((asked.method, asked.path))
        if planned is None:
            return web.json_response({"message": "unplanned"}, status=404)
        status, body = planned.pop(0) if len(planned) > 1 else planned[0]
        if isinstance(body, bytes):
            return web.Response(status=status, body=body)
        return web.json_response(body, status=status)


@pytest.fixture
async def stub(socket_enabled: None) -> AsyncIterator[tuple[Stub, str]]:
    """Start a stub."""
    answering = Stub()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answering.handle)
    async with TestServer(app) as server:
        yield answering, str(server.make_url(""))


def stubbed(session: aiohttp.ClientSession, url: str, **given_settings: object) -> FastProvider:
    """Talk to a stub."""
    return FastProvider(session, {"api_key": CANARY, "url": url, "country": "IT", **given_settings})


COMMANDS: Mapping[str, Callable[[VoxloudProvider], Awaitable[object]]] = {
    "directory": lambda provider: provider.directory(),
    "subscriptions": lambda provider: provider.subscriptions(),
    "subscribe": lambda provider: provider.subscribe(HOOK),
    "unsubscribe": lambda provider: provider.unsubscribe(HOOK),
    "originate": lambda provider: provider.originate(m.Originate(extension="101", number=CONTACT)),
    "click_to_call": lambda provider: provider.click_to_call(m.Originate(extension="101", number=CONTACT)),
    "history": lambda provider: provider.history(m.HistoryQuery()),
    "csv": lambda provider: provider.history(m.HistoryQuery(csv=True)),
    "search": lambda provider: provider.search_contacts(m.ContactQuery(name="John")),
    "create": lambda provider: provider.create_contact(m.Contact(first_name="John", number=CONTACT)),
    "update": lambda provider: provider.update_contact(m.Contact(id="abc", first_name="John")),
    "delete": lambda provider: provider.delete_contact("abc"),
    "media": lambda provider: provider.media(m.MediaKind.RECORDING, 10, 0),
    "record_of": lambda provider: provider.record_of(m.Call(id="x", state=TALKING)),
}


# -- account and directory ---------------------------------------------------------------------------


async def test_the_account_has_an_id_that_outlives_its_key(client: FastProvider, sim: VoxloudSimulator) -> None:
    """The administrator's address makes the id; a new key, and even a new administrator, keep it."""
    account = await client.account()
    assert account.title == "Keller & Rossi"
    assert re.fullmatch("[0-9a-f]{20}", account.id)
    assert account.settings == {"account_id": account.id, "company": "Keller & Rossi"}
    assert client.capabilities == VoxloudProvider.possible
    assert CANARY not in repr(account) + repr(account.settings)
    assert sim.email not in repr(account)

    sim.email = "Admin@Example.com"
    assert (await client.account()).id == account.id
    sim.email = "other@example.com"
    assert (await client.account()).id != account.id
    client.update_settings(account.settings)
    assert (await client.account()).id == account.id
    sim.company = "Another company"
    assert (await client.account()).id != account.id


@pytest.mark.parametrize("url", ["{}", "{}/", "{}/api", "{}/api/v1", "{}/api/v2/"])
async def test_the_address_as_people_type_it(session: aiohttp.ClientSession, sim: VoxloudSimulator, url: str) -> None:
    """With or without the path of the API."""
    provider = FastProvider(session, {"api_key": f" {CANARY} ", "url": url.format(sim.url)})
    assert (await provider.account()).title == sim.company


async def test_the_address_without_a_scheme_is_encrypted(
    stub: tuple[Stub, str], session: aiohttp.ClientSession
) -> None:
    """A bare host is never asked in the clear."""
    with pytest.raises(ConnectError):
        await stubbed(session, stub[1].removeprefix("http://")).account()
    assert stub[0].asked == []


@pytest.mark.parametrize("key", ["", "with\nbreak", "ключ"])
async def test_a_key_that_cannot_be_one_is_not_sent(
    session: aiohttp.ClientSession, sim: VoxloudSimulator, key: str
) -> None:
    """Nothing is asked with it."""
    with pytest.raises(AuthError):
        await FastProvider(session, {"api_key": key, "url": sim.url}).account()
    assert not sim.requests


async def test_a_wrong_key(session: aiohttp.ClientSession, sim: VoxloudSimulator) -> None:
    """The one request that is for this says so; every other asks it before it believes a 401."""
    provider = FastProvider(session, {"api_key": "wrong", "url": sim.url, "country": "IT"})
    with pytest.raises(AuthError):
        await provider.account()
    for command in COMMANDS.values():
        with pytest.raises(AuthError):
            await command(provider)


async def test_a_lone_401_to_whose_key_it_is(client: FastProvider, sim: VoxloudSimulator) -> None:
    """It is asked again, and then it is known."""
    sim.fault(FaultKind.STATUS, status=401)
    assert (await client.account()).title == sim.company
    assert len(sim.seen("validate-auth")) == 2


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "record_of"])
async def test_a_lone_401_is_no_wrong_key(client: FastProvider, sim: VoxloudSimulator, name: str) -> None:
    """The key is tried, and works."""
    sim.fault(FaultKind.STATUS, status=401, path="/api/")
    with pytest.raises(RefusedError) as caught:
        await COMMANDS[name](client)
    assert caught.value.code == "401"
    assert [seen.path for seen in sim.requests][-1].endswith("validate-auth")


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RefusedError),
        (401, AuthError),
        (403, RefusedError),
        (404, ConnectError),
        (405, ConnectError),
        (406, RefusedError),
        (429, RateLimitError),
        (500, ConnectError),
        (502, ConnectError),
        (503, ConnectError),
    ],
)
async def test_what_the_account_answers(
    client: FastProvider, sim: VoxloudSimulator, status: int, error: type[ProviderError]
) -> None:
    """Only a 401 is about the key, and that when it is said twice."""
    sim.fault(FaultKind.STATUS, status=status, times=2)
    with pytest.raises(error) as caught:
        await client.account()
    assert type(caught.value) is error
    assert client.capabilities == Capability(0)


@pytest.mark.parametrize("answer", [{}, [], None, b"", b"<html>", {"name": None, "email": ["x"]}, b"[" * 100_000])
async def test_an_account_that_is_none(stub: tuple[Stub, str], session: aiohttp.ClientSession, answer: object) -> None:
    """Somebody else's server answers anything."""
    stub[0].add("POST", "/api/v1/validate-auth", answer)
    with pytest.raises(ConnectError):
        await stubbed(session, stub[1]).account()


async def test_an_account_without_a_company(stub: tuple[Stub, str], session: aiohttp.ClientSession) -> None:
    """One of the two is enough."""
    stub[0].add("POST", "/api/v1/validate-auth", {"email": "a@example.com"}, {"name": "Only"})
    provider = stubbed(session, stub[1])
    assert (await provider.account()).title == "Voxloud (a@example.com)"
    assert (await provider.account()).title == "Only"


async def test_nobody_listens(session: aiohttp.ClientSession, sim: VoxloudSimulator) -> None:
    """No connection is a ConnectError."""
    await sim.stop()
    with pytest.raises(ConnectError):
        await FastProvider(session, {"api_key": CANARY, "url": sim.url}).account()


@pytest.mark.parametrize("wrap", [True, False])
@pytest.mark.parametrize("missing", [Absent.ABSENT, Absent.NULL])
async def test_the_directory(client: FastProvider, sim: VoxloudSimulator, *, wrap: bool, missing: Absent) -> None:
    """Users are extensions; there is nothing else to list."""
    sim.users_wrapped, sim.missing_as = wrap, missing
    sim.users["102"].dids = ()
    sim.users["103"].last_name = None
    directory = await client.directory()
    assert directory.extensions is not None
    assert [extension.number for extension in directory.extensions] == list(sim.users)
    assert directory.extensions[0].name == "Anna Keller"
    assert directory.extensions[0].outbound_numbers[0] == m.OutboundNumber(
        number=MAIN, label="Main office", selected=True
    )
    assert directory.extensions[1].outbound_numbers == ()
    assert directory.extensions[2].name == "Élodie"
    assert directory.agents is None
    assert directory.queues is None
    assert await client.calls() is None


async def test_users_that_may_not_be_listed(client: FastProvider, sim: VoxloudSimulator) -> None:
    """A permission that is missing is told, and is no wrong key; other refusals are."""
    sim.forbidden = frozenset({"users"})
    assert await client.directory() == m.Directory(missing_permissions=frozenset({"users"}))
    sim.fault(FaultKind.STATUS, status=406)
    with pytest.raises(RefusedError):
        await client.directory()


@pytest.mark.parametrize("answer", [{}, {"results": {}}, "text", None, b"", 7])
async def test_a_list_that_is_none(stub: tuple[Stub, str], session: aiohttp.ClientSession, answer: object) -> None:
    """It is no empty list."""
    stub[0].add("GET", "/api/v2/users", answer)
    stub[0].add("GET", "/api/v1/webhook-subscriptions", answer)
    stub[0].add("POST", "/api/v1/telephony-events", answer)
    stub[0].add("GET", "/api/v1/contacts", answer)
    provider = stubbed(session, stub[1])
    for name in ("directory", "subscriptions", "subscribe", "unsubscribe", "history", "search", "media", "originate"):
        with pytest.raises(ConnectError):
            await COMMANDS[name](provider)


# -- errors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", list(ErrorStyle))
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RefusedError),
        (403, RefusedError),
        (404, NotFoundError),
        (405, RefusedError),
        (406, RefusedError),
        (409, RefusedError),
        (415, RefusedError),
        (422, RefusedError),
        (429, RateLimitError),
        (500, ConnectError),
        (502, ConnectError),
        (503, ConnectError),
        (504, ConnectError),
        (302, ConnectError),
    ],
)
async def test_every_status(
    client: FastProvider, sim: VoxloudSimulator, style: ErrorStyle, status: int, error: type[ProviderError]
) -> None:
    """Whatever the body is, the status decides."""
    sim.error_style = style
    sim.fault(FaultKind.STATUS, status=status)
    with pytest.raises(error) as caught:
        await client.history(m.HistoryQuery())
    assert type(caught.value) is error
    if isinstance(caught.value, RefusedError):
        assert caught.value.code == str(status)
        assert caught.value.reason


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.RESET_MID_BODY, FaultKind.TRUNCATED, FaultKind.HTML])
@pytest.mark.parametrize("name", ["directory", "history", "search", "media"])
async def test_answers_that_break_off(client: FastProvider, sim: VoxloudSimulator, kind: FaultKind, name: str) -> None:
    """They are no answers, and not an empty list."""
    sim.fault(kind, times=2)
    with pytest.raises(ConnectError):
        await COMMANDS[name](client)


@pytest.mark.parametrize("status", [502, 504])
async def test_a_gateway_that_loses_the_answer(client: FastProvider, sim: VoxloudSimulator, status: int) -> None:
    """Whether the command was carried out is not known then."""
    sim.fault(FaultKind.HTML, status=status, method="POST", path="contacts")
    with pytest.raises(UnknownOutcomeError):
        await COMMANDS["create"](client)
    sim.fault(FaultKind.STATUS, status=503, method="POST", path="contacts")
    with pytest.raises(ConnectError) as caught:
        await COMMANDS["create"](client)
    assert type(caught.value) is ConnectError


async def test_no_reason_repeats_what_was_sent(stub: tuple[Stub, str], session: aiohttp.ClientSession) -> None:
    """The phone system's words are shown, without the key, numbers, names, addresses and URLs in them."""
    spoken = (
        f"Bad key {CANARY}: Giovanna (anna@example.com) at {CONTACT} or 06 5550 2001, "
        f"see https://x.example/{CANARY}?a=1 " + "and so on " * 40
    )
    stub[0].add("POST", "/api/v1/contacts", (400, {"message": spoken}))
    with pytest.raises(RefusedError) as caught:
        await stubbed(session, stub[1]).create_contact(
            m.Contact(first_name="Giovanna", number=CONTACT, email="anna@example.com")
        )
    reason = caught.value.reason
    assert reason.startswith("Bad key …")
    assert len(reason) <= 200
    for secret in (CANARY, "Giovanna", "anna@", "5550", "2001", "https", "x.example"):
        assert secret not in reason


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"message":5e}', {"message": None}, {"message": {"a": 1}}])
async def test_a_refusal_without_words(stub: tuple[Stub, str], session: aiohttp.ClientSession, body: object) -> None:
    """The status has to do."""
    stub[0].add("POST", "/api/v1/contacts", (400, body))
    with pytest.raises(RefusedError) as caught:
        await COMMANDS["create"](stubbed(session, stub[1]))
    assert caught.value.reason == "HTTP 400"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429, 500, 502, 503])
async def test_nothing_secret_is_in_an_exception_or_the_log(
    client: FastProvider, sim: VoxloudSimulator, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    """Not the key, not a number, not a URL; not even at debug."""
    caplog.set_level(logging.DEBUG)
    for command in COMMANDS.values():
        sim.fault(FaultKind.STATUS, status=status, times=50)
        try:
            await command(client)
        except ProviderError as err:
            shown = f"{err!r} {err} {err.args} {err.__cause__!r} {vars(err)}"
            assert not re.search(f"{CANARY}|{re.escape(CONTACT)}|http://|https://|127.0.0.1|John", shown)
        sim.faults.clear()
    ours = [entry.getMessage() for entry in caplog.records if "custom_components" in entry.name]
    assert ours
    assert not re.search(f"{CANARY}|{re.escape(CONTACT)}|://|127.0.0.1|John", "\n".join(ours))


async def test_a_429_slows_polls_down_and_not_commands(client: FastProvider, sim: VoxloudSimulator) -> None:
    """A poll waits as long as the server says, or twice as long each time; a command still goes out."""
    sim.fault(FaultKind.STATUS, status=429, headers={"Retry-After": "90"})
    with pytest.raises(RateLimitError) as caught:
        await client.directory()
    assert caught.value.retry_after == 90
    before = len(sim.requests)
    with pytest.raises(RateLimitError) as caught:
        await client.directory()
    assert caught.value.retry_after == pytest.approx(90, abs=2)
    assert len(sim.requests) == before
    await client.history(m.HistoryQuery())
    assert len(sim.requests) == before + 1


async def test_429s_without_a_time_double_the_pause(client: FastProvider, sim: VoxloudSimulator) -> None:
    """30 s at first, ten minutes at most, and 30 s again once something went well."""
    for expected in (30, 60, 120, 240, 480, 600, 600):
        sim.fault(FaultKind.STATUS, status=429)
        with pytest.raises(RateLimitError):
            await client.history(m.HistoryQuery())
        assert client.http.budget.paused_for == pytest.approx(expected, abs=2)
    await client.history(m.HistoryQuery())
    client.http.budget.slow_down(None)
    client.http.budget.slow_down(None)
    assert client.http.budget.paused_for == pytest.approx(600, abs=2)


async def test_the_budget_refuses_before_the_phone_system_does(
    session: aiohttp.ClientSession, sim: VoxloudSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty requests a minute, a quarter of them at once."""
    monkeypatch.setattr(http_module, "PATIENCE", 0.05)
    provider = VoxloudProvider(session, {"api_key": CANARY, "url": sim.url})

    async def hurry() -> None:
        for _ in range(30):
            await provider.search_contacts(m.ContactQuery())

    with pytest.raises(RateLimitError):
        await hurry()
    assert 10 <= len(sim.requests) <= 20


# -- subscriptions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", list(EventKey))
@pytest.mark.parametrize("status", [200, 201])
async def test_one_subscription_per_event(
    client: FastProvider, sim: VoxloudSimulator, key: EventKey, status: int
) -> None:
    """Seven are made once, found again whatever the list calls the event, and removed; those of others stay."""
    sim.event_key, sim.success_status = key, status
    foreign = sim.subscribe(FOREIGN_HOOK)
    made = await client.subscribe(HOOK)
    assert [one.event for one in made] == list(payload.EVENT_TYPES)
    assert {one.id for one in made} == set(sim.subscriptions) - set(foreign)
    assert all(one.enabled and one.url == HOOK for one in made)
    again = await client.subscribe(HOOK)
    assert {one.id for one in again} == {one.id for one in made}
    assert len(sim.seen("webhook-subscriptions", "POST")) == 7
    assert not sim.seen("webhook-subscriptions", "PUT")
    listed = await client.subscriptions()
    assert len(listed) == 14
    assert {one.event for one in listed} == set(payload.EVENT_TYPES)
    await client.unsubscribe(HOOK)
    assert set(sim.subscriptions) == set(foreign)


@pytest.mark.parametrize("style", list(ErrorStyle))
async def test_click_to_call_may_not_be_subscribed(
    client: FastProvider, sim: VoxloudSimulator, style: ErrorStyle
) -> None:
    """The reference leaves it out: a 400 there is carried on without, each time."""
    sim.ctc_create, sim.error_style = False, style
    for _ in range(2):
        made = await client.subscribe(HOOK)
        assert [one.event for one in made] == [kind for kind in payload.EVENT_TYPES if kind != "CLICK_TO_CALL"]
    assert len(sim.subscriptions) == 6


async def test_other_refusals_of_a_subscription_are_told(client: FastProvider, sim: VoxloudSimulator) -> None:
    """Only that event and only a 400 is expected."""
    sim.fault(FaultKind.STATUS, status=400, method="POST", path="webhook-subscriptions")
    with pytest.raises(RefusedError):
        await client.subscribe(HOOK)
    assert len(await client.subscribe(HOOK)) == 7
    sim.forbidden = frozenset({"webhook-subscriptions"})
    with pytest.raises(RefusedError) as caught:
        await client.subscribe(HOOK)
    assert caught.value.code == "403"


async def test_what_is_missing_disabled_or_twice_is_mended(client: FastProvider, sim: VoxloudSimulator) -> None:
    """A missing one is made, a disabled one enabled, of two the working one stays."""
    foreign = sim.subscribe(FOREIGN_HOOK, SimulatedEvent.CALL_HANGUP)[0]
    sim.subscriptions[foreign].enabled = False
    missing, disabled, first = [one.id for one in await client.subscribe(HOOK)][:3]
    del sim.subscriptions[missing]
    sim.subscriptions[disabled].enabled = False
    sim.subscriptions[disabled].failed_count = 12
    sim.subscriptions[disabled].last_error = "Connect to https://secret.example/4c1d8f0c failed"
    sim.subscriptions[first].enabled = False
    second = sim.subscribe(HOOK, SimulatedEvent.CALL_ANSWERED)[0]
    shown = {one.id: one for one in await client.subscriptions()}
    assert not shown[disabled].enabled
    assert shown[disabled].failed_count == 12
    assert shown[disabled].last_error == "Connect to … failed"

    mended = await client.subscribe(HOOK)
    assert len(mended) == 7
    assert all(one.enabled for one in mended)
    assert first not in sim.subscriptions
    assert {second, disabled} <= {one.id for one in mended}
    assert sim.subscriptions[disabled].enabled
    assert not sim.subscriptions[foreign].enabled
    assert len(sim.subscriptions) == 8


@pytest.mark.parametrize("delete_status", [200, 204])
async def test_an_update_that_is_refused_with_405(
    client: FastProvider, sim: VoxloudSimulator, delete_status: int
) -> None:
    """What cannot be changed is removed and made again."""
    sim.update_method, sim.delete_status = UpdateMethod.POST, delete_status
    old = (await client.subscribe(HOOK))[0].id
    sim.subscriptions[old].enabled = False
    mended = await client.subscribe(HOOK)
    assert old not in sim.subscriptions
    assert len(mended) == len(sim.subscriptions) == 7


async def test_click_to_call_that_cannot_be_made_again(client: FastProvider, sim: VoxloudSimulator) -> None:
    """It is disabled, cannot be changed and cannot be created: then there are six."""
    made = await client.subscribe(HOOK)
    sim.update_method, sim.ctc_create = UpdateMethod.POST, False
    sim.subscriptions[made[-1].id].enabled = False
    assert len(await client.subscribe(HOOK)) == 6


async def test_updates_say_everything(client: FastProvider, sim: VoxloudSimulator) -> None:
    """A server that forgets what an update leaves out forgets nothing."""
    sim.put_keeps_absent = False
    sim.subscribe(HOOK, SimulatedEvent.CALL_INCOMING, notification_email="kept@example.com")
    only = next(iter(sim.subscriptions.values()))
    only.enabled = False
    await client.subscribe(HOOK)
    assert only.enabled
    assert only.notification_email == "kept@example.com"


async def test_who_is_told_when_a_subscription_is_disabled(client: FastProvider, sim: VoxloudSimulator) -> None:
    """The option goes into new ones, and changes those there are; where it cannot, they stay as they work."""
    await client.subscribe(HOOK)
    client.update_settings({"notification_email": "me@example.com"})
    sim.update_method = UpdateMethod.POST
    before = set(sim.subscriptions)
    assert len(await client.subscribe(HOOK)) == 7
    assert set(sim.subscriptions) == before
    sim.update_method = UpdateMethod.PUT
    sim.subscriptions.popitem()
    await client.subscribe(HOOK)
    assert {one.notification_email for one in sim.subscriptions.values()} == {"me@example.com"}


async def test_subscriptions_that_go_away_meanwhile(stub: tuple[Stub, str], session: aiohttp.ClientSession) -> None:
    """One that is gone when it is to be enabled is made again; one that is gone when it is to be removed is gone."""
    rows = [
        {"id": "a", "type": "CALL_INCOMING", "callback_url": HOOK, "enabled": False},
        {"id": "b", "event_type": "CALL_INCOMING", "callback_url": f"{HOOK}/", "enabled": False},
        {"id": None, "event_type": "CALL_INCOMING", "callback_url": HOOK},
        {"id": "c", "event_type": "CALL_INCOMING", "callback_url": None},
        "x",
    ]
    stub[0].add("GET", "/api/v1/webhook-subscriptions", rows)
    stub[0].add("POST", "/api/v1/webhook-subscriptions", b"")
    provider = stubbed(session, stub[1])
    made = await provider.subscribe(HOOK)
    assert len(made) == 7
    assert [method for method, path in stub[0].asked if path.endswith(("/a", "/b"))] == ["DELETE", "PUT"]
    await provider.unsubscribe(HOOK)
    stub[0].add("PUT", "/api/v1/webhook-subscriptions/a", (400, {}))
    with pytest.raises(RefusedError):
        await provider.subscribe(HOOK)


# -- click-to-call -----------------------------------------------------------------------------------


def asked(number: str = CONTACT, extension: str = "101", **more: Any) -> m.Originate:
    """Ask for a call."""
    return m.Originate(extension=extension, number=number, **more)


async def test_a_call_reuses_its_object(client: FastProvider, sim: VoxloudSimulator) -> None:
    """The first call makes an object, the second only connects; the object is kept for its removal."""
    assert await client.originate(asked()) == m.Placed(outcome=PlacedOutcome.ACCEPTED)
    made = next(iter(sim.click_to_calls.values()))
    assert (made.extension, made.outbound_number, made.dial_first) == ("101", MAIN, SimulatedOrder.EXTENSION)
    assert client.created_objects == (made.id,)
    before = len(sim.requests)
    await client.click_to_call(asked("06 5550 2002"))
    assert [seen.path.rpartition("/")[2] for seen in list(sim.requests)[before:]] == ["connect"]
    assert [(placed.source, placed.destination) for placed in sim.placed] == [
        ("101", CONTACT),
        ("101", "+390655502002"),
    ]


async def test_objects_of_before_are_found_again(
    client: FastProvider, sim: VoxloudSimulator, session: aiohttp.ClientSession
) -> None:
    """By extension, order and number, whatever the server made of the name; also those of others."""
    foreign = sim.add_click_to_call("support", "102", SUPPORT)
    await client.originate(asked())
    again = FastProvider(session, {**asdict(client.settings), "created_objects": list(client.created_objects)})
    await again.originate(asked())
    await again.originate(asked(extension="102"))
    assert len(sim.click_to_calls) == 2
    assert foreign.id in sim.click_to_calls
    assert again.created_objects == client.created_objects
    await again.release()
    assert list(sim.click_to_calls) == [foreign.id]
    assert again.created_objects == ()


async def test_who_rings_first_and_which_number_is_shown(client: FastProvider, sim: VoxloudSimulator) -> None:
    """Each pairing has its object; what is not said takes what is there."""
    await client.click_to_call(asked(dial_first=DialFirst.CONTACT))
    await client.click_to_call(asked(caller_id_number="06 55501100"))
    assert [(one.outbound_number, one.dial_first.value) for one in sim.click_to_calls.values()] == [
        (MAIN, "contact"),
        (SUPPORT, "extension"),
    ]
    await client.click_to_call(asked())
    await client.click_to_call(asked(dial_first=DialFirst.CONTACT))
    assert len(sim.click_to_calls) == 2
    await client.click_to_call(asked(caller_id_number=MAIN))
    assert len(sim.click_to_calls) == 3
    assert len(sim.placed) == 5


async def test_a_server_that_shows_another_number(client: FastProvider, sim: VoxloudSimulator) -> None:
    """What was made for a number is used for it again, although the answer names another."""
    sim.ctc_foreign_number = ForeignNumber.REPLACED
    for _ in range(2):
        await client.click_to_call(asked(caller_id_number="+390699999999"))
    assert len(sim.click_to_calls) == 1


@pytest.mark.parametrize("status", [400, 403, 429])
async def test_the_limit_of_objects(client: FastProvider, sim: VoxloudSimulator, status: int) -> None:
    """With the limit full, what comes nearest is used; nothing that was asked for by name is replaced."""
    sim.ctc_limit_status = status
    nearest = sim.add_click_to_call("theirs", "101", SUPPORT, SimulatedOrder.CONTACT)
    sim.ctc_limit = 1
    assert (await client.originate(asked())).outcome is PlacedOutcome.ACCEPTED
    assert sim.seen("connect")[-1].path.split("/")[-2] == nearest.id
    for more in ({"dial_first": DialFirst.EXTENSION}, {"caller_id_number": MAIN}, {"extension": "102"}):
        expected = RateLimitError if status == 429 else RefusedError
        with pytest.raises(expected):
            await client.click_to_call(asked(**more))
    for number in range(4):
        sim.add_click_to_call(f"theirs {number}", "105", SUPPORT)
    with pytest.raises(RefusedError, match="limit"):
        await client.click_to_call(asked(extension="102"))
    assert len(sim.click_to_calls) == 5
    assert client.created_objects == ()


async def test_a_refused_call_is_none_whose_events_are_awaited(
    house: House, client: FastProvider, sim: VoxloudSimulator
) -> None:
    """Should the contact call a moment later, that is an incoming call."""
    sim.fault(FaultKind.STATUS, status=400, path="connect")
    with pytest.raises(RefusedError):
        await client.click_to_call(asked())
    call_id = await sim.ring(CONTACT, "101")
    assert house.registry.calls[call_id].direction is INCOMING


async def test_a_number_that_is_not_theirs(client: FastProvider, sim: VoxloudSimulator) -> None:
    """Only the server knows all of them; its refusal is told in its own words, without the number."""
    with pytest.raises(RefusedError, match="not one of your numbers"):
        await client.click_to_call(asked(caller_id_number="+390699999999"))
    assert not sim.seen("connect")
    sim.fault(FaultKind.STATUS, status=406, method="POST", path="click-to-call")
    with pytest.raises(RefusedError, match="Not Acceptable"):
        await client.click_to_call(asked())


async def test_an_object_that_was_removed_by_others(client: FastProvider, sim: VoxloudSimulator) -> None:
    """A 404 says that no call was placed: the list is read again, another object used or made, once."""
    await client.originate(asked())
    sim.click_to_calls.clear()
    await client.originate(asked())
    assert len(sim.placed) == 2
    assert len(sim.click_to_calls) == 1
    sim.fault(FaultKind.STATUS, status=404, path="connect", times=2)
    before = len(sim.seen("connect"))
    with pytest.raises(NotFoundError):
        await client.originate(asked())
    assert len(sim.seen("connect")) == before + 2
    assert len(sim.placed) == 2


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER, FaultKind.RESET_MID_BODY, FaultKind.RESET])
async def test_a_call_is_never_placed_twice(client: FastProvider, sim: VoxloudSimulator, kind: FaultKind) -> None:
    """A connection lost after the request is an unknown outcome, not a reason to repeat it."""
    sim.fault(kind, path="connect")
    assert await client.click_to_call(asked()) == m.Placed(outcome=PlacedOutcome.UNKNOWN)
    assert len(sim.seen("connect")) == 1
    assert len(sim.placed) == (0 if kind is FaultKind.RESET else 1)


async def test_a_call_whose_answer_does_not_come(
    client: FastProvider, sim: VoxloudSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A time-out is an unknown outcome as well."""
    await client.originate(asked())
    monkeypatch.setattr(http_module, "_seconds", lambda _value: 0.05)
    sim.fault(FaultKind.HANG, path="connect", delay=0.2)
    assert (await client.originate(asked())).outcome is PlacedOutcome.UNKNOWN
    assert len(sim.seen("connect")) == 2
    await asyncio.sleep(0.25)


@pytest.mark.parametrize("kind", [FaultKind.EMPTY, FaultKind.TRUNCATED])
async def test_a_yes_that_cannot_be_read_is_a_yes(client: FastProvider, sim: VoxloudSimulator, kind: FaultKind) -> None:
    """The status says that it was done."""
    sim.fault(kind, path="connect")
    assert (await client.originate(asked())).outcome is PlacedOutcome.ACCEPTED
    sim.fault(kind, method="POST", path="click-to-call")
    await client.originate(asked(extension="102"))
    assert set(client.created_objects) == set(sim.click_to_calls)


async def test_an_object_whose_making_is_unclear_is_looked_for(client: FastProvider, sim: VoxloudSimulator) -> None:
    """Nothing rings yet: if it is there now it is ours; else the call certainly was not placed."""
    sim.fault(FaultKind.RESET_AFTER, method="POST", path="click-to-call")
    assert (await client.originate(asked())).outcome is PlacedOutcome.ACCEPTED
    assert client.created_objects == tuple(sim.click_to_calls)
    sim.fault(FaultKind.RESET, method="POST", path="click-to-call")
    with pytest.raises(ConnectError) as caught:
        await client.originate(asked(extension="102"))
    assert type(caught.value) is ConnectError
    assert len(sim.placed) == 1


@pytest.mark.parametrize(
    ("wanted", "field", "problem"),
    [
        (asked(extension=""), "extension", "invalid_value"),
        (asked(extension="abc"), "extension", "invalid_value"),
        (asked(extension="*97"), "extension", "invalid_value"),
        (asked(""), "number", "invalid_number"),
        (asked("abc"), "number", "invalid_number"),
        (asked("102"), "number", "invalid_number"),
        (asked("anonymous"), "number", "invalid_number"),
        (asked("+39"), "number", "invalid_number"),
        (asked("+3912345678901234567"), "number", "invalid_number"),
        (asked(caller_id_number="x"), "caller_id_number", "invalid_number"),
        (asked(caller_id_number=""), "caller_id_number", "invalid_number"),
        (asked(caller_id_number="101"), "caller_id_number", "invalid_number"),
    ],
)
async def test_wrong_input_is_refused_before_anything_is_sent(
    client: FastProvider, sim: VoxloudSimulator, wanted: m.Originate, field: str, problem: str
) -> None:
    """A number that is none costs no request."""
    with pytest.raises(InvalidInputError) as caught:
        await client.click_to_call(wanted)
    assert (caught.value.field, caught.value.problem) == (field, problem)
    assert not sim.requests


async def test_national_numbers_need_a_country(session: aiohttp.ClientSession, sim: VoxloudSimulator) -> None:
    """Without one, only E.164 can be dialled."""
    provider = FastProvider(session, {"api_key": CANARY, "url": sim.url})
    with pytest.raises(InvalidInputError):
        await provider.originate(asked("0655502001"))
    assert (await provider.originate(asked("tel:+39-06-55502001"))).outcome is PlacedOutcome.ACCEPTED


async def test_a_number_to_show_is_needed_to_make_an_object(client: FastProvider, sim: VoxloudSimulator) -> None:
    """A group shows that of anybody; with none at all, and none said, nothing can be made."""
    await client.originate(asked(extension="901"))
    assert next(iter(sim.click_to_calls.values())).outbound_number == MAIN
    sim.forbidden = frozenset({"users"})
    blind = FastProvider(client.http._session, asdict(client.settings))  # noqa: SLF001
    with pytest.raises(InvalidInputError) as caught:
        await blind.originate(asked())
    assert (caught.value.field, caught.value.problem) == ("caller_id_number", "required")
    assert (await blind.originate(asked(caller_id_number=SUPPORT))).outcome is PlacedOutcome.ACCEPTED


async def test_release_removes_what_is_left(client: FastProvider, sim: VoxloudSimulator) -> None:
    """What is gone already is gone; what cannot be removed now stays on the list."""
    await client.originate(asked())
    await client.originate(asked(extension="102"))
    first, second = client.created_objects
    del sim.click_to_calls[first]
    sim.fault(FaultKind.STATUS, status=503, method="DELETE", path=second)
    with pytest.raises(ConnectError):
        await client.release()
    assert client.created_objects == (second,)
    await client.release()
    assert not sim.click_to_calls


@pytest.mark.parametrize("kept", [None, "abc", 5, ["../x", None, 7, "ok"], ("ok",)])
def test_what_the_entry_kept_is_read_with_care(kept: object) -> None:
    """Ids only."""
    made = make(created_objects=kept).created_objects
    assert set(made) <= {"ok", "7"}
    assert ("ok" in made) == isinstance(kept, list | tuple)


# -- history -----------------------------------------------------------------------------------------


def fill(sim: VoxloudSimulator, rows: int = 250) -> None:
    """Write a history, newest first by id."""
    for number in range(rows):
        sim.past_call(
            "+390655502001" if number % 10 == 0 else f"+39066660{number:04}",
            "101" if number % 2 else "102",
            ago=60.0 * (rows - number),
            ring_time=None if number % 5 == 0 else 5,
            last_event=LastEvent.NO_ANSWER if number % 5 == 0 else LastEvent.TERMINATED,
        )


@pytest.mark.parametrize("most", [2000, 100, 30])
async def test_history_by_pages(client: FastProvider, sim: VoxloudSimulator, most: int) -> None:
    """Any part of it is read, in either order, whatever the server's largest page."""
    fill(sim)
    sim.page_size_max = most
    ids = [str(number) for number in sorted(sim.records, reverse=True)]
    for offset, limit in ((0, 5), (95, 10), (130, 120), (249, 10), (300, 10)):
        page = await client.history(m.HistoryQuery(offset=offset, limit=limit))
        assert [one.id for one in page.records] == ids[offset : offset + limit]
        assert page.total == 250
    oldest = await client.history(m.HistoryQuery(limit=3, sort=m.Sort.OLDEST))
    assert [one.id for one in oldest.records] == ids[::-1][:3]


async def test_history_by_date(client: FastProvider, sim: VoxloudSimulator) -> None:
    """The server is asked in its own format, in UTC; naive times are UTC."""
    fill(sim, 20)
    times = sorted(one.started for one in sim.records.values())
    start, end = (datetime.fromtimestamp(times[index], UTC) for index in (5, 9))
    page = await client.history(m.HistoryQuery(start=start - timedelta(seconds=1), end=end + timedelta(seconds=1)))
    assert len(page.records) == 5
    assert page.total == 5
    sent = json.loads(sim.seen("telephony-events")[-1].body)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", sent["date_time_from"])
    naive = await client.history(m.HistoryQuery(start=(start - timedelta(seconds=1)).replace(tzinfo=None)))
    assert len(naive.records) == 15


@pytest.mark.parametrize("style", list(NumberStyle))
@pytest.mark.parametrize("number", ["+390655502001", "06 55502001", "390655502001", "55502001"])
async def test_history_by_number(client: FastProvider, sim: VoxloudSimulator, style: NumberStyle, number: str) -> None:
    """However the server writes numbers and whatever form is typed, the calls of a number are found."""
    sim.record_number_style = style
    fill(sim, 40)
    page = await client.history(m.HistoryQuery(number=number, limit=3))
    assert len(page.records) == 3
    assert {one.caller.number for one in page.records} == {CONTACT}


async def test_history_by_a_number_that_the_server_compares_as_text(session: aiohttp.ClientSession) -> None:
    """The reference asks for a national number, so that each way of writing it is asked for."""
    asked_for: list[str] = []
    rows = {
        "0655502001": {"id": 1, "originatorNumber": "0655502001", "callId": "a", "timestamp": MS},
        "390655502001": {"id": 2, "originatorNumber": "390655502001", "callId": "b", "timestamp": MS + 1000},
    }

    async def answer(query: web.Request) -> web.Response:
        number = (await query.json())["number"]
        asked_for.append(number)
        return web.json_response({"content": [rows[number]] if number in rows else [], "last": True})

    app = web.Application()
    app.router.add_post("/api/v1/telephony-events", answer)
    async with TestServer(app) as server:
        page = await stubbed(session, str(server.make_url(""))).history(m.HistoryQuery(number=CONTACT))
    assert asked_for == [CONTACT, "390655502001", "0655502001"]
    assert [one.id for one in page.records] == ["2", "1"]
    assert page.total == 2


async def test_history_by_what_the_server_cannot_filter(client: FastProvider, sim: VoxloudSimulator) -> None:
    """Extension, direction and words are looked for here."""
    fill(sim, 120)
    sim.labels = ("urgent order",)
    call_id = await sim.dial("103", "+390655502001")
    await sim.answer(call_id)
    await sim.hang_up(call_id)
    by_extension = await client.history(m.HistoryQuery(extension="101", limit=1000))
    assert by_extension.total == 48
    assert {one.answered_by for one in by_extension.records} == {"101"}
    outgoing = await client.history(m.HistoryQuery(direction=OUTGOING))
    assert [one.extension for one in outgoing.records] == ["103"]
    assert outgoing.total == 1
    assert (await client.history(m.HistoryQuery(search="URGENT"))).total == 1
    assert (await client.history(m.HistoryQuery(search="marco", limit=7, offset=3))).records[0].answered_by == "102"
    assert (await client.history(m.HistoryQuery(search="nothing of this kind"))).total == 0
    some = await client.history(m.HistoryQuery(direction=INCOMING, limit=2))
    assert (len(some.records), some.total) == (2, None)


async def test_a_filter_reads_no_more_pages_than_the_budget_allows(
    stub: tuple[Stub, str], session: aiohttp.ClientSession
) -> None:
    """Then how many there are stays unknown."""
    rows = [{"id": number, "direction": "INBOUND", "timestamp": MS} for number in range(100)]
    stub[0].add("POST", "/api/v1/telephony-events", {"content": rows, "last": False, "totalElements": 100_000})
    page = await stubbed(session, stub[1]).history(m.HistoryQuery(direction=OUTGOING))
    assert page == m.HistoryPage(records=(), total=None)
    assert len(stub[0].asked) == history.MAX_PAGES
    del stub[0].asked[:]
    await stubbed(session, stub[1]).history(m.HistoryQuery(number=CONTACT))
    assert len(stub[0].asked) == history.MAX_PAGES + 2


async def test_rows_outside_of_what_was_asked_for_are_dropped(
    stub: tuple[Stub, str], session: aiohttp.ClientSession
) -> None:
    """As in the reference's own example; rows that cannot be read are skipped, and pages may say little."""
    rows = [{"id": 1, "timestamp": MS}, {"id": 2, "timestamp": 0}, {"timestamp": MS}, 5]
    stub[0].add("POST", "/api/v1/telephony-events", {"content": rows}, rows)
    provider = stubbed(session, stub[1])
    query = m.HistoryQuery(start=AT + timedelta(days=1))
    assert await provider.history(query) == m.HistoryPage()
    everything = await provider.history(m.HistoryQuery())
    assert [one.id for one in everything.records] == ["1", "2"]


@pytest.mark.parametrize("style", list(ByCallId))
@pytest.mark.parametrize("empty", [True, False])
async def test_one_call(client: FastProvider, sim: VoxloudSimulator, style: ByCallId, *, empty: bool) -> None:
    """By its id, or by the record's; nothing found is no error."""
    sim.by_call_id, sim.by_call_id_missing_empty = style, empty
    known = sim.past_call(CONTACT, "101", ago=60)
    page = await client.history(m.HistoryQuery(call_id=known.call_id))
    assert [one.id for one in page.records] == [str(known.id)]
    assert page.total == 1
    assert (await client.history(m.HistoryQuery(record_id=str(known.id)))) == page
    assert (await client.history(m.HistoryQuery(record_id=str(known.id), call_id="other"))).total == 0
    assert (await client.history(m.HistoryQuery(record_id=str(known.id), direction=OUTGOING))).total == 0
    assert (await client.history(m.HistoryQuery(record_id="99999"))).total == 0
    assert (await client.history(m.HistoryQuery(call_id="un/known&x=1"))).total == 0
    found = await client.record_of(m.Call(id=known.call_id, state=TALKING))
    assert found == page.records[0]
    assert await client.record_of(m.Call(id="unknown", state=TALKING)) is None


async def test_one_call_with_several_records(client: FastProvider, sim: VoxloudSimulator) -> None:
    """The one of whoever answered says what became of the call."""
    sim.by_call_id, sim.race_records = ByCallId.ARRAY, True
    call_id = await sim.ring(CONTACT, "901")
    await sim.answer(call_id, "102")
    await sim.hang_up(call_id)
    found = await client.record_of(m.Call(id=call_id, state=TALKING))
    assert found is not None
    assert (found.outcome, found.answered_by) == (Outcome.ANSWERED, "102")
    assert len((await client.history(m.HistoryQuery(call_id=call_id))).records) == 3


async def test_history_as_csv(client: FastProvider, sim: VoxloudSimulator) -> None:
    """The server's own table, for what the server can filter."""
    fill(sim, 30)
    whole = await client.history(m.HistoryQuery(csv=True))
    assert whole.records == ()
    assert whole.csv is not None
    assert len(whole.csv.strip().splitlines()) == 31
    assert sim.seen("telephony-events")[-1].headers["Accept"] == "text/csv"
    second = await client.history(m.HistoryQuery(csv=True, limit=10, offset=20))
    assert second.csv is not None
    assert len(second.csv.strip().splitlines()) == 11
    one = await client.history(m.HistoryQuery(csv=True, number=CONTACT))
    assert one.csv is not None
    assert len(one.csv.strip().splitlines()) == 4
    none = await client.history(m.HistoryQuery(csv=True, number="+390600000000"))
    assert none.csv is not None
    assert len(none.csv.strip().splitlines()) <= 1


async def test_csv_that_is_none(stub: tuple[Stub, str], session: aiohttp.ClientSession) -> None:
    """JSON or a page instead of a table is not passed on."""
    stub[0].add("POST", "/api/v1/telephony-events", {"content": []}, b"<html>")
    provider = stubbed(session, stub[1])
    for _ in range(2):
        with pytest.raises(ConnectError):
            await provider.history(m.HistoryQuery(csv=True))


@pytest.mark.parametrize(
    ("query", "field", "problem"),
    [
        (m.HistoryQuery(limit=0), "limit", "out_of_range"),
        (m.HistoryQuery(limit=1001), "limit", "out_of_range"),
        (m.HistoryQuery(offset=-1), "offset", "out_of_range"),
        (m.HistoryQuery(start=AT, end=AT - timedelta(days=1)), "end", "out_of_range"),
        (m.HistoryQuery(start=AT, end=datetime(2017, 1, 1)), "end", "out_of_range"),  # noqa: DTZ001
        (m.HistoryQuery(number="abc"), "number", "invalid_number"),
        (m.HistoryQuery(record_id="../1"), "record_id", "invalid_value"),
        (m.HistoryQuery(csv=True, direction=INCOMING), "direction", "conflict"),
        (m.HistoryQuery(csv=True, extension="101"), "extension", "conflict"),
        (m.HistoryQuery(csv=True, search="x"), "search", "conflict"),
        (m.HistoryQuery(csv=True, record_id="1"), "record_id", "conflict"),
        (m.HistoryQuery(csv=True, call_id="1"), "call_id", "conflict"),
        (m.HistoryQuery(csv=True, limit=10, offset=5), "offset", "conflict"),
    ],
)
async def test_a_history_that_cannot_be_asked_for(
    client: FastProvider, sim: VoxloudSimulator, query: m.HistoryQuery, field: str, problem: str
) -> None:
    """It is refused by the field's name, before anything is sent."""
    with pytest.raises(InvalidInputError) as caught:
        await client.history(query)
    assert (caught.value.field, caught.value.problem) == (field, problem)
    assert not sim.requests


# -- contacts ----------------------------------------------------------------------------------------


async def test_contacts_by_name_number_and_address(client: FastProvider, sim: VoxloudSimulator) -> None:
    """A name may stand in either field or in both, in either order; the rest is the server's search."""

    async def names(**query: Any) -> list[str | None]:
        page = await client.search_contacts(m.ContactQuery(**query))
        return [contact.first_name for contact in page.contacts]

    sim.save_contact({"first_name": "Anna Maria", "last_name": "Van Gogh", "primary_phone": "+31201234567"})
    assert await names() == ["Giulia", "Oliver", "Nora", "Anna Maria"]
    assert await names(name="giulia") == ["Giulia"]
    assert await names(name="wright") == ["Oliver"]
    assert await names(name="Oliver Wright") == ["Oliver"]
    assert await names(name="Wright  Oliver") == ["Oliver"]
    assert await names(name="Anna Maria Van Gogh") == []
    assert await names(name="Anna Maria Van") == ["Anna Maria"]
    assert await names(name="Oliver Bianchi") == []
    assert await names(name="o") == ["Oliver", "Nora", "Anna Maria"]
    assert await names(number="06 5550 2001") == ["Giulia"]
    assert await names(number="+390655502002") == ["Giulia"]
    assert await names(number="655502") == ["Giulia"]
    assert await names(email="EXAMPLE.org") == ["Oliver"]
    assert await names(name="giulia", email="example.org") == []


async def test_contacts_by_pages(client: FastProvider, sim: VoxloudSimulator) -> None:
    """More than the server gives at once, for every way to look for a name."""
    for number in range(230):
        sim.save_contact(
            {
                "first_name": f"Test {number}" if number % 2 else "X",
                "last_name": "X" if number % 2 else f"Test {number}",
                "primary_phone": f"+39061{number:06}",
            }
        )
    page = await client.search_contacts(m.ContactQuery(limit=220))
    assert (len(page.contacts), page.has_next) == (220, True)
    page = await client.search_contacts(m.ContactQuery(limit=20, offset=220))
    assert (len(page.contacts), page.has_next) == (13, False)
    found: set[str] = set()
    for offset in count(0, 100):
        page = await client.search_contacts(m.ContactQuery(name="test", limit=100, offset=offset))
        found |= {contact.id for contact in page.contacts}
        if not page.has_next:
            break
    assert len(found) == 230
    await client.search_contacts(m.ContactQuery(limit=1))
    assert sim.seen("contacts")[-1].query["limit"] == "1"


async def test_contacts_of_a_server_with_small_pages(stub: tuple[Stub, str], session: aiohttp.ClientSession) -> None:
    """They are read on, but not without end; rows that cannot be read are skipped."""
    stub[0].add("GET", "/api/v1/contacts", {"data": [{"id": "a"}, {"id": None}], "has_next": True})
    page = await stubbed(session, stub[1]).search_contacts(m.ContactQuery(limit=50))
    assert (len(page.contacts), page.has_next) == (10, True)
    assert [re.findall(r"\d+", path)[-2:] for _, path in stub[0].asked[:2]] == [["0", "50"], ["2", "48"]]


async def test_one_contact(client: FastProvider, sim: VoxloudSimulator) -> None:
    """By its id, with every field."""
    known = next(iter(sim.contacts.values()))
    page = await client.search_contacts(m.ContactQuery(contact_id=known.id))
    assert page.contacts == (
        m.Contact(
            id=known.id,
            first_name="Giulia",
            last_name="Bianchi",
            number="+390655502001",
            numbers=("+390655502002",),
            email="giulia.bianchi@example.com",
            emails=("office@example.com",),
            company="Bianchi & Associates",
            job_title="CEO",
            website="www.example.com",
            source="Hubspot",
            source_url="https://crm.example.com/contact/1",
        ),
    )
    assert (await client.search_contacts(m.ContactQuery(contact_id="unknown"))).contacts == ()
    assert (await client.search_contacts(m.ContactQuery(contact_id=known.id, offset=1))).contacts == ()


@pytest.mark.parametrize("strict", [True, False])
async def test_contacts_are_made_changed_and_removed(
    client: FastProvider, sim: VoxloudSimulator, *, strict: bool
) -> None:
    """What is not given is not sent; an update keeps what it does not name, although the server replaces all."""
    sim.empty_values_allowed = not strict
    made = await client.create_contact(
        m.Contact(
            first_name="John ",
            number="06 1234 5678",
            numbers=("+44 1632 960101",),
            company="John&Associates",
            emails=(),
        )
    )
    assert made.id in sim.contacts
    assert (made.first_name, made.number, made.numbers) == ("John", "+390612345678", ("+441632960101",))
    assert (made.company, made.source, made.email) == ("John & Associates", "Voxloud", None)
    assert "primary_email" not in json.loads(sim.seen("contacts", "POST")[0].body)

    changed = await client.update_contact(m.Contact(id=made.id, last_name="Doe", email="john@example.com", numbers=()))
    assert changed == replace(made, last_name="Doe", email="john@example.com", numbers=())
    cleared = await client.update_contact(m.Contact(id=made.id, email="", number="+441632960102"))
    assert cleared == replace(changed, email=None, number="+441632960102")
    await client.delete_contact(made.id)
    assert made.id not in sim.contacts
    with pytest.raises(NotFoundError):
        await client.delete_contact(made.id)
    with pytest.raises(NotFoundError):
        await client.update_contact(m.Contact(id=made.id, last_name="Doe"))


async def test_a_contact_is_updated_by_either_method(client: FastProvider, sim: VoxloudSimulator) -> None:
    """The reference says both: what is refused with 405 is tried the other way."""
    known = next(iter(sim.contacts.values()))
    sim.contact_update_method = UpdateMethod.POST
    assert (await client.update_contact(m.Contact(id=known.id, job_title="CTO"))).job_title == "CTO"
    sim.fault(FaultKind.STATUS, status=409, method="PUT")
    with pytest.raises(RefusedError):
        await client.update_contact(m.Contact(id=known.id, job_title="CFO"))


async def test_a_contact_is_changed_once(client: FastProvider, sim: VoxloudSimulator) -> None:
    """A lost answer is an unknown outcome."""
    known = next(iter(sim.contacts.values()))
    changes: dict[str, Awaitable[object]] = {
        "POST": client.create_contact(m.Contact(first_name="A", number=CONTACT)),
        "PUT": client.update_contact(m.Contact(id=known.id, last_name="B")),
        "DELETE": client.delete_contact(known.id),
    }
    for method, change in changes.items():
        sim.fault(FaultKind.RESET_AFTER, method=method, path="contacts")
        with pytest.raises(UnknownOutcomeError):
            await change
        assert len(sim.seen("contacts", method)) == 1


@pytest.mark.parametrize("answer", [b"", b"<html>", {}, []])
async def test_a_contact_that_is_not_shown(
    stub: tuple[Stub, str], session: aiohttp.ClientSession, answer: object
) -> None:
    """What was sent is what it is, then."""
    stub[0].add("POST", "/api/v1/contacts", answer)
    made = await stubbed(session, stub[1]).create_contact(m.Contact(first_name="A", number=CONTACT))
    assert made == m.Contact(first_name="A", number=CONTACT, numbers=(), emails=())


@pytest.mark.parametrize(
    ("command", "field", "problem"),
    [
        (lambda p: p.create_contact(m.Contact(number=CONTACT)), "first_name", "required"),
        (lambda p: p.create_contact(m.Contact(first_name=" ", number=CONTACT)), "first_name", "required"),
        (lambda p: p.create_contact(m.Contact(first_name="A")), "number", "required"),
        (lambda p: p.create_contact(m.Contact(first_name="A", number="102")), "number", "invalid_number"),
        (lambda p: p.create_contact(m.Contact(first_name="A", number="")), "number", "invalid_number"),
        (
            lambda p: p.create_contact(m.Contact(first_name="A", number=CONTACT, numbers=("x",))),
            "numbers",
            "invalid_number",
        ),
        (lambda p: p.create_contact(m.Contact(first_name="A", number=CONTACT, email="x")), "email", "invalid_value"),
        (
            lambda p: p.create_contact(m.Contact(first_name="A", number=CONTACT, emails=("x",))),
            "emails",
            "invalid_value",
        ),
        (lambda p: p.update_contact(m.Contact(id="", first_name="A")), "contact_id", "invalid_value"),
        (lambda p: p.update_contact(m.Contact(id="../users", first_name="A")), "contact_id", "invalid_value"),
        (lambda p: p.delete_contact("a/b"), "contact_id", "invalid_value"),
        (lambda p: p.search_contacts(m.ContactQuery(contact_id="?")), "contact_id", "invalid_value"),
        (lambda p: p.search_contacts(m.ContactQuery(limit=0)), "limit", "out_of_range"),
        (lambda p: p.search_contacts(m.ContactQuery(limit=1001)), "limit", "out_of_range"),
        (lambda p: p.search_contacts(m.ContactQuery(offset=-1)), "offset", "out_of_range"),
        (lambda p: p.search_contacts(m.ContactQuery(number="x")), "number", "invalid_number"),
    ],
)
async def test_contacts_that_cannot_be(
    client: FastProvider,
    sim: VoxloudSimulator,
    command: Callable[[VoxloudProvider], Awaitable[object]],
    field: str,
    problem: str,
) -> None:
    """They are refused by the field's name, before anything is sent."""
    with pytest.raises(InvalidInputError) as caught:
        await command(client)
    assert (caught.value.field, caught.value.problem) == (field, problem)
    assert not sim.requests


# -- recordings --------------------------------------------------------------------------------------


async def test_recordings_and_voicemails(client: FastProvider, sim: VoxloudSimulator) -> None:
    """The records that have one; its address comes without the key."""
    fill(sim, 150)
    call_id = await sim.ring(CONTACT, "101")
    await sim.leave_voicemail(call_id)
    voicemail = (await client.media(m.MediaKind.VOICEMAIL, 10, 0))[0]
    assert (voicemail.caller, voicemail.duration) == ("Giulia Bianchi", None)
    recordings = await client.media(m.MediaKind.RECORDING, 60, 50)
    assert len(recordings) == 60
    assert recordings[0].time is not None
    assert recordings[-1].time is not None
    assert recordings[0].time > recordings[-1].time
    assert recordings[0].duration == 55.0
    assert len(await client.media(m.MediaKind.RECORDING, 500, 0)) == 120
    source = await client.media_source(m.MediaKind.RECORDING, recordings[0].id)
    assert source.url.startswith(f"{sim.url}/media/")
    assert (source.headers, source.content_type) == ({}, "audio/mpeg")
    assert "vm_" in (await client.media_source(m.MediaKind.VOICEMAIL, voicemail.id)).url
    for kind, item in ((m.MediaKind.RECORDING, voicemail.id), (m.MediaKind.VOICEMAIL, "99999")):
        with pytest.raises(NotFoundError):
            await client.media_source(kind, item)
    with pytest.raises(InvalidInputError):
        await client.media_source(m.MediaKind.RECORDING, "../x")


async def test_a_recording_of_another_kind(stub: tuple[Stub, str], session: aiohttp.ClientSession) -> None:
    """Its ending tells."""
    row = RECORD | {"recordingUrl": "https://media.example/rec.WAV?sig=1"}
    stub[0].add("GET", "/api/v1/telephony-events/8395", wrapped(row, "PHONE_CALL"))
    source = await stubbed(session, stub[1]).media_source(m.MediaKind.RECORDING, "8395")
    assert source.content_type == "audio/wav"


async def test_a_recording_that_is_played_in_parts(
    client: FastProvider, sim: VoxloudSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser asks for one part after the other: the link is asked for once a while, each item on its own."""
    fill(sim, 100)
    first, second, *others = await client.media(m.MediaKind.RECORDING, 80, 0)
    before = len(sim.requests)
    sources = [await client.media_source(m.MediaKind.RECORDING, first.id) for _ in range(20)]
    assert len({source.url for source in sources}) == 1
    assert len(sim.requests) == before + 1
    with pytest.raises(NotFoundError):
        await client.media_source(m.MediaKind.VOICEMAIL, first.id)
    for item in others:
        await client.media_source(m.MediaKind.RECORDING, item.id)
    before = len(sim.requests)
    await client.media_source(m.MediaKind.RECORDING, first.id)
    assert len(sim.requests) == before + 1  # so many are not remembered
    monkeypatch.setattr(voxloud, "LINK_LASTS", 0)
    for _ in range(3):
        await client.media_source(m.MediaKind.RECORDING, second.id)
    assert len(sim.requests) == before + 4


# -- what this provider says of itself ---------------------------------------------------------------


async def test_fields_and_capabilities(client: FastProvider) -> None:
    """What is not honoured is refused by name, and what is lacking by the command's."""
    with pytest.raises(UnsupportedError):
        client.check(Capability.ORIGINATE)
    await client.account()
    client.check(Capability.CLICK_TO_CALL, {"caller_id_number", "dial_first"})
    for command, field in (
        (Capability.ORIGINATE, "ring_timeout"),
        (Capability.ORIGINATE, "dial_first"),
        (Capability.CREATE_CONTACT, "groups"),
        (Capability.UPDATE_CONTACT, "notes"),
    ):
        with pytest.raises(UnsupportedError) as caught:
            client.check(command, {field})
        assert caught.value.field == field
    for lacking in (Capability.HANGUP, Capability.HOLD, Capability.TRANSFER, Capability.AGENTS, Capability.QUEUES):
        assert lacking not in client.capabilities
    with pytest.raises(UnsupportedError):
        await client.hangup(m.CallRef(call=m.Call(id="x", state=TALKING)))


# -- together with the registry ------------------------------------------------------------------------


class House:
    """Somebody whose registry is fed by the webhooks that the phone system really sends."""

    def __init__(self, provider: VoxloudProvider) -> None:
        """Start empty."""
        self.provider = provider
        self.registry = CallRegistry(grace=provider.grace)
        self.events: list[str] = []
        self.now = datetime.now(UTC)

    async def handle(self, hook: web.Request) -> web.Response:
        """Take a push."""
        for pushed in self.provider.parse(request(await hook.read())):
            changes = self.registry.apply(pushed, self.now)
            self.events += [told.type.value for told in changes.events if told.public]
        return web.Response()

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)
        self.events += [told.type.value for told in self.registry.tick(self.now).events if told.public]

    @property
    def states(self) -> dict[str, CallState]:
        """What the extensions are doing."""
        found = {number: self.registry.state_of(number) for number in ("101", "102", "103", "104")}
        return {number: state for number, state in found.items() if state is not None}


@pytest.fixture
async def house(client: FastProvider) -> AsyncIterator[House]:
    """Subscribe a house to the phone system."""
    lives = House(client)
    app = web.Application()
    app.router.add_post("/api/webhook/x", lives.handle)
    async with TestServer(app) as server:
        await client.directory()
        await client.subscribe(str(server.make_url("/api/webhook/x")))
        yield lives


@pytest.mark.parametrize("envelope", list(Envelope))
@pytest.mark.parametrize("style", list(NumberStyle))
@pytest.mark.parametrize("hangup", list(GroupHangup))
async def test_a_ring_group(
    house: House, sim: VoxloudSimulator, envelope: Envelope, style: NumberStyle, hangup: GroupHangup
) -> None:
    """Three phones ring, one answers, and whatever is told of their ends, the record ends the call."""
    sim.envelope, sim.number_style, sim.group_hangup, sim.race_records = envelope, style, hangup, True
    call_id = await sim.ring(CONTACT, "901")
    assert house.states == dict.fromkeys(("101", "102", "103"), RINGING)
    call = house.registry.calls[call_id]
    assert (call.direction, call.caller.number) == (INCOMING, CONTACT)
    await sim.answer(call_id, "102")
    assert house.states == {"102": TALKING}
    await sim.hang_up(call_id)
    house.wait(seconds=30)
    assert house.states == {}
    assert house.events[:2] == ["call_incoming", "call_answered"]
    assert house.events.count("call_ended") == 1
    assert house.events.count("recording_ready") == 1
    assert "call_missed" not in house.events
    ended = house.registry.ended(call_id)
    assert ended is not None
    assert (ended.outcome, ended.answered_by) == (Outcome.ANSWERED, "102")


async def test_a_missed_call_a_voicemail_and_a_hidden_caller(house: House, sim: VoxloudSimulator) -> None:
    """Nobody answers: it is missed once."""
    call_id = await sim.ring("anonymous", "101")
    assert house.registry.calls[call_id].caller.hidden
    await sim.leave_voicemail(call_id)
    house.wait(seconds=30)
    assert house.events.count("call_missed") == 1
    assert "voicemail_received" in house.events
    assert house.registry.missed == 1


@pytest.mark.parametrize("incoming", [True, False])
async def test_an_internal_call(house: House, sim: VoxloudSimulator, *, incoming: bool) -> None:
    """Whether or not the called phone is told of."""
    sim.internal_incoming = incoming
    call_id = await sim.dial("101", "102")
    assert house.registry.calls[call_id].direction is INTERNAL
    assert house.states["101"] is DIALING
    await sim.answer(call_id, "102")
    assert house.states == {"101": TALKING, "102": TALKING}
    await sim.hang_up(call_id)
    house.wait(seconds=30)
    assert house.states == {}


@pytest.mark.parametrize("kind", [SimulatedEvent.CALL_STARTED, SimulatedEvent.CALL_INCOMING])
@pytest.mark.parametrize("same_id", [True, False])
@pytest.mark.parametrize("first", list(DialFirst))
async def test_a_call_placed_by_api_is_told_as_outgoing(
    house: House,
    sim: VoxloudSimulator,
    client: FastProvider,
    *,
    kind: SimulatedEvent,
    same_id: bool,
    first: DialFirst,
) -> None:
    """However its phone is told of it, it is no incoming call from the contact."""
    sim.ctc_event, sim.ctc_same_call_id = kind, same_id
    await client.click_to_call(asked(dial_first=first))
    await sim.settle()
    call_id = sim.placed[0].call_id
    if first is DialFirst.CONTACT:
        await sim.answer(call_id)
    call = house.registry.calls[call_id]
    assert (call.direction, call.callee.number, call.extensions) == (OUTGOING, CONTACT, ("101",))
    await sim.answer(call_id, "101")
    if first is DialFirst.EXTENSION:
        await sim.answer(call_id)
    assert house.states == {"101": TALKING}
    await sim.hang_up(call_id)
    house.wait(seconds=30)
    assert house.states == {}
    assert "call_incoming" not in house.events
    assert "call_missed" not in house.events


@pytest.mark.parametrize("mode", [DeliveryMode.DUPLICATED, DeliveryMode.SHUFFLED, DeliveryMode.DROP_NTH])
async def test_bad_delivery(house: House, sim: VoxloudSimulator, mode: DeliveryMode) -> None:
    """Twice, out of order or not at all: in the end the phones are idle."""
    sim.delivery = mode
    for number in ("901", "902"):
        call_id = await sim.ring(CONTACT, number)
        await sim.answer(call_id)
        await sim.hang_up(call_id)
    await sim.settle()
    house.wait(hours=5)
    assert house.states == {}
    assert house.events.count("call_incoming") <= 2


def test_the_simulated_company_is_as_these_tests_expect() -> None:
    """Two numbers, five people."""
    assert [user.extension for user in demo_users()] == ["101", "102", "103", "104", "105"]
