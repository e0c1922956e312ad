"""What people do with real phones at a real Asterisk, each with what Home Assistant should tell of it.

`expect` names the public `pbx_event`s of type call_*, each so many times; it is what a person in front of the phones
would say, not what polling can see: where a story is too short to be seen by polls, `unseen` allows nothing instead.
`held` are those events besides that only who sees holding and parking can tell.
"""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from .ami import Ami
from .lab import Lab
from .phone import Call, CallFailedError, Phone

OUTSIDE = "420777123456"
OTHER_OUTSIDE = "420602111222"
FAR = "420608000111"


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How long people take: let phones ring, talk (both in seconds), and anything else, as a share of the natural."""

    ring: float
    talk: float
    share: float


NATURAL = Pace(ring=6.6, talk=5.0, share=1)
"""As people do; a ring is longer than a slow poll (5 s), so that a poll must see it."""
SHORT = Pace(ring=0.3, talk=0.3, share=0.1)


class Stage(ABC):
    """What a story gets in its hands."""

    def __init__(self, lab: Lab, ami: Ami, pace: Pace) -> None:
        """Take the lab and a login that may do everything."""
        self.lab, self.ami, self.pace = lab, ami, pace
        self.phones, self.trunk = lab.phones, lab.trunk

    async def ring(self) -> None:
        """Let phones ring for a while."""
        await asyncio.sleep(self.pace.ring)

    async def talk(self) -> None:
        """Talk for a while."""
        await asyncio.sleep(self.pace.talk)

    async def pause(self, seconds: float) -> None:
        """Wait as long as it takes in nature, at this stage's pace."""
        await asyncio.sleep(seconds * self.pace.share)

    async def channel(self, start: str) -> str:
        """Return the name of the first channel that begins so."""
        channels = await self.ami.items("CoreShowChannels")
        return next(row["Channel"] for row in channels if row["Channel"].startswith(start))

    def log(self, *words: object) -> None:  # noqa: B027 - most stages keep no remarks
        """Keep a remark."""

    async def snap(self, label: str) -> None:  # noqa: B027 - as above
        """Look at everything now."""

    @abstractmethod
    async def act(self, action: str, device: str = "", **data: object) -> None:
        """Let Home Assistant do something; `device` is a subject such as extension_101."""

    @abstractmethod
    async def log_in(self, extension: str) -> None:
        """Let Home Assistant log the agent of an extension in to the queue *support*."""

    @abstractmethod
    async def log_out(self, extension: str) -> None:
        """Let Home Assistant log that agent out."""

    async def originate_as(self, style: str) -> None:  # noqa: B027 - only a stand-in can choose
        """Choose how the phone system places a call for somebody: plain, called or local."""

    async def restarted(self) -> None:  # noqa: B027 - most find out by themselves
        """Take note that Asterisk was started again."""


type Work = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Story:
    """One story."""

    name: str
    expect: str
    work: Work
    unseen: bool = False
    held: str = ""

    @property
    def note(self) -> str:
        """What happens in it."""
        return (self.work.__doc__ or "").partition("\n")[0]

    @property
    def pushed(self) -> str:
        """All that somebody tells who hears of everything."""
        return f"{self.expect} {self.held}".strip()


ALL: dict[str, Story] = {}


def story(
    name: str, expect: str = "", *, unseen: bool = False, held: str = "", among: dict[str, Story] = ALL
) -> Callable[[Work], Work]:
    """Put a story on a list."""

    def keep(work: Work) -> Work:
        """Keep one."""
        among[name] = Story(name=name, expect=expect, work=work, unseen=unseen, held=held)
        return work

    return keep


async def quiet(call: Call, seconds: float = 40) -> None:
    """Wait for the end of a call, however it ends."""
    with contextlib.suppress(TimeoutError, CallFailedError):
        await call.ended(seconds)


async def talk_with(stage: Stage, number: str, phone: str, ring: float | None = None) -> tuple[Call, Call]:
    """Let somebody outside call, a phone ring and answer."""
    far = await stage.trunk.dial(number, caller=OUTSIDE, caller_name="John Caller")
    near = await stage.phones[phone].ringing()
    await asyncio.sleep(stage.pace.ring if ring is None else ring * stage.pace.share)
    await near.answer()
    await far.wait("up")
    return far, near


