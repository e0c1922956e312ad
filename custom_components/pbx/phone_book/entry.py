"""An entry of the phone book: somebody with several numbers, in groups."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ..telephony import phone_numbers
from ..telephony.errors import InvalidInputError
from ..telephony.numbering_plans import is_mobile
from ..telephony.text import line

VIP = "vip"
BLOCKED = "blocked"
FIXED_GROUPS = (VIP, BLOCKED)

MAX_ENTRIES = 5000
MAX_NUMBERS = 20
MAX_GROUPS = 20
MAX_TEXT = 100
MAX_MESSAGES = 50
"""How many may be marked, so that there is an entity that writes to them."""
ALL_BEHIND = "*"
CODE_STARTS = ("*", "#")

type Json = dict[str, object]


class NumberKind(StrEnum):
    """What kind of connection a number is."""

    MOBILE = "mobile"
    HOME = "home"
    WORK = "work"
    FAX = "fax"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryNumber:
    """A number of an entry.

    `number` is E.164, an extension or a star code; one that ends in `*` stands for all that begin
    with what is before it. `typed` is how a person wrote it.
    """

    number: str
    typed: str = ""
    kind: NumberKind = NumberKind.OTHER

    @property
    def is_beginning(self) -> bool:
        """Return whether this stands for all numbers that begin with it."""
        return self.number.endswith(ALL_BEHIND) and not self.number.startswith(CODE_STARTS)

    @property
    def callable(self) -> bool:
        """Return whether somebody can be reached by voice there."""
        return self.kind is not NumberKind.FAX and not self.is_beginning


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Somebody in the phone book. `messages`: a person wants to write text messages to them."""

    id: str = ""
    name: str = ""
    company: str = ""
    groups: tuple[str, ...] = ()
    numbers: tuple[EntryNumber, ...] = ()
    messages: bool = False

    @property
    def label(self) -> str:
        """Return how the entry is called: its name, else the company."""
        return self.name or self.company

    @property
    def callable_numbers(self) -> tuple[EntryNumber, ...]:
        """Return the numbers that can be called, in the order of the entry."""
        return tuple(number for number in self.numbers if number.callable)

    @property
    def message_number(self) -> str:
        """Return where a text message reaches them: a mobile phone first; empty for nowhere.

        That is what a person called one, else what is one by its number. Codes and extensions are
        no place for a message as long as there is another number.
        """
        numbers = sorted(
            self.callable_numbers,
            key=lambda one: (
                one.kind is not NumberKind.MOBILE,
                not is_mobile(one.number),
                not one.number.startswith("+"),
            ),
        )
        return numbers[0].number if numbers else ""


def read_number(typed: str, country: str, kind: NumberKind = NumberKind.OTHER) -> EntryNumber:
    """Return a number as a person wrote it in a country (ISO code; empty where none is known).

    Raises InvalidInputError for what is not certainly a number.
    """
    text = line(typed, MAX_TEXT)
    bare = phone_numbers.strip(text)
    if bare.endswith(ALL_BEHIND) and not bare.startswith(CODE_STARTS):
        number = beginning(bare.removesuffix(ALL_BEHIND), country) + ALL_BEHIND
    else:
        number = phone_numbers.dialable(text, country, by_hand=True)
    return EntryNumber(number=number, typed=text, kind=kind)


def beginning(typed: str, country: str) -> str:
    """Return the beginning of numbers in international form, as "+4930" for "030" in Germany.

    Raises InvalidInputError where a national beginning could also be something else.
    """
    bare = phone_numbers.beginning(typed, country)
    if bare is None:
        raise InvalidInputError("number", "invalid_number")
    return bare


def clean_groups(groups: Iterable[str]) -> tuple[str, ...]:
    """Return the names of groups, each once; the fixed ones in their own spelling."""
    found: dict[str, str] = {}
    for group in groups:
        name = line(group, MAX_TEXT)
        key = name.casefold()
        if key:
            found.setdefault(key, key if key in FIXED_GROUPS else name)
        if len(found) == MAX_GROUPS:
            break
    return tuple(found.values())


def entry_data(entry: Entry) -> Json:
    """Return an entry as JSON, as it is kept and as the front end gets it.

    Fields that are empty are absent.
    """
    data: Json = {
        "id": entry.id,
        "name": entry.name,
        "company": entry.company,
        "groups": list(entry.groups),
        "numbers": [
            {"number": number.number, "typed": number.typed, "kind": number.kind.value}
            for number in entry.numbers
        ],
        "messages": entry.messages,
    }
    return {key: value for key, value in data.items() if value}


def entry_of(data: Mapping[str, object]) -> Entry:
    """Return the entry that was kept as JSON."""
    rows, groups = data.get("numbers"), data.get("groups")
    listed = rows if isinstance(rows, list) else ()
    found = [_number_of(row) for row in listed if isinstance(row, dict)]
    return Entry(
        id=str(data.get("id", "")),
        name=_text(data.get("name")),
        company=_text(data.get("company")),
        groups=clean_groups(map(_text, groups)) if isinstance(groups, list) else (),
        numbers=tuple(number for number in found if number.number),
        messages=data.get("messages") is True,
    )


def _text(value: object) -> str:
    """Return a text that was kept; empty for what is none."""
    return line(value, MAX_TEXT) if isinstance(value, str) else ""


def _number_of(row: Mapping[str, object]) -> EntryNumber:
    """Return a number that was kept as JSON."""
    kind = str(row.get("kind", ""))
    return EntryNumber(
        number=_text(row.get("number")),
        typed=_text(row.get("typed")),
        kind=NumberKind(kind) if kind in NumberKind else NumberKind.OTHER,
    )
