"""VoIPSUN: what single answers say."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.pbx.providers.voipsun import payload as p
from custom_components.pbx.providers.voipsun.calls import CallTracker
from custom_components.pbx.providers.voipsun.lines import Lines
from custom_components.pbx.providers.voipsun.queues import queue_reading
from custom_components.pbx.providers.voipsun.settings import read_phones
from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import ConnectError
from custom_components.pbx.telephony.models import AgentStatus

from ..test_channels import NO_CALLS
from .rows import NOW, channel, follow, tracker

NOTICE = b"<br />\n<b>Warning</b>:  Undefined array key 0 in <b>/api.php</b> on line <b>42</b><br />\n"


QUEUE = m.UserQueue(id="q1", name="podpora")


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (b"[]", []),
        (b"null", None),
        (b'\xef\xbb\xbf{"success":"true"}', {"success": "true"}),
        (b'\n {"success":"true"}\n', {"success": "true"}),
        (NOTICE + b'[{"user":"sip100"}]', [{"user": "sip100"}]),
        (b'PHP Notice: odd [thing] in x\n{"success":"true"}', {"success": "true"}),
        (b"Warning: x\n\xef\xbb\xbf[]", []),
        (b'{"user":"\xe1"}', {"user": "\ufffd"}),
        (b'{"success":"true"}\n' + NOTICE, {"success": "true"}),
        (NOTICE + b"[]" + NOTICE, []),
        (b"[]\nWarning: Unknown: write failed in Unknown on line 0", []),
        (b'{"success":"true"}\nPHP Fatal error:  Uncaught Error', {"success": "true"}),
    ],
)
def test_json_is_found_beside_what_php_prints(body: bytes, answer: object) -> None:
    """A byte order mark, or a notice before or behind the JSON, does no harm."""
    assert p.decode(body) == answer


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body><h1>It works!</h1></body></html>",
        b'[{"channelName":"SIP/a-00000001"},{"channelName":"SI',
        b'[{"a":1},\n{"b":2}',  # cut off: the rest must not pass for an answer
        NOTICE + b'[{"a":1},\n{"b":2}',
        b"[" * 100_000,
        NOTICE + b"[" * 100_000,
        b"success",
        b'{"success":"true"}{"success":"false"}',
        b"[]\n[]",
        b"[]]",
        b"[] and more",
        b"<html><script>\n[]</script></html>",
    ],
)
def test_anything_but_json_is_a_connection_problem(body: bytes) -> None:
    """Neither an HTML page nor half an answer is taken for an empty list or a wrong password."""
    with pytest.raises(ConnectError):
        p.decode(body)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"success": "true"}, True),
        ({"success": "TRUE"}, True),
        ({"success": True}, True),
        ({"success": 1}, True),
        ({"success": "1"}, True),
        ({"success": 0}, False),
        ({"success": "0"}, False),
        ({"success": "done"}, False),
        ({"success": "false"}, False),
        ({"success": False}, False),
        ({"success": None}, False),
        ({}, False),
        ([], False),
        (None, False),
    ],
)
def test_success_is_a_word(answer: object, expected: bool) -> None:  # noqa: FBT001
    """The text "false" is no success."""
    assert p.succeeded(answer) is expected


@pytest.mark.parametrize(
    ("answer", "code", "reason"),
    [
        ({"success": "false", "errno": "100", "reason": "Unauthorized"}, "100", "Unauthorized"),
        ({"success": False, "errno": 120, "reason": None}, "120", ""),
        ({"success": "false"}, "", ""),
        ({"success": "false", "errno": "E7", "reason": ["x"]}, "E7", ""),
        ({"success": 0, "errno": 250, "reason": "No route"}, "250", "No route"),
        ({"success": None}, "", ""),
        ({"success": "no", "reason": "Busy"}, "", "Busy"),
        ({"success": "error", "errno": "228"}, "228", ""),
        ({"errno": "228", "reason": "Extension is busy"}, "228", "Extension is busy"),
        ({"errno": 110, "reason": None}, "110", ""),
    ],
)
def test_a_failure_has_a_code_and_a_reason(answer: object, code: str, reason: str) -> None:
    """Both are text, whatever they were."""
    assert p.failure(answer) == p.Failure(code=code, reason=reason)


def test_an_answer_without_success_is_no_failure() -> None:
    """Lists have no envelope."""
    assert p.failure([]) is None
    assert p.failure({"0": {}}) is None
    assert p.failure({"success": "true"}) is None
    assert p.failure({"success": "true", "errno": "0", "reason": ""}) is None
    assert p.failure({"success": 1, "errno": 0, "reason": None}) is None
    assert p.failure({"errno": "0", "reason": ""}) is None
    assert p.failure({"success": "done"}) is None


A, B = {"user": "a"}, {"user": "b"}


@pytest.mark.parametrize(
    ("answer", "rows"),
    [
        ([A, B], (A, B)),
        ([A, None, 7, "x", B], (A, B)),
        ({"success": "true", "calls": [A, B]}, (A, B)),
        ({"success": "true", "count": "2", "peers": [A, B]}, (A, B)),
        ({"calls": {"0": A, "2": B}}, (A, B)),
        ({"success": "true", "data": {"0": A}}, (A,)),
        ({"0": A, "2": B}, (A, B)),
        ({"0": A}, (A,)),
        ({"success": "true", "0": A, "2": B}, (A, B)),
        ({"success": "true", "calls": []}, ()),
        ({"success": "true", "calls": {}}, ()),
        ({"success": "true", "calls": {}, "count": "0"}, ()),
        ({"calls": None, "count": 0}, ()),
        ({"success": "true", "calls": ""}, ()),
        ({"success": "true", "errno": "0", "reason": ""}, ()),
        ({"calls": [], "channels": {}}, ()),
        ({"success": "true", "calls": [A], "errors": []}, (A,)),
        ({"success": "true", "errno": "0", "warnings": {}, "calls": {"1": A, "2": B}}, (A, B)),
        ({"success": "true"}, ()),
        ({}, ()),
        ([], ()),
        (None, ()),
    ],
)
def test_every_style_of_list(answer: object, rows: tuple[object, ...]) -> None:
    """A list is an array, wrapped, keyed, or nothing at all."""
    assert p.items(answer) == rows


@pytest.mark.parametrize(
    "answer",
    [
        7,
        "x",
        True,
        {"a": [A], "b": [B]},
        {"a": 1, "b": "x"},
        [1, 2],
        {"x": [None]},
        False,
        "",
        0,
        {"calls": {}, "count": 2},
        {"calls": [], "errors": ["x"]},
    ],
)
def test_no_style_of_list(answer: object) -> None:
    """What is no list must not end every call."""
    with pytest.raises(ConnectError):
        p.items(answer)


@pytest.mark.parametrize("read", [p.call_rows, p.peers])
def test_rows_of_something_else_are_no_answer(read: Any) -> None:
    """A list in which nothing is what was asked for is suspicious."""
    with pytest.raises(ConnectError):
        read([{"foo": "bar"}])
    assert read([]) == ()


@pytest.mark.parametrize(("value", "expected"), [("91.2 %", 91.2), ("91,2", 91.2), ("-", None), (4, 4), (None, None)])
def test_figures(value: object, expected: float | None) -> None:
    """A figure that cannot be read is unknown, never 0."""
    assert p.amount_of(value) == expected


def test_what_was_sent_is_cut_out_of_a_reason() -> None:
    """Secrets go, the longest first; a short PIN does not eat other numbers; then the text is shortened."""
    assert p.cut("PIN 12 of agent 1234 is wrong", ["12", "1234", ""]) == "PIN … of agent … is wrong"
    assert p.cut("error 512", ["12"]) == "error 512"
    assert p.cut("pwd=secretpwd2", ["secret", "secretpwd"]) == "pwd=…2"
    assert len(p.cut("x" * 1000, [])) == 200
    assert "\n" not in p.line("a\nb\x00c\ud800", 5)


def test_shown_answers_hold_no_secret_and_nothing_endless() -> None:
    """Raw answers can be written as JSON by anybody."""
    deep: Any = "x"
    for _ in range(50):
        deep = [deep]
    shown = p.clean(
        {"agentPin": "0417", "x": "pin 0417", "n": float("nan"), "big": 2**70, "ok": True, "no": None, "deep": deep},
        ["0417"],
    )
    assert shown["x"] == "pin …"  # type: ignore[index]
    assert shown["n"] is None and shown["big"] is None and shown["ok"] is True  # type: ignore[index]  # noqa: PT018
    assert "0417" not in json.dumps(shown)


@pytest.mark.parametrize(
    ("answer", "status", "logged_in"),
    [
        ({"login": "logged in", "status": "available"}, AgentStatus.AVAILABLE, True),
        ({"login": "Logged-Out", "status": "available"}, AgentStatus.LOGGED_OUT, False),
        ({"login": "logged off"}, AgentStatus.LOGGED_OUT, False),
        ({"state": ["logged in", "unavailable"]}, AgentStatus.UNAVAILABLE, True),
        ({"status": "unavailable"}, AgentStatus.UNAVAILABLE, None),
        ({"status": "in call"}, AgentStatus.TALKING, True),
        ({"status": {"now": "ON_HOLD"}}, AgentStatus.ON_HOLD, True),
        ({"status": "busy"}, AgentStatus.BUSY, True),
        ({"errno": "611", "reason": "Agent is logged out"}, AgentStatus.LOGGED_OUT, False),
        ({"login": "logged in"}, None, True),
        ({"loggedIn": True}, None, True),
        ({"loggedIn": False}, AgentStatus.LOGGED_OUT, False),
        ({"logged_in": "0", "status": "unavailable"}, AgentStatus.LOGGED_OUT, False),
        ({"logged in": "true", "state": "unavailable"}, AgentStatus.UNAVAILABLE, True),
        ({"logged-in": 1, "state": "in call"}, AgentStatus.TALKING, True),
        ({"agent": {"loggedin": "no", "status": "available"}}, AgentStatus.LOGGED_OUT, False),
        ({"agent": {"name": "Busy", "login": "logged in", "status": "available"}}, AgentStatus.AVAILABLE, True),
        ([{"login": "logged in", "status": "in call"}], AgentStatus.TALKING, True),
        (["logged in", "unavailable"], AgentStatus.UNAVAILABLE, True),
        ([{"loggedIn": 0}], AgentStatus.LOGGED_OUT, False),
        ([], None, None),
        ({"loggedOut": True}, AgentStatus.LOGGED_OUT, False),
        ({"loggedOut": "false", "status": "available"}, AgentStatus.AVAILABLE, True),
        ({"loggedIn": "maybe", "status": "busy"}, AgentStatus.BUSY, True),
        ({}, None, None),
        (None, None, None),
        ({"agentName": "Busy", "name": "available"}, None, None),
    ],
)
def test_agent_states(answer: object, status: AgentStatus | None, logged_in: bool | None) -> None:  # noqa: FBT001
    """The words decide, wherever they are."""
    state = p.agent_state(answer)
    assert (state.status, state.logged_in) == (status, logged_in)


def test_an_agent_state_that_is_not_understood_is_shown() -> None:
    """In the phone system's own words, without the PIN."""
    state = p.agent_state({"success": "true", "agentPin": "0417", "a": "přestávka", "b": "code 0417"}, ["0417"])
    assert state.words == "přestávka, code …"
    assert "0417" not in repr(state)
    assert "success" not in state.raw


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


