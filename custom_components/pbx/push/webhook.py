"""Pushes over HTTP: the local hook, its URL, the subscription at the phone system, and their health."""

import asyncio
from collections.abc import Coroutine, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import hdrs
from aiohttp.web import Request, Response
from homeassistant.components import webhook
from homeassistant.const import CONF_WEBHOOK_ID, EVENT_CORE_CONFIG_UPDATE
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.helpers.network import NoURLAvailableError
from homeassistant.util import dt as dt_util

from ..const import CONF_CLOUDHOOK_URL, CONF_PINNED_ACCOUNT, CONF_PUSH, DOMAIN, LOGGER
from ..providers.base import Provider
from ..push_health import Coverage
from ..telephony.errors import BadPayloadError, ProviderError
from ..telephony.models import Capability, LegPush, PushRequest, Subscription

if TYPE_CHECKING:
    from ..coordinator import PbxConfigEntry, PbxCoordinator

METHODS = (hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_POST, hdrs.METH_PUT)
MAX_BODY = 256 * 1024
CHUNK = 64 * 1024
VERIFY_INTERVAL = timedelta(minutes=20)
REPAIR_INTERVAL = timedelta(hours=1)
FIRST_RETRY = 60
LONGEST_RETRY = 3600
ISSUE_DISABLED = "webhook_disabled"
ISSUE_NO_URL = "webhook_no_url"


def external_url(hass: HomeAssistant, webhook_id: str) -> str | None:
    """Give the URL of a webhook under Home Assistant's own address on the internet."""
    try:
        return webhook.async_generate_url(hass, webhook_id, allow_internal=False, allow_ip=True)
    except NoURLAvailableError:
        return None


def urls_to_paste(hass: HomeAssistant, provider: Provider, data: Mapping[str, Any]) -> str:
    """Word the URLs that a person enters in the phone system's own settings; empty where that is not needed."""
    webhook_id = data[CONF_WEBHOOK_ID]
    url = external_url(hass, webhook_id) or data.get(CONF_CLOUDHOOK_URL)
    if url is None:
        try:
            url = webhook.async_generate_url(hass, webhook_id)
        except NoURLAvailableError:
            url = webhook.async_generate_path(webhook_id)
    return "\n\n".join(
        f"**{name}**\n```\n{text}\n```" for name, text in provider.urls_to_paste(url).items()
    )


async def async_cloudhook_url(
    hass: HomeAssistant, webhook_id: str, known: str | None = None
) -> str | None:
    """Give the URL of a webhook through Home Assistant Cloud, where somebody is signed in; while offline the known."""
    if "cloud" not in hass.config.components:
        return None
    from homeassistant.components import cloud  # noqa: PLC0415 - not installed everywhere

    if not cloud.async_active_subscription(hass):
        return None
    try:
        return await cloud.async_get_or_create_cloudhook(hass, webhook_id)
    except Exception as err:  # noqa: BLE001 - whatever the cloud's client and its network raise
        LOGGER.debug("Home Assistant Cloud gives no address now: %s", type(err).__name__)
        return known


async def async_delete_cloudhook(hass: HomeAssistant, data: Mapping[str, Any]) -> None:
    """Take the URL through Home Assistant Cloud away, if there is one."""
    if CONF_CLOUDHOOK_URL not in data or "cloud" not in hass.config.components:
        return
    from homeassistant.components import cloud  # noqa: PLC0415

    try:
        await cloud.async_delete_cloudhook(hass, data[CONF_WEBHOOK_ID])
    except Exception as err:  # noqa: BLE001 - as above
        LOGGER.debug("Home Assistant Cloud kept an address: %s", type(err).__name__)


async def async_unsubscribe(
    provider: Provider, data: Mapping[str, Any], keep: str | None = None
) -> None:
    """Remove what leads to an account's webhook, under whatever address it had, but for one."""
    if Capability.SUBSCRIPTIONS not in provider.capabilities:
        return
    cloudhook = data.get(CONF_CLOUDHOOK_URL)
    listed = {item.url for item in await provider.subscriptions()}
    for url in listed:
        if (data[CONF_WEBHOOK_ID] in url or _same(url, cloudhook)) and not _same(url, keep):
            await provider.unsubscribe(url)


def _same(url: str, other: str | None) -> bool:
    return other is not None and url.rstrip("/") == other.rstrip("/")


