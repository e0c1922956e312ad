"""How a call went: who knows better decides, in whatever order it is said (rules 8 and 9)."""

from collections.abc import Sequence
from itertools import permutations
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony.events import event_data
from custom_components.pbx.telephony.models import CallRecord, CallState, EventType, LegPush, Outcome, Party

from .story import (
    CALLER,
    IN,
    OUT,
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
    push,
    pushed,
    record,
    story,
    wait,
)

ANSWERED = CallRecord(id="a", call_id="c", direction=IN, outcome=Outcome.ANSWERED, caller=Party(number=CALLER))
SECONDS = CallRecord(id="s", call_id="c", direction=IN, outcome=Outcome.ANSWERED, by_seconds=True)
MISSED = CallRecord(id="m", call_id="c", direction=IN, outcome=Outcome.MISSED)
VOICEMAIL = CallRecord(id="v", call_id="c", direction=IN, outcome=Outcome.VOICEMAIL)
REJECTED = CallRecord(id="x", call_id="c", direction=IN, outcome=Outcome.REJECTED)
ELSEWHERE = CallRecord(id="e", call_id="c", direction=IN, outcome=Outcome.ANSWERED_ELSEWHERE, extension="102")

RANG = (push("c", "101", R), push("c", "101", E), push("c", None, E, final=True))
TALKED = (push("c", "101", R), push("c", "101", T), push("c", "101", E), push("c", None, E, final=True))
DECLINED = (
    push("c", "101", R),
    push("c", "101", E, outcome=Outcome.REJECTED),
    push("c", None, E, final=True),
)


def hung_up_here(extension: str | None = None, call_id: str = "c") -> Step:
    """Hang up a call by an action."""
    return lambda made: made.registry.note_hang_up(call_id, extension, done=True)


def outcome(made: Story) -> Outcome | None:
    """Return how the last call went."""
    assert made.registry.last_call is not None
    return made.registry.last_call.outcome


