"""Calls that are over are remembered: rule 5."""

import pytest

from custom_components.pbx.telephony.models import (
    Outcome,
)

from .story import (
    MISSED,
    E,
    R,
    Step,
    T,
    call,
    leg,
    listed,
    push,
    states,
    story,
    wait,
)


@pytest.mark.parametrize("end", [push("c", None, E), push("c", "101", E, final=True, outcome=Outcome.MISSED)])
@pytest.mark.parametrize(
    ("late", "corrects"),
    [(push("c", "101", R), False), (push("c", "102", T), True), (listed(call("c", leg("101", R))), False)],
)
@pytest.mark.parametrize("after", [0, 9 * 60])
def test_rule_5_an_ended_id_does_not_come_back(end: Step, late: Step, corrects: bool, after: float) -> None:  # noqa: FBT001
    """For ten minutes; that somebody had talked is told as a correction."""
    made = story().play(push("c", "101", R), end, wait(after), late)
    assert not made.registry.calls
    assert made.told == [*MISSED, "call_corrected"] if corrects else MISSED
    assert made.registry.ended("c") is not None
    assert made.registry.missed == (not corrects)


def test_rule_5_an_end_that_comes_before_its_beginning_buries_it() -> None:
    """A hang-up of an unknown call is remembered for its late beginning."""
    made = story().play(push("c", None, E), push("c", "101", R))
    assert not made.registry.calls
    assert made.events == []


def test_rule_5_the_end_of_a_leg_comes_before_its_beginning() -> None:
    """The phone does not ring any more; another of its group may."""
    made = story(grace=5).play(push("c", "101", E, time=3), push("c", "101", R, time=1))
    assert not made.registry.calls
    made.play(push("c", "102", R, time=4))
    assert states(made) == {"101": "ended", "102": "ringing"}
    made.play(push("c", "102", E, time=5), wait(6))
    assert made.told == MISSED


def test_rule_5_tombstones_are_kept_for_ten_minutes_and_no_more_than_fit() -> None:
    """The oldest goes first."""
    made = story()
    for n in range(5000):
        made.play(push(f"c{n}", None, E))
        made.clock -= 1
    assert made.registry.sizes["tombstones"] == 4096
    assert made.registry.ended("c0") is None
    made.play(wait(601), push("new", None, E))
    assert made.registry.sizes["tombstones"] == 1


def test_rule_5_the_same_leg_name_of_a_new_call_is_new() -> None:
    """A channel name comes again; the call's id does not."""
    made = story().play(listed(call("c1", leg("101", T))), listed(call("c2", leg("101", R))))
    assert states(made) == {"leg-101": "ringing"}


@pytest.mark.parametrize(
    ("phone", "time", "goes_on"),
    [
        pytest.param("102", 5, True, id="another_phone_in_that_second"),
        pytest.param("102", 6, True, id="another_phone_later"),
        pytest.param("102", 4, False, id="another_phone_before"),
        pytest.param("101", 5, False, id="the_same_phone_in_that_second"),
    ],
)
def test_rule_5_who_is_given_a_call_may_tell_of_it_after_the_grace(phone: str, time: int, goes_on: bool) -> None:  # noqa: FBT001
    """Times are whole seconds: what another phone begins in the second of the end came after it."""
    made = story(grace=2).play(
        push("c", "101", R, time=1), push("c", "101", T, time=2), push("c", "101", E, time=5), wait(3)
    )
    assert not made.registry.calls
    made.play(push("c", phone, R, time=time))
    assert bool(made.registry.calls) is goes_on
    assert made.told.count("call_ended") == 1
