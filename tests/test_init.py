"""The life of an account: set up, refused, away, unloaded, loaded again, changed, removed."""

from datetime import timedelta
from typing import Any

import pytest
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.pbx.accounts import async_session
from custom_components.pbx.config_flow import PbxConfigFlow
from custom_components.pbx.const import CONF_PINNED_ACCOUNT, DOMAIN
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    AuthError,
    ConnectError,
    ProviderError,
    RateLimitError,
    RefusedError,
    UnsupportedError,
)
from custom_components.pbx.telephony.models import CallState, Capability

from .fake_provider import FakeProvider, async_set_up, fake_config_entry, incoming, pushed
from .simulators.voipat import VoipatSimulator
from .simulators.voxloud import VoxloudSimulator

HOME = "https://ha.example.com"


def state_of(entry: MockConfigEntry) -> ConfigEntryState:
    """Tell how an entry is now."""
    return entry.state


async def _async_settle(hass: HomeAssistant) -> None:
    await hass.async_block_till_done(wait_background_tasks=True)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=1))
    await hass.async_block_till_done(wait_background_tasks=True)


async def _async_fail(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()


# -- set up ------------------------------------------------------------------------------------------


async def test_set_up(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """The account is a service with its extensions behind it; its title, model and version are shown."""
    await async_set_up(hass, fake_entry)
    assert state_of(fake_entry) is ConfigEntryState.LOADED
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), fake_entry.entry_id)
    account = next(device for device in devices if device.entry_type is dr.DeviceEntryType.SERVICE)
    assert (account.name, account.manufacturer, account.model, account.sw_version) == (
        "House",
        "Fake PBX",
        "Fake 1",
        "2.0",
    )
    assert sorted(device.name or "" for device in devices if device is not account) == ["Ann (101)", "Bob (102)"]
    assert {device.via_device_id for device in devices if device is not account} == {account.id}


