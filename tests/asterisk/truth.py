"""What phones really did, out of the events of an Asterisk, and what an account that polls made of it.

The truth knows nothing of hold. A state that was told is right if it was true at any moment within the last slow poll
and its answer, so lateness is forgiven, and what never was is found.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

type Message = Mapping[str, str]
type Told = tuple[float, str]
"""When, and which state."""

LAG = 6.5
"""Seconds: a slow poll (5), its answer, and a busy machine."""
STEP = 0.25
BRIEF = 1.0
LONG = 6.0
"""A state that lasts so many seconds has to be shown."""
PATIENCE = 2.5
"""Seconds after its end in which a state may still be shown."""

_PHONE = re.compile(r"PJSIP/(\d+)-[0-9a-f]{8}$")
_LINE = re.compile(r"PJSIP/.+-[0-9a-f]{8}$")
_DOWN, _RINGING, _UP, _RING = "0", "5", "6", "4"


@dataclass(kw_only=True)
class _Channel:
    """A channel as its events tell of it."""

    name: str
    state: str
    linked: str
    calls: bool
    """Whether it calls, rather than being called."""


@dataclass(kw_only=True)
class Truth:
    """The states of the phones over time."""

    steps: list[tuple[float, dict[str, frozenset[str]], int]] = field(default_factory=list)
    """When something changed, what the phones do from then on, and how many calls there are."""
    rings: list[tuple[str, float, float]] = field(default_factory=list)
    """Which phone rang, from when to when."""
    _channels: dict[str, _Channel] = field(default_factory=dict)
    _bridges: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    _kinds: dict[str, str] = field(default_factory=dict)
    _began: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, events: Iterable[tuple[float, Message]]) -> Truth:
        """Replay events, each with the time at which it came."""
        truth = cls()
        for at, event in events:
            truth._take(float(event.get("Timestamp") or at), event)
        return truth

    def _take(self, at: float, event: Message) -> None:
        """Take one event."""
        kind, uid = event.get("Event"), event.get("Uniqueid", "")
        if kind == "Newchannel":
            state = event["ChannelState"]
            self._channels[uid] = _Channel(
                name=event["Channel"], state=state, linked=event["Linkedid"], calls=state == _RING
            )
        elif kind == "Hangup":
            gone = self._channels.pop(uid, None)
            for members in self._bridges.values():
                members.discard(uid)
            if gone is not None and uid in self._began:
                self._rang(gone.name, self._began.pop(uid), at)
        elif uid in self._channels:
            self._change(self._channels[uid], uid, at, event)
        else:
            return
        states: dict[str, set[str]] = defaultdict(set)
        for one, channel in self._channels.items():
            if phone := _PHONE.match(channel.name):
                states[phone[1]].add(self._state(one, channel))
        calls = len({channel.linked for channel in self._channels.values() if _LINE.match(channel.name)})
        self.steps.append((at, {phone: frozenset(found) for phone, found in states.items()}, calls))

    def _change(self, channel: _Channel, uid: str, at: float, event: Message) -> None:
        """Take an event of a channel that is there."""
        channel.linked = event.get("Linkedid", channel.linked)
        channel.name = event.get("Channel", channel.name)
        match event.get("Event"):
            case "Newstate":
                channel.state = event["ChannelState"]
            case "BridgeEnter":
                self._bridges[event["BridgeUniqueid"]].add(uid)
                self._kinds[event["BridgeUniqueid"]] = event["BridgeTechnology"]
            case "BridgeLeave":
                self._bridges[event["BridgeUniqueid"]].discard(uid)
        if channel.state == _RINGING:
            self._began.setdefault(uid, at)
        elif uid in self._began:
            self._rang(channel.name, self._began.pop(uid), at)

    def _rang(self, name: str, start: float, end: float) -> None:
        """Note that a phone has rung."""
        if phone := _PHONE.match(name):
            self.rings.append((phone[1], start, end))

    def _state(self, uid: str, channel: _Channel) -> str:
        """Return what a channel does; `up` where it talks to nobody, but a service of the phone system."""
        if channel.state == _RINGING:
            return "ringing"
        if channel.state != _UP:
            return "dialing" if channel.calls else "down"
        partners = self._partners(uid)
        rings = any(
            other.state in {_DOWN, _RINGING} and other.linked == channel.linked for other in self._channels.values()
        )
        if partners and rings and all(name.startswith("Local/") for name in partners):
            return "up"  # glue stands for somebody who is called: it dials, and may have a caller on hold
        if partners:
            return "talking"
        return "dialing" if rings else "up"

    def _partners(self, uid: str) -> set[str]:
        """Return the names of the channels that a channel is bridged with, but for those that wait."""
        members = {
            member
            for bridge, inside in self._bridges.items()
            if uid in inside and self._kinds[bridge] != "holding_bridge"
            for member in inside
        }
        return {self._channels[one].name for one in members - {uid} if one in self._channels}

    def at(self, phone: str, start: float, end: float) -> set[str]:
        """Return all states of a phone within a time."""
        found: set[str] = set()
        last = frozenset({"idle"})
        for at, states, _ in self.steps:
            if at > end:
                break
            now = states.get(phone, frozenset({"idle"}))
            if at >= start:
                found |= last | now
            last = now
        return found | last

    def spans(self, phone: str) -> list[tuple[str, float, float]]:
        """Return the states of a phone, each from when to when, in the order in which they began."""
        spans: list[tuple[str, float, float]] = []
        open_: dict[str, float] = {}
        for at, states, _ in self.steps:
            now = states.get(phone, frozenset())
            spans += [(state, open_.pop(state), at) for state in list(open_) if state not in now]
            for state in now:
                open_.setdefault(state, at)
        end = self.steps[-1][0] if self.steps else 0.0
        return sorted(spans + [(state, start, end) for state, start in open_.items()], key=lambda span: span[1])

    @property
    def most(self) -> int:
        """The most calls that were up at once for a second."""
        ends = [*self.steps, (self.steps[-1][0] + LONG, {}, 0)] if self.steps else []
        return max((calls for (at, _, calls), (then, _, _) in pairwise(ends) if then - at >= BRIEF), default=0)


def false_states(truth: Truth, phone: str, told: Sequence[Told], end: float) -> list[str]:
    """Return the states that a phone was told to be in for a second or more, and was not; `end` is the story's."""
    wrong = []
    for (at, state), (then, _) in pairwise([*told, (end, "idle")]):
        moments = [at + number * STEP for number in range(int(max(0.0, min(then, end) - at) / STEP) + 1)]
        bad = sum(not _true(state, truth.at(phone, moment - LAG, moment)) for moment in moments) * STEP
        if bad >= BRIEF:
            wrong.append(f"{phone} {state} {bad:.0f} s, is {'/'.join(sorted(truth.at(phone, at, then)))}")
    return wrong


