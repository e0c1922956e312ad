"""How long it takes until a state shows that a phone rings: sixty short rings at any moment, at default settings.

What polls find is measured on a clock of its own, on which minutes cost nothing: only timers and the simulated phone
system's delays count there, and the few milliseconds of work do not. What is pushed is measured in real time.
"""

import argparse
import asyncio
import json
import logging
import random
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from statistics import quantiles
from typing import Any, ClassVar, override

from aiohttp import web
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from pytest_homeassistant_custom_component.common import MockConfigEntry

from tests.chaos import lines
from tests.chaos.clock import FastLoop, run_fast
from tests.chaos.house import House, house, prepare_clock
from tests.chaos.lines import Line
from tests.simulators.voipat import VoipatSimulator
from tests.simulators.voipat_wire import Profile
from tests.simulators.voipstudio import VoipstudioSimulator

from .figures import Figure, percentile

ROOT = Path(__file__).parents[2]
RINGS_FOR = 5.0
IDLE = (30.0, 75.0)
IDLE_IF_PUSHED = (0.02, 0.05)
LATE = 600.0
"""Seconds within which a ring that no state has shown must have been told of, so that it left a trace."""
WEEK = 7 * 24
STEP = 3570.0
"""Seconds that pass at once while nobody calls; a key that nobody shows for longer may expire.
A few polls come in between."""
QUIET_HOURS = 2
"""Hours between two rings in hours in which nobody has ever called: the hours beside a known one count as known."""
TOO_MANY = 429
POLLED, SOCKET = ("VoIPSUN", "VoIPstudio", "VOIP@"), "VOIP@"


class _Voipat(lines.Voipat):
    """VOIP@ Cloud with the bridge in Python, behind which the switch's list is late as a real one's."""

    switches: ClassVar[Mapping[str, Any]] = {"profile": Profile.PYTHON, "ws_enabled": False}

    @override
    def make(self, seed: int) -> VoipatSimulator:
        return VoipatSimulator(seed=seed, clock=lines.now, extensions_broken=False, **self.switches)

    @override
    def _answered(self, request: web.Request, answer: web.StreamResponse) -> None:
        """Take no note of what only a random plan asks for."""


class _Limited(_Voipat):
    """The same as its documentation has it: with 60 requests a minute and 1,000 an hour, which it says itself."""

    switches: ClassVar[Mapping[str, Any]] = {"profile": Profile.DOCS, "ws_enabled": False}


class _Socket(_Voipat):
    """The same with its socket."""

    switches: ClassVar[Mapping[str, Any]] = {"profile": Profile.PYTHON}


class _Prompt(_Voipat):
    """The same with its socket, and a list that is never late."""

    switches: ClassVar[Mapping[str, Any]] = {"profile": Profile.PYTHON, "list_lag": (0.0, 0.0, 0.0)}


