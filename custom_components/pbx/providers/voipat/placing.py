"""Calls that were placed by API: the switch lists each only once its first phone has picked up.

Until then it exists from the answer to the request on, and only the socket tells how it goes.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass, replace

from ...telephony import models as m
from ...telephony.bounded_map import BoundedMap
from ...telephony.models import CallState, Direction
from ...telephony.phone_numbers import is_extension
from . import payload

MARGIN = 15.0  # seconds beyond the ringing in which something is still said of it
UNHEARD = 5.0  # seconds after which a socket that works has told of a call that really began
PLACED_RINGS = m.LONGEST_RING + MARGIN
MOST_REMEMBERED = 4096


@dataclass(slots=True)
class _Unlisted:
    """A call that no list has shown yet: until when it is believed in, and what it is like."""

    until: float
    call: m.Call


class PlacedCalls:
    """The calls that were placed by API, by the id of their first leg."""

    def __init__(self) -> None:
        """Start without any."""
        self.orders: BoundedMap[payload.PlacedCall] = BoundedMap(MOST_REMEMBERED)
        self._shown: dict[str, tuple[float, payload.PlacedCall]] = {}
        """When each extension last placed a call, and which."""
        self._unlisted: dict[str, _Unlisted] = {}
        self._over: BoundedMap[str] = BoundedMap(MOST_REMEMBERED)
        """Why legs have ended of which a list, or the answer to a request, may tell later."""

    def asked(self, order: payload.PlacedCall) -> None:
        """Note that a call is asked for: the phone may ring before the answer is there."""
        self._shown[order.extension] = (time.monotonic(), order)

    def placed(
        self, call_id: str, order: payload.PlacedCall, ring: float, *, streaming: bool
    ) -> m.Call:
        """Take the answer to a request; return the call as it begins.

        `ring` is how many seconds the phone may ring. With a socket that works (`streaming`) more
        is heard of it at once, or nothing ever.
        """
        self.orders.put(call_id, order)
        inside = is_extension(order.number)
        leg = m.Leg(id=call_id, state=CallState.DIALING, extension=order.extension)
        call = m.Call(
            id=call_id,
            state=CallState.DIALING,
            direction=Direction.INTERNAL if inside else Direction.OUTGOING,
            caller=m.Party(number=order.extension),
            callee=m.Party(number=order.number),
            legs=(leg,),
        )
        if (cause := self._over.get(call_id)) is not None:
            return replace(call, hangup_cause=cause, outcome=outcome_of_first(cause))
        seconds = UNHEARD if streaming else ring + MARGIN
        self._unlisted[call_id] = _Unlisted(time.monotonic() + seconds, call)
        return call

    def ringing_for_others(self) -> Collection[payload.PlacedCall]:
        """Return the calls placed a moment ago, whose first phone may still ring."""
        if not self._shown:
            return ()
        since = time.monotonic() - PLACED_RINGS
        return [order for at, order in self._shown.values() if at >= since]

    def heard(self, leg_id: str) -> None:
        """Take that the switch told of a leg: it is there, and will be told to end."""
        unlisted = self._unlisted.get(leg_id)
        if unlisted is not None:
            unlisted.until = max(unlisted.until, time.monotonic() + PLACED_RINGS)

    def ended(self, leg_id: str, cause: str) -> bool:
        """Take that a leg has ended; return whether it is that of a call no list has shown."""
        self._over.put(leg_id, cause)
        return self._unlisted.pop(leg_id, None) is not None

    def is_over(self, call: m.Call) -> bool:
        """Return whether all legs of a call were told to have ended, since its list was written."""
        return all(leg.id in self._over for leg in call.legs)

    def is_unlisted(self, leg_id: str) -> bool:
        """Return whether a leg is one of a call that no list has shown yet."""
        return leg_id in self._unlisted

    def with_unlisted(self, listed: Collection[m.Call]) -> tuple[m.Call, ...]:
        """Return the calls of a list and, as they began, those that it does not show yet."""
        if not self._unlisted:
            return tuple(listed)
        now = time.monotonic()
        known = {leg.id for call in listed for leg in call.legs}
        for call_id, unlisted in list(self._unlisted.items()):
            if call_id in known or unlisted.until < now:
                del self._unlisted[call_id]
        return (*listed, *(unlisted.call for unlisted in self._unlisted.values()))


def outcome_of_first(cause: str) -> m.Outcome | None:
    """Return how a call went whose first phone, that of the caller, did not pick up."""
    return payload.outcome_of(cause, Direction.OUTGOING)
