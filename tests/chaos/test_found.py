"""What the random plans have found, each as small as it could be made."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.update_coordinator import UpdateFailed
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.pbx.errors import poll_errors
from custom_components.pbx.providers.voipstudio.provider import VoipstudioProvider
from custom_components.pbx.providers.voxloud.provider import VoxloudProvider
from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony.errors import RateLimitError
from custom_components.pbx.telephony.models import (
    CallHint,
    CallRecord,
    CallState,
    Capability,
    Leg,
    LegPush,
    Originate,
    Outcome,
    PlacedOutcome,
)
from tests.fake_provider import FakeProvider, async_set_up
from tests.registry.story import (
    CALLER,
    IN,
    INTERNAL,
    OUT,
    D,
    E,
    H,
    R,
    Step,
    Story,
    T,
    call,
    leg,
    listed,
    moment,
    push,
    pushed,
    record,
    story,
    wait,
    widget,
)
from tests.simulators.base import FaultKind
from tests.simulators.voipstudio import VoipstudioSimulator
from tests.simulators.voxloud import VoxloudSimulator

from .clock import run_fast
from .house import house
from .lines import LINES, Line

RANG_IN_VAIN = LegPush(
    provider_event="missed", call_id="c", leg_id="101", extension="101", state=E, time=moment(2), direction=IN
)


def test_short_pause_is_no_busy_loop() -> None:
    """Home Assistant drops the fraction of the present second: the wait is long enough all the same."""
    with pytest.raises(UpdateFailed) as raised, poll_errors("Fake PBX"):
        raise RateLimitError(0.3)

    assert raised.value.retry_after is not None
    assert raised.value.retry_after >= 1.3


async def test_permission_granted_later_brings_its_entities(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """An account that was set up without a permission starts anew once it has it."""
    everything = fake.script.capabilities
    fake.script.capabilities = everything & ~Capability.CALLS
    await async_set_up(hass, fake_entry)
    registry = er.async_get(hass)
    assert registry.async_get_entity_id("sensor", "pbx", "fake_house_account_active_calls") is None

    fake.script.capabilities = fake_entry.runtime_data.coordinator.provider.capabilities = everything
    freezer.tick(timedelta(seconds=30))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)

    entity_id = registry.async_get_entity_id("sensor", "pbx", "fake_house_account_active_calls")
    assert entity_id is not None
    assert hass.states.get(entity_id).state == "0"  # type: ignore[union-attr]
    assert fake.script.times("account") == 2


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("provider", [name for name, line in LINES.items() if line.can_be_asked])
def test_phone_of_a_call_that_was_there_before_is_shown_at_once(provider: str) -> None:
    """An account is loaded while somebody talks: whose phone that is, is not only known with the second list."""
    assert run_fast(_shown_once_loaded(LINES[provider](1))) == "talking"


async def _shown_once_loaded(line: Line[Any]) -> str:
    """Load an account while a phone talks, and give what that phone is shown to do."""
    phone = line.extensions[1]
    async with house() as made, line.simulator as simulator:
        await simulator.answer(await simulator.ring(line.fresh(), phone), phone)
        await asyncio.sleep(1)
        entry = line.entry()
        entry.add_to_hass(made.hass)
        assert await made.hass.config_entries.async_setup(entry.entry_id)
        shown = {
            line.key_by_number(one.unique_id.removeprefix(f"{entry.unique_id}_")): made.hass.states.get(one.entity_id)
            for one in er.async_entries_for_config_entry(er.async_get(made.hass), entry.entry_id)
        }
        await made.hass.config_entries.async_remove(entry.entry_id)
        await made.hass.async_block_till_done()
    state = shown[f"extension_{phone}_call_state"]
    assert state is not None
    return state.state


@pytest.mark.usefixtures("socket_enabled")
def test_a_simulator_stops_while_it_answers() -> None:
    """A request may be done in the very moment in which it is no longer waited for."""
    run_fast(_stopped_while_answering())


async def _stopped_while_answering() -> None:
    """Stop a phone system so long before it answers as it waits for its answers then."""
    async with VoxloudSimulator() as simulator, aiohttp.ClientSession() as session:
        simulator.fault(FaultKind.SLOW, delay=1)
        asking = asyncio.create_task(session.get(simulator.url))
        await asyncio.sleep(0.5)
        await simulator.stop()
        with suppress(aiohttp.ClientError):
            (await asking).release()


# -- the registry ------------------------------------------------------------------------------------


def test_call_is_known_by_the_id_of_its_leg() -> None:
    """A call that was handed over and is listed below a leg that is over is the same call, told once."""
    made = story(grace=2).play(
        push("root", "1002", R, leg="first", time=1),
        push("root", "1002", T, leg="first", time=2),
        push("root", "1002", E, leg="first", time=3, transferred_to="1003"),
        push("root", "1003", R, leg="second", time=3),
        listed(call("first", replace(leg("1003", T), id="second"))),
    )

    assert list(made.registry.calls) == ["root"]
    assert made.told.count("call_incoming") == 1


def test_call_that_rings_again_after_its_grace_comes_back() -> None:
    """A caller waits in a queue whose agents were too slow; minutes later one is rung again, and answers."""
    made = story(grace=2).play(push("c", "101", R, time=1), push("c", "101", E, time=2))
    made.play(wait(120), push("c", "102", R, leg="later", time=60))
    assert made.registry.state_of("102") is R

    made.play(push("c", "102", T, leg="later", time=70), push("c", "102", E, leg="later", time=80), wait(120))
    assert not made.registry.calls
    assert made.told.count("call_incoming") == 1
    assert [told for told in made.told if told in ("call_missed", "call_ended")] == ["call_missed"]


def test_late_ring_brings_no_call_back() -> None:
    """What a phone did before the others were done is no new ring."""
    made = story(grace=2).play(push("c", "101", R, time=1), push("c", "101", E, time=5))
    made.play(wait(120), push("c", "102", R, time=2))

    assert not made.registry.calls


@pytest.mark.parametrize("state", [R, T])
def test_end_of_an_earlier_ring_does_not_end_the_next_one(state: CallState) -> None:
    """A phone is rung again at once, and that is told before the end of its first ring."""
    made = story(grace=2).play(
        push("c", "101", R, time=1), push("c", "101", state, time=5), push("c", "101", E, time=4)
    )
    made.play(wait(60))
    assert made.registry.state_of("101") is state

    made.play(push("c", "101", E, time=80), wait(60))
    assert [told for told in made.told if told in ("call_missed", "call_ended")] == [
        "call_missed" if state is R else "call_ended"
    ]


@pytest.mark.parametrize("late", [push("c", "101", E, time=10), push("c", "101", T, time=2)])
def test_phone_that_is_handed_its_own_call_back_rings(late: Step) -> None:
    """The word of that comes before the word that it had handed the call on, or even that it had talked."""
    made = story(grace=2).play(push("c", "101", R, time=1), push("c", "101", T, time=3))
    made.play(push("c", "101", R, time=11), late, wait(60))
    assert made.registry.state_of("101") is R

    made.play(push("c", "101", E, time=80), wait(60))
    assert made.told == ["call_incoming", "call_answered", "call_ended"]


def test_phone_that_is_handed_its_own_call_back_talks() -> None:
    """Of its second ring nothing is heard before the word that it was answered."""
    made = story(grace=2).play(push("c", "101", R, time=1), push("c", "101", E, time=5), push("c", "101", T, time=9))
    made.play(push("c", "101", R, time=7), push("c", "102", E, time=8), wait(60))

    assert made.registry.state_of("101") is T


def test_phone_that_had_answered_before_another_is_done_when_it_says_so() -> None:
    """That the other has answered was told first, and taken for the end of this one."""
    made = story(grace=2).play(push("c", "101", R, time=1), push("c", "102", R, time=4), push("c", "102", T, time=6))
    made.play(push("c", "101", T, time=3), push("c", "101", E, time=5))

    assert (made.registry.state_of("101"), made.registry.state_of("102")) == (None, T)


def test_phone_that_an_outgoing_call_is_handed_to_rings_on() -> None:
    """That the one who dialled was answered is told only after it: who rings later has not picked up with that."""
    made = story(grace=2).play(push("c", "101", D, time=1, direction=OUT), push("c", "102", R, time=9, direction=OUT))
    made.play(push("c", "101", T, time=5, direction=OUT), push("c", "101", E, time=10, direction=OUT))

    assert (made.registry.state_of("101"), made.registry.state_of("102")) == (None, R)


def test_call_whose_answer_is_told_after_its_end_was_not_missed() -> None:
    """A short call, of which two messages came in the wrong order."""
    made = story(grace=5).play(push("c", "101", R, time=1), push("c", "101", E, time=4), push("c", "101", T, time=2))
    made.play(wait(10))

    assert made.told == ["call_incoming", "call_ended"]
    assert made.registry.last_call is not None
    assert (made.registry.last_call.outcome, made.registry.last_call.answered_by) == (Outcome.ANSWERED, "101")
    assert made.registry.missed == 0


def test_call_that_lasts_is_not_missed_yet() -> None:
    """Where it is said that the caller waits on, nobody has missed the call when no phone rings for a while."""
    lasting = replace(RANG_IN_VAIN, lasts=True)
    made = story(grace=2).play(push("c", "101", R, time=1), pushed(lasting), wait(30))
    assert "call_missed" not in made.told

    made.play(push("c", "102", T, leg="second", time=30))
    assert made.registry.state_of("102") is T
    assert "call_answered" in made.told


def test_call_that_was_said_to_last_is_over_once_no_list_has_it() -> None:
    """A list that does not have the call is the last word."""
    lasting = replace(RANG_IN_VAIN, lasts=True)
    made = story(grace=2).play(push("c", "101", R, time=1), pushed(lasting), listed())

    assert made.told[-1] == "call_missed"


def test_record_that_was_asked_for_ends_a_call_nobody_speaks_of() -> None:
    """A call was handed over in vain and its end was lost: the history has it, though the record says rejected."""
    lost = CallRecord(id="1", call_id="c", outcome=Outcome.REJECTED)
    made = story(grace=5).play(push("c", "101", T, time=1, direction=OUT), wait(1800), record(lost, key=None))

    assert not made.registry.calls
    assert made.told.count("call_ended") == 1


def test_phone_that_lists_go_on_to_name_rings_though_another_has_answered() -> None:
    """That somebody had answered came late: meanwhile the call was handed on, and the next phone rings."""
    row = call("c", leg("101", T), leg("102", R))
    made = story().play(
        push("c", "102", R, leg="leg-102", time=2), push("c", "101", T, leg="leg-101", time=2), listed(row)
    )
    assert made.registry.state_of("102") is None

    made.play(wait(9), listed(row))
    assert made.registry.state_of("102") is R
    assert made.heard("102") == ["call_incoming", "call_ended:answered_elsewhere", "call_incoming"]
    assert made.told == ["call_incoming", "call_answered"]


def test_call_of_which_only_a_phone_is_left_that_lists_name_comes_back_at_once() -> None:
    """A list that names neither the one that had answered nor anybody who talks is newer than the answer."""
    row = call("c", leg("102", R))
    made = story().play(
        push("c", "102", R, leg="leg-102", time=2), push("c", "101", T, leg="leg-101", time=2), listed(), listed(row)
    )
    assert made.registry.state_of("102") is R


@pytest.mark.parametrize("final", [False, True])
def test_end_that_is_told_of_a_call_presumed_over_is_remembered(final: bool) -> None:  # noqa: FBT001
    """A list without the call was a glitch; the next one was asked for before the phone hung up, and comes later."""
    row = call("c", leg("101", T), leg("out", T))
    hung_up = push("c", "101", E, leg="leg-101", final=final)
    made = story().play(push("c", "101", T, leg="leg-101"), listed(row), listed(), hung_up, listed(row, asked=1.5))
    assert made.registry.state_of("101") is None
    assert bool(made.registry.calls) is not final


def test_record_of_a_call_that_came_back_does_not_end_it() -> None:
    """Told as missed too early, a call was found talking in a list; then the history is asked about that miss."""
    row = call("c", leg("101", T))
    early = CallRecord(id="1", call_id="c", direction=IN, outcome=Outcome.MISSED, extension="102")
    made = story(grace=2).play(push("c", "102", R, time=1), push("c", "102", E, time=2), wait(5), listed(row))
    made.play(record(early, key=None), listed(row))

    assert made.registry.state_of("101") is T
    assert made.told == ["call_incoming", "call_missed", "call_answered", "call_record"]


def test_word_about_one_phone_does_not_put_off_the_end_of_a_lost_call() -> None:
    """Four hours after the last message a call is given up, whatever its history says of single phones."""
    other = CallRecord(id="1", call_id="c", outcome=Outcome.ANSWERED_ELSEWHERE, extension="102")
    made = story(grace=5).play(push("c", "101", T, time=1), wait(3 * 3600), record(other, key=None), wait(2 * 3600))

    assert not made.registry.calls


def test_desk_phone_that_answers_is_no_missed_call() -> None:
    """Of a group with a browser and a desk phone only the browser pushes, that it does not ring any more."""
    row = replace(call("uuid", leg("104", T)), started_at=moment(1))
    made = story(pushed_ids_differ=True, grace=2).play(widget("w", "103", R), widget("w", "103", E), listed(row))
    made.play(wait(60))

    assert made.told == ["call_incoming", "call_answered"]
    assert made.registry.state_of("104") is T


def test_desk_phone_answers_before_the_browser_has_told() -> None:
    """The list shows the desk phone alone, while the browser's word that it rings no more is late."""
    row = replace(call("uuid", leg("104", T)), started_at=moment(1))
    made = story(pushed_ids_differ=True, grace=2).play(widget("w", "103", R), listed(row), widget("w", "103", E))
    made.play(listed(row), wait(60))

    assert made.told == ["call_incoming", "call_answered"]
    assert (made.registry.state_of("103"), made.registry.state_of("104")) == (None, T)


