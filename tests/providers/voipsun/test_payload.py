"""The pure half of the VoIPSUN client: what answers mean, who is who, and which channels are one call."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.pbx.providers.voipsun import payload as p
from custom_components.pbx.providers.voipsun.calls import CallRequest, CallTracker
from custom_components.pbx.providers.voipsun.lines import Lines
from custom_components.pbx.providers.voipsun.settings import read_phones
from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import ConnectError
from custom_components.pbx.telephony.models import AgentStatus, CallState, Direction

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NAMES = {
    f"sip{number}": {"number": str(number), "name": f"Phone {number}", "public": [f"2223334{number % 100}"]}
    for number in range(100, 106)
}
NOTICE = b"<br />\n<b>Warning</b>:  Undefined array key 0 in <b>/api.php</b> on line <b>42</b><br />\n"
QUEUE = m.UserQueue(id="q1", name="podpora")
AGENTS = {"1000": "a0", "novak": "a0", "1001": "a1"}


def channel(name: str, src: object, dst: object, duration: object, status: object, **more: object) -> dict[str, object]:
    """Write a row of listcalls; `name` is the peer and the counter."""
    name = name if "/" in name else f"SIP/{name}"
    return {"channelName": name, "src": src, "dst": dst, "duration": duration, "status": status} | more


def tracker(names: object = None) -> CallTracker:
    """Make a tracker for phones sip100 to sip105."""
    return CallTracker(Lines(read_phones(NAMES if names is None else names), "CZ"))


def follow(calls: CallTracker, *rows: Mapping[str, object], at: float = 0, queues: Any = None) -> tuple[m.Call, ...]:
    """Show a list of rows to a tracker."""
    now = NOW + timedelta(seconds=at)
    return calls.update(p.call_rows(list(rows)), now, now, queues or {})


def outline(call: m.Call) -> tuple[object, ...]:
    """Say in short what a call is."""
    legs = tuple((leg.extension, leg.state.value) for leg in call.legs)
    return (call.direction and call.direction.value, call.caller.number, call.callee.number, call.state.value, legs)


# -- the envelope ------------------------------------------------------------------------------------


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
    ],
)
def test_json_is_found_behind_what_php_prints(body: bytes, answer: object) -> None:
    """A byte order mark or a notice before the JSON does no harm."""
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
        ({"success": "true"}, ()),
        ({}, ()),
        ([], ()),
        (None, ()),
    ],
)
def test_every_style_of_list(answer: object, rows: tuple[object, ...]) -> None:
    """A list is an array, wrapped, keyed, or nothing at all."""
    assert p.items(answer) == rows


@pytest.mark.parametrize("answer", [7, "x", True, {"a": [A], "b": [B]}, {"a": 1, "b": "x"}, [1, 2], {"x": [None]}])
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


# -- single values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("35", 35),
        (35, 35),
        ("00:00:35", 35),
        ("1:02:03", 3723),
        ("02:03", 123),
        ("", None),
        (None, None),
        (-1, None),
        ("1e300", None),
        ("nan", None),
        (True, None),
        ([], None),
    ],
)
def test_durations(value: object, expected: float | None) -> None:
    """Seconds, or as Asterisk's own list writes them."""
    assert p.seconds(value) == expected


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


# -- sipstatus ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "host", "contact", "registered"),
    [
        ("OK", "192.0.2.1", "sip:a@192.0.2.1", True),
        ("OK (12 ms)", "192.0.2.1", "", True),
        ("ok (318 ms)", "", "", True),
        ("LAGGED (2100 ms)", "192.0.2.1", "", True),
        ("UNREACHABLE", "192.0.2.1", "sip:a@192.0.2.1", False),
        ("UNKNOWN", "(Unspecified)", "", False),
        ("UNKNOWN", "-none-", "", False),
        ("Unmonitored", "192.0.2.1", "", True),
        ("Unmonitored", "", "sip:a@192.0.2.1", True),
        ("Unmonitored", "(Unspecified)", "", False),
        ("unmonitored", "(null)", "", False),
        ("Unmonitored", "-none-", "", False),
        ("Unmonitored", "0.0.0.0", "", False),  # noqa: S104
        ("Unmonitored", None, None, False),
        ("Rejected", "192.0.2.1", "", None),
        (None, "192.0.2.1", "", None),
    ],
)
def test_registration(status: object, host: object, contact: object, registered: bool | None) -> None:  # noqa: FBT001
    """Every spelling of a registration."""
    (peer,) = p.peers([{"user": "a", "host": host, "status": status, "useragent": "", "regcontact": contact}])
    assert peer.registered is registered


CONTRACT_PEERS = [
    {
        "user": "sip100",
        "host": "192.168.10.21",
        "status": "OK (12 ms)",
        "useragent": "Yealink SIP-T46S 66.85.0.5",
        "regcontact": "sip:sip100@192.168.10.21:5060",
    },
    {"user": "sip101", "host": "", "status": "UNKNOWN", "useragent": "", "regcontact": ""},
    {"user": "provider1", "host": "81.2.3.4", "status": "Unmonitored", "useragent": "", "regcontact": ""},
    {"user": "trunk-odchozi", "host": "", "status": "UNKNOWN", "useragent": "", "regcontact": ""},
]


