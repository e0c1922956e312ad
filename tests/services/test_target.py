"""What an action is about: its account, and the extensions, calls and agents it names."""

from dataclasses import replace
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import floor_registry as fr
from homeassistant.helpers import label_registry as lr
from homeassistant.helpers.template import Template
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import AgentRef, CallState, Capability

from ..fake_provider import NOON, FakeProvider, async_set_up, fake_config_entry, incoming, pushed

type Refs = list[tuple[str, str | None]]

AGATHA = m.Agent(id="a1", name="Agatha", number="501")
AGNES = m.Agent(id="a2", name="Agnes", number="502")
SUPPORT = m.Queue(id="q1", name="Support", number="600")
EVERY_FIELD = frozenset({"agent", "pin", "extension", "queue", "penalty", "call_id", "cause"})


@pytest.fixture
async def entry(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> MockConfigEntry:
    """Set an account up where 101 talks while it rings, 102 is on hold, and 103 has no call."""
    freezer.move_to(NOON)
    fake.fields = dict.fromkeys(Capability, EVERY_FIELD)
    extensions = (*(fake.script.directory.extensions or ()), m.Extension(number="103", name="Carol"))
    fake.script.directory = m.Directory(extensions=extensions, agents=(AGATHA, AGNES), queues=(SUPPORT,))
    fake.script.calls = (
        incoming("c1", "101", state=CallState.TALKING),
        incoming("c2", "102", state=CallState.ON_HOLD),
        incoming("c3", "101", state=CallState.RINGING),
    )
    await async_set_up(hass, fake_entry)
    return fake_entry


def device_id(hass: HomeAssistant, entry: MockConfigEntry, name: str) -> str:
    """Find a device by its name."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return next(device.id for device in devices if device.name == name)


async def act(hass: HomeAssistant, action: str, **data: Any) -> None:
    """Call an action."""
    await hass.services.async_call(DOMAIN, action, data, blocking=True)


async def refused(hass: HomeAssistant, action: str, **data: Any) -> str | None:
    """Call an action that must be refused as wrong input, and say how."""
    with pytest.raises(ServiceValidationError) as raised:
        await act(hass, action, **data)
    return raised.value.translation_key


def held(fake: type[FakeProvider], command: str = "hold") -> Refs:
    """List for which calls a command was asked, and on whose behalf."""
    return [(ref.call.id, ref.extension) for ref, *_ in fake.script.arguments(command)]


# -- calls -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entities", "expected"),
    [
        (["sensor.ann_101_call_state"], [("c3", "101")]),
        (["event.ann_101_call", "sensor.ann_101_caller", "switch.ann_101_hold"], [("c3", "101")]),
        (["sensor.ann_101_call_state", "sensor.bob_102_caller"], [("c3", "101"), ("c2", "102")]),
        (["sensor.house_call_1"], [("c1", None)]),
        (["sensor.house_call_2", "sensor.house_call_1"], [("c1", None), ("c2", None)]),
        (["sensor.house_call_3", "sensor.ann_101_call_state"], [("c3", "101")]),
        (["sensor.house_call_1", "sensor.ann_101_call_state"], [("c3", "101"), ("c1", None)]),
    ],
)
@pytest.mark.usefixtures("entry")
async def test_entities(hass: HomeAssistant, fake: type[FakeProvider], entities: list[str], expected: Refs) -> None:
    """Any entity of a phone means its most urgent call, one of a slot its call; each call is commanded once."""
    await act(hass, "hold", entity_id=entities)
    assert sorted(held(fake), key=str) == sorted(expected, key=str)


async def test_devices(hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry) -> None:
    """A device means its phone's most urgent call, not one call for each of its entities."""
    devices = [device_id(hass, entry, name) for name in ("Ann (101)", "Bob (102)")]
    await act(hass, "hold", device_id=devices)
    assert sorted(held(fake), key=str) == [("c2", "102"), ("c3", "101")]


@pytest.mark.usefixtures("entry")
async def test_call_id(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A call can be named by its id, also together with a target."""
    await act(hass, "hold", call_id="c1")
    await act(hass, "hold", call_id="c1", entity_id="sensor.bob_102_caller")
    assert held(fake) == [("c1", None), ("c1", None), ("c2", "102")]


@pytest.mark.usefixtures("entry")
async def test_group_stands_for_its_members(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A group of entities can be a target."""
    group = {"phones": {"entities": ["sensor.ann_101_call_state", "sensor.bob_102_call_state"]}}
    assert await async_setup_component(hass, "group", {"group": group})
    await hass.async_block_till_done()
    await act(hass, "hold", entity_id="group.phones")
    assert sorted(held(fake), key=str) == [("c2", "102"), ("c3", "101")]


@pytest.mark.parametrize("call_id", ["1764460800.1", "1764460800.10", "1764460800.1200", "1764460800.0", "170", "c4"])
@pytest.mark.parametrize("over", [False, True])
async def test_call_id_from_a_template(
    hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry, call_id: str, *, over: bool
) -> None:
    """An id that looks like a number comes out of a template as a number; its call is found all the same."""
    push = entry.runtime_data.coordinator.async_push
    push(pushed(call_id, CallState.RINGING, "103"))
    if over:
        push(pushed(call_id, CallState.ENDED, "103", final=True))
    data = Template('{{ {"call_id": id}.call_id }}', hass).async_render({"id": call_id})
    await act(hass, "hangup", call_id=data)
    assert held(fake, "hangup") == ([] if over else [(call_id, None)])


async def test_expected_state_in_an_area(hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry) -> None:
    """Of the calls in an area those are meant that are in the expected state; if none is, that is said."""
    kitchen = ar.async_get(hass).async_create("Kitchen")
    for name in ("Ann (101)", "Bob (102)", "Carol (103)"):
        dr.async_get(hass).async_update_device(device_id(hass, entry, name), area_id=kitchen.id)
    await act(hass, "unhold", area_id=kitchen.id, expected_state="on_hold")
    assert held(fake, "unhold") == [("c2", "102")]
    assert await refused(hass, "hold", area_id=kitchen.id, expected_state="dialing") == "unexpected_state"
    bob = device_id(hass, entry, "Bob (102)")
    refusal = await refused(hass, "hold", area_id=kitchen.id, device_id=bob, expected_state="ringing")
    assert refusal == "unexpected_state"
    assert held(fake) == []


@pytest.mark.parametrize("kind", ["area", "floor", "label", "label_of_entity", "area_of_entity", "label_of_area"])
async def test_areas_floors_and_labels(
    hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry, kind: str
) -> None:
    """What is in a place or has a label is meant as far as it has a call; the rest does not matter."""
    floor = fr.async_get(hass).async_create("Ground floor")
    label = lr.async_get(hass).async_create("Phones")
    area = ar.async_get(hass).async_create("Kitchen", floor_id=floor.floor_id)
    devices, entities = dr.async_get(hass), er.async_get(hass)
    foreign = MockConfigEntry(domain="other")
    foreign.add_to_hass(hass)
    lamp = devices.async_get_or_create(config_entry_id=foreign.entry_id, identifiers={("other", "lamp")})
    switch = entities.async_get_or_create("light", "other", "lamp", config_entry=foreign)
    ours = [device_id(hass, entry, name) for name in ("Ann (101)", "Carol (103)", "House", "Agatha")]
    for device in (*ours, lamp.id):
        if kind in ("area", "floor", "label_of_area"):
            devices.async_update_device(device, area_id=area.id)
        elif kind == "label":
            devices.async_update_device(device, labels={label.label_id})
    for entity in (switch.entity_id, "sensor.ann_101_caller", "sensor.carol_103_caller", "sensor.house_call_4"):
        if kind == "label_of_entity":
            entities.async_update_entity(entity, labels={label.label_id})
        elif kind == "area_of_entity":
            entities.async_update_entity(entity, area_id=area.id)
    if kind == "label_of_area":
        ar.async_get(hass).async_update(area.id, labels={label.label_id})
    target = {
        "area": {"area_id": area.id},
        "area_of_entity": {"area_id": area.id},
        "floor": {"floor_id": floor.floor_id},
    }.get(kind, {"label_id": label.label_id})
    await act(hass, "hold", **target)
    assert held(fake) == [("c3", "101")]


async def test_place_without_a_call(hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry) -> None:
    """A place where nobody is on the phone is no target."""
    area = ar.async_get(hass).async_create("Cellar")
    dr.async_get(hass).async_update_device(device_id(hass, entry, "Carol (103)"), area_id=area.id)
    assert await refused(hass, "hold", area_id=area.id) == "no_target"
    assert await refused(hass, "hold", area_id="nowhere") == "no_target"
    assert held(fake) == []


@pytest.mark.parametrize(
    ("target", "key"),
    [
        ({}, "no_target"),
        ({"entity_id": []}, "no_target"),
        ({"entity_id": "none"}, "no_target"),
        ({"call_id": "c9"}, "unknown_call"),
        ({"entity_id": "sensor.carol_103_call_state"}, "no_call"),
        ({"entity_id": ["sensor.ann_101_call_state", "sensor.carol_103_call_state"]}, "no_call"),
        ({"entity_id": "sensor.house_call_4"}, "no_call_in_slot"),
        ({"entity_id": "sensor.house_active_calls"}, "not_a_call"),
        ({"entity_id": "sensor.agatha_status"}, "not_a_call"),
        ({"entity_id": "sensor.support_waiting_callers"}, "not_a_call"),
        ({"entity_id": "light.kitchen"}, "not_ours"),
        ({"entity_id": ["sensor.ann_101_call_state", "light.nowhere"]}, "not_ours"),
        ({"device_id": "nowhere"}, "not_ours"),
    ],
)
@pytest.mark.usefixtures("entry")
async def test_what_is_no_call(hass: HomeAssistant, fake: type[FakeProvider], target: dict[str, Any], key: str) -> None:
    """What is not a call is refused, all of it, before anything is sent."""
    er.async_get(hass).async_get_or_create("light", "other", "1", suggested_object_id="kitchen")
    assert await refused(hass, "hold", **target) == key
    assert held(fake) == []


async def test_foreign_devices_are_refused(
    hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry
) -> None:
    """A device of another integration is no phone, also beside one that is."""
    foreign = MockConfigEntry(domain="other")
    foreign.add_to_hass(hass)
    lamp = dr.async_get(hass).async_get_or_create(config_entry_id=foreign.entry_id, identifiers={("other", "lamp")})
    assert await refused(hass, "hold", device_id=[lamp.id, device_id(hass, entry, "Ann (101)")]) == "not_ours"
    assert held(fake) == []


async def test_account_and_agent_devices_are_no_calls(
    hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry
) -> None:
    """The devices of the account, an agent or a queue stand for no call."""
    for name in ("House", "Agatha", "Support"):
        assert await refused(hass, "hold", device_id=device_id(hass, entry, name)) == "not_a_call"
    assert held(fake) == []


async def test_device_that_stands_for_nothing(
    hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry
) -> None:
    """Our own devices that are no phone, like a speed dial, are refused."""
    stray = dr.async_get(hass).async_get_or_create(config_entry_id=entry.entry_id, identifiers={(DOMAIN, "stray")})
    assert await refused(hass, "hold", device_id=stray.id) == "not_a_call"


@pytest.mark.parametrize(
    ("target", "expected", "accepted"),
    [
        ({"call_id": "c1"}, "talking", True),
        ({"call_id": "c1"}, "ringing", False),
        ({"entity_id": "sensor.ann_101_call_state"}, "ringing", True),
        ({"entity_id": "sensor.ann_101_call_state"}, "talking", False),
        ({"entity_id": "sensor.bob_102_call_state"}, "on_hold", True),
        ({"entity_id": "sensor.house_call_1"}, "talking", True),
        ({"entity_id": "sensor.house_call_1"}, "dialing", False),
        ({"entity_id": ["sensor.ann_101_call_state", "sensor.bob_102_call_state"]}, "ringing", False),
    ],
)
@pytest.mark.usefixtures("entry")
async def test_expected_state(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    target: dict[str, Any],
    expected: str,
    accepted: bool,  # noqa: FBT001
) -> None:
    """An automation that comes too late is refused; nothing is sent then, not even for the other calls."""
    if accepted:
        await act(hass, "hold", expected_state=expected, **target)
        assert len(held(fake)) == 1
        return
    with pytest.raises(ServiceValidationError) as raised:
        await act(hass, "hold", expected_state=expected, **target)
    assert raised.value.translation_key == "unexpected_state"
    assert raised.value.translation_placeholders is not None
    words = {"ringing": "Ringing", "talking": "Talking", "on_hold": "On hold", "dialing": "Dialing"}
    assert raised.value.translation_placeholders["expected"] == words[expected]
    assert held(fake) == []


async def test_expected_state_is_that_of_the_named_phone(
    hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry
) -> None:
    """A phone that only rings in a call that others talk in is ringing, as its sensor says."""
    call = incoming("c7", "102", "103", state=CallState.RINGING)
    talking = replace(call.legs[1], state=CallState.TALKING)
    fake.script.calls = (replace(call, state=CallState.TALKING, legs=(call.legs[0], talking)),)
    await entry.runtime_data.coordinator.async_refresh()
    target = {"entity_id": "sensor.bob_102_call_state"}
    assert hass.states.is_state("sensor.bob_102_call_state", "ringing")
    assert await refused(hass, "hold", expected_state="talking", **target) == "unexpected_state"
    await act(hass, "hold", expected_state="ringing", **target)
    await act(hass, "hold", expected_state="talking", call_id="c7")
    assert held(fake) == [("c7", "102"), ("c7", None)]


async def test_both_sides_of_one_call(hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry) -> None:
    """Two phones of one call are two sides that can be held, and one call to hang up."""
    call = replace(incoming("c7", "101", "102", state=CallState.TALKING), direction=m.Direction.INTERNAL)
    fake.script.calls = (call,)
    await entry.runtime_data.coordinator.async_refresh()
    both = ["sensor.ann_101_call_state", "sensor.bob_102_call_state"]
    await act(hass, "hold", entity_id=both)
    assert sorted(held(fake), key=str) == [("c7", "101"), ("c7", "102")]
    await act(hass, "hangup", entity_id=both)
    assert len(held(fake, "hangup")) == 1


# -- accounts ----------------------------------------------------------------------------------------


@pytest.fixture
async def office(hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry) -> MockConfigEntry:
    """Set a second account up, with the same extension numbers."""
    fake.script.account = m.Account(id="office", title="Office")
    fake.script.calls = (incoming("o1", "101", state=CallState.TALKING),)
    second = fake_config_entry("office")
    await async_set_up(hass, second)
    return second


async def test_target_says_which_account(
    hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry, office: MockConfigEntry
) -> None:
    """With two accounts the target, a device in a field or the account's id decides."""
    ours, theirs = device_id(hass, entry, "Ann (101)"), device_id(hass, office, "Ann (101)")
    await act(hass, "hold", device_id=theirs)
    await act(hass, "hold", device_id=ours)
    await act(hass, "hold", call_id="o1", config_entry_id=office.entry_id)
    assert held(fake) == [("o1", "101"), ("c3", "101"), ("o1", None)]
    await act(hass, "originate", extension=theirs, number="102")
    assert fake.script.arguments("originate")[0][0].extension == "101"


async def test_several_accounts_at_once_are_refused(
    hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry, office: MockConfigEntry
) -> None:
    """One action is about one account."""
    ours, theirs = device_id(hass, entry, "Ann (101)"), device_id(hass, office, "Ann (101)")
    assert await refused(hass, "hold", device_id=[ours, theirs]) == "several_accounts"
    assert await refused(hass, "hold", device_id=ours, config_entry_id=office.entry_id) == "several_accounts"
    assert await refused(hass, "spy", extension=ours, target_extension=theirs) == "several_accounts"
    assert held(fake) == []


async def test_place_with_phones_of_several_accounts(
    hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry, office: MockConfigEntry
) -> None:
    """In a place with phones of two accounts the account must be named; then only its phones are meant."""
    area = ar.async_get(hass).async_create("Kitchen")
    for owner in (entry, office):
        dr.async_get(hass).async_update_device(device_id(hass, owner, "Ann (101)"), area_id=area.id)
    assert await refused(hass, "hold", area_id=area.id) == "several_accounts"
    await act(hass, "hold", area_id=area.id, config_entry_id=office.entry_id)
    assert held(fake) == [("o1", "101")]


async def test_without_any_hint_the_only_account_is_meant(
    hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry
) -> None:
    """With one account nobody needs to name it."""
    await act(hass, "originate", extension="101", number="102")
    assert fake.script.times("originate") == 1


async def test_which_of_two_accounts_must_be_said(
    hass: HomeAssistant, fake: type[FakeProvider], office: MockConfigEntry
) -> None:
    """With two accounts and no hint nothing is done."""
    with pytest.raises(ServiceValidationError):
        await act(hass, "originate", extension="101", number="102")
    assert fake.script.times("originate") == 0


async def test_no_account(hass: HomeAssistant) -> None:
    """Without an account an action says so."""
    assert await async_setup_component(hass, DOMAIN, {})
    with pytest.raises(ServiceValidationError):
        await act(hass, "originate", extension="101", number="102")


async def test_wrong_accounts(hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry) -> None:
    """An unknown account, one of another integration and one that is not loaded are refused by name."""
    foreign = MockConfigEntry(domain="other")
    foreign.add_to_hass(hass)
    data = {"extension": "101", "number": "102"}
    lamp = dr.async_get(hass).async_get_or_create(config_entry_id=foreign.entry_id, identifiers={("other", "lamp")})
    phone = device_id(hass, entry, "Ann (101)")
    assert await refused(hass, "originate", config_entry_id="gone", **data) == "service_config_entry_not_found"
    wrong = "service_config_entry_wrong_domain"
    assert await refused(hass, "originate", config_entry_id=foreign.entry_id, **data) == wrong
    assert await refused(hass, "originate", **{**data, "extension": lamp.id}) == wrong
    assert await hass.config_entries.async_unload(entry.entry_id)
    unloaded = "service_config_entry_not_loaded"
    assert await refused(hass, "originate", config_entry_id=entry.entry_id, **data) == unloaded
    assert await refused(hass, "hold", device_id=phone) == unloaded
    assert await refused(hass, "hold", entity_id="sensor.ann_101_caller") == unloaded
    assert fake.script.times("originate") == 0


# -- extensions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("extension", ["101", 101, " 101 "])
@pytest.mark.usefixtures("entry")
async def test_extension_by_number(hass: HomeAssistant, fake: type[FakeProvider], extension: object) -> None:
    """An extension is a number, also as templates give it."""
    await act(hass, "originate", extension=extension, number="102")
    assert fake.script.arguments("originate")[0][0].extension == "101"


async def test_extension_by_device(hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry) -> None:
    """An extension is a device of the account, but not every device is one."""
    await act(hass, "originate", extension=device_id(hass, entry, "Bob (102)"), number="101")
    assert fake.script.arguments("originate")[0][0].extension == "102"
    assert await refused(hass, "originate", extension=device_id(hass, entry, "House"), number="1") == "not_an_extension"
    assert (
        await refused(hass, "originate", extension=device_id(hass, entry, "Agatha"), number="1") == "not_an_extension"
    )
    assert fake.script.times("originate") == 1


@pytest.mark.usefixtures("entry")
async def test_unknown_extension(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """An extension that the directory does not have is refused with its number."""
    with pytest.raises(ServiceValidationError) as raised:
        await act(hass, "originate", extension="999", number="102")
    assert raised.value.translation_key == "unknown_extension"
    assert raised.value.translation_placeholders == {"provider": "Fake PBX", "value": "999"}
    assert fake.script.times("originate") == 0


async def test_any_extension_where_none_is_listed(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Where no extension is known, none can be judged."""
    fake.script.directory = m.Directory(extensions=())
    await async_set_up(hass, fake_entry)
    await act(hass, "originate", extension="999", number="102")
    assert fake.script.arguments("originate")[0][0].extension == "999"


# -- agents and queues -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"agent": "501"}, AgentRef(id="a1")),
        ({"agent": 501}, AgentRef(id="a1")),
        ({"agent": "a1"}, AgentRef(id="a1")),
        ({"agent": "Agatha"}, AgentRef(id="a1")),
        ({"agent": "777", "pin": "12"}, AgentRef(number="777", pin="12")),
        ({"agent": "777"}, AgentRef(number="777")),
        ({"agent": "501", "pin": 12}, AgentRef(id="a1", pin="12")),
        ({"entity_id": "sensor.agatha_status"}, AgentRef(id="a1")),
        ({"entity_id": ["sensor.agatha_status", "switch.agatha_paused"]}, AgentRef(id="a1")),
        ({"entity_id": "sensor.agatha_status", "agent": "501"}, AgentRef(id="a1")),
        ({"entity_id": "event.agatha_agent", "pin": "12"}, AgentRef(id="a1", pin="12")),
    ],
)
@pytest.mark.usefixtures("entry")
async def test_agents(hass: HomeAssistant, fake: type[FakeProvider], named: dict[str, Any], expected: AgentRef) -> None:
    """An agent is named by number, id, name or target, and commanded once."""
    await act(hass, "agent_pause", **named)
    assert fake.script.arguments("agent_pause") == [(expected,)]


async def test_agents_by_device(hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry) -> None:
    """A device of an agent works as target and in the field; several agents are commanded one after the other."""
    agatha, agnes = (device_id(hass, entry, name) for name in ("Agatha", "Agnes"))
    await act(hass, "agent_pause", agent=agatha)
    await act(hass, "agent_pause", device_id=[agatha, agnes])
    refs = [ref.id for (ref,) in fake.script.arguments("agent_pause")]
    assert refs[0] == "a1"
    assert sorted(refs[1:]) == ["a1", "a2"]


async def test_agents_in_a_place(hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry) -> None:
    """In a place the agents are meant, and phones do not matter."""
    area = ar.async_get(hass).async_create("Call centre")
    for name in ("Agnes", "Ann (101)"):
        dr.async_get(hass).async_update_device(device_id(hass, entry, name), area_id=area.id)
    await act(hass, "agent_pause", area_id=area.id)
    assert fake.script.arguments("agent_pause") == [(AgentRef(id="a2"),)]


@pytest.mark.parametrize(
    "named", [{}, {"entity_id": "sensor.ann_101_caller"}, {"entity_id": ["sensor.agatha_status", "event.house_call"]}]
)
@pytest.mark.usefixtures("entry")
async def test_what_is_no_agent(hass: HomeAssistant, fake: type[FakeProvider], named: dict[str, Any]) -> None:
    """Without an agent, or with something else beside one, nothing is done."""
    assert await refused(hass, "agent_pause", **named) == "no_agent"
    assert fake.script.times("agent_pause") == 0


@pytest.mark.parametrize("queue", ["q1", "600", 600, "Support", "support"])
@pytest.mark.usefixtures("entry")
async def test_queue_by_id_number_or_name(hass: HomeAssistant, fake: type[FakeProvider], queue: object) -> None:
    """A queue is named by its id, number or name; the extension goes along."""
    await act(hass, "agent_login", agent="501", queue=queue, extension="101")
    assert fake.script.arguments("agent_login") == [(AgentRef(id="a1", queue="q1", extension="101"),)]


async def test_queue_by_device_or_as_written(
    hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry
) -> None:
    """A queue's device works as well, and one that nobody knows is left to the phone system."""
    await act(hass, "agent_login", agent="501", queue=device_id(hass, entry, "Support"))
    await act(hass, "agent_login", agent="501", queue="Prodej")
    assert [ref.queue for (ref,) in fake.script.arguments("agent_login")] == ["q1", "Prodej"]
