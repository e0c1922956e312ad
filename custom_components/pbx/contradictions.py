"""Filters of a trigger that can never fit together, so that a person hears of it when saving."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from .callers import HIDDEN, UNKNOWN
from .telephony.models import Direction, EventType, Outcome
from .trigger_fields import (
    ATTR_CALLER,
    ATTR_CALLER_COUNTRY,
    ATTR_CALLER_GROUPS,
    ATTR_CALLER_KIND,
    ATTR_CALLER_PLACE,
    ATTR_DIRECTION,
    ATTR_MINIMUM_DURATION,
    ATTR_OUTCOME,
)

NEVER: Final[Mapping[EventType, Direction]] = {
    EventType.CALL_INCOMING: Direction.OUTGOING,
    EventType.CALL_MISSED: Direction.OUTGOING,
    EventType.CALL_OUTGOING: Direction.INCOMING,
}
"""The direction in which something never happens."""
OF_THE_WORLD: Final = (ATTR_CALLER_COUNTRY, ATTR_CALLER_PLACE)
UNSPOKEN: Final = frozenset(
    {
        Outcome.MISSED,
        Outcome.NO_ANSWER,
        Outcome.BUSY,
        Outcome.REJECTED,
        Outcome.CANCELLED,
        Outcome.FAILED,
        Outcome.ANSWERED_ELSEWHERE,
    }
)
"""The outcomes of calls in which nobody talked."""


def contradiction_in(kind: EventType, options: Mapping[str, Any]) -> str | None:
    """Return why no event of a kind can ever pass these filters; None where one can."""
    direction = options.get(ATTR_DIRECTION)
    if direction is not None and NEVER.get(kind) == direction:
        return f"this never happens to {direction} calls"
    if direction == Direction.INTERNAL and any(options.get(name) for name in OF_THE_WORLD):
        return "who calls from here is of no country and no place"
    caller = options.get(ATTR_CALLER_KIND)
    by_number = (ATTR_CALLER, ATTR_CALLER_GROUPS, *OF_THE_WORLD)
    if caller == HIDDEN and any(options.get(name) for name in by_number):
        return "a hidden number is no number, in no group and of no place"
    if caller == UNKNOWN and options.get(ATTR_CALLER_GROUPS):
        return "who is in a group of the phone book is known"
    outcomes = options.get(ATTR_OUTCOME)
    minimum: timedelta = options.get(ATTR_MINIMUM_DURATION) or timedelta()
    if minimum and outcomes and UNSPOKEN.issuperset(outcomes):
        return "nobody talks in a call with this outcome"
    return None
