"""The actions on the phone book: what they do, and how they refuse."""

from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.setup import async_setup_component

from custom_components.pbx.const import DOMAIN


@pytest.fixture(autouse=True)
async def _set_up(hass: HomeAssistant) -> None:
    """Have the actions, in Germany and without any account."""
    await hass.config.async_update(country="DE")
    assert await async_setup_component(hass, DOMAIN, {})


async def act(hass: HomeAssistant, action: str, **data: Any) -> dict[str, Any]:
    """Call an action, and give its answer."""
    answer = await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=True)
    assert isinstance(answer, dict)
    return answer


async def test_what_is_added_is_found_and_removed(hass: HomeAssistant) -> None:
    """By its number in whatever form, and by a text; adding it again completes it."""
    added = (await act(hass, "add_to_phone_book", name="Anna", numbers=["030 23125101"]))["entry"]
    again = (await act(hass, "add_to_phone_book", name="anna", numbers="101", groups="VIP"))["entry"]
    assert again["id"] == added["id"]
    assert [number["number"] for number in again["numbers"]] == ["+493023125101", "101"]
    for query in ({"number": "tel:+49-30-23125101"}, {"number": "030/23125101"}, {"text": "vip", "limit": 1}):
        assert (await act(hass, "find_in_phone_book", **query))["entries"] == [again]
    assert (await act(hass, "find_in_phone_book", number="102"))["entries"] == []
    await hass.services.async_call(DOMAIN, "remove_from_phone_book", {"entry_id": added["id"]}, blocking=True)
    assert (await act(hass, "find_in_phone_book", text="anna"))["entries"] == []


@pytest.mark.parametrize(
    ("action", "data", "key"),
    [
        ("find_in_phone_book", {}, "one_of"),
        ("find_in_phone_book", {"number": "101", "text": "a"}, "one_of"),
        ("add_to_phone_book", {"numbers": ["101"]}, "phone_book_no_name"),
        ("add_to_phone_book", {"name": "Anna"}, "phone_book_no_number"),
        ("add_to_phone_book", {"name": "Anna", "numbers": ["0800-FLOWERS?"]}, "phone_book_bad_number"),
        ("import_phone_book", {"text": "Hello"}, "phone_book_unreadable"),
        ("import_phone_book", {"text": "<html/>"}, "phone_book_unreadable"),
        ("import_phone_book", {"text": "name,number\nAnna,101\n", "format": "vcard"}, "phone_book_unreadable"),
    ],
)
async def test_refusals(hass: HomeAssistant, action: str, data: dict[str, Any], key: str) -> None:
    """What cannot be is refused in words that say why."""
    with pytest.raises(ServiceValidationError) as refused:
        await act(hass, action, **data)
    assert refused.value.translation_key == key


async def test_nobody_is_removed(hass: HomeAssistant) -> None:
    """An entry that is not there is named."""
    with pytest.raises(ServiceValidationError, match="nobody"):
        await hass.services.async_call(DOMAIN, "remove_from_phone_book", {"entry_id": "nobody"}, blocking=True)


async def test_a_number_without_room_is_told(hass: HomeAssistant) -> None:
    """It is read, and the entry has as many as it can have already."""
    await act(hass, "add_to_phone_book", name="Anna", numbers=[f"03023125{number}" for number in range(101, 121)])
    answer = await act(hass, "import_phone_book", text="Name,Phone,Mobile\nAnna,030 23125101,0170 1234567\n")
    too_many = [{"name": "Anna", "number": "0170 1234567", "problem": "too_many"}]
    assert answer == {"added": 0, "completed": 0, "without_number": 0, "uncertain": too_many}


@pytest.mark.parametrize("kind", ["vcard", "csv"])
async def test_a_book_moves_to_another_house(hass: HomeAssistant, kind: str) -> None:
    """What was exported is imported as it was, and numbers of a file are read in its own country."""
    read = await act(hass, "import_phone_book", text="Name,Phone\nAnna,06 1234 5678\n", country="IT")
    assert read == {"added": 1, "completed": 0, "without_number": 0, "uncertain": []}
    text = (await act(hass, "export_phone_book", format=kind))["text"]
    await hass.services.async_call(DOMAIN, "remove_from_phone_book", {"entry_id": "anna"}, blocking=True)
    assert (await act(hass, "import_phone_book", text=text))["added"] == 1
    (anna,) = (await act(hass, "find_in_phone_book", text="anna"))["entries"]
    assert [number["number"] for number in anna["numbers"]] == ["+390612345678"]
