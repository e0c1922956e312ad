"""What the tests of the simulated Voxloud share: a running simulator, somebody with its key, and what is heard."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from .voxloud import EventType, VoxloudSimulator

CALLER = "+441632960500"
V1 = "/api/v1"
CONTACT = {"first_name": "Ida", "primary_phone": "+390655509999"}
CTC = {"name": "support", "extension": "101", "outboundNumber": "+390655501000"}


class Clock:
    """A clock that only moves when told."""

    now = 1_790_000_000.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


class Bench:
    """A simulator, somebody with its key, and a receiver of its webhooks."""

    def __init__(self) -> None:
        """Prepare; nothing listens yet."""
        self.clock = Clock()
        self.sim = VoxloudSimulator(clock=self.clock)
        self.got: list[dict[str, Any]] = []
        self.status = 200
        self.hook = ""
        self.session: aiohttp.ClientSession

    async def receive(self, request: web.Request) -> web.Response:
        """Take a webhook."""
        self.got.append(await request.json())
        return web.Response(status=self.status)

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Send a request with the key; give the status and the JSON or text of the answer."""
        all_headers = {"Voverc-Auth": self.sim.api_key} | (headers or {})
        url = self.sim.url + path
        async with self.session.request(method, url, json=body, headers=all_headers, params=params) as response:
            if response.content_type == "application/json" and await response.read():
                return response.status, await response.json()
            return response.status, await response.text()

    def listen(self, *events: EventType) -> list[str]:
        """Subscribe the receiver."""
        return self.sim.subscribe(self.hook, *events)

    def story(self) -> list[str]:
        """Tell the live events and record types received, in the order of their own times."""
        live = [event for event in self.got if event["type"].startswith("CALL_")]
        told = [
            f"{event['data']['type']}({event['data'].get('userExtension') or ''})"
            for event in sorted(live, key=lambda event: event["timestamp"])
        ]
        return told + [event["type"] for event in self.got if event not in live]

    def record(self) -> dict[str, Any]:
        """Give the data of the last record received."""
        records: list[dict[str, Any]] = [e["data"] for e in self.got if not e["type"].startswith("CALL_")]
        return records[-1]

    async def make_ctc(self, **fields: Any) -> str:
        """Create a click-to-call by API; give its id."""
        status, answer = await self.ask("POST", f"{V1}/click-to-call", CTC | fields)
        assert status == 200
        return str(answer["id"])

    async def connect(self, contact: str = CALLER, **fields: Any) -> str:
        """Create a click-to-call and connect it; give the true call's id."""
        resource = await self.make_ctc(**fields)
        status, answer = await self.ask("POST", f"{V1}/click-to-call/{resource}/connect", {"contact": contact})
        assert (status, answer) == (200, {"contact": contact})
        await self.sim.settle()
        return self.sim.placed[-1].call_id


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that is soon to be."""
    async with asyncio.timeout(3):
        while not condition():  # noqa: ASYNC110  # nobody sets an event when a true call changes
            await asyncio.sleep(0.005)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Start a simulator, a receiver and a client."""
    made = Bench()
    app = web.Application()
    app.router.add_post("/hook", made.receive)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.hook = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    async with made.sim, aiohttp.ClientSession() as made.session:
        yield made
    await runner.cleanup()
