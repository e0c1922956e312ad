"""Which leg a command to VOIP@ is about, and the words it may hold."""

import re
import unicodedata
from collections.abc import Collection

from ...telephony import models as m
from ...telephony.errors import InvalidInputError
from ...telephony.phone_numbers import strip
from . import payload

_SHOWN = re.compile(r"\+?[0-9*#]{1,30}")


def addressable(call: m.Call) -> tuple[m.Leg, ...]:
    """Return the legs that a poll has seen: only those have the switch's ids."""
    live = (leg for leg in call.legs if leg.state is not m.CallState.ENDED)
    return tuple(leg for leg in live if payload.UUID.fullmatch(leg.id))


def addressable_of(calls: Collection[m.Call], target: m.CallRef) -> tuple[m.Leg, ...]:
    """Return the legs of the listed call that a command is about; none where it is not listed."""
    ids = {target.call.id, *(leg.id for leg in target.call.legs)}
    for call in calls:
        if ids & {call.id, *(leg.id for leg in call.legs)}:
            return addressable(call)
    return ()


def own_leg(legs: Collection[m.Leg], extension: str | None) -> m.Leg | None:
    """Return an extension's leg, one that talks before one that rings; None where it has none.

    Without an extension, return the first leg that has one.
    """
    inside = (leg for leg in legs if leg.extension)
    own = [leg for leg in inside if extension in {None, leg.extension}]
    talking = [leg for leg in own if leg.state in m.UP]
    return next(iter(talking or own), None)


def shown_number(number: str) -> str:
    """Return a number as it may be pasted into the switch's command.

    Raise InvalidInputError for one that may not.
    """
    bare = strip(number)
    if not _SHOWN.fullmatch(bare):
        raise InvalidInputError("caller_id_number", "invalid_number")
    return bare


def switch_word(name: str) -> str:
    """Return a name as one plain word, or raise InvalidInputError where nothing is left of it.

    The switch splits its command at blanks, commas, quotes and braces.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    result = re.sub(r"[^A-Za-z0-9_.-]+", "_", plain).strip("_")[: payload.LONGEST_NAME]
    if not result:
        raise InvalidInputError("caller_id_name")
    return result
