"""The simulated VOIP@ Cloud does what the contract says."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

import aiohttp
import pytest
from aiohttp import web

from .base import FaultKind, TrueCall, TrueLeg
from .voipat import Esl, Extension, Loopback, Profile, Record, Registrations, VoipatSimulator
from .voipat_socket import Client
from .voipat_wire import ON_PAPER

pytestmark = pytest.mark.usefixtures("socket_enabled")

DOMAIN = "pbx.example.com"
CALLER = "+493023125999"
OUTSIDE = "+442079460123"
NOBODY = "00000000-0000-4000-8000-000000000000"
CONTROLS = ("hangup", "hold", "unhold", "hold/toggle", "mute", "unmute")
UNAUTHORIZED = {"detail": "Invalid API key"}
CRASHED = "Internal Server Error"


SPEAKERS: WeakKeyDictionary[aiohttp.ClientWebSocketResponse, list[Client]] = WeakKeyDictionary()
"""The simulator's ends of the sockets."""


class Clock:
    """A clock that stands still until somebody moves it."""

    def __init__(self) -> None:
        self.now = 1_774_692_000.25

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


class Box:
    """A running simulator, and somebody with its key."""

    def __init__(self, sim: VoipatSimulator, session: aiohttp.ClientSession, clock: Clock) -> None:
        self.sim = sim
        self.session = session
        self.clock = clock
        self.headers: dict[str, str] = {}

    async def ask(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any]:
        """Ask with the key unless other headers are given."""
        status, body, self.headers = await self.full(method, path, **kwargs)
        return status, body

    async def full(self, method: str, path: str, **kwargs: Any) -> tuple[int, Any, dict[str, str]]:
        """Ask, and give the headers too."""
        url = path if path.startswith("http") else self.sim.url + path
        kwargs.setdefault("headers", {"X-API-Key": self.sim.api_key})
        async with self.session.request(method, url, **kwargs) as response:
            text = await response.text()
            body = json.loads(text) if response.content_type == "application/json" else text
            return response.status, body, dict(response.headers)

    async def get(self, path: str, **kwargs: Any) -> Any:
        """Read something that must be there."""
        status, body = await self.ask("GET", path, **kwargs)
        assert status == 200, body
        return body

    async def post(self, path: str, body: Any = None, **kwargs: Any) -> tuple[int, Any]:
        """Command something."""
        return await self.ask("POST", path, json=body, **kwargs)

    async def legs(self, domain: str = DOMAIN) -> list[dict[str, str]]:
        """List the channels."""
        listed = await self.get("/calls/channels", params={"domain": domain})
        assert listed["count"] == len(listed["channels"])
        rows: list[dict[str, str]] = listed["channels"]
        return rows

    async def states(self) -> list[tuple[str, str]]:
        """List extension and callstate of the channels."""
        return [(row["presence_id"].partition("@")[0], row["callstate"]) for row in await self.legs()]

    async def originate(self, **body: Any) -> tuple[int, Any]:
        """Place a call from 104 to the outside."""
        return await self.post("/calls/originate", {"from": "104", "to": OUTSIDE, "domain": DOMAIN} | body)

    async def only_record(self) -> dict[str, Any]:
        """Give the one call record there is."""
        records: list[dict[str, Any]] = (await self.get("/cdr"))["records"]
        assert len(records) == 1
        return records[0]


@asynccontextmanager
async def box(**kwargs: Any) -> AsyncIterator[Box]:
    """Run a simulator with a clock that stands still."""
    asyncio.get_running_loop().set_debug(False)  # it notes a stack for every handle, half of this file's time
    clock = Clock()
    async with VoipatSimulator(clock=clock, **{**ON_PAPER, **kwargs}) as sim, aiohttp.ClientSession() as session:
        yield Box(sim, session, clock)


@pytest.fixture
async def python() -> AsyncIterator[Box]:
    """Run the Python bridge."""
    async with box() as running:
        yield running


@pytest.fixture
async def node() -> AsyncIterator[Box]:
    """Run the Node bridge."""
    async with box(profile="node") as running:
        yield running


@pytest.fixture
async def docs() -> AsyncIterator[Box]:
    """Run what the documentation promises."""
    async with box(profile="docs") as running:
        yield running


@pytest.fixture(params=list(Profile))
async def each(request: pytest.FixtureRequest) -> AsyncIterator[Box]:
    """Run every profile."""
    async with box(profile=request.param) as running:
        yield running


class Receiver:
    """Who receives webhooks."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], str, dict[str, str]]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        """Take one."""
        self.requests.append((request.method, dict(request.query), await request.text(), dict(request.headers)))
        return web.Response()

    @property
    def events(self) -> list[tuple[str, str]]:
        """List event and extension."""
        return [(query["event"], query["extension"]) for _, query, _, _ in self.requests]

    def all(self, event: str) -> list[dict[str, str]]:
        """List the queries of one event."""
        return [query for _, query, _, _ in self.requests if query.get("event") == event]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Listen for webhooks."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", receiver.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield receiver
    await runner.cleanup()


async def heard(socket: aiohttp.ClientWebSocketResponse) -> list[dict[str, Any]]:
    """Read what a socket has pushed so far."""
    messages: list[dict[str, Any]] = []
    quiet = 0
    while quiet < 2:
        try:
            message = await socket.receive(timeout=0.05)
        except TimeoutError:
            quiet = 0 if any(not client.waiting.empty() for client in SPEAKERS.get(socket, [])) else quiet + 1
            continue
        quiet = 0
        assert message.type is aiohttp.WSMsgType.TEXT, message
        messages.append(json.loads(message.data))
    return messages


async def until(condition: Callable[[], object]) -> None:
    """Wait for something."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def only_call(sim: VoipatSimulator) -> TrueCall:
    """Give the one call that is up."""
    (call,) = sim.truth()
    return call


# -- addresses, status, fingerprint (1, 5.1) --------------------------------------------------------


async def test_every_profile_tells_its_status_without_a_key(each: Box) -> None:
    """Every profile tells its status without a key."""
    status, body = await each.ask("GET", "/status", headers={})
    digits = 6 if each.sim.python else 3
    assert status == 200
    assert body == {
        "status": "ok",
        "service": "FusionPBX API Bridge",
        "version": "1.0.1" if each.sim.docs else "1.0.0",
        "timestamp": "2026-03-28T10:00:00.250000"[: 20 + digits] + "Z",
    }
    each.sim.version = "9"
    assert (await each.get("/status"))["version"] == "9"


async def test_the_base_url_is_also_reachable_directly(python: Box) -> None:
    """The base URL is also reachable directly."""
    assert python.sim.url == f"{python.sim.origin}/pbxapi"
    assert (await python.get(f"{python.sim.direct_url}/domains"))["count"] == 1


async def test_detailed_status_tells_what_is_behind(each: Box) -> None:
    """Detailed status tells what is behind."""
    services = (await each.get("/status/detailed"))["services"]
    assert services["esl"]["connected"] is True
    assert ("port" in services["esl"]) is not each.sim.docs
    assert services["database"] == {"connected": True}
    each.sim.database = False
    each.sim.esl = Esl.DOWN
    each.sim.reconnect_attempts = 4
    status, body = await each.ask("GET", "/status/detailed", headers={"X-API-Key": each.sim.global_key})
    assert (status, body["status"]) == (200, "ok")
    assert body["services"]["database"] == {"connected": False}
    assert body["services"]["esl"]["connected"] is False


async def test_esl_status_is_a_bare_object(each: Box) -> None:
    """Esl status is a bare object."""
    wanted = {"connected": True, "host": "127.0.0.1", "port": 8021, "reconnectAttempts": 2}
    each.sim.reconnect_attempts = 2
    assert await each.get("/calls/esl/status") == wanted


async def test_the_fingerprint_tells_the_servers_apart(python: Box, node: Box) -> None:
    """The fingerprint tells the servers apart."""
    wrong = {"headers": {"X-API-Key": "wrong"}}
    assert await python.ask("GET", "/auth/verify") == (404, {"detail": "Not Found"})
    assert await python.ask("GET", "/auth/verify", **wrong) == (404, {"detail": "Not Found"})
    assert await python.ask("GET", "/domains", **wrong) == (401, UNAUTHORIZED)
    assert await node.ask("GET", "/auth/verify", **wrong) == (401, {"error": "Invalid API key"})
    verified = await node.get("/auth/verify")
    assert (verified["valid"], verified["domain"], verified["user"]["type"]) == (True, DOMAIN, "api_key")


@pytest.mark.parametrize("path", ["/nope", "/api-docs", "/calls/active/extra"])
async def test_an_unknown_route_is_worded_by_the_server(python: Box, node: Box, path: str) -> None:
    """An unknown route is worded by the server."""
    assert await python.ask("GET", path) == (404, {"detail": "Not Found"})
    assert await node.ask("GET", path) == (404, {"error": f"Route GET /api{path} not found"})


@pytest.mark.parametrize(("path", "status"), [("/domains/", 200), ("/status/", 200), ("/calls/active/", 404)])
async def test_python_takes_a_trailing_slash_in_four_places(python: Box, path: str, status: int) -> None:
    """Python takes a trailing slash in four places."""
    assert (await python.ask("GET", path))[0] == status


async def test_the_interactive_reference_is_only_outside_the_base(python: Box, node: Box) -> None:
    """The interactive reference is only outside the base."""
    assert (await python.ask("GET", f"{python.sim.origin}/openapi.json"))[0] == 200
    assert (await python.ask("GET", f"{python.sim.origin}/api-docs.json"))[0] == 404
    assert (await node.ask("GET", f"{node.sim.origin}/api-docs.json"))[0] == 200


# -- keys and tokens (2) ----------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer"}])
async def test_without_credentials_everything_is_refused(python: Box, node: Box, headers: dict[str, str]) -> None:
    """Without credentials everything is refused."""
    assert await python.ask("GET", "/domains", headers=headers) == (401, {"detail": "Authentication required"})
    status, body = await node.ask("GET", "/domains", headers=headers)
    assert (status, body["error"]) == (401, "Authentication required")
    assert "X-API-Key" in body["hint"]


async def test_a_bad_token_is_told_from_a_bad_key(python: Box, node: Box) -> None:
    """A bad token is told from a bad key."""
    bearer = {"Authorization": "Bearer a.b.c"}
    assert await python.ask("GET", "/domains", headers=bearer) == (401, {"detail": "Invalid or expired token"})
    assert await node.ask("GET", "/domains", headers=bearer) == (401, {"error": "Invalid or expired token"})
    both = bearer | {"X-API-Key": "wrong"}
    assert await python.ask("GET", "/domains", headers=both) == (401, UNAUTHORIZED)


async def test_python_gives_a_token_for_the_global_key_only(python: Box) -> None:
    """Python gives a token for the global key only."""
    assert await python.post("/auth/token", {"api_key": python.sim.api_key}, headers={}) == (401, UNAUTHORIZED)
    status, body = await python.post("/auth/token", {"api_key": python.sim.global_key, "domain": DOMAIN}, headers={})
    assert (status, set(body), body["type"]) == (200, {"token", "type"}, "Bearer")
    bearer = {"headers": {"Authorization": f"Bearer {body['token']}"}}
    assert (await python.get("/domains", **bearer))["count"] == 3
    python.clock.now += 86_401
    assert (await python.ask("GET", "/domains", **bearer))[0] == 401


async def test_node_gives_a_token_for_every_key_and_ignores_the_domain(node: Box) -> None:
    """Node gives a token for every key and ignores the domain."""
    status, body = await node.post("/auth/token", {"api_key": node.sim.api_key, "domain": "wrong.example"}, headers={})
    assert status == 200
    assert (
        body.items()
        >= {
            "expires_in": "24h",
            "token_type": "Bearer",
            "domain": DOMAIN,
            "username": "anna.keller",
        }.items()
    )
    verified = await node.get("/auth/verify", headers={"Authorization": f"Bearer {body['token']}"})
    assert (verified["user"]["type"], verified["user"]["scope"]) == ("jwt", "full")
    status, body = await node.post("/auth/token", {"api_key": node.sim.global_key}, headers={})
    assert (status, body["domain"], "username" in body) == (200, None, False)
    assert await node.post("/auth/token", {"api_key": "x"}, headers={}) == (401, {"error": "Invalid API key"})
    node.sim.database = False
    assert await node.post("/auth/token", {"api_key": "x"}, headers={}) == (500, {"error": "Token generation failed"})


async def test_token_requests_are_validated(python: Box, node: Box) -> None:
    """Token requests are validated."""
    details = [{"field": "api_key", "message": "api_key is required"}]
    assert await node.post("/auth/token", {}) == (400, {"error": "Validation failed", "details": details})
    wanted = {"type": "missing", "loc": ["body", "api_key"], "msg": "Field required", "input": {}}
    assert await python.post("/auth/token", {}) == (422, {"detail": [wanted]})
    status, body = await python.post("/auth/token", {"api_key": python.sim.global_key, "domain": None})
    assert (status, body["detail"][0]["loc"]) == (422, ["body", "domain"])
    broken = {"data": b"{nope", "headers": {"Content-Type": "application/json"}}
    status, body = await python.ask("POST", "/auth/token", **broken)
    assert (status, body["detail"][0]["type"]) == (422, "json_invalid")
    status, body = await node.ask("POST", "/auth/token", **broken)
    assert status == 400
    assert body["error"].startswith("Expected property name")


