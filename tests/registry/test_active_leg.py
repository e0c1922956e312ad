"""How a leg moves: rule 2, repeated and older messages, and rule 3, pushes beat lists asked for before."""

from typing import Any

import pytest

from custom_components.pbx.telephony.models import (
    CallRecord,
    CallState,
    EventType,
    Notice,
    Outcome,
)

from .story import (
    ANSWERED,
    INTERNAL,
    D,
    E,
    H,
    R,
    Step,
    T,
    call,
    leg,
    listed,
    notice,
    push,
    record,
    states,
    story,
    wait,
    widget,
)

# -- rule 2: repeated and older messages, ranks ------------------------------------------------------

LATE = [
    pytest.param(R, 1, T, id="ringing_after_talking"),
    pytest.param(D, 1, T, id="dialing_after_talking"),
    pytest.param(R, 1, H, id="ringing_after_hold"),
    pytest.param(T, 2, H, id="older_talking_after_hold"),
]


@pytest.mark.parametrize(("state", "time", "now"), LATE)
def test_rule_2_an_older_message_moves_nothing_back(state: CallState, time: float, now: CallState) -> None:
    """A leg keeps its rank, and within its rank what its own clock says last."""
    made = story().play(push("c", "101", T, time=2), push("c", "101", now, time=3), push("c", "101", state, time=time))
    assert states(made) == {"101": now.value}


@pytest.mark.parametrize("time", [4.0, None])
def test_rule_2_hold_and_resume_move_within_the_rank(time: float | None) -> None:
    """A newer message, or one without a time that comes later, moves within a rank."""
    made = story().play(
        push("c", "101", T, time=2), push("c", "101", H, time=time and 3), push("c", "101", T, time=time)
    )
    assert states(made) == {"101": "talking"}
    assert made.told == ["call_incoming", "call_answered", "call_held", "call_resumed"]


@pytest.mark.parametrize("late", [R, D, T, H])
def test_rule_2_nothing_brings_an_ended_leg_back(late: CallState) -> None:
    """A leg that has ended stays so while its call goes on."""
    made = story().play(
        push("c", "101", T, time=2),
        push("c", "102", T, time=3),
        push("c", "101", E, time=4),
        push("c", "101", late, time=1),
    )
    assert states(made) == {"101": "ended", "102": "talking"}


@pytest.mark.parametrize(
    "message",
    [
        push("c", "101", R, key="k"),
        record(CallRecord(id="1", outcome=Outcome.ANSWERED)),
        notice(Notice(provider_event="fax", type=EventType.FAX_RECEIVED, key="k")),
    ],
)
def test_rule_2_a_repeated_message_changes_nothing(message: Step) -> None:
    """What came before is known by its key."""
    made = story().play(message, message)
    assert not made.last
    assert len(made.events) == 1


def test_rule_2_an_older_list_changes_nothing() -> None:
    """A list that was asked for before the last one comes too late."""
    made = story().play(listed(call("c", leg("101", T)), asked=0), listed(asked=5))
    assert "c" in made.registry.calls
    assert not made.last


def test_rule_2_a_late_ring_after_the_answer_is_no_ring() -> None:
    """The ring of a phone that was too slow is told after another has picked up."""
    made = story().play(push("c", "102", R, time=1), push("c", "102", T, time=5), push("c", "101", R, time=4))
    assert made.registry.state_of("101") is None
    assert made.registry.state_of("102") is T


HANDED_OVER = (push("c", "101", E, time=5), push("c", "102", R, time=5))


@pytest.mark.parametrize("order", [HANDED_OVER, HANDED_OVER[::-1]], ids=["in_order", "reversed"])
def test_rule_2_a_call_that_is_passed_on_in_the_second_of_its_answer_rings(order: tuple[Step, Step]) -> None:
    """Equal times do not say what came first; the new phone rings, and is given the call."""
    made = story(grace=2).play(push("c", "101", R, time=4), push("c", "101", T, time=5), *order)
    assert made.registry.state_of("101") is None
    assert made.registry.state_of("102") is R
    made.play(wait(10), push("c", "102", T, time=9))
    assert made.told == ["call_incoming", "call_answered", "call_transferred"]


