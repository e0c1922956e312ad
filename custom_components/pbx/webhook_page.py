"""The page for a webhook that a person enters in the phone system's own settings, and its proof.

The same page is shown when an account is added, in its options, and when nothing is pushed.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Any, Final

import aiohttp
import voluptuous as vol
from aiohttp.web import Request, Response
from homeassistant.components import webhook
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.helpers.selector import BooleanSelector, TextSelector
from homeassistant.helpers.translation import async_get_translations
from yarl import URL

from .const import DOMAIN, LOGGER
from .providers.base import Provider
from .push.url import addresses_to_paste, external_url
from .push.webhook import METHODS, async_read_push
from .telephony.errors import BadPayloadError
from .telephony.models import LegPush, Pushed, PushRequest, UnknownPush

CONF_ADDRESSES: Final = ("address", "address_2", "address_3")
CONF_TEST: Final = "test"
PATIENCE: Final = 60  # seconds in which a person takes a phone and calls
ANSWER_WITHIN: Final = 5  # seconds


class Trouble(StrEnum):
    """Why an address may not be reached from the internet: keys of the warnings' texts."""

    NONE = "address_unknown"
    LOCAL = "address_local"
    UNENCRYPTED = "address_unencrypted"
    UNREACHED = "address_unreached"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookPage:
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


class WebhookTrial:
    """Take what is pushed to an address before there is an account that takes it."""

    def __init__(self, hass: HomeAssistant, provider: Provider, webhook_id: str) -> None:
        """Initialize the trial, to which nothing was pushed yet."""
        self._hass = hass
        self._provider = provider
        self._webhook_id = webhook_id
        self._started = False
        self._asked = False
        self._arrived = asyncio.Event()
        self.messages: tuple[Pushed, ...] = ()

    @callback
    def async_start(self) -> None:
        """Take what comes from now on."""
        if not self._started:
            webhook.async_register(
                self._hass,
                DOMAIN,
                self._provider.name,
                self._webhook_id,
                self._async_handle,
                allowed_methods=METHODS,
            )
            self._started = True

    @callback
    def async_stop(self) -> None:
        """Leave the address to whoever takes it next."""
        if self._started:
            webhook.async_unregister(self._hass, self._webhook_id)
            self._started = False

    async def async_wait(self) -> None:
        """Wait until something was pushed, but no longer than a person has patience."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._arrived.wait()
        except TimeoutError:
            LOGGER.debug("%s has pushed nothing yet", self._provider.name)

    async def async_trouble(self) -> Trouble | None:
        """Return whether Home Assistant's own address on the internet leads elsewhere.

        What has no such address is not asked for.
        """
        address = external_url(self._hass, self._webhook_id)
        if address is None or trouble_of(address) is not None:
            return None
        self._asked = False
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await async_look(self._hass, address)
        except (aiohttp.ClientError, OSError, TimeoutError) as err:
            LOGGER.debug("The address of the webhook does not answer: %s", type(err).__name__)
        return None if self._asked else Trouble.UNREACHED

    async def _async_handle(
        self, _hass: HomeAssistant, _webhook_id: str, request: Request
    ) -> Response:
        """Answer 200 at once, whatever came, and note what it says."""
        self._asked = True
        push = await async_read_push(request)
        if push is not None and (push.body or push.query):
            self._take(push)
        return Response()

    def _take(self, push: PushRequest) -> None:
        """Note what a request says, if it says anything."""
        try:
            messages = self._provider.parse(push)
        except BadPayloadError:
            return
        known = tuple(one for one in messages if not isinstance(one, UnknownPush))
        if known:
            self.messages = known
            self._arrived.set()


async def async_look(hass: HomeAssistant, address: str) -> None:
    """Ask for an address, whatever it answers, with no cookie of anybody; raise as aiohttp does."""
    session = async_create_clientsession(
        hass, auto_cleanup=False, cookie_jar=aiohttp.DummyCookieJar()
    )
    try:
        async with session.get(address, allow_redirects=False):
            pass
    finally:
        session.detach()


def described(messages: tuple[Pushed, ...]) -> str:
    """Return what was pushed, in a few words that are safe in Markdown."""
    for message in messages:
        if isinstance(message, LegPush):
            parties = (message.caller, message.callee)
            numbers = [party.number for party in parties if party is not None and party.number]
            if numbers:
                return " → ".join(_literal(number) for number in numbers)
            return _literal(message.provider_event)
    return _literal(messages[0].provider_event) if messages else ""


def _literal(text: str) -> str:
    """Return a text that Markdown shows as it is."""
    return f"`{text.replace('`', '')}`"