async def test_node_takes_the_key_from_the_query_too(python: Box, node: Box) -> None:
    """Node takes the key from the query too."""
    for running, status in ((python, 401), (node, 200)):
        key = {"api_key": running.sim.api_key}
        assert (await running.ask("GET", "/domains", params=key, headers={}))[0] == status


async def test_a_rotated_key_works_at_once_on_python_and_late_on_node(python: Box, node: Box) -> None:
    """A rotated key works at once on Python and late on Node."""
    for running in (python, node):
        old = {"headers": {"X-API-Key": running.sim.api_key}}
        await running.get("/domains", **old)
        running.sim.api_key = "new"
        assert (await running.ask("GET", "/domains"))[0] == 200
        assert (await running.ask("GET", "/domains", **old))[0] == (401 if running is python else 200)
        running.clock.now += 301
        assert (await running.ask("GET", "/domains", **old))[0] == 401


async def test_a_key_tried_too_early_stays_rejected_on_node() -> None:
    """A key tried too early stays rejected on Node."""
    async with box(profile="node", key_cache_ttl=10) as node:
        early = {"headers": {"X-API-Key": "soon"}}
        assert (await node.ask("GET", "/domains", **early))[0] == 401
        node.sim.api_key = "soon"
        assert (await node.ask("GET", "/domains", **early))[0] == 401
        node.clock.now += 11
        assert (await node.ask("GET", "/domains", **early))[0] == 200


async def test_a_disabled_user_is_refused(python: Box) -> None:
    """A disabled user is refused."""
    python.sim.user_enabled = False
    assert await python.ask("GET", "/domains") == (401, UNAUTHORIZED)


async def test_a_lost_database_looks_like_a_wrong_key_on_node(python: Box, node: Box) -> None:
    """A lost database looks like a wrong key on Node."""
    python.sim.database = node.sim.database = False
    assert await node.ask("GET", "/domains") == (401, {"error": "Invalid API key"})
    assert await python.ask("GET", "/domains") == (500, CRASHED)
    known = {"headers": {"X-API-Key": node.sim.global_key}}
    assert (await node.ask("GET", "/cdr", **known))[0] == 500


async def test_the_key_flaps_as_often_as_wanted(each: Box) -> None:
    """The key flaps as often as wanted."""
    each.sim.auth_flap = 2
    assert [(await each.ask("GET", "/domains"))[0] for _ in range(3)] == [401, 401, 200]


async def test_the_authentication_crashes_as_often_as_wanted(python: Box, node: Box) -> None:
    """The authentication crashes as often as wanted."""
    python.sim.auth_crash = node.sim.auth_crash = 1
    assert await node.ask("GET", "/domains") == (500, {"error": "Authentication error"})
    assert await python.ask("GET", "/domains") == (500, CRASHED)
    assert (await python.ask("GET", "/domains"))[0] == 200


async def test_secrets_are_known() -> None:
    """Secrets are known."""
    sim = VoipatSimulator(profile="node")
    assert sim.api_key.startswith("fpx_")
    assert len(sim.api_key) == 68
    assert {sim.api_key, sim.global_key, "sip-secret-101"} <= set(sim.secrets)
    assert len(VoipatSimulator().api_key) == 32


# -- how the server misbehaves (3, 4, 10) -----------------------------------------------------------


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


# -- domains and extensions (5.3, 5.4) --------------------------------------------------------------


async def test_domains_are_told_by_profile(python: Box, node: Box, docs: Box) -> None:
    """Domains are told by profile."""
    assert await python.get("/domains") == {"domains": [{"domain_name": DOMAIN}], "count": 1}
    everything = await python.get("/domains", headers={"X-API-Key": python.sim.global_key})
    assert everything["count"] == 3
    assert set(everything["domains"][0]) == {"domain_uuid", "domain_name", "domain_enabled", "domain_description"}
    every = (await node.get("/domains"))["domains"]
    assert [row["domain_name"] for row in every] == ["old-pbx.example.com", "other.example.net", DOMAIN]
    assert every[0]["domain_enabled"] is True
    node.sim.text_booleans = True
    assert (await node.get("/domains"))["domains"][0]["domain_enabled"] == "true"
    assert [row["domain_name"] for row in (await docs.get("/domains"))["domains"]] == [DOMAIN]


async def test_extensions_need_a_domain(python: Box, node: Box) -> None:
    """Extensions need a domain."""
    missing = {"type": "missing", "loc": ["query", "domain"], "msg": "Field required", "input": None}
    for path in ("/extensions", "/extensions/101", "/extensions/registrations"):
        assert await python.ask("GET", path) == (422, {"detail": [missing]})
        status, body = await node.ask("GET", path)
        assert (status, body["details"][0]["field"]) == (400, "domain")


async def test_the_list_of_extensions_is_broken_on_python_unless_switched(python: Box, node: Box) -> None:
    """The list of extensions is broken on Python unless switched."""
    path = f"/extensions?domain={DOMAIN}"
    assert await python.ask("GET", path) == (500, CRASHED)
    python.sim.extensions_broken = False
    listed = await python.get(path)
    assert listed["count"] == 5
    assert {"voicemail_enabled", "description"} <= set(listed["extensions"][0])
    row = (await node.get(path))["extensions"][0]
    assert (row["extension"], row["directory_first_name"], row["enabled"]) == ("101", "Anna", True)
    assert row["number_alias"] is None
    node.sim.text_booleans, node.sim.empty_text = True, "empty"
    row = (await node.get(path))["extensions"][0]
    assert (row["enabled"], row["number_alias"]) == ("true", "")
    node.sim.extensions_broken = True
    assert await node.ask("GET", path) == (500, {"error": 'column "voicemail_enabled" does not exist'})


async def test_extensions_are_sorted_as_text_and_only_enabled_ones(node: Box) -> None:
    """Extensions are sorted as text and only enabled ones."""
    node.sim.add_extension(Extension(number="1001", name="Late Comer"))
    node.sim.add_extension(Extension(number="99", name="Off", enabled=False))
    listed = (await node.get(f"/extensions?domain={DOMAIN}"))["extensions"]
    assert [row["extension"] for row in listed] == ["1001", "101", "102", "103", "104", "105"]
    node.sim.remove_extension("1001")
    assert (await node.get(f"/extensions?domain={DOMAIN}"))["count"] == 5


async def test_one_extension_is_short_on_python_and_has_the_password_on_node(python: Box, node: Box) -> None:
    """One extension is short on Python and has the password on Node."""
    path = f"/extensions/102?domain={DOMAIN}"
    row = (await python.get(path))["extension"]
    assert len(row) == 7
    assert row["effective_caller_id_name"] == "Luca Rossi"
    row = (await node.get(path))["extension"]
    assert (row["password"], row["call_timeout"], row["forward_all_enabled"]) == ("sip-secret-102", "30", None)
    assert len(row) > 55
    assert await python.ask("GET", f"/extensions/999?domain={DOMAIN}") == (404, {"detail": "Extension not found"})
    assert await node.ask("GET", f"/extensions/999?domain={DOMAIN}") == (404, {"error": "Extension not found"})


async def test_python_finds_an_extension_by_its_alias(python: Box, node: Box) -> None:
    """Python finds an extension by its alias."""
    for running, status in ((python, 200), (node, 404)):
        running.sim.add_extension(Extension(number="110", name="Eva", alias="eva"))
        assert (await running.ask("GET", f"/extensions/eva?domain={DOMAIN}"))[0] == status


async def test_do_not_disturb_shows_in_nodes_columns(node: Box) -> None:
    """Do not disturb shows in Node's columns."""
    node.sim.do_not_disturb("104")
    row = (await node.get(f"/extensions/104?domain={DOMAIN}"))["extension"]
    assert row["do_not_disturb"] == "true"


async def test_registrations_are_broken_everywhere_but_in_the_documentation(python: Box, node: Box, docs: Box) -> None:
    """Registrations are broken everywhere but in the documentation."""
    path = f"/extensions/registrations?domain={DOMAIN}"
    assert await python.ask("GET", path) == (500, CRASHED)
    assert await node.ask("GET", path) == (404, {"error": "Extension not found"})
    docs.sim.unregister("105")
    rows = (await docs.get(path))["registrations"]
    assert rows[0] == {"reg_user": "101", "reg_host": DOMAIN, "status": "Registered"}
    assert "105" not in [row["reg_user"] for row in rows]
    docs.sim.register("105")
    assert len((await docs.get(path))["registrations"]) == 5


@pytest.mark.parametrize("style", [each for each in Registrations if each is not Registrations.BROKEN])
@pytest.mark.parametrize("key", ["reg_user", "user", "sip_user", "sip-auth-user"])
async def test_registrations_come_in_any_shape_if_they_come(style: Registrations, key: Any) -> None:
    """Registrations come in any shape if they come."""
    async with box(registrations=style, registration_key=key, registration_with_domain=True) as python:
        answer = (await python.get(f"/extensions/registrations?domain={DOMAIN}"))["registrations"]
        rows = answer if style is Registrations.LIST else answer[style.value]
        assert rows[0][key] == f"101@{DOMAIN}"
        python.sim.registration_with_domain = False
        answer = (await python.get(f"/extensions/registrations?domain={DOMAIN}"))["registrations"]
        assert (answer if style is Registrations.LIST else answer[style.value])[0][key] == "101"


# -- call lists (5.5, 6) ----------------------------------------------------------------------------


async def test_nothing_up_is_an_empty_list(each: Box) -> None:
    """Nothing up is an empty list."""
    assert await each.get("/calls/active") == {"calls": [], "count": 0}
    assert await each.get("/calls/channels") == {"channels": [], "count": 0}


async def test_a_trunk_call_walks_from_ringing_to_gone(python: Box) -> None:
    """A trunk call walks from ringing to gone."""
    call_id = await python.sim.ring(CALLER, "101", name="Jöhn")
    trunk, phone = await python.legs()
    assert all(isinstance(value, str) for row in (trunk, phone) for value in row.values())
    assert len(trunk) == 38
    assert (trunk["uuid"], trunk["direction"], trunk["presence_id"]) == (call_id, "inbound", "")
    assert (trunk["cid_num"], trunk["cid_name"], trunk["context"]) == (CALLER, "Jöhn", DOMAIN)
    assert (phone["direction"], phone["presence_id"], phone["dest"]) == ("outbound", f"101@{DOMAIN}", "101")
    assert trunk["call_uuid"] == phone["call_uuid"] == call_id
    assert (phone["created"], phone["created_epoch"]) == ("2026-03-28 12:00:00", "1774692000")
    assert await python.states() == [("", "RINGING"), ("101", "RINGING")]
    await python.sim.answer(call_id, "101")
    assert await python.states() == [("", "ACTIVE"), ("101", "ACTIVE")]
    await python.sim.hold(call_id, "101")
    assert await python.states() == [("", "ACTIVE"), ("101", "HELD")]
    await python.sim.resume(call_id, "101")
    assert await python.states() == [("", "ACTIVE"), ("101", "UNHELD")]
    await python.sim.hang_up(call_id)
    assert await python.legs() == []


async def test_an_internal_call_has_two_phones(python: Box) -> None:
    """An internal call has two phones."""
    call_id = await python.sim.dial("104", "105")
    assert await python.states() == [("104", "RINGING"), ("105", "RINGING")]
    assert only_call(python.sim) == TrueCall(
        call_id=call_id,
        direction="internal",
        state="ringing",
        caller="104",
        callee="105",
        legs=(TrueLeg(extension="104", state="dialing"), TrueLeg(extension="105", state="ringing")),
    )
    await python.sim.answer(call_id)
    assert only_call(python.sim).state == "talking"


async def test_a_dialled_number_rings_outside(python: Box) -> None:
    """A dialled number rings outside."""
    call_id = await python.sim.dial("104", OUTSIDE)
    own, far = await python.legs()
    assert (own["dest"], own["presence_id"]) == (OUTSIDE, f"104@{DOMAIN}")
    assert (far["direction"], far["presence_id"], far["dest"]) == ("outbound", "", OUTSIDE)
    call = only_call(python.sim)
    assert (call.direction, call.state) == ("outgoing", "dialing")
    await python.sim.answer(call_id)
    await python.sim.hold(call_id, "104")
    assert only_call(python.sim).state == "on_hold"


