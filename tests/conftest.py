"""What all tests of the integration share."""

import logging
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import voluptuous as vol
from aiohttp.web import UrlDispatcher
from freezegun.api import FrozenDateTimeFactory
from homeassistant import components
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from pytest_homeassistant_custom_component.common import MockConfigEntry
from yarl import URL

from custom_components.pbx import event, forms, sensor
from custom_components.pbx.const import DOMAIN
from custom_components.pbx.entity import PbxEntityDescription
from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.providers.base import Intervals
from custom_components.pbx.providers.http import RateLimit
from custom_components.pbx.providers.voxloud.provider import VoxloudProvider
from custom_components.pbx.push import occupant, subscription
from custom_components.pbx.services import ACTIONS
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState, Capability
from custom_components.pbx.telephony.places import Tables

from .fake_cloud import FakeCloud
from .fake_provider import NOON, FakeProvider, async_set_up, fake_config_entry, incoming, make_fake
from .log_watch import LogWatch
from .simulators.base import Simulator
from .simulators.voipat import VoipatSimulator
from .simulators.voipstudio import VoipstudioSimulator
from .simulators.voipsun import VoipsunSimulator
from .simulators.voxloud import VoxloudSimulator

type Json = dict[str, Any]

IGNORED = (
    r"^WARNING homeassistant\.loader: We found a custom integration pbx which has not been tested",
    r"zlib_ng and isal are not available",
    # The access log asks the clock for its zone, which a stopped one does not know.
    r"^ERROR aiohttp\.access: Error in logging$",
    # How busy the machine is:
    r"^WARNING homeassistant\.helpers\.entity: Updating state for \S+ (?s:.*) took [\d.]+ seconds",
    r"^WARNING homeassistant\.(setup|components\.\w+): Setup of .* is taking over",
    r"^WARNING asyncio: Executing (?s:.*) took [\d.]+ seconds",
)
"""What any test may log, as `LEVEL logger: message`."""
WAITING = {Path(__file__).parent / folder for folder in ("asterisk", "e2e")}
"""The folders whose tests spend most of their time waiting for other programs."""
PROGRAMS = WAITING | {Path(__file__).parent / "frontend"}
"""The folders whose tests depend on how fast a browser, Asterisk or another Home Assistant is."""
REAL_TIME = {"hass", "socket_enabled"}
"""The fixtures of tests that wait for threads or sockets, and so depend on how busy the machine is."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files that wait among those that compute, and let what a busy machine can fail try once more.

    Several workers then do both at the same time. A test that only computes has one try.
    """
    kinds: dict[bool, list[Path]] = {True: [], False: []}
    for path in dict.fromkeys(item.path for item in items):
        kinds[path.parent in WAITING].append(path)
    place = {path: index / len(paths) for paths in kinds.values() for index, path in enumerate(paths)}
    items.sort(key=lambda item: place[item.path])
    for item in items:
        real = REAL_TIME.intersection(getattr(item, "fixturenames", ())) and not item.get_closest_marker("chaos")
        if item.path.parent in PROGRAMS or real:
            item.add_marker(pytest.mark.flaky(reruns=1))  # the summary counts who needed it


@pytest.fixture(autouse=True)
def expected_warnings() -> Generator[list[str]]:
    """Fail a test when a warning or worse is logged, unless it adds a regular expression for it to this list."""
    watch, expected = LogWatch(), list[str]()
    logging.getLogger().addHandler(watch)
    yield expected
    logging.getLogger().removeHandler(watch)
    assert watch.unexpected((*IGNORED, *expected)) == []


@pytest.fixture(autouse=True)
def _custom_integrations(expected_warnings: list[str], request: pytest.FixtureRequest) -> None:
    """Let Home Assistant find this integration, in the tests that have one."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture(autouse=True)
def _no_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody live at addresses that are not on this machine."""
    ask = occupant.async_is_anothers

    async def is_anothers(hass: HomeAssistant, url: str) -> bool:
        return URL(url).host == "127.0.0.1" and await ask(hass, url)

    monkeypatch.setattr(subscription, "async_is_anothers", is_anothers)


@pytest.fixture(autouse=True)
def _routes_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let routes be added to a server that runs, as Home Assistant's own does: a platform may bring some along."""
    monkeypatch.setattr(UrlDispatcher, "freeze", lambda _dispatcher: None)


@pytest.fixture
def tables_of_places() -> None:
    """Read the tables of towns, which takes a second, as soon as somebody calls."""


