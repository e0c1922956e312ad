"""What the tests of all clients share."""

from collections.abc import AsyncIterator

import aiohttp
import pytest


@pytest.fixture(autouse=True)
def _sockets(socket_enabled: None) -> None:
    """Let the clients talk to servers on this machine."""


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Open a session that has no cookies and no connection left over."""
    async with aiohttp.ClientSession() as opened:
        yield opened
