"""Requests keep their budget, commands go out once, and no trouble of the network shows a secret."""

import asyncio
import json
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from email.utils import formatdate
from typing import Any, override

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.pbx.providers import http
from custom_components.pbx.providers.http import Budget, HttpClient, RateLimit, Reply, retry_after
from custom_components.pbx.telephony.errors import (
    ConnectError,
    ProviderError,
    RateLimitError,
    TooLongError,
    UnknownOutcomeError,
)

SECRET = "canary-3f9a"
STANDARD = (RateLimit(requests=60, seconds=60), RateLimit(requests=1000, seconds=3600))


# -- the budget --------------------------------------------------------------------------------------


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop in which waiting takes no time."""

    def __init__(self) -> None:
        """Begin at an odd hour."""
        self.clock = 1000.0
        super().__init__()
        select = self._selector.select  # type: ignore[attr-defined]

        def jump(timeout: float | None = None) -> object:
            self.clock += timeout or 1e-7  # as much as a real one takes
            return select(0)

        self._selector.select = jump  # type: ignore[attr-defined]

    @override
    def time(self) -> float:
        """Say what time it would be."""
        return self.clock


def run[T](work: Coroutine[Any, Any, T]) -> T:
    """Run something that waits, at once."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


@dataclass
class Log:
    """Who was let through when."""

    granted: list[tuple[float, str]] = field(default_factory=list)
    refused: int = 0

    async def ask(self, budget: Budget, kind: str, after: float) -> None:
        """Ask for a turn, after a while."""
        await asyncio.sleep(after)
        try:
            await (budget.for_command() if kind == "command" else budget.for_poll())
        except RateLimitError:
            self.refused += 1
        else:
            self.granted.append((asyncio.get_running_loop().time(), kind))

    def most_within(self, seconds: float) -> int:
        """Count the most that were let through in any window."""
        times = sorted(at for at, _ in self.granted)
        return max((sum(start <= at < start + seconds for at in times) for start in times), default=0)


demands = st.lists(
    st.tuples(st.sampled_from(("poll", "command")), st.floats(0, 90, allow_nan=False)), min_size=1, max_size=60
)
sizes = st.integers(1, 40)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(demands, sizes, sizes)
def test_no_window_of_any_limit_is_overrun(asked: list[tuple[str, float]], few: int, many: int) -> None:
    """Whoever asks for what, whenever."""
    limits = (RateLimit(requests=few, seconds=20), RateLimit(requests=many, seconds=60))

    async def play() -> Log:
        log, budget = Log(), Budget(limits)
        async with asyncio.timeout(7200):
            await asyncio.gather(*(log.ask(budget, kind, after) for kind, after in asked))
        return log

    log = run(play())
    assert len(log.granted) + log.refused == len(asked)
    for limit in limits:
        assert log.most_within(limit.seconds) <= limit.requests


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(demands, st.integers(5, 40), st.lists(st.floats(1, 59), min_size=1, max_size=3))
def test_a_larger_limit_does_not_give_what_was_spent_back(
    asked: list[tuple[str, float]], before: int, changes: list[float]
) -> None:
    """The window in which the limits change keeps the new ones too."""
    after = RateLimit(requests=before * 2, seconds=60)

    async def play() -> Log:
        log, budget = Log(), Budget([RateLimit(requests=before, seconds=60)])

        async def change(wait: float) -> None:
            await asyncio.sleep(wait)
            budget.set_limits([after])
            budget.set_limits([after, RateLimit(requests=10_000, seconds=3600)])

        await asyncio.gather(*(log.ask(budget, kind, wait) for kind, wait in asked), *map(change, changes))
        return log

    assert run(play()).most_within(60) <= after.requests


