"""Who is told what of a call: each phone hears each thing once, and only what has happened."""

import pytest

from .story import OUT, D, E, R, T, call, leg, listed, push, story


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
