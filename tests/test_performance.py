"""Costs that must not grow: counted in states, listeners and calls of functions, which no busy machine can change."""

import asyncio
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator, Hashable
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.event import async_track_point_in_utc_time

from custom_components.pbx import entity
from custom_components.pbx.const import CONF_CALLER_PLACES
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.devices import ENTITIES_AT_ONCE, SUBJECTS_AT_ONCE
from custom_components.pbx.places import async_get_places
from custom_components.pbx.providers.voipstudio import payload as voipstudio_payload
from custom_components.pbx.providers.voipstudio import push as voipstudio_push
from custom_components.pbx.providers.voipstudio.placing import Placing
from custom_components.pbx.registry.call_registry import CallRegistry, agent_key
from custom_components.pbx.registry.facts import Sources
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.bounded_map import BoundedMap
from custom_components.pbx.telephony.events import event_data
from custom_components.pbx.telephony.models import CallState, Capability, Direction, EventType, Outcome

from .bench.pushes import bodies
from .fake_provider import NOON, FakeProvider, async_set_up, fake_config_entry, incoming, pushed
from .providers.voipstudio.account import deaf_provider

ROOT = Path(__file__).parents[1]
FEW, MANY = 10, 2000
POLLS = 5
FUNCTIONS = 450  # for two messages
COUNTED = (": not heard", ": states written", ": listeners called")


@dataclass(slots=True)
class Cost:
    """What something has cost."""

    functions: int = 0
    written: int = 0
    told: int = 0


async def set_up(hass: HomeAssistant, fake: type[FakeProvider], name: str, extensions: int) -> PbxCoordinator:
    """Set up an account of some size."""
    fake.script.account = replace(fake.script.account, id=name)
    fake.script.capabilities = Capability.CALLS
    fake.script.calls = ()
    fake.script.directory = m.Directory(
        extensions=tuple(m.Extension(number=str(100_000 + index)) for index in range(extensions))
    )
    # Where a caller is at home is read in the background, sooner or later.
    entry = fake_config_entry(name, options={CONF_CALLER_PLACES: False})
    await async_set_up(hass, entry)
    coordinator: PbxCoordinator = entry.runtime_data.coordinator
    return coordinator


def listen(coordinator: PbxCoordinator) -> Counter[Hashable]:
    """Count who is told, of all there are."""
    told: Counter[Hashable] = Counter()

    def add(key: Hashable) -> None:
        @callback
        def async_told() -> None:
            told[key] += 1

        coordinator.async_add_listener(async_told, key)

    for key in dict.fromkeys(subject.key for subject in coordinator.devices.subjects.values()):
        add(key)
    return told


@contextmanager
def counted(hass: HomeAssistant, told: Counter[Hashable]) -> Generator[Cost]:
    """Count the functions called, the states written and the listeners told."""
    cost = Cost()
    before = written_at(hass)
    told.clear()

    def note(_frame: FrameType, event: str, _argument: object) -> None:
        cost.functions += event == "call"

    known = sys.getprofile()
    sys.setprofile(note)
    try:
        yield cost
    finally:
        sys.setprofile(known)
    cost.written = sum(before.get(name) != at for name, at in written_at(hass).items())
    cost.told = told.total()


def written_at(hass: HomeAssistant) -> dict[str, datetime]:
    """Say when each state was last written, changed or not."""
    return {state.entity_id: state.last_reported for state in hass.states.async_all()}


