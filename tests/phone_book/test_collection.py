"""The phone book in Home Assistant: kept, changed, merged, and naming callers in the first event."""

import time
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import slugify
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.pbx.const import EVENT_PBX
from custom_components.pbx.phone_book import collection
from custom_components.pbx.phone_book.collection import (
    PhoneBook,
    async_get_phone_book,
    async_setup_phone_book,
)
from custom_components.pbx.phone_book.entry import Entry, EntryNumber, NumberKind
from custom_components.pbx.telephony.models import CallState, Party

from ..fake_provider import FakeProvider, async_set_up, pushed


@pytest.fixture
async def book(hass: HomeAssistant) -> PhoneBook:
    """Give an empty phone book in Germany."""
    hass.config.country = "DE"
    await async_setup_phone_book(hass)
    return async_get_phone_book(hass)


ANNA = {"name": "Anna", "numbers": ["030 23125101"], "groups": ["VIP"]}


async def test_an_entry_is_kept(
    hass: HomeAssistant, book: PhoneBook, hass_storage: dict[str, Any], freezer: FrozenDateTimeFactory
) -> None:
    """What is added is there after a restart, and what is deleted is not."""
    anna = await book.async_create_item(ANNA | {"messages": True})
    mill = await book.async_create_item(
        {"company": "Mill", "numbers": [{"number": "+493011", "kind": "fax", "typed": "Fax 11"}, "101"]}
    )
    assert mill.numbers == (
        EntryNumber(number="+493011", typed="Fax 11", kind=NumberKind.FAX),
        EntryNumber(number="101", typed="101"),
    )
    await book.async_update_item(anna.id, {"name": "Anna Keller"})
    freezer.tick(60)
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert hass_storage["pbx.phone_book"]["data"]["items"][0] == {
        "id": anna.id,
        "name": "Anna Keller",
        "groups": ["vip"],
        "numbers": [{"number": "+493023125101", "typed": "030 23125101", "kind": "other"}],
        "messages": True,
    }
    await async_setup_phone_book(hass)
    again = async_get_phone_book(hass)
    assert again is not book
    assert again.entries == book.entries
    assert [entry.label for entry in again.entries] == ["Anna Keller", "Mill"]
    assert again.groups == ("vip",)
    await again.async_delete_item(anna.id)
    assert again.find("+493023125101") is None


@pytest.mark.parametrize(
    ("number", "read"),
    [("0900 123456", "0900123456"), ("030 2312*", "+49302312*"), ("040 123456", "+4940123456"), ("101", "101")],
)
async def test_a_number_is_read_once(hass: HomeAssistant, book: PhoneBook, number: str, read: str) -> None:
    """Whoever changes an entry gives back the numbers that it has: no country reads them anew."""
    anna = await book.async_create_item({"name": "Anna", "numbers": [{"number": number, "kind": "work"}]})
    for country in ("IT", "US", None):
        hass.config.country = country
        [row] = anna.numbers
        for given in ({"number": read, "typed": number, "kind": "work"}, {"number": read}, read):
            changed = await book.async_update_item(anna.id, {"name": "Anna K", "numbers": [given]})
            assert changed.numbers == (row,) == (EntryNumber(number=read, typed=number, kind=NumberKind.WORK),)
    changed = await book.async_update_item(anna.id, {"numbers": [{"number": read, "kind": "home"}]})
    assert changed.numbers[0].kind is NumberKind.HOME


