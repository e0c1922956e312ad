"""How parties and calls are worded in states, with numbers masked if the user wants that."""

from collections.abc import Mapping
from typing import Any

from .telephony.models import NOBODY, Call, Direction, Party
from .telephony.phone_numbers import display_name

MASKED_DIGITS_SHOWN = 3
EXTENSION_DIGITS = 6


class Wording:
    """The words for the states of one account."""

    def __init__(self, *, masked: bool) -> None:
        """Initialize the wording; `masked` hides most digits of the numbers outside."""
        self.masked = masked
        # Several sensors show the same call one after the other.
        self._last_call: tuple[Call | None, Mapping[str, Any]] = (None, {})

    def party(self, party: Party) -> str | None:
        """Return the name of a party, else its number; None for one of whom nothing is known."""
        return self.name(party.name) or self.number(party.number) or None

    def name(self, name: str) -> str:
        """Return a name; one that is nothing but a number is masked as a number is."""
        if not self.masked or not name or display_name(name):
            return name
        return self.number(name)

    def number(self, number: str) -> str:
        """Return a number, masked if it is one from outside and the user wants that."""
        if not self.masked or len(number) <= EXTENSION_DIGITS:
            return number
        return "•" * (len(number) - MASKED_DIGITS_SHOWN) + number[-MASKED_DIGITS_SHOWN:]

    def call_attributes(self, call: Call | None) -> Mapping[str, Any]:
        """Return the attributes that describe a call; none for no call."""
        if call is None:
            return {}
        last, attributes = self._last_call
        if last is not call:
            attributes = self._describe(call)
            self._last_call = (call, attributes)
        return attributes

    def _describe(self, call: Call) -> Mapping[str, Any]:
        """Return the attributes of a call that have a value."""
        caller, callee = call.caller.number, call.callee.number
        attributes = {
            "call_id": call.id,
            "direction": call.direction,
            "caller": self.number(caller) if self.masked else caller,
            "caller_name": self.name(call.caller.name),
            "callee": self.number(callee) if self.masked else callee,
            "callee_name": self.name(call.callee.name),
            "extensions": list(call.extensions),
            "since": call.answered_at or call.started_at,
        }
        return {key: value for key, value in attributes.items() if value}


def caller_at(call: Call | None, extension: str) -> Party:
    """Return who calls an extension, as far as it is known; nobody if it called itself."""
    if call is None or is_placed_by(extension, call.direction, call.caller.number):
        return NOBODY
    return call.caller


def called_from(call: Call | None, extension: str) -> Party:
    """Return whom an extension calls, as far as it is known; nobody if it was called."""
    if call is None or not is_placed_by(extension, call.direction, call.caller.number):
        return NOBODY
    return call.callee


def is_placed_by(extension: str | None, direction: str | None, caller: str) -> bool:
    """Return whether an extension is the side that called; `caller` is the caller's number.

    Of a call from outside or to it only the direction tells.
    """
    if direction == Direction.INTERNAL:
        return bool(extension) and extension == caller
    return direction == Direction.OUTGOING
