"""Read phone numbers: the only place that does, over Google's libphonenumber.

A number in a text is not one number. `4915123456789` is a mobile in Germany to a phone system
that leaves the plus away, and a landline of the town of Leer to whoever counts digits. Who wrote
it decides, so there are three sources:

    ========  ===========================  =============================================
    source    read by                      what is certain
    ========  ===========================  =============================================
    typed     `read`, `dialable`,          Somebody wants this number dialled. What can be
              `in_form`                    read in two ways is refused, with both readings.
    received  `received`, `is_hidden`      A phone system told it: always with the country
                                           code where it leaves the plus away, and never
                                           refused: what is no number stays as it came.
    listed    `strip`                      An extension of ours: its digits, and no more.
    ========  ===========================  =============================================

**Spelling.** Everybody's text loses what carries no meaning first: blanks, brackets, hyphens of
every kind, dots and slashes between digits, marks of direction and other invisible characters;
digits of other scripts become ASCII. Of `sip:`, `sips:` and `tel:` URIs, with or without a
display name, the user part counts; of `"Anna" <101>` what is between the angle brackets.

**Typed digits without a plus** have up to two readings: at home, and abroad with a lost plus.

    ================================================  ====================================
    digits                                            reading
    ================================================  ====================================
    up to six, or a star code                         as they are: the phone system's own
    `0…`, `00…`, `011…`, `0011…` as at home           at home or abroad, by the country's
                                                      own prefixes; `00` everywhere else too
    valid in one reading                              that one
    valid in both                                     refused, but at home: `(646) 555-0123`
    valid at home only with a lost 0 and more digits  abroad
    than numbers there have, and valid abroad
    valid in none, possible in both                   refused
    possible at home                                  as they are: the phone system may know
    neither                                           refused
    ================================================  ====================================

**Codes.** `*31#`, `#31#` or `*67` before a number hide or show the caller's own; others change
forwarding. A code is separated from the number behind it and never judged here: what a code means
depends on the country and the phone system, and who may dial it is `dial_guard`'s matter.

**The same number** is what libphonenumber reads as one in one country, never the same last digits.

Forms: E.164 is `+` and up to 15 digits. `country` is an ISO 3166 code of two capital letters, or
empty where nobody knows. Nothing here raises but where it says so.
"""

import re
from collections.abc import Collection
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from .errors import InvalidInputError
from .number_text import is_dialled, read_address, unquoted, without_marks
from .numbering_plans import (
    abroad_form,
    begins_with_zero,
    behind_prefix,
    calling_code,
    code_of,
    home_form,
    in_full,
    is_area,
    is_assigned,
    is_north_american,
    is_possible_here,
    is_usual,
    known_country,
    lacks_zero,
    load,
    main_region,
    possible,
    significant,
    trunk_prefix,
    valid,
    without_trunk_zero,
)
from .withheld import NOWHERE, says_withheld

__all__ = [
    "DialForm",
    "Typed",
    "beginning",
    "begins_with_zero",
    "dialable",
    "display_name",
    "in_form",
    "is_extension",
    "is_global",
    "is_hidden",
    "is_inside",
    "lacks_zero",
    "load",
    "national",
    "normalise",
    "read",
    "received",
    "same",
    "spoken",
    "strip",
]

EXTENSION_DIGITS = 6
LOCAL_DIGITS = 9  # more are never dialled without an area code

_CODE = re.compile(r"[*#][0-9*#]{1,30}|[0-9]{1,6}")
_NUMBER = re.compile(r"\+?[0-9]{3,20}")
_WITHOUT_PLUS = re.compile(r"[1-9][0-9]{6,14}")

# A code ends in a star or hash (`*31#…`, `*21*…#`), or has two to four digits (`*67+…`, `*67 …`).
_CLOSED_CODE = re.compile(r"([*#]{1,2}[0-9]{1,4}(?:[*#][0-9]*)*[*#]|[*#]{2})(\+?[0-9]{3,20})(#?)")
_OPEN_CODE = re.compile(r"([*#][0-9]{2,4})(\+[0-9]{6,20})()")
_SET_APART = re.compile(r"([*#][0-9]{2,4})[\s.,/\-]+([^*#]+)")
# Vertical service codes of the North American plan have two digits, or three that begin 2 or 3.
_NORTH_AMERICAN = re.compile(r"(\*(?:[23][0-9]{2}|[0-9]{2}))(1?[2-9][0-9]{9})()")


class DialForm(StrEnum):
    """How a phone system wants a number that it is to dial."""

    KEYED = "keyed"  # as somebody would key it in on a phone there: the dial plan decides
    NATIONAL = "national"  # at home without the country code, abroad with the country's prefix
    E164 = "e164"


