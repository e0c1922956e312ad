"""What the client of a VoIPSUN PBX has to know, and how the list of phones is typed in the options.

A line of that list is `sip user = internal number, name, public number ...`, or
`sip user = hidden` for an account that is no phone. Where several phones share an internal number,
each is written with its dial plan: `sip user = 100@sales, name`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import override

from ...telephony.errors import InvalidInputError
from ..settings import Settings, Values, flag, parsed, password, text, whole_number
from ..values import boolean
from .payload import line

HIDDEN_WORD = "hidden"
NAMES = "extension_names"

LONGEST_NUMBER = 40  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPhone:
    """What the user says about a SIP account: the phone system maps it to no number."""

    user: str
    number: str = ""
    """Under which it is called inside, maybe with its dial plan; empty for what is no phone."""
    name: str = ""
    public: tuple[str, ...] = ()
    """The public numbers that ring it."""
    hidden: bool = False


def read_phones(kept: object) -> tuple[NamedPhone, ...]:
    """Return the user's own list of phones: SIP user name to what is known of it.

    What is no mapping says nothing, and a name that no SIP account can have is left out.
    """
    if not isinstance(kept, Mapping):
        return ()
    return tuple(_read_phone(user, phone) for user, phone in kept.items() if user == line(user))


def _read_phone(user: str, kept: object) -> NamedPhone:
    """Return one phone of the list."""
    known = kept if isinstance(kept, Mapping) else {}
    public = known.get("public")
    numbers = public if isinstance(public, list | tuple) else ()
    return NamedPhone(
        user=user,
        number=line(known.get("number"), LONGEST_NUMBER),
        name=line(known.get("name")),
        public=tuple(line(number, LONGEST_NUMBER) for number in numbers),
        hidden=boolean(known.get("hidden")) is True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VoipsunSettings(Settings):
    """The address, the HTTP API user, and who is behind which SIP account."""

    host: str = text()
    """A name, an address or a whole URL."""
    port: int | None = whole_number()
    ssl: bool = flag()
    username: str = text()
    password: str = password()
    account_id: str = text()
    """The account's name for good: the address at which it was first found."""
    extension_names: tuple[NamedPhone, ...] = parsed(read_phones, ())
    lists_called_phones: bool = flag()
    """Whether phones that are called have been seen in the list of calls."""

    @classmethod
    @override
    def read_options(cls, typed: Values, kept: Values) -> dict[str, object]:
        """Return the options with the typed list of phones as a mapping by SIP user name."""
        options = super().read_options(typed, kept)
        lines = options.get(NAMES)
        if isinstance(lines, Sequence):
            options[NAMES] = dict(_read_line(line) for line in lines)
        return options

    @classmethod
    @override
    def show_options(cls, kept: Values) -> dict[str, object]:
        """Return the options with the list of phones as lines, the way they are typed."""
        shown = super().show_options(kept)
        names = shown.get(NAMES)
        if isinstance(names, Mapping):
            shown[NAMES] = [_write_line(user, phone) for user, phone in names.items()]
        return shown


def _read_line(line: str) -> tuple[str, dict[str, object]]:
    """Return the SIP user name of a typed line, and what it says about it.

    Raise InvalidInputError with the line as its value.
    """
    user, separator, rest = line.partition("=")
    words = [word.strip() for word in rest.split(",")]
    if not separator or not user.strip() or not words[0]:
        raise InvalidInputError(NAMES, "invalid_extension_line", value=line)
    if words[0].lower() == HIDDEN_WORD:
        return user.strip(), {"hidden": True}
    phone: dict[str, object] = {"number": words[0], "hidden": False}
    if len(words) > 1:
        phone["name"] = words[1]
    phone["public"] = [word for word in words[2:] if word]
    return user.strip(), phone


def _write_line(user: str, phone: Mapping[str, object]) -> str:
    """Return the line that a phone was typed as."""
    if phone.get("hidden"):
        return f"{user} = {HIDDEN_WORD}"
    public = phone.get("public")
    words = [phone.get("number", ""), phone.get("name", "")]
    words += public if isinstance(public, Sequence) else ()
    return f"{user} = {', '.join(map(str, words)).rstrip(', ')}"
