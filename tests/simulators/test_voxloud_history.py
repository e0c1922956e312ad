"""The simulated Voxloud writes records and serves its history as its contract says."""

import re
from datetime import datetime
from typing import Any

import pytest

from .voxloud import ByCallId, EventType
from .voxloud_bench import CALLER, V1, Bench, until

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.mark.parametrize(("switch", "key"), [("record_calls", "recordingUrl"), ("transcribe", "transcription")])
async def test_recording_switches(bench: Bench, switch: str, key: str) -> None:
    """Recordings and transcriptions are there or not."""
    bench.listen(EventType.PHONE_CALL)
    for value in (True, False):
        setattr(bench.sim, switch, value)
        call = await bench.sim.ring(CALLER, "101")
        await bench.sim.answer(call, "101")
        await bench.sim.hang_up(call)
        assert (key in bench.record()) is value


async def test_media_lifetime(bench: Bench) -> None:
    """A link may expire; an unknown one is nowhere."""
    bench.sim.media_lifetime = 60
    bench.listen(EventType.PHONE_CALL)
    call = await bench.sim.ring(CALLER, "101")
    await bench.sim.answer(call, "101")
    await bench.sim.hang_up(call)
    bench.clock.now += 61
    async with bench.session.get(bench.record()["recordingUrl"]) as response:
        assert response.status == 403
    async with bench.session.get(f"{bench.sim.url}/media/unknown.mp3") as response:
        assert response.status == 404


async def test_a_known_caller(bench: Bench) -> None:
    """A contact's name and CRM are in events and record, until the contact goes; labels come along."""
    bench.listen(EventType.CALL_INCOMING, EventType.PHONE_CALL)
    bench.sim.labels = ("vip",)
    await bench.sim.hang_up(await bench.sim.ring("+390655502002", "101"))
    assert bench.got[0]["data"]["originatorName"] == "Giulia Bianchi"
    assert (bench.record()["contactCrm"], bench.record()["labels"]) == ("Hubspot", ["vip"])
    await bench.ask("DELETE", f"{V1}/contacts/{next(iter(bench.sim.contacts))}")
    await bench.sim.hang_up(await bench.sim.ring("+390655502002", "101"))
    assert "contactCrm" not in bench.record()


async def test_cdr_delay(bench: Bench) -> None:
    """A record is nowhere before its time."""
    bench.sim.cdr_delay = 10
    bench.listen(EventType.PHONE_CALL)
    calls = [await bench.sim.ring(CALLER, extension) for extension in ("101", "102")]
    await bench.sim.hang_up(calls[0])
    path = f"{V1}/telephony-events"
    assert (await bench.ask("GET", path, params={"callId": calls[0]}))[0] == 404
    assert (await bench.ask("POST", path, {}))[1]["totalElements"] == 0
    await bench.sim.publish_records()
    assert (await bench.ask("GET", path, params={"callId": calls[0]}))[0] == 200
    bench.sim.cdr_delay = 0.01
    await bench.sim.hang_up(calls[1])
    await until(lambda: len(bench.got) > 1)
    assert [event["data"]["callId"] for event in bench.got] == calls


@pytest.mark.parametrize("shape", ByCallId)
@pytest.mark.parametrize("empty", [True, False])
async def test_by_call_id(bench: Bench, shape: ByCallId, *, empty: bool) -> None:
    """A search by call id answers an object, an array or a page; without a hit 404 or nothing."""
    bench.sim.by_call_id, bench.sim.by_call_id_missing_empty = shape, empty
    record = bench.sim.past_call(CALLER, "101", ago=60)
    wire = bench.sim.wire_record(record)
    path = f"{V1}/telephony-events"
    status, answer = await bench.ask("GET", path, params={"callId": record.call_id})
    found = {ByCallId.OBJECT: wire, ByCallId.ARRAY: [wire]}.get(shape)
    assert status == 200
    assert answer == found if shape is not ByCallId.PAGE else answer["content"] == [wire]
    status, answer = await bench.ask("GET", path, params={"callId": "unknown"})
    if empty:
        rows = answer["content"] if shape is ByCallId.PAGE else answer
        assert (status, rows) == (200, "" if shape is ByCallId.OBJECT else [])
    else:
        assert status == 404
    assert (await bench.ask("GET", path))[0] == 400


async def test_event_by_id(bench: Bench) -> None:
    """An event is found by its number, with its time in milliseconds."""
    record = bench.sim.past_call(CALLER, "101", ago=60)
    path = f"{V1}/telephony-events"
    status, answer = await bench.ask("GET", f"{path}/{record.id}")
    assert (status, answer["timestamp"]) == (200, 1_789_999_940_000)
    assert (await bench.ask("GET", f"{path}/1"))[0] == 404
    assert (await bench.ask("GET", f"{path}/x"))[0] == 400


