"""The longest lists that a phone system can send, through each client: refused, or read in turns and forgotten."""

import asyncio
import gc
import json
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from custom_components.pbx.providers.base import Provider
from custom_components.pbx.providers.http import MAX_BODY, RateLimit
from custom_components.pbx.providers.voipat.provider import VoipatProvider
from custom_components.pbx.providers.voipstudio.provider import VoipstudioProvider
from custom_components.pbx.providers.voipsun.provider import VoipsunProvider
from custom_components.pbx.telephony.errors import TooLongError

from .voipat import bridge
from .voipstudio import account as voipstudio
from .voipsun import box as voipsun

ROWS = 60_000
WIDTH = 520  # bytes a row, which makes 31 MB of them
LONGEST_HELD = 0.1
TOLERANCE = 3  # for slow machines
MOST_KEPT = 100_000  # blocks of memory, of caches of numbers too; the rows of one list alone would be more
UNLIMITED = (RateLimit(requests=100_000, seconds=60),)

type Row = dict[str, object]


def voipat_row(place: int) -> Row:
    """Write a channel of an incoming call as FreeSWITCH lists it."""
    return {
        "uuid": f"{place:08x}-0000-4000-8000-000000000000",
        "direction": "inbound",
        "callstate": "ACTIVE",
        "presence_id": f"101@{bridge.DOMAIN}",
        "cid_num": f"+39061{place:07}",
        "dest": "101",
        "created_epoch": "1778517353",
    }


def voipstudio_row(place: int) -> Row:
    """Write an active call as VoIPstudio lists it."""
    return {**voipstudio.INCOMING, "id": 4278000000 + place, "src": f"44791{place:07}"}


def voipsun_row(place: int) -> Row:
    """Write a channel, in tens of which two are glue, as Asterisk lists it."""
    name = f"SIP/sip101-{place:08x}"
    if place % 10 < 2:
        name = f"Local/101@internal-{place // 10:08x};{place % 10 + 1}"
    return {"channelName": name, "src": f"777{place:06}", "dst": "101", "duration": "5", "status": "Up"}


def voipat_answer(rows: list[Row]) -> object:
    """Answer whatever a bridge is asked."""
    return {"channels": rows, "domains": [{"domain_name": bridge.DOMAIN}], "status": "ok", "version": "1.0.0"}


def voipstudio_answer(rows: list[Row]) -> object:
    """Write a page of a list."""
    return {"data": rows, "total": len(rows)}


def voipsun_answer(rows: list[Row]) -> object:
    """Write a list without an envelope."""
    return rows


@dataclass
class Server:
    """A phone system that answers everything with one list."""

    row: Callable[[int], Row]
    answer: Callable[[list[Row]], object]
    url: str = ""
    body: bytes = field(default=b"", init=False)

    def __post_init__(self) -> None:
        """Begin with an empty list."""
        self.list_rows(0, MAX_BODY)

    def list_rows(self, count: int, limit: int, width: int = 0) -> None:
        """List as many rows as fit, each filled up to a width."""
        rows: list[Row] = []
        size = len(json.dumps(self.answer([])))
        for place in range(count):
            row = self.row(place)
            length = len(json.dumps(row)) + 2
            if length < width:
                row["filler"] = "x" * (width - length - len(', "filler": ""'))
                length = width
            size += length
            if size > limit:
                break
            rows.append(row)
        self.body = json.dumps(self.answer(rows)).encode()

    async def handle(self, _request: web.Request) -> web.Response:
        """Answer with the list."""
        return web.Response(body=self.body, content_type="application/json")


SERVERS: Mapping[str, tuple[Callable[[int], Row], Callable[[list[Row]], object]]] = {
    "voipat": (voipat_row, voipat_answer),
    "voipstudio": (voipstudio_row, voipstudio_answer),
    "voipsun": (voipsun_row, voipsun_answer),
}
every = pytest.mark.parametrize("name", SERVERS)


def client(name: str, url: str, session: aiohttp.ClientSession) -> Provider:
    """Make a client of that phone system."""
    if name == "voipat":
        typed = {"url": url, "api_key": "k" * 40, "domain": bridge.DOMAIN, "country": "IT", "extensions": ["101"]}
        return VoipatProvider(session, typed)
    if name == "voipstudio":
        return VoipstudioProvider(session, {"url": url, "api_key": "k" * 40, "country": "GB"})
    port = int(url.rpartition(":")[2])
    return voipsun.make(session, host="127.0.0.1", port=port, extension_names=voipsun.NAMES)


@pytest.fixture
async def server(name: str) -> AsyncIterator[Server]:
    """Start a phone system."""
    server = Server(*SERVERS[name])
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield server
    await runner.cleanup()


@pytest.fixture
async def provider(
    name: str, server: Server, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> Provider:
    """Give a client that knows its account."""
    for kind in (VoipatProvider, VoipstudioProvider, VoipsunProvider):
        monkeypatch.setattr(kind, "limits", UNLIMITED)
    provider = client(name, server.url, session)
    if name == "voipat":
        await provider.account()
    return provider


async def watch(held: list[float]) -> None:
    """Measure how much of the processor is taken between two turns of this task, in seconds."""
    while True:
        begun = time.thread_time()
        await asyncio.sleep(0.001)
        held.append(time.thread_time() - begun)


async def longest_turn(provider: Provider) -> tuple[int | None, float]:
    """Ask for the calls; return how many there are (None where the list is refused), and the longest turn."""
    held: list[float] = []
    watching = asyncio.create_task(watch(held))
    await asyncio.sleep(0)
    count: int | None = None
    with suppress(TooLongError):
        count = len(await provider.calls() or ())
    await asyncio.sleep(0.01)
    watching.cancel()
    return count, max(held)


@every
async def test_nobody_waits_and_nothing_is_kept(name: str, server: Server, provider: Provider) -> None:
    """The longest list that is read, twice, and one of 31 MB, which is not, leave others their turns, and no memory."""
    await provider.calls()
    empty = server.body
    gc.collect()
    before = sys.getallocatedblocks()
    server.list_rows(ROWS, MAX_BODY)
    turns = []
    for _ in range(2):
        count, longest = await longest_turn(provider)
        assert count is not None
        assert count > 2000
        turns.append(longest)
    server.list_rows(ROWS, ROWS * WIDTH + MAX_BODY, WIDTH)
    assert len(server.body) > 31_000_000
    count, longest = await longest_turn(provider)
    assert count is None
    turns.append(longest)
    server.body = empty
    assert await longest_turn(provider)
    gc.collect()
    kept = sys.getallocatedblocks() - before
    print(name, [f"{turn * 1000:.0f} ms" for turn in turns], f"{kept} blocks")  # noqa: T201 - figures to compare
    assert max(turns) < LONGEST_HELD * TOLERANCE
    assert kept < MOST_KEPT
