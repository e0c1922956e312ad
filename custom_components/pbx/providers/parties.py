"""Read who is at one end of a call, for every provider: a number, a name, a URI, or nobody."""

from ..telephony.models import Party
from ..telephony.phone_numbers import display_name, is_hidden, received
from ..telephony.text import line


def read_party(number: str, name: str = "", country: str = "") -> Party:
    """Return one end of a call as a phone system writes it in a country (ISO code, may be empty).

    Both texts may be URIs with a display name. A caller who withholds the number is hidden; an
    end without any text is nobody yet. A name that only repeats a number, or says that there is
    none, is no name.
    """
    if number and is_hidden(number):
        return Party(hidden=True)
    shown = display_name(line(name))
    if not shown and "<" in number:
        shown = line(display_name(number))
    return Party(number=received(number, country) if number else "", name=shown)
