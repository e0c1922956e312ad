"""A flood of webhook requests with random bodies: Home Assistant stays awake, and what it knows stays true."""

import asyncio
import json
import logging
import random
import sys
import time
from asyncio.subprocess import PIPE
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any, override
from urllib.parse import urlencode

import pytest
from homeassistant.const import CONF_WEBHOOK_ID
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.const import CONF_PROVIDER, DOMAIN
from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.providers.http import RateLimit
from custom_components.pbx.providers.voipat import api as voipat_access
from custom_components.pbx.push.webhook import MAX_BODY
from custom_components.pbx.telephony.models import PushRequest

from .chaos.house import House, house
from .fake_provider import async_set_up
from .fuzz import corpus
from .fuzz.mutate import DOCUMENTS, TYPES, spoilt_bytes, spoilt_push
from .fuzz.run import FOREIGN
from .house import CALLERS, simulator_of, typed
from .simulators.base import Simulator

REQUESTS = 5_000
CONNECTIONS = 8
LAG = 0.1
# Sends what it is given on some connections at once, and tells how it was answered.
CLIENT = """
import collections, http.client, json, sys, threading, base64
requests = json.loads(sys.stdin.read())
host, told, share = sys.argv[1], collections.Counter(), int(sys.argv[2])
def send(mine):
    connection = http.client.HTTPConnection(host, timeout=30)
    for method, path, headers, body in mine:
        try:
            connection.request(method, path, base64.b64decode(body), headers)
            answer = connection.getresponse()
            answer.read()
            told[answer.status] += 1
        except OSError as error:
            told[repr(error)] += 1
            connection.close()
threads = [threading.Thread(target=send, args=(requests[n::share],)) for n in range(share)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(json.dumps(told))
"""

type Request = tuple[str, str, dict[str, str], str]


class Lines(logging.Handler):
    """Counts what the integration logs."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def listening() -> Iterator[Lines]:
    """Listen to what the integration logs, apart from its debug messages."""
    logger, lines = logging.getLogger("custom_components.pbx"), Lines()
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(lines)
    try:
        yield lines
    finally:
        logger.removeHandler(lines)
        logger.setLevel(level)


async def probe(lags: list[float], walls: list[float]) -> None:
    """Measure how late the event loop is, apart from what other processes take of the processor, and with that."""
    loop = asyncio.get_running_loop()
    while True:
        due, busy = loop.time() + 0.005, time.thread_time()
        await asyncio.sleep(0.005)
        walls.append(loop.time() - due)
        lags.append(min(walls[-1], time.thread_time() - busy))


def p99(lags: list[float]) -> float:
    """Give what 99 of 100 do not exceed."""
    return sorted(lags)[int(len(lags) * 0.99)]


def requests_of(rng: random.Random, provider: str, works: Sequence[corpus.Work], count: int) -> Iterator[Request]:
    """Invent requests for one account: valid, broken, somebody else's, huge, by a wrong method, of a wrong type."""
    path = f"/api/webhook/hook_{provider}"
    pushes = [work for work in works if work.push is not None]
    for _ in range(count):
        work, chosen = rng.choice(pushes), rng.random()
        push, seed = work.push, work.seeds[0]
        assert push is not None
        # Of whom nothing can be asked, nothing wrong must be believed.
        foreign = provider == "voxloud" or chosen < 0.2
        spoilt = spoilt_push(rng, seed, push, (), FOREIGN[provider] if foreign else {})
        if chosen > 0.9 and provider == "voxloud":
            spoilt = replace(push, body=b"\xff" + spoilt_bytes(rng, push.body), query={})
        if 0.9 < chosen < 0.94:
            spoilt = replace(spoilt, body=rng.choice(DOCUMENTS), query={})
        if chosen > 0.995:
            spoilt = replace(spoilt, body=b'{"event_name":"' + b"x" * (2 * MAX_BODY))
        method = rng.choice(("PUT", "DELETE", "PATCH", "HEAD")) if chosen < 0.05 else push.method
        yield _request(rng, path, spoilt, method)


def _request(rng: random.Random, path: str, push: PushRequest, method: str) -> Request:
    kind = rng.choice(TYPES) if rng.random() < 0.1 else push.content_type
    query = urlencode(push.query, errors="replace")
    return method, f"{path}?{query}", {"Content-Type": kind}, b64encode(push.body).decode()


