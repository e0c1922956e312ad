"""When to ask for the calls: again after a hint that a list may be later than, or at a pace."""

import math
from collections.abc import Callable

from homeassistant.core import HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .providers.pacing import OfficeHours, Pace

STEP = 0.1  # looks are put together that would be closer than so many seconds
ENOUGH = 0.5  # share of the request budget that has to be left for more than the last look


class Looks:
    """The looks that follow the first one after a hint, and those that nothing asks for.

    Some come soon after each hint, and one some time after the last. That one is never left out.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        delays: tuple[float, ...],
        look: Callable[[], None],
        spare: Callable[[], float],
    ) -> None:
        """Initialize without a look ahead.

        `delays` are seconds as in `Provider.looks`; `spare` returns which share of the requests
        that may be sent is left.
        """
        self._hass = hass
        self._first, *between = delays
        self._last = between.pop() if between else None
        self._between = tuple(between)
        self._look = look
        self._spare = spare
        self._due: set[int] = set()  # in steps
        self._finally: float | None = None
        self._within: float | None = None
        self._cancel: Callable[[], None] | None = None
        self._planned: float | None = None
        self._office_hours = OfficeHours()

    @callback
    def async_hint(self) -> None:
        """Plan the looks after a hint that has just come."""
        if self._last is None:
            return
        now = self._hass.loop.time()
        self._finally = now + self._last
        if self._spare() >= ENOUGH:
            self._due.update(math.ceil((now + delay) / STEP) for delay in self._between)
        self._plan(now)

    @callback
    def async_keep_pace(self, pace: Pace | None, *, busy: bool) -> None:
        """Plan the next look at a pace; None where there is none, or something else sets it.

        `busy` is whether there are calls now: they are asked for often as it is.
        """
        now = dt_util.now()
        if busy:
            self._office_hours.note_call(now)
        if pace is None or busy:
            self.async_within(None)
        else:
            self.async_within(self._office_hours.seconds(pace, now, self._spare()))

    @callback
    def async_within(self, seconds: float | None) -> None:
        """Plan a look in so many seconds instead of the one that was planned so; None for none."""
        now = self._hass.loop.time()
        self._within = None if seconds is None else now + seconds
        self._plan(now)

    @callback
    def async_stop(self) -> None:
        """Look no more."""
        self._due.clear()
        self._finally = self._within = None
        if self._cancel is not None:
            self._cancel()
            self._cancel = self._planned = None

    def _plan(self, now: float) -> None:
        """Set the timer for the next look."""
        times = [step * STEP for step in self._due]
        times += [due for due in (self._finally, self._within) if due is not None]
        if not times:
            return
        due = min(times)
        if self._planned is not None and self._planned <= due:
            return  # one that comes too early plans anew
        if self._cancel is not None:
            self._cancel()
        self._planned = due
        delay = max(0.0, due - now - self._first)
        job = HassJob(self._async_due, cancel_on_shutdown=True)
        self._cancel = async_call_later(self._hass, delay, job)

    @callback
    def _async_due(self, _now: object) -> None:
        """Look, if that is due, and plan what comes next."""
        self._cancel = self._planned = None
        now = self._hass.loop.time() + self._first
        passed = {step for step in self._due if step * STEP <= now + STEP / 10}
        self._due -= passed
        last = self._finally is not None and self._finally <= now + STEP / 10
        if last:
            self._finally = None
        paced = self._within is not None and self._within <= now + STEP / 10
        if paced:
            self._within = None
        if passed or last or paced:
            self._look()
        self._plan(now - self._first)
