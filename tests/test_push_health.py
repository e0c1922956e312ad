"""When the messages that a person had a phone system send are trusted to tell of every call."""

from datetime import timedelta
from unittest.mock import Mock

import pytest

from custom_components.pbx.push_health import DOUBT, LATE, Coverage, PushHealth
from custom_components.pbx.telephony.events import POLL, Event
from custom_components.pbx.telephony.models import Call, CallState, Capability, EventType, Outcome

from .fake_provider import NOON, FakeProvider

SECOND = timedelta(seconds=1)


def told(kind: EventType, call_id: str, by: str = "push", outcome: Outcome | None = None) -> Event:
    """Make what was told of a call."""
    return Event(
        type=kind, provider_event=by, time=NOON, call=Call(id=call_id, state=CallState.TALKING, outcome=outcome)
    )


def ended(call_id: str, outcome: Outcome = Outcome.ANSWERED, by: str = "push") -> Event:
    """Make the end of a call."""
    return told(EventType.CALL_ENDED, call_id, by, outcome)


@pytest.mark.parametrize(
    ("every_call", "pushed_before", "calls"), [(True, False, 1), (True, True, 3), (False, False, 20), (False, True, 20)]
)
@pytest.mark.parametrize("managed", [True, False])
def test_silence(fake: type[FakeProvider], calls: int, *, every_call: bool, pushed_before: bool, managed: bool) -> None:
    """A webhook that a person enters is silent after some calls in a row of which it told nothing."""
    fake.pushes_every_call = every_call
    provider = fake(Mock(), {})
    provider.capabilities = Capability.WEBHOOK | (Capability.SUBSCRIPTIONS if managed else Capability(0))
    health = PushHealth(provider, enabled=True)
    changed = Mock()
    health.async_add_listener(changed)
    if pushed_before:
        health.note_push(NOON)
    for call in range(calls):
        assert not health.silent
        now = NOON + call * 4 * LATE
        health.coverage.told([told(EventType.CALL_INCOMING, f"c{call}", POLL)], now)
        health.judge(now + LATE + SECOND)
    assert health.silent is not managed
    assert changed.call_count == (0 if managed else 1)
    if not managed:
        assert health.note_push(NOON + timedelta(hours=1))  # that is news
        assert not health.silent


def test_a_call_that_was_told_of_breaks_the_silence(fake: type[FakeProvider]) -> None:
    """Calls that are missed now and then are no silence."""
    fake.pushes_every_call = True
    provider = fake(Mock(), {})
    provider.capabilities = Capability.WEBHOOK
    health = PushHealth(provider, enabled=True)
    health.note_push(NOON)
    for call in range(10):
        now = NOON + call * 4 * LATE
        if call % 3 == 2:
            health.coverage.heard(f"c{call}", now)
        health.coverage.told([told(EventType.CALL_INCOMING, f"c{call}", POLL)], now)
        health.judge(now + LATE + SECOND)
        assert not health.silent


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


WEBHOOK, MANAGED = Capability.WEBHOOK, Capability.WEBHOOK | Capability.SUBSCRIPTIONS


def health_of(
    fake: type[FakeProvider], capabilities: Capability, *, enabled: bool = True, every_call: bool = True
) -> PushHealth:
    """Give what is known of the pushes of a phone system that can do this."""
    provider = fake(Mock(), {})
    provider.capabilities = capabilities
    fake.pushes_every_call = every_call
    return PushHealth(provider, enabled=enabled)


@pytest.mark.parametrize(
    ("capabilities", "enabled", "subscribed", "pushed", "working"),
    [
        (MANAGED, True, True, False, True),
        (MANAGED, True, False, True, False),
        (MANAGED, False, True, True, False),
        (WEBHOOK, True, False, True, True),
        (WEBHOOK, True, False, False, False),
        (Capability(0), True, False, True, False),
    ],
    ids=["subscribed", "lost", "unwanted", "pasted", "never came", "impossible"],
)
def test_working(
    fake: type[FakeProvider],
    *,
    capabilities: Capability,
    enabled: bool,
    subscribed: bool,
    pushed: bool,
    working: bool,
) -> None:
    """A subscription has to stand; what a person pasted has to have been called."""
    health = health_of(fake, capabilities, enabled=enabled)
    health.async_set_subscribed(subscribed=subscribed)
    if pushed:
        assert [health.note_push(NOON), health.note_push(NOON)] == [True, False]
    assert health.working is working
    assert health.pushing is working
    health.async_set_streaming(streaming=True)
    assert health.pushing


@pytest.mark.parametrize(
    ("capabilities", "every_call", "proved", "complete"),
    [
        (MANAGED, True, False, True),
        (MANAGED, False, True, False),
        (WEBHOOK, True, False, False),
        (WEBHOOK, True, True, True),
    ],
)
def test_complete(
    fake: type[FakeProvider], *, capabilities: Capability, every_call: bool, proved: bool, complete: bool
) -> None:
    """A subscription covers what the provider says; what a person pasted has to prove it."""
    health = health_of(fake, capabilities, every_call=every_call)
    health.async_set_subscribed(subscribed=True)
    health.note_push(NOON)
    if proved:
        health.coverage.told([ended("1")], NOON)
    assert health.complete is complete


def test_only_changes_are_told(fake: type[FakeProvider]) -> None:
    """Who listens is called once for each change, until it stops."""
    health = health_of(fake, MANAGED)
    listener = Mock()
    stop = health.async_add_listener(listener)
    for subscribed in (True, True, False, False):
        health.async_set_subscribed(subscribed=subscribed)
    for streaming in (False, True, True, False):
        health.async_set_streaming(streaming=streaming)
    assert listener.call_count == 4
    stop()
    health.async_set_streaming(streaming=True)
    assert listener.call_count == 4
