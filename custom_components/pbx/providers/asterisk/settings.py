"""Where the manager interface of an Asterisk is, and who signs in there."""

from dataclasses import dataclass

from ..settings import Settings, flag, password, text, whole_number

DEFAULT_PORT, DEFAULT_TLS_PORT = 5038, 5039
DEFAULT_CONTEXT = "from-internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class AsteriskSettings(Settings):
    """The address and the manager user, and where the dial plan of the phones begins."""

    host: str = text()
    port: int | None = whole_number()
    ssl: bool = flag()
    verify_ssl: bool = flag(default=True)
    username: str = text()
    password: str = password()
    dial_context: str = text()
    """The context in which a call of an extension is dialled; empty: as FreePBX names it."""
    account_id: str = text()
    """The account's name for good: the address at which it was first found."""

    @property
    def address(self) -> tuple[str, int]:
        """Return host and port of the manager interface."""
        return self.host, self.port or (DEFAULT_TLS_PORT if self.ssl else DEFAULT_PORT)

    @property
    def context(self) -> str:
        """Return the context in which an extension's calls are dialled."""
        return self.dial_context or DEFAULT_CONTEXT
