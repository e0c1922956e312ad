"""The files of other programs: which there are, without what reads and writes them."""

from enum import StrEnum

MAX_FILE = 4_000_000  # characters
TOO_MANY = "too_many"
"""Why a number is not taken that is none of the first of its entry."""


class Format(StrEnum):
    """The files that can be read."""

    VCARD = "vcard"
    CSV = "csv"
    FRITZBOX = "fritzbox"


WRITTEN = (Format.VCARD, Format.CSV)


def format_of(text: str) -> Format:
    """Return which kind of file a text most likely is."""
    start = text.removeprefix("\ufeff").lstrip()[:100].casefold()
    if start.startswith("begin:vcard"):
        return Format.VCARD
    return Format.FRITZBOX if start.startswith("<") else Format.CSV
