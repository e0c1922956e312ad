"""The call engine of a simulated VoIPstudio: legs, calls, call records and events (sections 4.1, 4.4, 5, 6)."""

import hashlib
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tests.simulators.base import TrueCall, TrueLeg
from tests.simulators.voipstudio_people import Population, Queue, RingGroup, User
from tests.simulators.voipstudio_rest import Collection, Row
from tests.simulators.voipstudio_switches import PlacedLegs, VoipstudioSwitches

FIRST_LEG_ID = 4_278_003_532
FIRST_CALL_NUMBER = 712_345_678
FIRST_RECORD_ID = 912_345_678
LOCAL_USER = "LOCAL_USER"
NORMAL = "Normal Clearing"
NO_ANSWER = "No Answer"
ELSEWHERE = "Call completed elsewhere"
CDR_COLUMNS = (
    "id", "call_id", "live_id", "parent_live_id", "root_live_id", "is_root", "user_id", "sip_endpoint_id", "server_id",
    "type", "calldate", "clid", "src", "src_id", "src_name", "src_ua", "src_codec", "dst", "dst_id", "dst_name",
    "dst_ua", "dst_codec", "duration", "billsec", "disposition", "destination", "context", "rate", "charge", "t_cause",
    "info", "labels", "metadata", "nb_notes",
)  # fmt: skip
CONVERSATION_COLUMNS = ("id", "created_at", "channel", "src", "dst", "duration", "type")
MONITOR_COLUMNS = ("id", "timestamp", "caller", "called", "duration", "type", "size")
AS_INTEGER: dict[str, dict[str, int]] = {
    "state": {"INITIAL": 0, "RINGING": 1, "CONNECTED": 2, "ON_HOLD": 3, "HANGUP": 4, "FAILED": 5},
    "destination": {"in": 0, "out": 1},
    "type": {"O": 0, "I": 1, "M": 2},
    "disposition": {"NO ANSWER": 0, "CONNECTED": 1, "BUSY": 2, "FAILED": 3},
}


class State(StrEnum):
    """A leg's state (5.1)."""

    INITIAL = "INITIAL"
    RINGING = "RINGING"
    CONNECTED = "CONNECTED"
    ON_HOLD = "ON_HOLD"
    HANGUP = "HANGUP"
    FAILED = "FAILED"


