"""Pushes over HTTP: what comes in, the URL, the subscription at the phone system, and its health."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from io import BytesIO
from typing import Any, override

import pytest
from aiohttp.test_utils import TestClient
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components import webhook as ha_webhook
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.aiohttp import MockRequest, MockStreamReader
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator, WebSocketGenerator

from custom_components.pbx.const import DOMAIN, EVENT_PBX
from custom_components.pbx.diagnostics import async_get_config_entry_diagnostics
from custom_components.pbx.push.webhook import MAX_BODY, PbxWebhook
from custom_components.pbx.push_health import PushHealth
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    AuthError,
    BadPayloadError,
    ConnectError,
    ProviderError,
    RateLimitError,
    RefusedError,
)
from custom_components.pbx.telephony.models import CallState, Capability

from ..fake_cloud import CLOUDHOOK, FakeCloud
from ..fake_provider import FakeProvider, async_set_up, fake_config_entry, pushed
from ..simulators.voipat import VoipatSimulator
from ..simulators.voxloud import EventType as VoxloudEvent
from ..simulators.voxloud import VoxloudSimulator

WEBHOOK_ID = "b7c1e3d09f5a4e2c8d6b"
PATH = f"/api/webhook/{WEBHOOK_ID}"
CANARY = "+390655512345"
HOME = "https://ha.example.com"
NEW_HOME = "https://new.example.org"
OURS = "custom_components.pbx"


@pytest.fixture
def requests(fake: type[FakeProvider]) -> list[m.PushRequest]:
    """Let a phone system push; the list is what it was asked to read."""
    read: list[m.PushRequest] = []

    def parse(request: m.PushRequest) -> tuple[m.Pushed, ...]:
        read.append(request)
        return (pushed("c1", CallState.RINGING),)

    fake.script.capabilities |= Capability.WEBHOOK
    fake.script.parse = parse
    return read


@pytest.fixture
async def entry(hass: HomeAssistant, requests: list[m.PushRequest]) -> MockConfigEntry:
    """Give an account that was set up, with a webhook of which the id is known."""
    made = fake_config_entry(data={"webhook_id": WEBHOOK_ID})
    await async_set_up(hass, made)
    return made


@pytest.fixture
async def client(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> TestClient[Any, Any]:
    """Give somebody on the internet."""
    return await hass_client_no_auth()


@pytest.fixture
def our_log(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Give what the integration logged, at every level."""
    caplog.set_level(logging.DEBUG, OURS)
    return lambda: "\n".join(
        f"{record.getMessage()} {record.exc_text or ''}" for record in caplog.records if record.name.startswith(OURS)
    )


def hook(entry: MockConfigEntry) -> PbxWebhook:
    """Give an account's webhook as it is now."""
    found: PbxWebhook = entry.runtime_data.webhook
    return found


def counts(entry: MockConfigEntry) -> tuple[int, int, int]:
    """Count what was received, bad and foreign."""
    found = hook(entry)
    return found.received, found.bad, found.foreign


def health(entry: MockConfigEntry) -> PushHealth:
    """Give what is known of an account's pushes as it is now."""
    found: PushHealth = entry.runtime_data.health
    return found


async def has_cloudhook(hass: HomeAssistant, entry: MockConfigEntry) -> bool:
    """Say whether the account's diagnostics tell of a cloudhook."""
    found = await async_get_config_entry_diagnostics(hass, entry)
    return bool(found["push"]["cloudhook"])


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
    """An unexpected error is logged with its origin, without the request and the webhook's id."""

    def parse(_request: m.PushRequest) -> tuple[m.Pushed, ...]:
        raise RuntimeError("a bug")

    fake.script.parse = parse
    expected_warnings.append("Unexpected error reading what Fake PBX pushed")
    await async_push(hass, client, "POST", data=CANARY, params={"number": CANARY})
    assert counts(entry) == (0, 1, 0)
    assert "a bug" in our_log()
    assert CANARY not in our_log()
    assert WEBHOOK_ID not in our_log()


