"""VoIPSUN: how channels become calls."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from custom_components.pbx.providers.voipsun import payload as p
from custom_components.pbx.providers.voipsun.stories import CallRequest
from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState, Direction

from .rows import NOW, channel, follow, tracker


def outline(call: m.Call) -> tuple[object, ...]:
    """Say in short what a call is."""
    legs = tuple((leg.extension, leg.state.value) for leg in call.legs)
    return (call.direction and call.direction.value, call.caller.number, call.callee.number, call.state.value, legs)


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
        *("", None, [], "SIP/a\n-0000b704"),
        *(
            "SIP/sip101-0000b704<ZOMBIE>",
            "Message/ast_msg_queue",
            "CBAnn/850-00000001;2",
            "AsyncGoto/SIP/sip101-0000b704",
        ),
    ],
)
def test_rows_that_are_no_channels(name: object) -> None:
    """What is a part of Asterisk does not count, unreadable rows are skipped."""
    assert p.row({"channelName": name, "src": "1"}) is None


def test_glue_is_read_but_is_no_end_of_a_call() -> None:
    """It only tells who called whom."""
    row = p.row(channel("Local/100@internal-00000001;1", "1", "2", 1, "Up"))
    assert row is not None
    assert row.glue
    assert follow(tracker(), channel("Local/100@internal-00000001;1", "1", "2", 1, "Up")) == ()


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
    "a caller who shows the number of a phone": (
        [channel(IN, "101", "222333444", 6, "Ring"), channel("sip102-00000004", "101", "102", 5, "Ringing")],
        [("incoming", "101", "+420222333444", "ringing", ((None, "ringing"), ("102", "ringing")))],
    ),
    "a caller who shows the very number that is called": (
        [
            channel(IN, "222333402", "222333402", 6, "Ring"),
            channel("sip102-00000004", "222333402", "102", 5, "Ringing"),
        ],
        [("incoming", "+420222333402", "+420222333402", "ringing", ((None, "ringing"), ("102", "ringing")))],
    ),
    "a caller who shows the number of the phone that rings": (
        [channel(IN, "102", "222333444", 6, "Ring"), channel("sip102-00000004", "102", "102", 5, "Ringing")],
        [("incoming", "102", "+420222333444", "ringing", ((None, "ringing"), ("102", "ringing")))],
    ),
    "a caller who shows the number of a phone that calls its mailbox": (
        [channel(IN, "101", "222333444", 6, "Ring"), channel("sip101-00000004", "101", "*98", 5, "Up")],
        [
            ("incoming", "101", "+420222333444", "ringing", ((None, "ringing"),)),
            ("internal", "101", "*98", "talking", (("101", "talking"),)),
        ],
    ),
    "a phone calls outside while another rings for it": (
        [
            channel("sip101-00000001", "101", "800123456", 9, "Ring"),
            channel("trunk-out-00000002", "101", "800123456", 8, "Ringing"),
            channel("sip101-00000003", "101", "102", 6, "Ring"),
            channel("sip102-00000004", "101", "102", 5, "Ringing"),
        ],
        [
            ("outgoing", "101", "+420800123456", "dialing", (("101", "dialing"), (None, "ringing"))),
            ("internal", "101", "102", "ringing", (("101", "dialing"), ("102", "ringing"))),
        ],
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
            ("incoming", "+420777123456", "+420222333444", "ringing", ((None, "ringing"),)),
            ("incoming", "+420602111222", "+420222333444", "ringing", ((None, "ringing"),)),
        ],
    ),
    "a queue caller is older than the phone that answers": (
        [channel(IN, "777123456", "222333444", 900, "Up"), channel("sip101-00000004", "777123456", "101", 3, "Up")],
        [("incoming", "+420777123456", "+420222333444", "talking", ((None, "talking"), ("101", "talking")))],
    ),
    "a queue caller is older than the phone that answers and shows only itself": (
        [channel(IN, "777123456", "222333444", 900, "Up"), channel("sip101-00000004", "101", "", 3, "Up")],
        [("incoming", "+420777123456", "+420222333444", "talking", ((None, "talking"), ("101", "talking")))],
    ),
    "of two queue callers the one talks whose phone was called next": (
        [
            channel("trunk-in-00000001", "777123456", "222333444", 900, "Up"),
            channel("sip101-00000002", "101", "", 300, "Up"),
            channel("trunk-in-00000003", "602111222", "222333444", 200, "Up"),
        ],
        [
            ("incoming", "+420777123456", "+420222333444", "talking", ((None, "talking"), ("101", "talking"))),
            ("incoming", "+420602111222", "+420222333444", "ringing", ((None, "ringing"),)),
        ],
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
            ("incoming", "+420777123456", "+420222333444", "ringing", ((None, "ringing"),)),
            ("incoming", "+420777123456", "+420222333444", "ringing", ((None, "ringing"),)),
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
    "a queue rings its first phone, and a group of the same number rings since before": (
        [
            channel("trunk-in-0000000f", "777123456", "222333444", 22, "Up"),
            channel("trunk-in-00000012", "602111222", "222333444", 21, "Ring"),
            channel("sip105-00000013", "105", "222333444", 21, "Ringing"),
            channel("sip101-00000014", "101", "222333444", 21, "Ringing"),
            channel("sip102-00000016", "102", "222333444", 1, "Ringing"),
        ],
        [
            ("incoming", "+420777123456", "+420222333444", "ringing", ((None, "ringing"), ("102", "ringing"))),
            (
                "incoming",
                "+420602111222",
                "+420222333444",
                "ringing",
                ((None, "ringing"), ("105", "ringing"), ("101", "ringing")),
            ),
        ],
    ),
    "two phones call each other, and one has answered": (
        [
            channel("sip105-00000006", "105", "104", 33, "Up"),
            channel("sip104-00000007", "104", "", 33, "Up"),
            channel("sip104-00000008", "104", "105", 33, "Ring"),
            channel("sip105-00000009", "105", "105", 33, "Ringing"),
        ],
        [
            ("internal", "105", "104", "talking", (("105", "talking"), ("104", "talking"))),
            ("internal", "104", "105", "ringing", (("104", "dialing"), ("105", "ringing"))),
        ],
    ),
    "two phones call each other, and both have answered": (
        [
            channel("sip105-00000006", "105", "104", 33, "Up"),
            channel("sip104-00000007", "104", "", 33, "Up"),
            channel("sip104-00000008", "104", "105", 33, "Up"),
            channel("sip105-00000009", "105", "", 33, "Up"),
        ],
        [
            ("internal", "105", "104", "talking", (("105", "talking"), ("104", "talking"))),
            ("internal", "104", "105", "talking", (("104", "talking"), ("105", "talking"))),
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
    "an outgoing call whose ends show each other, found talking": (
        [
            channel("sip100-00000003", "100", "800123456", 9, "Up"),
            channel("trunk-out-00000004", "800123456", "100", 8, "Up"),
        ],
        [("outgoing", "100", "+420800123456", "talking", (("100", "talking"), (None, "talking")))],
    ),
    "an outgoing call whose ends show each other, found talking, both of one second": (
        [
            channel("sip100-00000003", "100", "800123456", 9, "Up"),
            channel("trunk-out-00000004", "800123456", "100", 9, "Up"),
        ],
        [("outgoing", "100", "+420800123456", "talking", (("100", "talking"), (None, "talking")))],
    ),
    "an incoming call whose ends show each other, found talking": (
        [
            channel("trunk-in-00000003", "777123456", "100", 9, "Up"),
            channel("sip100-00000004", "100", "777123456", 9, "Up"),
        ],
        [("incoming", "+420777123456", "100", "talking", ((None, "talking"), ("100", "talking")))],
    ),
    "an incoming call whose ends show each other, and whose phone is one second younger": (
        [
            channel("trunk-in-00000003", "777123456", "100", 9, "Up"),
            channel("sip100-00000004", "100", "777123456", 8, "Up"),
        ],
        [("incoming", "+420777123456", "100", "talking", ((None, "talking"), ("100", "talking")))],
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
    "a phone that a program had rung for long, found in the first list": (
        [
            channel("sip100-00000003", "100", "800123456", 341, "Up"),
            channel("trunk-out-00000009", "800123456", "", 137, "Up"),
        ],
        [("outgoing", "100", "+420800123456", "talking", (("100", "talking"), (None, "talking")))],
    ),
    "a phone that a program had rung for long, beside a queue that was answered meanwhile": (
        [
            channel("trunk-00000002", "777000004", "222333444", 238, "Up"),
            channel("sip102-00000005", "102", "", 228, "Up"),
            channel("sip104-00000004", "104", "800123456", 230, "Up"),
            channel("trunk-out-00000009", "800123456", "", 125, "Up"),
        ],
        [
            ("incoming", "+420777000004", "+420222333444", "talking", ((None, "talking"), ("102", "talking"))),
            ("outgoing", "104", "+420800123456", "talking", (("104", "talking"), (None, "talking"))),
        ],
    ),
    "two phones dialled one number, one of them long ago and in vain": (
        [
            channel("sip100-00000003", "100", "800123456", 341, "Up"),
            channel("sip101-00000008", "101", "800123456", 138, "Up"),
            channel("trunk-out-00000009", "800123456", "", 137, "Up"),
        ],
        [
            ("outgoing", "100", "+420800123456", "talking", (("100", "talking"),)),
            ("outgoing", "101", "+420800123456", "talking", (("101", "talking"), (None, "talking"))),
        ],
    ),
    "a short number that a phone dialled long before": (
        [channel("sip100-00000003", "100", "800", 341, "Up"), channel("trunk-out-00000009", "800", "", 137, "Up")],
        [
            ("internal", "100", "800", "talking", (("100", "talking"),)),
            ("outgoing", "800", "", "talking", ((None, "talking"),)),
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


def told(*lists: list[dict[str, object]]) -> list[tuple[str, object]]:
    """Show lists to an account, every two seconds, and return what is told: each event, and to whom it was given."""
    calls, registry = tracker(), CallRegistry()
    registry.snapshot((), NOW, NOW)
    heard: list[tuple[str, object]] = []
    for turn, rows in enumerate((*lists, [])):
        at = NOW + timedelta(seconds=2 * turn)
        changes = registry.snapshot(follow(calls, *rows, at=2 * turn), at, at)
        heard += [(event.type.value, event.fields.get("transferred_to")) for event in changes.events if event.public]
    return heard


HANDED_OUTSIDE = {
    "own numbers": (
        ("777123456", "606111222", "606111222", "606111222"),
        ("777123456", "606111222", "606111222", ""),
    ),
    "parties": (
        ("777123456", "606111222", "777123456", "606111222"),
        ("777123456", "606111222", "777123456", "606111222"),
    ),
    "parties, with the number of the house": (
        ("777123456", "606111222", "22233341", "606111222"),
        ("777123456", "606111222", "22233341", "606111222"),
    ),
    "connected": (
        ("777123456", "606111222", "606111222", "777123456"),
        ("777123456", "606111222", "606111222", "777123456"),
    ),
}


@pytest.mark.parametrize("phones", [1, 2])
@pytest.mark.parametrize("place", ["801", "podpora", "22233349"])
def test_an_agent_who_gets_free_rings_for_the_first_in_line(place: str, phones: int) -> None:
    """Who shows only itself and the queue says not for whom; the next one rings for whoever is first then."""

    def waits(*since: tuple[str, int, int]) -> list[dict[str, object]]:
        return [channel(f"trunk-in-0000000{number}", source, place, age, "Up") for source, number, age in since]

    def agents(status: str, dialled: str, age: int, first: int) -> list[dict[str, object]]:
        return [
            channel(f"sip10{number}-000000{number}{number}", f"10{number}", dialled, age, status)
            for number in range(first, first + phones)
        ]

    calls = tracker()
    calls.lists_called_phones = True
    first, second, third = ("777111111", 1), ("777222222", 2), ("777333333", 3)
    follow(calls, *waits((*first, 40), (*second, 30)))
    rings = [*waits((*second, 32), (*third, 1), (*first, 42)), *agents("Ringing", place, 1, 1)]
    assert by_caller(follow(calls, *rings, at=2)) == {"777111111": phones, "777222222": 0, "777333333": 0}
    talks = [*waits((*first, 44), (*second, 34), (*third, 3)), *agents("Up", "", 3, 1)[:1]]
    assert by_caller(follow(calls, *talks, at=4)) == {"777111111": 1, "777222222": 0, "777333333": 0}
    again = [
        *waits((*first, 48), (*second, 38), (*third, 7)),
        *agents("Up", "", 7, 1)[:1],
        *agents("Ringing", place, 1, 4),
    ]
    assert by_caller(follow(calls, *again, at=8)) == {"777111111": 1, "777222222": phones, "777333333": 0}


@pytest.mark.parametrize("age", [0, 1, 3])
def test_two_who_come_to_a_queue_between_two_lists_have_a_phone_each(age: int) -> None:
    """A phone that is called as soon as a caller comes has the next channel."""
    calls = tracker()
    calls.lists_called_phones = True
    follow(calls)
    rows = [
        channel("trunk-in-00000001", "777111111", "801", age + 1, "Up"),
        channel("sip102-00000002", "102", "801", age + 1, "Ringing"),
        channel("trunk-in-00000003", "777222222", "801", age, "Up"),
        channel("sip105-00000004", "105", "801", age, "Ringing"),
    ]
    assert by_caller(follow(calls, *rows, at=4)) == {"777111111": 1, "777222222": 1}


@pytest.mark.parametrize(("unwatched", "owner"), [(2, "777111111"), (270, "777222222")])
def test_who_came_while_nobody_looked_may_have_a_phone_already(unwatched: int, owner: str) -> None:
    """Then the phone that rings as long as a caller is there rings for that one."""
    calls = tracker()
    calls.lists_called_phones = True
    follow(calls)
    rows = [
        channel("trunk-in-00000001", "777111111", "801", unwatched, "Up"),
        channel("trunk-in-00000003", "777222222", "801", 0, "Up"),
        channel("sip105-00000020", "105", "801", 0, "Ringing"),
    ]
    assert [caller for caller, phones in by_caller(follow(calls, *rows, at=unwatched)).items() if phones] == [owner]


def by_caller(calls: Iterable[m.Call]) -> dict[str, int]:
    """Count the phones of each call, by its caller."""
    return {call.caller.number.removeprefix("+420"): len(call.extensions) for call in calls}


@pytest.mark.parametrize("answers", [True, False], ids=["answered", "in vain"])
@pytest.mark.parametrize("style", HANDED_OUTSIDE)
def test_who_is_handed_over_to_a_number_outside(style: str, *, answers: bool) -> None:
    """It is told to whom, whatever the leg to the outside shows; and not where nobody answers there."""
    caller, phone, mobile = "trunk-in-00000001", "sip101-00000002", "trunk-out-00000003"
    ringing, talking = HANDED_OUTSIDE[style]
    lists = [
        [channel(caller, "777123456", "22233341", 5, "Up"), channel(phone, "777123456", "101", 4, "Up")],
        [channel(caller, *ringing[:2], 9, "Up"), channel(mobile, *ringing[2:], 1, "Ringing")],
        [channel(caller, *talking[:2], 13, "Up"), channel(mobile, *talking[2:], 5, "Up")] if answers else [],
    ]
    handed_on = [("call_transferred", "+420606111222")] if answers else []
    assert told(*lists) == [("call_incoming", None), ("call_answered", None), *handed_on, ("call_ended", None)]


@pytest.mark.parametrize("trunks", [("trunk-a", "trunk-a"), ("trunk-a", "trunk-b")], ids=["one trunk", "two trunks"])
@pytest.mark.parametrize("incoming", [True, False])
def test_a_phone_connects_two_who_are_outside(trunks: tuple[str, str], *, incoming: bool) -> None:
    """Both may be on one trunk: the two calls are one then, and it is told to whom it was given."""
    first = (("777123456", "22233341"), ("101", "")) if incoming else (("777123456", ""), ("101", "777123456"))

    def rows(age: int, *second: str, left: bool = False) -> list[dict[str, object]]:
        ends = [
            channel(f"{trunks[0]}-00000001", *first[0], age + 20, "Up"),
            channel(f"{trunks[1]}-00000004", "606111222", "" if second[-1] == "Up" else "606111222", age, second[-1]),
        ]
        phones = [
            channel("sip101-00000002", *first[1], age + 20, "Up"),
            channel("sip101-00000003", "101", "606111222", age, second[0]),
        ]
        return ends if left else ends + phones

    begun = "call_incoming" if incoming else "call_outgoing"
    assert told(rows(1, "Ring", "Ringing"), rows(3, "Up", "Up"), rows(5, "Up", "Up", left=True)) == [
        *([(begun, None), ("call_answered", None)]),
        *([("call_outgoing", None), ("call_answered", None)]),
        ("call_transferred", "+420606111222"),
        ("call_ended", None),
        ("call_ended", None),
    ]


def test_two_phones_that_hear_the_line_go_dead_are_not_connected() -> None:
    """Those outside have hung up at once, on one trunk, and the phones are not put down yet."""

    def rows(age: int, *, gone: bool) -> list[dict[str, object]]:
        phones = [
            channel("sip101-00000001", "101", "606111222", age, "Up"),
            channel("sip102-00000003", "102", "777123456", age, "Up"),
        ]
        outside = [
            channel("trunk-a-00000002", "606111222", "", age, "Up"),
            channel("trunk-a-00000004", "777123456", "", age, "Up"),
        ]
        return phones if gone else phones + outside

    calls = tracker()
    assert [len(follow(calls, *rows(age, gone=age > 9), at=age)) for age in (9, 11, 13)] == [2, 2, 2]
    whole = [("call_outgoing", None), ("call_answered", None)] * 2 + [("call_ended", None)] * 2
    assert told(rows(9, gone=False), rows(11, gone=True), rows(13, gone=True)) == whole


def test_the_numbers_of_those_outside() -> None:
    """A caller's is the source; whoever is called alone, as through a route, is at what was dialled."""
    for rows, numbers in (
        ([channel(IN, "anonymous", "222333444", 6, "Ring")], [""]),
        ([channel(OUT, "222333444", "800123456", 6, "Ringing")], ["+420800123456"]),
        ([channel(OUT, "800123456", "800123456", 6, "Ringing")], ["+420800123456"]),
        (
            [channel("sip100-00000003", "100", "800123456", 9, "Ring"), channel(OUT, "800123456", "100", 8, "Ringing")],
            ["", "+420800123456"],
        ),
        (
            [channel("sip100-00000003", "100", "800123456", 9, "Up"), channel(OUT, "800123456", "", 8, "Up")],
            ["", "+420800123456"],
        ),
    ):
        (call,) = follow(tracker(), *rows)
        assert [leg.number for leg in call.legs] == numbers


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


