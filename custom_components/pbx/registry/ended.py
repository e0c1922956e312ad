"""What is remembered for a while and never grows without end (rule 10): ids, calls that are over, deadlines."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from itertools import count, islice

from ..telephony.models import Call
from .active_call import LiveCall

TOMBSTONE_AGE = timedelta(minutes=10)
TOMBSTONES = 4096


@dataclass(slots=True)
class Recent[V]:
    """The last things that were noted, by name."""

    limit: int
    _items: OrderedDict[str, V] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        """Count them."""
        return len(self._items)

    def __contains__(self, name: str) -> bool:
        """Tell whether a name was noted lately."""
        return name in self._items

    def get(self, name: str) -> V | None:
        """Give what was noted."""
        return self._items.get(name)

    def put(self, name: str, value: V) -> None:
        """Note something; what was noted first is forgotten first."""
        self._items[name] = value
        if len(self._items) > self.limit:
            self._items.popitem(last=False)

    def discard(self, name: str) -> None:
        """Forget a name."""
        self._items.pop(name, None)


@dataclass(slots=True)
class Grave:
    """A call that is over. One of which that is only presumed may come back."""

    at: datetime
    call: Call
    live: LiveCall
    presumed: bool
    missed_in: int | None = None  # in which count of missed calls it is


@dataclass(slots=True)
class Graves:
    """Calls that are over, so that late messages do not begin them again (rule 5)."""

    _graves: OrderedDict[str, Grave] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        """Count them."""
        return len(self._graves)

    def get(self, call_id: str) -> Grave | None:
        """Find one."""
        return self._graves.get(call_id)

    def bury(self, grave: Grave) -> None:
        """Keep a call for ten minutes, unless very many come after it."""
        self._graves[grave.call.id] = grave
        self._graves.move_to_end(grave.call.id)
        while (
            len(self._graves) > TOMBSTONES
            or grave.at - next(iter(self._graves.values())).at > TOMBSTONE_AGE
        ):
            self._graves.popitem(last=False)

    def latest(self, count: int) -> Iterator[Grave]:
        """Give those that were buried last, the last first."""
        return islice(reversed(self._graves.values()), count)

    def open(self, call_id: str) -> None:
        """Take a call out again."""
        del self._graves[call_id]


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
