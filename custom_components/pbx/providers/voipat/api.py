"""The way to a VOIP@ bridge: its address, its variants, how to log in, its errors and limits.

The Node and the Python server have the same paths; they differ in how they check keys and in how
they word errors.
"""

import asyncio
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from functools import partial
from typing import NamedTuple
from urllib.parse import quote

from yarl import URL

from ...telephony.errors import (
    AuthError,
    ConnectError,
    InvalidInputError,
    ProviderError,
    RateLimitError,
    Refusal,
    RefusedError,
    SwitchDownError,
    UnknownOutcomeError,
)
from ..http import HttpClient, RateLimit, Reply, retry_after
from ..values import Json, boolean, integer, mapping, mappings, text, without

DEFAULT_ADDRESS = "https://mt.voipat.com/pbxapi"
PATHS = ("/pbxapi", "/api")
BRIDGE_PORT = 3000
SECONDS = 10.0
CONFIRM_AFTER = 2.0  # between a refused key and the second try that makes it certain
LONGEST_REASON = 200
NOT_CONNECTED = "ESL not connected"
JSON: Mapping[str, str] = {"Content-Type": "application/json"}
SHORTEST_SECRET = 3
LEAST = 10  # requests a minute; a smaller figure is a misunderstanding

UNAUTHORIZED, FORBIDDEN, NOT_FOUND, INTERNAL_ERROR, UNAVAILABLE = 401, 403, 404, 500, 503
NO_TOKEN = frozenset({400, 401, 403, 404, 422})

# Why the switch did not reach a phone, in its own words.
CAUSES: Mapping[str, Refusal] = {
    "USER_BUSY": Refusal.BUSY,
    "NO_ANSWER": Refusal.UNAVAILABLE,
    "NO_USER_RESPONSE": Refusal.UNAVAILABLE,
    "USER_NOT_REGISTERED": Refusal.UNAVAILABLE,
    "SUBSCRIBER_ABSENT": Refusal.UNAVAILABLE,
    "CALL_REJECTED": Refusal.UNAVAILABLE,
    "UNALLOCATED_NUMBER": Refusal.NOT_FOUND,
    "NO_ROUTE_DESTINATION": Refusal.NO_ROUTE,
}

WORDS = ("msg", "message", "detail", "error", "description")  # where an error has its text

STANDARD = (RateLimit(requests=60, seconds=60), RateLimit(requests=1_000, seconds=3600))
ENTERPRISE = (RateLimit(requests=300, seconds=60), RateLimit(requests=10_000, seconds=3600))
ENTERPRISE_LIMITS = frozenset({300, 10_000})

_POLICY = re.compile(r"([0-9]{1,6});w=60")


class Scheme(StrEnum):
    """How a key is shown: the servers in use take the first two, the vendor's page the third."""

    KEY = "key"  # X-API-Key
    TOKEN = "token"  # noqa: S105 - a token that the key is exchanged for
    BEARER = "bearer"  # the key itself as Bearer token


class Variant(StrEnum):
    """Which of the two servers answers."""

    NODE = "node"
    PYTHON = "python"


class Identity(NamedTuple):
    """What a bridge says about itself and about the key."""

    variant: Variant
    domain: str
    version: str


class _RefusedKeyError(ConnectError):
    """A key was refused once, which may pass: a database that is down refuses every key."""


