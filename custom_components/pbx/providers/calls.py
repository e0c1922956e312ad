"""CallRegistry: the truth about one account, put together from polls and pushes.

Pure and deterministic: time is an argument, nothing is awaited, every input returns what it changed. The numbered
rules are those of the design (section 4).
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count

from .events import POLL, Event
from .models import (
    Agent,
    AgentStatus,
    Call,
    CallHint,
    CallRecord,
    CallState,
    Directory,
    Direction,
    EventType,
    Extension,
    Leg,
    LegPush,
    Notice,
    Outcome,
    Party,
    Pushed,
    Queue,
    RecordPush,
)
from .numbers import same

type Key = tuple[str, str | int]

ACCOUNT: Key = ("account", "")
DIRECTORY: Key = ("directory", "")

TOMBSTONE_AGE = timedelta(minutes=10)
TOMBSTONES = 4096
REMEMBERED_KEYS = 4096
MAX_CALLS = 2000
MAX_LEGS = 64

RINGING_ASK = timedelta(minutes=3)
RINGING_END = timedelta(minutes=5)
TALKING_ASK = timedelta(minutes=30)
TALKING_ASK_AGAIN = timedelta(minutes=15)
TALKING_END = timedelta(hours=4)
UNSEEN_GRACE = timedelta(seconds=5)
SAME_RING = timedelta(seconds=10)
MATCH_WINDOW = timedelta(seconds=30)

RANK = {CallState.DIALING: 0, CallState.RINGING: 0, CallState.TALKING: 1, CallState.ON_HOLD: 1, CallState.ENDED: 2}
URGENCY = (CallState.RINGING, CallState.TALKING, CallState.ON_HOLD, CallState.DIALING)
UP = frozenset({CallState.TALKING, CallState.ON_HOLD})


def extension_key(number: str) -> Key:
    """Name an extension among the keys."""
    return ("extension", number)


def slot_key(slot: int) -> Key:
    """Name a call slot among the keys; the first slot is 1."""
    return ("slot", slot)


def agent_key(agent_id: str) -> Key:
    """Name an agent among the keys."""
    return ("agent", agent_id)


def queue_key(queue_id: str) -> Key:
    """Name a queue among the keys."""
    return ("queue", queue_id)


@dataclass(slots=True)
class Changes:
    """What an input changed: whose states, what happened, and whether the phone system had better be asked now."""

    keys: dict[Key, None] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    refresh: bool = False

    def __bool__(self) -> bool:
        """Tell whether anything changed."""
        return bool(self.keys or self.events or self.refresh)


@dataclass(slots=True)
class _Leg:
    """A leg in the making; `shadow` legs are pushed ones that only count while no poll has seen that phone."""

    id: str
    state: CallState
    extension: str | None
    changed: datetime | None = None
    pushed_at: datetime | None = None
    shadow: bool = False
    rang: bool = False
    talked: bool = False
    context: str = ""
    account_code: str = ""


@dataclass(slots=True)
class _Live:
    """A call in the making."""

    id: str
    seen_at: datetime
    legs: dict[str, _Leg] = field(default_factory=dict)
    direction: Direction | None = None
    caller: Party = Party()
    callee: Party = Party()
    queue: str | None = None
    started_at: datetime | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None
    outcome: Outcome | None = None
    hangup_cause: str | None = None
    ended_by: str | None = None
    polled: bool = False
    pushed_at: datetime | None = None
    missing: int = 0
    hung: bool = False
    state: CallState = CallState.DIALING
    told_outgoing: bool = False
    told_incoming: bool = False
    told_answered: bool = False
    told_ringing: set[str] = field(default_factory=set)
    told_talking: set[str] = field(default_factory=set)
    told_transfers: set[str] = field(default_factory=set)
    end_at: datetime | None = None
    ask_at: datetime | None = None
    in_grace: bool = False
    told_end: bool = False
    last_event: str = POLL
    details: dict[str, str | int | float | bool | tuple[str, ...] | None] = field(default_factory=dict)

    def counting(self) -> list[_Leg]:
        """The legs that count: a shadow does not once a poll knows that phone."""
        polled = {leg.extension for leg in self.legs.values() if not leg.shadow}
        return [leg for leg in self.legs.values() if not leg.shadow or leg.extension not in polled]


@dataclass(slots=True)
class _Grave:
    """A call that is over, kept so that late messages cannot revive it."""

    at: datetime
    call: Call
    live: _Live
    by_absence: bool


class CallRegistry:
    """Calls, extensions, agents and queues of one account."""

    def __init__(
        self, *, slots: int = 4, pushed_ids_differ: bool = False, complete_after: int = 1, grace: float = 0
    ) -> None:
        """Start empty, as after a restart."""
        self.calls: dict[str, Call] = {}
        self.extensions: dict[str, Extension] = {}
        self.agents: dict[str, Agent] = {}
        self.queues: dict[str, Queue] = {}
        self.slots: list[Call | None] = [None] * slots
        self.unread_voicemails: int | None = None
        self.missing_permissions: frozenset[str] = frozenset()
        self.missed = 0
        self.last_call: Call | None = None
        self.unknown_pushes = 0
        self.listed: set[str] = set()  # of extension, agent, queue: which the phone system lists
        self._pushed_ids_differ = pushed_ids_differ
        self._complete_after = complete_after
        self._grace = timedelta(seconds=grace)
        self._live: dict[str, _Live] = {}
        self._by_extension: dict[str, dict[str, None]] = {}
        self._slot_of: dict[str, int] = {}
        self._graves: OrderedDict[str, _Grave] = OrderedDict()
        self._aliases: OrderedDict[str, str] = OrderedDict()
        self._keys: OrderedDict[str, None] = OrderedDict()
        self._deadlines: list[tuple[datetime, int, str]] = []
        self._order = count()
        self._questions: dict[str, None] = {}
        self._snapshot_seen = False
        self._directory_seen = False

    # -- views --------------------------------------------------------------------------------------

    def calls_of(self, extension: str) -> list[Call]:
        """Active calls in which an extension takes part, the most urgent first (rule 9)."""
        calls = [self.calls[call_id] for call_id in self._by_extension.get(extension, ())]
        states = {call.id: self._state_in(call, extension) for call in calls}
        return sorted(
            (call for call in calls if states[call.id] in URGENCY), key=lambda call: URGENCY.index(states[call.id])
        )

    def call_of(self, extension: str) -> Call | None:
        """The most urgent call of an extension."""
        calls = self.calls_of(extension)
        return calls[0] if calls else None

    def state_of(self, extension: str) -> CallState | None:
        """What an extension is doing; None when it has no call."""
        call = self.call_of(extension)
        return None if call is None else self._state_in(call, extension)

    def find(self, call_id: str) -> Call | None:
        """An active call by its id, or by the id another source gave it."""
        return self.calls.get(self._aliases.get(call_id, call_id))

    def ended(self, call_id: str) -> Call | None:
        """A call that ended a short time ago."""
        grave = self._graves.get(self._aliases.get(call_id, call_id))
        return None if grave is None else grave.call

    def due(self) -> datetime | None:
        """When `tick` has something to do next."""
        while self._deadlines:
            at, _, call_id = self._deadlines[0]
            live = self._live.get(call_id)
            if live is not None and at in (live.end_at, live.ask_at):
                return at
            heappop(self._deadlines)
        return None

    def take_questions(self) -> list[Call]:
        """Calls whose fate the phone system's history should be asked about (rule 7)."""
        calls = [self.calls[call_id] for call_id in self._questions if call_id in self.calls]
        self._questions.clear()
        return calls

    @property
    def sizes(self) -> Mapping[str, int]:
        """How much is remembered, for diagnostics and for the proof that it is bounded (rule 10)."""
        return {
            "calls": len(self._live),
            "legs": sum(len(live.legs) for live in self._live.values()),
            "tombstones": len(self._graves),
            "aliases": len(self._aliases),
            "keys": len(self._keys),
            "deadlines": len(self._deadlines),
            "extensions_with_calls": len(self._by_extension),
            "questions": len(self._questions),
        }

    # -- inputs -------------------------------------------------------------------------------------

    def snapshot(self, calls: Iterable[Call], requested_at: datetime, now: datetime) -> Changes:
        """Take a complete list of the active calls, asked for at `requested_at`."""
        changes = Changes()
        news = self._snapshot_seen
        self._snapshot_seen = True
        present: set[str] = set()
        for call in calls:
            live = self._polled(call, requested_at, now, changes, news=news)
            if live is not None:
                present.add(live.id)
        for live in list(self._live.values()):
            if live.id in present:
                continue
            if live.pushed_at is not None and live.pushed_at >= requested_at:
                continue  # rule 3
            live.missing += 1
            if live.missing >= (1 if live.hung else self._complete_after):
                self._end(live, now, POLL, changes, by_absence=True)
            else:
                changes.refresh = True
        return changes

    def apply(self, pushed: Pushed, now: datetime) -> Changes:
        """Take one message that was pushed."""
        changes = Changes()
        match pushed:
            case LegPush():
                if not self._repeated(pushed.key):
                    self._push(pushed, now, changes)
            case RecordPush():
                if not self._repeated(pushed.key):
                    self._record(pushed, now, changes)
            case Notice():
                if not self._repeated(pushed.key):
                    self._notice(pushed, now, changes)
            case CallHint():
                self._hint(pushed, now, changes)
            case _:
                self.unknown_pushes += 1
                changes.events.append(Event(type=EventType.UNKNOWN, provider_event=pushed.provider_event, time=now))
        return changes

    def tick(self, now: datetime) -> Changes:
        """Let time pass: graces end, calls nobody speaks of any more expire (rule 7)."""
        changes = Changes()
        while (at := self.due()) is not None and at <= now:
            live = self._live[heappop(self._deadlines)[2]]
            if live.end_at is not None and live.end_at <= now:
                self._end(live, now, live.last_event, changes, by_absence=False)
            else:
                self._questions[live.id] = None
                changes.refresh = True
                self._deadline(live, ask=now + (TALKING_ASK_AGAIN if live.state in UP else RINGING_END))
        return changes

    def directory(self, directory: Directory, now: datetime) -> Changes:
        """Take what was asked about extensions, agents and queues; None keeps what was known."""
        changes = Changes()
        news = self._directory_seen
        self._directory_seen = True
        for kind, items in (
            ("extension", directory.extensions),
            ("agent", directory.agents),
            ("queue", directory.queues),
        ):
            if items is not None:
                self.listed.add(kind)
        if directory.extensions is not None:
            fresh = {extension.number: extension for extension in directory.extensions}
            _compare(self.extensions, fresh, extension_key, changes)
            self.extensions = fresh
        if directory.agents is not None:
            agents = {agent.id: agent for agent in directory.agents}
            for agent_id, agent in agents.items():
                if news and (before := self.agents.get(agent_id)) is not None:
                    self._agent_events(before, agent, now, changes)
            _compare(self.agents, agents, agent_key, changes)
            self.agents = agents
        if directory.queues is not None:
            queues = {queue.id: queue for queue in directory.queues}
            _compare(self.queues, queues, queue_key, changes)
            self.queues = queues
        if directory.unread_voicemails is not None and directory.unread_voicemails != self.unread_voicemails:
            self.unread_voicemails = directory.unread_voicemails
            changes.keys[ACCOUNT] = None
        self.missing_permissions = directory.missing_permissions
        return changes

    def set_agent(self, agent: Agent, now: datetime) -> Changes:
        """Take what is known about one agent: asked for, or remembered from before a restart."""
        changes = Changes()
        before = self.agents.get(agent.id)
        if before is not None:
            self._agent_events(before, agent, now, changes)
        if before is None:
            changes.keys[DIRECTORY] = None
        if before != agent:
            self.agents[agent.id] = agent
            changes.keys[agent_key(agent.id)] = None
        return changes

    def remember_agent(self, agent: Agent) -> None:
        """Take back an agent that was known before a restart."""
        self.agents.setdefault(agent.id, agent)

    def set_queue(self, queue: Queue) -> Changes:
        """Take what was asked about one queue."""
        changes = Changes()
        if queue.id not in self.queues:
            changes.keys[DIRECTORY] = None
        if self.queues.get(queue.id) != queue:
            self.queues[queue.id] = queue
            changes.keys[queue_key(queue.id)] = None
        return changes

    def name_caller(self, call_id: str, party: Party) -> Changes:
        """Take the name that a contact look-up found for the outside party."""
        changes = Changes()
        live = self._live.get(self._aliases.get(call_id, call_id))
        if live is not None:
            if live.direction is Direction.OUTGOING:
                live.callee = _fill(live.callee, party)
            else:
                live.caller = _fill(live.caller, party)
            self._publish(live, changes)
        return changes

    def acknowledge_missed(self) -> Changes:
        """Forget the missed calls."""
        changes = Changes()
        if self.missed:
            self.missed = 0
            changes.keys[ACCOUNT] = None
        return changes

    # -- polls --------------------------------------------------------------------------------------

    def _polled(
        self, call: Call, requested_at: datetime, now: datetime, changes: Changes, *, news: bool
    ) -> _Live | None:
        call_id = self._aliases.get(call.id, call.id)
        live = self._live.get(call_id)
        if live is None:
            grave = self._graves.get(call_id)
            if grave is not None:
                if not grave.by_absence or requested_at <= grave.at:
                    return None
                live = self._revive(grave)
            elif self._pushed_ids_differ and (known := self._matching_push(call, now)) is not None:
                live = known
                self._alias(call.id, live.id)
            else:
                live = self._begin(call.id, call.started_at or now, now, changes)
                if not news:
                    live.told_outgoing = live.told_incoming = True
        live.polled = True
        live.missing = 0
        live.end_at = live.ask_at = None
        live.in_grace = False
        live.direction = call.direction or live.direction
        live.caller = _fill(live.caller, call.caller)
        live.callee = _fill(live.callee, call.callee)
        live.queue = call.queue or live.queue
        live.answered_at = live.answered_at or call.answered_at
        listed = set()
        for leg in call.legs[:MAX_LEGS]:
            listed.add(leg.id)
            self._poll_leg(live, leg, requested_at)
        for known_leg in live.legs.values():
            if known_leg.shadow or known_leg.id in listed:
                continue
            if known_leg.pushed_at is None or known_leg.pushed_at < requested_at:
                known_leg.state = CallState.ENDED
        if not news and not live.told_answered:
            self._silence(live)
        self._judge(live, now, POLL, changes)
        return live if live.id in self._live else None

    def _poll_leg(self, live: _Live, leg: Leg, requested_at: datetime) -> None:
        known = live.legs.get(leg.id)
        if known is None:
            if len(live.legs) >= MAX_LEGS:
                return
            known = live.legs[leg.id] = _Leg(leg.id, leg.state, leg.extension)
            # A phone that a push has already moved on stays where the push put it (rule 3).
            for shadow in live.legs.values():
                if (
                    shadow.shadow
                    and shadow.extension == leg.extension
                    and shadow.pushed_at is not None
                    and shadow.pushed_at >= requested_at
                    and shadow.state in UP
                    and RANK[leg.state] == 0
                ):
                    known.state = shadow.state
                    known.pushed_at = shadow.pushed_at
        elif known.pushed_at is None or known.pushed_at < requested_at:
            if RANK[leg.state] >= RANK[known.state]:  # rule 2
                known.state = leg.state
        known.extension = leg.extension if leg.extension is not None else known.extension
        known.context, known.account_code = leg.context, leg.account_code
        _remember(known)

    def _matching_push(self, call: Call, now: datetime) -> _Live | None:
        """Find the pushed call that a polled one is, by phone and other party."""
        for live in self._live.values():
            if live.polled or now - live.seen_at > MATCH_WINDOW * 10:
                continue
            extensions = {leg.extension for leg in live.legs.values()}
            if extensions & set(call.extensions) and _same_parties(live, call.caller, call.callee):
                return live
        return None

    def _revive(self, grave: _Grave) -> _Live:
        """Take back a call that only seemed to be over because a list was wrong; nothing is told twice."""
        live = grave.live
        del self._graves[live.id]
        self._live[live.id] = live
        return live

    # -- pushes -------------------------------------------------------------------------------------

    def _push(self, push: LegPush, now: datetime, changes: Changes) -> None:
        call_id = self._aliases.get(push.call_id, push.call_id)
        live = self._live.get(call_id)
        if live is None:
            if call_id in self._graves:
                return
            if self._pushed_ids_differ and push.state is not CallState.ENDED:
                live = self._matching_live(push, now)
                if live is not None:
                    self._alias(push.call_id, live.id)
        if live is None:
            whole = push.final or push.leg_id is None
            if push.state is CallState.ENDED and whole and (push.outcome is None or not push.final):
                self._bury_unseen(push.call_id, now)
                return
            live = self._begin(call_id, push.started_at or now, now, changes)
        live.pushed_at = now
        live.last_event = push.provider_event
        live.missing = 0
        live.direction = live.direction or push.direction
        live.caller = _fill(live.caller, push.caller)
        live.callee = _fill(live.callee, push.callee)
        live.queue = live.queue or push.queue
        live.details.update({name: value for name, value in push.details.items() if value})
        if push.state in UP:
            live.answered_at = live.answered_at or push.answered_at
        whole = self._push_legs(live, push, now)
        if push.state is CallState.ENDED:
            live.hangup_cause = push.hangup_cause or live.hangup_cause
            live.ended_by = push.ended_by or live.ended_by
            if whole:
                live.outcome = push.outcome or live.outcome
            changes.refresh = self._pushed_ids_differ  # other phones and browser tabs may still be in the call
            if push.final:
                self._end(live, now, push.provider_event, changes, by_absence=False)
                return
        if push.transferred_to and push.transferred_to not in live.told_transfers:
            live.told_transfers.add(push.transferred_to)
            self._tell_transfer(live, push.transferred_to, push.provider_event, now, changes)
        self._judge(live, now, push.provider_event, changes)

    def _push_legs(self, live: _Live, push: LegPush, now: datetime) -> bool:
        """Move the legs a message is about; tell whether that was the whole call."""
        shadow = self._pushed_ids_differ
        leg_id = push.leg_id or (push.call_id if shadow else None)
        if leg_id is None:
            if not live.legs:
                live.legs[""] = _Leg("", push.state, None, push.time, now)
            for leg in live.legs.values():
                _move(leg, push.state, push.time, now)
            return True
        known = live.legs.get(leg_id)
        before = CallState.DIALING if known is None else known.state
        if known is None:
            if len(live.legs) >= MAX_LEGS:
                return False
            known = live.legs[leg_id] = _Leg(leg_id, push.state, push.extension, push.time, now, shadow=shadow)
            _remember(known)
        else:
            _move(known, push.state, push.time, now)
        if push.state is CallState.TALKING and RANK[before] == 0 and known.state is CallState.TALKING:
            self._picked_up(live, known, now)
        return False

    def _picked_up(self, live: _Live, answering: _Leg, now: datetime) -> None:
        """Draw the conclusions of an answer for the other phones of the call."""
        called = answering.rang or live.direction is Direction.INCOMING
        ringing = [
            leg
            for leg in live.legs.values()
            if leg.extension and leg.extension != answering.extension and leg.state is CallState.RINGING
        ]
        for leg in live.legs.values():
            own = leg.extension == answering.extension and RANK[leg.state] == 0 and not leg.shadow
            if own or (leg.extension and leg.state is CallState.DIALING):
                _move(leg, CallState.TALKING, None, now)
        for leg in ringing:
            if called:
                _move(leg, CallState.ENDED, None, now)
            elif len(ringing) == 1:
                _move(leg, CallState.TALKING, None, now)

    def _matching_live(self, push: LegPush, now: datetime) -> _Live | None:
        """Find the call that a message with an id of its own kind is about."""
        caller, callee = push.caller or Party(), push.callee or Party()
        if push.extension:
            for call_id in self._by_extension.get(push.extension, ()):
                live = self._live[call_id]
                recent = now - live.seen_at <= MATCH_WINDOW or push.state in UP
                if recent and _same_parties(live, caller, callee):
                    return live
        if push.state is CallState.RINGING and push.direction is Direction.INCOMING and caller.number:
            for live in self._live.values():
                if (
                    live.direction is Direction.INCOMING
                    and live.state is CallState.RINGING
                    and now - live.seen_at <= SAME_RING
                    and same(live.caller.number, caller.number)
                ):
                    return live
        return None

    def _hint(self, hint: CallHint, now: datetime, changes: Changes) -> None:
        changes.refresh = True
        if hint.leg_id is None:
            return
        for live in self._live.values():
            if hint.leg_id not in live.legs:
                continue
            if hint.hangup_cause is not None or hint.outcome is not None:
                live.hung = True
                live.hangup_cause = live.hangup_cause or hint.hangup_cause
                if live.answered_at is None:
                    live.outcome = live.outcome or hint.outcome
            if hint.dtmf is not None:
                self._tell(
                    live,
                    EventType.DTMF_RECEIVED,
                    hint.provider_event,
                    now,
                    changes,
                    fields={"digits": hint.dtmf} if hint.dtmf else {},
                )
            return

    def _bury_unseen(self, call_id: str, now: datetime) -> None:
        """Remember the end of a call that was never seen, so that its late beginning does not ring for ever."""
        live = _Live(id=call_id, seen_at=now, told_end=True)
        self._bury(live, self._view(live, CallState.ENDED), now, by_absence=False)

    # -- records and notices ------------------------------------------------------------------------

    def _record(self, push: RecordPush, now: datetime, changes: Changes) -> None:
        record = push.record
        call: Call | None = None
        if record.call_id is not None:
            call_id = self._aliases.get(record.call_id, record.call_id)
            live = self._live.get(call_id)
            if live is not None:
                call = self._record_live(live, record, now, push.provider_event, changes)
            elif (grave := self._graves.get(call_id)) is not None:
                call = self._record_grave(grave, record, changes)
        tell = call.extensions if call is not None else ()
        extension = record.extension or record.answered_by
        if not tell and extension:
            tell = (extension,)
        changes.events.append(
            Event(
                type=EventType.CALL_RECORD,
                provider_event=push.provider_event,
                time=now,
                call=call,
                record=record,
                extension=extension or (call.answered_by if call else None),
                tell=tell,
            )
        )
        if record.recording_id or record.recording_url:
            changes.events.append(self._media_event(EventType.RECORDING_READY, push, now, call, tell))
        if record.voicemail:
            changes.events.append(self._media_event(EventType.VOICEMAIL_RECEIVED, push, now, call, tell))

    def _media_event(
        self, kind: EventType, push: RecordPush, now: datetime, call: Call | None, tell: tuple[str, ...]
    ) -> Event:
        record = push.record
        url = record.voicemail_url if kind is EventType.VOICEMAIL_RECEIVED else record.recording_url
        return Event(
            type=kind,
            provider_event=push.provider_event,
            time=now,
            call=call,
            extension=record.answered_by or record.extension,
            tell=tell,
            fields={
                "recording_id": record.recording_id if kind is EventType.RECORDING_READY else None,
                "recording_url": url,
                "record_id": record.id,
            },
        )

    def _record_live(
        self, live: _Live, record: CallRecord, now: datetime, provider_event: str, changes: Changes
    ) -> Call:
        """A record of a call that seems to be up: its hang-up was lost (rule 8), or one phone of a group was too slow."""
        talking = any(leg.state in UP for leg in live.counting())
        if record.outcome is Outcome.ANSWERED_ELSEWHERE or (talking and record.outcome is not Outcome.ANSWERED):
            for leg in live.legs.values():
                if leg.extension == record.extension and record.extension and leg.state not in UP:
                    leg.state = CallState.ENDED
            self._judge(live, now, provider_event, changes)
            return self._view(live, live.state)
        live.outcome = record.outcome
        live.hangup_cause = record.hangup_cause or live.hangup_cause
        live.caller = _fill(live.caller, record.caller)
        live.callee = _fill(live.callee, record.callee)
        live.answered_at = live.answered_at or record.answered_at
        live.answered_by = live.answered_by or record.answered_by
        self._end(live, now, provider_event, changes, by_absence=False)
        grave = self._graves[live.id]
        grave.call = replace(grave.call, record=record)
        self.last_call = grave.call
        return grave.call

    def _record_grave(self, grave: _Grave, record: CallRecord, changes: Changes) -> Call:
        """A record of a call that ended: it knows better how (rule 8)."""
        call = grave.call
        better = record.outcome not in {Outcome.UNKNOWN, Outcome.ANSWERED_ELSEWHERE}
        outcome = record.outcome if better and call.outcome is not Outcome.ANSWERED else call.outcome
        if outcome is Outcome.ANSWERED and grave.live.outcome is Outcome.MISSED and self.missed:
            self.missed -= 1
        grave.live.outcome = outcome
        grave.call = replace(
            call,
            outcome=outcome,
            caller=_fill(call.caller, record.caller),
            callee=_fill(call.callee, record.callee),
            hangup_cause=call.hangup_cause or record.hangup_cause,
            answered_at=call.answered_at or record.answered_at,
            answered_by=call.answered_by or record.answered_by,
            record=record if call.record is None or better else call.record,
        )
        if self.last_call is not None and self.last_call.id == call.id:
            self.last_call = grave.call
        changes.keys[ACCOUNT] = None
        return grave.call

    def _notice(self, notice: Notice, now: datetime, changes: Changes) -> None:
        call = None
        if notice.call_id is not None:
            call = self.find(notice.call_id) or self.ended(notice.call_id)
        if notice.agent is not None:
            self._agent_notice(notice, now, changes)
        if notice.type is EventType.VOICEMAIL_RECEIVED and self.unread_voicemails is not None:
            self.unread_voicemails += 1
            changes.keys[ACCOUNT] = None
        extension = notice.extension
        tell = (extension,) if extension else call.extensions if call is not None else ()
        changes.events.append(
            Event(
                type=notice.type,
                provider_event=notice.provider_event,
                time=now,
                call=call,
                extension=extension,
                agent=notice.agent,
                tell=tell,
                fields=notice.fields,
            )
        )

    def _agent_notice(self, notice: Notice, now: datetime, changes: Changes) -> None:
        assert notice.agent is not None
        known = self.agents.get(notice.agent)
        if known is None:
            changes.keys[DIRECTORY] = None
            person = self.extensions.get(notice.extension or "")
            known = Agent(
                id=notice.agent,
                name=person.name if person is not None else "",
                number=notice.agent,
                extension=notice.extension,
            )
        match notice.type:
            case EventType.AGENT_LOGGED_IN:
                known = replace(known, logged_in=True, status=AgentStatus.AVAILABLE)
            case EventType.AGENT_LOGGED_OUT:
                known = replace(known, logged_in=False, paused=None, status=AgentStatus.LOGGED_OUT)
            case EventType.AGENT_PAUSED:
                known = replace(known, paused=True, status=AgentStatus.PAUSED)
            case EventType.AGENT_UNPAUSED:
                known = replace(known, paused=False, status=AgentStatus.AVAILABLE)
            case _:
                pass
        self.agents[known.id] = known
        changes.keys[agent_key(known.id)] = None
        del now

    def _agent_events(self, before: Agent, after: Agent, now: datetime, changes: Changes) -> None:
        told: list[tuple[EventType, str | None]] = []
        if after.queues or before.queues:
            for queue, joined in after.queues.items():
                if queue in before.queues and before.queues[queue] is not joined:
                    told.append((EventType.AGENT_LOGGED_IN if joined else EventType.AGENT_LOGGED_OUT, queue))
        elif None not in (before.logged_in, after.logged_in) and before.logged_in is not after.logged_in:
            told.append((EventType.AGENT_LOGGED_IN if after.logged_in else EventType.AGENT_LOGGED_OUT, None))
        if None not in (before.paused, after.paused) and before.paused is not after.paused:
            told.append((EventType.AGENT_PAUSED if after.paused else EventType.AGENT_UNPAUSED, None))
        changes.events.extend(
            Event(
                type=kind,
                provider_event=POLL,
                time=now,
                agent=after.id,
                extension=after.extension,
                queue=queue,
                tell=(after.extension,) if after.extension else (),
            )
            for kind, queue in told
        )

    # -- the life of a call -------------------------------------------------------------------------

    def _begin(self, call_id: str, started_at: datetime, now: datetime, changes: Changes) -> _Live:
        if len(self._live) >= MAX_CALLS:  # rule 10
            oldest = next(iter(self._live.values()))
            self._end(oldest, now, oldest.last_event, changes, by_absence=False)
        live = self._live[call_id] = _Live(id=call_id, seen_at=now, started_at=min(started_at, now))
        return live

    def _judge(self, live: _Live, now: datetime, provider_event: str, changes: Changes) -> None:
        """Work out what the legs together mean, tell what is new, and end the call when nothing is left."""
        legs = live.counting()
        state = _call_state(live, legs)
        if state is CallState.ENDED:
            unseen = not live.told_incoming and not live.told_outgoing
            grace = max(self._grace, UNSEEN_GRACE) if unseen else self._grace
            if not grace:
                self._end(live, now, provider_event, changes, by_absence=False)
            elif not live.in_grace:
                live.in_grace = True
                live.ask_at = None
                self._deadline(live, end=now + grace)
            if live.id in self.calls:
                self._publish(live, changes)
            return
        if live.in_grace:
            live.in_grace = False
            live.end_at = None
        before, live.state = live.state, state
        self._tell_start(live, legs, provider_event, now, changes)
        if state in UP and not live.told_answered:
            self._answered(live, legs, provider_event, now, changes)
        elif {before, state} == UP and live.told_answered:
            kind = EventType.CALL_HELD if state is CallState.ON_HOLD else EventType.CALL_RESUMED
            self._tell(live, kind, provider_event, now, changes)
        self._tell_transfers(live, legs, provider_event, now, changes)
        if not live.polled:
            self._expire(live, now)
        self._publish(live, changes)

    def _answered(self, live: _Live, legs: list[_Leg], provider_event: str, now: datetime, changes: Changes) -> None:
        live.told_answered = True
        live.answered_at = live.answered_at or now
        if live.direction is not Direction.OUTGOING:
            picked = [leg.extension for leg in legs if leg.extension and leg.state in UP]
            rang = [extension for extension in picked if extension in live.told_ringing]
            live.answered_by = live.answered_by or next(iter(rang or picked), None)
        live.told_talking.update(leg.extension for leg in legs if leg.extension and leg.state in UP)
        self._tell(live, EventType.CALL_ANSWERED, provider_event, now, changes, extension=live.answered_by)

    def _tell_start(self, live: _Live, legs: list[_Leg], provider_event: str, now: datetime, changes: Changes) -> None:
        for leg in legs:
            if not leg.extension or leg.extension in live.told_ringing or leg.state is CallState.ENDED:
                continue
            dialled = live.direction is Direction.OUTGOING or (
                leg.state is not CallState.RINGING and live.direction is not Direction.INCOMING and not leg.rang
            )
            joined = live.told_answered and not leg.rang
            if joined:
                continue
            live.told_ringing.add(leg.extension)
            told = live.told_outgoing if dialled else live.told_incoming
            kind = EventType.CALL_OUTGOING if dialled else EventType.CALL_INCOMING
            if dialled:
                live.told_outgoing = True
            else:
                live.told_incoming = True
            self._tell(
                live,
                kind,
                provider_event,
                now,
                changes,
                extension=leg.extension,
                tell=(leg.extension,),
                public=not told,
            )
        if not live.told_incoming and not live.told_outgoing and legs:
            outgoing = live.direction is Direction.OUTGOING
            live.told_outgoing, live.told_incoming = outgoing, not outgoing
            kind = EventType.CALL_OUTGOING if outgoing else EventType.CALL_INCOMING
            self._tell(live, kind, provider_event, now, changes, tell=())

    def _tell_transfers(
        self, live: _Live, legs: list[_Leg], provider_event: str, now: datetime, changes: Changes
    ) -> None:
        """A phone that joins after another has left was given the call."""
        talking = [leg.extension for leg in legs if leg.extension and leg.state in UP]
        gone = {leg.extension for leg in legs if leg.extension and leg.state is CallState.ENDED and leg.talked}
        for extension in talking:
            if extension in live.told_talking:
                continue
            if not gone - {extension}:
                continue
            live.told_talking.add(extension)
            if extension not in live.told_transfers:
                live.told_transfers.add(extension)
                self._tell_transfer(live, extension, provider_event, now, changes)

    def _tell_transfer(self, live: _Live, target: str, provider_event: str, now: datetime, changes: Changes) -> None:
        self._tell(
            live,
            EventType.CALL_TRANSFERRED,
            provider_event,
            now,
            changes,
            fields={"transferred_to": target},
        )

    def _expire(self, live: _Live, now: datetime) -> None:
        """Set when a call that only pushes speak of is asked about, and when it is given up (rule 7)."""
        if live.state in UP:
            self._deadline(live, ask=now + TALKING_ASK, end=now + TALKING_END)
        else:
            self._deadline(live, ask=now + RINGING_ASK, end=now + RINGING_END)

    def _deadline(self, live: _Live, *, ask: datetime | None = None, end: datetime | None = None) -> None:
        live.ask_at = ask if ask is not None else live.ask_at
        live.end_at = end if end is not None else live.end_at
        for at in (ask, end):
            if at is not None:
                heappush(self._deadlines, (at, next(self._order), live.id))
        if len(self._deadlines) > 4 * MAX_CALLS + 64:
            self._deadlines = sorted(
                (at, order, call_id)
                for at, order, call_id in self._deadlines
                if (known := self._live.get(call_id)) is not None and at in (known.ask_at, known.end_at)
            )

    def _end(self, live: _Live, now: datetime, provider_event: str, changes: Changes, *, by_absence: bool) -> None:
        legs = live.counting()
        rang = [leg.extension for leg in legs if leg.extension and leg.rang]
        talked = {leg.extension for leg in legs if leg.extension and leg.talked}
        for leg in live.legs.values():
            leg.state = CallState.ENDED
        explicit = live.outcome is not None
        answered = live.answered_at is not None or live.told_answered or live.outcome is Outcome.ANSWERED
        if answered and live.outcome is not Outcome.VOICEMAIL:
            live.outcome = Outcome.ANSWERED
        elif live.outcome is None or (live.outcome is Outcome.ANSWERED_ELSEWHERE):
            live.outcome = Outcome.UNKNOWN if live.direction is Direction.OUTGOING else Outcome.MISSED
        live.state = CallState.ENDED
        call = self._view(live, CallState.ENDED, ended_at=now)
        missed = not answered and (
            live.direction is Direction.INCOMING or (live.direction is None and bool(rang or not live.legs))
        )
        self._leave(live, changes)
        self._bury(live, call, now, by_absence=by_absence)
        changes.keys[ACCOUNT] = None
        if live.told_end:
            return
        live.told_end = True
        if not live.told_incoming and not live.told_outgoing:
            if live.outcome is not Outcome.MISSED or not explicit:
                return
        self.last_call = call
        if missed:
            self.missed += 1
        for extension in call.extensions:
            lost = answered and extension in rang and extension not in talked
            ignored = not answered and extension in rang and live.direction is not Direction.OUTGOING
            changes.events.append(
                Event(
                    type=EventType.CALL_MISSED if ignored else EventType.CALL_ENDED,
                    provider_event=provider_event,
                    time=now,
                    call=call,
                    extension=extension,
                    outcome=Outcome.ANSWERED_ELSEWHERE if lost else None,
                    tell=(extension,),
                    public=False,
                )
            )
        changes.events.append(
            Event(
                type=EventType.CALL_MISSED if missed else EventType.CALL_ENDED,
                provider_event=provider_event,
                time=now,
                call=call,
                extension=call.answered_by or next(iter(call.extensions), None),
                fields=live.details,
            )
        )

    def _leave(self, live: _Live, changes: Changes) -> None:
        """Take an ended call out of everything that shows active calls."""
        self._live.pop(live.id, None)
        self.calls.pop(live.id, None)
        self._questions.pop(live.id, None)
        for leg in live.legs.values():
            if leg.extension is not None:
                changes.keys[extension_key(leg.extension)] = None
                calls = self._by_extension.get(leg.extension)
                if calls is not None:
                    calls.pop(live.id, None)
                    if not calls:
                        del self._by_extension[leg.extension]
        slot = self._slot_of.pop(live.id, None)
        if slot is not None:
            self.slots[slot] = None
            changes.keys[slot_key(slot + 1)] = None
            waiting = next((call for call in self.calls.values() if call.id not in self._slot_of), None)
            if waiting is not None:
                self._slot_of[waiting.id] = slot
                self.slots[slot] = waiting

    def _bury(self, live: _Live, call: Call, now: datetime, *, by_absence: bool) -> None:
        self._graves.pop(live.id, None)
        self._graves[live.id] = _Grave(now, call, live, by_absence)
        while self._graves:
            oldest = next(iter(self._graves.values()))
            if len(self._graves) <= TOMBSTONES and now - oldest.at <= TOMBSTONE_AGE:
                break
            self._graves.popitem(last=False)

    def _publish(self, live: _Live, changes: Changes) -> None:
        """Renew what is shown of a call, if it changed."""
        call = self._view(live, live.state)
        if self.calls.get(live.id) == call:
            return
        self.calls[live.id] = call
        changes.keys[ACCOUNT] = None
        for leg in live.legs.values():
            if leg.extension is not None:
                self._by_extension.setdefault(leg.extension, {})[live.id] = None
                changes.keys[extension_key(leg.extension)] = None
        slot = self._slot_of.get(live.id)
        if slot is None and None in self.slots:
            slot = self._slot_of[live.id] = self.slots.index(None)
        if slot is not None:
            self.slots[slot] = call
            changes.keys[slot_key(slot + 1)] = None

    def _view(self, live: _Live, state: CallState, ended_at: datetime | None = None) -> Call:
        return Call(
            id=live.id,
            state=state,
            direction=live.direction,
            caller=live.caller,
            callee=live.callee,
            legs=tuple(
                Leg(
                    id=leg.id,
                    state=leg.state,
                    extension=leg.extension,
                    changed=leg.changed,
                    context=leg.context,
                    account_code=leg.account_code,
                )
                for leg in live.counting()
            ),
            queue=live.queue,
            started_at=live.started_at,
            answered_at=live.answered_at,
            ended_at=ended_at,
            answered_by=live.answered_by,
            outcome=live.outcome if state is CallState.ENDED else None,
            hangup_cause=live.hangup_cause,
            ended_by=live.ended_by,
        )

    def _tell(
        self,
        live: _Live,
        kind: EventType,
        provider_event: str,
        now: datetime,
        changes: Changes,
        *,
        extension: str | None = None,
        tell: tuple[str, ...] | None = None,
        public: bool = True,
        fields: Mapping[str, str | int | float | bool | tuple[str, ...] | None] | None = None,
    ) -> None:
        call = self._view(live, live.state)
        taking_part = tuple(
            dict.fromkeys(leg.extension for leg in live.counting() if leg.extension and leg.state in UP)
        )
        changes.events.append(
            Event(
                type=kind,
                provider_event=provider_event,
                time=now,
                call=call,
                extension=extension or next(iter(taking_part), None),
                tell=taking_part if tell is None else tell,
                public=public,
                fields={**live.details, **(fields or {})},
            )
        )

    def _silence(self, live: _Live) -> None:
        """Tell nothing about what was already so before anybody looked."""
        for leg in live.legs.values():
            if leg.extension:
                live.told_ringing.add(leg.extension)
                if leg.state in UP:
                    live.told_talking.add(leg.extension)
        if _call_state(live, live.counting()) in UP:
            live.told_answered = True

    # -- small things -------------------------------------------------------------------------------

    def _state_in(self, call: Call, extension: str) -> CallState:
        """What a phone is doing in a call: its most urgent leg, but dialling until the far end has answered."""
        states = {leg.state for leg in call.legs_of(extension)}
        if call.state is CallState.DIALING and CallState.TALKING in states:
            return CallState.DIALING
        return next((state for state in URGENCY if state in states), CallState.ENDED)

    def _repeated(self, key: str | None) -> bool:
        """Tell whether a message came before (rule 2)."""
        if key is None:
            return False
        if key in self._keys:
            return True
        self._keys[key] = None
        if len(self._keys) > REMEMBERED_KEYS:
            self._keys.popitem(last=False)
        return False

    def _alias(self, other_id: str, call_id: str) -> None:
        self._aliases[other_id] = call_id
        if len(self._aliases) > TOMBSTONES:
            self._aliases.popitem(last=False)


