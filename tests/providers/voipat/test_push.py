"""VOIP@: what the browser's phone and the socket say."""

import json
import random
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import pytest
from freezegun.api import FrozenDateTimeFactory
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.pbx.providers.voipat.payload import (
    PlacedCall,
    Tenant,
)
from custom_components.pbx.providers.voipat.placing import PlacedCalls
from custom_components.pbx.providers.voipat.push import PLACEHOLDERS, SocketReader, read_webhook
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import BadPayloadError
from custom_components.pbx.telephony.models import CallState, Direction, EventType, Outcome

from .rows import (
    DIALING,
    DOMAIN,
    INCOMING,
    INTERNAL,
    OTHER_OUTSIDE,
    OUTGOING,
    OUTSIDE,
    RINGING,
    TALKING,
    TENANT,
    VALUES,
    A,
    B,
    C,
    X,
)

NEW_CALL = {
    "event": "new_call",
    "caller_id": "+390612345678",
    "caller_name": "Jöhn",
    "destination": "1001",
    "direction": "inbound",
    "duration": "0",
    "extension": "1001",
    "call_id": "7tqk3a1b2",
    "timestamp": "2026-03-28T10:00:00.000Z",
    "domain": DOMAIN,
}


DIAL_OUT = {
    **NEW_CALL,
    "event": "dial_out",
    "caller_id": "1001",
    "caller_name": "",
    "destination": "0698765432",
    "direction": "outbound",
}


RINGS = m.LegPush(
    provider_event="new_call",
    call_id="7tqk3a1b2",
    state=RINGING,
    extension="1001",
    key="new_call:7tqk3a1b2:1001",
    sent_at=datetime(2026, 3, 28, 10, tzinfo=UTC),
    direction=INCOMING,
    caller=m.Party(number=OUTSIDE, name="Jöhn"),
    callee=m.Party(number="1001"),
)


def request(
    fields: Mapping[str, object] | None = None,
    *,
    query: Mapping[str, str] | None = None,
    body: bytes | None = None,
    content_type: str = "application/json",
    method: str = "POST",
) -> m.PushRequest:
    """Make a request as the server in front of the browser's phone sends it."""
    if body is None:
        body = json.dumps({f"{{{key}}}": value for key, value in fields.items()}).encode() if fields else b""
    return m.PushRequest(method=method, query=query or {}, content_type=content_type, body=body)


def pushed(fields: Mapping[str, object], *placed: PlacedCall, tenant: Tenant = TENANT) -> tuple[m.Pushed, ...]:
    """Read one webhook request."""
    return read_webhook(request(fields), tenant, placed)


@pytest.mark.parametrize(
    "sent",
    [
        request(NEW_CALL),
        request(query=NEW_CALL, method="GET", content_type=""),
        request(NEW_CALL, query={**NEW_CALL, "event": "hangup"}),
        request(body=json.dumps(NEW_CALL).encode(), content_type="text/plain"),
        request(body=urlencode(NEW_CALL).encode(), content_type="application/x-www-form-urlencoded"),
        request(
            body=urlencode({k: v for k, v in NEW_CALL.items() if k != "domain"}).encode(),
            content_type="text/plain;charset=UTF-8",
        ),
        request(body=b"{not json", query=NEW_CALL),
        request(body=b"[1, 2]", query=NEW_CALL),
        request(body=b"\xff\xfe{", query=NEW_CALL),
        request(NEW_CALL, query={"domain": "{domain}", "utm": "x"}),
        request({**NEW_CALL, "domain": "{domain}", "unknown": "x"}),
    ],
)
def test_every_form_of_a_webhook(sent: m.PushRequest) -> None:
    """Braces or none, JSON, form or query; a body beats the query, and a placeholder nobody replaced is no value."""
    assert read_webhook(sent, TENANT, ()) == (RINGS,)


