"""Sensors: calls, agents and queues in states."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    mock_restore_cache_with_extra_data,
)

from custom_components.pbx.const import CONF_CALL_SLOTS
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import AgentStatus, CallState, Direction, EventType, Outcome

from .fake_provider import NOON, FakeProvider, async_set_up, fake_config_entry, incoming, pushed

pytestmark = pytest.mark.usefixtures("call_entities", "full_polls")

CALLER = "+390612345678"


async def poll(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let the next poll come."""
    freezer.tick(timedelta(seconds=11))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


def shown(hass: HomeAssistant, entity_id: str) -> dict[str, Any]:
    """Give a state with the attributes that are ours."""
    state = hass.states.get(entity_id)
    assert state is not None, entity_id
    general = {
        *("friendly_name", "options", "device_class"),
        *("state_class", "supported_features", "unit_of_measurement"),
    }
    return {"state": state.state, **{key: value for key, value in state.attributes.items() if key not in general}}


# -- calls -------------------------------------------------------------------------------------------


async def test_call_of_a_phone(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake_entry: MockConfigEntry
) -> None:
    """A phone shows what it is doing and with whom, from ring to end."""
    await async_set_up(hass, fake_entry)
    push = fake_entry.runtime_data.coordinator.async_push
    rossi, callee = m.Party(number=CALLER, name="Rossi"), m.Party(number="+390687654321")
    assert shown(hass, "sensor.ann_101_call_state") == {"state": "idle", "calls": 0}
    assert shown(hass, "sensor.ann_101_caller") == {"state": STATE_UNKNOWN}

    push(pushed("c1", CallState.RINGING, started_at=NOON, caller=rossi, callee=callee))
    expected = {
        "state": "ringing",
        "call_id": "c1",
        "direction": "incoming",
        "caller": CALLER,
        "caller_name": "Rossi",
        "callee": "+390687654321",
        "extensions": ["101"],
        "since": NOON,
    }
    assert shown(hass, "sensor.ann_101_call_state") == {**expected, "calls": 1}
    assert shown(hass, "sensor.house_call_1") == expected
    listed = {key: value for key, value in expected.items() if key != "state"}
    assert shown(hass, "sensor.house_active_calls") == {"state": "1", "calls": [listed]}
    assert shown(hass, "sensor.ann_101_caller") == {"state": "Rossi"}

    freezer.tick(7)
    push(pushed("c1", CallState.TALKING))
    talking = {**expected, "state": "talking", "since": NOON + timedelta(seconds=7)}
    assert shown(hass, "sensor.ann_101_call_state") == {**talking, "calls": 1}

    freezer.tick(60)
    push(pushed("c1", CallState.ENDED, final=True))
    assert shown(hass, "sensor.ann_101_call_state") == {"state": "idle", "calls": 0}
    assert shown(hass, "sensor.house_call_1") == {"state": "idle"}
    assert shown(hass, "sensor.house_active_calls") == {"state": "0"}
    assert shown(hass, "sensor.ann_101_caller") == {"state": STATE_UNKNOWN}
    last = {key: value for key, value in talking.items() if key != "state"}
    assert shown(hass, "sensor.house_last_call") == {
        **last,
        "state": NOON.isoformat(),
        "outcome": "answered",
        "answered_by": "101",
    }


