"""What the user makes: speed dials, agents and queues come, change and go without a reload, and PINs stay hidden."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, ConfigSubentry, SubentryFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.pbx.config_flow import PbxConfigFlow
from custom_components.pbx.const import DOMAIN
from custom_components.pbx.phone_book.collection import async_get_phone_book
from custom_components.pbx.subentries import AgentFlow
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    AuthError,
    ConnectError,
    InvalidInputError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    Refusal,
    RefusedError,
    TroubleError,
    UnsupportedError,
)
from custom_components.pbx.telephony.models import Capability

from .fake_provider import FakeProvider, async_set_up, incoming
from .simulators.voipsun import VoipsunSimulator

type Json = dict[str, Any]

MUM = {"name": "Mum", "extension": "101", "number": "+390612345678"}
NOVAK = {"name": "Petr Novák", "number": "1000", "pin": "0417", "extension": "102"}
PIN = NOVAK["pin"]
SUPPORT = {"name": "podpora"}
NEW: dict[str, Json] = {"speed_dial": MUM, "agent": NOVAK, "queue": SUPPORT}


@pytest.fixture
async def entry(hass: HomeAssistant, voipsun: VoipsunSimulator) -> MockConfigEntry:
    """Give an account whose phone system cannot list agents and queues."""
    data = {
        "provider": "voipsun",
        "webhook_id": "unused",
        "host": "127.0.0.1",
        "port": voipsun.port,
        "ssl": False,
        "verify_ssl": True,
        "username": voipsun.username,
        "password": voipsun.password,
    }
    made = MockConfigEntry(domain=DOMAIN, title="Sun", data=data)
    await async_set_up(hass, made)
    return made


async def _async_settle(hass: HomeAssistant) -> None:
    """Wait until all is quiet, also what is looked at a moment later."""
    await hass.async_block_till_done(wait_background_tasks=True)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=1))
    await hass.async_block_till_done(wait_background_tasks=True)


async def async_reopen(hass: HomeAssistant, entry: MockConfigEntry, subentry: ConfigSubentry) -> SubentryFlowResult:
    """Begin to change something."""
    result = await hass.config_entries.subentries.async_init(
        (entry.entry_id, subentry.subentry_type),
        context={"source": "reconfigure", "subentry_id": subentry.subentry_id},
    )
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "reconfigure"
    return result


async def async_open(hass: HomeAssistant, entry: MockConfigEntry, kind: str) -> SubentryFlowResult:
    """Begin to add something."""
    result = await hass.config_entries.subentries.async_init((entry.entry_id, kind), context={"source": "user"})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "user"
    assert not result["errors"]
    return result


async def async_submit(hass: HomeAssistant, result: SubentryFlowResult, typed: Json) -> SubentryFlowResult:
    """Submit a form, and wait for what follows."""
    result = await hass.config_entries.subentries.async_configure(result["flow_id"], typed)
    await _async_settle(hass)
    return result


async def async_add(hass: HomeAssistant, entry: MockConfigEntry, kind: str, typed: Json) -> ConfigSubentry:
    """Add something."""
    known = set(entry.subentries)
    result = await async_submit(hass, await async_open(hass, entry, kind), typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    (made,) = set(entry.subentries) - known
    return entry.subentries[made]


def suggested(result: SubentryFlowResult) -> Json:
    """List what a form suggests."""
    schema = result["data_schema"]
    assert schema is not None
    return {
        str(marker): marker.description["suggested_value"]
        for marker in schema.schema
        if marker.description and "suggested_value" in marker.description
    }


def entered(subentry: ConfigSubentry) -> Json:
    """Give what is kept of what was typed; beside it a speed dial keeps the numbers that were checked."""
    return {key: value for key, value in subentry.data.items() if key not in {"dialled", "shown"}}


def device_of(hass: HomeAssistant, subentry_id: str) -> dr.DeviceEntry | None:
    """Find the device of a subentry."""
    found = [
        device
        for entry in hass.config_entries.async_entries(DOMAIN)
        for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        if device.config_subentry_id == subentry_id
    ]
    assert len(found) <= 1
    return found[0] if found else None


def entities_of(hass: HomeAssistant, subentry_id: str) -> list[str]:
    """List the entities of a subentry."""
    return sorted(
        entity.entity_id for entity in er.async_get(hass).entities.values() if entity.config_subentry_id == subentry_id
    )


# -- coming, changing, going -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "title", "entity"),
    [
        ("speed_dial", "Mum", "button.mum"),
        ("agent", "Petr Novák", "sensor.petr_novak_status"),
        ("queue", "podpora", "sensor.podpora_waiting_callers"),
    ],
)
async def test_added(hass: HomeAssistant, entry: MockConfigEntry, kind: str, title: str, entity: str) -> None:
    """What was added has a device and entities at once, without a reload."""
    coordinator = entry.runtime_data.coordinator
    subentry = await async_add(hass, entry, kind, NEW[kind])
    assert subentry.title == title
    assert entered(subentry) == NEW[kind]
    assert entry.runtime_data.coordinator is coordinator
    device = device_of(hass, subentry.subentry_id)
    assert device is not None
    assert device.name == title
    assert device.via_device_id == coordinator.devices.account.device.id
    assert entity in entities_of(hass, subentry.subentry_id)
    state = hass.states.get(entity)
    assert state is not None
    assert state.state != "unavailable"


@pytest.mark.parametrize("kind", NEW)
async def test_added_with_blanks(hass: HomeAssistant, entry: MockConfigEntry, kind: str) -> None:
    """What comes along when somebody copies a name, a number or a PIN is not kept, and makes no second one."""
    subentry = await async_add(hass, entry, kind, {key: f" {value}\u00a0\n" for key, value in NEW[kind].items()})
    assert entered(subentry) == NEW[kind]
    assert subentry.title == NEW[kind]["name"]


@pytest.mark.parametrize("kind", NEW)
async def test_stays_over_a_reload(hass: HomeAssistant, entry: MockConfigEntry, kind: str) -> None:
    """After a reload everything is as before."""
    subentry = await async_add(hass, entry, kind, NEW[kind])
    before = entities_of(hass, subentry.subentry_id)
    assert before
    assert await hass.config_entries.async_reload(entry.entry_id)
    await _async_settle(hass)
    assert entities_of(hass, subentry.subentry_id) == before
    states = [hass.states.get(entity) for entity in before]
    assert any(state is not None and state.state != "unavailable" for state in states)


@pytest.mark.parametrize(
    ("kind", "changed"),
    [
        ("speed_dial", {**MUM, "name": "Dad", "number": "*97", "icon": "mdi:star"}),
        ("agent", {"name": "Jana", "number": "1001", "pin": "2580"}),
        ("queue", {"name": "obchod"}),
    ],
)
async def test_changed(hass: HomeAssistant, entry: MockConfigEntry, kind: str, changed: Json) -> None:
    """What was changed has a new name at once, without a reload and without losing its entities."""
    subentry = await async_add(hass, entry, kind, NEW[kind])
    coordinator = entry.runtime_data.coordinator
    before = entities_of(hass, subentry.subentry_id)
    result = await async_reopen(hass, entry, subentry)
    assert suggested(result) == {key: value for key, value in NEW[kind].items() if key != "pin"}
    result = await async_submit(hass, result, changed)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    assert entered(subentry) == changed
    assert subentry.title == changed["name"]
    assert entry.runtime_data.coordinator is coordinator
    assert entities_of(hass, subentry.subentry_id) == before
    device = device_of(hass, subentry.subentry_id)
    assert device is not None
    assert device.name == changed["name"]


@pytest.mark.parametrize("kind", NEW)
async def test_removed(hass: HomeAssistant, entry: MockConfigEntry, kind: str) -> None:
    """What was removed is gone at once, and stays so; it can be added again."""
    coordinator = entry.runtime_data.coordinator
    subentry = await async_add(hass, entry, kind, NEW[kind])
    entities = entities_of(hass, subentry.subentry_id)
    assert hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
    await _async_settle(hass)
    for _ in range(2):
        assert device_of(hass, subentry.subentry_id) is None
        assert entities_of(hass, subentry.subentry_id) == []
        assert all(hass.states.get(entity) is None for entity in entities)
        coordinator.async_reread_directory()
        await _async_settle(hass)
    assert entry.runtime_data.coordinator is coordinator
    again = await async_add(hass, entry, kind, NEW[kind])
    assert entities_of(hass, again.subentry_id) == entities


async def test_calls_outlive_it_all(hass: HomeAssistant, entry: MockConfigEntry, voipsun: VoipsunSimulator) -> None:
    """Adding, changing and removing loses no call that is up."""
    coordinator = entry.runtime_data.coordinator
    call_id = await voipsun.ring("+420222333444", "101")
    await voipsun.answer(call_id, "101")
    await coordinator.async_refresh()
    calls = set(coordinator.data.calls)
    assert calls
    for kind, typed in NEW.items():
        subentry = await async_add(hass, entry, kind, typed)
        hass.config_entries.async_update_subentry(entry, subentry, title="Another")
        await _async_settle(hass)
        hass.config_entries.async_remove_subentry(entry, subentry.subentry_id)
        await _async_settle(hass)
    assert entry.runtime_data.coordinator is coordinator
    assert set(coordinator.data.calls) == calls


async def test_provider_knows(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """The provider is told of agents and queues as they come, change and go."""
    fake.script.capabilities |= Capability.USER_AGENTS | Capability.USER_QUEUES
    await async_set_up(hass, fake_entry)
    provider = fake_entry.runtime_data.coordinator.provider
    agent = await async_add(hass, fake_entry, "agent", {**NOVAK})
    queue = await async_add(hass, fake_entry, "queue", {**SUPPORT})
    assert provider.agents == [
        m.UserAgent(id=agent.subentry_id, name="Petr Novák", number="1000", pin="0417", extension="102")
    ]
    assert provider.queues == [m.UserQueue(id=queue.subentry_id, name="podpora")]
    result = await async_reopen(hass, fake_entry, agent)
    await async_submit(hass, result, {"name": "Novák", "number": "1000", "pin": "9999"})
    assert provider.agents == [m.UserAgent(id=agent.subentry_id, name="Novák", number="1000", pin="9999")]
    hass.config_entries.async_remove_subentry(fake_entry, agent.subentry_id)
    hass.config_entries.async_remove_subentry(fake_entry, queue.subentry_id)
    await _async_settle(hass)
    assert provider.agents == []
    assert provider.queues == []
    assert fake.script.times("account") == 1


# -- only once ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["agent", "queue"])
async def test_twice(hass: HomeAssistant, entry: MockConfigEntry, kind: str) -> None:
    """An agent number and a queue exist once."""
    await async_add(hass, entry, kind, NEW[kind])
    result = await async_submit(hass, await async_open(hass, entry, kind), NEW[kind])
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert len(entry.subentries) == 1


@pytest.mark.parametrize(
    ("kind", "other"), [("agent", {"name": "Jana", "number": "1001", "pin": "2580"}), ("queue", {"name": "obchod"})]
)
async def test_changed_into_another(hass: HomeAssistant, entry: MockConfigEntry, kind: str, other: Json) -> None:
    """One cannot be changed into another; its old name is free once it has a new one."""
    first = await async_add(hass, entry, kind, NEW[kind])
    second = await async_add(hass, entry, kind, other)
    result = await async_reopen(hass, entry, first)
    result = await async_submit(hass, result, other)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert first.data == NEW[kind]
    hass.config_entries.async_remove_subentry(entry, second.subentry_id)
    await _async_settle(hass)
    result = await async_reopen(hass, entry, first)
    assert (await async_submit(hass, result, other))["reason"] == "reconfigure_successful"
    await async_add(hass, entry, kind, NEW[kind])


async def test_same_speed_dial_twice(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Two buttons may call the same person."""
    await async_add(hass, entry, "speed_dial", MUM)
    await async_add(hass, entry, "speed_dial", MUM)
    assert len(hass.states.async_entity_ids("button")) >= 2


