"""The repair of pushes that stopped: a person asks for it, and the subscription is made again."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.push_health import LATE
from custom_components.pbx.repairs import RemedyFlow, async_create_fix_flow
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import ConnectError
from custom_components.pbx.telephony.models import Capability

from .fake_provider import FakeProvider, async_set_up
from .simulators.voipstudio import VoipstudioSimulator

HOME = "https://ha.example.com"
FLOW = "/api/repairs/issues/fix"


@pytest.fixture
async def entry(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> MockConfigEntry:
    """Give an account whose phone system switched its pushes off."""
    fake.script.capabilities |= Capability.WEBHOOK | Capability.SUBSCRIPTIONS
    await hass.config.async_update(external_url=HOME)
    _switch(fake, enabled=False)
    await async_set_up(hass, fake_entry)
    await hass.async_block_till_done(wait_background_tasks=True)
    return fake_entry


@pytest.fixture
async def client(
    hass: HomeAssistant, entry: MockConfigEntry, hass_client: ClientSessionGenerator
) -> TestClient[Any, Any]:
    """Give somebody who looks at the repairs."""
    assert await async_setup_component(hass, "repairs", {})
    return await hass_client()


def _switch(fake: type[FakeProvider], *, enabled: bool) -> None:
    subscription = m.Subscription(id="1", event="calls", url=f"{HOME}/api/webhook/hook_house", enabled=enabled)
    fake.script.answers["subscribe"] = (subscription,)


def issue_of(hass: HomeAssistant, entry: MockConfigEntry, kind: str = "webhook_disabled") -> ir.IssueEntry | None:
    """Find an issue of an account."""
    return ir.async_get(hass).async_get_issue(DOMAIN, f"{kind}_{entry.entry_id}")


async def async_open(
    client: TestClient[Any, Any], entry: MockConfigEntry, kind: str = "webhook_disabled"
) -> dict[str, Any]:
    """Open the repair."""
    response = await client.post(FLOW, json={"handler": DOMAIN, "issue_id": f"{kind}_{entry.entry_id}"})
    assert response.status == 200
    form: dict[str, Any] = await response.json()
    assert form["type"] == "form"
    assert form["step_id"] == "confirm"
    assert form["data_schema"] == []
    assert form["description_placeholders"].items() >= {"title": "House", "provider": "Fake PBX"}.items()
    return form


async def async_confirm(hass: HomeAssistant, client: TestClient[Any, Any], form: dict[str, Any]) -> dict[str, Any]:
    """Say yes, and wait for what follows."""
    response = await client.post(f"{FLOW}/{form['flow_id']}", json={})
    assert response.status == 200
    result: dict[str, Any] = await response.json()
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


async def test_subscribed_again(
    hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry, client: TestClient[Any, Any]
) -> None:
    """Yes subscribes once more, at once; the issue goes."""
    issue = issue_of(hass, entry)
    assert issue is not None
    assert issue.is_fixable
    assert issue.severity is ir.IssueSeverity.WARNING
    form = await async_open(client, entry)
    assert fake.script.times("subscribe") == 1
    _switch(fake, enabled=True)
    assert (await async_confirm(hass, client, form))["type"] == "create_entry"
    assert fake.script.times("subscribe") == 2
    assert issue_of(hass, entry) is None
    assert entry.runtime_data.health.working


async def test_still_switched_off(
    hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry, client: TestClient[Any, Any]
) -> None:
    """Where it did not help, the issue is back."""
    assert (await async_confirm(hass, client, await async_open(client, entry)))["type"] == "create_entry"
    assert fake.script.times("subscribe") == 2
    assert issue_of(hass, entry) is not None


async def test_no_address_yet(
    hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry, client: TestClient[Any, Any]
) -> None:
    """The issue about a missing address is repaired the same way, once there is one."""
    await hass.config.async_update(external_url=None)
    await hass.async_block_till_done(wait_background_tasks=True)
    form = await async_open(client, entry, "webhook_no_url")
    await async_confirm(hass, client, form)
    assert issue_of(hass, entry, "webhook_no_url") is not None
    _switch(fake, enabled=True)
    await hass.config.async_update(external_url=HOME)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert issue_of(hass, entry, "webhook_no_url") is None


@pytest.mark.parametrize("gone", [False, True], ids=["unloaded", "removed"])
async def test_not_loaded(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    entry: MockConfigEntry,
    client: TestClient[Any, Any],
    *,
    gone: bool,
) -> None:
    """An account that is not loaded cannot be repaired, and says so."""
    form = await async_open(client, entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    for entry_id in [entry.entry_id] * gone:
        await hass.config_entries.async_remove(entry_id)
    result = await async_confirm(hass, client, form)
    assert (result["type"], result["reason"]) == ("abort", "not_loaded")
    assert fake.script.times("subscribe") == 1


async def test_issue_gone_meanwhile(hass: HomeAssistant, entry: MockConfigEntry, client: TestClient[Any, Any]) -> None:
    """A repair that was opened before the issue went can still be shown."""
    flow = await async_create_fix_flow(hass, f"webhook_disabled_{entry.entry_id}", {"entry_id": entry.entry_id})
    assert isinstance(flow, RemedyFlow)
    flow.hass, flow.handler, flow.issue_id = hass, DOMAIN, "webhook_disabled_elsewhere"
    flow.flow_id, flow.context = "f", {}
    result = await flow.async_step_init()
    assert result["type"] == "form"
    assert result["description_placeholders"] is None


async def test_away(
    hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry, client: TestClient[Any, Any]
) -> None:
    """A phone system that cannot be reached just now is tried again by itself."""
    fake.script.errors["subscribe"] = ConnectError()
    await async_confirm(hass, client, await async_open(client, entry))
    assert fake.script.times("subscribe") == 2
    assert not entry.runtime_data.health.working


# -- a webhook that says nothing ---------------------------------------------------------------------


async def test_silent_webhook(
    hass: HomeAssistant,
    voipstudio: VoipstudioSimulator,
    hass_client: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is told once a call came in without a message; the page is shown again, and a message mends it."""
    monkeypatch.setattr("custom_components.pbx.repairs.PATIENCE", 0.01)
    assert await async_setup_component(hass, "repairs", {})
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client()
    await hass.config.async_update(external_url=str(client.make_url("")).rstrip("/"))
    data = {"provider": "voipstudio", "webhook_id": "hook_house", "url": voipstudio.url, "api_key": voipstudio.api_key}
    entry = MockConfigEntry(domain=DOMAIN, title="Studio", data=data)
    await async_set_up(hass, entry)
    coordinator = entry.runtime_data.coordinator
    assert issue_of(hass, entry, "webhook_silent") is None
    await voipstudio.ring("442079460123", "1001")
    await coordinator.async_refresh()
    entry.runtime_data.health.judge(dt_util.utcnow() + 2 * LATE)
    assert issue_of(hass, entry, "webhook_silent") is not None

    shown = await client.post(FLOW, json={"handler": DOMAIN, "issue_id": f"webhook_silent_{entry.entry_id}"})
    form = await shown.json()
    assert (form["type"], form["step_id"]) == ("form", "confirm")
    (address,) = [row["description"]["suggested_value"] for row in form["data_schema"] if row["name"] == "address"]
    assert "Integrations > Webhooks" in form["description_placeholders"]["how"]
    path = f"{FLOW}/{form['flow_id']}"
    waiting = await (await client.post(path, json={"test": True})).json()
    assert (waiting["type"], waiting["progress_action"]) == ("progress", "wait_for_call")
    await hass.async_block_till_done()
    again = await (await client.get(path)).json()
    assert (again["type"], again["errors"]) == ("form", {"base": "not_received"})

    monkeypatch.setattr("custom_components.pbx.repairs.PATIENCE", 60)
    await client.post(path, json={"test": True})
    await voipstudio.add_webhook(address)
    await voipstudio.ring("442079460124", "1002")
    await voipstudio.settle()
    await hass.async_block_till_done()
    assert issue_of(hass, entry, "webhook_silent") is None
    assert (await (await client.get(path)).json())["type"] == "create_entry"
    await hass.config_entries.async_unload(entry.entry_id)


