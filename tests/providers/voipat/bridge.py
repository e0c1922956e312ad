"""A VOIP@ bridge that says what a test wants, and clients of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from custom_components.pbx.providers.http import RateLimit
from custom_components.pbx.providers.voipat.provider import VoipatProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState
from tests.simulators.voipat import Profile, VoipatSimulator

OUTSIDE, OTHER = "+390612345678", "+390698765432"


CANARY = "CanaryKey4f9c1e7d"


UUID = "aaaaaaaa-0000-4000-8000-aaaaaaaaaaaa"


DOMAIN = "pbx.example.com"


DIALING, RINGING, TALKING, ON_HOLD = CallState.DIALING, CallState.RINGING, CallState.TALKING, CallState.ON_HOLD


PYTHON, NODE, DOCS = Profile.PYTHON, Profile.NODE, Profile.DOCS


both = pytest.mark.parametrize("profile", [PYTHON, NODE])


every = pytest.mark.parametrize("profile", [PYTHON, NODE, DOCS])


type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def unlimited(provider: VoipatProvider) -> VoipatProvider:
    """Let a test ask as often as it likes."""
    provider.http.budget.set_limits((RateLimit(requests=100_000, seconds=1),))
    return provider


def client(sim: VoipatSimulator, session: aiohttp.ClientSession, **settings: object) -> VoipatProvider:
    """Talk to the simulated phone system with a user's key."""
    typed = {"url": sim.url, "api_key": sim.api_key, "domain": sim.domain, "country": "IT", **settings}
    return unlimited(VoipatProvider(session, typed))


async def only(provider: VoipatProvider) -> m.Call:
    """Give the one call that is up."""
    (call,) = await provider.calls()
    return call


async def talking(provider: VoipatProvider, sim: VoipatSimulator) -> tuple[str, m.CallRef]:
    """Let an outside caller talk to 101; give the call as a target of commands."""
    call_id = await sim.ring(OUTSIDE, "101")
    await sim.answer(call_id, "101")
    return call_id, m.CallRef(call=await only(provider), extension="101")


@dataclass
class Stub:
    """A server that answers what a test wants; paths are below the base."""

    url: str = ""
    answers: dict[tuple[str, str], list[Handler]] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)

    def on(
        self, method: str, path: str, *bodies: object, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        """Give these answers one after the other, the last for ever: JSON, or text."""
        self.answers[method, path] = [answering(body, status, headers) for body in bodies]

    def count(self, path: str) -> int:
        """Count the requests to a path."""
        return sum(1 for _, seen in self.seen if seen == path)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer."""
        path = request.path.removeprefix("/pbxapi")
        self.seen.append((request.method, path))
        self.headers.append(request.headers)
        handlers = self.answers.get((request.method, path))
        if not handlers:
            return web.json_response({"detail": "Not Found"}, status=404)
        return await (handlers.pop(0) if len(handlers) > 1 else handlers[0])(request)


def answering(body: object, status: int, headers: Mapping[str, str] | None) -> Handler:
    """Make a handler for one answer."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        if isinstance(body, web.StreamResponse):
            return body
        if isinstance(body, str):
            return web.Response(status=status, text=body, headers=headers)
        return web.json_response(body, status=status, headers=headers)

    return answer


async def hang(_request: web.Request) -> web.StreamResponse:
    """Drop the connection without an answer."""
    if _request.transport is not None:
        _request.transport.abort()
    return web.Response()


def stubbed(stub: Stub, session: aiohttp.ClientSession, **settings: object) -> VoipatProvider:
    """Talk to the stub."""
    return unlimited(
        VoipatProvider(session, {"url": stub.url, "api_key": CANARY, "domain": DOMAIN, "country": "IT", **settings})
    )


def node(stub: Stub, *, domain: str = DOMAIN, admin: bool = False) -> None:
    """Turn the stub into a Node server."""
    stub.on("GET", "/auth/verify", {"valid": True, "user": {"admin": admin}, "domain": domain})


def by_token(stub: Stub, *tokens: str) -> None:
    """Let the stub take nothing but the newest of these tokens."""
    stub.on("POST", "/auth/token", *({"token": token, "expires_in": "24h"} for token in tokens))
    current: dict[str, str] = {}
    given = iter(tokens)

    async def exchange(_request: web.Request) -> web.StreamResponse:
        current["token"] = next(given)
        return web.json_response({"token": current["token"]})

    stub.answers["POST", "/auth/token"] = [exchange]
    for method, path in list(stub.answers):
        if path in {"/status", "/auth/token", "/status/detailed"}:
            continue
        inner = stub.answers[method, path][0]

        async def guarded(request: web.Request, inner: Handler = inner) -> web.StreamResponse:
            if request.headers.get("Authorization") != f"Bearer {current.get('token', '?')}":
                return web.json_response({"detail": "Invalid or expired token"}, status=401)
            return await inner(request)

        stub.answers[method, path] = [guarded]
    stub.current = current  # type: ignore[attr-defined]


def a_call(*legs: tuple[str, str | None], state: CallState = TALKING, **fields: Any) -> m.Call:
    """Make a call with legs."""
    made = tuple(m.Leg(id=leg_id, state=state, extension=extension) for leg_id, extension in legs)
    return m.Call(id=legs[0][0], state=state, legs=made, **fields)
