"""VoIPstudio's page *REST API Documentation* as a server: a login, HTTP Basic, JSON, pages, filters, groups.

The page names one path, the login, and no resource: a test says which there are, and every rule of
the page holds for each of them. No sorting and no webhook is named; so there is none here. Where
the page leaves something open, an attribute says what was chosen, and a test may choose otherwise.
"""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from http import HTTPStatus
from typing import Any

from aiohttp import web

from .page import Page

BASE = "/v1.1/voipstudio"
MOST_RECORDS = 5000
PARAMETERS = frozenset({"page", "limit", "filter", "group_by"})

type Record = dict[str, Any]
type Answer = tuple[int, Any]


class RefusalError(Exception):
    """An answer with a status code, a general message and an array of messages."""

    def __init__(self, status: int, *errors: Any, message: str | None = None) -> None:
        """Take the status and the messages; without a general one, the status has one."""
        super().__init__(status)
        self.status = status
        self.errors = list(errors)
        self.message = HTTPStatus(status).phrase if message is None else message


class VoipstudioPage(Page):
    """An API that speaks exactly as the page says."""

    def __init__(self) -> None:
        """Start with one user who has a password and an API key, and no resource."""
        super().__init__()
        self.email = "user@example.com"
        self.password = "$ecretPas$$"
        self.user_id = 12345
        self.api_key = "api_key_of_the_user"
        self.tokens: set[str] = set()
        # A list is a collection under its path, whose records have an `id`; a dict is a single resource.
        self.resources: dict[str, list[Record] | Record] = {}
        self.answers: dict[tuple[str, str], Answer] = {}
        self.refusals: dict[tuple[str, str], RefusalError] = {}
        # What the page leaves open, and what was chosen.
        self.first_page = 1
        self.limit: int | None = None
        self.parameters = set(PARAMETERS)
        self.operators: dict[str, Callable[[Any, Any], bool]] = {"like": _is_like}
        self.wrong_login = 401
        self.created = 201
        self._logins = 0

    def sent(self, method: str, path: str) -> list[Any]:
        """Return the bodies of each request with a method to a path below the base; None where there was none."""
        return [
            json.loads(asked.text) if asked.text else None
            for asked in self.asked
            if (asked.method, asked.path) == (method, f"{BASE}/{path}")
        ]

    async def answer(self, request: web.Request, text: str) -> web.StreamResponse:
        """Answer a request, or refuse it with a message and an array of them: always in JSON."""
        headers = {"Access-Control-Allow-Origin": "*"}
        try:
            status, answer = self._carry_out(request, text)
        except RefusalError as refusal:
            status, answer = refusal.status, {"message": refusal.message, "errors": refusal.errors}
            if status == HTTPStatus.UNAUTHORIZED:
                headers["WWW-Authenticate"] = "Basic"
        return web.json_response(answer, status=status, headers=headers)

    def _carry_out(self, request: web.Request, text: str) -> Answer:
        """Check a request from the outside to the inside, then carry it out."""
        if not request.path.startswith(f"{BASE}/"):
            raise RefusalError(404, "The API is at another address")
        path = request.path.removeprefix(f"{BASE}/")
        if path == "login":
            return self._log_in(request, text)
        if not self._is_known(request.headers.get("Authorization", "")):
            raise RefusalError(401, "A user_id with a user_token or an API key is needed")
        key = (request.method, path)
        if key in self.refusals:
            raise self.refusals[key]
        if key in self.answers:
            return self.answers[key]
        query = dict(request.query)
        if unknown := set(query) - self.parameters:
            raise RefusalError(400, *(f"{name} is no parameter" for name in sorted(unknown)))
        return self._resource(request.method, path, query, lambda: _read(request.content_type, text))

    # -- who asks --------------------------------------------------------------------------------------

    def _log_in(self, request: web.Request, text: str) -> Answer:
        """Return the user's id and a new token for an email address and a password."""
        if request.method != "POST":
            raise RefusalError(405, "A login is a POST")
        body = _read(request.content_type, text)
        if missing := [name for name in ("email", "password") if not body.get(name)]:
            raise RefusalError(400, *(f"{name} is required" for name in missing))
        if (body["email"], body["password"]) != (self.email, self.password):
            raise RefusalError(self.wrong_login, "The email address or the password is wrong")
        self._logins += 1
        token = f"user_token_{self._logins}"
        self.tokens.add(token)
        return 200, {"message": "Login success", "user_id": self.user_id, "user_token": token}

    def _is_known(self, authorization: str) -> bool:
        """Return whether a header is Basic with the user's id and a token or the API key, with a colon between."""
        scheme, _, encoded = authorization.partition(" ")
        if scheme.casefold() != "basic":
            return False
        try:
            user_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except binascii.Error, UnicodeDecodeError:
            return False
        return user_id == str(self.user_id) and secret in {self.api_key, *self.tokens}

    # -- resources -------------------------------------------------------------------------------------

    def _resource(self, method: str, path: str, query: Mapping[str, str], read: Callable[[], Record]) -> Answer:
        """Answer for a collection, for one record of it, or for a resource that is single."""
        resource = self.resources.get(path)
        if isinstance(resource, list):
            return self._collection(method, path, resource, query, read)
        if query:
            raise RefusalError(400, "Pages, filters and groups are for collections")
        if resource is not None:
            return self._single(method, path, resource, read)
        folder, _, name = path.rpartition("/")
        records = self.resources.get(folder)
        if isinstance(records, list):
            for record in records:
                if str(record["id"]) == name:
                    if method != "DELETE":
                        return self._single(method, path, record, read)
                    records.remove(record)
                    return 200, {}
        raise RefusalError(404, f"There is no {path}")

    def _collection(
        self, method: str, path: str, records: list[Record], query: Mapping[str, str], read: Callable[[], Record]
    ) -> Answer:
        """Return the records of a collection that are asked for, or add one."""
        if query and method != "GET":
            raise RefusalError(400, "Pages, filters and groups are for GET")
        if method == "POST":
            record = {"id": 1 + max((int(record["id"]) for record in records), default=0), **read()}
            records.append(record)
            return self.created, _one(f"{path}/{record['id']}", record)
        if method != "GET":
            raise RefusalError(405, "A collection can be read, and added to")
        found = self._filter(records, query["filter"]) if "filter" in query else records
        if "group_by" in query:
            found = _group(found, query["group_by"])
        return 200, {"data": self._cut(found, query), "total": len(found)}

    def _single(self, method: str, path: str, record: Record, read: Callable[[], Record]) -> Answer:
        """Return one record, or change it."""
        if method in {"PUT", "PATCH"}:
            record.update(read())
        elif method != "GET":
            raise RefusalError(405, "A record can be read, changed and removed")
        return 200, _one(path, record)

    def _filter(self, records: list[Record], text: str) -> list[Record]:
        """Return the records that every condition of a filter holds for."""
        try:
            conditions = json.loads(text)
        except ValueError:
            raise RefusalError(400, "The filter is no JSON") from None
        if not isinstance(conditions, list):
            raise RefusalError(400, "The filter is no array")
        found = records
        for condition in conditions:
            if not isinstance(condition, dict) or set(condition) != {"operator", "value", "property"}:
                raise RefusalError(400, "A condition has an operator, a value and a property")
            if condition["operator"] not in self.operators:
                raise RefusalError(400, f"{condition['operator']} is no operator")
            name = condition["property"]
            _check_property(records, name)
            fits = self.operators[condition["operator"]]
            found = [record for record in found if fits(record.get(name), condition["value"])]
        return found

    def _cut(self, records: list[Record], query: Mapping[str, str]) -> list[Record]:
        """Return the page of the records that is asked for; all, when none is."""
        page = _number(query, "page", self.first_page)
        limit = _number(query, "limit", MOST_RECORDS if self.limit is None else self.limit)
        if page < self.first_page or not 1 <= limit <= MOST_RECORDS:
            raise RefusalError(400, f"A page has 1 to {MOST_RECORDS} records")
        if self.limit is None and not {"page", "limit"} & set(query):
            return records
        start = (page - self.first_page) * limit
        return records[start : start + limit]


