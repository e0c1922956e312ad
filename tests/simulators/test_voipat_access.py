"""The simulated VOIP@ Cloud does what the contract says: its addresses, keys and tokens."""

import pytest

from .voipat import Esl, VoipatSimulator
from .voipat_bench import CRASHED, DOMAIN, UNAUTHORIZED, Box, box

pytestmark = pytest.mark.usefixtures("socket_enabled")

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
