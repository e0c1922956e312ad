"""Commands on a real Asterisk, judged at the phones: who rings, what is shown, who is heard, who is gone."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .ami import Ami, Message
from .hass import HassStage, entry_for
from .lab import Lab
from .stories import FAR, OUTSIDE, SHORT, talk_with


@dataclass(kw_only=True)
class Desk:
    """What a test has before it."""

    hass: HomeAssistant
    entry: MockConfigEntry
    lab: Lab
    ami: Ami
    stage: HassStage
    heard: list[Message]

    def entity(self, unique: str) -> str:
        """Return the entity of the account whose unique id ends so."""
        registry = er.async_get(self.hass)
        return next(
            entity.entity_id
            for entity in er.async_entries_for_config_entry(registry, self.entry.entry_id)
            if entity.unique_id.endswith(unique)
        )

    async def act(self, action: str, **data: object) -> None:
        """Call an action of the integration."""
        await self.hass.services.async_call("pbx", action, data, blocking=True)

    async def at(self, extension: str, action: str, **data: object) -> None:
        """Call an action for an extension's call."""
        await self.act(action, entity_id=self.entity(f"extension_{extension}_call_state"), **data)

    def events(self, kind: str) -> list[Message]:
        """Return what Asterisk told of a kind."""
        return [message for message in self.heard if message.get("Event") == kind]


@pytest.fixture
async def desk(hass: HomeAssistant, lab: Lab) -> AsyncGenerator[Desk]:
    """Set an account up, and listen to all that Asterisk says."""
    entry = entry_for(lab)
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    async with lab.ami(events=True) as ami:
        heard: list[Message] = []
        ami.listeners.append(lambda message, _raw, _now: heard.append(message))
        stage = HassStage(hass, entry, lab, ami, SHORT)
        yield Desk(hass=hass, entry=entry, lab=lab, ami=ami, stage=stage, heard=heard)
        for phone in (*lab.phones.values(), lab.trunk):
            for call in list(phone.calls.values()):
                await call.hangup()
        await stage.silence()


@pytest.mark.parametrize("action", ["originate", "click_to_call"])
async def test_originate(desk: Desk, action: str) -> None:
    """The own phone shows whom it will call, the other one who calls."""
    await desk.act(action, extension="101", number="102")
    own = await desk.lab.phones["101"].ringing()
    assert own.caller == "102"
    await own.answer()
    other = await desk.lab.phones["102"].ringing()
    assert (other.caller, other.caller_name) == ("101", "Anna Keller")
    await other.answer()
    await own.hangup()
    await other.ended(5)


async def test_originate_to_the_outside(desk: Desk) -> None:
    """The number reaches the trunk as it was typed, with the house's own number as the caller."""
    await desk.act("originate", extension="101", number=FAR, ring_timeout=5)
    await (await desk.lab.phones["101"].ringing()).answer()
    far = await desk.lab.trunk.ringing()
    assert far.caller == "222300101"
    far.reject(486)


@pytest.mark.parametrize("typed", ["608 000 111", "00420 608000111", "+420608000111"])
async def test_a_number_is_dialled_as_it_was_keyed(desk: Desk, typed: str) -> None:
    """Which forms a dial plan takes is its own business: none is made of the other."""
    await desk.act("originate", extension="101", number=typed, ring_timeout=5)
    await (await desk.lab.phones["101"].ringing()).answer()
    (await desk.lab.trunk.ringing()).reject(486)
    await asyncio.sleep(0.3)  # what the manager says comes after the ringing
    dialled = [message["DialString"].partition("@")[0] for message in desk.events("DialBegin")]
    # The lab's dial plan takes a plus off before it dials.
    assert typed.replace(" ", "").lstrip("+") in dialled


async def test_originate_refusals(desk: Desk) -> None:
    """A phone that is not there is named before anything rings."""
    await desk.lab.phones["104"].unregister()
    await asyncio.sleep(0.5)
    for extension in ("104", "999"):
        with pytest.raises(HomeAssistantError):
            await desk.act("originate", extension=extension, number="102")
    await desk.lab.phones["104"].register()
    assert desk.events("DialBegin") == []


async def test_hang_up(desk: Desk) -> None:
    """Both phones hear of the end."""
    far, near = await talk_with(desk.stage, "222300101", "101")
    await asyncio.sleep(0.3)
    await desk.at("101", "hangup")
    await far.ended(5)
    await near.ended(5)


async def test_decline_at_one_phone_of_a_group(desk: Desk) -> None:
    """Only that phone stops; the others ring on, and one of them answers."""
    far = await desk.lab.trunk.dial("222300600", caller=OUTSIDE)
    rings = {phone: await desk.lab.phones[phone].ringing() for phone in ("102", "103", "104")}
    await asyncio.sleep(0.3)
    await desk.at("102", "hangup")
    await rings["102"].ended(5)
    assert (rings["103"].state, rings["104"].state, far.state) == ("ringing", "ringing", "ringing")
    await rings["103"].answer()
    await far.wait("up")
    await far.hangup()


