"""What the random plans have found, each as small as it could be made."""

from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.update_coordinator import UpdateFailed
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.pbx.errors import poll_errors
from custom_components.pbx.providers.calls import CallRegistry
from custom_components.pbx.providers.errors import RateLimitError
from custom_components.pbx.providers.models import (
    CallRecord,
    CallState,
    Capability,
    LegPush,
    Originate,
    Outcome,
    PlacedOutcome,
)
from custom_components.pbx.providers.voipstudio import VoipstudioProvider
from custom_components.pbx.providers.voxloud import VoxloudProvider
from tests.fake_provider import FakeProvider, async_set_up
from tests.providers.story import (
    IN,
    INTERNAL,
    OUT,
    D,
    E,
    R,
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

    fake.script.capabilities = fake_entry.runtime_data.provider.capabilities = everything
    freezer.tick(timedelta(seconds=30))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)

    entity_id = registry.async_get_entity_id("sensor", "pbx", "fake_house_account_active_calls")
    assert entity_id is not None
    assert hass.states.get(entity_id).state == "0"  # type: ignore[union-attr]
    assert fake.script.times("account") == 2


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


def test_call_of_which_only_a_phone_is_left_that_lists_go_on_to_name_comes_back() -> None:
    """So it is when nothing else is listed any more."""
    row = call("c", leg("102", R))
    made = story().play(
        push("c", "102", R, leg="leg-102", time=2), push("c", "101", T, leg="leg-101", time=2), listed(), listed(row)
    )
    assert not made.registry.calls

    made.play(wait(9), listed(row))
    assert made.registry.state_of("102") is R


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
