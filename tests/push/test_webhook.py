"""Pushes over HTTP: what comes in, from whom, and what of it is told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from typing import Any, override

import pytest
from aiohttp.test_utils import TestClient
from homeassistant.components import webhook as ha_webhook
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util.aiohttp import MockRequest, MockStreamReader
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.pbx.const import DOMAIN, EVENT_PBX
from custom_components.pbx.push.webhook import MAX_BODY, PbxWebhook
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    BadPayloadError,
)

from ..fake_provider import FakeProvider, async_set_up
from ..simulators.voipat import VoipatSimulator
from ..simulators.voxloud import VoxloudSimulator
from .account import CANARY, PATH, WEBHOOK_ID, async_settle, health, voxloud_entry


@pytest.fixture
async def client(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> TestClient[Any, Any]:
    """Give somebody on the internet."""
    return await hass_client_no_auth()


def hook(entry: MockConfigEntry) -> PbxWebhook:
    """Give an account's webhook as it is now."""
    found: PbxWebhook = entry.runtime_data.webhook
    return found


def counts(entry: MockConfigEntry) -> tuple[int, int, int]:
    """Count what was received, bad and foreign."""
    found = hook(entry)
    return found.received, found.bad, found.foreign


async def async_push(hass: HomeAssistant, client: TestClient[Any, Any], method: str, **request: Any) -> None:
    """Push as a phone system does; whatever happens, the answer is an empty 200."""
    response = await client.request(method, request.pop("path", PATH), **request)
    assert response.status == 200
    assert await response.read() == b""
    await hass.async_block_till_done()


# -- what comes in -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "request_", "seen"),
    [
        ("GET", {"params": {"event": "answered", "from": CANARY}}, ({"event": "answered", "from": CANARY}, "", b"")),
        ("POST", {"json": {"a": 1}}, ({}, "application/json", b'{"a": 1}')),
        ("PUT", {"data": {"a": "b c"}}, ({}, "application/x-www-form-urlencoded", b"a=b+c")),
        (
            "POST",
            {"data": b"\xff\xfe", "params": {"a": ""}, "headers": {"Content-Type": "text/x"}},
            ({"a": ""}, "text/x", b"\xff\xfe"),
        ),
        ("POST", {"data": b"x" * MAX_BODY}, ({}, "application/octet-stream", b"x" * MAX_BODY)),
    ],
    ids=["query", "json", "form", "bytes", "large"],
)
async def test_request_is_read(
    hass: HomeAssistant,
    client: TestClient[Any, Any],
    entry: MockConfigEntry,
    requests: list[m.PushRequest],
    method: str,
    request_: dict[str, Any],
    seen: tuple[dict[str, str], str, bytes],
) -> None:
    """All parts of a request reach the provider, in whatever way they were sent."""
    await async_push(hass, client, method, **request_)
    (request,) = requests
    assert request.method == method
    assert (request.query, request.content_type.partition(";")[0], request.body) == seen
    assert counts(entry) == (1, 0, 0)
    assert "c1" in entry.runtime_data.coordinator.data.calls


async def test_authorization_is_read(
    hass: HomeAssistant, client: TestClient[Any, Any], requests: list[m.PushRequest]
) -> None:
    """Credentials in the URL, which a phone system sends as a header, can be checked."""
    await async_push(hass, client, "POST", data=b"x", headers={"Authorization": "Basic dTpw"})
    assert requests[0].authorization == "Basic dTpw"


@pytest.mark.parametrize(
    ("method", "request_"),
    [("GET", {}), ("HEAD", {}), ("HEAD", {"params": {"a": "b"}}), ("POST", {}), ("PUT", {"data": b""})],
    ids=["get", "head", "head-query", "post", "put"],
)
async def test_probe(
    hass: HomeAssistant,
    client: TestClient[Any, Any],
    entry: MockConfigEntry,
    requests: list[m.PushRequest],
    method: str,
    request_: dict[str, Any],
) -> None:
    """Whoever tries whether somebody answers is answered, and is no push."""
    await async_push(hass, client, method, **request_)
    assert requests == []
    assert counts(entry) == (0, 0, 0)
    assert not health(entry).working


async def _too_much() -> AsyncIterator[bytes]:
    for _ in range(80):
        yield b"x" * 65_536


@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
async def test_five_megabytes(
    hass: HomeAssistant,
    client: TestClient[Any, Any],
    entry: MockConfigEntry,
    requests: list[m.PushRequest],
    *,
    chunked: bool,
) -> None:
    """What is much too long is not read to the end, and counted."""
    await async_push(hass, client, "POST", data=_too_much() if chunked else BytesIO(bytes(5_242_880)))
    assert requests == []
    assert counts(entry) == (0, 1, 0)
    await async_push(hass, client, "POST", data=b"{}")
    assert counts(entry) == (1, 1, 0)