def test_extensions_are_what_the_user_calls_them() -> None:
    """Numbers and names come from the user, the rest from the phone system; hidden ones are left out."""
    lines = Lines(read_phones({"sip100": {"number": "100", "name": "Anna"}, "sip101": {"hidden": True}}), "")
    assert [e.number for e in lines.extensions(readable=True)] == []
    assert [(e.number, e.registered) for e in lines.extensions(readable=False)] == [("100", None)]
    lines.learn(p.peers(CONTRACT_PEERS))
    first, *trunks = lines.extensions(readable=True)
    assert first == m.Extension(
        number="100",
        name="Anna",
        id="sip100",
        registered=True,
        user_agent="Yealink SIP-T46S 66.85.0.5",
        contact="sip:sip100@192.168.10.21:5060",
    )
    assert [(e.number, e.trunk) for e in trunks] == [("provider1", True), ("trunk-odchozi", True)]
    assert lines.extensions(readable=False)[0].registered is None


def test_a_static_address_alone_makes_no_trunk() -> None:
    """Where the phone system tells of no phone what it is, nothing is said about the others."""
    lines = Lines(read_phones({}), "")
    lines.learn(p.peers([{"user": "100", "host": "192.0.2.1", "status": "OK"}, {"user": "200", "status": "OK"}]))
    assert [e.trunk for e in lines.extensions(readable=True)] == [False, False]


def test_a_number_makes_a_phone_of_anything() -> None:
    """Who enters an internal number says that it is a phone."""
    lines = Lines(read_phones({"trunk-1": {"number": "150", "hidden": True}}), "")
    row = p.row(channel("trunk-1-00000001", "1", "2", 1, "Up"))
    assert row is not None
    phone = lines.phone(row)
    assert phone is not None
    assert phone.number == "150"


def test_two_phones_with_one_number_are_one_extension() -> None:
    """It is registered when one of them is, and calls go to that one."""
    lines = Lines(read_phones({"desk": {"number": "100", "name": "Anna"}, "soft": {"number": "100"}}), "")
    lines.learn(p.peers([{"user": "desk", "status": "UNKNOWN"}, {"user": "soft", "status": "OK"}]))
    (extension,) = lines.extensions(readable=True)
    assert (extension.number, extension.id, extension.name, extension.registered) == ("100", "soft", "Anna", True)
    owner = lines.owner("100")
    assert owner is not None
    assert owner.user == "soft"


@pytest.mark.parametrize("names", [None, [], "x", {"a": None, "b": 7, "c": {"public": "x", "number": None}, 5: {}}])
def test_any_list_of_names_will_do(names: object) -> None:
    """Settings are read with the same care as answers."""
    assert Lines(read_phones(names), "").owner("100") is None


# -- agents ------------------------------------------------------------------------------------------


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


# -- queues ------------------------------------------------------------------------------------------

CONTRACT_QUEUE = {
    "success": "true",
    "queue": {
        "name": "podpora",
        "calls": "2",
        "holdtime": "24",
        "talktime": "131",
        "completed": "57",
        "abandoned": "4",
        "serviceLevel": "60",
        "serviceLevelPerf": "91.2",
        "loggedIn": "2",
        "available": "1",
        "callers": "2",
        "longestHoldTime": "48",
    },
    "members": [
        {"name": "novak", "interface": "Agent/1000", "penalty": "1", "callsTaken": "12", "status": "2", "paused": "0"},
        {"name": "x", "interface": "Agent/1001", "penalty": "2", "callsTaken": "9", "status": "5", "paused": "1"},
        {"name": "desk", "interface": "SIP/sip105", "penalty": "0", "status": "1", "paused": "0"},
    ],
    "callers": [
        {"position": "1", "channel": "SIP/trunk-0000b711", "callerIdNum": "420777123456", "wait": "48"},
        {"position": "2", "channel": "SIP/trunk-0000b713", "callerIdNum": "420602111222", "wait": "9"},
    ],
}


def test_the_contracts_queue() -> None:
    """All figures, the members that are known, and who waits."""
    reading = p.queue_reading(QUEUE, CONTRACT_QUEUE, AGENTS)
    queue = reading.queue
    assert (queue.waiting, queue.longest_wait, queue.average_wait) == (2, 48, 24)
    assert (queue.agents_logged_in, queue.agents_available, queue.service_level) == (2, 1, 91.2)
    assert (queue.answered, queue.abandoned) == (57, 4)
    assert queue.members == {"a0": True, "a1": False}
    assert reading.paused == {"a0": False, "a1": True}
    assert reading.channels == ("SIP/trunk-0000b711", "SIP/trunk-0000b713")
    assert (queue.id, queue.name) == ("q1", "podpora")


def test_a_queue_of_lists_only() -> None:
    """What has no figure of its own is counted."""
    answer = {key: CONTRACT_QUEUE[key] for key in ("members", "callers")}
    queue = p.queue_reading(QUEUE, answer, AGENTS).queue
    assert (queue.waiting, queue.longest_wait, queue.agents_logged_in, queue.agents_available) == (2, 48, 2, 1)
    assert (queue.average_wait, queue.service_level, queue.answered) == (None, None, None)


