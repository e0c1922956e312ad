"""A page shows what its user may read now, not what the user could read when it was opened."""

from typing import Any

import pytest
from homeassistant.auth.models import Group
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.pbx.telephony.models import CallState, Party

from ..fake_provider import FakeProvider, async_set_up, pushed
from .test_websocket import READS, READS_ANOTHER, silent, subscribe, told

NAMED = Party(number="+390612345678", name="Eva")


def group(name: str, policy: dict[str, Any]) -> Group:
    """Make a group of users with a policy for entities."""
    return Group(id=name, name=name, policy={"entities": policy})


@pytest.mark.parametrize("by", ["the change", "the next call"])
async def test_rights_that_come_and_go(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    by: str,
) -> None:
    """Who may read an account no more has it taken from the page; who may now has it put there, whole."""
    await async_set_up(hass, fake_entry)
    reads, stranger = group("reads", READS), group("stranger", READS_ANOTHER)
    user = MockUser(groups=[reads]).add_to_hass(hass)
    token = await hass.auth.async_create_refresh_token(user, "https://example.com/", client_name=None)
    socket = await hass_ws_client(hass, hass.auth.async_create_access_token(token))
    [account], _ = await subscribe(socket)
    coordinator = fake_entry.runtime_data.coordinator

    async def becomes(wanted: Group) -> None:
        user.groups = [wanted]
        if by == "the change":
            await hass.auth.async_update_user(user, name="Eve")  # it tells everybody
            await hass.async_block_till_done()
        else:
            coordinator.async_push(pushed(f"of {wanted.id}", CallState.RINGING, "102", caller=NAMED))

    await becomes(stranger)
    assert await told(socket) == {"type": "gone", "id": account["id"]}
    coordinator.async_push(pushed("c1", CallState.RINGING, caller=NAMED))
    assert await silent(socket)
    await becomes(reads)
    message = await told(socket)
    assert message["type"] == "account"
    assert "c1" in message["account"]["calls"]
    assert await silent(socket)
    coordinator.async_push(pushed("c1", CallState.TALKING, caller=NAMED))
    assert (await told(socket))["type"] == "delta"


async def test_an_account_that_is_loaded_again_brings_no_call_of_before(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, hass_ws_client: WebSocketGenerator
) -> None:
    """A page that stays open has the account taken away and put back, with the calls that are up then."""
    await async_set_up(hass, fake_entry)
    socket = await hass_ws_client(hass)
    [account], _ = await subscribe(socket)
    fake_entry.runtime_data.coordinator.async_push(pushed("c1", CallState.RINGING, caller=NAMED))
    assert set((await told(socket))["calls"]) == {"c1"}
    for _ in range(2):
        assert await hass.config_entries.async_unload(fake_entry.entry_id)
        assert await told(socket) == {"type": "gone", "id": account["id"]}
        await async_set_up(hass, fake_entry)
        message = await told(socket)
        assert (message["type"], message["account"]["calls"]) == ("account", {})
        assert await silent(socket)
