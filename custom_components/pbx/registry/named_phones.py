"""What a person says of the phones that a phone system lists: a name, a trunk, nobody's phone.

It is about the number, which stays the key everywhere: a name never changes what a phone is known
by.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..telephony.errors import InvalidInputError
from ..telephony.models import Extension
from ..telephony.text import MAX_LINE, line

MAX_NAMED = 2000
LONGEST_NUMBER = 40  # characters

type Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPhone:
    """What a person says of a phone; where nothing is said, the phone system decides."""

    name: str = ""
    trunk: bool | None = None
    hidden: bool = False


NOTHING = NamedPhone()


def read_named(kept: object) -> dict[str, NamedPhone]:
    """Return the phones that a person named, by number, from what an entry keeps."""
    if not isinstance(kept, Mapping):
        return {}
    return {str(number): _read(row) for number, row in list(kept.items())[:MAX_NAMED]}


def _read(row: object) -> NamedPhone:
    """Return one of them; what is no statement says nothing."""
    said = row if isinstance(row, Mapping) else {}
    trunk = said.get("trunk")
    return NamedPhone(
        name=_text(said.get("name")),
        trunk=trunk if isinstance(trunk, bool) else None,
        hidden=said.get("hidden") is True,
    )


def _text(value: object, limit: int = MAX_LINE) -> str:
    """Return a text as one clean line; empty for anything else."""
    return line(value, limit) if isinstance(value, str) else ""


def hidden_in(named: Mapping[str, NamedPhone]) -> frozenset[str]:
    """Return the numbers of the phones that a person hid."""
    return frozenset(number for number, phone in named.items() if phone.hidden)


def shown(found: Iterable[Extension], named: Mapping[str, NamedPhone]) -> list[Extension]:
    """Return the phones as a person named them, without those that are hidden."""
    return [_as_named(one, named) for one in found if not named.get(one.number, NOTHING).hidden]


def _as_named(extension: Extension, named: Mapping[str, NamedPhone]) -> Extension:
    """Return a phone as a person named it."""
    said = named.get(extension.number, NOTHING)
    if said == NOTHING:
        return extension
    trunk = extension.trunk if said.trunk is None else said.trunk
    return replace(extension, name=said.name or extension.name, trunk=trunk)


def rows_of(found: Iterable[Extension], named: Mapping[str, NamedPhone]) -> list[Json]:
    """Return a table of all phones for a person to edit: those found, and those only named."""
    rows: dict[str, Json] = {}
    for one in found:
        said = _as_named(one, named)
        hidden = named.get(one.number, NOTHING).hidden
        rows[one.number] = _row(one.number, said.name, trunk=said.trunk, hidden=hidden)
    for number, phone in named.items():
        if number not in rows:
            trunk = phone.trunk or False
            rows[number] = _row(number, phone.name, trunk=trunk, hidden=phone.hidden)
    return list(rows.values())


def _row(number: str, name: str, *, trunk: bool, hidden: bool) -> Json:
    """Return a row of the table."""
    return {"number": number, "name": name, "trunk": trunk, "hidden": hidden}


def kept_rows(field: str, rows: object, found: Iterable[Extension]) -> dict[str, Json]:
    """Return what is kept of the table: only what is said otherwise than by the phone system.

    A number that was not found is kept for its own sake, so that it is looked for. Raise
    InvalidInputError for the field where a row has no number, or one that came before.
    """
    listed = {one.number: one for one in found}
    kept: dict[str, Json] = {}
    seen: set[str] = set()
    for row in rows if isinstance(rows, Sequence) and not isinstance(rows, str) else ():
        typed = row if isinstance(row, Mapping) else {}
        number = _text(typed.get("number"), LONGEST_NUMBER)
        if not number or number in seen:
            raise InvalidInputError(field, "invalid_row", value=number)
        seen.add(number)
        said = _said(typed, listed.get(number))
        if said or number not in listed:
            kept[number] = said
    return kept


def _said(typed: Mapping[str, object], listed: Extension | None) -> Json:
    """Return what a row says otherwise than the phone system."""
    name, trunk = _text(typed.get("name")), typed.get("trunk") is True
    said: Json = {}
    if name and (listed is None or name != listed.name):
        said["name"] = name
    if trunk is not (listed is not None and listed.trunk):
        said["trunk"] = trunk
    if typed.get("hidden") is True:
        said["hidden"] = True
    return said
