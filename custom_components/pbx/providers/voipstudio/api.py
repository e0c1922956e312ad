"""How VoIPstudio is asked: address, credentials, pages, and what its answers to errors mean."""

import json
import re
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from ...telephony.errors import (
    AuthError,
    ConnectError,
    NotFoundError,
    ProviderError,
    Refusal,
    RefusedError,
    UnknownOutcomeError,
)
from ..http import HttpClient, Reply
from ..values import CUT, Json, integer, mapping, mappings, text, without

DEFAULT_URL = "https://l7api.com/v1.2/voipstudio"
PATH = "/v1.2/voipstudio"
PAGE = 5000  # the most that may be asked for
JSON: Mapping[str, str] = {"Content-Type": "application/json"}  # as in every example of the page
MAX_PAGES = 20
MAX_REASON = 200
MAX_ERRORS = 10
DEEPEST_ERROR = 4
ABOUT_ERRORS = frozenset({"message", "field", "code"})
SHORTEST_SECRET = 3

UNAUTHORISED = 401
FORBIDDEN = 403
NOT_FOUND = 404
# Why the phone that rings first was not reached: none is registered, nobody took it, it is busy.
NOT_REACHED: Mapping[int, Refusal] = {
    412: Refusal.UNAVAILABLE,
    480: Refusal.UNAVAILABLE,
    486: Refusal.BUSY,
}
GATEWAY_ERRORS = frozenset({502, 504})
SERVER_ERRORS = range(500, 600)
CLIENT_ERRORS = range(400, 500)
ERRORS = range(400, 600)

_KEY = re.compile(r"[!-~]{1,512}")
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DIGITS = re.compile(r"\+?[0-9](?:[\s\-.()/]{0,2}[0-9]){5,}")


class ForbiddenError(RefusedError):
    """The user whose key it is may not do that."""

    usual = Refusal.NO_PERMISSION


type Ask = Callable[..., Awaitable[Reply]]
type Params = Mapping[str, str]
type Filter = tuple[str, str, str | int]


NONE: Params = {}


class Page(NamedTuple):
    """One page of a list; `last` says that nothing follows, `whole` that no row was missed."""

    rows: tuple[Json, ...]
    last: bool
    whole: bool


def base_url(address: str) -> str:
    """Complete the address a person typed; without a path it is the current version's."""
    if not address:
        return DEFAULT_URL
    url = (address if "://" in address else f"https://{address}").rstrip("/")
    return url if "/" in url.partition("://")[2] else url + PATH


def where(*filters: Filter) -> str:
    """Write filters, all of which have to fit."""
    return json.dumps(
        [
            {"property": name, "operator": operator, "value": value}
            for name, operator, value in filters
        ]
    )


def path_of(*parts: str) -> str:
    """Join a path; an id that could leave it belongs to nothing."""
    if not all(_ID.fullmatch(part.removesuffix(".mp3")) for part in parts):
        raise NotFoundError("There is no such id", str(NOT_FOUND))
    return "/".join(parts)


def data_of(reply: Reply) -> Json:
    """Give what a single answer holds; empty where that cannot be read."""
    try:
        answer = mapping(reply.json())
    except ConnectError:
        return {}
    return mapping(answer.get("data")) or answer


