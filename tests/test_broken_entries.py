"""An entry that cannot be understood is in error with words, and everything else works."""

from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.pbx.const import CONF_PROVIDER, DOMAIN
from custom_components.pbx.migration import VERSION

from .fake_provider import FakeProvider, async_set_up, fake_config_entry

BROKEN: list[tuple[dict[str, Any], str]] = [
    ({CONF_PROVIDER: "of_the_future", "url": "https://pbx.example"}, "unknown_provider"),
    ({CONF_PROVIDER: None}, "unknown_provider"),
    ({CONF_PROVIDER: ["voipat"]}, "unknown_provider"),
    ({CONF_PROVIDER: {}}, "unknown_provider"),
    ({}, "unknown_provider"),
    ({CONF_PROVIDER: "voipsun", "url": 7, "username": [], "password": None}, "broken_entry"),
]


@pytest.mark.parametrize(("data", "key"), BROKEN, ids=[str(data) for data, _ in BROKEN])
async def test_broken_entry(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    fake_entry: MockConfigEntry,
    expected_warnings: list[str],
    data: dict[str, Any],
    key: str,
) -> None:
    """The page of integrations shows it in error beside the others, and it can be deleted."""
    expected_warnings.append("could not be set up|cannot be read|does not know")
    broken = MockConfigEntry(domain=DOMAIN, title="Broken", data=data)
    broken.add_to_hass(hass)
    await async_set_up(hass, fake_entry)
    await hass.async_block_till_done()
    assert broken.state is ConfigEntryState.SETUP_ERROR
    assert broken.error_reason_translation_key == key
    assert fake_entry.state is ConfigEntryState.LOADED

    assert await async_setup_component(hass, "config", {})
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "config_entries/get", "domain": DOMAIN})
    listed = {row["entry_id"]: row["state"] for row in (await client.receive_json())["result"]}
    assert listed == {broken.entry_id: "setup_error", fake_entry.entry_id: "loaded"}
    assert await hass.config_entries.async_remove(broken.entry_id) == {"require_restart": False}


JUNK: list[tuple[tuple[str, ...], tuple[Any, ...]]] = [
    (("call_slots", "dial_limit"), ("abc", None, [], {})),
    (("dial_kinds", "dial_allow", "dial_deny", "assist_numbers", "follow_extensions"), (5, None, "x", [5], {})),
    (("country", "message_number"), (5, ["DE"], {})),
    (("dial_emergency", "assist"), ("false", 1, [])),
]


@pytest.mark.parametrize(
    "options", [{name: junk} for names, values in JUNK for name in names for junk in values], ids=str
)
async def test_broken_options(
    hass: HomeAssistant, fake: type[FakeProvider], expected_warnings: list[str], options: dict[str, Any]
) -> None:
    """Rules of dialing that cannot be read stop an account in words: without them it might dial what was forbidden."""
    expected_warnings.append("cannot be read")
    entry = fake_config_entry(options=options)
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "broken_entry"


async def test_options_as_any_version_kept_them(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A number from a form may be a broken one, and options of others are theirs."""
    entry = fake_config_entry(options={"call_slots": 2, "dial_limit": 5.0, "dial_allow": [], "of_the_future": {}})
    await async_set_up(hass, entry)
    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize("data", [{CONF_PROVIDER: "of_the_future"}, {}])
async def test_flows_of_a_broken_entry(
    hass: HomeAssistant, fake_entry: MockConfigEntry, expected_warnings: list[str], data: dict[str, Any]
) -> None:
    """Options and reconfiguration say why there is nothing to change."""
    expected_warnings.append("could not be set up|does not know")
    broken = MockConfigEntry(domain=DOMAIN, title="Broken", data=data)
    broken.add_to_hass(hass)
    await async_set_up(hass, fake_entry)
    options = await hass.config_entries.options.async_init(broken.entry_id)
    again = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": broken.entry_id}
    )
    for result in (options, again):
        assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "unknown_provider")


@pytest.mark.parametrize("data", [{CONF_PROVIDER: "voipsun"}, {CONF_PROVIDER: "of_the_future", "url": 7}, {}], ids=str)
async def test_entry_of_a_newer_version(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    fake_entry: MockConfigEntry,
    expected_warnings: list[str],
    data: dict[str, Any],
) -> None:
    """After a downgrade it is left as it is, shown in error beside the others, and can be deleted."""
    expected_warnings.append("^ERROR homeassistant.config_entries: .* which is higher than the current version")
    newer = MockConfigEntry(domain=DOMAIN, title="Newer", version=VERSION + 1, data=data)
    newer.add_to_hass(hass)
    await async_set_up(hass, fake_entry)
    await hass.async_block_till_done()

    assert await async_setup_component(hass, "config", {})
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "config_entries/get", "domain": DOMAIN})
    listed = {row["entry_id"]: row["state"] for row in (await client.receive_json())["result"]}
    assert listed == {newer.entry_id: "migration_error", fake_entry.entry_id: "loaded"}
    assert (newer.version, dict(newer.data)) == (VERSION + 1, data)
    assert await hass.config_entries.async_remove(newer.entry_id) == {"require_restart": False}
    assert fake_entry.state is ConfigEntryState.LOADED
