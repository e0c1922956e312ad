"""What a command to VoIPstudio is about: its legs, and numbers in the form that it takes."""

from ...telephony import models as m
from ...telephony import phone_numbers as numbers
from ...telephony.errors import InvalidInputError


def dialled(number: str, country: str, field: str = "number") -> str:
    """Return a number as VoIPstudio takes it: international without "+", or internal.

    Raise InvalidInputError for one that is neither, and for a national one where no country is
    known.
    """
    form = numbers.DialForm.E164
    return numbers.in_form(number, form, country, field=field).replace("+", "")


def outside(number: str, country: str, field: str) -> str:
    """Return a number of the outside, as `dialled` does; raise InvalidInputError for others."""
    found = dialled(number, country, field)
    if numbers.is_extension(found):
        raise InvalidInputError(field, "invalid_number")
    return found


def own_legs(target: m.CallRef) -> list[m.Leg]:
    """Return the legs a command is about: those of the extension it is for, else all."""
    legs = target.call.legs
    if target.extension is None:
        return list(legs)
    return [leg for leg in legs if leg.extension == target.extension]


def id_of(leg: m.Leg) -> str:
    """Return the id under which VoIPstudio knows a leg: two legs may be one row."""
    return leg.id.partition("/")[0]
