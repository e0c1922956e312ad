"""Page after page of finished calls: none is left out and none comes twice, in whatever order they are listed."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState, Capability, Outcome

from ..fake_provider import NOON, FakeProvider, async_set_up, fake_config_entry, pushed
from .conftest import Page
from .test_websocket import ask

type Json = dict[str, Any]

CALLS = 12


def listed(*minutes_ago: int | None) -> tuple[m.CallRecord, ...]:
    """List calls in this order; None began nobody knows when."""
    return tuple(
        m.CallRecord(id=f"r{index}", outcome=Outcome.ANSWERED, started_at=_ago(minutes))
        for index, minutes in enumerate(minutes_ago)
    )


def _ago(minutes: int | None) -> datetime | None:
    return None if minutes is None else NOON - timedelta(minutes=minutes)


ORDERS = {
    "by start": range(CALLS),
    "all at once": [0] * CALLS,
    "by end": [5, 0, 1, 9, 2, 3, 30, 4, 6, 7, 8, 10],  # a long call comes before those it outlasted
    "oldest first": range(CALLS, 0, -1),
    "no times": [None] * CALLS,
    "some times": [0, None, 1, 2, None, None, 3, 4, 5, None, 6, 7],
    "first without": [None, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
}


@pytest.mark.parametrize("limit", [1, 2, 5, CALLS])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("accounts", [1, 2])
async def test_every_call_is_on_one_page(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    page: Page,
    order: str,
    limit: int,
    accounts: int,
) -> None:
    """Each is shown once, a page by the times that are known, and no page shows more than is asked for."""
    everything = listed(*ORDERS[order])

    def history(query: m.HistoryQuery) -> m.HistoryPage:
        return m.HistoryPage(records=everything[query.offset : query.offset + query.limit])

    fake.script.answers["history"] = history
    await async_set_up(hass, fake_entry)
    if accounts == 2:
        fake.script.account = m.Account(id="other", title="Other")
        await async_set_up(hass, fake_config_entry("other"))
    socket = await page()
    rows: list[Json] = []
    cursor: dict[str, str] = {}
    for _ in range(2 * CALLS + 1):
        answer = (await ask(socket, "pbx/history", limit=limit, **cursor))["result"]
        rows += answer["records"]
        times = [row["started_at"] for row in answer["records"] if "started_at" in row]
        assert times == sorted(times, reverse=True)
        assert len(answer["records"]) <= limit
        if answer["cursor"] is None:
            break
        cursor = {"cursor": answer["cursor"]}
    for account in {row["account"] for row in rows}:
        found = [row["record_id"] for row in rows if row["account"] == account]
        assert sorted(found) == sorted(one.id for one in everything)
    assert len(rows) == accounts * CALLS
    assert fake.script.times("history") == accounts  # pages that follow each other ask once


@pytest.mark.parametrize("cursor", ["[" * 2000, '{"entry_house": true}', '{"entry_house": 1e3}', "null", "", "{"])
async def test_a_cursor_of_another_kind_is_refused(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page, cursor: str
) -> None:
    """It is none of ours, however it was made; nothing goes wrong within."""
    await async_set_up(hass, fake_entry)
    answer = await ask(await page(), "pbx/history", cursor=cursor)
    assert answer["error"]["code"] == "invalid_format"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("+390612345678", True),
        ("+39 06 1234-5678", True),
        ("06 1234 5678", True),
        ("0039 06/12345678", True),
        ("(06) 12345", True),
        ("5678", True),
        ("567 8", True),
        ("٠٦١٢٣٤٥٦٧٨", True),
        ("eva", True),
        (" EVA ", True),
        ("+39 06 1234-5679", False),
        ("*", False),
        ("%", False),
        ("'", False),
        ("🙂", False),
        ("eva 1234", False),
    ],
)
async def test_a_kept_call_is_found_by_its_number_however_it_is_spelled(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, page: Page, wanted: str, found: object
) -> None:
    """A phone system without a history is searched as people write numbers and names."""
    hass.config.country = "IT"
    fake.script.capabilities &= ~Capability.GET_CALL_HISTORY
    await async_set_up(hass, fake_entry)
    caller = m.Party(number="+390612345678", name="Eva")
    for state in (CallState.RINGING, CallState.ENDED):
        final = state is CallState.ENDED
        fake_entry.runtime_data.coordinator.async_push(pushed("c1", state, caller=caller, final=final))
    await hass.async_block_till_done()
    answer = (await ask(await page(), "pbx/history", search=wanted))["result"]
    assert bool(answer["records"]) is found