@pytest.mark.parametrize(
    ("first", "calls"), [([R], 1), ([R, T], 2), ([R, E], 2)], ids=["rings", "was_answered", "is_over"]
)
def test_browser_of_a_group_that_answers_is_known_though_its_ring_was_lost(first: list[CallState], calls: int) -> None:
    """While the call rings elsewhere, an answer to the same caller is its own."""
    steps = [widget("w1", "102", state) for state in first]
    made = story(pushed_ids_differ=True, grace=5).play(*steps, wait(8), widget("w2", "101", T))

    assert made.told.count("call_incoming") == calls
    assert made.registry.state_of("101") is T
    assert made.registry.state_of("102") is (T if T in first else None)


def test_late_word_of_a_ring_that_a_list_has_shown_already() -> None:
    """An old call is handed over; the list names the new phone before its browser does."""
    made = story(pushed_ids_differ=True, grace=5).play(listed(call("uuid", leg("104", T))), wait(60))
    made.play(listed(call("uuid", leg("a", T), leg("102", R))), widget("w", "102", R))

    assert list(made.registry.calls) == ["uuid"]
    assert made.registry.find("w") is made.registry.calls["uuid"]


def test_two_calls_from_one_number_stay_two() -> None:
    """A company calls two people at once; each list shows both."""
    rows = [
        replace(call("b", leg("104", R)), started_at=moment(1)),
        replace(call("a", leg("103", R)), started_at=moment(1)),
    ]
    made = story(pushed_ids_differ=True, grace=2).play(widget("w", "103", R), listed(*rows))

    assert len(made.registry.calls) == 2
    assert (made.registry.state_of("103"), made.registry.state_of("104")) == (R, R)


