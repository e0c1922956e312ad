"""Voxloud's call history: what its server cannot filter, or may not, is filtered here."""

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import UTC, datetime

from ...telephony import models as m
from ...telephony import phone_numbers as numbers
from ...telephony.errors import ConnectError, InvalidInputError, NotFoundError
from ...telephony.text import lines
from ..values import Json
from .api import Api
from .payload import Book, Page, events, page, read_record

EVENTS = "/api/v1/telephony-events"
PAGE_SIZE = 100
MAX_PAGES = 12  # what the request budget allows at once
MAX_LIMIT = 1000
TIMEOUT = 30
BY_TIME = "timestamp"

_NUMBER = re.compile(r"\+?[0-9]{1,20}")
_PROPERTY = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,63}")
_RECORD_ID = re.compile(r"[0-9]{1,20}")


async def search(api: Api, query: m.HistoryQuery, book: Book) -> m.HistoryPage:
    """Look for finished calls."""
    _validate(query)
    if query.csv:
        return m.HistoryPage(csv=await _csv(api, query, book.country))
    if query.record_id is not None or query.call_id is not None:
        return _cut(
            _matching(await _single(api, query, book), query, book.country), query, complete=True
        )
    if query.number or query.extension or query.direction or query.search:
        return await _filtered(api, query, book)
    return await _plain(api, query, book)


async def records_of(
    api: Api, call_id: str, book: Book, *, waiting: bool
) -> tuple[m.CallRecord, ...]:
    """Ask for the records of one call; `waiting` says that a person waits for them."""
    ask = api.ask if waiting else api.read
    try:
        answer = await ask("telephony-events", "GET", EVENTS, params={"callId": call_id})
    except NotFoundError:
        return ()
    return tuple(record for record in _records(events(answer), book) if record.call_id == call_id)


async def record(api: Api, record_id: str, book: Book) -> m.CallRecord | None:
    """Ask for one record."""
    if not _RECORD_ID.fullmatch(record_id):
        raise InvalidInputError("record_id")
    try:
        answer = await api.ask("telephony-event", "GET", f"{EVENTS}/{record_id}")
    except NotFoundError:
        return None
    return next(iter(_records(events(answer), book)), None)


async def media(
    api: Api, kind: m.MediaKind, limit: int, offset: int, book: Book
) -> tuple[m.MediaItem, ...]:
    """Return the recordings or voicemails of records, newest first, as far as the pages go."""
    found: list[m.MediaItem] = []
    async for _, part in pages(api, m.HistoryQuery()):
        found += (
            m.MediaItem(
                id=one.id,
                kind=kind,
                caller=one.caller.name or one.caller.number,
                callee=one.callee.name or one.callee.number,
                time=one.started_at,
                duration=one.duration if kind is m.MediaKind.RECORDING else None,
            )
            for one in _records(part.rows, book)
            if sound_of(one, kind) and _RECORD_ID.fullmatch(one.id)
        )
        if len(found) >= offset + limit:
            break
    return tuple(found[offset : offset + limit])


def sound_of(one: m.CallRecord, kind: m.MediaKind) -> str | None:
    """Give the address of a record's sound."""
    return one.recording_url if kind is m.MediaKind.RECORDING else one.voicemail_url


async def pages(
    api: Api,
    query: m.HistoryQuery,
    digits: str = "",
    *,
    skip: int = 0,
    most: int = MAX_PAGES,
) -> AsyncIterator[tuple[int, Page]]:
    """Give the pages from the one that holds row `skip`, each with the place of its first row."""
    size, index = PAGE_SIZE, skip // PAGE_SIZE
    for _ in range(most):
        found = await _page(api, query, digits, index, size)
        if found.size != size:
            size, before = found.size, index
            index = skip // size
            if index != before:
                continue
        yield index * size, found
        if found.last:
            return
        index += 1


