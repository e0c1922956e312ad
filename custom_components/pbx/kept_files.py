"""Files of ours in Home Assistant's storage: they are read whatever they hold."""

from collections.abc import Mapping
from typing import Any

from homeassistant.exceptions import UnsupportedStorageVersionError
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .const import LOGGER


async def async_read(store: Store[Any]) -> dict[str, Any] | None:
    """Return what a file of ours holds, empty where that is nothing a version of ours wrote.

    None for a file of a newer version, which must stay as it is.
    """
    try:
        kept = await store.async_load()
    except UnsupportedStorageVersionError:
        LOGGER.warning("%s is of a newer version: it is not read, and stays as it is", store.key)
        return None
    return kept if isinstance(kept, dict) else {}


def rows(kept: Mapping[str, Any] | None, name: str) -> list[dict[str, Any]]:
    """Return the rows that a file has under a name, without what is no row."""
    found = (kept or {}).get(name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def is_moment(kept: str) -> bool:
    """Return whether a text that was kept is a moment in ISO 8601."""
    try:
        return dt_util.parse_datetime(kept) is not None
    except ValueError:
        return False