def test_desk_phone_that_answered_unseen_is_put_right() -> None:
    """The list could not be read in time, so the call was told as missed; told twice it is not."""
    row = replace(call("uuid", leg("104", T)), started_at=moment(1))
    made = story(pushed_ids_differ=True, grace=2).play(widget("w", "103", R), widget("w", "103", E), wait(60))
    assert made.registry.missed == 1

    made.play(listed(row))
    assert made.told == ["call_incoming", "call_missed", "call_answered"]
    assert made.registry.missed == 0
    assert made.registry.state_of("104") is T


def test_call_that_was_heard_of_when_it_was_answered_and_seemed_to_be_over() -> None:
    """A browser wrongly says that a call is over whose ring was lost; the list knows that it began a minute ago."""
    row = replace(call("uuid", leg("102", T)), started_at=moment(5))
    made = story(pushed_ids_differ=True, grace=5).play(wait(60), widget("w", "102", T), widget("w", "102", E))
    made.play(listed(row), wait(60))

    assert made.told == ["call_incoming", "call_answered"]
    assert made.registry.state_of("102") is T


def test_window_that_answers_after_another_was_said_to_ring_no_more() -> None:
    """Two windows of one phone ring; of the one that answers the ring was lost, and its answer comes last."""
    made = story(pushed_ids_differ=True, grace=5).play(widget("w1", "102", R), widget("w1", "102", E))
    made.play(widget("w2", "102", T), wait(30))

    assert made.told == ["call_incoming", "call_answered"]
    assert made.registry.state_of("102") is T


