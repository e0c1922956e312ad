"""VoIPstudio: polled, pushed by a webhook that a person pastes, commands by REST."""

import asyncio
import hmac
from base64 import b64decode
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_
from secrets import token_hex
from typing import ClassVar, override

import aiohttp
from yarl import URL

from ...telephony import models as m
from ...telephony import phone_numbers as numbers
from ...telephony.bounded_map import BoundedMap
from ...telephony.errors import (
    AuthError,
    ConnectError,
    InvalidInputError,
    NotFoundError,
    ProviderError,
    RefusedError,
    SecondFactorError,
    UnknownOutcomeError,
    UnsupportedError,
)
from ...telephony.models import CallState, Capability
from ..base import Intervals, Provider
from ..http import Reply
from ..settings import Settings, Values
from ..values import Json, boolean, mapping, text
from . import calls, contacts, history
from . import payload as voipstudio_payload
from . import push as voipstudio_push
from .api import (
    CLIENT_ERRORS,
    NONE,
    NOT_FOUND,
    UNAUTHORISED,
    Api,
    Ask,
    ForbiddenError,
    Params,
    data_of,
    path_of,
    reason,
    where,
)
from .history import check_range, written
from .payload import Book, QueueRow, ident
from .settings import VoipstudioSettings

KEY_NAME = "Home Assistant"
KEY_IDLE = 7 * 24 * 3600
ANONYMOUS = "anonymous"
PLACE_TIMEOUT = 40  # the phone rings before the answer comes
SPEAK_TIMEOUT = 60
VOICEMAIL_EVERY = 300
REMEMBERED_CALLS = 256
HISTORY_PAGE = 1000
HISTORY_PAGES = 10
RECORD_WINDOW = timedelta(days=1)  # wider than any time zone the times may be written in
WRONG_LOGIN = frozenset({400, 401, 403})
ACCEPTED = 202

# What each list is needed for; a list this key may not read takes its capabilities away.
NEEDS: Mapping[str, Capability] = {
    "calls": Capability.CALLS,
    "users": Capability.DND,
    "queues": (
        Capability.AGENTS
        | Capability.QUEUES
        | Capability.QUEUE_LOGIN
        | Capability.AGENT_LOGIN
        | Capability.AGENT_LOGOUT
        | Capability.GET_AGENT_STATUS
        | Capability.GET_QUEUE_STATUS
    ),
    "cdrs": Capability.GET_CALL_HISTORY,
    "monitors": Capability.RECORDINGS,
    "voicemessages": Capability.VOICEMAILS | Capability.VOICEMAIL_COUNT,
    "contacts": (
        Capability.SEARCH_CONTACTS
        | Capability.CREATE_CONTACT
        | Capability.UPDATE_CONTACT
        | Capability.DELETE_CONTACT
    ),
    "sms": Capability.SEND_SMS,
}
ALWAYS = (
    Capability.WEBHOOK
    | Capability.ORIGINATE
    | Capability.CLICK_TO_CALL
    | Capability.ANSWER
    | Capability.HANGUP
    | Capability.TRANSFER
    | Capability.ANNOUNCE
)
PROBED = ("queues", "cdrs", "monitors", "contacts", "sms")  # the polls find out about the others
HISTORY_FIELDS = frozenset(
    {"start", "end", "number", "extension", "direction", "search", "limit", "offset", "sort"}
)
CONTACT_FIELDS = frozenset(
    {"first_name", "last_name", "number", "numbers", "email", "groups", "notes"}
)
QUEUE_LIST = {"include": "users", "fields[users]": "id,first_name,last_name,status"}
NEWEST_FIRST = {"sort": "id", "dir": "DESC"}


