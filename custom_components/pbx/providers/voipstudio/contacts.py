"""The contacts of a VoIPstudio account: how they are read, looked for and written."""

from collections.abc import Callable

from ...telephony import models as m
from ...telephony import phone_numbers as numbers
from ...telephony.errors import InvalidInputError
from ..values import Json, texts
from .payload import MAX_TEXT, Book, ident, short

PHONE_KEYS = ("tel", "tel_1", "tel_2", "mobile", "mobile_1", "mobile_2")


def contact(row: Json, known: Book) -> m.Contact | None:
    """Read a contact; None for a row without an id."""
    contact_id = ident(row.get("id"))
    if not contact_id:
        return None
    phone_numbers = tuple(
        dict.fromkeys(shown for key in PHONE_KEYS if (shown := known.shown(row.get(key))))
    )
    groups = tuple(short(item) for item in texts(row.get("groups"))) or tuple(
        filter(None, [_word(row, "group_name")])
    )
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
    return short(row.get(key)) or None


CONTACT_PHONES = ("tel", "mobile")


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
