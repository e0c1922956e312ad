"""The fields of the triggers, and what may be entered in them."""

from collections.abc import Mapping
from typing import Any, Final

import voluptuous as vol
from homeassistant.const import CONF_FOR
from homeassistant.core import async_get_hass_or_none
from homeassistant.helpers import config_validation as cv

from .callers import HIDDEN, KNOWN, UNKNOWN
from .const import ATTR_AGENT, ATTR_CONFIG_ENTRY_ID, ATTR_EXTENSION, ATTR_QUEUE
from .telephony import phone_numbers as numbers
from .telephony.errors import InvalidInputError
from .telephony.models import Direction, Outcome
from .telephony.number_filter import number_filter

ATTR_CALLED: Final = "called"
ATTR_CALLEE: Final = "callee"
ATTR_CALLER: Final = "caller"
ATTR_CALLER_COUNTRY: Final = "caller_country"
ATTR_CALLER_GROUPS: Final = "caller_groups"
ATTR_CALLER_KIND: Final = "caller_kind"
ATTR_CALLER_PLACE: Final = "caller_place"
ATTR_DIGITS: Final = "digits"
ATTR_DIRECTION: Final = "direction"
ATTR_MINIMUM_DURATION: Final = "minimum_duration"
ATTR_OUTCOME: Final = "outcome"
ATTR_PRESSED_BY: Final = "pressed_by"
ANY = "any"
TEXT = vol.All(cv.string, vol.Strip, vol.Length(min=1, max=255))
EMPTY: tuple[object, ...] = (None, [], {})


def _chosen_number(value: str) -> str:
    """Return a number or its beginning with "*" behind it; raise Invalid if it can match nobody."""
    hass = async_get_hass_or_none()
    country = "" if hass is None else hass.config.country or ""
    try:
        number_filter(value, country)
    except InvalidInputError as err:
        if err.problem != "ambiguous_number":
            raise vol.Invalid("not a phone number") from err
        raise vol.Invalid(f"can be read in two ways, write it with a plus: {err.value}") from err
    return numbers.strip(value)


def _chosen_country(value: object) -> str:
    """Return the code of a country; YAML reads that of Norway as "no"."""
    code = "NO" if value is False else str(value).strip().upper()
    country: str = cv.country(code)
    return country


NUMBER = vol.All(TEXT, _chosen_number)
NUMBERS = vol.All(cv.ensure_list, [NUMBER])
KEYS = vol.All(TEXT, vol.Match(r"^[0-9A-Da-d*#]+$", msg="not keys of a phone"), vol.Upper)

TEXTS = vol.All(cv.ensure_list, [TEXT])
OUTCOMES = vol.All(cv.ensure_list, [vol.In([outcome.value for outcome in Outcome])])

# What a target says by now, and what older automations say instead of it.
OLD_FIELDS: Mapping[vol.Marker, Any] = {
    vol.Optional(ATTR_EXTENSION): TEXTS,
    vol.Optional(ATTR_CONFIG_ENTRY_ID): TEXT,
}
CALLER_FIELDS: Mapping[vol.Marker, Any] = {
    vol.Optional(ATTR_CALLER, default=list): NUMBERS,
    vol.Optional(ATTR_CALLER_GROUPS, default=list): TEXTS,
}
CALLED_FIELDS: Mapping[vol.Marker, Any] = {vol.Optional(ATTR_CALLED, default=list): NUMBERS}
QUEUE_FIELDS: Mapping[vol.Marker, Any] = {vol.Optional(ATTR_QUEUE): TEXTS}
DIRECTION_FIELDS: Mapping[vol.Marker, Any] = {
    vol.Optional(ATTR_DIRECTION): vol.In([direction.value for direction in Direction])
}
CALL_FIELDS: Mapping[vol.Marker, Any] = {
    **DIRECTION_FIELDS,
    vol.Optional(ATTR_CALLER_KIND, default=ANY): vol.In([ANY, KNOWN, UNKNOWN, HIDDEN]),
    **CALLER_FIELDS,
    vol.Optional(ATTR_CALLER_COUNTRY): _chosen_country,
    vol.Optional(ATTR_CALLER_PLACE): TEXT,
    **CALLED_FIELDS,
    **QUEUE_FIELDS,
}
ENDED_FIELDS: Mapping[vol.Marker, Any] = {
    **CALL_FIELDS,
    vol.Optional(ATTR_OUTCOME, default=list): OUTCOMES,
    vol.Optional(ATTR_MINIMUM_DURATION): cv.positive_time_period,
}
WAITING_FIELDS: Mapping[vol.Marker, Any] = {
    vol.Optional(CONF_FOR, default={"seconds": 20}): cv.positive_time_period,
    **CALL_FIELDS,
}
OUTGOING_FIELDS: Mapping[vol.Marker, Any] = {**DIRECTION_FIELDS, **CALLED_FIELDS}
CORRECTED_FIELDS: Mapping[vol.Marker, Any] = {
    **DIRECTION_FIELDS,
    **CALLER_FIELDS,
    vol.Optional(ATTR_OUTCOME, default=list): OUTCOMES,
}
KEY_FIELDS: Mapping[vol.Marker, Any] = {
    vol.Optional(ATTR_DIGITS): KEYS,
    vol.Optional(ATTR_PRESSED_BY): vol.In([ATTR_CALLER, ATTR_CALLEE]),
    **CALLER_FIELDS,
}
AGENT_FIELDS: Mapping[vol.Marker, Any] = QUEUE_FIELDS
OLD_OUTGOING_FIELDS: Mapping[vol.Marker, Any] = {
    **OLD_FIELDS,
    vol.Optional(ATTR_CALLEE, default=list): NUMBERS,
}
OLD_AGENT_FIELDS: Mapping[vol.Marker, Any] = {**OLD_FIELDS, vol.Optional(ATTR_AGENT): TEXTS}


def is_empty(value: object) -> bool:
    """Return whether a filter was left empty, each of its rows if it is a list."""
    if isinstance(value, list):
        return all(map(is_empty, value))
    return value in EMPTY or not str(value).strip()


def filled(value: object) -> object:
    """Return a filter without the rows that were left empty."""
    if isinstance(value, list):
        return [row for row in value if not is_empty(row)]
    return value


def is_among(wanted: list[str] | None, number: str, country: str) -> bool:
    """Return whether a number is a wanted one, or begins as one does; if none is wanted, True.

    Numbers are read in a country. What cannot be a number there is nobody's.
    """
    return not wanted or any(_matches(each, number, country) for each in wanted)


def _matches(wanted: str, number: str, country: str) -> bool:
    """Return whether a number is the wanted one, or begins as it does."""
    try:
        return number_filter(wanted, country).matches(number, country)
    except InvalidInputError:
        return False
