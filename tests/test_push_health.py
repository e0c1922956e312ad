"""When the messages that a person had a phone system send are trusted to tell of every call."""

from datetime import timedelta

from custom_components.pbx.push_health import DOUBT, LATE, Coverage
from custom_components.pbx.telephony.events import POLL, Event
from custom_components.pbx.telephony.models import Call, CallState, EventType, Outcome

from .fake_provider import NOON

SECOND = timedelta(seconds=1)


def told(kind: EventType, call_id: str, by: str = "push", outcome: Outcome | None = None) -> Event:
    """Make what was told of a call."""
    return Event(
        type=kind, provider_event=by, time=NOON, call=Call(id=call_id, state=CallState.TALKING, outcome=outcome)
    )


def ended(call_id: str, outcome: Outcome = Outcome.ANSWERED, by: str = "push") -> Event:
    """Make the end of a call."""
    return told(EventType.CALL_ENDED, call_id, by, outcome)


def test_trust_has_to_be_earned() -> None:
    """By an answered call; one that nobody answered may hide that answers are not pushed."""
    coverage = Coverage()
    coverage.told([ended("1", Outcome.MISSED), Event(type=EventType.UNKNOWN, provider_event="x", time=NOON)], NOON)
    assert not coverage.complete
    coverage.told([ended("2")], NOON)
    assert coverage.complete


def test_a_list_that_is_a_little_faster_is_no_reason_for_doubt() -> None:
    """Nor one that is a little slower; but until the message has come, the polls are fast."""
    coverage = Coverage()
    coverage.told([ended("1")], NOON)
    coverage.told([told(EventType.CALL_INCOMING, "2", POLL)], NOON)
    assert not coverage.complete
    coverage.judge(NOON + LATE)
    coverage.heard("2", NOON + LATE)
    assert coverage.complete
    coverage.told([ended("2", by=POLL)], NOON + 2 * LATE)
    assert coverage.complete


def test_doubt_lasts_an_hour() -> None:
    """From the last call that no message told of; then a call has to prove anew that messages tell all."""
    coverage = Coverage()
    coverage.told([ended("1")], NOON)
    coverage.told([told(EventType.CALL_INCOMING, "2", POLL)], NOON)
    coverage.heard("2", NOON + LATE + SECOND)
    coverage.told([ended("2")], NOON + LATE + SECOND)
    assert not coverage.complete
    later = NOON + LATE + 2 * SECOND
    coverage.judge(later)
    coverage.told([ended("3")], later + DOUBT - SECOND)
    assert not coverage.complete
    coverage.judge(later + DOUBT)
    assert not coverage.complete
    coverage.told([ended("4")], later + DOUBT)
    assert coverage.complete
