"""The action that says who calls a phone, so that nobody has to write a template for it."""

import html
from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.components import persistent_notification
from homeassistant.components.notify.const import ATTR_MESSAGE, SERVICE_SEND_MESSAGE
from homeassistant.const import ATTR_ENTITY_ID, Platform
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from ..activity import activity_data, sentence
from ..const import ATTR_EXTENSION, DOMAIN
from ..coordinator import PbxCoordinator
from ..data import PbxConfigEntry
from ..errors import invalid
from ..recent_calls import MAX_CALLS, RecentCall
from ..telephony.events import Event
from ..telephony.models import Call, Capability, Direction, EventType
from .action import Action
from .placing import CALLER_FIELDS
from .target import Target

ATTR_NOTIFY = "notify"
NO_LINKS = (("[", "&#91;"), ("://", "&#58;//"), ("www.", "www&#46;"), ("@", "&#64;"))


async def _notify_about_call(target: Target) -> None:
    """Say who calls a phone or whom it calls, else what became of its last call.

    Without notification entities it becomes a notification in Home Assistant.
    """
    coordinator = target.coordinator
    hass = coordinator.hass
    told = _told(coordinator, target.caller())
    given = coordinator.devices.given_name(str(told["extension"]))
    texts = await async_get_translations(hass, hass.config.language, "common", {DOMAIN})
    message = sentence(texts, activity_data(told, "", coordinator.wording, phone=given))
    entities = target.data.get(ATTR_NOTIFY)
    if not entities:
        persistent_notification.async_create(
            hass, _as_text(message), notification_id=f"pbx_{told['call_id']}"
        )
        return
    await hass.services.async_call(
        Platform.NOTIFY,
        SERVICE_SEND_MESSAGE,
        {ATTR_MESSAGE: message},
        target={ATTR_ENTITY_ID: entities},
        blocking=True,
        context=target.context,
    )


def _as_text(message: str) -> str:
    """Return Markdown that shows a text in which callers, who choose their names, make no link.

    An address becomes one by itself.
    """
    shown = html.escape(message, quote=False)
    for sign, instead in NO_LINKS:
        shown = shown.replace(sign, instead)
    return shown


def _told(coordinator: PbxCoordinator, extension: str) -> Mapping[str, Any]:
    """Return what is told of the call of a phone, or of its last one; refuse a phone without."""
    call = coordinator.data.call_of(extension)
    if call is not None:
        return coordinator.events.bus_data(_began(call, extension))
    entry: PbxConfigEntry = coordinator.config_entry
    for last in entry.runtime_data.recent.newest(MAX_CALLS):
        if extension in last.extensions:
            return _over(coordinator, last, extension)
    raise invalid("no_call", extension=extension)


def _began(call: Call, extension: str) -> Event:
    """Return the event with which a call of a phone began."""
    outgoing = call.direction is Direction.OUTGOING or call.caller.number == extension
    return Event(
        type=EventType.CALL_OUTGOING if outgoing else EventType.CALL_INCOMING,
        provider_event="",
        time=dt_util.utcnow(),
        call=call,
        extension=extension,
    )


def _over(coordinator: PbxCoordinator, call: RecentCall, extension: str) -> Mapping[str, Any]:
    """Return how a call of a phone ended; where another phone answered, it is that one's."""
    if call.direction != Direction.OUTGOING and call.answered_by in coordinator.data.extensions:
        extension = call.answered_by
    phone = coordinator.data.extensions.get(extension)
    told = {
        "type": EventType.CALL_MISSED if call.missed else EventType.CALL_ENDED,
        "call_id": call.call_id,
        "direction": call.direction,
        "from_name": call.from_name,
        "from_number": call.from_number,
        "to_name": call.to_name,
        "to_number": call.to_number,
        "extension": extension,
        "extension_name": phone.name if phone is not None else "",
        "duration": call.duration,
        "outcome": call.outcome,
    }
    return {key: value for key, value in told.items() if value}


NOTIFYING: tuple[Action, ...] = (
    Action(
        name="notify_about_call",
        needs=Capability.CALLS,
        run=_notify_about_call,
        fields={
            **CALLER_FIELDS,
            vol.Optional(ATTR_NOTIFY): cv.entities_domain(Platform.NOTIFY),
        },
        own=frozenset({ATTR_EXTENSION, ATTR_NOTIFY}),
    ),
)
