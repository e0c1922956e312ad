"""Write the phone book as a file for another program."""

import csv
import io
import re
from collections.abc import Iterable

from .entry import Entry, NumberKind
from .spreadsheet import GUARD, RUN, SEVERAL, SYSTEM

_SPECIAL = re.compile(r"([\\;,])")
_LINE = 75  # bytes of a line in a vCard
_TYPES = {
    NumberKind.MOBILE: "cell",
    NumberKind.HOME: "home",
    NumberKind.WORK: "work",
    NumberKind.FAX: "fax",
    NumberKind.OTHER: "voice",
}


def to_vcard(entries: Iterable[Entry]) -> str:
    """Return the entries as vCards of version 4.0."""
    lines: list[str] = []
    for entry in entries:
        lines += ["BEGIN:VCARD", "VERSION:4.0", f"FN:{_escaped(entry.label)}"]
        if entry.company:
            lines.append(f"ORG:{_escaped(entry.company)}")
        if entry.groups:
            lines.append("CATEGORIES:" + ",".join(_escaped(group) for group in entry.groups))
        lines += [
            f"TEL;TYPE={_TYPES[number.kind]}:{_escaped(number.number)}" for number in entry.numbers
        ]
        lines.append("END:VCARD")
    return "".join(f"{_folded(line)}\r\n" for line in lines)


def to_csv(entries: Iterable[Entry]) -> str:
    """Return the entries as CSV with the headings that Google's contacts have.

    A cell that a spreadsheet would run as a formula gets an apostrophe before it.
    """
    entries = tuple(entries)
    most = max((len(entry.numbers) for entry in entries), default=0)
    headings = ["Name", "Organization Name", "Labels"]
    for place in range(1, most + 1):
        headings += [f"Phone {place} - Label", f"Phone {place} - Value"]
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(headings)
    for entry in entries:
        row = [entry.name, entry.company, f" {SEVERAL} ".join(map(_label, entry.groups))]
        for number in entry.numbers:
            row += [number.kind.value, number.number]
        row += [""] * (len(headings) - len(row))
        writer.writerow([_harmless(cell) for cell in row])
    return text.getvalue()


def _label(group: str) -> str:
    """Return a group as one of Google's labels, that is read as one and under its own name."""
    own = re.sub(rf"\s*{SEVERAL}\s*", SEVERAL, group)
    return f"{SYSTEM}{own}" if own.startswith(SYSTEM) else own


def _harmless(cell: str) -> str:
    """Return a cell that a spreadsheet shows and does not run, wherever it begins a cell."""
    return RUN.sub(rf"\1{GUARD}", cell)


def _escaped(text: str) -> str:
    """Return a text as it stands in a vCard."""
    return _SPECIAL.sub(r"\\\1", text)


def _folded(line: str) -> str:
    """Return a line in pieces of at most 75 bytes, never within a letter."""
    pieces: list[str] = []
    piece, size = "", 0
    for letter in line:
        width = len(letter.encode())
        if size + width > _LINE:
            pieces.append(piece)
            piece, size = "", 1  # the blank that marks the next piece
        piece += letter
        size += width
    return "\r\n ".join([*pieces, piece])
