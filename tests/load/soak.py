"""What stays in memory of very many calls, in a process of its own: objects and bytes at half time and at the end."""

import asyncio
import gc
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from typing import Any

from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony.models import CallState, Direction, LegPush, Outcome, Party
from tests.chaos.clock import run_fast
from tests.chaos.house import house
from tests.chaos.lines import Voipstudio
from tests.chaos.runs import prepare
from tests.simulators.voipstudio import VoipstudioSimulator

ROOT = Path(__file__).parents[2]
GROWTH = 1.02
SECONDS_A_CALL = 3
PHONES = 50
REMEMBERED = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """How much was in use."""

    objects: int
    bytes: int


async def soak(what: str, calls: int) -> tuple[Kept, Kept]:
    """Let so many calls pass through the registry, or through Home Assistant; give half time and end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *("-m", "tests.load.soak", what, str(calls)), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    answer, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("The process that takes the calls has failed")
    half, end = json.loads(answer.splitlines()[-1])
    return Kept(**half), Kept(**end)


def _kept() -> dict[str, int]:
    for _ in range(3):
        gc.collect()
    resident = int(Path("/proc/self/statm").read_text().split()[1]) * 4096 if Path("/proc/self/statm").exists() else 0
    return {"objects": sys.getallocatedblocks(), "bytes": resident}


def _messages(call: int, began: datetime) -> Iterator[LegPush]:
    """Tell of one call: every third one is missed, every fifth rings two phones."""
    missed = call % 3 == 0
    phones = [str(100 + (call + other) % PHONES) for other in range(2 if call % 5 == 0 else 1)]
    steps = (
        (CallState.RINGING, CallState.ENDED)
        if missed
        else (CallState.RINGING, CallState.TALKING, CallState.ON_HOLD, CallState.ENDED)
    )
    for number, state in enumerate(steps):
        for phone in phones if state in {CallState.RINGING, CallState.ENDED} else phones[:1]:
            over = state is CallState.ENDED
            yield LegPush(
                provider_event=state,
                call_id=f"call {call}",
                leg_id=f"leg {call} {phone}",
                key=f"key {call} {phone} {number}",
                state=state,
                extension=phone,
                direction=Direction.INCOMING,
                caller=Party(number=f"+44207946{call % 10_000:04}"),
                time=began + timedelta(seconds=number / 2),
                outcome=Outcome.MISSED if over and missed else None,
                final=over and phone == phones[-1],
            )


def through_registry(calls: int) -> list[dict[str, int]]:
    """Let calls pass through the registry alone."""
    registry, now, found = CallRegistry(), datetime(2026, 10, 5, 12, tzinfo=UTC), []
    for half in range(2):
        for call in range(half * calls // 2, (half + 1) * calls // 2):
            now += timedelta(seconds=1)
            for push in _messages(call, now):
                registry.apply(push, push.time or now)
            registry.tick(now)
        assert not registry.calls
        found.append(_kept())
    return found


async def through_home_assistant(calls: int) -> list[dict[str, int]]:
    """Let calls pass through a whole Home Assistant: pushed, polled, shown, told, and their records asked for."""
    line, numbers, found = Voipstudio(1), count(), []
    async with line.simulator as sim, house() as home:
        entry = line.entry()
        entry.add_to_hass(home.hass)
        await home.hass.config_entries.async_setup(entry.entry_id)
        await line.connect(f"{home.url}/api/webhook/{entry.data['webhook_id']}")
        for _ in range(2):
            for number in islice(numbers, calls // 2):
                phone = line.extensions[number % len(line.extensions)]
                call_id = await sim.ring(f"{line.plus}{line.block}{number % 1000:03}", phone)
                await asyncio.sleep(SECONDS_A_CALL / 3)
                if number % 3:
                    await sim.answer(call_id, phone)
                await asyncio.sleep(SECONDS_A_CALL / 3)
                await sim.hang_up(call_id)
                await asyncio.sleep(SECONDS_A_CALL / 3)
                _forget(sim)
            await asyncio.sleep(SECONDS_A_CALL)
            assert not entry.runtime_data.coordinator.data.calls
            assert home.log.unexpected([]) == []
            found.append(_kept())
    return found


def _forget(simulator: VoipstudioSimulator) -> None:
    """Let the phone system, which is in this process too, forget what was long ago."""
    simulator.requests.clear()
    simulator.webhooks.sent.clear()
    kept: tuple[dict[int, Any], ...] = (simulator.ended, simulator.ended_legs)
    for collection in simulator.collections.values():
        kept += (collection.rows, collection.owners)
    for rows in kept:
        for row_id in list(rows)[:-REMEMBERED]:
            del rows[row_id]


if __name__ == "__main__":
    WHAT, CALLS = sys.argv[1], int(sys.argv[2])
    if WHAT == "registry":
        RESULT = through_registry(CALLS)
    else:
        prepare()
        RESULT = run_fast(through_home_assistant(CALLS))
    sys.stdout.write(json.dumps(RESULT) + "\n")
