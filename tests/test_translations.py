"""The texts: whatever the code says by a key has words, all words are used, and every language says the same."""

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import voluptuous as vol
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor.const import SensorDeviceClass
from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import CONF_URL, CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers.condition import Condition
from homeassistant.helpers.selector import ObjectSelector
from homeassistant.util.yaml import load_yaml_dict
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components import pbx
from custom_components.pbx import binary_sensor, button, condition, event, notify, sensor, switch, trigger
from custom_components.pbx import text as text_platform
from custom_components.pbx.activity import HIDDEN, UNKNOWN_CALLED, UNKNOWN_WITH, UNTOLD
from custom_components.pbx.const import ATTR_CALL_ID, ATTR_EXPECTED_STATE, CONF_PROVIDER, DOMAIN, SUBENTRY_SPEED_DIAL
from custom_components.pbx.devices import SubjectKind
from custom_components.pbx.entity import PbxEntityDescription
from custom_components.pbx.errors import refusal_key
from custom_components.pbx.forms import (
    CODE_FORM,
    FORMS,
    FOUND_PHONES,
    PHONES,
    PHONES_FORM,
    REAUTH_FIELDS,
    options_form,
)
from custom_components.pbx.options_flow import CONF_NEW_ADDRESS
from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.services import ALL_ACTIONS
from custom_components.pbx.services.target import TARGET_FIELDS
from custom_components.pbx.telephony.errors import Refusal, RefusedError
from custom_components.pbx.telephony.models import CallState, Direction, EventType, MediaKind, Outcome
from custom_components.pbx.webhook_page import CONF_ADDRESSES, CONF_TEST, Trouble

from .fake_provider import FakeProvider, async_set_up, incoming, pushed

FOLDER = Path(pbx.__file__).parent
ENGLISH = "en"
MOST_EQUAL = 0.05
PLACEHOLDER = re.compile(r"\{(\w+)\}")
SLUG = re.compile(r"[a-z0-9_-]+")

# Names, and words that are the same in many languages: reviewed, and not counted as left untranslated.
SAME_IN_MANY = frozenset(
    {
        "{provider}",
        "{urls}",
        "API",
        "Agent",
        "Caller ID",
        "Code",
        "Context",
        "Data",
        "Direction",
        "Domain",
        "E-mail",
        "Email",
        "Extension",
        "Extensions",
        "Format",
        "Host",
        "ID",
        "Limit",
        "Message",
        "Number",
        "Offset",
        "Options of {provider}",
        "Outcome",
        "PIN",
        "Plan",
        "Port",
        "Sort",
        "Standard",
        "Start",
        "Status",
        "Transfer",
        "VOIP@ Cloud",
        "VoIPSUN PBX",
        "VoIPstudio",
        "Voicemail",
        "Voxloud",
    }
)

PLATFORMS: Mapping[str, Iterable[PbxEntityDescription]] = {
    "binary_sensor": binary_sensor.BINARY_SENSORS,
    "button": button.BUTTONS,
    "event": event.EVENTS,
    "notify": notify.NOTIFIERS,
    "sensor": sensor.SENSORS,
    "switch": switch.SWITCHES,
    "text": text_platform.TEXTS,
}
# Home Assistant has icons of its own for these.
WITH_ICON = {BinarySensorDeviceClass.CONNECTIVITY, SensorDeviceClass.DURATION, SensorDeviceClass.TIMESTAMP}


# -- reading the texts -------------------------------------------------------------------------------


@cache
def texts(language: str) -> dict[str, Any]:
    """Read a language."""
    found: dict[str, Any] = json.loads((FOLDER / "translations" / f"{language}.json").read_text("utf-8"))
    return found


@cache
def icons() -> dict[str, Any]:
    """Read the icons."""
    found: dict[str, Any] = json.loads((FOLDER / "icons.json").read_text("utf-8"))
    return found


def described(name: str) -> dict[str, Any]:
    """Read a description of the editor, with the fields of its sections among the others."""
    found = load_yaml_dict(str(FOLDER / f"{name}.yaml"))
    return {
        key: {**value, "fields": unfolded(value.get("fields", {}))} for key, value in found.items() if key[0] != "."
    }


