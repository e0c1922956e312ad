"""The actions as a whole: what each sends, refuses and raises, their forms, and what is the same everywhere."""

import asyncio
import json
from datetime import timedelta
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import pytest
import voluptuous as vol
import yaml
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.services import ACTIONS, ALL_ACTIONS
from custom_components.pbx.services.action import Action
from custom_components.pbx.services.house import HouseAction
from custom_components.pbx.services.target import TARGET_FIELDS
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    AuthError,
    ConnectError,
    InvalidInputError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    RefusedError,
    UnknownOutcomeError,
    UnsupportedError,
)
from custom_components.pbx.telephony.models import CallState, Capability

from ..every_action import BY_NAME, CALL, EVERY_ACTION, LONDON, ROME, Data, act, commands, plain, refused
from ..fake_provider import NOON, FakeProvider, async_set_up, pushed
from ..simulators.base import FaultKind, Simulator
from ..test_entity import ACCOUNTS

UNSUPPORTED = {
    "call_back": "click_to_call",
    "get_calls": "calls",
    "notify_about_call": "calls",
    "rotate_address": "webhook",
}
EVERY_NAME = {action.name for action in ALL_ACTIONS}
SERVICES: dict[str, Any] = yaml.safe_load(Path("custom_components/pbx/services.yaml").read_text(encoding="utf-8"))


def unfolded(name: str) -> dict[str, Any]:
    """Give the fields that the form of an action offers, also in its folded sections."""
    found: dict[str, Any] = {}
    for field, described in (SERVICES[name] or {}).get("fields", {}).items():
        found |= described.get("fields", {field: described})
    return found


def test_every_action_is_in_the_table() -> None:
    """Every action of the integration is tested below."""
    assert set(EVERY_ACTION) | set(UNSUPPORTED) == set(BY_NAME)


@pytest.mark.usefixtures("able_entry")
@pytest.mark.parametrize("name", EVERY_ACTION)
async def test_action_becomes_one_command(hass: HomeAssistant, fake: type[FakeProvider], name: str) -> None:
    """Every field arrives at the phone system, in its own words, and exactly one command is sent."""
    data, command, expected = EVERY_ACTION[name]
    await act(hass, name, **data)
    assert commands(fake) == [command]
    ((*arguments,),) = fake.script.arguments(command)
    if expected[0] is CALL:
        ref = arguments[0]
        assert (ref.call.id, ref.extension) == ("c1", None)
        arguments, expected = arguments[1:], expected[1:]
    assert tuple(arguments)[: len(expected)] == expected


async def test_actions_that_the_phone_system_lacks(
    hass: HomeAssistant, fake: type[FakeProvider], able_entry: MockConfigEntry
) -> None:
    """What an account cannot do is refused with the provider's and the action's name; nothing is sent."""
    provider = able_entry.runtime_data.coordinator.provider
    for name, action in BY_NAME.items():
        provider.capabilities = fake.script.capabilities & ~action.needs
        data = EVERY_ACTION[name][0] if name in EVERY_ACTION else {}
        expected = {"provider": "Fake PBX", "action": UNSUPPORTED.get(name, name)}
        assert await refused(hass, name, **data) == ("unsupported", expected)
    assert commands(fake) == []


@pytest.mark.usefixtures("able_entry")
@pytest.mark.parametrize("name", [name for name, (data, *_) in EVERY_ACTION.items() if data.keys() - BY_NAME[name].own])
async def test_fields_that_the_phone_system_cannot_honour(
    hass: HomeAssistant, fake: type[FakeProvider], name: str
) -> None:
    """A field that would be ignored is refused by name; nothing is sent."""
    needs = BY_NAME[name].needs
    everything = fake.fields[needs]
    for field in EVERY_ACTION[name][0].keys() - BY_NAME[name].own:
        fake.fields = {needs: everything - {field}}
        key, placeholders = await refused(hass, name, **EVERY_ACTION[name][0])
        assert key == "unsupported_field"
        assert placeholders == {"provider": "Fake PBX", "action": name, "field": field}
    assert commands(fake) == []


