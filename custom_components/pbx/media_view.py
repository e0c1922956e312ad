"""Play recordings and voicemail: the phone system's key never reaches the browser."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

import aiohttp
from aiohttp import hdrs
from aiohttp.web import Request, StreamResponse
from homeassistant.components.http.const import KEY_HASS_USER
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import CONF_HOST, CONF_URL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.http import KEY_HASS, HomeAssistantView
from yarl import URL

from .accounts import async_session
from .const import DOMAIN
from .data import PbxConfigEntry
from .errors import command_errors, failed
from .rights import Access, may
from .telephony.errors import Refusal
from .telephony.models import Capability, MediaKind, MediaSource

CAPABILITIES: Final = {
    MediaKind.RECORDING: Capability.RECORDINGS,
    MediaKind.VOICEMAIL: Capability.VOICEMAILS,
}
TIMEOUT: Final = aiohttp.ClientTimeout(total=None, connect=10, sock_read=30)
CHUNK: Final = 64 * 1024
PASSED_ON: Final = (
    HTTPStatus.OK,
    HTTPStatus.PARTIAL_CONTENT,
    HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
)
GONE: Final = (HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
ASKED: Final = (hdrs.RANGE, hdrs.IF_RANGE)
COPIED: Final = (hdrs.CONTENT_LENGTH, hdrs.CONTENT_RANGE, hdrs.ACCEPT_RANGES)
# What phone systems call MP3, and browsers do not know.
MISNAMED: Final = frozenset(
    {
        *("application/octet-stream", "binary/octet-stream"),
        *("audio/mpeg3", "audio/x-mpeg-3", "audio/x-mpeg", "audio/x-mp3", "audio/mpg"),
    }
)
SOUNDS: Final = frozenset(
    f"audio/{kind}"
    for kind in (
        *("mpeg", "mp3", "wav", "x-wav", "wave", "vnd.wave", "ogg", "opus", "mp4", "x-m4a"),
        *("aac", "webm", "flac", "x-flac", "gsm", "x-gsm", "basic", "amr"),
    )
)
# Whatever it is after all: no page of Home Assistant's own.
INERT: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
TRANSLATED: Final = IPv6Network("64:ff9b::/96")  # RFC 6052: the last four bytes are IPv4
STATUS: Final = {
    "no_such_media": HTTPStatus.NOT_FOUND,
    "not_allowed_read": HTTPStatus.FORBIDDEN,
    "not_found": HTTPStatus.NOT_FOUND,
    "rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
}


def media_path(entry_id: str, kind: MediaKind, item_id: str) -> str:
    """Return the path under which Home Assistant plays an item."""
    return f"/api/{DOMAIN}/media/{entry_id}/{kind.value}/{item_id}"


def playing_entry(
    hass: HomeAssistant, entry_id: str, kind: str
) -> tuple[PbxConfigEntry, MediaKind]:
    """Return the account that an item belongs to, and the kind of the item.

    Raise a translated error if there is no such account, or it has no items of that kind.
    """
    entry: PbxConfigEntry | None = hass.config_entries.async_get_entry(entry_id)
    if entry is None or entry.domain != DOMAIN or entry.state is not ConfigEntryState.LOADED:
        raise failed("no_such_media")
    capabilities = entry.runtime_data.coordinator.provider.capabilities
    if kind not in MediaKind or CAPABILITIES[MediaKind(kind)] not in capabilities:
        raise failed("no_such_media")
    return entry, MediaKind(kind)


async def async_locate(
    hass: HomeAssistant, entry: PbxConfigEntry, kind: MediaKind, item_id: str
) -> MediaSource:
    """Return where the sound of an item is; raise a translated error if there is none."""
    provider = entry.runtime_data.coordinator.provider
    if not item_id:
        raise failed("no_such_media")
    with command_errors(hass, entry, provider.name):
        return await provider.media_source(kind, item_id)


class PbxMediaView(HomeAssistantView):
    """Hand on the sound as it comes, whole or in part, and keep nothing of it."""

    url = f"/api/{DOMAIN}/media/{{entry_id}}/{{kind}}/{{item_id}}"
    name = f"api:{DOMAIN}:media"

    async def head(
        self, request: Request, entry_id: str, kind: str, item_id: str
    ) -> StreamResponse:
        """Return how long the sound is.

        Links that were signed for GET answer nothing else, so that is what is asked.
        """
        return await self.get(request, entry_id, kind, item_id)

    async def get(self, request: Request, entry_id: str, kind: str, item_id: str) -> StreamResponse:
        """Return the sound of an item."""
        hass = request.app[KEY_HASS]
        try:
            entry, media_kind = playing_entry(hass, entry_id, kind)
            if not may(request[KEY_HASS_USER], entry.runtime_data.coordinator, (), Access.READ):
                raise failed("not_allowed_read")
            source = await async_locate(hass, entry, media_kind, item_id)
            if source.headers:  # it needs the key, so it comes from the API, which counts requests
                provider = entry.runtime_data.coordinator.provider
                with command_errors(hass, entry, provider.name):
                    await provider.http.budget.for_command()
            return await self._async_fetch(request, entry, source)
        except HomeAssistantError as err:
            status = STATUS.get(err.translation_key or "", HTTPStatus.BAD_GATEWAY)
            return self.json_message(str(err), status)

    async def _async_fetch(
        self, request: Request, entry: PbxConfigEntry, source: MediaSource
    ) -> StreamResponse:
        """Fetch the sound from the phone system, and return it."""
        provider = entry.runtime_data.coordinator.provider
        hass = request.app[KEY_HASS]
        places = await _async_places(hass, entry, source)
        if not places:
            raise failed("no_such_media")
        verify_ssl = bool(entry.data.get(CONF_VERIFY_SSL, True))
        session = async_session(hass, entry.entry_id, verify_ssl=verify_ssl)
        headers = {**source.headers, hdrs.ACCEPT_ENCODING: "identity"}
        headers |= {name: request.headers[name] for name in ASKED if name in request.headers}
        for place in places:
            try:
                # A redirect would carry the key to another address.
                async with session.get(
                    place.url,
                    headers={**headers, **place.headers},
                    server_hostname=place.host,
                    allow_redirects=False,
                    timeout=TIMEOUT,
                ) as upstream:
                    if upstream.status in GONE:
                        raise failed("no_such_media")
                    return await _async_hand_on(request, upstream, source, provider.name)
            except aiohttp.ClientConnectorError:
                continue
            except aiohttp.ClientError, TimeoutError:
                break
        raise failed("cannot_connect", provider=provider.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a sound is asked for, and whose certificate is expected where that is an address."""

    url: URL
    headers: Mapping[str, str] = field(default_factory=dict)
    host: str | None = None


