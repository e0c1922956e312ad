"""When each call is to be looked at again."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heapify, heappop, heappush
from itertools import count


@dataclass(slots=True)
class Deadlines:
    """When each call is to be looked at again."""

    _at: dict[str, datetime] = field(default_factory=dict)
    _heap: list[tuple[datetime, int, str]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)

    def __len__(self) -> int:
        """Count what is kept, with what does not hold any more."""
        return len(self._heap)

    def set(self, call_id: str, at: datetime | None) -> None:
        """Look at a call then, and not before; None takes the deadline away."""
        if at == self._at.get(call_id):
            return
        if at is None:
            del self._at[call_id]
            return
        self._at[call_id] = at
        heappush(self._heap, (at, next(self._order), call_id))
        if len(self._heap) > 64 + 4 * len(self._at):
            self._heap = [entry for entry in self._heap if self._at.get(entry[2]) == entry[0]]
            heapify(self._heap)

    def due(self) -> datetime | None:
        """Say when the next call is to be looked at."""
        while self._heap:
            at, _, call_id = self._heap[0]
            if self._at.get(call_id) == at:
                return at
            heappop(self._heap)
        return None

    def pop(self, now: datetime) -> str | None:
        """Give a call whose time has come, once."""
        at = self.due()
        if at is None or at > now:
            return None
        call_id = heappop(self._heap)[2]
        del self._at[call_id]
        return call_id