def test_second_call_of_an_impatient_caller_is_a_new_one() -> None:
    """Somebody who rings in vain and calls again a minute later makes two calls."""
    row = replace(call("uuid", leg("104", R)), started_at=moment(65))
    made = story(pushed_ids_differ=True, grace=2).play(widget("w", "103", R), widget("w", "103", E), wait(60))
    made.play(listed(row))

    assert made.told.count("call_incoming") == 2


@pytest.mark.parametrize(("caller", "called"), [(D, R), (T, T)])
def test_phones_that_a_restart_learns_of_late_tell_nothing_that_was_before(
    caller: CallState, called: CallState
) -> None:
    """The first list came before the users: whose phones ring or talk is known with the next one, and is no news."""
    legs = leg("101", caller), leg("102", called)
    made = Story(CallRegistry()).play(listed(call("c", *(replace(one, extension=None) for one in legs))))
    made.play(listed(call("c", *legs, direction=INTERNAL)))

    assert made.events == []
    assert (made.registry.state_of("101"), made.registry.state_of("102")) == (caller, called)
    made.play(listed(call("c", leg("101", T), leg("102", T), direction=INTERNAL)))
    made.play(listed(call("c", leg("102", T), direction=INTERNAL)), listed())
    assert "call_transferred" not in made.told
    assert made.heard("102") == ["call_answered"] * (called is R) + ["call_ended:answered"]


