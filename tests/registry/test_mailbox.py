"""A mailbox that takes a call under an id of its own is no second call, and nobody's answer (rule 9)."""

import random
from collections.abc import Iterable, Sequence

import pytest

from custom_components.pbx.telephony.models import CallRecord, Outcome, Party

from .story import CALLER, IN, E, R, Step, Story, T, call, leg, listed, push, record, story, wait

GRACE = 5
VOICEMAIL = CallRecord(id="v", call_id="m", direction=IN, outcome=Outcome.VOICEMAIL, caller=Party(number=CALLER))
PICKED_UP = CallRecord(id="p", call_id="m", direction=IN, outcome=Outcome.ANSWERED, caller=Party(number=CALLER))
IN_VAIN = CallRecord(id="n", call_id="c", direction=IN, outcome=Outcome.MISSED, extension="101")

RINGS = push("c", "101", R)
GIVES_UP = push("c", "101", E)
PICKS_UP, ENDS = push("m", None, T), push("m", None, E)


def played(*steps: Step) -> Story:
    """Play a story at a phone system that lets a call without a leg wait."""
    return story(grace=GRACE).play(*steps)


def is_one_missed_call(made: Story) -> bool:
    """Return whether one call was told, and that it was missed."""
    begun = [kind for kind in made.told if kind in {"call_incoming", "call_outgoing"}]
    ended = [kind for kind in made.told if kind in {"call_missed", "call_ended"}]
    return (begun, ended, made.registry.missed) == (["call_incoming"], ["call_missed"], 1)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((GIVES_UP, PICKS_UP, ENDS), id="after_the_phone"),
        pytest.param((PICKS_UP, GIVES_UP, ENDS), id="before_the_phone_is_done"),
        pytest.param((GIVES_UP, push("m", None, R), PICKS_UP, ENDS), id="it_rings_first"),
        pytest.param((GIVES_UP, wait(GRACE + 1), PICKS_UP, ENDS), id="told_already"),
        pytest.param((GIVES_UP, PICKS_UP, wait(40), ENDS), id="a_long_message"),
        pytest.param((GIVES_UP, ENDS, PICKS_UP), id="its_end_comes_first"),
    ],
)
@pytest.mark.parametrize(
    ("records", "outcome"),
    [
        pytest.param((), Outcome.MISSED, id="no_record"),
        pytest.param((VOICEMAIL,), Outcome.VOICEMAIL, id="voicemail"),
        pytest.param((PICKED_UP,), Outcome.MISSED, id="answered"),
        pytest.param((IN_VAIN, VOICEMAIL), Outcome.VOICEMAIL, id="two_records"),
        pytest.param((VOICEMAIL, IN_VAIN), Outcome.VOICEMAIL, id="two_records_swapped"),
    ],
)
def test_mailbox_under_another_id(steps: Sequence[Step], records: Sequence[CallRecord], outcome: Outcome) -> None:
    """The caller is told once, missed once, and answered by nobody."""
    made = played(RINGS, *steps, wait(2 * GRACE), *map(record, records), wait(2 * GRACE))
    assert is_one_missed_call(made)
    assert "call_answered" not in made.told
    assert made.registry.last_call is not None
    assert made.registry.last_call.outcome is outcome
    assert not made.registry.calls


@pytest.mark.parametrize("late", [0, GRACE + 1])
def test_only_its_record_comes(late: float) -> None:
    """It is the record of the call that rang; the outcome that was told is corrected."""
    made = played(RINGS, GIVES_UP, wait(late), record(VOICEMAIL), wait(GRACE + 1))
    assert is_one_missed_call(made)
    assert made.registry.last_call is not None
    assert made.registry.last_call.outcome is Outcome.VOICEMAIL
    assert made.told.count("call_corrected") == bool(late)


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param((GIVES_UP, push("m", "102", R)), id="a_phone_rings"),
        pytest.param((GIVES_UP, push("m", None, R), push("m", "102", R)), id="a_menu_and_then_a_phone"),
        pytest.param((GIVES_UP, push("m", None, T), push("m", "102", R)), id="answered_by_a_menu_and_then_a_phone"),
        pytest.param((push("m", None, R),), id="while_the_first_rings"),
        pytest.param((GIVES_UP, wait(60), push("m", None, T)), id="a_minute_later"),
        pytest.param((GIVES_UP, push("m", None, T, caller="+390612345679")), id="another_caller"),
        pytest.param((push("c", "101", T), push("m", None, T)), id="while_the_first_talks"),
        pytest.param((push("c", "101", T), GIVES_UP, push("m", None, T)), id="after_an_answer"),
    ],
)
def test_another_call_of_the_same_party(steps: Sequence[Step]) -> None:
    """Who calls once more is told once more."""
    made = played(RINGS, *steps)
    assert made.told.count("call_incoming") == 2


def test_hidden_callers_are_not_one() -> None:
    """Nobody knows whether two of them are the same."""
    made = played(push("c", "101", R, caller=""), push("c", "101", E, caller=""), push("m", None, T, caller=""))
    assert made.told.count("call_incoming") == 2


def test_a_list_does_not_bring_it_back() -> None:
    """What the list says of the mailbox is about a call that is over."""
    made = played(RINGS, GIVES_UP, wait(GRACE + 1), PICKS_UP, listed(call("m", leg("outside", T))), ENDS)
    assert not made.registry.calls
    assert is_one_missed_call(made)


def orders(messages: Iterable[Step], rng: random.Random) -> Sequence[Step]:
    """Give messages in any order, with a little time between them."""
    mixed = list(messages)
    rng.shuffle(mixed)
    return [step for message in mixed for step in (message, wait(rng.choice((0, 0, 1))))]


@pytest.mark.parametrize("seed", range(40))
def test_any_order_of_the_evidence_is_one_call(seed: int) -> None:
    """Once the phone has rung, whatever comes first."""
    rng = random.Random(seed)
    evidence = [GIVES_UP, PICKS_UP, ENDS, record(VOICEMAIL)]
    made = played(RINGS, *orders(evidence, rng), wait(3 * GRACE))
    assert is_one_missed_call(made), made.told
    assert made.registry.last_call is not None
    assert made.registry.last_call.outcome is Outcome.VOICEMAIL


@pytest.mark.parametrize("first", [push("c", "101", T), PICKS_UP], ids=["the_person", "the_machine"])
def test_a_person_who_answers_is_no_mailbox(first: Step) -> None:
    """The phone that rang talks: that is an answer, whenever a machine said something under another id."""
    made = played(RINGS, first, push("c", "101", T), PICKS_UP, ENDS, GIVES_UP, wait(2 * GRACE))
    assert made.heard("101") == ["call_incoming", "call_answered", "call_ended:answered"]
    assert made.registry.missed == 0
