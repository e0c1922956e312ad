"""Which times have to be asked for, as lists have not looked into them."""

from datetime import timedelta

import pytest

from custom_components.pbx.gaps import Gaps

from .fake_provider import NOON


def second(seconds: float) -> timedelta:
    """Give a length of time."""
    return timedelta(seconds=seconds)


def noted(*lists: tuple[float, bool]) -> Gaps:
    """Take lists at some seconds after noon, with whether every call was pushed anyway."""
    gaps = Gaps()
    for seconds, pushed in lists:
        gaps.note_list(NOON + second(seconds), pushed=pushed)
    return gaps


@pytest.mark.parametrize(
    ("lists", "found"),
    [
        pytest.param([(0, False)], None, id="nothing before the first list"),
        pytest.param([(0, False), (4, False), (8, False)], None, id="lists close to each other"),
        pytest.param([(0, False), (5, False)], (0, 5), id="lists that a short ring fits between"),
        pytest.param([(0, False), (5, False), (9, False), (19, False)], (0, 19), id="two gaps are asked for at once"),
        pytest.param([(0, True), (60, True)], None, id="all is pushed"),
        pytest.param([(0, True), (60, False)], (0, 60), id="pushes have ceased meanwhile"),
        pytest.param([(0, False), (60, True)], (0, 60), id="pushes have begun meanwhile"),
    ],
)
def test_a_gap(lists: list[tuple[float, bool]], found: tuple[float, float] | None) -> None:
    """A gap is what a ring of five seconds fits into, from list to list."""
    taken = noted(*lists).take(NOON + timedelta(hours=1))
    assert taken == (None if found is None else (NOON + second(found[0]), NOON + second(found[1])))


def test_a_gap_is_asked_for_once_and_seldom() -> None:
    """It has to be in the history first; what came since waits for the next question, minutes later."""
    gaps = noted((0, False), (10, False))
    assert gaps.take(NOON + second(40)) is None
    assert gaps.take(NOON + second(50)) == (NOON, NOON + second(5))
    gaps.note_list(NOON + second(60), pushed=False)
    assert gaps.take(NOON + second(120)) is None
    assert gaps.take(NOON + second(350)) == (NOON + second(5), NOON + second(60))
    assert gaps.take(NOON + timedelta(hours=1)) is None


def test_a_gap_that_could_not_be_asked_for_stays() -> None:
    """It is asked for with the next one."""
    gaps = noted((0, False), (10, False))
    span = gaps.take(NOON + second(60))
    assert span is not None
    gaps.put_back(span)
    assert gaps.take(NOON + second(400)) == span
