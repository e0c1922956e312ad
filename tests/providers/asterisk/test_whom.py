"""Who calls whom, how it went, and to whom it was given: houses with other numbers and other dial plans."""

from datetime import timedelta

import pytest

from custom_components.pbx.providers.asterisk.ami import Message
from custom_components.pbx.providers.asterisk.call import Listing
from custom_components.pbx.providers.asterisk.parties import is_inside
from custom_components.pbx.telephony.models import CallState, Direction, LegPush, Outcome

from .test_calls import NOON
from .test_drivers import Wire, channel

FAR = channel("PJSIP/trunk-00000001", 1)
NEAR = channel("PJSIP/11-00000002", 2, 1)
CALLER = channel("PJSIP/11-00000001", 1)


def out(number: int, name: str = "trunk") -> Message:
    """Return a channel to the outside in the call of the first channel."""
    return channel(f"PJSIP/{name}-0000000{number}", number, 1)


@pytest.mark.parametrize(
    ("inside", "number", "expected"),
    [
        ({"101"}, "102", True),
        ({"101"}, "777123456", False),
        ({"11", "12"}, "12", True),
        ({"101", "my-desk-phone"}, "777123456", False),
        ({"101", "Kitchen"}, "1234567", False),
        ({"101", "2015550123"}, "2015550123", True),
        ({"101", "2015550123"}, "2015550199", False),
        ({"123456", "123457"}, "123499", True),
        ({"Kitchen", "Office"}, "602", True),
        (set(), "602", True),
        (set(), "777123456", False),
    ],
)
def test_how_long_a_number_of_the_house_is(inside: set[str], number: str, *, expected: bool) -> None:
    """Names of phones, and whole telephone numbers for names, say nothing of how long the others are."""
    assert is_inside(number, inside) is expected


@pytest.mark.parametrize("seconds", [0.01, 0.3, 1.0], ids=["at once", "a slow dial plan", "a very slow one"])
@pytest.mark.parametrize(
    ("dialled", "reached", "direction"),
    [
        ("12", "PJSIP/12", Direction.INTERNAL),
        ("600", "PJSIP/12", Direction.INTERNAL),
        ("6000", "PJSIP/12", Direction.INTERNAL),
        ("112", "PJSIP/trunk", Direction.OUTGOING),
        ("19", "PJSIP/trunk", Direction.OUTGOING),
        ("777123456", "PJSIP/trunk", Direction.OUTGOING),
    ],
    ids=["a phone", "a group", "a longer group", "emergency", "as short as a phone", "outside"],
)
def test_a_call_goes_where_its_channels_go(dialled: str, reached: str, direction: Direction, seconds: float) -> None:
    """The length of what was dialled is only a guess: who rings tells, however long the dial plan takes."""
    wire = Wire()
    other = channel(f"{reached}-00000002", 2, 1)
    wire.say("Newchannel", CALLER, ChannelState="4", Exten=dialled, CallerIDNum="11")
    wire.wait(seconds)
    wire.say("Newchannel", other, ChannelState="0", Exten="s")
    wire.say("DialBegin", CALLER, DestUniqueid="1.2", DestCallerIDNum=dialled)
    wire.say("Newstate", other, ChannelState="5")
    wire.wait(3)
    assert {one.direction for one in wire.told()} == {direction}


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        (("BUSY",), Outcome.BUSY),
        (("CHANUNAVAIL", "BUSY"), Outcome.BUSY),
        (("CONGESTION", "CHANUNAVAIL", "BUSY"), Outcome.BUSY),
        (("CONGESTION", "NOANSWER"), None),
        (("CHANUNAVAIL", "CONGESTION"), Outcome.FAILED),
    ],
)
def test_the_last_trunk_that_is_tried_tells_how_it_went(statuses: tuple[str, ...], outcome: Outcome | None) -> None:
    """A trunk that is down is passed over, and says nothing of whom the next one has reached."""
    wire = Wire()
    wire.say("Newchannel", CALLER, ChannelState="4", Exten="777123456", CallerIDNum="11")
    for number, status in enumerate(statuses, 2):
        trunk = out(number)
        wire.say("Newchannel", trunk, ChannelState="0", Exten="s")
        wire.say("DialBegin", CALLER, DestUniqueid=trunk["Uniqueid"])
        wire.wait(0.2)
        wire.say("DialEnd", CALLER, DestUniqueid=trunk["Uniqueid"], DialStatus=status)
        wire.say("Hangup", trunk, Cause="0")
    wire.say("Hangup", CALLER, Cause="16")
    end = wire.told()[-1]
    assert (end.final, end.outcome) == (True, outcome)