@pytest.mark.parametrize(
    ("change", "state", "direction", "caller", "callee"),
    [
        ({"event": "ringing"}, RINGING, INCOMING, m.Party(number=OUTSIDE, name="Jöhn"), m.Party(number="1001")),
        ({"caller_id": ""}, RINGING, INCOMING, m.Party(hidden=True), m.Party(number="1001")),
        ({"caller_id": "anonymous"}, RINGING, INCOMING, m.Party(hidden=True), m.Party(number="1001")),
        (
            {"caller_id": "1002", "destination": ""},
            RINGING,
            INTERNAL,
            m.Party(number="1002", name="Jöhn"),
            m.Party(number="1001"),
        ),
        (
            {"caller_id": "4321"},
            RINGING,
            INCOMING,
            m.Party(number="4321", name="Jöhn"),
            m.Party(number="1001"),
        ),
        (
            {"event": "answered"},
            TALKING,
            INCOMING,
            m.Party(number=OUTSIDE, name="Jöhn"),
            m.Party(number="1001"),
        ),
        (
            {"event": "hangup", "duration": "12"},
            CallState.ENDED,
            INCOMING,
            m.Party(number=OUTSIDE, name="Jöhn"),
            m.Party(number="1001"),
        ),
        ({"event": "hangup", "direction": "unknown"}, CallState.ENDED, None, None, None),
        ({"event": "answered", "direction": ""}, TALKING, None, None, None),
        (DIAL_OUT, DIALING, OUTGOING, m.Party(number="1001"), m.Party(number=OTHER_OUTSIDE)),
        ({**DIAL_OUT, "destination": "1002"}, DIALING, INTERNAL, m.Party(number="1001"), m.Party(number="1002")),
        ({**DIAL_OUT, "event": "answered"}, TALKING, OUTGOING, m.Party(number="1001"), m.Party(number=OTHER_OUTSIDE)),
        ({**DIAL_OUT, "direction": ""}, DIALING, OUTGOING, m.Party(number="1001"), m.Party(number=OTHER_OUTSIDE)),
    ],
)
def test_webhook_calls(
    change: Mapping[str, object],
    state: CallState,
    direction: Direction | None,
    caller: m.Party | None,
    callee: m.Party | None,
) -> None:
    """Directions are the agent's; numbers are read as those of the poll are."""
    (push,) = pushed({**NEW_CALL, **change})
    assert isinstance(push, m.LegPush)
    assert (push.state, push.direction, push.caller, push.callee) == (state, direction, caller, callee)
    assert (push.call_id, push.extension, push.final, push.leg_id) == ("7tqk3a1b2", "1001", False, None)


def test_a_caller_while_the_extensions_are_not_known() -> None:
    """A short number is a colleague's then."""
    (push,) = pushed({**NEW_CALL, "caller_id": "4321"}, tenant=Tenant(domain=DOMAIN))
    assert isinstance(push, m.LegPush)
    assert push.direction is INTERNAL


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"event": "hangup", "call_id": "", "direction": "unknown", "destination": ""}, ()),
        ({"call_id": ""}, (m.CallHint(provider_event="new_call"),)),
        ({"domain": "other.example.net"}, ()),
        ({"domain": "old-pbx.example.com", "event": "agent_login"}, ()),
        ({"event": "auto_login"}, (m.UnknownPush(provider_event="auto_login"),)),
        ({"event": "x" * 500}, (m.UnknownPush(provider_event="x" * 64),)),
        ({"event": "agent_login", "extension": ""}, (m.UnknownPush(provider_event="agent_login"),)),
        (
            {"event": "agent_login", "direction": "", "call_id": ""},
            (
                m.Notice(
                    provider_event="agent_login",
                    type=EventType.AGENT_LOGGED_IN,
                    key="agent_login:1001:2026-03-28T10:00:00.000Z",
                    extension="1001",
                    agent="1001",
                ),
            ),
        ),
        (
            {"event": "agent_logout", "timestamp": ""},
            (m.Notice(provider_event="agent_logout", type=EventType.AGENT_LOGGED_OUT, extension="1001", agent="1001"),),
        ),
    ],
)
def test_other_webhooks(change: Mapping[str, object], expected: tuple[m.Pushed, ...]) -> None:
    """Ghosts and other tenants are silent, agents are told, and the unknown is called so."""
    assert pushed({**NEW_CALL, **change}) == expected


