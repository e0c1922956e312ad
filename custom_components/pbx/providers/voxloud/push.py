"""What Voxloud pushes: the events of its webhook become models."""

import re

from ...telephony import models as m
from ...telephony.models import CallState, Direction, EventType
from ..values import Json, integer
from .payload import (
    FAX_CALL,
    MAX_URL,
    PLACED_BY_API,
    RECORDS,
    STATES,
    Book,
    call_id_of,
    caller_of,
    direction_of,
    extension_number,
    ident,
    is_extension,
    moment_of,
    party_of,
    read_record,
    short,
    url_of,
)

_TYPE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")


def read_push(body: Json, book: Book) -> m.Pushed | None:
    """Read a pushed event, in its envelope or bare; None for one that cannot be read."""
    data = body.get("data", body)
    if not isinstance(data, dict):
        return None
    kind = _event_type(body) or _event_type(data)
    time = data.get("timestamp", body.get("timestamp"))
    if kind in STATES:
        return _leg_push(kind, {**data, "timestamp": time}, book)
    if kind in RECORDS:
        record = read_record({**data, "type": kind, "timestamp": time}, book)
        if record is None:
            return None
        key = f"{kind}:{record.id}:{record.call_id}:{short(time)}:{_extras(record)}"
        return m.RecordPush(provider_event=kind, record=record, key=key)
    if kind == FAX_CALL:
        return _fax({**data, "timestamp": time}, book)
    return m.UnknownPush(provider_event=kind) if kind else None


def _extras(record: m.CallRecord) -> str:
    """Return which parts of a record are there that may come later than the rest of it."""
    sounds = {"recording": record.recording_url, "voicemail": record.voicemail_url}
    written = {name: record.details.get(name) for name in ("transcription", "summary")}
    return ",".join(name for name, value in (sounds | written).items() if value)


def read_account(body: Json) -> str | None:
    """Give the id of the phone system that an event names."""
    return ident(body.get("pbx_id")) or None


def _event_type(row: Json) -> str:
    """Return the type of an event; a bare fax has none, only an envelope's begins with `CALL_`."""
    found = row.get("type")
    kind = found.strip().upper() if isinstance(found, str) else ""
    if not kind and "sender" in row and "recipient" in row:
        return FAX_CALL
    if f"CALL_{kind}" in STATES:
        return f"CALL_{kind}"
    return kind if _TYPE.fullmatch(kind) else ""


def _leg_push(kind: str, data: Json, book: Book) -> m.LegPush | None:
    """Return what an event says about a leg; None where it names no call."""
    call_id = call_id_of(data.get("callId"))
    if not call_id:
        return None
    state = STATES[kind]
    extension = extension_number(data.get("userExtension")) or None
    sip_username, email = short(data.get("sipUsername")), short(data.get("userEmail"))
    leg_id = extension or sip_username or email
    if not leg_id and state is not CallState.ENDED:
        leg_id = "-"  # nobody's phone: a menu, a queue or a mailbox
    caller = caller_of(data.get("originatorNumber"), data.get("originatorName"), book)
    callee = party_of(data.get("destinationNumber"), data.get("destinationName"), book)
    by_api = call_id.endswith(PLACED_BY_API) or (
        state is CallState.RINGING and book.placed_here(extension, caller, callee)
    )
    if by_api and book.inside(callee) and not book.inside(caller):
        caller, callee = (
            callee,
            caller,
        )  # the phone shows the contact as its caller, yet it is the contact who is called
    moment, stamp = moment_of(data.get("timestamp")), short(data.get("timestamp"))
    seen = _seen_from_inside(state, caller, callee, book)
    direction = Direction.OUTGOING if by_api else seen
    return m.LegPush(
        provider_event=kind,
        call_id=call_id,
        state=state,
        leg_id=leg_id or None,
        extension=extension,
        key=f"{kind}:{call_id}:{leg_id}:{stamp}" if stamp else None,
        time=moment,
        direction=direction,
        by_length=state is CallState.RINGING and direction is Direction.INTERNAL,
        caller=caller,
        callee=callee,
        started_at=moment if state in {CallState.DIALING, CallState.RINGING} else None,
        answered_at=moment if state is CallState.TALKING else None,
        details={"user_email": email or None, "sip_username": sip_username or None},
    )


def _seen_from_inside(
    state: CallState, caller: m.Party, callee: m.Party, book: Book
) -> Direction | None:
    """Work out the direction, which no event of a running call tells."""
    if state is CallState.RINGING:
        return Direction.INTERNAL if is_extension(caller.number) else Direction.INCOMING
    if is_extension(callee.number) and (state is CallState.DIALING or is_extension(caller.number)):
        return Direction.INTERNAL
    if state is CallState.DIALING or book.inside(caller):
        return Direction.OUTGOING
    return Direction.INCOMING if caller.hidden or book.inside(callee) else None


def _fax(data: Json, book: Book) -> m.Notice | None:
    """Read a fax: as it is pushed, or with the names that the history has."""
    direction = direction_of(data.get("direction"))
    fax_id = ident(data.get("id"))
    if direction is None or not fax_id:
        return None
    sender = caller_of(
        data.get("sender", data.get("originatorNumber")), data.get("originatorName"), book
    )
    recipient = party_of(
        data.get("recipient", data.get("destinationNumber")), data.get("destinationName"), book
    )
    fields: dict[str, m.Detail] = {
        "fax_id": fax_id,
        "direction": direction.value,
        "from_number": sender.number,
        "from_name": sender.name,
        "to_number": recipient.number,
        "to_name": recipient.name,
        "caller_hidden": sender.hidden,
        "pages": integer(data.get("total_pages")),
        "document_url": url_of(data.get("attachment_url")),
        "description": short(data.get("description"), MAX_URL),
    }
    return m.Notice(
        provider_event=FAX_CALL,
        type=EventType.FAX_SENT if direction is Direction.OUTGOING else EventType.FAX_RECEIVED,
        key=f"{FAX_CALL}:{fax_id}:{short(data.get('timestamp'))}",
        time=moment_of(data.get("timestamp")),
        fields={name: value for name, value in fields.items() if value is not None and value != ""},
    )
