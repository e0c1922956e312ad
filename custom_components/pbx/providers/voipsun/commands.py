"""What is sent for a command to a VoIPSUN PBX: checked, and named as the phone system wants it.

Each function raises InvalidInputError for a value that could not be meant, before anything is sent.
"""

import re
from datetime import UTC, datetime
from typing import Literal

from ...telephony import models as m
from ...telephony.errors import InvalidInputError
from ...telephony.models import ExtensionType
from ...telephony.phone_numbers import DialForm, in_form, strip
from .lines import Lines
from .stories import CallRequest

MAX_PENALTY = 1000

DIGITS = re.compile(r"[0-9]{1,20}")
# What the switch behind the API would not take as an expression or a second parameter.
ANYTHING = re.compile(r"[^\"<>\\|;,`$(){}\[\]]{1,200}")
_ADDRESS = re.compile(r"[0-9A-Za-z.:_-]{1,64}")
# A name that begins with a letter or digit, and is no program or page.
_FILENAME = re.compile(
    r"(?!.*\.(?:php\d?|phtml|phar|cgi|pl|py|sh|jsp|aspx?|html?|js|conf)$)\w[\w .@+-]{0,199}",
    re.IGNORECASE,
)
# Folders below the recordings; not those of the system.
_FOLDER = re.compile(
    r"(?!/*(?:bin|boot|dev|etc|home|lib\d*|opt|proc|root|run|s?bin|srv|sys|tmp|usr"
    r"|var(?!/spool/asterisk/))(?:/|$))"
    r"/?\w[\w .@+-]{0,99}(?:/\w[\w .@+-]{0,99}){0,9}/?",
    re.IGNORECASE,
)

_SELECTORS = {
    ExtensionType.INTERNAL: ("ExtenInternalNum", re.compile(r"[0-9*#]{1,20}")),
    ExtensionType.PUBLIC: ("ExtenPublicNum", re.compile(r"\+?[0-9]{3,20}")),
    ExtensionType.ID: ("ExtenId", re.compile(r"[0-9]{1,18}")),
    ExtensionType.SIP_USERNAME: ("SipUsername", re.compile(r"[\w.@+-]{1,80}")),
}

type Params = dict[str, str]


def valid(field: str, value: str, pattern: re.Pattern[str] = ANYTHING) -> str:
    """Return a value without the blanks around it, if it may be sent."""
    value = value.strip()
    if not value:
        raise InvalidInputError(field, "required")
    if not value.isprintable() or not pattern.fullmatch(value):
        raise InvalidInputError(field, "invalid_value")
    return value


def optional(
    name: str, field: str, value: str | None, pattern: re.Pattern[str] = ANYTHING
) -> Params:
    """Return the parameter `name` with the value of a field; nothing where there is no value."""
    return {} if value is None else {name: valid(field, value, pattern)}


