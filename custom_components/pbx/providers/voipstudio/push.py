"""What VoIPstudio pushes: a body becomes legs of a call, a notice, or something unknown."""

import hmac
import re
from base64 import b64decode
from functools import lru_cache

from ...telephony import models as m
from ...telephony.bounded_map import BoundedMap
from ...telephony.errors import BadPayloadError
from ...telephony.models import CallState, Direction, EventType, Outcome
from ..values import Json, boolean, instant, number, paragraphs, read_json, seconds, text
from .payload import (
    MAX_ID,
    Book,
    Ends,
    User,
    ends,
    ident,
    outcome_of_cause,
    phones,
    short,
    state,
)
from .placing import Placing

MAX_MESSAGE = 4096
DTMF = "DTMF_RECEIVED"
FAR_LEG = "/callee"  # the called party of a call placed by API, before VoIPstudio tells of it

SAID_BY_NAME = {
    "call.initial": CallState.RINGING,
    "call.ringing": CallState.RINGING,
    "call.connected": CallState.TALKING,
    "call.on.hold": CallState.ON_HOLD,
    "call.onhold": CallState.ON_HOLD,
    "call.hold": CallState.ON_HOLD,
    "call.hangup": CallState.ENDED,
    "call.missed": CallState.ENDED,
    "call.failed": CallState.ENDED,
}

_BETWEEN_WORDS = re.compile(r"[\s_\-.]+")


def is_genuine(authorization: str | None, user: str, password: str) -> bool:
    """Return whether a webhook request has the credentials that were set, if any were."""
    if not user and not password:
        return True
    scheme, _, sent = (authorization or "").partition(" ")
    try:
        given = b64decode(sent.strip(), validate=True)
    except ValueError:
        return False
    return scheme.lower() == "basic" and hmac.compare_digest(given, f"{user}:{password}".encode())


def read(
    body: bytes, known: Book, customer_id: str, placing: Placing, roots: BoundedMap[str]
) -> tuple[m.Pushed, ...]:
    """Return what a body says; `placing` knows the calls placed by API.

    `roots` are the calls of legs that were told of before: not every event names them again. Raise
    BadPayloadError for one that is no JSON object.
    """
    try:
        row = read_json(body)
    except ValueError, RecursionError:
        raise BadPayloadError("The body is not JSON") from None
    if not isinstance(row, dict):
        raise BadPayloadError("The body is not a JSON object")
    sender = ident(row.get("customer_id"))
    if sender and customer_id and sender != customer_id:
        return ()
    said = short(row.get("event_name"), MAX_ID)
    name = _name(said)
    root = _call_id(row, roots)
    if "wrap" in name:
        return (_wrap_up(row, said, known, root),)
    match name:
        case "sms.received":
            return (_sms(row, said, known),)
        case "monitor.audio.ready":
            return (_recording(row, said, known, root),)
        case _ if name.startswith("call.dtmf") or text(row.get("state")).upper() == DTMF:
            return (_dtmf(row, said, known, root),)
        case _:
            return _legs(row, said, name, known, placing, root) or (
                m.UnknownPush(provider_event=said or "unknown"),
            )


@lru_cache(maxsize=64)
def _name(said: str) -> str:
    """Give the name of an event however it is written."""
    return _BETWEEN_WORDS.sub(".", said.lower())


def _key(row: Json, said: str) -> str | None:
    """Return what tells a repeated event; None where nothing does."""
    if own := short(row.get("id")):
        return own
    call_id = ident(row.get("call_id"))
    return f"{call_id} {said} {short(row.get('event_time'), MAX_ID)}".strip() if call_id else None


def _call_id(row: Json, roots: BoundedMap[str]) -> str | None:
    """Return the id of the call that an event is about, which may name a leg of it alone."""
    if root := ident(row.get("root_call_id")):
        return root
    leg_id = ident(row.get("call_id"))
    return roots.get(leg_id) or leg_id or None


# -- call events -----------------------------------------------------------------------------------


def _doing(row: Json, name: str) -> CallState | None:
    """Return what a leg does now, by the event's name or by its state."""
    by_name = SAID_BY_NAME.get(name)
    return by_name if by_name is CallState.ENDED else state(row.get("state")) or by_name


def _legs(
    row: Json, said: str, name: str, known: Book, placing: Placing, root: str | None
) -> tuple[m.Pushed, ...]:
    """Return the legs that an event tells of; none where it tells of no call."""
    leg_id = ident(row.get("call_id"))
    doing = _doing(row, name) if name.startswith("call.") or not name else None
    if root is None or not leg_id or doing is None:
        return ()
    both = ends(row, known)
    over = doing is CallState.ENDED
    said_final = boolean(row.get("final"))
    # Without a word about it, one phone of a group is not the whole call.
    final = name == "call.missed" and (root == leg_id if said_final is None else said_final)
    key = _key(row, said)
    legs = list(phones(leg_id, doing, both, child=root != leg_id))
    first_phone = (
        both.caller is not None
        and both.callee is None
        and placing.rings_first(leg_id, both.caller.id, both.to_party.number)
    )
    if first_phone:
        # The user's own phone is picked up first; that is no answer of the called party.
        far = (leg_id + FAR_LEG, None, CallState.ENDED if over else CallState.DIALING)
        legs = [far, *legs] if doing in m.UP else [*legs, far]
    told = [
        m.LegPush(
            provider_event=said or "call",
            call_id=root,
            state=leg_state,
            leg_id=each,
            extension=user.number or None if user else None,
            key=key if each == leg_id else f"{key} {each}",
            time=instant(row.get("event_time")),
            direction=both.direction,
            caller=both.from_party,
            callee=both.to_party,
            queue=both.queue,
            by_machine=both.waits and doing in m.UP,
            started_at=instant(row.get("start_time")),
            answered_at=None if first_phone or both.waits else instant(row.get("connected_at")),
            outcome=_outcome(row, name, both, user, final=final, alone=root == leg_id)
            if over
            else None,
            hangup_cause=short(row.get("t_cause")) or None if over else None,
            ended_by=short(row.get("terminated_by"), MAX_ID) or None if over else None,
            final=final and each == legs[-1][0],
            lasts=over and said_final is False and root != leg_id,
            details={"user_email": user.email, "sip_username": user.id}
            if user and user.email
            else {},
        )
        for each, user, leg_state in legs
    ]
    return tuple(told)


