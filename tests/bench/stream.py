"""What the stream of an Asterisk costs: reading its events, and a busy office of 200 phones and 60 calls at once."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

from custom_components.pbx.providers.asterisk.ami import AmiConnection, Message
from custom_components.pbx.providers.asterisk.stream import EVENTS
from tests.e2e.client import Client, EventLog, Json

from .figures import SELDOM, Figure, noise, percentile, ratio
from .hass import BenchHass, running
from .office import Office, OfficeCall, recorded

CHUNK = 16 * 1024
OTHERS = (
    "Event: VarSet\r\nChannel: PJSIP/101-00000003\r\nUniqueid: lab-1.3\r\nVariable: RTPAUDIOQOS\r\nValue: ssrc=1",
    "Event: RTCPSent\r\nChannel: PJSIP/101-00000003\r\nUniqueid: lab-1.3\r\nSSRC: 0x1\r\nSentPackets: 250",
)
"""Events that a manager user with more rights than it needs hears besides."""
PATIENCE = 60.0


async def measure(rounds: int, events: int, phones: int, calls: int) -> list[Figure]:
    """Measure both."""
    return [*await _reading(rounds, events), *await _office(rounds, phones, calls)]


# -- reading -----------------------------------------------------------------------------------------


async def _feed(reader: asyncio.StreamReader, data: bytes) -> None:
    """Let data come in pieces."""
    for begin in range(0, len(data), CHUNK):
        reader.feed_data(data[begin : begin + CHUNK])
        await asyncio.sleep(0)
    reader.feed_eof()


async def _bare(data: bytes) -> int:
    """Read every event into a dictionary, as short as that can be written; return how many there were."""
    reader = asyncio.StreamReader(limit=2 * len(data))
    feeding = asyncio.create_task(_feed(reader, data))
    heard: list[Message] = []
    while True:
        try:
            block = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            break
        heard.append(dict(row.split(": ", 1) for row in block.decode().split("\r\n") if row))
    await feeding
    return len(heard)


async def _ours(data: bytes) -> int:
    """Read as the provider does."""
    reader = asyncio.StreamReader(limit=2 * len(data))
    feeding = asyncio.create_task(_feed(reader, data))
    heard: list[Message] = []
    connection = AmiConnection(("", 0), ("", ""), listener=heard.append, wanted=EVENTS)
    await connection._read(reader)  # noqa: SLF001 - what reads, without a network
    await feeding
    return len(heard)


async def _took(read: Callable[[bytes], asyncio.Future[int]], data: bytes) -> float:
    """Return how much processor time reading took."""
    begin = time.process_time()
    await read(data)
    return time.process_time() - begin


async def _reading(rounds: int, events: int) -> list[Figure]:
    """Compare with bare reading, of events that all are wanted, and of a stream that has others, too."""
    figures: list[Figure] = []
    calls = recorded()
    for what, blocks in (("all wanted", calls), ("a third wanted", [x for one in calls for x in (one, *OTHERS)])):
        count = events // len(blocks) * len(blocks)
        data = b"".join(f"{block}\r\n\r\n".encode() for block in blocks) * (events // len(blocks))
        ours, bare, again = [], [], []
        for number in range(rounds + 1):
            one, other = await _took(_ours, data), await _took(_bare, data)  # type: ignore[arg-type]
            if not number:
                continue  # nothing is done for the first time
            ours.append(one)
            bare.append(other)
            if not number % SELDOM:
                again.append((await _took(_bare, data), other))  # type: ignore[arg-type]
        still = noise(*map(list, zip(*again, strict=True))) if again else None
        found = f"{count / median(ours):,.0f}/s, {count / median(bare):,.0f}/s"
        name = f"events of an Asterisk, {what}: read, of bare asyncio"
        figures.append(ratio(name, [1 / one for one in ours], [1 / one for one in bare], noise=still, note=found))
    return figures


# -- the office --------------------------------------------------------------------------------------


def _processor(hass: BenchHass) -> float:
    """Return the processor time that the main thread of Home Assistant has had, in seconds."""
    return int(Path(f"/proc/{hass.process.pid}/schedstat").read_text().split()[0]) / 1e9


async def _add(client: Client, office: Office) -> str:
    """Set an account up; return its entry's id."""
    form = await client.step(await client.start_flow("pbx"), next_step_id="asterisk")
    typed: Json = {"host": "127.0.0.1", "port": office.port, "ssl": False, "verify_ssl": True}
    step = await client.step(form, "flow", **typed, username="bench", password="bench")
    while "result" not in step:
        step = await client.step(step)  # no proof by a call is wanted, and the phones that were found are right
    entry_id: str = step["result"]["entry_id"]
    await client.loaded(entry_id)
    return entry_id


class Day:
    """Calls at an office, so many at once, and how soon the first of each was told."""

    def __init__(self, office: Office, log: EventLog, at_once: int) -> None:
        """Take an office."""
        self._office, self._log, self._at_once = office, log, at_once
        self.late: list[float] = []

    async def calls(self, count: int) -> None:
        """Let so many calls come, be answered and end."""
        for _ in range(count // self._at_once):
            calls = [self._office.call() for _ in range(self._at_once)]
            for call in calls:
                await self._rings(call)
            for what in ("answered", "over"):
                for call in calls:
                    self._office.say(getattr(call, what))
                told = "call_answered" if what == "answered" else "call_ended"
                for call in calls:
                    await self._log.wait(PATIENCE, type=told, call_id=call.id)
            self._log.all.clear()

    async def _rings(self, call: OfficeCall) -> None:
        """Let a phone ring, and see when that is told."""
        begin = time.perf_counter()
        self._office.say(call.rings)
        await self._log.wait(PATIENCE, type="call_incoming", call_id=call.id)
        self.late.append(time.perf_counter() - begin)


async def _office(rounds: int, phones: int, calls: int) -> list[Figure]:
    """Compare an office with a house of ten phones and one call at a time: processor time of a call, and how soon."""
    async with AsyncExitStack() as stack:
        hass = await stack.enter_async_context(running())
        await hass.control("enable", many=0)
        large, small = [await stack.enter_async_context(Office(number)) for number in (phones, 10)]
        for office in (large, small):
            await _add(hass.client, office)
        log = await hass.client.events()
        busy, quiet = Day(large, log, calls), Day(small, log, 1)
        costs: dict[str, list[float]] = {"busy": [], "quiet": [], "again": [], "base": []}

        async def cost(day: Day) -> float:
            """Return the processor time of so many calls."""
            before = _processor(hass)
            await day.calls(calls)
            return _processor(hass) - before

        await cost(busy)
        await cost(quiet)
        busy.late.clear()
        quiet.late.clear()
        for number in range(rounds):
            costs["busy"].append(await cost(busy))
            costs["quiet"].append(await cost(quiet))
            if not number % SELDOM:
                costs["base"].append(costs["quiet"][-1])
                costs["again"].append(await cost(quiet))
    what = f"a call at an office of {phones} phones, {calls} at once, of one alone in a house of 10"
    each = [f"{1000 * median(costs[day]) / calls:.1f} ms" for day in ("busy", "quiet")]
    soon = [f"{1000 * percentile(day.late, 95):.0f} ms" for day in (busy, quiet)]
    still = noise(costs["again"], costs["base"])
    p95 = percentile(busy.late, 95) / percentile(quiet.late, 95)
    return [
        ratio(f"{what}: processor time", costs["busy"], costs["quiet"], at_most=1.5, noise=still, note=", ".join(each)),
        Figure(what=f"{what}: p95 until it is told", value=p95, at_most=2, note=", ".join(soon)),
    ]