@story("01_inbound_answered", "call_incoming call_answered call_ended")
async def inbound(stage: Stage) -> None:
    """Somebody outside calls 101, which answers."""
    far = await stage.trunk.dial("222300101", caller=OUTSIDE, caller_name="John Caller")
    near = await stage.phones["101"].ringing()
    await stage.snap("ringing")
    await stage.ring()
    await near.answer()
    await stage.talk()
    await stage.snap("talking")
    await far.hangup()
    await quiet(near)


@story("02_internal", "call_incoming call_outgoing call_answered call_ended")
async def internal(stage: Stage) -> None:
    """101 calls 102, which hangs up."""
    one = await stage.phones["101"].dial("102")
    two = await stage.phones["102"].ringing()
    await stage.snap("ringing")
    await stage.ring()
    await two.answer()
    await stage.talk()
    await stage.snap("talking")
    await two.hangup()
    await quiet(one)


@story("03_outbound", "call_outgoing call_answered call_ended")
async def outbound(stage: Stage) -> None:
    """101 calls somebody outside."""
    near = await stage.phones["101"].dial(FAR)
    far = await stage.trunk.ringing()
    await stage.snap("ringing")
    await stage.ring()
    await far.answer()
    await stage.talk()
    await stage.snap("talking")
    await near.hangup()
    await quiet(far)


@story("04_no_answer", "call_incoming call_missed")
async def no_answer(stage: Stage) -> None:
    """Dial gives up after 15 s, 102 is not picked up."""
    far = await stage.trunk.dial("222300102", caller=OUTSIDE)
    await stage.phones["102"].ringing()
    await quiet(far)


@story("05_caller_cancels", "call_incoming call_missed")
async def cancels(stage: Stage) -> None:
    """Let 101 ring until the caller gives up."""
    far = await stage.trunk.dial("222300101", caller=OUTSIDE)
    near = await stage.phones["101"].ringing()
    await stage.ring()
    await far.hangup()
    await quiet(near)


@story("06_busy", "call_incoming call_missed", unseen=True)
async def busy(stage: Stage) -> None:
    """103 answers 486 at once."""
    stage.phones["103"].policy = lambda call: call.reject(486)
    far = await stage.trunk.dial("222300103", caller=OUTSIDE)
    await quiet(far)
    stage.phones["103"].policy = None


@story("07_declined", "call_incoming call_ended")
async def declined(stage: Stage) -> None:
    """102 rings, and declines."""
    far = await stage.trunk.dial("222300102", caller=OUTSIDE)
    near = await stage.phones["102"].ringing()
    await stage.ring()
    near.reject(603)
    await quiet(far)


@story("08_group_answered", "call_incoming call_answered call_ended")
async def group(stage: Stage) -> None:
    """Call the group 102, 103, 104; 103 answers."""
    far = await stage.trunk.dial("222300600", caller=OUTSIDE)
    legs = [await stage.phones[phone].ringing() for phone in ("102", "103", "104")]
    await stage.snap("ringing")
    await stage.ring()
    await legs[1].answer()
    await stage.talk()
    await stage.snap("talking")
    await far.hangup()
    await quiet(legs[1])


@story("09_group_missed", "call_incoming call_missed")
async def group_missed(stage: Stage) -> None:
    """Nobody of the group answers before the caller gives up."""
    far = await stage.trunk.dial("222300600", caller=OUTSIDE)
    legs = [await stage.phones[phone].ringing() for phone in ("102", "103", "104")]
    await stage.ring()
    await far.hangup()
    await quiet(legs[0])


@story("10_group_local", "call_incoming call_answered call_ended")
async def group_local(stage: Stage) -> None:
    """Call a ring group over Local/ channels, reached by Goto."""
    far = await stage.trunk.dial("222300601", caller=OUTSIDE)
    legs = [await stage.phones[phone].ringing() for phone in ("102", "103")]
    await stage.snap("ringing")
    await stage.ring()
    await legs[0].answer()
    await stage.talk()
    await stage.snap("talking")
    await legs[0].hangup()
    await quiet(far)


