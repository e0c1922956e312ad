"""Channels of other drivers than PJSIP: handsets are off the hook before they dial, lines tell late who calls."""

from datetime import timedelta

import pytest

from custom_components.pbx.providers.asterisk.ami import Message
from custom_components.pbx.providers.asterisk.calls import Calls
from custom_components.pbx.telephony.models import CallState, Direction, LegPush, Party

from .test_calls import NOON

EXTENSIONS = frozenset({"11", "12"})
OWNERS = {"DAHDI/1": "11", "SCCP/12": "12", "PJSIP/11": "11", "PJSIP/12": "12"}


def extension_of(channel: str) -> str | None:
    """Return the extension of a channel."""
    return OWNERS.get(channel.rpartition("-")[0])


class Wire:
    """Tells events to calls, and lets time pass."""

    def __init__(self) -> None:
        """Know nothing."""
        self.calls = Calls(extension_of, EXTENSIONS, "CZ")
        self.now = NOON

    def say(self, event: str, channel: Message, **more: str) -> None:
        """Say something of a channel."""
        self.calls.take({"Event": event, **channel, **more}, self.now)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        until = self.now + timedelta(seconds=seconds)
        while (due := self.calls.due()) is not None and due <= until:
            self.now = max(self.now, due)
            self.calls.tick(self.now)
        self.now = until

    def told(self) -> list[LegPush]:
        """Return what was told since it was asked last."""
        pushes = [one for one in self.calls.pushes if isinstance(one, LegPush)]
        self.calls.pushes.clear()
        return pushes


def channel(name: str, number: int, of: int | None = None) -> Message:
    """Return the keys that name a channel."""
    return {"Channel": name, "Uniqueid": f"1.{number}", "Linkedid": f"1.{of or number}"}


LINE = channel("DAHDI/4-1", 1)
TRUNK = channel("PJSIP/trunk-00000002", 2, 1)
PHONE = channel("PJSIP/11-00000003", 3, 1)


@pytest.mark.parametrize("seconds", [0.01, 3.0], ids=["dials at once", "takes its time"])
@pytest.mark.parametrize("off_hook", ["0", "1", "2", "3"], ids=["down", "reserved", "off hook", "dialing"])
@pytest.mark.parametrize("name", ["DAHDI/1-1", "SCCP/12-00000001"])
def test_a_phone_that_is_off_the_hook_before_it_dials(name: str, off_hook: str, seconds: float) -> None:
    """It places a call, and is not one that the phone system rings; where to is known when it has dialled."""
    wire, phone = Wire(), channel(name, 1)
    wire.say("Newchannel", phone, ChannelState=off_hook, Exten="", CallerIDNum=extension_of(name) or "")
    wire.wait(seconds)
    wire.say("Newstate", phone, ChannelState="4", Exten="777123456", CallerIDNum=extension_of(name) or "")
    wire.wait(0.2)
    wire.say("Newchannel", TRUNK, ChannelState="0", Exten="s")
    wire.say("DialBegin", phone, DestUniqueid="1.2", DestCallerIDNum="777123456")
    wire.say("Newstate", TRUNK, ChannelState="5")
    wire.wait(1)
    pushes = wire.told()
    assert {one.state for one in pushes if one.extension is not None} == {CallState.DIALING}
    assert (pushes[-1].direction, pushes[-1].callee) == (Direction.OUTGOING, Party(number="+420777123456"))
    assert pushes[-1].caller is not None
    assert pushes[-1].caller.number == extension_of(name)


def test_a_handset_that_is_put_down_again() -> None:
    """Nothing was dialled: no call."""
    wire, phone = Wire(), channel("DAHDI/1-1", 1)
    wire.say("Newchannel", phone, ChannelState="1", Exten="")
    wire.wait(5)
    wire.say("Hangup", phone, Cause="16")
    assert wire.told() == []


