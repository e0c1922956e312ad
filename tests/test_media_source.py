"""Recordings and voicemail: what can be browsed, what plays, and what never leaves Home Assistant."""

import asyncio
import gzip
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, NoReturn
from unittest.mock import Mock, patch

import pytest
from aiohttp import ClientConnectorError, web
from aiohttp.test_utils import TestClient, TestServer
from homeassistant.auth.models import Group
from homeassistant.components.media_player.errors import BrowseError
from homeassistant.components.media_source.error import Unresolvable
from homeassistant.components.media_source.helper import async_browse_media, async_resolve_media
from homeassistant.components.media_source.models import BrowseMediaSource
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    MockHAClientWebSocket,
    WebSocketGenerator,
)
from yarl import URL

from custom_components.pbx.const import CONF_PROVIDER, DOMAIN
from custom_components.pbx.media_source import PAGE
from custom_components.pbx.phone_book.collection import async_get_phone_book
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    AuthError,
    ConnectError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    RefusedError,
)
from custom_components.pbx.telephony.models import Capability, MediaKind

from .fake_provider import FakeProvider, async_set_up, fake_config_entry
from .simulators.voipstudio import VoipstudioSimulator

type Client = TestClient[web.Request, web.Application]

pytestmark = pytest.mark.usefixtures("socket_enabled")

ROOT = f"media-source://{DOMAIN}"
SOUND = bytes(range(256)) * 1000
SECRET = "only-for-the-phone-system"


@pytest.fixture(autouse=True)
async def _media_source(hass: HomeAssistant) -> None:
    """Have a media browser, in English and with a time zone that is not UTC."""
    assert await async_setup_component(hass, "media_source", {})
    await hass.config.async_set_time_zone("Europe/Rome")


async def browse(hass: HomeAssistant, *place: str) -> BrowseMediaSource:
    """Look at one place of the tree."""
    found = await async_browse_media(hass, "/".join([ROOT, *place]))
    assert isinstance(found, BrowseMediaSource)
    return found


def titles(found: BrowseMediaSource) -> list[str]:
    """List what a person sees."""
    return [child.title for child in found.children or ()]


# -- browsing ----------------------------------------------------------------------------------------


def item(number: int, **more: Any) -> m.MediaItem:
    """Make a recording."""
    start = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
    values: dict[str, Any] = {"caller": "+390612345678", "callee": "101", "time": start, "duration": 75.4}
    return m.MediaItem(id=f"r{number}", kind=MediaKind.RECORDING, **values | more)


