"""Actions on calls: spying, hanging up, several at once, and the list of them."""

from dataclasses import replace

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import RefusedError
from custom_components.pbx.telephony.models import CallState

from ..every_action import ROME, act, plain, refused
from ..fake_provider import FakeProvider, async_set_up, incoming, pushed


@pytest.mark.usefixtures("able_entry")
async def test_spying_on_a_call(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A call can be listened to by id or target; a known extension is checked."""
    await act(hass, "spy", extension="102", call_id="c1")
    await act(hass, "spy", extension="102", entity_id="sensor.ann_101_call_state")
    refs = [request.call for (request,) in fake.script.arguments("spy")]
    assert [(ref.call.id, ref.extension) for ref in refs] == [("c1", None), ("c1", "101")]
    assert (await refused(hass, "spy", extension="999", call_id="c1"))[0] == "unknown_extension"
    assert (await refused(hass, "spy", extension="101", target_extension="999"))[0] == "unknown_extension"


@pytest.mark.usefixtures("able_entry")
async def test_hanging_up_a_call_that_is_over_is_a_success(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Nobody is asked for what has happened already; a call that never was is refused."""
    coordinator = hass.config_entries.async_entries(DOMAIN)[0].runtime_data.coordinator
    coordinator.async_push(pushed("c2", CallState.RINGING, "102"))
    coordinator.async_push(pushed("c2", CallState.ENDED, "102", final=True))
    await act(hass, "hangup", call_id="c2", expected_state="ringing")
    assert fake.script.times("hangup") == 0
    assert await refused(hass, "hangup", call_id="c9") == ("unknown_call", {"call_id": "c9"})
    assert (await refused(hass, "hold", call_id="c2"))[0] == "unknown_call"


@pytest.mark.usefixtures("able_entry")
async def test_one_refusal_stops_the_rest(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """When a command for one of several calls is refused, the person hears of it at once."""
    coordinator = hass.config_entries.async_entries(DOMAIN)[0].runtime_data.coordinator
    coordinator.async_push(pushed("c2", CallState.TALKING, "102"))
    fake.script.errors["hold"] = RefusedError("no")
    with pytest.raises(HomeAssistantError):
        await act(hass, "hold", entity_id=["sensor.ann_101_caller", "sensor.bob_102_caller"])
    assert fake.script.times("hold") == 1


@pytest.mark.usefixtures("able_entry")
async def test_all_calls(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """The list of calls has all of them with their legs, and what the attributes leave out."""
    call = incoming("c2", "102", state=CallState.TALKING)
    leg = replace(call.legs[0], context="from-trunk", account_code="sales")
    fake.script.calls = (incoming(), replace(call, legs=(leg, m.Leg(id="far", state=CallState.TALKING))))
    await fake_entry.runtime_data.coordinator.async_refresh()
    answer = plain(await act(hass, "get_calls"))
    assert [found["call_id"] for found in answer["calls"]] == ["c1", "c2"]
    assert answer["calls"][1]["state"] == "talking"
    assert answer["calls"][1]["from_number"] == ROME
    assert answer["calls"][1]["legs"] == [
        {
            "id": "c2-102",
            "extension": "102",
            "state": "talking",
            "context": "from-trunk",
            "account_code": "sales",
        },
        {"id": "far", "state": "talking"},
    ]


async def test_calls_that_cannot_be_known(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """An empty list would be a lie where calls are only pushed and no push works."""
    fake.script.calls = None
    await async_set_up(hass, fake_entry)
    assert await refused(hass, "get_calls") == ("calls_unknown", {"provider": "Fake PBX"})