def test_second_number_that_a_phone_dials_is_another_call() -> None:
    """Somebody dials a colleague, and then another number at the same phone: both calls, and each answer, are its."""
    ours: dict[str, Any] = {"caller": "103", "direction": INTERNAL}
    first = call("first", leg("103", D), leg("104", R), callee="104", **ours)
    made = story(pushed_ids_differ=True, grace=5).play(listed(first))
    made.play(widget("w", "103", D, callee="+493023125001", caller="103", direction=OUT))
    made.play(widget("w", "103", T, callee="+493023125001", caller="103", direction=OUT))

    assert len(made.registry.calls) == 2
    assert made.registry.state_of("104") is R


def test_phone_that_rings_for_its_own_call_makes_no_second_one() -> None:
    """Somebody else's program has placed the call: the phone shows its own number until it is picked up."""
    ours: dict[str, Any] = {"caller": "103", "direction": INTERNAL}
    made = story(pushed_ids_differ=True, grace=5).play(listed(call("a", leg("103", R), callee="104", **ours)))
    made.play(widget("w", "103", R, callee="103", **ours))

    assert list(made.registry.calls) == ["a"]


def test_row_goes_to_the_call_with_its_number() -> None:
    """One phone has dialled two colleagues; the list names the second first."""
    ours: dict[str, Any] = {"caller": "103", "direction": INTERNAL}
    rows = (
        call("b", replace(leg("103", D), id="2"), leg("105", R), callee="105", **ours),
        call("a", leg("103", T), leg("104", T), callee="104", **ours),
    )
    made = story(pushed_ids_differ=True, grace=5).play(widget("w1", "103", D, callee="104", **ours))
    made.play(widget("w1", "103", T, callee="104", **ours), listed(*rows))

    assert made.registry.find("a") is made.registry.calls["w1"]
    assert made.told == ["call_outgoing", "call_answered", "call_outgoing", "call_incoming"]


def test_row_of_a_call_that_was_handed_on_unseen() -> None:
    """The first list shows a number that nobody had dialled, but there is no other call that it could be."""
    ours: dict[str, Any] = {"caller": "103", "direction": INTERNAL}
    made = story(pushed_ids_differ=True, grace=5).play(widget("w", "103", D, callee="104", **ours))
    made.play(listed(call("a", leg("103", T), leg("105", T), callee="105", **ours)))

    assert list(made.registry.calls) == ["w"]


def test_phone_that_dials_the_same_number_again_makes_two_calls() -> None:
    """A browser tells of each number it dials once."""
    ours: dict[str, Any] = {"caller": "103", "callee": "105", "direction": INTERNAL}
    made = story(pushed_ids_differ=True, grace=5).play(widget("w1", "103", D, **ours))
    made.play(listed(call("a", leg("103", D), leg("105", R), **ours)))
    again = call("b", replace(leg("103", D), id="2"), replace(leg("105", R), id="3"), **ours)
    made.play(widget("w2", "103", D, **ours), listed(call("a", leg("103", D), leg("105", R), **ours), again))
    made.play(widget("w2", "103", T, **ours))

    assert [(one.id, one.state) for one in made.registry.calls.values()] == [("w1", R), ("w2", T)]


def test_phone_that_was_too_slow_is_given_the_call() -> None:
    """A group rings, one answers and hands the call to one who had rung with it."""
    made = story(pushed_ids_differ=True, grace=5).play(widget("w1", "101", R), widget("w2", "103", R))
    made.play(widget("w1", "101", E), widget("w2", "103", T), wait(60), widget("w3", "101", R))

    assert len(made.registry.calls) == 1
    assert made.registry.state_of("101") is R
    assert made.told.count("call_incoming") == 1


