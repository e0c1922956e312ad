"""Who calls: somebody known, somebody unknown, or somebody who hides; the contacts may need a moment to tell."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .coordinator import PbxCoordinator
from .registry.call_registry import ACCOUNT
from .telephony.events import Event
from .telephony.models import Capability, Direction, EventType, Party

KNOWN = "known"
UNKNOWN = "unknown"
HIDDEN = "hidden"
LOOKUP_PATIENCE = 3.0


def kind_of(caller: Party) -> str:
    """Sort a caller: hidden, known by the contacts (or by a name the phone system shows), or unknown."""
    if caller.hidden:
        return HIDDEN
    return KNOWN if caller.known or (caller.known is None and caller.name) else UNKNOWN


def is_looked_up(coordinator: PbxCoordinator, event: Event) -> bool:
    """Tell whether the caller is being looked up in the contacts: the event itself never waits for that."""
    call = event.call
    return (
        event.type is EventType.CALL_INCOMING
        and call is not None
        and call.direction is not Direction.INTERNAL
        and call.caller.known is None
        and not call.caller.name
        and bool(call.caller.number)
        and Capability.SEARCH_CONTACTS in coordinator.provider.capabilities
    )


@callback
def async_wait_for_name(
    hass: HomeAssistant,
    coordinator: PbxCoordinator,
    event: Event,
    decide: Callable[[PbxCoordinator, Event], None],
    waiting: dict[CALLBACK_TYPE, None],
) -> None:
    """Decide once the contacts have said who calls, or have not said so in time; `waiting` can cancel it."""

    @callback
    def async_cancel() -> None:
        remove_listener()
        remove_timer()
        waiting.pop(async_cancel, None)

    @callback
    def async_look() -> None:
        live = coordinator.data.find(event.call.id) if event.call is not None else None
        if event.call is not None and live is not None and live.caller.known is not None:
            async_cancel()
            decide(coordinator, replace(event, call=replace(event.call, caller=live.caller)))

    @callback
    def async_give_up(_now: datetime) -> None:
        async_cancel()
        decide(coordinator, event)

    remove_listener = coordinator.async_add_listener(async_look, ACCOUNT)
    remove_timer = async_call_later(hass, LOOKUP_PATIENCE, async_give_up)
    waiting[async_cancel] = None
