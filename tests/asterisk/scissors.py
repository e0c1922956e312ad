"""What stands between Home Assistant and Asterisk, and spoils their connection."""

import asyncio
import contextlib
import random
import socket
from typing import Self

from .lab import Lab

SOME_BYTES = (1, 9000)  # the lists alone are some thousands


LITTLE = 4096
"""How many bytes a narrow connection keeps for a reader that is late."""


class Scissors:
    """Stands between Home Assistant and Asterisk, cuts the connection anywhere, or lets nothing pass."""

    def __init__(self, lab: Lab) -> None:
        """Cut nothing yet."""
        self._lab = lab
        self._open: list[asyncio.StreamWriter] = []
        self._left: int | None = None
        self._rng: random.Random | None = None
        self.cuts = 0
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._small = False
        self._refusing = False
        self._listening: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        """Listen."""
        self._listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Listen no more."""
        if self._listening is not None:
            self._listening.close()
        self._abort()
        await asyncio.sleep(0.05)

    @property
    def port(self) -> int:
        """Where Home Assistant finds Asterisk."""
        assert self._listening is not None
        port: int = self._listening.sockets[0].getsockname()[1]
        return port

    def cut(self, after: int) -> None:
        """Cut once so many more bytes have come from Asterisk."""
        self._left = after

    def cut_on(self, rng: random.Random | None) -> None:
        """Cut again and again, each time after some bytes more, until None is given."""
        self._rng = rng
        self._left = None if rng is None else rng.randrange(*SOME_BYTES)

    def stop(self) -> None:
        """Let nothing pass any more, and close nothing: as where a cable was pulled, or a reader hangs."""
        self._flowing.clear()

    def sever(self) -> None:
        """Cut everything, and let nobody in."""
        self._refusing = True
        self._abort()

    def mend(self) -> None:
        """Let everybody in again."""
        self._refusing = False

    def narrow(self) -> None:
        """Let connections that are opened from now on keep little of what Asterisk has to say."""
        self._small = True

    def flow(self) -> None:
        """Let everything pass again, also what was held up."""
        self._flowing.set()

    def _cut(self) -> None:
        """Cut everything now, as it was told to."""
        self.cuts += 1
        self._abort()
        self.cut_on(self._rng)

    def _abort(self) -> None:
        """Close everything without a word."""
        for writer in self._open:
            writer.transport.abort()
        self._open.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Connect one through."""
        if self._refusing:
            writer.transport.abort()
            return
        try:
            there, back = await self._reach()
        except OSError:
            writer.close()
            return
        self._open += [writer, back]
        await asyncio.gather(self._pump(there, writer, counted=True), self._pump(reader, back, counted=False))

    async def _reach(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection to Asterisk."""
        link = socket.socket()
        link.setblocking(False)  # noqa: FBT003 - the library's own
        if self._small:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, LITTLE)
        try:
            await asyncio.get_running_loop().sock_connect(link, ("127.0.0.1", self._lab.ami_port))
        except OSError:
            link.close()
            raise
        return await asyncio.open_connection(sock=link, limit=LITTLE)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool) -> None:
        """Pass bytes on until the end, or until the cut."""
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(4096):
                await self._flowing.wait()
                left = self._left if counted else None
                writer.write(data[:left])
                if left is not None and left <= len(data):
                    self._cut()
                elif left is not None:
                    self._left = left - len(data)
        writer.close()
