"""Voxloud: contacts."""

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import aiohttp
import pytest

from custom_components.pbx.providers.voxloud.provider import VoxloudProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    ConnectError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    UnknownOutcomeError,
)
from tests.simulators.base import FaultKind
from tests.simulators.voxloud import (
    UpdateMethod,
    VoxloudSimulator,
)

from .account import CONTACT, FastProvider, Stub, stubbed


async def test_contacts_by_name_number_and_address(client: FastProvider, sim: VoxloudSimulator) -> None:
    """A name may stand in either field or in both, in either order; the rest is the server's search."""

    async def names(**query: Any) -> list[str | None]:
        page = await client.search_contacts(m.ContactQuery(**query))
        return [contact.first_name for contact in page.contacts]

    sim.save_contact({"first_name": "Anna Maria", "last_name": "Van Gogh", "primary_phone": "+31201234567"})
    assert await names() == ["Giulia", "Oliver", "Nora", "Anna Maria"]
    assert await names(name="giulia") == ["Giulia"]
    assert await names(name="wright") == ["Oliver"]
    assert await names(name="Oliver Wright") == ["Oliver"]
    assert await names(name="Wright  Oliver") == ["Oliver"]
    assert await names(name="Anna Maria Van Gogh") == []
    assert await names(name="Anna Maria Van") == ["Anna Maria"]
    assert await names(name="Oliver Bianchi") == []
    assert await names(name="o") == ["Oliver", "Nora", "Anna Maria"]
    assert await names(number="06 5550 2001") == ["Giulia"]
    assert await names(number="+390655502002") == ["Giulia"]
    assert await names(number="655502") == ["Giulia"]
    assert await names(email="EXAMPLE.org") == ["Oliver"]
    assert await names(name="giulia", email="example.org") == []


async def test_contacts_by_pages(client: FastProvider, sim: VoxloudSimulator) -> None:
    """More than the server gives at once, for every way to look for a name."""
    for number in range(230):
        sim.save_contact(
            {
                "first_name": f"Test {number}" if number % 2 else "X",
                "last_name": "X" if number % 2 else f"Test {number}",
                "primary_phone": f"+39061{number:06}",
            }
        )
    page = await client.search_contacts(m.ContactQuery(limit=220))
    assert (len(page.contacts), page.has_next) == (220, True)
    page = await client.search_contacts(m.ContactQuery(limit=20, offset=220))
    assert (len(page.contacts), page.has_next) == (13, False)
    found: set[str] = set()
    for offset in count(0, 100):
        page = await client.search_contacts(m.ContactQuery(name="test", limit=100, offset=offset))
        found |= {contact.id for contact in page.contacts}
        if not page.has_next:
            break
    assert len(found) == 230
    await client.search_contacts(m.ContactQuery(limit=1))
    assert sim.seen("contacts")[-1].query["limit"] == "1"


async def test_contacts_of_a_server_with_small_pages(stub: tuple[Stub, str], session: aiohttp.ClientSession) -> None:
    """They are read on, but not without end; rows that cannot be read are skipped."""
    stub[0].add("GET", "/api/v1/contacts", {"data": [{"id": "a"}, {"id": None}], "has_next": True})
    page = await stubbed(session, stub[1]).search_contacts(m.ContactQuery(limit=50))
    assert (len(page.contacts), page.has_next) == (10, True)
    assert [re.findall(r"\d+", path)[-2:] for _, path in stub[0].asked[:2]] == [["0", "50"], ["2", "48"]]


async def test_one_contact(client: FastProvider, sim: VoxloudSimulator) -> None:
    """By its id, with every field."""
    known = next(iter(sim.contacts.values()))
    page = await client.search_contacts(m.ContactQuery(contact_id=known.id))
    assert page.contacts == (
        m.Contact(
            id=known.id,
            first_name="Giulia",
            last_name="Bianchi",
            number="+390655502001",
            numbers=("+390655502002",),
            email="giulia.bianchi@example.com",
            emails=("office@example.com",),
            company="Bianchi & Associates",
            job_title="CEO",
            website="www.example.com",
            source="Hubspot",
            source_url="https://crm.example.com/contact/1",
            created_at=datetime.fromtimestamp(int(known.created), UTC),
            updated_at=datetime.fromtimestamp(int(known.updated), UTC),
        ),
    )
    assert (await client.search_contacts(m.ContactQuery(contact_id="unknown"))).contacts == ()
    assert (await client.search_contacts(m.ContactQuery(contact_id=known.id, offset=1))).contacts == ()