class Api:
    """One account's REST API; `user` switches from X-Auth-Token to HTTP Basic."""

    def __init__(self, http: HttpClient, url: str, key: str, user: str = "") -> None:
        """Ask through a client that keeps the budget."""
        self.http = http
        self.url = base_url(url)
        self.key = key
        self.user = user

    @property
    def headers(self) -> Mapping[str, str]:
        """The credentials of a request; raise AuthError where there can be none."""
        if not _KEY.fullmatch(self.key):
            raise AuthError("The API key is not valid")
        if self.user:
            return {
                "Authorization": "Basic " + b64encode(f"{self.user}:{self.key}".encode()).decode()
            }
        return {"X-Auth-Token": self.key}

    def address(self, path: str) -> str:
        """Give the full URL of a path."""
        return f"{self.url}/{path}"

    async def send(self, ask: Ask, method: str, path: str, **request: object) -> Reply:
        """Send a request with credentials and give its answer, whatever that is."""
        operation = f"{method} {path.partition('/')[0]}"
        headers = {**self.headers, **JSON}
        return await ask(operation, method, self.address(path), headers=headers, **request)

    # -- reading -----------------------------------------------------------------------------------

    async def get(self, ask: Ask, path: str, params: Params = NONE) -> Reply:
        """Read; raise AuthError, RateLimitError, ConnectError, NotFoundError or RefusedError."""
        reply = await self.send(ask, "GET", path, params=params, timeout=30)
        if not reply.ok:
            raise await self.refusal(reply, command=False, sent=params.values())
        return reply

    async def allowed(self, path: str) -> bool:
        """Return whether a list may be read with this key; what cannot be found out may."""
        try:
            reply = await self.send(self.http.ask, "GET", path, params={"page": "1", "limit": "1"})
        except ProviderError:
            return True
        return reply.status not in {FORBIDDEN, NOT_FOUND}

    async def pages(
        self, ask: Ask, path: str, params: Params = NONE, *, size: int = PAGE, most: int = MAX_PAGES
    ) -> AsyncIterator[Page]:
        """Read a list page by page, until all was seen or a page is empty."""
        seen = 0
        for page in range(1, most + 1):
            reply = await self.get(ask, path, {**params, "page": str(page), "limit": str(size)})
            answer = mapping(reply.json())
            data, total = answer.get("data"), integer(answer.get("total"))
            if data is None and "data" in answer and total == 0:
                data = []
            if not isinstance(data, list | dict):
                raise ConnectError("The answer is no list")
            seen += len(data)
            last = not data or (total is not None and seen >= total)
            yield Page(rows=mappings(data), last=last, whole=last and seen >= (total or 0))
            if last:
                return

    async def rows(self, ask: Ask, path: str, params: Params = NONE) -> tuple[Json, ...]:
        """Read a whole list."""
        return tuple([row async for page in self.pages(ask, path, params) for row in page.rows])

    async def count(self, path: str, params: Params = NONE) -> int:
        """Return how many rows of a list there are, without reading them."""
        request = {**params, "page": "1", "limit": "1"}
        answer = mapping((await self.get(self.http.ask, path, request)).json())
        total = integer(answer.get("total"))
        if total is None:
            raise ConnectError("The answer does not say how many there are")
        return total

    async def window(
        self, ask: Ask, path: str, offset: int, limit: int, params: Params
    ) -> tuple[Json, ...]:
        """Read `limit` rows from `offset` on, which may lie on two pages."""
        page, skip = divmod(offset, limit)
        found: list[Json] = []
        for number in range(page + 1, page + 2 + bool(skip)):
            reply = await self.get(ask, path, {**params, "page": str(number), "limit": str(limit)})
            found += mappings(mapping(reply.json()).get("data"))
        return tuple(found[skip : skip + limit])

    # -- changing ----------------------------------------------------------------------------------

    async def command(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        # The client's own time-out knows whether the request was sent.
        timeout: float = 10,  # noqa: ASYNC109
        params: Params = NONE,
        placing: bool = False,
        costly: bool = False,
    ) -> Json:
        """Change something, exactly once, and give the answer's data.

        When a call is placed, a server error with words counts as a no. A web page says nothing of
        that, nor of anything else that is `costly` to do twice.
        """
        request: dict[str, object] = {"timeout": timeout, "params": params}
        if body is not None:
            request["json"] = body
        reply = await self.send(self.http.command, method, path, **request)
        if not reply.ok:
            raise await self.refusal(
                reply, command=True, sent=_texts(body), errors_are_refusals=placing
            )
        if (placing or costly) and reply.is_page:
            raise UnknownOutcomeError("The answer is a web page")
        return data_of(reply)

    async def remove(self, paths: Iterable[str]) -> None:
        """Remove several things, each exactly once; one that is gone is removed.

        One that may not be removed keeps no other one; then the first refusal is raised.
        """
        refusals: list[RefusedError] = []
        for path in paths:
            try:
                await self.command("DELETE", path)
            except NotFoundError:
                continue
            except RefusedError as refusal:
                refusals.append(refusal)
        if refusals:
            raise refusals[0]

    # -- errors ------------------------------------------------------------------------------------

    async def refusal(
        self, reply: Reply, *, command: bool, sent: Iterable[str], errors_are_refusals: bool = False
    ) -> ProviderError:
        """Return the error for an answer that says no; raise AuthError for a bad key."""
        if reply.status == UNAUTHORISED:
            await self.confirm()
        sent_too = (value.rpartition(" ")[2] for value in self.headers.values())
        words, code = reason(reply, (*sent, self.key, *sent_too))
        if reply.status in SERVER_ERRORS and not (errors_are_refusals and words):
            if command and (reply.status in GATEWAY_ERRORS or not words):
                return UnknownOutcomeError("The phone system had an error")
            return reply.trouble(words) or ConnectError(f"HTTP {reply.status}")
        if reply.status not in ERRORS or (reply.status == UNAUTHORISED and not command):
            return ConnectError(f"HTTP {reply.status}")
        error = {NOT_FOUND: NotFoundError, FORBIDDEN: ForbiddenError}.get(
            reply.status, RefusedError
        )
        kind = NOT_REACHED.get(reply.status) if errors_are_refusals else None
        return error(words or f"HTTP {reply.status}", code, kind)

    async def confirm(self) -> None:
        """Ask whether the key is good after it was refused; raise AuthError where it is not."""
        if (await self.send(self.http.ask, "GET", "me")).status == UNAUTHORISED:
            raise AuthError("The API key is not valid")


