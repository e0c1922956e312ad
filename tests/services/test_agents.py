"""Actions on agents and queues: members, and what they answer."""

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import Refusal, RefusedError
from custom_components.pbx.telephony.models import Capability

from ..every_action import act, plain
from ..fake_provider import NOON, FakeProvider


@pytest.mark.usefixtures("able_entry")
async def test_several_members_join_a_queue(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Every named agent is added; an agent may be given a seat."""
    coordinator = hass.config_entries.async_entries(DOMAIN)[0].runtime_data.coordinator
    agents = (m.Agent(id="a1", name="Agatha", number="501"), m.Agent(id="a2", name="Agnes"))
    coordinator.async_take(coordinator.data.directory(m.Directory(agents=agents), NOON))
    await hass.async_block_till_done()
    await act(
        hass, "queue_add", queue="600", entity_id=["sensor.agatha_status", "sensor.agnes_status"], extension="101"
    )
    members = [member for (member,) in fake.script.arguments("queue_add")]
    assert [(member.queue, member.agent.id, member.extension) for member in members] == [
        ("q1", "a1", "101"),
        ("q1", "a2", "101"),
    ]


@pytest.mark.usefixtures("able_entry")
async def test_status(hass: HomeAssistant) -> None:
    """What could be read is flat, and the phone system's own answer is beside it; what is unknown is absent."""
    assert plain(await act(hass, "get_agent_status", agent="501")) == {
        "id": "a1",
        "name": "Agatha",
        "logged_in": True,
        "paused": False,
        "raw": {"state": "10"},
    }
    assert plain(await act(hass, "get_queue_status", queue="600")) == {
        "id": "q1",
        "waiting": 0,
        "raw": {"waiting": "0"},
    }


@pytest.mark.usefixtures("able_entry")
async def test_a_queue_that_does_not_exist(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """It is named, whatever the phone system calls that; a no about a queue that is there stays what it is."""
    fake.script.errors["queue_status"] = RefusedError("Missing required parameter", "120", kind=Refusal.INCOMPLETE)
    for queue, key in (("nope", "unknown_queue"), ("600", "refused_incomplete")):
        with pytest.raises(HomeAssistantError) as refused:
            await act(hass, "get_queue_status", queue=queue)
        assert refused.value.translation_key == key


@pytest.mark.usefixtures("able_entry")
async def test_a_queue_where_all_are_listed(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Where the phone system lists its queues, another is refused before anything is sent."""
    fake.possible &= ~Capability.USER_QUEUES
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, "queue_add", queue="nope", agent="501")
    assert refused.value.translation_key == "unknown_queue"
    assert refused.value.translation_placeholders == {"provider": "Fake PBX", "value": "nope"}
    assert fake.script.times("queue_add") == 0
