"""VoIPstudio: finished calls, contacts and recordings."""

import json
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from custom_components.pbx.providers.voipstudio import contacts as contacts_module
from custom_components.pbx.providers.voipstudio import history as history_module
from custom_components.pbx.providers.voipstudio.provider import VoipstudioProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    ConnectError,
    InvalidInputError,
    NotFoundError,
    UnsupportedError,
)
from custom_components.pbx.telephony.models import Direction, Outcome
from tests.simulators.voipstudio import VoipstudioSimulator
from tests.simulators.voipstudio_switches import ContactStyle

from .account import CANARY, CDR, DDI, GRACE, OTHER, Stub, answering, stubbed


@pytest.fixture
async def history(sim: VoipstudioSimulator) -> list[str]:
    """Let an answered, a missed, a dialled and an internal call happen."""
    ids = [await sim.ring(GRACE, "1001", "1002", "1003", name="Grace"), "", "", ""]
    await sim.answer(ids[0], "1002")
    await sim.hang_up(ids[0])
    ids[1] = await sim.ring("", "1001")
    await sim.hang_up(ids[1])
    ids[2] = await sim.dial("1002", OTHER)
    await sim.hang_up(ids[2])
    ids[3] = await sim.dial("1001", "1003")
    await sim.answer(ids[3])
    await sim.hang_up(ids[3])
    return ids


async def test_history(provider: VoipstudioProvider, sim: VoipstudioSimulator, history: list[str]) -> None:
    """Calls, not legs, newest first; every filter narrows them down."""
    everything = await provider.history(m.HistoryQuery())
    assert [record.call_id for record in everything.records] == history[::-1]
    assert everything.total == 4
    assert [record.outcome for record in everything.records] == [
        Outcome.ANSWERED,
        Outcome.NO_ANSWER,
        Outcome.MISSED,
        Outcome.ANSWERED,
    ]
    oldest = everything.records[-1]
    assert oldest.started_at is not None
    now = datetime.now(UTC)
    cases: list[tuple[m.HistoryQuery, list[int]]] = [
        (m.HistoryQuery(sort=m.Sort.OLDEST), [0, 1, 2, 3]),
        (m.HistoryQuery(limit=2, offset=1), [2, 1]),
        (m.HistoryQuery(direction=Direction.INCOMING), [1, 0]),
        (m.HistoryQuery(direction=Direction.OUTGOING), [2]),
        (m.HistoryQuery(direction=Direction.INTERNAL), [3]),
        (m.HistoryQuery(number="07911 123456"), [0]),
        (m.HistoryQuery(extension="1002"), [2, 0]),
        (m.HistoryQuery(search="FRONT"), [0]),
        (m.HistoryQuery(search="nobody"), []),
        (m.HistoryQuery(call_id=history[1]), [1]),
        (m.HistoryQuery(record_id=everything.records[1].id), [2]),
        (m.HistoryQuery(start=oldest.started_at, end=now + timedelta(minutes=1)), [3, 2, 1, 0]),
        (m.HistoryQuery(start=now + timedelta(hours=1)), []),
        (m.HistoryQuery(end=oldest.started_at - timedelta(hours=1)), []),
    ]
    for query, expected in cases:
        page = await provider.history(query)
        assert [record.call_id for record in page.records] == [history[index] for index in expected], query


