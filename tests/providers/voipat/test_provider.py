"""The VOIP@ provider over real HTTP: against the simulated phone system, and against answers a test makes up."""

import asyncio
import json
import logging
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from custom_components.pbx.providers.http import RateLimit, Reply
from custom_components.pbx.providers.voipat import api as voipat_access
from custom_components.pbx.providers.voipat import extensions as voipat_extensions
from custom_components.pbx.providers.voipat import history as voipat_history
from custom_components.pbx.providers.voipat import provider as voipat
from custom_components.pbx.providers.voipat.api import bases, reason_of
from custom_components.pbx.providers.voipat.provider import VoipatProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    AuthError,
    BadPayloadError,
    ConnectError,
    InvalidInputError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    RefusedError,
    UnknownOutcomeError,
    UnsupportedError,
)
from custom_components.pbx.telephony.models import CallState, Capability, Direction, Outcome
from tests.simulators.base import FaultKind
from tests.simulators.voipat import Esl, Loopback, Profile, Registrations, VoipatSimulator

pytestmark = pytest.mark.usefixtures("socket_enabled")

OUTSIDE, OTHER = "+390612345678", "+390698765432"
CANARY = "CanaryKey4f9c1e7d"
UUID = "aaaaaaaa-0000-4000-8000-aaaaaaaaaaaa"
OTHER_UUID = "bbbbbbbb-0000-4000-8000-bbbbbbbbbbbb"
DOMAIN = "pbx.example.com"

DIALING, RINGING, TALKING, ON_HOLD = CallState.DIALING, CallState.RINGING, CallState.TALKING, CallState.ON_HOLD
PYTHON, NODE, DOCS = Profile.PYTHON, Profile.NODE, Profile.DOCS
both = pytest.mark.parametrize("profile", [PYTHON, NODE])
every = pytest.mark.parametrize("profile", [PYTHON, NODE, DOCS])

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Confirm a refused key without making anybody wait."""
    monkeypatch.setattr(voipat_access, "CONFIRM_AFTER", 0.02)


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Give a session."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def profile() -> Profile:
    """Talk to the Python server where a test does not choose."""
    return PYTHON


@pytest.fixture
async def sim(profile: Profile) -> AsyncIterator[VoipatSimulator]:
    """Start a phone system whose database has the column the Node server needs."""
    async with VoipatSimulator(profile=profile, disposition_column=True) as sim:
        yield sim


def unlimited(provider: VoipatProvider) -> VoipatProvider:
    """Let a test ask as often as it likes."""
    provider.http.budget.set_limits((RateLimit(requests=100_000, seconds=1),))
    return provider


def client(sim: VoipatSimulator, session: aiohttp.ClientSession, **settings: object) -> VoipatProvider:
    """Talk to the simulated phone system with a user's key."""
    typed = {"url": sim.url, "api_key": sim.api_key, "domain": sim.domain, "country": "IT", **settings}
    return unlimited(VoipatProvider(session, typed))


@pytest.fixture
async def provider(sim: VoipatSimulator, session: aiohttp.ClientSession) -> VoipatProvider:
    """Give a client that knows its account."""
    provider = client(sim, session, extensions=["101", "102 103", "104;105"])
    await provider.account()
    await provider.directory()
    sim.requests.clear()
    return provider


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


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    """Start a Python server with one domain and nothing else."""
    stub = Stub()
    stub.on("GET", "/status", {"status": "ok", "version": "1.0.0"})
    stub.on("GET", "/domains", {"domains": [{"domain_name": DOMAIN}], "count": 1})
    stub.on("GET", "/cdr", {"records": [], "total": 0})
    stub.on("GET", "/status/detailed", {"status": "ok", "services": {"database": {"connected": True}}})
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stub.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server = site._server  # noqa: SLF001
    assert isinstance(server, asyncio.Server)
    stub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield stub
    await runner.cleanup()


def stubbed(stub: Stub, session: aiohttp.ClientSession, **settings: object) -> VoipatProvider:
    """Talk to the stub."""
    return unlimited(
        VoipatProvider(session, {"url": stub.url, "api_key": CANARY, "domain": DOMAIN, "country": "IT", **settings})
    )


def node(stub: Stub, *, domain: str = DOMAIN, admin: bool = False) -> None:
    """Turn the stub into a Node server."""
    stub.on("GET", "/auth/verify", {"valid": True, "user": {"admin": admin}, "domain": domain})


# -- set-up ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("", ("https://mt.voipat.com/pbxapi",)),
        ("pbx.example.com", ("https://pbx.example.com/pbxapi", "https://pbx.example.com/api")),
        (" https://pbx.example.com/pbxapi/ ", ("https://pbx.example.com/pbxapi",)),
        ("https://pbx.example.com/x/pbxapi?a=b#c", ("https://pbx.example.com/x/pbxapi",)),
        ("http://192.0.2.1:3000", ("http://192.0.2.1:3000/api", "http://192.0.2.1:3000/pbxapi")),
        ("192.0.2.1:3000", ("http://192.0.2.1:3000/api", "http://192.0.2.1:3000/pbxapi")),
        ("192.0.2.1:8443", ("https://192.0.2.1:8443/pbxapi", "https://192.0.2.1:8443/api")),
        ("ftp://pbx.example.com", ()),
        ("https://", ()),
        ("https://[bad", ()),
        ("https://pbx.example.com:port", ()),
    ],
)
def test_addresses(address: str, expected: tuple[str, ...]) -> None:
    """A host is enough; whoever talks to the bridge directly needs another path."""
    assert bases(address) == expected


async def test_an_address_that_is_none(session: aiohttp.ClientSession) -> None:
    """It is refused before anything is sent."""
    with pytest.raises(InvalidInputError, match="url"):
        await VoipatProvider(session, {"url": "ftp://x", "api_key": CANARY}).account()
    with pytest.raises(InvalidInputError, match="api_key: required"):
        await VoipatProvider(session, {"url": "pbx.example.com"}).account()


@every
async def test_account(profile: Profile, sim: VoipatSimulator, session: aiohttp.ClientSession) -> None:
    """Both servers are told apart; the account is the domain, whatever the key."""
    provider = client(sim, session, url=sim.origin, domain=sim.domain.upper())
    account = await provider.account()
    assert (account.id, account.title) == (sim.domain, sim.domain)
    assert account.settings == {"url": sim.url, "domain": sim.domain, "auth": "key"}
    assert account.configuration_url == f"{sim.origin}/"
    assert account.model == f"FusionPBX ({'Node' if profile is not PYTHON else 'Python'} bridge)"
    assert account.version == ("1.0.1" if profile is DOCS else "1.0.0")
    assert provider.capabilities & Capability.GET_CALL_HISTORY
    assert not provider.capabilities & (Capability.MUTE | Capability.REGISTRATION)
    assert provider.capabilities in provider.possible
    assert {seen.headers.get("X-API-Key") for seen in sim.requests} == {None, sim.api_key}  # /status takes none
    assert all(key in provider.capabilities for key in provider.fields)


async def test_the_id_survives_a_new_key(sim: VoipatSimulator, session: aiohttp.ClientSession) -> None:
    """Another key of the same domain is the same account."""
    before = await client(sim, session).account()
    sim.api_key = "another"
    after = await client(sim, session).account()
    assert before.id == after.id


@pytest.mark.parametrize("direct", [True, False])
async def test_both_paths(direct: bool, sim: VoipatSimulator, session: aiohttp.ClientSession) -> None:  # noqa: FBT001
    """The published path and the direct one."""
    url = sim.direct_url if direct else sim.url
    account = await client(sim, session, url=url).account()
    assert account.settings["url"] == url


