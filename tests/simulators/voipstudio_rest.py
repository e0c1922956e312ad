"""The REST conventions of a simulated VoIPstudio: refusals, collections, filters and pages (section 3)."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from aiohttp import web

from tests.simulators.base import json_error
from tests.simulators.voipstudio_switches import VoipstudioSwitches

type Row = dict[str, Any]

MAX_LIMIT = 5000
DATES = {"calldate", "timestamp", "origtime", "created_at"}
DATE = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")
DOCUMENTED_OPERATORS = {"eq", "like", "gt", "gte", "lt", "lte"}
REPORTED_OPERATORS = {"ne", "in", "notlike"}
TEXTS = {
    400: "Validation error",
    401: "Unauthorized",
    403: "Access denied",
    404: "Resource not found",
    412: "Unable to make a call with no VoIP clients registered",
    500: "Internal server error",
    503: "Service unavailable",
}
INVALID = "This value is not valid."
BLANK = "This value should not be blank."
USED = "This value is already used."


class RefusalError(Exception):
    """The API says no."""

    def __init__(self, status: int, message: str = "", errors: Sequence[Mapping[str, str]] = (), **extra: str) -> None:
        """Keep what the answer will say."""
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"message": message or TEXTS.get(status, "Error"), "errors": list(errors), **extra}

    def response(self) -> web.Response:
        """Word the answer."""
        return json_error(self.status, self.body)


def invalid(field: str, message: str = INVALID) -> RefusalError:
    """Make a refusal of one field."""
    return RefusalError(400, errors=[{"field": field, "message": message}])


class Collection:
    """Rows by id, with the columns that may be filtered and the users who may see each row."""

    def __init__(
        self, columns: Iterable[str], *, first_id: int = 1, filterable: AbstractSet[str] | None = None
    ) -> None:
        """Start empty."""
        self.columns = tuple(columns)
        self.filterable = set(self.columns) if filterable is None else filterable
        self.rows: dict[int, Row] = {}
        self.owners: dict[int, frozenset[int]] = {}
        self._next = first_id

    def add(self, row: Row, *, owners: Iterable[int] = ()) -> int:
        """Add a row under a new id."""
        row_id, self._next = self._next, self._next + 1
        self.rows[row_id] = {"id": row_id, **row}
        self.owners[row_id] = frozenset(owners)
        return row_id

    def get(self, row_id: str) -> Row:
        """Find a row by the id in a path."""
        row = self.rows.get(int(row_id)) if row_id.isdecimal() else None
        if row is None:
            raise RefusalError(404)
        return row

    def remove(self, row_id: int) -> None:
        """Forget a row."""
        self.rows.pop(row_id, None)
        self.owners.pop(row_id, None)

    def clear(self) -> None:
        """Forget all rows."""
        self.rows.clear()
        self.owners.clear()

    def owned_by(self, user_id: int) -> list[Row]:
        """List the rows one user may see."""
        return [row for row_id, row in self.rows.items() if user_id in self.owners[row_id]]


def _positive(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal() or int(text) < 1:
        raise invalid(name)
    return int(text)


def _conditions(
    query: Mapping[str, str], filterable: AbstractSet[str], operators: AbstractSet[str]
) -> list[tuple[str, str, Any]]:
    if not query.get("filter"):
        return []
    refusal = RefusalError(400, "Filtration error")
    try:
        entries = json.loads(query["filter"])
    except ValueError:
        raise refusal from None
    if not isinstance(entries, list):
        raise refusal
    conditions = []
    for entry in entries:
        if not isinstance(entry, dict) or entry.get("operator") not in operators or "value" not in entry:
            raise refusal
        name, value = entry.get("property"), entry["value"]
        if name not in filterable:
            raise refusal
        dated = name in DATES and entry["operator"] not in {"like", "notlike", "in"}
        if dated and not DATE.fullmatch(str(value)):
            raise refusal
        conditions.append((str(name), str(entry["operator"]), value))
    return conditions


def _same(actual: object, value: object) -> bool:
    if isinstance(actual, bool):
        return value in ((True, 1, "1", "true") if actual else (False, 0, "0", "false"))
    if actual is None:
        return value is None
    return str(actual) == str(value)


def _order(actual: object, value: object) -> int | None:
    if isinstance(actual, int | float):
        try:
            number = float(str(value))
        except ValueError:
            return None
        return (actual > number) - (actual < number)
    if actual is None:
        return None
    text, wanted = str(actual), str(value)
    return (text > wanted) - (text < wanted)


def _meets(actual: object, operator: str, value: object) -> bool:
    if operator in {"gt", "gte", "lt", "lte"}:
        order = _order(actual, value)
        if order is None:
            return False
        return {"gt": order > 0, "gte": order >= 0, "lt": order < 0, "lte": order <= 0}[operator]
    if operator in {"like", "notlike"}:
        return (str(value).casefold() in str(actual).casefold()) is (operator == "like")
    if operator == "in":
        choices = value if isinstance(value, list) else str(value).split(",")
        return any(_same(actual, choice) for choice in choices)
    return _same(actual, value) is (operator == "eq")


def page_of(
    rows: Iterable[Row],
    query: Mapping[str, str],
    *,
    columns: Iterable[str],
    filterable: AbstractSet[str],
    switches: VoipstudioSwitches,
) -> tuple[list[Row], int]:
    """Filter, group, sort and page rows; give the page and how many rows matched."""
    limit = _positive(query, "limit", switches.default_limit)
    if limit > MAX_LIMIT:
        if switches.over_limit == "refuse":
            raise invalid("limit")
        limit = MAX_LIMIT
    page = _positive(query, "page", 1)
    operators = DOCUMENTED_OPERATORS | (REPORTED_OPERATORS if switches.extra_operators else set())
    conditions = _conditions(query, filterable, operators)
    found = [row for row in rows if all(_meets(row.get(name), how, value) for name, how, value in conditions)]
    known = set(columns)
    if group := query.get("group_by"):
        if group not in known:
            raise RefusalError(400, "Grouping error")
        found = list({str(row.get(group)): row for row in reversed(found)}.values())[::-1]
    if sort := query.get("sort"):
        if sort not in known or query.get("dir", "ASC").upper() not in {"ASC", "DESC"}:
            raise RefusalError(400, "Sorting error")
        found.sort(
            key=lambda row: (row.get(sort) is not None, _sortable(row.get(sort))),
            reverse=query.get("dir", "ASC").upper() == "DESC",
        )
    return found[(page - 1) * limit : page * limit], len(found)


def _sortable(value: object) -> tuple[float, str]:
    return (float(value), "") if isinstance(value, int | float) else (0.0, str(value))


def many(rows: list[Row], total: int) -> web.Response:
    """Answer a collection."""
    return web.json_response({"data": rows, "total": total})


def one(row: Row, status: int = 200) -> web.Response:
    """Answer a single resource."""
    return web.json_response({"data": row, "links": {}}, status=status)


def nothing(status: int = 204) -> web.Response:
    """Answer without a body."""
    return web.Response(status=status)


async def body_of(request: web.Request) -> Row:
    """Read a JSON object."""
    body = await _json(request)
    if not isinstance(body, dict):
        raise RefusalError(400)
    return body


async def items_of(request: web.Request) -> list[Row]:
    """Read the array of a bulk change."""
    body = await _json(request)
    if not isinstance(body, list) or not all(isinstance(item, dict) for item in body):
        raise RefusalError(400)
    return body


async def _json(request: web.Request) -> Any:
    try:
        return json.loads(await request.text())
    except ValueError:
        raise RefusalError(400, "Invalid JSON") from None


__all__ = [
    "BLANK",
    "INVALID",
    "TEXTS",
    "USED",
    "Collection",
    "RefusalError",
    "Row",
    "body_of",
    "invalid",
    "items_of",
    "many",
    "nothing",
    "one",
    "page_of",
]