async def test_broken_body(
    hass: HomeAssistant,
    client: TestClient[Any, Any],
    entry: MockConfigEntry,
    fake: type[FakeProvider],
    our_log: Callable[[], str],
) -> None:
    """A body that cannot be read is counted, and not logged."""

    def parse(_request: m.PushRequest) -> tuple[m.Pushed, ...]:
        raise BadPayloadError(CANARY)

    fake.script.parse = parse
    await async_push(hass, client, "POST", data=CANARY)
    assert counts(entry) == (0, 1, 0)
    assert not health(entry).working
    assert CANARY not in our_log()


async def test_a_bug_stays_inside(
    hass: HomeAssistant,
    client: TestClient[Any, Any],
    entry: MockConfigEntry,
    fake: type[FakeProvider],
    our_log: Callable[[], str],
    expected_warnings: list[str],
) -> None:
    """An unexpected error is logged once with its origin, without the request and the webhook's id."""

    def parse(request: m.PushRequest) -> tuple[m.Pushed, ...]:
        if request.method == "PUT":
            raise LookupError(CANARY)
        int(b"x" + request.body)  # the error's own text has it
        return ()

    fake.script.parse = parse
    expected_warnings.append("Unexpected error reading what Fake PBX pushed")
    for _ in range(3):
        await async_push(hass, client, "POST", data=CANARY, params={"number": CANARY})
    assert counts(entry) == (0, 3, 0)
    assert our_log().count("Unexpected error") == 1
    assert "ValueError" in our_log()
    assert "in parse" in our_log()
    for _ in range(3):
        await async_push(hass, client, "PUT", data=CANARY)
    assert our_log().count("Unexpected error") == 2
    assert CANARY not in our_log()
    assert WEBHOOK_ID not in our_log()