class VoipstudioProvider(Provider):
    """One VoIPstudio account, seen through one user's API key."""

    key: ClassVar[str] = "voipstudio"
    name: ClassVar[str] = "VoIPstudio"
    settings_type: ClassVar[type[Settings]] = VoipstudioSettings
    settings: VoipstudioSettings
    possible: ClassVar[Capability] = reduce(or_, NEEDS.values(), ALWAYS)
    intervals: ClassVar[Intervals] = Intervals(busy=5, idle=10, pushed=60, directory=60)
    pushes_every_call: ClassVar[bool] = True  # if all of its events were chosen in the dashboard
    grace: ClassVar[float] = 2  # phones of a group give up one by one before the next ones ring
    record_after: ClassVar[float | None] = 15
    fields: ClassVar[Mapping[Capability, frozenset[str]]] = {
        Capability.ORIGINATE: frozenset({"caller_id_number"}),
        Capability.CLICK_TO_CALL: frozenset({"caller_id_number"}),
        Capability.ANNOUNCE: frozenset({"caller_id_number"}),
        Capability.TRANSFER: frozenset({"type"}),
        Capability.SEND_SMS: frozenset({"sender"}),
        Capability.AGENT_LOGIN: frozenset({"agent", "queue"}),
        Capability.AGENT_LOGOUT: frozenset({"agent", "queue"}),
        Capability.GET_AGENT_STATUS: frozenset({"agent"}),
        Capability.GET_CALL_HISTORY: HISTORY_FIELDS | {"record_id", "call_id"},
        Capability.SEARCH_CONTACTS: frozenset(
            {"name", "number", "email", "contact_id", "limit", "offset"}
        ),
        Capability.CREATE_CONTACT: CONTACT_FIELDS,
        Capability.UPDATE_CONTACT: CONTACT_FIELDS | {"contact_id"},
        Capability.DELETE_CONTACT: frozenset({"contact_id"}),
    }

    def __init__(self, session: aiohttp.ClientSession, values: Values) -> None:
        """Talk to one account; the session stays the caller's."""
        super().__init__(session, values)
        self.http.malformed_means_slow_down = True
        self.user_id = self.settings.user_id
        self.customer_id = self.settings.customer_id
        self.created_objects = self.settings.created_objects
        basic = self.settings.authentication == "basic"
        url = self.settings.url
        self.api = Api(self.http, url, self.settings.api_key, self.user_id if basic else "")
        self.book = Book(country=self.country)
        self._myself: Json = {}
        self._placed: deque[str] = deque(maxlen=REMEMBERED_CALLS)
        self._roots: BoundedMap[str] = BoundedMap(calls.REMEMBERED_LEGS)
        self._queue_lock = asyncio.Lock()
        self._voicemail_at: float | None = None

    @property
    def country(self) -> str:
        """The country whose way of writing numbers people use."""
        return self.settings.country

    # -- set-up ------------------------------------------------------------------------------------

    @classmethod
    @override
    async def login(cls, session: aiohttp.ClientSession, typed: Values) -> Values:
        """Return what to keep, with an API key of our own in the place of e-mail and password.

        Raise SecondFactorError to ask for a `code`.
        """
        provider = cls(session, typed)
        if not provider.api.key:
            return await provider._log_in(typed)
        if provider.settings.password:
            raise InvalidInputError("password", "conflict")
        # A key that was typed is not ours to remove.
        return {name: value for name, value in typed.items() if name != "api_key_name"}

    async def _log_in(self, typed: Values) -> Values:
        code, nonce, password = self.settings.code, self.settings.nonce, self.settings.password
        if code and nonce:
            path, body = "login2fa", {"code": code.replace(" ", ""), "nonce": nonce}
        else:
            email = self.settings.email
            if not email or not password:
                raise InvalidInputError("password" if email else "email", "required")
            path, body = "login", {"email": email, "password": password}
        # Exactly once: each try mails a code.
        reply = await self.http.command(f"POST {path}", "POST", self.api.address(path), json=body)
        if reply.status in WRONG_LOGIN:
            raise AuthError("E-mail, password or code is wrong")
        if not reply.ok and reply.status in CLIENT_ERRORS and reply.status != NOT_FOUND:
            raise RefusedError(
                reason(reply, body.values())[0] or f"HTTP {reply.status}", str(reply.status)
            )
        if not reply.ok:
            raise ConnectError(f"HTTP {reply.status}")
        answer = data_of(reply)
        if challenge := text(answer.get("nonce")):
            raise SecondFactorError(challenge)
        token = text(answer.get("user_token"))
        if not token or reply.status == ACCEPTED:
            raise ConnectError("The log-in was answered without a token")
        kept = {
            name: value
            for name, value in typed.items()
            if name not in {"password", "code", "nonce"}
        }
        user_id = ident(answer.get("user_id"))
        # A name is taken once per user, and the account may be set up more than once, here and elsewhere.
        name = f"{KEY_NAME} {token_hex(4)}"
        made = {"api_key": await self._mint(token, name), "api_key_name": name}
        return (
            kept
            | made
            | {"created_objects": [*self.created_objects, name]}
            | ({"user_id": user_id} if user_id else {})
        )

    async def _mint(self, token: str, name: str) -> str:
        api = Api(self.http, self.settings.url, token)
        made = await api.command("POST", "apitokens", {"name": name, "expiry": KEY_IDLE})
        key = text(made.get("token"))
        if not key:
            raise ConnectError("The API key was made but not told")
        with suppress(AuthError, ConnectError, RefusedError):
            await api.command("POST", "logout", {})
        return key

    @override
    async def account(self) -> m.Account:
        """Ask whose key this is, and what it may do."""
        reply = await self.api.send(self.http.ask, "GET", "me")
        if reply.status == UNAUTHORISED:
            reply = await self._second_try()
        me = mapping(mapping(reply.json()).get("data")) if reply.ok else {}
        user, customer_id = voipstudio_payload.read_user(me), ident(me.get("customer_id"))
        if user is None:
            raise ConnectError("The phone system does not say whose key this is")
        # The answer holds the SIP password as well: nothing but these names is kept.
        names = (
            "id",
            "ext",
            "first_name",
            "last_name",
            "email",
            "active",
            "dnd",
            "nb_sip_locations",
            "cli",
        )
        self._myself = {name: me[name] for name in names if name in me}
        self.user_id, self.customer_id = user.id, customer_id
        await self._settle()
        await self._remove_old_keys()
        found: dict[str, object] = {
            "user_id": user.id,
            "customer_id": customer_id,
            "authentication": "basic" if self.api.user else "",
        }
        if self.settings.created_objects:
            found["created_objects"] = list(self.created_objects)
        if self.api.user:
            self.api.user = user.id
        return m.Account(
            id=customer_id or f"user-{user.id}",
            title=self.title_of(user.email or user.name or customer_id or user.id),
            configuration_url="https://voipstudio.com/",
            settings={name: value for name, value in found.items() if value != ""},
        )

    async def _second_try(self) -> Reply:
        """Ask again after a refusal, the older way where the user is known; raise AuthError when that is certain."""
        if not self.api.user:
            self.api.user = self.user_id or self.settings.email
        reply = await self.api.send(self.http.ask, "GET", "me")
        if reply.status in WRONG_LOGIN:
            self.api.user = ""
            raise AuthError("The API key is not valid")
        return reply

    async def _settle(self) -> None:
        allowed = await asyncio.gather(*(self.api.allowed(path) for path in PROBED))
        self.capabilities = self.possible
        for path, yes in zip(PROBED, allowed, strict=True):
            self._permit(path, allowed=yes)

    def _permit(self, path: str, *, allowed: bool) -> None:
        needed = NEEDS[path]
        self.capabilities = self.capabilities | needed if allowed else self.capabilities & ~needed

    async def _remove_old_keys(self) -> None:
        """Remove the keys that were made by `login` for this account before the one in use; else it is tried again."""
        for name in self.created_objects:
            if name == self.settings.api_key_name:
                continue
            with suppress(ProviderError):
                for row in await self.api.rows(
                    self.http.ask, "apitokens", {"filter": where(("name", "eq", name))}
                ):
                    if text(row.get("name")) == name and (old := text(row.get("token"))) not in {
                        "",
                        self.api.key,
                    }:
                        await self.api.command("DELETE", path_of("apitokens", old))
                self.created_objects = tuple(
                    other for other in self.created_objects if other != name
                )

    @override
    async def release(self) -> None:
        """Remove the API key, if it was made by `login`."""
        if self.settings.api_key_name:
            with suppress(AuthError, NotFoundError):
                await self.api.command("DELETE", path_of("apitokens", self.api.key))

    # -- state -------------------------------------------------------------------------------------

    @override
    async def directory(self) -> m.Directory:
        """Ask for users, queues and unread voicemail."""
        ask = self.http.read
        people = await self._list(ask, "users")
        queues = await self._list(ask, "queues", QUEUE_LIST)
        items = _queues(queues or ())
        self._learn(people, items if queues is not None else None)
        unread = await self._unread(ask)
        return m.Directory(
            extensions=voipstudio_payload.extensions(
                [self._myself] if people is None else people, self.book
            ),
            agents=None if queues is None else voipstudio_payload.agents(items, self.book),
            queues=None
            if queues is None
            else tuple(voipstudio_payload.queue(item) for item in items),
            unread_voicemails=unread,
            missing_permissions=frozenset(
                path for path, need in NEEDS.items() if need not in self.capabilities
            ),
        )

    def _learn(self, people: Iterable[Json] | None, queues: Iterable[QueueRow] | None) -> None:
        known = self.book.queues if queues is None else {item.id: item.number for item in queues}
        self.book = voipstudio_payload.book(
            [self._myself] if people is None else people,
            complete=people is not None,
            country=self.country,
            queues=known,
        )

    async def _list(self, ask: Ask, path: str, params: Params = NONE) -> tuple[Json, ...] | None:
        """Read a list and note whether this key may; None when it may not."""
        try:
            rows = await self.api.rows(ask, path, params)
        except ForbiddenError, NotFoundError:
            self._permit(path, allowed=False)
            return None
        self._permit(path, allowed=True)
        return rows

    async def _unread(self, ask: Ask) -> int | None:
        now = asyncio.get_running_loop().time()
        if self._voicemail_at is not None and now < self._voicemail_at + VOICEMAIL_EVERY:
            return None
        rows = await self._list(ask, "voicemessages", NEWEST_FIRST)
        self._voicemail_at = now
        return None if rows is None else sum(boolean(row.get("is_new")) is True for row in rows)

    @override
    async def calls(self) -> tuple[m.Call, ...] | None:
        """Ask for the active calls; None while this key may not."""
        rows: list[Json] = []
        try:
            async for page in self.api.pages(self.http.read, "calls"):
                rows += page.rows
                if page.last and not page.whole:
                    raise ConnectError("The list of calls is not complete")
        except ForbiddenError:
            self._permit("calls", allowed=False)
            return None
        self._permit("calls", allowed=True)
        return calls.calls(rows, self.book, self._roots)

    @override
    async def record_of(self, call: m.Call) -> m.CallRecord | None:
        """Look for what was written down about a call."""
        since = (call.started_at or call.ended_at or datetime.now(UTC)) - RECORD_WINDOW
        params = {"filter": where(("calldate", "gte", written(since))), **NEWEST_FIRST}
        page = await anext(self.api.pages(self.http.read, "cdrs", params, size=HISTORY_PAGE))
        ids = {call.id, *(_leg_id(leg) for leg in call.legs)}
        found = (
            record
            for record, rows in history.records(page.rows, self.book)
            if record.call_id == call.id or ids & {ident(row.get("live_id")) for row in rows}
        )
        return next(found, None)

    @override
    def parse(self, request: m.PushRequest) -> tuple[m.Pushed, ...]:
        """Read a webhook request; one without the credentials that were set, or of another customer, says nothing."""
        if not request.body.strip() or not self._genuine(request.authorization):
            return ()
        pushed = voipstudio_push.read(request.body, self.book, self.customer_id, self._placed)
        for push in pushed:
            if isinstance(push, m.LegPush) and push.leg_id is not None:
                self._roots.put(push.leg_id, push.call_id)
        return pushed

    def _genuine(self, authorization: str | None) -> bool:
        user, password = (
            self.settings.webhook_username,
            self.settings.webhook_password,
        )
        if not user and not password:
            return True
        scheme, _, sent = (authorization or "").partition(" ")
        try:
            given = b64decode(sent.strip(), validate=True)
        except ValueError:
            return False
        return scheme.lower() == "basic" and hmac.compare_digest(
            given, f"{user}:{password}".encode()
        )

    @override
    def urls_to_paste(self, url: str) -> Mapping[str, str]:
        """Give the URL for Integrations, Webhooks, Add, with the credentials where they are set."""
        user, password = (
            self.settings.webhook_username,
            self.settings.webhook_password,
        )
        if (user or password) and URL(url).absolute:
            url = str(URL(url).with_user(user).with_password(password))
        return {"URL": url}

    # -- calls -------------------------------------------------------------------------------------

    @override
    async def originate(self, request: m.Originate) -> m.Placed:
        """Ring a user's phone, then connect it to a number."""
        body = {
            "to": self._dialable(request.number),
            "from": await self._user_id(request.extension),
        }
        if request.caller_id_number is not None:
            caller_id = request.caller_id_number.strip()
            hidden = caller_id.lower() == ANONYMOUS
            body["caller_id"] = (
                ANONYMOUS if hidden else self._outside(caller_id, "caller_id_number")
            )
        return await self._place("calls", body, PLACE_TIMEOUT)

    @override
    async def announce(self, number: str, message: str, caller_id_number: str | None) -> m.Placed:
        """Call a number and speak a text; the caller ID must be one of the account's own numbers."""
        if not message.strip():
            raise InvalidInputError("message", "required")
        to = self._dialable(number)
        own = self.book.users.get(self.user_id)
        caller_id = caller_id_number or (self.book.shown(own.cli) if own else "")
        if not caller_id:
            raise InvalidInputError("caller_id_number", "required")
        body = {"to": to, "tts": message, "caller_id": self._outside(caller_id, "caller_id_number")}
        return await self._place("leadcalls", body, SPEAK_TIMEOUT)

    async def _place(self, path: str, body: Mapping[str, str], timeout: float) -> m.Placed:  # noqa: ASYNC109
        try:
            answer = await self.api.command("POST", path, body, timeout=timeout, placing=True)
        except UnknownOutcomeError:
            return m.Placed(outcome=m.PlacedOutcome.UNKNOWN)
        call_id = ident(answer.get("id"))
        if call_id and path == "calls":
            self._placed.append(call_id)
        return m.Placed(call_id=call_id or None)

    @override
    async def answer(self, target: m.CallRef) -> None:
        """Pick up a ringing call on the user's own phone, where that phone lets itself be told to."""
        legs = [leg for leg in _own(target) if leg.state is CallState.RINGING and leg.extension]
        if len(legs) > 1:
            raise InvalidInputError("extension", "required")
        await self._change(legs, {"state": "CONNECTED"})

    @override
    async def hangup(self, target: m.CallRef, cause: str | None = None) -> None:
        """End a call: the conversation where there is one, else every phone that rings."""
        live = [leg for leg in _own(target) if leg.state is not CallState.ENDED]
        talking = [leg for leg in live if leg.state in m.UP]
        ids = dict.fromkeys(_leg_id(leg) for leg in talking[:1] or live)
        if not target.call.legs:
            ids = {target.call.id: None}
        for leg_id in ids:
            with suppress(NotFoundError):  # it ended by itself meanwhile
                await self.api.command("DELETE", path_of("calls", leg_id))

    @override
    async def transfer(self, target: m.CallRef, number: str, kind: m.TransferType) -> None:
        """Hand the other party over, without talking to the target first."""
        if kind is not m.TransferType.BLIND:
            raise UnsupportedError("transfer", "type")
        to = self._dialable(number)
        if target.extension and to == target.extension:
            raise InvalidInputError("number", "conflict")
        await self._change(
            [leg for leg in _own(target) if leg.state is CallState.TALKING][:1], {"dst": to}
        )

    async def _change(self, legs: list[m.Leg], body: Mapping[str, str]) -> None:
        if not legs:
            raise InvalidInputError("call", "conflict")
        await self.api.command("PATCH", path_of("calls", _leg_id(legs[0])), body, timeout=20)

    @override
    async def send_sms(self, number: str, message: str, sender: str | None) -> str:
        """Send a text message; give its id."""
        if not message.strip():
            raise InvalidInputError("message", "required")
        body = {"to": self._outside(number, "number"), "message": message}
        if sender is not None:
            body["from"] = self._outside(sender, "sender")
        return ident((await self.api.command("POST", "sms", body, timeout=20)).get("id"))

    # -- agents and queues -------------------------------------------------------------------------

    @override
    async def agent_login(self, agent: m.AgentRef) -> None:
        """Let an agent join a queue, or all of the agent's queues."""
        await self._join(agent, joined=True)

    @override
    async def agent_logout(self, agent: m.AgentRef) -> None:
        """Let an agent leave a queue, or all of the agent's queues."""
        await self._join(agent, joined=False)

    async def _join(self, agent: m.AgentRef, *, joined: bool) -> None:
        # The whole list is read, changed and written: whoever a shorter list left out might be removed.
        async with self._queue_lock:
            items = await self._fresh_queues()
            user_id = self._agent_id(agent, items)
            if agent.queue is not None:
                items = (_queue(agent.queue, items),)
            places = [
                item for item in items if any(member == user_id for member, _, _ in item.members)
            ]
            if not places:
                raise InvalidInputError(
                    "queue", "not_a_member", value=items[0].name or items[0].number
                )
            for item in places:
                if any(status is None for _, status, _ in item.members):
                    raise ConnectError("The phone system does not say who has joined the queue")
                if item.joined[user_id] is joined:
                    continue
                members = [
                    {"id": row["id"], "status": joined if member == user_id else status}
                    for member, status, row in item.members
                ]
                await self.api.command(
                    "PATCH",
                    path_of("queues", item.id),
                    {"users": members},
                    timeout=20,
                    params={"include": "users"},
                )

    @override
    async def agent_status(self, agent: m.AgentRef) -> m.Agent:
        """Ask in which queues an agent is."""
        items = await self._fresh_queues()
        user_id = self._agent_id(agent, items)
        return next(
            found for found in voipstudio_payload.agents(items, self.book) if found.id == user_id
        )

    @override
    async def queue_status(self, queue: str) -> m.Queue:
        """Ask who is in a queue."""
        return voipstudio_payload.queue(_queue(queue, await self._fresh_queues()))

    async def _fresh_queues(self) -> tuple[QueueRow, ...]:
        return _queues(await self.api.rows(self.http.ask, "queues", QUEUE_LIST))

    def _agent_id(self, agent: m.AgentRef, items: Iterable[QueueRow]) -> str:
        members = {member for item in items for member, _, _ in item.members}
        user = self.book.by_number.get(agent.number or "")
        for wanted in (agent.id, user.id if user else None, agent.number):
            if wanted in members and wanted is not None:
                return wanted
        raise InvalidInputError("agent", "unknown_agent", value=agent.number or agent.id or "")

    # -- history -----------------------------------------------------------------------------------

    @override
    async def history(self, query: m.HistoryQuery) -> m.HistoryPage:
        """Look for finished calls: the time is left to the phone system, the rest to us, since it cannot say "or"."""
        check_range(query.limit, query.offset)
        params = history.history_params(query)
        wanted = query.offset + query.limit
        rows: dict[str, Json] = {}
        found: list[m.CallRecord] = []
        complete = False
        async for page in self.api.pages(
            self.http.ask, "cdrs", params, size=HISTORY_PAGE, most=HISTORY_PAGES
        ):
            rows |= {key: row for row in page.rows if (key := ident(row.get("id")))}
            complete = page.last
            # The legs of the last call may go on on the next page.
            open_call = None if complete or not page.rows else history.root_of_record(page.rows[-1])
            found = [
                record
                for record, legs in history.records(rows.values(), self.book)
                if history.root_of_record(legs[0]) != open_call
                and history.fits(record, legs, query, self.book)
            ]
            if len(found) >= wanted:
                break
        total = len(found) if complete else None
        return m.HistoryPage(records=tuple(found[query.offset : wanted]), total=total)

    # -- contacts ----------------------------------------------------------------------------------

    @override
    async def search_contacts(self, query: m.ContactQuery) -> m.ContactPage:
        """Look for contacts by parts of a name, by number or by e-mail address."""
        check_range(query.limit, query.offset)
        if query.contact_id is not None:
            with suppress(NotFoundError):
                row = (
                    await self.api.get(self.http.ask, path_of("contacts", query.contact_id))
                ).json()
                rows: tuple[Json, ...] = (mapping(mapping(row).get("data")),)
                return self._contacts(rows, query)
            return m.ContactPage()
        rows = await self.api.rows(self.http.ask, "contacts")
        for field, keys in (("number", contacts.PHONE_KEYS), ("email", ("email",))):
            if (
                getattr(query, field) is not None
                and rows
                and not any(key in row for row in rows for key in keys)
            ):
                raise UnsupportedError("search_contacts", field)
        return self._contacts(rows, query)

    def _contacts(self, rows: Iterable[Json], query: m.ContactQuery) -> m.ContactPage:
        found: list[m.Contact] = []
        for row in rows:
            contact = contacts.contact(row, self.book)
            if contact is not None and contacts.fits_contact(contact, query, self.country):
                found.append(contact)
        last = query.offset + query.limit
        return m.ContactPage(contacts=tuple(found[query.offset : last]), has_next=len(found) > last)

    @override
    async def create_contact(self, contact: m.Contact) -> m.Contact:
        """Add a contact."""
        return await self._save_contact("POST", "contacts", contact)

    @override
    async def update_contact(self, contact: m.Contact) -> m.Contact:
        """Change the given fields of a contact; the phone system keeps the others."""
        return await self._save_contact("PATCH", path_of("contacts", contact.id), contact)

    async def _save_contact(self, method: str, path: str, contact: m.Contact) -> m.Contact:
        answer = await self.api.command(
            method, path, contacts.contact_body(contact, self._dialable)
        )
        return contacts.contact(answer, self.book) or contact

    @override
    async def delete_contact(self, contact_id: str) -> None:
        """Remove a contact."""
        await self.api.command("DELETE", path_of("contacts", contact_id))

    # -- recordings and voicemail ------------------------------------------------------------------

    @override
    async def media(self, kind: m.MediaKind, limit: int, offset: int) -> tuple[m.MediaItem, ...]:
        """List recordings or voicemails, newest first."""
        check_range(limit, offset)
        path, read = MEDIA[kind]
        rows = await self.api.window(self.http.ask, path, offset, limit, NEWEST_FIRST)
        return tuple(item for row in rows if (item := read(row, self.book)) is not None)

    @override
    async def media_source(self, kind: m.MediaKind, item_id: str) -> m.MediaSource:
        """Say where to fetch the sound of a recording or voicemail."""
        path = path_of(MEDIA[kind][0], f"{item_id}.mp3")
        return m.MediaSource(url=self.api.address(path), headers=self.api.headers)

    # -- input -------------------------------------------------------------------------------------

    def _dialable(self, number: str, field: str = "number") -> str:
        """Give a number as VoIPstudio takes it: international without "+", an extension or a star code."""
        found = numbers.dialable(numbers.typed(number, self.country), self.country, field=field)
        if found.startswith("0") and not numbers.is_extension(found):
            found = numbers.international(found, self.country) or ""
        if not found:
            raise InvalidInputError(
                field, "invalid_number"
            )  # national, and nobody said of which country
        return found.removeprefix("+")

    def _outside(self, number: str, field: str) -> str:
        found = self._dialable(number, field)
        if numbers.is_extension(found):
            raise InvalidInputError(field, "invalid_number")
        return found

    async def _user_id(self, extension: str) -> str:
        """Give the id of the user at an extension: calls are placed for users."""
        if extension not in self.book.by_number and not self.book.complete:
            self._learn(await self._list(self.http.ask, "users"), None)
        user = self.book.by_number.get(extension)
        if user is None:
            raise InvalidInputError("extension", "unknown_extension", value=extension)
        return user.id


MEDIA = {
    m.MediaKind.RECORDING: ("monitors", voipstudio_payload.recording),
    m.MediaKind.VOICEMAIL: ("voicemessages", voipstudio_payload.voicemail),
}


def _queues(rows: Iterable[Json]) -> tuple[QueueRow, ...]:
    return tuple(item for row in rows if (item := voipstudio_payload.read_queue(row)) is not None)


def _queue(wanted: str, items: Iterable[QueueRow]) -> QueueRow:
    for item in items:
        if wanted in {item.number, item.id}:
            return item
    raise InvalidInputError("queue", "unknown_queue", value=wanted)


def _own(target: m.CallRef) -> list[m.Leg]:
    """Give the legs a command is about: those of the extension it is for, else all."""
    legs = target.call.legs
    return [leg for leg in legs if target.extension is None or leg.extension == target.extension]


def _leg_id(leg: m.Leg) -> str:
    return leg.id.partition("/")[0]
