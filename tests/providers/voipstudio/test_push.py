"""VoIPstudio: what a webhook body says."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from custom_components.pbx.providers.voipstudio import calls as calls_module
from custom_components.pbx.providers.voipstudio import contacts, payload
from custom_components.pbx.providers.voipstudio import history as history_module
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    BadPayloadError,
)
from custom_components.pbx.telephony.models import CallState, Direction, EventType, Outcome

from .account import (
    BOOK,
    CDR,
    DDI,
    DIALING,
    ENDED,
    GRACE,
    HANGUP,
    HELD,
    INCOMING,
    RINGING,
    SHOWN,
    TALKING,
    deaf_provider,
    pushed,
)


def leg_push(change: Mapping[str, object]) -> m.LegPush:
    """Parse the example with changes, which must be about one leg."""
    (push,) = pushed({**HANGUP, **change})
    assert isinstance(push, m.LegPush)
    return push


def test_the_contracts_hangup() -> None:
    """The manual's example is the end of one leg."""
    assert leg_push({}) == m.LegPush(
        provider_event="call.hangup",
        call_id="139543232",
        state=ENDED,
        leg_id="139543232",
        extension="1002",
        key="uk003.608920d55f7ac3.77053295",
        time=datetime(2026, 4, 28, 8, 46, 13, tzinfo=UTC),
        direction=Direction.INCOMING,
        caller=m.Party(number="+447911123456"),
        callee=m.Party(number=SHOWN, name="John Smith"),
        started_at=datetime(2026, 4, 28, 8, 45, 55, tzinfo=UTC),
        answered_at=datetime(2026, 4, 28, 8, 46, 2, tzinfo=UTC),
        hangup_cause="Normal Clearing",
        ended_by="caller",
        details={"user_email": "john@example.com", "sip_username": "10002"},
    )


@pytest.mark.parametrize(
    ("name", "state", "expected"),
    [
        ("call.initial", "INITIAL", RINGING),
        ("call.ringing", "RINGING", RINGING),
        ("Call Ringing", None, RINGING),
        ("call.connected", "CONNECTED", TALKING),
        ("call.connected", 2, TALKING),
        ("call.on_hold", "ON_HOLD", HELD),
        ("call.onhold", None, HELD),
        ("call.on_hold", None, HELD),
        ("call.state_change", "ON_HOLD", HELD),
        ("call.hangup", "CONNECTED", ENDED),
        ("call.failed", None, ENDED),
        (None, "CONNECTED", TALKING),
    ],
)
def test_call_events(name: str | None, state: object, expected: CallState) -> None:
    """The state says what happened, the name where there is none."""
    push = leg_push({"event_name": name, "state": state})
    assert push.state is expected
    assert push.provider_event == (name or "call")
    assert not push.final


@pytest.mark.parametrize(
    ("final", "root", "expected"),
    [
        (False, 1, (False, None)),
        ("false", 1, (False, None)),
        (True, 1, (True, Outcome.MISSED)),
        (None, None, (True, Outcome.MISSED)),
        (None, 139543232, (True, Outcome.MISSED)),
        (None, 1, (False, None)),
    ],
)
def test_missed_only_when_final(final: object, root: object, expected: tuple[bool, Outcome | None]) -> None:
    """A phone of a group that stops ringing is the end of a leg; the last word is the end of the call."""
    push = leg_push({"event_name": "call.missed", "final": final, "root_call_id": root, "connected_at": None})
    assert (push.final, push.outcome) == expected
    assert push.call_id == str(root or 139543232)
    assert (push.leg_id, push.state) == ("139543232", ENDED)


def test_missed_by_the_outside_is_not_missed() -> None:
    """Only an incoming call is missed."""
    push = leg_push({"event_name": "call.missed", "src_id": "10002", "dst_id": "0", "destination": "out"})
    assert (push.final, push.outcome) == (True, None)


@pytest.mark.parametrize(("root", "outcome"), [(None, Outcome.FAILED), (139543232, Outcome.FAILED), (1, None)])
def test_failed(root: object, outcome: Outcome | None) -> None:
    """A leg that failed is a call that failed where it was alone."""
    assert leg_push({"event_name": "call.failed", "state": "FAILED", "root_call_id": root}).outcome is outcome


