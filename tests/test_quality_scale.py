"""The quality scale: every rule has a status, and most of those that are done are held against the code."""

import ast
import importlib
import inspect
import json
import re
import struct
import tomllib
from collections.abc import Iterator
from importlib import metadata
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity, DataUpdateCoordinator
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pbx import condition, diagnostics, forms, services, trigger
from custom_components.pbx.const import DOMAIN, PLATFORMS
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.data import PbxData
from custom_components.pbx.entity import PbxEntity
from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import AuthError, ConnectError, RefusedError

from .fake_provider import FakeProvider, async_set_up
from .house import House, living, typed
from .simulators.voipat import VoipatSimulator

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "custom_components" / "pbx"
FILES = sorted(SOURCE.glob("**/*.py"))
TEXTS = json.loads((SOURCE / "translations" / "en.json").read_text(encoding="utf-8"))
ICONS = json.loads((SOURCE / "icons.json").read_text(encoding="utf-8"))
MANIFEST = json.loads((SOURCE / "manifest.json").read_text(encoding="utf-8"))
# Without those that other tests add for a while, and the one whose tests start a real phone system.
KINDS = {key: kind for key, kind in PROVIDERS.items() if key != "asterisk"}
RULES = load_yaml_dict(str(SOURCE / "quality_scale.yaml"))["rules"]
PHONE = "sensor.ann_101_call_state"

type Json = Any

# The rules of Home Assistant 2026.10, tier by tier.
TIERS = {
    "bronze": (
        "action-setup appropriate-polling brands common-modules config-flow-test-coverage config-flow "
        "dependency-transparency docs-actions docs-conditions docs-high-level-description "
        "docs-installation-instructions docs-removal-instructions docs-triggers entity-event-setup entity-unique-id "
        "has-entity-name runtime-data test-before-configure test-before-setup unique-config-entry"
    ),
    "silver": (
        "action-exceptions config-entry-unloading docs-configuration-parameters docs-installation-parameters "
        "entity-unavailable integration-owner log-when-unavailable parallel-updates reauthentication-flow test-coverage"
    ),
    "gold": (
        "devices diagnostics discovery-update-info discovery docs-data-update docs-examples docs-known-limitations "
        "docs-supported-devices docs-supported-functions docs-troubleshooting docs-use-cases dynamic-devices "
        "entity-category entity-device-class entity-disabled-by-default entity-translations exception-translations "
        "icon-translations reconfiguration-flow repair-issues stale-devices"
    ),
    "platinum": "async-dependency inject-websession strict-typing",
}


NOT_MET = ["integration-owner"]


def test_every_rule_has_a_status() -> None:
    """All 54 rules are done, or exempt for a reason; one is plainly not met."""
    wanted = [rule for rules in TIERS.values() for rule in rules.split()]
    assert len(wanted) == 54
    assert list(RULES) == wanted
    assert [rule for rule, status in RULES.items() if status != "done" and status["status"] == "todo"] == NOT_MET
    for rule, status in RULES.items():
        kind = "todo" if rule in NOT_MET else "exempt"
        assert status == "done" or (status["status"] == kind and len(status["comment"]) > 20)


def trees() -> Iterator[tuple[Path, ast.Module]]:
    """Read the code."""
    for file in FILES:
        yield file, ast.parse(file.read_text(encoding="utf-8"))


def platform(name: str) -> ModuleType:
    """Give the module of a platform."""
    return importlib.import_module(f"custom_components.pbx.{name}")


def descriptions() -> list[tuple[str, Any]]:
    """List what describes our entities, with their platforms."""
    found = []
    for name in PLATFORMS:
        for table in vars(platform(name)).values():
            if isinstance(table, tuple) and table and all(isinstance(one, EntityDescription) for one in table):
                found += [(str(name), one) for one in table]
    return found


async def listed(hass: HomeAssistant, entry: MockConfigEntry) -> list[er.RegistryEntry]:
    """List the registered entities of an account."""
    return er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)


ACTION_NAMES = {action.name for action in services.ALL_ACTIONS}


# -- bronze ------------------------------------------------------------------------------------------