async def test_new_legs_can_stay_down(python: Box) -> None:
    """New legs can stay down."""
    python.sim.ring_at_once = False
    call_id = await python.sim.ring(CALLER, "104")
    assert await python.legs() == [], "context public is not ours yet"
    everything = (await python.get("/calls/channels", headers={"X-API-Key": python.sim.global_key}))["channels"]
    assert (everything[0]["callstate"], everything[0]["context"]) == ("DOWN", "public")
    await python.sim.route(call_id)
    assert await python.states() == [("", "RINGING"), ("104", "RINGING")]
    dialled = await python.sim.dial("105", "103")
    assert ("105", "DOWN") in await python.states()
    await python.sim.route(dialled)
    assert ("103", "RINGING") in await python.states()


async def test_early_media_shows(python: Box) -> None:
    """Early media shows."""
    python.sim.early_media = True
    await python.sim.dial("104", OUTSIDE)
    assert await python.states() == [("104", "RINGING"), ("", "EARLY")]


async def test_a_machine_takes_a_call_and_lets_phones_ring(python: Box) -> None:
    """A machine takes a call and lets phones ring."""
    call_id = await python.sim.greet(CALLER, application="callcenter")
    (row,) = await python.legs()
    assert (row["callstate"], row["application"]) == ("ACTIVE", "callcenter")
    await python.sim.distribute(call_id, "104", "105")
    assert await python.states() == [("", "RING_WAIT"), ("104", "RINGING"), ("105", "RINGING")]
    await python.sim.answer(call_id, "105")
    assert await python.states() == [("", "ACTIVE"), ("105", "ACTIVE")]


async def test_voicemail_takes_what_nobody_answers(python: Box) -> None:
    """Voicemail takes what nobody answers."""
    call_id = await python.sim.ring(CALLER, "104")
    await python.sim.divert(call_id)
    (row,) = await python.legs()
    assert row["application"] == "voicemail"
    await python.sim.hang_up(call_id)
    record = (await python.get(f"/cdr/{call_id}"))["record"]
    assert (record["status"], record["last_app"], record["missed_call"]) == ("voicemail", "voicemail", True)


async def test_active_calls_are_pairs_and_single_legs(python: Box) -> None:
    """Active calls are pairs and single legs."""
    python.sim.trunk_accountcode = True
    call_id = await python.sim.ring(CALLER, "104")
    rows = (await python.get("/calls/active"))["calls"]
    assert [row["b_uuid"] for row in rows] == ["", ""]
    assert {row["call_created_epoch"] for row in rows} == {""}
    python.clock.now += 5
    await python.sim.answer(call_id, "104")
    (row,) = (await python.get("/calls/active"))["calls"]
    assert (row["uuid"], row["b_presence_id"]) == (call_id, f"104@{DOMAIN}")
    assert row["call_created_epoch"] == "1774692005"
    assert "context" not in row
    assert "b_call_uuid" not in row
    python.sim.b_call_uuid = True
    (row,) = (await python.get("/calls/active"))["calls"]
    assert row["b_call_uuid"] == call_id


async def test_a_trunk_leg_without_accountcode_disappears_from_active_calls(python: Box) -> None:
    """A trunk leg without accountcode disappears from active calls."""
    call_id = await python.sim.ring(CALLER, "104")
    assert [row["dest"] for row in (await python.get("/calls/active"))["calls"]] == ["104"]
    await python.sim.answer(call_id, "104")
    assert (await python.get("/calls/active"))["count"] == 0
    assert len(await python.legs()) == 2


async def test_active_calls_of_a_domain_are_always_empty_on_node(node: Box) -> None:
    """Active calls of a domain are always empty on Node."""
    await node.sim.ring(CALLER, "104")
    assert (await node.get(f"/calls/active?domain={DOMAIN}"))["count"] == 0
    assert (await node.get("/calls/active"))["count"] == 2
    assert len(await node.legs()) == 2


async def test_a_leg_with_its_own_accountcode_disappears_on_python(python: Box, node: Box) -> None:
    """A leg with its own accountcode disappears on Python."""
    for running, count in ((python, 1), (node, 2)):
        running.sim.add_extension(Extension(number="110", name="Eva", accountcode="sales"))
        await running.sim.ring(CALLER, "110")
        rows = await running.legs()
        assert len(rows) == count


async def test_old_freeswitch_lacks_columns(python: Box) -> None:
    """Old FreeSWITCH lacks columns."""
    python.sim.old_columns = True
    await python.sim.dial("104", "105")
    row = (await python.legs())[0]
    assert not [key for key in row if key == "accountcode" or key.startswith("initial_")]
    assert "accountcode" not in (await python.get("/calls/active"))["calls"][0]


async def test_the_servers_clock_face_can_be_anywhere(python: Box) -> None:
    """The server's clock face can be anywhere."""
    python.sim.server_utc_offset = -3600
    await python.sim.dial("104", "105")
    assert (await python.legs())[0]["created"] == "2026-03-28 09:00:00"


async def test_lists_glitch_as_often_as_wanted(each: Box) -> None:
    """Lists glitch as often as wanted."""
    await each.sim.dial("104", "105")
    each.sim.empty_list_glitch = 2
    assert [len(await each.legs()) for _ in range(3)] == [0, 0, 2]


async def test_foreign_tenants_leak_as_far_as_the_filter_lets_them(python: Box, node: Box, docs: Box) -> None:
    """Foreign tenants leak as far as the filter lets them."""
    for running in (python, node, docs):
        running.sim.foreign_tenant_rows = True
    own = {row["context"] for row in await python.legs()}
    assert own == {"old-pbx.example.com"}, "a part of a text is enough for Python"
    assert {row["context"] for row in await node.legs()} == own
    everything = (await node.get("/calls/channels"))["channels"]
    assert {row["context"] for row in everything} == {"old-pbx.example.com", "other.example.net"}
    assert (await python.get("/calls/channels"))["count"] == 2, "the key's own domain is enforced"
    assert python.sim.truth() == node.sim.truth() == []
    foreign = next(row["uuid"] for row in everything if row["context"] == "other.example.net")
    assert (await node.post(f"/calls/{foreign}/hold"))[0] == 200
    python.sim.foreign_tenant_rows = False
    assert await python.legs() == []


async def test_a_foreign_leg_is_not_ours_to_touch(python: Box) -> None:
    """A foreign leg is not ours to touch."""
    call_id = await python.sim.foreign_call()
    assert await python.ask("GET", f"/calls/channels/{call_id}") == (403, {"detail": "Access denied"})
    wanted = (403, {"detail": "Channel not found in your domain"})
    assert await python.post(f"/calls/{call_id}/hangup") == wanted
    as_global = {"headers": {"X-API-Key": python.sim.global_key}}
    assert (await python.post(f"/calls/{call_id}/hangup", **as_global))[0] == 200


async def test_one_channel(python: Box, node: Box) -> None:
    """One channel."""
    for running in (python, node):
        call_id = await running.sim.dial("104", "105")
        assert (await running.get(f"/calls/channels/{call_id}"))["channel"]["uuid"] == call_id
    assert await python.ask("GET", f"/calls/channels/{NOBODY}") == (404, {"detail": "Channel not found"})
    assert await node.ask("GET", f"/calls/channels/{NOBODY}") == (404, {"error": "Channel not found"})
    assert await python.ask("GET", "/calls/channels/abc-123") == (400, {"detail": "Invalid UUID format"})
    assert (await node.ask("GET", "/calls/channels/abc-123"))[0] == 404


async def test_the_documentation_names_the_fields_otherwise(docs: Box) -> None:
    """The documentation names the fields otherwise."""
    call_id = await docs.sim.ring(CALLER, "104")
    docs.clock.now += 7
    row = (await docs.get(f"/calls/active?domain={DOMAIN}"))["calls"][0]
    assert (row["caller_id_number"], row["destination_number"], row["duration"]) == (CALLER, "104", 7)
    assert "cid_num" not in row
    assert (await docs.get(f"/calls/channels/{call_id}"))["channel"]["caller_id_number"] == CALLER


# -- call control (5.6) -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", CONTROLS)
async def test_a_bad_uuid_is_refused(python: Box, node: Box, path: str) -> None:
    """A bad UUID is refused."""
    assert await python.post(f"/calls/abc-123/{path}") == (400, {"detail": "Invalid UUID format"})
    details = [{"field": "uuid", "message": "Invalid value"}]
    assert await node.post(f"/calls/abc-123/{path}") == (400, {"error": "Validation failed", "details": details})


@pytest.mark.parametrize("path", CONTROLS)
async def test_a_dead_leg_is_answered_by_the_server(python: Box, node: Box, docs: Box, path: str) -> None:
    """A dead leg is answered by the server."""
    url = f"/calls/{NOBODY}/{path}"
    assert await python.post(url) == (403, {"detail": "Channel not found in your domain"})
    holding = "hold" in path
    status, body = await node.post(url)
    text = "No such channel!" if path == "hangup" else "Cannot locate session!"
    assert (status, body.get("error")) == ((200, None) if holding else (500, text))
    wanted = 200 if holding else 500
    assert (await python.post(url, headers={"X-API-Key": python.sim.global_key}))[0] == wanted
    assert await docs.post(url) == (404, {"error": "Channel not found"})


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("hold", "Call placed on hold"),
        ("hold/toggle", "Hold toggled"),
        ("mute", "Channel muted"),
        ("unmute", "Channel unmuted"),
        ("hangup", "Call terminated"),
    ],
)
async def test_success_has_one_shape(each: Box, path: str, message: str) -> None:
    """Success has one shape."""
    call_id = await each.sim.dial("104", "105")
    await each.sim.answer(call_id)
    wanted = {"success": True, "message": message, "uuid": call_id}
    assert await each.post(f"/calls/{call_id}/{path}") == (200, wanted)


async def test_hold_is_of_the_leg_named_and_not_twice(python: Box, node: Box) -> None:
    """Hold is of the leg named and not twice."""
    for running, refusal in ((python, CRASHED), (node, {"error": "Operation failed"})):
        call_id = await running.sim.dial("104", "105")
        await running.sim.answer(call_id)
        assert await running.post(f"/calls/{call_id}/unhold") == (500, refusal)
        assert (await running.post(f"/calls/{call_id}/hold"))[0] == 200
        assert await running.states() == [("104", "HELD"), ("105", "ACTIVE")]
        assert await running.post(f"/calls/{call_id}/hold") == (500, refusal)
        assert (await running.post(f"/calls/{call_id}/hold/toggle"))[0] == 200
        assert await running.states() == [("104", "UNHELD"), ("105", "ACTIVE")]
        await running.post(f"/calls/{call_id}/hold/toggle")
        assert (await running.post(f"/calls/{call_id}/unhold"))[1]["message"] == "Call resumed from hold"


async def test_toggling_a_ringing_leg_does_nothing(each: Box) -> None:
    """Toggling a ringing leg does nothing."""
    call_id = await each.sim.dial("104", "105")
    assert (await each.post(f"/calls/{call_id}/hold/toggle"))[0] == 200
    assert [state for _, state in await each.states()] == ["RINGING", "RINGING"]
    assert only_call(each.sim).state == "ringing"


@pytest.mark.parametrize("leg", [0, 1])
async def test_either_leg_ends_the_call(each: Box, leg: int) -> None:
    """Either leg ends the call."""
    call_id = await each.sim.dial("104", "105")
    await each.sim.answer(call_id)
    uuid = (await each.legs())[leg]["uuid"]
    assert (await each.post(f"/calls/{uuid}/hangup", {"cause": "USER_BUSY"}))[0] == 200
    assert each.sim.truth() == []


@pytest.mark.parametrize(("cause", "wanted"), [("CALL_REJECTED", "CALL_REJECTED"), ("NONSENSE", "NORMAL_CLEARING")])
async def test_a_hangup_has_a_cause(python: Box, cause: str, wanted: str) -> None:
    """A hangup has a cause."""
    call_id = await python.sim.dial("104", "105")
    await python.post(f"/calls/{call_id}/hangup", {"cause": cause})
    assert (await python.only_record())["hangup_cause"] == wanted


async def test_hanging_one_ringing_phone_of_several_up_leaves_the_others(python: Box) -> None:
    """Hanging one ringing phone of several up leaves the others."""
    await python.sim.ring(CALLER, "104", "105")
    uuid = (await python.legs())[1]["uuid"]
    await python.post(f"/calls/{uuid}/hangup")
    assert await python.states() == [("", "RINGING"), ("105", "RINGING")]


async def test_mute_changes_nothing(python: Box) -> None:
    """Mute changes nothing."""
    call_id = await python.sim.dial("104", "105")
    await python.sim.answer(call_id)
    before = await python.legs()
    assert (await python.post(f"/calls/{call_id}/mute"))[0] == 200
    assert await python.legs() == before