async def _async_places(
    hass: HomeAssistant, entry: PbxConfigEntry, source: MediaSource
) -> list[_Place]:
    """Return where to ask for a sound: the phone system itself, or a public host by https.

    A link is the vendor's word: it must not make Home Assistant ask its own network. So a name is
    looked up once, and what was checked is what is asked; none where any address is not public.
    """
    try:
        url = URL(source.url)
    except ValueError:
        return []
    own = entry.data.get(CONF_URL) or entry.data.get(CONF_HOST) or ""
    is_own = url.host is not None and url.host == _host_of(own)
    if source.headers or (is_own and url.scheme in {"http", "https"}):
        return [_Place(url=url)]
    if url.scheme != "https" or not url.host or url.user or url.password:
        return []
    try:
        found = await hass.loop.getaddrinfo(url.host, url.port)
    except OSError, ValueError:  # the latter for a host that no name server can be asked for
        return []
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    if not all(_is_public(ip_address(address)) for address in addresses):
        return []
    headers = {"Host": url.host_port_subcomponent or url.host}
    return [
        _Place(url=url.with_host(address), headers=headers, host=url.raw_host)
        for address in addresses
    ]


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """Return whether an address is one host of the internet, also as a translator writes it."""
    if address in TRANSLATED:
        address = IPv4Address(address.packed[-4:])
    unusual = address.is_multicast or address.is_reserved
    if isinstance(address, IPv6Address):
        unusual = unusual or address.is_site_local
    return address.is_global and not unusual


def _host_of(address: str) -> str | None:
    """Return the host of an address as a person types it."""
    try:
        return URL(address if "://" in address else f"https://{address}").host
    except ValueError:
        return None


async def _async_hand_on(
    request: Request, upstream: aiohttp.ClientResponse, source: MediaSource, provider: str
) -> StreamResponse:
    """Return what the phone system answered, as far as it is sound.

    A page would run as if it were Home Assistant's own.
    """
    unsatisfiable = upstream.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    content_type = upstream.content_type
    if content_type in MISNAMED:
        content_type = source.content_type
    is_sound = unsatisfiable or content_type in SOUNDS
    if upstream.status not in PASSED_ON or not is_sound:
        raise failed(
            "refused",
            provider=provider,
            reason=Refusal.OTHER.value,
            code=str(upstream.status),
            answer=f"HTTP {upstream.status}",
        )
    # What came packed after all is unpacked here, and then has another length.
    copied = () if hdrs.CONTENT_ENCODING in upstream.headers else COPIED
    response = StreamResponse(
        status=upstream.status,
        headers={name: upstream.headers[name] for name in copied if name in upstream.headers}
        | INERT,
    )
    if unsatisfiable:
        response.content_length = 0
    else:
        response.content_type = content_type
    await response.prepare(request)
    if request.method == hdrs.METH_HEAD or unsatisfiable:
        return response
    try:
        async for chunk in upstream.content.iter_chunked(CHUNK):
            await response.write(chunk)
    except aiohttp.ClientError, TimeoutError:
        # Too late for another status: only a closed connection says that something is missing.
        if request.transport is not None:
            request.transport.close()
    return response
