"""Every story on a real Asterisk, through a real Home Assistant: what is told is what happened, each thing once."""

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .ami import Ami
from .hass import HassStage, Watcher, entry_for, set_up
from .lab import Lab, until
from .stories import ALL, SHORT, Story

LEFT_OUT = {
    "00_first_queue": "as 13",
    "00_first_menu": "as 28",
    "46_dial": "AMI knows no outbound routes",
    "60_rings": "measured by a test of its own",
}


PAGE = Path(__file__).parents[2] / "docs" / "asterisk.md"
BEGIN, END = "<!-- stories -->\n", "<!-- end of stories -->"
TABLE = "PBX_STORIES_TABLE"  # set by scripts/asterisk stories


@pytest.fixture(scope="module")
def results() -> Generator[dict[str, str]]:
    """Keep what became of each story, and write it into the page where that is asked for."""
    found: dict[str, str] = {}
    yield found
    if TABLE in os.environ:
        rows = [f"| {ALL[name].note} | {result} |\n" for name, result in sorted(found.items())]
        text = PAGE.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        table = "| What happened | What was told |\n|---|---|\n" + "".join(rows)
        PAGE.write_text(f"{before}{BEGIN}{table}{END}{rest.partition(END)[2]}", encoding="utf-8")


def in_words(told: Counter[str]) -> str:
    """Return event types with their numbers."""
    words = [f"{kind.removeprefix('call_')}{f' x {times}' if times > 1 else ''}" for kind, times in told.items()]
    return ", ".join(words) or "nothing, rightly"


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
    watcher = Watcher(hass, account)
    stage = HassStage(hass, account, lab, ami, SHORT)
    await story.work(stage)
    for phone in (*lab.phones.values(), lab.trunk):
        for call in list(phone.calls.values()):
            await call.hangup()
    await stage.silence()
    expected = Counter(story.pushed.split())
    with contextlib.suppress(TimeoutError):  # what is missing, or too much, is shown below
        await until(lambda: Counter(watcher.calls) == expected, 10)
    await asyncio.sleep(0.2)  # for anything that would be told twice
    told = Counter(watcher.calls)
    results[story.name] = in_words(told) + ("" if told == expected else f"; **expected {in_words(expected)}**")
    assert told == expected, "\n".join(str(dict(event)) for event in watcher.events)
    assert {phone: states[-1][1] for phone, states in watcher.states.items()} == dict.fromkeys(watcher.states, "idle")