def unfolded(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Give fields with those of sections among them."""
    flat_fields: dict[str, Any] = {}
    for name, field in fields.items():
        flat_fields |= field.get("fields", {name: field})
    return flat_fields


def sections(fields: Mapping[str, Any]) -> set[str]:
    """Give the names of the sections among fields."""
    return {name for name, field in fields.items() if "fields" in field}


def flat(node: Any, path: str = "") -> dict[str, str]:
    """Give every text by its place."""
    if isinstance(node, str):
        return {path: node}
    return {key: text for name, inner in node.items() for key, text in flat(inner, f"{path}/{name}").items()}


def placeholders(node: Any) -> set[str]:
    """Give the placeholders of all texts below a place."""
    return {name for text in flat(node).values() for name in PLACEHOLDER.findall(text)}


# -- reading the code --------------------------------------------------------------------------------


@cache
def module(name: str) -> ast.Module:
    """Read a module."""
    return ast.parse((FOLDER / name).read_text("utf-8"))


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Read the modules above the providers."""
    for path in sorted(FOLDER.rglob("*.py")):
        name = str(path.relative_to(FOLDER))
        if not name.startswith(("providers/", "registry/", "telephony/")):
            yield name, module(name)


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Give every call by the name of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, node


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Give every function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Give a named argument."""
    return next((given.value for given in call.keywords if given.arg == name), None)


@cache
def constants() -> dict[str, str]:
    """Give the texts that have a name."""
    return {
        target.id: node.value.value
        for _, tree in modules()
        for node in tree.body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if isinstance(target, ast.Name) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


def constant(node: ast.AST | None) -> str | None:
    """Give a text that is written there, itself or by its name."""
    if isinstance(node, ast.Name):
        return constants().get(node.id)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def keys_of(node: ast.AST | None) -> set[str]:
    """Give the keys of a dictionary that is written there."""
    return {key for item in node.keys if (key := constant(item))} if isinstance(node, ast.Dict) else set()


def problems_in(*names: str) -> set[str]:
    """Find what modules call a refused value."""
    found = set()
    for file in names:
        for name, call in calls(module(file)):
            if name == "InvalidInputError":
                said = {text for node in call.args[1:] for part in ast.walk(node) if (text := constant(part))}
                found |= said or {"invalid_value"}
    return found


@cache
def problems() -> set[str]:
    """Find what anything calls a refused value."""
    return problems_in(*(str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.py")))


def section_of(name: str, call: ast.Call) -> str | None:
    """Say which section a call takes its words from."""
    if keyword(call, "translation_key") is None:
        return None
    if name == "async_create_issue":
        return "issues"
    return "exceptions" if keyword(call, "translation_domain") is not None else None


@cache
def raised() -> dict[str, dict[str, list[set[str]]]]:
    """Find every key of an exception or issue, with the placeholders that come along each time."""
    found: dict[str, dict[str, list[set[str]]]] = {"exceptions": {}, "issues": {}}
    for _, tree in modules():
        helpers: dict[str, tuple[str, set[str]]] = {}
        for function in functions(tree):
            for name, call in calls(function):
                if (section := section_of(name, call)) and isinstance(keyword(call, "translation_key"), ast.Name):
                    helpers[function.name] = (section, keys_of(keyword(call, "translation_placeholders")))
        for name, call in calls(tree):
            if (section := section_of(name, call)) and (key := constant(keyword(call, "translation_key"))):
                given = keys_of(keyword(call, "translation_placeholders"))
                found[section].setdefault(key, []).append(given)
            elif (maker := MAKERS.get(name) or helpers.get(name)) is not None:
                for key in keys_in(call):
                    given = maker[1] | {item.arg for item in call.keywords if item.arg}
                    found[maker[0]].setdefault(key, []).append(given)
    return found


def keys_in(call: ast.Call) -> Iterator[str]:
    """Find the keys that one call may give to what makes an error or issue: one, or any problem with an input."""
    for argument in call.args:
        if isinstance(argument, ast.Attribute) and argument.attr == "problem":
            yield from sorted(problems() - OPTIONS_ONLY)
        elif isinstance(argument, ast.Call) and ast.unparse(argument.func) == "refusal_key":
            yield from {refusal_key(RefusedError("", kind=kind)): None for kind in Refusal}
        elif (key := constant(argument)) is not None:
            yield key


# Who makes translated errors (errors.py) and issues (issues.py), and the placeholders that always come along.
MAKERS: Mapping[str, tuple[str, set[str]]] = {
    "auth_failed": ("exceptions", set()),
    "entry_broken": ("exceptions", set()),
    "failed": ("exceptions", set()),
    "invalid": ("exceptions", set()),
    "not_allowed": ("exceptions", set()),
    "update_failed": ("exceptions", set()),
    "async_create": ("issues", {"title"}),
    "_report": ("issues", {"title", "provider", "reason"}),
}
# Lines of the options form never reach an action.
OPTIONS_ONLY = {
    "invalid_assist_line",
    "invalid_dial_line",
    "invalid_extension_line",
    "invalid_phone",
    "invalid_row",
}


# -- exceptions and issues ---------------------------------------------------------------------------


@pytest.mark.parametrize("section", ["exceptions", "issues"])
def test_raised(section: str) -> None:
    """Every exception and issue has words, and all those words are used."""
    assert set(raised()[section]) == set(texts(ENGLISH)[section])


@pytest.mark.parametrize("section", ["exceptions", "issues"])
def test_raised_with_placeholders(section: str) -> None:
    """Words name only what comes along, with the issue or from the flow that mends it."""
    of_the_flow = {"how"} & given_to_steps("repairs.py")["confirm"]
    lacking = {
        (key, name)
        for key, given in raised()[section].items()
        for name in placeholders(texts(ENGLISH)[section][key]) - of_the_flow
        if any(name not in each for each in given)
    }
    assert lacking == set()


def test_fix_flows() -> None:
    """An issue that can be mended has the words of its flow, and one that cannot has a description."""
    tree = module("repairs.py")
    steps = {
        step for name, call in calls(tree) if name == "async_show_form" and (step := constant(keyword(call, "step_id")))
    }
    aborts = {why for name, call in calls(tree) if (why := constant(keyword(call, "reason")))}
    worded: set[str] = set()
    for key, issue in texts(ENGLISH)["issues"].items():
        assert ("fix_flow" in issue) is not ("description" in issue), key
        if "fix_flow" in issue:
            assert len(issue["fix_flow"]["step"]) == 1
            assert set(issue["fix_flow"]["abort"]) == aborts
            worded |= issue["fix_flow"]["step"].keys()
    assert worded == steps


# -- entities ----------------------------------------------------------------------------------------


@cache
def entity_keys(platform: str) -> set[str]:
    """Find the translation keys of a platform."""
    tree = module(f"{platform}.py")
    found = {
        key
        for name, call in calls(tree)
        if name.endswith("EntityDescription") and (key := constant(keyword(call, "translation_key")))
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_attr_translation_key":
            found |= {key for key in [constant(node.value)] if key}
    return found


def test_entity_platforms() -> None:
    """There are words for the platforms that there are."""
    assert set(texts(ENGLISH)["entity"]) == set(PLATFORMS)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_entities(platform: str) -> None:
    """Every entity has a name, and every name an entity."""
    names = texts(ENGLISH)["entity"][platform]
    assert set(names) == entity_keys(platform)
    assert all(entity["name"] for entity in names.values())
    assert {row.translation_key for row in PLATFORMS[platform]} <= entity_keys(platform)


@pytest.mark.parametrize("row", sensor.SENSORS, ids=lambda row: row.translation_key)
def test_sensor_states(row: sensor.PbxSensorEntityDescription) -> None:
    """Every state of a sensor that has few has a word; a count has no unit, since "1 calls" is no English."""
    entity = texts(ENGLISH)["entity"]["sensor"][row.translation_key]
    assert set(entity.get("state", {})) == {str(state) for state in row.options or ()}
    assert "unit_of_measurement" not in entity


@pytest.mark.parametrize("key", ["call", "agent"])
def test_event_types(key: str) -> None:
    """Every event has a word, and every attribute it carries."""
    attributes = texts(ENGLISH)["entity"]["event"][key]["state_attributes"]
    types = {kind for row in event.EVENTS if row.translation_key == key for kind in row.event_types}
    assert set(attributes["event_type"]["state"]) == {str(kind) for kind in types}
    assert set(attributes) == {"event_type"} | event.KEPT


def test_attribute_states() -> None:
    """Directions and outcomes have a word wherever they are shown."""
    values = {"direction": {str(item) for item in Direction}, "outcome": {str(item) for item in Outcome}}
    for platform in texts(ENGLISH)["entity"].values():
        for entity in platform.values():
            for name, attribute in entity.get("state_attributes", {}).items():
                assert attribute["name"]
                if name in values:
                    assert set(attribute["state"]) == values[name]


@pytest.mark.usefixtures("call_entities")
async def test_sensor_attributes(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """Every attribute that a sensor shows has a name."""
    fake.script.calls = (incoming(),)
    await async_set_up(hass, fake_entry)
    coordinator = fake_entry.runtime_data.coordinator
    coordinator.async_push(pushed("c2", CallState.TALKING, "102"))
    coordinator.async_push(pushed("c2", CallState.ENDED, "102", final=True))
    for entity, key in (
        ("ann_101_call_state", "call_state"),
        ("house_call_1", "call_slot"),
        ("house_last_call", "last_call"),
        ("house_active_calls", "active_calls"),
    ):
        state = hass.states.get(f"sensor.{entity}")
        assert state is not None
        shown = set(state.attributes) - {
            "device_class",
            "friendly_name",
            "options",
            "state_class",
            "icon",
            "supported_features",
        }
        named = set(texts(ENGLISH)["entity"]["sensor"][key]["state_attributes"])
        assert shown <= named
        assert shown & {"call_id", "calls"}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_entity_icons(platform: str) -> None:
    """Every entity has an icon, unless Home Assistant has one for it; states that have one exist."""
    names, shown = texts(ENGLISH)["entity"][platform], icons()["entity"].get(platform, {})
    provided = {row.translation_key for row in PLATFORMS[platform] if getattr(row, "device_class", None) in WITH_ICON}
    assert set(names) - provided <= set(shown) <= set(names)
    assert all(icon["default"].startswith("mdi:") for icon in shown.values())
    for row in PLATFORMS[platform]:
        if getattr(row, "options", None):
            assert set(shown[row.translation_key].get("state", {})) <= set(names[row.translation_key]["state"])


# -- actions, triggers and conditions ----------------------------------------------------------------


def markers(schema: Any) -> dict[str, vol.Marker]:
    """Give the fields of a schema."""
    return {str(marker): marker for marker in schema}


ACTION_FIELDS = {
    action.name: {
        name: marker
        for name, marker in markers(action.schema.schema).items()
        if name not in TARGET_FIELDS or name in {"config_entry_id", ATTR_CALL_ID, ATTR_EXPECTED_STATE}
    }
    for action in ALL_ACTIONS
}
TRIGGER_FIELDS = {key: markers(kind.fields) for key, kind in trigger.TRIGGERS.items()}


def _condition_fields(kind: type[Condition]) -> dict[str, vol.Marker]:
    schema = kind._schema.schema  # type: ignore[attr-defined] # noqa: SLF001 - where core keeps it
    return markers(next(fields for marker, fields in schema.items() if str(marker) == "options"))


CONDITION_FIELDS = {key: _condition_fields(kind) for key, kind in condition.CONDITIONS.items()}
EDITED: Mapping[str, Mapping[str, Mapping[str, vol.Marker]]] = {
    "services": ACTION_FIELDS,
    "triggers": TRIGGER_FIELDS,
    "conditions": CONDITION_FIELDS,
}


@pytest.mark.parametrize("section", EDITED)
def test_editor(section: str) -> None:
    """What the editor offers, what has words and icons, and what the code takes, are the same."""
    names = set(EDITED[section])
    assert set(described(section)) == names
    assert set(texts(ENGLISH)[section]) == names
    assert set(icons()[section]) == names
    assert all(icon[section[:-1]].startswith("mdi:") for icon in icons()[section].values())


@pytest.mark.parametrize(("section", "key"), [(section, key) for section, keys in EDITED.items() for key in keys])
def test_editor_fields(section: str, key: str) -> None:
    """Every field can be edited and has a name; what must be filled in is marked so."""
    known, offered = EDITED[section][key], described(section)[key].get("fields", {})
    words = texts(ENGLISH)[section][key]
    assert set(offered) == set(known)
    assert set(words.get("fields", {})) == set(known)
    assert words["name"]
    assert words["description"]
    for name, field in offered.items():
        assert words["fields"][name]["name"]
        assert section == "conditions" or words["fields"][name]["description"]
        assert "selector" in field
        needed = isinstance(known[name], vol.Required) or "default" in field
        assert field.get("required", False) is needed, name


def test_folded_sections() -> None:
    """Every folded section of an action has a name, and no name is left over."""
    for key, action in load_yaml_dict(str(FOLDER / "services.yaml")).items():
        found = sections((action or {}).get("fields", {}))
        named = texts(ENGLISH)["services"][key].get("sections", {})
        assert set(named) == found, key
        assert all(words["name"] for words in named.values())


def _found(node: Any, name: str) -> Iterator[Any]:
    """Find everything below a place that has a name."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == name:
                yield value
            yield from _found(value, name)
    elif isinstance(node, list):
        for value in node:
            yield from _found(value, name)


KEYS = [*"0123456789*#"]


def test_selectors() -> None:
    """Every choice has a word, in the editor and in the forms."""
    chosen: dict[str, set[str]] = {}
    for section in EDITED:
        for select in _found(described(section), "select"):
            if select["options"] != KEYS:  # which are what they are in every language
                chosen.setdefault(select["translation_key"], set()).update(select["options"])
        for choose in _found(described(section), "choose"):
            chosen.setdefault(choose["translation_key"], set()).update(choose["choices"])
    for name, call in calls(module("forms.py")):
        if name == "SelectSelectorConfig" and (key := constant(keyword(call, "translation_key"))):
            options = keyword(call, "options")
            assert isinstance(options, ast.List)
            chosen.setdefault(key, set()).update(text for item in options.elts if (text := constant(item)))
    words = {
        key: set(value.get("options") or value["choices"])
        for key, value in texts(ENGLISH)["selector"].items()
        if "options" in value or "choices" in value
    }
    assert words == chosen


@pytest.mark.parametrize("phones", [PHONES, FOUND_PHONES], ids=["accounts", "found"])
def test_table_of_phones(phones: ObjectSelector) -> None:
    """Every column of the table has a name."""
    words = texts(ENGLISH)["selector"][phones.config["translation_key"]]["fields"]
    assert set(words) == set(phones.config["fields"])
    assert all(field["name"] for field in words.values())


# -- the flows ---------------------------------------------------------------------------------------


def form_fields(*forms: Any) -> set[str]:
    """Give the fields of forms."""
    return {str(marker) for form in forms for marker in form.schema}


CONFIG_STEPS: Mapping[str, set[str]] = {
    **{key: form_fields(form) for key, form in FORMS.items()},
    "code": form_fields(CODE_FORM),
    "reauth_confirm": form_fields(*REAUTH_FIELDS.values()),
    "paste": {*CONF_ADDRESSES, CONF_TEST},
    "prove": {CONF_TEST},
    "phones": form_fields(*PHONES_FORM.values()),
    "proved": set(),
    "user": set(),
}


def check_step(step: Mapping[str, Any], fields: set[str]) -> None:
    """Every field of a step has a name and a description."""
    assert step["title"]
    assert set(step.get("data", {})) == fields
    assert set(step.get("data_description", {})) == fields


def test_providers_have_forms() -> None:
    """The menu offers every provider, each has a form, and both have words."""
    assert set(PROVIDERS) == set(FORMS) == set(REAUTH_FIELDS)
    menu = texts(ENGLISH)["config"]["step"]["user"]["menu_options"]
    assert menu == {key: provider.name for key, provider in PROVIDERS.items()}


def test_config_steps() -> None:
    """Every step of the config flow has words."""
    steps = texts(ENGLISH)["config"]["step"]
    written = {
        step
        for name, call in calls(module("config_flow.py"))
        if name != "async_show_progress" and (step := constant(keyword(call, "step_id")))
    }
    assert set(steps) == set(CONFIG_STEPS)
    assert written <= set(CONFIG_STEPS)
    for key, fields in CONFIG_STEPS.items():
        check_step(steps[key], fields)


def test_options() -> None:
    """Every option of any provider has words."""
    steps = texts(ENGLISH)["options"]["step"]
    assert set(steps) == {"init", "address"}
    options = form_fields(*(options_form(kind, {}) for kind in PROVIDERS.values()))
    check_step(steps["init"], options | {*CONF_ADDRESSES, CONF_NEW_ADDRESS})
    check_step(steps["address"], {*CONF_ADDRESSES})


@pytest.mark.parametrize("kind", ["speed_dial", "agent", "queue"])
async def test_subentries(hass: HomeAssistant, kind: str) -> None:
    """What a user adds has words in both forms, whatever the phone system."""
    forms = []
    for provider in PROVIDERS:
        entry = MockConfigEntry(domain=DOMAIN, data={CONF_PROVIDER: provider, CONF_WEBHOOK_ID: "hook"})
        entry.add_to_hass(hass)
        if kind in entry.supported_subentry_types:
            handler = (entry.entry_id, kind)
            flow = await hass.config_entries.subentries.async_init(handler, context={"source": SOURCE_USER})
            assert flow["data_schema"] is not None
            forms.append(flow["data_schema"])
    words = texts(ENGLISH)["config_subentries"][kind]
    assert words["entry_type"]
    assert set(words["initiate_flow"]) == set(words["step"]) == {"user", "reconfigure"}
    for step in words["step"].values():
        check_step(step, form_fields(*forms))


def test_subentry_types() -> None:
    """There are words for what can be added, and for nothing else."""
    assert set(texts(ENGLISH)["config_subentries"]) == {"speed_dial", "agent", "queue"}


def shown_errors(name: str) -> set[str]:
    """Find the errors that a module shows in its forms."""
    found = set()
    for node in ast.walk(module(name)):
        if isinstance(node, ast.Assign):
            target = node.targets[0]
            if isinstance(target, ast.Subscript) and getattr(target.value, "id", "") == "errors":
                found |= {key for key in [constant(node.value)] if key}
            elif getattr(target, "id", "") == "errors" and isinstance(node.value, ast.Dict):
                found |= {key for item in node.value.values if (key := constant(item))}
    return found


def test_flow_errors() -> None:
    """Every error that a form shows has words; others are what providers call a refused value."""
    english = texts(ENGLISH)
    tried = shown_errors("form_errors.py")
    for shown, words in (
        (tried | shown_errors("config_flow.py"), english["config"]["error"]),
        (problems_in("options.py"), english["options"]["error"]),
        *((tried | shown_errors("subentries.py"), kind["error"]) for kind in english["config_subentries"].values()),
    ):
        assert shown <= set(words)
        assert set(words) - shown <= problems() | {"invalid_url", "unknown_domain"}


def test_aborts() -> None:
    """Every end of a flow that Home Assistant has no words for has some here."""
    for section, ours in (("config", {"already_configured"}), ("options", set[str]())):
        written = calls(module(f"{section}_flow.py"))
        aborts = {why for _, call in written if (why := constant(keyword(call, "reason")))}
        assert set(texts(ENGLISH)[section]["abort"]) == aborts | ours
    assert all(set(kind["abort"]) == {"already_configured"} for kind in texts(ENGLISH)["config_subentries"].values())


def given_to_steps(name: str) -> dict[str, set[str]]:
    """Find which placeholders come along with each step of a flow."""
    found: dict[str, set[str]] = {}
    for function in functions(module(name)):
        dictionaries = {
            getattr(node.targets[0], "id", ""): keys_of(node.value)
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        }
        for called, call in calls(function):
            if called != "async_show_form":
                continue
            step = keyword(call, "step_id")
            given = keyword(call, "description_placeholders")
            keys = dictionaries.get(given.id, set()) if isinstance(given, ast.Name) else keys_of(given)
            names = {"provider": set(FORMS), "step_id": {"user", "reconfigure"}, "page_id": {"paste", "prove"}}
            for key in names[step.id] if isinstance(step, ast.Name) else {constant(step) or ""}:
                found[key] = keys
    return found


def test_flow_placeholders() -> None:
    """Words of a step name only what comes along, and errors only what comes along wherever they are shown."""
    english = texts(ENGLISH)
    config, options = given_to_steps("config_flow.py"), given_to_steps("options_flow.py")
    assert set(config) == set(CONFIG_STEPS) - {"user"}
    assert set(options) == {"init", "address"}
    for section, given in (("config", config), ("options", options)):
        for step, names in given.items():
            assert placeholders(english[section]["step"][step]) <= names, step
        with_errors = [given[step] for step in set(given) - {"address", "paste", "phones", "prove", "proved"}]
        assert placeholders(english[section]["error"]) <= set.intersection(*with_errors)
    subentries = given_to_steps("subentries.py")
    for kind in english["config_subentries"].values():
        for step in ("user", "reconfigure"):
            assert placeholders(kind["step"][step]) | placeholders(kind["error"]) <= subentries[step]


# -- the rest ----------------------------------------------------------------------------------------


WORDS = FOLDER.parents[1] / "frontend" / "src" / "words.ts"


def words_of_the_cards() -> dict[str, str]:
    """Read the words that stand in while those of the user's language are not there yet."""
    source = WORDS.read_text("utf-8")
    plain = source[source.index("type Plain =") : source.index("export const ENGLISH")]
    words = {key: key.replace("_", " ").capitalize() for key in re.findall(r'"(\w+)"', plain)}
    listed = source[source.index("export const ENGLISH") : source.index("} satisfies")]
    return words | {key: json.loads(text) for key, text in re.findall(r'^  (\w+): (".*"),$', listed, re.MULTILINE)}


def test_words_of_the_cards() -> None:
    """The cards say the same words in English whether they come from here or from there, and say all of them."""
    common = texts(ENGLISH)["common"]
    assert words_of_the_cards() == {key: common[key] for key in words_of_the_cards()}
    said = "".join(path.read_text("utf-8") for path in WORDS.parent.glob("*.ts") if path != WORDS)
    assert [key for key in words_of_the_cards() if f'"{key}"' not in said] == []


def test_common() -> None:
    """Every word of the media browser and of the cards is there, and where to enter the URLs of those who have some."""
    written = {
        key for name, call in calls(module("media_source.py")) if name == "_word" and (key := constant(call.args[1]))
    }
    pasted = {f"paste_{key}" for key, kind in PROVIDERS.items() if "urls_to_paste" in vars(kind)}
    cards = set(words_of_the_cards())
    page = {str(trouble) for trouble in Trouble} | {"keep_secrets"}
    told = {f"activity_{kind}" for kind in EventType if kind not in UNTOLD}
    activity = told | {"activity_talked"} | page | {f"outcome_{outcome}" for outcome in Outcome}
    activity |= {*HIDDEN.values(), UNKNOWN_CALLED, UNKNOWN_WITH}
    spoken = {key for name, call in calls(module("voice.py")) if name == "say" and (key := constant(call.args[0]))}
    voice = {f"voice_{key}" for key in spoken | {"calls", "holds", "nobody", "nobody_calls", "talks"}}
    media = written | {f"{kind}s" for kind in MediaKind}
    models = {f"model_{kind}" for kind in (*SubjectKind, SUBENTRY_SPEED_DIAL)} - {"model_account", "model_slot"}
    assert set(texts(ENGLISH)["common"]) == media | pasted | cards | activity | voice | models


def test_system_health() -> None:
    """Every line of the system health has a name."""
    [info] = [
        keys_of(node.value)
        for node in ast.walk(module("system_health.py"))
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "info"
    ]
    clouds = {f"can_reach_{key}" for key, form in FORMS.items() if CONF_URL in form_fields(form)}
    assert set(texts(ENGLISH)["system_health"]["info"]) == info | clouds


def test_sections() -> None:
    """No section is looked at by nobody."""
    assert set(texts(ENGLISH)) == {
        "common",
        "conditions",
        "config",
        "config_subentries",
        "entity",
        "exceptions",
        "issues",
        "options",
        "selector",
        "services",
        "system_health",
        "triggers",
    }


LANGUAGES = sorted(path.stem for path in (FOLDER / "translations").glob("*.json"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_wording(language: str) -> None:
    """Texts are what Home Assistant takes: no address, no markup, no quoted placeholder, nothing empty."""
    for place, text in flat(texts(language)).items():
        assert all(SLUG.fullmatch(key) for key in place.strip("/").split("/")), place
        assert text == text.strip() != "", place
        assert "://" not in text, place
        assert not re.search(r"<\w|'\{|\[%", text), place
        assert re.sub(PLACEHOLDER, "", text).count("{") == 0, place


# How many there may be is one great number for good.
FIXED = {
    "long_list",
    "message_length",
    "phone_book_full",
    "phone_book_messages_full",
    "phone_book_numbers_full",
    "too_many_entities",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_follows_a_number(language: str) -> None:
    """Texts have no plurals, of which some languages have several: what is counted stands before its number."""
    for place, text in flat(texts(language)).items():
        if FIXED.isdisjoint(place.split("/")):
            assert not re.search(r"\{(seconds|minutes|limit|count)\} \w{3}", text), place


def difference(language: Mapping[str, Any], english: Mapping[str, Any]) -> list[str]:
    """Say where a language does not say what English says."""
    here, there = flat(language), flat(english)
    found = [f"{place} is missing" for place in there.keys() - here.keys()]
    found += [f"{place} is not in English" for place in here.keys() - there.keys()]
    found += [
        f"{place} has other placeholders"
        for place in here.keys() & there.keys()
        if set(PLACEHOLDER.findall(here[place])) != set(PLACEHOLDER.findall(there[place]))
    ]
    return sorted(found)


def untranslated(language: Mapping[str, Any], english: Mapping[str, Any]) -> float:
    """Say which part of the texts is still English, each counted once, but for words that are the same in many."""
    here = flat(language)
    pairs = {(here.get(place), text) for place, text in flat(english).items() if text not in SAME_IN_MANY}
    return sum(said == text for said, text in pairs) / len(pairs)


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != ENGLISH])
def test_language(language: str) -> None:
    """Every language is complete, and is that language."""
    assert difference(texts(language), texts(ENGLISH)) == []
    assert untranslated(texts(language), texts(ENGLISH)) <= MOST_EQUAL


def test_comparison_sees() -> None:
    """The comparison of languages finds what it is there to find."""
    english = {"a": {"x": "Call {name}", "y": "Ended"}, "b": "Voicemail"}
    assert difference({"a": {"x": "Anruf {name}", "y": "Beendet"}, "b": "Voicemail"}, english) == []
    assert difference({"a": {"x": "Anruf {nom}", "z": "Beendet"}, "b": "Voicemail"}, english) == [
        "/a/x has other placeholders",
        "/a/y is missing",
        "/a/z is not in English",
    ]
    assert untranslated({"a": {"x": "Anruf {name}", "y": "Ended"}, "b": "Voicemail"}, english) == 0.5
    assert untranslated({"a": {"x": "Anruf {name}", "y": "Beendet"}, "b": "Voicemail"}, english) == 0
