"""The URL of a webhook: Home Assistant's own address on the internet, else a cloudhook."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from homeassistant.components import webhook
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.helpers.network import NoURLAvailableError
from homeassistant.util.network import is_local
from yarl import URL

from ..const import CONF_CLOUDHOOK_URL, LOGGER
from ..providers.base import Provider


def external_url(hass: HomeAssistant, webhook_id: str) -> str | None:
    """Return the URL of a webhook under Home Assistant's own address on the internet, if any."""
    try:
        return webhook.async_generate_url(hass, webhook_id, allow_internal=False, allow_ip=True)
    except NoURLAvailableError:
        return None


def is_insecure(url: str) -> bool:
    """Return whether what is sent to a URL can be read on its way through the internet."""
    parsed = URL(url)
    if parsed.scheme == "https":
        return False
    try:
        return not is_local(ip_address(parsed.host or ""))
    except ValueError:
        return True


def addresses_to_paste(
    hass: HomeAssistant, provider: Provider, data: Mapping[str, Any]
) -> dict[str, list[str]]:
    """Return the URLs that a person enters in the phone system's own settings.

    Each different one comes with the names of the settings that take it. Return nothing for a
    phone system that does not need that.
    """
    webhook_id = data[CONF_WEBHOOK_ID]
    url = external_url(hass, webhook_id) or data.get(CONF_CLOUDHOOK_URL)
    if url is None:
        url = _internal_url(hass, webhook_id)
    addresses: dict[str, list[str]] = {}
    for name, text in provider.urls_to_paste(url).items():
        addresses.setdefault(text, []).append(name)
    return addresses


def _internal_url(hass: HomeAssistant, webhook_id: str) -> str:
    """Return the URL of a webhook at home, or only its path if no address is known."""
    try:
        return webhook.async_generate_url(hass, webhook_id)
    except NoURLAvailableError:
        return webhook.async_generate_path(webhook_id)


async def async_cloudhook_url(
    hass: HomeAssistant, webhook_id: str, known: str | None = None
) -> str | None:
    """Return the URL of a webhook through Home Assistant Cloud, if somebody is signed in.

    Return the known one while the cloud cannot be reached.
    """
    if "cloud" not in hass.config.components:
        return None
    from homeassistant.components import cloud  # noqa: PLC0415 - not installed everywhere

    if not cloud.async_active_subscription(hass):
        return None
    try:
        return await cloud.async_get_or_create_cloudhook(hass, webhook_id)
    except Exception as err:  # noqa: BLE001 - whatever the cloud's client and its network raise
        LOGGER.debug("Home Assistant Cloud gives no address now: %s", type(err).__name__)
        return known


async def async_delete_cloudhook(hass: HomeAssistant, data: Mapping[str, Any]) -> None:
    """Delete the URL through Home Assistant Cloud, if there is one."""
    if CONF_CLOUDHOOK_URL not in data or "cloud" not in hass.config.components:
        return
    from homeassistant.components import cloud  # noqa: PLC0415

    try:
        await cloud.async_delete_cloudhook(hass, data[CONF_WEBHOOK_ID])
    except Exception as err:  # noqa: BLE001 - as above
        LOGGER.debug("Home Assistant Cloud kept an address: %s", type(err).__name__)
