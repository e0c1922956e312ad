"""Actions on the address book: what they answer."""

from dataclasses import replace

import pytest
from homeassistant.core import HomeAssistant

from custom_components.pbx.telephony import models as m

from ..every_action import CONTACT, FULL_CONTACT, act, plain
from ..fake_provider import FakeProvider


@pytest.mark.usefixtures("able_entry")
async def test_contacts(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """The answers are JSON; what is unknown is absent."""
    fake.script.answers |= {
        "search_contacts": m.ContactPage(contacts=(replace(CONTACT, id="7"), m.Contact(id="8")), has_next=True),
    }
    assert plain(await act(hass, "search_contacts")) == {
        "contacts": [{"id": "7", **FULL_CONTACT}, {"id": "8"}],
        "has_next": True,
    }
    assert plain(await act(hass, "create_contact", first_name="Ada")) == {"first_name": "Ada"}
    assert plain(await act(hass, "update_contact", contact_id="7", groups=["a"])) == {"id": "7", "groups": ["a"]}
