"""Which call a message or a row is about: rule 1, a call has one id and legs."""

from dataclasses import replace

import pytest

from .story import (
    ANSWERED,
    CALLER,
    INTERNAL,
    D,
    E,
    R,
    Step,
    T,
    call,
    leg,
    listed,
    push,
    story,
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


def test_rule_1_the_next_call_of_a_caller_is_a_new_one() -> None:
    """A caller who rings again before the list knows that the first call is over begins a second."""
    made = story(pushed_ids_differ=True, complete_after=2).play(
        listed(call("u1", leg("101", R))), widget("w1", "101", R), widget("w1", "101", E), widget("w2", "101", R)
    )
    assert made.registry.find("w2") != made.registry.find("w1")
