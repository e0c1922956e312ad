"""The clients of a VoIPSUN PBX that says what a test wants."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from custom_components.pbx.providers.voipsun.provider import VoipsunProvider

from .box import AGENT, NAMES, QUEUE, Box, make


@pytest.fixture
async def box() -> AsyncIterator[Box]:
    """Start a phone system."""
    box = Box()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", box.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    box.port = runner.addresses[0][1]
    yield box
    await runner.cleanup()


@pytest.fixture
async def client(box: Box, session: aiohttp.ClientSession) -> VoipsunProvider:
    """Set up an account with two named phones, an agent and a queue."""
    provider = make(session, host="127.0.0.1", port=box.port, extension_names=NAMES)
    await provider.account()
    await provider.directory()
    provider.configure([AGENT], [QUEUE])
    box.queries.clear()
    return provider
