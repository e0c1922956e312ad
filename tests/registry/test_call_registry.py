"""The registry keeps the ten rules of the design, whatever order things come in."""

from dataclasses import replace

import pytest

from custom_components.pbx.registry.call_registry import ACCOUNT, CallRegistry, extension_key, slot_key
from custom_components.pbx.telephony.models import (
    Call,
    CallRecord,
    CallState,
    Direction,
    Directory,
    EventType,
    Extension,
    Leg,
    LegPush,
    Notice,
    Outcome,
    Party,
    UnknownPush,
)

from .story import (
    CALLER,
    IN,
    INTERNAL,
    OUT,
    START,
    D,
    E,
    H,
    R,
    Step,
    Story,
    T,
    call,
    hint,
    leg,
    listed,
    moment,
    notice,
    push,
    pushed,
    record,
    story,
    wait,
    widget,
)

ANSWERED = ["call_incoming", "call_answered", "call_ended"]
MISSED = ["call_incoming", "call_missed"]


def states(made: Story) -> dict[str, str]:
    """Say what every leg of every active call does."""
    return {each.id: each.state.value for active in made.registry.calls.values() for each in active.legs}


# -- rule 1: a call has one id and legs --------------------------------------------------------------


@pytest.mark.parametrize(
    ("steps", "extensions"),
    [
        pytest.param([listed(call("c", leg("a", T), leg("101", T)))], ("101",), id="one_row_two_legs"),
        pytest.param(
            [listed(call("c", leg("102", T)), call("c", leg("101", T)))], ("102", "101"), id="two_rows_one_id"
        ),
        pytest.param([push("c", "101", D), push("c", "102", R)], ("101", "102"), id="two_messages"),
        pytest.param([push("c", "101", R), push("c", "101", T)], ("101",), id="one_leg_twice"),
        pytest.param([push("c", "101", R), listed(call("c", leg("101", R)))], ("101",), id="pushed_and_polled"),
        pytest.param([push("c", None, R)], (), id="nobodys_leg"),
        pytest.param([listed(replace(call("c", leg("a", T)), legs=()))], (), id="row_without_legs"),
    ],
)
def test_rule_1_legs_of_one_id_are_one_call(steps: list[Step], extensions: tuple[str, ...]) -> None:
    """Rows and messages with one id are one call."""
    made = story().play(*steps)
    assert [active.id for active in made.registry.calls.values()] == ["c"]
    assert made.registry.calls["c"].extensions == extensions
    assert len(made.told) == len(set(made.told))


@pytest.mark.parametrize("order", [("w1", "poll", "w2"), ("w1", "w2", "poll"), ("poll", "w1", "w2")])
def test_rule_1_one_call_under_ids_of_two_kinds(order: tuple[str, ...]) -> None:
    """Windows of a browser and the list give one call three ids; all of them find it."""
    steps = {
        "w1": widget("w1", "101", R),
        "w2": widget("w2", "101", R),
        "poll": listed(call("u", leg("a", R), leg("101", R))),
    }
    made = story(pushed_ids_differ=True).play(*(steps[name] for name in order))
    assert len(made.registry.calls) == 1
    assert {made.registry.find(name) for name in ("w1", "w2", "u")} == set(made.registry.calls.values())
    made.play(widget("w1", "101", T), widget("w2", "101", E))
    assert made.registry.state_of("101") is T
    made.play(listed(call("u", leg("a", T), leg("101", T))), widget("w1", "101", E), listed())
    assert made.told == ANSWERED
    assert not made.registry.calls


@pytest.mark.parametrize(("row", "calls"), [("leg-101", ["c"]), ("other", ["other"])])
def test_rule_1_a_call_that_goes_on_under_the_id_of_its_leg_is_known_again(row: str, calls: list[str]) -> None:
    """A list that has lost what was above the leg names the call after it."""
    made = story().play(listed(call("c", leg("a", T), leg("101", T))), listed(call(row, leg("101", T))))
    assert list(made.registry.calls) == calls
    assert made.registry.find(row) == made.registry.calls[calls[0]]


def test_rule_1_a_second_window_stops_ringing_with_the_answer() -> None:
    """A phone that talks in one window does not ring in another."""
    made = story(pushed_ids_differ=True).play(widget("w1", "101", R), widget("w2", "101", R), widget("w1", "101", T))
    assert made.registry.state_of("101") is T


@pytest.mark.parametrize("first", ["w1", "w2"])
def test_rule_1_colleagues_windows_tell_of_one_internal_call(first: str) -> None:
    """The caller's and the called window have ids of their own, and one call."""
    steps = {
        "w1": widget("w1", "101", D, caller="101", direction=INTERNAL),
        "w2": widget("w2", "102", R, caller="101", direction=INTERNAL),
    }
    made = story(pushed_ids_differ=True).play(steps.pop(first), *steps.values())
    made.play(listed(call("u", leg("101", D), leg("102", R), direction=INTERNAL, caller="101")))
    assert len(made.registry.calls) == 1
    assert sorted(made.told) == ["call_incoming", "call_outgoing"]


def test_rule_1_two_calls_at_once_are_not_mixed_up() -> None:
    """Two callers at one phone are two calls for every source."""
    other = "+390687654321"
    made = story(pushed_ids_differ=True).play(
        widget("w1", "101", R),
        widget("w2", "101", R, caller=other),
        listed(
            call("u2", leg("b", R), replace(leg("101", R), id="leg-2"), caller=other),
            call("u1", leg("a", R), leg("101", R)),
        ),
        widget("w2", "101", T, caller=other),
    )
    first, second = made.registry.find("u1"), made.registry.find("u2")
    assert first == made.registry.find("w1")
    assert second == made.registry.find("w2")
    assert first is not None
    assert second is not None
    assert (first.caller.number, first.state) == (CALLER, R)
    assert (second.caller.number, second.state) == (other, T)
    made.play(listed(call("u1", leg("a", R), leg("101", R))), listed())
    assert sorted(made.told) == ["call_answered", "call_ended", "call_incoming", "call_incoming", "call_missed"]


def test_rule_1_a_message_goes_to_the_call_that_no_window_knows() -> None:
    """Of two calls with the same parties, the second window's is the second."""
    made = story(pushed_ids_differ=True).play(
        listed(call("u1", leg("101", R))),
        widget("w1", "101", R),
        listed(call("u1", leg("101", R)), call("u2", replace(leg("101", R), id="leg-2"))),
        widget("w2", "101", R),
    )
    assert made.registry.find("w1") == made.registry.calls["u1"]
    assert made.registry.find("w2") == made.registry.calls["u2"]


def test_rule_1_a_window_of_another_call_of_the_same_caller_is_let_go() -> None:
    """One number calls two phones with two calls: the list decides which phone is in which."""
    made = story(pushed_ids_differ=True).play(widget("w1", "101", R), widget("w2", "102", R))
    assert len(made.registry.calls) == 1
    made.play(listed(call("u1", leg("101", R)), call("u2", leg("102", R))))
    assert made.registry.find("u1") != made.registry.find("u2")
    assert [len(made.registry.calls_of(phone)) for phone in ("101", "102")] == [1, 1]


def test_rule_1_the_next_call_of_a_caller_is_a_new_one() -> None:
    """A caller who rings again before the list knows that the first call is over begins a second."""
    made = story(pushed_ids_differ=True, complete_after=2).play(
        listed(call("u1", leg("101", R))), widget("w1", "101", R), widget("w1", "101", E), widget("w2", "101", R)
    )
    assert made.registry.find("w2") != made.registry.find("w1")


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


