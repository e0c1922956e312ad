"""Actions that say or write something to somebody."""

from typing import Any

import voluptuous as vol
from homeassistant.core import SupportsResponse

from ..const import ATTR_NUMBER
from ..telephony.models import Capability
from .action import LONG_TEXT, TEXT, Action, number_in, optional_number_in, placed
from .target import Target


async def _announce(target: Target) -> dict[str, Any]:
    """Call a number and speak a text; return what became of the call."""
    caller = optional_number_in(target, "caller_id_number")
    announcing = target.coordinator.provider.announce(
        number_in(target), target.data["message"], caller
    )
    return await placed(target, announcing)


async def _send_sms(target: Target) -> dict[str, Any]:
    """Send a text message; return its id."""
    data = target.data
    message_id = await target.coordinator.provider.send_sms(
        number_in(target), data["message"], data.get("sender")
    )
    return {"message_id": message_id}


MESSAGES: tuple[Action, ...] = (
    Action(
        name="announce",
        needs=Capability.ANNOUNCE,
        dials=True,
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
        dials=True,
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