def _outcome(
    row: Json, name: str, both: Ends, user: User | None, *, final: bool, alone: bool
) -> Outcome | None:
    """Return what became of a leg of a user; None where the event does not say.

    One that is `alone` is the whole call. Who declines is the called phone, or the party outside
    that was called.
    """
    out = both.direction is Direction.OUTGOING
    why = outcome_of_cause(row.get("t_cause"))
    declined = why is Outcome.REJECTED and (out or (user is not None and user is both.callee))
    if final and not out:
        return Outcome.REJECTED if declined and alone else Outcome.MISSED
    if declined or (why is Outcome.BUSY and (out or alone)):
        return why
    failed = name == "call.failed" or text(row.get("state")).upper() == "FAILED"
    return Outcome.FAILED if failed and alone else None


# -- everything else -------------------------------------------------------------------------------


def _user(row: Json, key: str, known: Book) -> str | None:
    """Return the extension of a user that a row names; None for an unknown one."""
    user = known.users.get(ident(row.get(key)))
    return user.number if user else None


def _dtmf(row: Json, said: str, known: Book, root: str | None) -> m.Notice:
    """Return that somebody pressed a key; which side it was is not said."""
    both = ends(row, known)
    target = known.users.get(text(row.get("dtmf_target")).rpartition(":")[2])
    user = target or both.callee or both.caller
    return m.Notice(
        provider_event=said,
        type=EventType.DTMF_RECEIVED,
        key=_key(row, said),
        time=instant(row.get("event_time")),
        call_id=root,
        extension=user.number or None if user else None,
        fields=_told({"digits": short(row.get("dtmf_tag"), MAX_ID), **_parties(both)}),
    )


def _sms(row: Json, said: str, known: Book) -> m.Notice:
    """Return that a text message came."""
    return m.Notice(
        provider_event=said,
        type=EventType.SMS_RECEIVED,
        key=_key(row, said),
        time=instant(row.get("event_time")),
        extension=_user(row, "user_id", known),
        fields=_told(
            {
                "from_number": known.shown(row.get("from_no") or row.get("from")),
                "to_number": known.shown(row.get("to_no") or row.get("to")),
                "text": paragraphs(row.get("text"), MAX_MESSAGE)
                or paragraphs(row.get("message"), MAX_MESSAGE),
                "message_id": ident(row.get("sms_id")),
            }
        ),
    )


def _recording(row: Json, said: str, known: Book, root: str | None) -> m.Notice:
    """Return that a recording can be listened to."""
    both = ends(row, known)
    user = both.callee or both.caller
    return m.Notice(
        provider_event=said,
        type=EventType.RECORDING_READY,
        key=_key(row, said),
        time=instant(row.get("event_time")),
        call_id=root,
        leg_id=ident(row.get("call_id")) or None,
        extension=(user.number or None if user else None) or _user(row, "user_id", known),
        fields=_told(
            {
                "recording_id": ident(row.get("monitor_id")),
                "size": number(row.get("size")),
                "duration": seconds(row.get("duration")),
                **_parties(both),
            }
        ),
    )


def _wrap_up(row: Json, said: str, known: Book, root: str | None) -> m.Notice:
    """Return that an agent has finished with a call."""
    user_id = next(
        (found for key in ("user_id", "agent_id", "dst_id") if (found := ident(row.get(key)))), None
    )
    queue = ident(row.get("queue_id"))
    return m.Notice(
        provider_event=said,
        type=EventType.AGENT_WRAP_UP,
        key=_key(row, said),
        time=instant(row.get("event_time")),
        call_id=root,
        leg_id=ident(row.get("call_id")) or None,
        extension=user.number if (user := known.users.get(user_id or "")) else None,
        agent=user_id,
        fields=_told({"queue": known.queues.get(queue, queue) or known.queue(row)}),
    )


def _parties(both: Ends) -> dict[str, m.Detail]:
    """Return who speaks with whom, as fields of an event."""
    return {
        "direction": both.direction,
        "from_number": both.from_party.number,
        "from_name": both.from_party.name,
        "to_number": both.to_party.number,
        "to_name": both.to_party.name,
    }


def _told(fields: dict[str, m.Detail]) -> dict[str, m.Detail]:
    """Return the fields that say something."""
    return {name: value for name, value in fields.items() if value not in (None, "")}
