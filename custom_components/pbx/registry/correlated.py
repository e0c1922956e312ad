"""Legs whose messages have ids of another kind than the lists (providers with `pushed_ids_differ`).

Such a message is about a phone, or about one window of a program on it. Which leg of a list that
is cannot be told for certain, so its leg is kept beside the listed ones, and counts only as long
as no list names its phone. Elsewhere none of this matters: without a correlated leg every
function here returns what is plain.
"""

from collections.abc import Iterable
from datetime import datetime

from ..telephony.models import EARLY, UP, Leg
from .active_leg import ActiveLeg, Inferred


def counting(legs: Iterable[ActiveLeg]) -> list[ActiveLeg]:
    """Return the legs that count: a correlated one does not once a list names its phone."""
    listed = {leg.extension for leg in legs if not leg.correlated}
    return [leg for leg in legs if not leg.correlated or leg.extension not in listed]


def done(legs: Iterable[ActiveLeg]) -> set[str | None]:
    """Return the phones that said, under an id of their own kind, that they are done.

    One that has another window which is not over is not done.
    """
    ended: set[str | None] = set()
    busy: set[str | None] = set()
    for leg in legs:
        if leg.correlated and not leg.over:
            busy.add(leg.extension)
        elif leg.correlated and leg.inferred is not Inferred.BY_LIST:
            ended.add(leg.extension)
    return ended - busy


def inference(leg: ActiveLeg, answering: ActiveLeg) -> Inferred | None:
    """Return how sure an answer is about another leg: None if the answer is the leg's own word."""
    return Inferred.BY_MATCH if answering.correlated and not leg.correlated else None


def hand_over(fresh: ActiveLeg, leg: Leg, legs: Iterable[ActiveLeg], asked_at: datetime) -> None:
    """Move a leg just listed to where the messages of its phone were since (rule 3)."""
    if leg.state not in EARLY:
        return
    for known in legs:
        same = known.correlated and known.extension == leg.extension
        if same and known.state in UP and known.pushed_since(asked_at):
            fresh.state, fresh.pushed_at = known.state, known.pushed_at
