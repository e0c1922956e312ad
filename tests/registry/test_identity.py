"""Which call a message or a row is about: rule 1, a call has one id and legs."""

from dataclasses import replace

import pytest

from custom_components.pbx.telephony.models import Call, CallHint, CallState, Direction, Leg

from .story import (
    ANSWERED,
    CALLER,
    INTERNAL,
    OUT,
    D,
    E,
    H,
    R,
    Step,
    T,
    call,
    leg,
    listed,
    push,
    pushed,
    story,
    wait,
    widget,
)


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


@pytest.mark.parametrize(
    ("sent", "calls"),
    [
        pytest.param((1, 1.2, 2), 1, id="before_the_end"),
        pytest.param((1, 2.5, 2), 2, id="after_the_end"),
        pytest.param((1, 7, 9), 2, id="long_after_the_first"),
        pytest.param((1, 2, 2), 2, id="all_at_once"),
        pytest.param((None, None, None), 2, id="undated"),
    ],
)
def test_rule_1_a_ring_that_was_sent_before_another_window_gave_up(
    sent: tuple[float | None, float | None, float | None], calls: int
) -> None:
    """Messages overtake each other: the second window's ring may come after the end of the first's."""
    first, second, end = sent
    made = story(pushed_ids_differ=True, complete_after=2, grace=5).play(
        widget("w1", "101", R, sent=first), widget("w1", "101", E, sent=end), widget("w2", "101", R, sent=second)
    )
    assert made.told.count("call_incoming") == calls


@pytest.mark.parametrize(("sent", "calls"), [(0, 1), (1, 1), (8, 2), (None, 2)])
def test_rule_1_a_ring_that_comes_after_its_phone_is_known_to_have_answered(sent: float | None, calls: int) -> None:
    """That the first window is done was inferred from it; the second's ring was sent before."""
    made = story(pushed_ids_differ=True).play(
        listed(call("u", leg("101", R))),
        wait(2),
        widget("w1", "101", R, sent=0),
        pushed(CallHint(provider_event="answered", leg_id="leg-101", state=T)),
        wait(5),
        widget("w2", "101", R, sent=sent),
    )
    assert len(made.registry.calls) == calls
    assert made.told.count("call_incoming") == calls


@pytest.mark.parametrize(("sent", "calls"), [(1, 1), (9, 2), (None, 2)])
def test_rule_1_the_late_end_of_a_ring_is_not_that_of_the_next_part(sent: float | None, calls: int) -> None:
    """A call is handed to a phone that had rung in it: the list has told so before the end of its first ring comes."""
    made = story(pushed_ids_differ=True).play(
        widget("w1", "101", R, sent=0),
        listed(call("u", leg("101", R), leg("102", R))),
        wait(1),
        listed(call("u", leg("102", T))),
        wait(2),
        listed(call("u", Leg(id="next", state=R, extension="101"))),
        wait(5),
        widget("w1", "101", E, sent=sent),
        widget("w2", "101", R, sent=None if sent is None else sent + 1),
    )
    assert len(made.registry.calls) == calls
    assert made.told.count("call_incoming") == calls


def test_rule_1_the_next_call_of_a_caller_is_a_new_one() -> None:
    """A caller who rings again before the list knows that the first call is over begins a second."""
    made = story(pushed_ids_differ=True, complete_after=2).play(
        listed(call("u1", leg("101", R))), widget("w1", "101", R), widget("w1", "101", E), widget("w2", "101", R)
    )
    assert made.registry.find("w2") != made.registry.find("w1")


@pytest.mark.parametrize("late", [R, E], ids=["ring", "end_of_a_ring"])
@pytest.mark.parametrize("does", [(R, T), (R, T, H)], ids=["talks", "holds"])
def test_rule_1_a_late_window_of_a_call_that_was_handed_on_begins_none(
    does: tuple[CallState, ...], late: CallState
) -> None:
    """A phone is given a call that is old, and takes it at once: its second window comes in after that."""
    made = story(pushed_ids_differ=True).play(
        listed(call("u", leg("a", T), leg("102", T))),
        wait(120),
        *(widget("w1", "101", state) for state in does),
        widget("w2", "101", late),
    )
    assert list(made.registry.calls) == ["u"]
    assert made.told.count("call_incoming") == 1


def test_rule_1_a_late_window_of_a_phone_that_had_rung_before_begins_no_second_call() -> None:
    """A phone of a group is given the call that another took: what its window told was of the first ring."""
    first, given = leg("103", R), replace(leg("103", T), id="leg-next")
    made = story(pushed_ids_differ=True).play(
        widget("w1", "103", R),
        listed(call("u", leg("a", R), first, leg("104", R))),
        widget("w1", "103", E),
        listed(call("u", leg("a", T), leg("104", T))),
        wait(120),
        listed(call("u", leg("a", T), given)),
        widget("w2", "103", R),
    )
    assert len(made.registry.calls) == 1
    assert made.told.count("call_incoming") == 1


