"""Look-ups: what a phone system tells only when asked, a caller's name and a call's record."""

from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .const import LOGGER
from .coordinator import PbxCoordinator
from .telephony.errors import ProviderError
from .telephony.events import Event
from .telephony.models import (
    Call,
    Capability,
    Contact,
    Direction,
    EventType,
    Party,
    outside,
)

NAMES_KEPT = 500
NAMES_TRUSTED = timedelta(minutes=10)  # contacts are written, renamed and removed meanwhile
MAX_WAITING_NAMES = 20
MAX_PENDING_RECORDS = 50
ASK_AGAIN_AFTER = (20, 90)  # seconds after the question before, which had no answer


class LookedUp(NamedTuple):
    """Whoever was found to have a number, and when; never (None) where that is not trusted."""

    party: Party
    at: datetime | None


def can_be_looked_up(coordinator: PbxCoordinator, call: Call) -> bool:
    """Return whether the phone system's contacts may know the party outside of a call."""
    if Capability.SEARCH_CONTACTS not in coordinator.provider.capabilities:
        return False
    number = outside(call).number
    if call.direction is Direction.INTERNAL or not number:
        return False
    return not coordinator.data.is_pretended(number, call.direction)


class NameBook:
    """Who has a number: the house's phone book knows, else what was looked up last.

    The registry asks it when a call begins, so that the first event has the name.
    """

    def __init__(self, house: Callable[[str], Party | None]) -> None:
        """Initialize the book; `house` is asked first."""
        self._house = house
        self._looked_up: OrderedDict[str, LookedUp] = OrderedDict()

    def find(self, number: str) -> Party | None:
        """Return whoever has a number, or None if nobody knows and it was not looked up."""
        found = self._house(number)
        if found is None and (known := self._looked_up.get(number)) is not None:
            found = known.party
        return found

    def is_due(self, party: Party) -> bool:
        """Return whether to look up who has a party's number, for the first time or once more.

        Not where the name is the house's, or came with the call.
        """
        if self._house(party.number) is not None:
            return False
        known = self._looked_up.get(party.number)
        if party.name and (known is None or party.name != known.party.name):
            return False
        return known is None or known.at is None or dt_util.utcnow() - known.at >= NAMES_TRUSTED

    def add(self, number: str, party: Party) -> None:
        """Add whoever has a number, and forget the oldest one of too many."""
        self._looked_up[number] = LookedUp(party, dt_util.utcnow())
        if len(self._looked_up) > NAMES_KEPT:
            self._looked_up.popitem(last=False)

    def distrust(self) -> None:
        """Look everybody up once more: the phone system's contacts have changed."""
        for number, known in self._looked_up.items():
            self._looked_up[number] = LookedUp(known.party, None)


class PbxLookups:
    """Listen to the events of an account, and look up what is missing in them."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        coordinator: PbxCoordinator,
        names: NameBook,
    ) -> None:
        """Initialize the look-ups; what they find goes into `names`."""
        self.hass = hass
        self.entry = entry
        self.coordinator = coordinator
        self.names = names
        self._waiting: deque[tuple[str, str]] = deque(maxlen=MAX_WAITING_NAMES)
        self._naming = False
        self._cancel_records: dict[str, CALLBACK_TYPE] = {}

    @callback
    def async_setup(self) -> None:
        """Listen to the account's events until the entry is unloaded."""
        events = self.coordinator.events
        self.entry.async_on_unload(events.async_listen_events(None, self._async_handle))
        self.entry.async_on_unload(self._stop)

    @callback
    def _async_handle(self, event: Event) -> None:
        """Look up the caller of a call that began, and the record of one that ended."""
        if event.call is None:
            return
        match event.type:
            case EventType.CALL_INCOMING | EventType.CALL_OUTGOING:
                self._name(event.call)
            case EventType.CALL_ENDED | EventType.CALL_MISSED if event.call.record is None:
                self._ask_record_later(event.call)

    # -- names -------------------------------------------------------------------------------------

    def _name(self, call: Call) -> None:
        """Look up the party outside, unless it has a name or was looked up a short time ago.

        Whoever was looked up before is named already: the registry asks the name book.
        """
        party = outside(call)
        if not can_be_looked_up(self.coordinator, call) or not self.names.is_due(party):
            return
        # Of too many the oldest is left out: its call is the one that may be over.
        self._waiting.append((call.id, party.number))
        if not self._naming:
            self._naming = True
            self.entry.async_create_background_task(
                self.hass, self._async_names(), f"{self.entry.title} contacts", eager_start=False
            )

    async def _async_names(self) -> None:
        """Look up whoever waits for that, one after the other."""
        try:
            while self._waiting:
                await self._async_name(*self._waiting.popleft())
        finally:
            self._naming = False

    async def _async_name(self, call_id: str, number: str) -> None:
        """Ask the phone system's contacts who has a number; a failure is not remembered."""
        party = self.names.find(number)
        if party is None or self.names.is_due(Party(number=number)):
            try:
                contact = await self.coordinator.provider.look_up(number)
            except ProviderError:
                LOGGER.debug("A caller could not be looked up")
                return
            party = Party(name=_name_of(contact), known=contact is not None)
            self.names.add(number, party)
        self.coordinator.async_take(self.coordinator.data.name_caller(call_id, party))

    # -- records -----------------------------------------------------------------------------------

    def _ask_record_later(self, call: Call, attempt: int = 0) -> None:
        """Ask for a call's record when it can be expected; a burst of calls is not followed up.

        The phone system may write it only later: where it is not there yet, ask again.
        """
        after = self.coordinator.provider.record_after
        if after is None or len(self._cancel_records) >= MAX_PENDING_RECORDS:
            return
        delay = after if attempt == 0 else ASK_AGAIN_AFTER[attempt - 1]
        self._cancel_records[call.id] = async_call_later(
            self.hass, delay, partial(self._async_ask_record, call, attempt)
        )

    @callback
    def _async_ask_record(self, call: Call, attempt: int, _now: datetime) -> None:
        """Ask for a call's record in the background."""
        self._cancel_records.pop(call.id, None)
        self.entry.async_create_background_task(
            self.hass, self._async_record(call, attempt), f"{self.entry.title} record"
        )

    async def _async_record(self, call: Call, attempt: int) -> None:
        """Ask for a call's record, and again later if there is none yet."""
        missing = await self.coordinator.async_ask_records([call])
        if missing and attempt < len(ASK_AGAIN_AFTER):
            self._ask_record_later(call, attempt + 1)

    @callback
    def _stop(self) -> None:
        """Ask for no more records."""
        for cancel in self._cancel_records.values():
            cancel()


def _name_of(contact: Contact | None) -> str:
    """Return a contact's name, else the company; an empty text if there is neither."""
    if contact is None:
        return ""
    words = (contact.first_name, contact.last_name)
    name = " ".join(word for word in words if word)
    return name or contact.company or ""
