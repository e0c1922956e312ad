"""VoIPstudio: polled, pushed by a webhook that a person pastes, commands by REST."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import ClassVar, override

import aiohttp
from yarl import URL

from ...telephony import models as m
from ...telephony.bounded_map import BoundedMap
from ...telephony.errors import (
    AuthError,
    ConnectError,
    InvalidInputError,
    NotFoundError,
    ProviderError,
    UnsupportedError,
)
from ...telephony.models import CallState, Capability
from ..base import Intervals, Provider
from ..http import Reply, looking_up
from ..pacing import Pace
from ..settings import Settings, Values
from ..turns import in_turns
from ..values import Json, boolean, mapping
from . import calls, contacts, history, keys
from . import payload as voipstudio_payload
from . import push as voipstudio_push
from .api import NONE, NOT_FOUND, UNAUTHORISED, Api, Ask, ForbiddenError, Params, path_of
from .commands import dialled, id_of, outside, own_legs
from .history import NEWEST_FIRST, check_range
from .keys import BASIC, WRONG_LOGIN
from .payload import Book, QueueRow, ident
from .permissions import CONTACT_FIELDS, HISTORY_FIELDS, NEEDS, POSSIBLE, PROBED
from .placing import Placing
from .queues import QUEUE_LIST, Queues, agent_id, find_queue, read_queues
from .settings import VoipstudioSettings

VOICEMAIL_EVERY = 300

# Of the answer about oneself, which holds the SIP password as well, nothing else is kept.
OWN_FIELDS = (
    *("id", "ext", "first_name", "last_name", "email"),
    *("active", "dnd", "nb_sip_locations", "cli"),
)


class VoipstudioProvider(Provider):
    """One VoIPstudio account, seen through one user's API key."""

    key: ClassVar[str] = "voipstudio"
    name: ClassVar[str] = "VoIPstudio"
    manual: ClassVar[str] = "https://voipstudio.com/docs/administrator/users"
    webhook_manual: ClassVar[str] = (
        "https://voipstudio.com/docs/administrator/integrations/webhooks/"
    )
    settings_type: ClassVar[type[Settings]] = VoipstudioSettings
    settings: VoipstudioSettings
    possible: ClassVar[Capability] = POSSIBLE
    intervals: ClassVar[Intervals] = Intervals(busy=5, idle=10, pushed=60, directory=60)
    pace: ClassVar[Pace | None] = Pace(quick=3.2, slow=4.8)
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
        Capability.GET_CALL_STATISTICS: frozenset({"start", "end"}),
        Capability.SEARCH_CONTACTS: frozenset(
            {
                *("name", "first_name", "last_name", "number", "email"),
                *("contact_id", "limit", "offset"),
            }
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
        basic = self.settings.authentication == BASIC
        url = self.settings.url
        self.api = Api(self.http, url, self.settings.api_key, self.user_id if basic else "")
        self.book = Book(country=self.settings.country)
        self._myself: Json = {}
        self._placing = Placing(self.api, self.settings.country)
        self._roots: BoundedMap[str] = BoundedMap(calls.REMEMBERED_LEGS)
        self._queues = Queues(self.api)
        self._contacts = contacts.AddressBook()
        self._voicemail_at: float | None = None

    # -- set-up ------------------------------------------------------------------------------------

    @property
    @override
    def push_account(self) -> str:
        """Return the customer, whom some pushes name."""
        return self.customer_id

    @classmethod
    @override
    async def login(cls, session: aiohttp.ClientSession, typed: Values) -> Values:
        """Return what to keep, with an API key of our own in the place of e-mail and password.

        Raise SecondFactorError to ask for a `code`.
        """
        provider = cls(session, typed)
        if not provider.api.key:
            return await keys.log_in(provider.http, provider.settings, typed)
        if provider.settings.password:
            raise InvalidInputError("password", "conflict")
        # A key that was typed is not ours to remove.
        return {name: value for name, value in typed.items() if name != "api_key_name"}

    @override
    async def account(self) -> m.Account:
        """Ask whose key this is, and what it may do."""
        reply = await self.api.send(self.http.ask, "GET", "me")
        if reply.status == UNAUTHORISED or (reply.status in WRONG_LOGIN and self.user_id):
            reply = await self._second_try()
        if not reply.ok:
            raise await self._unanswered(reply)
        me = mapping(mapping(reply.json()).get("data"))
        user, customer_id = voipstudio_payload.read_user(me), ident(me.get("customer_id"))
        if user is None:
            raise ConnectError("The phone system does not say whose key this is")
        self._myself = {name: me[name] for name in OWN_FIELDS if name in me}
        self.user_id, self.customer_id = user.id, customer_id
        await self._settle()
        self.created_objects = await keys.remove_old_keys(
            self.api, self.created_objects, self.settings.api_key_name
        )
        found: dict[str, object] = {
            "user_id": user.id,
            "customer_id": customer_id,
            "authentication": BASIC if self.api.user else "",
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

    async def _unanswered(self, reply: Reply) -> ProviderError:
        """Return the error for the question who this is, in the phone system's own words."""
        if reply.status == NOT_FOUND:
            return ConnectError("This is not VoIPstudio")
        return await self.api.refusal(reply, command=False, sent=())

    async def _second_try(self) -> Reply:
        """Return the answer to a second try, the older way where the user is known.

        Raise AuthError where the key is certainly not valid.
        """
        if not self.api.user:
            self.api.user = self.user_id or self.settings.email
        reply = await self.api.send(self.http.ask, "GET", "me")
        if reply.status in WRONG_LOGIN:
            self.api.user = ""
            raise AuthError("The API key is not valid")
        return reply

    async def _settle(self) -> None:
        """Find out which lists this key may read, and with it the capabilities."""
        allowed = await asyncio.gather(*(self.api.allowed(path) for path in PROBED))
        self.capabilities = self.possible
        for path, yes in zip(PROBED, allowed, strict=True):
            self._permit(path, allowed=yes)

    def _permit(self, path: str, *, allowed: bool) -> None:
        """Give or take what a list is needed for."""
        needed = NEEDS[path]
        self.capabilities = self.capabilities | needed if allowed else self.capabilities & ~needed

    @override
    def disowned(self) -> Values:
        """Leave also the API key to whoever made it."""
        return {**super().disowned(), "api_key_name": ""}

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
        items = read_queues(queues or ())
        self._learn(people, items if queues is not None else None)
        unread = await self._unread(ask)
        return m.Directory(
            complete=self.book.complete,
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
        """Take the users and queues that were listed; None for a list that was not."""
        known = self.book.queues if queues is None else {item.id: item.number for item in queues}
        self.book = voipstudio_payload.book(
            [self._myself] if people is None else people,
            complete=people is not None,
            country=self.settings.country,
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
        """Return how many voicemails are unread; None where that is not asked for now."""
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
        except ForbiddenError, NotFoundError:
            self._permit("calls", allowed=False)
            return None
        self._permit("calls", allowed=True)
        return await in_turns(calls.reading(rows, self.book, self._roots))

    @override
    async def record_of(self, call: m.Call) -> m.CallRecord | None:
        """Look for what was written down about a call."""
        return await history.record_of(self.api, call, self.book)

    @override
    def parse(self, request: m.PushRequest) -> tuple[m.Pushed, ...]:
        """Return what a webhook request says.

        One without the credentials that were set, or of another customer, says nothing.
        """
        if not request.body.strip() or not voipstudio_push.is_genuine(
            request.authorization, self.settings.webhook_username, self.settings.webhook_password
        ):
            return ()
        pushed = voipstudio_push.read(
            request.body, self.book, self.customer_id, self._placing, self._roots
        )
        for push in pushed:
            if isinstance(push, m.LegPush) and push.leg_id is not None:
                self._roots.put(push.leg_id, push.call_id)
        return pushed

    @override
    def urls_to_paste(self, url: str) -> Mapping[str, str]:
        """Give the URL for Integrations, Webhooks, Add, with the credentials where they are set."""
        user, password = self.settings.webhook_username, self.settings.webhook_password
        if (user or password) and URL(url).absolute:
            url = str(URL(url).with_user(user).with_password(password))
        return {"URL": url}

    # -- calls -------------------------------------------------------------------------------------

    @override
    async def originate(self, request: m.Originate) -> m.Placed:
        """Ring a user's phone, then connect it to a number."""
        to = self._dialled(request.number)
        user_id = await self._user_id(request.extension)
        return await self._placing.originate(to, user_id, request.caller_id_number)

    @override
    async def announce(self, number: str, message: str, caller_id_number: str | None) -> m.Placed:
        """Call a number and speak a text; the caller ID must be a number of the account."""
        if not message.strip():
            raise InvalidInputError("message", "required")
        own = self.book.users.get(self.user_id)
        caller_id = caller_id_number or (self.book.shown(own.cli) if own else "")
        return await self._placing.announce(number, message, caller_id)

    @override
    async def answer(self, target: m.CallRef) -> None:
        """Pick up a ringing call on the user's own phone, where that phone can be told to."""
        legs = [leg for leg in own_legs(target) if leg.state is CallState.RINGING and leg.extension]
        if len(legs) > 1:
            raise InvalidInputError("extension", "required")
        if not legs:
            raise InvalidInputError("call", "not_ringing")
        await self._change(legs[0], {"state": "CONNECTED"})

    @override
    async def hangup(self, target: m.CallRef, cause: str | None = None) -> None:
        """End a call: the conversation where there is one, else every phone that rings."""
        live = [leg for leg in own_legs(target) if leg.state is not CallState.ENDED]
        talking = [leg for leg in live if leg.state in m.UP]
        ids = dict.fromkeys(id_of(leg) for leg in talking[:1] or live)
        if not target.call.legs:
            ids = {target.call.id: None}
        await self.api.remove(path_of("calls", leg_id) for leg_id in ids)

    @override
    async def transfer(self, target: m.CallRef, number: str, kind: m.TransferType) -> None:
        """Hand the other party over, without talking to the target first."""
        if kind is not m.TransferType.BLIND:
            raise UnsupportedError("transfer", "type")
        to = self._dialled(number)
        if target.extension and to == target.extension:
            raise InvalidInputError("number", "conflict")
        legs = [leg for leg in own_legs(target) if leg.state is CallState.TALKING]
        if not legs:
            raise InvalidInputError("call", "not_talking")
        await self._change(legs[0], {"dst": to})

    async def _change(self, leg: m.Leg, body: Mapping[str, str]) -> None:
        """Change a leg."""
        await self.api.command("PATCH", path_of("calls", id_of(leg)), body, timeout=20)

    @override
    async def send_sms(self, number: str, message: str, sender: str | None) -> str:
        """Send a text message; give its id."""
        if not message.strip():
            raise InvalidInputError("message", "required")
        body = {"to": self._outside(number, "number"), "message": message}
        if sender is not None:
            body["from"] = self._outside(sender, "sender")
        sent = await self.api.command("POST", "sms", body, timeout=20, costly=True)
        return ident(sent.get("id"))

    # -- agents and queues -------------------------------------------------------------------------

    @override
    async def agent_login(self, agent: m.AgentRef) -> None:
        """Let an agent join a queue, or all of the agent's queues."""
        await self._queues.join(agent, self.book, joined=True)

    @override
    async def agent_logout(self, agent: m.AgentRef) -> None:
        """Let an agent leave a queue, or all of the agent's queues."""
        await self._queues.join(agent, self.book, joined=False)

    @override
    async def agent_status(self, agent: m.AgentRef) -> m.Agent:
        """Ask in which queues an agent is."""
        items = await self._queues.fresh()
        user_id = agent_id(agent, items, self.book)
        agents = {known.id: known for known in voipstudio_payload.agents(items, self.book)}
        return agents[user_id]

    @override
    async def queue_status(self, queue: str) -> m.Queue:
        """Return who is in a queue."""
        return voipstudio_payload.queue(find_queue(queue, await self._queues.fresh()))

    # -- history -----------------------------------------------------------------------------------

    @override
    async def history(self, query: m.HistoryQuery) -> m.HistoryPage:
        """Return finished calls."""
        return await history.search(self.api, query, self.book)

    @override
    async def statistics(self, start: datetime | None, end: datetime | None) -> m.Statistics:
        """Return how many calls there were, of which kind."""
        return await history.statistics(self.api, start, end)

    # -- contacts ----------------------------------------------------------------------------------

    @override
    async def search_contacts(self, query: m.ContactQuery) -> m.ContactPage:
        """Look for contacts by parts of a name, by number or by e-mail address."""
        return await contacts.search(self.api, query, self.book)

    @override
    async def look_up(self, number: str) -> m.Contact | None:
        """Look in the address book, which is read once for many callers."""
        with looking_up():
            return await self._contacts.find(self.api, number, self.book)

    @override
    async def create_contact(self, contact: m.Contact) -> m.Contact:
        """Add a contact."""
        return await self._save_contact("POST", "contacts", contact)

    @override
    async def update_contact(self, contact: m.Contact) -> m.Contact:
        """Change the given fields of a contact; the phone system keeps the others."""
        return await self._save_contact("PATCH", path_of("contacts", contact.id), contact)

    async def _save_contact(self, method: str, path: str, contact: m.Contact) -> m.Contact:
        """Write a contact; return it as the phone system has it now."""
        body = contacts.contact_body(contact, self._dialled)
        try:
            answer = await self.api.command(method, path, body)
        finally:
            self._contacts.expire()
        return contacts.contact(answer, self.book) or contact

    @override
    async def delete_contact(self, contact_id: str) -> None:
        """Remove a contact."""
        try:
            await self.api.command("DELETE", path_of("contacts", contact_id))
        finally:
            self._contacts.expire()

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

    def _dialled(self, number: str, field: str = "number") -> str:
        """Return a number as VoIPstudio takes it, read in the account's country."""
        return dialled(number, self.settings.country, field)

    def _outside(self, number: str, field: str) -> str:
        """Return a number of the outside as VoIPstudio takes it."""
        return outside(number, self.settings.country, field)

    async def _user_id(self, extension: str) -> str:
        """Return the id of the user at an extension: calls are placed for users."""
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
