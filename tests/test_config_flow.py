"""The config flow: every form against its phone system, each error and the way out of it, and the way back in."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock, patch
from urllib.parse import urlsplit

import pytest
from aiohttp import ClientConnectionError
from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.network import NoURLAvailableError
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pbx.config_flow import PbxConfigFlow
from custom_components.pbx.const import DOMAIN
from custom_components.pbx.forms import FORMS
from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.providers.voipat import api as voipat_access
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import AuthError, ConnectError, ProviderError, RateLimitError, RefusedError

from .asterisk.certificate import write_certificate
from .fake_cloud import CLOUDHOOK, FakeCloud
from .fake_provider import FakeProvider, async_set_up
from .simulators.base import FaultKind, Simulator
from .simulators.voipat import VoipatSimulator
from .simulators.voipat_wire import ON_PAPER
from .simulators.voipstudio import VoipstudioSimulator
from .simulators.voipsun import VoipsunSimulator
from .simulators.voipsun_model import Broken, Permission
from .simulators.voxloud import VoxloudSimulator

type Typed = dict[str, Any]
NOWHERE = 1  # a port that nobody listens on
ALL = ("voipat", "voipstudio", "voipsun", "voxloud")
REAL = "asterisk"  # has no simulator: its tests start a real one
PASTED = ("voipat", "voipstudio")


@dataclass(kw_only=True)
class House:
    """A phone system, and what a person who may use it enters."""

    provider: str
    simulator: Any
    typed: Typed
    unique_id: str
    title: str
    kept: Typed = field(default_factory=dict)
    """What is kept beside, or instead of, what was typed."""


def _voipat(simulator: VoipatSimulator) -> House:
    typed = {"url": simulator.url, "api_key": simulator.api_key, "verify_ssl": True}
    return House(
        provider="voipat",
        simulator=simulator,
        typed=typed,
        unique_id=f"voipat_{simulator.domain}",
        title=simulator.domain,
        kept={"domain": simulator.domain, "auth": "key"},
    )


def _voipstudio(simulator: VoipstudioSimulator) -> House:
    return House(
        provider="voipstudio",
        simulator=simulator,
        typed={"url": simulator.url, "api_key": simulator.api_key},
        unique_id=f"voipstudio_{simulator.customer_id}",
        title=f"VoIPstudio ({simulator.email})",
        kept={"customer_id": str(simulator.customer_id), "user_id": str(simulator.admin.id)},
    )


def _voipsun(simulator: VoipsunSimulator) -> House:
    return House(
        provider="voipsun",
        simulator=simulator,
        typed={
            "host": "127.0.0.1",
            "port": simulator.port,
            "ssl": False,
            "verify_ssl": True,
            "username": simulator.username,
            "password": simulator.password,
        },
        kept={"account_id": f"127.0.0.1:{simulator.port}"},
        unique_id=f"voipsun_127.0.0.1:{simulator.port}",
        title="VoIPSUN PBX (127.0.0.1)",
    )


def _voxloud(simulator: VoxloudSimulator) -> House:
    account_id = sha256(simulator.email.encode()).hexdigest()[:20]
    return House(
        provider="voxloud",
        simulator=simulator,
        typed={"url": simulator.url, "api_key": simulator.api_key},
        unique_id=f"voxloud_{account_id}",
        title=simulator.company,
        kept={"account_id": account_id, "company": simulator.company},
    )


AGAIN: Mapping[str, tuple[str, ...]] = {
    "voipat": ("api_key",),
    "voipstudio": ("api_key",),
    "voipsun": ("username", "password"),
    "voxloud": ("api_key",),
}

HOUSES: Mapping[str, Callable[[Any], House]] = {
    "voipat": _voipat,
    "voipstudio": _voipstudio,
    "voipsun": _voipsun,
    "voxloud": _voxloud,
}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait before a refused key is tried once more."""
    monkeypatch.setattr(voipat_access, "CONFIRM_AFTER", 0.0)


@pytest.fixture(autouse=True)
def look(monkeypatch: pytest.MonkeyPatch) -> AsyncMock:
    """Let Home Assistant find no way to its own address, which is none in a test."""
    mocked = AsyncMock(side_effect=ClientConnectionError)
    monkeypatch.setattr("custom_components.pbx.trials.async_look", mocked)
    return mocked


@pytest.fixture
def house(hass: HomeAssistant, request: pytest.FixtureRequest) -> Iterator[House]:
    """Give the phone system that the test's parameter names; nobody asks it any more when it goes."""
    yield HOUSES[request.param](request.getfixturevalue(request.param))
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        hass.loop.run_until_complete(hass.config_entries.async_unload(entry.entry_id))


@pytest.fixture
async def set_up(hass: HomeAssistant) -> AsyncIterator[AsyncMock]:
    """Watch entries being set up, and do nothing; nor when they are unloaded."""
    with (
        patch("custom_components.pbx.async_setup_entry", return_value=True) as mocked,
        patch("custom_components.pbx.async_unload_entry", return_value=True),
    ):
        yield mocked
        for entry in hass.config_entries.async_loaded_entries(DOMAIN):
            await hass.config_entries.async_unload(entry.entry_id)


async def async_start(hass: HomeAssistant, provider: str) -> ConfigFlowResult:
    """Choose a provider from the menu."""
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.MENU
    assert result["step_id"] == "user"
    assert result["menu_options"] == [*ALL, REAL]
    result = await async_submit(hass, result, {"next_step_id": provider})
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == provider
    assert not result["errors"]
    return result


async def async_submit(hass: HomeAssistant, result: ConfigFlowResult, typed: Typed) -> ConfigFlowResult:
    """Submit a form, and wait for what follows."""
    result = await hass.config_entries.flow.async_configure(result["flow_id"], typed)
    await hass.async_block_till_done()
    return result


async def async_add(hass: HomeAssistant, house: House) -> MockConfigEntry:
    """Add an account without a flow, and set it up."""
    data = {**house.typed, **house.kept, "provider": house.provider, "webhook_id": "kept-webhook-id"}
    entry = MockConfigEntry(domain=DOMAIN, title=house.title, unique_id=house.unique_id, data=data)
    await async_set_up(hass, entry)
    return entry


def state_of(entry: MockConfigEntry) -> ConfigEntryState:
    """Tell whether an entry is loaded now."""
    return entry.state


def suggested(result: ConfigFlowResult) -> dict[str, Any]:
    """List what a form suggests."""
    schema = result["data_schema"]
    assert schema is not None
    return {
        str(marker): marker.description["suggested_value"]
        for marker in schema.schema
        if marker.description and "suggested_value" in marker.description
    }


