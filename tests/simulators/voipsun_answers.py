"""The wire formats of the VoIPSUN simulator: rows, list styles, status words and errors (contract sections 1, 4-8)."""

import json
from collections.abc import Sequence
from typing import Any

from .voipsun_engine import PhoneSystem
from .voipsun_model import (
    Agent,
    Call,
    CallKind,
    ChannelStatus,
    DeviceState,
    EmptyStyle,
    Leg,
    LegStyle,
    ListStyle,
    NumberStyle,
    OkStyle,
    Queue,
    QueueStatusStyle,
    Reachability,
    RowStyle,
    SipAccount,
    VoipsunSwitches,
)

type Row = dict[str, Any]

REASONS = {
    100: "Unauthorized user or bad permissions",
    110: "Unknown action",
    120: "Missing required parameter",
    200: "Only one source extension parameter can be used",
    201: "Extension not found",
    202: "Dialplan not found or required",
    203: "Extension has no SIP account",
    210: "SIP host does not match",
    211: "SIP contact does not match",
    250: "Outbound route not found",
    300: "Only one source parameter can be used",
    301: "Only one destination parameter can be used",
    302: "Source extension not found",
    303: "Source dialplan not found or required",
    304: "Source extension has no SIP account",
    310: "Destination extension or channel not found",
    311: "Destination dialplan not found or required",
    312: "Destination extension has no SIP account",
    500: "Agent authentication failed",
    501: "Only one source extension parameter can be used",
    502: "Extension not found",
    503: "Dialplan not found or required",
    504: "Extension has no SIP account",
    550: "Agent authentication failed",
    580: "Agent authentication failed",
    590: "Agent authentication failed",
    600: "Unable to add the member to the queue",
    601: "Unable to remove the member from the queue",
    610: "Agent authentication failed",
    611: "Agent is logged out",
    800: "CDR record not found",
    801: "CDR record has no recording",
    810: "Unable to read the recording",
    811: "Unable to write to the target directory",
    812: "Unable to move the recording",
}
_DEVICE_WORDS = {
    DeviceState.UNKNOWN: "unavailable",
    DeviceState.NOT_IN_USE: "available",
    DeviceState.IN_USE: "in call",
    DeviceState.BUSY: "busy",
    DeviceState.INVALID: "unavailable",
    DeviceState.UNAVAILABLE: "unavailable",
    DeviceState.RINGING: "busy",
    DeviceState.RINGING_IN_USE: "in call",
    DeviceState.ON_HOLD: "on hold",
}
_EXTENSION_STATES = range(220, 229)
_AGENT_STATES = range(620, 629)


class ApiError(Exception):
    """An action that is refused with an error number (None: a failure without one)."""

    def __init__(self, errno: int | None) -> None:
        """Take the number; its text follows from it."""
        super().__init__(errno)
        self.errno = errno

    def body(self) -> Row:
        """Give the answer; every value is a string."""
        if self.errno is None:
            return {"success": "false", "reason": "Failed"}
        return {"success": "false", "errno": str(self.errno), "reason": _reason(self.errno)}


def _reason(errno: int) -> str:
    if errno in _EXTENSION_STATES:
        return f"Extension is {_DEVICE_WORDS[DeviceState(errno - _EXTENSION_STATES.start)]}"
    if errno in _AGENT_STATES:
        return f"Agent is {_DEVICE_WORDS[DeviceState(errno - _AGENT_STATES.start)]}"
    return REASONS[errno]


def php_json(value: object) -> str:
    """Write JSON as PHP's json_encode does by default: compact, ASCII only, slashes escaped."""
    return json.dumps(value, separators=(",", ":")).replace("/", "\\/")


