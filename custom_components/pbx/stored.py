"""What must not be lost of an account: it is written again until it is stored.

Home Assistant writes accounts down a moment after a change, and tries that once: where the disk is
full, it logs an error. What an account learnt since, as what was made for it at the phone system,
would be nobody's after a restart.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from homeassistant.config_entries import (
    STORAGE_KEY,
    STORAGE_VERSION,
    STORAGE_VERSION_MINOR,
)
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.json import json_dumps_sorted
from homeassistant.helpers.storage import Store
from homeassistant.util.hass_dict import HassKey

from .const import (
    CONF_CREATED_OBJECTS,
    CONF_OLD_WEBHOOKS,
    CONF_ORIGINAL_WEBHOOK,
    CONF_WRITTEN_AGAIN,
    LOGGER,
)

FIRST_LOOK: Final = 10  # seconds
LONGEST_WAIT: Final = 3600
PRECIOUS: Final = frozenset({CONF_CREATED_OBJECTS, CONF_OLD_WEBHOOKS, CONF_ORIGINAL_WEBHOOK})
"""What nobody could find out again."""

_LOOKS: HassKey[dict[str, CALLBACK_TYPE]] = HassKey("pbx_stored")


@callback
def async_ensure_stored(hass: HomeAssistant, entry_id: str, wait: float = FIRST_LOOK) -> None:
    """See to it that an account is stored as it is: look in a while, and as long as it is not."""
    looks = hass.data.setdefault(_LOOKS, {})
    if entry_id in looks:
        looks.pop(entry_id)()
    look = HassJob(
        partial(_async_look, hass, entry_id, wait), "pbx stored", cancel_on_shutdown=True
    )
    looks[entry_id] = async_call_later(hass, wait, look)


async def _async_look(hass: HomeAssistant, entry_id: str, wait: float, _now: datetime) -> None:
    """Let an account be written again if it is not stored, and look again then."""
    hass.data[_LOOKS].pop(entry_id, None)
    if await _async_is_stored(hass, entry_id):
        return
    entry = hass.config_entries.async_get_entry(entry_id)
    if entry is None:
        return
    LOGGER.debug("What is new of %s was not stored, and is written again", entry.title)
    times = int(entry.data.get(CONF_WRITTEN_AGAIN, 0)) + 1
    hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_WRITTEN_AGAIN: times})
    async_ensure_stored(hass, entry_id, min(2 * wait, LONGEST_WAIT))


async def _async_is_stored(hass: HomeAssistant, entry_id: str) -> bool:
    """Return whether an account is stored as it is, or gone."""
    store: Store[dict[str, Any]] = Store(
        hass, STORAGE_VERSION, STORAGE_KEY, minor_version=STORAGE_VERSION_MINOR, read_only=True
    )
    try:
        stored = await store.async_load()
    except HomeAssistantError:
        stored = None
    entry = hass.config_entries.async_get_entry(entry_id)
    if entry is None:
        return True
    rows = (stored or {}).get("entries", ())
    found = next((row["data"] for row in rows if row["entry_id"] == entry_id), None)
    return found is not None and json_dumps_sorted(found) == json_dumps_sorted(dict(entry.data))


def apart_from_writes(data: Mapping[str, object]) -> dict[str, object]:
    """Return what an account knows, without how often it was written again."""
    return {key: value for key, value in data.items() if key != CONF_WRITTEN_AGAIN}
