"""Calls out of recorded events: what a real Asterisk 22 said while people did what the stories tell."""

import itertools
import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from custom_components.pbx.providers.asterisk.ami import Message, read_message
from custom_components.pbx.providers.asterisk.call import Listing
from custom_components.pbx.providers.asterisk.calls import Calls
from custom_components.pbx.registry.call_registry import CallRegistry, Changes
from custom_components.pbx.telephony.models import CallState, Direction, LegPush, Outcome, Party
from tests.asterisk.stories import ALL

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
        self.changes: list[Changes] = []
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
            self.changes.append(changes)
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


# A login that others placed or listen with is not known to be one before it does so.
OF_OTHERS = {"38_spy", "46_dial"}


@pytest.mark.parametrize("name", sorted(file.stem for file in STREAMS.glob("*.txt")))
def test_what_is_told_is_what_the_story_says(name: str) -> None:
    """Each recording is told as its story, though it was played over another account."""
    if name not in OF_OTHERS:
        assert replayed(name).told == Counter(ALL[name].pushed.split())


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


def reordered(messages: list[Message], rng: random.Random) -> list[Message]:
    """Return events as another run would bring them: some late, and those of different threads the other way round.

    Asterisk tells by one thread that a phone rings (`Newstate`) and by another who makes it ring (`Dial...`).
    """
    ordered = list(messages)
    for here, after in ((at, at + 1) for _ in range(2) for at in range(len(ordered) - 1)):
        kinds = sorted(ordered[at]["Event"][:4] for at in (here, after))
        close = float(ordered[after]["Timestamp"]) - float(ordered[here]["Timestamp"]) < 0.005
        if kinds == ["Dial", "News"] and close and rng.random() < 0.5:
            ordered[here], ordered[after] = ordered[after], ordered[here]
    arrivals: list[Message] = []
    last = 0.0
    for message, sent in zip(ordered, sorted(float(one["Timestamp"]) for one in messages), strict=True):
        late = rng.random() * 0.25 if rng.random() < 0.25 else 0.0
        last = max(last + 1e-6, sent + late)
        arrivals.append({**message, "Timestamp": f"{last:.6f}"})
    return arrivals


@pytest.mark.parametrize("name", sorted(file.stem for file in STREAMS.glob("*.txt")))
def test_neither_haste_nor_order_changes_what_is_told(name: str) -> None:
    """A busy machine brings events late, in bunches, and those of two threads in any order."""
    expected = replayed(name).told
    rng = random.Random(name)
    for _ in range(8):
        messages = reordered(events(name), rng)
        replay = Replay()
        for message in messages:
            replay.feed(message)
        replay.finish(datetime.fromtimestamp(float(messages[-1]["Timestamp"]), UTC) + timedelta(seconds=5))
        assert replay.told == expected, [(one["Event"], one.get("Channel"), one["Timestamp"]) for one in messages]


def page_legs(order: tuple[str, ...]) -> list[LegPush]:
    """Return what is told of a phone that is paged, with its events in some order."""
    caller = {"Channel": "PJSIP/101-00000001", "Uniqueid": "1.1", "Linkedid": "1.1", "CallerIDNum": "101"}
    phone = {"Channel": "PJSIP/103-00000002", "Uniqueid": "1.2", "Linkedid": "1.1", "CallerIDNum": "103"}
    dial = {"DestChannel": phone["Channel"], "DestUniqueid": "1.2", "DestLinkedid": "1.1"}
    told: dict[str, Message] = {
        "Newstate": {"Event": "Newstate", "ChannelState": "5", **phone},
        "DialBegin": {"Event": "DialBegin", **dial},
        "DialState": {"Event": "DialState", "DialStatus": "RINGING", **dial},
    }
    calls = Calls(extension_of, EXTENSIONS, "CZ")
    calls.take({"Event": "Newchannel", "ChannelState": "4", "Exten": "860", **caller}, NOON)
    calls.tick(NOON + timedelta(milliseconds=100))
    calls.take({"Event": "Newchannel", "ChannelState": "0", "Exten": "s", **phone}, NOON + timedelta(milliseconds=110))
    for step, kind in enumerate(order):
        calls.take(told[kind], NOON + timedelta(milliseconds=300 * step + 120))
    return [pushed for pushed in calls.pushes if isinstance(pushed, LegPush) and pushed.extension == "103"]


@pytest.mark.parametrize("order", list(itertools.permutations(("Newstate", "DialBegin", "DialState"))))
def test_a_paged_phone_is_called_whatever_comes_first(order: tuple[str, ...]) -> None:
    """It rings for whoever pages, in a call of its own, and is told once."""
    (told,) = page_legs(order)
    assert (told.call_id, told.state) == ("1.2", CallState.RINGING)
    assert (told.caller, told.callee) == (Party(number="101"), Party(number="103"))


