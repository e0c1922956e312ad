"""Actions on calls that are up, and the list of them."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import voluptuous as vol
from homeassistant.core import SupportsResponse
from homeassistant.helpers import config_validation as cv

from ..const import (
    ATTR_CALL_ID,
    ATTR_EXPECTED_STATE,
    ATTR_EXTENSION,
    ATTR_NUMBER,
    ATTR_TARGET_EXTENSION,
)
from ..errors import invalid
from ..rights import Access
from ..telephony import models as m
from ..telephony.events import call_data
from ..telephony.models import CallState, Capability
from .action import EXTENSION_TYPE, TEXT, Action, number_in
from .target import Target

STATES = vol.In([state.value for state in CallState if state is not CallState.ENDED])
CALL_FIELDS: Mapping[vol.Marker, Any] = {
    **cv.ENTITY_SERVICE_FIELDS,
    vol.Optional(ATTR_CALL_ID): TEXT,
    vol.Optional(ATTR_EXPECTED_STATE): STATES,
}
CALL_OWN = frozenset({ATTR_CALL_ID, ATTR_EXPECTED_STATE})


async def _each_call(target: Target, command: str) -> None:
    for ref in target.calls():
        await getattr(target.coordinator.provider, command)(ref)


async def _hangup(target: Target) -> None:
    if target.ended():
        return
    for ref in {ref.call.id: ref for ref in target.calls()}.values():
        await target.coordinator.provider.hangup(ref, target.data.get("cause"))


async def _transfer(target: Target) -> None:
    number = number_in(target)
    kind = m.TransferType(target.data["type"])
    for ref in target.calls():
        await target.coordinator.provider.transfer(ref, number, kind)


async def _send_dtmf(target: Target) -> None:
    for ref in target.calls():
        await target.coordinator.provider.send_dtmf(ref, target.data["digits"])


async def _spy(target: Target) -> None:
    data = target.data
    named = ATTR_TARGET_EXTENSION in data
    calls = target.calls() if ATTR_CALL_ID in data or target.named else []
    if len(calls) + named != 1:
        raise invalid("one_of", fields=f"{ATTR_TARGET_EXTENSION}, {ATTR_CALL_ID}")
    kind = m.ExtensionType(data["extension_type"]) if "extension_type" in data else None
    target_kind = m.ExtensionType(data["target_type"]) if "target_type" in data else None
    request = m.Spy(
        extension=target.extension(known=kind is None),
        target_extension=target.extension(ATTR_TARGET_EXTENSION, known=target_kind is None)
        if named
        else None,
        call=next(iter(calls), None),
        extension_type=kind,
        target_type=target_kind,
        dialplan=data.get("dialplan"),
        caller_id_number=number_in(target, "caller_id_number")
        if "caller_id_number" in data
        else None,
        caller_id_name=data.get("caller_id_name"),
    )
    await target.coordinator.provider.spy(request)


async def _get_calls(target: Target) -> dict[str, Any]:
    if not target.coordinator.calls_known:
        raise invalid("calls_unknown", provider=target.coordinator.provider.name)
    return {
        "calls": [
            {
                **call_data(call),
                "legs": [
                    {
                        key: value
                        for key, value in (
                            ("id", leg.id),
                            ("extension", leg.extension),
                            ("state", leg.state.value),
                            ("context", leg.context),
                            ("account_code", leg.account_code),
                        )
                        if value
                    }
                    for leg in call.legs
                ],
            }
            for call in target.coordinator.data.calls.values()
        ]
    }


def _simple(name: str, needs: Capability) -> Action:
    return Action(
        name=name,
        needs=needs,
        run=partial(_each_call, command=name),
        fields=CALL_FIELDS,
        own=CALL_OWN,
    )


CALLS: tuple[Action, ...] = (
    _simple("answer", Capability.ANSWER),
    _simple("hold", Capability.HOLD),
    _simple("unhold", Capability.UNHOLD),
    _simple("toggle_hold", Capability.TOGGLE_HOLD),
    _simple("mute", Capability.MUTE),
    _simple("unmute", Capability.UNMUTE),
    Action(
        name="hangup",
        needs=Capability.HANGUP,
        run=_hangup,
        fields={**CALL_FIELDS, vol.Optional("cause"): TEXT},
        own=CALL_OWN,
    ),
    Action(
        name="transfer",
        needs=Capability.TRANSFER,
        run=_transfer,
        fields={
            **CALL_FIELDS,
            vol.Required(ATTR_NUMBER): TEXT,
            vol.Optional("type", default=m.TransferType.BLIND.value): vol.In(
                [kind.value for kind in m.TransferType]
            ),
        },
        own=CALL_OWN | {ATTR_NUMBER, "type"},
    ),
    Action(
        name="send_dtmf",
        needs=Capability.SEND_DTMF,
        run=_send_dtmf,
        fields={
            **CALL_FIELDS,
            vol.Required("digits"): vol.All(TEXT, vol.Upper, vol.Match(r"^[0-9*#A-D]+$")),
        },
        own=CALL_OWN | {"digits"},
    ),
    Action(
        name="spy",
        needs=Capability.SPY,
        access=Access.ADMINISTER,
        run=_spy,
        fields={
            **CALL_FIELDS,
            vol.Required(ATTR_EXTENSION): TEXT,
            vol.Optional("extension_type"): EXTENSION_TYPE,
            vol.Optional(ATTR_TARGET_EXTENSION): TEXT,
            vol.Optional("target_type"): EXTENSION_TYPE,
            vol.Optional("dialplan"): TEXT,
            vol.Optional("caller_id_number"): TEXT,
            vol.Optional("caller_id_name"): TEXT,
        },
        own=CALL_OWN | {ATTR_EXTENSION, ATTR_TARGET_EXTENSION},
    ),
    Action(
        name="get_calls",
        needs=Capability.CALLS,
        access=Access.READ,
        run=_get_calls,
        response=SupportsResponse.ONLY,
    ),
)
