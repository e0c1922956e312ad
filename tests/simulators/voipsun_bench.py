"""What the tests of the simulated VoIPSUN box share: a running simulator, somebody with its key, and what is heard."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest

from .voipsun import VoipsunSimulator
from .voipsun_model import Agent, Extension, OutRoute, Population, Queue, Trunk

CALLER = "447700900123"
OK = {"success": "true"}
NOVAK = {"agentNumber": "1000", "agentPin": "0417"}
FROM_101 = {"srcExtenInternalNum": "101"}
ORIGINATE = {**FROM_101, "dstNum": "800123456"}


class Clock:
    """A clock that stands still until somebody moves it."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


class Box:
    """A running simulator, its clock and somebody who asks it."""

    def __init__(self, sim: VoipsunSimulator, clock: Clock, session: aiohttp.ClientSession) -> None:
        self.sim = sim
        self.clock = clock
        self.session = session

    async def raw(self, action: str, **query: str) -> tuple[int, str, str]:
        """Ask with the right credentials; give status, content type and text."""
        credentials = {"username": self.sim.username, "password": self.sim.password}
        params = credentials | ({"action": action} if action else {}) | query
        async with self.session.get(f"{self.sim.url}/api/api.php", params=params) as response:
            return response.status, response.content_type, await response.text()

    async def ask(self, action: str, **query: str) -> Any:
        """Ask and read the JSON."""
        return json.loads((await self.raw(action, **query))[2])

    async def errno(self, action: str, **query: str) -> str:
        """Ask for something that must be refused and give its number."""
        answer = await self.ask(action, **query)
        assert answer["success"] == "false"
        assert set(answer) == {"success", "errno", "reason"}
        assert all(isinstance(value, str) for value in answer.values())
        return str(answer["errno"])

    async def rows(self) -> list[tuple[str, str, str, str]]:
        """List the calls: SIP user (or trunk), source, destination and status."""
        return [
            (row["channelName"].split("/")[1].rpartition("-")[0], row["src"], row["dst"], row["status"])
            for row in await self.ask("listcalls")
        ]

    async def sip(self, user: str) -> dict[str, str]:
        """Find one row of sipstatus."""
        return next(row for row in await self.ask("sipstatus") if row["user"] == user)


type Boxes = Callable[..., Awaitable[Box]]


@pytest.fixture
async def boxes() -> AsyncIterator[Boxes]:
    """Make running simulators that stop after the test."""
    started: list[VoipsunSimulator] = []
    async with aiohttp.ClientSession() as session:

        async def make(population: Population | int | None = None, **switches: Any) -> Box:
            clock = Clock()
            sim = VoipsunSimulator(population, clock=clock, **switches)
            await sim.start()
            started.append(sim)
            return Box(sim, clock, session)

        yield make
        for sim in started:
            await sim.stop()


@pytest.fixture
async def box(boxes: Boxes) -> Box:
    """Start the demo house."""
    return await boxes()


def two_sites() -> Population:
    """Build a house where 101 exists in two dial plans, 103 has no phone and 104 no queue."""
    extensions = [
        Extension(row_id=1, number="101", name="Anna Keller", sip_username="sip101"),
        Extension(row_id=2, number="101", name="Ivo Horák", sip_username="sip2101", dialplan="pobocka"),
        Extension(row_id=3, number="103", name="Sklad", sip_username=""),
        Extension(row_id=4, number="104", name="Sofia Rossi", sip_username="sip104"),
    ]
    agents = (Agent(number="1000", name="novak", full_name="Petr Novák", pin="0417"),)
    return Population(
        extensions=extensions,
        trunks=(Trunk(name="trunk"),),
        routes=(OutRoute(row_id=7, name="outgoing", trunk="trunk"),),
        agents=agents,
        queues=(Queue(name="podpora", number="600"),),
    )


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait for something that a timer does."""
    for _ in range(400):
        if condition():
            return
        await asyncio.sleep(0.005)
    pytest.fail("it never came")
