"""Commands on a real Asterisk, judged at the phones: who rings, what is shown, who is heard, who is gone."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .ami import Ami, Message
from .hass import HassStage, Watcher, entry_for, set_up, state_of
from .lab import Lab, until
from .phone import Call, CallFailedError
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


async def test_who_declines_in_a_group_does_not_decline_for_it(desk: Desk) -> None:
    """The call is missed by the others, once."""
    watcher = Watcher(desk.hass, desk.entry)
    far = await desk.lab.trunk.dial("222300600", caller=OUTSIDE)
    rings = {phone: await desk.lab.phones[phone].ringing() for phone in ("102", "103", "104")}
    for phone in rings:
        await desk.stage.state(phone, "ringing")
    await desk.at("102", "hangup")
    rings["103"].reject(603)
    await rings["102"].ended()
    await desk.stage.state("103", "idle")
    await far.hangup()
    await rings["104"].ended()
    await until(lambda: watcher.calls == ["call_incoming", "call_missed"])
    assert watcher.events[-1]["outcome"] == "missed"


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


@pytest.mark.parametrize(("mode", "flags"), [("listen", "qE"), ("whisper", "qEw"), ("barge", "qEB")])
async def test_listening_modes(desk: Desk, mode: str, flags: str) -> None:
    """The supervisor listens, or speaks as well; only who barges in is heard by the caller."""
    far, near = await desk.talk()
    await desk.act("spy", extension="105", target_extension="101", mode=mode)
    listener = await (await desk.lab.phones["105"].ringing()).answer()
    await until(lambda: bool(desk.events("ChanSpyStart")))
    channels = await desk.ami.items("CoreShowChannels")
    (spying,) = [row for row in channels if row["Channel"].startswith("PJSIP/105-")]
    assert spying["ApplicationData"].partition(",")[2] == flags
    await listener.hangup()
    await far.hangup()
    await near.ended()


async def test_park_and_retrieve(desk: Desk) -> None:
    """The own phone is free, the caller waits on hold, and another phone rings and takes the call up."""
    far, near = await desk.talk()
    (call_id,) = desk.entry.runtime_data.coordinator.data.calls
    await desk.at("101", "park")
    await near.ended()
    await until(lambda: bool(desk.events("ParkedCall")))
    assert far.state == "up"
    calls = desk.entry.runtime_data.coordinator.data.calls
    await until(lambda: call_id in calls and calls[call_id].state == "on_hold")
    await desk.act("retrieve", call_id=call_id, extension="102", config_entry_id=desk.entry.entry_id)
    other = await desk.lab.phones["102"].ringing()
    assert other.caller == OUTSIDE
    await desk.stage.state("102", "ringing")
    await other.answer()
    await desk.stage.state("102", "talking")
    assert list(calls) == [call_id]
    await far.hangup()
    await other.ended()


async def test_record(desk: Desk) -> None:
    """What is said from then on is in a file of the server, and no more once it is stopped."""
    far, near = await desk.talk()
    near.media()
    far.media()
    await desk.at("101", "start_recording", filename="complaint.wav")
    file = desk.lab.work / "spool/monitor/complaint.wav"
    await until(lambda: file.exists() and file.stat().st_size > 4000)
    await desk.at("101", "stop_recording")
    await until(lambda: bool(desk.events("MixMonitorStop")))
    await far.hangup()
    await near.ended()
    with pytest.raises(ServiceValidationError):
        await desk.at("101", "start_recording", filename="../../etc/passwd")


async def test_a_sound(desk: Desk) -> None:
    """The phone rings, is asked to pick up by itself, hears the sound to its end, and is free again."""
    await desk.act("play_sound", extension="103", sound="hello-world", auto_answer=True)
    call = await desk.lab.phones["103"].ringing()
    headers = dict(call.invite_headers)
    assert headers["alert-info"] == "info=alert-autoanswer"
    assert headers["call-info"] == "<sip:pbx>;answer-after=0"
    await call.answer()
    await call.ended()


async def test_a_call_that_the_phone_takes_by_itself(desk: Desk) -> None:
    """Only the own phone is asked to pick up; whoever is called rings as always."""
    await desk.act("originate", extension="101", number="102", auto_answer=True)
    own = await desk.lab.phones["101"].ringing()
    assert dict(own.invite_headers)["call-info"] == "<sip:pbx>;answer-after=0"
    await own.answer()
    other = await desk.lab.phones["102"].ringing()
    assert "call-info" not in dict(other.invite_headers)
    await own.hangup()
    await other.ended()


async def test_do_not_disturb(desk: Desk) -> None:
    """The phone rings no more, as if it had dialled the code for it; the lamp and the page agree."""
    entity = next(
        entity.entity_id
        for entity in er.async_entries_for_config_entry(er.async_get(desk.hass), desk.entry.entry_id)
        if entity.unique_id.endswith("extension_102_do_not_disturb_setting")
    )
    await desk.hass.services.async_call("switch", "turn_on", {"entity_id": entity}, blocking=True)
    await until(lambda: desk.state("extension_102_do_not_disturb") == "on")
    call = await desk.lab.phones["101"].dial("102")
    with pytest.raises(CallFailedError):
        await call.wait("up")
    assert call.code == 486
    await desk.hass.services.async_call("switch", "turn_off", {"entity_id": entity}, blocking=True)
    await until(lambda: desk.state("extension_102_do_not_disturb") == "off")
    call = await desk.lab.phones["101"].dial("102")
    await desk.lab.phones["102"].ringing()
    await call.hangup()


async def test_forwarding(desk: Desk) -> None:
    """Calls of a phone ring at another one, until the number is taken out again."""
    entity = desk.entity("extension_102_call_forwarding")
    await desk.hass.services.async_call("text", "set_value", {"entity_id": entity, "value": "104"}, blocking=True)
    await until(lambda: desk.state("extension_102_call_forwarding") == "104")
    call = await desk.lab.phones["101"].dial("102")
    ringing = await desk.lab.phones["104"].ringing()
    assert ringing.caller == "101"
    await call.hangup()
    await ringing.ended()
    await desk.hass.services.async_call("text", "set_value", {"entity_id": entity, "value": ""}, blocking=True)
    await until(lambda: desk.state("extension_102_call_forwarding") == "")
    call = await desk.lab.phones["101"].dial("102")
    await desk.lab.phones["102"].ringing()
    await call.hangup()


async def test_a_lamp(desk: Desk) -> None:
    """The device that the lamp follows has the state, on the server."""
    for state, shown in (("ringing", "RINGING"), ("free", "NOT_INUSE")):
        await desk.act("set_lamp", lamp="laundry", state=state, config_entry_id=desk.entry.entry_id)
        rows = await desk.ami.items("DeviceStateList")
        assert {row["Device"]: row["State"] for row in rows}["Custom:laundry"] == shown


async def test_raw_action(desk: Desk) -> None:
    """An answer and a list come back; what Asterisk refuses is an error with its words."""

    async def raw(name: str, **parameters: object) -> dict[str, Any]:
        """Send an action and return its answer."""
        data = {"name": name, "parameters": parameters, "config_entry_id": desk.entry.entry_id}
        answer = await desk.hass.services.async_call("pbx", "raw_action", data, blocking=True, return_response=True)
        assert answer is not None
        return dict(answer)

    assert (await raw("Ping"))["answer"]["Ping"] == "Pong"
    (name,) = (await raw("DBGet", Family="AMPUSER", Key="101/cidname"))["items"]
    assert name["Val"] == "Anna Keller"
    with pytest.raises(HomeAssistantError, match="Permission denied"):
        await raw("Command", Command="core show version")
    for wrong in ({"Key": "1\r\nAction: Logoff"}, {"A: b": "c"}):
        with pytest.raises(ServiceValidationError):
            await raw("DBGet", **wrong)


async def test_a_penalty(desk: Desk) -> None:
    """A member that is there already gets another penalty, and stays the one member."""
    member = {"queue": "support", "extension": "102", "config_entry_id": desk.entry.entry_id}
    await desk.act("queue_add", **member)
    await until(lambda: bool(desk.events("QueueMemberAdded")))
    await desk.stage.state("102", "idle")
    await until(lambda: desk.state("agent_102_status") != "missing")
    await desk.act("queue_add", penalty=5, **member)
    rows = await desk.ami.items("QueueStatus", Queue="support")
    assert [row["Penalty"] for row in rows if row["Event"] == "QueueMember"] == ["5"]
    await desk.act("queue_remove", **member)


async def test_the_dial_plan_says_something(desk: Desk) -> None:
    """What UserEvent tells goes to the bus, with the phone that ran it."""
    watcher = Watcher(desk.hass, desk.entry)
    await desk.ami.action("UserEvent", UserEvent="Doorbell", Floor="2", Note="a: b")
    await until(lambda: bool(watcher.events))
    (told,) = watcher.events
    assert (told["type"], told["name"]) == ("user_event", "Doorbell")
    assert told["parameters"] == ["Floor=2", "Note=a: b"]
