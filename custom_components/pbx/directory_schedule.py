"""When the directory of a phone system is read: at its own pace, and for a phone it does not have.

Pure: time is an argument.
"""

from datetime import datetime, timedelta

from .registry.call_registry import CallRegistry
from .registry.changes import Changes, KeyKind

FIRST_RETRY = 15  # seconds
MAX_UNLISTED = 1000


class DirectorySchedule:
    """Knows when the directory is due, and for which phones it was read."""

    def __init__(self) -> None:
        """Initialize for a directory that was never read: it is due."""
        self._due: datetime | None = None
        self._asked: datetime | None = None
        """When it was due as it was asked for."""
        self._retry: float = FIRST_RETRY
        self._unlisted: set[str] = set()

    @property
    def known(self) -> bool:
        """Return whether it was read before."""
        return self._due is not None

    def is_due(self, now: datetime) -> bool:
        """Return whether it has to be read now."""
        return self._due is None or now >= self._due

    def want(self, now: datetime) -> None:
        """Have it read with the next poll."""
        self._due = now

    def begin(self) -> None:
        """Take that it is asked for now."""
        self._asked = self._due

    def done(self, now: datetime, interval: float) -> None:
        """Take that it was read; it is due again after an interval, in seconds."""
        self._retry = FIRST_RETRY
        self._wait(now, interval)

    def failed(self, now: datetime, interval: float, retry_after: float) -> None:
        """Take that it could not be read; it is due again after a while that grows each time.

        It is no shorter than the phone system asks for, and grows up to the interval; all are
        seconds.
        """
        self._wait(now, max(self._retry, retry_after))
        self._retry = min(2 * self._retry, interval)

    def _wait(self, now: datetime, seconds: float) -> None:
        """Set when it is due next, unless somebody wanted it while it was read."""
        if self._due is self._asked:
            self._due = now + timedelta(seconds=seconds)

    def note_unlisted(self, changes: Changes, registry: CallRegistry, now: datetime) -> bool:
        """Return whether there is a call at a phone that the directory does not have.

        It is then due, once for each such phone.
        """
        if self._due is None or len(self._unlisted) >= MAX_UNLISTED:
            return False
        unlisted: set[str] = set()
        for kind, identity in changes.keys:
            if kind is KeyKind.EXTENSION and identity not in registry.extensions:
                unlisted |= self._new_of(str(identity), registry)
        if not unlisted:
            return False
        self._unlisted |= unlisted
        self._due = now
        return True

    def _new_of(self, number: str, registry: CallRegistry) -> set[str]:
        """Return the number of a phone that has a call and was not noticed before, or nothing."""
        if number in self._unlisted or not registry.calls_of(number):
            return set()
        return {number}
