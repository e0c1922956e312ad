"""What an older version kept: `stored/` holds the registries as version 0.1.0 of the integration wrote them.

Each was made by setting an account up in its forms. In `voipsun_stopped`, Home Assistant was stopped after the phones
had been named, before their old devices were removed.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry,
    category_registry,
    floor_registry,
    issue_registry,
    label_registry,
)
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.migration import VERSION, async_migrate

from .house import simulator_of

STORED = Path(__file__).parent / "stored"
DEVICES, ENTITIES, ENTRIES = "core.device_registry", "core.entity_registry", "core.config_entries"
FILES = ["voipat", "voipstudio", "voipsun", "voipsun_stopped", "voxloud"]
USERS = {"101": "sip101", "102": "sip102", "103": "sip103"}


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Allow Home Assistant its own timers, to tidy its registries."""
    return True


@pytest.fixture
def load_registries() -> bool:
    """Leave the registries to the tests, which load them from what is stored."""
    return False


def stored(name: str) -> dict[str, Any]:
    """Read what was stored."""
    content: dict[str, Any] = json.loads((STORED / f"{name}.json").read_text("utf-8"))
    return content


async def load_registries_of(hass: HomeAssistant) -> None:
    """Load the registries, as Home Assistant does when it starts."""
    dr.async_setup(hass)
    registries = (area_registry, category_registry, dr, er, floor_registry, issue_registry, label_registry)
    await asyncio.gather(*(registry.async_load(hass) for registry in registries))


async def load(hass: HomeAssistant, hass_storage: dict[str, Any], content: Mapping[str, Any]) -> ConfigEntry:
    """Start with what is stored, and return the account."""
    hass_storage.update(content)
    await load_registries_of(hass)
    await hass.config_entries.async_initialize()
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    return entry


@asynccontextmanager
async def living(hass: HomeAssistant, hass_storage: dict[str, Any], name: str) -> AsyncIterator[ConfigEntry]:
    """Let this version start with what is stored; the phone system has another port today."""
    content = stored(name)
    async with simulator_of(name.partition("_")[0]) as simulator:
        (entry,) = content[ENTRIES]["data"]["entries"]
        if "url" in entry["data"]:
            entry["data"]["url"] = simulator.url
        else:
            entry["data"]["port"] = simulator.port
        loaded = await load(hass, hass_storage, content)
        assert await async_setup_component(hass, DOMAIN, {})
        await hass.async_block_till_done()
        yield loaded
        await hass.config_entries.async_unload(loaded.entry_id)


def devices_of(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, str]:
    """Return the devices of an account: what each is known by, by its id."""
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return {device.id: next(iter(device.identifiers))[1] for device in devices}


def entities_of(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, str]:
    """Return the entities of an account: what each is known by, by its entity id."""
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return {entity.entity_id: entity.unique_id for entity in entities}


def kept(content: Mapping[str, Any], store: str, key: str) -> dict[str, dict[str, Any]]:
    """Return what was stored of devices or entities, but for what was left over."""
    prefix = f"{content[ENTRIES]['data']['entries'][0]['unique_id']}_extension_"
    left_over = {f"{prefix}{user}" for user in USERS.values()}
    rows = content[store]["data"]
    gone = {row["id"] for row in content[DEVICES]["data"]["devices"] if row["identifiers"][0][1] in left_over}
    return {
        row[key]: row
        for row in rows.get("devices", rows.get("entities"))
        if row["id"] not in gone and row.get("device_id") not in gone
    }


def today(identity: str) -> str:
    """Return by what a device or entity is known today that was known by something else."""
    for number, user in USERS.items():
        start = f"_extension_{number}"
        if identity.startswith("voipsun") and (identity.endswith(start) or f"{start}_" in identity):
            return identity.replace(start, f"_extension_{user}")
    return identity


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("name", FILES)
async def test_devices_and_entities_stay(hass: HomeAssistant, hass_storage: dict[str, Any], name: str) -> None:
    """Every device and every entity is the one it was, also those of phones that had been named."""
    content = stored(name)
    async with living(hass, hass_storage, name) as entry:
        assert (entry.state, entry.version) == (ConfigEntryState.LOADED, 2)
        devices, entities = devices_of(hass, entry), entities_of(hass, entry)
        assert devices == {
            device_id: today(row["identifiers"][0][1]) for device_id, row in kept(content, DEVICES, "id").items()
        }
        known = {entity_id: today(row["unique_id"]) for entity_id, row in kept(content, ENTITIES, "entity_id").items()}
        assert entities == {**entities, **known}
        unfollowed = tuple(f"{entry.unique_id}_extension_{user}" for user in ("sip104", "sip105", "trunk"))
        for entity_id, unique_id in known.items():  # none is only remembered
            if unique_id.startswith(unfollowed):
                continue  # it was about to be removed
            registered = er.async_get(hass).async_get(entity_id)
            assert registered is not None
            shown = hass.states.get(entity_id)
            assert (shown is None) is registered.disabled
            assert shown is None or not shown.attributes.get("restored"), entity_id