async def test_tones_are_sent_or_refused(python: Box, node: Box) -> None:
    """Tones are sent or refused."""
    path = ""
    for running in (python, node):
        call_id = await running.sim.dial("104", OUTSIDE)
        path = f"/calls/{call_id}/dtmf"
        assert (await running.post(path, {"digits": "12*#A"}))[1]["message"] == "DTMF 12*#A sent"
        assert running.sim.dtmf_sent == [(call_id, "12*#A")]
    dead = (403, {"detail": "Channel not found in your domain"})
    assert await python.post(f"/calls/{NOBODY}/dtmf", {"digits": "1w2"}) == dead, "ownership comes first"
    status, body = await node.post(path, {"digits": "a"})
    assert (status, body["details"][0]["message"]) == (400, "Invalid DTMF digits")
    assert (await node.post(path, {}))[0] == 400
    uuid = (await python.legs())[0]["uuid"]
    assert await python.post(f"/calls/{uuid}/dtmf", {"digits": "a"}) == (400, {"detail": "Invalid DTMF digits"})
    assert (await python.post(f"/calls/{uuid}/dtmf", {}))[0] == 422
    assert (await node.post(f"/calls/{NOBODY}/dtmf", {"digits": "1"}))[1] == {"error": "Cannot locate session!"}


async def test_a_blind_transfer_moves_the_leg_named_and_drops_its_partner(each: Box) -> None:
    """A blind transfer moves the leg named and drops its partner."""
    call_id = await each.sim.ring(CALLER, "104")
    await each.sim.answer(call_id, "104")
    body = {"destination": "105", "domain": DOMAIN}
    status, answer = await each.post(f"/calls/{call_id}/transfer", body)
    assert (status, answer["message"]) == (200, "Blind transfer to 105 executed")
    call = only_call(each.sim)
    assert (call.callee, [leg.extension for leg in call.legs]) == ("105", ["", "105"])
    await each.sim.answer(call_id, "105")
    assert only_call(each.sim).state == "talking"


async def test_transferring_the_own_leg_cuts_the_caller_off(python: Box) -> None:
    """Transferring the own leg cuts the caller off."""
    call_id = await python.sim.ring(CALLER, "104")
    await python.sim.answer(call_id, "104")
    own = (await python.legs())[1]["uuid"]
    await python.post(f"/calls/{own}/transfer", {"destination": OUTSIDE, "domain": DOMAIN, "type": "blind"})
    assert await python.states() == [("104", "RING_WAIT"), ("", "RINGING")]
    assert {row["call_uuid"] for row in await python.legs()} == {own}


@pytest.mark.parametrize(("number", "rows"), [("999", 0), ("*5900", 1), ("*97", 1), (OUTSIDE, 2)])
async def test_a_transfer_goes_through_the_dialplan(python: Box, number: str, rows: int) -> None:
    """A transfer goes through the dialplan."""
    call_id = await python.sim.ring(CALLER, "104")
    await python.sim.answer(call_id, "104")
    await python.post(f"/calls/{call_id}/transfer", {"destination": number, "domain": DOMAIN})
    legs = await python.legs()
    assert len(legs) == rows
    if number == "*5900":
        assert (legs[0]["state"], legs[0]["application"]) == ("CS_PARK", "valet_park")


async def test_transfers_are_validated(python: Box, node: Box) -> None:
    """Transfers are validated."""
    for running in (python, node):
        call_id = await running.sim.dial("104", "105")
        await running.sim.answer(call_id)
        path = f"/calls/{call_id}/transfer"
        assert (await running.post(path, {"destination": "103"}))[0] == (422 if running is python else 400)
        status, body = await running.post(path, {"destination": "103", "domain": DOMAIN, "type": "warm"})
        assert status == 400
        assert 'type must be "blind" or "attended"' in json.dumps(body).replace('\\"', '"')
        status, body = await running.post(path, {"destination": "103", "domain": "other.example.net"})
        if running is python:
            assert (status, body) == (403, {"detail": "Transfer destination domain must match your domain"})
        else:
            assert status == 200


async def test_an_attended_transfer_never_completes(python: Box) -> None:
    """An attended transfer never completes."""
    call_id = await python.sim.ring(CALLER, "104")
    await python.sim.answer(call_id, "104")
    path, body = f"/calls/{call_id}/transfer", {"destination": "105", "domain": DOMAIN, "type": "attended"}
    status, answer = await python.post(path, body)
    assert (status, set(answer)) == (200, {"success", "message", "originalUuid", "newUuid"})
    assert answer["originalUuid"] == call_id
    await python.sim.answer(answer["newUuid"], "105")
    assert await python.states() == [("", "HELD"), ("104", "ACTIVE")]
    python.sim.unregister("105")
    assert (await python.post(path, body))[0] == 200


async def test_node_waits_for_the_target_of_an_attended_transfer(node: Box) -> None:
    """Node waits for the target of an attended transfer."""
    call_id = await node.sim.ring(CALLER, "104")
    await node.sim.answer(call_id, "104")
    path, body = f"/calls/{call_id}/transfer", {"destination": "105", "domain": DOMAIN, "type": "attended"}
    waiting = asyncio.create_task(node.post(path, body))
    while len(node.sim.truth()) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert not waiting.done()
    await node.sim.ring_out(node.sim.truth()[1].call_id)
    assert await waiting == (500, {"error": "NO_ANSWER"})


# -- placing calls (5.7) ----------------------------------------------------------------------------


async def test_python_places_a_call_at_once_and_reaches_the_number_later(python: Box) -> None:
    """Python places a call at once and reaches the number later."""
    status, body = await python.originate(callerId="+493023125000", callerName="Office")
    assert (status, body["message"]) == (200, f"Call from 104 to {OUTSIDE} initiated")
    (row,) = await python.legs()
    assert (row["uuid"], row["direction"], row["callstate"]) == (body["uuid"], "outbound", "RINGING")
    assert (row["presence_id"], row["cid_num"], row["cid_name"]) == (f"104@{DOMAIN}", "+493023125000", "Office")
    await python.sim.answer(body["uuid"], "104")
    names = [row["name"] for row in await python.legs()]
    assert [name.startswith("loopback/") for name in names] == [False, True, True, False]
    await python.sim.answer(body["uuid"])
    assert await python.states() == [("104", "ACTIVE"), ("", "ACTIVE")]
    (placed,) = python.sim.placed
    assert (placed.call_id, placed.source, placed.destination) == (body["uuid"], "104", OUTSIDE)
    assert only_call(python.sim).direction == "outgoing"


@pytest.mark.parametrize(("style", "ringing", "talking"), [(Loopback.STAY, 4, 4), (Loopback.NONE, 2, 2)])
async def test_loopbacks_stay_or_never_come(style: Loopback, ringing: int, talking: int) -> None:
    """Loopbacks stay or never come."""
    async with box(loopback=style) as python:
        uuid = (await python.originate())[1]["uuid"]
        await python.sim.answer(uuid, "104")
        assert len(await python.legs()) == ringing
        await python.sim.answer(uuid)
        assert len(await python.legs()) == talking
        await python.sim.hang_up(uuid, by="callee")
        assert await python.legs() == []


async def test_the_far_leg_can_hang_on_the_loopback_until_it_collapses(python: Box) -> None:
    """The far leg can hang on the loopback until it collapses."""
    python.sim.loopback_splits = True
    uuid = (await python.originate())[1]["uuid"]
    await python.sim.answer(uuid, "104")
    *_, pseudo, far = await python.legs()
    assert far["call_uuid"] == pseudo["uuid"] != uuid
    await python.sim.answer(uuid)
    assert {row["call_uuid"] for row in await python.legs()} == {uuid}


@pytest.mark.parametrize("number", ["105", "*97"])
async def test_a_call_can_be_placed_to_a_phone_or_a_code(python: Box, number: str) -> None:
    """A call can be placed to a phone or a code."""
    uuid = (await python.originate(to=number))[1]["uuid"]
    await python.sim.answer(uuid, "104")
    if number == "105":
        assert ("105", "RINGING") in await python.states()
        await python.sim.answer(uuid, "105")
    assert only_call(python.sim).state == "talking"


async def test_a_placed_call_that_nobody_takes_vanishes(python: Box) -> None:
    """A placed call that nobody takes vanishes."""
    python.sim.ring_timeout = 0.03
    uuid = (await python.originate())[1]["uuid"]
    assert len(python.sim.truth()) == 1
    await asyncio.sleep(0.06)
    assert python.sim.truth() == []
    record = await python.only_record()
    assert (record["xml_cdr_uuid"], record["answer_stamp"], record["hangup_cause"]) == (uuid, None, "NO_ANSWER")


async def test_phones_can_pick_up_by_themselves() -> None:
    """Phones can pick up by themselves."""
    async with box(auto_answer=0.01, auto_answer_far=0.01) as python:
        await python.originate()
        await asyncio.sleep(0.06)
        assert only_call(python.sim).state == "talking"


@pytest.mark.parametrize("why", ["unregistered", "busy", "nobody"])
async def test_python_says_200_even_if_no_phone_rings(python: Box, why: str) -> None:
    """Python says 200 even if no phone rings."""
    if why == "unregistered":
        python.sim.unregister("104")
    elif why == "busy":
        python.sim.do_not_disturb("104")
    status, body = await python.originate(**{"from": "999"} if why == "nobody" else {})
    assert status == 200
    assert (await python.ask("GET", f"/calls/channels/{body['uuid']}"))[0] == 404
    assert python.sim.placed == []


@pytest.mark.parametrize(
    ("why", "cause"),
    [("unregistered", "USER_NOT_REGISTERED"), ("busy", "USER_BUSY"), ("nobody", "SUBSCRIBER_ABSENT")],
)
async def test_node_names_the_cause_if_no_phone_rings(node: Box, why: str, cause: str) -> None:
    """Node names the cause if no phone rings."""
    if why == "unregistered":
        node.sim.unregister("104")
    elif why == "busy":
        node.sim.do_not_disturb("104")
    assert await node.originate(**{"from": "999"} if why == "nobody" else {}) == (500, {"error": cause})
    node.sim.unregister("105")
    node.sim.unregistered_cause = "SUBSCRIBER_ABSENT"
    assert await node.originate(**{"from": "105"}) == (500, {"error": "SUBSCRIBER_ABSENT"})


async def test_node_blocks_everybody_until_the_phone_is_picked_up(node: Box) -> None:
    """Node blocks everybody until the phone is picked up."""
    placing = asyncio.create_task(node.originate(to="105"))
    while not node.sim.placed:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    listing = asyncio.create_task(node.full("GET", "/calls/channels"))
    await asyncio.sleep(0.03)
    assert not placing.done()
    assert not listing.done()
    assert (await node.ask("GET", "/status"))[0] == 200
    await node.sim.answer(node.sim.placed[0].call_id, "104")
    status, body = await placing
    assert (status, body["uuid"]) == (200, node.sim.placed[0].call_id)
    assert (await listing)[1]["count"] == 2


async def test_node_tells_when_nobody_picks_up(node: Box) -> None:
    """Node tells when nobody picks up."""
    node.sim.ring_timeout = 0.02
    assert await node.originate() == (500, {"error": "NO_ANSWER"})


async def test_node_reaches_registered_phones_only(node: Box) -> None:
    """Node reaches registered phones only."""
    node.sim.auto_answer = 0.0
    assert (await node.originate())[0] == 200
    assert node.sim.truth() == []


async def test_a_stop_releases_who_waits_for_a_phone(node: Box) -> None:
    """A stop releases who waits for a phone."""
    placing = asyncio.create_task(node.originate())
    while not node.sim.placed:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await node.sim.stop()
    assert (await placing)[0] == 500
    await node.sim.start()
    assert len(node.sim.truth()) == 1


@pytest.mark.parametrize(
    ("body", "python_status", "node_status"),
    [
        ({"from": None}, 422, 400),
        ({"from": 104}, 422, 0),
        ({"to": ""}, 400, 400),
        ({"timeout": 4}, 400, 400),
        ({"timeout": 121}, 400, 400),
        ({"timeout": "soon"}, 422, 400),
        ({"timeout": 0}, 200, 400),
        ({"timeout": None}, 200, 400),
        ({"timeout": 120}, 200, 0),
        ({"domain": "other.example.net"}, 403, 500),
    ],
)
async def test_requests_to_place_a_call_are_validated(
    python: Box, node: Box, body: dict[str, Any], python_status: int, node_status: int
) -> None:
    """Requests to place a call are validated."""
    assert (await python.originate(**body))[0] == python_status
    node.sim.auto_answer = 0.0
    assert (await node.originate(to=body.get("to", "105"), **{k: v for k, v in body.items() if k != "to"}))[0] == (
        node_status or 200
    )


async def test_the_words_of_refused_requests(python: Box, node: Box) -> None:
    """The words of refused requests."""
    path = "/calls/originate"
    status, body = await node.post(path, {})
    assert body["details"][0] == {"field": "from", "message": "from (extension) is required"}
    status, body = await python.post(path, {"to": "1", "domain": DOMAIN})
    assert (status, body["detail"][0]["loc"]) == (422, ["body", "from"])
    assert await python.originate(to="") == (400, {"detail": "from, to, domain are required"})
    assert await python.originate(timeout=3) == (400, {"detail": "timeout must be between 5 and 120"})
    assert (await node.originate(timeout=3))[1]["details"][0]["field"] == "timeout"
    wanted = {"detail": "You can only originate calls within your domain"}
    assert await python.originate(domain="other.example.net") == (403, wanted)
    form = {"data": "from=104", "headers": {"X-API-Key": python.sim.api_key, "Content-Type": "text/plain"}}
    status, body = await python.ask("POST", path, **form)
    assert (status, body["detail"][0]["type"]) == (422, "model_attributes_type")
    status, body = await python.ask("POST", path)
    assert (status, body["detail"][0]["loc"]) == (422, ["body"])


