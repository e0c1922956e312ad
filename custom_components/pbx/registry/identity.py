"""Identify: which call a message or a row of a list is about.

This is the interface, and what it is for a phone system whose messages and lists know a call by
the same id: then an unknown id is a new call, but for a call that goes on under the id of one of
its legs. `identity_by_parties.py` is the other implementation.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from ..telephony.bounded_map import BoundedMap
from ..telephony.models import Call, LegPush
from .active_call import ActiveCall
from .apply_message import Address
from .ended import EndedCall

REMEMBERED_IDS = 4096
REMEMBERED_LEGS = 8192


class Identity:
    """Knows calls by their ids, and by the ids that other sources gave them."""

    def __init__(self, active: Mapping[str, ActiveCall]) -> None:
        """Start without names; `active` are the calls that are not over, by id."""
        self._active = active
        self._aliases = BoundedMap[str](REMEMBERED_IDS)
        self._call_of_leg = BoundedMap[str](REMEMBERED_LEGS)

    # -- views -------------------------------------------------------------------------------------

    def own_id(self, call_id: str) -> str:
        """Return the id under which a call is kept, given any of its ids."""
        return self._aliases.get(call_id) or call_id

    def of_leg(self, leg_id: str | None) -> ActiveCall | None:
        """Return the active call that has a leg, or None."""
        return self._active.get(self._call_of_leg.get(leg_id or "") or "")

    @property
    def sizes(self) -> Mapping[str, int]:
        """How much is remembered."""
        return {"aliases": len(self._aliases), "leg_ids": len(self._call_of_leg)}

    # -- which call this is about ------------------------------------------------------------------

    def address(self, push: LegPush) -> Address:
        """Return which leg of its call a message is about."""
        return Address(push.leg_id)

    def match_push(self, push: LegPush, now: datetime) -> ActiveCall | EndedCall | None:
        """Return the call that a message with an unknown id is about; None for a new one.

        One that had only seemed to be over is returned as that, and goes on.
        """
        del push, now
        return None

    def match_row(
        self, row: Call, rows: Collection[Call], now: datetime
    ) -> ActiveCall | EndedCall | None:
        """Return the call that a row with an unknown id is about, as `match_push` does."""
        del row, rows, now
        return None

    def adopt(self, rows: Iterable[Call]) -> None:
        """Know calls again that go on under the id of a leg, since the list lost what was above."""
        strangers = [row for row in rows if row.id not in self._active]
        if not strangers:
            return
        listed = {self.own_id(row.id) for row in rows}
        for row in strangers:
            known = self._call_of_leg.get(row.id)
            if known is not None and known not in listed and known in self._active:
                self.name(row.id, known)
                listed.add(known)

    # -- what it remembers -------------------------------------------------------------------------

    def name(self, call_id: str, own_id: str) -> None:
        """Remember by which other id a source calls a call."""
        self._aliases.put(call_id, own_id)

    def name_leg(self, leg_id: str, own_id: str) -> None:
        """Remember of which call a leg is."""
        self._call_of_leg.put(leg_id, own_id)

    def index(self, call: ActiveCall) -> None:
        """Take note of what a call looks like now."""

    def forget(self, call: ActiveCall) -> None:
        """Forget the legs of a call that is over; late messages may still use its other ids."""
        for leg_id in call.legs:
            if self._call_of_leg.get(leg_id) == call.id:
                self._call_of_leg.discard(leg_id)