def talking() -> Wire:
    """Return a caller from outside who talks with 11."""
    wire = Wire()
    wire.say("Newchannel", FAR, ChannelState="4", Exten="222300011", CallerIDNum="777123456")
    wire.say("Newchannel", NEAR, ChannelState="0", Exten="s")
    wire.say("DialBegin", FAR, DestUniqueid="1.2")
    wire.say("Newstate", NEAR, ChannelState="5")
    wire.wait(2)
    for one in (NEAR, FAR):
        wire.say("Newstate", one, ChannelState="6")
    for one in (NEAR, FAR):
        wire.say("BridgeEnter", one, BridgeUniqueid="b", BridgeType="basic")
    wire.wait(2)
    return wire


def given_to(pushes: list[LegPush]) -> list[str]:
    """Return to whom a call was given, as it was told."""
    return [one.transferred_to for one in pushes if one.transferred_to is not None]


def connect(wire: Wire, near: Message, far: Message, bridge: str = "c") -> None:
    """Let a channel be picked up, and connect it."""
    wire.say("DialEnd", far, DestUniqueid=near["Uniqueid"], DialStatus="ANSWER")
    for one in (near, far):
        wire.say("Newstate", one, ChannelState="6")
    for one in (near, far):
        wire.say("BridgeEnter", one, BridgeUniqueid=bridge, BridgeType="basic")
    wire.wait(1)


@pytest.mark.parametrize("told", ["begin", "channel"])
def test_a_call_that_is_given_to_somebody_outside(told: str) -> None:
    """It is told to whom, once, when that one answers."""
    wire = talking()
    wire.say("BridgeLeave", NEAR, BridgeUniqueid="b")
    wire.say("Hangup", NEAR, Cause="16")
    wire.say("BridgeLeave", FAR, BridgeUniqueid="b")
    trunk = out(3)
    number = {"CallerIDNum": "608000111"} if told == "channel" else {"CallerIDNum": "<unknown>"}
    wire.say("Newchannel", trunk, ChannelState="0", Exten="s", **number)
    begin = {"DestCallerIDNum": "608000111"} if told == "begin" else {}
    wire.say("DialBegin", FAR, DestUniqueid="1.3", **begin)
    wire.say("Newstate", trunk, ChannelState="5")
    wire.wait(1)
    assert given_to(wire.told()) == []
    connect(wire, trunk, FAR)
    assert given_to(wire.told()) == ["+420608000111"]
    wire.say("Hold", trunk)
    wire.say("Unhold", trunk)
    for one in (trunk, FAR):
        wire.say("Hangup", one, Cause="16")
    assert given_to(wire.told()) == []


def test_a_phone_that_connects_its_two_callers() -> None:
    """The first is given to the second."""
    wire = talking()
    other, again = channel("PJSIP/trunk-00000005", 5), channel("PJSIP/11-00000006", 6, 5)
    wire.say("Newchannel", other, ChannelState="4", Exten="222300011", CallerIDNum="602111222")
    wire.say("Newchannel", again, ChannelState="0", Exten="s")
    wire.say("DialBegin", other, DestUniqueid="1.6")
    wire.say("Newstate", again, ChannelState="5")
    wire.wait(1)
    connect(wire, again, other)
    assert given_to(wire.told()) == []
    wire.say("BridgeLeave", NEAR, BridgeUniqueid="b")
    wire.say("BridgeLeave", other, BridgeUniqueid="c")
    wire.say("BridgeEnter", other, BridgeUniqueid="b", BridgeType="basic")
    wire.say("Hangup", NEAR, Cause="16")
    wire.say("BridgeLeave", again, BridgeUniqueid="c")
    wire.say("Hangup", again, Cause="16")
    wire.wait(1)
    assert given_to(wire.told()) == ["+420602111222"]


@pytest.mark.parametrize("answers", ["phone", "outside"])
def test_what_was_never_answered_here_is_given_to_nobody(answers: str) -> None:
    """A call that is forwarded, and one that phones of ours take one after the other, are no such transfers."""
    wire = Wire()
    wire.say("Newchannel", FAR, ChannelState="4", Exten="222300011", CallerIDNum="777123456")
    last = NEAR if answers == "phone" else out(2)
    wire.say("Newchannel", last, ChannelState="0", Exten="s", CallerIDNum="608000111")
    wire.say("DialBegin", FAR, DestUniqueid="1.2")
    wire.say("Newstate", last, ChannelState="5")
    connect(wire, last, FAR)
    assert given_to(wire.told()) == []


