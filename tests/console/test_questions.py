"""What becomes of a question when the account, the call or the one who asked is gone before the answer."""

import asyncio
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.console import questions
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import ConnectError
from custom_components.pbx.telephony.models import CallState

from ..fake_provider import FakeProvider, async_set_up, pushed
from .conftest import Page
from .test_websocket import ask, record, subscribe

ASKED = [
    ("pbx/history", "history", {}),
    ("pbx/search", "search_contacts", {"text": "ann"}),
    ("pbx/voicemails", "media", {}),
]


@pytest.mark.parametrize(("kind", "method", "fields"), ASKED)
async def test_an_account_that_goes_leaves_nobody_without_an_answer(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    page: Page,
    kind: str,
    method: str,
    fields: dict[str, Any],
) -> None:
    """It is named as one that could not be asked, and the others are shown."""
    begun, thinking = asyncio.Event(), asyncio.Event()

    async def think(*_: object) -> None:
        begun.set()
        await thinking.wait()

    fake.script.answers[method] = think
    await async_set_up(hass, fake_entry)
    socket = await page()
    await socket.send_json_auto_id({"type": kind, **fields})
    await begun.wait()
    assert await hass.config_entries.async_unload(fake_entry.entry_id)
    answer = await asyncio.wait_for(socket.receive_json(), 2)
    [failed] = answer["result"]["failed"]
    assert failed["account"] == fake_entry.entry_id
    assert failed["translation_key"] == "cannot_connect"


async def test_an_answer_that_comes_too_late_is_no_error_of_anybody(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    page: Page,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Who waited was told so; a refusal that comes after that is not written to the log."""
    monkeypatch.setattr(questions, "TIMEOUT", 0.01)
    thinking, over = asyncio.Event(), asyncio.Event()

    async def think(*_: object) -> None:
        try:
            await thinking.wait()
            raise ConnectError("no answer to +390612345678")
        finally:
            over.set()

    fake.script.answers["history"] = think
    await async_set_up(hass, fake_entry)
    answer = await ask(await page(), "pbx/history")
    assert answer["result"]["failed"][0]["translation_key"] == "cannot_connect"
    caplog.clear()
    thinking.set()
    await over.wait()
    await hass.async_block_till_done(wait_background_tasks=True)
    assert "0612345" not in caplog.text
    assert [one for one in caplog.records if one.levelname in {"ERROR", "WARNING"}] == []


async def test_a_call_that_has_ended_is_found_a_moment_later(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    page: Page,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was read before its end, or before it was written down, is read again; not with every call, though."""
    clock = _Clock(monkeypatch)
    records = [record(2)]
    fake.script.answers["history"] = lambda _query: m.HistoryPage(records=tuple(records))
    await async_set_up(hass, fake_entry)
    socket = await page()
    await subscribe(socket)
    watcher = await page()

    async def count() -> int:
        return len((await ask(watcher, "pbx/history"))["result"]["records"])

    assert await count() == 1
    coordinator = fake_entry.runtime_data.coordinator
    clock.passes(2)
    coordinator.async_push(pushed("c1", CallState.RINGING))
    coordinator.async_push(pushed("c1", CallState.ENDED, final=True))
    clock.passes(1)
    assert await count() == 1
    asked = fake.script.times("history")
    clock.passes(7)  # 8 seconds after the end it is still not written down
    assert await count() == 1
    assert fake.script.times("history") == asked + 1
    records.insert(0, record(1))
    clock.passes(9)
    assert await count() == 2
    asked = fake.script.times("history")
    clock.passes(19)
    assert await count() == 2
    assert fake.script.times("history") == asked


async def test_what_was_read_before_stands_in_when_too_much_was_asked(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    page: Page,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A busy phone system is not asked for every call that ends, and no page is told that it asks too much."""
    clock = _Clock(monkeypatch)
    fake.script.answers["history"] = m.HistoryPage(records=(record(1),))
    await async_set_up(hass, fake_entry)
    socket = await page()
    await subscribe(socket)
    watcher = await page()
    coordinator = fake_entry.runtime_data.coordinator
    for number in range(40):
        coordinator.async_push(pushed(f"c{number}", CallState.RINGING))
        coordinator.async_push(pushed(f"c{number}", CallState.ENDED, final=True))
        answer = (await ask(watcher, "pbx/history"))["result"]
        assert (len(answer["records"]), answer["failed"]) == (1, [])
        clock.passes(1)
    assert fake.script.times("history") <= 6


class _Clock:
    """The time by which answers grow old."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ahead = 0.0
        monkeypatch.setattr(questions, "now", lambda: asyncio.get_running_loop().time() + self._ahead)

    def passes(self, seconds: float) -> None:
        self._ahead += seconds
