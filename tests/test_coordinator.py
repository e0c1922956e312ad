"""The coordinator: who is told what, in which order, how often the phone system is asked, and what follows."""

import asyncio
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_STOP, EVENT_STATE_CHANGED, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import CoreState, Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pbx import coordinator as coordinator_module
from custom_components.pbx import directory_schedule
from custom_components.pbx.commands import commanding
from custom_components.pbx.const import DOMAIN, EVENT_PBX
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.providers.base import Intervals
from custom_components.pbx.registry.call_registry import ACCOUNT, DIRECTORY, extension_key, slot_key
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import AuthError, ConnectError, ProviderError, RateLimitError, RefusedError
from custom_components.pbx.telephony.models import CallState, Capability, EventType, Outcome

from .fake_provider import NOON, FakeProvider, FakeSettings, async_set_up, fake_config_entry, incoming, pushed

pytestmark = pytest.mark.usefixtures("call_entities", "at_noon")

CALLER = "+390612345678"


async def coordinator_of(hass: HomeAssistant, entry: MockConfigEntry) -> PbxCoordinator:
    """Set an account up and give its coordinator."""
    await async_set_up(hass, entry)
    coordinator: PbxCoordinator = entry.runtime_data.coordinator
    return coordinator


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let time pass at once, and what is due with it."""
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


async def settle(hass: HomeAssistant) -> None:
    """Let everything be done but what waits for an answer in the background."""
    await hass.async_block_till_done()
    for _ in range(3 * coordinator_module.TURNS):
        await asyncio.sleep(0)


def count(coordinator: PbxCoordinator, *keys: Hashable) -> dict[Hashable, int]:
    """Count who is called."""
    calls: dict[Hashable, int] = dict.fromkeys(keys, 0)

    def listen(key: Hashable) -> None:
        @callback
        def called() -> None:
            calls[key] += 1

        coordinator.async_add_listener(called, key)

    for key in keys:
        listen(key)
    return calls


def written(hass: HomeAssistant) -> dict[str, datetime]:
    """Say when each state was last written, changed or not."""
    return {state.entity_id: state.last_reported for state in hass.states.async_all()}


# -- who is told -------------------------------------------------------------------------------------


async def test_push_tells_only_those_concerned(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake_entry: MockConfigEntry
) -> None:
    """A call at one phone calls the listeners of that phone, its slot and the account."""
    coordinator = await coordinator_of(hass, fake_entry)
    await pass_time(hass, freezer, 11)
    keys = (extension_key("101"), extension_key("102"), slot_key(1), slot_key(2), ACCOUNT, DIRECTORY)
    calls = count(coordinator, *keys)
    before = written(hass)
    freezer.tick(1)

    coordinator.async_push(pushed("c1", CallState.RINGING))

    assert calls == {keys[0]: 1, keys[1]: 0, keys[2]: 1, keys[3]: 0, keys[4]: 1, keys[5]: 0}
    assert {entity for entity, at in written(hass).items() if at != before[entity]} == {
        "event.ann_101_call",
        "sensor.ann_101_call_state",
        "sensor.ann_101_caller",
        "sensor.house_active_calls",
        "sensor.house_call_1",
    }


async def test_poll_without_change_tells_nobody(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Nothing is written and nobody called when a poll brings nothing new."""
    fake.script.calls = (incoming(),)
    coordinator = await coordinator_of(hass, fake_entry)
    await pass_time(hass, freezer, 11)
    calls = count(coordinator, extension_key("101"), slot_key(1), ACCOUNT, DIRECTORY)
    before, asked = written(hass), fake.script.times("calls")

    for _ in range(5):
        await pass_time(hass, freezer, 11)

    assert fake.script.times("calls") == asked + 5
    assert set(calls.values()) == {0}
    assert written(hass) == before


async def test_failing_and_recovering_polls_tell_everybody_once(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    expected_warnings: list[str],
) -> None:
    """Everybody hears that the phone system is away, and that it is back."""
    expected_warnings.append("Error fetching House data")
    coordinator = await coordinator_of(hass, fake_entry)
    await pass_time(hass, freezer, 11)
    calls = count(coordinator, extension_key("101"), extension_key("102"), ACCOUNT, slot_key(4))

    fake.script.errors["calls"] = ConnectError()
    await pass_time(hass, freezer, 11)
    assert set(calls.values()) == {1}
    assert hass.states.is_state("sensor.ann_101_call_state", STATE_UNAVAILABLE)
    assert hass.states.is_state("binary_sensor.house_connection", "off")
    await pass_time(hass, freezer, 11)
    assert set(calls.values()) == {1}

    del fake.script.errors["calls"]
    await pass_time(hass, freezer, 11)
    assert set(calls.values()) == {2}
    assert hass.states.is_state("sensor.ann_101_call_state", "idle")
    assert hass.states.is_state("binary_sensor.house_connection", "on")