async def test_tree(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """The tree is account, kind, items; an item says who called whom, when, and for how long."""
    fake.script.answers["media"] = lambda *_: (item(1),)
    await async_set_up(hass, fake_entry)

    root = await browse(hass)
    assert (root.title, titles(root)) == ("PBX", ["House"])
    account = await browse(hass, "entry_house")
    assert (account.title, titles(account)) == ("House", ["Recordings", "Voicemails"])
    recordings = await browse(hass, "entry_house", "recording")
    assert titles(recordings) == ["+390612345678 → Ann (101), 2026-07-01 14:30, 1:15"]
    [first] = recordings.children or ()
    assert (first.can_play, first.can_expand) == (True, False)
    assert first.media_content_type.startswith("audio/")
    assert fake.script.arguments("media") == [(MediaKind.RECORDING, PAGE + 1, 0)]


@pytest.mark.parametrize(
    ("more", "title"),
    [
        ({"caller": ""}, "Hidden number → Ann (101), 2026-07-01 14:30, 1:15"),
        ({"callee": ""}, "+390612345678, 2026-07-01 14:30, 1:15"),
        ({"time": None}, "+390612345678 → Ann (101), 1:15"),
        ({"duration": None}, "+390612345678 → Ann (101), 2026-07-01 14:30"),
        ({"duration": 0, "unread": True}, "● +390612345678 → Ann (101), 2026-07-01 14:30, 0:00"),
    ],
)
async def test_titles(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, more: dict[str, Any], title: str
) -> None:
    """What is not known is left out."""
    fake.script.answers["media"] = lambda *_: (item(1, **more),)
    await async_set_up(hass, fake_entry)
    assert titles(await browse(hass, "entry_house", "voicemail")) == [title]


@pytest.mark.parametrize(
    ("masked", "caller", "title"),
    [
        (False, "+390612345678", "Luca (+390612345678)"),
        (False, "06 1234 5678", "06 1234 5678"),
        (False, "+390612345679", "+390612345679"),
        (True, "+390612345678", "Luca (••••••••••678)"),
        (True, "+390612345679", "••••••••••679"),
        (True, "Zoe Novak", "Zoe Novak"),
    ],
)
async def test_titles_show_what_states_show(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    caller: str,
    title: str,
    *,
    masked: bool,
) -> None:
    """Names of the phone book, and no digits of a number that is masked."""
    hass.config.country = "DE"
    fake.script.answers["media"] = lambda *_: (item(1, caller=caller, time=None, duration=None),)
    await async_set_up(hass, fake_entry)
    await async_get_phone_book(hass).async_add({"name": "Luca", "numbers": ["+390612345678"]})
    hass.config_entries.async_update_entry(fake_entry, options={"mask_numbers": masked})
    await hass.async_block_till_done()
    assert titles(await browse(hass, "entry_house", "recording")) == [f"{title} → Ann (101)"]


@pytest.mark.parametrize("item_id", ["a b", "ä", "1:2", "100%", "a+b"])
async def test_any_id_is_played(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    fake: type[FakeProvider],
    storage: Storage,
    path: str,
    item_id: str,
) -> None:
    """The phone system chooses them, and they are a part of an address."""
    assert path
    socket = await hass_ws_client(hass)
    found = await async_ask(socket, "resolve_media", f"{ROOT}/entry_house/recording/{item_id}")
    answer = await (await hass_client_no_auth()).get(URL(found["url"], encoded=True))
    assert (answer.status, await answer.read()) == (HTTPStatus.OK, SOUND)
    assert set(fake.script.arguments("media_source")) == {
        (MediaKind.RECORDING, "r1"),
        (MediaKind.RECORDING, item_id),
    }
    assert len(storage.requests) == 1


async def test_pages(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """A long list comes in pages, each with a way to the next one, and in the order of the phone system."""
    everything = tuple(item(number, caller=str(number), callee="") for number in range(2 * PAGE + 1))
    fake.script.answers["media"] = lambda _kind, limit, offset: everything[offset : offset + limit]
    await async_set_up(hass, fake_entry)
    seen: list[str] = []
    place: str | None = "entry_house/recording"
    pages = 0
    while place is not None:
        found = await browse(hass, place)
        seen += [child.title.partition(",")[0] for child in found.children or () if child.can_play]
        further = [child for child in found.children or () if not child.can_play]
        assert [child.title for child in further] in ([], ["Older"])
        place = further[0].media_content_id.removeprefix(f"{ROOT}/") if further else None
        pages += 1
    assert (pages, seen) == (3, [str(number) for number in range(2 * PAGE + 1)])


async def test_only_accounts_that_have_something(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """An account shows the kinds it has, and none without any."""
    fake.script.capabilities = Capability.CALLS | Capability.VOICEMAILS
    await async_set_up(hass, fake_entry)
    fake.script.account = m.Account(id="office", title="Office")
    fake.script.capabilities = Capability.CALLS
    await async_set_up(hass, fake_config_entry("office"))

    assert titles(await browse(hass)) == ["House"]
    assert titles(await browse(hass, "entry_house")) == ["Voicemails"]
    for place in ("entry_office", "entry_house/recording", "entry_house/faxes", "elsewhere", "elsewhere/recording"):
        with pytest.raises(BrowseError, match="This recording does not exist"):
            await browse(hass, place)


async def test_unloaded_account(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """An account that is not loaded shows nothing and plays nothing."""
    await async_set_up(hass, fake_entry)
    assert await hass.config_entries.async_unload(fake_entry.entry_id)
    assert titles(await browse(hass)) == []
    with pytest.raises(Unresolvable, match="This recording does not exist"):
        await async_resolve_media(hass, f"{ROOT}/entry_house/recording/1", None)


ERRORS = [
    (ConnectError("away"), "Fake PBX cannot be reached"),
    (RefusedError("No permission"), "Fake PBX refused: No permission"),
    (RateLimitError(5), "Try again in 5 s"),
]


@pytest.mark.parametrize(("error", "message"), ERRORS)
async def test_errors(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    error: ProviderError,
    message: str,
) -> None:
    """What goes wrong is said where somebody browses or plays."""
    fake.script.errors = {"media": error, "media_source": error}
    await async_set_up(hass, fake_entry)
    with pytest.raises(BrowseError, match=message):
        await browse(hass, "entry_house", "recording")
    with pytest.raises(Unresolvable, match=message):
        await async_resolve_media(hass, f"{ROOT}/entry_house/recording/1", None)


@pytest.mark.parametrize("offset", ["9" * 10, "9" * 5000, "\u0661", "\u00b2", "-1", "1e9", "../x", "%00"])
async def test_any_page(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, offset: str
) -> None:
    """Whatever stands there for a page is one, or the first."""
    fake.script.answers["media"] = lambda *_: (item(1),)
    await async_set_up(hass, fake_entry)
    assert len(titles(await browse(hass, "entry_house", f"recording:{offset}"))) == 1


@pytest.mark.parametrize("place", ["entry_house", "entry_house/recording", "entry_house/fax/1", "x/recording/1"])
async def test_unresolvable(hass: HomeAssistant, fake_entry: MockConfigEntry, place: str) -> None:
    """A folder does not play, and neither does what is not there."""
    await async_set_up(hass, fake_entry)
    with pytest.raises(Unresolvable, match="This recording does not exist"):
        await async_resolve_media(hass, f"{ROOT}/{place}", None)


# -- playing -----------------------------------------------------------------------------------------


class Storage:
    """Where a phone system keeps its sounds: it answers as a test wants."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.answer: Callable[[web.Request], web.StreamResponse] = self.ranged
        self.server = TestServer(self._application())

    def _application(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", "/sound", self._serve)
        return app

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        return self.answer(request)

    @staticmethod
    def ranged(request: web.Request) -> web.StreamResponse:
        """Honour a range, as good servers do."""
        headers = {"Accept-Ranges": "bytes", "X-Secret": SECRET}
        part = request.http_range
        if part.start is None:
            return web.Response(body=SOUND, headers=headers, content_type="audio/mpeg")
        if part.start >= len(SOUND):
            headers["Content-Range"] = f"bytes */{len(SOUND)}"
            return web.Response(status=416, text="no such range", headers=headers)
        body = SOUND[part]
        headers["Content-Range"] = f"bytes {part.start}-{part.start + len(body) - 1}/{len(SOUND)}"
        return web.Response(status=206, body=body, headers=headers, content_type="audio/mpeg")


@pytest.fixture
async def storage() -> AsyncGenerator[Storage]:
    """Run such a server."""
    found = Storage()
    await found.server.start_server()
    yield found
    await found.server.close()


@pytest.fixture
async def path(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, storage: Storage) -> str:
    """Give the path of a recording that is kept there."""
    source = m.MediaSource(url=str(storage.server.make_url("/sound")), headers={"X-Key": SECRET})
    fake.script.answers["media_source"] = source
    await async_set_up(hass, fake_entry)
    return (await async_resolve_media(hass, f"{ROOT}/entry_house/recording/r1", None)).url


@pytest.fixture
async def client(path: str, hass_client: ClientSessionGenerator) -> Client:
    """Give a browser that is signed in."""
    return await hass_client()


async def test_plays(fake: type[FakeProvider], client: Client, storage: Storage, path: str) -> None:
    """The sound comes as it is; the key goes to the phone system and nowhere else."""
    answer = await client.get(path)
    assert (answer.status, await answer.read()) == (HTTPStatus.OK, SOUND)
    assert answer.headers["Content-Type"] == "audio/mpeg"
    assert answer.headers["Content-Length"] == str(len(SOUND))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert SECRET not in str(answer.headers)
    assert path == "/api/pbx/media/entry_house/recording/r1"
    [request] = storage.requests
    assert request.headers["X-Key"] == SECRET
    assert request.headers["Accept-Encoding"] == "identity"
    assert "Authorization" not in request.headers
    assert set(fake.script.arguments("media_source")) == {(MediaKind.RECORDING, "r1")}


async def test_part(client: Client, storage: Storage, path: str) -> None:
    """Somebody who skips gets a part."""
    answer = await client.get(path, headers={"Range": "bytes=100-199", "If-Range": '"tag"'})
    assert (answer.status, await answer.read()) == (HTTPStatus.PARTIAL_CONTENT, SOUND[100:200])
    assert answer.headers["Content-Range"] == f"bytes 100-199/{len(SOUND)}"
    assert answer.headers["Content-Length"] == "100"
    assert storage.requests[0].headers["If-Range"] == '"tag"'


async def test_part_that_is_not_there(client: Client, path: str) -> None:
    """Somebody who skips past the end is told how long it is."""
    answer = await client.get(path, headers={"Range": "bytes=999999-"})
    assert (answer.status, await answer.read()) == (HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, b"")
    assert answer.headers["Content-Range"] == f"bytes */{len(SOUND)}"


async def test_head(client: Client, storage: Storage, path: str) -> None:
    """Players ask for the length first; the phone system may not know HEAD."""
    answer = await client.head(path)
    assert (answer.status, await answer.read()) == (HTTPStatus.OK, b"")
    assert answer.headers["Content-Length"] == str(len(SOUND))
    assert [request.method for request in storage.requests] == ["GET"]
    again = await client.get(path)  # the connection is still good
    assert await again.read() == SOUND


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("audio/mpeg3", "audio/mpeg"),
        ("audio/x-mpeg", "audio/mpeg"),
        ("audio/x-mp3", "audio/mpeg"),
        ("Audio/MPG", "audio/mpeg"),
        ("", "audio/mpeg"),
        ("nonsense", "audio/mpeg"),
        ("application/octet-stream", "audio/mpeg"),
        ("audio/wav", "audio/wav"),
        ("audio/ogg; codecs=opus", "audio/ogg"),
    ],
)
async def test_types(client: Client, storage: Storage, path: str, said: str, shown: str) -> None:
    """Browsers are told a type they know."""
    storage.answer = lambda _request: web.Response(body=SOUND, headers={"Content-Type": said})
    answer = await client.get(path)
    assert (answer.status, answer.headers["Content-Type"]) == (HTTPStatus.OK, shown)


@pytest.mark.parametrize("said", ["audio/x-mpegurl", "audio/mpegurl", "audio/x-scpls", "audio/html", "text/html"])
async def test_playlists_are_no_sound(client: Client, storage: Storage, path: str, said: str) -> None:
    """A list of addresses would make the browser ask them."""
    storage.answer = lambda _request: web.Response(body=b"http://tracker.example/x", headers={"Content-Type": said})
    answer = await client.get(path)
    assert answer.status == HTTPStatus.BAD_GATEWAY
    assert b"tracker" not in await answer.read()


async def test_inert(client: Client, path: str) -> None:
    """Whatever comes, no browser takes it for a page of Home Assistant's."""
    answer = await client.get(path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("http://{host}/sound", True),
        ("https://127.0.0.2/sound", False),
        ("https://10.0.0.1/sound", False),
        ("https://[::1]/sound", False),
        ("https://169.254.169.254/latest", False),
        ("https://user:pw@203.0.114.7/sound", False),
        ("http://203.0.114.7/sound", False),
        ("ftp://203.0.114.7/sound", False),
        ("file:///etc/passwd", False),
        ("http://[", False),
        ("https://[::ffff:127.0.0.1]/sound", False),
        ("https://[::ffff:a00:1]/sound", False),
        ("https://[fe80::1]/sound", False),
        ("https://localhost/sound", False),
        ("https:///sound", False),
        ("//127.0.0.1/sound", False),
    ],
)
async def test_where_a_link_may_lead(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    client: Client,
    storage: Storage,
    path: str,
    url: str,
    *,
    asked: bool,
) -> None:
    """A vendor's link leads to the phone system itself, or to the internet by https; nothing else is asked."""
    own = storage.server.make_url("")
    hass.config_entries.async_update_entry(fake_entry, data={**fake_entry.data, "url": str(own)})
    await hass.async_block_till_done()
    fake.script.answers["media_source"] = m.MediaSource(url=url.format(host=own.authority))
    answer = await client.get(path)
    assert answer.status == (HTTPStatus.OK if asked else HTTPStatus.NOT_FOUND)
    assert len(storage.requests) == asked


async def test_a_host_that_cannot_be_looked_up(
    hass: HomeAssistant, fake: type[FakeProvider], client: Client, storage: Storage, path: str
) -> None:
    """A part of a name that is too long is an error of its own."""
    fake.script.answers["media_source"] = m.MediaSource(url=f"https://{'a' * 64}.example.com/sound")
    with patch.object(hass.loop, "getaddrinfo", side_effect=UnicodeError("label too long")):
        answer = await client.get(path)
    assert answer.status == HTTPStatus.NOT_FOUND
    assert storage.requests == []


class Unreachable:
    """A session that notes whom it is to ask, and reaches nobody."""

    def __init__(self) -> None:
        self.asked: list[tuple[str | None, str | None, str | None]] = []

    def get(self, url: str | URL, *, headers: Mapping[str, str], **more: Any) -> NoReturn:
        """Note whom to ask, as whom, and whose certificate it is to have."""
        self.asked.append((URL(url).host, headers.get("Host"), more.get("server_hostname")))
        raise ClientConnectorError(Mock(), OSError("No way"))


@pytest.mark.parametrize(
    ("found", "asked"),
    [
        (["203.0.114.7"], ["203.0.114.7"]),
        (["203.0.114.7", "2a00:1450::1"], ["203.0.114.7", "2a00:1450::1"]),
        (["64:ff9b::cb00:7207"], ["64:ff9b::cb00:7207"]),  # 203.0.114.7 behind a translator
        (["203.0.114.7", "10.0.0.1"], []),
        (["64:ff9b::7f00:1"], []),
        (["64:ff9b::a00:1"], []),
        (["::127.0.0.1"], []),
        (["::ffff:192.168.1.1"], []),
        (["2002:a00:1::"], []),
        (["fec0::1"], []),
        (["fd00::1"], []),
        (["224.0.0.1"], []),
        (["ff0e::1"], []),
        (["0.0.0.0"], []),  # noqa: S104 - where a name may lead
        (["100.64.0.1"], []),
        ([], []),
    ],
)
async def test_what_was_checked_is_what_is_asked(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    client: Client,
    path: str,
    found: list[str],
    asked: list[str],
) -> None:
    """A name that leads to the own network a moment later is not looked up again; its certificate is still checked."""
    url = "https://sounds.example:8443/sound?sig=1"
    fake.script.answers["media_source"] = m.MediaSource(url=url)
    session = Unreachable()
    infos = [(0, 0, 0, "", (address, 8443)) for address in found]
    with (
        patch.object(hass.loop, "getaddrinfo", return_value=infos),
        patch("custom_components.pbx.media_view.async_session", return_value=session),
    ):
        answer = await client.get(path)
    assert answer.status == (HTTPStatus.BAD_GATEWAY if asked else HTTPStatus.NOT_FOUND)
    assert session.asked == [(address, "sounds.example:8443", "sounds.example") for address in asked]


async def test_packed_all_the_same(client: Client, storage: Storage, path: str) -> None:
    """A server that packs although nobody asked for it does not cut the sound."""
    headers = {"Content-Type": "audio/mpeg", "Content-Encoding": "gzip"}
    storage.answer = lambda _request: web.Response(body=gzip.compress(SOUND), headers=headers)
    answer = await client.get(path)
    assert (answer.status, await answer.read()) == (HTTPStatus.OK, SOUND)
    assert "Content-Encoding" not in answer.headers


@pytest.mark.parametrize(
    ("upstream", "status", "message"),
    [
        (web.Response(text="<script>", content_type="text/html"), 502, "HTTP 200"),
        (web.Response(text="{}", content_type="application/json"), 502, "HTTP 200"),
        (web.Response(status=401), 502, "HTTP 401"),
        (web.Response(status=404), 404, "This recording does not exist"),
        (web.Response(status=410), 404, "This recording does not exist"),
        (web.Response(status=500), 502, "HTTP 500"),
        (web.Response(status=302, headers={"Location": "/sound"}), 502, "HTTP 302"),
        (web.Response(status=204), 502, "HTTP 204"),
    ],
)
async def test_no_sound(
    client: Client, storage: Storage, path: str, upstream: web.Response, status: int, message: str
) -> None:
    """Pages would run as Home Assistant's own, and redirects would take the key along: neither is handed on."""
    storage.answer = lambda _request: upstream
    answer = await client.get(path)
    assert answer.status == status
    assert message in (await answer.json())["message"]
    assert len(storage.requests) == 1


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFoundError("gone"), 404),
        (RateLimitError(7), 429),
        (ConnectError("away"), 502),
        (RefusedError("no"), 502),
    ],
)
async def test_where_cannot_be_asked(
    fake: type[FakeProvider], client: Client, path: str, error: ProviderError, status: int
) -> None:
    """An error of the phone system is an error of the player, with its reason."""
    fake.script.errors["media_source"] = error
    answer = await client.get(path)
    assert answer.status == status
    assert "Fake PBX" in (await answer.json())["message"]


