"""Phone numbers, over the phonenumbers library: E.164 where that is possible, untouched where it is not.

Extensions, star codes and hidden callers stay what they are.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from .errors import InvalidInputError

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

HIDDEN = frozenset(
    {"", "anonymous", "unknown", "private", "restricted", "unavailable", "withheld", "asserted"}
)
EXTENSION_DIGITS = 6
COMPARED_DIGITS = 9

_SEPARATORS = re.compile(r"[\s\-./()\u00a0]+")
_CODE = re.compile(r"[*#][0-9*#]{1,30}|[0-9]{1,6}")
_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_WITHOUT_PLUS = re.compile(r"[1-9][0-9]{6,14}")


@lru_cache(maxsize=4096)
def is_hidden(number: str) -> bool:
    """Tell whether a caller number says only that there is none."""
    return strip(number).lower() in HIDDEN


def is_extension(number: str) -> bool:
    """Tell whether a number is one that only this phone system understands."""
    return bool(_CODE.fullmatch(number))


def strip(number: str) -> str:
    """Remove `tel:`, parameters and the marks people write between digits."""
    number = number.strip()
    if number[:4].lower() == "tel:":
        number = number[4:].split(";")[0]
    return _SEPARATORS.sub("", number)


def load() -> None:
    """Import the library and its tables of all countries, which takes a while: call it where blocking is allowed."""
    import phonenumbers  # noqa: PLC0415

    phonenumbers.PhoneMetadata.load_all()


@lru_cache(maxsize=4096)
def normalise(number: str, country: str = "") -> str:
    """Give E.164 for a number written in any way in a country (ISO code, may be empty); else the number without marks.

    Digits with the country code but without "+" are understood as well, as phone systems often send them.
    """
    bare = strip(number)
    if is_hidden(bare):
        return ""
    if is_extension(bare) or not _NUMBER.fullmatch(bare):
        return bare
    import phonenumbers  # noqa: PLC0415

    international = "+" + bare[2:] if bare.startswith("00") else bare
    candidates = [(international, country)]
    if not international.startswith("+"):
        candidates.append(("+" + international, ""))
    for text, region in candidates:
        parsed = _parsed(text, region)
        if parsed is not None and phonenumbers.is_valid_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return international if international.startswith("+") else bare


@lru_cache(maxsize=4096)
def received(number: str, country: str = "") -> str:
    """Give E.164 for a number as a phone system writes it that leaves the "+" away; anything else as `normalise` does.

    The country of such digits comes first: "442079460123" is in London, also where Germany could have that number.
    """
    bare = strip(number)
    if not _WITHOUT_PLUS.fullmatch(bare):
        return normalise(number, country)
    abroad = "+" + bare
    at_home = normalise(bare, country)
    if not _valid(abroad) and not _begins_with_zero(country) and at_home.startswith("+"):
        return at_home
    return international(abroad, "") or at_home


def typed(number: str, country: str = "") -> str:
    """Give the "+" back that a number has lost, where nobody writes a number of the own country without a leading 0."""
    bare = strip(number)
    lost = _WITHOUT_PLUS.fullmatch(bare) and _begins_with_zero(country) and _valid("+" + bare)
    return "+" + bare if lost else number


def dialable(number: str, country: str = "", *, field: str = "number") -> str:
    """Give a number as it may be dialled: E.164, an extension or a star code; raise InvalidInputError otherwise."""
    bare = strip(number)
    if is_extension(bare):
        return bare
    result = normalise(bare, country)
    if not _NUMBER.fullmatch(result) or not _plausible(result, country):
        raise InvalidInputError(field, "invalid_number")
    return result


def international(number: str, country: str) -> str | None:
    """Give E.164 for a number that is possible in a country, also where no numbering plan lists it; else None."""
    import phonenumbers  # noqa: PLC0415

    parsed = _parsed(strip(number), country)
    if parsed is None or not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=4096)
def tail(number: str) -> str:
    """Give what tells a number apart in whatever form: its last digits, or all of a short one."""
    return strip(number).lstrip("+")[-COMPARED_DIGITS:]


def same(one: str, other: str) -> bool:
    """Tell whether two numbers, in whatever form, are most likely the same."""
    return bool(tail(one)) and tail(one) == tail(other)


def _parsed(number: str, country: str = "") -> PhoneNumber | None:
    """Read a number without marks, in a country unless it begins with "+"; None for what cannot be one."""
    import phonenumbers  # noqa: PLC0415 - for accounts only, and loaded before the first of them

    try:
        return phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException:
        return None


def _valid(number: str) -> bool:
    """Tell whether a numbering plan has a number with "+"."""
    import phonenumbers  # noqa: PLC0415

    parsed = _parsed(number)
    return parsed is not None and phonenumbers.is_valid_number(parsed)


def _begins_with_zero(country: str) -> bool:
    """Tell whether numbers of a country are written with a leading 0 at home."""
    import phonenumbers  # noqa: PLC0415

    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    return metadata is not None and metadata.national_prefix == "0"


def _plausible(number: str, country: str) -> bool:
    """Accept what could be a number; without a country a national number cannot be judged."""
    import phonenumbers  # noqa: PLC0415

    parsed = _parsed(number, country)
    if parsed is None:
        return not number.startswith("+") and not country
    if (
        phonenumbers.is_possible_number_with_reason(parsed)
        == phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY
    ):
        return not number.startswith(
            "+"
        )  # good in its own town, and nowhere with the country before it
    return phonenumbers.is_possible_number(parsed)


def national(number: str) -> str:
    """Give the digits of an E.164 number as people dial them in its own country; empty for anything else."""
    import phonenumbers  # noqa: PLC0415

    parsed = _parsed(number)
    if parsed is None:
        return ""
    return strip(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))


def begins_with_zero(country: str) -> bool:
    """Return whether people in a country (ISO code) write a leading 0 before a national number."""
    return _begins_with_zero(country)


def beginning(number: str, country: str = "") -> str | None:
    """Return the beginning of numbers in international form: "+4930" for "030" typed in Germany.

    None where that is not certain: for letters, and for digits without the leading 0 in a country
    (ISO code, may be empty) where people write one.
    """
    import phonenumbers  # noqa: PLC0415

    bare = strip(number)
    if re.fullmatch(r"\+[1-9][0-9]{0,13}", bare):
        return bare
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    if metadata is None or not re.fullmatch(r"[0-9]{2,14}", bare):
        return None
    abroad = re.match(f"(?:00|{metadata.international_prefix or '00'})(?=[1-9])", bare)
    if abroad is not None:
        return f"+{bare[abroad.end() :]}"
    prefix = metadata.national_prefix or ""
    if prefix == "0" and not bare.startswith(prefix):
        return None
    return f"+{metadata.country_code}{bare.removeprefix(prefix)}"
