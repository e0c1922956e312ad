"""What is over, and who is known: finished calls and contacts of several accounts as one list.

A page takes the newest calls of all accounts. Its cursor says how many calls of each account came
before it, so that every account is read only as far as somebody scrolls.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from homeassistant.exceptions import HomeAssistantError

from ..accounts import country_of
from ..known_names import known_name
from ..phone_book.collection import PhoneBook
from ..phone_book.entry import Entry
from ..recent_calls import MAX_CALLS, RecentCall
from ..registry.outcomes import missed_by_outcome
from ..spellings import spellings
from ..telephony import phone_numbers
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
from ..telephony.text import folded
from .feed import Feed, Json, known

CHUNK: Final = 50
"""How many calls an account is asked for at once: few requests, and small answers."""
MOST_CHUNKS: Final = 4
"""How often an account is asked for one page while few of its calls pass the filter."""
MOST_CONTACTS: Final = 20
PLAIN: Final = ("_id", "_at")
"""How fields end that hold no number, though they may look like one."""
LAST_TIME: Final = "9999"
"""Later than every moment in ISO 8601."""


class HistoryFilter(NamedTuple):
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
        rows = [(row, reader) for reader in readers for row in reader.rows]
        rows.sort(key=lambda found: found[0].turn, reverse=True)
        taken = rows[:limit]
        for row, reader in taken:
            reader.offset = row.next
        taken_of = {reader: sum(one is reader for _, one in taken) for reader in readers}
        after = dict(offsets)
        for reader in readers:
            rest = taken_of[reader] < len(reader.rows)
            after[reader.feed.entry_id] = reader.offset if rest or not reader.exhausted else -1
        more = any(after[reader.feed.entry_id] >= 0 and not reader.failed for reader in readers)
        return {
            "records": [
                row.record for row, _ in sorted(taken, key=lambda one: one[0].time, reverse=True)
            ],
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
        bare = phone_numbers.strip(text)
        digits = bare.removeprefix("+").isdecimal()
        folded = bare if digits else text.casefold()
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


class _Row(NamedTuple):
    """A call on its way to a page; times are ISO 8601 in UTC."""

    record: Json
    next: int
    """After how many calls of its account the next one comes."""
    time: str
    """When it began or, where nobody knows, when the one before it in the list did."""
    turn: str
    """When it is its turn: never before one that stands above it in its phone system's list.

    Not every list goes by the start of the calls. Only so much of a list can be shown as comes
    before an offset, and nothing of that may be left out.
    """


class _Reader:
    """Reads one account's calls as far as one page needs them."""

    def __init__(self, feed: Feed, wanted: HistoryFilter, offset: int) -> None:
        """Begin after `offset` calls; a negative offset says that there are no more."""
        self.feed = feed
        self.offset = offset
        self.rows: list[_Row] = []
        self.exhausted = False
        self.failed = False
        self._wanted = wanted

    async def fill(self, limit: int, failed: list[Json]) -> None:
        """Read until `limit` calls pass the filter or there are no more.

        Where the account could not be asked, note in `failed` why.
        """
        at = self.offset
        time = turn = LAST_TIME
        for _ in range(MOST_CHUNKS):
            # Always from the same places: so pages that follow each other ask for a chunk once.
            begin = at - at % CHUNK
            try:
                chunk = (await self._chunk(begin))[:CHUNK]
            except HomeAssistantError as err:
                self.failed = True
                failed.append(_failure(self.feed, err))
                return
            for index, record in enumerate(chunk[at - begin :], start=at + 1):
                time = str(record.get("started_at", time))
                turn = min(turn, time)
                if self._wanted.takes(record):
                    self.rows.append(_Row(record=record, next=index, time=time, turn=turn))
            at = max(at, begin + len(chunk))
            if len(chunk) < CHUNK:
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
            ("history", query), lambda: _ask(provider.history, query), about_ends=True
        )
        return [record_row(self.feed, record) for record in page.records]

    def _kept(self) -> list[Json]:
        """Return the calls that Home Assistant has kept, as far as they are wanted."""
        wanted, coordinator = self._wanted, self.feed.coordinator
        wording = coordinator.wording
        text = folded(wanted.search or "")
        numbers = spellings(text, country_of(coordinator.hass, coordinator.config_entry))
        found: list[Json] = []
        for call in self.feed.recent.newest(MAX_CALLS):
            if wanted.direction not in (None, call.direction):
                continue
            # Of a masked number one finds only what one sees.
            digits = [wording.number(one) for one in (call.from_number, call.to_number)]
            words = [folded(wording.name(one)) for one in (call.from_name, call.to_name)]
            by_number = any(one in number for one in numbers for number in digits)
            if by_number or any(text in word for word in words):
                found.append(recent_row(self.feed, call))
        return found


async def _ask[Q, A](method: Callable[[Q], Coroutine[Any, Any, A]], query: Q) -> A:
    """Ask a provider."""
    return await method(query)


def _read_cursor(cursor: str | None) -> Mapping[str, int]:
    """Return how many calls of each account were shown; raise ValueError for anything else."""
    if cursor is None:
        return {}
    try:
        offsets = json.loads(cursor)
    except RecursionError as err:
        raise ValueError("Not a cursor") from err
    if not isinstance(offsets, dict) or not all(type(offset) is int for offset in offsets.values()):
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
    wording = feed.coordinator.wording
    extensions = feed.coordinator.data.extensions
    for key in ("extension", "answered_by"):
        extension = extensions.get(str(data.get(key, "")))
        if extension is not None and extension.name:
            data.setdefault(f"{key}_name", extension.name)
    if not wording.masked:
        return data
    # Links of the phone system carry the number in their name.
    return {
        key: wording.name(value) if isinstance(value, str) and not key.endswith(PLAIN) else value
        for key, value in data.items()
        if not key.endswith("_url")
    }


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
        from_name=wording.name(call.from_name) or None,
        to_number=wording.number(call.to_number) or None,
        to_name=wording.name(call.to_name)
        or (phones[0] if len(phones) == 1 and not outgoing else None),
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
    shown = feed.coordinator.wording.name  # some phone systems tell a name in place of a number
    return known(
        account=feed.entry_id,
        voicemail_id=item.id,
        from_number=shown(item.caller) or None,
        from_name=known_name(feed.coordinator, item.caller) or None,
        to_number=shown(item.callee) or None,
        to_name=known_name(feed.coordinator, item.callee) or None,
        time=item.time.isoformat() if item.time else None,
        duration=item.duration,
        unread=item.unread,
    )


def _named(feed: Feed, party: Party) -> Party:
    """Name whom the phone system did not: one of our own phones, or whom the phone book has."""
    name = "" if party.name else known_name(feed.coordinator, party.number)
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
            name=feed.coordinator.wording.name(name),
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
