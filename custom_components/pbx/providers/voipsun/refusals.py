"""What the error codes of a VoIPSUN PBX mean.

Its page lists them in families and does not say which code of a family is which, so the words of
the reason, English or Czech, tell a busy phone from a ringing one and a wrong PIN from a missing
extension. Without words the family's most general meaning is left.
"""

import re

from ...telephony.errors import Refusal
from .payload import Failure

# First and last code of a family, and what it means.
FAMILIES = (
    (100, 100, Refusal.NO_PERMISSION),
    (120, 120, Refusal.INCOMPLETE),
    (200, 200, Refusal.CONFLICT),
    (201, 203, Refusal.NOT_FOUND),
    (210, 211, Refusal.WRONG_ADDRESS),
    (220, 228, Refusal.UNAVAILABLE),
    (250, 250, Refusal.NO_ROUTE),
    (300, 301, Refusal.CONFLICT),
    (302, 304, Refusal.NOT_FOUND),
    (310, 312, Refusal.NOT_FOUND),
    (500, 504, Refusal.AGENT_LOGIN),
    (550, 550, Refusal.WRONG_PIN),
    (580, 580, Refusal.WRONG_PIN),
    (590, 590, Refusal.WRONG_PIN),
    (600, 601, Refusal.QUEUE),
    (610, 636, Refusal.AGENT_STATE),
    (800, 800, Refusal.NO_RECORD),
    (801, 801, Refusal.NO_RECORDING),
    (810, 812, Refusal.FILE_ACCESS),
)

_RINGING = re.compile(r"\bring|vyzván|zvon", re.IGNORECASE)
_BUSY = re.compile(
    r"\bbusy\b|(?<!not )\bin (?:use|(?:a )?call)\b|\bon hold\b|obsazen", re.IGNORECASE
)
_EXTENSION = re.compile(r"\bexten|dial ?plan|link[ay]|klapk", re.IGNORECASE)


def refusal_of(failure: Failure) -> Refusal:
    """Return what a no means; OTHER for a code that the page does not list."""
    found = [kind for first, last, kind in FAMILIES if failure.between(first, last)]
    kind = found[0] if found else Refusal.OTHER
    match kind:
        case Refusal.UNAVAILABLE if _RINGING.search(failure.reason):
            return Refusal.RINGING
        case Refusal.UNAVAILABLE if _BUSY.search(failure.reason):
            return Refusal.BUSY
        case Refusal.AGENT_LOGIN | Refusal.AGENT_STATE if failure.about_authentication:
            return Refusal.WRONG_PIN
        case Refusal.AGENT_LOGIN if _EXTENSION.search(failure.reason):
            return Refusal.NOT_FOUND
        case _:
            return kind
