"""Groups of phones: rule 6, who hears that another phone answered, and when a call is missed."""

from dataclasses import replace

import pytest

from custom_components.pbx.telephony.models import (
    CallState,
    Leg,
    LegPush,
    Outcome,
    Party,
)

from .story import (
    ANSWERED,
    CALLER,
    GROUP,
    INTERNAL,
    MISSED,
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
    moment,
    push,
    pushed,
    states,
    story,
    wait,
    widget,
)

# -- rule 6: ring groups and missed calls ------------------------------------------------------------


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


@pytest.mark.parametrize("seen", ["from_the_beginning", "from_then_on"])
def test_rule_6_an_answer_told_after_the_call_was_handed_on_is_of_the_phone_that_gave_it(seen: str) -> None:
    """Between phones of ours, too: a list names the next phone, and whoever calls, before messages tell of the last."""
    before = call("c", leg("101", R), leg("102", D), direction=INTERNAL, caller="102", callee="101")
    given = call("c", leg("103", R), Leg(id="leg-102#2", state=D, extension="102"), direction=INTERNAL)
    given = replace(given, caller=Party(number="102"), callee=Party(number="103"))

    def inside(phone: str, state: CallState, time: float, name: str = "") -> Step:
        leg_id = f"leg-{name or phone}"
        return push("c", phone, state, time=time, leg=leg_id, direction=INTERNAL, caller="102", callee="101")

    made = story().play(
        *((listed(before),) if seen == "from_the_beginning" else ()),
        listed(given),
        inside("101", T, 1),
        inside("102", T, 1),
        inside("101", E, 1),
        inside("102", E, 1),
        listed(given),
    )
    assert made.registry.calls["c"].answered_by == "101"
    assert (made.registry.state_of("103"), made.registry.state_of("102")) == (R, D)
    made.play(inside("103", T, 9), inside("102", T, 9, "102#2"))
    assert (made.registry.state_of("103"), made.registry.state_of("102")) == (T, T)
    assert made.registry.calls["c"].answered_by == "103"


def test_rule_6_a_phone_that_no_list_has_named_answers() -> None:
    """Whether those that a list has named ring no more, or ring since then, only the next list can tell."""
    made = story().play(listed(call("c", leg("101", R))), push("c", "102", T, time=5, leg="leg-102"))
    assert made.last.refresh
    assert states(made) == {"leg-101": "ringing", "leg-102": "talking"}
    made.play(listed(call("c", leg("102", T))))
    assert made.heard("101") == ["call_incoming", "call_ended:answered_elsewhere"]
    assert not made.play(push("c", "102", E, time=9, leg="leg-102"), wait(5)).registry.missed


@pytest.mark.parametrize("shows", ["the_given", "the_quicker_too", "the_quicker_rings"])
def test_rule_6_a_phone_that_was_given_the_call_in_the_second_of_the_answer_rings(shows: str) -> None:
    """Its ring came before the answer, and in the same second: a list that knows no other phone is right."""
    rings, first = leg("102", R), leg("101", T if shows == "the_quicker_too" else R)
    row = call("c", rings) if shows == "the_given" else call("c", first, rings)
    made = story(grace=2).play(
        push("c", "101", R, time=1, leg="leg-101"),
        push("c", "102", R, time=5, leg="leg-102"),
        push("c", "101", T, time=5, leg="leg-101"),
        push("c", "101", E, time=5, leg="leg-101"),
        listed(row),
    )
    assert made.registry.state_of("102") == (R if shows == "the_given" else None)
    made.play(wait(5), listed(call("c", rings)))
    assert made.registry.state_of("102") is R
    assert made.told.count("call_incoming") == 1


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
