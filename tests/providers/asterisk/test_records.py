"""Records of calls (`Cdr` events): as a real Asterisk 22 tells them, put together to one of each call."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from custom_components.pbx.providers.asterisk.calls import Calls
from custom_components.pbx.providers.asterisk.records import MOST_ROWS, Records
from custom_components.pbx.telephony.models import CallRecord, Direction, Outcome, Pushed, RecordPush

from .test_calls import EXTENSIONS, NOON, extension_of

TRUNK, OTHER_TRUNK = "PJSIP/trunk-voip-00000001", "PJSIP/trunk-voip-00000002"
LATER = timedelta(seconds=1)


def cdr(channel: str, destination: str = "", said: str = "ANSWERED", uid: str = "1.1", **more: str) -> dict[str, str]:
    """Return a record; Asterisk's clock shows the hour of New York."""
    return {
        "Event": "Cdr",
        "Source": "420777123456",
        "CallerID": '"John" <420777123456>',
        "Destination": "222300101",
        "Channel": channel,
        "DestinationChannel": destination,
        "LastApplication": "Dial",
        "StartTime": "2026-11-28 06:59:40",
        "AnswerTime": "2026-11-28 06:59:45" if said == "ANSWERED" else "",
        "EndTime": "2026-11-28 07:00:00",
        "Disposition": said,
        "UniqueID": uid,
        **more,
    }


def phone_of(number: str) -> str:
    """Return a channel of a phone."""
    return f"PJSIP/{number}-0000000a"


def glue(number: str, half: int) -> str:
    """Return half a pair of Local channels."""
    return f"Local/{number}@internal-00000001;{half}"


class Written:
    """The records of an Asterisk, with the calls that were seen."""

    def __init__(self) -> None:
        """Have seen no call."""
        self.calls = Calls(extension_of, EXTENSIONS, "CZ")
        self.records = Records(self.calls, extension_of, EXTENSIONS, "CZ")

    def told(self, *rows: Mapping[str, str], at: datetime = NOON) -> list[CallRecord]:
        """Return what is told of some records a moment later."""
        for row in rows:
            self.records.take(row, at)
        return [push.record for push in self.records.tick(at + LATER) if isinstance(push, RecordPush)]


@pytest.mark.parametrize(
    ("rows", "direction", "outcome", "answered_by"),
    [
        ([cdr(TRUNK, phone_of("101"))], Direction.INCOMING, Outcome.ANSWERED, "101"),
        ([cdr(TRUNK, phone_of("101"), "NO ANSWER")], Direction.INCOMING, Outcome.MISSED, None),
        ([cdr(TRUNK, phone_of("101"), "BUSY")], Direction.INCOMING, Outcome.BUSY, None),
        (
            [cdr(TRUNK, phone_of("101"), "BUSY"), cdr(TRUNK, phone_of("102"), "NO ANSWER")],
            Direction.INCOMING,
            Outcome.MISSED,
            None,
        ),
        (
            [
                cdr(TRUNK, phone_of("101"), "NO ANSWER"),
                cdr(TRUNK, phone_of("102")),
                cdr(TRUNK, phone_of("103"), "NO ANSWER"),
            ],
            Direction.INCOMING,
            Outcome.ANSWERED,
            "102",
        ),
        ([cdr(TRUNK, LastApplication="WaitExten")], Direction.INCOMING, Outcome.MISSED, None),
        ([cdr(TRUNK, LastApplication="Queue")], Direction.INCOMING, Outcome.MISSED, None),
        (
            [cdr(TRUNK, phone_of("105"), "NO ANSWER"), cdr(TRUNK, LastApplication="VoiceMail", Sequence="2")],
            Direction.INCOMING,
            Outcome.VOICEMAIL,
            None,
        ),
        ([cdr(TRUNK, OTHER_TRUNK)], Direction.INCOMING, Outcome.ANSWERED, None),
        ([cdr(phone_of("101"), TRUNK, Destination="420608000111")], Direction.OUTGOING, Outcome.ANSWERED, None),
        (
            [cdr(phone_of("101"), TRUNK, "NO ANSWER", Destination="420608000111")],
            Direction.OUTGOING,
            Outcome.NO_ANSWER,
            None,
        ),
        ([cdr(phone_of("101"), TRUNK, "FAILED", Destination="420608000111")], Direction.OUTGOING, Outcome.FAILED, None),
        ([cdr(phone_of("101"), phone_of("102"), Destination="102")], Direction.INTERNAL, Outcome.ANSWERED, "102"),
        ([cdr(phone_of("101"), Destination="*43")], Direction.INTERNAL, Outcome.ANSWERED, None),
    ],
)
def test_a_call_that_nobody_saw(
    rows: list[dict[str, str]], direction: Direction, outcome: Outcome, answered_by: str | None
) -> None:
    """Its records are one: a phone or trunk that answered is a person, and what else picks up is none."""
    (record,) = Written().told(*rows)
    assert (record.direction, record.outcome, record.answered_by) == (direction, outcome, answered_by)
    assert record.call_id == "1.1"


