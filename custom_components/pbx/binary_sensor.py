"""Binary sensors: whether the phone system, its pushes and each phone are there."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.binary_sensor import BinarySensorEntity, BinarySensorEntityDescription
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import PbxCoordinator
from .data import PbxConfigEntry
from .devices import SubjectKind
from .entity import PbxEntity, PbxEntityDescription, async_add_subjects
from .telephony.models import Capability, Extension

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PbxBinarySensorEntityDescription(PbxEntityDescription, BinarySensorEntityDescription):
    """Describe how a binary sensor reads its state."""

    is_on_fn: Callable[[PbxCoordinator, str], bool | None]
    always: bool = False
    """Show the state while the phone system cannot be reached as well."""


def _extension(
    value: Callable[[Extension], bool | None],
) -> Callable[[PbxCoordinator, str], bool | None]:
    """Return what reads a value of an extension."""

    def read(coordinator: PbxCoordinator, number: str) -> bool | None:
        """Return the value, or None while the extension is not known."""
        extension = coordinator.data.extensions.get(number)
        return None if extension is None else value(extension)

    return read


BINARY_SENSORS: tuple[PbxBinarySensorEntityDescription, ...] = (
    PbxBinarySensorEntityDescription(
        key="connected",
        translation_key="connected",
        subject=SubjectKind.ACCOUNT,
        essential=True,
        always=True,
        health_only=True,
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        is_on_fn=lambda coordinator, _id: coordinator.last_update_success,
    ),
    PbxBinarySensorEntityDescription(
        key="push",
        translation_key="push",
        subject=SubjectKind.ACCOUNT,
        essential=True,
        always=True,
        health_only=True,
        needs=Capability.WEBHOOK,
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        is_on_fn=lambda coordinator, _id: coordinator.health.pushing,
    ),
    PbxBinarySensorEntityDescription(
        key="registered",
        translation_key="registered",
        subject=SubjectKind.EXTENSION,
        listed_only=True,
        needs=Capability.REGISTRATION,
        for_trunks=True,
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
        entity_category=EntityCategory.DIAGNOSTIC,
        is_on_fn=_extension(lambda extension: extension.registered),
    ),
    PbxBinarySensorEntityDescription(
        key="do_not_disturb",
        translation_key="do_not_disturb",
        subject=SubjectKind.EXTENSION,
        listed_only=True,
        needs=Capability.DND,
        is_on_fn=_extension(lambda extension: extension.dnd),
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: PbxConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the binary sensors."""
    await async_add_subjects(
        entry.runtime_data.coordinator, async_add_entities, BINARY_SENSORS, PbxBinarySensor
    )


class PbxBinarySensor(PbxEntity, BinarySensorEntity):
    """A binary sensor of one subject."""

    entity_description: PbxBinarySensorEntityDescription

    @property
    @override
    def available(self) -> bool:
        """Return whether the state can be known now."""
        return self.entity_description.always or super().available

    @callback
    @override
    def async_read(self) -> object:
        """Read the state and return it."""
        self._attr_is_on = self.entity_description.is_on_fn(self.coordinator, self.subject.id)
        return self._attr_is_on
