"""VoIPSUN: the rows of a real Asterisk, told in each of the styles that VoIPSUN may write them in.

`asterisk_rows.json` has what *listcalls* answered while people called each other at an Asterisk 22: by story and style
the lists, each with the seconds since the story began and its rows. A list that differs from the one before in nothing
but the ages of its channels was left out; here it is asked for again every two seconds, as an account does.
"""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from custom_components.pbx.providers.voipsun.calls import CallTracker
from custom_components.pbx.providers.voipsun.lines import Lines
from custom_components.pbx.providers.voipsun.payload import call_rows, peers
from custom_components.pbx.providers.voipsun.settings import read_phones
from custom_components.pbx.providers.voipsun.stories import CallRequest
from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.events import Event
from custom_components.pbx.telephony.models import CallState

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
INTERVAL = 2.0  # seconds
KEYS = ("channelName", "context", "src", "dst", "duration", "status", "accountCode")
PHONES = ("101", "102", "103", "104", "105")
STYLES = ("core", "cdr", "party", "conn", "calls", "up")
FAR = "420608000111"
REQUESTS = {
    "40": CallRequest(inside=True, user="101", number="102", at=NOW),
    "41": CallRequest(inside=True, user="101", number=FAR, at=NOW),
    "42": CallRequest(inside=True, user="101", number=FAR, at=NOW),
    "43": CallRequest(inside=True, user="101", number=FAR, at=NOW),
    "44": CallRequest(inside=True, user="101", number=FAR, at=NOW),
    "46": CallRequest(inside=False, user=None, number=FAR, at=NOW),
}
AT_ONCE = {"17": 2, "24": 2, "25": 3, "29": 2, "33": 3, "38": 2, "50": 2, "52": 5, "98": 0}
"""How many calls there are at most, where it is not one."""
OPTIONAL = {
    "35": Counter(call_incoming=1, call_outgoing=1, call_answered=1, call_ended=1),  # a page is a call or none
    "40": Counter(call_incoming=1),  # the phone that is called does ring
}
TOO_SHORT = ("06", "23", "34")
UNHEARD = {"38": "105"}
"""Phones that ring for a supervisor, which is no call."""

type Answer = list[dict[str, str]]


@cache
def recorded() -> dict[str, Any]:
    """Read the recorded answers."""
    answers: dict[str, Any] = json.loads((Path(__file__).parent / "asterisk_rows.json").read_text())
    return answers


def lines(*, public: bool = True) -> Lines:
    """Make the phones of the house, as they are named in the options and listed by *sipstatus*."""
    named = {user: {"number": user, "public": [f"222300{user}"] if public else []} for user in PHONES}
    known = Lines(read_phones({**named, "trunk-voip": {"hidden": True}}), "CZ")
    phone = {"host": "127.0.0.1", "status": "OK", "useragent": "x", "regcontact": "x"}
    phones = [{"user": user, **phone} for user in PHONES]
    known.learn(peers([*phones, {"user": "trunk-voip", "host": "(Unspecified)", "status": "UNKNOWN"}]))
    return known


def row(text: str) -> dict[str, str]:
    """Read one row; `-` is nothing."""
    return {key: "" if word == "-" else word for key, word in zip(KEYS, text.split(" "), strict=True)}


def polls(story: str, style: str) -> Iterator[tuple[float, Answer]]:
    """Return what an account would be answered, list by list, until some seconds after the end."""
    lists = recorded()[story]["answers"].get(style, [])
    for number, (at, *texts) in enumerate(lists):
        rows = [row(text) for text in texts]
        until = lists[number + 1][0] if number + 1 < len(lists) else at + 6
        now = at
        while now < until - 0.5:
            yield now, [{**row, "duration": str(int(row["duration"]) + int(now - at))} for row in rows]
            now += INTERVAL


