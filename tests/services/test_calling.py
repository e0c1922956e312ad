"""Calling as people do it: from the phone that was picked, to a number, a phone or somebody by name."""

from typing import Any

import pytest
import voluptuous as vol
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.pbx.devices import SubjectKind
from custom_components.pbx.phone_book.collection import async_get_phone_book
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState, Capability

from ..every_action import ROME, act, refused
from ..fake_provider import FakeProvider, async_set_up, fake_config_entry, incoming, pushed

type Data = dict[str, Any]

CALLING = ["originate", "click_to_call"]


def phone_device(entry: MockConfigEntry, number: str) -> str:
    """Give the device of a phone."""
    return str(entry.runtime_data.coordinator.devices.subjects[SubjectKind.EXTENSION, number].device.id)


def placed(fake: type[FakeProvider], command: str) -> list[tuple[str, str]]:
    """List which phone called whom."""
    return [(request.extension, request.number) for (request,) in fake.script.arguments(command)]


@pytest.mark.parametrize("name", CALLING)
@pytest.mark.parametrize("by", ["device", "entity", "field", "field with a device"])
async def test_the_phone_that_calls(
    hass: HomeAssistant, fake: type[FakeProvider], able_entry: MockConfigEntry, name: str, by: str
) -> None:
    """It is the target, or the field of older automations."""
    device = phone_device(able_entry, "102")
    ways: dict[str, Data] = {
        "device": {"device_id": [device]},
        "entity": {"entity_id": ["sensor.bob_102_call_state"]},
        "field": {"extension": "102"},
        "field with a device": {"extension": device},
    }
    await act(hass, name, number=ROME, **ways[by])
    assert placed(fake, name) == [("102", ROME)]


@pytest.mark.parametrize(
    ("named", "key"),
    [
        ([], "no_phone"),
        (["101", "102"], "several_phones"),
    ],
)
async def test_one_phone_calls(
    hass: HomeAssistant, fake: type[FakeProvider], able_entry: MockConfigEntry, named: list[str], key: str
) -> None:
    """Nobody guesses which."""
    devices = [phone_device(able_entry, number) for number in named]
    assert (await refused(hass, "originate", number=ROME, device_id=devices))[0] == key
    also = {"device_id": [phone_device(able_entry, "101")], "extension": "102"}
    assert (await refused(hass, "originate", number=ROME, **also))[0] == "several_phones"
    assert fake.script.times("originate") == 0


@pytest.mark.parametrize(
    ("number", "dialled"),
    [
        ("Bob", "102"),
        ("the shop", "102"),
        ("bakery schmidt", "+493023125101"),
        ({"active_choice": "number", "number": "tel:+39 06 12345678"}, "+390612345678"),
        ({"active_choice": "number", "number": "Bakery Schmidt"}, "+493023125101"),
        ("tel:+390612345678", "+390612345678"),
        ("bakery   SCHMIDT", "+493023125101"),
        ("Bob (102)", "102"),
        ("Ju\u0308rgen Mu\u0308ller", "+493023125103"),
        ("dr weber", "+493023125104"),
        ("Ann-Kathrin", "102"),  # in the phone book with the number of the phone of that name
        ({"active_choice": "contact", "contact": "JÜRGEN MÜLLER"}, "+493023125103"),
    ],
)
async def test_whom(
    hass: HomeAssistant, fake: type[FakeProvider], able_entry: MockConfigEntry, number: str | Data, dialled: str
) -> None:
    """A number, somebody of the phone book or a phone by its name, as chosen in the editor or written in YAML."""
    book = async_get_phone_book(hass)
    await book.async_add({"name": "Bakery Schmidt", "numbers": ["+49 30 23125101", "+49 30 23125102"]})
    await book.async_add({"name": "Jürgen Müller", "numbers": ["+49 30 23125103"]})
    await book.async_add({"name": "Dr. Weber", "numbers": ["+49 30 23125104"]})
    await book.async_add({"name": "Ann-Kathrin", "numbers": ["102"]})
    given = "Ann-Kathrin" if number == "Ann-Kathrin" else "The shop"
    dr.async_get(hass).async_update_device(phone_device(able_entry, "102"), name_by_user=given)
    await act(hass, "originate", device_id=[phone_device(able_entry, "101")], number=number)
    assert placed(fake, "originate") == [("101", dialled)]


@pytest.mark.parametrize("name", [*CALLING, "transfer"])
async def test_whom_by_device(
    hass: HomeAssistant, fake: type[FakeProvider], able_entry: MockConfigEntry, name: str
) -> None:
    """A phone is picked by its device; one that is no phone is refused."""
    bob = {"active_choice": "phone", "phone": phone_device(able_entry, "102")}
    named: Data = {"call_id": "c1"} if name == "transfer" else {"device_id": [phone_device(able_entry, "101")]}
    await act(hass, name, number=bob, **named)
    arguments = fake.script.arguments(name)[-1]
    assert "102" in [getattr(argument, "number", argument) for argument in arguments]
    agent = able_entry.runtime_data.coordinator.devices.subjects[SubjectKind.AGENT, "a1"].device.id
    assert (await refused(hass, name, number=agent, **named))[0] == "not_an_extension"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("", "length of value"),
        (" ", "length of value"),
        ("x" * 300, "length of value"),
        ({"active_choice": "contact"}, "nothing was chosen"),
        ({"active_choice": "phone", "phone": ""}, "length of value"),
        ({"active_choice": "nobody"}, "value must be one of"),
        ({}, "required"),
    ],
)
async def test_nobody_chosen(
    hass: HomeAssistant, fake: type[FakeProvider], able_entry: MockConfigEntry, number: str | Data, said: str
) -> None:
    """A field that was left empty, or a template that renders to nothing, is refused in words about that."""
    with pytest.raises(vol.Invalid, match=said):
        await act(hass, "originate", device_id=[phone_device(able_entry, "101")], number=number)
    assert fake.script.times("originate") == 0