@story("11_queue_answered", "call_incoming call_answered call_ended")
async def queue(stage: Stage) -> None:
    """Let a caller wait for an agent who then logs in, at 102."""
    far = await stage.trunk.dial("222300801", caller=OUTSIDE)
    await far.wait("up")
    await stage.pause(3)
    await stage.snap("waiting")
    await stage.pause(5)
    await stage.log_in("102")
    near = await stage.phones["102"].ringing(15)
    await stage.pause(3)
    await stage.snap("ringing")
    await stage.pause(3.5)
    await near.answer()
    await stage.talk()
    await stage.snap("talking")
    await far.hangup()
    await quiet(near)
    await stage.log_out("102")


@story("12_queue_abandoned", "call_incoming call_missed")
async def abandoned(stage: Stage) -> None:
    """Let an agent's phone ring until the caller gives up."""
    await stage.log_in("102")
    far = await stage.trunk.dial("222300801", caller=OUTSIDE)
    await stage.phones["102"].ringing(15)
    await stage.pause(12)
    await stage.snap("between attempts")
    await stage.pause(3)
    await far.hangup()
    await stage.pause(1)
    await stage.log_out("102")


@story("13_queue_nobody", "call_incoming call_missed")
async def nobody(stage: Stage) -> None:
    """Wait in a queue without agents, and give up."""
    far = await stage.trunk.dial("222300801", caller=OUTSIDE)
    await far.wait("up")
    await stage.pause(12)
    await far.hangup()


@story("14_queue_direct", "call_incoming call_answered call_ended")
async def queue_direct(stage: Stage) -> None:
    """Call a queue that rings both members, 104 and 105; 105 answers."""
    far = await stage.trunk.dial("222300802", caller=OUTSIDE)
    legs = [await stage.phones[phone].ringing(15) for phone in ("104", "105")]
    await stage.snap("ringing")
    await stage.ring()
    await legs[1].answer()
    await stage.talk()
    await stage.snap("talking")
    await legs[1].hangup()
    await quiet(far)


@story("15_blind_transfer", "call_incoming call_answered call_transferred call_ended")
async def blind(stage: Stage) -> None:
    """Hand a caller at 101 over to 102 by REFER."""
    far, near = await talk_with(stage, "222300101", "101")
    await stage.talk()
    await near.transfer("102")
    two = await stage.phones["102"].ringing()
    await stage.pause(1)
    await stage.snap("102 rings")
    await stage.ring()
    await two.answer()
    await stage.talk()
    await stage.snap("102 talks")
    await far.hangup()
    await quiet(two)


@story("16_blind_unanswered", "call_incoming call_answered call_ended")
async def blind_unanswered(stage: Stage) -> None:
    """Hand a caller over to 102, where nobody answers."""
    far, near = await talk_with(stage, "222300101", "101")
    await stage.talk()
    await near.transfer("102")
    two = await stage.phones["102"].ringing()
    await stage.ring()
    await far.hangup()
    await quiet(two)


@story(
    "17_attended_refer",
    "call_incoming call_answered call_outgoing call_incoming call_answered call_transferred call_ended call_ended",
    held="call_held call_resumed",
)
async def attended(stage: Stage) -> None:
    """101 holds, calls 102, talks, connects by REFER with Replaces. Two calls become one."""
    far, near = await talk_with(stage, "222300101", "101")
    await stage.talk()
    await near.hold()
    other = await stage.phones["101"].dial("102")
    two = await stage.phones["102"].ringing()
    await stage.ring()
    await two.answer()
    await stage.talk()
    await stage.snap("consulting")
    await near.transfer_to(other)
    await quiet(near, 5)
    await other.hangup()
    await stage.talk()
    await stage.snap("connected")
    await far.hangup()
    await quiet(two)


@story("18_attended_feature", "call_incoming call_answered call_transferred call_ended", held="call_held call_resumed")
async def attended_feature(stage: Stage) -> None:
    """Transfer by the feature code (AMI Atxfer): a Local channel pair stays in the path."""
    far, near = await talk_with(stage, "222300101", "101")
    near.media()
    await stage.talk()
    name = await stage.channel("PJSIP/101")
    await stage.ami.action("Atxfer", Channel=name, Context="internal", Exten="102", Priority=1)
    two = await stage.phones["102"].ringing(15)
    await stage.ring()
    await two.answer()
    await stage.talk()
    await stage.snap("consulting")
    await near.hangup()
    await stage.talk()
    await stage.snap("connected")
    await far.hangup()
    await quiet(two)


