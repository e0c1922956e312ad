"""A mapping that remembers the newest entries and never grows without end."""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(slots=True)
class BoundedMap[V]:
    """A mapping by text of at most `limit` entries: what was put in first is forgotten first.

    Putting a value under a key that is there already replaces the value and does not make it newer.
    """

    limit: int
    _items: OrderedDict[str, V] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        """Return how many entries are kept."""
        return len(self._items)

    def __iter__(self) -> Iterator[str]:
        """Return the keys, the oldest first."""
        return iter(self._items)

    def __contains__(self, key: object) -> bool:
        """Return whether there is an entry for a key."""
        return key in self._items

    def get(self, key: str) -> V | None:
        """Return the value of a key, or None if there is none or it was forgotten."""
        return self._items.get(key)

    def put(self, key: str, value: V) -> None:
        """Set the value of a key, and forget the oldest entry if there are too many."""
        self._items[key] = value
        if len(self._items) > self.limit:
            self._items.popitem(last=False)

    def discard(self, key: str) -> None:
        """Remove a key if it is there."""
        self._items.pop(key, None)
