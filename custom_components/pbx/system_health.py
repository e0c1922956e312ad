"""System health: the number of accounts, their pushes, and whether their clouds are reached."""

from collections.abc import Collection
from typing import Any

from homeassistant.components import system_health
from homeassistant.const import CONF_URL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant, callback
from yarl import URL

from .const import DOMAIN
from .data import PbxConfigEntry

OK = "ok"


@callback
def async_register(hass: HomeAssistant, register: system_health.SystemHealthRegistration) -> None:
    """Register what is shown."""
    register.async_register_info(async_health)


async def async_health(hass: HomeAssistant) -> dict[str, Any]:
    """Return the health of all accounts together."""
    entries: list[PbxConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    info: dict[str, Any] = {
        "accounts": len(hass.config_entries.async_entries(DOMAIN)),
        "loaded": len(entries),
        "pushing": sum(entry.runtime_data.health.pushing for entry in entries),
    }
    origins: dict[str, dict[str, None]] = {}
    for entry in entries:
        # A server with a certificate of its own is not on the internet, and would fail the check.
        if (url := entry.data.get(CONF_URL)) and entry.data.get(CONF_VERIFY_SSL, True):
            address = URL(url if "://" in url else f"https://{url}")
            provider = entry.runtime_data.coordinator.provider.key
            origins.setdefault(provider, {})[str(address.origin())] = None
    for provider, urls in origins.items():
        info[f"can_reach_{provider}"] = _async_can_reach(hass, urls)
    return info


async def _async_can_reach(hass: HomeAssistant, urls: Collection[str]) -> str | dict[str, str]:
    """Return whether all addresses of one provider can be reached, or why the first cannot."""
    found: str | dict[str, str] = OK
    for url in urls:
        found = await system_health.async_check_can_reach_url(hass, url)
        if found != OK:
            break
    return found
