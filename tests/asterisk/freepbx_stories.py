"""What people do at a FreePBX, with the legs that its dial plan makes of it, and what should be told."""

import asyncio
from functools import partial

from . import stories
from .freepbx import QUEUE
from .phone import Call
from .stories import FAR, OTHER_OUTSIDE, OUTSIDE, Stage, Story, quiet, talk_with

ALL: dict[str, Story] = {}
story = partial(stories.story, among=ALL)

ANSWERED = "call_incoming call_answered call_ended"
MISSED = "call_incoming call_missed"
DIALLED = "call_outgoing call_answered call_ended"


async def dial_code(stage: Stage, phone: str, code: str) -> None:
    """Dial a code that answers, does something, and hangs up."""
    call = await stage.phones[phone].dial(code)
    await quiet(call)


async def talk_and_end(stage: Stage, far: Call, near: Call) -> None:
    """Talk, until who called hangs up."""
    await far.wait("up")
    await stage.talk()
    await far.hangup()
    await quiet(near)


@story("01_did", ANSWERED)
async def did(stage: Stage) -> None:
    """Call a DID that leads to 101, which answers."""
    far, near = await talk_with(stage, "222300101", "101")
    await talk_and_end(stage, far, near)


@story("02_internal", "call_incoming call_outgoing call_answered call_ended")
async def internal(stage: Stage) -> None:
    """101 calls 102, which hangs up."""
    one = await stage.phones["101"].dial("102")
    two = await stage.phones["102"].ringing()
    assert two.caller_name == "Anna Keller"
    await stage.ring()
    await two.answer()
    await stage.talk()
    await two.hangup()
    await quiet(one)


@story("03_outbound", DIALLED)
async def outbound(stage: Stage) -> None:
    """101 calls somebody outside."""
    near = await stage.phones["101"].dial(FAR)
    far = await stage.trunk.ringing()
    await stage.ring()
    await far.answer()
    await stage.talk()
    await near.hangup()
    await quiet(far)


@story("04_no_answer", MISSED)
async def no_answer(stage: Stage) -> None:
    """Nobody picks 101 up, and the caller hears the tone for congestion."""
    far = await stage.trunk.dial("222300101", caller=OUTSIDE)
    await stage.phones["101"].ringing()
    await quiet(far)


@story("05_no_call_waiting", f"{ANSWERED} {MISSED}")
async def no_call_waiting(stage: Stage) -> None:
    """102 talks and has no call waiting: a second caller hears that it is busy, and no phone rings."""
    await stage.ami.action("DBDel", Family="CW", Key="102")
    far, near = await talk_with(stage, "222300102", "102")
    second = await stage.trunk.dial("222300102", caller=OTHER_OUTSIDE)
    await quiet(second)
    await stage.ami.action("DBPut", Family="CW", Key="102", Val="ENABLED")
    await talk_and_end(stage, far, near)


@story("06_call_waiting", f"{ANSWERED} {ANSWERED}", held="call_held call_resumed")
async def call_waiting(stage: Stage) -> None:
    """102 talks, has call waiting, holds its caller and takes the second."""
    far, near = await talk_with(stage, "222300102", "102")
    await stage.talk()
    second = await stage.trunk.dial("222300102", caller=OTHER_OUTSIDE)
    waiting = await stage.phones["102"].ringing()
    await stage.ring()
    await near.hold()
    await waiting.answer()
    await stage.talk()
    await second.hangup()
    await near.resume()
    await stage.pause(4)
    await far.hangup()
    await quiet(near)


@story("07_forwarded", f"{DIALLED} {ANSWERED} {DIALLED}")
async def forwarded(stage: Stage) -> None:
    """102 forwards all calls to 104 by *72, is called, and ends it by *73."""
    await dial_code(stage, "102", "*72104")
    far = await stage.trunk.dial("222300102", caller=OUTSIDE)
    four = await stage.phones["104"].ringing()
    await stage.ring()
    await four.answer()
    await talk_and_end(stage, far, four)
    await dial_code(stage, "102", "*73")


@story("08_forwarded_unanswered", ANSWERED)
async def forwarded_unanswered(stage: Stage) -> None:
    """Nobody picks 102 up, and the call goes on to somebody outside."""
    await stage.ami.action("DBPut", Family="CFU", Key="102", Val=FAR)
    first = await stage.trunk.dial("222300102", caller=OUTSIDE)
    await stage.phones["102"].ringing()
    far = await stage.trunk.ringing()
    await stage.ami.action("DBDel", Family="CFU", Key="102")
    await stage.ring()
    await far.answer()
    await talk_and_end(stage, first, far)