async def _page(api: Api, query: m.HistoryQuery, digits: str, index: int, size: int) -> Page:
    """Return one page of the history."""
    answer = await api.ask(
        "telephony-events",
        "POST",
        EVENTS,
        params=_order(query, index, size),
        json=_wanted(query, digits),
        timeout=TIMEOUT,
    )
    found = page(answer, size)
    if found is None:
        raise ConnectError("The answer is not a page")
    return found


async def _plain(api: Api, query: m.HistoryQuery, book: Book) -> m.HistoryPage:
    """Let the server do it all."""
    found: list[m.CallRecord] = []
    end = query.offset + query.limit
    total: int | None = None
    astray = False
    async for start, part in pages(api, query, skip=query.offset):
        read = list(_records(part.rows[max(0, query.offset - start) : max(0, end - start)], book))
        kept = [one for one in read if _within(one, query)]
        found += kept
        astray = astray or len(kept) < len(read)
        total = part.total
        if start + len(part.rows) >= end:
            break
    return m.HistoryPage(records=tuple(found), total=None if astray else total)


async def _filtered(api: Api, query: m.HistoryQuery, book: Book) -> m.HistoryPage:
    """Return records, reading pages until enough is found.

    A number is asked for in every way the server may have stored it.
    """
    found: dict[str, m.CallRecord] = {}
    complete = True
    left = MAX_PAGES
    for digits in _forms(query.number, book.country):
        matches = 0
        last = False
        async for _, part in pages(api, query, digits, most=max(1, left)):
            left -= 1
            for one in _matching(_records(part.rows, book), query, book.country):
                matches += 1
                found.setdefault(one.id, one)
            last = part.last
            if matches >= query.offset + query.limit:
                break
        complete = complete and last
    return _cut(found.values(), query, complete=complete)


async def _single(api: Api, query: m.HistoryQuery, book: Book) -> tuple[m.CallRecord, ...]:
    """Return the records of one call, or the one record of an id."""
    if query.record_id is None:
        return await records_of(api, query.call_id or "", book, waiting=True)
    found = await record(api, query.record_id, book)
    fits = found is not None and query.call_id in {None, found.call_id}
    return (found,) if found is not None and fits else ()


