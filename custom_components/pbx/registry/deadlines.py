"""When a call that nobody speaks of any more is asked about, and when it is given up (rule 7).

Only a call that no list names has deadlines, and one in its grace: lists say themselves when a
call is over.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import count
from typing import NamedTuple

RINGING_ASK = timedelta(minutes=3)
RINGING_END = timedelta(minutes=5)
TALKING_ASK = timedelta(minutes=30)
TALKING_ASK_AGAIN = timedelta(minutes=15)
TALKING_END = timedelta(hours=4)


class Deadline(NamedTuple):
    """When to look at a call again, and when to take it for ended.

    The latter is at the same time, later, or never (None).
    """

    at: datetime
    end_at: datetime | None


@dataclass(slots=True)
class Deadlines:
    """The deadlines of calls by id: a heap, in which what does not hold any more is left behind."""

    _of: dict[str, Deadline] = field(default_factory=dict)
    _heap: list[tuple[datetime, int, str]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)

    def __len__(self) -> int:
        """Return how much is kept, what does not hold any more included."""
        return len(self._heap)

    # -- inputs ------------------------------------------------------------------------------------

    def expect_word(self, call_id: str, *, talking: bool, heard: datetime, now: datetime) -> None:
        """Ask some time from now, and end the call some time after it was last heard of."""
        ask, end = (TALKING_ASK, TALKING_END) if talking else (RINGING_ASK, RINGING_END)
        end_at = heard + end
        self._set(call_id, Deadline(min(now + ask, end_at), end_at))

    def put_off(
        self, call_id: str, end_at: datetime | None, *, talking: bool, now: datetime
    ) -> None:
        """Wait on after a question: one that talks is asked about again, one that rings ends."""
        if talking:
            at = now + TALKING_ASK_AGAIN
            self._set(call_id, Deadline(at if end_at is None else min(at, end_at), end_at))
        elif end_at is not None:
            self.end_at(call_id, end_at)

    def end_at(self, call_id: str, at: datetime) -> None:
        """End a call at a time, without asking."""
        self._set(call_id, Deadline(at, at))

    def clear(self, call_id: str) -> None:
        """Wait for a call without end."""
        self._of.pop(call_id, None)

    # -- what is due -------------------------------------------------------------------------------

    def due(self) -> datetime | None:
        """Return when the next call is due, or None when none is waited for."""
        while self._heap:
            if self._holds(self._heap[0]):
                return self._heap[0][0]
            heappop(self._heap)
        return None

    def pop(self, now: datetime) -> tuple[str, Deadline] | None:
        """Return a call whose time has come, once, and its deadline; None if there is none."""
        at = self.due()
        if at is None or at > now:
            return None
        call_id = heappop(self._heap)[2]
        return call_id, self._of.pop(call_id)

    def _set(self, call_id: str, deadline: Deadline) -> None:
        """Keep a deadline; the one that was there does not hold any more."""
        before = self._of.get(call_id)
        self._of[call_id] = deadline
        if before is not None and before.at == deadline.at:
            return
        heappush(self._heap, (deadline.at, next(self._order), call_id))
        if len(self._heap) > 64 + 4 * len(self._of):
            self._heap = [entry for entry in self._heap if self._holds(entry)]
            heapify(self._heap)

    def _holds(self, entry: tuple[datetime, int, str]) -> bool:
        """Return whether an entry of the heap is still the deadline of its call."""
        deadline = self._of.get(entry[2])
        return deadline is not None and deadline.at == entry[0]
