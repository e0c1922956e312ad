"""VoIPstudio: the address, the key and the account."""

import base64

import aiohttp
import pytest
from aiohttp import web

from custom_components.pbx.providers.voipstudio.api import base_url
from custom_components.pbx.providers.voipstudio.provider import VoipstudioProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    AuthError,
    ConnectError,
    InvalidInputError,
    ProviderError,
    RefusedError,
    TroubleError,
)
from custom_components.pbx.telephony.models import Capability
from tests.simulators.voipstudio import VoipstudioSimulator

from .account import CANARY, ME, TALKING, Stub, answering, client, stubbed


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("", "https://l7api.com/v1.2/voipstudio"),
        ("l7api.com", "https://l7api.com/v1.2/voipstudio"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/v1.2/voipstudio"),
        ("https://l7api.com/v1.1/voipstudio/", "https://l7api.com/v1.1/voipstudio"),
    ],
)
def test_addresses(address: str, url: str) -> None:
    """A host alone is completed; a path is kept."""
    assert base_url(address) == url


http = pytest.mark.usefixtures("socket_enabled")


async def test_account(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """The customer is the account; what was found out is kept, secrets are not."""
    provider = client(sim, session)
    account = await provider.account()
    assert (account.id, account.title) == ("2", "VoIPstudio (user1001@example.com)")
    assert account.settings == {"user_id": "10002", "customer_id": "2"}
    assert provider.capabilities == provider.possible
    assert "SIP-SECRET" not in repr(provider.__dict__)
    again = client(sim, session, **account.settings)
    assert (await again.account()).id == account.id


async def test_the_account_survives_another_key(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """Keys come and go, and belong to different users; the account stays."""
    first = await client(sim, session).account()
    second = await client(sim, session, api_key=sim.user_api_key).account()
    assert first.id == second.id


async def test_an_ordinary_users_key_can_less(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """What the user may not read is not offered, and named; the own phone is there all the same."""
    provider = client(sim, session, api_key=sim.user_api_key)
    await provider.account()
    assert Capability.AGENT_LOGIN not in provider.capabilities
    directory = await provider.directory()
    assert directory.missing_permissions == {"users", "queues"}
    assert (directory.agents, directory.queues) == (None, None)
    assert directory.extensions is not None
    assert [extension.id for extension in directory.extensions] == [provider.user_id]
    assert Capability.DND not in provider.capabilities
    sim.restricted = frozenset()
    directory = await provider.directory()
    assert directory.missing_permissions == frozenset()
    assert directory.extensions is not None
    assert len(directory.extensions) == 5
    assert provider.capabilities == provider.possible


async def test_a_wrong_key(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """A key that is refused twice is wrong."""
    for key in ("0" * 40, "", "ümlaut"):
        with pytest.raises(AuthError):
            await client(sim, session, api_key=key).account()
        with pytest.raises(AuthError):
            await client(sim, session, api_key=key, user_id="10002").account()


async def test_a_key_of_two_lines(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """It is wrong input of its field, and nothing is asked with it."""
    with pytest.raises(InvalidInputError) as caught:
        client(sim, session, api_key="line\nbreak")
    assert caught.value.field == "api_key"
    assert not sim.requests


async def test_basic_where_the_header_is_refused(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Where X-Auth-Token is refused, HTTP Basic with the user is tried once, and kept."""
    stub.on("GET", "me", {"message": "Unauthorized"}, status=401)
    stub.answers["GET", "me"].append(answering({"data": ME}, 200))
    provider = stubbed(stub, session, email="john@example.com")
    account = await provider.account()
    assert account.settings["authentication"] == "basic"
    sent = [headers.get("Authorization", "") for _, _, headers in stub.seen]
    assert base64.b64decode(sent[1].removeprefix("Basic ")).decode() == f"john@example.com:{CANARY}"
    again = stubbed(stub, session, **account.settings)
    stub.seen.clear()
    await again.account()
    assert base64.b64decode(stub.seen[0][2]["Authorization"].removeprefix("Basic ")).decode() == f"10002:{CANARY}"
    assert "X-Auth-Token" not in stub.seen[0][2]
    stub.on("GET", "me", {"message": "Unauthorized"}, status=401)
    with pytest.raises(AuthError):
        await again.account()


async def test_a_lone_refusal_is_none(stub: Stub, session: aiohttp.ClientSession) -> None:
    """One 401 that is not confirmed does not ask anybody to sign in again."""
    stub.on("GET", "me", {"message": "Unauthorized"}, status=401)
    stub.answers["GET", "me"].append(answering({"data": ME}, 200))
    assert (await stubbed(stub, session).account()).id == "2"
    provider = stubbed(stub, session)
    stub.on("GET", "calls", {"message": "Unauthorized"}, status=401)
    stub.on("PATCH", "calls/1", {"message": "Unauthorized"}, status=401)
    with pytest.raises(ConnectError):
        await provider.calls()
    talking = m.Call(id="1", state=TALKING, legs=(m.Leg(id="1", state=TALKING, extension="1002"),))
    with pytest.raises(RefusedError, match="Unauthorized"):
        await provider.transfer(m.CallRef(call=talking), "1003", m.TransferType.BLIND)
    stub.on("GET", "me", {"message": "Unauthorized"}, status=401)
    with pytest.raises(AuthError):
        await provider.calls()
    with pytest.raises(AuthError):
        await provider.transfer(m.CallRef(call=talking), "1003", m.TransferType.BLIND)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"<html>", 200),
        (b"[" * 100_000, 200),
        ([], 200),
        ({"data": {"email": "x"}}, 200),
        ({"message": "Server error"}, 500),
        ({"message": "Not Found"}, 404),
        (b"", 301),
    ],
)
async def test_an_account_that_cannot_be_read(
    stub: Stub, session: aiohttp.ClientSession, body: object, status: int
) -> None:
    """Anything but a user is no account, and no reason to sign in again."""
    stub.on("GET", "me", body, status=status)
    with pytest.raises(ConnectError):
        await stubbed(stub, session).account()


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"message": "Your address is not allowed"}, 403, RefusedError("Your address is not allowed")),
        ({"message": "The plan has ended"}, 402, RefusedError("The plan has ended")),
        ({"message": "Maintenance"}, 503, TroubleError("503: Maintenance")),
        (b"<html>", 500, TroubleError("HTTP 500")),
        (b"<html>", 502, ConnectError("HTTP 502")),
    ],
    ids=lambda value: str(value) if isinstance(value, int) else None,
)
@pytest.mark.parametrize("by_password", [False, True])
async def test_why_an_account_cannot_be_read(
    stub: Stub, session: aiohttp.ClientSession, *, by_password: bool, body: object, status: int, error: ProviderError
) -> None:
    """Whoever sets it up reads the phone system's own reason."""
    if by_password and status == 403:
        return  # it means a wrong password there
    stub.on("POST" if by_password else "GET", "login" if by_password else "me", body, status=status)
    typed = {"url": stub.url, "email": "ida@example.com", "password": "wrong"}
    with pytest.raises(type(error)) as caught:
        await (VoipstudioProvider.login(session, typed) if by_password else stubbed(stub, session).account())
    assert str(caught.value) == str(error)


async def test_an_account_without_customer(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Without a customer id the user is the account; what could not be probed counts as there."""
    stub.on("GET", "me", {"data": {"id": 7, "first_name": "Ida"}})
    stub.on("GET", "sms", b"", status=500)
    stub.answers["GET", "monitors"] = [_drop]
    stub.on("GET", "cdrs", {"message": "No"}, status=403)
    provider = stubbed(stub, session)
    account = await provider.account()
    assert (account.id, account.title) == ("user-7", "VoIPstudio (Ida)")
    assert Capability.SEND_SMS | Capability.RECORDINGS in provider.capabilities
    assert Capability.GET_CALL_HISTORY not in provider.capabilities
    assert Capability.SEARCH_CONTACTS not in provider.capabilities  # 404


async def _drop(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@http
async def test_nobody_is_there(session: aiohttp.ClientSession) -> None:
    """No server, no host, no address: not reachable."""
    for url in ("http://127.0.0.1:1", "http://[::1", "ftp://127.0.0.1/x", "http://127.0.0.1:99999999"):
        with pytest.raises(ConnectError):
            await VoipstudioProvider(session, {"url": url, "api_key": CANARY}).account()


@pytest.mark.parametrize(
    ("answer", "said", "code"),
    [
        (
            {"message": "Validation error", "errors": ["No such queue", "No such user"]},
            "No such queue; No such user",
            "400",
        ),
        (
            {
                "message": "Validation error",
                "errors": [
                    {"field": "from", "message": "This value is not valid.", "code": "SF0010"},
                    {"field": "to", "message": "This value is not valid."},
                ],
            },
            "from: This value is not valid.; to: This value is not valid.",
            "SF0010",
        ),
        ({"message": "Validation error", "errors": [{"field": "to", "message": "Too long"}]}, "Too long", "400"),
        ({"message": "Validation error", "errors": []}, "Validation error", "400"),
        ({"message": "Validation error", "errors": [None, {}, "Twice", "Twice"]}, "Twice", "400"),
        ({"errors": ["x" * 150] * 9 + ["y" * 150]}, "x" * 150 + "; " + "y" * 48, "400"),
        ({"errors": "Not a list"}, "Not a list", "400"),
        ({"errors": 7}, "HTTP 400", "400"),
    ],
)
async def test_all_errors_are_told(
    stub: Stub, session: aiohttp.ClientSession, answer: object, said: str, code: str
) -> None:
    """Not only the first one; with the field where there are several, and never longer than what can be shown."""
    stub.on("DELETE", "contacts/1", answer, status=400)
    with pytest.raises(RefusedError) as error:
        await stubbed(stub, session).delete_contact("1")
    assert (error.value.reason, error.value.code) == (said, code)
