"""What an event says of its call, and in a sentence for traces."""

from collections.abc import Mapping
from datetime import timedelta

from .coordinator import PbxCoordinator
from .telephony.events import Event
from .telephony.models import EventType, Outcome, Party
from .trigger_fields import ATTR_DIGITS
from .wording import is_placed_by

SENTENCES: Mapping[EventType, str] = {
    EventType.CALL_INCOMING: "call {sides} came in",
    EventType.CALL_OUTGOING: "call {sides} was placed",
    EventType.CALL_ANSWERED: "call {sides} was answered",
    EventType.CALL_HELD: "call {sides} was put on hold",
    EventType.CALL_RESUMED: "call {sides} goes on",
    EventType.CALL_TRANSFERRED: "call {sides} was transferred",
    EventType.CALL_CORRECTED: "call {sides} ended otherwise than was told",
    EventType.CALL_ENDED: "call {sides} ended",
    EventType.CALL_MISSED: "call {sides} was missed",
    EventType.DTMF_RECEIVED: "key {digits} was pressed in the call {sides}",
    EventType.SMS_RECEIVED: "text message {sides} came in",
    EventType.VOICEMAIL_RECEIVED: "voicemail {sides} came in",
    EventType.FAX_RECEIVED: "fax {sides} came in",
    EventType.FAX_SENT: "fax {sides} went out",
    EventType.CALL_RECORD: "call {sides} was written down",
    EventType.RECORDING_READY: "recording of the call {sides} is ready",
    EventType.AGENT_LOGGED_IN: "agent {agent} logged in",
    EventType.AGENT_LOGGED_OUT: "agent {agent} logged out",
    EventType.AGENT_PAUSED: "agent {agent} paused",
    EventType.AGENT_UNPAUSED: "agent {agent} went on",
}


def describe(coordinator: PbxCoordinator, event: Event) -> str:
    """Return a sentence that says what happened, for traces and the logbook."""
    agent = coordinator.data.agents.get(event.agent or "")
    agent_name = agent.name if agent is not None else ""
    return SENTENCES[event.type].format(
        sides=sides_of(event),
        agent=agent_name or event.agent or "?",
        digits=event.fields.get(ATTR_DIGITS) or "?",
    )


def outcome_of(event: Event) -> Outcome | None:
    """Return how a call ended, as the phone that is told sees it."""
    if event.outcome is not None or event.call is None:
        return event.outcome
    return event.call.outcome


def sides_of(event: Event) -> str:
    """Return who called whom, as far as it is known."""
    caller, callee = _worded(caller_of(event)), _worded(callee_of(event))
    phone = event.extension or ""
    from_here = _is_from_here(event)
    caller = caller or (phone if from_here else "") or "a hidden number"
    to = callee if from_here else phone or callee
    return f"from {caller} to {to}" if to else f"from {caller}"


def _is_from_here(event: Event) -> bool:
    """Return whether the phone that an event is about is the side that called or sent."""
    known = event.call or event.record
    if event.type in {EventType.CALL_OUTGOING, EventType.FAX_SENT}:
        return True
    return known is not None and is_placed_by(event.extension, known.direction, known.caller.number)


def caller_of(event: Event) -> Party:
    """Return who called or wrote: by the call, by its record, or by the event alone."""
    known = event.call or event.record
    return known.caller if known is not None else _party(event.fields, "from")


def callee_of(event: Event) -> Party:
    """Return who was called or written to."""
    known = event.call or event.record
    return known.callee if known is not None else _party(event.fields, "to")


def _party(fields: Mapping[str, object], side: str) -> Party:
    """Return the party on one side of an event without a call."""
    number = fields.get(f"{side}_number") or ""
    name = fields.get(f"{side}_name") or ""
    return Party(number=str(number), name=str(name))


def _worded(party: Party) -> str:
    """Return the name and number of a party, as far as they are known."""
    if party.name and party.number:
        return f"{party.name} ({party.number})"
    return party.name or party.number


def talked_in(event: Event) -> timedelta:
    """Return how long somebody talked; a phone whose call was answered elsewhere did not.

    A phone that handed its call over talked until then.
    """
    call = event.call
    if call is None or call.met_at is None or event.outcome is Outcome.ANSWERED_ELSEWHERE:
        return timedelta()
    return (call.ended_at or event.time) - call.met_at
