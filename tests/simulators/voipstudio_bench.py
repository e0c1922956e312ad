"""What the tests of the simulated VoIPstudio share: a running simulator, somebody with its key, and what is heard."""

import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.simulators.voipstudio import VoipstudioSimulator

START = 1_778_517_353.0
OUTSIDE = "441632960123"
OTHER = "447700900123"
ANNA, JONAS, MARTA, LUCA, SOPHIE = "10002", "10003", "10004", "10005", "10006"


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: float = START

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@dataclass
class Receiver:
    """Somebody who receives webhooks."""

    url: str = ""
    status: int = 200
    bodies: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        """Keep what comes in."""
        body = await request.read()
        self.requests.append((request.method, request.headers.get("Authorization", ""), body))
        if body:
            self.bodies.append(json.loads(body))
        return web.Response(status=self.status)

    def told(self) -> list[tuple[str, str, int]]:
        """Tell events, whom they concern and the leg's place in its call, and forget them."""
        bodies, self.bodies = self.bodies, []
        return [(body["event_name"], body["dst_id"], body["call_id"] - body["root_call_id"]) for body in bodies]

    def names(self) -> list[str]:
        """Tell the event names and forget the events."""
        bodies, self.bodies = self.bodies, []
        return [body["event_name"] for body in bodies]


@dataclass
class Answer:
    """What the API said."""

    status: int
    body: Any
    headers: dict[str, str]
    raw: bytes


@dataclass
class Stage:
    """A simulator, somebody who asks it and somebody who listens."""

    sim: VoipstudioSimulator
    session: aiohttp.ClientSession
    receiver: Receiver
    clock: Clock

    async def ask(
        self, method: str, path: str, *, key: str | None = None, headers: dict[str, str] | None = None, **options: Any
    ) -> Answer:
        """Ask the API, as the administrator unless told otherwise."""
        if headers is None:
            headers = {"X-Auth-Token": self.sim.api_key if key is None else key}
        async with self.session.request(method, self.sim.url + path, headers=headers, **options) as response:
            raw = await response.read()
        is_json = raw and response.content_type == "application/json"
        await self.sim.settle()
        return Answer(response.status, json.loads(raw) if is_json else None, dict(response.headers), raw)

    async def rows(self, path: str, *conditions: tuple[str, str, object], **params: str | int) -> list[dict[str, Any]]:
        """List a collection."""
        wanted = [{"property": name, "operator": how, "value": value} for name, how, value in conditions]
        query = params | ({"filter": json.dumps(wanted)} if wanted else {})
        answer = await self.ask("GET", path, params=query)
        assert answer.status == 200, answer
        rows: list[dict[str, Any]] = answer.body["data"]
        return rows

    async def place(self, number: str = OUTSIDE, **fields: str) -> str:
        """Place a call by API and give its id."""
        answer = await self.ask("POST", "/calls", json={"to": number} | fields)
        assert answer.status == 201, answer
        return str(answer.body["data"]["id"])

    async def talk(self) -> str:
        """Let Anna talk with the outside."""
        call_id = await self.sim.ring(OUTSIDE, "1001")
        await self.sim.answer(call_id, "1001")
        self.receiver.bodies.clear()
        return call_id


type MakeStage = Callable[..., Awaitable[Stage]]


@pytest.fixture
async def make_stage() -> AsyncIterator[MakeStage]:
    """Build stages with any switches."""
    receiver = Receiver()
    session = aiohttp.ClientSession()
    made: list[VoipstudioSimulator] = []
    runners: list[web.AppRunner] = []

    async def listen() -> None:
        app = web.Application()
        app.router.add_route("*", "/hook", receiver.handle)
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"

    async def make(*, hook: bool | None = None, **switches: Any) -> Stage:
        clock = Clock()
        sim = VoipstudioSimulator(clock=clock, **switches)
        made.append(sim)
        await sim.start()
        if hook is not None:
            await listen()
        if hook:
            await sim.add_webhook(receiver.url)
        return Stage(sim, session, receiver, clock)

    yield make
    await session.close()
    for sim in made:
        await sim.stop()
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def stage(make_stage: MakeStage) -> Stage:
    """Give the account as it most likely is."""
    return await make_stage()


@pytest.fixture
async def heard(make_stage: MakeStage) -> Stage:
    """Give the account with somebody who listens to its webhooks."""
    return await make_stage(hook=True)


def basic(text: str) -> dict[str, str]:
    """Write a Basic header."""
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


async def fill(stage: Stage) -> None:
    """Make six call records, a minute apart: answered, missed and dialled twice each."""
    for number in (OUTSIDE, OTHER):
        call_id = await stage.sim.ring(number, "1001")
        await stage.sim.answer(call_id)
        stage.clock.now += 20
        await stage.sim.hang_up(call_id)
        stage.clock.now += 40
        await stage.sim.hang_up(await stage.sim.ring(number, "1002"))
        stage.clock.now += 60
        await stage.sim.hang_up(await stage.sim.dial("1003", number))
        stage.clock.now += 60