NUMBER = st.sampled_from(["", "s", "100", "101", "102", "anonymous", "777123456", "420777123456", "222333444", "*97"])


ODD = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.lists(st.none(), max_size=1)


ROW = st.fixed_dictionaries(
    {
        "channelName": st.builds(
            "SIP/{}-{:08x}".format,
            st.sampled_from(["sip100", "sip101", "sip102", "trunk-in", "unknown", "1"]),
            st.integers(0, 12),
        )
        | ODD,
        "src": NUMBER | ODD,
        "dst": NUMBER | ODD,
        "duration": st.integers(0, 90) | ODD,
        "status": st.sampled_from(["Up", "Ring", "Ringing", "Down", "Dialing", "Busy", "Unknown"]) | ODD,
        "accountCode": NUMBER | ODD,
    }
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(ROW, max_size=8), max_size=4))
def test_no_list_of_rows_breaks_anything(polls: list[list[dict[str, object]]]) -> None:
    """Every channel is a leg of one call, ids are unique and last, a repeated poll changes nothing."""
    calls = tracker()
    gone: set[str] = set()
    before: set[str] = set()
    for rows in polls:
        try:
            read = p.call_rows(json.loads(json.dumps(rows)))
        except ConnectError:
            continue
        found = calls.update(read, NOW, NOW, {})
        ids = {call.id for call in found}
        legs = [leg.id for call in found for leg in call.legs]
        assert len(ids) == len(found)
        assert len(set(legs)) == len(legs)
        assert len({calls.channel(leg) for leg in legs}) <= len(read)
        assert not ids & gone
        gone |= before - ids
        before = ids
        again = calls.update(read, NOW, NOW, {})
        assert [(call.id, call.legs and call.legs[0].id) for call in again] == [
            (call.id, call.legs and call.legs[0].id) for call in found
        ]


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_no_answer_breaks_anything(answer: object) -> None:
    """Only a ConnectError may come of it, and what is shown can be written as JSON."""
    for read in (p.call_rows, p.peers):
        try:
            read(answer)
        except ConnectError:
            continue
    reading = queue_reading(QUEUE, answer, {"1000": "a0"}, ["x"])
    state = p.agent_state(answer, ["x"])
    json.dumps([reading.queue.raw, state.raw], allow_nan=False).encode()
    p.failure(answer)
    p.succeeded(answer)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode) | JSON.map(lambda v: json.dumps(v).encode()))