@pytest.mark.parametrize(("before", "pause"), [(0, 0), (12, 0), (12, 30), (12, 70)])
def test_what_was_sent_before_a_limit_was_known_counts(before: int, pause: float) -> None:
    """The first answers tell of a limit that the first requests were under already."""
    limit = RateLimit(requests=60, seconds=60)

    async def play() -> int:
        budget, log = Budget(()), Log()
        await asyncio.gather(*(log.ask(budget, "command", 0) for _ in range(before)))
        await asyncio.sleep(pause)
        budget.set_limits([limit])
        await asyncio.gather(*(log.ask(budget, "command", 0.5 * after) for after in range(240)))
        return log.most_within(limit.seconds)

    assert 45 <= run(play()) <= limit.requests


def test_a_smaller_limit_is_kept_from_then_on() -> None:
    """What was spent under the larger one fills it."""

    async def play() -> int:
        budget, log = Budget([RateLimit(requests=60, seconds=60)]), Log()
        for _ in range(10):
            await log.ask(budget, "command", 0)
        budget.set_limits([RateLimit(requests=20, seconds=60)])
        log.granted.clear()
        await asyncio.gather(*(log.ask(budget, "poll", 0) for _ in range(40)))
        return log.most_within(60)

    assert run(play()) <= 15


@pytest.mark.parametrize("limits", [STANDARD, (RateLimit(requests=240, seconds=60),)])
def test_polls_leave_a_fifth_to_commands(limits: tuple[RateLimit, ...]) -> None:
    """However many polls wait, a fifth of what may be sent at once is free for a person."""
    burst = limits[0].requests / 4

    async def play() -> tuple[float, int]:
        budget, polls, commands = Budget(limits), Log(), Log()
        waiting = [asyncio.create_task(polls.ask(budget, "poll", 0)) for _ in range(200)]
        await asyncio.sleep(30)
        start = asyncio.get_running_loop().time()
        for _ in range(int(burst / 5)):
            await commands.ask(budget, "command", 0)
        took = asyncio.get_running_loop().time() - start
        for task in waiting:
            task.cancel()
        return took, len(commands.granted)

    took, granted = run(play())
    assert granted == int(burst / 5)
    assert took < 0.01


def test_a_command_is_refused_when_a_person_would_not_wait() -> None:
    """After ten seconds, and a poll is never refused for that."""

    async def play() -> tuple[int, int, float]:
        budget, log = Budget([RateLimit(requests=4, seconds=60)]), Log()
        start = asyncio.get_running_loop().time()
        await asyncio.gather(*(log.ask(budget, "command", 0) for _ in range(3)))
        took = asyncio.get_running_loop().time() - start
        await log.ask(budget, "poll", 0)
        return len(log.granted), log.refused, took

    granted, refused, took = run(play())
    assert (granted, refused) == (2, 2)
    assert took == pytest.approx(10, abs=0.01)


@pytest.mark.parametrize("wait", [0.5, 45.0])
def test_a_pause_holds_polls_and_not_commands(wait: float) -> None:
    """It is as long as the longest that was asked for."""

    async def play() -> tuple[float, float | None]:
        budget = Budget(STANDARD)
        budget.pause(wait)
        budget.pause(wait / 2)
        await budget.for_command()
        with pytest.raises(RateLimitError) as caught:
            await budget.for_poll()
        await asyncio.sleep(wait)
        await budget.for_poll()
        return budget.paused_for, caught.value.retry_after

    paused, retry = run(play())
    assert paused == 0
    assert retry == pytest.approx(wait, abs=0.01)


def test_a_pause_refuses_polls_that_wait_already() -> None:
    """They would be the first to be too much."""

    async def play() -> int:
        budget, log = Budget([RateLimit(requests=4, seconds=60)]), Log()
        await budget.for_poll()
        waiting = asyncio.create_task(log.ask(budget, "poll", 0))
        await asyncio.sleep(1)
        budget.pause(300)
        await waiting
        return log.refused

    assert run(play()) == 1


