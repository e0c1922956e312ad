r"""The manager interface of Asterisk (AMI): a connection with a login, actions, lists and events.

The protocol is lines `Key: value` that end with CR LF; an empty line ends a message. Asterisk sends
a banner first. What comes is one of

    ===============  ==========================================  ================================
    message          told by                                     goes to
    ===============  ==========================================  ================================
    event            `Event:`, also where there is `Response:`   the listener
    item of a list   `Event:` and the ActionID of a list         the action that asked
    end of a list    `EventList: Complete` or `Cancelled`        the action that asked
    answer           `Response:` without `Event:`                the action that asked
    ===============  ==========================================  ================================

An event may carry the ActionID of somebody else's action, so ours begin with something random. A
key may be repeated; its values are then joined by line feeds.
"""

import asyncio
import contextlib
import hashlib
import secrets
import ssl
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import count
from typing import Self

from ...telephony.errors import (
    AuthError,
    CertificateError,
    ConnectError,
    NotFoundError,
    RefusedError,
    UnknownOutcomeError,
)

type Message = Mapping[str, str]
type Listener = Callable[[Message], None]

CONNECT_TIME = 10.0
ANSWER_TIME = 10.0
PING_EVERY, PONG_WITHIN = 20.0, 10.0
LONGEST_MESSAGE = 256 * 1024
LONGEST_LIST = 100_000
CHUNK = 128 * 1024
BANNER = "Asterisk Call Manager/"
HIDDEN = "***"
END = b"\r\n\r\n"
IN_USE = "already in use"

_GONE = ("no such channel", "channel does not exist", "not in use", "no such", "not found")


class PermissionDeniedError(RefusedError):
    """The manager user has no right to an action."""


def read_message(block: str) -> dict[str, str]:
    """Return the keys and values of one message; lines without a colon are passed over."""
    message: dict[str, str] = {}
    for row in block.split("\r\n"):
        key, colon, value = row.partition(":")
        if not colon:
            continue
        value = value.strip()
        message[key] = f"{message[key]}\n{value}" if key in message else value
    return message


def write_action(name: str, action_id: str, fields: Mapping[str, object]) -> bytes:
    """Return an action as it is sent; a tuple as a value repeats its key, None leaves it out.

    Raise ValueError for a line break in a value: it would begin another key.
    """
    rows = [f"Action: {name}", f"ActionID: {action_id}"]
    for key, value in fields.items():
        values = value if isinstance(value, tuple) else () if value is None else (value,)
        rows += [f"{key}: {one}" for one in values]
    if any("\r" in row or "\n" in row or "\0" in row for row in rows):
        raise ValueError("A value with a line break")
    return ("\r\n".join(rows) + "\r\n\r\n").encode()


class Framer:
    """Cuts what comes into messages, however it is cut on its way."""

    def __init__(self) -> None:
        """Start empty."""
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[str]:
        """Yield the messages that are complete; raise ConnectError for one without an end."""
        *blocks, self._rest = (self._rest + data).split(END)
        if len(self._rest) > LONGEST_MESSAGE:
            raise ConnectError("A message of the manager interface has no end")
        for block in blocks:
            yield _text(block).lstrip("\r\n")


def _text(block: bytes) -> str:
    """Return a message as text. Each line is of the alphabet of whoever has sent what it tells."""
    try:
        return block.decode()
    except UnicodeDecodeError:
        return "\n".join(map(_line, block.split(b"\n")))


def _line(row: bytes) -> str:
    """Return a line as text: UTF-8, also where it was cut, or the Latin letters of old phones."""
    cut = row.decode(errors="ignore")
    latin = cut.isascii() and not row.isascii()
    return row.decode("cp1252" if latin else "utf-8", errors="replace")


class _Pending:
    """An action that waits for its answer."""

    __slots__ = ("answer", "items", "listing")

    def __init__(self, answer: asyncio.Future[Message]) -> None:
        """Wait."""
        self.answer = answer
        self.items: list[Message] = []
        self.listing = False


