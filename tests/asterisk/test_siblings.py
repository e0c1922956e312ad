"""What people do besides the stories, on a real Asterisk: Home Assistant tells it as they would."""

import asyncio
from collections.abc import AsyncGenerator
from functools import partial

import pytest
from homeassistant.core import HomeAssistant

from . import stories
from .ami import Ami
from .desk import Desk, at_desk
from .hass import Watcher, entry_for, set_up
from .lab import Lab, until
from .playing import play
from .stories import FAR, OUTSIDE, Stage, Story, quiet, talk_with

ALL: dict[str, Story] = {}
story = partial(stories.story, among=ALL)

ANSWERED = "call_incoming call_answered call_ended"
GIVEN = "call_incoming call_answered call_transferred call_ended"


@story("blind_outside", GIVEN)
async def blind_outside(stage: Stage) -> None:
    """101 hands its caller over to somebody outside, who answers."""
    far, near = await talk_with(stage, "222300101", "101")
    await stage.talk()
    await near.transfer(FAR)
    other = await stage.trunk.ringing()
    await stage.ring()
    await other.answer()
    await stage.talk()
    await far.hangup()
    await quiet(other)


@story("blind_to_queue", GIVEN)
async def blind_to_queue(stage: Stage) -> None:
    """101 hands its caller over to a queue, where 104 answers."""
    far, near = await talk_with(stage, "222300101", "101")
    await stage.talk()
    await near.transfer("802")
    four = await stage.phones["104"].ringing(15)
    await stage.ring()
    await four.answer()
    await stage.talk()
    await far.hangup()
    await quiet(four)


@story("group_pickup", ANSWERED)
async def group_pickup(stage: Stage) -> None:
    """101 rings, 104 takes the call of its group with *8."""
    far = await stage.trunk.dial("222300101", caller=OUTSIDE)
    one = await stage.phones["101"].ringing()
    await stage.ring()
    four = await stage.phones["104"].dial("*8")
    await four.wait("up")
    await asyncio.sleep(0.7)  # as 29
    await stage.talk()
    await far.hangup()
    await quiet(four)
    await quiet(one, 3)


@story("parked_too_long", ANSWERED, held="call_held")
async def parked_too_long(stage: Stage) -> None:
    """Nobody fetches a parked caller: 101 rings again and takes him back."""
    far, near = await talk_with(stage, "222300101", "101")
    await stage.talk()
    await near.transfer("700")
    await asyncio.sleep(0.3)
    await near.hangup()
    back = await stage.phones["101"].ringing()
    await stage.ring()
    await back.answer()
    await stage.talk()
    await far.hangup()
    await quiet(back)


@pytest.fixture
async def ami(lab: Lab) -> AsyncGenerator[Ami]:
    """Log in with all rights."""
    async with lab.ami() as ami:
        yield ami


@pytest.mark.parametrize("name", sorted(ALL))
async def test_sibling(hass: HomeAssistant, lab: Lab, ami: Ami, name: str) -> None:
    """Each thing that happens is told once, and in the end all phones are idle."""
    await play(hass, lab, ami, await set_up(hass, entry_for(lab)), ALL[name], {})


@pytest.fixture
async def freepbx_desk(hass: HomeAssistant, freepbx: Lab) -> AsyncGenerator[Desk]:
    """Set an account up at a FreePBX."""
    async with at_desk(hass, freepbx) as desk:
        yield desk


@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
async def test_click_to_call_somebody_busy(freepbx_desk: Desk, *, inside: bool) -> None:
    """The own phone hears the tone of the dial plan: nobody was reached."""
    desk = freepbx_desk
    watcher = Watcher(desk.hass, desk.entry)
    number = "102" if inside else f"00{FAR}"
    await desk.act("click_to_call", extension="101", number=number, config_entry_id=desk.entry.entry_id)
    near = await desk.lab.phones["101"].ringing()
    await near.answer()
    far = await (desk.lab.phones["102"] if inside else desk.lab.trunk).ringing()
    far.reject(486)
    await near.ended()
    await until(lambda: "call_ended" in watcher.calls)
    assert "call_answered" not in watcher.calls
    assert watcher.events[-1]["outcome"] == "busy"


async def test_an_agent_hands_over_to_somebody_outside(freepbx_desk: Desk) -> None:
    """The call of a queue comes over Local channels: it is told to whom outside it goes, once."""
    desk = freepbx_desk
    watcher = Watcher(desk.hass, desk.entry)
    far = await desk.lab.trunk.dial("222300401", caller=OUTSIDE)
    near = await desk.lab.phones["105"].ringing()
    await near.answer()
    await desk.stage.state("105", "talking")
    await desk.at("105", "transfer", number=f"00{FAR}")
    other = await desk.lab.trunk.ringing()
    await other.answer()
    await near.ended()
    await until(lambda: "call_transferred" in watcher.calls)
    await far.hangup()
    await other.ended()
    given = [event["transferred_to"] for event in watcher.events if event["type"] == "call_transferred"]
    assert given == [f"+{FAR}"]