async def test_most_urgent_call_is_shown(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A second call that rings comes before the one that is talked on."""
    fake.script.calls = (
        incoming("c1", state=CallState.TALKING, number="+390611111111"),
        incoming("c2", state=CallState.RINGING, number="+390622222222"),
    )
    await async_set_up(hass, fake_entry)
    state = shown(hass, "sensor.ann_101_call_state")
    assert (state["state"], state["call_id"], state["calls"]) == ("ringing", "c2", 2)
    assert shown(hass, "sensor.ann_101_caller")["state"] == "+390622222222"


@pytest.mark.parametrize(
    ("direction", "caller", "callee"),
    [
        (Direction.INCOMING, "+390611111111", STATE_UNKNOWN),
        (Direction.OUTGOING, STATE_UNKNOWN, "+390622222222"),
        (None, "+390611111111", STATE_UNKNOWN),
    ],
)
async def test_caller_and_called_party(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    direction: Direction | None,
    caller: str,
    callee: str,
) -> None:
    """The caller is who calls, never who is called; whom the phone calls has a sensor of its own."""
    call = incoming("c1", "101", state=CallState.TALKING, number="+390611111111")
    fake.script.calls = (replace(call, direction=direction, callee=m.Party(number="+390622222222")),)
    await async_set_up(hass, fake_entry)
    assert shown(hass, "sensor.ann_101_caller")["state"] == caller
    assert shown(hass, "sensor.ann_101_called_party")["state"] == callee


async def test_both_ends_of_an_internal_call(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """In a call between two phones each shows the other, by the name that it has here where the call has none.

    Only one of them is called.
    """
    call = incoming("c1", "101", "102", state=CallState.TALKING, number="101")
    call = replace(call, direction=Direction.INTERNAL, callee=m.Party(number="102", name="Bob"))
    fake.script.calls = (call,)
    await async_set_up(hass, fake_entry)
    assert shown(hass, "sensor.ann_101_called_party")["state"] == "Bob"
    assert shown(hass, "sensor.bob_102_caller")["state"] == "Ann"
    assert shown(hass, "sensor.ann_101_caller")["state"] == STATE_UNKNOWN
    assert shown(hass, "sensor.bob_102_called_party")["state"] == STATE_UNKNOWN


async def test_only_as_many_calls_as_slots_are_in_the_attribute(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """The attribute stays short; the count is whole."""
    fake.script.calls = tuple(incoming(f"c{number}") for number in range(5))
    await async_set_up(hass, fake_config_entry(options={CONF_CALL_SLOTS: 2}))
    state = shown(hass, "sensor.house_active_calls")
    assert state["state"] == "5"
    assert [call["call_id"] for call in state["calls"]] == ["c0", "c1"]


async def test_personal_attributes_are_not_recorded(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Of a call only the state goes into the recorder."""
    fake.script.calls = (incoming(),)
    await async_set_up(hass, fake_entry)
    for entity in ("sensor.ann_101_call_state", "sensor.house_call_1", "sensor.house_active_calls"):
        state = hass.states.get(entity)
        assert state is not None
        assert state.state_info is not None
        ours = set(shown(hass, entity)) - {"state"}
        assert ours
        assert ours <= state.state_info["unrecorded_attributes"], entity


# -- missed calls and messages -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("native", "missed_since", "expected"),
    [(3, 0, "3"), (3, 2, "5"), (None, 1, "1"), ("4", 0, "4")],
)
async def test_missed_calls_survive_a_restart(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    native: int | str | None,
    missed_since: int,
    expected: str,
) -> None:
    """The count goes on where it was, until somebody acknowledges it."""
    extra = {"native_value": native, "native_unit_of_measurement": None}
    mock_restore_cache_with_extra_data(hass, [(State("sensor.house_missed_calls", STATE_UNAVAILABLE), extra)])
    await async_set_up(hass, fake_entry)
    for number in range(missed_since):
        fake_entry.runtime_data.coordinator.async_push(pushed(f"c{number}", CallState.RINGING))
        fake_entry.runtime_data.coordinator.async_push(pushed(f"c{number}", CallState.ENDED, final=True))
    assert shown(hass, "sensor.house_missed_calls")["state"] == expected

    button = {ATTR_ENTITY_ID: "button.house_acknowledge_missed_calls"}
    await hass.services.async_call("button", "press", button, blocking=True)
    assert shown(hass, "sensor.house_missed_calls")["state"] == "0"


async def test_missed_calls_survive_a_reload_and_are_not_counted_twice(
    hass: HomeAssistant, fake_entry: MockConfigEntry
) -> None:
    """Reloading keeps the count; giving the sensor another name and back again does not double it."""
    await async_set_up(hass, fake_entry)
    fake_entry.runtime_data.coordinator.async_push(pushed("c1", CallState.RINGING))
    fake_entry.runtime_data.coordinator.async_push(pushed("c1", CallState.ENDED, final=True))
    assert await hass.config_entries.async_reload(fake_entry.entry_id)
    await hass.async_block_till_done()
    assert shown(hass, "sensor.house_missed_calls")["state"] == "1"

    entities = er.async_get(hass)
    for old, new in (("missed_calls", "lost_calls"), ("lost_calls", "missed_calls")):
        entities.async_update_entity(f"sensor.house_{old}", new_entity_id=f"sensor.house_{new}")
        await hass.async_block_till_done()
        assert shown(hass, f"sensor.house_{new}")["state"] == "1"


