"""Kinds of callers: known, unknown, or hidden; to know it may take a look-up."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later

from .coordinator import PbxCoordinator
from .lookups import can_be_looked_up
from .registry.call_registry import ACCOUNT
from .telephony.events import Event
from .telephony.models import EventType, Party

KNOWN = "known"
UNKNOWN = "unknown"
HIDDEN = "hidden"
LOOKUP_PATIENCE = 3.0


def kind_of(caller: Party) -> str:
    """Return the kind of a caller.

    Known is who is in the contacts, or is shown with a name by a phone system that has none.
    """
    if caller.hidden:
        return HIDDEN
    known = bool(caller.name) if caller.known is None else caller.known
    return KNOWN if known else UNKNOWN


def is_looked_up(coordinator: PbxCoordinator, event: Event) -> bool:
    """Return whether the caller is being looked up; the event itself never waits for that."""
    call = event.call
    if event.type is not EventType.CALL_INCOMING or call is None:
        return False
    if call.caller.known is not None or call.caller.name:
        return False
    return can_be_looked_up(coordinator, call)


@callback
def async_wait_for_name(
    hass: HomeAssistant,
    coordinator: PbxCoordinator,
    event: Event,
    decide: Callable[[PbxCoordinator, Event], None],
    waiting: dict[CALLBACK_TYPE, None],
) -> None:
    """Decide once the contacts have said who calls, or have not said so in time.

    What is added to `waiting` cancels it.
    """

    @callback
    def async_cancel() -> None:
        """Wait no longer."""
        remove_listener()
        remove_timer()
        waiting.pop(async_cancel, None)

    @callback
    def async_look() -> None:
        """Decide if the caller is known by now, or known to be unknown."""
        if event.call is None:
            return
        call = coordinator.data.find(event.call.id)
        if call is not None and call.caller.known is not None:
            async_cancel()
            decide(coordinator, replace(event, call=replace(event.call, caller=call.caller)))

    @callback
    def async_give_up(_now: datetime) -> None:
        """Decide with what is known."""
        async_cancel()
        decide(coordinator, event)

    remove_listener = coordinator.async_add_listener(async_look, ACCOUNT)
    remove_timer = async_call_later(hass, LOOKUP_PATIENCE, async_give_up)
    waiting[async_cancel] = None
