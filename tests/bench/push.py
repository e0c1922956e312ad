"""A push over Home Assistant's own HTTP, until a listener has heard of it, beside what else handles calls.

Once as fast as it goes, which tells what it costs; and once at the pace at which calls come, which tells what a person
feels.
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median

from .figures import Figure, noise, percentile, ratio
from .hass import BenchHass, Load, account, load, running
from .imports import library
from .pushes import CALLERS, calls

EXTENSIONS = 10
PAUSE = 0.005
STAMP = "05.10.26 12:00:00"
RING, CONNECT, DISCONNECT = "RING", "CONNECT", "DISCONNECT"
FIELDS = {RING: "+442079460{:03};441632960500;SIP0", CONNECT: "1;+442079460{:03}", DISCONNECT: "4"}
FRITZ = "fritzbox_callmonitor"
# What the integration is compared with; the first one again, to see what is noise.
REAL, SIPGATE = "real", "sipgate"
OTHERS = {
    REAL: "as many real entities without logic",
    SIPGATE: "a webhook of sipgate_ha's shape",
    "fritz": "core's fritzbox_callmonitor",
}
MEASURES = ("throughput", "p50", "p95", "answer", "processor")
TARGETS: Mapping[tuple[str, str], Mapping[str, float]] = {
    (REAL, "throughput"): {"at_least": 0.7},
    (REAL, "p95"): {"at_most": 1.6},
    (REAL, "processor"): {"at_most": 1.5},
}


@dataclass(slots=True)
class Rounds:
    """What one of them did, round by round; times in seconds."""

    throughput: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p95: list[float] = field(default_factory=list)
    answer: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    lost: int = 0


async def measure(rounds: int, pushes: int, paced: int) -> list[Figure]:
    """Measure as fast as it goes, and at a pace."""
    async with running(extra=library(FRITZ)) as hass, account("voipstudio", EXTENSIONS) as phones, load() as posting:
        await hass.add(phones)
        (url,) = await hass.client.urls_to_paste(phones.entry_id)
        urls = {"pbx": url}
        urls |= {name: f"{hass.process.url}/api/webhook/bench_{name}" for name in (REAL, SIPGATE)}
        urls[f"{REAL} again"] = urls[REAL]
        async with fritz(hass) as box:
            found = await Case(hass, posting, box, urls, "as fast as it goes", 0, TARGETS).measure(rounds, pushes)
            found += await Case(hass, posting, box, urls, "at a pace", PAUSE, {}).measure(rounds, paced)
        return found


class Box:
    """A FRITZ!Box: whoever connects is told of calls, line by line."""

    def __init__(self) -> None:
        """Wait for somebody."""
        self._call = 0
        self.writer: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()

    async def connected(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take whoever listens."""
        if not self.writer.done():
            self.writer.set_result(writer)

    async def post(self, words: Sequence[str], pause: float) -> list[float]:
        """Tell of calls, one word of a call after the other, each after a pause; give when each was sent."""
        writer, sent = await self.writer, []
        for word in words:
            await asyncio.sleep(pause)
            self._call += word == RING
            sent.append(time.monotonic())
            writer.write(f"{STAMP};{word};{self._call};{FIELDS[word].format(self._call % CALLERS)};\r\n".encode())
            await writer.drain()
        return sent


@asynccontextmanager
async def fritz(hass: BenchHass) -> AsyncGenerator[Box | None]:
    """Let Home Assistant listen to a FRITZ!Box, if core's library for it was fetched."""
    if library(FRITZ) is None:
        yield None
        return
    box = Box()
    async with await asyncio.start_server(box.connected, "127.0.0.1", 0) as server:
        await hass.control("fritz", port=server.sockets[0].getsockname()[1])
        yield box
        (await box.writer).close()


@dataclass(slots=True)
class Case:
    """One way to push."""

    hass: BenchHass
    posting: Load
    box: Box | None
    urls: Mapping[str, str]
    way: str
    pause: float
    targets: Mapping[tuple[str, str], Mapping[str, float]]
    results: dict[str, Rounds] = field(default_factory=dict)

    async def measure(self, rounds: int, pushes: int) -> list[Figure]:
        """Let them take turns, in another order each round."""
        await self._round("pbx", pushes)
        await self.hass.control("study")
        await self._round("pbx", pushes)
        states = await self.hass.control("learn")
        # A line of text has no answer to wait for, so it can only be compared at a pace.
        names = [*self.urls, *(["fritz"] if self.box is not None and self.pause else [])]
        for name in names:
            await self._round(name, pushes)
        self.results = {name: Rounds() for name in names}
        for number in range(rounds):
            turn = number % len(names)
            for name in (*names[turn:], *names[:turn]):
                await self._round(name, pushes)
        return self._figures("/".join(map(str, states.values())))

    async def _round(self, name: str, pushes: int) -> None:
        result = self.results.setdefault(name, Rounds())
        before = await self.hass.control("start")
        if name == "fritz":
            assert self.box is not None
            sent = await self.box.post([RING, DISCONNECT] * (pushes // 2), self.pause)
            after = await self.hass.control("collect", wanted=pushes)
            heard = [at for _, at in after["seen"]]
            result.lost += pushes - len(heard)
            waits = [at - start for start, at in zip(sent, heard, strict=False)]
        else:
            bodies = [body for call in calls(pushes // 2, EXTENSIONS) for body in call]
            sent, answered = await self.posting.post(self.urls[name], bodies, self.pause)
            after = await self.hass.control("collect", wanted=pushes)
            found = dict(after["seen"])
            told = [found.get(f"{row['call_id']} {row['event_name']}") for row in map(json.loads, bodies)]
            heard = [at for at in told if at is not None]
            result.lost += len(told) - len(heard)
            waits = [at - start for start, at in zip(sent, told, strict=True) if at is not None]
            result.answer.append(percentile([end - start for start, end in zip(sent, answered, strict=True)], 95))
        result.throughput.append(len(waits) / (max(heard) - sent[0]))
        result.p50.append(median(waits))
        result.p95.append(percentile(waits, 95))
        result.processor.append((after["cpu"] - before) / pushes)

    def _figures(self, states: str) -> list[Figure]:
        found = [
            self._compared(attribute, name)
            for name in OTHERS
            if name in self.results
            for attribute in MEASURES
            if (not self.pause or attribute != "throughput") and getattr(self.results[name], attribute)
        ]
        lost = sum(rounds.lost for rounds in self.results.values())
        note = f"{states} states a push"
        return [*found, Figure(what=f"push, {self.way}: not heard", value=lost, at_most=0, note=note)]

    def _compared(self, attribute: str, name: str) -> Figure:
        ours, theirs = (getattr(self.results[one], attribute) for one in ("pbx", name))
        again = self.results[f"{REAL} again"] if name == REAL else None
        words = {"answer": "p95 until answered", "processor": "processor time"}.get(attribute, attribute)
        return ratio(
            f"push, {self.way}: {words} of {OTHERS[name]}",
            ours,
            theirs,
            noise=noise(getattr(again, attribute), theirs) if again is not None else None,
            note=_absolute(attribute, ours, theirs),
            **self.targets.get((name, attribute), {}),
        )


def _absolute(attribute: str, ours: Sequence[float], theirs: Sequence[float]) -> str:
    if attribute == "throughput":
        return f"{median(ours):.0f}/s, {median(theirs):.0f}/s"
    return f"{median(ours) * 1e6:.0f} µs, {median(theirs) * 1e6:.0f} µs"
