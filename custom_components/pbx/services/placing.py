"""Actions that place a call."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.core import SupportsResponse
from homeassistant.helpers import config_validation as cv

from ..accounts import call_back_number
from ..const import ATTR_EXTENSION, ATTR_NUMBER
from ..data import PbxConfigEntry
from ..errors import invalid
from ..rights import Access
from ..telephony import models as m
from ..telephony.models import Capability
from .action import (
    EXTENSION_TYPE,
    RING_TIME,
    TEXT,
    WHOM,
    Action,
    caller_id_in,
    extension_type_in,
    number_in,
    placed,
)
from .target import Target

CUSTOM_FIELDS = vol.All(cv.ensure_list, [vol.All(cv.string, vol.Strip, vol.Length(max=255))])

CALLER_FIELDS: Mapping[vol.Marker, Any] = {
    **cv.ENTITY_SERVICE_FIELDS,
    vol.Optional(ATTR_EXTENSION): TEXT,
}
ORIGINATE_FIELDS: Mapping[vol.Marker, Any] = {
    **CALLER_FIELDS,
    vol.Required(ATTR_NUMBER): WHOM,
    vol.Optional("caller_id_number"): TEXT,
}


async def _originate(target: Target) -> dict[str, Any]:
    """Ring an extension and connect it to a number; return what became of it."""
    return await placed(target, target.coordinator.provider.originate(_request(target)))


async def _click_to_call(target: Target) -> dict[str, Any]:
    """Place a call as the phone system's click-to-call does; return what became of it."""
    return await placed(target, target.coordinator.provider.click_to_call(_request(target)))


def _request(target: Target) -> m.Originate:
    """Return the call to place, with the fields that are given."""
    data = target.data
    kind = extension_type_in(target)
    provider = target.coordinator.provider
    return m.Originate(
        extension=target.caller(
            known=kind in (None, m.ExtensionType.INTERNAL) and not provider.rings_groups
        ),
        number=number_in(target),
        caller_id_number=caller_id_in(target),
        caller_id_name=data.get("caller_id_name"),
        ring_timeout=data.get("ring_timeout"),
        dial_first=m.DialFirst(data["dial_first"]) if "dial_first" in data else None,
        extension_type=kind,
        dialplan=data.get("dialplan"),
        custom_cdr=tuple(data["custom_cdr"]) if "custom_cdr" in data else None,
        recording_filename=data.get("recording_filename"),
        recording_path=data.get("recording_path"),
        check_extension=data.get("check_extension"),
        check_ip_host=data.get("check_ip_host"),
        check_ip_contact=data.get("check_ip_contact"),
        auto_answer=data.get("auto_answer"),
    )


async def _get_click_to_calls(target: Target) -> dict[str, Any]:
    """Return the stored objects through which calls are placed, or the one with an id."""
    provider = target.coordinator.provider
    found = await provider.click_to_calls(target.data.get("click_to_call_id"))
    return {
        "click_to_calls": [
            {
                "click_to_call_id": one.id,
                "name": one.name,
                "extension": one.extension,
                "caller_id_number": one.number,
                "dial_first": one.dial_first.value,
                "made_here": one.made_here,
            }
            for one in found
        ]
    }


async def _delete_click_to_call(target: Target) -> None:
    """Remove a stored object through which calls are placed."""
    await target.coordinator.provider.delete_click_to_call(target.data["click_to_call_id"])


async def _call_back(target: Target) -> dict[str, Any]:
    """Call whoever called a phone last; return what became of it."""
    extension = target.caller()
    entry: PbxConfigEntry = target.coordinator.config_entry
    last = entry.runtime_data.recent.last_caller(extension)
    if last is None:
        raise invalid("no_caller", extension=extension)
    guard = entry.runtime_data.guard
    with guard.placing(last.number, by_person=target.by_person, by_hand=True):
        number = call_back_number(target.coordinator.hass, entry, last.number)
        request = m.Originate(extension=extension, number=number)
        return await placed(target, target.coordinator.provider.click_to_call(request))


async def _dial(target: Target) -> dict[str, Any]:
    """Call a number and put it into a dialplan context; return what became of it."""
    data = target.data
    if ("route_name" in data) == ("route_id" in data):
        raise invalid("one_of", fields="route_name, route_id")
    request = m.Dial(
        number=number_in(target),
        context=data["context"],
        route_name=data.get("route_name"),
        route_id=data.get("route_id"),
        hangup_context=data.get("hangup_context"),
    )
    return await placed(target, target.coordinator.provider.dial(request))


PLACING: tuple[Action, ...] = (
    Action(
        name="originate",
        needs=Capability.ORIGINATE,
        dials=True,
        run=_originate,
        fields={
            **ORIGINATE_FIELDS,
            vol.Optional("caller_id_name"): TEXT,
            vol.Optional("ring_timeout"): RING_TIME,
            vol.Optional("extension_type"): EXTENSION_TYPE,
            vol.Optional("dialplan"): TEXT,
            vol.Optional("custom_cdr"): vol.All(CUSTOM_FIELDS, vol.Length(max=m.MAX_CUSTOM_FIELDS)),
            vol.Optional("recording_filename"): TEXT,
            vol.Optional("recording_path"): TEXT,
            vol.Optional("check_extension"): cv.boolean,
            vol.Optional("check_ip_host"): TEXT,
            vol.Optional("check_ip_contact"): TEXT,
            vol.Optional("auto_answer"): cv.boolean,
        },
        own=frozenset({ATTR_EXTENSION, ATTR_NUMBER}),
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="click_to_call",
        needs=Capability.CLICK_TO_CALL,
        dials=True,
        run=_click_to_call,
        fields={
            **ORIGINATE_FIELDS,
            vol.Optional("dialplan"): TEXT,
            vol.Optional("dial_first"): vol.In([who.value for who in m.DialFirst]),
        },
        own=frozenset({ATTR_EXTENSION, ATTR_NUMBER}),
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="call_back",
        needs=Capability.CLICK_TO_CALL,
        run=_call_back,
        fields=CALLER_FIELDS,
        own=frozenset({ATTR_EXTENSION}),
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="dial",
        needs=Capability.DIAL,
        dials=True,
        access=Access.ADMINISTER,
        run=_dial,
        fields={
            vol.Required(ATTR_NUMBER): TEXT,
            vol.Required("context"): TEXT,
            vol.Optional("route_name"): TEXT,
            vol.Optional("route_id"): TEXT,
            vol.Optional("hangup_context"): TEXT,
        },
        own=frozenset({ATTR_NUMBER, "context", "route_name", "route_id"}),
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="get_click_to_calls",
        needs=Capability.GET_CLICK_TO_CALLS,
        access=Access.ADMINISTER,
        run=_get_click_to_calls,
        fields={vol.Optional("click_to_call_id"): TEXT},
        response=SupportsResponse.ONLY,
    ),
    Action(
        name="delete_click_to_call",
        needs=Capability.DELETE_CLICK_TO_CALL,
        access=Access.ADMINISTER,
        run=_delete_click_to_call,
        fields={vol.Required("click_to_call_id"): TEXT},
        own=frozenset({"click_to_call_id"}),
    ),
)
