"""The simulated VOIP@ Cloud does what the contract says: call records and statistics."""

import pytest

from .voipat import Record
from .voipat_bench import CALLER, CRASHED, DOMAIN, NOBODY, Box

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def talk(running: Box, seconds: float = 245) -> str:
    """Let 104 take a call of so many seconds, after ten seconds of ringing."""
    call_id = await running.sim.ring(CALLER, "104", name="Jane Doe")
    running.clock.now += 10
    await running.sim.answer(call_id, "104")
    running.clock.now += seconds
    await running.sim.hang_up(call_id)
    return call_id


async def test_python_writes_records_with_numbers(python: Box) -> None:
    """Python writes records with numbers."""
    call_id = await talk(python)
    answer = await python.get("/cdr")
    assert (answer["total"], answer["limit"], answer["offset"]) == (1, 100, 0)
    assert answer["records"][0] == {
        "xml_cdr_uuid": call_id,
        "domain_name": DOMAIN,
        "direction": "inbound",
        "caller_id_name": "Jane Doe",
        "caller_id_number": "493023125999",
        "destination_number": "104",
        "start_stamp": "2026-03-28T10:00:00+00:00",
        "answer_stamp": "2026-03-28T10:00:10+00:00",
        "end_stamp": "2026-03-28T10:04:15+00:00",
        "duration": 255,
        "billsec": 245,
        "hangup_cause": "NORMAL_CLEARING",
        "record_path": None,
        "record_name": None,
    }
    python.sim.cdr_microseconds = python.sim.cdr_float_seconds = python.sim.cdr_null_direction = True
    record = await python.only_record()
    assert record["start_stamp"] == "2026-03-28T10:00:00.250000+00:00"
    assert isinstance(record["billsec"], float)
    assert record["direction"] is None


async def test_node_needs_a_column_and_writes_texts(node: Box) -> None:
    """Node needs a column and writes texts."""
    call_id = await talk(node)
    refusal = (500, {"error": 'column "disposition" does not exist'})
    assert await node.ask("GET", "/cdr") == refusal
    assert await node.ask("GET", "/cdr/stats/summary") == refusal
    assert (await node.get(f"/cdr/{call_id}"))["record"]["duration"] == "255"
    node.sim.disposition_column = True
    record = await node.only_record()
    assert (record["duration"], record["billsec"], record["disposition"]) == ("255", "245", "ANSWERED")
    assert record["start_stamp"] == "2026-03-28T10:00:00.250Z"
    assert len(record) == 21


async def test_a_recorded_call_names_its_file(python: Box) -> None:
    """A recorded call names its file."""
    call_id = await python.sim.dial("104", "105")
    await python.sim.start_recording(call_id)
    await python.sim.stop_recording(call_id)
    await python.sim.hang_up(call_id)
    record = await python.only_record()
    assert record["record_name"] == f"{call_id}.wav"
    assert record["record_path"].endswith("archive")
    assert record["direction"] == "local"


async def test_one_record_has_every_column(python: Box, node: Box) -> None:
    """One record has every column."""
    call_id = await talk(python)
    record = (await python.get(f"/cdr/{call_id}"))["record"]
    assert record.keys() >= {"status", "missed_call", "sip_call_id", "bridge_uuid", "json", "call_flow"}
    assert (record["status"], record["missed_call"]) == ("answered", False)
    assert await python.ask("GET", f"/cdr/{NOBODY}") == (404, {"detail": "CDR record not found"})
    assert await python.ask("GET", "/cdr/abc") == (500, CRASHED)
    assert (await node.ask("GET", "/cdr/abc"))[0] == 400
    foreign = await python.sim.foreign_call()
    await python.sim.hang_up(foreign)
    assert await python.ask("GET", f"/cdr/{foreign}") == (403, {"detail": "Access denied"})


@pytest.mark.parametrize(
    ("query", "total"),
    [
        ("extension=104", 1),
        ("extension=10", 0),
        ("direction=local", 1),
        ("direction=sideways", 0),
        ("search=Jane", 1),
        ("search=3125", 1),
        ("domain=elsewhere.example", 2),
    ],
)
async def test_records_are_filtered(python: Box, query: str, total: int) -> None:
    """Records are filtered."""
    await talk(python)
    await python.sim.hang_up(await python.sim.dial("105", "103"))
    assert (await python.get(f"/cdr?{query}"))["total"] == total


