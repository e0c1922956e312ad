"""Bare sensors: a device has as many as an extension has entities, of which as many are enabled."""

from homeassistant.components.sensor import SensorEntity
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from . import DOMAIN

EACH, ENABLED = 6, 2


class BareSensor(SensorEntity):
    """A sensor that never changes."""

    _attr_should_poll = False
    _attr_has_entity_name = True
    _attr_native_value = "idle"

    def __init__(self, device: int, number: int) -> None:
        """Be one of a device's."""
        self._attr_name = f"Sensor {number}"
        self._attr_unique_id = f"{device}_{number}"
        self._attr_entity_registry_enabled_default = number < ENABLED
        self._attr_device_info = DeviceInfo(identifiers={(DOMAIN, str(device))}, name=f"Phone {device}")


async def async_setup_entry(
    hass: HomeAssistant, entry: ConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of all devices."""
    devices = entry.data["devices"]
    async_add_entities(BareSensor(device, number) for device in range(devices) for number in range(EACH))
