"""A VoIPstudio account that says what a test wants, and clients of it."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

from custom_components.pbx.providers.voipstudio import payload
from custom_components.pbx.providers.voipstudio.provider import VoipstudioProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState
from tests.simulators.voipstudio import VoipstudioSimulator

GRACE = "447911123456"


OTHER = "447911123457"


DDI = "441632960500"


SHOWN = f"+{DDI}"


CANARY = "0c5ec7e7ca9a7ab1ec5ec7e7ca9a7ab1ec5ec7e7"


RINGING, TALKING, HELD, ENDED, DIALING = (
    CallState.RINGING,
    CallState.TALKING,
    CallState.ON_HOLD,
    CallState.ENDED,
    CallState.DIALING,
)


BOOK = payload.book(
    [
        {"id": 10002, "ext": "1002", "first_name": "John", "last_name": "Smith", "email": "john@example.com"},
        {"id": 10003, "ext": "1003", "first_name": "Mary", "last_name": "Major"},
        {"id": 10004, "ext": ""},
        {"ext": "1009"},
    ],
    complete=True,
    country="GB",
    queues={"80892": "601"},
)


INCOMING: Mapping[str, object] = {
    "id": 4278003532,
    "state": "CONNECTED",
    "start_time": 1778517353,
    "connected_at": 1778517361,
    "context": "LOCAL_USER",
    "destination": "in",
    "clid": f'"{GRACE}" <{GRACE}>',
    "src": GRACE,
    "src_id": "0",
    "src_name": f'"{GRACE}" <{GRACE}>',
    "dst": DDI,
    "dst_id": "10002",
    "dst_name": "John Smith",
    "parent_id": None,
}


CDR: Mapping[str, object] = {
    "id": 912345678, "live_id": 4278003532, "parent_live_id": None, "root_live_id": 4278003532, "is_root": True,
    "type": "I", "calldate": "2026-05-11 16:35:53", "src": GRACE, "src_id": "0", "src_name": GRACE,
    "dst": DDI, "dst_id": "10002", "dst_name": "John Smith", "duration": 51, "billsec": 42,
    "disposition": "CONNECTED", "destination": "in", "context": "LOCAL_USER", "t_cause": "Normal Clearing",
    "labels": ["vip", None, 3],
}  # fmt: skip


HANGUP: Mapping[str, object] = {
    "id": "uk003.608920d55f7ac3.77053295",
    "event_time": "2026-04-28 08:46:13",
    "event_name": "call.hangup",
    "call_id": 139543232,
    "state": "HANGUP",
    "connected_at": "2026-04-28 08:46:02",
    "start_time": "2026-04-28 08:45:55",
    "context": "LOCAL_USER",
    "destination": "in",
    "duration": 11,
    "t_cause": "Normal Clearing",
    "src": GRACE,
    "src_id": "0",
    "src_name": f'"{GRACE}" <{GRACE}>',
    "dst": DDI,
    "dst_id": "10002",
    "dst_name": "John Smith",
    "terminated_by": "caller",
}


def pushed(
    body: object, provider: VoipstudioProvider | None = None, authorization: str | None = None
) -> tuple[m.Pushed, ...]:
    """Parse a webhook body."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = m.PushRequest(
        method="POST", query={}, content_type="application/json", body=raw, authorization=authorization
    )
    return (provider or deaf_provider()).parse(request)


def deaf_provider(**settings: object) -> VoipstudioProvider:
    """Make a provider that has no network and knows the users of BOOK."""
    provider = VoipstudioProvider(None, {"country": "GB", **settings})  # type: ignore[arg-type]
    provider.book = BOOK
    return provider


def read_push(body: bytes, book: payload.Book) -> tuple[m.Pushed, ...]:
    """Read a webhook body for an account that has heard of no call yet."""
    provider = deaf_provider()
    provider.book = book
    return pushed(body, provider)


type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def client(sim: VoipstudioSimulator, session: aiohttp.ClientSession, **settings: object) -> VoipstudioProvider:
    """Talk to the simulated account with the administrator's key, as fast as it goes."""
    provider = VoipstudioProvider(session, {"url": sim.url, "api_key": sim.api_key, "country": "GB", **settings})
    provider.http.budget.set_limits([])
    return provider


@dataclass
class Stub:
    """A server that answers exactly what a test wants."""

    url: str = ""
    answers: dict[tuple[str, str], list[Handler]] = field(default_factory=dict)
    seen: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)

    def on(self, method: str, path: str, *bodies: object, status: int = 200) -> None:
        """Answer these bodies one after the other, the last one for ever."""
        self.answers[method, path] = [answering(body, status) for body in bodies]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer."""
        path = request.path.removeprefix("/v1.2/voipstudio/")
        self.seen.append((request.method, path, dict(request.headers)))
        handlers = self.answers.get((request.method, path), [answering({"message": "Not Found"}, 404)])
        return await (handlers.pop(0) if len(handlers) > 1 else handlers[0])(request)

    def paths(self) -> list[str]:
        """Tell what was asked."""
        return [f"{method} {path}" for method, path, _ in self.seen]


def answering(body: object, status: int) -> Handler:
    """Return what answers a body with a status."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        if isinstance(body, bytes):
            return web.Response(body=body, status=status)
        return web.json_response(body, status=status)

    return answer


def stubbed(stub: Stub, session: aiohttp.ClientSession, **settings: object) -> VoipstudioProvider:
    """Talk to the stub, as fast as it goes."""
    provider = VoipstudioProvider(session, {"url": stub.url, "api_key": CANARY, "country": "GB", **settings})
    provider.http.budget.set_limits([])
    return provider


ME: Mapping[str, object] = {
    "id": 10002,
    "email": "john@example.com",
    "first_name": "John",
    "last_name": "Smith",
    "customer_id": 2,
    "sip_password": "SIP-SECRET",
}
