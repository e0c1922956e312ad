"""VOIP@ Cloud, contract sections 1 to 4 and 10: the server, its people, who may ask, and what is wrong with it."""

import asyncio
import random
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web

from .base import Handler, Simulator
from .voipat_engine import Call, Engine, Extension, Leg
from .voipat_list import ChannelList
from .voipat_socket import Sockets
from .voipat_widget import Widgets
from .voipat_wire import (
    ApiKey,
    Esl,
    Identity,
    Profile,
    RateLimiter,
    Refusal,
    VoipatSwitches,
    crash,
    error,
    html_error,
    verify,
)

API_KEY = "k7Qm2ZtR9vXw4LbN8cYd3HsJ6fGp1AeU"
FPX_KEY = "fpx_" + "0a1b2c3d4e5f6789" * 4
GLOBAL_KEY = "voipat-global-bootstrap-key"
NAMES = (
    "Anna Keller",
    "Luca Rossi",
    "Sofie Jansen",
    "Marek Nowak",
    "Chloé Martin",
    "Jöhn Lindqvist",
    "Inês Carvalho",
    "Péter Szabó",
    "Aoife Byrne",
    "Mateo García",
)
HEARING = 0.01


def people(count: int = 5) -> list[Extension]:
    """Make so many extensions from 101 (above 800 from 1001); the first three use the browser widget."""
    first = 101 if count <= 800 else 1001
    return [
        Extension(
            number=str(first + index),
            name=NAMES[index % len(NAMES)],
            tabs=1 if index < 3 else 0,
            outbound_number="" if index else "+493023125101",
        )
        for index in range(count)
    ]


@dataclass(eq=False, slots=True)
class Timer:
    """Something that happens later; it survives a restart of the server."""

    when: float
    action: Callable[[], None]
    awaited: bool
    handle: asyncio.TimerHandle | None = None
    left: float = 0.0


