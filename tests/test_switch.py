"""Switches: hold and mute at a phone, an agent's login and pause."""

from datetime import timedelta
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import ATTR_ENTITY_ID, STATE_OFF, STATE_ON, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.pbx.providers.base import Intervals
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import RefusedError
from custom_components.pbx.telephony.models import AgentRef, CallState, Capability

from .fake_provider import FakeProvider, async_set_up, incoming, pushed

AGENT = m.Agent(id="a1", name="Agatha", number="501", extension="101", logged_in=True, paused=False)
SUPPORT = m.Queue(id="q1", name="Support", number="600")


@pytest.fixture(autouse=True)
def _rare_directory(at_noon: None, fake: type[FakeProvider]) -> None:
    """Ask for the directory rarely."""
    fake.intervals = Intervals(busy=10, idle=10, pushed=10, directory=3600)


async def turn(hass: HomeAssistant, entity_id: str, *, on: bool) -> None:
    """Turn a switch on or off."""
    service = "turn_on" if on else "turn_off"
    await hass.services.async_call("switch", service, {ATTR_ENTITY_ID: entity_id}, blocking=True)


async def pass_time(hass: HomeAssistant, freezer: FrozenDateTimeFactory, seconds: float) -> None:
    """Let time pass."""
    freezer.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)


def listed(fake: type[FakeProvider], agent: m.Agent) -> None:
    """List this agent, and one queue."""
    fake.script.directory = m.Directory(extensions=fake.script.directory.extensions, agents=(agent,), queues=(SUPPORT,))


@pytest.mark.parametrize(
    ("switch", "on", "command", "state"),
    [
        ("hold", True, "hold", CallState.TALKING),
        ("hold", False, "unhold", CallState.ON_HOLD),
        ("mute", True, "mute", CallState.TALKING),
        ("mute", False, "unmute", CallState.TALKING),
    ],
)
async def test_call_switch_commands_the_most_urgent_call(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    switch: str,
    on: bool,  # noqa: FBT001
    command: str,
    state: CallState,
) -> None:
    """A switch of a phone commands its call, on behalf of that phone, once."""
    fake.script.calls = (incoming("c1", "101", state=state), incoming("c2", "102", state=state))
    await async_set_up(hass, fake_entry)
    await turn(hass, f"switch.bob_102_{switch}", on=on)
    ((ref,),) = fake.script.arguments(command)
    assert (ref.call.id, ref.extension) == ("c2", "102")
    assert hass.states.is_state(f"switch.bob_102_{switch}", STATE_ON if on else STATE_OFF)


@pytest.mark.parametrize("switch", ["hold", "mute"])
async def test_phone_without_a_call_cannot_be_held(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, switch: str
) -> None:
    """Without a call nothing is sent."""
    await async_set_up(hass, fake_entry)
    with pytest.raises(ServiceValidationError) as raised:
        await turn(hass, f"switch.ann_101_{switch}", on=True)
    assert raised.value.translation_key == "no_call"
    assert raised.value.translation_placeholders == {"extension": "101"}
    assert fake.script.times(switch) == 0