def test_the_phone_of_somebody_who_lets_the_switch_call_out() -> None:
    """Its ringing is no incoming call."""
    order = PlacedCall(extension="1001", number=OTHER_OUTSIDE, shown="1001")
    assert pushed({**NEW_CALL, "caller_id": "1001"}, order) == (m.CallHint(provider_event="new_call"),)
    assert pushed({**NEW_CALL, "caller_id": "1001", "event": "answered"}, order) == (
        m.CallHint(provider_event="answered"),
    )
    assert pushed(NEW_CALL, order) == (RINGS,)
    assert pushed(NEW_CALL, PlacedCall(extension="1002", number="1", shown=OUTSIDE)) == (RINGS,)


@pytest.mark.parametrize(
    "sent",
    [
        request(),
        request(method="GET", content_type=""),
        request(body=b"{}"),
        request(body=b"{"),
        request(body=b"null"),
        request(body=b"\x00\x01\xff" * 50),
        request(body=b"[" * 100_000),
        request(body=b"{" * 100_000),
        request(body=b'{"{event}":' * 50_000),
        request(body=b"a=1&" * 5_000, content_type="application/x-www-form-urlencoded"),
        request({"event": None}),
        request({"event": ["new_call"]}),
        request(query={"event": "{event}"}),
    ],
)
def test_unreadable_webhooks(sent: m.PushRequest) -> None:
    """A request that names no event is none of the phone's."""
    with pytest.raises(BadPayloadError):
        read_webhook(sent, TENANT, ())


def test_a_repeated_webhook_has_the_same_key() -> None:
    """A hang-up told twice is one; the next event is another."""
    keys = [
        push.key
        for event in ("new_call", "answered", "hangup", "hangup")
        for push in pushed({**NEW_CALL, "event": event})
        if isinstance(push, m.LegPush)
    ]
    assert [one == other for one, other in pairwise(keys)] == [False, False, True]


PIECES = (b"{", b"}", b'"', b":", b",", b"\\ud83d", b"null", b"[", b"&", b"=", b"%ff", b"\xff", b"new_call", b"1e999")


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0), noise=st.binary(max_size=40), strange=st.text(max_size=20))
def test_any_webhook(seed: int, noise: bytes, strange: str) -> None:
    """Thousands of mutated bodies give pushes or BadPayloadError, and nothing that cannot be written as text."""
    chance = random.Random(seed)
    for _ in range(40):
        fields = {**NEW_CALL, "event": chance.choice(["new_call", "dial_out", "hangup", "agent_login", "x"])}
        body = request(fields).body if chance.random() < 0.5 else urlencode(fields).encode()
        for _ in range(chance.randrange(5)):
            at = chance.randrange(len(body) + 1)
            body = body[:at] + chance.choice([*PIECES, noise]) + body[at + chance.randrange(20) :]
        query = {name: strange for name in PLACEHOLDERS if chance.random() < 0.1}
        content_type = chance.choice(["application/json", "application/x-www-form-urlencoded", "", "x"])
        try:
            found = read_webhook(
                request(query=query, body=body, content_type=content_type),
                TENANT,
                [PlacedCall(extension="1001", number="1", shown="1001")],
            )
        except BadPayloadError:
            continue
        repr(found).encode()
        for push in found:
            if isinstance(push, m.LegPush):
                assert push.call_id
                push.call_id.encode()


EVENT: dict[str, object] = {
    "event": "CHANNEL_CREATE",
    "uuid": A,
    "callerNumber": "%2B390612345678",
    "calleeNumber": None,
    "domain": DOMAIN,
    "channelState": "CS_INIT",
    "answerState": "ringing",
    "direction": "outbound",
    "hangupCause": None,
}