def test_a_queue_as_asterisk_tells_it() -> None:
    """One list of unlike events, a keyed map of members, other names for the same."""
    events = [
        {"Event": "QueueParams", "Queue": "podpora", "Calls": 1, "Holdtime": 7, "ServiceLevel": "0", "Abandoned": "2"},
        {"Event": "QueueMember", "Name": "novak", "Location": "Local/9@x", "Paused": "1", "Status": "1", "Penalty": 0},
        {"Event": "QueueEntry", "Position": "1", "Channel": "SIP/a-00000001", "Wait": "00:00:12"},
    ]
    reading = p.queue_reading(QUEUE, events, AGENTS)
    assert (reading.queue.waiting, reading.queue.longest_wait, reading.queue.average_wait) == (1, 12, 7)
    assert reading.queue.service_level is None
    assert (reading.queue.members, reading.paused) == ({"a0": True}, {"a0": True})
    assert (reading.queue.agents_logged_in, reading.queue.agents_available) == (1, 0)
    keyed = p.queue_reading(QUEUE, {"members": {"0": {"penalty": "1", "name": "NOVAK"}, "3": {"penalty": "1"}}}, AGENTS)
    assert keyed.queue.members == {"a0": True}
    assert (keyed.paused, keyed.queue.agents_logged_in, keyed.queue.waiting) == ({}, None, None)


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"success": "true"}, "x", 7, {"queue": {"calls": "soon", "sla": 400}}]
)
def test_a_queue_that_cannot_be_read_is_unknown(answer: object) -> None:
    """Never 0."""
    reading = p.queue_reading(QUEUE, answer, AGENTS)
    assert reading.queue == m.Queue(id="q1", name="podpora")


def test_an_empty_queue_has_no_wait() -> None:
    """Nobody waits: that is known."""
    queue = p.queue_reading(QUEUE, {"success": "true", "callers": []}, AGENTS).queue
    assert (queue.waiting, queue.longest_wait) == (0, 0.0)


# -- rows --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "user"),
    [
        ("SIP/5555-0000b704", "5555"),
        ("PJSIP/sip100-0000b704", "sip100"),
        ("SIP/trunk-odchozi-0000b705", "trunk-odchozi"),
        ("DAHDI/1-1", ""),
        ("SIP/short-12", ""),
    ],
)
def test_sip_users_are_in_channel_names(name: str, user: str) -> None:
    """What is no SIP channel is outside."""
    row = p.row(channel(name, "1", "2", 1, "Up"))
    assert row is not None
    assert row.user == user


@pytest.mark.parametrize(
    "name",
    [
        *("Local/100@internal-00000001;1", "", None, [], "SIP/a\n-0000b704"),
        *(
            "SIP/sip101-0000b704<ZOMBIE>",
            "Message/ast_msg_queue",
            "CBAnn/850-00000001;2",
            "AsyncGoto/SIP/sip101-0000b704",
        ),
    ],
)
def test_rows_that_are_no_channels(name: object) -> None:
    """Legs inside Asterisk do not count, unreadable rows are skipped."""
    assert p.row({"channelName": name, "src": "1"}) is None


# -- calls -------------------------------------------------------------------------------------------

CONTRACT_CALLS = [
    channel("sip100-0000b704", "100", "800123456", "73", "Up", accountCode="100", context="internal"),
    channel("trunk-odchozi-0000b705", "100", "800123456", "73", "Up", accountCode="", context="from-trunk"),
    channel("trunk-prichozi-0000b70a", "420777123456", "222333444", "6", "Ring", context="incoming"),
    channel("sip101-0000b70b", "420777123456", "101", "5", "Ringing", accountCode="101"),
    channel("sip102-0000b70c", "102", "103", "3", "Ring", accountCode="102"),
    channel("sip103-0000b70d", "102", "103", "3", "Ringing", accountCode="103"),
]
CONTRACT_OUTLINES = [
    ("outgoing", "100", "+420800123456", "talking", (("100", "talking"), (None, "talking"))),
    ("incoming", "+420777123456", "+420222333444", "ringing", ((None, "ringing"), ("101", "ringing"))),
    ("internal", "102", "103", "ringing", (("102", "dialing"), ("103", "ringing"))),
]


def test_the_contracts_calls() -> None:
    """Six channels are three calls."""
    calls = follow(tracker(), *CONTRACT_CALLS)
    assert [outline(call) for call in calls] == CONTRACT_OUTLINES
    assert calls[0].started_at == NOW - timedelta(seconds=73)
    assert calls[0].caller.name == "Phone 100"
    assert (calls[0].legs[0].context, calls[0].legs[0].account_code) == ("internal", "100")


def test_the_contracts_calls_without_any_names() -> None:
    """The account codes and SIP names tell enough, whatever the order of the rows."""
    calls = follow(tracker({}), *reversed(CONTRACT_CALLS))
    directions = sorted(str(call.direction) for call in calls)
    assert directions == ["incoming", "internal", "outgoing"]
    assert sorted(len(call.legs) for call in calls) == [2, 2, 2]


OUT, IN = "trunk-out-00000001", "trunk-in-00000002"