@pytest.fixture(autouse=True)
def _no_tables_of_places(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Find empty tables of towns, in the tests that are not about them."""
    if "hass" in request.fixturenames and "tables_of_places" not in request.fixturenames:
        monkeypatch.setattr(Tables, "read", lambda _tables, _part: {})


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeProvider]:
    """Offer a phone system that follows a script."""
    provider = make_fake()
    monkeypatch.setitem(PROVIDERS, provider.key, provider)
    monkeypatch.setitem(forms.REAUTH_FIELDS, provider.key, vol.Schema({}))
    monkeypatch.setitem(forms.PROVIDER_OPTIONS, provider.key, {})
    return provider


@pytest.fixture
def at_noon(freezer: FrozenDateTimeFactory) -> None:
    """Begin at a fixed time, at which the clock stands until it is moved."""
    freezer.move_to(NOON)


@pytest.fixture
def call_entities(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enable from the beginning what shows calls and a person would have to enable."""

    def enabled[D: PbxEntityDescription](descriptions: tuple[D, ...]) -> tuple[D, ...]:
        shown = {"call", "call_event", "callee", "caller", "last_call"}
        return tuple(
            replace(one, entity_registry_enabled_default=True) if one.key in shown else one for one in descriptions
        )

    monkeypatch.setattr(event, "EVENTS", enabled(event.EVENTS))
    monkeypatch.setattr(sensor, "SENSORS", enabled(sensor.SENSORS))


@pytest.fixture
def full_polls(at_noon: None, fake: type[FakeProvider]) -> None:
    """Ask for everything, the directory too, with every poll, from noon."""
    fake.intervals = Intervals(busy=10, idle=10, pushed=10, directory=10)


@pytest.fixture
def all_enabled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Enable entities that are disabled at first."""
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", property(lambda _entity: True))


@pytest.fixture
def fake_entry(fake: type[FakeProvider]) -> MockConfigEntry:
    """Give an account at that phone system, not set up yet."""
    return fake_config_entry()


@pytest.fixture
async def able_entry(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> MockConfigEntry:
    """Set up an account that can do everything, with one call."""
    freezer.move_to(NOON)
    await hass.config.async_update(country="IT", time_zone="Europe/Rome")
    fake.fields = dict.fromkeys(Capability, frozenset(str(key) for action in ACTIONS for key in action.fields))
    fake.script.directory = replace(
        fake.script.directory,
        agents=(m.Agent(id="a1", name="Agatha", number="501"),),
        queues=(m.Queue(id="q1", name="Support", number="600"),),
    )
    fake.script.calls = (incoming("c1", state=CallState.TALKING),)
    fake.script.answers |= {
        "agent_status": m.Agent(id="a1", name="Agatha", logged_in=True, paused=False, raw={"state": "10"}),
        "queue_status": m.Queue(id="q1", waiting=0, raw={"waiting": "0"}),
    }
    await async_set_up(hass, fake_entry)
    return fake_entry


@asynccontextmanager
async def running[S: Simulator](request: pytest.FixtureRequest, simulator: S) -> AsyncGenerator[S]:
    """Start a simulated phone system, and stop it when no account asks it any more: one would say that it is gone."""
    async with simulator:
        yield simulator
        if "hass" in request.fixturenames:
            hass: HomeAssistant = request.getfixturevalue("hass")
            for entry in hass.config_entries.async_loaded_entries(DOMAIN):
                await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
async def voipat(request: pytest.FixtureRequest, socket_enabled: None) -> AsyncGenerator[VoipatSimulator]:
    """Start the simulated VOIP@ Cloud."""
    async with running(request, VoipatSimulator()) as simulator:
        yield simulator


@pytest.fixture
async def voipstudio(request: pytest.FixtureRequest, socket_enabled: None) -> AsyncGenerator[VoipstudioSimulator]:
    """Start the simulated VoIPstudio."""
    async with running(request, VoipstudioSimulator()) as simulator:
        yield simulator


@pytest.fixture
async def voipsun(request: pytest.FixtureRequest, socket_enabled: None) -> AsyncGenerator[VoipsunSimulator]:
    """Start the simulated VoIPSUN PBX."""
    async with running(request, VoipsunSimulator()) as simulator:
        yield simulator


@pytest.fixture
async def voxloud(
    request: pytest.FixtureRequest, socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[VoxloudSimulator]:
    """Start the simulated Voxloud, and spare the tests the waiting for its request budget."""
    monkeypatch.setattr(VoxloudProvider, "limits", (RateLimit(requests=100_000, seconds=60),))
    async with running(request, VoxloudSimulator()) as simulator:
        yield simulator


@pytest.fixture
def cloud(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> FakeCloud:
    """Let somebody be signed in to Home Assistant Cloud."""
    module = FakeCloud()
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(components, "cloud", module, raising=False)
    hass.config.components.add("cloud")
    return module


@pytest.fixture
def enable_event_loop_debug() -> None:
    """Leave the event loop's debug mode off: noting where each task began takes half of the time of all tests."""
