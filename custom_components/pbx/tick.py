"""The timer of an account's registry: it lets time pass when something is due."""

from collections.abc import Callable
from datetime import datetime

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time


class Tick:
    """One timer for everything that is due."""

    def __init__(self, hass: HomeAssistant, tick: Callable[[datetime], None]) -> None:
        """Initialize without a timer; `tick` lets time pass."""
        self._hass = hass
        self._tick = tick
        self._at: datetime | None = None
        self._cancel: CALLBACK_TYPE | None = None

    @callback
    def async_schedule(self, due: datetime | None) -> None:
        """Set the timer for what is due next; None where nothing is."""
        # A tick that comes too early only looks again, which costs less than moving it with every
        # call.
        if due is None or (self._at is not None and self._at <= due):
            return
        self.async_stop()
        self._at = due
        self._cancel = async_track_point_in_utc_time(self._hass, self._async_due, due)

    @callback
    def _async_due(self, now: datetime) -> None:
        """Let time pass."""
        self._at = self._cancel = None
        self._tick(now)

    @callback
    def async_stop(self) -> None:
        """Cancel the timer, if there is one."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None
