"""Pacing: fast when somebody may call, by what the calls themselves have shown."""

from datetime import UTC, datetime, timedelta

import pytest

from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.providers.pacing import OfficeHours, Pace

MONDAY = datetime(2026, 10, 5, 9, 30, tzinfo=UTC)
PACE = Pace(quick=2, slow=4)
WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)


def learnt(weeks: int = 3) -> OfficeHours:
    """Give what was learnt from a call each Monday morning."""
    hours = OfficeHours()
    for week in range(weeks):
        assert hours.may_call(MONDAY + week * WEEK)
        hours.note_call(MONDAY + week * WEEK)
    return hours


@pytest.mark.parametrize(
    ("after", "quick"),
    [
        (timedelta(0), True),
        (-HOUR, True),
        (HOUR, True),
        (2 * HOUR, False),
        (-2 * HOUR, False),
        (timedelta(days=1), False),
        (timedelta(days=5), False),
    ],
)
def test_office_hours(after: timedelta, *, quick: bool) -> None:
    """An hour of the week in which there were calls is looked at fast, and the ones beside it."""
    now = MONDAY + 3 * WEEK + after
    assert learnt().seconds(PACE, now, 1) == (PACE.quick if quick else PACE.slow)


def test_unknown_hours_are_office_hours() -> None:
    """Until a week has passed nobody knows when there are calls."""
    hours = OfficeHours()
    for passed in range(7 * 24):
        assert hours.seconds(PACE, MONDAY + passed * HOUR, 1) == PACE.quick
    assert hours.seconds(PACE, MONDAY + WEEK, 1) == PACE.slow


def test_call_out_of_hours() -> None:
    """After a call another one may come, for a while."""
    hours, night = learnt(), MONDAY + 2 * WEEK + 15 * HOUR
    assert hours.seconds(PACE, night, 1) == PACE.slow
    hours.note_call(night)
    assert hours.seconds(PACE, night + timedelta(minutes=9), 1) == PACE.quick


def test_hours_are_forgotten() -> None:
    """An hour without a call for five weeks is none any more."""
    assert learnt().seconds(PACE, MONDAY + 8 * WEEK, 1) == PACE.slow


def test_little_budget_is_saved() -> None:
    """Commands come first: with little left, looks are slow at any hour."""
    assert learnt().seconds(PACE, MONDAY + 3 * WEEK, 0.2) == PACE.slow


@pytest.mark.parametrize(
    ("provider", "median", "most"), [("voipsun", 0.9, 1.6), ("voipstudio", 1.8, 3.2), ("voipat", 2.5, 4.0)]
)
def test_rings_are_found_in_time(provider: str, median: float, most: float) -> None:
    """A ring falls anywhere between two looks; none of five seconds falls between them, at any pace."""
    pace = PROVIDERS[provider].pace
    assert pace is not None
    assert pace.quick / 2 <= median
    assert 0.95 * pace.quick <= most
    assert pace.quick <= pace.slow < 5