async def test_a_host_whose_path_is_the_other(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Where the usual path is not there, the direct one may be."""
    stub.on("GET", "/api/status", {"status": "ok"})
    for path in ("/domains", "/cdr"):
        stub.answers["GET", f"/api{path}"] = stub.answers["GET", path]
    del stub.answers["GET", "/status"]
    account = await stubbed(stub, session).account()
    assert account.settings["url"] == f"{stub.url}/api"


@pytest.mark.parametrize(("body", "status"), [("<html>", 200), ({}, 200), ("<html>", 502), ([], 404)])
async def test_an_address_without_a_bridge(
    body: object, status: int, stub: Stub, session: aiohttp.ClientSession
) -> None:
    """Another web site is no phone system."""
    stub.on("GET", "/status", body, status=status)
    with pytest.raises(ConnectError):
        await stubbed(stub, session).account()


@pytest.mark.parametrize(
    ("typed", "names", "own", "admin", "found"),
    [
        ("", [DOMAIN], None, False, DOMAIN),
        ("", [DOMAIN, "other.example.net"], None, False, "required"),
        ("", [], None, False, "required"),
        ("PBX.example.com", [DOMAIN, "other.example.net"], None, False, DOMAIN),
        ("third.example.net", [DOMAIN], None, False, "invalid_value"),
        ("", [DOMAIN, "other.example.net"], DOMAIN, False, DOMAIN),
        (DOMAIN, [DOMAIN, "other.example.net"], DOMAIN, False, DOMAIN),
        ("other.example.net", [DOMAIN, "other.example.net"], DOMAIN, False, "invalid_value"),
        ("other.example.net", [DOMAIN, "other.example.net"], DOMAIN, True, "other.example.net"),
    ],
)
async def test_domains(
    typed: str,
    names: list[str],
    own: str | None,
    admin: bool,  # noqa: FBT001
    found: str,
    stub: Stub,
    session: aiohttp.ClientSession,
) -> None:
    """The key's own domain is found; Node shows all, and still only the own one is taken."""
    stub.on("GET", "/domains", {"domains": [*({"domain_name": name} for name in names), {}, None]})
    if own:
        node(stub, domain=own, admin=admin)
    provider = stubbed(stub, session, domain=typed)
    if "." in found:
        assert (await provider.account()).title == found
    else:
        with pytest.raises(InvalidInputError) as caught:
            await provider.account()
        assert (caught.value.field, caught.value.problem) == ("domain", found)


@pytest.mark.parametrize(
    ("path", "status"), [("/auth/verify", 500), ("/auth/verify", 502), ("/domains", 500), ("/domains", 503)]
)
async def test_set_up_while_something_is_down(
    path: str, status: int, stub: Stub, session: aiohttp.ClientSession
) -> None:
    """A server in trouble is no wrong key."""
    stub.on("GET", path, "Internal Server Error", status=status)
    with pytest.raises(ConnectError):
        await stubbed(stub, session).account()


@both
async def test_a_wrong_key(profile: Profile, sim: VoipatSimulator, session: aiohttp.ClientSession) -> None:
    """It is certain after a second try and a try for a token."""
    with pytest.raises(AuthError):
        await client(sim, session, api_key=CANARY).account()
    assert len(sim.seen("/auth/token")) >= 1
    assert len(sim.seen("/auth/verify" if profile is NODE else "/domains")) >= 2


@both
async def test_a_key_that_is_refused_once(
    profile: Profile, sim: VoipatSimulator, session: aiohttp.ClientSession
) -> None:
    """A lone 401 says nothing."""
    sim.auth_flap = 1
    account = await client(sim, session).account()
    assert account.settings["auth"] == "key"
    assert profile in {PYTHON, NODE}


@both
async def test_a_database_that_is_down(profile: Profile, sim: VoipatSimulator, session: aiohttp.ClientSession) -> None:
    """Node says "Invalid API key" then; only the health tells the difference."""
    sim.database = False
    with pytest.raises(ConnectError):
        await client(sim, session).account()
    assert profile in {PYTHON, NODE}


async def test_polls_and_refused_keys(provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """The first refusal is a failed poll, the second, later, is certain; in between all is forgotten."""
    sim.auth_flap = 1
    with pytest.raises(ConnectError):
        await provider.calls()
    assert await provider.calls() == ()
    sim.api_key = "rotated"
    for _ in range(2):
        with pytest.raises(ConnectError):
            await provider.calls()
    await asyncio.sleep(0.03)
    with pytest.raises(AuthError):
        await provider.calls()


# -- tokens ------------------------------------------------------------------------------------------


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


async def test_a_server_that_takes_only_tokens(stub: Stub, session: aiohttp.ClientSession) -> None:
    """The key is exchanged, and again when the token is no longer taken; commands too are carried out once."""
    stub.on("GET", "/calls/channels", {"channels": [], "count": 0})
    stub.on("POST", f"/calls/{UUID}/unmute", {"success": True})
    by_token(stub, "one", "two", "three", "four")
    provider = stubbed(stub, session)
    account = await provider.account()
    assert account.settings["auth"] == "token"
    assert await provider.calls() == ()
    assert stub.count("/auth/token") == 1
    stub.current["token"] = "expired"  # type: ignore[attr-defined]
    assert await provider.calls() == ()
    assert stub.count("/auth/token") == 2
    stub.current["token"] = "expired"  # type: ignore[attr-defined]
    call = m.Call(id=UUID, state=TALKING, legs=(m.Leg(id=UUID, state=TALKING, extension="101"),))
    await provider.unmute(m.CallRef(call=call))
    assert stub.count("/auth/token") == 3
    again = stubbed(stub, session, auth="token")
    await again.account()
    assert stub.count("/auth/token") == 4
    assert all("X-API-Key" not in headers for headers in stub.headers[-3:])


async def test_the_documented_token_exchange(session: aiohttp.ClientSession) -> None:
    """The Node server exchanges a user's key."""
    async with VoipatSimulator(profile=NODE, disposition_column=True) as sim:
        account = await client(sim, session, auth="token").account()
        assert account.settings["auth"] == "token"
        assert any("Authorization" in seen.headers for seen in sim.requests)


async def test_an_entry_whose_server_takes_tokens_no_more(sim: VoipatSimulator, session: aiohttp.ClientSession) -> None:
    """The Python server exchanges no user's key, and takes the key itself."""
    account = await client(sim, session, auth="token").account()
    assert account.settings["auth"] == "key"


@pytest.mark.parametrize(("body", "status"), [({"token": ""}, 200), ("<html>", 200), ("", 500), ({}, 400)])
async def test_an_exchange_without_a_token(
    body: object, status: int, stub: Stub, session: aiohttp.ClientSession
) -> None:
    """What is no token is none."""
    stub.on("POST", "/auth/token", body, status=status)
    provider = stubbed(stub, session, auth="token")
    with pytest.raises(ConnectError):
        await provider.calls()


# -- limits ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("plan", "headers", "limits"),
    [
        ("", {}, voipat_access.STANDARD),
        ("enterprise", {}, voipat_access.ENTERPRISE),
        ("", {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "45"}, None),
        ("", {"X-RateLimit-Limit": "300"}, voipat_access.ENTERPRISE),
        ("", {"X-RateLimit-Limit": "10000"}, voipat_access.ENTERPRISE),
        ("", {"RateLimit-Policy": "200;w=60", "RateLimit-Limit": "200"}, None),
        ("", {"RateLimit-Policy": "30;w=60"}, (RateLimit(requests=30, seconds=60), voipat_access.STANDARD[1])),
        ("", {"RateLimit-Policy": "3;w=60"}, None),
        ("", {"X-RateLimit-Limit": "lots", "RateLimit-Policy": "x"}, None),
    ],
)
async def test_plans(
    plan: str,
    headers: Mapping[str, str],
    limits: tuple[RateLimit, ...] | None,
    stub: Stub,
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The documented plan, the one chosen, or the one the headers tell."""
    stub.on("GET", "/calls/channels", {"channels": []}, headers=headers)
    kept: list[tuple[RateLimit, ...]] = []
    monkeypatch.setattr(
        "custom_components.pbx.providers.http.Budget.set_limits", lambda _self, limits: kept.append(limits)
    )
    settings = {"url": stub.url, "api_key": CANARY, "domain": DOMAIN, "rate_plan": plan}
    provider = VoipatProvider(session, settings)
    monkeypatch.undo()
    provider.http.budget.set_limits((RateLimit(requests=1000, seconds=1),))
    monkeypatch.setattr(provider.http.budget, "set_limits", kept.append)
    before = len(kept)
    await provider.calls()
    await provider.calls()
    if headers:
        assert kept[before:] == ([limits] if limits else [])
    else:
        assert kept[-1] == limits


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7),
        ({"RateLimit-Reset": "11"}, 11),
        ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT", "RateLimit-Reset": "11"}, 11),
        ({"X-RateLimit-Reset": "13"}, 13),
        ({}, None),
    ],
)
async def test_too_many_requests(
    headers: Mapping[str, str], wait: float | None, stub: Stub, session: aiohttp.ClientSession
) -> None:
    """The wait is told in several ways; a 429 never is a wrong key, and pauses the polls only."""
    stub.on("GET", "/calls/channels", {"error": "Too many requests"}, status=429, headers=headers)
    provider = stubbed(stub, session)
    with pytest.raises(RateLimitError) as caught:
        await provider.calls()
    assert caught.value.retry_after == wait
    with pytest.raises(RateLimitError):
        await provider.calls()
    assert stub.count("/calls/channels") == 1
    await provider.account()


async def test_a_reset_told_as_the_time_of_day(stub: Stub, session: aiohttp.ClientSession) -> None:
    """The documented header is an epoch."""
    headers = {"X-RateLimit-Reset": str(int(time.time()) + 40)}
    stub.on("GET", "/calls/channels", {}, status=429, headers=headers)
    with pytest.raises(RateLimitError) as caught:
        await stubbed(stub, session).calls()
    assert caught.value.retry_after is not None
    assert 30 < caught.value.retry_after <= 40


async def test_the_last_request_of_a_window(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Polls pause before the server says no."""
    headers = {"RateLimit-Remaining": "0", "RateLimit-Reset": "9"}
    stub.on("GET", "/calls/channels", {"channels": []}, headers=headers)
    provider = stubbed(stub, session)
    await provider.calls()
    with pytest.raises(RateLimitError):
        await provider.calls()
    assert 8 < provider.http.budget.paused_for <= 9


@every
async def test_the_simulated_limits(profile: Profile, sim: VoipatSimulator, session: aiohttp.ClientSession) -> None:
    """A 429 of each server is understood."""
    provider = client(sim, session)
    await provider.account()
    sim.throttle, sim.throttle_retry_after = 1, 5
    with pytest.raises(RateLimitError) as caught:
        await provider.calls()
    assert caught.value.retry_after == 5
    assert profile in {PYTHON, NODE, DOCS}


# -- directory ---------------------------------------------------------------------------------------


async def test_extensions_of_node(session: aiohttp.ClientSession) -> None:
    """Node lists them, with names, and without anybody's password."""
    async with VoipatSimulator(profile=NODE) as sim:
        provider = client(sim, session)
        await provider.account()
        directory = await provider.directory()
        assert directory.extensions is not None
        assert [extension.number for extension in directory.extensions] == ["101", "102", "103", "104", "105"]
        assert directory.extensions[0].name == "Anna Keller"
        assert directory.extensions[0].outbound_numbers[0].number == "+493023125101"
        assert (directory.agents, directory.queues) == (None, None)
        assert not any(secret in repr(directory) for secret in sim.secrets)
        await provider.directory()
        assert len(sim.seen("/extensions/registrations")) == 1


async def test_extensions_that_cannot_be_listed(sim: VoipatSimulator, session: aiohttp.ClientSession) -> None:
    """The typed ones are asked for one by one, and those that took part in calls are learned."""
    provider = client(sim, session, extensions="101, 102;999\n101")
    await provider.account()
    directory = await provider.directory()
    assert directory.extensions is not None
    assert [(known.number, known.name) for known in directory.extensions] == [
        ("101", "Anna Keller"),
        ("102", "Luca Rossi"),
    ]
    call_id = await sim.ring(OUTSIDE, "103")
    await provider.calls()
    await sim.hang_up(call_id)
    directory = await provider.directory()
    assert directory.extensions is not None
    assert [(known.number, known.name) for known in directory.extensions][-1] == ("103", "Sofie Jansen")
    assert len(sim.seen("/extensions/101")) == 1  # asked for once


async def test_an_extension_that_cannot_be_asked_for(stub: Stub, session: aiohttp.ClientSession) -> None:
    """It stays: a person typed it, or it made a call."""
    stub.on("GET", "/extensions", "Internal Server Error", status=500)
    stub.on("GET", "/extensions/101", "Internal Server Error", status=500)
    stub.on("GET", "/extensions/102", {"extension": {"extension": "1102", "number_alias": "102"}})
    stub.on("GET", "/extensions/103", {"extension": None})
    provider = stubbed(stub, session, extensions=["101", "102", "103", "*bad*", 7])
    directory = await provider.directory()
    assert directory.extensions == tuple(m.Extension(number=number) for number in ("101", "102", "103"))


async def test_many_extensions_are_asked_for_bit_by_bit(stub: Stub, session: aiohttp.ClientSession) -> None:
    """A long list must not eat the budget at once."""
    stub.on("GET", "/extensions", "", status=500)
    for number in range(101, 151):
        stub.on("GET", f"/extensions/{number}", {"extension": {"extension": str(number)}})
    provider = stubbed(stub, session, extensions=" ".join(map(str, range(101, 151))))
    directory = await provider.directory()
    assert directory.extensions is not None
    assert len(directory.extensions) == 50
    assert sum(1 for _, path in stub.seen if path.startswith("/extensions/1")) == voipat_extensions.PROBES


async def test_a_list_that_breaks_later(sim: VoipatSimulator, session: aiohttp.ClientSession) -> None:
    """What was known is kept."""
    sim.extensions_broken = False
    provider = client(sim, session)
    directory = await provider.directory()
    assert directory.extensions is not None
    assert len(directory.extensions) == 5
    sim.extensions_broken = True
    assert (await provider.directory()).extensions is None


@pytest.mark.parametrize(("status", "variant"), [(502, PYTHON), (403, PYTHON), (500, NODE)])
async def test_a_directory_that_cannot_be_read(
    status: int, variant: Profile, stub: Stub, session: aiohttp.ClientSession
) -> None:
    """Trouble that passes is no empty directory."""
    if variant is NODE:
        node(stub)
    provider = stubbed(stub, session)
    await provider.account()
    stub.on("GET", "/extensions", {"error": "x"}, status=status)
    with pytest.raises(ConnectError):
        await provider.directory()
    stub.on("GET", "/extensions", {"extensions": None})
    with pytest.raises(ConnectError):
        await provider.directory()


@pytest.mark.parametrize("style", [Registrations.LIST, Registrations.ROWS, Registrations.DATA, Registrations.NESTED])
async def test_registrations_should_they_ever_work(
    style: Registrations, sim: VoipatSimulator, session: aiohttp.ClientSession
) -> None:
    """Then the capability is there."""
    sim.registrations, sim.extensions_broken = style, False
    sim.unregister("102")
    provider = client(sim, session)
    await provider.account()
    directory = await provider.directory()
    assert directory.extensions is not None
    registered = {known.number: known.registered for known in directory.extensions}
    assert (registered["101"], registered["102"]) == (True, False)
    assert Capability.REGISTRATION in provider.capabilities


async def test_registrations_that_fail_for_once(stub: Stub, session: aiohttp.ClientSession) -> None:
    """They are asked for again; a no is asked for once."""
    stub.on("GET", "/extensions", {"extensions": [{"extension": "101"}]})
    stub.on("GET", "/extensions/registrations", "<html>", {"registrations": [{"user": "101"}]}, {"message": "no"})
    provider = stubbed(stub, session)
    assert (await provider.directory()).extensions == (m.Extension(number="101"),)
    assert (await provider.directory()).extensions == (m.Extension(number="101", registered=True),)
    for _ in range(2):
        assert (await provider.directory()).extensions == (m.Extension(number="101"),)
    assert stub.count("/extensions/registrations") == 3


# -- calls -------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("known", [True, False])
async def test_the_life_of_a_call(
    profile: Profile,
    known: bool,  # noqa: FBT001
    sim: VoipatSimulator,
    session: aiohttp.ClientSession,
) -> None:
    """What the poll says is what is true, from the first ring to the end."""
    sim.foreign_tenant_rows = True
    provider = client(sim, session)
    await provider.account()
    if known:
        await provider.directory()
    call_id = await sim.ring(OUTSIDE, "101", "102", name="Grace")

    async def agrees() -> m.Call:
        call, (truth,) = await only(provider), sim.truth()
        assert (call.direction, call.state) == (truth.direction, truth.state)
        assert call.caller.number == truth.caller
        legs = {leg.extension: leg.state.value for leg in call.legs if leg.extension}
        assert legs == {leg.extension: leg.state for leg in truth.legs if leg.extension}
        return call

    assert (await agrees()).caller.name == "Grace"
    await sim.answer(call_id, "102")
    assert (await agrees()).answered_by == "102"
    await sim.hold(call_id, "102")
    assert (await agrees()).state is ON_HOLD
    await sim.resume(call_id, "102")
    assert (await agrees()).state is TALKING
    await sim.transfer(call_id, "102", "103")
    assert (await agrees()).id == call_id
    await sim.answer(call_id, "103")
    await agrees()
    await sim.hang_up(call_id)
    assert await provider.calls() == ()
    assert profile in {PYTHON, NODE}


@both
@pytest.mark.parametrize(("number", "direction"), [(OTHER, Direction.OUTGOING), ("103", Direction.INTERNAL)])
async def test_dialled_calls(
    number: str, direction: Direction, profile: Profile, provider: VoipatProvider, sim: VoipatSimulator
) -> None:
    """Outgoing and internal calls."""
    call_id = await sim.dial("101", number)
    call = await only(provider)
    assert (call.id, call.direction, call.callee.number, call.caller.number) == (call_id, direction, number, "101")
    await sim.answer(call_id)
    call = await only(provider)
    assert (call.state, {leg.state for leg in call.legs}) == (TALKING, {TALKING})
    assert profile in {PYTHON, NODE}


@pytest.mark.parametrize("rows", ["original", "early", "old", "trunk"])
@both
async def test_other_builds_of_the_switch(
    rows: str, profile: Profile, provider: VoipatProvider, sim: VoipatSimulator
) -> None:
    """Columns differ, early media ring too."""
    sim.old_columns, sim.early_media, sim.trunk_accountcode = rows == "old", rows == "early", rows == "trunk"
    await sim.ring(OUTSIDE, "101")
    call = await only(provider)
    assert (call.state, call.direction, call.extensions) == (RINGING, Direction.INCOMING, ("101",))
    assert profile in {PYTHON, NODE}


@both
async def test_calls_that_are_not_routed_yet(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """A call that rings nobody yet is no ringing extension."""
    sim.ring_at_once = False
    call_id = await sim.ring(OUTSIDE, "101")
    assert all(call.state is not RINGING for call in await provider.calls())
    await sim.route(call_id)
    assert (await only(provider)).state is RINGING
    assert profile in {PYTHON, NODE}


@pytest.mark.parametrize("loopback", list(Loopback))
@pytest.mark.parametrize("splits", [True, False])
async def test_the_life_of_an_originated_call(
    loopback: Loopback,
    splits: bool,  # noqa: FBT001
    provider: VoipatProvider,
    sim: VoipatSimulator,
) -> None:
    """It dials until the far party answers, and it is one call all the time."""
    sim.loopback, sim.loopback_splits = loopback, splits
    placed = await provider.originate(m.Originate(extension="101", number=OTHER))
    assert placed.call_id is not None
    expected = [(DIALING, 1), (DIALING, 2), (TALKING, 2)]
    for state, legs in expected:
        call = await only(provider)
        assert (call.id, call.direction, call.state) == (placed.call_id, Direction.OUTGOING, state)
        assert (call.caller.number, call.callee.number, len(call.legs)) == ("101", OTHER, legs)
        assert call.extensions == ("101",)
        if state is not TALKING:
            await sim.answer(placed.call_id, "101" if legs == 1 else "")
    await provider.hangup(m.CallRef(call=await only(provider)))
    assert await provider.calls() == ()


@both
async def test_a_queue(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """A machine's answer is nobody's."""
    call_id = await sim.greet(OUTSIDE, application="callcenter")
    assert (await only(provider)).state is RINGING
    await sim.distribute(call_id, "101", "102")
    call = await only(provider)
    assert (call.state, call.extensions) == (RINGING, ("101", "102"))
    await sim.answer(call_id, "102")
    assert (await only(provider)).answered_by == "102"
    assert profile in {PYTHON, NODE}


ROUGH: list[tuple[FaultKind, dict[str, Any]]] = [
    (FaultKind.STATUS, {"status": 500}),
    (FaultKind.STATUS, {"status": 503}),
    (FaultKind.STATUS, {"status": 404}),
    (FaultKind.STATUS, {"status": 403}),
    (FaultKind.HTML, {"status": 502}),
    (FaultKind.HTML, {"status": 200}),
    (FaultKind.TRUNCATED, {}),
    (FaultKind.EMPTY, {}),
    (FaultKind.RESET_MID_BODY, {}),
]


@both
@pytest.mark.parametrize(("kind", "plan"), ROUGH)
async def test_a_list_that_cannot_be_read_is_no_empty_list(
    kind: FaultKind, plan: dict[str, Any], profile: Profile, provider: VoipatProvider, sim: VoipatSimulator
) -> None:
    """Whatever goes wrong, calls are not said to be over."""
    await sim.ring(OUTSIDE, "101")
    sim.fault(kind, path="/calls/channels", **plan)
    with pytest.raises(ConnectError):
        await provider.calls()
    assert len(await provider.calls()) == 1
    assert profile in {PYTHON, NODE}


@both
async def test_the_switch_is_away(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """Without FreeSWITCH nothing is known, and nothing is done."""
    _, target = await talking(provider, sim)
    await sim.set_esl(Esl.DOWN)
    with pytest.raises(ConnectError):
        await provider.calls()
    for command in (
        provider.hangup(target),
        provider.hold(target),
        provider.unmute(target),
        provider.send_dtmf(target, "1"),
        provider.originate(m.Originate(extension="102", number=OTHER)),
    ):
        with pytest.raises(ConnectError) as caught:
            await command
        assert not isinstance(caught.value, UnknownOutcomeError)
    await sim.set_esl(Esl.CONNECTED)
    assert len(await provider.calls()) == 1
    assert profile in {PYTHON, NODE}


async def test_a_bridge_that_hangs(
    provider: VoipatProvider, sim: VoipatSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list times out, a command's outcome is not known."""
    _, target = await talking(provider, sim)
    monkeypatch.setattr(voipat_access, "SECONDS", 0.1)
    monkeypatch.setattr(voipat, "MARGIN", -4.9)
    sim.bridge_hang = True
    with pytest.raises(ConnectError):
        await provider.calls()
    with pytest.raises(UnknownOutcomeError):
        await provider.hangup(target)
    placed = await provider.originate(m.Originate(extension="102", number=OTHER, ring_timeout=5))
    assert placed == m.Placed(outcome=m.PlacedOutcome.UNKNOWN)
    await sim.restart_bridge()


async def test_a_glitch_is_an_empty_list(provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """It cannot be told from the truth: two such lists are asked for."""
    call_id = await sim.ring(OUTSIDE, "101")
    before = await only(provider)
    sim.empty_list_glitch = 1
    assert await provider.calls() == ()
    assert (await only(provider)).id == before.id == call_id
    assert provider.complete_after == 2


async def test_a_provider_that_does_not_know_its_domain(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Then nothing is known about calls."""
    stub.on("GET", "/calls/channels", {"channels": []})
    with pytest.raises(ConnectError):
        await stubbed(stub, session, domain="").calls()


async def test_what_is_remembered_is_bounded(
    sim: VoipatSimulator, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old legs and placed calls are forgotten."""
    monkeypatch.setattr(voipat, "MOST_REMEMBERED", 1)
    monkeypatch.setattr(voipat_extensions, "MOST_LEARNED", 1)
    provider = client(sim, session)
    await provider.account()
    for number in ("101", "102"):
        placed = await provider.originate(m.Originate(extension=number, number=OTHER))
        assert placed.call_id
    assert len(await provider.calls()) == 2
    assert len(sim.placed) == 2


# -- pushes ------------------------------------------------------------------------------------------


def push(method: str, query: str = "", body: bytes = b"") -> m.PushRequest:
    """Make a webhook request."""
    pairs = dict(part.split("=", 1) for part in query.split("&") if part)
    return m.PushRequest(method=method, query=pairs, content_type="application/json", body=body)


def test_parse() -> None:
    """Requests of other methods are silence, bodies of nothing are none."""
    provider = VoipatProvider(None, {"domain": DOMAIN, "api_key": CANARY})  # type: ignore[arg-type]
    assert provider.parse(push("HEAD")) == ()
    (pushed,) = provider.parse(push("GET", "event=new_call&call_id=a&extension=101&caller_id=102"))
    assert isinstance(pushed, m.LegPush)
    assert pushed.direction is Direction.INTERNAL
    with pytest.raises(BadPayloadError):
        provider.parse(push("POST", body=b"nothing"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://ha.example/api/webhook/x", "https://ha.example/api/webhook/x?"),
        ("https://h/x?a=b", "https://h/x?a=b&"),
    ],
)
def test_urls_to_paste(url: str, expected: str) -> None:
    """All three settings take the same URL, with every placeholder."""
    provider = VoipatProvider(None, {"api_key": CANARY})  # type: ignore[arg-type]
    urls = provider.urls_to_paste(url)
    assert list(urls) == ["crm_url", "crm_agent_login_url", "crm_agent_logout_url"]
    query = (
        "event={event}&caller_id={caller_id}&caller_name={caller_name}&destination={destination}&direction={direction}"
        "&duration={duration}&extension={extension}&call_id={call_id}&timestamp={timestamp}&domain={domain}"
    )
    assert set(urls.values()) == {expected + query}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("widget", ["proxy", "standalone"])
async def test_what_the_browsers_phone_sends(
    method: str, widget: str, provider: VoipatProvider, sim: VoipatSimulator
) -> None:
    """Real requests, from the first ring to the ghost of the hang-up, and the agent's button."""
    got: list[m.Pushed] = []

    async def receive(request: web.Request) -> web.Response:
        sent = m.PushRequest(
            method=request.method,
            query=dict(request.query),
            content_type=request.content_type,
            body=await request.read(),
        )
        got.extend(provider.parse(sent))
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/api/webhook/x", receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server = site._server  # noqa: SLF001
    assert isinstance(server, asyncio.Server)
    sim.widget = "proxy" if widget == "proxy" else "standalone"
    sim.connect_webhook(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/webhook/x", method)
    call_id = await sim.ring(OUTSIDE, "101", name="Jöhn Smith")
    await sim.answer(call_id, "101")
    await sim.hang_up(call_id, by="callee")
    await sim.toggle_agent("101")
    await sim.settle()
    kinds = [(type(one).__name__, getattr(one, "state", None) or getattr(one, "type", None)) for one in got]
    assert kinds == [
        ("LegPush", RINGING),
        ("LegPush", TALKING),
        ("LegPush", CallState.ENDED),
        ("Notice", m.EventType.AGENT_LOGGED_IN),
    ]
    ringing = got[0]
    assert isinstance(ringing, m.LegPush)
    assert (ringing.caller, ringing.extension) == (m.Party(number=OUTSIDE, name="Jöhn Smith"), "101")
    got.clear()
    placed = await provider.originate(m.Originate(extension="101", number=OTHER))
    assert placed.call_id
    await sim.answer(placed.call_id, "101")
    await sim.settle()
    assert [type(one) for one in got] == [m.CallHint, m.CallHint]
    await runner.cleanup()


async def listen(provider: VoipatProvider, until: int) -> list[m.Pushed]:
    """Hear so many messages."""
    heard: list[m.Pushed] = []
    stream = provider.stream()
    async for one in stream:
        heard.append(one)
        if len(heard) == until:
            break
    await stream.aclose()  # type: ignore[attr-defined]
    return heard


@both
async def test_the_socket(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """The first message says that it works, the others when to look; strangers are not heard."""
    stream = provider.stream()
    assert await anext(stream) == m.CallHint(provider_event="connected")
    await sim.foreign_call(similar=True)
    call_id = await sim.ring(OUTSIDE, "101")
    first = await asyncio.wait_for(anext(stream), 2)
    assert isinstance(first, m.CallHint)
    call = await only(provider)
    await sim.hang_up(call_id)
    hangups: list[m.CallHint] = []
    while not hangups:
        one = await asyncio.wait_for(anext(stream), 2)
        assert isinstance(one, m.CallHint)
        assert one.leg_id in {leg.id for leg in call.legs}
        if one.hangup_cause:
            hangups.append(one)
    assert (hangups[0].leg_id, hangups[0].hangup_cause) == (call_id, "ORIGINATOR_CANCEL")
    assert hangups[0].outcome is Outcome.MISSED
    await stream.aclose()  # type: ignore[attr-defined]
    assert profile in {PYTHON, NODE}


async def test_key_presses_on_the_socket(session: aiohttp.ClientSession) -> None:
    """A key press is told, and so is that the switch went away."""
    async with VoipatSimulator(profile=NODE) as sim:
        provider = client(sim, session)
        await provider.account()
        call_id, _ = await talking(provider, sim)
        stream = provider.stream()
        await anext(stream)
        await sim.press(call_id, "101", "5")
        hint = await asyncio.wait_for(anext(stream), 2)
        assert isinstance(hint, m.CallHint)
        assert hint.dtmf == ""  # which key it was is not in what the simulator passes on
        await sim.set_esl(Esl.DOWN)
        assert await asyncio.wait_for(anext(stream), 2) == m.CallHint(provider_event="system.status")
        await stream.aclose()  # type: ignore[attr-defined]


@both
async def test_a_socket_that_ends(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """It ends quietly; the next one is the caller's affair."""
    heard = []
    async for one in provider.stream():
        heard.append(one)
        await sim.restart_bridge()
    assert heard[0] == m.CallHint(provider_event="connected")
    assert profile in {PYTHON, NODE}


@both
async def test_a_socket_that_is_refused(profile: Profile, sim: VoipatSimulator, session: aiohttp.ClientSession) -> None:
    """A wrong key, or no socket at all, and nobody learns the key from it."""
    sim.key_cache_ttl = 0
    provider = client(sim, session)
    await provider.account()
    secret = sim.api_key
    sim.api_key = "fpx_rotated"
    with pytest.raises(ConnectError) as caught:
        await listen(provider, 1)
    assert secret not in "".join(traceback.format_exception(caught.value))
    sim.ws_enabled = False
    with pytest.raises(ConnectError) as caught:
        await listen(provider, 1)
    assert secret not in "".join(traceback.format_exception(caught.value))
    await sim.stop()
    with pytest.raises(ConnectError):
        await listen(provider, 1)
    assert profile in {PYTHON, NODE}


async def test_a_socket_with_a_token(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Where only tokens are taken, the socket gets a fresh one; what is no text is passed over."""
    asked: list[Mapping[str, str]] = []

    async def serve(request: web.Request) -> web.StreamResponse:
        asked.append(dict(request.query))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_bytes(b"binary")
        await socket.send_str("noise")
        await socket.send_json({"type": "system.status", "data": {"status": "connected"}})
        await socket.close()
        return socket

    stub.answers["GET", "/ws"] = [serve]
    by_token(stub, "one", "two")
    stub.answers["GET", "/ws"] = [serve]
    provider = stubbed(stub, session)
    await provider.account()
    heard = [one async for one in provider.stream()]
    assert heard == [m.CallHint(provider_event="connected"), m.CallHint(provider_event="system.status")]
    assert asked == [{"token": "two", "domain": DOMAIN}]


async def test_a_socket_while_polls_pause(stub: Stub, session: aiohttp.ClientSession) -> None:
    """A socket is a request like others."""
    provider = stubbed(stub, session)
    provider.http.budget.pause(60)
    with pytest.raises(RateLimitError):
        await listen(provider, 1)


# -- placing calls -----------------------------------------------------------------------------------


@both
async def test_originate(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """All fields arrive as the switch can take them; Node answers when the phone is picked up."""
    sim.auto_answer = 0.05
    request = m.Originate(
        extension="101",
        number="06 9876 5432",
        caller_id_number="06-5550 0000",
        caller_id_name="Büro, 'Süd' {1}",
        ring_timeout=5,
    )
    placed = await provider.originate(request)
    assert placed.outcome is m.PlacedOutcome.ACCEPTED
    (sent,) = sim.seen("/calls/originate", "POST")
    assert json.loads(sent.body) == {
        "from": "101",
        "to": OTHER,
        "domain": sim.domain,
        "timeout": 5,
        "callerId": "0655500000",
        "callerName": "Buro_Sud_1",
    }
    assert [(one.source, one.destination, one.call_id) for one in sim.placed] == [("101", OTHER, placed.call_id)]
    assert not sim.broken_commands
    assert (await provider.click_to_call(m.Originate(extension="102", number="*98"))).call_id
    assert json.loads(sim.seen("/calls/originate")[-1].body)["timeout"] == voipat.RING_TIMEOUT
    assert profile in {PYTHON, NODE}


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"number": "12,34"}, "number", "invalid_number"),
        ({"number": ""}, "number", "invalid_number"),
        ({"number": "1234567"}, "number", "invalid_number"),
        ({"extension": ""}, "extension", "required"),
        ({"extension": "1 {x}"}, "extension", "invalid_value"),
        ({"extension": "999"}, "extension", "unknown_extension"),
        ({"ring_timeout": 4}, "ring_timeout", "out_of_range"),
        ({"ring_timeout": 121}, "ring_timeout", "out_of_range"),
        ({"caller_id_number": "a b"}, "caller_id_number", "invalid_number"),
        ({"caller_id_name": "日本"}, "caller_id_name", "invalid_value"),
    ],
)
async def test_what_is_refused_before_it_is_sent(
    change: Mapping[str, Any], field: str, problem: str, provider: VoipatProvider, sim: VoipatSimulator
) -> None:
    """Nothing that breaks the switch's command, and no extension that does not exist."""
    request = replace(m.Originate(extension="101", number=OTHER), **change)
    if change == {"number": "1234567"}:
        request = replace(request, number="+12")
    with pytest.raises(InvalidInputError) as caught:
        await provider.originate(request)
    assert (caught.value.field, caught.value.problem) == (field, problem)
    assert caught.value.value == (change["extension"] if problem == "unknown_extension" else "")
    assert not sim.seen("/calls/originate")


async def test_an_extension_that_cannot_be_checked(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Whether it exists is the server's business then."""
    stub.on("GET", "/extensions/101", "Internal Server Error", status=500)
    stub.on("POST", "/calls/originate", {"message": "Call initiated"})
    assert await stubbed(stub, session).originate(m.Originate(extension="101", number=OTHER)) == m.Placed()


@pytest.mark.parametrize(("cause", "unregistered"), [("USER_NOT_REGISTERED", True), ("USER_BUSY", False)])
async def test_originate_that_fails_on_node(
    cause: str,
    unregistered: bool,  # noqa: FBT001
    session: aiohttp.ClientSession,
) -> None:
    """Node says why."""
    async with VoipatSimulator(profile=NODE) as sim:
        provider = client(sim, session)
        await provider.account()
        await provider.directory()
        if unregistered:
            sim.unregister("101")
        else:
            sim.do_not_disturb("101")
        with pytest.raises(RefusedError) as caught:
            await provider.originate(m.Originate(extension="101", number=OTHER))
        assert (caught.value.reason, caught.value.code) == (cause, "500")


async def test_node_lets_everybody_wait(session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a phone rings by API a list takes as long as the ringing; it is waited for, not given up."""
    monkeypatch.setattr(voipat_access, "SECONDS", 0.2)
    async with VoipatSimulator(profile=NODE, auto_answer=0.6) as sim:
        provider = client(sim, session)
        await provider.account()
        await provider.directory()
        placing = asyncio.create_task(provider.originate(m.Originate(extension="101", number="102")))
        await asyncio.sleep(0.1)
        call = await only(provider)
        assert call.direction is Direction.INTERNAL
        assert (await placing).call_id == call.id
        assert len(sim.placed) == 1


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"detail": "You can only originate calls within your domain"}, 403, RefusedError),
        ({"detail": "from, to, domain are required"}, 400, RefusedError),
        ({"detail": [{"type": "missing", "loc": ["body"], "msg": "Field required"}]}, 422, RefusedError),
        ({"error": "ESL not connected"}, 503, ConnectError),
        ("<html>", 503, ConnectError),
        ("", 307, ConnectError),
    ],
)
async def test_originate_that_is_refused(
    body: object, status: int, error: type[ProviderError], stub: Stub, session: aiohttp.ClientSession
) -> None:
    """Nothing was placed, for certain."""
    stub.on("GET", "/extensions/101", {"extension": {"extension": "101"}})
    stub.on("POST", "/calls/originate", body, status=status)
    with pytest.raises(error) as caught:
        await stubbed(stub, session).originate(m.Originate(extension="101", number=OTHER))
    assert type(caught.value) is error
    assert stub.count("/calls/originate") == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("<html>", 502),
        ("<html>", 504),
        ("Internal Server Error", 500),  # the bridge waited for the switch in vain
        ("<html>", 200),
        ("", 200),
    ],
)
async def test_originate_whose_outcome_is_not_known(
    body: object, status: int, stub: Stub, session: aiohttp.ClientSession
) -> None:
    """It is said so, and never tried again."""
    stub.on("GET", "/extensions/101", {"extension": {"extension": "101"}})
    stub.on("POST", "/calls/originate", body, status=status)
    placed = await stubbed(stub, session).originate(m.Originate(extension="101", number=OTHER))
    assert placed == m.Placed(outcome=m.PlacedOutcome.UNKNOWN)
    assert stub.count("/calls/originate") == 1


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.RESET_AFTER, FaultKind.RESET_MID_BODY])
async def test_a_connection_lost_while_placing(kind: FaultKind, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """One request, at most one call."""
    sim.fault(kind, path="/calls/originate")
    placed = await provider.originate(m.Originate(extension="101", number=OTHER))
    assert placed == m.Placed(outcome=m.PlacedOutcome.UNKNOWN)
    assert len(sim.seen("/calls/originate")) == 1
    assert len(sim.placed) == (0 if kind is FaultKind.RESET else 1)
    if sim.placed:
        call = await only(provider)
        assert (call.direction, call.state, call.caller.number) == (Direction.INTERNAL, DIALING, "101") or (
            call.direction,
            call.state,
        ) == (Direction.OUTGOING, DIALING)


# -- commands ----------------------------------------------------------------------------------------


@both
async def test_holding(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """The own leg is held; what is already so is not asked for."""
    _, target = await talking(provider, sim)
    await provider.hold(target)
    assert (await only(provider)).state is ON_HOLD
    await provider.hold(target)
    await provider.unhold(target)
    assert (await only(provider)).state is TALKING
    await provider.unhold(target)
    await provider.toggle_hold(replace(target, extension=None))
    assert (await only(provider)).legs_of("101")[0].state is ON_HOLD
    posts = [seen.path.rsplit("/calls/", 1)[1] for seen in sim.requests if seen.method == "POST"]
    own = target.call.legs_of("101")[0].id
    assert posts == [f"{own}/hold", f"{own}/unhold", f"{own}/hold/toggle"]
    assert profile in {PYTHON, NODE}


@both
async def test_holding_what_cannot_be_held(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """The switch would say yes to all of it."""
    call_id = await sim.ring(OUTSIDE, "101")
    target = m.CallRef(call=await only(provider), extension="101")
    for command in (provider.hold, provider.unhold, provider.toggle_hold):
        with pytest.raises(RefusedError):
            await command(target)
    await sim.hang_up(call_id)
    for command in (provider.hold, provider.unhold, provider.toggle_hold):
        with pytest.raises(NotFoundError):
            await command(target)
    assert not [seen for seen in sim.requests if seen.method == "POST"]
    assert profile in {PYTHON, NODE}


@both
async def test_hanging_up(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """An extension leaves a ringing group; without one the whole call ends; twice is once."""
    await sim.ring(OUTSIDE, "101", "102")
    call = await only(provider)
    await provider.hangup(m.CallRef(call=call, extension="101"), "call_rejected ")
    assert (await only(provider)).extensions == ("102",)
    (sent,) = sim.seen("/hangup", "POST")
    assert json.loads(sent.body) == {"cause": "CALL_REJECTED"}
    await provider.hangup(m.CallRef(call=call))
    assert await provider.calls() == ()
    await provider.hangup(m.CallRef(call=call))
    await provider.hangup(m.CallRef(call=call, extension="102"))
    with pytest.raises(InvalidInputError, match="cause"):
        await provider.hangup(m.CallRef(call=call), "normal clearing")
    assert profile in {PYTHON, NODE}


@both
async def test_transferring(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """The other party's leg is named; there is no attended transfer."""
    call_id, target = await talking(provider, sim)
    with pytest.raises(UnsupportedError) as caught:
        await provider.transfer(target, "102", m.TransferType.ATTENDED)
    assert (caught.value.command, caught.value.field) == ("transfer", "type")
    with pytest.raises(InvalidInputError):
        await provider.transfer(target, "x", m.TransferType.BLIND)
    await provider.transfer(target, "102", m.TransferType.BLIND)
    (sent,) = sim.seen("/transfer", "POST")
    assert sent.path.endswith(f"/calls/{call_id}/transfer")
    assert json.loads(sent.body) == {"destination": "102", "domain": sim.domain, "type": "blind"}
    call = await only(provider)
    assert (call.id, call.extensions) == (call_id, ("102",))
    assert profile in {PYTHON, NODE}


@both
async def test_key_presses(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """They go out towards the other party."""
    call_id, target = await talking(provider, sim)
    await provider.send_dtmf(target, " 12a# ")
    assert sim.dtmf_sent == [(call_id, "12A#")]
    for digits in ("", "12,3", "x", "1" * 129):
        with pytest.raises(InvalidInputError, match="digits"):
            await provider.send_dtmf(target, digits)
    assert profile in {PYTHON, NODE}


@both
async def test_unmuting(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """Unmute works; mute has no effect at the switch, so there is none."""
    _, target = await talking(provider, sim)
    await provider.unmute(target)
    (sent,) = sim.seen("/unmute", "POST")
    assert target.call.legs_of("101")[0].id in sent.path
    with pytest.raises(UnsupportedError):
        provider.check(Capability.MUTE)
    with pytest.raises(UnsupportedError):
        await provider.mute(target)
    assert profile in {PYTHON, NODE}


@pytest.mark.parametrize("key", ["user", "global"])
@both
async def test_a_call_that_is_over(
    key: str, profile: Profile, sim: VoipatSimulator, session: aiohttp.ClientSession
) -> None:
    """Each server says it in its own way: 403, a reason, or nothing at all."""
    provider = client(sim, session, api_key=sim.api_key if key == "user" else sim.global_key)
    await provider.account()
    call_id, target = await talking(provider, sim)
    await sim.hang_up(call_id)
    with pytest.raises(NotFoundError):
        await provider.unmute(target)
    with pytest.raises(NotFoundError):
        await provider.send_dtmf(target, "1")
    with pytest.raises(NotFoundError):
        await provider.transfer(target, "102", m.TransferType.BLIND)
    await provider.hangup(target)
    assert profile in {PYTHON, NODE}


def a_call(*legs: tuple[str, str | None], state: CallState = TALKING, **fields: Any) -> m.Call:
    """Make a call with legs."""
    made = tuple(m.Leg(id=leg_id, state=state, extension=extension) for leg_id, extension in legs)
    return m.Call(id=legs[0][0], state=state, legs=made, **fields)


@pytest.mark.parametrize(
    ("body", "status", "error", "reason"),
    [
        ({"error": "Operation failed"}, 500, RefusedError, "Operation failed"),
        ({"error": "No such channel!"}, 500, NotFoundError, "No such channel!"),
        ({"error": "Cannot locate session!"}, 500, NotFoundError, "Cannot locate session!"),
        ({"detail": "Channel not found in your domain"}, 403, NotFoundError, "Channel not found in your domain"),
        ("<html>", 403, RefusedError, "HTTP 403"),
        ({"detail": "Invalid UUID format"}, 400, RefusedError, "Invalid UUID format"),
        (
            {"error": "Validation failed", "details": [{"field": "uuid", "message": "Invalid value"}]},
            400,
            RefusedError,
            "Validation failed: Invalid value",
        ),
        ("Not Found", 404, RefusedError, "HTTP 404"),
        ("Internal Server Error", 500, RefusedError, "HTTP 500"),
        ({"error": "ESL not connected"}, 503, ConnectError, None),
        ("<html>", 502, UnknownOutcomeError, None),
        ("<html>", 504, UnknownOutcomeError, None),
        ("", 302, ConnectError, None),
    ],
)
async def test_every_answer_to_a_command(
    body: object,
    status: int,
    error: type[ProviderError],
    reason: str | None,
    stub: Stub,
    session: aiohttp.ClientSession,
) -> None:
    """What was refused, what is gone, and what nobody knows."""
    stub.on("POST", f"/calls/{UUID}/unmute", body, status=status)
    stub.on("GET", f"/calls/channels/{UUID}", {"channel": {"callstate": "ACTIVE"}})
    target = m.CallRef(call=a_call((UUID, "101")))
    with pytest.raises(error) as caught:
        await stubbed(stub, session).unmute(target)
    assert type(caught.value) is error
    if isinstance(caught.value, RefusedError):
        assert (caught.value.reason, caught.value.code) == (reason, str(status))
    assert stub.count(f"/calls/{UUID}/unmute") == 1


@pytest.mark.parametrize("status", [404, 500])
async def test_an_error_without_a_reason_for_a_leg_that_is_gone(
    status: int, stub: Stub, session: aiohttp.ClientSession
) -> None:
    """A look at the leg tells."""
    stub.on("POST", f"/calls/{UUID}/unmute", "Error", status=status)
    stub.on("POST", f"/calls/{UUID}/hangup", "Error", status=status)
    provider, target = stubbed(stub, session), m.CallRef(call=a_call((UUID, "101")))
    with pytest.raises(NotFoundError):
        await provider.unmute(target)
    await provider.hangup(target)


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.RESET_AFTER])
async def test_a_connection_lost_during_a_command(
    kind: FaultKind, provider: VoipatProvider, sim: VoipatSimulator
) -> None:
    """Nobody knows, and nobody tries again."""
    _, target = await talking(provider, sim)
    for command in (provider.unmute(target), provider.hangup(target)):
        sim.fault(kind, method="POST")
        with pytest.raises(UnknownOutcomeError):
            await command
    assert len([seen for seen in sim.requests if seen.method == "POST"]) == 2


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        ({"detail": "Channel not found"}, 404, NotFoundError),
        ({"detail": "Channel not found in your domain"}, 403, NotFoundError),
        ("Internal Server Error", 500, ConnectError),
        ({"channel": None}, 200, RefusedError),
        ({"channel": {"callstate": "RINGING"}}, 200, RefusedError),
        ("<html>", 200, ConnectError),
    ],
)
async def test_looking_before_holding(
    answer: object, status: int, error: type[ProviderError], stub: Stub, session: aiohttp.ClientSession
) -> None:
    """The look decides."""
    stub.on("GET", f"/calls/channels/{UUID}", answer, status=status)
    with pytest.raises(error) as caught:
        await stubbed(stub, session).hold(m.CallRef(call=a_call((UUID, "101"))))
    assert type(caught.value) is error
    assert stub.count(f"/calls/{UUID}/hold") == 0


# -- calls that only a webhook told of ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("caller", "extension", "found"),
    [
        (m.Party(number=OUTSIDE), "101", True),
        (m.Party(number="0612345678"), None, True),
        (m.Party(hidden=True), "101", True),
        (m.Party(number=OTHER), "101", False),
        (m.Party(number=OUTSIDE), "105", False),
    ],
)
async def test_a_call_known_by_push_only(
    caller: m.Party,
    extension: str | None,
    found: bool,  # noqa: FBT001
    provider: VoipatProvider,
    sim: VoipatSimulator,
) -> None:
    """It is looked for by extension and number."""
    call_id = await sim.ring(OUTSIDE, "101")
    await sim.answer(call_id, "101")
    legs = (m.Leg(id="7tqk3a1b2", state=TALKING, extension=extension or "101"),)
    call = m.Call(id="7tqk3a1b2", state=TALKING, direction=Direction.INCOMING, caller=caller, legs=legs)
    target = m.CallRef(call=call, extension=extension)
    if found:
        await provider.hold(target)
        assert (await only(provider)).state is ON_HOLD
    else:
        with pytest.raises(NotFoundError):
            await provider.hold(target)


async def test_two_calls_that_a_push_could_mean(provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """Then neither is touched; and a call without any leg cannot be looked for."""
    await sim.ring(OUTSIDE, "104")
    await sim.ring(OTHER, "104")
    legs = (m.Leg(id="7tqk3a1b2", state=TALKING, extension="104"),)
    call = m.Call(id="7tqk3a1b2", state=TALKING, direction=Direction.INCOMING, legs=legs)
    for unclear in (call, replace(call, legs=())):
        with pytest.raises(NotFoundError):
            await provider.hangup(m.CallRef(call=unclear))


async def test_a_pushed_call_that_was_polled_since(provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """Its legs have the switch's ids, whatever its own id is; an extension that joined is looked for."""
    call_id, target = await talking(provider, sim)
    known = replace(target.call, id="7tqk3a1b2")
    await provider.hold(m.CallRef(call=known, extension="101"))
    assert not sim.seen("/calls/channels", "GET")[-1].path.endswith("/channels")
    await provider.unhold(m.CallRef(call=known, extension="101"))
    await sim.transfer(call_id, "101", "102")
    await sim.answer(call_id, "102")
    await provider.hold(m.CallRef(call=known, extension="102"))
    assert (await only(provider)).state is ON_HOLD
    with pytest.raises(NotFoundError):
        await provider.hold(m.CallRef(call=known, extension="101"))
    await provider.hangup(m.CallRef(call=known, extension="101"))
    assert (await only(provider)).extensions == ("102",)


async def test_extensions_that_are_not_in_the_call(provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """There is nothing to hold, and nothing left to hang up."""
    call_id = await sim.greet(OUTSIDE)
    call = await only(provider)
    with pytest.raises(NotFoundError):
        await provider.hold(m.CallRef(call=call))
    await provider.hangup(m.CallRef(call=call, extension="101"))
    assert (await only(provider)).id == call_id
    await provider.hangup(m.CallRef(call=replace(call, id="7tqk3a1b2")))
    assert await provider.calls() == ()


async def test_ids_that_are_none_of_the_switchs(stub: Stub, session: aiohttp.ClientSession) -> None:
    """The documentation shows some; no command takes them."""
    row = {"uuid": "abc-123", "presence_id": f"101@{DOMAIN}", "callstate": "ACTIVE"}
    stub.on("GET", "/calls/channels", {"channels": [row]})
    provider = stubbed(stub, session)
    with pytest.raises(NotFoundError):
        await provider.hangup(m.CallRef(call=await only(provider), extension="101"))


async def test_the_other_party_of_a_call_that_was_alone(provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """A leg that came since is found; where there is nobody, nobody is transferred."""
    call_id = await sim.dial("101", OTHER)
    call = await only(provider)
    alone = replace(call, legs=call.legs_of("101"))
    await sim.answer(call_id)
    await provider.send_dtmf(m.CallRef(call=alone), "1")
    assert sim.dtmf_sent == [(call.legs[1].id, "1")]
    mailbox = a_call((UUID, "102"))
    with pytest.raises(NotFoundError):
        await provider.send_dtmf(m.CallRef(call=mailbox), "1")


# -- history -----------------------------------------------------------------------------------------


BEGIN = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


def at(hour: float) -> datetime:
    """Give a time between the records."""
    return BEGIN + timedelta(hours=hour)


async def fill(sim: VoipatSimulator) -> None:
    """Let calls have happened: one an hour, of every kind."""
    call_id = await sim.ring(OUTSIDE, "101", name="Grace Okafor")
    await sim.answer(call_id, "101")
    await sim.hang_up(call_id)
    template = sim.engine.records[0]
    sim.engine.records.clear()
    rows = [
        ("inbound", "390612345678", "Grace Okafor", "101", True),
        ("inbound", "390698765432", "Bob", "102", False),
        ("outbound", "101", "Anna", "0698765432", True),
        ("local", "101", "Anna", "102", True),
        ("inbound", "0612345678", "grace", "102", True),
    ]
    for hour, (direction, source, name, target, answered) in enumerate(rows):
        start = (BEGIN + timedelta(hours=hour)).timestamp()
        sim.add_record(
            replace(
                template,
                uuid=f"0000000{hour}-0000-4000-8000-000000000000",
                direction=direction,
                caller_number=source,
                caller_name=name,
                destination=target,
                start=start,
                answer=start + 5 if answered else None,
                end=start + 65,
                cause="NORMAL_CLEARING" if answered else "NO_ANSWER",
            )
        )


def hours(page: m.HistoryPage) -> list[int]:
    """Give the hours of the records found."""
    return [int((record.started_at - BEGIN).total_seconds()) // 3600 for record in page.records if record.started_at]


@both
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [4, 3, 2, 1, 0]),
        ({"limit": 2}, [4, 3]),
        ({"limit": 2, "offset": 1}, [3, 2]),
        ({"offset": 9}, []),
        ({"sort": m.Sort.OLDEST}, [0, 1, 2, 3, 4]),
        ({"sort": m.Sort.OLDEST, "limit": 2, "offset": 1}, [1, 2]),
        ({"start": at(1)}, [4, 3, 2, 1]),
        ({"end": at(1.5)}, [1, 0]),
        ({"start": at(0.5), "end": at(3.5)}, [3, 2, 1]),
        ({"start": at(0.5), "end": at(3.5), "limit": 1, "offset": 1}, [2]),
        ({"start": at(0.5), "end": at(3.5), "sort": m.Sort.OLDEST}, [1, 2, 3]),
        ({"start": at(10)}, []),
        ({"direction": Direction.INCOMING}, [4, 1, 0]),
        ({"direction": Direction.INTERNAL}, [3]),
        ({"direction": Direction.OUTGOING, "start": at(1)}, [2]),
        ({"extension": "102"}, [4, 3, 1]),
        ({"extension": "101", "direction": Direction.INCOMING}, [0]),
        ({"extension": "101", "start": at(1)}, [3, 2]),
        ({"number": OUTSIDE}, [4, 0]),
        ({"number": "06 1234 5678"}, [4, 0]),
        ({"number": OTHER, "start": at(1.5)}, [2]),
        ({"number": "102"}, [4, 3, 1]),
        ({"number": "102", "extension": "101"}, [3]),
        ({"number": "anonymous"}, []),
        ({"search": "GRACE"}, [4, 0]),
        ({"search": "grace", "start": at(1)}, [4]),
        ({"search": "0612"}, [4, 0]),
        ({"search": OUTSIDE}, [4, 0]),
        ({"search": "98765", "sort": m.Sort.OLDEST}, [1, 2]),
        ({"search": "nobody"}, []),
        ({"search": "0", "start": at(3.5)}, [4]),
        ({"record_id": "00000003-0000-4000-8000-000000000000"}, [3]),
        ({"call_id": "00000003-0000-4000-8000-000000000000"}, [3]),
        ({"call_id": "00000003-0000-4000-8000-000000000000", "offset": 1}, []),
        ({"record_id": "00000003-0000-4000-8000-000000000000", "direction": Direction.INCOMING}, []),
        ({"record_id": "00000003-0000-4000-8000-000000000000", "call_id": UUID}, []),
        ({"record_id": "00000003-0000-4000-8000-000000000000", "number": OUTSIDE}, []),
        ({"record_id": "00000003-0000-4000-8000-000000000000", "extension": "103"}, []),
        ({"record_id": "00000003-0000-4000-8000-000000000000", "end": at(1)}, []),
        ({"record_id": UUID}, []),
    ],
)
async def test_history(
    query: Mapping[str, Any],
    expected: list[int],
    profile: Profile,
    provider: VoipatProvider,
    sim: VoipatSimulator,
) -> None:
    """Every filter works on both servers, with and without dates."""
    await fill(sim)
    found = await provider.history(m.HistoryQuery(**query))
    if query == {"search": "0612"}:  # records hold numbers as they came: one with, one without the country's code
        assert set(hours(found)) <= set(expected)
    else:
        assert hours(found) == expected
    if not query:
        assert found.total == 5
        assert found.records[0].outcome is Outcome.ANSWERED
        assert found.records[3].outcome is Outcome.MISSED
    assert profile in {PYTHON, NODE}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"offset": -1}, "offset"),
        ({"record_id": "abc"}, "record_id"),
        ({"call_id": "7tqk3a1b2"}, "call_id"),
    ],
)
async def test_history_that_is_refused(query: Mapping[str, Any], field: str, provider: VoipatProvider) -> None:
    """Wrong input does not reach the server."""
    with pytest.raises(InvalidInputError, match=field):
        await provider.history(m.HistoryQuery(**query))


def cdr_row(number: int, start: datetime, **fields: object) -> dict[str, object]:
    """Make a record row."""
    uuid = f"{number:08d}-0000-4000-8000-000000000000"
    return {"xml_cdr_uuid": uuid, "start_stamp": start.isoformat(), "billsec": 1, "direction": "inbound", **fields}


def paged(stub: Stub, count: int, *, total: object = "x") -> None:
    """Let the stub have so many records, one a minute, the newest first."""

    async def page(request: web.Request) -> web.StreamResponse:
        offset, limit = int(request.query["offset"]), int(request.query["limit"])
        rows = [cdr_row(n, BEGIN - timedelta(minutes=n)) for n in range(offset, min(count, offset + limit))]
        return web.json_response({"records": rows, "total": total})

    stub.answers["GET", "/cdr"] = [page]


async def test_a_national_number_with_few_digits(stub: Stub, session: aiohttp.ClientSession) -> None:
    """It is the same number as its international form, however it was written down."""
    asked: list[str] = []

    async def page(request: web.Request) -> web.StreamResponse:
        asked.append(request.query["search"])
        numbers = ("030123456", "4930123456", "+49 30 123456", "0301123456")
        rows = [cdr_row(n, BEGIN, caller_id_number=number) for n, number in enumerate(numbers)]
        return web.json_response({"records": rows, "total": 4})

    stub.answers["GET", "/cdr"] = [page]
    provider = stubbed(stub, session, country="DE")
    for number in ("030 123456", "+4930123456"):
        assert len((await provider.history(m.HistoryQuery(number=number))).records) == 3
    assert asked == ["123456", "123456"]


async def test_history_reads_no_more_than_it_must(stub: Stub, session: aiohttp.ClientSession) -> None:
    """It stops where the dates do, and where there is enough."""
    paged(stub, 5000)
    provider = stubbed(stub, session)
    page = await provider.history(m.HistoryQuery(start=BEGIN - timedelta(minutes=3)))
    assert (len(page.records), page.total, stub.count("/cdr")) == (4, 4, 1)
    page = await provider.history(m.HistoryQuery(end=BEGIN - timedelta(minutes=3), limit=5))
    assert (len(page.records), page.total, stub.count("/cdr")) == (5, None, 2)
    page = await provider.history(m.HistoryQuery(start=BEGIN - timedelta(minutes=1500), limit=1, offset=1200))
    assert (len(page.records), stub.count("/cdr")) == (1, 4)


async def test_a_history_that_is_too_long(
    stub: Stub, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather than half the truth, it asks for a shorter period."""
    monkeypatch.setattr(voipat_history, "PAGES", 2)
    paged(stub, 5000)
    provider = stubbed(stub, session)
    with pytest.raises(RefusedError, match="narrow"):
        await provider.history(m.HistoryQuery(sort=m.Sort.OLDEST))
    with pytest.raises(RefusedError, match="narrow"):
        await provider.statistics(BEGIN - timedelta(days=30), None)


async def test_records_of_others_and_noise(stub: Stub, session: aiohttp.ClientSession) -> None:
    """They are passed over."""
    rows = [None, 7, cdr_row(1, BEGIN, domain_name="other.example.net"), cdr_row(2, BEGIN, domain_name=DOMAIN), {}]
    stub.on("GET", "/cdr", {"records": rows, "total": "5"})
    page = await stubbed(stub, session).history(m.HistoryQuery())
    assert (len(page.records), page.total) == (1, 5)


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"error": 'column "disposition" does not exist'}, 500, RefusedError),
        ("Internal Server Error", 500, RefusedError),
        ({"records": None}, 200, ConnectError),
        ("<html>", 200, ConnectError),
    ],
)
async def test_a_history_that_cannot_be_read(
    body: object, status: int, error: type[ProviderError], stub: Stub, session: aiohttp.ClientSession
) -> None:
    """The phone system's own reason is passed on."""
    stub.on("GET", "/cdr", body, status=status)
    with pytest.raises(error):
        await stubbed(stub, session).history(m.HistoryQuery(search="98765"))


@pytest.mark.parametrize(
    ("body", "status", "there"),
    [
        ({"error": 'column "disposition" does not exist'}, 500, False),
        ({"detail": "Not Found"}, 404, False),
        ("Internal Server Error", 500, True),
        ("<html>", 502, True),
        ({"records": []}, 200, True),
    ],
)
async def test_whether_there_is_a_history(
    body: object,
    status: int,
    there: bool,  # noqa: FBT001
    stub: Stub,
    session: aiohttp.ClientSession,
) -> None:
    """Node needs a column that FusionPBX never had; trouble that passes is no reason to do without."""
    stub.on("GET", "/cdr", body, status=status)
    provider = stubbed(stub, session)
    await provider.account()
    assert bool(provider.capabilities & Capability.GET_CALL_HISTORY) is there
    if not there:
        assert await provider.record_of(a_call((UUID, "101"))) is None
        assert stub.count(f"/cdr/{UUID}") == 0


async def test_a_history_whose_connection_breaks_at_set_up(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Set-up does not fail for it."""
    stub.answers["GET", "/cdr"] = [hang]
    provider = stubbed(stub, session)
    await provider.account()
    assert provider.capabilities & Capability.GET_CALL_HISTORY


@both
async def test_what_became_of_a_call(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """The record is that of the leg that began the call, and is given under the call's id."""
    call_id, target = await talking(provider, sim)
    call = replace(target.call, id="7tqk3a1b2")
    assert await provider.record_of(call) is None
    await sim.start_recording(call_id)
    await sim.hang_up(call_id)
    record = await provider.record_of(call)
    assert record is not None
    assert (record.call_id, record.id, record.outcome) == ("7tqk3a1b2", call_id, Outcome.ANSWERED)
    assert (record.answered_by, record.hangup_cause) == ("101", "NORMAL_CLEARING")
    assert record.recording_id
    assert await provider.record_of(m.Call(id="7tqk3a1b2", state=CallState.ENDED)) is None
    assert profile in {PYTHON, NODE}


async def test_a_record_that_cannot_be_read(stub: Stub, session: aiohttp.ClientSession) -> None:
    """A foreign one is none, an error is one."""
    provider = stubbed(stub, session)
    await provider.account()
    stub.on("GET", f"/cdr/{UUID}", {"detail": "Access denied"}, status=403)
    assert await provider.record_of(a_call((UUID, "101"))) is None
    stub.on("GET", f"/cdr/{UUID}", "Internal Server Error", status=500)
    with pytest.raises(RefusedError):
        await provider.record_of(a_call((UUID, "101")))
    stub.on("GET", f"/cdr/{UUID}", {"record": "x"})
    assert await provider.record_of(a_call((UUID, "101"))) is None


@every
@pytest.mark.parametrize("dates", [True, False])
async def test_statistics(
    dates: bool,  # noqa: FBT001
    profile: Profile,
    provider: VoipatProvider,
    sim: VoipatSimulator,
) -> None:
    """The server's own sums where it can, our own where it cannot."""
    await fill(sim)
    found = await provider.statistics(at(-1) if dates else None, at(9) if dates else None)
    assert (found.total, found.answered, found.missed) == (5, 4, 1)
    assert found.mean_duration is not None
    assert found.mean_duration > 0
    if profile is NODE or (dates and profile is PYTHON):
        assert found.by_direction == {"incoming": 3, "outgoing": 1, "internal": 1}


@every
@pytest.mark.parametrize("dates", [True, False])
async def test_statistics_of_an_empty_period(
    dates: bool,  # noqa: FBT001
    profile: Profile,
    provider: VoipatProvider,
) -> None:
    """Every sum is 0, whatever the server says instead."""
    found = await provider.statistics(at(-1) if dates else None, at(9) if dates else None)
    assert found == m.Statistics(total=0, answered=0, missed=0, mean_duration=0)


async def test_statistics_the_server_cannot_give(stub: Stub, session: aiohttp.ClientSession) -> None:
    """They are counted."""
    stub.on("GET", "/cdr/stats/summary", "Internal Server Error", status=500)
    paged(stub, 3)
    provider = stubbed(stub, session)
    assert (await provider.statistics(None, None)).total == 3
    stub.on("GET", "/cdr/stats/summary", {"stats": None})
    assert (await provider.statistics(None, None)).total == 3


# -- secrets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": f"no route for {OTHER} from 101"}, "no route for … from …"),
        ({"error": "x", "detail": "y", "details": [{"message": "z"}]}, "x: y: z"),
        ({"detail": [{"msg": "Field required", "input": {"api_key": CANARY}}]}, "Field required"),
        ({"message": "m"}, "m"),
        ({"error": {"a": 1}, "detail": 7}, ""),
        ({"error": "\ud83d" + "x" * 500}, "?" + "x" * 199),
        ([1], ""),
    ],
)
def test_reasons(body: object, expected: str) -> None:
    """The server's words, bounded, without what was sent."""
    reply = Reply(status=400, headers={}, body=json.dumps(body).encode())
    assert reason_of(reply, (OTHER, "101", "1")) == expected
    assert reason_of(Reply(status=500, headers={}, body=b"[" * 100_000)) == ""


async def test_nothing_secret_is_told(
    stub: Stub, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither log nor exception holds the key, a number, a name or an address, whatever goes wrong."""
    caplog.set_level(logging.DEBUG)
    stub.on("GET", "/extensions/101", {"extension": {"extension": "101"}})
    stub.on("GET", "/calls/channels", {"error": "x"}, status=500)
    stub.on("GET", "/cdr", {"error": f"bad value 98765 {CANARY[:2]}"}, status=400)
    stub.on("GET", f"/calls/channels/{UUID}", {"channel": {"callstate": "ACTIVE"}})
    stub.on("GET", f"/calls/channels/{OTHER_UUID}", "x", status=500)
    stub.on("POST", "/calls/originate", {"error": f"no route to {OTHER} for Canary_Name"}, status=500)
    stub.on("POST", f"/calls/{OTHER_UUID}/transfer", {"error": f"bad {OTHER}"}, status=400)
    stub.on("POST", f"/calls/{OTHER_UUID}/dtmf", {"error": "bad 987654"}, status=400)
    stub.answers["POST", f"/calls/{UUID}/unmute"] = [hang]
    stub.on("POST", "/auth/token", {"error": "Invalid API key"}, status=401)
    provider = stubbed(stub, session)
    target = m.CallRef(call=a_call((UUID, "101"), (OTHER_UUID, None)))
    placing = m.Originate(extension="101", number=OTHER, caller_id_name="Canary Name")
    told: list[str] = []
    for attempt in (
        provider.calls(),
        provider.history(m.HistoryQuery(search="98765")),
        provider.originate(placing),
        provider.transfer(target, OTHER, m.TransferType.BLIND),
        provider.send_dtmf(target, "987654"),
        provider.unmute(target),
        listen(provider, 1),
    ):
        with pytest.raises(ProviderError) as caught:
            await attempt
        told += traceback.format_exception(caught.value)[-1:]
        told.append(repr(caught.value.__dict__))
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("custom_components")]
    assert lines
    everything = "\n".join([*told, *lines])
    for secret in (CANARY, OTHER, OTHER[1:], "Canary_Name", "987654", stub.url, "127.0.0.1"):
        assert secret not in everything
