"""The contacts of a VoIPstudio account: how they are read, looked for and written."""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress

from ...telephony import models as m
from ...telephony import phone_numbers as numbers
from ...telephony.errors import (
    InvalidInputError,
    NotFoundError,
    RefusedError,
    UnsupportedError,
)
from ..values import Json, mapping, texts
from .api import Api, path_of, where
from .history import check_range
from .payload import MAX_TEXT, Book, ident, short

CONTACT_PHONES = ("tel", "mobile")
FIRST_ROWS = 100
KEPT_FOR = 300  # seconds for which callers are looked up in what was read
ROWS_AT_ONCE = 50
COMPARED_DIGITS = 9  # what two ways of writing a number have in common
PHONE_KEYS = ("tel", "tel_1", "tel_2", "mobile", "mobile_1", "mobile_2")


async def search(api: Api, query: m.ContactQuery, book: Book) -> m.ContactPage:
    """Return the contacts that are looked for: by words of a name, by number or by e-mail address.

    Raise UnsupportedError for a number or an address where no contact has any.
    """
    check_range(query.limit, query.offset)
    if query.name is not None and (query.first_name, query.last_name) != (None, None):
        raise InvalidInputError("name", "conflict")
    if query.contact_id is not None:
        rows = await _single(api, query.contact_id)
    else:
        rows = await _listed(api, query)
    found: list[m.Contact] = []
    for row in rows:
        listed = contact(row, book)
        if listed is not None and fits_contact(listed, query, book.country):
            found.append(listed)
    last = query.offset + query.limit
    return m.ContactPage(contacts=tuple(found[query.offset : last]), has_next=len(found) > last)


class AddressBook:
    """All contacts by their numbers, kept for a few minutes."""

    def __init__(self) -> None:
        """Initialize the book before it was read."""
        self._by_number: dict[str, m.Contact] = {}
        self._good_until: float | None = None

    async def find(self, api: Api, number: str, known: Book) -> m.Contact | None:
        """Return the contact that has a number; None if nobody has. Raise as questions do."""
        now = asyncio.get_running_loop().time()
        if self._good_until is None or now >= self._good_until:
            self._by_number = await self._read(api, known)
            self._good_until = now + KEPT_FOR
        return self._by_number.get(numbers.normalise(number, known.country))

    def expire(self) -> None:
        """Read the contacts anew when somebody is looked for next: they have changed."""
        self._good_until = None

    async def _read(self, api: Api, known: Book) -> dict[str, m.Contact]:
        """Return all contacts by their numbers, letting others work in between."""
        found: dict[str, m.Contact] = {}
        for place, row in enumerate(await api.rows(api.http.ask, "contacts")):
            if place % ROWS_AT_ONCE == 0:
                await asyncio.sleep(0)
            listed = contact(row, known)
            if listed is None:
                continue
            for number in listed.numbers or ():
                found.setdefault(numbers.normalise(number, known.country), listed)
        return found


async def _single(api: Api, contact_id: str) -> tuple[Json, ...]:
    """Return the row of one contact; nothing where there is none."""
    try:
        reply = await api.get(api.http.ask, path_of("contacts", contact_id))
        answer = reply.json()
    except NotFoundError:
        return ()
    return (mapping(mapping(answer).get("data")),)


async def _listed(api: Api, query: m.ContactQuery) -> tuple[Json, ...]:
    """Return the rows among which the contacts are: the whole list, or what it filters out of it.

    The first rows tell the fields that contacts have here, and whether there are more.
    """
    pages = api.pages(api.http.ask, "contacts", size=FIRST_ROWS, most=1)
    first = await anext(pages)
    if not first.last and query.number is not None:
        digits = _part(query.number)[-COMPARED_DIGITS:]
        keys = _filterable(first.rows)
        if digits and keys:
            with suppress(RefusedError):  # some fields cannot be filtered by
                return await _with_digits(api, keys, digits)
    rows = first.rows if first.last else await api.rows(api.http.ask, "contacts")
    _check_fields(rows, query)
    return rows


def _part(number: str) -> str:
    """Return the digits that a number, or a part of one, has in whatever form it is kept.

    Empty where it is neither.
    """
    digits = numbers.strip(number).lstrip("+0")
    return digits if digits.isdigit() else ""


