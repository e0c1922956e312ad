"""The action that replaces the address to which a phone system pushes."""

from typing import Any

from ..data import PbxConfigEntry
from ..rights import Access
from ..telephony.models import Capability
from .action import Action
from .target import Target


async def _rotate_address(target: Target) -> dict[str, Any] | None:
    """Replace the address of the account's webhook."""
    entry: PbxConfigEntry = target.coordinator.config_entry
    await entry.runtime_data.subscription.async_rotate()
    return None


ADDRESS: tuple[Action, ...] = (
    Action(
        name="rotate_address",
        needs=Capability.WEBHOOK,
        access=Access.ADMINISTER,
        run=_rotate_address,
    ),
)
