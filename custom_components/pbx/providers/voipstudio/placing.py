"""Calls that are placed by API: a user's phone rings first, or a text is spoken to a number."""

from collections import deque
from collections.abc import Mapping
from contextlib import suppress

from ...telephony import models as m
from ...telephony import phone_numbers as numbers
from ...telephony.errors import InvalidInputError, UnknownOutcomeError
from .api import Api
from .commands import dialled, outside
from .payload import ident

ANONYMOUS = "anonymous"
PLACE_TIMEOUT = 40  # the phone rings before the answer comes
SPEAK_TIMEOUT = 60
REMEMBERED_CALLS = 256


class Placing:
    """Places calls for one account, and remembers which they were."""

    def __init__(self, api: Api, country: str) -> None:
        """Initialize without a call; `country` is that of numbers without one."""
        self._api = api
        self._country = country
        self._placed: deque[str] = deque(maxlen=REMEMBERED_CALLS)
        self._unanswered: list[tuple[str, str]] = []  # user and number

    def rings_first(self, leg_id: str, user_id: str, number: str) -> bool:
        """Return whether a leg is a user's phone in a call that was placed here to a number.

        The phone may be told of before the answer says which call it is: then it is remembered.
        """
        if leg_id not in self._placed and (user_id, number) in self._unanswered:
            self._unanswered.remove((user_id, number))
            self._placed.append(leg_id)
        return leg_id in self._placed

    async def originate(self, to: str, user_id: str, caller_id: str | None) -> m.Placed:
        """Ring a user's phone, then connect it to a number, in the form that VoIPstudio takes."""
        body = {"to": to, "from": user_id}
        if caller_id is not None:
            body["caller_id"] = self._caller_id(caller_id.strip())
        asked = user_id, numbers.received(to, self._country)
        self._unanswered.append(asked)
        try:
            placed = await self._place("calls", body, PLACE_TIMEOUT)
        finally:
            with suppress(ValueError):
                self._unanswered.remove(asked)
        if placed.call_id and placed.call_id not in self._placed:
            self._placed.append(placed.call_id)
        return placed

    def _caller_id(self, number: str) -> str:
        """Return the number that a call shows, as VoIPstudio takes it; it may be none."""
        if numbers.is_hidden(number):
            return ANONYMOUS
        return outside(number, self._country, "caller_id_number")

    async def announce(self, number: str, message: str, caller_id: str) -> m.Placed:
        """Call a number and speak a text; the caller ID must be a number of the account."""
        to = dialled(number, self._country)
        if not caller_id:
            raise InvalidInputError("caller_id_number", "required")
        shown = outside(caller_id, self._country, "caller_id_number")
        body = {"to": to, "tts": message, "caller_id": shown}
        return await self._place("leadcalls", body, SPEAK_TIMEOUT)

    async def _place(self, path: str, body: Mapping[str, str], timeout: float) -> m.Placed:  # noqa: ASYNC109
        """Place a call; the outcome is unknown where its answer cannot be read."""
        try:
            answer = await self._api.command("POST", path, body, timeout=timeout, placing=True)
        except UnknownOutcomeError:
            return m.Placed(outcome=m.PlacedOutcome.UNKNOWN)
        return m.Placed(call_id=ident(answer.get("id")) or None)
