"""The registry of one account: what it is told goes in here, and what that changed comes out.

Pure and deterministic: time is an argument, nothing is awaited. How it works is written in
`registry/__init__.py`; the numbers of rules are those of docs/development/calls.md.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from ..telephony import models as m
from ..telephony.bounded_map import BoundedMap
from ..telephony.events import Event
from ..telephony.models import Call, CallState, EventType, LegPush, Party
from . import announcements, outcomes, records
from .changes import (
    ACCOUNT,
    DIRECTORY,
    Cause,
    Changes,
    Key,
    KeyKind,
    agent_key,
    extension_key,
    queue_key,
    slot_key,
)
from .directory import AccountDirectory
from .ended import EndedCall
from .lifecycle import Lifecycle
from .lists import Lists
from .messages import Messages
from .named_phones import NamedPhone

__all__ = [
    "ACCOUNT",
    "DIRECTORY",
    "CallRegistry",
    "Changes",
    "Key",
    "KeyKind",
    "agent_key",
    "extension_key",
    "queue_key",
    "slot_key",
]

REMEMBERED_KEYS = 4096


class CallRegistry:
    """Calls, extensions, agents and queues of one account."""

    def __init__(
        self,
        *,
        slots: int = 4,
        pushed_ids_differ: bool = False,
        complete_after: int = 1,
        grace: float = 0,
        names: Callable[[str], Party | None] | None = None,
        phones: Mapping[str, NamedPhone] | None = None,
        settle: Callable[[], None] | None = None,
    ) -> None:
        """Start empty, as after a restart.

        `slots` is how many calls are shown one by one, `pushed_ids_differ` whether messages have
        other ids than lists, `complete_after` how many lists without a call end it, and `grace`
        how many seconds a call without a leg may still ring on.

        `names` is a name book: asked for the number of the party outside, as it was received, it
        returns a Party with what is known of whoever has it (name, whether it is a contact), or
        None. It is asked before the first event of a call, and again if the number changes; what
        is found out later is handed in with `name_caller`.

        `phones` is what a person says of the phones, by number.

        `settle` is called before an input is taken, so that what the one before it changed can be
        shown as it was then.
        """
        self.unknown_pushes = 0
        self._settle = settle or _nothing
        self._directory = AccountDirectory(phones)
        self._life = Lifecycle(
            self._directory,
            slots=slots,
            pushed_ids_differ=pushed_ids_differ,
            grace=timedelta(seconds=grace),
            names=names,
        )
        self._lists = Lists(self._life, complete_after)
        self._messages = Messages(self._life, self._directory)
        self._keys = BoundedMap[None](REMEMBERED_KEYS)  # of what came already
        self.calls: Mapping[str, Call] = self._life.index.calls
        self.slots = self._life.index.slots
        self.extensions: Mapping[str, m.Extension] = self._directory.extensions
        self.agents: Mapping[str, m.Agent] = self._directory.agents
        self.queues: Mapping[str, m.Queue] = self._directory.queues

    # -- views of calls ----------------------------------------------------------------------------

    def calls_of(self, extension: str) -> list[Call]:
        """Return the active calls of an extension, the most urgent first (rule 10)."""
        return [call for _, call in self._life.index.doings_of(extension)]

    def call_of(self, extension: str) -> Call | None:
        """Return the most urgent call of an extension, or None."""
        return next(iter(self.calls_of(extension)), None)

    def state_of(self, extension: str) -> CallState | None:
        """Return what an extension is doing, or None when it has no call."""
        doings = self._life.index.doings_of(extension)
        return doings[0][0] if doings else None

    def find(self, call_id: str) -> Call | None:
        """Return an active call by its id, or by the id another source gave it."""
        return self.calls.get(self._life.identity.own_id(call_id))

    def ended(self, call_id: str) -> Call | None:
        """Return a call that ended a short time ago, or whose last leg has."""
        own_id = self._life.identity.own_id(call_id)
        call = self._life.active.get(own_id)
        if call is not None:
            return call.view(call.grace_since) if call.grace_since is not None else None
        ended = self._life.ended.get(own_id)
        return None if ended is None else ended.view

    @property
    def last_call(self) -> Call | None:
        """The call that ended last, with what was found out about it since."""
        return self._life.last_call

    @property
    def unfinished(self) -> Collection[str]:
        """The ids of the calls that are not over, including those in their grace."""
        return self._life.active.keys()

    @property
    def missed(self) -> int:
        """How many calls were missed since somebody acknowledged them."""
        return self._life.missed.count

    def due(self) -> datetime | None:
        """Return when `tick` has something to do next, or None."""
        return self._life.deadlines.due()

    def take_questions(self) -> list[Call]:
        """Return, once, the calls about which the history should be asked (rule 7)."""
        calls = [self.calls[call_id] for call_id in self._life.questions if call_id in self.calls]
        self._life.questions.clear()
        return calls

    @property
    def sizes(self) -> Mapping[str, int]:
        """How much is remembered, for diagnostics and to prove that it is bounded (rule 11)."""
        return {
            "calls": len(self._life.active),
            "legs": sum(len(call.legs) for call in self._life.active.values()),
            "tombstones": len(self._life.ended),
            **self._life.identity.sizes,
            "keys": len(self._keys),
            "deadlines": len(self._life.deadlines),
            "extensions_with_calls": self._life.index.extensions,
            "questions": len(self._life.questions),
            "agents": len(self.agents),
        }

    # -- views of the directory --------------------------------------------------------------------

    @property
    def directory_version(self) -> int:
        """Another number whenever extensions may have other names."""
        return self._directory.version

    @property
    def listed(self) -> Collection[KeyKind]:
        """Which of extension, agent and queue the phone system lists."""
        return self._directory.listed

    @property
    def found_extensions(self) -> tuple[m.Extension, ...]:
        """The extensions as the phone system lists them, whatever a person says of them."""
        return self._directory.found

    @property
    def lists_all_extensions(self) -> bool:
        """Whether nobody else has an extension here than those that are known."""
        return self._directory.complete

    @property
    def unread_voicemails(self) -> int | None:
        """How many voicemails are unread, where the phone system counts them."""
        return self._directory.unread_voicemails

    @property
    def missing_permissions(self) -> frozenset[str]:
        """What the account is not allowed to ask, by the phone system's own names."""
        return self._directory.missing_permissions

    # -- inputs about calls ------------------------------------------------------------------------

    def snapshot(self, calls: Iterable[Call], requested_at: datetime, now: datetime) -> Changes:
        """Take a complete list of the active calls, asked for at `requested_at`."""
        (changes,) = self.snapshot_parts(calls, requested_at, now)
        return changes

    def snapshot_parts(
        self,
        calls: Iterable[Call],
        requested_at: datetime,
        now: datetime,
        at_once: int | None = None,
    ) -> Iterator[Changes]:
        """Take a list as `snapshot` does, and yield what each few of its calls changed.

        `at_once` is how many: what is pushed in between is taken as well. None for all at once.
        """
        self._settle()
        for changes in self._lists.take(calls, requested_at, now, at_once):
            yield changes
            self._settle()

    def begin_placed(self, row: Call, now: datetime) -> Changes:
        """Take a call that was placed here, before a list or message has told of it."""
        self._settle()
        changes = Changes()
        self._lists.take_row(row, (row,), now, now, changes, first=False, placed=True)
        return changes

    def apply(self, pushed: m.Pushed, now: datetime) -> Changes:
        """Take one message that was pushed; a repeated one changes nothing (rule 2)."""
        self._settle()
        changes = Changes()
        cause = Cause(pushed.provider_event, now)
        match pushed:
            case LegPush() | m.RecordPush() | m.Notice() if self._repeated(pushed.key):
                pass
            case LegPush():
                self._messages.take(pushed, cause, changes)
            case m.RecordPush():
                self._take_record(pushed, cause, changes)
            case m.Notice():
                self._take_notice(pushed, cause, changes)
            case m.CallHint():
                self._messages.take_hint(pushed, cause, changes)
            case m.DirectoryPush():
                return self._directory.take(pushed.directory, now)
            case m.UnknownPush():
                self.unknown_pushes += 1
                changes.events.append(
                    Event(type=EventType.UNKNOWN, provider_event=cause.provider_event, time=now)
                )
        return changes

    def tick(self, now: datetime) -> Changes:
        """Let time pass: graces end, calls nobody speaks of any more expire (rule 7)."""
        self._settle()
        changes = Changes()
        while (due := self._life.deadlines.pop(now)) is not None:
            call_id, deadline = due
            call = self._life.active[call_id]
            if deadline.end_at is not None and deadline.end_at <= now:
                self._life.end(call, Cause(call.sources.last_event, now), changes, inferred=True)
                continue
            self._life.questions[call_id] = None
            changes.refresh = True
            talking = call.state in m.UP
            self._life.deadlines.put_off(call_id, deadline.end_at, talking=talking, now=now)
        return changes

    def note_hang_up(self, call_id: str, extension: str | None, *, done: bool) -> None:
        """Take that Home Assistant hangs up a call, or with `done` False that it could not.

        A call that nobody had answered was rejected then, and not missed (rule 9). Of a call that
        rings at an extension, only this one declines.
        """
        call = self._life.active.get(self._life.identity.own_id(call_id))
        if call is None or call.meaning.answered:
            return
        phone = call.facts.phones.get(extension or "")
        if phone is not None and phone.rang:
            phone.declined = done
        else:
            call.facts.hung_up_here = done

    def is_pretended(self, number: str, direction: str | None) -> bool:
        """Return whether a caller from outside shows the number of one of ours: anybody can.

        Who it is cannot be told by such a number.
        """
        return self._directory.is_pretended(number, direction)

    def name_caller(self, call_id: str, party: Party) -> Changes:
        """Take what a look-up found about the party outside, of a call that may be over by now."""
        self._settle()
        changes = Changes()
        own_id = self._life.identity.own_id(call_id)
        call, ended = self._life.active.get(own_id), self._life.ended.get(own_id)
        if call is not None:
            call.take_name(party)
            if own_id in self.calls:
                self._life.index.show(call.view(), changes)
        elif ended is not None:
            ended.call.take_name(party)
            facts = ended.call.facts
            view = replace(ended.view, caller=facts.caller, callee=facts.callee)
            self._life.complete(ended, view, changes)
        return changes

    def restore_missed(self, number: int) -> Changes:
        """Add the missed calls that were counted before a restart, and return what that changed.

        They are no calls that a record could still take out of the count again.
        """
        self._settle()
        changes = Changes()
        if number > 0:
            self._life.missed.count += number
            changes.keys[ACCOUNT] = None
        return changes

    def acknowledge_missed(self) -> Changes:
        """Forget the missed calls."""
        self._settle()
        changes = Changes()
        if self._life.missed.acknowledge():
            changes.keys[ACCOUNT] = None
        return changes

    # -- inputs about the directory ----------------------------------------------------------------

    def directory(self, directory: m.Directory, now: datetime) -> Changes:
        """Take what was asked about extensions, agents and queues; None keeps what was known."""
        self._settle()
        return self._directory.take(directory, now)

    def set_agent(self, agent: m.Agent, now: datetime) -> Changes:
        """Take what was asked about one agent."""
        self._settle()
        return self._directory.set_agent(agent, now)

    def remember_agent(self, agent: m.Agent) -> None:
        """Take back an agent that was known before a restart."""
        self._directory.remember_agent(agent)

    def set_queue(self, queue: m.Queue) -> Changes:
        """Take what was asked about one queue."""
        self._settle()
        return self._directory.set_queue(queue)

    # -- notices -----------------------------------------------------------------------------------

    def _take_notice(self, notice: m.Notice, cause: Cause, changes: Changes) -> None:
        """Take anything else: what an agent does, a recording, a fax, a text message."""
        call = None
        if notice.call_id is not None:
            call = self.find(notice.call_id) or self.ended(notice.call_id)
        if notice.agent is not None:
            self._directory.note_agent(notice.agent, notice, changes)
        heard = call.extensions if call is not None else ()
        fields = notice.fields
        if notice.type is EventType.DTMF_RECEIVED and call is not None:
            fields = {**announcements.pressed_by(call, notice.leg_id), **fields}
        event = Event(
            type=notice.type,
            provider_event=notice.provider_event,
            time=cause.time,
            call=call,
            extension=notice.extension,
            agent=notice.agent,
            tell=(notice.extension,) if notice.extension else heard,
            fields=fields,
        )
        self._tell_media(event, changes)

    # -- identify and apply: records ---------------------------------------------------------------

    def _take_record(self, push: m.RecordPush, cause: Cause, changes: Changes) -> None:
        """Take a record: of a call that goes on, or is over, or that nobody has seen (rule 8)."""
        call_id = self._call_of_record(push.record, cause)
        record = self._on_our_clock(self.with_names(push.record), call_id, cause.time)
        push, asked = replace(push, record=record), push.key is None
        view: Call | None = None
        of_machine = self._life.identity.is_machine(record.call_id or "")
        if of_machine:
            record = records.of_machine(record)
        call = self._life.active.get(call_id)
        if call is not None and of_machine:
            records.apply_machine(call, record)
            self._life.reconcile(call, cause, changes)
            view = call.view()
        elif call is not None and records.is_part(call, record, asked=asked):
            records.apply_part(call, record, asked=asked)
            self._life.reconcile(call, cause, changes)
            view = call.view()
        elif call is not None:
            call.recompute(cause.time)
            records.apply_record(call, record)
            self._life.end(call, cause, changes)
        ended = self._life.ended.get(call_id)
        if view is None and (ended is None or ended.unseen):
            if not self._life.ended.was_told(call_id):
                view = self._take_unseen(record, call_id, cause, changes)
        elif view is None and ended is not None:
            view = records.completed(ended, record)
            self._life.correct(ended, view, cause, changes)
        if self._repeated(f"record {record.id}") and asked:
            return  # it had been pushed before
        for event in records.events_of(push, view, cause):
            self._tell_media(event, changes)

    def _call_of_record(self, record: m.CallRecord, cause: Cause) -> str:
        """Return the id of the call that a record is about, which may be one that is unknown."""
        own_id = self._life.identity.own_id(record.call_id or "")
        known = self._life.ended.get(own_id)
        if own_id in self._life.active or (known is not None and not known.unseen):
            return own_id
        taken_over = self._life.identity.recorded_as(record, cause.time)
        if taken_over is None or record.call_id is None:
            return own_id
        call = taken_over.call if isinstance(taken_over, EndedCall) else taken_over
        self._life.identity.name_machine(record.call_id, call.id)
        return call.id

    def _on_our_clock(self, record: m.CallRecord, call_id: str, now: datetime) -> m.CallRecord:
        """Return the record of a call with its times by our clock."""
        call, ended = self._life.active.get(call_id), self._life.ended.get(call_id)
        seen: tuple[datetime, datetime] | None = None
        if call is not None:
            seen = call.started_at, call.grace_since or now
        elif ended is not None and not ended.unseen:
            seen = ended.view.started_at or ended.at, ended.view.ended_at or ended.at
        return records.on_our_clock(record, seen, now)

    def with_names(self, record: m.CallRecord) -> m.CallRecord:
        """Return a record with the names of ours from the directory, of others from the name book.

        A name that the record has itself stays.
        """
        caller = record.caller
        if not self.is_pretended(caller.number, record.direction):
            caller = self._life.named(caller)
        callee = self._life.named(record.callee)
        return replace(record, caller=caller, callee=callee)

    def _take_unseen(
        self, record: m.CallRecord, call_id: str, cause: Cause, changes: Changes
    ) -> Call | None:
        """Tell, once, of a call of which only the record has come; return the call."""
        view = records.unseen(record, call_id, cause.time) if call_id else None
        if view is not None:
            missed = outcomes.missed_by_outcome(view.direction, view.outcome) is True
            self._life.add_unseen(view, cause.time, changes, missed=missed)
            changes.events.append(records.told_late(view, cause))
        return view

    def _tell_media(self, event: Event, changes: Changes) -> None:
        """Tell an event; of a recording or a voicemail once, whoever speaks of it again."""
        if event.type is EventType.RECORDING_READY:
            recording = event.fields.get("recording_id") or event.fields.get("recording_url")
            if recording and self._repeated(f"recording {recording}"):
                return
        if event.type is EventType.VOICEMAIL_RECEIVED:
            if event.record is not None and self._repeated(f"voicemail {event.record.id}"):
                return
            self._directory.count_voicemail(changes)
        changes.events.append(event)

    # -- small things ------------------------------------------------------------------------------

    def _repeated(self, key: str | None) -> bool:
        """Return whether something with this key came before, and remember that it came."""
        if key is None:
            return False
        known = key in self._keys
        self._keys.put(key, None)
        return known


def _nothing() -> None:
    """Do nothing: what changed was shown already."""
