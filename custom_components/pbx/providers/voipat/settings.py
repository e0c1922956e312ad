"""What the client of VOIP@ Cloud has to know."""

import re
from dataclasses import dataclass
from typing import override

from ...telephony.errors import InvalidInputError
from .. import values
from ..settings import Settings, Values, parsed, secret, text

EXTENSION = re.compile(r"[0-9A-Za-z_.-]{1,64}")
_BETWEEN = re.compile(r"[\s,;]+")


def _read_extensions(value: object) -> tuple[str, ...]:
    """Return the extensions that were typed: in one text, or in several."""
    lines = value if isinstance(value, list | tuple) else [value]
    found: list[str] = []
    for line in lines:
        words = _BETWEEN.split(values.text(line))
        found += (word for word in words if EXTENSION.fullmatch(word))
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoipatSettings(Settings):
    """The bridge, the key, the domain, and the extensions where the bridge cannot list them."""

    url: str = text()
    """A host or a base URL; empty for the vendor's own."""
    api_key: str = secret()
    domain: str = text()
    """Found out where the key has only one."""
    rate_plan: str = text()
    """How many requests the account may send: `standard` or `enterprise`, else what it says."""
    auth: str = text()
    """How the server was found to check keys: one of `Scheme`."""
    extensions: tuple[str, ...] = parsed(_read_extensions, ())
    """The numbers the user typed."""
    known_extensions: tuple[str, ...] = parsed(_read_extensions, ())
    """The numbers that were met before."""

    @classmethod
    @override
    def read_options(cls, typed: Values, kept: Values) -> dict[str, object]:
        """Return the options; raise InvalidInputError for a line that is no list of extensions.

        What is left out silently would never be looked for.
        """
        options = super().read_options(typed, kept)
        lines = options.get("extensions")
        for line in lines if isinstance(lines, list) else ():
            if not all(EXTENSION.fullmatch(word) for word in _BETWEEN.split(line) if word):
                raise InvalidInputError("extensions", "invalid_extension_line", value=line)
        return options