def test_no_body_breaks_anything(body: bytes) -> None:
    """It is JSON or a ConnectError."""
    for prefix in (b"", b"\xef\xbb\xbf", NOTICE):
        try:
            p.decode(prefix + body)
        except ConnectError:
            continue


@pytest.mark.parametrize("ghost", [name for name in NO_CALLS if "/" in name])
@pytest.mark.parametrize("status", ["Up", "Ringing", "Ring", "Down"])
def test_a_channel_that_is_no_call_changes_nothing(ghost: str, status: str) -> None:
    """A call that is transferred beside it stays one call, and nothing is missed."""
    names = {"sip101": {"number": "101"}, "sip102": {"number": "102"}, "trunk1": {"hidden": True}}
    calls = CallTracker(Lines(read_phones(names), "CZ"))
    registry = CallRegistry()
    registry.snapshot((), NOW, NOW)
    trunk = ("SIP/trunk1-00000001", "+420600000001", "101")
    extra = channel(ghost, "<unknown>", "102", 35, status)
    told = []
    for seconds, rows in (
        (5, [channel(*trunk, 30, "Up"), channel("SIP/sip101-00000002", "+420600000001", "101", 30, "Up"), extra]),
        (10, [channel(*trunk, 35, "Up"), channel("SIP/sip102-00000004", "+420600000001", "102", 5, "Up"), extra]),
        (15, [extra]),
        (20, [extra]),
    ):
        now = NOW + timedelta(seconds=seconds)
        changes = registry.snapshot(follow(calls, *rows, at=seconds), now, now)
        told += [event.type.value for event in changes.events if event.public]
    assert told == ["call_incoming", "call_answered", "call_transferred", "call_ended"]
    assert registry.missed == 0
