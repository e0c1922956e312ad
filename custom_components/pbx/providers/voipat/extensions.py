"""The extensions of a VOIP@ domain: listed, or asked for one by one where they cannot be listed.

The Python server's list asks for a column that FusionPBX never had. There, only the extensions are
known that were typed, that were met before, or that took part in calls.
"""

from collections.abc import Callable, Collection, KeysView
from urllib.parse import quote

from ...telephony import models as m
from ...telephony.bounded_map import BoundedMap
from ...telephony.errors import ConnectError, InvalidInputError
from ..values import Json, mapping
from . import payload
from .api import INTERNAL_ERROR, NOT_FOUND, Api, Variant, rows_of, unread
from .settings import EXTENSION

PROBES = 20  # single extensions asked for in one go
MOST_LEARNED = 500


class Extensions:
    """Know the extensions of one domain."""

    def __init__(
        self, api: Api, typed: Collection[str], tenant: Callable[[], payload.Tenant]
    ) -> None:
        """Know those that were typed; `tenant` says whose they are when it is asked."""
        self._api = api
        self._tenant = tenant
        self._typed = dict.fromkeys(typed)
        self._listed: dict[str, m.Extension] | None = None
        self._probed: dict[str, m.Extension] = {}
        self._learned: BoundedMap[None] = BoundedMap(MOST_LEARNED)
        self._no_phones: dict[str, None] = {}
        """Numbers that stand for another extension, or for one that is switched off."""
        self._registrations = True

    @property
    def complete(self) -> bool:
        """Whether the extensions could be listed, so that no other exists."""
        return self._listed is not None

    @property
    def known(self) -> KeysView[str]:
        """The extensions that are known so far."""
        if self._listed is not None:
            return self._listed.keys()
        known = {**self._typed, **self._probed, **dict.fromkeys(self._learned)}
        return {number: None for number in known if number not in self._no_phones}.keys()

    def learn(self, met: Collection[str]) -> None:
        """Take extensions that took part in calls."""
        for extension in sorted(met):
            self._learned.put(extension, None)

    async def ask(self) -> tuple[m.Extension, ...] | None:
        """Return the extensions; None where the list, which was good before, is not now."""
        reply = await self._api.get("extensions", "/extensions", self._of_domain())
        if reply.ok:
            rows = rows_of(reply, "extensions")
            found = (payload.read_extension(row, self._tenant()) for row in rows)
            self._listed = {known.number: known for known in found if known is not None}
            return tuple(self._listed.values())
        if reply.status not in {INTERNAL_ERROR, NOT_FOUND} or self._api.variant is Variant.NODE:
            raise unread(reply, "The extensions could not be read")
        return None if self._listed is not None else await self._probe()

    async def registered(self) -> frozenset[str] | None:
        """Return who is registered; None once the answer was that this cannot be asked."""
        if not self._registrations:
            return None
        try:
            reply = await self._api.get(
                "registrations", "/extensions/registrations", self._of_domain()
            )
            registered = payload.read_registrations(reply.json()) if reply.ok else None
        except ConnectError:
            return None
        self._registrations = registered is not None
        return registered

    async def checked(self, extension: str) -> str:
        """Return an extension that may be rung, or raise InvalidInputError.

        The Python server would take one that does not exist, and never ring anybody.
        """
        extension = extension.strip()
        if not EXTENSION.fullmatch(extension):
            raise InvalidInputError("extension", "invalid_value" if extension else "required")
        if extension not in self.known:
            path = f"/extensions/{quote(extension, safe='')}"
            reply = await self._api.get("extension", path, self._of_domain(), waiting=True)
            if reply.status == NOT_FOUND:
                raise InvalidInputError("extension", "unknown_extension", value=extension)
        return extension

    async def _probe(self) -> tuple[m.Extension, ...]:
        """Ask for some known numbers, each once; a typed one that does not exist is left out.

        So are an alias, in whose place its extension comes, and an extension that is switched off.
        """
        known = dict.fromkeys((*self._typed, *self._learned))
        missing = set()
        unasked = [one for one in known if one not in self._probed and one not in self._no_phones]
        for digits in unasked[:PROBES]:
            path = f"/extensions/{quote(digits, safe='')}"
            reply = await self._api.get("extension", path, self._of_domain())
            if reply.ok:
                self._take_probed(digits, mapping(mapping(reply.json()).get("extension")))
            elif reply.status == NOT_FOUND and digits not in self._learned:
                missing.add(digits)
        known |= dict.fromkeys(self._probed)
        left = (one for one in known if one not in missing and one not in self._no_phones)
        return tuple(self._probed.get(digits) or m.Extension(number=digits) for digits in left)

    def _take_probed(self, digits: str, row: Json) -> None:
        """Take an answer about a number: it is an extension, its alias, or switched off."""
        found = payload.read_extension(row, self._tenant())
        if found is not None and found.number != digits:
            self._no_phones[digits] = None
            self._probed[found.number] = found
        elif found is None and row.get("extension"):
            self._no_phones[digits] = None
        else:
            self._probed[digits] = found or m.Extension(number=digits)

    def _of_domain(self) -> dict[str, str]:
        """Return the query that asks for one domain only."""
        return {"domain": self._tenant().domain}
