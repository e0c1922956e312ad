"""What sensors read of the directory: values of agents, queues and extensions."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from homeassistant.const import MAX_LENGTH_STATE_STATE
from homeassistant.helpers.typing import StateType

from .registry.call_registry import CallRegistry
from .telephony.models import Agent, Extension, Queue

type SensorValue = StateType | datetime


def agent_value(
    value: Callable[[Agent], SensorValue],
) -> Callable[[object, CallRegistry, str], SensorValue]:
    """Return what reads a value of an agent."""

    def read(_sensor: object, registry: CallRegistry, agent_id: str) -> SensorValue:
        """Return the value, or None while the agent is not known."""
        agent = registry.agents.get(agent_id)
        return None if agent is None else value(agent)

    return read


def queue_value(
    value: Callable[[Queue], SensorValue],
) -> Callable[[object, CallRegistry, str], SensorValue]:
    """Return what reads a value of a queue."""

    def read(_sensor: object, registry: CallRegistry, queue_id: str) -> SensorValue:
        """Return the value, or None while the queue is not known."""
        queue = registry.queues.get(queue_id)
        return None if queue is None else value(queue)

    return read


def extension_value(
    value: Callable[[Extension], SensorValue],
) -> Callable[[object, CallRegistry, str], SensorValue]:
    """Return what reads a value of an extension, which may be a text that is too long."""

    def read(_sensor: object, registry: CallRegistry, number: str) -> SensorValue:
        """Return the value, or None while the extension is not known or has none."""
        extension = registry.extensions.get(number)
        found = None if extension is None else value(extension)
        return (found[:MAX_LENGTH_STATE_STATE] or None) if isinstance(found, str) else found

    return read


def has(value: Callable[[Extension], object]) -> Callable[[CallRegistry, str], bool]:
    """Return what tells whether the phone system says something about an extension."""

    def told(registry: CallRegistry, number: str) -> bool:
        """Return whether it says it about this one."""
        extension = registry.extensions.get(number)
        return extension is not None and value(extension) not in (None, "", ())

    return told


def any_has(value: Callable[[Extension], object]) -> Callable[[CallRegistry, str], bool]:
    """Return what tells whether the phone system says something about any extension.

    About one whose phone is off it says that later.
    """

    def told(registry: CallRegistry, _number: str) -> bool:
        """Return whether it says it about one of them."""
        extensions = registry.extensions.values()
        return any(value(extension) not in (None, "") for extension in extensions)

    return told


def shown_number(extension: Extension) -> str | None:
    """Return the number that calls of an extension show."""
    return next((own.number for own in extension.outbound_numbers if own.selected), None)


def outbound_numbers(_sensor: object, registry: CallRegistry, number: str) -> Mapping[str, Any]:
    """Return the numbers of which an extension may show one, with their labels."""
    extension = registry.extensions.get(number)
    if extension is None:
        return {}
    numbers = [{"number": own.number, "label": own.label} for own in extension.outbound_numbers]
    return {"numbers": numbers}
