"""Browse recordings and voicemail: account, kind, then the items, newest first, in pages."""

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
from homeassistant.components.websocket_api.connection import current_connection
from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .coordinator import PbxCoordinator
from .data import PbxConfigEntry
from .errors import command_errors, errors_as, failed
from .known_names import known_name
from .media_view import CAPABILITIES, async_locate, media_path, playing_entry
from .rights import Access, may
from .telephony.models import MediaItem, MediaKind

AUDIO: Final = "audio/mpeg"  # media players filter by this before an item is resolved
PAGE: Final = 50
MAX_DIGITS: Final = 9
MAX_OFFSET: Final = 100_000


async def async_get_media_source(hass: HomeAssistant) -> MediaSource:
    """Return the media source."""
    return PbxMediaSource(hass)


class PbxMediaSource(MediaSource):
    """What can be listened to.

    Identifiers: `entry`, `entry/kind`, `entry/kind:offset` for a further page, `entry/kind/item`.
    """

    name = "PBX"

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize the media source of all accounts."""
        super().__init__(DOMAIN)
        self.hass = hass

    @override
    async def async_resolve_media(self, item: MediaSourceItem) -> PlayMedia:
        """Return the path that plays an item."""
        entry_id, _, rest = item.identifier.partition("/")
        kind, _, item_id = rest.partition("/")
        with errors_as(Unresolvable):
            entry, media_kind = playing_entry(self.hass, entry_id, kind)
            if not _may_hear(entry):
                raise failed("not_allowed_read")
            source = await async_locate(self.hass, entry, media_kind, item_id)
        return PlayMedia(media_path(entry_id, media_kind, item_id), source.content_type)

    @override
    async def async_browse_media(self, item: MediaSourceItem) -> BrowseMediaSource:
        """Return what is at one place of the tree."""
        words = await async_get_translations(
            self.hass, self.hass.config.language, "common", {DOMAIN}
        )
        if not item.identifier:
            accounts = [_folder(entry.entry_id, entry.title, None) for entry in self._entries()]
            return _folder(None, self.name, accounts)
        entry_id, _, place = item.identifier.partition("/")
        with errors_as(BrowseError):
            if not place:
                return self._kinds(entry_id, words)
            kind, _, offset = place.partition(":")
            entry, media_kind = playing_entry(self.hass, entry_id, kind)
            if not _may_hear(entry):
                raise failed("not_allowed_read")
            start = int(offset) if offset.isdecimal() and len(offset) <= MAX_DIGITS else 0
            start = min(start, MAX_OFFSET)
            return await self._async_items(entry, media_kind, start, words)

    def _entries(self) -> list[PbxConfigEntry]:
        """Return the accounts that have something to listen to, for whoever asks."""
        entries: list[PbxConfigEntry] = self.hass.config_entries.async_loaded_entries(DOMAIN)
        return [entry for entry in entries if _kinds_of(entry) and _may_hear(entry)]

    def _kinds(self, entry_id: str, words: dict[str, str]) -> BrowseMediaSource:
        """Return the kinds of items that an account has."""
        for entry in self._entries():
            if entry.entry_id == entry_id:
                kinds = [
                    _folder(f"{entry_id}/{kind}", _word(words, f"{kind}s"), None)
                    for kind in _kinds_of(entry)
                ]
                return _folder(entry_id, entry.title, kinds)
        raise failed("no_such_media")

    async def _async_items(
        self, entry: PbxConfigEntry, kind: MediaKind, start: int, words: dict[str, str]
    ) -> BrowseMediaSource:
        """Return one page of the items of a kind, and the way to the next page."""
        coordinator = entry.runtime_data.coordinator
        with command_errors(self.hass, entry, coordinator.provider.name):
            # One more than is shown tells whether there is another page.
            found = await coordinator.provider.media(kind, PAGE + 1, start)
        place = f"{entry.entry_id}/{kind}"
        children = [
            _sound(f"{place}/{item.id}", title(coordinator, item, words)) for item in found[:PAGE]
        ]
        if len(found) > PAGE:
            children.append(_folder(f"{place}:{start + PAGE}", _word(words, "older"), None))
        return _folder(f"{place}:{start}" if start else place, _word(words, f"{kind}s"), children)


def _may_hear(entry: PbxConfigEntry) -> bool:
    """Return whether whoever asks may see the calls of an account.

    Who that is, only a page's own connection says; without one it is an automation.
    """
    connection = current_connection.get()
    if connection is None:
        return True
    return may(connection.user, entry.runtime_data.coordinator, (), Access.READ)


def title(coordinator: PbxCoordinator, item: MediaItem, words: dict[str, str]) -> str:
    """Return the title of an item: who called whom, when, and how long it is."""
    caller = _person(coordinator, item.caller) or _word(words, "hidden_number")
    callee = _person(coordinator, item.callee)
    parts = [f"{caller} → {callee}" if callee else caller]
    if item.time is not None:
        parts.append(dt_util.as_local(item.time).strftime("%Y-%m-%d %H:%M"))
    if item.duration is not None:
        minutes, seconds = divmod(round(item.duration), 60)
        parts.append(f"{minutes}:{seconds:02}")
    unread = "● " if item.unread else ""
    return unread + ", ".join(parts)


def _person(coordinator: PbxCoordinator, number: str) -> str:
    """Return who has a number, as the account's states show it: with a name that is known here."""
    wording = coordinator.wording
    shown = wording.name(number)  # some phone systems tell a name in its place
    name = known_name(coordinator, number)
    return f"{name} ({shown})" if name and name != shown else shown


def _kinds_of(entry: PbxConfigEntry) -> list[MediaKind]:
    """Return the kinds of items that an account can have."""
    capabilities = entry.runtime_data.coordinator.provider.capabilities
    return [kind for kind, needed in CAPABILITIES.items() if needed in capabilities]


def _folder(
    identifier: str | None, name: str, children: list[BrowseMediaSource] | None
) -> BrowseMediaSource:
    """Return a place of the tree with others below it."""
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


def _sound(identifier: str, name: str) -> BrowseMediaSource:
    """Return an item that can be played."""
    return BrowseMediaSource(
        domain=DOMAIN,
        identifier=identifier,
        media_class=MediaClass.MUSIC,
        media_content_type=AUDIO,
        title=name,
        can_play=True,
        can_expand=False,
    )


def _word(words: dict[str, str], key: str) -> str:
    """Return a text in the language of the house."""
    return words[f"component.{DOMAIN}.common.{key}"]
