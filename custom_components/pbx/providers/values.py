"""Read single values as phone systems really send them.

There is text for numbers, "false", times without a zone, and objects that are lists.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime

from ..telephony.text import clean, decode, line, lines

type Json = Mapping[str, object]

MILLISECONDS_FROM = 10**11
LARGEST = 2**53  # beyond it whole numbers are no longer exact in JSON, and no amount of anything
NANOSECONDS = 4 * 10**18  # of the last epoch that is read
LONG_YEAR = 4  # digits
MONTHS = 12
YEARS = range(1980, 2200)  # of all times that are told; the others say that there is none
CUT = "…"
DEEPEST = 8

_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,2}):(\d{2})(?:\.\d{1,6})?")
_DAY = re.compile(
    r"(?P<first>\d{1,4})(?P<mark>[-./])(?P<middle>\d{1,2})(?P=mark)(?P<last>\d{1,4})[T ,]{1,2}"
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>[0-5]\d(?:\.\d{1,9})?))?"
    r"\s?(?:(?P<half>[AaPp])\.?[Mm]\.?)?\s?(?P<zone>Z|UTC|GMT|[+\-\u2212]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
_OF_MAIL = re.compile(
    r"(?:[A-Za-z]{3},? )?(?:\d{1,2} [A-Za-z]{3} \d{4} \d\d?:\d\d(?::\d\d)?"
    r"(?: [+-]\d{4}| GMT| UTC?)?|[A-Za-z]{3} [ \d]\d \d\d?:\d\d:\d\d \d{4})",
    re.ASCII,
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d")  # to try a number first would cost as much as all the rest


def mapping(value: object) -> Json:
    """Give a JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def mappings(value: object) -> tuple[Json, ...]:
    """Return the JSON objects of a list, or of an object whose values they are.

    The latter is how PHP writes lists with gaps.
    """
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return tuple(item for item in items if isinstance(item, dict))


def text(value: object) -> str:
    """Return text as one clean line without blanks around it.

    Empty for None, objects and lists. `telephony.text` says what is cleaned away, and whole numbers
    have no decimals.
    """
    if isinstance(value, str):
        # Nearly all of it is clean; this is asked of each field of each message.
        return value.strip() if value.isascii() and value.isprintable() else clean(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST:
        return str(int(value))  # a number of a telephone, or an id, has no decimals
    return str(value) if isinstance(value, int | float) else ""


def cleaned(value: object, depth: int = DEEPEST) -> object:
    """Return a copy of a JSON value whose texts are clean lines; None for what is nested deeper.

    None also for numbers that cannot be written as JSON again.
    """
    if isinstance(value, str):
        return line(value)
    if isinstance(value, int | float):
        return value if abs(value) <= LARGEST else None
    if not isinstance(value, dict | list):
        return value
    if not depth:
        return None
    if isinstance(value, dict):
        return {line(key): cleaned(entry, depth - 1) for key, entry in value.items()}
    return [cleaned(entry, depth - 1) for entry in value]


def paragraphs(value: object, limit: int) -> str:
    """Return clean text that keeps its lines, of at most `limit` characters."""
    return lines(value, limit) if isinstance(value, str) else text(value)


def read_json(body: bytes) -> object:
    """Return what a JSON text holds, with U+FFFD for bytes that cannot be read.

    Raise ValueError or RecursionError for what is no JSON.
    """
    answer: object = json.loads(decode(body))
    return answer


def without(words: str, secrets: Iterable[str], *, shortest: int = 1) -> str:
    """Return a text without the secrets in it that have at least a certain length.

    The longest are taken out first, as one may be a part of another.
    """
    for secret in sorted(
        {secret for secret in secrets if len(secret) >= shortest}, key=len, reverse=True
    ):
        words = words.replace(secret, CUT)
    return words


def texts(value: object) -> tuple[str, ...]:
    """Give the non-empty texts of a list."""
    return tuple(t for item in value if (t := text(item))) if isinstance(value, list) else ()


def number(value: object, largest: float = LARGEST) -> float | None:
    """Give a number, also from text; None where there is none that could be meant."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        result = float(value)
    except ValueError, OverflowError:
        return None
    return result if abs(result) <= largest else None


def seconds(value: object) -> float | None:
    """Return a length in seconds, from seconds or from 00:00:35; None where it is neither."""
    amount = number(value)
    if amount is None and (clock := _CLOCK.fullmatch(text(value))):
        hours, minutes, rest = (int(part or 0) for part in clock.groups())
        amount = hours * 3600.0 + minutes * 60 + rest
    return amount if amount is not None and amount >= 0 else None


def of_calls(share: float | None, *counts: float | None) -> float | None:
    """Return a share of the calls that were counted; None where there was no call to share."""
    counted = [count for count in counts if count is not None]
    return None if counted and not any(counted) else share


def integer(value: object) -> int | None:
    """Give a whole number, also from text such as "12" or "12.0"."""
    result = number(value)
    return None if result is None else int(result)


def boolean(value: object) -> bool | None:
    """Give a truth value, also from "true", "False", "1", "0", "t"; None for anything else."""
    if isinstance(value, bool):
        return value
    word = text(value).lower()
    if word in {"true", "1", "t", "yes", "on"}:
        return True
    if word in {"false", "0", "f", "no", "off"}:
        return False
    return None


def _written(words: str) -> datetime:
    """Return the time of a date as people and mail servers write it; ValueError where it is none.

    Of 03/04/2026 nobody knows which day it is, unless the hours say AM or PM, as in America.
    """
    if _OF_MAIL.fullmatch(words):
        return parsedate_to_datetime(words)
    found = _DAY.fullmatch(words)
    if found is None:
        raise ValueError(words)
    first, middle, last = int(found["first"]), int(found["middle"]), int(found["last"])
    if len(found["first"]) == LONG_YEAR:
        year, month, day = first, middle, last
    elif found["mark"] == "/" and (found["half"] or middle > MONTHS):
        month, day, year = first, middle, last
    elif found["mark"] == "." or first > MONTHS:
        day, month, year = first, middle, last
    else:
        raise ValueError(words)
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"] in "pP" else 0)
    zone = (found["zone"] or "").replace("\u2212", "-")
    clock = f"{hour:02}:{found['minute']}:{found['second'] or '00'}"
    zone = "Z" if zone in {"UTC", "GMT"} else zone
    return datetime.fromisoformat(f"{year:04}-{month:02}-{day:02}T{clock}{zone}")


def instant(value: object, zone: tzinfo = UTC) -> datetime | None:
    """Return a time in UTC, or None for what is none.

    It is read from ISO text, from other ways of writing a date that mean one day only, or from an
    epoch in seconds, milliseconds, microseconds or nanoseconds. `zone` is that of text without one.
    The first and the last day that a program knows stand for no time at all.
    """
    if value is None:
        return None
    amount = None if isinstance(value, str) and _DATE.match(value) else number(value, NANOSECONDS)
    try:
        if amount is not None:
            while amount > MILLISECONDS_FROM:
                amount /= 1000
            moment = datetime.fromtimestamp(amount, UTC)
        else:
            if isinstance(value, str) and value.isascii() and value.isprintable():
                plain = value.strip()
            else:
                plain = text(value)
            try:
                moment = datetime.fromisoformat(plain)
            except ValueError:
                moment = _written(plain)
            moment = moment if moment.tzinfo else moment.replace(tzinfo=zone)
            moment = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except ValueError, OverflowError, OSError:
        return None
    return moment if moment.year in YEARS else None
