"""Where the manager interface of an Asterisk is, and who signs in there."""

from dataclasses import dataclass

from ..addresses import typed_url
from ..settings import Settings, flag, secret, text, whole_number

DEFAULT_PORT, DEFAULT_TLS_PORT = 5038, 5039
DEFAULT_CONTEXT = "from-internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskSettings(Settings):
    """The address and the manager user, and where the dial plan of the phones begins."""

    host: str = text()
    """A name, an address, either with a port behind it, or where FreePBX is in a browser."""
    port: int | None = whole_number()
    ssl: bool = flag()
    verify_ssl: bool = flag(default=True)
    username: str = text()
    password: str = secret()
    """Asterisk's own file keeps no blanks around it either."""
    dial_context: str = text()
    """The context in which a call of an extension is dialled; empty: as FreePBX names it."""
    account_id: str = text()
    """The account's name for good: the address at which it was first found."""

    @property
    def address(self) -> tuple[str, int]:
        """Return host and port of the manager interface."""
        host, port = _parts(self.host)
        return host, port or self.port or (DEFAULT_TLS_PORT if self.ssl else DEFAULT_PORT)

    @property
    def context(self) -> str:
        """Return the context in which an extension's calls are dialled."""
        return self.dial_context or DEFAULT_CONTEXT


def _parts(typed: str) -> tuple[str, int | None]:
    """Return the host of what was typed, and the port; None where that is none of AMI's."""
    try:
        url = typed_url(typed, "ami")
    except ValueError:
        return typed, None
    return url.host or typed, None if "://" in typed else url.explicit_port
