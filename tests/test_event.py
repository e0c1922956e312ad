"""Event entities: what happens at a phone, at the account, to an agent."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
    mock_restore_cache_with_extra_data,
)

from custom_components.pbx.const import CONF_MASK_NUMBERS, EVENT_PBX
from custom_components.pbx.event import ACCOUNT_EVENTS, CALL_EVENTS, KEPT
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import ConnectError
from custom_components.pbx.telephony.models import CallState, Direction, EventType, Outcome

from .fake_provider import FakeProvider, async_set_up, fake_config_entry, pushed

pytestmark = pytest.mark.usefixtures("call_entities", "at_noon")

CALLER = "+390612345678"
AGENT = m.Agent(id="a1", name="Agatha", number="501", extension="101", logged_in=False)
OTHER = m.Agent(id="a2", name="Agnes", number="502")


def told(hass: HomeAssistant, entity_id: str) -> dict[str, Any]:
    """Give what an event entity shows of its last event."""
    state = hass.states.get(entity_id)
    assert state is not None, entity_id
    return {key: value for key, value in state.attributes.items() if key not in ("event_types", "friendly_name")}


def states_of(changes: list[Event[EventStateChangedData]], entity_id: str) -> list[State]:
    """Give the states an entity went through."""
    states = [event.data["new_state"] for event in changes if event.data["entity_id"] == entity_id]
    return [state for state in states if state is not None]


async def test_life_of_a_call(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """The phone tells each step of its call once; the account's entity is no copy of that."""
    await async_set_up(hass, fake_entry)
    changes = async_capture_events(hass, EVENT_STATE_CHANGED)
    push = fake_entry.runtime_data.coordinator.async_push
    for state in (CallState.RINGING, CallState.TALKING, CallState.ON_HOLD, CallState.TALKING, CallState.ENDED):
        push(pushed("c1", state, final=state is CallState.ENDED))
        freezer.tick(10)
    await hass.async_block_till_done()

    steps = ["call_incoming", "call_answered", "call_held", "call_resumed", "call_ended"]
    assert [state.attributes["event_type"] for state in states_of(changes, "event.ann_101_call")] == steps
    assert states_of(changes, "event.house_call") == []
    assert told(hass, "event.bob_102_call") == {"event_type": None}
    assert told(hass, "event.ann_101_call") == {
        "event_type": "call_ended",
        "answered_by": "101",
        "call_id": "c1",
        "direction": "incoming",
        "duration": 30.0,
        "extension": "101",
        "from_number": CALLER,
        "outcome": "answered",
    }


