"""A leg: one phone's part in a call, and the ranks it climbs (rules 2 and 3).

A leg moves up the ranks {dialing, ringing} < {talking, on hold} < ended, whoever says so and
however late. Within a rank the newer word holds. Down it only comes from a state that nobody said
of the leg itself, but that was inferred: then `inferred` tells from what.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from ..telephony.models import EARLY, UP, CallState, Detail, Leg, LegPush

RANK = {
    CallState.DIALING: 0,
    CallState.RINGING: 0,
    CallState.TALKING: 1,
    CallState.ON_HOLD: 1,
    CallState.ENDED: 2,
}
LINGERING = timedelta(seconds=10)
"""How long a list may go on naming a phone that stopped ringing because another was quicker."""
LATE = timedelta(seconds=0.5)
"""How long a list may go on showing a leg as it was before a message told of it."""


class Inferred(Enum):
    """From what the state of a leg was inferred that nobody said of it."""

    BY_ANSWER = auto()  # ended, since another phone was quicker
    BY_LIST = auto()  # ended, since a list left it out
    BY_MATCH = auto()  # moved by a message about a call that is this one as far as can be told


@dataclass(slots=True)
class ActiveLeg:
    """One phone's part in a call; `extension` is None for the outside or a phone nobody named.

    A `correlated` leg came in a message with an id of another kind than the lists have (see
    `correlated.py`).
    """

    id: str
    state: CallState
    extension: str | None = None
    changed: datetime | None = None  # when, by the phone system's own clock
    pushed_at: datetime | None = None  # when a message last moved it, by ours
    inferred: Inferred | None = None
    correlated: bool = False
    hung_up: bool = False  # a hint said so; the next list will leave the leg out
    waits: bool = False  # it was up, and hears somebody else's phone ring now
    waits_as: CallState = CallState.DIALING  # what a list says that it does while it waits
    number: str = ""  # of the party outside, where that is told
    listed_up: bool = False  # a list has shown that it was up
    began_at: datetime | None = None  # when its message came, or its list was asked for, by ours
    context: str = ""
    account_code: str = ""
    details: dict[str, Detail] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether the leg has ended."""
        return self.state is CallState.ENDED

    @property
    def shown(self) -> CallState:
        """What the leg is shown to do: one that waits for the next to answer dials.

        Who is outside does what the list says: a caller rings in a queue or a menu again.
        """
        if not self.waits or self.state not in UP:
            return self.state
        return self.waits_as if self.extension is None else CallState.DIALING

    # -- inputs ------------------------------------------------------------------------------------

    def push(
        self,
        state: CallState,
        time: datetime | None,
        now: datetime,
        *,
        inferred: Inferred | None = None,
    ) -> None:
        """Take a state from a message; with `inferred`, one that the message only implies.

        A phone that was taken for too slow and then says that it talks is believed. Once it has
        said itself that it is done, nothing brings it back.
        """
        older = self.is_after(time)
        revoked = self.inferred is Inferred.BY_ANSWER and state in UP
        if state is CallState.ENDED and inferred is None:
            self.inferred = None
        climbs = RANK[state] - RANK[self.state]
        if not revoked and (climbs < 0 or (climbs == 0 and older)):
            return
        self.state, self.inferred = state, inferred
        self.pushed_at, self.waits = now, False
        if time is not None and not older:
            self.changed = time

    def poll(
        self,
        leg: Leg,
        requested_at: datetime,
        ring_at: datetime | None = None,
        *,
        quicker: bool = True,
    ) -> None:
        """Take what a list says that was asked for at a time.

        Within a rank a later message holds. `ring_at` is when the newest phone of the call
        that rings was first told of: who dials again, though a message said that he talks, waits
        for that.
        """
        climbs = RANK[leg.state] - RANK[self.state]
        newest = not self.pushed_since(requested_at)
        back = newest and (climbs == 0 or self.can_return_as(leg, requested_at, quicker=quicker))
        if climbs > 0 or back:
            self.state = leg.state
            self.changed = leg.changed or self.changed
            self.inferred = None
        elif newest and self.state is CallState.ON_HOLD and leg.state in EARLY:
            # The phone calls whoever takes over next; nobody is held any more.
            self.state = CallState.TALKING
        if newest:
            was_up = self.listed_up or self._rung_for(ring_at, requested_at)
            self.waits = leg.state in EARLY and self.state in UP and was_up
            self.waits_as = leg.state
            self.listed_up = self.listed_up or leg.state in UP
        if leg.extension is not None:
            self.extension = leg.extension
        self.number = leg.number or self.number
        self.context, self.account_code = leg.context, leg.account_code

    def leave_out(self) -> None:
        """Take that a list does not name this leg: it has ended, unless another list names it."""
        if not self.over:
            self.state, self.inferred = CallState.ENDED, Inferred.BY_LIST

    def _rung_for(self, ring_at: datetime | None, requested_at: datetime) -> bool:
        """Return whether a phone began to ring after a message moved this leg, and rings still."""
        if ring_at is None or self.pushed_at is None or self.pushed_since(requested_at - LATE):
            return False
        return ring_at > self.pushed_at

    # -- what others ask ---------------------------------------------------------------------------

    def can_return_as(self, leg: Leg, requested_at: datetime, *, quicker: bool) -> bool:
        """Return whether a list can bring the leg back down in rank: only what was inferred yields.

        A list goes on naming for a while a phone that was slower than another, and this other: with
        `quicker`, it still does. One that is newer than the answer and does not, shows a phone
        that was given the call.
        """
        match self.inferred:
            case Inferred.BY_ANSWER:
                lingers = quicker and self.pushed_since(requested_at - LINGERING)
                return leg.state in UP or not (lingers or self.pushed_since(requested_at))
            case Inferred.BY_LIST:
                return True
            case Inferred.BY_MATCH:
                return self.over
        return False

    def pushed_since(self, moment: datetime) -> bool:
        """Return whether a message has moved this leg since a moment."""
        return self.pushed_at is not None and self.pushed_at >= moment

    def is_after(self, time: datetime | None) -> bool:
        """Return whether something newer is known of this leg than what was so at a time."""
        return time is not None and self.changed is not None and time < self.changed

    def rings_again(self, push: LegPush) -> bool:
        """Return whether a message is about the next ring of a phone that was done with this call.

        That it was done may be told only later, where the leg has its phone's number for an id:
        then the same id comes again for each ring.
        """
        later = push.time is not None and self.changed is not None and push.time > self.changed
        if not later or self.pushed_at is None:
            return False
        named_by_phone = push.leg_id == push.extension
        if not self.over:
            return named_by_phone and push.state is CallState.RINGING and self.state in UP
        return push.state in EARLY or (
            named_by_phone and push.state in UP and self.inferred is None
        )

    def began_after(self, push: LegPush) -> bool:
        """Return whether a message is about an earlier ring of the phone, and comes late."""
        if self.over or not self.is_after(push.time):
            return False
        return push.state is CallState.ENDED or push.leg_id == push.extension


def ringing_together(legs: Iterable[ActiveLeg | Leg]) -> frozenset[str]:
    """Return the phones that ring at the same time; none where it is only one (rule 6)."""
    rings: set[str] = set()
    for leg in legs:
        if leg.state is CallState.RINGING and leg.extension is not None:
            rings.add(leg.extension)
    return frozenset(rings) if len(rings) > 1 else frozenset()
