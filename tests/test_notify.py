"""Text messages: to the number in an account's options, and to people of the phone book."""

from typing import Any

import pytest
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.const import ATTR_ENTITY_ID, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.const import CONF_MESSAGE_NUMBER
from custom_components.pbx.phone_book.collection import PhoneBook, async_get_phone_book
from custom_components.pbx.phone_book.entry import MAX_MESSAGES
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    AuthError,
    ConnectError,
    ProviderError,
    RateLimitError,
    RefusedError,
    UnknownOutcomeError,
)
from custom_components.pbx.telephony.models import Capability
from custom_components.pbx.telephony.phone_numbers import DialForm

from .every_action import LONDON
from .fake_provider import FakeProvider, async_set_up, fake_config_entry

MINE = "+491701234567"
ANNA = {"name": "Anna", "numbers": ["030 23125101"], "messages": True}
TO_ANNA, TO_ME = "notify.house_text_message_to_anna", "notify.house_text_message"


@pytest.fixture(autouse=True)
async def _germany(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Be in Germany, with a phone system that can do everything."""
    await hass.config.async_update(country="DE")


async def write(hass: HomeAssistant, entity_id: str, message: str, context: Context | None = None, **more: str) -> None:
    """Send a message."""
    data = {ATTR_ENTITY_ID: entity_id, "message": message, **more}
    await hass.services.async_call("notify", "send_message", data, blocking=True, context=context)


def shown(hass: HomeAssistant) -> dict[str, str]:
    """Give what sends messages, by what it is called."""
    return {state.entity_id: state.name for state in hass.states.async_all("notify")}


async def account(
    hass: HomeAssistant, options: dict[str, Any] | None = None, *, name: str = "house"
) -> MockConfigEntry:
    """Set up an account."""
    entry = fake_config_entry(name, options=options or {})
    await async_set_up(hass, entry)
    return entry


async def test_an_account_writes_to_its_number(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """The message is sent once, and a title is its first line."""
    await account(hass, {CONF_MESSAGE_NUMBER: MINE})
    assert shown(hass) == {TO_ME: "House Text message"}
    assert hass.states.get(TO_ME).state == STATE_UNKNOWN  # type: ignore[union-attr]
    await write(hass, TO_ME, " The cellar is wet ")
    await write(hass, TO_ME, "The cellar is wet", title="Water")
    assert fake.script.arguments("send_sms") == [
        (MINE, "The cellar is wet", None),
        (MINE, "Water\nThe cellar is wet", None),
    ]
    assert hass.states.get(TO_ME).state not in (STATE_UNKNOWN, STATE_UNAVAILABLE)  # type: ignore[union-attr]


async def test_an_account_without_a_number_says_what_is_missing(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Nothing is sent as long as nobody entered a number."""
    await account(hass)
    with pytest.raises(ServiceValidationError) as refused:
        await write(hass, TO_ME, "Hello")
    assert (refused.value.translation_key, refused.value.translation_placeholders) == (
        "no_message_number",
        {"account": "House"},
    )
    assert fake.script.times("send_sms") == 0


async def test_nothing_where_no_message_can_be_sent(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A phone system without text messages has no such entity, whoever is marked."""
    fake.script.capabilities &= ~Capability.SEND_SMS
    await account(hass, {CONF_MESSAGE_NUMBER: MINE})
    await async_get_phone_book(hass).async_add(ANNA)
    await hass.async_block_till_done()
    assert shown(hass) == {}


async def test_who_is_marked_gets_an_entity(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """It comes with the mark, is called like the person, follows the name and number, and goes with the mark."""
    await account(hass)
    book = async_get_phone_book(hass)
    await book.async_add({"name": "Bob", "numbers": ["102"]})
    anna = await book.async_add(ANNA)
    await hass.async_block_till_done()
    assert shown(hass) == {TO_ME: "House Text message", TO_ANNA: "House Text message to Anna"}
    await write(hass, TO_ANNA, "Dinner is ready")

    await book.async_update_item(anna.id, {"name": "Anna {Keller}", "numbers": ["040 123456"]})
    await hass.async_block_till_done()
    assert shown(hass)[TO_ANNA] == "House Text message to Anna {Keller}"
    await write(hass, TO_ANNA, "Dinner is cold")
    assert fake.script.arguments("send_sms") == [
        ("+493023125101", "Dinner is ready", None),
        ("+4940123456", "Dinner is cold", None),
    ]

    await book.async_update_item(anna.id, {"messages": False})
    await hass.async_block_till_done()
    assert shown(hass) == {TO_ME: "House Text message"}
    assert er.async_get(hass).async_get(TO_ANNA) is None
    await book.async_update_item(anna.id, {"messages": True})
    await hass.async_block_till_done()
    assert len(shown(hass)) == 2
    await book.async_delete_item(anna.id)
    await hass.async_block_till_done()
    assert shown(hass) == {TO_ME: "House Text message"}


async def test_an_entity_outlives_a_reload_but_not_its_entry(hass: HomeAssistant) -> None:
    """Whoever was removed while the account was not loaded has no entity when it is."""
    entry = await account(hass)
    book = async_get_phone_book(hass)
    anna = await book.async_add(ANNA)
    await book.async_add({"name": "Bob", "numbers": [LONDON], "messages": True})
    await hass.async_block_till_done()
    assert len(shown(hass)) == 3
    assert await hass.config_entries.async_unload(entry.entry_id)
    await book.async_delete_item(anna.id)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert set(shown(hass)) == {TO_ME, "notify.house_text_message_to_bob"}


@pytest.mark.parametrize(
    ("numbers", "wanted"),
    [
        ([{"number": "+493011", "kind": "fax"}, "+493012"], "+493012"),
        (["030 23125101", {"number": "0170 1234567", "kind": "mobile"}], MINE),
        (["030 23125101", "0170 1234567"], MINE),
        (["0170 1234567", {"number": "030 23125101", "kind": "mobile"}], "+493023125101"),
        (["101", LONDON], LONDON),
        (["101"], "101"),
        (["+4930*"], None),
        ([{"number": "+493011", "kind": "fax"}], None),
    ],
    ids=[
        "no fax",
        "mobile first",
        "mobile by its number",
        "mobile by its kind",
        "no extension",
        "an extension for lack of others",
        "many",
        "only a fax",
    ],
)
async def test_which_number(
    hass: HomeAssistant, fake: type[FakeProvider], numbers: list[Any], wanted: str | None
) -> None:
    """A mobile number is taken before others, and no fax; whoever has none has no entity."""
    await account(hass)
    await async_get_phone_book(hass).async_add({**ANNA, "numbers": numbers})
    await hass.async_block_till_done()
    assert (TO_ANNA in shown(hass)) is (wanted is not None)
    if wanted is not None:
        await write(hass, TO_ANNA, "x")
        assert fake.script.arguments("send_sms") == [(wanted, "x", None)]


async def test_the_number_is_sent_in_the_form_that_is_wanted(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A phone system that dials national numbers gets one."""
    fake.dial_form = DialForm.NATIONAL
    await account(hass, {CONF_MESSAGE_NUMBER: MINE})
    await write(hass, TO_ME, "x")
    assert fake.script.arguments("send_sms") == [("01701234567", "x", None)]


async def _book(hass: HomeAssistant) -> PhoneBook:
    """Give the phone book of a house with an account."""
    await account(hass)
    return async_get_phone_book(hass)


async def test_no_more_than_fifty(hass: HomeAssistant) -> None:
    """The next one cannot be marked, by no way, and who is marked already stays so."""
    book = await _book(hass)
    for number in range(MAX_MESSAGES):
        await book.async_add({**ANNA, "name": f"Anna {number}"})
    await hass.async_block_till_done()
    assert len(shown(hass)) == 1 + MAX_MESSAGES
    for mark in (
        book.async_add({**ANNA, "name": "One more"}),
        book.async_create_item({**ANNA, "name": "One more"}),
    ):
        with pytest.raises(ServiceValidationError) as refused:
            await mark
        assert refused.value.translation_key == "phone_book_messages_full"
    more = await book.async_add({**ANNA, "name": "One more", "messages": False})
    with pytest.raises(ServiceValidationError):
        await book.async_update_item(more.id, {"messages": True})
    await book.async_add({**ANNA, "name": "Anna 7", "groups": ["vip"]})
    await hass.async_block_till_done()
    assert len(shown(hass)) == 1 + MAX_MESSAGES


@pytest.mark.parametrize(("entity_id", "number"), [(TO_ME, "0900 3123456"), (TO_ANNA, "0900 3123456")])
async def test_what_may_not_be_dialled_gets_no_message(
    hass: HomeAssistant, fake: type[FakeProvider], entity_id: str, number: str
) -> None:
    """The rules for numbers hold, and so does the limit per minute."""
    entry = await account(hass, {CONF_MESSAGE_NUMBER: number, "dial_limit": 1})
    await async_get_phone_book(hass).async_add({**ANNA, "numbers": [number]})
    await hass.async_block_till_done()
    with pytest.raises(ServiceValidationError) as refused:
        await write(hass, entity_id, "x")
    assert refused.value.translation_key == "dial_premium"
    assert fake.script.times("send_sms") == 0
    allowed = {**entry.options, "dial_kinds": ["premium"]}
    hass.config_entries.async_update_entry(entry, options=allowed)
    await hass.async_block_till_done()
    await write(hass, entity_id, "x")
    with pytest.raises(ServiceValidationError) as refused:
        await write(hass, entity_id, "x")
    assert refused.value.translation_key == "dial_limit"
    assert fake.script.times("send_sms") == 1


@pytest.mark.parametrize("message", ["", "   ", "x" * 4097], ids=["empty", "blank", "long"])
async def test_what_is_no_message(hass: HomeAssistant, fake: type[FakeProvider], message: str) -> None:
    """An empty message is not sent, and none that is longer than any phone system takes."""
    await account(hass, {CONF_MESSAGE_NUMBER: MINE})
    with pytest.raises(ServiceValidationError) as refused:
        await write(hass, TO_ME, message)
    assert refused.value.translation_key == "message_length"
    await write(hass, TO_ME, "x" * 4096)
    assert fake.script.times("send_sms") == 1


@pytest.mark.parametrize(
    ("error", "key"),
    [
        (UnknownOutcomeError(), "unknown_outcome"),
        (ConnectError(), "cannot_connect"),
        (RateLimitError(7), "rate_limited"),
        (RefusedError("no credit"), "refused"),
        (AuthError(), "invalid_auth"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, ProviderError) else value,
)
async def test_a_message_that_fails_is_not_repeated(
    hass: HomeAssistant, fake: type[FakeProvider], error: ProviderError, key: str
) -> None:
    """It is sent once, and what is not known is told as unknown; the entity does not say that it was sent."""
    await account(hass, {CONF_MESSAGE_NUMBER: MINE})
    fake.script.errors["send_sms"] = error
    with pytest.raises(HomeAssistantError) as failed:
        await write(hass, TO_ME, "x")
    assert failed.value.translation_key == key
    assert fake.script.times("send_sms") == 1
    assert hass.states.get(TO_ME).state == STATE_UNKNOWN  # type: ignore[union-attr]


async def test_unavailable_with_its_account(
    hass: HomeAssistant, fake: type[FakeProvider], expected_warnings: list[str]
) -> None:
    """Nobody writes with a phone system that cannot be reached."""
    entry = await account(hass, {CONF_MESSAGE_NUMBER: MINE})
    await async_get_phone_book(hass).async_add(ANNA)
    await hass.async_block_till_done()
    expected_warnings += ["cannot be reached", "currently available"]
    fake.script.errors |= {"calls": ConnectError(), "directory": ConnectError()}
    await entry.runtime_data.coordinator.async_refresh()
    assert {state.state for state in hass.states.async_all("notify")} == {STATE_UNAVAILABLE}
    await write(hass, TO_ANNA, "x")
    assert fake.script.times("send_sms") == 0


@pytest.mark.parametrize("entity_id", [TO_ME, TO_ANNA])
async def test_rights(hass: HomeAssistant, fake: type[FakeProvider], entity_id: str) -> None:
    """Whoever may control the entity may write, and nobody else."""
    await account(hass, {CONF_MESSAGE_NUMBER: MINE})
    await async_get_phone_book(hass).async_add(ANNA)
    await hass.async_block_till_done()
    await hass.auth.async_create_user("Administrator", group_ids=[GROUP_ID_ADMIN])
    reader = await hass.auth.async_create_user("Reader", group_ids=[GROUP_ID_READ_ONLY])
    user = await hass.auth.async_create_user("User", group_ids=[GROUP_ID_USER])
    with pytest.raises(Unauthorized):
        await write(hass, entity_id, "x", Context(user_id=reader.id))
    assert fake.script.times("send_sms") == 0
    await write(hass, entity_id, "x", Context(user_id=user.id))
    assert fake.script.times("send_sms") == 1


async def test_each_account_has_its_own(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A person can be written to with each account, under ids of their own."""
    await account(hass)
    fake.script.account = m.Account(id="shop", title="Shop")
    await account(hass, name="shop")
    await async_get_phone_book(hass).async_add(ANNA)
    await hass.async_block_till_done()
    assert len(shown(hass)) == 4