@pytest.mark.parametrize("rang_before", [False, True])
def test_rule_1_a_phone_to_which_a_waiting_caller_is_handed_is_in_his_call(*, rang_before: bool) -> None:
    """A list shows already that whoever talked has left, and that the caller hears the next phone ring."""
    first = (widget("w0", "101", R), widget("w0", "101", E)) if rang_before else ()
    made = story(pushed_ids_differ=True).play(
        listed(call("u", leg("a", R), leg("102", R))),
        *first,
        listed(call("u", leg("a", T), leg("102", T))),
        wait(60),
        listed(call("u", leg("a", R))),
        widget("w1", "101", R),
    )
    assert list(made.registry.calls) == ["u"]
    assert made.registry.state_of("101") is R
    assert made.told.count("call_incoming") == 1


@pytest.mark.parametrize(
    ("sent", "calls"), [(62, 1), (64, 2), (None, 2)], ids=["before_the_end", "after_it", "undated"]
)
def test_rule_1_a_ring_that_comes_after_the_end_of_a_call_that_was_handed_on(sent: float | None, calls: int) -> None:
    """The caller gave up at once when he was handed on: the ring was sent before that, and comes later."""
    made = story(pushed_ids_differ=True, grace=5).play(
        listed(call("u", leg("a", T), leg("102", T))),
        wait(60),
        listed(),
        widget("w1", "101", R, sent=sent),
        widget("w1", "101", E, sent=sent),
        wait(10),
        listed(),
    )
    assert made.told.count("call_incoming") == calls
    assert made.told.count("call_ended") == 1


@pytest.mark.parametrize(
    ("row", "asked"),
    [
        pytest.param(call("u", leg("a", T), leg("104", T)), True, id="another_has_answered"),
        pytest.param(call("u", leg("a", R)), True, id="a_machine_has_answered"),
        pytest.param(call("u", leg("a", R), leg("104", R)), True, id="another_rings"),
        pytest.param(call("u", leg("a", R), leg("103", R)), False, id="it_rings"),
    ],
)
def test_rule_1_a_ring_at_a_phone_that_the_list_does_not_name_has_a_list_asked_for(row: Call, *, asked: bool) -> None:
    """It may come late, of a phone that was too slow and whose end was lost."""
    made = story(pushed_ids_differ=True).play(listed(row), widget("w1", "103", R))
    assert made.last.refresh is asked
    made.play(listed(row))
    assert made.registry.state_of("103") is (None if asked else R)


def test_rule_1_the_same_caller_may_call_again_beside_an_old_call() -> None:
    """Who is held for minutes and calls the phone once more makes a second call."""
    made = story(pushed_ids_differ=True).play(
        widget("w1", "101", R), widget("w1", "101", T), widget("w1", "101", H), wait(120), widget("w2", "101", R)
    )
    assert len(made.registry.calls) == 2


@pytest.mark.parametrize("goes", ["handed_on", "second_call"])
def test_rule_1_the_answer_of_a_caller_who_talks_already_waits_for_a_list(goes: str) -> None:
    """Its ring was lost, and the end of the phone that gave the call: a list tells whether it is that one."""
    given = call("u", leg("a", T), leg("102", T))
    rows = (
        (given,)
        if goes == "handed_on"
        else (call("u", leg("a", T), leg("101", T)), call("v", leg("b", T), leg("102", T)))
    )
    made = story(pushed_ids_differ=True, grace=5).play(
        widget("w1", "101", R),
        widget("w1", "101", T),
        listed(call("u", leg("a", T), leg("101", T))),
        widget("w2", "102", T),
    )
    assert made.last.refresh
    assert made.told == ["call_incoming", "call_answered"]
    made.play(listed(*rows), wait(6), widget("w2", "102", E), listed(*rows))
    assert made.registry.state_of("102") is T
    assert len(made.registry.calls) == made.told.count("call_incoming") == len(rows)


@pytest.mark.parametrize(
    ("state", "direction", "dials", "places", "calls"),
    [
        pytest.param(D, INTERNAL, "104", CALLER, 2, id="a_colleague_besides"),
        pytest.param(D, INTERNAL, "104", "103", 2, id="another_colleague"),
        pytest.param(D, OUT, "+390687654321", CALLER, 2, id="another_outside"),
        pytest.param(D, INTERNAL, "104", "104", 1, id="the_colleague"),
        pytest.param(D, OUT, CALLER, CALLER, 1, id="that_outside"),
        pytest.param(R, INTERNAL, "101", CALLER, 1, id="the_phone_rings_with_its_own_number"),
        pytest.param(R, INTERNAL, "", CALLER, 1, id="the_phone_rings_for_nobody"),
    ],
)
def test_rule_1_a_call_that_is_placed_is_not_one_in_which_its_phone_dials_somebody_else(
    state: CallState, direction: Direction, dials: str, places: str, calls: int
) -> None:
    """A phone may dial while Home Assistant places a call for it."""
    made = story(pushed_ids_differ=True)
    made.play(widget("w", "101", state, caller="101", callee=dials, direction=direction))
    way = OUT if places.startswith("+") else INTERNAL
    row = call("u", leg("101", D), direction=way, caller="101", callee=places)
    made.take(made.registry.begin_placed(row, made.now))
    assert len(made.registry.calls) == calls
    found = made.registry.find("u")
    assert found is not None
    assert found.id == ("u" if calls == 2 else "w")