SCENES: dict[str, tuple[list[dict[str, object]], list[tuple[object, ...]]]] = {
    "outgoing with another number shown": (
        [channel("sip100-00000003", "100", "800123456", 9, "Up"), channel(OUT, "222333444", "800123456", 8, "Up")],
        [("outgoing", "100", "+420800123456", "talking", (("100", "talking"), (None, "talking")))],
    ),
    "outgoing with a dialling prefix": (
        [
            channel("sip100-00000003", "100", "00420800123456", 9, "Ring"),
            channel(OUT, "100", "800123456", 8, "Dialing"),
        ],
        [("outgoing", "100", "+420800123456", "dialing", (("100", "dialing"), (None, "dialing")))],
    ),
    "outgoing by a short code": (
        [channel("sip100-00000003", "100", "*12", 9, "Ring"), channel(OUT, "100", "800123456", 8, "Ringing")],
        [("outgoing", "100", "*12", "dialing", (("100", "dialing"), (None, "ringing")))],
    ),
    "two lines that show one number": (
        [
            channel("sip100-00000003", "222333444", "800123456", 5, "Up"),
            channel("sip101-00000004", "222333444", "800999888", 5, "Up"),
            channel("trunk-out-00000005", "222333444", "800999888", 5, "Up"),
            channel("trunk-out-00000006", "222333444", "800123456", 5, "Up"),
        ],
        [
            (
                "outgoing",
                "+420222333444",
                "+420800123456",
                "talking",
                (("100", "talking"), (None, "talking")),
            ),
            ("outgoing", "+420222333444", "+420800999888", "talking", (("101", "talking"), (None, "talking"))),
        ],
    ),
    "a hidden caller": (
        [
            channel(IN, "anonymous", "222333444", 6, "Ring"),
            channel("sip101-00000004", "anonymous", "101", 5, "Ringing"),
        ],
        [("incoming", "", "+420222333444", "ringing", ((None, "ringing"), ("101", "ringing")))],
    ),
    "a ring group": (
        [
            channel(IN, "777123456", "222333444", 6, "Ring"),
            channel("sip101-00000004", "777123456", "101", 5, "Ringing"),
            channel("sip102-00000005", "777123456", "102", 5, "Ringing"),
        ],
        [
            (
                "incoming",
                "+420777123456",
                "+420222333444",
                "ringing",
                ((None, "ringing"), ("101", "ringing"), ("102", "ringing")),
            )
        ],
    ),
    "two callers of one number wait": (
        [channel(IN, "777123456", "222333444", 6, "Up"), channel(OUT, "602111222", "222333444", 6, "Up")],
        [
            ("incoming", "+420777123456", "+420222333444", "talking", ((None, "talking"),)),
            ("incoming", "+420602111222", "+420222333444", "talking", ((None, "talking"),)),
        ],
    ),
    "a queue caller is older than the phone that answers": (
        [channel(IN, "777123456", "222333444", 900, "Up"), channel("sip101-00000004", "777123456", "101", 3, "Up")],
        [("incoming", "+420777123456", "+420222333444", "talking", ((None, "talking"), ("101", "talking")))],
    ),
    "a call that is sent on to a mobile": (
        [channel(IN, "777123456", "222333444", 9, "Ring"), channel(OUT, "777123456", "606111222", 8, "Ringing")],
        [("incoming", "+420777123456", "+420222333444", "ringing", ((None, "ringing"), (None, "ringing")))],
    ),
    "in on one trunk and out on another with the same number": (
        [channel(IN, "777123456", "222333444", 9, "Ring"), channel(OUT, "777123456", "222333444", 8, "Ringing")],
        [("incoming", "+420777123456", "+420222333444", "ringing", ((None, "ringing"), (None, "ringing")))],
    ),
    "the same caller twice": (
        [channel(IN, "777123456", "222333444", 9, "Up"), channel(OUT, "777123456", "222333444", 8, "Up")],
        [
            ("incoming", "+420777123456", "+420222333444", "talking", ((None, "talking"),)),
            ("incoming", "+420777123456", "+420222333444", "talking", ((None, "talking"),)),
        ],
    ),
    "one number rings a phone and waits for another": (
        [
            channel("trunk-in-00000001", "777123456", "22233343", 6, "Ring"),
            channel("sip103-00000002", "777123456", "103", 6, "Ringing"),
            channel("trunk-in-00000003", "777123456", "222333444", 5, "Up"),
            channel("sip102-00000004", "777123456", "102", 5, "Up"),
        ],
        [
            ("incoming", "+420777123456", "22233343", "ringing", ((None, "ringing"), ("103", "ringing"))),
            ("incoming", "+420777123456", "+420222333444", "talking", ((None, "talking"), ("102", "talking"))),
        ],
    ),
    "one number rings a phone, and a queue another one later": (
        [
            channel("trunk-in-00000001", "777123456", "22233341", 22, "Ring"),
            channel("sip101-00000002", "777123456", "101", 22, "Ringing"),
            channel("trunk-in-00000003", "777123456", "222333444", 2, "Up"),
            channel("sip102-00000004", "777123456", "102", 2, "Ringing"),
        ],
        [
            ("incoming", "+420777123456", "22233341", "ringing", ((None, "ringing"), ("101", "ringing"))),
            ("incoming", "+420777123456", "+420222333444", "ringing", ((None, "ringing"), ("102", "ringing"))),
        ],
    ),
    "one number rings a phone and a group": (
        [
            channel("trunk-in-00000001", "777123456", "22233342", 0, "Ring"),
            channel("sip102-00000002", "777123456", "102", 0, "Ringing"),
            channel("trunk-in-00000003", "777123456", "222333444", 0, "Ring"),
            channel("sip103-00000004", "777123456", "103", 0, "Ringing"),
            channel("sip101-00000005", "777123456", "101", 0, "Ringing"),
        ],
        [
            ("incoming", "+420777123456", "22233342", "ringing", ((None, "ringing"), ("102", "ringing"))),
            (
                "incoming",
                "+420777123456",
                "+420222333444",
                "ringing",
                ((None, "ringing"), ("103", "ringing"), ("101", "ringing")),
            ),
        ],
    ),
    "one number rings two groups": (
        [
            channel("trunk-in-00000001", "777123456", "222333444", 3, "Ring"),
            channel("sip101-00000002", "777123456", "101", 3, "Ringing"),
            channel("trunk-in-00000003", "777123456", "222333444", 3, "Up"),
            channel("sip102-00000004", "777123456", "102", 3, "Ringing"),
        ],
        [
            ("incoming", "+420777123456", "+420222333444", "ringing", ((None, "ringing"), ("101", "ringing"))),
            ("incoming", "+420777123456", "+420222333444", "ringing", ((None, "ringing"), ("102", "ringing"))),
        ],
    ),
    "two calls of one phone": (
        [channel("sip100-00000003", "100", "800123456", 9, "Up"), channel("sip100-00000004", "100", "101", 8, "Up")],
        [
            ("outgoing", "100", "+420800123456", "talking", (("100", "talking"),)),
            ("internal", "100", "101", "talking", (("100", "talking"), ("101", "talking"))),
        ],
    ),
    "a called leg that names itself": (
        [channel("sip100-00000003", "100", "101", 9, "Up"), channel("sip101-00000004", "101", "", 8, "Up")],
        [("internal", "100", "101", "talking", (("100", "talking"), ("101", "talking")))],
    ),
    "a called leg seen from the other end": (
        [channel("sip101-00000004", "101", "100", 8, "Up"), channel("sip100-00000003", "100", "101", 9, "Up")],
        [("internal", "100", "101", "talking", (("100", "talking"), ("101", "talking")))],
    ),
    "a conference": (
        [channel("sip100-00000003", "100", "500", 9, "Up"), channel("sip101-00000004", "101", "500", 8, "Up")],
        [
            ("internal", "100", "500", "talking", (("100", "talking"),)),
            ("internal", "101", "500", "talking", (("101", "talking"),)),
        ],
    ),
    "one number in common but another age": (
        [channel(IN, "anonymous", "222333444", 600, "Up"), channel("sip101-00000004", "anonymous", "101", 5, "Up")],
        [
            (None, "", "+420222333444", "talking", ((None, "talking"),)),
            ("incoming", "", "101", "talking", (("101", "talking"),)),
        ],
    ),
    "a called leg older than its caller": (
        [channel("sip100-00000003", "100", "101", 9, "Ring"), channel("sip101-00000004", "100", "101", 90, "Ringing")],
        [
            ("internal", "100", "101", "ringing", (("100", "dialing"), ("101", "ringing"))),
            ("internal", "100", "101", "ringing", (("101", "ringing"),)),
        ],
    ),
    "durations as clock times and as nothing": (
        [
            channel("sip100-00000003", "100", "101", "00:00:09", "Ring"),
            channel("sip101-00000004", "100", "101", None, "Ringing"),
        ],
        [("internal", "100", "101", "ringing", (("100", "dialing"), ("101", "ringing")))],
    ),
    "local legs and legs in the making": (
        [
            channel("Local/101@internal-00000001;1", "100", "101", 1, "Up"),
            channel(OUT, "", "s", 0, "Down"),
            channel("sip100-00000003", "100", "101", 1, "Ring"),
        ],
        [("internal", "100", "101", "ringing", (("100", "dialing"), ("101", "ringing")))],
    ),
    "numbers as numbers": (
        [channel("sip100-00000003", 100, 800123456, 1, "Up"), channel(OUT, 100, 800123456, 1, "Up")],
        [("outgoing", "100", "+420800123456", "talking", (("100", "talking"), (None, "talking")))],
    ),
    "one row for an incoming call": (
        [channel(IN, "777123456", "101", 6, "Ring")],
        [("incoming", "+420777123456", "101", "ringing", ((None, "ringing"), ("101", "ringing")))],
    ),
    "one row for an answered incoming call": (
        [channel(IN, "777123456", "101", 6, "Up")],
        [("incoming", "+420777123456", "101", "talking", ((None, "talking"), ("101", "talking")))],
    ),
    "one row, the called phone's": (
        [channel("sip101-00000004", "777123456", "101", 5, "Up")],
        [("incoming", "+420777123456", "101", "talking", (("101", "talking"),))],
    ),
    "a called phone without a destination": (
        [channel("sip101-00000004", "777123456", "s", 5, "Ringing")],
        [("incoming", "+420777123456", "101", "ringing", (("101", "ringing"),))],
    ),
    "a caller from outside without a destination": (
        [channel(IN, "777123456", "s", 6, "Ring"), channel("sip101-00000004", "777123456", "", 5, "Ringing")],
        [("incoming", "+420777123456", "101", "ringing", ((None, "ringing"), ("101", "ringing")))],
    ),
    "a phone that shows no number": (
        [channel("sip100-00000003", "", "800123456", 5, "Ring")],
        [("outgoing", "100", "+420800123456", "dialing", (("100", "dialing"),))],
    ),
    "a phone nobody has named, with long numbers": (
        [channel("recepce-00000003", "222333444", "800123456", 5, "Up")],
        [(None, "+420222333444", "+420800123456", "talking", (("recepce", "talking"),))],
    ),
    "a phone nobody has named, with a short number": (
        [channel("recepce-00000003", "777123456", "12", 5, "Up")],
        [("incoming", "+420777123456", "12", "talking", (("recepce", "talking"),))],
    ),
    "a trunk's leg alone, called": (
        [channel(OUT, "100", "800123456", 5, "Ringing")],
        [("outgoing", "100", "+420800123456", "ringing", ((None, "ringing"),))],
    ),
    "a SIP user name instead of a number": (
        [
            channel("sip100-00000003", "sip100", "sip101", 5, "Ring"),
            channel("sip101-00000004", "sip100", "sip101", 5, "Ringing"),
        ],
        [("internal", "100", "101", "ringing", (("100", "dialing"), ("101", "ringing")))],
    ),
    "an analogue trunk": (
        [
            channel("DAHDI/1-1", "777123456", "101", 5, "Ring"),
            channel("sip101-00000004", "777123456", "101", 5, "Ringing"),
        ],
        [("incoming", "+420777123456", "101", "ringing", ((None, "ringing"), ("101", "ringing")))],
    ),
    "an unknown state": (
        [channel("sip100-00000003", "100", "500", 5, "Zvoní")],
        [("internal", "100", "500", "dialing", (("100", "dialing"),))],
    ),
}


