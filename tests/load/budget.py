"""What a large account is asked in any minute, on a clock on which minutes cost nothing."""

import asyncio
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import override

from homeassistant.config_entries import ConfigEntryState

from custom_components.pbx.coordinator import PbxCoordinator
from tests.chaos.clock import run_fast
from tests.chaos.house import house
from tests.chaos.runs import prepare
from tests.simulators.base import Seen

from .lines import FIRST, LINES

MINUTE = 60.0
CALLS_A_MINUTE = 20
MINUTES_BETWEEN_DIRECTORIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How many requests came in the busiest minute, what the limit is, and how often each agent was asked about."""

    most: int
    limit: float
    agents: Counter[str]


class Log(deque[Seen]):
    """Notes when each request came."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.times: list[float] = []

    @override
    def append(self, seen: Seen, /) -> None:
        super().append(seen)
        self.times.append(asyncio.get_running_loop().time())


def ask_apart(provider: str, minutes: int) -> Asked:
    """Do so in a process of its own."""
    prepare()
    return ask(provider, minutes)


def ask(provider: str, minutes: int) -> Asked:
    """Let a large account run for some minutes, while calls come and go and the directory is wanted anew."""
    return run_fast(_ask(provider, minutes))


async def _ask(provider: str, minutes: int) -> Asked:
    line = LINES[provider](0)
    log = line.simulator.requests = Log()
    async with line.simulator, house() as home:
        entry = line.entry()
        entry.add_to_hass(home.hass)
        await home.hass.config_entries.async_setup(entry.entry_id)
        assert entry.state is ConfigEntryState.LOADED
        await line.connect(f"{home.url}/api/webhook/{entry.data['webhook_id']}")
        coordinator: PbxCoordinator = entry.runtime_data.coordinator
        for minute in range(minutes):
            for index in range(CALLS_A_MINUTE):
                call = await line.simulator.ring(line.fresh(), str(FIRST[provider] + index))
                await asyncio.sleep(MINUTE / CALLS_A_MINUTE / 2)
                await line.simulator.hang_up(call)
                await asyncio.sleep(MINUTE / CALLS_A_MINUTE / 2)
            if minute % MINUTES_BETWEEN_DIRECTORIES == 0:
                coordinator.async_reread_directory()
        await home.hass.config_entries.async_remove(entry.entry_id)
        await home.hass.async_block_till_done()
    return Asked(
        most=_busiest(log.times),
        limit=next(limit.requests for limit in coordinator.provider.limits if limit.seconds == MINUTE),
        agents=Counter(seen.query["agentNumber"] for seen in log if "agentNumber" in seen.query),
    )


def _busiest(times: Iterable[float]) -> int:
    """Count the requests of the minute that had most, wherever it begins."""
    minute: deque[float] = deque()
    most = 0
    for at in times:
        minute.append(at)
        while minute[0] <= at - MINUTE:
            minute.popleft()
        most = max(most, len(minute))
    return most
