"""Whose number is this: exactly theirs, or the longest beginning that covers it."""

from collections.abc import Iterable
from typing import NamedTuple

from ..telephony import phone_numbers
from .entry import ALL_BEHIND, Entry

MOST_NAMES = 3


class Known(NamedTuple):
    """Who has a number: one entry, or several that share it."""

    entries: tuple[Entry, ...]

    @property
    def name(self) -> str:
        """Return the names of all who share the number, a few at most."""
        names = dict.fromkeys(entry.label for entry in self.entries)
        return ", ".join(list(names)[:MOST_NAMES])

    @property
    def groups(self) -> tuple[str, ...]:
        """Return the groups of all who share the number."""
        return tuple(dict.fromkeys(group for entry in self.entries for group in entry.groups))


class Index:
    """The entries of a phone book by their numbers."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Read the entries once; they do not change."""
        self._exact: dict[str, list[Entry]] = {}
        self._beginnings: dict[str, list[Entry]] = {}
        for entry in entries:
            for number in entry.numbers:
                table = self._beginnings if number.is_beginning else self._exact
                named = table.setdefault(number.number.removesuffix(ALL_BEHIND), [])
                if entry not in named:
                    named.append(entry)
        self._lengths = sorted({len(start) for start in self._beginnings}, reverse=True)

    def find(self, number: str, country: str = "") -> Known | None:
        """Return who has a number, as a phone system sent it or E.164; None for a stranger.

        Who has exactly this number comes before who has its beginning, and a longer beginning
        before a shorter one.
        """
        found = self._find(number)
        if found is None and number and not number.startswith("+"):
            found = self._find(phone_numbers.normalise(number, country))
        return found

    def _find(self, number: str) -> Known | None:
        """Return who has a number that is written as the book writes it."""
        entries = self._exact.get(number)
        for length in self._lengths:
            if entries is not None:
                break
            entries = self._beginnings.get(number[:length]) if len(number) > length else None
        return Known(entries=tuple(entries)) if entries else None
