"""Ask Voxloud: the address, the key, and what every answer but a 2xx means."""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping

from ...telephony.errors import (
    AuthError,
    ConnectError,
    NotFoundError,
    Refusal,
    RefusedError,
    UnknownOutcomeError,
)
from ..http import HttpClient, Reply
from ..values import Json, mapping, read_json, text
from .payload import rows, without_secrets

DEFAULT_URL = "https://developer.voxloud.com"
VALIDATE = "/api/v1/validate-auth"
JSON = "application/json"

BAD_REQUEST = 400
UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
METHOD_NOT_ALLOWED = 405
NOT_ACCEPTABLE = 406
CONFLICT = 409
UNPROCESSABLE = 422
REFUSALS = range(400, 500)
MAINTENANCE = 503
NOT_VOXLOUD = frozenset({NOT_FOUND, METHOD_NOT_ALLOWED})
SHORTEST_SECRET = 2

KINDS: Mapping[int, Refusal] = {
    FORBIDDEN: Refusal.NO_PERMISSION,
    NOT_ACCEPTABLE: Refusal.NOT_ACCEPTABLE,
}

type Send = Callable[..., Awaitable[Reply]]

_VERSION = re.compile(r"/api(?:/v[0-9]+)?$")


class Api:
    """Requests to one account."""

    def __init__(self, http: HttpClient, url: str, key: str) -> None:
        """Keep the base URL of an account, and its API key.

        `url` is an address as a person types it, with or without scheme and path, or empty.
        """
        self._http = http
        self._base = _VERSION.sub("", (url or DEFAULT_URL).rstrip("/"))
        if "://" not in self._base:
            self._base = f"https://{self._base}"
        self._key = key

    async def validate(self) -> Json:
        """Return whose key this is; raise AuthError for one that is certainly wrong.

        It says so twice: a lone 401 may come from somebody on the way.
        """
        if not self._key or not self._key.isascii() or not self._key.isprintable():
            raise AuthError("This cannot be an API key")
        for _ in range(2):
            try:
                return mapping(
                    _json(await self._send(self._http.ask, "validate-auth", "POST", VALIDATE))
                )
            except RefusedError as err:
                if err.code in {str(status) for status in NOT_VOXLOUD}:
                    raise ConnectError("This is not Voxloud") from None
                if err.code != str(UNAUTHORIZED):
                    raise
        raise AuthError("The API key was refused")

    async def read(self, operation: str, method: str, path: str, **request: object) -> object:
        """Poll."""
        return _json(await self._checked(self._http.read, operation, method, path, **request))

    async def ask(self, operation: str, method: str, path: str, **request: object) -> object:
        """Ask for what a person waits for."""
        return _json(await self._checked(self._http.ask, operation, method, path, **request))

    async def ask_text(self, operation: str, method: str, path: str, **request: object) -> Reply:
        """Ask for something that is not JSON."""
        return await self._checked(self._http.ask, operation, method, path, **request)

    async def listed(self, operation: str, path: str, *, waiting: bool) -> tuple[Json, ...]:
        """Ask for a complete list; `waiting` says that a person waits for it."""
        found = rows(await (self.ask if waiting else self.read)(operation, "GET", path))
        if found is None:
            raise ConnectError("The answer is not a list")
        return found

    async def command(
        self, operation: str, method: str, path: str, *, placing: bool = False, **request: object
    ) -> Json:
        """Change something, once.

        A yes that cannot be read is a yes, unless a call is placed.
        """
        reply = await self._checked(self._http.command, operation, method, path, **request)
        if placing and reply.is_page:
            raise UnknownOutcomeError("The answer is a web page")
        try:
            return mapping(_json(reply))
        except ConnectError:
            return {}

    async def _checked(
        self, send: Send, operation: str, method: str, path: str, **request: object
    ) -> Reply:
        """Return an answer that says yes; raise the error that another one means."""
        try:
            return await self._send(send, operation, method, path, **request)
        except RefusedError as err:
            if err.code == str(UNAUTHORIZED):
                await self.validate()
            raise

    async def _send(
        self, send: Send, operation: str, method: str, path: str, **request: object
    ) -> Reply:
        """Send a request with the key; return its answer, whatever that is."""
        headers = {"Voverc-Auth": self._key, "Accept": JSON, **_headers(request)}
        if path == VALIDATE:
            request["skip_auto_headers"] = ("Content-Type",)  # it has no body, of no kind
        else:
            headers["Content-Type"] = JSON  # as in all examples, also where there is no body
        reply = await send(operation, method, self._base + path, **{**request, "headers": headers})
        if reply.ok:
            return reply
        reason, code = self._reason(reply, request), str(reply.status)
        if reply.status == NOT_FOUND:
            raise NotFoundError(reason, code)
        if reply.status in REFUSALS:
            raise RefusedError(reason, code, KINDS.get(reply.status))
        words = "" if reason.startswith("HTTP ") else reason
        if send == self._http.command and _leaves_open(reply, words):
            raise UnknownOutcomeError("The phone system had an error")
        raise reply.trouble(words) or ConnectError(f"HTTP {code}")

    def _reason(self, reply: Reply, request: Json) -> str:
        """Give the phone system's own words, without anything that was sent to it."""
        try:
            message = text(mapping(read_json(reply.body)).get("message"))
        except ValueError, RecursionError:
            message = ""
        sent = {self._key, *_texts(request.get("json")), *_texts(request.get("params"))}
        for secret in sorted(
            (word for word in sent if len(word) >= SHORTEST_SECRET), key=len, reverse=True
        ):
            message = re.sub(re.escape(secret), "…", message, flags=re.IGNORECASE)
        return without_secrets(message) or f"HTTP {reply.status}"


def _leaves_open(reply: Reply, words: str) -> bool:
    """Return whether a server error says nothing of whether the command was carried out.

    One that is down for maintenance has done nothing; another that gives no words may have failed
    before or after.
    """
    no_words = not words and reply.status in Reply.TROUBLE and reply.status != MAINTENANCE
    return reply.status in Reply.GATEWAY or no_words


def _json(reply: Reply) -> object:
    """Read an answer; nothing at all is None."""
    return reply.json() if reply.body.strip() else None


def _headers(request: Json) -> dict[str, str]:
    """Return the headers that a request has so far, as text."""
    return {name: text(value) for name, value in mapping(request.get("headers")).items()}


def _texts(value: object) -> Iterator[str]:
    """Give every text in what was sent."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