@pytest.mark.parametrize("state", [CoreState.stopping, CoreState.final_write, CoreState.not_running])
async def test_poll_that_is_cut_off_when_home_assistant_stops(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    caplog: pytest.LogCaptureFixture,
    state: CoreState,
) -> None:
    """Its connections are closed then, which is no failure of the phone system, and not in the log."""
    coordinator = await coordinator_of(hass, fake_entry)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STOP)
    await hass.async_block_till_done()
    hass.set_state(state)
    fake.script.errors["calls"] = ConnectError()
    await coordinator.async_refresh()
    assert "cannot be reached" not in caplog.text


async def test_removed_listener_hears_nothing(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """Who stops listening is not called any more, the others are."""
    coordinator = await coordinator_of(hass, fake_entry)
    heard: list[str] = []
    remove = coordinator.async_add_listener(lambda: heard.append("gone"), extension_key("999"))
    coordinator.async_add_listener(lambda: heard.append("here"), extension_key("101"))
    stop = coordinator.events.async_listen_events("101", lambda event: heard.append(event.type))
    stop()
    remove()
    heard.clear()

    coordinator.async_push(pushed("c1", CallState.RINGING, "999"))
    coordinator.async_push(pushed("c2", CallState.RINGING, "101"))

    assert heard == ["here"]


async def test_broken_listeners_hinder_nobody(
    hass: HomeAssistant, fake_entry: MockConfigEntry, expected_warnings: list[str]
) -> None:
    """An exception in one listener is logged, and the others and the bus hear all the same."""
    expected_warnings += ["Unexpected error updating House", "Unexpected error telling an event of House"]
    coordinator = await coordinator_of(hass, fake_entry)
    events = async_capture_events(hass, EVENT_PBX)

    def broken(*_event: object) -> None:
        raise RuntimeError

    coordinator.async_add_listener(broken, extension_key("101"))
    coordinator.events.async_listen_events(None, broken)
    calls = count(coordinator, extension_key("101"))
    coordinator.async_push(pushed("c0", CallState.RINGING, "102"))
    calls[extension_key("101")] = 0

    coordinator.async_push(pushed("c1", CallState.RINGING))

    assert calls == {extension_key("101"): 1}
    assert [event.data["call_id"] for event in events] == ["c0", "c1"]


async def test_states_then_event_entities_then_bus(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """The caller is written before the call's state, both before the event entities, and the bus hears last."""
    coordinator = await coordinator_of(hass, fake_entry)
    order: list[str] = []

    @callback
    def note(event: Event[Any]) -> None:
        order.append(event.data["entity_id"] if event.event_type == EVENT_STATE_CHANGED else str(event.event_type))

    hass.bus.async_listen(EVENT_STATE_CHANGED, note)
    hass.bus.async_listen(EVENT_PBX, note)

    coordinator.async_push(pushed("c1", CallState.RINGING))
    await hass.async_block_till_done()

    assert order[-2:] == ["event.ann_101_call", EVENT_PBX]
    assert set(order[:-2]) == {
        "sensor.ann_101_caller",
        "sensor.ann_101_call_state",
        "sensor.house_active_calls",
        "sensor.house_call_1",
    }
    assert order.index("sensor.ann_101_caller") < order.index("sensor.ann_101_call_state")


@pytest.mark.parametrize(
    "trigger",
    [
        {"trigger": "event", "event_type": EVENT_PBX, "event_data": {"type": "call_incoming", "extension": "101"}},
        {"trigger": "state", "entity_id": "event.ann_101_call"},
        {"trigger": "state", "entity_id": "sensor.ann_101_call_state", "to": "ringing"},
    ],
)
async def test_automation_sees_new_states(
    hass: HomeAssistant, fake_entry: MockConfigEntry, trigger: dict[str, Any]
) -> None:
    """An automation that hears of a call can read who calls, and its conditions see the new states."""
    coordinator = await coordinator_of(hass, fake_entry)
    seen = async_capture_events(hass, "seen")
    assert await async_setup_component(
        hass,
        "automation",
        {
            "automation": {
                "triggers": trigger,
                "conditions": {"condition": "state", "entity_id": "sensor.ann_101_call_state", "state": "ringing"},
                "actions": {
                    "event": "seen",
                    "event_data": {"caller": "{{ states('sensor.ann_101_caller') | string }}"},
                },
            }
        },
    )
    await hass.async_block_till_done()

    coordinator.async_push(pushed("c1", CallState.RINGING, caller=m.Party(number=CALLER, name="Rossi")))
    await hass.async_block_till_done()

    assert [event.data for event in seen] == [{"caller": "Rossi"}]


async def test_missed_call_is_counted_before_it_is_told(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """Who hears of a missed call reads the new count."""
    coordinator = await coordinator_of(hass, fake_entry)
    counted: list[tuple[str, str]] = []

    @callback
    def note(event: Event[Any]) -> None:
        state = hass.states.get("sensor.house_missed_calls")
        assert state is not None
        counted.append((event.data["type"], state.state))

    hass.bus.async_listen(EVENT_PBX, note)

    coordinator.async_push(pushed("c1", CallState.RINGING))
    coordinator.async_push(pushed("c1", CallState.ENDED, final=True))
    await hass.async_block_till_done()

    assert counted == [("call_incoming", "0"), ("call_missed", "1")]


async def test_bus_event_says_where_it_comes_from(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """An event names the account, the provider, the phone's device and the phone's name."""
    coordinator = await coordinator_of(hass, fake_entry)
    events = async_capture_events(hass, EVENT_PBX)

    coordinator.async_push(pushed("c1", CallState.RINGING))
    coordinator.async_push(m.Notice(provider_event="fax", type=EventType.FAX_RECEIVED, extension="999"))
    coordinator.async_push(m.UnknownPush(provider_event="new_thing"))

    devices = dr.async_get(hass)
    names = [devices.async_get(event.data["device_id"]) for event in events]
    assert [device and device.name for device in names] == ["Ann (101)", "House", "House"]
    assert {event.data["config_entry_id"] for event in events} == {fake_entry.entry_id}
    assert {event.data["provider"] for event in events} == {"fake"}
    assert [event.data.get("extension_name") for event in events] == ["Ann", None, None]
    assert events[2].data["type"] == "unknown"
    assert events[2].data["provider_event"] == "new_thing"


async def test_calls_that_were_up_before_are_not_told(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """After a restart the states show a call, but nobody is told that it comes in; not even of one that is over."""
    ended = replace(incoming("c2", "102"), legs=())
    fake.script.calls = (incoming("c1", "101", state=CallState.TALKING), ended)
    events = async_capture_events(hass, EVENT_PBX)

    await coordinator_of(hass, fake_entry)

    assert hass.states.is_state("sensor.ann_101_call_state", "talking")
    assert events == []


# -- how often the phone system is asked -------------------------------------------------------------


@pytest.fixture
def paced(fake: type[FakeProvider]) -> type[FakeProvider]:
    """Ask at a different pace in every situation."""
    fake.intervals = Intervals(busy=5, idle=20, pushed=60, directory=300)
    return fake


async def asked_in(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], seconds: int, name: str = "calls"
) -> int:
    """Count the questions of a while, second by second."""
    before = fake.script.times(name)
    for _ in range(seconds):
        await pass_time(hass, freezer, 1)
    return fake.script.times(name) - before


async def test_pace_follows_the_calls(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, paced: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Calls that are up are asked for more often."""
    await coordinator_of(hass, fake_entry)
    assert await asked_in(hass, freezer, paced, 66) == 3

    paced.script.calls = (incoming(),)
    await asked_in(hass, freezer, paced, 21)
    assert await asked_in(hass, freezer, paced, 66) in (11, 12, 13)

    paced.script.calls = ()
    await asked_in(hass, freezer, paced, 6)
    assert await asked_in(hass, freezer, paced, 66) == 3


@pytest.fixture
def pasted(paced: type[FakeProvider]) -> type[FakeProvider]:
    """Let a person see to it that every call is pushed: what is in `script.said` comes with the next request."""
    paced.pushes_every_call = True
    paced.grace = 2
    paced.script.capabilities |= Capability.WEBHOOK
    return paced


async def say(hass: HomeAssistant, client: TestClient[Any, Any], fake: type[FakeProvider], *said: m.Pushed) -> None:
    """Let the phone system push."""
    fake.script.parse = lambda _request: said
    await client.post("/api/webhook/hook_house", data=b"x")
    await hass.async_block_till_done()


async def test_pace_follows_pushes_that_proved_to_be_complete(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
    pasted: type[FakeProvider],
    fake_entry: MockConfigEntry,
) -> None:
    """One message proves nothing; an answered call that was told from its beginning to its end does."""
    coordinator = await coordinator_of(hass, fake_entry)
    client = await hass_client_no_auth()
    await say(hass, client, pasted, pushed("c1", CallState.RINGING))
    pasted.script.calls = (incoming("c1"),)
    assert await asked_in(hass, freezer, pasted, 126) in range(18, 27)
    assert not coordinator.health.complete

    await say(hass, client, pasted, pushed("c1", CallState.TALKING))
    pasted.script.calls = (incoming("c1", state=CallState.TALKING),)
    await asked_in(hass, freezer, pasted, 30)
    await say(hass, client, pasted, pushed("c1", CallState.ENDED))
    pasted.script.calls = ()
    await asked_in(hass, freezer, pasted, 30)
    assert coordinator.health.complete
    assert await asked_in(hass, freezer, pasted, 186) == 3

    # Of the next call a list tells a little before its message.
    pasted.script.calls = (incoming("c2"),)
    while "c2" not in coordinator.data.calls:
        assert await asked_in(hass, freezer, pasted, 1) <= 1
    assert not coordinator.health.complete
    await say(hass, client, pasted, pushed("c2", CallState.RINGING))
    await asked_in(hass, freezer, pasted, 30)
    assert coordinator.health.complete

    # And of this one nothing is pushed.
    pasted.script.calls = (incoming("c3", "102"),)
    await asked_in(hass, freezer, pasted, 62)
    assert hass.states.is_state("sensor.bob_102_call_state", "ringing")
    assert await asked_in(hass, freezer, pasted, 66) in range(10, 14)
    assert not coordinator.health.complete


@pytest.mark.parametrize("last", [CallState.TALKING, CallState.ENDED])
async def test_pushes_that_are_not_complete(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
    pasted: type[FakeProvider],
    fake_entry: MockConfigEntry,
    last: CallState,
) -> None:
    """Where a person had only some of the events pushed, the phone system is asked as often as without."""
    coordinator = await coordinator_of(hass, fake_entry)
    client = await hass_client_no_auth()
    for number in range(5):
        call_id = f"c{number}"
        for state in (CallState.RINGING, CallState.TALKING):
            pasted.script.calls = (incoming(call_id, state=state),)
            await asked_in(hass, freezer, pasted, 21)
            if state is last:
                await say(hass, client, pasted, pushed(call_id, state))
        pasted.script.calls = ()
        if last is CallState.ENDED:
            await say(hass, client, pasted, pushed(call_id, last))
        assert await asked_in(hass, freezer, pasted, 126) in range(5, 9)
        assert not coordinator.health.complete


async def test_end_that_a_list_shows_in_a_grace(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    freezer: FrozenDateTimeFactory,
    pasted: type[FakeProvider],
    fake_entry: MockConfigEntry,
) -> None:
    """After a message that the last phone is done, a list that no more names the call tells nothing new."""
    coordinator = await coordinator_of(hass, fake_entry)
    client = await hass_client_no_auth()
    for number in range(2):
        for state in (CallState.RINGING, CallState.TALKING, CallState.ENDED):
            await say(hass, client, pasted, pushed(f"c{number}", state))
        if number:
            coordinator.async_look_again()
        await pass_time(hass, freezer, 1)
        await pass_time(hass, freezer, 3)
    assert coordinator.data.last_call is not None
    assert coordinator.data.last_call.id == "c1"
    await asked_in(hass, freezer, pasted, 40)
    assert coordinator.health.complete


async def test_pushes_do_not_put_the_poll_off(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, paced: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A busy phone system is still polled."""
    coordinator = await coordinator_of(hass, fake_entry)
    before = paced.script.times("calls")

    for second in range(66):
        coordinator.async_push(pushed(f"c{second}", CallState.RINGING, started_at=NOON))
        coordinator.async_push(pushed(f"c{second}", CallState.ENDED, final=True))
        await pass_time(hass, freezer, 1)

    assert paced.script.times("calls") - before == 3


async def test_directory_has_its_own_pace(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, paced: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """The directory is asked for much less often than the calls."""
    await coordinator_of(hass, fake_entry)
    assert paced.script.times("directory") == 1
    for _ in range(45):
        await pass_time(hass, freezer, 21)
    assert paced.script.times("directory") == 4


async def test_hint_hurries_the_poll(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, paced: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Several hints at once make one question, soon."""
    coordinator = await coordinator_of(hass, fake_entry)
    for _ in range(5):
        coordinator.async_push(m.CallHint(provider_event="look"))
    await hass.async_block_till_done()
    assert await asked_in(hass, freezer, paced, 2) == 1


async def test_throttled_poll_waits_as_told(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    paced: type[FakeProvider],
    fake_entry: MockConfigEntry,
    expected_warnings: list[str],
) -> None:
    """Too many requests: the next one comes when the phone system says, and nobody is asked to log in."""
    expected_warnings.append("Error fetching House data")
    await coordinator_of(hass, fake_entry)
    paced.script.errors["calls"] = RateLimitError(120)
    await asked_in(hass, freezer, paced, 21)
    assert await asked_in(hass, freezer, paced, 110) == 0
    assert await asked_in(hass, freezer, paced, 15) == 1
    assert hass.config_entries.flow.async_progress() == []


async def test_wrong_credentials_ask_to_log_in(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    paced: type[FakeProvider],
    fake_entry: MockConfigEntry,
    expected_warnings: list[str],
) -> None:
    """A poll that is certainly refused starts the log-in form, and polling stops."""
    expected_warnings.append("Authentication failed while fetching House data")
    await coordinator_of(hass, fake_entry)
    paced.script.errors["calls"] = AuthError()
    await asked_in(hass, freezer, paced, 21)
    assert [flow["context"]["source"] for flow in hass.config_entries.flow.async_progress()] == [SOURCE_REAUTH]
    assert await asked_in(hass, freezer, paced, 100) == 0


@pytest.mark.parametrize("error", [ConnectError(), RefusedError("down"), RateLimitError(), ProviderError()])
@pytest.mark.parametrize("question", ["account", "calls", "directory"])
async def test_set_up_waits_for_the_phone_system(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, question: str, error: ProviderError
) -> None:
    """Whatever cannot be asked at first is tried again later."""
    fake.script.errors[question] = error
    fake_entry.add_to_hass(hass)
    states = [ConfigEntryState.NOT_LOADED]
    fake_entry.async_on_state_change(lambda: states.append(fake_entry.state))
    await hass.config_entries.async_setup(fake_entry.entry_id)
    del fake.script.errors[question]
    assert await hass.config_entries.async_reload(fake_entry.entry_id)
    assert ConfigEntryState.SETUP_RETRY in states
    assert states[-1] is ConfigEntryState.LOADED


# -- the directory -----------------------------------------------------------------------------------


async def test_directory_tells_that_the_credentials_are_wrong(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    paced: type[FakeProvider],
    fake_entry: MockConfigEntry,
    expected_warnings: list[str],
) -> None:
    """Some phone systems are asked for nothing else, so this must not pass unnoticed."""
    expected_warnings.append("refuses the credentials")
    await coordinator_of(hass, fake_entry)
    paced.script.errors["directory"] = AuthError()
    await asked_in(hass, freezer, paced, 345)
    assert [flow["context"]["source"] for flow in hass.config_entries.flow.async_progress()] == ["reauth"]


@pytest.mark.parametrize("error", [ConnectError(), RateLimitError(5), RefusedError("500")])
async def test_failing_directory_keeps_what_was_known(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    paced: type[FakeProvider],
    fake_entry: MockConfigEntry,
    error: ProviderError,
) -> None:
    """The calls go on, the phones stay, and the directory is asked for again soon, but less and less often."""
    await coordinator_of(hass, fake_entry)
    paced.script.errors["directory"] = error
    await asked_in(hass, freezer, paced, 345)
    assert paced.script.times("directory") in (1 + 2, 1 + 3)
    await asked_in(hass, freezer, paced, 1000)
    assert paced.script.times("directory") in range(1 + 6, 1 + 9)
    assert await asked_in(hass, freezer, paced, 700, "directory") in (2, 3)
    assert hass.states.is_state("sensor.ann_101_call_state", "idle")
    assert hass.config_entries.flow.async_progress() == []

    del paced.script.errors["directory"]
    paced.script.directory = m.Directory(extensions=(m.Extension(number="101", name="Ann", registered=False),))
    await asked_in(hass, freezer, paced, 330)
    assert hass.states.is_state("binary_sensor.ann_101_registration", "off")

    paced.script.errors["directory"] = error
    assert await asked_in(hass, freezer, paced, 330, "directory") >= 3  # it begins anew


async def test_throttled_directory_waits_as_told(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, paced: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """The phone system says when it may be asked again."""
    await coordinator_of(hass, fake_entry)
    paced.script.errors["directory"] = RateLimitError(900)
    await asked_in(hass, freezer, paced, 345)
    assert paced.script.times("directory") == 1 + 1
    assert await asked_in(hass, freezer, paced, 500, "directory") == 0


@pytest.mark.parametrize("way", ["poll", "push"])
@pytest.mark.parametrize("askable", [True, False])
async def test_unknown_phone_rereads_the_directory_once(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    paced: type[FakeProvider],
    fake_entry: MockConfigEntry,
    way: str,
    askable: bool,  # noqa: FBT001
) -> None:
    """A call at a phone that the directory does not have makes it be read again, once for each such phone."""
    coordinator = await coordinator_of(hass, fake_entry)
    paced.script.calls = () if askable else None
    await asked_in(hass, freezer, paced, 21)
    if way == "push":
        coordinator.async_push(pushed("c1", CallState.RINGING, "103"))
    elif askable:
        paced.script.calls = (incoming("c1", "103"),)
    else:
        return
    assert await asked_in(hass, freezer, paced, 43, "directory") == 1
    assert await asked_in(hass, freezer, paced, 43, "directory") == 0

    coordinator.async_push(pushed("c2", CallState.RINGING, "104"))
    assert await asked_in(hass, freezer, paced, 43, "directory") == 1


async def test_unknown_phones_are_remembered_within_bounds(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    paced: type[FakeProvider],
    fake_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A phone system that invents phones is not asked for its directory without end."""
    monkeypatch.setattr(directory_schedule, "MAX_UNLISTED", 3)
    coordinator = await coordinator_of(hass, fake_entry)
    before = paced.script.times("directory")
    for number in range(700, 710):
        coordinator.async_push(pushed(f"c{number}", CallState.RINGING, str(number)))
        await pass_time(hass, freezer, 6)
    assert paced.script.times("directory") - before == 3


async def test_missing_permissions_are_reported(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, paced: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A repair issue names what the account lacks, until it has it."""
    issues = ir.async_get(hass)
    full = paced.script.directory
    paced.script.directory = replace(full, missing_permissions=frozenset({"listcalls", "agents"}))
    await coordinator_of(hass, fake_entry)
    issue = issues.async_get_issue(DOMAIN, f"missing_permission_{fake_entry.entry_id}")
    assert issue is not None
    assert issue.translation_placeholders == {
        "title": "House",
        "provider": "Fake PBX",
        "permissions": "agents, listcalls",
    }

    paced.script.directory = full
    await asked_in(hass, freezer, paced, 321)
    assert issues.async_get_issue(DOMAIN, f"missing_permission_{fake_entry.entry_id}") is None


async def test_permission_that_is_granted_later_brings_its_entities(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, paced: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """When an account may do more than it could, it starts anew, once."""
    paced.script.capabilities &= ~Capability.HANGUP
    coordinator = await coordinator_of(hass, fake_entry)
    assert hass.states.get("button.ann_101_hang_up") is None

    paced.script.capabilities |= Capability.HANGUP
    coordinator.provider.capabilities |= Capability.HANGUP
    await asked_in(hass, freezer, paced, 21)
    assert hass.states.is_state("button.ann_101_hang_up", STATE_UNKNOWN)
    assert paced.script.times("account") == 2
    await asked_in(hass, freezer, paced, 66)
    assert paced.script.times("account") == 2


async def test_rereading_the_directory_on_demand(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, paced: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """The directory can be asked for now."""
    coordinator = await coordinator_of(hass, fake_entry)
    coordinator.async_reread_directory()
    assert await asked_in(hass, freezer, paced, 2, "directory") == 1


@pytest.mark.parametrize("slow", ["calls", "directory"])
async def test_rereading_what_is_just_being_read(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    paced: type[FakeProvider],
    fake_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    slow: str,
) -> None:
    """What is asked for while an older question is not answered yet is asked again afterwards: that answer is old."""
    coordinator = await coordinator_of(hass, fake_entry)
    answered, asked = asyncio.Event(), getattr(paced, slow)

    async def waiting(self: FakeProvider) -> object:
        answer = await asked(self)
        await answered.wait()
        return answer

    monkeypatch.setattr(paced, slow, waiting)
    coordinator.async_reread_directory()
    freezer.tick(1)
    async_fire_time_changed(hass)
    await settle(hass)
    before = paced.script.times(slow)
    assert before == 2
    coordinator.async_doubt(extension_key("101"))
    coordinator.async_reread_directory()
    for _ in range(3):
        freezer.tick(1)
        async_fire_time_changed(hass)
        await settle(hass)
    assert paced.script.times(slow) == before
    told = count(coordinator, extension_key("101"))

    answered.set()
    await pass_time(hass, freezer, 1)
    await pass_time(hass, freezer, 1)
    assert paced.script.times("calls") == 3
    assert paced.script.times("directory") == (3 if slow == "directory" else 2)
    assert told[extension_key("101")] >= 1
    await asked_in(hass, freezer, paced, 10)
    assert paced.script.times("calls") == 3


@pytest.mark.parametrize("away", [False, True])
async def test_calls_do_not_wait_for_a_slow_directory(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    paced: type[FakeProvider],
    fake_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    expected_warnings: list[str],
    away: bool,  # noqa: FBT001
) -> None:
    """What a list brought is told before the directory is asked for, also that the phone system is back."""
    coordinator = await coordinator_of(hass, fake_entry)
    answered, asked = asyncio.Event(), paced.directory

    async def waiting(self: FakeProvider) -> m.Directory:
        answer = await asked(self)
        await answered.wait()
        return answer

    monkeypatch.setattr(paced, "directory", waiting)
    if away:
        expected_warnings.append("Error fetching House data")
        paced.script.errors["calls"] = ConnectError("away")
        await coordinator.async_refresh()
        assert hass.states.is_state("sensor.ann_101_call_state", STATE_UNAVAILABLE)
        paced.script.errors.clear()
    told: list[tuple[str, str]] = []

    @callback
    def listen(event: Event) -> None:
        state = hass.states.get("sensor.ann_101_call_state")
        told.append((event.data["type"], state.state if state is not None else ""))

    hass.bus.async_listen(EVENT_PBX, listen)
    paced.script.calls = (incoming(),)
    coordinator.async_reread_directory()
    for _ in range(3):
        freezer.tick(1)
        async_fire_time_changed(hass)
        await settle(hass)
    assert paced.script.times("directory") == 2
    assert told == [("call_incoming", "ringing")]
    assert coordinator.last_update_success

    answered.set()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert told == [("call_incoming", "ringing")]


# -- calls that nobody lists -------------------------------------------------------------------------


async def test_others_have_a_turn_before_a_list_is_taken(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is woken while a long list is read need not wait until that is taken and told as well."""
    coordinator = await coordinator_of(hass, fake_entry)
    woken, order = asyncio.Event(), list[str]()

    async def async_wait() -> None:
        await woken.wait()
        order.append("another")

    async def calls(_self: FakeProvider) -> tuple[m.Call, ...]:
        hass.loop.call_soon(woken.set)  # as a timer does, or what comes from the network
        return tuple(replace(incoming(), id=f"c{number}") for number in range(coordinator_module.LONG_LIST))

    monkeypatch.setattr(fake, "calls", calls)
    coordinator.async_add_listener(lambda: order.append("told"), extension_key("101"))
    waiting = asyncio.create_task(async_wait())
    await asyncio.sleep(0)
    await coordinator.async_refresh()
    await waiting

    assert order == ["another", "told"]


async def test_calls_are_known_from_pushes_alone(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
) -> None:
    """Where calls cannot be asked for, they are unknown until something is pushed; events are always there."""
    fake.script.calls = None
    fake.script.capabilities |= Capability.WEBHOOK
    fake.script.parse = lambda _request: (pushed("c1", CallState.RINGING),)
    coordinator = await coordinator_of(hass, fake_entry)
    assert not coordinator.calls_known
    for entity in ("sensor.ann_101_call_state", "sensor.house_call_1", "sensor.house_active_calls"):
        assert hass.states.is_state(entity, STATE_UNAVAILABLE)
    assert hass.states.is_state("sensor.house_missed_calls", "0")
    assert hass.states.is_state("event.ann_101_call", STATE_UNKNOWN)
    assert hass.states.is_state("binary_sensor.house_push_messages", "off")

    client = await hass_client_no_auth()
    await client.post(f"/api/webhook/{fake_entry.data['webhook_id']}", data=b"ring")
    await hass.async_block_till_done()

    assert coordinator.calls_known
    assert hass.states.is_state("sensor.ann_101_call_state", "ringing")
    assert hass.states.is_state("binary_sensor.house_push_messages", "on")
    state = hass.states.get("event.ann_101_call")
    assert state is not None
    assert state.attributes["event_type"] == "call_incoming"


async def test_calls_that_can_be_asked_for_again(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, paced: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """What is about calls comes and goes with the possibility to ask for them."""
    paced.script.calls = None
    await coordinator_of(hass, fake_entry)
    assert hass.states.is_state("sensor.ann_101_call_state", STATE_UNAVAILABLE)
    paced.script.calls = ()
    await asked_in(hass, freezer, paced, 21)
    assert hass.states.is_state("sensor.ann_101_call_state", "idle")
    paced.script.calls = None
    await asked_in(hass, freezer, paced, 21)
    assert hass.states.is_state("sensor.ann_101_call_state", STATE_UNAVAILABLE)


@pytest.fixture
def push_only(fake: type[FakeProvider]) -> type[FakeProvider]:
    """Take away the list of calls."""
    fake.script.calls = None
    return fake


async def test_forgotten_calls_are_asked_about_and_expire(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, push_only: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A call whose end was lost is looked up in the history, and given up in the end."""
    coordinator = await coordinator_of(hass, fake_entry)
    events = async_capture_events(hass, EVENT_PBX)
    coordinator.async_push(pushed("c1", CallState.RINGING))

    await pass_time(hass, freezer, 179)
    assert push_only.script.times("record_of") == 0
    await pass_time(hass, freezer, 2)
    assert [call.id for (call,) in push_only.script.arguments("record_of")] == ["c1"]
    assert coordinator.data.find("c1") is not None

    await pass_time(hass, freezer, 120)
    assert coordinator.data.find("c1") is None
    assert [event.data["type"] for event in events] == ["call_incoming", "call_missed"]


async def test_history_settles_a_lost_end(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, push_only: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """What the history says about a lost call ends it, and is told."""
    push_only.script.answers["record_of"] = m.CallRecord(id="r1", call_id="c1", outcome=Outcome.ANSWERED, duration=42)
    coordinator = await coordinator_of(hass, fake_entry)
    events = async_capture_events(hass, EVENT_PBX)
    coordinator.async_push(pushed("c1", CallState.RINGING))
    await pass_time(hass, freezer, 181)
    assert [(event.data["type"], event.data["provider_event"]) for event in events] == [
        ("call_incoming", "test_ringing"),
        ("call_ended", "history"),
        ("call_record", "history"),
    ]
    assert events[2].data["duration"] == 42


async def test_group_that_rings_in_turn_is_one_call(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, push_only: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A provider's grace keeps a call between two phones; when it is over, the call has ended."""
    push_only.grace = 5
    coordinator = await coordinator_of(hass, fake_entry)
    events = async_capture_events(hass, EVENT_PBX)
    coordinator.async_push(pushed("c1", CallState.RINGING, "101"))
    coordinator.async_push(pushed("c1", CallState.ENDED, "101"))
    await pass_time(hass, freezer, 4)
    coordinator.async_push(pushed("c1", CallState.RINGING, "102"))
    await pass_time(hass, freezer, 6)
    assert coordinator.data.state_of("102") is CallState.RINGING
    assert [event.data["type"] for event in events] == ["call_incoming"]

    coordinator.async_push(pushed("c1", CallState.ENDED, "102"))
    await pass_time(hass, freezer, 4)
    assert [event.data["type"] for event in events] == ["call_incoming"]
    await pass_time(hass, freezer, 2)
    assert [event.data["type"] for event in events] == ["call_incoming", "call_missed"]


async def test_unload_stops_the_clocks(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, push_only: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Nothing that was planned happens after the account is unloaded."""
    push_only.record_after = 10
    coordinator = await coordinator_of(hass, fake_entry)
    coordinator.async_push(pushed("c1", CallState.RINGING))
    coordinator.async_push(pushed("c2", CallState.RINGING))
    coordinator.async_push(pushed("c2", CallState.ENDED, final=True))
    assert await hass.config_entries.async_unload(fake_entry.entry_id)
    await pass_time(hass, freezer, 400)
    assert push_only.script.times("record_of") == 0


# -- what is kept ------------------------------------------------------------------------------------


async def test_what_is_found_out_is_kept_without_a_reload(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """What a command made is written into the entry, once, and the live calls stay."""
    coordinator = await coordinator_of(hass, fake_entry)
    coordinator.async_push(pushed("c1", CallState.RINGING))
    with commanding(coordinator):
        pass
    assert "created_objects" not in fake_entry.data

    coordinator.provider.created_objects = ("button1",)
    for _ in range(2):
        with suppress(HomeAssistantError), commanding(coordinator):
            raise RefusedError("busy")
        await hass.async_block_till_done(wait_background_tasks=True)

    assert fake_entry.data["created_objects"] == ["button1"]
    settings = coordinator.provider.settings
    assert isinstance(settings, FakeSettings)
    assert settings.created_objects == ("button1",)
    assert fake_entry.runtime_data.coordinator is coordinator
    assert fake.script.times("account") == 1


async def test_two_accounts_hear_only_their_own_calls(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A push to one account changes nothing at the other."""
    first = await coordinator_of(hass, fake_entry)
    fake.script.account = m.Account(id="office", title="Office")
    second = await coordinator_of(hass, fake_config_entry("office"))
    calls = count(second, extension_key("101"), ACCOUNT)
    first.async_push(pushed("c1", CallState.RINGING))
    assert set(calls.values()) == {0}
    assert second.data.calls == {}