async def test_wrong_credentials(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, client: Client, path: str
) -> None:
    """A key that is refused for certain is asked for again."""
    fake.script.errors["media_source"] = AuthError("refused")
    assert (await client.get(path)).status == HTTPStatus.BAD_GATEWAY
    assert [flow["context"]["source"] for flow in hass.config_entries.flow.async_progress()] == ["reauth"]
    assert hass.config_entries.async_get_entry(fake_entry.entry_id) is fake_entry


async def test_server_is_away(client: Client, storage: Storage, path: str) -> None:
    """No server, no sound."""
    await storage.server.close()
    answer = await client.get(path)
    assert answer.status == HTTPStatus.BAD_GATEWAY
    assert (await answer.json())["message"] == "Fake PBX cannot be reached"


async def test_server_breaks_off(client: Client, storage: Storage, path: str) -> None:
    """A sound that ends too early is not taken for a whole one."""

    class Broken(web.Response):
        async def write_eof(self, data: bytes = b"") -> None:
            await super(web.Response, self).write(SOUND[:1000])
            assert self._req is not None
            assert self._req.transport is not None
            self._req.transport.abort()

    storage.answer = lambda _request: Broken(headers={"Content-Length": str(len(SOUND)), "Content-Type": "audio/mpeg"})
    with pytest.raises(Exception, match=r"payload|closed|disconnected|reset"):
        async with asyncio.timeout(5), client.get(path) as answer:
            await answer.read()


