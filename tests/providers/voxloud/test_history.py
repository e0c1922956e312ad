"""Voxloud: finished calls and recordings."""

import json
import re
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from custom_components.pbx.providers.voxloud import history
from custom_components.pbx.providers.voxloud import provider as voxloud
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    ConnectError,
    InvalidInputError,
    NotFoundError,
)
from custom_components.pbx.telephony.models import (
    Outcome,
)
from tests.simulators.voxloud import (
    ByCallId,
    LastEvent,
    NumberStyle,
    VoxloudSimulator,
)

from .account import AT, CONTACT, INCOMING, MS, OUTGOING, RECORD, TALKING, FastProvider, Stub, stubbed, wrapped


def fill(sim: VoxloudSimulator, rows: int = 250) -> None:
    """Write a history, newest first by id."""
    for number in range(rows):
        sim.past_call(
            "+390655502001" if number % 10 == 0 else f"+39066660{number:04}",
            "101" if number % 2 else "102",
            ago=60.0 * (rows - number),
            ring_time=None if number % 5 == 0 else 5,
            last_event=LastEvent.NO_ANSWER if number % 5 == 0 else LastEvent.TERMINATED,
        )


@pytest.mark.parametrize("most", [2000, 100, 30])
async def test_history_by_pages(client: FastProvider, sim: VoxloudSimulator, most: int) -> None:
    """Any part of it is read, in either order, whatever the server's largest page."""
    fill(sim)
    sim.page_size_max = most
    ids = [str(number) for number in sorted(sim.records, reverse=True)]
    for offset, limit in ((0, 5), (95, 10), (130, 120), (249, 10), (300, 10)):
        page = await client.history(m.HistoryQuery(offset=offset, limit=limit))
        assert [one.id for one in page.records] == ids[offset : offset + limit]
        assert page.total == 250
    oldest = await client.history(m.HistoryQuery(limit=3, sort=m.Sort.OLDEST))
    assert [one.id for one in oldest.records] == ids[::-1][:3]


async def test_history_by_date(client: FastProvider, sim: VoxloudSimulator) -> None:
    """The server is asked in its own format, in UTC; naive times are UTC."""
    fill(sim, 20)
    times = sorted(one.started for one in sim.records.values())
    start, end = (datetime.fromtimestamp(times[index], UTC) for index in (5, 9))
    page = await client.history(m.HistoryQuery(start=start - timedelta(seconds=1), end=end + timedelta(seconds=1)))
    assert len(page.records) == 5
    assert page.total == 5
    sent = json.loads(sim.seen("telephony-events")[-1].body)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", sent["date_time_from"])
    naive = await client.history(m.HistoryQuery(start=(start - timedelta(seconds=1)).replace(tzinfo=None)))
    assert len(naive.records) == 15


@pytest.mark.parametrize("style", list(NumberStyle))
@pytest.mark.parametrize("number", ["+390655502001", "06 55502001", "390655502001", "55502001"])
async def test_history_by_number(client: FastProvider, sim: VoxloudSimulator, style: NumberStyle, number: str) -> None:
    """However the server writes numbers and whatever form is typed, the calls of a number are found."""
    sim.record_number_style = style
    fill(sim, 40)
    page = await client.history(m.HistoryQuery(number=number, limit=3))
    assert len(page.records) == 3
    assert {one.caller.number for one in page.records} == {CONTACT}


async def test_history_by_a_number_that_the_server_compares_as_text(session: aiohttp.ClientSession) -> None:
    """The reference asks for a national number, so that each way of writing it is asked for."""
    asked_for: list[str] = []
    rows = {
        "0655502001": {"id": 1, "originatorNumber": "0655502001", "callId": "a", "timestamp": MS},
        "390655502001": {"id": 2, "originatorNumber": "390655502001", "callId": "b", "timestamp": MS + 1000},
    }

    async def answer(query: web.Request) -> web.Response:
        number = (await query.json())["number"]
        asked_for.append(number)
        return web.json_response({"content": [rows[number]] if number in rows else [], "last": True})

    app = web.Application()
    app.router.add_post("/api/v1/telephony-events", answer)
    async with TestServer(app) as server:
        page = await stubbed(session, str(server.make_url(""))).history(m.HistoryQuery(number=CONTACT))
    assert asked_for == [CONTACT, "390655502001", "0655502001"]
    assert [one.id for one in page.records] == ["2", "1"]
    assert page.total == 2


async def test_history_by_what_the_server_cannot_filter(client: FastProvider, sim: VoxloudSimulator) -> None:
    """Extension, direction and words are looked for here."""
    fill(sim, 120)
    sim.labels = ("urgent order",)
    call_id = await sim.dial("103", "+390655502001")
    await sim.answer(call_id)
    await sim.hang_up(call_id)
    by_extension = await client.history(m.HistoryQuery(extension="101", limit=1000))
    assert by_extension.total == 48
    assert {one.answered_by for one in by_extension.records} == {"101"}
    outgoing = await client.history(m.HistoryQuery(direction=OUTGOING))
    assert [one.extension for one in outgoing.records] == ["103"]
    assert outgoing.total == 1
    assert (await client.history(m.HistoryQuery(search="URGENT"))).total == 1
    assert (await client.history(m.HistoryQuery(search="marco", limit=7, offset=3))).records[0].answered_by == "102"
    assert (await client.history(m.HistoryQuery(search="nothing of this kind"))).total == 0
    some = await client.history(m.HistoryQuery(direction=INCOMING, limit=2))
    assert (len(some.records), some.total) == (2, None)