@asynccontextmanager
async def accounts(living: House) -> AsyncIterator[dict[str, tuple[Any, MockConfigEntry]]]:
    """Set an account of each phone system up that pushes."""
    async with AsyncExitStack() as stack:
        made: dict[str, tuple[Any, MockConfigEntry]] = {}
        for provider in FOREIGN:
            simulator: Simulator = await stack.enter_async_context(simulator_of(provider))
            data = {CONF_PROVIDER: provider, CONF_WEBHOOK_ID: f"hook_{provider}", **typed(simulator)}
            if provider == "voxloud":
                data["pinned_account"] = "117"
            entry = MockConfigEntry(domain=DOMAIN, title=provider, entry_id=provider, data=data)
            await async_set_up(living.hass, entry)
            made[provider] = simulator, entry
        yield made
        for _, entry in made.values():
            await living.hass.config_entries.async_unload(entry.entry_id)


async def flood(url: str, requests: Sequence[Request]) -> Counter[str]:
    """Send it all from another process."""
    host = url.partition("://")[2]
    command = (sys.executable, "-c", CLIENT, host, str(CONNECTIONS))
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    told, _ = await process.communicate(json.dumps(requests).encode())
    return Counter(json.loads(told))


@pytest.fixture
async def valid(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[corpus.Work]]:
    """Give valid pushes of each provider, and budgets that nobody waits for."""
    plenty = (RateLimit(requests=1_000_000, seconds=60), RateLimit(requests=1_000_000, seconds=3600))
    monkeypatch.setattr(voipat_access, "STANDARD", plenty)
    for kind in PROVIDERS.values():
        monkeypatch.setattr(kind, "limits", plenty)
    found: dict[str, list[corpus.Work]] = {provider: [] for provider in FOREIGN}
    await corpus.voipat(found["voipat"])
    await corpus.voipstudio(found["voipstudio"])
    await corpus.voxloud(found["voxloud"])
    return found


async def test_flood(valid: dict[str, list[corpus.Work]], expected_warnings: list[str]) -> None:
    """Everything is answered, at once, and almost in silence; the calls are those that there are."""
    expected_warnings.append("")
    rng = random.Random(7)
    requests = [
        request
        for provider, works in valid.items()
        for request in requests_of(rng, provider, works, REQUESTS // len(valid) + 1)
    ][:REQUESTS]
    rng.shuffle(requests)
    lags: list[float] = []
    walls: list[float] = []
    async with house() as living, accounts(living) as made:
        for provider, (simulator, entry) in made.items():
            extension = "1001" if provider == "voipstudio" else "101"
            if provider != "voxloud":
                await simulator.ring(CALLERS[provider], extension)
            await entry.runtime_data.coordinator.async_refresh()
        with listening() as log:
            watching = asyncio.create_task(probe(lags, walls))
            told = await flood(living.url, requests)
            watching.cancel()
            await asyncio.sleep(0.05)
        received = {provider: entry.runtime_data.webhook for provider, (_, entry) in made.items()}
        for simulator, entry in made.values():
            truth = {call.call_id for call in simulator.truth()}
            for _ in range(50):
                await entry.runtime_data.coordinator.async_refresh()
                if len(entry.runtime_data.coordinator.data.calls) == len(truth):
                    break
                # What was pushed a moment ago is believed before a list.
                await asyncio.sleep(0.2)
            assert len(entry.runtime_data.coordinator.data.calls) == len(truth)
            assert entry.runtime_data.coordinator.last_update_success
        heard: list[Any] = []
        living.on_event = heard.append
        await flood(living.url, list(requests_of(random.Random(1), "voipstudio", valid["voipstudio"], 40)))
        await living.hass.async_block_till_done()
    print(f"p99 of the lag: {p99(lags) * 1e3:.0f} ms, with other programs {p99(walls) * 1e3:.0f} ms")  # noqa: T201
    assert sum(told.values()) == REQUESTS
    assert set(told) <= {"200", "405"}
    assert p99(lags) <= LAG
    assert len(log.lines) <= 1, log.lines
    assert all(webhook.foreign and webhook.bad for webhook in received.values())
    assert received["voipat"].received > 100
    assert received["voxloud"].received == 0
    assert heard
