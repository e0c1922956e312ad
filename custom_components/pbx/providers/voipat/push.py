"""What VOIP@ pushes: the webhook of the browser's phone, and the socket's events.

Pure. Keys come in braces, bodies as forms, hang-ups twice and empty, values encoded, and events of
other tenants among the own.
"""

import json
import time
from collections.abc import Callable, Collection, Mapping
from urllib.parse import parse_qsl, unquote

from ...telephony import models as m
from ...telephony.bounded_map import BoundedMap
from ...telephony.errors import BadPayloadError
from ...telephony.models import CallState, Direction
from ...telephony.phone_numbers import same
from ...telephony.text import decode
from ..values import Json, instant, mapping, read_json, seconds, text
from .payload import LONGEST_NAME, PlacedCall, Tenant, outcome_of, party, word
from .placing import MOST_REMEMBERED, PlacedCalls, outcome_of_first

MOST_FIELDS = 100
SHORT = 3.0  # seconds in which a call may come and go without a list that shows it
PLACEHOLDERS = (
    "event",
    "caller_id",
    "caller_name",
    "destination",
    "direction",
    "duration",
    "extension",
    "call_id",
    "timestamp",
    "domain",
)
# In the query of an address a name is filtered, and logged, by Home Assistant if it looks like an
# attack. What is sent by POST has it in the body, whatever the address says.
IN_ADDRESS = tuple(name for name in PLACEHOLDERS if name != "caller_name")
CALL_EVENTS = {
    "new_call": CallState.RINGING,
    "ringing": CallState.RINGING,
    "dial_out": CallState.DIALING,
    "answered": CallState.TALKING,
    "hangup": CallState.ENDED,
}
AGENT_EVENTS = {
    "agent_login": m.EventType.AGENT_LOGGED_IN,
    "agent_logout": m.EventType.AGENT_LOGGED_OUT,
}

SOCKET_FIELDS = ("uuid", "domain", "event", "hangupCause", "callerNumber", "direction")
SOCKET_EVENTS = frozenset(
    {
        "call.created",
        "call.answered",
        "call.held",
        "call.unheld",
        "call.bridged",
        "call.unbridged",
        "call.hangup",
        "call.dtmf",
        "channel.update",
    }
)
STATES = {
    "call.answered": CallState.TALKING,
    "call.held": CallState.ON_HOLD,
    "call.unheld": CallState.TALKING,
}
# What an update is about where it says nothing that a list of channels could show.
DULL_UPDATES = frozenset(
    {"CHANNEL_STATE", "RECORD_START", "RECORD_STOP", "PLAYBACK_START", "PLAYBACK_STOP"}
)


# -- the webhook -----------------------------------------------------------------------------------


def read_webhook(
    request: m.PushRequest, tenant: Tenant, placed: Collection[PlacedCall]
) -> tuple[m.Pushed, ...]:
    """Read what the browser's phone says; `placed` are calls it may take for incoming ones."""
    fields = _webhook_fields(request)
    event = fields.get("event", "")
    if not event:
        raise BadPayloadError("The request names no event")
    if (domain := fields.get("domain", "")) and not tenant.owns(domain):
        return ()
    if event in AGENT_EVENTS:
        return (_agent_notice(event, fields),)
    if event not in CALL_EVENTS:
        return (m.UnknownPush(provider_event=event[:LONGEST_NAME]),)
    return _call_push(event, fields, tenant, placed)


def _webhook_fields(request: m.PushRequest) -> dict[str, str]:
    """Return the fields of the body, with or without braces, and else those of the query."""
    read = {key: value for key, value in request.query.items() if key in PLACEHOLDERS}
    for key, value in _body_pairs(request):
        name = key.strip().removeprefix("{").removesuffix("}")
        if name in PLACEHOLDERS:
            read[name] = value
    # A placeholder that nobody replaced is no value.
    return {name: "" if value == f"{{{name}}}" else word(value) for name, value in read.items()}


def _body_pairs(request: m.PushRequest) -> list[tuple[str, str]]:
    """Return the names and values of a body, JSON or a form; none of one that is neither.

    What it is called says little: whoever sends it may call JSON a form, and a form JSON.
    """
    try:
        answer = read_json(request.body)
    except ValueError, RecursionError:
        pass
    else:
        return [(key, text(value)) for key, value in mapping(answer).items()]
    try:
        return parse_qsl(
            decode(request.body).strip(), keep_blank_values=True, max_num_fields=MOST_FIELDS
        )
    except ValueError:
        return []


