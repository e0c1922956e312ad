"""The numbering plans of all countries, over Google's libphonenumber.

Bare numbers go in: digits, with a plus before them where they are international. The library is
imported when a number is read for the first time: an account without calls never pays for it.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber


# By calling code: what was once dialled before some numbers, is still written in address books and
# sent by old switches, and reaches nobody now. In Mexico that changed in August 2019.
_NO_LONGER_DIALLED = {52: re.compile(r"(?:0?1|04[45])([2-9][0-9]{9})")}


NORTH_AMERICA = 1
AREA_DIGITS = 3  # of an area code there
_NO_AREA = ("10", "11")  # an area code there begins with 2 or more


def load() -> None:
    """Import the library and the tables of all countries.

    That takes a while: call it where blocking is allowed.
    """
    import phonenumbers  # noqa: PLC0415

    phonenumbers.PhoneMetadata.load_all()


def _parsed(number: str, country: str = "") -> PhoneNumber | None:
    """Return a bare number as the library has it; None for what cannot be one."""
    import phonenumbers  # noqa: PLC0415 - for accounts only, and loaded before the first of them

    try:
        parsed = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException:
        return None
    old = _NO_LONGER_DIALLED.get(parsed.country_code or 0)
    if old is not None and not number.startswith("1"):  # a number of North America
        found = old.fullmatch(phonenumbers.national_significant_number(parsed))
        if found is not None:
            parsed.italian_leading_zero, parsed.national_number = None, int(found[1])
    return parsed


def valid(number: str, country: str = "") -> str:
    """Return E.164 for a bare number that a numbering plan lists, else an empty text."""
    import phonenumbers  # noqa: PLC0415

    parsed = _parsed(number, country)
    if parsed is None or not phonenumbers.is_valid_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def possible(number: str, country: str = "") -> str:
    """Return E.164 for a bare number of a possible length, listed or not, else an empty text.

    One that is only possible without its area code has no E.164.
    """
    import phonenumbers  # noqa: PLC0415

    parsed = _parsed(number, country)
    if parsed is None or (
        phonenumbers.is_possible_number_with_reason(parsed)
        != phonenumbers.ValidationResult.IS_POSSIBLE
    ):
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


def in_full(number: str, country: str) -> str:
    """Return E.164 of a number with the 0 before it that is dialled at home, if it is possible.

    A numbering plan may be newer than the library. Anything else is returned as it is.
    """
    at_home = number.startswith("0") and begins_with_zero(known_country(country))
    return (possible(number, country.upper()) if at_home else "") or number


def is_possible_here(number: str, country: str) -> bool:
    """Return whether bare digits can be dialled at home; without a country nobody can tell."""
    import phonenumbers  # noqa: PLC0415

    parsed = _parsed(number, country)
    return not country if parsed is None else phonenumbers.is_possible_number(parsed)


def is_usual(number: str, country: str) -> bool:
    """Return whether an E.164 number is no longer than numbers of a country usually are.

    Some countries allow for many more digits, for the extensions of a company's phone system.
    """
    import phonenumbers  # noqa: PLC0415

    parsed = _parsed(number)
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    if parsed is None or metadata is None or parsed.country_code != metadata.country_code:
        return True
    kinds = (metadata.fixed_line, metadata.mobile)
    lengths = [len(kind.example_number or "") for kind in kinds if kind is not None]
    return len(phonenumbers.national_significant_number(parsed)) <= max(lengths, default=0)


def known_country(country: str) -> str:
    """Return a country that has numbers of its own, else an empty text."""
    import phonenumbers  # noqa: PLC0415

    country = country.upper()
    return country if country in phonenumbers.SUPPORTED_REGIONS else ""


def calling_code(country: str) -> int | None:
    """Return the calling code of a country."""
    import phonenumbers  # noqa: PLC0415

    return phonenumbers.country_code_for_region(country) or None


def is_north_american(country: str) -> bool:
    """Return whether a country has numbers of the North American plan: 1 and ten digits."""
    return calling_code(known_country(country)) == NORTH_AMERICA


def is_area(digits: str, country: str) -> bool:
    """Return whether digits that are set apart are an area code; empty ones are not.

    They belong to a town or a network where they are no calling code. In North America all three
    digits are one, also those of Panama.
    """
    if not digits:
        return False
    import phonenumbers  # noqa: PLC0415

    if int(digits) not in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        return True
    return len(digits) == AREA_DIGITS and is_north_american(country)


def code_of(number: str) -> int | None:
    """Return the calling code of an E.164 number."""
    parsed = _parsed(number)
    return None if parsed is None else parsed.country_code


def is_mobile(number: str) -> bool:
    """Return whether an E.164 number is a mobile phone's, or may be where nobody can tell."""
    import phonenumbers  # noqa: PLC0415

    parsed = _parsed(number)
    return parsed is not None and phonenumbers.number_type(parsed) in {
        phonenumbers.PhoneNumberType.MOBILE,
        phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
    }