class Answers:
    """Turn the phone system into the answers of the actions that read."""

    def __init__(self, system: PhoneSystem, switches: VoipsunSwitches) -> None:
        """Read from this system, written as the switches say."""
        self._system = system
        self._switches = switches

    def calls(self) -> object:
        """Answer listcalls."""
        now = self._system.clock()
        rows: list[Row] = []
        for call in self._system.calls.values():
            rows += self._call_rows(call, now)
        return self._listed("calls", rows)

    def _call_rows(self, call: Call, now: float) -> list[Row]:
        legs = list(call.legs.values())
        if self._switches.legs is LegStyle.ONE_ROW:
            rows = [self._row(legs[0], now)]
        elif self._switches.row_style is not RowStyle.PARTIES:
            rows = [self._row(leg, now) | self._seen_by_asterisk(leg, legs) for leg in legs]
        else:
            rows = [self._row(leg, now) for leg in legs]
        if self._switches.local_channels:
            for leg in legs:
                rows += self._glue(leg, legs[0], now)
        if not self._switches.show_ringing:
            rows = [row for row in rows if row["status"] == ChannelStatus.UP]
        return rows

    def _seen_by_asterisk(self, leg: Leg, legs: Sequence[Leg]) -> Row:
        """Give source and destination as Asterisk has them: of a called channel, and of one it called by itself."""
        caller = legs[0]
        connected = self._switches.row_style is RowStyle.CONNECTED
        if leg is not caller:
            own = leg.extension.number if leg.extension else leg.dst
            glued = leg.extension is not None and leg.inner and self._switches.local_channels
            dialled = own if glued else caller.dst
            if connected:
                return {"src": own, "dst": caller.src}
            return {"src": own, "dst": "" if leg.status is ChannelStatus.UP else dialled}
        asked = leg.call.kind in {CallKind.ORIGINATE, CallKind.SPY} and leg.status is ChannelStatus.RINGING
        if connected:
            others = [other.extension.number if other.extension else other.dst for other in legs[1:]]
            return {"src": leg.src, "dst": others[0] if len(others) == 1 else leg.src if asked else ""}
        return {"src": leg.src, "dst": "s" if asked else leg.dst}

    def _glue(self, leg: Leg, caller: Leg, now: float) -> list[Row]:
        """Give the rows of the two channels inside Asterisk that join a phone with its caller."""
        if not leg.inner or leg.extension is None:
            return []
        own, style = leg.extension.number, self._switches.row_style
        asking = {
            RowStyle.OWN_NUMBER: {"src": own, "dst": "" if leg.status is ChannelStatus.UP else caller.dst},
            RowStyle.PARTIES: {"src": caller.src, "dst": own},
            RowStyle.CONNECTED: {"src": own, "dst": caller.src},
        }[style]
        calling = {"src": caller.src, "dst": own}
        status = "Up" if leg.status is ChannelStatus.UP else "Ring"
        first, second = leg.inner
        row = self._row(leg, now) | {"accountCode": ""}
        return [row | asking | {"channelName": first}, row | calling | {"channelName": second, "status": status}]

    def _row(self, leg: Leg, now: float) -> Row:
        seconds = max(0, int(now - leg.created))
        duration: str | int = self._number(seconds)
        if self._switches.clock_durations:
            duration = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        return {
            "channelName": leg.channel,
            "context": leg.context,
            "src": leg.src,
            "dst": leg.dst,
            "duration": duration,
            "status": leg.status.value,
            "accountCode": leg.account,
        }

    def accounts(self) -> object:
        """Answer sipstatus."""
        rows = [
            {
                "user": account.user,
                "host": account.host or self._switches.unregistered_host,
                "status": self._sip_status(account),
                "useragent": account.user_agent if account.contact else "",
                "regcontact": account.contact,
            }
            for account in self._system.accounts.values()
        ]
        return self._listed("peers", rows)

    def _sip_status(self, account: SipAccount) -> str:
        if not account.monitored:
            return "Unmonitored"
        if not account.contact:
            return "UNKNOWN"
        if account.reachability is Reachability.UNREACHABLE:
            return "UNREACHABLE"
        if account.reachability is Reachability.OK and self._switches.ok_style is OkStyle.PLAIN:
            return "OK"
        return f"{account.reachability} ({account.latency} ms)"

    def agent(self, agent: Agent) -> object:
        """Answer agentstatus as a success; being paused is in neither dimension."""
        state = DeviceState.UNAVAILABLE
        if agent.extension is not None:
            state = self._system.device_state(agent.extension)
        return {
            "success": "true",
            "agentNumber": agent.number,
            "login": "logged in" if agent.extension else "logged out",
            "status": _DEVICE_WORDS[state],
        }

    def agent_errno(self, agent: Agent) -> int | None:
        """Give the error number of an agent's state; None for one who is available."""
        if agent.extension is None:
            return 611
        state = self._system.device_state(agent.extension)
        return None if state is DeviceState.NOT_IN_USE else _AGENT_STATES[state]

    def queue(self, queue: Queue) -> object:
        """Answer queuestatus in the style that is switched on."""
        figures = self._figures(queue)
        members = self._members(queue)
        callers = self._callers(queue)
        style = self._switches.queuestatus_style
        if style is QueueStatusStyle.AMI:
            return {
                "success": "true",
                **_renamed(figures, _AMI_FIGURES),
                "QueueMember": self._nested([_renamed(row, _AMI_MEMBER) for row in members]),
                "QueueEntry": self._nested([_renamed(row, _AMI_ENTRY) for row in callers]),
            }
        lists = {"members": self._nested(members), "callers": self._nested(callers)}
        if style is QueueStatusStyle.LISTS:
            return {"success": "true", "queue": {"name": queue.name}, **lists}
        return {"success": "true", "queue": figures, **lists}

    def _figures(self, queue: Queue) -> Row:
        members = self._system.members(queue)
        ended = queue.completed + queue.abandoned
        level = 100 * queue.within_level / ended if ended and queue.service_level else 0.0
        now = self._system.clock()
        return self._numbers(
            {
                "name": queue.name,
                "max": 0,
                "strategy": queue.strategy,
                "calls": len(queue.waiting),
                "holdtime": int(queue.hold_time),
                "talktime": int(queue.talk_time),
                "completed": queue.completed,
                "abandoned": queue.abandoned,
                "serviceLevel": queue.service_level,
                "serviceLevelPerf": round(level, 1),
                "weight": 0,
                "loggedIn": len(members),
                "available": sum(self._system.available(phone, agent) for _, _, phone, agent in members),
                "callers": len(queue.waiting),
                "longestHoldTime": max((int(now - call.joined) for call in queue.waiting.values()), default=0),
            }
        )

    def _members(self, queue: Queue) -> list[Row]:
        rows = []
        for penalty, name, phone, agent in self._system.members(queue):
            state = self._system.device_state(phone)
            talks = state in (DeviceState.IN_USE, DeviceState.RINGING_IN_USE, DeviceState.ON_HOLD)
            interface = f"Agent/{agent.number}" if agent else f"{self._switches.tech}/{phone.sip_username}"
            row = {
                "name": name,
                "interface": interface,
                "membership": "dynamic" if agent else "static",
                "penalty": penalty,
                "callsTaken": agent.calls_taken if agent else 0,
                "lastCall": int(agent.last_call) if agent else 0,
                "inCall": int(talks),
                "status": int(state),
                "paused": int(agent.paused) if agent else 0,
                "pausedReason": "",
            }
            rows.append(self._numbers(row))
        return rows

    def _callers(self, queue: Queue) -> list[Row]:
        now = self._system.clock()
        return [
            self._numbers(
                {
                    "position": position,
                    "channel": call.first.channel,
                    "callerIdNum": call.caller,
                    "callerIdName": call.caller_name,
                    "wait": int(now - call.joined),
                }
            )
            for position, call in enumerate(queue.waiting.values(), 1)
        ]

    def _listed(self, key: str, rows: list[Row]) -> object:
        if not rows:
            match self._switches.empty_style:
                case EmptyStyle.OBJECT:
                    return {}
                case EmptyStyle.NULL:
                    return None
                case EmptyStyle.SUCCESS:
                    return {"success": "true"}
                case EmptyStyle.AS_LIST:
                    pass
        if self._switches.list_style is ListStyle.WRAPPED:
            return {"success": "true", key: rows}
        return self._nested(rows)

    def _nested(self, rows: Sequence[Row]) -> object:
        if rows and self._switches.list_style is ListStyle.KEYED:
            return {str(2 * index): row for index, row in enumerate(rows)}
        return rows

    def _numbers(self, row: Row) -> Row:
        return {key: value if isinstance(value, str) else self._number(value) for key, value in row.items()}

    def _number[T: (int, float)](self, value: T) -> T | str:
        return value if self._switches.number_style is NumberStyle.NUMBERS else str(value)


