"""Calls put together from the channels of an Asterisk.

A phone or a trunk has a channel for each of its calls; a call is two or more of them, and the
channels in between. Which belong together:

    ==========================================  ==================================================
    Asterisk tells                              that means
    ==========================================  ==================================================
    a new channel with a known Linkedid         it belongs to that call
    two channels in one bridge of two parties   they are one call, whatever their Linkedids say:
                                                after a transfer, a pick-up or the retrieval of a
                                                parked call these are changed without an event
    a conference                                each participant has a call of his own
    ==========================================  ==================================================

The older of two calls that become one goes on; of the other those channels are left that did not
come along, and it is over when they are.

What a channel does:

    =====================================  ============================  ======================
    channel                                of a phone of ours            of the outside
    =====================================  ============================  ======================
    called, rings                          ringing                       ringing
    calls; called, picked up, waits        dialing                       ringing
    in a bridge with somebody else         talking                       talking
    has put the other side on hold         on hold                       on hold
    parked                                 on hold                       on hold
    picked up, in a queue                  ringing                       ringing
    picked up by a menu or an announcement talking, after a moment       ringing
    =====================================  ============================  ======================

A call is told a moment after it began, or as soon as more than its beginning is known: a caller
whose phone rings at once is told with that phone, and a code that picks up another call, retrieves
one or listens to one is no call of its own.

Asterisk tells that a phone rings, and who makes it ring, by different threads: either may be first.
A phone is told to ring when both are known, for a page is a call of each phone that is paged. That
nobody calls a phone, but the phone system itself, is known at once: its Linkedid is its Uniqueid.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ...telephony import models as m
from ...telephony.bounded_map import BoundedMap
from ...telephony.models import CallState, Direction, Outcome
from ...telephony.phone_numbers import normalise
from ..channels import ChannelKind
from .channels import Channel, ChannelState, channel_from, device_of, known, other_half, party

type Message = Mapping[str, str]
type ExtensionOf = Callable[[str], str | None]

DEFERRED = timedelta(milliseconds=80)
CODE_DEFERRED = timedelta(milliseconds=1500)
"""How long a code is not told that may pick up a call; Asterisk itself waits for half a second."""
PLACED = timedelta(milliseconds=1500)
"""How long a phone that rings waits for the event that says who calls it; usually it is there."""
SETTLED = timedelta(milliseconds=800)
"""How long after picking up a menu may turn out to be a queue; Asterisk first waits for sound."""
QUIET = timedelta(seconds=1)
"""How long nothing was told of a channel before its list is believed about things it says late."""
PJSIP = "PJSIP/"
MAX_CHANNELS = 5000
REMEMBERED = 2048
TWO_PARTIES = "basic"
LIST = "list"

DIALS = frozenset({"DialBegin", "DialState", "DialEnd"})
PARKING = frozenset({"ParkedCall", "UnParkedCall", "ParkedCallGiveUp", "ParkedCallTimeOut"})
SPYING = frozenset({"ChanSpyStart"})
QUEUEING = frozenset({"QueueCallerJoin", "QueueCallerLeave", "QueueCallerAbandon"})
CHANGES = frozenset(
    {
        *("Newchannel", "Newstate", "Rename", "Hangup", "BridgeEnter", "BridgeLeave"),
        *("Hold", "Unhold", "ConfbridgeJoin", "ConfbridgeLeave", "MessageWaiting"),
    }
)
EVENTS = DIALS | PARKING | SPYING | QUEUEING | CHANGES
"""The events that tell of channels."""


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
class _Call:
    """A call in the making: `told` are the states of its legs as they were told last."""

    id: str
    seen_at: datetime
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
    first: tuple[str, str | None] | None = None
    """The end that began it: its Uniqueid, and its extension."""
    placed: m.Party | None = None
    voicemail: bool = False
    outcomes: list[Outcome | None] = field(default_factory=list)
    """How each phone that was called has ended; None for one that only stopped ringing."""
    cause: str = ""
    announced: bool = False

    @property
    def lines(self) -> list[Channel]:
        """The ends of the call, those of our phones first and called ones after their caller."""
        lines = [channel for channel in self.channels.values() if channel.is_line]
        return sorted(lines, key=lambda channel: channel.extension is None)


class Calls:
    """All channels and calls; what is new about them is collected in `pushes`."""

    def __init__(self, extension_of: ExtensionOf, inside: Collection[str], country: str) -> None:
        """Know no channels. `inside` are the numbers that are dialled inside the house."""
        self.pushes: list[m.Pushed] = []
        self._extension_of, self._inside, self._country = extension_of, inside, country
        self._channels: dict[str, Channel] = {}
        self._calls: dict[str, _Call] = {}
        self._by_linked: dict[str, str] = {}
        self._bridges: dict[str, set[str]] = {}
        self._parking: set[str] = set()
        self._placed = BoundedMap[tuple[str, m.Party]](REMEMBERED)
        self._joining = BoundedMap[str](REMEMBERED)
        self._ignored = BoundedMap[None](REMEMBERED)
        self._gone = BoundedMap[None](REMEMBERED)
        self._deferred: dict[str, datetime] = {}

    # -- views -------------------------------------------------------------------------------------

    def channel(self, uid: str) -> Channel | None:
        """Return a channel by its Uniqueid."""
        return self._channels.get(uid)

    def peer_of(self, channel: Channel) -> Channel | None:
        """Return the other end of a channel's call: one it is connected with, else any other."""
        call = self._calls.get(channel.call)
        others = [one for one in call.lines if one is not channel] if call is not None else []
        for near in others:
            if near.bridge and near.bridge == channel.bridge:
                return near
        return next((one for one in others if one.is_up), next(iter(others), None))

    def snapshot(self) -> tuple[m.Call, ...]:
        """Return the calls that were told and are not over."""
        return tuple(_view(call) for call in self._calls.values() if call.told)

    def due(self) -> datetime | None:
        """Return when `tick` has something to tell; None where nothing waits."""
        return min(self._deferred.values(), default=None)

    # -- inputs ------------------------------------------------------------------------------------

    def expect_placed(self, uid: str, extension: str, number: str) -> None:
        """Know whom a call is for that is about to be placed with this Uniqueid."""
        self._placed.put(uid, (extension, m.Party(number=normalise(number, self._country))))

    def expect_joining(self, uid: str, call_id: str) -> None:
        """Know which call a phone is rung for that will have this Uniqueid."""
        self._joining.put(uid, call_id)

    def ignore(self, uid: str) -> None:
        """Take no notice of a channel that is about to come: it will listen to another call."""
        self._ignored.put(uid, None)

    def take(self, message: Message, now: datetime) -> None:
        """Take one event of those in EVENTS."""
        concerned = self._apply(message, now)
        for key in ("Uniqueid", "DestUniqueid", "ParkeeUniqueid"):
            if (channel := self._channels.get(message.get(key, ""))) is not None:
                channel.changed_at = now
        for call_id in dict.fromkeys(concerned):
            self._tell(call_id, message.get("Event", ""), now)

    def tick(self, now: datetime) -> None:
        """Tell what has waited long enough."""
        for call_id in [one for one, at in self._deferred.items() if at <= now]:
            del self._deferred[call_id]
            self._tell(call_id, LIST, now)

    def take_list(self, listing: Listing, now: datetime) -> None:
        """Take the lists, which also put right what events would have told that were lost."""
        rows = {row.get("Uniqueid", ""): row for row in listing.channels}
        kinds = {
            row.get("BridgeUniqueid", ""): row.get("BridgeType", "") for row in listing.bridges
        }
        spaces = {
            row.get("ParkeeUniqueid", ""): row.get("ParkingSpace", "") for row in listing.parked
        }
        concerned: dict[str, None] = {}
        quiet: list[Channel] = []
        for channel in list(self._channels.values()):
            if channel.uid not in rows and channel.seen_at < listing.asked_at:
                concerned[channel.call] = None
                self._remove(channel)
        for uid, row in rows.items():
            fresh = self._channels.get(uid) or self._add_listed(uid, row, now)
            if fresh is None or (fresh.seen_at != now and fresh.changed_at >= listing.asked_at):
                continue  # what an event has told since then is newer
            if fresh.seen_at == now or fresh.changed_at < listing.asked_at - QUIET:
                quiet.append(fresh)
            fresh.changed_at, fresh.space = now, known(spaces.get(uid, ""))
            concerned[fresh.call] = None
            kind = kinds.get(row.get("BridgeId", ""), TWO_PARTIES).lower()
            concerned |= dict.fromkeys(self._refresh(fresh, row, kind, now))
        if listing.held is not None:
            self._take_held(quiet, listing.held)
        for call_id in concerned:
            self._tell(call_id, LIST, now)

    def _add_listed(self, uid: str, row: Message, now: datetime) -> Channel | None:
        """Add a channel that is listed; None for one that is no part of a call, or is over."""
        return None if uid in self._gone else self._add(row, now, listed=True)

    def _refresh(self, channel: Channel, row: Message, kind: str, now: datetime) -> list[str]:
        """Take from the list what a channel does; return the calls that became one by it."""
        channel.take_name(row.get("Channel", ""))
        channel.take_state(row.get("ChannelState", ""), now)
        channel.take_application(row)
        if channel.queue:
            self._calls[channel.call].queue = channel.queue
        bridge = row.get("BridgeId", "")
        if channel.bridge != bridge or channel.uid not in self._bridges.get(bridge, ()):
            self._leave(channel)
            return self._enter(channel, bridge, kind) if bridge else []
        return []

    def _take_held(self, quiet: Iterable[Channel], held: Collection[str]) -> None:
        """Know which of some channels have put the other side on hold, by the state of its device.

        The list of channels does not tell it. The state is that of a device, so it only counts for
        one that has a single channel; other technologies than PJSIP give it to the other side.
        """
        lines = [one for one in self._channels.values() if one.is_line]
        devices = Counter(device_of(one.name) for one in lines)
        for channel in quiet:
            peer = self.peer_of(channel) if self._is_connected(channel) else None
            device = device_of(peer.name) if peer is not None else ""
            if channel.is_line and device.startswith(PJSIP) and devices[device] == 1:
                channel.holding = device in held

    # -- what events mean --------------------------------------------------------------------------

    def _apply(self, message: Message, now: datetime) -> list[str]:
        """Take an event; return the calls it is about."""
        kind = message.get("Event", "")
        if kind == "Newchannel":
            fresh = self._add(message, now)
            return [] if fresh is None else [fresh.call]
        if kind in DIALS:
            return self._take_dial(kind, message)
        if kind in PARKING:
            return self._take_parking(kind, message)
        channel = self._subject_of(kind, message)
        if channel is None:
            return []
        call_ids = [channel.call]
        if kind == "Hangup":
            self._take_hangup(channel, message)
        elif kind == "BridgeEnter":
            bridge, bridge_type = message.get("BridgeUniqueid", ""), message.get("BridgeType", "")
            call_ids += self._enter(channel, bridge, bridge_type.lower())
        elif kind == "BridgeLeave":
            self._leave(channel)
        else:
            self._note(channel, kind, message, now)
        return call_ids

    def _subject_of(self, kind: str, message: Message) -> Channel | None:
        """Return the channel that an event is about; None where it is not known."""
        if kind == "MessageWaiting":
            return self._named(message.get("Channel", ""))
        key = "SpyerUniqueid" if kind in SPYING else "Uniqueid"
        return self._channels.get(message.get(key, ""))

    def _note(self, channel: Channel, kind: str, message: Message, now: datetime) -> None:
        """Take what an event says of a channel itself."""
        call = self._calls[channel.call]
        match kind:
            case "Newstate":
                channel.take_state(message.get("ChannelState", ""), now)
            case "Rename":
                channel.take_name(message.get("Newname", ""))
            case "Hold" | "Unhold":
                channel.holding = kind == "Hold"
            case "QueueCallerJoin":
                channel.queue = call.queue = known(message.get("Queue", ""))
            case "QueueCallerLeave" | "QueueCallerAbandon":
                channel.queue, channel.up_at = "", now  # an agent follows in a moment
            case "ConfbridgeJoin" | "ConfbridgeLeave":
                channel.conference = kind == "ConfbridgeJoin"
            case "ChanSpyStart":
                channel.spying = True
            case "MessageWaiting":
                call.voicemail = True

    def _named(self, name: str) -> Channel | None:
        """Return a channel by its name."""
        return next((one for one in self._channels.values() if one.name == name), None)

    def _add(self, message: Message, now: datetime, *, listed: bool = False) -> Channel | None:
        """Add a channel to the call it belongs to; return None for one that is no part of any."""
        uid, name = message.get("Uniqueid", ""), message.get("Channel", "")
        if not uid or uid in self._channels or len(self._channels) >= MAX_CHANNELS:
            return self._channels.get(uid)
        linked = message.get("Linkedid", "") or uid
        joined = self._joining.get(uid)
        call_id = joined or self._by_linked.get(linked, linked)
        channel = channel_from(message, call_id, self._extension_of(name), now, listed=listed)
        if channel.kind is ChannelKind.INTERNAL or uid in self._ignored:
            return None
        call = self._calls.get(call_id)
        if call is None:
            call = self._calls[call_id] = _Call(id=call_id, seen_at=now)
        self._by_linked[linked] = call_id
        call.linked.add(linked)
        self._channels[uid] = call.channels[uid] = channel
        if channel.is_line and call.first is None:
            call.first = (uid, channel.extension)
        if joined is not None:
            channel.originated, channel.reached = False, True
        call.originated = call.originated or channel.originated
        if (placed := self._placed.get(uid)) is not None:
            channel.originated = call.originated = True
            call.placed = placed[1]
            channel.extension = channel.extension or placed[0]
        if channel.queue:
            call.queue = channel.queue
        return channel

    def _take_dial(self, kind: str, message: Message) -> list[str]:
        """Take that a channel is called, by another or by nobody.

        Each of these events may come before or after the channel's own that it rings.
        """
        channel = self._channels.get(message.get("DestUniqueid", ""))
        if channel is None:
            return []
        call = self._calls[channel.call]
        known_before, channel.reached = channel.reached, True
        caller = self._channels.get(message.get("Uniqueid", ""))
        if self._is_placed_through(caller, call):
            channel.originated = channel.originated or not channel.dials
        if kind == "DialEnd":
            channel.take_dial_end(message)
        elif not (message.get("Uniqueid") or channel.originated or known_before):
            return [call.id, self._part(channel, call)] if channel.is_line else [call.id]
        if kind == "DialBegin" and call.originated and call.placed is None:
            number = message.get("DestCallerIDNum", "")
            if caller is not None and (caller.is_line or caller.originated):
                call.placed = party(number, "", self._country)
        return [channel.call]

    def _is_placed_through(self, caller: Channel | None, call: _Call) -> bool:
        """Return whether a phone is rung first by the phone system, through a Local channel."""
        if caller is None or caller.kind is not ChannelKind.GLUE:
            return False
        half = self._named(other_half(caller.name))
        begun = any(line.begins for line in call.channels.values() if line.is_line)
        return half is not None and half.originated and not begun

    def _part(self, channel: Channel, call: _Call) -> str:
        """Give a phone that is paged a call of its own, from whoever pages; return its id."""
        if channel.uid == call.id:
            return call.id
        self._understand(call, call.lines)
        own = _Call(id=channel.uid, seen_at=channel.seen_at, first=(channel.uid, channel.extension))
        own.caller, own.callee = call.caller, m.Party(number=channel.extension or "")
        own.direction = call.direction
        self._calls[own.id] = own
        self._move(channel, own.id)
        return own.id

    def _take_parking(self, kind: str, message: Message) -> list[str]:
        """Take that a call waits in a parking space, or does not any more."""
        channel = self._channels.get(message.get("ParkeeUniqueid", ""))
        if channel is None:
            return []
        if kind == "ParkedCall":
            channel.space = known(message.get("ParkingSpace", ""))
        elif kind != "ParkedCallGiveUp":  # who gives up hangs up, and is not taken up again
            channel.space = ""
        return [channel.call]

    def _take_hangup(self, channel: Channel, message: Message) -> None:
        """Take the end of a channel."""
        channel.take_cause(message.get("Cause", ""))
        call = self._calls[channel.call]
        call.cause = known(message.get("Cause-txt", "")) or call.cause
        self._remove(channel)

    def _remove(self, channel: Channel) -> None:
        """Forget a channel, and keep what became of it for its call."""
        self._leave(channel)
        self._channels.pop(channel.uid, None)
        self._gone.put(channel.uid, None)
        call = self._calls[channel.call]
        call.channels.pop(channel.uid, None)
        if not channel.dials and channel.is_line:
            call.outcomes.append(channel.outcome)

    # -- bridges -----------------------------------------------------------------------------------

    def _enter(self, channel: Channel, bridge: str, kind: str) -> list[str]:
        """Put a channel into a bridge; return the calls that became one by it."""
        if kind == "parking":
            self._parking.add(bridge)
        channel.bridge = bridge
        members = self._bridges.setdefault(bridge, set())
        members.add(channel.uid)
        if kind != TWO_PARTIES or channel.conference:
            return []
        calls = {self._channels[uid].call for uid in members if uid in self._channels}
        if len(calls) < 2:  # noqa: PLR2004 - two calls may become one
            return []
        kept = min(calls, key=lambda call_id: self._calls[call_id].seen_at)
        for uid in members:
            if uid in self._channels:
                self._move(self._channels[uid], kept)
        return [kept, *(calls - {kept})]

    def _move(self, channel: Channel, call_id: str) -> None:
        """Let a channel belong to another call from now on."""
        if channel.call != call_id:
            left = self._calls[channel.call]
            left.channels.pop(channel.uid, None)
            left.moved = True
            self._calls[call_id].channels[channel.uid] = channel
            channel.call = call_id

    def _leave(self, channel: Channel) -> None:
        """Take a channel out of its bridge; nobody is on hold any more."""
        members = self._bridges.get(channel.bridge, set())
        members.discard(channel.uid)
        if not members:
            self._bridges.pop(channel.bridge, None)
            self._parking.discard(channel.bridge)
        channel.bridge, channel.holding = "", False

    def _is_connected(self, channel: Channel) -> bool:
        """Return whether a channel hears somebody else, also over pairs of Local channels."""
        seen: set[str] = set()
        bridges = [channel.bridge]
        while bridges:
            bridge = bridges.pop()
            if bridge in seen or bridge in self._parking:
                continue
            seen.add(bridge)
            for uid in self._bridges.get(bridge, ()):
                member = self._channels.get(uid)
                if member is None or member is channel:
                    continue
                if member.kind is not ChannelKind.GLUE:
                    return True
                bridges.append(self._behind(member))
        return False

    def _behind(self, local: Channel) -> str:
        """Return the bridge of the other half of a Local channel; empty where it is in none."""
        call = self._calls[local.call]
        other = other_half(local.name)
        return next((one.bridge for one in call.channels.values() if one.name == other), "")

    # -- telling -----------------------------------------------------------------------------------

    def _state(self, channel: Channel, call: _Call, now: datetime) -> CallState | None:
        """Return what an end of a call does; None while that cannot be told yet."""
        waits = CallState.RINGING if channel.extension is None else CallState.DIALING
        if not self._is_placed(channel, now):
            self._defer(call.id, channel.seen_at + PLACED)
            return None
        if channel.space:
            return CallState.ON_HOLD
        if not channel.is_up:
            rings = CallState.RINGING if channel.state == ChannelState.RINGING else None
            return waits if channel.begins else rings
        if self._is_connected(channel) or channel.conference:
            return CallState.ON_HOLD if channel.holding else CallState.TALKING
        return self._waiting_state(channel, call, waits, now)

    @staticmethod
    def _is_placed(channel: Channel, now: datetime) -> bool:
        """Return whether it is known whose call a channel is a part of, or was waited for it."""
        return channel.begins or channel.reached or now - channel.seen_at >= PLACED

    def _waiting_state(
        self, channel: Channel, call: _Call, waits: CallState, now: datetime
    ) -> CallState:
        """Return what an end of a call does that was picked up and is connected with nobody."""
        told = call.told.get(channel.uid)
        if not channel.queue and told is not None and told[0] in m.UP:
            return CallState.TALKING  # between two bridges, or the other side has just left
        if channel.queue or not channel.begins:
            return CallState.RINGING
        if channel.extension is None or self._is_calling(channel, call):
            return waits
        if channel.up_at is not None and now - channel.up_at < SETTLED:
            self._defer(call.id, channel.up_at + SETTLED)
            return waits
        return CallState.TALKING

    @staticmethod
    def _is_calling(channel: Channel, call: _Call) -> bool:
        """Return whether somebody is called, and has not answered yet."""
        return any(
            not other.is_up and not other.dials
            for other in call.channels.values()
            if other is not channel
        )

    def _defer(self, call_id: str, at: datetime) -> None:
        """Look at a call once more, then."""
        self._deferred[call_id] = min(at, self._deferred.get(call_id, at))

    def _tell(self, call_id: str, event: str, now: datetime) -> None:
        """Push what is new about a call."""
        call = self._calls.get(call_id)
        if call is None:
            return
        lines = call.lines
        if not lines and not call.announced:
            if not call.channels:  # where channels in between are left, an end may yet come
                self._tell_unseen(call, event)
                self._forget(call)
            return
        if lines:
            self._understand(call, lines)
            call.picked_up = call.picked_up or any(line.is_up for line in lines)
        if not call.told and lines and not self._is_ready(call, lines, now):
            self._defer(call.id, call.seen_at + self._patience(lines))
            return
        states = {channel.uid: self._state(channel, call, now) for channel in lines}
        over = [uid for uid in call.told if uid not in states]
        # Who was called answers; whoever called only talks then, too.
        for channel in sorted(lines, key=lambda line: line.begins and line.is_up):
            state = states[channel.uid]
            if state is not None and call.told.get(channel.uid) != (state, channel.extension):
                call.told[channel.uid] = (state, channel.extension)
                self._push(call, event, channel.uid, state, channel.extension)
        for uid in over:
            _, extension = call.told.pop(uid)
            self._push_end(call, event, uid, extension, final=not lines and not call.told)
        if not lines:
            self._forget(call)

    def _tell_unseen(self, call: _Call, event: str) -> None:
        """Tell of a call that was over before anything of it could be told."""
        if call.direction is None or call.first is None or call.moved:
            return
        uid, extension = call.first
        state = CallState.RINGING if extension is None else CallState.DIALING
        self._push(call, event, uid, state, extension)
        if call.picked_up and extension is not None:
            self._push(call, event, uid, CallState.TALKING, extension)
        self._push_end(call, event, uid, extension, final=True)

    def _patience(self, lines: list[Channel]) -> timedelta:
        """Return how long a call is not told of which only its beginning is known."""
        spaces = {one.space for one in self._channels.values() if one.space}
        for line in lines:
            code = line.dialled.startswith(("*", "#")) or line.dialled in spaces
            if line.dials and line.extension is not None and code:
                return CODE_DEFERRED
        return DEFERRED

    def _is_ready(self, call: _Call, lines: list[Channel], now: datetime) -> bool:
        """Return whether enough is known of a call to tell of it."""
        if now - call.seen_at >= self._patience(lines):
            return True
        called = [channel for channel in lines if not channel.dials]
        return any(
            channel.state in {ChannelState.RINGING, ChannelState.UP}
            and self._is_placed(channel, now)
            for channel in called
        )

    def _understand(self, call: _Call, lines: list[Channel]) -> None:
        """Know who calls whom, as soon as that can be known."""
        first = next((line for line in lines if line.begins), None)
        outside = any(line.extension is None for line in lines)
        unknown = call.direction is None or (call.originated and not call.callee.number)
        if first is not None and (unknown or not call.told):
            if call.originated:
                self._understand_placed(call, first, outside=outside)
            elif first.extension is None:
                call.direction = Direction.INCOMING
                call.caller = party(first.number, first.caller_name, self._country)
            else:
                dialled = known(first.dialled)
                inside = not outside and (not dialled or self._is_inside(dialled))
                call.direction = Direction.INTERNAL if inside else Direction.OUTGOING
                name = known(first.caller_name)
                call.caller = m.Party(number=first.extension, name=name)
            if first.dialled and not call.originated and known(first.dialled):
                call.callee = m.Party(number=normalise(known(first.dialled), self._country))

    def _understand_placed(self, call: _Call, first: Channel, *, outside: bool) -> None:
        """Know who calls whom where the phone system rang the caller first."""
        callee = call.placed or m.NOBODY
        if callee.number or outside:  # else it is not known yet whom it will call
            inside = not outside and self._is_inside(callee.number)
            call.direction = Direction.INTERNAL if inside else Direction.OUTGOING
        call.caller = m.Party(number=first.extension or known(first.number))
        call.callee = m.filled(call.callee, callee)

    def _is_inside(self, number: str) -> bool:
        """Return whether a number is one of this house: an extension, a group, a code."""
        longest = max((len(one) for one in self._inside), default=4)
        digits = number.removeprefix("+")
        return number in self._inside or not digits.isdecimal() or len(digits) <= longest

    def _push(
        self, call: _Call, event: str, uid: str, state: CallState, extension: str | None
    ) -> None:
        """Tell the state of a leg."""
        call.announced = True
        self.pushes.append(
            m.LegPush(
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
        )

    def _push_end(
        self, call: _Call, event: str, uid: str, extension: str | None, *, final: bool
    ) -> None:
        """Tell the end of a leg, and with the last one of the call."""
        self.pushes.append(
            m.LegPush(
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
        )

    def _forget(self, call: _Call) -> None:
        """Forget a call that has no ends any more."""
        self._calls.pop(call.id, None)
        self._deferred.pop(call.id, None)
        for uid in call.channels:
            self._channels.pop(uid, None)
        for linked in call.linked:
            self._by_linked.pop(linked, None)


def _view(call: _Call) -> m.Call:
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
        started_at=call.seen_at,
    )


def _legs(call: _Call) -> Iterator[m.Leg]:
    """Yield the legs of a call that were told."""
    for uid, (state, extension) in call.told.items():
        yield m.Leg(id=uid, state=state, extension=extension)


def _outcome(call: _Call) -> Outcome | None:
    """Return how a call ended, for one that nobody answered; None where that is not known."""
    if call.voicemail:
        return Outcome.VOICEMAIL
    said = set(call.outcomes) - {Outcome.ANSWERED_ELSEWHERE}
    only = said.pop() if len(said) == 1 else None
    if only is not None and not (call.queue and only is Outcome.REJECTED):
        return only  # one of several that declined says nothing, nor does an agent
    return Outcome.MISSED if call.direction is Direction.INCOMING else None
