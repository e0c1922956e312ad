"""What the client of a VoIPSUN PBX has to know, and how the table of phones is typed in a form.

Where several phones share an internal number, each has its dial plan behind it: `100@sales`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import override

from ...telephony.errors import InvalidInputError
from ..settings import Settings, Values, flag, parsed, password, text, whole_number
from ..values import boolean
from .payload import line

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
        """Return the options with the typed table of phones as a mapping by SIP user name.

        Raise InvalidInputError for a row without a SIP account, or with one that came before.
        """
        options = super().read_options(typed, kept)
        rows = options.pop(NAMES, None)
        if not isinstance(rows, Sequence):
            return options
        phones: dict[str, dict[str, object]] = {}
        for row in rows:
            phone = _read_row(row)
            if not phone.user or phone.user in phones:
                raise InvalidInputError(NAMES, "invalid_phone", value=phone.user)
            if phone != NamedPhone(user=phone.user):
                phones[phone.user] = _kept(phone)
        return {**options, NAMES: phones} if phones else options

    @classmethod
    @override
    def show_options(cls, kept: Values) -> dict[str, object]:
        """Return the options with the phones as the rows of a table."""
        shown = super().show_options(kept)
        names = shown.get(NAMES)
        if isinstance(names, Mapping):
            shown[NAMES] = [row_of(phone) for phone in read_phones(names)]
        return shown


def row_of(phone: NamedPhone) -> dict[str, object]:
    """Return what is known of a phone as a row of the table."""
    return {"user": phone.user, **_kept(phone)}


def _kept(phone: NamedPhone) -> dict[str, object]:
    """Return what an entry keeps of a phone, under its SIP user name."""
    return {
        "number": phone.number,
        "name": phone.name,
        "public": list(phone.public),
        "hidden": phone.hidden,
    }


def _read_row(row: object) -> NamedPhone:
    """Return the phone that a row of the table describes."""
    typed = row if isinstance(row, Mapping) else {}
    phone = _read_phone(line(typed.get("user")), typed)
    public = tuple(number for number in phone.public if number)
    return replace(phone, public=public)