@pytest.mark.parametrize("name", SCENES)
def test_which_rows_are_one_call(name: str) -> None:
    """Numbers, ages and states decide, in any order of rows."""
    rows, expected = SCENES[name]
    assert sorted(str(outline(call)) for call in follow(tracker(), *rows)) == sorted(str(line) for line in expected)


def test_a_call_keeps_its_id_while_its_rows_change() -> None:
    """Ringing, answered, transferred, one leg left: one call, and each channel keeps its leg."""
    calls = tracker()
    ring = follow(calls, *CONTRACT_CALLS[2:4])[0]
    trunk, phone = (
        CONTRACT_CALLS[2] | {"status": "Up", "duration": 9},
        CONTRACT_CALLS[3] | {"status": "Up", "duration": 8},
    )
    talk = follow(calls, trunk, phone, at=3)[0]
    assert talk.id == ring.id
    assert [leg.id for leg in talk.legs] == [leg.id for leg in ring.legs]
    assert talk.started_at == ring.started_at
    assert talk.state is CallState.TALKING
    alone = follow(calls, trunk | {"duration": 30}, at=24)[0]
    assert (alone.id, alone.direction, alone.state) == (ring.id, Direction.INCOMING, CallState.TALKING)
    other = channel("sip102-0000b70f", "420777123456", "102", 1, "Ringing")
    moved = follow(calls, trunk | {"duration": 40}, other, at=34)[0]
    assert (moved.id, len(moved.legs)) == (ring.id, 2)
    assert follow(calls, at=40) == ()
    assert calls.channel(ring.legs[0].id) is None


