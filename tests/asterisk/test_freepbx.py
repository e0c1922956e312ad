"""A real Asterisk with FreePBX's dial plan and database, through a real Home Assistant."""

import os
from collections.abc import AsyncGenerator, Generator

import pytest
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .ami import Ami
from .config import PEOPLE
from .desk import Desk, at_desk
from .freepbx_stories import ALL
from .hass import entry_for, set_up, state_of
from .lab import Lab, until
from .phone import CallFailedError
from .playing import TABLE, play, write_table
from .stories import OUTSIDE, Story


@pytest.fixture(scope="module")
def results() -> Generator[dict[str, str]]:
    """Keep what became of each story, and write it into the page where that is asked for."""
    found: dict[str, str] = {}
    yield found
    if TABLE in os.environ:
        write_table("freepbx", ALL, found)


@pytest.fixture
async def ami(freepbx: Lab) -> AsyncGenerator[Ami]:
    """Log in with all rights."""
    async with freepbx.ami() as ami:
        yield ami


@pytest.fixture
async def account(hass: HomeAssistant, freepbx: Lab) -> MockConfigEntry:
    """Set up an account at the lab."""
    return await set_up(hass, entry_for(freepbx))


@pytest.mark.parametrize("story", [pytest.param(ALL[name], id=name) for name in sorted(ALL)])
async def test_story(
    hass: HomeAssistant, freepbx: Lab, ami: Ami, account: MockConfigEntry, story: Story, results: dict[str, str]
) -> None:
    """Each thing that happens is told once, and in the end all phones are idle."""
    await play(hass, freepbx, ami, account, story, results)


# -- phones ------------------------------------------------------------------------------------------


@pytest.fixture
async def desk(hass: HomeAssistant, freepbx: Lab) -> AsyncGenerator[Desk]:
    """Set an account up, and listen to all that Asterisk says."""
    async with at_desk(hass, freepbx) as desk:
        yield desk


async def test_a_code_is_no_extension(hass: HomeAssistant, freepbx: Lab, ami: Ami) -> None:
    """The code that calls a phone over its loudspeaker has the phone's own hint, once a lamp has watched it."""
    await freepbx.phones["104"].watch("*80101")
    rows = {row["Exten"]: row["Hint"] for row in await ami.items("ExtensionStateList")}
    assert rows["*80101"] == rows["101"]
    entry = await set_up(hass, entry_for(freepbx))
    directory = entry.runtime_data.coordinator.data
    assert {number for number, phone in directory.extensions.items() if not phone.trunk} == set(PEOPLE)
    far = await freepbx.trunk.dial("222300101", caller="420777123456")
    await freepbx.phones["101"].ringing()
    await until(lambda: state_of(hass, entry, "extension_101_call_state") == "ringing")
    await far.hangup()
    await until(lambda: state_of(hass, entry, "extension_101_call_state") == "idle")


async def test_settings_and_their_lamps(desk: Desk) -> None:
    """What Home Assistant sets works at once and shows on the lamps; what the codes set shows in Home Assistant."""
    lamps = desk.lab.phones["104"]
    for code in ("*76102", "*740102"):
        await lamps.watch(code)
    switch, text = desk.entity("102_do_not_disturb_setting"), desk.entity("102_call_forwarding")
    await desk.hass.services.async_call("switch", "turn_on", {"entity_id": switch}, blocking=True)
    await until(lambda: lamps.lamps.get("*76102") == "confirmed")
    call = await desk.lab.phones["101"].dial("102")
    with pytest.raises(CallFailedError):
        await call.wait("up")
    assert call.code == 486
    await (await desk.lab.phones["102"].dial("*79")).ended()
    await until(lambda: desk.hass.states.is_state(switch, "off"))
    await until(lambda: lamps.lamps.get("*76102") == "terminated")
    await desk.hass.services.async_call("text", "set_value", {"entity_id": text, "value": "103"}, blocking=True)
    await until(lambda: lamps.lamps.get("*740102") == "confirmed")
    call = await desk.lab.phones["101"].dial("102")
    third = await desk.lab.phones["103"].ringing()
    await call.hangup()
    await third.ended()
    for code, shown in (("*73", ""), ("*72105", "105"), ("*73", "")):
        await (await desk.lab.phones["102"].dial(code)).ended()
        await until(lambda shown=shown: desk.hass.states.is_state(text, shown))  # type: ignore[misc]
    await until(lambda: lamps.lamps.get("*740102") == "terminated")


async def test_where_a_phone_is_follows(desk: Desk) -> None:
    """A phone that registers anew from elsewhere is known there at once."""
    phone = desk.lab.phones["101"]
    await phone.unregister()
    await until(lambda: desk.state("extension_101_registered") == "off")
    phone.software = "OtherPhone/2.0"
    await phone.register()
    extensions = desk.entry.runtime_data.coordinator.data.extensions
    await until(lambda: extensions["101"].user_agent == "OtherPhone/2.0")
    phone.software = "LabPhone/1.0"


async def test_a_blind_transfer_is_followed(desk: Desk) -> None:
    """Home Assistant hands a caller over to whom is followed, over Local channels: who answers there talks."""
    await desk.ami.action("DBPut", Family="AMPUSER", Key="103/followme/ddial", Val="DIRECT")
    far, near = await desk.talk()
    await desk.at("101", "transfer", number="103")
    await desk.lab.phones["103"].ringing()
    four = await desk.lab.phones["104"].ringing()
    await near.ended()
    await desk.ami.action("DBPut", Family="AMPUSER", Key="103/followme/ddial", Val="EXTENSION")
    assert four.caller == OUTSIDE
    await four.answer()
    await desk.stage.state("104", "talking")
    await far.hangup()
    await four.ended()
