"""The times into which no list of calls has looked, so that a short ring may have come and gone.

Pure: time is an argument.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

SHORT_RING = timedelta(seconds=4.5)  # a ring of five seconds, and a list that is a little late
WRITTEN_AFTER = timedelta(seconds=45)  # until a call that is over is in the history
SELDOM = timedelta(minutes=5)  # between two questions

type Span = tuple[datetime, datetime]


class Gaps:
    """Knows for which time the history has to be asked what lists could not see."""

    def __init__(self) -> None:
        """Start without a gap: what was before is nobody's business."""
        self._last: tuple[datetime, bool] | None = None
        self._gap: Span | None = None
        self._not_before: datetime | None = None
        self.on_gap: Callable[[], None] = lambda: None
        """Hears that there is something to ask for."""

    @property
    def pending(self) -> bool:
        """Return whether there is something to ask for, now or later."""
        return self._gap is not None

    def note_list(self, asked_at: datetime, *, pushed: bool) -> None:
        """Note a list of calls; `pushed` is whether every call is told of anyway."""
        last, self._last = self._last, (asked_at, pushed)
        if last is None or (last[1] and pushed) or asked_at - last[0] <= SHORT_RING:
            return
        begin = last[0] if self._gap is None else self._gap[0]
        self._gap = (begin, asked_at)
        self.on_gap()

    def take(self, now: datetime) -> Span | None:
        """Return the time to ask for, once the calls in it are written down; None if none is due.

        The rest of it, which may not be written down yet, is asked for later.
        """
        gap, written = self._gap, now - WRITTEN_AFTER
        if gap is None or gap[0] > written:
            return None
        if self._not_before is not None and now < self._not_before:
            return None
        self._not_before = now + SELDOM
        self._gap = (written, gap[1]) if gap[1] > written else None
        return (gap[0], min(gap[1], written))

    def put_back(self, span: Span) -> None:
        """Ask again later for a time for which the history could not be asked."""
        self._gap = (span[0], span[1] if self._gap is None else self._gap[1])
