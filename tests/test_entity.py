"""What all entities share, and what every provider's accounts look like."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.components.sensor.const import DEVICE_CLASS_STATE_CLASSES, DEVICE_CLASS_UNITS
from homeassistant.config_entries import ConfigSubentryDataWithId
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.json import json_bytes
from homeassistant.setup import async_setup_component
from homeassistant.util.json import json_loads
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator
from syrupy.assertion import SnapshotAssertion

from custom_components.pbx import coordinator as coordinator_module
from custom_components.pbx import entity as entity_module
from custom_components.pbx.const import CONF_MASK_NUMBERS, DOMAIN
from custom_components.pbx.providers.base import Intervals
from custom_components.pbx.sensor import SENSORS
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import ConnectError, RefusedError
from custom_components.pbx.telephony.models import AgentStatus, CallState, Capability, Direction

from .fake_provider import FakeProvider, async_set_up, fake_config_entry, incoming, pushed
from .simulators.base import Simulator
from .simulators.voipat import VoipatSimulator
from .simulators.voipstudio import VoipstudioSimulator
from .simulators.voipsun import VoipsunSimulator
from .simulators.voxloud import VoxloudSimulator

pytestmark = pytest.mark.usefixtures("call_entities", "at_noon")

AGENT = m.Agent(
    id="a1",
    name="Agatha",
    number="501",
    extension="101",
    status=AgentStatus.AVAILABLE,
    logged_in=True,
    paused=False,
    queues={"600": True, "601": False},
)
QUEUE = m.Queue(id="q1", name="Support", number="600", waiting=2, longest_wait=34.0, agents_logged_in=1)


@pytest.fixture
def busy(fake: type[FakeProvider]) -> type[FakeProvider]:
    """Give the phone system agents, a queue and a call."""
    extensions = fake.script.directory.extensions
    fake.script.directory = m.Directory(extensions=extensions, agents=(AGENT,), queues=(QUEUE,), unread_voicemails=3)
    fake.script.calls = (incoming("c1", "101"),)
    fake.intervals = Intervals(busy=10, idle=10, pushed=10, directory=10)
    return fake


async def poll(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let the next poll come."""
    freezer.tick(timedelta(seconds=11))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


def state_of(hass: HomeAssistant, entity_id: str) -> str:
    """Give the state of an entity."""
    state = hass.states.get(entity_id)
    assert state is not None, entity_id
    return state.state


# -- every provider ----------------------------------------------------------------------------------


def voipat_account(simulator: VoipatSimulator) -> MockConfigEntry:
    """Make the entry of an account at VOIP@ Cloud."""
    data = {"url": simulator.url, "api_key": simulator.api_key, "domain": simulator.domain, "verify_ssl": True}
    return account("voipat", data)


def voipstudio_account(simulator: VoipstudioSimulator) -> MockConfigEntry:
    """Make the entry of a VoIPstudio account."""
    return account("voipstudio", {"url": simulator.url, "api_key": simulator.api_key})


def voipsun_account(simulator: VoipsunSimulator) -> MockConfigEntry:
    """Make the entry of a VoIPSUN PBX, with its agents and queues."""
    data = {
        "host": "127.0.0.1",
        "port": simulator.port,
        "ssl": False,
        "verify_ssl": True,
        "username": simulator.username,
        "password": simulator.password,
    }
    agents = [
        ConfigSubentryDataWithId(
            data={"number": agent.number, "pin": agent.pin, "extension": "102"},
            subentry_id=f"agent_{agent.number}",
            subentry_type="agent",
            title=agent.full_name,
            unique_id=f"agent_{agent.number}",
        )
        for agent in simulator.agents.values()
    ]
    queues = [
        ConfigSubentryDataWithId(
            data={"name": name}, subentry_id=f"queue_{name}", subentry_type="queue", title=name, unique_id=name
        )
        for name in simulator.queues
    ]
    return account("voipsun", data, subentries_data=[*agents, *queues])


def voxloud_account(simulator: VoxloudSimulator) -> MockConfigEntry:
    """Make the entry of a Voxloud account."""
    return account("voxloud", {"url": simulator.url, "api_key": simulator.api_key})


def account(provider: str, data: dict[str, Any], **more: Any) -> MockConfigEntry:
    """Make the entry of an account; without a unique id, since some contain the simulator's port."""
    return MockConfigEntry(
        domain=DOMAIN,
        title="House",
        entry_id=f"{provider}_house",
        data={"provider": provider, "webhook_id": "hook", **data},
        **more,
    )


ACCOUNTS: dict[str, Callable[[Any], MockConfigEntry]] = {
    "voipat": voipat_account,
    "voipstudio": voipstudio_account,
    "voipsun": voipsun_account,
    "voxloud": voxloud_account,
}


