"""Calls that are over, remembered for a while (rules 5 and 11).

They also tell how many calls were missed.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from ..telephony.bounded_map import BoundedMap
from ..telephony.models import Call
from .active_call import ActiveCall

TOMBSTONE_AGE = timedelta(minutes=10)
TOMBSTONES = 4096


@dataclass(slots=True)
class EndedCall:
    """A call that is over; if that was only inferred, it may come back."""

    at: datetime
    view: Call  # as others see it
    call: ActiveCall  # as it was last
    inferred: bool
    unseen: bool = False  # nothing was told of it: its end was heard first, or alone
    missed_in: int | None = None  # in which count of missed calls it is


@dataclass(slots=True)
class Tombstones:
    """The calls that ended last, so that late messages do not begin them again.

    Of those that are forgotten it is known for longer that their end was told: a record may come
    again when its sound is there, and what seemed to be over may go on for hours.
    """

    _ended: OrderedDict[str, EndedCall] = field(default_factory=OrderedDict)
    _told: BoundedMap[None] = field(default_factory=lambda: BoundedMap(TOMBSTONES))

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._ended)

    def get(self, call_id: str) -> EndedCall | None:
        """Return a call that is over, or None if it is not known to be."""
        return self._ended.get(call_id)

    def add(self, ended: EndedCall) -> None:
        """Remember a call for ten minutes, unless very many end after it."""
        self._ended[ended.view.id] = ended
        self._ended.move_to_end(ended.view.id)
        while self._too_many(ended.at):
            call_id, forgotten = self._ended.popitem(last=False)
            if not forgotten.unseen:
                self._told.put(call_id, None)

    def was_told(self, call_id: str) -> bool:
        """Return whether the end of a call that is forgotten was told."""
        return call_id in self._told

    def latest(self, count: int) -> Iterator[EndedCall]:
        """Return the last `count`, the last to end first."""
        return islice(reversed(self._ended.values()), count)

    def inferred(self, count: int) -> Iterator[EndedCall]:
        """Return those of the last `count` that may come back, the last to end first."""
        return (ended for ended in self.latest(count) if ended.inferred)

    def remove(self, call_id: str) -> None:
        """Forget a call that goes on."""
        del self._ended[call_id]

    def _too_many(self, now: datetime) -> bool:
        """Return whether the oldest must go."""
        oldest = next(iter(self._ended.values()))
        return len(self._ended) > TOMBSTONES or now - oldest.at > TOMBSTONE_AGE


@dataclass(slots=True)
class MissedCalls:
    """How many calls were missed since somebody acknowledged them.

    A record may correct a call that was counted, or one may come back: then the count goes down,
    but only if the call is in the present count, and not in one that was acknowledged.
    """

    count: int = 0
    _period: int = 0  # from one acknowledgement to the next

    def set(self, ended: EndedCall, *, missed: bool) -> bool:
        """Count a call as missed, or no more; return whether the count is another now."""
        before = self.count
        if missed and ended.missed_in is None:
            ended.missed_in = self._period
            self.count += 1
        elif not missed and ended.missed_in is not None:
            if ended.missed_in == self._period and self.count:
                self.count -= 1
            ended.missed_in = None
        return self.count != before

    def acknowledge(self) -> bool:
        """Begin anew; return whether there were any."""
        self._period += 1
        any_missed = self.count > 0
        self.count = 0
        return any_missed
