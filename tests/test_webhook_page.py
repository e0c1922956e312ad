"""What a person is shown about the webhook is asked for without anybody's cookies."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_get_clientsession

from custom_components.pbx.trials import async_look


class Door:
    """A server that sets a cookie, sends everybody on, and keeps what it was asked."""

    def __init__(self) -> None:
        """Begin without an address."""
        self.url = ""
        self.asked: list[tuple[str, str | None]] = []

    async def handle(self, request: web.Request) -> web.Response:
        """Answer."""
        self.asked.append((request.path, request.headers.get("Cookie")))
        response = web.Response(status=302, headers={"Location": "/elsewhere"})
        response.set_cookie("session", "somebody")
        return response


@pytest.fixture
async def door(socket_enabled: None) -> AsyncIterator[Door]:
    """Start the server."""
    door = Door()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", door.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    door.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield door
    await runner.cleanup()


async def test_no_cookies_and_no_redirects(hass: HomeAssistant, door: Door) -> None:
    """Neither those that others got are sent, nor are any kept, and nobody is sent on."""
    shared = async_get_clientsession(hass)
    shared.cookie_jar.update_cookies({"session": "of somebody"})
    await (await shared.get(door.url, allow_redirects=False)).read()
    for _ in range(2):
        await async_look(hass, door.url)
    assert door.asked == [("/hook", 'session="of somebody"'), ("/hook", None), ("/hook", None)]
