"""VOIP@: the address, the key, the domain and the limits."""

import asyncio
import time
from collections.abc import Mapping

import aiohttp
import pytest

from custom_components.pbx.providers.http import SLOW_DOWN, RateLimit
from custom_components.pbx.providers.voipat import api as voipat_access
from custom_components.pbx.providers.voipat.api import bases
from custom_components.pbx.providers.voipat.provider import VoipatProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    AuthError,
    ConnectError,
    InvalidInputError,
    ProviderError,
    RateLimitError,
    RefusedError,
    SwitchDownError,
    TroubleError,
)
from custom_components.pbx.telephony.models import Capability
from tests.simulators.voipat import Profile, VoipatSimulator
from tests.simulators.voipat_wire import ON_PAPER

from .bridge import (
    CANARY,
    DOCS,
    DOMAIN,
    NODE,
    PYTHON,
    TALKING,
    UUID,
    Stub,
    both,
    by_token,
    client,
    every,
    node,
    stubbed,
)


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
    ("body", "status", "error"),
    [
        ({"error": "Your address is not allowed"}, 403, RefusedError("Your address is not allowed")),
        ("<html>", 403, ConnectError),
        ({"error": "Database locked"}, 500, TroubleError("500: Database locked")),
        ("<html>", 503, TroubleError("HTTP 503")),
        ({"error": "ESL not connected"}, 503, SwitchDownError),
        ({"error": "ESL not connected"}, 500, SwitchDownError),
        ("<html>", 502, ConnectError),
    ],
)
@pytest.mark.parametrize("path", ["/status", "/auth/verify", "/domains"])
async def test_why_a_bridge_does_not_answer(
    path: str,
    body: object,
    status: int,
    error: ProviderError | type[ProviderError],
    stub: Stub,
    session: aiohttp.ClientSession,
) -> None:
    """Whoever sets it up reads the bridge's own reason, whichever question it was."""
    stub.on("GET", path, body, status=status)
    with pytest.raises(ProviderError) as caught:
        await stubbed(stub, session).account()
    assert type(caught.value) is (error if isinstance(error, type) else type(error))
    assert isinstance(error, type) or str(caught.value) == str(error)


@pytest.mark.parametrize("status", [403, 500])
async def test_a_bridge_that_says_back_what_was_sent(status: int, stub: Stub, session: aiohttp.ClientSession) -> None:
    """No password of an address is in the reason, not even of the first question."""
    stub.on("GET", "/status", {"error": "Wrong: user:of-the-proxy"}, status=status)
    url = stub.url.replace("://", "://user:of-the-proxy@")
    with pytest.raises(ProviderError) as caught:
        await stubbed(stub, session, url=url).account()
    assert "Wrong" in str(caught.value)
    assert "of-the-proxy" not in str(caught.value)


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
    async with VoipatSimulator(profile=NODE, disposition_column=True, **ON_PAPER) as sim:
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


@pytest.mark.parametrize(
    ("plan", "headers", "limits"),
    [
        ("", {}, ()),
        ("automatic", {}, ()),
        ("standard", {}, voipat_access.STANDARD),
        ("enterprise", {}, voipat_access.ENTERPRISE),
        ("", {"X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "45"}, voipat_access.STANDARD),
        ("standard", {"X-RateLimit-Limit": "60"}, None),
        ("", {"X-RateLimit-Limit": "300"}, voipat_access.ENTERPRISE),
        ("", {"X-RateLimit-Limit": "10000"}, voipat_access.ENTERPRISE),
        ("", {"RateLimit-Policy": "200;w=60", "RateLimit-Limit": "200"}, (RateLimit(requests=200, seconds=60),)),
        ("standard", {"RateLimit-Policy": "200;w=60", "RateLimit-Limit": "200"}, None),
        ("", {"RateLimit-Policy": "30;w=60"}, (RateLimit(requests=30, seconds=60),)),
        ("standard", {"RateLimit-Policy": "30;w=60"}, (RateLimit(requests=30, seconds=60), voipat_access.STANDARD[1])),
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


async def test_limit_is_kept_from_a_refusal_on(
    stub: Stub, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing limits the requests, until one was too much: then the documented plan does."""
    stub.on("GET", "/calls/channels", {"error": "Too many requests"}, status=429, headers={"Retry-After": "1"})
    provider = VoipatProvider(session, {"url": stub.url, "api_key": CANARY, "domain": DOMAIN})
    assert provider.http.budget.spare == 1
    kept: list[tuple[RateLimit, ...]] = []
    monkeypatch.setattr(provider.http.budget, "set_limits", kept.append)
    for _ in range(2):
        with pytest.raises(RateLimitError):
            await provider.calls()
    assert kept == [voipat_access.STANDARD]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "7"}, 7),
        ({"RateLimit-Reset": "11"}, 11),
        ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT", "RateLimit-Reset": "11"}, 11),
        ({"X-RateLimit-Reset": "13"}, 13),
        ({}, SLOW_DOWN),
    ],
)
async def test_too_many_requests(
    headers: Mapping[str, str], wait: float, stub: Stub, session: aiohttp.ClientSession
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
