"""The phone book in Home Assistant.

There is one for the house, kept in Home Assistant's storage and changed by people and actions.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, override

import voluptuous as vol
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.collection import (
    CHANGE_ADDED,
    CHANGE_UPDATED,
    CollectionChange,
    SerializedStorageCollection,
    StorageCollection,
)
from homeassistant.helpers.storage import Store
from homeassistant.util import slugify
from homeassistant.util.hass_dict import HassKey
from homeassistant.util.uuid import random_uuid_hex

from ..const import DOMAIN
from ..errors import invalid
from ..kept_files import async_read, rows
from ..spellings import spellings
from ..telephony.errors import InvalidInputError
from ..telephony.models import Party
from ..telephony.text import folded, line
from .entry import (
    MAX_ENTRIES,
    MAX_GROUPS,
    MAX_MESSAGES,
    MAX_NUMBERS,
    MAX_TEXT,
    Entry,
    EntryNumber,
    NumberKind,
    clean_groups,
    entry_data,
    entry_of,
    read_number,
)
from .index import Index, Known

DATA_PHONE_BOOK: HassKey[PhoneBook] = HassKey(f"{DOMAIN}_phone_book")
STORAGE_KEY = f"{DOMAIN}.phone_book"
STORAGE_VERSION = 1

MOST_TYPED = 10 * MAX_NUMBERS
"""How many numbers are read at all, so that a person is told of too many in words."""
TEXT = vol.All(cv.string, vol.Strip, vol.Length(max=MAX_TEXT))
NUMBER = vol.Any(
    vol.Schema(
        {
            vol.Required("number"): vol.All(cv.string, vol.Strip, vol.Length(min=1, max=MAX_TEXT)),
            vol.Optional("typed"): TEXT,
            vol.Optional("kind"): vol.In([kind.value for kind in NumberKind]),
        }
    ),
    vol.All(cv.string, vol.Strip, vol.Length(min=1, max=MAX_TEXT)),
)
ENTRY_FIELDS: Mapping[vol.Marker, Any] = {
    vol.Optional("name"): TEXT,
    vol.Optional("company"): TEXT,
    vol.Optional("groups"): vol.All(cv.ensure_list, [TEXT], vol.Length(max=MAX_GROUPS)),
    vol.Optional("numbers"): vol.All(cv.ensure_list, [NUMBER], vol.Length(max=MOST_TYPED)),
    vol.Optional("messages"): cv.boolean,
}
ENTRY_SCHEMA = vol.Schema(dict(ENTRY_FIELDS))


class PhoneBook(StorageCollection[Entry, SerializedStorageCollection]):
    """The entries, by their ids."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Start with an empty book."""
        super().__init__(Store(hass, STORAGE_VERSION, STORAGE_KEY))
        self._index: Index | None = None
        self._newer = False

    @override
    async def _async_load_data(self) -> SerializedStorageCollection | None:
        """Return what was kept, without what cannot be an entry."""
        kept = await async_read(self.store)
        self._newer = kept is None
        found = rows(kept, "items")
        return {"items": [row for row in found if row.get("id") and isinstance(row["id"], str)]}

    # -- asking ------------------------------------------------------------------------------------

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Return all entries, in the order of their names."""
        return tuple(sorted(self.data.values(), key=lambda entry: entry.label.casefold()))

    @property
    def groups(self) -> tuple[str, ...]:
        """Return the groups that entries are in."""
        return tuple(sorted({group for entry in self.data.values() for group in entry.groups}))

    @callback
    def find(self, number: str, country: str = "") -> Known | None:
        """Return who has a number; None for a stranger."""
        if self._index is None:
            self._index = Index(self.data.values())
        return self._index.find(number, country)

    @callback
    def is_in_group(self, number: str, country: str, wanted: Iterable[str]) -> bool:
        """Return whether whoever has a number is in one of these groups, however it is spelt."""
        known = self.find(number, country)
        groups = () if known is None else known.groups
        return not {group.casefold() for group in wanted}.isdisjoint(map(str.casefold, groups))

    @callback
    def search(self, text: str, limit: int) -> list[Entry]:
        """Return entries whose name, company, group or number has this text in it."""
        wanted = folded(text.strip())
        digits = "".join(sign for sign in text if sign.isdigit())
        sought = (digits, *spellings(text, self.hass.config.country or ""))
        found: list[Entry] = []
        for entry in self.entries:
            words = (entry.name, entry.company, *entry.groups)
            by_word = any(wanted in folded(word) for word in words)
            by_number = len(digits) > 1 and any(
                one in known.number for one in sought for known in entry.numbers
            )
            if by_word or by_number:
                found.append(entry)
        return found[:limit]

    def names(self, country: str) -> Callable[[str], Party | None]:
        """Return the name book of an account, whose numbers are read in a country."""
        return partial(self._name, country=country)

    @callback
    def _name(self, number: str, country: str) -> Party | None:
        """Return the party that has a number; None for a stranger."""
        known = self.find(number, country)
        return Party(number=number, name=known.name, known=True) if known is not None else None

    # -- changing ----------------------------------------------------------------------------------

    async def async_add(self, data: Mapping[str, Any]) -> Entry:
        """Return the entry that was added, or the one of this name and company with what is new.

        Raises ServiceValidationError for what cannot be an entry.
        """
        typed = self._typed(Entry(), data)
        known = self._same(typed) or Entry()
        _check_numbers(typed.label, (*known.numbers, *typed.numbers))
        await self.async_merge([typed])
        return self._same(typed) or typed

    async def async_merge(self, read: Iterable[Entry]) -> tuple[int, int]:
        """Take entries of another book, and return how many were added and how many completed.

        Who is there already, by name and company, gets the numbers and groups that are new. Raise
        ServiceValidationError where there is no room for all of them: none is taken then.
        """
        read = tuple(read)
        by_name = {_identity(entry): entry for entry in self.data.values()}
        if new := {_identity(entry) for entry in read} - by_name.keys():
            self._check_room(len(new))
        changes: dict[str, str] = {}
        for entry in read:
            known = by_name.get(_identity(entry))
            if known is None:
                known = replace(entry, id=self._new_id(entry.label))
                changes[known.id] = CHANGE_ADDED
            else:
                merged = _merged(known, entry)
                if merged == known:
                    continue
                known = merged
                changes.setdefault(known.id, CHANGE_UPDATED)
            self.data[known.id] = by_name[_identity(known)] = known
        if changes:
            self._async_schedule_save()
            await self.notify_changes(
                [
                    CollectionChange(kind, entry_id, self.data[entry_id])
                    for entry_id, kind in changes.items()
                ]
            )
        added = sum(kind == CHANGE_ADDED for kind in changes.values())
        return added, len(changes) - added

    def without_room(self, read: Iterable[Entry]) -> Iterator[tuple[Entry, EntryNumber]]:
        """Give the numbers of another book that found no room here, with whose they are."""
        by_name = {_identity(entry): entry for entry in self.data.values()}
        for entry in read:
            known = by_name.get(_identity(entry), entry)
            taken = {number.number for number in known.numbers}
            yield from ((entry, number) for number in entry.numbers if number.number not in taken)

    def _same(self, entry: Entry) -> Entry | None:
        """Return the entry about the same person or company; None if there is none."""
        wanted = _identity(entry)
        # The last one, as it is completed too.
        return next((one for one in reversed(self.data.values()) if _identity(one) == wanted), None)

    @override
    async def notify_changes(self, change_set: Iterable[CollectionChange]) -> None:
        """Read the numbers anew when somebody asks next, and tell who listens."""
        self._index = None
        await super().notify_changes(change_set)

    @override
    async def _process_create_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Return what was typed, once it is certain that there is room for it."""
        self._check_room()
        return entry_data(self._typed(Entry(), data))

    @callback
    @override
    def _get_suggested_id(self, info: dict[str, Any]) -> str:
        """Suggest an id after the name."""
        return entry_of(info).label

    @override
    async def _update_data(self, item: Entry, update_data: dict[str, Any]) -> Entry:
        """Return the entry with what was typed anew."""
        return self._typed(item, update_data)

    @override
    def _create_item(self, item_id: str, data: dict[str, Any]) -> Entry:
        """Return the entry that was typed, with its id."""
        return entry_of({**data, "id": item_id})

    @override
    def _deserialize_item(self, data: dict[str, Any]) -> Entry:
        """Return an entry that was kept."""
        return entry_of(data)

    @override
    def _serialize_item(self, item_id: str, item: Entry) -> dict[str, Any]:
        """Return an entry as it is kept."""
        return entry_data(item)

    @callback
    @override
    def _data_to_save(self) -> SerializedStorageCollection:
        """Return the whole book as it is kept."""
        return self._base_data_to_save()

    def _new_id(self, label: str) -> str:
        """Return an id after a name; of a name that is taken, one that needs no search."""
        slug = slugify(folded(label))  # what has no accents takes it a tenth of the time
        return f"{slug}_{random_uuid_hex()}" if self.id_manager.has_id(slug) else slug

    def _check_room(self, more: int = 1) -> None:
        """Raise ServiceValidationError if more do not fit, or the book is of a newer version."""
        if self._newer:
            raise invalid("phone_book_newer")
        if len(self.data) + more > MAX_ENTRIES:
            raise invalid("phone_book_full", limit=str(MAX_ENTRIES))

    def _typed(self, known: Entry, data: Mapping[str, Any]) -> Entry:
        """Return an entry with what a person typed.

        Raise ServiceValidationError for what cannot be.
        """
        typed = ENTRY_SCHEMA(dict(data))
        entry = replace(
            known,
            name=line(typed.get("name", known.name), MAX_TEXT),
            company=line(typed.get("company", known.company), MAX_TEXT),
            groups=clean_groups(typed.get("groups", known.groups)),
            numbers=self._typed_numbers(known, typed["numbers"])
            if "numbers" in typed
            else known.numbers,
            messages=typed.get("messages", known.messages),
        )
        if not entry.label:
            raise invalid("phone_book_no_name")
        if not entry.numbers:
            raise invalid("phone_book_no_number")
        _check_numbers(entry.label, entry.numbers)
        self._check_messages(entry)
        return entry

    def _check_messages(self, entry: Entry) -> None:
        """Raise ServiceValidationError where no more entries can be marked for messages."""
        if not entry.messages:
            return
        others = [
            one
            for one in self.data.values()
            if one.messages and one.id != entry.id and _identity(one) != _identity(entry)
        ]
        if len(others) >= MAX_MESSAGES:
            raise invalid("phone_book_messages_full", limit=str(MAX_MESSAGES))

    def _typed_numbers(
        self, known: Entry, rows: Iterable[str | Mapping[str, str]]
    ) -> tuple[EntryNumber, ...]:
        """Return numbers as they were typed, each once, read in the house's country.

        One that the entry has stays: it may have been read in another country.
        """
        kept = {number.number: number for number in known.numbers}
        found: dict[str, EntryNumber] = {}
        for row in rows:
            text, kind = (row, None) if isinstance(row, str) else (row["number"], row.get("kind"))
            number = kept.get(text) or self._typed_number(text)
            number = replace(number, kind=NumberKind(kind) if kind else number.kind)
            if not isinstance(row, str) and row.get("typed"):
                number = replace(number, typed=line(row["typed"], MAX_TEXT))
            found.setdefault(number.number, number)
        return tuple(found.values())

    def _typed_number(self, text: str) -> EntryNumber:
        """Return a number that is read in the house's country; raise for what cannot be."""
        try:
            return read_number(text, self.hass.config.country or "")
        except InvalidInputError as err:
            raise invalid("phone_book_bad_number", number=line(text, MAX_TEXT)) from err