@pytest.mark.parametrize(("caller", "calls"), [(CALLER, 1), ("", 2)], ids=["known", "hidden"])
def test_phone_that_answers_after_a_long_ring_that_was_lost(caller: str, calls: int) -> None:
    """No list can be read, and of a group that has rung for a minute one answers whose ring was not heard."""
    made = story(pushed_ids_differ=True, grace=5).play(widget("w1", "102", R, caller=caller), wait(60))
    made.play(widget("w2", "103", T, caller=caller))

    assert made.told.count("call_incoming") == calls
    assert made.registry.state_of("103") is T


def test_phone_that_no_list_shows_in_a_call_answers_another() -> None:
    """A list has shown all phones of a call: who answers the same caller a minute later has another call."""
    made = story(pushed_ids_differ=True, grace=5).play(listed(call("a", leg("102", R))), wait(60))
    made.play(widget("w2", "103", T))

    assert made.told.count("call_incoming") == 2


@pytest.mark.parametrize(
    ("sent", "calls"), [(1.5, 1), (2.5, 2), (-9, 2), (None, 2)], ids=["with_it", "after_it", "long_before", "unknown"]
)
def test_late_ring_of_a_call_that_seemed_to_be_over(sent: float | None, calls: int) -> None:
    """Two browsers began to ring at once; the word of one comes after the other has rung in vain."""
    made = story(pushed_ids_differ=True, grace=1).play(widget("w1", "102", R, sent=1))
    made.play(widget("w1", "102", E, sent=2), wait(5))
    assert made.told == ["call_incoming", "call_missed"]

    made.play(widget("w2", "101", R, sent=sent), widget("w2", "101", E), wait(60))
    assert made.told.count("call_incoming") == made.told.count("call_missed") == calls
    assert made.registry.missed == calls
    assert made.heard("101") == ["call_incoming", "call_missed:missed"]


@pytest.mark.parametrize("phone", ["101", "102"], ids=["group", "window"])
@pytest.mark.parametrize(
    ("sent", "calls"), [(1, 1), (2.5, 1), (3.5, 2), (8, 2)], ids=["at_once", "with_it", "after_it", "long_after"]
)
def test_late_ring_of_a_call_whose_end_was_lost(sent: float, calls: int, phone: str) -> None:
    """Two windows begin to ring in one instant; the end is known from lists alone when the second one is heard."""
    made = story(pushed_ids_differ=True, grace=1, complete_after=2).play(
        widget("w1", "102", R, sent=1), listed(), listed()
    )
    assert made.told == ["call_incoming", "call_missed"]

    made.play(widget("w2", phone, R, sent=sent), listed(), listed())
    assert made.told.count("call_incoming") == made.told.count("call_missed") == calls
    assert made.registry.missed == calls


@pytest.mark.parametrize("says", [D, R, T])
def test_call_that_no_list_has_shown_is_looked_for(says: CallState) -> None:
    """A message comes seconds late, when its call is over: only lists can tell that, and nothing else comes."""
    made = story(pushed_ids_differ=True, grace=5).play(widget("w", "101", says))
    assert made.last.refresh
    made.play(listed(call("a", leg("101", says))), widget("v", "101", says))
    assert not made.last.refresh


@pytest.mark.parametrize("says", [T, H], ids=["answers", "holds"])
@pytest.mark.parametrize("again", [1, 3])
def test_phone_that_did_something_after_the_list_that_no_longer_has_it_was_asked_for(
    says: CallState, again: int
) -> None:
    """A slow list is older than a phone's answer and newer than that it gave the call away; the next says the same."""
    before = R if says is T else T
    made = story(pushed_ids_differ=True, grace=5).play(listed(call("a", leg("out", T), leg("104", before))))
    made.play(pushed(CallHint(provider_event="hint", leg_id="leg-104", state=says)))
    assert made.registry.state_of("104") is says

    given = call("a", leg("out", D), leg("105", R), direction=None)
    made.play(listed(given, asked=2))
    assert (made.registry.state_of("104"), made.registry.state_of("105")) == (says, R)
    made.play(*[listed(given)] * again)
    assert (made.registry.state_of("104"), made.registry.state_of("105")) == (None, R)


