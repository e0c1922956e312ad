"""Copies of a configuration, restored elsewhere: the original keeps every push, and a copy takes nothing of it."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from aiohttp import web
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
    async_test_home_assistant,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pbx.const import DOMAIN, EVENT_PBX
from custom_components.pbx.issues import ISSUE_COPY, ISSUE_INSECURE, ISSUE_PASTE_AGAIN
from custom_components.pbx.push.occupant import CHALLENGE, answer_to, async_is_anothers
from custom_components.pbx.push.subscription import VERIFY_INTERVAL
from custom_components.pbx.push.url import is_insecure
from custom_components.pbx.repairs import RemedyFlow, async_create_fix_flow
from custom_components.pbx.telephony.errors import ConnectError

from ..fake_provider import FakeProvider, async_set_up, fake_config_entry
from ..simulators.voxloud import VoxloudSimulator
from .account import PATH, WEBHOOK_ID, async_settle, voxloud_entry

CHALLENGED = "0123456789abcdef" * 2


@pytest.fixture
async def other(hass: HomeAssistant) -> AsyncIterator[HomeAssistant]:
    """Give another process of Home Assistant, as far as one test can have two."""
    async with async_test_home_assistant(asyncio.get_running_loop()) as second:
        second.data.pop("custom_components", None)
        yield second
        for entry in second.config_entries.async_loaded_entries(DOMAIN):
            await second.config_entries.async_unload(entry.entry_id)
        await second.async_stop(force=True)


async def async_open(hass: HomeAssistant, aiohttp_client: Any) -> str:
    """Let a Home Assistant be reached at an address of its own; return that."""
    assert await async_setup_component(hass, DOMAIN, {})
    client = await aiohttp_client(hass.http.app)
    url = str(client.make_url("")).rstrip("/")
    await hass.config.async_update(external_url=url)
    return url


def copied(entry: MockConfigEntry) -> MockConfigEntry:
    """Make the entry of a restored backup."""
    return MockConfigEntry(
        domain=DOMAIN,
        title=entry.title,
        unique_id=entry.unique_id,
        entry_id=entry.entry_id,
        data=dict(entry.data),
        options=dict(entry.options),
    )


def issue_of(hass: HomeAssistant, entry: MockConfigEntry, key: str = ISSUE_COPY) -> ir.IssueEntry | None:
    """Find an issue of an account."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{key}_{entry.entry_id}")


