"""Bring what an older version kept of an account to how this version keeps it.

Nothing is asked of the phone system, which may be out of reach while Home Assistant starts.
"""

from collections.abc import Mapping

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er

from .accounts import provider_of
from .const import CONF_FOLLOW
from .data import PbxConfigEntry
from .devices import SubjectKind, device_identifier

VERSION = 2
"""The version of a config entry that this version of the integration makes."""

_UNDERWAY = "\0"  # in no identity: what stands behind it may be the old one of another device


@callback
def async_migrate(hass: HomeAssistant, entry: PbxConfigEntry) -> None:
    """Migrate an entry of an older version.

    Version 2: an extension is known by what the phone system knows it by, not by the number that a
    person entered for it.
    """
    if entry.version < VERSION:
        _know_extensions_for_good(hass, entry)
        hass.config_entries.async_update_entry(entry, version=VERSION, minor_version=1)


def _know_extensions_for_good(hass: HomeAssistant, entry: PbxConfigEntry) -> None:
    """Give the devices and entities of renamed extensions the identity they have from now on."""
    kind = provider_of(entry)
    if kind is None:
        return  # of a phone system that this version does not know
    entered = kind.entered_numbers({**entry.data, **entry.options})
    identities = {number: identity for number, identity in entered.items() if number != identity}
    followed = entry.options.get(CONF_FOLLOW)
    if identities and isinstance(followed, list):
        kept = [identities.get(number, number) for number in followed]
        options = {**entry.options, CONF_FOLLOW: list(dict.fromkeys(kept))}
        hass.config_entries.async_update_entry(entry, options=options)
    _remove_left_over(hass, entry, identities)
    # In two steps, because one may get the number that another one had.
    _rename(hass, entry, {old: f"{_UNDERWAY}{new}" for old, new in identities.items()})
    _rename(hass, entry, {f"{_UNDERWAY}{new}": new for new in identities.values()})


def _remove_left_over(
    hass: HomeAssistant, entry: PbxConfigEntry, identities: Mapping[str, str]
) -> None:
    """Remove devices from before an extension was given its number, where both are there.

    The older version had replaced them, and not come to remove them.
    """
    devices = dr.async_get(hass)
    for old, new in identities.items():
        left_over = _device(hass, entry, new)
        if left_over is None or new in identities or _device(hass, entry, old) is None:
            continue
        _remove_entities(hass, left_over)
        devices.async_remove_device(left_over.id)


def _remove_entities(hass: HomeAssistant, device: dr.DeviceEntry) -> None:
    """Remove the entities of a device, so that their unique ids are free."""
    entities = er.async_get(hass)
    for entity in er.async_entries_for_device(entities, device.id, include_disabled_entities=True):
        entities.async_remove(entity.entity_id)


def _rename(hass: HomeAssistant, entry: PbxConfigEntry, identities: Mapping[str, str]) -> None:
    """Give devices and their entities another identity, from old to new; the rest stays."""
    entities = er.async_get(hass)
    for old, new in identities.items():
        device = _device(hass, entry, old)
        if device is None:
            continue
        before = device_identifier(entry, SubjectKind.EXTENSION, old)
        after = device_identifier(entry, SubjectKind.EXTENSION, new)
        for entity in er.async_entries_for_device(
            entities, device.id, include_disabled_entities=True
        ):
            start = f"{before[1]}_"
            if entity.config_entry_id == entry.entry_id and entity.unique_id.startswith(start):
                key = entity.unique_id.removeprefix(start)
                entities.async_update_entity(entity.entity_id, new_unique_id=f"{after[1]}_{key}")
        dr.async_get(hass).async_update_device(
            device.id, new_identifiers=(device.identifiers - {before}) | {after}
        )


def _device(hass: HomeAssistant, entry: PbxConfigEntry, identity: str) -> dr.DeviceEntry | None:
    """Return the device of an extension; None if there is none."""
    wanted = device_identifier(entry, SubjectKind.EXTENSION, identity)
    for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id):
        if wanted in device.identifiers:
            return device
    return None
