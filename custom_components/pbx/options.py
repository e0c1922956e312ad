"""The options as a person types them, and as they are kept."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from homeassistant.const import CONF_COUNTRY

from .const import (
    CONF_ASSIST_NUMBERS,
    CONF_CALL_SLOTS,
    CONF_DIAL_ALLOW,
    CONF_DIAL_DENY,
    CONF_DIAL_LIMIT,
    CONF_MESSAGE_NUMBER,
    CONF_PHONES,
)
from .providers.base import Provider
from .registry.named_phones import kept_rows, read_named, rows_of
from .telephony import phone_numbers as numbers
from .telephony.errors import InvalidInputError
from .telephony.models import Extension

_BEGINNING = re.compile(r"\*|[+*#]*[0-9][0-9*#]*")


def stored_options(
    kind: type[Provider],
    typed: Mapping[str, Any],
    known: Mapping[str, Any],
    country: str = "",
    found: Iterable[Extension] = (),
) -> dict[str, Any]:
    """Return the options to keep, from what was typed; `known` are those that were kept so far.

    `found` are the phones as the phone system lists them: what it says itself is not kept.

    Raise InvalidInputError for what cannot be read or is incomplete.
    """
    filled = {key: _without_blanks(value) for key, value in typed.items()}
    options = {key: value for key, value in filled.items() if value not in ("", [], None)}
    options[CONF_CALL_SLOTS] = int(options[CONF_CALL_SLOTS])
    for line in options.get(CONF_ASSIST_NUMBERS, ()):
        assist_number(line, options.get(CONF_COUNTRY) or country)
    if CONF_MESSAGE_NUMBER in options:
        # As another country reads it: what is typed now stays this number.
        options[CONF_MESSAGE_NUMBER] = numbers.dialable(
            options[CONF_MESSAGE_NUMBER],
            options.get(CONF_COUNTRY) or country,
            field=CONF_MESSAGE_NUMBER,
            by_hand=True,
        )
    _keep_table(options, found)
    if CONF_DIAL_LIMIT in options:
        options[CONF_DIAL_LIMIT] = int(options[CONF_DIAL_LIMIT])
    for name in (CONF_DIAL_ALLOW, CONF_DIAL_DENY):
        for line in options.get(name, ()):
            if not _BEGINNING.fullmatch(numbers.strip(line)):
                raise InvalidInputError(name, "invalid_dial_line", value=line)
    return kind.settings_type.read_options(options, known)


def _without_blanks(value: Any) -> Any:
    """Return a text without the blanks around it, and a list without rows of text that are empty.

    Anything else is returned as it is.
    """
    if isinstance(value, str):
        return value.strip()
    if not isinstance(value, list):
        return value
    return [row for row in map(_without_blanks, value) if row != ""]


def stored_table(
    kind: type[Provider], typed: Mapping[str, Any], found: Iterable[Extension]
) -> dict[str, Any]:
    """Return the options to keep of a table of phones alone, as the last step of a set-up asks it.

    Raise InvalidInputError for a row that cannot be kept.
    """
    options = {key: value for key, value in typed.items() if value}
    _keep_table(options, found)
    return kind.settings_type.read_options(options, {})


def _keep_table(options: dict[str, Any], found: Iterable[Extension]) -> None:
    """Keep of a table of phones what is said otherwise than by the phone system, if anything is."""
    if CONF_PHONES in options:
        kept = kept_rows(CONF_PHONES, options.pop(CONF_PHONES), found)
        options |= {CONF_PHONES: kept} if kept else {}


def shown_options(kind: type[Provider], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options as a person edits them, without secrets: those kept, or just typed."""
    return kind.settings_type.show_options(options)


def shown_phones(options: Mapping[str, Any], found: Iterable[Extension]) -> list[dict[str, object]]:
    """Return the table of phones as a person edits it."""
    return rows_of(found, read_named(options.get(CONF_PHONES)))


def assist_number(line: str, country: str) -> tuple[str, str]:
    """Return the name and the number of `name = number`, or of a number alone (an empty name)."""
    name, _, number = line.rpartition("=")
    try:
        return name.strip(), numbers.dialable(number, country, by_hand=True)
    except InvalidInputError as err:
        raise InvalidInputError(CONF_ASSIST_NUMBERS, "invalid_assist_line", value=line) from err
