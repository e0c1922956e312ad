"""What the random plans have found, each as small as it could be made."""

from datetime import timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.update_coordinator import UpdateFailed
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.pbx.errors import poll_errors
from custom_components.pbx.providers.errors import RateLimitError
from custom_components.pbx.providers.models import Capability
from tests.fake_provider import FakeProvider, async_set_up


def test_short_pause_is_no_busy_loop() -> None:
    """Home Assistant drops the fraction of the present second: the wait is long enough for the next poll all the same."""
    with pytest.raises(UpdateFailed) as raised, poll_errors("Fake PBX"):
        raise RateLimitError(0.3)

    assert raised.value.retry_after is not None
    assert raised.value.retry_after >= 1.3


async def test_permission_granted_later_brings_its_entities(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """An account that was set up without a permission starts anew once it has it."""
    everything = fake.script.capabilities
    fake.script.capabilities = everything & ~Capability.CALLS
    await async_set_up(hass, fake_entry)
    registry = er.async_get(hass)
    assert registry.async_get_entity_id("sensor", "pbx", "fake_house_account_active_calls") is None

    fake.script.capabilities = fake_entry.runtime_data.provider.capabilities = everything
    freezer.tick(timedelta(seconds=30))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)

    entity_id = registry.async_get_entity_id("sensor", "pbx", "fake_house_account_active_calls")
    assert entity_id is not None
    assert hass.states.get(entity_id).state == "0"  # type: ignore[union-attr]
    assert fake.script.times("account") == 2