@pytest.mark.parametrize("back", ["answers", "nobody"])
def test_a_parked_call_whose_time_is_up_still_waits(back: str) -> None:
    """The phone that parked it rings: it is taken up when somebody picks up, not before."""
    wire = talking()
    wire.say("BridgeLeave", FAR, BridgeUniqueid="b")
    park = {"ParkeeChannel": FAR["Channel"], "ParkeeUniqueid": "1.1", "ParkingSpace": "701"}
    wire.calls.take({"Event": "ParkedCall", **park}, wire.now)
    wire.say("BridgeEnter", FAR, BridgeUniqueid="p", BridgeType="parking")
    wire.say("Hangup", NEAR, Cause="16")
    wire.wait(2)
    wire.told()
    wire.calls.take({"Event": "ParkedCallTimeOut", **park}, wire.now)
    wire.say("BridgeLeave", FAR, BridgeUniqueid="p")
    again = channel("PJSIP/11-00000004", 4, 1)
    wire.say("Newchannel", again, ChannelState="0", Exten="s")
    wire.say("DialBegin", FAR, DestUniqueid="1.4")
    wire.say("Newstate", again, ChannelState="5")
    wire.wait(3)
    states = {(one.extension, one.state) for one in wire.told()}
    assert states == {("11", CallState.RINGING)}
    if back == "nobody":
        wire.say("Hangup", again, Cause="0")
        wire.say("Hangup", FAR, Cause="16")
        assert {one.state for one in wire.told()} == {CallState.ENDED}
        return
    connect(wire, again, FAR)
    assert {(one.extension, one.state) for one in wire.told()} == {("11", CallState.TALKING), (None, CallState.TALKING)}


@pytest.mark.parametrize("reached", ["PJSIP/12", "PJSIP/trunk"], ids=["inside", "outside"])
@pytest.mark.parametrize(
    ("status", "cause", "outcome"),
    [
        ("BUSY", "17", Outcome.BUSY),
        ("CONGESTION", "34", Outcome.FAILED),
        ("CHANUNAVAIL", "20", Outcome.FAILED),
        ("NOANSWER", "21", Outcome.REJECTED),
    ],
)
def test_who_clicked_to_call_somebody_busy_has_reached_nobody(
    reached: str, status: str, cause: str, outcome: Outcome
) -> None:
    """The own phone has picked up, and hears a tone of the dial plan for a while."""
    wire, own, other = Wire(), channel("PJSIP/11-00000001", 1), channel(f"{reached}-00000002", 2, 1)
    wire.calls.expect_placed("1.1", "11", "12")
    wire.say("Newchannel", own, ChannelState="0", Exten="s")
    wire.calls.take({"Event": "DialBegin", "DestUniqueid": "1.1"}, wire.now)
    wire.say("Newstate", own, ChannelState="5")
    wire.wait(2)
    wire.say("Newstate", own, ChannelState="6")
    wire.say("Newchannel", other, ChannelState="0", Exten="s")
    wire.say("DialBegin", own, DestUniqueid="1.2", DestCallerIDNum="12")
    wire.say("Newstate", other, ChannelState="5")
    wire.wait(2)
    wire.say("DialEnd", own, DestUniqueid="1.2", DialStatus=status)
    wire.say("Hangup", other, Cause=cause)
    wire.wait(5)
    wire.say("Hangup", own, Cause="17")
    pushes = wire.told()
    assert CallState.TALKING not in {one.state for one in pushes}
    assert (pushes[-1].final, pushes[-1].outcome) == (True, outcome)


def row(one: Message, **more: str) -> Message:
    """Return a row of the list of channels."""
    return {**one, "ChannelState": "6", "BridgeId": "b", "Duration": "00:02:05", **more}


