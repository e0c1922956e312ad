"""CallRegistry: the truth about one account, put together from polls and pushes.

Pure and deterministic: time is an argument, nothing is awaited, every input returns what it changed. The numbered
rules are those of the design (section 4).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain

from ..telephony.bounded_map import BoundedMap
from ..telephony.events import POLL, Event
from ..telephony.models import (
    UP,
    Call,
    CallHint,
    CallState,
    Direction,
    EventType,
    LegPush,
    Notice,
    Party,
    Pushed,
    RecordPush,
)
from . import records
from .active_call import LiveCall
from .active_calls import Board
from .announcements import Origin, Teller
from .changes import ACCOUNT, DIRECTORY, Changes, Key, agent_key, extension_key, queue_key, slot_key
from .deadlines import Deadlines
from .directory import Roster
from .ended import Grave, Graves
from .identity import SAME_CALL, Matcher, same_parties

__all__ = [
    "ACCOUNT",
    "DIRECTORY",
    "CallRegistry",
    "Changes",
    "Key",
    "agent_key",
    "extension_key",
    "queue_key",
    "slot_key",
]

MAX_CALLS = 2000
REMEMBERED_IDS = 4096
REMEMBERED_LEGS = 8192

RINGING_ASK = timedelta(minutes=3)
RINGING_END = timedelta(minutes=5)
TALKING_ASK = timedelta(minutes=30)
TALKING_ASK_AGAIN = timedelta(minutes=15)
TALKING_END = timedelta(hours=4)
UNSEEN_GRACE = timedelta(seconds=5)
LASTING_GRACE = timedelta(minutes=1)
LATEST = 64


class CallRegistry(Roster):
    """Calls, extensions, agents and queues of one account."""

    def __init__(
        self,
        *,
        slots: int = 4,
        pushed_ids_differ: bool = False,
        complete_after: int = 1,
        grace: float = 0,
        names: Callable[[str], Party | None] | None = None,
    ) -> None:
        """Start empty, as after a restart.

        `names` is a name book: asked for the number of the party outside, as it was received, it
        returns a Party with what is known of whoever has it (name, whether it is a contact), or
        None. It is asked before the first event of a call, and again if the number changes; what
        is found out later is handed in with `name_caller`.
        """
        super().__init__()
        self._board = Board(slots)
        self.calls: Mapping[str, Call] = self._board.calls
        self.slots = self._board.slots
        self.missed = 0
        self.last_call: Call | None = None
        self.unknown_pushes = 0
        self._pushed_ids_differ = pushed_ids_differ
        self._complete_after = complete_after
        self._grace = timedelta(seconds=grace)
        self._names = names
        self._live: dict[str, LiveCall] = {}
        self._graves = Graves()
        self._deadlines = Deadlines()
        self._matcher = Matcher()
        self._aliases = BoundedMap[str](REMEMBERED_IDS)  # what another source calls a call
        self._keys = BoundedMap[None](REMEMBERED_IDS)  # messages that came already
        self._call_of_leg = BoundedMap[str](REMEMBERED_LEGS)
        self._questions: dict[str, None] = {}
        self._asked_at: datetime | None = None
        self._count = 0  # of missed calls, from one acknowledgement to the next

    # -- views --------------------------------------------------------------------------------------

    def calls_of(self, extension: str) -> list[Call]:
        """Give the active calls in which an extension takes part, the most urgent first (rule 9)."""
        return self._board.calls_of(extension)

    def call_of(self, extension: str) -> Call | None:
        """Give the most urgent call of an extension."""
        return next(iter(self.calls_of(extension)), None)

    def state_of(self, extension: str) -> CallState | None:
        """Say what an extension is doing; None when it has no call."""
        return next((state for state, _ in self._board.doings_of(extension)), None)

    def find(self, call_id: str) -> Call | None:
        """Find an active call by its id, or by the id another source gave it."""
        return self.calls.get(self._own_id(call_id))

    def ended(self, call_id: str) -> Call | None:
        """Find a call that ended a short time ago."""
        own_id = self._own_id(call_id)
        live = self._live.get(own_id)
        if live is not None:
            return live.view(live.faded_at) if live.faded_at is not None else None
        grave = self._graves.get(own_id)
        return None if grave is None else grave.call

    def due(self) -> datetime | None:
        """Say when `tick` has something to do next."""
        return self._deadlines.due()

    def take_questions(self) -> list[Call]:
        """Give the calls whose fate the phone system's history should be asked about (rule 7)."""
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
            "leg_ids": len(self._call_of_leg),
            "deadlines": len(self._deadlines),
            "extensions_with_calls": self._board.extensions,
            "questions": len(self._questions),
            "agents": len(self.agents),
        }

    # -- inputs -------------------------------------------------------------------------------------

    def snapshot(self, calls: Iterable[Call], requested_at: datetime, now: datetime) -> Changes:
        """Take a complete list of the active calls, asked for at `requested_at`."""
        changes = Changes()
        if self._asked_at is not None and requested_at < self._asked_at:
            return changes  # a newer list has come before
        first = self._asked_at is None
        self._asked_at = requested_at
        rows = _merged(calls)
        self._adopt(rows)
        present = {
            self._take_row(call, rows, requested_at, now, changes, first=first) for call in rows
        }
        for live in list(self._live.values()):
            if live.id in present or live.pushed_since(requested_at):
                continue
            live.missing += 1
            if live.missing >= (1 if live.hung else self._complete_after):
                said = POLL if live.faded_at is None else live.last_event
                self._end(live, Origin(said, now), changes, presumed=True)
            else:
                changes.refresh = True
        return changes

    def apply(self, pushed: Pushed, now: datetime) -> Changes:
        """Take one message that was pushed."""
        changes = Changes()
        origin = Origin(pushed.provider_event, now)
        match pushed:
            case LegPush():
                if not self._repeated(pushed.key):
                    self._take_push(pushed, origin, changes)
            case RecordPush():
                if not self._repeated(pushed.key):
                    self._take_record(pushed, origin, changes)
            case Notice():
                if not self._repeated(pushed.key):
                    self._take_notice(pushed, origin, changes)
            case CallHint():
                self._take_hint(pushed, origin, changes)
            case _:
                self.unknown_pushes += 1
                changes.events.append(
                    Event(type=EventType.UNKNOWN, provider_event=pushed.provider_event, time=now)
                )
        return changes

    def tick(self, now: datetime) -> Changes:
        """Let time pass: graces end, calls nobody speaks of any more expire (rule 7)."""
        changes = Changes()
        while (call_id := self._deadlines.pop(now)) is not None:
            live = self._live[call_id]
            if live.end_at is not None and live.end_at <= now:
                self._end(live, Origin(live.last_event, now), changes, presumed=True)
            else:
                self._questions[live.id] = None
                changes.refresh = True
                self._expect(
                    live, now + TALKING_ASK_AGAIN if live.state in UP else None, live.end_at
                )
        return changes

    def name_caller(self, call_id: str, party: Party) -> Changes:
        """Take the name that a contact look-up found for the outside party, of a call that may be over by now."""
        changes = Changes()
        own_id = self._own_id(call_id)
        live, grave = self._live.get(own_id), self._graves.get(own_id)
        if live is not None:
            live.name_outside(party)
            self._show(live, changes)
        elif grave is not None:
            grave.live.name_outside(party)
            self._complete(
                grave,
                replace(grave.call, caller=grave.live.caller, callee=grave.live.callee),
                changes,
            )
        return changes

    def restore_missed(self, number: int) -> Changes:
        """Add the missed calls that were counted before a restart, and return what that changed.

        They are no calls that a record could still take out of the count again.
        """
        changes = Changes()
        if number > 0:
            self.missed += number
            changes.keys[ACCOUNT] = None
        return changes

    def acknowledge_missed(self) -> Changes:
        """Forget the missed calls."""
        changes = Changes()
        self._count += 1
        if self.missed:
            self.missed = 0
            changes.keys[ACCOUNT] = None
        return changes

    # -- polls --------------------------------------------------------------------------------------

    def _take_row(
        self,
        call: Call,
        rows: Collection[Call],
        requested_at: datetime,
        now: datetime,
        changes: Changes,
        *,
        first: bool,
    ) -> str | None:
        """Take one call, of those that a list has; give its id, or None for one that is over."""
        call_id = self._own_id(call.id)
        live = self._live.get(call_id)
        silent = False
        if live is None and (grave := self._graves.get(call_id)) is not None:
            if (
                not grave.presumed
                or requested_at <= grave.at
                or not grave.live.goes_on_in(call, requested_at)
            ):
                return None
            live = self._revive(grave)
        if live is None and self._pushed_ids_differ:
            known = self._calls_with(call.extensions)
            live = self._matcher.polled(call, known, now, rows=rows) or self._faded(call, rows, now)
            if live is not None:
                self._aliases.put(call.id, live.id)
        if live is None:
            live = self._begin(call.id, call.started_at, now, changes)
            silent = first
        for leg in call.legs:
            self._call_of_leg.put(leg.id, live.id)
        if live.is_as_in(call):
            return live.id
        live.take_row(call, requested_at)
        if live.faded_at is None:
            self._expect(live, None, None)
        self._judge(live, Origin(POLL, now), changes, silent=silent)
        if silent:
            live.hush()
            live.row = None
        return live.id

    def _adopt(self, rows: Iterable[Call]) -> None:
        """Know a call again that goes on under the id of one of its legs, because the list has lost what was above."""
        if not (strangers := [call for call in rows if call.id not in self._live]):
            return
        listed = {self._own_id(call.id) for call in rows}
        for call in strangers:
            known = self._call_of_leg.get(call.id)
            if known is not None and known not in listed and known in self._live:
                self._aliases.put(call.id, known)
                listed.add(known)

    def _faded(self, call: Call, rows: Collection[Call], now: datetime) -> LiveCall | None:
        """Find the call of which the phones that push are done: one that does not push has answered it."""
        graves = {grave.call.id: grave for grave in self._presumed_over()}
        known = (*self._matcher.of_number(call), *(grave.live for grave in graves.values()))
        found = self._matcher.polled(call, known, now, SAME_CALL)
        if found is None:
            return None
        for other in rows:
            if (
                other is not call
                and found.phones.keys() & set(other.extensions)
                and same_parties(call, other)
            ):
                return None  # that one is
        return self._revive(graves[found.id]) if found.id in graves else found

    def _presumed_over(self) -> Iterator[Grave]:
        return (grave for grave in self._graves.latest(LATEST) if grave.presumed)

    def _revive(self, grave: Grave) -> LiveCall:
        """Take back a call that only seemed to be over; nothing is told twice."""
        live = grave.live
        live.row = live.faded_at = None
        self._graves.open(live.id)
        self._count_missed(grave, missed=False)
        self._live[live.id] = live
        return live

    # -- pushes -------------------------------------------------------------------------------------

    def _take_push(self, push: LegPush, origin: Origin, changes: Changes) -> None:
        call_id = self._own_id(push.call_id)
        live = self._live.get(call_id)
        over = push.state is CallState.ENDED
        if live is None:
            grave = self._graves.get(call_id)
            if grave is None:
                live = self._begin_pushed(call_id, push, origin, changes)
            elif grave.presumed:
                live = self._take_late(grave, push, origin)
            if live is None:
                return  # rule 5
        live.take_push(push, origin.time, shadow=self._pushed_ids_differ)
        if push.leg_id is not None:
            self._call_of_leg.put(push.leg_id, live.id)
        if over and self._pushed_ids_differ:
            changes.refresh = True  # other phones and windows may still be in the call
        elif over and push.final:
            live.settle(origin.time)
            self._end(live, origin, changes)
            return
        self._judge(live, origin, changes, transferred_to=push.transferred_to)

    def _take_late(self, grave: Grave, push: LegPush, origin: Origin) -> LiveCall | None:
        """Take a message about a call that is presumed over: it may go on, or this phone is done in any case."""
        if grave.live.goes_on_with(push):
            return self._revive(grave)
        if push.state is CallState.ENDED:
            grave.live.take_push(push, origin.time, shadow=self._pushed_ids_differ)
            grave.presumed = self._pushed_ids_differ or not push.final
        return None

    def _begin_pushed(
        self, call_id: str, push: LegPush, origin: Origin, changes: Changes
    ) -> LiveCall | None:
        """Find or begin the call of a message with a new id; None for one that has only its end to tell."""
        whole = push.leg_id is None or push.final
        if push.state is CallState.ENDED and whole and (push.outcome is None or not push.final):
            # Remembered, so that its late beginning does not ring for ever.
            unseen = LiveCall(
                id=call_id, seen_at=origin.time, started_at=origin.time, told_end=True
            )
            self._graves.bury(Grave(origin.time, unseen.view(origin.time), unseen, presumed=False))
            return None
        if self._pushed_ids_differ:
            live = self._matcher.pushed(push, self._calls_with((push.extension,)), origin.time)
            if live is None and (
                grave := self._matcher.late(push, self._presumed_over(), origin.time)
            ):
                live = self._revive(grave)
            if live is not None:
                self._aliases.put(push.call_id, live.id)
                return live
        return self._begin(call_id, push.started_at, origin.time, changes)

    def _take_hint(self, hint: CallHint, origin: Origin, changes: Changes) -> None:
        changes.refresh = True
        live = self._live.get(self._call_of_leg.get(hint.leg_id or "") or "")
        if live is None or hint.leg_id not in live.legs:
            return
        live.take_hint(hint.leg_id, hint)
        if hint.dtmf is not None:
            changes.events.append(Teller(live, live.view(), origin).key_pressed(hint.dtmf))

    def _take_notice(self, notice: Notice, origin: Origin, changes: Changes) -> None:
        call = None
        if notice.call_id is not None:
            call = self.find(notice.call_id) or self.ended(notice.call_id)
        if notice.agent is not None:
            self._note_agent(notice.agent, notice, changes)
        event = Event(
            type=notice.type,
            provider_event=notice.provider_event,
            time=origin.time,
            call=call,
            extension=notice.extension,
            agent=notice.agent,
            tell=(notice.extension,)
            if notice.extension
            else call.extensions
            if call is not None
            else (),
            fields=notice.fields,
        )
        self._tell_media(event, changes)

    # -- records ------------------------------------------------------------------------------------

    def _take_record(self, push: RecordPush, origin: Origin, changes: Changes) -> None:
        record = push.record
        call: Call | None = None
        call_id = self._own_id(record.call_id or "")
        live, grave = self._live.get(call_id), self._graves.get(call_id)
        if live is not None and live.is_part(record, asked=push.key is None):
            live.take_part(record)
            self._judge(live, origin, changes)
            call = live.view()
        elif live is not None:
            live.settle(origin.time)
            live.take_record(record)
            self._end(live, origin, changes)
            grave = self._graves.get(call_id)
        if grave is not None:
            call = records.completed(grave.call, record)
            if (missed := records.missed(call)) is not None:
                self._count_missed(grave, missed=missed)
            self._complete(grave, call, changes)
        if self._repeated(f"record {record.id}") and push.key is None:
            return  # it was asked for, and had been pushed
        for event in records.news(push, call, origin):
            self._tell_media(event, changes)

    def _tell_media(self, event: Event, changes: Changes) -> None:
        """Tell of an event; of a recording once, though both its record and a message of its own may speak of it."""
        if event.type is EventType.RECORDING_READY:
            recording = event.fields.get("recording_id") or event.fields.get("recording_url")
            if recording and self._repeated(f"recording {recording}"):
                return
        if event.type is EventType.VOICEMAIL_RECEIVED and self.unread_voicemails is not None:
            self._count_voicemails(self.unread_voicemails + 1, changes)
        changes.events.append(event)

    def _complete(self, grave: Grave, call: Call, changes: Changes) -> None:
        """Know more about a call that is over."""
        if self.last_call is not None and self.last_call.id == call.id:
            self.last_call = call
            changes.keys[ACCOUNT] = None
        grave.call = call

    # -- the life of a call -------------------------------------------------------------------------

    def _begin(
        self, call_id: str, started_at: datetime | None, now: datetime, changes: Changes
    ) -> LiveCall:
        if len(self._live) >= MAX_CALLS:  # rule 10
            oldest = next(iter(self._live.values()))
            self._end(oldest, Origin(oldest.last_event, now), changes)
        live = self._live[call_id] = LiveCall(
            id=call_id, seen_at=now, started_at=min(started_at or now, now)
        )
        return live

    def _judge(
        self,
        live: LiveCall,
        origin: Origin,
        changes: Changes,
        *,
        silent: bool = False,
        transferred_to: str | None = None,
    ) -> None:
        """Work out what the legs together mean, tell what is new, and end the call when nothing is left."""
        now = origin.time
        before = live.state
        live.name_inside(self.extensions)
        self._name_outside(live)
        state = live.settle(None if silent else now)
        if self._pushed_ids_differ:
            self._matcher.file(live)
        if state is CallState.ENDED:
            self._fade(live, origin, changes)
            return
        live.faded_at = None
        if not live.polled:
            talks, heard = state in UP, live.pushed_at or now
            self._expect(
                live,
                now + (TALKING_ASK if talks else RINGING_ASK),
                heard + (TALKING_END if talks else RINGING_END),
            )
        elif live.end_at is not None:
            self._expect(live, None, None)
        call = live.view()
        teller = Teller(live, call, origin)
        told = teller.progress(before)
        if transferred_to is not None:
            told = chain(told, teller.transfer(transferred_to))
        events = list(told)
        if not silent:
            changes.events += events
        self._board.show(call, changes)

    def _fade(self, live: LiveCall, origin: Origin, changes: Changes) -> None:
        """Let a call go whose last leg has ended: at once, or after a grace in which it may ring on."""
        grace = self._grace if live.announced else max(self._grace, UNSEEN_GRACE)
        if live.said_to_last:
            grace = max(grace, LASTING_GRACE)
        if not grace:
            self._end(live, origin, changes)
        elif live.faded_at is None:
            live.faded_at = origin.time
            self._expect(live, None, origin.time + grace)
            self._board.hide(live.id, changes)

    def _end(
        self, live: LiveCall, origin: Origin, changes: Changes, *, presumed: bool = False
    ) -> None:
        self._name_outside(live)
        call = live.view(ended_at=live.faded_at or origin.time)
        self._forget(live, changes)
        grave = Grave(origin.time, call, live, presumed=presumed)
        self._graves.bury(grave)
        if not (live.announced or live.said_missed):
            return
        changes.keys[ACCOUNT] = None
        self.last_call = call
        self._count_missed(grave, missed=live.missed)
        changes.events.extend(Teller(live, call, origin).ending())

    def _forget(self, live: LiveCall, changes: Changes) -> None:
        """Take an ended call out of everything that is about active calls."""
        del self._live[live.id]
        self._board.remove(live.id, changes)
        self._matcher.remove(live)
        self._expect(live, None, None)
        self._questions.pop(live.id, None)
        for leg_id in live.legs:
            if self._call_of_leg.get(leg_id) == live.id:
                self._call_of_leg.discard(leg_id)

    def _name_outside(self, live: LiveCall) -> None:
        """Ask the name book about the party outside, once for each number the call shows for it."""
        number = live.outside.number
        if self._names is None or not number or number == live.named:
            return
        live.named = number
        if live.direction is Direction.INTERNAL or number in self.extensions:
            return
        found = self._names(number)
        if found is not None:
            live.name_outside(found)

    # -- small things -------------------------------------------------------------------------------

    def _show(self, live: LiveCall, changes: Changes) -> None:
        if live.id in self.calls:
            self._board.show(live.view(), changes)

    def _expect(self, live: LiveCall, ask_at: datetime | None, end_at: datetime | None) -> None:
        """Set when a call is asked about, and when it is given up."""
        live.ask_at, live.end_at = ask_at, end_at
        self._deadlines.set(live.id, min(filter(None, (ask_at, end_at)), default=None))

    def _count_missed(self, grave: Grave, *, missed: bool) -> None:
        """Count a call as missed, or no more, unless it was acknowledged meanwhile."""
        if missed and grave.missed_in is None:
            grave.missed_in = self._count
            self.missed += 1
        elif not missed and grave.missed_in is not None:
            if grave.missed_in == self._count and self.missed:
                self.missed -= 1
            grave.missed_in = None

    def _calls_with(self, extensions: Iterable[str | None]) -> Iterator[LiveCall]:
        ids = dict.fromkeys(
            call_id for extension in extensions for call_id in self._board.call_ids_of(extension)
        )
        return (self._live[call_id] for call_id in ids)

    def _own_id(self, call_id: str) -> str:
        return self._aliases.get(call_id) or call_id

    def _repeated(self, key: str | None) -> bool:
        """Tell whether a message came before (rule 2)."""
        if key is None:
            return False
        known = key in self._keys
        self._keys.put(key, None)
        return known


def _merged(calls: Iterable[Call]) -> Collection[Call]:
    """Make one call of rows with one id (rule 1)."""
    merged: dict[str, Call] = {}
    for call in calls:
        known = merged.get(call.id)
        merged[call.id] = call if known is None else replace(known, legs=known.legs + call.legs)
    return merged.values()
