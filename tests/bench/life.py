"""What accounts add to the start and the stop of a real Home Assistant, beside one without any, in turns."""

import asyncio
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from signal import SIGTERM
from statistics import median

from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE

from tests.e2e.client import Client
from tests.e2e.process import FULL, HassProcess

from .figures import Figure, ratio
from .hass import ENVIRONMENT, account

KINDS = ("voipat", "voipstudio", "voipsun", "voxloud")
EXTENSIONS = 5
TICKS = os.sysconf("SC_CLK_TCK")
COMPANION = Path(__file__).parent / "companion" / "pbx_bare"
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
    """Start and stop a house with four accounts, one without any, and one with as many bare devices, in turns."""
    async with AsyncExitStack() as stack:
        with_accounts, without, bare = await _house(stack), await _house(stack), await _house(stack, COMPANION)
        await with_accounts.start()
        async with Client(with_accounts) as client:
            for kind in KINDS:
                simulated = await stack.enter_async_context(account(kind, EXTENSIONS))
                await simulated.set_up(client)
                await simulated.complete(client)
        await with_accounts.stop()
        _add_bare(bare.folder, len(KINDS) * EXTENSIONS)
        await _live(bare)
        _check_bare(bare.folder, len(KINDS) * EXTENSIONS)
        houses = {"accounts": with_accounts, "none": without, "bare": bare}
        await _live(without)
        found = {name: Lives() for name in houses}
        for number in range(rounds):
            for name in houses if number % 2 else reversed(houses):
                started, stopped = await _live(houses[name])
                found[name].start.append(started)
                found[name].stop.append(stopped)
    return _figures(found)


def _figures(found: Mapping[str, Lives]) -> list[Figure]:
    ours, none, bare = found.values()
    figures = []
    for what, one, two, most in (
        ("processor time of Home Assistant's start", ours.start, none.start, 1.05),
        ("time of Home Assistant's stop", ours.stop, none.stop, 1.1),
    ):
        note = f"{median(one):.2f} s, {median(two):.2f} s without an account"
        if one is ours.start:
            note += f", {median(bare.start):.2f} s with as many devices of bare sensors"
        # Every second one without accounts beside the others.
        still = median(two[::2]) / median(two[1::2]) if len(two) > 1 else None
        figures.append(ratio(f"with {len(KINDS)} accounts: {what}", one, two, at_most=most, noise=still, note=note))
    return figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """How long the steps of a stop took, in seconds, and the processor time of each."""

    said: float
    """Until all that listens to the stop has done its part."""
    ended: float
    """From there until Home Assistant has ended."""
    gone: float
    """From there until the process has: Python gives back what there was."""
    work: float
    """The processor time of the last step."""

    @property
    def seconds(self) -> float:
        """All of it."""
        return self.said + self.ended + self.gone


async def measure_stop(rounds: int, extensions: int) -> list[Figure]:
    """Stop a house with one large account and one with as many bare entities, in turns."""
    async with AsyncExitStack() as stack:
        ours, bare = [await _house(stack, COMPANION) for _ in range(2)]
        simulated = await stack.enter_async_context(account("voipstudio", extensions))
        await ours.start()
        async with Client(ours) as client:
            await simulated.set_up(client)
            await simulated.complete(client)
        await ours.stop()
        _add_bare(bare.folder, extensions)
        await _stop(bare)
        _check_bare(bare.folder, extensions)
        houses = {"ours": ours, "bare": bare}
        found: dict[str, list[Stop]] = {name: [] for name in houses}
        for number in range(rounds):
            for name in houses if number % 2 else reversed(houses):
                found[name].append(await _stop(houses[name]))
    return _stop_figures(extensions, **found)


def _stop_figures(extensions: int, ours: list[Stop], bare: list[Stop]) -> list[Figure]:
    what = f"Home Assistant stops with {extensions:,} extensions"

    def seconds(read: Callable[[Stop], float]) -> Figure:
        """Give a median of ours, with that of the other as a note."""
        found, other = ([read(stop) for stop in stops] for stops in (ours, bare))
        note = f"{median(other):.2f} s with as many bare entities"
        return Figure(what=what, value=median(found), low=min(found), high=max(found), note=note)

    steps: Mapping[str, Callable[[Stop], float]] = {
        "until the integrations are done": lambda stop: stop.said,
        "then until Home Assistant has ended": lambda stop: stop.ended,
        "then until Python has": lambda stop: stop.gone,
        "of that, processor time": lambda stop: stop.work,
    }
    return [
        replace(seconds(lambda stop: stop.seconds), what=f"{what}, s", at_most=2),
        ratio(f"{what}, of as many bare entities", [one.seconds for one in ours], [one.seconds for one in bare]),
        *(replace(seconds(read), what=f"{what}: {step}, s") for step, read in steps.items()),
    ]


def _add_bare(folder: Path, devices: int) -> None:
    """Write down an entry of the companion, as Home Assistant does."""
    at = "2026-01-01T00:00:00+00:00"
    entry: dict[str, object] = {
        "created_at": at,
        "data": {"devices": devices},
        "disabled_by": None,
        "discovery_keys": {},
        "domain": COMPANION.name,
        "entry_id": "01JBENCH000000000000000000",
        "minor_version": 1,
        "modified_at": at,
        "options": {},
        "pref_disable_new_entities": False,
        "pref_disable_polling": False,
        "source": "user",
        "subentries": [],
        "title": "Bare",
        "unique_id": None,
        "version": 1,
    }
    stored = {"version": 1, "minor_version": 5, "key": "core.config_entries", "data": {"entries": [entry]}}
    (folder / ".storage" / "core.config_entries").write_text(json.dumps(stored))


def _check_bare(folder: Path, devices: int) -> None:
    """Raise an error unless a house has the bare entities; without them nothing would be compared."""
    registry = json.loads((folder / ".storage" / "core.entity_registry").read_text())
    if len(registry["data"]["entities"]) < devices:
        raise RuntimeError("The bare entities were not set up")


async def _stop(process: HassProcess) -> Stop:
    """Start, wait until all is done, and stop; give how long the steps of the stop took."""
    note = process.folder / "stop.json"
    note.unlink(missing_ok=True)
    await process.start()
    await _settled(process.pid)
    before, begin = _of_children(), time.monotonic()
    os.kill(process.pid, SIGTERM)
    await asyncio.wait_for(process.wait(), LONGEST)
    end, spent = time.monotonic(), _of_children() - before
    steps = json.loads(note.read_text())
    (written, _), (ended, spent_before) = steps[EVENT_HOMEASSISTANT_FINAL_WRITE], steps["ended"]
    return Stop(said=written - begin, ended=ended - written, gone=end - ended, work=spent - spent_before)


def _of_children() -> float:
    """Give the processor time of all processes that were started here and are over."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _house(stack: AsyncExitStack, companion: Path | None = None) -> HassProcess:
    """Prepare a Home Assistant with a recorder and a front end, which ends with the stack."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pbx-life-")))
    components = FULL if companion is None else (*FULL, companion.name)
    process = HassProcess(folder, components=components, environment=ENVIRONMENT)
    if companion is not None:
        (folder / "custom_components" / companion.name).symlink_to(companion, target_is_directory=True)
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
