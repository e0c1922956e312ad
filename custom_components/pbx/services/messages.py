"""Actions that say or write something to somebody."""

from typing import Any

import voluptuous as vol
from homeassistant.core import SupportsResponse

from ..const import ATTR_NUMBER
from ..telephony.models import Capability
from .action import LONG_TEXT, TEXT, Action, number_in, placed_answer
from .target import Target


async def _announce(target: Target) -> dict[str, Any]:
    caller = number_in(target, "caller_id_number") if "caller_id_number" in target.data else None
    return placed_answer(
        await target.coordinator.provider.announce(
            number_in(target), target.data["message"], caller
        )
    )


async def _send_sms(target: Target) -> dict[str, Any]:
    data = target.data
    provider = target.coordinator.provider
    return {
        "message_id": await provider.send_sms(
            number_in(target), data["message"], data.get("sender")
        )
    }


MESSAGES: tuple[Action, ...] = (
    Action(
        name="announce",
        needs=Capability.ANNOUNCE,
        run=_announce,
        fields={
            vol.Required(ATTR_NUMBER): TEXT,
            vol.Required("message"): LONG_TEXT,
            vol.Optional("caller_id_number"): TEXT,
        },
        own=frozenset({ATTR_NUMBER, "message"}),
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="send_sms",
        needs=Capability.SEND_SMS,
        run=_send_sms,
        fields={
            vol.Required(ATTR_NUMBER): TEXT,
            vol.Required("message"): LONG_TEXT,
            vol.Optional("sender"): TEXT,
        },
        own=frozenset({ATTR_NUMBER, "message"}),
        response=SupportsResponse.OPTIONAL,
    ),
)