async def test_budget(hass: HomeAssistant, fake_entry: MockConfigEntry, client: Client, path: str) -> None:
    """A sound that needs the key counts among the requests of the account; one in foreign storage does not."""
    taken: list[str] = []

    async def async_take() -> None:
        taken.append("request")

    provider = fake_entry.runtime_data.coordinator.provider
    provider.http.budget.for_command = async_take
    await client.get(path)
    assert taken == ["request"]
    source = provider.script.answers["media_source"]
    provider.script.answers["media_source"] = replace(source, headers={})
    await client.get(path)
    assert taken == ["request"]


async def test_budget_is_spent(fake_entry: MockConfigEntry, client: Client, path: str) -> None:
    """Somebody who plays too much is told to wait."""

    async def async_refuse() -> None:
        raise RateLimitError

    fake_entry.runtime_data.coordinator.provider.http.budget.for_command = async_refuse
    answer = await client.get(path)
    assert answer.status == HTTPStatus.TOO_MANY_REQUESTS


async def test_only_for_those_signed_in(
    hass_client_no_auth: ClientSessionGenerator, storage: Storage, path: str, expected_warnings: list[str]
) -> None:
    """Nobody else hears anything."""
    expected_warnings.append("Login attempt or request with invalid authentication")
    client = await hass_client_no_auth()
    assert (await client.get(path)).status == HTTPStatus.UNAUTHORIZED
    assert (await client.head(path)).status == HTTPStatus.UNAUTHORIZED
    assert storage.requests == []