RINGING_CALL = m.Call(
    id=A,
    state=RINGING,
    direction=INCOMING,
    legs=(m.Leg(id=A, state=RINGING), m.Leg(id=B, state=RINGING, extension="1001")),
)


TALKING_CALL = m.Call(id=A, state=TALKING, direction=INCOMING, legs=(m.Leg(id=A, state=TALKING),))


def heard(kind: object, call: m.Call = RINGING_CALL, *, encoded: bool = True, **change: Any) -> m.Pushed | None:
    """Read one message of the socket."""
    reader = SocketReader(PlacedCalls(), lambda: TENANT)
    found = reader.read(message(kind, **change), {A: call, B: call}, {A, B, C}, encoded=encoded)
    assert len(found) <= 1
    return found[0] if found else None


def message(kind: object, **change: Any) -> str:
    """Make a message of the socket."""
    return json.dumps({"type": kind, "timestamp": "2026-11-21T22:57:34.924150Z", "data": {**EVENT, **change}})


@pytest.mark.parametrize(
    ("kind", "change", "expected"),
    [
        ("call.created", {}, m.CallHint(provider_event="call.created", leg_id=A)),
        ("call.created", {"uuid": X}, m.CallHint(provider_event="call.created", leg_id=X)),
        ("call.created", {"uuid": A.replace("-", "%2D")}, m.CallHint(provider_event="call.created", leg_id=A)),
        ("call.created", {"domain": "PBX%2Eexample.com"}, m.CallHint(provider_event="call.created", leg_id=A)),
        ("call.created", {"domain": "other.example.net"}, None),
        ("call.created", {"domain": "old-pbx.example.com"}, None),
        ("call.created", {"uuid": None}, None),
        (
            "channel.update",
            {"domain": None, "event": "CHANNEL_CALLSTATE"},
            m.CallHint(provider_event="channel.update", leg_id=A),
        ),
        (
            "channel.update",
            {"domain": None, "event": "CHANNEL_CALLSTATE", "uuid": C},
            m.CallHint(provider_event="channel.update", leg_id=C),
        ),
        ("channel.update", {"domain": None, "event": "CHANNEL_CALLSTATE", "uuid": X}, None),
        ("channel.update", {"event": "CHANNEL_STATE"}, None),
        ("channel.update", {"event": "PLAYBACK_START"}, None),
        ("channel.update", dict.fromkeys(EVENT), None),
        (
            "call.hangup",
            {"hangupCause": "NORMAL_CLEARING"},
            m.CallHint(provider_event="call.hangup", leg_id=A, hangup_cause="NORMAL_CLEARING", outcome=Outcome.MISSED),
        ),
        (
            "call.hangup",
            {"hangupCause": "USER_BUSY"},
            m.CallHint(provider_event="call.hangup", leg_id=A, hangup_cause="USER_BUSY", outcome=Outcome.BUSY),
        ),
        ("call.hangup", {"hangupCause": None}, m.CallHint(provider_event="call.hangup", leg_id=A)),
        ("call.hangup", {"hangupCause": "LOSE_RACE", "uuid": B}, m.CallHint(provider_event="call.hangup", leg_id=B)),
        ("call.hangup", {"hangupCause": "NO_ANSWER", "uuid": C}, m.CallHint(provider_event="call.hangup", leg_id=C)),
        (
            "channel.update",
            {"event": "CHANNEL_HANGUP", "hangupCause": "USER_BUSY"},
            m.CallHint(provider_event="channel.update", leg_id=A, hangup_cause="USER_BUSY", outcome=Outcome.BUSY),
        ),
        (
            "channel.update",
            {"event": "CHANNEL_PARK", "hangupCause": "USER_BUSY"},
            m.CallHint(provider_event="channel.update", leg_id=A),
        ),
        ("call.dtmf", {"domain": None}, m.CallHint(provider_event="call.dtmf", leg_id=A, dtmf="")),
        (
            "call.dtmf",
            {"raw": json.dumps({"DTMF-Digit": "5"})},
            m.CallHint(provider_event="call.dtmf", leg_id=A, dtmf="5"),
        ),
        ("call.dtmf", {"raw": "{"}, m.CallHint(provider_event="call.dtmf", leg_id=A, dtmf="")),
        ("call.dtmf", {"uuid": X, "domain": None}, None),
        ("system.status", {"uuid": None}, m.CallHint(provider_event="system.status")),
        ("call.parked", {}, m.UnknownPush(provider_event="call.parked")),
        ("pong", {"uuid": None}, None),
        (None, {"uuid": None}, None),
    ],
)
def test_socket_messages(kind: object, change: dict[str, Any], expected: m.Pushed | None) -> None:
    """Messages say that something happened, and how a call ended; those of other tenants say nothing."""
    assert heard(kind, **change) == expected


