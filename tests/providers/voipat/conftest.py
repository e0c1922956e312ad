"""The clients of a simulated VOIP@ bridge."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from custom_components.pbx.providers.voipat import api as voipat_access
from custom_components.pbx.providers.voipat.provider import VoipatProvider
from tests.simulators.voipat import Profile, VoipatSimulator
from tests.simulators.voipat_wire import ON_PAPER

from .bridge import DOMAIN, PYTHON, Stub, client


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Confirm a refused key without making anybody wait."""
    monkeypatch.setattr(voipat_access, "CONFIRM_AFTER", 0.02)


@pytest.fixture
def profile() -> Profile:
    """Talk to the Python server where a test does not choose."""
    return PYTHON


@pytest.fixture
async def sim(profile: Profile) -> AsyncIterator[VoipatSimulator]:
    """Start a phone system whose database has the column the Node server needs."""
    async with VoipatSimulator(profile=profile, disposition_column=True, **ON_PAPER) as sim:
        yield sim


@pytest.fixture
async def provider(sim: VoipatSimulator, session: aiohttp.ClientSession) -> VoipatProvider:
    """Give a client that knows its account."""
    provider = client(sim, session, extensions=["101", "102 103", "104;105"])
    await provider.account()
    await provider.directory()
    sim.requests.clear()
    return provider


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    """Start a Python server with one domain and nothing else."""
    stub = Stub()
    stub.on("GET", "/status", {"status": "ok", "version": "1.0.0"})
    stub.on("GET", "/domains", {"domains": [{"domain_name": DOMAIN}], "count": 1})
    stub.on("GET", "/cdr", {"records": [], "total": 0})
    stub.on("GET", "/status/detailed", {"status": "ok", "services": {"database": {"connected": True}}})
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stub.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server = site._server  # noqa: SLF001
    assert isinstance(server, asyncio.Server)
    stub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield stub
    await runner.cleanup()
