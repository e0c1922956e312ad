"""Commands on a real Asterisk, judged at the phones: who rings, what is shown, who is heard, who is gone."""

import io
import wave
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, override
from unittest.mock import AsyncMock

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from homeassistant.components.tts import TextToSpeechEntity, TtsAudioType
from homeassistant.components.tts.const import DATA_COMPONENT
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from ..test_docs import LAB_CARDS, Example, tap
from .desk import Desk, at_desk
from .hass import Watcher
from .lab import Lab, until
from .phone import CallFailedError
from .sound import RATE, decoded, tone
from .stories import FAR, OUTSIDE

OWN_TONE, OUTSIDE_TONE, SUPERVISORS_TONE = 500, 800, 1300


@pytest.fixture
async def desk(hass: HomeAssistant, lab: Lab) -> AsyncGenerator[Desk]:
    """Set an account up, and listen to all that Asterisk says."""
    async with at_desk(hass, lab) as desk:
        yield desk


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


@pytest.mark.parametrize("example", LAB_CARDS, ids=str)
async def test_card_of_the_documentation(desk: Desk, example: Example) -> None:
    """A tap on the card rings the own phone, then whom the card names."""
    assert desk.hass.states.get(example.content["entity"]) is not None
    await tap(desk.hass, example.content)
    own = await desk.lab.phones["101"].ringing()
    await own.answer()
    far = await desk.lab.trunk.ringing()
    # What the phone system tells of a call may come later than the call itself.
    await until(lambda: any("608000111" in one["DialString"] for one in desk.events("DialBegin")))
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


async def test_decline_by_the_call_ends_it_for_the_group(desk: Desk) -> None:
    """All phones stop, the caller is let go, and nobody is told of a missed call."""
    watcher = Watcher(desk.hass, desk.entry)
    far = await desk.lab.trunk.dial("222300600", caller=OUTSIDE)
    rings = {phone: await desk.lab.phones[phone].ringing() for phone in ("102", "103", "104")}
    for phone in rings:
        await desk.stage.state(phone, "ringing")
    assert watcher.events[0]["to_number"] not in rings
    await desk.act("hangup", call_id=watcher.events[0]["call_id"])
    for one in (far, *rings.values()):
        await one.ended()
    await until(lambda: watcher.calls == ["call_incoming", "call_ended"])
    assert watcher.events[-1]["outcome"] == "rejected"


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
    near.media(OWN_TONE)
    await desk.at("101", "transfer", number="103", type="attended")
    third = await desk.lab.phones["103"].ringing()
    assert third.caller == "101"
    await third.answer()
    await desk.stage.state("103", "talking")
    await until(lambda: third.hears(OWN_TONE))
    far.deafen()
    assert far.state == near.state == "up"
    far.media(OUTSIDE_TONE)
    assert not far.hears(OWN_TONE)
    await near.hangup()
    await until(lambda: desk.state("extension_101_call_state") == "idle")
    third.media(SUPERVISORS_TONE)
    await until(lambda: third.hears(OUTSIDE_TONE) and far.hears(SUPERVISORS_TONE))
    await far.hangup()
    await third.ended()


async def test_an_attended_transfer_is_given_up(desk: Desk) -> None:
    """Nobody answers there, and the own phone has its caller again."""
    far, near = await desk.talk()
    near.media(OWN_TONE)
    await desk.at("101", "transfer", number="103", type="attended")
    (await desk.lab.phones["103"].ringing()).reject(486)
    far.deafen()
    await until(lambda: far.hears(OWN_TONE))
    assert (far.state, near.state) == ("up", "up")
    await desk.stage.state("101", "talking")
    await far.hangup()
    await near.ended()


async def test_keys(desk: Desk) -> None:
    """The other side hears them, not the own phone."""
    far, near = await desk.talk()
    await desk.at("101", "send_dtmf", digits="12#")
    await until(lambda: far.keys_heard == "12#")
    assert near.keys_heard == ""
    await far.hangup()
    await near.ended()


async def test_keys_for_the_own_phone(desk: Desk) -> None:
    """It hears them, and the other side does not."""
    far, near = await desk.talk()
    await desk.at("101", "send_dtmf", digits="12#", heard_by="own_phone")
    await until(lambda: near.keys_heard == "12#")
    assert far.keys_heard == ""
    await far.hangup()
    await near.ended()


