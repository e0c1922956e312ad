"""The simulated VOIP@ Cloud does what the contract says: how it misbehaves."""

import asyncio
from typing import Any

import aiohttp
import pytest

from .base import FaultKind
from .voipat import Esl, Profile, VoipatSimulator
from .voipat_bench import (
    CALLER,
    CRASHED,
    NOBODY,
    UNAUTHORIZED,
    Box,
    box,
    only_call,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.mark.parametrize("status", [502, 504])
async def test_the_web_server_in_front_answers_html(each: Box, status: int) -> None:
    """The web server in front answers HTML."""
    each.sim.gateway_error = status
    got, body = await each.ask("GET", "/status")
    assert got == status
    assert body.startswith("<html>")


async def test_answers_can_be_slow(python: Box) -> None:
    """Answers can be slow."""
    python.sim.latency = 0.05
    with pytest.raises(TimeoutError):
        await python.ask("GET", "/status", timeout=aiohttp.ClientTimeout(total=0.02))
    assert (await python.ask("GET", "/status"))[0] == 200


@pytest.mark.parametrize("switches", [{"bridge_hang": True}, {"esl": Esl.EOF}])
async def test_a_hanging_bridge_answers_nobody_until_it_is_restarted(switches: dict[str, Any]) -> None:
    """A hanging bridge answers nobody until it is restarted."""
    async with box(**switches) as python:
        with pytest.raises(TimeoutError):
            await python.ask("GET", "/status", timeout=aiohttp.ClientTimeout(total=0.05))
        waiting = asyncio.create_task(python.originate())
        await asyncio.sleep(0.03)
        await python.sim.restart_bridge()
        with pytest.raises(aiohttp.ClientError):
            await waiting
        assert (await python.ask("GET", "/status"))[0] == 200
        assert python.sim.placed == []


async def test_a_stopped_simulator_releases_who_hangs() -> None:
    """A stopped simulator releases who hangs."""
    async with box(bridge_hang=True) as python:
        waiting = asyncio.create_task(python.ask("GET", "/domains"))
        await asyncio.sleep(0.03)
        await python.sim.stop()
        with pytest.raises(aiohttp.ClientError):
            await waiting


async def test_a_closed_esl_connection_does_not_freeze_node(node: Box) -> None:
    """A closed esl connection does not freeze Node."""
    node.sim.esl = Esl.EOF
    assert (await node.ask("GET", "/status"))[0] == 200


@pytest.mark.parametrize("path", ["/calls/active", "/calls/channels", f"/calls/channels/{NOBODY}"])
async def test_lists_are_500_without_freeswitch(python: Box, node: Box, path: str) -> None:
    """Lists are 500 without FreeSWITCH."""
    python.sim.esl = node.sim.esl = Esl.DOWN
    assert await python.ask("GET", path) == (500, CRASHED)
    assert await node.ask("GET", path) == (500, {"error": "ESL not connected"})


async def test_commands_are_503_without_freeswitch_after_validation(python: Box, node: Box) -> None:
    """Commands are 503 without FreeSWITCH after validation."""
    python.sim.esl = node.sim.esl = Esl.DOWN
    path = f"/calls/{NOBODY}/hangup"
    longer = "ESL not connected to FreeSWITCH"
    assert await python.post(path) == (503, {"detail": longer})
    assert await node.post(path) == (503, {"error": "ESL not connected"})
    assert await python.originate() == (503, {"detail": longer})
    assert await node.originate() == (503, {"error": longer})
    assert (await python.post("/calls/abc-123/hangup"))[0] == 400
    assert (await node.post("/calls/abc-123/hangup"))[0] == 400
    assert (await python.ask("GET", "/domains"))[0] == 200
    assert python.sim.placed == node.sim.placed == []


async def test_an_origin_crashes_node_unless_allowed(python: Box, node: Box) -> None:
    """An origin crashes Node unless allowed."""
    foreign = {"headers": {"Origin": "https://ha.example"}}
    message = "CORS: origin https://ha.example not allowed"
    assert await node.ask("GET", "/status", **foreign) == (500, {"error": message})
    assert (await python.ask("GET", "/status", **foreign))[0] == 200
    node.sim.cors_origins = frozenset({"https://ha.example"})
    assert (await node.ask("GET", "/status", **foreign))[0] == 200


async def test_node_limits_requests_by_address_with_seconds_left(node: Box) -> None:
    """Node limits requests by address with seconds left."""
    node.sim.rate_limit = 2
    await node.get("/status")
    assert (
        node.headers.items()
        >= {
            "RateLimit-Policy": "2;w=60",
            "RateLimit-Limit": "2",
            "RateLimit-Remaining": "1",
            "RateLimit-Reset": "60",
        }.items()
    )
    assert "X-RateLimit-Limit" not in node.headers
    await node.get("/status")
    node.clock.now += 20
    assert await node.ask("GET", "/status") == (429, {"error": "Too many requests, please slow down"})
    assert (node.headers["RateLimit-Remaining"], node.headers["Retry-After"]) == ("0", "40")
    node.clock.now += 41
    assert (await node.ask("GET", "/status"))[0] == 200


async def test_the_documented_limit_resets_at_an_epoch(docs: Box) -> None:
    """The documented limit resets at an epoch."""
    await docs.get("/domains")
    wanted = {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "59", "X-RateLimit-Reset": "1774692060"}
    assert docs.headers.items() >= wanted.items()
    docs.sim.plan = "enterprise"
    await docs.get("/domains")
    assert docs.headers["X-RateLimit-Limit"] == "300"
    docs.sim.hourly_limit = 3
    await docs.get("/domains")
    assert (await docs.ask("GET", "/domains"))[0] == 429
    assert docs.headers["X-RateLimit-Limit"] == "3"


async def test_limits_are_the_profiles() -> None:
    """Limits are the profile's."""
    limits = [
        (VoipatSimulator(profile=each).minute_limit, VoipatSimulator(profile=each).hour_limit) for each in Profile
    ]
    assert limits == [(0, 0), (200, 0), (60, 1000)]
    assert VoipatSimulator(profile="docs", plan="enterprise").hour_limit == 10_000


@pytest.mark.parametrize("after", [7, None])
async def test_every_profile_can_be_throttled(each: Box, after: int | None) -> None:
    """Every profile can be throttled."""
    each.sim.throttle, each.sim.throttle_retry_after = 1, after
    assert (await each.ask("GET", "/domains"))[0] == 429
    assert each.headers.get("Retry-After") == (None if after is None else "7")
    assert (await each.ask("GET", "/domains"))[0] == 200


@pytest.mark.parametrize(
    ("status", "python_body"), [(401, UNAUTHORIZED), (404, {"detail": "Not Found"}), (500, CRASHED)]
)
async def test_planned_faults_are_worded_by_the_server(python: Box, node: Box, status: int, python_body: Any) -> None:
    """Planned faults are worded by the server."""
    for running in (python, node):
        running.sim.fault(FaultKind.STATUS, status=status, path="/domains")
    assert await python.ask("GET", "/domains") == (status, python_body)
    got, body = await node.ask("GET", "/domains")
    assert (got, list(body)) == (status, ["error"])
    python.sim.fault(FaultKind.STATUS, status=502)
    assert (await python.ask("GET", "/domains"))[1].startswith("<html>")


async def test_the_docs_profile_words_errors_either_way(docs: Box) -> None:
    """The docs profile words errors either way."""
    wrong = {"headers": {"X-API-Key": "wrong"}}
    assert await docs.ask("GET", "/domains", **wrong) == (401, {"error": "Invalid API key"})
    docs.sim.docs_errors = "detail"
    assert await docs.ask("GET", "/domains", **wrong) == (401, UNAUTHORIZED)


async def test_a_restart_keeps_the_calls_and_what_is_to_happen(python: Box) -> None:
    """A restart keeps the calls and what is to happen."""
    python.sim.ring_timeout = 0.05
    _, placed = await python.originate()
    call_id = await python.sim.ring(CALLER, "105")
    port = python.sim.port
    await python.sim.stop()
    await asyncio.sleep(0.07)
    assert len(python.sim.truth()) == 2
    await python.sim.start()
    assert python.sim.port == port
    await asyncio.sleep(0.1)
    assert placed["uuid"] not in {call.call_id for call in python.sim.truth()}
    assert only_call(python.sim).call_id == call_id


async def test_many_ask_at_once(python: Box) -> None:
    """Many ask at once."""
    await python.sim.ring(CALLER, "101", "104")
    answers = await asyncio.gather(*(python.legs() for _ in range(40)))
    assert all(len(rows) == 3 for rows in answers)


async def test_a_big_population_is_fast() -> None:
    """A big population is fast."""
    async with box(extensions=2000) as python:
        for index in range(500):
            await python.sim.ring(CALLER, str(1101 + index))
        assert len(await python.legs()) == 1000
        assert len(python.sim.truth()) == 500