async def test_a_body_that_drips_is_given_up(
    hass: HomeAssistant,
    client: TestClient[Any, Any],
    entry: MockConfigEntry,
    requests: list[m.PushRequest],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody holds a connection and its memory for hours, a byte at a time; others are not kept waiting."""
    monkeypatch.setattr("custom_components.pbx.push.webhook.PATIENCE", 0.3)
    given_up = asyncio.Event()

    async def drip() -> AsyncIterator[bytes]:
        """Send a byte now and then."""
        while not given_up.is_set():
            yield b" "
            await asyncio.sleep(0.05)

    async with asyncio.timeout(5):
        slow = asyncio.create_task(client.post(PATH, data=drip()))
        await async_push(hass, client, "POST", data=b"{}")
        assert counts(entry) == (1, 0, 0)
        response = await slow
        assert response.status == 200
    given_up.set()
    response.close()
    assert counts(entry) == (1, 1, 0)
    assert len(requests) == 1


async def test_foreign(
    hass: HomeAssistant, client: TestClient[Any, Any], entry: MockConfigEntry, fake: type[FakeProvider]
) -> None:
    """What is somebody else's is counted and forgotten."""
    fake.script.parse = lambda _request: ()
    await async_push(hass, client, "POST", data=b"{}")
    assert counts(entry) == (0, 0, 1)
    assert not health(entry).working


class _Breaking(MockRequest):
    """A request whose sender hangs up in the middle."""

    @property
    @override
    def content(self) -> MockStreamReader:
        class Reader(MockStreamReader):
            @override
            async def read(self, byte_count: int = -1) -> bytes:
                raise ConnectionResetError

        return Reader(b"")


async def test_sender_hangs_up(
    hass: HomeAssistant, entry: MockConfigEntry, requests: list[m.PushRequest], our_log: Callable[[], str]
) -> None:
    """A request that breaks off is counted; nothing escapes, since Home Assistant would log the webhook's id."""
    request = _Breaking(content=b"", mock_source="test", method="POST")
    response = await ha_webhook.async_handle_webhook(hass, WEBHOOK_ID, request)
    assert response.status == 200
    assert requests == []
    assert counts(entry) == (0, 1, 0)
    assert WEBHOOK_ID not in our_log()


async def test_pushed_first(hass: HomeAssistant, client: TestClient[Any, Any], entry: MockConfigEntry) -> None:
    """The first push proves that pushes work; states and an event follow."""
    events = async_capture_events(hass, EVENT_PBX)
    assert not health(entry).working
    await async_push(hass, client, "POST", data=b"{}")
    assert health(entry).working
    assert [event.data["type"] for event in events] == ["call_incoming"]


@pytest.mark.parametrize(
    ("body", "counted"),
    [('{"a": 1}', (1, 0, 0)), ("", (0, 0, 0)), ("x" * (MAX_BODY + 1), (0, 1, 0))],
    ids=["json", "empty", "too-long"],
)
async def test_through_the_cloud(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    requests: list[m.PushRequest],
    hass_ws_client: WebSocketGenerator,
    body: str,
    counted: tuple[int, int, int],
) -> None:
    """A cloudhook's request, which is none of aiohttp's, is read the same way."""
    socket = await hass_ws_client(hass)
    await socket.send_json_auto_id(
        {
            "type": "webhook/handle",
            "webhook_id": WEBHOOK_ID,
            "method": "POST",
            "body": body,
            "headers": {"Content-Type": "application/json", "Authorization": "Basic dTpw"},
            "query": "",
        }
    )
    answer = await socket.receive_json()
    await hass.async_block_till_done()
    assert answer["result"]["status"] == 200
    assert counts(entry) == counted
    assert [(request.content_type, request.authorization, request.body) for request in requests] == [
        ("application/json", "Basic dTpw", body.encode())
    ] * counted[0]


async def test_id_is_never_logged(
    hass: HomeAssistant, client: TestClient[Any, Any], entry: MockConfigEntry, our_log: Callable[[], str]
) -> None:
    """Neither a push, nor a reload, nor the removal puts the webhook's id into the log."""
    await async_push(hass, client, "POST", data=b"{}")
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.config_entries.async_remove(entry.entry_id)
    assert WEBHOOK_ID not in our_log()


async def test_only_while_loaded(
    hass: HomeAssistant, client: TestClient[Any, Any], entry: MockConfigEntry, requests: list[m.PushRequest]
) -> None:
    """The webhook comes and goes with the account, over any number of reloads."""
    for _ in range(2):
        assert await hass.config_entries.async_reload(entry.entry_id)
        await async_push(hass, client, "POST", data=b"{}")
    assert len(requests) == 2
    assert await hass.config_entries.async_unload(entry.entry_id)
    await async_push(hass, client, "POST", data=b"{}")
    assert len(requests) == 2


async def test_not_wanted(
    hass: HomeAssistant, client: TestClient[Any, Any], entry: MockConfigEntry, requests: list[m.PushRequest]
) -> None:
    """Where the user wants no pushes, none are taken."""
    hass.config_entries.async_update_entry(entry, options={"push": False})
    await hass.async_block_till_done()
    await async_push(hass, client, "POST", data=b"{}")
    assert requests == []
    assert not health(entry).wanted
    assert not health(entry).working


# -- the phone systems' own pushes -------------------------------------------------------------------


async def _async_open_house(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> str:
    """Let Home Assistant be reached at a real address."""
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client_no_auth()
    url = str(client.make_url("")).rstrip("/")
    await hass.config.async_update(external_url=url)
    return url


async def test_voxloud_calls(
    hass: HomeAssistant, voxloud: VoxloudSimulator, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """A real call is pushed over real HTTP; two pushes that agree tell the account, and others' are dropped."""
    await _async_open_house(hass, hass_client_no_auth)
    entry = voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await async_settle(hass)
    coordinator = entry.runtime_data.coordinator
    events = async_capture_events(hass, EVENT_PBX)
    extension = next(iter(voxloud.users))
    call_id = await voxloud.ring("+390612345678", extension)
    await voxloud.ring("+390612345679", extension)
    await voxloud.settle()
    await async_settle(hass)
    assert [event.data["type"] for event in events] == ["call_incoming"] * 2
    assert entry.data["pinned_account"] == str(voxloud.pbx_id)
    assert entry.runtime_data.coordinator is coordinator

    received = hook(entry).received
    voxloud.pbx_id = 999
    await voxloud.answer(call_id, extension)
    await voxloud.settle()
    await async_settle(hass)
    assert hook(entry).foreign > 0
    assert hook(entry).received == received
    assert entry.data["pinned_account"] == "117"
    assert len(events) == 2


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_voipat_calls(
    hass: HomeAssistant, voipat: VoipatSimulator, hass_client_no_auth: ClientSessionGenerator, method: str
) -> None:
    """The URL that a person pasted is called by the browser's phone in either way."""
    url = await _async_open_house(hass, hass_client_no_auth)
    voipat.ws_enabled = False
    data = {"provider": "voipat", "webhook_id": WEBHOOK_ID, "url": voipat.url, "api_key": voipat.api_key}
    entry = MockConfigEntry(domain=DOMAIN, title="PBX", data=data)
    await async_set_up(hass, entry)
    voipat.connect_webhook(f"{url}{PATH}", method)
    call_id = await voipat.ring("+390612345678", "101")
    await voipat.answer(call_id, "101")
    await hass.async_block_till_done()
    assert hook(entry).received > 0
    assert hook(entry).bad == 0
    assert health(entry).working
    assert not health(entry).managed
