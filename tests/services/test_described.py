"""What the editor is told of the actions: the people of the phone book, and when the account has to be said."""

from collections.abc import Iterator
from typing import Any

import pytest
from homeassistant.components import media_player, notify
from homeassistant.const import EVENT_SERVICE_REGISTERED
from homeassistant.core import CoreState, HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import service
from homeassistant.helpers.selector import selector
from homeassistant.helpers.service import async_get_all_descriptions
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.devices import SubjectKind
from custom_components.pbx.phone_book.collection import STORAGE_KEY, async_get_phone_book
from custom_components.pbx.services.described import MOST_OFFERED
from custom_components.pbx.telephony import models as m

from ..every_action import LONDON, ROME, act, refused
from ..fake_provider import FakeProvider, async_set_up, fake_config_entry


@pytest.fixture(autouse=True)
def _lean_home_assistant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Home Assistant read descriptions without the components whose libraries are not there."""
    monkeypatch.setattr(service, "_base_components", lambda: {"media_player": media_player, "notify": notify})


ASKING = {"originate", "click_to_call", "transfer", "announce", "send_sms"}
ANNA = {"name": "Anna", "numbers": [{"number": ROME}]}


async def described(hass: HomeAssistant) -> dict[str, Any]:
    """Give what the editor is told of the actions."""
    found: dict[str, Any] = (await async_get_all_descriptions(hass))[DOMAIN]
    return found


async def offered(hass: HomeAssistant) -> dict[str, tuple[str, ...] | None]:
    """List the contacts that the editor offers, by action; None where a name has to be typed."""
    return {
        name: tuple(select["options"]) if (select := choices["contact"]["selector"].get("select")) else None
        for name, action in (await described(hass)).items()
        for choices in choices_in(action)
    }


def choices_in(action: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the choices of the fields that ask for somebody."""
    for field in action["fields"].values():
        if (choose := field.get("selector", {}).get("choose")) is not None:
            yield choose["choices"]


@pytest.fixture
async def _set_up(hass: HomeAssistant) -> None:
    """Have the actions, without any account."""
    assert await async_setup_component(hass, DOMAIN, {})


@pytest.mark.usefixtures("_set_up")
async def test_who_is_in_the_phone_book_is_offered(hass: HomeAssistant) -> None:
    """From the moment they are in it until they are not, and open pages are told; all else stays as it was."""
    before = await described(hass)
    assert await offered(hass) == dict.fromkeys(ASKING)
    told = async_capture_events(hass, EVENT_SERVICE_REGISTERED)
    book = async_get_phone_book(hass)
    anna = await book.async_add(ANNA)
    await hass.async_block_till_done()
    assert await offered(hass) == dict.fromkeys(ASKING, ("Anna",))
    assert len(told) == 1

    after = await described(hass)
    for name, action in before.items():
        assert after[name].get("target") == action.get("target")
        assert after[name].get("response") == action.get("response")
        assert list(after[name]["fields"]) == list(action["fields"])
        assert len(list(choices_in(after[name]))) == (name in ASKING)
        for choices in choices_in(after[name]):
            assert all(selector(choice["selector"]) for choice in choices.values())

    await book.async_update_item(anna.id, {"groups": ["vip"]})
    await hass.async_block_till_done()
    assert len(told) == 1
    await book.async_update_item(anna.id, {"name": "Anna Keller"})
    await hass.async_block_till_done()
    assert await offered(hass) == dict.fromkeys(ASKING, ("Anna Keller",))
    await book.async_delete_item(anna.id)
    await hass.async_block_till_done()
    assert await offered(hass) == dict.fromkeys(ASKING)
    assert len(told) == 3


@pytest.mark.usefixtures("_set_up")
async def test_only_whom_a_name_stands_for(hass: HomeAssistant) -> None:
    """No number is told; nobody is offered who has none to call, or whose name somebody else has too."""
    book = async_get_phone_book(hass)
    for company, numbers in (("Mill", [ROME]), ("Shop", [LONDON])):
        await book.async_add({"name": "Bob", "company": company, "numbers": numbers})
    await book.async_add({"name": "Fax", "numbers": [{"number": ROME, "kind": "fax"}]})
    await book.async_add({"name": "Italy", "numbers": ["+39*"]})
    await book.async_add({"company": "Bakery", "numbers": [ROME]})
    await book.async_add({"name": "Anna", "numbers": ["+493023125101"]})
    await hass.async_block_till_done()
    assert await offered(hass) == dict.fromkeys(ASKING, ("Anna", "Bakery"))
    assert "3023125101" not in str(await described(hass))


@pytest.mark.usefixtures("_set_up")
async def test_no_more_than_a_page_can_hold(hass: HomeAssistant) -> None:
    """Of a thick book only a part is listed; the names of others can be typed."""
    book = async_get_phone_book(hass)
    for number in range(MOST_OFFERED + 1):
        await book.async_add({"name": f"N {number}", "numbers": [f"+4930{number:06}"]})
    await hass.async_block_till_done()
    assert {len(names or ()) for names in (await offered(hass)).values()} == {MOST_OFFERED}
    (choices,) = choices_in((await described(hass))["originate"])
    assert choices["contact"]["selector"]["select"]["custom_value"]


