"""What an input changed, and the keys by which those concerned are named."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from ..telephony.events import Event


class KeyKind(StrEnum):
    """What a key is about."""

    ACCOUNT = "account"
    DIRECTORY = "directory"
    EXTENSION = "extension"
    LISTED = "listed"
    SLOT = "slot"
    AGENT = "agent"
    QUEUE = "queue"


type Key = tuple[KeyKind, str | int]

ACCOUNT: Key = (KeyKind.ACCOUNT, "")
DIRECTORY: Key = (KeyKind.DIRECTORY, "")


def extension_key(number: str) -> Key:
    """Return the key of an extension."""
    return (KeyKind.EXTENSION, number)


def listed_key(number: str) -> Key:
    """Return the key of what lists say of an extension, which its calls do not change."""
    return (KeyKind.LISTED, number)


def slot_key(slot: int) -> Key:
    """Return the key of a call slot; the first slot is 1."""
    return (KeyKind.SLOT, slot)


def agent_key(agent_id: str) -> Key:
    """Return the key of an agent."""
    return (KeyKind.AGENT, agent_id)


def queue_key(queue_id: str) -> Key:
    """Return the key of a queue."""
    return (KeyKind.QUEUE, queue_id)


class Cause(NamedTuple):
    """What brought a change about: the provider's name for it, and when it came."""

    provider_event: str
    time: datetime


@dataclass(slots=True)
class Changes:
    """Whose states changed, what happened, and whether the phone system had better be asked now."""

    keys: dict[Key, None] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    refresh: bool = False

    def __bool__(self) -> bool:
        """Return whether anything changed."""
        return bool(self.keys or self.events or self.refresh)
