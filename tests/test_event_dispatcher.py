"""The event dispatcher: who is told of an event, in which order, and in which words."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.core import callback as ha_callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.pbx.const import EVENT_PBX
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.devices import SubjectKind
from custom_components.pbx.event_dispatcher import SIGNAL_EVENT
from custom_components.pbx.registry.call_registry import agent_key
from custom_components.pbx.telephony.events import Event
from custom_components.pbx.telephony.models import Call, CallState, EventType

from .fake_provider import NOON
from .test_coordinator import coordinator_of

CALL = Call(id="c1", state=CallState.RINGING, started_at=NOON)
RINGING = Event(
    type=EventType.CALL_INCOMING, provider_event="ring", time=NOON, call=CALL, extension="101", tell=("101", "102")
)


@pytest.fixture
async def coordinator(hass: HomeAssistant, fake_entry: MockConfigEntry) -> PbxCoordinator:
    """Set an account up and give its coordinator."""
    return await coordinator_of(hass, fake_entry)


@pytest.fixture
def heard(hass: HomeAssistant, coordinator: PbxCoordinator) -> list[str]:
    """Listen everywhere, and note who hears what."""
    found: list[str] = []

    def note(name: str) -> Callable[..., None]:
        @ha_callback
        def hear(*_told: object) -> None:
            found.append(name)

        return hear

    events = coordinator.events
    events.async_listen_events("101", note("101"))
    events.async_listen_events("102", note("102"))
    events.async_listen_events("103", note("103"))
    events.async_listen_events(None, note("account"))
    events.async_listen_events(agent_key("a1"), note("agent"))
    hass.bus.async_listen(EVENT_PBX, note("bus"))
    async_dispatcher_connect(hass, SIGNAL_EVENT, note("triggers"))
    return found


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (RINGING, ["101", "102", "account", "bus", "triggers"]),
        (replace(RINGING, public=False), ["101", "102", "triggers"]),
        (replace(RINGING, agent="a1", tell=()), ["account", "agent", "bus", "triggers"]),
        (replace(RINGING, agent="a2", tell=()), ["account", "bus", "triggers"]),
        (replace(RINGING, tell=("999",)), ["account", "bus", "triggers"]),
    ],
    ids=["all", "one phone's", "agent", "another agent", "unknown phone"],
)
async def test_who_hears_what(
    hass: HomeAssistant, coordinator: PbxCoordinator, heard: list[str], event: Event, expected: list[str]
) -> None:
    """First the extensions, the account and the agent, then the bus, then the triggers."""
    coordinator.events.async_tell(event)
    await hass.async_block_till_done()
    assert heard == expected


async def test_a_listener_that_adds_another_is_not_disturbed(hass: HomeAssistant, coordinator: PbxCoordinator) -> None:
    """Who begins to listen meanwhile hears from the next event on, and who stops hears no more."""
    found: list[str] = []
    events = coordinator.events

    def first(_event: Event) -> None:
        found.append("first")
        stop()
        events.async_listen_events("101", lambda _event: found.append("second"))

    stop = events.async_listen_events("101", first)
    events.async_tell(RINGING)
    assert found == ["first"]
    events.async_tell(RINGING)
    assert found == ["first", "second"]


async def test_words(hass: HomeAssistant, coordinator: PbxCoordinator) -> None:
    """The account, the device and the name of the extension are added; all who ask get the same words."""
    bus = async_capture_events(hass, EVENT_PBX)
    told: list[object] = []

    def handle(entry: ConfigEntry, event: Event) -> None:
        told.append((entry.entry_id, entry.runtime_data.coordinator.events.bus_data(event)))

    async_dispatcher_connect(hass, SIGNAL_EVENT, ha_callback(handle))
    coordinator.events.async_tell(RINGING)
    nobody = replace(RINGING, extension=None, call=replace(CALL, id="c2"))
    coordinator.events.async_tell(nobody)

    ann = coordinator.devices.subjects[SubjectKind.EXTENSION, "101"]
    account = coordinator.devices.account
    expected: list[dict[str, object]] = [
        {
            "call_id": "c1",
            "device_id": ann.device.id,
            "entity_id": "event.ann_101_call",
            "extension": "101",
            "extension_name": "Ann",
        },
        {
            "call_id": "c2",
            "device_id": account.device.id,
            "entity_id": "event.house_call",
            "extension": None,
            "extension_name": None,
        },
    ]
    keys = expected[0].keys()
    assert [{key: event.data.get(key) for key in keys} for event in bus] == expected
    assert {event.data["provider"] for event in bus} == {"fake"}
    assert told == [("entry_house", event.data) for event in bus]
    assert {event.data["config_entry_id"] for event in bus} == {"entry_house"}