READS_HOUSE: dict[str, Any] = {"entity_ids": {"sensor.house_active_calls": {"read": True}}}
READS_A_PHONE: dict[str, Any] = {"entity_ids": {"sensor.ann_101_call_state": {"read": True, "control": True}}}


@pytest.mark.parametrize(("policy", "allowed"), [(READS_HOUSE, True), (READS_A_PHONE, False), ({}, False)])
async def test_only_for_those_who_may_read_the_account(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    hass_client: ClientSessionGenerator,
    fake: type[FakeProvider],
    storage: Storage,
    path: str,
    policy: dict[str, Any],
    *,
    allowed: bool,
) -> None:
    """Who may not see an account's calls neither hears them, nor reads in the media browser who called."""
    fake.script.answers["media"] = lambda *_: (item(1),)
    user = MockUser(groups=[Group(id="some", name="Some", policy={"entities": policy})]).add_to_hass(hass)
    refresh = await hass.auth.async_create_refresh_token(user, "https://example.com/", client_name=None)
    token = hass.auth.async_create_access_token(refresh)
    asked = fake.script.times("media_source")
    answer = await (await hass_client(token)).get(path)
    assert answer.status == (HTTPStatus.OK if allowed else HTTPStatus.FORBIDDEN)
    assert len(storage.requests) == allowed
    socket = await hass_ws_client(hass, token)
    shown = (await async_ask(socket, "browse_media", ROOT))["children"]
    assert [child["title"] for child in shown] == (["House"] if allowed else [])
    for kind, place in (
        ("browse_media", "entry_house"),
        ("browse_media", "entry_house/recording"),
        ("resolve_media", "entry_house/recording/r1"),
    ):
        await socket.send_json_auto_id({"type": f"media_source/{kind}", "media_content_id": f"{ROOT}/{place}"})
        assert (await socket.receive_json())["success"] is allowed, (kind, place)
    assert (fake.script.times("media_source") > asked) is allowed


