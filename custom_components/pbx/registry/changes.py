"""What an input changed, and the keys by which those concerned are named."""

from dataclasses import dataclass, field

from ..telephony.events import Event

type Key = tuple[str, str | int]

ACCOUNT: Key = ("account", "")
DIRECTORY: Key = ("directory", "")


def extension_key(number: str) -> Key:
    """Name an extension among the keys."""
    return ("extension", number)


def listed_key(number: str) -> Key:
    """Name what lists say of an extension among the keys, which its calls do not change."""
    return ("listed", number)


def slot_key(slot: int) -> Key:
    """Name a call slot among the keys; the first slot is 1."""
    return ("slot", slot)


def agent_key(agent_id: str) -> Key:
    """Name an agent among the keys."""
    return ("agent", agent_id)


def queue_key(queue_id: str) -> Key:
    """Name a queue among the keys."""
    return ("queue", queue_id)


@dataclass(slots=True)
class Changes:
    """Whose states changed, what happened, and whether the phone system had better be asked now."""

    keys: dict[Key, None] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    refresh: bool = False

    def __bool__(self) -> bool:
        """Tell whether anything changed."""
        return bool(self.keys or self.events or self.refresh)