@story("19_hold", "call_incoming call_answered call_ended", held="call_held call_resumed")
async def hold(stage: Stage) -> None:
    """101 holds its caller for a while."""
    far, near = await talk_with(stage, "222300101", "101")
    await stage.talk()
    await near.hold()
    await stage.pause(1)
    await stage.snap("held")
    await stage.pause(5)
    await near.resume()
    await stage.pause(3)
    await far.hangup()
    await quiet(near)


@story("20_park_retrieve", "call_incoming call_answered call_transferred call_ended", held="call_held call_resumed")
async def park(stage: Stage) -> None:
    """101 parks (transfer to 700), 102 fetches by dialling 701."""
    far, near = await talk_with(stage, "222300101", "101")
    await stage.talk()
    await near.transfer("700")
    await stage.pause(1.5)  # hears the number of the parking space
    await near.hangup()
    await stage.pause(7)
    await stage.snap("parked")
    slots = await stage.ami.items("ParkedCalls")
    two = await stage.phones["102"].dial(slots[0]["ParkingSpace"] if slots else "701")
    await two.wait("up")
    await asyncio.sleep(0.5)  # a beep comes before the caller
    await stage.talk()
    await stage.snap("fetched")
    await two.hangup()
    await quiet(far)


@story("21_park_given_up", "call_incoming call_answered call_ended", held="call_held")
async def park_given_up(stage: Stage) -> None:
    """Park a caller, who hangs up."""
    far, near = await talk_with(stage, "222300101", "101")
    await stage.talk()
    await near.transfer("700")
    await stage.pause(1.5)  # hears the number of the parking space
    await near.hangup()
    await stage.pause(8)
    await far.hangup()


@story("22_voicemail", "call_incoming call_missed")
async def voicemail(stage: Stage) -> None:
    """105 does not answer, and the caller leaves a message."""
    far = await stage.trunk.dial("222300105", caller=OUTSIDE)
    await stage.phones["105"].ringing()
    await far.wait("up", within=20)
    far.media()
    await asyncio.sleep(max(4, 8 * stage.pace.share))  # a message of a second is none
    await stage.snap("recording")
    await far.hangup()


@story("23_short", "call_incoming call_answered call_ended", unseen=True)
async def short(stage: Stage) -> None:
    """Ring and talk for a moment only."""
    far, near = await talk_with(stage, "222300101", "101", ring=1)
    await stage.pause(1.5)
    await far.hangup()
    await quiet(near)


@story(
    "24_two_calls",
    "call_incoming call_incoming call_answered call_answered call_ended call_ended",
    held="call_held call_resumed",
)
async def two_calls(stage: Stage) -> None:
    """Let 101 hold its caller and take a second one."""
    far, near = await talk_with(stage, "222300101", "101")
    await stage.talk()
    second = await stage.trunk.dial("222300101", caller=OTHER_OUTSIDE)
    waiting = await stage.phones["101"].ringing()
    await stage.ring()
    await near.hold()
    await waiting.answer()
    await stage.talk()
    await stage.snap("two calls")
    await second.hangup()
    await near.resume()
    await stage.pause(4)
    await far.hangup()
    await quiet(near)


@story("25_conference", " ".join(["call_outgoing", "call_answered", "call_ended"] * 3))
async def conference(stage: Stage) -> None:
    """101, 102, 103 dial a conference one after the other."""
    calls = []
    for phone in ("101", "102", "103"):
        calls.append(await stage.phones[phone].dial("850"))
        await calls[-1].wait("up")
        await stage.pause(4)
    await stage.snap("conference")
    await stage.pause(3)
    for call in calls:
        await call.hangup()
        await stage.pause(2)


@story("26_follow_me", "call_incoming call_answered call_ended")
async def follow_me(stage: Stage) -> None:
    """Follow a person: 103 rings, then 104, which answers."""
    far = await stage.trunk.dial("222300610", caller=OUTSIDE)
    await stage.phones["103"].ringing(15)
    await stage.pause(4)
    await stage.snap("103 rings")
    four = await stage.phones["104"].ringing(25)
    await stage.pause(5)
    await four.answer()
    await stage.talk()
    await stage.snap("talking")
    await far.hangup()
    await quiet(four)