async def test_a_filter_reads_no_more_pages_than_the_budget_allows(
    stub: tuple[Stub, str], session: aiohttp.ClientSession
) -> None:
    """Then how many there are stays unknown."""
    rows = [{"id": number, "direction": "INBOUND", "timestamp": MS} for number in range(100)]
    stub[0].add("POST", "/api/v1/telephony-events", {"content": rows, "last": False, "totalElements": 100_000})
    page = await stubbed(session, stub[1]).history(m.HistoryQuery(direction=OUTGOING))
    assert page == m.HistoryPage(records=(), total=None)
    assert len(stub[0].asked) == history.MAX_PAGES
    del stub[0].asked[:]
    await stubbed(session, stub[1]).history(m.HistoryQuery(number=CONTACT))
    assert len(stub[0].asked) == history.MAX_PAGES + 2


async def test_rows_outside_of_what_was_asked_for_are_dropped(
    stub: tuple[Stub, str], session: aiohttp.ClientSession
) -> None:
    """As in the reference's own example; rows that cannot be read are skipped, and pages may say little."""
    rows = [{"id": 1, "timestamp": MS}, {"id": 2, "timestamp": 0}, {"timestamp": MS}, 5]
    stub[0].add("POST", "/api/v1/telephony-events", {"content": rows}, rows)
    provider = stubbed(session, stub[1])
    query = m.HistoryQuery(start=AT + timedelta(days=1))
    assert await provider.history(query) == m.HistoryPage()
    everything = await provider.history(m.HistoryQuery())
    assert [one.id for one in everything.records] == ["1", "2"]


@pytest.mark.parametrize("style", list(ByCallId))
@pytest.mark.parametrize("empty", [True, False])
async def test_one_call(client: FastProvider, sim: VoxloudSimulator, style: ByCallId, *, empty: bool) -> None:
    """By its id, or by the record's; nothing found is no error."""
    sim.by_call_id, sim.by_call_id_missing_empty = style, empty
    known = sim.past_call(CONTACT, "101", ago=60)
    page = await client.history(m.HistoryQuery(call_id=known.call_id))
    assert [one.id for one in page.records] == [str(known.id)]
    assert page.total == 1
    assert (await client.history(m.HistoryQuery(record_id=str(known.id)))) == page
    assert (await client.history(m.HistoryQuery(record_id=str(known.id), call_id="other"))).total == 0
    assert (await client.history(m.HistoryQuery(record_id=str(known.id), direction=OUTGOING))).total == 0
    assert (await client.history(m.HistoryQuery(record_id="99999"))).total == 0
    assert (await client.history(m.HistoryQuery(call_id="un/known&x=1"))).total == 0
    found = await client.record_of(m.Call(id=known.call_id, state=TALKING))
    assert found == page.records[0]
    assert await client.record_of(m.Call(id="unknown", state=TALKING)) is None


async def test_one_call_with_several_records(client: FastProvider, sim: VoxloudSimulator) -> None:
    """The one of whoever answered says what became of the call."""
    sim.by_call_id, sim.race_records = ByCallId.ARRAY, True
    call_id = await sim.ring(CONTACT, "901")
    await sim.answer(call_id, "102")
    await sim.hang_up(call_id)
    found = await client.record_of(m.Call(id=call_id, state=TALKING))
    assert found is not None
    assert (found.outcome, found.answered_by) == (Outcome.ANSWERED, "102")
    assert len((await client.history(m.HistoryQuery(call_id=call_id))).records) == 3


async def test_history_as_csv(client: FastProvider, sim: VoxloudSimulator) -> None:
    """The server's own table, for what the server can filter."""
    fill(sim, 30)
    whole = await client.history(m.HistoryQuery(csv=True))
    assert whole.records == ()
    assert whole.csv is not None
    assert len(whole.csv.strip().splitlines()) == 31
    assert sim.seen("telephony-events")[-1].headers["Accept"] == "text/csv"
    second = await client.history(m.HistoryQuery(csv=True, limit=10, offset=20))
    assert second.csv is not None
    assert len(second.csv.strip().splitlines()) == 11
    one = await client.history(m.HistoryQuery(csv=True, number=CONTACT))
    assert one.csv is not None
    assert len(one.csv.strip().splitlines()) == 4
    none = await client.history(m.HistoryQuery(csv=True, number="+390600000000"))
    assert none.csv is not None
    assert len(none.csv.strip().splitlines()) <= 1