async def test_a_kept_book_is_offered_from_the_start(hass: HomeAssistant, hass_storage: dict[str, Any]) -> None:
    """Once Home Assistant has started, and not before: nobody edits an automation until then."""
    kept = {"id": "anna", "name": "Anna", "numbers": [{"number": ROME, "typed": ROME, "kind": "other"}]}
    hass_storage[STORAGE_KEY] = {"version": 1, "minor_version": 1, "key": STORAGE_KEY, "data": {"items": [kept]}}
    hass.set_state(CoreState.not_running)
    assert await async_setup_component(hass, DOMAIN, {})
    await hass.async_block_till_done()
    assert await offered(hass) == dict.fromkeys(ASKING)
    await hass.async_start()
    await hass.async_block_till_done()
    assert await offered(hass) == dict.fromkeys(ASKING, ("Anna",))


@pytest.mark.parametrize(
    "number",
    [
        {"active_choice": "contact", "contact": "Bob", "number": "", "phone": ""},
        "contact:bob",
        {"active_choice": "contact", "contact": " bob "},
    ],
    ids=["picked", "written", "typed"],
)
async def test_a_contact_is_called(
    hass: HomeAssistant, fake: type[FakeProvider], able_entry: MockConfigEntry, number: Any
) -> None:
    """The contact, though a phone has the same name, and at the number that the book has by now."""
    book = async_get_phone_book(hass)
    bob = await book.async_add({"name": "Bob", "numbers": [LONDON]})
    devices = able_entry.runtime_data.coordinator.devices
    phone = devices.subjects[SubjectKind.EXTENSION, "101"].device.id
    assert dr.async_get(hass).async_get(phone) is not None
    for wanted in (LONDON, ROME):
        await book.async_update_item(bob.id, {"numbers": [wanted]})
        await act(hass, "originate", device_id=[phone], number=number)
        await act(hass, "click_to_call", device_id=[phone], number=number)
        await act(hass, "announce", number=number, message="Hello")
        await act(hass, "send_sms", number=number, message="Hello")
        await act(hass, "transfer", call_id="c1", number=number)
        assert fake.script.arguments("originate")[-1][0].number == wanted
        assert fake.script.arguments("click_to_call")[-1][0].number == wanted
        assert fake.script.arguments("announce")[-1][0] == wanted
        assert fake.script.arguments("send_sms")[-1][0] == wanted
        assert fake.script.arguments("transfer")[-1][1] == wanted


async def test_a_contact_that_is_gone(
    hass: HomeAssistant, fake: type[FakeProvider], able_entry: MockConfigEntry
) -> None:
    """The refusal says whom nobody knows, or who is meant by two; the guard looks at who is."""
    book = async_get_phone_book(hass)
    data = {"extension": "101", "number": "contact:Cid"}
    assert await refused(hass, "originate", **data) == ("unknown_contact", {"name": "Cid"})
    await book.async_add({"name": "Cid", "numbers": ["+49 900 1234567"]})
    assert (await refused(hass, "originate", **data))[0] == "dial_premium"
    await book.async_add({"name": "Cid", "company": "Mill", "numbers": [ROME]})
    assert await refused(hass, "originate", **data) == ("several_named", {"name": "Cid"})
    assert fake.script.times("originate") == 0


# -- the account -------------------------------------------------------------------------------------


async def asked_first(hass: HomeAssistant) -> dict[str, bool]:
    """List the actions that ask for the account before anything else, and whether it has to be said."""
    first = {name: next(iter(action["fields"].items()), None) for name, action in (await described(hass)).items()}
    return {
        name: field[1]["required"]
        for name, field in first.items()
        if field and "required" in field[1] and field[0] == "config_entry_id"
    }


OPEN = {"announce", "send_sms", "dial", "get_calls", "get_call_statistics", "search_contacts", "create_contact"}


async def test_the_account_is_asked_for_where_it_is_open(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """With a second account that can do it, unless a target or a field says which; no longer once that is gone."""
    await async_set_up(hass, fake_config_entry())
    assert await asked_first(hass) == {}
    plain = await described(hass)
    office = fake_config_entry("office")
    fake.script.account = m.Account(id="office", title="Office")
    await async_set_up(hass, office)
    asked = await asked_first(hass)
    assert {name for name, required in asked.items() if required} > OPEN
    assert not asked["get_call_history"]  # a phone says which
    assert asked.keys().isdisjoint({"originate", "transfer", "agent_login", "queue_add", "hangup", "get_queue_status"})
    assert asked.keys().isdisjoint({"add_to_phone_book", "find_in_phone_book"})
    for name, action in (await described(hass)).items():
        names = [key for field in action["fields"].values() for key in field.get("fields", {})]
        folded = name not in asked and "config_entry_id" in str(plain[name]["fields"].get("more"))
        assert ("config_entry_id" in names) is folded, name

    assert await hass.config_entries.async_unload(office.entry_id)
    await hass.async_block_till_done()
    assert await asked_first(hass) == {}
    for name, action in (await described(hass)).items():
        assert (action["fields"], action.get("target")) == (plain[name]["fields"], plain[name].get("target")), name


async def test_an_account_that_cannot_do_it_is_no_choice(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A second account makes nobody choose for what only the first can do."""
    await async_set_up(hass, fake_config_entry())
    fake.script.account = m.Account(id="office", title="Office")
    fake.script.capabilities &= ~m.Capability.SEND_SMS
    await async_set_up(hass, fake_config_entry("office"))
    asked = await asked_first(hass)
    assert "announce" in asked
    assert "send_sms" not in asked
