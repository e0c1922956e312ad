"""The simulated VOIP@ Cloud does what the contract says: what the integration leaves alone."""

from typing import Any

import pytest

from .voipat_bench import DOMAIN, NOBODY, Box

pytestmark = pytest.mark.usefixtures("socket_enabled")


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
