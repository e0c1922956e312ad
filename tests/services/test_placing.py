"""Placing calls: the numbers, the extensions and the answer."""

import pytest
from homeassistant.core import HomeAssistant

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.telephony import models as m

from ..every_action import EVERY_ACTION, LONDON, ROME, Data, act, commands, plain, refused
from ..fake_provider import FakeProvider

NUMBERED = ("originate", "click_to_call", "dial", "transfer", "announce", "send_sms")


WRITTEN: list[tuple[object, str]] = [
    (ROME, ROME),
    (f"tel:{ROME}", ROME),
    ("TEL:+39-06-1234-5678", ROME),
    (int(ROME), ROME),
    ("06 1234 5678", ROME),
    ("+44 (20) 7946 0123", LONDON),
    (102, "102"),
    ("*97", "*97"),
    ("#31#", "#31#"),
]


@pytest.mark.usefixtures("able_entry")
@pytest.mark.parametrize("name", NUMBERED)
async def test_numbers_as_people_and_templates_write_them(
    hass: HomeAssistant, fake: type[FakeProvider], name: str
) -> None:
    """A template that turns a number into an integer loses its plus; the number is dialled all the same."""
    data, command, _ = EVERY_ACTION[name]
    for given, dialled in WRITTEN:
        await act(hass, name, **{**data, "number": given})
        arguments = fake.script.arguments(command)[-1]
        assert dialled in [getattr(argument, "number", argument) for argument in arguments]
    assert fake.script.times(command) == len(WRITTEN)


@pytest.mark.usefixtures("able_entry")
@pytest.mark.parametrize("name", NUMBERED)
@pytest.mark.parametrize(
    ("country", "given", "dialled"),
    [
        ("DE", 4915123456789, "+4915123456789"),
        ("DE", "4915123456789", "+4915123456789"),
        ("DE", "tel:4915123456789", "+4915123456789"),
        ("DE", 390612345678, "+390612345678"),
        ("DE", "*31#+4930901820", "*31#+4930901820"),
        ("DE", "\u202a0176\u20111234\u20115678\u202c", "+4917612345678"),
        ("AT", 33612345678, "+33612345678"),
        ("AU", "0011 44 20 7946 0123", "+442079460123"),
        ("IT", 33612345678, None),
        ("IT", "3281234567", None),
        ("DE", 15123456789, None),
    ],
)
async def test_no_third_number_is_dialled(
    hass: HomeAssistant, fake: type[FakeProvider], name: str, country: str, given: object, dialled: str | None
) -> None:
    """Without its plus a number is read as it was meant, or refused with both readings."""
    await hass.config.async_update(country=country)
    await hass.async_block_till_done()  # the account is set up anew
    data, command, _ = EVERY_ACTION[name]
    if dialled is None:
        key, placeholders = await refused(hass, name, **{**data, "number": given})
        assert (key, placeholders["field"]) == ("ambiguous_number", "number")
        assert f"+{given}" in placeholders["value"].split(", ")
        assert commands(fake) == []
        return
    await act(hass, name, **{**data, "number": given})
    arguments = fake.script.arguments(command)[-1]
    assert dialled in [getattr(argument, "number", argument) for argument in arguments]


WITH_CALLER_ID = ("originate", "click_to_call", "spy", "announce")


@pytest.mark.usefixtures("able_entry")
@pytest.mark.parametrize(
    ("name", "field"),
    [*((name, "number") for name in NUMBERED), *((name, "caller_id_number") for name in WITH_CALLER_ID)],
)
async def test_numbers_that_cannot_be_dialled(
    hass: HomeAssistant, fake: type[FakeProvider], name: str, field: str
) -> None:
    """A number that cannot be one is refused with the field's name, and the phone system is not asked."""
    for given in ("hello", "+", "tel:", "+39", "+999123456789", "12345678901234567890123", "06 12ab"):
        key, placeholders = await refused(hass, name, **{**EVERY_ACTION[name][0], field: given})
        assert (key, placeholders["field"]) == ("invalid_number", field), given
    assert commands(fake) == []


@pytest.mark.usefixtures("able_entry")
async def test_country_of_the_account_decides(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A number without a country code is one of the account's country, else of Home Assistant's."""
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    await act(hass, "originate", extension="101", number="020 7946 0123")
    hass.config_entries.async_update_entry(entry, options={"country": "GB"})
    await hass.async_block_till_done()
    await act(hass, "originate", extension="101", number="020 7946 0123")
    italian, british = (request.number for (request,) in fake.script.arguments("originate"))
    assert italian != LONDON
    assert british == LONDON


@pytest.mark.usefixtures("able_entry")
@pytest.mark.parametrize("kind", ["public", "id", "sip_username"])
async def test_extension_named_in_another_way(hass: HomeAssistant, fake: type[FakeProvider], kind: str) -> None:
    """An extension that is not named by its number is the phone system's business."""
    await act(hass, "originate", extension="strange", number="102", extension_type=kind)
    assert fake.script.arguments("originate")[0][0].extension == "strange"
    key, _ = await refused(hass, "originate", extension="strange", number="102", extension_type="internal")
    assert key == "unknown_extension"


@pytest.mark.usefixtures("able_entry")
@pytest.mark.parametrize("name", ["originate", "click_to_call", "dial", "announce"])
@pytest.mark.parametrize(
    ("placed", "answer"),
    [
        (m.Placed(call_id="c5"), {"call_id": "c5", "outcome": "accepted"}),
        (m.Placed(outcome=m.PlacedOutcome.UNKNOWN), {"call_id": None, "outcome": "unknown"}),
    ],
)
async def test_answer_of_a_placed_call(
    hass: HomeAssistant, fake: type[FakeProvider], name: str, placed: m.Placed, answer: Data
) -> None:
    """Who asks is told the call's id, where it is known, and whether it was accepted."""
    data, command, _ = EVERY_ACTION[name]
    fake.script.answers[command] = placed
    assert plain(await act(hass, name, **data)) == answer
    await hass.services.async_call(DOMAIN, name, data, blocking=True)
    assert fake.script.times(command) == 2
