"""How often to look for calls where nothing is pushed: fast when somebody may call, else slower.

In which hours of the week people call is learnt from the calls themselves; until a week has passed,
any hour may be one. Pure: time is an argument.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

HOURS = 7 * 24
LEARNING = timedelta(days=7)
KEPT = timedelta(days=29)  # the same hour of four weeks, also if it was at its end
AFTER_A_CALL = timedelta(minutes=10)
LITTLE = 0.25  # share of the request budget below which looks are slow, whatever the hour


class Pace(NamedTuple):
    """Seconds between two looks: while somebody may call, and when nobody ever does."""

    quick: float
    slow: float


class OfficeHours:
    """Knows in which hours of the week there were calls of late."""

    def __init__(self) -> None:
        """Start without knowing anything."""
        self._since: datetime | None = None
        self._calls: dict[int, datetime] = {}
        """When the last call was in each hour of the week."""
        self._last: datetime | None = None

    def note_call(self, now: datetime) -> None:
        """Take that there is a call."""
        self._last = now
        self._calls[_hour(now)] = now

    def may_call(self, now: datetime) -> bool:
        """Return whether somebody may call now, by all that is known."""
        self._since = self._since or now
        if now - self._since < LEARNING:
            return True
        if self._last is not None and now - self._last <= AFTER_A_CALL:
            return True
        around = (now - timedelta(hours=1), now, now + timedelta(hours=1))
        for moment in around:
            last = self._calls.get(_hour(moment))
            if last is not None and now - last <= KEPT:
                return True
        return False

    def seconds(self, pace: Pace, now: datetime, spare: float) -> float:
        """Return how long to wait until the next look; `spare` is the share of the budget left."""
        if spare < LITTLE or not self.may_call(now):
            return pace.slow
        return pace.quick


def _hour(moment: datetime) -> int:
    """Return the hour of the week of a moment, in its own zone."""
    return moment.weekday() * 24 + moment.hour