class Api:
    """Send requests to one bridge with one key."""

    def __init__(
        self, http: HttpClient, address: str, key: str, *, scheme: Scheme, plan: str
    ) -> None:
        """Know the address and the key; nothing is sent.

        `plan` is one of `plans`, or anything else for what the phone system itself says.
        """
        self._http = http
        self._bases = bases(address)
        self._key = key
        self._token = ""
        self._refused_at: float | None = None
        # Neither server limits to the documented plan, unless it says so.
        self._limits = plans().get(plan, ())
        http.budget.set_limits(self._limits)
        self.scheme = scheme
        self.variant: Variant | None = None
        self._waits: list[float] = []

    @property
    def base(self) -> str:
        """The base URL; raise InvalidInputError where the address is none."""
        if not self._bases:
            raise InvalidInputError("url")
        return self._bases[0]

    @property
    def home(self) -> str:
        """Where a person finds the phone system."""
        return str(URL(self.base).with_user(None).with_path("/"))

    @property
    def socket(self) -> str:
        """The socket's URL without the key; it is not below the base path."""
        url = URL(self.base)
        return str(url.with_scheme("wss" if url.scheme == "https" else "ws").with_path("/ws"))

    @property
    def patience(self) -> float:
        """How long an answer may take."""
        return max((SECONDS, *self._waits))

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[None]:
        """Be more patient for a while, because a request blocks the whole bridge."""
        self._waits.append(seconds)
        try:
            yield
        finally:
            self._waits.remove(seconds)

    async def secret(self) -> str:
        """Return what the socket takes in its URL: the key, or a token."""
        return await self._renewed() if self.scheme is Scheme.TOKEN else self._key

    # -- set-up ------------------------------------------------------------------------------------

    async def identify(self, domain: str) -> Identity:
        """Return who answers, after finding the base URL, the way to log in and the domain.

        Raise AuthError when it is certain that the key is refused.
        """
        version = await self._find_base()
        first = self.scheme
        try:
            return await self._identify_surely(domain, version)
        except (AuthError, _RefusedKeyError) as refused:
            error: ProviderError = refused
        for self.scheme in (scheme for scheme in Scheme if scheme is not first):
            try:
                return await self._identify(domain, version)
            except ProviderError as failed:
                # The last way is the one of the page alone: its refusal says nothing of others.
                error = failed if self.scheme is not Scheme.BEARER else error
        self.scheme = first
        raise error

    async def _find_base(self) -> str:
        """Ask the candidates for their status, which takes no key; give the version."""
        for base in (self.base, *self._bases[1:]):
            reply = await self._http.ask(
                "status", "GET", f"{base}/status", headers=JSON, timeout=SECONDS
            )
            if reply.ok and (status := _object(reply)).get("status"):
                self._bases = (base,)
                return text(status.get("version"))[:20]
            if reply.status == UNAUTHORIZED and _object(reply):
                self._bases = (base,)  # by the vendor's page even this takes the key
                return ""
            if not reply.ok and reply.status != NOT_FOUND:
                raise _unanswered(replace(reply, body=self._unsaid(reply.body)), "No status")
        raise ConnectError("No VOIP@ bridge answers at this address")

    async def _identify_surely(self, domain: str, version: str) -> Identity:
        """Return what a bridge says about itself, asking again where a refusal may pass."""
        try:
            return await self._identify(domain, version)
        except _RefusedKeyError:
            await asyncio.sleep(CONFIRM_AFTER)
            return await self._identify(domain, version)

    async def _identify(self, domain: str, version: str) -> Identity:
        """Return what a bridge says about itself and about the key."""
        own, admin = "", True
        reply = await self.get("verify", "/auth/verify", waiting=True)
        if reply.ok:
            self.variant = Variant.NODE
            answer = _object(reply)
            own, admin = (
                text(answer.get("domain")),
                mapping(answer.get("user")).get("admin") is True,
            )
        elif reply.status == NOT_FOUND:
            self.variant = Variant.PYTHON if "detail" in _object(reply) else Variant.NODE
        else:
            raise _unanswered(reply, "The key could not be checked")
        reply = await self.get("domains", "/domains", waiting=True)
        if not reply.ok:
            raise _unanswered(reply, "The domains could not be read")
        names = [
            name
            for row in mappings(_object(reply).get("domains"))
            if (name := text(row.get("domain_name")))
        ]
        return Identity(
            variant=self.variant, domain=_domain(domain, names, own, admin=admin), version=version
        )

    # -- requests ----------------------------------------------------------------------------------

    async def get(
        self,
        operation: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        waiting: bool = False,
        seconds: float = 0,
    ) -> Reply:
        """Ask for something, as a poll or (`waiting`) for a person."""
        send = partial(self._sent, self._http.ask if waiting else self._http.read)
        url, options = (
            f"{self.base}{path}",
            {"params": query or {}, "timeout": max(seconds, self.patience)},
        )
        reply = await send(operation, "GET", url, headers=await self._headers(), **options)
        if reply.status == UNAUTHORIZED and self.scheme is Scheme.TOKEN:
            self._token = ""
            reply = await send(operation, "GET", url, headers=await self._headers(), **options)
        return await self._checked(reply)

    async def post(
        self,
        operation: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        seconds: float | None = None,
    ) -> Reply:
        """Change something, exactly once.

        Only a request that was refused for its token is sent again, with another.
        """
        url, options = f"{self.base}{path}", {"json": body, "timeout": seconds or self.patience}
        send = partial(self._sent, self._http.command)
        reply = await send(operation, "POST", url, headers=await self._headers(), **options)
        if reply.status == UNAUTHORIZED and self.scheme is Scheme.TOKEN:
            self._token = ""
            reply = await send(operation, "POST", url, headers=await self._headers(), **options)
        reply = await self._checked(reply)
        if reply.status in Reply.GATEWAY:
            raise UnknownOutcomeError("The bridge did not answer its gateway")
        if reply.status == UNAVAILABLE or 300 <= reply.status < 400:  # noqa: PLR2004 - redirects
            raise ConnectError("The phone system is not connected")
        if reply.ok and _says_no(reply):
            sent = [text(value) for value in (body or {}).values()]
            raise refusal(replace(reply, body=self._unsaid(reply.body)), sent)
        return reply

    async def _sent(
        self,
        send: Callable[..., Awaitable[Reply]],
        operation: str,
        method: str,
        url: str,
        **options: object,
    ) -> Reply:
        """Send a request; from one that was too much on, keep to the documented plan at least."""
        try:
            return await send(operation, method, url, **options)
        except RateLimitError:
            self._keep_to(self._limits or plans()["standard"])
            raise

    async def _headers(self) -> Mapping[str, str]:
        """Return the headers of a request: the credentials, and that it is JSON."""
        match self.scheme:
            case Scheme.KEY:
                return {"X-API-Key": self._key, **JSON}
            case Scheme.BEARER:
                return {"Authorization": f"Bearer {self._key}", **JSON}
            case _:
                return {"Authorization": f"Bearer {self._token or await self._renewed()}", **JSON}

    async def _renewed(self) -> str:
        """Exchange the key for a token."""
        reply = await self._exchange()
        if reply.status == UNAUTHORIZED:
            await self._refused()
        if not self._token:
            raise ConnectError("No token was given")
        return self._token

    async def _exchange(self) -> Reply:
        """Ask for a token and keep it; return the answer."""
        url = f"{self.base}/auth/token"
        reply = await self._http.ask(
            "token", "POST", url, json={"api_key": self._key}, headers=JSON, timeout=SECONDS
        )
        self._token = text(_object(reply).get("token")) if reply.ok else ""
        return reply

    async def _checked(self, reply: Reply) -> Reply:
        """Return an answer without our credentials; raise AuthError where the key is refused."""
        if reply.status == UNAUTHORIZED:
            await self._refused()
        if reply.ok:  # an unknown route is not found whatever the key
            self._refused_at = None
        self._heed(reply.headers)
        if _says_switch_down(reply):
            raise SwitchDownError("The bridge is not connected to its switch")
        return reply if reply.ok else replace(reply, body=self._unsaid(reply.body))

    def _unsaid(self, body: bytes) -> bytes:
        """Take our credentials out of an error: somebody on the way may say back what was sent."""
        url = URL(self.base)
        basic = b64encode(f"{url.user}:{url.password}".encode()).decode() if url.password else ""
        secrets = (self._key, self._token, url.password or "", basic)
        forms = (form for secret in secrets for form in (secret, quote(secret, safe="")))
        return without(body.decode(errors="surrogateescape"), forms).encode(
            errors="surrogateescape"
        )

    async def _refused(self) -> None:
        """Raise AuthError only for the second refusal, if the key is no good for a token either.

        Without its database the Node server says "Invalid API key" to everybody, but has an error
        where a token is asked for.
        """
        now = asyncio.get_running_loop().time()
        if self._refused_at is None:
            self._refused_at = now
        if round(now - self._refused_at, 3) < CONFIRM_AFTER:
            raise _RefusedKeyError("The key is refused, which may pass")
        if self.scheme is Scheme.KEY and (await self._exchange()).status not in NO_TOKEN:
            raise _RefusedKeyError("The key is refused, but not for a token")
        raise AuthError("The key is refused")

    def _keep_to(self, limits: tuple[RateLimit, ...]) -> None:
        """Keep to limits from now on."""
        if limits != self._limits:
            self._limits = limits
            self._http.budget.set_limits(limits)

    def _heed(self, headers: Mapping[str, str]) -> None:
        """Follow the limits that the answers tell: a larger plan, a smaller limit, nothing left."""
        told = {name.lower(): value for name, value in headers.items()}
        limits = self._limits
        limit = integer(told.get("x-ratelimit-limit"))
        if limit in ENTERPRISE_LIMITS:
            limits = ENTERPRISE
        elif limit is not None and not limits:
            limits = plans()["standard"]
        policy = _POLICY.search(told.get("ratelimit-policy", ""))
        if policy and int(policy[1]) >= LEAST:
            smaller = RateLimit(requests=int(policy[1]), seconds=60)
            if not limits or smaller.requests < limits[0].requests:
                limits = (smaller, *limits[1:])
        self._keep_to(limits)
        left = told.get("ratelimit-remaining", told.get("x-ratelimit-remaining"))
        if integer(left) == 0 and (wait := retry_after(headers)) is not None:
            self._http.budget.pause(wait)