@pytest.mark.parametrize("age", [0, 1, 4, 60, None])
@pytest.mark.parametrize(
    ("ringing", "up"),
    [
        (("777123456", "22233341", "101", "22233341"), ("777123456", "22233341", "101", "")),
        (("777123456", "22233341", "777123456", "101"), ("777123456", "22233341", "777123456", "101")),
        (("777123456", "101", "101", "777123456"), ("777123456", "101", "101", "777123456")),
    ],
    ids=["own number", "parties", "connected"],
)
def test_an_age_may_be_counted_from_the_answer(
    ringing: tuple[str, str, str, str], up: tuple[str, str, str, str], age: int | None
) -> None:
    """A channel that is picked up stays the same, also where it is younger then; and when it is handed on later."""

    def rows(numbers: tuple[str, str, str, str], age: int | None, *status: str) -> list[dict[str, object]]:
        caller, called = "trunk-in-00000001", "sip101-00000002"
        return [channel(caller, *numbers[:2], age, status[0]), channel(called, *numbers[2:], age, status[-1])]

    calls = tracker()
    (first,) = follow(calls, *rows(ringing, 8, "Ring", "Ringing"), at=0)
    (answered,) = follow(calls, *rows(up, age, "Up"), at=60)
    assert (answered.id, answered.state) == (first.id, CallState.TALKING)
    assert {leg.id for leg in answered.legs} == {leg.id for leg in first.legs}
    later = None if age is None else age + 60
    (handed_on,) = follow(calls, *rows((up[0], "102", *up[2:]), later, "Up"), at=120)
    assert handed_on.id == first.id