# -- adding an account -------------------------------------------------------------------------------


@pytest.mark.parametrize("house", ["voipsun", "voxloud"], indirect=True)
async def test_added(hass: HomeAssistant, house: House, set_up: AsyncMock) -> None:
    """An account is added; where nothing is pasted or named, at once."""
    result = await async_submit(hass, await async_start(hass, house.provider), house.typed)
    if house.provider == "voipsun":
        assert result["step_id"] == "phones"
        result = await async_submit(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    _check_created(result, house)
    assert len(set_up.mock_calls) == 1


@pytest.mark.parametrize("house", PASTED, indirect=True)
async def test_added_after_pasting(hass: HomeAssistant, house: House, set_up: AsyncMock) -> None:
    """Where a person has to paste the URL, it is shown first, complete."""
    await hass.config.async_update(external_url="https://ha.example.com")
    result = await async_submit(hass, await async_start(hass, house.provider), house.typed)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "paste"
    assert set_up.mock_calls == []
    placeholders = result["description_placeholders"]
    assert placeholders is not None
    assert placeholders["provider"] == PROVIDERS[house.provider].name
    shown = re.findall(r"https://ha\.example\.com/api/webhook/(\w{64})", suggested(result)["address"])
    result = await async_submit(hass, result, {})
    if house.provider == "voipat":
        assert result["step_id"] == "phones"
        result = await async_submit(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    _check_created(result, house)
    assert set(shown) == {result["data"]["webhook_id"]}
    assert len(set_up.mock_calls) == 1


def _check_created(result: ConfigFlowResult, house: House) -> None:
    assert result["title"] == house.title
    assert result["result"].unique_id == house.unique_id
    data = dict(result["data"])
    assert re.fullmatch(r"\w{64}", data.pop("webhook_id"))
    assert data == {**house.typed, **house.kept, "provider": house.provider}
    assert result["options"] == {}
    assert (result["version"], result["minor_version"]) == (2, 1)


async def test_pasted_settings(hass: HomeAssistant, voipat: VoipatSimulator) -> None:
    """One URL is shown, for all settings that take it, with the placeholders that the phone system fills in."""
    house = _voipat(voipat)
    result = await async_submit(hass, await async_start(hass, "voipat"), house.typed)
    assert result["description_placeholders"] is not None
    how = result["description_placeholders"]["how"]
    assert "`crm_url`, `crm_agent_login_url`, `crm_agent_logout_url`" in how
    assert "={" in suggested(result)["address"]
    assert set(suggested(result)) == {"address", "test"}


@pytest.mark.parametrize(
    ("known", "beginning"),
    [(True, "http://192.168.1.5:8123/api/webhook/"), (False, "/api/webhook/")],
    ids=["internal", "none"],
)
async def test_paste_without_an_external_url(
    hass: HomeAssistant,
    voipstudio: VoipstudioSimulator,
    monkeypatch: pytest.MonkeyPatch,
    beginning: str,
    *,
    known: bool,
) -> None:
    """Without an address on the internet the URL is shown as far as it is known."""
    await hass.config.async_update(internal_url="http://192.168.1.5:8123")
    if not known:
        monkeypatch.setattr("homeassistant.components.webhook.get_url", Mock(side_effect=NoURLAvailableError))
    result = await async_submit(hass, await async_start(hass, "voipstudio"), _voipstudio(voipstudio).typed)
    assert result["step_id"] == "paste"
    assert suggested(result)["address"].startswith(beginning)


async def test_paste_a_cloudhook(
    hass: HomeAssistant, voipstudio: VoipstudioSimulator, cloud: FakeCloud, set_up: AsyncMock
) -> None:
    """Whoever is signed in to Home Assistant Cloud pastes an address there, which is kept."""
    await hass.config.async_update(internal_url="http://192.168.1.5:8123")
    result = await async_submit(hass, await async_start(hass, "voipstudio"), _voipstudio(voipstudio).typed)
    assert suggested(result)["address"] == f"{CLOUDHOOK}0"
    result = await async_submit(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["cloudhook_url"] == f"{CLOUDHOOK}0"
    assert cloud.hooks == {result["data"]["webhook_id"]: f"{CLOUDHOOK}0"}


@pytest.mark.parametrize("offline", [False, True])
@pytest.mark.parametrize("house", PASTED, indirect=True)
async def test_closed_form_leaves_no_cloudhook(
    hass: HomeAssistant, house: House, cloud: FakeCloud, *, offline: bool
) -> None:
    """An address in the cloud goes with the form that it was made for, if the cloud can be reached."""
    await hass.config.async_update(internal_url="http://192.168.1.5:8123")
    result = await async_submit(hass, await async_start(hass, house.provider), house.typed)
    assert result["step_id"] == "paste"
    assert len(cloud.hooks) == 1
    cloud.fails = ConnectionError() if offline else None
    hass.config_entries.flow.async_abort(result["flow_id"])
    await hass.async_block_till_done()
    assert len(cloud.hooks) == offline


@pytest.mark.parametrize("trouble", ["signed out", "offline", "own address"])
async def test_paste_without_a_cloudhook(
    hass: HomeAssistant, voipstudio: VoipstudioSimulator, cloud: FakeCloud, trouble: str
) -> None:
    """An address in the cloud is made only where it is needed and can be had; the flow goes on without."""
    await hass.config.async_update(
        internal_url="http://192.168.1.5:8123",
        external_url="https://ha.example.com" if trouble == "own address" else None,
    )
    cloud.active = trouble != "signed out"
    cloud.fails = ConnectionError() if trouble == "offline" else None
    result = await async_submit(hass, await async_start(hass, "voipstudio"), _voipstudio(voipstudio).typed)
    assert result["step_id"] == "paste"
    assert "/api/webhook/" in suggested(result)["address"]
    assert cloud.hooks == {}


# -- the proof ---------------------------------------------------------------------------------------


async def async_waited(hass: HomeAssistant, result: ConfigFlowResult) -> ConfigFlowResult:
    """Wait until the flow has gone on by itself, and show where it is."""
    await hass.async_block_till_done()
    return await hass.config_entries.flow.async_configure(result["flow_id"])


@pytest.fixture
async def at_home(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> str:
    """Let the phone system reach Home Assistant; give the address."""
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client_no_auth()
    address = str(client.make_url("")).rstrip("/")
    await hass.config.async_update(external_url=address)
    return address


async def test_proof(hass: HomeAssistant, voipstudio: VoipstudioSimulator, at_home: str, set_up: AsyncMock) -> None:
    """A call that is pushed while the form waits is shown, and the account takes the address over."""
    result = await async_submit(hass, await async_start(hass, "voipstudio"), _voipstudio(voipstudio).typed)
    address = suggested(result)["address"]
    assert suggested(result)["test"] is True
    assert address.startswith(at_home)
    await voipstudio.add_webhook(address)
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {"test": True})
    assert (result["type"], result["progress_action"]) == (FlowResultType.SHOW_PROGRESS, "wait_for_call")
    await voipstudio.ring("442079460123", "1001")
    await voipstudio.settle()
    result = await async_waited(hass, result)
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "proved")
    assert result["description_placeholders"] is not None
    assert "44207946" in result["description_placeholders"]["what"]
    result = await async_submit(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"]["webhook_id"] in address
    assert len(set_up.mock_calls) == 1


async def test_proof_that_fails(
    hass: HomeAssistant, voipat: VoipatSimulator, at_home: str, monkeypatch: pytest.MonkeyPatch, set_up: AsyncMock
) -> None:
    """Where nothing comes, the page is shown again and says so; it can be tried again, or left."""
    monkeypatch.setattr("custom_components.pbx.trials.PATIENCE", 0.01)
    result = await async_submit(hass, await async_start(hass, "voipat"), _voipat(voipat).typed)
    shown = suggested(result)
    for _ in range(2):
        result = await hass.config_entries.flow.async_configure(result["flow_id"], {"test": True})
        assert result["type"] is FlowResultType.SHOW_PROGRESS
        result = await async_waited(hass, result)
        assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "paste")
        assert result["errors"] == {"base": "not_received"}
        assert suggested(result) == shown
    result = await async_submit(hass, result, {"test": False})
    assert result["step_id"] == "phones"
    result = await async_submit(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert at_home in shown["address"]
    assert len(set_up.mock_calls) == 1


@pytest.mark.parametrize("body", ["", "nonsense", "{}", "[1]"])
async def test_rubbish_is_no_proof(
    hass: HomeAssistant,
    voipstudio: VoipstudioSimulator,
    hass_client_no_auth: ClientSessionGenerator,
    monkeypatch: pytest.MonkeyPatch,
    body: str,
) -> None:
    """Whoever tries the address, or sends what nobody can read, proves nothing."""
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client_no_auth()
    await hass.config.async_update(external_url=str(client.make_url("")).rstrip("/"))
    result = await async_submit(hass, await async_start(hass, "voipstudio"), _voipstudio(voipstudio).typed)
    path = urlsplit(suggested(result)["address"]).path
    assert (await client.post(path, data=body)).status == 200
    assert (await client.head(path)).status == 200
    monkeypatch.setattr("custom_components.pbx.trials.PATIENCE", 0.01)
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {"test": True})
    result = await async_waited(hass, result)
    assert result["errors"] == {"base": "not_received"}


async def test_closed_form_leaves_the_address(hass: HomeAssistant, voipstudio: VoipstudioSimulator) -> None:
    """Nobody listens any more at the address of a form that was closed, waiting or not."""
    for test in (False, True):
        result = await async_submit(hass, await async_start(hass, "voipstudio"), _voipstudio(voipstudio).typed)
        if test:
            result = await hass.config_entries.flow.async_configure(result["flow_id"], {"test": True})
        assert len(hass.data["webhook"]) == 1
        hass.config_entries.flow.async_abort(result["flow_id"])
        await hass.async_block_till_done()
        assert not hass.data["webhook"]


@pytest.mark.parametrize(
    ("external", "warning"),
    [
        ("https://ha.example.com", "did not reach itself"),
        ("http://ha.example.com", "begins with http"),
        ("https://192.168.1.9", "only in your own network"),
        ("https://homeassistant.local", "only in your own network"),
        ("https://fritz", "only in your own network"),
    ],
)
async def test_warnings(
    hass: HomeAssistant, voipstudio: VoipstudioSimulator, external: str, warning: str, look: AsyncMock
) -> None:
    """Whoever pastes an address that will not work is told before."""
    await hass.config.async_update(external_url=external)
    result = await async_submit(hass, await async_start(hass, "voipstudio"), _voipstudio(voipstudio).typed)
    assert result["description_placeholders"] is not None
    assert warning in result["description_placeholders"]["how"]
    assert look.called is (external == "https://ha.example.com")


async def test_no_warning(
    hass: HomeAssistant, voipstudio: VoipstudioSimulator, hass_client_no_auth: ClientSessionGenerator, look: AsyncMock
) -> None:
    """An address that leads back to this Home Assistant is as it should be."""
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client_no_auth()

    async def there_and_back(_hass: HomeAssistant, address: str) -> None:
        await client.get(urlsplit(address).path)

    look.side_effect = there_and_back
    await hass.config.async_update(external_url="https://ha.example.com")
    result = await async_submit(hass, await async_start(hass, "voipstudio"), _voipstudio(voipstudio).typed)
    assert result["description_placeholders"] is not None
    assert "⚠️" not in result["description_placeholders"]["how"]


# -- the table of phones -----------------------------------------------------------------------------


async def test_phones_are_named(hass: HomeAssistant, voipsun: VoipsunSimulator) -> None:
    """What was found is shown with what it most likely is; what a person makes of it is kept."""
    result = await async_submit(hass, await async_start(hass, "voipsun"), _voipsun(voipsun).typed)
    assert result["step_id"] == "phones"
    rows = {row["user"]: row for row in suggested(result)["extension_names"]}
    assert rows["sip101"]["number"] == "101"
    assert rows["trunk-odchozi"]["hidden"] is True
    assert rows["trunk-odchozi"]["number"] == ""
    typed = [{"user": "sip101", "number": "7101", "name": "Anna"}, {"user": "sip101"}]
    result = await async_submit(hass, result, {"extension_names": typed})
    assert result["errors"] == {"extension_names": "invalid_phone"}
    assert suggested(result)["extension_names"] == typed
    result = await async_submit(hass, result, {"extension_names": typed[:1]})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    kept = {"number": "7101", "name": "Anna", "public": [], "hidden": False}
    assert result["options"] == {"extension_names": {"sip101": kept}}
    await hass.async_block_till_done()
    assert hass.states.get("sensor.anna_7101_call_state") is not None


def _identifiers(hass: HomeAssistant, entry: ConfigEntry) -> set[str]:
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    return {identifier for device in devices for _, identifier in device.identifiers}


@pytest.mark.usefixtures("socket_enabled")
async def test_found_phones_are_named(hass: HomeAssistant) -> None:
    """The last step shows what was found; only what a person says otherwise is kept, and no id depends on it."""
    async with VoipatSimulator(extensions_broken=False, **ON_PAPER) as voipat:
        result = await async_submit(hass, await async_start(hass, "voipat"), _voipat(voipat).typed)
        result = await async_submit(hass, result, {})
        assert result["step_id"] == "phones"
        rows = suggested(result)["phones"]
        assert {"number": "101", "name": "Anna Keller", "trunk": False, "hidden": False} in rows
        result = await async_submit(hass, result, {"phones": [*rows, {"number": "101"}]})
        assert result["errors"] == {"phones": "invalid_row"}
        for row in rows:
            row.update({"101": {"name": "Anna"}, "102": {"hidden": True}}.get(row["number"], {}))
        result = await async_submit(hass, result, {"phones": rows})
        assert result["type"] is FlowResultType.CREATE_ENTRY
        assert result["options"] == {"phones": {"101": {"name": "Anna"}, "102": {"hidden": True}}}
        await hass.async_block_till_done()
        assert hass.states.get("sensor.anna_101_call_state") is not None
        assert hass.states.get("sensor.luca_rossi_102_call_state") is None
        entry = result["result"]
        known = _identifiers(hass, entry)
        (options,) = [await hass.config_entries.options.async_init(entry.entry_id)]
        again = suggested(options)["phones"]
        assert again == rows
        typed = {"call_slots": 4, "mask_numbers": False, "phones": [{**row, "hidden": False} for row in again]}
        await hass.config_entries.options.async_configure(options["flow_id"], typed)
        await hass.async_block_till_done()
        assert entry.options["phones"] == {"101": {"name": "Anna"}}
        assert hass.states.get("sensor.luca_rossi_102_call_state") is not None
        assert known < _identifiers(hass, entry)
        await hass.config_entries.async_unload(entry.entry_id)


# -- once --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("house", ALL, indirect=True)
async def test_duplicate(hass: HomeAssistant, house: House, set_up: AsyncMock) -> None:
    """An account is added once."""
    MockConfigEntry(domain=DOMAIN, unique_id=house.unique_id, data={"provider": house.provider}).add_to_hass(hass)
    result = await async_submit(hass, await async_start(hass, house.provider), house.typed)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert set_up.mock_calls == []


async def test_two_accounts(hass: HomeAssistant, voipat: VoipatSimulator, voxloud: VoxloudSimulator) -> None:
    """Accounts of several providers live side by side, each with a webhook of its own."""
    ids = set()
    for house in (_voipat(voipat), _voxloud(voxloud)):
        result = await async_submit(hass, await async_start(hass, house.provider), house.typed)
        while result["type"] is FlowResultType.FORM:
            result = await async_submit(hass, result, {})
        await hass.async_block_till_done()
        assert result["result"].state is ConfigEntryState.LOADED
        ids.add(result["data"]["webhook_id"])
    assert len(ids) == 2


# -- errors, and the way out -------------------------------------------------------------------------

type Trouble = Callable[[Any], None]


def _nothing(_simulator: Any) -> None:
    pass


def _fault(kind: FaultKind, path: str, status: int = 200) -> Trouble:
    def plan(simulator: Simulator) -> None:
        simulator.fault(kind, path=path, status=status)

    return plan


def _set(**switches: Any) -> Trouble:
    def switch(simulator: Simulator) -> None:
        for name, value in switches.items():
            setattr(simulator, name, value)

    return switch


@pytest.mark.parametrize(
    ("house", "trouble", "typed", "errors"),
    [
        pytest.param("voipat", _nothing, {"api_key": "wrong"}, {"base": "invalid_auth"}, id="voipat-key"),
        pytest.param("voipat", _nothing, {"api_key": ""}, {"api_key": "required"}, id="voipat-no-key"),
        pytest.param(
            "voipat", _nothing, {"domain": "nobody.example.org"}, {"domain": "invalid_value"}, id="voipat-domain"
        ),
        pytest.param("voipat", _nothing, {"url": "ftp://pbx"}, {"url": "invalid_value"}, id="voipat-url"),
        pytest.param(
            "voipat", _nothing, {"url": f"http://127.0.0.1:{NOWHERE}"}, {"base": "cannot_connect"}, id="voipat-nobody"
        ),
        pytest.param("voipat", _fault(FaultKind.HTML, "/status"), {}, {"base": "cannot_connect"}, id="voipat-html"),
        pytest.param("voipat", _set(throttle=1), {}, {"base": "rate_limited"}, id="voipat-throttled"),
        pytest.param("voipstudio", _nothing, {"api_key": "wrong"}, {"base": "invalid_auth"}, id="voipstudio-key"),
        pytest.param("voipstudio", _nothing, {"api_key": ""}, {"email": "required"}, id="voipstudio-nothing"),
        pytest.param(
            "voipstudio",
            _nothing,
            {"api_key": "", "email": "admin@example.com"},
            {"password": "required"},
            id="voipstudio-no-password",
        ),
        pytest.param(
            "voipstudio",
            _nothing,
            {"email": "admin@example.com", "password": "x"},
            {"password": "conflict"},
            id="voipstudio-both",
        ),
        pytest.param(
            "voipstudio",
            _nothing,
            {"api_key": "", "email": "admin@example.com", "password": "wrong"},
            {"base": "invalid_auth"},
            id="voipstudio-password",
        ),
        pytest.param(
            "voipstudio",
            _nothing,
            {"url": f"http://127.0.0.1:{NOWHERE}"},
            {"base": "cannot_connect"},
            id="voipstudio-nobody",
        ),
        pytest.param("voipstudio", _fault(FaultKind.HTML, "/me"), {}, {"base": "cannot_connect"}, id="voipstudio-html"),
        pytest.param("voipstudio", _set(throttle=1), {}, {"base": "rate_limited"}, id="voipstudio-throttled"),
        pytest.param("voipsun", _nothing, {"password": "wrong"}, {"base": "invalid_auth"}, id="voipsun-password"),
        pytest.param("voipsun", _nothing, {"port": NOWHERE}, {"base": "cannot_connect"}, id="voipsun-nobody"),
        pytest.param("voipsun", _nothing, {"host": "http://["}, {"base": "cannot_connect"}, id="voipsun-host"),
        pytest.param("voipsun", _set(broken=Broken.HTML), {}, {"base": "cannot_connect"}, id="voipsun-html"),
        pytest.param("voxloud", _nothing, {"api_key": "wrong"}, {"base": "invalid_auth"}, id="voxloud-key"),
        pytest.param(
            "voxloud", _nothing, {"url": f"http://127.0.0.1:{NOWHERE}"}, {"base": "cannot_connect"}, id="voxloud-nobody"
        ),
        pytest.param("voxloud", _set(maintenance=True), {}, {"base": "trouble"}, id="voxloud-maintenance"),
        pytest.param("voxloud", _set(rate_limit=0), {}, {"base": "rate_limited"}, id="voxloud-throttled"),
        pytest.param(
            "voxloud", _set(forbidden=frozenset({"validate-auth"})), {}, {"base": "refused"}, id="voxloud-refused"
        ),
    ],
    indirect=["house"],
)
async def test_error_and_recovery(
    hass: HomeAssistant, house: House, trouble: Trouble, typed: Typed, errors: dict[str, str], set_up: AsyncMock
) -> None:
    """An error is said in the form; what was typed stays, secrets too; the next try can succeed."""
    sound = {**vars(house.simulator)}
    result = await async_start(hass, house.provider)
    trouble(house.simulator)
    given = {**house.typed, **typed}
    result = await async_submit(hass, result, given)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == house.provider
    assert result["errors"] == errors
    assert suggested(result) == given

    for name in ("broken", "maintenance", "rate_limit", "forbidden"):
        if name in vars(house.simulator):
            _set(**{name: sound.get(name, getattr(type(house.simulator), name))})(house.simulator)
    result = await async_submit(hass, result, house.typed)
    while result["type"] is FlowResultType.FORM:
        assert result["step_id"] in {"paste", "phones"}
        result = await async_submit(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert len(set_up.mock_calls) == 1


@pytest.mark.parametrize("house", ALL, indirect=True)
async def test_no_tls(hass: HomeAssistant, house: House) -> None:
    """A server that does not speak TLS cannot be reached by it."""
    secure = {"ssl": True} if "ssl" in house.typed else {"url": house.typed["url"].replace("http:", "https:")}
    result = await async_submit(hass, await async_start(hass, house.provider), {**house.typed, **secure})
    assert result["errors"] == {"base": "cannot_connect"}


@pytest.mark.usefixtures("socket_enabled")
@pytest.mark.parametrize("provider", FORMS)
async def test_certificate(hass: HomeAssistant, tmp_path: Path, provider: str) -> None:
    """A server whose certificate nobody vouches for is there, and the form says what is wrong with it."""
    write_certificate(tmp_path / "own.pem")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "own.pem")
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    typed: Typed = {"api_key": "key", "url": f"https://127.0.0.1:{port}"}
    if provider in {"voipsun", "asterisk"}:
        typed = {"host": "127.0.0.1", "port": port, "ssl": True, "username": "user", "password": "password"}
    result = await async_submit(hass, await async_start(hass, provider), typed)
    server.close()
    assert result["errors"] == {"base": "certificate"}


async def test_refusal_is_worded(hass: HomeAssistant, voxloud: VoxloudSimulator) -> None:
    """The phone system's own reason is shown."""
    voxloud.forbidden = frozenset({"validate-auth"})
    result = await async_submit(hass, await async_start(hass, "voxloud"), _voxloud(voxloud).typed)
    assert result["description_placeholders"] is not None
    assert "not accessible with your credentials" in result["description_placeholders"]["reason"]


@pytest.mark.parametrize("domain", ["pbx.example.com", "PBX.example.com"])
async def test_several_domains(hass: HomeAssistant, voipat: VoipatSimulator, domain: str) -> None:
    """A key for several domains needs one to be named, and the field for it is pointed at."""
    given = {**_voipat(voipat).typed, "api_key": voipat.global_key}
    result = await async_submit(hass, await async_start(hass, "voipat"), given)
    assert result["errors"] == {"domain": "required"}
    result = await async_submit(hass, result, {**given, "domain": domain})
    assert result["step_id"] == "paste"


@pytest.mark.parametrize("house", ALL, indirect=True)
async def test_unexpected_error(
    hass: HomeAssistant,
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    expected_warnings: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever happens, the form says something, and the log more, but no secret."""

    async def account(_self: object) -> m.Account:
        raise RuntimeError("a bug")

    expected_warnings.append("Unexpected error while trying an account")
    with monkeypatch.context() as broken:
        broken.setattr(PROVIDERS[house.provider], "account", account)
        result = await async_submit(hass, await async_start(hass, house.provider), house.typed)
    assert result["errors"] == {"base": "unknown"}
    assert "a bug" in caplog.text
    assert house.typed[AGAIN[house.provider][-1]] not in caplog.text
    result = await async_submit(hass, result, house.typed)
    assert result["type"] in (FlowResultType.CREATE_ENTRY, FlowResultType.FORM)
    assert not result.get("errors")


async def test_permission_missing(hass: HomeAssistant, voipsun: VoipsunSimulator, set_up: AsyncMock) -> None:
    """A permission that is missing is no wrong password."""
    voipsun.deny = {Permission.SIP_STATUS}
    result = await async_submit(hass, await async_start(hass, "voipsun"), _voipsun(voipsun).typed)
    assert result["step_id"] == "phones"
    result = await async_submit(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY


# -- VoIPstudio's password and second factor ---------------------------------------------------------


def _password(simulator: VoipstudioSimulator) -> Typed:
    return {"url": simulator.url, "email": simulator.email, "password": simulator.password}


async def test_password(hass: HomeAssistant, voipstudio: VoipstudioSimulator, set_up: AsyncMock) -> None:
    """A password becomes a key, and is forgotten."""
    result = await async_submit(hass, await async_start(hass, "voipstudio"), _password(voipstudio))
    result = await async_submit(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    data = result["data"]
    assert voipstudio.tokens[data["api_key"]].name == data["api_key_name"]
    assert data["api_key_name"].startswith("Home Assistant ")
    assert data["api_key"] != voipstudio.api_key
    assert voipstudio.password not in str(result)
    assert not any(token.session for token in voipstudio.tokens.values())


async def test_second_factor(hass: HomeAssistant, voipstudio: VoipstudioSimulator, set_up: AsyncMock) -> None:
    """A wrong code is said, another one is sent, and that one opens the door."""
    voipstudio.two_factor = True
    result = await async_submit(hass, await async_start(hass, "voipstudio"), _password(voipstudio))
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "code"
    assert not result["errors"]
    assert len(voipstudio.mailed) == 1

    result = await async_submit(hass, result, {"code": "000000"})
    assert result["step_id"] == "code"
    assert result["errors"] == {"code": "invalid_code"}
    assert len(voipstudio.mailed) == 2

    result = await async_submit(hass, result, {"code": voipstudio.mailed[-1].code})
    assert result["step_id"] == "paste"
    result = await async_submit(hass, result, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert len(voipstudio.mailed) == 2
    assert {"password", "code", "nonce"}.isdisjoint(result["data"])


async def test_second_factor_while_unreachable(
    hass: HomeAssistant, voipstudio: VoipstudioSimulator, set_up: AsyncMock
) -> None:
    """A code that did not arrive is still good."""
    voipstudio.two_factor = True
    result = await async_submit(hass, await async_start(hass, "voipstudio"), _password(voipstudio))
    code = {"code": voipstudio.mailed[-1].code}
    voipstudio.fault(FaultKind.HTML, path="/login2fa")
    result = await async_submit(hass, result, code)
    assert result["errors"] == {"base": "cannot_connect"}
    result = await async_submit(hass, result, code)
    assert result["step_id"] == "paste"
    assert len(voipstudio.mailed) == 1


async def test_second_factor_refused(hass: HomeAssistant, voipstudio: VoipstudioSimulator) -> None:
    """The phone system's reason is shown beside the code as well."""
    voipstudio.two_factor = True
    result = await async_submit(hass, await async_start(hass, "voipstudio"), _password(voipstudio))
    voipstudio.fault(FaultKind.STATUS, path="/login2fa", status=409)
    result = await async_submit(hass, result, {"code": "123456"})
    assert result["step_id"] == "code"
    assert result["errors"] == {"base": "refused"}
    assert result["description_placeholders"] is not None
    assert result["description_placeholders"]["reason"]


async def test_second_factor_switched_off_meanwhile(hass: HomeAssistant, voipstudio: VoipstudioSimulator) -> None:
    """Where no code is needed any more, the password is enough."""
    voipstudio.two_factor = True
    result = await async_submit(hass, await async_start(hass, "voipstudio"), _password(voipstudio))
    voipstudio.two_factor = False
    result = await async_submit(hass, result, {"code": "000000"})
    assert result["step_id"] == "paste"


# -- signing in again --------------------------------------------------------------------------------


@pytest.mark.parametrize("house", ALL, indirect=True)
async def test_reauth(hass: HomeAssistant, house: House, expected_warnings: list[str]) -> None:
    """New credentials are tried, kept, and used; everything else of the account stays."""
    entry = await async_add(hass, house)
    before = dict(entry.data)
    secret = AGAIN[house.provider][-1]
    # A slow machine may poll before the new credentials are there.
    expected_warnings.append(r"^ERROR custom_components\.pbx: Authentication failed while fetching")
    setattr(house.simulator, secret, "new-secret-of-the-account")
    result = await entry.start_reauth_flow(hass)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == "reauth_confirm"
    assert result["description_placeholders"] is not None
    assert result["description_placeholders"]["title"] == house.title
    assert suggested(result) == {}
    typed = {key: house.typed[key] for key in AGAIN[house.provider]}

    result = await async_submit(hass, result, typed)
    assert result["errors"] == {"base": "invalid_auth"}
    assert suggested(result) == typed
    assert entry.data == before

    result = await async_submit(hass, result, {**typed, secret: "new-secret-of-the-account"})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert entry.data == {**before, secret: "new-secret-of-the-account"}
    assert state_of(entry) is ConfigEntryState.LOADED
    assert getattr(entry.runtime_data.coordinator.provider.settings, secret) == "new-secret-of-the-account"


@pytest.mark.parametrize("house", ALL, indirect=True)
async def test_reauth_of_another_account(hass: HomeAssistant, house: House) -> None:
    """Credentials of another account do not get in."""
    entry = await async_add(hass, house)
    hass.config_entries.async_update_entry(entry, unique_id=f"{house.provider}_somebody-else")
    before = dict(entry.data)
    result = await entry.start_reauth_flow(hass)
    result = await async_submit(hass, result, {key: house.typed[key] for key in AGAIN[house.provider]})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "wrong_account"
    assert entry.data == before


async def test_reauth_by_password(hass: HomeAssistant, voipstudio: VoipstudioSimulator) -> None:
    """Whose key ran out signs in with a password, and a code, as at first."""
    entry = await async_add(hass, _voipstudio(voipstudio))
    voipstudio.api_key = "another-key"
    voipstudio.two_factor = True
    result = await entry.start_reauth_flow(hass)
    typed = _password(voipstudio)
    del typed["url"]
    result = await async_submit(hass, result, typed)
    assert result["step_id"] == "code"
    result = await async_submit(hass, result, {"code": voipstudio.mailed[-1].code})
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert state_of(entry) is ConfigEntryState.LOADED
    assert voipstudio.tokens[entry.data["api_key"]].name == entry.data["api_key_name"]
    assert entry.data["webhook_id"] == "kept-webhook-id"
    assert "password" not in entry.data


async def test_duplicate_by_password(hass: HomeAssistant, voipstudio: VoipstudioSimulator) -> None:
    """An account that is there already keeps its key, and the one that was made for the second try goes."""
    entry = await async_add(hass, _voipstudio(voipstudio))
    before = set(voipstudio.tokens)
    for trouble in (False, True):
        if trouble:
            voipstudio.fault(FaultKind.STATUS, path="/apitokens/", status=500)
        result = await async_submit(hass, await async_start(hass, "voipstudio"), _password(voipstudio))
        assert result["reason"] == "already_configured"
        await hass.async_block_till_done()
        assert (set(voipstudio.tokens) == before) is not trouble
    assert state_of(entry) is ConfigEntryState.LOADED


async def test_a_form_that_is_closed_leaves_no_key(
    hass: HomeAssistant, voipstudio: VoipstudioSimulator, set_up: AsyncMock
) -> None:
    """What signing in has made goes with the form, and also where the account could not be asked for."""
    before = set(voipstudio.tokens)
    form = await async_submit(hass, await async_start(hass, "voipstudio"), _password(voipstudio))
    assert (form["step_id"], set(voipstudio.tokens) == before) == ("paste", False)
    hass.config_entries.flow.async_abort(form["flow_id"])
    await hass.async_block_till_done()
    assert set(voipstudio.tokens) == before

    voipstudio.fault(FaultKind.STATUS, path="/me", status=500)
    form = await async_submit(hass, await async_start(hass, "voipstudio"), _password(voipstudio))
    assert form["errors"] == {"base": "trouble"}
    voipstudio.faults.clear()
    form = await async_submit(hass, form, _password(voipstudio))
    assert form["step_id"] == "paste"
    await async_submit(hass, form, {})
    [entry] = hass.config_entries.async_entries("pbx")
    assert set(voipstudio.tokens) == {*before, entry.data["api_key"]}


async def test_two_forms_for_one_account(
    hass: HomeAssistant, voipstudio: VoipstudioSimulator, set_up: AsyncMock
) -> None:
    """A form that was left open in another window does not stop the second; only one makes the account."""
    before = set(voipstudio.tokens)
    forms = [await async_submit(hass, await async_start(hass, "voipstudio"), _password(voipstudio)) for _ in range(2)]
    assert [form["step_id"] for form in forms] == ["paste", "paste"]
    done = await async_submit(hass, forms[1], {})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    assert hass.config_entries.flow.async_progress() == []
    [entry] = hass.config_entries.async_entries("pbx")
    assert set(voipstudio.tokens) == {*before, entry.data["api_key"]}


async def test_reconfigure_while_another_form_is_open(hass: HomeAssistant, voipstudio: VoipstudioSimulator) -> None:
    """A form for the same account that somebody left open does not stop it."""
    house = _voipstudio(voipstudio)
    await async_submit(hass, await async_start(hass, "voipstudio"), house.typed)
    entry = await async_add(hass, house)
    result = await async_submit(hass, await entry.start_reconfigure_flow(hass), house.typed)
    assert result["reason"] == "reconfigure_successful"


async def test_reconfigure_what_was_set_up_by_password(hass: HomeAssistant, voipstudio: VoipstudioSimulator) -> None:
    """What the form shows can be sent as it is: the key that was made stays, and goes with the account."""
    result = await async_submit(hass, await async_start(hass, "voipstudio"), _password(voipstudio))
    entry = (await async_submit(hass, result, {}))["result"]
    await hass.async_block_till_done()
    before = dict(entry.data)
    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )
    shown = suggested(result)
    assert shown["email"] == voipstudio.email
    result = await async_submit(hass, result, shown)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert entry.data == before

    result = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )
    result = await async_submit(hass, result, {**shown, "email": "somebody.else@example.com"})
    assert result["errors"] == {"password": "required"}
    assert before["api_key"] in voipstudio.tokens
    await hass.config_entries.async_remove(entry.entry_id)
    assert before["api_key"] not in voipstudio.tokens


async def test_reauth_with_a_key_of_ones_own(hass: HomeAssistant, voipstudio: VoipstudioSimulator) -> None:
    """A key that a person typed instead of ours is not ours to remove with the account."""
    house = _voipstudio(voipstudio)
    house.kept["api_key_name"] = "Home Assistant"
    entry = await async_add(hass, house)
    result = await entry.start_reauth_flow(hass)
    result = await async_submit(hass, result, {"api_key": voipstudio.api_key})
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert "api_key_name" not in entry.data
    await hass.config_entries.async_remove(entry.entry_id)
    assert voipstudio.api_key in voipstudio.tokens


async def test_reauth_with_nothing(hass: HomeAssistant, voipstudio: VoipstudioSimulator) -> None:
    """An empty form is pointed at, where all its fields are optional."""
    entry = await async_add(hass, _voipstudio(voipstudio))
    result = await async_submit(hass, await entry.start_reauth_flow(hass), {})
    assert result["errors"] == {"email": "required"}


@pytest.mark.parametrize(
    ("error", "key", "reason"),
    [
        (AuthError(), "invalid_auth", ""),
        (ConnectError(), "cannot_connect", ""),
        (RateLimitError(30), "rate_limited", ""),
        (RefusedError("Not today"), "refused", "Not today"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_reauth_errors(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    fake_entry: MockConfigEntry,
    error: ProviderError,
    key: str,
    reason: str,
) -> None:
    """Every error is said, and the next try can succeed."""
    await async_set_up(hass, fake_entry)
    result = await fake_entry.start_reauth_flow(hass)
    fake.script.errors["account"] = error
    result = await async_submit(hass, result, {})
    assert result["errors"] == {"base": key}
    assert result["description_placeholders"] is not None
    assert result["description_placeholders"]["reason"] == reason
    del fake.script.errors["account"]
    result = await async_submit(hass, result, {})
    assert result["reason"] == "reauth_successful"


async def test_reauth_after_a_stopped_poll(
    hass: HomeAssistant, voipsun: VoipsunSimulator, expected_warnings: list[str]
) -> None:
    """An account whose polls ended since it was refused works again, even with the same credentials."""
    house = _voipsun(voipsun)
    entry = await async_add(hass, house)
    coordinator = entry.runtime_data.coordinator
    expected_warnings += ["Authentication failed while fetching"]
    voipsun.password = "another one"
    await coordinator.async_refresh()
    await hass.async_block_till_done()
    assert not coordinator.last_update_success
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == "reauth"

    voipsun.password = house.typed["password"]
    typed = {key: house.typed[key] for key in ("username", "password")}
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], typed)
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert state_of(entry) is ConfigEntryState.LOADED
    assert entry.runtime_data.coordinator is not coordinator
    assert entry.runtime_data.coordinator.last_update_success
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []


@pytest.mark.parametrize("changed", [False, True], ids=["same", "new"])
async def test_reauth_after_a_failed_start(
    hass: HomeAssistant, voipsun: VoipsunSimulator, expected_warnings: list[str], *, changed: bool
) -> None:
    """An account that was refused at the start is set up again, with the new credentials, once."""
    house = _voipsun(voipsun)
    right, voipsun.password = voipsun.password, "changed at the phone system"
    expected_warnings.append("could not authenticate")
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Sun",
        unique_id=house.unique_id,
        data={**house.typed, "provider": "voipsun", "webhook_id": "id"},
    )
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert state_of(entry) is ConfigEntryState.SETUP_ERROR
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    if not changed:
        voipsun.password = right
    voipsun.requests.clear()
    typed = {"username": voipsun.username, "password": voipsun.password}
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], typed)
    assert result["reason"] == "reauth_successful"
    await hass.async_block_till_done()
    assert state_of(entry) is ConfigEntryState.LOADED
    assert {seen.query["password"] for seen in voipsun.requests} == {voipsun.password}


