"""Calls placed at Voxloud: through stored click-to-call objects.

There can be as many of them as there are users and groups.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import quote

from ...telephony import models as m
from ...telephony import phone_numbers as numbers
from ...telephony.errors import (
    ConnectError,
    InvalidInputError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    RefusedError,
    UnknownOutcomeError,
)
from ...telephony.models import DialFirst, PlacedOutcome
from .api import BAD_REQUEST, CONFLICT, FORBIDDEN, UNPROCESSABLE, Api
from .payload import ClickToCall, e164, extension_number, read_click_to_call

CLICK_TO_CALLS = "/api/v1/click-to-call"
FULL = frozenset({str(code) for code in (BAD_REQUEST, FORBIDDEN, CONFLICT, UNPROCESSABLE)})
TIED_FOR = 60.0  # seconds in which a phone that rings is taken for that of a call just placed
REMEMBERED = 16

type Users = Callable[[], Awaitable[Sequence[m.Extension]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """A call to place; `number` is what the other side shall see, None for what is usual."""

    extension: str
    contact: str
    number: str | None
    dial_first: DialFirst
    either_first: bool


class Dialler:
    """Find, make, use and remove click-to-call objects; those of others are never removed."""

    def __init__(self, api: Api, country: str, users: Users, made: Collection[str]) -> None:
        """Know which objects were made here earlier."""
        self.made = tuple(made)
        self._api = api
        self._country = country
        self._users = users
        self._objects: tuple[ClickToCall, ...] | None = None
        self._made_for: dict[
            str, str
        ] = {}  # object -> the number it was made for; the server may show another
        self._placed: deque[tuple[float, str, str]] = deque(maxlen=REMEMBERED)
        self._lock = asyncio.Lock()

    def recently_placed(self) -> tuple[tuple[str, str], ...]:
        """Return extension and number of the calls whose events may still be to come.

        No call id tells which they are.
        """
        since = time.monotonic() - TIED_FOR
        return tuple((extension, number) for at, extension, number in self._placed if at >= since)

    async def place(self, request: m.Originate) -> m.Placed:
        """Connect an extension and a number; what may have been carried out is never repeated."""
        wanted = self._validated(request)
        async with self._lock:
            chosen = await self._choose(wanted)
        try:
            return await self._connect(chosen, wanted)
        except NotFoundError:
            async with self._lock:
                self._objects = None
                chosen = await self._choose(wanted)
            return await self._connect(chosen, wanted)

    async def release(self) -> None:
        """Remove the objects that were made here."""
        for made in self.made:
            with suppress(NotFoundError):
                await self._api.command(
                    "delete click-to-call", "DELETE", f"{CLICK_TO_CALLS}/{quote(made)}"
                )
            self.made = tuple(other for other in self.made if other != made)

    def _validated(self, request: m.Originate) -> _Wanted:
        """Return what is to be called, checked; raise InvalidInputError for what cannot be."""
        extension = extension_number(numbers.strip(request.extension))
        if not extension:
            raise InvalidInputError("extension")
        contact = e164(request.number, self._country, "number")
        number = request.caller_id_number
        return _Wanted(
            extension=extension,
            contact=contact,
            number=None if number is None else e164(number, self._country, "caller_id_number"),
            dial_first=request.dial_first or DialFirst.EXTENSION,
            either_first=request.dial_first is None,
        )

    async def _connect(self, chosen: ClickToCall, wanted: _Wanted) -> m.Placed:
        """Place a call through an object."""
        outcome = PlacedOutcome.ACCEPTED
        path = f"{CLICK_TO_CALLS}/{quote(chosen.id)}/connect"
        placed = (time.monotonic(), wanted.extension, wanted.contact)
        self._placed.append(placed)  # the phone may be told before we are
        try:
            body = {"contact": wanted.contact}
            await self._api.command("connect click-to-call", "POST", path, placing=True, json=body)
        except UnknownOutcomeError:
            outcome = PlacedOutcome.UNKNOWN
        except ProviderError:
            with suppress(ValueError):
                self._placed.remove(placed)
            raise
        return m.Placed(outcome=outcome)

    async def _choose(self, wanted: _Wanted) -> ClickToCall:
        """Find an object that fits, or make one."""
        users = await self._users()
        shown = wanted.number or _usual_number(wanted.extension, users)
        if (
            self._objects is not None
            and (found := self._fitting(self._objects, wanted, shown)) is not None
        ):
            return found
        objects = await self._list()
        return self._fitting(objects, wanted, shown) or await self._make(wanted, shown, len(users))

    async def _list(self) -> tuple[ClickToCall, ...]:
        """Return the objects that are there."""
        rows = await self._api.listed("click-to-call", CLICK_TO_CALLS, waiting=True)
        read = (read_click_to_call(row, self._country) for row in rows)
        self._objects = tuple(found for found in read if found is not None)
        return self._objects

    def _fitting(
        self, objects: Collection[ClickToCall], wanted: _Wanted, shown: str
    ) -> ClickToCall | None:
        """Return an object that places this call; None where there is none."""
        fitting = [
            known
            for known in objects
            if known.extension == wanted.extension and known.dial_first is wanted.dial_first
        ]
        for known in fitting:
            if numbers.same(known.number, shown) or self._made_for.get(known.id) == shown:
                return known
        return fitting[0] if fitting and wanted.number is None else None

    async def _make(self, wanted: _Wanted, shown: str, users: int) -> ClickToCall:
        """Return a new object, or one that comes nearest where no more can be made."""
        if not shown:
            raise InvalidInputError("caller_id_number", "required")
        before = {known.id for known in self._objects or ()}
        body = {
            "name": f"home-assistant-{wanted.extension}",
            "extension": wanted.extension,
            "outboundNumber": shown,
            "dial_first": wanted.dial_first.value,
        }
        try:
            answer = await self._api.command(
                "create click-to-call", "POST", CLICK_TO_CALLS, json=body
            )
            made = read_click_to_call({**body, **answer}, self._country)
        except UnknownOutcomeError:
            made = None
        except (RefusedError, RateLimitError) as err:
            if isinstance(err, RefusedError) and err.code not in FULL:
                raise
            return self._instead(wanted, users, err)
        if made is None:  # nothing rings yet, so that looking whether it is there is safe
            news = [known for known in await self._list() if known.id not in before]
            made = self._fitting(news, wanted, shown)
            if made is None:
                raise ConnectError("The call could not be prepared")
        else:
            self._objects = (*(self._objects or ()), made)
        self._made_for[made.id] = shown
        self.made = (*self.made, made.id)
        return made

    def _instead(
        self, wanted: _Wanted, users: int, err: RefusedError | RateLimitError
    ) -> ClickToCall:
        """Return what comes nearest where no more can be made.

        It has everything that was asked for by name. Where nothing has, raise RefusedError if the
        limit is reached, else `err`.
        """
        objects = self._objects or ()
        for known in objects:
            if (
                known.extension == wanted.extension
                and wanted.number is None
                and wanted.either_first
            ):
                return known
        if len(objects) >= max(1, users):
            code = err.code if isinstance(err, RefusedError) else ""
            raise RefusedError(
                "No more click-to-call objects: the limit is one per user and group", code
            ) from None
        raise err


def _usual_number(extension: str, users: Sequence[m.Extension]) -> str:
    """Give the number that an extension shows; a group's shows that of anybody."""
    own = [number for user in users if user.number == extension for number in user.outbound_numbers]
    candidates = own or [number for user in users for number in user.outbound_numbers]
    chosen = next((number for number in candidates if number.selected), None) or next(
        iter(candidates), None
    )
    return "" if chosen is None else chosen.number
