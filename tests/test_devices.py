"""Devices appear and go with the directory, and with what the user makes."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.translation import async_get_translations
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.pbx import async_remove_config_entry_device, devices
from custom_components.pbx.const import CONF_CALL_SLOTS, CONF_FOLLOW, DOMAIN, EVENT_PBX
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import ConnectError
from custom_components.pbx.telephony.models import CallState, Capability, EventType

from .fake_provider import NOON, FakeProvider, async_set_up, fake_config_entry, incoming, pushed

pytestmark = pytest.mark.usefixtures("call_entities", "full_polls")

PICKERS = [Path("custom_components/pbx/services.yaml"), Path("custom_components/pbx/triggers.yaml")]
PICKERS += Path("blueprints/automation/pbx").glob("*.yaml")
ANN = m.Extension(number="101", name="Ann")
BOB = m.Extension(number="102", name="Bob")
CAROL = m.Extension(number="103", name="Carol")
AGENT = m.Agent(id="a1", name="Agatha", number="501", logged_in=True)
QUEUE = m.Queue(id="q1", name="Support", number="600", waiting=2)


async def listed(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], directory: m.Directory
) -> None:
    """Let the next poll bring this directory."""
    fake.script.directory = directory
    freezer.tick(timedelta(seconds=11))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


def device_names(hass: HomeAssistant, entry: MockConfigEntry) -> set[str | None]:
    """Name the devices of an account."""
    return {device.name for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)}


def device_named(hass: HomeAssistant, entry: MockConfigEntry, name: str) -> dr.DeviceEntry:
    """Find a device by its name."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return next(device for device in devices if device.name == name)