# -- rule 4: complete lists --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("complete_after", "lists", "left"),
    [(1, 0, 1), (1, 1, 0), (2, 1, 1), (2, 2, 0), (3, 2, 1)],
)
def test_rule_4_a_call_missing_from_enough_lists_has_ended(complete_after: int, lists: int, left: int) -> None:
    """As many successful lists as the provider asks for; until then it is looked at again at once."""
    made = story(complete_after=complete_after).play(listed(call("c", leg("101", T))), *[listed()] * lists)
    assert len(made.registry.calls) == left
    assert made.last.refresh is bool(left and lists)


def test_rule_4_a_glitch_is_forgotten_when_the_call_is_listed() -> None:
    """Only lists in a row count."""
    row = listed(call("c", leg("101", T)))
    made = story(complete_after=2).play(row, listed(), row, listed())
    assert made.registry.calls
    assert made.told == ["call_incoming", "call_answered"]


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        pytest.param([listed()], [], id="gone"),
        pytest.param([listed(call("c", leg("b", T))), listed()], [], id="goes_on_without"),
        pytest.param([listed(), listed()], ["call_ended"], id="gone_twice"),
    ],
)
def test_rule_4_a_hint_makes_one_list_enough(steps: list[Step], told: list[str]) -> None:
    """A leg that is known to have hung up needs no second list, unless the call goes on without it."""
    row = listed(call("c", leg("b", T), leg("101", T)))
    without = story(complete_after=2).play(row, *steps)
    assert without.told[2:] == told
    hinted = story(complete_after=2).play(row, hint("leg-101", "NORMAL_CLEARING"), *steps)
    ended = len(steps) == 1 or told
    assert hinted.told[2:] == (["call_ended"] if ended else [])


def test_rule_4_a_leg_that_one_list_had_lost_is_taken_back() -> None:
    """Also where the whole call had seemed over."""
    both = call("c", leg("101", T), leg("102", T))
    made = story().play(listed(both), listed(call("c", leg("101", T))), listed(both))
    assert (made.registry.state_of("101"), made.registry.state_of("102")) == (T, T)
    made.play(listed(call("c", leg("101", T))), listed(), listed(call("c", leg("102", T))))
    assert made.registry.state_of("102") is T


def test_rule_4_a_hint_says_how_the_call_ended() -> None:
    """The cause and the outcome go with the end that the list shows."""
    made = story().play(
        listed(call("c", leg("b", R), leg("101", R))), hint("leg-b", "ORIGINATOR_CANCEL", Outcome.CANCELLED), listed()
    )
    assert made.registry.last_call is not None
    assert made.registry.last_call.hangup_cause == "ORIGINATOR_CANCEL"
    assert made.registry.last_call.outcome is Outcome.CANCELLED
    assert made.told == MISSED


def test_rule_4_the_cause_of_a_phone_that_left_is_not_the_calls() -> None:
    """A call that goes on forgets why a phone hung up."""
    made = story().play(
        listed(call("c", leg("b", T), leg("101", T))),
        hint("leg-101", "BLIND_TRANSFER"),
        listed(call("c", leg("b", T), leg("102", T))),
        listed(),
    )
    assert made.registry.last_call is not None
    assert made.registry.last_call.hangup_cause is None


@pytest.mark.parametrize("leg_id", ["leg-x", None, ""])
def test_rule_4_a_hint_about_nothing_known_only_makes_look_again(leg_id: str | None) -> None:
    """Something happened: ask."""
    made = story().play(hint(leg_id, "NORMAL_CLEARING"))
    assert made.last.refresh
    assert not made.events


def test_rule_4_a_call_that_only_seemed_over_comes_back_and_is_told_once() -> None:
    """A list that was wrong twice ends a call; the next one takes it back, with all that is known of it."""
    row = listed(call("c", leg("101", T)))
    made = story(complete_after=2).play(row, listed(), listed())
    assert made.told == ANSWERED
    made.play(row)
    assert made.registry.state_of("101") is T
    assert made.registry.slots[0] is not None
    made.play(listed(call("c", leg("101", H))), listed(), listed())
    assert made.told == [*ANSWERED, "call_held"]
    assert not made.registry.calls


def test_rule_4_a_missed_call_that_comes_back_is_not_missed() -> None:
    """The count of missed calls is put right again, and it is told that the outcome is another."""
    row = call("c", leg("101", R))
    made = story().play(listed(row), listed())
    assert made.registry.missed == 1
    made.play(listed(row))
    assert made.registry.missed == 0
    made.play(listed(call("c", leg("101", T))), listed())
    assert made.registry.missed == 0
    assert made.told == ["call_incoming", "call_missed", "call_answered", "call_corrected"]
    assert (made.events[-1].fields["outcome_before"], made.events[-1].call and made.events[-1].call.outcome) == (
        "missed",
        "answered",
    )


def test_rule_4_an_older_list_does_not_take_a_call_back() -> None:
    """What was listed before the end is no news."""
    made = story().play(listed(call("c", leg("101", T))), listed(), listed(call("c", leg("101", T)), asked=1))
    assert not made.registry.calls


def test_rule_4_the_first_list_tells_nothing() -> None:
    """What was so before anybody looked is no news; what comes of it is."""
    made = Story(CallRegistry())
    made.play(listed(call("c1", leg("101", T)), call("c2", leg("102", R))))
    assert made.told == []
    assert len(made.registry.calls) == 2
    assert made.registry.calls["c1"].answered_at is None
    made.play(listed(call("c1", leg("101", T)), call("c2", leg("102", T))), listed())
    assert made.told == ["call_answered", "call_ended", "call_ended"]


def test_rule_4_the_first_list_does_not_silence_what_was_pushed() -> None:
    """A call that was announced before the first list is told on."""
    made = Story(CallRegistry())
    made.play(push("c", "101", R, leg="leg-101"), listed(call("c", leg("101", T))))
    assert made.told == ["call_incoming", "call_answered"]


# -- rule 5: tombstones ------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [push("c", None, E), push("c", "101", E, final=True, outcome=Outcome.MISSED)])
@pytest.mark.parametrize(
    ("late", "corrects"),
    [(push("c", "101", R), False), (push("c", "102", T), True), (listed(call("c", leg("101", R))), False)],
)
@pytest.mark.parametrize("after", [0, 9 * 60])
def test_rule_5_an_ended_id_does_not_come_back(end: Step, late: Step, corrects: bool, after: float) -> None:  # noqa: FBT001
    """For ten minutes; that somebody had talked is told as a correction."""
    made = story().play(push("c", "101", R), end, wait(after), late)
    assert not made.registry.calls
    assert made.told == [*MISSED, "call_corrected"] if corrects else MISSED
    assert made.registry.ended("c") is not None
    assert made.registry.missed == (not corrects)


def test_rule_5_an_end_that_comes_before_its_beginning_buries_it() -> None:
    """A hang-up of an unknown call is remembered for its late beginning."""
    made = story().play(push("c", None, E), push("c", "101", R))
    assert not made.registry.calls
    assert made.events == []


def test_rule_5_the_end_of_a_leg_comes_before_its_beginning() -> None:
    """The phone does not ring any more; another of its group may."""
    made = story(grace=5).play(push("c", "101", E, time=3), push("c", "101", R, time=1))
    assert not made.registry.calls
    made.play(push("c", "102", R, time=4))
    assert states(made) == {"101": "ended", "102": "ringing"}
    made.play(push("c", "102", E, time=5), wait(6))
    assert made.told == MISSED


