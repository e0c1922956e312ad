"""What lists say of calls: rule 4, a call that complete lists do not have has ended."""

from dataclasses import replace

import pytest

from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony.events import event_data
from custom_components.pbx.telephony.models import (
    Call,
    Outcome,
    Party,
)

from .story import (
    ANSWERED,
    MISSED,
    H,
    R,
    Step,
    Story,
    T,
    call,
    hint,
    leg,
    listed,
    moment,
    push,
    story,
    wait,
    widget,
)


@pytest.mark.parametrize(
    ("complete_after", "lists", "left"),
    [(1, 0, 1), (1, 1, 0), (2, 1, 1), (2, 2, 0), (3, 2, 1)],
)
def test_rule_4_a_call_missing_from_enough_lists_has_ended(complete_after: int, lists: int, left: int) -> None:
    """As many successful lists as the provider asks for; until then it is looked at again at once."""
    made = story(complete_after=complete_after).play(listed(call("c", leg("101", T))), *[listed()] * lists)
    assert len(made.registry.calls) == left
    assert made.last.refresh is bool(left and lists)


def test_rule_4_a_glitch_is_forgotten_when_the_call_is_listed() -> None:
    """Only lists in a row count."""
    row = listed(call("c", leg("101", T)))
    made = story(complete_after=2).play(row, listed(), row, listed())
    assert made.registry.calls
    assert made.told == ["call_incoming", "call_answered"]


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        pytest.param([listed()], [], id="gone"),
        pytest.param([listed(call("c", leg("b", T))), listed()], [], id="goes_on_without"),
        pytest.param([listed(), listed()], ["call_ended"], id="gone_twice"),
    ],
)
def test_rule_4_a_hint_makes_one_list_enough(steps: list[Step], told: list[str]) -> None:
    """A leg that is known to have hung up needs no second list, unless the call goes on without it."""
    row = listed(call("c", leg("b", T), leg("101", T)))
    without = story(complete_after=2).play(row, *steps)
    assert without.told[2:] == told
    hinted = story(complete_after=2).play(row, hint("leg-101", "NORMAL_CLEARING"), *steps)
    ended = len(steps) == 1 or told
    assert hinted.told[2:] == (["call_ended"] if ended else [])


def test_rule_4_a_leg_that_one_list_had_lost_is_taken_back() -> None:
    """Also where the whole call had seemed over."""
    both = call("c", leg("101", T), leg("102", T))
    made = story().play(listed(both), listed(call("c", leg("101", T))), listed(both))
    assert (made.registry.state_of("101"), made.registry.state_of("102")) == (T, T)
    made.play(listed(call("c", leg("101", T))), listed(), listed(call("c", leg("102", T))))
    assert made.registry.state_of("102") is T


def test_rule_4_a_hint_says_how_the_call_ended() -> None:
    """The cause and the outcome go with the end that the list shows."""
    made = story().play(
        listed(call("c", leg("b", R), leg("101", R))), hint("leg-b", "ORIGINATOR_CANCEL", Outcome.CANCELLED), listed()
    )
    assert made.registry.last_call is not None
    assert made.registry.last_call.hangup_cause == "ORIGINATOR_CANCEL"
    assert made.registry.last_call.outcome is Outcome.CANCELLED
    assert made.told == MISSED


def test_rule_4_the_cause_of_a_phone_that_left_is_not_the_calls() -> None:
    """A call that goes on forgets why a phone hung up."""
    made = story().play(
        listed(call("c", leg("b", T), leg("101", T))),
        hint("leg-101", "BLIND_TRANSFER"),
        listed(call("c", leg("b", T), leg("102", T))),
        listed(),
    )
    assert made.registry.last_call is not None
    assert made.registry.last_call.hangup_cause is None


@pytest.mark.parametrize("leg_id", ["leg-x", None, ""])
def test_rule_4_a_hint_about_nothing_known_only_makes_look_again(leg_id: str | None) -> None:
    """Something happened: ask."""
    made = story().play(hint(leg_id, "NORMAL_CLEARING"))
    assert made.last.refresh
    assert not made.events


def test_rule_4_a_call_that_only_seemed_over_comes_back_and_is_told_once() -> None:
    """A list that was wrong twice ends a call; the next one takes it back, with all that is known of it."""
    row = listed(call("c", leg("101", T)))
    made = story(complete_after=2).play(row, listed(), listed())
    assert made.told == ANSWERED
    made.play(row)
    assert made.registry.state_of("101") is T
    assert made.registry.slots[0] is not None
    made.play(listed(call("c", leg("101", H))), listed(), listed())
    assert made.told == [*ANSWERED, "call_held"]
    assert not made.registry.calls