@pytest.fixture
async def unlisted(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, hass_client: ClientSessionGenerator
) -> TestClient[Any, Any]:
    """Give somebody who looks at the repairs of an account whose phone system lists no extensions."""
    fake.script.directory = m.Directory(
        extensions=(m.Extension(number="101", name="Anna"), m.Extension(number="102")),
        complete=False,
        can_be_listed=False,
    )
    await async_set_up(hass, fake_entry)
    assert await async_setup_component(hass, "repairs", {})
    return await hass_client()


async def async_table(client: TestClient[Any, Any], entry: MockConfigEntry) -> tuple[str, list[dict[str, Any]]]:
    """Open the table of phones; give the flow, and the rows it shows."""
    response = await client.post(FLOW, json={"handler": DOMAIN, "issue_id": f"unlisted_phones_{entry.entry_id}"})
    form = await response.json()
    assert (form["type"], form["step_id"]) == ("form", "phones")
    assert form["description_placeholders"] == {"title": "House", "provider": "Fake PBX"}
    (field,) = form["data_schema"]
    return form["flow_id"], field["description"]["suggested_value"]


async def async_complete(
    hass: HomeAssistant, client: TestClient[Any, Any], flow: str, rows: list[dict[str, Any]]
) -> dict[str, Any]:
    """Hand the table in, and wait for what follows."""
    response = await client.post(f"{FLOW}/{flow}", json={"phones": rows})
    result: dict[str, Any] = await response.json()
    await hass.async_block_till_done(wait_background_tasks=True)
    return result


