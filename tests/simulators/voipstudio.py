"""A simulated VoIPstudio account, from its contract: REST (sections 1 to 5), webhooks (6), throttling (7), profile (9).

Left out: the SIP-over-WebSocket `dialog` subscription (6.6), which is SIP and no API, and the protocol of the Call Me
Back widget (4.12).
"""

import asyncio
import re
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import aiohttp
from aiohttp import web
from yarl import URL

from tests.simulators.base import Placed, Simulator, TrueCall, json_error
from tests.simulators.voipstudio_engine import Call, Disposition, Event, Leg, Party, State, line_of, quoted
from tests.simulators.voipstudio_people import Population, Queue, User, people
from tests.simulators.voipstudio_records import VoipstudioRecords
from tests.simulators.voipstudio_rest import (
    BLANK,
    INVALID,
    TEXTS,
    USED,
    RefusalError,
    Row,
    body_of,
    invalid,
    many,
    nothing,
    one,
    page_of,
)
from tests.simulators.voipstudio_switches import (
    DndWrite,
    PartialAgents,
    Probe,
    VoipstudioSwitches,
)

type Endpoint = Callable[[web.Request, User], Awaitable[web.StreamResponse]]
type OpenEndpoint = Callable[[web.Request], Awaitable[web.StreamResponse]]

PREFIX = r"/{version:v1\.[12]}/voipstudio"
DESTINATION = re.compile(r"[*#]?[0-9]{2,17}")
LONGEST_EXTENSION = 5
EXTENSION = re.compile(r"[1-9][0-9]{2,4}")
SHORT_201 = {
    "id", "state", "src_id", "src_name", "src_ua", "dst", "dst_name", "dst_rate", "clid", "start_time",
}  # fmt: skip
USER_COLUMNS = (
    "id", "ext", "first_name", "last_name", "email", "active", "dnd", "nb_sip_locations", "cli",
)  # fmt: skip
QUEUE_COLUMNS = ("id", "name", "number", "users", "ring_strategy", "ring_time", "skip_busy")
CALL_COLUMNS = ("id", "state", "start_time", "connected_at", "duration", "context", "src", "src_id", "dst", "dst_id")
NO_CLI = "No CLI prefix set"
NO_DDI = "DDI not found"
TOO_DEAR = "Maximum per minute call rate exceeded for {}. Please contact support to remove this restriction."
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Auth-Token",
    "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE, OPTIONS",
}
THROTTLE_PAGE = b"HTTP/1.1 429 Too Many Requests\r\nno colon in this line\r\n\r\n<html>Slow down</html>"


@dataclass(slots=True, kw_only=True)
class Webhook:
    """A webhook of the dashboard; events is None for all."""

    url: str
    name: str
    events: frozenset[str] | None


