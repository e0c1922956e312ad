"""The one way to a phone system: in time, within a budget, commands once, no secret logged."""

import asyncio
import logging
import time
from bisect import bisect_left
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import ClassVar, NamedTuple

import aiohttp
from aiolimiter import AsyncLimiter

from ..telephony.errors import (
    CertificateError,
    ConnectError,
    RateLimitError,
    TooLongError,
    TroubleError,
    UnknownOutcomeError,
)
from .values import instant, number, read_json

LOGGER = logging.getLogger(__name__)

MAX_BODY = 4 * 1024 * 1024
LARGE_BODY = 128 * 1024  # is parsed beside the event loop
TOO_MANY_REQUESTS = 429
REDIRECTS = range(300, 400)
RESERVE = 5  # polls leave one fifth of the budget to commands
HALF = 2  # look-ups leave half of it to polls and commands
PATIENCE = 10.0
SLOW_DOWN = 30.0
LONGEST_SLOW_DOWN = 600.0
LONGEST_WAIT = 3600.0
EPOCH_FROM = 10**8
CHUNK = 64 * 1024
REMEMBERED = 1000


_LOOKING_UP: ContextVar[bool] = ContextVar("looking_up", default=False)


@contextmanager
def looking_up() -> Iterator[None]:
    """Give all questions that are asked within the share of look-ups: nobody waits for them."""
    before = _LOOKING_UP.set(True)
    try:
        yield
    finally:
        _LOOKING_UP.reset(before)


class RateLimit(NamedTuple):
    """At most `requests` in any `seconds`."""

    requests: int
    seconds: float


class Budget:
    """What may be asked of one account.

    Commands come first, and no window of a limit is ever overrun. A leaky bucket lets
    `burst + rate x window` through in one window. A quarter of the limit as burst and three
    quarters as rate keep that sum at the limit.
    """

    def __init__(self, limits: Iterable[RateLimit]) -> None:
        """Start with everything to spend."""
        self._limiters: dict[float, AsyncLimiter] = {}
        self._spent: dict[float, float] = {}  # before the limits changed
        self._unlimited: deque[float] = deque(maxlen=REMEMBERED)  # when, before any was known
        self._used = False
        self._paused_until = 0.0
        self._slow_down = SLOW_DOWN
        self._one_look_up = asyncio.Lock()
        self.set_limits(limits)

    def set_limits(self, limits: Iterable[RateLimit]) -> None:
        """Change the limits of an account that has others; what was spent stays spent."""
        limiters = {limit.seconds: _limiter(limit) for limit in limits}
        if self._used:
            for seconds, before in self._limiters.items():
                self._spent[seconds] = self._spent.get(seconds, 0) + before.max_rate - _free(before)
        if self._unlimited and limiters:
            now = asyncio.get_running_loop().time()
            for seconds in limiters:
                since = sum(at > now - seconds for at in self._unlimited)
                self._spent[seconds] = self._spent.get(seconds, 0) + since
            self._unlimited.clear()
        self._limiters = limiters

    def pause(self, seconds: float) -> None:
        """Let no poll through for a while: the phone system said that it was too much."""
        self._paused_until = max(self._paused_until, asyncio.get_running_loop().time() + seconds)

    def slow_down(self, wait: float | None) -> float:
        """Pause for as many seconds as the phone system says, and return how long that is.

        Where it does not say (None), pause twice as long each time.
        """
        if wait is None:
            wait, self._slow_down = self._slow_down, min(self._slow_down * 2, LONGEST_SLOW_DOWN)
        self.pause(wait)
        return wait

    def recover(self) -> None:
        """Begin with a short pause again: the phone system had enough patience for a request."""
        self._slow_down = SLOW_DOWN

    @property
    def spare(self) -> float:
        """Which share of what may be sent at once is left, from 0 to 1; 1 where nothing limits."""
        shares = (_free(limiter) / int(limiter.max_rate) for limiter in self._limiters.values())
        return 0.0 if self.paused_for else min(shares, default=1.0)

    @property
    def paused_for(self) -> float:
        """How long polls still have to wait, in seconds."""
        return max(0.0, self._paused_until - asyncio.get_running_loop().time())

    async def for_command(self) -> None:
        """Wait for the turn of a command.

        Raise RateLimitError when a person would not wait so long.
        """
        await self._carry_over()
        try:
            async with asyncio.timeout(PATIENCE):
                for limiter in self._limiters.values():
                    await limiter.acquire()
        except TimeoutError:
            raise RateLimitError from None

    async def for_poll(self) -> None:
        """Wait for the turn of a poll; raise RateLimitError while paused."""
        await self._leaving(RESERVE)

    async def for_look_up(self) -> None:
        """Wait for the turn of a look-up; raise RateLimitError while paused."""
        async with self._one_look_up:
            await self._leaving(HALF)

    async def _leaving(self, share: int) -> None:
        """Wait for a turn that leaves a share of the budget to others, as one fifth for 5."""
        await self._carry_over()
        while (full := self._too_full(share)) is not None:  # noqa: ASYNC110 - nothing tells of free capacity
            await asyncio.sleep(full.time_period / full.max_rate)
        for limiter in self._limiters.values():
            await limiter.acquire()

    def _too_full(self, share: int) -> AsyncLimiter | None:
        """Return the bucket that has no room left beside that share; None where all have."""
        if paused := self.paused_for:
            raise RateLimitError(paused)
        limiters = self._limiters.values()
        wanted = {
            limiter: min(1 + limiter.max_rate / share, limiter.max_rate) for limiter in limiters
        }
        return next(
            (limiter for limiter, amount in wanted.items() if not limiter.has_capacity(amount)),
            None,
        )

    async def _carry_over(self) -> None:
        """Fill new buckets with what was spent in the old ones, or before there were any."""
        self._used = True
        if not self._limiters:
            self._unlimited.append(asyncio.get_running_loop().time())
        spent, self._spent = self._spent, {}
        for seconds, amount in spent.items():
            if (limiter := self._limiters.get(seconds)) is not None:
                await limiter.acquire(min(amount, limiter.max_rate))


