"""Trouble with a real Asterisk in the middle of calls: cuts, restarts, silence, reloads, and a reader that is slow."""

import os
import random
from collections import Counter

import pytest
from homeassistant.core import HomeAssistant

from custom_components.pbx.providers.asterisk import ami as ami_module

from .hass import HassStage, Watcher, entry_for, set_up, state_of
from .lab import Lab, until
from .scissors import Scissors
from .stories import SHORT, talk_with

LONG = "PBX_ASTERISK_LONG" in os.environ  # set by scripts/asterisk trouble
CUTS, KILLS, SILENCES, RELOADS, STALLS = (500, 20, 20, 50, 20) if LONG else (8, 2, 1, 3, 1)
LIMIT = 1800 if LONG else 300
LONGEST_CUTTING = 90.0
FLOOD = 6000
"""How many events of a kilobyte are more than what any buffer on the way keeps."""


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


def told_once(watcher: Watcher) -> Counter[str]:
    """Return how often each kind of event of calls was told; none of one call is told twice."""
    told = Counter((event["type"], event["call_id"]) for event in watcher.events if "call_id" in event)
    assert [what for what, times in told.items() if times > 1] == []
    return Counter(kind for kind, _ in told)


@pytest.mark.timeout(LIMIT)
async def test_a_connection_that_is_half_open(
    hass: HomeAssistant, lab: Lab, expected_warnings: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing comes and nothing closes: the phones are unavailable, and right again when it flows; no call stays."""
    expected_warnings.append("cannot be reached")
    for name, seconds in (("PING_EVERY", 0.3), ("PONG_WITHIN", 0.3), ("CONNECT_TIME", 1), ("ANSWER_TIME", 1)):
        monkeypatch.setattr(ami_module, name, seconds)
    late: list[float] = []
    async with Scissors(lab) as scissors, lab.ami() as ami:
        entry = await set_up(hass, entry_for(lab, port=scissors.port))
        watcher = Watcher(hass, entry)
        stage = HassStage(hass, entry, lab, ami, SHORT)
        for silences in range(1, SILENCES + 1):
            first, near = await talk_with(stage, "222300101", "101")
            await stage.state("101", "talking")
            scissors.stop()
            await until(lambda: state_of(hass, entry, "extension_101_call_state") == "unavailable")
            await first.hangup()
            await near.ended()
            second, other = await talk_with(stage, "222300102", "102")
            scissors.flow()
            late.append(await until(lambda: state_of(hass, entry, "extension_101_call_state") == "idle"))
            await stage.state("102", "talking")
            await second.hangup()
            await other.ended()
            await stage.state("102", "idle")
            await until(lambda: bool(entry.runtime_data.health.streaming))
            assert entry.runtime_data.coordinator.data.calls == {}
            say(f"{silences} silences", late)
    kinds = told_once(watcher)
    assert kinds["call_incoming"] == kinds["call_ended"] == 2 * SILENCES


@pytest.mark.timeout(LIMIT)
async def test_modules_are_reloaded_in_a_call(hass: HomeAssistant, lab: Lab) -> None:
    """The call goes on, each thing is told once, and phones and queues stay what they are."""
    entry = await set_up(hass, entry_for(lab))
    watcher = Watcher(hass, entry)
    async with lab.ami() as ami:
        stage = HassStage(hass, entry, lab, ami, SHORT)
        known = set(entry.runtime_data.coordinator.data.extensions)
        for number in range(RELOADS):
            far, near = await talk_with(stage, "222300101", "101")
            await stage.state("101", "talking")
            for module in (("core",), ("manager", "app_queue.so"), ("res_pjsip.so", "pbx_config.so"))[number % 3]:
                command = f"{module} reload" if "." not in module else f"module reload {module}"
                await ami.action("Command", Command=command)
            await stage.state("101", "talking")
            await far.hangup()
            await near.ended()
            await stage.state("101", "idle")
        await until(lambda: set(entry.runtime_data.coordinator.data.extensions) == known)
        assert entry.runtime_data.health.streaming
    kinds = told_once(watcher)
    assert [kinds[kind] for kind in ("call_incoming", "call_answered", "call_ended")] == [RELOADS] * 3


async def test_a_phone_that_is_added_is_there_after_a_reload(hass: HomeAssistant, lab: Lab) -> None:
    """As with *Apply Config* in FreePBX: it is known as soon as Asterisk has read its configuration again."""
    entry = await set_up(hass, entry_for(lab))
    extensions = entry.runtime_data.coordinator.data.extensions
    plan = lab.work / "etc/extensions.conf"
    before = plan.read_text()
    async with lab.ami() as ami:
        try:
            plan.write_text(before.replace("[ext-local]\n", "[ext-local]\nexten => 150,hint,PJSIP/150\n", 1))
            await ami.action("Command", Command="module reload pbx_config.so")
            await until(lambda: "150" in extensions)
        finally:
            plan.write_text(before)
            await ami.action("Command", Command="module reload pbx_config.so")
    await until(lambda: "150" not in extensions)


@pytest.mark.timeout(LIMIT)
async def test_who_reads_too_slowly(hass: HomeAssistant, lab: Lab, expected_warnings: list[str]) -> None:
    """Asterisk gives a reader up that hangs; after that all is right again, no call stays, and none is told twice."""
    expected_warnings.append("cannot be reached")
    late: list[float] = []

    def logins() -> int:
        """Return how often Home Assistant was let in."""
        return (lab.work / "log/messages").read_text(errors="replace").count("'impatient' logged on")

    async def given_up() -> bool:
        """Return whether Asterisk has closed the connection of the one who does not read."""
        answer = await ami.action("Command", Command="manager show connected")
        return "impatient" not in answer.get("Output", "")

    async with Scissors(lab) as scissors, lab.ami() as ami:
        scissors.narrow()
        entry = await set_up(hass, entry_for(lab, "impatient", port=scissors.port))
        watcher = Watcher(hass, entry)
        stage = HassStage(hass, entry, lab, ami, SHORT)
        for stalls in range(1, STALLS + 1):
            far, near = await talk_with(stage, "222300101", "101")
            await stage.state("101", "talking")
            before = logins()
            scissors.stop()
            for _ in range(FLOOD):
                await ami.action("UserEvent", UserEvent="Flood", Text="x" * 900)
            await until(given_up)
            await far.hangup()
            await near.ended()
            scissors.flow()
            late.append(await until(lambda: state_of(hass, entry, "extension_101_call_state") == "idle"))
            await until(lambda before=before: logins() > before)  # type: ignore[misc]
            await until(lambda: bool(entry.runtime_data.health.streaming))
            assert entry.runtime_data.coordinator.data.calls == {}
            say(f"{stalls} stalls", late)
    kinds = told_once(watcher)
    assert [kinds[kind] for kind in ("call_incoming", "call_answered", "call_ended")] == [STALLS] * 3
