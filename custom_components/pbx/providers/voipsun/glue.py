"""What the glue in a list of channels tells: which pair of Local channels was made for which end.

A `Local/N@context;1` and `;2` are one call inside Asterisk that joins a caller with N. Their rows
are never ends of a call, but tell who called whom when nothing else does: `;2` has the caller and
N, `;1` what was dialled.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import NamedTuple

from ..turns import Steps
from .lines import Line, compared
from .payload import Row

SKEW = 2.0  # seconds by which the ages of two legs that began together may differ
LEGS_A_STEP = 100
BEST_LEGS = 64  # of those that a piece of glue may have been made for


class Tie(NamedTuple):
    """A pair of glue channels; all numbers in their compared form."""

    number: str
    """For whom it was made."""
    callers: frozenset[str]
    """The numbers of whoever it was made by."""
    dialled: frozenset[str]
    """What may have been dialled: by the caller, or on behalf of the number."""
    age: float | None
    """In seconds; None where it is unknown."""


def read_ties(rows: Iterable[Row]) -> tuple[Tie, ...]:
    """Return what the glue in a list tells; both halves of a pair have to be listed."""
    halves: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        if row.glue:
            name, _, half = row.channel.rpartition(";")
            halves[name][half] = row
    return tuple(
        _tie(pair["1"], pair["2"]) for pair in halves.values() if pair.keys() >= {"1", "2"}
    )


def _tie(asking: Row, calling: Row) -> Tie:
    """Return a pair of glue: `asking` is the half for the caller, `calling` that for the number."""
    number = compared(calling.destination)
    near = {compared(asking.source), compared(asking.destination)}
    return Tie(
        number=number,
        callers=frozenset({compared(calling.source), *near} - {number, ""}),
        dialled=frozenset({compared(asking.destination)} - {number, ""}),
        age=calling.duration,
    )


def share_out(
    ties: Sequence[Tie], legs: Sequence[tuple[Row, Line | None]]
) -> Steps[dict[str, Tie]]:
    """Find the glue that was made for each channel: for its number, and when it was made.

    Where one phone rings for several callers, the ages tell which glue is whose. A channel that
    shows the number as its own is rather meant than one that shows it as the other's.
    """
    fitting: list[tuple[float, bool, int, int]] = []
    for place, tie in enumerate(ties):
        fits: list[tuple[float, bool, int, int]] = []
        for number, (row, line) in enumerate(legs):
            if number % LEGS_A_STEP == 0:
                yield
            if _is_for(tie, row, line) and _same_age(row.duration, tie.age):
                apart = abs((row.duration or 0) - (tie.age or 0))
                others = compared(row.source) != tie.number
                fits.append((apart, others, place, number))
        fitting += nsmallest(BEST_LEGS, fits)
    found: dict[str, Tie] = {}
    used: set[int] = set()
    for *_, place, number in sorted(fitting):
        channel = legs[number][0].channel
        if place not in used and channel not in found:
            used.add(place)
            found[channel] = ties[place]
    return found


def _is_for(tie: Tie, row: Row, line: Line | None) -> bool:
    """Return whether glue was made for the number of a channel."""
    if line is not None:
        return line.is_at(tie.number)
    return tie.number in (compared(row.source), compared(row.destination))


def _same_age(one: float | None, other: float | None) -> bool:
    """Return whether two channels may have begun together."""
    return one is None or other is None or abs(one - other) <= SKEW
