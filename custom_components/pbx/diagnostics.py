"""Diagnostics: capabilities, health and counts, and never a number, a name or a secret."""

from collections import Counter
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry

from .const import CONF_CLOUDHOOK_URL
from .coordinator import PbxCoordinator
from .data import PbxConfigEntry
from .devices import SubjectKind
from .telephony.models import Call


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: PbxConfigEntry
) -> dict[str, Any]:
    """Return what helps to find a fault of an account."""
    coordinator = entry.runtime_data.coordinator
    registry = coordinator.data
    interval = coordinator.update_interval
    return {
        "provider": coordinator.provider.key,
        "model": coordinator.account.model,
        "version": coordinator.account.version,
        "capabilities": _capabilities(coordinator),
        "settings": sorted(entry.data),
        "options": sorted(entry.options),
        "subentries": dict(
            Counter(subentry.subentry_type for subentry in entry.subentries.values())
        ),
        "poll": {
            "succeeded": coordinator.last_update_success,
            "calls_known": coordinator.calls_known,
            "interval": None if interval is None else interval.total_seconds(),
        },
        "push": _push(entry),
        "stream": {
            "working": entry.runtime_data.health.streaming,
            "reconnects": entry.runtime_data.stream.reconnects,
        },
        "registry": dict(registry.sizes),
        "unknown_pushes": registry.unknown_pushes,
        "missing_permissions": sorted(registry.missing_permissions),
        "extensions": len(registry.extensions),
        "agents": dict(Counter(agent.status or "unknown" for agent in registry.agents.values())),
        "queues": len(registry.queues),
        "calls": [_call(call) for call in registry.calls.values()],
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: PbxConfigEntry, device: DeviceEntry
) -> dict[str, Any]:
    """Return what helps to find a fault of one device."""
    coordinator = entry.runtime_data.coordinator
    subject = coordinator.devices.subject_of_device(device.id)
    if subject is None:
        return {"known": False}
    calls: list[Call] = []
    if subject.kind is SubjectKind.EXTENSION:
        calls = coordinator.data.calls_of(subject.id)
    elif subject.kind is SubjectKind.ACCOUNT:
        calls = list(coordinator.data.calls.values())
    return {
        "known": True,
        "kind": subject.kind,
        "capabilities": _capabilities(coordinator),
        "calls": [_call(call) for call in calls],
    }


def _capabilities(coordinator: PbxCoordinator) -> list[str]:
    """Return the names of what the phone system can do."""
    return sorted(
        (capability.name or "").lower() for capability in coordinator.provider.capabilities
    )


def _call(call: Call) -> dict[str, Any]:
    """Return a call without its parties."""
    return {
        "state": call.state,
        "direction": call.direction,
        "started_at": call.started_at,
        "answered_at": call.answered_at,
        "legs": [{"inside": leg.extension is not None, "state": leg.state} for leg in call.legs],
    }


def _push(entry: PbxConfigEntry) -> dict[str, Any]:
    """Return the state of the pushes, without a URL."""
    data = entry.runtime_data
    url = data.subscription.url
    return {
        "wanted": data.health.wanted,
        "managed": data.health.managed,
        "working": data.health.working,
        "complete": data.health.complete,
        "has_url": url is not None,
        "cloudhook": url is not None and url == entry.data.get(CONF_CLOUDHOOK_URL),
        "received": data.webhook.received,
        "bad": data.webhook.bad,
        "foreign": data.webhook.foreign,
        "late": data.webhook.late,
        "last_push": data.health.last_push,
        "subscriptions": [
            {"event": item.event, "enabled": item.enabled, "failed_count": item.failed_count}
            for item in data.subscription.subscriptions
        ],
    }
