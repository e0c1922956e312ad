"""Rule 8: what is said of a call has one outcome, in whatever order it is said, and what changes is told."""

import random
from collections.abc import Iterable, Mapping
from itertools import combinations, permutations

import pytest

from custom_components.pbx.telephony.models import CallRecord, EventType, LegPush, Outcome

from .story import IN, E, R, Step, Story, T, push, pushed, record, story, wait

GRACE = 5
MISSED = {Outcome.MISSED, Outcome.VOICEMAIL, Outcome.BUSY, Outcome.CANCELLED}


def recorded(name: str, outcome: Outcome, *, by_seconds: bool = False) -> Step:
    """Bring a record of the call."""
    return record(CallRecord(id=name, call_id="c", direction=IN, outcome=outcome, by_seconds=by_seconds))


def ends(key: str, phone: str | None, talk_time: float | None = None, *, final: bool = False) -> Step:
    """End a phone's part, which may tell of talk, or the whole call."""
    return pushed(
        LegPush(
            provider_event="end",
            call_id="c",
            leg_id=phone,
            extension=phone,
            state=E,
            direction=IN,
            talk_time=talk_time,
            final=final,
            key=key,
        )
    )


EVIDENCE: Mapping[str, Step] = {
    "101 talks": push("c", "101", T, key="talks"),
    "101 tells of talk": ends("told", "101", 45),
    "101 ends": ends("101", "101"),
    "102 ends": ends("102", "102"),
    "all ends": ends("all", None, final=True),
    "record: answered": recorded("a", Outcome.ANSWERED),
    "record: missed": recorded("n", Outcome.MISSED),
    "record: cancelled": recorded("k", Outcome.CANCELLED),
    "record: rejected": recorded("x", Outcome.REJECTED),
    "record: voicemail": recorded("v", Outcome.VOICEMAIL),
    "record: seconds": recorded("s", Outcome.ANSWERED, by_seconds=True),
    "record: unknown": recorded("u", Outcome.UNKNOWN),
}


def heard(names: Iterable[str], pauses: Iterable[float]) -> Story:
    """Let two phones ring, and hear the rest in an order, until all of it is over."""
    made = story(grace=GRACE).play(push("c", "101", R), push("c", "102", R))
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


@pytest.mark.parametrize("evidence", list(combinations(EVIDENCE, 2)), ids=" and ".join)
def test_two_pieces_of_evidence(evidence: tuple[str, str]) -> None:
    """In both orders, at once and with time between them, they have one outcome, which is the one that is told."""
    outcomes = set()
    for order in permutations(evidence):
        for pause in (0, GRACE + 1):
            made = heard(order, (pause, 0))
            last = made.registry.last_call
            assert last is not None
            assert last.outcome is told(made)
            assert made.registry.missed == (last.outcome in MISSED)
            outcomes.add(last.outcome)
    assert len(outcomes) == 1


@pytest.mark.parametrize("seed", range(60))
def test_any_pieces_in_any_order(seed: int) -> None:
    """However many there are."""
    rng = random.Random(seed)
    evidence = rng.sample(list(EVIDENCE), rng.randint(3, 7))
    outcomes = set()
    for _ in range(12):
        rng.shuffle(evidence)
        made = heard(evidence, rng.choices((0, 0, 1, GRACE + 1), k=len(evidence)))
        last = made.registry.last_call
        assert last is not None
        assert last.outcome is told(made), evidence
        assert made.registry.missed == (last.outcome in MISSED)
        outcomes.add(last.outcome)
    assert len(outcomes) == 1, evidence
