"""What each user chose for the front end: their own phone, the pop-up, and its sound."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from homeassistant.auth import EVENT_USER_REMOVED
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.storage import Store

from ..const import DOMAIN
from ..kept_files import async_read, is_moment
from .feed import Console, Json

VERSION: Final = 1
SAVE_DELAY: Final = 2


class PopUp(StrEnum):
    """For which calls a pop-up is shown."""

    MINE = "mine"
    ALL = "all"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """One user's choice.

    `extension` is an account's id, a slash and the number of an extension, or None. `caller_id` is
    an account's id, a slash and the number that those see whom the user calls there, or None for
    the usual one. `popup` is None until the user chose, which shows none. `seen` is when the user
    last looked at the missed calls, in ISO 8601.
    """

    extension: str | None = None
    caller_id: str | None = None
    popup: PopUp | None = None
    sound: bool = False
    seen: str | None = None


class Preferences:
    """All users' choices, kept over a restart."""

    def __init__(self, hass: HomeAssistant, console: Console) -> None:
        """Know nobody's choice yet."""
        self._hass = hass
        self._console = console
        self._store: Store[dict[str, Any]] = Store(hass, VERSION, f"{DOMAIN}.console")
        self._users: dict[str, Preference] = {}
        self._newer = False  # the file, which stays as it is

    async def async_load(self) -> None:
        """Read what was kept, and forget users when they are removed."""
        kept = await async_read(self._store)
        self._newer = kept is None
        users = (kept or {}).get("users")
        for user_id, choice in users.items() if isinstance(users, dict) else ():
            self._users[user_id] = _read(choice if isinstance(choice, dict) else {})
        self._hass.bus.async_listen(EVENT_USER_REMOVED, self._async_forget)

    @callback
    def of(self, user_id: str) -> Preference:
        """Return what a user chose, or the defaults."""
        return self._users.get(user_id, Preference())

    @callback
    def data_of(self, user_id: str) -> Json:
        """Return what a user chose, as the front end is told."""
        return asdict(self.of(user_id))

    @callback
    def async_set(self, user_id: str, choice: Preference) -> None:
        """Keep what a user chose, and tell all open pages of that user."""
        self._users[user_id] = choice
        self._save()
        self._console.async_tell_user(user_id, {"type": "me", "me": self.data_of(user_id)})

    @callback
    def _async_forget(self, event: Event[dict[str, str]]) -> None:
        """Forget a user who is no more."""
        if self._users.pop(event.data["user_id"], None) is not None:
            self._save()

    @callback
    def _save(self) -> None:
        """Write down in a moment what changed."""
        if not self._newer:
            self._store.async_delay_save(self._kept, SAVE_DELAY)

    @callback
    def _kept(self) -> Json:
        """Return what is written down."""
        return {"users": {user_id: asdict(choice) for user_id, choice in self._users.items()}}


def _read(kept: Json) -> Preference:
    """Read one user's choice; what another version wrote and this one does not know is left out."""
    popup, extension, seen = (_text(kept.get(key)) for key in ("popup", "extension", "seen"))
    return Preference(
        extension=extension,
        caller_id=_text(kept.get("caller_id")),
        popup=PopUp(popup) if popup is not None and popup in PopUp else None,
        sound=kept.get("sound") is True,
        seen=seen if seen is not None and is_moment(seen) else None,
    )


def _text(value: object) -> str | None:
    """Return a text that was kept; None for what is none."""
    return value if isinstance(value, str) else None