def test_rule_5_tombstones_are_kept_for_ten_minutes_and_no_more_than_fit() -> None:
    """The oldest goes first."""
    made = story()
    for n in range(5000):
        made.play(push(f"c{n}", None, E))
        made.clock -= 1
    assert made.registry.sizes["tombstones"] == 4096
    assert made.registry.ended("c0") is None
    made.play(wait(601), push("new", None, E))
    assert made.registry.sizes["tombstones"] == 1


def test_rule_5_the_same_leg_name_of_a_new_call_is_new() -> None:
    """A channel name comes again; the call's id does not."""
    made = story().play(listed(call("c1", leg("101", T))), listed(call("c2", leg("101", R))))
    assert states(made) == {"leg-101": "ringing"}


# -- rule 6: ring groups and missed calls ------------------------------------------------------------

GROUP = [push("c", "101", R, time=1), push("c", "102", R, time=1), push("c", "103", R, time=1)]


def test_rule_6_the_others_of_a_group_hear_at_once_that_it_was_answered_elsewhere() -> None:
    """While the call goes on; and nothing more when it ends."""
    made = story().play(*GROUP, push("c", "102", T, time=5))
    for loser in ("101", "103"):
        assert made.registry.state_of(loser) is None
        assert made.heard(loser) == ["call_incoming", "call_ended:answered_elsewhere"]
    made.play(push("c", "101", E, time=6), push("c", "102", E, time=9))
    assert made.heard("101") == ["call_incoming", "call_ended:answered_elsewhere"]
    assert made.heard("102") == ["call_incoming", "call_answered", "call_ended:answered"]
    assert made.told == ANSWERED
    assert made.registry.missed == 0


@pytest.mark.parametrize("ends", [["101", "102", "103"], [None], ["101", None]])
def test_rule_6_a_call_that_nobody_takes_is_missed_once(ends: list[str | None]) -> None:
    """A phone that gives up says nothing yet; when all is over each phone, and everybody once, hears it."""
    made = story(grace=5).play(*GROUP, *(push("c", phone, E, time=4) for phone in ends), wait(6))
    assert made.told == MISSED
    for phone in ("101", "102", "103"):
        assert made.heard(phone) == ["call_incoming", "call_missed:missed"]
    assert made.registry.missed == 1


@pytest.mark.parametrize("early", [True, False])
def test_rule_6_a_phone_that_gives_up_before_the_answer_hears_of_it_with_the_answer(early: bool) -> None:  # noqa: FBT001
    """Until then nobody knows."""
    gave_up, answer = push("c", "101", E, time=3), push("c", "102", T, time=5)
    made = story(grace=5).play(*GROUP, *((gave_up, answer) if early else (answer, gave_up)))
    assert made.heard("101") == ["call_incoming", "call_ended:answered_elsewhere"]


def test_rule_6_a_group_that_rings_one_after_the_other_is_one_call() -> None:
    """Between two phones nothing rings, the slot stays the call's, and the end is told once."""
    made = story(grace=5, slots=1).play(push("c", "101", R, time=1), push("c", "101", E, time=2))
    assert not made.registry.calls
    assert made.registry.slots == [None]
    assert made.registry.ended("c") is not None
    assert made.told == ["call_incoming"]
    made.play(push("other", "105", R), push("c", "102", R, time=3))
    assert made.registry.slots[0] == made.registry.calls["c"]
    made.play(push("c", "102", E, time=4), push("other", "105", E), wait(6))
    assert made.told.count("call_missed") == 2
    assert made.registry.slots == [None]


@pytest.mark.parametrize(
    ("steps", "told", "missed"),
    [
        pytest.param([push("c", "101", R, direction=None)], MISSED, 1, id="unknown_direction_that_rang"),
        pytest.param([push("c", "101", R)], MISSED, 1, id="incoming"),
        pytest.param([push("c", "101", D, direction=OUT)], ["call_outgoing", "call_ended"], 0, id="outgoing"),
        pytest.param(
            [push("c", "101", D, direction=INTERNAL), push("c", "102", R, direction=INTERNAL)],
            ["call_outgoing", "call_incoming", "call_ended"],
            0,
            id="internal",
        ),
    ],
)
def test_rule_6_only_calls_from_outside_are_missed(steps: list[Step], told: list[str], missed: int) -> None:
    """A colleague's or one's own call that nobody took just ends."""
    made = story().play(*steps, push("c", None, E))
    assert made.told == told
    assert made.registry.missed == missed


@pytest.mark.parametrize(
    ("outcome", "shown"),
    [
        (None, "missed"),
        (Outcome.BUSY, "busy"),
        (Outcome.CANCELLED, "cancelled"),
        (Outcome.VOICEMAIL, "voicemail"),
        (Outcome.ANSWERED_ELSEWHERE, "missed"),
    ],
)
def test_rule_6_a_missed_call_says_why(outcome: Outcome | None, shown: str) -> None:
    """The phone system's own word, where it has one."""
    made = story().play(push("c", "101", R), push("c", None, E, outcome=outcome, cause="why"))
    assert made.told == MISSED
    assert made.registry.last_call is not None
    assert made.registry.last_call.outcome == shown
    assert made.registry.last_call.hangup_cause == "why"


def test_rule_6_the_last_leg_says_how_the_call_ended() -> None:
    """Not the phone that was busy before others rang."""
    made = story().play(
        *GROUP,
        push("c", "101", E, outcome=Outcome.BUSY, cause="busy"),
        push("c", "102", E, cause="timeout"),
        push("c", "103", E, cause="cancel"),
    )
    assert made.registry.last_call is not None
    assert (made.registry.last_call.outcome, made.registry.last_call.hangup_cause) == (Outcome.MISSED, "cancel")


def test_rule_6_a_cause_is_not_shown_while_the_call_goes_on() -> None:
    """A loser's cause is not the call's."""
    made = story().play(*GROUP, push("c", "102", T), push("c", "101", E, cause="lost"))
    assert made.registry.calls["c"].hangup_cause is None


@pytest.mark.parametrize("pickup", [leg("a", T), leg("a", H)])
def test_rule_6_a_machine_that_picks_up_is_no_answer(pickup: object) -> None:
    """A menu before the phones ring, a mailbox after: the people have missed the call."""
    menu = call("c", pickup)  # type: ignore[arg-type]
    made = story().play(listed(menu), listed(call("c", leg("a", T), leg("101", R))), listed(menu), listed())
    assert made.told == MISSED
    assert made.registry.missed == 1


def test_rule_6_a_call_that_only_a_machine_took_is_answered() -> None:
    """Nobody's phone rang: nobody missed it."""
    made = story().play(listed(call("c", leg("a", T))), listed())
    assert made.told == ["call_incoming", "call_ended"]
    assert made.registry.last_call is not None
    assert made.registry.last_call.outcome is Outcome.ANSWERED


def test_rule_6_a_call_passed_on_to_the_outside_is_answered() -> None:
    """Two ends outside that talk to each other have met."""
    made = story().play(
        listed(call("c", leg("a", R), leg("101", R))), listed(call("c", leg("a", T), leg("b", T))), listed()
    )
    assert made.told == ANSWERED


def test_rule_6_an_answer_that_names_nobody() -> None:
    """Where no phone of ours rang it counts; where several did it is a machine's or a stranger's."""
    made = story().play(push("c", "-", R), push("c", "-", T), push("c", None, E))
    assert made.told == ANSWERED
    made = story().play(*GROUP, push("c", "-", T), push("c", None, E))
    assert made.told == MISSED


