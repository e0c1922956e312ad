"""What is looked for among finished calls and contacts, since VoIPstudio's filters cannot say "or"."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from ...telephony import models as m
from ...telephony import phone_numbers as numbers
from ...telephony.errors import InvalidInputError
from ..values import Json
from .api import Filter, where
from .payload import Book, ends, ident

MAX_LIMIT = 1000
MAX_ID_DIGITS = 20
CONTACT_PHONES = ("tel", "mobile")


def check_range(limit: int, offset: int) -> None:
    """Refuse a part of a list that cannot be."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInputError("limit", "out_of_range")
    if offset < 0:
        raise InvalidInputError("offset", "out_of_range")


def written(moment: datetime) -> str:
    """Write a time as filters take it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


# -- finished calls --------------------------------------------------------------------------------


def history_params(query: m.HistoryQuery) -> dict[str, str]:
    """Give what the phone system itself can narrow down: the time and the record."""
    filters: list[Filter] = []
    if query.start is not None:
        filters.append(("calldate", "gte", written(query.start)))
    if query.end is not None:
        filters.append(("calldate", "lte", written(query.end)))
    if query.record_id is not None:
        filters.append(("id", "eq", _row_id(query.record_id)))
    params = {"sort": "id", "dir": "ASC" if query.sort is m.Sort.OLDEST else "DESC"}
    return params | ({"filter": where(*filters)} if filters else {})


def _row_id(value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > MAX_ID_DIGITS:
        raise InvalidInputError("record_id", "invalid_value")
    return int(value)


def fits(record: m.CallRecord, legs: Sequence[Json], query: m.HistoryQuery, book: Book) -> bool:
    """Tell whether a finished call, made of these rows, is one that is looked for."""
    both = [ends(leg, book) for leg in legs]
    parties = [party for end in both for party in (end.from_party, end.to_party)]
    lines = {user.number for end in both for user in (end.caller, end.callee) if user is not None}
    call_ids = {record.call_id, *(ident(leg.get("live_id")) for leg in legs)}
    number = numbers.normalise(query.number or "", book.country)
    words = (query.search or "").casefold()
    began = record.started_at
    return (
        (query.start is None or began is None or began >= query.start.replace(microsecond=0))
        and (query.end is None or began is None or began <= query.end)
        and (
            query.record_id is None or any(ident(leg.get("id")) == query.record_id for leg in legs)
        )
        and (query.call_id is None or query.call_id in call_ids)
        and (query.direction is None or record.direction is query.direction)
        and (query.extension is None or query.extension in lines)
        and (query.number is None or any(numbers.same(party.number, number) for party in parties))
        and (
            not words
            or any(words in f"{party.number} {party.name}".casefold() for party in parties)
        )
    )


# -- contacts --------------------------------------------------------------------------------------


def fits_contact(contact: m.Contact, query: m.ContactQuery, country: str) -> bool:
    """Tell whether a contact is one that is looked for: by words of the name, number, part of the address."""
    names = (
        f"{contact.first_name or ''} {contact.last_name or ''} {contact.company or ''}".casefold()
    )
    number = numbers.normalise(query.number or "", country)
    return (
        all(word in names for word in (query.name or "").casefold().split())
        and (
            query.number is None
            or any(numbers.same(number, other) for other in contact.numbers or ())
        )
        and (
            query.email is None
            or query.email.strip().casefold() in (contact.email or "").casefold()
        )
    )


def contact_body(contact: m.Contact, dialable: Callable[[str], str]) -> dict[str, object]:
    """Write what was given of a contact under VoIPstudio's names; raise InvalidInputError where it has no room."""
    body: dict[str, object] = {
        name: value
        for name in ("first_name", "last_name", "email", "notes")
        if (value := getattr(contact, name)) is not None
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