def test_both_phones_of_an_internal_call() -> None:
    """An internal event moves two legs, each with its own key."""
    called, caller = pushed({**HANGUP, "event_name": "call.missed", "src": "1003", "src_id": "10003"})
    assert isinstance(called, m.LegPush)
    assert isinstance(caller, m.LegPush)
    assert (called.leg_id, called.extension, called.final) == ("139543232", "1002", False)
    assert (caller.leg_id, caller.extension, caller.final) == ("139543232/caller", "1003", True)
    assert called.key != caller.key


def test_a_call_without_event_id_is_still_told_apart() -> None:
    """Without an event id, call, event and time together are the key."""
    assert leg_push({"id": None}).key == "139543232 call.hangup 2026-04-28 08:46:13"
    assert leg_push({"id": None, "event_time": None}).key == "139543232 call.hangup"


def test_queue_in_a_push() -> None:
    """The context names the queue."""
    assert leg_push({"context": "Q-80892"}).queue == "601"


@pytest.mark.parametrize("context", ["Q-80892", "queue", "IVR-7"])
@pytest.mark.parametrize(
    ("caller", "phone", "waiting"), [({}, None, RINGING), ({"src": "1003", "src_id": "10003"}, "1003", DIALING)]
)
def test_a_queue_that_picks_up_is_no_answer(
    context: str, caller: Mapping[str, object], phone: str | None, waiting: CallState
) -> None:
    """Whoever calls a queue or a menu waits in it, and its time is no proof that somebody has talked."""
    queued = {**caller, "context": context, "dst": "601", "dst_id": "0"}
    up = leg_push({**queued, "event_name": "call.connected", "state": "CONNECTED"})
    assert (up.extension, up.state, up.answered_at) == (phone, waiting, None)
    assert (leg_push(queued).state, leg_push(queued).answered_at) == (ENDED, None)


def test_the_own_phone_of_a_placed_call_is_no_answer() -> None:
    """What the user picks up first is his own phone; the called party comes as a leg below it, or by the next poll."""
    provider = deaf_provider()
    provider._placing._placed.append("139543232")  # noqa: SLF001 - as if it had been placed
    dialled = {**HANGUP, "src": "1002", "src_id": "10002", "dst": GRACE, "dst_id": "0", "destination": "out"}
    up = {**dialled, "event_name": "call.connected", "state": "CONNECTED"}
    states = [(push.leg_id, push.state) for push in pushed(up, provider) if isinstance(push, m.LegPush)]
    assert states == [("139543232/callee", DIALING), ("139543232", TALKING)]
    states = [(push.leg_id, push.state) for push in pushed(dialled, provider) if isinstance(push, m.LegPush)]
    assert states == [("139543232", ENDED), ("139543232/callee", ENDED)]
    below = {**up, "call_id": 139543233, "root_call_id": 139543232}
    (push,) = pushed(below, provider)
    assert isinstance(push, m.LegPush)
    assert (push.leg_id, push.extension, push.call_id) == ("139543233", None, "139543232")


