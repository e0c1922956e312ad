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
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from ...telephony import models as m
from ...telephony.models import CallState
from ..channels import ChannelKind
from .bridges import TWO_PARTIES, Bridges
from .call import Call, Listing, end_push, given_pushes, leg_push, unseen_pushes, view
from .call_events import CONFERRING, DIALS, PARKING, SPYING
from .channels import Channel, ChannelState, Message, channel_from, device_of, known, other_half
from .parties import Parties
from .readiness import is_ready, patience
from .remembered import Past, Remembered

type ExtensionOf = Callable[[str], str | None]

SETTLED = timedelta(milliseconds=800)
"""How long after picking up a menu may turn out to be a queue; Asterisk first waits for sound."""
QUIET = timedelta(seconds=1)
"""How long nothing was told of a channel before its list is believed about things it says late."""
PJSIP = "PJSIP/"
MAX_CHANNELS = 5000
LIST = "list"


class Calls:
    """All channels and calls; what is new about them is collected in `pushes`."""

    def __init__(self, extension_of: ExtensionOf, inside: Collection[str], country: str) -> None:
        """Know no channels. `inside` are the numbers that are dialled inside the house."""
        self.pushes: list[m.Pushed] = []
        self._extension_of = extension_of
        self._parties = Parties(inside, country)
        self._channels: dict[str, Channel] = {}
        self._calls: dict[str, Call] = {}
        self._by_linked: dict[str, str] = {}
        self._bridges = Bridges(self._channels, self._calls)
        self.remembered = Remembered()
        self._deferred: dict[str, datetime] = {}
        self._begun_anew = False

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
        return tuple(view(call) for call in self._calls.values() if call.told)

    def due(self) -> datetime | None:
        """Return when `tick` has something to tell; None where nothing waits."""
        return min(self._deferred.values(), default=None)

    def is_active(self, call_id: str) -> bool:
        """Return whether a call goes on."""
        return call_id in self._calls

    def call_of(self, uid: str, linked: str) -> str:
        """Return the call that a channel belongs or has belonged to; empty for one never seen."""
        channel, gone = self._channels.get(uid), self.remembered.gone.get(uid)
        if channel is not None or gone is not None:
            return channel.call if channel is not None else gone or ""
        seen = linked in self._calls or linked in self.remembered.past
        return self._by_linked.get(linked) or (linked if seen else "")

    # -- inputs ------------------------------------------------------------------------------------

    def begin_anew(self) -> None:
        """Know that events were lost, and that Asterisk may have been started again since."""
        self._begun_anew = True
        for call in self._calls.values():
            call.watched = False

    def expect_placed(self, uid: str, extension: str, number: str) -> None:
        """Know whom a call is for that is about to be placed with this Uniqueid."""
        callee = m.Party(number=self._parties.number(number))
        self.remembered.placed.put(uid, (extension, callee))

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
                self._calls[channel.call].watched = False
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
        self._begun_anew = False
        if listing.held is not None:
            self._take_held(quiet, listing.held)
        for call_id in concerned:
            self._tell(call_id, LIST, now)

    def _add_listed(self, uid: str, row: Message, now: datetime) -> Channel | None:
        """Add a channel that is listed; None for one that is no part of a call, or is over."""
        over = uid in self.remembered.gone and not self._begun_anew
        return None if over else self._add(row, now, listed=True)

    def _refresh(self, channel: Channel, row: Message, kind: str, now: datetime) -> list[str]:
        """Take from the list what a channel does; return the calls that became one by it."""
        channel.take_name(row.get("Channel", ""))
        channel.take_state(row.get("ChannelState", ""), now)
        channel.take_application(row)
        if channel.queue:
            self._calls[channel.call].queue = channel.queue
        bridge = row.get("BridgeId", "")
        if not self._bridges.has(bridge, channel):
            self._bridges.leave(channel)
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
            peer = self.peer_of(channel) if self._bridges.is_connected(channel) else None
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
            self._bridges.leave(channel)
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
                call.take_start(channel, message)
            case "NewCallerid":
                channel.take_caller(message)
            case "Rename":
                channel.take_name(message.get("Newname", ""))
            case "Hold" | "Unhold":
                channel.holding = kind == "Hold"
            case "QueueCallerJoin":
                channel.queue = call.queue = known(message.get("Queue", ""))
            case "QueueCallerLeave" | "QueueCallerAbandon":
                channel.queue, channel.up_at = "", now  # an agent follows in a moment
            case _ if kind in CONFERRING:
                channel.conference = kind.endswith("Join")
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
        joined = self.remembered.joining.get(uid)
        call_id = joined or self._by_linked.get(linked) or self.remembered.fresh_id(linked)
        channel = channel_from(message, call_id, self._extension_of(name), now, listed=listed)
        if channel.kind is ChannelKind.INTERNAL or uid in self.remembered.ignored:
            return None
        call = self._calls.get(call_id)
        if call is None:
            call = self._calls[call_id] = Call(id=call_id, seen_at=now, watched=not listed)
        self._by_linked[linked] = call_id
        self._channels[uid] = channel
        call.add(channel, linked)
        if joined is not None:
            channel.originated, channel.reached = False, True
        call.take_origin()
        if (placed := self.remembered.placed.get(uid)) is not None:
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
        by_nobody = not message.get("Uniqueid") and channel.uid == channel.linked
        if by_nobody and not (channel.dials or known_before):
            channel.originated = call.originated = True
        if self._is_placed_through(caller, call):
            channel.originated = channel.originated or not channel.dials
        channel.take_dial_state(message)
        if channel.extension is None:
            channel.number = known(channel.number) or message.get("DestCallerIDNum", "")
        if kind == "DialEnd":
            channel.take_dial_end(message)
        elif not (message.get("Uniqueid") or channel.originated or known_before):
            return [call.id, self._part(channel, call)] if channel.is_line else [call.id]
        if kind == "DialBegin" and call.originated and call.placed is None:
            number = message.get("DestCallerIDNum", "")
            if caller is not None and (caller.is_line or caller.originated):
                call.placed = self._parties.placed(number)
        return [channel.call]

    def _is_placed_through(self, caller: Channel | None, call: Call) -> bool:
        """Return whether a phone is rung first by the phone system, through a Local channel."""
        if caller is None or caller.kind is not ChannelKind.GLUE:
            return False
        half = self._named(other_half(caller.name))
        begun = any(line.begins for line in call.channels.values() if line.is_line)
        return half is not None and half.originated and not begun

    def _part(self, channel: Channel, call: Call) -> str:
        """Give a phone that is paged a call of its own, from whoever pages; return its id."""
        if channel.uid == call.id:
            return call.id
        self._parties.understand(call, call.lines)
        own = Call(id=channel.uid, seen_at=channel.seen_at, first=(channel.uid, channel.extension))
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
            channel.space, channel.overdue = "", kind == "ParkedCallTimeOut"
        return [channel.call]

    def _take_hangup(self, channel: Channel, message: Message) -> None:
        """Take the end of a channel."""
        channel.take_cause(message.get("Cause", ""))
        call = self._calls[channel.call]
        call.cause = known(message.get("Cause-txt", "")) or call.cause
        self._remove(channel)

    def _remove(self, channel: Channel) -> None:
        """Forget a channel, and keep what became of it for its call."""
        self._bridges.leave(channel)
        self._channels.pop(channel.uid, None)
        self.remembered.gone.put(channel.uid, channel.call)
        call = self._calls[channel.call]
        call.channels.pop(channel.uid, None)
        if channel.is_line and not channel.dials and not (channel.originated and channel.is_up):
            call.outcomes.append(channel.outcome)

    # -- bridges -----------------------------------------------------------------------------------

    def _enter(self, channel: Channel, bridge: str, kind: str) -> list[str]:
        """Put a channel into a bridge; return the calls that became one by it."""
        members = self._bridges.enter(channel, bridge, kind)
        calls = {member.call for member in members}
        if len(calls) < 2:  # noqa: PLR2004 - two calls may become one
            return []
        kept = min(calls, key=lambda call_id: self._calls[call_id].seen_at)
        for member in members:
            self._move(member, kept)
        return [kept, *(calls - {kept})]

    def _move(self, channel: Channel, call_id: str) -> None:
        """Let a channel belong to another call from now on."""
        if channel.call != call_id:
            left = self._calls[channel.call]
            left.channels.pop(channel.uid, None)
            left.moved = True
            self._calls[call_id].channels[channel.uid] = channel
            channel.call = call_id

    # -- telling -----------------------------------------------------------------------------------

    def _state(self, channel: Channel, call: Call, now: datetime) -> CallState | None:
        """Return what an end of a call does; None while that cannot be told yet."""
        waits = CallState.RINGING if channel.extension is None else CallState.DIALING
        if not channel.is_placed(now):
            self._defer(call.id, channel.placed_by)
            return None
        if channel.space or channel.overdue:
            return CallState.ON_HOLD
        if not channel.is_up:
            rings = CallState.RINGING if channel.state == ChannelState.RINGING else None
            return waits if channel.begins else rings
        if self._bridges.is_connected(channel) or channel.conference:
            return CallState.ON_HOLD if channel.holding else CallState.TALKING
        return self._waiting_state(channel, call, waits, now)

    def _waiting_state(
        self, channel: Channel, call: Call, waits: CallState, now: datetime
    ) -> CallState:
        """Return what an end of a call does that was picked up and is connected with nobody."""
        told = call.told.get(channel.uid)
        if not channel.queue and told is not None and told[0] in m.UP and not call.passes(channel):
            return CallState.TALKING  # between two bridges, or the other side has just left
        if channel.queue or not channel.begins:
            return CallState.RINGING
        if channel.extension is None or call.is_calling(channel) or call.is_refused:
            return waits
        if channel.up_at is not None and now - channel.up_at < SETTLED:
            self._defer(call.id, channel.up_at + SETTLED)
            return waits
        return CallState.TALKING

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
                self._push(call, *unseen_pushes(call, event))
                self._forget(call)
            return
        if lines:
            self._parties.understand(call, lines)
            call.picked_up = call.picked_up or any(line.is_up for line in lines)
        if lines and not call.told and not self._is_ready(call, lines, now):
            return
        self._tell_states(call, lines, event, now)
        if not lines:
            self._forget(call)

    def _is_ready(self, call: Call, lines: list[Channel], now: datetime) -> bool:
        """Return whether enough is known of a call to tell of it; else look at it once more."""
        spaces = {one.space for one in self._channels.values() if one.space}
        wait = patience(lines, spaces, self._parties)
        if is_ready(call, lines, wait, now):
            return True
        self._defer(call.id, call.seen_at + wait)
        return False

    def _tell_states(self, call: Call, lines: list[Channel], event: str, now: datetime) -> None:
        """Push what the ends of a call do, and which of them are over."""
        states = {channel.uid: self._state(channel, call, now) for channel in lines}
        over = [uid for uid in call.told if uid not in states]
        # Who was called answers; whoever called only talks then, too.
        for channel in sorted(lines, key=lambda line: line.begins and line.is_up):
            state = states[channel.uid]
            if state is not None and call.told.get(channel.uid) != (state, channel.extension):
                call.told[channel.uid] = (state, channel.extension)
                self._push(call, leg_push(call, event, channel.uid, state, channel.extension))
                call.talked |= channel.extension is not None and state is CallState.TALKING
        if (taker := call.taker(lines)) is not None:
            call.given = self._parties.number(known(taker.number))
            self._push(call, *given_pushes(call, event, taker.uid))
        for uid in over:
            _, extension = call.told.pop(uid)
            self._push(
                call, end_push(call, event, uid, extension, final=not lines and not call.told)
            )

    def _push(self, call: Call, *pushed: m.LegPush) -> None:
        """Tell something of a call."""
        call.announced = call.announced or bool(pushed)
        self.pushes += pushed

    def _forget(self, call: Call) -> None:
        """Forget a call that has no ends any more."""
        self._calls.pop(call.id, None)
        self.remembered.past.put(call.id, Past(told=call.announced, watched=call.watched))
        self._deferred.pop(call.id, None)
        for uid in call.channels:
            self._channels.pop(uid, None)
        for linked in call.linked:
            self._by_linked.pop(linked, None)
