"""The recent calls: for every phone system, with names, kept over a restart, and shown by entities."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.pbx import recent_calls
from custom_components.pbx.const import CONF_MASK_NUMBERS
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.phone_book.collection import async_get_phone_book
from custom_components.pbx.recent_calls import RecentCalls, call_data
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState, Direction, Outcome

from .fake_provider import NOON, FakeProvider, async_set_up, fake_config_entry, pushed

ANNA = "+390612345678"


@pytest.fixture(autouse=True)
async def _plain_system_in_italy(hass: HomeAssistant, at_noon: None, fake: type[FakeProvider]) -> None:
    """Be in Italy, with a phone system that knows no names and keeps no history."""
    hass.config.country = "IT"
    fake.script.capabilities &= ~(m.Capability.SEARCH_CONTACTS | m.Capability.GET_CALL_HISTORY)


async def started(hass: HomeAssistant, entry: MockConfigEntry) -> tuple[PbxCoordinator, RecentCalls]:
    """Set an account up."""
    await async_set_up(hass, entry)
    return entry.runtime_data.coordinator, entry.runtime_data.recent


def ring(coordinator: PbxCoordinator, call_id: str, *extensions: str, number: str = ANNA, **more: Any) -> None:
    """Let a call ring and be over."""
    for extension in extensions or ("101",):
        coordinator.async_push(pushed(call_id, CallState.RINGING, extension, caller=m.Party(number=number, **more)))
    coordinator.async_push(pushed(call_id, CallState.ENDED, final=True))


def outgoing(number: str) -> dict[str, Any]:
    """Say that a phone calls somebody."""
    return {"direction": Direction.OUTGOING, "caller": m.Party(number="101"), "callee": m.Party(number=number)}


async def test_what_is_kept_of_a_call(
    hass: HomeAssistant, fake_entry: MockConfigEntry, freezer: FrozenDateTimeFactory
) -> None:
    """Who it was, when, at which phones, how it ended, and how long they talked."""
    coordinator, recent = await started(hass, fake_entry)
    coordinator.async_push(pushed("c1", CallState.RINGING, "101"))
    coordinator.async_push(pushed("c1", CallState.RINGING, "102"))
    freezer.tick(5)
    coordinator.async_push(pushed("c1", CallState.TALKING, "102"))
    freezer.tick(60)
    coordinator.async_push(pushed("c1", CallState.ENDED, "102", final=True))
    ring(coordinator, "c2", number="+390699999999", name="Bakery")
    out: dict[str, Any] = {
        "direction": Direction.OUTGOING,
        "caller": m.Party(number="101"),
        "callee": m.Party(number="+390611"),
    }
    coordinator.async_push(pushed("c3", CallState.DIALING, **out))
    coordinator.async_push(pushed("c3", CallState.ENDED, final=True, **out))
    assert [(call.call_id, call.number, call.name, call.missed) for call in recent.newest(10)] == [
        ("c3", "+390611", "", False),
        ("c2", "+390699999999", "Bakery", True),
        ("c1", ANNA, "", False),
    ]
    (call,) = recent.newest(1, before="c2")
    assert call_data(call) | {"to_number": ""} == {
        "call_id": "c1",
        "direction": "incoming",
        "from_number": ANNA,
        "to_number": "",
        "extensions": ["101", "102"],
        "answered_by": "102",
        "outcome": "answered",
        "started_at": NOON.isoformat(),
        "ended_at": (NOON + timedelta(seconds=65)).isoformat(),
        "duration": 60,
    }


async def test_kept_over_a_restart(
    hass: HomeAssistant, fake_entry: MockConfigEntry, hass_storage: dict[str, Any], freezer: FrozenDateTimeFactory
) -> None:
    """A reload and a restart lose nothing, and the account takes its calls along when it is removed."""
    coordinator, recent = await started(hass, fake_entry)
    ring(coordinator, "c1", "101", "102", name="Anna")
    before = recent.newest(10)
    assert await hass.config_entries.async_reload(fake_entry.entry_id)
    await hass.async_block_till_done()
    assert fake_entry.runtime_data.recent is not recent
    assert fake_entry.runtime_data.recent.newest(10) == before
    ring(fake_entry.runtime_data.coordinator, "c2")
    freezer.tick(60)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    key = f"pbx.recent_calls.{fake_entry.entry_id}"
    assert [row["call_id"] for row in hass_storage[key]["data"]["calls"]] == ["c1", "c2"]
    assert await hass.config_entries.async_remove(fake_entry.entry_id)
    await hass.async_block_till_done()
    assert key not in hass_storage


async def test_a_file_of_a_newer_version(
    hass: HomeAssistant, fake_entry: MockConfigEntry, hass_storage: dict[str, Any]
) -> None:
    """What is not known of a call does no harm."""
    key = f"pbx.recent_calls.{fake_entry.entry_id}"
    hass_storage[key] = {"version": 1, "key": key, "data": {"calls": [{"call_id": "c1", "mood": "good"}]}}
    _, recent = await started(hass, fake_entry)
    assert [call_data(call) for call in recent.newest(10)] == [{"call_id": "c1"}]


async def test_bounded(hass: HomeAssistant, fake_entry: MockConfigEntry, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest are forgotten."""
    monkeypatch.setattr(recent_calls, "MAX_CALLS", 3)
    coordinator, recent = await started(hass, fake_entry)
    for number in range(5):
        ring(coordinator, f"c{number}")
    assert [call.call_id for call in recent.newest(10)] == ["c4", "c3", "c2"]
    assert recent.newest(10, before="gone") == []


