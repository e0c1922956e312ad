"""A small AMI client for tests: actions, lists, events, and a recorder that keeps the raw text.

It is not the product's client on purpose: what Asterisk says is the truth that the product is compared with.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import IO, Self

type Message = dict[str, str]
type Listener = Callable[[Message, str, float], None]

ANSWER_TIME = 15.0


class AmiError(Exception):
    """Asterisk answered an action with an error."""


def parse(block: str) -> Message:
    """Read one message; a key that comes twice (Variable, ChanVariable) keeps all its values, one per line."""
    message: Message = {}
    for line in block.split("\r\n"):
        key, colon, value = line.partition(":")
        if colon:
            value = value.removeprefix(" ")
            message[key] = f"{message[key]}\n{value}" if key in message else value
    return message


class Ami:
    """One login."""

    def __init__(self, host: str, port: int, username: str, secret: str, *, events: bool = True) -> None:
        """Prepare; `async with` connects and logs in."""
        self._address, self._login, self._events = (host, port), (username, secret), events
        self._ids = count(1)
        self._single: dict[str, asyncio.Future[Message]] = {}
        self._lists: dict[str, list[Message]] = {}
        self._task: asyncio.Task[None] | None = None
        self.listeners: list[Listener] = []
        """Called with each event, its raw text and when it came (time.time())."""
        self.tap: Callable[[str], object] | None = None
        """Called with the raw text of everything that comes, answers included."""
        self.closed = asyncio.Event()
        self.booted = asyncio.Event()
        self.banner = ""

    async def __aenter__(self) -> Self:
        """Connect and log in; raise AmiError where the login is refused."""
        self._reader, self._writer = await asyncio.open_connection(*self._address)
        try:
            self.banner = (await self._reader.readline()).decode().strip()
            self._task = asyncio.create_task(self._read())
            await self.action(
                "Login", Username=self._login[0], Secret=self._login[1], Events="on" if self._events else "off"
            )
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the connection."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def action(self, name: str, **fields: object) -> Message:
        """Do something; raise AmiError when it is refused. A tuple as a value writes its key several times."""
        return (await self._send(name, fields))[0]

    async def items(self, name: str, **fields: object) -> list[Message]:
        """Return the items of a list action, without its Response and its ...Complete."""
        return (await self._send(name, fields))[1]

    async def _send(self, name: str, fields: dict[str, object]) -> tuple[Message, list[Message]]:
        """Send an action and return its answer with the items of its list."""
        if self.closed.is_set():
            raise ConnectionError("Asterisk closed the connection")
        number = f"lab-{next(self._ids)}"
        lines = [f"Action: {name}", f"ActionID: {number}"]
        for key, value in fields.items():
            lines += [f"{key}: {one}" for one in (value if isinstance(value, tuple) else (value,))]
        self._single[number] = future = asyncio.get_running_loop().create_future()
        self._lists[number] = []
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        try:
            response = await asyncio.wait_for(future, ANSWER_TIME)
        finally:
            self._single.pop(number, None)
            items = self._lists.pop(number, [])
        if response.get("Response") == "Error":
            raise AmiError(response.get("Message", ""))
        return response, items

    async def _read(self) -> None:
        """Read messages until the connection ends."""
        try:
            while True:
                raw = (await self._reader.readuntil(b"\r\n\r\n")).decode(errors="replace")
                if self.tap is not None:
                    self.tap(raw)
                self._take(parse(raw), raw)
        except asyncio.IncompleteReadError, ConnectionError:
            pass
        finally:
            self.closed.set()
            for future in self._single.values():
                if not future.done():
                    future.set_exception(ConnectionError("Asterisk closed the connection"))

    def _take(self, message: Message, raw: str) -> None:
        """Give a message to whoever waits for it, or to the listeners."""
        number = message.get("ActionID", "")
        future = self._single.get(number)
        if "Response" in message and "Event" not in message:  # the event OriginateResponse has both
            if future is not None and not future.done():
                if message.get("EventList") == "start":
                    self._lists[number].insert(0, message)  # the response, until the list is complete
                else:
                    future.set_result(message)
            return
        if future is not None and self._lists.get(number):
            if message.get("EventList") in ("Complete", "Cancelled") and not future.done():
                future.set_result(self._lists[number].pop(0))
            else:
                self._lists[number].append(message)
            return
        if message.get("Event") == "FullyBooted":
            self.booted.set()
        for listener in self.listeners:
            listener(message, raw, time.time())


class Recorder:
    """Keep what one login hears: all messages, and (while a file is open) their raw text."""

    def __init__(self, ami: Ami, *, leave_out: frozenset[str] = frozenset({"TestEvent"})) -> None:
        """Listen; events named in `leave_out` go into no file."""
        self.events: list[tuple[float, Message]] = []
        self._leave_out = leave_out
        self._file: IO[str] | None = None
        ami.listeners.append(self._hear)

    def open(self, path: Path) -> None:
        """Begin a file, without an end-of-line translation: AMI ends its lines with CR LF."""
        self.close()
        self._file = path.open("w", newline="")

    def close(self) -> None:
        """End the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _hear(self, message: Message, raw: str, now: float) -> None:
        """Keep an event."""
        if message.get("Event") in self._leave_out:
            return
        self.events.append((now, message))
        if self._file is not None:
            self._file.write(raw)