def test_rule_6_a_phone_that_answers_after_a_machine_is_named() -> None:
    """The phone hears that it answered, everybody hears it once."""
    made = story().play(push("c", "-", T), push("c", "101", R), push("c", "101", T), push("c", None, E))
    assert made.told == ANSWERED
    assert made.heard("101") == ["call_incoming", "call_answered", "call_ended:answered"]
    assert made.registry.last_call is not None
    assert made.registry.last_call.answered_by == "101"


def test_rule_6_a_lone_final_word_of_a_missed_call_is_told() -> None:
    """Where only missed calls are pushed."""
    made = story(grace=2).play(push("c", "101", E, final=True, outcome=Outcome.MISSED))
    assert made.told == ["call_missed"]
    assert made.registry.missed == 1


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.BUSY])
def test_rule_6_the_outcome_of_a_lone_leg_is_the_calls(outcome: Outcome) -> None:
    """One leg, one word."""
    made = story().play(push("c", "101", D, direction=OUT), push("c", "101", E, outcome=outcome))
    assert made.registry.last_call is not None
    assert made.registry.last_call.outcome is outcome


def test_rule_6_a_final_word_of_one_window_is_not_the_calls() -> None:
    """Under an id of its own kind it ends only that window's part."""
    final = LegPush(provider_event="x", call_id="w1", state=E, extension="101", final=True)
    made = story(pushed_ids_differ=True).play(widget("w1", "101", R), widget("w2", "102", R), pushed(final))
    assert made.registry.state_of("102") is R


# -- rule 6 where only browsers push, under ids of their own -----------------------------------------

BROWSERS = {"pushed_ids_differ": True, "complete_after": 2, "grace": 5}
DESK = replace(call("u", leg("104", T)), started_at=moment(1))


@pytest.mark.parametrize("caller", [CALLER, ""], ids=["known", "hidden"])
@pytest.mark.parametrize("late", [False, True])
def test_rule_6_a_desk_phone_that_answers_ends_only_the_browsers(caller: str, late: bool) -> None:  # noqa: FBT001
    """Each browser tells its own end; the list that is asked for then names the call."""
    row = replace(DESK, caller=Party(number=caller, hidden=not caller))
    made = story(**BROWSERS).play(widget("w1", "101", R, caller=caller), widget("w2", "102", R, caller=caller))
    made.play(widget("w1", "101", E, caller=caller), widget("w2", "102", E, caller=caller))
    assert made.last.refresh
    assert made.told == ["call_incoming"]
    assert not made.registry.calls
    if late:
        made.play(listed(asked=1.5))  # it cannot know
    made.play(listed(row), wait(60))
    assert made.told == ["call_incoming", "call_answered"]
    assert made.registry.missed == 0
    assert made.registry.state_of("104") is T
    assert made.heard("101") == ["call_incoming", "call_ended:answered_elsewhere"]


@pytest.mark.parametrize("answered", [False, True])
def test_rule_6_the_end_by_the_last_browser_is_told_with_the_next_list(answered: bool) -> None:  # noqa: FBT001
    """One that does not name the call: it ended when the browser said so, and is told by what the browser said."""
    made = story(**BROWSERS).play(widget("w", "101", R), *[widget("w", "101", T)] * answered, widget("w", "101", E))
    over = made.now
    made.play(listed())
    assert made.told == (ANSWERED if answered else MISSED)
    assert made.events[-1].provider_event == "widget.ended"
    assert made.registry.last_call is not None
    assert made.registry.last_call.ended_at == over


def test_rule_6_the_end_by_the_last_browser_is_told_at_last_without_a_list() -> None:
    """Lists may fail for long."""
    made = story(**BROWSERS).play(widget("w", "101", R), widget("w", "101", E))
    over = made.now
    made.play(wait(3))
    assert made.told == ["call_incoming"]
    made.play(wait(1))
    assert made.told == MISSED
    assert made.registry.last_call is not None
    assert made.registry.last_call.ended_at == over


@pytest.mark.parametrize(
    ("phones", "lists"),
    [
        pytest.param(["101"], 1, id="its_phone"),
        pytest.param(["101", "102"], 1, id="each_of_its_phones"),
        pytest.param([], 2, id="without_a_word"),
    ],
)
def test_rule_6_a_listed_call_whose_browsers_hung_up_needs_one_list(phones: list[str], lists: int) -> None:
    """Calls that vanish without a word need two."""
    legs = [leg("a", T), *(leg(phone, T) for phone in phones or ["104"])]
    made = story(**BROWSERS).play(*(widget(f"w{phone}", phone, R) for phone in phones), listed(call("u", *legs)))
    made.play(*(widget(f"w{phone}", phone, E) for phone in phones), listed())
    assert bool(made.registry.calls) is (lists > 1)
    made.play(*[listed()] * (lists - 1))
    assert made.told[-1] == "call_ended"


def test_rule_6_a_listed_call_of_which_one_phone_is_up_needs_two_lists() -> None:
    """Another browser, or a desk phone, has said nothing."""
    row = call("u", leg("a", T), leg("101", T), leg("102", T))
    for other in ([widget("w2", "102", T)], []):
        made = story(**BROWSERS).play(widget("w1", "101", T), *other, listed(row), widget("w1", "101", E), listed())
        assert made.registry.calls


def test_rule_1_windows_of_a_group_know_the_call_of_a_hidden_caller() -> None:
    """Nobody's number is nobody else's either; the same goes for the list."""
    made = story(pushed_ids_differ=True).play(widget("w1", "101", R, caller=""), widget("w2", "102", R, caller=""))
    assert len(made.registry.calls) == 1


# -- transfers, and who hears what -------------------------------------------------------------------


def test_a_phone_that_hands_the_call_over_hears_its_own_end() -> None:
    """101 rings 102, both talk, 101 leaves; 102 was given the call."""
    made = story().play(
        push("c", "101", R, time=1),
        push("c", "101", T, time=2),
        push("c", "102", R, time=3),
        push("c", "102", T, time=4),
        push("c", "101", E, time=5),
    )
    assert made.told == ["call_incoming", "call_answered", "call_transferred"]
    assert made.heard("101") == ["call_incoming", "call_answered", "call_ended:answered"]
    assert made.heard("102") == ["call_incoming", "call_answered", "call_transferred"]
    made.play(push("c", "102", E, time=6))
    assert made.told == [*ANSWERED[:2], "call_transferred", "call_ended"]
    assert made.registry.last_call is not None
    assert made.registry.last_call.answered_by == "102"


def test_a_transfer_seen_by_lists() -> None:
    """A phone that joins as another leaves was given the call, without ever ringing for it."""
    made = story().play(
        listed(call("c", leg("a", T), leg("101", T))), listed(call("c", leg("a", T), leg("102", T))), listed()
    )
    assert made.told == ["call_incoming", "call_answered", "call_transferred", "call_ended"]
    assert made.heard("102") == ["call_transferred", "call_ended:answered"]


def test_a_phone_that_gets_a_call_back_hears_it_ring_again() -> None:
    """After it had left."""
    made = story().play(
        listed(call("c", leg("a", T), leg("101", T))),
        listed(call("c", leg("a", T), leg("102", T))),
        listed(call("c", leg("a", T), leg("102", T), replace(leg("101", R), id="again"))),
    )
    assert made.heard("101") == ["call_incoming", "call_answered", "call_ended:answered", "call_incoming"]
    assert made.told.count("call_incoming") == 1


def test_a_transfer_that_is_told_is_told_once() -> None:
    """By the phone system's own word."""
    steps = [push("c", "101", T), push("c", "101", T, transferred_to="102"), push("c", "101", T, transferred_to="102")]
    made = story().play(*steps)
    assert made.told == ["call_incoming", "call_answered", "call_transferred"]
    assert made.events[-1].fields["transferred_to"] == "102"