class Typed(NamedTuple):
    """What somebody typed to have it dialled, taken apart.

    `code` is a star or hash code as it was keyed, `after` what closes it behind the number.
    `keyed` is the number behind the code without any marks. `readings` are all numbers that can
    be meant by it: E.164, or what only the phone system understands. There is none where the text
    is no number, or only a code.
    """

    code: str = ""
    keyed: str = ""
    after: str = ""
    readings: tuple[str, ...] = ()

    @property
    def number(self) -> str:
        """Return the number that is meant; empty where there is none, or more than one."""
        return self.readings[0] if len(self.readings) == 1 else ""

    @property
    def dialled(self) -> str:
        """Return what is dialled; empty where that is not certain."""
        if not self.keyed:
            return self.code
        return f"{self.code}{self.number}{self.after}" if self.number else ""


# -- spelling --------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def strip(number: str) -> str:
    """Return a number without URI, marks and invisible characters, with ASCII digits.

    A text that is no number is returned as it came, but for blanks around it.
    """
    found = read_address(number).digits
    return found if is_dialled(found) else number.strip()


def is_global(number: str) -> bool:
    """Return whether a number is written as a URI that means the same everywhere: `tel:+49…`."""
    address = read_address(number)
    return address.scheme == "tel" and address.digits.startswith("+")


@lru_cache(maxsize=4096)
def is_hidden(number: str) -> bool:
    """Return whether the number or name of a caller only says that there is none.

    Known are the words of many languages, `anonymous@anonymous.invalid` (RFC 3323) and the like,
    and a text without any letter or digit.
    """
    address = read_address(number)
    if address.host.endswith(NOWHERE) or says_withheld(address.user):
        return True
    return bool(address.name) and not address.is_number and says_withheld(address.name)


def is_extension(number: str) -> bool:
    """Return whether a number is one that only this phone system understands, by its form."""
    return bool(_CODE.fullmatch(number))


def is_inside(number: str, extensions: Collection[str], *, complete: bool) -> bool:
    """Return whether a received number is a phone of ours.

    `extensions` are those the phone system lists. Where that list is `complete` no other number
    is inside, however short: `4040` may be a service of the carrier.
    """
    return number in extensions or (not complete and is_extension(number))


def display_name(text: str) -> str:
    """Return the name in a text that may be a URI; empty where it holds only a number, or none.

    `"Anna" <sip:101@host>` and `Anna` are Anna; `sip:101@host`, `030 123456` and `Anonymous` are
    nobody's name.
    """
    address = read_address(text)
    name = address.name
    if not name and not address.scheme and not address.is_number:
        name = unquoted(text.strip())
    inside = read_address(name)
    return "" if is_hidden(name) or (inside.is_number and not inside.name) else name


# -- received --------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def received(number: str, country: str = "", *, national: bool = False) -> str:
    """Return E.164 for a number as a phone system writes it, an extension as it is.

    Digits without a plus are read with their own country code first: "442079460123" is in
    London, also where Germany could have that number. `national` is for a phone system that hands
    on what its lines tell it, without that code for callers at home: there digits are first what
    they usually are at home. A withheld number is empty, and what is no number stays as it came.
    """
    if is_hidden(number):
        return ""
    bare = strip(number)
    if is_extension(bare) or not _NUMBER.fullmatch(bare):
        return bare
    country = known_country(country)
    if not _WITHOUT_PLUS.fullmatch(bare):
        readings = _readings(bare, country, by_hand=False)
        return in_full(readings[0], country) if readings else bare
    national = national or is_area(read_address(number).area, country)
    abroad = valid("+" + bare)
    if abroad and not national:
        return abroad
    home = valid(bare, country)
    whole = bool(home) and not lacks_zero(bare, country)
    if national and whole and is_usual(home, country):
        return home
    if not abroad and not whole and begins_with_zero(country):
        abroad = possible("+" + bare)
    found = abroad or home
    if not found and not possible(bare, country):
        found = possible("+" + bare)
    return found or bare


def normalise(number: str, country: str = "", *, national: bool = False) -> str:
    """Return E.164 for a number from anybody that is shown, looked up or compared, never dialled.

    It is what was meant where that is certain, and what a phone system would mean elsewhere
    (`national` as in `received`).
    """
    typed = read(number, country)
    if typed.number and not typed.code:
        return typed.number if is_extension(typed.number) else in_full(typed.number, country)
    return received(number, country, national=national)


