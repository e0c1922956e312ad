"""Choose numbers: one of them, or all that begin alike."""

from functools import lru_cache
from typing import NamedTuple

from .errors import InvalidInputError
from .phone_numbers import EXTENSION_DIGITS, beginning, dialable, received, same, strip


class NumberFilter(NamedTuple):
    """Numbers that somebody chose: one of them, or all that begin alike.

    `beginnings` are those of E.164 or of numbers that only the phone system understands.
    """

    number: str = ""
    beginnings: tuple[str, ...] = ()

    def matches(self, number: str, country: str = "") -> bool:
        """Return whether a received number is one of them."""
        if self.number:
            return same(self.number, number, country)
        found = received(number, country)
        return bool(found) and found.startswith(self.beginnings)


@lru_cache(maxsize=1024)
def number_filter(text: str, country: str = "", *, field: str = "number") -> NumberFilter:
    """Return a filter for what somebody typed: a number, or its beginning with a "*" behind it.

    `+4930*`, `004930*` and, in Germany, `030*` are all numbers of Berlin; `10*` are extensions.
    Raise InvalidInputError as `dialable` does, and for what no number can ever begin with.
    """
    bare = strip(text)
    if not any(character.isdecimal() for character in bare):
        raise InvalidInputError(field, "invalid_number")
    if not bare.endswith("*") or bare[0] in "*#":
        number = dialable(text, country, field=field, by_hand=True)
        return NumberFilter(number=number)
    bare = bare[:-1]
    full = beginning(bare, country)
    short = bare if bare.isdecimal() and len(bare) < EXTENSION_DIGITS else ""
    found = tuple(start for start in (short, full) if start)
    if not found:
        raise InvalidInputError(field, "invalid_number")
    return NumberFilter(beginnings=found)
