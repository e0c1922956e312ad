"""A VoIPSUN PBX that says what a test wants, and clients of it."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp import web

from custom_components.pbx.providers.voipsun.provider import VoipsunProvider
from custom_components.pbx.telephony import models as m

USER, PASSWORD = "api-canary", "p&w/canary +1"


PIN = "0417"


OK = {"success": "true"}


PEERS = [
    {"user": "sip100", "host": "192.0.2.1", "status": "OK", "useragent": "T46S", "regcontact": "sip:sip100@192.0.2.1"},
    {"user": "sip101", "host": "192.0.2.2", "status": "OK", "useragent": "T46S", "regcontact": "sip:sip101@192.0.2.2"},
]


NAMES = {"sip100": {"number": "100", "name": "Anna", "public": ["222333444"]}, "sip101": {"number": "101"}}


CALLS = [
    {"channelName": "SIP/trunk-0000000a", "src": "777123456", "dst": "222333444", "duration": "6", "status": "Up"},
    {"channelName": "SIP/sip101-0000000b", "src": "777123456", "dst": "101", "duration": "5", "status": "Up"},
]


AGENT = m.UserAgent(id="a0", name="novak", number="1000", pin=PIN, extension="100")


QUEUE = m.UserQueue(id="q0", name="podpora")


def no(errno: object = "120", reason: object = "No") -> dict[str, object]:
    """Write a refusal."""
    return {"success": "false", "errno": errno, "reason": reason}


class Box:
    """A phone system that answers what the test says, and remembers what it was asked."""

    def __init__(self) -> None:
        """Answer two empty lists and agree to everything."""
        self.answers: dict[str, object] = {"listcalls": [], "sipstatus": PEERS}
        self.status = 200
        self.headers: dict[str, str] = {}
        self.drop: set[str] = set()
        self.queries: list[dict[str, str]] = []
        self.methods: set[str] = set()
        self.busy = 0
        self.most_busy = 0
        self.port = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        self.methods.add(request.method)
        self.queries.append(dict(request.query))
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        await asyncio.sleep(0)
        self.busy -= 1
        action = request.query.get("action", "")
        if action in self.drop:
            assert request.transport is not None
            request.transport.abort()
        answer = self.answers.get(action, OK)
        if callable(answer):
            answer = answer(request.query)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return web.Response(status=self.status, headers=self.headers, body=body, content_type="text/html")

    def sent(self, action: str) -> list[dict[str, str]]:
        """List what an action was sent with, without the credentials."""
        return [
            {key: value for key, value in query.items() if key not in {"username", "password", "action"}}
            for query in self.queries
            if query.get("action") == action
        ]


def make(session: aiohttp.ClientSession, **more: object) -> VoipsunProvider:
    """Make a provider."""
    return VoipsunProvider(session, {"username": USER, "password": PASSWORD, "country": "CZ", **more})


async def live(client: VoipsunProvider, box: Box) -> m.Call:
    """Let a call be up: a caller from outside talks to 101."""
    box.answers["listcalls"] = CALLS
    calls = await client.calls()
    assert calls is not None
    return calls[0]


type Run = Callable[[VoipsunProvider], Any]