async def test_names_that_come_later(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """A name from the record is kept; one in the phone book is found, whichever way the call went."""
    coordinator, recent = await started(hass, fake_entry)
    ring(coordinator, "c1")
    ring(coordinator, "c2", number="+390688888888")
    out: dict[str, Any] = {
        "direction": Direction.OUTGOING,
        "caller": m.Party(number="101"),
        "callee": m.Party(number="+390688888888"),
    }
    coordinator.async_push(pushed("c3", CallState.DIALING, **out))
    coordinator.async_push(pushed("c3", CallState.ENDED, final=True, **out))
    record = m.CallRecord(
        id="r1",
        call_id="c1",
        direction=Direction.INCOMING,
        outcome=Outcome.MISSED,
        caller=m.Party(number=ANNA, name="Anna"),
        recording_id="rec1",
    )
    coordinator.async_push(m.RecordPush(provider_event="record", record=record))
    assert [call.name for call in recent.newest(10)] == ["", "", "Anna"]
    assert recent.newest(10)[-1].recording_id == "rec1"
    await async_get_phone_book(hass).async_add({"name": "Berta", "numbers": ["06 8888 8888"]})
    assert [call.name for call in recent.newest(10)] == ["Berta", "Berta", "Anna"]


async def test_a_stranger_with_the_number_of_one_of_ours(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """Anybody can show it from outside: neither list nor last caller says who has that number here."""
    coordinator, recent = await started(hass, fake_entry)
    await async_get_phone_book(hass).async_add({"name": "Our Bob", "numbers": ["102"]})
    ring(coordinator, "c1", number="102")
    inside: dict[str, Any] = {"direction": Direction.INTERNAL, "caller": m.Party(number="102")}
    coordinator.async_push(pushed("c2", CallState.RINGING, **inside))
    coordinator.async_push(pushed("c2", CallState.ENDED, final=True, **inside))
    assert [(call.number, call.name) for call in recent.newest(10)] == [("102", "Bob"), ("102", "")]
    ring(coordinator, "c3", number="102")
    last = recent.last_caller("101")
    assert last is not None
    assert (last.number, last.name) == ("102", "")


@pytest.mark.parametrize("answered", [False, True])
@pytest.mark.parametrize("outcome", list(Outcome))
async def test_corrected_as_it_is_counted(
    hass: HomeAssistant, fake_entry: MockConfigEntry, outcome: Outcome, *, answered: bool
) -> None:
    """Whatever a record says of a call that is over, the list has as missed what is counted as missed."""
    coordinator, recent = await started(hass, fake_entry)
    coordinator.async_push(pushed("c1", CallState.RINGING, "101", caller=m.Party(number=ANNA)))
    if answered:
        coordinator.async_push(pushed("c1", CallState.TALKING, "101"))
    coordinator.async_push(pushed("c1", CallState.ENDED, final=True))
    record = m.CallRecord(id="r1", call_id="c1", direction=Direction.INCOMING, outcome=outcome)
    coordinator.async_push(m.RecordPush(provider_event="record", record=record))
    (call,) = recent.newest(5)
    assert call.missed == bool(coordinator.data.missed)


@pytest.mark.parametrize(
    ("counted", "kept", "told"), [(60, 60, 0), (61.2, 60, 0), (58, 60, 0), (57.4, 57, 1), (63, 63, 1), (None, 60, 0)]
)
async def test_a_record_that_counts_hardly_otherwise_changes_nothing(
    hass: HomeAssistant,
    fake_entry: MockConfigEntry,
    freezer: FrozenDateTimeFactory,
    counted: float | None,
    kept: int,
    told: int,
) -> None:
    """Each change is a row in the recorder, and phone systems count the seconds of talk a bit otherwise."""
    coordinator, recent = await started(hass, fake_entry)
    coordinator.async_push(pushed("c1", CallState.TALKING, "101", caller=m.Party(number=ANNA)))
    freezer.tick(60)
    coordinator.async_push(pushed("c1", CallState.ENDED, "101", final=True))
    changes: list[int] = []
    remove = recent.async_listen(lambda: changes.append(recent.count))
    record = m.CallRecord(id="r1", call_id="c1", outcome=Outcome.ANSWERED, duration=counted)
    coordinator.async_push(m.RecordPush(provider_event="record", record=record))
    remove()
    (call,) = recent.newest(5)
    assert call.duration == kept
    assert len(changes) == told


async def test_record_of_another_call(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """What is told of a call that is not in the list changes nothing."""
    coordinator, recent = await started(hass, fake_entry)
    told: list[int] = []
    remove = recent.async_listen(lambda: told.append(recent.count))
    record = m.CallRecord(id="r1", call_id="gone", recording_id="rec1")
    coordinator.async_push(m.RecordPush(provider_event="record", record=record))
    ring(coordinator, "c1")
    remove()
    ring(coordinator, "c2")
    assert told == [1]


async def test_last_caller(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """Every phone that rang can call back, and nobody calls a hidden caller or itself."""
    coordinator, recent = await started(hass, fake_entry)
    ring(coordinator, "c1", "101", "102")
    ring(coordinator, "c2", "102", number="", hidden=True)
    inside: dict[str, Any] = {
        "direction": Direction.INTERNAL,
        "caller": m.Party(number="102"),
        "callee": m.Party(number="101"),
    }
    coordinator.async_push(pushed("c3", CallState.RINGING, "101", **inside))
    coordinator.async_push(pushed("c3", CallState.DIALING, "102", **inside))
    coordinator.async_push(pushed("c3", CallState.ENDED, "101", final=True, **inside))
    callers = {extension: recent.last_caller(extension) for extension in ("101", "102", "103")}
    assert {extension: call.number if call else None for extension, call in callers.items()} == {
        "101": "102",
        "102": ANNA,
        "103": None,
    }


@pytest.mark.parametrize(("masked", "number"), [(False, ANNA), (True, "••••••••••678")])
async def test_entities(hass: HomeAssistant, fake: type[FakeProvider], *, masked: bool, number: str) -> None:
    """Lists of the account, the last caller of a phone, and whom *Call back* would call."""
    entry = fake_config_entry(options={CONF_MASK_NUMBERS: masked})
    entry.add_to_hass(hass)
    er.async_get(hass).async_get_or_create(
        "sensor",
        "pbx",
        f"{entry.unique_id}_extension_101_last_caller",
        config_entry=entry,
        suggested_object_id="last_caller",
        disabled_by=None,
    )
    coordinator, _ = await started(hass, entry)

    def attributes(entity_id: str) -> dict[str, Any]:
        state = hass.states.get(entity_id)
        assert state is not None
        return {"state": state.state, **{key: state.attributes.get(key) for key in ("calls", "name", "number")}}

    assert attributes("sensor.house_recent_calls")["state"] == "0"
    ring(coordinator, "c1", "101", "102")
    await hass.async_block_till_done()
    row = {
        "number": number,
        "time": NOON.isoformat(),
        "direction": "incoming",
        "outcome": "missed",
        "phones": ["Ann", "Bob"],
        "call_id": "c1",
    }
    for sensor in ("recent", "missed"):
        shown = attributes(f"sensor.house_{sensor}_calls")
        assert (shown["state"], shown["calls"]) == ("1", [row])
    assert attributes("button.ann_101_call_back") | {"state": ""} == {
        "state": "",
        "calls": None,
        "name": None,
        "number": number,
    }
    assert attributes("sensor.last_caller")["state"] == number
    assert attributes("sensor.last_caller")["number"] == number
    await async_get_phone_book(hass).async_add({"name": "Anna", "numbers": [ANNA]})
    ring(coordinator, "c2", "102")
    await hass.async_block_till_done()
    assert attributes("button.bob_102_call_back")["name"] == "Anna"
    assert attributes("sensor.house_missed_calls")["calls"][0]["name"] == "Anna"
    coordinator.async_take(coordinator.data.acknowledge_missed())
    await hass.async_block_till_done()
    assert attributes("sensor.house_missed_calls")["calls"] == []
    assert len(attributes("sensor.house_recent_calls")["calls"]) == 2


async def test_rows_follow_the_directory(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A phone that is called otherwise by now is so in the rows of calls that were shown before."""
    coordinator, _recent = await started(hass, fake_entry)
    ring(coordinator, "c1")
    fake.script.directory = replace(
        fake.script.directory, extensions=(m.Extension(number="101", name="Anne"), m.Extension(number="102"))
    )
    coordinator.async_reread_directory()
    await hass.async_block_till_done(wait_background_tasks=True)
    await coordinator.async_refresh()
    ring(coordinator, "c2", "101", "102")
    for entity in ("sensor.house_recent_calls", "sensor.house_missed_calls"):
        state = hass.states.get(entity)
        assert state is not None
        assert [(row["call_id"], row["phones"]) for row in state.attributes["calls"]] == [
            ("c2", ["Anne", "102"]),
            ("c1", ["Anne"]),
        ]


async def test_rows_follow_an_acknowledgement(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """Missed calls are those since somebody looked, though the list of calls has not changed."""
    coordinator, _recent = await started(hass, fake_entry)
    for call_id, expected in (("c1", ["c1"]), ("c2", ["c2", "c1"])):
        ring(coordinator, call_id)
        state = hass.states.get("sensor.house_missed_calls")
        assert state is not None
        assert [row["call_id"] for row in state.attributes["calls"]] == expected
    coordinator.async_take(coordinator.data.acknowledge_missed())
    state = hass.states.get("sensor.house_missed_calls")
    assert state is not None
    assert (state.state, state.attributes["calls"]) == ("0", [])
    ring(coordinator, "c3")
    state = hass.states.get("sensor.house_missed_calls")
    assert state is not None
    assert [row["call_id"] for row in state.attributes["calls"]] == ["c3"]