async def test_devices_before_entities_before_pushes(
    hass: HomeAssistant, fake: type[FakeProvider], monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the first push can come, every entity exists."""
    fake.script.capabilities |= Capability.WEBHOOK
    seen: list[tuple[int, int]] = []

    def register(*_arguments: Any, **_more: Any) -> None:
        seen.append((len(dr.async_get(hass).devices), len(hass.states.async_entity_ids("event"))))

    monkeypatch.setattr("homeassistant.components.webhook.async_register", register)
    await async_set_up(hass, fake_config_entry())
    assert seen == [(3, 2)]


@pytest.mark.parametrize("where", ["account", "calls", "directory"])
@pytest.mark.parametrize(
    ("error", "key"),
    [
        (ConnectError(), "cannot_connect"),
        (RateLimitError(90), "rate_limited"),
        (RefusedError("Closed"), "refused"),
        (UnsupportedError("x"), "cannot_connect"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_away(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    where: str,
    error: ProviderError,
    key: str,
    expected_warnings: list[str],
) -> None:
    """An account that cannot be had now is tried again, with a reason; nothing of it is left over meanwhile."""
    fake.script.errors[where] = error
    await _async_fail(hass, fake_entry)
    assert state_of(fake_entry) is ConfigEntryState.SETUP_RETRY
    assert fake_entry.error_reason_translation_key == key
    assert fake_entry.error_reason_translation_domain == DOMAIN
    assert fake_entry.reason
    assert "{" not in fake_entry.reason
    assert hass.states.async_entity_ids("event") == []
    del fake.script.errors[where]
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=3))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert state_of(fake_entry) is ConfigEntryState.LOADED


@pytest.mark.parametrize("where", ["account", "calls", "directory"])
async def test_refused(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    where: str,
    expected_warnings: list[str],
) -> None:
    """Wrong credentials are asked for again."""
    expected_warnings.append("could not authenticate: Fake PBX refuses the credentials")
    fake.script.errors[where] = AuthError()
    await _async_fail(hass, fake_entry)
    assert state_of(fake_entry) is ConfigEntryState.SETUP_ERROR
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["step_id"] == "reauth_confirm"
    assert flow["context"]["entry_id"] == fake_entry.entry_id


async def test_another_account_behind_the_same_door(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry, expected_warnings: list[str]
) -> None:
    """Credentials that lead to another account are not used for this one."""
    expected_warnings.append("belong to another account of Fake PBX")
    fake.script.account = m.Account(id="somebody-else", title="x")
    await _async_fail(hass, fake_entry)
    assert state_of(fake_entry) is ConfigEntryState.SETUP_ERROR
    assert len(hass.config_entries.flow.async_progress_by_handler(DOMAIN)) == 1
    assert fake.script.times("calls") == 0


async def test_without_a_unique_id(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """An entry that was made without one works."""
    entry = MockConfigEntry(domain=DOMAIN, title="House", data={"provider": "fake", "webhook_id": "id"})
    await async_set_up(hass, entry)
    assert state_of(entry) is ConfigEntryState.LOADED


def test_version() -> None:
    """A later version can tell how an entry was written."""
    assert (PbxConfigFlow.VERSION, PbxConfigFlow.MINOR_VERSION) == (2, 1)


async def test_from_a_later_version(
    hass: HomeAssistant, fake: type[FakeProvider], expected_warnings: list[str]
) -> None:
    """An entry of a later major version is left alone, and one of a later minor version works."""
    expected_warnings.append("has version 3 which is higher")
    later = fake_config_entry("later", version=3)
    await _async_fail(hass, later)
    assert state_of(later) is ConfigEntryState.MIGRATION_ERROR
    entry = fake_config_entry(minor_version=3)
    await async_set_up(hass, entry)
    assert state_of(entry) is ConfigEntryState.LOADED


async def test_settings(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """The provider is told the data and the options, and Home Assistant's country where no other was chosen."""
    await hass.config.async_update(country="IT")
    entry = fake_config_entry(data={"host": "pbx"}, options={"rate_plan": "enterprise"})
    await async_set_up(hass, entry)
    settings = entry.runtime_data.coordinator.provider.settings
    assert (settings.host, settings.rate_plan, settings.country) == ("pbx", "enterprise", "IT")


@pytest.mark.parametrize(("chosen", "read_as"), [({}, "FR"), ({"country": "DE"}, "DE")], ids=["house", "account"])
async def test_another_country(
    hass: HomeAssistant, fake: type[FakeProvider], chosen: dict[str, str], read_as: str
) -> None:
    """Numbers are read as where the house is, once that was said; unless the account is elsewhere."""
    await hass.config.async_update(country="IT")
    entry = fake_config_entry(options=chosen)
    await async_set_up(hass, entry)
    before = entry.runtime_data
    await hass.config.async_update(location_name="Home")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.runtime_data is before
    await hass.config.async_update(country="FR")
    await hass.async_block_till_done(wait_background_tasks=True)
    assert entry.runtime_data.coordinator.provider.settings.country == read_as
    assert (entry.runtime_data is before) == bool(chosen)
    assert state_of(entry) is ConfigEntryState.LOADED


@pytest.mark.parametrize("verify", [True, False])
async def test_certificate(hass: HomeAssistant, fake: type[FakeProvider], *, verify: bool) -> None:
    """The session is the one that checks certificates, unless the user said otherwise."""
    sessions: list[object] = []
    original = FakeProvider.__init__

    def init(self: FakeProvider, session: Any, settings: Any) -> None:
        sessions.append(session)
        original(self, session, settings)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fake, "__init__", init)
        await async_set_up(hass, fake_config_entry(data={"verify_ssl": verify}))
    assert sessions == [async_session(hass, "entry_house", verify_ssl=verify)]


# -- unload, reload ----------------------------------------------------------------------------------