def _true(told: str, real: set[str]) -> bool:
    """Return whether a state is one that a phone was in."""
    if told in {"talking", "dialing"} and "up" in real:
        return True
    return told in real or (told == "idle" and "down" in real)


def states_not_told(truth: Truth, phone: str, told: Sequence[Told]) -> list[str]:
    """Return the states of a phone that lasted long enough to be polled, and were not told."""
    missing = []
    for state, start, stop in truth.spans(phone):
        if stop - start < LONG or state in {"down", "up"}:
            continue
        if state != "talking" and truth.at(phone, start + STEP, stop - STEP) - {state, "idle", "down", "up"}:
            continue  # it talks as well, which is told first
        before = [one for at, one in told if at < start]
        shown = any(one == state and start - 0.5 <= at <= stop + PATIENCE for at, one in told)
        if not shown and before[-1:] != [state]:
            missing.append(f"{phone} {state}")
    return missing


def counted(events: Iterable[str], expected: Iterable[str], optional: Iterable[str] = ()) -> list[str]:
    """Return which events were told too often, and which not often enough."""
    told, wanted = Counter(events), Counter(expected)
    more = told - wanted - Counter(optional)
    found = [f"+{times} {kind.removeprefix('call_')}" for kind, times in sorted(more.items())]
    return found + [f"-{times} {kind.removeprefix('call_')}" for kind, times in sorted((wanted - told).items())]


def late(truth: Truth, told: Mapping[str, Sequence[Told]], least: float = 5.5) -> list[float]:
    """Return after how many seconds each ring of some length was shown."""
    found = []
    for phone, start, stop in truth.rings:
        shown = [at for at, state in told.get(phone, ()) if state == "ringing" and start - 0.2 <= at <= stop + PATIENCE]
        if stop - start >= least and shown:
            found.append(shown[0] - start)
    return found
