"""Commands on a real Asterisk, judged at the phones: who rings, what is shown, who is heard, who is gone."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .ami import Ami, Message
from .hass import HassStage, entry_for, set_up, state_of
from .lab import Lab, until
from .phone import Call
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

    async def talk(self) -> tuple[Call, Call]:
        """Let somebody outside talk with 101, and Home Assistant know of it; return both ends."""
        far, near = await talk_with(self.stage, "222300101", "101")
        await self.stage.state("101", "talking")
        return far, near

    def state(self, unique: str) -> str:
        """Return the state of an entity of the account, by the end of its unique id."""
        return state_of(self.hass, self.entry, unique)

    def events(self, kind: str) -> list[Message]:
        """Return what Asterisk told of a kind."""
        return [message for message in self.heard if message.get("Event") == kind]


@pytest.fixture
async def desk(hass: HomeAssistant, lab: Lab) -> AsyncGenerator[Desk]:
    """Set an account up, and listen to all that Asterisk says."""
    entry = await set_up(hass, entry_for(lab))
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
    await other.ended()


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
    # The lab's dial plan takes a plus off before it dials.
    number = typed.replace(" ", "").lstrip("+")
    await until(lambda: any(one["DialString"].startswith(f"{number}@") for one in desk.events("DialBegin")))


async def test_originate_refusals(desk: Desk) -> None:
    """A phone that is not there is named before anything rings."""
    await desk.lab.phones["104"].unregister()
    await until(lambda: desk.state("extension_104_registered") == "off")
    for extension in ("104", "999"):
        with pytest.raises(HomeAssistantError):
            await desk.act("originate", extension=extension, number="102")
    await desk.lab.phones["104"].register()
    assert desk.events("DialBegin") == []


async def test_hang_up(desk: Desk) -> None:
    """Both phones hear of the end."""
    far, near = await desk.talk()
    await desk.at("101", "hangup")
    await far.ended()
    await near.ended()


async def test_decline_at_one_phone_of_a_group(desk: Desk) -> None:
    """Only that phone stops; the others ring on, and one of them answers."""
    far = await desk.lab.trunk.dial("222300600", caller=OUTSIDE)
    rings = {phone: await desk.lab.phones[phone].ringing() for phone in ("102", "103", "104")}
    for phone in rings:
        await desk.stage.state(phone, "ringing")
    await desk.at("102", "hangup")
    await rings["102"].ended()
    assert (rings["103"].state, rings["104"].state, far.state) == ("ringing", "ringing", "ringing")
    await rings["103"].answer()
    await far.wait("up")
    await far.hangup()


async def test_blind_transfer(desk: Desk) -> None:
    """The other phone rings with the caller's number, and the own phone is free at once."""
    far, near = await desk.talk()
    await desk.at("101", "transfer", number="103")
    third = await desk.lab.phones["103"].ringing()
    assert third.caller == OUTSIDE
    await third.answer()
    await near.ended()
    await desk.stage.state("103", "talking")
    assert far.state == third.state == "up"
    await far.hangup()


async def test_attended_transfer(desk: Desk) -> None:
    """The caller waits, the two of the house talk first, and by hanging up the own phone connects them."""
    far, near = await desk.talk()
    near.media()
    await desk.at("101", "transfer", number="103", type="attended")
    third = await desk.lab.phones["103"].ringing()
    assert third.caller == "101"
    await third.answer()
    await desk.stage.state("103", "talking")
    assert far.state == near.state == "up"
    await near.hangup()
    await until(lambda: desk.state("extension_101_call_state") == "idle")
    assert far.state == third.state == "up"
    await far.hangup()
    await third.ended()


async def test_keys(desk: Desk) -> None:
    """The other side hears them, not the own phone."""
    far, near = await desk.talk()
    await desk.at("101", "send_dtmf", digits="12#")
    await until(lambda: far.keys_heard == "12#")
    assert near.keys_heard == ""
    await far.hangup()
    await near.ended()


async def test_mute(desk: Desk) -> None:
    """Asterisk takes the sound of the own phone away, and gives it back."""
    far, near = await desk.talk()
    await desk.at("101", "mute")
    await desk.at("101", "unmute")
    await far.hangup()
    await near.ended()


async def test_spy(desk: Desk) -> None:
    """The supervisor's phone rings, and listens to the right channel."""
    far, near = await desk.talk()
    near.media()
    far.media()
    await desk.act("spy", extension="105", target_extension="101")
    listener = await desk.lab.phones["105"].ringing()
    await listener.answer()
    listener.media()
    await until(lambda: bool(desk.events("ChanSpyStart")))
    (spying,) = desk.events("ChanSpyStart")
    assert spying["SpyeeChannel"].startswith("PJSIP/101-")
    assert spying["SpyerChannel"].startswith("PJSIP/105-")
    await listener.hangup()
    await far.hangup()


async def test_an_agent_takes_calls(desk: Desk) -> None:
    """A new member of a queue gets its caller; a paused one does not; one that left is rung no more."""
    await desk.act("queue_add", queue="support", extension="102", config_entry_id=desk.entry.entry_id)
    await until(lambda: bool(desk.events("QueueMemberAdded")))
    far = await desk.lab.trunk.dial("222300801", caller=OUTSIDE)
    near = await desk.lab.phones["102"].ringing()
    await far.hangup()
    await near.ended()
    pause = desk.entity("agent_102_paused")
    await desk.hass.services.async_call("switch", "turn_on", {"entity_id": pause}, blocking=True)
    await until(lambda: desk.state("agent_102_paused") == "on")
    far = await desk.lab.trunk.dial("222300801", caller=OUTSIDE)
    with pytest.raises(TimeoutError):
        await desk.lab.phones["102"].ringing(2)
    await desk.hass.services.async_call("switch", "turn_off", {"entity_id": pause}, blocking=True)
    near = await desk.lab.phones["102"].ringing()
    await far.hangup()
    await near.ended()
    await desk.act("queue_remove", queue="support", extension="102", config_entry_id=desk.entry.entry_id)
    rows = await desk.ami.items("QueueStatus", Queue="support")
    assert [row for row in rows if row["Event"] == "QueueMember"] == []


async def test_queue_figures(desk: Desk) -> None:
    """The answer has the callers and members of now."""
    far = await desk.lab.trunk.dial("222300801", caller=OUTSIDE)
    await far.wait("up")
    await until(lambda: bool(desk.events("QueueCallerJoin")))
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