def _renamed(row: Row, names: dict[str, str]) -> Row:
    return {names[key]: value for key, value in row.items()}


_AMI_FIGURES = {
    "name": "Queue",
    "max": "Max",
    "strategy": "Strategy",
    "calls": "Calls",
    "holdtime": "Holdtime",
    "talktime": "TalkTime",
    "completed": "Completed",
    "abandoned": "Abandoned",
    "serviceLevel": "ServiceLevel",
    "serviceLevelPerf": "ServicelevelPerf",
    "weight": "Weight",
    "loggedIn": "LoggedIn",
    "available": "Available",
    "callers": "Callers",
    "longestHoldTime": "LongestHoldTime",
}
_AMI_MEMBER = {
    "name": "Name",
    "interface": "Location",
    "membership": "Membership",
    "penalty": "Penalty",
    "callsTaken": "CallsTaken",
    "lastCall": "LastCall",
    "inCall": "InCall",
    "status": "Status",
    "paused": "Paused",
    "pausedReason": "PausedReason",
}
_AMI_ENTRY = {
    "position": "Position",
    "channel": "Channel",
    "callerIdNum": "CallerIDNum",
    "callerIdName": "CallerIDName",
    "wait": "Wait",
}

__all__ = ["REASONS", "Answers", "ApiError", "php_json"]