class Told:
    """What an account tells of a story."""

    def __init__(self, story: str, style: str, tracker: CallTracker, *, request: bool = False) -> None:
        """Play a story to a client, from an empty list on."""
        self.registry = CallRegistry()
        self.events: list[tuple[float, Event]] = []
        self.wrong: list[str] = []
        self.most = 0
        self.steps: list[tuple[float, tuple[m.Call, ...]]] = []
        self.style, self.unheard = style, UNHEARD.get(story[:2])
        self._show(tracker, -1, [])
        if request and story[:2] in REQUESTS:
            tracker.expect(REQUESTS[story[:2]])
        for at, rows in polls(story, style):
            self._show(tracker, at, rows)

    def _show(self, tracker: CallTracker, at: float, rows: Answer) -> None:
        """Show one list."""
        now = NOW + timedelta(seconds=at)
        calls = tracker.update(call_rows(rows), now, now, {})
        self.steps.append((at, calls))
        changes = self.registry.snapshot(calls, now, now)
        self.events += [(at, event) for event in changes.events if event.public and event.type.startswith("call_")]
        self.most = max(self.most, len(self.registry.calls))
        self._compare(at, rows)

    def _compare(self, at: float, rows: Answer) -> None:
        """Note the phones that are shown to do what none of their channels does."""
        does: dict[str, set[str]] = {}
        for row in rows:
            technology, _, name = row["channelName"].partition("/")
            if technology in {"SIP", "PJSIP"}:
                does.setdefault(name.rpartition("-")[0], set()).add(row["status"])
        for phone in PHONES:
            state = self.registry.state_of(phone)
            real = does.get(phone, set())
            if state is CallState.TALKING and "Up" not in real and self.style != "calls":
                self.wrong.append(f"{phone} talking at {at}")
            if state is CallState.RINGING and "Ringing" not in real and self.style != "calls":
                self.wrong.append(f"{phone} ringing at {at}")
            if state is None and real & {"Ringing", "Ring"} and phone != self.unheard:
                self.wrong.append(f"{phone} idle at {at}")

    def differences(self, story: str) -> list[str]:
        """Say what is told too much or not at all."""
        expected = Counter(recorded()[story]["expect"].split())
        told = Counter(str(event.type) for _, event in self.events)
        more = told - expected - OPTIONAL.get(story[:2], Counter())
        found = [f"+{count} {kind}" for kind, count in sorted(more.items())]
        found += [f"-{count} {kind}" for kind, count in sorted((expected - told).items())]
        if self.most > AT_ONCE.get(story[:2], 1):
            found.append(f"{self.most} calls at once")
        return found + self.wrong


STORIES = [story for story in recorded() if story[:2] not in TOO_SHORT]
UNSEEN = {
    # Shows a number outside on its own phone, asked for by somebody else: it looks like a call from there.
    ("42", "core"): ["+1 call_incoming", "-1 call_outgoing"],
    ("42", "cdr"): ["+1 call_incoming", "-1 call_outgoing"],
    ("42", "party"): ["+1 call_incoming", "-1 call_outgoing"],
    ("42", "conn"): ["+1 call_incoming", "-1 call_outgoing"],
}


@pytest.mark.parametrize("style", ["core", "cdr", "party", "conn"])
@pytest.mark.parametrize("story", STORIES)
def test_what_is_told_of_a_story(story: str, style: str) -> None:
    """Each call once, by whom it was made, and no phone is shown to do what it does not."""
    told = Told(story, style, CallTracker(lines()))
    assert told.differences(story) == UNSEEN.get((story[:2], style), [])


@pytest.mark.parametrize("style", ["core", "cdr", "party", "conn"])
@pytest.mark.parametrize("story", [story for story in STORIES if story[:2] in REQUESTS])
def test_what_is_told_of_a_call_that_this_account_asked_for(story: str, style: str) -> None:
    """It is outgoing, to the number that was asked for, and rings nobody as a call from somebody else."""
    told = Told(story, style, CallTracker(lines()), request=True)
    assert told.differences(story) == []
    if story[:2] == "46":
        return
    first = next(event.call for _, event in told.events)
    assert first is not None
    assert (first.caller.number, first.callee.number) == ("101", "102" if story[:2] == "40" else "+" + FAR)


@pytest.mark.parametrize("style", ["calls", "up"])
@pytest.mark.parametrize("story", STORIES)
def test_a_list_that_leaves_rows_out_shows_no_false_state(story: str, style: str) -> None:
    """What is not listed cannot be told, but nothing else is told instead."""
    told = Told(story, style, CallTracker(lines(), lists_called_phones=style == "up"))
    assert told.wrong == []
    assert told.most <= AT_ONCE.get(story[:2], 1) + ((story[:2], style) == ("20", "calls"))


@pytest.mark.parametrize("style", ["core", "cdr", "party", "conn"])
def test_two_calls_of_one_number_are_not_swapped(style: str) -> None:
    """Also where nobody has entered which public number rings which phone."""
    (story,) = (story for story in STORIES if story.startswith("33"))
    told = Told(story, style, CallTracker(lines(public=False)))
    assert told.differences(story) == []
    incoming = [call for _, calls in told.steps for call in calls if call.caller.number == "+420777123456"]
    for call in incoming:
        phones = {leg.extension for leg in call.legs} - {None}
        assert style == "conn" or all(call.callee.number.endswith(phone) for phone in phones if phone)