def test_the_end_of_a_call_that_was_answered() -> None:
    """Its cause is told, its outcome is known better."""
    assert heard("call.hangup", TALKING_CALL, hangupCause="NORMAL_CLEARING") == m.CallHint(
        provider_event="call.hangup", leg_id=A, hangup_cause="NORMAL_CLEARING"
    )


def test_only_the_python_server_encodes() -> None:
    """A literal per cent sign of the Node server stays."""
    assert heard("call.created", uuid="a%41", encoded=False) == m.CallHint(provider_event="call.created", leg_id="a%41")


@pytest.mark.parametrize("text", ["", "text", "null", "[]", "{}", "[" * 100_000, '{"type": 5, "data": 7}'])
def test_unreadable_socket_messages(text: str) -> None:
    """They are passed over."""
    assert SocketReader(PlacedCalls(), lambda: TENANT).read(text, {}, (), encoded=True) == ()


# -- calls that no list shows ------------------------------------------------------------------------


def story_of(*messages: str, known: Collection[str] = (), placed: PlacedCalls | None = None) -> list[m.Pushed]:
    """Read several messages of the socket one after the other."""
    reader = SocketReader(placed or PlacedCalls(), lambda: TENANT)
    return [pushed for each in messages for pushed in reader.read(each, {}, known, encoded=True)]


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        ("USER_BUSY", m.Outcome.BUSY),
        ("NORMAL_CLEARING", m.Outcome.MISSED),
        ("ORIGINATOR_CANCEL", m.Outcome.MISSED),
        ("CALL_REJECTED", m.Outcome.REJECTED),
    ],
)
def test_call_too_short_for_a_list(cause: str, outcome: m.Outcome) -> None:
    """A call from outside that comes and goes before a list can show it is told from its messages, once."""
    ends = message("call.hangup", uuid=X, hangupCause=cause)
    told = story_of(message("call.created", uuid=X, direction="inbound", callerNumber="%2B390612345678"), ends, ends)
    assert [type(pushed) for pushed in told] == [m.CallHint, m.LegPush, m.LegPush, m.CallHint]
    begun, over = (pushed for pushed in told if isinstance(pushed, m.LegPush))
    assert (begun.call_id, begun.state, begun.direction) == (X, RINGING, m.Direction.INCOMING)
    assert begun.caller == m.Party(number="+390612345678")
    assert (over.state, over.outcome, over.hangup_cause) == (m.CallState.ENDED, outcome, cause)


@pytest.mark.parametrize(
    ("change", "known", "between"),
    [
        ({"direction": "outbound"}, (), ()),
        ({"direction": "inbound", "callerNumber": "1001"}, (), ()),
        ({"direction": "inbound", "callerNumber": "%2B390612345678"}, (X,), ()),
        ({"direction": "inbound", "callerNumber": "%2B390612345678"}, (), (message("call.answered", uuid=X),)),
    ],
    ids=["called phone", "from inside", "listed", "answered"],
)
def test_call_that_a_list_tells_better(
    change: dict[str, Any], known: tuple[str, ...], between: tuple[str, ...]
) -> None:
    """Of all other legs only the list is to be asked."""
    ends = message("call.hangup", uuid=X, hangupCause="NORMAL_CLEARING")
    told = story_of(message("call.created", uuid=X, **change), *between, ends, known=known)
    assert {type(pushed) for pushed in told} == {m.CallHint}


