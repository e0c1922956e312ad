"""Calls that are over, remembered for a while (rules 5 and 10)."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from ..telephony.models import Call
from .active_call import LiveCall

TOMBSTONE_AGE = timedelta(minutes=10)
TOMBSTONES = 4096


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
