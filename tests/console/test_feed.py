"""Whatever happens, a snapshot and the deltas after it are what the registry knows."""

import random
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.console.websocket import DATA_CONSOLE
from custom_components.pbx.telephony.models import CallState, Party

from ..fake_provider import FakeProvider, async_set_up, incoming, pushed

type Json = dict[str, Any]

CALLER = Party(number="+390612345678", name="Eva")


def take(known: dict[str, Json], message: Json) -> None:
    """Take a message as a page does."""
    match message["type"]:
        case "snapshot":
            known.clear()
            known.update({account["id"]: account for account in message["accounts"]})
        case "account":
            known[message["account"]["id"]] = message["account"]
        case "gone":
            known.pop(message["id"], None)
        case "delta":
            account = known[message["id"]]
            for name, value in message.items():
                if isinstance(value, dict):
                    rows = {**account[name], **value}
                    account[name] = {key: row for key, row in rows.items() if row is not None}
                elif name not in {"type", "id"}:
                    account[name] = value


@pytest.mark.parametrize("seed", range(12))
async def test_snapshot_and_deltas(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, seed: int
) -> None:
    """Nothing is lost, and nothing stays that is over, whatever is pushed and polled in whatever order."""
    chance = random.Random(seed)
    await async_set_up(hass, fake_entry)
    known: dict[str, Json] = {}
    console = hass.data[DATA_CONSOLE]
    coordinator = fake_entry.runtime_data.coordinator
    told = 0

    def listen(message: Json) -> None:
        nonlocal told
        told += 1
        take(known, message)

    stop = console.async_listen("user", lambda _feed: True, listen)
    for _ in range(60):
        if chance.random() < 0.7:
            call_id, extension = chance.choice(("c1", "c2", "c3")), chance.choice(("101", "102"))
            state = chance.choice(list(CallState))
            over = state is CallState.ENDED and chance.random() < 0.7
            coordinator.async_push(pushed(call_id, state, extension, caller=CALLER, final=over))
        else:
            up = chance.sample(("p1", "p2", "p3"), chance.randrange(4))
            fake.script.calls = tuple(incoming(call_id, "101") for call_id in up)
            await coordinator.async_refresh()
        assert known == {fake_entry.entry_id: console.feeds[fake_entry.entry_id].snapshot()}
    stop()
    assert told > 10
    before = told
    coordinator.async_push(pushed("c9", CallState.RINGING, caller=CALLER))
    assert told == before