async def test_foreign(
    hass: HomeAssistant, client: TestClient[Any, Any], entry: MockConfigEntry, fake: type[FakeProvider]
) -> None:
    """What is somebody else's is counted and forgotten."""
    fake.script.parse = lambda _request: ()
    await async_push(hass, client, "POST", data=b"{}")
    assert counts(entry) == (0, 0, 1)
    assert not health(entry).working


async def test_whose_pushes_these_are_is_settled_once(
    hass: HomeAssistant, client: TestClient[Any, Any], entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first push that names its account decides; nothing later changes that, and none of it reloads."""
    coordinator = entry.runtime_data.coordinator
    named: list[str | None] = [None, "117", "999"]
    monkeypatch.setattr(FakeProvider, "account_of", lambda *_arguments: named.pop(0))
    pinned = []
    for _ in range(3):
        await async_push(hass, client, "POST", data=b"{}")
        pinned.append(entry.data.get("pinned_account"))
    assert pinned == [None, "117", "117"]
    assert entry.runtime_data.coordinator is coordinator


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


def _voxloud_entry(simulator: VoxloudSimulator, **more: Any) -> MockConfigEntry:
    data = {
        "provider": "voxloud",
        "webhook_id": WEBHOOK_ID,
        "url": simulator.url,
        "api_key": simulator.api_key,
        **more.pop("data", {}),
    }
    return MockConfigEntry(domain=DOMAIN, title="Voxloud", data=data, **more)


async def _async_settle(hass: HomeAssistant) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)


async def test_voxloud_calls(
    hass: HomeAssistant, voxloud: VoxloudSimulator, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """A real call is pushed over real HTTP; the first push pins the account, and others' are dropped."""
    await _async_open_house(hass, hass_client_no_auth)
    entry = _voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await _async_settle(hass)
    coordinator = entry.runtime_data.coordinator
    events = async_capture_events(hass, EVENT_PBX)
    extension = next(iter(voxloud.users))
    call_id = await voxloud.ring("+390612345678", extension)
    await voxloud.ring("+390612345679", extension)
    await voxloud.settle()
    await _async_settle(hass)
    assert [event.data["type"] for event in events] == ["call_incoming"] * 2
    assert entry.data["pinned_account"] == str(voxloud.pbx_id)
    assert entry.runtime_data.coordinator is coordinator

    received = hook(entry).received
    voxloud.pbx_id = 999
    await voxloud.answer(call_id, extension)
    await voxloud.settle()
    await _async_settle(hass)
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


# -- the subscription --------------------------------------------------------------------------------


def _subscribed(simulator: VoxloudSimulator) -> dict[str, set[str]]:
    """List the enabled events by URL."""
    found: dict[str, set[str]] = {}
    for item in simulator.subscriptions.values():
        found.setdefault(item.callback_url, set()).update({item.event_type.value} if item.enabled else ())
    return found


EVERY_EVENT = {event.value for event in VoxloudEvent}
THEIRS = "https://crm.example.net/hook"


async def test_subscription_made_and_reused(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """Every event is subscribed to once, however often the account is loaded; others' subscriptions stay."""
    await hass.config.async_update(external_url=HOME)
    voxloud.subscribe(THEIRS)
    entry = _voxloud_entry(voxloud, options={"notification_email": "me@example.com"})
    await async_set_up(hass, entry)
    await _async_settle(hass)
    assert _subscribed(voxloud) == {THEIRS: EVERY_EVENT, f"{HOME}{PATH}": EVERY_EVENT}
    assert health(entry).working
    assert health(entry).complete
    ids = list(voxloud.subscriptions)
    voxloud.requests.clear()
    assert await hass.config_entries.async_reload(entry.entry_id)
    await _async_settle(hass)
    assert list(voxloud.subscriptions) == ids
    assert {seen.method for seen in voxloud.seen("webhook-subscriptions")} == {"GET"}
    assert health(entry).working


async def test_new_address(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """A new address of Home Assistant is subscribed, and the old one given up."""
    await hass.config.async_update(external_url=HOME)
    voxloud.subscribe(THEIRS)
    entry = _voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await _async_settle(hass)
    coordinator = entry.runtime_data.coordinator
    await hass.config.async_update(external_url=NEW_HOME)
    await _async_settle(hass)
    assert _subscribed(voxloud) == {THEIRS: EVERY_EVENT, f"{NEW_HOME}{PATH}": EVERY_EVENT}
    assert entry.runtime_data.coordinator is coordinator
    assert health(entry).working


async def test_new_address_while_away(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """An address that changed while Home Assistant did not run is given up as well."""
    await hass.config.async_update(external_url=HOME)
    voxloud.subscribe(THEIRS)
    voxloud.subscribe(f"{NEW_HOME}{PATH}")
    voxloud.subscribe(f"{CLOUDHOOK}9")
    entry = _voxloud_entry(voxloud, data={"cloudhook_url": f"{CLOUDHOOK}9"})
    await async_set_up(hass, entry)
    await _async_settle(hass)
    assert _subscribed(voxloud) == {THEIRS: EVERY_EVENT, f"{HOME}{PATH}": EVERY_EVENT}


async def test_old_address_stays_registered(
    hass: HomeAssistant, voxloud: VoxloudSimulator, our_log: Callable[[], str]
) -> None:
    """Pushes work even if an old address cannot be given up."""
    await hass.config.async_update(external_url=HOME)
    voxloud.subscribe(f"{NEW_HOME}{PATH}")
    entry = _voxloud_entry(voxloud)
    refused: list[str] = []

    async def unsubscribe(_self: object, url: str) -> None:
        refused.append(url)
        raise RefusedError("No")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("custom_components.pbx.providers.voxloud.provider.VoxloudProvider.unsubscribe", unsubscribe)
        await async_set_up(hass, entry)
        await _async_settle(hass)
    assert refused == [f"{NEW_HOME}{PATH}"]
    assert health(entry).working
    assert "could not be removed: RefusedError" in our_log()
    assert WEBHOOK_ID not in our_log()


async def test_one_event_cannot_be_had(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """An event that the phone system does not offer leaves the others whole."""
    await hass.config.async_update(external_url=HOME)
    voxloud.ctc_create = False
    entry = _voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await _async_settle(hass)
    assert _subscribed(voxloud) == {f"{HOME}{PATH}": EVERY_EVENT - {"CLICK_TO_CALL"}}
    assert health(entry).working
    await _async_later(hass, timedelta(minutes=20))
    assert health(entry).working
    assert issues(hass) == set()


async def test_switched_off(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """Who wants no pushes any more has the subscriptions removed."""
    await hass.config.async_update(external_url=HOME)
    voxloud.subscribe(THEIRS)
    entry = _voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await _async_settle(hass)
    hass.config_entries.async_update_entry(entry, options={"push": False})
    await _async_settle(hass)
    assert _subscribed(voxloud) == {THEIRS: EVERY_EVENT}
    assert not health(entry).working


async def test_removed(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """With the account go all subscriptions to it, and none else."""
    await hass.config.async_update(external_url=HOME)
    voxloud.subscribe(THEIRS)
    entry = _voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await _async_settle(hass)
    voxloud.subscribe(f"{NEW_HOME}{PATH}")
    await hass.config_entries.async_remove(entry.entry_id)
    assert _subscribed(voxloud) == {THEIRS: EVERY_EVENT}


async def _async_later(hass: HomeAssistant, delta: timedelta) -> None:
    """Let the timers ring that are due by then, without moving the clock."""
    async_fire_time_changed(hass, dt_util.utcnow() + delta)
    await _async_settle(hass)


async def test_disabled_at_the_phone_system(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """What the phone system switched off is found and switched on again."""
    await hass.config.async_update(external_url=HOME)
    entry = _voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await _async_settle(hass)
    for item in voxloud.subscriptions.values():
        item.enabled = False
    await _async_later(hass, timedelta(minutes=20))
    assert _subscribed(voxloud) == {f"{HOME}{PATH}": EVERY_EVENT}
    assert health(entry).working
    assert issues(hass) == set()


# -- health, to the minute ---------------------------------------------------------------------------

URL = f"{HOME}{PATH}"


class Subscriptions:
    """A phone system's subscriptions, kept for a test."""

    def __init__(self, fake: type[FakeProvider]) -> None:
        """Have none."""
        self.script = fake.script
        self.script.capabilities |= Capability.WEBHOOK | Capability.SUBSCRIPTIONS
        self.listed: dict[tuple[str, str], m.Subscription] = {}
        self.script.answers |= {
            "subscribe": self.subscribe,
            "subscriptions": lambda: tuple(self.listed.values()),
            "unsubscribe": self.unsubscribe,
        }

    def subscribe(self, url: str) -> tuple[m.Subscription, ...]:
        """Register two events."""
        for event in ("calls", "records"):
            self.listed[url, event] = m.Subscription(id=event, event=event, url=url)
        return tuple(item for item in self.listed.values() if item.url == url)

    def unsubscribe(self, url: str) -> None:
        """Forget a URL."""
        self.listed = {key: item for key, item in self.listed.items() if item.url != url}

    def break_(self, *, gone: bool) -> None:
        """Switch one of the events off, or lose it."""
        key = next(key for key in self.listed if key[1] == "records")
        if gone:
            del self.listed[key]
        else:
            self.listed[key] = m.Subscription(id="records", event="records", url=key[0], enabled=False)

    @property
    def made(self) -> int:
        """Count how often a URL was registered."""
        return self.script.times("subscribe")


@pytest.fixture
def subscriptions(fake: type[FakeProvider]) -> Subscriptions:
    """Let the phone system's webhooks be subscribed to by its API."""
    return Subscriptions(fake)


@pytest.fixture
async def managed(hass: HomeAssistant, subscriptions: Subscriptions) -> MockConfigEntry:
    """Give an account with a subscription."""
    await hass.config.async_update(external_url=HOME)
    made = fake_config_entry(data={"webhook_id": WEBHOOK_ID})
    await async_set_up(hass, made)
    await _async_settle(hass)
    return made


def issues(hass: HomeAssistant) -> set[str]:
    """List the issues a person sees."""
    return {issue_id for domain, issue_id in ir.async_get(hass).issues if domain == DOMAIN}


async def async_pass(hass: HomeAssistant, freezer: FrozenDateTimeFactory, delta: timedelta) -> None:
    """Let time pass."""
    freezer.tick(delta)
    async_fire_time_changed(hass)
    await _async_settle(hass)


@pytest.mark.parametrize("gone", [False, True], ids=["disabled", "deleted"])
async def test_repaired_once_an_hour(
    hass: HomeAssistant,
    managed: MockConfigEntry,
    subscriptions: Subscriptions,
    freezer: FrozenDateTimeFactory,
    *,
    gone: bool,
) -> None:
    """A subscription that is switched off is repaired, but not all the time; meanwhile the user is told."""
    twenty = timedelta(minutes=20)
    subscriptions.break_(gone=gone)
    await async_pass(hass, freezer, twenty)
    assert subscriptions.made == 2
    assert health(managed).working
    assert issues(hass) == set()

    subscriptions.break_(gone=gone)
    for _ in range(2):
        await async_pass(hass, freezer, twenty)
        assert subscriptions.made == 2
        assert not health(managed).working
        assert issues(hass) == {f"webhook_disabled_{managed.entry_id}"}
    await async_pass(hass, freezer, twenty)
    assert subscriptions.made == 3
    assert health(managed).working
    assert issues(hass) == set()


async def test_recovers_by_itself(
    hass: HomeAssistant, managed: MockConfigEntry, subscriptions: Subscriptions, freezer: FrozenDateTimeFactory
) -> None:
    """Where somebody repaired it at the phone system, the issue goes."""
    for _ in range(2):
        subscriptions.break_(gone=False)
        await async_pass(hass, freezer, timedelta(minutes=20))
    assert issues(hass)
    subscriptions.subscribe(URL)
    await async_pass(hass, freezer, timedelta(minutes=20))
    assert issues(hass) == set()
    assert health(managed).working
    assert subscriptions.made == 2


@pytest.mark.parametrize(
    "error", [ConnectError(), RateLimitError(), RefusedError("no")], ids=lambda e: type(e).__name__
)
async def test_cannot_be_verified(
    hass: HomeAssistant,
    managed: MockConfigEntry,
    subscriptions: Subscriptions,
    freezer: FrozenDateTimeFactory,
    error: ProviderError,
) -> None:
    """A list that cannot be had says nothing."""
    subscriptions.script.errors["subscriptions"] = error
    await async_pass(hass, freezer, timedelta(minutes=20))
    assert health(managed).working
    assert subscriptions.made == 1
    assert issues(hass) == set()


@pytest.mark.parametrize(
    "error", [ConnectError(), RateLimitError(5), RefusedError("no"), AuthError()], ids=lambda e: type(e).__name__
)
async def test_tried_again(
    hass: HomeAssistant,
    subscriptions: Subscriptions,
    freezer: FrozenDateTimeFactory,
    error: ProviderError,
    our_log: Callable[[], str],
) -> None:
    """What could not be registered is tried again, less and less often, until it can be."""
    await hass.config.async_update(external_url=HOME)
    subscriptions.script.errors["subscribe"] = error
    subscriptions.script.errors["subscriptions"] = ConnectError()
    entry = fake_config_entry(data={"webhook_id": WEBHOOK_ID})
    await async_set_up(hass, entry)
    await _async_settle(hass)
    assert entry.state is ConfigEntryState.LOADED
    assert subscriptions.made == 1
    assert not health(entry).working
    for minutes, made in ((1, 2), (1, 2), (1, 3), (4, 4), (7, 4), (1, 5)):
        await async_pass(hass, freezer, timedelta(minutes=minutes, seconds=1))
        assert subscriptions.made == made
    for _ in range(8):
        await async_pass(hass, freezer, timedelta(hours=1, seconds=1))
    assert subscriptions.made == 13
    subscriptions.script.errors.clear()
    await async_pass(hass, freezer, timedelta(hours=1, seconds=1))
    assert health(entry).working
    assert subscriptions.made == 14
    await async_pass(hass, freezer, timedelta(hours=2))
    assert subscriptions.made == 14
    assert WEBHOOK_ID not in our_log()


async def test_nothing_after_an_unload(
    hass: HomeAssistant, subscriptions: Subscriptions, freezer: FrozenDateTimeFactory
) -> None:
    """An attempt that is under way when the account is unloaded ends there, and no other follows."""
    await hass.config.async_update(external_url=HOME)
    subscriptions.script.errors["subscribe"] = ConnectError()
    entry = fake_config_entry(data={"webhook_id": WEBHOOK_ID})
    await async_set_up(hass, entry)
    await _async_settle(hass)

    held = asyncio.Event()
    ended: list[str] = []

    async def subscribe(_self: FakeProvider, _url: str) -> tuple[m.Subscription, ...]:
        try:
            await held.wait()
        finally:
            ended.append("ended")
        raise ConnectError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(FakeProvider, "subscribe", subscribe)
        freezer.tick(timedelta(minutes=2))
        async_fire_time_changed(hass)
        await hass.async_block_till_done()
        assert ended == []
        assert await hass.config_entries.async_unload(entry.entry_id)
        assert ended == ["ended"]
    made = subscriptions.made
    await async_pass(hass, freezer, timedelta(hours=3))
    assert subscriptions.made == made


async def test_no_address(hass: HomeAssistant, subscriptions: Subscriptions, freezer: FrozenDateTimeFactory) -> None:
    """Without an address on the internet the user is told; as soon as there is one, it is registered."""
    entry = fake_config_entry(data={"webhook_id": WEBHOOK_ID})
    await async_set_up(hass, entry)
    await _async_settle(hass)
    assert issues(hass) == {f"webhook_no_url_{entry.entry_id}"}
    assert not health(entry).working
    await async_pass(hass, freezer, timedelta(minutes=20))
    assert subscriptions.made == 0
    await hass.config.async_update(external_url=HOME)
    await _async_settle(hass)
    assert issues(hass) == set()
    assert health(entry).working
    assert set(subscriptions.listed) == {(URL, "calls"), (URL, "records")}
    await hass.config.async_update(external_url=None)
    await _async_settle(hass)
    assert issues(hass) == {f"webhook_no_url_{entry.entry_id}"}
    assert subscriptions.listed == {}
    assert not health(entry).working


async def test_no_address_is_no_trouble_where_it_is_pasted(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """A phone system next door may use an address that the internet does not have."""
    await hass.config.async_update(internal_url="http://10.1.2.3:8123")
    await _async_settle(hass)
    assert issues(hass) == set()
    assert entry.runtime_data.subscription.url is None


async def test_issues_go_with_the_wish(
    hass: HomeAssistant, subscriptions: Subscriptions, fake_entry: MockConfigEntry
) -> None:
    """Who wants no pushes is not told that they do not work."""
    await async_set_up(hass, fake_entry)
    await _async_settle(hass)
    assert issues(hass)
    hass.config_entries.async_update_entry(fake_entry, options={"push": False})
    await _async_settle(hass)
    assert issues(hass) == set()


# -- Home Assistant Cloud ----------------------------------------------------------------------------


async def test_cloudhook(hass: HomeAssistant, subscriptions: Subscriptions, cloud: FakeCloud) -> None:
    """Without an address of its own Home Assistant is reached through its cloud; the address is kept, once."""
    entry = fake_config_entry(data={"webhook_id": WEBHOOK_ID})
    await async_set_up(hass, entry)
    await _async_settle(hass)
    assert cloud.hooks == {WEBHOOK_ID: f"{CLOUDHOOK}0"}
    assert entry.data["cloudhook_url"] == f"{CLOUDHOOK}0"
    assert {url for url, _ in subscriptions.listed} == {f"{CLOUDHOOK}0"}
    assert health(entry).working
    assert await has_cloudhook(hass, entry)
    assert subscriptions.made == 1
    assert subscriptions.script.times("account") == 1

    await hass.config.async_update(external_url=HOME)
    await _async_settle(hass)
    assert {url for url, _ in subscriptions.listed} == {URL}
    assert not await has_cloudhook(hass, entry)


async def test_cloud_is_offline(hass: HomeAssistant, subscriptions: Subscriptions, cloud: FakeCloud) -> None:
    """While the cloud cannot be reached the known address stays; where none is known, it is asked for later."""
    cloud.fails = ConnectionError()
    known = fake_config_entry("known", data={"webhook_id": WEBHOOK_ID, "cloudhook_url": f"{CLOUDHOOK}7"})
    new = fake_config_entry("new")
    for account, entry in (("known", known), ("new", new)):
        subscriptions.script.account = m.Account(id=account, title="x")
        await async_set_up(hass, entry)
    await _async_settle(hass)
    assert {url for url, _ in subscriptions.listed} == {f"{CLOUDHOOK}7"}
    assert issues(hass) == {f"webhook_no_url_{new.entry_id}"}
    await cloud.async_connect()
    await _async_settle(hass)
    assert issues(hass) == set()
    assert new.data["cloudhook_url"] in cloud.hooks.values()
    for entry in (known, new):
        assert await hass.config_entries.async_unload(entry.entry_id)
    assert cloud.listeners == []


async def test_nobody_is_signed_in(hass: HomeAssistant, subscriptions: Subscriptions, cloud: FakeCloud) -> None:
    """An address in a cloud that was left is none."""
    cloud.active = False
    entry = fake_config_entry(data={"cloudhook_url": f"{CLOUDHOOK}7"})
    await async_set_up(hass, entry)
    await _async_settle(hass)
    assert issues(hass) == {f"webhook_no_url_{entry.entry_id}"}
    assert subscriptions.made == 0


@pytest.mark.parametrize("trouble", [False, True])
async def test_cloudhook_is_removed(
    hass: HomeAssistant, subscriptions: Subscriptions, cloud: FakeCloud, *, trouble: bool
) -> None:
    """With the account goes its address in the cloud, and no new one is made."""
    entry = fake_config_entry(data={"webhook_id": WEBHOOK_ID})
    await async_set_up(hass, entry)
    await _async_settle(hass)
    cloud.fails = ConnectionError() if trouble else None
    await hass.config_entries.async_remove(entry.entry_id)
    assert cloud.hooks == ({WEBHOOK_ID: f"{CLOUDHOOK}0"} if trouble else {})
    assert subscriptions.listed == {}
