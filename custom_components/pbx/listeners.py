"""Who hears of a change of an account: listeners of one key, and watchers of every change."""

from collections.abc import Callable, Hashable, Mapping
from functools import partial

from homeassistant.core import CALLBACK_TYPE, callback

from .const import LOGGER
from .registry.changes import Key

type Watcher = Callable[[Mapping[Key, None] | None], None]


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

        Return what removes the watcher.
        """
        self._watchers[watcher] = None
        return partial(self._watchers.__delitem__, watcher)

    @callback
    def async_call_watchers(self, changed: Mapping[Key, None] | None) -> None:
        """Call the watchers of every change."""
        for watcher in tuple(self._watchers):
            try:
                watcher(changed)
            except Exception:  # noqa: BLE001 - the others hear of it all the same
                LOGGER.exception("Unexpected error showing a change of %s", self._name)

    @callback
    def async_call(self, changed: Mapping[Key, None]) -> None:
        """Call the watchers, then the listeners of the keys that changed."""
        self.async_call_watchers(changed)
        for key in changed:
            for listener in tuple(self._keyed.get(key, {}).values()):
                try:
                    listener()
                except Exception:  # noqa: BLE001 - the others hear of it all the same
                    LOGGER.exception("Unexpected error updating %s", self._name)
