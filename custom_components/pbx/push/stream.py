"""The stream of a phone system that has a socket: it tells at once what polls would find later."""

import asyncio
from random import uniform

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback

from ..const import LOGGER
from ..coordinator import PbxCoordinator
from ..push_health import PushHealth
from ..telephony.errors import AuthError, ProviderError
from ..telephony.models import Capability

FIRST_DELAY = 1.0
LONGEST_DELAY = 60.0
QUICK_FOR = 60.0
QUICK_DELAYS = (0.5, 1.0)
"""For how long, in seconds, and with which pauses a server in one's own network is tried again
whose stream worked: it restarts within that time."""


class PbxStream:
    """Follow the stream of a phone system for as long as the entry is loaded.

    A stream that never comes up, or one that falls over, costs nothing beyond going back to the
    polls.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        coordinator: PbxCoordinator,
        health: PushHealth,
    ) -> None:
        """Initialize the stream, which is not up yet."""
        self.hass = hass
        self.entry = entry
        self.coordinator = coordinator
        self.health = health
        self.reconnects = 0
        self._delay = FIRST_DELAY
        self._quick_until = 0.0

    @callback
    def async_setup(self) -> None:
        """Follow the stream in the background, if the phone system has one."""
        if Capability.STREAM in self.coordinator.provider.capabilities:
            self.entry.async_create_background_task(
                self.hass, self._async_run(), f"{self.entry.title} stream"
            )

    async def _async_run(self) -> None:
        """Open the stream again and again, less often while it does not come up.

        Not so for the first minute after a stream has worked, if it is one's own server's.
        """
        provider = self.coordinator.provider.name
        while True:
            try:
                await self._async_follow()
            except ProviderError as err:
                LOGGER.debug("The stream of %s ended: %s", provider, type(err).__name__)
                if isinstance(err, AuthError):
                    self._quick_until = 0.0
            except Exception:  # noqa: BLE001 - the stream must come back whatever happens
                LOGGER.exception("Unexpected error in the stream of %s", provider)
                self._delay, self._quick_until = LONGEST_DELAY, 0.0
            self.reconnects += 1
            self.health.async_set_streaming(streaming=False)
            if self.hass.loop.time() < self._quick_until:
                await asyncio.sleep(uniform(*QUICK_DELAYS))  # noqa: S311 - no secret
                continue
            await asyncio.sleep(self._delay)
            self._delay = min(self._delay * 2, LONGEST_DELAY)

    async def _async_follow(self) -> None:
        """Push what the stream says until it ends; its first message says that it is up.

        One that greets and breaks off is not tried again at once: only another message, or a
        minute, proves that it works.
        """
        up_since: float | None = None
        worked = False
        try:
            async for pushed in self.coordinator.provider.stream():
                if up_since is None:
                    up_since = self.hass.loop.time()
                    self.health.async_set_streaming(streaming=True)
                else:
                    worked = True
                self.coordinator.async_push(pushed)
        finally:
            now = self.hass.loop.time()
            if worked or (up_since is not None and now - up_since >= LONGEST_DELAY):
                self._delay = FIRST_DELAY
                if self.coordinator.provider.in_own_network:
                    self._quick_until = now + QUICK_FOR