@pytest.mark.parametrize(
    "linked",
    [{}, {"LinkedID": "1.1"}, {"linkedid": "1.1"}, {"LinkedId": "1.1"}],
    ids=["by the pair", "by the Linkedid", "in lower case", "in another case"],
)
@pytest.mark.parametrize("order", [lambda rows: rows, lambda rows: rows[::-1]], ids=["caller first", "phone first"])
def test_a_call_over_local_channels(
    linked: dict[str, str], order: Callable[[list[dict[str, str]]], list[dict[str, str]]]
) -> None:
    """The parts of its way are one call: who answered, the part that ends at a phone says."""
    rows = [
        cdr(TRUNK, glue("102", 1), **linked),
        cdr(glue("102", 2), phone_of("102"), "NO ANSWER", "1.3", **linked),
        cdr(TRUNK, "Local/103@internal-00000002;1", **linked),
        cdr("Local/103@internal-00000002;2", phone_of("103"), uid="1.5", **linked),
    ]
    (record,) = Written().told(*order(rows))
    assert (record.outcome, record.answered_by, record.caller.number) == (Outcome.ANSWERED, "103", "+420777123456")


@pytest.mark.parametrize("hours", [-5, 0, 1, 5.5])
def test_times(hours: float) -> None:
    """Asterisk does not tell the zone of its clock; that the record has just been written tells it."""
    shift = timedelta(hours=hours)
    clock = {
        key: f"{NOON + shift - timedelta(seconds=ago):%Y-%m-%d %H:%M:%S}"
        for key, ago in (("StartTime", 20), ("AnswerTime", 15), ("EndTime", 0))
    }
    (record,) = Written().told({**cdr(TRUNK, phone_of("101")), **clock})
    assert record.started_at == NOON - timedelta(seconds=20)
    assert record.answered_at == NOON - timedelta(seconds=15)
    assert record.ended_at == NOON


@pytest.mark.parametrize("clock", ["", "yesterday", "2026-11-28"])
def test_times_that_are_none(clock: str) -> None:
    """They are not known."""
    (record,) = Written().told(cdr(TRUNK, phone_of("101"), StartTime=clock, AnswerTime=clock, EndTime=""))
    assert (record.started_at, record.answered_at, record.ended_at) == (None, None, None)


def channel(uid: str, name: str, state: str, **more: str) -> dict[str, str]:
    """Return the event of a new channel."""
    return {
        "Event": "Newchannel",
        "Uniqueid": uid,
        "Linkedid": "1.1",
        "Channel": name,
        "ChannelState": state,
        "CallerIDNum": "420777123456",
        "Exten": "222300101",
        **more,
    }


def test_a_call_that_goes_on() -> None:
    """Its records wait until it is over; of one that was watched they leave open how it went."""
    written = Written()
    written.calls.take(channel("1.1", TRUNK, "4"), NOON)
    written.calls.take(channel("1.2", phone_of("101"), "5"), NOON)
    written.calls.tick(NOON + LATER * 3)
    assert written.told(cdr(TRUNK, phone_of("101")), at=NOON + LATER * 3) == []
    for uid in ("1.2", "1.1"):
        written.calls.take({"Event": "Hangup", "Uniqueid": uid, "Cause": "16"}, NOON + LATER * 4)
    (record,) = written.told(at=NOON + LATER * 5)
    assert (record.call_id, record.outcome) == ("1.1", Outcome.UNKNOWN)


