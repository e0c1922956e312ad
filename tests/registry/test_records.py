"""Records: what they settle and correct, and what is told of them, also where nobody saw the call itself."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from custom_components.pbx.registry.call_registry import ACCOUNT, CallRegistry
from custom_components.pbx.telephony.events import event_data
from custom_components.pbx.telephony.models import (
    CallRecord,
    CallState,
    Direction,
    Directory,
    EventType,
    Extension,
    Notice,
    Outcome,
    Party,
)

from .story import (
    ANSWERED,
    CALLER,
    GROUP,
    IN,
    MISSED,
    D,
    E,
    R,
    Step,
    Story,
    T,
    call,
    leg,
    listed,
    moment,
    notice,
    push,
    record,
    story,
    wait,
)

RECORD = CallRecord(
    id="r1",
    call_id="c",
    direction=Direction.INCOMING,
    outcome=Outcome.ANSWERED,
    caller=Party(number="+390612345678", name="Anna"),
    callee=Party(number="101"),
    extension="101",
    answered_by="101",
    started_at=moment(0),
    duration=6,
    recording_id="rec",
    recording_url="https://media.example/rec.mp3",
    voicemail=True,
    voicemail_url="https://media.example/vm.mp3",
)
MEDIA = (EventType.RECORDING_READY, EventType.VOICEMAIL_RECEIVED)


@pytest.mark.parametrize("kind", MEDIA)
def test_what_can_be_heard_says_of_which_call_it_is(kind: EventType) -> None:
    """Who called whom, when and how long, as the record knows it: the call may have been before the start."""
    made = story().play(record(RECORD))
    (told,) = (event_data(event) for event in made.events if event.type is kind)
    assert (told["call_id"], told["record_id"], told["direction"]) == ("c", "r1", "incoming")
    assert (told["from_number"], told["from_name"], told["to_number"]) == ("+390612345678", "Anna", "101")
    assert (told["started_at"], told["duration"]) == (moment(0).isoformat(), 6)


def test_a_voicemail_is_not_the_recording() -> None:
    """Each event has what it is about."""
    made = story().play(record(RECORD))
    recording, voicemail = (event_data(event) for event in made.events if event.type in MEDIA)
    assert (recording["recording_id"], recording["recording_url"]) == ("rec", "https://media.example/rec.mp3")
    assert voicemail["recording_url"] == "https://media.example/vm.mp3"
    assert "recording_id" not in voicemail


@pytest.mark.parametrize(("states", "outcome"), [((R, T, E), "answered"), ((R, E), "missed")])
def test_what_a_record_leaves_open_the_call_says(states: tuple[CallState, ...], outcome: str) -> None:
    """A record that does not tell how the call went takes nothing back, and is told with what is known."""
    pushes = (push("c", "101", state, final=state is E) for state in states)
    made = story().play(*pushes, record(CallRecord(id="c", call_id="c")))
    kinds = [event.type for event in made.events]
    assert EventType.CALL_CORRECTED not in kinds
    (told,) = (event_data(event) for event in made.events if event.type is EventType.CALL_RECORD)
    assert told["outcome"] == outcome


def test_a_record_has_the_id_that_its_call_had() -> None:
    """Also where the phone system files the call under another id than it was pushed with."""
    made = story(pushed_ids_differ=True).play(push("c", "101", R), push("c", "101", T), push("c", "101", E))
    known = made.events[-1].call
    assert known is not None
    told = event_data(replace(made.events[-1], type=EventType.CALL_RECORD, record=replace(RECORD, call_id="other")))
    assert told["call_id"] == known.id


def test_a_record_has_the_names_that_are_known() -> None:
    """Of ours from the directory, of others from the name book; it keeps a name of its own."""
    registry = CallRegistry(names={"+390612345678": Party(name="Bob")}.get)
    made = Story(registry)
    made.take(registry.directory(Directory(extensions=(Extension(number="101", name="Ann"),)), made.now))
    nameless = replace(RECORD, caller=Party(number="+390612345678"))
    pretending = replace(RECORD, id="r3", call_id="d", caller=Party(number="101"))
    made.play(record(nameless), record(replace(RECORD, id="r2")), record(pretending))
    first, second, third = (event_data(event) for event in made.events if event.type is EventType.CALL_RECORD)
    assert (first["from_name"], first["to_name"]) == ("Bob", "Ann")
    assert (second["from_name"], second["to_name"]) == ("Anna", "Ann")
    assert "from_name" not in third  # a stranger who shows the number of one of ours


# -- rule 8: records ---------------------------------------------------------------------------------

SHORT_RECORD = CallRecord(id="1", call_id="c", direction=IN, outcome=Outcome.ANSWERED, answered_by="101", duration=7)


def test_rule_8_a_record_settles_a_lost_hang_up() -> None:
    """The call ends with what the record knows."""
    made = story().play(push("c", "101", T), record(SHORT_RECORD))
    assert not made.registry.calls
    assert made.told == [*ANSWERED, "call_record"]
    assert made.registry.last_call is not None
    assert made.registry.last_call.record == SHORT_RECORD


def test_rule_8_a_record_settles_a_lost_answer() -> None:
    """The count of missed calls is put right, unless it was acknowledged meanwhile."""
    made = story().play(push("c", "101", R), push("c", None, E))
    assert made.registry.missed == 1
    made.play(record(SHORT_RECORD))
    assert made.registry.missed == 0
    assert made.registry.last_call is not None
    assert made.registry.last_call.outcome is Outcome.ANSWERED
    assert made.told == [*MISSED, "call_corrected", "call_record"]


@pytest.mark.parametrize("outcome", [Outcome.BUSY, Outcome.CANCELLED])
def test_rule_8_a_record_corrects_whatever_was_counted_as_missed(outcome: Outcome) -> None:
    """Not only what was called missed."""
    made = story().play(push("c", "101", R), push("c", None, E, outcome=outcome))
    assert made.registry.missed == 1
    made.play(record(SHORT_RECORD))
    assert made.registry.missed == 0


def test_rule_8_a_correction_does_not_take_another_call_from_the_count() -> None:
    """What was acknowledged is not counted any more."""
    made = story().play(push("c", "101", R), push("c", None, E))
    made.take(made.registry.acknowledge_missed())
    assert made.keys >= {ACCOUNT}
    made.play(push("d", "101", R), push("d", None, E), record(SHORT_RECORD))
    assert made.registry.missed == 1
    made.registry.acknowledge_missed()
    assert not made.registry.acknowledge_missed()


@pytest.mark.parametrize("outcome", [Outcome.MISSED, Outcome.BUSY, Outcome.CANCELLED, Outcome.VOICEMAIL])
def test_rule_9_a_record_can_say_that_a_call_was_missed(outcome: Outcome) -> None:
    """Which way it went, and that nobody took it, was not known before."""
    other = story().play(push("c", "101", D, direction=None), push("c", None, E, direction=None))
    assert other.registry.missed == 0
    other.play(record(replace(SHORT_RECORD, outcome=outcome, answered_by=None)))
    assert other.registry.missed == 1


@pytest.mark.parametrize(
    ("outcomes", "final"),
    [
        ([Outcome.ANSWERED_ELSEWHERE, Outcome.ANSWERED], Outcome.ANSWERED),
        ([Outcome.ANSWERED, Outcome.ANSWERED_ELSEWHERE], Outcome.ANSWERED),
        ([Outcome.MISSED, Outcome.ANSWERED, Outcome.MISSED], Outcome.ANSWERED),
        ([Outcome.ANSWERED_ELSEWHERE, Outcome.BUSY], Outcome.BUSY),
        ([Outcome.UNKNOWN], Outcome.MISSED),
    ],
)
def test_rule_8_of_several_records_an_answered_one_counts(outcomes: list[Outcome], final: Outcome) -> None:
    """Phones that were too slow have records of their own."""
    made = story().play(
        push("c", "101", R),
        push("c", None, E),
        *(record(replace(SHORT_RECORD, id=str(n), outcome=outcome)) for n, outcome in enumerate(outcomes)),
    )
    assert made.registry.last_call is not None
    assert made.registry.last_call.outcome is final
    assert made.registry.missed == (final is not Outcome.ANSWERED)


def test_rule_8_the_record_of_a_slow_phone_ends_only_its_part() -> None:
    """The call goes on."""
    slow = replace(SHORT_RECORD, outcome=Outcome.ANSWERED_ELSEWHERE, extension="101", answered_by="102")
    made = story().play(*GROUP, record(slow))
    assert made.registry.state_of("101") is None
    assert made.registry.state_of("102") is R
    made.play(push("c", "102", T), record(replace(slow, id="2", outcome=Outcome.MISSED, extension="103")))
    assert made.registry.state_of("102") is T


@pytest.mark.parametrize(
    ("again", "key", "ended", "state"),
    [
        pytest.param(listed(call("c", leg("101", R), leg("102", T))), None, None, R, id="listed_and_asked_for"),
        pytest.param(listed(call("c", leg("101", R), leg("102", T))), "r", None, None, id="listed_and_pushed"),
        pytest.param(push("c", "101", R, leg="l2"), "r", 3, R, id="began_after_the_record"),
        pytest.param(push("c", "101", R, leg="l2"), "r", 60, None, id="began_before_the_end_of_the_record"),
    ],
)
def test_rule_8_the_record_of_a_part_ends_no_later_ring_of_its_phone(
    again: Step, key: str | None, ended: float | None, state: CallState | None
) -> None:
    """A phone that has handed a call over may be given it again, and its first part is written down meanwhile."""
    part = replace(SHORT_RECORD, outcome=Outcome.ANSWERED_ELSEWHERE, extension="101", answered_by="102")
    if ended is not None:
        part = replace(part, started_at=moment(0), ended_at=moment(ended))
    made = story().play(push("c", "102", T), push("c", "101", R, leg="l1"), push("c", "101", E, leg="l1"), wait(30))
    made.play(again, wait(40), record(part, key=key))
    assert made.registry.state_of("101") is state
    assert made.registry.state_of("102") is T


def test_rule_8_the_record_of_a_phone_that_handed_over_ends_only_its_part() -> None:
    """Its part is over, the call is not."""
    made = story().play(push("c", "101", T), push("c", "102", T), push("c", "101", E), record(SHORT_RECORD))
    assert made.registry.state_of("102") is T


def test_rule_8_a_record_that_was_asked_for_is_told_once() -> None:
    """The history repeats what was pushed; a recording is told by its record or by a message of its own."""
    recorded = replace(SHORT_RECORD, recording_id="rec", voicemail=True)
    made = story()
    made.take(made.registry.directory(Directory(unread_voicemails=0), made.now))
    made.play(
        record(recorded),
        record(recorded, key=None),
        notice(Notice(provider_event="audio", type=EventType.RECORDING_READY, fields={"recording_id": "rec"})),
    )
    assert made.told == ["call_ended", "call_record", "recording_ready", "voicemail_received"]
    assert made.registry.unread_voicemails == 1


def test_what_can_be_heard_is_told_once_however_often_its_record_comes() -> None:
    """A record may be told again with more in it, such as what was said in words."""
    bare = replace(SHORT_RECORD, voicemail=None)
    heard = replace(bare, recording_id="rec", voicemail=True)
    made = story()
    made.take(made.registry.directory(Directory(unread_voicemails=0), made.now))
    made.play(*(record(one, key=key) for one, key in ((bare, "a"), (heard, "b"), (heard, "b"), (heard, "c"))))
    media = [event.type.value for event in made.events if event.type in MEDIA]
    assert media == ["recording_ready", "voicemail_received"]
    assert made.told.count("call_record") == 3
    assert made.registry.unread_voicemails == 1


def test_rule_8_a_record_of_an_unknown_call_is_told() -> None:
    """To the phone it names."""
    made = story().play(record(replace(SHORT_RECORD, call_id=None)), record(replace(SHORT_RECORD, id="2", call_id="x")))
    assert made.told == ["call_record", "call_ended", "call_record"]
    assert [told.partition(":")[0] for told in made.heard("101")] == made.told
    assert made.events[0].call is None


@pytest.mark.parametrize("waits", [0, 3, 30])
@pytest.mark.parametrize(
    "heard",
    [
        (push("c", "101", E),),
        (push("c", None, E),),
        (push("c", "101", E, time=9), push("c", "101", R, time=1)),
        (push("c", "101", E, time=9), push("c", "102", E, time=9), push("c", "101", R, time=1)),
    ],
    ids=["of_a_phone", "of_the_call", "before_its_ring", "before_the_rings"],
)
@pytest.mark.parametrize("outcome", [Outcome.MISSED, Outcome.ANSWERED, Outcome.VOICEMAIL])
def test_rule_8_a_call_of_which_only_the_end_was_heard_is_told_by_its_record(
    heard: tuple[Step, ...], waits: float, outcome: Outcome
) -> None:
    """Nothing was told of it before: it is not only counted, whenever the record comes."""
    late = replace(SHORT_RECORD, outcome=outcome, answered_by="101" if outcome is Outcome.ANSWERED else None)
    made = story(grace=5).play(*heard, wait(waits), record(late), wait(30), record(replace(late, id="2")))
    missed = outcome is not Outcome.ANSWERED
    assert made.told == ["call_missed" if missed else "call_ended", "call_record", "call_record"]
    assert made.registry.missed == missed
    assert made.registry.last_call is not None
    assert made.registry.last_call.outcome is outcome


@pytest.mark.parametrize("heard", [(), (push("c", "101", E),)], ids=["nothing", "its_end_again"])
@pytest.mark.parametrize("end", ["told", "expired", "recorded"])
def test_rule_8_a_record_that_comes_long_after_the_end_tells_no_other_one(heard: tuple[Step, ...], end: str) -> None:
    """It comes again with its sound, or the call had only seemed to be over: nobody is missed twice."""
    ends: dict[str, tuple[Step, ...]] = {
        "told": (push("c", "101", E, final=True),),
        "expired": (wait(4000),),
        "recorded": (record(SHORT_RECORD),),
    }
    made = story().play(push("c", "101", R), *ends[end], wait(700), push("other", "102", R), push("other", "102", E))
    before = made.told
    made.play(*heard, wait(30), record(replace(SHORT_RECORD, id="again")))
    assert made.told == [*before, "call_record"]


def test_rule_8_a_record_without_an_outcome_ends_a_call_as_far_as_it_is_known() -> None:
    """It says only that it is over."""
    made = story().play(push("c", "101", R), record(replace(SHORT_RECORD, outcome=Outcome.UNKNOWN, answered_by=None)))
    assert made.registry.last_call is not None
    assert made.registry.last_call.outcome is Outcome.MISSED


HOURS = [-5, -1, -0.25, 0, 0.005, 1, 2]


@pytest.mark.parametrize("hours", HOURS)
@pytest.mark.parametrize("seen", ["lost_hang_up", "missed_first", "in_grace", "listed", "never"])
def test_a_record_by_any_clock_makes_no_call_longer(hours: float, seen: str) -> None:
    """It says how long a call rang and its people talked; when that was is told by our clock."""
    off = 3600 * hours
    said = CallRecord(
        id="r",
        call_id="c",
        direction=IN,
        outcome=Outcome.ANSWERED,
        caller=Party(number=CALLER),
        answered_by="101",
        started_at=moment(1 + off),
        answered_at=moment(11 + off),
        ended_at=moment(61 + off),
    )
    begins = listed(call("c", leg("out", R), leg("101", R))) if seen == "listed" else push("c", "101", R)
    ends = {
        "lost_hang_up": (begins, wait(60)),
        "missed_first": (begins, wait(59), push("c", "101", E), wait(10)),
        "in_grace": (begins, wait(59), push("c", "101", E)),
        "listed": (begins, wait(59), listed()),
        "never": (wait(62),),
    }[seen]
    made = story(grace=0 if seen == "listed" else 5).play(*ends, record(said), wait(10))
    data = [event_data(event) for event in made.events if event.public]
    last = next(one for one in reversed(data) if one["type"] in {"call_ended", "call_corrected"})
    assert str(last["started_at"]) <= str(last["answered_at"]) <= str(last["ended_at"])
    assert last["ring_time"] == pytest.approx(10, abs=20 if hours == 0.005 else 3)
    assert last["duration"] == pytest.approx(50, abs=20 if hours == 0.005 else 3)
    (written,) = (one for one in data if one["type"] == "call_record")
    assert str(written["started_at"]) <= str(written["answered_at"]) <= str(written["ended_at"])
    if seen != "never":
        assert abs(datetime.fromisoformat(str(written["started_at"])) - moment(1)) < timedelta(minutes=1)
    assert datetime.fromisoformat(str(written["ended_at"])) <= made.now


@pytest.mark.parametrize(
    ("started", "ended"), [(-600, 60), (1, 1900), (20, 40), (-600, 40)], ids=["restart", "lost_end", "part", "both"]
)
def test_a_record_by_a_clock_that_is_right_keeps_its_times(started: float, ended: float) -> None:
    """Home Assistant saw only a part of the call, or the record is about a part of it."""
    said = CallRecord(
        id="r",
        call_id="c",
        direction=IN,
        outcome=Outcome.MISSED,
        started_at=moment(started),
        ended_at=moment(ended),
    )
    made = story().play(push("c", "101", R), wait(1900 if ended > 100 else 58), push("c", "101", E), record(said))
    data = next(event_data(event) for event in made.events if event.type is EventType.CALL_RECORD)
    assert data["started_at"] == moment(started).isoformat()