def test_pauses_grow_until_something_works_again() -> None:
    """Where the phone system does not say how long."""

    async def play() -> list[float]:
        budget, pauses = Budget(STANDARD), []
        for step in (*[None] * 7, "works", None, 7.0):
            if step == "works":
                budget.recover()
                continue
            budget.slow_down(step)  # type: ignore[arg-type]
            pauses.append(budget.paused_for)
            await asyncio.sleep(budget.paused_for)
        return pauses

    assert run(play()) == pytest.approx([30, 60, 120, 240, 480, 600, 600, 30, 7], abs=0.01)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "12"}, 12),
        ({"retry-after": "1.5"}, 1.5),
        ({"RETRY-AFTER": "-3"}, 0),
        ({"Retry-After": "99999"}, 3600),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, None),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT", "RateLimit-Reset": "8"}, 8),
        ({"Retry-After": "Wed, 99 Oct 2026 99:28:00 GMT"}, None),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, 3600),
        ({"X-RateLimit-Reset": "2015-10-21T07:28:00Z"}, None),
        ({"X-RateLimit-Reset": "9999-10-21T07:28:00Z"}, None),
        ({"Retry-After": "soon", "RateLimit-Reset": "8"}, 8),
        ({"X-RateLimit-Reset": "9"}, 9),
        ({"Retry-After": "3", "X-RateLimit-Reset": "9"}, 3),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    """In seconds, never longer than an hour, whatever else is written there."""
    assert retry_after(headers) == seconds


MOMENTS: dict[str, Callable[[float], str]] = {
    "seconds": str,
    "whole seconds": lambda at: str(round(at)),
    "milliseconds": lambda at: str(round(at * 1000)),
    "HTTP": lambda at: formatdate(at, usegmt=True),
    "mail": formatdate,
    "RFC 850": lambda at: f"{datetime.fromtimestamp(at, UTC):%A, %d-%b-%y %H:%M:%S} GMT",
    "ISO": lambda at: datetime.fromtimestamp(at, UTC).isoformat(),
    "ISO with Z": lambda at: f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}",
    "ISO elsewhere": lambda at: datetime.fromtimestamp(at, timezone(timedelta(hours=5))).isoformat(),
    "ISO without a zone": lambda at: f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}",
}


@pytest.mark.parametrize("written", MOMENTS.values(), ids=MOMENTS)
@pytest.mark.parametrize("name", ["Retry-After", "RateLimit-Reset", "X-RateLimit-Reset"])
def test_how_long_to_wait_until_a_time_of_day(name: str, written: Callable[[float], str]) -> None:
    """A wait may be told as a time, in any of the ways in which times are written."""
    assert retry_after({name: written(time.time() + 50)}) == pytest.approx(50, abs=2)
    assert retry_after({name: written(time.time() + 9000)}) == 3600


@pytest.mark.parametrize("astray", [-7200.0, -30.0, 30.0, 7200.0])
@pytest.mark.parametrize("written", MOMENTS.values(), ids=MOMENTS)
def test_a_time_of_day_is_read_on_the_clock_of_the_sender(written: Callable[[float], str], astray: float) -> None:
    """Whose clock goes wrong says so in the same answer."""
    there = time.time() + astray
    headers = {"Date": formatdate(there, usegmt=True), "Retry-After": written(there + 50)}
    assert retry_after(headers) == pytest.approx(50, abs=2)


def test_a_reset_that_is_over_is_no_wait() -> None:
    """The next request may be sent at once."""
    assert retry_after({"X-RateLimit-Reset": str(time.time() - 50)}) == 0


# -- requests ----------------------------------------------------------------------------------------

type Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """A server that misbehaves as it is told, and counts what reaches it."""

    answer: Answer
    url: str = ""
    seen: Counter[str] = field(default_factory=Counter)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.seen[head.split(b" ", 2)[1].decode().split("?")[0]] += 1
                await self.answer(reader, writer)
        except asyncio.IncompleteReadError, ConnectionError:
            pass
        finally:
            writer.close()