def _agent_notice(event: str, fields: Mapping[str, str]) -> m.Pushed:
    """Return that somebody logged in to, or out of, the browser's phone."""
    extension = fields.get("extension", "")
    if not extension:
        return m.UnknownPush(provider_event=event)
    stamp = fields.get("timestamp", "")
    return m.Notice(
        provider_event=event,
        type=AGENT_EVENTS[event],
        key=f"{event}:{extension}:{stamp}" if stamp else None,
        extension=extension,
        agent=extension,
    )


def _call_push(
    event: str, fields: Mapping[str, str], tenant: Tenant, placed: Collection[PlacedCall]
) -> tuple[m.Pushed, ...]:
    """Return what an event says about a call."""
    call_id, extension = fields.get("call_id", ""), fields.get("extension", "")
    if not call_id:
        # A hang-up by the user is told a second time, without anything in it.
        return () if event == "hangup" else (m.CallHint(provider_event=event),)
    direction_said = fields.get("direction", "").lower()
    outgoing = event == "dial_out" or direction_said == "outbound"
    incoming = not outgoing and (event in {"new_call", "ringing"} or direction_said == "inbound")
    raw = fields.get("caller_id", "")
    if incoming and any(
        order.extension == extension and same(order.shown, raw) for order in placed
    ):
        # The phone of somebody who lets the switch call out rings as if it were called; the poll
        # knows better.
        return (m.CallHint(provider_event=event),)
    caller = callee = direction = None
    other = fields.get("destination", "")
    if incoming:
        caller = party(raw or "anonymous", fields.get("caller_name", ""), tenant)
        callee = m.Party(number=tenant.number(other or extension))
        direction = (
            Direction.INTERNAL
            if caller.number and tenant.is_inside(caller.number)
            else Direction.INCOMING
        )
    elif outgoing:
        caller, callee = m.Party(number=extension), m.Party(number=tenant.number(other))
        direction = Direction.INTERNAL if tenant.dials_inside(callee.number) else Direction.OUTGOING
    return (
        m.LegPush(
            provider_event=event,
            call_id=call_id,
            state=CALL_EVENTS[event],
            extension=extension or None,
            key=f"{event}:{call_id}:{extension}",
            sent_at=instant(fields.get("timestamp", "")),
            direction=direction,
            caller=caller,
            callee=callee,
            talk_time=seconds(fields.get("duration")) if event == "hangup" else None,
        ),
    )


# -- the socket ------------------------------------------------------------------------------------


