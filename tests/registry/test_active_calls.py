"""What is shown where: rule 10, several calls at one extension, and slots."""

from dataclasses import replace

import pytest

from custom_components.pbx.registry.call_registry import ACCOUNT, extension_key, slot_key
from custom_components.pbx.telephony.models import (
    CallState,
)

from .story import (
    IN,
    OUT,
    D,
    E,
    H,
    R,
    T,
    call,
    leg,
    listed,
    push,
    story,
)


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