def test_a_caller_who_only_seemed_to_talk_waits_again() -> None:
    """Whether phones that are called have rows is learned with the first of them, and who waits in a queue later."""
    trunk = channel("trunk-prichozi-0000b711", "420602111222", "22233341", 30, "Up")
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
    assert [follow(calls, trunk)[0].state for _ in range(2)] == [CallState.RINGING, CallState.TALKING]


def test_a_caller_who_is_listed_late_belongs_to_the_phone_that_fetched_the_call() -> None:
    """Only talking channels are listed, and a list came while the code was dialled: the caller appears afterwards."""
    calls = tracker()
    (code,) = follow(calls, channel("sip104-00000026", "104", "*8101", 0, "Up"))
    phone = channel("sip104-00000026", "104", "", 8, "Up")
    (call,) = follow(calls, phone, channel("trunk-in-00000024", "777123456", "22233341", 8, "Up"), at=2)
    assert (call.id, call.direction) == (code.id, Direction.INCOMING)
    assert (call.caller.number, call.extensions) == ("+420777123456", ("104",))


def test_a_caller_who_comes_later_is_none_of_a_phone_that_talks_already() -> None:
    """Whoever was called is not older than who called."""
    calls = tracker()
    follow(calls, channel("sip104-00000026", "104", "", 30, "Up"))
    found = follow(
        calls,
        channel("sip104-00000026", "104", "", 32, "Up"),
        channel("trunk-in-00000027", "777123456", "22233341", 1, "Up"),
        at=2,
    )
    assert len(found) == 2


