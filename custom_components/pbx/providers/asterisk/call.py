"""A call in the making: its channels, what is listed and was told of it, and how it is told."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from ...telephony import models as m
from ...telephony.models import CallState, Direction, Outcome
from .channels import Channel, Message

ENDS = 2
REFUSALS = frozenset({Outcome.BUSY, Outcome.FAILED, Outcome.REJECTED})
UNTOLD = (CallState.RINGING, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What Asterisk lists of its calls, asked for at `asked_at`."""

    channels: Iterable[Message]
    bridges: Iterable[Message] = ()
    parked: Iterable[Message] = ()
    held: Collection[str] | None = None
    """The devices that somebody has put on hold; None where that is not known."""
    asked_at: datetime


@dataclass(slots=True)
class Call:
    """A call in the making: `told` are the states of its legs as they were told last."""

    id: str
    seen_at: datetime
    began_at: datetime | None = None
    """When it began, where a list tells that it was before it was seen."""
    channels: dict[str, Channel] = field(default_factory=dict)
    told: dict[str, tuple[CallState, str | None]] = field(default_factory=dict)
    direction: Direction | None = None
    caller: m.Party = m.NOBODY
    callee: m.Party = m.NOBODY
    queue: str = ""
    linked: set[str] = field(default_factory=set)
    originated: bool = False
    moved: bool = False
    """Whether a part of it went on in another call."""
    picked_up: bool = False
    talked: bool = False
    """Whether a phone of ours has talked in it."""
    given: str | None = None
    """To whom outside it was given."""
    first: tuple[str, str | None] | None = None
    """The end that began it: its Uniqueid, and its extension."""
    placed: m.Party | None = None
    voicemail: bool = False
    outcomes: list[Outcome | None] = field(default_factory=list)
    """How each phone that was called has ended; None for one that only stopped ringing."""
    cause: str = ""
    announced: bool = False
    watched: bool = True
    """Whether its events have come since its beginning."""

    @property
    def lines(self) -> list[Channel]:
        """The ends of the call, those of our phones first and called ones after their caller."""
        lines = [channel for channel in self.channels.values() if channel.is_line]
        return sorted(lines, key=lambda channel: channel.extension is None)

    def add(self, channel: Channel, linked: str) -> None:
        """Take a channel that belongs to it."""
        self.channels[channel.uid] = channel
        self.linked.add(linked)
        self.began_at = min(self.began_at or channel.began_at, channel.began_at)
        if channel.is_line and self.first is None:
            self.first = (channel.uid, channel.extension)

    def take_start(self, channel: Channel, message: Message) -> None:
        """Take the state of one of its ends, which may have placed it only now."""
        if channel.take_start(message):
            self.take_origin()

    def take_origin(self) -> None:
        """Know whether the phone system itself rings one of its ends first."""
        begun = any(one.dials and one.is_line for one in self.channels.values())
        placed = any(one.originated for one in self.channels.values())
        self.originated = placed or (self.originated and not begun)

    def is_calling(self, channel: Channel) -> bool:
        """Return whether an end calls somebody who has not answered yet."""
        others = (other for other in self.channels.values() if other is not channel)
        return any(not other.is_up and not other.dials for other in others)

    def passes(self, channel: Channel) -> bool:
        """Return whether somebody outside has been handed over, and waits for an answer there."""
        alone = not any(line.is_up for line in self.lines if line is not channel)
        return channel.extension is None and alone and self.is_calling(channel)

    @property
    def is_refused(self) -> bool:
        """Whether the last phone that was called is not to be had; who calls hears a tone."""
        return bool(self.outcomes) and self.outcomes[-1] in REFUSALS

    def taker(self, lines: Collection[Channel]) -> Channel | None:
        """Return who outside was given a call in which one of ours has talked; None for nobody."""
        if not self.talked or self.given is not None:
            return None
        ours = any(line.extension is not None and line.is_up for line in lines)
        outside = [line for line in lines if self.told.get(line.uid, UNTOLD)[0] in m.UP]
        if ours or len(outside) < ENDS:
            return None
        return max(outside, key=lambda line: line.seen_at)


def leg_push(
    call: Call, event: str, uid: str, state: CallState, extension: str | None
) -> m.LegPush:
    """Return what tells the state of a leg."""
    return m.LegPush(
        provider_event=event,
        call_id=call.id,
        leg_id=uid,
        state=state,
        extension=extension,
        direction=call.direction,
        caller=call.caller,
        callee=call.callee,
        queue=call.queue or None,
        lasts=True,
    )


def end_push(call: Call, event: str, uid: str, extension: str | None, *, final: bool) -> m.LegPush:
    """Return what tells the end of a leg, and with the last one that of the call."""
    return m.LegPush(
        provider_event=event,
        call_id=call.id,
        leg_id=uid,
        state=CallState.ENDED,
        extension=extension,
        direction=call.direction,
        outcome=_outcome(call) if final else None,
        hangup_cause=call.cause or None,
        final=final,
        lasts=not final,
    )


def given_pushes(call: Call, event: str, uid: str) -> list[m.LegPush]:
    """Return what tells to whom outside a call was given; nothing for one who has no number."""
    state, extension = call.told[uid]
    push = leg_push(call, event, uid, state, extension)
    return [replace(push, transferred_to=call.given)] if call.given else []


def unseen_pushes(call: Call, event: str) -> list[m.LegPush]:
    """Return what tells of a call that was over before anything of it could be told."""
    if call.direction is None or call.first is None or call.moved:
        return []
    uid, extension = call.first
    state = CallState.RINGING if extension is None else CallState.DIALING
    pushes = [leg_push(call, event, uid, state, extension)]
    if call.picked_up and extension is not None:
        pushes.append(leg_push(call, event, uid, CallState.TALKING, extension))
    return [*pushes, end_push(call, event, uid, extension, final=True)]


def view(call: Call) -> m.Call:
    """Return a call as a list has it."""
    legs = tuple(_legs(call))
    order = (CallState.ON_HOLD, CallState.TALKING, CallState.RINGING, CallState.DIALING)
    states = {leg.state for leg in legs}
    return m.Call(
        id=call.id,
        state=next(state for state in order if state in states),
        direction=call.direction,
        caller=call.caller,
        callee=call.callee,
        legs=legs,
        queue=call.queue or None,
        started_at=call.began_at or call.seen_at,
    )


def _legs(call: Call) -> Iterator[m.Leg]:
    """Yield the legs of a call that were told."""
    for uid, (state, extension) in call.told.items():
        yield m.Leg(id=uid, state=state, extension=extension)


def _outcome(call: Call) -> Outcome | None:
    """Return how a call ended, for one that nobody answered; None where that is not known."""
    if call.voicemail:
        return Outcome.VOICEMAIL
    if call.direction is Direction.OUTGOING and call.outcomes:
        return call.outcomes[-1]  # the trunks before were passed over
    said = set(call.outcomes) - {Outcome.ANSWERED_ELSEWHERE}
    only = said.pop() if len(said) == 1 else None
    if only is not None and not (call.queue and only is Outcome.REJECTED):
        return only  # one of several that declined says nothing, nor does an agent
    return Outcome.MISSED if call.direction is Direction.INCOMING else None
