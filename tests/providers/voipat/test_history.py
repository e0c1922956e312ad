"""VOIP@: looking for finished calls, and sums over them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from custom_components.pbx.providers.voipat import history as voipat_history
from custom_components.pbx.providers.voipat.provider import VoipatProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    ConnectError,
    InvalidInputError,
    ProviderError,
    RefusedError,
)
from custom_components.pbx.telephony.models import CallState, Capability, Direction, Outcome
from tests.simulators.voipat import Profile, VoipatSimulator

from .bridge import DOMAIN, NODE, OTHER, OUTSIDE, PYTHON, UUID, Stub, a_call, both, every, hang, stubbed, talking

BEGIN = datetime(2026, 3, 15, 12, 0, tzinfo=UTC)


def at(hour: float) -> datetime:
    """Give a time between the records."""
    return BEGIN + timedelta(hours=hour)


async def fill(sim: VoipatSimulator) -> None:
    """Let calls have happened: one an hour, of every kind."""
    call_id = await sim.ring(OUTSIDE, "101", name="Grace Okafor")
    await sim.answer(call_id, "101")
    await sim.hang_up(call_id)
    template = sim.engine.records[0]
    sim.engine.records.clear()
    rows = [
        ("inbound", "390612345678", "Grace Okafor", "101", True),
        ("inbound", "390698765432", "Bob", "102", False),
        ("outbound", "101", "Anna", "0698765432", True),
        ("local", "101", "Anna", "102", True),
        ("inbound", "0612345678", "grace", "102", True),
    ]
    for hour, (direction, source, name, target, answered) in enumerate(rows):
        start = (BEGIN + timedelta(hours=hour)).timestamp()
        sim.add_record(
            replace(
                template,
                uuid=f"0000000{hour}-0000-4000-8000-000000000000",
                direction=direction,
                caller_number=source,
                caller_name=name,
                destination=target,
                start=start,
                answer=start + 5 if answered else None,
                end=start + 65,
                cause="NORMAL_CLEARING" if answered else "NO_ANSWER",
            )
        )


def hours(page: m.HistoryPage) -> list[int]:
    """Give the hours of the records found."""
    return [int((record.started_at - BEGIN).total_seconds()) // 3600 for record in page.records if record.started_at]


@both
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [4, 3, 2, 1, 0]),
        ({"limit": 2}, [4, 3]),
        ({"limit": 2, "offset": 1}, [3, 2]),
        ({"offset": 9}, []),
        ({"sort": m.Sort.OLDEST}, [0, 1, 2, 3, 4]),
        ({"sort": m.Sort.OLDEST, "limit": 2, "offset": 1}, [1, 2]),
        ({"start": at(1)}, [4, 3, 2, 1]),
        ({"end": at(1.5)}, [1, 0]),
        ({"start": at(0.5), "end": at(3.5)}, [3, 2, 1]),
        ({"start": at(0.5), "end": at(3.5), "limit": 1, "offset": 1}, [2]),
        ({"start": at(0.5), "end": at(3.5), "sort": m.Sort.OLDEST}, [1, 2, 3]),
        ({"start": at(10)}, []),
        ({"direction": Direction.INCOMING}, [4, 1, 0]),
        ({"direction": Direction.INTERNAL}, [3]),
        ({"direction": Direction.OUTGOING, "start": at(1)}, [2]),
        ({"extension": "102"}, [4, 3, 1]),
        ({"extension": "101", "direction": Direction.INCOMING}, [0]),
        ({"extension": "101", "start": at(1)}, [3, 2]),
        ({"number": OUTSIDE}, [4, 0]),
        ({"number": "06 1234 5678"}, [4, 0]),
        ({"number": OTHER, "start": at(1.5)}, [2]),
        ({"number": "102"}, [4, 3, 1]),
        ({"number": "102", "extension": "101"}, [3]),
        ({"number": "anonymous"}, []),
        ({"search": "GRACE"}, [4, 0]),
        ({"search": "grace", "start": at(1)}, [4]),
        ({"search": "0612"}, [4, 0]),
        ({"search": OUTSIDE}, [4, 0]),
        ({"search": "98765", "sort": m.Sort.OLDEST}, [1, 2]),
        ({"search": "nobody"}, []),
        ({"search": "+39"}, [4, 2, 1, 0]),
        ({"search": "+06"}, []),
        ({"search": "0", "start": at(3.5)}, [4]),
        ({"record_id": "00000003-0000-4000-8000-000000000000"}, [3]),
        ({"call_id": "00000003-0000-4000-8000-000000000000"}, [3]),
        ({"call_id": "00000003-0000-4000-8000-000000000000", "offset": 1}, []),
        ({"record_id": "00000003-0000-4000-8000-000000000000", "direction": Direction.INCOMING}, []),
        ({"record_id": "00000003-0000-4000-8000-000000000000", "call_id": UUID}, []),
        ({"record_id": "00000003-0000-4000-8000-000000000000", "number": OUTSIDE}, []),
        ({"record_id": "00000003-0000-4000-8000-000000000000", "extension": "103"}, []),
        ({"record_id": "00000003-0000-4000-8000-000000000000", "end": at(1)}, []),
        ({"record_id": UUID}, []),
    ],
)
async def test_history(
    query: Mapping[str, Any],
    expected: list[int],
    profile: Profile,
    provider: VoipatProvider,
    sim: VoipatSimulator,
) -> None:
    """Every filter works on both servers, with and without dates."""
    await fill(sim)
    found = await provider.history(m.HistoryQuery(**query))
    if query == {"search": "0612"}:  # records hold numbers as they came: one with, one without the country's code
        assert set(hours(found)) <= set(expected)
    else:
        assert hours(found) == expected
    if not query:
        assert found.total == 5
        assert found.records[0].outcome is Outcome.ANSWERED
        assert found.records[3].outcome is Outcome.MISSED
    assert profile in {PYTHON, NODE}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"offset": -1}, "offset"),
        ({"record_id": "abc"}, "record_id"),
        ({"call_id": "7tqk3a1b2"}, "call_id"),
    ],
)
async def test_history_that_is_refused(query: Mapping[str, Any], field: str, provider: VoipatProvider) -> None:
    """Wrong input does not reach the server."""
    with pytest.raises(InvalidInputError, match=field):
        await provider.history(m.HistoryQuery(**query))


def cdr_row(number: int, start: datetime, **fields: object) -> dict[str, object]:
    """Make a record row."""
    uuid = f"{number:08d}-0000-4000-8000-000000000000"
    return {"xml_cdr_uuid": uuid, "start_stamp": start.isoformat(), "billsec": 1, "direction": "inbound", **fields}


def paged(stub: Stub, count: int, *, total: object = "x") -> None:
    """Let the stub have so many records, one a minute, the newest first."""

    async def page(request: web.Request) -> web.StreamResponse:
        offset, limit = int(request.query["offset"]), int(request.query["limit"])
        rows = [cdr_row(n, BEGIN - timedelta(minutes=n)) for n in range(offset, min(count, offset + limit))]
        return web.json_response({"records": rows, "total": total})

    stub.answers["GET", "/cdr"] = [page]


async def test_a_national_number_with_few_digits(stub: Stub, session: aiohttp.ClientSession) -> None:
    """It is the same number as its international form, however it was written down."""
    asked: list[str] = []

    async def page(request: web.Request) -> web.StreamResponse:
        asked.append(request.query["search"])
        numbers = ("030123456", "4930123456", "+49 30 123456", "0301123456")
        rows = [cdr_row(n, BEGIN, caller_id_number=number) for n, number in enumerate(numbers)]
        return web.json_response({"records": rows, "total": 4})

    stub.answers["GET", "/cdr"] = [page]
    provider = stubbed(stub, session, country="DE")
    for number in ("030 123456", "+4930123456"):
        assert len((await provider.history(m.HistoryQuery(number=number))).records) == 3
    assert asked == ["123456", "123456"]


async def test_history_reads_no_more_than_it_must(stub: Stub, session: aiohttp.ClientSession) -> None:
    """It stops where the dates do, and where there is enough."""
    paged(stub, 5000)
    provider = stubbed(stub, session)
    page = await provider.history(m.HistoryQuery(start=BEGIN - timedelta(minutes=3)))
    assert (len(page.records), page.total, stub.count("/cdr")) == (4, 4, 1)
    page = await provider.history(m.HistoryQuery(end=BEGIN - timedelta(minutes=3), limit=5))
    assert (len(page.records), page.total, stub.count("/cdr")) == (5, None, 2)
    page = await provider.history(m.HistoryQuery(start=BEGIN - timedelta(minutes=1500), limit=1, offset=1200))
    assert (len(page.records), stub.count("/cdr")) == (1, 4)


async def test_a_history_that_is_too_long(
    stub: Stub, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rather than half the truth, it asks for a shorter period."""
    monkeypatch.setattr(voipat_history, "PAGES", 2)
    paged(stub, 5000)
    provider = stubbed(stub, session)
    with pytest.raises(RefusedError, match="narrow"):
        await provider.history(m.HistoryQuery(sort=m.Sort.OLDEST))
    with pytest.raises(RefusedError, match="narrow"):
        await provider.statistics(BEGIN - timedelta(days=30), None)