def says(head: str, body: bytes = b"", *, close: bool = False) -> Answer:
    """Answer with these bytes."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{head}\r\n\r\n".encode() + body)
        await writer.drain()
        if close:
            writer.close()

    return answer


async def drops(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the request and hang up without a word."""
    writer.transport.abort()


async def sleeps(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await reader.read()


OK = "HTTP/1.1 200 OK\r\nContent-Length: 2"


@asynccontextmanager
async def client_of(answer: Answer) -> AsyncIterator[tuple[HttpClient, Server]]:
    """Give a client and the server it talks to."""
    server = Server(answer)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/{SECRET}"
    async with aiohttp.ClientSession() as session:
        yield HttpClient(session, Budget(STANDARD)), server
    listening.close()


def say_nothing_secret(error: ProviderError, caplog: pytest.LogCaptureFixture) -> None:
    """Look for the canary wherever an error or the log could show it."""
    shown = f"{error!r} {error} {error.__dict__} {error.__cause__!r}"
    assert SECRET not in shown
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None
    assert SECRET not in "".join(record.getMessage() for record in caplog.records if "pbx" in record.name)


TROUBLE = [
    pytest.param(drops, {}, id="dropped"),
    pytest.param(sleeps, {"timeout": 0.2}, id="no_answer"),
    pytest.param(says(OK, b"o", close=True), {}, id="truncated"),
    pytest.param(says("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", b"5\r\nhel", close=True), {}, id="half_a_chunk"),
    pytest.param(says("SIP/2.0 200 OK"), {}, id="not_http"),
    pytest.param(says(f"HTTP/1.1 200 OK\r\nContent-Length: {64 * 1024}", bytes(64 * 1024)), {}, id="over_long"),
]


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize(("answer", "options"), TROUBLE)
async def test_a_command_without_an_answer_went_out_once(
    answer: Answer,
    options: dict[str, object],
    method: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever became of it is unknown, and it is not repeated, though aiohttp would for some methods."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(http, "MAX_BODY", 32 * 1024)
    async with client_of(answer) as (client, server):
        with pytest.raises(UnknownOutcomeError) as caught:
            await client.command("place", method, server.url, params={"pin": SECRET}, **options)
    assert server.seen == {f"/{SECRET}": 1}
    say_nothing_secret(caught.value, caplog)


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("person", [True, False])
@pytest.mark.parametrize(("answer", "options"), TROUBLE)
async def test_a_read_without_an_answer_is_a_lost_connection(
    answer: Answer,
    options: dict[str, object],
    person: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The next poll is the retry."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(http, "MAX_BODY", 32 * 1024)
    async with client_of(answer) as (client, server):
        with pytest.raises(ConnectError) as caught:
            await (client.ask if person else client.read)("list", "GET", server.url, **options)
    assert type(caught.value) in {ConnectError, TooLongError}
    say_nothing_secret(caught.value, caplog)


@pytest.mark.usefixtures("socket_enabled")
async def test_a_command_on_a_connection_that_the_server_gave_up_is_not_repeated() -> None:
    """The second request of a connection finds it closed: a read goes out again, a command does not."""
    for command, error in ((True, UnknownOutcomeError), (False, None)):
        answers = [says(OK, b"ok"), drops, says(OK, b"ok")]

        async def answer(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: list[Answer] = answers
        ) -> None:
            await answers.pop(0)(reader, writer)

        async with client_of(answer) as (client, server):
            await client.read("first", "GET", server.url)
            if error is not None:
                with pytest.raises(error):
                    await client.command("place", "GET", server.url)
            else:
                assert (await client.read("second", "GET", server.url)).body == b"ok"
        assert server.seen.total() == (2 if command else 3)


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("command", [True, False])
@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:9/canary-3f9a", "http://", "ftp://canary-3f9a/", "http://me:canary-3f9a@127.0.0.1:9/", "no url"],
)
async def test_what_was_never_sent_is_no_unknown_outcome(
    url: str,
    command: bool,  # noqa: FBT001
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody there, no address, or one that brings other credentials."""
    headers = {"Authorization": f"Bearer {SECRET}"}
    async with aiohttp.ClientSession() as session:
        client = HttpClient(session, Budget(STANDARD))
        with pytest.raises(ConnectError) as caught:
            await (client.command if command else client.read)("try", "GET", url, headers=headers)
    assert not isinstance(caught.value, UnknownOutcomeError)
    say_nothing_secret(caught.value, caplog)


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("status", [200, 204, 301, 302, 307, 400, 401, 403, 404, 500, 503])
async def test_an_answer_is_given_as_it_is(status: int, caplog: pytest.LogCaptureFixture) -> None:
    """Redirects are not followed: they would carry the credentials elsewhere."""
    caplog.set_level(logging.DEBUG)
    body = b"" if status == 204 else b"{}"
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nLocation: /elsewhere\r\nX-Name: y"
    async with client_of(says(head, body)) as (client, server):
        reply = await client.command("place", "POST", server.url)
    assert (reply.status, reply.body, reply.ok) == (status, body, status in {200, 204})
    assert reply.headers["X-Name"] == "y"
    assert server.seen.total() == 1
    assert f"place: HTTP {status}" in caplog.text
    assert SECRET not in "".join(record.getMessage() for record in caplog.records if "pbx" in record.name)


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("told", ["", "\r\nRetry-After: 17"])
async def test_too_many_requests_pause_the_polls(told: str) -> None:
    """As long as the phone system says; a person's next command is still sent."""
    async with client_of(says(f"HTTP/1.1 429 X\r\nContent-Length: 0{told}")) as (client, server):
        with pytest.raises(RateLimitError) as caught:
            await client.read("list", "GET", server.url)
        assert caught.value.retry_after == (17 if told else 30)
        with pytest.raises(RateLimitError) as caught:
            await client.read("list", "GET", server.url)
        assert caught.value.retry_after == pytest.approx(17 if told else 30, abs=2)
        assert server.seen.total() == 1
        with pytest.raises(RateLimitError):
            await client.command("place", "GET", server.url)
        assert server.seen.total() == 2


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize(("command", "error"), [(True, UnknownOutcomeError), (False, RateLimitError)])
async def test_a_page_that_http_cannot_read_may_mean_to_slow_down(
    command: bool,  # noqa: FBT001
    error: type[ProviderError],
) -> None:
    """Where the phone system throttles in that way; what became of a command is unknown even so."""
    async with client_of(says("SIP/2.0 200 OK")) as (client, server):
        client.malformed_means_slow_down = True
        with pytest.raises(error):
            await (client.command if command else client.read)("try", "GET", server.url)
        assert client.budget.paused_for > 0


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff", b"[" * 100_000, b"{"])
def test_what_is_not_json(body: bytes) -> None:
    """Another kind of answer is as good as none."""
    with pytest.raises(ConnectError):
        Reply(status=200, headers={}, body=body).json()


@pytest.mark.parametrize("value", [{}, [], "text", 1, None, {"a": [1, "😀"]}])
def test_json_whatever_its_content_type(value: object) -> None:
    """Servers mislabel it."""
    assert Reply(status=200, headers={"Content-Type": "text/html"}, body=json.dumps(value).encode()).json() == value


async def test_account_that_is_closed() -> None:
    """What is asked after the end is not sent, and is no mistake of anybody."""
    session = aiohttp.ClientSession()
    await session.close()
    for send in (HttpClient(session, Budget(STANDARD)).read, HttpClient(session, Budget(STANDARD)).command):
        with pytest.raises(ConnectError):
            await send("calls", "GET", "http://127.0.0.1:1/")