STYLES = {
    "own numbers": (("777123456", "102"), ("102", "102"), ("102", "102")),
    "parties": (("777123456", "102"), ("777123456", "102"), ("777123456", "102")),
    "connected": (("777123456", ""), ("102", "777123456"), ("102", "777123456")),
}
"""Source and destination of a caller who is handed over to 102, and of 102 while its channel is made and rings."""


@pytest.mark.parametrize("style", STYLES)
def test_a_phone_that_is_called_does_not_dial_while_its_channel_is_made(style: str) -> None:
    """It rings from its first ring on: nobody has picked it up to dial."""
    caller, made, rings = STYLES[style]
    calls = tracker()
    first = follow(
        calls, channel(IN, "777123456", "101", 7, "Up"), channel("sip101-00000003", "777123456", "101", 7, "Up")
    )
    handed_over = channel(IN, *caller, 11, "Up")
    (call,) = follow(calls, handed_over, channel("sip102-00000004", *made, 0, "Down"), at=4)
    assert (call.id, call.extensions) == (first[0].id, ())
    (call,) = follow(calls, handed_over, channel("sip102-00000004", *rings, 2, "Ringing"), at=6)
    assert (call.id, [(leg.extension, leg.state) for leg in call.legs if leg.extension]) == (
        first[0].id,
        [("102", CallState.RINGING)],
    )