async def test_blind_transfer(desk: Desk) -> None:
    """The other phone rings with the caller's number, and the own phone is free at once."""
    far, near = await talk_with(desk.stage, "222300101", "101")
    await asyncio.sleep(0.4)
    await desk.at("101", "transfer", number="103")
    third = await desk.lab.phones["103"].ringing()
    assert third.caller == OUTSIDE
    await third.answer()
    await near.ended(5)
    await asyncio.sleep(0.3)
    assert far.state == third.state == "up"
    await far.hangup()


async def test_attended_transfer(desk: Desk) -> None:
    """The caller waits, the two of the house talk first, and by hanging up the own phone connects them."""
    far, near = await talk_with(desk.stage, "222300101", "101")
    near.media()
    await asyncio.sleep(0.4)
    await desk.at("101", "transfer", number="103", type="attended")
    third = await desk.lab.phones["103"].ringing(15)
    assert third.caller == "101"
    await third.answer()
    await asyncio.sleep(0.5)
    assert far.state == near.state == "up"
    await near.hangup()
    await asyncio.sleep(0.5)
    assert far.state == third.state == "up"
    await far.hangup()
    await third.ended(5)


async def test_keys(desk: Desk) -> None:
    """The other side hears them, not the own phone."""
    far, near = await talk_with(desk.stage, "222300101", "101")
    await asyncio.sleep(0.3)
    await desk.at("101", "send_dtmf", digits="12#")
    await asyncio.sleep(1)
    assert (far.keys_heard, near.keys_heard) == ("12#", "")
    await far.hangup()
    await near.ended(5)


async def test_mute(desk: Desk) -> None:
    """Asterisk takes the sound of the own phone away, and gives it back."""
    far, near = await talk_with(desk.stage, "222300101", "101")
    await asyncio.sleep(0.3)
    await desk.at("101", "mute")
    await desk.at("101", "unmute")
    await far.hangup()
    await near.ended(5)


async def test_spy(desk: Desk) -> None:
    """The supervisor's phone rings, and listens to the right channel."""
    far, near = await talk_with(desk.stage, "222300101", "101")
    near.media()
    far.media()
    await asyncio.sleep(0.3)
    await desk.act("spy", extension="105", target_extension="101")
    listener = await desk.lab.phones["105"].ringing()
    await listener.answer()
    listener.media()
    await asyncio.sleep(0.6)
    (spying,) = desk.events("ChanSpyStart")
    assert spying["SpyeeChannel"].startswith("PJSIP/101-")
    assert spying["SpyerChannel"].startswith("PJSIP/105-")
    await listener.hangup()
    await far.hangup()


async def test_an_agent_takes_calls(desk: Desk) -> None:
    """A new member of a queue gets its caller; a paused one does not; one that left is rung no more."""
    await desk.act("queue_add", queue="support", extension="102", config_entry_id=desk.entry.entry_id)
    await asyncio.sleep(0.3)
    far = await desk.lab.trunk.dial("222300801", caller=OUTSIDE)
    near = await desk.lab.phones["102"].ringing(5)
    await far.hangup()
    await near.ended(5)
    pause = desk.entity("agent_102_paused")
    await desk.hass.services.async_call("switch", "turn_on", {"entity_id": pause}, blocking=True)
    await asyncio.sleep(0.5)
    state = desk.hass.states.get(pause)
    assert state is not None
    assert state.state == "on"
    far = await desk.lab.trunk.dial("222300801", caller=OUTSIDE)
    with pytest.raises(TimeoutError):
        await desk.lab.phones["102"].ringing(2)
    await desk.hass.services.async_call("switch", "turn_off", {"entity_id": pause}, blocking=True)
    near = await desk.lab.phones["102"].ringing(5)
    await far.hangup()
    await near.ended(5)
    await desk.act("queue_remove", queue="support", extension="102", config_entry_id=desk.entry.entry_id)
    rows = await desk.ami.items("QueueStatus", Queue="support")
    assert [row for row in rows if row["Event"] == "QueueMember"] == []


async def test_queue_figures(desk: Desk) -> None:
    """The answer has the callers and members of now."""
    far = await desk.lab.trunk.dial("222300801", caller=OUTSIDE)
    await far.wait("up")
    await asyncio.sleep(1)  # Asterisk waits for sound before it goes on
    answer = await desk.hass.services.async_call(
        "pbx",
        "get_queue_status",
        {"queue": "support", "config_entry_id": desk.entry.entry_id},
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    assert answer["waiting"] == 1, answer["raw"]
    await far.hangup()
