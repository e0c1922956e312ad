"""Read contacts in CSV files.

They are our own, Google's, Outlook's, or plain lists of names and numbers.
"""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .draft import Draft, TypedNumber, UnreadableError
from .entry import NumberKind

MAX_ROWS = 20_000
MAX_CELL = 10_000
MAX_COLUMNS = 500
SEVERAL = ":::"
GUARD = "'"  # makes a spreadsheet take a cell for text
_FORMULA = r"'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]"  # also in full width, and guarded
_START = r"(^|[;\t|][ ]*)"  # of a cell, also where a spreadsheet parts cells at another mark
RUN = re.compile(f"{_START}(?={_FORMULA})")
GUARDED = re.compile(f"{_START}{GUARD}(?={_FORMULA})")

_DELIMITERS = ",;\t"
_DELIMITER_SAID = re.compile(r'\s*"?sep=([,;\t])"?\s*(?:\r\n|\r|\n)', re.IGNORECASE)
_FULL_NAMES = frozenset(
    {
        "name", "full name", "display name", "nome", "nombre", "nom", "jméno", "imię i nazwisko",
        "ім'я", "الاسم", "vollständiger name", "anzeigename",
    }
)  # fmt: skip
_FIRST_NAMES = ("first name", "given name", "vorname", "prénom")
_MIDDLE_NAMES = ("middle name", "additional name")
_LAST_NAMES = ("last name", "family name", "nachname")
_COMPANIES = frozenset(
    {
        "company", "organization name", "organization 1 - name", "organization", "firma", "azienda",
        "entreprise", "société", "empresa", "компанія", "الشركة",
    }
)  # fmt: skip
_GROUPS = frozenset({"groups", "labels", "group membership", "categories", "gruppen", "kategorien"})
_NUMBERS = frozenset(
    {
        "number", "phone", "phone number", "telephone", "telephone number", "mobile",
        "mobile phone", "home phone", "home phone 2", "business phone", "business phone 2",
        "work phone", "other phone", "primary phone", "company main phone", "car phone",
        "assistant's phone", "business fax", "home fax", "other fax", "fax", "telefon",
        "telefonnummer", "rufnummer", "nummer", "mobil", "handy", "telefono", "numero", "cellulare",
        "téléphone", "numéro", "portable", "teléfono", "número", "móvil", "telefone", "celular",
        "komórka", "numer", "číslo", "телефон", "номер", "الهاتف", "رقم الهاتف",
    }
)  # fmt: skip
_NUMBERED = re.compile(r"phone (\d+) - value")
_KINDS = (
    ("fax", NumberKind.FAX),
    ("mobile", NumberKind.MOBILE),
    ("mobil", NumberKind.MOBILE),
    ("handy", NumberKind.MOBILE),
    ("cell", NumberKind.MOBILE),
    ("work", NumberKind.WORK),
    ("business", NumberKind.WORK),
    ("company", NumberKind.WORK),
    ("home", NumberKind.HOME),
)
_NO_GROUPS = frozenset({"* mycontacts", "mycontacts", "* my contacts"})


@dataclass(kw_only=True)
class _Columns:
    """Which columns say what."""

    full: int | None = None
    first: list[int] = field(default_factory=list)
    company: int | None = None
    groups: int | None = None
    numbers: list[tuple[int, int | None]] = field(default_factory=list)
    """Columns of numbers, each with the column of its kind, or None if its heading tells it."""
    headings: list[str] = field(default_factory=list)


def read(text: str) -> list[Draft]:
    """Return the contacts of a file, those without a number too.

    Raises UnreadableError if no columns of names and numbers can be found by their headings.
    """
    rows = _rows(text)
    columns = _columns([cell.strip().casefold() for cell in next(rows, [])[:MAX_COLUMNS]])
    named = columns.full is not None or columns.first or columns.company is not None
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
    """Return which columns say what, by their headings in lower case."""
    found = _Columns(headings=headings)
    for names in (_FIRST_NAMES, _MIDDLE_NAMES, _LAST_NAMES):
        found.first += [place for place, name in enumerate(headings) if name in names][:1]
    for place, name in enumerate(headings):
        numbered = _NUMBERED.fullmatch(name)
        if name in _FULL_NAMES and found.full is None:
            found.full = place
        elif name in _COMPANIES and found.company is None:
            found.company = place
        elif name in _GROUPS and found.groups is None:
            found.groups = place
        elif numbered is not None:
            kinds = {f"phone {numbered[1]} - label", f"phone {numbered[1]} - type"}
            at = next((other for other, text in enumerate(headings) if text in kinds), None)
            found.numbers.append((place, at))
        elif name in _NUMBERS:
            found.numbers.append((place, None))
    return found


def _draft(columns: _Columns, row: Sequence[str]) -> Draft:
    """Return what a row says."""
    full = _cell(row, columns.full)
    parts = [_cell(row, place) for place in columns.first]
    company = _cell(row, columns.company)
    name = full or " ".join(part for part in parts if part)
    return Draft(
        name="" if name == company else name,
        company=company,
        groups=tuple(_groups(_cell(row, columns.groups))),
        numbers=tuple(_numbers(columns, row)),
    )


def _numbers(columns: _Columns, row: Sequence[str]) -> Iterator[TypedNumber]:
    """Give the numbers of a row; Google writes several into one cell."""
    for place, kind_at in columns.numbers:
        word = columns.headings[place] if kind_at is None else _cell(row, kind_at).casefold()
        kind = next((kind for part, kind in _KINDS if part in word), NumberKind.OTHER)
        for number in _cell(row, place).split(SEVERAL):
            if number.strip():
                yield kind, number.strip()


def _groups(cell: str) -> Iterator[str]:
    """Give the groups in a cell."""
    for group in re.split(rf"{SEVERAL}|;|,", cell):
        if group.strip() and group.strip().casefold() not in _NO_GROUPS:
            yield group.strip().removeprefix("* ")


def _cell(row: Sequence[str], place: int | None) -> str:
    """Return a cell; empty where there is none."""
    if place is None or place >= len(row):
        return ""
    # An apostrophe before anything else is the name's: 't Hart.
    return GUARDED.sub(r"\1", row[place].strip()).strip()
