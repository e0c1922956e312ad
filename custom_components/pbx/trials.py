"""Prove a phone system's reports before there is an account: somebody calls, and it is told."""

import asyncio
from abc import ABC, abstractmethod
from typing import Final, override

import aiohttp
from aiohttp.web import Request, Response
from homeassistant.components import webhook
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession

from .const import DOMAIN, LOGGER
from .providers.base import Provider
from .push.url import external_url
from .push.webhook import METHODS, async_read_push
from .telephony.errors import BadPayloadError, ProviderError
from .telephony.models import LegPush, Pushed, PushRequest, UnknownPush
from .webhook_page import Trouble, trouble_of

PATIENCE: Final = 60  # seconds in which a person takes a phone and calls
ANSWER_WITHIN: Final = 5  # seconds


class Trial(ABC):
    """Listen to a phone system, until a call is reported or nobody waits any more."""

    def __init__(self, hass: HomeAssistant, provider: Provider) -> None:
        """Initialize the trial, to which nothing was reported yet."""
        self._hass = hass
        self._provider = provider
        self._arrived = asyncio.Event()
        self.messages: tuple[Pushed, ...] = ()

    @callback
    @abstractmethod
    def async_start(self) -> None:
        """Listen from now on."""

    @callback
    @abstractmethod
    def async_stop(self) -> None:
        """Leave the phone system to whoever listens next."""

    async def async_wait(self) -> None:
        """Wait until something was reported, but no longer than a person has patience."""
        self.async_start()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._arrived.wait()
        except TimeoutError:
            LOGGER.debug("%s has reported nothing yet", self._provider.name)

    @callback
    def _async_arrived(self, messages: tuple[Pushed, ...]) -> None:
        """Keep what was reported."""
        self.messages = messages
        self._arrived.set()


class StreamTrial(Trial):
    """Follow the stream of a phone system, which may be allowed to tell of no calls."""

    def __init__(self, hass: HomeAssistant, provider: Provider) -> None:
        """Initialize the trial, which does not listen yet."""
        super().__init__(hass, provider)
        self._listening: asyncio.Task[None] | None = None
        self._up = asyncio.Event()

    async def async_connect(self) -> None:
        """Listen from now on, and wait a moment until the stream is up."""
        self.async_start()
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                await self._up.wait()
        except TimeoutError:
            LOGGER.debug("The trial of %s is not up yet", self._provider.name)

    @callback
    @override
    def async_start(self) -> None:
        """Listen from now on, again if the stream has ended."""
        if self._listening is None or self._listening.done():
            self._listening = self._hass.async_create_background_task(
                self._async_listen(), f"{self._provider.name} trial"
            )

    @callback
    @override
    def async_stop(self) -> None:
        """Close the stream."""
        if self._listening is not None:
            self._listening.cancel()

    async def _async_listen(self) -> None:
        """Follow the stream until nobody waits any more, and take note of new calls.

        What was so before the stream came up was asked for, and proves nothing.
        """
        before: frozenset[str] | None = None
        try:
            async for pushed in self._provider.stream():
                if before is None:
                    listed = await self._provider.calls()
                    before = frozenset(call.id for call in listed or ())
                    self._up.set()
                elif isinstance(pushed, LegPush) and pushed.call_id not in before:
                    self._async_arrived((pushed,))
        except ProviderError as err:
            LOGGER.debug("The trial of %s ended: %s", self._provider.name, type(err).__name__)


class WebhookTrial(Trial):
    """Take what is pushed to an address before there is an account that takes it."""

    def __init__(self, hass: HomeAssistant, provider: Provider, webhook_id: str) -> None:
        """Initialize the trial, to which nothing was pushed yet."""
        super().__init__(hass, provider)
        self._webhook_id = webhook_id
        self._started = False
        self._asked = False

    @callback
    @override
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
    @override
    def async_stop(self) -> None:
        """Leave the address to whoever takes it next."""
        if self._started:
            webhook.async_unregister(self._hass, self._webhook_id)
            self._started = False

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
            self._async_arrived(known)


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
