"""What is over, and who is known: finished calls and contacts of several accounts as one list.

A page takes the newest calls of all accounts. Its cursor says how many calls of each account came
before it, so that every account is read only as far as somebody scrolls.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from homeassistant.exceptions import HomeAssistantError

from ..accounts import country_of
from ..phone_book.collection import PhoneBook, async_get_phone_book
from ..phone_book.entry import Entry
from ..recent_calls import MAX_CALLS, RecentCall
from ..registry.outcomes import missed_by_outcome
from ..telephony.events import record_data
from ..telephony.models import (
    CallRecord,
    Capability,
    Contact,
    ContactQuery,
    Direction,
    HistoryQuery,
    MediaItem,
    MediaKind,
    Outcome,
    Party,
)
from .feed import Feed, Json, known

CHUNK: Final = 50
"""How many calls an account is asked for at once: few requests, and small answers."""
MOST_CHUNKS: Final = 4
"""How often an account is asked for one page while few of its calls pass the filter."""
MOST_CONTACTS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """Which finished calls are wanted."""

    search: str | None = None
    direction: Direction | None = None
    outcome: Outcome | None = None
    missed: bool = False
    """Only those that were missed, whatever the outcome is called."""

    def takes(self, row: Json) -> bool:
        """Return whether a call is wanted by how it went."""
        if self.missed and not row.get("missed"):
            return False
        return self.outcome in (None, row["outcome"])


class Archive:
    """The finished calls and the contacts of some accounts."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        """Look into these accounts."""
        self._feeds = feeds

    async def page(self, wanted: HistoryFilter, limit: int, cursor: str | None) -> Json:
        """Return the next calls, newest first, and the cursor of those after them.

        `cursor` is None for the newest ones, and in the answer where there are no more. Accounts
        that could not be asked are listed with the reason; the others are shown. Raise ValueError
        for a cursor that is none.
        """
        offsets = _read_cursor(cursor)
        failed: list[Json] = []
        readers = [_Reader(feed, wanted, offsets.get(feed.entry_id, 0)) for feed in self._feeds]
        readers = [reader for reader in readers if reader.offset >= 0]
        await asyncio.gather(*(reader.fill(limit, failed) for reader in readers))
        rows = [
            (row["record"].get("started_at", ""), reader, row)
            for reader in readers
            for row in reader.rows
        ]
        rows.sort(key=lambda row: str(row[0]), reverse=True)
        taken = rows[:limit]
        for _, reader, row in taken:
            reader.offset = max(reader.offset, row["next"])
        taken_of = {reader: sum(one is reader for _, one, _ in taken) for reader in readers}
        after = dict(offsets)
        for reader in readers:
            rest = taken_of[reader] < len(reader.rows)
            after[reader.feed.entry_id] = reader.offset if rest or not reader.exhausted else -1
        more = any(after[reader.feed.entry_id] >= 0 and not reader.failed for reader in readers)
        return {
            "records": [row["record"] for _, _, row in taken],
            "cursor": json.dumps(after) if more else None,
            "failed": failed,
        }

    def recent(self, limit: int, *, missed: bool) -> Json:
        """Return the calls that Home Assistant has kept, newest first: all, or the missed ones."""
        rows = [
            recent_row(feed, call)
            for feed in self._feeds
            for call in feed.recent.newest(limit, missed=missed)
        ]
        rows.sort(key=lambda row: str(row.get("started_at", "")), reverse=True)
        return {"calls": rows[:limit]}

    async def voicemails(self, limit: int) -> Json:
        """Return the voicemails of the accounts that have any, the newest first.

        Accounts that could not be asked are listed with the reason.
        """
        failed: list[Json] = []
        found = await asyncio.gather(
            *(
                self._voicemails_of(feed, limit, failed)
                for feed in self._feeds
                if Capability.VOICEMAILS in feed.coordinator.provider.capabilities
            )
        )
        rows = [row for one in found for row in one]
        rows.sort(key=lambda row: str(row.get("time", "")), reverse=True)
        return {"voicemails": rows[:limit], "failed": failed}

    async def _voicemails_of(self, feed: Feed, limit: int, failed: list[Json]) -> list[Json]:
        """Return the voicemails of one account; note in `failed` why there are none."""

        async def question() -> tuple[MediaItem, ...]:
            """Ask the phone system."""
            return await feed.coordinator.provider.media(MediaKind.VOICEMAIL, limit, 0)

        try:
            items = await feed.questions.ask(("voicemails", limit), question)
        except HomeAssistantError as err:
            failed.append(_failure(feed, err))
            return []
        return [voicemail_row(feed, item) for item in items]

    async def search(self, text: str, limit: int, book: PhoneBook | None) -> Json:
        """Return the contacts whose name or number has a text in it, the house's own first.

        Address books that could not be asked are listed with the reason.
        """
        failed: list[Json] = []
        own = _entry_rows(book.search(text, limit)) if book is not None else []
        found = await asyncio.gather(
            *(
                self._search_one(feed, text, failed)
                for feed in self._feeds
                if Capability.SEARCH_CONTACTS in feed.coordinator.provider.capabilities
            )
        )
        numbers = {row["number"] for row in own}
        theirs = (contact for one in found for contact in one)
        contacts = own + [contact for contact in theirs if contact["number"] not in numbers]
        return {"contacts": contacts[:limit], "failed": failed}

    async def _search_one(self, feed: Feed, text: str, failed: list[Json]) -> list[Json]:
        """Return the contacts of one account; note in `failed` why there are none."""
        provider = feed.coordinator.provider
        digits = text.replace(" ", "").lstrip("+").isdigit()
        folded = text.replace(" ", "") if digits else text.casefold()
        query = ContactQuery(
            number=folded if digits else None,
            name=None if digits else text,
            limit=MOST_CONTACTS,
        )
        try:
            page = await feed.questions.ask(
                ("search", folded), lambda: _ask(provider.search_contacts, query)
            )
        except HomeAssistantError as err:
            failed.append(_failure(feed, err))
            return []
        return [row for contact in page.contacts for row in _contact_rows(feed, contact)]


class _Reader:
    """Reads one account's calls as far as one page needs them."""

    def __init__(self, feed: Feed, wanted: HistoryFilter, offset: int) -> None:
        """Begin after `offset` calls; a negative offset says that there are no more."""
        self.feed = feed
        self.offset = offset
        self.rows: list[Json] = []
        self.exhausted = False
        self.failed = False
        self._wanted = wanted

    async def fill(self, limit: int, failed: list[Json]) -> None:
        """Read until `limit` calls pass the filter or there are no more.

        Where the account could not be asked, note in `failed` why.
        """
        at = self.offset
        for _ in range(MOST_CHUNKS):
            try:
                records = await self._chunk(at)
            except HomeAssistantError as err:
                self.failed = True
                failed.append(_failure(self.feed, err))
                return
            for index, record in enumerate(records):
                if self._wanted.takes(record):
                    self.rows.append({"record": record, "next": at + index + 1})
            at += len(records)
            if len(records) < CHUNK:
                self.exhausted = True
                return
            if len(self.rows) >= limit:
                return
        self.offset = at if not self.rows else self.offset

    async def _chunk(self, offset: int) -> list[Json]:
        """Return the calls after the first `offset`.

        They are asked for or, where the phone system cannot be asked, those that are kept here.
        """
        provider = self.feed.coordinator.provider
        if Capability.GET_CALL_HISTORY not in provider.capabilities:
            return self._kept()[offset : offset + CHUNK]
        query = HistoryQuery(
            limit=CHUNK,
            offset=offset,
            search=self._wanted.search,
            direction=self._wanted.direction,
        )
        page = await self.feed.questions.ask(
            ("history", query), lambda: _ask(provider.history, query)
        )
        return [record_row(self.feed, record) for record in page.records]

    def _kept(self) -> list[Json]:
        """Return the calls that Home Assistant has kept, as far as they are wanted."""
        wanted = self._wanted
        found: list[Json] = []
        for call in self.feed.recent.newest(MAX_CALLS):
            if wanted.direction not in (None, call.direction):
                continue
            words = (call.from_name, call.to_name, call.from_number, call.to_number)
            text = (wanted.search or "").casefold()
            if any(text in word.casefold() for word in words):
                found.append(recent_row(self.feed, call))
        return found