@pytest.fixture
def simulator(request: pytest.FixtureRequest) -> Simulator:
    """Give the simulated phone system that the test's parameter names."""
    found: Simulator = request.getfixturevalue(request.param)
    return found


@pytest.mark.parametrize("simulator", sorted(ACCOUNTS), indirect=True)
async def test_entities_of_an_account(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    hass_client_no_auth: ClientSessionGenerator,
    all_enabled: None,
    snapshot: SnapshotAssertion,
    simulator: Simulator,
) -> None:
    """Every provider's account has exactly these entities, with these states while a phone rings."""
    entry = ACCOUNTS[simulator.provider](simulator)
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client_no_auth()
    await hass.config.async_update(country="GB", external_url=str(client.make_url("")))
    await async_set_up(hass, entry)
    await hass.async_block_till_done(wait_background_tasks=simulator.provider == "voxloud")
    phone = next(iter(entry.runtime_data.coordinator.data.extensions), "101")
    await simulator.ring("+441632960123", phone, name="Grace Okafor")
    for _ in range(3):
        freezer.tick(timedelta(seconds=61))
        async_fire_time_changed(hass)
        await entry.runtime_data.coordinator.async_refresh()
        await hass.async_block_till_done()

    entities = {
        registered.entity_id: registered
        for registered in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    }
    assert set(entities) == set(hass.states.async_entity_ids())
    for entity_id, registered in sorted(entities.items()):
        state = hass.states.get(entity_id)
        assert state is not None
        attributes = plain(state.attributes)
        found = {
            "name": state.name,
            "state": state.state,
            "attributes": attributes,
            "unique_id": registered.unique_id,
            "category": registered.entity_category and registered.entity_category.value,
            "subentry": registered.config_subentry_id,
        }
        assert found == snapshot(name=entity_id)


def plain(value: Any) -> Any:
    """Give attributes as the frontend gets them, without those that go with the entity and the ids made by chance."""
    if isinstance(value, Mapping):
        left_out = {"friendly_name", "event_types", "options", "call_id"}
        return {str(key): plain(item) for key, item in value.items() if key not in left_out}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return json_loads(json_bytes(value))


# -- validity ----------------------------------------------------------------------------------------