class AmiConnection:
    """One connection with one login. `async with` opens and closes it.

    Raise ConnectError where nobody answers as Asterisk does, AuthError where the login is refused.
    `wanted` are the events that the listener is called with; others are not even read. `on_end` is
    called when the connection is over.
    """

    def __init__(
        self,
        address: tuple[str, int],
        credentials: tuple[str, str],
        *,
        tls: ssl.SSLContext | None = None,
        listener: Listener | None = None,
        wanted: Collection[str] = (),
        on_end: Callable[[], None] | None = None,
    ) -> None:
        """Prepare; nothing is sent before the connection is opened."""
        self.version = ""
        """The version of the manager interface, from the banner."""
        self.booted = False
        """Whether Asterisk has said that it has started; a user with read `system` hears it."""
        self._address, self._credentials, self._tls = address, credentials, tls
        self._listener, self._on_end = listener, on_end
        self._wanted = frozenset(f"Event: {name}" for name in wanted)
        self._prefix = secrets.token_hex(6)
        self._numbers = count(1)
        self._pending: dict[str, _Pending] = {}
        self._framer = Framer()
        self._writer: asyncio.StreamWriter | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._ended = asyncio.Event()
        self._reason = "The manager interface closed the connection"

    async def __aenter__(self) -> Self:
        """Connect and log in."""
        try:
            reader = await self._connect()
            self._tasks.append(asyncio.create_task(self._read(reader)))
            await self._log_in()
            self._tasks.append(asyncio.create_task(self._keep_alive()))
        except BaseException:  # also when whoever waits for it gives up: no socket is left behind
            await self.close()
            raise
        return self

    async def _connect(self) -> asyncio.StreamReader:
        """Return what the manager interface says, from behind its banner on.

        Raise ConnectError where nobody answers in time, or somebody else does, CertificateError
        where whoever answers is not trusted.
        """
        try:
            async with asyncio.timeout(CONNECT_TIME):
                reader, self._writer = await asyncio.open_connection(
                    *self._address, ssl=self._tls, limit=CHUNK
                )
                banner = (await reader.readline()).decode(errors="replace").strip()
        except ssl.SSLCertVerificationError:
            raise CertificateError("The certificate is not trusted") from None
        except (OSError, TimeoutError, ValueError) as error:
            raise ConnectError(f"No manager interface there ({type(error).__name__})") from None
        if not banner.startswith(BANNER):
            raise ConnectError("Whoever answers there is no manager interface")
        self.version = banner.removeprefix(BANNER)[:20]
        return reader

    async def __aexit__(self, *_: object) -> None:
        """Close the connection."""
        await self.close()

    async def close(self) -> None:
        """Close the connection, and let every action that waits know."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._end(self._reason)
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(self._writer.wait_closed(), 1)

    @property
    def ended(self) -> bool:
        """Whether the connection is over."""
        return self._ended.is_set()

    async def _log_in(self) -> None:
        """Log in by challenge, in clear text only where the server knows no challenge."""
        username, secret = self._credentials
        events = "on" if self._listener is not None else "system"
        fields: dict[str, object] = {"Username": username, "Events": events}
        try:
            challenge = (await self.action("Challenge", AuthType="MD5")).get("Challenge", "")
        except RefusedError as error:
            _expect_free(error)
            challenge = ""
        if challenge:
            digest = hashlib.md5(f"{challenge}{secret}".encode(), usedforsecurity=False)
            fields |= {"AuthType": "MD5", "Key": digest.hexdigest()}
        else:
            fields["Secret"] = secret
        try:
            await self.action("Login", **fields)
        except RefusedError as error:
            _expect_free(error)
            raise AuthError("The manager interface refuses the login") from None

    # -- actions -----------------------------------------------------------------------------------

    async def action(self, name: str, **fields: object) -> Message:
        """Return the answer to an action, which is sent once.

        Raise PermissionDeniedError, NotFoundError or RefusedError with Asterisk's words,
        ConnectError where it could not be sent, and UnknownOutcomeError where no answer came.
        """
        answer, _ = await self._send(name, fields)
        return answer

    async def items(self, name: str, **fields: object) -> list[Message]:
        """Return the items of a list action; raise as `action` does."""
        _, items = await self._send(name, fields)
        return items

    async def ask(self, name: str, **fields: object) -> tuple[Message, list[Message]]:
        """Return the answer to an action and the items of its list; raise as `action` does."""
        return await self._send(name, fields)

    async def _send(self, name: str, fields: Mapping[str, object]) -> tuple[Message, list[Message]]:
        """Send an action and return its answer with the items of its list."""
        if self._writer is None or self.ended:
            raise ConnectError(self._reason)
        action_id = f"{self._prefix}-{next(self._numbers)}"
        data = write_action(name, action_id, fields)
        pending = _Pending(asyncio.get_running_loop().create_future())
        self._pending[action_id] = pending
        try:
            self._writer.write(data)
            answer = await asyncio.wait_for(pending.answer, ANSWER_TIME)
        except TimeoutError, OSError:
            raise UnknownOutcomeError("The manager interface did not answer") from None
        finally:
            self._pending.pop(action_id, None)
        if answer.get("Response") == "Error":
            # Whoever says back what was sent does not get the secret shown.
            words = answer.get("Message", "").replace(self._credentials[1] or HIDDEN, HIDDEN)
            raise _refusal(words)
        return answer, pending.items

    # -- what comes --------------------------------------------------------------------------------

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Read until the connection ends."""
        try:
            while data := await reader.read(CHUNK):
                for block in self._framer.feed(data):
                    self._take(block)
        except ConnectError as error:
            self._reason = str(error)
        except OSError as error:
            self._reason = f"The connection broke ({type(error).__name__})"
        finally:
            self._end(self._reason)

    def _take(self, block: str) -> None:
        """Give a message to whoever waits for it."""
        first = block.partition("\r\n")[0]
        if first == "Event: FullyBooted":
            self.booted = True
        if first in self._wanted:
            message = read_message(block)
            if not self._take_item(message) and self._listener is not None:
                self._listener(message)
        elif self._prefix in block:
            message = read_message(block)
            if "Event" in message:
                self._take_item(message)
            else:
                self._take_answer(message)

    def _take_answer(self, message: Message) -> None:
        """Take the answer to an action; that of a list is kept until the list is complete."""
        pending = self._pending.get(message.get("ActionID", ""))
        if pending is None or pending.answer.done():
            return
        if message.get("EventList", "").lower() == "start":
            pending.listing = True
        else:
            pending.answer.set_result(message)

    def _take_item(self, message: Message) -> bool:
        """Return whether a message is an item of a list that somebody waits for."""
        pending = self._pending.get(message.get("ActionID", ""))
        if pending is None or not pending.listing or pending.answer.done():
            return False
        if message.get("EventList", "").lower() in {"complete", "cancelled"}:
            pending.answer.set_result(message)
        elif len(pending.items) < LONGEST_LIST:
            pending.items.append(message)
        return True

    def _end(self, reason: str) -> None:
        """Note that the connection is over."""
        self._ended.set()
        if self._on_end is not None:
            self._on_end()
        for pending in self._pending.values():
            if not pending.answer.done():
                pending.answer.set_exception(UnknownOutcomeError(reason))

    async def _keep_alive(self) -> None:
        """Ask from time to time whether Asterisk is still there; a connection may be half open."""
        while True:
            await asyncio.sleep(PING_EVERY)
            try:
                async with asyncio.timeout(PONG_WITHIN):
                    await self.action("Ping")
            except RefusedError:
                continue
            except ConnectError, TimeoutError:
                self._reason = "The manager interface does not answer any more"
                self._end(self._reason)
                return


def _expect_free(error: RefusedError) -> None:
    """Raise ConnectError where a login was refused because it may be there only once."""
    if IN_USE in error.reason.lower():
        raise ConnectError("The manager user is logged in already") from None


def _refusal(words: str) -> RefusedError:
    """Return the error for an action that was refused."""
    reason = words[:200] or "Refused"
    lowered = reason.lower()
    if lowered.startswith(("permission denied", "invalid/unknown command")):
        return PermissionDeniedError(reason)
    if any(part in lowered for part in _GONE):
        return NotFoundError(reason)
    return RefusedError(reason)