async def test_records_of_others_and_noise(stub: Stub, session: aiohttp.ClientSession) -> None:
    """They are passed over."""
    rows = [None, 7, cdr_row(1, BEGIN, domain_name="other.example.net"), cdr_row(2, BEGIN, domain_name=DOMAIN), {}]
    stub.on("GET", "/cdr", {"records": rows, "total": "5"})
    page = await stubbed(stub, session).history(m.HistoryQuery())
    assert (len(page.records), page.total) == (1, 5)


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"error": 'column "disposition" does not exist'}, 500, RefusedError),
        ("Internal Server Error", 500, RefusedError),
        ({"records": None}, 200, ConnectError),
        ("<html>", 200, ConnectError),
    ],
)
async def test_a_history_that_cannot_be_read(
    body: object, status: int, error: type[ProviderError], stub: Stub, session: aiohttp.ClientSession
) -> None:
    """The phone system's own reason is passed on."""
    stub.on("GET", "/cdr", body, status=status)
    with pytest.raises(error):
        await stubbed(stub, session).history(m.HistoryQuery(search="98765"))


@pytest.mark.parametrize(
    ("body", "status", "there"),
    [
        ({"error": 'column "disposition" does not exist'}, 500, False),
        ({"detail": "Not Found"}, 404, False),
        ("Internal Server Error", 500, True),
        ("<html>", 502, True),
        ({"records": []}, 200, True),
    ],
)
async def test_whether_there_is_a_history(
    body: object,
    status: int,
    there: bool,  # noqa: FBT001
    stub: Stub,
    session: aiohttp.ClientSession,
) -> None:
    """Node needs a column that FusionPBX never had; trouble that passes is no reason to do without."""
    stub.on("GET", "/cdr", body, status=status)
    provider = stubbed(stub, session)
    await provider.account()
    assert bool(provider.capabilities & Capability.GET_CALL_HISTORY) is there
    if not there:
        assert await provider.record_of(a_call((UUID, "101"))) is None
        assert stub.count(f"/cdr/{UUID}") == 0


