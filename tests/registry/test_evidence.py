"""Rule 8: what is said of a call has one outcome, in whatever order it is said, and what changes is told."""

import random
from collections.abc import Iterable, Mapping
from itertools import combinations, permutations

import pytest

from custom_components.pbx.telephony.models import CallRecord, Direction, EventType, LegPush, Outcome

from .story import IN, INTERNAL, OUT, D, E, R, Step, Story, T, push, pushed, record, story, wait

GRACE = 5
MISSED = {Outcome.MISSED, Outcome.VOICEMAIL, Outcome.BUSY, Outcome.CANCELLED, Outcome.FAILED}


def recorded(name: str, outcome: Outcome, *, by_seconds: bool = False, phone: str | None = None) -> Step:
    """Bring a record that does not say which way the call went."""
    return record(CallRecord(id=name, call_id="c", outcome=outcome, by_seconds=by_seconds, extension=phone))


def ends(
    key: str,
    phone: str | None,
    talk_time: float | None = None,
    *,
    final: bool = False,
    outcome: Outcome | None = None,
) -> Step:
    """End a phone's part, which may tell of talk or of why, or the whole call."""
    return pushed(
        LegPush(
            provider_event="end",
            call_id="c",
            leg_id=phone,
            extension=phone,
            state=E,
            talk_time=talk_time,
            final=final,
            outcome=outcome,
            key=key,
        )
    )


EVIDENCE: Mapping[str, Step] = {
    "101 talks": push("c", "101", T, key="talks", direction=None),
    "101 tells of talk": ends("told", "101", 45),
    "101 ends": ends("101", "101"),
    "101 declines": ends("declines", "101", outcome=Outcome.REJECTED),
    "102 ends": ends("102", "102"),
    "102 is busy": ends("busy", "102", outcome=Outcome.BUSY),
    "all ends": ends("all", None, final=True),
    "record: answered": recorded("a", Outcome.ANSWERED),
    "record: missed": recorded("n", Outcome.MISSED),
    "record: no answer": recorded("na", Outcome.NO_ANSWER),
    "record: cancelled": recorded("k", Outcome.CANCELLED),
    "record: rejected": recorded("x", Outcome.REJECTED),
    "record: failed": recorded("f", Outcome.FAILED),
    "record: voicemail": recorded("v", Outcome.VOICEMAIL),
    "record: seconds": recorded("s", Outcome.ANSWERED, by_seconds=True),
    "record: elsewhere": recorded("e", Outcome.ANSWERED_ELSEWHERE, phone="102"),
    "record: unknown": recorded("u", Outcome.UNKNOWN),
}
BEGINNINGS: Mapping[Direction, tuple[Step, ...]] = {
    IN: (push("c", "101", R), push("c", "102", R)),
    OUT: (push("c", "101", D, direction=OUT, caller="101"),),
    INTERNAL: (
        push("c", "103", D, direction=INTERNAL, caller="103"),
        push("c", "101", R, direction=INTERNAL, caller="103"),
    ),
}
"""What is heard first: phones of a group ring, somebody calls out, one calls a colleague."""


def heard(direction: Direction, names: Iterable[str], pauses: Iterable[float]) -> Story:
    """Let a call begin, and hear the rest in an order, until all of it is over."""
    made = story(grace=GRACE).play(*BEGINNINGS[direction])
    for name, pause in zip(names, pauses, strict=False):
        made.play(EVIDENCE[name], wait(pause))
    return made.play(wait(2 * GRACE), ends("last", None, final=True), wait(2 * GRACE))


def told(made: Story) -> Outcome | None:
    """Return what whoever has listened takes for the outcome; each correction says what was told before."""
    (end,) = [event for event in made.events if event.public and event.type.value in {"call_missed", "call_ended"}]
    said = end.call.outcome if end.call is not None else None
    for event in made.events:
        if event.type is EventType.CALL_CORRECTED:
            assert event.fields["outcome_before"] == said
            said = event.call.outcome if event.call is not None else None
    return said


def judged(direction: Direction, made: Story, heard_of: object) -> Outcome | None:
    """Return how the call went, which is what was told and counted."""
    last = made.registry.last_call
    assert last is not None
    assert last.outcome is told(made), heard_of
    assert made.registry.missed == (direction is IN and last.outcome in MISSED), heard_of
    assert last.outcome is not (Outcome.NO_ANSWER if direction is IN else None), heard_of
    return last.outcome


@pytest.mark.parametrize("evidence", list(combinations(EVIDENCE, 2)), ids=" and ".join)
def test_two_pieces_of_evidence(evidence: tuple[str, str]) -> None:
    """In both orders, at once and with time between them, they have one outcome, which is the one that is told."""
    for direction in BEGINNINGS:
        outcomes = set()
        for order in permutations(evidence):
            for pause in (0, GRACE + 1):
                outcomes.add(judged(direction, heard(direction, order, (pause, 0)), (direction, order)))
        assert len(outcomes) == 1, direction


@pytest.mark.parametrize("direction", BEGINNINGS)
@pytest.mark.parametrize("seed", range(40))
def test_any_pieces_in_any_order(seed: int, direction: Direction) -> None:
    """However many there are."""
    rng = random.Random(f"{seed}{direction}")
    evidence = rng.sample(list(EVIDENCE), rng.randint(3, 7))
    outcomes = set()
    for _ in range(12):
        rng.shuffle(evidence)
        made = heard(direction, evidence, rng.choices((0, 0, 1, GRACE + 1), k=len(evidence)))
        outcomes.add(judged(direction, made, evidence))
    assert len(outcomes) == 1, evidence


@pytest.mark.parametrize("said", [Outcome.CANCELLED, Outcome.REJECTED, Outcome.VOICEMAIL, Outcome.FAILED])
@pytest.mark.parametrize("direction", BEGINNINGS)
def test_what_a_record_says_while_a_machine_talks(direction: Direction, said: Outcome) -> None:
    """The end of the machine is heard after the record, or before it."""
    machine = push("c", "out", T, direction=direction)
    written = recorded("r", said)
    over = ends("over", None, final=True)
    outcomes = set()
    for order in ((written, machine, over), (machine, written, over), (machine, over, written)):
        made = story(grace=GRACE).play(*BEGINNINGS[direction], *order, wait(2 * GRACE))
        outcomes.add(judged(direction, made, said))
    assert outcomes == {said}
