"""What the client of VoIPstudio has to know, and how the webhook's user and password are typed."""

from dataclasses import dataclass
from typing import override

from ...telephony.errors import InvalidInputError
from ..settings import Settings, Values, kept_texts, password, secret, text

USER = "webhook_username"
PASSWORD = "webhook_password"  # noqa: S105 - the name of an option


@dataclass(frozen=True, slots=True, kw_only=True)
class VoipstudioSettings(Settings):
    """The key of one user, or how to log in for one, and the webhook's own credentials."""

    url: str = text()
    """Empty for the vendor's own."""
    api_key: str = secret()
    email: str = text()
    password: str = password()
    code: str = secret()
    nonce: str = text()
    """What joins the code of the second factor to the log-in that asked for it."""
    webhook_username: str = text()
    webhook_password: str = secret()
    user_id: str = text()
    """Whose key it is."""
    customer_id: str = text()
    authentication: str = text()
    """`basic` where the phone system takes the key no other way."""
    api_key_name: str = text()
    """The name of a key that `login` made, which is removed with the account."""
    created_objects: tuple[str, ...] = kept_texts()
    """The names of all keys that were made so."""

    @classmethod
    @override
    def read_options(cls, typed: Values, kept: Values) -> dict[str, object]:
        """Return the options with both of the webhook's user and password, or with neither.

        The password is not shown, so an empty field means the one that is known, as long as the
        user is the same.
        """
        options = super().read_options(typed, kept)
        user = options.get(USER)
        if user is not None and user == kept.get(USER):
            options.setdefault(PASSWORD, kept.get(PASSWORD))
        if options.get(USER) and not options.get(PASSWORD):
            raise InvalidInputError(PASSWORD, "required")
        if options.get(PASSWORD) and not options.get(USER):
            raise InvalidInputError(USER, "required")
        return options