async def _ask[Q, A](method: Callable[[Q], Coroutine[Any, Any, A]], query: Q) -> A:
    """Ask a provider."""
    return await method(query)


def _read_cursor(cursor: str | None) -> Mapping[str, int]:
    """Return how many calls of each account were shown; raise ValueError for anything else."""
    if cursor is None:
        return {}
    offsets = json.loads(cursor)
    if not isinstance(offsets, dict) or not all(
        isinstance(offset, int) for offset in offsets.values()
    ):
        raise ValueError("Not a cursor")
    return offsets


def _failure(feed: Feed, err: HomeAssistantError) -> Json:
    """Say why an account is missing from an answer."""
    return known(
        account=feed.entry_id,
        error=str(err),
        translation_key=err.translation_key,
        translation_placeholders=err.translation_placeholders,
    )


def record_row(feed: Feed, record: CallRecord) -> Json:
    """Return a finished call as JSON, with the names that are known here.

    Numbers are masked where the account's options say so.
    """
    record = replace(record, caller=_named(feed, record.caller), callee=_named(feed, record.callee))
    data: Json = {"account": feed.entry_id, **record_data(record)}
    if record.outcome is Outcome.MISSED or missed_by_outcome(record.direction, record.outcome):
        data["missed"] = True
    for key in ("from_number", "to_number", "answered_by_number"):
        if key in data:
            data[key] = feed.coordinator.wording.number(data[key])
    extensions = feed.coordinator.data.extensions
    for key in ("extension", "answered_by"):
        extension = extensions.get(str(data.get(key, "")))
        if extension is not None and extension.name:
            data.setdefault(f"{key}_name", extension.name)
    if not feed.coordinator.wording.masked:
        return data
    # Links of the phone system carry the number in their name.
    return {key: value for key, value in data.items() if not key.endswith("_url")}


