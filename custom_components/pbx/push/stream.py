"""The background task for phone systems with a socket: it only tells the poll when to look."""

import asyncio
from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant, callback

from ..const import LOGGER
from ..telephony.errors import ProviderError
from ..telephony.models import Capability

if TYPE_CHECKING:
    from ..coordinator import PbxConfigEntry, PbxCoordinator

FIRST_DELAY = 1.0
LONGEST_DELAY = 60.0


class PbxStream:
    """Keep a socket open, for ever and gently: one that never comes up costs nothing beyond the poll."""

    def __init__(
        self, hass: HomeAssistant, entry: PbxConfigEntry, coordinator: PbxCoordinator
    ) -> None:
        """Know of no socket yet."""
        self.hass = hass
        self.entry = entry
        self.coordinator = coordinator
        self.working = False
        self.reconnects = 0

    @callback
    def async_setup(self) -> None:
        """Start listening, where there is something to listen to."""
        if Capability.STREAM in self.coordinator.provider.capabilities:
            self.entry.async_create_background_task(
                self.hass, self._async_run(), f"{self.entry.title} stream"
            )

    async def _async_run(self) -> None:
        delay = FIRST_DELAY
        while True:
            try:
                async for pushed in self.coordinator.provider.stream():
                    if not self.working:
                        self._set_working(working=True)
                        delay = FIRST_DELAY
                    self.coordinator.async_push(pushed)
            except ProviderError as err:
                LOGGER.debug(
                    "The stream of %s ended: %s", self.coordinator.provider.name, type(err).__name__
                )
            except Exception:  # noqa: BLE001 - the socket must come back whatever happens
                LOGGER.exception(
                    "Unexpected error in the stream of %s", self.coordinator.provider.name
                )
                delay = LONGEST_DELAY
            self.reconnects += 1
            if self.working:
                self._set_working(working=False)
            await asyncio.sleep(delay)
            delay = min(delay * 2, LONGEST_DELAY)

    @callback
    def _set_working(self, *, working: bool) -> None:
        self.working = working
        self.coordinator.async_push_changed()
