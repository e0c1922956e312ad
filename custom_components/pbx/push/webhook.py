"""The webhook: a request is answered at once, read by the provider, and handed on."""

import asyncio
import traceback

from aiohttp import hdrs
from aiohttp.web import Request, Response
from homeassistant.components import webhook
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant, callback
from homeassistant.util import dt as dt_util

from .. import issues
from ..const import CONF_PASTE_AGAIN, DOMAIN, LOGGER
from ..coordinator import PbxCoordinator
from ..issues import ISSUE_PASTE_AGAIN
from ..push_health import PushHealth
from ..telephony.errors import BadPayloadError
from ..telephony.models import LegPush, Pushed, PushRequest
from .occupant import CHALLENGE, answer_to
from .sender import PushSender

METHODS = (hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_POST, hdrs.METH_PUT)
MAX_BODY = 256 * 1024
CHUNK = 64 * 1024
PATIENCE = 20.0  # seconds, until a body has to be there


class PbxWebhook:
    """Take what the phone system pushes to Home Assistant."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        coordinator: PbxCoordinator,
        health: PushHealth,
    ) -> None:
        """Initialize the webhook before any push."""
        self.hass = hass
        self.entry = entry
        self.coordinator = coordinator
        self.health = health
        self.sender = PushSender(hass, entry, coordinator)
        self.received = 0
        self.bad = 0
        self.foreign = 0
        self.late = 0
        self._bugs: set[str] = set()

    @callback
    def async_setup(self) -> None:
        """Register the webhook, if pushes are wanted."""
        if not self.health.wanted:
            return
        webhook_id = self.entry.data[CONF_WEBHOOK_ID]
        webhook.async_register(
            self.hass,
            DOMAIN,
            self.entry.title,
            webhook_id,
            self._async_handle,
            allowed_methods=METHODS,
        )
        self.entry.async_on_unload(lambda: webhook.async_unregister(self.hass, webhook_id))

    async def _async_handle(
        self, hass: HomeAssistant, webhook_id: str, request: Request
    ) -> Response:
        """Answer 200 at once, whatever came: on anything else providers retry or give up."""
        if CHALLENGE in request.query:
            return Response(text=answer_to(hass, request.query[CHALLENGE]))
        push = await async_read_push(request)
        if push is None:
            self.bad += 1
            return Response()
        hass.loop.call_soon(self._async_take, push)
        return Response()

    @callback
    def _async_take(self, push: PushRequest) -> None:
        """Take a request that was answered a moment ago."""
        if self.coordinator.unloaded:
            return  # what would be told now would never be told to have ended
        if push.method == hdrs.METH_HEAD or not (push.body or push.query):
            return  # a provider that tries whether somebody answers
        messages = self._parse(push)
        if messages is None:
            self.bad += 1
        elif self.sender.async_own(push, messages):
            self.received += 1
            self._hand_on(messages)
        else:
            self.foreign += 1

    def _parse(self, push: PushRequest) -> tuple[Pushed, ...] | None:
        """Return the messages of a request, none for another account's, None if unreadable."""
        provider = self.coordinator.provider
        try:
            return provider.parse(push)
        except BadPayloadError:
            LOGGER.debug("A webhook body could not be read")
        except Exception as err:  # noqa: BLE001 - the event loop would log the request
            self._report_bug(err)
        return None

    def _report_bug(self, err: Exception) -> None:
        """Log where an error comes from, once, and without its text: that holds what was pushed."""
        origin = "".join(traceback.format_tb(err.__traceback__)) + type(err).__name__
        if origin not in self._bugs:
            self._bugs.add(origin)
            provider = self.coordinator.provider.name
            LOGGER.error("Unexpected error reading what %s pushed:\n%s", provider, origin)

    def _hand_on(self, messages: tuple[Pushed, ...]) -> None:
        """Push the messages, and note that pushes come."""
        now = dt_util.utcnow()
        first = self.health.note_push(now)
        for message in messages:
            if self.sender.late(message):
                self.late += 1
                continue
            self.coordinator.async_push(message)
            if isinstance(message, LegPush):
                call = self.coordinator.data.find(message.call_id)
                self.health.coverage.heard(message.call_id if call is None else call.id, now)
        if first:
            issues.async_delete(self.hass, self.entry, ISSUE_PASTE_AGAIN)
            if self.entry.data.get(CONF_PASTE_AGAIN):
                self.coordinator.async_keep({CONF_PASTE_AGAIN: False})
            self.health.async_changed()


async def async_read_push(request: Request) -> PushRequest | None:
    """Return the parts of a request, or None if its body is too long, too slow or breaks off."""
    try:
        async with asyncio.timeout(PATIENCE):
            body = await _async_body(request)
    except Exception:  # noqa: BLE001 - Home Assistant would log the webhook id
        return None
    if body is None:
        return None
    return PushRequest(
        method=request.method,
        query=dict(request.query) if request.query_string else {},
        content_type=request.headers.get(hdrs.CONTENT_TYPE, ""),
        body=body,
        authorization=request.headers.get(hdrs.AUTHORIZATION),
    )


async def _async_body(request: Request) -> bytes | None:
    """Return the body of a request, or None if it is too long.

    What comes through Home Assistant Cloud has nothing but `content`, a new stream each time.
    """
    stream = request.content
    body = bytearray()
    while chunk := await stream.read(CHUNK):
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)
