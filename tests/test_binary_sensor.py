"""Binary sensors: the connection, the pushes, each phone's registration and do-not-disturb."""

from datetime import timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import ConnectError
from custom_components.pbx.telephony.models import Capability

from .fake_provider import FakeProvider, async_set_up

pytestmark = pytest.mark.usefixtures("full_polls")


async def poll(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let the next poll come."""
    freezer.tick(timedelta(seconds=11))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_connection_stays_available(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    expected_warnings: list[str],
) -> None:
    """The connection says off, and push stays known, while everything else is unavailable."""
    expected_warnings.append("Error fetching House data")
    fake.script.capabilities |= Capability.WEBHOOK
    await async_set_up(hass, fake_entry)
    assert hass.states.is_state("binary_sensor.house_connection", STATE_ON)
    fake.script.errors["calls"] = ConnectError()
    await poll(hass, freezer)
    assert hass.states.is_state("binary_sensor.house_connection", STATE_OFF)
    assert hass.states.is_state("binary_sensor.house_push_messages", STATE_OFF)
    assert hass.states.is_state("binary_sensor.ann_101_registration", STATE_UNAVAILABLE)
    del fake.script.errors["calls"]
    await poll(hass, freezer)
    assert hass.states.is_state("binary_sensor.house_connection", STATE_ON)
    assert hass.states.is_state("binary_sensor.ann_101_registration", STATE_ON)


@pytest.mark.parametrize(("known", "state"), [(True, STATE_ON), (False, STATE_OFF), (None, STATE_UNKNOWN)])
async def test_phones(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    known: bool | None,  # noqa: FBT001
    state: str,
) -> None:
    """A phone is registered, or not, or nobody knows; the same for do not disturb."""
    await async_set_up(hass, fake_entry)
    fake.script.directory = m.Directory(
        extensions=(m.Extension(number="101", name="Ann", registered=known, dnd=known),)
    )
    await poll(hass, freezer)
    assert hass.states.is_state("binary_sensor.ann_101_registration", state)
    assert hass.states.is_state("binary_sensor.ann_101_do_not_disturb", state)
    assert hass.states.is_state("binary_sensor.bob_102_registration", STATE_UNAVAILABLE)


@pytest.mark.parametrize(
    ("missing", "gone"),
    [(Capability.REGISTRATION, "registration"), (Capability.DND, "do_not_disturb")],
)
async def test_only_what_is_known_exists(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, missing: Capability, gone: str
) -> None:
    """Without the capability there is no sensor; without a webhook none for pushes."""
    fake.script.capabilities &= ~missing
    await async_set_up(hass, fake_entry)
    known = hass.states.async_entity_ids("binary_sensor")
    assert not [entity for entity in known if entity.endswith((gone, "push_messages"))]
    assert "binary_sensor.house_connection" in known
