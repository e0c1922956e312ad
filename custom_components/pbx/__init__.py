"""PBX: the phone systems of several providers in Home Assistant."""

from functools import partial

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryNotReady
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.typing import ConfigType
from homeassistant.helpers.update_coordinator import UpdateFailed

from .accounts import configure, make_provider
from .const import DOMAIN, LOGGER, PLATFORMS
from .coordinator import PbxConfigEntry, PbxCoordinator
from .errors import poll_errors
from .media_view import PbxMediaView
from .providers.base import Provider
from .push.webhook import async_delete_cloudhook, async_unsubscribe
from .services import async_setup_services
from .telephony import phone_numbers as numbers
from .telephony.errors import ProviderError

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register what belongs to no account: the actions, and the way to recordings."""
    async_setup_services(hass)
    hass.http.register_view(PbxMediaView)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: PbxConfigEntry) -> bool:
    """Set up an account: its devices first, then the platforms, and the webhook last."""
    await hass.async_add_executor_job(numbers.load)
    provider = make_provider(hass, entry)
    try:
        with poll_errors(provider.name):
            account = await provider.account()
    except UpdateFailed as err:
        raise ConfigEntryNotReady(
            translation_domain=err.translation_domain,
            translation_key=err.translation_key,
            translation_placeholders=err.translation_placeholders,
        ) from err
    if entry.unique_id is not None and f"{provider.key}_{account.id}" != entry.unique_id:
        raise ConfigEntryAuthFailed(
            translation_domain=DOMAIN,
            translation_key="wrong_account",
            translation_placeholders={"provider": provider.name},
        )
    coordinator = PbxCoordinator(hass, entry, provider, account)
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator
    coordinator.devices.async_setup()
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    coordinator.offered = provider.capabilities
    entry.async_on_unload(entry.add_update_listener(_async_reload_if_changed))
    await coordinator.webhook.async_setup()
    coordinator.stream.async_setup()
    return True


async def async_unload_entry(hass: HomeAssistant, entry: PbxConfigEntry) -> bool:
    """Unload an account; everything else ends with the entry."""
    await entry.runtime_data.devices.async_clear()
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: PbxConfigEntry) -> None:
    """Take back what was made for this account: at the phone system, in the cloud, and as repair issues."""
    for domain, issue_id in list(ir.async_get(hass).issues):
        if domain == DOMAIN and issue_id.endswith(f"_{entry.entry_id}"):
            ir.async_delete_issue(hass, domain, issue_id)
    await async_delete_cloudhook(hass, entry.data)
    provider = make_provider(hass, entry)
    try:
        await provider.account()
    except ProviderError as err:
        _warn_of_rest(provider, err)
        return
    for take_back in (partial(async_unsubscribe, provider, entry.data), provider.release):
        try:
            await take_back()
        except ProviderError as err:
            _warn_of_rest(provider, err)


def _warn_of_rest(provider: Provider, err: ProviderError) -> None:
    LOGGER.warning(
        "%s kept what was set up for Home Assistant: %s", provider.name, type(err).__name__
    )


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: PbxConfigEntry, device_entry: dr.DeviceEntry
) -> bool:
    """Let a person remove a device whose extension, agent or queue is gone; while that is unknown it stays."""
    if (
        entry.state is not ConfigEntryState.LOADED
        or device_entry.config_subentry_id in entry.subentries
    ):
        return False
    return entry.runtime_data.devices.subject_of_device(device_entry.id) is None


async def _async_reload_if_changed(hass: HomeAssistant, entry: PbxConfigEntry) -> None:
    """Reload for changed data or options only: titles and subentries need no new start."""
    coordinator = entry.runtime_data
    if (entry.data, entry.options) != coordinator.configured:
        hass.config_entries.async_schedule_reload(entry.entry_id)
        return
    configure(coordinator.provider, entry)
    coordinator.async_reread_directory()