@pytest.mark.parametrize("ringing", ["4", "9"], ids=["ring", "pre-ring"])
@pytest.mark.parametrize("seconds", [0.3, 2.0, 4.0])
def test_a_line_tells_who_calls_after_its_first_ring(ringing: str, seconds: float) -> None:
    """The caller is told with the call, which is told when somebody's phone rings."""
    wire = Wire()
    wire.say("Newchannel", LINE, ChannelState=ringing, Exten="s", CallerIDNum="<unknown>", CallerIDName="<unknown>")
    wire.wait(seconds)
    wire.say("NewCallerid", LINE, CallerIDNum="777123456", CallerIDName="John Caller")
    wire.say("Newstate", LINE, ChannelState="4", Exten="s", CallerIDNum="777123456", CallerIDName="John Caller")
    wire.say("Newchannel", PHONE, ChannelState="0", Exten="s")
    wire.say("DialBegin", LINE, DestUniqueid="1.3")
    wire.say("Newstate", PHONE, ChannelState="5")
    wire.wait(1)
    pushes = wire.told()
    assert {one.direction for one in pushes} == {Direction.INCOMING}
    assert {one.caller for one in pushes} == {Party(number="+420777123456", name="John Caller")}
    assert ("11", CallState.RINGING) in {(one.extension, one.state) for one in pushes}


def test_a_line_that_never_tells_who_calls() -> None:
    """It is told all the same: after a while, when a phone rings, or when it stops."""
    wire = Wire()
    wire.say("Newchannel", LINE, ChannelState="4", Exten="s", CallerIDNum="<unknown>", CallerIDName="<unknown>")
    wire.wait(30)
    (told,) = wire.told()
    assert (told.state, told.direction, told.caller) == (CallState.RINGING, Direction.INCOMING, Party(hidden=True))
    wire = Wire()
    wire.say("Newchannel", LINE, ChannelState="4", Exten="s", CallerIDNum="", CallerIDName="")
    wire.wait(1)
    wire.say("Hangup", LINE, Cause="16")
    assert [one.state for one in wire.told()] == [CallState.RINGING, CallState.ENDED]


@pytest.mark.parametrize(
    ("given", "found", "shown"),
    [
        ("", "John Caller", "John Caller"),
        ("<unknown>", "John Caller", "John Caller"),
        ("777123456", "John Caller", "John Caller"),
        ("From the wire", "Sales:From the wire", "From the wire"),
    ],
    ids=["empty", "unknown", "the number", "a prefix of a group"],
)
def test_the_name_that_the_dial_plan_finds(given: str, found: str, shown: str) -> None:
    """A look-up before the phone rings names the caller; what came with the call stays."""
    wire, far = Wire(), channel("PJSIP/trunk-00000001", 1)
    wire.say("Newchannel", far, ChannelState="4", Exten="222300101", CallerIDNum="777123456", CallerIDName=given)
    wire.wait(0.2)
    wire.say("NewCallerid", far, CallerIDNum="777123456", CallerIDName=found)
    wire.say("Newchannel", PHONE, ChannelState="0", Exten="s")
    wire.say("DialBegin", far, DestUniqueid="1.3")
    wire.say("Newstate", PHONE, ChannelState="5")
    wire.wait(1)
    assert wire.told()[-1].caller == Party(number="+420777123456", name=shown)


def test_the_caller_who_hides_stays_hidden() -> None:
    """A dial plan may show words of its own for such a caller."""
    wire, far = Wire(), channel("PJSIP/trunk-00000001", 1)
    wire.say("Newchannel", far, ChannelState="4", Exten="222300101", CallerIDNum="anonymous", CallerIDName="Anonymous")
    wire.say("NewCallerid", far, CallerIDNum="anonymous", CallerIDName="Private caller")
    wire.wait(1)
    assert wire.told()[-1].caller == Party(hidden=True)


def test_a_phone_of_another_driver_that_somebody_else_rings_first() -> None:
    """A channel that is reserved for a call that is placed for it, not by it."""
    wire, phone = Wire(), channel("DAHDI/1-1", 1)
    wire.say("Newchannel", phone, ChannelState="1", Exten="")
    wire.calls.take({"Event": "DialBegin", "DestUniqueid": "1.1", "DestCallerIDNum": "777123456"}, wire.now)
    wire.say("Newstate", phone, ChannelState="5")
    wire.wait(1)
    (told,) = wire.told()
    assert (told.extension, told.state) == ("11", CallState.DIALING)
