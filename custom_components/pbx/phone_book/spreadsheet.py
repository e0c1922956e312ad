"""Read contacts in CSV files.

They are our own, Google's, Outlook's, or plain lists of names and numbers.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from . import headings as names
from .draft import Draft, TypedNumber, UnreadableError
from .entry import MAX_TEXT

MAX_ROWS = 20_000
MAX_CELL = 10_000
MAX_COLUMNS = 500
SEVERAL = ":::"
GUARD = "'"  # makes a spreadsheet take a cell for text
_FORMULA = r"'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]"  # also in full width, and guarded
_START = r"(^|[;\t|][ ]*)"  # of a cell, also where a spreadsheet parts cells at another mark
RUN = re.compile(f"{_START}(?={_FORMULA})")
GUARDED = re.compile(f"{_START}{GUARD}(?={_FORMULA})")
_TEXT = re.compile(r"""^(?:'|="(.*)"$)""")  # how people keep a spreadsheet from a leading 0

_DELIMITERS = ",;\t"
_DELIMITER_SAID = re.compile(r'\s*"?sep=([,;\t])"?\s*(?:\r\n|\r|\n)', re.IGNORECASE)
_NUMBERED = re.compile(r"phone (\d+) - value")
SYSTEM = "* "  # before a label that Google made itself
_BETWEEN_LABELS = re.compile(rf"\s{SEVERAL}\s")
_BETWEEN_GROUPS = re.compile(rf"{SEVERAL}|;|,")
_NO_GROUPS = frozenset({"* mycontacts", "mycontacts", "* my contacts"})


@dataclass(kw_only=True)
class _Columns:
    """Which columns say what."""

    full: int | None = None
    parts: list[int] = field(default_factory=list)
    company: int | None = None
    groups: int | None = None
    numbers: list[tuple[int, int | None]] = field(default_factory=list)
    """Columns of numbers, each with the column of its kind, or None if its heading tells it."""
    headings: list[str] = field(default_factory=list)
    google: bool = False
    """Whether numbers are numbered, as Google does: then a group may have a comma in it."""


def read(text: str) -> list[Draft]:
    """Return the contacts of a file, those without a number too.

    Raises UnreadableError if no columns of names and numbers can be found by their headings.
    """
    rows = _rows(text)
    columns = _columns([names.plain(cell[:MAX_TEXT]) for cell in next(rows, [])[:MAX_COLUMNS]])
    named = columns.full is not None or columns.parts or columns.company is not None
    if not named or not columns.numbers:
        raise UnreadableError
    return [_draft(columns, row) for row in rows if any(cell.strip() for cell in row)]


def _rows(text: str) -> Iterator[list[str]]:
    """Give the rows of a file, whatever mark is between its cells."""
    text = text.removeprefix("\ufeff").lstrip("\r\n")
    said = _DELIMITER_SAID.match(text)
    if said is not None:
        text = text[said.end() :]
    heading = re.match(r"[^\r\n]*", text)
    delimiter = said[1] if said else max(_DELIMITERS, key=(heading[0] if heading else "").count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for count, row in enumerate(reader):
            if count > MAX_ROWS:
                return
            yield [cell[:MAX_CELL] for cell in row]
    except csv.Error as err:
        raise UnreadableError from err


def _columns(headings: list[str]) -> _Columns:
    """Return which columns say what, by their plain headings."""
    parts = [
        names.first_in(headings, known)
        for known in (names.FIRST_NAMES, names.MIDDLE_NAMES, names.LAST_NAMES)
    ]
    first, _, last = parts
    full, name = names.first_in(headings, names.FULL_NAMES), names.first_in(headings, names.NAMES)
    # "Nom" is the family's name beside "Prénom", and "Nome" the given one beside "Cognome".
    if first is None and last is not None:
        parts[0] = name
    elif last is None and first is not None:
        parts[2] = name
    elif full is None:
        full = name
    found = _Columns(
        headings=headings,
        full=full,
        parts=[place for place in parts if place is not None],
        company=names.first_in(headings, names.COMPANIES),
        groups=names.first_in(headings, names.GROUPS),
    )
    for place, heading in enumerate(headings):
        numbered = _NUMBERED.fullmatch(heading)
        if numbered is not None:
            kinds = frozenset({f"phone {numbered[1]} - label", f"phone {numbered[1]} - type"})
            found.numbers.append((place, names.first_in(headings, kinds)))
            found.google = True
        elif names.is_number(heading):
            found.numbers.append((place, None))
    return found


def _draft(columns: _Columns, row: Sequence[str]) -> Draft:
    """Return what a row says."""
    full = _cell(row, columns.full)
    parts = [_cell(row, place) for place in columns.parts]
    company = _cell(row, columns.company)
    name = full or " ".join(part for part in parts if part)
    return Draft(
        name="" if name == company else name,
        company=company,
        groups=tuple(_groups(_cell(row, columns.groups), google=columns.google)),
        numbers=tuple(_numbers(columns, row)),
    )


def _numbers(columns: _Columns, row: Sequence[str]) -> Iterator[TypedNumber]:
    """Give the numbers of a row; Google writes several into one cell."""
    for place, kind_at in columns.numbers:
        word = (
            columns.headings[place]
            if kind_at is None
            else names.plain(_cell(row, kind_at)[:MAX_TEXT])
        )
        for cell in _cell(row, place).split(SEVERAL):
            number = _TEXT.sub(r"\1", cell.strip()).strip()
            if number:
                yield names.kind_of(word), number


def _groups(cell: str, *, google: bool) -> Iterator[str]:
    """Give the groups in a cell, of Google's contacts or of others."""
    for group in (_BETWEEN_LABELS if google else _BETWEEN_GROUPS).split(cell):
        if group.strip() and group.strip().casefold() not in _NO_GROUPS:
            yield group.strip().removeprefix(SYSTEM)


def _cell(row: Sequence[str], place: int | None) -> str:
    """Return a cell; empty where there is none."""
    if place is None or place >= len(row):
        return ""
    # An apostrophe before anything else is the name's: 't Hart.
    return GUARDED.sub(r"\1", row[place].strip()).strip()