@pytest.mark.parametrize("wrong", ["/api/pbx/media/entry_house/fax/1", "/api/pbx/media/elsewhere/recording/1"])
async def test_no_such_path(client: Client, storage: Storage, path: str, wrong: str) -> None:
    """What is not there is not asked for."""
    assert (await client.get(wrong)).status == HTTPStatus.NOT_FOUND
    assert storage.requests == []


async def test_foreign_account(hass: HomeAssistant, client: Client, storage: Storage, path: str) -> None:
    """An entry of another integration is no account."""
    foreign = MockConfigEntry(domain="other", entry_id="foreign", state=ConfigEntryState.LOADED)
    foreign.add_to_hass(hass)
    foreign.runtime_data = hass.config_entries.async_loaded_entries(DOMAIN)[0].runtime_data
    assert (await client.get(path.replace("entry_house", "foreign"))).status == HTTPStatus.NOT_FOUND


# -- all of it, with a real provider -----------------------------------------------------------------


async def async_ask(socket: MockHAClientWebSocket, kind: str, media_id: str) -> dict[str, Any]:
    """Ask as the frontend does."""
    await socket.send_json_auto_id({"type": f"media_source/{kind}", "media_content_id": media_id})
    answer: dict[str, Any] = await socket.receive_json()
    assert answer["success"], answer
    found: dict[str, Any] = answer["result"]
    return found