async def async_restart(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Load an account as after a restart, which no issue outlives."""
    assert await hass.config_entries.async_unload(entry.entry_id)
    for domain, issue_id in list(ir.async_get(hass).issues):
        ir.async_delete_issue(hass, domain, issue_id)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await async_settle(hass)


async def async_agree(hass: HomeAssistant, issue: ir.IssueEntry) -> None:
    """Say yes to a repair."""
    flow = await async_create_fix_flow(hass, issue.issue_id, dict(issue.data or {}))
    flow.hass, flow.handler, flow.issue_id, flow.flow_id, flow.context = hass, DOMAIN, issue.issue_id, "f", {}
    assert isinstance(flow, RemedyFlow)
    assert (await flow.async_step_confirm({}))["type"] == "create_entry"
    await async_settle(hass)


def callbacks(voxloud: VoxloudSimulator) -> set[str]:
    """List the URLs that are subscribed to."""
    return {item.callback_url for item in voxloud.subscriptions.values()}


# -- who answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("challenge", "answered"),
    [(CHALLENGED, True), ("", False), ("x" * 32, False), (CHALLENGED * 2, False)],
)
async def test_challenge(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    hass_client_no_auth: ClientSessionGenerator,
    challenge: str,
    *,
    answered: bool,
) -> None:
    """A webhook answers a challenge with this process's digest, and nothing else with anything."""
    client = await hass_client_no_auth()
    response = await client.get(PATH, params={CHALLENGE: challenge})
    body = await response.text()
    assert response.status == 200
    assert body == (answer_to(hass, challenge) if answered else "")
    assert len(body) == (64 if answered else 0)
    assert entry.runtime_data.webhook.received == 0


async def test_each_process_answers_its_own(hass: HomeAssistant, other: HomeAssistant) -> None:
    """The digest is the same for one process, and different for another and for another challenge."""
    again = CHALLENGED[::-1]
    answers = [answer_to(hass, CHALLENGED), answer_to(other, CHALLENGED), answer_to(hass, again)]
    assert len(set(answers)) == 3
    assert answer_to(hass, CHALLENGED) == answers[0]


@pytest.mark.parametrize(
    ("status", "body", "headers", "anothers"),
    [
        (200, "", {}, False),
        (404, "Not Found", {}, False),
        (200, "a" * 64, {}, True),
        (200, "a" * 65, {}, False),
        (200, "A" * 64, {}, False),
        (200, "<html>" * 1000, {}, False),
        (302, "", {"Location": "/else"}, False),
    ],
    ids=["empty", "not-found", "digest", "longer", "capitals", "page", "redirect"],
)
async def test_whoever_lives_there(
    hass: HomeAssistant,
    socket_enabled: None,
    aiohttp_client: Any,
    status: int,
    body: str,
    headers: Mapping[str, str],
    *,
    anothers: bool,
) -> None:
    """Only an answer that only this integration gives is another Home Assistant; no redirect is followed."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=body, headers=headers)

    async def elsewhere(_request: web.Request) -> web.Response:
        return web.Response(text="a" * 64)

    app = web.Application()
    app.router.add_get("/hook", answer)
    app.router.add_get("/else", elsewhere)
    client = await aiohttp_client(app)
    assert await async_is_anothers(hass, str(client.make_url("/hook"))) is anothers


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/x", "no address", "http://[::1", "ftp://127.0.0.1/"])
async def test_nobody_lives_there(hass: HomeAssistant, socket_enabled: None, url: str) -> None:
    """An address where nobody answers, and one that is none."""
    assert not await async_is_anothers(hass, url)


# -- two at once -------------------------------------------------------------------------------------


@pytest.mark.parametrize("same_address", [False, True], ids=["elsewhere", "same-address"])
async def test_the_original_keeps_every_push(
    hass: HomeAssistant,
    other: HomeAssistant,
    voxloud: VoxloudSimulator,
    aiohttp_client: Any,
    freezer: FrozenDateTimeFactory,
    *,
    same_address: bool,
) -> None:
    """A copy runs beside its original for half an hour: it takes nothing, says so, and leaves only what is its own.

    A copy may have the original's address as well, which its configuration names.
    """
    theirs = await async_open(hass, aiohttp_client)
    entry = voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await async_settle(hass)
    first = {f"{theirs}{PATH}"}
    assert callbacks(voxloud) == first
    original_ids = set(voxloud.subscriptions)

    copy = copied(entry)
    address = await async_open(other, aiohttp_client)
    if same_address:
        await other.config.async_update(external_url=theirs)
        address = theirs
    await async_set_up(other, copy)
    await async_settle(other)
    assert copy.data["webhook_id"] != WEBHOOK_ID
    assert entry.data["webhook_id"] == WEBHOOK_ID
    own = f"{address}/api/webhook/{copy.data['webhook_id']}"
    assert callbacks(voxloud) == {*first, own}
    assert issue_of(other, copy) is not None
    assert issue_of(hass, entry) is None

    events = async_capture_events(hass, EVENT_PBX)
    extension = next(iter(voxloud.users))
    for minute in range(30):
        freezer.tick(timedelta(minutes=1))
        for each in (hass, other):
            async_fire_time_changed(each)
            await async_settle(each)
        call_id = await voxloud.ring(f"+3906123456{minute:02}", extension)
        await voxloud.hang_up(call_id)
        await voxloud.settle()
        for each in (hass, other):
            await async_settle(each)
    told = [event.data["type"] for event in events]
    assert told.count("call_incoming") == 30
    assert set(voxloud.subscriptions) >= original_ids
    assert entry.data["webhook_id"] == WEBHOOK_ID

    await other.config_entries.async_remove(copy.entry_id)
    await async_settle(other)
    assert callbacks(voxloud) == first
    assert set(voxloud.subscriptions) == original_ids


async def test_what_the_original_made_stays(
    hass: HomeAssistant, other: HomeAssistant, voxloud: VoxloudSimulator, aiohttp_client: Any
) -> None:
    """A copy does not think that it made what its original made."""
    await async_open(hass, aiohttp_client)
    entry = voxloud_entry(voxloud, data={"created_objects": ["1"]})
    await async_set_up(hass, entry)
    await async_settle(hass)
    copy = copied(entry)
    await async_open(other, aiohttp_client)
    await async_set_up(other, copy)
    await async_settle(other)
    assert entry.data["created_objects"] == ["1"]
    assert copy.data["created_objects"] == []


async def test_a_copy_that_is_to_replace_its_original(
    hass: HomeAssistant, other: HomeAssistant, voxloud: VoxloudSimulator, aiohttp_client: Any
) -> None:
    """Only when a person says so the original's subscriptions are removed."""
    await async_open(hass, aiohttp_client)
    entry = voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await async_settle(hass)
    copy = copied(entry)
    address = await async_open(other, aiohttp_client)
    await async_set_up(other, copy)
    await async_settle(other)
    await async_restart(other, copy)
    issue = issue_of(other, copy)
    assert issue is not None
    assert len(callbacks(voxloud)) == 2
    await async_agree(other, issue)
    assert callbacks(voxloud) == {f"{address}/api/webhook/{copy.data['webhook_id']}"}
    assert issue_of(other, copy) is None
    await async_restart(other, copy)
    assert issue_of(other, copy) is None


async def test_a_house_that_moved_takes_over(
    hass: HomeAssistant, other: HomeAssistant, voxloud: VoxloudSimulator, aiohttp_client: Any
) -> None:
    """Where nobody answers at the old address any more, it is given up, and the webhook stays."""
    await async_open(hass, aiohttp_client)
    entry = voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await async_settle(hass)
    copy = copied(entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    address = await async_open(other, aiohttp_client)
    await async_set_up(other, copy)
    await async_settle(other)
    assert copy.data["webhook_id"] == WEBHOOK_ID
    assert callbacks(voxloud) == {f"{address}{PATH}"}
    assert issue_of(other, copy) is None


async def test_a_copy_whose_webhook_a_person_pasted(
    hass: HomeAssistant, other: HomeAssistant, entry: MockConfigEntry, aiohttp_client: Any, socket_enabled: None
) -> None:
    """Where nothing is subscribed to, the address that was known last is asked."""
    await async_open(hass, aiohttp_client)
    await async_settle(hass)
    copy = copied(entry)
    await async_open(other, aiohttp_client)
    await async_set_up(other, copy)
    await async_settle(other)
    assert copy.data["webhook_id"] != WEBHOOK_ID
    assert issue_of(other, copy) is not None
    assert entry.data["webhook_id"] == WEBHOOK_ID


# -- an original that was away when its copy started ---------------------------------------------------


async def async_verify(hass: HomeAssistant, freezer: FrozenDateTimeFactory) -> None:
    """Let so much time pass that the webhook is looked at again."""
    freezer.tick(VERIFY_INTERVAL + timedelta(seconds=1))
    async_fire_time_changed(hass)
    await async_settle(hass)


async def test_an_original_comes_back(
    hass: HomeAssistant,
    other: HomeAssistant,
    voxloud: VoxloudSimulator,
    aiohttp_client: Any,
    freezer: FrozenDateTimeFactory,
) -> None:
    """Its copy has taken over, since nobody answered. It says so, takes nothing back, and has an address of its own."""
    theirs = await async_open(hass, aiohttp_client)
    entry = voxloud_entry(voxloud, data={"created_objects": ["1"]})
    await async_set_up(hass, entry)
    await async_settle(hass)
    copy = copied(entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    address = await async_open(other, aiohttp_client)
    await async_set_up(other, copy)
    await async_settle(other)
    taken = {f"{address}{PATH}"}
    assert callbacks(voxloud) == taken
    kept = set(voxloud.subscriptions)

    assert await hass.config_entries.async_setup(entry.entry_id)
    await async_settle(hass)
    for each in (hass, other, hass, other):
        await async_verify(each, freezer)
    assert issue_of(hass, entry) is not None
    assert issue_of(other, copy) is None
    assert copy.data["webhook_id"] == WEBHOOK_ID != entry.data["webhook_id"]
    assert (entry.data["created_objects"], copy.data["created_objects"]) == ([], ["1"])
    assert callbacks(voxloud) == {*taken, f"{theirs}/api/webhook/{entry.data['webhook_id']}"}
    assert set(voxloud.subscriptions) >= kept

    issue = issue_of(hass, entry)
    assert issue is not None
    await async_agree(hass, issue)
    assert callbacks(voxloud) == {f"{theirs}/api/webhook/{entry.data['webhook_id']}"}


async def test_an_original_comes_back_at_the_same_address(
    hass: HomeAssistant,
    other: HomeAssistant,
    voxloud: VoxloudSimulator,
    aiohttp_client: Any,
    freezer: FrozenDateTimeFactory,
) -> None:
    """A copy whose configuration names the original's address finds out once the original answers there again."""
    theirs = await async_open(hass, aiohttp_client)
    entry = voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await async_settle(hass)
    subscribed = set(voxloud.subscriptions)
    copy = copied(entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    await async_open(other, aiohttp_client)
    await other.config.async_update(external_url=theirs)
    await async_set_up(other, copy)
    await async_settle(other)
    assert copy.data["webhook_id"] == WEBHOOK_ID

    assert await hass.config_entries.async_setup(entry.entry_id)
    await async_settle(hass)
    await async_verify(other, freezer)
    assert issue_of(other, copy) is not None
    assert issue_of(hass, entry) is None
    assert entry.data["webhook_id"] == WEBHOOK_ID != copy.data["webhook_id"]
    assert set(voxloud.subscriptions) > subscribed


async def test_an_original_comes_back_whose_webhook_a_person_pasted(
    hass: HomeAssistant,
    other: HomeAssistant,
    entry: MockConfigEntry,
    aiohttp_client: Any,
    socket_enabled: None,
    freezer: FrozenDateTimeFactory,
) -> None:
    """What the person entered leads to the original: its copy, which remembers that address, gives way."""
    await async_open(hass, aiohttp_client)
    await async_settle(hass)
    copy = copied(entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    for _ in range(2):  # more than one address later
        await async_open(other, aiohttp_client)
    await async_set_up(other, copy)
    await async_settle(other)
    await async_verify(other, freezer)
    assert copy.data["webhook_id"] == WEBHOOK_ID
    assert issue_of(other, copy) is None

    assert await hass.config_entries.async_setup(entry.entry_id)
    await async_settle(hass)
    await async_verify(hass, freezer)
    await async_verify(other, freezer)
    assert copy.data["webhook_id"] != WEBHOOK_ID
    assert entry.data["webhook_id"] == WEBHOOK_ID
    assert issue_of(hass, entry) is None
    issue = issue_of(other, copy)
    assert issue is not None

    await async_agree(other, issue)
    assert issue_of(other, copy) is None
    assert issue_of(other, copy, ISSUE_PASTE_AGAIN) is not None
    await async_restart(other, copy)
    assert issue_of(other, copy, ISSUE_PASTE_AGAIN) is not None


# -- the way there -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "insecure"),
    [
        ("https://ha.example.com/x", False),
        ("http://ha.example.com/x", True),
        ("http://203.0.113.7/x", True),
        ("http://192.168.1.5:8123/x", False),
        ("http://127.0.0.1/x", False),
        ("http://[fd00::1]/x", False),
    ],
)
def test_can_be_read_on_its_way(url: str, insecure: bool) -> None:  # noqa: FBT001
    """Without https, unless it does not leave the house."""
    assert is_insecure(url) is insecure


async def test_a_person_is_told_of_http(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """Calls come all the same; with https the issue goes."""
    await hass.config.async_update(external_url="http://ha.example.com")
    entry = voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await async_settle(hass)
    assert issue_of(hass, entry, ISSUE_INSECURE) is not None
    assert callbacks(voxloud) == {f"http://ha.example.com{PATH}"}
    await hass.config.async_update(external_url="https://ha.example.com")
    await async_settle(hass)
    assert issue_of(hass, entry, ISSUE_INSECURE) is None


# -- another address ---------------------------------------------------------------------------------


async def test_rotated(
    hass: HomeAssistant, voxloud: VoxloudSimulator, aiohttp_client: Any, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """Another webhook: the subscriptions lead there, and the old URL is dead."""
    url = await async_open(hass, aiohttp_client)
    entry = voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await async_settle(hass)
    await entry.runtime_data.subscription.async_rotate()
    await async_settle(hass)
    assert entry.data["webhook_id"] != WEBHOOK_ID
    assert entry.data["old_webhooks"] == []
    assert callbacks(voxloud) == {f"{url}/api/webhook/{entry.data['webhook_id']}"}
    assert issue_of(hass, entry, ISSUE_PASTE_AGAIN) is None
    client = await hass_client_no_auth()
    for path, received in ((PATH, 0), (f"/api/webhook/{entry.data['webhook_id']}", 1)):
        await client.post(path, json={"type": "CALL_INCOMING", "data": {"callId": "x", "type": "INCOMING"}})
        await async_settle(hass)
        assert entry.runtime_data.webhook.received == received


async def test_rotated_while_the_phone_system_is_away(
    hass: HomeAssistant, voxloud: VoxloudSimulator, aiohttp_client: Any, freezer: FrozenDateTimeFactory
) -> None:
    """What leads to the old URL is removed once that can be done."""
    url = await async_open(hass, aiohttp_client)
    entry = voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await async_settle(hass)
    old = entry.data["webhook_id"]
    moved = {**entry.data, "webhook_id": "another", "old_webhooks": [old]}
    assert await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_entry(entry, data=moved)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await async_settle(hass)
    assert callbacks(voxloud) == {f"{url}/api/webhook/another"}
    assert entry.data["old_webhooks"] == []


async def test_rotated_where_a_person_pasted(
    hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """The person is told to enter the new URL, until the first push comes there."""
    await entry.runtime_data.subscription.async_rotate()
    await async_settle(hass)
    assert issue_of(hass, entry, ISSUE_PASTE_AGAIN) is not None
    await async_restart(hass, entry)
    assert issue_of(hass, entry, ISSUE_PASTE_AGAIN) is not None
    client = await hass_client_no_auth()
    await client.post(f"/api/webhook/{entry.data['webhook_id']}", json={})
    await async_settle(hass)
    assert issue_of(hass, entry, ISSUE_PASTE_AGAIN) is None
    await async_restart(hass, entry)
    assert issue_of(hass, entry, ISSUE_PASTE_AGAIN) is None


async def test_rotated_again_and_again(hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry) -> None:
    """Where a person enters the address, nothing is subscribed to that an old one would be needed for."""
    for _ in range(12):
        await entry.runtime_data.subscription.async_rotate()
        await async_settle(hass)
        assert entry.data.get("old_webhooks", []) == []


async def test_rotated_again_and_again_while_away(
    hass: HomeAssistant, voxloud: VoxloudSimulator, aiohttp_client: Any
) -> None:
    """The last few are kept until their subscriptions can be removed."""
    await async_open(hass, aiohttp_client)
    entry = voxloud_entry(voxloud)
    await async_set_up(hass, entry)
    await async_settle(hass)
    kept = {**entry.data, "old_webhooks": [f"old-{number}" for number in range(30)]}
    hass.config_entries.async_update_entry(entry, data=kept)
    with patch("custom_components.pbx.push.subscription.async_unsubscribe", side_effect=ConnectError("away")):
        await entry.runtime_data.subscription.async_rotate()
        await async_settle(hass)
    assert entry.data["old_webhooks"] == [*(f"old-{number}" for number in range(21, 30)), WEBHOOK_ID]


async def test_rotated_only_where_there_is_a_webhook(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """An account that is only polled has no address to enter anywhere."""
    entry = fake_config_entry()
    await async_set_up(hass, entry)
    await entry.runtime_data.subscription.async_rotate()
    await async_settle(hass)
    assert issue_of(hass, entry, ISSUE_PASTE_AGAIN) is None
