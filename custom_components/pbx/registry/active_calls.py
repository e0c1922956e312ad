"""What is shown of the active calls: all of them, those of each extension, and the slot that each keeps."""

from heapq import heappop, heappush

from ..telephony.models import EARLY, UP, Call, CallState
from .changes import ACCOUNT, Changes, extension_key, slot_key

URGENCY = (CallState.RINGING, CallState.TALKING, CallState.ON_HOLD, CallState.DIALING)


class Board:
    """The active calls as others see them."""

    def __init__(self, slots: int) -> None:
        """Start empty."""
        self.calls: dict[str, Call] = {}
        self.slots: list[Call | None] = [None] * slots
        self._by_extension: dict[str, dict[str, CallState]] = {}
        self._slot_of: dict[str, int] = {}
        self._free = list(range(slots))
        self._waiting: dict[str, None] = {}

    # -- views --------------------------------------------------------------------------------------

    @property
    def extensions(self) -> int:
        """How many extensions have calls."""
        return len(self._by_extension)

    def call_ids_of(self, extension: str | None) -> tuple[str, ...]:
        """Give the ids of the calls in which an extension takes or took part."""
        return tuple(self._by_extension.get(extension or "", ()))

    def calls_of(self, extension: str) -> list[Call]:
        """Give the calls of an extension, the most urgent first (rule 9)."""
        return [call for _, call in self.doings_of(extension)]

    def doings_of(self, extension: str) -> list[tuple[CallState, Call]]:
        """Give what an extension is doing, and in which call, the most urgent first (rule 9)."""
        states = self._by_extension.get(extension, {})
        doings: list[tuple[CallState, Call]] = [
            (state, self.calls[call_id])
            for call_id, state in states.items()
            if state is not CallState.ENDED
        ]
        if len(doings) > 1:
            doings.sort(key=lambda doing: URGENCY.index(doing[0]))
        return doings

    # -- inputs -------------------------------------------------------------------------------------

    def show(self, call: Call, changes: Changes) -> None:
        """Show a call as it is now."""
        before = self.calls.get(call.id)
        if before == call:
            return
        self.calls[call.id] = call
        self._change(call, changes)
        if before is not None:
            self._forget_phones(before, changes, but=call.extensions)
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
        """Show a call no more, and keep its slot: it may come back."""
        call = self.calls.pop(call_id, None)
        self._waiting.pop(call_id, None)
        if call is None:
            return
        self._change(call, changes)
        self._forget_phones(call, changes)
        slot = self._slot_of.get(call_id)
        if slot is not None:
            self._fill(slot, None, changes)

    def remove(self, call_id: str, changes: Changes) -> None:
        """Show a call no more, and give its slot to one that waits for it."""
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

    def _change(self, call: Call, changes: Changes) -> None:
        changes.keys[ACCOUNT] = None
        for extension in call.extensions:
            changes.keys[extension_key(extension)] = None

    def _forget_phones(self, call: Call, changes: Changes, but: tuple[str, ...] = ()) -> None:
        for extension in call.extensions:
            if extension in but:
                continue
            changes.keys[extension_key(extension)] = None
            calls = self._by_extension[extension]
            del calls[call.id]
            if not calls:
                del self._by_extension[extension]

    def _fill(self, slot: int, call: Call | None, changes: Changes) -> None:
        self.slots[slot] = call
        changes.keys[slot_key(slot + 1)] = None


def state_in(call: Call, extension: str) -> CallState:
    """Say what a phone is doing in a call: its most urgent leg, but dialling until the other side has answered."""
    states = {leg.state for leg in call.legs if leg.extension == extension}
    if call.state in EARLY and states & UP and CallState.RINGING not in states:
        return CallState.DIALING
    return next((state for state in URGENCY if state in states), CallState.ENDED)
