"""What all simulated phone systems share: the server, faults, webhook delivery and neutral verbs."""

import asyncio
import random
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Self

import aiohttp
from aiohttp import web

PATIENCE = 0.4973
"""Seconds for requests that are under way when a phone system stops.

No round number: aiohttp fails where a request is done in the very moment in which it is no longer waited for, which
happens on a clock that jumps.
"""

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
type Body = Mapping[str, Any] | str | bytes | None


class FaultKind(StrEnum):
    """A way in which the network or the server misbehaves."""

    SLOW = "slow"
    HANG = "hang"
    RESET = "reset"
    RESET_AFTER = "reset_after"
    RESET_MID_BODY = "reset_mid_body"
    STATUS = "status"
    HTML = "html"
    TRUNCATED = "truncated"
    EMPTY = "empty"


@dataclass(slots=True, kw_only=True)
class Fault:
    """One planned misbehaviour; `times` requests whose path contains `path` meet it.

    RESET drops the connection before the request is carried out, RESET_AFTER after it was carried out.
    HTML answers an HTML page with `status`; STATUS answers the provider's own error body with `status`.
    """

    kind: FaultKind
    path: str = ""
    method: str = ""
    times: int = 1
    status: int = 502
    delay: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A request that reached the simulator."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A call that was really placed because somebody asked for it by API."""

    call_id: str
    source: str
    destination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A webhook request that was sent; status is None when nobody answered."""

    url: str
    event: str
    status: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueLeg:
    """One phone's part in a true call; extension is empty for the outside."""

    extension: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueCall:
    """A call as it really is; states and directions are the neutral words (dialing, ringing, talking, on_hold)."""

    call_id: str
    direction: str
    state: str
    caller: str
    callee: str
    legs: tuple[TrueLeg, ...]


class Delivering:
    """Send webhooks over real HTTP, in order or as badly as the plan says."""

    def __init__(self, rng: random.Random) -> None:
        """Start with a faithful delivery."""
        self.rng = rng
        self.drop: Callable[[str, Body], bool] = lambda _event, _body: False
        self.duplicate = 0.0
        self.delay = 0.0
        self.shuffle = False
        self.sent: deque[Delivery] = deque(maxlen=10_000)
        self._session: aiohttp.ClientSession | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def on_the_way(self) -> bool:
        """Tell if anything has been sent and has not arrived."""
        return bool(self._tasks)

    async def send(
        self,
        method: str,
        url: str,
        event: str,
        *,
        json: Body = None,
        data: Body = None,
        headers: Mapping[str, str] | None = None,
    ) -> int | None:
        """Send one request and give its status; with delay or shuffle it goes out later and None is given."""
        if self.drop(event, json if json is not None else data):
            return None
        copies = 2 if self.rng.random() < self.duplicate else 1
        status: int | None = None
        for _ in range(copies):
            if self.delay or self.shuffle:
                wait = self.delay * (self.rng.random() if self.shuffle else 1.0)
                task = asyncio.create_task(self._later(wait, method, url, event, json, data, headers))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            else:
                status = await self._send(method, url, event, json, data, headers)
        return status

    async def settle(self) -> None:
        """Wait until everything planned was sent."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Drop what is planned and close."""
        for task in self._tasks:
            task.cancel()
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _later(
        self,
        wait: float,
        method: str,
        url: str,
        event: str,
        json: Body,
        data: Body,
        headers: Mapping[str, str] | None,
    ) -> None:
        await asyncio.sleep(wait)
        await self._send(method, url, event, json, data, headers)

    async def _send(
        self,
        method: str,
        url: str,
        event: str,
        json: Body,
        data: Body,
        headers: Mapping[str, str] | None,
    ) -> int | None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
        session, status = self._session, None
        try:
            async with session.request(method, url, json=json, data=data, headers=headers) as response:
                await response.read()
                status = response.status
        except aiohttp.ClientError, TimeoutError:
            status = None
        except RuntimeError:
            # What is told in the moment in which the phone system stops reaches nobody.
            if not session.closed:
                raise
        self.sent.append(Delivery(url=url, event=event, status=status))
        return status


