"""The phone system's side of a bench, in a process of its own: it posts prepared bodies and notes the time of each.

Each line on standard input is a job, each line on standard output its result, both JSON.
"""

import asyncio
import json
import re
import sys
import time
from collections.abc import Sequence
from typing import override

import aiohttp

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
END_OF_HEAD = b"\r\n\r\n"

type Times = tuple[list[float], list[float]]


async def library(url: str, chain: Sequence[str]) -> Times:
    """Post as phone systems do, with an HTTP library: one after the other over one connection."""
    sent, answered = [], []
    headers = {"Content-Type": "application/json"}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:
        for body in chain:
            sent.append(time.monotonic())
            async with session.post(url, data=body, headers=headers) as response:
                await response.read()
                response.raise_for_status()
            answered.append(time.monotonic())
    return sent, answered


async def plain(url: str, chain: Sequence[str]) -> Times:
    """Post plain bytes, which costs next to nothing, so that Home Assistant is all that takes time."""
    host, slash, path = url.removeprefix("http://").partition("/")
    name, _, port = host.partition(":")
    requests = [
        (
            f"POST {slash}{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body.encode())}\r\n\r\n{body}"
        ).encode()
        for body in chain
    ]
    _, sender = await asyncio.get_running_loop().create_connection(lambda: Sender(requests), name, int(port))
    await sender.done
    return sender.sent, sender.answered


class Sender(asyncio.Protocol):
    """One connection: a request goes out when the one before was answered."""

    def __init__(self, requests: Sequence[bytes]) -> None:
        """Prepare the requests."""
        self.sent: list[float] = []
        self.answered: list[float] = []
        self.done = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._transport: asyncio.Transport | None = None
        self._received = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next(transport)

    def _next(self, transport: asyncio.Transport) -> None:
        if len(self.sent) == len(self._requests):
            transport.close()
            self.done.set_result(None)
            return
        self.sent.append(time.monotonic())
        transport.write(self._requests[len(self.sent) - 1])

    @override
    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._received += data
        head, end, body = self._received.partition(END_OF_HEAD)
        length = LENGTH.search(head)
        if not end or len(body) < (int(length[1]) if length else 0):
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self.done.set_exception(ConnectionError(head.decode()))
            return
        self._received = b""
        self.answered.append(time.monotonic())
        self._next(self._transport)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError("Home Assistant closed the connection"))


CLIENTS = {"library": library, "plain": plain}


async def work(client: str, url: str, chains: Sequence[Sequence[str]]) -> list[Times]:
    """Post each chain over a connection of its own, all at the same time; give when each was sent and answered."""
    return await asyncio.gather(*(CLIENTS[client](url, chain) for chain in chains))


def main() -> None:
    """Do what is asked for until nobody asks any more."""
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            sys.stdout.write(json.dumps(runner.run(work(**json.loads(line)))) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