@story("27_menu", "call_incoming call_answered call_ended")
async def menu(stage: Stage) -> None:
    """Let a voice menu answer; then 102 rings and answers."""
    far = await stage.trunk.dial("222300900", caller=OUTSIDE)
    await far.wait("up")
    await stage.pause(3)
    await stage.snap("in the menu")
    two = await stage.phones["102"].ringing(15)
    await stage.ring()
    await two.answer()
    await stage.talk()
    await stage.snap("talking")
    await far.hangup()
    await quiet(two)


@story("28_menu_given_up", "call_incoming call_missed")
async def menu_given_up(stage: Stage) -> None:
    """Hang up in the menu; no phone has rung."""
    far = await stage.trunk.dial("222300900", caller=OUTSIDE)
    await far.wait("up")
    await stage.pause(5.5)
    await far.hangup()


@story("29_pickup", "call_incoming call_answered call_ended")
async def pickup(stage: Stage) -> None:
    """101 rings, 104 takes the call with *8101."""
    far = await stage.trunk.dial("222300101", caller=OUTSIDE)
    one = await stage.phones["101"].ringing()
    await stage.ring()
    four = await stage.phones["104"].dial("*8101")
    await four.wait("up")
    await asyncio.sleep(0.7)  # Asterisk answers the code, and picks up half a second later
    await stage.talk()
    await stage.snap("talking")
    await far.hangup()
    await quiet(four)
    await quiet(one, 3)


@story("30_forward_outside", "call_incoming call_answered call_ended")
async def forward(stage: Stage) -> None:
    """Come in on the trunk and go out on the trunk (Local/ with /n)."""
    first = await stage.trunk.dial("222300950", caller=OUTSIDE)
    far = await stage.trunk.ringing()
    await stage.pause(2)
    await stage.snap("ringing")
    await stage.ring()
    await far.answer()
    await stage.talk()
    await stage.snap("talking")
    await first.hangup()
    await quiet(far)


@story("39_forward_plain", "call_incoming call_answered call_ended")
async def forward_plain(stage: Stage) -> None:
    """Do as 30, without Local; the caller's number is kept."""
    first = await stage.trunk.dial("222300970", caller=OUTSIDE)
    far = await stage.trunk.ringing()
    await stage.pause(2)
    await stage.snap("ringing")
    await stage.ring()
    await far.answer()
    await stage.talk()
    await stage.snap("talking")
    await first.hangup()
    await quiet(far)


@story("31_phone_forwards", "call_incoming call_answered call_ended")
async def phone_forwards(stage: Stage) -> None:
    """101 answers 302 to 104."""
    contact = f"<sip:104@127.0.0.1:{stage.lab.sip_port}>"
    stage.phones["101"].policy = lambda call: call.reject(302, {"Contact": contact})
    far = await stage.trunk.dial("222300101", caller=OUTSIDE)
    four = await stage.phones["104"].ringing()
    stage.phones["101"].policy = None
    await stage.ring()
    await stage.snap("ringing")
    await four.answer()
    await stage.talk()
    await stage.snap("talking")
    await far.hangup()
    await quiet(four)


@story("32_hidden_caller", "call_incoming call_answered call_ended")
async def hidden(stage: Stage) -> None:
    """Let an anonymous caller talk with 102."""
    far = await stage.trunk.dial("222300102", caller="anonymous", caller_name="Anonymous")
    near = await stage.phones["102"].ringing()
    await stage.snap("ringing")
    await stage.ring()
    await near.answer()
    await stage.talk()
    await far.hangup()
    await quiet(near)


@story(
    "33_parallel",
    "call_incoming call_incoming call_incoming call_outgoing call_answered call_answered call_answered "
    "call_ended call_ended call_ended",
)
async def parallel(stage: Stage) -> None:
    """One outside number calls 101 and 102 at once, while 103 calls 104."""
    fars = [await stage.trunk.dial(f"222300{phone}", caller=OUTSIDE) for phone in ("101", "102")]
    inside = await stage.phones["103"].dial("104")
    nears = [await stage.phones[phone].ringing() for phone in ("101", "102", "104")]
    await stage.snap("ringing")
    await stage.ring()
    for near in nears:
        await near.answer()
    await stage.talk()
    await stage.snap("talking")
    await fars[0].hangup()
    await stage.pause(3)
    await fars[1].hangup()
    await inside.hangup()
    await quiet(nears[2])


