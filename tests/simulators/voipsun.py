"""A simulated VoIPSUN PBX: the one PHP endpoint with its actions, over a little Asterisk.

Written from the contract alone: the endpoint and its envelope (section 1), the selection of extensions (2), the
actions (3), listcalls (4), sipstatus (5), agents (6), queuestatus (7), error codes (8), what cannot be seen (9) and the
switches (10). The box pushes nothing, so `webhooks` stays unused.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import Any, ClassVar
from urllib.parse import urlsplit

from aiohttp import web

from .base import Placed, Simulator, TrueCall
from .voipsun_answers import Answers, ApiError, php_json
from .voipsun_engine import PhoneSystem
from .voipsun_model import (
    Agent,
    AgentStatusStyle,
    Broken,
    Call,
    CallRecord,
    DeviceState,
    Disposition,
    Extension,
    MemberSelector,
    OutRoute,
    Permission,
    Population,
    Queue,
    Reachability,
    Recording,
    Undocumented,
    VoipsunSwitches,
    crowd,
    demo,
)

type Query = Mapping[str, str]
type Action = Callable[[Query], Awaitable[object]]

_SUCCESS = {"success": "true"}
_WARNING = "<br />\n<b>Warning</b>:  Undefined array key 0 in <b>/var/www/api/api.php</b> on line <b>42</b><br />\n"
_PAGE = "<html><head><title>Error</title></head><body><h1>Service unavailable</h1></body></html>"
_EXTENSION_STATE = 220


@dataclass(frozen=True, slots=True)
class _Codes:
    """The error numbers of one way to select an extension."""

    conflict: int
    extension: int
    dialplan: int
    sip: int


_ORIGINATE = _Codes(200, 201, 202, 203)
_SPY_SOURCE = _Codes(300, 302, 303, 304)
_SPY_TARGET = _Codes(301, 310, 311, 312)
_LOGIN = _Codes(501, 502, 503, 504)
_ADD = _Codes(600, 600, 600, 600)
_REMOVE = _Codes(601, 601, 601, 601)


class _Timers:
    """Things to do later that wait while the server is stopped."""

    def __init__(self) -> None:
        self._planned: dict[int, tuple[float, Callable[[], None]]] = {}
        self._handles: dict[int, asyncio.TimerHandle] = {}
        self._numbers = count()
        self._running = False

    def later(self, delay: float, action: Callable[[], None]) -> None:
        """Do something after a delay."""
        number = next(self._numbers)
        self._planned[number] = (time.monotonic() + delay, action)
        if self._running:
            self._arm(number)

    def resume(self) -> None:
        """Run what is planned; what is overdue at once."""
        self._running = True
        for number in self._planned:
            self._arm(number)

    def pause(self) -> None:
        """Keep what is planned for later."""
        self._running = False
        for handle in self._handles.values():
            handle.cancel()
        self._handles.clear()

    def _arm(self, number: int) -> None:
        wait = max(0.0, self._planned[number][0] - time.monotonic())
        self._handles[number] = asyncio.get_running_loop().call_later(wait, self._fire, number)

    def _fire(self, number: int) -> None:
        del self._handles[number]
        _, action = self._planned.pop(number)
        action()


class VoipsunSimulator(VoipsunSwitches, Simulator):
    """A VoIPSUN PBX; its switches are attributes and keyword arguments."""

    provider: ClassVar[str] = "voipsun"

    def __init__(
        self,
        population: Population | int | None = None,
        *,
        username: str = "voipsun",
        password: str = "sun&secret+pwd",  # noqa: S107
        seed: int = 0,
        clock: Callable[[], float] = time.time,
        **switches: Any,
    ) -> None:
        """Move a population in (a number: so many extensions; None: the demo house); the rest are switches."""
        VoipsunSwitches.__init__(self, **switches)
        Simulator.__init__(self, seed=seed, clock=clock)
        self.username = username
        self.password = password
        self.read_only_paths: set[str] = set()
        self.system = PhoneSystem(_people(population), self, self._now)
        self.answers = Answers(self.system, self)
        self._timers = _Timers()
        self._actions: dict[str, tuple[Permission, Action]] = {
            "originate": (Permission.ORIGINATE, self._originate),
            "dial": (Permission.ORIGINATE, self._dial),
            "hangupcall": (Permission.HANG_UP, self._hangupcall),
            "listcalls": (Permission.CALL_LIST, self._listcalls),
            "spying": (Permission.EAVESDROP, self._spying),
            "sipstatus": (Permission.SIP_STATUS, self._sipstatus),
            "agentlogin": (Permission.CALL_CENTER, self._agentlogin),
            "agentlogout": (Permission.CALL_CENTER, self._agentlogout),
            "agentpause": (Permission.CALL_CENTER, self._agentpause),
            "agentunpause": (Permission.CALL_CENTER, self._agentunpause),
            "agentadd": (Permission.CALL_CENTER, self._agentadd),
            "agentremove": (Permission.CALL_CENTER, self._agentremove),
            "agentstatus": (Permission.CALL_CENTER, self._agentstatus),
            "queuestatus": (Permission.CALL_CENTER, self._queuestatus),
            "moverecord": (Permission.MOVE_RECORDINGS, self._moverecord),
        }

    def _now(self) -> float:
        return self.clock()

    @property
    def extensions(self) -> list[Extension]:
        """The extensions of the house."""
        return self.system.extensions

    @property
    def agents(self) -> dict[str, Agent]:
        """The agents by number; their PINs are in here."""
        return self.system.agents

    @property
    def queues(self) -> dict[str, Queue]:
        """The queues by name."""
        return self.system.queues

    @property
    def records(self) -> dict[int, CallRecord]:
        """The call records by id, which no action lists."""
        return self.system.records

    async def start(self, port: int = 0) -> None:
        """Listen; what was planned before a stop goes on."""
        await super().start(port)
        self._timers.resume()

    async def stop(self) -> None:
        """Stop listening and the clockwork; requests that wait for a phone end with the server."""
        self._timers.pause()
        await super().stop()

    # -- the endpoint -------------------------------------------------------------------------------

    def routes(self) -> list[web.AbstractRouteDef]:
        """List the one endpoint; without HEAD, which would place calls."""
        return [web.get("/api/api.php", self._endpoint, allow_head=False)]

    def error_body(self, status: int) -> web.Response:
        """Answer an error body for 4xx, and the web server's page where PHP was never asked."""
        errno = {400: 120, 401: 100, 403: 100, 404: 110}.get(status)
        if errno is None:
            return web.Response(status=status, text=_PAGE, content_type="text/html")
        return web.json_response(ApiError(errno).body(), status=status)

    async def _endpoint(self, request: web.Request) -> web.StreamResponse:
        # PHP keeps the last of several parameters with one name.
        query = dict(request.query.items())
        broken = self.broken
        if self.broken_actions and query.get("action", "") not in self.broken_actions:
            broken = None
        if broken is Broken.HTML:
            return web.Response(text=_PAGE, content_type="text/html")
        if broken is Broken.CLOSED:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        status = int(HTTPStatus.OK)
        try:
            answer = await self._carry_out(query)
        except ApiError as error:
            answer = error.body()
            status = self.error_status
        prefix = {Broken.WARNING: _WARNING, Broken.BOM: "\ufeff"}.get(broken, "") if broken else ""
        text = "" if broken is Broken.EMPTY else prefix + php_json(answer)
        return web.Response(status=status, text=text, content_type=self.content_type)

    async def _carry_out(self, query: Query) -> object:
        known = (query.get("username"), query.get("password")) == (self.username, self.password)
        if self.authenticate and not known:
            raise ApiError(100)
        if (action := self._actions.get(query.get("action", ""))) is None:
            raise ApiError(110)
        permission, carry_out = action
        if permission in self.deny:
            raise ApiError(100)
        return await carry_out(query)

    # -- calls --------------------------------------------------------------------------------------

    async def _originate(self, query: Query) -> object:
        number = _required(query, "dstNum")
        extension = self._selected(query, "src", _ORIGINATE)
        self._check(query, extension)
        custom = tuple(query.get(f"customCDR{index}", "") for index in range(1, 5))
        monitor = (query.get("monitorFilename", ""), query.get("monitorPath", ""))

        def place() -> Call | None:
            return self.system.originate(
                extension,
                number,
                shown=query.get("dialerCid", ""),
                custom=custom,
                monitor=monitor if any(monitor) else None,
            )

        return await self._place(place, extension.number, number)

    def _check(self, query: Query, extension: Extension) -> None:
        account = self.system.accounts[extension.sip_username]
        if (host := query.get("checkIpHost")) and host != account.host:
            raise ApiError(210)
        if (host := query.get("checkIpContact")) and host != _host(account.contact):
            raise ApiError(211)
        state = self.system.device_state(extension)
        if query.get("checkExten", "0") not in ("", "0") and state is not DeviceState.NOT_IN_USE:
            raise ApiError(_EXTENSION_STATE + state)

    async def _dial(self, query: Query) -> object:
        number, context = _required(query, "dstNum"), _required(query, "context")
        name, row_id = query.get("outrouteName", ""), query.get("outrouteId", "")
        if bool(name) == bool(row_id):
            raise ApiError(120)
        route = next((r for r in self.system.routes if name == r.name or row_id == str(r.row_id)), None)
        if route is None:
            raise ApiError(250)
        found: OutRoute = route

        def place() -> Call:
            return self.system.dial_route(found, number, context, query.get("hangupContext", ""))

        return await self._place(place, found.name, number)

    async def _spying(self, query: Query) -> object:
        extension = self._selected(query, "src", _SPY_SOURCE)
        channel = query.get("dstChannelName", "")
        if channel and _selectors(query, "dst"):
            raise ApiError(301)
        if channel:
            target = self.system.channels.get(channel)
            if target is None:
                raise ApiError(310)
        else:
            target = next(iter(self._selected(query, "dst", _SPY_TARGET).legs.values()), None)

        def place() -> Call | None:
            return self.system.spy(extension, target, query.get("spyCid", ""))

        destination = channel or next(iter(_selectors(query, "dst").values()))
        return await self._place(place, extension.number, destination)

    async def _place(self, place: Callable[[], Call | None], source: str, destination: str) -> object:
        if not self.originate_blocks:
            if self.originate_delay:
                self._timers.later(self.originate_delay, lambda: self._placed(place(), source, destination))
            else:
                self._placed(place(), source, destination)
            return _SUCCESS
        await asyncio.sleep(self.originate_delay)
        call = place()
        if call is None:
            raise ApiError(_EXTENSION_STATE + DeviceState.UNAVAILABLE)
        waiter: asyncio.Future[Disposition] = asyncio.get_running_loop().create_future()
        call.waiters.append(waiter)
        self._placed(call, source, destination)
        outcome = await waiter
        if outcome is Disposition.ANSWERED:
            return _SUCCESS
        state = DeviceState.BUSY if outcome is Disposition.BUSY else DeviceState.UNAVAILABLE
        raise ApiError(_EXTENSION_STATE + state)

    def _placed(self, call: Call | None, source: str, destination: str) -> None:
        if call is None:
            return
        self.placed.append(Placed(call_id=call.call_id, source=source, destination=destination))
        if self.auto_answer is not None:
            leg = call.first
            self._timers.later(self.auto_answer, lambda: self.system.answer(leg) if leg in call.ringing() else None)

    async def _hangupcall(self, query: Query) -> object:
        leg = self.system.channels.get(_required(query, "channelName"))
        if leg is None:
            return _undocumented(self.unknown_channel)
        self.system.hang_up_channel(leg)
        return _SUCCESS

    async def _listcalls(self, _query: Query) -> object:
        return self.answers.calls()

    async def _sipstatus(self, _query: Query) -> object:
        return self.answers.accounts()

    # -- the call centre ----------------------------------------------------------------------------

    async def _agentlogin(self, query: Query) -> object:
        _required(query, "agentNumber", "agentPin")
        extension = self._selected(query, "src", _LOGIN)
        self.system.log_in(self._agent(query, 500), extension)
        return _SUCCESS

    async def _agentlogout(self, query: Query) -> object:
        self.system.log_out(self._agent(query, 550))
        return _SUCCESS

    async def _agentpause(self, query: Query) -> object:
        self.system.pause(self._agent(query, 580), paused=True)
        return _SUCCESS

    async def _agentunpause(self, query: Query) -> object:
        self.system.pause(self._agent(query, 590), paused=False)
        return _SUCCESS

    async def _agentadd(self, query: Query) -> object:
        agent, queue = self._member(query, _ADD)
        penalty = query.get("penalty") or "0"
        if queue.name in agent.queues or not penalty.isdecimal():
            raise ApiError(600)
        agent.queues[queue.name] = int(penalty)
        self.system.serve_queues()
        return _SUCCESS

    async def _agentremove(self, query: Query) -> object:
        agent, queue = self._member(query, _REMOVE)
        if agent.queues.pop(queue.name, None) is None:
            raise ApiError(601)
        return _SUCCESS

    async def _agentstatus(self, query: Query) -> object:
        agent = self._agent(query, 610)
        errno = self.answers.agent_errno(agent)
        if errno is not None and self.agentstatus_style is AgentStatusStyle.ERRNO:
            raise ApiError(errno)
        return self.answers.agent(agent)

    async def _queuestatus(self, query: Query) -> object:
        queue = self.queues.get(_required(query, "queueName"))
        return _undocumented(self.unknown_queue) if queue is None else self.answers.queue(queue)

    def _agent(self, query: Query, errno: int) -> Agent:
        pin = _required(query, "agentNumber", "agentPin")
        agent = self.agents.get(query["agentNumber"])
        if agent is None or agent.pin != pin:
            raise ApiError(errno)
        return agent

    def _member(self, query: Query, codes: _Codes) -> tuple[Agent, Queue]:
        name = _required(query, "agentNumber", "agentPin", "queueName")
        if self.member_selector is MemberSelector.AGENT_AND_SOURCE:
            self._selected(query, "src", codes)
        queue = self.queues.get(name)
        if queue is None:
            raise ApiError(codes.extension)
        return self._agent(query, codes.extension), queue

    # -- recordings ---------------------------------------------------------------------------------

    async def _moverecord(self, query: Query) -> object:
        record_id = _required(query, "cdrId")
        filename, path = query.get("filename", ""), query.get("path", "")
        if not filename and not path:
            raise ApiError(120)
        record = self.records.get(int(record_id)) if record_id.isdecimal() else None
        if record is None:
            raise ApiError(800)
        recording = record.recording
        if recording is None:
            raise ApiError(801)
        if not recording.readable:
            raise ApiError(810)
        target = (path or recording.path, filename or recording.filename)
        if target[0] in self.read_only_paths:
            raise ApiError(811)
        others = [other.recording for other in self.records.values() if other.recording is not recording]
        if any(other is not None and (other.path, other.filename) == target for other in others):
            raise ApiError(812)
        recording.path, recording.filename = target
        return _SUCCESS

    # -- which extension ----------------------------------------------------------------------------

    def _selected(self, query: Query, group: str, codes: _Codes) -> Extension:
        given = _selectors(query, group)
        if not given:
            raise ApiError(120)
        if len(given) > 1:
            raise ApiError(codes.conflict)
        ((kind, value),) = given.items()
        dialplan = query.get("dialplanName", "") if kind == "ExtenInternalNum" else ""
        if dialplan and dialplan not in self.system.dialplans:
            raise ApiError(codes.dialplan)
        match kind:
            case "ExtenPublicNum":
                found = [self.system.by_public.get(value)]
            case "ExtenInternalNum":
                found = [e for e in self.system.by_number.get(value, ()) if dialplan in ("", e.dialplan)]
            case "ExtenId":
                found = [self.system.by_id.get(value)]
            case _:
                found = [self.system.by_sip.get(value)]
        if len(found) > 1:
            raise ApiError(codes.dialplan)
        extension = found[0] if found else None
        if extension is None:
            raise ApiError(codes.extension)
        if not extension.sip_username:
            raise ApiError(codes.sip)
        return extension

    # -- what people do with the phones -------------------------------------------------------------

    async def ring(self, caller: str, *extensions: str, name: str = "", did: str = "") -> str:
        """Let an outside caller ring extensions, over a public number (else that of the one, or of the house)."""
        phones = [self.system.extension(extension) for extension in extensions]
        if not phones:
            message = "ring() needs an extension; see ring_menu() and ring_queue()"
            raise ValueError(message)
        return self.system.incoming(caller, name, phones, did).call_id

    async def ring_menu(self, caller: str, *, name: str = "", did: str = "") -> str:
        """Let an outside caller reach a voice menu, which answers without a person."""
        return self.system.incoming(caller, name, (), did).call_id

    async def ring_queue(self, caller: str, queue: str, *, name: str = "", did: str = "") -> str:
        """Let an outside caller wait in a queue; the next free member rings at once."""
        return self.system.incoming(caller, name, (), did, self.queues[queue]).call_id

    async def route(self, call_id: str, *extensions: str) -> None:
        """Let a voice menu send its caller to extensions."""
        self.system.ring_phones(self.system.call(call_id), [self.system.extension(e) for e in extensions])

    async def dial(self, extension: str, number: str) -> str:
        """Let somebody at an extension dial; the id of a call that is refused at once is given too."""
        return self.system.dial(self.system.extension(extension), number).call_id

    async def answer(self, call_id: str, extension: str = "") -> None:
        """Pick up at a ringing extension, or (empty) by the outside party of a dialled call."""
        phone = self.system.extension(extension) if extension else None
        self.system.answer(self.system.ringing_leg(self.system.call(call_id), phone))

    async def pick_up(self, call_id: str, extension: str) -> None:
        """Take a call that rings elsewhere."""
        self.system.pick_up(self.system.call(call_id), self.system.extension(extension))

    async def refuse(self, call_id: str, extension: str) -> None:
        """Let one ringing phone refuse; others ring on, and a queue goes on to its next free member."""
        phone = self.system.extension(extension)
        self.system.refuse(self.system.ringing_leg(self.system.call(call_id), phone))

    async def hold(self, call_id: str, extension: str) -> None:
        """Hold a call; no list of calls shows it, the states of phone, agent and queue member do."""
        self.system.hold(self.system.call(call_id), self.system.extension(extension), held=True)

    async def resume(self, call_id: str, extension: str) -> None:
        """Resume a call that was held."""
        self.system.hold(self.system.call(call_id), self.system.extension(extension), held=False)

    async def transfer(self, call_id: str, extension: str, number: str) -> None:
        """Let somebody who talks hand the other party over to a number, blind."""
        self.system.transfer(self.system.call(call_id), self.system.extension(extension), number)

    async def hang_up(self, call_id: str, *, by: str = "caller") -> None:
        """End a call: by `caller`, `callee`, or `reject` when every ringing phone refuses."""
        call = self.system.call(call_id)
        if by == "reject":
            ringing = call.ringing()
            if not ringing:
                message = f"{call_id} does not ring"
                raise ValueError(message)
            for leg in ringing:
                self.system.refuse(leg)
            return
        self.system.end(call, Disposition.NO_ANSWER, by)
        self.system.serve_queues()

    def truth(self) -> list[TrueCall]:
        """List the calls that are up; being held is no state of a call here, since no list shows it."""
        return self.system.truth()

    def channels(self, call_id: str) -> list[str]:
        """List the channel names of a call, the caller's first."""
        return list(self.system.call(call_id).legs)

    async def agent_login(self, agent: str, extension: str) -> None:
        """Let an agent log in by phone."""
        self.system.log_in(self.agents[agent], self.system.extension(extension))

    async def agent_logout(self, agent: str) -> None:
        """Let an agent log out by phone."""
        self.system.log_out(self.agents[agent])

    async def agent_pause(self, agent: str) -> None:
        """Let an agent pause by phone."""
        self.system.pause(self.agents[agent], paused=True)

    async def agent_unpause(self, agent: str) -> None:
        """Let an agent end a pause by phone."""
        self.system.pause(self.agents[agent], paused=False)

    async def register(self, user: str, host: str = "192.0.2.200") -> None:
        """Let a phone (or a trunk) register."""
        self.system.register(user, host)
        self.system.serve_queues()

    async def unregister(self, user: str) -> None:
        """Let a registration end or expire."""
        self.system.unregister(user)

    async def unplug(self, user: str) -> None:
        """Let a phone die; one that is not monitored stays what it was until its registration expires."""
        account = self.system.accounts[user]
        if account.monitored:
            account.reachability = Reachability.UNREACHABLE

    async def lag(self, user: str, latency: int) -> None:
        """Let a monitored phone answer late (milliseconds)."""
        account = self.system.accounts[user]
        account.latency = latency
        account.reachability = Reachability.LAGGED

    async def monitor(self, user: str, *, monitored: bool) -> None:
        """Turn the box's own check of a registration on or off."""
        self.system.accounts[user].monitored = monitored

    async def force_device_state(self, extension: str, state: DeviceState | None) -> None:
        """Give a phone a state that calls do not make, such as BUSY for do not disturb; None ends it."""
        self.system.extension(extension).forced_state = state
        self.system.serve_queues()

    async def add_record(
        self, path: str = "/var/spool/asterisk/monitor", filename: str = "old.wav", *, recorded: bool = True
    ) -> int:
        """Put an old call into the records and give its id."""
        recording = Recording(path=path, filename=filename) if recorded else None
        return self.system.add_record(recording).cdr_id

    async def restart_asterisk(self) -> None:
        """Restart Asterisk: every call is gone and channel names begin again."""
        self.system.restart()


def _people(population: Population | int | None) -> Population:
    if population is None:
        return demo()
    return crowd(population) if isinstance(population, int) else population


def _required(query: Query, *names: str) -> str:
    for name in names:
        if not query.get(name):
            raise ApiError(120)
    return query[names[-1]]


def _selectors(query: Query, group: str) -> dict[str, str]:
    kinds = ("ExtenPublicNum", "ExtenInternalNum", "ExtenId", "SipUsername")
    return {kind: value for kind in kinds if (value := query.get(group + kind))}


def _host(contact: str) -> str:
    return urlsplit(contact.replace("sip:", "//", 1)).hostname or ""


def _undocumented(answer: Undocumented) -> object:
    if answer is Undocumented.SUCCESS:
        return _SUCCESS
    raise ApiError(120 if answer is Undocumented.ERRNO else None)


__all__ = ["VoipsunSimulator"]
