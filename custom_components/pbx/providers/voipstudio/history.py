"""Finished calls of VoIPstudio: how they are looked for, and how their rows become records.

The phone system's filters cannot say "or", so it narrows down the time; a number or a direction
is looked for by filter where a page of rows is not enough; the rest is done here.
"""

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from ...telephony import models as m
from ...telephony import phone_numbers as numbers
from ...telephony.errors import InvalidInputError, RefusedError
from ...telephony.models import Direction, Outcome
from ..values import Json, boolean, instant, number, seconds, text, texts
from .api import Api, Filter, Page, where
from .commands import id_of
from .payload import Book, ends, ident, letters, outcome_of_cause, short

NEWEST_FIRST = {"sort": "id", "dir": "DESC"}
MAX_LIMIT = 1000
HISTORY_PAGE = 1000
HISTORY_PAGES = 10
MAX_ID_DIGITS = 20
WITHOUT_CALL = "record "  # before the id of a row that names no call
OUTCOMES = {
    "connected": Outcome.ANSWERED,
    "answered": Outcome.ANSWERED,
    "noanswer": Outcome.NO_ANSWER,
    "missed": Outcome.NO_ANSWER,
    "cancelled": Outcome.CANCELLED,
    "canceled": Outcome.CANCELLED,
    "cancel": Outcome.CANCELLED,
    "busy": Outcome.BUSY,
    "rejected": Outcome.REJECTED,
    "declined": Outcome.REJECTED,
    "failed": Outcome.FAILED,
    "congestion": Outcome.FAILED,
    "voicemail": Outcome.VOICEMAIL,
}
"""By the letters of a row's disposition, of which no list is published."""
IN_VAIN = frozenset({Outcome.NO_ANSWER, Outcome.MISSED, Outcome.FAILED, Outcome.UNKNOWN})
"""What the cause of the end may say better."""
ROOTS: Filter = ("is_root", "eq", 1)  # the leg that stands for the whole call
MOST_KINDS = 20  # of rows when they are grouped
TYPES = {Direction.INCOMING: ("I", "M"), Direction.OUTGOING: ("O",)}
RECORD_WINDOW = timedelta(days=1)  # wider than any time zone the times may be written in
FEW_CALLS = 12  # whose other legs are asked for one by one
COMPARED_DIGITS = 9  # what two ways of writing a number have in common
WAYS = {"I": Direction.INCOMING, "M": Direction.INCOMING, "O": Direction.OUTGOING}


def check_range(limit: int, offset: int) -> None:
    """Raise InvalidInputError for a part of a list that cannot be."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInputError("limit", "out_of_range")
    if offset < 0:
        raise InvalidInputError("offset", "out_of_range")


def written(moment: datetime) -> str:
    """Return a time as filters take it: in UTC, without a zone."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


async def record_of(api: Api, call: m.Call, book: Book) -> m.CallRecord | None:
    """Return what was written down about a call; None where it is not there, or not yet."""
    since = (call.started_at or call.ended_at or datetime.now(UTC)) - RECORD_WINDOW
    params = {"filter": where(("calldate", "gte", written(since))), **NEWEST_FIRST}
    page = await anext(api.pages(api.http.read, "cdrs", params, size=HISTORY_PAGE))
    ids = {call.id, *(id_of(leg) for leg in call.legs)}
    for record, rows in records(page.rows, book):
        if record.call_id in ids or ids & {ident(row.get("live_id")) for row in rows}:
            return record
    return None


async def search(api: Api, query: m.HistoryQuery, book: Book) -> m.HistoryPage:
    """Return the finished calls that are looked for; `total` only where all were read."""
    check_range(query.limit, query.offset)
    pages = api.pages(
        api.http.ask, "cdrs", history_params(query), size=HISTORY_PAGE, most=HISTORY_PAGES
    )
    wanted = query.offset + query.limit
    rows: dict[str, Json] = {}
    found: list[m.CallRecord] = []
    complete = False
    async for page in pages:
        rows |= _by_id(page.rows)
        complete = page.last
        # The legs of the last call may go on on the next page.
        open_call = None if complete or not page.rows else root_of_record(page.rows[-1])
        found = _fitting(rows.values(), open_call, query, book)
        if complete or len(found) >= wanted:
            break
        if len(rows) <= HISTORY_PAGE and (rest := await _filtered(api, query, book)) is not None:
            return rest
    total = len(found) if complete else None
    return m.HistoryPage(records=tuple(found[query.offset : wanted]), total=total)