@pytest.fixture(autouse=True)
def _only_essentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enable the same entities of each phone in small accounts and in large ones."""
    monkeypatch.setattr(entity, "MANY_EXTENSIONS", 0)


CALLER = "+390612345678"


async def test_a_push_costs_the_same_in_a_large_account(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A push writes as many states, tells as many and calls as many functions with 10 extensions and with 2,000."""
    costs = []
    for name, extensions in (("house", FEW), ("company", MANY)):
        coordinator = await set_up(hass, fake, name, extensions)
        await async_get_places(hass).async_find(CALLER)
        told = listen(coordinator)
        for number in (100_000, 100_000 + extensions - 1):
            for before in ("one", "another"):  # what a first call asks for
                coordinator.async_push(pushed(f"{before} at {number}", CallState.RINGING, str(number)))
                coordinator.async_push(pushed(f"{before} at {number}", CallState.ENDED, str(number)))
                await hass.async_block_till_done()
            with counted(hass, told) as cost:
                coordinator.async_push(pushed(f"{name}{number}", CallState.RINGING, str(number)))
            costs.append(cost)
            coordinator.async_push(pushed(f"{name}{number}", CallState.ENDED, str(number)))
            await hass.async_block_till_done()

    first, *others = costs
    assert first.written == 3
    assert first.told == 3
    for cost in others:
        assert (cost.written, cost.told) == (first.written, first.told)
        assert cost.functions == pytest.approx(first.functions, abs=5)


