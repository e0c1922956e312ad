"""Calls from outside that have only just come: the list may have the caller, but no phone yet.

The switch lists each channel for itself, and a little later than it is there. Who is told of a call
is to be told whom it is for, so such a call is held back until the phones must be listed as well.
"""

from collections.abc import Collection

from ...telephony import models as m

ARRIVES = 0.3  # seconds in which the phones are listed once the caller is


class Arrivals:
    """The calls that were held back, and since when."""

    def __init__(self) -> None:
        """Start without any."""
        self._since: dict[str, float] = {}

    @property
    def any(self) -> bool:
        """Whether the last list had a call that was held back."""
        return bool(self._since)

    def held_back(
        self, calls: Collection[m.Call], known: Collection[str], now: float
    ) -> Collection[str]:
        """Return the ids of those calls of a list that are not to be told yet.

        `known` are the legs that were told before, `now` is when the list was asked for, in seconds
        of any clock.
        """
        fresh = [call.id for call in calls if _rings_nowhere(call, known)]
        since = {call_id: self._since.get(call_id, now) for call_id in fresh}
        self._since = {call_id: at for call_id, at in since.items() if now - at < ARRIVES}
        return self._since.keys()


def _rings_nowhere(call: m.Call, known: Collection[str]) -> bool:
    """Return whether a call is a caller from outside alone, of whom nobody was told before."""
    if call.direction is not m.Direction.INCOMING or len(call.legs) != 1:
        return False
    (leg,) = call.legs
    return leg.extension is None and leg.id not in known