class _Studio(lines.Voipstudio):
    """VoIPstudio as it is by default."""

    @override
    def make(self, seed: int) -> VoipstudioSimulator:
        return VoipstudioSimulator(seed=seed, clock=lines.now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A phone system, how it tells of calls, and how soon they must be known: p50 and p95 in seconds."""

    line: Callable[[int], Line[Any]]
    what: str
    p50: float | None = None
    p95: float | None = None
    pushed: bool = False
    quiet_hours: bool = False


CASES: Mapping[str, Case] = {
    "voipsun": Case(line=lines.Voipsun, what="VoIPSUN PBX, polled", p50=0.9, p95=1.6),
    "voipstudio": Case(line=_Studio, what="VoIPstudio without webhook", p50=1.8, p95=3.2),
    "voipat": Case(line=_Voipat, what="VOIP@ without socket, Python bridge", p50=2.5, p95=4),
    # As near as the hour allows: a call each minute takes a third of what it does.
    "voipat-limited": Case(line=_Limited, what="VOIP@ without socket, 1,000 requests an hour, a call a minute"),
    "voipat-socket": Case(line=_Socket, what="VOIP@ with socket, late list", p50=0.3, p95=0.5),
    "voipat-prompt": Case(line=_Prompt, what="VOIP@ with socket, prompt list", p50=0.1, p95=0.1),
    "voipsun-quiet": Case(line=lines.Voipsun, what="VoIPSUN PBX, when nobody has ever called", p95=4, quiet_hours=True),
    "voipstudio-quiet": Case(line=_Studio, what="VoIPstudio, when nobody has ever called", quiet_hours=True),
    "voipat-quiet": Case(line=_Voipat, what="VOIP@ without socket, when nobody has ever called", quiet_hours=True),
    "voipstudio-pushed": Case(line=_Studio, what="VoIPstudio, pushed", p50=0.005, p95=0.005, pushed=True),
    "voxloud": Case(line=lines.Voxloud, what="Voxloud, pushed", p50=0.005, p95=0.005, pushed=True),
}


@dataclass(slots=True, kw_only=True)
class Found:
    """What came of the rings of a case: seconds until a state showed each, and those that left no trace."""

    seconds: list[float] = field(default_factory=list)
    told_later: int = 0
    lost: int = 0
    refused: int = 0
    requests_per_minute: float = 0


async def measure(rings: int) -> list[Figure]:
    """Measure all: two cases at a time on the clock of their own, then those in real time."""
    polled = [name for name, case in CASES.items() if not case.pushed]
    two = asyncio.Semaphore(2)

    async def one(name: str) -> Found:
        async with two:
            return await _apart(name, rings)

    found = dict(zip(polled, await asyncio.gather(*map(one, polled)), strict=True))
    for name in CASES:
        if name not in found:
            found[name] = await _apart(name, rings)
    return [figure for name, case in CASES.items() for figure in _figures(case, found[name])]


async def _apart(name: str, rings: int) -> Found:
    """Measure a case in a process of its own, for the clock is all of a process's."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.detect", name, str(rings)), cwd=ROOT, stdout=PIPE
    )
    answer, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{name} could not be measured")
    return Found(**json.loads(answer.splitlines()[-1]))


def _figures(case: Case, found: Found) -> list[Figure]:
    what = f"until known: {case.what}"
    seen = found.seconds or [float("inf")]
    low, middle, high = quantiles(seen, n=4) if len(seen) > 1 else seen * 3
    note = f"{len(found.seconds)} rings of {RINGS_FOR:g} s"
    if not case.pushed and not case.quiet_hours:
        note += f"; {found.requests_per_minute:.1f} requests a minute"
    figures = [
        Figure(what=f"{what}: p50, s", value=middle, low=low, high=high, at_most=case.p50, note=note),
        Figure(what=f"{what}: p95, s", value=percentile(seen, 95), at_most=case.p95),
        Figure(
            what=f"{what}: rings without a trace",
            value=found.lost,
            at_most=0,
            note=f"{found.told_later} told of later" if found.told_later else "",
        ),
    ]
    if not case.pushed:
        figures.append(Figure(what=f"{what}: requests refused as too many", value=found.refused, at_most=0))
    return figures


class _Watch:
    """Notes when a state says that a phone rings, and of whose calls was told."""

    def __init__(self, hass: HomeAssistant, now: Callable[[], float]) -> None:
        """Listen to the states."""
        self.rang_at: float | None = None
        self.told: set[str] = set()
        self._now = now
        self._changed = asyncio.Event()
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._async_hear)

    @callback
    def _async_hear(self, event: Event[EventStateChangedData]) -> None:
        state = event.data["new_state"]
        if state is None or state.state != "ringing" or not state.entity_id.endswith("_call_state"):
            return
        if self.rang_at is None:
            self.rang_at = self._now()
            self._changed.set()

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take note of an event of the bus."""
        if event["type"] in ("call_incoming", "call_missed", "call_ended"):
            self.told.add(digits(str(event.get("from_number", ""))))

    def begin(self) -> None:
        """Wait for a new ring."""
        self.rang_at = None
        self._changed.clear()

    async def rings(self, seconds: float) -> bool:
        """Wait until a phone rings; say whether one did in time."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True