class Commands:
    """Write the parameters of commands; numbers are read in one country."""

    def __init__(self, lines: Lines, country: str) -> None:
        """Know the phones, which name an extension."""
        self._lines = lines
        self._country = country

    def originate(self, request: m.Originate) -> tuple[Params, CallRequest]:
        """Return what rings an extension and then calls a number, and the call to expect of it."""
        number = self._dialled(request.number)
        kind = request.extension_type
        params = {
            "dstNum": number,
            **self.extension("src", request.extension, kind, request.dialplan),
            **self._caller_id("dialer", request.caller_id_number, request.caller_id_name),
            **_recording(request),
            **_checks(request),
            **_custom_fields(request.custom_cdr or ()),
        }
        phone = None
        if kind is not ExtensionType.ID:
            phone = self._lines.owner(request.extension)
        user = phone.user if phone else None
        return params, CallRequest(inside=True, user=user, number=number, at=datetime.now(UTC))

    def dial(self, request: m.Dial) -> tuple[Params, CallRequest]:
        """Return what calls a number through an outbound route, and the call to expect of it."""
        if request.route_name is None and request.route_id is None:
            raise InvalidInputError("route_name", "required")
        if request.route_name is not None and request.route_id is not None:
            raise InvalidInputError("route_id", "conflict")
        number = self._dialled(request.number)
        params = {
            "dstNum": number,
            **optional("outrouteName", "route_name", request.route_name),
            **optional("outrouteId", "route_id", request.route_id, DIGITS),
            "context": valid("context", request.context),
            **optional("hangupContext", "hangup_context", request.hangup_context),
        }
        return params, CallRequest(inside=False, user=None, number=number, at=datetime.now(UTC))

    def spy(self, request: m.Spy, channel: str | None) -> Params:
        """Return what lets a supervisor listen: to a channel, or to whatever an extension has."""
        target = request.target_extension
        if channel is not None:
            params = {"dstChannelName": channel}
        elif target is not None:
            params = self.extension(
                "dst", target, request.target_type, request.dialplan, field="target_extension"
            )
        else:
            raise InvalidInputError("target_extension", "required")
        return {
            **params,
            **self.extension("src", request.extension, request.extension_type, request.dialplan),
            **self._caller_id("spy", request.caller_id_number, request.caller_id_name),
        }

    def extension(
        self,
        side: Literal["src", "dst"],
        extension: str,
        kind: ExtensionType | None = None,
        dialplan: str | None = None,
        *,
        field: str = "extension",
    ) -> Params:
        """Return the one parameter that names an extension.

        Only a SIP user name can be found out, so it is preferred where the user said nothing else.
        An internal number goes with its dial plan, where that is known or given.
        """
        extension = extension.strip()
        known = self._lines.owner(extension)
        if kind is None:
            if known is not None and dialplan is None:
                return {f"{side}SipUsername": known.user}
            internal = known.internal if known is not None else extension
            is_number = _SELECTORS[ExtensionType.INTERNAL][1].fullmatch(internal)
            kind = ExtensionType.INTERNAL if is_number else ExtensionType.SIP_USERNAME
        params = optional("dialplanName", "dialplan", dialplan)
        if kind is ExtensionType.INTERNAL and known is not None and known.number == extension:
            extension = known.internal
            params = params or optional("dialplanName", "dialplan", known.dialplan or None)
        name, pattern = _SELECTORS[kind]
        value = strip(extension) if kind is ExtensionType.PUBLIC else extension
        return {f"{side}{name}": valid(field, value, pattern), **params}

    def _dialled(self, number: str) -> str:
        """Return a checked number as it would be keyed in: a dial plan decides about its form."""
        return in_form(number, DialForm.KEYED, self._country, by_hand=True)

    def _caller_id(self, prefix: str, number: str | None, name: str | None) -> Params:
        """Return the parameters for the name and number that the called party sees."""
        params = optional(f"{prefix}Name", "caller_id_name", name)
        if number is not None:
            params[f"{prefix}Cid"] = in_form(
                number, DialForm.KEYED, self._country, field="caller_id_number", by_hand=True
            )
        return params


def move_recording(record_id: str, filename: str | None, path: str | None) -> Params:
    """Return what renames or moves the recording of a finished call."""
    if filename is None and path is None:
        raise InvalidInputError("filename", "required")
    return {
        "cdrId": valid("record_id", record_id, DIGITS),
        **optional("filename", "filename", filename, _FILENAME),
        **optional("path", "path", path, _FOLDER),
    }


def penalty(value: int | None) -> Params:
    """Return the parameter for how late a member of a queue is rung; nothing for None."""
    if value is None:
        return {}
    if not 0 <= value <= MAX_PENALTY:
        raise InvalidInputError("penalty", "out_of_range")
    return {"penalty": str(value)}


def _recording(request: m.Originate) -> Params:
    """Return where the recording of a call is to be stored."""
    return {
        **optional("monitorFilename", "recording_filename", request.recording_filename, _FILENAME),
        **optional("monitorPath", "recording_path", request.recording_path, _FOLDER),
    }


def _checks(request: m.Originate) -> Params:
    """Return what the phone system is to check about the extension before it rings it."""
    check = "1" if request.check_extension else None
    return {
        **optional("checkExten", "check_extension", check),
        **optional("checkIpHost", "check_ip_host", request.check_ip_host, _ADDRESS),
        **optional("checkIpContact", "check_ip_contact", request.check_ip_contact, _ADDRESS),
    }


def _custom_fields(values: tuple[str, ...]) -> Params:
    """Return the fields of the call's record that the user fills; an empty one is skipped."""
    if len(values) > m.MAX_CUSTOM_FIELDS:
        raise InvalidInputError("custom_cdr", "out_of_range")
    params: Params = {}
    for position, value in enumerate(values, 1):
        if value:
            params[f"customCDR{position}"] = valid("custom_cdr", value)
    return params
