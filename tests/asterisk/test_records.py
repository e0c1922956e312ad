"""Records of calls (CDR) from a real Asterisk: what they correct of calls that nobody could watch to their end."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from homeassistant.core import HomeAssistant

from .config import SHORT as SHORT_TIMES
from .hass import HassStage, Watcher, entry_for, set_up, state_of
from .lab import Lab, NoAsteriskError, Server, until
from .scissors import Scissors
from .stories import OUTSIDE, SHORT, talk_with


@pytest.fixture(scope="module")
def servers() -> Generator[list[Server]]:
    """Keep an Asterisk until the last test is done."""
    running: list[Server] = []
    yield running
    for server in running:
        server.stop()


@pytest.fixture
async def lab(servers: list[Server], socket_enabled: None) -> AsyncGenerator[Lab]:
    """Plug phones into an Asterisk that keeps its records until they are asked for."""
    if not servers:
        try:
            servers.append(Server(times=SHORT_TIMES, late_records=True))
        except NoAsteriskError as error:
            pytest.skip(str(error))
    async with Lab(server=servers[0]) as lab:
        yield lab


class Gap:
    """An account whose connection breaks, and an Asterisk that keeps its records back."""

    def __init__(self, hass: HomeAssistant, lab: Lab, scissors: Scissors, stage: HassStage, watcher: Watcher) -> None:
        """Take what a test needs."""
        self.hass, self.lab, self.scissors, self.stage, self.watcher = hass, lab, scissors, stage, watcher
        self.entry = stage.entry

    async def begin(self) -> None:
        """Break the connection, and wait until Home Assistant knows."""
        self.scissors.sever()
        await until(lambda: state_of(self.hass, self.entry, "extension_101_call_state") == "unavailable")

    async def end(self) -> None:
        """Let Home Assistant connect again, and Asterisk tell its records."""
        self.scissors.mend()
        await until(lambda: state_of(self.hass, self.entry, "extension_101_call_state") == "idle")
        await until(lambda: bool(self.entry.runtime_data.health.streaming))
        await self.stage.ami.action("Command", Command="cdr submit")

    def told(self, *types: str) -> list[dict[str, Any]]:
        """Return the events of some types."""
        return [dict(event) for event in self.watcher.events if event["type"] in types]


@asynccontextmanager
async def gap_at(hass: HomeAssistant, lab: Lab) -> AsyncGenerator[Gap]:
    """Set an account up behind a connection that can be broken."""
    async with Scissors(lab) as scissors, lab.ami() as ami:
        entry = await set_up(hass, entry_for(lab, port=scissors.port))
        stage = HassStage(hass, entry, lab, ami, SHORT)
        yield Gap(hass, lab, scissors, stage, Watcher(hass, entry))


async def test_a_call_that_was_answered_in_a_gap(hass: HomeAssistant, lab: Lab, expected_warnings: list[str]) -> None:
    """It seems to have been missed; its record knows better, which is told once, and it is no missed call any more."""
    expected_warnings.append("cannot be reached")
    async with gap_at(hass, lab) as gap:
        far = await lab.trunk.dial("222300600", caller=OUTSIDE)
        rings = {phone: await lab.phones[phone].ringing() for phone in ("102", "103", "104")}
        await gap.stage.state("103", "ringing")
        await gap.begin()
        await rings["103"].answer()
        await far.wait("up")
        await far.hangup()
        for one in rings.values():
            await one.ended()
        await gap.end()
        await until(lambda: gap.watcher.calls == ["call_incoming", "call_missed", "call_corrected"])
        (corrected,) = gap.told("call_corrected")
        assert (corrected["outcome_before"], corrected["outcome"]) == ("missed", "answered")
        assert corrected["answered_by"] == "103"
        assert [outcome for _, outcome in gap.watcher.records] == ["answered"]
        assert state_of(hass, gap.entry, "_missed_calls") == "0"


@pytest.mark.parametrize(
    ("dialled", "phones", "answers", "kind", "outcome"),
    [
        ("222300101", ("101",), "101", "call_ended", "answered"),
        ("222300101", ("101",), None, "call_missed", "missed"),
        ("222300600", ("102", "103", "104"), "104", "call_ended", "answered"),
        ("222300601", ("102", "103"), "103", "call_ended", "answered"),
        ("222300601", ("102", "103"), None, "call_missed", "missed"),
        ("222300900", (), None, "call_missed", "missed"),
    ],
    ids=["phone", "nobody", "group", "local", "local-nobody", "menu"],
)
async def test_a_call_that_was_over_in_a_gap(
    hass: HomeAssistant,
    lab: Lab,
    expected_warnings: list[str],
    *,
    dialled: str,
    phones: tuple[str, ...],
    answers: str | None,
    kind: str,
    outcome: str,
) -> None:
    """It is told from its records, once, however many these are."""
    expected_warnings.append("cannot be reached")
    async with gap_at(hass, lab) as gap:
        await gap.begin()
        far = await lab.trunk.dial(dialled, caller=OUTSIDE)
        rings = {phone: await lab.phones[phone].ringing() for phone in phones}
        if answers is not None:
            await rings[answers].answer()
        if answers is not None or not phones:
            await far.wait("up")
        await far.hangup()
        for one in rings.values():
            await one.ended()
        await gap.end()
        await until(lambda: gap.watcher.calls == [kind])
        (event,) = gap.told(kind)
        assert (event["outcome"], event["from_number"], event["told_late"]) == (outcome, f"+{OUTSIDE}", True)
        assert event.get("answered_by") == answers
        assert [one for _, one in gap.watcher.records] == [outcome]


async def test_a_call_that_was_watched_is_not_corrected(
    hass: HomeAssistant, lab: Lab, expected_warnings: list[str]
) -> None:
    """A later gap, in which its record is told, changes nothing of it."""
    expected_warnings.append("cannot be reached")
    async with gap_at(hass, lab) as gap:
        far, near = await talk_with(gap.stage, "222300101", "101")
        await far.hangup()
        await near.ended()
        await until(lambda: gap.watcher.calls[-1:] == ["call_ended"])
        await gap.begin()
        await gap.end()
        await until(lambda: [outcome for _, outcome in gap.watcher.records] == ["answered"])
        assert gap.watcher.calls == ["call_incoming", "call_answered", "call_ended"]