@pytest.mark.parametrize("seen", [D, T], ids=["dialing", "talking"])
@pytest.mark.parametrize(("listed_as", "says"), [(R, R), (R, T), (T, T)], ids=["rings", "answers", "has_answered"])
def test_phone_that_is_given_an_outgoing_call_rings_with_the_givers_number(
    seen: CallState, listed_as: CallState, says: CallState
) -> None:
    """Somebody who has called out hands the call to a colleague; the list was quicker than the colleague's browser."""
    ours: dict[str, Any] = {"caller": "103", "callee": "+390655", "direction": OUT}
    made = story(pushed_ids_differ=True, grace=5).play(
        listed(call("a", leg("103", seen), leg("out", R if seen is D else T), **ours)),
        listed(call("a", leg("out", D if listed_as is R else T), leg("102", listed_as), direction=None)),
    )
    made.play(widget("w", "102", says, caller="103", callee="102", direction=INTERNAL))
    assert list(made.registry.calls) == ["a"]
    assert "call_incoming" not in made.told
    far = D if says is R else T
    made.play(listed(call("a", leg("out", far), leg("102", says), direction=None)))
    assert made.registry.state_of("102") is says


@pytest.mark.parametrize("says", [[R], [T], [R, T]], ids=["rings", "answers", "both"])
@pytest.mark.parametrize("given", [True, False], ids=["given", "called_besides"])
@pytest.mark.parametrize("between", [True, False], ids=["giver_gone", "giver_there"])
def test_browser_of_a_phone_that_is_given_an_outgoing_call_is_quicker_than_the_list(
    says: list[CallState],
    given: bool,  # noqa: FBT001
    between: bool,  # noqa: FBT001
) -> None:
    """It rings with the giver's number: whether that is another call, only the list knows."""
    ours: dict[str, Any] = {"caller": "103", "callee": "+390655", "direction": OUT}
    made = story(pushed_ids_differ=True, grace=5).play(listed(call("a", leg("103", T), leg("out", T), **ours)))
    if between and given:
        made.play(listed(call("a", leg("out", T), **ours)))
    made.play(*(widget("w", "102", state, caller="103", callee="102", direction=INTERNAL) for state in says))
    assert made.last.refresh
    first = call("a", leg("out", T), leg("102", says[-1]), direction=None)
    if not given:
        second = call("b", replace(leg("103", T), id="second"), leg("102", says[-1]), caller="103", direction=INTERNAL)
        first = call("a", leg("103", T), leg("out", T), **ours)
        made.play(listed(first, second))
    else:
        made.play(listed(first))
    assert made.registry.state_of("102") is says[-1]
    assert list(made.registry.calls) == ["a"] if given else ["a", "b"]
    made.play(listed(), listed(), wait(20))
    assert not given or made.told.count("call_incoming") == 0
    assert made.told.count("call_ended") + made.told.count("call_missed") == (1 if given else 2)


@pytest.mark.parametrize(("giver", "calls"), [("103", 2), ("104", 2), ("105", 1)], ids=["talks", "stranger", "gone"])
def test_number_of_a_phone_that_still_talks_is_no_giver(giver: str, calls: int) -> None:
    """Whoever is in a call and rings a colleague who rings in it as well has begun another one."""
    ours: dict[str, Any] = {"caller": "105", "callee": "+390655", "direction": OUT}
    made = story(pushed_ids_differ=True, grace=5).play(
        listed(call("a", leg("105", T), leg("out", T), **ours)),
        listed(call("a", leg("103", T), leg("out", T), leg("102", R), direction=None)),
    )
    made.play(widget("w", "102", R, caller=giver, callee="102", direction=INTERNAL))
    assert len(made.registry.calls) == calls


@pytest.mark.parametrize(("sent", "calls"), [(1.5, 1), (2.5, 2)], ids=["its_own", "later"])
def test_late_ring_of_a_call_that_lists_alone_have_shown(sent: float, calls: int) -> None:
    """One list had the call and the next did not have it any more, when its only phone is heard."""
    row = replace(call("a", leg("101", R)), started_at=moment(1))
    made = story(pushed_ids_differ=True, grace=1).play(listed(row), listed())
    made.play(widget("w", "101", R, sent=sent), widget("w", "101", E, sent=10), wait(9))

    assert made.told.count("call_incoming") == made.told.count("call_missed") == calls


def test_phone_whose_partner_is_handed_on_talks_no_more() -> None:
    """Somebody holds a call that the other hands to a third: a list shows the phone waiting for that one to answer."""
    made = story().play(listed(call("a", leg("102", H), leg("101", T), direction=INTERNAL)))
    assert made.registry.state_of("102") is H

    made.play(listed(call("a", leg("102", D), leg("104", R), direction=None)))
    assert made.registry.state_of("102") is D
    assert [one.state for one in made.registry.calls.values()] == [R]
    made.play(listed(call("a", leg("102", T), leg("104", T), direction=None)))
    assert [made.registry.state_of(phone) for phone in ("102", "104")] == [T, T]


