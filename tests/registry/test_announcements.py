"""Who is told what of a call: each phone hears each thing once, and only what has happened."""

from dataclasses import replace

import pytest

from custom_components.pbx.telephony.models import (
    CallState,
)

from .story import (
    ANSWERED,
    INTERNAL,
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


@pytest.mark.parametrize("rings", [False, True])
def test_whoever_calls_out_hears_the_answer_once(rings: bool) -> None:  # noqa: FBT001
    """The phone's own leg is up as soon as it is off the hook; the call is answered when the other side picks up."""
    phone = leg("101", R if rings else D)
    made = story().play(
        listed(call("c", phone, direction=OUT)),
        listed(call("c", leg("101", T), leg("far", R), direction=OUT)),
    )
    assert "call_answered" not in [heard.partition(":")[0] for heard in made.heard("101")]
    made.play(listed(call("c", leg("101", T), leg("far", T), direction=OUT)))
    assert made.heard("101").count("call_answered") == 1
    assert made.told.count("call_answered") == 1


def test_whoever_picks_up_an_answered_call_as_well_hears_it() -> None:
    """A second phone of a call is told of its own part, and nobody else again."""
    made = story().play(push("c", "101", R), push("c", "102", R), listed(call("c", leg("101", T), leg("102", R))))
    made.play(listed(call("c", leg("101", T), leg("102", T))))
    answered = [made.heard(phone).count("call_answered") for phone in ("101", "102")]
    assert answered == [1, 1]
    assert made.told.count("call_answered") == 1
    made.play(push("c", "101", E, final=True))
    assert made.told.count("call_ended") == 1


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
