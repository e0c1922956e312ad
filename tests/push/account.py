"""What the tests of pushes share: an account with a webhook, and what is known of its pushes."""

from typing import Any

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
)

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.push_health import PushHealth

from ..simulators.voxloud import VoxloudSimulator

WEBHOOK_ID = "b7c1e3d09f5a4e2c8d6b"
PATH = f"/api/webhook/{WEBHOOK_ID}"
CANARY = "+390655512345"
HOME = "https://ha.example.com"
NEW_HOME = "https://new.example.org"
OURS = "custom_components.pbx"


def voxloud_entry(simulator: VoxloudSimulator, **more: Any) -> MockConfigEntry:
    """Make the entry of an account at a simulated Voxloud."""
    data = {
        "provider": "voxloud",
        "webhook_id": WEBHOOK_ID,
        "url": simulator.url,
        "api_key": simulator.api_key,
        **more.pop("data", {}),
    }
    return MockConfigEntry(domain=DOMAIN, title="Voxloud", data=data, **more)


async def async_settle(hass: HomeAssistant) -> None:
    """Wait until all is done, also in the background."""
    await hass.async_block_till_done(wait_background_tasks=True)


def health(entry: MockConfigEntry) -> PushHealth:
    """Give what is known of an account's pushes as it is now."""
    found: PushHealth = entry.runtime_data.health
    return found