@pytest.mark.parametrize(
    ("name", "works"), [("Anna", True), ("Anna Keller", False), ("'Anna Keller'", True), ('A"x', False), ("{a}", False)]
)
async def test_a_name_with_a_space_breaks_the_command(python: Box, node: Box, name: str, works: bool) -> None:  # noqa: FBT001
    """A name with a space breaks the command."""
    status, _ = await python.originate(callerName=name)
    assert (status, len(python.sim.placed), len(python.sim.broken_commands)) == (200, int(works), int(not works))
    node.sim.auto_answer = 0.0
    assert (await node.originate(to="105", callerName=name))[0] == (200 if works else 500)


async def test_the_documentation_places_calls_at_once(docs: Box) -> None:
    """The documentation places calls at once."""
    status, body = await docs.originate()
    assert status == 200
    await docs.sim.answer(body["uuid"], "104")
    await docs.sim.answer(body["uuid"])
    assert only_call(docs.sim).state == "talking"


# -- verbs that end and move calls ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "cause", "status"),
    [
        ("caller", "ORIGINATOR_CANCEL", "missed"),
        ("callee", "CALL_REJECTED", "missed"),
        ("reject", "CALL_REJECTED", "missed"),
        ("ring_out", "NO_ANSWER", "missed"),
        ("fail", "USER_BUSY", "missed"),
    ],
)
async def test_an_unanswered_call_ends_with_a_cause_and_a_record(
    python: Box, end: str, cause: str, status: str
) -> None:
    """An unanswered call ends with a cause and a record."""
    call_id = await python.sim.ring(CALLER, "104", "105")
    if end == "ring_out":
        await python.sim.ring_out(call_id)
    elif end == "fail":
        await python.sim.fail(call_id, "USER_BUSY")
    else:
        await python.sim.hang_up(call_id, by=end)
    assert python.sim.truth() == []
    record = await python.only_record()
    assert (record["hangup_cause"], record["answer_stamp"], record["billsec"]) == (cause, None, 0)
    assert (await python.get(f"/cdr/{call_id}"))["record"]["status"] == status


async def test_one_phone_of_several_refuses(python: Box) -> None:
    """One phone of several refuses."""
    call_id = await python.sim.ring(CALLER, "104", "105")
    await python.sim.reject(call_id, "104")
    assert await python.states() == [("", "RINGING"), ("105", "RINGING")]
    await python.sim.answer(call_id, "105")
    with pytest.raises(ValueError, match="does not ring"):
        await python.sim.reject(call_id, "105")


async def test_phones_that_cannot_ring_end_the_call(python: Box) -> None:
    """Phones that cannot ring end the call."""
    python.sim.unregister("104")
    await python.sim.ring(CALLER, "104")
    assert (await python.only_record())["hangup_cause"] == "USER_NOT_REGISTERED"
    python.clock.now += 60
    await python.sim.dial("105", "99")
    causes = [record["hangup_cause"] for record in (await python.get("/cdr"))["records"]]
    assert causes == ["UNALLOCATED_NUMBER", "USER_NOT_REGISTERED"]


async def test_a_phone_transfers_its_partner(python: Box) -> None:
    """A phone transfers its partner."""
    call_id = await python.sim.ring(CALLER, "104")
    with pytest.raises(ValueError, match="talks to nobody"):
        await python.sim.transfer(call_id, "104", "105")
    await python.sim.answer(call_id, "104")
    await python.sim.transfer(call_id, "104", "105")
    assert await python.states() == [("", "RING_WAIT"), ("105", "RINGING")]


async def test_a_phone_connects_its_two_partners(python: Box) -> None:
    """A phone connects its two partners."""
    first = await python.sim.ring(CALLER, "104")
    await python.sim.answer(first, "104")
    await python.sim.hold(first, "104")
    second = await python.sim.dial("104", "105")
    with pytest.raises(ValueError, match="answered"):
        await python.sim.complete_transfer(first, second, "104")
    await python.sim.answer(second, "105")
    await python.sim.complete_transfer(first, second, "104")
    assert only_call(python.sim).call_id == first
    assert await python.states() == [("", "ACTIVE"), ("105", "ACTIVE")]
    await python.sim.hang_up(first)
    assert python.sim.truth() == []
    assert (await python.get("/cdr"))["total"] == 2


async def test_verbs_that_make_no_sense_are_mistakes_of_the_test(python: Box) -> None:
    """Verbs that make no sense are mistakes of the test."""
    with pytest.raises(ValueError, match="no extension"):
        await python.sim.ring(CALLER, "999")
    with pytest.raises(ValueError, match="ring whom"):
        await python.sim.ring(CALLER)
    with pytest.raises(ValueError, match="no call"):
        await python.sim.answer(NOBODY)
    call_id = await python.sim.ring(CALLER, "104")
    with pytest.raises(ValueError, match="cannot hold"):
        await python.sim.hold(call_id, "104")
    with pytest.raises(ValueError, match="by whom"):
        await python.sim.hang_up(call_id, by="nobody")
    await python.sim.answer(call_id, "104")
    with pytest.raises(ValueError, match="nobody rings"):
        await python.sim.answer(call_id)


# -- call records (5.8) -----------------------------------------------------------------------------


async def talk(running: Box, seconds: float = 245) -> str:
    """Let 104 take a call of so many seconds, after ten seconds of ringing."""
    call_id = await running.sim.ring(CALLER, "104", name="Jane Doe")
    running.clock.now += 10
    await running.sim.answer(call_id, "104")
    running.clock.now += seconds
    await running.sim.hang_up(call_id)
    return call_id


async def test_python_writes_records_with_numbers(python: Box) -> None:
    """Python writes records with numbers."""
    call_id = await talk(python)
    answer = await python.get("/cdr")
    assert (answer["total"], answer["limit"], answer["offset"]) == (1, 100, 0)
    assert answer["records"][0] == {
        "xml_cdr_uuid": call_id,
        "domain_name": DOMAIN,
        "direction": "inbound",
        "caller_id_name": "Jane Doe",
        "caller_id_number": "493023125999",
        "destination_number": "104",
        "start_stamp": "2026-03-28T10:00:00+00:00",
        "answer_stamp": "2026-03-28T10:00:10+00:00",
        "end_stamp": "2026-03-28T10:04:15+00:00",
        "duration": 255,
        "billsec": 245,
        "hangup_cause": "NORMAL_CLEARING",
        "record_path": None,
        "record_name": None,
    }
    python.sim.cdr_microseconds = python.sim.cdr_float_seconds = python.sim.cdr_null_direction = True
    record = await python.only_record()
    assert record["start_stamp"] == "2026-03-28T10:00:00.250000+00:00"
    assert isinstance(record["billsec"], float)
    assert record["direction"] is None


async def test_node_needs_a_column_and_writes_texts(node: Box) -> None:
    """Node needs a column and writes texts."""
    call_id = await talk(node)
    refusal = (500, {"error": 'column "disposition" does not exist'})
    assert await node.ask("GET", "/cdr") == refusal
    assert await node.ask("GET", "/cdr/stats/summary") == refusal
    assert (await node.get(f"/cdr/{call_id}"))["record"]["duration"] == "255"
    node.sim.disposition_column = True
    record = await node.only_record()
    assert (record["duration"], record["billsec"], record["disposition"]) == ("255", "245", "ANSWERED")
    assert record["start_stamp"] == "2026-03-28T10:00:00.250Z"
    assert len(record) == 21


async def test_a_recorded_call_names_its_file(python: Box) -> None:
    """A recorded call names its file."""
    call_id = await python.sim.dial("104", "105")
    await python.sim.start_recording(call_id)
    await python.sim.stop_recording(call_id)
    await python.sim.hang_up(call_id)
    record = await python.only_record()
    assert record["record_name"] == f"{call_id}.wav"
    assert record["record_path"].endswith("archive")
    assert record["direction"] == "local"


async def test_one_record_has_every_column(python: Box, node: Box) -> None:
    """One record has every column."""
    call_id = await talk(python)
    record = (await python.get(f"/cdr/{call_id}"))["record"]
    assert record.keys() >= {"status", "missed_call", "sip_call_id", "bridge_uuid", "json", "call_flow"}
    assert (record["status"], record["missed_call"]) == ("answered", False)
    assert await python.ask("GET", f"/cdr/{NOBODY}") == (404, {"detail": "CDR record not found"})
    assert await python.ask("GET", "/cdr/abc") == (500, CRASHED)
    assert (await node.ask("GET", "/cdr/abc"))[0] == 400
    foreign = await python.sim.foreign_call()
    await python.sim.hang_up(foreign)
    assert await python.ask("GET", f"/cdr/{foreign}") == (403, {"detail": "Access denied"})


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("extension=104", 1),
        ("extension=10", 0),
        ("direction=local", 1),
        ("direction=sideways", 0),
        ("search=Jane", 1),
        ("search=3125", 1),
        ("domain=elsewhere.example", 2),
    ],
)
async def test_records_are_filtered(python: Box, query: str, total: int) -> None:
    """Records are filtered."""
    await talk(python)
    await python.sim.hang_up(await python.sim.dial("105", "103"))
    assert (await python.get(f"/cdr?{query}"))["total"] == total


async def test_a_search_minds_case_on_python_only(python: Box, node: Box) -> None:
    """A search minds case on Python only."""
    node.sim.disposition_column = True
    for running, total in ((python, 0), (node, 1)):
        await talk(running)
        assert (await running.get("/cdr?search=jane"))["total"] == total


async def test_records_come_newest_first_in_pages(python: Box) -> None:
    """Records come newest first in pages."""
    for _ in range(3):
        await talk(python)
    page = await python.get("/cdr?limit=1&offset=1")
    assert (page["total"], len(page["records"])) == (3, 1)
    assert page["records"][0]["start_stamp"] == "2026-03-28T10:04:15+00:00"


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "offset=-1"])
async def test_pages_have_bounds(python: Box, node: Box, query: str) -> None:
    """Pages have bounds."""
    status, body = await python.ask("GET", f"/cdr?{query}")
    assert (status, body["detail"][0]["loc"][0]) == (422, "query")
    status, body = await node.ask("GET", f"/cdr?{query}")
    assert (status, body["error"]) == (400, "Validation failed")


async def test_dates_crash_python_and_filter_elsewhere(python: Box, node: Box) -> None:
    """Dates crash Python and filter elsewhere."""
    node.sim.disposition_column = True
    for running in (python, node):
        await talk(running)
    for query in ("start_date=2026-03-28", "end_date=2026-03-28T12:00:00Z"):
        assert await python.ask("GET", f"/cdr?{query}") == (500, CRASHED)
        assert await python.ask("GET", f"/cdr/stats/summary?{query}") == (500, CRASHED)
    assert (await node.get("/cdr?start_date=2026-03-28&end_date=2026-03-29"))["total"] == 1
    assert (await node.get("/cdr?end_date=2026-03-28"))["total"] == 0
    assert (await node.ask("GET", "/cdr?start_date=garbage"))[0] == 500
    python.sim.cdr_dates_broken = False
    assert (await python.get("/cdr?start_date=2026-03-29"))["total"] == 0


async def test_statistics_have_three_shapes(python: Box, node: Box, docs: Box) -> None:
    """Statistics have three shapes."""
    empty = {"total_calls": 0, "answered_calls": None, "missed_calls": None, "avg_duration": 0, "total_duration": 0}
    assert (await python.get("/cdr/stats/summary"))["stats"] == empty
    node.sim.disposition_column = True
    for running in (python, node, docs):
        await talk(running)
        await running.sim.hang_up(await running.sim.ring(CALLER, "105"))
    assert (await python.get("/cdr/stats/summary"))["stats"] == {
        "total_calls": 2,
        "answered_calls": 1,
        "missed_calls": 1,
        "avg_duration": 245.0,
        "total_duration": 245,
    }
    (row,) = (await node.get("/cdr/stats/summary"))["stats"]
    assert (row["direction"], row["total_calls"], row["answered_calls"]) == ("inbound", "2", "1")
    wanted = {"total_calls": 2, "answered": 1, "missed": 1, "avg_duration": 245}
    assert (await docs.get("/cdr/stats/summary"))["stats"] == wanted


async def test_a_lost_database_crashes_the_records(node: Box) -> None:
    """A lost database crashes the records."""
    node.sim.disposition_column = True
    await node.get("/cdr")
    node.sim.database = False
    assert (await node.ask("GET", "/cdr"))[0] == 500
    assert (await node.ask("GET", f"/cdr/{NOBODY}"))[0] == 500


