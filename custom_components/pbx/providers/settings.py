"""The settings of an account: one typed, frozen class per client, read from what its entry keeps.

A client lists its settings as fields, each made by one of the functions below. The name of a field
is the key under which the entry keeps the value and under which the form asks for it, so a name
stands in one place:

    @dataclass(frozen=True, slots=True, kw_only=True)
    class AcmeSettings(Settings):
        host: str = text()
        port: int | None = whole_number()
        password: str = password()
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from ..telephony.errors import InvalidInputError
from .values import number, texts

type Values = Mapping[str, object]

READ = "read"
SECRET = "secret"  # noqa: S105 - the name of a mark, no secret


def _read_text(value: object) -> str:
    """Return a text without the blanks around it; raise TypeError for anything else."""
    return _read_verbatim(value).strip()


def _read_verbatim(value: object) -> str:
    """Return a text as it is; raise TypeError for anything else."""
    if not isinstance(value, str):
        raise TypeError("No text")
    return value


def _read_key(value: object) -> str:
    """Return a key without the blanks around it; raise TypeError where it is not one line.

    Such a key was pasted with something else, and no header can hold it.
    """
    key = _read_text(value)
    if not key.isprintable():
        raise TypeError("No key")
    return key


def _read_flag(value: object) -> bool:
    """Return yes or no; raise TypeError for anything else."""
    if not isinstance(value, bool):
        raise TypeError("Neither yes nor no")
    return value


def _read_whole_number(value: object) -> int:
    """Return a whole number, also from text; raise TypeError for anything else."""
    amount = number(value)
    if amount is None or not amount.is_integer():
        raise TypeError("No whole number")
    return int(amount)


def _read_texts(value: object) -> tuple[str, ...]:
    """Return the texts of a list; nothing for anything else."""
    return texts(list(value)) if isinstance(value, list | tuple) else ()


def _read_country(value: object) -> str:
    """Return a country's code in capital letters; raise TypeError for what is no text."""
    return _read_text(value).upper()


def parsed[T](read: Callable[[object], T], default: T, *, is_secret: bool = False) -> T:
    """Return a field whose value `read` makes of what is kept; `default` where nothing is kept.

    `read` raises TypeError for a value that is not what it has to be. A secret is never shown in
    a form or in the repr.
    """
    marks = {READ: read, SECRET: is_secret}
    return field(default=default, repr=not is_secret, metadata=marks)


def text() -> str:
    """Return a field for a text, without the blanks around it."""
    return parsed(_read_text, "")


def secret() -> str:
    """Return a field for a key, a token or a code: a secret without the blanks around it."""
    return parsed(_read_key, "", is_secret=True)


def password() -> str:
    """Return a field for a password: a secret, exactly as it was typed."""
    return parsed(_read_verbatim, "", is_secret=True)


def flag(*, default: bool = False) -> bool:
    """Return a field for yes or no."""
    return parsed(_read_flag, default)


def whole_number() -> int | None:
    """Return a field for a whole number; None where none is kept."""
    return parsed(_read_whole_number, None)


def kept_texts() -> tuple[str, ...]:
    """Return a field for a list of texts that the client itself found out; others are left out."""
    return parsed(_read_texts, ())


def country() -> str:
    """Return a field for a country, as an ISO 3166 code in capital letters."""
    return parsed(_read_country, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What every client knows of its account; each client adds fields of its own."""

    country: str = country()
    """Where numbers are read that come without a country; empty where nobody said."""

    @classmethod
    def read(cls, values: Values) -> Self:
        """Return the settings of an account, from what its entry keeps.

        Keys that belong to somebody else are passed over. Raise InvalidInputError, with the key as
        its field, for a value of another kind.
        """
        return cls(**cls._known(values))

    def updated(self, found: Values) -> Self:
        """Return these settings with what was found out since; raise as `read` does."""
        return replace(self, **self._known(found))

    @classmethod
    def names(cls) -> frozenset[str]:
        """Return the keys that this client reads."""
        return frozenset(setting.name for setting in fields(cls))

    @classmethod
    def secrets(cls) -> frozenset[str]:
        """Return the keys whose values are never filled into a form."""
        return frozenset(setting.name for setting in fields(cls) if setting.metadata[SECRET])

    @classmethod
    def read_options(cls, typed: Values, kept: Values) -> dict[str, object]:  # noqa: ARG003
        """Return the options to keep, from what a person typed; `kept` is what was kept so far.

        Raise InvalidInputError, with the option as its field, for what cannot be read.
        """
        return dict(typed)

    @classmethod
    def show_options(cls, kept: Values) -> dict[str, object]:
        """Return the options as a person edits them, without the secrets among them."""
        secrets = cls.secrets()
        return {name: value for name, value in kept.items() if name not in secrets}

    @classmethod
    def _known(cls, values: Values) -> dict[str, Any]:
        """Return the values of the fields of this class that are there, each read."""
        known: dict[str, Any] = {}
        for setting in fields(cls):
            value = values.get(setting.name)
            if value is None:
                continue
            try:
                known[setting.name] = setting.metadata[READ](value)
            except TypeError:
                raise InvalidInputError(setting.name) from None
        return known