def test_list_puts_right_which_of_two_calls_was_answered() -> None:
    """Two calls between the same two phones were found in lists: which of them was answered only a list can say."""
    ours: dict[str, Any] = {"caller": "103", "callee": "105", "direction": INTERNAL}
    other = replace(leg("103", D), id="2"), replace(leg("105", R), id="3")
    made = story(pushed_ids_differ=True, grace=5).play(
        listed(call("a", leg("103", D), leg("105", R), **ours), call("b", *other, **ours)),
        widget("w", "103", T, **ours),
    )
    assert [one.state for one in made.registry.calls.values()] == [T, R]

    up = [replace(one, state=T) for one in other]
    made.play(listed(call("a", leg("103", D), leg("105", R), **ours), call("b", *up, **ours)))
    assert [one.state for one in made.registry.calls.values()] == [R, T]
    made.play(listed(call("b", *up, **ours)), listed(call("b", *up, **ours)))
    assert made.events[-1].call is not None
    assert (made.events[-1].call.id, made.events[-1].call.outcome) == ("a", Outcome.MISSED)


def test_phones_ring_on_that_an_answer_was_not_for() -> None:
    """Somebody calls twice; what was taken for an answer of the first call was one of the second."""
    group = leg("caller", R), leg("101", R), leg("102", R)
    made = story(pushed_ids_differ=True, grace=5).play(listed(call("a", *group)), widget("w", "101", T))
    assert made.registry.state_of("102") is None

    second = replace(leg("caller", T), id="1"), replace(leg("101", T), id="2")
    made.play(listed(call("a", *group), call("b", *second)))
    assert made.registry.state_of("102") is R
    assert [one.state for one in made.registry.calls.values()] == [R, T]
    made.play(listed(call("b", *second)), listed(call("b", *second)))
    assert made.registry.missed == 1


@pytest.mark.parametrize("far", [leg("out", D), leg("102", R)], ids=["outside", "inside"])
@pytest.mark.parametrize("first", [D, T], ids=["dialed before", "held when first seen"])
def test_phone_that_holds_while_it_dials_is_on_hold(far: Leg, first: CallState) -> None:
    """A call was placed for a phone, which presses hold while the other side still rings."""
    ours: dict[str, Any] = {"caller": "101", "callee": far.extension or CALLER}
    ours["direction"] = INTERNAL if far.extension else OUT
    made = story()
    if first is D:
        made.play(listed(call("a", leg("101", T), far, **ours)))
        assert made.registry.state_of("101") is D
    made.play(listed(call("a", leg("101", H), far, **ours)))
    assert made.registry.state_of("101") is H
    assert [one.state for one in made.registry.calls.values()] == [H]
    assert far.extension is None or made.registry.state_of(far.extension) is R
    made.play(listed(call("a", leg("101", T), far, **ours)))
    assert made.registry.state_of("101") is D
    made.play(listed(call("a", leg("101", T), replace(far, state=T), **ours)))
    assert made.registry.state_of("101") is T


@pytest.mark.parametrize("sent", [0.5, 1.5])
def test_late_message_of_an_answer_is_about_the_call_that_is_over(sent: float) -> None:
    """Lists were quicker than a browser's message, whose first one was lost: the call is told once."""
    made = story(pushed_ids_differ=True, grace=5).play(
        listed(call("a", leg("caller", T), leg("101", T))), wait(2), listed(), listed()
    )
    told = list(made.told)
    late = widget("w", "101", T, sent=sent)
    made.play(late, widget("w", "101", E), listed(), listed())
    assert made.told == told
    assert made.registry.calls == {}


# -- commands ----------------------------------------------------------------------------------------


async def test_page_of_somebody_on_the_way_is_no_promise(
    voipstudio: VoipstudioSimulator, voxloud: VoxloudSimulator
) -> None:
    """A page with status 200 says nothing: the call is not said to be placed, and is not placed again."""
    async with aiohttp.ClientSession() as session:
        studio = VoipstudioProvider(session, {"api_key": voipstudio.api_key, "url": voipstudio.url})
        loud = VoxloudProvider(session, {"api_key": voxloud.api_key, "url": voxloud.url})
        await studio.account()
        await studio.directory()
        for simulator, provider, extension, path in (
            (voipstudio, studio, "1001", "/calls"),
            (voxloud, loud, "101", "/connect"),
        ):
            simulator.fault(FaultKind.HTML, path=path, method="POST", status=200)
            placed = await provider.originate(Originate(extension=extension, number="+390655502001"))
            assert placed.outcome is PlacedOutcome.UNKNOWN
            assert simulator.placed == []