async def test_a_call_can_have_happened_before(python: Box) -> None:
    """A call can have happened before."""
    python.sim.add_record(
        Record(
            uuid=NOBODY,
            domain=DOMAIN,
            direction="outbound",
            caller_name="Anna",
            caller_number="101",
            destination="442079460123",
            context=DOMAIN,
            start=1.0,
            answer=None,
            end=31.0,
            cause="USER_BUSY",
            recording="",
            last_app="bridge",
            bridge_uuid="",
            network_addr="192.0.2.1",
        )
    )
    assert (await python.get(f"/cdr/{NOBODY}"))["record"]["status"] == "busy"


# -- WebSocket (7) ----------------------------------------------------------------------------------


@asynccontextmanager
async def listening(running: Box, query: str = "", token: str = "") -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Open the socket."""
    url = f"{running.sim.ws_url}?token={quote(token or running.sim.api_key)}{query}"
    before = {client.id for client in running.sim.sockets.clients}
    async with running.session.ws_connect(url) as socket:
        await until(lambda: socket.closed or {client.id for client in running.sim.sockets.clients} - before)
        SPEAKERS[socket] = running.sim.sockets.clients
        yield socket


async def test_python_pushes_encoded_events_per_leg_and_hangs_up_twice(python: Box) -> None:
    """Python pushes encoded events per leg and hangs up twice."""
    async with listening(python) as socket:
        call_id = await python.sim.ring(CALLER, "104")
        await python.sim.answer(call_id, "104")
        await python.sim.hold(call_id, "104")
        await python.sim.resume(call_id, "104")
        await python.sim.press(call_id, "", "1")
        await python.sim.hang_up(call_id)
        messages = await heard(socket)
    created = messages[0]
    assert created == {
        "type": "call.created",
        "timestamp": "2026-03-28T10:00:00.250000Z",
        "data": {
            "event": "CHANNEL_CREATE",
            "uuid": call_id,
            "callerNumber": "%2B493023125999",
            "calleeNumber": None,
            "domain": DOMAIN,
            "channelState": "CS_INIT",
            "answerState": "ringing",
            "direction": "inbound",
            "hangupCause": None,
        },
    }
    kinds = [message["type"] for message in messages]
    counts = {kind: kinds.count(kind) for kind in set(kinds) - {"channel.update"}}
    assert counts == {
        "call.created": 2,
        "call.answered": 2,
        "call.bridged": 1,
        "call.held": 1,
        "call.unheld": 1,
        "call.dtmf": 1,
        "call.unbridged": 1,
        "call.hangup": 4,
    }
    assert {m["data"]["hangupCause"] for m in messages if m["type"] == "call.hangup"} == {"NORMAL_CLEARING"}
    without = {m["data"]["event"] for m in messages if m["data"]["domain"] is None}
    assert without == {"CHANNEL_CALLSTATE", "CHANNEL_STATE", "DTMF"}


async def test_node_greets_pongs_and_tells_everything_in_raw(node: Box) -> None:
    """Node greets pongs and tells everything in raw."""
    node.sim.greeting_delay = 0.03
    async with listening(node) as socket:
        await socket.send_json({"type": "ping"})
        assert await socket.receive_json() == {
            "type": "system.status",
            "data": {"eslConnected": True, "domain": DOMAIN, "message": "Connected to FusionPBX API Bridge"},
        }
        assert await heard(socket) == [], "what came before the greeting is lost"
        await socket.send_json({"type": "ping"})
        assert await socket.receive_json() == {"type": "pong", "data": {"ts": 1_774_692_000_250}}
        await socket.send_str("not json")
        call_id = await node.sim.ring(CALLER, "104")
        await node.sim.answer(call_id, "104")
        await node.sim.hang_up(call_id)
        messages = await heard(socket)
    assert sum(message["type"] == "call.hangup" for message in messages) == 2
    assert messages[0]["data"]["callerNumber"] == CALLER
    bridged = next(message for message in messages if message["type"] == "call.bridged")
    raw = json.loads(bridged["data"]["raw"])
    assert (raw["Channel-Call-UUID"], raw["Channel-Call-State"]) == (call_id, "ACTIVE")
    assert raw["Other-Leg-Unique-ID"]
    assert len(bridged["timestamp"]) == 24


@pytest.mark.parametrize("token", ["wrong", "a.b.c", ""])
async def test_a_bad_token_is_refused_by_the_server(python: Box, node: Box, token: str) -> None:
    """A bad token is refused by the server."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await python.session.ws_connect(f"{python.sim.ws_url}?token={token}")
    assert refused.value.status == 403
    async with node.session.ws_connect(f"{node.sim.ws_url}?token={token}") as socket:
        message = await socket.receive(timeout=1)
        assert (message.type, message.data, message.extra) == (aiohttp.WSMsgType.CLOSE, 4401, "Unauthorized")


async def test_the_socket_takes_tokens_and_the_global_key(each: Box) -> None:
    """The socket takes tokens and the global key."""
    for token in (each.sim.global_key, (await each.post("/auth/token", {"api_key": each.sim.global_key}))[1]["token"]):
        async with listening(each, f"&domain={DOMAIN}", token) as socket:
            await each.sim.dial("104", "105")
            await each.sim.foreign_call()
            domains = {message["data"].get("domain") for message in await heard(socket)}
            assert domains == {DOMAIN, None}


async def test_the_socket_may_not_be_forwarded(python: Box) -> None:
    """The socket may not be forwarded."""
    python.sim.ws_enabled = False
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await python.session.ws_connect(f"{python.sim.ws_url}?token={python.sim.api_key}")
    assert refused.value.status == 404


async def test_foreign_events_leak_without_domain_or_with_a_similar_one(python: Box, node: Box) -> None:
    """Foreign events leak without domain or with a similar one."""
    for running, domains in ((python, {None}), (node, {None, "old-pbx.example.com"})):
        async with listening(running) as socket:
            await asyncio.sleep(0.03)
            await running.sim.foreign_call()
            await running.sim.foreign_call(similar=True)
            messages = [message for message in await heard(socket) if message["type"] != "system.status"]
        assert {message["data"]["domain"] for message in messages} == domains


async def test_an_admin_subscribes_to_a_domain(node: Box) -> None:
    """An admin subscribes to a domain."""
    async with listening(node, token=node.sim.global_key) as socket:
        await socket.receive_json()
        await socket.send_json({"type": "subscribe", "domain": node.sim.foreign_domain})
        await asyncio.sleep(0.02)
        await node.sim.dial("104", "105")
        await node.sim.foreign_call()
        domains = {message["data"]["domain"] for message in await heard(socket)}
    assert domains == {node.sim.foreign_domain, None}


async def test_the_socket_tells_of_freeswitch_on_node_only(python: Box, node: Box) -> None:
    """The socket tells of FreeSWITCH on Node only."""
    for running, told in ((python, []), (node, ["disconnected", "connected"])):
        async with listening(running) as socket:
            await asyncio.sleep(0.03)
            await running.sim.set_esl("down")
            await running.sim.dial("104", "105")
            await running.sim.set_esl("connected")
            data = [message["data"] for message in await heard(socket)]
        assert [each["status"] for each in data if "status" in each] == told
        assert not [each for each in data if "event" in each]


async def test_command_replies_can_make_noise_on_node(node: Box) -> None:
    """Command replies can make noise on Node."""
    node.sim.library_noise = True
    call_id = await node.sim.dial("104", "105")
    async with listening(node) as socket:
        await socket.receive_json()
        await node.post(f"/calls/{call_id}/mute")
        (message,) = await heard(socket)
    assert (message["type"], message["data"]["uuid"]) == ("channel.update", None)


async def test_connected_sockets_are_counted(python: Box, node: Box) -> None:
    """Connected sockets are counted."""
    for running, keys in ((python, {"domain"}), (node, {"domain", "id", "userId"})):
        async with listening(running):
            told = (await running.get("/status/detailed"))["services"]["websocket"]
            assert (told["connectedClients"], set(told["clients"][0])) == (1, keys)


async def test_python_closes_a_socket_that_does_not_pong(python: Box) -> None:
    """Python closes a socket that does not pong."""
    python.sim.ws_ping = 0.03
    async with python.session.ws_connect(f"{python.sim.ws_url}?token={python.sim.api_key}", autoping=False) as socket:
        kinds = [(await socket.receive(timeout=1)) for _ in range(2)]
    assert [message.type for message in kinds] == [aiohttp.WSMsgType.PING, aiohttp.WSMsgType.CLOSE]
    assert kinds[1].data == 1011
    async with listening(python) as socket:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await socket.receive()
        assert python.sim.sockets.clients


async def test_a_hanging_bridge_freezes_sockets_and_a_restart_breaks_them(python: Box) -> None:
    """A hanging bridge freezes sockets and a restart breaks them."""
    async with listening(python) as socket:
        python.sim.bridge_hang = True
        await socket.ping()
        await python.sim.dial("104", "105")
        assert await heard(socket) == []
        await python.sim.restart_bridge()
        assert (await socket.receive(timeout=1)).type is aiohttp.WSMsgType.CLOSE
    assert len(python.sim.truth()) == 1


# -- webhooks (8) -----------------------------------------------------------------------------------


async def test_a_posted_webhook_is_exactly_what_php_sends(python: Box, receiver: Receiver) -> None:
    """A posted webhook is exactly what PHP sends."""
    python.sim.connect_webhook(receiver.url)
    await python.sim.ring(CALLER, "101", name="Jöhn / Co")
    ((method, query, body, headers),) = receiver.requests
    assert method == "POST"
    assert headers["User-Agent"] == "FusionPBX-WebRTC-Phone/1.0"
    assert (headers["Content-Type"], headers["Accept"]) == ("application/json", "*/*")
    assert '"{event}":"new_call","{caller_id}":"+493023125999","{caller_name}":"J\\u00f6hn \\/ Co"' in body
    posted = json.loads(body)
    assert posted == {f"{{{name}}}": value for name, value in query.items()}
    assert query.pop("call_id")
    assert query == {
        "event": "new_call",
        "caller_id": CALLER,
        "caller_name": "Jöhn / Co",
        "destination": "101",
        "direction": "inbound",
        "duration": "0",
        "extension": "101",
        "timestamp": "2026-03-28T10:00:00.250Z",
        "domain": DOMAIN,
    }


async def test_a_get_webhook_has_no_body(python: Box, receiver: Receiver) -> None:
    """A GET webhook has no body."""
    python.sim.connect_webhook(receiver.url, "GET")
    await python.sim.ring(CALLER, "101")
    ((method, query, body, headers),) = receiver.requests
    assert (method, query["event"], body) == ("GET", "new_call", "")
    assert "Content-Type" not in headers


async def test_the_standalone_widget_posts_a_form_without_domain(python: Box, receiver: Receiver) -> None:
    """The standalone widget posts a form without domain."""
    python.sim.widget = "standalone"
    python.sim.crm_url = receiver.url
    await python.sim.ring(CALLER, "101")
    ((method, query, body, headers),) = receiver.requests
    assert (method, query) == ("POST", {})
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert body.startswith("event=new_call&caller_id=%2B493023125999&")
    assert "domain" not in body


async def test_only_widgets_send_webhooks(python: Box, receiver: Receiver) -> None:
    """Only widgets send webhooks."""
    python.sim.connect_webhook(receiver.url)
    call_id = await python.sim.ring(CALLER, "104")
    await python.sim.answer(call_id, "104")
    await python.sim.hang_up(call_id)
    assert receiver.requests == []


async def test_an_incoming_call_hung_up_by_the_other_side(python: Box, receiver: Receiver) -> None:
    """An incoming call hung up by the other side."""
    python.sim.connect_webhook(receiver.url)
    call_id = await python.sim.ring(CALLER, "101")
    await python.sim.answer(call_id, "101")
    await python.sim.hold(call_id, "101")
    await python.sim.resume(call_id, "101")
    python.clock.now += 42.5
    await python.sim.hang_up(call_id, by="caller")
    assert [event for event, _ in receiver.events] == ["new_call", "answered", "hangup"]
    (over,) = receiver.all("hangup")
    assert (over["duration"], over["call_id"]) == ("42", receiver.all("new_call")[0]["call_id"])
    assert over["call_id"] != call_id


@pytest.mark.parametrize("answered", [True, False])
async def test_a_hangup_by_the_user_has_a_ghost(python: Box, receiver: Receiver, answered: bool) -> None:  # noqa: FBT001
    """A hangup by the user has a ghost."""
    python.sim.connect_webhook(receiver.url)
    call_id = await python.sim.ring(CALLER, "101")
    if answered:
        await python.sim.answer(call_id, "101")
    await python.sim.hang_up(call_id, by="callee")
    real, ghost = receiver.all("hangup")
    assert real["call_id"]
    assert (ghost["call_id"], ghost["direction"], ghost["caller_id"], ghost["destination"]) == (
        "",
        "unknown",
        "101",
        "",
    )