class VoipstudioSimulator(VoipstudioRecords, Simulator):
    """A VoIPstudio account with its phones; every switch of VoipstudioSwitches is a keyword and an attribute."""

    provider: ClassVar[str] = "voipstudio"

    def __init__(
        self,
        *,
        seed: int = 0,
        clock: Callable[[], float] = time.time,
        extensions: int = 5,
        population: Population | None = None,
        **switches: Any,
    ) -> None:
        """Open an account with this population, or with so many generated extensions."""
        VoipstudioSwitches.__init__(self, **switches)
        Simulator.__init__(self, seed=seed, clock=clock)
        population = population or people(extensions)
        self.open_account(population)
        self.open_records(population)
        self.hooks: list[Webhook] = []
        self.spoken: list[tuple[str, str]] = []
        self._recent: deque[float] = deque()
        self._push_lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._user_id = max(self.users) + 1

    # -- the server -----------------------------------------------------------------------------------

    @property
    def origin(self) -> str:
        """Scheme, host and port alone."""
        return super().url

    @property
    def url(self) -> str:
        """The base URL as the vendor's own clients take it, with version and product."""
        return f"{self.origin}/v1.2/voipstudio"

    def routes(self) -> list[web.AbstractRouteDef]:
        """List the endpoints; both versions behave the same."""
        files = r"/{collection:monitors|voicemessages|faxes|transactions}/{id:\d+}"
        nested = r"/{collection:calltracking/\w+|callmeback/\w+|\w+}"
        return [
            self._open("POST", "/login", self.login),
            self._open("POST", "/login2fa", self.login2fa),
            self._open("POST", "/logout", self.logout),
            self._closed("GET", "/ping", self.ping),
            self._closed("GET", "/me", self.me),
            self._closed("GET", "/apitokens", self.list_tokens),
            self._closed("POST", "/apitokens", self.mint_token),
            self._closed("DELETE", "/apitokens/{token}", self.delete_token),
            self._closed("GET", "/calls", self.list_calls),
            self._closed("POST", "/calls", self.place_call),
            self._closed("GET", "/calls/{id}", self.get_call),
            self._closed("PATCH", "/calls/{id}", self.patch_call),
            self._closed("DELETE", "/calls/{id}", self.delete_call),
            self._closed("POST", "/webcalls", self.place_webcall),
            self._closed("POST", "/leadcalls", self.place_leadcall),
            self._closed("GET", "/users", self.list_users),
            self._closed("POST", "/users", self.add_user),
            self._closed("GET", "/users/{id}", self.get_user),
            self._closed("PATCH", "/users/{id}", self.patch_user),
            self._closed("DELETE", "/users/{id}", self.delete_user),
            self._closed("GET", "/queues", self.list_queues),
            self._closed("GET", "/queues/{id}", self.get_queue),
            self._closed("PATCH", "/queues/{id}", self.patch_queue),
            self._closed("DELETE", "/sms", self.clear_sms),
            self._closed("GET", files + ".mp3", self.get_audio),
            self._closed("GET", files + ".pdf", self.get_pdf),
            self._closed("GET", nested, self.list_rows),
            self._closed("POST", nested, self.add_row),
            self._closed("PATCH", nested, self.patch_rows),
            self._closed("GET", nested + r"/{id:\d+}", self.get_row),
            self._closed("PATCH", nested + r"/{id:\d+}", self.patch_row),
            self._closed("DELETE", nested + r"/{id:[\d,]+}", self.delete_row),
            web.route("OPTIONS", "/{path:.*}", self._wrapped(self._preflight)),
            web.route("*", "/{path:.*}", self._wrapped(self._no_such_path)),
        ]

    def _open(self, method: str, path: str, endpoint: OpenEndpoint) -> web.RouteDef:
        return web.route(method, PREFIX + path, self._wrapped(endpoint))

    def _closed(self, method: str, path: str, endpoint: Endpoint) -> web.RouteDef:
        async def handle(request: web.Request) -> web.StreamResponse:
            user = self.authenticate(request).user
            resource = request.path.split("/")[3]
            if user.role != "Administrator" and resource in self.restricted:
                raise RefusalError(403)
            return await endpoint(request, user)

        return self._open(method, path, handle)

    def _wrapped(self, endpoint: OpenEndpoint) -> OpenEndpoint:
        async def handle(request: web.Request) -> web.StreamResponse:
            if self._throttled():
                if request.transport is not None and not request.transport.is_closing():
                    request.transport.write(THROTTLE_PAGE)
                    request.transport.close()
                return web.Response()
            try:
                response = await endpoint(request)
            except RefusalError as refusal:
                response = refusal.response()
            response.headers.update(CORS)
            return response

        return handle

    def _throttled(self) -> bool:
        if self.throttle > 0:
            self.throttle -= 1
            return True
        if self.requests_per_minute is None:
            return False
        now = self.clock()
        while self._recent and self._recent[0] <= now - 60:
            self._recent.popleft()
        if len(self._recent) >= self.requests_per_minute:
            return True
        self._recent.append(now)
        return False

    async def _preflight(self, _request: web.Request) -> web.StreamResponse:
        return nothing()

    async def _no_such_path(self, _request: web.Request) -> web.StreamResponse:
        raise RefusalError(404)

    def error_body(self, status: int) -> web.Response:
        """Answer an error of the platform."""
        return json_error(status, {"message": TEXTS.get(status, "Error"), "errors": []})

    async def stop(self) -> None:
        """Stop listening and forget what was about to happen by itself."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await super().stop()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- webhooks -------------------------------------------------------------------------------------

    async def add_webhook(
        self, url: str, *, name: str = "Home Assistant", events: Iterable[str] | None = None
    ) -> Webhook:
        """Save a webhook as in the dashboard (6.1): try its address first, raise ValueError when it is refused."""
        if self.https_only and URL(url).scheme != "https":
            raise ValueError("a webhook needs an https address")
        if self.webhook_probe is not Probe.NONE:
            status = await self._probe(url)
            if status is None or (self.probe_needs_2xx and status >= 300):
                raise ValueError(f"the address does not answer: {status}")
        hook = Webhook(url=url, name=name, events=None if events is None else frozenset(events))
        self.hooks.append(hook)
        return hook

    async def _probe(self, url: str) -> int | None:
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
                session.request(self.webhook_probe.value, url) as response,
            ):
                return response.status
        except aiohttp.ClientError, TimeoutError:
            return None

    async def settle(self) -> None:
        """Wait until every push that is due was sent."""
        await self._flush()
        await self.webhooks.settle()

    async def _flush(self) -> None:
        async with self._push_lock:
            while self.outbox:
                batch, self.outbox = self.outbox, []
                for event in reversed(batch) if self.reverse_pushes else batch:
                    for hook in list(self.hooks):
                        if hook.events is None or event.name in hook.events:
                            await self._deliver(hook, event)

    async def _deliver(self, hook: Webhook, event: Event) -> None:
        for attempt in range(1 + self.webhook_retries):
            if attempt and self.retry_delay:
                await asyncio.sleep(self.retry_delay)
            status = await self.webhooks.send("POST", hook.url, event.name, json=event.body)
            if status is None or status < 300:
                return

    def _flush_soon(self) -> None:
        self._spawn(self._flush())

    # -- calls by API ---------------------------------------------------------------------------------

    def _may_see(self, user: User, leg: Leg) -> bool:
        return user.role == "Administrator" or user.id in {
            end.id for end in (leg.src.user, leg.dst.user) if end is not None
        }

    def _leg_of(self, request: web.Request, user: User) -> Leg:
        text = request.match_info["id"]
        leg = self.legs.get(int(text)) if text.isdecimal() else None
        if leg is None or (leg.distributor and not self.lists_root):
            raise RefusalError(404)
        if not self._may_see(user, leg):
            raise RefusalError(403)
        return leg

    async def list_calls(self, request: web.Request, user: User) -> web.Response:
        """Answer GET /calls."""
        rows = [self.call_row(leg) for leg in self.live_legs() if self._may_see(user, leg)]
        total = len(rows)
        if self.calls_paged:
            columns = set(rows[0]) if rows else set(CALL_COLUMNS)
            rows, total = page_of(rows, request.query, columns=columns, filterable=columns, switches=self)
        return many([self.shown(row) for row in rows], total)

    async def get_call(self, request: web.Request, user: User) -> web.Response:
        """Answer GET /calls/{id}."""
        return one(self.shown(self.call_row(self._leg_of(request, user))))

    def _destination(self, value: object, field: str) -> str:
        if not isinstance(value, str) or not DESTINATION.fullmatch(value):
            raise invalid(field, INVALID if value else BLANK)
        extension = len(value) <= LONGEST_EXTENSION and EXTENSION.fullmatch(value)
        if extension and not self.internal(value):
            raise invalid(field)
        return value

    def _source(self, body: Row, user: User) -> User:
        value = body.get("from")
        if value is None:
            return user
        text = str(value)
        source = self.users.get(int(text)) if text.isdecimal() and not isinstance(value, bool) else None
        if source is None or not source.active:
            item = {"field": "from", "message": INVALID}
            if self.code_place == "item":
                raise RefusalError(400, errors=[{**item, "code": "SF0010"}])
            extra = {"code": "SF0010"} if self.code_place == "top" else {}
            raise RefusalError(400, "", [item], **extra)
        if source is not user and user.role != "Administrator":
            raise RefusalError(403)
        return source

    async def place_call(self, request: web.Request, user: User) -> web.Response:
        """Answer POST /calls: ring the user's phone, then, once that is picked up, dial."""
        body = await body_of(request)
        number = self._destination(body.get("to"), "to")
        source = self._source(body, user)
        caller_id = body.get("caller_id")
        if caller_id is not None and caller_id != "anonymous" and caller_id not in self.numbers:
            raise RefusalError(400, NO_CLI)
        if not source.registered or self.endpoint_rejects:
            await asyncio.sleep(self.refuse_delay)
            status = self.endpoint_rejects if source.registered else 412
            raise RefusalError(status, TEXTS[412] if status == 412 else "The call was rejected")
        call = self.place(source, number, caller_id or "")
        row = self._placed(call, line_of(source), number)
        if self.auto_answer is not None:
            self._spawn(self._answer_later(call, line_of(source), self.auto_answer))
        await asyncio.sleep(self.place_delay)
        kept = SHORT_201 | set(self.extra_fields) if self.short_201 else set(row)
        return one({key: value for key, value in row.items() if key in kept}, status=201)

    def _placed(self, call: Call, source: str, number: str) -> Row:
        self.placed.append(Placed(call_id=str(call.id), source=source, destination=number))
        leg = self.legs.get(call.id) or self.ended_legs[call.id]
        self._flush_soon()
        return self.shown(self.call_row(leg))

    async def _answer_later(self, call: Call, extension: str, delay: float) -> None:
        await asyncio.sleep(delay)
        with suppress(LookupError):  # what was to pick up may have been hung up, or moved on
            await self.answer(str(call.id), extension)

    async def place_webcall(self, request: web.Request, _user: User) -> web.Response:
        """Answer POST /webcalls: connect two outside parties."""
        body = await body_of(request)
        source = self._destination(body.get("from"), "from")
        number = self._destination(body.get("to"), "to")
        if not self.webcalls_allowed:
            raise RefusalError(400, TOO_DEAR.format(source))
        call = self.place_outside(source, number)
        self._placed(call, source, number)
        return one({"id": call.id}, status=201)

    async def place_leadcall(self, request: web.Request, _user: User) -> web.Response:
        """Answer POST /leadcalls: call a number and speak a text."""
        body = await body_of(request)
        number = self._destination(body.get("to"), "to")
        if not isinstance(body.get("tts"), str) or not body["tts"]:
            raise invalid("tts", BLANK)
        if body.get("caller_id") not in self.numbers:
            raise RefusalError(400, NO_DDI)
        call = self.speak(body["caller_id"], number, body["tts"])
        self._placed(call, body["caller_id"], number)
        await asyncio.sleep(self.lead_delay)
        return one({"id": call.id}, status=201)

    async def patch_call(self, request: web.Request, user: User) -> web.Response:
        """Answer PATCH /calls/{id}: transfer, answer or attach a link, and nothing else."""
        leg = self._leg_of(request, user)
        body = await body_of(request)
        match body:
            case {"dst": number} if len(body) == 1:
                row = self._hand_over(leg, user, self._destination(number, "dst"))
            case {"state": "CONNECTED"} if len(body) == 1:
                row = self._answer_remotely(leg)
            case {"action_url": str(link), **rest} if rest.keys() <= {"action_text"}:
                if URL(link).scheme not in {"http", "https"}:
                    raise invalid("action_url")
                leg.action_url, leg.action_text = link, str(rest.get("action_text", ""))
                row = self.call_row(leg)
            case _:
                raise invalid(next(iter(body), "state"))
        self._flush_soon()
        return one(self.shown(row))

    def _hand_over(self, leg: Leg, user: User, number: str) -> Row:
        ours = [end for end in (leg.dst.user, leg.src.user) if end is not None]
        if leg.state is not State.CONNECTED or leg.distributor or not ours:
            raise invalid("dst", "The call is not connected.")
        by = user if user in ours else ours[0]
        if number == by.ext:
            raise invalid("dst")
        row = self.call_row(leg)
        self.transfer(leg, by, number)
        return row | {"dst": number, "referred_by": leg.referred_by}

    def _answer_remotely(self, leg: Leg) -> Row:
        if leg.state is not State.RINGING or leg.phone is None:
            raise invalid("state")
        if self.remote_answer and leg.phone.remote_answer:
            self.pick_up(leg)
        return self.call_row(leg)

    async def delete_call(self, request: web.Request, user: User) -> web.Response:
        """Answer DELETE /calls/{id}: hang up; one phone of a ringing group just stops ringing."""
        leg = self._leg_of(request, user)
        if self.refuses_ringing_hangup and not leg.up:
            raise invalid("state")
        by = "callee" if leg.incoming and not leg.distributor else "caller"
        if leg.up or leg.distributor:
            self.finish(leg.call, by=by, cause="Normal Clearing")
        elif leg.incoming:
            self.refuse(leg, cause="Call Rejected", disposition=Disposition.BUSY)
        else:
            self.finish(leg.call, by=by, cause="No Answer")
        self._flush_soon()
        return nothing()

    # -- users and queues by API ----------------------------------------------------------------------

    def user_row(self, user: User) -> Row:
        """Write a user as GET /users does (4.2)."""
        locations = int(user.registered) if self.locations_are_live else user.nb_sip_locations
        row: Row = {name: getattr(user, name) for name in USER_COLUMNS}
        return row | {"nb_sip_locations": locations} | dict(self.extra_fields)

    def _user_of(self, request: web.Request) -> User:
        text = request.match_info["id"]
        user = self.users.get(int(text)) if text.isdecimal() else None
        if user is None:
            raise RefusalError(404)
        return user

    async def list_users(self, request: web.Request, _user: User) -> web.Response:
        """Answer GET /users."""
        rows = [self.user_row(user) for user in self.users.values()]
        filterable = set(USER_COLUMNS)
        return many(*page_of(rows, request.query, columns=USER_COLUMNS, filterable=filterable, switches=self))

    async def get_user(self, request: web.Request, _user: User) -> web.Response:
        """Answer GET /users/{id}."""
        return one(self.user_row(self._user_of(request)))

    def _checked(self, body: Row, user: User | None) -> Row:
        kinds = {"ext": str, "first_name": str, "last_name": str, "email": str, "active": bool, "dnd": bool, "cli": str}
        for field, value in body.items():
            if field not in kinds or not isinstance(value, kinds[field]):
                raise invalid(field)
        ext = body.get("ext", "")
        if ext and not EXTENSION.fullmatch(ext):
            raise invalid("ext")
        if ext and self.by_ext.get(ext, user) is not user:
            raise invalid("ext", USED)
        if "dnd" in body and self.dnd_write is DndWrite.REFUSED:
            raise invalid("dnd", "This field is not known.")
        return {key: value for key, value in body.items() if key != "dnd" or self.dnd_write is DndWrite.WORKS}

    async def add_user(self, request: web.Request, _user: User) -> web.Response:
        """Answer POST /users."""
        fields = self._checked(await body_of(request), None)
        for name in ("first_name", "last_name", "email"):
            if not fields.get(name):
                raise invalid(name, BLANK)
        defaults: Row = {"ext": "", "registered": False, "nb_sip_locations": 0, "role": "User"}
        user = User(id=self._user_id, **(defaults | fields))
        self._user_id += 1
        self.users[user.id] = user
        if user.ext:
            self.by_ext[user.ext] = user
        return one(self.user_row(user), status=201)

    async def patch_user(self, request: web.Request, _user: User) -> web.Response:
        """Answer PATCH /users/{id}."""
        user = self._user_of(request)
        fields = self._checked(await body_of(request), user)
        self.by_ext.pop(user.ext, None)
        for name, value in fields.items():
            setattr(user, name, value)
        if user.ext:
            self.by_ext[user.ext] = user
        self._freed(user)
        return one(self.user_row(user))

    async def delete_user(self, request: web.Request, user: User) -> web.Response:
        """Answer DELETE /users/{id}."""
        gone = self._user_of(request)
        if gone is user:
            raise RefusalError(403)
        del self.users[gone.id]
        self.by_ext.pop(gone.ext, None)
        gone.active = False
        for queue in self.queues.values():
            queue.members.pop(gone.id, None)
        for group in self.ring_groups.values():
            group.members = [member for member in group.members if member != gone.id]
        return nothing()

    def _freed(self, user: User) -> None:
        self.offer_waiting(user)
        self._flush_soon()

    def queue_row(self, queue: Queue, request: web.Request) -> Row:
        """Write a queue as GET /queues does: members as ids, or as objects when included (4.3)."""
        members: list[Any] = list(queue.members)
        if "users" in request.query.get("include", "").split(","):
            fields = request.query.get("fields[users]", "id,first_name,last_name,status").split(",")
            members = [
                {key: value for key, value in row.items() if key in fields}
                for row in (self.user_row(self.users[one]) | {"status": on} for one, on in queue.members.items())
            ]
        row: Row = {name: getattr(queue, name) for name in QUEUE_COLUMNS if name != "users"}
        return row | {"users": members}

    def _queue_of(self, request: web.Request) -> Queue:
        text = request.match_info["id"]
        queue = self.queues.get(int(text)) if text.isdecimal() else None
        if queue is None:
            raise RefusalError(404)
        return queue

    async def list_queues(self, request: web.Request, _user: User) -> web.Response:
        """Answer GET /queues."""
        rows = [self.queue_row(queue, request) for queue in self.queues.values()]
        filterable = set(QUEUE_COLUMNS) - {"users"}
        return many(*page_of(rows, request.query, columns=filterable, filterable=filterable, switches=self))

    async def get_queue(self, request: web.Request, _user: User) -> web.Response:
        """Answer GET /queues/{id}."""
        return one(self.queue_row(self._queue_of(request), request))

    async def patch_queue(self, request: web.Request, _user: User) -> web.Response:
        """Answer PATCH /queues/{id}: agents join and leave."""
        queue = self._queue_of(request)
        body = await body_of(request)
        changes = self._agents_of(body.get("users", [])) if "users" in body else None
        for field, value in body.items():
            kinds = {"users": list, "name": str, "ring_strategy": str, "ring_time": int, "skip_busy": bool}
            if field not in kinds or not isinstance(value, kinds[field]):
                raise invalid(field)
        for field in body.keys() - {"users"}:
            setattr(queue, field, body[field])
        if changes is not None:
            removes = self.partial_agents is PartialAgents.REMOVES_OTHERS
            queue.members = changes if removes else queue.members | changes
            for user_id in changes:
                self._freed(self.users[user_id])
        return one(self.queue_row(queue, request))

    def _agents_of(self, items: object) -> dict[int, bool]:
        if not isinstance(items, list):
            raise invalid("users")
        agents: dict[int, bool] = {}
        for item in items:
            match item:
                case {"id": int(user_id), "status": bool(status)} if user_id in self.users:
                    agents[user_id] = status
                case _:
                    raise invalid("users")
        return agents

    # -- neutral verbs --------------------------------------------------------------------------------

    async def ring(self, caller: str, *extensions: str, name: str = "") -> str:
        """Let an outside caller (empty: withheld) ring one phone, or several as a ring group."""
        call = self.incoming(caller, extensions, name)
        await self._flush()
        return str(call.id)

    async def dial(self, extension: str, number: str) -> str:
        """Let somebody dial an outside number, an extension, a queue's or a ring group's number."""
        call = self.dialled(self.user_at(extension), number)
        await self._flush()
        return str(call.id)

    def _ringing(self, call_id: str, extension: str) -> Leg:
        ringing = [leg for leg in self.call_at(call_id).phones if leg.state is State.RINGING]
        if extension:
            user = self.user_at(extension)
            ringing = [leg for leg in ringing if leg.phone is user]
        else:
            ringing.sort(key=lambda leg: leg.phone is not None)
        if not ringing:
            raise LookupError(f"nothing rings on call {call_id} at {extension or 'the outside'}")
        return ringing[0]

    async def answer(self, call_id: str, extension: str = "") -> None:
        """Pick up at a ringing extension, or (empty) let the far end do so."""
        leg = self._ringing(call_id, extension)
        self.pick_up(leg)
        call = leg.call
        if call.tts and leg is call.last:
            self.spoken.append((leg.dst.number, call.tts))
        if self.far_answer is not None and call.placed and not call.answered and call.id in self.calls:
            self._spawn(self._answer_later(call, "", self.far_answer))
        await self._flush()

    async def hold(self, call_id: str, extension: str) -> None:
        """Put the call on hold at an extension."""
        self.set_held(self.call_at(call_id), self.user_at(extension), held=True)
        await self._flush()

    async def resume(self, call_id: str, extension: str) -> None:
        """Take a held call back."""
        self.set_held(self.call_at(call_id), self.user_at(extension), held=False)
        await self._flush()

    async def hang_up(self, call_id: str, *, by: str = "caller") -> None:
        """End a call; `reject` is refused by every phone that rings (a queue then keeps the caller)."""
        call = self.call_at(call_id)
        if by == "reject":
            for leg in [leg for leg in call.phones if leg.state is State.RINGING]:
                if leg.id in self.legs:
                    self.refuse(leg, cause="Call Rejected", disposition=Disposition.BUSY)
        elif call.answered:
            self.finish(call, by=by, cause="Normal Clearing")
        elif by == "callee":
            self.finish(call, by=by, cause="User busy", disposition=Disposition.BUSY)
        else:
            self.finish(call, by=by, cause="No Answer")
        await self._flush()

    def truth(self) -> list[TrueCall]:
        """List the calls that are up now."""
        return list(self.true_calls())

    # -- this provider's verbs ------------------------------------------------------------------------

    async def reject(self, call_id: str, extension: str) -> None:
        """Let one of several ringing phones refuse while the others ring on."""
        self.refuse(self._ringing(call_id, extension), cause="Call Rejected", disposition=Disposition.BUSY)
        await self._flush()

    async def fail(self, call_id: str) -> None:
        """Let a call fail in the network."""
        self.finish(self.call_at(call_id), by="callee", cause="Network out of order", disposition=Disposition.FAILED)
        await self._flush()

    async def hand_over(self, call_id: str, extension: str, target: str) -> str:
        """Let somebody transfer a call by phone, blind; give the id of the leg that rings now."""
        call, user = self.call_at(call_id), self.user_at(extension)
        legs = [leg for leg in call.phones if leg.up and user in leg.users]
        if not legs:
            raise LookupError(f"{extension} does not talk on call {call_id}")
        leg = self.transfer(legs[0], user, target)
        await self._flush()
        return str(leg.id)

    async def enter_queue(self, caller: str, number: str, *, name: str = "") -> str:
        """Let an outside caller enter a queue (by its number); he waits when no agent is free."""
        queue = self.queue_at(number)
        if queue is None:
            raise LookupError(f"no queue has number {number!r}")
        call = self.queued(Party(number=caller, name=quoted(caller, name)), queue)
        await self._flush()
        return str(call.id)

    async def agent(self, number: str, extension: str, *, joined: bool) -> None:
        """Let an agent join or leave a queue by phone."""
        queue, user = self.queue_at(number), self.user_at(extension)
        if queue is None:
            raise LookupError(f"no queue has number {number!r}")
        queue.members[user.id] = joined
        self.offer_waiting(user)
        await self._flush()

    async def set_dnd(self, extension: str, *, on: bool) -> None:
        """Let somebody switch do not disturb."""
        await self._change(extension, dnd=on)

    async def register(self, extension: str) -> None:
        """Connect a user's phone."""
        await self._change(extension, registered=True)

    async def unregister(self, extension: str) -> None:
        """Disconnect a user's phone."""
        await self._change(extension, registered=False)

    async def _change(self, extension: str, *, dnd: bool | None = None, registered: bool | None = None) -> None:
        user = self.user_at(extension)
        user.dnd = user.dnd if dnd is None else dnd
        user.registered = user.registered if registered is None else registered
        self.offer_waiting(user)
        await self._flush()

    async def press(self, call_id: str, key: str, extension: str) -> None:
        """Let a key tone of a call be received by a user."""
        call, user = self.call_at(call_id), self.user_at(extension)
        leg = next((leg for leg in call.phones if leg.up and user in leg.users), None)
        if leg is None:
            raise LookupError(f"{extension} does not talk on call {call_id}")
        self.emit("call.dtmf", leg, state=self.dtmf_state, dtmf_tag=key, dtmf_target=f"U:{user.id}")
        await self._flush()

    async def sms_arrives(self, sender: str, text: str, *, to: str = "", extension: str = "") -> int:
        """Let a message arrive on one of the account's numbers; give its id."""
        to, user = to or self.main_number, self.user_at(extension) if extension else self.admin
        sms_id = self.keep_sms(sender, to, text, kind="I", user=user)
        body = {"customer_id": self.customer_id, "user_id": user.id, "from_no": sender, "to_no": to, "text": text}
        self.push("sms.received", self.event_head("sms.received") | body)
        await self._flush()
        return sms_id

    async def voicemail_arrives(self, extension: str, caller: str, *, seconds: int = 12) -> int:
        """Let somebody leave a voicemail, which pushes nothing; give its id."""
        user = self.user_at(extension)
        row: Row = {"origtime": self.written(self.clock()), "caller": caller, "dialled": line_of(user)}
        self.converse("voicemail", caller, line_of(user), seconds, "I", {user.id})
        return self.voicemail.add(row | {"duration": seconds, "folder": "INBOX", "is_new": True}, owners={user.id})

    async def voicemail_heard(self, voicemail_id: int) -> None:
        """Let somebody listen to a voicemail."""
        self.voicemail.rows[voicemail_id] |= {"is_new": False, "folder": "Old"}

    async def fax_arrives(self, sender: str, *, to: str = "", pages: int = 1) -> int:
        """Let a fax arrive, which pushes nothing; give its id."""
        to = to or self.main_number
        row: Row = {"created_at": self.written(self.clock()), "from": sender, "to": to, "pages": pages, "type": "I"}
        self.converse("fax", sender, to, 0, "I", self.users)
        return self.faxes.add(row | {"user_id": self.admin.id}, owners=self.users)

    async def recording_ready(self, call_id: str) -> int:
        """Finish the recording of a call that was answered, ended or not; give its id."""
        call = self.ended.get(int(call_id)) or self.call_at(call_id)
        if call.last is None:
            raise LookupError(f"nobody talked on call {call_id}")
        monitor_id = self.record_audio(call.last)
        await self._flush()
        return monitor_id

    async def wraps_up(self, number: str, extension: str, what: str) -> None:
        """Let an agent's post-call panel be `opened`, `closed` or `timed_out`."""
        queue = self.queue_at(number)
        if queue is None:
            raise LookupError(f"no queue has number {number!r}")
        self.emit_wrap_up(self.user_at(extension), queue, what)
        await self._flush()


__all__ = ["VoipstudioSimulator", "Webhook"]
