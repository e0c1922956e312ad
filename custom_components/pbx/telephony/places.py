"""Where a number is at home, from the tables of phonenumbers, without asking anybody.

The library's own geocoder reads all its tables at once, which takes seconds and some 200 MB. They
are sorted by the beginnings of numbers, so only the part is read that has a number's beginning, and
of that only the names in one language and in English are kept.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import phonenumbers

LONGEST_BEGINNING = 9
HEAD = 4096  # bytes; the licence and the first line of data are shorter
MAX_TEXT = 100
PARTS_KEPT = 12
NUMBERS_KEPT = 100
ENGLISH = "en"
PACKAGE = "phonenumbers.geodata"
_FIRST = re.compile(r"^\s*'([0-9]+)':", re.MULTILINE)

type Part = Mapping[str, str]


class Place(NamedTuple):
    """Where a number is at home: the ISO code of the country, and the town or region if known."""

    country: str = ""
    town: str = ""


NOWHERE = Place()


def country_of(number: str) -> str:
    """Return the ISO code of the country of a number in international form; empty for others."""
    import phonenumbers  # noqa: PLC0415 - loaded before the first account

    parsed = _parsed(number)
    country = "" if parsed is None else phonenumbers.region_code_for_number(parsed) or ""
    return country if country.isalpha() else ""  # networks that belong to no country have digits


def has_town(number: str) -> bool:
    """Return whether a number belongs to a town or region, as a mobile one does not."""
    import phonenumbers  # noqa: PLC0415

    parsed = _parsed(number)
    if parsed is None:
        return False
    kind = phonenumbers.number_type(parsed)
    return phonenumbers.is_number_type_geographical(kind, parsed.country_code or 0)


@lru_cache(maxsize=NUMBERS_KEPT)
def _parsed(number: str) -> phonenumbers.PhoneNumber | None:
    """Return a number in international form as the library reads it; None for another one.

    Whoever asks where a number is at home asks twice: for the country, and whether it has a town.
    """
    import phonenumbers  # noqa: PLC0415

    if not number.startswith("+"):
        return None
    try:
        return phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None


class Tables:
    """The library's tables of towns, of which `read` gives one part at a time. It blocks."""

    def __init__(self, language: str) -> None:
        """Find the parts; `language` is that of the names, as Home Assistant writes it."""
        self._language = language.partition("-")[0].lower()
        self._starts: list[str] = []
        self._files: list[Path] = []
        found = [(first, path) for path in _files() if (first := _first_of(path))]
        for first, path in sorted(found):
            self._starts.append(first)
            self._files.append(path)

    def parts_for(self, number: str) -> tuple[str, ...]:
        """Return which parts may have a beginning of a number; it is quick."""
        digits = number.removeprefix("+")
        ends = range(min(LONGEST_BEGINNING, len(digits)), 0, -1)
        found = (bisect_right(self._starts, digits[:end]) - 1 for end in ends)
        return tuple(dict.fromkeys(self._files[part].stem for part in found if part >= 0))

    def read(self, part: str) -> Part:
        """Return the towns of a part by the beginnings of their numbers."""
        return _read(self._files[0].with_stem(part), self._language)


@lru_cache(maxsize=PARTS_KEPT)
def _read(path: Path, language: str) -> Part:
    """Return the towns of a file by the beginnings of their numbers."""
    spec = spec_from_file_location(f"{PACKAGE}.{path.stem}", path)
    if spec is None or spec.loader is None:
        return {}
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    towns: dict[str, str] = {}
    for beginning, names in module.data.items():
        name = names.get(language) or names.get(ENGLISH)
        if name:
            towns[beginning] = str(name)[:MAX_TEXT]
    return towns


def town_in(parts: Iterable[Part], number: str) -> str:
    """Return the town of a number by its longest beginning; empty where the parts name none."""
    known = tuple(parts)
    digits = number.removeprefix("+")
    for end in range(min(LONGEST_BEGINNING, len(digits)), 0, -1):
        for part in known:
            if town := part.get(digits[:end]):
                return town
    return ""


def _files() -> list[Path]:
    """Return the files of the library's tables; none where it comes without them."""
    import phonenumbers  # noqa: PLC0415

    return list((Path(phonenumbers.__file__).parent / "geodata").glob("data*.py"))


def _first_of(path: Path) -> str:
    """Return the first beginning that a file has."""
    with path.open(encoding="utf-8") as file:
        found = _FIRST.search(file.read(HEAD))
    return "" if found is None else found[1]