def test_rule_4_a_missed_call_that_comes_back_is_not_missed() -> None:
    """The count of missed calls is put right again, and it is told that the outcome is another."""
    row = call("c", leg("101", R))
    made = story().play(listed(row), listed())
    assert made.registry.missed == 1
    made.play(listed(row))
    assert made.registry.missed == 0
    made.play(listed(call("c", leg("101", T))), listed())
    assert made.registry.missed == 0
    assert made.told == ["call_incoming", "call_missed", "call_answered", "call_corrected"]
    assert (made.events[-1].fields["outcome_before"], made.events[-1].call and made.events[-1].call.outcome) == (
        "missed",
        "answered",
    )


def test_rule_4_an_older_list_does_not_take_a_call_back() -> None:
    """What was listed before the end is no news."""
    made = story().play(listed(call("c", leg("101", T))), listed(), listed(call("c", leg("101", T)), asked=1))
    assert not made.registry.calls


def test_rule_4_the_first_list_tells_nothing() -> None:
    """What was so before anybody looked is no news; what comes of it is."""
    made = Story(CallRegistry())
    made.play(listed(call("c1", leg("101", T)), call("c2", leg("102", R))))
    assert made.told == []
    assert len(made.registry.calls) == 2
    assert made.registry.calls["c1"].answered_at is None
    made.play(listed(call("c1", leg("101", T)), call("c2", leg("102", T))), listed())
    assert made.told == ["call_answered", "call_ended", "call_ended"]


def test_rule_4_the_first_list_does_not_silence_what_was_pushed() -> None:
    """A call that was announced before the first list is told on."""
    made = Story(CallRegistry())
    made.play(push("c", "101", R, leg="leg-101"), listed(call("c", leg("101", T))))
    assert made.told == ["call_incoming", "call_answered"]


HOURS = [-5, -1, -0.5, 0, 0.25, 1, 2]


def by_clock(hours: float, row: Call, started: float, answered: float | None = None) -> Call:
    """Return a row with times by a clock that is so many hours ahead."""
    off = 3600 * hours
    return replace(
        row,
        started_at=moment(started + off),
        answered_at=None if answered is None else moment(answered + off),
    )


def lasted(made: Story) -> tuple[float, float]:
    """Return how long the call that was told last has rung, and how long its people have talked."""
    data = event_data(next(event for event in reversed(made.events) if event.public and event.type == "call_ended"))
    assert str(data["started_at"]) <= str(data["answered_at"]) <= str(data["ended_at"])
    return float(str(data["ring_time"])), float(str(data["duration"]))


@pytest.mark.parametrize("hours", HOURS)
@pytest.mark.parametrize("seen", ["ringing", "talking"])
def test_a_list_by_any_clock_makes_no_call_longer(hours: float, seen: str) -> None:
    """What it says of times orders its own; how long a call was is told by ours."""
    ring, talk = call("c", leg("out", R), leg("101", R)), call("c", leg("out", T), leg("101", T))
    made = story().play(wait(5))
    if seen == "ringing":
        made.play(listed(by_clock(hours, ring, 6)), wait(4))
    made.play(listed(by_clock(hours, talk, 6, 10)), wait(60), listed())
    ring_time, duration = lasted(made)
    assert ring_time == pytest.approx(4, abs=4)
    assert duration == pytest.approx(62, abs=6)


@pytest.mark.parametrize("hours", HOURS)
def test_a_list_by_any_clock_shows_the_call_that_a_message_told_of(hours: float) -> None:
    """Which the two are is inferred from when they began, too."""
    row = call("u", leg("a", R), leg("101", R))
    made = story(pushed_ids_differ=True).play(wait(5), widget("w", "101", R), listed(by_clock(hours, row, 6)))
    assert made.told == ["call_incoming"]
    assert len(made.registry.calls) == 1


def test_a_call_that_was_there_before_anybody_looked_began_when_its_list_says() -> None:
    """Nobody knows better."""
    row = by_clock(0, call("c", leg("out", T), leg("101", T)), -600, -590)
    made = Story(CallRegistry()).play(listed(row))
    (seen,) = made.registry.calls.values()
    assert (seen.started_at, seen.answered_at) == (moment(-600), moment(-590))


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (Party(number="+390698765432", name="Bob"), "Bob"),
        (Party(name="Bob"), "Bob"),
        (Party(number="101", name="Anna"), ""),
        (Party(number="+390600000000", name="Eve", known=True), ""),
    ],
    ids=["of this number", "of no number", "of a phone that takes over", "of another number"],
)
@pytest.mark.parametrize("side", ["caller", "callee"])
def test_a_name_is_that_of_the_number_it_came_with(side: str, found: Party, name: str) -> None:
    """A phone system shows others in the place of those who began a call: their names are not those of the number."""
    first = call("c", leg("a", T), caller="+390698765432", callee="+390698765432")
    row = replace(first, caller=found) if side == "caller" else replace(first, callee=found)
    made = story().play(listed(first), listed(row))
    (shown,) = made.registry.calls.values()
    assert getattr(shown, side).number == "+390698765432"
    assert getattr(shown, side).name == name
    assert getattr(shown, side).known is None
