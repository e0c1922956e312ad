"""VoIPSUN PBX: one PHP endpoint, polled; every request is a GET with the credentials in its query.

The answers' shapes are not published. What they mean is decided in voipsun_payload (single answers), voipsun_lines
(phones and trunks) and voipsun_calls (channels into calls); here is what is asked, and what a no means.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial, reduce
from itertools import chain
from operator import or_
from types import MappingProxyType
from typing import ClassVar, Literal

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
from ...telephony.models import AgentStatus, Capability, ExtensionType
from ...telephony.phone_numbers import dialable, strip
from ..base import Intervals, Provider
from ..http import RateLimit
from ..settings import Settings, Values
from .api import (
    ADDRESS,
    DENIED,
    DIGITS,
    FILENAME,
    FOLDER,
    UNKNOWN_ACTION,
    Endpoint,
    Send,
    optional,
    valid,
)
from .calls import CallRequest, CallTracker
from .lines import Lines
from .payload import (
    AgentState,
    Failure,
    Peer,
    QueueReading,
    agent_state,
    call_rows,
    peers,
    queue_reading,
)
from .settings import VoipsunSettings

RINGING_TIMEOUT = 45.0  # nobody knows whether the answer waits for the phone to be picked up
AGENTS_PER_TURN = 16
QUEUES_PER_TURN = 8
MAX_CUSTOM_CDR = 4
MAX_PENALTY = 1000

# The phone system's own names of its permissions.
ORIGINATE = "Originate"
HANG_UP = "Hang up call"
CALL_LIST = "Call list"
SIP_STATUS = "SIP status"
EAVESDROP = "Eavesdrop"
CALL_CENTER = "Call center"
MOVE_RECORDINGS = "Move audio recordings"

PERMISSIONS = {
    ORIGINATE: Capability.ORIGINATE | Capability.CLICK_TO_CALL | Capability.DIAL,
    HANG_UP: Capability.HANGUP,
    CALL_LIST: Capability.CALLS,
    SIP_STATUS: Capability.REGISTRATION,
    EAVESDROP: Capability.SPY,
    CALL_CENTER: (
        Capability.AGENTS
        | Capability.QUEUES
        | Capability.QUEUE_FIGURES
        | Capability.AGENT_LOGIN
        | Capability.AGENT_LOGOUT
        | Capability.AGENT_PAUSE
        | Capability.AGENT_UNPAUSE
        | Capability.QUEUE_ADD
        | Capability.QUEUE_REMOVE
        | Capability.GET_AGENT_STATUS
        | Capability.GET_QUEUE_STATUS
    ),
    MOVE_RECORDINGS: Capability.MOVE_RECORDING,
}
PROBES = {CALL_LIST: "listcalls", SIP_STATUS: "sipstatus"}

AGENT_STATES = (610, 636)

_SELECTORS = {
    ExtensionType.INTERNAL: ("ExtenInternalNum", re.compile(r"[0-9*#]{1,20}")),
    ExtensionType.PUBLIC: ("ExtenPublicNum", re.compile(r"\+?[0-9]{3,20}")),
    ExtensionType.ID: ("ExtenId", re.compile(r"[0-9]{1,18}")),
    ExtensionType.SIP_USERNAME: ("SipUsername", re.compile(r"[\w.@+-]{1,80}")),
}


class VoipsunProvider(Provider):
    """One HTTP API user of a VoIPSUN PBX."""

    key: ClassVar[str] = "voipsun"
    name: ClassVar[str] = "VoIPSUN PBX"
    settings_type: ClassVar[type[Settings]] = VoipsunSettings
    settings: VoipsunSettings
    possible: ClassVar[Capability] = reduce(
        or_, PERMISSIONS.values(), Capability.USER_AGENTS | Capability.USER_QUEUES
    )
    limits: ClassVar[tuple[RateLimit, ...]] = (RateLimit(requests=240, seconds=60),)
    intervals: ClassVar[Intervals] = Intervals(busy=2, idle=5, pushed=5, directory=15)
    fields: ClassVar[Mapping[Capability, frozenset[str]]] = {
        Capability.ORIGINATE: frozenset(
            {
                "caller_id_number",
                "caller_id_name",
                "extension_type",
                "dialplan",
                "custom_cdr",
                "recording_filename",
                "recording_path",
                "check_extension",
                "check_ip_host",
                "check_ip_contact",
            }
        ),
        Capability.CLICK_TO_CALL: frozenset({"caller_id_number"}),
        Capability.DIAL: frozenset({"route_name", "route_id", "context", "hangup_context"}),
        Capability.SPY: frozenset(
            {
                "call",
                "target_extension",
                "target_type",
                "extension_type",
                "dialplan",
                "caller_id_number",
                "caller_id_name",
            }
        ),
        Capability.AGENT_LOGIN: frozenset({"agent", "pin", "extension"}),
        Capability.AGENT_LOGOUT: frozenset({"agent", "pin"}),
        Capability.AGENT_PAUSE: frozenset({"agent", "pin"}),
        Capability.AGENT_UNPAUSE: frozenset({"agent", "pin"}),
        Capability.QUEUE_ADD: frozenset({"agent", "pin", "extension", "penalty"}),
        Capability.QUEUE_REMOVE: frozenset({"agent", "pin", "extension"}),
        Capability.GET_AGENT_STATUS: frozenset({"agent", "pin"}),
        Capability.MOVE_RECORDING: frozenset({"filename", "path"}),
    }

    def __init__(self, session: aiohttp.ClientSession, values: Values) -> None:
        """Talk to one phone system as one API user."""
        super().__init__(session, values)
        self._country = self.settings.country
        self._lines = Lines(self.settings.extension_names, self._country)
        self._calls = CallTracker(self._lines)
        self._endpoint = Endpoint(self.http, self.settings)
        self._missing: set[str] = set()
        self._agents: dict[str, m.UserAgent] = {}
        self._queues: dict[str, m.UserQueue] = {}
        self._states: dict[str, AgentState] = {}
        self._readings: dict[str, QueueReading] = {}
        self._turns: dict[str, int] = {}
        self._changed: dict[str, m.UserAgent] = {}  # by a command: to be asked about first

    # -- set-up -------------------------------------------------------------------------------------

    async def account(self) -> m.Account:
        """Probe the two lists: credentials are wrong when both are denied, a permission is missing when one is."""
        self._missing = set()
        self.capabilities = self.possible
        await self._list(CALL_LIST, call_rows, self._endpoint.ask)
        self._learn(await self._list(SIP_STATUS, peers, self._endpoint.ask))
        if self._missing >= PROBES.keys():
            raise AuthError("The credentials are refused")
        url = self._endpoint.url
        host = (url.host or "").lower()
        # Nothing says who it is, so the first address stays the account's name when the box moves to another. The
        # scheme's own port is left out, so that TLS can be switched on for the same account.
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

    def configure(self, agents: Collection[m.UserAgent], queues: Collection[m.UserQueue]) -> None:
        """Take the agents and queues the user made: the phone system lists neither."""
        self._agents = {agent.id: agent for agent in agents}
        self._queues = {queue.id: queue for queue in queues}
        self._states = {
            agent: state for agent, state in self._states.items() if agent in self._agents
        }
        self._readings = {
            queue: reading for queue, reading in self._readings.items() if queue in self._queues
        }

    # -- state --------------------------------------------------------------------------------------

    async def directory(self) -> m.Directory:
        """Ask for the SIP accounts, and in turn for some of the queues and agents."""
        found = await self._list(SIP_STATUS, peers, self._endpoint.read, confirm=CALL_LIST)
        self._learn(found)
        with suppress(ConnectError, RateLimitError):  # what was known of the others stays known
            await self._ask_call_center()
        return m.Directory(
            extensions=self._lines.extensions(readable=found is not None),
            agents=tuple(
                self._agent(agent, self._states.get(agent.id)) for agent in self._agents.values()
            ),
            queues=tuple(
                reading.queue
                if (reading := self._readings.get(queue.id))
                else m.Queue(id=queue.id, name=queue.name)
                for queue in self._queues.values()
            ),
            missing_permissions=frozenset(self._missing),
        )

    async def calls(self) -> tuple[m.Call, ...] | None:
        """Ask for the active channels and put them together into calls."""
        asked_at = datetime.now(UTC)
        rows = await self._list(CALL_LIST, call_rows, self._endpoint.read, confirm=SIP_STATUS)
        if rows is None:
            return None
        waiting = {
            channel: reading.queue.name
            for reading in self._readings.values()
            for channel in reading.channels
        }
        return self._calls.update(rows, asked_at, datetime.now(UTC), waiting)

    # -- calls --------------------------------------------------------------------------------------

    async def originate(self, request: m.Originate) -> m.Placed:
        """Ring an extension, then connect it to a number; exactly one selector names the extension."""
        number = self._dialled(request.number)
        selector = self._selector(
            "src", "extension", request.extension, request.extension_type, request.dialplan
        )
        custom = request.custom_cdr or ()
        if len(custom) > MAX_CUSTOM_CDR:
            raise InvalidInputError("custom_cdr", "out_of_range")
        params = {
            "dstNum": number,
            **selector,
            **optional("dialplanName", "dialplan", request.dialplan),
            **self._caller_id("dialer", request.caller_id_number, request.caller_id_name),
            **optional(
                "monitorFilename", "recording_filename", request.recording_filename, FILENAME
            ),
            **optional("monitorPath", "recording_path", request.recording_path, FOLDER),
            **optional("checkExten", "check_extension", "1" if request.check_extension else None),
            **optional("checkIpHost", "check_ip_host", request.check_ip_host, ADDRESS),
            **optional("checkIpContact", "check_ip_contact", request.check_ip_contact, ADDRESS),
        }
        for position, value in enumerate(custom, 1):
            params |= optional(f"customCDR{position}", "custom_cdr", value or None)
        phone = (
            None
            if request.extension_type is ExtensionType.ID
            else self._lines.owner(request.extension)
        )
        asked = CallRequest(
            inside=True, user=phone.user if phone else None, number=number, at=datetime.now(UTC)
        )
        return await self._place(Capability.ORIGINATE, "originate", params, asked)

    async def dial(self, request: m.Dial) -> m.Placed:
        """Call a number through an outbound route and put it into a dialplan context."""
        if request.route_name is None and request.route_id is None:
            raise InvalidInputError("route_name", "required")
        if request.route_name is not None and request.route_id is not None:
            raise InvalidInputError("route_id", "conflict")
        number = self._dialled(request.number)
        params = {
            "dstNum": number,
            **optional("outrouteName", "route_name", request.route_name),
            **optional("outrouteId", "route_id", request.route_id, DIGITS),
            "context": valid("context", request.context),
            **optional("hangupContext", "hangup_context", request.hangup_context),
        }
        asked = CallRequest(inside=False, user=None, number=number, at=datetime.now(UTC))
        return await self._place(Capability.DIAL, "dial", params, asked)

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

    async def spy(self, request: m.Spy) -> None:
        """Let a supervisor's extension listen to a call, or to whatever call an extension has."""
        target, dialplan = request.target_extension, request.dialplan
        if request.call is not None:
            if target is not None:
                raise InvalidInputError("target_extension", "conflict")
            leg = self._live_leg(request.call)
            if leg is None:
                raise NotFoundError("The call is over")
            params = {"dstChannelName": leg[1]}
        elif target is not None:
            params = self._selector(
                "dst", "target_extension", target, request.target_type, dialplan
            )
        else:
            raise InvalidInputError("target_extension", "required")
        params |= self._selector(
            "src", "extension", request.extension, request.extension_type, dialplan
        )
        params |= optional("dialplanName", "dialplan", dialplan)
        params |= self._caller_id("spy", request.caller_id_number, request.caller_id_name)
        await self._command(Capability.SPY, EAVESDROP, "spying", params, RINGING_TIMEOUT)

    async def move_recording(self, record_id: str, filename: str | None, path: str | None) -> None:
        """Rename or move the recording of a finished call."""
        if filename is None and path is None:
            raise InvalidInputError("filename", "required")
        params = {
            "cdrId": valid("record_id", record_id, DIGITS),
            **optional("filename", "filename", filename, FILENAME),
            **optional("path", "path", path, FOLDER),
        }
        await self._command(Capability.MOVE_RECORDING, MOVE_RECORDINGS, "moverecord", params)

    # -- agents and queues --------------------------------------------------------------------------

    async def agent_login(self, agent: m.AgentRef) -> None:
        """Log an agent in at an extension: the given one, or where the agent is at home."""
        known = self._known_agent(agent)
        extension = agent.extension or (known.extension if known else "")
        if not extension:
            raise InvalidInputError("extension", "required")
        seat = self._selector("src", "extension", extension, None, None)
        await self._change(agent, Capability.AGENT_LOGIN, "agentlogin", seat)

    async def agent_logout(self, agent: m.AgentRef) -> None:
        """Log an agent out."""
        await self._change(agent, Capability.AGENT_LOGOUT, "agentlogout")

    async def agent_pause(self, agent: m.AgentRef) -> None:
        """Let an agent get no calls for a while, from any queue."""
        await self._change(agent, Capability.AGENT_PAUSE, "agentpause")

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
        params = {**self._credentials(agent), **more}
        if (known := self._known_agent(agent)) is not None:
            self._changed[known.id] = known
        await self._command(capability, CALL_CENTER, action, params)

    async def queue_add(self, member: m.QueueMember) -> None:
        """Add a member to a queue; how a member is named is not published, so agent, extension or both are sent."""
        params = self._member(member)
        if member.penalty is not None:
            if not 0 <= member.penalty <= MAX_PENALTY:
                raise InvalidInputError("penalty", "out_of_range")
            params["penalty"] = str(member.penalty)
        await self._command(Capability.QUEUE_ADD, CALL_CENTER, "agentadd", params)

    async def queue_remove(self, member: m.QueueMember) -> None:
        """Remove a member from a queue."""
        await self._command(
            Capability.QUEUE_REMOVE, CALL_CENTER, "agentremove", self._member(member)
        )

    async def agent_status(self, agent: m.AgentRef) -> m.Agent:
        """Ask what an agent is doing; with a wrong PIN the phone system's reason is raised."""
        params = self._credentials(agent)
        known = self._known_agent(agent)
        try:
            state = await self._agent_state(params, self._endpoint.ask)
        except RefusedError as error:
            raise self._refusal(error, Capability.GET_AGENT_STATUS, CALL_CENTER) from None
        if known is None:
            return self._agent(
                m.UserAgent(
                    id=params["agentNumber"], name="", number=params["agentNumber"], pin=""
                ),
                state,
            )
        self._keep_state(known, state)
        return self._agent(known, state)

    async def queue_status(self, queue: str) -> m.Queue:
        """Ask how a queue is doing."""
        user_queue = self._user_queue(queue)
        try:
            reading = await self._queue_reading(user_queue, self._endpoint.ask)
        except RefusedError as error:
            raise self._refusal(error, Capability.GET_QUEUE_STATUS, CALL_CENTER) from None
        self._keep_reading(user_queue, reading)
        return reading.queue

    async def _ask_call_center(self) -> None:
        """Ask for some queues and agents, those whose turn it is: hundreds would not fit into the budget."""
        turns = chain(
            (
                (Capability.GET_QUEUE_STATUS, partial(self._refresh_queue, queue))
                for queue in self._next_queues()
            ),
            (
                (Capability.GET_AGENT_STATUS, partial(self._refresh_agent, agent))
                for agent in self._next_agents()
            ),
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

    def _next_queues(self) -> Iterator[m.UserQueue]:
        return self._next("queues", tuple(self._queues.values()), QUEUES_PER_TURN)

    def _next_agents(self) -> Iterator[m.UserAgent]:
        changed = [agent for agent in self._changed.values() if agent.id in self._agents]
        self._changed.clear()
        yield from changed
        yield from self._next("agents", tuple(self._agents.values()), AGENTS_PER_TURN)

    def _next[T](self, kind: str, items: Sequence[T], count: int) -> Iterator[T]:
        """Go round; where a turn breaks off, the next one starts behind the item that broke it."""
        for _ in range(min(count, len(items))):
            position = self._turns.get(kind, 0) % len(items)
            self._turns[kind] = position + 1
            yield items[position]

    async def _refresh_agent(self, agent: m.UserAgent) -> None:
        try:
            state = await self._agent_state(
                self._credentials(m.AgentRef(id=agent.id)), self._endpoint.read
            )
        except InvalidInputError:
            state = AgentState()
        except RefusedError as error:
            if error.code in {DENIED, UNKNOWN_ACTION}:
                raise
            state = AgentState(words=error.reason)
        self._keep_state(agent, state)

    async def _refresh_queue(self, queue: m.UserQueue) -> None:
        try:
            reading = await self._queue_reading(queue, self._endpoint.read)
        except RefusedError as error:
            if error.code in {DENIED, UNKNOWN_ACTION}:
                raise
            reading = QueueReading(queue=m.Queue(id=queue.id, name=queue.name))
        self._keep_reading(queue, reading)

    def _keep_state(self, agent: m.UserAgent, state: AgentState) -> None:
        if agent.id in self._agents:  # not removed meanwhile
            self._states[agent.id] = state

    def _keep_reading(self, queue: m.UserQueue, reading: QueueReading) -> None:
        if queue.id in self._queues:
            self._readings[queue.id] = reading

    async def _agent_state(self, params: Mapping[str, str], send: Send) -> AgentState:
        answer: object
        try:
            answer = await send("agentstatus", params)
        except RefusedError as error:
            # "Logged out" may come as a failure; "wrong PIN" is one.
            refused = Failure(code=error.code, reason=error.reason)
            if not refused.between(*AGENT_STATES) or refused.about_authentication:
                raise
            answer = {"errno": refused.code, "reason": refused.reason}
        return agent_state(answer, (params["agentPin"], self._endpoint.password))

    async def _queue_reading(self, queue: m.UserQueue, send: Send) -> QueueReading:
        answer = await send("queuestatus", {"queueName": valid("queue", queue.name)})
        names = {agent.name.lower(): agent.id for agent in self._agents.values() if agent.name}
        numbers = {agent.number: agent.id for agent in self._agents.values()}
        return queue_reading(queue, answer, names | numbers, (self._endpoint.password,))

    def _agent(self, agent: m.UserAgent, state: AgentState | None) -> m.Agent:
        """Show an agent; only the queues know of a pause."""
        state = state or AgentState()
        marks = [
            reading.paused[agent.id]
            for reading in self._readings.values()
            if agent.id in reading.paused
        ]
        paused = any(marks) if marks else None
        rests = paused and state.status in (None, AgentStatus.AVAILABLE)
        return m.Agent(
            id=agent.id,
            name=agent.name,
            number=agent.number,
            extension=agent.extension or None,
            status=AgentStatus.PAUSED if rests else state.status,
            status_text=state.words,
            logged_in=state.logged_in,
            paused=paused,
            raw=state.raw,
        )

    def _known_agent(self, agent: m.AgentRef) -> m.UserAgent | None:
        if agent.id is not None:
            if agent.id not in self._agents:
                raise InvalidInputError("agent", "unknown_agent", value=agent.number or agent.id)
            return self._agents[agent.id]
        return next(
            (known for known in self._agents.values() if known.number == agent.number), None
        )

    def _credentials(self, agent: m.AgentRef) -> dict[str, str]:
        """Give an agent's number and PIN, as text: a PIN may begin with 0."""
        known = self._known_agent(agent)
        number = agent.number or (known.number if known else "")
        pin = agent.pin or (known.pin if known else "")
        return {
            "agentNumber": valid("agent", number, DIGITS),
            "agentPin": valid("pin", pin, DIGITS),
        }

    def _user_queue(self, queue: str) -> m.UserQueue:
        known = (q for q in self._queues.values() if queue in (q.id, q.name))
        return next(known, None) or m.UserQueue(id=queue, name=valid("queue", queue))

    def _member(self, member: m.QueueMember) -> dict[str, str]:
        if member.agent is None and member.extension is None:
            raise InvalidInputError("agent", "required")
        params = {"queueName": valid("queue", self._user_queue(member.queue).name)}
        extension = member.extension
        if member.agent is not None:
            params |= self._credentials(member.agent)
            extension = extension or member.agent.extension
        if extension is not None:
            params |= self._selector("src", "extension", extension, None, None)
        return params

    # -- what is sent -------------------------------------------------------------------------------

    def _dialled(self, number: str) -> str:
        """Check a number and give it as it would be keyed in: which forms a dial plan takes is its own business."""
        dialable(number, self._country)
        return strip(number)

    def _caller_id(self, prefix: str, number: str | None, name: str | None) -> dict[str, str]:
        params = optional(f"{prefix}Name", "caller_id_name", name)
        if number is not None:
            dialable(number, self._country, field="caller_id_number")
            params[f"{prefix}Cid"] = strip(number)
        return params

    def _selector(
        self,
        side: Literal["src", "dst"],
        field: str,
        extension: str,
        kind: ExtensionType | None,
        dialplan: str | None,
    ) -> dict[str, str]:
        """Name an extension in exactly one way: the SIP user name is the only one that can be found out."""
        extension = extension.strip()
        if kind is None:
            known = self._lines.owner(extension)
            if known is not None and dialplan is None:
                return {f"{side}SipUsername": known.user}
            is_number = _SELECTORS[ExtensionType.INTERNAL][1].fullmatch(extension)
            kind = ExtensionType.INTERNAL if is_number else ExtensionType.SIP_USERNAME
        name, pattern = _SELECTORS[kind]
        value = strip(extension) if kind is ExtensionType.PUBLIC else extension
        return {f"{side}{name}": valid(field, value, pattern)}

    def _live_leg(self, target: m.CallRef) -> tuple[str, str] | None:
        """Give a leg that is still up, the user's own first, with its channel."""
        own = target.call.legs_of(target.extension) if target.extension else ()
        for leg in (*own, *target.call.legs):
            if channel := self._calls.channel(leg.id):
                return leg.id, channel
        return None

    async def _is_up(self, leg_id: str) -> bool:
        """Look whether a leg is still there; what cannot be told is not over."""
        asked_at = datetime.now(UTC)
        try:
            return self._calls.is_up(
                leg_id, call_rows(await self._endpoint.ask("listcalls")), asked_at
            )
        except ProviderError:
            return True

    async def _place(
        self, capability: Capability, action: str, params: Mapping[str, str], asked: CallRequest
    ) -> m.Placed:
        """Ask for a call. The answer names none, so the request is remembered to know the call when it is listed."""
        self._calls.expect(asked)  # before it is sent: the phone may ring before the answer comes
        try:
            await self._command(capability, ORIGINATE, action, params, RINGING_TIMEOUT)
        except UnknownOutcomeError:
            return m.Placed(outcome=m.PlacedOutcome.UNKNOWN)
        except ProviderError:
            self._calls.withdraw(asked)
            raise
        return m.Placed()

    # -- what a no means ----------------------------------------------------------------------------

    async def _command(
        self,
        capability: Capability,
        permission: str,
        action: str,
        params: Mapping[str, str],
        patience: float = 15.0,
    ) -> None:
        try:
            await self._endpoint.command(action, params, patience)
        except RefusedError as error:
            raise self._refusal(error, capability, permission) from None

    async def _list[T](
        self,
        permission: str,
        read: Callable[[object], tuple[T, ...]],
        send: Send,
        *,
        confirm: str | None = None,
    ) -> tuple[T, ...] | None:
        """Ask for a list; None when this account has none. `confirm` is the other list to tell why it is denied."""
        try:
            rows = read(await send(PROBES[permission]))
        except RefusedError as error:
            if error.code == DENIED and confirm is not None and permission not in self._missing:
                await self._confirm(confirm)
            if error.code not in {DENIED, UNKNOWN_ACTION}:
                code = error.code if error.code.isdecimal() else "without a code"
                raise ConnectError(f"The phone system answers with an error: {code}") from None
            self._refusal(error, PERMISSIONS[permission], permission)
            return None
        self._grant(permission)
        return rows

    async def _confirm(self, other: str) -> None:
        """Raise AuthError if the other list is denied as well: then it is not a permission that is missing."""
        try:
            await self._endpoint.read(PROBES[other])
        except RefusedError as error:
            if error.code == DENIED:
                raise AuthError("The credentials are refused") from None

    def _learn(self, found: tuple[Peer, ...] | None) -> None:
        """Take the SIP accounts; a phone system that suddenly has none has a problem."""
        if found:
            self._lines.learn(found)

    def _refusal(
        self, error: RefusedError, capability: Capability, permission: str
    ) -> ProviderError:
        """Take away what this account turns out not to have, and give the error to raise."""
        if error.code == DENIED:
            self._missing.add(permission)
            self.capabilities &= ~PERMISSIONS[permission]
        elif error.code == UNKNOWN_ACTION:
            self.capabilities &= ~capability
            return UnsupportedError((capability.name or "").lower())
        return error

    def _grant(self, permission: str) -> None:
        if permission in self._missing:
            self._missing.remove(permission)
            self.capabilities |= PERMISSIONS[permission]