async def test_a_push_calls_few_functions(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Reading two messages about a call, taking them and telling of them calls few functions of ours."""
    coordinator = await set_up(hass, fake, "house", FEW)
    user = {"id": 10002, "ext": "100000", "email": "anna@example.com"}
    book = voipstudio_payload.book([user], complete=True, country="GB", queues={})
    nothing_placed, roots = Placing(deaf_provider().api, "GB"), BoundedMap[str](limit=8)
    called = 0

    def note(frame: FrameType, event: str, _argument: object) -> None:
        nonlocal called
        called += event == "call" and "custom_components" in frame.f_code.co_filename

    for call_id in ("1", "2"):
        called = 0
        known = sys.getprofile()
        sys.setprofile(note)
        try:
            for body in bodies(0, call_id):
                for message in voipstudio_push.read(body, book, "", nothing_placed, roots):
                    coordinator.async_push(message)
        finally:
            sys.setprofile(known)
        await hass.async_block_till_done()

    assert coordinator.data.missed == 2
    assert called < FUNCTIONS


async def test_a_call_asks_nothing_of_what_it_does_not_change(
    hass: HomeAssistant, fake: type[FakeProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call tells the entities that show calls, and not those that show what lists say of the phone."""
    monkeypatch.setattr(entity, "MANY_EXTENSIONS", FEW)
    fake.script.account = replace(fake.script.account, id="house")
    fake.script.capabilities = Capability.CALLS | Capability.DND | Capability.REGISTRATION | Capability.HANGUP
    phone = m.Extension(number="100000", dnd=False, registered=True)
    fake.script.directory = m.Directory(extensions=(phone,))
    entry = fake_config_entry("house")
    await async_set_up(hass, entry)
    asked: set[str] = set()
    look = vars(entity.PbxEntity)["_handle_coordinator_update"]

    def looking(self: entity.PbxEntity) -> None:
        asked.add(self.entity_description.key)
        look(self)

    monkeypatch.setattr(entity.PbxEntity, "_handle_coordinator_update", looking)
    await hass.config_entries.async_reload(entry.entry_id)
    coordinator: PbxCoordinator = entry.runtime_data.coordinator
    asked.clear()
    coordinator.async_push(pushed("c1", CallState.RINGING, "100000"))

    assert asked == {"call_state", "active_calls", "missed_calls"}

    asked.clear()
    fake.script.directory = m.Directory(extensions=(replace(phone, dnd=True),))
    coordinator.async_reread_directory()
    await coordinator.async_refresh()

    assert {"do_not_disturb", "registered", "hang_up"} <= asked


async def test_a_poll_without_change_costs_next_to_nothing(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A poll without change writes nothing, tells nobody, and looks at calls only, once each."""
    costs = []
    for name, extensions in (("house", FEW), ("company", MANY)):
        coordinator = await set_up(hass, fake, name, extensions)
        told = listen(coordinator)
        fake.script.calls = tuple(incoming(f"c{index}", str(100_000 + index)) for index in range(FEW))
        for _ in range(3):
            await coordinator.async_refresh()
        polls = []
        for _ in range(POLLS):
            with counted(hass, told) as cost:
                await coordinator.async_refresh()
            polls.append(cost)
        assert len(coordinator.data.calls) == FEW
        # On a busy machine a timer of somebody else may fall into one of them.
        functions = min(cost.functions for cost in polls)
        costs.append(
            Cost(
                functions=functions,
                written=max(cost.written for cost in polls),
                told=max(cost.told for cost in polls),
            )
        )

    few, many = costs
    assert (few.written, few.told) == (many.written, many.told) == (0, 0)
    assert many.functions == pytest.approx(few.functions, abs=5)
    assert few.functions < 25 * FEW


async def test_a_directory_without_change_tells_nobody(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Reading the same directory again writes nothing and tells nobody."""
    coordinator = await set_up(hass, fake, "company", MANY)
    told = listen(coordinator)
    asked = fake.script.times("directory")

    with counted(hass, told) as cost:
        coordinator.async_reread_directory()
        await coordinator.async_refresh()

    assert fake.script.times("directory") == asked + 1
    assert (cost.written, cost.told) == (0, 0)


@pytest.fixture
async def turns() -> AsyncGenerator[list[int]]:
    """Count the turns that everything else has, in a list of one."""
    counted = [0]

    async def count() -> None:
        while True:
            counted[0] += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    yield counted
    counting.cancel()


async def test_many_phones_are_set_up_some_at_a_time(
    hass: HomeAssistant, fake: type[FakeProvider], turns: list[int]
) -> None:
    """While the entities of 2,000 phones are added, everything else has its turn again and again."""
    coordinator = await set_up(hass, fake, "company", MANY)
    told: list[tuple[int, int]] = []

    await coordinator.devices.async_listen(lambda subjects: told.append((turns[0], len(subjects))))

    assert max(subjects for _, subjects in told) <= SUBJECTS_AT_ONCE
    assert len({turn for turn, _ in told}) == len(told) >= MANY / SUBJECTS_AT_ONCE

    told.clear()
    fake.script.directory = m.Directory(extensions=tuple(m.Extension(number=str(900_000 + n)) for n in range(100)))
    coordinator.async_reread_directory()
    await coordinator.async_refresh()
    await hass.async_block_till_done(wait_background_tasks=True)

    assert [subjects for _, subjects in told] == [SUBJECTS_AT_ONCE] * (100 // SUBJECTS_AT_ONCE)
    assert len({turn for turn, _ in told}) == len(told)


async def test_many_phones_are_unloaded_some_entities_at_a_time(
    hass: HomeAssistant, fake: type[FakeProvider], turns: list[int]
) -> None:
    """While the entities of 2,000 phones are removed, everything else has its turn again and again."""
    coordinator = await set_up(hass, fake, "company", MANY)
    gone: Counter[int] = Counter()

    @callback
    def async_note(_event: Event[EventStateChangedData]) -> None:
        gone[turns[0]] += 1

    hass.bus.async_listen(EVENT_STATE_CHANGED, async_note)
    assert await hass.config_entries.async_unload(coordinator.config_entry.entry_id)

    assert gone.total() > MANY
    assert max(gone.values()) <= ENTITIES_AT_ONCE


async def test_between_a_list_and_what_is_told_of_it_others_have_a_turn(
    hass: HomeAssistant, fake: type[FakeProvider], turns: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading a list of hundreds of new calls and telling of them takes long enough apart."""
    coordinator = await set_up(hass, fake, "house", FEW)
    at: list[int] = []

    async def calls(_self: FakeProvider) -> tuple[m.Call, ...]:
        at.append(turns[0])
        return (incoming("c1", "100000"),)

    monkeypatch.setattr(fake, "calls", calls)
    coordinator.async_add_listener(lambda: at.append(turns[0]), ("extension", "100000"))
    await coordinator.async_refresh()

    assert at[0] < at[1]


async def test_an_agent_is_told_without_the_others(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """What one agent does is handed to this agent's event and to no other's."""
    fake.script.directory = m.Directory(
        agents=tuple(m.Agent(id=str(index), name=f"Agent {index}") for index in range(50))
    )
    fake.script.capabilities = Capability.AGENTS
    entry = fake_config_entry()
    fake.script.account = replace(fake.script.account, id="house")
    await async_set_up(hass, entry)
    coordinator: PbxCoordinator = entry.runtime_data.coordinator
    heard: list[str] = []
    for agent in coordinator.data.agents:
        coordinator.events.async_listen_events(agent_key(agent), lambda event: heard.append(event.agent or ""))

    coordinator.async_push(m.Notice(provider_event="login", type=EventType.AGENT_LOGGED_IN, agent="7"))

    assert heard == ["7"]


async def test_calls_share_one_timer(
    hass: HomeAssistant, fake: type[FakeProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calls that come and go do not set a timer each."""
    coordinator = await set_up(hass, fake, "house", FEW)
    timers = Counter[datetime]()

    def counting(hass: HomeAssistant, action: Any, at: datetime) -> Callable[[], None]:
        timers[at] += 1
        return async_track_point_in_utc_time(hass, action, at)

    monkeypatch.setattr("custom_components.pbx.tick.async_track_point_in_utc_time", counting)
    for index in range(50):
        coordinator.async_push(pushed(f"c{index}", CallState.RINGING, "100000"))
        coordinator.async_push(pushed(f"c{index}", CallState.ENDED, "100000", final=True))

    assert timers.total() == 1


async def test_an_event_is_worded_once(
    hass: HomeAssistant, fake: type[FakeProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All who are told of an event get the same data, which are put together once."""
    coordinator = await set_up(hass, fake, "house", FEW)
    worded: list[EventType] = []

    def counting(event: Any, call: Any) -> Any:
        worded.append(event.type)
        return event_data(event, call)

    monkeypatch.setattr("custom_components.pbx.event_dispatcher.event_data", counting)
    coordinator.async_push(pushed("c1", CallState.RINGING, "100000"))

    assert worded == [EventType.CALL_INCOMING]


# -- the short way of a poll is only shorter ---------------------------------------------------------


def story(rng: random.Random) -> list[tuple[str, tuple[Any, ...]]]:
    """Invent what a registry is told: lists that repeat, change and lose calls, messages and time in between."""
    now = NOON
    rows: dict[str, m.Call] = {}
    told: list[tuple[str, tuple[Any, ...]]] = []
    for _ in range(60):
        now += timedelta(seconds=rng.choice((0, 0.2, 1, 3, 7)))
        call_id = rng.choice("abc")
        what = rng.random()
        if what < 0.2:
            rows[call_id] = _row(rng, call_id)
        elif what < 0.25:
            rows.pop(call_id, None)
        if what < 0.65:
            told.append(("snapshot", (tuple(rows.values()), now - timedelta(seconds=rng.choice((0, 0.1, 0.5))), now)))
        elif what < 0.85:
            told.append(("apply", (_message(rng, call_id, now), now)))
        elif what < 0.9:
            told.append(("apply", (m.CallHint(provider_event="hint", leg_id=f"{call_id}101", hangup_cause="x"), now)))
        elif what < 0.93:
            told.append(("name_caller", (call_id, m.Party(name="Ann", known=True))))
        elif what < 0.96:
            record = m.CallRecord(id=str(rng.random()), call_id=call_id, outcome=rng.choice(list(Outcome)))
            told.append(("apply", (m.RecordPush(provider_event="record", record=record), now)))
        else:
            told.append(("tick", (now,)))
    return told


def _row(rng: random.Random, call_id: str) -> m.Call:
    up = [state for state in CallState if state is not CallState.ENDED]
    phones = rng.sample(["101", "102", None], rng.randint(0, 3))
    legs = (m.Leg(id=f"{call_id}{phone}", state=rng.choice(up), extension=phone) for phone in phones)
    return replace(incoming(call_id), state=rng.choice(up), legs=tuple(legs), direction=rng.choice([None, *Direction]))


def _message(rng: random.Random, call_id: str, now: datetime) -> m.LegPush:
    return m.LegPush(
        provider_event="message",
        call_id=rng.choice((call_id, call_id, f"other {call_id}")),
        state=rng.choice(list(CallState)),
        leg_id=rng.choice((None, f"{call_id}101", f"{call_id}102")),
        extension=rng.choice((None, "101", "102")),
        direction=rng.choice([None, *Direction]),
        time=rng.choice((None, now)),
        outcome=rng.choice([None, *Outcome]),
        final=rng.random() < 0.2,
    )


def lived(story: list[tuple[str, tuple[Any, ...]]], **registry: Any) -> list[object]:
    """Give all that could be seen of a registry while it was told a story."""
    calls = CallRegistry(**registry)
    seen: list[object] = []
    for name, arguments in story:
        changes = getattr(calls, name)(*arguments)
        seen.append((changes, dict(calls.calls), list(calls.slots), calls.missed, calls.last_call, calls.due()))
    return seen


@pytest.mark.parametrize(
    "registry",
    [{}, {"grace": 2}, {"complete_after": 2}, {"pushed_ids_differ": True, "complete_after": 2}],
    ids=["plain", "grace", "two lists", "ids differ"],
)
def test_a_row_that_says_the_same_is_skipped_without_a_difference(
    registry: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever happens, a registry that skips rows it knows says and shows what one does that never skips."""
    skipped = 0
    repeats = Sources.repeats

    def skipping(self: Sources, row: m.Call) -> bool:
        nonlocal skipped
        same = repeats(self, row)
        skipped += same
        return same

    for seed in range(150):
        told = story(random.Random(seed))
        monkeypatch.setattr(Sources, "repeats", skipping)
        short = lived(told, **registry)
        monkeypatch.setattr(Sources, "repeats", lambda _self, _call: False)
        assert short == lived(told, **registry), f"seed {seed}"
    assert skipped > 1000


# -- loading -----------------------------------------------------------------------------------------


async def test_phonenumbers_is_loaded_with_the_first_account_only() -> None:
    """Home Assistant with this integration and no account has no tables of phone numbers in memory."""
    program = """
import importlib, pkgutil, sys
import custom_components.pbx as package
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
assert "custom_components.pbx.providers.voxloud.provider" in sys.modules
assert "phonenumbers" not in sys.modules
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT)
    assert await process.wait() == 0


async def test_readers_of_files_are_loaded_with_the_first_file_only() -> None:
    """What reads and writes the files of other programs is not loaded with the integration."""
    program = """
import sys
import custom_components.pbx
loaded = {name.rpartition(".")[2] for name in sys.modules if name.startswith("custom_components.pbx.phone_book.")}
assert "formats" in loaded
assert not loaded & {"reading", "writing", "vcard", "spreadsheet", "fritzbox"}, loaded
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT)
    assert await process.wait() == 0


# -- the bench ---------------------------------------------------------------------------------------


@pytest.mark.e2e
def test_bench(tmp_path: Path) -> None:
    """The bench measures what needs no network; what it finds in a hurry means nothing, but for what is counted."""
    file = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.bench", "push", "size", "--quick", "--json", str(file)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr
    kept = json.loads(file.read_text())
    assert {"processor", "processors", "python"} <= kept["machine"].keys()
    assert {figure["what"].partition(" ")[0].rstrip(",") for figure in kept["figures"]} == {"push", "a"}
    counted = [figure for figure in kept["figures"] if figure["what"].endswith(COUNTED)]
    assert len(counted) == 8
    assert {figure["value"] for figure in counted} == {0}


@pytest.mark.e2e
@pytest.mark.parametrize("case", ["voipat", "voxloud"])
def test_bench_detects_rings(case: str) -> None:
    """A polled phone system's short rings are known before they are over, and a pushed one's."""
    command = [sys.executable, "-m", "tests.bench.detect", case, "2"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout.splitlines()[-1])
    assert len(found["seconds"]) == 2
    assert (found["lost"], found["refused"]) == (0, 0)