# -- changing how an account is reached --------------------------------------------------------------


@pytest.mark.parametrize("house", ALL, indirect=True)
async def test_unchanged_secret_is_not_asked_for(hass: HomeAssistant, house: House) -> None:
    """Whoever changes the address need not type the key again, and never gets to see it."""
    entry = await async_add(hass, house)
    before = dict(entry.data)
    result = await entry.start_reconfigure_flow(hass)
    assert result["description_placeholders"] is not None
    assert result["description_placeholders"]["note"]
    typed = {key: value for key, value in house.typed.items() if key not in ("api_key", "password")}
    result = await async_submit(hass, result, typed)
    assert (result["type"], result["reason"]) == (FlowResultType.ABORT, "reconfigure_successful")
    assert entry.data == before


@pytest.mark.parametrize("house", ALL, indirect=True)
async def test_reconfigure(hass: HomeAssistant, house: House) -> None:
    """The form shows what is known, but no secret; an error, and then the change, which is used at once."""
    entry = await async_add(hass, house)
    found: dict[str, Any] = {"created_objects": ["c1"], "cloudhook_url": f"{CLOUDHOOK}0"}
    entry.runtime_data.coordinator.async_keep({**found, "pinned_account": "117"})
    coordinator = entry.runtime_data.coordinator
    result = await entry.start_reconfigure_flow(hass)
    assert result["type"] is FlowResultType.FORM
    assert result["step_id"] == house.provider
    fields = {str(marker) for marker in FORMS[house.provider].schema} - {"api_key", "password"}
    assert suggested(result) == {key: entry.data[key] for key in fields if key in entry.data}

    moved = _moved(house)
    wrong = {AGAIN[house.provider][-1]: "wrong"}
    result = await async_submit(hass, result, {**house.typed, **wrong})
    assert result["errors"] == {"base": "invalid_auth"}

    result = await async_submit(hass, result, {**house.typed, **moved})
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert state_of(entry) is ConfigEntryState.LOADED
    assert entry.runtime_data.coordinator is not coordinator
    if house.provider == "voipstudio":
        found["created_objects"] = []  # a key from before, which goes when another one is used
    assert {key: entry.data[key] for key in found} == found
    assert "pinned_account" not in entry.data  # it is learnt anew
    assert entry.data["webhook_id"] == "kept-webhook-id"
    for key, value in moved.items():
        assert entry.data[key] == value