async def _filtered(api: Api, query: m.HistoryQuery, book: Book) -> m.HistoryPage | None:
    """Return the finished calls of a number or a direction, whose legs are asked for by filter.

    A filter finds single legs, so the others of their calls are asked for as well. Return None
    where that is more work than to read on, and where it cannot be filtered by these fields.
    """
    rows: dict[str, Json] = {}
    if not _ways(query):
        return None
    try:
        for found_by in _ways(query):
            async for page in _pages_by(api, query, *_narrowing(query), found_by):
                rows |= _by_id(page.rows)
                if not page.last:
                    return None
        roots = dict.fromkeys(filter(None, map(root_of_record, rows.values())))
        if len(roots) > FEW_CALLS or not all(map(str.isdigit, roots)):
            return None
        for root in roots:
            async for page in _pages_by(api, query, ("root_live_id", "eq", int(root))):
                rows |= _by_id(page.rows)
    except RefusedError:
        return None
    in_order = sorted(rows.values(), key=_place, reverse=query.sort is not m.Sort.OLDEST)
    found = _fitting(in_order, None, query, book)
    end = query.offset + query.limit
    return m.HistoryPage(records=tuple(found[query.offset : end]), total=len(found))


def _pages_by(api: Api, query: m.HistoryQuery, *filters: Filter) -> AsyncIterator[Page]:
    """Return the first page of the legs that a filter finds."""
    params = {**_order(query), "filter": where(*filters)}
    return api.pages(api.http.ask, "cdrs", params, size=HISTORY_PAGE, most=1)


def _by_id(rows: Iterable[Json]) -> dict[str, Json]:
    """Return rows by their id; those without one are left out."""
    return {key: row for row in rows if (key := ident(row.get("id")))}


def _ways(query: m.HistoryQuery) -> tuple[Filter, ...]:
    """Return the filters each of which finds some of the legs; none where there are no such.

    Of a call in a direction not each leg says so, so that a number goes first.
    """
    if query.number is None:
        types = TYPES.get(query.direction, ()) if query.direction else ()
        return tuple(("type", "eq", letter) for letter in types)
    digits = numbers.normalise(query.number, "").lstrip("+")[-COMPARED_DIGITS:]
    return (("src", "like", digits), ("dst", "like", digits)) if digits.isdigit() else ()


def _place(row: Json) -> float:
    """Return where a row stands in the history, by its id."""
    return number(row.get("id")) or 0.0


def _fitting(
    rows: Iterable[Json], open_call: str | None, query: m.HistoryQuery, book: Book
) -> list[m.CallRecord]:
    """Return the calls that are looked for, but not the one whose legs are not all read yet."""
    found = []
    for record, legs in records(rows, book):
        if root_of_record(legs[0]) != open_call and fits(record, legs, query, book):
            found.append(record)
    return found


def history_params(query: m.HistoryQuery) -> dict[str, str]:
    """Return what the phone system itself can narrow down: the time and the record."""
    filters = [*_narrowing(query)]
    return _order(query) | ({"filter": where(*filters)} if filters else {})


async def statistics(api: Api, start: datetime | None, end: datetime | None) -> m.Statistics:
    """Return how many calls there were, counted by the phone system itself.

    `group_by` gives one leg of each kind that there is, and a filter for the kind its number.
    """
    period = [*_narrowing(m.HistoryQuery(start=start, end=end)), ROOTS]
    by_type = await _counted(api, "type", period)
    by_disposition = await _counted(api, "disposition", period)
    by_direction: dict[str, int] = {}
    for letter, count in by_type.items():
        if (way := WAYS.get(letter)) is not None:
            by_direction[way.value] = by_direction.get(way.value, 0) + count
    return m.Statistics(
        total=sum(by_disposition.values()),
        answered=by_disposition.get("CONNECTED", 0),
        missed=by_type.get("M", 0),
        by_direction=by_direction,
    )


