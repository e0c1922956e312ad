"""Devices with bare sensors, and the times at which a stop came how far.

An entry sets up so many devices. Whatever the house has, `stop.json` tells of its last stop.
"""

import atexit
import json
import time
from pathlib import Path

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    EVENT_HOMEASSISTANT_FINAL_WRITE,
    Platform,
)
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.typing import ConfigType

DOMAIN = "pbx_bare"
ENDED = "ended"


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Note when the integrations are done with a stop, and when Home Assistant has ended and Python has not."""
    steps: dict[str, tuple[float, float]] = {}

    @callback
    def note(event: Event) -> None:
        """Note when it is now."""
        steps[str(event.event_type)] = (time.monotonic(), time.process_time())

    def write(file: Path) -> None:
        """Write down when each was, by the clock and in processor time."""
        steps[ENDED] = (time.monotonic(), time.process_time())
        file.write_text(json.dumps(steps))

    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_FINAL_WRITE, note)
    atexit.register(write, Path(hass.config.path("stop.json")))
    return True


async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Add the sensors."""
    await hass.config_entries.async_forward_entry_setups(entry, [Platform.SENSOR])
    return True
