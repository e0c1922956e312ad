"""The places of callers in events: there once the tables are read, and never waited for."""

from unittest.mock import patch

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.pbx.const import CONF_CALLER_PLACES, EVENT_PBX
from custom_components.pbx.phone_book.collection import async_get_phone_book
from custom_components.pbx.places import async_get_places
from custom_components.pbx.telephony import places as tables
from custom_components.pbx.telephony.models import CallState, Direction, Party
from custom_components.pbx.telephony.places import NOWHERE, Place

from .fake_provider import FakeProvider, async_set_up, fake_config_entry, pushed

ROME = "+390612345678"


@pytest.mark.usefixtures("tables_of_places")
async def test_events_tell_it(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """The country is in the first event, the town from then on; the phone book's groups are in both."""
    await async_set_up(hass, fake_entry)
    await async_get_phone_book(hass).async_add({"name": "Zoe", "numbers": [ROME], "groups": ["vip"]})
    told = async_capture_events(hass, EVENT_PBX)
    for call_id in ("c1", "c2"):
        fake_entry.runtime_data.coordinator.async_push(pushed(call_id, CallState.RINGING))
        await hass.async_block_till_done(wait_background_tasks=True)
    found = [event.data for event in told if event.data["type"] == "call_incoming"]
    assert [(data.get("caller_country"), data.get("caller_place")) for data in found] == [("IT", None), ("IT", "Rome")]
    assert [data["caller_groups"] for data in found] == [["vip"], ["vip"]]


@pytest.mark.parametrize(
    ("number", "direction"),
    [("101", Direction.INTERNAL), ("", Direction.INCOMING), (ROME, Direction.OUTGOING)],
)
async def test_no_place(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, number: str, direction: Direction
) -> None:
    """A phone of ours, a hidden caller and whoever is called have none."""
    await async_set_up(hass, fake_entry)
    await async_get_places(hass).async_find(ROME)
    told = async_capture_events(hass, EVENT_PBX)
    ringing = pushed("c1", CallState.RINGING, caller=Party(number=number), direction=direction)
    fake_entry.runtime_data.coordinator.async_push(ringing)
    await hass.async_block_till_done()
    assert told
    assert not any("caller_country" in event.data or "caller_place" in event.data for event in told)


async def test_switched_off(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """The option leaves both out, and nothing is read."""
    entry = fake_config_entry(options={CONF_CALLER_PLACES: False})
    await async_set_up(hass, entry)
    told = async_capture_events(hass, EVENT_PBX)
    with patch.object(tables.Tables, "read") as read:
        entry.runtime_data.coordinator.async_push(pushed("c1", CallState.RINGING))
        await hass.async_block_till_done(wait_background_tasks=True)
    assert not read.called
    assert "caller_country" not in told[0].data


async def test_tables_that_are_not_there(
    hass: HomeAssistant, caplog: pytest.LogCaptureFixture, expected_warnings: list[str]
) -> None:
    """Without them the countries are left, and one line says so."""
    expected_warnings.append("The places of numbers cannot be read")
    places = async_get_places(hass)
    with patch.object(tables.Tables, "read", side_effect=OSError):
        assert await places.async_find(ROME) == Place(country="IT")
    assert await places.async_find(ROME) == Place(country="IT")
    assert await places.async_find("101") == NOWHERE
    assert caplog.text.count("The places of numbers cannot be read: OSError") == 1
    assert ROME not in caplog.text