async def test_keys_for_a_phone_in_a_menu(desk: Desk) -> None:
    """The phone hears them, and the menu does not take them."""
    near = await desk.lab.phones["101"].dial("910")
    await near.wait("up")
    await desk.stage.state("101", "talking")
    await desk.at("101", "send_dtmf", digits="2", heard_by="own_phone")
    await until(lambda: near.keys_heard == "2")
    assert "102" not in "".join(one.get("DestChannel", "") for one in desk.events("DialBegin"))
    await near.hangup()
    await near.ended()


async def test_keys_for_a_menu(desk: Desk) -> None:
    """What has answered takes them as if the own phone had pressed them: the menu connects, the phone hears none."""
    near = await desk.lab.phones["101"].dial("910")
    await near.wait("up")
    await desk.stage.state("101", "talking")
    await desk.at("101", "send_dtmf", digits="2")
    two = await desk.lab.phones["102"].ringing()
    assert near.keys_heard == ""
    await near.hangup()
    await two.ended()


async def test_mute(desk: Desk) -> None:
    """The caller does not hear the own phone, which hears the caller all the same; then the caller hears it again."""
    far, near = await desk.talk()
    far.media(OUTSIDE_TONE)
    near.media(OWN_TONE)
    await until(lambda: far.hears(OWN_TONE) and near.hears(OUTSIDE_TONE))
    await desk.at("101", "mute")
    far.deafen()
    near.deafen()
    await until(lambda: near.hears(OUTSIDE_TONE))
    assert not far.hears(OWN_TONE)
    await desk.at("101", "unmute")
    await until(lambda: far.hears(OWN_TONE))
    await far.hangup()
    await near.ended()


@pytest.mark.parametrize(
    ("mode", "near_hears", "far_hears"),
    [("listen", False, False), ("whisper", True, False), ("barge", True, True)],
    ids=["listen", "whisper", "barge"],
)
async def test_listening_in(desk: Desk, mode: str, *, near_hears: bool, far_hears: bool) -> None:
    """The supervisor hears both; who of them hears the supervisor depends on the mode."""
    far, near = await desk.talk()
    far.media(OUTSIDE_TONE)
    near.media(OWN_TONE)
    await desk.act("spy", extension="105", target_extension="101", mode=mode)
    listener = await (await desk.lab.phones["105"].ringing()).answer()
    listener.media(SUPERVISORS_TONE)
    await until(lambda: listener.hears(OWN_TONE) and listener.hears(OUTSIDE_TONE))
    near.deafen()
    far.deafen()
    await until(lambda: near.hears(OUTSIDE_TONE) and far.hears(OWN_TONE))
    await until(lambda: near.hears(SUPERVISORS_TONE) == near_hears and far.hears(SUPERVISORS_TONE) == far_hears)
    await listener.hangup()
    assert (near.state, far.state) == ("up", "up")
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


TONE, SPOKEN = 700, "The washing machine is done"


