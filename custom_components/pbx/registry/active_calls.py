"""Index: the active calls as others see them; all, those of each extension, and one per slot."""

from collections.abc import Collection
from heapq import heappop, heappush

from ..telephony.models import EARLY, UP, Call, CallState
from .changes import ACCOUNT, Changes, extension_key, slot_key

URGENCY = (CallState.RINGING, CallState.TALKING, CallState.ON_HOLD, CallState.DIALING)
"""What is shown of an extension that does several things at once: the first of these."""


class ActiveCalls:
    """Which calls there are, and where each is shown."""

    def __init__(self, slots: int) -> None:
        """Start without calls; so many are shown one by one."""
        self.calls: dict[str, Call] = {}
        self.slots: list[Call | None] = [None] * slots
        self._by_extension: dict[str, dict[str, CallState]] = {}
        self._slot_of: dict[str, int] = {}
        self._free = list(range(slots))
        self._waiting: dict[str, None] = {}  # for a slot, in the order of their beginning

    # -- views -------------------------------------------------------------------------------------

    @property
    def extensions(self) -> int:
        """How many extensions have calls."""
        return len(self._by_extension)

    def call_ids_of(self, extension: str | None) -> Collection[str]:
        """Return the ids of the calls in which an extension takes or took part."""
        return tuple(self._by_extension.get(extension or "", ()))

    def doings_of(self, extension: str) -> list[tuple[CallState, Call]]:
        """Return what an extension does, and in which call, the most urgent first (rule 10)."""
        doings: list[tuple[CallState, Call]] = []
        for call_id, state in self._by_extension.get(extension, {}).items():
            if state is not CallState.ENDED:
                doings.append((state, self.calls[call_id]))
        if len(doings) > 1:
            doings.sort(key=lambda doing: URGENCY.index(doing[0]))
        return doings

    # -- inputs ------------------------------------------------------------------------------------

    def show(self, call: Call, changes: Changes) -> None:
        """Show a call as it is now, in the slot it has or the first that is free."""
        before = self.calls.get(call.id)
        if before == call:
            return
        self.calls[call.id] = call
        self._name_concerned(call, changes)
        if before is not None:
            self._take_from_phones(before, changes, but=call.extensions)
        for extension in call.extensions:
            self._by_extension.setdefault(extension, {})[call.id] = state_in(call, extension)
        slot = self._slot_of.get(call.id)
        if slot is None:
            if not self._free:
                self._waiting[call.id] = None
                return
            slot = self._slot_of[call.id] = heappop(self._free)
        self._fill(slot, call, changes)

    def hide(self, call_id: str, changes: Changes) -> None:
        """Show a call no more, but keep its slot: it may come back."""
        call = self.calls.pop(call_id, None)
        self._waiting.pop(call_id, None)
        if call is None:
            return
        self._name_concerned(call, changes)
        self._take_from_phones(call, changes)
        slot = self._slot_of.get(call_id)
        if slot is not None:
            self._fill(slot, None, changes)

    def remove(self, call_id: str, changes: Changes) -> None:
        """Show a call no more, and give its slot to the one that has waited longest for it."""
        self.hide(call_id, changes)
        slot = self._slot_of.pop(call_id, None)
        if slot is None:
            return
        waiting = next(iter(self._waiting), None)
        if waiting is None:
            heappush(self._free, slot)
            return
        del self._waiting[waiting]
        self._slot_of[waiting] = slot
        self._fill(slot, self.calls[waiting], changes)

    # -- parts -------------------------------------------------------------------------------------

    def _name_concerned(self, call: Call, changes: Changes) -> None:
        """Note that the account and the phones of a call show something else now."""
        changes.keys[ACCOUNT] = None
        for extension in call.extensions:
            changes.keys[extension_key(extension)] = None

    def _take_from_phones(self, call: Call, changes: Changes, but: tuple[str, ...] = ()) -> None:
        """Take a call from its phones, except those that have it still."""
        for extension in call.extensions:
            if extension in but:
                continue
            changes.keys[extension_key(extension)] = None
            calls = self._by_extension[extension]
            del calls[call.id]
            if not calls:
                del self._by_extension[extension]

    def _fill(self, slot: int, call: Call | None, changes: Changes) -> None:
        """Show a call, or none, in a slot."""
        self.slots[slot] = call
        changes.keys[slot_key(slot + 1)] = None


def state_in(call: Call, extension: str) -> CallState:
    """Return what a phone does in a call: its most urgent leg, ENDED if none of them is left.

    A phone that is up dials, until the other side has answered.
    """
    states = {leg.state for leg in call.legs if leg.extension == extension}
    if call.state in EARLY and CallState.RINGING not in states and not states.isdisjoint(UP):
        return CallState.DIALING
    return next((state for state in URGENCY if state in states), CallState.ENDED)