@pytest.mark.parametrize(
    ("body", "notice"),
    [
        (
            {**HANGUP, "event_name": "call.dtmf", "state": "DTMF_RECEIVED", "dtmf_tag": "*", "dtmf_target": "U:10003"},
            m.Notice(
                provider_event="call.dtmf",
                type=EventType.DTMF_RECEIVED,
                call_id="139543232",
                extension="1003",
                fields={
                    "digits": "*",
                    "direction": Direction.INCOMING,
                    "from_number": "+447911123456",
                    "to_number": SHOWN,
                    "to_name": "John Smith",
                },
            ),
        ),
        (
            {"event_name": "sms.received", "customer_id": 100, "user_id": 10002, "from_no": GRACE, "to_no": DDI,
             "text": "Hello"},
            m.Notice(
                provider_event="sms.received",
                type=EventType.SMS_RECEIVED,
                extension="1002",
                fields={"from_number": "+447911123456", "to_number": SHOWN, "text": "Hello"},
            ),
        ),
        (
            {"event_name": "SMS received", "from": "Voda fone", "to": DDI, "message": "Hi", "sms_id": 7},
            m.Notice(
                provider_event="SMS received",
                type=EventType.SMS_RECEIVED,
                fields={"from_number": "Voda fone", "to_number": SHOWN, "text": "Hi", "message_id": "7"},
            ),
        ),
        (
            {"event_name": "monitor.audio_ready", "monitor_id": 123456, "call_id": 139543232, "user_id": 10003,
             "src_id": "0", "src": GRACE, "src_name": "Test Caller", "dst_id": "0", "dst": DDI, "duration": 45,
             "size": 2048000},
            m.Notice(
                provider_event="monitor.audio_ready",
                type=EventType.RECORDING_READY,
                call_id="139543232",
                leg_id="139543232",
                extension="1003",
                fields={
                    "recording_id": "123456",
                    "size": 2048000.0,
                    "duration": 45.0,
                    "from_number": "+447911123456",
                    "from_name": "Test Caller",
                    "to_number": SHOWN,
                },
            ),
        ),
        (
            {"event_name": "queue.wrapup", "user_id": 10002, "queue_id": 80892, "call_id": 5, "root_call_id": 4},
            m.Notice(
                provider_event="queue.wrapup",
                type=EventType.AGENT_WRAP_UP,
                call_id="4",
                leg_id="5",
                extension="1002",
                agent="10002",
                fields={"queue": "601"},
            ),
        ),
        (
            {"event_name": "Wrap up closed"},
            m.Notice(provider_event="Wrap up closed", type=EventType.AGENT_WRAP_UP),
        ),
    ],
)  # fmt: skip
def test_notices(body: Mapping[str, object], notice: m.Notice) -> None:
    """Everything that is no state of a call becomes a notice with the surface's names."""
    (found,) = pushed(body)
    assert isinstance(found, m.Notice)
    assert replace(found, key=None, time=None) == notice
    assert isinstance(found.fields.get("from_number", ""), str)


@pytest.mark.parametrize(
    "event",
    [
        {"event_name": "call.connected", "state": "CONNECTED"},
        {"event_name": "call.missed", "root_call_id": None},
        {"event_name": "call.dtmf", "dtmf_tag": "5"},
        {"event_name": "monitor.audio_ready", "monitor_id": 123456},
        {"event_name": "queue.wrapup", "root_call_id": 0},
    ],
)
@pytest.mark.parametrize("leg", [139543232, "139543232", 139543232.0])
def test_what_follows_may_name_the_leg_alone(event: Mapping[str, object], leg: object) -> None:
    """A leg stays one of the call that was named with it: the event of a recording names no other id."""
    provider = deaf_provider()
    pushed({**HANGUP, "event_name": "call.ringing", "state": "RINGING", "root_call_id": 9}, provider)
    (push,) = pushed({**HANGUP, "call_id": leg, **event}, provider)
    assert isinstance(push, m.LegPush | m.Notice)
    assert push.call_id == "9"
    assert not isinstance(push, m.LegPush) or not push.final  # it is one phone of several
    (alone,) = pushed({**HANGUP, "call_id": 7, **event}, provider)
    assert isinstance(alone, m.LegPush | m.Notice)
    assert alone.call_id == "7"


@pytest.mark.parametrize(
    ("body", "event"),
    [
        ({"event_name": "fax.received"}, "fax.received"),
        ({"event_name": "call.ringing"}, "call.ringing"),
        ({"event_name": "call.weird", "call_id": 4}, "call.weird"),
        ({"event_name": "monitor.transcribed", "call_id": 4, "state": "CONNECTED"}, "monitor.transcribed"),
        ({}, "unknown"),
    ],
)
def test_unknown_events(body: Mapping[str, object], event: str) -> None:
    """What is not known is said to be so."""
    assert pushed(body) == (m.UnknownPush(provider_event=event),)


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b'"text"', b"\xff\xfe", b"[" * 100_000, b"{", b"1" * 5000])
def test_bodies_that_cannot_be_read(body: bytes) -> None:
    """Rubbish is a bad payload and nothing else."""
    with pytest.raises(BadPayloadError):
        pushed(body)