@pytest.mark.parametrize(
    ("steps", "state", "phones"),
    [
        pytest.param([("101", T), ("b", D)], D, {"101": D}, id="own_phone_first"),
        pytest.param([("101", T), ("b", R)], D, {"101": D}, id="far_end_rings"),
        pytest.param([("101", T), ("b", T)], T, {"101": T}, id="answered"),
        pytest.param([("101", H), ("b", T)], H, {"101": H}, id="held"),
        pytest.param([("101", R), ("b", D)], R, {"101": R}, id="own_phone_rings"),
        pytest.param([("101", T)], T, {"101": T}, id="only_our_side_is_known"),
    ],
)
def test_an_outgoing_call_dials_until_the_far_end_answers(
    steps: list[tuple[str, CallState]], state: CallState, phones: dict[str, CallState]
) -> None:
    """Also where the own phone is picked up first."""
    made = story().play(listed(call("c", *(leg(*each) for each in steps), direction=OUT)))
    assert made.registry.calls["c"].state is state
    assert {phone: made.registry.state_of(phone) for phone in phones} == phones
    assert ("call_answered" in made.told) is (state in {T, H})


@pytest.mark.parametrize(
    ("steps", "answered"),
    [
        pytest.param([("101", T), ("102", R)], False, id="own_phone_first"),
        pytest.param([("101", T), ("102", T)], True, id="both"),
        pytest.param([("101", T)], True, id="a_mailbox"),
        pytest.param([("101", D), ("102", R)], False, id="ringing"),
    ],
)
def test_an_internal_call_is_answered_when_both_talk(
    steps: list[tuple[str, CallState]],
    answered: bool,  # noqa: FBT001
) -> None:
    """Or one talks to a machine."""
    made = story().play(listed(call("c", *(leg(*each) for each in steps), direction=INTERNAL, caller="101")))
    assert ("call_answered" in made.told) is answered
    assert (made.registry.state_of("101") is T) is answered


@pytest.mark.parametrize(
    ("answer", "talking"),
    [
        pytest.param("102", {"101", "102"}, id="by_the_called"),
        pytest.param("101", {"101", "102"}, id="told_of_the_caller"),
    ],
)
def test_an_answer_moves_both_sides_of_an_internal_call(answer: str, talking: set[str]) -> None:
    """One message is enough."""
    made = story().play(
        push("c", "101", D, direction=INTERNAL, caller="101"),
        push("c", "102", R, direction=INTERNAL, caller="101"),
        push("c", answer, T, direction=INTERNAL, caller="101"),
    )
    assert {phone for phone in ("101", "102") if made.registry.state_of(phone) is T} == talking
    assert made.registry.calls["c"].answered_by == "102"


def test_an_answer_to_a_caller_of_a_group_leaves_open_who_it_was() -> None:
    """The call is answered; which phone of the group is told later, or never."""
    made = story().play(
        push("c", "101", D, direction=INTERNAL, caller="101"),
        push("c", "102", R, direction=INTERNAL, caller="101"),
        push("c", "103", R, direction=INTERNAL, caller="101"),
        push("c", "101", T, direction=INTERNAL, caller="101"),
    )
    assert made.told == ["call_outgoing", "call_incoming", "call_answered"]
    assert made.registry.calls["c"].answered_by is None
    assert made.registry.state_of("102") is R


@pytest.mark.parametrize(("ringing", "talk"), [(["101"], {"101"}), (["101", "102"], set())])
def test_an_answer_of_the_whole_call_is_the_only_ringing_phones(ringing: list[str], talk: set[str]) -> None:
    """Who of several it was is not said."""
    made = story().play(*(push("c", phone, R) for phone in ringing), push("c", None, T))
    assert {phone for phone in ringing if made.registry.state_of(phone) is T} == talk
    assert made.told == ["call_incoming", "call_answered"]


# -- rule 7: expiry ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "seconds", "asked", "left"),
    [
        (R, 179, 0, 1),
        (R, 181, 1, 1),
        (R, 301, 1, 0),
        (D, 301, 1, 0),
        (T, 29 * 60, 0, 1),
        (T, 31 * 60, 1, 1),
        (H, 46 * 60, 2, 1),
        (T, 4 * 3600 - 60, 14, 1),
        (T, 4 * 3600 + 1, 14, 0),
    ],
)
def test_rule_7_calls_of_pushes_alone_expire(state: CallState, seconds: int, asked: int, left: int) -> None:
    """After asking: ringing within minutes, talking within hours."""
    made = story().play(push("c", "101", state))
    questions = 0
    until = made.clock + seconds
    while (due := made.registry.due()) is not None and due <= moment(until):
        made.clock = (due - START).total_seconds()
        made.take(made.registry.tick(made.now))
        questions += len(made.registry.take_questions())
    assert questions == asked
    assert len(made.registry.calls) == left
    assert len([kind for kind in made.told if kind in {"call_ended", "call_missed"}]) == 1 - left


def test_rule_7_a_message_puts_the_end_off() -> None:
    """Whoever is spoken of is not given up."""
    made = story().play(push("c", "101", R), wait(170), push("c", "102", R), wait(170))
    assert made.registry.take_questions() == []
    made.play(push("c", "101", T), wait(400))
    assert made.registry.calls
    again = story().play(push("c", "101", R), wait(170), push("c", "102", R), wait(301))
    assert not again.registry.calls


def test_rule_7_a_listed_call_does_not_expire() -> None:
    """Lists say themselves when it is over."""
    made = story().play(push("c", "101", R, leg="leg-101"), listed(call("c", leg("101", R))))
    assert made.registry.due() is None
    made.play(push("c", "101", T, leg="leg-101"))
    assert made.registry.due() is None


def test_rule_7_a_question_about_a_call_that_is_over_is_not_asked() -> None:
    """It ended between the question and its asking."""
    made = story().play(push("c", "101", R), wait(181), push("c", None, E))
    assert made.last.events
    assert made.registry.take_questions() == []


def test_rule_7_a_late_clock_ends_what_is_overdue_at_once() -> None:
    """A machine that slept does not ask about yesterday's calls."""
    made = story().play(push("c", "101", R))
    made.take(made.registry.tick(moment(10_000)))
    assert not made.registry.calls
    assert made.registry.take_questions() == []
    assert made.registry.due() is None


def test_rule_7_a_grace_runs_from_the_end_of_the_last_leg() -> None:
    """Further ends do not lengthen it, a new ring stops it."""
    made = story(grace=5).play(push("c", "101", R, time=1), push("c", "101", E, time=2))
    due = made.registry.due()
    made.play(push("c", "101", E, time=3))
    assert made.registry.due() == due
    made.play(push("c", "102", R, time=4), wait(8))
    assert made.registry.calls


@pytest.mark.parametrize(("lasts", "left"), [(True, True), (False, False)])
def test_rule_7_a_call_that_is_said_to_last_is_given_more_time(lasts: bool, left: bool) -> None:  # noqa: FBT001
    """Its phone gave up, and the phone system said that the call goes on."""
    gave_up = LegPush(provider_event="x", call_id="c", leg_id="101", state=E, extension="101", lasts=lasts)
    made = story(grace=2).play(push("c", "101", R), pushed(gave_up), wait(30), push("c", "102", R))
    assert bool(made.registry.calls) is left
    made.play(push("c", "102", E), wait(90))
    assert made.told == MISSED