# -- what is refused ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "typed", "errors"),
    [
        ("speed_dial", {"number": "Mum"}, {"number": "invalid_number"}),
        ("speed_dial", {"number": "+39"}, {"number": "invalid_number"}),
        ("speed_dial", {"caller_id_number": "Mum"}, {"caller_id_number": "invalid_number"}),
        ("agent", {"number": "10 00"}, {"number": "invalid_value"}),
        ("agent", {"number": "\u0661\u0660"}, {"number": "invalid_value"}),
        ("agent", {"number": "1" * 30}, {"base": "invalid_value"}),
        ("agent", {"pin": "12a4"}, {"pin": "invalid_value"}),
        ("agent", {"pin": "1111"}, {"number": "unknown_agent"}),
        ("agent", {"number": "1009"}, {"number": "unknown_agent"}),
        ("queue", {"name": "nobody"}, {"name": "unknown_queue"}),
        ("queue", {"name": " "}, {"name": "required"}),
        ("agent", {"name": "\t"}, {"name": "required"}),
        ("speed_dial", {"name": " "}, {"name": "required"}),
        ("speed_dial", {"number": " "}, {"number": "required"}),
    ],
)
async def test_refused_and_mended(
    hass: HomeAssistant, entry: MockConfigEntry, kind: str, typed: Json, errors: dict[str, str]
) -> None:
    """What cannot work is refused with a reason, without the PIN; the same form then takes what is right."""
    given = {**NEW[kind], **typed}
    result = await async_submit(hass, await async_open(hass, entry, kind), given)
    assert result["type"] is FlowResultType.FORM
    assert result["errors"] == errors
    assert suggested(result) == {key: value for key, value in given.items() if key != "pin"}
    placeholders = result["description_placeholders"]
    assert placeholders is not None
    assert bool(placeholders["reason"]) is bool({"unknown_agent", "unknown_queue"}.intersection(errors.values()))
    assert given.get("pin", "-") not in placeholders["reason"]
    assert entry.subentries == {}
    result = await async_submit(hass, result, NEW[kind])
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    ("error", "errors", "reason"),
    [
        (ConnectError(), {"base": "cannot_connect"}, ""),
        (TroubleError("HTTP 503"), {"base": "trouble"}, "HTTP 503"),
        (RateLimitError(), {"base": "rate_limited"}, ""),
        (UnsupportedError("x"), {"base": "cannot_connect"}, ""),
        (RefusedError("Wrong PIN", "7"), {"base": "refused"}, "Wrong PIN"),
        (RefusedError("", "7"), {"base": "refused"}, "7"),
        (RefusedError(""), {"base": "refused"}, "?"),
        (
            RefusedError("", "100", Refusal.NO_PERMISSION),
            {"base": "refused"},
            "Fake PBX: the account may not do this (100)",
        ),
        (NotFoundError("No such agent"), {"number": "unknown_agent"}, "No such agent"),
        (InvalidInputError("pin", "required"), {"pin": "required"}, ""),
        (InvalidInputError("elsewhere"), {"base": "invalid_value"}, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_errors_of_the_phone_system(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    error: ProviderError,
    errors: dict[str, str],
    reason: str,
) -> None:
    """Whatever the phone system says of an agent is shown where it belongs."""
    fake.script.errors["agent_status"] = error
    await async_set_up(hass, fake_entry)
    result = await async_submit(hass, await async_open(hass, fake_entry, "agent"), NOVAK)
    assert result["errors"] == errors
    assert result["description_placeholders"] is not None
    assert result["description_placeholders"]["reason"] == reason
    fake.script.errors.clear()
    result = await async_submit(hass, result, NOVAK)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    asked = fake.script.arguments("agent_status")[-1]
    assert asked == (m.AgentRef(number="1000", pin=PIN),)


async def test_refused_credentials(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """The form says that it is the account's credentials that are refused, and others are asked for."""
    fake.script.errors["agent_status"] = AuthError()
    await async_set_up(hass, fake_entry)
    result = await async_submit(hass, await async_open(hass, fake_entry, "agent"), NOVAK)
    assert result["errors"] == {"base": "invalid_auth"}
    assert [flow["context"]["source"] for flow in fake_entry.async_get_active_flows(hass, {SOURCE_REAUTH})]


@pytest.mark.parametrize("kind", ["agent", "queue"])
async def test_what_cannot_be_asked_is_believed(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, kind: str
) -> None:
    """Where the phone system cannot be asked, what was typed is taken."""
    fake.script.capabilities &= ~(Capability.GET_AGENT_STATUS | Capability.GET_QUEUE_STATUS)
    await async_set_up(hass, fake_entry)
    await async_add(hass, fake_entry, kind, NEW[kind])
    assert fake.script.times("agent_status") == fake.script.times("queue_status") == 0


@pytest.mark.parametrize("kind", ["agent", "queue"])
async def test_while_not_loaded(hass: HomeAssistant, entry: MockConfigEntry, kind: str) -> None:
    """An account that is not loaded cannot be asked, and says so."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    result = await async_submit(hass, await async_open(hass, entry, kind), NEW[kind])
    assert result["errors"] == {"base": "not_loaded"}
    assert await hass.config_entries.async_setup(entry.entry_id)
    result = await async_submit(hass, result, NEW[kind])
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_speed_dial_while_not_loaded(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """A speed dial can be prepared while the phone system is away."""
    fake_entry.add_to_hass(hass)
    await async_add(hass, fake_entry, "speed_dial", MUM)
    await async_set_up(hass, fake_entry)
    assert hass.states.get("button.mum") is not None


@pytest.mark.parametrize(
    ("options", "country", "typed", "kept"),
    [
        ({"country": "IT"}, "DE", "06 1234 5678", "+390612345678"),
        ({}, "IT", "06 1234 5678", "+390612345678"),
        ({}, "DE", "tel:+39 06 1234 5678", "+390612345678"),
        ({}, "DE", "101", "101"),
        ({}, "DE", "*97", "*97"),
    ],
)
async def test_number_is_kept_as_it_was_entered(
    hass: HomeAssistant, fake_entry: MockConfigEntry, options: Json, country: str, typed: str, kept: str
) -> None:
    """Beside what was typed is the number with the country of the account, else of Home Assistant."""
    await hass.config.async_update(country=country)
    fake_entry.add_to_hass(hass)
    hass.config_entries.async_update_entry(fake_entry, options=options)
    subentry = await async_add(hass, fake_entry, "speed_dial", {**MUM, "number": typed})
    assert (subentry.data["number"], subentry.data["dialled"]) == (typed, kept)


# -- the button, and secrets -------------------------------------------------------------------------


async def test_press(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """The button calls whom the subentry names now, exactly once."""
    await async_set_up(hass, fake_entry)
    subentry = await async_add(hass, fake_entry, "speed_dial", MUM)
    result = await async_reopen(hass, fake_entry, subentry)
    await async_submit(hass, result, {**MUM, "extension": "102", "number": "+390699999999"})
    await hass.services.async_call("button", "press", {"entity_id": "button.mum"}, blocking=True)
    assert fake.script.arguments("click_to_call") == [(m.Originate(extension="102", number="+390699999999"),)]
    assert fake.script.times("originate") == 0


@pytest.mark.parametrize(
    ("provider", "offered"),
    [
        ("asterisk", set()),
        ("voipat", {"caller_id_number"}),
        ("voipstudio", {"caller_id_number"}),
        ("voipsun", {"caller_id_number"}),
        ("voxloud", {"caller_id_number", "dial_first"}),
    ],
)
async def test_what_can_be_chosen(hass: HomeAssistant, provider: str, offered: set[str]) -> None:
    """A speed dial offers what the phone system honors, and nothing else, also while it is away."""
    entry = MockConfigEntry(domain=DOMAIN, data={"provider": provider, "webhook_id": "unused"})
    entry.add_to_hass(hass)
    result = await async_open(hass, entry, "speed_dial")
    assert result["data_schema"] is not None
    fields = {str(marker) for marker in result["data_schema"].schema}
    assert fields == {"name", "extension", "number", "icon"} | offered


async def test_chosen_number_is_shown(
    hass: HomeAssistant, entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chosen number is shown to whoever is called, as the phone system wants it, and can be taken back."""
    await hass.config.async_update(country="CZ")
    await hass.async_block_till_done()  # the account is set up anew
    sent: list[m.Originate] = []

    async def click_to_call(request: m.Originate) -> m.Placed:
        sent.append(request)
        return m.Placed()

    monkeypatch.setattr(entry.runtime_data.coordinator.provider, "click_to_call", click_to_call)
    shown = {**MUM, "caller_id_number": "222 333 444"}
    subentry = await async_add(hass, entry, "speed_dial", shown)
    assert entered(subentry) == shown
    await hass.services.async_call("button", "press", {"entity_id": "button.mum"}, blocking=True)
    result = await async_reopen(hass, entry, subentry)
    assert suggested(result) == shown
    await async_submit(hass, result, MUM)
    await hass.services.async_call("button", "press", {"entity_id": "button.mum"}, blocking=True)
    assert [request.caller_id_number for request in sent] == ["222333444", None]


async def test_extensions_are_offered(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """The extensions of the account can be chosen, with their names; another can be typed."""
    fake.script.calls = (incoming(),)
    await async_set_up(hass, fake_entry)
    result = await async_open(hass, fake_entry, "speed_dial")
    schema = result["data_schema"]
    assert schema is not None
    config = schema.schema["extension"].config
    assert [option["label"] for option in config["options"]] == ["101 Ann", "102 Bob"]
    assert config["custom_value"]


@pytest.mark.parametrize("kind", ["speed_dial", "agent"])
async def test_an_extension_that_does_not_exist(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, kind: str
) -> None:
    """It is refused where all are known, and believed where they are not, or where groups can be rung too."""
    await async_set_up(hass, fake_entry)
    typed = {**NEW[kind], "extension": "109"}
    result = await async_submit(hass, await async_open(hass, fake_entry, kind), typed)
    assert result["errors"] == {"extension": "unknown_extension"}
    fake.rings_groups = True
    result = await async_submit(hass, result, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    fake.rings_groups = False
    fake.script.directory = replace(fake.script.directory, complete=False)
    fake_entry.runtime_data.coordinator.async_reread_directory()
    await _async_settle(hass)
    result = await async_submit(hass, await async_open(hass, fake_entry, kind), {**typed, "number": "1001"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_people_are_offered(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """Whom a speed dial calls can be chosen from the phone book by each number to call; another can be typed."""
    await async_set_up(hass, fake_entry)
    book = async_get_phone_book(hass)
    await book.async_add(
        {"name": "Cid", "numbers": ["+390612345678", {"number": "+390612345679", "kind": "fax"}, "102"]}
    )
    result = await async_open(hass, fake_entry, "speed_dial")
    schema = result["data_schema"]
    assert schema is not None
    config = schema.schema["number"].config
    assert [option["label"] for option in config["options"]] == ["Cid: +390612345678", "Cid: 102"]
    assert config["custom_value"]
    picked = {**MUM, "number": config["options"][0]["value"]}
    await async_submit(hass, result, picked)
    await hass.services.async_call("button", "press", {"entity_id": "button.mum"}, blocking=True)
    assert fake.script.arguments("click_to_call") == [(m.Originate(extension="101", number="+390612345678"),)]


async def test_agents_that_were_seen_are_offered(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Whoever is a member of a queue can be chosen, until they are added; another number can be typed."""
    await async_add(hass, entry, "queue", SUPPORT)
    offered = []
    for _ in range(2):
        await entry.runtime_data.coordinator.async_refresh()
        result = await async_open(hass, entry, "agent")
        schema = result["data_schema"]
        assert schema is not None
        config = schema.schema["number"].config
        assert config["custom_value"]
        offered.append([option["value"] for option in config["options"]])
        await async_submit(hass, result, NOVAK)
    assert "1000" in offered[0]
    assert offered[1] == [number for number in offered[0] if number != "1000"]


async def test_pin_is_never_shown(
    hass: HomeAssistant, entry: MockConfigEntry, voipsun: VoipsunSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """The PIN is asked for in a password field, and comes back neither in a form, nor in a state, nor in the log."""
    pin = voipsun.agents["1000"].pin = "80417355"
    subentry = await async_add(hass, entry, "agent", {**NOVAK, "pin": pin})
    result = await async_reopen(hass, entry, subentry)
    schema = result["data_schema"]
    assert schema is not None
    assert schema.schema["pin"].config["type"] == "password"
    assert pin not in str(suggested(result))
    assert entities_of(hass, subentry.subentry_id)
    assert pin not in str([state.as_dict() for state in hass.states.async_all()])
    assert not any(pin in record.getMessage() for record in caplog.records if record.name.startswith("custom_comp"))
    assert pin not in repr(m.UserAgent(id="a", name="n", number="1000", pin=pin))


@pytest.mark.parametrize(
    ("provider", "kinds"),
    [
        ("voipat", {"speed_dial"}),
        ("voipstudio", {"speed_dial"}),
        ("voxloud", {"speed_dial"}),
        ("voipsun", {"speed_dial", "agent", "queue"}),
    ],
)
def test_what_can_be_added(provider: str, kinds: set[str]) -> None:
    """Agents and queues are added only where the phone system cannot list them."""
    entry = MockConfigEntry(domain=DOMAIN, data={"provider": provider})
    assert set(PbxConfigFlow.async_get_supported_subentry_types(entry)) == kinds


def test_unique() -> None:
    """What is told apart is the number, not the name."""
    assert AgentFlow().unique_id_of(NOVAK) == AgentFlow().unique_id_of({**NOVAK, "name": "x"})