def test_rule_2_a_ring_that_began_after_a_late_answer_goes_on() -> None:
    """The answer is told after the call was passed on already."""
    made = story().play(push("c", "101", R, time=1), push("c", "102", R, time=6), push("c", "101", T, time=5))
    assert (made.registry.state_of("101"), made.registry.state_of("102")) == (T, R)


SLOW = (push("c", "101", R, leg="leg-101", time=1), push("c", "102", T, leg="leg-102", time=5))


@pytest.mark.parametrize("late", [SLOW, SLOW[::-1]], ids=["known_before", "told_late"])
@pytest.mark.parametrize(
    ("word", "state"),
    [
        pytest.param(push("c", "101", T, leg="leg-101", time=5), T, id="its_own"),
        pytest.param(push("c", "101", H, leg="leg-101", time=4), H, id="its_own_late"),
        pytest.param(push("c", "101", R, leg="leg-101", time=1), None, id="a_repeated_ring"),
        pytest.param(listed(call("c", leg("101", T), leg("102", T))), T, id="a_list"),
        pytest.param(listed(call("c", leg("101", R), leg("102", T))), None, id="a_list_that_lags"),
        pytest.param(listed(call("c", leg("101", T), leg("102", T)), asked=2.5), None, id="an_older_list"),
    ],
)
def test_rule_2_a_phone_taken_for_too_slow_that_talks_is_believed(
    late: tuple[Step, Step], word: Step, state: CallState | None
) -> None:
    """That it had stopped ringing was concluded, not told."""
    made = story().play(*late, word)
    assert made.registry.state_of("101") is state
    assert made.registry.state_of("102") is T


def test_rule_2_a_phone_that_said_it_was_done_is_not_brought_back() -> None:
    """Neither by a list that lags nor by a late message."""
    made = story().play(
        *SLOW,
        push("c", "101", E, leg="leg-101", time=5),
        push("c", "101", T, leg="leg-101", time=5),
        listed(call("c", leg("101", T), leg("102", T))),
    )
    assert made.registry.state_of("101") is None


def test_rule_2_a_late_dial_after_the_answer_talks() -> None:
    """The start of an internal call is told after its answer."""
    made = story().play(
        push("c", "102", R, time=1, direction=INTERNAL),
        push("c", "102", T, time=5, direction=INTERNAL),
        push("c", "101", D, time=1, direction=INTERNAL),
    )
    assert states(made) == {"102": "talking", "101": "talking"}


@pytest.mark.parametrize(
    ("steps", "rings"),
    [
        pytest.param([push("c", "101", R, time=9)], True, id="newer"),
        pytest.param([push("c", "101", R, time=2)], False, id="repeated"),
        pytest.param([push("c", "101", R, time=1)], False, id="older"),
        pytest.param([push("c", "101", R)], False, id="without_time"),
        pytest.param([push("c", "101", E, time=5), push("c", "101", R, time=4)], False, id="before_its_end"),
    ],
)
def test_rule_2_a_phone_of_a_queue_rings_again(steps: list[Step], rings: bool) -> None:  # noqa: FBT001
    """A queue that comes round to a phone rings it anew: a leg of its own, by the message's own time."""
    made = story(grace=5).play(
        push("c", "101", R, time=1), push("c", "102", R, time=1), push("c", "101", E, time=2), *steps
    )
    assert (made.registry.state_of("101") is R) is rings
    assert states(made)["101"] == "ended"
    assert made.heard("101") == ["call_incoming"] * (2 if rings else 1)
    made.play(push("c", "101", T, time=10 if rings else 2))
    assert (made.registry.state_of("101") is T) is rings


