"""What was made at the phone system is written down, also when the disk was full at first."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.util.file import WriteError
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.stored import FIRST_LOOK, LONGEST_WAIT

from .every_action import act
from .fake_provider import async_set_up
from .simulators.voxloud import VoxloudSimulator

KEY = "core.config_entries"
WRITE = "homeassistant.helpers.storage.Store._async_write_data"
HOME = "http://127.0.0.1:9"
A_MOMENT = 2  # seconds after which Home Assistant writes what has changed

type Stored = dict[str, Any]

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.fixture(autouse=True)
def _full_disks(expected_warnings: list[str]) -> None:
    """Expect what Home Assistant says when it cannot write."""
    expected_warnings.append("Error writing config")


@contextmanager
def full_disk() -> Iterator[list[str]]:
    """Let no file be written; give the files that were to be."""
    tried: list[str] = []

    async def write(store: Any, _data: object) -> None:
        tried.append(store.key)
        raise WriteError("No space left on device")

    with patch(WRITE, new=write):
        yield tried


async def async_pass(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let time pass."""
    freezer.tick(seconds)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


def account_at(voxloud: VoxloudSimulator) -> MockConfigEntry:
    """Make an account."""
    data = {"provider": "voxloud", "webhook_id": "hook", "url": voxloud.url, "api_key": voxloud.api_key}
    return MockConfigEntry(domain=DOMAIN, title="Voxloud", data=data)


def stored(hass_storage: Stored, entry_id: str) -> dict[str, Any] | None:
    """Give what is stored of an account."""
    rows = hass_storage.get(KEY, {}).get("data", {}).get("entries", [])
    return next((row["data"] for row in rows if row["entry_id"] == entry_id), None)


@pytest.fixture
async def entry(hass: HomeAssistant, hass_storage: Stored, voxloud: VoxloudSimulator) -> MockConfigEntry:
    """Set an account up that can be pushed to."""
    await hass.config.async_update(external_url=HOME)
    made = account_at(voxloud)
    await async_set_up(hass, made)
    await hass.async_block_till_done(wait_background_tasks=True)
    return made


async def test_an_object_is_somebodys_after_a_restart(
    hass: HomeAssistant,
    hass_storage: Stored,
    freezer: FrozenDateTimeFactory,
    voxloud: VoxloudSimulator,
    entry: MockConfigEntry,
) -> None:
    """What was made while nothing could be written is written as soon as it can, without a reload, and once."""
    coordinator = entry.runtime_data.coordinator
    with full_disk() as tried:
        await act(hass, "click_to_call", extension="101", number="+390655502001")
        await async_pass(hass, freezer, A_MOMENT)
        assert KEY in tried
        made = list(entry.data["created_objects"])
        assert len(made) == 1
        assert (stored(hass_storage, entry.entry_id) or {}).get("created_objects") is None
    for _ in range(2):
        await async_pass(hass, freezer, FIRST_LOOK)
        await async_pass(hass, freezer, A_MOMENT)
    written = stored(hass_storage, entry.entry_id)
    assert written is not None
    assert written["created_objects"] == made
    assert entry.runtime_data.coordinator is coordinator
    times = entry.data["written_again"]
    await async_pass(hass, freezer, LONGEST_WAIT)
    assert entry.data["written_again"] == times == 1

    assert await hass.config_entries.async_unload(entry.entry_id)
    restarted = MockConfigEntry(domain=DOMAIN, entry_id=entry.entry_id, data=written)
    await async_set_up(hass, restarted)
    await hass.config_entries.async_remove(restarted.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert voxloud.click_to_calls == {}


async def test_another_address(
    hass: HomeAssistant,
    hass_storage: Stored,
    freezer: FrozenDateTimeFactory,
    voxloud: VoxloudSimulator,
    entry: MockConfigEntry,
) -> None:
    """A new webhook, to which the subscriptions lead already, is written as soon as it can."""
    with full_disk():
        await act(hass, "rotate_address")
        await hass.async_block_till_done(wait_background_tasks=True)
        await async_pass(hass, freezer, A_MOMENT)
    webhook_id = entry.data["webhook_id"]
    assert webhook_id != "hook"
    assert {item.callback_url for item in voxloud.subscriptions.values()} == {f"{HOME}/api/webhook/{webhook_id}"}
    for _ in range(2):
        await async_pass(hass, freezer, FIRST_LOOK)
        await async_pass(hass, freezer, A_MOMENT)
    written = stored(hass_storage, entry.entry_id)
    assert written is not None
    assert written["webhook_id"] == webhook_id


async def test_an_account_that_was_just_added(
    hass: HomeAssistant, hass_storage: Stored, freezer: FrozenDateTimeFactory, voxloud: VoxloudSimulator
) -> None:
    """An account for which something was made is not lost with the first write that fails."""
    await hass.config.async_update(external_url=HOME)
    with full_disk():
        flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
        form = await hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": "voxloud"})
        typed = {"api_key": voxloud.api_key, "url": voxloud.url}
        done = await hass.config_entries.flow.async_configure(form["flow_id"], typed)
        assert done["type"] is FlowResultType.CREATE_ENTRY
        await hass.async_block_till_done(wait_background_tasks=True)
        await async_pass(hass, freezer, A_MOMENT)
    assert stored(hass_storage, done["result"].entry_id) is None
    for _ in range(2):
        await async_pass(hass, freezer, FIRST_LOOK)
        await async_pass(hass, freezer, A_MOMENT)
    assert stored(hass_storage, done["result"].entry_id) == dict(done["result"].data)
    await hass.config_entries.async_unload(done["result"].entry_id)


async def test_what_is_written_is_left_alone(
    hass: HomeAssistant, hass_storage: Stored, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    """Where the first write works, there is no second one."""
    await act(hass, "click_to_call", extension="101", number="+390655502001")
    for seconds in (A_MOMENT, FIRST_LOOK, 2 * FIRST_LOOK, LONGEST_WAIT):
        await async_pass(hass, freezer, seconds)
    assert stored(hass_storage, entry.entry_id) == dict(entry.data)
    assert "written_again" not in entry.data


async def test_a_disk_that_stays_full(
    hass: HomeAssistant, hass_storage: Stored, freezer: FrozenDateTimeFactory, entry: MockConfigEntry
) -> None:
    """It is tried less and less, at least once an hour, and no more once the account is gone."""
    with full_disk() as tried:
        await act(hass, "click_to_call", extension="101", number="+390655502001")
        for _ in range(4 * 60):
            await async_pass(hass, freezer, 60)
        assert 8 <= tried.count(KEY) <= 16
        await hass.config_entries.async_remove(entry.entry_id)
        await async_pass(hass, freezer, A_MOMENT)
        tried.clear()
        for _ in range(3):
            await async_pass(hass, freezer, LONGEST_WAIT)
        assert KEY not in tried
