"""Actions that say or write something: what they answer."""

import pytest
from homeassistant.core import HomeAssistant

from ..every_action import ROME, act, plain


@pytest.mark.usefixtures("able_entry")
async def test_id_of_a_message(hass: HomeAssistant) -> None:
    """Who sends a message is told its id."""
    assert plain(await act(hass, "send_sms", number=ROME, message="x")) == {"message_id": "sms1"}