def recent_row(feed: Feed, call: RecentCall) -> Json:
    """Return a call that Home Assistant has kept in the fields of a finished call."""
    wording, extensions = feed.coordinator.wording, feed.coordinator.data.extensions
    outgoing = call.direction == Direction.OUTGOING
    phones = [
        extensions[number].name or number for number in call.extensions if number in extensions
    ]
    answerer = extensions.get(call.answered_by)
    return known(
        account=feed.entry_id,
        record_id=call.call_id,
        call_id=call.call_id,
        direction=call.direction or None,
        outcome=call.outcome or Outcome.UNKNOWN.value,
        from_number=wording.number(call.from_number) or None,
        from_name=call.from_name or None,
        to_number=wording.number(call.to_number) or None,
        to_name=call.to_name or (phones[0] if len(phones) == 1 and not outgoing else None),
        hidden=call.hidden or None,
        extensions=list(call.extensions) or None,
        extension_name=", ".join(phones) or None,
        answered_by=call.answered_by or None,
        answered_by_name=answerer.name or None if answerer else None,
        queue=call.queue or None,
        missed=call.missed or None,
        started_at=call.started_at or None,
        ended_at=call.ended_at or None,
        duration=call.duration,
        recording_id=call.recording_id or None,
    )


def voicemail_row(feed: Feed, item: MediaItem) -> Json:
    """Return a voicemail: who left it for whom and when, how long it is, and if it is unread."""
    number = feed.coordinator.wording.number
    return known(
        account=feed.entry_id,
        voicemail_id=item.id,
        from_number=number(item.caller) or None,
        from_name=_name_of(feed, item.caller),
        to_number=number(item.callee) or None,
        to_name=_name_of(feed, item.callee),
        time=item.time.isoformat() if item.time else None,
        duration=item.duration,
        unread=item.unread,
    )


def _name_of(feed: Feed, number: str) -> str | None:
    """Return the name of one of our phones, or of whom the phone book has a number; else None."""
    coordinator = feed.coordinator
    extension = coordinator.data.extensions.get(number)
    if extension is not None:
        return extension.name or None
    country = country_of(coordinator.hass, coordinator.config_entry)
    found = async_get_phone_book(coordinator.hass).find(number, country) if number else None
    return found.name if found is not None else None


def _named(feed: Feed, party: Party) -> Party:
    """Name whom the phone system did not: one of our own phones, or whom the phone book has."""
    name = None if party.name else _name_of(feed, party.number)
    return replace(party, name=name) if name else party


def _contact_rows(feed: Feed, contact: Contact) -> list[Json]:
    """Return one row for each number of a contact."""
    names = (contact.first_name, contact.last_name)
    name = " ".join(word for word in names if word) or contact.company or ""
    numbers = contact.numbers or ((contact.number,) if contact.number else ())
    return [
        known(
            account=feed.entry_id,
            contact_id=contact.id or None,
            name=name,
            company=contact.company or None,
            number=feed.coordinator.wording.number(number),
        )
        for number in numbers
    ]


def _entry_rows(entries: Iterable[Entry]) -> list[Json]:
    """Return one row for each number of the phone book's entries that can be called."""
    return [
        known(name=entry.label, company=entry.company or None, number=number.number)
        for entry in entries
        for number in entry.callable_numbers
    ]
