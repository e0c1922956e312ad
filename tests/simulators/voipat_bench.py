"""What the tests of the simulated VOIP@ Cloud share: servers with a clock that stands still, and who listens."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakKeyDictionary

import aiohttp
import pytest
from aiohttp import web

from .base import TrueCall
from .voipat import Profile, VoipatSimulator
from .voipat_socket import Client
from .voipat_wire import ON_PAPER

DOMAIN = "pbx.example.com"
CALLER = "+493023125999"
OUTSIDE = "+442079460123"
NOBODY = "00000000-0000-4000-8000-000000000000"
CONTROLS = ("hangup", "hold", "unhold", "hold/toggle", "mute", "unmute")
UNAUTHORIZED = {"detail": "Invalid API key"}
CRASHED = "Internal Server Error"


SPEAKERS: WeakKeyDictionary[aiohttp.ClientWebSocketResponse, list[Client]] = WeakKeyDictionary()
"""The simulator's ends of the sockets."""


class Clock:
    """A clock that stands still until somebody moves it."""

    def __init__(self) -> None:
        self.now = 1_774_692_000.25

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


class Box:
    """A running simulator, and somebody with its key."""

    def __init__(self, sim: VoipatSimulator, session: aiohttp.ClientSession, clock: Clock) -> None:
        self.sim = sim
        self.session = session
        self.clock = clock
        self.headers: dict[str, str] = {}

    async def ask(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        """Ask with the key unless other headers are given."""
        status, body, self.headers = await self.full(method, path, **kwargs)
        return status, body

    async def full(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any, dict[str, str]]:
        """Ask, and give the headers too."""
        url = path if path.startswith("http") else self.sim.url + path
        kwargs.setdefault("headers", {"X-API-Key": self.sim.api_key})
        async with self.session.request(method, url, **kwargs) as response:
            text = await response.text()
            body = json.loads(text) if response.content_type == "application/json" else text
            return response.status, body, dict(response.headers)

    async def get(self, path: str, **kwargs: Any) -> Any:
        """Read something that must be there."""
        status, body = await self.ask("GET", path, **kwargs)
        assert status == 200, body
        return body

    async def post(self, path: str, body: Any = None, **kwargs: Any) -> tuple[int, Any]:
        """Command something."""
        return await self.ask("POST", path, json=body, **kwargs)

    async def legs(self, domain: str = DOMAIN) -> list[dict[str, str]]:
        """List the channels."""
        listed = await self.get("/calls/channels", params={"domain": domain})
        assert listed["count"] == len(listed["channels"])
        rows: list[dict[str, str]] = listed["channels"]
        return rows

    async def states(self) -> list[tuple[str, str]]:
        """List extension and callstate of the channels."""
        return [(row["presence_id"].partition("@")[0], row["callstate"]) for row in await self.legs()]

    async def originate(self, **body: Any) -> tuple[int, Any]:
        """Place a call from 104 to the outside."""
        return await self.post("/calls/originate", {"from": "104", "to": OUTSIDE, "domain": DOMAIN} | body)

    async def only_record(self) -> dict[str, Any]:
        """Give the one call record there is."""
        records: list[dict[str, Any]] = (await self.get("/cdr"))["records"]
        assert len(records) == 1
        return records[0]


@asynccontextmanager
async def box(**kwargs: Any) -> AsyncIterator[Box]:
    """Run a simulator with a clock that stands still."""
    asyncio.get_running_loop().set_debug(False)  # it notes a stack for every handle, half of this file's time
    clock = Clock()
    async with VoipatSimulator(clock=clock, **{**ON_PAPER, **kwargs}) as sim, aiohttp.ClientSession() as session:
        yield Box(sim, session, clock)


@pytest.fixture
async def python() -> AsyncIterator[Box]:
    """Run the Python bridge."""
    async with box() as running:
        yield running


@pytest.fixture
async def node() -> AsyncIterator[Box]:
    """Run the Node bridge."""
    async with box(profile="node") as running:
        yield running


@pytest.fixture
async def docs() -> AsyncIterator[Box]:
    """Run what the documentation promises."""
    async with box(profile="docs") as running:
        yield running


@pytest.fixture(params=list(Profile))
async def each(request: pytest.FixtureRequest) -> AsyncIterator[Box]:
    """Run every profile."""
    async with box(profile=request.param) as running:
        yield running


class Receiver:
    """Who receives webhooks."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], str, dict[str, str]]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        """Take one."""
        self.requests.append((request.method, dict(request.query), await request.text(), dict(request.headers)))
        return web.Response()

    @property
    def events(self) -> list[tuple[str, str]]:
        """List event and extension."""
        return [(query["event"], query["extension"]) for _, query, _, _ in self.requests]

    def all(self, event: str) -> list[dict[str, str]]:
        """List the queries of one event."""
        return [query for _, query, _, _ in self.requests if query.get("event") == event]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Listen for webhooks."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", receiver.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()


async def heard(socket: aiohttp.ClientWebSocketResponse) -> list[dict[str, Any]]:
    """Read what a socket has pushed so far."""
    messages: list[dict[str, Any]] = []
    quiet = 0
    while quiet < 2:
        try:
            message = await socket.receive(timeout=0.05)
        except TimeoutError:
            quiet = 0 if any(not client.waiting.empty() for client in SPEAKERS.get(socket, [])) else quiet + 1
            continue
        quiet = 0
        assert message.type is aiohttp.WSMsgType.TEXT, message
        messages.append(json.loads(message.data))
    return messages


async def until(condition: Callable[[], object]) -> None:
    """Wait for something."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def only_call(sim: VoipatSimulator) -> TrueCall:
    """Give the one call that is up."""
    (call,) = sim.truth()
    return call