async def test_a_missed_call_hangs_up_without_seconds(python: Box, receiver: Receiver) -> None:
    """A missed call hangs up without seconds."""
    python.sim.connect_webhook(receiver.url)
    call_id = await python.sim.ring(CALLER, "101")
    python.clock.now += 20
    await python.sim.ring_out(call_id)
    (over,) = receiver.all("hangup")
    assert (over["duration"], over["direction"]) == ("0", "inbound")


async def test_a_dialled_call(python: Box, receiver: Receiver) -> None:
    """A dialled call."""
    python.sim.connect_webhook(receiver.url)
    call_id = await python.sim.dial("101", OUTSIDE)
    await python.sim.answer(call_id)
    python.clock.now += 9
    await python.sim.hang_up(call_id, by="callee")
    assert [event for event, _ in receiver.events] == ["dial_out", "answered", "hangup"]
    assert {query["direction"] for _, query, _, _ in receiver.requests} == {"outbound"}
    assert {(query["caller_id"], query["destination"]) for _, query, _, _ in receiver.requests} == {("101", OUTSIDE)}
    assert receiver.all("hangup")[0]["duration"] == "9"


async def test_a_cancelled_call_has_a_late_ghost(python: Box, receiver: Receiver) -> None:
    """A cancelled call has a late ghost."""
    python.sim.connect_webhook(receiver.url)
    await python.sim.hang_up(await python.sim.dial("101", OUTSIDE))
    assert [query["call_id"] != "" for query in receiver.all("hangup")] == [True]
    await python.sim.settle()
    assert [query["call_id"] != "" for query in receiver.all("hangup")] == [True, False]


async def test_a_failed_call_hangs_up_late_with_the_data_of_the_next(python: Box, receiver: Receiver) -> None:
    """A failed call hangs up late with the data of the next."""
    python.sim.connect_webhook(receiver.url)
    await python.sim.fail(await python.sim.dial("101", OUTSIDE), "USER_BUSY")
    assert receiver.all("hangup") == []
    await python.sim.settle()
    assert receiver.all("hangup")[0]["destination"] == OUTSIDE
    await python.sim.fail(await python.sim.dial("101", OUTSIDE), "NO_ANSWER")
    await python.sim.dial("101", "105")
    await python.sim.settle()
    assert receiver.all("hangup")[1]["destination"] == "105"


async def test_every_tab_rings_with_its_own_id(python: Box, receiver: Receiver) -> None:
    """Every tab rings with its own id."""
    python.sim.connect_webhook(receiver.url)
    python.sim.open_tab("101")
    call_id = await python.sim.ring(CALLER, "101")
    ids = [query["call_id"] for query in receiver.all("new_call")]
    assert len(set(ids)) == 2
    await python.sim.answer(call_id, "101", tab=1)
    assert [query["call_id"] for query in receiver.all("answered")] == [ids[1]]
    assert [(query["call_id"], query["duration"]) for query in receiver.all("hangup")] == [(ids[0], "0")]


async def test_a_widget_in_a_call_refuses_silently(python: Box, receiver: Receiver) -> None:
    """A widget in a call refuses silently."""
    python.sim.connect_webhook(receiver.url)
    await python.sim.answer(await python.sim.ring(CALLER, "101"), "101")
    await python.sim.ring(OUTSIDE, "101")
    assert len(receiver.all("new_call")) == 1
    assert (await python.only_record())["hangup_cause"] == "USER_BUSY"


async def test_each_agent_event_has_its_own_address_and_method(python: Box, receiver: Receiver) -> None:
    """Each agent event has its own address and method."""
    python.sim.crm_method = "POST"
    python.sim.crm_agent_logout_url = receiver.url + "?out={extension}"
    assert [await python.sim.toggle_agent("102") for _ in range(2)] == ["agent_login", "agent_logout"]
    python.sim.crm_agent_login_url = receiver.url + "?in={extension}"
    await python.sim.log_in_again("102")
    await python.sim.toggle_agent("102")
    assert [(method, query) for method, query, _, _ in receiver.requests] == [
        ("POST", {"out": "102"}),
        ("POST", {"in": "102"}),
    ]


async def test_the_late_hangup_is_as_late_as_wanted(python: Box, receiver: Receiver) -> None:
    """The late hangup is as late as wanted."""
    python.sim.widget_hold_back = 0.0
    python.sim.connect_webhook(receiver.url)
    await python.sim.fail(await python.sim.dial("101", OUTSIDE), "USER_BUSY")
    await asyncio.sleep(0.03)
    assert len(receiver.all("hangup")) == 1


async def test_early_media_counts_no_seconds(python: Box, receiver: Receiver) -> None:
    """Early media counts no seconds."""
    python.sim.early_media = True
    python.sim.connect_webhook(receiver.url)
    call_id = await python.sim.dial("101", OUTSIDE)
    await python.sim.answer(call_id)
    python.clock.now += 9
    await python.sim.hang_up(call_id, by="callee")
    assert receiver.all("hangup")[0]["duration"] == "0"


async def test_a_missing_microphone_hangs_up_twice(python: Box, receiver: Receiver) -> None:
    """A missing microphone hangs up twice."""
    python.sim.connect_webhook(receiver.url)
    await python.sim.microphone_fails(await python.sim.ring(CALLER, "101"), "101")
    first, second = receiver.all("hangup")
    assert first["call_id"] == second["call_id"] != ""


@pytest.mark.parametrize("verb", ["close_tab", "reload_tab"])
async def test_a_closed_or_reloaded_tab_sends_nothing(python: Box, receiver: Receiver, verb: str) -> None:
    """A closed or reloaded tab sends nothing."""
    python.sim.connect_webhook(receiver.url)
    call_id = await python.sim.ring(CALLER, "101")
    getattr(python.sim, verb)("101")
    await python.sim.hang_up(call_id)
    assert receiver.all("hangup") == []
    assert len(python.sim.tabs("101")) == (0 if verb == "close_tab" else 1)


async def test_the_agent_button_toggles(python: Box, receiver: Receiver) -> None:
    """The agent button toggles."""
    assert await python.sim.toggle_agent("101") == "", "no URL, no button"
    python.sim.connect_webhook(receiver.url)
    assert [await python.sim.toggle_agent("101") for _ in range(2)] == ["agent_login", "agent_logout"]
    assert receiver.events == [("agent_login", "101"), ("agent_logout", "101")]
    query = receiver.requests[0][1]
    assert (query["direction"], query["call_id"], query["duration"], query["domain"]) == ("", "", "0", DOMAIN)
    await python.sim.toggle_agent("101")
    python.sim.reload_tab("101")
    assert await python.sim.toggle_agent("101") == "agent_login"
    assert await python.sim.toggle_agent("104") == ""


async def test_new_settings_need_a_new_login(python: Box, receiver: Receiver) -> None:
    """New settings need a new login."""
    python.sim.connect_webhook(f"{receiver.url}/old")
    await python.sim.toggle_agent("101")
    python.sim.crm_url = f"{receiver.url}/new?event={{event}}&extension={{extension}}"
    await python.sim.hang_up(await python.sim.ring(CALLER, "101"))
    assert "/old" in python.sim.webhooks.sent[-1].url
    await python.sim.log_in_again("101")
    await python.sim.ring(CALLER, "101")
    assert "/new" in python.sim.webhooks.sent[-1].url
    python.sim.crm_settings_cached = False
    python.sim.crm_url = f"{receiver.url}/newest?event={{event}}&extension={{extension}}"
    await python.sim.ring(CALLER, "102")
    assert "/newest" in python.sim.webhooks.sent[-1].url


async def test_placeholders_are_filled_differently_by_server_and_browser(python: Box, receiver: Receiver) -> None:
    """Placeholders are filled differently by server and browser."""
    python.sim.crm_url = receiver.url + "?name={caller_name}&number={caller_id}&other={unknown}&domain={domain}"
    python.sim.crm_login_url = receiver.url + "/pop?event=pop&name={caller_name}&domain={domain}"
    python.sim.crm_auto_login_url = receiver.url + "/auto?event={event}&extension={extension}&caller={caller_id}"
    await python.sim.log_in_again("101")
    assert receiver.requests[0][1] == {"event": "auto_login", "extension": "", "caller": ""}
    await python.sim.ring(CALLER, "101", name="Jane Doe")
    server, browser = list(python.sim.webhooks.sent)[-2:]
    assert "name=Jane+Doe&number=%2B493023125999&other={unknown}&domain=pbx.example.com" in server.url
    assert "name=Jane%20Doe&domain={domain}" in browser.url
    assert receiver.requests[1][1]["other"] == "{unknown}"


async def test_the_browsers_clock_may_be_wrong(python: Box, receiver: Receiver) -> None:
    """The browser's clock may be wrong."""
    python.sim.browser_clock_skew = -60
    python.sim.connect_webhook(receiver.url)
    await python.sim.ring(CALLER, "101")
    assert receiver.requests[0][1]["timestamp"] == "2026-03-28T09:59:00.250Z"


async def test_commands_by_api_reach_the_widget(python: Box, receiver: Receiver) -> None:
    """Commands by API reach the widget."""
    python.sim.connect_webhook(receiver.url)
    uuid = (await python.originate(**{"from": "101"}))[1]["uuid"]
    await python.post(f"/calls/{uuid}/hangup")
    await python.sim.settle()
    assert [event for event, _ in receiver.events] == ["new_call", "hangup"]


async def test_webhooks_are_lost_when_nobody_listens(python: Box) -> None:
    """Webhooks are lost when nobody listens."""
    python.sim.connect_webhook("http://127.0.0.1:9/hook")
    await python.sim.ring(CALLER, "101")
    (delivery,) = python.sim.webhooks.sent
    assert (delivery.event, delivery.status) == ("new_call", None)


async def test_the_proxy_answers_the_browser(python: Box, receiver: Receiver) -> None:
    """The proxy answers the browser."""
    path = f"{python.sim.origin}/app/webrtc_phone/crm_webhook_proxy.php"
    cookie = {"headers": {"Cookie": f"PHPSESSID={python.sim.session_cookie}"}}
    assert await python.get(f"{path}?event=answered") == {"error": "not_authenticated"}
    assert await python.get(f"{path}?event=nonsense", **cookie) == {"error": "invalid_event"}
    wanted = {"error": "crm_url_not_configured_for_answered"}
    assert await python.get(f"{path}?event=answered", **cookie) == wanted
    python.sim.connect_webhook(receiver.url)
    answer = await python.get(f"{path}?event=ringing&domain=fake.example", **cookie)
    assert answer == {"ok": True, "http_code": 200, "event": "ringing"}
    query = receiver.requests[0][1]
    assert (query["domain"], query["timestamp"]) == (DOMAIN, "2026-03-28T12:00:00+02:00")
    python.sim.connect_webhook("http://127.0.0.1:9/hook")
    assert (await python.get(f"{path}?event=ringing", **cookie))["ok"] is False
    python.sim.widget_permission = False
    assert await python.get(f"{path}?event=ringing", **cookie) == {"error": "permission_denied"}
    await python.sim.ring(CALLER, "101")
    assert len(receiver.requests) == 1


# -- what the integration leaves alone (5.9 to 5.12, 8.6, 9) ----------------------------------------


async def test_api_keys_are_made_disabled_and_revoked_on_node(node: Box, python: Box) -> None:
    """API keys are made disabled and revoked on Node."""
    assert (await python.ask("GET", "/apikeys"))[0] == 404
    wish = {"username": "luca.rossi", "domain": DOMAIN, "expires_at": "2030-01-01T00:00:00Z"}
    status, made = await node.post("/apikeys", wish)
    assert status == 201
    key = {"headers": {"X-API-Key": made["plain_key"]}}
    assert made["plain_key"].startswith(made["key"]["key_prefix"])
    listed = await node.get("/apikeys", **key)
    assert (listed["count"], listed["keys"][1]["last_used_at"]) == (2, "2026-03-28T10:00:00.250Z")
    path = f"/apikeys/{made['key']['api_key_uuid']}"
    assert await node.ask("PATCH", path, json={"enabled": False}) == (200, {"success": True, "enabled": False})
    assert (await node.ask("GET", "/domains", **key))[0] == 200, "Node remembers the key"
    node.clock.now += 301
    assert (await node.ask("GET", "/domains", **key))[0] == 401
    assert await node.ask("DELETE", path) == (200, {"success": True, "message": "API key revoked"})
    assert await node.ask("DELETE", path) == (404, {"error": "API key not found or not accessible"})
    assert (await node.ask("PATCH", path, json={}))[0] == 404


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"domain": DOMAIN}, 400),
        ({"username": "anna.keller", "domain": "other.example.net"}, 403),
        ({"username": "anna.keller", "domain": DOMAIN, "is_admin": True}, 403),
        ({"username": "nobody", "domain": DOMAIN}, 404),
        ({"username": "anna.keller", "domain": DOMAIN, "expires_at": "soon"}, 400),
    ],
)
async def test_wishes_for_keys_are_checked(node: Box, wish: dict[str, Any], status: int) -> None:
    """Wishes for keys are checked."""
    assert (await node.post("/apikeys", wish))[0] == status


