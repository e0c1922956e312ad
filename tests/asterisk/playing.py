"""Play a story before a real Home Assistant, and keep what came of it for the page."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .ami import Ami
from .hass import HassStage, Watcher
from .lab import Lab, until
from .stories import SHORT, Story

PAGE = Path(__file__).parents[2] / "docs" / "asterisk.md"
UNWRITTEN = frozenset({"34_unregistered", "35_page", "44_originate_refused", "99_restart"})
"""Stories of which Asterisk does not write a record for each call: nobody is reached, its power is cut, or it is the
last of those who are paged."""
TABLE = "PBX_STORIES_TABLE"  # set by scripts/asterisk stories


def in_words(told: Counter[str]) -> str:
    """Return event types with their numbers."""
    words = [f"{kind.removeprefix('call_')}{f' x {times}' if times > 1 else ''}" for kind, times in told.items()]
    return ", ".join(words) or "nothing, rightly"


async def play(
    hass: HomeAssistant, lab: Lab, ami: Ami, account: MockConfigEntry, story: Story, results: dict[str, str]
) -> None:
    """Play a story: each thing that happens is told once, and in the end all phones are idle."""
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
    if lab.server.records and story.name not in UNWRITTEN:
        with contextlib.suppress(TimeoutError):
            await until(lambda: len(watcher.records) >= len(watcher.ended), 5)
        assert sorted(watcher.records) == sorted(watcher.ended.items())
    assert lab.server.records or not watcher.records
    assert told == expected, "\n".join(str(dict(event)) for event in watcher.events)
    assert {phone: states[-1][1] for phone, states in watcher.states.items()} == dict.fromkeys(watcher.states, "idle")


def write_table(name: str, stories: Mapping[str, Story], results: Mapping[str, str]) -> None:
    """Write what became of each story into the page, between the marks of this name."""
    rows = [f"| {stories[story].note} | {result} |\n" for story, result in sorted(results.items())]
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(begin)
    table = "| What happened | What was told |\n|---|---|\n" + "".join(rows)
    PAGE.write_text(f"{before}{begin}{table}{end}{rest.partition(end)[2]}", encoding="utf-8")