async def test_action_setup(hass: HomeAssistant) -> None:
    """All actions are there without any account, and stay when one goes."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert set(hass.services.async_services()[DOMAIN]) == ACTION_NAMES


async def test_appropriate_polling(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """The times are chosen for each phone system, polls are rare while pushes work, and nobody can set them."""
    await async_set_up(hass, fake_entry)
    assert fake_entry.runtime_data.coordinator.update_interval is not None
    for kind in KINDS.values():
        times = kind.intervals
        assert 2 <= times.busy <= times.idle <= times.directory
        assert times.pushed >= times.idle
        markers = {str(marker) for marker in (*forms.FORMS[kind.key].schema, *forms.options_form(kind, {}).schema)}
        assert not [name for name in markers if "interval" in name or "scan" in name]


def _picture(name: str) -> tuple[int, int, int]:
    """Read width, height and color type of a PNG."""
    head = (SOURCE / "brand" / name).read_bytes()[:26]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, _, color = struct.unpack(">IIBB", head[16:26])
    return width, height, color


def test_brands() -> None:
    """The icon and the logo are there in the right sizes, and transparent."""
    transparent = 6
    assert _picture("icon.png") == (256, 256, transparent)
    assert _picture("icon@2x.png") == (512, 512, transparent)
    for name in ("logo", "dark_logo"):
        width, height, color = _picture(f"{name}.png")
        assert 128 <= min(width, height) <= 256
        assert color == transparent
        assert _picture(f"{name}@2x.png")[:2] == (2 * width, 2 * height)


def test_common_modules() -> None:
    """The coordinator and the base entity stand where everybody looks for them, and are used."""
    assert issubclass(PbxCoordinator, DataUpdateCoordinator)
    assert issubclass(PbxEntity, CoordinatorEntity)
    for name in PLATFORMS:
        own = [
            found
            for found in vars(platform(name)).values()
            if inspect.isclass(found) and found.__module__ == f"custom_components.pbx.{name}"
        ]
        assert any(issubclass(found, PbxEntity) for found in own)


def _steps(texts: Json) -> Iterator[Json]:
    for flow in (texts["config"], texts["options"], *texts["config_subentries"].values()):
        yield from flow["step"].values()


def test_config_flow() -> None:
    """Everything is set up in the user interface, and each field is explained."""
    assert MANIFEST["config_flow"] is True
    for step in _steps(TEXTS):
        assert step.get("data", {}).keys() == step.get("data_description", {}).keys()
    for key in KINDS:
        asked = {str(marker) for marker in forms.FORMS[key].schema}
        assert asked == TEXTS["config"]["step"][key]["data"].keys()


def test_dependency_transparency() -> None:
    """The requirements are pinned, free software, and not pinned by Home Assistant already."""
    core = metadata.requires("homeassistant") or []
    for requirement in MANIFEST["requirements"]:
        name, version = requirement.split("==")
        told = metadata.metadata(name)
        assert told["Version"] == version
        words = " ".join(
            value for key in ("License", "License-Expression", "Classifier") for value in told.get_all(key) or []
        )
        assert re.search(r"Apache|MIT|BSD", words)
        assert not [one for one in core if re.match(rf"{name}\b", one, re.IGNORECASE)]


async def test_entity_event_setup(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """Entities listen from when they are added to when they are removed."""
    await async_set_up(hass, fake_entry)
    coordinator: PbxCoordinator = fake_entry.runtime_data.coordinator
    assert list(coordinator.async_contexts())
    await hass.config_entries.async_unload(fake_entry.entry_id)
    assert list(coordinator.async_contexts()) == []


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("provider", KINDS)
async def test_entities(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, provider: str) -> None:
    """Every entity has an id that is its own and survives, a name of its device's, and a device of its account's."""
    async with living(hass, provider, hass_client_no_auth) as house:
        entities = await listed(hass, house.entry)
        ids = [entity.unique_id for entity in entities]
        assert len(set(ids)) == len(ids)
        assert all(one.startswith(house.entry.entry_id) for one in ids)
        assert all(entity.has_entity_name for entity in entities)
        assert all(entity.device_id for entity in entities)

        await _devices(house)


async def _devices(house: House) -> None:
    """Devices: one of the account, all others behind it."""
    devices = dr.async_entries_for_config_entry(dr.async_get(house.hass), house.entry.entry_id)
    (account,) = [device for device in devices if device.via_device_id is None]
    assert account.entry_type is dr.DeviceEntryType.SERVICE
    assert {device.via_device_id for device in devices if device is not account} == {account.id}
    assert {device.manufacturer for device in devices} == {house.coordinator.provider.name}


OF_THE_HOUSE = {"accounts", "console", "described", "occupant", "phone_book", "places", "stored", "voice"}
OUTLIVES_A_RELOAD = {"dial_guard"}  # how many calls were placed in this minute


async def test_runtime_data(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """What belongs to an account is kept with it; what belongs to the house, or outlives a reload, is not."""
    await async_set_up(hass, fake_entry)
    assert isinstance(fake_entry.runtime_data, PbxData)
    assert DOMAIN not in hass.data
    for file, tree in trees():
        kept = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "data"]
        shared = [node for node in kept if ast.unparse(node) == "hass.data"]
        assert not shared or {file.parent.name, file.stem} & (OF_THE_HOUSE | OUTLIVES_A_RELOAD), file.name


async def test_before_configure(hass: HomeAssistant, voipat: VoipatSimulator) -> None:
    """An account that does not work is not added; one that does is added once."""
    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    form = await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": "voipat"})
    wrong = {**typed(voipat), "url": f"http://127.0.0.1:{voipat.port}/nowhere"}
    form = await hass.config_entries.flow.async_configure(form["flow_id"], wrong)
    assert form["errors"] == {"base": "cannot_connect"}
    assert hass.config_entries.async_entries(DOMAIN) == []

    step = await hass.config_entries.flow.async_configure(form["flow_id"], typed(voipat))
    assert step["step_id"] == "paste"
    step = await hass.config_entries.flow.async_configure(step["flow_id"], {})
    await hass.config_entries.flow.async_configure(step["flow_id"], {})
    await hass.async_block_till_done()
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    assert entry.unique_id

    menu = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    form = await hass.config_entries.flow.async_configure(menu["flow_id"], {"next_step_id": "voipat"})
    again = await hass.config_entries.flow.async_configure(form["flow_id"], typed(voipat))
    assert (again["type"], again["reason"]) == (FlowResultType.ABORT, "already_configured")
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.mark.parametrize(
    ("error", "state"),
    [(ConnectError(), ConfigEntryState.SETUP_RETRY), (AuthError(), ConfigEntryState.SETUP_ERROR)],
)
async def test_before_setup(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    expected_warnings: list[str],
    error: Exception,
    state: ConfigEntryState,
) -> None:
    """An account that cannot be reached is tried again; one that is refused waits for new credentials."""
    expected_warnings.append("could not authenticate|not ready yet")
    fake.script.errors["account"] = error  # type: ignore[assignment]
    fake_entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(fake_entry.entry_id)
    assert fake_entry.state is state
    flows = [flow["context"]["source"] for flow in hass.config_entries.flow.async_progress()]
    assert flows == ["reauth"] * isinstance(error, AuthError)


# -- silver ------------------------------------------------------------------------------------------


async def test_action_exceptions(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """Wrong input and a no of the phone system are errors of different kinds, and none is swallowed."""
    await async_set_up(hass, fake_entry)
    data = {"extension": "101", "number": "102"}
    fake.script.errors["originate"] = RefusedError("no trunk")
    with pytest.raises(HomeAssistantError, match="no trunk") as refused:
        await hass.services.async_call(DOMAIN, "originate", data, blocking=True)
    assert not isinstance(refused.value, ServiceValidationError)
    with pytest.raises(ServiceValidationError):
        await hass.services.async_call(DOMAIN, "originate", {**data, "extension": "999"}, blocking=True)


async def test_config_entry_unloading(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """An account can be unloaded, and reloaded time and again, with its webhook."""
    fake.script.capabilities |= m.Capability.WEBHOOK
    await async_set_up(hass, fake_entry)
    for _ in range(2):
        assert await hass.config_entries.async_reload(fake_entry.entry_id)
        assert hass.states.is_state(PHONE, "idle")
    assert await hass.config_entries.async_unload(fake_entry.entry_id)
    assert fake_entry.state is ConfigEntryState.NOT_LOADED
    assert hass.states.is_state(PHONE, STATE_UNAVAILABLE)


async def test_entity_unavailable(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    expected_warnings: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """When the phone system is away its entities say so, except those that say why; the log tells it once each way."""
    expected_warnings.append("Error fetching House data")
    await async_set_up(hass, fake_entry)
    coordinator: PbxCoordinator = fake_entry.runtime_data.coordinator
    fake.script.errors["calls"] = ConnectError()
    for _ in range(3):
        await coordinator.async_refresh()
    await hass.async_block_till_done()
    away = {state.entity_id for state in hass.states.async_all() if state.state == STATE_UNAVAILABLE}
    present = {state.entity_id for state in hass.states.async_all()} - away
    assert {entity_id.partition(".")[0] for entity_id in present} == {"binary_sensor", "event"}
    assert hass.states.is_state("binary_sensor.house_connection", "off")

    fake.script.errors.clear()
    for _ in range(2):
        await coordinator.async_refresh()
    await hass.async_block_till_done()
    assert hass.states.is_state(PHONE, "idle")
    said = [record.getMessage() for record in caplog.records if " House data" in record.getMessage()]
    assert sum("Error fetching" in text for text in said) == 1
    assert sum("recovered" in text for text in said) == 1


def test_parallel_updates() -> None:
    """Platforms that only read do so at will; those that command do so one after the other."""
    commands = {"button", "notify", "switch", "text"}
    assert {name: platform(name).PARALLEL_UPDATES for name in PLATFORMS} == {
        name: int(name in commands) for name in PLATFORMS
    }


async def test_reauthentication_flow(
    hass: HomeAssistant, voipat: VoipatSimulator, expected_warnings: list[str]
) -> None:
    """New credentials are asked for, tried, and taken if they are of the same account."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        unique_id="voipat_another.example.com",
        data={"provider": "voipat", "webhook_id": "hook", **typed(voipat)},
    )
    entry.add_to_hass(hass)
    form = await entry.start_reauth_flow(hass)
    result = await hass.config_entries.flow.async_configure(form["flow_id"], {"api_key": voipat.api_key})
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "wrong_account")


