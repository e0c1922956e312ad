"""The options as a person types them, and as they are kept."""

from collections.abc import Mapping
from typing import Any

from homeassistant.const import CONF_COUNTRY

from .const import CONF_ASSIST_NUMBERS, CONF_CALL_SLOTS
from .forms import CONF_WEBHOOK_PASSWORD, CONF_WEBHOOK_USERNAME
from .telephony import phone_numbers as numbers
from .telephony.errors import InvalidInputError

CONF_EXTENSION_NAMES = "extension_names"
HIDDEN = "hidden"


def stored_options(
    typed: Mapping[str, Any], known: Mapping[str, Any], country: str = ""
) -> dict[str, Any]:
    """Turn what was typed into what is kept; raise InvalidInputError for what cannot be read or is incomplete."""
    options = {key: value for key, value in typed.items() if value not in ("", [], None)}
    options[CONF_CALL_SLOTS] = int(options[CONF_CALL_SLOTS])
    if CONF_EXTENSION_NAMES in options:
        options[CONF_EXTENSION_NAMES] = dict(_named(line) for line in options[CONF_EXTENSION_NAMES])
    for line in options.get(CONF_ASSIST_NUMBERS, ()):
        assist_number(line, options.get(CONF_COUNTRY) or country)
    user = options.get(CONF_WEBHOOK_USERNAME)
    if user is not None and user == known.get(CONF_WEBHOOK_USERNAME):
        # The password is not shown, so an empty field means the one that is known.
        options.setdefault(CONF_WEBHOOK_PASSWORD, known.get(CONF_WEBHOOK_PASSWORD))
    for one, other in (
        (CONF_WEBHOOK_USERNAME, CONF_WEBHOOK_PASSWORD),
        (CONF_WEBHOOK_PASSWORD, CONF_WEBHOOK_USERNAME),
    ):
        if options.get(one) and not options.get(other):
            raise InvalidInputError(other, "required")
    return options


def shown_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Turn what is kept, or was typed, into what a person edits, without secrets."""
    shown = {key: value for key, value in options.items() if key != CONF_WEBHOOK_PASSWORD}
    names = shown.get(CONF_EXTENSION_NAMES)
    if isinstance(names, Mapping):
        shown[CONF_EXTENSION_NAMES] = [_line(user, known) for user, known in names.items()]
    return shown


def assist_number(line: str, country: str) -> tuple[str, str]:
    """Read `name = number`, or a number alone."""
    name, _, number = line.rpartition("=")
    try:
        return name.strip(), numbers.dialable(number, country)
    except InvalidInputError as err:
        raise InvalidInputError(CONF_ASSIST_NUMBERS, "invalid_assist_line", value=line) from err


def _named(line: str) -> tuple[str, dict[str, Any]]:
    """Read `sip user = internal number, name, public number ...` or `sip user = hidden`."""
    user, separator, rest = line.partition("=")
    words = [word.strip() for word in rest.split(",")]
    if not separator or not user.strip() or not words[0]:
        raise InvalidInputError(CONF_EXTENSION_NAMES, "invalid_extension_line", value=line)
    if words[0].lower() == HIDDEN:
        return user.strip(), {HIDDEN: True}
    known: dict[str, Any] = {"number": words[0], HIDDEN: False}
    if len(words) > 1:
        known["name"] = words[1]
    known["public"] = [word for word in words[2:] if word]
    return user.strip(), known


def _line(user: str, known: Mapping[str, Any]) -> str:
    if known.get(HIDDEN):
        return f"{user} = {HIDDEN}"
    words = [known.get("number", ""), known.get("name", ""), *known.get("public", ())]
    return f"{user} = {', '.join(words).rstrip(', ')}"
