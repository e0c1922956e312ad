"""Read a file of another program.

What is certain becomes entries, and a person is told the rest.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ..telephony import phone_numbers
from ..telephony.errors import InvalidInputError
from ..telephony.text import line
from . import fritzbox, spreadsheet, vcard
from .draft import Draft, UnreadableError
from .entry import (
    MAX_NUMBERS,
    MAX_TEXT,
    Entry,
    EntryNumber,
    NumberKind,
    clean_groups,
    read_number,
)
from .formats import MAX_FILE, TOO_MANY, Format

_LETTERS = re.compile(r"[^\W\d_]")
_EXPONENT = re.compile(r"[0-9][.,]?[0-9]*[eE]\+?[0-9]+")
_SHORT = 6
_MOST_READ = 5 * MAX_NUMBERS  # of one entry


class Problem(StrEnum):
    """Why a number of a file is not taken."""

    LETTERS = "letters"
    SPREADSHEET = "spreadsheet"
    INCOMPLETE = "incomplete"
    NOT_A_NUMBER = "not_a_number"
    NO_NAME = "no_name"
    TOO_MANY = TOO_MANY


READERS: Mapping[Format, Callable[[str], list[Draft]]] = {
    Format.VCARD: vcard.read,
    Format.CSV: spreadsheet.read,
    Format.FRITZBOX: fritzbox.read,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertain:
    """A number that a person has to look at, as the file has it."""

    name: str
    number: str
    problem: Problem


class Import(NamedTuple):
    """What is in a file."""

    entries: tuple[Entry, ...]
    uncertain: tuple[Uncertain, ...]
    without_number: int


def read(text: str, kind: Format, country: str) -> Import:
    """Return what is in a file whose national numbers belong to a country (ISO code, may be empty).

    Raises UnreadableError for a file of another kind, or one of more than MAX_FILE characters.
    """
    if len(text) > MAX_FILE:
        raise UnreadableError
    entries: list[Entry] = []
    uncertain: list[Uncertain] = []
    without_number = 0
    readable = text.encode(errors="replace").decode()  # without halves of characters
    for draft in READERS[kind](readable.removeprefix("\ufeff")):
        numbers: dict[str, EntryNumber] = {}
        name = line(draft.name, MAX_TEXT)
        company = line(draft.company, MAX_TEXT)
        for number_kind, typed in draft.numbers[:_MOST_READ]:
            found = _number(typed, number_kind, country)
            problem = Problem.TOO_MANY
            if isinstance(found, Problem):
                problem = found
            elif not (name or company):
                problem = Problem.NO_NAME
            elif found.number in numbers or len(numbers) < MAX_NUMBERS:
                numbers.setdefault(found.number, found)
                continue
            uncertain.append(
                Uncertain(name=name or company, number=line(typed, MAX_TEXT), problem=problem)
            )
        if not draft.numbers:
            without_number += 1
        if numbers:
            entries.append(
                Entry(
                    name=name,
                    company=company,
                    groups=clean_groups(draft.groups),
                    numbers=tuple(numbers.values()),
                )
            )
    return Import(entries=tuple(entries), uncertain=tuple(uncertain), without_number=without_number)


def _number(typed: str, kind: NumberKind, country: str) -> EntryNumber | Problem:
    """Return a number of a file, or why it is not certain which one is meant."""
    text = line(typed, MAX_TEXT)
    bare = phone_numbers.strip(text)
    if _EXPONENT.fullmatch(bare):
        return Problem.SPREADSHEET
    if _LETTERS.search(bare):
        return Problem.LETTERS
    if _lacks_its_beginning(bare, country):
        return Problem.INCOMPLETE
    try:
        return read_number(text, country, kind)
    except InvalidInputError:
        return Problem.NOT_A_NUMBER


def _lacks_its_beginning(bare: str, country: str) -> bool:
    """Return whether a leading 0 or plus was lost, or the area code was never written.

    Where people write a leading 0 nobody can tell which of these it is.
    """
    if len(bare) <= _SHORT or not re.fullmatch(r"[1-9][0-9]*", bare):
        return False
    return not country or phone_numbers.lacks_zero(bare, country)
