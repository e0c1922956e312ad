"""Whose command it was that something follows from, so that Activity can say who or what did it."""

from collections.abc import Callable, Iterable

from homeassistant.core import Context, callback

from .registry.call_registry import Key

RECENT = 5.0
"""For how many seconds after a command what happens follows from it, as for Home Assistant."""


class Contexts:
    """Remembers for a moment which command concerned what."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Initialize with no command; `clock` gives seconds."""
        self._clock = clock
        self.noted: dict[Key, tuple[Context, float]] = {}
        """Mostly empty, which whoever tells very much asks first."""

    @callback
    def async_note(self, keys: Iterable[Key], context: Context | None) -> None:
        """Take that a command about some phones, agents or queues is on its way."""
        if context is not None:
            self.noted |= dict.fromkeys(keys, (context, self._clock() + RECENT))

    @callback
    def async_find(self, key: Key) -> Context | None:
        """Return the context of the last command about something, if that was just now."""
        now = self._clock()
        self.noted = {one: noted for one, noted in self.noted.items() if now <= noted[1]}
        found = self.noted.get(key)
        return None if found is None else found[0]
