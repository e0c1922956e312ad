"""VOIP@ Cloud, contract section 6: the little FreeSWITCH, with legs, calls, a dialplan and call records."""

import random
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol
from uuid import UUID

from .base import TrueCall, TrueLeg
from .voipat_wire import Loopback, VoipatSwitches

RING_GROUP = "600"
DID = "+493023125000"
TRUNK = "sip.trunk.example"
SHORTEST_OUTSIDE_NUMBER = 6

type Tenant = tuple[str, str]


class CallState(StrEnum):
    """FreeSWITCH's state of a leg."""

    DOWN = "DOWN"
    RINGING = "RINGING"
    EARLY = "EARLY"
    RING_WAIT = "RING_WAIT"
    ACTIVE = "ACTIVE"
    HELD = "HELD"
    UNHELD = "UNHELD"
    HANGUP = "HANGUP"


@dataclass(slots=True, kw_only=True, eq=False)
class Extension:
    """A phone number inside; `tabs` browser tabs with the widget are registered on it, 0 is a desk phone."""

    number: str
    name: str
    domain: str = ""
    uuid: str = ""
    tabs: int = 0
    registered: bool = True
    do_not_disturb: bool = False
    password: str = ""
    accountcode: str | None = None
    alias: str = ""
    outbound_number: str = ""
    description: str = ""
    enabled: bool = True


@dataclass(slots=True, kw_only=True, eq=False)
class Leg:
    """One channel; `origin` is the leg for which the PBX rings this one, `rings` are those it lets ring."""

    uuid: str
    call: Call
    direction: Literal["inbound", "outbound"]
    name: str
    cid_num: str
    cid_name: str
    dest: str
    created: float
    context: str
    call_uuid: str = ""
    extension: str = ""
    presence_id: str = ""
    accountcode: str = ""
    application: str = ""
    application_data: str = ""
    callstate: CallState = CallState.DOWN
    callee_num: str = ""
    callee_name: str = ""
    ip_addr: str = ""
    loopback: bool = False
    origin: Leg | None = None
    partner: Leg | None = None
    rings: dict[str, Leg] = field(default_factory=dict)
    answered_at: float | None = None
    bridged_at: float | None = None
    cause: str = ""
    pressed: str = ""

    @property
    def state(self) -> str:
        """Give the channel's inner state."""
        if self.callstate is CallState.HANGUP:
            return "CS_HANGUP"
        if self.callstate is CallState.DOWN:
            return "CS_INIT"
        if self.application == "valet_park":
            return "CS_PARK"
        if self.direction == "inbound" or self.application:
            return "CS_EXECUTE"
        return "CS_EXCHANGE_MEDIA" if self.partner is not None else "CS_CONSUME_MEDIA"

    @property
    def answer_state(self) -> str:
        """Give the word of an event's answerState."""
        if self.callstate is CallState.HANGUP:
            return "hangup"
        if self.answered_at is not None:
            return "answered"
        return "early" if self.callstate is CallState.EARLY else "ringing"


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """A call of people, whatever legs it has; `wants` is whom a call placed by API is to reach."""

    id: str
    domain: str
    direction: str
    caller: str
    caller_name: str
    callee: str
    started: float
    legs: dict[str, Leg] = field(default_factory=dict)
    first: Leg | None = None
    last_partner: str = ""
    by_api: bool = False
    wants: str = ""
    waiting: list[str] = field(default_factory=list)
    recording: str = ""
    consults_for: Leg | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A call record; the stamps are epoch seconds."""

    uuid: str
    domain: str
    direction: str
    caller_name: str
    caller_number: str
    destination: str
    context: str
    start: float
    answer: float | None
    end: float
    cause: str
    recording: str
    last_app: str
    bridge_uuid: str
    network_addr: str
    written: float = 0.0

    @property
    def duration(self) -> int:
        """Give the seconds from start to end."""
        return int(self.end - self.start)

    @property
    def billsec(self) -> int:
        """Give the seconds from answer to end."""
        return 0 if self.answer is None else max(1, int(self.end - self.answer))

    @property
    def status(self) -> str:
        """Give FusionPBX's word for the outcome."""
        if self.last_app == "voicemail":
            return "voicemail"
        if self.answer is not None:
            return "answered"
        causes = {"USER_BUSY": "busy", "ORIGINATOR_CANCEL": "cancelled", "NO_ANSWER": "no_answer"}
        if self.direction == "inbound":
            return "missed"
        return causes.get(self.cause, "failed")


