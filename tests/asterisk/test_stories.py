"""Every story on a real Asterisk, through a real Home Assistant: what is told is what happened, each thing once."""

import os
from collections.abc import AsyncGenerator, Generator

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .ami import Ami
from .hass import entry_for, set_up
from .lab import Lab
from .playing import TABLE, play, write_table
from .stories import ALL, Story

LEFT_OUT = {
    "00_first_queue": "as 13",
    "00_first_menu": "as 28",
    "46_dial": "AMI knows no outbound routes",
    "60_rings": "measured by a test of its own",
}


@pytest.fixture(scope="module")
def results() -> Generator[dict[str, str]]:
    """Keep what became of each story, and write it into the page where that is asked for."""
    found: dict[str, str] = {}
    yield found
    if TABLE in os.environ:
        write_table("stories", ALL, found)


@pytest.fixture
async def ami(lab: Lab) -> AsyncGenerator[Ami]:
    """Log in with all rights."""
    async with lab.ami() as ami:
        yield ami


@pytest.fixture
async def account(hass: HomeAssistant, lab: Lab) -> MockConfigEntry:
    """Set up an account at the lab."""
    return await set_up(hass, entry_for(lab))


@pytest.mark.parametrize("story", [pytest.param(ALL[name], id=name) for name in sorted(set(ALL) - set(LEFT_OUT))])
async def test_story(
    hass: HomeAssistant,
    lab: Lab,
    ami: Ami,
    account: MockConfigEntry,
    story: Story,
    expected_warnings: list[str],
    results: dict[str, str],
) -> None:
    """Each thing that happens is told once, and in the end all phones are idle."""
    if story.name == "99_restart":
        expected_warnings.append("cannot be reached")
    await play(hass, lab, ami, account, story, results)
