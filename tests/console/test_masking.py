"""Where numbers are masked, none shows, wherever it stands."""

from dataclasses import replace
from typing import Any

import pytest
from homeassistant.core import HomeAssistant

from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState, Capability

from ..fake_provider import FakeProvider, async_set_up, fake_config_entry, pushed
from .conftest import Page
from .test_websocket import ask, record, subscribe, told

NUMBER = "+390612345678"
SPELLED = [NUMBER, "06 1234 5678", "06123-45678", "tel:+390612345678"]


@pytest.mark.parametrize("name", SPELLED)
async def test_a_name_that_is_a_number_is_masked_as_one(
    hass: HomeAssistant, fake: type[FakeProvider], page: Page, name: str
) -> None:
    """In a live call, in the history, in what was kept, and in the phone book's name for somebody who was blocked."""
    party = m.Party(number=NUMBER, name=name)
    fake.script.answers["history"] = m.HistoryPage(
        records=(
            record(1, caller=party, answered_by_name=name, details={"forwarded_to": NUMBER}),
            record(2, caller=m.Party(number="+390611111111")),
        )
    )
    kind = m.MediaKind.VOICEMAIL
    fake.script.answers["media"] = (m.MediaItem(id="1", kind=kind, caller="+390611111111", callee="101"),)
    await async_set_up(hass, entry := fake_config_entry(options={"mask_numbers": True}))
    blocked: dict[str, Any] = {"name": name, "numbers": ["+390611111111"], "groups": ["blocked"]}
    await hass.services.async_call("pbx", "add_to_phone_book", blocked, blocking=True)
    socket = await page()
    await subscribe(socket)
    coordinator = entry.runtime_data.coordinator
    coordinator.async_push(pushed("c1", CallState.RINGING, caller=party))
    messages = [await told(socket)]
    coordinator.async_push(pushed("c1", CallState.ENDED, caller=party, final=True))
    messages.append(await told(socket))
    await hass.async_block_till_done()
    for kind_of in ("pbx/history", "pbx/recent", "pbx/voicemails"):
        messages.append(answer := await ask(socket, kind_of))
        assert any(answer["result"].values())
    assert [one for one in messages if _shows(one)] == []


def _shows(message: object) -> bool:
    """Return whether the number can be read in a message, however it is spelled."""
    text = str(message)
    return any(part in text for part in ("12345678", "1234 5678", "123-45678"))


async def test_a_masked_number_cannot_be_guessed_digit_by_digit(
    hass: HomeAssistant, fake: type[FakeProvider], page: Page
) -> None:
    """A kept call is found by what is shown of its number, not by the digits behind the dots."""
    fake.script.capabilities &= ~Capability.GET_CALL_HISTORY
    await async_set_up(hass, entry := fake_config_entry(options={"mask_numbers": True}))
    for state in (CallState.RINGING, CallState.ENDED):
        caller = m.Party(number=NUMBER, name="Eva")
        entry.runtime_data.coordinator.async_push(pushed("c1", state, caller=caller, final=state is CallState.ENDED))
    await hass.async_block_till_done()
    socket = await page()

    async def found(search: str) -> int:
        return len((await ask(socket, "pbx/history", search=search))["result"]["records"])

    assert [await found("678"), await found("eva")] == [1, 1]
    assert [await found("0612"), await found("+3906"), await found("345678")] == [0, 0, 0]


async def test_the_number_of_an_agent_outside_is_masked(
    hass: HomeAssistant, fake: type[FakeProvider], page: Page
) -> None:
    """One who takes the calls of a queue at a mobile phone has a number like anybody else."""
    directory = fake.script.directory
    fake.script.directory = replace(directory, agents=(m.Agent(id="a1", name=NUMBER, number=NUMBER),))
    await async_set_up(hass, fake_config_entry(options={"mask_numbers": True}))
    [account], _ = await subscribe(await page())
    agent = account["agents"]["a1"]
    assert [agent["number"], agent["name"]] == ["••••••••••678"] * 2