# -- rule 3: pushes beat lists that were asked for before --------------------------------------------


@pytest.mark.parametrize("asked", [2, 0], ids=["asked_before", "asked_after"])
@pytest.mark.parametrize(
    ("message", "row", "kept", "else_"),
    [
        pytest.param(push("c", "101", H, leg="leg-101"), [leg("101", T)], "on_hold", "talking", id="hold"),
        pytest.param(push("c", "102", R, leg="leg-102"), [leg("101", T)], "talking+ringing", "talking+ended", id="new"),
    ],
)
def test_rule_3_a_push_beats_an_older_list(
    message: Step, row: list[object], kept: str, else_: str, asked: float
) -> None:
    """A list tells only of the time when it was asked for."""
    row_ = call("c", *row)  # type: ignore[arg-type]
    made = story().play(listed(call("c", leg("101", T))), message, listed(row_, asked=asked))
    assert "+".join(states(made).values()) == (kept if asked else else_)


@pytest.mark.parametrize("asked", [2, 0])
def test_rule_3_a_call_that_began_after_the_list_was_asked_for_stays(asked: float) -> None:
    """A list that could not know of a call does not end it."""
    made = story().play(push("c", "101", R), listed(asked=asked))
    assert bool(made.registry.calls) is bool(asked)


@pytest.mark.parametrize("asked", [2, 0])
def test_rule_3_a_pushed_end_beats_an_older_list(asked: float) -> None:
    """A call that ended after a list was asked for does not come back with it."""
    made = story().play(push("c", "101", T), push("c", None, E), listed(call("c", leg("101", T)), asked=asked))
    assert not made.registry.calls
    assert made.told == ANSWERED


def test_rule_3_a_list_lifts_a_rank_whenever_it_was_asked_for() -> None:
    """Talking in an older list is newer than the ring whose message came late."""
    made = story().play(push("c", "101", R, leg="leg-101"), listed(call("c", leg("101", T)), asked=1.5))
    assert states(made) == {"leg-101": "talking"}


def test_rule_3_an_answer_in_a_window_holds_for_the_leg_of_an_older_list() -> None:
    """A phone that a window saw picked up talks, though an older list shows it ringing."""
    made = story(pushed_ids_differ=True).play(
        widget("w", "101", R), widget("w", "101", T), listed(call("u", leg("101", R)), asked=2.5)
    )
    assert made.registry.state_of("101") is T


@pytest.mark.parametrize(
    ("rings", "asked", "shown"),
    [
        pytest.param("101", (0,), [D], id="another_phone"),
        pytest.param("101", (0.8, 0), [T, D], id="another_phone_in_a_list_that_may_be_late"),
        pytest.param("101", (0.8, 1.8), [T, T], id="lists_that_are_older_each"),
        pytest.param("105", (0, 0), [T, T], id="the_phone_that_rang_before_the_answer"),
        pytest.param("", (0, 0), [T, T], id="no_phone"),
    ],
)
def test_rule_3_who_was_said_to_talk_waits_where_another_phone_begins_to_ring(
    rings: str, asked: tuple[float, ...], shown: list[CallState]
) -> None:
    """Whoever answered has handed the call on before a list showed the talk; the caller hears it ring."""
    inside: dict[str, Any] = {"caller": "103", "callee": "105", "direction": INTERNAL}
    made = story().play(listed(call("c", leg("103", D), leg("105", R), **inside)), push("c", "103", T, leg="leg-103"))
    seen = []
    for ago in asked:
        legs = (leg("103", D), *((leg(rings, R),) if rings else ()))
        made.play(listed(call("c", *legs, **inside), asked=ago))
        seen.append(made.registry.state_of("103"))
    assert seen == shown
    made.play(listed(call("c", leg("103", T), leg("101", T), **inside)))
    assert made.registry.state_of("103") is T
    assert made.told.count("call_answered") == 1
