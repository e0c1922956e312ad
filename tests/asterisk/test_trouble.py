"""Trouble with a real Asterisk in the middle of calls: cuts, restarts, silence, reloads, and a reader that is slow."""

import os
import random
from collections import Counter

import pytest
from homeassistant.core import HomeAssistant

from .hass import HassStage, Watcher, entry_for, set_up, state_of
from .lab import Lab, until
from .scissors import Scissors
from .stories import SHORT, talk_with

LONG = "PBX_ASTERISK_LONG" in os.environ  # set by scripts/asterisk trouble
CUTS, KILLS = (500, 20) if LONG else (8, 2)
LIMIT = 1800 if LONG else 300
LONGEST_CUTTING = 90.0


def say(what: str, late: list[float]) -> None:
    """Print how long it took until all was right again."""
    middle = sorted(late)[len(late) // 2]
    print(f"{what}: right again after {middle:.1f} s, at most {max(late):.1f} s", flush=True)  # noqa: T201 - for the page


@pytest.mark.timeout(LIMIT)
async def test_the_connection_is_cut_anywhere(hass: HomeAssistant, lab: Lab, expected_warnings: list[str]) -> None:
    """Whatever is on its way when it breaks: no call stays, none is told twice, and soon all is right again."""
    expected_warnings.append("cannot be reached")
    rng, calls, late = random.Random(5), 0, []
    async with Scissors(lab) as scissors, lab.ami() as ami:
        entry = await set_up(hass, entry_for(lab, port=scissors.port))
        watcher = Watcher(hass, entry)
        stage = HassStage(hass, entry, lab, ami, SHORT)
        while scissors.cuts < CUTS:
            calls += 1
            wanted = min(CUTS, scissors.cuts + rng.randrange(1, 6))
            scissors.cut_on(rng)
            far, near = await talk_with(stage, "222300101", "101")
            await until(lambda wanted=wanted: scissors.cuts >= wanted, LONGEST_CUTTING)  # type: ignore[misc]
            if rng.random() < 0.5:
                scissors.cut_on(None)
                late.append(await until(lambda: state_of(hass, entry, "extension_101_call_state") == "talking"))
                scissors.cut_on(rng)
            await far.hangup()
            await near.ended()
            scissors.cut_on(None)
            late.append(await until(lambda: state_of(hass, entry, "extension_101_call_state") == "idle"))
            await until(lambda: bool(entry.runtime_data.health.streaming))
            assert entry.runtime_data.coordinator.data.calls == {}
            if not calls % 10:
                say(f"{scissors.cuts} cuts, {calls} calls", late)
        say(f"{scissors.cuts} cuts, {calls} calls", late)
        told = Counter((event["type"], event["call_id"]) for event in watcher.events if "call_id" in event)
        assert [what for what, times in told.items() if times > 1] == []
        kinds = Counter(kind for kind, _ in told)
        assert kinds["call_incoming"] <= calls
        assert kinds["call_ended"] + kinds["call_missed"] == len({call for _, call in told}) <= calls


@pytest.mark.timeout(LIMIT)
async def test_asterisk_is_killed_in_a_call(hass: HomeAssistant, lab: Lab, expected_warnings: list[str]) -> None:
    """Its phones are unavailable meanwhile and right soon after, though its channels begin to count anew."""
    expected_warnings.append("cannot be reached")
    entry = await set_up(hass, entry_for(lab))
    watcher, late = Watcher(hass, entry), []
    async with lab.ami() as ami:
        stage = HassStage(hass, entry, lab, ami, SHORT)
        for kills in range(1, KILLS + 1):
            await talk_with(stage, "222300101", "101")
            await until(lambda: state_of(hass, entry, "extension_101_call_state") == "talking")
            await lab.kill()
            await until(lambda: state_of(hass, entry, "extension_101_call_state") == "unavailable")
            await lab.start()
            late.append(await until(lambda: state_of(hass, entry, "extension_101_call_state") == "idle"))
            await until(lambda: bool(entry.runtime_data.health.streaming))
            assert len(entry.runtime_data.coordinator.data.extensions) > len(lab.phones)
            for phone in lab.phones.values():
                await phone.register()
            assert entry.runtime_data.coordinator.data.calls == {}
            say(f"{kills} kills", late)
    told = Counter((event["type"], event["call_id"]) for event in watcher.events if "call_id" in event)
    assert [what for what, times in told.items() if times > 1] == []
    kinds = Counter(kind for kind, _ in told)
    assert [kinds[kind] for kind in ("call_incoming", "call_answered", "call_ended")] == [KILLS] * 3