def plans() -> Mapping[str, tuple[RateLimit, ...]]:
    """Return the limits of the documented plans, by the names of the option."""
    return {"standard": STANDARD, "enterprise": ENTERPRISE}


def bases(address: str) -> tuple[str, ...]:
    """Return the base URLs that an address can mean.

    That is what was typed, or the usual paths below a bare host; none for what is no address.
    """
    address = address.strip() or DEFAULT_ADDRESS
    try:
        url = URL(address if "://" in address else f"https://{address}")
        if url.scheme not in {"http", "https"} or not url.host:
            return ()
        if "://" not in address and url.port == BRIDGE_PORT:
            url = url.with_scheme("http")
        origin = url.with_path("/")
    except ValueError:
        return ()
    if path := url.path.rstrip("/"):
        return (str(origin.with_path(path)),)
    paths = reversed(PATHS) if url.port == BRIDGE_PORT else PATHS
    return tuple(str(origin.with_path(path)) for path in paths)


def _says_no(reply: Reply) -> bool:
    """Return whether an answer with a status of success is a no all the same.

    Raise UnknownOutcomeError where it is none of the bridge's, as a page of somebody on the way.
    """
    try:
        answer = mapping(reply.json())
    except ConnectError:
        raise UnknownOutcomeError("The answer cannot be read") from None
    done = boolean(answer.get("success"))
    return any(answer.get(key) for key in ("error", "detail")) if done is None else not done