@story("09_forwarded_busy", ANSWERED)
async def forwarded_busy(stage: Stage) -> None:
    """102 is busy, and the call goes on to 104."""
    await stage.ami.action("DBPut", Family="CFB", Key="102", Val="104")
    stage.phones["102"].policy = lambda call: call.reject(486)
    far = await stage.trunk.dial("222300102", caller=OUTSIDE)
    four = await stage.phones["104"].ringing()
    stage.phones["102"].policy = None
    await stage.ami.action("DBDel", Family="CFB", Key="102")
    await stage.ring()
    await four.answer()
    await talk_and_end(stage, far, four)


@story("10_do_not_disturb", f"{DIALLED} {MISSED} {DIALLED}")
async def do_not_disturb(stage: Stage) -> None:
    """102 is not to be disturbed (*78), is called, and ends it by *79."""
    await dial_code(stage, "102", "*78")
    far = await stage.trunk.dial("222300102", caller=OUTSIDE)
    await quiet(far)
    await dial_code(stage, "102", "*79")


@story("11_group_with_outside", ANSWERED)
async def group_with_outside(stage: Stage) -> None:
    """Call a ring group of 102 and somebody outside (Local/…@from-internal/n), who answers."""
    first = await stage.trunk.dial("222300601", caller=OUTSIDE)
    await stage.phones["102"].ringing()
    far = await stage.trunk.ringing()
    await stage.ring()
    await far.answer()
    await talk_and_end(stage, first, far)


@story("12_confirmed", ANSWERED)
async def confirmed(stage: Stage) -> None:
    """Call a group that has to confirm: somebody outside (Local/RG-602*-…#) answers, and presses 1."""
    first = await stage.trunk.dial("222300602", caller=OUTSIDE)
    await stage.phones["102"].ringing()
    far = await stage.trunk.ringing()
    await stage.ring()
    await far.answer()
    await stage.pause(5)
    assert first.state == "ringing"
    await far.keys("1")
    await talk_and_end(stage, first, far)


@story("13_confirming_refused", ANSWERED)
async def confirming_refused(stage: Stage) -> None:
    """Somebody outside answers and presses another key; 102 (Local/LC-102) takes the call."""
    first = await stage.trunk.dial("222300602", caller=OUTSIDE)
    near = await stage.phones["102"].ringing()
    far = await stage.trunk.ringing()
    await far.answer()
    await stage.ring()
    await far.keys("2")
    await far.ended()
    await near.answer()
    await talk_and_end(stage, first, near)


@story("14_hunt", ANSWERED)
async def hunt(stage: Stage) -> None:
    """Call a group that hunts: 102 rings, then 103, which answers."""
    far = await stage.trunk.dial("222300603", caller=OUTSIDE)
    await (await stage.phones["102"].ringing()).ended()
    near = await stage.phones["103"].ringing()
    await stage.ring()
    await near.answer()
    await talk_and_end(stage, far, near)


async def followed(stage: Stage) -> None:
    """Let 103 be followed."""
    await stage.ami.action("DBPut", Family="AMPUSER", Key="103/followme/ddial", Val="DIRECT")


async def not_followed(stage: Stage) -> None:
    """Let 103 be followed no more."""
    await stage.ami.action("DBPut", Family="AMPUSER", Key="103/followme/ddial", Val="EXTENSION")


@story("15_follow_me", ANSWERED)
async def follow_me(stage: Stage) -> None:
    """Follow 103 (Local/FMPR-103 and Local/FMGL-104-…#): 103 rings, then 104 and somebody outside; 104 answers."""
    await followed(stage)
    first = await stage.trunk.dial("222300103", caller=OUTSIDE)
    await stage.phones["103"].ringing()
    four = await stage.phones["104"].ringing()
    far = await stage.trunk.ringing()
    await stage.ring()
    await four.answer()
    await far.ended()
    await talk_and_end(stage, first, four)
    await not_followed(stage)


@story("16_follow_me_outside", "call_incoming call_outgoing call_answered call_ended")
async def follow_me_outside(stage: Stage) -> None:
    """102 calls 103, who is followed, and answers outside."""
    await followed(stage)
    one = await stage.phones["102"].dial("103")
    await stage.phones["103"].ringing()
    far = await stage.trunk.ringing()
    await stage.ring()
    await far.answer()
    await talk_and_end(stage, one, far)
    await not_followed(stage)


@story("17_queue", f"{DIALLED} {ANSWERED} {DIALLED}")
async def queue(stage: Stage) -> None:
    """102 logs in to a queue by *45; a caller rings there and at 105, a static agent; 102 answers."""
    await dial_code(stage, "102", f"*45{QUEUE}")
    far = await stage.trunk.dial(f"222300{QUEUE}", caller=OUTSIDE)
    near = await stage.phones["102"].ringing()
    other = await stage.phones["105"].ringing()
    await stage.ring()
    await near.answer()
    await other.ended()
    await talk_and_end(stage, far, near)
    await dial_code(stage, "102", f"*45{QUEUE}")