async def test_ids_stay(book: PhoneBook) -> None:
    """Two people of one name have ids of their own, and a new name changes none."""
    one, other = [await book.async_create_item(ANNA) for _ in range(2)]
    assert one.id != other.id
    assert (await book.async_update_item(one.id, {"name": "Berta"})).id == one.id


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ({"numbers": ["101"]}, "phone_book_no_name"),
        ({"name": " \u200b", "numbers": ["101"]}, "phone_book_no_name"),
        ({"name": "Anna"}, "phone_book_no_number"),
        ({"name": "Anna", "numbers": []}, "phone_book_no_number"),
        ({"name": "Anna", "numbers": ["what?"]}, "phone_book_bad_number"),
        ({"name": "Anna", "numbers": ["101", {"number": "30*"}]}, "phone_book_bad_number"),
        ({"name": "Anna", "numbers": [str(number) for number in range(101, 122)]}, "phone_book_numbers_full"),
    ],
)
async def test_what_is_no_entry(book: PhoneBook, data: dict[str, Any], key: str) -> None:
    """Everybody has a name and a number, and no number is guessed."""
    with pytest.raises(ServiceValidationError) as refused:
        await book.async_create_item(data)
    assert refused.value.translation_key == key
    assert book.entries == ()
    anna = await book.async_create_item(ANNA)
    with pytest.raises(ServiceValidationError):
        await book.async_update_item(anna.id, {"name": "", "numbers": []} | data)
    assert book.search("", 10) == [anna]


