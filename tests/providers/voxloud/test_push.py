"""Voxloud: what an event says."""

import json
from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.pbx.providers.voxloud import payload, push
from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    BadPayloadError,
)
from custom_components.pbx.telephony.models import (
    CallState,
    Direction,
)

from .account import (
    AT,
    BOOK,
    CONTACT,
    DIALING,
    ENDED,
    FAX,
    INCOMING,
    INTERNAL,
    MAIN,
    MS,
    OUTGOING,
    PLACED_RECORD,
    RECORD,
    RINGING,
    TALKING,
    make,
    request,
    wrapped,
)


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


def leg(data: Mapping[str, object], book: payload.Book = BOOK) -> m.LegPush:
    """Read a call event."""
    pushed = push.read_push(dict(data), book)
    assert isinstance(pushed, m.LegPush)
    return pushed


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
    book = BOOK._replace(placed=(("101", CONTACT),))
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


@pytest.mark.parametrize(
    "later",
    [
        {"recordingUrl": "https://media.example/rec.mp3"},
        {"voicemail": True, "voicemail_url": "https://media.example/vm.mp3"},
        {"transcription": "Hello"},
        {"summary": "A greeting"},
    ],
)
def test_a_record_that_is_told_again_with_more_is_new(later: dict[str, object]) -> None:
    """Its sound and its text may be ready later; where only a link is another one, it is the same record."""

    def key(**more: object) -> str | None:
        """Give the key of a record."""
        late = ("recordingUrl", "voicemail", "voicemail_url", "transcription", "summary")
        row = {name: value for name, value in RECORD.items() if name not in late}
        pushed = push.read_push(wrapped({**row, **more}, "PHONE_CALL"), BOOK)
        assert isinstance(pushed, m.RecordPush)
        return pushed.key

    assert len({key(), key(recordingUrl=None, summary=""), key(**later)}) == 2
    assert key(**later) == key(
        **{name: f"{value}?again" if value is not True else True for name, value in later.items()}
    )


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


def test_whose_event_it_is() -> None:
    """An envelope names the phone system, and a bare body none; both are read."""
    provider = make()
    assert provider.names_account
    assert provider.push_account == ""
    for body, account in ((wrapped(event(), "CALL_INCOMING"), "117"), (event(), None)):
        assert len(provider.parse(request(body))) == 1
        assert provider.account_of(request(body)) == account


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