def test_a_caller_who_has_left_a_queue_talks_if_the_next_list_has_the_call_still() -> None:
    """One row for each call: who gives up is out of the queue before the list is, and nobody has answered."""
    calls = tracker()
    waits = {"SIP/trunk-in-00000002": "support"}
    row = channel(IN, "777123456", "600", 5, "Up")
    assert follow(calls, row, queues=waits)[0].state is CallState.RINGING
    assert follow(calls, row | {"duration": 7}, at=2)[0].state is CallState.RINGING
    assert follow(calls, row | {"duration": 9}, at=4)[0].state is CallState.TALKING


@pytest.mark.parametrize("dialled", ["600", ""])
def test_who_was_picked_up_just_now_may_be_in_a_queue_soon(dialled: str) -> None:
    """The queue does not know of the caller yet; a service that is none has answered with the next list."""
    calls = tracker()
    dials = channel("sip100-00000003", "100", dialled, 0, "Up")
    assert follow(calls, dials)[0].state is CallState.DIALING
    waits = follow(calls, dials | {"duration": 2}, at=2, queues={"SIP/sip100-00000003": "support"})
    assert waits[0].state is CallState.DIALING
    calls = tracker()
    assert follow(calls, dials)[0].state is CallState.DIALING
    assert follow(calls, dials | {"duration": 2}, at=2)[0].state is CallState.TALKING


