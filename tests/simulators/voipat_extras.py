"""VOIP@ Cloud, contract sections 5.9 to 5.12, 8.3, 8.6 and 9: what the integration leaves alone or cannot use."""

from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from .voipat_bridge import Bridge
from .voipat_engine import Extension
from .voipat_rows import domain_uuid
from .voipat_wire import ApiKey, Field, Identity, error, iso, node_invalid, read_body, sign

SHORTEST_TOKEN = 32
PREFIX = 12
TICKET_FIELDS = (
    Field(name="domain", required=True, message="domain is required"),
    Field(name="subject", required=True, message="subject is required"),
)


class Extras(Bridge):
    """API keys, tickets, provisioning, and the pages of the browser widget."""

    # -- API keys, Node only (5.9) ------------------------------------------------------------------

    async def post_key(self, request: web.Request) -> web.Response:
        """Make a key; the only answer with 201."""
        self._only(request, here=not self.python)
        identity = self._identify(request)
        fields = (
            Field(name="username", required=True, message="username is required"),
            Field(name="domain", required=True, message="domain is required"),
        )
        body = await read_body(self, request, fields)
        if not identity.admin and (body["domain"] != identity.domain or body.get("is_admin")):
            raise error(self, 403, "Access denied")
        expires = body.get("expires_at")
        try:
            until = None if expires is None else datetime.fromisoformat(str(expires)).timestamp()
        except ValueError:
            raise node_invalid(("expires_at", "Invalid value")) from None
        known = {each.name.lower().replace(" ", ".") for each in self.engine.extensions.values()}
        if body["username"] not in known:
            raise error(self, 404, "User not found")
        key = ApiKey(
            uuid=self.engine.new_uuid(),
            plain=f"fpx_{self.rng.getrandbits(256):064x}",
            domain=body["domain"],
            username=body["username"],
            created=self.clock(),
            description=str(body.get("description") or ""),
            admin=bool(body.get("is_admin")),
            expires=until,
        )
        self.keys.append(key)
        warning = "Store this key now; it is not shown again."
        return web.json_response({"plain_key": key.plain, "key": _key_row(key), "warning": warning}, status=201)

    async def get_keys(self, request: web.Request) -> web.Response:
        """List the keys of one's own domain."""
        self._only(request, here=not self.python)
        identity = self._identify(request)
        domain = identity.domain or request.query.get("domain")
        rows = [
            _key_row(key) | {"last_used_at": None if key.last_used is None else iso(key.last_used)}
            for key in self.keys
            if domain in (None, key.domain)
        ]
        return web.json_response({"keys": rows, "count": len(rows)})

    async def patch_key(self, request: web.Request) -> web.Response:
        """Enable or disable a key."""
        self._only(request, here=not self.python)
        key = self._own_key(self._identify(request), request)
        body = await read_body(self, request, (Field(name="enabled", kind=bool),))
        if not isinstance(body.get("enabled"), bool):
            raise node_invalid(("enabled", "Invalid value"))
        key.enabled = body["enabled"]
        return web.json_response({"success": True, "enabled": key.enabled})

    async def delete_key(self, request: web.Request) -> web.Response:
        """Revoke a key; Node's cache may honour it for a while."""
        self._only(request, here=not self.python)
        self.keys.remove(self._own_key(self._identify(request), request))
        return web.json_response({"success": True, "message": "API key revoked"})

    def _own_key(self, identity: Identity, request: web.Request) -> ApiKey:
        for key in self.keys:
            if key.uuid == request.match_info["uuid"] and identity.domain in (None, key.domain):
                return key
        raise error(self, 404, "API key not found or not accessible")

    # -- tickets, Node only (5.12) ------------------------------------------------------------------

    async def post_ticket(self, request: web.Request) -> web.Response:
        """Open a ticket."""
        self._only(request, here=self.node)
        self._identify(request)
        body = await read_body(self, request, TICKET_FIELDS)
        if body["domain"] not in (self.domain, self.foreign_domain, self.similar_domain):
            raise error(self, 400, "domain_not_found")
        ticket = {
            "ticket_uuid": self.engine.new_uuid(),
            "ticket_number": f"TKT-{len(self.tickets) + 1:05d}",
            "domain_name": body["domain"],
            "subject": body["subject"],
            "priority": body.get("priority", "normal"),
            "status": "open",
            "replies": [],
        }
        self.tickets.append(ticket)
        answer = {key: ticket[key] for key in ("ticket_uuid", "ticket_number")}
        return web.json_response({"status": "success"} | answer)

    async def get_tickets(self, request: web.Request) -> web.Response:
        """List tickets."""
        self._only(request, here=self.node)
        self._identify(request)
        domain = request.query.get("domain")
        if not domain:
            raise node_invalid(("domain", "domain is required"))
        rows = [_ticket_row(ticket) for ticket in self.tickets if ticket["domain_name"] == domain]
        return web.json_response({"tickets": rows, "count": len(rows), "limit": 100, "offset": 0})

    async def get_ticket(self, request: web.Request) -> web.Response:
        """Give one ticket."""
        ticket = self._ticket(request)
        return web.json_response({"ticket": _ticket_row(ticket), "replies": ticket["replies"], "attachments": []})

    async def post_reply(self, request: web.Request) -> web.Response:
        """Reply to a ticket that is open."""
        ticket = self._ticket(request)
        fields = (Field(name="reply_text", required=True, message="reply_text is required"),)
        body = await read_body(self, request, fields)
        if ticket["status"] == "closed":
            raise error(self, 400, "ticket_closed")
        uuid = self.engine.new_uuid()
        ticket["replies"].append({"reply_uuid": uuid, "reply_text": body["reply_text"]})
        return web.json_response({"status": "success", "reply_uuid": uuid})

    async def get_ticket_updates(self, request: web.Request) -> web.Response:
        """Never tell anything."""
        self._only(request, here=self.node)
        self._identify(request)
        return web.json_response({"updates": [], "timestamp": iso(self.clock())})

    def _ticket(self, request: web.Request) -> dict[str, Any]:
        self._only(request, here=self.node)
        self._identify(request)
        for ticket in self.tickets:
            if ticket["ticket_uuid"] == request.match_info["uuid"]:
                return ticket
        raise error(self, 404, "not_found")

    # -- provisioning, Python only (5.11) -----------------------------------------------------------

    async def post_provision(self, request: web.Request) -> web.Response:
        """Make a link whose token is signed but readable, with the SIP password in it."""
        self._only(request, here=self.python)
        identity = self._identify(request)
        fields = (
            Field(name="extension", required=True),
            Field(name="domain", required=True),
            Field(name="expires_hours", kind=int),
        )
        body = await read_body(self, request, fields)
        domain = identity.domain or body["domain"]
        phone = self.engine.extensions.get((domain, body["extension"]))
        if phone is None:
            raise error(self, 404, "Extension not found")
        if not phone.password:
            raise error(self, 422, "Extension has no SIP password")
        until = self.clock() + 3600 * int(body.get("expires_hours") or 48)
        claims = {"extension": phone.number, "domain": domain, "password": phone.password, "exp": int(until)}
        token = sign(claims, self.jwt_secret)
        return web.json_response(
            {
                "token": token,
                "url": f"https://voipat.com/provision?t={token}",
                "extension": phone.number,
                "display_name": phone.name,
                "expires_at": datetime.fromtimestamp(until, UTC).isoformat(),
            }
        )

    # -- pages of the PBX, not of the bridge (8.3, 8.6, 9) ------------------------------------------

    async def get_session(self, request: web.Request) -> web.Response:
        """Give a logged-in browser its configuration with clear SIP passwords."""
        if not self._logged_in(request):
            raise web.HTTPFound("/login.php")
        if not self.widget_permission:
            return web.json_response({"error": "access_denied"})
        phone = self._session_phone()
        return web.json_response(
            self._sip()
            | {
                "crm_url": self.crm_url,
                "crm_method": self.crm_method,
                "crm_login_url": self.crm_login_url,
                "crm_auto_login_url": self.crm_auto_login_url,
                "crm_agent_login_url": self.crm_agent_login_url,
                "crm_agent_logout_url": self.crm_agent_logout_url,
                "extensions": [
                    {
                        "extension_uuid": phone.uuid,
                        "extension": phone.number,
                        "password": phone.password,
                        "caller_id_name": phone.name,
                        "caller_id_number": phone.number,
                        "description": phone.description,
                    }
                ],
            }
        )

    async def get_login_page(self, request: web.Request) -> web.Response:
        """Show the login page."""
        del request
        return web.Response(text="<html><form><input name=username></form></html>", content_type="text/html")

    async def get_proxy(self, request: web.Request) -> web.Response:
        """Take an event from a browser and send the webhook; refusals are 200."""
        if not self._logged_in(request):
            return web.json_response({"error": "not_authenticated"})
        return web.json_response(await self.widgets.proxy(self._session_phone(), self.domain, request.query))

    async def click_to_dial(self, request: web.Request) -> web.Response:
        """Hand SIP credentials to a visitor's browser."""
        asker = request.headers.get("Origin", "*")
        cors = {
            "Access-Control-Allow-Origin": asker,
            "Access-Control-Allow-Methods": "GET, OPTIONS",
            "Access-Control-Allow-Headers": "Content-Type, X-CTD-Token",
            "Access-Control-Max-Age": "86400",
        }
        if request.method == "OPTIONS":
            return web.Response(status=204, headers=cors)
        token = request.headers.get("X-CTD-Token") or request.query.get("token", "")
        if len(token) < SHORTEST_TOKEN:
            return web.json_response({"error": "invalid_token"}, status=401, headers=cors)
        if token != self.click_to_dial_token:
            return web.json_response({"error": "token_not_found"}, status=401, headers=cors)
        if self.click_to_dial_origins and not any(_allowed(asker, rule) for rule in self.click_to_dial_origins):
            return web.json_response({"error": "origin_not_allowed"}, status=403, headers=cors)
        phone = self.engine.extension(self.domain, self.click_to_dial_extension)
        looks = ("color", "position", "label", "shadow", "orientation", "style")
        answer = self._sip() | {
            "extension": phone.number,
            "password": phone.password,
            "caller_id_name": phone.name,
            "caller_id_number": phone.number,
            "destination_number": "101",
            "destinations": [{"label": "Reception", "number": "101"}],
            "departments": [],
            "lazy_registration": True,
            "show_dtmf": True,
            "ui": {f"button_{look}": "" for look in looks} | {"form_style": ""},
        }
        return web.json_response(answer, headers=cors)

    def _sip(self) -> dict[str, Any]:
        return {
            "domain": self.domain,
            "wss_port": "7443",
            "stun_server": "stun:stun.example.com:3478",
            "turn_server": "turn:turn.example.com:3478",
            "turn_username": "turn",
            "turn_password": self.turn_password,
        }

    def _logged_in(self, request: web.Request) -> bool:
        return request.cookies.get("PHPSESSID") == self.session_cookie

    def _session_phone(self) -> Extension:
        return self.engine.extension(self.domain, self.session_extension)

    async def get_api_docs(self, request: web.Request) -> web.Response:
        """Show the interactive reference where each server really has it."""
        wanted = ("/docs", "/openapi.json") if self.python else ("/api-docs", "/api-docs.json")
        if request.path not in wanted:
            raise self._unknown(request)
        if request.path.endswith(".json"):
            return web.json_response(
                {"openapi": "3.0.0", "info": {"title": "FusionPBX API Bridge", "version": "1.0.0"}}
            )
        return web.Response(text="<html><title>API</title></html>", content_type="text/html")


def _key_row(key: ApiKey) -> dict[str, Any]:
    return {
        "api_key_uuid": key.uuid,
        "domain_name": key.domain,
        "username": key.username,
        "key_prefix": key.plain[:PREFIX],
        "description": key.description or None,
        "is_admin": key.admin,
        "enabled": key.enabled,
        "created_at": iso(key.created),
        "expires_at": None if key.expires is None else iso(key.expires),
    }


def _ticket_row(ticket: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in ticket.items() if key != "replies"} | {
        "domain_uuid": domain_uuid(ticket["domain_name"])
    }


def _allowed(origin: str, rule: str) -> bool:
    if rule.startswith("*."):
        return origin.endswith(rule[1:])
    return rule in ("*", origin)
