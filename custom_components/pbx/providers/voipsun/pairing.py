"""Which two channels of a VoIPSUN PBX are one call: how sure it is that one end called the other.

A row of the list says nothing about which other rows belong to its call, so numbers, ages and
states have to tell.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ...telephony.phone_numbers import EXTENSION_DIGITS, is_extension
from .lines import Line, compared
from .payload import CALLED, CALLING, Row

SKEW = 2.0  # seconds by which the ages of two legs that began together may differ
RING_TIME = 60.0  # seconds for which an extension rings at most
CERTAIN, LIKELY, WEAK = 0, 1, 2  # how much speaks for two legs being one call
CANDIDATES = 32
MAX_ROWS = 4_000

type Edge = tuple[int, int, float, bool, int, int, int]
"""Rank, doubt, difference of age, whether the called one is older, channels apart, caller, called.

The smaller, the surer; caller and called are positions in the list.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
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

    @property
    def to_us(self) -> bool:
        """Whether the number of one of our phones was dialled."""
        return self.dialled is not None

    @property
    def keys(self) -> tuple[str, ...]:
        """What another leg of the same call has in common with this one."""
        both = "/".join(sorted((self.source, self.destination)))
        return both, self.source, self.destination or self.source

    def calls(self) -> bool | None:
        """Return whether this end is the calling one; None where nothing speaks for either."""
        if self.row.status in CALLING:
            return True
        if self.row.status in CALLED:
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


def pairs(ends: Sequence[End], fresh: Sequence[int]) -> set[Edge]:
    """Return all pairs of caller and called with at least one new row; `fresh` are their places."""
    index: dict[str, list[int]] = defaultdict(list)
    for place, end in enumerate(ends):
        for key in end.keys:
            if len(index[key]) < CANDIDATES:
                index[key].append(place)
    edges: set[Edge] = set()
    for place in fresh:
        others = {other for key in ends[place].keys for other in index[key]}
        for other in others - {place}:
            edges |= _edges(ends, place, other)
            edges |= _edges(ends, other, place)
    return edges


def _edges(ends: Sequence[End], caller: int, called: int) -> set[Edge]:
    """Return what joins a caller with one that was called; nothing where they are two calls."""
    root, leg = ends[caller], ends[called]
    rank = _rank(root, leg)
    if rank is None:
        return set()
    age = older_by(root.row, leg.row)
    apart = _apart(root.row, leg.row)
    return {(rank, _doubt(root, leg), abs(age), age < 0, apart, caller, called)}


def older_by(one: Row, other: Row) -> float:
    """Return by how many seconds one channel is older than the other; 0 where an age is unknown."""
    if one.duration is None or other.duration is None:
        return 0.0
    return one.duration - other.duration


def _doubt(root: End, leg: End) -> int:
    """Return how much speaks against one end having called the other."""
    order = int(root.calls() is False) + int(leg.calls() is True)
    order -= int(root.calls() is True or leg.calls() is False)
    if leg.row.up and not root.row.up:
        order += 1  # whoever was answered does not hear it ring
    if root.dialled is None or leg.line is None:
        return order
    return order - 1 if root.dialled.number == leg.line.number else order + 1


def _apart(root: Row, leg: Row) -> int:
    """Return how many channels were made between two; a called one is made after its caller."""
    if root.number is None or leg.number is None or leg.number < root.number:
        return MAX_ROWS
    return leg.number - root.number


def _rank(root: End, leg: End) -> int | None:
    """Return how sure it is that one end has called the other; None when it has not."""
    if root.row.status in CALLED or leg.row.status in CALLING:
        return None
    if root.line is None and leg.line is None:
        rank = _outside_rank(root, leg)
    elif root.line is not None and leg.line is not None and root.line.user == leg.line.user:
        return None
    else:
        rank = _inside_rank(root, leg)
    age = older_by(root.row, leg.row)
    if rank == WEAK and age > SKEW + RING_TIME:
        return None
    # Whoever waits in a queue is older than the phone that answers by any time.
    return None if age < -SKEW else rank


def _outside_rank(root: End, leg: End) -> int | None:
    """Judge two outside legs: in on one trunk and out on another.

    Two callers of one number are two calls.
    """
    if not root.source or root.source != leg.source:
        return None
    return WEAK if root.destination != leg.destination or leg.row.status in CALLED else None


def _inside_rank(root: End, leg: End) -> int | None:
    """Judge two legs of which at least one is a phone of ours."""
    same_source = _alike(root.source, leg.source)
    same_destination = _alike(root.destination, leg.destination)
    back = _alike(root.source, leg.destination)
    itself = _alike(root.destination, leg.source)
    if (same_source and same_destination) or (back and itself):
        return CERTAIN
    if same_source:
        return _same_source_rank(root, leg)
    if back or (itself and not leg.destination):
        return WEAK
    # An outgoing call that shows another number; a short number is dialled by many.
    if same_destination and leg.line is None and len(root.destination) > EXTENSION_DIGITS:
        return WEAK
    return WEAK if _is_hidden_caller_of(root, leg) else None


def _is_hidden_caller_of(root: End, leg: End) -> bool:
    """Return whether a caller from outside, who shows no number, may ring a phone."""
    no_numbers = not root.source and not leg.source
    return no_numbers and root.line is None and _can_ring_for(leg)


def _alike(one: str, other: str) -> bool:
    """Return whether two numbers, in their compared form, are known and the same."""
    return bool(one) and one == other


def _same_source_rank(root: End, leg: End) -> int | None:
    """Judge two legs with one caller: many lines may show one number, so the dialled one counts."""
    if leg.line is None:
        dialled_inside = not root.destination or is_extension(root.destination)
        return LIKELY if dialled_inside or not leg.destination else None
    if leg.line.is_at(leg.source):
        return None  # it rings because a call was asked for, not because of a caller
    if root.line is None and not root.from_us:
        return LIKELY
    if root.left_alone:
        return LIKELY if leg.calls() is False else None  # whoever stayed is being handed over
    if root.line is None or not _can_ring_for(leg) or not _can_ring_for(root):
        return None
    # One phone sent the call on to another; a group has a number of its own.
    return WEAK if root.to_us else LIKELY


def _can_ring_for(phone: End) -> bool:
    """Return whether a phone's leg names something inside, as one that is called does."""
    return not phone.destination or is_extension(phone.destination) or phone.to_us