@pytest.mark.parametrize("waits", ["SIP/sip100-00000003", "PJSIP/sip100-00000003"])
def test_somebody_inside_who_waits_in_a_queue_is_not_answered(waits: str) -> None:
    """Also where the queue calls the channel's technology by another name than the list of calls."""
    calls = tracker()
    dials = channel("sip100-00000003", "100", "600", 1, "Up")
    (call,) = follow(calls, dials, queues={waits: "support"})
    assert (call.state, call.queue) == (CallState.DIALING, "support")
    rings = channel("sip101-00000004", "100", "101", 1, "Ringing")
    (call,) = follow(calls, dials | {"duration": 5}, rings, at=4, queues={waits: "support"})
    assert [(leg.extension, leg.state) for leg in call.legs] == [
        ("100", CallState.DIALING),
        ("101", CallState.RINGING),
    ]


def test_a_phone_that_is_not_listed_leaves_when_its_caller_is_sent_on() -> None:
    """One row for each call: only the place in the dial plan tells that the caller talks to somebody else."""
    calls = tracker()
    follow(calls, channel(IN, "777123456", "22233341", 1, "Ring", context="from-trunk"))
    (call,) = follow(calls, channel(IN, "777123456", "22233341", 7, "Up", context="from-trunk"), at=6)
    assert (call.state, call.extensions) == (CallState.TALKING, ("101",))
    (moved,) = follow(calls, channel(IN, "777123456", "22233341", 13, "Up", context="internal"), at=12)
    assert (moved.id, moved.state, moved.extensions) == (call.id, CallState.TALKING, ())
    (still,) = follow(calls, channel(IN, "777123456", "22233341", 15, "Up", context="internal"), at=14)
    assert (still.id, still.extensions) == (call.id, ())


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


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("waits", [True, False])
def test_a_phone_that_rings_later_is_for_whom_nothing_rings(*, waits: bool, answered: bool) -> None:
    """A queue rings one when it gets free; where nobody waits, it is one more of the group."""
    calls = tracker()
    waiting = [channel("trunk-in-0000000f", "777123456", "222333444", 1, "Up")] * waits
    group = [
        channel("trunk-in-00000012", "602111222", "222333444", 0, "Ring"),
        channel("sip105-00000013", "105", "222333444", 0, "Ringing"),
    ]
    follow(calls, *waiting, *group)
    if answered:
        up = [{"status": "Up"}, {"status": "Up", "dst": ""}]
        group = [row | changed for row, changed in zip(group, up, strict=True)]
    older = [row | {"duration": 20} for row in (*waiting, *group)]
    later = follow(calls, *older, channel("sip102-00000016", "102", "222333444", 0, "Ringing"), at=20)
    ringing = {call.caller.number: [leg.extension for leg in call.legs[1:]] for call in later}
    if waits:
        assert ringing == {"+420777123456": ["102"], "+420602111222": ["105"]}
    else:
        assert ringing == {"+420602111222": ["105", "102"]}


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