def test_an_outgoing_call_that_is_handed_over_stays_one() -> None:
    """The outside leg is left alone, then another phone rings for whoever was called."""
    calls = tracker()
    phone, outside = CONTRACT_CALLS[:2]
    (call,) = follow(calls, phone, outside)
    (alone,) = follow(calls, outside)
    (ringing,) = follow(calls, outside, channel("sip105-0000b7db", "100", "105", 0, "Ringing"))
    assert alone.id == ringing.id == call.id
    assert outline(ringing) == (
        "outgoing",
        "100",
        "+420800123456",
        "talking",
        ((None, "talking"), ("105", "ringing")),
    )


def test_whoever_is_left_alone_is_handed_over_and_nothing_else() -> None:
    """To a phone that is called, also when it was first seen answering; not to a phone's own new call."""
    calls = tracker()
    rows = [channel("sip100-00000003", "100", "101", 9, "Up"), channel("sip101-00000004", "100", "101", 8, "Up")]
    (call,) = follow(calls, *rows)
    own = channel("sip100-00000005", "100", "800123456", 0, "Ringing")
    alone, other = follow(calls, rows[1], own)
    assert (alone.id, len(alone.legs), len(other.legs)) == (call.id, 1, 1)
    handed, _ = follow(calls, rows[1], channel("sip102-00000006", "100", "102", 5, "Up"), own)
    assert (handed.id, handed.extensions) == (call.id, ("101", "102"))