def test_rule_7_a_list_does_not_lengthen_a_grace() -> None:
    """A list that still names a call whose phones have all hung up keeps nothing alive."""
    row = call("c", leg("101", T))
    made = story(grace=5).play(
        listed(row), push("c", "101", E, leg="leg-101"), *[listed(row)] * 3, wait(3), listed(row), wait(1)
    )
    assert not made.registry.calls
    assert made.told == ANSWERED


# -- rule 8: records ---------------------------------------------------------------------------------

RECORD = CallRecord(id="1", call_id="c", direction=IN, outcome=Outcome.ANSWERED, answered_by="101", duration=7)


def test_rule_8_a_record_settles_a_lost_hang_up() -> None:
    """The call ends with what the record knows."""
    made = story().play(push("c", "101", T), record(RECORD))
    assert not made.registry.calls
    assert made.told == [*ANSWERED, "call_record"]
    assert made.registry.last_call is not None
    assert made.registry.last_call.record == RECORD


def test_rule_8_a_record_settles_a_lost_answer() -> None:
    """The count of missed calls is put right, unless it was acknowledged meanwhile."""
    made = story().play(push("c", "101", R), push("c", None, E))
    assert made.registry.missed == 1
    made.play(record(RECORD))
    assert made.registry.missed == 0
    assert made.registry.last_call is not None
    assert made.registry.last_call.outcome is Outcome.ANSWERED
    assert made.told == [*MISSED, "call_corrected", "call_record"]


@pytest.mark.parametrize("outcome", [Outcome.BUSY, Outcome.CANCELLED])
def test_rule_8_a_record_corrects_whatever_was_counted_as_missed(outcome: Outcome) -> None:
    """Not only what was called missed."""
    made = story().play(push("c", "101", R), push("c", None, E, outcome=outcome))
    assert made.registry.missed == 1
    made.play(record(RECORD))
    assert made.registry.missed == 0


def test_rule_8_a_correction_does_not_take_another_call_from_the_count() -> None:
    """What was acknowledged is not counted any more."""
    made = story().play(push("c", "101", R), push("c", None, E))
    made.take(made.registry.acknowledge_missed())
    assert made.keys >= {ACCOUNT}
    made.play(push("d", "101", R), push("d", None, E), record(RECORD))
    assert made.registry.missed == 1
    made.registry.acknowledge_missed()
    assert not made.registry.acknowledge_missed()


@pytest.mark.parametrize("outcome", [Outcome.MISSED, Outcome.BUSY, Outcome.CANCELLED, Outcome.VOICEMAIL])
def test_rule_9_a_record_can_say_that_a_call_was_missed(outcome: Outcome) -> None:
    """Which way it went, and that nobody took it, was not known before."""
    other = story().play(push("c", "101", D, direction=None), push("c", None, E, direction=None))
    assert other.registry.missed == 0
    other.play(record(replace(RECORD, outcome=outcome, answered_by=None)))
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
        *(record(replace(RECORD, id=str(n), outcome=outcome)) for n, outcome in enumerate(outcomes)),
    )
    assert made.registry.last_call is not None
    assert made.registry.last_call.outcome is final
    assert made.registry.missed == (final is not Outcome.ANSWERED)


def test_rule_8_the_record_of_a_slow_phone_ends_only_its_part() -> None:
    """The call goes on."""
    slow = replace(RECORD, outcome=Outcome.ANSWERED_ELSEWHERE, extension="101", answered_by="102")
    made = story().play(*GROUP, record(slow))
    assert made.registry.state_of("101") is None
    assert made.registry.state_of("102") is R
    made.play(push("c", "102", T), record(replace(slow, id="2", outcome=Outcome.MISSED, extension="103")))
    assert made.registry.state_of("102") is T


def test_rule_8_the_record_of_a_phone_that_handed_over_ends_only_its_part() -> None:
    """Its part is over, the call is not."""
    made = story().play(push("c", "101", T), push("c", "102", T), push("c", "101", E), record(RECORD))
    assert made.registry.state_of("102") is T


def test_rule_8_a_record_that_was_asked_for_is_told_once() -> None:
    """The history repeats what was pushed; a recording is told by its record or by a message of its own."""
    recorded = replace(RECORD, recording_id="rec", voicemail=True)
    made = story()
    made.take(made.registry.directory(Directory(unread_voicemails=0), made.now))
    made.play(
        record(recorded),
        record(recorded, key=None),
        notice(Notice(provider_event="audio", type=EventType.RECORDING_READY, fields={"recording_id": "rec"})),
    )
    assert made.told == ["call_ended", "call_record", "recording_ready", "voicemail_received"]
    assert made.registry.unread_voicemails == 1


def test_rule_8_a_record_of_an_unknown_call_is_told() -> None:
    """To the phone it names."""
    made = story().play(record(replace(RECORD, call_id=None)), record(replace(RECORD, id="2", call_id="x")))
    assert made.told == ["call_record", "call_ended", "call_record"]
    assert [told.partition(":")[0] for told in made.heard("101")] == made.told
    assert made.events[0].call is None


def test_rule_8_a_record_without_an_outcome_ends_a_call_as_far_as_it_is_known() -> None:
    """It says only that it is over."""
    made = story().play(push("c", "101", R), record(replace(RECORD, outcome=Outcome.UNKNOWN, answered_by=None)))
    assert made.registry.last_call is not None
    assert made.registry.last_call.outcome is Outcome.MISSED


# -- rule 10: several calls at one extension ---------------------------------------------------------


@pytest.mark.parametrize(
    ("calls", "shown", "order"),
    [
        ([D, R], R, ["c1", "c0"]),
        ([H, T], T, ["c1", "c0"]),
        ([T, R], R, ["c1", "c0"]),
        ([D, H], H, ["c1", "c0"]),
        ([T, T], T, ["c0", "c1"]),
        ([D, H, T, R], R, ["c3", "c2", "c1", "c0"]),
    ],
)
def test_rule_10_an_extension_shows_its_most_urgent_call(
    calls: list[CallState], shown: CallState, order: list[str]
) -> None:
    """Ringing before talking before on hold before dialling; each call keeps its own."""
    rows = [call(f"c{n}", leg("101", state), direction=OUT if state is D else IN) for n, state in enumerate(calls)]
    rows = [replace(row, legs=(replace(row.legs[0], id=f"leg{n}"),)) for n, row in enumerate(rows)]
    made = story().play(listed(*rows))
    assert made.registry.state_of("101") is shown
    assert [each.id for each in made.registry.calls_of("101")] == order
    assert [each.state for each in made.registry.calls.values()] == calls


def test_rule_10_two_legs_of_one_phone_show_the_more_urgent() -> None:
    """A second device rings while the first talks."""
    made = story().play(listed(call("c", leg("101", T), replace(leg("101", R), id="second"))))
    assert made.registry.state_of("101") is R


def test_rule_10_a_call_keeps_its_slot_and_hands_it_on() -> None:
    """From start to end; the next that waits takes it."""
    made = story(slots=2).play(push("a", "101", T), push("b", "102", T), push("c", "103", T))
    assert [slot and slot.id for slot in made.registry.slots] == ["a", "b"]
    made.keys.clear()
    made.play(push("a", None, E))
    assert [slot and slot.id for slot in made.registry.slots] == ["c", "b"]
    assert slot_key(1) in made.keys
    made.play(push("b", None, E), push("d", "104", R))
    assert [slot and slot.id for slot in made.registry.slots] == ["c", "d"]
    made.play(push("c", "103", H), push("c", None, E))
    assert [slot and slot.id for slot in made.registry.slots] == [None, "d"]


