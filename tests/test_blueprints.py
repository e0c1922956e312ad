"""The blueprints: imported as a person does it, and run from a push over HTTP to the action at their end."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import pytest
from homeassistant.components.automation.helpers import async_get_blueprints
from homeassistant.components.blueprint import importer
from homeassistant.core import HomeAssistant
from homeassistant.helpers import aiohttp_client
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import selector as selectors
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import extract_inputs
from pytest_homeassistant_custom_component.common import async_fire_time_changed
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from .house import ENTRY_ID, TITLE, House, living

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "blueprints" / "automation" / "pbx"
NAMES = sorted(file.stem for file in FOLDER.glob("*.yaml"))
SOURCE = "https://github.com/pbx-for-home-assistant/pbx/blob/main/blueprints/automation/pbx/{}.yaml"
RAW = "https://raw.githubusercontent.com/pbx-for-home-assistant/pbx/main/"
AUTOMATION = "automation.under_test"

type Data = dict[str, Any]


class Repository:
    """The project's files on the web, as far as an import asks for them."""

    def __init__(self, text: str = "") -> None:
        """Hold one file."""
        self._text = text

    async def get(self, url: str, **_options: object) -> Repository:
        """Give a file."""
        file = ROOT / url.removeprefix(RAW).replace("main/", "", 1)
        return Repository(file.read_text(encoding="utf-8"))

    async def text(self) -> str:
        """Give its text."""
        return self._text


async def async_import(hass: HomeAssistant, name: str) -> str:
    """Import a blueprint by its address; give the path under which automations use it."""
    with patch.object(aiohttp_client, "async_get_clientsession", return_value=Repository()):
        imported = await importer.fetch_blueprint_from_url(hass, SOURCE.format(name))
    path = f"{imported.suggested_filename}.yaml"
    blueprints = async_get_blueprints(hass)
    await blueprints.async_add_blueprint(imported.blueprint, path)
    await blueprints.async_reset_cache()  # so that it is read from its file, as after a restart
    return path


def isolated(text: str) -> str:
    """Give a text as a notification has it: apart from what is written around it."""
    return f"\u2068{text}\u2069"


@asynccontextmanager
async def automated(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    provider: str,
    name: str,
    inputs: Data,
    others: Mapping[str, Data] = MappingProxyType({}),
) -> AsyncIterator[House]:
    """Live in a house with an automation made of a blueprint, and with others beside it."""
    async with living(hass, provider, hass_client_no_auth, components=["api"]) as house:
        automations = []
        for blueprint, typed in {name: inputs, **others}.items():
            path = await async_import(hass, blueprint)
            resolved = {
                key: house.device(value.removeprefix("device:")) if str(value).startswith("device:") else value
                for key, value in typed.items()
            }
            alias = "Under test" if blueprint == name else blueprint
            automations.append({"id": alias, "alias": alias, "use_blueprint": {"path": path, "input": resolved}})
        assert await async_setup_component(hass, "automation", {"automation": automations})
        assert hass.states.is_state(AUTOMATION, "on")
        yield house
        await hass.services.async_call("automation", "turn_off", {"entity_id": AUTOMATION}, blocking=True)


def runs(hass: HomeAssistant) -> int:
    """Count how often the automation runs now."""
    state = hass.states.get(AUTOMATION)
    assert state is not None
    return int(state.attributes["current"])


