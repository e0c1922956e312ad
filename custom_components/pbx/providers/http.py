"""The one way requests go to a phone system: in time, within a budget, commands exactly once, nothing secret logged."""

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import aiohttp
from aiolimiter import AsyncLimiter

from .errors import ConnectError, RateLimitError, UnknownOutcomeError
from .values import number

LOGGER = logging.getLogger(__name__)

MAX_BODY = 32 * 1024 * 1024
TOO_MANY_REQUESTS = 429
RESERVE = 5  # polls leave one fifth of the budget to commands
PATIENCE = 10.0
SLOW_DOWN = 30.0
LONGEST_SLOW_DOWN = 600.0
LONGEST_WAIT = 3600.0
EPOCH_FROM = 10**8
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """At most `requests` in any `seconds`."""

    requests: int
    seconds: float


class Budget:
    """What may be asked of one account; commands come first, and no window of a limit is ever overrun.

    A leaky bucket lets `burst + rate x window` through in one window. A quarter of the limit as burst and
    three quarters as rate keep that sum at the limit.
    """

    def __init__(self, limits: Iterable[RateLimit]) -> None:
        """Start with full buckets."""
        self._limiters: list[AsyncLimiter] = []
        self._paused_until = 0.0
        self._slow_down = SLOW_DOWN
        self.set_limits(limits)

    def set_limits(self, limits: Iterable[RateLimit]) -> None:
        """Change the limits, for an account that turns out to have others."""
        self._limiters = [AsyncLimiter(limit.requests / 4, limit.seconds / 3) for limit in limits]

    def pause(self, seconds: float) -> None:
        """Let no poll through for a while: the phone system said that it was too much."""
        self._paused_until = max(self._paused_until, asyncio.get_running_loop().time() + seconds)

    def slow_down(self, wait: float | None) -> None:
        """Pause as long as the phone system says, or twice as long each time where it does not say."""
        if wait is None:
            wait, self._slow_down = self._slow_down, min(self._slow_down * 2, LONGEST_SLOW_DOWN)
        self.pause(wait)

    def recover(self) -> None:
        """Begin with a short pause again: the phone system had enough patience for a request."""
        self._slow_down = SLOW_DOWN

    @property
    def paused_for(self) -> float:
        """How long polls still have to wait, in seconds."""
        return max(0.0, self._paused_until - asyncio.get_running_loop().time())

    async def for_command(self) -> None:
        """Wait for the turn of a command; raise RateLimitError when that would take longer than a person waits."""
        try:
            async with asyncio.timeout(PATIENCE):
                for limiter in self._limiters:
                    await limiter.acquire()
        except TimeoutError:
            raise RateLimitError from None

    async def for_poll(self) -> None:
        """Wait for the turn of a poll; raise RateLimitError while paused."""
        if paused := self.paused_for:
            raise RateLimitError(paused)
        for limiter in self._limiters:
            amount = 1 + limiter.max_rate / RESERVE
            while not limiter.has_capacity(amount):  # noqa: ASYNC110 - the limiter tells nobody when it has leaked
                await asyncio.sleep(limiter.time_period / limiter.max_rate)
        for limiter in self._limiters:
            await limiter.acquire()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A complete answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    OK: ClassVar[range] = range(200, 300)

    @property
    def ok(self) -> bool:
        """Whether the status is a 2xx."""
        return self.status in self.OK

    def json(self) -> object:
        """Read the body as JSON whatever its content type says; raise ConnectError where it is none."""
        try:
            return json.loads(self.body)
        except ValueError, RecursionError:
            raise ConnectError("The answer is not JSON") from None


def sent_once() -> Callable[[aiohttp.ClientRequest, aiohttp.ClientHandlerType], Awaitable[aiohttp.ClientResponse]]:
    """Make a middleware that lets a request out a single time.

    aiohttp repeats idempotent methods when a connection drops; a GET or DELETE that places or ends a call must not be.
    """
    sent = False

    async def once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
        nonlocal sent
        if sent:
            raise UnknownOutcomeError("The connection was lost")
        sent = True
        return await handler(request)

    return once


class HttpClient:
    """Send requests within a budget and turn every network trouble into one of our errors."""

    def __init__(self, session: aiohttp.ClientSession, budget: Budget) -> None:
        """Use a session that somebody else closes."""
        self._session = session
        self.budget = budget
        self.malformed_means_slow_down = False  # for phone systems that throttle with pages HTTP cannot read

    async def read(self, operation: str, method: str, url: str, **request: object) -> Reply:
        """Ask for something; raise ConnectError or RateLimitError. The next poll is the retry."""
        await self.budget.for_poll()
        return await self._send(operation, method, url, command=False, request=request)

    async def ask(self, operation: str, method: str, url: str, **request: object) -> Reply:
        """Ask for something a person is waiting for: as `read`, but with a command's share of the budget."""
        await self.budget.for_command()
        return await self._send(operation, method, url, command=False, request=request)

    async def command(self, operation: str, method: str, url: str, **request: object) -> Reply:
        """Change something, exactly once; raise UnknownOutcomeError when it was sent but not answered."""
        await self.budget.for_command()
        return await self._send(operation, method, url, command=True, request=request)

    async def _send(
        self, operation: str, method: str, url: str, *, command: bool, request: Mapping[str, object]
    ) -> Reply:
        # Redirects would carry the credentials to another address.
        options: dict[str, object] = {"timeout": 10.0, "allow_redirects": False, **request}
        options["timeout"] = aiohttp.ClientTimeout(total=_seconds(options["timeout"]))
        if command:
            options["middlewares"] = (sent_once(),)
        lost: type[ConnectError] = UnknownOutcomeError if command else ConnectError
        try:
            async with self._session.request(method, url, **options) as response:  # type: ignore[arg-type]
                body = await _body(response)
                reply = Reply(status=response.status, headers=dict(response.headers), body=body)
        except aiohttp.ClientConnectorError, aiohttp.InvalidURL:
            raise ConnectError("No connection") from None
        except aiohttp.ClientResponseError:
            if self.malformed_means_slow_down:
                self.budget.pause(SLOW_DOWN)
                if not command:
                    raise RateLimitError(SLOW_DOWN) from None
            raise lost("The answer is malformed") from None
        except TimeoutError:
            raise lost("No answer in time") from None
        except aiohttp.ClientError:
            raise lost("The connection was lost") from None
        LOGGER.debug("%s: HTTP %s", operation, reply.status)
        if reply.status == TOO_MANY_REQUESTS:
            wait = retry_after(reply.headers)
            self.budget.slow_down(wait)
            raise RateLimitError(wait)
        self.budget.recover()
        return reply


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read how many seconds to wait: `Retry-After`, else when the limit is reset; None where that is not said."""
    told = {name.lower(): value for name, value in headers.items()}
    for name in ("retry-after", "ratelimit-reset", "x-ratelimit-reset"):
        seconds = number(told.get(name))
        if seconds is not None:
            # A reset is told in seconds from now, or as the time of day.
            return min(max(0.0, seconds - time.time() if seconds > EPOCH_FROM else seconds), LONGEST_WAIT)
    return None


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        body += chunk
        if len(body) > MAX_BODY:
            raise ConnectError("The answer is too long")
    return bytes(body)


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 10.0
