"""Filters of a trigger that can never fit together, so that a person hears of it when saving."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers.target import TargetSelection

from .callers import HIDDEN, UNKNOWN
from .const import ATTR_EXTENSION
from .devices import SubjectKind
from .targets import kinds_in
from .telephony.models import UNTAKEN, Direction, EventType, Outcome
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

NEVER: Final[Mapping[EventType, Collection[Direction]]] = {
    EventType.CALL_INCOMING: {Direction.OUTGOING},
    EventType.CALL_MISSED: {Direction.OUTGOING, Direction.INTERNAL},
    EventType.CALL_OUTGOING: {Direction.INCOMING},
}
"""The directions in which something never happens."""
NEVER_SO: Final[Mapping[Direction, Outcome]] = {
    Direction.INCOMING: Outcome.NO_ANSWER,
    Direction.OUTGOING: Outcome.MISSED,
}
"""How no call of a direction ever ends: who calls has no answer, who is called misses it."""
OF_AGENTS: Final = frozenset(
    {
        EventType.AGENT_LOGGED_IN,
        EventType.AGENT_LOGGED_OUT,
        EventType.AGENT_PAUSED,
        EventType.AGENT_UNPAUSED,
    }
)
OF_NO_QUEUE: Final = frozenset(
    {
        EventType.SMS_RECEIVED,
        EventType.VOICEMAIL_RECEIVED,
        EventType.FAX_RECEIVED,
        EventType.FAX_SENT,
        EventType.CALL_RECORD,
        EventType.RECORDING_READY,
    }
)
OF_THE_WORLD: Final = (ATTR_CALLER_COUNTRY, ATTR_CALLER_PLACE)
UNSPOKEN: Final = UNTAKEN | {Outcome.ANSWERED_ELSEWHERE}
"""The outcomes of calls in which nobody talked."""


def listening_to(
    hass: HomeAssistant, target: dict[str, Any], options: Mapping[str, Any]
) -> Collection[SubjectKind] | None:
    """Return what a trigger listens to: the account without a target; None where it may be all."""
    selection = TargetSelection(target)
    if selection.has_any_target:
        return kinds_in(hass, selection)
    return {SubjectKind.EXTENSION if options.get(ATTR_EXTENSION) else SubjectKind.ACCOUNT}


def contradiction_in(
    kind: EventType,
    options: Mapping[str, Any],
    listening: Collection[SubjectKind] | None = None,
) -> str | None:
    """Return why no event of a kind can ever pass these filters; None where one can.

    `listening` is what the trigger listens to, where that is certain.
    """
    return _of_the_target(kind, options, listening) or _of_the_call(kind, options)


def _of_the_target(
    kind: EventType, options: Mapping[str, Any], listening: Collection[SubjectKind] | None
) -> str | None:
    """Return why nothing that is listened to ever hears of such an event; None where it can."""
    outcomes = set(options.get(ATTR_OUTCOME) or ())
    if outcomes == {Outcome.ANSWERED_ELSEWHERE}:
        if kind is EventType.CALL_CORRECTED:
            return "a call as a whole was never answered elsewhere"
        if listening is not None and SubjectKind.EXTENSION not in listening:
            return "only a phone hears that its call was answered elsewhere: choose phones"
    if not listening or kind in OF_AGENTS:
        return None
    if {SubjectKind.AGENT}.issuperset(listening):
        return "an agent hears of no calls and messages: choose the phone"
    if kind in OF_NO_QUEUE and {SubjectKind.AGENT, SubjectKind.QUEUE}.issuperset(listening):
        return "a queue hears of its calls alone"
    return None


def _of_the_call(kind: EventType, options: Mapping[str, Any]) -> str | None:
    """Return why no call or message can be like that; None where one can."""
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
    direction = options.get(ATTR_DIRECTION)
    return None if direction is None else _of_the_direction(kind, Direction(direction), options)


def _of_the_direction(
    kind: EventType, direction: Direction, options: Mapping[str, Any]
) -> str | None:
    """Return why no call in a direction can be like that; None where one can."""
    if direction in NEVER.get(kind, ()):
        return f"this never happens to {direction} calls"
    if direction is Direction.INTERNAL and any(options.get(name) for name in OF_THE_WORLD):
        return "who calls from here is of no country and no place"
    if set(options.get(ATTR_OUTCOME) or ()) == {NEVER_SO.get(direction)}:
        return f"{direction} calls never end so"
    return None
