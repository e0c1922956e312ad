"""Who hears of a change of an account: listeners of one key, and watchers of every change."""

import asyncio
from collections.abc import Callable, Hashable, Mapping
from functools import partial

from homeassistant.core import CALLBACK_TYPE, callback

from .const import LOGGER
from .registry.changes import Key

TURNS = 2  # of the event loop, until a socket sends what a page is told

type Watcher = Callable[[Mapping[Key, None] | None], bool]


class Listeners:
    """The listeners and watchers of one account.

    One that fails is logged, and the others hear of the change all the same.
    """

    def __init__(self, name: str) -> None:
        """Initialize with nobody who listens; `name` is the account's, for the log."""
        self._name = name
        self._keyed: dict[Hashable, dict[CALLBACK_TYPE, CALLBACK_TYPE]] = {}
        self._watchers: dict[Watcher, None] = {}

    @callback
    def async_add(
        self, key: Hashable, listener: CALLBACK_TYPE, remove: CALLBACK_TYPE
    ) -> CALLBACK_TYPE:
        """Add a listener of a key; return what removes it, and calls `remove` as well."""
        self._keyed.setdefault(key, {})[remove] = listener
        return partial(self._async_remove, key, remove)

    @callback
    def _async_remove(self, key: Hashable, remove: CALLBACK_TYPE) -> None:
        """Remove the listener of a key."""
        remove()
        listeners = self._keyed[key]
        del listeners[remove]
        if not listeners:
            del self._keyed[key]

    @callback
    def async_watch(self, watcher: Watcher) -> CALLBACK_TYPE:
        """Call a watcher with the keys of every change, or with None if anything may have changed.

        It says whether it tells somebody far away. Return what removes the watcher.
        """
        self._watchers[watcher] = None
        return partial(self._watchers.__delitem__, watcher)

    @callback
    def async_call_watchers(self, changed: Mapping[Key, None] | None) -> bool:
        """Call the watchers of every change; return whether one tells somebody far away."""
        far = False
        for watcher in tuple(self._watchers):
            try:
                far = watcher(changed) or far
            except Exception:  # noqa: BLE001 - the others hear of it all the same
                LOGGER.exception("Unexpected error showing a change of %s", self._name)
        return far

    @callback
    def async_call(self, changed: Mapping[Key, None]) -> None:
        """Call the listeners of the keys that changed."""
        for key in changed:
            for listener in tuple(self._keyed.get(key, {}).values()):
                try:
                    listener()
                except Exception:  # noqa: BLE001 - the others hear of it all the same
                    LOGGER.exception("Unexpected error updating %s", self._name)


class PagesFirst:
    """Lets what open pages were told leave before everybody else is told.

    Their socket sends some turns of the event loop later. States that are written before that
    would travel in the same message and be drawn first, and the recorder, which reads them, may
    hold the socket up. Whatever comes meanwhile settles what waits, so that nothing is skipped.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Initialize with nothing that waits."""
        self._loop = loop
        self._tell: CALLBACK_TYPE | None = None

    @callback
    def async_wait(self, tell: CALLBACK_TYPE, turns: int = TURNS) -> None:
        """Tell after some turns of the event loop."""
        self._tell = tell
        self._loop.call_soon(self._async_turn, tell, turns)

    @callback
    def _async_turn(self, tell: CALLBACK_TYPE, turns: int) -> None:
        """Let one more turn pass, unless something else has settled it."""
        if self._tell is not tell:
            return
        if turns:
            self._loop.call_soon(self._async_turn, tell, turns - 1)
        else:
            self.async_settle()

    @callback
    def async_settle(self) -> None:
        """Tell what waits, if anything does."""
        tell, self._tell = self._tell, None
        if tell is not None:
            tell()
