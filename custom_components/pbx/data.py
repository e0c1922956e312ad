"""The runtime data of an account's config entry."""

from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry

from .coordinator import PbxCoordinator
from .devices import PbxDevices
from .dial_guard import DialGuard
from .lookups import PbxLookups
from .push.stream import PbxStream
from .push.subscription import PbxSubscription
from .push.webhook import PbxWebhook
from .push_health import PushHealth
from .recent_calls import RecentCalls

type PbxConfigEntry = ConfigEntry[PbxData]


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxData:
    """The parts that an account consists of while it is loaded."""

    coordinator: PbxCoordinator
    devices: PbxDevices
    guard: DialGuard
    health: PushHealth
    lookups: PbxLookups
    recent: RecentCalls
    stream: PbxStream
    subscription: PbxSubscription
    webhook: PbxWebhook


def loaded_coordinator(entry: ConfigEntry) -> PbxCoordinator | None:
    """Return the coordinator of an account, or None while the account is not loaded."""
    data: PbxData | None = getattr(entry, "runtime_data", None)
    return None if data is None else data.coordinator


def may_be_extension(coordinator: PbxCoordinator, number: str) -> bool:
    """Return whether a number, an identity or an internal number may be one of our phones.

    Where not all phones are known, or where groups can be rung as well, any may be.
    """
    registry = coordinator.data
    if coordinator.provider.rings_groups or not registry.lists_all_extensions:
        return True
    return any(
        number in (one.number, one.identity, one.internal_number)
        for one in registry.found_extensions
    )