async def pass_time(house: House, seconds: float) -> None:
    """Let what is due within some seconds happen now."""
    async_fire_time_changed(house.hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await house.settle()


@pytest.fixture(autouse=True)
def _own_folder(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Keep imported blueprints out of the way of other tests."""
    if "hass" in request.fixturenames:
        request.getfixturevalue("hass").config.config_dir = str(tmp_path)


pytestmark = pytest.mark.usefixtures("socket_enabled")


# -- what all have in common -------------------------------------------------------------------------


def test_all_there() -> None:
    """There are the blueprints that the documentation tells of."""
    assert NAMES == [
        "agent_presence",
        "alarm_call",
        "announce_caller",
        "busy_light",
        "missed_call",
        "night_silence",
        "pause_media",
        "ringing_phone",
    ]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_picked_that_goes_with_an_account(name: str) -> None:
    """An account that is deleted and added again is another entry, and has the devices that it had."""
    text = Path(f"blueprints/automation/pbx/{name}.yaml").read_text("utf-8")
    assert not re.search(r"^ *config_entry:$", text, re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
async def test_import(hass: HomeAssistant, name: str) -> None:
    """A blueprint can be imported by its address, uses each of its inputs and lets a person choose each of them."""
    path = await async_import(hass, name)
    blueprint = await async_get_blueprints(hass).async_get_blueprint(path)

    assert path == f"pbx-for-home-assistant/{name}.yaml"
    assert blueprint.metadata["source_url"] == SOURCE.format(name)
    assert blueprint.validate() is None
    assert extract_inputs({key: value for key, value in blueprint.data.items() if key != "blueprint"}) == set(
        blueprint.inputs
    )
    for each in blueprint.inputs.values():
        assert each["name"]
        selectors.validate_selector(each["selector"])


# -- announce the caller -----------------------------------------------------------------------------

ANNOUNCE = {
    "calls": ["event.anna_keller_101_call"],
    "voice": "tts.voice",
    "speakers": ["media_player.kitchen"],
}


async def test_announces(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """The name of a caller is spoken once, also when the widget and the list tell of the same call."""
    async with automated(hass, hass_client_no_auth, "voipat", "announce_caller", ANNOUNCE) as house:
        house.mock("tts.speak")
        await house.ring(name="Bakery Schmidt")
        await house.until(lambda: house.done, "the announcement")

        assert house.carried_out("tts.speak") == [
            {
                "entity_id": ["tts.voice"],
                "media_player_entity_id": ["media_player.kitchen"],
                "message": "Call from Bakery Schmidt",
            }
        ]


async def test_announces_once_what_several_phones_ring_for(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """A group that rings at two of the phones is one call, and the next one is another."""
    both = {**ANNOUNCE, "calls": ["event.anna_keller_101_call", "event.luca_rossi_102_call"]}
    async with automated(hass, hass_client_no_auth, "voipat", "announce_caller", both) as house:
        house.mock("tts.speak")

        async def is_announced(times: int) -> None:
            """Let a call ring at both, and look how often was spoken by then."""
            call = await house.ring("101", "102", name="Bakery Schmidt")
            await house.until(lambda: len(house.done) >= times, "the announcement")
            await house.hang_up(call)
            await pass_time(house, 3)
            assert len(house.done) == times

        await is_announced(1)
        await is_announced(2)


@pytest.mark.parametrize(
    ("masked", "said"), [(False, "+ 4 9 3 0 2 3 1 2 5 1 0 1"), (True, "• • • • • • • • • • 1 0 1")]
)
async def test_announces_a_number_as_it_is_shown(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, *, masked: bool, said: str
) -> None:
    """Somebody without a name is announced by the number, of which no more is said than is shown."""
    async with automated(hass, hass_client_no_auth, "voipat", "announce_caller", ANNOUNCE) as house:
        house.mock("tts.speak")
        hass.config_entries.async_update_entry(house.entry, options={**house.entry.options, "mask_numbers": masked})
        await house.settle()
        await hass.config_entries.async_reload(house.entry.entry_id)
        await house.ring()
        await pass_time(house, 3)
        await house.until(lambda: house.done, "the announcement")

        [data] = house.carried_out("tts.speak")
        assert data["message"] == f"Call from {said}"


async def test_announces_late_name(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """A name of the address book that comes after the event is waited for."""
    inputs = {**ANNOUNCE, "message": "{{ caller }} calls"}
    async with automated(hass, hass_client_no_auth, "voxloud", "announce_caller", inputs) as house:
        house.mock("tts.speak")
        house.simulator.contact_names = False
        await house.ring()
        await pass_time(house, 3)
        await house.until(lambda: house.done, "the announcement")

        assert [data["message"] for data in house.carried_out("tts.speak")] == ["Giulia Bianchi calls"]


async def test_announces_hidden_number(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """A hidden caller is called so."""
    async with automated(hass, hass_client_no_auth, "voipat", "announce_caller", ANNOUNCE) as house:
        house.mock("tts.speak")
        await house.ring(caller="anonymous")
        await house.until(lambda: house.done, "the announcement")

        assert [data["message"] for data in house.carried_out("tts.speak")] == ["Call from a hidden number"]


@pytest.mark.parametrize(
    ("extension", "more"), [("102", {}), ("101", {"only_if": [{"condition": "template", "value_template": "false"}]})]
)
async def test_announces_nothing(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, extension: str, more: Data
) -> None:
    """Neither another phone's call nor one against the conditions is announced, nor that a call is answered."""
    async with automated(hass, hass_client_no_auth, "voipat", "announce_caller", {**ANNOUNCE, **more}) as house:
        house.mock("tts.speak")
        call = await house.ring(extension, name="Bakery Schmidt")
        await house.answer(call, extension)
        await house.hang_up(call)

        assert house.told() == ["call_incoming", "call_answered", "call_ended"]
        assert house.done == []


# -- pause media -------------------------------------------------------------------------------------

PAUSE = {
    "phones": ["sensor.anna_keller_101_call_state"],
    "players": ["media_player.kitchen", "media_player.office"],
}


async def test_pauses_and_resumes(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """What played is paused while a phone rings and during the call, and goes on after it."""
    async with automated(hass, hass_client_no_auth, "voipat", "pause_media", PAUSE) as house:
        house.mock("media_player.media_pause", "media_player.media_play")
        hass.states.async_set("media_player.kitchen", "playing")
        hass.states.async_set("media_player.office", "off")
        call = await house.ring()
        await house.until(lambda: house.done, "the pause")
        hass.states.async_set("media_player.kitchen", "paused")
        await house.answer(call)
        assert house.carried_out("media_player.media_play") == []
        await house.hang_up(call)
        await house.until(lambda: len(house.done) > 1, "the music")

        assert house.carried_out("media_player.media_pause") == [{"entity_id": ["media_player.kitchen"]}]
        assert house.carried_out("media_player.media_play") == [{"entity_id": ["media_player.kitchen"]}]


GONE = ["sensor.luca_rossi_102_call_state", "sensor.no_longer_there"]


async def test_resumes_whatever_has_become_of_another_phone(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """A phone that was disabled or removed since is not waited for."""
    inputs = {**PAUSE, "phones": [*PAUSE["phones"], *GONE]}
    async with automated(hass, hass_client_no_auth, "voipat", "pause_media", inputs) as house:
        house.mock("media_player.media_pause", "media_player.media_play")
        er.async_get(hass).async_update_entity(GONE[0], disabled_by=er.RegistryEntryDisabler.USER)
        hass.states.async_set("media_player.kitchen", "playing")
        call = await house.ring()
        await house.until(lambda: house.done, "the pause")
        hass.states.async_set("media_player.kitchen", "paused")
        await house.hang_up(call)
        await house.until(lambda: len(house.done) > 1, "the music")


async def test_busy_light_goes_out_whatever_has_become_of_another_phone(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """A phone that was disabled or removed since is not on the phone."""
    inputs = {**LIGHT, "phones": [*PAUSE["phones"], *GONE]}
    async with automated(hass, hass_client_no_auth, "voipat", "busy_light", inputs) as house:
        house.mock("light.turn_on", "light.turn_off")
        er.async_get(hass).async_update_entity(GONE[0], disabled_by=er.RegistryEntryDisabler.USER)
        await house.hang_up(await house.ring())
        await house.until(lambda: house.carried_out("light.turn_off"), "darkness")


async def test_pauses_nothing(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """Where nothing plays, or somebody has stopped it meanwhile, nothing is paused or resumed."""
    async with automated(hass, hass_client_no_auth, "voipat", "pause_media", PAUSE) as house:
        house.mock("media_player.media_pause", "media_player.media_play")
        hass.states.async_set("media_player.kitchen", "paused")
        await house.hang_up(await house.ring())
        assert house.done == []

        hass.states.async_set("media_player.kitchen", "playing")
        call = await house.ring()
        await house.until(lambda: house.done, "the pause")
        hass.states.async_set("media_player.kitchen", "off")
        await house.hang_up(call)
        assert house.carried_out("media_player.media_play") == []


# -- missed calls ------------------------------------------------------------------------------------

MISSED = {"account": ENTRY_ID, "notify": "notify.mobile_app_annas_phone", "extension": "device:Anna Keller (101)"}


@pytest.mark.parametrize("account", [ENTRY_ID, f"device:{TITLE}"])
async def test_missed_call_and_call_back(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, account: str
) -> None:
    """A missed call is told once; the button in the notification really places a call.

    The account is picked by its device, which is the same if the account is deleted and added again; an
    older automation names the account itself.
    """
    async with automated(hass, hass_client_no_auth, "voipat", "missed_call", {**MISSED, "account": account}) as house:
        house.mock("notify.mobile_app_annas_phone")
        call = await house.ring("101", "102", name="Bakery Schmidt")
        await house.hang_up(call)
        await house.until(lambda: house.done, "the notification")
        (sent,) = house.carried_out("notify.mobile_app_annas_phone")
        (button,) = sent["data"]["actions"]
        assert (sent["title"], sent["message"], button["title"]) == (
            "Missed call",
            isolated("Bakery Schmidt"),
            "Call back",
        )

        hass.bus.async_fire("mobile_app_notification_action", {"action": "PBX_CALL_BACK_another"})
        await house.settle()
        assert house.simulator.placed == []
        hass.bus.async_fire("mobile_app_notification_action", {"action": button["action"]})
        await house.until(lambda: house.simulator.placed, "the call")

        (placed,) = house.simulator.placed
        assert (placed.source, placed.destination) == ("101", house.caller)


@pytest.mark.parametrize(
    ("blueprint", "inputs"), [("missed_call", MISSED), ("ringing_phone", {**MISSED, "account": None})]
)
@pytest.mark.parametrize(("name", "shown"), [("", "+493023125101"), ("[1, 2]", "[1, 2]"), ("True", "True")])
async def test_notification_shows_who_called_as_a_text(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    blueprint: str,
    inputs: Data,
    name: str,
    shown: str,
) -> None:
    """A number keeps its plus, and what looks like a list or like nothing in a template is a name like any other."""
    given = {key: value for key, value in inputs.items() if value is not None}
    async with automated(hass, hass_client_no_auth, "voipat", blueprint, given) as house:
        house.mock("notify.mobile_app_annas_phone")
        await house.hang_up(await house.ring(caller="+493023125101", name=name))
        await house.until(lambda: house.done, "the notification")
        assert house.carried_out("notify.mobile_app_annas_phone")[0]["message"] == isolated(shown)


async def test_missed_hidden_call(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """Nobody can be called back who hides the number."""
    async with automated(hass, hass_client_no_auth, "voipat", "missed_call", MISSED) as house:
        house.mock("notify.mobile_app_annas_phone")
        await house.hang_up(await house.ring(caller="anonymous"))
        await house.until(lambda: house.done, "the notification")

        assert house.carried_out("notify.mobile_app_annas_phone") == [
            {"title": "Missed call", "message": isolated("Hidden number")}
        ]


@pytest.mark.parametrize(("answered", "phone"), [(True, "Anna Keller (101)"), (False, "Luca Rossi (102)")])
async def test_no_missed_call(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, *, answered: bool, phone: str
) -> None:
    """Neither a call that was answered is told, nor one to a phone that is not listened to."""
    inputs = {**MISSED, "phones": []}
    async with living(hass, "voipat", hass_client_no_auth) as house:
        path = await async_import(hass, "missed_call")
        inputs |= {"extension": house.device("Anna Keller (101)"), "phones": [house.device(phone)]}
        automation = {"alias": "Under test", "use_blueprint": {"path": path, "input": inputs}}
        assert await async_setup_component(hass, "automation", {"automation": automation})
        house.mock("notify.mobile_app_annas_phone")
        call = await house.ring()
        for _ in range(answered):
            await house.answer(call)
        await house.hang_up(call)
        await house.settle()

        assert house.told()[-1] == ("call_ended" if answered else "call_missed")
        assert house.done == []


# -- who calls ---------------------------------------------------------------------------------------

RINGING = {"extension": "device:Anna Keller (101)", "notify": "notify.mobile_app_annas_phone"}


async def test_tells_who_calls_and_rejects(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """The button stops my phone; the notification goes, and the call is none that was missed at my phone."""
    async with automated(hass, hass_client_no_auth, "voipat", "ringing_phone", RINGING) as house:
        house.mock("notify.mobile_app_annas_phone")
        await house.ring("101", "102", name="Bakery Schmidt")
        await house.until(lambda: house.done, "the notification")
        [sent] = house.carried_out("notify.mobile_app_annas_phone")
        assert (sent["title"], sent["message"]) == ("Incoming call", isolated("Bakery Schmidt"))
        [button] = sent["data"]["actions"]
        assert button["title"] == "Reject"

        hass.bus.async_fire("mobile_app_notification_action", {"action": button["action"]})
        await house.until(lambda: len(house.done) > 1, "the end of the notification")
        cleared = house.carried_out("notify.mobile_app_annas_phone")[-1]
        assert cleared == {"message": "clear_notification", "data": {"tag": sent["data"]["tag"]}}

        def still_ringing() -> list[str]:
            [up] = house.simulator.truth()
            return [leg.extension for leg in up.legs if leg.extension and leg.state == "ringing"]

        await house.until(lambda: still_ringing() == ["102"], "the end of ringing at my phone")


async def test_answers_by_a_button(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """The button answers at my phone, where the phone system can; the notification goes."""
    mine = {**RINGING, "extension": "device:Anna Keller (1001)", "can_answer": True}
    async with automated(hass, hass_client_no_auth, "voipstudio", "ringing_phone", mine) as house:
        house.mock("notify.mobile_app_annas_phone")
        await house.ring("1001", "1002")
        await house.until(lambda: house.done, "the notification")
        [sent] = house.carried_out("notify.mobile_app_annas_phone")
        buttons = {button["title"]: button["action"] for button in sent["data"]["actions"]}
        assert list(buttons) == ["Answer", "Reject"]
        hass.bus.async_fire("mobile_app_notification_action", {"action": buttons["Answer"]})

        def talking() -> list[str]:
            [up] = house.simulator.truth()
            return [leg.extension for leg in up.legs if leg.extension and leg.state == "talking"]

        await house.until(lambda: talking() == ["1001"], "the answer at my phone")
        await house.until(lambda: len(house.done) > 1, "the end of the notification")
        cleared = house.carried_out("notify.mobile_app_annas_phone")[-1]
        assert cleared == {"message": "clear_notification", "data": {"tag": sent["data"]["tag"]}}


@pytest.mark.parametrize("provider", ["voipat", "voipstudio", "voipsun", "voxloud"])
@pytest.mark.parametrize("answered", [True, False])
async def test_a_call_that_is_over_goes_from_the_screen(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, provider: str, *, answered: bool
) -> None:
    """Whoever answers it, wherever, and also where calls have numbers for names; another call changes nothing."""
    other, anna = ("1002", "Anna Keller (1001)") if provider == "voipstudio" else ("102", "Anna Keller (101)")
    mine = {**RINGING, "extension": f"device:{anna}"}
    async with automated(hass, hass_client_no_auth, provider, "ringing_phone", mine) as house:
        house.mock("notify.mobile_app_annas_phone")
        call = await house.ring(house.anna, other, name="Bakery Schmidt")
        await house.until(lambda: house.done, "the notification")
        hass.bus.async_fire("pbx_event", {"type": "call_answered", "call_id": "another"})
        await house.settle()
        assert len(house.done) == 1
        if answered:
            await house.answer(call, other)
        else:
            await house.hang_up(call)
        await house.until(lambda: len(house.done) > (1 if answered else 2), "the end of the notification")
        sent = house.carried_out("notify.mobile_app_annas_phone")
        assert sent[1]["message"] == "clear_notification"
        assert [one["title"] for one in sent[2:]] == ([] if answered else ["Missed call"])
        if answered:
            await house.until(lambda: not runs(hass), "the end of the automation")


async def test_a_missed_call_stays_and_is_called_back(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """What rang in vain is told under the same tag, with a button that calls back."""
    async with automated(hass, hass_client_no_auth, "voipat", "ringing_phone", RINGING) as house:
        house.mock("notify.mobile_app_annas_phone")
        await house.hang_up(await house.ring(name="Bakery Schmidt"))
        await house.until(lambda: len(house.done) > 2, "the notifications")
        sent = house.carried_out("notify.mobile_app_annas_phone")
        name = isolated("Bakery Schmidt")
        assert [one["message"] for one in sent] == [name, "clear_notification", name]
        assert sent[2]["title"] == "Missed call"
        assert sent[2]["data"]["tag"] == sent[0]["data"]["tag"]
        [button] = sent[2]["data"]["actions"]
        hass.bus.async_fire("mobile_app_notification_action", {"action": button["action"]})
        await house.until(lambda: house.simulator.placed, "the call")
        [placed] = house.simulator.placed
        assert (placed.source, placed.destination) == ("101", house.caller)


# -- busy light --------------------------------------------------------------------------------------

LIGHT = {
    "phones": ["sensor.anna_keller_101_call_state", "sensor.luca_rossi_102_call_state"],
    "light": {"entity_id": "light.door"},
}


async def test_busy_light(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """The light follows the phones."""
    async with automated(hass, hass_client_no_auth, "voipat", "busy_light", LIGHT) as house:
        house.mock("light.turn_on", "light.turn_off")
        call = await house.ring()
        await house.answer(call)
        await house.until(lambda: len(house.done) > 1, "the light")
        await house.hang_up(call)
        await house.until(lambda: house.carried_out("light.turn_off"), "the end of the light")

        assert house.carried_out("light.turn_on") == [
            {"entity_id": ["light.door"], "rgb_color": [255, 170, 0]},
            {"entity_id": ["light.door"], "rgb_color": [255, 0, 0]},
        ]
        assert house.carried_out("light.turn_off") == [{"entity_id": ["light.door"]}]


async def test_busy_light_stays(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """The light stays while another phone is busy, shows no ringing unless wanted, and does what was asked for."""
    scene = {"action": "scene.turn_on", "data": {"entity_id": "scene.quiet"}}
    inputs = {**LIGHT, "show_ringing": False, "switch_off": False, "idle_actions": [scene]}
    async with automated(hass, hass_client_no_auth, "voipat", "busy_light", inputs) as house:
        house.mock("light.turn_on", "light.turn_off", "scene.turn_on")
        first = await house.ring()
        assert house.done == []
        await house.answer(first)
        second = await house.ring("102", caller="+493023125102")
        await house.hang_up(second)
        assert house.carried_out("scene.turn_on") == []
        await house.hang_up(first)
        await house.until(lambda: house.carried_out("scene.turn_on"), "the scene")

        assert house.carried_out("light.turn_off") == []


# -- agents ------------------------------------------------------------------------------------------

AGENT = {
    "login": "switch.anna_keller_logged_in",
    "presence": ["person.anna", "schedule.work"],
    "phone": ["sensor.anna_keller_1001_call_state"],
    "delay": {"seconds": 30},
}


async def test_agent_leaves_after_the_call(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, hass_client: ClientSessionGenerator
) -> None:
    """Somebody who goes home during a call is logged out of every queue when it is over, and in when she comes back."""
    hass.states.async_set("person.anna", "home")
    hass.states.async_set("schedule.work", "on")
    async with automated(hass, hass_client_no_auth, "voipstudio", "agent_presence", AGENT) as house:
        client = await hass_client()
        queue = next(queue for queue in house.simulator.queues.values() if queue.number == 601)
        call = await house.ring()
        await house.answer(call)
        await client.post("/api/states/person.anna", json={"state": "not_home"})
        await pass_time(house, 31)
        assert queue.members[10002] is True
        await house.hang_up(call)
        await house.until(lambda: queue.members[10002] is False, "the logout")

        await client.post("/api/states/person.anna", json={"state": "home"})
        await pass_time(house, 31)
        await house.until(lambda: queue.members[10002] is True, "the login")


async def test_agent_stays(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, hass_client: ClientSessionGenerator
) -> None:
    """Neither a short absence nor a tracker that is lost logs anybody out."""
    hass.states.async_set("person.anna", "home")
    hass.states.async_set("schedule.work", "on")
    async with automated(hass, hass_client_no_auth, "voipstudio", "agent_presence", AGENT) as house:
        client = await hass_client()
        await client.post("/api/states/person.anna", json={"state": "not_home"})
        await client.post("/api/states/person.anna", json={"state": "home"})
        await pass_time(house, 31)
        await client.post("/api/states/person.anna", json={"state": "unknown"})
        await pass_time(house, 31)

        assert house.requested("switch.turn_off") == []


# -- alarm calls -------------------------------------------------------------------------------------

ALARM = {
    "active_calls": "sensor.office_active_calls",
    "alarm": ["binary_sensor.smoke"],
    "numbers": ["+447700900001", "+447700900002"],
    "caller_id": "+441632960500",
    "message": "{{ cause }} in the house",
}


async def test_alarm_escalates(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, hass_client: ClientSessionGenerator
) -> None:
    """The first number does not answer, so the second one is called, which does, and nobody is called after that."""
    async with automated(hass, hass_client_no_auth, "voipstudio", "alarm_call", ALARM) as house:
        client = await hass_client()
        placed = house.simulator.placed
        await client.post(
            "/api/states/binary_sensor.smoke", json={"state": "on", "attributes": {"friendly_name": "Smoke"}}
        )
        await house.until(lambda: placed, "the first call")
        await pass_time(house, 11)
        await house.until(lambda: house.coordinator.data.calls, "the first call in the list")
        await pass_time(house, 41)
        await house.until(lambda: len(placed) > 1, "the second call")
        assert [one.call_id for one in house.simulator.truth()] == [placed[1].call_id]
        await house.simulator.answer(placed[1].call_id)
        await house.until(lambda: runs(hass) == 0, "the end")

        assert [one.destination for one in placed] == ["447700900001", "447700900002"]
        assert house.simulator.spoken == [("447700900002", "Smoke in the house")]


async def test_alarm_that_is_answered_at_once(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, hass_client: ClientSessionGenerator
) -> None:
    """Whoever picks up before the phone system has said that it calls is not hung up on, and nobody else is called."""
    async with automated(hass, hass_client_no_auth, "voipstudio", "alarm_call", ALARM) as house:
        client = await hass_client()
        placed, place = house.simulator.placed, house.coordinator.provider.announce

        async def answered_at_once(*arguments: Any) -> Any:
            """Pick up before the answer is there."""
            found = await place(*arguments)
            await house.simulator.answer(placed[-1].call_id)
            await house.coordinator.async_refresh()
            await house.settle()
            return found

        with patch.object(house.coordinator.provider, "announce", answered_at_once):
            await client.post("/api/states/binary_sensor.smoke", json={"state": "on"})
            await house.until(lambda: placed, "the call")
            await house.settle()
            await pass_time(house, 41)
            await house.until(lambda: runs(hass) == 0, "the end")

        assert [one.destination for one in placed] == ["447700900001"]
        assert house.requested("pbx.hangup") == []


async def test_alarm_is_over(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, hass_client: ClientSessionGenerator
) -> None:
    """Nobody is called when all is well, and nobody else when it is again."""
    async with automated(hass, hass_client_no_auth, "voipstudio", "alarm_call", ALARM) as house:
        client = await hass_client()
        await client.post("/api/states/binary_sensor.smoke", json={"state": "off"})
        await house.settle()
        assert house.simulator.placed == []
        await client.post("/api/states/binary_sensor.smoke", json={"state": "on"})
        await house.until(lambda: house.simulator.placed, "the call")
        await client.post("/api/states/binary_sensor.smoke", json={"state": "off"})
        await pass_time(house, 41)
        await house.until(lambda: runs(hass) == 0, "the end")

        assert len(house.simulator.placed) == 1


# -- silence at night --------------------------------------------------------------------------------

ALL_DAY = {"from": "00:00:00", "until": "23:59:59"}
NIGHT = {"account": ENTRY_ID, "vips": ["0049 30 23125-102"], **ALL_DAY}


@pytest.mark.parametrize("caller", ["+493023125101", "anonymous"])
async def test_silences(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, caller: str) -> None:
    """An unknown caller is hung up on, and so is a hidden one."""
    async with automated(hass, hass_client_no_auth, "voipat", "night_silence", NIGHT) as house:
        await house.ring(caller=caller)
        await house.until(lambda: not house.simulator.truth(), "silence")

        (asked,) = house.requested("pbx.hangup")
        assert asked["call_id"] == house.events[0].data["call_id"]


@pytest.mark.parametrize("first", ["night_silence", "missed_call"])
async def test_silenced_caller_is_no_missed_one(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, first: str
) -> None:
    """With both blueprints nobody is told of a caller who was silenced, but of one who was not."""
    both: dict[str, Data] = {"night_silence": NIGHT, "missed_call": MISSED}
    others = {name: inputs for name, inputs in both.items() if name != first}
    async with automated(hass, hass_client_no_auth, "voipat", first, both[first], others) as house:
        house.mock("notify.mobile_app_annas_phone")
        await house.ring(caller="+493023125101")
        await house.until(lambda: "call_ended" in house.told() and not house.simulator.truth(), "silence")
        assert house.events[-1].data["outcome"] == "rejected"
        assert "call_missed" not in house.told()
        await house.hang_up(await house.ring(caller="+493023125102"))
        await house.until(lambda: house.done, "the notification")
        (sent,) = house.carried_out("notify.mobile_app_annas_phone")
        assert "493023125102" in str(sent["message"])


async def test_an_empty_row_lets_nobody_through(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """A row of the list that was left empty is not the number of those who hide theirs."""
    inputs = {**NIGHT, "vips": ["", "none"]}
    async with automated(hass, hass_client_no_auth, "voipat", "night_silence", inputs) as house:
        await house.ring(caller="anonymous")
        await house.until(lambda: not house.simulator.truth(), "silence")


async def test_silences_otherwise(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """Something else can be done with the call."""
    silence = [{"action": "pbx.transfer", "data": {"call_id": "{{ trigger.call_id }}", "number": "*97"}}]
    async with automated(hass, hass_client_no_auth, "voipat", "night_silence", {**NIGHT, "silence": silence}) as house:
        await house.ring()
        await house.until(lambda: house.requested("pbx.transfer"), "the transfer")

        assert house.requested("pbx.hangup") == []


@pytest.mark.parametrize(
    ("caller", "name", "more"),
    [
        ("+493023125101", "Bakery Schmidt", {}),
        ("+493023125102", "", {}),
        ("+4930231250", "", {"vips": ["030 231250"]}),
        ("+4930231250", "", {"vips": ["+49 (30) 231250"]}),
        ("anonymous", "", {"hidden": False}),
        ("+493023125101", "", {"from": "23:59:58"}),
    ],
    ids=["known", "VIP", "short VIP", "short VIP from abroad", "hidden", "day"],
)
async def test_lets_through(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, caller: str, name: str, more: Data
) -> None:
    """Those who are known, on the list or wanted ring on, and so does everybody by day."""
    async with automated(hass, hass_client_no_auth, "voipat", "night_silence", {**NIGHT, **more}) as house:
        await house.ring(caller=caller, name=name)
        await pass_time(house, 4)

        assert len(house.simulator.truth()) == 1
        assert house.requested("pbx.hangup") == []