def test_the_probe_says_nothing() -> None:
    """The dashboard tries the URL when it is saved."""
    for body in (b"", b" \n"):
        assert pushed(body) == ()


def test_another_customers_events_are_dropped() -> None:
    """A foreign customer id is not ours; none at all may be."""
    provider = deaf_provider(customer_id="2")
    assert pushed({**HANGUP, "customer_id": 3}, provider) == ()
    assert len(pushed({**HANGUP, "customer_id": 2}, provider)) == len(pushed(HANGUP, provider)) == 1


def test_webhook_credentials() -> None:
    """With credentials in the URL, a request without them says nothing."""
    provider = deaf_provider(webhook_username="user", webhook_password="pässword")
    good = "Basic " + base64.b64encode("user:pässword".encode()).decode()
    wrong = "Basic " + base64.b64encode(b"user:other").decode()
    assert len(pushed(HANGUP, provider, good)) == 1
    for authorization in (None, "", wrong, "Basic ???", "Basic \udcff", good.replace("Basic", "Bearer")):
        assert pushed(HANGUP, provider, authorization) == ()
    assert pushed(b"<html>", provider) == ()
    urls = provider.urls_to_paste("https://ha.example.com/api/webhook/abc")
    assert urls == {"URL": "https://user:p%C3%A4ssword@ha.example.com/api/webhook/abc"}
    assert deaf_provider().urls_to_paste("https://x/y") == {"URL": "https://x/y"}


SAMPLES = [json.dumps({**HANGUP, "event_name": name}).encode() for name in (
    "call.hangup", "call.missed", "call.dtmf", "sms.received", "monitor.audio_ready", "queue.wrapup"
)]  # fmt: skip


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["0", 10002, "10003", "1e999", "9" * 400, "2026-13-01", -1, 10**30, "CONNECTED", "Q-80892"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    body=st.sampled_from(SAMPLES),
    cuts=st.lists(st.tuples(st.integers(0, 700), st.integers(0, 3), st.binary(max_size=4)), max_size=4),
)
def test_mutated_bodies_never_raise(body: bytes, cuts: list[tuple[int, int, bytes]]) -> None:
    """Whatever the bytes, they are read or are a bad payload."""
    for place, length, instead in cuts:
        body = body[:place] + instead + body[place + length :]
    try:
        result = pushed(body)
    except BadPayloadError:
        return
    assert isinstance(result, tuple)


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    event=st.sampled_from(
        ["call.hangup", "call.missed", "call.dtmf", "sms.received", "monitor.audio_ready", "wrap", ""]
    ),
    changes=st.dictionaries(st.sampled_from(sorted([*HANGUP, "final", "root_call_id", "user_id", "text"])), VALUES),
)
def test_values_of_any_type_never_raise(event: str, changes: dict[str, object]) -> None:
    """Whatever the types, a push is a push, and its texts are bounded."""
    for push in pushed({**HANGUP, "event_name": event, **changes}):
        if isinstance(push, m.LegPush):
            assert push.call_id
            assert push.leg_id
            assert len(push.hangup_cause or "") <= payload.MAX_TEXT


@settings(max_examples=700, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(
        st.dictionaries(st.sampled_from(sorted([*INCOMING, *CDR, "ext", "users", "cli", "name", "tel"])), VALUES)
    )
)
def test_rows_of_any_type_never_raise(rows: list[dict[str, object]]) -> None:
    """Rows are read or skipped, and each call is there once."""
    calls = calls_module.calls(rows, BOOK)
    assert len({call.id for call in calls}) == len(calls)
    assert all(call.legs for call in calls)
    known = payload.book(rows, complete=True, country="GB", queues={})
    payload.extensions(rows, known)
    payload.agents([item for row in rows if (item := payload.read_queue(row)) is not None], known)
    list(history_module.records(rows, known))
    for row in rows:
        contacts.contact(row, known)
        payload.recording(row, known)
        payload.voicemail(row, known)
