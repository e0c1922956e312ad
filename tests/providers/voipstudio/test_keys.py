"""VoIPstudio: signing in, and the keys that are made for it."""

from typing import Any

import aiohttp
import pytest

from custom_components.pbx.providers.voipstudio.provider import VoipstudioProvider
from custom_components.pbx.telephony.errors import (
    AuthError,
    ConnectError,
    InvalidInputError,
    ProviderError,
    RateLimitError,
    RefusedError,
    SecondFactorError,
)
from tests.simulators.base import FaultKind
from tests.simulators.voipstudio import VoipstudioSimulator

from .account import CANARY, ME, Stub, stubbed


async def test_login_with_a_key(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """A key is what we want already; it is not ours, and needs no password."""
    given_settings = {"url": sim.url, "api_key": "k"}
    assert await VoipstudioProvider.login(session, {**given_settings, "api_key_name": "x"}) == given_settings
    with pytest.raises(InvalidInputError) as error:
        await VoipstudioProvider.login(session, {**given_settings, "password": "p"})
    assert (error.value.field, error.value.problem) == ("password", "conflict")
    assert not sim.requests


async def test_login_mints_a_key(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """E-mail and password become a key of its own; the password is forgotten, and no other Home Assistant suffers."""
    typed = {"url": sim.url, "email": sim.email, "password": sim.password, "country": "GB"}
    first = await VoipstudioProvider.login(session, typed)
    second = await VoipstudioProvider.login(session, typed)
    assert set(second) == {"url", "email", "country", "api_key", "api_key_name", "created_objects", "user_id"}
    assert (second["user_id"], second["email"]) == ("10002", sim.email)
    assert first["api_key_name"] != second["api_key_name"]
    assert str(second["api_key_name"]).startswith("Home Assistant ")
    provider = VoipstudioProvider(session, second)
    assert (await provider.account()).id == "2"
    await provider.release()
    await provider.release()
    with pytest.raises(AuthError):
        await provider.account()
    assert (await VoipstudioProvider(session, first).account()).id == "2"
    assert sim.api_key in sim.tokens


@pytest.mark.parametrize("again", ["password", "key"])
async def test_another_login_ends_the_accounts_old_key(
    sim: VoipstudioSimulator, session: aiohttp.ClientSession, again: str
) -> None:
    """It is taken away once the new credentials work, and only that one: its name is known to be ours."""
    typed: dict[str, object] = {"url": sim.url, "email": sim.email, "password": sim.password}
    other = await VoipstudioProvider.login(session, typed)
    old = await VoipstudioProvider.login(session, typed)
    known = {name: value for name, value in old.items() if name != "api_key"}
    new = known | ({"password": sim.password} if again == "password" else {"api_key": sim.api_key})
    kept = await VoipstudioProvider.login(session, new)
    assert old["api_key"] in sim.tokens
    provider = VoipstudioProvider(session, kept)
    sim.fault(FaultKind.STATUS, path="/apitokens", status=500)
    account = await provider.account()  # that it could not be taken away is no reason to fail
    assert account.settings["created_objects"] == list(provider.created_objects) == kept["created_objects"]
    account = await provider.account()
    assert {sim.api_key, other["api_key"], kept["api_key"]} <= sim.tokens.keys()
    assert old["api_key"] not in sim.tokens
    assert account.settings["created_objects"] == ([kept["api_key_name"]] if again == "password" else [])
    await provider.release()
    assert {sim.api_key, other["api_key"]} <= sim.tokens.keys()
    assert (kept["api_key"] in sim.tokens) is (again == "key")


async def test_release_leaves_a_dashboards_key(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A key that we did not make is not ours to remove."""
    await provider.release()
    assert not sim.requests


async def test_login_with_a_second_factor(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """The code is asked for once, and used without another mail."""
    sim.two_factor = True
    typed: dict[str, object] = {"url": sim.url, "email": sim.email, "password": sim.password}
    with pytest.raises(SecondFactorError) as second:
        await VoipstudioProvider.login(session, typed)
    code = {"nonce": second.value.nonce, "code": f" {sim.mailed[-1].code} "}
    kept = await VoipstudioProvider.login(session, typed | code)
    assert len(sim.mailed) == 1
    assert not {"password", "code", "nonce"} & set(kept)
    assert (await VoipstudioProvider(session, kept).account()).id == "2"
    with pytest.raises(AuthError):
        await VoipstudioProvider.login(session, typed | {"nonce": second.value.nonce, "code": "000000"})
    assert len(sim.mailed) == 1


@pytest.mark.parametrize("refusal", [400, 401])
async def test_a_wrong_password(sim: VoipstudioSimulator, session: aiohttp.ClientSession, refusal: Any) -> None:
    """Wrong is wrong, whichever status says so, and is tried once."""
    sim.login_refusal = refusal
    with pytest.raises(AuthError) as error:
        await VoipstudioProvider.login(session, {"url": sim.url, "email": sim.email, "password": CANARY})
    assert CANARY not in repr(error.value)
    assert len(sim.seen("/login")) == 1


@pytest.mark.parametrize(
    ("typed", "field_name", "problem"),
    [
        ({}, "email", "required"),
        ({"email": "x"}, "password", "required"),
        ({"email": "x", "password": 3}, "password", "invalid_value"),
    ],
)
async def test_login_needs_both(
    session: aiohttp.ClientSession, typed: dict[str, object], field_name: str, problem: str
) -> None:
    """Nothing is sent without e-mail and password."""
    with pytest.raises(InvalidInputError) as error:
        await VoipstudioProvider.login(session, typed)
    assert (error.value.field, error.value.problem) == (field_name, problem)


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"message": "Too old"}, 422, RefusedError),
        ({"message": "Not Found"}, 404, ConnectError),
        ({"message": "Server error"}, 500, ConnectError),
        (b"<html>", 200, ConnectError),
        ({"message": "Login success"}, 200, ConnectError),
        ({"message": "?", "user_token": CANARY}, 202, ConnectError),
        ({"message": "code", "nonce": "n1"}, 200, SecondFactorError),
        ({"message": "slow down"}, 429, RateLimitError),
    ],
)
async def test_other_answers_to_login(
    stub: Stub, session: aiohttp.ClientSession, body: object, status: int, expected: type[ProviderError]
) -> None:
    """The presence of a nonce asks for the code; what cannot be read is no log-in."""
    stub.on("POST", "login", body, status=status)
    with pytest.raises(expected):
        await VoipstudioProvider.login(session, {"url": stub.url, "email": "a@example.com", "password": "p4ss"})
    assert stub.paths() == ["POST login"]


async def test_only_keys_of_ours_are_removed(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Keys of other names stay, even where the filter does nothing, and so does the one in use."""
    stub.on("POST", "login", {"user_token": "session1", "user_id": 0})
    stub.on("POST", "apitokens", {"data": {"name": "Home Assistant"}}, {"data": {"token": "new"}})
    typed = {"url": stub.url, "email": "a@example.com", "password": "p4ss", "created_objects": ["Home Assistant 1"]}
    with pytest.raises(ConnectError):
        await VoipstudioProvider.login(session, typed)
    kept = await VoipstudioProvider.login(session, typed)
    assert kept["api_key"] == "new"
    assert "user_id" not in kept
    assert stub.paths()[-1] == "POST logout"
    rows = [{"token": "x", "name": "CLI"}, {"token": "y"}, {"token": "new", "name": "Home Assistant 1"}, {},
            {"token": "old", "name": "Home Assistant 1"}]  # fmt: skip
    stub.on("GET", "apitokens", {"data": rows, "total": 5})
    stub.on("DELETE", "apitokens/old", b"", status=204)
    stub.on("GET", "me", {"data": ME})
    await stubbed(stub, session, **kept).account()
    assert [path for path in stub.paths() if path.startswith("DELETE")] == ["DELETE apitokens/old"]


@pytest.mark.parametrize("makes_keys", [True, False])
async def test_the_older_page(sim: VoipstudioSimulator, session: aiohttp.ClientSession, *, makes_keys: bool) -> None:
    """HTTP Basic with the id of the log-in's answer; without keys to be had, the session's token is kept."""
    sim.basic_only = True
    sim.makes_keys = makes_keys
    kept = await VoipstudioProvider.login(session, {"url": sim.url, "email": sim.email, "password": sim.password})
    assert (kept["user_id"], kept["authentication"]) == ("10002", "basic")
    assert ("api_key_name" in kept) is makes_keys
    assert "password" not in kept
    provider = VoipstudioProvider(session, kept)
    assert (await provider.account()).id == "2"
    assert kept["api_key"] in sim.tokens


async def test_a_key_with_its_users_id(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """An API key that is taken only together with the id of its user."""
    sim.basic_only = True
    typed: dict[str, object] = {"url": sim.url, "api_key": sim.api_key}
    with pytest.raises(AuthError):
        await VoipstudioProvider(session, await VoipstudioProvider.login(session, typed)).account()
    provider = VoipstudioProvider(session, await VoipstudioProvider.login(session, {**typed, "user_id": "10002"}))
    account = await provider.account()
    assert account.settings["authentication"] == "basic"
    with pytest.raises(AuthError):
        await VoipstudioProvider(session, {**typed, "user_id": "10003"}).account()
    again = VoipstudioProvider(session, {**typed, **account.settings})
    sim.requests.clear()
    await again.account()
    assert len(sim.seen("/me")) == 1  # not tried the other way first


@pytest.mark.parametrize(("status", "expected"), [(500, ConnectError), (409, RefusedError), (401, AuthError)])
async def test_a_key_that_is_not_made(
    stub: Stub, session: aiohttp.ClientSession, status: int, expected: type[ProviderError]
) -> None:
    """Only where there are no keys at all the token is kept instead; any other trouble is told."""
    stub.on("POST", "login", {"message": "Login success", "user_token": CANARY, "user_id": 10002})
    stub.on("POST", "apitokens", {"message": "No"}, status=status)
    stub.on("GET", "me", {"message": "No"}, status=401)
    with pytest.raises(expected):
        await VoipstudioProvider.login(session, {"url": stub.url, "email": "a@example.com", "password": "p4ss"})