def test_a_phone_rings_though_nobody_says_who_calls() -> None:
    """The wait for that is a bounded one."""
    calls = Calls(extension_of, EXTENSIONS, "CZ")
    far = {"Channel": "PJSIP/trunk-00000001", "Uniqueid": "1.1", "Linkedid": "1.1", "CallerIDNum": "420777123456"}
    near = {"Channel": "PJSIP/101-00000002", "Uniqueid": "1.2", "Linkedid": "1.1", "CallerIDNum": "101"}
    calls.take({"Event": "Newchannel", "ChannelState": "4", "Exten": "222300101", **far}, NOON)
    calls.take({"Event": "Newchannel", "ChannelState": "0", "Exten": "s", **near}, NOON)
    calls.take({"Event": "Newstate", "ChannelState": "5", **near}, NOON)
    while (due := calls.due()) is not None:
        calls.tick(due)
    assert [one.state for one in calls.pushes if isinstance(one, LegPush) and one.extension == "101"] == [
        CallState.RINGING
    ]


@pytest.mark.parametrize(
    ("causes", "queue", "outcome"),
    [
        (("21",), "", Outcome.REJECTED),
        (("21", "21"), "", Outcome.REJECTED),
        (("21", "0"), "", Outcome.MISSED),
        (("0", "21"), "", Outcome.MISSED),
        (("0", "0"), "", Outcome.MISSED),
        (("21", "21"), "support", Outcome.MISSED),
    ],
)
def test_a_group_is_rejected_by_all_of_it(causes: tuple[str, ...], queue: str, outcome: Outcome) -> None:
    """One phone that declines says nothing of the others, and an agent who declines nothing of the queue."""
    calls = Calls(extension_of, EXTENSIONS, "CZ")
    calls.take({"Event": "Newchannel", "ChannelState": "4", "Exten": "222300600", **FAR}, NOON)
    if queue:
        calls.take({"Event": "QueueCallerJoin", "Queue": queue, **FAR}, NOON)
    phones = []
    for number, _ in enumerate(causes, 2):
        phone = {"Channel": f"PJSIP/10{number}-0000000{number}", "Uniqueid": f"1.{number}", "Linkedid": "1.1"}
        phones.append(phone)
        calls.take({"Event": "Newchannel", "ChannelState": "0", "Exten": "s", **phone}, NOON)
        calls.take({"Event": "DialBegin", "Uniqueid": "1.1", "DestUniqueid": f"1.{number}"}, NOON)
        calls.take({"Event": "Newstate", "ChannelState": "5", **phone}, NOON)
    for phone, cause in zip(phones, causes, strict=True):
        calls.take({"Event": "Hangup", "Cause": cause, **phone}, NOON + timedelta(seconds=1))
    calls.take({"Event": "Hangup", "Cause": "127", **FAR}, NOON + timedelta(seconds=2))
    last = calls.pushes[-1]
    assert isinstance(last, LegPush)
    assert (last.final, last.outcome) == (True, outcome)


FAR = {"Channel": "PJSIP/trunk-00000001", "Uniqueid": "1.1", "Linkedid": "1.1", "CallerIDNum": "420777123456"}
NEAR = {"Channel": "PJSIP/101-00000002", "Uniqueid": "1.2", "Linkedid": "1.1", "CallerIDNum": "101"}
DIAL = {"Application": "Dial", "Exten": "222300101"}
APP_DIAL = {"Application": "AppDial", "Exten": ""}


def ringing_call() -> Calls:
    """Return calls with one that rings at 101."""
    calls = Calls(extension_of, EXTENSIONS, "CZ")
    calls.take({"Event": "Newchannel", "ChannelState": "4", "Exten": "222300101", **FAR}, NOON)
    calls.take({"Event": "Newchannel", "ChannelState": "0", "Exten": "s", **NEAR}, NOON)
    calls.take({"Event": "DialBegin", "Uniqueid": "1.1", "DestUniqueid": "1.2"}, NOON)
    calls.take({"Event": "Newstate", "ChannelState": "5", **NEAR}, NOON)
    calls.pushes.clear()
    return calls


def states(calls: Calls) -> dict[str | None, CallState]:
    """Return what the ends of all calls do."""
    return {leg.extension: leg.state for call in calls.snapshot() for leg in call.legs}


def row(channel: Message, state: str, bridge: str = "", **more: str) -> Message:
    """Return a row of the list of channels."""
    return {**channel, "ChannelState": state, "BridgeId": bridge, **more}


def test_a_list_puts_right_what_was_lost() -> None:
    """A phone picked up while nobody listened, put the caller on hold, and went on: each list shows it."""
    calls, now = ringing_call(), NOON + timedelta(seconds=30)
    both = (row(FAR, "6", "b", **DIAL), row(NEAR, "6", "b", **APP_DIAL))
    for held, expected in (((), CallState.TALKING), (("PJSIP/trunk",), CallState.ON_HOLD), ((), CallState.TALKING)):
        calls.take_list(Listing(channels=both, held=held, asked_at=now), now + timedelta(seconds=1))
        assert states(calls) == {"101": expected, None: CallState.TALKING}
        now += timedelta(seconds=60)
    parked = (row(FAR, "6", "p", **DIAL),)
    listing = Listing(
        channels=parked,
        bridges=({"BridgeUniqueid": "p", "BridgeType": "parking"},),
        parked=({"ParkeeUniqueid": "1.1", "ParkingSpace": "701"},),
        asked_at=now,
    )
    calls.take_list(listing, now + timedelta(seconds=1))
    assert states(calls) == {None: CallState.ON_HOLD}