async def test_hold_follows_the_call(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """The switch shows whether the phone's call is on hold; mute cannot be seen."""
    await async_set_up(hass, fake_entry)
    push = fake_entry.runtime_data.coordinator.async_push
    for state, shown in (
        (CallState.RINGING, STATE_OFF),
        (CallState.TALKING, STATE_OFF),
        (CallState.ON_HOLD, STATE_ON),
        (CallState.TALKING, STATE_OFF),
    ):
        push(pushed("c1", state))
        assert hass.states.is_state("switch.ann_101_hold", shown)
    assert hass.states.is_state("switch.ann_101_mute", STATE_UNKNOWN)


async def test_switch_shows_what_was_commanded_until_the_next_poll(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """The switch does not flip back at once; a poll that knows better wins, even if it brings nothing new."""
    fake.script.calls = (incoming("c1", "101", state=CallState.TALKING),)
    await async_set_up(hass, fake_entry)
    await turn(hass, "switch.ann_101_hold", on=True)
    assert hass.states.is_state("switch.ann_101_hold", STATE_ON)

    await pass_time(hass, freezer, 1)
    assert hass.states.is_state("switch.ann_101_hold", STATE_OFF)

    await turn(hass, "switch.ann_101_hold", on=True)
    fake.script.calls = (incoming("c1", "101", state=CallState.ON_HOLD),)
    await pass_time(hass, freezer, 1)
    assert hass.states.is_state("switch.ann_101_hold", STATE_ON)


async def test_refused_command_changes_nothing(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A switch whose command was refused stays as it was."""
    fake.script.calls = (incoming("c1", "101", state=CallState.TALKING),)
    fake.script.errors["hold"] = RefusedError("no")
    await async_set_up(hass, fake_entry)
    with pytest.raises(HomeAssistantError):
        await turn(hass, "switch.ann_101_hold", on=True)
    assert hass.states.is_state("switch.ann_101_hold", STATE_OFF)


@pytest.mark.parametrize(
    ("switch", "on", "command"),
    [
        ("logged_in", True, "agent_login"),
        ("logged_in", False, "agent_logout"),
        ("paused", True, "agent_pause"),
        ("paused", False, "agent_unpause"),
    ],
)
async def test_agent_switches(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    switch: str,
    on: bool,  # noqa: FBT001
    command: str,
) -> None:
    """An agent is logged in at its own extension, and the directory is read again to see what became of it."""
    listed(fake, AGENT)
    await async_set_up(hass, fake_entry)
    assert fake.script.times("directory") == 1
    await turn(hass, f"switch.agatha_{switch}", on=on)
    assert fake.script.arguments(command) == [(AgentRef(id="a1", extension="101"),)]
    assert hass.states.is_state(f"switch.agatha_{switch}", STATE_ON if on else STATE_OFF)

    await pass_time(hass, freezer, 1)
    assert fake.script.times("directory") == 2
    assert hass.states.is_state("switch.agatha_logged_in", STATE_ON)
    assert hass.states.is_state("switch.agatha_paused", STATE_OFF)


@pytest.mark.parametrize(("known", "shown"), [(None, STATE_UNKNOWN), (True, STATE_ON), (False, STATE_OFF)])
async def test_what_is_not_known_is_not_guessed(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    known: bool | None,  # noqa: FBT001
    shown: str,
) -> None:
    """An agent's switch is unknown while the phone system does not say."""
    listed(fake, m.Agent(id="a1", name="Agatha", logged_in=known, paused=known, queues={}))
    await async_set_up(hass, fake_entry)
    assert hass.states.is_state("switch.agatha_logged_in", shown)
    assert hass.states.is_state("switch.agatha_paused", shown)


async def test_login_per_queue(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """There is a switch for every queue of an agent, named after the queue, where login is per queue."""
    listed(fake, m.Agent(id="a1", name="Agatha", extension="101", queues={"600": True, "601": False}))
    await async_set_up(hass, fake_entry)
    assert hass.states.is_state("switch.agatha_logged_in_to_support", STATE_ON)
    assert hass.states.is_state("switch.agatha_logged_in_to_601", STATE_OFF)

    await turn(hass, "switch.agatha_logged_in_to_601", on=True)
    await turn(hass, "switch.agatha_logged_in_to_support", on=False)
    assert fake.script.arguments("agent_login") == [(AgentRef(id="a1", extension="101", queue="601"),)]
    assert fake.script.arguments("agent_logout") == [(AgentRef(id="a1", extension="101", queue="600"),)]


async def test_no_login_per_queue_elsewhere(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Where login is not per queue there is only the one switch."""
    fake.script.capabilities &= ~Capability.QUEUE_LOGIN
    listed(fake, m.Agent(id="a1", name="Agatha", queues={"600": True}))
    await async_set_up(hass, fake_entry)
    assert [entity for entity in hass.states.async_entity_ids("switch") if "logged_in" in entity] == [
        "switch.agatha_logged_in"
    ]


async def test_queue_that_is_joined_later_gets_its_switch(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """An agent who joins a queue gets a switch for it without a reload; one who leaves shows unknown."""
    fake.intervals = Intervals(busy=10, idle=10, pushed=10, directory=10)
    listed(fake, m.Agent(id="a1", name="Agatha", queues={}))
    await async_set_up(hass, fake_entry)
    assert hass.states.get("switch.agatha_logged_in_to_support") is None

    listed(fake, m.Agent(id="a1", name="Agatha", queues={"600": True}))
    await pass_time(hass, freezer, 11)
    assert hass.states.is_state("switch.agatha_logged_in_to_support", STATE_ON)

    listed(fake, m.Agent(id="a1", name="Agatha", queues={}))
    await pass_time(hass, freezer, 11)
    assert hass.states.is_state("switch.agatha_logged_in_to_support", STATE_UNKNOWN)


@pytest.mark.parametrize(
    ("missing", "gone"),
    [
        (Capability.HOLD, "hold"),
        (Capability.UNHOLD, "hold"),
        (Capability.MUTE, "mute"),
        (Capability.UNMUTE, "mute"),
        (Capability.AGENT_LOGIN, "logged_in"),
        (Capability.AGENT_LOGOUT, "logged_in"),
        (Capability.AGENT_PAUSE, "paused"),
        (Capability.AGENT_UNPAUSE, "paused"),
    ],
)
async def test_switch_needs_both_directions(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, missing: Capability, gone: str
) -> None:
    """What can only be turned on or only off is no switch."""
    listed(fake, AGENT)
    fake.script.capabilities &= ~missing
    await async_set_up(hass, fake_entry)
    kinds: dict[str, Any] = {entity: entity.endswith(f"_{gone}") for entity in hass.states.async_entity_ids("switch")}
    assert kinds
    assert not any(kinds.values())
