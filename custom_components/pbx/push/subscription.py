"""The other end of the webhook: the subscription at the phone system, kept standing."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from homeassistant.components import webhook
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_WEBHOOK_ID, EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.util import dt as dt_util

from .. import issues
from ..const import (
    CONF_CLOUDHOOK_URL,
    CONF_FORMER_URLS,
    CONF_OLD_WEBHOOKS,
    CONF_ORIGINAL_WEBHOOK,
    CONF_PASTE_AGAIN,
    CONF_WEBHOOK_URL,
    LOGGER,
)
from ..coordinator import PbxCoordinator
from ..errors import async_refusal_words
from ..issues import (
    ISSUE_COPY,
    ISSUE_INSECURE,
    ISSUE_PASTE_AGAIN,
    ISSUE_WEBHOOK_DISABLED,
    ISSUE_WEBHOOK_NO_URL,
    ISSUE_WEBHOOK_REFUSED,
    ISSUE_WEBHOOK_SILENT,
)
from ..providers.base import Provider
from ..push_health import PushHealth
from ..stored import async_ensure_stored
from ..telephony.errors import ProviderError, RefusedError
from ..telephony.models import Capability, Subscription
from .occupant import async_is_anothers
from .url import async_cloudhook_url, async_delete_cloudhook, external_url, is_insecure

VERIFY_INTERVAL = timedelta(minutes=20)
REPAIR_INTERVAL = timedelta(hours=1)
FIRST_RETRY = 60
LONGEST_RETRY = 3600
NO_REASON = "?"
MOST_FORMER = 5
MOST_OLD = 10


async def async_unsubscribe(
    hass: HomeAssistant, provider: Provider, data: Mapping[str, Any], keep: str | None = None
) -> None:
    """Remove every subscription that leads to an account's webhook, except for the URL `keep`.

    One at whose address another process of Home Assistant answers is that one's, and stays.
    """
    for url in _elsewhere(await _async_listed(provider), data, keep):
        if not await async_is_anothers(hass, url):
            await provider.unsubscribe(url)


async def _async_listed(provider: Provider) -> tuple[Subscription, ...]:
    """Return what is subscribed to, also by others; nothing where a person enters addresses."""
    if Capability.SUBSCRIPTIONS not in provider.capabilities:
        return ()
    return await provider.subscriptions()


def _elsewhere(
    listed: Iterable[Subscription], data: Mapping[str, Any], keep: str | None
) -> set[str]:
    """Return the URLs of an account's webhook that are subscribed to, except for `keep`."""
    ids = (data[CONF_WEBHOOK_ID], *data.get(CONF_OLD_WEBHOOKS, ()))
    cloudhook = data.get(CONF_CLOUDHOOK_URL)
    found: set[str] = set()
    for item in listed:
        ours = _same(item.url, cloudhook) or any(webhook_id in item.url for webhook_id in ids)
        if ours and not _same(item.url, keep):
            found.add(item.url)
    return found


def _same(url: str, other: str | None) -> bool:
    """Return whether two URLs are the same, but for a slash at the end."""
    return other is not None and url.rstrip("/") == other.rstrip("/")


