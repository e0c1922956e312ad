"""A real Asterisk for the tests of this folder; where none can be had they are skipped, in one line that says why."""

from collections.abc import AsyncGenerator, Generator

import pytest

from .config import SHORT
from .lab import Lab, NoAsteriskError, Server


@pytest.fixture(scope="session")
def servers() -> Generator[list[Server]]:
    """Keep what runs until the last test is done: an Asterisk outlives the tests' event loops."""
    running: list[Server] = []
    yield running
    for server in running:
        server.stop()


@pytest.fixture
def server(servers: list[Server], socket_enabled: None) -> Server:
    """Start an Asterisk with a dial plan of short patience, unless it runs."""
    if not servers:
        try:
            servers.append(Server(times=SHORT))
        except NoAsteriskError as error:
            pytest.skip(str(error))
    return servers[0]


@pytest.fixture
async def lab(server: Server) -> AsyncGenerator[Lab]:
    """Plug phones into it."""
    async with Lab(server=server) as lab:
        yield lab