# -- typed -----------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def read(text: str, country: str = "", *, by_hand: bool = False) -> Typed:
    """Return what somebody typed, taken apart, with all numbers that can be meant.

    `by_hand` is for a dial pad, where no plus is lost on the way: a number that is usual at home
    is not also read as one abroad. An area code that is set apart (`646-555-0123`) says the same.
    """
    address = read_address(text)
    by_hand = by_hand or is_area(address.area, country)
    bare = address.digits
    country = known_country(country) if len(bare) > EXTENSION_DIGITS else ""
    if bare[:1] in {"*", "#"}:
        code, number, after = _separated(address.user, bare, country)
        if number:
            readings = _readings(number, country, by_hand=by_hand)
            return Typed(code=code, keyed=number, after=after, readings=readings)
        return Typed(code=bare) if is_extension(bare) else Typed()
    if is_extension(bare):
        return Typed(keyed=bare, readings=(bare,))
    if not _NUMBER.fullmatch(bare) or says_withheld(bare):
        return Typed()
    return Typed(keyed=bare, readings=_readings(bare, country, by_hand=by_hand))


def dialable(
    number: str, country: str = "", *, field: str = "number", by_hand: bool = False
) -> str:
    """Return a number as it may be dialled: E.164, an extension, a code, or a code and a number.

    What cannot be judged without knowing the country, or is possible but in no numbering plan, is
    returned as it was keyed. Raise InvalidInputError for what is no number ("invalid_number") and
    for what can be read in two ways ("ambiguous_number", with both readings as its value).
    """
    typed = read(number, country, by_hand=by_hand)
    if len(typed.readings) > 1:
        readings = (f"{typed.code}{reading}{typed.after}" for reading in typed.readings)
        raise InvalidInputError(field, "ambiguous_number", value=", ".join(readings))
    if not typed.dialled:
        raise InvalidInputError(field, "invalid_number")
    return typed.dialled


def in_form(
    number: str,
    form: DialForm,
    country: str = "",
    *,
    field: str = "number",
    by_hand: bool = False,
) -> str:
    """Return a typed number in the form a phone system dials: exactly what `dialable` checked.

    Codes and extensions are the same in every form. Raise InvalidInputError as `dialable` does,
    and ("invalid_number") where the number has no such form.
    """
    dialable(number, country, field=field, by_hand=by_hand)
    typed = read(number, country, by_hand=by_hand)
    country = known_country(country)
    if not typed.keyed or is_extension(typed.keyed):
        return typed.dialled
    if form is DialForm.KEYED:
        shaped = _as_keyed(typed, country)
    elif form is DialForm.NATIONAL:
        shaped = _as_national(typed.number, country)
    else:
        shaped = _as_e164(typed.number, country)
    if not shaped:
        raise InvalidInputError(field, "invalid_number")
    return f"{typed.code}{shaped}{typed.after}"


def _separated(text: str, bare: str, country: str) -> tuple[str, str, str]:
    """Return a code, the number behind it, and what closes both; no number where there is none."""
    found = _CLOSED_CODE.fullmatch(bare) or _OPEN_CODE.fullmatch(bare)
    if found is None and (apart := _SET_APART.fullmatch(text)) is not None:
        number = without_marks(apart[2])
        if _NUMBER.fullmatch(number) and len(number) > EXTENSION_DIGITS:
            return apart[1], number, ""
    if found is None and is_north_american(country):
        found = _NORTH_AMERICAN.fullmatch(bare)
    return (found[1], found[2], found[3]) if found is not None else (bare, "", "")


def _readings(bare: str, country: str, *, by_hand: bool) -> tuple[str, ...]:
    """Return the numbers that digits can mean; see the module's table."""
    if is_extension(bare):
        return (bare,)
    if not _WITHOUT_PLUS.fullmatch(bare):
        return _with_prefix(bare, country)
    home, abroad = valid(bare, country), valid("+" + bare)
    if not home:
        return _not_listed_at_home(bare, country, abroad)
    usual = is_usual(home, country)
    if lacks_zero(bare, country):
        home, abroad = _without_zero(bare, home, abroad, usual=usual)
    elif by_hand and usual:
        return (home,)
    other = abroad if abroad or usual else possible("+" + bare)
    return tuple(dict.fromkeys(reading for reading in (home, other) if reading))


def _without_zero(bare: str, home: str, abroad: str, *, usual: bool) -> tuple[str, str]:
    """Return what digits mean at home and abroad where numbers have a 0 before them at home."""
    if home == abroad and len(bare) <= LOCAL_DIGITS:
        return bare, abroad  # the area code is missing, or the plus
    return ("" if abroad and not usual else home), abroad