class Disposition(StrEnum):
    """How a call record says a leg ended (5.5)."""

    CONNECTED = "CONNECTED"
    NO_ANSWER = "NO ANSWER"
    BUSY = "BUSY"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One end of a leg; user is None for the outside."""

    number: str
    user: User | None = None
    name: str = ""

    @property
    def id(self) -> str:
        """The user id as calls write it; "0" is nobody of ours."""
        return str(self.user.id) if self.user else "0"

    @property
    def label(self) -> str:
        """How the true call names this end."""
        return line_of(self.user) if self.user else self.number


@dataclass(slots=True, kw_only=True, eq=False)
class Leg:
    """One leg; phone is the user's phone that rings for it, distributor marks a ring group's or queue's own leg."""

    id: int
    number: int
    call: Call
    root_id: int
    root_number: int
    src: Party
    dst: Party
    clid: str
    start_time: float
    destination: str | None
    context: str | None
    parent: Leg | None = None
    phone: User | None = None
    distributor: bool = False
    state: State = State.INITIAL
    connected_at: float | None = None
    ended_at: float | None = None
    queue_state: str | None = None
    referred_by: str | None = None
    terminated_by: str = ""
    cause: str = ""
    held: set[int] = field(default_factory=set)
    action_url: str = ""
    action_text: str = ""

    @property
    def incoming(self) -> bool:
        """Whether the leg is offered to one of our users, who can then miss it."""
        return self.distributor or (self.phone is not None and self.phone is self.dst.user)

    @property
    def up(self) -> bool:
        """Whether people can talk on it."""
        return self.state in (State.CONNECTED, State.ON_HOLD)

    @property
    def users(self) -> Iterator[User]:
        """The users whose phones this leg keeps busy."""
        yield from {id(user): user for user in (self.src.user, self.phone) if user is not None}.values()

    def seconds(self, now: float) -> int:
        """Seconds since it was answered."""
        return 0 if self.connected_at is None else int((self.ended_at or now) - self.connected_at)


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """What people would call one call: its legs and where it still has to go."""

    id: int = 0
    number: int = 0
    direction: str
    caller: Party
    callee: Party
    legs: dict[int, Leg] = field(default_factory=dict)
    last: Leg | None = None
    distributor: Leg | None = None
    queue: Queue | None = None
    refused: set[int] = field(default_factory=set)
    then: Party | None = None
    placed: bool = False
    answered: bool = False
    cli: str = ""
    tts: str = ""

    @property
    def phones(self) -> list[Leg]:
        """The legs that end at a phone, inside or outside."""
        return [leg for leg in self.legs.values() if not leg.distributor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A push that waits to be sent."""

    name: str
    body: Row


def line_of(user: User) -> str:
    """Name a user's phone: the extension, or the user id when there is none."""
    return user.ext or str(user.id)


def quoted(number: str, name: str = "") -> str:
    """Write a caller ID string."""
    return f'"{name or number}" <{number}>'


class VoipstudioEngine(VoipstudioSwitches):
    """The phone system without its HTTP side; what it wants to push gathers in `outbox`."""

    clock: Callable[[], float]
    rng: random.Random

    def load(self, population: Population) -> None:
        """Install the users, queues and numbers."""
        self.population = population
        self.customer_id = population.customer_id
        self.users: dict[int, User] = {user.id: user for user in population.users}
        self.by_ext: dict[str, User] = {user.ext: user for user in population.users if user.ext}
        self.queues: dict[int, Queue] = {queue.id: queue for queue in population.queues}
        self.ring_groups: dict[int, RingGroup] = {group.id: group for group in population.ring_groups}
        self.numbers: set[str] = {number for number, _ in population.numbers}
        self.main_number = population.numbers[0][0] if population.numbers else "441632960500"
        self.calls: dict[int, Call] = {}
        self.ended: dict[int, Call] = {}
        self.legs: dict[int, Leg] = {}
        self.ended_legs: dict[int, Leg] = {}
        self.waiting: dict[int, Call] = {}
        self.outbox: list[Event] = []
        self.cdrs = Collection(CDR_COLUMNS, first_id=FIRST_RECORD_ID)
        self.conversations = Collection(CONVERSATION_COLUMNS, first_id=3_000_001)
        self.monitors = Collection(
            MONITOR_COLUMNS, first_id=1_052_333_152, filterable={"timestamp", "caller", "called", "duration", "type"}
        )
        self._leg_id = FIRST_LEG_ID
        self._call_number = FIRST_CALL_NUMBER

    # -- looking up -----------------------------------------------------------------------------------

    def user_at(self, extension: str) -> User:
        """Find a user by extension or user id."""
        user = self.by_ext.get(extension) or (self.users.get(int(extension)) if extension.isdecimal() else None)
        if user is None:
            raise LookupError(f"nobody has extension {extension!r}")
        return user

    def queue_at(self, number: str) -> Queue | None:
        """Find a queue by its internal number."""
        return next((queue for queue in self.queues.values() if str(queue.number) == number), None)

    def group_at(self, number: str) -> RingGroup | None:
        """Find a ring group by its internal number."""
        return next((group for group in self.ring_groups.values() if str(group.number) == number), None)

    def call_at(self, call_id: str | int) -> Call:
        """Find a call that is up by its id or the id of one of its legs."""
        number = int(call_id)
        if number in self.calls:
            return self.calls[number]
        if number in self.legs:
            return self.legs[number].call
        raise LookupError(f"no call {call_id} is up")

    def party(self, number: str) -> Party:
        """Make a destination of a number: a user, or something else by its number."""
        if user := self.by_ext.get(number):
            return Party(number=number, user=user, name=user.name)
        if queue := self.queue_at(number):
            return Party(number=number, name=queue.name)
        if group := self.group_at(number):
            return Party(number=number, name=group.name)
        return Party(number=number, name="United Kingdom (Local)")

    def internal(self, number: str) -> bool:
        """Whether a number is one of the account's short numbers."""
        return number in self.by_ext or self.queue_at(number) is not None or self.group_at(number) is not None

    def written(self, moment: float | None) -> str | None:
        """Write a time the way call records and webhooks do: without its zone."""
        if moment is None:
            return None
        return datetime.fromtimestamp(moment, self.time_zone).strftime("%Y-%m-%d %H:%M:%S")

    # -- starting calls -------------------------------------------------------------------------------

    def incoming(self, caller: str, extensions: tuple[str, ...], name: str = "") -> Call:
        """Let the outside ring one phone, or several as a ring group."""
        users = [self.user_at(extension) for extension in extensions]
        src = Party(number=caller, name=quoted(caller, name))
        if len(users) == 1:
            call = Call(direction="incoming", caller=src, callee=Party(number=users[0].ext, user=users[0]))
            dst = Party(number=self.main_number, user=users[0], name=users[0].name)
            self._ring(call, src, dst, context=LOCAL_USER)
            return call
        ids = {user.id for user in users}
        group = next((g for g in self.ring_groups.values() if set(g.members) == ids), None)
        if group is None:
            group = next(iter(self.ring_groups.values()), RingGroup(id=83500, name="Everybody", number=700))
        return self._group(src, group, users)

    def dialled(self, user: User, number: str) -> Call:
        """Let a user's phone dial."""
        src = Party(number=line_of(user), user=user, name=user.name)
        if queue := self.queue_at(number):
            return self.queued(src, queue)
        if group := self.group_at(number):
            return self._group(src, group, [self.users[member] for member in group.members])
        dst = self.party(number)
        call = Call(direction="internal" if dst.user else "outgoing", caller=src, callee=dst)
        self._ring(call, src, dst, context=LOCAL_USER if dst.user else self.outbound_context)
        return call

    def queued(self, src: Party, queue: Queue) -> Call:
        """Put a caller into a queue and ring the agents who are free."""
        direction = "internal" if src.user else "incoming"
        call = Call(direction=direction, caller=src, callee=Party(number=str(queue.number), name=queue.name))
        self._enter_queue(call, src, queue, parent=None)
        return call

    def place(self, user: User, number: str, caller_id: str = "") -> Call:
        """Ring a user's phone first and dial the number when it is picked up."""
        src = Party(number=line_of(user), user=user, name=user.name)
        dst = self.party(number)
        direction = "internal" if self.internal(number) else "outgoing"
        call = Call(direction=direction, caller=src, callee=dst, then=dst, placed=True, cli=caller_id or user.cli)
        context = LOCAL_USER if dst.user else self.outbound_context
        self._leg(call, src, dst, phone=user, context=context)
        return call

    def place_outside(self, source: str, number: str) -> Call:
        """Ring an outside number first and connect it with another."""
        src, dst = Party(number=self.main_number, name=quoted(self.main_number)), self.party(source)
        call = Call(direction="outgoing", caller=dst, callee=self.party(number), then=self.party(number), placed=True)
        self._leg(call, src, dst, context=self.outbound_context)
        return call

    def speak(self, caller_id: str, number: str, tts: str) -> Call:
        """Call a number to speak a text to it."""
        src, dst = Party(number=caller_id, name=quoted(caller_id)), self.party(number)
        direction = "incoming" if dst.user else "outgoing"
        call = Call(direction=direction, caller=src, callee=dst, placed=True, tts=tts)
        self._ring(call, src, dst, context=LOCAL_USER if dst.user else self.outbound_context)
        return call

    def _group(self, src: Party, group: RingGroup, users: list[User]) -> Call:
        direction = "internal" if src.user else "incoming"
        number = str(group.number) if src.user else self.main_number
        call = Call(direction=direction, caller=src, callee=Party(number=number, name=group.name))
        context = f"RG-{group.id}"
        if group.prefix and not src.user:
            src = Party(number=src.number, name=f"{group.prefix} | {src.number}")
        call.distributor = self._leg(call, src, call.callee, context=context, distributor=True)
        for user in users:
            dst = Party(number=number, user=user, name=user.name)
            self._ring(call, src, dst, context=context, parent=call.distributor)
        if not call.phones:
            self.finish(call, by="callee", cause=NO_ANSWER)
        return call

    def _enter_queue(self, call: Call, src: Party, queue: Queue, parent: Leg | None) -> None:
        dst = Party(number=str(queue.number), name=queue.name)
        context = self.queue_context.format(id=queue.id)
        call.queue = queue
        call.refused.clear()
        call.distributor = self._leg(call, src, dst, context=context, distributor=True, parent=parent)
        call.distributor.queue_state = self.waiting_state
        self.waiting[call.id] = call
        for user_id in list(queue.members):
            self._offer(call, self.users[user_id])

    def _offer(self, call: Call, user: User) -> None:
        queue, distributor = call.queue, call.distributor
        if queue is None or distributor is None or not queue.members.get(user.id) or user.id in call.refused:
            return
        busy = queue.skip_busy and user.legs
        if busy or not user.reachable or any(leg.phone is user for leg in call.phones):
            return
        dst = Party(number=str(queue.number), user=user, name=user.name)
        leg = self._ring(call, distributor.src, dst, context=distributor.context, parent=distributor)
        leg.queue_state = self.ringing_state
        distributor.queue_state = self.ringing_state

    def offer_waiting(self, user: User) -> None:
        """Offer the callers who wait to an agent who has become free."""
        for call in list(self.waiting.values()):
            self._offer(call, user)

    def _ring(self, call: Call, src: Party, dst: Party, *, context: str | None, parent: Leg | None = None) -> Leg:
        leg = self._leg(call, src, dst, phone=dst.user, context=context, parent=parent)
        if dst.user is not None and not dst.user.reachable:
            cause = "Do Not Disturb" if dst.user.dnd else "Subscriber absent"
            if parent is not None and parent.distributor:
                self._end(leg, by="callee", cause=cause, final=False)
            else:
                self.finish(call, by="callee", cause=cause)
        return leg

    def _leg(
        self,
        call: Call,
        src: Party,
        dst: Party,
        *,
        context: str | None,
        phone: User | None = None,
        parent: Leg | None = None,
        distributor: bool = False,
        related: bool = True,
    ) -> Leg:
        self._leg_id += 1
        self._call_number += 1
        if not call.id:
            call.id, call.number = self._leg_id, self._call_number
            self.calls[call.id] = call
        ours = dst.user is not None or distributor or (src.user is not None and self.internal(dst.number))
        destination = "out" if not ours else self.internal_destination if src.user else "in"
        cli = call.cli or (src.user.cli if src.user is not None else src.number)
        shown = "anonymous" if cli == "anonymous" else f"+{cli}"
        leg = Leg(
            id=self._leg_id,
            number=self._call_number,
            call=call,
            root_id=call.id if related else self._leg_id,
            root_number=call.number if related else self._call_number,
            src=src,
            dst=dst,
            clid=quoted(shown) if dst.user is None and not distributor else quoted(src.number),
            start_time=self.clock(),
            destination=destination,
            context=context,
            parent=parent,
            phone=phone,
            distributor=distributor,
            state=State.RINGING if distributor else State.INITIAL,
        )
        call.legs[leg.id] = self.legs[leg.id] = leg
        for user in leg.users:
            user.legs.add(leg.id)
        if not distributor:
            if self.sends_initial:
                self.emit("call.initial", leg)
            leg.state = State.RINGING
            self.emit("call.ringing", leg)
        return leg

    # -- during a call --------------------------------------------------------------------------------

    def pick_up(self, leg: Leg) -> None:
        """Let a ringing leg be answered."""
        if leg.state is not State.RINGING or leg.distributor:
            raise LookupError(f"leg {leg.id} does not ring")
        call, now = leg.call, self.clock()
        self.waiting.pop(call.id, None)
        for other in call.phones:
            if other is not leg and other.state is State.RINGING:
                self._end(other, by="callee", cause=ELSEWHERE, final=False)
        leg.state, leg.connected_at, leg.queue_state = State.CONNECTED, now, None
        if call.distributor is not None and leg.parent is call.distributor:
            call.distributor.state, call.distributor.queue_state = State.CONNECTED, None
            call.distributor.connected_at = call.distributor.connected_at or now
        call.last = leg
        self.emit("call.connected", leg)
        if call.then is None:
            call.answered = True
        else:
            self._dial_second(call, leg, call.then)

    def _dial_second(self, call: Call, first: Leg, dst: Party) -> None:
        call.then = None
        src = first.src if first.phone is not None else first.dst
        if (queue := self.queue_at(dst.number)) is not None:
            self._enter_queue(call, src, queue, parent=first)
            return
        kind = self.placed_legs
        self._leg(
            call,
            src,
            dst,
            phone=dst.user,
            context=LOCAL_USER if dst.user else self.outbound_context,
            parent=first if kind is PlacedLegs.PARENT else None,
            related=kind is not PlacedLegs.UNRELATED,
        )
        if dst.user is not None and not dst.user.reachable:
            self.finish(call, by="callee", cause=NO_ANSWER)

    def set_held(self, call: Call, user: User, *, held: bool) -> None:
        """Let a user hold the call or take it back."""
        legs = [leg for leg in call.phones if leg.up and user in leg.users]
        if not legs:
            raise LookupError(f"{user.name} does not talk on call {call.id}")
        leg = next((leg for leg in legs if leg.phone is user), legs[0])
        before = leg.state
        leg.held = leg.held | {user.id} if held else leg.held - {user.id}
        leg.state = State.ON_HOLD if leg.held else State.CONNECTED
        if leg.state is not before:
            self.emit(self.hold_event if leg.held else self.resume_event, leg)

    def transfer(self, leg: Leg, by: User, number: str) -> Leg:
        """Hand a connected leg over, blind; give the leg that rings now."""
        call = leg.call
        mine = [one for one in call.phones if one.up and by in one.users]
        given = next((one for one in mine if one.phone is by), leg)
        other = next(
            (end for one in (*mine, *call.phones) for end in (one.dst, one.src) if end.user is not by), leg.src
        )
        for one in mine:
            one.referred_by = line_of(by)
            self._end(one, by="callee" if one.incoming else "caller", cause=NORMAL, final=True)
        if (queue := self.queue_at(number)) is not None:
            self._enter_queue(call, other, queue, parent=given)
            new = call.distributor
            assert new is not None
        else:
            dst = self.party(number)
            for one in call.phones:
                one.dst = dst
            context = LOCAL_USER if dst.user else self.outbound_context
            new = self._ring(call, other, dst, context=context, parent=given)
        new.referred_by = line_of(by)
        return new

    # -- ending ---------------------------------------------------------------------------------------

    def finish(self, call: Call, *, by: str, cause: str, disposition: Disposition = Disposition.NO_ANSWER) -> None:
        """End a whole call: its phones first, a ring group's or queue's own leg last."""
        self.waiting.pop(call.id, None)
        for leg in call.phones:
            shared = leg.parent is not None and leg.parent.distributor and not leg.parent.up
            self._end(leg, by=by, cause=cause, final=not shared, disposition=disposition)
        for leg in list(call.legs.values()):
            self._end(leg, by=by, cause=cause, final=True, disposition=disposition)
        self.calls.pop(call.id, None)
        self.ended[call.id] = call

    def refuse(self, leg: Leg, *, cause: str, disposition: Disposition) -> None:
        """Let one ringing phone refuse; the call goes on where others still ring or a queue holds it."""
        call = leg.call
        if leg.parent is None or not leg.parent.distributor:
            self.finish(call, by="callee", cause=cause, disposition=disposition)
            return
        if leg.phone is not None:
            call.refused.add(leg.phone.id)
        self._end(leg, by="callee", cause=cause, final=False, disposition=disposition)
        if call.id in self.waiting:
            if not call.phones and call.distributor is not None:
                call.distributor.queue_state = self.waiting_state
        elif not call.phones:
            self.finish(call, by="callee", cause=cause, disposition=disposition)

    def _end(
        self, leg: Leg, *, by: str, cause: str, final: bool, disposition: Disposition = Disposition.NO_ANSWER
    ) -> None:
        if leg.ended_at is not None:
            return
        leg.ended_at, leg.terminated_by, leg.cause = self.clock(), by, cause
        talked = leg.connected_at is not None
        leg.state = State.FAILED if disposition is Disposition.FAILED and not talked else State.HANGUP
        leg.queue_state = None
        self.ended_legs[leg.id] = leg
        self.legs.pop(leg.id, None)
        leg.call.legs.pop(leg.id, None)
        for user in leg.users:
            user.legs.discard(leg.id)
        self._record(leg, Disposition.CONNECTED if talked else disposition)
        if leg.incoming and not talked:
            for _ in range(self.final_copies if final else 1):
                self.emit("call.missed", leg, state=self.missed_state, final=final)
            if self.hangup_after_missed and not leg.distributor:
                self.emit("call.hangup", leg)
        elif not leg.distributor:
            self.emit(self.failed_event if leg.state is State.FAILED else "call.hangup", leg)
        if talked and not leg.distributor and leg.call.last is leg:
            self._after_talk(leg)
        for user in leg.users:
            self.offer_waiting(user)

    def _after_talk(self, leg: Leg) -> None:
        if self.records_calls:
            self.record_audio(leg)
        if self.wrap_up and leg.phone is not None and leg.parent is not None and leg.call.queue is not None:
            self.emit_wrap_up(leg.phone, leg.call.queue, "opened", leg)

    def _record(self, leg: Leg, disposition: Disposition) -> None:
        ended = leg.ended_at or leg.start_time
        owner = leg.phone or leg.src.user or leg.dst.user
        talked = leg.seconds(ended)
        kind = "O" if not leg.incoming else "I" if disposition is Disposition.CONNECTED else "M"
        rate = 0.0 if leg.incoming or leg.dst.user else 0.035
        row: Row = {
            "call_id": leg.number,
            "live_id": leg.id,
            "parent_live_id": leg.parent.id if leg.parent else None,
            "root_live_id": leg.root_id,
            "is_root": leg.root_id == leg.id,
            "user_id": owner.id if owner else None,
            "sip_endpoint_id": owner.id if owner else None,
            "server_id": 3,
            "type": kind,
            "calldate": self.written(leg.start_time),
            "clid": leg.clid,
            "src": leg.src.number,
            "src_id": leg.src.id,
            "src_name": leg.src.name,
            "src_ua": leg.src.user.agent_string if leg.src.user else "",
            "src_codec": "PCMA",
            "dst": leg.dst.number,
            "dst_id": leg.dst.id,
            "dst_name": leg.dst.name,
            "dst_ua": leg.dst.user.agent_string if leg.dst.user else "",
            "dst_codec": "PCMA",
            "duration": int(ended - leg.start_time),
            "billsec": talked,
            "disposition": disposition.value,
            "destination": leg.destination,
            "context": leg.context,
            "rate": rate,
            "charge": round(rate * talked / 60, 4),
            "t_cause": leg.cause,
            "info": None,
            "labels": [],
            "metadata": None,
            "nb_notes": 0,
        }
        self.cdrs.add(row, owners=self._owners(leg))
        if row["is_root"]:
            self.converse("call", leg.src.number, leg.dst.number, talked, kind, self._owners(leg))

    def converse(self, channel: str, src: str, dst: str, duration: int, kind: str, owners: Iterable[int]) -> None:
        """Add a row to the unified history."""
        row: Row = {"created_at": self.written(self.clock()), "channel": channel, "src": src, "dst": dst}
        self.conversations.add({**row, "duration": duration, "type": kind}, owners=owners)

    def _owners(self, leg: Leg) -> set[int]:
        return {user.id for user in (leg.src.user, leg.dst.user, leg.phone) if user is not None}

    def record_audio(self, leg: Leg) -> int:
        """Make a finished recording of a leg and push that it is ready; give its id."""
        seconds = leg.seconds(self.clock())
        row: Row = {
            "timestamp": self.written(leg.start_time),
            "caller": leg.src.number,
            "called": leg.dst.number,
            "duration": seconds,
            "type": "I" if leg.incoming else "O",
            "size": 512 + 800 * seconds,
        }
        monitor_id = self.monitors.add(row, owners=self._owners(leg))
        body = self.event_head("monitor.audio_ready") | {
            "monitor_id": monitor_id,
            "call_id": leg.number if self.separate_call_ids else leg.id,
            "customer_id": self.customer_id,
            "user_id": next(iter(sorted(self._owners(leg))), None),
            **self._ends(leg),
            "context": leg.context,
            "duration": seconds,
            "size": row["size"],
        }
        self.push("monitor.audio_ready", body)
        return monitor_id

    # -- what it shows --------------------------------------------------------------------------------

    def push(self, name: str, body: Row) -> None:
        """Put an event into the outbox."""
        body = {key: value for key, value in body.items() if key not in self.missing_fields}
        self.outbox.append(Event(name=name, body=body | dict(self.extra_fields)))

    def event_head(self, name: str) -> Row:
        """Write what every push begins with."""
        event_id = f"uk003.{self.rng.getrandbits(56):014x}.{self.rng.randrange(10**7, 10**8)}"
        return {"id": event_id, "event_time": self.written(self.clock()), "event_name": name}

    def _ends(self, leg: Leg) -> Row:
        return {
            "src_id": leg.src.id,
            "src": leg.src.number,
            "src_name": leg.src.name,
            "dst_id": leg.dst.id,
            "dst": leg.dst.number,
            "dst_name": leg.dst.name,
        }

    def emit(self, name: str, leg: Leg, *, state: str = "", **extra: object) -> None:
        """Push a call event (6.3)."""
        body = self.event_head(name) | {
            "call_id": leg.number if self.separate_call_ids else leg.id,
            "root_call_id": leg.root_number if self.separate_call_ids else leg.root_id,
            "state": state or leg.state.value,
            "connected_at": self.written(leg.connected_at),
            "start_time": self.written(leg.start_time),
            "context": leg.context,
            "destination": leg.destination,
            "duration": leg.seconds(self.clock()),
            **self._ends(leg),
            "src_hash": hashlib.sha1(leg.src.number.encode(), usedforsecurity=False).hexdigest(),
        }
        if leg.ended_at is not None:
            body |= {"t_cause": leg.cause, "terminated_by": leg.terminated_by}
        self.push(name, body | extra)

    def emit_wrap_up(self, user: User, queue: Queue, what: str, leg: Leg | None = None) -> None:
        """Push that an agent's post-call panel opened, closed or timed out."""
        body = self.event_head(self.wrap_up_event) | {
            "state": what,
            "user_id": user.id,
            "queue_id": queue.id,
            "call_id": leg.id if leg else None,
        }
        self.push(self.wrap_up_event, body)

    def shown(self, row: Row) -> Row:
        """Serve a call or call record with the switches applied."""
        out = {key: value for key, value in row.items() if key not in self.missing_fields or key == "id"}
        for key in self.int_fields & out.keys():
            out[key] = AS_INTEGER[key].get(str(out[key]), out[key])
        if self.charge_as_string and "charge" in out:
            out["charge"] = f"{out['charge']:.4f}"
        return out | dict(self.extra_fields)

    def call_row(self, leg: Leg) -> Row:
        """Write a leg as GET /calls does (4.1.1)."""
        rate = 0 if leg.incoming or leg.dst.user else 0.035
        return {
            "id": leg.id,
            "state": leg.state.value,
            "start_time": int(leg.start_time),
            "connected_at": None if leg.connected_at is None else int(leg.connected_at),
            "duration": leg.seconds(self.clock()),
            "context": leg.context,
            "destination": leg.destination,
            "clid": leg.clid,
            "src": leg.src.number,
            "src_id": leg.src.id,
            "src_name": leg.src.name,
            "src_call_id": f"{leg.number:x}a",
            "src_codec": "PCMA",
            "src_contact": self._contact(leg.src),
            "src_ua": leg.src.user.agent_string if leg.src.user else "",
            "src_rate": 0,
            "dst": leg.dst.number,
            "dst_id": leg.dst.id,
            "dst_name": leg.dst.name,
            "dst_call_id": f"{leg.number:x}b",
            "dst_codec": "PCMA",
            "dst_connection": 0,
            "dst_contact": self._contact(leg.dst),
            "dst_ua": leg.dst.user.agent_string if leg.dst.user else "",
            "dst_rate": rate,
            "min_charge": 0,
            "monitor_state": 0,
            "parent_id": leg.parent.id if leg.parent else None,
            "queue_state": leg.queue_state,
            "referred_by": leg.referred_by,
        }

    def _contact(self, party: Party) -> str:
        return f"sip:{party.user.id}@sip.example.com" if party.user else f"sip:{party.number}@trunk.example.com"

    def live_legs(self) -> list[Leg]:
        """List the legs that GET /calls shows."""
        return [leg for leg in self.legs.values() if self.lists_root or not leg.distributor]

    def true_calls(self) -> Iterable[TrueCall]:
        """Tell the calls as they really are."""
        for call in self.calls.values():
            states: dict[str, str] = {}
            for leg in call.legs.values():
                states |= self._true_legs(leg)
            if call.then is not None or (call.placed and not call.answered):
                states |= {line: "dialing" for line, state in states.items() if state == "talking"}
            if "on_hold" in states.values():
                state = "on_hold"
            elif call.answered and "ringing" not in states.values():
                state = "talking"
            else:
                state = "dialing" if call.direction == "outgoing" else "ringing"
            yield TrueCall(
                call_id=str(call.id),
                direction=call.direction,
                state=state,
                caller=call.caller.label,
                callee=call.callee.label,
                legs=tuple(TrueLeg(extension=line, state=one) for line, one in states.items()),
            )

    def _true_legs(self, leg: Leg) -> dict[str, str]:
        def word(user: User | None) -> str:
            held = user is not None and any(user.id in one.held for one in leg.call.legs.values())
            return "on_hold" if held else "talking"

        src = line_of(leg.src.user) if leg.src.user else ""
        dst = line_of(leg.dst.user) if leg.dst.user else ""
        if leg.call.placed and leg.phone is not None and leg.phone is leg.src.user:
            return {src: word(leg.src.user) if leg.up else "ringing"}
        if leg.distributor:
            return {src: "talking" if leg.up else "dialing"}
        if leg.up:
            return {src: word(leg.src.user), dst: word(leg.dst.user)}
        return {src: "dialing", dst: "ringing"}


__all__ = ["Call", "Disposition", "Event", "Leg", "Party", "State", "VoipstudioEngine", "line_of", "quoted"]