async def test_history_pages(bench: Bench) -> None:
    """Pages count from zero, newest first, with times that have an offset without colon."""
    records = [bench.sim.past_call(CALLER, "101", ago=3600 - number) for number in range(25)]
    path = f"{V1}/telephony-events"
    _, first = await bench.ask("POST", path, {}, params={"sort": "timestamp,desc", "size": "10", "page": "0"})
    assert [row["id"] for row in first["content"]] == [record.id for record in records[:14:-1]]
    assert (first["first"], first["last"], first["number"], first["totalPages"], first["totalElements"]) == (
        True,
        False,
        0,
        3,
        25,
    )
    _, last = await bench.ask("POST", path, {}, params={"sort": "id,asc", "size": "10", "page": "2"})
    assert [row["id"] for row in last["content"]] == [record.id for record in records[20:]]
    assert (last["first"], last["last"], last["numberOfElements"], last["sort"][0]["ascending"]) == (
        False,
        True,
        5,
        True,
    )
    stamp = first["content"][0]["timestamp"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", stamp)
    assert datetime.fromisoformat(stamp).timestamp() == records[-1].started
    _, plain = await bench.ask("POST", path, {})
    assert (plain["size"], plain["numberOfElements"], plain["number"]) == (20, 20, 0)
    bench.sim.page_size_max = 5
    assert (await bench.ask("POST", path, {}, params={"size": "9"}))[1]["size"] == 5
    bench.sim.page_size_default = 3
    assert (await bench.ask("POST", path, {}, params={"size": "x", "page": "-1"}))[1]["size"] == 3
    assert (await bench.ask("POST", path, {}, params={"page": "99"}))[1]["content"] == []
    assert (await bench.ask("POST", path, {}, params={"sort": "color,asc"}))[0] == 400


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ({}, 3),
        ({"number": CALLER}, 2),
        ({"number": "01632960500"}, 0),
        ({"number": "1632960500"}, 2),
        ({"number": "102"}, 1),
        ({"number": "0655501000"}, 3),
        ({"date_time_from": "2026-09-21T14:13:19.000Z"}, 2),
        ({"date_time_to": "2026-09-21T16:13:18.999+02:00"}, 1),
        ({"date_time_from": "2026-09-21T14:13:19.000Z", "number": "102"}, 0),
    ],
)
async def test_history_filters(bench: Bench, body: dict[str, str], count: int) -> None:
    """The history is searched by any way to write a number and by times with a zone."""
    bench.sim.past_call("+12025550100", "102", ago=100)
    bench.sim.past_call(CALLER, "101", ago=1)
    bench.sim.past_call(CALLER, "101", ago=0)
    assert (await bench.ask("POST", f"{V1}/telephony-events", body))[1]["totalElements"] == count


@pytest.mark.parametrize(
    "body",
    [
        {"date_time_from": "2026-09-21T13:46:39.000"},
        {"date_time_from": "2026-09-21T13:46:39Z"},
        {"date_time_to": "2026-13-21T13:46:39.000Z"},
        {"date_time_to": 1790000000000},
        {"number": 102},
    ],
)
async def test_bad_history_filters(bench: Bench, body: dict[str, Any]) -> None:
    """A time needs milliseconds and a zone, a number is a text."""
    assert (await bench.ask("POST", f"{V1}/telephony-events", body))[0] == 400


@pytest.mark.parametrize(("order", "durations"), [("asc", [7, 40, 90]), ("desc", [90, 40, 7])])
async def test_history_order(bench: Bench, order: str, durations: list[int]) -> None:
    """The history can be sorted by other properties than the time."""
    for duration in (40, 90, 7):
        bench.sim.past_call(CALLER, "101", ago=600, duration=duration)
    _, answer = await bench.ask("POST", f"{V1}/telephony-events", {}, params={"sort": f"duration,{order}"})
    assert [row["duration"] for row in answer["content"]] == durations


async def test_history_as_csv(bench: Bench) -> None:
    """The history can be had as a table."""
    record = bench.sim.past_call(CALLER, "101", ago=60)
    status, text = await bench.ask("POST", f"{V1}/telephony-events", {}, headers={"Accept": "text/csv"})
    head, row, *_ = text.splitlines()
    assert status == 200
    assert dict(zip(head.split(","), row.split(","), strict=False))["id"] == str(record.id)