def test_a_phone_that_dials_another_does_not_ring_a_third() -> None:
    """But it may be sent on, if both are of one age."""
    dialling = channel("sip100-00000003", "100", "101", 9, "Ring")
    third = channel("sip102-00000004", "100", "102", 8, "Ringing")
    assert len(follow(tracker(), dialling, third)) == 1
    assert len(follow(tracker(), dialling | {"duration": 90}, third)) == 2
    assert len(follow(tracker(), dialling | {"dst": "800123456"}, third)) == 2
    assert len(follow(tracker(), dialling | {"dst": "600", "duration": 90}, third)) == 1


def test_a_channel_name_that_comes_again_is_a_new_call() -> None:
    """After a restart of Asterisk the counter starts anew; only the duration tells."""
    calls = tracker()
    row = channel("sip100-00000001", "100", "800123456", 90, "Up")
    (first,) = follow(calls, row)
    assert calls.is_up(first.legs[0].id, p.call_rows([row]), NOW)
    assert not calls.is_up(first.legs[0].id, p.call_rows([row | {"duration": 3}]), NOW)
    (second,) = follow(calls, row | {"duration": 3})
    assert second.id != first.id
    assert second.legs[0].id != first.legs[0].id
    assert calls.channel(first.legs[0].id) is None
    assert follow(calls, row | {"duration": None})[0].id == second.id
    assert follow(calls, row | {"duration": 2})[0].id not in {first.id, second.id}


def test_a_channel_name_that_comes_again_after_a_long_time_is_a_new_call() -> None:
    """The new one is older than the last one was when it was seen, but not as old as that would be by now."""
    calls = tracker()
    row = channel("trunk-prichozi-00000001", "420777123456", "222333444", 10, "Ring")
    (first,) = follow(calls, row)
    (same,) = follow(calls, row | {"dst": "101", "duration": 110}, at=101)
    assert same.id == first.id  # handed on: its age is still the same channel's
    (second,) = follow(calls, row | {"src": "420602111222", "duration": 150}, at=201)
    assert second.id != first.id
    assert second.caller.number == "+420602111222"


def test_a_caller_who_only_seemed_to_talk_waits_again() -> None:
    """Whether phones that are called have rows is learned with the first of them, and who waits in a queue later."""
    trunk = channel("trunk-prichozi-0000b711", "420602111222", "222333444", 30, "Up")
    calls = tracker()
    (guessed,) = follow(calls, trunk)
    assert guessed.state is CallState.TALKING
    phone = channel("sip101-0000b712", "420602111222", "101", 2, "Ringing")
    (ringing,) = follow(calls, trunk, phone)
    assert ringing.id == guessed.id
    assert [leg.state for leg in ringing.legs] == [CallState.RINGING, CallState.RINGING]
    assert ringing.legs[0].id != guessed.legs[0].id

    calls = tracker()
    follow(calls, trunk)
    queues = {"SIP/trunk-prichozi-0000b711": "podpora"}
    assert follow(calls, trunk, queues=queues)[0].state is CallState.RINGING
    assert follow(calls, trunk)[0].state is CallState.TALKING


def test_a_leg_that_appears_later_joins_its_call() -> None:
    """In either order, and not a call in which two talk already."""
    calls = tracker()
    caller, phone = CONTRACT_CALLS[2], CONTRACT_CALLS[3]
    (first,) = follow(calls, caller)
    (both,) = follow(calls, caller, phone)
    assert (both.id, len(both.legs)) == (first.id, 2)
    calls = tracker()
    (first,) = follow(calls, phone)
    (both,) = follow(calls, phone, caller)
    assert both.id == first.id
    assert [leg.extension for leg in both.legs] == [None, "101"]
    up = [row | {"status": "Up", "duration": 300} for row in (caller, phone)]
    follow(calls, *up)
    straggler = channel("sip102-0000b70f", "420777123456", "102", 1, "Ringing")
    assert len(follow(calls, *up, straggler)) == 2


def test_a_phone_that_still_rings_when_another_answered_belongs_to_the_call() -> None:
    """Or it would become a missed call of its own."""
    calls = tracker()
    caller, phone = (row | {"status": "Up"} for row in CONTRACT_CALLS[2:4])
    straggler = channel("sip102-0000b70f", "420777123456", "102", 5, "Ringing")
    (call,) = follow(calls, caller, phone, straggler)
    assert call.state is CallState.TALKING
    assert [(leg.extension, leg.state.value) for leg in call.legs] == [
        (None, "talking"),
        ("101", "talking"),
        ("102", "ringing"),
    ]


def test_a_menu_or_a_queue_does_not_answer() -> None:
    """Once called phones are known to have rows, a lone caller from outside talks to nobody."""
    calls = tracker()
    follow(calls, *CONTRACT_CALLS)
    waiting = channel("trunk-prichozi-0000b711", "420602111222", "222333444", 30, "Up")
    (call,) = follow(calls, waiting, queues={"SIP/trunk-prichozi-0000b711": "podpora"})
    assert (call.state, call.queue) == (CallState.RINGING, "podpora")
    phone = channel("sip101-0000b712", "420602111222", "101", 2, "Ringing")
    (ringing,) = follow(calls, waiting | {"duration": 40}, phone)
    assert [leg.state for leg in ringing.legs] == [CallState.RINGING, CallState.RINGING]
    assert ringing.queue == "podpora"
    (talking,) = follow(calls, waiting | {"duration": 45}, phone | {"status": "Up", "duration": 7})
    assert (talking.id, talking.state) == (call.id, CallState.TALKING)


