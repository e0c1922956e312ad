"""Legs in the making: one phone's part in a call, the ranks it climbs (rules 2 and 3), and what several mean."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from ..telephony.models import EARLY, UP, CallState, Detail, Direction, Leg, LegPush

RANK = {
    CallState.DIALING: 0,
    CallState.RINGING: 0,
    CallState.TALKING: 1,
    CallState.ON_HOLD: 1,
    CallState.ENDED: 2,
}
LINGERING = timedelta(seconds=10)
"""How long a list may go on naming a phone that has stopped to ring because another was quicker."""


class Presumed(Enum):
    """Why a leg is taken for ended that has not said so itself."""

    BY_ANSWER = auto()  # another phone was quicker
    BY_LIST = auto()  # a list has left it out
    BY_MATCH = auto()  # a message was about its call, as far as that can be told


@dataclass(slots=True)
class LiveLeg:
    """A leg. A `shadow` was pushed under an id of its own kind and counts only while no list names its phone."""

    id: str
    state: CallState
    extension: str | None = None
    changed: datetime | None = None
    pushed_at: datetime | None = None
    presumed: Presumed | None = None
    shadow: bool = False
    hung: bool = False
    context: str = ""
    account_code: str = ""
    details: dict[str, Detail] = field(default_factory=dict)

    def push(
        self,
        state: CallState,
        time: datetime | None,
        now: datetime,
        *,
        presumed: Presumed | None = None,
    ) -> None:
        """Take what a message says: up the ranks always, within a rank only from a message that is not older.

        What was only presumed yields to the leg's own word.
        """
        older = self.is_after(time)
        back = self.presumed is Presumed.BY_ANSWER and state in UP
        if state is CallState.ENDED and presumed is None:
            self.presumed = None
        if not back and (
            RANK[state] < RANK[self.state] or (RANK[state] == RANK[self.state] and older)
        ):
            return
        self.state, self.presumed = state, presumed
        self.pushed_at = now
        if time is not None and not older:
            self.changed = time

    def poll(self, leg: Leg, requested_at: datetime) -> None:
        """Take what a list says: up the ranks always, within a rank unless a message has come since it was asked."""
        newest = not self.pushed_since(requested_at)
        if RANK[leg.state] > RANK[self.state] or (
            newest
            and (RANK[leg.state] == RANK[self.state] or self.comes_back_as(leg, requested_at))
        ):
            self.state = leg.state
            self.changed = leg.changed or self.changed
            self.presumed = None
        elif newest and self.state is CallState.ON_HOLD and leg.state in EARLY:
            self.state = CallState.TALKING  # to whoever answers next; nobody is held any more
        self.extension = leg.extension if leg.extension is not None else self.extension
        self.context, self.account_code = leg.context, leg.account_code

    def leave_out(self) -> None:
        """Take what a list says that does not name this leg."""
        if self.state is not CallState.ENDED:
            self.state, self.presumed = CallState.ENDED, Presumed.BY_LIST

    def comes_back_as(self, leg: Leg, requested_at: datetime) -> bool:
        """Tell whether a list can show this leg again; one that was slower than another seems to ring for a while."""
        if self.presumed is Presumed.BY_ANSWER:
            return leg.state in UP or not self.pushed_since(requested_at - LINGERING)
        return self.presumed is Presumed.BY_LIST or (
            self.presumed is Presumed.BY_MATCH and self.state is CallState.ENDED
        )

    def pushed_since(self, moment: datetime) -> bool:
        """Tell whether a message has moved this leg since."""
        return self.pushed_at is not None and self.pushed_at >= moment

    def rings_anew(self, push: LegPush) -> bool:
        """Tell whether a message speaks of a second ring of a phone that was done with this call.

        That it was done is perhaps told only later, where the leg has its phone's name: then it is the same leg again.
        """
        named = push.leg_id == push.extension
        if self.state is CallState.ENDED:
            again = push.state in EARLY or (named and push.state in UP and self.presumed is None)
        else:
            again = named and push.state is CallState.RINGING and self.state in UP
        later = push.time is not None and self.changed is not None and push.time > self.changed
        return again and later and self.pushed_at is not None

    def rang_before(self, push: LegPush) -> bool:
        """Tell whether a message speaks late of an earlier ring, of which this one was taken for a part."""
        earlier = push.state is CallState.ENDED or push.leg_id == push.extension
        return earlier and self.state is not CallState.ENDED and self.is_after(push.time)

    def is_after(self, time: datetime | None) -> bool:
        """Tell whether something newer is known of this leg than what was so at a time."""
        return time is not None and self.changed is not None and time < self.changed


def is_answered(direction: Direction | None, up: Collection[LiveLeg]) -> bool:
    """Tell whether legs that are not over say that the two sides of a call have met."""
    talking = {leg.extension for leg in up if leg.state in UP and leg.extension is not None}
    outside = [leg.state in UP for leg in up if leg.extension is None]
    match direction:
        case Direction.OUTGOING:
            return bool(talking or len(outside) == len(up)) and (any(outside) or not outside)
        case Direction.INTERNAL:
            return len(talking) > 1 or (bool(talking) and all(leg.state in UP for leg in up))
        case _:
            return bool(talking) or sum(outside) > 1  # one alone listens to a machine


def state_of(up: Collection[LiveLeg], *, answered: bool) -> CallState:
    """Say what a call does: what its phones do, and it dials or rings until the other side has answered."""
    inside = {leg.state for leg in up if leg.extension is not None}
    states = inside or {leg.state for leg in up}
    if inside and not answered:
        return CallState.RINGING if CallState.RINGING in inside else CallState.DIALING
    order = (CallState.ON_HOLD, CallState.TALKING, CallState.RINGING, CallState.DIALING)
    return next(state for state in order if state in states)
