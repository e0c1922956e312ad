"""The session of an account: its own, without cookies, and with a socket that stays where it is."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.core import HomeAssistant

from custom_components.pbx.accounts import async_session

from .fake_provider import FakeProvider, async_set_up, fake_config_entry


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[TestServer]:
    """Start a server that trusts cookies, and one whose socket is elsewhere."""
    app = web.Application()

    async def whose(request: web.Request) -> web.Response:
        response = web.Response(text=request.cookies.get("PHPSESSID", "nobody"))
        response.set_cookie("PHPSESSID", request.query["account"])
        return response

    async def moved(_request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": "/stolen"})

    async def stolen(request: web.Request) -> web.StreamResponse:
        app["stolen"].append(str(request.rel_url))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        return socket

    app["stolen"] = list[str]()
    app.router.add_get("/", whose)
    app.router.add_get("/ws", moved)
    app.router.add_get("/stolen", stolen)
    started = TestServer(app)
    await started.start_server()
    yield started
    await started.close()


async def test_no_cookie_of_one_account_reaches_another(hass: HomeAssistant, server: TestServer) -> None:
    """Nor does one reach the account that it was for: its key says who it is."""
    for account in ("one", "two", "one"):
        session = async_session(hass, account)
        async with session.get(server.make_url("/"), params={"account": account}) as response:
            assert await response.text() == "nobody"


async def test_each_account_has_its_own(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """It outlives that the account is loaded anew, and goes with the account."""
    one, two = async_session(hass, "one"), async_session(hass, "two")
    assert one is not two
    assert async_session(hass, "one") is one
    assert async_session(hass, "one", verify_ssl=False) is not one
    entry = fake_config_entry()
    await async_set_up(hass, entry)
    own = async_session(hass, entry.entry_id)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert async_session(hass, entry.entry_id) is own
    assert await hass.config_entries.async_remove(entry.entry_id)
    assert own.closed


async def test_a_socket_is_not_redirected(hass: HomeAssistant, server: TestServer) -> None:
    """The key in its address goes nowhere else."""
    session = async_session(hass, "one")
    app: Any = server.app
    with pytest.raises(aiohttp.ClientError):
        await session.ws_connect(server.make_url("/ws"), params={"token": "canary"})
    assert app["stolen"] == []
    async with session.ws_connect(server.make_url("/stolen")):
        assert app["stolen"] == ["/stolen"]
