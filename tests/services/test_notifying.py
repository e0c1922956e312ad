"""The action that says who calls a phone: the sentence fits what the phone is doing, and goes where it was sent."""

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant, callback
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_mock_service

from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState, Direction

from ..every_action import act, refused
from ..fake_provider import pushed

ZOE = m.Party(number="+390612345678", name="Zoe")


@pytest.fixture
def coordinator(able_entry: MockConfigEntry) -> PbxCoordinator:
    """Give the account, with a call at no phone of the tests."""
    found: PbxCoordinator = able_entry.runtime_data.coordinator
    return found


@pytest.fixture
def shown(hass: HomeAssistant) -> dict[str, str]:
    """Give what the notifications of Home Assistant say, by their ids."""
    texts: dict[str, str] = {}

    @callback
    def look(_kind: object, changed: dict[str, persistent_notification.Notification]) -> None:
        texts.update({key: one["message"] for key, one in changed.items()})

    persistent_notification.async_register_callback(hass, look)
    return texts


STORIES: dict[str, tuple[list[CallState], dict[str, object], str]] = {
    "rings": ([CallState.RINGING], {}, "Zoe calls Bob"),
    "talks": ([CallState.RINGING, CallState.TALKING], {}, "Zoe calls Bob"),
    "missed": ([CallState.RINGING, CallState.ENDED], {}, "Missed: Zoe"),
    "answered": ([CallState.RINGING, CallState.TALKING, CallState.ENDED], {}, "The call with Zoe ended"),
    "called in vain": (
        [CallState.DIALING, CallState.ENDED],
        {"direction": Direction.OUTGOING, "caller": m.Party(number="102"), "callee": ZOE},
        "The call with Zoe ended (unanswered)",
    ),
    "calls": (
        [CallState.DIALING],
        {"direction": Direction.OUTGOING, "caller": m.Party(number="102"), "callee": ZOE},
        "Bob calls Zoe",
    ),
    "calls a colleague": (
        [CallState.DIALING],
        {"direction": Direction.INTERNAL, "caller": m.Party(number="102", name="Bob"), "callee": m.Party(number="101")},
        "Bob calls Ann",
    ),
}


async def test_says_who_answered(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, coordinator: PbxCoordinator, shown: dict[str, str]
) -> None:
    """A phone that rang as well has not talked: another one has."""
    for phone in ("101", "102"):
        coordinator.async_push(pushed("c2", CallState.RINGING, phone, caller=ZOE))
    coordinator.async_push(pushed("c2", CallState.TALKING, "101", caller=ZOE))
    freezer.tick(65)
    coordinator.async_push(pushed("c2", CallState.ENDED, "101", caller=ZOE, final=True))
    await hass.async_block_till_done()
    await act(hass, "notify_about_call", extension="102")
    assert shown == {"pbx_c2": "Ann talked to Zoe for 1:05"}


@pytest.mark.parametrize("story", STORIES)
async def test_says_what_the_phone_does(
    hass: HomeAssistant, coordinator: PbxCoordinator, shown: dict[str, str], story: str
) -> None:
    """It says who calls or is called, and after the call how it ended."""
    states, more, sentence = STORIES[story]
    for state in states:
        final = state is CallState.ENDED
        coordinator.async_push(pushed("c2", state, "102", final=final, **{"caller": ZOE, **more}))
    await hass.async_block_till_done()
    await act(hass, "notify_about_call", extension="102")
    assert shown == {"pbx_c2": sentence}


async def test_goes_to_whom_it_is_sent(hass: HomeAssistant, coordinator: PbxCoordinator, shown: dict[str, str]) -> None:
    """With notification entities it goes there, and nowhere else."""
    sent = async_mock_service(hass, "notify", "send_message")
    coordinator.async_push(pushed("c2", CallState.RINGING, "102", caller=ZOE))
    await act(hass, "notify_about_call", extension="102", notify=["notify.annas_phone"])
    assert [call.data for call in sent] == [{"message": "Zoe calls Bob", "entity_id": ["notify.annas_phone"]}]
    assert shown == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("![x](//x) <img>", "!&#91;x](//x) &lt;img&gt;"),
        ("https://example.com/pay", "https&#58;//example.com/pay"),
        ("www.example.com", "www&#46;example.com"),
        ("pay@example.com", "pay&#64;example.com"),
        ("Dr. R & Co: 1/2", "Dr. R &amp; Co: 1/2"),
    ],
)
async def test_a_name_is_no_markup(
    hass: HomeAssistant, coordinator: PbxCoordinator, shown: dict[str, str], name: str, text: str
) -> None:
    """A caller's name never becomes a link or a picture."""
    wicked = m.Party(number="+390612345678", name=name)
    coordinator.async_push(pushed("c2", CallState.RINGING, "102", caller=wicked))
    await act(hass, "notify_about_call", extension="102")
    assert shown == {"pbx_c2": f"{text} calls Bob"}


async def test_says_it_in_the_language_of_the_house(
    hass: HomeAssistant, coordinator: PbxCoordinator, shown: dict[str, str]
) -> None:
    """It is the sentence of Activity, in the language of Home Assistant."""
    hass.config.language = "de"
    coordinator.async_push(pushed("c2", CallState.RINGING, "102", caller=ZOE))
    await act(hass, "notify_about_call", extension="102")
    assert shown == {"pbx_c2": "Zoe ruft Bob an"}


@pytest.mark.usefixtures("coordinator")
async def test_a_phone_that_had_no_call(hass: HomeAssistant) -> None:
    """Nothing is said of a phone that nobody has called."""
    assert await refused(hass, "notify_about_call", extension="102") == ("no_call", {"extension": "102"})
