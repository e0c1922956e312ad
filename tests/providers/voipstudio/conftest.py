"""The clients of a simulated VoIPstudio."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from custom_components.pbx.providers.voipstudio.provider import VoipstudioProvider
from tests.simulators.voipstudio import VoipstudioSimulator

from .account import Stub, client


@pytest.fixture
async def sim(socket_enabled: None) -> AsyncIterator[VoipstudioSimulator]:
    """Start a simulated account."""
    sim = VoipstudioSimulator()
    await sim.start()
    yield sim
    await sim.stop()


@pytest.fixture
async def provider(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> VoipstudioProvider:
    """Give a client that knows its account."""
    provider = client(sim, session)
    await provider.account()
    await provider.directory()
    sim.requests.clear()
    return provider


@pytest.fixture
async def stub(socket_enabled: None) -> AsyncIterator[Stub]:
    """Start a server without any answers."""
    stub = Stub()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stub.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server = site._server  # noqa: SLF001
    assert isinstance(server, asyncio.Server)
    stub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield stub
    await runner.cleanup()
