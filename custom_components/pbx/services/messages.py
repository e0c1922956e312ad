"""Actions that say or write something to somebody."""

from datetime import datetime
from typing import Any

import voluptuous as vol
from homeassistant.core import SupportsResponse, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.event import async_call_later

from ..commands import async_hang_up
from ..const import ATTR_EXTENSION, ATTR_NUMBER, LOGGER
from ..coordinator import PbxCoordinator
from ..errors import invalid
from ..telephony import models as m
from ..telephony.errors import ProviderError
from ..telephony.models import EARLY, CallRef, Capability
from .action import LONG_TEXT, RING_TIME, TEXT, WHOM, Action, caller_id_in, number_in, placed
from .sounds import async_sound_for
from .target import Target


async def _announce(target: Target) -> dict[str, Any]:
    """Call a number and speak a text; return what became of the call."""
    coordinator = target.coordinator
    ring_time = target.data.get("ring_timeout")
    if ring_time is not None:
        coordinator.provider.check(Capability.CALLS | Capability.HANGUP)
    caller = caller_id_in(target)
    announcing = coordinator.provider.announce(number_in(target), target.data["message"], caller)
    answer = await placed(target, announcing)
    if ring_time is not None and answer["call_id"] is not None:
        _give_up_after(coordinator, answer["call_id"], ring_time)
    return answer


def _give_up_after(coordinator: PbxCoordinator, call_id: str, seconds: float) -> None:
    """Hang up a call that nobody has answered after some time."""

    @callback
    def async_look(_now: datetime) -> None:
        """Hang up in the background."""
        coordinator.config_entry.async_create_background_task(
            coordinator.hass, _async_give_up(coordinator, call_id), "announcement that rings"
        )

    cancel = async_call_later(coordinator.hass, seconds, async_look)
    coordinator.config_entry.async_on_unload(cancel)


async def _async_give_up(coordinator: PbxCoordinator, call_id: str) -> None:
    """Hang up a call unless somebody has answered it or it is over."""
    call = coordinator.data.find(call_id)
    if call is None or call.answered_at is not None or call.state not in EARLY:
        return
    try:
        await async_hang_up(coordinator, CallRef(call=call))
    except ProviderError as err:
        LOGGER.warning("An announcement rings on: %s", type(err).__name__)


async def _send_sms(target: Target) -> dict[str, Any]:
    """Send a text message; return its id."""
    data = target.data
    message_id = await target.coordinator.provider.send_sms(
        number_in(target), data["message"], data.get("sender")
    )
    return {"message_id": message_id}


async def _play_sound(target: Target) -> dict[str, Any]:
    """Ring an extension and play it a sound, or a text; return what became of the call."""
    if ("sound" in target.data) == ("message" in target.data):
        raise invalid("one_of", fields="sound, message")
    extension = target.extension()
    request = m.PlaySound(
        extension=extension,
        sound=await async_sound_for(target.coordinator.hass, target.data),
        auto_answer=target.data.get("auto_answer", False),
    )
    return await placed(target, target.coordinator.provider.play_sound(request))


MESSAGES: tuple[Action, ...] = (
    Action(
        name="announce",
        needs=Capability.ANNOUNCE,
        dials=True,
        run=_announce,
        fields={
            vol.Required(ATTR_NUMBER): WHOM,
            vol.Required("message"): LONG_TEXT,
            vol.Optional("caller_id_number"): TEXT,
            vol.Optional("ring_timeout"): RING_TIME,
        },
        own=frozenset({ATTR_NUMBER, "message", "ring_timeout"}),
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="play_sound",
        needs=Capability.PLAY_SOUND,
        run=_play_sound,
        fields={
            vol.Required(ATTR_EXTENSION): TEXT,
            vol.Optional("sound"): TEXT,
            vol.Optional("message"): LONG_TEXT,
            vol.Optional("tts_entity"): cv.entity_domain("tts"),
            vol.Optional("auto_answer"): cv.boolean,
        },
        own=frozenset({ATTR_EXTENSION, "sound", "message", "tts_entity"}),
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="send_sms",
        needs=Capability.SEND_SMS,
        dials=True,
        run=_send_sms,
        fields={
            vol.Required(ATTR_NUMBER): WHOM,
            vol.Required("message"): LONG_TEXT,
            vol.Optional("sender"): TEXT,
        },
        own=frozenset({ATTR_NUMBER, "message"}),
        response=SupportsResponse.OPTIONAL,
    ),
)
