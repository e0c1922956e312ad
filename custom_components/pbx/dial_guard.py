"""What may be dialled with an account.

What costs or changes something is off until somebody allows it.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util.hass_dict import HassKey

from .accounts import country_of
from .const import (
    CONF_DIAL_ALLOW,
    CONF_DIAL_DENY,
    CONF_DIAL_EMERGENCY,
    CONF_DIAL_KINDS,
    CONF_DIAL_LIMIT,
    DEFAULT_DIAL_LIMIT,
)
from .errors import invalid
from .registry.call_registry import CallRegistry
from .telephony import phone_numbers
from .telephony.dial_kinds import DialKind, kind_of
from .telephony.errors import InvalidInputError, UnsupportedError

ALL = "*"
MINUTE = 60  # seconds
NOTHING_SENT = (ServiceValidationError, InvalidInputError, UnsupportedError)
# When calls were placed, by the account: to load it anew allows for no more of them.
_PLACED: HassKey[dict[str, deque[float]]] = HassKey("pbx_placed")


REFUSALS: Mapping[DialKind, Callable[[], ServiceValidationError]] = {
    DialKind.EMERGENCY: lambda: invalid("dial_emergency"),
    DialKind.FORWARDING: lambda: invalid("dial_forwarding"),
    DialKind.CARRIER_SELECTION: lambda: invalid("dial_carrier_selection"),
    DialKind.DIRECTORY: lambda: invalid("dial_directory"),
    DialKind.PREMIUM: lambda: invalid("dial_premium"),
    DialKind.SHARED_COST: lambda: invalid("dial_shared_cost"),
    DialKind.PERSONAL: lambda: invalid("dial_personal"),
    DialKind.SATELLITE: lambda: invalid("dial_satellite"),
    DialKind.ISLANDS: lambda: invalid("dial_islands"),
    DialKind.UNKNOWN_ABROAD: lambda: invalid("dial_unknown_abroad"),
}


class DialGuard:
    """Refuses what an account may not dial, in words that name the rule."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry, registry: CallRegistry) -> None:
        """Read the rules from the options; `registry` knows the numbers within the house."""
        self._hass = hass
        self._entry = entry
        self._registry = registry
        options = entry.options
        self._kinds = frozenset(options.get(CONF_DIAL_KINDS, ()))
        self._allowed = tuple(options.get(CONF_DIAL_ALLOW, ()))
        self._denied = tuple(options.get(CONF_DIAL_DENY, ()))
        self._emergency = bool(options.get(CONF_DIAL_EMERGENCY, False))
        self._limit = int(options.get(CONF_DIAL_LIMIT, DEFAULT_DIAL_LIMIT))
        self._placed = hass.data.setdefault(_PLACED, {}).setdefault(entry.entry_id, deque())

    @property
    def _country(self) -> str:
        """Return the country in which a number is read now: a house may move while it runs."""
        return country_of(self._hass, self._entry)

    @contextmanager
    def placing(self, number: str, *, by_person: bool, by_hand: bool = False) -> Iterator[None]:
        """Raise ServiceValidationError for a number that may not be dialled, or one too many.

        `by_person` says that a user asked for it, and no automation; `by_hand` that the number is
        read as one from a dial pad, as it will be by whoever dials it. What is done within counts
        as one more call, unless it is refused before anything is sent.
        """
        self.check_number(number, by_person=by_person, by_hand=by_hand)
        now = self._check_pace()
        try:
            yield
        except NOTHING_SENT:
            if now in self._placed:
                self._placed.remove(now)
            raise

    def _is_refused_anyway(self, number: str, *, by_hand: bool) -> bool:
        """Return whether a text is no number, or can be read in two ways: whoever dials says so."""
        try:
            phone_numbers.dialable(number, self._country, by_hand=by_hand)
        except InvalidInputError:
            return True
        return False

    def _is_inside(self, number: str) -> bool:
        """Return whether a number is one of the house's own."""
        bare = phone_numbers.strip(number)
        queues = self._registry.queues.values()
        return bare in self._registry.extensions or any(bare == queue.number for queue in queues)

    def check_number(self, number: str, *, by_person: bool, by_hand: bool = False) -> None:
        """Raise ServiceValidationError for a number that may not be dialled."""
        if self._is_inside(number) or self._is_refused_anyway(number, by_hand=by_hand):
            return
        kind = kind_of(number, self._country, by_hand=by_hand)
        if kind is DialKind.EMERGENCY and (by_person or self._emergency):
            return
        if kind is DialKind.EMERGENCY:
            raise _refusal(kind)
        spellings = self._spellings(number, by_hand=by_hand)
        allowed = _longest(self._beginnings(self._allowed), spellings)
        denied = _longest(self._beginnings(self._denied), spellings)
        if denied and denied >= allowed:
            raise invalid("dial_denied")
        if not allowed and kind is not None and kind not in self._kinds:
            raise _refusal(kind)

    def _check_pace(self) -> float:
        """Count a call and return when; raise ServiceValidationError for one too many a minute."""
        now = self._hass.loop.time()
        while self._placed and self._placed[0] <= now - MINUTE:
            self._placed.popleft()
        if len(self._placed) >= self._limit:
            raise invalid("dial_limit", limit=str(self._limit))
        self._placed.append(now)
        return now

    def _spellings(self, number: str, *, by_hand: bool) -> tuple[str, ...]:
        """Return a number as it was keyed and as it is dialled, with and without a code."""
        typed = phone_numbers.read(number, self._country, by_hand=by_hand)
        keyed = phone_numbers.strip(number)
        return (keyed, *typed.readings) if typed.readings else (keyed,)

    def _beginnings(self, lines: Iterable[str]) -> frozenset[str]:
        """Return beginnings of numbers as they are typed, and in the international form as well."""
        found: set[str] = set()
        for line in lines:
            bare = line.strip()
            start = phone_numbers.strip(bare.removesuffix(ALL)) if bare != ALL else ""
            international = phone_numbers.beginning(start, self._country) if start else None
            found.update({start} if international is None else {start, international})
        return frozenset(found)


def _refusal(kind: DialKind) -> ServiceValidationError:
    """Return the error for a kind of number that is switched off."""
    return REFUSALS[kind]()


def _longest(starts: frozenset[str], spellings: tuple[str, ...]) -> int:
    """Return how much of a number the longest beginning covers, plus one; 0 for none at all."""
    lengths = [
        len(start) + 1
        for start in starts
        if any(spelling.startswith(start) for spelling in spellings)
    ]
    return max(lengths, default=0)