def test_longer_call_is_not_told_from_its_messages(freezer: FrozenDateTimeFactory) -> None:
    """A call that no list has shown for long, as lists failed, may have been told by a browser."""
    reader = SocketReader(PlacedCalls(), lambda: TENANT)
    begins = message("call.created", uuid=X, direction="inbound", callerNumber="%2B390612345678")
    reader.read(begins, {}, (), encoded=True)
    freezer.tick(4)
    told = reader.read(message("call.hangup", uuid=X, hangupCause="NO_ANSWER"), {}, (), encoded=True)
    assert [type(pushed) for pushed in told] == [m.CallHint]


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        ("USER_BUSY", m.Outcome.BUSY),
        ("NO_ANSWER", m.Outcome.NO_ANSWER),
        ("NORMAL_CLEARING", m.Outcome.NO_ANSWER),
        ("CALL_REJECTED", m.Outcome.REJECTED),
        ("USER_NOT_REGISTERED", m.Outcome.FAILED),
    ],
)
@pytest.mark.parametrize("number", ["102", "+390612345678"])
@pytest.mark.parametrize("late", [False, True])
def test_end_of_a_placed_call_whose_first_phone_does_not_answer(
    cause: str, outcome: m.Outcome, number: str, *, late: bool
) -> None:
    """Its end and the cause come by the socket alone, perhaps before the answer to the request."""
    placed = PlacedCalls()
    order = PlacedCall(extension="101", number=number, shown="101")
    ends = message("call.hangup", uuid=X, domain=None if not late else DOMAIN, hangupCause=cause)
    if late:
        story_of(ends, placed=placed)
        call = placed.placed(X, order, 30, streaming=True)
        assert (call.hangup_cause, call.outcome) == (cause, outcome)
        assert placed.with_unlisted(()) == ()
        return
    call = placed.placed(X, order, 30, streaming=True)
    assert (call.state, call.caller.number, call.callee.number) == (m.CallState.DIALING, "101", number)
    assert placed.with_unlisted(()) == (call,)
    (hint, *_) = story_of(ends, ends, placed=placed)
    assert hint == m.CallHint(provider_event="call.hangup", leg_id=X, hangup_cause=cause, outcome=outcome)
    assert placed.with_unlisted(()) == ()


@pytest.mark.parametrize(
    ("streaming", "heard_of", "seconds"), [(True, False, 5), (False, False, 45), (True, True, 135)]
)
def test_placed_call_that_never_appears(
    freezer: FrozenDateTimeFactory, *, streaming: bool, heard_of: bool, seconds: float
) -> None:
    """It is believed in for as long as its phone may ring; with a socket that is silent about it only a moment."""
    placed = PlacedCalls()
    call = placed.placed(X, PlacedCall(extension="101", number="102", shown="101"), 30, streaming=streaming)
    if heard_of:
        story_of(message("call.created", uuid=X, direction="outbound"), placed=placed)
    freezer.tick(seconds - 0.5)
    assert placed.with_unlisted(()) == (call,)
    freezer.tick(1)
    assert placed.with_unlisted(()) == ()


@settings(max_examples=500, deadline=None)
@given(
    st.one_of(st.text(max_size=30), st.sampled_from(["call.created", "call.dtmf"])),
    st.dictionaries(st.sampled_from([*EVENT, "raw"]), VALUES),
)
def test_any_socket_message(kind: str, change: dict[str, Any]) -> None:
    """Whatever is heard, nothing is raised."""
    repr(heard(kind, **change)).encode()