@pytest.mark.parametrize("again", ["reconfigure", "reauth"])
async def test_administrator_with_another_address(hass: HomeAssistant, voxloud: VoxloudSimulator, again: str) -> None:
    """The account stays what it is when the address that told who it is has changed, also for a new key."""
    house = _voxloud(voxloud)
    entry = await async_add(hass, house)
    before = entry.unique_id, entry.data["account_id"]
    voxloud.email, voxloud.api_key = "new-admin@example.com", "another-key"
    if again == "reconfigure":
        result = await async_submit(
            hass, await entry.start_reconfigure_flow(hass), {**house.typed, "api_key": voxloud.api_key}
        )
    else:
        result = await async_submit(hass, await entry.start_reauth_flow(hass), {"api_key": voxloud.api_key})
    assert result["reason"] == f"{again}_successful"
    await hass.async_block_till_done()
    assert state_of(entry) is ConfigEntryState.LOADED
    assert (entry.unique_id, entry.data["account_id"]) == before
    assert entry.data["api_key"] == "another-key"


def _moved(house: House) -> Typed:
    """Change the way to the phone system, not the phone system."""
    key = {"voipat": "url", "voipstudio": "url", "voipsun": "username", "voxloud": "url"}[house.provider]
    if house.provider == "voipsun":
        house.simulator.username = "second user"
        return {key: "second user"}
    url = {
        "voipat": house.simulator.url.replace("/pbxapi", "/api"),
        "voipstudio": house.simulator.url.replace("v1.2", "v1.1"),
    }
    return {key: url.get(house.provider, f"{house.simulator.url}/")}


