"""What the client of Voxloud has to know."""

from dataclasses import dataclass

from ..settings import Settings, parsed, secret, text
from .payload import ident


def _read_ids(value: object) -> tuple[str, ...]:
    """Return the ids of a list, as text; those that are none are left out."""
    if not isinstance(value, list | tuple):
        return ()
    ids = (ident(item) for item in value)
    return tuple(filter(None, ids))


@dataclass(frozen=True, slots=True, kw_only=True)
class VoxloudSettings(Settings):
    """The key, and what was found out about the account behind it."""

    api_key: str = secret()
    url: str = text()
    """A base URL or a host; empty for Voxloud's own."""
    notification_email: str = text()
    """Whom Voxloud tells when it disables a subscription."""
    account_id: str = text()
    company: str = text()
    created_objects: tuple[str, ...] = parsed(_read_ids, ())
    """The ids of the click-to-call objects that were made here."""