async def test_voipstudio(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    expected_warnings: list[str],
) -> None:
    """A person finds a recording and a voicemail of VoIPstudio and plays both by signed addresses."""
    expected_warnings.append("Login attempt or request with invalid authentication")
    simulator = VoipstudioSimulator()
    async with simulator:
        data = {
            CONF_PROVIDER: "voipstudio",
            "webhook_id": "hook",
            "url": simulator.url,
            "api_key": simulator.api_key,
        }
        entry = MockConfigEntry(domain=DOMAIN, title="Studio", data=data, entry_id="studio")
        await async_set_up(hass, entry)
        call = await simulator.ring("447700900123", "1001", name="Zoe")
        await simulator.answer(call, "1001")
        recording = await simulator.recording_ready(call)
        await simulator.hang_up(call)
        voicemail = await simulator.voicemail_arrives("1002", "447700900123", seconds=12)
        await hass.async_block_till_done()

        socket, browser = await hass_ws_client(), await hass_client_no_auth()
        for kind, number, size in (
            ("recording", recording, simulator.monitors.rows[recording]["size"]),
            ("voicemail", voicemail, 512 + 800 * 12),
        ):
            [found] = (await async_ask(socket, "browse_media", f"{ROOT}/studio/{kind}"))["children"]
            assert found["media_content_id"] == f"{ROOT}/studio/{kind}/{number}"
            assert "447700900123" in found["title"]
            url = (await async_ask(socket, "resolve_media", found["media_content_id"]))["url"]
            assert simulator.api_key not in url
            answer = await browser.get(url, headers={"Range": "bytes=0-99"})
            assert answer.status == HTTPStatus.OK  # VoIPstudio ignores the range
            assert await answer.read() == simulator.audio(number, size)
            assert answer.headers["Content-Type"] == "audio/mpeg"
            assert (await browser.get(url.partition("?")[0])).status == HTTPStatus.UNAUTHORIZED
        assert await hass.config_entries.async_unload("studio")
