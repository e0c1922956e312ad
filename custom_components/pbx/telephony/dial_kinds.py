"""What a number that is to be dialled would cost or change: judged before anything is sent.

The code before a number is judged first and by the house's country, then the number behind it, then
the kind that libphonenumber knows. What its kinds miss is in a small table:

    ==========  ====================================  ==========================================
    country     numbers                               source
    ==========  ====================================  ==========================================
    AE          900                                   TDRA numbering plan
    ES          905                                   CNMC, Plan Nacional de Numeración
    IT          895                                   AGCOM, Piano di numerazione nazionale
    UA          703, 900                              Ukraine's national numbering plan
    NANP        NPA-976-XXXX (pay-per-call)           NANPA, special exchanges
    NANP        NPA-555-1212, 411 (directory)         NANPA, 555 and N11 assignments
    Europe      118 and what follows (directory)      ERC/REC/(98)05 of the CEPT
    ==========  ====================================  ==========================================
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from . import phone_numbers
from .phone_numbers import Typed

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber


class DialKind(StrEnum):
    """What is special about dialling a number."""

    EMERGENCY = "emergency"
    FORWARDING = "forwarding"
    CARRIER_SELECTION = "carrier_selection"
    DIRECTORY = "directory"
    PREMIUM = "premium"
    SHARED_COST = "shared_cost"
    PERSONAL = "personal"
    SATELLITE = "satellite"
    ISLANDS = "islands"
    UNKNOWN_ABROAD = "unknown_abroad"


NORTH_AMERICA = frozenset({"US", "CA"})
# Of the North American plan, but domestic for nobody in the United States or Canada.
ISLANDS = frozenset(
    {
        "AG", "AI", "BB", "BM", "BS", "DM", "DO", "GD", "JM", "KN", "KY", "LC", "MS", "SX", "TC",
        "TT", "VC", "VG",
    }
)  # fmt: skip
SATELLITE = (870, 878, 881, 882, 883, 979)

# Set and cancel: 21, 61, 62, 67, 002 and 004 of ETSI and GSM; *72, *90 and the like of North
# America and of the systems that follow it.
_ETSI = re.compile(r"[*#]{1,2}(?:21|61|62|67|002|004)[*#].*")
_ETSI_CANCEL = re.compile(r"#{1,2}(?:21|61|62|67|002|004)#?")
_NORTH_AMERICAN = re.compile(r"\*(?:7[2-4]|9[0-3]|5[23])(?:[0-9]{3,})?#?")
_CARRIERS: Mapping[str, re.Pattern[str]] = {
    "AT": re.compile(r"10[0-9]{2}0.*"),
    "CA": re.compile(r"101[0-9]{4}.*"),
    "CH": re.compile(r"10[0-9]{3}0.*"),
    "DE": re.compile(r"010[0-9]{2,3}.*"),
    "IT": re.compile(r"10[0-9]{2,3}[03].{5,}"),
    "US": re.compile(r"101[0-9]{4}.*"),
}
_DIRECTORY_EUROPE = re.compile(r"118[0-9]{1,3}")
_DIRECTORY_NORTH_AMERICA = re.compile(r"411|\+1[0-9]{3}5551212")
_MISSED: Mapping[DialKind, re.Pattern[str]] = {
    DialKind.DIRECTORY: re.compile(r"\+1[0-9]{3}5551212"),
    DialKind.PREMIUM: re.compile(
        r"\+1[0-9]{3}976[0-9]{4}|\+(?:34905|39895|380703|380900|971900).*"
    ),
}
_COMPLETE = 5  # digits: as few can be a whole number of a small country
_LONG = 3  # digits: what is shorter is an extension or an emergency number


def kind_of(text: str, country: str = "") -> DialKind | None:
    """Return what is special about dialling a text as somebody typed it; None for a usual call.

    `country` is the house's (ISO code, may be empty). Whether the text is a number at all, and an
    extension of ours, is for the caller to find out.
    """
    typed = phone_numbers.read(text, country)
    bare = phone_numbers.strip(text)
    if typed.code and _changes_forwarding(typed, country):
        return DialKind.FORWARDING
    number = typed.keyed or bare
    if country in _CARRIERS and _CARRIERS[country].fullmatch(number):
        return DialKind.CARRIER_SELECTION
    if number and number.isdigit() and len(number) <= phone_numbers.EXTENSION_DIGITS:
        return _kind_of_short(number, country)
    kinds = [_kind_of_e164(reading, country) for reading in _readings(typed, number)]
    return next((kind for kind in kinds if kind is not None), None)


def _readings(typed: Typed, number: str) -> tuple[str, ...]:
    """Return what may be meant: every reading counts, as nobody knows which one will be dialled."""
    return typed.readings or (number,)


def _changes_forwarding(typed: Typed, country: str) -> bool:
    """Return whether a code changes where calls go; *67 hides the caller in North America."""
    dialled = f"{typed.code}{typed.keyed}{typed.after}"
    if country not in NORTH_AMERICA and (_ETSI.match(dialled) or _ETSI_CANCEL.fullmatch(dialled)):
        return True
    return any(_NORTH_AMERICAN.fullmatch(text) for text in (typed.code, dialled))


def _kind_of_short(number: str, country: str) -> DialKind | None:
    """Return what is special about a number of a few digits."""
    import phonenumbers  # noqa: PLC0415 - loaded before the first account
    from phonenumbers import shortnumberinfo as short  # noqa: PLC0415

    region = country or "001"
    if number in {"112", "911"} or (country and short.is_emergency_number(number, region)):
        return DialKind.EMERGENCY
    if not country or len(number) < _LONG:
        return None
    directory = _DIRECTORY_NORTH_AMERICA if country in NORTH_AMERICA else _DIRECTORY_EUROPE
    if directory.fullmatch(number):
        return DialKind.DIRECTORY
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
    if short.expected_cost_for_region(parsed, country) == short.ShortNumberCost.PREMIUM_RATE:
        return DialKind.PREMIUM
    return _kind_of_e164(number, country) if len(number) >= _COMPLETE else None


def _kind_of_e164(number: str, country: str) -> DialKind | None:
    """Return what is special about a number of the public network."""
    import phonenumbers  # noqa: PLC0415

    try:
        parsed = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException:
        return None
    if parsed.country_code in SATELLITE:
        return DialKind.SATELLITE
    full = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    missed = next((kind for kind, numbers in _MISSED.items() if numbers.fullmatch(full)), None)
    return missed or _kind_of_parsed(parsed, country)


def _kind_of_parsed(parsed: PhoneNumber, country: str) -> DialKind | None:
    """Return what libphonenumber knows to be special about a number."""
    import phonenumbers  # noqa: PLC0415

    found = phonenumbers.number_type(parsed)
    of_the_library = {
        phonenumbers.PhoneNumberType.PREMIUM_RATE: DialKind.PREMIUM,
        phonenumbers.PhoneNumberType.SHARED_COST: DialKind.SHARED_COST,
        phonenumbers.PhoneNumberType.PERSONAL_NUMBER: DialKind.PERSONAL,
    }
    if found in of_the_library:
        return of_the_library[found]
    region = phonenumbers.region_code_for_number(parsed)
    if country in NORTH_AMERICA and region in ISLANDS:
        return DialKind.ISLANDS
    home = phonenumbers.country_code_for_region(country) if country else None
    abroad = home is not None and parsed.country_code != home
    unknown = found == phonenumbers.PhoneNumberType.UNKNOWN
    return DialKind.UNKNOWN_ABROAD if unknown and abroad else None