async def _counted(api: Api, field: str, period: Sequence[Filter]) -> dict[str, int]:
    """Return how many whole calls of a period there are of each value of a field."""
    params = {"filter": where(*period), "group_by": field}
    pages = api.pages(api.http.ask, "cdrs", params, size=MOST_KINDS, most=1)
    kinds = dict.fromkeys(text(row.get(field)) for row in (await anext(pages)).rows)
    counts: dict[str, int] = {}
    for kind in filter(None, kinds):
        filters = (*period, (field, "eq", kind))
        counts[kind.upper()] = await api.count("cdrs", {"filter": where(*filters)})
    return counts


def _narrowing(query: m.HistoryQuery) -> Iterator[Filter]:
    """Give the filters for the time and the record."""
    if query.start is not None:
        yield ("calldate", "gte", written(query.start))
    if query.end is not None:
        yield ("calldate", "lte", written(query.end))
    if query.record_id is not None:
        yield ("id", "eq", _row_id(query.record_id))


def _order(query: m.HistoryQuery) -> dict[str, str]:
    """Return in which order rows are asked for."""
    return {"sort": "id", "dir": "ASC" if query.sort is m.Sort.OLDEST else "DESC"}


def _row_id(value: str) -> int:
    """Return the id of a row as the number that it is; raise InvalidInputError for others."""
    if not value.isascii() or not value.isdigit() or len(value) > MAX_ID_DIGITS:
        raise InvalidInputError("record_id", "invalid_value")
    return int(value)


def fits(record: m.CallRecord, legs: Sequence[Json], query: m.HistoryQuery, book: Book) -> bool:
    """Return whether a finished call, made of these rows, is one that is looked for."""
    if not _in_time(record, query) or query.direction not in (None, record.direction):
        return False
    if query.record_id is not None and query.record_id not in {
        ident(leg.get("id")) for leg in legs
    }:
        return False
    if query.call_id is not None:
        call_ids = {ident(leg.get("live_id")) for leg in legs}
        if query.call_id not in {record.call_id, *call_ids}:
            return False
    both = [ends(leg, book) for leg in legs]
    if query.extension is not None:
        users = [user for end in both for user in (end.caller, end.callee)]
        if query.extension not in {user.number for user in users if user is not None}:
            return False
    parties = [party for end in both for party in (end.from_party, end.to_party)]
    if query.number is not None:
        wanted = numbers.normalise(query.number, book.country)
        if not any(numbers.same(party.number, wanted) for party in parties):
            return False
    words = (query.search or "").casefold()
    return any(words in f"{party.number} {party.name}".casefold() for party in parties)


def _in_time(record: m.CallRecord, query: m.HistoryQuery) -> bool:
    """Return whether a call began in the time that is looked for; records have whole seconds."""
    began = record.started_at
    if began is None:
        return True
    if query.start is not None and began < query.start.replace(microsecond=0):
        return False
    return query.end is None or began <= query.end


def records(rows: Iterable[Json], known: Book) -> Iterator[tuple[m.CallRecord, tuple[Json, ...]]]:
    """Return the finished calls, each with the rows of its legs."""
    groups: dict[str, list[Json]] = {}
    for row in rows:
        if key := root_of_record(row):
            groups.setdefault(key, []).append(row)
    for key, group in groups.items():
        yield _record(key, group, known), tuple(group)


def root_of_record(row: Json) -> str:
    """Return the name of the call to which a leg of a finished call belongs; empty for none."""
    for name in ("root_live_id", "parent_live_id", "live_id"):
        if found := ident(row.get(name)):
            return found
    own = ident(row.get("id"))
    return f"{WITHOUT_CALL}{own}" if own else ""


