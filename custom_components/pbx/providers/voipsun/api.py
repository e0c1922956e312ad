"""The one endpoint of a VoIPSUN PBX: how a request is written, and what its answer means.

The credentials go into the query, because the phone system wants them there, and nowhere else.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Protocol
from urllib.parse import quote, quote_plus

from yarl import URL

from ...telephony.errors import (
    ConnectError,
    NotFoundError,
    Refusal,
    RefusedError,
    UnknownOutcomeError,
)
from ...telephony.phone_numbers import is_extension
from ..addresses import typed_url
from ..http import HttpClient, Reply
from ..values import mapping
from .payload import cut, decode, failure, succeeded
from .refusals import refusal_of
from .settings import VoipsunSettings

PATH = "/api/api.php"
SERVER_ERROR = 500

DENIED = "100"  # wrong credentials and a missing permission alike
UNKNOWN_ACTION = "110"
MISSING = frozenset({Refusal.NOT_FOUND, Refusal.NO_ROUTE, Refusal.NO_RECORD, Refusal.NO_RECORDING})

_NOTHING: Mapping[str, str] = MappingProxyType({})
_HARMLESS = frozenset(
    {
        "action",
        "srcExtenInternalNum",
        "srcExtenId",
        "srcSipUsername",
        "dstExtenInternalNum",
        "dstExtenId",
        "dstSipUsername",
        "dstChannelName",
        "agentNumber",
        "penalty",
        "checkExten",
        "dialplanName",
        "context",
        "hangupContext",
        "outrouteName",
        "outrouteId",
        "queueName",
        "cdrId",
        "filename",
        "path",
    }
)


_NUMBERS = frozenset({"dstNum", "dialerCid", "spyCid", "srcExtenPublicNum", "dstExtenPublicNum"})


def _is_secret(name: str, value: str) -> bool:
    """Return whether a value that was sent may not be said back: an extension's number may."""
    return name not in _HARMLESS and not (name in _NUMBERS and is_extension(value))


class Send(Protocol):
    """A way to ask: as a poll, or for a person."""

    def __call__(self, action: str, params: Mapping[str, str] = ..., /) -> Awaitable[object]:
        """Ask and give the answer; a no is raised."""


class Api:
    """Ask and command as one API user."""

    def __init__(self, http: HttpClient, settings: VoipsunSettings) -> None:
        """Take the address and the credentials from the settings."""
        self._http = http
        self._settings = settings
        self._one_at_a_time = asyncio.Lock()

    @cached_property
    def url(self) -> URL:
        """The endpoint, without credentials."""
        try:
            given = typed_url(self._settings.host, "https" if self._settings.ssl else "http")
            if not given.host or given.scheme not in {"http", "https"}:
                raise ConnectError("The address cannot be read")
            return URL.build(
                scheme=given.scheme,
                host=given.host,
                port=given.explicit_port or self._settings.port or None,
                path=given.path.removesuffix(PATH).rstrip("/") + PATH,
            )
        except ValueError:
            raise ConnectError("The address cannot be read") from None

    @property
    def password(self) -> str:
        """The password, to keep it out of what is shown."""
        return self._settings.password

    async def read(self, action: str, params: Mapping[str, str] = _NOTHING) -> object:
        """Poll, one request after the other."""
        query = self._query(action, params)
        async with self._one_at_a_time:
            reply = await self._http.read(action, "GET", str(self.url), params=query)
        return _answer(reply, query)

    async def ask(self, action: str, params: Mapping[str, str] = _NOTHING) -> object:
        """Ask for a person."""
        query = self._query(action, params)
        return _answer(await self._http.ask(action, "GET", str(self.url), params=query), query)

    async def command(self, action: str, params: Mapping[str, str], patience: float) -> None:
        """Change something, exactly once."""
        query = self._query(action, params)
        reply = await self._http.command(
            action, "GET", str(self.url), params=query, timeout=patience
        )
        try:
            done = succeeded(_answer(reply, query))
        except ConnectError:
            if not reply.ok and reply.status < SERVER_ERROR:
                raise
            done = False
        if not done:  # PHP may have failed before, or after
            raise UnknownOutcomeError("The answer cannot be read")

    def _query(self, action: str, params: Mapping[str, str]) -> dict[str, str]:
        """Return the whole query of a request, with the credentials."""
        return {
            "username": self._settings.username,
            "password": self.password,
            "action": action,
            **params,
        }


def _answer(reply: Reply, sent: Mapping[str, str]) -> object:
    """Read an answer; the phone system's no becomes an error, whatever the HTTP status."""
    answer = decode(reply.body) if reply.parsed is None else reply.parsed[0]
    refused = failure(answer)
    if refused is not None:
        secrets = [value for name, value in sent.items() if _is_secret(name, value)]
        written = {
            form for value in secrets for form in (value, quote(value, safe=""), quote_plus(value))
        }
        kind = refusal_of(refused)
        error = NotFoundError if kind in MISSING else RefusedError
        raise error(cut(refused.reason, written), refused.code, kind)
    if "success" in mapping(answer) and not succeeded(answer):
        raise ConnectError("The answer says neither yes nor no")
    if not reply.ok and not succeeded(answer):
        raise reply.trouble() or ConnectError(f"HTTP {reply.status}")
    return answer