def test_rule_10_only_those_concerned_are_named() -> None:
    """The account, the phones of the call and its slot."""
    made = story().play(push("a", "101", T), push("b", "102", T))
    made.keys.clear()
    made.play(push("b", "102", H))
    assert made.keys == {ACCOUNT, extension_key("102"), slot_key(2)}
    made.keys.clear()
    made.play(push("b", "102", H))
    assert not made.keys


def test_rule_10_a_list_that_changes_nothing_names_nobody() -> None:
    """Nor does it tell anything."""
    row = listed(call("c", leg("a", T), leg("101", T)))
    made = story().play(row, row)
    assert not made.last


# -- rule 11: bounds ---------------------------------------------------------------------------------


def test_rule_11_no_flood_of_calls_grows_without_end() -> None:
    """The oldest call makes room."""
    made = story()
    for n in range(2500):
        made.play(push(f"c{n}", str(n), T, key=f"k{n}"))
    assert made.registry.sizes["calls"] == 2000
    assert "c499" not in made.registry.calls
    assert "c500" in made.registry.calls


def test_rule_11_no_flood_of_legs_grows_without_end() -> None:
    """Legs that are over make room for new ones; where none is, there is none."""
    made = story().play(push("c", "9999", T))
    for n in range(300):
        made.play(push("c", str(n), R, time=2 * n), push("c", str(n), E, time=2 * n + 1))
    assert made.registry.sizes["legs"] == 64
    assert made.registry.state_of("9999") is T
    made.play(push("c", "777", R))
    assert made.registry.state_of("777") is R
    for n in range(300, 400):
        made.play(push("c", str(n), R, time=2000))
    assert made.registry.sizes["legs"] == 64
    made.play(listed(call("c", *(leg(str(n), R) for n in range(500, 600)))))
    assert made.registry.sizes["legs"] == 64


def test_rule_11_no_flood_of_anything_else_grows_without_end() -> None:
    """Keys, other ids, deadlines, agents and rings of one phone."""
    made = story(pushed_ids_differ=True).play(listed(call("u", leg("101", R))))
    for n in range(6000):
        made.play(
            widget(f"w{n}", "101", R),
            notice(Notice(provider_event="x", type=EventType.AGENT_LOGGED_IN, agent=str(n), key=f"n{n}")),
            push("p", "102", R, time=n, key=f"p{n}"),
        )
        made.clock = 2
        made.events.clear()
    sizes = made.registry.sizes
    assert sizes["aliases"] <= 4096
    assert sizes["keys"] <= 4096
    assert sizes["agents"] <= 1000
    assert sizes["deadlines"] <= 100
    assert sizes["legs"] <= 128
    assert set(sizes) >= {"calls", "legs", "tombstones", "aliases", "keys", "deadlines", "extensions_with_calls"}


def test_rule_11_nothing_is_left_of_calls_that_are_over() -> None:
    """But their tombstones, keys and names."""
    made = story(pushed_ids_differ=True)
    for n in range(50):
        made.play(widget(f"w{n}", "101", R), listed(call(f"u{n}", leg("101", R))), listed(), listed())
    sizes = made.registry.sizes
    assert {name: sizes[name] for name in ("calls", "legs", "leg_ids", "extensions_with_calls", "questions")} == {
        "calls": 0,
        "legs": 0,
        "leg_ids": 0,
        "extensions_with_calls": 0,
        "questions": 0,
    }


# -- names, keys pressed and unknown things ----------------------------------------------------------


@pytest.mark.parametrize(("direction", "side"), [(IN, "caller"), (None, "caller"), (OUT, "callee")])
def test_a_name_that_was_looked_up_follows_in_the_state(direction: Direction | None, side: str) -> None:
    """Also when the call is over by then; nothing is told."""
    made = story().play(push("c", "101", R, direction=direction, callee="+390687654321"))
    told = list(made.events)
    made.take(made.registry.name_caller("c", Party(name="Anna", known=True)))
    assert getattr(made.registry.calls["c"], side).name == "Anna"
    assert getattr(made.registry.slots[0], side).name == "Anna"
    assert made.events == told
    assert not made.registry.name_caller("c", Party(name="Anna", known=True))
    made.play(push("c", None, E))
    made.take(made.registry.name_caller("c", Party(name="Berta", known=False)))
    assert made.registry.last_call is not None
    assert getattr(made.registry.last_call, side).name == "Anna"


@pytest.mark.parametrize(
    ("step", "caller", "callee"),
    [
        pytest.param(push("c", "102", R, caller="101", callee="102", direction=INTERNAL), "Anna", "Berta", id="pushed"),
        pytest.param(listed(call("c", leg("101", D), caller="101", direction=OUT)), "Anna", "", id="listed"),
        pytest.param(push("c", "103", R, callee="103"), "", "", id="nameless"),
        pytest.param(
            pushed(LegPush(provider_event="x", call_id="c", state=R, caller=Party(number="101", name="A. K."))),
            "A. K.",
            "",
            id="named",
        ),
    ],
)
def test_whoever_is_one_of_ours_has_a_name(step: Step, caller: str, callee: str) -> None:
    """From the directory, where none came; in what is told already."""
    names = {"101": "Anna", "102": "Berta", "103": ""}
    made = story()
    extensions = tuple(Extension(number=number, name=name) for number, name in names.items())
    made.take(made.registry.directory(Directory(extensions=extensions), made.now))
    made.play(step)
    told = made.events[-1].call
    assert told is not None
    assert (told.caller.name, told.callee.name) == (caller, callee)
    assert made.registry.calls["c"] == told


NAME_BOOK = {CALLER: Party(name="Anna", known=True), "+390687654321": Party(name="Berta"), "101": Party(name="wrong")}


def book(number: str) -> Party | None:
    """Look a number up."""
    return NAME_BOOK.get(number)


@pytest.mark.parametrize(
    ("step", "caller", "callee"),
    [
        pytest.param(push("c", "101", R), "Anna", "", id="incoming"),
        pytest.param(push("c", "101", R, direction=None), "Anna", "", id="way unknown"),
        pytest.param(push("c", "101", D, direction=OUT, callee="+390687654321"), "", "Berta", id="outgoing"),
        pytest.param(listed(call("c", leg("101", R))), "Anna", "", id="listed"),
        pytest.param(push("c", "102", R, caller="101", direction=INTERNAL), "Ours", "", id="internal"),
        pytest.param(push("c", "101", R, caller="+3902"), "", "", id="unknown"),
        pytest.param(push("c", "101", R, caller=""), "", "", id="hidden"),
        pytest.param(push("c", None, E, final=True, outcome=Outcome.MISSED), "Anna", "", id="only its end"),
    ],
)
def test_a_caller_in_the_name_book_is_named_in_the_first_event(step: Step, caller: str, callee: str) -> None:
    """The party outside, whichever way the call goes; ours are named by the directory."""
    made = Story(CallRegistry(names=book))
    made.take(made.registry.directory(Directory(extensions=(Extension(number="101", name="Ours"),)), made.now))
    made.take(made.registry.snapshot((), made.now, made.now))
    made.play(step)
    told = made.events[0].call
    assert told is not None
    assert told.caller.name == caller
    assert told.callee.name == callee
    assert told.caller.known is (True if caller == "Anna" else None)


def test_the_name_book_is_asked_once_for_each_number_of_a_call() -> None:
    """And again when the number comes later, or becomes another; what the phone system says is kept."""
    asked: list[str] = []

    def names(number: str) -> Party | None:
        asked.append(number)
        return book(number)

    made = Story(CallRegistry(names=names))
    made.play(push("c", "101", R, caller=None), push("c", "101", R), push("c", "101", T), push("c", "101", E))
    assert asked == [CALLER]
    named = LegPush(provider_event="x", call_id="d", state=R, direction=IN, caller=Party(number=CALLER, name="A. K."))
    made.play(pushed(named))
    assert made.registry.calls["d"].caller == Party(number=CALLER, name="A. K.", known=True)


