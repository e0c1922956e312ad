"""Calls of which nothing is heard: rule 7, they expire once the history was asked."""

import pytest

from custom_components.pbx.telephony.models import (
    CallState,
    LegPush,
)

from .story import (
    ANSWERED,
    MISSED,
    START,
    D,
    E,
    H,
    R,
    T,
    call,
    leg,
    listed,
    moment,
    push,
    pushed,
    story,
    wait,
)


@pytest.mark.parametrize(
    ("state", "seconds", "asked", "left"),
    [
        (R, 179, 0, 1),
        (R, 181, 1, 1),
        (R, 301, 1, 0),
        (D, 301, 1, 0),
        (T, 29 * 60, 0, 1),
        (T, 31 * 60, 1, 1),
        (H, 46 * 60, 2, 1),
        (T, 4 * 3600 - 60, 14, 1),
        (T, 4 * 3600 + 1, 14, 0),
    ],
)
def test_rule_7_calls_of_pushes_alone_expire(state: CallState, seconds: int, asked: int, left: int) -> None:
    """After asking: ringing within minutes, talking within hours."""
    made = story().play(push("c", "101", state))
    questions = 0
    until = made.clock + seconds
    while (due := made.registry.due()) is not None and due <= moment(until):
        made.clock = (due - START).total_seconds()
        made.take(made.registry.tick(made.now))
        questions += len(made.registry.take_questions())
    assert questions == asked
    assert len(made.registry.calls) == left
    assert len([kind for kind in made.told if kind in {"call_ended", "call_missed"}]) == 1 - left


def test_rule_7_a_message_puts_the_end_off() -> None:
    """Whoever is spoken of is not given up."""
    made = story().play(push("c", "101", R), wait(170), push("c", "102", R), wait(170))
    assert made.registry.take_questions() == []
    made.play(push("c", "101", T), wait(400))
    assert made.registry.calls
    again = story().play(push("c", "101", R), wait(170), push("c", "102", R), wait(301))
    assert not again.registry.calls


def test_rule_7_a_listed_call_does_not_expire() -> None:
    """Lists say themselves when it is over."""
    made = story().play(push("c", "101", R, leg="leg-101"), listed(call("c", leg("101", R))))
    assert made.registry.due() is None
    made.play(push("c", "101", T, leg="leg-101"))
    assert made.registry.due() is None


def test_rule_7_a_question_about_a_call_that_is_over_is_not_asked() -> None:
    """It ended between the question and its asking."""
    made = story().play(push("c", "101", R), wait(181), push("c", None, E))
    assert made.last.events
    assert made.registry.take_questions() == []


def test_rule_7_a_late_clock_ends_what_is_overdue_at_once() -> None:
    """A machine that slept does not ask about yesterday's calls."""
    made = story().play(push("c", "101", R))
    made.take(made.registry.tick(moment(10_000)))
    assert not made.registry.calls
    assert made.registry.take_questions() == []
    assert made.registry.due() is None


def test_rule_7_a_grace_runs_from_the_end_of_the_last_leg() -> None:
    """Further ends do not lengthen it, a new ring stops it."""
    made = story(grace=5).play(push("c", "101", R, time=1), push("c", "101", E, time=2))
    due = made.registry.due()
    made.play(push("c", "101", E, time=3))
    assert made.registry.due() == due
    made.play(push("c", "102", R, time=4), wait(8))
    assert made.registry.calls


@pytest.mark.parametrize("lasts", [True, False])
def test_rule_7_of_a_call_that_is_said_to_last_a_list_is_asked(lasts: bool) -> None:  # noqa: FBT001
    """A caller whom no phone is offered any more waits on, as only a list can show."""
    gave_up = LegPush(provider_event="x", call_id="c", leg_id="101", state=E, extension="101", lasts=lasts)
    made = story(grace=2).play(push("c", "101", R), pushed(gave_up))
    assert made.last.refresh is lasts
    made.play(pushed(gave_up))
    assert not made.last.refresh


@pytest.mark.parametrize(("lasts", "left"), [(True, True), (False, False)])
def test_rule_7_a_call_that_is_said_to_last_is_given_more_time(lasts: bool, left: bool) -> None:  # noqa: FBT001
    """Its phone gave up, and the phone system said that the call goes on."""
    gave_up = LegPush(provider_event="x", call_id="c", leg_id="101", state=E, extension="101", lasts=lasts)
    made = story(grace=2).play(push("c", "101", R), pushed(gave_up), wait(30), push("c", "102", R))
    assert bool(made.registry.calls) is left
    made.play(push("c", "102", E), wait(90))
    assert made.told == MISSED


def test_rule_7_a_list_does_not_lengthen_a_grace() -> None:
    """A list that still names a call whose phones have all hung up keeps nothing alive."""
    row = call("c", leg("101", T))
    made = story(grace=5).play(
        listed(row), push("c", "101", E, leg="leg-101"), *[listed(row)] * 3, wait(3), listed(row), wait(1)
    )
    assert not made.registry.calls
    assert made.told == ANSWERED
