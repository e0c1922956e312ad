"""VoIPSUN PBX: one PHP endpoint, polled; every request is a GET with the credentials in its query.

Here is what is asked, in which order, and what a no means: a permission that this API user lacks,
an action that this version does not know, or credentials that are wrong.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial, reduce
from itertools import chain
from operator import or_
from types import MappingProxyType
from typing import ClassVar, override

import aiohttp

from ...telephony import models as m
from ...telephony.errors import (
    AuthError,
    ConnectError,
    InvalidInputError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    RefusedError,
    UnknownOutcomeError,
    UnsupportedError,
)
from ...telephony.models import Capability
from ...telephony.phone_numbers import DialForm
from ..base import Intervals, Provider
from ..http import RateLimit
from ..pacing import Pace
from ..settings import Settings, Values
from ..turns import Steps, in_turns
from . import commands
from .api import DENIED, UNKNOWN_ACTION, Api, Send
from .call_center import CallCenter
from .calls import CallTracker
from .commands import Commands, valid
from .lines import Lines, first_users
from .payload import (
    AgentState,
    Failure,
    Peer,
    agent_state,
    reading_calls,
    reading_peers,
)
from .permissions import (
    CALL_CENTER,
    CALL_LIST,
    EAVESDROP,
    FIELDS,
    HANG_UP,
    MOVE_RECORDINGS,
    ORIGINATE,
    PERMISSIONS,
    PROBES,
    SIP_STATUS,
)
from .queues import QueueReading
from .settings import NAMES, VoipsunSettings, read_phones, row_of
from .stories import CallRequest

RINGING_TIMEOUT = 45.0  # seconds: the answer may wait for the phone to be picked up

AGENT_STATES = (610, 636)


class VoipsunProvider(Provider):
    """One HTTP API user of a VoIPSUN PBX."""

    key: ClassVar[str] = "voipsun"
    name: ClassVar[str] = "VoIPSUN PBX"
    manual: ClassVar[str] = (
        "https://www.voipsun.cz/en/pbx-doc/navody/spravce/nastaveni/http-api-uzivatele/"
    )
    settings_type: ClassVar[type[Settings]] = VoipsunSettings
    settings: VoipsunSettings
    possible: ClassVar[Capability] = reduce(
        or_, PERMISSIONS.values(), Capability.USER_AGENTS | Capability.USER_QUEUES
    )
    limits: ClassVar[tuple[RateLimit, ...]] = (RateLimit(requests=240, seconds=60),)
    dial_form: ClassVar[DialForm] = DialForm.KEYED  # its dial plan alone knows what is dialled
    intervals: ClassVar[Intervals] = Intervals(busy=2, idle=5, pushed=5, directory=15)
    pace: ClassVar[Pace | None] = Pace(quick=1.5, slow=4)
    fields: ClassVar[Mapping[Capability, frozenset[str]]] = FIELDS

    @classmethod
    @override
    def entered_numbers(cls, values: Values) -> Mapping[str, str]:
        """Return the numbers in the user's list, each with the SIP account it was given to."""
        return first_users(read_phones(values.get(NAMES)))

    @override
    def suggested_options(self, *, guess: bool) -> Values:
        """Return the table of the SIP accounts, with what can be told of each."""
        return {NAMES: [row_of(phone) for phone in self._lines.table(guess=guess)]}

    def __init__(self, session: aiohttp.ClientSession, values: Values) -> None:
        """Talk to one phone system as one API user."""
        super().__init__(session, values)
        self._lines = Lines(self.settings.extension_names, self.settings.country)
        self._calls = CallTracker(
            self._lines, lists_called_phones=self.settings.lists_called_phones
        )
        self._commands = Commands(self._lines, self.settings.country)
        self._call_center = CallCenter(self._commands)
        self._api = Api(self.http, self.settings)
        self._missing: set[str] = set()
        self._queues_with_calls: tuple[m.Queue, ...] = ()

    # -- set-up ------------------------------------------------------------------------------------

    @override
    async def account(self) -> m.Account:
        """Return who this is, and settle `capabilities`.

        Two lists are tried: both denied are wrong credentials, one denied is a missing permission.
        """
        self._missing = set()
        self.capabilities = self.possible
        await self._list(CALL_LIST, reading_calls, self._api.ask)
        self._learn(await self._list(SIP_STATUS, reading_peers, self._api.ask))
        if self._missing >= PROBES.keys():  # or one at a time, exchanged in between
            await self._list(CALL_LIST, reading_calls, self._api.ask)
        if self._missing >= PROBES.keys():
            raise AuthError("The credentials are refused")
        url = self._api.url
        host = (url.host or "").lower()
        # Nothing says who it is, so the first address stays the account's name when the box moves
        # to another. The scheme's own port is left out, so that TLS can be switched on.
        account_id = self.settings.account_id or (
            host if url.is_default_port() else f"{host}:{url.port}"
        )
        return m.Account(
            id=account_id,
            settings={"account_id": account_id},
            title=self.title_of(host),
            model="VoIPSUN PBX",
            configuration_url=str(url.with_path("/")),
        )

    @override
    def configure(self, agents: Collection[m.UserAgent], queues: Collection[m.UserQueue]) -> None:
        """Take the agents and queues the user made: the phone system lists neither."""
        self._call_center.configure(agents, queues)

    # -- state -------------------------------------------------------------------------------------

    @override
    async def directory(self) -> m.Directory:
        """Return the SIP accounts, and what is known of the queues and agents, some asked anew."""
        found = await self._list(SIP_STATUS, reading_peers, self._api.read, confirm=CALL_LIST)
        self._learn(found)
        with suppress(ConnectError, RateLimitError):  # what was known of the others stays known
            await self._ask_call_center()
        return m.Directory(
            complete=False,
            extensions=self._lines.extensions(readable=found is not None),
            agents=self._call_center.agents,
            queues=self._call_center.queues,
            missing_permissions=frozenset(self._missing),
        )

    @override
    async def calls(self) -> tuple[m.Call, ...] | None:
        """Return the active channels, put together into calls."""
        asked_at = datetime.now(UTC)
        rows = await self._list(CALL_LIST, reading_calls, self._api.read, confirm=SIP_STATUS)
        self._queues_with_calls = ()
        if rows is None:
            return None
        if self._call_center.waiting or self._calls.may_wait(rows):
            with suppress(ConnectError, RateLimitError):  # the list of calls is worth more
                await self._ask_busy_queues()
        return await in_turns(
            self._calls.updating(rows, asked_at, datetime.now(UTC), self._call_center.waiting)
        )

    @override
    def queues_with_calls(self) -> tuple[m.Queue, ...]:
        """Return the queues that were asked about with the last list: somebody may wait in them."""
        return self._queues_with_calls

    @override
    def found(self) -> Values:
        """Return in which style the calls are listed, as far as that has been seen."""
        return {"lists_called_phones": True} if self._calls.lists_called_phones else {}

    async def _ask_busy_queues(self) -> None:
        """Ask about some queues along with the calls, until the permission is denied."""
        if Capability.GET_QUEUE_STATUS not in self.capabilities:
            return
        asked = []
        for queue in self._call_center.busy_queues():
            try:
                await self._refresh_queue(queue)
            except RefusedError as error:
                self._refusal(error, Capability.GET_QUEUE_STATUS, CALL_CENTER)
                return
            asked.append(self._call_center.queue(queue))
            self._queues_with_calls = tuple(asked)

    # -- calls -------------------------------------------------------------------------------------

    @override
    async def originate(self, request: m.Originate) -> m.Placed:
        """Ring an extension, then connect it to a number; one parameter names the extension."""
        params, asked = self._commands.originate(request)
        return await self._place(Capability.ORIGINATE, "originate", params, asked)

    @override
    async def dial(self, request: m.Dial) -> m.Placed:
        """Call a number through an outbound route and put it into a dialplan context."""
        params, asked = self._commands.dial(request)
        return await self._place(Capability.DIAL, "dial", params, asked)

    @override
    async def hangup(self, target: m.CallRef, cause: str | None = None) -> None:
        """End a call by one of its channels; one that is not listed any more is over."""
        del cause
        leg = self._live_leg(target)
        if leg is None:
            return
        leg_id, channel = leg
        try:
            await self._command(Capability.HANGUP, HANG_UP, "hangupcall", {"channelName": channel})
        except (RefusedError, UnknownOutcomeError) as error:
            denied = isinstance(error, RefusedError) and error.code == DENIED
            if denied or await self._is_up(leg_id):
                raise

    @override
    async def spy(self, request: m.Spy) -> None:
        """Let a supervisor's extension listen to a call, or to whatever call an extension has."""
        channel = None
        if request.call is not None:
            if request.target_extension is not None:
                raise InvalidInputError("target_extension", "conflict")
            leg = self._live_leg(request.call)
            if leg is None:
                raise NotFoundError("The call is over")
            _, channel = leg
        params = self._commands.spy(request, channel)
        await self._command(Capability.SPY, EAVESDROP, "spying", params, RINGING_TIMEOUT)

    @override
    async def move_recording(self, record_id: str, filename: str | None, path: str | None) -> None:
        """Rename or move the recording of a finished call."""
        params = commands.move_recording(record_id, filename, path)
        await self._command(Capability.MOVE_RECORDING, MOVE_RECORDINGS, "moverecord", params)

    # -- agents and queues -------------------------------------------------------------------------

    @override
    async def agent_login(self, agent: m.AgentRef) -> None:
        """Log an agent in at an extension: the given one, or where the agent is at home."""
        seat = self._call_center.seat(agent)
        await self._change(agent, Capability.AGENT_LOGIN, "agentlogin", seat)

    @override
    async def agent_logout(self, agent: m.AgentRef) -> None:
        """Log an agent out."""
        await self._change(agent, Capability.AGENT_LOGOUT, "agentlogout")

    @override
    async def agent_pause(self, agent: m.AgentRef) -> None:
        """Let an agent get no calls for a while, from any queue."""
        await self._change(agent, Capability.AGENT_PAUSE, "agentpause")

    @override
    async def agent_unpause(self, agent: m.AgentRef) -> None:
        """Let an agent get calls again."""
        await self._change(agent, Capability.AGENT_UNPAUSE, "agentunpause")

    async def _change(
        self,
        agent: m.AgentRef,
        capability: Capability,
        action: str,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Command an agent, and see to it that the next directory tells what came of it."""
        params = {**self._call_center.credentials(agent), **more}
        self._call_center.note_change(agent)
        await self._command(capability, CALL_CENTER, action, params)

    @override
    async def queue_add(self, member: m.QueueMember) -> None:
        """Add a member to a queue."""
        params = {**self._call_center.member(member), **commands.penalty(member.penalty)}
        await self._command(Capability.QUEUE_ADD, CALL_CENTER, "agentadd", params)

    @override
    async def queue_remove(self, member: m.QueueMember) -> None:
        """Remove a member from a queue."""
        params = self._call_center.member(member)
        await self._command(Capability.QUEUE_REMOVE, CALL_CENTER, "agentremove", params)

    @override
    async def agent_status(self, agent: m.AgentRef) -> m.Agent:
        """Return what an agent is doing; with a wrong PIN the phone system's reason is raised."""
        params = self._call_center.credentials(agent)
        known = self._call_center.known_agent(agent)
        try:
            state = await self._agent_state(params, self._api.ask)
        except RefusedError as error:
            raise self._refusal(error, Capability.GET_AGENT_STATUS, CALL_CENTER) from None
        if known is None:
            number = params["agentNumber"]
            stranger = m.UserAgent(id=number, name="", number=number, pin="")
            return self._call_center.agent(stranger, state)
        self._call_center.keep_state(known, state)
        return self._call_center.agent(known, state)

    @override
    async def queue_status(self, queue: str) -> m.Queue:
        """Return how a queue is doing."""
        user_queue = self._call_center.user_queue(queue)
        try:
            reading = await self._queue_reading(user_queue, self._api.ask)
        except RefusedError as error:
            raise self._refusal(error, Capability.GET_QUEUE_STATUS, CALL_CENTER) from None
        self._call_center.keep_reading(user_queue, reading)
        return reading.queue

    async def _ask_call_center(self) -> None:
        """Ask about the queues and agents whose turn it is, until the permission is denied."""
        queues = self._call_center.next_queues()
        agents = self._call_center.next_agents()
        turns = chain(
            ((Capability.GET_QUEUE_STATUS, partial(self._refresh_queue, it)) for it in queues),
            ((Capability.GET_AGENT_STATUS, partial(self._refresh_agent, it)) for it in agents),
        )
        for capability, refresh in turns:
            try:
                await refresh()
            except RefusedError as error:
                self._refusal(error, capability, CALL_CENTER)
                if error.code == DENIED:
                    return
            else:
                self._grant(CALL_CENTER)

    async def _refresh_agent(self, agent: m.UserAgent) -> None:
        """Ask about one agent; raise RefusedError only where it is about all of them."""
        try:
            params = self._call_center.credentials(m.AgentRef(id=agent.id))
            state = await self._agent_state(params, self._api.read)
        except InvalidInputError:
            state = AgentState()
        except RefusedError as error:
            if error.code in {DENIED, UNKNOWN_ACTION}:
                raise
            state = AgentState(words=error.reason)
        self._call_center.keep_state(agent, state)

    async def _refresh_queue(self, queue: m.UserQueue) -> None:
        """Ask about one queue; raise RefusedError only where it is about all of them."""
        reading = QueueReading(queue=m.Queue(id=queue.id, name=queue.name))
        try:
            with suppress(InvalidInputError):  # of a name that may not be sent nothing is known
                reading = await self._queue_reading(queue, self._api.read)
        except RefusedError as error:
            if error.code in {DENIED, UNKNOWN_ACTION}:
                raise
        self._call_center.keep_reading(queue, reading)

    async def _agent_state(self, params: Mapping[str, str], send: Send) -> AgentState:
        """Return what an agent does: "logged out" may come as a failure; "wrong PIN" is one."""
        answer: object
        try:
            answer = await send("agentstatus", params)
        except RefusedError as error:
            refused = Failure(code=error.code, reason=error.reason)
            if not refused.between(*AGENT_STATES) or refused.about_authentication:
                raise
            answer = {"errno": refused.code, "reason": refused.reason}
        return agent_state(answer, (params["agentPin"], self._api.password))

    async def _queue_reading(self, queue: m.UserQueue, send: Send) -> QueueReading:
        """Return how a queue is doing."""
        answer = await send("queuestatus", {"queueName": valid("queue", queue.name)})
        return self._call_center.read_queue(queue, answer, self._api.password)

    # -- one call ----------------------------------------------------------------------------------

    def _live_leg(self, target: m.CallRef) -> tuple[str, str] | None:
        """Return a leg that is still up, the user's own first, with its channel."""
        own = target.call.legs_of(target.extension) if target.extension else ()
        for leg in (*own, *target.call.legs):
            if channel := self._calls.channel(leg.id):
                return leg.id, channel
        return None

    async def _is_up(self, leg_id: str) -> bool:
        """Return whether a leg is still there; what cannot be told is not over."""
        asked_at = datetime.now(UTC)
        try:
            rows = await in_turns(reading_calls(await self._api.ask("listcalls")))
        except ProviderError:
            return True
        return self._calls.is_up(leg_id, rows, asked_at)

    async def _place(
        self, capability: Capability, action: str, params: Mapping[str, str], asked: CallRequest
    ) -> m.Placed:
        """Ask for a call.

        The answer names none, so the request is remembered to know the call when it is listed.
        """
        self._calls.expect(asked)  # before it is sent: the phone may ring before the answer comes
        try:
            await self._command(capability, ORIGINATE, action, params, RINGING_TIMEOUT)
        except UnknownOutcomeError:
            return m.Placed(outcome=m.PlacedOutcome.UNKNOWN)
        except ProviderError:
            self._calls.withdraw(asked)
            raise
        return m.Placed()

    # -- what a no means ---------------------------------------------------------------------------

    async def _command(
        self,
        capability: Capability,
        permission: str,
        action: str,
        params: Mapping[str, str],
        patience: float = 15.0,
    ) -> None:
        """Send a command; `patience` is how long its answer may take, in seconds."""
        try:
            await self._api.command(action, params, patience)
        except RefusedError as error:
            raise self._refusal(error, capability, permission) from None

    async def _list[T](
        self,
        permission: str,
        read: Callable[[object], Steps[tuple[T, ...]]],
        send: Send,
        *,
        confirm: str | None = None,
    ) -> tuple[T, ...] | None:
        """Return a list; None when this account may not, or cannot, ask for it.

        `confirm` is the other list, to find out why this one is denied; this one is asked for again
        then, as another permission may be missing meanwhile.
        """
        try:
            rows = await in_turns(read(await send(PROBES[permission])))
        except RefusedError as error:
            if error.code == DENIED and confirm is not None and permission not in self._missing:
                await self._confirm(confirm, permission)
            if error.code not in {DENIED, UNKNOWN_ACTION}:
                code = error.code if error.code.isdecimal() else "without a code"
                raise ConnectError(f"The phone system answers with an error: {code}") from None
            self._refusal(error, PERMISSIONS[permission], permission)
            return None
        self._grant(permission)
        return rows

    async def _confirm(self, *permissions: str) -> None:
        """Raise AuthError if all these lists are denied now: then no permission is missing."""
        for permission in permissions:
            try:
                await self._api.read(PROBES[permission])
            except RefusedError as error:
                if error.code == DENIED:
                    continue
            return
        raise AuthError("The credentials are refused")

    def _learn(self, found: tuple[Peer, ...] | None) -> None:
        """Take the SIP accounts; a phone system that suddenly has none has a problem."""
        if found:
            self._lines.learn(found)

    def _refusal(
        self, error: RefusedError, capability: Capability, permission: str
    ) -> ProviderError:
        """Take away what this account turns out not to have; return the error to raise."""
        if error.code == DENIED:
            self._missing.add(permission)
            self.capabilities &= ~PERMISSIONS[permission]
        elif error.code == UNKNOWN_ACTION:
            self.capabilities &= ~capability
            return UnsupportedError((capability.name or "").lower())
        return error

    def _grant(self, permission: str) -> None:
        """Give back what a permission allows that was missing and is there again."""
        if permission in self._missing:
            self._missing.remove(permission)
            self.capabilities |= PERMISSIONS[permission]