async def test_unload_and_reload(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """An account can be loaded any number of times; its entities stay the same."""
    fake.script.capabilities |= Capability.WEBHOOK | Capability.STREAM
    await async_set_up(hass, fake_entry)
    before = set(er.async_get(hass).entities)
    for _ in range(2):
        assert await hass.config_entries.async_reload(fake_entry.entry_id)
        await hass.async_block_till_done()
        assert state_of(fake_entry) is ConfigEntryState.LOADED
        assert set(er.async_get(hass).entities) == before
    assert await hass.config_entries.async_unload(fake_entry.entry_id)
    assert state_of(fake_entry) is ConfigEntryState.NOT_LOADED
    states = [hass.states.get(entity) for entity in before]
    assert all(state is None or state.state == "unavailable" for state in states)
    asked = len(fake.script.asked)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(hours=1))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert len(fake.script.asked) == asked


async def test_two_accounts_do_not_touch(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """What happens at one account is none of the other's business."""
    entries = []
    for account in ("one", "two"):
        fake.script.account = m.Account(id=account, title=account)
        entry = fake_config_entry(account)
        await async_set_up(hass, entry)
        entries.append(entry)
    one, two = entries
    one.runtime_data.coordinator.async_push(pushed("c1", CallState.RINGING))
    assert set(one.runtime_data.coordinator.data.calls) == {"c1"}
    assert not two.runtime_data.coordinator.data.calls
    assert await hass.config_entries.async_unload(one.entry_id)
    assert state_of(two) is ConfigEntryState.LOADED


async def test_own_data_reloads_nothing(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """What the account finds out is kept without a reload; what somebody else changes needs one."""
    await async_set_up(hass, fake_entry)
    coordinator = fake_entry.runtime_data.coordinator
    for _ in range(2):
        coordinator.async_keep({CONF_PINNED_ACCOUNT: "117"})
        await _async_settle(hass)
    assert fake_entry.runtime_data.coordinator is coordinator
    assert fake_entry.data[CONF_PINNED_ACCOUNT] == "117"
    assert coordinator.provider.settings.pinned_account == "117"
    hass.config_entries.async_update_entry(fake_entry, data={**fake_entry.data, "host": "elsewhere"})
    await _async_settle(hass)
    assert fake_entry.runtime_data.coordinator is not coordinator
    assert fake.script.times("account") == 2


# -- permissions -------------------------------------------------------------------------------------


async def test_missing_permission(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """A permission that is missing is told by name, until it is granted."""
    script = fake.script
    script.directory = m.Directory(
        extensions=script.directory.extensions, missing_permissions=frozenset({"SIP status", "Call list"})
    )
    await async_set_up(hass, fake_entry)
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"missing_permission_{fake_entry.entry_id}")
    assert issue is not None
    assert not issue.is_fixable
    assert issue.severity is ir.IssueSeverity.WARNING
    assert issue.translation_placeholders == {
        "title": "House",
        "provider": "Fake PBX",
        "permissions": "Call list, SIP status",
    }
    script.directory = m.Directory(extensions=script.directory.extensions)
    fake_entry.runtime_data.coordinator.async_reread_directory()
    await _async_settle(hass)
    assert ir.async_get(hass).async_get_issue(DOMAIN, f"missing_permission_{fake_entry.entry_id}") is None


# -- removal -----------------------------------------------------------------------------------------


async def test_removed(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """With the account go its subscriptions and the click-to-call objects made for it, and nothing of others."""
    await hass.config.async_update(external_url=HOME)
    extension, other = list(voxloud.users)[:2]
    number = voxloud.dids[0].number
    theirs = voxloud.add_click_to_call("crm", other, number)
    subscribed = voxloud.subscribe("https://crm.example.net/hook")
    data = {"provider": "voxloud", "webhook_id": "id-of-ours", "url": voxloud.url, "api_key": voxloud.api_key}
    entry = MockConfigEntry(domain=DOMAIN, title="Vox", data=data)
    await async_set_up(hass, entry)
    await _async_settle(hass)
    await hass.services.async_call(
        DOMAIN,
        "originate",
        {"extension": extension, "number": "+390612345678", "config_entry_id": entry.entry_id},
        blocking=True,
        return_response=True,
    )
    await _async_settle(hass)
    assert len(voxloud.click_to_calls) == 2
    assert len(entry.data["created_objects"]) == 1
    await hass.config_entries.async_remove(entry.entry_id)
    assert list(voxloud.click_to_calls) == [theirs.id]
    assert list(voxloud.subscriptions) == subscribed
    assert hass.states.async_entity_ids("event") == []
    assert dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id) == []


async def test_removed_after_a_reconfiguration(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """What was made before the account was changed is removed all the same."""
    made = voxloud.add_click_to_call("home-assistant", next(iter(voxloud.users)), voxloud.dids[0].number)
    data = {
        "provider": "voxloud",
        "webhook_id": "id-of-ours",
        "url": voxloud.url,
        "api_key": voxloud.api_key,
        "created_objects": [made.id],
    }
    entry = MockConfigEntry(domain=DOMAIN, title="Vox", data=data)
    await async_set_up(hass, entry)
    hass.config_entries.async_update_entry(entry, unique_id=f"voxloud_{entry.runtime_data.coordinator.account.id}")
    result = await entry.start_reconfigure_flow(hass)
    typed = {"url": f"{voxloud.url}/", "api_key": voxloud.api_key}
    result = await hass.config_entries.flow.async_configure(result["flow_id"], typed)
    assert result["reason"] == "reconfigure_successful"
    await _async_settle(hass)
    await hass.config_entries.async_remove(entry.entry_id)
    assert voxloud.click_to_calls == {}


async def test_removed_while_away(
    hass: HomeAssistant, voxloud: VoxloudSimulator, expected_warnings: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """An account whose phone system cannot be reached is removed; a warning says what stays, and no secret."""
    await hass.config.async_update(external_url=HOME)
    data = {"provider": "voxloud", "webhook_id": "id-of-ours", "url": voxloud.url, "api_key": voxloud.api_key}
    entry = MockConfigEntry(domain=DOMAIN, title="Vox", data=data)
    await async_set_up(hass, entry)
    await _async_settle(hass)
    await voxloud.stop()
    expected_warnings.append("^WARNING custom_components.pbx: Voxloud kept what was set up .*: ConnectError$")
    assert (await hass.config_entries.async_remove(entry.entry_id)) == {"require_restart": False}
    assert hass.config_entries.async_entries(DOMAIN) == []
    text = "\n".join(record.getMessage() for record in caplog.records if record.levelname == "WARNING")
    assert text.count("kept what was set up") == 1
    for secret in (voxloud.api_key, "id-of-ours", str(voxloud.port)):
        assert secret not in text


@pytest.mark.parametrize("failing", ["subscriptions", "unsubscribe", "release"])
async def test_one_failure_does_not_keep_the_rest(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    failing: str,
    expected_warnings: list[str],
) -> None:
    """Each thing is taken back whatever becomes of the others."""
    fake.script.capabilities |= Capability.WEBHOOK | Capability.SUBSCRIPTIONS
    fake.script.answers["subscriptions"] = (
        m.Subscription(id="1", event="calls", url="https://x/api/webhook/hook_house"),
        m.Subscription(id="2", event="calls", url="https://crm.example.net/"),
    )
    await async_set_up(hass, fake_entry)
    await _async_settle(hass)
    fake.script.asked.clear()
    fake.script.errors[failing] = RefusedError("a secret")
    expected_warnings.append("Fake PBX kept what was set up for Home Assistant: RefusedError$")
    await hass.config_entries.async_remove(fake_entry.entry_id)
    assert fake.script.times("release") == 1
    expected = [] if failing == "subscriptions" else [("https://x/api/webhook/hook_house",)]
    assert fake.script.arguments("unsubscribe") == expected


async def test_nothing_to_take_back(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """Where nothing was registered by the API, none is asked about."""
    await async_set_up(hass, fake_entry)
    await hass.config_entries.async_remove(fake_entry.entry_id)
    assert fake.script.times("subscriptions") == 0
    assert fake.script.times("release") == 1


async def test_issues_go_with_the_account(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """No issue of an account outlives it; those of others do."""
    fake.script.capabilities |= Capability.WEBHOOK | Capability.SUBSCRIPTIONS
    fake.script.directory = m.Directory(missing_permissions=frozenset({"Call list"}))
    await async_set_up(hass, fake_entry)
    await _async_settle(hass)
    fake.script.account = m.Account(id="other", title="Other")
    other = fake_config_entry("other")
    await async_set_up(hass, other)
    await _async_settle(hass)

    def left() -> set[str]:
        return {issue_id for domain, issue_id in ir.async_get(hass).issues if domain == DOMAIN}

    kinds = ("missing_permission", "webhook_no_url")
    assert left() == {f"{kind}_{entry.entry_id}" for kind in kinds for entry in (fake_entry, other)}
    fake.script.account = m.Account(id="house", title="House")
    await hass.config_entries.async_remove(fake_entry.entry_id)
    assert left() == {f"{kind}_{other.entry_id}" for kind in kinds}


# -- devices -----------------------------------------------------------------------------------------


async def test_device_removal(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    hass_ws_client: WebSocketGenerator,
    expected_warnings: list[str],
) -> None:
    """A device goes by hand only when what it stands for is gone; while that is unknown it stays."""
    expected_warnings.append("Failed to remove device entry, rejected by integration")
    assert await async_setup_component(hass, "config", {})
    dial = {"name": "Mum", "extension": "101", "number": "+390612345678"}
    entry = fake_config_entry(
        subentries_data=[
            {"data": dial, "subentry_id": "dial", "subentry_type": "speed_dial", "title": "Mum", "unique_id": None}
        ]
    )
    await async_set_up(hass, entry)
    devices = dr.async_get(hass)
    stale = devices.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, "fake_house_extension_199")}, name="Gone"
    )
    client = await hass_ws_client(hass)

    async def removed() -> dict[str | None, bool]:
        return {
            device.name: (await client.remove_device(device.id))["success"]
            for device in dr.async_entries_for_config_entry(devices, entry.entry_id)
        }

    stays = {"House": False, "Ann (101)": False, "Bob (102)": False, "Mum": False}
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await removed() == {**stays, "Gone": False}
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert await removed() == {**stays, "Gone": True}
    assert devices.async_get(stale.id) is None


async def test_calls_outlive_a_rename(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A new title reloads nothing and loses no call."""
    fake.script.calls = (incoming("c1"),)
    await async_set_up(hass, fake_entry)
    coordinator = fake_entry.runtime_data.coordinator
    hass.config_entries.async_update_entry(fake_entry, title="Office")
    await _async_settle(hass)
    assert fake_entry.runtime_data.coordinator is coordinator
    assert set(coordinator.data.calls) == {"c1"}
    assert fake.script.times("account") == 1


async def test_removed_while_away_where_nothing_was_made(hass: HomeAssistant, voipat: VoipatSimulator) -> None:
    """Where nothing was set up at the phone system, nothing is said to stay there."""
    voipat.extensions_broken = False
    data = {"provider": "voipat", "webhook_id": "id-of-ours", "url": voipat.url, "api_key": voipat.api_key}
    entry = MockConfigEntry(domain=DOMAIN, title="Office", data={**data, "domain": voipat.domain, "auth": "key"})
    await async_set_up(hass, entry)
    await voipat.stop()
    assert (await hass.config_entries.async_remove(entry.entry_id)) == {"require_restart": False}
    assert hass.config_entries.async_entries(DOMAIN) == []