def _filterable(rows: Iterable[Json]) -> tuple[str, ...]:
    """Return the fields for numbers; none where numbers are written with blanks or the like."""
    rows = tuple(rows)
    numbers_here = (short(row.get(key)) for row in rows for key in PHONE_KEYS)
    if any(number and not number.lstrip("+").isdigit() for number in numbers_here):
        return ()
    return tuple(key for key in PHONE_KEYS if any(key in row for row in rows))


async def _with_digits(api: Api, keys: Iterable[str], digits: str) -> tuple[Json, ...]:
    """Return the contacts that have these digits in one of their numbers, each once."""
    found: dict[str, Json] = {}
    for key in keys:
        params = {"filter": where((key, "like", digits))}
        for row in await api.rows(api.http.ask, "contacts", params):
            found.setdefault(ident(row.get("id")), row)
    return tuple(found.values())


def _check_fields(rows: Iterable[Json], query: m.ContactQuery) -> None:
    """Raise UnsupportedError for a field that is looked for and that no listed contact has."""
    names = {name for row in rows for name in row}
    if not names:
        return
    if query.number is not None and names.isdisjoint(PHONE_KEYS):
        raise UnsupportedError("search_contacts", "number")
    if query.email is not None and "email" not in names:
        raise UnsupportedError("search_contacts", "email")


def contact(row: Json, known: Book) -> m.Contact | None:
    """Return a contact; None for a row without an id."""
    contact_id = ident(row.get("id"))
    if not contact_id:
        return None
    shown = (known.shown(row.get(key)) for key in PHONE_KEYS)
    phone_numbers = tuple(dict.fromkeys(filter(None, shown)))
    groups = tuple(short(item) for item in texts(row.get("groups")))
    if not groups and (group := _word(row, "group_name")):
        groups = (group,)
    email = _word(row, "email")
    return m.Contact(
        id=contact_id,
        first_name=_word(row, "first_name"),
        last_name=_word(row, "last_name"),
        number=next(iter(phone_numbers), None),
        numbers=phone_numbers or None,
        email=email,
        emails=(email,) if email else None,
        company=_word(row, "company"),
        groups=groups or None,
        notes=short(row.get("notes"), 10 * MAX_TEXT) or None,
    )


def _word(row: Json, key: str) -> str | None:
    """Return a text of a row; None where there is none."""
    return short(row.get(key)) or None


def fits_contact(contact: m.Contact, query: m.ContactQuery, country: str) -> bool:
    """Return whether a contact is one that is looked for.

    It has all words of the name, and the typed parts of the first and last name, of the number
    and of the e-mail address.
    """
    if query.number is not None and not _has_number(contact, query.number, country):
        return False
    for part, whole in (
        (query.email, contact.email),
        (query.first_name, contact.first_name),
        (query.last_name, contact.last_name),
    ):
        if part is not None and part.strip().casefold() not in (whole or "").casefold():
            return False
    names = (contact.first_name or "", contact.last_name or "", contact.company or "")
    said = " ".join(names).casefold()
    return all(word in said for word in (query.name or "").casefold().split())


def _has_number(contact: m.Contact, number: str, country: str) -> bool:
    """Return whether a contact has a number, or one that holds this part of it."""
    part = _part(number)
    return any(
        numbers.same(number, other, country) or (part and part in numbers.strip(other))
        for other in contact.numbers or ()
    )


def contact_body(contact: m.Contact, dialable: Callable[[str], str]) -> dict[str, object]:
    """Return what was given of a contact, under VoIPstudio's names.

    Raise InvalidInputError for what it has no room for.
    """
    texts_given = {
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "email": contact.email,
        "notes": contact.notes,
    }
    body: dict[str, object] = {
        name: value for name, value in texts_given.items() if value is not None
    }
    if contact.groups is not None:
        if len(contact.groups) > 1:
            raise InvalidInputError("groups", "out_of_range")
        body["group_name"] = next(iter(contact.groups), "")
    given = (contact.number, *(contact.numbers or ()))
    phones = tuple(dict.fromkeys(dialable(number) for number in given if number))
    if len(phones) > len(CONTACT_PHONES):
        raise InvalidInputError("numbers", "out_of_range")
    body |= dict(zip(CONTACT_PHONES, phones, strict=False))
    if contact.numbers is not None:  # the whole list, so what is not in it goes
        body |= dict.fromkeys(CONTACT_PHONES[len(phones) :], "")
    if not body:
        raise InvalidInputError("first_name", "required")
    return body