class SocketReader:
    """Reads the messages of the socket, each of which is about one leg.

    What happened is asked of the list, but for calls that are over before a list can show them.
    """

    def __init__(self, placed: PlacedCalls, tenant: Callable[[], Tenant]) -> None:
        """Know the calls that were placed; `tenant` says whose rows concern us when asked."""
        self._placed = placed
        self._tenant = tenant
        self._arrived: BoundedMap[tuple[float, m.Party]] = BoundedMap(MOST_REMEMBERED)
        """When legs came from outside that nobody has picked up, and who calls."""

    def read(
        self, message: str, calls: Mapping[str, m.Call], known: Collection[str], *, encoded: bool
    ) -> tuple[m.Pushed, ...]:
        """Read one message; `calls` are those of the active legs, `known` all legs of late.

        The Python server passes values on percent-encoded.
        """
        answer = _object(message)
        kind, data = word(answer.get("type"), LONGEST_NAME), mapping(answer.get("data"))
        if kind == "system.status":
            return (m.CallHint(provider_event=kind),)
        values = {key: word(data.get(key)) for key in SOCKET_FIELDS}
        if encoded:
            values = {key: word(unquote(value)) for key, value in values.items()}
        leg_id = values["uuid"]
        dull = kind == "channel.update" and values["event"] in DULL_UPDATES
        if dull or not leg_id or not self._concerns_us(values, known):
            return ()
        if kind == "call.dtmf":
            return (m.CallHint(provider_event=kind, leg_id=leg_id, dtmf=_digit(data)),)
        if kind not in SOCKET_EVENTS:
            return (m.UnknownPush(provider_event=kind),)
        if kind == "call.hangup" or values["event"] == "CHANNEL_HANGUP":
            cause = values["hangupCause"][:LONGEST_NAME]
            return self._ended(kind, leg_id, cause, calls.get(leg_id), seen=leg_id in known)
        self._placed.heard(leg_id)
        self._note(kind, leg_id, values)
        return (m.CallHint(provider_event=kind, leg_id=leg_id, state=STATES.get(kind)),)

    def has_announced(self, leg_id: str) -> bool:
        """Return whether a leg has just come from outside, so that more will be told of it."""
        arrived = self._arrived.get(leg_id)
        return arrived is not None and time.monotonic() - arrived[0] <= SHORT

    def _concerns_us(self, values: Mapping[str, str], known: Collection[str]) -> bool:
        """Return whether a message is about a leg of ours.

        Messages without a domain go to every tenant: only those about a known leg concern us.
        """
        if domain := values["domain"]:
            return self._tenant().owns(domain)
        return values["uuid"] in known or self._placed.is_unlisted(values["uuid"])

    def _note(self, kind: str, leg_id: str, values: Mapping[str, str]) -> None:
        """Note who calls from outside, until that is answered by anybody."""
        tenant = self._tenant()
        if kind == "call.answered":
            self._arrived.discard(leg_id)
        elif kind == "call.created" and values["direction"] == "inbound":
            caller = party(values["callerNumber"] or "anonymous", "", tenant)
            if not caller.number or not tenant.is_inside(caller.number):
                self._arrived.put(leg_id, (time.monotonic(), caller))

    def _ended(
        self, kind: str, leg_id: str, cause: str, call: m.Call | None, *, seen: bool
    ) -> tuple[m.Pushed, ...]:
        """Return that a leg has ended, and how its call ended where the leg began it.

        The phones of a group end one by one, with causes of their own.
        """
        arrived = self._arrived.get(leg_id)
        self._arrived.discard(leg_id)
        if self._placed.ended(leg_id, cause):
            return (_ended_hint(kind, leg_id, cause, outcome_of_first(cause)),)
        short = arrived is not None and time.monotonic() - arrived[0] <= SHORT
        if arrived is not None and short and call is None and not seen:
            return _told_whole(kind, leg_id, cause, arrived[1])
        if not cause or call is None or call.legs[0].id != leg_id:
            return (m.CallHint(provider_event=kind, leg_id=leg_id),)
        talked = call.state in {CallState.TALKING, CallState.ON_HOLD}
        outcome = None if talked else outcome_of(cause, call.direction)
        return (_ended_hint(kind, leg_id, cause, outcome),)


def _ended_hint(kind: str, leg_id: str, cause: str, outcome: m.Outcome | None) -> m.CallHint:
    """Return that a leg has ended that the next list will not name."""
    return m.CallHint(provider_event=kind, leg_id=leg_id, hangup_cause=cause, outcome=outcome)


def _told_whole(kind: str, leg_id: str, cause: str, caller: m.Party) -> tuple[m.Pushed, ...]:
    """Return a call from outside that was over before any list could show it, as at a busy phone.

    Whom it was for is in none of its messages, but in its record.
    """
    begun = m.LegPush(
        provider_event="call.created",
        call_id=leg_id,
        leg_id=leg_id,
        state=CallState.RINGING,
        direction=Direction.INCOMING,
        caller=caller,
        key=f"call.created:{leg_id}",
    )
    over = m.LegPush(
        provider_event=kind,
        call_id=leg_id,
        leg_id=leg_id,
        state=CallState.ENDED,
        final=True,
        outcome=outcome_of(cause, Direction.INCOMING),
        hangup_cause=cause or None,
        key=f"call.hangup:{leg_id}",
    )
    return begun, over


def _digit(data: Json) -> str:
    """Find the key that was pressed: only the Node server passes it on, inside text."""
    return word(_object(data.get("raw")).get("DTMF-Digit"), 1)


def _object(message: object) -> Json:
    """Read a JSON object; an empty one where the text is something else."""
    try:
        return mapping(json.loads(text(message)))
    except ValueError, RecursionError:
        return {}