async def test_phones_that_cannot_be_listed(
    hass: HomeAssistant, fake_entry: MockConfigEntry, unlisted: TestClient[Any, Any]
) -> None:
    """It is said so; the phones seen so far are named, and what is known them by stays the same."""
    issue = issue_of(hass, fake_entry, "unlisted_phones")
    assert issue is not None
    assert issue.is_fixable
    devices, entities = dr.async_get(hass), er.async_get(hass)
    before = {one.id for one in dr.async_entries_for_config_entry(devices, fake_entry.entry_id)}
    ids = {one.unique_id for one in er.async_entries_for_config_entry(entities, fake_entry.entry_id)}
    flow, rows = await async_table(unlisted, fake_entry)
    assert [(row["number"], row["name"]) for row in rows] == [("101", "Anna"), ("102", "")]
    rows[1]["name"] = "Workshop"
    assert (await async_complete(hass, unlisted, flow, rows))["type"] == "create_entry"
    assert fake_entry.options["phones"] == {"102": {"name": "Workshop"}}
    assert issue_of(hass, fake_entry, "unlisted_phones") is None
    after = dr.async_entries_for_config_entry(devices, fake_entry.entry_id)
    assert {one.id for one in after} == before
    assert "Workshop (102)" in {one.name for one in after}
    assert {one.unique_id for one in er.async_entries_for_config_entry(entities, fake_entry.entry_id)} == ids


async def test_table_of_phones_that_is_right_as_it_is(
    hass: HomeAssistant, fake_entry: MockConfigEntry, unlisted: TestClient[Any, Any]
) -> None:
    """Who has nothing to add is not asked again."""
    flow, rows = await async_table(unlisted, fake_entry)
    assert (await async_complete(hass, unlisted, flow, rows))["type"] == "create_entry"
    assert "phones" not in fake_entry.options
    await hass.config_entries.async_reload(fake_entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert issue_of(hass, fake_entry, "unlisted_phones") is None


async def test_table_of_phones_with_a_row_without_number(
    hass: HomeAssistant, fake_entry: MockConfigEntry, unlisted: TestClient[Any, Any]
) -> None:
    """The form says so, and nothing is kept."""
    flow, rows = await async_table(unlisted, fake_entry)
    form = await async_complete(hass, unlisted, flow, [*rows, {"number": " ", "name": "Nobody"}])
    assert form["errors"] == {"phones": "invalid_row"}
    assert "phones" not in fake_entry.options
    assert issue_of(hass, fake_entry, "unlisted_phones") is not None


@pytest.mark.parametrize("options", [{"extensions": ["101"]}, {"phones": {"101": {"name": "Anna"}}}])
@pytest.mark.usefixtures("unlisted")
async def test_phones_that_a_person_has_entered(
    hass: HomeAssistant, fake_entry: MockConfigEntry, options: dict[str, Any]
) -> None:
    """Nobody is asked who has said in the options which there are."""
    assert issue_of(hass, fake_entry, "unlisted_phones") is not None
    hass.config_entries.async_update_entry(fake_entry, options={**fake_entry.options, **options})
    await hass.async_block_till_done(wait_background_tasks=True)
    assert issue_of(hass, fake_entry, "unlisted_phones") is None
