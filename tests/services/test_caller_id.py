"""The caller ID of a placed call: hidden where the phone system can, refused in words where it cannot."""

import json

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from ..every_action import act
from ..house import living

pytestmark = pytest.mark.usefixtures("socket_enabled")

CALLEES = {"voipat": "102", "voipsun": "102", "voxloud": "+390655502001"}


@pytest.mark.parametrize("word", ["anonymous", " Anonymous ", "unterdrückt"])
@pytest.mark.parametrize("action", ["originate", "click_to_call"])
async def test_hidden(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, action: str, word: str) -> None:
    """Whatever word a person takes for it, the phone system gets its own."""
    async with living(hass, "voipstudio", hass_client_no_auth) as house:
        await act(hass, action, extension="1001", number="+447700900001", caller_id_number=word)
        (placed,) = house.simulator.placed
        assert placed.source == "1001"
        sent = house.simulator.seen("/calls", "POST")[-1]
        assert json.loads(sent.body)["caller_id"] == "anonymous"


@pytest.mark.parametrize("provider", CALLEES)
async def test_cannot_be_hidden(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, provider: str
) -> None:
    """Where a phone system knows no hidden callers, nothing is placed, and the field is named."""
    async with living(hass, provider, hass_client_no_auth) as house:
        with pytest.raises(ServiceValidationError) as raised:
            await act(hass, "originate", extension="101", number=CALLEES[provider], caller_id_number="anonymous")
        assert raised.value.translation_key == "invalid_number"
        assert (raised.value.translation_placeholders or {})["field"] == "caller_id_number"
        assert house.simulator.placed == []
