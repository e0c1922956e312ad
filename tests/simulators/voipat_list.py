"""VOIP@ Cloud, contract section 13: the switch's list of channels, which is a little later than its events."""

import asyncio
import math
import random
from collections import deque
from collections.abc import Mapping
from copy import copy

from .voipat_engine import CallState, Leg
from .voipat_wire import VoipatSwitches


class ChannelList:
    """What `show channels` reads: a table that is written in batches, after the events were sent."""

    def __init__(self, switches: VoipatSwitches, rng: random.Random) -> None:
        """Start with an empty table."""
        self._switches = switches
        self._rng = rng
        self._written: dict[str, Leg] = {}
        self._pending: deque[tuple[float, str, Leg | None]] = deque()

    def fired(self, leg: Leg) -> None:
        """Have a leg written as it is at this event, or taken out when it is over."""
        earliest, median, latest = self._switches.list_lag
        if not latest:
            return
        lag = min(earliest + self._rng.expovariate(math.log(2) / median), latest)
        due = asyncio.get_running_loop().time() + lag
        if self._pending:
            due = max(due, self._pending[-1][0])  # in the order of the events
        over = leg.callstate is CallState.HANGUP
        self._pending.append((due, leg.uuid, None if over else copy(leg)))

    def legs(self, live: Mapping[str, Leg]) -> dict[str, Leg]:
        """Give the legs as the table shows them now; `live` are those that are really up."""
        if not self._pending and not self._written:
            return dict(live)  # nothing is ever late
        now = asyncio.get_running_loop().time()
        while self._pending and self._pending[0][0] <= now:
            _, uuid, leg = self._pending.popleft()
            if leg is None:
                self._written.pop(uuid, None)
            else:
                self._written[uuid] = leg
        waiting = {uuid for _, uuid, _ in self._pending}
        shown = {uuid: leg for uuid, leg in live.items() if uuid not in waiting}
        shown |= {uuid: leg for uuid, leg in self._written.items() if uuid in waiting}
        return dict(sorted(shown.items(), key=lambda each: each[1].created))