def test_a_call_with_a_gap() -> None:
    """Of a call that goes on while events are lost, the record says how it went."""
    written = Written()
    written.calls.take(channel("1.1", TRUNK, "4"), NOON)
    written.calls.take(channel("1.2", phone_of("101"), "5"), NOON)
    written.calls.tick(NOON + LATER * 3)
    written.calls.begin_anew()
    for uid in ("1.2", "1.1"):
        written.calls.take({"Event": "Hangup", "Uniqueid": uid, "Cause": "16"}, NOON + LATER * 4)
    (record,) = written.told(cdr(TRUNK, phone_of("101")), at=NOON + LATER * 5)
    assert (record.call_id, record.outcome, record.answered_by) == ("1.1", Outcome.ANSWERED, "101")


def test_what_is_no_call() -> None:
    """Who listens to a call, and a code of which nothing was told."""
    written = Written()
    written.calls.remembered.ignored.put("7.1", None)
    written.calls.take(channel("8.1", phone_of("104"), "4", Exten="*8101", Linkedid="8.1"), NOON)
    written.calls.take({"Event": "Hangup", "Uniqueid": "8.1", "Cause": "16"}, NOON)
    rows = (
        cdr(phone_of("105"), uid="7.1"),
        cdr(phone_of("105"), uid="7.2", LastApplication="ChanSpy"),
        cdr(glue("102", 2), uid="7.3"),
    )
    assert written.told(*rows) == []


def test_records_are_told_once() -> None:
    """One that comes late says nothing new, unless it knows of an answer."""
    written = Written()
    assert len(written.told(cdr(TRUNK, phone_of("101"), "NO ANSWER"))) == 1
    assert written.told(cdr(TRUNK, phone_of("102"), "NO ANSWER")) == []
    (better,) = written.told(cdr(TRUNK, phone_of("103")))
    assert better.outcome is Outcome.ANSWERED
    assert written.told(cdr(TRUNK, phone_of("103"))) == written.told(cdr(TRUNK, phone_of("102"), "NO ANSWER")) == []


def test_a_flood() -> None:
    """Memory is bounded."""
    written = Written()
    pushes: list[CallRecord] = written.told(*(cdr(TRUNK, uid=f"9.{number}") for number in range(2 * MOST_ROWS)))
    assert len(pushes) == MOST_ROWS
    assert written.records.due() is None


def test_nothing_ticks() -> None:
    """While no record has come there is nothing to wait for."""
    written = Written()
    assert written.records.due() is None
    nothing: list[Pushed] = []
    assert written.records.tick(datetime.now(UTC)) == nothing


@pytest.mark.parametrize("key", ["LinkedID", "linkedid", "LINKEDID"])
def test_whoever_maps_the_linkedid_names_it(key: str) -> None:
    """Two records of one call without a common channel are one."""
    (record,) = Written().told(
        cdr(phone_of("102"), phone_of("103"), "NO ANSWER", "1.7", **{key: "1.1"}),
        cdr(TRUNK, phone_of("101"), "NO ANSWER", **{key: "1.1"}),
    )
    assert record.id == "1.1"


@pytest.mark.parametrize(
    ("dialled", "reached", "direction"),
    [
        ("60000", phone_of("102"), Direction.INTERNAL),
        ("600", phone_of("102"), Direction.INTERNAL),
        ("112", OTHER_TRUNK, Direction.OUTGOING),
        ("60000", "", Direction.OUTGOING),
        ("600", "", Direction.INTERNAL),
    ],
)
def test_a_record_goes_where_its_channels_go(dialled: str, reached: str, direction: Direction) -> None:
    """As the call itself: the length of a number is only a guess."""
    (record,) = Written().told(cdr(phone_of("101"), reached, "NO ANSWER", Source="101", Destination=dialled))
    assert record.direction is direction


def test_the_record_of_the_last_trunk_tells_how_it_went() -> None:
    """One that is down was passed over."""
    rows = [
        cdr(phone_of("101"), TRUNK, "FAILED", Source="101", Destination="777123456"),
        cdr(
            phone_of("101"), OTHER_TRUNK, "BUSY", Source="101", Destination="777123456", StartTime="2026-11-28 06:59:50"
        ),
    ]
    (record,) = Written().told(*rows)
    assert (record.direction, record.outcome) == (Direction.OUTGOING, Outcome.BUSY)