def main_region(number: str) -> str:
    """Return the country of an E.164 number's calling code, the largest where several share it."""
    import phonenumbers  # noqa: PLC0415

    return phonenumbers.region_code_for_country_code(code_of(number) or 0)


def significant(number: str) -> str:
    """Return the digits of an E.164 number behind its calling code."""
    import phonenumbers  # noqa: PLC0415

    parsed = _parsed(number)
    return "" if parsed is None else phonenumbers.national_significant_number(parsed)


def home_form(number: str) -> str:
    """Return an E.164 number as people write it in its own country; empty for anything else."""
    import phonenumbers  # noqa: PLC0415

    parsed = _parsed(number)
    if parsed is None:
        return ""
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)


def abroad_form(number: str, country: str) -> str:
    """Return an E.164 number as people of another country write it to call it from there."""
    import phonenumbers  # noqa: PLC0415

    parsed = _parsed(number)
    if parsed is None:
        return ""
    return phonenumbers.format_out_of_country_calling_number(parsed, country)


def trunk_prefix(country: str) -> str:
    """Return what is dialled before a number within a country; empty where there is nothing."""
    import phonenumbers  # noqa: PLC0415

    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    return "" if metadata is None else metadata.national_prefix or ""


def begins_with_zero(country: str) -> bool:
    """Return whether numbers of a country are written with a leading 0 at home."""
    return trunk_prefix(country).startswith("0")


def lacks_zero(digits: str, country: str) -> bool:
    """Return whether people of a country write a 0 before such digits, which is missing here.

    In some they write it before a few numbers only, or not at all: not before mobiles in China.
    """
    if not begins_with_zero(known_country(country)) or digits.startswith("0"):
        return False
    home = valid(digits, country)
    return not home or home_form(home).startswith("0")


def behind_prefix(number: str, country: str) -> str | None:
    """Return what stands behind the plus, or behind the prefix for abroad that a country dials.

    Two zeros are such a prefix everywhere. None where there is none; empty where it is not over, or
    can be read in two ways.
    """
    import phonenumbers  # noqa: PLC0415

    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country, None)
    own = "" if metadata is None else metadata.international_prefix or ""
    behind = set()
    for prefix in (r"\+", "00", own or "00"):
        found = re.fullmatch(rf"(?:{prefix})(?=[1-9])(?P<behind>[0-9]{{1,14}})", number)
        if found is not None and is_assigned(found["behind"]):
            behind.add(found["behind"])
    if len(behind) == 1:
        return behind.pop()
    return "" if behind or number.startswith(("+", "00")) else None


def without_trunk_zero(digits: str) -> str:
    """Return digits behind the plus without the 0 of `+49 (0)30`, which is dialled at home only.

    Where a 0 belongs to the number itself, as in Italy, it stays.
    """
    import phonenumbers  # noqa: PLC0415

    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        start = f"{code}0"
        if digits.startswith(start) and trunk_prefix(regions[0]) == "0":
            return f"{code}{digits.removeprefix(start)}"
    return digits


def is_assigned(digits: str) -> bool:
    """Return whether there are numbers that begin with some digits behind the plus."""
    import phonenumbers  # noqa: PLC0415

    codes = [str(code) for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE]
    if digits.startswith(_NO_AREA):
        return False
    return digits.isdecimal() and any(
        digits.startswith(code) or code.startswith(digits) for code in codes
    )
