"""VOIP@ Cloud's page *REST API Documentation* as a server: a Bearer token, JSON, six status codes.

The page names only some paths; the others are those of the reference that it links to. Every
request without the key, or without `Content-Type: application/json`, is refused, as it says.
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from .page import Page

BASE = "/pbxapi"
DOMAIN = "pbx.example.com"
COMMANDS = frozenset({"hangup", "hold", "unhold", "hold/toggle", "mute", "unmute", "transfer", "dtmf"})
CDR_QUERY = frozenset({"domain", "start_date", "end_date", "direction", "extension", "search", "limit", "offset"})
MOST_RECORDS = 1000


class VoipatPage(Page):
    """A bridge that speaks exactly as the page says."""

    def __init__(self) -> None:
        """Start with two extensions, no call, and the switch connected."""
        super().__init__()
        self.api_key = "fpx_0123456789abcdef"
        self.switch_connected = True
        self.extensions = {
            number: {
                "extension": number,
                "effective_caller_id_name": name,
                "effective_caller_id_number": number,
                "enabled": "true",
            }
            for number, name in (("101", "Anna"), ("102", "Boris"))
        }
        self.channels: dict[str, dict[str, Any]] = {}
        self.records: list[dict[str, Any]] = []
        self.posted: list[tuple[str, Mapping[str, Any]]] = []
        self.counts = False  # whether more than the plan are refused
        self.plan = 60  # requests a minute
        self.minute = 60.0  # seconds; a test that has less time makes it shorter
        self.reset: float | None = None  # until when all is refused, as a timestamp
        self.tells_reset = True
        self.writes_reset: Callable[[float], str] = lambda at: str(int(at))
        self.answered: list[float] = []  # when
        self.too_many = 0

    @property
    def in_this_minute(self) -> int:
        """Return how many requests were answered within the last minute."""
        since = time.monotonic() - self.minute
        return sum(at > since for at in self.answered)

    @property
    def most_in_a_minute(self) -> int:
        """Return how many requests were answered in the busiest minute so far."""
        return max(
            (sum(at <= other < at + self.minute for other in self.answered) for at in self.answered),
            default=0,
        )

    def ring(self, extension: str, number: str, *, held: bool = False) -> str:
        """Let an extension talk with somebody outside, or hold; return the channel's UUID."""
        uuid = f"00000000-0000-4000-8000-{len(self.channels):012}"
        other = f"10000000-0000-4000-8000-{len(self.channels):012}"
        shared = {
            "callstate": "HELD" if held else "ACTIVE",
            "cid_num": number,
            "cid_name": "",
            "dest": extension,
            "context": DOMAIN,
            "accountcode": DOMAIN,
            "call_uuid": other,
            "created_epoch": "1790000000",
        }
        self.channels[other] = {
            **shared,
            "uuid": other,
            "direction": "inbound",
            "name": "sofia/external/carrier",
            "presence_id": "",
        }
        self.channels[uuid] = {
            **shared,
            "uuid": uuid,
            "direction": "outbound",
            "name": f"sofia/internal/{extension}@{DOMAIN}",
            "presence_id": f"{extension}@{DOMAIN}",
        }
        return uuid

    async def answer(self, request: web.Request, text: str) -> web.StreamResponse:
        """Answer a request, or refuse it with one of the page's codes."""
        spent = self.counts and self.in_this_minute >= self.plan
        if spent or (self.reset is not None and time.time() < self.reset):
            self.too_many += 1
            return self._say(429, {"error": "Too Many Requests"})
        self.answered.append(time.monotonic())
        if request.headers.get("Authorization") != f"Bearer {self.api_key}":
            return self._say(401, {"error": "Unauthorized"})
        if request.headers.get("Content-Type") != "application/json":
            return self._say(400, {"error": "Content-Type must be application/json"})
        if not request.path.startswith(f"{BASE}/"):
            return self._say(404, {"error": "Not found"})
        path = request.path.removeprefix(f"{BASE}/")
        if request.method == "GET":
            status, answer = self._get(path, dict(request.query))
        else:
            status, answer = self._post(path, text)
        return self._say(status, answer)

    def _say(self, status: int, answer: Mapping[str, Any]) -> web.Response:
        """Answer with the rate limit in the headers."""
        headers = {
            "X-RateLimit-Limit": str(self.plan),
            "X-RateLimit-Remaining": str(max(0, self.plan - self.in_this_minute) if self.counts else self.plan - 1),
        }
        if self.tells_reset:
            headers["X-RateLimit-Reset"] = self.writes_reset(self.reset or time.time() + self.minute)
        return web.json_response(answer, status=status, headers=headers)

    def _get(self, path: str, query: Mapping[str, str]) -> tuple[int, Mapping[str, Any]]:
        """Answer what is asked for."""
        if path.startswith("calls/") and not self.switch_connected:
            return 503, {"error": "ESL not connected to FreeSWITCH"}
        simple: dict[str, Mapping[str, Any]] = {
            "status": {"status": "ok", "version": "1.0"},
            "domains": {"domains": [{"domain_name": DOMAIN, "domain_enabled": "true"}]},
            "extensions": {"extensions": list(self.extensions.values())},
            "calls/active": {"calls": list(self.channels.values())},
            "calls/channels": {"channels": list(self.channels.values())},
            "cdr/stats/summary": {"stats": {"total_calls": 3, "answered": 2, "missed": 1, "avg_duration": 40}},
        }
        if path in simple:
            return 200, simple[path]
        if path == "cdr":
            if set(query) - CDR_QUERY or int(query.get("limit", "1")) > MOST_RECORDS:
                return 400, {"error": "Bad request"}
            return 200, {"records": self.records, "total": len(self.records)}
        folder, _, name = path.rpartition("/")
        known = {"extensions": self.extensions, "calls/channels": self.channels}.get(folder, {})
        if name not in known:
            return 404, {"error": "Not found"}
        return 200, {folder.removeprefix("calls/").removesuffix("s"): known[name]}

    def _post(self, path: str, text: str) -> tuple[int, Mapping[str, Any]]:
        """Carry a command out."""
        body: dict[str, Any] = json.loads(text) if text else {}
        if path != "calls/originate" and not re.match(r"calls/[0-9a-f-]{36}/", path):
            return 404, {"error": "Not found"}
        if not self.switch_connected:
            return 503, {"error": "ESL not connected to FreeSWITCH"}
        if path == "calls/originate":
            if not {"from", "to", "domain"} <= set(body):
                return 400, {"error": "from, to and domain are required"}
        else:
            _, uuid, command = path.split("/", 2)
            if command not in COMMANDS or uuid not in self.channels:
                return 404, {"error": "Channel not found"}
        self.posted.append((path, body))
        return 200, {"success": True, "message": "done"}