async def _csv(api: Api, query: m.HistoryQuery, country: str) -> str:
    """Return the server's own table; its columns are not published, so it is not filtered here."""
    text = ""
    for digits in _forms(query.number, country):
        reply = await api.ask_text(
            "telephony-events csv",
            "POST",
            EVENTS,
            params=_order(query, query.offset // query.limit, query.limit),
            json=_wanted(query, digits),
            headers={"Accept": "text/csv"},
            timeout=TIMEOUT,
        )
        read = reply.body.decode("utf-8-sig", errors="replace")
        text = lines(read, len(read))
        if text.lstrip()[:1] in {"{", "[", "<"}:
            raise ConnectError("The answer is not CSV")
        if len(text.strip().splitlines()) > 1:
            break
    return text


def _validate(query: m.HistoryQuery) -> None:
    """Raise InvalidInputError for a search that cannot be."""
    if not 1 <= query.limit <= MAX_LIMIT:
        raise InvalidInputError("limit", "out_of_range")
    if query.offset < 0:
        raise InvalidInputError("offset", "out_of_range")
    if query.start and query.end and _aware(query.start) > _aware(query.end):
        raise InvalidInputError("end", "out_of_range")
    if query.number and not _NUMBER.fullmatch(numbers.strip(query.number)):
        raise InvalidInputError("number", "invalid_number")
    if query.sort_by is not None and not _PROPERTY.fullmatch(query.sort_by):
        raise InvalidInputError("sort_by")
    if query.csv:
        for name in ("record_id", "call_id", "extension", "direction", "search"):
            if getattr(query, name):
                raise InvalidInputError(name, "conflict")
        if query.offset % query.limit:  # the server counts in pages
            raise InvalidInputError("offset", "conflict")


def _order(query: m.HistoryQuery, index: int, size: int) -> dict[str, str]:
    """Return which page is asked for, in which order."""
    order = "desc" if query.sort is m.Sort.NEWEST else "asc"
    return {"sort": f"{query.sort_by or BY_TIME},{order}", "size": str(size), "page": str(index)}


def _wanted(query: m.HistoryQuery, digits: str) -> dict[str, str]:
    """Return what the server is asked to filter."""
    body = {
        "number": digits,
        "date_time_from": _written(query.start),
        "date_time_to": _written(query.end),
    }
    return {name: value for name, value in body.items() if value}


def _written(moment: datetime | None) -> str:
    """Return a time as the server takes it; None where there is none."""
    if moment is None:
        return ""
    moment = _aware(moment).astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"


def _forms(number: str | None, country: str) -> tuple[str, ...]:
    """Return the ways a number may be stored in: with and without "+", and as it is dialled."""
    if not number:
        return ("",)
    shown = numbers.normalise(number, country)
    forms = (
        shown,
        shown.removeprefix("+"),
        numbers.national(shown) if shown.startswith("+") else "",
    )
    return tuple(dict.fromkeys(form for form in forms if form))


def _records(rows: Iterable[Json], book: Book) -> Iterator[m.CallRecord]:
    """Return the records of rows; rows that are none are left out."""
    return (found for row in rows if (found := read_record(row, book)) is not None)


def _matching(
    records: Iterable[m.CallRecord], query: m.HistoryQuery, country: str
) -> Iterable[m.CallRecord]:
    """Return the records that are looked for."""
    number = numbers.normalise(query.number, country) if query.number else ""
    words = (query.search or "").casefold()
    return (
        one
        for one in records
        if _within(one, query)
        and (not number or any(_same(number, known) for known in _numbers(one)))
        and (
            not query.extension
            or query.extension in {one.extension, one.answered_by, *_numbers(one)}
        )
        and (query.direction is None or one.direction is query.direction)
        and (not words or words in "\n".join(_words(one)).casefold())
    )


def _within(one: m.CallRecord, query: m.HistoryQuery) -> bool:
    """Check the dates once more: the reference itself shows rows outside of what was asked for."""
    if one.started_at is None:
        return not query.start and not query.end
    return (query.start is None or one.started_at >= _aware(query.start)) and (
        query.end is None or one.started_at <= _aware(query.end)
    )


def _aware(moment: datetime) -> datetime:
    """Return a time with a zone: UTC where it has none."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _same(wanted: str, known: str) -> bool:
    """Return whether a number is the wanted one, or a long one that holds it."""
    return numbers.same(wanted, known) or (
        len(wanted) > numbers.EXTENSION_DIGITS and wanted.lstrip("+0") in known
    )


def _numbers(one: m.CallRecord) -> Iterable[str]:
    """Return all numbers of a record."""
    return (
        number
        for number in (one.caller.number, one.callee.number, one.answered_by_number)
        if number
    )


def _words(one: m.CallRecord) -> Iterable[str]:
    """Return all texts of a record that a search looks through."""
    yield from (one.caller.name, one.callee.name, one.answered_by_name or "", *_numbers(one))
    for detail in one.details.values():
        if isinstance(detail, str):
            yield detail
        elif isinstance(detail, tuple):
            yield from detail


def _cut(
    records: Iterable[m.CallRecord], query: m.HistoryQuery, *, complete: bool
) -> m.HistoryPage:
    """Put records in order and give the part that was asked for.

    In the order of another property they come from the phone system.
    """
    never = datetime.min.replace(tzinfo=UTC)
    ordered = list(records)
    if query.sort_by in {None, BY_TIME}:
        ordered.sort(key=lambda one: one.started_at or never, reverse=query.sort is m.Sort.NEWEST)
    return m.HistoryPage(
        records=tuple(ordered[query.offset : query.offset + query.limit]),
        total=len(ordered) if complete else None,
    )