async def test_tickets_exist_on_node(node: Box, python: Box) -> None:
    """Tickets exist on Node."""
    assert (await python.ask("GET", f"/tickets?domain={DOMAIN}"))[0] == 404
    status, made = await node.post("/tickets", {"domain": DOMAIN, "subject": "No tone"})
    assert (status, made["ticket_number"]) == (200, "TKT-00001")
    path = f"/tickets/{made['ticket_uuid']}"
    assert (await node.post(f"{path}/reply", {"reply_text": "Yes"}))[1]["status"] == "success"
    told = await node.get(path)
    assert (told["ticket"]["subject"], len(told["replies"])) == ("No tone", 1)
    assert (await node.get(f"/tickets?domain={DOMAIN}"))["count"] == 1
    assert (await node.ask("GET", "/tickets"))[0] == 400
    assert (await node.get(f"/tickets/updates/poll?domain={DOMAIN}"))["updates"] == []
    assert await node.ask("GET", f"/tickets/{NOBODY}") == (404, {"error": "not_found"})
    assert (await node.post("/tickets", {"domain": "x", "subject": "y"}))[1] == {"error": "domain_not_found"}
    node.sim.tickets[0]["status"] = "closed"
    assert await node.post(f"{path}/reply", {"reply_text": "No"}) == (400, {"error": "ticket_closed"})


async def test_provisioning_hands_out_a_readable_password_on_python(python: Box, node: Box) -> None:
    """Provisioning hands out a readable password on Python."""
    path = "/provision/generate"
    assert (await node.post(path, {"extension": "101", "domain": DOMAIN}))[0] == 404
    status, made = await python.post(path, {"extension": "101", "domain": DOMAIN})
    assert (status, made["display_name"], made["expires_at"][:10]) == (200, "Anna Keller", "2026-03-30")
    assert made["url"].endswith(made["token"])
    assert (await python.post(path, {"extension": "999", "domain": DOMAIN}))[0] == 404
    python.sim.engine.extension(DOMAIN, "105").password = ""
    assert (await python.post(path, {"extension": "105", "domain": DOMAIN}))[0] == 422


async def test_the_session_page_needs_a_browser_session(python: Box) -> None:
    """The session page needs a browser session."""
    path = f"{python.sim.origin}/app/webrtc_phone/webrtc_phone_api.php"
    assert (await python.ask("GET", path, allow_redirects=False))[0] == 302
    assert "<form>" in (await python.ask("GET", path))[1]
    cookie = {"headers": {"Cookie": f"PHPSESSID={python.sim.session_cookie}"}}
    told = await python.get(path, **cookie)
    assert told["extensions"][0]["password"] == "sip-secret-101"
    python.sim.widget_permission = False
    assert await python.get(path, **cookie) == {"error": "access_denied"}


async def test_click_to_dial_hands_out_credentials_for_a_token(python: Box) -> None:
    """Click to dial hands out credentials for a token."""
    path = f"{python.sim.origin}/app/webrtc_phone/click_to_dial/click_to_dial_api.php"
    token = {"X-CTD-Token": python.sim.click_to_dial_token}
    assert (await python.get(path, headers=token))["password"] == "sip-secret-105"
    assert await python.ask("GET", f"{path}?token=short") == (401, {"error": "invalid_token"})
    assert await python.ask("GET", f"{path}?token={'0' * 64}") == (401, {"error": "token_not_found"})
    python.sim.click_to_dial_origins = ("*.example.com",)
    assert await python.ask("GET", path, headers=token) == (403, {"error": "origin_not_allowed"})
    asker = {"Origin": "https://shop.example.com"}
    assert (await python.ask("GET", path, headers=token | asker))[0] == 200
    assert python.headers["Access-Control-Allow-Origin"] == asker["Origin"]
    assert (await python.ask("OPTIONS", path))[0] == 204


# -- the whole --------------------------------------------------------------------------------------


def test_an_unknown_switch_is_a_mistake() -> None:
    """An unknown switch is a mistake."""
    with pytest.raises(TypeError):
        VoipatSimulator(no_such_switch=True)


def something(running: Box, calls: list[str]) -> Coroutine[Any, Any, object]:
    """Choose something people or programs do."""
    sim, rng = running.sim, running.sim.rng
    people = ["101", "102", "103", "104", "105"]
    one, other, call = rng.choice(people), rng.choice(people), rng.choice(calls or [NOBODY])
    leg = rng.choice(list(sim.engine.legs) or [NOBODY])
    acts: list[Callable[[], Coroutine[Any, Any, object]]] = [
        lambda: sim.ring(CALLER, *rng.sample(people, rng.randint(1, 3))),
        lambda: sim.dial(one, rng.choice([other, OUTSIDE, "*5901", "77"])),
        lambda: running.originate(**{"from": one, "to": rng.choice([other, OUTSIDE])}),
        lambda: sim.answer(call),
        lambda: sim.hang_up(call, by=rng.choice(["caller", "callee", "reject"])),
        lambda: sim.transfer(call, one, rng.choice([other, OUTSIDE])),
        lambda: sim.complete_transfer(call, rng.choice(calls or [NOBODY]), one),
        lambda: sim.ring_out(call),
        lambda: running.post(f"/calls/{leg}/{rng.choice(CONTROLS)}"),
        lambda: running.post(f"/calls/{leg}/transfer", {"destination": one, "domain": DOMAIN}),
    ]
    return rng.choice(acts)()


@pytest.mark.parametrize("seed", range(6))
async def test_nothing_is_left_after_a_wild_day(seed: int) -> None:
    """Nothing is left after a wild day."""
    async with box(profile=list(Profile)[seed % 3], seed=seed, auto_answer=0.0) as running:
        engine = running.sim.engine
        for _ in range(150):
            running.clock.now += 1
            with suppress(ValueError):
                answer = await something(running, [call.call_id for call in running.sim.truth()])
                assert not isinstance(answer, tuple) or answer[0] in (200, 403, 404, 500)
            assert {leg.call.id for leg in engine.legs.values()} == set(engine.calls)
            for leg in engine.legs.values():
                assert leg.partner is None or (leg.partner.partner is leg and leg.partner.uuid in engine.legs)
        await asyncio.sleep(0.01)
        for uuid in list(engine.legs):
            await running.post(f"/calls/{uuid}/hangup")
        assert (running.sim.truth(), engine.legs) == ([], {})
        uuids = [record.uuid for record in engine.records]
        assert len(set(uuids)) == len(uuids)


async def test_the_same_seed_gives_the_same_ids() -> None:
    """The same seed gives the same ids."""
    ids = []
    for _ in range(2):
        async with box(seed=7) as running:
            ids.append(await running.sim.ring(CALLER, "104"))
    assert ids[0] == ids[1]


@pytest.mark.parametrize("make", [lambda: [Extension(number="201", name="Zoë")], lambda: 12])
async def test_the_population_is_ones_own(make: Callable[[], Any]) -> None:
    """The population is one's own."""
    async with box(profile="node", domain="tenant.example", extensions=make()) as node:
        listed = (await node.get("/extensions?domain=tenant.example"))["extensions"]
        assert listed[0]["extension"] in ("201", "101")
        assert len(listed) in (1, 12)


# -- section 13: the manners of a real switch --------------------------------------------------------


@asynccontextmanager
async def real(**kwargs: Any) -> AsyncIterator[Box]:
    """Run a simulator as it is by default, and somebody with its key."""
    async with VoipatSimulator(**kwargs) as sim, aiohttp.ClientSession() as session:
        yield Box(sim, session, Clock())


async def eventually(box: Box, wanted: Callable[[list[dict[str, str]]], object]) -> list[dict[str, str]]:
    """Wait until the list shows something."""
    async with asyncio.timeout(10):
        while not wanted(rows := await box.legs()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return rows


async def test_list_is_later_than_its_event() -> None:
    """A leg is listed up to 0.28 s after it began, changed or ended, and never sooner than something before it."""
    lags = []
    async with real() as each:
        for _ in range(12):
            call = await each.sim.ring(CALLER, "101")
            began = asyncio.get_running_loop().time()
            early = await each.legs()
            await eventually(each, lambda rows: len(rows) == 2)
            lags.append(asyncio.get_running_loop().time() - began)
            await each.sim.hang_up(call)
            assert len(early) < 2
            await eventually(each, lambda rows: not rows)
    assert min(lags) < 0.28


async def test_short_call_is_told_by_the_socket_and_never_listed() -> None:
    """A call to a phone that does not want to be disturbed is over before any list can show it."""
    async with real(list_lag=(0.05, 0.1, 0.279)) as each:
        each.sim.do_not_disturb("101")
        async with each.session.ws_connect(each.sim.ws_url, params={"token": each.sim.api_key}) as socket:
            await until(lambda: each.sim.sockets.clients)
            call = await each.sim.ring(CALLER, "101")
            assert await each.legs() == []
            kinds: list[str] = []
            while kinds.count("call.hangup") < 2:
                message = await socket.receive_json(timeout=10)
                if message["data"]["uuid"] == call:
                    kinds.append(message["type"])
            assert kinds[0] == "call.created"
        await asyncio.sleep(0.3)
        assert await each.legs() == []


async def test_placed_leg_is_no_tenants_until_it_is_answered() -> None:
    """The Python bridge lists the first leg of a placed call only once it is answered, and refuses to end it."""
    async with real(list_lag=(0.0, 0.0, 0.0)) as each:
        body = {"from": "101", "to": OUTSIDE, "domain": DOMAIN}
        status, answer = await each.post("/calls/originate", body)
        assert status == 200
        uuid = answer["uuid"]
        await until(each.sim.truth)
        assert await each.legs() == []
        assert await each.ask("GET", f"/calls/channels/{uuid}") == (404, {"detail": "Channel not found"})
        status, answer = await each.post(f"/calls/{uuid}/hangup")
        assert (status, answer) == (403, {"detail": "Channel not found in your domain"})
        await each.sim.answer(uuid, "101")
        rows = await each.legs()
        assert [row["callstate"] for row in rows if row["uuid"] == uuid] == ["RING_WAIT"]
        assert {row["callstate"] for row in rows if row["name"].startswith("loopback/")} == {"RINGING"}
        assert {row["call_uuid"] for row in rows if row["name"].endswith("-b")} == {""}
        assert {row["callee_num"] for row in rows if row["name"].startswith("loopback/")} == {DOMAIN}
        status, _ = await each.post(f"/calls/{uuid}/hangup")
        assert status == 200
        assert each.sim.truth() == []


async def test_global_key_ends_a_placed_call_that_rings() -> None:
    """The key of the whole server may end what belongs to no tenant yet."""
    async with real(list_lag=(0.0, 0.0, 0.0)) as each:
        _, answer = await each.post("/calls/originate", {"from": "101", "to": OUTSIDE, "domain": DOMAIN})
        await until(each.sim.truth)
        headers = {"X-API-Key": each.sim.global_key}
        status, _ = await each.post(f"/calls/{answer['uuid']}/hangup", headers=headers)
        assert status == 200
        assert each.sim.truth() == []


async def test_rows_of_a_real_switch() -> None:
    """Ids of calls are empty until they are bridged, phones have addresses, and a resumed leg is active."""
    async with real(list_lag=(0.0, 0.0, 0.0)) as each:
        call = await each.sim.ring(CALLER, "101")
        caller, phone = await each.legs()
        assert (caller["call_uuid"], phone["call_uuid"]) == ("", caller["uuid"])
        assert (phone["accountcode"], phone["context"]) == ("", DOMAIN)
        assert phone["name"].startswith("sofia/internal/101@192.0.2.15:")
        await each.sim.answer(call, "101")
        assert {row["call_uuid"] for row in await each.legs()} == {caller["uuid"]}
        await each.sim.hold(call, "101")
        await each.sim.resume(call, "101")
        caller, phone = await each.legs()
        assert (caller["callstate"], phone["callstate"]) == ("ACTIVE", "ACTIVE")
        assert (caller["application"], phone["accountcode"]) == ("playback", DOMAIN)
        each.sim.bare_call_uuids = True
        await each.sim.ring("+493023125998", "102")
        assert {row["call_uuid"] for row in (await each.legs())[2:]} == {""}


async def test_record_is_written_later() -> None:
    """A record is there seconds after the end of its call."""
    async with box(record_delay=(5.0, 5.0)) as each:
        call = await each.sim.ring(CALLER, "101")
        await each.sim.hang_up(call)
        assert (await each.get("/cdr", params={"domain": DOMAIN}))["total"] == 0
        each.clock.now += 5
        assert (await each.get("/cdr", params={"domain": DOMAIN}))["total"] == 1
        status, _ = await each.ask("GET", f"/cdr/{call}")
        assert status == 200
