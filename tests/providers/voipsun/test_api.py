"""VoIPSUN: requests and addresses."""

from collections.abc import Mapping
from typing import Any

import aiohttp
import pytest

from custom_components.pbx.providers.http import Reply
from custom_components.pbx.providers.voipsun.provider import VoipsunProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    ConnectError,
    UnknownOutcomeError,
)

from .box import PASSWORD, USER, Box, live, make


async def test_every_request_is_a_get_with_the_credentials_in_its_query(client: VoipsunProvider, box: Box) -> None:
    """Whatever is in them arrives unchanged."""
    await client.hangup(m.CallRef(call=await live(client, box)))
    assert box.methods == {"GET"}
    assert all((q["username"], q["password"]) == (USER, PASSWORD) for q in box.queries)
    assert box.sent("hangupcall") == [{"channelName": "SIP/trunk-0000000a"}]


@pytest.mark.parametrize(
    ("host", "more", "url", "account"),
    [
        ("pbx.example", {}, "http://pbx.example/api/api.php", "pbx.example"),
        ("PBX.example", {"ssl": True}, "https://pbx.example/api/api.php", "pbx.example"),
        ("pbx.example", {"port": 8080.0}, "http://pbx.example:8080/api/api.php", "pbx.example:8080"),
        ("pbx.example:8081", {"port": "8080"}, "http://pbx.example:8081/api/api.php", "pbx.example:8081"),
        ("https://pbx.example/", {"ssl": False}, "https://pbx.example/api/api.php", "pbx.example"),
        ("http://u:p@pbx.example/x/api/api.php?password=p", {}, "http://pbx.example/x/api/api.php", "pbx.example"),
        ("2001:db8::1", {"port": 81}, "http://[2001:db8::1]:81/api/api.php", "2001:db8::1:81"),
        ("[2001:db8::1]", {}, "http://[2001:db8::1]/api/api.php", "2001:db8::1"),
    ],
)
async def test_addresses(
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    more: Mapping[str, object],
    url: str,
    account: str,
) -> None:
    """A name, an address or a whole URL; switching TLS on does not change the account."""
    urls: list[str] = []

    async def ask(_operation: str, _method: str, url: str, **_request: object) -> Any:
        urls.append(url)
        return voipsun_reply(b"[]")

    provider = make(session, host=host, **more)
    monkeypatch.setattr(provider.http, "ask", ask)
    found = await provider.account()
    assert set(urls) == {url}
    assert found.id == account
    assert found.title == f"VoIPSUN PBX ({'2001:db8::1' if ':' in host and '[' in url else 'pbx.example'})"
    assert found.configuration_url is not None
    assert "p@" not in found.configuration_url


def voipsun_reply(body: bytes) -> Any:
    """Write an answer."""
    return Reply(status=200, headers={}, body=body)


@pytest.mark.parametrize("host", ["", " ", "ftp://pbx.example", "http://", "http://[::1", "pbx:example:x:1]", None])
async def test_an_address_that_cannot_be_read(session: aiohttp.ClientSession, host: str | None) -> None:
    """It is a connection problem, before anything is sent."""
    with pytest.raises(ConnectError):
        await make(session, host=host).account()


async def test_nobody_at_the_address(session: aiohttp.ClientSession) -> None:
    """A command was certainly not carried out."""
    provider = make(session, host="127.0.0.1", port=1)
    with pytest.raises(ConnectError):
        await provider.account()
    provider.capabilities = provider.possible
    with pytest.raises(ConnectError) as caught:
        await provider.originate(m.Originate(extension="100", number="800123456"))
    assert not isinstance(caught.value, UnknownOutcomeError)
