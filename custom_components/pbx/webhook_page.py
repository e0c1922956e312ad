"""The page for a webhook that a person enters in the phone system's own settings.

The same page is shown when an account is added, in its options, and when nothing is pushed.
"""

from collections.abc import Mapping
from enum import StrEnum
from ipaddress import ip_address
from typing import Any, Final, NamedTuple

import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import BooleanSelector, TextSelector
from homeassistant.helpers.translation import async_get_translations
from yarl import URL

from .const import DOMAIN
from .providers.base import Provider
from .push.url import addresses_to_paste

CONF_ADDRESSES: Final = ("address", "address_2", "address_3")
CONF_TEST: Final = "test"


class Trouble(StrEnum):
    """Why an address may not be reached from the internet: keys of the warnings' texts."""

    NONE = "address_unknown"
    LOCAL = "address_local"
    UNENCRYPTED = "address_unencrypted"
    UNREACHED = "address_unreached"


class WebhookPage(NamedTuple):
    """What a form shows: a field for each different address, and what to do with it."""

    fields: Mapping[vol.Marker, object]
    how: str


async def async_webhook_page(
    hass: HomeAssistant,
    provider: Provider,
    data: Mapping[str, Any],
    trouble: Trouble | None = None,
) -> WebhookPage | None:
    """Return the page of an account; None where the phone system does not need it.

    `trouble` is what was found out about the address beside what it shows by itself.
    """
    addresses = addresses_to_paste(hass, provider, data)
    if not addresses:
        return None
    words = await async_get_translations(hass, hass.config.language, "common", {DOMAIN})
    start = f"component.{DOMAIN}.common."
    trouble = trouble_of(next(iter(addresses))) or trouble
    how = words.get(f"{start}paste_{provider.key}", "").format(
        settings=", ".join(f"`{name}`" for names in addresses.values() for name in names),
        manual=provider.webhook_manual,
    )
    warning = "" if trouble is None else words.get(f"{start}{trouble}", "")
    if warning:
        how = f"{how}\n\n⚠️ {warning}"
    fields = {
        # Not read-only: browsers let nobody select what is in such a field.
        vol.Optional(key, description={"suggested_value": address}): TextSelector()
        for key, address in zip(CONF_ADDRESSES, addresses, strict=False)
    }
    return WebhookPage(fields=fields, how=how)


def test_field() -> dict[vol.Marker, object]:
    """Return the field that asks for a call as a proof; it is on unless somebody turns it off."""
    marker = vol.Optional(CONF_TEST, description={"suggested_value": True})
    return {marker: BooleanSelector()}


def trouble_of(address: str) -> Trouble | None:
    """Return why an address will hardly be reached, as far as it shows that by itself."""
    url = URL(address)
    if not url.absolute or url.host is None:
        return Trouble.NONE
    if _is_local(url.host):
        return Trouble.LOCAL
    return None if url.scheme == "https" else Trouble.UNENCRYPTED


def _is_local(host: str) -> bool:
    """Return whether a host is one that only the own network knows."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(
            (".local", ".lan", ".home", ".home.arpa", ".internal")
        )