class PbxSubscription:
    """See to it that the phone system pushes to the URL that reaches Home Assistant.

    Where the phone system's API does not manage webhooks, this only finds the URL.
    """

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        coordinator: PbxCoordinator,
        health: PushHealth,
    ) -> None:
        """Initialize the subscription, which is not known to stand yet."""
        self.hass = hass
        self.entry = entry
        self.coordinator = coordinator
        self.health = health
        self.url: str | None = None
        self.subscriptions: tuple[Subscription, ...] = ()
        self._events: frozenset[str] = frozenset()
        self._refused = False
        self._lock = asyncio.Lock()
        self._retry = FIRST_RETRY
        self._cancel_retry: CALLBACK_TYPE | None = None
        self._repaired_at: datetime | None = None

    async def async_setup(self) -> None:
        """Find the URL, and register it at the phone system in the background."""
        self._report_silence()
        self._report_again()
        self.entry.async_on_unload(self.health.async_add_listener(self._report_silence))
        if not self.health.wanted:
            issues.async_delete(self.hass, self.entry, ISSUE_WEBHOOK_DISABLED)
            issues.async_delete(self.hass, self.entry, ISSUE_WEBHOOK_NO_URL)
            issues.async_delete(self.hass, self.entry, ISSUE_WEBHOOK_REFUSED)
            issues.async_delete(self.hass, self.entry, ISSUE_INSECURE)
            self._run("unsubscribe", self._async_unsubscribe())
            return
        self.entry.async_on_unload(self._stop_retry)
        self.entry.async_on_unload(
            self.hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, self._async_url_may_differ)
        )
        self._listen_to_cloud()
        self.url = await self._async_find_url()
        self._run("subscribe", self._async_register())
        self.entry.async_on_unload(
            async_track_time_interval(self.hass, self._async_look, VERIFY_INTERVAL)
        )

    @callback
    def async_subscribe_again(self) -> None:
        """Register at the phone system now, because somebody asked for it."""
        self._repaired_at = None
        self._run("subscribe", self._async_register())

    @callback
    def _run(self, why: str, work: Coroutine[Any, Any, None]) -> None:
        """Work in the background until the entry is unloaded."""
        self.entry.async_create_background_task(
            self.hass, work, f"{self.entry.title} webhook {why}", eager_start=False
        )

    # -- the URL -----------------------------------------------------------------------------------

    async def _async_find_url(self) -> str | None:
        """Return a URL that reaches the webhook from the internet, or None."""
        webhook_id = self.entry.data[CONF_WEBHOOK_ID]
        url = external_url(self.hass, webhook_id)
        if url is not None:
            return url
        known = self.entry.data.get(CONF_CLOUDHOOK_URL)
        url = await async_cloudhook_url(self.hass, webhook_id, known)
        if url is not None:
            self.coordinator.async_keep({CONF_CLOUDHOOK_URL: url})
        return url

    def _listen_to_cloud(self) -> None:
        """Register anew when the connection to Home Assistant Cloud comes or goes."""
        if "cloud" not in self.hass.config.components:
            return
        from homeassistant.components import cloud  # noqa: PLC0415 - not installed everywhere

        async def async_changed(_state: object) -> None:
            """Register the URL that is right now."""
            self._run("cloud", self._async_register())

        self.entry.async_on_unload(cloud.async_listen_connection_change(self.hass, async_changed))

    @callback
    def _async_url_may_differ(self, _event: Event) -> None:
        """Register anew when Home Assistant's addresses change."""
        self._run("url", self._async_register())

    # -- copies of a configuration -----------------------------------------------------------------

    async def _async_is_copy(self, listed: Iterable[Subscription]) -> bool:
        """Return whether the account is another process's as well: this one is a copy of it.

        Else note where the webhook is, so that a copy of this one can ask there.
        """
        data = self.entry.data
        known = {self.url, data.get(CONF_WEBHOOK_URL), *data.get(CONF_FORMER_URLS, ())}
        known |= _elsewhere(listed, data, self.url)
        for url in sorted(url for url in known if url):
            if await async_is_anothers(self.hass, url):
                return True
        if self.url is not None:
            self._note_url(self.url)
        return False

    def _note_url(self, url: str) -> None:
        """Keep where the webhook is.

        Where nothing is subscribed to, keep also where it was: an original that is away now, and
        comes back, can be seen nowhere else.
        """
        data = self.entry.data
        found: dict[str, object] = {CONF_WEBHOOK_URL: url}
        before = data.get(CONF_WEBHOOK_URL)
        if before and not _same(before, url) and not self.health.managed:
            former = [one for one in data.get(CONF_FORMER_URLS, ()) if one not in {before, url}]
            found[CONF_FORMER_URLS] = [*former, before][-MOST_FORMER:]
        self.coordinator.async_keep(found)

    @callback
    def _become_copy(self) -> None:
        """Take another webhook, and leave to the original what it has; a person is told.

        The account is then loaded anew.
        """
        self._move({CONF_ORIGINAL_WEBHOOK: self.entry.data[CONF_WEBHOOK_ID]})
        self._report(ISSUE_COPY, found=True)

    @callback
    def async_take_over(self) -> None:
        """Remove what leads to the original, because a person says that it is to be replaced."""
        self._run("take over", self._async_take_over())

    async def _async_take_over(self) -> None:
        """Remove the subscriptions of the original."""
        original = self.entry.data.get(CONF_ORIGINAL_WEBHOOK)
        provider = self.coordinator.provider
        if not original:
            return
        try:
            listed = await provider.subscriptions() if self.health.managed else ()
            for url in {item.url for item in listed if original in item.url}:
                await provider.unsubscribe(url)
        except ProviderError as err:
            LOGGER.debug("The original's webhook could not be removed: %s", type(err).__name__)
            self._report(ISSUE_COPY, found=True)
            return
        self.coordinator.async_keep({CONF_ORIGINAL_WEBHOOK: "", CONF_PASTE_AGAIN: self._is_pasted})
        self._report(ISSUE_COPY, found=False)
        self._report_new_address()

    # -- another address ---------------------------------------------------------------------------

    async def async_rotate(self, options: Mapping[str, Any] | None = None) -> None:
        """Replace the webhook by another one: whoever knows the old URL can push no more.

        Options that are given are kept with it, so that the account is loaded anew once. The old
        ones are kept until their subscriptions are removed; where a person enters the address there
        are none, and where the phone system cannot be reached the last few are enough: nothing that
        is pushed to any of them is taken.
        """
        data = self.entry.data
        await async_delete_cloudhook(self.hass, data)
        old = [*data.get(CONF_OLD_WEBHOOKS, ()), data[CONF_WEBHOOK_ID]]
        self._move(
            {
                CONF_OLD_WEBHOOKS: old[-MOST_OLD:] if self.health.managed else [],
                CONF_PASTE_AGAIN: self._is_pasted,
            },
            options=options,
            disown=False,
        )
        self._report_new_address()

    def _report_new_address(self) -> None:
        """Tell a person to enter the address, where the phone system cannot be told."""
        self._report(ISSUE_PASTE_AGAIN, found=self._is_pasted)

    @property
    def _is_pasted(self) -> bool:
        """Return whether a person enters the address at the phone system."""
        return self.health.wanted and not self.health.managed

    def _report_again(self) -> None:
        """Report after a restart what was found once, and is so until a person has done it."""
        data = self.entry.data
        if data.get(CONF_ORIGINAL_WEBHOOK):
            self._report(ISSUE_COPY, found=True)
        if data.get(CONF_PASTE_AGAIN):
            self._report_new_address()

    def _move(
        self,
        more: Mapping[str, object],
        *,
        options: Mapping[str, Any] | None = None,
        disown: bool = True,
    ) -> None:
        """Take another webhook, and load the account anew with it."""
        left = {CONF_CLOUDHOOK_URL, CONF_FORMER_URLS, CONF_WEBHOOK_URL}
        data = {key: value for key, value in self.entry.data.items() if key not in left}
        if disown:
            data |= self.coordinator.provider.disowned()
        data |= {CONF_WEBHOOK_ID: webhook.async_generate_id(), **more}
        async_ensure_stored(self.hass, self.entry.entry_id)
        self.hass.config_entries.async_update_entry(
            self.entry, data=data, options=self.entry.options if options is None else options
        )

    # -- registering -------------------------------------------------------------------------------

    async def _async_register(self) -> None:
        """Make the phone system push to the URL that reaches Home Assistant now."""
        async with self._lock:
            self._stop_retry()
            self.url = await self._async_find_url()
            self._report(ISSUE_WEBHOOK_NO_URL, found=self.url is None and self.health.managed)
            self._report(ISSUE_INSECURE, found=self.url is not None and is_insecure(self.url))
            try:
                listed = await _async_listed(self.coordinator.provider)
            except ProviderError as err:
                # To add a subscription harms nobody, and none is removed without a list.
                LOGGER.debug("The webhooks could not be listed: %s", type(err).__name__)
                listed = ()
            if await self._async_is_copy(listed):
                self._become_copy()
                return
            if not self.health.managed:
                return
            try:
                await self._async_subscribe()
            except ProviderError as err:
                LOGGER.debug("The webhook could not be registered: %s", type(err).__name__)
                if isinstance(err, RefusedError):
                    await self._async_report_refusal(err)
                self.health.async_set_subscribed(subscribed=False)
                self._retry_later()
                return
            self._note_accepted()
            self._retry = FIRST_RETRY
            if self.url is None:
                self.health.async_set_subscribed(subscribed=False)
            else:
                self._events = frozenset(item.event for item in self.subscriptions)
                self._judge()
            await self._async_unsubscribe()

    async def _async_report_refusal(self, err: RefusedError) -> None:
        """Tell a person why the phone system takes no subscription, in its own words."""
        provider = self.coordinator.provider.name
        reason = await async_refusal_words(self.hass, provider, err)
        self._refused = True
        issues.async_delete(self.hass, self.entry, ISSUE_WEBHOOK_DISABLED)
        issues.async_create(
            self.hass, self.entry, ISSUE_WEBHOOK_REFUSED, provider=provider, reason=reason
        )

    def _note_accepted(self) -> None:
        """Note that the phone system refuses nothing any more."""
        self._refused = False
        issues.async_delete(self.hass, self.entry, ISSUE_WEBHOOK_REFUSED)

    async def _async_subscribe(self) -> None:
        """Subscribe to everything, if there is a URL."""
        self.subscriptions = ()
        if self.url is not None:
            self.subscriptions = await self.coordinator.provider.subscribe(self.url)

    async def _async_unsubscribe(self) -> None:
        """Remove what leads to another address than the present one, or all if pushes are off."""
        provider, data = self.coordinator.provider, self.entry.data
        try:
            await async_unsubscribe(self.hass, provider, data, keep=self.url)
            if data.get(CONF_OLD_WEBHOOKS):
                self.coordinator.async_keep({CONF_OLD_WEBHOOKS: []})
        except ProviderError as err:
            LOGGER.debug("The webhook could not be removed: %s", type(err).__name__)

    def _retry_later(self) -> None:
        """Register again after a while, and wait twice as long the next time."""
        self._cancel_retry = async_call_later(self.hass, self._retry, self._async_retry)
        self._retry = min(self._retry * 2, LONGEST_RETRY)

    @callback
    def _async_retry(self, _now: datetime) -> None:
        """Register once more."""
        self._cancel_retry = None
        self._run("retry", self._async_register())

    @callback
    def _stop_retry(self) -> None:
        """Cancel the retry that is scheduled, if any."""
        if self._cancel_retry is not None:
            self._cancel_retry()
            self._cancel_retry = None

    # -- verifying ---------------------------------------------------------------------------------

    @callback
    def _async_look(self, _now: datetime) -> None:
        """Verify the subscription in the background."""
        self._run("verify", self._async_verify())

    async def _async_verify(self) -> None:
        """Check whether the subscription still stands; repair it, but no more than once an hour.

        Also whether another process lives at one of its addresses now, which was away before.
        """
        try:
            listed = await _async_listed(self.coordinator.provider)
        except ProviderError as err:
            LOGGER.debug("The webhook could not be verified: %s", type(err).__name__)
            return
        async with self._lock:
            if await self._async_is_copy(listed):
                self._become_copy()
                return
        if self.url is None or not self.health.managed:
            return
        self.subscriptions = tuple(item for item in listed if _same(item.url, self.url))
        now = dt_util.utcnow()
        if self._stands or self._repaired_lately(now):
            self._judge()
            return
        self._repaired_at = now
        self._report(ISSUE_WEBHOOK_DISABLED, found=not self._refused)
        await self._async_register()

    def _repaired_lately(self, now: datetime) -> bool:
        """Return whether the subscription was repaired within the last hour."""
        return self._repaired_at is not None and now - self._repaired_at < REPAIR_INTERVAL

    @property
    def _stands(self) -> bool:
        """Return whether every event that was subscribed to still is, and is switched on."""
        enabled = {item.event for item in self.subscriptions if item.enabled}
        return bool(enabled) and enabled >= self._events

    def _judge(self) -> None:
        """Report whether the subscription stands, unless it is reported why it does not."""
        if self._stands:
            self._note_accepted()
        self._report(ISSUE_WEBHOOK_DISABLED, found=not self._stands and not self._refused)
        self.health.async_set_subscribed(subscribed=self._stands)

    def _last_error(self) -> str:
        """Return what the phone system says went wrong with its messages, once each."""
        told = [item.last_error for item in self.subscriptions if item.last_error]
        return "; ".join(dict.fromkeys(told)) or NO_REASON

    @callback
    def _report_silence(self) -> None:
        """Report whether a webhook that a person entered, or did not, says nothing."""
        self._report(ISSUE_WEBHOOK_SILENT, found=self.health.silent)

    def _report(self, key: str, *, found: bool) -> None:
        """Create an issue if it was found, else delete it."""
        if found:
            provider = self.coordinator.provider.name
            reason = self._last_error()
            issues.async_create(self.hass, self.entry, key, provider=provider, reason=reason)
        else:
            issues.async_delete(self.hass, self.entry, key)