class Simulator(ABC):
    """A phone system of one provider on loopback HTTP.

    A subclass writes `routes()`, the error body and the neutral verbs; it must never import the integration.
    """

    provider: ClassVar[str]

    def __init__(self, *, seed: int = 0, clock: Callable[[], float] = time.time) -> None:
        """Prepare a phone system; the same seed gives the same ids and choices."""
        self.rng = random.Random(seed)
        self.clock = clock
        self.faults: list[Fault] = []
        self.requests: deque[Seen] = deque(maxlen=10_000)
        self.placed: list[Placed] = []
        self.on_answer: Callable[[web.Request, web.StreamResponse], None] = lambda _request, _answer: None
        """Hears what goes out to somebody who still listens."""
        self.webhooks = Delivering(self.rng)
        self.held_up = 0
        """How many requests wait for their answers because of a fault."""
        self.port = 0
        self._runner: web.AppRunner | None = None
        self._listening: asyncio.Server | None = None

    # -- the server ---------------------------------------------------------------------------------

    @abstractmethod
    def routes(self) -> list[web.AbstractRouteDef]:
        """List the provider's endpoints."""

    @abstractmethod
    def error_body(self, status: int) -> web.Response:
        """Answer an error the way this provider words it."""

    @property
    def url(self) -> str:
        """The address to enter where a person enters the provider's base URL or host."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self, port: int = 0) -> None:
        """Listen on a loopback port (0: a free one)."""
        app = web.Application(middlewares=[self._middleware], client_max_size=16 * 1024 * 1024)
        app.add_routes(self.routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=PATIENCE)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port or self.port)
        await site.start()
        server = site._server  # noqa: SLF001
        assert isinstance(server, asyncio.Server)
        self._listening = server
        self.port = server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening; the state stays, so that start() is a restart of the same phone system."""
        if self._listening is not None:
            # asyncio loses the socket of a connection that it has accepted, but not begun, when its server closes.
            for listener in self._listening.sockets:
                asyncio.get_running_loop().remove_reader(listener.fileno())
            for _ in range(2):
                await asyncio.sleep(0)
            self._listening = None
        await self.webhooks.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> Self:
        """Start on a free port."""
        await self.start()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """Stop."""
        await self.stop()

    def fault(self, kind: FaultKind, **plan: Any) -> None:
        """Plan one misbehaviour (see Fault)."""
        self.faults.append(Fault(kind=kind, **plan))

    def seen(self, path: str, method: str = "") -> list[Seen]:
        """List the requests whose path contains a text."""
        return [r for r in self.requests if path in r.path and method in ("", r.method)]

    def _next_fault(self, request: web.Request) -> Fault | None:
        for fault in self.faults:
            if fault.path in request.path and fault.method in ("", request.method) and fault.times:
                fault.times -= 1
                if not fault.times:
                    self.faults.remove(fault)
                return fault
        return None

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        body = b"" if request.headers.get("Upgrade") else await request.read()
        self.requests.append(
            Seen(
                method=request.method,
                path=request.path,
                query=dict(request.query),
                headers=dict(request.headers),
                body=body,
            )
        )
        fault = self._next_fault(request)
        answer = await (handler(request) if fault is None else self._misbehave(fault, request, handler))
        if request.transport is not None and not request.transport.is_closing():
            self.on_answer(request, answer)
        return answer

    async def _hold_up(self, fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.held_up += 1
        try:
            await asyncio.sleep(fault.delay or 3600)
        finally:
            self.held_up -= 1
        if request.transport is None or request.transport.is_closing():
            return web.Response()  # whoever asked has gone
        return await handler(request)

    async def _misbehave(  # noqa: PLR0911 - one way out for each way to misbehave
        self, fault: Fault, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        transport = request.transport
        match fault.kind:
            case FaultKind.SLOW | FaultKind.HANG:
                return await self._hold_up(fault, request, handler)
            case FaultKind.STATUS:
                response = self.error_body(fault.status)
                response.headers.update(fault.headers)
                return response
            case FaultKind.HTML:
                page = "<html><body><h1>Bad Gateway</h1></body></html>"
                return web.Response(status=fault.status, text=page, content_type="text/html")
            case FaultKind.RESET:
                if transport is not None:
                    transport.abort()
                return web.Response()
        answer = await handler(request)
        payload = answer.body if isinstance(answer, web.Response) and isinstance(answer.body, bytes) else b""
        match fault.kind:
            case FaultKind.EMPTY:
                return web.Response(status=answer.status, body=b"", content_type="application/json")
            case FaultKind.TRUNCATED:
                return web.Response(
                    status=answer.status, body=payload[: len(payload) // 2], content_type="application/json"
                )
            case FaultKind.RESET_MID_BODY:
                half = web.StreamResponse(status=answer.status, headers={"Content-Length": str(len(payload) + 1)})
                with suppress(ConnectionResetError):  # whoever asked has gone
                    await half.prepare(request)
                    await half.write(payload[: len(payload) // 2])
        if transport is not None:
            transport.abort()
        return web.Response()

    # -- neutral verbs: what people do with the phones --------------------------------------------

    @abstractmethod
    async def ring(self, caller: str, *extensions: str, name: str = "") -> str:
        """Let an outside caller ring these extensions at once; give the true call's id."""

    @abstractmethod
    async def dial(self, extension: str, number: str) -> str:
        """Let somebody at an extension dial a number or another extension; give the true call's id."""

    @abstractmethod
    async def answer(self, call_id: str, extension: str = "") -> None:
        """Pick up: at one of the ringing extensions, or (empty) the outside party of a dialled call."""

    @abstractmethod
    async def hold(self, call_id: str, extension: str) -> None:
        """Put a call on hold at an extension's phone, where this phone system shows that; else do nothing."""

    @abstractmethod
    async def resume(self, call_id: str, extension: str) -> None:
        """Resume a call that was held."""

    @abstractmethod
    async def hang_up(self, call_id: str, *, by: str = "caller") -> None:
        """End a call: by `caller`, `callee`, or `reject` for a ringing phone that refuses."""

    @abstractmethod
    def truth(self) -> list[TrueCall]:
        """List the calls that are up now."""


def json_error(status: int, body: Mapping[str, Any]) -> web.Response:
    """Answer a JSON error."""
    return web.json_response(body, status=status)


__all__ = [
    "Delivering",
    "Delivery",
    "Fault",
    "FaultKind",
    "Placed",
    "Seen",
    "Simulator",
    "TrueCall",
    "TrueLeg",
    "json_error",
]