@story("34_unregistered", "call_outgoing call_ended", unseen=True)
async def unregistered(stage: Stage) -> None:
    """101 calls 104, which is not registered."""
    await stage.phones["104"].unregister()
    call = await stage.phones["101"].dial("104")
    await quiet(call)
    await stage.phones["104"].register()


@story(
    "35_page",
    "",
    held="call_outgoing call_incoming call_incoming call_answered call_answered call_answered "
    "call_ended call_ended call_ended",
)
async def page(stage: Stage) -> None:
    """101 pages 102 and 103 (ConfBridge and Local)."""
    call = await stage.phones["101"].dial("860")
    legs = [await stage.phones[phone].ringing(10) for phone in ("102", "103")]
    await stage.pause(1)
    for leg in legs:
        await leg.answer()
    await asyncio.sleep(0.7)  # whoever pages joins last
    await stage.talk()
    await stage.snap("paging")
    await call.hangup()
    await quiet(legs[0])


@story("98_message", "")
async def message(stage: Stage) -> None:
    """Send a SIP MESSAGE from 101 to 102, whose channel is no call."""
    stage.log("MESSAGE:", await stage.phones["101"].message("102", "Hello"))
    await stage.pause(2)
    await stage.snap("after the message")
    await stage.pause(5)


@story("37_echo", "call_outgoing call_answered call_ended")
async def echo(stage: Stage) -> None:
    """101 dials a service of the PBX (*43), which answers."""
    call = await stage.phones["101"].dial("*43")
    await call.wait("up")
    await stage.pause(7)
    await stage.snap("echo")
    await call.hangup()


@story("38_spy", "call_incoming call_answered call_ended")
async def spy(stage: Stage) -> None:
    """105 listens to 101 over pbx.spy."""
    far, near = await talk_with(stage, "222300101", "101")
    near.media()
    far.media()
    await stage.talk()
    await stage.act("pbx.spy", extension="105", target_extension="101")
    listener = await stage.phones["105"].ringing()
    await stage.pause(2)
    await listener.answer()
    listener.media()
    await stage.talk()
    await stage.snap("listening")
    await listener.hangup()
    await stage.pause(2)
    await far.hangup()
    await quiet(near)


async def _originate(stage: Stage, style: str, number: str, other: Phone) -> None:
    """Let Home Assistant connect 101 with a number, and see what both phones show."""
    await stage.originate_as(style)
    await stage.act("pbx.originate", extension="101", number=number)
    one = await stage.phones["101"].ringing()
    stage.log(f"101 shows {one.caller} {one.caller_name}")
    await stage.snap("101 rings")
    await stage.ring()
    await one.answer()
    two = await other.ringing()
    stage.log(f"the other side shows {two.caller} {two.caller_name}")
    await stage.snap("the other side rings")
    await stage.ring()
    await two.answer()
    await stage.talk()
    await stage.snap("talking")
    await one.hangup()
    await quiet(two)
    await stage.originate_as("plain")


@story("40_originate_internal", "call_outgoing call_answered call_ended", held="call_incoming")
async def originate_internal(stage: Stage) -> None:
    """Home Assistant connects 101 with 102."""
    await _originate(stage, "plain", "102", stage.phones["102"])


@story("41_originate_outside", "call_outgoing call_answered call_ended")
async def originate_outside(stage: Stage) -> None:
    """Home Assistant connects 101 with somebody outside."""
    await _originate(stage, "plain", FAR, stage.trunk)


@story("42_originate_called", "call_outgoing call_answered call_ended")
async def originate_called(stage: Stage) -> None:
    """Do as 41; the phone shows the number called."""
    await _originate(stage, "called", FAR, stage.trunk)


@story("43_originate_local", "call_outgoing call_answered call_ended")
async def originate_local(stage: Stage) -> None:
    """Do as 41, over Local/101@originate-skipvm/n."""
    await _originate(stage, "local", FAR, stage.trunk)


@story("44_originate_refused", "call_outgoing call_ended")
async def originate_refused(stage: Stage) -> None:
    """101 does not pick up its own originated call, declines."""
    await stage.act("pbx.originate", extension="101", number=FAR)
    one = await stage.phones["101"].ringing()
    await stage.ring()
    one.reject(603)
    await stage.pause(1)


