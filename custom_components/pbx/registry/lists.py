"""Identify and apply: lists of the active calls.

Which call each row of a list is, what it says of it, and which calls are missing; the numbers of
rules are those of docs/development/calls.md.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from ..telephony import models as m
from ..telephony.events import POLL
from ..telephony.models import Call
from .active_call import ActiveCall
from .apply_list import apply_row
from .changes import Cause, Changes
from .ended import EndedCall
from .lifecycle import Lifecycle

LISTED_LATE = timedelta(minutes=5)
"""How long before a list that lacks it a call may have begun: some are listed late."""


class Lists:
    """Takes the lists of one account's calls."""

    def __init__(self, life: Lifecycle, complete_after: int) -> None:
        """Initialize over the calls; so many lists that do not have a call end it."""
        self._life = life
        self._complete_after = complete_after
        self._requested_at: datetime | None = None  # when the last list was asked for
        self._before: datetime | None = None  # and the one before it

    def take(
        self, calls: Iterable[Call], requested_at: datetime, now: datetime, at_once: int | None
    ) -> Iterator[Changes]:
        """Take a complete list, and yield what each few of its calls changed.

        `at_once` is how many that are; None for all of them.
        """
        changes = Changes()
        if self._requested_at is not None and requested_at < self._requested_at:
            yield changes  # a newer list has come before
            return
        first = self._requested_at is None
        self._before, self._requested_at = self._requested_at, requested_at
        rows = _merged(calls)
        self._life.identity.adopt(rows)
        present: set[str | None] = set()
        for place, row in enumerate(rows, 1):
            present.add(self.take_row(row, rows, requested_at, now, changes, first=first))
            if at_once is not None and place % at_once == 0:
                yield changes
                changes = Changes()
        for call in list(self._life.active.values()):
            if call.id not in present and not call.sources.pushed_since(requested_at):
                self._take_absence(call, now, changes)
        yield changes

    def take_row(
        self,
        row: Call,
        rows: Collection[Call],
        requested_at: datetime,
        now: datetime,
        changes: Changes,
        *,
        first: bool,
        placed: bool = False,
    ) -> str | None:
        """Take one call of a list, or one that was placed here and is in no list yet.

        Return its id, or None for one that is known to be over.
        """
        call_id = self._life.identity.own_id(row.id)
        call = self._life.active.get(call_id)
        if call is None and (ended := self._life.ended.get(call_id)) is not None:
            machine = self._life.identity.is_machine(row.id)
            if machine or not _returns(ended, row, requested_at):
                return None  # rule 5
            call = self._life.revive(ended)
        dated = row
        if call is None:
            dated, rows = self._dated(row, rows, now)
            identity = self._life.identity
            known = (
                identity.match_placed(dated, now)
                if placed
                else identity.match_row(dated, rows, now)
            )
            call = self._life.going_on(known)
            if call is not None:
                identity.name(row.id, call.id)
        preexisting = call is None and first
        if call is None:
            call = self._life.begin(row.id, dated.started_at, now, changes)
            call.facts.answer.unseen = row.state in m.UP
        for leg in row.legs:
            self._life.identity.name_leg(leg.id, call.id)
        if call.grace_since is None and call.sources.repeats(row):
            return call.id
        apply_row(call, row, requested_at, preexisting=preexisting)
        if call.grace_since is None:
            self._life.deadlines.clear(call.id)
        self._life.reconcile(call, Cause(POLL, now), changes, preexisting=preexisting)
        return call.id

    def _dated(
        self, row: Call, rows: Collection[Call], now: datetime
    ) -> tuple[Call, Collection[Call]]:
        """Return a row of a new call with its beginning by our clock, and all rows with it.

        The list before this one did not have it; the clock of the phone system may be hours off.
        """
        if row.started_at is None or self._before is None:
            return row, rows
        if self._before - LISTED_LATE <= row.started_at <= now:
            return row, rows
        dated = replace(row, started_at=now)
        return dated, [dated if other is row else other for other in rows]

    def _take_absence(self, call: ActiveCall, now: datetime, changes: Changes) -> None:
        """Take that a list does not name a call: often enough, and it is over (rule 4)."""
        call.sources.missing += 1
        enough = 1 if call.hung_up else self._complete_after
        if call.sources.missing < enough:
            changes.refresh = True
            return
        said_by = POLL if call.grace_since is None else call.sources.last_event
        self._life.end(call, Cause(said_by, now), changes, inferred=True)


def _returns(ended: EndedCall, row: Call, requested_at: datetime) -> bool:
    """Return whether a list brings a call back: it was only inferred to be over, and goes on."""
    newer = ended.inferred and requested_at > ended.at
    return newer and ended.call.goes_on_in(row, requested_at)


def _merged(calls: Iterable[Call]) -> Collection[Call]:
    """Return one call for each id, with the legs of all its rows (rule 1)."""
    merged: dict[str, Call] = {}
    for call in calls:
        known = merged.get(call.id)
        merged[call.id] = call if known is None else replace(known, legs=known.legs + call.legs)
    return merged.values()
