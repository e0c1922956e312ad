"""Read who is at one end of a call, for every provider: a number, a name, a URI, or nobody."""

from collections.abc import Collection

from ..telephony.models import Party
from ..telephony.number_text import read_address
from ..telephony.phone_numbers import display_name, is_hidden, received, strip
from ..telephony.text import line

# What switches show as name and number where nobody has entered any.
_PRESET = frozenset({"asterisk", "freeswitch"})


def read_number(
    number: str, country: str, inside: Collection[str], *, national: bool = False
) -> str:
    """Return a number that a phone system tells; one of ours, which are `inside`, as it is.

    An extension may have as many digits as a number of the outside.
    """
    bare = strip(number)
    return bare if bare in inside else received(number, country, national=national)


def read_party(
    number: str,
    name: str = "",
    country: str = "",
    *,
    national: bool = False,
    inside: Collection[str] = (),
) -> Party:
    """Return one end of a call as a phone system writes it in a country (ISO code, may be empty).

    Both texts may be URIs with a display name. A caller who withholds the number is hidden; an
    end without any text is nobody yet. A name that only repeats a number, or says that there is
    none, is no name. `national` is for numbers as lines tell them (`phone_numbers.received`), and
    `inside` has those of our own phones.
    """
    if number and (is_hidden(number) or _is_preset(number)):
        return Party(hidden=True)
    shown = "" if _is_preset(name) else display_name(line(name))
    if not shown and "<" in number:
        shown = line(display_name(number))
    digits = read_number(number, country, inside, national=national) if number else ""
    return Party(number=digits, name=shown)


def _is_preset(text: str) -> bool:
    """Return whether a number or name is only the one that a switch came with."""
    return read_address(text).user.casefold() in _PRESET