@pytest.mark.parametrize("name", EVERY_ACTION)
def test_own_fields_need_no_promise(name: str) -> None:
    """Only what names the subject of an action, or is the action itself, need not be promised by a provider."""
    own = BY_NAME[name].own
    assert own <= {str(key) for key in BY_NAME[name].fields}
    optional = {str(key) for key in BY_NAME[name].fields if isinstance(key, vol.Optional)}
    assert own & optional <= {
        "agent",
        "call_id",
        "expected_state",
        "extension",
        "filename",
        "message",
        "outcome",
        "path",
        "ring_timeout",
        "route_id",
        "route_name",
        "sound",
        "target_extension",
        "tts_entity",
        "type",
    }


WRONG: list[tuple[str, Data]] = [
    ("originate", {"ring_timeout": 4}),
    ("originate", {"ring_timeout": 121}),
    ("originate", {"extension": None}),
    ("originate", {"extension": ""}),
    ("originate", {"number": None}),
    ("originate", {"number": ["102"]}),
    ("originate", {"extension_type": "sip"}),
    ("originate", {"custom_cdr": ["1", "2", "3", "4", "5"]}),
    ("originate", {"unknown_field": 1}),
    ("click_to_call", {"dial_first": "me"}),
    ("transfer", {"type": "warm"}),
    ("hold", {"expected_state": "ended"}),
    ("send_dtmf", {"digits": "12x"}),
    ("send_dtmf", {"digits": ""}),
    ("announce", {"message": ""}),
    ("announce", {"message": None}),
    ("send_sms", {"message": "x" * 4097}),
    ("queue_add", {"penalty": -1}),
    ("get_call_history", {"limit": 0}),
    ("get_call_history", {"limit": 1001}),
    ("get_call_history", {"offset": -1}),
    ("get_call_history", {"direction": "sideways"}),
    ("get_call_history", {"sort": "random"}),
    ("get_call_history", {"format": "xml"}),
    ("get_call_history", {"start": "yesterday"}),
    ("search_contacts", {"limit": 0}),
    ("create_contact", {"first_name": {}}),
]