class Bridge(VoipatSwitches, Simulator):
    """The server around the engine; the endpoints are in the subclasses."""

    provider = "voipat"

    def __init__(
        self,
        *,
        profile: Profile | str = Profile.PYTHON,
        domain: str = "pbx.example.com",
        extensions: Iterable[Extension] | int = 5,
        api_key: str | None = None,
        global_key: str = GLOBAL_KEY,
        seed: int = 0,
        clock: Callable[[], float] = time.time,
        **switches: Any,
    ) -> None:
        """Prepare a phone system; `switches` are the fields of VoipatSwitches."""
        VoipatSwitches.__init__(self, profile=Profile(profile), **switches)
        Simulator.__init__(self, seed=seed, clock=clock)
        self.domain = domain
        self.foreign_domain = "other.example.net"
        self.similar_domain = f"old-{domain}"
        self.username = "anna.keller"
        self.global_key = global_key
        self.jwt_secret = "jwt-secret-of-the-bridge"
        self.session_cookie = "php-session-of-anna"
        self.session_extension = "101"
        self.turn_password = "turn-secret"
        self.click_to_dial_token = "c1d2" * 16
        self.click_to_dial_extension = "105"
        self.broken_commands: list[str] = []
        self.dtmf_sent: list[tuple[str, str]] = []
        self.tickets: list[dict[str, Any]] = []
        self.engine = Engine(self, self.rng, self.clock, self)
        self.widgets = Widgets(self, self.rng, self.clock, self.webhooks, self._later_widget)
        self.sockets = Sockets(self, self.clock)
        self.channels = ChannelList(self, random.Random(f"list {seed}"))
        self.limiter = RateLimiter(self, self.clock)
        plain = api_key or (API_KEY if self.python else FPX_KEY)
        self.primary_key = ApiKey(
            uuid=self.engine.new_uuid(), plain=plain, domain=domain, username=self.username, created=clock()
        )
        self.keys: list[ApiKey] = [self.primary_key]
        self.engine.add(domain, people(extensions) if isinstance(extensions, int) else extensions)
        for tenant in (self.foreign_domain, self.similar_domain):
            self.engine.add(tenant, [Extension(number="101", name="Foreign One"), Extension(number="901", name="Two")])
        self._foreign: list[str] = []
        self._key_cache: dict[str, tuple[Identity | None, float]] = {}
        self._timers: set[Timer] = set()
        self._ring_timers: dict[str, Timer] = {}
        self._waits: dict[str, asyncio.Future[str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._esl_queue = asyncio.Lock()
        self._stopping = False

    # -- addresses and secrets ----------------------------------------------------------------------

    @property
    def origin(self) -> str:
        """The bare address of the machine."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The REST base, as the web server in front publishes it."""
        return f"{self.origin}/pbxapi"

    @property
    def direct_url(self) -> str:
        """The REST base without the web server in front."""
        return f"{self.origin}/api"

    @property
    def ws_url(self) -> str:
        """The address of the WebSocket."""
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def api_key(self) -> str:
        """The user's key; setting it rotates it."""
        return self.primary_key.plain

    @api_key.setter
    def api_key(self, plain: str) -> None:
        self.primary_key.plain = plain

    @property
    def secrets(self) -> tuple[str, ...]:
        """List every secret an answer or a request may carry, to look for leaks."""
        passwords = (extension.password for extension in self.engine.extensions.values())
        keys = (key.plain for key in self.keys)
        fixed = (self.global_key, self.jwt_secret, self.session_cookie, self.turn_password, self.click_to_dial_token)
        return (*keys, *fixed, *passwords)

    # -- life ---------------------------------------------------------------------------------------

    async def start(self, port: int = 0) -> None:
        """Listen; what was to happen later when it stopped is planned again."""
        self._stopping = False
        await super().start(port)
        for timer in self._timers:
            self._arm(timer, timer.left)

    async def stop(self) -> None:
        """Stop listening; calls stay up."""
        self._stopping = True
        now = asyncio.get_running_loop().time()
        for timer in self._timers:
            if timer.handle is not None:
                timer.handle.cancel()
                timer.left = max(0.0, timer.when - now)
        for wait in self._waits.values():
            if not wait.done():
                wait.set_result("NORMAL_TEMPORARY_FAILURE")
        await self.sockets.close()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await super().stop()

    async def __aenter__(self) -> Self:
        """Start on a free port."""
        await self.start()
        return self

    async def settle(self) -> None:
        """Wait until every webhook that is due, or held back by a widget, was sent."""
        while self._tasks or any(timer.awaited for timer in self._timers):  # noqa: ASYNC110
            await asyncio.sleep(HEARING / 2)
        await self.widgets.flush()
        await self.webhooks.settle()

    def error_body(self, status: int) -> web.Response:
        """Answer an error the way the profile words it."""
        if status >= 500 and status not in (500, 503):
            return html_error(status)
        words = {
            400: "Bad Request",
            401: "Invalid API key",
            403: "Access denied",
            404: "Not Found",
            429: "Too many requests, please slow down",
            503: "ESL not connected to FreeSWITCH" if self.python else "ESL not connected",
        }
        if status == 500:
            return crash(self, "Operation failed").response
        return error(self, status, words.get(status, "Error")).response

    # -- what the engine tells ----------------------------------------------------------------------

    def fired(self, event: str, leg: Leg) -> None:
        """Push a FreeSWITCH event to the sockets; the list follows a little later."""
        self.channels.fired(leg)
        self.sockets.fired(event, leg)

    def accepts(self, extension: Extension) -> bool:
        """Tell if a phone would ring."""
        return self.widgets.accepts(extension)

    def invited(self, leg: Leg) -> None:
        """Let the widget ring."""
        self.widgets.invited(self._phone(leg), leg)

    def dialled(self, leg: Leg) -> None:
        """Let the widget dial."""
        self.widgets.dialled(self._phone(leg), leg)

    def picked_up(self, leg: Leg, tab: int) -> None:
        """Let the widget talk, and the API answer who waits for the phone."""
        self._cancel_ring_timer(leg)
        self._resolve(leg, "")
        if leg.extension:
            self.widgets.picked_up(self._phone(leg), leg, tab)

    def gone(self, leg: Leg, *, by_user: bool) -> None:
        """Let the widget hang up, and the API answer who waits for the phone."""
        self._cancel_ring_timer(leg)
        self._resolve(leg, leg.cause)
        if leg.extension:
            self.widgets.gone(self._phone(leg), leg, by_user=by_user)

    def placed_rings(self, call: Call) -> None:
        """Let the far party pick up by itself where that is wanted."""
        if self.auto_answer_far is not None:
            self._later(self.auto_answer_far, lambda: self._answer_any(call))

    def ended(self, call: Call, cause: str) -> None:
        """Forget a tenant's foreign call that is over."""
        del cause
        if call.id in self._foreign:
            self._foreign.remove(call.id)

    def _phone(self, leg: Leg) -> Extension:
        return self.engine.extensions[leg.call.domain, leg.extension]

    def _resolve(self, leg: Leg, outcome: str) -> None:
        wait = self._waits.pop(leg.uuid, None)
        if wait is not None and not wait.done():
            wait.set_result(outcome)

    def _answer_any(self, call: Call) -> None:
        for leg in self.engine.ringing(call)[:1]:
            self.engine.answer(leg)

    # -- what happens later -------------------------------------------------------------------------

    def _later(self, delay: float, action: Callable[[], None], *, awaited: bool = False) -> Timer:
        timer = Timer(when=0.0, action=action, awaited=awaited)
        self._timers.add(timer)
        self._arm(timer, delay)
        return timer

    def _later_widget(self, delay: float, action: Callable[[], None]) -> None:
        self._later(delay, action, awaited=True)

    def _arm(self, timer: Timer, delay: float) -> None:
        loop = asyncio.get_running_loop()
        timer.when = loop.time() + delay

        def run() -> None:
            timer.action()
            self._send_soon()
            self._timers.discard(timer)

        timer.handle = loop.call_later(delay, run)

    def _cancel_ring_timer(self, leg: Leg) -> None:
        timer = self._ring_timers.pop(leg.uuid, None)
        if timer is not None:
            self._timers.discard(timer)
            if timer.handle is not None:
                timer.handle.cancel()

    def _send_soon(self) -> None:
        if self.widgets.waiting:
            task = asyncio.create_task(self.widgets.flush())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    # -- the way of a request -----------------------------------------------------------------------

    def _guard(self, handler: Handler, *, slash: bool = False) -> Handler:
        """Put in front of an endpoint what every request of the bridge meets."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            if self.frozen:
                return await self._hang(request)
            if self.gateway_error:
                return html_error(self.gateway_error)
            if self.latency:
                await asyncio.sleep(self.latency)
            asker = request.headers.get("Origin")
            if asker is not None and not self.python and asker not in self.cors_origins:
                return error(self, 500, f"CORS: origin {asker} not allowed").response
            who = request.headers.get("X-API-Key", "") if self.docs else request.remote or ""
            allowed, headers = self.limiter.take(who)
            try:
                if not allowed:
                    raise error(self, 429, "Too many requests, please slow down")
                if request.path.endswith("/") and self.python and not slash:
                    raise self._unknown(request)
                response = await handler(request)
            except Refusal as refusal:
                response = refusal.response
            if not response.prepared:
                response.headers.update(headers)
            self._send_soon()
            return response

        return guarded

    async def _hang(self, request: web.Request) -> web.StreamResponse:
        while self.frozen and not self._stopping:  # noqa: ASYNC110
            await asyncio.sleep(HEARING)
        if request.transport is not None:
            request.transport.abort()
        return web.Response()

    def _unknown(self, request: web.Request) -> Refusal:
        path = request.path
        if path.startswith("/pbxapi"):
            path = "/api" + path.removeprefix("/pbxapi")
        return error(self, 404, "Not Found" if self.says_detail else f"Route {request.method} {path} not found")

    async def _nowhere(self, request: web.Request) -> web.StreamResponse:
        raise self._unknown(request)

    def _only(self, request: web.Request, *, here: bool) -> None:
        if not here:
            raise self._unknown(request)

    # -- who asks (section 2) -----------------------------------------------------------------------

    def _identify(self, request: web.Request) -> Identity:
        key = request.headers.get("X-API-Key", "")
        if not key and not self.python:
            key = request.query.get("api_key", "")
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not key and (scheme.lower() != "bearer" or not token):
            hint = "Provide X-API-Key header or Authorization: Bearer <token>"
            raise error(self, 401, "Authentication required", hint=hint)
        if self.auth_crash:
            self.auth_crash -= 1
            raise crash(self, "Authentication error")
        if self.auth_flap:
            self.auth_flap -= 1
            raise error(self, 401, "Invalid API key" if key else "Invalid or expired token")
        if key:
            identity = self.by_key(key)
            if identity is None:
                raise error(self, 401, "Invalid API key")
            return identity
        identity = self.by_token(token)
        if identity is None:
            raise error(self, 401, "Invalid or expired token")
        return identity

    def by_key(self, plain: str) -> Identity | None:
        """Find who has a key; Node remembers its verdict, and takes a lost database for a wrong key."""
        now = self.clock()
        verdict, until = self._key_cache.get(plain, (None, 0.0))
        if until > now:
            return verdict
        if plain == self.global_key:
            return Identity(domain=None, admin=True)
        if not self.database:
            if self.python:
                raise crash(self, "database down")
            return None
        identity = None
        for key in self.keys:
            good = key.enabled and self.user_enabled and (key.expires is None or key.expires > now)
            if key.plain == plain and good:
                key.last_used = now
                identity = Identity(domain=key.domain, username=key.username, uuid=key.uuid, admin=key.admin)
        ttl = self.key_cache_ttl if self.key_cache_ttl is not None else (300.0 if self.node else 0.0)
        if ttl:
            self._key_cache[plain] = (identity, now + ttl)
        return identity

    def by_token(self, token: str) -> Identity | None:
        """Find who has a JSON web token; Python takes everyone with one for the global key."""
        claims = verify(token, self.jwt_secret, self.clock())
        if claims is None:
            return None
        if self.python:
            return Identity(domain=None, kind="jwt", admin=True, claims=claims)
        return Identity(
            domain=claims.get("domain"),
            kind="jwt",
            username=str(claims.get("userId", "")),
            uuid=str(claims.get("userUuid", "")),
            admin=bool(claims.get("admin")),
            claims=claims,
        )

    def _scope(self, identity: Identity, request: web.Request) -> str:
        """Give the domain a request sees; empty is every tenant."""
        asked = request.query.get("domain", "")
        return asked if self.node else identity.domain or asked

    # -- FreeSWITCH behind the bridge (section 10) --------------------------------------------------

    def _turn(self) -> AbstractAsyncContextManager[object]:
        """Wait for the ESL connection; on Node a call being placed occupies it for everybody."""
        return self._esl_queue if self.node else nullcontext()

    @property
    def occupied(self) -> bool:
        """Whether requests wait for the ESL connection."""
        return self._esl_queue.locked()

    def _need_esl(self, *, placing: bool = False) -> None:
        if self.esl is not Esl.CONNECTED:
            longer = self.says_detail or placing
            raise error(self, 503, "ESL not connected to FreeSWITCH" if longer else "ESL not connected")

    def _need_esl_for_list(self) -> None:
        if self.esl is not Esl.CONNECTED:
            raise crash(self, "ESL not connected")

    def _tend_foreign_calls(self) -> None:
        """Have calls of other tenants up exactly while the switch says so."""
        if self.foreign_tenant_rows and not self._foreign:
            for tenant in (self.foreign_domain, self.similar_domain):
                call = self.engine.incoming(tenant, "+33199000001", "Foreign caller", "101")
                self._foreign.append(call.id)
                self._answer_any(call)
        elif not self.foreign_tenant_rows:
            for call_id in tuple(self._foreign):
                for leg in tuple(self.engine.calls[call_id].legs.values()):
                    self.engine.kill(leg, "NORMAL_CLEARING")
