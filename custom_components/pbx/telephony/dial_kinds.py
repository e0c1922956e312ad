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
    NANP        NPA-976-XXXX and 976-XXXX             NANPA, special exchanges
                (pay-per-call)
    NANP        NPA-555-1212, 411 (directory)         NANPA, 555 and N11 assignments
    Europe      118 and what follows (directory)      ERC/REC/(98)05 of the CEPT
    ==========  ====================================  ==========================================

A number can stand behind more than one code, behind digits that hide or show the caller, and
behind the digit that gets an outside line. It is judged wherever it stands. Digits too many are
left out by the network, which connects as soon as a number is complete: what is in no numbering
plan is judged by each of its beginnings too.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING

from . import phone_numbers
from .numbering_plans import valid
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
EUROPE = frozenset((*range(30, 50), *range(350, 390), *range(420, 424)))
SATELLITE = (870, 878, 881, 882, 883, 979)

# Set and cancel: 21, 61, 62, 67, 002 and 004 of ETSI and GSM, also behind another code; without a
# second star in Mexico, and *21 alone at FreePBX and FusionPBX. `**610` rings a handset at home.
_ETSI = re.compile(
    r"[*#](?:21|61|62|67|002|004)[*#]|^[*#]{1,2}(?:21$|(?:21|61|62|002|004)[0-9]{5})"
)
_ETSI_CANCEL = re.compile(r"#{1,2}(?:21|61|62|67|002|004)#?")
# *72, *90 and the like of North America and of the systems that follow it; the others only there.
_VERTICAL = re.compile(r"\*(?:7[2-4]|9[0-3]|5[23])(?:[*#]*\+?[0-9]{3,})?[*#]*")
_VERTICAL_THERE = re.compile(r"\*(?:[68]3|88)|\*(?:63|68)[*#]*\+?[0-9]{7,}")
# What is keyed before a number so that the called party sees the caller's own, or does not.
_SHOWING = re.compile(r"[*#]{1,2}(?:30|31|43|65|67|82)[*#]?")
_SHOWING_DIGITS: Mapping[str, str] = {
    "AU": r"183[12]",
    "ES": r"067",
    "FR": r"3651",
    "GB": r"141|1470",
    "HK": r"133|1357",
    "IE": r"14[12]",
    "JP": r"18[46]",
    "NZ": r"019[67]",
}
OUTSIDE_LINE = ("0", "9")
_CARRIERS: Mapping[str, str] = {
    "AT": r"10[0-9]{2}0.*",
    "CA": r"101[0-9]{4}.*",
    "CH": r"10[0-9]{3}0.*",
    "DE": r"010[0-9]{2,3}.*",
    "IT": r"10[0-9]{2,3}[03].{5,}",
    "US": r"101[0-9]{4}.*",
}
_DIRECTORY_EUROPE = re.compile(r"118[0-9]{1,3}")
_DIRECTORY_NORTH_AMERICA = re.compile(r"411|\+1[0-9]{3}5551212")
_LOCAL_PREMIUM_NORTH_AMERICA = re.compile(r"976[0-9]{4}")
_MISSED: Mapping[DialKind, str] = {
    DialKind.DIRECTORY: r"\+1[0-9]{3}5551212",
    DialKind.PREMIUM: r"\+1[0-9]{3}976[0-9]{4}|\+(?:34905|39895|380703|380900|971900).*",
}
_COMPLETE = 5  # digits: as few can be a whole number of a small country
_LONG = 3  # digits: what is shorter is an extension or an emergency number
LONGEST_CODE = 4  # digits
# What no number is by accident, of which a digit too many was cut off.
CERTAIN = frozenset({DialKind.PREMIUM, DialKind.SHARED_COST, DialKind.PERSONAL, DialKind.SATELLITE})
COMPLETE_EARLY = CERTAIN | {DialKind.DIRECTORY}
EVERYWHERE = frozenset({"112", "911"})


def kind_of(text: str, country: str = "", *, by_hand: bool = False) -> DialKind | None:
    """Return what is special about dialling a text as somebody typed it; None for a usual call.

    `country` is the house's (ISO code, may be empty), `by_hand` says that no plus was lost on the
    way. Whether the text is a number at all, and an extension of ours, is for the caller to find
    out.
    """
    typed = phone_numbers.read(text, country, by_hand=by_hand)
    bare = phone_numbers.strip(text)
    if typed.code and _changes_forwarding(typed, country):
        return DialKind.FORWARDING
    if _is_emergency(bare, country):
        return DialKind.EMERGENCY
    number = typed.keyed or bare
    if country in _CARRIERS and re.fullmatch(_CARRIERS[country], number):
        return DialKind.CARRIER_SELECTION
    if number and number.isdigit() and len(number) <= phone_numbers.EXTENSION_DIGITS:
        return _kind_of_short(number, country)
    behind = _behind_showing(number, country)
    readings = [*_readings(typed, number), *([behind] if behind else [])]
    kinds = [_kind_of_long(reading, country) for reading in readings]
    kinds += _kinds_behind_open_code(typed, country)
    if number.startswith(OUTSIDE_LINE) and not any(valid(one, country) for one in readings):
        kinds += [kind for kind in [_kind_of_long(number[1:], country)] if kind in COMPLETE_EARLY]
    return next((kind for kind in kinds if kind is not None), None)


