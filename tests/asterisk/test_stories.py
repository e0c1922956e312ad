"""Every story on a real Asterisk, through a real Home Assistant: what is told is what happened, each thing once."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .ami import Ami
from .hass import HassStage, Watcher, entry_for
from .lab import Lab
from .stories import ALL, SHORT, Story

LEFT_OUT = {
    "00_first_queue": "as 13",
    "00_first_menu": "as 28",
    "46_dial": "AMI knows no outbound routes",
    "60_rings": "measured by a test of its own",
}


@pytest.fixture
async def ami(lab: Lab) -> AsyncGenerator[Ami]:
    """Log in with all rights."""
    async with lab.ami() as ami:
        yield ami


@pytest.fixture
async def account(hass: HomeAssistant, lab: Lab) -> MockConfigEntry:
    """Set up an account at the lab."""
    entry = entry_for(lab)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


@pytest.mark.parametrize("story", [pytest.param(ALL[name], id=name) for name in sorted(set(ALL) - set(LEFT_OUT))])
async def test_story(
    hass: HomeAssistant,
    lab: Lab,
    ami: Ami,
    account: MockConfigEntry,
    story: Story,
    expected_warnings: list[str],
) -> None:
    """Each thing that happens is told once, and in the end all phones are idle."""
    if story.name == "99_restart":
        expected_warnings.append("cannot be reached")
    watcher = Watcher(hass, account)
    stage = HassStage(hass, account, lab, ami, SHORT)
    await asyncio.sleep(0.2)
    await story.work(stage)
    for phone in (*lab.phones.values(), lab.trunk):
        for call in list(phone.calls.values()):
            await call.hangup()
    await stage.silence()
    told, expected = Counter(watcher.calls), Counter(story.pushed.split())
    assert told == expected, "\n".join(str(dict(event)) for event in watcher.events)
    assert {phone: states[-1][1] for phone, states in watcher.states.items()} == dict.fromkeys(watcher.states, "idle")