@pytest.mark.parametrize(("number", "keys"), [(2, {ACCOUNT}), (0, set()), (-1, set())])
def test_missed_calls_of_before_a_restart_are_added(number: int, keys: set[object]) -> None:
    """They stay until somebody acknowledges them, whatever records say later."""
    made = story().play(push("c", "101", R), push("c", None, E))
    made.take(made.registry.restore_missed(number))
    assert made.last.keys.keys() == keys
    assert made.registry.missed == 1 + max(number, 0)
    made.take(made.registry.acknowledge_missed())
    assert made.registry.missed == 0


def test_a_name_comes_after_the_end_of_the_call() -> None:
    """The last call shows it; a call of before shows it when it is asked for."""
    made = story().play(push("c", "101", R), push("c", None, E))
    made.take(made.registry.name_caller("c", Party(name="Anna")))
    assert made.registry.last_call is not None
    assert made.registry.last_call.caller == Party(number=CALLER, name="Anna")
    assert ACCOUNT in made.last.keys
    made.play(push("d", "101", R), push("d", None, E))
    assert not made.registry.name_caller("c", Party(known=True))
    ended = made.registry.ended("c")
    assert ended is not None
    assert ended.caller.known is True
    assert not made.registry.name_caller("x", Party(name="Anna"))


def test_a_name_does_not_show_a_call_in_its_grace() -> None:
    """It comes while nothing rings."""
    made = story(grace=5).play(push("c", "101", R), push("c", "101", E))
    made.take(made.registry.name_caller("c", Party(name="Anna")))
    assert not made.registry.calls
    assert not made.last


@pytest.mark.parametrize(
    ("digit", "fields"), [("5", {"digits": "5"}), ("", {})], ids=["the_key_is_known", "the_key_is_unknown"]
)
def test_a_key_that_was_pressed_is_told(digit: str, fields: dict[str, str]) -> None:
    """With its digit where the phone system tells it, and with who pressed it."""
    made = story().play(listed(call("c", leg("101", T))), hint("leg-101", dtmf=digit))
    assert made.told[-1] == "dtmf_received"
    assert made.events[-1].fields == {"pressed_by": "callee", **fields}
    assert made.heard("101")[-1] == "dtmf_received"


def rung(phone: str, state: CallState, **details: str) -> Step:
    """Push what a phone does, and whose it is."""
    message = LegPush(provider_event="x", call_id="c", leg_id=phone, extension=phone, state=state, direction=IN)
    return pushed(replace(message, caller=Party(number=CALLER), details=details))


def test_an_event_names_the_user_of_the_phone_it_names() -> None:
    """Not that of the phone of which was heard last, which may say less."""
    anna = {"user_email": "anna@example.com", "sip_username": "u1"}
    made = story().play(
        rung("101", R, **anna), rung("102", R, user_email="bo@example.com"), rung("103", R), rung("102", E)
    )
    assert [event.fields for event in made.events] == [anna, {"user_email": "bo@example.com"}, {}]
    made.play(rung("101", E), rung("103", E))
    missed = next(event for event in made.events if event.public and event.type is EventType.CALL_MISSED)
    assert (missed.extension, missed.fields) == ("101", anna)
    own = {event.extension: event.fields for event in made.events if not event.public and event.tell}
    assert own == {"101": anna, "102": {"user_email": "bo@example.com"}, "103": {}}


def test_an_event_that_names_no_phone_names_no_user_of_several() -> None:
    """Of users without an extension only the one who is alone in a call is known."""
    alone = replace(LegPush(provider_event="x", call_id="c", state=R), leg_id="a", details={"user_email": "a"})
    made = story().play(pushed(alone), pushed(replace(alone, leg_id="b", details={"user_email": "b"})))
    made.play(push("c", None, E))
    assert [event.fields for event in made.events] == [{"user_email": "a"}, {}]


def test_what_is_unknown_is_counted_and_told() -> None:
    """An automation may know more."""
    made = story().play(pushed(UnknownPush(provider_event="new.kind")))
    assert made.registry.unknown_pushes == 1
    assert made.told == ["unknown"]


def test_a_notice_goes_to_the_phones_of_its_call() -> None:
    """Or to the one it names, also after the end."""
    made = story().play(
        push("c", "101", T),
        notice(Notice(provider_event="x", type=EventType.DTMF_RECEIVED, call_id="c", fields={"digits": "1"})),
        push("c", None, E),
        notice(Notice(provider_event="x", type=EventType.RECORDING_READY, call_id="c")),
        notice(Notice(provider_event="x", type=EventType.SMS_RECEIVED, extension="102")),
    )
    assert made.heard("101")[-1] == "recording_ready:answered"
    assert "dtmf_received" in made.heard("101")
    assert made.heard("102") == ["sms_received"]


def test_what_a_later_message_knows_is_added_and_never_lost() -> None:
    """Parties fill up, a number makes a caller visible."""
    made = story().play(
        pushed(LegPush(provider_event="x", call_id="c", leg_id="101", state=R, caller=Party(hidden=True))),
        pushed(
            LegPush(
                provider_event="x",
                call_id="c",
                leg_id="101",
                state=T,
                caller=Party(number=CALLER, name="Anna"),
                queue="600",
                started_at=moment(-5),
                answered_at=moment(1),
                details={"user_email": "a@example.com", "sip_username": None},
            )
        ),
        pushed(LegPush(provider_event="x", call_id="c", leg_id="101", state=H, caller=Party(name="Other"))),
    )
    active = made.registry.calls["c"]
    assert active.caller == Party(number=CALLER, name="Anna")
    assert (active.queue, active.answered_at) == ("600", moment(1))
    assert active.started_at == moment(1)
    assert made.events[-1].fields == {"user_email": "a@example.com"}


@pytest.mark.parametrize("seen_before", [True, False])
@pytest.mark.parametrize("state", [CallState.TALKING, CallState.ON_HOLD])
def test_nobody_knows_when_a_call_was_answered_that_is_first_seen_up(state: CallState, *, seen_before: bool) -> None:
    """Neither the list that shows it first nor a later one makes the time up, after a restart or in between."""
    registry = CallRegistry()
    legs = (Leg(id="a", state=state), Leg(id="b", state=state, extension="100"))
    row = Call(id="c", state=state, direction=Direction.INCOMING, legs=legs, started_at=moment(-35))
    if seen_before:
        registry.snapshot([], moment(-5), moment(-5))
    for second in (0, 5, 10):
        registry.snapshot([row], moment(second), moment(second))
        assert registry.calls["c"].answered_at is None
    changes = registry.snapshot([], moment(15), moment(15))
    ended = next(event.call for event in changes.events if event.type is EventType.CALL_ENDED)
    assert ended is not None
    assert (ended.answered_at, ended.outcome) == (None, Outcome.ANSWERED)


def test_an_answer_that_was_seen_is_dated() -> None:
    """By the list that shows it first, as soon as one has shown the call ringing."""
    registry = CallRegistry()
    for second, state in ((0, CallState.RINGING), (5, CallState.TALKING)):
        leg = Leg(id="b", state=state, extension="100")
        row = Call(id="c", state=state, direction=Direction.INCOMING, legs=(leg,))
        registry.snapshot([row], moment(second), moment(second))
    assert registry.calls["c"].answered_at == moment(5)
