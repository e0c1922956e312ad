"""Buttons: hang up and call back at a phone, acknowledge missed calls, speed dials."""

from datetime import timedelta
from types import MappingProxyType
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH, ConfigSubentry
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.pbx.const import DOMAIN, SUBENTRY_SPEED_DIAL
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import AuthError, ConnectError, RefusedError, UnknownOutcomeError
from custom_components.pbx.telephony.models import CallState, Capability, Direction, Originate

from .fake_provider import FakeProvider, async_set_up, fake_config_entry, incoming, pushed

pytestmark = pytest.mark.usefixtures("at_noon")

CALLER = "+390612345678"


async def press(hass: HomeAssistant, entity_id: str) -> None:
    """Press a button."""
    await hass.services.async_call("button", "press", {ATTR_ENTITY_ID: entity_id}, blocking=True)


# -- at a phone --------------------------------------------------------------------------------------


async def test_hang_up_ends_the_most_urgent_call(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Of several calls at a phone the ringing one is refused."""
    fake.script.calls = (incoming("c1", state=CallState.TALKING), incoming("c2", state=CallState.RINGING))
    await async_set_up(hass, fake_entry)
    await press(hass, "button.ann_101_hang_up")
    ((ref, _cause),) = fake.script.arguments("hangup")
    assert (ref.call.id, ref.extension) == ("c2", "101")


async def test_nothing_to_hang_up(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """A phone without a call has nothing to hang up."""
    await async_set_up(hass, fake_entry)
    with pytest.raises(ServiceValidationError) as raised:
        await press(hass, "button.ann_101_hang_up")
    assert raised.value.translation_key == "no_call"
    assert fake.script.times("hangup") == 0


async def test_call_back_calls_who_called_last(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """The last caller of this phone is called, also one who called as one of several phones."""
    await async_set_up(hass, fake_entry)
    with pytest.raises(ServiceValidationError) as raised:
        await press(hass, "button.ann_101_call_back")
    assert raised.value.translation_key == "no_caller"

    push = fake_entry.runtime_data.coordinator.async_push
    push(pushed("c1", CallState.RINGING, "102", caller=m.Party(number="+390699999999")))
    push(pushed("c2", CallState.RINGING, "101"))
    push(pushed("c2", CallState.RINGING, "102"))
    push(pushed("c2", CallState.ENDED, final=True))
    push(pushed("c3", CallState.DIALING, "101", direction=Direction.OUTGOING, callee=m.Party(number="+390611111111")))
    await hass.async_block_till_done()
    bob = er.async_get(hass).async_get("button.bob_102_call_back")
    assert bob is not None
    assert bob.device_id is not None
    dr.async_get(hass).async_update_device(bob.device_id, name_by_user="The shop")
    await hass.async_block_till_done()
    shown = [hass.states.get(f"button.{phone}_call_back") for phone in ("ann_101", "bob_102")]
    assert [state and {key: state.attributes.get(key) for key in ("number", "rings_first")} for state in shown] == [
        {"number": CALLER, "rings_first": "Ann (101)"},
        {"number": CALLER, "rings_first": "The shop"},
    ]
    await press(hass, "button.ann_101_call_back")
    await press(hass, "button.bob_102_call_back")
    assert fake.script.arguments("click_to_call") == [
        (Originate(extension="101", number=CALLER),),
        (Originate(extension="102", number=CALLER),),
    ]


@pytest.mark.parametrize(
    ("missing", "gone"),
    [
        (Capability.HANGUP, {"button.ann_101_hang_up"}),
        (Capability.CLICK_TO_CALL, {"button.ann_101_call_back"}),
        (
            Capability.CALLS,
            {"button.ann_101_hang_up", "button.ann_101_call_back", "button.house_acknowledge_missed_calls"},
        ),
    ],
)
async def test_buttons_need_their_command(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, missing: Capability, gone: set[str]
) -> None:
    """There is no button for what the phone system cannot do."""
    fake.script.directory = m.Directory(extensions=(m.Extension(number="101", name="Ann"),))
    everything = {"button.ann_101_hang_up", "button.ann_101_call_back", "button.house_acknowledge_missed_calls"}
    fake.script.capabilities &= ~missing
    await async_set_up(hass, fake_entry)
    assert set(hass.states.async_entity_ids("button")) == everything - gone


# -- missed calls ------------------------------------------------------------------------------------


async def test_missed_calls_are_acknowledged_without_asking_anybody(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """The count goes back to 0; the phone system has nothing to do with it."""
    await async_set_up(hass, fake_entry)
    for call in ("c1", "c2"):
        fake_entry.runtime_data.coordinator.async_push(pushed(call, CallState.RINGING))
        fake_entry.runtime_data.coordinator.async_push(pushed(call, CallState.ENDED, final=True))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.is_state("sensor.house_missed_calls", "2")
    asked = len(fake.script.asked)

    await press(hass, "button.house_acknowledge_missed_calls")
    freezer.tick(timedelta(seconds=1))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.is_state("sensor.house_missed_calls", "0")
    assert len(fake.script.asked) == asked


# -- speed dials -------------------------------------------------------------------------------------


def speed_dial(subentry_id: str = "dial1", title: str = "Pizza", **data: Any) -> ConfigSubentry:
    """Make a speed dial as its form makes it."""
    return ConfigSubentry(
        data=MappingProxyType({"name": title, "extension": "101", "number": "+390655555555", **data}),
        subentry_id=subentry_id,
        subentry_type=SUBENTRY_SPEED_DIAL,
        title=title,
        unique_id=None,
    )


def with_dials(*dials: ConfigSubentry) -> MockConfigEntry:
    """Make an account with speed dials."""
    return fake_config_entry(
        subentries_data=[{**dial.as_dict(), "data": dict(dial.data)} for dial in dials],
    )


async def test_speed_dial_places_the_call(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """The button belongs to a device of its own that hangs on the account, and calls once."""
    entry = with_dials(speed_dial(icon="mdi:pizza"))
    await async_set_up(hass, entry)
    state = hass.states.get("button.pizza")
    registered = er.async_get(hass).async_get("button.pizza")
    assert state is not None
    assert registered is not None
    assert state.attributes["icon"] == "mdi:pizza"
    assert registered.config_subentry_id == "dial1"
    devices = dr.async_get(hass)
    device = devices.async_get_device_by_identifier((DOMAIN, "dial1"), entry.entry_id)
    house = devices.async_get_device_by_identifier((DOMAIN, "fake_house"), entry.entry_id)
    assert device is not None
    assert house is not None
    assert (device.id, device.name, device.via_device_id) == (registered.device_id, "Pizza", house.id)
    assert device.entry_type is dr.DeviceEntryType.SERVICE
    assert (device.model, device.model_id) == ("Speed dial", "speed_dial")

    await press(hass, "button.pizza")
    assert fake.script.arguments("click_to_call") == [(Originate(extension="101", number="+390655555555"),)]


async def test_speed_dials_come_change_and_go_without_a_reload(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """New ones get a button, changed ones their new name, number and icon, deleted ones vanish."""
    entry = with_dials(speed_dial())
    await async_set_up(hass, entry)
    coordinator = entry.runtime_data.coordinator
    coordinator.async_push(pushed("c1", CallState.RINGING))

    hass.config_entries.async_add_subentry(entry, speed_dial("dial2", "Doctor", number="+390677777777"))
    await hass.async_block_till_done()
    assert hass.states.get("button.doctor") is not None
    assert hass.states.get("button.pizza") is not None

    hass.config_entries.async_update_subentry(
        entry,
        entry.subentries["dial1"],
        title="Kebab",
        data={"name": "Kebab", "extension": "102", "number": "+390688888888", "icon": "mdi:food"},
    )
    await hass.async_block_till_done()
    state = hass.states.get("button.pizza")
    assert state is not None
    assert state.name == "Kebab"
    assert state.attributes["icon"] == "mdi:food"
    await press(hass, "button.pizza")
    assert fake.script.arguments("click_to_call") == [(Originate(extension="102", number="+390688888888"),)]

    hass.config_entries.async_remove_subentry(entry, "dial1")
    await hass.async_block_till_done()
    assert hass.states.get("button.pizza") is None
    assert hass.states.get("button.doctor") is not None

    assert entry.runtime_data.coordinator is coordinator
    assert fake.script.times("account") == 1
    assert hass.states.is_state("sensor.ann_101_call_state", "ringing")


async def test_no_speed_dials_where_no_call_can_be_placed(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """An account that may not place calls has no such buttons."""
    fake.script.capabilities &= ~Capability.CLICK_TO_CALL
    await async_set_up(hass, with_dials(speed_dial()))
    assert hass.states.get("button.pizza") is None


async def test_speed_dial_stays_while_the_phone_system_is_away(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], expected_warnings: list[str]
) -> None:
    """A button can be pressed whatever the polls do; the error comes then."""
    expected_warnings.append("Error fetching House data")
    await async_set_up(hass, with_dials(speed_dial()))
    fake.script.errors |= {"calls": ConnectError(), "click_to_call": ConnectError()}
    freezer.tick(timedelta(seconds=11))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert hass.states.is_state("button.ann_101_hang_up", STATE_UNAVAILABLE)
    assert not hass.states.is_state("button.pizza", STATE_UNAVAILABLE)
    with pytest.raises(HomeAssistantError) as raised:
        await press(hass, "button.pizza")
    assert raised.value.translation_key == "cannot_connect"


@pytest.mark.parametrize(
    ("error", "key"), [(RefusedError("busy"), "refused"), (UnknownOutcomeError(), "unknown_outcome")]
)
async def test_speed_dial_is_pressed_once(
    hass: HomeAssistant, fake: type[FakeProvider], error: RefusedError | UnknownOutcomeError, key: str
) -> None:
    """An error is told, and nothing is tried again."""
    fake.script.errors["click_to_call"] = error
    await async_set_up(hass, with_dials(speed_dial()))
    with pytest.raises(HomeAssistantError) as raised:
        await press(hass, "button.pizza")
    assert raised.value.translation_key == key
    assert fake.script.times("click_to_call") == 1


async def test_wrong_credentials_ask_to_log_in(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A command that is refused for its credentials starts the log-in form."""
    fake.script.errors["click_to_call"] = AuthError()
    await async_set_up(hass, with_dials(speed_dial()))
    with pytest.raises(HomeAssistantError) as raised:
        await press(hass, "button.pizza")
    await hass.async_block_till_done()
    assert raised.value.translation_key == "invalid_auth"
    assert [flow["context"]["source"] for flow in hass.config_entries.flow.async_progress()] == [SOURCE_REAUTH]
