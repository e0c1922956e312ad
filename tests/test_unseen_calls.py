"""Calls that no list has shown are told of from the history."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.pbx.const import EVENT_PBX
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import ConnectError
from custom_components.pbx.telephony.models import Direction, Outcome

from .fake_provider import NOON, FakeProvider, incoming
from .test_coordinator import CALLER, coordinator_of, pass_time

pytestmark = pytest.mark.usefixtures("call_entities", "at_noon")

RECORD = m.CallRecord(
    id="r1",
    call_id="c1",
    direction=Direction.INCOMING,
    outcome=Outcome.MISSED,
    caller=m.Party(number=CALLER),
    callee=m.Party(number="101"),
    extension="101",
    started_at=NOON + timedelta(seconds=22),
    ended_at=NOON + timedelta(seconds=27),
)


async def told(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: int, entry: MockConfigEntry
) -> list[dict[str, Any]]:
    """Let a list come after a long gap, then short ones, and give what was told meanwhile."""
    coordinator = entry.runtime_data.coordinator
    events = async_capture_events(hass, EVENT_PBX)
    await pass_time(hass, freezer, 30)
    await coordinator.async_refresh()
    for _ in range(seconds // 30):
        await pass_time(hass, freezer, 30)
    return [event.data for event in events]


async def test_a_ring_between_two_lists_is_told_of(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """It is a missed call, once, told late, with the time at which it was."""
    fake.script.answers["history"] = m.HistoryPage(records=(RECORD,))
    coordinator = await coordinator_of(hass, fake_entry)
    events = await told(hass, freezer, 1200, fake_entry)

    missed = [event for event in events if event["type"] == "call_missed"]
    assert len(missed) == 1
    assert missed[0]["told_late"] is True
    assert missed[0]["from_number"] == CALLER
    assert coordinator.data.missed == 1
    assert fake.script.times("history") > 1


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(replace(RECORD, started_at=NOON - timedelta(minutes=5)), id="from before the start"),
        pytest.param(replace(RECORD, started_at=None), id="without a time"),
        pytest.param(replace(RECORD, direction=None), id="that does not say how it went"),
    ],
)
async def test_what_else_is_in_the_history_is_not_told(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    record: m.CallRecord,
) -> None:
    """Old calls are nobody's news."""
    fake.script.answers["history"] = m.HistoryPage(records=(record,))
    await coordinator_of(hass, fake_entry)
    events = await told(hass, freezer, 600, fake_entry)
    assert not [event for event in events if event["type"] in ("call_missed", "call_ended")]


@pytest.mark.parametrize(
    "call_id",
    [pytest.param("c1", id="same id"), pytest.param("other", id="another id, same caller at the same time")],
)
@pytest.mark.parametrize("over", [True, False], ids=["over", "up"])
async def test_a_call_that_was_seen_is_not_told_again(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    call_id: str,
    over: bool,  # noqa: FBT001
) -> None:
    """Whatever the history calls it."""
    fake.script.answers["history"] = m.HistoryPage(records=(RECORD,))
    coordinator = await coordinator_of(hass, fake_entry)
    events = async_capture_events(hass, EVENT_PBX)
    await pass_time(hass, freezer, 22)
    call = replace(incoming(call_id, "101"), caller=m.Party(number=CALLER), started_at=NOON + timedelta(seconds=21))
    fake.script.calls = (call,)
    await coordinator.async_refresh()
    if over:
        fake.script.calls = ()
        await coordinator.async_refresh()
        await coordinator.async_refresh()
    before = [event.data["type"] for event in events]
    await told(hass, freezer, 600, fake_entry)
    ends = [event.data for event in events if event.data["type"] in ("call_missed", "call_ended")]
    assert before[0] == "call_incoming"
    assert len(ends) == over
    assert not any(event.get("told_late") for event in ends)
    assert fake.script.times("history") > 0


@pytest.mark.parametrize("began", [-120, -40, 40, 100])
async def test_a_call_whose_record_begins_at_another_time_is_not_told_again(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    began: int,
) -> None:
    """What was told of while the record says that it was is the same call."""
    start = NOON + timedelta(minutes=5)
    ended = start + timedelta(seconds=150)
    record = replace(RECORD, call_id="of the record", started_at=start + timedelta(seconds=began), ended_at=ended)
    fake.script.answers["history"] = m.HistoryPage(records=(record,))
    coordinator = await coordinator_of(hass, fake_entry)
    events = async_capture_events(hass, EVENT_PBX)
    await pass_time(hass, freezer, 302)
    fake.script.calls = (replace(incoming("c1", "101"), caller=m.Party(number=CALLER), started_at=start),)
    await coordinator.async_refresh()
    await pass_time(hass, freezer, 148)
    fake.script.calls = ()
    for _ in range(3):
        await coordinator.async_refresh()
    await told(hass, freezer, 600, fake_entry)
    ends = [event.data for event in events if event.data["type"] in ("call_missed", "call_ended")]
    assert len(ends) == 1
    assert not ends[0].get("told_late")
    assert fake.script.times("history") > 0


async def test_nothing_is_asked_where_lists_leave_no_gap(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Nor does anything wake up for it."""
    coordinator = await coordinator_of(hass, fake_entry)
    for _ in range(60):
        await pass_time(hass, freezer, 4)
        await coordinator.async_refresh()
    assert not coordinator.gaps.pending
    assert fake.script.times("history") == 0


async def test_a_history_that_cannot_be_asked_is_asked_again(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """The gap is not forgotten."""
    fake.script.errors["history"] = ConnectError()
    await coordinator_of(hass, fake_entry)
    assert not await told(hass, freezer, 120, fake_entry)
    del fake.script.errors["history"]
    fake.script.answers["history"] = m.HistoryPage(records=(RECORD,))
    events = await told(hass, freezer, 600, fake_entry)
    assert [event["type"] for event in events if event["type"] == "call_missed"] == ["call_missed"]


async def test_a_pause_is_kept(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Nothing is asked while the phone system wants a pause."""
    coordinator = await coordinator_of(hass, fake_entry)
    coordinator.provider.http.budget.pause(10_000)
    await told(hass, freezer, 600, fake_entry)
    assert fake.script.times("history") == 0