@pytest.mark.parametrize("house", ALL, indirect=True)
async def test_reconfigure_to_another_account(hass: HomeAssistant, house: House) -> None:
    """An account does not become another one."""
    entry = await async_add(hass, house)
    hass.config_entries.async_update_entry(entry, unique_id=f"{house.provider}_somebody-else")
    before = dict(entry.data)
    result = await async_submit(hass, await entry.start_reconfigure_flow(hass), house.typed)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "wrong_account"
    assert entry.data == before


async def test_reconfigure_moves_a_box(hass: HomeAssistant, voipsun: VoipsunSimulator) -> None:
    """A phone system that cannot say who it is keeps its account when it gets another address."""
    house = _voipsun(voipsun)
    entry = await async_add(hass, house)
    await voipsun.stop()
    voipsun.port = 0
    await voipsun.start()
    moved = {**house.typed, "port": voipsun.port}
    result = await async_submit(hass, await entry.start_reconfigure_flow(hass), moved)
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert state_of(entry) is ConfigEntryState.LOADED
    assert entry.data["port"] == voipsun.port
    assert entry.unique_id == house.unique_id


async def test_reconfigure_what_cannot_be_reached(hass: HomeAssistant, voipat: VoipatSimulator) -> None:
    """An account that is not loaded, since its address is wrong, is reached at the right one."""
    house = _voipat(voipat)
    data = {**house.typed, **house.kept, "provider": "voipat", "webhook_id": "id", "url": f"http://127.0.0.1:{NOWHERE}"}
    entry = MockConfigEntry(domain=DOMAIN, unique_id=house.unique_id, data=data)
    entry.add_to_hass(hass)
    assert not await hass.config_entries.async_setup(entry.entry_id)
    assert state_of(entry) is ConfigEntryState.SETUP_RETRY
    result = await async_submit(hass, await entry.start_reconfigure_flow(hass), house.typed)
    assert result["reason"] == "reconfigure_successful"
    await hass.async_block_till_done()
    assert state_of(entry) is ConfigEntryState.LOADED


# -- as the browser sees it --------------------------------------------------------------------------


@pytest.mark.parametrize("provider", ALL)
async def test_forms_reach_the_browser(hass: HomeAssistant, hass_client: ClientSessionGenerator, provider: str) -> None:
    """Every form can be sent to a browser, with a selector for each field."""
    assert await async_setup_component(hass, "config", {})
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client()
    answer = await client.post("/api/config/config_entries/flow", json={"handler": DOMAIN})
    flow = await answer.json()
    assert flow["type"] == "menu"
    answer = await client.post(f"/api/config/config_entries/flow/{flow['flow_id']}", json={"next_step_id": provider})
    assert answer.status == 200
    form = await answer.json()
    assert [fields["name"] for fields in form["data_schema"]] == [str(marker) for marker in FORMS[provider].schema]
    assert all("selector" in fields for fields in form["data_schema"])


def test_every_provider_has_its_steps() -> None:
    """Each registered provider has a form, a step and fields to sign in again."""
    assert set(FORMS) == set(PROVIDERS) == {*ALL, REAL}
    for provider in PROVIDERS:
        assert hasattr(PbxConfigFlow(), f"async_step_{provider}")
