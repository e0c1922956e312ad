"""What one answered call leaves behind: rows and bytes in a real database, and lines in Activity."""

import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.components.recorder.common import async_wait_recording_done
from pytest_homeassistant_custom_component.typing import (
    ClientSessionGenerator,
    RecorderInstanceContextManager,
    RecorderInstanceGenerator,
    WebSocketGenerator,
)

from custom_components.pbx.const import EVENT_ACTIVITY, EVENT_PBX
from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.telephony.models import CallState

from . import house as house_module
from .house import House, living
from .test_logbook import LANGUAGES

MAX_ROWS = 12
MAX_BYTES = 2500
MAX_SENTENCES = 4
MAX_OTHER_LINES = 6
CALLS = 4  # measured together: pages and shared rows even out
CALLER = "Bakery Schmidt"

CLOUDS = ("voipat", "voipstudio", "voipsun", "voxloud")


@pytest.fixture
def mock_recorder_before_hass(async_test_recorder: RecorderInstanceContextManager) -> None:
    """Prepare the recorder before Home Assistant."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What is in a database: rows of states and events, and bytes in tables and indexes."""

    rows: int
    size: int


@dataclass(kw_only=True)
class Recorded:
    """A house with a recorder."""

    hass: HomeAssistant
    house: House
    recorder: Recorder
    numbers: count[int]

    async def call(self) -> None:
        """Let somebody new call Anna, talk and hang up, and wait for what is told after that."""
        house = self.house
        number = house.caller[:-3] + str(next(self.numbers))
        ended = self._ended()
        call_id = await house.ring(caller=number, name=CALLER)
        assert self._state() is CallState.RINGING
        await house.simulator.answer(call_id, house.anna)
        await house.until(lambda: self._state() is CallState.TALKING, "the answer")
        await house.hang_up(call_id)
        await house.until(lambda: self._ended() > ended, "the end")
        if (record_after := house.coordinator.provider.record_after) is not None:
            asked = house.hass.loop.time() + record_after
            await house.until(lambda: house.hass.loop.time() > asked, "the question for the record")
        await house.settle()
        await self.hass.async_block_till_done()

    def _state(self) -> CallState | None:
        return self.house.coordinator.data.state_of(self.house.anna)

    def _ended(self) -> int:
        return self.house.told().count("call_ended")

    async def kept(self) -> Kept:
        """Ask the database itself."""

        def ask(database: sqlite3.Connection) -> Kept:
            (size,) = database.execute("SELECT SUM(payload) FROM dbstat").fetchone()
            (states,) = database.execute("SELECT COUNT(*) FROM states").fetchone()
            (events,) = database.execute("SELECT COUNT(*) FROM events").fetchone()
            return Kept(rows=states + events, size=size)

        return await self.ask(ask)

    async def event_types(self) -> set[str]:
        """Say of which kinds the events in the database are."""

        def ask(database: sqlite3.Connection) -> set[str]:
            return {kind for (kind,) in database.execute("SELECT event_type FROM event_types")}

        return await self.ask(ask)

    async def ask[T](self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Ask the database once all is written."""
        await async_wait_recording_done(self.hass)

        def ask() -> T:
            with closing(sqlite3.connect(self.recorder.db_url.removeprefix("sqlite:///"))) as database:
                return question(database)

        return await self.hass.async_add_executor_job(ask)


@asynccontextmanager
async def recorded(
    hass: HomeAssistant,
    async_setup_recorder_instance: RecorderInstanceGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    provider: str,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Recorded]:
    """Set an account up beside a recorder that writes into a file."""
    if PROVIDERS[provider].record_after is not None:
        monkeypatch.setattr(PROVIDERS[provider], "record_after", 0.05)
    monkeypatch.setattr(house_module, "PATIENCE", 60.0)  # a busy machine writes a database slowly
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)  # it would tell each statement
    recorder = await async_setup_recorder_instance(hass)
    async with living(hass, provider, hass_client_no_auth, components=("logbook",)) as house:
        yield Recorded(hass=hass, house=house, recorder=recorder, numbers=count(200))


@pytest.mark.parametrize("persistent_database", [True])
@pytest.mark.parametrize("provider", CLOUDS)
async def test_an_answered_call_leaves_little(
    hass: HomeAssistant,
    async_setup_recorder_instance: RecorderInstanceGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    provider: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """At defaults it is so many rows and so many bytes, whatever the phone system tells of it."""
    async with recorded(hass, async_setup_recorder_instance, hass_client_no_auth, provider, monkeypatch) as home:
        await home.call()  # what is written once only
        before = await home.kept()
        for _ in range(CALLS):
            await home.call()
        after = await home.kept()
        assert (after.rows - before.rows) / CALLS <= MAX_ROWS
        assert (after.size - before.size) / CALLS <= MAX_BYTES
        assert await home.event_types() & {EVENT_ACTIVITY, EVENT_PBX} == {EVENT_ACTIVITY}


@pytest.mark.parametrize("persistent_database", [True])
async def test_whoever_listens_hears_what_the_recorder_leaves_out(
    hass: HomeAssistant,
    async_setup_recorder_instance: RecorderInstanceGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The bus has the whole event still."""
    async with recorded(hass, async_setup_recorder_instance, hass_client_no_auth, "voxloud", monkeypatch) as home:
        await home.call()
        types = home.house.told()
        assert types[:3] == ["call_incoming", "call_answered", "call_ended"]
        assert {"device_id", "entity_id", "call_id", "started_at"} <= set(home.house.events[0].data)


async def lines(hass: HomeAssistant, websocket: WebSocketGenerator, since: datetime) -> list[dict[str, Any]]:
    """Ask for Activity as the page does."""
    await async_wait_recording_done(hass)
    client = await websocket(hass)
    asked = {"type": "logbook/get_events", "start_time": since.isoformat()}
    await client.send_json_auto_id(asked)
    answer = await client.receive_json()
    found: list[dict[str, Any]] = answer["result"]
    return found


@pytest.mark.parametrize("persistent_database", [True])
@pytest.mark.parametrize(
    ("provider", "language"),
    [
        *((provider, "en") for provider in CLOUDS),
        *(("voxloud", language) for language in LANGUAGES if language != "en"),
    ],
)
async def test_activity_of_an_answered_call(
    hass: HomeAssistant,
    async_setup_recorder_instance: RecorderInstanceGenerator,
    hass_client_no_auth: ClientSessionGenerator,
    hass_ws_client: WebSocketGenerator,
    provider: str,
    language: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A person reads few sentences, each with a name, and Home Assistant draws little besides."""
    await hass.config.async_update(language=language)
    async with recorded(hass, async_setup_recorder_instance, hass_client_no_auth, provider, monkeypatch) as home:
        await home.call()  # what is drawn once only
        await hass.async_block_till_done()
        since = dt_util.utcnow()
        await home.call()
        found = await lines(hass, hass_ws_client, since)

        told = [line for line in found if line.get("domain") == "pbx"]
        assert 1 < len(told) <= MAX_SENTENCES
        for line in told:
            assert (
                "Anna Keller" in line["message"]
                or CALLER in line["message"]
                or home.house.caller[:-3] in line["message"]
            )
            assert "entity_id" not in line  # its name would be shown instead of the sentence
        others = [line for line in found if line not in told]
        assert len(others) <= MAX_OTHER_LINES
        assert {line["entity_id"].partition(".")[2].startswith("anna_keller") for line in others} == {True}