@story("45_hangup", "call_incoming call_answered call_ended")
async def hang_up(stage: Stage) -> None:
    """Press the extension's Hang up button in Home Assistant."""
    far, near = await talk_with(stage, "222300101", "101")
    await stage.talk()
    await stage.act("pbx.hangup", device="extension_101")
    await far.ended(5)
    await quiet(near, 5)


@story("46_dial", "call_outgoing call_answered call_ended")
async def dial(stage: Stage) -> None:
    """Call the outside first, then enter a context."""
    await stage.act("pbx.dial", number=FAR, route_name="outgoing", context="announce")
    far = await stage.trunk.ringing()
    await stage.ring()
    await far.answer()
    await stage.snap("in the context")
    await quiet(far, 15)


@story("50_two_in_queue", "call_incoming call_incoming call_answered call_missed call_ended")
async def two_in_queue(stage: Stage) -> None:
    """Two callers, one agent: the first is answered, the second waits on for 15 s and gives up."""
    await stage.log_in("102")
    first = await stage.trunk.dial("222300801", caller=OUTSIDE)
    near = await stage.phones["102"].ringing(15)
    second = await stage.trunk.dial("222300801", caller=OTHER_OUTSIDE)
    await second.wait("up")
    await stage.ring()
    await near.answer()
    await stage.pause(8)
    await stage.snap("one talks, one waits")
    await second.hangup()
    await stage.pause(4)
    await first.hangup()
    await quiet(near)
    await stage.log_out("102")


@story("51_queue_from_inside", "call_outgoing call_incoming call_answered call_ended")
async def queue_from_inside(stage: Stage) -> None:
    """103 dials the queue, 102 answers."""
    await stage.log_in("102")
    one = await stage.phones["103"].dial("801")
    near = await stage.phones["102"].ringing(15)
    await stage.ring()
    await stage.snap("ringing")
    await near.answer()
    await stage.talk()
    await stage.snap("talking")
    await one.hangup()
    await quiet(near)
    await stage.log_out("102")


@story(
    "52_five_at_once",
    " ".join(["call_incoming"] * 5 + ["call_answered"] * 3 + ["call_missed"] * 2 + ["call_ended"] * 3),
)
async def five(stage: Stage) -> None:
    """Five outside callers at five phones within a second; three are answered, in another order."""
    fars, nears = {}, {}
    for number, phone in enumerate(("101", "102", "103", "104", "105")):
        fars[phone] = await stage.trunk.dial(f"222300{phone}", caller=f"42077700000{number}")
        nears[phone] = await stage.phones[phone].ringing()
    await stage.ring()
    for phone in ("104", "101", "103"):
        await nears[phone].answer()
    for phone in ("102", "105"):
        await fars[phone].hangup()
    await stage.talk()
    await stage.snap("three talk")
    for phone in ("101", "103", "104"):
        await fars[phone].hangup()
        await quiet(nears[phone], 3)


@story("60_rings", " ".join(["call_incoming", "call_missed"] * 12))
async def rings(stage: Stage) -> None:
    """Let twelve calls ring, to see how late they are shown."""
    for number in range(12):
        far = await stage.trunk.dial(f"22230010{1 + number % 4}", caller=OUTSIDE)
        near = await stage.phones[f"10{1 + number % 4}"].ringing()
        await stage.ring()
        await far.hangup()
        await quiet(near, 3)
        await stage.pause(6.3 + 0.37 * (number % 5))


@story("99_restart", "call_incoming call_answered call_ended call_incoming call_answered call_ended")
async def restart(stage: Stage) -> None:
    """Asterisk dies while somebody talks, and begins to count its channels anew."""
    await talk_with(stage, "222300101", "101")
    await stage.talk()
    await stage.lab.kill()
    await stage.lab.start()
    for phone in stage.phones.values():
        await phone.register()
    await stage.restarted()
    far, near = await talk_with(stage, "222300102", "102")
    await stage.talk()
    await far.hangup()
    await quiet(near)


# Before anything else, since an integration may have to learn how this phone system lists its calls.
ALL = {"00_first_queue": ALL["13_queue_nobody"], "00_first_menu": ALL["28_menu_given_up"], **ALL}