def _not_listed_at_home(bare: str, country: str, abroad: str) -> tuple[str, ...]:
    """Return the numbers that digits can mean which are in no numbering plan of the country.

    `abroad` is the number that they are elsewhere, if they are one.
    """
    long = len(bare) > LOCAL_DIGITS + (not country)  # without a country there is more to doubt
    if long and abroad:
        return (abroad,)
    home = bare if is_possible_here(bare, country) else ""
    other = possible("+" + bare) if long else abroad
    if other and other == possible(bare, country):
        return (other,)
    return tuple(reading for reading in (home, other) if reading)


def _with_prefix(bare: str, country: str) -> tuple[str, ...]:
    """Return the numbers that digits with a plus, a trunk or an international prefix can mean."""
    if bare.startswith("+"):
        return tuple(filter(None, (possible(bare),)))
    with_plus = "+" + bare[2:] if bare.startswith("00") else ""
    listed = {valid(bare, country): None, valid(with_plus): None}
    listed.pop("", None)
    if listed:
        return tuple(listed)
    found = possible(bare, country)
    if found and code_of(found) != calling_code(country):
        return (found,)  # with the country's own prefix for abroad
    if with_plus:
        return tuple(filter(None, (possible(with_plus),)))
    return (bare,) if is_possible_here(bare, country) else ()


def _as_keyed(typed: Typed, country: str) -> str:
    """Return the digits of a number as they were keyed, where a phone there would dial it so."""
    keyed, number = typed.keyed, typed.number
    if keyed.startswith("+") or not number.startswith("+"):
        return number
    at_home = {trunk_prefix(country) + significant(number), national(number)}
    if not begins_with_zero(country):
        at_home.add(significant(number))
    if keyed in at_home and code_of(number) == calling_code(country):
        return keyed
    full = number[1:]
    if keyed.endswith(full):
        return keyed if keyed != full else number  # behind "00" or "011", or the plus was lost
    # A 0 in brackets behind the country code is printed, but not dialled.
    return "00" + full if keyed.startswith("00") else number


def _as_national(number: str, country: str) -> str:
    """Return the digits of a number as people dial them in a country."""
    if not number.startswith("+") or not country:
        return number
    at_home = code_of(number) == calling_code(country)
    return national(number) if at_home else strip(abroad_form(number, country))


def _as_e164(number: str, country: str) -> str:
    """Return E.164 of a number; empty where its area code or its country is not known."""
    if number.startswith("+"):
        return number
    local = begins_with_zero(country) and not number.startswith("0")
    return "" if local else possible(number, country)


# -- compared --------------------------------------------------------------------------------------


def same(one: str, other: str, country: str = "") -> bool:
    """Return whether two numbers, in whatever form, are one number; hidden ones never are.

    Without a country a number in its home's form is the same as the full number that it would be
    there.
    """
    if one == other:
        return not is_hidden(one)
    mine, theirs = normalise(one, country), normalise(other, country)
    if not mine or not theirs or mine == theirs:
        return bool(mine and theirs)
    if mine.startswith("+") is theirs.startswith("+"):
        return False
    full, short = (mine, theirs) if mine.startswith("+") else (theirs, mine)
    if is_extension(short):
        return False
    region = known_country(country) or main_region(full)
    return possible(short, region) == full


def beginning(number: str, country: str = "") -> str | None:
    """Return the beginning of numbers in international form: "+4930" for "030" typed in Germany.

    None where that is not certain: for letters, for digits without the leading 0 in a country
    (ISO code, may be empty) where people write one, and for what no number begins with.
    """
    country = known_country(country)
    bare = strip(number)
    found = behind_prefix(bare, country)
    if found is None and re.fullmatch(r"[0-9]{2,14}", bare) and country:
        trunk = trunk_prefix(country)
        if bare.startswith(trunk) or not trunk.startswith("0"):
            found = f"{calling_code(country)}{bare.removeprefix(trunk)}"
    elif found is not None:
        found = without_trunk_zero(found)
    return f"+{found}" if found is not None and is_assigned(found) else None


# -- shown -----------------------------------------------------------------------------------------


def national(number: str) -> str:
    """Return the digits of an E.164 number as people dial them in its own country.

    Anything else has no home and gives an empty text.
    """
    return strip(home_form(number)) if number.startswith("+") else ""


def spoken(number: str) -> str:
    """Return a number to be read out: digit by digit, with its plus.

    With blanks between its digits it stays text in a template, which would make a whole number
    of "+4930901820" and leave a voice to say four billion.
    """
    found = strip(number)
    return " ".join(found).replace("+ ", "+") if is_dialled(found) else found
