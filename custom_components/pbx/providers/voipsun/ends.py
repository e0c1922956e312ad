"""One end of a VoIPSUN call: a row of the list, and what can be told of it without any other."""

from collections.abc import Iterable
from typing import NamedTuple

from .glue import Tie
from .lines import Line, compared
from .payload import CALLED, CALLING, Row

ITSELF = "s"  # the extension of Asterisk's dialplan where nothing was dialled


class End(NamedTuple):
    """A row with what is known about it: `line` is our phone, None for the outside."""

    row: Row
    line: Line | None
    source: str
    """In its compared form, as `destination`; empty where it tells nothing."""
    destination: str
    from_us: bool
    dialled: Line | None
    """Our phone whose number was dialled."""
    left_alone: bool
    """By the other side of its call."""
    parked: bool = False
    """Left alone while it was talking, and not sent to another number since."""
    tie: Tie | None = None
    """The glue that was made for this end."""
    waits: bool = False
    """Picked up since somebody looks, and nobody was called for this end yet, as in a queue."""

    @property
    def to_us(self) -> bool:
        """Whether the number of one of our phones was dialled."""
        return self.dialled is not None

    @property
    def keys(self) -> Iterable[str]:
        """What another leg of the same call has in common with this one."""
        yield "/".join(sorted((self.source, self.destination)))
        yield self.source
        yield self.destination or self.source
        if self.tie is not None:
            yield from self.tie.callers | self.tie.dialled
        if self.line is not None:
            yield from self.line.numbers
        if self.by_itself:
            yield compared(self.row.account_code)

    @property
    def comes_in(self) -> bool:
        """Whether somebody outside calls, and hears it ring."""
        return self.line is None and self.row.status in CALLING

    @property
    def rings(self) -> bool:
        """Whether this end is called and has not been picked up."""
        return self.row.status in CALLED

    @property
    def shows_itself(self) -> bool:
        """Whether the source is this phone's own number."""
        return self.line is not None and self.line.is_at(self.source)

    @property
    def shows_own_destination(self) -> bool:
        """Whether the destination is this phone's own number."""
        return self.line is not None and self.line.is_at(self.destination)

    @property
    def answered_blankly(self) -> bool:
        """Whether a phone talks that was called, and shows nothing but itself."""
        return self.row.up and self.shows_itself and not self.destination and not self.by_itself

    @property
    def by_itself(self) -> bool:
        """Whether the phone system called this phone by itself, and not for a caller."""
        return self.line is not None and self.row.destination.lower() == ITSELF

    @property
    def places_call(self) -> bool:
        """Whether a phone rings for a call that it places by a program, if nobody calls it."""
        if self.line is None or not self.rings or not self.shows_itself:
            return False
        return self.by_itself or self.shows_own_destination

    def calls(self) -> bool | None:
        """Return whether this end is the calling one; None where nothing speaks for either."""
        if self.row.status in CALLING:
            return True
        if self.rings or self.answered_blankly:
            return False
        if self.line is not None:
            return self._own_number_calls(self.line)
        if self.from_us:
            return False
        return True if self.to_us else None

    def _own_number_calls(self, line: Line) -> bool | None:
        """Return whether a phone's own number is the source; None where it is both or neither."""
        code = compared(self.row.account_code)
        is_source = line.is_at(self.source, code)
        return None if is_source == line.is_at(self.destination, code) else is_source
