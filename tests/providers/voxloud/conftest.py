"""The clients of a simulated Voxloud."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.simulators.voxloud import (
    VoxloudSimulator,
)

from .account import CANARY, FastProvider, House, Stub


@pytest.fixture
async def sim(socket_enabled: None) -> AsyncIterator[VoxloudSimulator]:
    """Start a phone system."""
    simulator = VoxloudSimulator(seed=7)
    simulator.api_key = CANARY
    async with simulator:
        yield simulator


@pytest.fixture
def client(session: aiohttp.ClientSession, sim: VoxloudSimulator) -> FastProvider:
    """Talk to that phone system."""
    return FastProvider(session, {"api_key": CANARY, "url": sim.url, "country": "IT"})


@pytest.fixture
async def stub(socket_enabled: None) -> AsyncIterator[tuple[Stub, str]]:
    """Start a stub."""
    answering = Stub()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answering.handle)
    async with TestServer(app) as server:
        yield answering, str(server.make_url(""))


@pytest.fixture
async def house(client: FastProvider) -> AsyncIterator[House]:
    """Subscribe a house to the phone system."""
    lives = House(client)
    app = web.Application()
    app.router.add_post("/api/webhook/x", lives.handle)
    async with TestServer(app) as server:
        await client.directory()
        await client.subscribe(str(server.make_url("/api/webhook/x")))
        yield lives
