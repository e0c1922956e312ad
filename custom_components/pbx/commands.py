"""What all commands of an account have in common: those of actions, of buttons and of switches."""

from collections.abc import Iterator
from contextlib import contextmanager

from homeassistant.core import callback
from homeassistant.util import dt as dt_util

from .const import CONF_CREATED_OBJECTS
from .coordinator import HISTORY, PbxCoordinator
from .errors import command_errors
from .telephony.models import CallHint, CallRef, Placed


@contextmanager
def commanding(coordinator: PbxCoordinator) -> Iterator[None]:
    """Carry out a command: translate its errors, keep what it made, look what became of it."""
    entry, provider = coordinator.config_entry, coordinator.provider
    try:
        with command_errors(coordinator.hass, entry, provider.name):
            yield
    finally:
        made = list(provider.created_objects)
        if made != entry.data.get(CONF_CREATED_OBJECTS, []):
            coordinator.async_keep({CONF_CREATED_OBJECTS: made})
    coordinator.async_look_again()


async def async_hang_up(
    coordinator: PbxCoordinator, ref: CallRef, cause: str | None = None
) -> None:
    """Hang up a call, and have it told as rejected if nobody had answered it."""
    registry, call_id = coordinator.data, ref.call.id
    registry.note_hang_up(call_id, ref.extension, done=True)
    try:
        await coordinator.provider.hangup(ref, cause)
    except BaseException:
        registry.note_hang_up(call_id, ref.extension, done=False)
        raise


@callback
def async_take_placed(coordinator: PbxCoordinator, placed: Placed) -> None:
    """Show a call that was placed here, where the phone system does not list it yet."""
    call = placed.call
    if call is None:
        return
    coordinator.async_take(coordinator.data.begin_placed(call, dt_util.utcnow()))
    if call.hangup_cause is not None:  # it was over before its answer came
        coordinator.async_push(
            CallHint(
                provider_event=HISTORY,
                leg_id=call.id,
                hangup_cause=call.hangup_cause,
                outcome=call.outcome,
            )
        )
