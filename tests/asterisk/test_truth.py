"""What is compared with what was told: states that a phone was never in are found, and lateness is forgiven."""

import pytest

from .truth import Truth, counted, false_states, late, states_not_told


def channel(at: float, phone: str, uid: str, state: str = "0", linked: str = "a") -> tuple[float, dict[str, str]]:
    """Make the event of a new channel."""
    name = f"PJSIP/{phone}-{int(uid, 16):08x}"
    return at, {"Event": "Newchannel", "Uniqueid": uid, "Channel": name, "ChannelState": state, "Linkedid": linked}


def event(at: float, kind: str, uid: str, **more: str) -> tuple[float, dict[str, str]]:
    """Make another event of it."""
    return at, {"Event": kind, "Uniqueid": uid, **more}


ANSWERED = [
    channel(100, "trunk", "a", "4"),
    channel(100, "101", "b"),
    event(100.1, "Newstate", "b", ChannelState="5"),
    event(107, "Newstate", "b", ChannelState="6"),
    event(107, "Newstate", "a", ChannelState="6"),
    event(107.1, "BridgeEnter", "a", BridgeUniqueid="x", BridgeTechnology="simple_bridge"),
    event(107.1, "BridgeEnter", "b", BridgeUniqueid="x", BridgeTechnology="simple_bridge"),
    event(120, "Hangup", "a"),
    event(120, "Hangup", "b"),
]
"""Somebody outside calls 101, who answers after seven seconds and talks for thirteen."""


def test_the_truth_of_a_call() -> None:
    """It rang, then both talked, and it was one call."""
    truth = Truth.of(ANSWERED)
    states = [(state, start, stop) for state, start, stop in truth.spans("101") if stop - start > 1]
    assert states == [("ringing", 100.1, 107), ("talking", 107.1, 120)]
    assert truth.rings == [("101", 100.1, 107)]
    assert truth.most == 1
    assert truth.at("101", 130, 131) == {"idle"}


@pytest.mark.parametrize(
    ("told", "wrong", "missing"),
    [
        pytest.param([(103, "ringing"), (109, "talking"), (121, "idle")], [], [], id="right"),
        pytest.param([(105, "ringing"), (112, "talking"), (125, "idle")], [], [], id="late"),
        pytest.param([(109, "talking"), (121, "idle")], [], ["101 ringing"], id="a ring is not shown"),
        pytest.param([(103, "ringing"), (121, "idle")], ["101 ringing"], ["101 talking"], id="rings for ever"),
        pytest.param([(103, "ringing"), (109, "talking")], ["101 talking"], [], id="talks after the call is over"),
        pytest.param([(101, "talking"), (121, "idle")], ["101 talking"], ["101 ringing"], id="talks while it rings"),
    ],
)
def test_what_was_told_is_compared_with_it(told: list[tuple[float, str]], wrong: list[str], missing: list[str]) -> None:
    """Up to a slow poll late; a state that lasted has to be shown."""
    truth = Truth.of(ANSWERED)
    assert [" ".join(one.split()[:2]) for one in false_states(truth, "101", told, 150)] == wrong
    assert states_not_told(truth, "101", told) == missing


def local(at: float, half: str, uid: str) -> tuple[float, dict[str, str]]:
    """Make the event of half a Local channel."""
    name = f"Local/101@originate-00000001;{half}"
    return at, {"Event": "Newchannel", "Uniqueid": uid, "Channel": name, "ChannelState": "4", "Linkedid": "a"}


def bridged(at: float, uid: str, bridge: str) -> tuple[float, dict[str, str]]:
    """Make the event of a channel that enters a bridge."""
    return event(at, "BridgeEnter", uid, BridgeUniqueid=bridge, BridgeTechnology="simple_bridge")


def test_a_phone_talks_through_glue_once_there_is_somebody_behind_it() -> None:
    """Until then it may be said to dial or to talk, as it is bridged with half a Local channel."""
    placed = [
        channel(100, "101", "a", "6"),
        local(100, "1", "c"),
        local(100, "2", "d"),
        bridged(100.1, "a", "x"),
        bridged(100.1, "d", "x"),
        channel(100.2, "trunk", "b", "5"),
    ]
    rings = Truth.of(placed)
    assert rings.at("101", 100.3, 101) == {"up"}
    assert false_states(rings, "101", [(101, "dialing"), (103, "talking")], 106) == []
    answered = [event(108, "Newstate", "b", ChannelState="6"), bridged(108, "c", "y"), bridged(108, "b", "y")]
    assert Truth.of([*placed, *answered]).at("101", 108.1, 109) == {"talking"}


def test_a_phone_that_is_not_in_the_call_is_idle() -> None:
    """Whatever is told of it."""
    truth = Truth.of(ANSWERED)
    assert false_states(truth, "102", [], 150) == states_not_told(truth, "102", []) == []
    assert false_states(truth, "102", [(104, "ringing")], 150) == ["102 ringing 46 s, is idle"]


def test_how_late_a_ring_is_shown() -> None:
    """From its first moment."""
    assert late(Truth.of(ANSWERED), {"101": [(103.1, "ringing"), (109, "talking")]}) == [pytest.approx(3)]


def test_events_are_counted() -> None:
    """Too many, too few, and what may be told or not."""
    told = ["call_incoming", "call_incoming", "call_ended", "call_outgoing"]
    expected = ["call_incoming", "call_missed"]
    assert counted(told, expected, ["call_outgoing"]) == ["+1 ended", "+1 incoming", "-1 missed"]
    assert counted(expected, expected) == []
