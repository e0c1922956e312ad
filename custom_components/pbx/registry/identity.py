"""Identify: which call a message or a row of a list is about.

This is the interface, and what it is for a phone system whose messages and lists know a call by
the same id: then an unknown id is a new call, but for a call that goes on under the id of one of
its legs. `identity_by_parties.py` is the other implementation.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import takewhile

from ..telephony.bounded_map import BoundedMap
from ..telephony.models import Call, CallRecord, CallState, Direction, LegPush, Outcome, Party
from .active_call import ActiveCall
from .apply_message import Address
from .ended import EndedCall, Tombstones

HIDDEN = "hidden"
LATEST = 64
REMEMBERED_IDS = 4096
REMEMBERED_LEGS = 8192
TAKEN_OVER = timedelta(seconds=10)  # from the last ring of a call to the mailbox that takes it
RECORDED = timedelta(minutes=1)  # from the end of a call to the record of its mailbox


class Identity:
    """Knows calls by their ids, and by the ids that other sources gave them."""

    def __init__(self, active: Mapping[str, ActiveCall], ended: Tombstones) -> None:
        """Start without names; `active` are the calls that are not over, by id."""
        self._active = active
        self._ended = ended
        self._aliases = BoundedMap[str](REMEMBERED_IDS)
        self._call_of_leg = BoundedMap[str](REMEMBERED_LEGS)
        self._machines = BoundedMap[None](REMEMBERED_IDS)
        self._any_machine = False  # most phone systems never have one, and each message asks
        self._by_number: dict[str, dict[str, ActiveCall]] = {}
        self._number_of: dict[str, str] = {}

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
        return Address(push.call_id if self.is_machine(push.call_id) else push.leg_id)

    def match_push(self, push: LegPush, now: datetime) -> ActiveCall | EndedCall | None:
        """Return the call that a message with an unknown id is about; None for a new one.

        One that had only seemed to be over is returned as that, and goes on.
        """
        del push, now
        return None

    def is_doubtful(self, push: LegPush) -> bool:
        """Return whether only a list can tell of which call a message is that nothing matches."""
        del push
        return False

    def match_row(
        self, row: Call, rows: Collection[Call], now: datetime
    ) -> ActiveCall | EndedCall | None:
        """Return the call that a row with an unknown id is about, as `match_push` does."""
        del row, rows, now
        return None

    def match_placed(self, row: Call, now: datetime) -> ActiveCall | None:
        """Return the call that was pushed already of one that was just placed here, or None."""
        del row, now
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

    # -- a machine that takes a call over, under an id of its own ----------------------------------

    def is_machine(self, call_id: str) -> bool:
        """Return whether an id is that of a machine which took over the call of another id."""
        return self._any_machine and call_id in self._machines

    def taken_over(self, push: LegPush, now: datetime) -> ActiveCall | EndedCall | None:
        """Return the call that a mailbox has taken, of which a message with an unknown id tells.

        The same party has just called, phones of ours have rung in vain, and now somebody answers
        who has no phone. One that only rings is a new call, unless the phones are done.
        """
        incoming = push.direction in {None, Direction.INCOMING}
        if push.extension is not None or push.caller is None or not incoming:
            return None
        if push.state is CallState.DIALING:
            return None
        return self._in_vain(push.caller, now, TAKEN_OVER, rings=push.state is CallState.RINGING)

    def recorded_as(self, record: CallRecord, now: datetime) -> ActiveCall | EndedCall | None:
        """Return the call whose mailbox an otherwise unknown record is about; None for none."""
        if record.outcome is not Outcome.VOICEMAIL or record.direction is not Direction.INCOMING:
            return None
        if record.extension is not None or record.answered_by is not None:
            return None
        return self._in_vain(record.caller, now, RECORDED, rings=False)

    def name_machine(self, call_id: str, own_id: str) -> None:
        """Remember that an id is that of the machine which took a call over."""
        self.name(call_id, own_id)
        self._machines.put(call_id, None)
        self._any_machine = True

    def forget_machine(self, call_id: str) -> None:
        """Forget that an id was a machine's: a phone of ours rings under it."""
        self._machines.discard(call_id)
        self._aliases.discard(call_id)

    def _in_vain(
        self, caller: Party, now: datetime, within: timedelta, *, rings: bool
    ) -> ActiveCall | EndedCall | None:
        """Return the call of a party for which phones of ours have rung, and nobody has talked.

        With `rings`, only one whose phones have stopped, and that waits for what comes next.
        """
        if not caller.number:
            return None
        for call in self._by_number.get(caller.number, {}).values():
            if _rang_in_vain(call) and (call.grace_since is not None or not rings):
                return call
        if rings:
            return None
        for ended in takewhile(lambda ended: now - ended.at <= within, self._ended.latest(LATEST)):
            same = ended.view.caller.number == caller.number
            if same and ended.view.outcome is not Outcome.ANSWERED and _rang_in_vain(ended.call):
                return ended
        return None

    # -- what it remembers -------------------------------------------------------------------------

    def name(self, call_id: str, own_id: str) -> None:
        """Remember by which other id a source calls a call."""
        self._aliases.put(call_id, own_id)

    def name_leg(self, leg_id: str, own_id: str) -> None:
        """Remember of which call a leg is."""
        self._call_of_leg.put(leg_id, own_id)

    def index(self, call: ActiveCall) -> None:
        """Take note of the number that the party outside has now."""
        number = name_of(call.facts.outside)
        if self._number_of.get(call.id, "") == number:
            return
        self._drop(call)
        if number:
            self._number_of[call.id] = number
            self._by_number.setdefault(number, {})[call.id] = call

    def forget(self, call: ActiveCall) -> None:
        """Forget the legs of a call that is over; late messages may still use its other ids."""
        for leg_id in call.legs:
            if self._call_of_leg.get(leg_id) == call.id:
                self._call_of_leg.discard(leg_id)
        self._drop(call)

    def _drop(self, call: ActiveCall) -> None:
        """Take a call out of those of its number."""
        number = self._number_of.pop(call.id, "")
        if not number:
            return
        del self._by_number[number][call.id]
        if not self._by_number[number]:
            del self._by_number[number]


def name_of(party: Party) -> str:
    """Return a name to find a party by: one for all hidden callers, none for who is not known."""
    return party.number or (HIDDEN if party.hidden else "")


def _rang_in_vain(call: ActiveCall) -> bool:
    """Return whether a call from outside rang at phones of ours, and none of them has talked."""
    return call.facts.direction is Direction.INCOMING and call.meaning.rang and not call.connected
