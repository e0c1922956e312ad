"""What accounts add to the start and the stop of a real Home Assistant, beside one without any, in turns."""

import asyncio
import os
import tempfile
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.e2e.client import Client
from tests.e2e.process import FULL, HassProcess

from .figures import Figure, ratio
from .hass import account

KINDS = ("voipat", "voipstudio", "voipsun", "voxloud")
EXTENSIONS = 5
TICKS = os.sysconf("SC_CLK_TCK")
LOOK = 0.25
QUIET_LOOKS = 4
QUIET = 2
"""Ticks of processor time between two looks below which Home Assistant has nothing to do."""
LONGEST = 120.0


@dataclass(slots=True)
class Lives:
    """The processor time of some starts, and how long the stops took; in seconds."""

    start: list[float] = field(default_factory=list)
    stop: list[float] = field(default_factory=list)


async def measure(rounds: int) -> list[Figure]:
    """Start and stop a house with four accounts and one without any, in turns."""
    async with AsyncExitStack() as stack:
        with_accounts, without = await _house(stack), await _house(stack)
        await with_accounts.start()
        async with Client(with_accounts) as client:
            for kind in KINDS:
                simulated = await stack.enter_async_context(account(kind, EXTENSIONS))
                await simulated.set_up(client)
                await simulated.complete(client)
        await with_accounts.stop()
        houses = {"accounts": with_accounts, "none": without}
        await _live(without)
        found = {name: Lives() for name in houses}
        for number in range(rounds):
            for name in houses if number % 2 else reversed(houses):
                started, stopped = await _live(houses[name])
                found[name].start.append(started)
                found[name].stop.append(stopped)
    return _figures(found)


def _figures(found: Mapping[str, Lives]) -> list[Figure]:
    ours, none = found.values()
    figures = []
    for what, one, two, most in (
        ("processor time of Home Assistant's start", ours.start, none.start, 1.05),
        ("time of Home Assistant's stop", ours.stop, none.stop, 1.1),
    ):
        note = f"{median(one):.2f} s, {median(two):.2f} s without an account"
        # Every second one without accounts beside the others.
        still = median(two[::2]) / median(two[1::2]) if len(two) > 1 else None
        figures.append(ratio(f"with {len(KINDS)} accounts: {what}", one, two, at_most=most, noise=still, note=note))
    return figures


async def measure_stop(rounds: int, extensions: int) -> list[Figure]:
    """Stop a house with one large account some times."""
    async with AsyncExitStack() as stack:
        process = await _house(stack)
        simulated = await stack.enter_async_context(account("voipstudio", extensions))
        await process.start()
        async with Client(process) as client:
            await simulated.set_up(client)
            await simulated.complete(client)
        await process.stop()
        stops = [(await _live(process))[1] for _ in range(rounds)]
    return [
        Figure(
            what=f"Home Assistant stops with {extensions:,} extensions, s",
            value=median(stops),
            low=min(stops),
            high=max(stops),
            at_most=2,
        )
    ]


async def _house(stack: AsyncExitStack) -> HassProcess:
    """Prepare a Home Assistant with a recorder and a front end, which ends with the stack."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pbx-life-")))
    process = HassProcess(folder, components=FULL)
    configuration = folder / "configuration.yaml"
    lines = configuration.read_text().splitlines()
    configuration.write_text("\n".join(line for line in lines if not line.startswith("logger:")) + "\n")
    stack.push_async_callback(process.stop)
    return process


async def _live(process: HassProcess) -> tuple[float, float]:
    """Start, wait until all is done, and stop; give the processor time of the one and the length of the other."""
    await process.start()
    spent = await _settled(process.pid)
    begin = time.perf_counter()
    await process.stop()
    return spent, time.perf_counter() - begin


async def _settled(pid: int) -> float:
    """Give the seconds of processor time after which a process has nothing to do any more."""
    quiet, before = 0, _spent(pid)
    deadline = time.monotonic() + LONGEST
    while quiet < QUIET_LOOKS and time.monotonic() < deadline:
        await asyncio.sleep(LOOK)
        now = _spent(pid)
        quiet = quiet + 1 if now - before <= QUIET else 0
        before = now
    return before / TICKS


def _spent(pid: int) -> int:
    """Give the processor time of a process in ticks, of all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])