def test_a_list_does_not_beat_newer_events() -> None:
    """What was told since it was asked for is so."""
    calls, asked_at = ringing_call(), NOON + timedelta(seconds=30)
    calls.take({"Event": "Newstate", "ChannelState": "6", **NEAR}, asked_at + timedelta(milliseconds=1))
    for end in (NEAR, FAR):
        enters = {"Event": "BridgeEnter", "BridgeUniqueid": "b", "BridgeType": "basic", "ChannelState": "6", **end}
        calls.take(enters, asked_at + timedelta(milliseconds=2))
    old = (row(FAR, "4", **DIAL), row(NEAR, "5", **APP_DIAL))
    calls.take_list(Listing(channels=old, asked_at=asked_at), asked_at + timedelta(seconds=1))
    assert states(calls)["101"] is CallState.TALKING


def test_who_is_parked_meets_nobody() -> None:
    """Two callers in one car park are two calls, also when they are only listed."""
    calls = Calls(extension_of, EXTENSIONS, "CZ")
    other = {**FAR, "Channel": "PJSIP/trunk-00000005", "Uniqueid": "2.1", "Linkedid": "2.1"}
    listing = Listing(
        channels=(row(FAR, "6", "p", **DIAL), row(other, "6", "p", **DIAL)),
        bridges=({"BridgeUniqueid": "p", "BridgeType": "parking"},),
        parked=tuple({"ParkeeUniqueid": uid, "ParkingSpace": f"70{uid[0]}"} for uid in ("1.1", "2.1")),
        asked_at=NOON,
    )
    calls.take_list(listing, NOON + timedelta(seconds=1))
    calls.tick(NOON + timedelta(seconds=5))
    assert [call.state for call in calls.snapshot()] == [CallState.ON_HOLD] * 2


LIFE: tuple[Message, ...] = (
    {"Event": "Newchannel", "ChannelState": "4", "Exten": "222300101", **FAR},
    {"Event": "Newchannel", "ChannelState": "0", "Exten": "s", **NEAR},
    {"Event": "DialBegin", "Uniqueid": "1.1", "DestUniqueid": "1.2"},
    {"Event": "Newstate", "ChannelState": "5", **NEAR},
    {"Event": "Newstate", "ChannelState": "6", **NEAR},
    {"Event": "Newstate", "ChannelState": "6", **FAR},
    {"Event": "BridgeEnter", "BridgeUniqueid": "b", "BridgeType": "basic", **FAR},
    {"Event": "BridgeEnter", "BridgeUniqueid": "b", "BridgeType": "basic", **NEAR},
    {"Event": "Hangup", "Cause": "16", **NEAR},
    {"Event": "Hangup", "Cause": "16", **FAR},
)


@pytest.mark.parametrize("again", ["told", "listed", "listed_talking"])
@pytest.mark.parametrize("lives", [2, 3])
def test_ids_that_begin_anew_with_the_clock_are_those_of_new_calls(again: str, lives: int) -> None:
    """The machine has no clock of its own and was started again: channels and calls have the ids of earlier ones."""
    replay, now = Replay(), NOON
    for life in range(lives):
        replay.calls.begin_anew()
        rows: tuple[Message, ...] = ()
        if life and again == "listed":
            rows = (row(FAR, "4", **DIAL), row(NEAR, "5", **APP_DIAL))
        elif life and again == "listed_talking":
            rows = (row(FAR, "6", "b", **DIAL), row(NEAR, "6", "b", **APP_DIAL))
        replay.calls.take_list(Listing(channels=rows, asked_at=now), now)
        replay.push(now)
        for message in LIFE[-2:] if rows and again == "listed_talking" else LIFE:
            now += timedelta(seconds=1)
            replay.calls.tick(now)
            replay.calls.take(message, now)
            replay.push(now)
    assert replay.told == {"call_incoming": lives, "call_answered": lives, "call_ended": lives}
    assert replay.calls.snapshot() == ()


def test_a_list_older_than_the_end_of_a_call_does_not_begin_it_anew() -> None:
    """It was asked for before, and answered after."""
    replay, now = Replay(), NOON
    for message in LIFE:
        now += timedelta(seconds=1)
        replay.calls.tick(now)
        replay.calls.take(message, now)
    rows = (row(FAR, "6", "b", **DIAL), row(NEAR, "6", "b", **APP_DIAL))
    replay.calls.take_list(Listing(channels=rows, asked_at=now - timedelta(seconds=2)), now)
    assert replay.calls.snapshot() == ()


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
    listing = Listing(channels=(), asked_at=now + timedelta(seconds=1))
    replay.calls.take_list(listing, now + timedelta(seconds=2))
    replay.finish(now + timedelta(seconds=3))
    assert replay.calls.snapshot() == ()
    assert not replay.registry.calls