# -- gold --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("provider", KINDS)
async def test_diagnostics(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, provider: str) -> None:
    """Diagnostics of an account and of a device tell nothing that is anybody's business."""
    async with living(hass, provider, hass_client_no_auth) as house:
        await house.ring(name="Bakery Schmidt")
        devices = dr.async_get(hass)
        whole = await diagnostics.async_get_config_entry_diagnostics(hass, house.entry)
        parts = [
            await diagnostics.async_get_device_diagnostics(hass, house.entry, device)
            for device in dr.async_entries_for_config_entry(devices, house.entry.entry_id)
        ]
        assert whole["calls"]
        text = json.dumps([whole, *parts], default=str)
        secrets = [house.caller, "Bakery", "Keller", *(str(value) for value in house.entry.data.values())]
        shown = {provider, "True", "False", "127.0.0.1", str(house.simulator.port)}
        assert [secret for secret in secrets if secret not in shown and secret in text] == []


def test_discovery_is_exempt() -> None:
    """Nothing is discovered, as the exemption says."""
    finders = {"dhcp", "zeroconf", "ssdp", "usb", "bluetooth", "homekit", "mqtt"}
    assert not finders & MANIFEST.keys()
    assert RULES["discovery"]["status"] == RULES["discovery-update-info"]["status"] == "exempt"


