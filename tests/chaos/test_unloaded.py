"""What comes after its account was unloaded is nobody's."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.pbx.const import EVENT_PBX
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.telephony.errors import ConnectError
from custom_components.pbx.telephony.models import Call, CallState, Capability, Directory, Extension, PushRequest
from tests.fake_provider import FakeProvider, async_set_up, incoming, pushed


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("slow", ["calls", "directory"])
async def test_late_answer(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    expected_warnings: list[str],
    slow: str,
    *,
    fails: bool,
) -> None:
    """It is not told, sets no timer, and makes no device."""
    expected_warnings.append("Error fetching .* data")
    await async_set_up(hass, fake_entry)
    events = async_capture_events(hass, EVENT_PBX)
    asked, answer, ids = asyncio.Event(), asyncio.Event(), count()

    async def wait() -> None:
        asked.set()
        await answer.wait()
        if fails:
            raise ConnectError

    async def calls(_self: FakeProvider) -> tuple[Call, ...]:
        if slow == "calls":
            await wait()
        return (replace(incoming("101"), id=f"call {next(ids)}"),)

    async def directory(_self: FakeProvider) -> Directory:
        await wait()
        return Directory(extensions=(Extension(number="909"),))

    monkeypatch.setattr(fake, "calls", calls)
    if slow == "directory":
        monkeypatch.setattr(fake, "directory", directory)
    fake_entry.runtime_data.coordinator.async_reread_directory()
    freezer.tick(timedelta(seconds=1))
    async_fire_time_changed(hass)
    await asked.wait()
    events.clear()
    await hass.config_entries.async_unload(fake_entry.entry_id)
    answer.set()
    await hass.async_block_till_done(wait_background_tasks=True)

    assert events == []
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), fake_entry.entry_id)
    assert not any("909" in identifier for device in devices for _, identifier in device.identifiers)


async def test_late_push(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """A push that was answered just before is neither taken nor told: its end never would be."""
    fake.script.capabilities |= Capability.WEBHOOK
    fake.script.parse = lambda _push: (pushed("first", CallState.RINGING),)
    await async_set_up(hass, fake_entry)
    coordinator: PbxCoordinator = fake_entry.runtime_data.coordinator
    webhook = fake_entry.runtime_data.webhook
    events = async_capture_events(hass, EVENT_PBX)
    push = PushRequest(method="POST", query={}, content_type="application/json", body=b"{}")
    webhook._async_take(push)  # noqa: SLF001 - as the event loop calls it, one turn after the answer
    assert len(events) == 1

    await hass.config_entries.async_unload(fake_entry.entry_id)
    fake.script.parse = lambda _push: (pushed("second", CallState.RINGING, "102"),)
    webhook._async_take(push)  # noqa: SLF001

    assert len(events) == 1
    assert webhook.received == 1
    assert "second" not in coordinator.data.calls