async def test_a_name_of_several(hass: HomeAssistant, fake: type[FakeProvider], able_entry: MockConfigEntry) -> None:
    """A name that stands for two numbers is not guessed, and the guard sees the number behind a name."""
    book = async_get_phone_book(hass)
    await book.async_add({"name": "Bob", "numbers": [ROME]})
    await book.async_add({"name": "Hotline", "numbers": ["+49 900 1234567"]})
    named = {"device_id": [phone_device(able_entry, "101")]}
    assert await refused(hass, "originate", number="bob", **named) == ("several_named", {"name": "bob"})
    assert (await refused(hass, "originate", number="Hotline", **named))[0] == "dial_premium"
    assert fake.script.times("originate") == 0


# -- calling back ------------------------------------------------------------------------------------


async def test_call_back(hass: HomeAssistant, fake: type[FakeProvider], able_entry: MockConfigEntry) -> None:
    """Whoever called a phone last is called; nobody is, where nobody has."""
    coordinator = able_entry.runtime_data.coordinator
    named = {"device_id": [phone_device(able_entry, "102")]}
    assert await refused(hass, "call_back", **named) == ("no_caller", {"extension": "102"})
    coordinator.async_push(pushed("c2", CallState.RINGING, "102", caller=m.Party(number="+493023125101")))
    coordinator.async_push(pushed("c2", CallState.ENDED, "102", final=True))
    await hass.async_block_till_done()
    await act(hass, "call_back", **named)
    assert placed(fake, "click_to_call") == [("102", "+493023125101")]


async def test_the_guard_looks_at_who_is_called_back(
    hass: HomeAssistant, fake: type[FakeProvider], able_entry: MockConfigEntry
) -> None:
    """Whoever calls from an expensive number is not called back."""
    coordinator = able_entry.runtime_data.coordinator
    coordinator.async_push(pushed("c2", CallState.RINGING, "102", caller=m.Party(number="+499001234567")))
    coordinator.async_push(pushed("c2", CallState.ENDED, "102", final=True))
    await hass.async_block_till_done()
    assert (await refused(hass, "call_back", device_id=[phone_device(able_entry, "102")]))[0] == "dial_premium"
    assert fake.script.times("click_to_call") == 0


# -- which account -----------------------------------------------------------------------------------


@pytest.fixture
async def office(hass: HomeAssistant, fake: type[FakeProvider], able_entry: MockConfigEntry) -> MockConfigEntry:
    """Add a second account, which has other phones and can send no text messages."""
    fake.script.account = m.Account(id="office", title="Office")
    fake.script.directory = m.Directory(extensions=(m.Extension(number="201", name="Cid"),))
    fake.script.capabilities &= ~Capability.SEND_SMS
    fake.script.calls = (incoming("c9", "201", state=CallState.TALKING, number="+39065550000"),)
    entry = fake_config_entry("office")
    await async_set_up(hass, entry)
    return entry


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("send_sms", {"number": ROME, "message": "Hello"}),
        ("originate", {"extension": "101", "number": ROME}),
        ("hangup", {"call_id": "c1"}),
        ("agent_logout", {"agent": "501"}),
    ],
)
async def test_the_account_follows(
    hass: HomeAssistant, fake: type[FakeProvider], office: MockConfigEntry, name: str, data: Data
) -> None:
    """It is the one that can do it and has what is named."""
    await act(hass, name, **data)
    assert fake.script.times(name) == 1


async def test_the_account_stays_open(hass: HomeAssistant, fake: type[FakeProvider], office: MockConfigEntry) -> None:
    """Where several fit, their names are told and nothing is sent; the account's device says which."""
    data = {"number": ROME, "message": "Hello"}
    assert await refused(hass, "announce", **data) == ("which_account", {"accounts": "House, Office"})
    assert fake.script.times("announce") == 0
    device = office.runtime_data.coordinator.devices.account.device.id
    assert dr.async_get(hass).async_get(device) is not None
    await act(hass, "announce", config_entry_id=device, **data)
    await act(hass, "announce", config_entry_id=office.entry_id, **data)
    assert fake.script.times("announce") == 2


# -- announcements -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "hung_up"), [(CallState.DIALING, 1), (CallState.TALKING, 0), (None, 0)])
async def test_an_announcement_rings_no_longer(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    able_entry: MockConfigEntry,
    freezer: Any,
    state: CallState | None,
    hung_up: int,
) -> None:
    """A call that nobody answered in time is hung up; one that was answered or is over is not."""
    coordinator = able_entry.runtime_data.coordinator
    await act(hass, "announce", number=ROME, message="Hello", ring_timeout=15)
    fake.script.calls = None
    if state is not None:
        coordinator.async_push(pushed("new", state, "101", direction=m.Direction.OUTGOING))
    freezer.tick(16)
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert fake.script.times("hangup") == hung_up
