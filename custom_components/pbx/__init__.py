"""PBX: the phone systems of several providers in Home Assistant."""

from functools import partial

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_CORE_CONFIG_UPDATE, Platform
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.translation import async_get_translations
from homeassistant.helpers.typing import ConfigType

from . import issues
from .accounts import (
    async_forget_sessions,
    check_options,
    configure,
    country_of,
    make_provider,
    provider_of,
)
from .activity import async_spare_recorder
from .console import async_add_account, async_remove_script, async_setup_console
from .const import CONF_CREATED_OBJECTS, CONF_PUSH, DOMAIN, LOGGER, PLATFORMS
from .coordinator import PbxCoordinator
from .data import PbxConfigEntry, PbxData
from .dial_guard import DialGuard
from .errors import auth_failed, setup_errors
from .lookups import NameBook, PbxLookups
from .media_view import PbxMediaView
from .migration import async_migrate
from .phone_book.collection import async_get_phone_book, async_setup_phone_book
from .providers.base import Provider
from .push.stream import PbxStream
from .push.subscription import PbxSubscription, async_unsubscribe
from .push.url import async_delete_cloudhook
from .push.webhook import PbxWebhook
from .push_health import PushHealth
from .recent_calls import RecentCalls, async_remove_recent_calls
from .registry.changes import DIRECTORY
from .services import async_setup_services
from .services.described import async_update_descriptions
from .stored import apart_from_writes
from .telephony import phone_numbers as numbers
from .telephony.errors import ProviderError
from .telephony.models import Capability
from .unseen_calls import UnseenCalls
from .voice import async_setup_voice, async_update_voice

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register what belongs to no account: the phone book, the actions, the way to recordings."""
    await async_setup_phone_book(hass)
    # Activity is told from a thread that cannot wait for its sentences.
    await async_get_translations(hass, hass.config.language, "common", {DOMAIN})
    async_spare_recorder(hass)
    async_setup_services(hass)
    hass.http.register_view(PbxMediaView)
    await async_setup_console(hass)
    async_setup_voice(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: PbxConfigEntry) -> bool:
    """Set up an account: its devices first, then the platforms, and the webhook last."""
    await hass.async_add_executor_job(numbers.load)
    await hass.async_add_import_executor_job(provider_of, entry)
    provider = make_provider(hass, entry)
    check_options(entry, provider.name)
    with setup_errors(provider.name):
        account = await provider.account()
    if entry.unique_id is not None and f"{provider.key}_{account.id}" != entry.unique_id:
        raise auth_failed("wrong_account", provider=provider.name)

    health = PushHealth(provider, enabled=entry.options.get(CONF_PUSH, True))
    names = NameBook(async_get_phone_book(hass).names(country_of(hass, entry)))
    coordinator = PbxCoordinator(hass, entry, provider, account, health, names.find)
    await coordinator.async_config_entry_first_refresh()
    data = entry.runtime_data = PbxData(
        coordinator=coordinator,
        devices=coordinator.devices,
        guard=DialGuard(hass, entry, coordinator.data),
        health=health,
        lookups=PbxLookups(hass, entry, coordinator, names),
        recent=RecentCalls(hass, entry, coordinator.data, names.find),
        stream=PbxStream(hass, entry, coordinator, health),
        subscription=PbxSubscription(hass, entry, coordinator, health),
        webhook=PbxWebhook(hass, entry, coordinator, health),
    )

    data.lookups.async_setup()
    await data.recent.async_setup(coordinator.events)
    UnseenCalls(hass, entry, coordinator, data.recent).async_setup()
    data.devices.async_setup()
    # This listener also keeps the polls going when all entities are disabled.
    entry.async_on_unload(coordinator.async_add_listener(data.devices.async_sync, DIRECTORY))
    await hass.config_entries.async_forward_entry_setups(entry, _platforms_of(provider))
    coordinator.async_entities_added()
    entry.async_on_unload(entry.add_update_listener(_async_reload_if_changed))
    _async_follow_country(hass, entry)
    data.webhook.async_setup()
    await data.subscription.async_setup()
    data.stream.async_setup()
    await async_add_account(hass, coordinator, data.recent)
    update_voice = partial(async_update_voice, hass)
    entry.async_on_unload(coordinator.async_add_listener(update_voice, DIRECTORY))
    entry.async_on_unload(entry.async_on_state_change(update_voice))
    entry.async_on_unload(entry.async_on_state_change(partial(async_update_descriptions, hass)))
    return True


async def async_migrate_entry(hass: HomeAssistant, entry: PbxConfigEntry) -> bool:
    """Migrate an account that an older version added; Home Assistant refuses newer ones."""
    async_migrate(hass, entry)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: PbxConfigEntry) -> bool:
    """Unload an account; everything else ends with the entry."""
    await entry.runtime_data.devices.async_clear()
    await entry.runtime_data.recent.async_close()
    platforms = _platforms_of(entry.runtime_data.coordinator.provider)
    return await hass.config_entries.async_unload_platforms(entry, platforms)


def _platforms_of(provider: Provider) -> list[Platform]:
    """Return the platforms of an account; nothing is loaded for messages that cannot be sent."""
    sends = Capability.SEND_SMS in provider.possible
    return [platform for platform in PLATFORMS if sends or platform is not Platform.NOTIFY]


async def async_remove_entry(hass: HomeAssistant, entry: PbxConfigEntry) -> None:
    """Remove what was made for this account: at the phone system, in the cloud, and issues."""
    try:
        await _async_remove_made(hass, entry)
    finally:
        async_forget_sessions(hass, entry.entry_id)


async def _async_remove_made(hass: HomeAssistant, entry: PbxConfigEntry) -> None:
    """Remove what was made for this account."""
    issues.async_delete_all(hass, entry)
    await async_remove_recent_calls(hass, entry)
    if not hass.config_entries.async_entries(DOMAIN):
        await async_remove_script(hass)
    await async_delete_cloudhook(hass, entry.data)
    try:
        provider = make_provider(hass, entry)
    except ConfigEntryError:
        return  # nobody can tell any more where something was made
    made = entry.data.get(CONF_CREATED_OBJECTS)
    if not made and Capability.SUBSCRIPTIONS not in provider.possible:
        return  # nothing was made there
    try:
        await provider.account()
    except ProviderError as err:
        _warn_of_rest(provider, err)
        return
    for take_back in (partial(async_unsubscribe, hass, provider, entry.data), provider.release):
        try:
            await take_back()
        except ProviderError as err:
            _warn_of_rest(provider, err)


def _warn_of_rest(provider: Provider, err: ProviderError) -> None:
    """Log that something of a removed account is still at the phone system."""
    LOGGER.warning(
        "%s kept what was set up for Home Assistant: %s", provider.name, type(err).__name__
    )


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: PbxConfigEntry, device_entry: dr.DeviceEntry
) -> bool:
    """Return whether a person may remove a device: its extension, agent or queue is gone.

    While that is not known, the device stays.
    """
    if (
        entry.state is not ConfigEntryState.LOADED
        or device_entry.config_subentry_id in entry.subentries
    ):
        return False
    return entry.runtime_data.devices.subject_of_device(device_entry.id) is None


@callback
def _async_follow_country(hass: HomeAssistant, entry: PbxConfigEntry) -> None:
    """Reload an account when Home Assistant is told its country: numbers are read as there."""
    known = country_of(hass, entry)

    @callback
    def reload_if_other(_event: Event) -> None:
        """Reload if numbers would be read in another way now."""
        if country_of(hass, entry) != known:
            hass.config_entries.async_schedule_reload(entry.entry_id)

    entry.async_on_unload(hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, reload_if_other))


async def _async_reload_if_changed(hass: HomeAssistant, entry: PbxConfigEntry) -> None:
    """Reload for changed data or options only: titles and subentries need no new start."""
    coordinator = entry.runtime_data.coordinator
    known, options = coordinator.configured
    if apart_from_writes(entry.data) != apart_from_writes(known) or entry.options != options:
        hass.config_entries.async_schedule_reload(entry.entry_id)
        return
    configure(coordinator.provider, entry)
    coordinator.async_reread_directory()