async def test_csv_that_is_none(stub: tuple[Stub, str], session: aiohttp.ClientSession) -> None:
    """JSON or a page instead of a table is not passed on."""
    stub[0].add("POST", "/api/v1/telephony-events", {"content": []}, b"<html>")
    provider = stubbed(session, stub[1])
    for _ in range(2):
        with pytest.raises(ConnectError):
            await provider.history(m.HistoryQuery(csv=True))


@pytest.mark.parametrize(
    ("query", "field", "problem"),
    [
        (m.HistoryQuery(limit=0), "limit", "out_of_range"),
        (m.HistoryQuery(limit=1001), "limit", "out_of_range"),
        (m.HistoryQuery(offset=-1), "offset", "out_of_range"),
        (m.HistoryQuery(start=AT, end=AT - timedelta(days=1)), "end", "out_of_range"),
        (m.HistoryQuery(start=AT, end=datetime(2017, 1, 1)), "end", "out_of_range"),  # noqa: DTZ001
        (m.HistoryQuery(number="abc"), "number", "invalid_number"),
        (m.HistoryQuery(record_id="../1"), "record_id", "invalid_value"),
        (m.HistoryQuery(csv=True, direction=INCOMING), "direction", "conflict"),
        (m.HistoryQuery(csv=True, extension="101"), "extension", "conflict"),
        (m.HistoryQuery(csv=True, search="x"), "search", "conflict"),
        (m.HistoryQuery(csv=True, record_id="1"), "record_id", "conflict"),
        (m.HistoryQuery(csv=True, call_id="1"), "call_id", "conflict"),
        (m.HistoryQuery(csv=True, limit=10, offset=5), "offset", "conflict"),
    ],
)
async def test_a_history_that_cannot_be_asked_for(
    client: FastProvider, sim: VoxloudSimulator, query: m.HistoryQuery, field: str, problem: str
) -> None:
    """It is refused by the field's name, before anything is sent."""
    with pytest.raises(InvalidInputError) as caught:
        await client.history(query)
    assert (caught.value.field, caught.value.problem) == (field, problem)
    assert not sim.requests


async def test_recordings_and_voicemails(client: FastProvider, sim: VoxloudSimulator) -> None:
    """The records that have one; its address comes without the key."""
    fill(sim, 150)
    call_id = await sim.ring(CONTACT, "101")
    await sim.leave_voicemail(call_id)
    voicemail = (await client.media(m.MediaKind.VOICEMAIL, 10, 0))[0]
    assert (voicemail.caller, voicemail.duration) == ("Giulia Bianchi", None)
    recordings = await client.media(m.MediaKind.RECORDING, 60, 50)
    assert len(recordings) == 60
    assert recordings[0].time is not None
    assert recordings[-1].time is not None
    assert recordings[0].time > recordings[-1].time
    assert recordings[0].duration == 55.0
    assert len(await client.media(m.MediaKind.RECORDING, 500, 0)) == 120
    source = await client.media_source(m.MediaKind.RECORDING, recordings[0].id)
    assert source.url.startswith(f"{sim.url}/media/")
    assert (source.headers, source.content_type) == ({}, "audio/mpeg")
    assert "vm_" in (await client.media_source(m.MediaKind.VOICEMAIL, voicemail.id)).url
    for kind, item in ((m.MediaKind.RECORDING, voicemail.id), (m.MediaKind.VOICEMAIL, "99999")):
        with pytest.raises(NotFoundError):
            await client.media_source(kind, item)
    with pytest.raises(InvalidInputError):
        await client.media_source(m.MediaKind.RECORDING, "../x")


async def test_a_recording_of_another_kind(stub: tuple[Stub, str], session: aiohttp.ClientSession) -> None:
    """Its ending tells."""
    row = RECORD | {"recordingUrl": "https://media.example/rec.WAV?sig=1"}
    stub[0].add("GET", "/api/v1/telephony-events/8395", wrapped(row, "PHONE_CALL"))
    source = await stubbed(session, stub[1]).media_source(m.MediaKind.RECORDING, "8395")
    assert source.content_type == "audio/wav"


async def test_a_recording_that_is_played_in_parts(
    client: FastProvider, sim: VoxloudSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser asks for one part after the other: the link is asked for once a while, each item on its own."""
    fill(sim, 100)
    first, second, *others = await client.media(m.MediaKind.RECORDING, 80, 0)
    before = len(sim.requests)
    sources = [await client.media_source(m.MediaKind.RECORDING, first.id) for _ in range(20)]
    assert len({source.url for source in sources}) == 1
    assert len(sim.requests) == before + 1
    with pytest.raises(NotFoundError):
        await client.media_source(m.MediaKind.VOICEMAIL, first.id)
    for item in others:
        await client.media_source(m.MediaKind.RECORDING, item.id)
    before = len(sim.requests)
    await client.media_source(m.MediaKind.RECORDING, first.id)
    assert len(sim.requests) == before + 1  # so many are not remembered
    monkeypatch.setattr(voxloud, "LINK_LASTS", 0)
    for _ in range(3):
        await client.media_source(m.MediaKind.RECORDING, second.id)
    assert len(sim.requests) == before + 4