@pytest.mark.parametrize("strict", [True, False])
async def test_contacts_are_made_changed_and_removed(
    client: FastProvider, sim: VoxloudSimulator, *, strict: bool
) -> None:
    """What is not given is not sent; an update keeps what it does not name, although the server replaces all."""
    sim.empty_values_allowed = not strict
    made = await client.create_contact(
        m.Contact(
            first_name="John ",
            number="06 1234 5678",
            numbers=("+44 1632 960101",),
            company="John&Associates",
            emails=(),
        )
    )
    assert made.id in sim.contacts
    assert (made.first_name, made.number, made.numbers) == ("John", "+390612345678", ("+441632960101",))
    assert (made.company, made.source, made.email) == ("John & Associates", "Voxloud", None)
    assert "primary_email" not in json.loads(sim.seen("contacts", "POST")[0].body)

    changed = await client.update_contact(m.Contact(id=made.id, last_name="Doe", email="john@example.com", numbers=()))
    assert changed == replace(made, last_name="Doe", email="john@example.com", numbers=())
    cleared = await client.update_contact(m.Contact(id=made.id, email="", number="+441632960102"))
    assert cleared == replace(changed, email=None, number="+441632960102")
    await client.delete_contact(made.id)
    assert made.id not in sim.contacts
    with pytest.raises(NotFoundError):
        await client.delete_contact(made.id)
    with pytest.raises(NotFoundError):
        await client.update_contact(m.Contact(id=made.id, last_name="Doe"))


async def test_a_contact_is_updated_by_either_method(client: FastProvider, sim: VoxloudSimulator) -> None:
    """The reference says both: what is refused with 405 is tried the other way."""
    known = next(iter(sim.contacts.values()))
    sim.contact_update_method = UpdateMethod.POST
    assert (await client.update_contact(m.Contact(id=known.id, job_title="CTO"))).job_title == "CTO"
    sim.fault(FaultKind.STATUS, status=409, method="PUT")
    with pytest.raises(RefusedError):
        await client.update_contact(m.Contact(id=known.id, job_title="CFO"))


async def test_a_contact_is_changed_once(client: FastProvider, sim: VoxloudSimulator) -> None:
    """A lost answer is an unknown outcome."""
    known = next(iter(sim.contacts.values()))
    changes: dict[str, Awaitable[object]] = {
        "POST": client.create_contact(m.Contact(first_name="A", number=CONTACT)),
        "PUT": client.update_contact(m.Contact(id=known.id, last_name="B")),
        "DELETE": client.delete_contact(known.id),
    }
    for method, change in changes.items():
        sim.fault(FaultKind.RESET_AFTER, method=method, path="contacts")
        with pytest.raises(UnknownOutcomeError):
            await change
        assert len(sim.seen("contacts", method)) == 1


@pytest.mark.parametrize("status", [404, 405])
async def test_a_contact_that_is_there_is_updated_by_post(
    stub: tuple[Stub, str], session: aiohttp.ClientSession, status: int
) -> None:
    """A server that does not know PUT there has said so; it has just shown the contact."""
    known = {"id": "c1", "first_name": "Ada", "primary_phone": CONTACT}
    stub[0].add("GET", "/api/v1/contacts/c1", known)
    stub[0].add("PUT", "/api/v1/contacts/c1", (status, {}))
    stub[0].add("POST", "/api/v1/contacts/c1", {**known, "job_title": "CTO"})
    changed = await stubbed(session, stub[1]).update_contact(m.Contact(id="c1", job_title="CTO"))
    assert changed.job_title == "CTO"
    assert [method for method, _ in stub[0].asked] == ["GET", "PUT", "POST"]


@pytest.mark.parametrize("wrapper", ["data", "content"])
async def test_no_contacts_at_all(stub: tuple[Stub, str], session: aiohttp.ClientSession, wrapper: str) -> None:
    """Null is a list without anything in it."""
    stub[0].add("GET", "/api/v1/contacts", {wrapper: None, "has_next": False})
    page = await stubbed(session, stub[1]).search_contacts(m.ContactQuery(first_name="nobody"))
    assert page == m.ContactPage()