class Watcher(Protocol):
    """Who is told what happens on the legs."""

    def fired(self, event: str, leg: Leg) -> None:
        """Take one FreeSWITCH event."""

    def accepts(self, extension: Extension) -> bool:
        """Tell if the phone would ring (a widget in a call refuses silently)."""

    def invited(self, leg: Leg) -> None:
        """Take that a phone starts to ring."""

    def dialled(self, leg: Leg) -> None:
        """Take that somebody dialled at a phone."""

    def picked_up(self, leg: Leg, tab: int) -> None:
        """Take that a leg of a phone is answered, by this tab where a browser did it."""

    def gone(self, leg: Leg, *, by_user: bool) -> None:
        """Take that a leg of a phone is over, and if its own user ended it."""

    def placed_rings(self, call: Call) -> None:
        """Take that the far party of a call placed by API rings."""

    def ended(self, call: Call, cause: str) -> None:
        """Take that a call is over."""


class Engine:
    """All tenants' extensions, legs, calls and records; every change costs the same with few and with many."""

    def __init__(
        self, switches: VoipatSwitches, rng: random.Random, clock: Callable[[], float], watcher: Watcher
    ) -> None:
        """Start without anybody."""
        self.switches = switches
        self.extensions: dict[Tenant, Extension] = {}
        self.legs: dict[str, Leg] = {}
        self.calls: dict[str, Call] = {}
        self.records: list[Record] = []
        self._rng = rng
        self._late = random.Random(0)
        self._clock = clock
        self._watcher = watcher

    def new_uuid(self) -> str:
        """Make an id."""
        return str(UUID(int=self._rng.getrandbits(128), version=4))

    def add(self, domain: str, extensions: Iterable[Extension]) -> None:
        """Let people have phones."""
        for extension in extensions:
            extension.domain = domain
            extension.uuid = extension.uuid or self.new_uuid()
            extension.password = extension.password or f"sip-secret-{extension.number}"
            self.extensions[domain, extension.number] = extension

    def extension(self, domain: str, number: str) -> Extension:
        """Find a phone; a wrong number is a mistake of the test."""
        if (domain, number) not in self.extensions:
            text = f"no extension {number} in {domain}"
            raise ValueError(text)
        return self.extensions[domain, number]

    def call(self, call_id: str) -> Call:
        """Find a call by its id or by one of its legs."""
        if call_id in self.calls:
            return self.calls[call_id]
        if call_id in self.legs:
            return self.legs[call_id].call
        text = f"no call {call_id}"
        raise ValueError(text)

    def leg_of(self, call: Call, extension: str) -> Leg:
        """Find the phone's leg in a call; empty is the outside."""
        for leg in call.legs.values():
            if leg.extension == extension and not leg.loopback:
                return leg
        text = f"{extension or 'nobody outside'} is not in call {call.id}"
        raise ValueError(text)

    def ringing(self, call: Call) -> list[Leg]:
        """List the legs that ring somewhere."""
        return [
            leg
            for leg in call.legs.values()
            if leg.direction == "outbound" and leg.answered_at is None and not leg.loopback
        ]

    # -- how calls begin ----------------------------------------------------------------------------

    def incoming(self, domain: str, caller: str, name: str, *extensions: str) -> Call:
        """Let a trunk call arrive for these extensions (none: it waits to be diverted)."""
        callee = extensions[0] if len(extensions) == 1 else RING_GROUP
        call = self._new_call(domain, "incoming", caller, name, callee)
        leg = self._new_leg(call, "inbound", f"sofia/external/{caller}@{TRUNK}", dest=DID, context="public")
        call.waiting = list(extensions)
        if self.switches.ring_at_once:
            self.route(call)
        else:
            self._fire("CHANNEL_CREATE", leg)
        return call

    def outgoing(self, extension: Extension, number: str) -> Call:
        """Let somebody dial."""
        domain = extension.domain
        inside = (domain, number) in self.extensions
        call = self._new_call(domain, "internal" if inside else "outgoing", extension.number, extension.name, number)
        leg = self._new_leg(
            call, "inbound", f"sofia/internal/{extension.number}@{domain}", dest=number, phone=extension
        )
        call.waiting = [number]
        if not self.switches.ring_at_once:
            self._fire("CHANNEL_CREATE", leg)
            self._watcher.dialled(leg)
            return call
        self._watcher.dialled(leg)
        self.route(call)
        return call

    def route(self, call: Call) -> None:
        """Take a new call from DOWN through the dialplan to the phones it is for."""
        first = call.first
        if first is None or first.callstate is not CallState.DOWN:
            return
        if self.switches.ring_at_once:
            self._fire("CHANNEL_CREATE", first)
        self._set(first, CallState.RINGING)
        targets, call.waiting = call.waiting, []
        if call.direction == "incoming":
            first.context = call.domain
            first.dest = call.callee
            if targets:
                self.ring(call, first, [self.extension(call.domain, number) for number in targets])
        else:
            self.reach(call, first, targets[0])

    def place(self, extension: Extension, number: str, cid_num: str, cid_name: str, uuid: str) -> Call | None:
        """Ring a phone by API to reach a number afterwards; None when the phone refuses or is not there."""
        domain = extension.domain
        inside = (domain, number) in self.extensions
        call = self._new_call(domain, "internal" if inside else "outgoing", extension.number, cid_name, number, uuid)
        call.by_api, call.wants = True, number
        name = self._phone_name(extension)
        leg = self._new_leg(
            call, "outbound", name, dest=extension.number, phone=extension, uuid=uuid, cid=(cid_num, cid_name)
        )
        if self.switches.real_rows and self.switches.python:
            leg.context, leg.accountcode = "default", ""  # until somebody picks up
        self._fire("CHANNEL_CREATE", leg)
        self._set(leg, CallState.RINGING)
        if extension.do_not_disturb or not self._watcher.accepts(extension):
            self.kill(leg, "USER_BUSY")
            return None
        self._watcher.invited(leg)
        return call

    # -- the dialplan -------------------------------------------------------------------------------

    def reach(self, call: Call, origin: Leg, number: str) -> None:
        """Do what the dialplan does with a dialled number."""
        registered_only = call.by_api and self.switches.node
        if (call.domain, number) in self.extensions:
            self.ring(call, origin, [self.extensions[call.domain, number]])
        elif number.startswith("*") and not registered_only:
            self.divert(origin, "valet_park" if number.startswith("*59") else "lua", number)
        elif len(re.sub(r"\D", "", number)) >= SHORTEST_OUTSIDE_NUMBER and not registered_only:
            origin.application, origin.application_data = "bridge", f"sofia/gateway/trunk/{number}"
            name = f"sofia/external/{number}"
            name = name if self.switches.real_rows else f"{name}@{TRUNK}"
            leg = self._new_leg(call, "outbound", name, dest=number, origin=origin)
            if self.switches.real_rows:
                leg.cid_name = "Outbound Call"
            self._start(leg)
            self._wait(origin)
        else:
            self.kill(origin, self.switches.unregistered_cause if registered_only else "UNALLOCATED_NUMBER")

    def ring(self, call: Call, origin: Leg, extensions: Iterable[Extension]) -> None:
        """Let phones ring for a leg; if none can, the leg is over."""
        cause: str = self.switches.unregistered_cause
        began = False
        wanted = tuple(extensions)
        origin.application = "bridge"
        origin.application_data = ",".join(f"user/{extension.number}@{extension.domain}" for extension in wanted)
        for extension in wanted:
            if not extension.registered:
                continue
            name = self._phone_name(extension)
            leg = self._new_leg(call, "outbound", name, dest=extension.number, phone=extension, origin=origin)
            if extension.do_not_disturb or not self._watcher.accepts(extension):
                del origin.rings[leg.uuid]
                leg.origin = None
                cause = "USER_BUSY"
                self._start(leg)
                self.kill(leg, cause)
            else:
                began = True
                self._start(leg)
                self._watcher.invited(leg)
        if not began:
            self.kill(origin, cause)
        else:
            self._wait(origin)

    def divert(self, leg: Leg, application: str, data: str = "") -> None:
        """Let a machine take a leg: IVR, queue, voicemail, parking."""
        ringing, leg.rings = list(leg.rings.values()), {}
        for other in ringing:
            other.origin = None
            self.kill(other, "NO_ANSWER")
        leg.application, leg.application_data = application, data
        if leg.answered_at is None:
            self._answered(leg, 0)
        else:
            self._set(leg, CallState.ACTIVE)
        if application == "valet_park":
            self._fire("CHANNEL_PARK", leg)

    # -- how calls go on ----------------------------------------------------------------------------

    def answer(self, leg: Leg, tab: int = 0) -> None:
        """Pick up a ringing leg."""
        call, origin = leg.call, leg.origin
        if leg.answered_at is not None:
            text = f"leg {leg.uuid} does not ring"
            raise ValueError(text)
        self._answered(leg, tab)
        if call.consults_for is not None:
            # The bridge to a bare uuid is no dial string: the target drops and the original stays on hold.
            self.kill(leg, "DESTINATION_OUT_OF_ORDER")
            return
        if origin is None:
            self._reach_wanted(call, leg)
            return
        rivals = [other for other in origin.rings.values() if other is not leg]
        origin.rings.clear()
        if origin.answered_at is None:
            self._answered(origin, 0)
        elif origin.callstate is CallState.RING_WAIT:
            self._set(origin, CallState.ACTIVE)
        for other in call.legs.values():
            if other.loopback and other.answered_at is None:
                self._answered(other, 0)
        self.bridge(origin, leg)
        for other in rivals:
            other.origin = None
            self.kill(other, "LOSE_RACE")
        if self.switches.loopback is Loopback.COLLAPSE:
            self._drop_loopbacks(call)

    def bridge(self, first: Leg, second: Leg) -> None:
        """Let two legs hear each other."""
        first.partner, second.partner = second, first
        first.call_uuid = second.call_uuid = first.uuid
        first.bridged_at = second.bridged_at = self._clock()
        first.callee_name, first.callee_num = "Outbound Call", second.dest
        first.call.last_partner = second.uuid
        self._fire("CHANNEL_BRIDGE", first)
        self._fire("CALL_UPDATE", second)

    def hold(self, leg: Leg) -> bool:
        """Hold an answered leg; False when that is refused."""
        waits = self.switches.real_rows and leg.callstate is CallState.RING_WAIT
        if (leg.callstate not in (CallState.ACTIVE, CallState.UNHELD) and not waits) or leg.loopback:
            return False
        if self.switches.real_rows:
            leg.accountcode = leg.accountcode or leg.call.domain
            if leg.partner is not None and leg.call.first in (leg, leg.partner):
                leg.call.first.application = "playback"  # for good
        self._set(leg, CallState.HELD)
        self._fire("CHANNEL_HOLD", leg)
        return True

    def unhold(self, leg: Leg) -> bool:
        """Resume a held leg; False when that is refused."""
        if leg.callstate is not CallState.HELD:
            return False
        self._set(leg, CallState.ACTIVE if self.switches.real_rows else CallState.UNHELD)
        self._fire("CHANNEL_UNHOLD", leg)
        return True

    def transfer(self, leg: Leg, number: str) -> None:
        """Move one leg to another number and drop its partner."""
        call = leg.call
        if leg.partner is not None:
            partner = self._unbridge(leg)
            self.kill(partner, "NORMAL_CLEARING")
        ringing, leg.rings = list(leg.rings.values()), {}
        for other in ringing:
            other.origin = None
            self.kill(other, "ORIGINATOR_CANCEL")
        if leg.origin is not None:
            origin, leg.origin = leg.origin, None
            origin.rings.pop(leg.uuid, None)
            if not origin.rings and origin.partner is None:
                self.kill(origin, "NORMAL_CLEARING")
        leg.dest = call.callee = number
        leg.call_uuid = leg.uuid
        self.reach(call, leg, number)

    def join(self, first: Call, second: Call, extension: str) -> None:
        """Complete a phone's attended transfer: those the extension talks to in two calls talk to each other."""
        one, two = self.leg_of(first, extension), self.leg_of(second, extension)
        if first is second or one.partner is None or two.partner is None:
            text = "both calls must be answered"
            raise ValueError(text)
        stays, comes = self._unbridge(one), self._unbridge(two)
        if stays.callstate is CallState.HELD:
            self.unhold(stays)
        del second.legs[comes.uuid]
        comes.call = first
        first.legs[comes.uuid] = comes
        first.callee = comes.dest or comes.extension
        self.bridge(stays, comes)
        self.kill(one, "ATTENDED_TRANSFER")
        self.kill(two, "ATTENDED_TRANSFER")

    def consult(self, leg: Leg, extension: Extension, uuid: str) -> Call | None:
        """Begin the API's attended transfer: hold the leg and ring the target."""
        self.hold(leg)
        call = self._new_call(leg.call.domain, "internal", leg.cid_num, leg.cid_name, extension.number, uuid)
        call.consults_for = leg
        name = self._phone_name(extension)
        target = self._new_leg(call, "outbound", name, dest=extension.number, phone=extension, uuid=uuid)
        self._start(target)
        if not extension.registered or extension.do_not_disturb or not self._watcher.accepts(extension):
            self.kill(target, "USER_BUSY" if extension.registered else self.switches.unregistered_cause)
            return None
        self._watcher.invited(target)
        return call

    def press(self, leg: Leg, digits: str) -> None:
        """Let somebody press keys during a call."""
        for digit in digits:
            leg.pressed = digit
            self._fire("DTMF", leg)

    def record(self, call: Call, *, on: bool) -> None:
        """Start or stop a recording of a call."""
        leg = next(iter(call.legs.values()))
        if on:
            call.recording = f"{call.id}.wav"
        self._fire("RECORD_START" if on else "RECORD_STOP", leg)

    def kill(self, leg: Leg, cause: str, *, by_user: bool = False) -> None:
        """End a leg, with what follows from that for the others."""
        if self.legs.pop(leg.uuid, None) is None:
            return
        call = leg.call
        del call.legs[leg.uuid]
        rang = leg.answered_at is None
        leg.cause = cause
        partner = self._unbridge(leg) if leg.partner is not None else None
        self._set(leg, CallState.HANGUP)
        for event in ("CHANNEL_STATE", "CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE"):
            self._fire(event, leg)
        self._watcher.gone(leg, by_user=by_user)
        for child in list(leg.rings.values()):
            child.origin = None
            self.kill(child, "ORIGINATOR_CANCEL")
        if partner is not None:
            self.kill(partner, "NORMAL_CLEARING" if cause == "ATTENDED_TRANSFER" else cause)
        if leg.origin is not None and rang:
            leg.origin.rings.pop(leg.uuid, None)
            if not leg.origin.rings and leg.origin.partner is None:
                self.kill(leg.origin, cause)
        if call.legs and all(other.loopback for other in call.legs.values()):
            self._drop_loopbacks(call)
        if not call.legs and self.calls.pop(call.id, None) is not None:
            self._write_record(call, cause)
            self._watcher.ended(call, cause)

    # -- the truth ----------------------------------------------------------------------------------

    def truth(self, domain: str) -> list[TrueCall]:
        """List the calls of a tenant in neutral words."""
        return [
            TrueCall(
                call_id=self._current_id(call),
                direction=call.direction,
                state=_call_state(call),
                caller=call.caller,
                callee=call.callee,
                legs=tuple(
                    TrueLeg(extension=leg.extension, state=_leg_state(leg))
                    for leg in call.legs.values()
                    if not leg.loopback
                ),
            )
            for call in self.calls.values()
            if call.domain == domain
        ]

    # -- inside -------------------------------------------------------------------------------------

    def _current_id(self, call: Call) -> str:
        return next(iter(call.legs.values())).call_uuid if call.legs else call.id

    def _new_call(
        self, domain: str, direction: str, caller: str, caller_name: str, callee: str, uuid: str = ""
    ) -> Call:
        call = Call(
            id=uuid or self.new_uuid(),
            domain=domain,
            direction=direction,
            caller=caller,
            caller_name=caller_name,
            callee=callee,
            started=self._clock(),
        )
        self.calls[call.id] = call
        return call

    def _new_leg(  # noqa: PLR0913
        self,
        call: Call,
        direction: Literal["inbound", "outbound"],
        name: str,
        *,
        dest: str,
        phone: Extension | None = None,
        origin: Leg | None = None,
        context: str = "",
        uuid: str = "",
        cid: tuple[str, str] | None = None,
        loopback: bool = False,
    ) -> Leg:
        number, shown = cid or ((origin.cid_num, origin.cid_name) if origin else (call.caller, call.caller_name))
        accountcode = call.domain if self.switches.trunk_accountcode or origin is not None or loopback else ""
        if phone is not None:
            accountcode = call.domain if phone.accountcode is None else phone.accountcode
            if self.switches.real_rows and origin is not None:
                accountcode = ""  # the list then goes by the context
        leg = Leg(
            uuid=uuid or (call.id if call.first is None else self.new_uuid()),
            call=call,
            direction=direction,
            name=name,
            cid_num=number,
            cid_name=shown,
            dest=dest,
            created=self._clock(),
            context=context or call.domain,
            call_uuid=origin.uuid if origin is not None else "",
            extension="" if phone is None else phone.number,
            presence_id="" if phone is None else f"{phone.number}@{call.domain}",
            accountcode=accountcode,
            ip_addr="203.0.113.9" if phone is None else "192.0.2.15",
            origin=origin,
            loopback=loopback,
        )
        leg.call_uuid = leg.call_uuid or leg.uuid
        if origin is not None:
            origin.rings[leg.uuid] = leg
        if call.first is None:
            call.first = leg
        self.legs[leg.uuid] = call.legs[leg.uuid] = leg
        return leg

    def _phone_name(self, extension: Extension) -> str:
        """Name the channel to a phone: after the address it has registered from."""
        host = "192.0.2.15:5060" if self.switches.real_rows else extension.domain
        return f"sofia/internal/{extension.number}@{host}"

    def _wait(self, leg: Leg) -> None:
        if leg.answered_at is not None and (self.switches.real_rows or not leg.call.by_api):
            self._set(leg, CallState.RING_WAIT)

    def _start(self, leg: Leg) -> None:
        self._fire("CHANNEL_CREATE", leg)
        self._set(leg, CallState.EARLY if self.switches.early_media else CallState.RINGING)

    def _answered(self, leg: Leg, tab: int) -> None:
        leg.answered_at = self._clock()
        if leg.context == "default":
            leg.context = leg.accountcode = leg.call.domain
        self._fire("CHANNEL_ANSWER", leg)
        self._set(leg, CallState.ACTIVE)
        self._watcher.picked_up(leg, tab)

    def _reach_wanted(self, call: Call, leg: Leg) -> None:
        if not call.by_api:
            return
        splits = None
        if self.switches.python and self.switches.loopback is not Loopback.NONE:
            for end, direction in (("a", "outbound"), ("b", "inbound")):
                name = f"loopback/{call.wants}-{end}"
                way: Literal["inbound", "outbound"] = "outbound" if direction == "outbound" else "inbound"
                pseudo = self._new_leg(call, way, name, dest=call.wants, loopback=True, cid=(leg.cid_num, leg.cid_name))
                pseudo.call_uuid = leg.uuid
                if self.switches.real_rows:
                    pseudo.callee_num, pseudo.callee_name = call.domain, "Outbound Call"
                    pseudo.cid_name = "Outbound Call"
                    pseudo.call_uuid = pseudo.uuid if end == "b" else leg.uuid
                    self._fire("CHANNEL_CREATE", pseudo)
                    self._set(pseudo, CallState.RINGING)
                else:
                    pseudo.answered_at = self._clock()
                    self._fire("CHANNEL_CREATE", pseudo)
                    self._set(pseudo, CallState.ACTIVE)
                splits = pseudo
        before = set(call.legs)
        self.reach(call, leg, call.wants)
        if (self.switches.loopback_splits or self.switches.real_rows) and splits is not None:
            for uuid in set(call.legs) - before:
                call.legs[uuid].call_uuid = splits.uuid
            splits.call_uuid = splits.uuid
        if leg.rings:
            self._watcher.placed_rings(call)

    def _drop_loopbacks(self, call: Call) -> None:
        for leg in [leg for leg in call.legs.values() if leg.loopback]:
            self.kill(leg, "NORMAL_UNSPECIFIED")

    def _unbridge(self, leg: Leg) -> Leg:
        partner = leg.partner
        assert partner is not None
        leg.partner = partner.partner = None
        self._fire("CHANNEL_UNBRIDGE", leg)
        partner.call_uuid = partner.uuid
        leg.call_uuid = leg.uuid
        return partner

    def _set(self, leg: Leg, state: CallState) -> None:
        leg.callstate = state
        self._fire("CHANNEL_CALLSTATE", leg)

    def _fire(self, event: str, leg: Leg) -> None:
        self._watcher.fired(event, leg)

    def _write_record(self, call: Call, cause: str) -> None:
        first = call.first
        assert first is not None
        business = {"incoming": "inbound", "outgoing": "outbound", "internal": "local"}
        application = first.application
        self.records.append(
            Record(
                uuid=first.uuid,
                domain=call.domain,
                direction=business[call.direction],
                caller_name=re.sub(r"[^\w \-]", "", first.cid_name),
                caller_number=re.sub(r"[^\d\-#*]", "", first.cid_num),
                destination=re.sub(r"[^\d\-#*]", "", call.callee),
                context=call.domain,
                start=call.started,
                answer=first.answered_at,
                end=self._clock(),
                cause=first.cause or cause,
                recording=call.recording,
                last_app=application,
                bridge_uuid=call.last_partner,
                network_addr=first.ip_addr,
                written=self._clock() + self._late.uniform(*self.switches.record_delay),
            )
        )


def _leg_state(leg: Leg) -> str:
    if leg.callstate is CallState.HELD:
        return "on_hold"
    machine = leg.application not in ("", "bridge") and leg.callstate in (CallState.ACTIVE, CallState.UNHELD)
    if leg.partner is not None or machine:
        return "talking"
    return "ringing" if leg.direction == "outbound" and leg.answered_at is None else "dialing"


def _call_state(call: Call) -> str:
    states = {_leg_state(leg) for leg in call.legs.values() if not leg.loopback}
    for state in ("on_hold", "talking"):
        if state in states:
            return state
    return "dialing" if call.direction == "outgoing" or call.by_api else "ringing"
