"""What a target names: devices and entities, and what of an account they stand for."""

from collections.abc import Iterable
from typing import NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.target import (
    SelectedEntities,
    TargetSelection,
    async_extract_referenced_entity_ids,
)

from .const import DOMAIN
from .devices import PbxDevices, Subject, SubjectKind


class Item(NamedTuple):
    """A device or an entity of a target, and the account it belongs to, if it is one of ours."""

    name: str
    entry_id: str | None
    unique_id: str | None = None

    @classmethod
    def of(
        cls,
        hass: HomeAssistant,
        found: dr.DeviceEntry | dr.ChildDeviceEntry | er.RegistryEntry | None,
        name: str,
    ) -> Item:
        """Return the item for what a registry has under an id."""
        unique_id = found.unique_id if isinstance(found, er.RegistryEntry) else None
        entry_id = None if found is None else found.config_entry_id
        entry = None if entry_id is None else hass.config_entries.async_get_entry(entry_id)
        if entry is None or entry.domain != DOMAIN:
            entry_id = None
        return cls(name=name, entry_id=entry_id, unique_id=unique_id)

    def subject(self, devices: PbxDevices) -> Subject | None:
        """Return what the item stands for; None for what an action cannot be about."""
        if self.unique_id is not None:
            return devices.by_unique_id.get(self.unique_id)
        return devices.subject_of_device(self.name)


class Items(NamedTuple):
    """What a target names itself, and what merely is in a named area or has a named label."""

    named: tuple[Item, ...]
    around: tuple[Item, ...]

    def subjects(self, devices: PbxDevices) -> frozenset[Subject]:
        """Return the phones, agents, queues of an account, and the account if it is named itself.

        A slot stands for its account. That an account's device is in an area says nothing of its
        phones.
        """
        found: set[Subject] = set()
        for item in self.named:
            subject = item.subject(devices)
            if subject is not None:
                found.add(devices.account if subject.kind is SubjectKind.SLOT else subject)
        for item in self.around:
            subject = item.subject(devices)
            if subject is not None and subject.kind not in (SubjectKind.SLOT, SubjectKind.ACCOUNT):
                found.add(subject)
        return frozenset(found)


def items_in(hass: HomeAssistant, selection: TargetSelection) -> Items:
    """Return what a target names; a device stands for its phone, not for its entities."""
    found = async_extract_referenced_entity_ids(hass, selection)
    return Items(
        named=tuple(_named(hass, selection, found)), around=tuple(_around(hass, selection, found))
    )


def kinds_in(hass: HomeAssistant, selection: TargetSelection) -> frozenset[SubjectKind] | None:
    """Return what the devices of a target are, also those of entities, without their account.

    Return None where that is not certain: for an area or a label, and for what is not ours or gone.
    """
    found = async_extract_referenced_entity_ids(hass, selection)
    if selection.area_ids or selection.floor_ids or selection.label_ids:
        return None
    devices, entities = dr.async_get(hass), er.async_get(hass)
    registered = [entities.async_get(entity_id) for entity_id in found.referenced]
    ids = {None if entity is None else entity.device_id for entity in registered}
    kinds: set[SubjectKind] = set()
    for device_id in ids | selection.device_ids:
        device = None if device_id is None else devices.async_get(device_id)
        item = Item.of(hass, device, device_id or "")
        model = device.model_id if isinstance(device, dr.DeviceEntry) else None
        if item.entry_id is None or model is None or model not in SubjectKind:
            return None
        kinds.add(SubjectKind(model))
    return frozenset(kinds)


def _named(
    hass: HomeAssistant, selection: TargetSelection, found: SelectedEntities
) -> Iterable[Item]:
    """Give the devices and entities that were named themselves."""
    devices, entities = dr.async_get(hass), er.async_get(hass)
    for device_id in sorted(selection.device_ids):
        yield Item.of(hass, devices.async_get(device_id), device_id)
    for entity_id in sorted(found.referenced):
        yield Item.of(hass, entities.async_get(entity_id), entity_id)


def _around(
    hass: HomeAssistant, selection: TargetSelection, found: SelectedEntities
) -> Iterable[Item]:
    """Give the devices and entities in the areas, or with the labels, that were named."""
    devices, entities = dr.async_get(hass), er.async_get(hass)
    for device_id in sorted(found.referenced_devices - selection.device_ids):
        yield Item.of(hass, devices.async_get(device_id), device_id)
    for entity_id in sorted(found.indirectly_referenced):
        registered = entities.async_get(entity_id)
        if registered is not None and registered.device_id not in found.referenced_devices:
            yield Item.of(hass, registered, entity_id)
