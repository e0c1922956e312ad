"""What the editor is told of the actions where that depends on the house, which YAML cannot say.

The people of the phone book are choices of the fields that ask whom to call: their names and no
numbers, since every user can read the descriptions of actions. And where several accounts could
carry an action out and nothing else that is picked says which, the account is no longer folded
away: a person is asked for it while the automation is written, not told at night.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import voluptuous as vol
from homeassistant.const import ATTR_DOMAIN, ATTR_ENTITY_ID, ATTR_SERVICE, EVENT_SERVICE_REGISTERED
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.selector import TargetSelector, validate_selector
from homeassistant.helpers.service import async_set_service_schema
from homeassistant.helpers.start import async_at_started
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.yaml import load_yaml_dict

from ..const import (
    ATTR_AGENT,
    ATTR_CALL_ID,
    ATTR_CONFIG_ENTRY_ID,
    ATTR_EXTENSION,
    ATTR_QUEUE,
    DOMAIN,
)
from ..data import PbxConfigEntry
from ..features import feature_named
from ..phone_book.collection import PhoneBook, async_get_phone_book
from ..voice_names import plain as bare
from .action import CONTACT, Action

DATA_DESCRIBED: HassKey[DescribedActions] = HassKey(f"{DOMAIN}_described_actions")
DESCRIPTIONS: Final = Path(__file__).parents[1] / "services.yaml"
MOST_OFFERED: Final = 300
"""How many names go to every open browser; others can be typed."""
WHOM: Final = "whom"
SAY_WHICH: Final = frozenset({ATTR_ENTITY_ID, ATTR_AGENT, ATTR_CALL_ID, ATTR_EXTENSION, ATTR_QUEUE})
"""The fields from which the account follows."""

type Description = dict[str, Any]


class DescribedActions:
    """Keeps the descriptions of the actions right."""

    def __init__(self, hass: HomeAssistant, actions: Sequence[Action]) -> None:
        """Start with what YAML says."""
        self._hass = hass
        self._actions = actions
        self._book = async_get_phone_book(hass)
        self._started = False
        self._told: tuple[list[str], dict[str, bool]] = ([], {})
        self._plain: dict[str, Description] = {}

    async def async_start(self, _hass: HomeAssistant) -> None:
        """Begin, once Home Assistant has started: nobody edits an automation before."""
        self._started = True
        await self.async_update()

    async def async_update(self, _changed: object = None) -> None:
        """Tell what is right by now, where that is something else than before."""
        if not self._started:
            return
        names, asking = names_in(self._book), asking_for_account(self._hass, self._actions)
        if (names, asking) == self._told:
            return
        self._told = (names, asking)
        if not self._plain:
            self._plain = await self._hass.async_add_executor_job(_read)
        names, asking = self._told  # somebody may have changed it while the file was read
        for action, plain in self._plain.items():
            described = deepcopy(plain)
            _offer(described["fields"], names)
            if action in asking:
                _ask_for_account(described["fields"], required=asking[action])
            async_set_service_schema(self._hass, DOMAIN, action, described)
        # Pages that are open read the descriptions anew.
        told = {ATTR_DOMAIN: DOMAIN, ATTR_SERVICE: self._actions[0].name}
        self._hass.bus.async_fire(EVENT_SERVICE_REGISTERED, told)


@callback
def async_setup_descriptions(hass: HomeAssistant, actions: Sequence[Action]) -> None:
    """Keep the descriptions right from the start of Home Assistant on."""
    described = hass.data[DATA_DESCRIBED] = DescribedActions(hass, actions)
    async_get_phone_book(hass).async_add_change_set_listener(described.async_update)
    async_at_started(hass, described.async_start)


@callback
def async_update_descriptions(hass: HomeAssistant) -> None:
    """Follow that an account came or went."""
    hass.async_create_task(hass.data[DATA_DESCRIBED].async_update(), "descriptions of actions")


def names_in(book: PhoneBook) -> list[str]:
    """Return who can be called by a name that stands for nobody else, in the order of the book."""
    entries = [entry for entry in book.entries if entry.callable_numbers]
    often = Counter(bare(entry.label) for entry in entries)
    return [entry.label for entry in entries if often[bare(entry.label)] == 1][:MOST_OFFERED]


def asking_for_account(hass: HomeAssistant, actions: Collection[Action]) -> dict[str, bool]:
    """Return the actions whose account may stay open where several can carry them out.

    By the action's name: whether the account has to be said, or may follow from another field.
    """
    entries: list[PbxConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    able = [entry.runtime_data.coordinator.provider.capabilities for entry in entries]
    return {
        action.name: SAY_WHICH.isdisjoint(map(str, action.fields))
        for action in actions
        if not _says_which(action) and sum(action.needs in one for one in able) > 1
    }


def _says_which(action: Action) -> bool:
    """Return whether an action has a target, or cannot do without a field that names a phone."""
    return ATTR_ENTITY_ID in action.fields or any(
        isinstance(field, vol.Required) and str(field) in SAY_WHICH for field in action.fields
    )


def _read() -> dict[str, Description]:
    """Return the descriptions that may have to be told otherwise, as YAML has them.

    Home Assistant wants fields as it reads them itself, and a target as it is written.
    """
    found: dict[str, Description] = {}
    for name, written in load_yaml_dict(str(DESCRIPTIONS)).items():
        fields = _read_fields(written.get("fields", {}))
        if not any(_choices_in(fields)) and not _has_account(fields):
            continue
        found[name] = {"fields": fields}
        if "target" in written:
            TargetSelector.CONFIG_SCHEMA(written["target"])  # imports what it needs while here
            found[name]["target"] = written["target"]
    return found


def _read_fields(written: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields, and those of sections, with what the front end understands."""
    fields: dict[str, Any] = {}
    for name, field in written.items():
        read = dict(field)
        if "fields" in field:
            read["fields"] = _read_fields(field["fields"])
        if "selector" in field:
            read["selector"] = validate_selector(field["selector"])
        if "filter" in field:
            wanted = field["filter"]["supported_features"]
            read["filter"] = {"supported_features": [feature_named(one) for one in wanted]}
        fields[name] = read
    return fields


def _offer(fields: Mapping[str, Any], names: list[str]) -> None:
    """Let the fields that ask for somebody list these names."""
    for choices in _choices_in(fields):
        if names:
            select = {"options": names, "custom_value": True, "mode": "dropdown"}
            choices[CONTACT] = {"selector": {"select": select}}


def _choices_in(fields: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the choices of each field that asks for somebody."""
    for field in fields.values():
        choose = field.get("selector", {}).get("choose", {})
        if choose.get("translation_key") == WHOM:
            yield choose["choices"]


def _has_account(fields: Mapping[str, Any]) -> bool:
    """Return whether the account is among the fields, folded away or not."""
    sections = (field.get("fields", {}) for field in fields.values())
    return any(ATTR_CONFIG_ENTRY_ID in section for section in (fields, *sections))


def _ask_for_account(fields: dict[str, Any], *, required: bool) -> None:
    """Ask for the account first of all, perhaps as for something that has to be said."""
    account = fields.pop(ATTR_CONFIG_ENTRY_ID, None)
    for name, section in list(fields.items()):
        account = section.get("fields", {}).pop(ATTR_CONFIG_ENTRY_ID, account)
        if section.get("fields") == {}:
            del fields[name]
    others = dict(fields)
    fields.clear()
    fields.update({ATTR_CONFIG_ENTRY_ID: {**(account or {}), "required": required}, **others})
