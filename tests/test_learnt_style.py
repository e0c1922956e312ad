"""How a phone system writes its list of calls is learnt once, and known from the first call after a restart on."""

from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from .house import House, living

LEARNT = "lists_called_phones"


async def menu_given_up(house: House) -> list[str]:
    """Let somebody hang up in a menu that answers a phone's own number; return what was told."""
    before = len(house.told())
    call = await house.simulator.ring_menu(house.caller, did="222300102")
    await house.until(lambda: len(house.told()) > before, "the call")
    await house.simulator.hang_up(call)
    await house.until(lambda: house.told()[-1] in {"call_missed", "call_ended"}, "its end")
    return house.told()[before:]


async def test_it_is_kept(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, socket_enabled: None
) -> None:
    """A caller whom only a menu has picked up is missed then, though it may be a phone that is not listed."""
    async with living(hass, "voipsun", hass_client_no_auth) as house:
        assert LEARNT not in house.entry.data
        await house.hang_up(await house.ring("101"))
        assert house.entry.data[LEARNT] is True
        assert await hass.config_entries.async_reload(house.entry.entry_id)
        await house.settle()
        assert await menu_given_up(house) == ["call_incoming", "call_missed"]
        assert house.entry.data[LEARNT] is True
