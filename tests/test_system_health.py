"""System health: counts, and whether clouds can be reached."""

from typing import Any

import aiohttp
import pytest
from homeassistant.components.system_health import get_info
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.test_util.aiohttp import AiohttpClientMocker

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.telephony import models as m

from .fake_provider import FakeProvider, async_set_up, fake_config_entry

CLOUD = "https://pbx.example.com"


async def async_info(hass: HomeAssistant) -> dict[str, Any]:
    """Ask as the page of system health does."""
    assert await async_setup_component(hass, "system_health", {})
    info: dict[str, Any] = dict((await get_info(hass))[DOMAIN])
    return info


async def async_add(hass: HomeAssistant, fake: type[FakeProvider], account: str, **data: Any) -> MockConfigEntry:
    """Set an account up."""
    fake.script.account = m.Account(id=account, title=account)
    entry = fake_config_entry(account, data=data)
    await async_set_up(hass, entry)
    return entry


async def test_counts(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Accounts are counted, loaded or not, and those that push."""
    house = await async_add(hass, fake, "house")
    office = await async_add(hass, fake, "office")
    await async_add(hass, fake, "shop")
    assert await hass.config_entries.async_unload(office.entry_id)
    house.runtime_data.health.streaming = True
    assert await async_info(hass) == {"accounts": 3, "loaded": 2, "pushing": 1}


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ({"status": 200}, "ok"),
        ({"status": 403}, "ok"),
        ({"exc": aiohttp.ClientError()}, "Failed: unreachable"),
        ({"exc": TimeoutError()}, "Failed: timeout"),
    ],
)
@pytest.mark.parametrize("url", [f"{CLOUD}/v1/api?key=secret", "pbx.example.com/v1"])
async def test_cloud(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    aioclient_mock: AiohttpClientMocker,
    url: str,
    answer: dict[str, Any],
    shown: str,
) -> None:
    """Only the server is asked for, without anything of the account; any answer is one."""
    aioclient_mock.get(CLOUD, **answer)  # type: ignore[no-untyped-call]
    await async_add(hass, fake, "house", url=url)
    assert (await async_info(hass))["can_reach_fake"] == shown
    assert [str(asked) for _, asked, _, _ in aioclient_mock.mock_calls] == [CLOUD]


async def test_several_addresses(
    hass: HomeAssistant, fake: type[FakeProvider], aioclient_mock: AiohttpClientMocker
) -> None:
    """With accounts at two servers of one provider, one that is away is told; none is asked twice."""
    aioclient_mock.get(CLOUD)  # type: ignore[no-untyped-call]
    aioclient_mock.get("https://other.example.com", exc=TimeoutError())  # type: ignore[no-untyped-call]
    await async_add(hass, fake, "house", url=f"{CLOUD}/a")
    await async_add(hass, fake, "office", url=f"{CLOUD}/b")
    assert (await async_info(hass))["can_reach_fake"] == "ok"
    assert aioclient_mock.call_count == 1
    await async_add(hass, fake, "shop", url="https://other.example.com")
    assert (await async_info(hass))["can_reach_fake"] == "Failed: timeout"


async def test_own_server(hass: HomeAssistant, fake: type[FakeProvider], aioclient_mock: AiohttpClientMocker) -> None:
    """A server of one's own, with a certificate of its own, is not checked."""
    await async_add(hass, fake, "house", url=CLOUD, verify_ssl=False)
    assert "can_reach_fake" not in await async_info(hass)
    assert aioclient_mock.call_count == 0
