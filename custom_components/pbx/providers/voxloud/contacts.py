"""Voxloud's address book: a search looks at parts of names, an update replaces everything."""

import re
from dataclasses import replace

from ...telephony import models as m
from ...telephony import phone_numbers as numbers
from ...telephony.errors import ConnectError, InvalidInputError, NotFoundError, RefusedError
from ..values import Json, boolean, mapping
from .api import METHOD_NOT_ALLOWED, NOT_FOUND, Api
from .payload import contact_body, contact_of, e164, ident, page_rows, read_contact

CONTACTS = "/api/v1/contacts"
PAGE_SIZE = 100
MAX_PAGES = 10
MAX_LIMIT = 1000

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PART = re.compile(r"\+?[0-9]{1,20}")


async def search(api: Api, query: m.ContactQuery, country: str) -> m.ContactPage:
    """Look for contacts that fit everything that is given."""
    if not 1 <= query.limit <= MAX_LIMIT:
        raise InvalidInputError("limit", "out_of_range")
    if query.offset < 0:
        raise InvalidInputError("offset", "out_of_range")
    if query.contact_id is not None:
        try:
            found = read_contact(await _get(api, query.contact_id))
        except NotFoundError:
            found = None
        return m.ContactPage(contacts=(found,) if found is not None and not query.offset else ())
    if query.name is not None and (query.first_name, query.last_name) != (None, None):
        raise InvalidInputError("name", "conflict")
    wanted = {
        "first_name": (query.first_name or "").strip(),
        "last_name": (query.last_name or "").strip(),
        "email": (query.email or "").strip(),
        "phone": _phone(query.number, country),
    }
    wanted = {name: value for name, value in wanted.items() if value}
    ways = _names(query.name or "")
    if len(ways) == 1:
        return await _one_way(api, {**wanted, **ways[0]}, query.offset, query.limit)
    # A person may be found in more than one way, so that all of them are read from the start.
    contacts: dict[str, m.Contact] = {}
    more = False
    for way in ways:
        page = await _one_way(api, {**wanted, **way}, 0, query.offset + query.limit)
        contacts |= {contact.id: contact for contact in page.contacts if contact.id not in contacts}
        more = more or page.has_next
    end = query.offset + query.limit
    return m.ContactPage(
        contacts=tuple(contacts.values())[query.offset : end], has_next=more or len(contacts) > end
    )


async def create(api: Api, contact: m.Contact, country: str) -> m.Contact:
    """Add a contact."""
    body = _checked(contact, {}, country)
    return _answered(await api.command("create contact", "POST", CONTACTS, json=body), body, "")


async def update(api: Api, contact: m.Contact, country: str) -> m.Contact:
    """Change what is given of a contact and send the rest back as it was."""
    body = _checked(contact, await _get(api, contact.id), country)
    path = f"{CONTACTS}/{contact.id}"
    try:
        answer = await api.command("update contact", "PUT", path, json=body)
    except RefusedError as err:
        # The reference says both; and the contact itself was found a moment ago.
        if err.code not in {str(METHOD_NOT_ALLOWED), str(NOT_FOUND)}:
            raise
        answer = await api.command("update contact", "POST", path, json=body)
    return _answered(answer, body, contact.id)


async def delete(api: Api, contact_id: str) -> None:
    """Remove a contact."""
    await api.command("delete contact", "DELETE", f"{CONTACTS}/{_checked_id(contact_id)}")


async def _get(api: Api, contact_id: str) -> Json:
    """Return one contact as Voxloud has it; raise NotFoundError where there is none."""
    return mapping(await api.ask("contact", "GET", f"{CONTACTS}/{_checked_id(contact_id)}"))


async def _one_way(api: Api, wanted: dict[str, str], offset: int, limit: int) -> m.ContactPage:
    """Return the contacts that one way of searching finds."""
    found: list[m.Contact] = []
    more = True
    at, end = offset, offset + limit
    for _ in range(MAX_PAGES):
        size = min(PAGE_SIZE, end - at)
        answer = await api.ask(
            "contacts", "GET", CONTACTS, params={**wanted, "offset": str(at), "limit": str(size)}
        )
        page = page_rows(answer)
        if page is None:
            raise ConnectError("The answer is not a page")
        found += (contact for row in page if (contact := read_contact(row)) is not None)
        more = boolean(mapping(answer).get("has_next")) is True and bool(page)
        at += len(page)
        if not more or at >= end:
            break
    return m.ContactPage(contacts=tuple(found), has_next=more)


def _names(name: str) -> list[dict[str, str]]:
    """Give the ways to look for a name: it can be all in one field, or split in either order."""
    words = name.split()
    if not words:
        return [{}]
    whole = " ".join(words)
    ways = [{"first_name": whole}, {"last_name": whole}]
    if len(words) > 1:
        first, rest, before, last = words[0], " ".join(words[1:]), " ".join(words[:-1]), words[-1]
        ways = [
            {"first_name": first, "last_name": rest},
            {"first_name": rest, "last_name": first},
            *ways,
        ]
        if len(words) > 2:  # noqa: PLR2004
            ways.insert(1, {"first_name": before, "last_name": last})
    return ways


def _phone(number: str | None, country: str) -> str:
    """Write a number as the server wants it; a part of one is sent as it is."""
    if not number or not number.strip():
        return ""
    found = numbers.normalise(number, country)
    if not _PART.fullmatch(found):
        raise InvalidInputError("number", "invalid_number")
    return found


def _checked_id(contact_id: str) -> str:
    """Return an id that can be part of a path; raise NotFoundError for others."""
    if not ident(contact_id):
        raise InvalidInputError("contact_id")
    return contact_id


def _checked(contact: m.Contact, known: Json, country: str) -> dict[str, object]:
    """Check what was given, and give what is to be sent."""
    number = None if contact.number is None else e164(contact.number, country, "number")
    more = (
        None
        if contact.numbers is None
        else tuple(e164(other, country, "numbers") for other in contact.numbers)
    )
    for name, emails in (("email", (contact.email,)), ("emails", contact.emails or ())):
        if any(email and not _EMAIL.fullmatch(email.strip()) for email in emails):
            raise InvalidInputError(name)
    body = contact_body(replace(contact, number=number, numbers=more), known)
    for ours, theirs in (("first_name", "first_name"), ("number", "primary_phone")):
        if theirs not in body:
            raise InvalidInputError(ours, "required")
    return body


def _answered(answer: Json, body: Json, contact_id: str) -> m.Contact:
    """Give the contact as the server shows it, or as it was sent where the server shows nothing."""
    return contact_of({**body, **answer}, ident(answer.get("id")) or contact_id)
