"""A plan means the same whatever was carried out before it."""

import pytest
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .clock import run_fast
from .house import house


@pytest.mark.usefixtures("socket_enabled")
def test_a_house_knows_nothing_of_the_one_before() -> None:
    """Its devices are not remembered."""
    run_fast(_two_houses())


async def _two_houses() -> None:
    entry = MockConfigEntry()
    async with house() as first:
        entry.add_to_hass(first.hass)
        dr.async_get(first.hass).async_get_or_create(config_entry_id=entry.entry_id, identifiers={("pbx", "old")})
    async with house() as second:
        assert list(dr.async_get(second.hass).devices) == []