async def test_two_events_in_one_breath_are_both_seen(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """Events that come at the same time are two states, with different times."""
    await async_set_up(hass, fake_entry)
    changes = async_capture_events(hass, EVENT_STATE_CHANGED)
    fake_entry.runtime_data.coordinator.async_push(pushed("c1", CallState.RINGING))
    fake_entry.runtime_data.coordinator.async_push(pushed("c2", CallState.RINGING))
    await hass.async_block_till_done()
    shown = states_of(changes, "event.ann_101_call")
    assert [state.attributes["call_id"] for state in shown] == ["c1", "c2"]
    assert shown[0].state != shown[1].state


async def test_phones_of_a_group_hear_their_own_end(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """Where one phone answers, the other one was too slow: not a missed call for anybody."""
    await async_set_up(hass, fake_entry)
    bus = async_capture_events(hass, EVENT_PBX)
    push = fake_entry.runtime_data.coordinator.async_push
    push(pushed("c1", CallState.RINGING, "101"))
    push(pushed("c1", CallState.RINGING, "102"))
    assert told(hass, "event.bob_102_call")["extension"] == "102"
    push(pushed("c1", CallState.TALKING, "102"))
    push(pushed("c1", CallState.ENDED, "102", final=True))
    assert told(hass, "event.ann_101_call")["event_type"] == "call_ended"
    assert told(hass, "event.ann_101_call")["outcome"] == Outcome.ANSWERED_ELSEWHERE
    assert told(hass, "event.bob_102_call")["outcome"] == Outcome.ANSWERED
    assert [event.data["type"] for event in bus] == ["call_incoming", "call_answered", "call_ended"]


async def test_each_side_of_an_internal_call_tells_it_as_its_own(
    hass: HomeAssistant, fake_entry: MockConfigEntry
) -> None:
    """An answer is one event with two phones in it: each entity names its own."""
    await async_set_up(hass, fake_entry)
    sides = {"direction": Direction.INTERNAL, "caller": m.Party(number="101"), "callee": m.Party(number="102")}
    push = fake_entry.runtime_data.coordinator.async_push
    push(pushed("c1", CallState.DIALING, "101", **sides))
    push(pushed("c1", CallState.RINGING, "102", **sides))
    push(pushed("c1", CallState.TALKING, "101", **sides))
    push(pushed("c1", CallState.TALKING, "102", **sides))
    for entity, extension in (("event.ann_101_call", "101"), ("event.bob_102_call", "102")):
        assert told(hass, entity)["event_type"] == "call_answered"
        assert told(hass, entity)["extension"] == extension


async def test_missed_call_tells_every_phone_and_the_bus_once(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """Every phone that rang missed it; the bus says so once."""
    await async_set_up(hass, fake_entry)
    bus = async_capture_events(hass, EVENT_PBX)
    push = fake_entry.runtime_data.coordinator.async_push
    push(pushed("c1", CallState.RINGING, "101"))
    push(pushed("c1", CallState.RINGING, "102"))
    push(pushed("c1", CallState.ENDED, final=True))
    for entity in ("event.ann_101_call", "event.bob_102_call"):
        assert told(hass, entity)["event_type"] == "call_missed"
    assert told(hass, "event.house_call") == {"event_type": None}
    assert [event.data["type"] for event in bus] == ["call_incoming", "call_missed"]


async def test_agents_hear_only_what_is_about_them(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """An agent's entity tells that agent's events; calls and agents do not mix."""
    fake.script.directory = replace(fake.script.directory, agents=(AGENT, OTHER))
    await async_set_up(hass, fake_entry)
    push = fake_entry.runtime_data.coordinator.async_push
    login = m.Notice(provider_event="login", type=EventType.AGENT_LOGGED_IN, agent="a1", extension="101")
    push(login)
    assert told(hass, "event.agatha_agent") == {"event_type": "agent_logged_in", "extension": "101"}
    assert told(hass, "event.agnes_agent") == {"event_type": None}
    assert told(hass, "event.house_call") == {"event_type": None}
    assert told(hass, "event.ann_101_call") == {"event_type": None}

    push(replace(login, type=EventType.AGENT_WRAP_UP))
    push(pushed("c1", CallState.RINGING))
    assert told(hass, "event.agatha_agent")["event_type"] == "agent_wrap_up"


@pytest.mark.parametrize("extension", ["101", None], ids=["at a phone", "at none"])
@pytest.mark.parametrize("kind", ACCOUNT_EVENTS)
async def test_everything_is_told_by_one_entity(
    hass: HomeAssistant, fake_entry: MockConfigEntry, kind: str, extension: str | None
) -> None:
    """A phone tells of its calls; the account of the rest, and of calls that no phone has to do with."""
    await async_set_up(hass, fake_entry)
    notice = m.Notice(provider_event="x", type=EventType(kind), extension=extension)
    fake_entry.runtime_data.coordinator.async_push(notice)
    telling = "event.ann_101_call" if extension and kind in CALL_EVENTS else "event.house_call"
    for entity in ("event.ann_101_call", "event.house_call"):
        assert told(hass, entity)["event_type"] == (kind if entity == telling else None)


async def test_unknown_push_is_for_the_bus_alone(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """What this version does not know is no event of an entity."""
    await async_set_up(hass, fake_entry)
    bus = async_capture_events(hass, EVENT_PBX)
    fake_entry.runtime_data.coordinator.async_push(m.UnknownPush(provider_event="new"))
    assert told(hass, "event.house_call") == {"event_type": None}
    assert [event.data["type"] for event in bus] == ["unknown"]


async def test_texts_are_for_the_bus_alone(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """What was said or written never becomes a state."""
    await async_set_up(hass, fake_entry)
    bus = async_capture_events(hass, EVENT_PBX)
    record = m.CallRecord(
        id="r1",
        extension="101",
        outcome=Outcome.ANSWERED,
        duration=61,
        details={"transcription": "long talk", "summary": "short", "sentiment": "good"},
    )
    fake_entry.runtime_data.coordinator.async_push(m.RecordPush(provider_event="record", record=record))
    sms = m.Notice(provider_event="sms", type=EventType.SMS_RECEIVED, extension="101", fields={"text": "secret"})
    fake_entry.runtime_data.coordinator.async_push(sms)
    assert [set(event.data) & {"transcription", "summary", "sentiment", "text"} for event in bus] == [
        {"transcription", "summary", "sentiment"},
        {"text"},
    ]
    assert told(hass, "event.house_call") == {"event_type": "sms_received", "extension": "101"}


async def test_attributes_are_not_recorded(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """Nothing but the type of an event goes into the recorder, and nothing else is shown."""
    await async_set_up(hass, fake_entry)
    fake_entry.runtime_data.coordinator.async_push(pushed("c1", CallState.RINGING))
    state = hass.states.get("event.ann_101_call")
    assert state is not None
    assert state.state_info is not None
    unrecorded = state.state_info["unrecorded_attributes"]
    assert set(told(hass, "event.ann_101_call")) - {"event_type"} <= KEPT <= unrecorded
    assert "event_type" not in unrecorded


async def test_masked_numbers(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """With the option on, the entities mask numbers; automations on the bus still get them whole."""
    entry = fake_config_entry(options={CONF_MASK_NUMBERS: True})
    await async_set_up(hass, entry)
    bus = async_capture_events(hass, EVENT_PBX)
    entry.runtime_data.coordinator.async_push(pushed("c1", CallState.RINGING, callee=m.Party(number="+390687654321")))
    assert told(hass, "event.ann_101_call")["from_number"] == "••••••••••678"
    assert told(hass, "event.ann_101_call")["to_number"] == "••••••••••321"
    assert bus[0].data["from_number"] == CALLER


async def test_events_come_while_the_polls_fail(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    expected_warnings: list[str],
) -> None:
    """A pushed event is not lost because the phone system cannot be polled."""
    expected_warnings.append("Error fetching House data")
    await async_set_up(hass, fake_entry)
    fake.script.errors["calls"] = ConnectError()
    freezer.tick(timedelta(seconds=11))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.is_state("sensor.ann_101_call_state", STATE_UNAVAILABLE)
    assert hass.states.is_state("event.ann_101_call", STATE_UNKNOWN)
    fake_entry.runtime_data.coordinator.async_push(pushed("c1", CallState.RINGING))
    assert told(hass, "event.ann_101_call")["event_type"] == "call_incoming"


async def test_last_event_survives_a_restart(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """After a restart an event entity shows its last event, and nobody takes that for a new one."""
    at = "2026-10-05T11:00:00.000+00:00"
    extra = {"last_event_type": "call_missed", "last_event_attributes": {"call_id": "old"}}
    mock_restore_cache_with_extra_data(hass, [(State("event.ann_101_call", at), extra)])
    bus = async_capture_events(hass, EVENT_PBX)
    await async_set_up(hass, fake_entry)
    assert hass.states.is_state("event.ann_101_call", at)
    assert told(hass, "event.ann_101_call") == {"event_type": "call_missed", "call_id": "old"}
    assert bus == []


async def test_disabled_entity_hears_nothing(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """An event entity that the user disabled is not told, also after it was removed while running."""
    await async_set_up(hass, fake_entry)
    er.async_get(hass).async_update_entity("event.ann_101_call", disabled_by=er.RegistryEntryDisabler.USER)
    await hass.async_block_till_done()
    fake_entry.runtime_data.coordinator.async_push(pushed("c1", CallState.RINGING))
    assert hass.states.get("event.ann_101_call") is None
    assert told(hass, "event.house_call") == {"event_type": None}