@pytest.mark.parametrize(
    ("seen", "records", "expected"),
    [
        (RANG, (MISSED, ELSEWHERE), Outcome.MISSED),
        (RANG, (VOICEMAIL, ELSEWHERE), Outcome.VOICEMAIL),
        (RANG, (REJECTED, ELSEWHERE), Outcome.REJECTED),
        (RANG, (ANSWERED, ELSEWHERE), Outcome.ANSWERED),
        (RANG, (ANSWERED, MISSED), Outcome.ANSWERED),
        (RANG, (SECONDS, MISSED), Outcome.MISSED),
        (RANG, (SECONDS, MISSED, ELSEWHERE), Outcome.MISSED),
        (RANG, (SECONDS, ANSWERED), Outcome.ANSWERED),
        (TALKED, (MISSED, SECONDS), Outcome.ANSWERED),
        (TALKED, (VOICEMAIL, REJECTED), Outcome.ANSWERED),
        (DECLINED, (MISSED, ELSEWHERE), Outcome.REJECTED),
        (DECLINED, (VOICEMAIL, ELSEWHERE), Outcome.VOICEMAIL),
    ],
)
def test_the_order_of_the_evidence_changes_nothing(
    seen: tuple[Step, ...], records: Sequence[CallRecord], expected: Outcome
) -> None:
    """What was seen, and the records in any order, give one outcome, and the count follows it."""
    for order in permutations(records):
        made = story().play(*seen, *(record(each) for each in order))
        assert outcome(made) is expected, [each.id for each in order]
        assert made.registry.missed == (expected in {Outcome.MISSED, Outcome.VOICEMAIL})
        assert sum(kind in {"call_missed", "call_ended"} for kind in made.told) == 1


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.sampled_from([RANG, TALKED, DECLINED]),
    st.lists(st.sampled_from([ANSWERED, SECONDS, MISSED, VOICEMAIL, REJECTED, ELSEWHERE]), min_size=1, max_size=5),
    st.randoms(use_true_random=False),
)
def test_any_order_of_any_evidence_gives_one_outcome(
    seen: tuple[Step, ...], records: list[CallRecord], chance: Random
) -> None:
    """Also if some of it comes twice: the last event, the count and what is remembered agree."""
    shuffled = [*records, *chance.sample(records, len(records) // 2)]
    chance.shuffle(shuffled)
    made = [story().play(*seen, *(record(each) for each in order)) for order in (records, shuffled)]
    assert outcome(made[0]) is outcome(made[1])
    assert made[0].registry.missed == made[1].registry.missed
    assert made[0].registry.missed == (outcome(made[0]) in {Outcome.MISSED, Outcome.VOICEMAIL})
    for each in made:
        last = event_data(
            next(event for event in reversed(each.events) if event.public and "outcome" in event_data(event))
        )
        if last["type"] != "call_record":
            assert last["outcome"] == outcome(each)


@pytest.mark.parametrize(
    ("steps", "expected", "missed"),
    [
        (DECLINED, Outcome.REJECTED, 0),
        ((push("c", "101", R), hung_up_here(), push("c", None, E)), Outcome.REJECTED, 0),
        ((push("c", "101", R), hung_up_here("101"), push("c", None, E)), Outcome.REJECTED, 0),
        ((push("c", "101", R), push("c", "102", R), hung_up_here("101"), push("c", None, E)), Outcome.MISSED, 1),
        ((push("c", "101", R), push("c", "102", R), hung_up_here(), push("c", None, E)), Outcome.REJECTED, 0),
        (
            (
                push("c", "101", R),
                push("c", "102", R),
                push("c", "101", E, outcome=Outcome.REJECTED),
                push("c", None, E),
            ),
            Outcome.MISSED,
            1,
        ),
        ((push("c", "101", T), hung_up_here(), push("c", None, E)), Outcome.ANSWERED, 0),
        ((push("c", "101", R), hung_up_here(), push("c", None, E, outcome=Outcome.VOICEMAIL)), Outcome.VOICEMAIL, 1),
    ],
)
def test_rejected_is_not_missed(steps: tuple[Step, ...], expected: Outcome, missed: int) -> None:
    """By the phone or by Home Assistant; one phone of a group alone rejects nothing."""
    made = story().play(*steps)
    assert outcome(made) is expected
    assert made.registry.missed == missed
    assert made.told[-1] == ("call_missed" if missed else "call_ended")


def test_a_phone_that_declines_has_not_missed_the_call() -> None:
    """The others of its group may have."""
    made = story().play(
        push("c", "101", R), push("c", "102", R), push("c", "101", E, outcome=Outcome.REJECTED), push("c", None, E)
    )
    assert made.heard("101")[-1] == "call_ended:rejected"
    assert made.heard("102")[-1] == "call_missed:missed"


@pytest.mark.parametrize("mobile", [R, D, None], ids=["rings", "dials", "none"])
def test_a_phone_that_declines_beside_a_mobile_outside_rejects_nothing(mobile: CallState | None) -> None:
    """A group may have a member outside, which rings on until the caller gives up."""
    caller = push("c", None, T, leg="trunk")
    rings = () if mobile is None else (push("c", None, mobile, leg="mobile"),)
    declines = push("c", "102", E, outcome=Outcome.REJECTED)
    made = story().play(caller, push("c", "102", R), *rings, declines, push("c", None, E, final=True))
    assert outcome(made) is (Outcome.REJECTED if mobile is None else Outcome.MISSED)
    assert made.registry.missed == (mobile is not None)


def test_an_agent_who_declines_rejects_nothing() -> None:
    """The caller waits for the next one of the queue, and has called in vain."""
    made = story()
    for state, said in ((R, None), (E, Outcome.REJECTED)):
        made.play(
            pushed(
                LegPush(
                    provider_event="x",
                    call_id="c",
                    leg_id="101",
                    extension="101",
                    queue="600",
                    state=state,
                    direction=IN,
                    outcome=said,
                )
            )
        )
    made.play(wait(10))
    assert outcome(made) is Outcome.MISSED
    assert made.registry.missed == 1


@pytest.mark.parametrize("said", [None, Outcome.MISSED, Outcome.NO_ANSWER])
def test_a_call_that_nobody_took_outside_has_no_answer(said: Outcome | None) -> None:
    """It is no missed call, whatever a record calls it."""
    made = story().play(push("c", "101", D, direction=OUT), push("c", None, E, direction=OUT, outcome=said))
    made.play(record(CallRecord(id="r", call_id="c", direction=OUT, outcome=said or Outcome.UNKNOWN)))
    assert outcome(made) is Outcome.NO_ANSWER
    assert made.registry.missed == 0
    assert "call_corrected" not in made.told


@pytest.mark.parametrize(
    ("said", "kind"),
    [(Outcome.MISSED, "call_missed"), (Outcome.VOICEMAIL, "call_missed"), (Outcome.ANSWERED, "call_ended")],
)
@pytest.mark.parametrize("end", [(), (push("c", None, E),)])
def test_a_call_that_nobody_saw_is_told_late_and_once(said: Outcome, kind: str, end: tuple[Step, ...]) -> None:
    """Messages were lost, or Home Assistant was not there; its end may have been seen."""
    known = CallRecord(
        id="r",
        call_id="c",
        direction=IN,
        outcome=said,
        caller=Party(number=CALLER),
        extension="101",
        started_at=moment(0),
    )
    made = story().play(*end, record(known), record(known), record(known, key=None))
    assert made.told[0] == kind
    assert made.told.count(kind) == 1
    data = event_data(made.events[0])
    assert data["told_late"] is True
    assert (data["from_number"], data["outcome"]) == (CALLER, said)
    assert made.registry.missed == (kind == "call_missed")


@pytest.mark.parametrize("said", [Outcome.UNKNOWN, Outcome.ANSWERED_ELSEWHERE])
def test_a_record_that_says_nothing_of_the_call_tells_none(said: Outcome) -> None:
    """It may be about one phone only."""
    made = story().play(record(CallRecord(id="r", call_id="c", direction=IN, outcome=said)))
    assert made.told == ["call_record"]


def test_a_seen_call_is_not_told_late() -> None:
    """Its record completes it."""
    made = story().play(*RANG, record(MISSED))
    assert made.told.count("call_missed") == 1
    assert not any("told_late" in event.fields for event in made.events)


def test_a_correction_says_what_was_told_before() -> None:
    """And what is so."""
    made = story().play(*RANG, record(ANSWERED))
    (corrected,) = (event for event in made.events if event.type is EventType.CALL_CORRECTED)
    data = event_data(corrected)
    assert (data["outcome_before"], data["outcome"]) == ("missed", "answered")


def test_a_hang_up_that_failed_rejects_nothing() -> None:
    """The call may ring on."""
    registry: CallRegistry = story().registry
    made = Story(registry).play(push("c", "101", R), hung_up_here())
    registry.note_hang_up("c", None, done=False)
    made.play(push("c", None, E))
    assert outcome(made) is Outcome.MISSED


@pytest.mark.parametrize(("far", "doing"), [(D, "dialing"), (R, "dialing"), (T, "talking")])
def test_a_call_dials_on_while_only_the_own_phone_is_up(far: CallState, doing: str) -> None:
    """Who calls out may be up as soon as he dials; the call dials until the other side answers."""
    row = call("c", leg("101", T), leg("far", far), direction=OUT)
    made = story().play(listed(row))
    assert made.registry.calls["c"].state == doing
