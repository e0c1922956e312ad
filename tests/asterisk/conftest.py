"""A real Asterisk for the tests of this folder; where none can be had they are skipped, in one line that says why."""

from collections.abc import AsyncGenerator, Generator

import pytest

from .config import SHORT
from .lab import Lab, NoAsteriskError, Server


@pytest.fixture(scope="session")
def servers() -> Generator[dict[bool, Server]]:
    """Keep what runs until the last test is done: an Asterisk outlives the tests' event loops."""
    running: dict[bool, Server] = {}
    yield running
    for server in running.values():
        server.stop()


def started(servers: dict[bool, Server], *, as_freepbx: bool) -> Server:
    """Return an Asterisk with a dial plan of short patience; it starts when phones are plugged in, unless it runs."""
    if as_freepbx not in servers:
        try:
            servers[as_freepbx] = Server(times=SHORT, as_freepbx=as_freepbx)
        except NoAsteriskError as error:
            pytest.skip(str(error))
    return servers[as_freepbx]


@pytest.fixture
async def lab(servers: dict[bool, Server], socket_enabled: None) -> AsyncGenerator[Lab]:
    """Plug phones into an Asterisk."""
    async with Lab(server=started(servers, as_freepbx=False)) as lab:
        yield lab


@pytest.fixture
async def freepbx(servers: dict[bool, Server], socket_enabled: None) -> AsyncGenerator[Lab]:
    """Plug phones into one that is set up as FreePBX does it."""
    async with Lab(server=started(servers, as_freepbx=True)) as lab:
        yield lab