def wave_of(frequency: int, seconds: int = 2) -> bytes:
    """Return a tone as a file that Asterisk plays."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(RATE)
        written.writeframes(
            b"".join(decoded(byte).to_bytes(2, "little", signed=True) for byte in tone(frequency)) * seconds
        )
    return file.getvalue()


class Voice(TextToSpeechEntity):
    """Says everything in one tone."""

    _attr_name = "Voice"
    _attr_unique_id = "voice"
    _attr_supported_languages = ["en"]  # noqa: RUF012 - as the base class has it
    _attr_default_language = "en"

    def __init__(self) -> None:
        """Have said nothing."""
        self.said: list[str] = []

    @override
    async def async_get_tts_audio(self, message: str, language: str, options: dict[str, Any]) -> TtsAudioType:
        """Note what was said."""
        self.said.append(message)
        return "wav", wave_of(TONE)


async def converted(
    _hass: HomeAssistant, _extension: str, audio: AsyncGenerator[bytes], **wanted: object
) -> AsyncGenerator[bytes]:
    """Do as ffmpeg does, which not every machine has, with what is already as it is wanted."""
    telephone = {"extension": "wav", "sample_rate": RATE, "sample_channels": 1, "sample_bytes": 2, "bitrate": None}
    assert wanted == {f"to_{name}": value for name, value in telephone.items()}
    async for chunk in audio:
        yield chunk


@pytest.fixture
async def voice(
    desk: Desk, hass_client_no_auth: ClientSessionGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Voice:
    """Let Home Assistant have a voice and a file, and be reached by Asterisk."""
    hass, voice = desk.hass, Voice()
    hass.config.media_dirs = {"local": str(tmp_path)}
    monkeypatch.setattr(hass.config, "config_dir", str(tmp_path))  # what is spoken is kept there
    (tmp_path / "a,b.wav").write_bytes(wave_of(TONE))
    monkeypatch.setattr("homeassistant.components.tts._async_convert_audio", converted)
    monkeypatch.setattr("homeassistant.components.ffmpeg.FFmpegManager.async_get_version", AsyncMock())
    for name in ("media_source", "tts"):
        assert await async_setup_component(hass, name, {})
    await hass.data[DATA_COMPONENT].async_add_entities([voice])
    client = await hass_client_no_auth()
    hass.config.internal_url = str(client.make_url("")).rstrip("/")
    return voice


@pytest.mark.parametrize(
    "data",
    [
        {"message": SPOKEN},
        {"message": SPOKEN, "tts_entity": "tts.voice"},
        {"sound": "media-source://media_source/local/a,b.wav"},
    ],
    ids=["text", "voice", "file"],
)
async def test_a_sound_of_home_assistant(desk: Desk, voice: Voice, data: dict[str, str]) -> None:
    """The phone hears what Home Assistant speaks or has, and is free again when it is over."""
    await desk.act("play_sound", extension="103", **data)
    call = await (await desk.lab.phones["103"].ringing()).answer()
    await until(lambda: call.hears(TONE))
    await call.ended()
    assert voice.said == ([SPOKEN] if "message" in data else [])


async def test_a_sound_with_a_short_address(desk: Desk, socket_enabled: None) -> None:
    """Asterisk itself would not play it: it cuts the name of its own copy."""

    async def answer(_request: web.Request) -> web.Response:
        """Send a tone."""
        return web.Response(body=wave_of(TONE), content_type="audio/wav")

    app = web.Application()
    app.router.add_get("/s.wav", answer)
    async with TestServer(app) as server:
        await desk.act("play_sound", extension="103", sound=str(server.make_url("/s.wav")))
        call = await (await desk.lab.phones["103"].ringing()).answer()
        await until(lambda: call.hears(TONE))
        await call.ended()


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"sound": "hello-world", "message": SPOKEN},
        {"message": SPOKEN, "tts_entity": "tts.nobody"},
        {"sound": "media-source://media_source/local/nothing/../there.wav"},
        {"sound": "media-source://nobody/there.wav"},
        {"sound": "http://127.0.0.1/a.wav&b.wav"},
        {"sound": "http://127.0.0.1/${SHELL(id)}.wav"},
        {"sound": "file:///etc/passwd"},
        {"sound": "../secret"},
    ],
    ids=str,
)
async def test_a_sound_that_there_is_not(desk: Desk, voice: Voice, data: dict[str, str]) -> None:
    """It is refused before anything rings."""
    with pytest.raises(ServiceValidationError):
        await desk.act("play_sound", extension="103", **data)
    assert desk.events("DialBegin") == []


async def test_a_text_without_a_voice(desk: Desk) -> None:
    """Without one, or with several, the voice has to be said."""
    with pytest.raises(ServiceValidationError, match="tts_entity"):
        await desk.act("play_sound", extension="103", message=SPOKEN)


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
    """A phone that watches the code of the lamp is told each state."""
    phone = desk.lab.phones["103"]
    await phone.watch("*501")
    for state, shown in (("ringing", "early"), ("in_use", "confirmed"), ("free", "terminated")):
        await desk.act("set_lamp", lamp="laundry", state=state, config_entry_id=desk.entry.entry_id)
        await until(lambda shown=shown: phone.lamps.get("*501") == shown)  # type: ignore[misc]


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