def _readings(typed: Typed, number: str) -> tuple[str, ...]:
    """Return what may be meant: every reading counts, as nobody knows which one will be dialled."""
    return typed.readings or (() if typed.code else (number,))


def _kinds_behind_open_code(typed: Typed, country: str) -> list[DialKind | None]:
    """Return the kinds of numbers that may stand behind a code of which only its start is known.

    The phone system alone knows how many digits are the code's: `*1` and `*0900` are possible too.
    """
    closed = typed.keyed and typed.code.endswith(("*", "#"))
    if not typed.code or closed:
        return []
    runs = re.findall(r"[0-9]{7,}", typed.code + typed.keyed)
    found = [_kind_of_long(run[cut:], country) for run in runs for cut in range(LONGEST_CODE + 1)]
    return [kind for kind in found if kind in CERTAIN]


def _behind_showing(number: str, country: str) -> str:
    """Return what is behind digits that hide or show the caller; empty where there are none."""
    digits = _SHOWING_DIGITS.get(country)
    found = re.match(digits, number) if digits else None
    return number[found.end() :] if found else ""


def _is_emergency(bare: str, country: str) -> bool:
    """Return whether a call for help is dialled, also without showing the caller."""
    number = _SHOWING.sub("", bare, count=1) if bare[:1] in {"*", "#"} else bare
    number = _behind_showing(number, country) or number.lstrip("*")
    outside = number[1:] if country and number.startswith(OUTSIDE_LINE) else ""
    return any(_calls_for_help(one, country) for one in (number, outside)) or (
        len(number) > phone_numbers.EXTENSION_DIGITS
        and not valid(number, country)
        and any(_calls_for_help(one, country, more=True) for one in (number, outside))
    )


def _calls_for_help(number: str, country: str, *, more: bool = False) -> bool:
    """Return whether this is an emergency number of a country; some are everywhere.

    With `more`, whatever follows it counts for nothing.
    """
    from phonenumbers import shortnumberinfo as short  # noqa: PLC0415 - loaded before accounts

    if number in EVERYWHERE:
        return True
    is_emergency = short.connects_to_emergency_number if more else short.is_emergency_number
    return bool(country and number.isdecimal() and is_emergency(number, country))


def _changes_forwarding(typed: Typed, country: str) -> bool:
    """Return whether a code changes where calls go; *67 hides the caller in North America."""
    dialled = f"{typed.code}{typed.keyed}{typed.after}"
    if country not in NORTH_AMERICA and (_ETSI.search(dialled) or _ETSI_CANCEL.fullmatch(dialled)):
        return True
    codes = [_VERTICAL, _VERTICAL_THERE] if country in NORTH_AMERICA else [_VERTICAL]
    starts = [place for place, sign in enumerate(dialled) if sign == "*"]
    return any(code.fullmatch(dialled, start) for code in codes for start in starts)


def _kind_of_short(number: str, country: str) -> DialKind | None:
    """Return what is special about a number of a few digits."""
    import phonenumbers  # noqa: PLC0415 - loaded before the first account
    from phonenumbers import shortnumberinfo as short  # noqa: PLC0415

    if not country or len(number) < _LONG:
        return None
    if number.startswith(OUTSIDE_LINE) and (behind := _kind_of_short(number[1:], country)):
        return behind
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


def _kind_of_long(number: str, country: str) -> DialKind | None:
    """Return what is special about a number, or about one that it begins with."""
    found = _kind_of_e164(number, country)
    if found not in {None, DialKind.UNKNOWN_ABROAD} or valid(number, country):
        return found
    for end in range(len(number) - 1, _COMPLETE - 1, -1):
        kind = _kind_of_e164(number[:end], country)
        if kind in COMPLETE_EARLY:
            return kind
    return found


def _kind_of_e164(number: str, country: str) -> DialKind | None:
    """Return what is special about a number of the public network."""
    import phonenumbers  # noqa: PLC0415

    try:
        parsed = phonenumbers.parse(number, country or None)
    except phonenumbers.NumberParseException:
        return None
    if parsed.country_code in SATELLITE:
        return DialKind.SATELLITE
    if country in NORTH_AMERICA and _LOCAL_PREMIUM_NORTH_AMERICA.fullmatch(number):
        return DialKind.PREMIUM
    if parsed.country_code in EUROPE and _DIRECTORY_EUROPE.fullmatch(str(parsed.national_number)):
        return DialKind.DIRECTORY
    full = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    missed = next((kind for kind, numbers in _MISSED.items() if re.fullmatch(numbers, full)), None)
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
