"""VOIP@'s call records: what the two servers filter wrongly or not at all is filtered here."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from ...telephony import models as m
from ...telephony.errors import ConnectError, InvalidInputError, RefusedError
from ...telephony.phone_numbers import EXTENSION_DIGITS, same, strip
from ..values import integer, mapping
from .api import FORBIDDEN, INTERNAL_ERROR, NOT_FOUND, Api, Variant, reason_of, refusal, rows_of
from .payload import UUID, Tenant, read_record, read_statistics, sum_up

PAGE, PAGES = 1000, 10
SECONDS = 30.0  # a thousand records take longer than other answers

_NO_COLUMN = re.compile(r"column .* does not exist")
_WAYS = {
    m.Direction.INCOMING: "inbound",
    m.Direction.OUTGOING: "outbound",
    m.Direction.INTERNAL: "local",
}


class History:
    """The call records of one tenant."""

    def __init__(self, api: Api, tenant: Callable[[], Tenant]) -> None:
        """Ask one bridge; whose records these are is asked each time."""
        self._api = api
        self._tenant = tenant

    async def exists(self) -> bool:
        """Return whether records can be asked for.

        The Node server has none without a column that FusionPBX never had.
        """
        try:
            reply = await self._api.get(
                "records", "/cdr", {"domain": self._tenant().domain, "limit": "1"}, waiting=True
            )
        except ConnectError:
            return True
        if reply.status == NOT_FOUND:
            return False
        return not (reply.status == INTERNAL_ERROR and _NO_COLUMN.search(reason_of(reply)))

    async def search(self, query: m.HistoryQuery) -> m.HistoryPage:
        """Look for finished calls; what a server filters wrongly or not at all is filtered here."""
        if not 1 <= query.limit <= PAGE:
            raise InvalidInputError("limit", "out_of_range")
        if query.offset < 0:
            raise InvalidInputError("offset", "out_of_range")
        if query.record_id is not None or query.call_id is not None:
            return await self._single(query)
        if query.number is not None:
            query = replace(query, number=self._tenant().looked_for(query.number))
        params, exact = self._server_filters(query)
        if exact:
            window = {"limit": str(query.limit), "offset": str(query.offset)}
            records, total, _ = await self._page({**params, **window})
            return m.HistoryPage(records=tuple(records), total=total)
        found, complete = await self._scan(query, params)
        if query.sort is m.Sort.OLDEST:
            found.reverse()
        window_end = query.offset + query.limit
        return m.HistoryPage(
            records=tuple(found[query.offset : window_end]), total=len(found) if complete else None
        )

    async def _single(self, query: m.HistoryQuery) -> m.HistoryPage:
        """Look one record up by its id, which is also that of the call."""
        wanted = {name for name in (query.record_id, query.call_id) if name is not None}
        for field, value in (("record_id", query.record_id), ("call_id", query.call_id)):
            if value is not None and not UUID.fullmatch(value):
                raise InvalidInputError(field)
        record = await self.record(next(iter(wanted)), waiting=True) if len(wanted) == 1 else None
        found = () if record is None or not _matches(record, query) else (record,)
        return m.HistoryPage(records=found[query.offset :], total=len(found))

    async def record(self, record_id: str, *, waiting: bool) -> m.CallRecord | None:
        """Ask for one record; None where there is none of ours."""
        path = f"/cdr/{record_id.lower()}"
        reply = await self._api.get(
            "record", path, {"domain": self._tenant().domain}, waiting=waiting
        )
        if reply.status in {NOT_FOUND, FORBIDDEN}:
            return None
        if not reply.ok:
            raise refusal(reply)
        return read_record(mapping(mapping(reply.json()).get("record")), self._tenant())

    def _server_filters(self, query: m.HistoryQuery) -> tuple[dict[str, str], bool]:
        """Choose what the server is asked to filter; tell whether that is all."""
        params = {"domain": self._tenant().domain}
        node = self._api.variant is Variant.NODE
        exact = query.sort is m.Sort.NEWEST
        if query.direction is not None:
            params["direction"] = _WAYS[query.direction]
        if query.extension is not None:
            params["extension"] = query.extension
        if query.search is not None:
            # Python's search knows upper from lower case, and records hold numbers as dialled.
            if not query.search.startswith("+") and (
                node or not any(map(str.isalpha, query.search))
            ):
                params["search"] = query.search
            else:
                exact = False
        if query.number is not None:
            exact = False
            # Records have no "+", and their numbers may begin in the national way.
            digits = query.number.lstrip("+")
            params.setdefault(
                "extension" if len(digits) <= EXTENSION_DIGITS else "search",
                digits[-EXTENSION_DIGITS:],
            )
        for key, moment in (("start_date", query.start), ("end_date", query.end)):
            if moment is not None and node:
                params[key] = moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
            exact = exact and (moment is None or node)
        return params, exact

    async def _scan(
        self, query: m.HistoryQuery, params: Mapping[str, str]
    ) -> tuple[list[m.CallRecord], bool]:
        """Read pages, newest first, until there is enough; tell whether that was everything."""
        found: dict[str, m.CallRecord] = {}
        enough = query.offset + query.limit if query.sort is m.Sort.NEWEST else None
        for page in range(PAGES):
            window = {"limit": str(PAGE), "offset": str(page * PAGE)}
            records, _, rows = await self._page({**params, **window})
            found |= {record.id: record for record in records if _matches(record, query)}
            last = records[-1].started_at if records else None
            if rows < PAGE or (query.start and last and last < query.start):
                return list(found.values()), True
            if enough is not None and len(found) > enough:
                return list(found.values()), False
        raise RefusedError("There are too many records: narrow the period")

    async def _page(self, params: Mapping[str, str]) -> tuple[list[m.CallRecord], int | None, int]:
        """Return one page: its records, how many there are in all, and how many rows came."""
        reply = await self._api.get("records", "/cdr", params, waiting=True, seconds=SECONDS)
        if not reply.ok:
            raise refusal(reply, [params[key] for key in ("extension", "search") if key in params])
        rows = rows_of(reply, "records")
        records = [
            record for row in rows if (record := read_record(row, self._tenant())) is not None
        ]
        return records, integer(mapping(reply.json()).get("total")), len(rows)

    async def statistics(self, start: datetime | None, end: datetime | None) -> m.Statistics:
        """Sum up finished calls; counted here where the server cannot."""
        params, exact = self._server_filters(m.HistoryQuery(start=start, end=end))
        if exact:
            reply = await self._api.get(
                "statistics", "/cdr/stats/summary", params, waiting=True, seconds=SECONDS
            )
            found = read_statistics(mapping(reply.json()).get("stats")) if reply.ok else None
            if found is not None:
                return found
        query = m.HistoryQuery(start=start, end=end, sort=m.Sort.OLDEST)
        return sum_up((await self._scan(query, params))[0])


def _matches(record: m.CallRecord, query: m.HistoryQuery) -> bool:
    """Tell whether a record is looked for, by what is given."""
    began, ends = record.started_at, (record.caller.number, record.callee.number)
    if (query.start and (began is None or began < query.start)) or (
        query.end and (began is None or began > query.end)
    ):
        return False
    if query.direction is not None and record.direction is not query.direction:
        return False
    if query.number is not None and not any(same(end, query.number) for end in ends):
        return False
    if query.extension is not None and query.extension not in {
        *ends,
        record.extension,
        record.answered_by,
    }:
        return False
    return query.search is None or _has(record, query.search.casefold())


def _has(record: m.CallRecord, wanted: str) -> bool:
    """Tell whether a text is in the caller's name or in a number of a record."""
    ends = (record.caller.number, record.callee.number)
    if wanted.startswith("+"):  # a country and more, as numbers are told
        return any(strip(wanted) in end for end in ends)
    # A number that was dialled as "030…" is kept as "+4930…".
    digits = wanted.lstrip("+0")
    return wanted in record.caller.name.casefold() or any(
        (digits or wanted) in end.casefold() for end in ends
    )