def basic(user_id: object, secret: str, *, separator: str = ":") -> str:
    """Return the *Authorization* header of a user's id with a token or an API key."""
    return f"Basic {base64.b64encode(f'{user_id}{separator}{secret}'.encode()).decode()}"


def _read(content_type: str, text: str) -> Record:
    """Return the object in a request's body; refuse anything else."""
    if content_type != "application/json":
        raise RefusalError(400, "The body is not declared as JSON")
    try:
        body = json.loads(text)
    except ValueError:
        raise RefusalError(400, "The body is no JSON") from None
    if not isinstance(body, dict):
        raise RefusalError(400, "The body is no object")
    return body


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    """Return a number of the query."""
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise RefusalError(400, f"{name} is no number")
    return int(text)


def _is_like(value: Any, part: Any) -> bool:
    """Return whether a value has a text in it, whatever its case."""
    return str(part).casefold() in str(value).casefold()


def _check_property(records: list[Record], name: Any) -> None:
    """Refuse a property that no record has; when there is no record, any may exist."""
    if records and not any(name in record for record in records):
        raise RefusalError(400, f"{name} is no property")


def _group(records: list[Record], name: str) -> list[Record]:
    """Return the first record of each value of a property."""
    _check_property(records, name)
    groups: dict[str, Record] = {}
    for record in records:
        groups.setdefault(json.dumps(record.get(name)), record)
    return list(groups.values())


def _one(path: str, record: Record) -> Record:
    """Return one record with the links to what belongs to it."""
    return {"data": deepcopy(record), "links": {"self": f"{BASE}/{path}"}}
