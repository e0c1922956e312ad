"""The recent calls of an account, kept over a restart, for phone systems without a history too."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cached_property
from itertools import dropwhile, islice
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .const import DOMAIN
from .event_dispatcher import EventDispatcher
from .kept_files import async_read, is_moment, rows
from .registry.call_registry import CallRegistry
from .registry.outcomes import missed_by_outcome
from .telephony.events import Event
from .telephony.models import UNTAKEN, Call, CallRecord, Direction, EventType, Party

VERSION = 1
SAVE_DELAY = 15  # seconds
MAX_CALLS = 250
SAME_TALK = 2  # seconds

ENDS = frozenset({EventType.CALL_ENDED, EventType.CALL_MISSED})
RECORDS = frozenset({EventType.CALL_RECORD, EventType.RECORDING_READY})

KEPT_AS = {"hidden": bool, "missed": bool, "duration": int} | dict.fromkeys(
    (
        "call_id", "direction", "from_number", "from_name", "to_number", "to_name", "answered_by",
        "queue", "outcome", "started_at", "ended_at", "recording_id",
    ),
    str,
)  # fmt: skip
TIMES = ("started_at", "ended_at")

type Json = dict[str, Any]
type NameFinder = Callable[[str], Party | None]


@dataclass(frozen=True, kw_only=True)  # without slots, for what is worked out once
class RecentCall:
    """A call that is over. Times are ISO 8601 in UTC, `duration` is talk in seconds."""

    call_id: str
    direction: str = ""
    from_number: str = ""
    from_name: str = ""
    to_number: str = ""
    to_name: str = ""
    hidden: bool = False
    extensions: tuple[str, ...] = ()
    answered_by: str = ""
    queue: str = ""
    outcome: str = ""
    missed: bool = False
    started_at: str = ""
    ended_at: str = ""
    duration: int | None = None
    recording_id: str = ""

    @cached_property
    def number(self) -> str:
        """Return the number of the other side; of the caller for a call within the house."""
        return self.to_number if self.direction == Direction.OUTGOING else self.from_number

    @cached_property
    def name(self) -> str:
        """Return the name of the other side; of the caller for a call within the house."""
        return self.to_name if self.direction == Direction.OUTGOING else self.from_name


class RecentCalls:
    """The calls of one account, the newest first."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry, registry: CallRegistry, names: NameFinder
    ) -> None:
        """Initialize an empty list; `names` finds the name of a caller who came without one."""
        self._store: Store[Json] = Store(hass, VERSION, _key(entry))
        self._entry = entry
        self._registry = registry
        self._names = names
        self._newer = False  # the file, which stays as it is
        self.version = 0
        """Another number whenever the list has changed."""
        self._calls: dict[str, RecentCall] = {}  # the oldest first
        self._callers: dict[str, RecentCall] = {}  # the last one of each extension
        self._listeners: dict[str | None, dict[CALLBACK_TYPE, None]] = {}

    async def async_setup(self, events: EventDispatcher) -> None:
        """Read what was kept, and listen to the account's events until the entry is unloaded."""
        kept = await async_read(self._store)
        self._newer = kept is None
        for row in rows(kept, "calls"):
            call = _call_of(row)
            if call is not None:
                self._add(call)
        self._entry.async_on_unload(events.async_listen_first(self._async_keep))

    async def async_close(self) -> None:
        """Write down what was not yet."""
        if not self._newer:
            await self._store.async_save(self._kept())

    @callback
    def async_listen(self, listener: CALLBACK_TYPE, extension: str | None = None) -> CALLBACK_TYPE:
        """Call a listener when the list has changed, or only for the calls of one extension.

        Return what removes it.
        """
        listeners = self._listeners.setdefault(extension, {})
        listeners[listener] = None

        @callback
        def async_remove() -> None:
            """Call the listener no more."""
            listeners.pop(listener, None)

        return async_remove

    # -- asking ------------------------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Return how many calls are kept."""
        return len(self._calls)

    def newest(
        self, limit: int, *, missed: bool = False, before: str | None = None
    ) -> list[RecentCall]:
        """Return calls, the newest first: all or the missed ones, older than the one given."""
        calls = self._backwards()
        if before is not None:
            calls = islice(dropwhile(lambda call: call.call_id != before, calls), 1, None)
        if missed:
            calls = (call for call in calls if call.missed)
        return [call if call.name else self._named(call) for call in islice(calls, limit)]

    def last_caller(self, extension: str) -> RecentCall | None:
        """Return the last call of an extension from somebody who can be called back."""
        call = self._callers.get(extension)
        return None if call is None else self._named(call)

    def _backwards(self) -> Iterator[RecentCall]:
        """Give the calls, the newest first."""
        return reversed(self._calls.values())

    def _named(self, call: RecentCall) -> RecentCall:
        """Return a call with a name for the other side, where somebody knows one by now."""
        if call.name or not call.number:
            return call
        if self._registry.is_pretended(call.number, call.direction):
            return call
        found = self._names(call.number)
        if found is None or not found.name:
            return call
        if call.direction == Direction.OUTGOING:
            return replace(call, to_name=found.name)
        return replace(call, from_name=found.name)

    # -- listening ---------------------------------------------------------------------------------

    @callback
    def _async_keep(self, events: Iterable[Event]) -> None:
        """Take the calls that ended and what is told of them later; then tell who listens, once."""
        concerned: dict[str | None, None] = {}
        for event in events:
            call = self._told_by(event) if event.public else None
            if call is None or self._calls.get(call.call_id) == call:
                continue
            self._add(call)
            concerned |= dict.fromkeys((None, *call.extensions))
        if not concerned:
            return
        while len(self._calls) > MAX_CALLS:
            del self._calls[next(iter(self._calls))]
        if not self._newer:
            self._store.async_delay_save(self._kept, SAVE_DELAY)
        for whose in concerned:
            for listener in tuple(self._listeners.get(whose, ())):
                listener()

    def _told_by(self, event: Event) -> RecentCall | None:
        """Return the call that an event tells has ended, or says more of; None for any other."""
        if event.type in ENDS and event.call is not None:
            return _ended(event.call, event)
        if event.type is EventType.CALL_CORRECTED and event.call is not None:
            known = self._calls.get(event.call.id)
            return None if known is None else _corrected(known, event.call)
        if event.type in RECORDS and event.record is not None:
            call_id = event.call.id if event.call is not None else event.record.call_id
            known = self._calls.get(call_id or "")
            return None if known is None else _completed(known, event.record)
        return None

    def _add(self, call: RecentCall) -> None:
        """Add a call, or what is new of one; its caller is the last one of each phone that rang."""
        self.version += 1
        newest = call.call_id not in self._calls
        self._calls[call.call_id] = call
        if call.direction == Direction.OUTGOING or not call.from_number:
            return
        for extension in call.extensions:
            known = self._callers.get(extension)
            same = known is not None and known.call_id == call.call_id
            if extension != call.from_number and (newest or same):
                self._callers[extension] = call

    def _kept(self) -> Json:
        """Return the list as it is written down."""
        return {"calls": [call_data(call) for call in self._calls.values()]}


