"""The phone system inside the VoIPSUN simulator: calls, channels, queues, agents and records, without HTTP.

It behaves as Asterisk does where the contract is silent (sections 2 to 7); nothing in here waits.
"""

from collections.abc import Callable, Iterable
from itertools import count
from operator import itemgetter
from typing import Any

from .base import TrueCall, TrueLeg
from .voipsun_model import (
    Agent,
    Call,
    CallKind,
    CallRecord,
    ChannelStatus,
    DeviceState,
    Disposition,
    Extension,
    Leg,
    OutgoingRight,
    OutRoute,
    Population,
    Queue,
    Reachability,
    Recording,
    SipAccount,
    Technology,
    Trunk,
    VoipsunSwitches,
)

_MONITOR_PATH = "/var/spool/asterisk/monitor"


class PhoneSystem:
    """An Asterisk of one house."""

    def __init__(self, population: Population, switches: VoipsunSwitches, clock: Callable[[], float]) -> None:
        """Move the people in; phones are registered at once."""
        self.switches = switches
        self.clock = clock
        self.main_number = population.main_number
        self.extensions = list(population.extensions)
        self.trunks = {trunk.name: trunk for trunk in population.trunks}
        self.routes = list(population.routes)
        self.agents = {agent.number: agent for agent in population.agents}
        self.queues = {queue.name: queue for queue in population.queues}
        self.accounts: dict[str, SipAccount] = {}
        self.by_number: dict[str, list[Extension]] = {}
        self.by_public: dict[str, Extension] = {}
        self.by_sip: dict[str, Extension] = {}
        self.by_id: dict[str, Extension] = {}
        self.dialplans: set[str] = set()
        self.calls: dict[str, Call] = {}
        self.channels: dict[str, Leg] = {}
        self.records: dict[int, CallRecord] = {}
        self.channel_number = 0xB704
        self._call_numbers = count(1)
        self._record_numbers = count(10000)
        self._offers = count(1)
        self._queue_numbers = {queue.number: queue for queue in population.queues}
        for extension in self.extensions:
            self._move_in(extension)
        for trunk in population.trunks:
            self.accounts[trunk.name] = SipAccount(user=trunk.name, host=trunk.host, monitored=False)
        for agent in population.agents:
            agent.extension = self.extension(agent.login_at) if agent.login_at else None

    def _move_in(self, extension: Extension) -> None:
        self.dialplans.add(extension.dialplan)
        self.by_number.setdefault(extension.number, []).append(extension)
        self.by_id[str(extension.row_id)] = extension
        self.by_public |= dict.fromkeys(extension.public_numbers, extension)
        user = extension.sip_username
        if user:
            self.by_sip[user] = extension
            self.accounts[user] = SipAccount(user=user, user_agent="Yealink SIP-T46S 66.85.0.5")
            self.register(user, f"192.0.{2 + extension.row_id // 250}.{1 + extension.row_id % 250}")

    # -- what is there ------------------------------------------------------------------------------

    def extension(self, key: str) -> Extension:
        """Find an extension by internal number (the first of several dial plans) or SIP user name."""
        if same := self.by_number.get(key):
            return same[0]
        return self.by_sip[key]

    def register(self, user: str, host: str) -> None:
        """Let a phone register from an address."""
        account = self.accounts[user]
        account.host = host
        account.contact = f"sip:{user}@{host}:5060"
        account.reachability = Reachability.OK

    def unregister(self, user: str) -> None:
        """Let a registration end or expire."""
        account = self.accounts[user]
        account.host = account.contact = ""

    def device_state(self, extension: Extension) -> DeviceState:
        """Give the state of an extension's phone as Asterisk sees it."""
        if extension.forced_state is not None:
            return extension.forced_state
        if not extension.sip_username:
            return DeviceState.INVALID
        account = self.accounts[extension.sip_username]
        if not account.contact or account.reachability is Reachability.UNREACHABLE:
            return DeviceState.UNAVAILABLE
        return self._busy_state(extension) if extension.legs else DeviceState.NOT_IN_USE

    @staticmethod
    def _busy_state(extension: Extension) -> DeviceState:
        legs = extension.legs.values()
        ringing = sum(leg.status is ChannelStatus.RINGING for leg in legs)
        if ringing == len(legs):
            return DeviceState.RINGING
        if ringing:
            return DeviceState.RINGING_IN_USE
        return DeviceState.ON_HOLD if all(leg.held for leg in legs) else DeviceState.IN_USE

    def reachable(self, extension: Extension) -> bool:
        """Tell whether a phone of this extension would ring."""
        return self.device_state(extension) not in (DeviceState.INVALID, DeviceState.UNAVAILABLE, DeviceState.BUSY)

    def may_call(self, extension: Extension, number: str, *, by_api: bool) -> bool:
        """Tell whether an extension's outgoing right allows a number."""
        match extension.outgoing:
            case OutgoingRight.DENIED:
                return False
            case OutgoingRight.INTERNAL_ONLY:
                return self._inside(number, extension.dialplan) is not None
            case OutgoingRight.API_ONLY:
                return by_api
            case _:
                return True

    def _inside(self, number: str, dialplan: str) -> Extension | Queue | None:
        for extension in self.by_number.get(number, ()):
            if extension.dialplan == dialplan:
                return extension
        return self.by_public.get(number) or self._queue_numbers.get(number)

    def call(self, call_id: str) -> Call:
        """Find a call that is up."""
        try:
            return self.calls[call_id]
        except KeyError:
            message = f"{call_id} is not up"
            raise LookupError(message) from None

    def truth(self) -> list[TrueCall]:
        """List the calls that are up now, in neutral words."""
        return [_neutral(call) for call in self.calls.values()]

    # -- how calls begin ----------------------------------------------------------------------------

    def incoming(
        self, caller: str, name: str, extensions: Iterable[Extension], did: str = "", queue: Queue | None = None
    ) -> Call:
        """Bring a call from outside to phones, to a queue, or (neither) to a voice menu that answers it."""
        phones = list(extensions)
        public = phones[0].public_numbers if len(phones) == 1 else ()
        number = did or (public[0] if public else self.main_number)
        kind = CallKind.QUEUE if queue else CallKind.INCOMING
        call = self._new(kind, "incoming", caller, number, caller_name=name)
        trunk = next(iter(self.trunks.values()))
        status = ChannelStatus.RING if phones else ChannelStatus.UP
        self._outside(call, trunk, "incoming", (caller, number), status)
        if queue:
            self._join(call, queue)
        elif phones:
            self.ring_phones(call, phones)
        return call

    def ring_phones(self, call: Call, extensions: Iterable[Extension]) -> None:
        """Ring phones for a call; when none of them can ring the call ends."""
        for extension in extensions:
            if self.reachable(extension):
                inner = call.direction == "incoming" or call.queue is not None
                source = call.shown or call.caller
                self._phone(call, extension, (source, extension.number), ChannelStatus.RINGING, inner=inner)
        if not call.ringing() and call.queue is None:
            self.end(call, Disposition.FAILED)

    def dial(self, extension: Extension, number: str) -> Call:
        """Let somebody at a phone dial; a number that the extension may not call ends at once."""
        call = self._new(CallKind.PHONE, self._direction(extension, number), extension.number, number)
        self._phone(call, extension, (extension.number, number), ChannelStatus.RING)
        if self.may_call(extension, number, by_api=False):
            self._reach(call, extension, number)
        else:
            self.end(call, Disposition.FAILED)
        return call

    def originate(
        self,
        extension: Extension,
        number: str,
        *,
        shown: str = "",
        custom: tuple[str, ...] = ("", "", "", ""),
        monitor: tuple[str, str] | None = None,
    ) -> Call | None:
        """Ring an extension that is to be connected with a number; None when no phone can ring for it."""
        if not self.may_call(extension, number, by_api=True) or not self.reachable(extension):
            return None
        direction = self._direction(extension, number)
        call = self._new(CallKind.ORIGINATE, direction, extension.number, number, shown=shown)
        call.custom = custom
        call.monitor = monitor
        self._phone(call, extension, (shown or extension.number, number), ChannelStatus.RINGING)
        return call

    def dial_route(self, route: OutRoute, number: str, context: str, hangup_context: str) -> Call:
        """Call a number outside that is to be connected with a dialplan context."""
        call = self._new(CallKind.ROUTE, "outgoing", self.main_number, number)
        call.context = context
        call.hangup_context = hangup_context
        trunk = self.trunks[route.trunk]
        self._outside(call, trunk, "from-trunk", (self.main_number, number), self.switches.outbound_status)
        return call

    def spy(self, extension: Extension, target: Leg | None, shown: str) -> Call | None:
        """Ring a supervisor who is to listen; None when no phone can ring."""
        if not self.reachable(extension):
            return None
        call = self._new(CallKind.SPY, "internal", shown or "spy", extension.number, shown=shown)
        self._phone(call, extension, (shown, extension.number), ChannelStatus.RINGING, context="spying")
        if target is not None:
            target.call.listeners.append(call)
        return call

    def _direction(self, extension: Extension, number: str) -> str:
        return "outgoing" if self._inside(number, extension.dialplan) is None else "internal"

    def _new(self, kind: CallKind, direction: str, caller: str, callee: str, **more: Any) -> Call:
        call = Call(
            call_id=f"call-{next(self._call_numbers)}",
            kind=kind,
            direction=direction,
            caller=caller,
            callee=callee,
            created=self.clock(),
            **more,
        )
        self.calls[call.call_id] = call
        return call

    def _reach(self, call: Call, extension: Extension, number: str) -> None:
        target = self._inside(number, extension.dialplan)
        if isinstance(target, Queue):
            for leg in call.legs.values():
                leg.status = ChannelStatus.UP
            self._join(call, target)
        elif isinstance(target, Extension):
            if self.device_state(target) is DeviceState.BUSY:
                self.end(call, Disposition.BUSY)
            else:
                self.ring_phones(call, (target,))
        elif self.routes:
            trunk = self.trunks[self.routes[0].trunk]
            source = call.shown or call.caller
            self._outside(call, trunk, "from-trunk", (source, number), self.switches.outbound_status)
        else:
            self.end(call, Disposition.FAILED)

    def _phone(
        self,
        call: Call,
        extension: Extension,
        numbers: tuple[str, str],
        status: ChannelStatus,
        *,
        context: str = "",
        inner: bool = False,
    ) -> Leg:
        name = f"{self.switches.tech}/{extension.sip_username}"
        leg = self._leg(call, extension, name, context or extension.dialplan, numbers, status)
        leg.account = extension.number
        extension.legs[leg.channel] = leg
        if inner:
            local = f"Local/{extension.number}@{extension.dialplan}-{self.channel_number:08x}"
            leg.inner = (f"{local};1", f"{local};2")
            self.channels |= dict.fromkeys(leg.inner, leg)
        return leg

    def _outside(self, call: Call, trunk: Trunk, context: str, numbers: tuple[str, str], status: ChannelStatus) -> Leg:
        technology = trunk.technology or self.switches.tech
        name = f"DAHDI/i1/{numbers[0]}" if technology is Technology.DAHDI else f"{technology}/{trunk.name}"
        return self._leg(call, None, name, context, numbers, status)

    def _leg(
        self,
        call: Call,
        extension: Extension | None,
        name: str,
        context: str,
        numbers: tuple[str, str],
        status: ChannelStatus,
    ) -> Leg:
        short = name.startswith("DAHDI")
        leg = Leg(
            channel=f"{name}-{self.channel_number:x}" if short else f"{name}-{self.channel_number:08x}",
            call=call,
            extension=extension,
            context=context,
            src=numbers[0],
            dst=numbers[1],
            status=status,
            created=self.clock() + (self.switches.dial_lag if call.legs else 0.0),
        )
        self.channel_number += 1
        call.legs[leg.channel] = leg
        self.channels[leg.channel] = leg
        return leg

    # -- what happens to calls ----------------------------------------------------------------------

    def ringing_leg(self, call: Call, extension: Extension | None) -> Leg:
        """Find the channel that waits for this extension (or for the outside) to pick up."""
        for leg in call.ringing():
            if leg.extension is extension:
                return leg
        message = f"{call.call_id} rings nobody at {extension.number if extension else 'the outside'}"
        raise ValueError(message)

    def answer(self, leg: Leg) -> None:
        """Pick up a ringing channel; the other phones of the call stop ringing."""
        call = leg.call
        leg.status = ChannelStatus.UP
        for other in call.ringing():
            self._drop(other)
        if call.kind is CallKind.ORIGINATE and leg is call.first and len(call.legs) == 1:
            self._tell(call, Disposition.ANSWERED)
            assert leg.extension is not None
            self._reach(call, leg.extension, call.callee)
            return
        if call.kind is CallKind.ROUTE:
            leg.context = call.context
        for other in call.legs.values():
            other.status = ChannelStatus.UP
        if call.connected is None:
            call.connected = self.clock()
        self._tell(call, Disposition.ANSWERED)
        if call.queue is not None:
            self._leave_queue(call, call.queue, leg)
        self.serve_queues()

    def pick_up(self, call: Call, extension: Extension) -> None:
        """Take a call that rings elsewhere to this phone."""
        if not call.ringing():
            message = f"{call.call_id} does not ring"
            raise ValueError(message)
        source = call.shown or call.caller
        self.answer(self._phone(call, extension, (source, extension.number), ChannelStatus.RINGING))

    def refuse(self, leg: Leg) -> None:
        """Let one ringing phone refuse; the call goes on while another rings or a queue holds it."""
        if not self._stop_ringing(leg):
            self.end(leg.call, Disposition.BUSY, "callee")
        self.serve_queues()

    def hold(self, call: Call, extension: Extension, *, held: bool) -> None:
        """Hold or resume a call at a phone; the call list cannot show it, states of phones and agents do."""
        for leg in call.legs.values():
            if leg.extension is extension and leg.status is ChannelStatus.UP:
                leg.held = held
                return
        message = f"{extension.number} does not talk in {call.call_id}"
        raise ValueError(message)

    def transfer(self, call: Call, extension: Extension, number: str) -> None:
        """Let somebody who talks hand the other party over to a number."""
        mine = next(leg for leg in call.legs.values() if leg.extension is extension)
        if call.connected is None or len(call.legs) < 2:
            message = f"{call.call_id} has nobody to transfer"
            raise ValueError(message)
        self._drop(mine)
        for left in call.legs.values():
            left.dst = number
        self._reach(call, extension, number)

    def hang_up_channel(self, leg: Leg) -> None:
        """End one channel: of several ringing phones that one, else the call."""
        if not self._stop_ringing(leg):
            self.end(leg.call, Disposition.NO_ANSWER, "api")
        self.serve_queues()

    def _stop_ringing(self, leg: Leg) -> bool:
        ringing = leg.call.ringing()
        if leg not in ringing or not (leg.call.waits or len(ringing) > 1):
            return False
        if leg.extension is not None:
            leg.call.refused.add(leg.extension.number)
        self._drop(leg)
        return True

    def end(self, call: Call, disposition: Disposition, by: str = "") -> None:
        """End a call and write its record."""
        del self.calls[call.call_id]
        for leg in list(call.legs.values()):
            self._drop(leg)
        now = self.clock()
        answered = call.connected
        if call.queue is not None:
            call.queue.waiting.pop(call.call_id, None)
            self._count(call, call.queue, now)
        if call.agent is not None:
            call.agent.last_call = now
            call.agent.free_at = now + call.agent.wrap_up
        outcome = disposition if answered is None else Disposition.ANSWERED
        self._tell(call, outcome)
        for listener in call.listeners:
            if listener.call_id in self.calls:
                self.end(listener, Disposition.NO_ANSWER)
        record = CallRecord(
            cdr_id=next(self._record_numbers),
            call_id=call.call_id,
            src=call.caller,
            dst=call.callee,
            started=call.created,
            answered=answered,
            ended=now,
            disposition=outcome,
            ended_by=by,
            custom=call.custom,
            recording=self._recording(call),
            continued_in=call.hangup_context if answered is None else "",
        )
        self.records[record.cdr_id] = record

    def add_record(self, recording: Recording | None) -> CallRecord:
        """Put an old call into the records."""
        now = self.clock()
        record = CallRecord(
            cdr_id=next(self._record_numbers),
            call_id=f"call-{next(self._call_numbers)}",
            src=self.main_number,
            dst=self.extensions[0].number,
            started=now - 60,
            answered=now - 50,
            ended=now,
            disposition=Disposition.ANSWERED,
            recording=recording,
        )
        self.records[record.cdr_id] = record
        return record

    def restart(self) -> None:
        """Restart Asterisk: calls vanish without records, channel and queue figures start again, agents stay."""
        for call in list(self.calls.values()):
            for leg in list(call.legs.values()):
                self._drop(leg)
            self._tell(call, Disposition.FAILED)
        self.calls.clear()
        self.channel_number = 0
        for queue in self.queues.values():
            queue.waiting.clear()
            queue.completed = queue.abandoned = queue.within_level = 0
            queue.hold_time = queue.talk_time = 0.0

    def _recording(self, call: Call) -> Recording | None:
        if call.connected is None or not (self.switches.record_calls or call.monitor):
            return None
        filename, path = call.monitor or ("", "")
        return Recording(path=path or _MONITOR_PATH, filename=filename or f"{call.call_id}.wav")

    def _tell(self, call: Call, outcome: Disposition) -> None:
        for waiter in call.waiters:
            if not waiter.done():
                waiter.set_result(outcome)
        call.waiters.clear()

    def _drop(self, leg: Leg) -> None:
        for name in (leg.channel, *leg.inner):
            self.channels.pop(name, None)
        leg.call.legs.pop(leg.channel, None)
        if leg.extension is not None:
            leg.extension.legs.pop(leg.channel, None)

    # -- queues and agents --------------------------------------------------------------------------

    def members(self, queue: Queue) -> list[tuple[int, str, Extension, Agent | None]]:
        """List who serves a queue now: penalty, name, phone and the agent (None for a permanent member)."""
        agents = [
            (agent.queues[queue.name], agent.name, agent.extension, agent)
            for agent in self.agents.values()
            if agent.extension is not None and queue.name in agent.queues
        ]
        return agents + [(0, number, self.extension(number), None) for number in queue.permanent]

    def available(self, extension: Extension, agent: Agent | None) -> bool:
        """Tell whether a member would get a call now."""
        if agent is not None and (agent.paused or self.clock() < agent.free_at):
            return False
        return self.device_state(extension) is DeviceState.NOT_IN_USE

    def log_in(self, agent: Agent, extension: Extension) -> None:
        """Log an agent in; one assigned to no queue stays out."""
        if agent.queues:
            agent.extension = extension
        self.serve_queues()

    def log_out(self, agent: Agent) -> None:
        """Log an agent out."""
        agent.extension = None
        agent.paused = False

    def pause(self, agent: Agent, *, paused: bool) -> None:
        """Pause or unpause an agent in all queues; nothing happens to one who is logged out."""
        agent.paused = paused and agent.extension is not None
        self.serve_queues()

    def serve_queues(self) -> None:
        """Ring free members for callers that wait."""
        for queue in self.queues.values():
            for call in list(queue.waiting.values()):
                if not call.ringing():
                    self._offer(call, queue)

    def _join(self, call: Call, queue: Queue) -> None:
        call.queue = queue
        call.joined = self.clock()
        queue.waiting[call.call_id] = call
        self._offer(call, queue)

    def _offer(self, call: Call, queue: Queue) -> None:
        free = [
            (penalty, queue.offered.get(name, 0), name, extension)
            for penalty, name, extension, agent in self.members(queue)
            if extension.number not in call.refused and self.available(extension, agent)
        ]
        chosen = sorted(free, key=itemgetter(0, 1, 2))
        if queue.strategy != "ringall":
            chosen = chosen[:1]
        for _, _, name, extension in chosen:
            queue.offered[name] = next(self._offers)
            self.ring_phones(call, (extension,))

    def _leave_queue(self, call: Call, queue: Queue, leg: Leg) -> None:
        if queue.waiting.pop(call.call_id, None) is None:
            return
        call.served = self.clock()
        serving = (a for a in self.agents.values() if a.extension is leg.extension and queue.name in a.queues)
        call.agent = next(serving, None)

    def _count(self, call: Call, queue: Queue, now: float) -> None:
        if call.served is None:
            queue.abandoned += 1
            return
        wait, done = call.served - call.joined, queue.completed
        queue.hold_time = (queue.hold_time * done + wait) / (done + 1)
        queue.talk_time = (queue.talk_time * done + now - call.served) / (done + 1)
        queue.within_level += wait <= queue.service_level
        queue.completed += 1
        if call.agent is not None:
            call.agent.calls_taken += 1


def _neutral(call: Call) -> TrueCall:
    ringing = call.ringing()
    talking = call.connected is not None and not ringing
    phones_ring = call.direction == "incoming" or any(leg.extension for leg in ringing)
    waiting = "ringing" if phones_ring else "dialing"
    legs = []
    for leg in call.legs.values():
        state = "talking" if talking else "ringing" if leg in ringing else "dialing"
        legs.append(TrueLeg(extension=leg.extension.number if leg.extension else "", state=state))
    return TrueCall(
        call_id=call.call_id,
        direction=call.direction,
        state="talking" if talking else waiting,
        caller=call.caller,
        callee=call.callee,
        legs=tuple(legs),
    )


__all__ = ["PhoneSystem"]
