"""Rows as a real Asterisk writes them: every story that polls can see is told once, and rightly.

The rows were recorded from an Asterisk 22 with real phones, in three styles: `core` has all channels
with Asterisk's own fields, in `party` the rows of called phones show their caller, and `conn` shows
with whom each channel is connected.
"""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from custom_components.pbx.providers.voipsun.calls import CallRequest, CallTracker
from custom_components.pbx.providers.voipsun.lines import Lines
from custom_components.pbx.providers.voipsun.payload import Peer, call_rows
from custom_components.pbx.providers.voipsun.settings import read_phones
from custom_components.pbx.registry.call_registry import CallRegistry

STORIES = json.loads((Path(__file__).parent / "asterisk_rows.json").read_text())
PHONES = ("101", "102", "103", "104", "105")
T0 = datetime(2026, 11, 28, 12, tzinfo=UTC)

# Shorter than the time between two lists.
UNSEEN = {"06_busy", "23_short", "34_unregistered"}
# Not told rightly yet.
OPEN = {
    "core": {"17_attended_refer", "20_park_retrieve", "29_pickup", "40_originate_internal", "43_originate_local"},
    "party": {
        *("17_attended_refer", "18_attended_feature", "20_park_retrieve", "30_forward_outside"),
        *("40_originate_internal", "43_originate_local"),
    },
    "conn": {
        *("17_attended_refer", "18_attended_feature", "30_forward_outside", "35_page", "38_spy", "39_forward_plain"),
        *("40_originate_internal", "41_originate_outside", "43_originate_local", "44_originate_refused"),
    },
}
# Where no call is expected at all, one for each page is right as well.
ALSO_RIGHT = {"35_page": ["call_outgoing", "call_answered", "call_ended"]}
ASKED_FOR = {
    "40_originate_internal": "102",
    "41_originate_outside": "420608000111",
    "42_originate_called": "420608000111",
    "43_originate_local": "420608000111",
    "44_originate_refused": "420608000111",
}
TOLD = [(style, story) for style, unsolved in OPEN.items() for story in STORIES if story not in UNSEEN | unsolved]


def tracker() -> CallTracker:
    """Make a tracker for five phones with public numbers, and a trunk."""
    named: dict[str, dict[str, object]] = {phone: {"number": phone, "public": [f"222300{phone}"]} for phone in PHONES}
    lines = Lines(read_phones(named | {"trunk-voip": {"hidden": True}}), "CZ")
    peers = [Peer(user=phone, registered=True, has_host=True, user_agent="x") for phone in PHONES]
    lines.learn([*peers, Peer(user="trunk-voip", registered=None, has_host=False)])
    return CallTracker(lines)


def told(style: str, story: str) -> list[str]:
    """Return what everybody is told of a story."""
    calls, registry = tracker(), CallRegistry()
    registry.snapshot((), T0, T0)
    answers = STORIES[story]["answers"][style]
    if story in ASKED_FOR:
        rung = next(at for at, rows in answers if rows)
        at = T0 + timedelta(seconds=rung - 1)
        calls.expect(CallRequest(inside=True, user="101", number=ASKED_FOR[story], at=at))
    events: list[str] = []
    for at, rows in answers:
        now = T0 + timedelta(seconds=at)
        changes = registry.snapshot(calls.update(call_rows(rows), now, now, {}), now, now)
        events += [event.type.value for event in changes.events if event.public]
    return events


@pytest.mark.parametrize(("style", "story"), TOLD)
def test_a_story_is_told_rightly(style: str, story: str) -> None:
    """In whatever style the phone system lists its channels."""
    expected = sorted(STORIES[story]["expect"])
    assert sorted(told(style, story)) in (expected, sorted(ALSO_RIGHT.get(story, expected)))


@pytest.mark.parametrize("style", OPEN)
def test_no_story_is_left_out_for_nothing(style: str) -> None:
    """What is told rightly by now has to stay so."""
    right = {story for story in OPEN[style] if sorted(told(style, story)) == sorted(STORIES[story]["expect"])}
    assert not right