@pytest.mark.parametrize("exten", ["s", "", "777123456"])
@pytest.mark.parametrize("placed", [True, False], ids=["placed", "received"])
def test_a_call_that_is_found_in_the_list(exten: str, *, placed: bool) -> None:
    """FreePBX dials from a routine (`s`): whom a call is with is told by its channel; and it did not begin just now."""
    wire = Wire()
    trunk, phone = channel("PJSIP/trunk-00000001", 1), channel("PJSIP/11-00000002", 2)
    caller, called = (phone, trunk) if placed else (trunk, phone)
    number, other = ("11", "777123456") if placed else ("602111222", "11")
    called = {**called, "Linkedid": caller["Uniqueid"]}
    rows = (
        row(caller, Exten=exten, Application="Dial", CallerIDNum=number, ConnectedLineNum=other),
        row(called, Exten="", Application="AppDial", CallerIDNum=other, ConnectedLineNum=number, Duration="00:02:01"),
    )
    wire.calls.take_list(Listing(channels=rows, asked_at=NOON), NOON)
    wire.wait(2)
    (call,) = wire.calls.snapshot()
    assert call.direction is (Direction.OUTGOING if placed else Direction.INCOMING)
    assert call.callee.number == ("+420777123456" if exten == "777123456" or placed else "11")
    assert call.started_at == NOON - timedelta(minutes=2, seconds=5)


@pytest.mark.parametrize("duration", ["", "x", "-1", "99999999:00:00", "00:00:00"])
def test_a_duration_that_says_nothing(duration: str) -> None:
    """The call began when it was seen."""
    wire = Wire()
    rows = (row(CALLER, Exten="12", Application="Dial", Duration=duration), row(NEAR, Application="AppDial"))
    wire.calls.take_list(Listing(channels=rows[:1], asked_at=NOON), NOON)
    wire.wait(2)
    (call,) = wire.calls.snapshot()
    assert call.started_at == NOON


@pytest.mark.parametrize("status", ["RINGING", "PROGRESS"])
def test_a_phone_that_rings_with_a_tone_of_its_own(status: str) -> None:
    """A door station or base may answer 183 instead of 180: its channel never says that it rings."""
    wire = Wire()
    wire.say("Newchannel", FAR, ChannelState="4", Exten="222300011", CallerIDNum="777123456")
    wire.say("Newchannel", NEAR, ChannelState="0", Exten="s")
    wire.say("DialBegin", FAR, DestUniqueid="1.2")
    wire.say("DialState", FAR, DestUniqueid="1.2", DialStatus="PROCEEDING")
    wire.wait(1)
    assert "11" not in {one.extension for one in wire.told()}
    wire.say("DialState", FAR, DestUniqueid="1.2", DialStatus=status)
    wire.wait(1)
    assert [(one.extension, one.state) for one in wire.told()] == [("11", CallState.RINGING)]
    connect(wire, NEAR, FAR)
    wire.say("DialState", FAR, DestUniqueid="1.2", DialStatus=status)
    assert {one.state for one in wire.told()} == {CallState.TALKING}


def test_who_is_handed_over_waits_until_somebody_answers() -> None:
    """Nobody talks meanwhile."""
    wire = talking()
    wire.say("BridgeLeave", NEAR, BridgeUniqueid="b")
    wire.say("Hangup", NEAR, Cause="16")
    wire.say("BridgeLeave", FAR, BridgeUniqueid="b")
    next_phone = channel("PJSIP/12-00000003", 3, 1)
    wire.say("Newchannel", next_phone, ChannelState="0", Exten="s")
    wire.say("DialBegin", FAR, DestUniqueid="1.3")
    wire.say("Newstate", next_phone, ChannelState="5")
    wire.wait(3)
    (call,) = wire.calls.snapshot()
    assert {leg.extension: leg.state for leg in call.legs} == {None: CallState.RINGING, "12": CallState.RINGING}
    connect(wire, next_phone, FAR)
    (call,) = wire.calls.snapshot()
    assert {leg.extension: leg.state for leg in call.legs} == {None: CallState.TALKING, "12": CallState.TALKING}


@pytest.mark.parametrize("application", ["Confbridge", "Meetme"])
def test_a_caller_in_a_conference_talks(application: str) -> None:
    """Whichever of Asterisk's conferences it is, also alone."""
    wire = Wire()
    wire.say("Newchannel", FAR, ChannelState="4", Exten="222300850", CallerIDNum="777123456")
    wire.say("Newstate", FAR, ChannelState="6")
    wire.wait(2)
    assert [one.state for one in wire.told()] == [CallState.RINGING]
    wire.say(f"{application}Join", FAR)
    assert [one.state for one in wire.told()] == [CallState.TALKING]
    wire.say(f"{application}Leave", FAR)
    wire.say("Hangup", FAR, Cause="16")
    assert [one.state for one in wire.told()] == [CallState.ENDED]
