"""Files of ours in Home Assistant's storage: they are read whatever they hold."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from homeassistant.exceptions import HomeAssistantError, UnsupportedStorageVersionError
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .const import LOGGER

UNREADABLE: Final = (HomeAssistantError, KeyError, NotImplementedError, TypeError)
"""What Home Assistant raises for a file that is JSON and none of its own, or no file at all."""


async def async_read(store: Store[Any]) -> dict[str, Any] | None:
    """Return what a file of ours holds, empty where that is nothing a version of ours wrote.

    None for a file of a newer version, which must stay as it is. A file that Home Assistant cannot
    read is put aside, as it does itself with one that was cut off.
    """
    try:
        kept = await store.async_load()
    except UnsupportedStorageVersionError:
        LOGGER.warning("%s is of a newer version: it is not read, and stays as it is", store.key)
        return None
    except UNREADABLE as err:
        LOGGER.warning("%s cannot be read, and is put aside: %s", store.key, type(err).__name__)
        await store.hass.async_add_executor_job(_put_aside, Path(store.path))
        return {}
    return kept if isinstance(kept, dict) else {}


def _put_aside(path: Path) -> None:
    """Give a file another name, under which a person finds it, if that can be done."""
    with suppress(OSError):
        path.rename(path.with_name(f"{path.name}.corrupt.{dt_util.utcnow().isoformat()}"))


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