async def test_unread_voicemails(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """The count comes from the phone system; a new message counts at once."""
    await async_set_up(hass, fake_entry)
    assert shown(hass, "sensor.house_unread_voicemails") == {"state": STATE_UNKNOWN}
    fake.script.directory = replace(fake.script.directory, unread_voicemails=2)
    await poll(hass, freezer)
    assert shown(hass, "sensor.house_unread_voicemails") == {"state": "2"}
    fake_entry.runtime_data.coordinator.async_push(m.Notice(provider_event="vm", type=EventType.VOICEMAIL_RECEIVED))
    assert shown(hass, "sensor.house_unread_voicemails") == {"state": "3"}


async def test_record_completes_the_last_call(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """What the record says about the last call is shown when it comes."""
    await async_set_up(hass, fake_entry)
    push = fake_entry.runtime_data.coordinator.async_push
    push(pushed("c1", CallState.RINGING))
    push(pushed("c1", CallState.ENDED, final=True))
    assert shown(hass, "sensor.house_last_call")["outcome"] == "missed"
    record = m.CallRecord(id="r1", call_id="c1", outcome=Outcome.VOICEMAIL)
    push(m.RecordPush(provider_event="record", record=record))
    assert shown(hass, "sensor.house_last_call")["outcome"] == "voicemail"


# -- agents and queues -------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [*AgentStatus, None])
async def test_agent_status(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, status: AgentStatus | None
) -> None:
    """Every status is an option; one that could not be read is unknown."""
    agent = m.Agent(id="a1", name="Agatha", status=status, status_text="Mittagspause")
    fake.script.directory = replace(fake.script.directory, agents=(agent,))
    await async_set_up(hass, fake_entry)
    state = hass.states.get("sensor.agatha_status")
    assert state is not None
    assert state.state == (STATE_UNKNOWN if status is None else status.value)
    assert state.attributes["options"] == [known.value for known in AgentStatus]


async def test_figures_of_a_queue(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each figure has its sensor; what cannot be read is unknown, never 0."""
    queue = m.Queue(
        id="q1",
        name="Support",
        waiting=2,
        longest_wait=34.5,
        average_wait=12.0,
        agents_logged_in=3,
        agents_available=0,
        service_level=87.5,
        answered=41,
        abandoned=4,
    )
    figures = {
        "waiting_callers": "2",
        "longest_wait": "34.5",
        "agents_logged_in": "3",
        "agents_available": "0",
        "service_level": "87.5",
        "answered_calls": "41",
        "abandoned_calls": "4",
    }
    fake.script.directory = replace(fake.script.directory, queues=(queue,))
    await async_set_up(hass, fake_entry)
    for name, value in figures.items():
        assert hass.states.is_state(f"sensor.support_{name}", value), name
    assert er.async_get(hass).async_get("sensor.support_average_wait") is not None
    assert hass.states.get("sensor.support_average_wait") is None

    fake.script.directory = replace(fake.script.directory, queues=(m.Queue(id="q1", name="Support"),))
    await poll(hass, freezer)
    for name in figures:
        assert hass.states.is_state(f"sensor.support_{name}", STATE_UNKNOWN), name


async def test_agent_and_queue_that_are_missing_once_are_unavailable(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A list without them makes them unavailable, with no error."""
    full = replace(fake.script.directory, agents=(m.Agent(id="a1", name="Agatha"),), queues=(m.Queue(id="q1"),))
    fake.script.directory = full
    await async_set_up(hass, fake_entry)
    fake.script.directory = replace(full, agents=(), queues=(), extensions=())
    await poll(hass, freezer)
    for entity in (
        "sensor.agatha_status",
        "switch.agatha_paused",
        "sensor.q1_waiting_callers",
        "sensor.ann_101_caller",
    ):
        assert hass.states.is_state(entity, STATE_UNAVAILABLE), entity
    fake.script.directory = full
    await poll(hass, freezer)
    assert hass.states.is_state("sensor.agatha_status", STATE_UNKNOWN)


async def test_phone_software(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """What a phone says it is, is offered where it says so, disabled at first, and never too long for a state."""
    phones = (m.Extension(number="101", name="Ann", user_agent="x" * 300), m.Extension(number="102", name="Bob"))
    fake.script.directory = m.Directory(extensions=phones)
    await async_set_up(hass, fake_entry)
    entities = er.async_get(hass)
    assert entities.async_get("sensor.bob_102_phone_software") is None
    assert hass.states.get("sensor.ann_101_phone_software") is None
    entities.async_update_entity("sensor.ann_101_phone_software", disabled_by=None)
    assert await hass.config_entries.async_reload(fake_entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.is_state("sensor.ann_101_phone_software", "x" * 255)

    fake.script.directory = m.Directory(extensions=phones[1:])
    await poll(hass, freezer)
    assert hass.states.is_state("sensor.ann_101_phone_software", STATE_UNAVAILABLE)