async def async_setup_phone_book(hass: HomeAssistant) -> None:
    """Load the phone book, once for all accounts."""
    book = PhoneBook(hass)
    await book.async_load()
    hass.data[DATA_PHONE_BOOK] = book


@callback
def async_get_phone_book(hass: HomeAssistant) -> PhoneBook:
    """Return the phone book of the house."""
    return hass.data[DATA_PHONE_BOOK]


@callback
def entries_of(hass: HomeAssistant) -> tuple[Entry, ...]:
    """Return the entries of the phone book; none while it was not loaded."""
    book = hass.data.get(DATA_PHONE_BOOK)
    return () if book is None else book.entries


def _check_numbers(name: str, numbers: Iterable[EntryNumber]) -> None:
    """Raise ServiceValidationError for more numbers than an entry can have."""
    if len({number.number for number in numbers}) > MAX_NUMBERS:
        raise invalid("phone_book_numbers_full", name=name, limit=str(MAX_NUMBERS))


def _identity(entry: Entry) -> tuple[str, str]:
    """Return what tells whether two entries are about the same person or company."""
    return entry.label.casefold(), entry.company.casefold()


def _merged(known: Entry, found: Entry) -> Entry:
    """Return an entry with what another one of the same name has besides."""
    numbers = {number.number: number for number in (*found.numbers, *known.numbers)}
    order = dict.fromkeys(number.number for number in (*known.numbers, *found.numbers))
    return replace(
        known,
        groups=clean_groups((*known.groups, *found.groups)),
        numbers=tuple(numbers[number] for number in order)[:MAX_NUMBERS],
        messages=known.messages or found.messages,
    )
