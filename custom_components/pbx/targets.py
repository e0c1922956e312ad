"""What a target names: devices and entities, and what of an account they stand for."""

from collections.abc import Iterable
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
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