@pytest.mark.parametrize(
    ("source", "destination"),
    [("100", "s"), ("100", "100"), ("800222222", "s"), ("100", "800222222")],
    ids=["nothing dialled", "itself", "the number as caller", "the number"],
)
@pytest.mark.parametrize("age", [0, 2, None])
def test_of_two_requests_the_call_is_that_which_was_just_asked_for(
    source: str, destination: str, age: int | None
) -> None:
    """The one before came to nothing, as the phone did not ring: its number is not told for the next."""
    calls = tracker()
    first, second = (NOW - timedelta(seconds=back) for back in (40, 3))
    calls.expect(CallRequest(inside=True, user="sip100", number="800111111", at=first))
    calls.expect(CallRequest(inside=True, user="sip100", number="800222222", at=second))
    (call,) = follow(calls, channel("sip100-00000003", source, destination, age, "Ringing"))
    assert (call.direction, call.callee.number) == (Direction.OUTGOING, "+420800222222")


def test_two_calls_of_a_phone_that_were_asked_for_at_once() -> None:
    """The channel that began first is that of the first request, whatever the order of the rows."""
    calls = tracker()
    for number, back in (("800111111", 4), ("800222222", 1)):
        request = CallRequest(inside=True, user="sip100", number=number, at=NOW - timedelta(seconds=back))
        calls.expect(request)
    young, old = (channel(f"sip100-0000000{n}", "100", "s", age, "Ringing") for n, age in ((2, 0), (1, 3)))
    told = {call.legs[0].id: call.callee.number for call in follow(calls, young, old)}
    names = {calls.channel(leg): number for leg, number in told.items()}
    assert names == {"SIP/sip100-00000001": "+420800111111", "SIP/sip100-00000002": "+420800222222"}


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
