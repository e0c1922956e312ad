"""The script is served once, and loaded as long as there is an account."""

import re
from pathlib import Path

from homeassistant.components.frontend import UrlManager
from homeassistant.components.lovelace.resources import ResourceStorageCollection, ResourceYAMLCollection
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pbx.console import digest_of
from custom_components.pbx.const import CONF_PROVIDER, DOMAIN

from ..fake_provider import FakeProvider, async_set_up, fake_config_entry

URL = re.compile(r"/pbx_static/[0-9a-f]{12}/pbx\.js")


def ours(resources: ResourceStorageCollection) -> list[str]:
    """List the scripts that dashboards wait for."""
    return [item["url"] for item in resources.async_items() if item["url"].startswith("/pbx_static/")]


async def test_page_and_dashboards_load_one_address(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    modules: UrlManager,
    resources: ResourceStorageCollection,
) -> None:
    """Both ways lead to the same file, which may be kept for ever, and to its parts."""
    await async_set_up(hass, fake_entry)
    [url] = ours(resources)
    assert URL.fullmatch(url)
    assert set(modules.urls) == {url}
    client = await hass_client()
    answer = await client.get(url)
    assert answer.status == 200
    assert answer.content_type in {"text/javascript", "application/javascript"}
    assert "max-age" in answer.headers["Cache-Control"]
    text = await answer.text()
    parts = set(re.findall(r'"\./([\w-]+\.js)"', text))
    assert parts
    for part in parts:
        assert (await client.get(url.replace("pbx.js", part))).status == 200


async def test_a_new_version_takes_the_place_of_the_old_one(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    resources: ResourceStorageCollection,
) -> None:
    """What an earlier version registered is changed, even if it did so twice; what others registered stays."""
    for url in ("/local/other.js", "/pbx_static/000000000000/pbx.js", "/pbx_static/111111111111/pbx.js"):
        await resources.async_create_item({"res_type": "module", "url": url})
    await async_set_up(hass, fake_entry)
    [url] = ours(resources)
    assert "000000000000" not in url
    assert [item["url"] for item in resources.async_items()] == ["/local/other.js", url]


async def test_two_accounts_at_once_register_it_once(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    resources: ResourceStorageCollection,
) -> None:
    """Accounts are set up at the same time."""
    for name in ("one", "two"):
        data = {CONF_PROVIDER: "fake", CONF_WEBHOOK_ID: name}
        MockConfigEntry(domain=DOMAIN, title=name, entry_id=name, data=data).add_to_hass(hass)
    assert await async_setup_component(hass, "pbx", {})
    await hass.async_block_till_done()
    assert [entry.state for entry in hass.config_entries.async_entries("pbx")] == [ConfigEntryState.LOADED] * 2
    assert len(ours(resources)) == 1


async def test_it_goes_with_the_last_account_and_comes_again(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    modules: UrlManager,
    resources: ResourceStorageCollection,
) -> None:
    """A reload changes nothing; without any account no page loads it."""
    await async_set_up(hass, fake_entry)
    before = ours(resources)
    await hass.config_entries.async_reload(fake_entry.entry_id)
    assert ours(resources) == before
    await hass.config_entries.async_remove(fake_entry.entry_id)
    assert ours(resources) == []
    assert set(modules.urls) == set()
    again = fake_config_entry()
    await async_set_up(hass, again)
    assert ours(resources) == before
    assert set(modules.urls) == set(before)


async def test_resources_in_yaml_are_left_alone(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    modules: UrlManager,
    yaml_resources: ResourceYAMLCollection,
) -> None:
    """There only the page loads it."""
    await async_set_up(hass, fake_entry)
    assert yaml_resources.async_items() == []
    assert len(modules.urls) == 1
    await hass.config_entries.async_remove(fake_entry.entry_id)
    assert set(modules.urls) == set()


async def test_without_a_user_interface(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """Accounts work without one, and can be removed."""
    await async_set_up(hass, fake_entry)
    assert hass.states.get("sensor.house_active_calls") is not None
    await hass.config_entries.async_remove(fake_entry.entry_id)


def test_digest(tmp_path: Path) -> None:
    """It changes with a script's text or name, and with nothing else."""
    (tmp_path / "a.js").write_text("a")
    first = digest_of(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    assert digest_of(tmp_path) == first
    (tmp_path / "a.js").write_text("b")
    second = digest_of(tmp_path)
    (tmp_path / "a.js").rename(tmp_path / "c.js")
    assert len({first, second, digest_of(tmp_path)}) == 3