def reason(reply: Reply, secrets: Iterable[str] = ()) -> tuple[str, str]:
    """Return the phone system's own words for a person, and its own code.

    The words are those of all errors, or the general ones where there are none; without numbers
    and without what was sent. The code is that of the first error.
    """
    try:
        answer = mapping(reply.json())
    except ConnectError:
        answer = {}
    errors = answer.get("errors")
    listed = tuple(islice(_errors_of(errors), MAX_ERRORS))
    said = (f"{field}: {said}" if field and len(listed) > 1 else said for field, said in listed)
    words = "; ".join(dict.fromkeys(said)) or text(answer.get("message"))
    codes = (text(error.get("code")) for error in mappings(errors)[:MAX_ERRORS])
    code = next(filter(None, codes), "") or text(answer.get("code"))
    secrets = tuple(secrets)
    words, code = (without(said, secrets, shortest=SHORTEST_SECRET) for said in (words, code))
    return _DIGITS.sub(CUT, words[: 10 * MAX_REASON])[:MAX_REASON], code[:MAX_REASON] or str(
        reply.status
    )


def _errors_of(
    value: object, field: str = "", depth: int = DEEPEST_ERROR
) -> Iterator[tuple[str, str]]:
    """Give what errors say, each with the field that it is about, if that is told.

    They are an array of objects or texts. PHP writes an array with names or gaps as an object.
    """
    if isinstance(value, Mapping) and ABOUT_ERRORS.isdisjoint(value):
        for name, error in value.items():
            yield from _errors_of([error], "" if name.isdigit() else text(name), depth)
    elif isinstance(value, Mapping):
        yield from _errors_of([value.get("message")], text(value.get("field")) or field, depth)
    elif isinstance(value, list):
        for error in value if depth else ():
            yield from _errors_of(error, field, depth - 1)
    elif words := text(value) if isinstance(value, str) else "":
        yield field, words


def _texts(value: object) -> tuple[str, ...]:
    """Give every text in what was sent."""
    if isinstance(value, Mapping):
        return tuple(found for item in value.values() for found in _texts(item))
    if isinstance(value, list | tuple):
        return tuple(found for item in value for found in _texts(item))
    return (value,) if isinstance(value, str) else ()