async def test_what_a_device_says(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """The account is a service with its maker, model and version; everything else hangs on it."""
    fake.script.account = replace(fake.script.account, configuration_url="https://pbx.example/admin")
    fake.script.directory = m.Directory(
        extensions=(ANN, m.Extension(number="102"), m.Extension(number="103", name="103")),
        agents=(AGENT, m.Agent(id="a2")),
        queues=(QUEUE, m.Queue(id="q2")),
    )
    await async_set_up(hass, fake_entry)

    house = device_named(hass, fake_entry, "House")
    assert house.entry_type is dr.DeviceEntryType.SERVICE
    assert (house.manufacturer, house.model, house.sw_version) == ("Fake PBX", "Fake 1", "2.0")
    assert house.model_id == "account"
    assert house.configuration_url == "https://pbx.example/admin"
    assert house.identifiers == {(DOMAIN, "fake_house")}
    others = dr.async_entries_for_config_entry(dr.async_get(hass), fake_entry.entry_id)
    others.remove(house)
    assert {device.name for device in others} == {"Ann (101)", "102", "103", "Agatha", "a2", "Support", "q2"}
    assert {device.via_device_id for device in others} == {house.id}
    assert {device.manufacturer for device in others} == {"Fake PBX"}
    models = {device.name: device.model for device in others}
    assert (models["Ann (101)"], models["Agatha"], models["Support"]) == ("Extension", "Agent", "Queue")
    assert {device.model_id for device in others} == {"extension", "agent", "queue"}


@pytest.mark.parametrize("path", PICKERS, ids=lambda path: path.stem)
def test_pickers_look_at_no_word(path: Path) -> None:
    """Devices are picked by what they are in every language: the model is a word of one."""
    filters = dict(re.findall(r"^ *(model\w*): (\w+)$", path.read_text("utf-8"), re.MULTILINE))
    assert filters.keys() <= {"model_id"}
    assert set(filters.values()) <= {"account", "extension", "agent", "queue"}


@pytest.mark.parametrize("language", ["de", "ar", "xx"])
async def test_model_in_the_language_of_the_system(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    language: str,
) -> None:
    """Also that of a device from before, whose ids stay; a language without texts reads English."""
    directory = m.Directory(extensions=(ANN,), agents=(AGENT,), queues=(QUEUE,))
    fake.script.directory = directory
    await async_set_up(hass, fake_entry)
    old = device_named(hass, fake_entry, "Ann (101)")
    registry = dr.async_get(hass)
    registry.async_update_device(old.id, model="Extension", model_id=None)
    await hass.config_entries.async_reload(fake_entry.entry_id)
    assert device_named(hass, fake_entry, "Ann (101)").model_id == "extension"

    await hass.config.async_update(language=language)
    await async_get_translations(hass, language, "common", {DOMAIN})  # which Home Assistant loads then
    await listed(hass, freezer, fake, directory)

    words = {
        "de": ("Nebenstelle", "Agent", "Warteschlange"),
        "ar": ("تحويلة", "وكيل", "قائمة انتظار"),
        "xx": ("Extension", "Agent", "Queue"),
    }
    named = [device_named(hass, fake_entry, name) for name in ("Ann (101)", "Agatha", "Support")]
    assert tuple(device.model for device in named) == words[language]
    assert [device.model_id for device in named] == ["extension", "agent", "queue"]
    assert named[0].id == old.id
    assert hass.states.get("sensor.ann_101_call_state") is not None


async def test_new_extensions_agents_and_queues_appear_without_a_reload(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """What is new in the directory gets its device and its entities at once, each once."""
    fake.script.directory = m.Directory(extensions=(ANN,), agents=(), queues=())
    await async_set_up(hass, fake_entry)
    assert hass.states.get("sensor.carol_103_call_state") is None

    everything = m.Directory(extensions=(ANN, CAROL), agents=(AGENT,), queues=(QUEUE,))
    await listed(hass, freezer, fake, everything)
    await listed(hass, freezer, fake, everything)

    assert hass.states.is_state("sensor.carol_103_call_state", "idle")
    assert hass.states.is_state("event.carol_103_call", STATE_UNKNOWN)
    assert hass.states.is_state("switch.agatha_logged_in", "on")
    assert hass.states.is_state("sensor.support_waiting_callers", "2")
    assert fake.script.times("account") == 1


async def test_call_at_a_new_phone_is_not_lost(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A call that comes while the entities of a new phone are still being added is shown."""
    await async_set_up(hass, fake_entry)
    coordinator = fake_entry.runtime_data.coordinator

    coordinator.async_take(coordinator.data.directory(m.Directory(extensions=(ANN, CAROL)), NOON))
    coordinator.async_push(pushed("c1", CallState.RINGING, "103"))
    await hass.async_block_till_done()

    assert hass.states.is_state("sensor.carol_103_call_state", "ringing")


async def test_device_goes_after_two_lists_without_it(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """One list may be a glitch: the entities are unavailable meanwhile; after the second one all is removed."""
    fake.script.directory = m.Directory(extensions=(ANN, BOB), agents=(AGENT,), queues=(QUEUE,))
    await async_set_up(hass, fake_entry)

    less = m.Directory(extensions=(ANN,), agents=(), queues=())
    await listed(hass, freezer, fake, less)
    assert device_names(hass, fake_entry) == {"House", "Ann (101)", "Bob (102)", "Agatha", "Support"}
    for entity in ("sensor.bob_102_call_state", "switch.agatha_logged_in", "sensor.support_waiting_callers"):
        assert hass.states.is_state(entity, STATE_UNAVAILABLE)
    assert hass.states.is_state("event.bob_102_call", STATE_UNKNOWN)

    await listed(hass, freezer, fake, less)
    assert device_names(hass, fake_entry) == {"House", "Ann (101)"}
    assert hass.states.get("sensor.bob_102_call_state") is None
    assert er.async_get(hass).async_get("sensor.bob_102_call_state") is None
    assert hass.states.is_state("sensor.ann_101_call_state", "idle")


async def test_device_that_comes_back_in_time_stays(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Lists that lack a phone now and then never remove it."""
    both, one = m.Directory(extensions=(ANN, BOB)), m.Directory(extensions=(ANN,))
    fake.script.directory = both
    await async_set_up(hass, fake_entry)
    for directory in (one, both, one, both):
        await listed(hass, freezer, fake, directory)
    assert device_names(hass, fake_entry) == {"House", "Ann (101)", "Bob (102)"}
    assert hass.states.is_state("sensor.bob_102_call_state", "idle")


async def test_only_lists_count(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    expected_warnings: list[str],
) -> None:
    """Neither a failed poll nor a changed health nor a list of something else is a second list without the phone."""
    expected_warnings.append("Error fetching House data")
    fake.script.directory = m.Directory(extensions=(ANN, BOB), agents=(), queues=())
    await async_set_up(hass, fake_entry)
    await listed(hass, freezer, fake, m.Directory(extensions=(ANN,), agents=(), queues=()))

    fake.script.errors["calls"] = ConnectError()
    await listed(hass, freezer, fake, fake.script.directory)
    del fake.script.errors["calls"]
    await listed(hass, freezer, fake, m.Directory(agents=(AGENT,), queues=(QUEUE,)))
    fake_entry.runtime_data.health.async_changed()
    await listed(hass, freezer, fake, m.Directory())
    assert "Bob (102)" in device_names(hass, fake_entry)

    await listed(hass, freezer, fake, m.Directory(extensions=(ANN,)))
    assert "Bob (102)" not in device_names(hass, fake_entry)


async def test_each_device_needs_two_lists_of_its_own(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A phone that is first missing when another is removed has its own second chance."""
    fake.script.directory = m.Directory(extensions=(ANN, BOB, CAROL))
    await async_set_up(hass, fake_entry)
    await listed(hass, freezer, fake, m.Directory(extensions=(ANN, CAROL)))
    await listed(hass, freezer, fake, m.Directory(extensions=(ANN,)))
    assert device_names(hass, fake_entry) == {"House", "Ann (101)", "Carol (103)"}


async def test_what_went_while_home_assistant_was_down_goes_after_two_lists(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """The first list after a restart is one list like any other."""
    fake.script.directory = m.Directory(extensions=(ANN, BOB))
    await async_set_up(hass, fake_entry)
    fake.script.directory = m.Directory(extensions=(ANN,))
    assert await hass.config_entries.async_reload(fake_entry.entry_id)
    fake_entry.runtime_data.health.async_changed()
    assert "Bob (102)" in device_names(hass, fake_entry)

    await listed(hass, freezer, fake, fake.script.directory)
    assert device_names(hass, fake_entry) == {"House", "Ann (101)"}


async def test_device_that_was_removed_can_come_back(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A phone and an agent that are made again get their entities again, per-queue logins included."""
    agent = replace(AGENT, queues={"600": True})
    everything = m.Directory(extensions=(ANN, BOB), agents=(agent,), queues=(QUEUE,))
    nothing = m.Directory(extensions=(ANN,), agents=(), queues=(QUEUE,))
    fake.script.directory = everything
    await async_set_up(hass, fake_entry)
    before = set(hass.states.async_entity_ids())
    await listed(hass, freezer, fake, nothing)
    await listed(hass, freezer, fake, nothing)
    assert set(hass.states.async_entity_ids()) < before

    await listed(hass, freezer, fake, everything)
    assert set(hass.states.async_entity_ids()) == before
    assert hass.states.is_state("sensor.bob_102_call_state", "idle")
    assert hass.states.is_state("switch.agatha_logged_in_to_support", "on")


async def test_renamed_extension_renames_its_device(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A new name in the phone system reaches the device without a reload; the entities stay."""
    fake.script.directory = m.Directory(extensions=(ANN,), agents=(AGENT,))
    await async_set_up(hass, fake_entry)
    before = set(hass.states.async_entity_ids())
    fresh = m.Directory(extensions=(replace(ANN, name="Anna"),), agents=(replace(AGENT, name="Agnes"),))
    await listed(hass, freezer, fake, fresh)
    assert device_names(hass, fake_entry) == {"House", "Anna (101)", "Agnes"}
    assert set(hass.states.async_entity_ids()) == before


async def test_only_followed_extensions_have_devices(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider]
) -> None:
    """Extensions that the user does not follow have no device; events about them belong to the account."""
    entry = fake_config_entry(options={CONF_FOLLOW: ["102", "104"]})
    await async_set_up(hass, entry)
    events = async_capture_events(hass, EVENT_PBX)
    assert device_names(hass, entry) == {"House", "Bob (102)"}

    entry.runtime_data.coordinator.async_push(pushed("c1", CallState.RINGING, "101"))
    house = device_named(hass, entry, "House")
    assert [event.data["device_id"] for event in events] == [house.id]
    assert hass.states.is_state("sensor.house_call_1", "ringing")


async def test_extension_that_is_followed_no_more_goes(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """The device of an extension that was taken off the list goes as if it had been deleted."""
    await async_set_up(hass, fake_entry)
    hass.config_entries.async_update_entry(fake_entry, options={CONF_FOLLOW: ["102"]})
    await hass.async_block_till_done()
    await listed(hass, freezer, fake, fake.script.directory)
    assert device_names(hass, fake_entry) == {"House", "Bob (102)"}


@pytest.mark.parametrize(("options", "slots"), [({}, 4), ({CONF_CALL_SLOTS: 1}, 1), ({CONF_CALL_SLOTS: 7}, 7)])
async def test_slots_are_as_many_as_wanted(
    hass: HomeAssistant, fake: type[FakeProvider], options: dict[str, int], slots: int
) -> None:
    """There is a sensor for each call slot."""
    await async_set_up(hass, fake_config_entry(options=options))
    found = [entity for entity in hass.states.async_entity_ids("sensor") if entity.startswith("sensor.house_call_")]
    assert len(found) == slots


async def test_call_keeps_its_slot(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider]
) -> None:
    """A call stays in its slot; the next one waits until there is room."""
    fake.script.calls = tuple(incoming(f"c{number}", f"10{number}") for number in (1, 2, 3))
    await async_set_up(hass, fake_config_entry(options={CONF_CALL_SLOTS: 2}))

    def shown() -> list[object]:
        states = [hass.states.get(f"sensor.house_call_{slot}") for slot in (1, 2)]
        return [state and state.attributes.get("call_id") for state in states]

    assert shown() == ["c1", "c2"]
    assert hass.states.is_state("sensor.house_active_calls", "3")
    fake.script.calls = fake.script.calls[1:]
    await listed(hass, freezer, fake, fake.script.directory)
    assert shown() == ["c3", "c2"]
    fake.script.calls = ()
    await listed(hass, freezer, fake, fake.script.directory)
    assert shown() == [None, None]
    assert hass.states.is_state("sensor.house_call_1", "idle")


async def test_agents_known_from_pushes_survive_a_restart(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """An agent that only pushes speak of has a device, which is there after a restart with an unknown state."""
    fake.script.directory = m.Directory(extensions=(ANN,))
    await async_set_up(hass, fake_entry)
    login = m.Notice(provider_event="login", type=EventType.AGENT_LOGGED_IN, agent="101", extension="101")
    fake_entry.runtime_data.coordinator.async_push(login)
    await hass.async_block_till_done()
    assert hass.states.is_state("switch.ann_logged_in", "on")

    assert await hass.config_entries.async_reload(fake_entry.entry_id)
    await hass.async_block_till_done()
    assert hass.states.is_state("switch.ann_logged_in", STATE_UNKNOWN)
    assert hass.states.is_state("sensor.ann_status", STATE_UNKNOWN)

    fake_entry.runtime_data.coordinator.async_push(login)
    assert hass.states.is_state("switch.ann_logged_in", "on")
    assert device_names(hass, fake_entry) == {"House", "Ann (101)", "Ann"}


async def test_listed_agents_are_not_remembered(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Where agents are listed, the list says who exists, also after a restart."""
    fake.script.directory = m.Directory(extensions=(ANN,), agents=(AGENT,))
    await async_set_up(hass, fake_entry)
    fake.script.directory = m.Directory(extensions=(ANN,), agents=())
    assert await hass.config_entries.async_reload(fake_entry.entry_id)
    assert fake_entry.runtime_data.coordinator.data.agents == {}
    await listed(hass, freezer, fake, fake.script.directory)
    assert device_names(hass, fake_entry) == {"House", "Ann (101)"}


async def test_agents_the_user_made_belong_to_their_subentries(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider]
) -> None:
    """The devices of agents and queues that the user made carry the subentry, and go with it, without a reload."""
    fake.script.capabilities |= Capability.USER_AGENTS | Capability.USER_QUEUES
    agent = ConfigSubentryDataWithId(
        data={"number": "501", "pin": "77"}, subentry_id="a1", subentry_type="agent", title="Agatha", unique_id="a"
    )
    queue = ConfigSubentryDataWithId(
        data={"name": "Support"}, subentry_id="q1", subentry_type="queue", title="Support", unique_id="q"
    )
    entry = fake_config_entry(subentries_data=[agent, queue])
    logged_in = replace(AGENT, queues={"600": True})
    fake.script.directory = m.Directory(extensions=(ANN,), agents=(logged_in,), queues=(QUEUE,))
    await async_set_up(hass, entry)
    entities = er.async_get(hass)
    for entity, subentry in (
        ("sensor.agatha_status", "a1"),
        ("switch.agatha_logged_in", "a1"),
        ("switch.agatha_logged_in_to_support", "a1"),
        ("sensor.support_waiting_callers", "q1"),
        ("sensor.ann_101_call_state", None),
    ):
        registered = entities.async_get(entity)
        assert registered is not None, entity
        assert registered.config_subentry_id == subentry, entity
    coordinator = entry.runtime_data.coordinator

    fake.script.directory = m.Directory(extensions=(ANN,), agents=(), queues=(QUEUE,))
    hass.config_entries.async_remove_subentry(entry, "a1")
    await hass.async_block_till_done(wait_background_tasks=True)
    await listed(hass, freezer, fake, fake.script.directory)
    assert entry.runtime_data.coordinator is coordinator
    assert device_names(hass, entry) == {"House", "Ann (101)", "Support"}

    events = async_capture_events(hass, EVENT_PBX)
    coordinator.async_push(m.Notice(provider_event="x", type=EventType.SMS_RECEIVED, agent="a1"))
    assert [event.data["device_id"] for event in events] == [device_named(hass, entry, "House").id]


async def test_whose_device_an_event_names(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """The extension's device before the agent's, the agent's before the queue's, else the account's."""
    fake.script.directory = m.Directory(extensions=(ANN,), agents=(replace(AGENT, extension="999"),), queues=(QUEUE,))
    await async_set_up(hass, fake_entry)
    events = async_capture_events(hass, EVENT_PBX)
    push = fake_entry.runtime_data.coordinator.async_push
    notice = m.Notice(provider_event="x", type=EventType.SMS_RECEIVED)
    push(replace(notice, extension="101", agent="a1"))
    push(replace(notice, extension="999", agent="a1"))
    push(notice)
    names = [device_named(hass, fake_entry, name).id for name in ("Ann (101)", "Agatha", "House")]
    assert [event.data["device_id"] for event in events] == names


async def test_only_devices_of_what_is_gone_can_be_removed_by_hand(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A person can remove a device that stands for nothing any more, and no other."""
    await async_set_up(hass, fake_entry)
    stray = dr.async_get(hass).async_get_or_create(
        config_entry_id=fake_entry.entry_id, identifiers={(DOMAIN, "stray")}, name="Stray"
    )
    assert await async_remove_config_entry_device(hass, fake_entry, stray)
    for name in ("House", "Ann (101)"):
        assert not await async_remove_config_entry_device(hass, fake_entry, device_named(hass, fake_entry, name))


# -- unload ------------------------------------------------------------------------------------------


async def test_no_more_than_some_entities_go_at_once(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When an account is unloaded, everything else has its turn again and again; another account stays as it is."""
    monkeypatch.setattr(devices, "ENTITIES_AT_ONCE", 3)
    fake.script.directory = m.Directory(extensions=(ANN, BOB, CAROL))
    await async_set_up(hass, fake_entry)
    fake.script.account = m.Account(id="other", title="Other")
    await async_set_up(hass, fake_config_entry("other"))

    def there() -> int:
        return sum(state.state != STATE_UNAVAILABLE for state in hass.states.async_all())

    everything, turns = there(), [there()]
    unload = asyncio.create_task(hass.config_entries.async_unload(fake_entry.entry_id))
    while not unload.done():
        await asyncio.sleep(0)
        turns.append(there())

    assert unload.result()
    assert max(before - after for before, after in pairwise(turns)) == 3
    assert turns[-1] == everything / 2
    assert sum(state.attributes.get("restored", False) for state in hass.states.async_all()) == everything / 2


async def test_nothing_comes_while_the_account_is_unloaded(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Phones that appear while the entities go get none any more, also when they had appeared just before."""
    monkeypatch.setattr(devices, "ENTITIES_AT_ONCE", 1)
    monkeypatch.setattr(devices, "SUBJECTS_AT_ONCE", 1)
    await async_set_up(hass, fake_entry)
    coordinator = fake_entry.runtime_data.coordinator
    known = set(hass.states.async_entity_ids())

    coordinator.async_take(coordinator.data.directory(m.Directory(extensions=(ANN, BOB)), NOON))
    unload = asyncio.create_task(hass.config_entries.async_unload(fake_entry.entry_id))
    await asyncio.sleep(0)
    coordinator.async_take(coordinator.data.directory(m.Directory(extensions=(ANN, BOB, CAROL)), NOON))
    assert await unload
    await hass.async_block_till_done(wait_background_tasks=True)

    assert all(hass.states.is_state(entity_id, STATE_UNAVAILABLE) for entity_id in known)
    assert set(hass.states.async_entity_ids()) == known
    assert await hass.config_entries.async_setup(fake_entry.entry_id)
    assert not any(hass.states.is_state(entity_id, STATE_UNAVAILABLE) for entity_id in known)