async def test_the_book_is_full(book: PhoneBook, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a bound, also for what is read from a file."""
    monkeypatch.setattr(collection, "MAX_ENTRIES", 1)
    await book.async_create_item(ANNA)
    with pytest.raises(ServiceValidationError) as refused:
        await book.async_create_item(ANNA)
    assert refused.value.translation_key == "phone_book_full"
    with pytest.raises(ServiceValidationError):
        await book.async_merge([Entry(name="Berta", numbers=(EntryNumber(number="101"),))])


async def test_a_file_with_too_many_changes_nothing(book: PhoneBook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a file would be in the book until the next start only, and nobody would know which half."""
    monkeypatch.setattr(collection, "MAX_ENTRIES", 2)
    anna = await book.async_create_item(ANNA)
    number = (EntryNumber(number="101"),)
    with pytest.raises(ServiceValidationError):
        await book.async_merge([Entry(name=name, numbers=number) for name in ("Anna", "Berta", "Carla")])
    assert book.entries == (anna,)
    assert await book.async_merge([Entry(name=name, numbers=number) for name in ("Anna", "Berta")]) == (1, 1)


async def test_many_of_one_name(book: PhoneBook) -> None:
    """Each gets an id, and Home Assistant is not held up for looking whether it is taken."""
    many = [
        Entry(name="Reception", company=f"No {number}", numbers=(EntryNumber(number=f"+4930{number}"),))
        for number in range(3000)
    ]
    begin = time.process_time()
    assert await book.async_merge(many) == (3000, 0)
    assert time.process_time() - begin < 3
    assert len(book.entries) == 3000


@pytest.mark.parametrize("name", ["Jörg Müller", "Große Straße", "Łódź", "Їжак", "أحمد", "山田", "☎", "Żółć & Co."])
async def test_ids_are_as_home_assistant_makes_them(book: PhoneBook, name: str) -> None:
    """Of a file as of the form."""
    await book.async_merge([Entry(name=name, numbers=(EntryNumber(number="101"),))])
    assert [entry.id for entry in book.entries] == [slugify(name)]


async def test_merge(book: PhoneBook) -> None:
    """Reading a file twice adds nobody twice; who is there already gets what is new."""
    told: list[str] = []

    async def listen(changes: Any) -> None:
        told.extend(change.change_type for change in changes)

    book.async_add_change_set_listener(listen)
    anna = await book.async_create_item(ANNA)
    read = [
        Entry(
            name="ANNA",
            groups=("family",),
            numbers=(EntryNumber(number="101"), EntryNumber(number="+493023125101", kind=NumberKind.HOME)),
        ),
        Entry(name="Berta", numbers=(EntryNumber(number="102"),)),
        Entry(name="berta", numbers=(EntryNumber(number="103"),)),
    ]
    assert await book.async_merge(read) == (1, 1)
    assert await book.async_merge(read) == (0, 0)
    assert told == ["added", "updated", "added"]
    anna, berta = book.entries
    assert (anna.name, anna.groups) == ("Anna", ("vip", "family"))
    assert [number.number for number in anna.numbers] == ["+493023125101", "101"]
    assert [number.number for number in berta.numbers] == ["102", "103"]
    known = book.find("103")
    assert known is not None
    assert known.entries == (berta,)


async def test_a_company_under_its_own_name(book: PhoneBook) -> None:
    """A file says it only once, and it is the same entry when that is read again."""
    mill = await book.async_create_item({"name": "Mill", "company": "Mill", "numbers": ["101"]})
    read = [Entry(company="mill", numbers=(EntryNumber(number="101", typed="101"),))]
    assert await book.async_merge(read) == (0, 0)
    assert book.entries == (mill,)


async def test_no_number_is_left_out_in_silence(book: PhoneBook) -> None:
    """An entry that is full says so, and is not changed."""
    known = await book.async_create_item(
        {"name": "Anna", "numbers": [f"03023125{number}" for number in range(101, 121)]}
    )
    with pytest.raises(ServiceValidationError) as refused:
        await book.async_add({"name": "anna", "numbers": ["101"], "groups": ["vip"]})
    assert refused.value.translation_key == "phone_book_numbers_full"
    assert book.entries == (known,)
    again = await book.async_add({"name": "anna", "numbers": ["03023125101"], "groups": ["vip"]})
    assert (again.numbers, again.groups) == (known.numbers, ("vip",))
    read = [Entry(name="Anna", numbers=(EntryNumber(number="102"), EntryNumber(number="+493023125101")))]
    assert await book.async_merge(read) == (0, 0)
    assert [(one.name, number.number) for one, number in book.without_room(read)] == [("Anna", "102")]


async def test_search(book: PhoneBook) -> None:
    """By a part of the name, the company, a group or a number."""
    anna = await book.async_create_item(ANNA)
    mill = await book.async_create_item({"company": "Mill", "numbers": ["101"]})
    for text, expected in (
        ("ann", [anna]),
        ("MILL", [mill]),
        ("vip", [anna]),
        ("2312", [anna]),
        ("+49 30", [anna]),
        ("030 23125101", [anna]),
        ("030/2312", [anna]),
        ("0049 30 2312", [anna]),
        ("+49 (0)30 23125-101", [anna]),
        ("٠٣٠٢٣١٢", [anna]),
        ("040 2312", []),
        ("1", []),
        ("l", [mill]),
        ("nobody", []),
    ):
        assert book.search(text, 10) == expected, text
    assert book.search("", 1) == [anna]


async def test_search_in_every_script(book: PhoneBook) -> None:
    """Accents, vowel marks and upper case are not typed by everybody."""
    names = ("Jürgen Müller", "Žofie Dvořáková", "Олексій Їжак", "أحمد عليّ", "Ōsaka", "Großmann")
    for name in names:
        await book.async_create_item({"name": name, "numbers": ["101"]})
    for text, place in (
        ("muller", 0),
        ("MÜLLER ", 0),
        ("Mu\u0308ller", 0),
        ("dvorakova", 1),
        ("олексіи іжак", 2),
        ("ОЛЕКСІЙ", 2),
        ("احمد علي", 3),
        ("osaka", 4),
        ("GROSSMANN", 5),
    ):
        assert [entry.name for entry in book.search(text, 10)] == [names[place]], text


@pytest.mark.parametrize(
    ("number", "name"),
    [("+493023125101", "Anna"), ("+493023125199", "Somebody in the tower"), ("+4930", "")],
)
async def test_callers_are_named_in_the_first_event(
    hass: HomeAssistant,
    book: PhoneBook,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    number: str,
    name: str,
) -> None:
    """Every phone system's callers, though it knows no names; a stranger never gets the last one's name."""
    await async_set_up(hass, fake_entry)
    book = async_get_phone_book(hass)
    await book.async_create_item(ANNA)
    await book.async_create_item({"name": "Somebody in the tower", "numbers": ["030 231251*"]})
    events = async_capture_events(hass, EVENT_PBX)
    fake_entry.runtime_data.coordinator.async_push(
        pushed("c1", state=CallState.RINGING, caller=Party(number="+493023125101"), extension="102")
    )
    fake_entry.runtime_data.coordinator.async_push(pushed("c2", state=CallState.RINGING, caller=Party(number=number)))
    await hass.async_block_till_done()
    assert events[0].data["from_name"] == "Anna"
    assert events[1].data.get("from_name", "") == name
    assert events[1].data.get("contact_known", False) is bool(name)