async def test_a_long_history_is_read_as_far_as_needed(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Pages are read until there is enough, and a call whose legs may go on is left for the next page."""
    legs = [{**CDR, "id": number, "live_id": number, "root_live_id": number // 2} for number in range(10, 2, -1)]
    stub.on(
        "GET", "cdrs", {"data": legs[:3], "total": 8}, {"data": legs[3:6], "total": 8}, {"data": legs[6:], "total": 8}
    )
    page = await stubbed(stub, session).history(m.HistoryQuery(limit=2))
    assert [(record.call_id, record.id) for record in page.records] == [("5", "10"), ("4", "9")]
    assert page.total is None
    assert stub.paths() == ["GET cdrs", "GET cdrs"]


async def test_a_long_history_is_filtered(
    sim: VoipstudioSimulator,
    provider: VoipstudioProvider,
    history: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A number or a direction is looked for by filter where the first page does not tell, with all legs of a call."""
    cases = [
        (m.HistoryQuery(number="07911 123456"), [0]),
        (m.HistoryQuery(number=f"+{OTHER}", direction=Direction.OUTGOING), [2]),
        (m.HistoryQuery(number="+447911999999"), []),
        (m.HistoryQuery(direction=Direction.INCOMING), [1, 0]),
        (m.HistoryQuery(direction=Direction.INCOMING, sort=m.Sort.OLDEST), [0, 1]),
        (m.HistoryQuery(direction=Direction.OUTGOING), [2]),
        (m.HistoryQuery(direction=Direction.INTERNAL), [3]),
    ]
    whole = [await provider.history(query) for query, _ in cases]
    monkeypatch.setattr(history_module, "HISTORY_PAGE", 2)
    for (query, expected), before in zip(cases, whole, strict=True):
        sim.requests.clear()
        page = await provider.history(query)
        assert [record.call_id for record in page.records] == [history[index] for index in expected], query
        assert page.records == before.records  # outcome and who answered need the other legs
    sim.requests.clear()
    await provider.history(m.HistoryQuery(number="+447911999999"))
    asked = [json.loads(request.query["filter"]) for request in sim.seen("/cdrs") if "filter" in request.query]
    assert asked == [[{"property": side, "operator": "like", "value": "911999999"}] for side in ("src", "dst")]
    assert len(sim.seen("/cdrs")) == 3  # and not one for each page


async def test_a_history_that_cannot_be_filtered(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Where a field cannot be filtered by, the history is read on."""
    first = {"data": [{**CDR, "src": OTHER, "clid": ""}], "total": 2}
    last = {"data": [{**CDR, "id": 1, "live_id": 1, "root_live_id": 1}], "total": 2}
    stub.on("GET", "cdrs", first, {"message": "Filtration error", "errors": []}, last)
    stub.answers["GET", "cdrs"][1] = answering({"message": "Filtration error", "errors": []}, 400)
    page = await stubbed(stub, session).history(m.HistoryQuery(number=GRACE))
    assert [record.id for record in page.records] == ["1"]
    assert stub.paths() == ["GET cdrs"] * 3


async def test_statistics(provider: VoipstudioProvider, sim: VoipstudioSimulator, history: list[str]) -> None:
    """Whole calls are counted by kind; the kinds there are come of `group_by`, and no list is read."""
    del history
    sim.requests.clear()
    figures = await provider.statistics(None, None)
    assert (figures.total, figures.answered, figures.missed) == (4, 2, 1)
    assert figures.by_direction["outgoing"] >= 1
    assert figures.by_direction["incoming"] >= 2
    assert {request.query.get("group_by") for request in sim.seen("/cdrs")} == {None, "type", "disposition"}
    assert {request.query["limit"] for request in sim.seen("/cdrs") if "group_by" not in request.query} == {"1"}
    since = datetime.now(UTC) + timedelta(hours=1)
    assert await provider.statistics(since, None) == m.Statistics(total=0, answered=0, missed=0)


async def test_statistics_without_a_total(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Who does not say how many there are cannot be asked for figures."""
    stub.on("GET", "cdrs", {"data": [CDR]})
    with pytest.raises(ConnectError):
        await stubbed(stub, session).statistics(None, None)


async def test_a_history_without_end(stub: Stub, session: aiohttp.ClientSession) -> None:
    """A server that always has another page is left alone after a while."""
    stub.on("GET", "cdrs", {"data": [CDR]})
    page = await stubbed(stub, session).history(m.HistoryQuery(search="nobody"))
    assert page == m.HistoryPage()
    assert len(stub.seen) == 10


async def test_times_that_the_server_did_not_heed(stub: Stub, session: aiohttp.ClientSession) -> None:
    """What comes although it is too old or too new is left out."""
    stub.on("GET", "cdrs", {"data": [CDR, {"id": 1, "live_id": 1}], "total": 2})
    provider = stubbed(stub, session)
    for query in (
        m.HistoryQuery(start=datetime(2026, 6, 1, tzinfo=UTC)),
        m.HistoryQuery(end=datetime(2026, 1, 1, tzinfo=UTC)),
    ):
        assert [record.id for record in (await provider.history(query)).records] == ["1"]


@pytest.mark.parametrize(
    ("query", "field_name"),
    [
        (m.HistoryQuery(limit=0), "limit"),
        (m.HistoryQuery(limit=1001), "limit"),
        (m.HistoryQuery(offset=-1), "offset"),
        (m.HistoryQuery(record_id="12a"), "record_id"),
        (m.HistoryQuery(record_id="9" * 21), "record_id"),
    ],
)
async def test_a_history_that_cannot_be(session: aiohttp.ClientSession, query: m.HistoryQuery, field_name: str) -> None:
    """Limits are checked before anything is asked."""
    with pytest.raises(InvalidInputError) as error:
        await VoipstudioProvider(session, {"api_key": CANARY}).history(query)
    assert error.value.field == field_name


async def test_search_contacts(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """Contacts are found by words of the name, by number however written, by id."""
    for query, names in (
        (m.ContactQuery(name="oka gra"), ["Grace"]),
        (m.ContactQuery(name="Zając"), ["Piotr"]),
        (m.ContactQuery(number="07700 900123"), ["Grace"]),
        (m.ContactQuery(name="x"), []),
        (m.ContactQuery(contact_id="999999"), []),
    ):
        page = await provider.search_contacts(query)
        assert [contact.first_name for contact in page.contacts] == names, query
        assert not page.has_next
    first = await provider.search_contacts(m.ContactQuery(limit=1))
    second = await provider.search_contacts(m.ContactQuery(limit=1, offset=1))
    assert first.has_next
    assert first.contacts != second.contacts
    (grace,) = (await provider.search_contacts(m.ContactQuery(name="grace"))).contacts
    assert (await provider.search_contacts(m.ContactQuery(contact_id=grace.id))).contacts == (grace,)
    sim.contact_style = ContactStyle.NEW
    assert (await provider.search_contacts(m.ContactQuery(number="447700900123"))).contacts
    sim.contact_style = ContactStyle.BARE
    with pytest.raises(UnsupportedError) as error:
        await provider.search_contacts(m.ContactQuery(number=GRACE))
    assert error.value.field == "number"


@pytest.mark.parametrize("first_rows", [2, 100])
@pytest.mark.parametrize(
    ("query", "names"),
    [
        (m.ContactQuery(number="900123"), ["Grace"]),
        (m.ContactQuery(number="07700 9001"), ["Grace"]),
        (m.ContactQuery(number="+44 7700 9001"), ["Grace"]),
        (m.ContactQuery(number="44770090012"), ["Grace"]),
        (m.ContactQuery(number="999999"), []),
        (m.ContactQuery(first_name=" gRa"), ["Grace"]),
        (m.ContactQuery(last_name="oka"), ["Grace"]),
        (m.ContactQuery(first_name="gra", last_name="OKA"), ["Grace"]),
        (m.ContactQuery(first_name="oka"), []),
        (m.ContactQuery(last_name="gra"), []),
        (m.ContactQuery(first_name="gra", number="9001"), ["Grace"]),
        (m.ContactQuery(first_name="piotr", number="900123"), []),
    ],
)
async def test_a_part_is_enough(
    provider: VoipstudioProvider,
    monkeypatch: pytest.MonkeyPatch,
    query: m.ContactQuery,
    names: list[str],
    first_rows: int,
) -> None:
    """Of a number as well as of a name, first and last name apart, however many contacts there are."""
    monkeypatch.setattr(contacts_module, "FIRST_ROWS", first_rows)
    page = await provider.search_contacts(query)
    assert [contact.first_name for contact in page.contacts] == names


async def test_a_name_whole_and_in_parts(session: aiohttp.ClientSession) -> None:
    """Either is asked for, as the action says."""
    with pytest.raises(InvalidInputError) as error:
        await VoipstudioProvider(session, {"api_key": CANARY}).search_contacts(
            m.ContactQuery(name="Grace", last_name="Oka")
        )
    assert (error.value.field, error.value.problem) == ("name", "conflict")


async def test_a_long_list_of_contacts_is_filtered(
    provider: VoipstudioProvider, sim: VoipstudioSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number is looked for by filter where there are more contacts than fit into one page."""
    monkeypatch.setattr(contacts_module, "FIRST_ROWS", 2)
    for style in (ContactStyle.OLD, ContactStyle.NEW):
        sim.contact_style = style
        sim.requests.clear()
        page = await provider.search_contacts(m.ContactQuery(number="07700 900123"))
        assert [contact.first_name for contact in page.contacts] == ["Grace"], style
        assert all("filter" in request.query for request in sim.seen("/contacts")[1:])
        assert not (await provider.search_contacts(m.ContactQuery(number="+447700900999"))).contacts


@pytest.mark.parametrize("number", ["07700 900-123", GRACE])
async def test_contacts_that_cannot_be_filtered(stub: Stub, session: aiohttp.ClientSession, number: str) -> None:
    """Numbers with blanks, or a field that cannot be filtered by: the whole list is read."""
    row = {"id": 1, "first_name": "Grace", "tel": number}
    stub.on("GET", "contacts", {"data": [row], "total": 2}, {"data": [row, row], "total": 2})
    if number == GRACE:
        stub.answers["GET", "contacts"].insert(1, answering({"message": "Filtration error"}, 400))
    page = await stubbed(stub, session).search_contacts(m.ContactQuery(number=number))
    assert [contact.first_name for contact in page.contacts][:1] == ["Grace"]


async def test_contacts_are_made_changed_and_removed(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A contact lives its life; a change leaves the rest alone."""
    made = await provider.create_contact(
        m.Contact(first_name="Zoë", numbers=("07911 123456", f"+{OTHER}"), email="z@example.com", groups=("VIP",))
    )
    assert made.id
    assert (made.numbers, made.groups) == (("+447911123456", "+447911123457"), ("VIP",))
    changed = await provider.update_contact(m.Contact(id=made.id, last_name="Novák"))
    assert (changed.first_name, changed.last_name, changed.numbers) == ("Zoë", "Novák", made.numbers)
    fewer = await provider.update_contact(m.Contact(id=made.id, numbers=(f"+{OTHER}",), groups=()))
    assert (fewer.numbers, fewer.groups) == (("+447911123457",), None)
    await provider.delete_contact(made.id)
    with pytest.raises(NotFoundError):
        await provider.delete_contact(made.id)
    with pytest.raises(NotFoundError):
        await provider.update_contact(m.Contact(id=made.id, notes="x"))
    assert len(sim.seen("/contacts", "PATCH")) == 3


@pytest.mark.parametrize(
    ("contact", "field_name"),
    [
        (m.Contact(), "first_name"),
        (m.Contact(number="x"), "number"),
        (m.Contact(numbers=(GRACE, OTHER, DDI)), "numbers"),
        (m.Contact(groups=("a", "b")), "groups"),
    ],
)
async def test_contacts_that_have_no_room(session: aiohttp.ClientSession, contact: m.Contact, field_name: str) -> None:
    """Two numbers and one group are all there is."""
    with pytest.raises(InvalidInputError) as error:
        await VoipstudioProvider(session, {"api_key": CANARY, "country": "GB"}).create_contact(contact)
    assert error.value.field == field_name


async def test_an_unreadable_answer_to_a_new_contact(stub: Stub, session: aiohttp.ClientSession) -> None:
    """It was made all the same."""
    stub.on("POST", "contacts", b"", status=201)
    contact = m.Contact(first_name="Zoë", number=GRACE)
    assert await stubbed(stub, session).create_contact(contact) == contact


async def test_recordings_and_voicemail(
    provider: VoipstudioProvider, sim: VoipstudioSimulator, session: aiohttp.ClientSession
) -> None:
    """Sounds are listed newest first, and fetched with the key in a header."""
    ids = []
    for caller in (GRACE, OTHER, GRACE):
        call_id = await sim.ring(caller, "1001")
        await sim.answer(call_id, "1001")
        await sim.hang_up(call_id)
        ids.append(str(await sim.recording_ready(call_id)))
        await sim.voicemail_arrives("1001", caller)
    items = await provider.media(m.MediaKind.RECORDING, 10, 0)
    assert [item.id for item in items] == ids[::-1]
    assert [item.id for item in await provider.media(m.MediaKind.RECORDING, 2, 1)] == [ids[1], ids[0]]
    source = await provider.media_source(m.MediaKind.RECORDING, items[0].id)
    assert sim.api_key not in source.url + repr(source)
    async with session.get(source.url, headers=source.headers) as response:
        assert len(await response.read()) == items[0].size
    (voicemail, *_) = await provider.media(m.MediaKind.VOICEMAIL, 1, 0)
    assert (voicemail.kind, voicemail.unread, voicemail.caller) == (m.MediaKind.VOICEMAIL, True, "+447911123456")
    assert "/voicemessages/" in (await provider.media_source(m.MediaKind.VOICEMAIL, voicemail.id)).url
    for bad in ("../me", "", "1?x"):
        with pytest.raises(NotFoundError):
            await provider.media_source(m.MediaKind.RECORDING, bad)
    with pytest.raises(InvalidInputError):
        await provider.media(m.MediaKind.RECORDING, 0, 0)