@story("18_queue_abandoned", MISSED)
async def abandoned(stage: Stage) -> None:
    """Let a queue ring 105 again and again until the caller gives up."""
    far = await stage.trunk.dial(f"222300{QUEUE}", caller=OUTSIDE)
    await (await stage.phones["105"].ringing()).ended()
    await stage.phones["105"].ringing()
    await far.hangup()


@story("19_queue_from_inside", "call_outgoing call_incoming call_answered call_ended")
async def queue_from_inside(stage: Stage) -> None:
    """103 dials the queue, 105 answers."""
    one = await stage.phones["103"].dial(QUEUE)
    near = await stage.phones["105"].ringing()
    await stage.ring()
    await near.answer()
    await stage.talk()
    await one.hangup()
    await quiet(near)


@story("20_pickup", ANSWERED)
async def pickup(stage: Stage) -> None:
    """101 rings, 104 takes the call with **101."""
    far = await stage.trunk.dial("222300101", caller=OUTSIDE)
    one = await stage.phones["101"].ringing()
    await stage.ring()
    four = await stage.phones["104"].dial("**101")
    await four.wait("up")
    await quiet(one, 3)
    await talk_and_end(stage, far, four)


@story("21_intercom", "call_outgoing call_incoming call_answered call_ended")
async def intercom(stage: Stage) -> None:
    """101 speaks over the loudspeaker of 102 (*80102), which picks up by itself."""
    one = await stage.phones["101"].dial("*80102")
    two = await stage.phones["102"].ringing()
    assert dict(two.invite_headers)["call-info"] == "<sip:pbx>;answer-after=0"
    await two.answer()
    await talk_and_end(stage, one, two)


@story("22_transferred", "call_incoming call_answered call_transferred call_ended")
async def transferred(stage: Stage) -> None:
    """101 hands its caller over to 103, who is followed; 104 answers."""
    await followed(stage)
    far, near = await talk_with(stage, "222300101", "101")
    await stage.talk()
    await near.transfer("103")
    await stage.phones["103"].ringing()
    four = await stage.phones["104"].ringing()
    await stage.ring()
    await four.answer()
    await talk_and_end(stage, far, four)
    await not_followed(stage)


@story("23_menu", ANSWERED)
async def menu(stage: Stage) -> None:
    """Let a menu answer; the caller dials 102, which answers."""
    far = await stage.trunk.dial("222300900", caller=OUTSIDE)
    await far.wait("up")
    await stage.pause(2)
    await far.keys("102")
    near = await stage.phones["102"].ringing()
    await stage.ring()
    await near.answer()
    await talk_and_end(stage, far, near)


@story("24_voicemail", MISSED)
async def voicemail(stage: Stage) -> None:
    """105 does not answer, and the caller leaves a message."""
    far = await stage.trunk.dial("222300105", caller=OUTSIDE)
    await stage.phones["105"].ringing()
    await far.wait("up")
    far.media()
    await asyncio.sleep(4)  # a message of a second is none
    await far.hangup()


@story("25_parked", "call_incoming call_answered call_transferred call_ended", held="call_held call_resumed")
async def parked(stage: Stage) -> None:
    """101 parks its caller, and 102 fetches it."""
    far, near = await talk_with(stage, "222300101", "101")
    await stage.talk()
    await near.transfer("700")
    await stage.pause(1.5)  # hears the number of the parking space
    await near.hangup()
    await stage.pause(7)
    (slot,) = await stage.ami.items("ParkedCalls")
    two = await stage.phones["102"].dial(slot["ParkingSpace"])
    await two.wait("up")
    await asyncio.sleep(0.5)  # a beep comes before the caller
    await stage.talk()
    await two.hangup()
    await quiet(far)


@story("26_originated", "call_outgoing call_answered call_ended", held="call_incoming")
async def originated(stage: Stage) -> None:
    """Home Assistant connects 101 with 102, who sees Anna Keller."""
    await stage.act("pbx.originate", extension="101", number="102")
    one = await stage.phones["101"].ringing()
    assert one.caller == "102"
    await one.answer()
    two = await stage.phones["102"].ringing()
    assert (two.caller, two.caller_name) == ("101", "Anna Keller")
    await stage.ring()
    await two.answer()
    await talk_and_end(stage, one, two)


@story("27_originated_outside", DIALLED)
async def originated_outside(stage: Stage) -> None:
    """Home Assistant connects 101 with somebody outside, who sees the house's number for 101."""
    await stage.act("pbx.originate", extension="101", number=f"00{FAR}")
    one = await stage.phones["101"].ringing()
    await one.answer()
    far = await stage.trunk.ringing()
    assert far.caller == "222300101"
    await stage.ring()
    await far.answer()
    await talk_and_end(stage, one, far)
