"""The life of the calls: how each begins, goes on, waits in its grace, ends, and may come back.

Here an input that was applied goes through the steps that are the same for all: recompute, announce
and index. See `registry/__init__.py` for the whole way.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from ..telephony.models import UP, Call, Direction, Party, filled
from . import announcements, outcomes
from .active_call import ActiveCall
from .active_calls import ActiveCalls
from .changes import ACCOUNT, Cause, Changes
from .deadlines import Deadlines
from .directory import AccountDirectory
from .ended import EndedCall, MissedCalls, Tombstones
from .identity import Identity
from .identity_by_parties import IdentityByParties
from .told import ENDS

MAX_CALLS = 2000
UNSEEN_GRACE = timedelta(seconds=5)
LASTING_GRACE = timedelta(minutes=1)


class Lifecycle:
    """The calls of an account from their beginning to their end, and where each is known."""

    def __init__(
        self,
        directory: AccountDirectory,
        *,
        slots: int,
        pushed_ids_differ: bool,
        grace: timedelta,
        names: Callable[[str], Party | None] | None,
    ) -> None:
        """Start without calls; the options are those of the registry."""
        self.active: dict[str, ActiveCall] = {}
        self.ended = Tombstones()
        self.missed = MissedCalls()
        self.last_call: Call | None = None
        self.index = ActiveCalls(slots)
        self.identity = (
            IdentityByParties(self.active, self.ended, self.index.call_ids_of)
            if pushed_ids_differ
            else Identity(self.active, self.ended)
        )
        self.deadlines = Deadlines()
        self.questions: dict[str, None] = {}  # calls of which the history should be asked
        self._directory = directory
        self._grace = grace
        self._names = names

    # -- recompute, announce, index ----------------------------------------------------------------

    def reconcile(
        self,
        call: ActiveCall,
        cause: Cause,
        changes: Changes,
        *,
        preexisting: bool = False,
        transferred_to: str | None = None,
    ) -> None:
        """Bring what is meant, told and shown of a call in line with what is known of it now."""
        before = call.state
        meaning = call.recompute(None if preexisting else cause.time)
        self._name_parties(call)
        self.identity.index(call)
        if meaning.over:
            self._start_grace(call, cause, changes)
            return
        call.grace_since = None
        self._wait_for(call, cause.time)
        view = call.view()
        events = announcements.progress(call, view, cause, before)
        if transferred_to is not None:
            events += announcements.transfer(call, view, cause, transferred_to)
        if not preexisting:
            changes.events += events
        self.index.show(view, changes)

    def named(self, party: Party) -> Party:
        """Return a party with its name, if it is one of ours or in the name book, and had none."""
        if party.name or not party.number:
            return party
        if self._names is None or party.number in self._directory.extensions:
            return self._directory.named(party)
        return filled(party, self._names(party.number))

    def _name_parties(self, call: ActiveCall) -> None:
        """Name ours from the directory, and whoever is outside from the name book.

        A stranger may show the number of one of ours.
        """
        facts = call.facts
        if not self._directory.is_pretended(facts.caller.number, facts.direction):
            facts.caller = self._directory.named(facts.caller)
        facts.callee = self._directory.named(facts.callee)
        self._name_outside(call)

    def _name_outside(self, call: ActiveCall) -> None:
        """Ask the name book about the party outside, once for each number the call shows for it."""
        facts = call.facts
        number = facts.outside.number
        if self._names is None or not number or number == call.sources.named:
            return
        call.sources.named = number
        if facts.direction is Direction.INTERNAL or number in self._directory.extensions:
            return
        found = self._names(number)
        if found is not None:
            facts.name_outside(found)

    def _wait_for(self, call: ActiveCall, now: datetime) -> None:
        """Set how long nothing need be heard of a call (rule 7).

        Of a call that is listed the lists speak.
        """
        if call.sources.listed:
            self.deadlines.clear(call.id)
            return
        heard = call.sources.pushed_at or now
        self.deadlines.expect_word(call.id, talking=call.state in UP, heard=heard, now=now)

    # -- the life of a call ------------------------------------------------------------------------

    def begin(
        self, call_id: str, started_at: datetime | None, now: datetime, changes: Changes
    ) -> ActiveCall:
        """Return a new call, for which the oldest makes room if there are too many (rule 11)."""
        if len(self.active) >= MAX_CALLS:
            oldest = next(iter(self.active.values()))
            self.end(oldest, Cause(oldest.sources.last_event, now), changes)
        call = ActiveCall(id=call_id, seen_at=now, started_at=min(started_at or now, now))
        self.active[call_id] = call
        return call

    def _start_grace(self, call: ActiveCall, cause: Cause, changes: Changes) -> None:
        """Let a call go whose last leg has ended: at once, or after a grace if it may ring on."""
        grace = self._grace if call.told.began else max(self._grace, UNSEEN_GRACE)
        if call.sources.expected_to_continue:
            grace = max(grace, LASTING_GRACE)
        if not grace:
            self.end(call, cause, changes)
        elif call.grace_since is None:
            call.grace_since = cause.time
            # Somebody waits whom no phone is offered.
            changes.refresh |= call.sources.expected_to_continue
            self.deadlines.end_at(call.id, cause.time + grace)
            self.index.hide(call.id, changes)

    def end(
        self, call: ActiveCall, cause: Cause, changes: Changes, *, inferred: bool = False
    ) -> None:
        """End a call: remember it, and tell it if anybody knew of it, or was to know."""
        self._name_outside(call)
        view = call.view(ended_at=call.grace_since or cause.time)
        del self.active[call.id]
        self.index.remove(call.id, changes)
        self.identity.forget(call)
        self.deadlines.clear(call.id)
        self.questions.pop(call.id, None)
        unseen = not (call.told.began or call.facts.reported_missed)
        ended = EndedCall(cause.time, view, call, inferred, unseen)
        self.ended.add(ended)
        if unseen:
            return
        changes.keys[ACCOUNT] = None
        self.last_call = view
        missed = outcomes.is_missed(call.facts, call.meaning, view.outcome)
        self.missed.set(ended, missed=missed)
        changes.events += announcements.ending(call, view, cause, missed=missed)

    def going_on(self, found: ActiveCall | EndedCall | None) -> ActiveCall | None:
        """Return a call that was found, taken back if it only seemed to be over."""
        return self.revive(found) if isinstance(found, EndedCall) else found

    def revive(self, ended: EndedCall) -> ActiveCall:
        """Return a call that only seemed to be over, active again (rule 5).

        Nothing is told twice.
        """
        call = ended.call
        call.revive()
        self.ended.remove(call.id)
        self.missed.set(ended, missed=False)
        self.active[call.id] = call
        return call

    def bury_unseen(self, call_id: str, now: datetime) -> None:
        """Remember a call of which only the end came, so that its late beginning is not new."""
        unseen = ActiveCall(id=call_id, seen_at=now, started_at=now)
        unseen.told.broadcast |= ENDS
        self.ended.add(EndedCall(now, unseen.view(now), unseen, inferred=False, unseen=True))

    def add_unseen(self, view: Call, now: datetime, changes: Changes, *, missed: bool) -> None:
        """Remember a call that is told only now, from its record (rule 8)."""
        call = ActiveCall(id=view.id, seen_at=now, started_at=view.started_at or now)
        call.facts.direction = view.direction
        if view.record is not None:
            call.facts.take_record(view.record)
        call.facts.caller, call.facts.callee = view.caller, view.callee
        call.told.broadcast |= ENDS
        call.told.outcome = view.outcome
        ended = EndedCall(now, view, call, inferred=False)
        self.ended.add(ended)
        self.missed.set(ended, missed=missed)
        self.last_call = view
        changes.keys[ACCOUNT] = None

    def judge_again(self, ended: EndedCall, cause: Cause, changes: Changes) -> None:
        """Take that more was said of a call that is over: it may have gone another way."""
        call, before = ended.call, ended.view
        if not call.told.ended:
            return
        outcome = outcomes.outcome_of(call.facts, call.recompute(None))
        if outcome is not before.outcome:
            view = call.view(ended_at=before.ended_at)
            self.correct(ended, replace(view, record=before.record), cause, changes)

    def correct(self, ended: EndedCall, view: Call, cause: Cause, changes: Changes) -> None:
        """Know better how a call went that is over, and tell it if it was told otherwise."""
        if ended.call.told.ended:
            changes.events += announcements.correction(ended.call, view, cause)
        missed = outcomes.missed_by_outcome(view.direction, view.outcome)
        if missed is not None and self.missed.set(ended, missed=missed):
            changes.keys[ACCOUNT] = None
        self.complete(ended, view, changes)

    def complete(self, ended: EndedCall, view: Call, changes: Changes) -> None:
        """Know more about a call that is over."""
        if self.last_call is not None and self.last_call.id == view.id:
            self.last_call = view
            changes.keys[ACCOUNT] = None
        ended.view = view