def _words(said: object) -> str:
    """Return the words of an error: a text, an object that holds one, or the first of several."""
    if isinstance(said, list) and said:
        (said, *_) = said
    if isinstance(said, dict):
        return next((words for key in WORDS if (words := text(said.get(key)))), "")
    return text(said) if isinstance(said, str) else ""


def reason_of(reply: Reply, sent: Collection[str] = ()) -> str:
    """Give the phone system's own reason, without what was sent to it; empty where it gave none."""
    body = _object(reply)
    parts = filter(None, (_words(body.get(key)) for key in ("error", "detail", "details")))
    reason = ": ".join(parts) or text(body.get("message"))
    reason = without(reason, sent, shortest=SHORTEST_SECRET)
    return reason[:LONGEST_REASON].encode(errors="replace").decode()


def refusal(reply: Reply, sent: Collection[str] = ()) -> RefusedError:
    """Make the error for an answer that says no."""
    reason = reason_of(reply, sent)
    cause = reason.removeprefix("-ERR").strip().upper()
    kind = Refusal.NO_PERMISSION if reply.status == FORBIDDEN else CAUSES.get(cause)
    return RefusedError(reason or f"HTTP {reply.status}", str(reply.status), kind)


def unread(reply: Reply, words: str) -> ConnectError:
    """Make the error for a question that was not answered; `words` say which."""
    return reply.trouble() or ConnectError(words)


def _unanswered(reply: Reply, words: str) -> ProviderError:
    """Make the error for a question of the set-up that was not answered, in the bridge's words."""
    if _says_switch_down(reply):
        return SwitchDownError("The bridge is not connected to its switch")
    reason = reason_of(reply)
    if reply.status == FORBIDDEN and reason:
        return refusal(reply)
    return reply.trouble(reason) or ConnectError(words)


def rows_of(reply: Reply, key: str) -> tuple[Json, ...]:
    """Give the rows of an answer; raise ConnectError where it has no list, and does not count 0."""
    answer = mapping(reply.json())
    if not (rows := answer.get(key)) and integer(answer.get("count")) == 0:
        return ()
    if not isinstance(rows, list):
        raise ConnectError("The answer holds no list")
    return mappings(rows)


def _says_switch_down(reply: Reply) -> bool:
    """Return whether the bridge itself says that it has no connection to the switch.

    The page has a status for it; the servers in use answer questions with an error instead.
    """
    if reply.status == UNAVAILABLE:
        return bool(_object(reply))
    return reply.status == INTERNAL_ERROR and NOT_CONNECTED in reason_of(reply)


def _object(reply: Reply) -> Mapping[str, object]:
    """Read a JSON object; an empty one where the answer is something else, as errors often are."""
    try:
        return mapping(reply.json())
    except ConnectError:
        return {}


def _domain(typed: str, names: Collection[str], own: str, *, admin: bool) -> str:
    """Choose the domain: the typed one if the key may have it, the key's own, or the only one."""
    wanted = typed or own or (next(iter(names)) if len(names) == 1 else "")
    if not wanted:
        raise InvalidInputError("domain", "required")
    known = {name.lower(): name for name in names}
    if wanted.lower() not in known or (own and not admin and wanted.lower() != own.lower()):
        raise InvalidInputError("domain")
    return known[wanted.lower()]