def digits(number: str) -> str:
    """Give a number as it can be compared."""
    return "".join(filter(str.isdigit, number)).removeprefix("00")


class _Run:
    """The rings of one case."""

    def __init__(self, home: House, case: Case) -> None:
        """Prepare the phone system."""
        self.home = home
        self.case = case
        self.line = case.line(0)
        self.rng = random.Random(case.what)
        self.found = Found()
        self.requests = 0
        loop = asyncio.get_running_loop()
        self.now = time.perf_counter if case.pushed else loop.time
        self.watch = _Watch(home.hass, self.now)

    async def run(self, rings: int) -> Found:
        """Set the account up and let it ring."""
        hass, simulator = self.home.hass, self.line.simulator
        self.home.on_event = self.watch.hear
        simulator.on_answer = self._count
        async with simulator:
            entry: MockConfigEntry = self.line.entry()
            entry.add_to_hass(hass)
            assert await hass.config_entries.async_setup(entry.entry_id)
            if self.case.pushed:
                await self.line.connect(f"{self.home.url}/api/webhook/{entry.data['webhook_id']}")
            await asyncio.sleep(1 if self.case.pushed else 60)
            if self.case.quiet_hours:
                await self._pass(WEEK)
            begin, before = self.now(), self.requests
            for number in range(rings):
                await self._ring(number)
            minutes = (self.now() - begin) / 60
            self.found.requests_per_minute = (self.requests - before) / minutes
            await hass.config_entries.async_remove(entry.entry_id)
            await hass.async_block_till_done()
        return self.found

    def _count(self, _request: web.Request, answer: web.StreamResponse) -> None:
        self.requests += 1
        self.found.refused += answer.status == TOO_MANY

    async def _pass(self, hours: int) -> None:
        """Let hours pass in which next to nothing is asked for."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, FastLoop)
        for _ in range(hours):
            loop.pass_time(STEP)
            await asyncio.sleep(IDLE[0])

    async def _ring(self, number: int) -> None:
        """Let it ring for a while after some idle time."""
        if self.case.quiet_hours:
            await self._pass(QUIET_HOURS)
        await asyncio.sleep(self.rng.uniform(*(IDLE_IF_PUSHED if self.case.pushed else IDLE)))
        caller, phone = self.line.fresh(), self.line.extensions[number % 2]
        self.watch.begin()
        begin = self.now()
        call_id = await self.line.simulator.ring(caller, phone)
        seen = await self.watch.rings(RINGS_FOR - (self.now() - begin))
        if seen:
            assert self.watch.rang_at is not None
            self.found.seconds.append(self.watch.rang_at - begin)
        if not self.case.pushed:
            await asyncio.sleep(max(0.0, RINGS_FOR - (self.now() - begin)))
        await self.line.simulator.hang_up(call_id)
        await self.line.flush()
        if not seen:
            await self._look_for_trace(digits(caller))
        await self._until_over()

    async def _look_for_trace(self, number: str) -> None:
        for _ in range(int(LATE)):
            if number in self.watch.told:
                self.found.told_later += 1
                return
            await asyncio.sleep(1)
        self.found.lost += 1

    async def _until_over(self) -> None:
        """Wait until Home Assistant has no call any more, so that it is idle before the next."""
        for _ in count():
            (entry,) = self.home.hass.config_entries.async_entries("pbx")
            if not entry.runtime_data.coordinator.data.calls:
                return
            await asyncio.sleep(0.01 if self.case.pushed else 1)


async def _main(name: str, rings: int) -> Found:
    async with house() as home:
        return await _Run(home, CASES[name]).run(rings)


def main(arguments: Sequence[str]) -> None:
    """Measure one case and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case", choices=CASES)
    parser.add_argument("rings", type=int)
    wanted = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, handlers=[logging.NullHandler()])
    work = _main(wanted.case, wanted.rings)
    if CASES[wanted.case].pushed:
        found = asyncio.run(work)
    else:
        prepare_clock()
        found = run_fast(work)
    sys.stdout.write(json.dumps(asdict(found)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
