"""Recordings and voicemail as a media source: account, kind, then the items, newest first and page by page."""

from typing import Final, override

from homeassistant.components.media_player.const import MediaClass, MediaType
from homeassistant.components.media_player.errors import BrowseError
from homeassistant.components.media_source import (
    BrowseMediaSource,
    MediaSource,
    MediaSourceItem,
    PlayMedia,
    Unresolvable,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import PbxCoordinator
from .data import PbxConfigEntry
from .errors import command_errors, errors_as
from .media_view import CAPABILITIES, async_locate, media_path, playing_entry
from .telephony.models import MediaItem, MediaKind

AUDIO: Final = "audio/mpeg"  # media players filter by this before an item is resolved
PAGE: Final = 50
MAX_OFFSET: Final = 100_000


async def async_get_media_source(hass: HomeAssistant) -> MediaSource:
    """Make the media source."""
    return PbxMediaSource(hass)


class PbxMediaSource(MediaSource):
    """What can be listened to.

    Identifiers: `entry`, `entry/kind`, `entry/kind:offset` for a further page, `entry/kind/item`.
    """

    name = "PBX"

    def __init__(self, hass: HomeAssistant) -> None:
        """Serve all accounts."""
        super().__init__(DOMAIN)
        self.hass = hass

    @override
    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        """Give the path that plays an item."""
        entry_id, _, rest = item.identifier.partition("/")
        kind, _, item_id = rest.partition("/")
        with errors_as(Unresolvable):
            entry, media_kind = playing_entry(self.hass, entry_id, kind)
            source = await async_locate(self.hass, entry, media_kind, item_id)
        return PlayMedia(media_path(entry_id, media_kind, item_id), source.content_type)

    @override
    async def async_browse_media(self, item: MediaSourceItem) -> BrowseMediaSource:
        """List what is at one place of the tree."""
        words = await async_get_translations(
            self.hass, self.hass.config.language, "common", {DOMAIN}
        )
        if not item.identifier:
            return _folder(None, self.name, [self._account(entry) for entry in self._entries()])
        entry_id, _, place = item.identifier.partition("/")
        if not place:
            return self._kinds(entry_id, words)
        kind, _, offset = place.partition(":")
        with errors_as(BrowseError):
            entry, media_kind = playing_entry(self.hass, entry_id, kind)
            start = min(int(offset), MAX_OFFSET) if offset.isdecimal() else 0
            return await self._async_items(entry, media_kind, start, words)

    def _entries(self) -> list[PbxConfigEntry]:
        entries: list[PbxConfigEntry] = self.hass.config_entries.async_loaded_entries(DOMAIN)
        return [entry for entry in entries if _kinds_of(entry)]

    def _account(self, entry: PbxConfigEntry) -> BrowseMediaSource:
        return _folder(entry.entry_id, entry.title, None)

    def _kinds(self, entry_id: str, words: dict[str, str]) -> BrowseMediaSource:
        entry = next((entry for entry in self._entries() if entry.entry_id == entry_id), None)
        if entry is None:
            raise BrowseError(translation_domain=DOMAIN, translation_key="no_such_media")
        kinds = [
            _folder(f"{entry_id}/{kind}", _word(words, f"{kind}s"), None)
            for kind in _kinds_of(entry)
        ]
        return _folder(entry_id, entry.title, kinds)

    async def _async_items(
        self, entry: PbxConfigEntry, kind: MediaKind, start: int, words: dict[str, str]
    ) -> BrowseMediaSource:
        coordinator = entry.runtime_data.coordinator
        with command_errors(self.hass, entry, coordinator.provider.name):
            # One more than is shown tells whether there is another page.
            found = await coordinator.provider.media(kind, PAGE + 1, start)
        place = f"{entry.entry_id}/{kind}"
        children = [
            BrowseMediaSource(
                domain=DOMAIN,
                identifier=f"{place}/{one.id}",
                media_class=MediaClass.MUSIC,
                media_content_type=AUDIO,
                title=title(coordinator, one, words),
                can_play=True,
                can_expand=False,
            )
            for one in found[:PAGE]
        ]
        if len(found) > PAGE:
            children.append(_folder(f"{place}:{start + PAGE}", _word(words, "older"), None))
        return _folder(f"{place}:{start}" if start else place, _word(words, f"{kind}s"), children)


def title(coordinator: PbxCoordinator, item: MediaItem, words: dict[str, str]) -> str:
    """Name an item by who called whom, when, and how long it is."""
    caller = _person(coordinator, item.caller) or _word(words, "hidden_number")
    callee = _person(coordinator, item.callee)
    parts = [f"{caller} → {callee}" if callee else caller]
    if item.time is not None:
        parts.append(dt_util.as_local(item.time).strftime("%Y-%m-%d %H:%M"))
    if item.duration is not None:
        minutes, seconds = divmod(round(item.duration), 60)
        parts.append(f"{minutes}:{seconds:02}")
    return f"{'● ' if item.unread else ''}{', '.join(parts)}"


def _person(coordinator: PbxCoordinator, number: str) -> str:
    extension = coordinator.data.extensions.get(number)
    return f"{extension.name} ({number})" if extension is not None and extension.name else number


def _kinds_of(entry: PbxConfigEntry) -> list[MediaKind]:
    capabilities = entry.runtime_data.coordinator.provider.capabilities
    return [kind for kind, needed in CAPABILITIES.items() if needed in capabilities]


def _folder(
    identifier: str | None, name: str, children: list[BrowseMediaSource] | None
) -> BrowseMediaSource:
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=identifier,
        media_class=MediaClass.DIRECTORY,
        media_content_type=MediaType.MUSIC,
        title=name,
        can_play=False,
        can_expand=True,
        children=children,
    )


def _word(words: dict[str, str], key: str) -> str:
    return words[f"component.{DOMAIN}.common.{key}"]