async def test_nothing_where_there_is_something(stub: tuple[Stub, str], session: aiohttp.ClientSession) -> None:
    """Null is a glitch where the same page says that there is more."""
    stub[0].add("GET", "/api/v1/contacts", {"data": None, "has_next": True})
    stub[0].add("POST", "/api/v1/telephony-events", {"content": None, "last": True, "totalElements": 5})
    provider = stubbed(session, stub[1])
    with pytest.raises(ConnectError):
        await provider.search_contacts(m.ContactQuery(first_name="nobody"))
    with pytest.raises(ConnectError):
        await provider.history(m.HistoryQuery())
    stub[0].add("POST", "/api/v1/telephony-events", {"content": None, "last": True, "totalElements": 0})
    assert (await provider.history(m.HistoryQuery())).records == ()


@pytest.mark.parametrize("answer", [b"", b"<html>", {}, []])
async def test_a_contact_that_is_not_shown(
    stub: tuple[Stub, str], session: aiohttp.ClientSession, answer: object
) -> None:
    """What was sent is what it is, then."""
    stub[0].add("POST", "/api/v1/contacts", answer)
    made = await stubbed(session, stub[1]).create_contact(m.Contact(first_name="A", number=CONTACT))
    assert made == m.Contact(first_name="A", number=CONTACT, numbers=(), emails=())


@pytest.mark.parametrize(
    ("command", "field", "problem"),
    [
        (lambda p: p.create_contact(m.Contact(number=CONTACT)), "first_name", "required"),
        (lambda p: p.create_contact(m.Contact(first_name=" ", number=CONTACT)), "first_name", "required"),
        (lambda p: p.create_contact(m.Contact(first_name="A")), "number", "required"),
        (lambda p: p.create_contact(m.Contact(first_name="A", number="102")), "number", "invalid_number"),
        (lambda p: p.create_contact(m.Contact(first_name="A", number="")), "number", "invalid_number"),
        (
            lambda p: p.create_contact(m.Contact(first_name="A", number=CONTACT, numbers=("x",))),
            "numbers",
            "invalid_number",
        ),
        (lambda p: p.create_contact(m.Contact(first_name="A", number=CONTACT, email="x")), "email", "invalid_value"),
        (
            lambda p: p.create_contact(m.Contact(first_name="A", number=CONTACT, emails=("x",))),
            "emails",
            "invalid_value",
        ),
        (lambda p: p.update_contact(m.Contact(id="", first_name="A")), "contact_id", "invalid_value"),
        (lambda p: p.update_contact(m.Contact(id="../users", first_name="A")), "contact_id", "invalid_value"),
        (lambda p: p.delete_contact("a/b"), "contact_id", "invalid_value"),
        (lambda p: p.search_contacts(m.ContactQuery(contact_id="?")), "contact_id", "invalid_value"),
        (lambda p: p.search_contacts(m.ContactQuery(limit=0)), "limit", "out_of_range"),
        (lambda p: p.search_contacts(m.ContactQuery(limit=1001)), "limit", "out_of_range"),
        (lambda p: p.search_contacts(m.ContactQuery(offset=-1)), "offset", "out_of_range"),
        (lambda p: p.search_contacts(m.ContactQuery(number="x")), "number", "invalid_number"),
    ],
)
async def test_contacts_that_cannot_be(
    client: FastProvider,
    sim: VoxloudSimulator,
    command: Callable[[VoxloudProvider], Awaitable[object]],
    field: str,
    problem: str,
) -> None:
    """They are refused by the field's name, before anything is sent."""
    with pytest.raises(InvalidInputError) as caught:
        await command(client)
    assert (caught.value.field, caught.value.problem) == (field, problem)
    assert not sim.requests


@pytest.mark.parametrize(
    ("query", "sent"),
    [
        (m.ContactQuery(first_name=" gIu", last_name="bIa"), {"first_name": "gIu", "last_name": "bIa"}),
        (m.ContactQuery(first_name="giulia"), {"first_name": "giulia"}),
        (m.ContactQuery(last_name="bianchi", email="giulia"), {"last_name": "bianchi", "email": "giulia"}),
    ],
)
async def test_first_and_last_name_apart(
    client: FastProvider, sim: VoxloudSimulator, query: m.ContactQuery, sent: dict[str, str]
) -> None:
    """Each goes into the parameter of its own, with one request."""
    page = await client.search_contacts(query)
    assert [contact.last_name for contact in page.contacts] == ["Bianchi"]
    (asked,) = sim.seen("contacts")
    assert dict(asked.query) == {**sent, "offset": "0", "limit": "20"}
    with pytest.raises(InvalidInputError) as caught:
        await client.search_contacts(replace(query, name="x"))
    assert (caught.value.field, caught.value.problem) == ("name", "conflict")