@pytest.mark.usefixtures("socket_enabled")
async def test_followed_phones_stay_followed(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    """The choice of phones, made by number, holds for whatever number they will be given."""
    async with living(hass, hass_storage, "voipsun") as entry:
        assert entry.options["follow_extensions"] == list(USERS.values())
        before = (devices_of(hass, entry), entities_of(hass, entry))
        hass.config_entries.async_update_entry(
            entry, options={**entry.options, "extension_names": {"sip101": {"number": "7101", "name": "Anna"}}}
        )
        await hass.async_block_till_done()
        assert hass.states.get("sensor.anna_keller_101_call_state") is not None
        assert (devices_of(hass, entry), entities_of(hass, entry)) == before


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("said", [{"name": "Reception"}, {"trunk": True}, {}], ids=["name", "trunk", "nothing"])
async def test_a_phone_that_is_named_later_stays(
    hass: HomeAssistant, hass_storage: dict[str, Any], said: dict[str, Any]
) -> None:
    """What a person says of a phone in the table changes no device and no entity."""
    async with living(hass, hass_storage, "voipat") as entry:
        before = (devices_of(hass, entry), entities_of(hass, entry))
        hass.config_entries.async_update_entry(entry, options={**entry.options, "phones": {"101": said}})
        await hass.async_block_till_done()
        assert entry.state is ConfigEntryState.LOADED
        assert (devices_of(hass, entry), entities_of(hass, entry)) == before
        device = dr.async_get(hass).async_get_device_by_identifier(
            (DOMAIN, f"{entry.unique_id}_extension_101"), entry.entry_id
        )
        assert device is not None
        assert device.name == f"{said.get('name', 'Anna Keller')} (101)"


@pytest.mark.parametrize(
    ("names", "before", "after"),
    [
        pytest.param({"a": {"number": "1"}}, ["1"], ["a"], id="named"),
        pytest.param({"a": {"number": "1"}}, ["a"], ["a"], id="named and not told yet"),
        pytest.param({"a": {"number": "1"}}, ["a", "1"], ["a"], id="both there"),
        pytest.param({"1": {"number": "2"}, "2": {"number": "1"}}, ["1", "2"], ["2", "1"], id="each other's number"),
        pytest.param({"1": {"number": "2"}, "2": {"number": "3"}}, ["2", "3"], ["1", "2"], id="handed on"),
        pytest.param({"a": {"number": "1"}, "b": {"number": "1"}}, ["1"], ["a"], id="one number for two phones"),
        pytest.param({"a": {"hidden": True, "number": "1"}}, ["1"], ["1"], id="hidden"),
        pytest.param({"a": {"name": "Ann"}}, ["a"], ["a"], id="without a number"),
        pytest.param({"1": {"number": "1"}}, ["1"], ["1"], id="the same"),
        pytest.param({"1_2": {"number": "1"}}, ["1", "1_2_3"], ["1_2", "1_2_3"], id="with the separator"),
        pytest.param(None, ["1"], ["1"], id="nothing named"),
        pytest.param("a = 1", ["1"], ["1"], id="no list"),
    ],
)
async def test_named_phones(hass: HomeAssistant, names: Any, before: list[str], after: list[str]) -> None:
    """A phone is known by its SIP account, in whatever way numbers were given."""
    await load_registries_of(hass)
    entry = MockConfigEntry(
        domain=DOMAIN,
        unique_id="voipsun_box",
        version=1,
        data={"provider": "voipsun", "webhook_id": "hook"},
        options={"extension_names": names},
    )
    entry.add_to_hass(hass)
    made: dict[str, tuple[str, str]] = {}
    for identity in before:
        start = f"voipsun_box_extension_{identity}"
        device = dr.async_get(hass).async_get_or_create(config_entry_id=entry.entry_id, identifiers={(DOMAIN, start)})
        entity = er.async_get(hass).async_get_or_create(
            "sensor", DOMAIN, f"{start}_call_state", config_entry=entry, device_id=device.id
        )
        made[identity] = (device.id, entity.entity_id)
    async_migrate(hass, entry)
    assert entry.version == 2
    kept_ones = [made[identity] for identity in (before if len(before) == len(after) else before[-len(after) :])]
    starts = [f"voipsun_box_extension_{identity}" for identity in after]
    assert devices_of(hass, entry) == {device: start for (device, _), start in zip(kept_ones, starts, strict=True)}
    assert entities_of(hass, entry) == {
        entity: f"{start}_call_state" for (_, entity), start in zip(kept_ones, starts, strict=True)
    }


async def test_unknown_phone_system(hass: HomeAssistant) -> None:
    """An account that this version cannot understand keeps what it has, and is not touched."""
    entry = MockConfigEntry(domain=DOMAIN, version=1, data={"provider": "acme"}, options={"extension_names": {}})
    entry.add_to_hass(hass)
    async_migrate(hass, entry)
    assert (entry.version, dict(entry.options)) == (2, {"extension_names": {}})


async def test_newer_version_is_refused(hass: HomeAssistant, expected_warnings: list[str]) -> None:
    """What a newer version keeps is not read as if this one had made it."""
    await load_registries_of(hass)
    entry = MockConfigEntry(domain=DOMAIN, version=VERSION + 1, data={"provider": "voipsun"})
    entry.add_to_hass(hass)
    expected_warnings.append("^ERROR homeassistant.config_entries: .* which is higher than the current version")
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.MIGRATION_ERROR