def test_when_only_rows_of_talking_channels_are_listed() -> None:
    """A phone system that hides what rings shows calls when they are answered."""
    calls = tracker()
    rows = [row | {"status": "Up", "duration": 9} for row in CONTRACT_CALLS[2:4]]
    (call,) = follow(calls, *rows)
    assert call.state is CallState.TALKING
    assert call.direction is Direction.INCOMING


@pytest.mark.parametrize(("src", "dst"), [("100", "800123456"), ("800123456", "100"), ("800123456", "s")])
def test_a_call_by_api_is_outgoing_although_the_phone_rings(src: str, dst: str) -> None:
    """Whatever the phone shows, and until the other side answers it is only dialled."""
    calls = tracker()
    calls.expect(CallRequest(inside=True, user="sip100", number="800123456", at=NOW))
    phone = channel("sip100-00000003", src, dst, 1, "Ringing")
    (call,) = follow(calls, phone, at=1)
    assert outline(call) == ("outgoing", "100", "+420800123456", "ringing", (("100", "ringing"),))
    (call,) = follow(calls, phone | {"status": "Up", "duration": 2}, at=2)
    assert call.state is CallState.DIALING
    outside = channel(OUT, "100", "800123456", 1, "Ringing")
    (call,) = follow(calls, phone | {"status": "Up", "duration": 4}, outside, at=4)
    assert outline(call)[3:] == ("dialing", (("100", "dialing"), (None, "ringing")))
    up = [phone | {"status": "Up", "duration": 6}, outside | {"status": "Up", "duration": 3}]
    (call,) = follow(calls, *up, at=6)
    assert (call.state, call.direction) == (CallState.TALKING, Direction.OUTGOING)


def test_a_call_by_api_to_a_machine_inside_is_answered() -> None:
    """There never is a second leg."""
    calls = tracker()
    calls.expect(CallRequest(inside=True, user=None, number="500", at=NOW))
    row = channel("sip100-00000003", "100", "500", 2, "Up")
    assert follow(calls, row)[0].direction is Direction.INTERNAL
    assert follow(calls, row | {"duration": 4})[0].state is CallState.TALKING


def test_a_request_is_used_once_and_not_for_long() -> None:
    """It must not change what a later, real call is."""
    calls = tracker()
    row = channel("sip100-00000003", "800123456", "100", 1, "Ringing")
    request = CallRequest(inside=True, user="sip100", number="800123456", at=NOW)
    calls.expect(request)
    assert follow(calls, row, at=121)[0].direction is Direction.INCOMING
    calls.expect(request)
    calls.withdraw(request)
    calls.withdraw(request)
    again = row | {"channelName": "SIP/sip100-00000004"}
    assert follow(calls, again, at=1)[0].direction is Direction.INCOMING
    calls.expect(CallRequest(inside=True, user="sip101", number="800123456", at=NOW))
    calls.expect(CallRequest(inside=True, user="sip100", number="800999999", at=NOW))
    calls.expect(CallRequest(inside=False, user=None, number="800123456", at=NOW))
    third = row | {"channelName": "SIP/sip100-00000005"}
    assert follow(calls, third, at=1)[0].direction is Direction.INCOMING


def test_a_call_through_a_route_is_outgoing() -> None:
    """The outside leg is alone, and answered when it is up."""
    calls = tracker()
    follow(calls, *CONTRACT_CALLS)
    calls.expect(CallRequest(inside=False, user=None, number="+420777123456", at=NOW))
    row = channel("trunk-odchozi-0000b720", "", "777123456", 1, "Up")
    (call,) = follow(calls, row)
    assert (call.direction, call.state) == (Direction.OUTGOING, CallState.TALKING)


def test_five_hundred_calls_at_once() -> None:
    """All are found at the first look, and nothing changes at the second."""
    rows = []
    for n in range(500):
        number = f"777{n:06}"
        rows.append(channel(f"trunk-in-{n:08x}", number, "222333444", 10 + n, "Up"))
        rows.append(channel(f"phone{n}-{n + 5000:08x}", number, str(1000 + n), 8 + n, "Up"))
    calls = tracker()
    first = follow(calls, *rows)
    assert [len(call.legs) for call in first] == [2] * 500
    assert {call.direction for call in first} == {Direction.INCOMING}
    assert follow(calls, *rows) == first


# -- anything at all ---------------------------------------------------------------------------------

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
    reading = p.queue_reading(QUEUE, answer, AGENTS, ["x"])
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


@pytest.mark.parametrize(
    "ghost",
    [
        "SIP/sip101-00000002<ZOMBIE>",
        "AsyncGoto/SIP/sip101-00000002",
        "Surrogate/SIP/sip101-00000002",
        "Parked/SIP/trunk1-00000001",
        "Message/ast_msg_queue",
        "CBAnn/850-00000001;2",
        "Recorder/ARI-00000001;2",
    ],
)
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