async def test_states_are_valid(
    hass: HomeAssistant, all_enabled: None, busy: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """No state hides an "unknown" behind a text, every option is listed, every unit fits its class."""
    await async_set_up(hass, fake_entry)
    for description in SENSORS:
        kind = SensorDeviceClass(description.device_class) if description.device_class else None
        if kind is SensorDeviceClass.ENUM:
            assert description.options, description.key
            assert description.state_class is None, description.key
        elif kind is not None:
            units = DEVICE_CLASS_UNITS.get(kind, {None})
            assert description.native_unit_of_measurement in units, description.key
        if kind is not None and description.state_class is not None:
            assert description.state_class in DEVICE_CLASS_STATE_CLASSES[kind], description.key
    for state in hass.states.async_all():
        assert state.state.lower() not in ("none", "null", "", "[]"), state.entity_id
        if options := state.attributes.get("options"):
            assert state.state in (*options, STATE_UNKNOWN), state.entity_id


async def test_unique_ids_are_made_of_account_and_subject(
    hass: HomeAssistant, all_enabled: None, busy: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Unique ids say whose entity it is, and are the same whatever the title, the entry or the language."""
    await async_set_up(hass, fake_entry)
    registered = er.async_entries_for_config_entry(er.async_get(hass), fake_entry.entry_id)
    ids = {entity.entity_id: entity.unique_id for entity in registered}
    assert ids["sensor.ann_101_call_state"] == "fake_house_extension_101_call_state"
    assert ids["sensor.house_call_2"] == "fake_house_slot_2_call"
    assert ids["sensor.house_active_calls"] == "fake_house_account_active_calls"
    assert ids["switch.agatha_paused"] == "fake_house_agent_a1_paused"
    assert ids["switch.agatha_logged_in_to_support"] == "fake_house_agent_a1_logged_in_600"
    assert ids["sensor.support_waiting_callers"] == "fake_house_queue_q1_waiting"
    assert len({(entity.domain, entity.unique_id) for entity in registered}) == len(registered)


async def test_only_what_the_phone_system_can_do_exists(
    hass: HomeAssistant, fake: type[FakeProvider], busy: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Without a capability there is no entity for it; account, connection and last events are always there."""
    fake.script.capabilities = Capability(0)
    await async_set_up(hass, fake_entry)
    assert set(hass.states.async_entity_ids()) == {"binary_sensor.house_connection", "event.house_call"}


async def test_trunk_has_no_phone_entities(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A line to the outside shows whether it is registered, and nothing of a phone."""
    fake.script.directory = m.Directory(extensions=(m.Extension(number="t1", name="Line", trunk=True),))
    await async_set_up(hass, fake_entry)
    assert [entity for entity in hass.states.async_entity_ids() if "line" in entity] == [
        "binary_sensor.line_t1_registration"
    ]


# -- availability ------------------------------------------------------------------------------------


async def test_what_is_available_while_the_phone_system_is_away(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    busy: type[FakeProvider],
    fake_entry: MockConfigEntry,
    expected_warnings: list[str],
) -> None:
    """Only the event entities and the connection stay available."""
    expected_warnings.append("Error fetching House data")
    await async_set_up(hass, fake_entry)
    assert not [state for state in hass.states.async_all() if state.state == STATE_UNAVAILABLE]
    busy.script.errors["calls"] = ConnectError()
    await poll(hass, freezer)
    assert {state.entity_id for state in hass.states.async_all() if state.state != STATE_UNAVAILABLE} == {
        "binary_sensor.house_connection",
        "event.agatha_agent",
        "event.ann_101_call",
        "event.bob_102_call",
        "event.house_call",
    }


async def test_what_is_available_where_calls_are_unknown(
    hass: HomeAssistant, busy: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Where calls are only pushed, and nothing was pushed yet, all that is about calls is unavailable."""
    busy.script.calls = None
    busy.script.capabilities |= Capability.WEBHOOK
    await async_set_up(hass, fake_entry)
    assert {state.entity_id for state in hass.states.async_all() if state.state == STATE_UNAVAILABLE} == {
        "button.ann_101_hang_up",
        "button.bob_102_hang_up",
        "sensor.ann_101_call_state",
        "sensor.ann_101_caller",
        "sensor.bob_102_call_state",
        "sensor.bob_102_caller",
        "sensor.ann_101_called_party",
        "sensor.bob_102_called_party",
        "sensor.house_active_calls",
        *(f"sensor.house_call_{slot}" for slot in range(1, 5)),
        "switch.ann_101_hold",
        "switch.ann_101_mute",
        "switch.bob_102_hold",
        "switch.bob_102_mute",
    }


# -- many entities -----------------------------------------------------------------------------------


def enabled(hass: HomeAssistant, entry: MockConfigEntry) -> set[str]:
    """List the entities that are enabled."""
    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return {entity.entity_id for entity in registered if entity.disabled_by is None}


@pytest.mark.parametrize(("limit", "everything"), [(2, True), (1, False)])
async def test_many_extensions_begin_with_the_essentials(
    hass: HomeAssistant,
    busy: type[FakeProvider],
    fake_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    limit: int,
    everything: bool,  # noqa: FBT001
) -> None:
    """Of many extensions only the call state and the events are enabled at first, and the account's own."""
    monkeypatch.setattr(entity_module, "MANY_EXTENSIONS", limit)
    await async_set_up(hass, fake_entry)
    essentials = {
        "binary_sensor.house_connection",
        "button.house_acknowledge_missed_calls",
        "event.ann_101_call",
        "event.bob_102_call",
        "event.house_call",
        "notify.house_text_message",
        "sensor.ann_101_call_state",
        "sensor.bob_102_call_state",
        "sensor.house_active_calls",
        "sensor.house_last_call",
        "sensor.house_missed_calls",
        "sensor.house_recent_calls",
        "sensor.house_unread_voicemails",
        *(f"sensor.house_call_{slot}" for slot in range(1, 5)),
    }
    assert essentials <= enabled(hass, fake_entry)
    assert (essentials == enabled(hass, fake_entry)) is not everything


async def test_only_followed_extensions_make_many(
    hass: HomeAssistant, busy: type[FakeProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever follows few extensions of many gets everything of them."""
    monkeypatch.setattr(entity_module, "MANY_EXTENSIONS", 1)
    entry = fake_config_entry(options={"follow_extensions": ["102"]})
    await async_set_up(hass, entry)
    assert "sensor.bob_102_caller" in enabled(hass, entry)


@pytest.mark.parametrize(
    ("limit", "count", "issue"), [(1000, 50, False), (50, 50, False), (49, 49, True), (3, 3, True)]
)
async def test_no_more_are_enabled_than_home_assistant_takes(
    hass: HomeAssistant,
    busy: type[FakeProvider],
    fake_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
    limit: int,
    count: int,
    issue: bool,  # noqa: FBT001
) -> None:
    """Exactly as many are enabled as fit; a repair issue says that there are more."""
    monkeypatch.setattr(coordinator_module, "MAX_ENABLED_ENTITIES", limit)
    await async_set_up(hass, fake_entry)
    found = ir.async_get(hass).async_get_issue(DOMAIN, f"too_many_entities_{fake_entry.entry_id}")
    assert len(enabled(hass, fake_entry)) == count
    assert (found is not None) is issue
    registered = er.async_entries_for_config_entry(er.async_get(hass), fake_entry.entry_id)
    assert {entity.disabled_by for entity in registered} <= {None, er.RegistryEntryDisabler.INTEGRATION}


async def test_later_entities_are_within_the_limit_too(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    busy: type[FakeProvider],
    fake_entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What comes later is disabled when there is no room any more."""
    monkeypatch.setattr(coordinator_module, "MAX_ENABLED_ENTITIES", 51)
    await async_set_up(hass, fake_entry)
    before = enabled(hass, fake_entry)
    more = (*(busy.script.directory.extensions or ()), m.Extension(number="103", name="Carol"))
    busy.script.directory = replace(busy.script.directory, extensions=more)
    await poll(hass, freezer)
    assert len(enabled(hass, fake_entry) - before) == 1
    assert ir.async_get(hass).async_get_issue(DOMAIN, f"too_many_entities_{fake_entry.entry_id}") is not None


# -- masks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "party", "shown"),
    [
        (Direction.INCOMING, m.Party(number="+390612345678"), "••••••••••678"),
        (Direction.INCOMING, m.Party(number="+390612345678", name="Rossi"), "Rossi"),
        (Direction.INCOMING, m.Party(number="+390612345678", name="0612345678"), "•••••••678"),
        (Direction.INTERNAL, m.Party(number="102"), "Bob"),
        (Direction.INCOMING, m.Party(number="102"), "102"),  # a stranger who shows the number of one of ours
        (Direction.INTERNAL, m.Party(number="103"), "103"),
        (Direction.INCOMING, m.Party(number="123456"), "123456"),
        (Direction.INCOMING, m.Party(number="1234567"), "••••567"),
        (Direction.INCOMING, m.Party(hidden=True), STATE_UNKNOWN),
    ],
)
async def test_masked_numbers(
    hass: HomeAssistant, fake: type[FakeProvider], direction: Direction, party: m.Party, shown: str
) -> None:
    """With the option on, no state and no attribute shows more than the last digits of an outside number."""
    entry = fake_config_entry(options={CONF_MASK_NUMBERS: True})
    await async_set_up(hass, entry)
    entry.runtime_data.coordinator.async_push(pushed("c1", CallState.RINGING, caller=party, direction=direction))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(hass, "sensor.ann_101_caller") == shown
    for state in (CallState.RINGING, CallState.ENDED):
        entry.runtime_data.coordinator.async_push(pushed("c1", state, final=state is CallState.ENDED))
        await hass.async_block_till_done(wait_background_tasks=True)
        text = " ".join(f"{state.state} {dict(state.attributes)}" for state in hass.states.async_all())
        assert "0612345678" not in text
        assert "1234567" not in text


async def test_numbers_are_whole_without_the_option(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """Without the option numbers are shown."""
    await async_set_up(hass, fake_entry)
    fake_entry.runtime_data.coordinator.async_push(pushed("c1", CallState.RINGING))
    assert state_of(hass, "sensor.ann_101_caller") == "+390612345678"
    for entity in ("sensor.ann_101_call_state", "sensor.house_call_1"):
        state = hass.states.get(entity)
        assert state is not None
        assert state.attributes["caller"] == "+390612345678"


# -- commands ----------------------------------------------------------------------------------------


async def test_command_hurries_the_poll(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, busy: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """After a command the phone system is asked what became of it."""
    await async_set_up(hass, fake_entry)
    before = busy.script.times("calls")
    await hass.services.async_call("button", "press", {ATTR_ENTITY_ID: "button.ann_101_hang_up"}, blocking=True)
    freezer.tick(timedelta(seconds=1))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert busy.script.times("calls") == before + 1


async def test_refused_command_says_why(
    hass: HomeAssistant, busy: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """The phone system's own reason reaches the person, and its name."""
    busy.script.errors["hangup"] = RefusedError("Line is locked", "42")
    await async_set_up(hass, fake_entry)
    with pytest.raises(HomeAssistantError) as raised:
        await hass.services.async_call("button", "press", {ATTR_ENTITY_ID: "button.ann_101_hang_up"}, blocking=True)
    assert raised.value.translation_key == "refused"
    assert raised.value.translation_placeholders == {
        "provider": "Fake PBX",
        "reason": "other",
        "code": "42",
        "answer": "Line is locked",
    }