@pytest.mark.usefixtures("able_entry")
async def test_data_that_no_form_would_let_through(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """The schemas refuse what cannot be meant."""
    for name, wrong in WRONG:
        with pytest.raises(vol.Invalid):
            await act(hass, name, **{**EVERY_ACTION[name][0], **wrong})
    assert commands(fake) == []


@pytest.mark.usefixtures("able_entry")
@pytest.mark.parametrize(
    ("name", "data", "fields"),
    [
        ("dial", {"number": ROME, "context": "x"}, "route_name, route_id"),
        ("dial", {"number": ROME, "context": "x", "route_name": "a", "route_id": "1"}, "route_name, route_id"),
        ("spy", {"extension": "101"}, "target_extension, call_id"),
        ("spy", {"extension": "101", "target_extension": "102", "call_id": "c1"}, "target_extension, call_id"),
        (
            "spy",
            {"extension": "102", "entity_id": "sensor.ann_101_caller", "call_id": "c2"},
            "target_extension, call_id",
        ),
        ("get_agent_status", {"agent": "501", "entity_id": "sensor.agnes_status"}, "agent, entity_id"),
    ],
)
async def test_one_of_several_fields(
    hass: HomeAssistant, fake: type[FakeProvider], name: str, data: Data, fields: str
) -> None:
    """Where one of several fields is needed, none or too many are refused."""
    coordinator = hass.config_entries.async_entries(DOMAIN)[0].runtime_data.coordinator
    coordinator.async_push(pushed("c2", CallState.RINGING, "102"))
    agents = (m.Agent(id="a1", name="Agatha", number="501"), m.Agent(id="a2", name="Agnes"))
    coordinator.async_take(coordinator.data.directory(m.Directory(agents=agents), NOON))
    await hass.async_block_till_done(wait_background_tasks=True)
    fake.script.asked.clear()
    assert await refused(hass, name, **data) == ("one_of", {"fields": fields})


@pytest.mark.usefixtures("able_entry")
@pytest.mark.parametrize(
    ("name", "data", "fields"),
    [
        ("queue_add", {"queue": "600"}, "agent, extension"),
        ("queue_remove", {"queue": "600"}, "agent, extension"),
        ("move_recording", {"record_id": "r1"}, "filename, path"),
    ],
)
async def test_any_of_several_fields(
    hass: HomeAssistant, fake: type[FakeProvider], name: str, data: Data, fields: str
) -> None:
    """Where several fields may be given together, none of them is refused."""
    fake.script.asked.clear()
    assert await refused(hass, name, **data) == ("any_of", {"fields": fields})
    assert commands(fake) == []
    assert commands(fake) == []


@pytest.mark.usefixtures("able_entry")
@pytest.mark.parametrize(
    ("error", "kind", "key", "placeholders"),
    [
        (AuthError(), HomeAssistantError, "invalid_auth", {}),
        (ConnectError(), HomeAssistantError, "cannot_connect", {}),
        (ProviderError(), HomeAssistantError, "cannot_connect", {}),
        (UnknownOutcomeError(), HomeAssistantError, "unknown_outcome", {}),
        (RateLimitError(12.4), HomeAssistantError, "rate_limited", {"seconds": "12"}),
        (RateLimitError(), HomeAssistantError, "rate_limited", {"seconds": "60"}),
        (
            RefusedError("Busy here", "486"),
            HomeAssistantError,
            "refused",
            {"answer": "Busy here", "reason": "other", "code": "486"},
        ),
        (
            NotFoundError("No such channel"),
            HomeAssistantError,
            "not_found",
            {"answer": "No such channel", "reason": "gone", "code": ""},
        ),
        (
            InvalidInputError("number", "out_of_range"),
            ServiceValidationError,
            "out_of_range",
            {"field": "number", "value": ""},
        ),
        (UnsupportedError("hold"), ServiceValidationError, "unsupported", {"action": "hold"}),
        (
            UnsupportedError("transfer", "type"),
            ServiceValidationError,
            "unsupported_field",
            {"action": "transfer", "field": "type"},
        ),
    ],
)
async def test_every_error_is_worded(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    error: ProviderError,
    kind: type[HomeAssistantError],
    key: str,
    placeholders: dict[str, str],
) -> None:
    """Each error has its own text with the provider's name, and the command is not sent again."""
    for name in ("transfer", "hangup", "agent_login", "send_sms", "get_call_history"):
        data, command, _ = EVERY_ACTION[name]
        fake.script.errors[command] = error
        with pytest.raises(HomeAssistantError) as raised:
            await act(hass, name, **data)
        assert type(raised.value) is kind
        assert (raised.value.translation_domain, raised.value.translation_key) == (DOMAIN, key)
        assert raised.value.translation_placeholders == {"provider": "Fake PBX", **placeholders}
        assert fake.script.times(command) == 1
    await hass.async_block_till_done()
    flows = [flow["context"]["source"] for flow in hass.config_entries.flow.async_progress()]
    assert flows == ([SOURCE_REAUTH] if isinstance(error, AuthError) else [])


@pytest.mark.parametrize(
    ("name", "calls", "directory"),
    [
        ("hold", 1, 0),
        ("originate", 1, 0),
        ("agent_login", 1, 1),
        ("queue_add", 1, 1),
        ("get_call_history", 0, 0),
        ("get_calls", 0, 0),
        ("get_agent_status", 0, 0),
    ],
)
async def test_phone_system_is_asked_what_became_of_it(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    fake: type[FakeProvider],
    able_entry: MockConfigEntry,
    name: str,
    calls: int,
    directory: int,
) -> None:
    """A command makes the next poll come at once, a question does not."""
    before = fake.script.times("calls"), fake.script.times("directory")
    await act(hass, name, **(EVERY_ACTION[name][0] if name in EVERY_ACTION else {}))
    freezer.tick(timedelta(seconds=1))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert (fake.script.times("calls") - before[0], fake.script.times("directory") - before[1]) == (calls, directory)


async def test_every_action_is_registered_without_an_account(hass: HomeAssistant) -> None:
    """Actions are there before any account is, so that automations can be checked."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert set(hass.services.async_services_for_domain(DOMAIN)) == EVERY_NAME


def test_descriptions_name_every_action() -> None:
    """Every action has a description, and no description lacks its action."""
    assert set(SERVICES) == EVERY_NAME


@pytest.mark.parametrize("action", ALL_ACTIONS, ids=lambda action: action.name)
def test_descriptions_agree_with_the_schemas(action: Action | HouseAction) -> None:
    """The form of an action offers exactly its fields, with the same options, bounds and necessity."""
    described = SERVICES[action.name] or {}
    target = {"entity_id", "device_id", "area_id", "floor_id", "label_id"}
    fields = {str(key): key for key in action.schema.schema if str(key) not in target}
    offered = unfolded(action.name)
    assert set(offered) == set(fields)
    assert ("target" in described) is bool(target & {str(key) for key in action.schema.schema})
    for name, field in offered.items():
        assert field.get("required", False) is isinstance(fields[name], vol.Required), name
        ((kind, selector),) = field["selector"].items()
        validator = action.schema.schema[fields[name]]
        if kind == "select":
            values = [option if isinstance(option, str) else option["value"] for option in selector["options"]]
            assert [validator(value) for value in values] == (
                [[value] for value in values] if selector.get("multiple") else values
            )
            if not selector.get("multiple"):
                assert sorted(values) == sorted(validator.container), name
        if kind == "number":
            for bound, beyond in (("min", -1), ("max", 1)):
                if bound in selector:
                    assert validator(selector[bound]) == selector[bound], name
                if bound == "min" or name == "ring_timeout":
                    with pytest.raises(vol.Invalid):
                        validator(selector[bound] + beyond)
        if name == "config_entry_id":
            assert kind == "device"


def test_texts_name_every_action_and_field() -> None:
    """Every action and every field of it has a name and a description."""
    path = Path("custom_components/pbx/translations/en.json")
    texts = json.loads(path.read_text(encoding="utf-8"))["services"]
    assert set(texts) == set(SERVICES)
    for name in SERVICES:
        assert texts[name]["name"]
        assert texts[name]["description"]
        fields = texts[name].get("fields", {})
        assert set(fields) == set(unfolded(name)), name
        assert all(field["name"] and field["description"] for field in fields.values()), name


@pytest.fixture
def simulator(request: pytest.FixtureRequest) -> Simulator:
    """Give the simulated phone system that the test's parameter names."""
    found: Simulator = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def account(hass: HomeAssistant, simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> MockConfigEntry:
    """Set up an account at that phone system, which is asked by itself as rarely as can be."""
    monkeypatch.setattr(PROVIDERS[simulator.provider], "pace", None)
    await hass.config.async_update(country="GB")
    entry = ACCOUNTS[simulator.provider](simulator)
    await async_set_up(hass, entry)
    return entry


def phone(entry: MockConfigEntry) -> str:
    """Give one of the account's phones."""
    return next(iter(entry.runtime_data.coordinator.data.extensions), "101")


async def placed_by(simulator: Simulator) -> None:
    """Wait until a call is placed: a phone system may say yes before it dials."""
    for _ in range(500):
        if simulator.placed:
            break
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("simulator", sorted(ACCOUNTS), indirect=True)
@pytest.mark.parametrize("name", ["originate", "click_to_call"])
async def test_one_call_is_placed(
    hass: HomeAssistant, simulator: Simulator, account: MockConfigEntry, name: str
) -> None:
    """An action places exactly one call, whatever the phone system."""
    answer = plain(await act(hass, name, extension=phone(account), number="tel:+442079460123"))
    assert answer["outcome"] == "accepted"
    await placed_by(simulator)
    await hass.async_block_till_done()
    assert len(simulator.placed) == 1


@pytest.mark.parametrize("simulator", sorted(ACCOUNTS), indirect=True)
async def test_invalid_number_is_never_sent(
    hass: HomeAssistant, simulator: Simulator, account: MockConfigEntry
) -> None:
    """No request reaches the phone system for a number that cannot be one."""
    await hass.async_block_till_done()
    before = len(simulator.requests)
    assert (await refused(hass, "originate", extension=phone(account), number="+44 hello"))[0] == "invalid_number"
    assert len(simulator.requests) == before


LACKING: list[tuple[str, str, Data]] = [
    ("voipat", "send_sms", {"number": LONDON, "message": "x"}),
    ("voipat", "spy", {"extension": "101", "target_extension": "102"}),
    ("voipstudio", "dial", {"number": LONDON, "context": "x", "route_id": "1"}),
    ("voipstudio", "agent_pause", {"agent": "501"}),
    ("voipsun", "hold", {"call_id": "x"}),
    ("voipsun", "get_call_history", {}),
    ("voxloud", "hangup", {"call_id": "x"}),
    ("voxloud", "agent_login", {"agent": "501"}),
]


@pytest.mark.parametrize(("simulator", "name", "data"), LACKING, indirect=["simulator"])
async def test_phone_system_that_lacks_an_action(
    hass: HomeAssistant, simulator: Simulator, account: MockConfigEntry, name: str, data: Data
) -> None:
    """The refusal names the provider and the action, and nothing is sent."""
    await hass.async_block_till_done()
    before = len(simulator.requests)
    key, placeholders = await refused(hass, name, **data)
    assert key == "unsupported"
    assert placeholders == {"provider": account.runtime_data.coordinator.provider.name, "action": name}
    assert len(simulator.requests) == before


WRONG_FIELDS: list[tuple[str, str]] = [
    ("voipat", "dialplan"),
    ("voipstudio", "ring_timeout"),
    ("voipsun", "ring_timeout"),
    ("voxloud", "caller_id_name"),
]


@pytest.mark.parametrize(("simulator", "field"), WRONG_FIELDS, indirect=["simulator"])
async def test_phone_system_that_lacks_a_field(
    hass: HomeAssistant, simulator: Simulator, account: MockConfigEntry, field: str
) -> None:
    """A field that a phone system would ignore is refused by name, and no call is placed."""
    await hass.async_block_till_done()
    before = len(simulator.requests)
    data = {"extension": phone(account), "number": LONDON, field: "30"}
    key, placeholders = await refused(hass, "originate", **data)
    assert (key, placeholders["field"]) == ("unsupported_field", field)
    assert len(simulator.requests) == before


@pytest.mark.parametrize("simulator", ["voipat", "voipstudio", "voipsun"], indirect=True)
async def test_call_that_was_placed_but_not_confirmed(
    hass: HomeAssistant, simulator: Simulator, account: MockConfigEntry
) -> None:
    """A connection that breaks after the command was carried out is an unknown outcome, and nothing is sent again."""
    await hass.async_block_till_done()
    path, method = {"voipsun": ("/api.php", "GET")}.get(simulator.provider, ("/calls", "POST"))
    simulator.fault(FaultKind.RESET_AFTER, path=path, method=method)
    answer = plain(await act(hass, "originate", extension=phone(account), number=LONDON))
    assert answer["outcome"] == "unknown"
    await placed_by(simulator)
    await hass.async_block_till_done()
    assert len(simulator.placed) == 1


@pytest.mark.parametrize("simulator", ["voipsun"], indirect=True)
async def test_calling_from_a_device(hass: HomeAssistant, simulator: Simulator, account: MockConfigEntry) -> None:
    """The device of a phone can be given where an extension is asked for."""
    subject = account.runtime_data.devices.subjects["extension", "sip101"]
    await act(hass, "originate", extension=subject.device.id, number=LONDON)
    assert [placed.source for placed in simulator.placed] == ["101"]


def test_nothing_is_offered_that_no_phone_system_honors() -> None:
    """An action, or a field of one, comes with the first phone system that has it, and not before."""
    for action in ACTIONS:
        able = [kind for kind in PROVIDERS.values() if action.needs in kind.possible]
        assert able, action.name
        honored = frozenset().union(*(kind.fields.get(action.needs, frozenset()) for kind in able))
        offered = {str(marker) for marker in action.fields} - TARGET_FIELDS - action.own
        assert offered <= honored, action.name


def test_no_command_is_nominal() -> None:
    """Each thing that a phone system may be able to do, some phone system can."""
    possible = reduce(or_, (kind.possible for kind in PROVIDERS.values()))
    assert [capability for capability in Capability if capability not in possible] == []
