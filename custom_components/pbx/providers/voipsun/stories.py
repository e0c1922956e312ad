"""What is remembered of a VoIPSUN call and its channels from one list to the next.

An id is never used again. A channel's name comes again after a restart: then its age is smaller,
or at least not what it would have become, and the numbers are others. A channel that rang and was
picked up since stays the same, because its age may be counted from there.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ...telephony.models import Direction
from .ends import End
from .lines import compared
from .payload import Row

UNKNOWN = datetime.max.replace(tzinfo=UTC)
WHOLE = 1.0  # seconds to which an age is rounded


@dataclass(slots=True, kw_only=True)
class Story:
    """What is remembered about a call while one of its channels is up."""

    id: str
    started_at: datetime | None
    root: str
    """The caller's channel."""
    direction: Direction | None = None
    queue: str | None = None
    answered: bool = False
    answered_in: str = ""
    """The caller's place in the dial plan when that was seen."""
    guessed: bool = False
    """That it was answered: the caller was picked up, perhaps by a menu or a queue."""
    placed: str | None = None
    """The number, if it was this client that asked for the call."""
    called_leg: str
    """For a called phone that is known without a channel of its own."""
    by_itself: bool = False
    """Whether the phone system called its first phone by itself, as for a program."""
    destination: str = ""
    """What the caller showed as dialled while others took part, in its compared form."""
    rang_alone: bool = False
    """Whether the caller from outside heard it ring while no phone was listed."""
    left_by: dict[str, datetime] = field(default_factory=dict)
    """Our phones that took part and left, by SIP user, and when that was seen."""
    size: int = 0
    paired: bool = False
    polls_up_alone: int = 0
    polls_out_of_queue: int = 0


@dataclass(slots=True, kw_only=True)
class Channel:
    """What is remembered about a channel while it is up."""

    leg: str
    story: Story
    user: str = ""
    inside: bool = False
    """Whether it is that of one of our phones."""
    duration: float | None = None
    numbers: tuple[str, str] = ("", "")
    up: bool = False
    began_before: datetime = UNKNOWN

    def note(self, row: Row, now: datetime) -> None:
        """Take note of a list that has this channel."""
        if self.picked_up(row):
            self.began_before = UNKNOWN
        self.numbers, self.up = (row.source, row.destination), row.up
        if row.duration is not None:
            self.duration = row.duration
            self.began_before = min(self.began_before, now - timedelta(seconds=row.duration))

    def picked_up(self, row: Row) -> bool:
        """Return whether the channel was picked up since: from there its age may be counted."""
        return row.up and not self.up and row.source == self.numbers[0]

    def begun_anew(self, row: Row, asked_at: datetime) -> bool:
        """Return whether another channel has this one's name, in a list that was asked for then."""
        if self.duration is None or row.duration is None:
            return False
        if self.picked_up(row):
            return False
        if row.duration < self.duration:
            return True
        later = asked_at - timedelta(seconds=row.duration + WHOLE) > self.began_before
        return later and self.numbers != (row.source, row.destination)


class CallRequest(NamedTuple):
    """A call that this client asked for: to ring one of our phones first, or somebody outside."""

    inside: bool
    user: str | None
    """The SIP user name of the phone, where that is known."""
    number: str
    at: datetime

    def matches(self, root: End) -> bool:
        """Return whether a new call is the one that was asked for.

        The phone that rings may show either number.
        """
        if self.inside is not (root.line is not None):
            return False
        if not self._is_shown(root) and not (
            self.user is not None and (root.by_itself or root.places_call)
        ):
            return False
        return self.user is None or root.line is None or root.line.user == self.user

    def doubt(self, root: End, began: datetime) -> tuple[bool, float]:
        """Return how little speaks for this request among several that match a call.

        One that was asked for before, and of which nothing came, is farther from its beginning.
        """
        return not self._is_shown(root), abs((began - self.at).total_seconds())

    def _is_shown(self, root: End) -> bool:
        """Return whether the phone that rings shows the number."""
        return compared(self.number) in (root.source, root.destination)
