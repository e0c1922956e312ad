"""Who calls whom, and which way a call goes."""

from collections.abc import Collection

from ...telephony import models as m
from ...telephony.models import Direction
from ...telephony.phone_numbers import normalise
from .call import Call
from .channels import Channel, known, party

LONGEST = 6
"""How many digits a number has at most that may be one of a house; a name may have more."""


class Parties:
    """Knows the numbers of the house, and reads others as people of the country write them."""

    def __init__(self, inside: Collection[str], country: str) -> None:
        """Take the numbers that are dialled inside the house."""
        self._inside, self._country = inside, country

    def understand(self, call: Call, lines: list[Channel]) -> None:
        """Know who calls whom, as soon as that can be known."""
        first = next((line for line in lines if line.begins), None)
        outside = any(line.extension is None for line in lines)
        unknown = call.direction is None or (call.originated and not call.callee.number)
        if first is not None and first.renamed and call.direction is Direction.INCOMING:
            first.renamed = False
            self._learn_caller(call, first)
        if first is not None and (unknown or not call.told):
            if call.originated:
                self._understand_placed(call, first, outside=outside)
            elif first.extension is None:
                call.direction = Direction.INCOMING
                call.caller = party(first.number, first.caller_name, self._country)
            else:
                dialled = known(first.dialled)
                inside = not outside and self._is_answered_inside(dialled, first, lines)
                call.direction = Direction.INTERNAL if inside else Direction.OUTGOING
                name = known(first.caller_name)
                call.caller = m.Party(number=first.extension, name=name)
            if first.dialled and not call.originated and known(first.dialled):
                dialled = self.number(known(first.dialled))
                call.callee = m.Party(number=dialled)

    def _is_answered_inside(self, dialled: str, first: Channel, lines: list[Channel]) -> bool:
        """Return whether a call that a phone places stays in the house, as far as that is known.

        A number tells it by its length; what is called, or has answered by itself, tells better.
        """
        called = any(not line.begins for line in lines) or (first.is_up and self.is_guess(dialled))
        return called or not dialled or is_inside(dialled, self._inside)

    def is_guess(self, dialled: str) -> bool:
        """Return whether a number may be one of the house or one of the outside, by its length."""
        return dialled.isdecimal() and len(dialled) <= LONGEST and dialled not in self._inside

    def number(self, dialled: str) -> str:
        """Return a number that was dialled: of the house as it is, else as it is shown."""
        inside = dialled in self._inside
        return dialled if inside else normalise(dialled, self._country, national=True)

    def placed(self, number: str) -> m.Party:
        """Return whom the phone system calls, for a phone that it rings first."""
        inside = number in self._inside
        return m.Party(number=number) if inside else party(number, "", self._country)

    def _learn_caller(self, call: Call, first: Channel) -> None:
        """Take who calls where that is known only now, of the line on which the call began."""
        begun = call.first is not None and call.first[0] == first.uid and first.extension is None
        caller = party(first.number, first.caller_name, self._country)
        if begun and not call.originated and not caller.hidden:
            call.caller = caller if call.caller.hidden else m.filled(call.caller, caller)

    def _understand_placed(self, call: Call, first: Channel, *, outside: bool) -> None:
        """Know who calls whom where the phone system rang the caller first."""
        callee = call.placed or m.NOBODY
        if callee.number or outside:  # else it is not known yet whom it will call
            inside = not outside and is_inside(callee.number, self._inside)
            call.direction = Direction.INTERNAL if inside else Direction.OUTGOING
        call.caller = m.Party(number=first.extension or known(first.number))
        call.callee = m.filled(call.callee, callee)


def is_inside(number: str, inside: Collection[str]) -> bool:
    """Return whether a number is one of this house: an extension, a group, a code."""
    lengths = [len(one) for one in inside if one.isdecimal() and len(one) <= LONGEST]
    longest = max(lengths, default=4)
    digits = number.removeprefix("+")
    return number in inside or not digits.isdecimal() or len(digits) <= longest