async def async_remove_recent_calls(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Forget the calls of an account that is removed."""
    store: Store[Json] = Store(hass, VERSION, _key(entry))
    await store.async_remove()


def call_data(call: RecentCall) -> Json:
    """Return a call as JSON; what is unknown is absent."""
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in asdict(call).items()
        if value not in ("", (), None, False)
    }


def _call_of(row: Json) -> RecentCall | None:
    """Return a call that was written down; None for what is none. A damaged part is left out."""
    known: Json = {}
    for key, value in row.items():
        if key == "extensions" and isinstance(value, list):
            known[key] = tuple(number for number in value if isinstance(number, str))
        elif type(value) is KEPT_AS.get(key):
            known[key] = value
    known |= {key: "" for key in TIMES if not is_moment(known.get(key, ""))}
    return RecentCall(**known) if known.get("call_id") else None


def _ended(call: Call, event: Event) -> RecentCall:
    """Return a call that ended, as it is kept."""
    outcome = event.outcome or call.outcome
    talked = None
    if call.met_at is not None and call.ended_at is not None:
        talked = round((call.ended_at - call.met_at).total_seconds())
    return RecentCall(
        call_id=call.id,
        direction=str(call.direction or ""),
        from_number=call.caller.number,
        from_name=call.caller.name,
        to_number=call.callee.number,
        to_name=call.callee.name,
        hidden=call.caller.hidden,
        extensions=call.extensions,
        answered_by=call.answered_by or "",
        queue=call.queue or "",
        outcome=str(outcome or ""),
        missed=event.type is EventType.CALL_MISSED
        or missed_by_outcome(call.direction, outcome) is True,
        started_at=_iso(call.started_at or event.time),
        ended_at=_iso(call.ended_at or event.time),
        duration=talked,
        recording_id=(call.record.recording_id if call.record is not None else None) or "",
    )


def _corrected(call: RecentCall, said: Call) -> RecentCall:
    """Return a call with the outcome that a better source knows."""
    missed = missed_by_outcome(said.direction, said.outcome)
    return replace(
        call,
        outcome=str(said.outcome or ""),
        answered_by=said.answered_by or call.answered_by,
        duration=None if said.outcome in UNTAKEN else call.duration,
        missed=call.missed if missed is None else missed,
    )


def _completed(call: RecentCall, record: CallRecord) -> RecentCall:
    """Return a call with what its record says besides.

    Seconds of talk that differ by hardly any are kept as they are: phone systems count a bit
    otherwise than we do, and each change is a row in the recorder.
    """
    duration = call.duration
    if record.duration is not None:
        counted = round(record.duration)
        if duration is None or abs(counted - duration) > SAME_TALK:
            duration = counted
    return replace(
        call,
        from_name=call.from_name or record.caller.name,
        to_name=call.to_name or record.callee.name,
        duration=duration,
        recording_id=record.recording_id or call.recording_id,
    )


def _iso(moment: datetime) -> str:
    """Return a moment as it is written down."""
    return moment.isoformat()


def _key(entry: ConfigEntry) -> str:
    """Return the name of an account's file."""
    return f"{DOMAIN}.recent_calls.{entry.entry_id}"