class PbxWebhook:
    """Take what the phone system pushes to Home Assistant, and see to it that it does."""

    def __init__(
        self, hass: HomeAssistant, entry: PbxConfigEntry, coordinator: PbxCoordinator
    ) -> None:
        """Know of no push yet."""
        self.hass = hass
        self.entry = entry
        self.coordinator = coordinator
        self.url: str | None = None
        self.subscriptions: tuple[Subscription, ...] = ()
        self.last_push: datetime | None = None
        self.received = 0
        self.bad = 0
        self.foreign = 0
        self.coverage = Coverage()
        self._subscribed = False
        self._events: frozenset[str] = frozenset()
        self._lock = asyncio.Lock()
        self._retry = FIRST_RETRY
        self._cancel_retry: CALLBACK_TYPE | None = None
        self._repaired_at: datetime | None = None

    @property
    def wanted(self) -> bool:
        """Whether the phone system can push and the user wants that."""
        return (
            Capability.WEBHOOK in self.coordinator.provider.capabilities
            and self.entry.options.get(CONF_PUSH, True)
        )

    @property
    def managed(self) -> bool:
        """Whether the URL is registered through the API; else a person pastes it."""
        return Capability.SUBSCRIPTIONS in self.coordinator.provider.capabilities

    @property
    def working(self) -> bool:
        """Whether pushes come: the subscription stands, or something was pushed since the start."""
        return self.wanted and (self._subscribed if self.managed else self.last_push is not None)

    @property
    def complete(self) -> bool:
        """Whether every call is pushed, so that polling can be slow; what a person set up has to prove it."""
        covers = self.managed or self.coverage.complete
        return self.working and self.coordinator.provider.pushes_every_call and covers

    @property
    def diagnostics(self) -> dict[str, Any]:
        """Describe the health of the pushes without a URL."""
        return {
            "wanted": self.wanted,
            "managed": self.managed,
            "working": self.working,
            "complete": self.complete,
            "has_url": self.url is not None,
            "cloudhook": self.url is not None
            and self.url == self.entry.data.get(CONF_CLOUDHOOK_URL),
            "received": self.received,
            "bad": self.bad,
            "foreign": self.foreign,
            "last_push": self.last_push,
            "subscriptions": [
                {"event": item.event, "enabled": item.enabled, "failed_count": item.failed_count}
                for item in self.subscriptions
            ],
        }

    async def async_setup(self) -> None:
        """Register the local hook, and the remote end in the background."""
        if not self.wanted:
            self._issue(ISSUE_DISABLED, wanted=False)
            self._issue(ISSUE_NO_URL, wanted=False)
            self._run("unsubscribe", self._async_unsubscribe())
            return
        webhook.async_register(
            self.hass,
            DOMAIN,
            self.entry.title,
            self.entry.data[CONF_WEBHOOK_ID],
            self._async_handle,
            allowed_methods=METHODS,
        )
        self.entry.async_on_unload(
            lambda: webhook.async_unregister(self.hass, self.entry.data[CONF_WEBHOOK_ID])
        )
        self.entry.async_on_unload(self._stop_retry)
        self.entry.async_on_unload(
            self.hass.bus.async_listen(EVENT_CORE_CONFIG_UPDATE, self._async_url_may_differ)
        )
        self._listen_to_cloud()
        self.url = await self._async_find_url()
        if self.managed:
            self._run("subscribe", self._async_register())
            self.entry.async_on_unload(
                async_track_time_interval(self.hass, self._async_look, VERIFY_INTERVAL)
            )

    # -- what comes in ------------------------------------------------------------------------------

    async def _async_handle(
        self, hass: HomeAssistant, webhook_id: str, request: Request
    ) -> Response:
        """Answer 200 at once, whatever came: providers retry, or disable the hook, on anything else."""
        body = bytearray()
        try:
            stream = request.content
            while chunk := await stream.read(CHUNK):
                body += chunk
                if len(body) > MAX_BODY:
                    self.bad += 1
                    return Response()
        except Exception:  # noqa: BLE001 - Home Assistant would log the webhook id
            self.bad += 1
            return Response()
        push = PushRequest(
            method=request.method,
            query=dict(request.query) if request.query_string else {},
            content_type=request.headers.get(hdrs.CONTENT_TYPE, ""),
            body=bytes(body),
            authorization=request.headers.get(hdrs.AUTHORIZATION),
        )
        hass.loop.call_soon(self._async_take, push)
        return Response()

    @callback
    def _async_take(self, push: PushRequest) -> None:
        if self.coordinator.unloaded:
            return  # though it was answered a moment ago: it would be told, and never its end
        if push.method == hdrs.METH_HEAD or not (push.body or push.query):
            return  # a provider that tries whether somebody answers
        provider = self.coordinator.provider
        try:
            messages = provider.parse(push)
        except BadPayloadError:
            self.bad += 1
            LOGGER.debug("A webhook body could not be read")
            return
        except Exception:  # noqa: BLE001 - the event loop would log the request with its numbers
            self.bad += 1
            LOGGER.exception("Unexpected error reading what %s pushed", provider.name)
            return
        if not messages:
            self.foreign += 1
            return
        self.received += 1
        first = self.last_push is None
        self.last_push = dt_util.utcnow()
        self._pin(push)
        for message in messages:
            self.coordinator.async_push(message)
            if isinstance(message, LegPush):
                call = self.coordinator.data.find(message.call_id)
                self.coverage.heard(
                    call.id if call is not None else message.call_id, self.last_push
                )
        if first:
            self.coordinator.async_push_changed()

    def _pin(self, push: PushRequest) -> None:
        """Remember whose pushes these are, so that those of another account are dropped."""
        if CONF_PINNED_ACCOUNT in self.entry.data:
            return
        account = self.coordinator.provider.account_of(push)
        if account is not None:
            self.coordinator.async_keep({CONF_PINNED_ACCOUNT: account})

    # -- the URL ------------------------------------------------------------------------------------

    async def _async_find_url(self) -> str | None:
        """Find a URL that reaches this hook from the internet: the external one, else a cloudhook."""
        webhook_id = self.entry.data[CONF_WEBHOOK_ID]
        if (url := external_url(self.hass, webhook_id)) is not None:
            return url
        url = await async_cloudhook_url(
            self.hass, webhook_id, self.entry.data.get(CONF_CLOUDHOOK_URL)
        )
        if url is not None:
            self.coordinator.async_keep({CONF_CLOUDHOOK_URL: url})
        return url

    def _listen_to_cloud(self) -> None:
        if "cloud" not in self.hass.config.components:
            return
        from homeassistant.components import cloud  # noqa: PLC0415

        async def async_changed(_state: object) -> None:
            self._run("cloud", self._async_register())

        self.entry.async_on_unload(cloud.async_listen_connection_change(self.hass, async_changed))

    @callback
    def _async_url_may_differ(self, _event: Event) -> None:
        self._run("url", self._async_register())

    # -- the other end ------------------------------------------------------------------------------

    @callback
    def async_subscribe_again(self) -> None:
        """Register at the phone system now, because somebody asked for it."""
        self._repaired_at = None
        self._run("subscribe", self._async_register())

    @callback
    def _run(self, why: str, work: Coroutine[Any, Any, None]) -> None:
        """Work in the background, until the entry is unloaded."""
        self.entry.async_create_background_task(
            self.hass, work, f"{self.entry.title} webhook {why}", eager_start=False
        )

    @callback
    def _stop_retry(self) -> None:
        if self._cancel_retry is not None:
            self._cancel_retry()
            self._cancel_retry = None

    async def _async_register(self) -> None:
        """Make the other end push to the URL that reaches us now."""
        async with self._lock:
            self._stop_retry()
            self.url = await self._async_find_url()
            self._issue(ISSUE_NO_URL, wanted=self.url is None and self.managed)
            if not self.managed:
                return
            provider = self.coordinator.provider
            try:
                self.subscriptions = () if self.url is None else await provider.subscribe(self.url)
            except ProviderError as err:
                LOGGER.debug("The webhook could not be registered: %s", type(err).__name__)
                self._set_subscribed(subscribed=False)
                self._cancel_retry = async_call_later(self.hass, self._retry, self._async_retry)
                self._retry = min(self._retry * 2, LONGEST_RETRY)
                return
            self._retry = FIRST_RETRY
            if self.url is None:
                self._set_subscribed(subscribed=False)
            else:
                self._events = frozenset(item.event for item in self.subscriptions)
                self._judge()
            await self._async_unsubscribe()

    @callback
    def _async_retry(self, _now: datetime) -> None:
        self._cancel_retry = None
        self._run("retry", self._async_register())

    @callback
    def _async_look(self, _now: datetime) -> None:
        self._run("verify", self._async_verify())

    async def _async_verify(self) -> None:
        """Look whether the subscription still stands; mend it, but no more than once an hour."""
        if self.url is None:
            return
        try:
            listed = await self.coordinator.provider.subscriptions()
        except ProviderError as err:
            LOGGER.debug("The webhook could not be verified: %s", type(err).__name__)
            return
        self.subscriptions = tuple(item for item in listed if _same(item.url, self.url))
        now = dt_util.utcnow()
        if not self._stands and (
            self._repaired_at is None or now - self._repaired_at >= REPAIR_INTERVAL
        ):
            self._repaired_at = now
            self._issue(ISSUE_DISABLED, wanted=True)
            await self._async_register()
        else:
            self._judge()

    @property
    def _stands(self) -> bool:
        """Whether every event that was subscribed to still is, and is switched on."""
        enabled = {item.event for item in self.subscriptions if item.enabled}
        return bool(enabled) and enabled >= self._events

    def _judge(self) -> None:
        self._issue(ISSUE_DISABLED, wanted=not self._stands)
        self._set_subscribed(subscribed=self._stands)

    async def _async_unsubscribe(self) -> None:
        """Remove what leads to us under any address but the present one, or at all if pushes are not wanted."""
        try:
            await async_unsubscribe(self.coordinator.provider, self.entry.data, keep=self.url)
        except ProviderError as err:
            LOGGER.debug("The webhook could not be removed: %s", type(err).__name__)

    @callback
    def _set_subscribed(self, *, subscribed: bool) -> None:
        if subscribed is not self._subscribed:
            self._subscribed = subscribed
            self.coordinator.async_push_changed()

    @callback
    def _issue(self, key: str, *, wanted: bool) -> None:
        issue_id = f"{key}_{self.entry.entry_id}"
        if not wanted:
            ir.async_delete_issue(self.hass, DOMAIN, issue_id)
            return
        ir.async_create_issue(
            self.hass,
            DOMAIN,
            issue_id,
            is_fixable=True,
            severity=ir.IssueSeverity.WARNING,
            translation_key=key,
            translation_placeholders={
                "title": self.entry.title,
                "provider": self.coordinator.provider.name,
            },
            data={"entry_id": self.entry.entry_id},
        )