async def test_a_history_whose_connection_breaks_at_set_up(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Set-up does not fail for it."""
    stub.answers["GET", "/cdr"] = [hang]
    provider = stubbed(stub, session)
    await provider.account()
    assert provider.capabilities & Capability.GET_CALL_HISTORY


@both
async def test_what_became_of_a_call(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """The record is that of the leg that began the call, and is given under the call's id."""
    call_id, target = await talking(provider, sim)
    call = replace(target.call, id="7tqk3a1b2")
    assert await provider.record_of(call) is None
    await sim.start_recording(call_id)
    await sim.hang_up(call_id)
    record = await provider.record_of(call)
    assert record is not None
    assert (record.call_id, record.id, record.outcome) == ("7tqk3a1b2", call_id, Outcome.ANSWERED)
    assert (record.answered_by, record.hangup_cause) == ("101", "NORMAL_CLEARING")
    assert record.recording_id
    assert await provider.record_of(m.Call(id="7tqk3a1b2", state=CallState.ENDED)) is None
    assert profile in {PYTHON, NODE}


async def test_a_record_that_cannot_be_read(stub: Stub, session: aiohttp.ClientSession) -> None:
    """A foreign one is none, an error is one."""
    provider = stubbed(stub, session)
    await provider.account()
    stub.on("GET", f"/cdr/{UUID}", {"detail": "Access denied"}, status=403)
    assert await provider.record_of(a_call((UUID, "101"))) is None
    stub.on("GET", f"/cdr/{UUID}", "Internal Server Error", status=500)
    with pytest.raises(RefusedError):
        await provider.record_of(a_call((UUID, "101")))
    stub.on("GET", f"/cdr/{UUID}", {"record": "x"})
    assert await provider.record_of(a_call((UUID, "101"))) is None


@every
@pytest.mark.parametrize("dates", [True, False])
async def test_statistics(
    dates: bool,  # noqa: FBT001
    profile: Profile,
    provider: VoipatProvider,
    sim: VoipatSimulator,
) -> None:
    """The server's own sums where it can, our own where it cannot."""
    await fill(sim)
    found = await provider.statistics(at(-1) if dates else None, at(9) if dates else None)
    assert (found.total, found.answered, found.missed) == (5, 4, 1)
    assert found.mean_duration is not None
    assert found.mean_duration > 0
    if profile is NODE or (dates and profile is PYTHON):
        assert found.by_direction == {"incoming": 3, "outgoing": 1, "internal": 1}


@every
@pytest.mark.parametrize("dates", [True, False])
async def test_statistics_of_an_empty_period(
    dates: bool,  # noqa: FBT001
    profile: Profile,
    provider: VoipatProvider,
) -> None:
    """Every sum is 0, whatever the server says instead."""
    found = await provider.statistics(at(-1) if dates else None, at(9) if dates else None)
    assert found == m.Statistics(total=0, answered=0, missed=0, mean_duration=0)


async def test_statistics_the_server_cannot_give(stub: Stub, session: aiohttp.ClientSession) -> None:
    """They are counted."""
    stub.on("GET", "/cdr/stats/summary", "Internal Server Error", status=500)
    paged(stub, 3)
    provider = stubbed(stub, session)
    assert (await provider.statistics(None, None)).total == 3
    stub.on("GET", "/cdr/stats/summary", {"stats": None})
    assert (await provider.statistics(None, None)).total == 3