def _record(key: str, group: list[Json], known: Book) -> m.CallRecord:
    """Return the record of a call, from the rows of its legs."""
    main = _main_row(key, group)
    both = ends(main, known)
    way = both.direction or WAYS.get(text(main.get("type")).upper())
    taken = _answered_row(main, group, known, way)
    outcome = _outcome(taken, way, alone=len(group) == 1)
    by_machine = outcome is Outcome.ANSWERED and _is_machine(taken, known, way)
    if by_machine and any(_is_phone(row, known) for row in group):
        outcome = Outcome.MISSED  # a menu or a queue picked up, and no phone that it rang
    answered = outcome is Outcome.ANSWERED
    started, length = instant(main.get("calldate")), seconds(main.get("duration"))
    talk = seconds(taken.get("billsec"))
    talk = 0.0 if talk and outcome in m.UNTAKEN else talk
    ring = length - talk if length is not None and talk is not None and length >= talk else None
    picked = known.end(taken, "dst") if answered and way is not Direction.OUTGOING else None
    user = (both.caller if way is Direction.OUTGOING else both.callee) or picked or both.caller
    labels = tuple(short(label) for label in texts(main.get("labels")))
    return m.CallRecord(
        id=ident(main.get("id")),
        call_id=None if key.startswith(WITHOUT_CALL) else key,
        direction=way,
        outcome=outcome,
        by_seconds=answered and by_machine,
        caller=both.from_party,
        callee=both.to_party,
        extension=user.number or None if user else None,
        answered_by=picked.number or None if picked else None,
        answered_by_number=picked.number or None if picked else None,
        answered_by_name=picked.name or None if picked else None,
        started_at=started,
        answered_at=_later(started, ring) if answered else None,
        ended_at=_later(started, length),
        ring_time=ring,
        duration=talk if answered else None,
        hangup_cause=short(main.get("t_cause")) or None,
        details={"labels": labels} if labels else {},
    )


def _main_row(key: str, group: list[Json]) -> Json:
    """Return the row that is about a whole call."""
    for row in group:
        if boolean(row.get("is_root")):
            return row
    for row in group:
        if ident(row.get("live_id")) == key:
            return row
    return group[0]


def _is_phone(row: Json, known: Book) -> bool:
    """Return whether a leg is that of a called phone of ours."""
    return known.end(row, "dst") is not None


def _is_machine(row: Json, known: Book, way: Direction | None) -> bool:
    """Return whether the leg of a call that was answered may be a machine's.

    That is a menu, a queue or a mailbox, unless a call from outside has gone out again to somebody.
    Of a call from inside, only the context can tell.
    """
    outside = text(row.get("type")).upper() == "O"
    from_outside = way in {Direction.INCOMING, None} and not (_is_phone(row, known) or outside)
    return from_outside or ends(row, known).waits


def _answered_row(main: Json, group: list[Json], known: Book, way: Direction | None) -> Json:
    """Return the row that tells whether a call was answered, and by whom; a person's is better."""
    below = sorted(
        (row for row in group if row is not main), key=lambda row: _is_machine(row, known, way)
    )
    for row in below:
        if _outcome(row, way) is Outcome.ANSWERED:
            return row
    # Of a call placed by API the first row is the caller's own phone, whose pick-up is no answer.
    return below[0] if below and way is Direction.OUTGOING else main


def _later(moment: datetime | None, length: float | None) -> datetime | None:
    """Return a time some seconds later; None where either is unknown."""
    if moment is None or length is None:
        return None
    return instant(moment.timestamp() + length)


def _outcome(row: Json, way: Direction | None, *, alone: bool = False) -> Outcome:
    """Return what became of one leg; one that is `alone` may tell why by the cause of its end."""
    said = OUTCOMES.get(letters(row.get("disposition")), Outcome.UNKNOWN)
    if text(row.get("type")).upper() == "M":
        said = Outcome.MISSED
    why = outcome_of_cause(row.get("t_cause")) if alone and said in IN_VAIN else None
    if why is not None and (way is Direction.OUTGOING or why is Outcome.REJECTED):
        return why
    if way is Direction.OUTGOING:
        return Outcome.NO_ANSWER if said is Outcome.MISSED else said
    return Outcome.MISSED if said in {Outcome.NO_ANSWER, Outcome.CANCELLED} else said
