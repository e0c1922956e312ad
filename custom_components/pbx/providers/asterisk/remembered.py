"""What is known of channels and calls of an Asterisk that are not there: yet, or any more."""

from dataclasses import dataclass, field
from typing import NamedTuple

from ...telephony import models as m
from ...telephony.bounded_map import BoundedMap

REMEMBERED = 2048


class Past(NamedTuple):
    """A call that is over."""

    told: bool
    """Whether anything was told of it; of a code that picks up another call nothing is."""
    watched: bool
    """Whether its events came from its beginning to its end."""


@dataclass(slots=True)
class Remembered:
    """Knows channels by their Uniqueids, and calls by their ids."""

    placed: BoundedMap[tuple[str, m.Party]] = field(default_factory=lambda: BoundedMap(REMEMBERED))
    """Which extension calls whom with a channel that is about to be placed."""
    joining: BoundedMap[str] = field(default_factory=lambda: BoundedMap(REMEMBERED))
    """For which call a phone is about to be rung."""
    ignored: BoundedMap[None] = field(default_factory=lambda: BoundedMap(REMEMBERED))
    """What is no part of a call: it listens to one."""
    gone: BoundedMap[str] = field(default_factory=lambda: BoundedMap(REMEMBERED))
    """To which call a channel has belonged that is not there any more."""
    past: BoundedMap[Past] = field(default_factory=lambda: BoundedMap(REMEMBERED))
    """The calls that are over."""

    def fresh_id(self, linked: str) -> str:
        """Return the id of a call that begins: the Linkedid, unless an earlier call had the same.

        Where the clock of the machine is reset by a restart, Asterisk gives its ids once more.
        """
        call_id, life = linked, 1
        while call_id in self.past:
            life += 1
            call_id = f"{linked}#{life}"
        return call_id
