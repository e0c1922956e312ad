"""Calls out of recorded events: what a real Asterisk 22 said while people did what the stories tell."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from custom_components.pbx.providers.asterisk.ami import Message, read_message
from custom_components.pbx.providers.asterisk.calls import Calls
from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony.models import CallState, Direction, LegPush

STREAMS = Path(__file__).parent / "streams"
EXTENSIONS = frozenset({"101", "102", "103", "104", "105"})
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)

# What is told besides what the story of this name says, as these were played over another account.
OTHERWISE = {
    "35_page": {"call_outgoing": 1, "call_incoming": 2, "call_answered": 3, "call_ended": 3},
}


def events(name: str) -> list[Message]:
    """Return the events of a recording."""
    text = (STREAMS / f"{name}.txt").read_text(encoding="utf-8")
    return [read_message(block.replace("\n", "\r\n")) for block in text.strip().split("\n\n")]


def extension_of(channel: str) -> str | None:
    """Return the extension of a channel of the lab."""
    name = channel.partition("/")[2].rpartition("-")[0]
    return name if name in EXTENSIONS else None


class Replay:
    """Feeds events to the calls and their pushes to a registry, at the times at which they came."""

    def __init__(self) -> None:
        """Know nothing."""
        self.calls = Calls(extension_of, EXTENSIONS, "CZ")
        self.registry = CallRegistry()
        self.told: Counter[str] = Counter()
        self.registry.snapshot((), NOON, NOON)

    def feed(self, message: Message) -> None:
        """Take an event, after what was due before it."""
        now = datetime.fromtimestamp(float(message["Timestamp"]), UTC)
        while (due := self.calls.due()) is not None and due <= now:
            self.calls.tick(due)
            self.push(due)
        self.calls.take(message, now)
        self.push(now)

    def push(self, now: datetime) -> None:
        """Let the registry take what is new."""
        for pushed in self.calls.pushes:
            assert isinstance(pushed, LegPush)
            changes = self.registry.apply(pushed, now)
            self.told.update(event.type.value for event in changes.events if event.public)
        self.calls.pushes.clear()

    def finish(self, now: datetime) -> None:
        """Let time pass."""
        self.calls.tick(now)
        self.push(now)


def replayed(name: str) -> Replay:
    """Return what became of a recording."""
    replay = Replay()
    for message in events(name):
        replay.feed(message)
    replay.finish(datetime.fromtimestamp(float(events(name)[-1]["Timestamp"]), UTC) + timedelta(seconds=5))
    return replay


@pytest.mark.parametrize("name", sorted(file.stem for file in STREAMS.glob("*.txt")))
def test_nothing_is_left(name: str) -> None:
    """After each story no call is up, and each that began was told to have ended."""
    replay = replayed(name)
    told = replay.told
    assert replay.calls.snapshot() == ()
    assert not replay.registry.calls
    began, ended = told["call_incoming"] + told["call_outgoing"], told["call_ended"] + told["call_missed"]
    assert told["call_answered"] >= told["call_ended"] or began
    assert ended <= began <= 2 * ended


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("01_inbound_answered", {"call_incoming": 1, "call_answered": 1, "call_ended": 1}),
        ("02_internal", {"call_incoming": 1, "call_outgoing": 1, "call_answered": 1, "call_ended": 1}),
        ("03_outbound", {"call_outgoing": 1, "call_answered": 1, "call_ended": 1}),
        ("06_busy", {"call_incoming": 1, "call_missed": 1}),
        ("08_group_answered", {"call_incoming": 1, "call_answered": 1, "call_ended": 1}),
        ("10_group_local", {"call_incoming": 1, "call_answered": 1, "call_ended": 1}),
        ("12_queue_abandoned", {"call_incoming": 1, "call_missed": 1}),
        (
            "15_blind_transfer",
            {"call_incoming": 1, "call_answered": 1, "call_transferred": 1, "call_ended": 1},
        ),
        (
            "17_attended_refer",
            {
                "call_incoming": 2,
                "call_outgoing": 1,
                "call_answered": 2,
                "call_held": 1,
                "call_resumed": 1,
                "call_transferred": 1,
                "call_ended": 2,
            },
        ),
        (
            "19_hold",
            {"call_incoming": 1, "call_answered": 1, "call_held": 1, "call_resumed": 1, "call_ended": 1},
        ),
        ("29_pickup", {"call_incoming": 1, "call_answered": 1, "call_ended": 1}),
        ("34_unregistered", {"call_outgoing": 1, "call_ended": 1}),
        ("35_page", OTHERWISE["35_page"]),
        ("98_message", {}),
    ],
)
def test_each_thing_is_told_once(name: str, told: dict[str, int]) -> None:
    """What was recorded is told as the people in front of the phones would tell it."""
    assert dict(replayed(name).told) == told


def test_a_ringing_phone_comes_with_its_caller() -> None:
    """The first that is told of an incoming call names phone, caller and the number dialled."""
    calls = Calls(extension_of, EXTENSIONS, "CZ")
    for message in events("01_inbound_answered"):
        calls.take(message, datetime.fromtimestamp(float(message["Timestamp"]), UTC))
        if calls.pushes:
            break
    first = calls.pushes[0]
    assert isinstance(first, LegPush)
    assert (first.extension, first.state, first.direction) == ("101", CallState.RINGING, Direction.INCOMING)
    assert first.caller is not None
    assert (first.caller.number, first.caller.name) == ("+420777123456", "John Caller")


@pytest.mark.parametrize("seed", range(40))
def test_lost_and_repeated_events_break_nothing(seed: int) -> None:
    """Whatever is lost, doubled or late: the list of channels puts it right, and no call stays."""
    rng = random.Random(seed)
    names = sorted(file.stem for file in STREAMS.glob("*.txt"))
    replay = Replay()
    now = NOON
    for name in rng.sample(names, 6):
        for message in events(name):
            now += timedelta(milliseconds=rng.randrange(200))
            for _ in range(rng.choice((0, 1, 1, 1, 2))):
                replay.calls.take(message, now)
            replay.calls.tick(now)
            replay.push(now)
    replay.calls.take_list((), now + timedelta(seconds=1), now + timedelta(seconds=2))
    replay.finish(now + timedelta(seconds=3))
    assert replay.calls.snapshot() == ()
    assert not replay.registry.calls
