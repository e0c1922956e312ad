"""Actions on the house's own phone book."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import voluptuous as vol
from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.collection import ItemNotFound

from ..const import ATTR_NUMBER
from ..errors import invalid
from ..phone_book.collection import ENTRY_FIELDS, async_get_phone_book
from ..phone_book.draft import UnreadableError
from ..phone_book.entry import Entry, entry_data
from ..phone_book.formats import MAX_FILE, TOO_MANY, WRITTEN, Format, format_of
from ..rights import Access
from ..telephony import phone_numbers
from .action import LIMIT, TEXT
from .house import HouseAction

if TYPE_CHECKING:
    from ..phone_book.reading import Import

ATTR_COUNTRY = "country"
ATTR_ENTRY_ID = "entry_id"
ATTR_FORMAT = "format"
ATTR_TEXT = "text"
MOST_FOUND = 20


async def _add(hass: HomeAssistant, data: Mapping[str, Any]) -> dict[str, Any]:
    """Add an entry, or complete the one of this name and company."""
    entry = await async_get_phone_book(hass).async_add(data)
    return {"entry": entry_data(entry)}


async def _find(hass: HomeAssistant, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries that have a number, or a text in them."""
    if (ATTR_NUMBER in data) == (ATTR_TEXT in data):
        raise invalid("one_of", fields=f"{ATTR_NUMBER}, {ATTR_TEXT}")
    book = async_get_phone_book(hass)
    found: tuple[Entry, ...]
    if ATTR_NUMBER in data:
        known = book.find(phone_numbers.strip(data[ATTR_NUMBER]), hass.config.country or "")
        found = known.entries if known is not None else ()
    else:
        found = tuple(book.search(data[ATTR_TEXT], data.get("limit", MOST_FOUND)))
    return {"entries": [entry_data(entry) for entry in found]}


async def _remove(hass: HomeAssistant, data: Mapping[str, Any]) -> None:
    """Remove an entry."""
    try:
        await async_get_phone_book(hass).async_delete_item(data[ATTR_ENTRY_ID])
    except ItemNotFound as err:
        raise invalid("phone_book_unknown", entry_id=data[ATTR_ENTRY_ID]) from err


async def _import(hass: HomeAssistant, data: Mapping[str, Any]) -> dict[str, Any]:
    """Read a file into the phone book, and return what a person has to look at."""
    text = data[ATTR_TEXT]
    kind = Format(data[ATTR_FORMAT]) if ATTR_FORMAT in data else format_of(text)
    country = data.get(ATTR_COUNTRY, hass.config.country or "")
    try:
        found = await hass.async_add_executor_job(_read, text, kind, country)
    except UnreadableError as err:
        raise invalid("phone_book_unreadable") from err
    book = async_get_phone_book(hass)
    added, completed = await book.async_merge(found.entries)
    too_many = [
        {"name": entry.label, "number": number.typed, "problem": TOO_MANY}
        for entry, number in book.without_room(found.entries)
    ]
    return {
        "added": added,
        "completed": completed,
        "without_number": found.without_number,
        "uncertain": [asdict(one) for one in found.uncertain] + too_many,
    }


async def _export(hass: HomeAssistant, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the phone book as the text of a file."""
    entries = async_get_phone_book(hass).entries
    text = await hass.async_add_executor_job(_write, entries, Format(data[ATTR_FORMAT]))
    return {"text": text}


def _read(text: str, kind: Format, country: str) -> Import:
    """Return what is in a file, in a thread: what reads files is loaded with the first one."""
    from ..phone_book import reading  # noqa: PLC0415

    return reading.read(text, kind, country)


def _write(entries: Iterable[Entry], kind: Format) -> str:
    """Return the phone book as a file, in a thread as well."""
    from ..phone_book import writing  # noqa: PLC0415

    return writing.to_csv(entries) if kind is Format.CSV else writing.to_vcard(entries)


PHONE_BOOK: tuple[HouseAction, ...] = (
    HouseAction(
        name="add_to_phone_book",
        run=_add,
        fields=ENTRY_FIELDS,
        response=SupportsResponse.OPTIONAL,
    ),
    HouseAction(
        name="find_in_phone_book",
        run=_find,
        fields={
            vol.Optional(ATTR_NUMBER): TEXT,
            vol.Optional(ATTR_TEXT): TEXT,
            vol.Optional("limit"): LIMIT,
        },
        response=SupportsResponse.ONLY,
        access=Access.READ,
    ),
    HouseAction(
        name="remove_from_phone_book", run=_remove, fields={vol.Required(ATTR_ENTRY_ID): TEXT}
    ),
    HouseAction(
        name="import_phone_book",
        run=_import,
        fields={
            vol.Required(ATTR_TEXT): vol.All(cv.string, vol.Length(min=1, max=MAX_FILE)),
            vol.Optional(ATTR_FORMAT): vol.In([kind.value for kind in Format]),
            vol.Optional(ATTR_COUNTRY): cv.country,
        },
        response=SupportsResponse.OPTIONAL,
    ),
    HouseAction(
        name="export_phone_book",
        run=_export,
        fields={vol.Required(ATTR_FORMAT): vol.In([kind.value for kind in WRITTEN])},
        response=SupportsResponse.ONLY,
        access=Access.READ,
    ),
)
