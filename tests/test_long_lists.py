"""Lists that are longer than anybody's: cut before anything is told, taken little by little, told once."""

import asyncio
import time

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.pbx import coordinator as coordinator_module
from custom_components.pbx.const import DOMAIN, EVENT_PBX
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.issues import ISSUE_LONG_LIST
from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.registry.lifecycle import MAX_CALLS
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import TooLongError

from .fake_provider import NOON, FakeProvider, incoming
from .test_coordinator import coordinator_of

LIMIT = 60


@pytest.fixture
async def coordinator(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> PbxCoordinator:
    """Give an account of which no more than a few calls are followed."""
    freezer.move_to(NOON)
    monkeypatch.setattr(coordinator_module, "MAX_CALLS", LIMIT)
    monkeypatch.setattr(coordinator_module, "LONG_LIST", 10)
    return await coordinator_of(hass, fake_entry)


def rows(*places: int) -> tuple[m.Call, ...]:
    """List calls from outside."""
    return tuple(incoming(f"c{place}", "101", number=f"+39061{place:07}") for place in places)


def issue_of(hass: HomeAssistant, entry: MockConfigEntry) -> ir.IssueEntry | None:
    """Find the issue about long lists."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{ISSUE_LONG_LIST}_{entry.entry_id}")


async def test_cut_before_anything_is_told(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, coordinator: PbxCoordinator
) -> None:
    """As many calls as are followed begin, once, whatever else is listed and in whatever order."""
    events = async_capture_events(hass, EVENT_PBX)
    for listed in (range(3 * LIMIT), range(3 * LIMIT), reversed(range(3 * LIMIT))):
        fake.script.calls = rows(*listed)
        await coordinator.async_refresh()
        assert len(coordinator.data.calls) == LIMIT
    assert [event.data["type"] for event in events] == ["call_incoming"] * LIMIT
    assert issue_of(hass, fake_entry) is not None
    fake.script.calls = rows(*range(LIMIT))
    await coordinator.async_refresh()
    assert len(events) == LIMIT
    assert issue_of(hass, fake_entry) is None


async def test_room_is_given_again(hass: HomeAssistant, fake: type[FakeProvider], coordinator: PbxCoordinator) -> None:
    """A call that was left out begins when another one has ended."""
    fake.script.calls = rows(*range(LIMIT + 1))
    await coordinator.async_refresh()
    assert coordinator.data.find(f"c{LIMIT}") is None
    fake.script.calls = rows(*range(1, LIMIT + 1))
    await coordinator.async_refresh()
    assert coordinator.data.find(f"c{LIMIT}") is not None


async def test_an_answer_that_is_too_long(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    coordinator: PbxCoordinator,
    expected_warnings: list[str],
) -> None:
    """It is no answer; a person is told, until there is one again."""
    fake.script.errors["calls"] = TooLongError()
    expected_warnings.append("Error fetching House data: Fake PBX cannot be reached")
    await coordinator.async_refresh()
    assert not coordinator.last_update_success
    assert issue_of(hass, fake_entry) is not None
    del fake.script.errors["calls"]
    await coordinator.async_refresh()
    assert issue_of(hass, fake_entry) is None


async def test_others_have_their_turns(
    hass: HomeAssistant, fake: type[FakeProvider], coordinator: PbxCoordinator
) -> None:
    """While a long list is taken and told, the event loop turns, many times."""
    fake.script.calls = rows(*range(LIMIT))
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    turning = hass.async_create_background_task(turn(), "turns")
    told: list[int] = []
    coordinator.events.async_listen_events(None, lambda _event: told.append(turns))
    await coordinator.async_refresh()
    turning.cancel()
    assert len(told) == LIMIT
    assert len(set(told)) >= LIMIT / coordinator_module.AT_ONCE


async def test_the_most_there_can_be(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Sixteen thousand calls: as many as are followed are told once, and no turn of the loop does most of the work."""
    coordinator = await coordinator_of(hass, fake_entry)
    events = async_capture_events(hass, EVENT_PBX)
    fake.script.calls = rows(*range(16_000))
    held: list[float] = []

    async def watch() -> None:
        while True:
            begun = time.thread_time()
            await asyncio.sleep(0)
            held.append(time.thread_time() - begun)

    watching = hass.async_create_background_task(watch(), "watch")
    for _ in range(2):
        await coordinator.async_refresh()
    watching.cancel()
    assert len(events) == len(coordinator.data.calls) == MAX_CALLS
    assert max(held) < sum(held) / 3


@pytest.mark.parametrize("at_once", [1, 3, 7, 100])
def test_in_parts_it_is_the_same(at_once: int) -> None:
    """A list that is taken in parts changes and tells what it does at once."""
    whole, parted = CallRegistry(), CallRegistry()
    for listed in ((), range(20), range(5, 25), ()):
        expected = whole.snapshot(rows(*listed), NOON, NOON)
        parts = list(parted.snapshot_parts(rows(*listed), NOON, NOON, at_once))
        assert [event for part in parts for event in part.events] == expected.events
        assert {key for part in parts for key in part.keys} == set(expected.keys)
        assert parted.calls == whole.calls
