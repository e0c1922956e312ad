"""What one answered call leaves in the recorder's database, at default settings, and what peers leave of one."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.e2e.accounts import Account
from tests.e2e.process import FULL

from .figures import Figure
from .hass import BenchHass, account, running
from .imports import library
from .push import CONNECT, DISCONNECT, FRITZ, Box, fritz
from .push import RING as RING_LINE
from .pushes import answered

EXTENSIONS = 5
RING, TALK = 0.3, 0.4
WRITTEN, RECORDED = 7.0, 17.0
"""Seconds until all is in the database, and until the record of the last call was asked for as well."""
MOST_ROWS, MOST_BYTES = 12, 2500


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is in a database: rows of states and events, and bytes in tables and indexes."""

    rows: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Who is told of a call, how, and how long it takes until that is written."""

    whose: str
    call: Callable[[], Awaitable[None]]
    written: float = WRITTEN


async def measure(calls: int) -> list[Figure]:
    """Let calls come, one kind after the other, and see by how much the database grows."""
    components = (*FULL, "pbx_bench")
    async with running(library(FRITZ), components) as hass, account("voipstudio", EXTENSIONS) as phones:
        await phones.set_up(hass.client)
        await phones.complete(hass.client)
        url = f"{hass.process.url}/api/webhook/bench_sipgate"
        ours = Kind(whose="VoIPstudio", call=lambda: _call(phones), written=RECORDED)
        webhook = Kind(whose="a webhook of sipgate_ha's shape", call=lambda: _posted(hass, url))
        found = [
            *await _compared(hass, ours, calls, MOST_ROWS, MOST_BYTES),
            *await _compared(hass, webhook, calls),
        ]
        async with fritz(hass) as box:
            if box is not None:
                monitor = Kind(whose="core's fritzbox_callmonitor", call=lambda: _told(box))
                found += await _compared(hass, monitor, calls)
    return found


async def _compared(
    hass: BenchHass,
    kind: Kind,
    calls: int,
    most_rows: int | None = None,
    most_bytes: int | None = None,
) -> list[Figure]:
    """Compare the database before and after some calls; the first call is not counted."""
    await kind.call()
    before = await _kept(hass, kind.written)
    for _ in range(calls):
        await kind.call()
    after = await _kept(hass, kind.written)
    rows, size = (after.rows - before.rows) / calls, (after.size - before.size) / calls
    what = f"one answered call in the recorder, {kind.whose}"
    note = f"{calls} calls"
    return [
        Figure(what=f"{what}: rows of states and events", value=rows, at_most=most_rows, note=note),
        Figure(what=f"{what}: bytes", value=size, at_most=most_bytes, note="tables and indexes"),
    ]


async def _call(phones: Account[Any]) -> None:
    """Let somebody call, talk and hang up."""
    simulator = phones.simulator
    call_id = await simulator.ring(phones.callers[0].number, phones.extensions[0])
    await asyncio.sleep(RING)
    await simulator.answer(call_id, phones.extensions[0])
    await asyncio.sleep(TALK)
    await simulator.hang_up(call_id)
    await asyncio.sleep(RING)


async def _posted(hass: BenchHass, url: str) -> None:
    """Push the same call to a webhook."""
    for body in answered():
        await hass.post(url, body)
        await asyncio.sleep(RING)


async def _told(box: Box) -> None:
    """Tell of the same call line by line."""
    await box.post([RING_LINE, CONNECT, DISCONNECT], RING)


async def _kept(hass: BenchHass, written: float) -> Kept:
    """Ask the database itself once all is written."""
    await asyncio.sleep(written)
    path = hass.process.folder / "home-assistant_v2.db"
    return await asyncio.to_thread(_ask, path)


def _ask(path: Path) -> Kept:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        (size,) = database.execute("SELECT SUM(payload) FROM dbstat").fetchone()
        (states,) = database.execute("SELECT COUNT(*) FROM states").fetchone()
        (events,) = database.execute("SELECT COUNT(*) FROM events").fetchone()
    return Kept(rows=states + events, size=size)