def _limiter(limit: RateLimit) -> AsyncLimiter:
    """Return the bucket of a limit."""
    burst = max(1.0, limit.requests / 4)
    rest = limit.requests - burst
    return AsyncLimiter(burst, limit.seconds * burst / rest if rest > 0 else limit.seconds)


def _free(limiter: AsyncLimiter) -> int:
    """Say how many requests may still be sent at once."""
    return bisect_left(
        range(1, int(limiter.max_rate) + 1), x=True, key=lambda n: not limiter.has_capacity(n)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A complete answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    parsed: tuple[object] | None = None
    """What the body holds as JSON, where that was found out already."""

    OK: ClassVar[range] = range(200, 300)
    TROUBLE: ClassVar[range] = range(500, 600)
    GATEWAY: ClassVar[frozenset[int]] = frozenset({502, 504})

    @property
    def ok(self) -> bool:
        """Whether the status is a 2xx."""
        return self.status in self.OK

    @property
    def is_page(self) -> bool:
        """Whether somebody on the way has answered with a web page, so that nothing is known."""
        return self.body.lstrip().startswith(b"<")

    def trouble(self, words: str = "") -> TroubleError | None:
        """Return the error for a server that has trouble, in its own words if it gave any.

        None where it has none, or only somebody on the way to it.
        """
        if self.status not in self.TROUBLE or self.status in self.GATEWAY:
            return None
        answer = f"{self.status}: {words}" if words else f"HTTP {self.status}"
        return TroubleError(answer, retry_after(self.headers))

    def json(self) -> object:
        """Return the body as JSON, whatever its type says; raise ConnectError where it is none."""
        if self.parsed is not None:
            return self.parsed[0]
        try:
            return read_json(self.body)
        except ValueError, RecursionError:
            raise ConnectError("The answer is not JSON") from None


def sent_once() -> Callable[
    [aiohttp.ClientRequest, aiohttp.ClientHandlerType], Awaitable[aiohttp.ClientResponse]
]:
    """Make a middleware that lets a request out a single time.

    aiohttp repeats idempotent methods when a connection drops. A GET or DELETE that places or ends
    a call must not be repeated.
    """
    sent = False

    async def once(
        request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Send a request once, whatever its method."""
        nonlocal sent
        if sent:
            raise UnknownOutcomeError("The connection was lost") from None
        sent = True
        return await handler(request)

    return once


async def refuse_to_move(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Let no WebSocket be redirected: a middleware, for aiohttp has no switch for that.

    The request holds the key, which belongs to nobody else.
    """
    response = await handler(request)
    wants_socket = request.headers.get(aiohttp.hdrs.UPGRADE, "").lower() == "websocket"
    if wants_socket and response.status in REDIRECTS:
        response.close()
        raise aiohttp.ClientConnectionError("The socket is elsewhere")
    return response


class HttpClient:
    """Send requests within a budget and turn every network trouble into one of our errors."""

    def __init__(self, session: aiohttp.ClientSession, budget: Budget) -> None:
        """Use a session that somebody else closes."""
        self._session = session
        self.budget = budget
        self.malformed_means_slow_down = (
            False  # for phone systems that throttle with pages HTTP cannot read
        )

    async def read(self, operation: str, method: str, url: str, **request: object) -> Reply:
        """Ask for something; raise ConnectError or RateLimitError. The next poll is the retry."""
        await (self.budget.for_look_up() if _LOOKING_UP.get() else self.budget.for_poll())
        return await self._send(operation, method, url, command=False, request=request)

    async def ask(self, operation: str, method: str, url: str, **request: object) -> Reply:
        """Ask for what a person is waiting for: as `read`, with a command's share of the budget."""
        await (self.budget.for_look_up() if _LOOKING_UP.get() else self.budget.for_command())
        return await self._send(operation, method, url, command=False, request=request)

    async def command(self, operation: str, method: str, url: str, **request: object) -> Reply:
        """Change something, once; raise UnknownOutcomeError when it was sent but not answered."""
        await self.budget.for_command()
        return await self._send(operation, method, url, command=True, request=request)

    async def _send(
        self, operation: str, method: str, url: str, *, command: bool, request: Mapping[str, object]
    ) -> Reply:
        """Send a request and return its answer; an error says whether it was sent."""
        # Redirects would carry the credentials to another address.
        options: dict[str, object] = {"timeout": 10.0, "allow_redirects": False, **request}
        options["timeout"] = aiohttp.ClientTimeout(total=_seconds(options["timeout"]))
        if command:
            options["middlewares"] = (sent_once(),)
        lost: type[ConnectError] = UnknownOutcomeError if command else ConnectError
        try:
            async with self._session.request(method, url, **options) as response:  # type: ignore[arg-type]
                body = await _body(response, command=command)
                reply = Reply(
                    status=response.status,
                    headers=dict(response.headers),
                    body=body,
                    parsed=await _parsed(body),
                )
        except (aiohttp.ClientConnectorError, aiohttp.NonHttpUrlClientError, ValueError) as err:
            # The last is for what cannot be sent: an address that is none, or one with
            # credentials beside a token.
            raise _unsent(err) from None
        except RuntimeError:
            # Nothing is sent by the session of an account that is gone.
            if self._session.closed:
                raise ConnectError("No connection") from None
            raise
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
        self._keep_pace(reply)
        return reply

    def _keep_pace(self, reply: Reply) -> None:
        """Learn from an answer how fast to ask; raise RateLimitError where it was too fast."""
        if reply.status == TOO_MANY_REQUESTS:
            raise RateLimitError(self.budget.slow_down(retry_after(reply.headers)))
        self.budget.recover()


def _unsent(err: Exception) -> ConnectError:
    """Return the error for a request that did not go out."""
    if isinstance(err, aiohttp.ClientConnectorCertificateError):
        return CertificateError("The certificate is not trusted")
    return ConnectError("No connection")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how many seconds to wait, from `Retry-After` or the reset of the limit; else None.

    Both are told in seconds from now, or as a moment on the clock of whoever answers.
    """
    told = {name.lower(): value for name, value in headers.items()}
    for name in ("retry-after", "ratelimit-reset", "x-ratelimit-reset"):
        wait = number(told.get(name))
        if wait is None or wait > EPOCH_FROM:
            wait = _until(told.get(name, ""), told.get("date", ""))
        if wait is not None:
            return min(max(0.0, wait), LONGEST_WAIT)
    return None


def _until(moment: str, now: str) -> float | None:
    """Return how many seconds there are until a moment; None for what is none.

    `now` is what the same clock shows, or empty. A date that is over is none: whoever asks for
    patience does not mean that, but a count of seconds that is up is believed.
    """
    at, since = _written_date(moment), _written_date(now)
    if at is None:
        found = instant(moment)
        at = None if found is None else found.timestamp()
    if at is None:
        return None
    wait = at - (time.time() if since is None else since)
    return wait if wait > 0 or number(moment) is not None else None


def _written_date(value: str) -> float | None:
    """Return a date as HTTP writes it, in seconds since 1970; None for what is none."""
    try:
        found = parsedate_to_datetime(value)
    except ValueError, OverflowError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


async def _body(response: aiohttp.ClientResponse, *, command: bool) -> bytes:
    """Return the body of an answer, up to the bound."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        body += chunk
        if len(body) > MAX_BODY:
            # What follows is not read: the connection is not used again.
            response.close()
            if command:
                raise UnknownOutcomeError("The answer is too long")
            raise TooLongError("The answer is too long")
    return bytes(body)


async def _parsed(body: bytes) -> tuple[object] | None:
    """Return what a large body holds, parsed beside the event loop; None for any other."""
    if len(body) < LARGE_BODY:
        return None
    try:
        return (await asyncio.get_running_loop().run_in_executor(None, read_json, body),)
    except ValueError, RecursionError:
        return None


def _seconds(value: object) -> float:
    """Return a number of seconds; 0 where a header has none."""
    return float(value) if isinstance(value, int | float) else 10.0
