"""The front end: its script, and what its cards are told over Home Assistant's own WebSocket.

The script is loaded in two ways with one address. As a module of every page it brings the pop-up;
as a resource of dashboards it makes them wait for the cards, also on a page that a service worker
kept from before an update. The folder of the address carries a digest of the files, so nothing
stale is ever used, and the parts of the script import each other relatively.
"""

import asyncio
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from homeassistant.auth import EVENT_USER_UPDATED
from homeassistant.components import frontend
from homeassistant.components.http.server import StaticPathConfig
from homeassistant.components.lovelace.const import LOVELACE_DATA
from homeassistant.components.lovelace.resources import ResourceStorageCollection
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from ..coordinator import PbxCoordinator
from ..recent_calls import RecentCalls
from .feed import Console
from .preferences import Preferences
from .websocket import DATA_CONSOLE, DATA_PREFERENCES, async_register_commands

FOLDER: Final = Path(__file__).parents[1] / "www"
SCRIPT: Final = "pbx.js"
BASE: Final = "/pbx_static"


@dataclass(slots=True, kw_only=True)
class Script:
    """Where the script is served, and how pages are told to load it."""

    url: str
    loaded: bool = False
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


DATA_SCRIPT: HassKey[Script] = HassKey("pbx_console_script")


async def async_setup_console(hass: HomeAssistant) -> None:
    """Answer the questions of the cards, and serve the script where there is a user interface."""
    console = hass.data[DATA_CONSOLE] = Console()
    hass.data[DATA_PREFERENCES] = Preferences(hass, console)
    await hass.data[DATA_PREFERENCES].async_load()

    @callback
    def rights_changed(event: Event[dict[str, str]]) -> None:
        """Show a user's open pages what the user may read from now on."""
        console.async_rights_changed(event.data["user_id"])

    hass.bus.async_listen(EVENT_USER_UPDATED, rights_changed)
    async_register_commands(hass)
    if frontend.DATA_EXTRA_MODULE_URL not in hass.data:
        return
    digest = await hass.async_add_executor_job(digest_of, FOLDER)
    base = f"{BASE}/{digest}"
    await hass.http.async_register_static_paths(
        [StaticPathConfig(base, str(FOLDER), cache_headers=True)]
    )
    hass.data[DATA_SCRIPT] = Script(url=f"{base}/{SCRIPT}")


def digest_of(folder: Path) -> str:
    """Return twelve hexadecimal digits that differ whenever a script in the folder does."""
    total = hashlib.sha256()
    for file in sorted(folder.glob("*.js")):
        total.update(file.name.encode() + b"\0" + file.read_bytes())
    return total.hexdigest()[:12]


async def async_add_account(
    hass: HomeAssistant, coordinator: PbxCoordinator, recent: RecentCalls
) -> None:
    """Show an account until it is unloaded; with the first one, pages begin to load the script."""
    await _async_load_script(hass)
    hass.data[DATA_CONSOLE].async_add(coordinator, recent)


async def _async_load_script(hass: HomeAssistant) -> None:
    """Let pages and dashboards load the script, where there are any."""
    script = hass.data.get(DATA_SCRIPT)
    if script is None:
        return
    if not script.loaded:
        script.loaded = True
        frontend.add_extra_js_url(hass, script.url)
    if (resources := _resources(hass)) is None:
        return
    async with script.lock:  # accounts are set up at the same time
        await resources.async_get_info()  # reads them, if nobody has before
        wanted = {"res_type": "module", "url": script.url}
        ours = _ours(resources)
        if not ours:
            await resources.async_create_item(wanted)
        elif ours[0]["url"] != script.url:
            await resources.async_update_item(ours[0]["id"], wanted)
        for doubled in ours[1:]:
            await resources.async_delete_item(doubled["id"])


async def async_remove_script(hass: HomeAssistant) -> None:
    """Let no page load the script any more: the last account was removed."""
    script = hass.data.get(DATA_SCRIPT)
    if script is None:
        return
    if script.loaded:
        script.loaded = False
        frontend.remove_extra_js_url(hass, script.url)
    if (resources := _resources(hass)) is None:
        return
    async with script.lock:
        await resources.async_get_info()
        for item in _ours(resources):
            await resources.async_delete_item(item["id"])


@callback
def _resources(hass: HomeAssistant) -> ResourceStorageCollection | None:
    """Return the resources of dashboards, or None where they cannot be changed.

    That is where dashboards are not set up, or where a person writes the resources in YAML.
    """
    lovelace = hass.data.get(LOVELACE_DATA)
    if lovelace is None or not isinstance(lovelace.resources, ResourceStorageCollection):
        return None
    return lovelace.resources


def _ours(resources: ResourceStorageCollection) -> list[dict[str, str]]:
    """List the resources that are ours, whatever version they belong to."""
    return [item for item in resources.async_items() if item["url"].startswith(f"{BASE}/")]
