"""Actions on calls that are up, and the list of them."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import voluptuous as vol
from homeassistant.core import SupportsResponse
from homeassistant.helpers import config_validation as cv

from ..commands import async_hang_up
from ..const import (
    ATTR_CALL_ID,
    ATTR_EXPECTED_STATE,
    ATTR_EXTENSION,
    ATTR_NUMBER,
    ATTR_TARGET_EXTENSION,
)
from ..errors import invalid
from ..providers.base import Provider
from ..rights import Access
from ..telephony import models as m
from ..telephony.events import call_data
from ..telephony.models import CallState, Capability
from .action import (
    EXTENSION_TYPE,
    TEXT,
    WHOM,
    Action,
    caller_id_in,
    extension_type_in,
    number_in,
)
from .target import Target

STATES = vol.In([state.value for state in CallState if state is not CallState.ENDED])
CALL_FIELDS: Mapping[vol.Marker, Any] = {
    **cv.ENTITY_SERVICE_FIELDS,
    vol.Optional(ATTR_CALL_ID): TEXT,
    vol.Optional(ATTR_EXPECTED_STATE): STATES,
}
CALL_OWN = frozenset({ATTR_CALL_ID, ATTR_EXPECTED_STATE})

type CallCommand = Callable[[Provider, m.CallRef], Awaitable[None]]


async def _each_call(target: Target, command: CallCommand) -> None:
    """Send a command for each call that was named."""
    for ref in target.calls():
        await command(target.coordinator.provider, ref)


async def _hangup(target: Target) -> None:
    """Hang up each call that was named; do nothing for one that is over already."""
    if target.ended():
        return
    for ref in {ref.call.id: ref for ref in target.calls()}.values():
        await async_hang_up(target.coordinator, ref, target.data.get("cause"))


async def _transfer(target: Target) -> None:
    """Transfer each call that was named."""
    number = number_in(target)
    kind = m.TransferType(target.data["type"])
    for ref in target.calls():
        await target.coordinator.provider.transfer(ref, number, kind)


async def _send_dtmf(target: Target) -> None:
    """Send key presses into each call that was named."""
    heard_by = m.HeardBy(target.data.get("heard_by", m.HeardBy.OTHER_PARTY))
    for ref in target.calls():
        await target.coordinator.provider.send_dtmf(ref, target.data["digits"], heard_by)


async def _retrieve(target: Target) -> None:
    """Let an extension take up the parked call that was named."""
    extension = target.extension()
    for ref in target.calls():
        await target.coordinator.provider.retrieve(ref, extension)


async def _start_recording(target: Target) -> None:
    """Record each call that was named."""
    for ref in target.calls():
        await target.coordinator.provider.start_recording(ref, target.data.get("filename"))


async def _spy(target: Target) -> None:
    """Let an extension listen to another one, or to the one call that was named."""
    data = target.data
    other = ATTR_TARGET_EXTENSION in data
    calls = target.calls() if ATTR_CALL_ID in data or target.named else []
    if len(calls) + other != 1:
        raise invalid("one_of", fields=f"{ATTR_TARGET_EXTENSION}, {ATTR_CALL_ID}")
    kind = extension_type_in(target)
    target_kind = extension_type_in(target, "target_type")
    target_extension = None
    if other:
        target_extension = target.extension(ATTR_TARGET_EXTENSION, known=target_kind is None)
    request = m.Spy(
        extension=target.extension(known=kind is None),
        target_extension=target_extension,
        call=next(iter(calls), None),
        extension_type=kind,
        target_type=target_kind,
        dialplan=data.get("dialplan"),
        caller_id_number=caller_id_in(target),
        caller_id_name=data.get("caller_id_name"),
        mode=m.SpyMode(data["mode"]) if "mode" in data else None,
    )
    await target.coordinator.provider.spy(request)


async def _get_calls(target: Target) -> dict[str, Any]:
    """Return the active calls; refuse while they cannot be known."""
    if not target.coordinator.calls_known:
        raise invalid("calls_unknown", provider=target.coordinator.provider.name)
    calls = target.coordinator.data.calls.values()
    return {
        "calls": [{**call_data(call), "legs": [_leg(leg) for leg in call.legs]} for call in calls]
    }


def _leg(leg: m.Leg) -> dict[str, Any]:
    """Return what is known of a leg."""
    data = {
        "id": leg.id,
        "extension": leg.extension,
        "state": leg.state.value,
        "context": leg.context,
        "account_code": leg.account_code,
    }
    return {key: value for key, value in data.items() if value}


def _simple(name: str, needs: Capability, command: CallCommand) -> Action:
    """Return the action for a command that is sent for each call."""
    return Action(
        name=name,
        needs=needs,
        run=partial(_each_call, command=command),
        fields=CALL_FIELDS,
        own=CALL_OWN,
    )


CALLS: tuple[Action, ...] = (
    _simple("answer", Capability.ANSWER, lambda provider, call: provider.answer(call)),
    _simple("hold", Capability.HOLD, lambda provider, call: provider.hold(call)),
    _simple("unhold", Capability.UNHOLD, lambda provider, call: provider.unhold(call)),
    _simple(
        "toggle_hold", Capability.TOGGLE_HOLD, lambda provider, call: provider.toggle_hold(call)
    ),
    _simple("mute", Capability.MUTE, lambda provider, call: provider.mute(call)),
    _simple("unmute", Capability.UNMUTE, lambda provider, call: provider.unmute(call)),
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
        dials=True,
        run=_transfer,
        fields={
            **CALL_FIELDS,
            vol.Required(ATTR_NUMBER): WHOM,
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
            vol.Optional("heard_by"): vol.In([side.value for side in m.HeardBy]),
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
            vol.Optional("mode"): vol.In([mode.value for mode in m.SpyMode]),
        },
        own=CALL_OWN | {ATTR_EXTENSION, ATTR_TARGET_EXTENSION},
    ),
    _simple("park", Capability.PARK, lambda provider, call: provider.park(call)),
    Action(
        name="retrieve",
        needs=Capability.RETRIEVE,
        run=_retrieve,
        fields={**CALL_FIELDS, vol.Required(ATTR_EXTENSION): TEXT},
        own=CALL_OWN | {ATTR_EXTENSION},
    ),
    Action(
        name="start_recording",
        needs=Capability.START_RECORDING,
        run=_start_recording,
        fields={**CALL_FIELDS, vol.Optional("filename"): TEXT},
        own=CALL_OWN | {"filename"},
    ),
    _simple(
        "stop_recording",
        Capability.STOP_RECORDING,
        lambda provider, call: provider.stop_recording(call),
    ),
    Action(
        name="get_calls",
        needs=Capability.CALLS,
        access=Access.READ,
        run=_get_calls,
        response=SupportsResponse.ONLY,
    ),
)
