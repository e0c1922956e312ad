"""What the ends of a VoIPSUN call do, and which way the call goes, as far as its rows tell."""

from collections.abc import Sequence

from ...telephony.models import CallState, Direction, Leg
from ...telephony.phone_numbers import is_extension
from .ends import End
from .stories import Story


def direction_outside(end: End) -> Direction | None:
    """Return which way a call goes of which only a trunk is listed."""
    calls = end.calls()
    if calls is None:
        return Direction.INCOMING if end.source else None
    return Direction.INCOMING if calls else Direction.OUTGOING


def direction_inside(end: End) -> Direction | None:
    """Return which way a call goes of which only one phone is listed."""
    if end.by_itself and not end.rings:
        return Direction.INCOMING
    calls, to_us = end.calls(), end.to_us or is_extension(end.destination)
    if calls is None:
        # Neither number is known to be this phone's own: a short one is at least inside.
        calls = end.from_us
        if not end.from_us and not to_us:
            return None
    if calls:
        return Direction.INTERNAL if to_us else Direction.OUTGOING
    return Direction.INTERNAL if end.from_us else Direction.INCOMING


def number_outside(end: End, root: End) -> str:
    """Return the number of who is at an end outside, as its row has it; `root` is the caller's end.

    Whoever was called shows it as the source where that is the own number, or the other's is
    beside it.
    """
    if end is root and end.calls() is not False:
        return end.row.source
    shows_itself = not end.destination or end.source == root.destination
    shows_caller = end.destination == root.source or end.to_us
    return end.row.source if shows_itself or shows_caller else end.row.destination


def state_of(end: End, story: Story, *, calling: bool) -> CallState:
    """Return what one end does; who was only picked up by a menu or a queue does not talk yet."""
    if end.row.up and (story.answered or not calling):
        return CallState.TALKING
    if end.row.status == "ringing":
        return CallState.RINGING
    from_outside = end.line is None and story.direction is Direction.INCOMING
    return CallState.RINGING if from_outside else CallState.DIALING


def call_state(legs: Sequence[Leg], *, calling: Leg, answered: bool) -> CallState:
    """Return what a call does: what our phones do, else the outside."""
    if answered:
        return CallState.TALKING
    inside = {leg.state for leg in legs if leg.extension is not None} or {calling.state}
    return CallState.RINGING if CallState.RINGING in inside else CallState.DIALING
