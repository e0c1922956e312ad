"""Calls placed at Voxloud: through stored click-to-call objects.

There can be as many of them as there are users and groups, so that one that was made here makes
room for another one.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple
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
from ..values import mapping
from .api import BAD_REQUEST, CONFLICT, FORBIDDEN, UNPROCESSABLE, Api
from .payload import e164, extension_number, ident, read_click_to_call

CLICK_TO_CALLS = "/api/v1/click-to-call"
FULL = frozenset({str(code) for code in (BAD_REQUEST, FORBIDDEN, CONFLICT, UNPROCESSABLE)})
TIED_FOR = 60.0  # seconds in which a phone that rings is taken for that of a call just placed
REMEMBERED = 16

type Users = Callable[[], Awaitable[Sequence[m.Extension]]]


class _Wanted(NamedTuple):
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
        self._objects: tuple[m.ClickToCall, ...] | None = None
        self._made_for: dict[
            str, str
        ] = {}  # object -> the number it was made for; the server may show another
        self._used: dict[str, float] = {}  # object -> when
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
            await self._remove(made)

    async def listed(self, object_id: str | None) -> tuple[m.ClickToCall, ...]:
        """Return the objects that are there, or the one with an id."""
        if object_id is None:
            found = await self._list()
        else:
            path = f"{CLICK_TO_CALLS}/{quote(_checked_id(object_id))}"
            row = mapping(await self._api.ask("click-to-call", "GET", path))
            read = read_click_to_call(row, self._country)
            found = () if read is None else (read,)
        return tuple(replace(one, made_here=one.id in self.made) for one in found)

    async def delete(self, object_id: str) -> None:
        """Remove an object, also one of others; raise NotFoundError for one that is not there."""
        async with self._lock:
            self._objects = None
            await self._delete(_checked_id(object_id))

    async def _remove(self, object_id: str) -> None:
        """Remove an object of ours; one that is gone already is removed."""
        with suppress(NotFoundError):
            await self._delete(object_id)
        self._forget(object_id)

    async def _delete(self, object_id: str) -> None:
        """Remove an object, and know nothing of it any more."""
        path = f"{CLICK_TO_CALLS}/{quote(object_id)}"
        await self._api.command("delete click-to-call", "DELETE", path)
        self._forget(object_id)

    def _forget(self, object_id: str) -> None:
        """Know nothing of an object any more."""
        self.made = tuple(other for other in self.made if other != object_id)
        self._made_for.pop(object_id, None)
        self._used.pop(object_id, None)
        if self._objects is not None:
            self._objects = tuple(one for one in self._objects if one.id != object_id)

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

    async def _connect(self, chosen: m.ClickToCall, wanted: _Wanted) -> m.Placed:
        """Place a call through an object."""
        outcome = PlacedOutcome.ACCEPTED
        path = f"{CLICK_TO_CALLS}/{quote(chosen.id)}/connect"
        placed = (time.monotonic(), wanted.extension, wanted.contact)
        self._used[chosen.id] = placed[0]
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

    async def _choose(self, wanted: _Wanted) -> m.ClickToCall:
        """Find an object that fits, or make one."""
        users = await self._users()
        shown = wanted.number or _usual_number(wanted.extension, users)
        if (
            self._objects is not None
            and (found := self._fitting(self._objects, wanted, shown)) is not None
        ):
            return found
        objects = await self._list()
        return self._fitting(objects, wanted, shown) or await self._make(wanted, shown, users)

    async def _list(self) -> tuple[m.ClickToCall, ...]:
        """Return the objects that are there."""
        rows = await self._api.listed("click-to-call", CLICK_TO_CALLS, waiting=True)
        read = (read_click_to_call(row, self._country) for row in rows)
        self._objects = tuple(found for found in read if found is not None)
        return self._objects

    def _fitting(
        self, objects: Collection[m.ClickToCall], wanted: _Wanted, shown: str
    ) -> m.ClickToCall | None:
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

    async def _make(
        self, wanted: _Wanted, shown: str, users: Sequence[m.Extension]
    ) -> m.ClickToCall:
        """Return a new object, for which another one makes room where no more can be made.

        Only where none of those made here is left, return the one that comes nearest.
        """
        if not shown:
            raise InvalidInputError("caller_id_number", "required")
        try:
            return await self._create(wanted, shown)
        except (RefusedError, RateLimitError) as err:
            if isinstance(err, RefusedError) and err.code not in FULL:
                raise
            full = len(self._objects or ()) >= max(1, len(users))
            limited = isinstance(err, RefusedError) and _is_theirs(wanted.extension, shown, users)
            spare = self._spare(wanted.extension) if full or limited else None
            if spare is None:
                return self._instead(wanted, err, full=full)
        await self._remove(spare.id)
        return await self._create(wanted, shown)

    def _spare(self, extension: str) -> m.ClickToCall | None:
        """Return the object that is missed least; None where all are of others.

        That is another one of the same extension, else one of an extension that has several, else
        the one that was used longest ago.
        """
        objects = self._objects or ()
        count = Counter(one.extension for one in objects)
        return min(
            (one for one in objects if one.id in self.made),
            key=lambda one: (
                one.extension != extension,
                count[one.extension] == 1,
                self._used.get(one.id, 0.0),
            ),
            default=None,
        )

    async def _create(self, wanted: _Wanted, shown: str) -> m.ClickToCall:
        """Return a new object; raise RefusedError or RateLimitError where no more can be made."""
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
        self, wanted: _Wanted, err: RefusedError | RateLimitError, *, full: bool
    ) -> m.ClickToCall:
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
        if full:
            code = err.code if isinstance(err, RefusedError) else ""
            raise RefusedError(
                "No more click-to-call objects: the limit is one per user and group", code
            ) from None
        raise err


def _checked_id(object_id: str) -> str:
    """Return an id that can be part of a path; raise InvalidInputError for others."""
    if not ident(object_id):
        raise InvalidInputError("click_to_call_id")
    return object_id


def _is_theirs(extension: str, number: str, users: Sequence[m.Extension]) -> bool:
    """Return whether extension and number are known, so that a refusal is due to neither."""
    own = {one.number for user in users for one in user.outbound_numbers}
    return number in own and any(user.number == extension for user in users)


def _usual_number(extension: str, users: Sequence[m.Extension]) -> str:
    """Give the number that an extension shows; a group's shows that of anybody."""
    own = [number for user in users if user.number == extension for number in user.outbound_numbers]
    candidates = own or [number for user in users for number in user.outbound_numbers]
    chosen = next((number for number in candidates if number.selected), None) or next(
        iter(candidates), None
    )
    return "" if chosen is None else chosen.number
