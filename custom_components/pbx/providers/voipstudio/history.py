"""Finished calls of VoIPstudio: how they are looked for, and how their rows become records.

The phone system's filters cannot say "or", so it only narrows down the time; the rest is done here.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from ...telephony import models as m
from ...telephony import phone_numbers as numbers
from ...telephony.errors import InvalidInputError
from ...telephony.models import Direction, Outcome
from ..values import Json, boolean, instant, number, text, texts
from .api import Filter, where
from .payload import Book, ends, ident, short

MAX_LIMIT = 1000
MAX_ID_DIGITS = 20


def check_range(limit: int, offset: int) -> None:
    """Refuse a part of a list that cannot be."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidInputError("limit", "out_of_range")
    if offset < 0:
        raise InvalidInputError("offset", "out_of_range")


def written(moment: datetime) -> str:
    """Write a time as filters take it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


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
    wanted = numbers.normalise(query.number or "", book.country)
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
        and (query.number is None or any(numbers.same(party.number, wanted) for party in parties))
        and (
            not words
            or any(words in f"{party.number} {party.name}".casefold() for party in parties)
        )
    )


OUTCOMES = {"CONNECTED": Outcome.ANSWERED, "BUSY": Outcome.BUSY, "FAILED": Outcome.FAILED}


def records(rows: Iterable[Json], known: Book) -> Iterator[tuple[m.CallRecord, tuple[Json, ...]]]:
    """Put the legs of finished calls together, each with the rows it was made of."""
    groups: dict[str, list[Json]] = {}
    for row in rows:
        if key := root_of_record(row):
            groups.setdefault(key, []).append(row)
    for key, group in groups.items():
        yield _record(key, group, known), tuple(group)


def root_of_record(row: Json) -> str:
    """Name the call to which a leg of a finished call belongs."""
    names = ("root_live_id", "parent_live_id", "live_id")
    found = next((key for name in names if (key := ident(row.get(name)))), "")
    return found or (f"record {own}" if (own := ident(row.get("id"))) else "")


def _record(key: str, group: list[Json], known: Book) -> m.CallRecord:
    main = next(
        (row for row in group if boolean(row.get("is_root"))),
        next((row for row in group if ident(row.get("live_id")) == key), group[0]),
    )
    both = ends(main, known)
    way = both.direction or {
        "I": Direction.INCOMING,
        "M": Direction.INCOMING,
        "O": Direction.OUTGOING,
    }.get(text(main.get("type")).upper())
    below = [row for row in group if row is not main]
    # Of a call placed by API the first row is the caller's own phone, whose pick-up is no answer.
    other = below[0] if below and way is Direction.OUTGOING else main
    taken = next((row for row in below if _outcome(row, way) is Outcome.ANSWERED), other)
    outcome = _outcome(taken, way)
    answered = outcome is Outcome.ANSWERED
    started, length, talk = (
        instant(main.get("calldate")),
        number(main.get("duration")),
        number(taken.get("billsec")),
    )
    ring = length - talk if length is not None and talk is not None and length >= talk else None
    picked = known.end(taken, "dst") if answered and way is not Direction.OUTGOING else None
    user = (both.caller if way is Direction.OUTGOING else both.callee) or picked or both.caller
    begun = started.timestamp() if started else None
    return m.CallRecord(
        id=ident(main.get("id")),
        call_id=None if key.startswith("record ") else key,
        direction=way,
        outcome=outcome,
        caller=both.from_party,
        callee=both.to_party,
        extension=user.number or None if user else None,
        answered_by=picked.number or None if picked else None,
        answered_by_number=picked.number or None if picked else None,
        answered_by_name=picked.name or None if picked else None,
        started_at=started,
        answered_at=instant(begun + ring)
        if answered and begun is not None and ring is not None
        else None,
        ended_at=instant(begun + length) if begun is not None and length is not None else None,
        ring_time=ring,
        duration=talk if answered else None,
        hangup_cause=short(main.get("t_cause")) or None,
        details={"labels": labels}
        if (labels := tuple(short(label) for label in texts(main.get("labels"))))
        else {},
    )


def _outcome(row: Json, way: Direction | None) -> Outcome:
    if text(row.get("type")).upper() == "M":
        return Outcome.MISSED
    word = text(row.get("disposition")).upper().replace("_", " ")
    if word == "NO ANSWER":
        return Outcome.CANCELLED if way is Direction.OUTGOING else Outcome.MISSED
    return OUTCOMES.get(word, Outcome.UNKNOWN)