async def test_a_search_minds_case_on_python_only(python: Box, node: Box) -> None:
    """A search minds case on Python only."""
    node.sim.disposition_column = True
    for running, total in ((python, 0), (node, 1)):
        await talk(running)
        assert (await running.get("/cdr?search=jane"))["total"] == total


async def test_records_come_newest_first_in_pages(python: Box) -> None:
    """Records come newest first in pages."""
    for _ in range(3):
        await talk(python)
    page = await python.get("/cdr?limit=1&offset=1")
    assert (page["total"], len(page["records"])) == (3, 1)
    assert page["records"][0]["start_stamp"] == "2026-03-28T10:04:15+00:00"


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "offset=-1"])
async def test_pages_have_bounds(python: Box, node: Box, query: str) -> None:
    """Pages have bounds."""
    status, body = await python.ask("GET", f"/cdr?{query}")
    assert (status, body["detail"][0]["loc"][0]) == (422, "query")
    status, body = await node.ask("GET", f"/cdr?{query}")
    assert (status, body["error"]) == (400, "Validation failed")


async def test_dates_crash_python_and_filter_elsewhere(python: Box, node: Box) -> None:
    """Dates crash Python and filter elsewhere."""
    node.sim.disposition_column = True
    for running in (python, node):
        await talk(running)
    for query in ("start_date=2026-03-28", "end_date=2026-03-28T12:00:00Z"):
        assert await python.ask("GET", f"/cdr?{query}") == (500, CRASHED)
        assert await python.ask("GET", f"/cdr/stats/summary?{query}") == (500, CRASHED)
    assert (await node.get("/cdr?start_date=2026-03-28&end_date=2026-03-29"))["total"] == 1
    assert (await node.get("/cdr?end_date=2026-03-28"))["total"] == 0
    assert (await node.ask("GET", "/cdr?start_date=garbage"))[0] == 500
    python.sim.cdr_dates_broken = False
    assert (await python.get("/cdr?start_date=2026-03-29"))["total"] == 0


async def test_statistics_have_three_shapes(python: Box, node: Box, docs: Box) -> None:
    """Statistics have three shapes."""
    empty = {"total_calls": 0, "answered_calls": None, "missed_calls": None, "avg_duration": 0, "total_duration": 0}
    assert (await python.get("/cdr/stats/summary"))["stats"] == empty
    node.sim.disposition_column = True
    for running in (python, node, docs):
        await talk(running)
        await running.sim.hang_up(await running.sim.ring(CALLER, "105"))
    assert (await python.get("/cdr/stats/summary"))["stats"] == {
        "total_calls": 2,
        "answered_calls": 1,
        "missed_calls": 1,
        "avg_duration": 245.0,
        "total_duration": 245,
    }
    (row,) = (await node.get("/cdr/stats/summary"))["stats"]
    assert (row["direction"], row["total_calls"], row["answered_calls"]) == ("inbound", "2", "1")
    wanted = {"total_calls": 2, "answered": 1, "missed": 1, "avg_duration": 245}
    assert (await docs.get("/cdr/stats/summary"))["stats"] == wanted


async def test_a_lost_database_crashes_the_records(node: Box) -> None:
    """A lost database crashes the records."""
    node.sim.disposition_column = True
    await node.get("/cdr")
    node.sim.database = False
    assert (await node.ask("GET", "/cdr"))[0] == 500
    assert (await node.ask("GET", f"/cdr/{NOBODY}"))[0] == 500


async def test_a_call_can_have_happened_before(python: Box) -> None:
    """A call can have happened before."""
    python.sim.add_record(
        Record(
            uuid=NOBODY,
            domain=DOMAIN,
            direction="outbound",
            caller_name="Anna",
            caller_number="101",
            destination="442079460123",
            context=DOMAIN,
            start=1.0,
            answer=None,
            end=31.0,
            cause="USER_BUSY",
            recording="",
            last_app="bridge",
            bridge_uuid="",
            network_addr="192.0.2.1",
        )
    )
    assert (await python.get(f"/cdr/{NOBODY}"))["record"]["status"] == "busy"