async def test_devices_come_and_go(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """A new extension appears, and one that is gone disappears, without a reload; not because of a single glitch."""
    await async_set_up(hass, fake_entry)
    coordinator: PbxCoordinator = fake_entry.runtime_data.coordinator
    before = fake.script.directory

    async def async_look() -> None:
        coordinator.async_reread_directory()
        await coordinator.async_refresh()
        await hass.async_block_till_done(wait_background_tasks=True)

    fake.script.directory = m.Directory(extensions=(*(before.extensions or ()), m.Extension(number="103", name="Cid")))
    await async_look()
    assert hass.states.is_state("sensor.cid_103_call_state", "idle")

    fake.script.directory = before
    await async_look()
    assert hass.states.get("sensor.cid_103_call_state") is not None
    await async_look()
    assert hass.states.get("sensor.cid_103_call_state") is None


def test_entity_category() -> None:
    """What tells of the health of a connection, or of a device, is diagnostic; what tells of calls is not."""
    diagnostic = {(name, one.key) for name, one in descriptions() if one.entity_category is EntityCategory.DIAGNOSTIC}
    assert diagnostic == {
        ("binary_sensor", "connected"),
        ("binary_sensor", "push"),
        ("binary_sensor", "registered"),
        ("sensor", "address"),
        ("sensor", "contact"),
        ("sensor", "latency"),
        ("sensor", "outbound_number"),
        ("sensor", "user_agent"),
    }


def test_entity_device_class() -> None:
    """Where there is a device class, it is used."""
    classes = {(name, one.key): one.device_class for name, one in descriptions()}
    assert classes["binary_sensor", "connected"] == "connectivity"
    assert classes["sensor", "last_call"] == "timestamp"
    assert classes["sensor", "longest_wait"] == classes["sensor", "average_wait"] == "duration"
    for _, one in descriptions():
        assert (getattr(one, "options", None) is not None) == (one.device_class == "enum")


def test_entity_disabled_by_default() -> None:
    """What few need is disabled at first."""
    disabled = {one.key for _, one in descriptions() if not one.entity_registry_enabled_default}
    assert disabled == {
        "address",
        "average_wait",
        "call",
        "call_event",
        "callee",
        "caller",
        "contact",
        "last_call",
        "last_caller",
        "latency",
        "user_agent",
    }


def test_entity_translations() -> None:
    """Every entity has a name, and every state of it a word."""
    for name, one in descriptions():
        text = TEXTS["entity"][name][one.translation_key]
        assert text["name"]
        for state in getattr(one, "options", None) or ():
            assert text["state"][state]


RAISED = {
    "ConfigEntryAuthFailed",
    "ConfigEntryError",
    "ConfigEntryNotReady",
    "HomeAssistantError",
    "ServiceValidationError",
    "UpdateFailed",
    "BrowseError",
    "Unresolvable",
}


def test_exception_translations() -> None:
    """Every error that a person may read has a translation."""
    made = 0
    for file, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED:
                made += 1
                assert file.name == "errors.py", f"{file.name}:{node.lineno}"
                given = {keyword.arg: keyword.value for keyword in node.keywords}
                assert {"translation_domain", "translation_key"} <= given.keys(), f"{file.name}:{node.lineno}"
                key = given["translation_key"]
                assert not isinstance(key, ast.Constant) or key.value in TEXTS["exceptions"]
    assert made


def test_icon_translations() -> None:
    """Entities without a device class, actions, triggers and conditions have icons; none stands in the code."""
    for name, one in descriptions():
        with_icon = one.translation_key in ICONS["entity"].get(name, {})
        assert with_icon or one.device_class is not None, f"{name}.{one.key}"
    assert ICONS["services"].keys() == ACTION_NAMES
    assert ICONS["triggers"].keys() == trigger.TRIGGERS.keys()
    assert ICONS["conditions"].keys() == condition.CONDITIONS.keys()
    assert not [one for _, one in descriptions() if one.icon]


async def test_reconfiguration_flow(hass: HomeAssistant, voipat: VoipatSimulator) -> None:
    """An account can be told another address, and its secrets are not shown."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        unique_id=f"voipat_{voipat.domain}",
        data={"provider": "voipat", "webhook_id": "hook", **typed(voipat)},
    )
    entry.add_to_hass(hass)
    form = await entry.start_reconfigure_flow(hass)
    assert hass.config_entries.flow.async_get(form["flow_id"])["context"]["source"] == SOURCE_RECONFIGURE
    assert form["data_schema"] is not None
    assert voipat.api_key not in repr(form["data_schema"].schema)
    moved = {**typed(voipat), "url": voipat.direct_url}
    result = await hass.config_entries.flow.async_configure(form["flow_id"], moved)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert entry.data["url"] == voipat.direct_url
    await hass.async_block_till_done()
    await hass.config_entries.async_unload(entry.entry_id)


def test_repair_issues() -> None:
    """Every issue is worded, and those that can be mended have a flow for it."""
    keys = set()
    for file, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("async_create_issue"):
                assert file.name == "issues.py"
                keys |= {ast.unparse(one.value) for one in node.keywords if one.arg == "translation_key"}
    assert keys == {"key"}  # of the one place that creates issues
    fixable = {key for key, issue in TEXTS["issues"].items() if "fix_flow" in issue}
    pushes = {"webhook_disabled", "webhook_no_url", "webhook_refused", "webhook_silent"}
    mended = {"copied_configuration", "foreign_pushes", "unlisted_phones"} | pushes
    assert fixable == mended
    assert TEXTS["issues"].keys() >= fixable | {"missing_permission", "too_many_entities"}


DOCS = {
    "docs-actions": ("docs/actions.md", "# Actions"),
    "docs-triggers": ("docs/triggers-and-conditions.md", "## Triggers"),
    "docs-conditions": ("docs/triggers-and-conditions.md", "## Conditions"),
    "docs-high-level-description": ("README.md", "# PBX for Home Assistant"),
    "docs-installation-instructions": ("docs/installation.md", "## Download"),
    "docs-removal-instructions": ("docs/installation.md", "## Remove"),
    "docs-configuration-parameters": ("docs/options.md", "# Options"),
    "docs-installation-parameters": ("docs/voipat.md", "## The form"),
    "docs-data-update": ("docs/installation.md", "## How often is data updated?"),
    "docs-examples": ("docs/automations.md", "# Automations"),
    "docs-known-limitations": ("docs/limitations.md", "# Known limitations"),
    "docs-supported-devices": ("docs/providers.md", "# Phone systems"),
    "docs-supported-functions": ("docs/entities.md", "# Devices and entities"),
    "docs-troubleshooting": ("docs/troubleshooting.md", "# Troubleshooting"),
    "docs-use-cases": ("docs/blueprints.md", "# Blueprints"),
}


@pytest.mark.parametrize("rule", DOCS)
def test_documentation(rule: str) -> None:
    """There is a chapter for each rule about the documentation; test_docs.py holds what it says against the code."""
    page, heading = DOCS[rule]
    text = (ROOT / page).read_text(encoding="utf-8")
    chapter = text[text.index(f"{heading}\n") :]
    assert len(chapter.split()) > 60
    assert {one for one in RULES if one.startswith("docs-")} == DOCS.keys()


# -- platinum ----------------------------------------------------------------------------------------


def test_async_dependency() -> None:
    """Nothing blocks: there is no thread, no socket and no request but those of asyncio and aiohttp."""
    blocking = {"requests", "urllib3", "httpx", "threading", "socket", "http.client", "urllib.request", "subprocess"}
    for file, tree in trees():
        imported = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                imported |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add(str(node.module))
        assert not blocking & imported, file.name


def test_inject_websession() -> None:
    """Clients are given their session, and make none."""
    for kind in KINDS.values():
        assert next(iter(inspect.signature(kind).parameters)) == "session"
    for file, tree in trees():
        made = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        assert not [node for node in made if ast.unparse(node.func).endswith("ClientSession")], file.name


def test_strict_typing() -> None:
    """Types are checked strictly, and nobody leaves them out or uses an untyped config entry in a platform."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]
    assert settings["strict"] is True
    assert "custom_components" in settings["files"]
    for file, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                arguments = node.args
                named = chain(arguments.posonlyargs, arguments.args, arguments.kwonlyargs)
                untyped = [one.arg for one in named if one.annotation is None and one.arg not in {"self", "cls"}]
                assert not untyped, f"{file.name}:{node.lineno}"
                assert node.returns is not None, f"{file.name}:{node.lineno}"
    for name in PLATFORMS:
        assert inspect.signature(platform(name).async_setup_entry).parameters["entry"].annotation.__name__ == (
            "PbxConfigEntry"
        )


def test_enough_is_held_against_the_code() -> None:
    """At least 25 rules have a test here that looks at more than words."""
    tested = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_")}
    tested |= {
        "unique-config-entry",  # test_before_configure
        "test-before-configure",
        "test-before-setup",
        "entity-unique-id",  # test_entities
        "has-entity-name",
        "devices",
        "log-when-unavailable",  # test_entity_unavailable
        "dynamic-devices",  # test_devices_come_and_go
        "stale-devices",
        "discovery",  # test_discovery_is_exempt
        "discovery-update-info",
    }
    held = {rule for rule in RULES if rule in tested}
    assert len(held) >= 35, sorted(set(RULES) - held)