def _call_state(live: _Live, legs: list[_Leg]) -> CallState:
    """What a call is doing: what its phones do, and a dialled call is dialling until the far end has answered."""
    up = [leg for leg in legs if leg.state is not CallState.ENDED]
    if not up:
        return CallState.ENDED
    outside = {leg.state for leg in up if not leg.extension}
    inside = {leg.state for leg in up if leg.extension} or outside
    if CallState.ON_HOLD in inside:
        return CallState.ON_HOLD
    if live.direction is Direction.OUTGOING and outside and not outside & UP and not live.told_answered:
        return CallState.RINGING if CallState.RINGING in inside else CallState.DIALING
    for state in (CallState.TALKING, CallState.RINGING, CallState.DIALING):
        if state in inside:
            return state
    return CallState.ENDED


def _move(leg: _Leg, state: CallState, time: datetime | None, now: datetime) -> None:
    """Let a message move a leg: up the ranks always, within a rank by the message's own time (rule 2)."""
    if RANK[state] < RANK[leg.state]:
        return
    older = time is not None and leg.changed is not None and time < leg.changed
    if RANK[state] == RANK[leg.state] and older:
        return
    leg.state = state
    leg.pushed_at = now
    if time is not None and not older:
        leg.changed = time
    _remember(leg)


def _remember(leg: _Leg) -> None:
    leg.rang = leg.rang or leg.state is CallState.RINGING
    leg.talked = leg.talked or leg.state in UP


def _fill(known: Party, found: Party | None) -> Party:
    """Add what is new about a party, and never lose what is known."""
    if found is None or found == known:
        return known
    number = known.number or found.number
    return Party(
        number=number,
        name=known.name or found.name,
        hidden=(known.hidden or found.hidden) and not number,
        known=known.known if known.known is not None else found.known,
    )


def _same_parties(live: _Live, caller: Party, callee: Party) -> bool:
    """Tell whether a call has these parties, as far as both sides know them."""
    outgoing = live.direction is Direction.OUTGOING
    mine, other = (live.callee, callee) if outgoing else (live.caller, caller)
    if not mine.number or not other.number:
        return not mine.number and not other.number
    return same(mine.number, other.number)


def _compare[T](before: Mapping[str, T], after: Mapping[str, T], key: object, changes: Changes) -> None:
    """Name what came, went or changed."""
    assert callable(key)
    if before.keys() != after.keys():
        changes.keys[DIRECTORY] = None
    for name in before.keys() | after.keys():
        if before.get(name) != after.get(name):
            changes.keys[key(name)] = None
