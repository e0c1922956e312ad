"""Calls that no list has shown: the history tells of them, a few minutes late."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.util import dt as dt_util

from .const import LOGGER
from .coordinator import HISTORY, PbxCoordinator
from .gaps import Span
from .recent_calls import RecentCalls
from .telephony.errors import ProviderError
from .telephony.models import (
    Call,
    CallRecord,
    Capability,
    Direction,
    HistoryQuery,
    RecordPush,
)

LOOK = timedelta(minutes=1)
MOST = 50  # calls, of which the last ones are told of
CLOCKS = timedelta(seconds=5)  # by which the phone system's clock may be wrong
SAME = timedelta(seconds=30)  # between what a list and a record say of the beginning of one call


class UnseenCalls:
    """Ask the history of an account for the times into which no list of calls has looked."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        coordinator: PbxCoordinator,
        recent: RecentCalls,
    ) -> None:
        """Initialize without a question; `recent` knows the calls that were told of."""
        self.hass = hass
        self.entry = entry
        self.coordinator = coordinator
        self.recent = recent

    @callback
    def async_setup(self) -> None:
        """Look again and again whether there is something to ask, until the entry is unloaded."""
        self.entry.async_on_unload(
            async_track_time_interval(
                self.hass,
                self._async_look,
                LOOK,
                name=f"{self.entry.title} unseen calls",
                cancel_on_shutdown=True,
            )
        )

    @callback
    def _async_look(self, _now: datetime) -> None:
        """Ask in the background, if a gap is due."""
        provider = self.coordinator.provider
        if Capability.GET_CALL_HISTORY not in provider.capabilities:
            return
        if provider.http.budget.paused_for:
            return
        if (span := self.coordinator.gaps.take(dt_util.utcnow())) is not None:
            self.entry.async_create_background_task(
                self.hass, self._async_ask(span), f"{self.entry.title} unseen calls"
            )

    async def _async_ask(self, span: Span) -> None:
        """Ask for the calls of a gap, and tell of those that nothing was heard of."""
        try:
            page = await self.coordinator.provider.history(HistoryQuery(limit=MOST))
        except ProviderError:
            LOGGER.debug("The history could not be asked for calls that no list has shown")
            self.coordinator.gaps.put_back(span)
            return
        for record in self._unseen(page.records, span):
            self.coordinator.async_push(RecordPush(provider_event=HISTORY, record=record))

    def _unseen(self, records: Iterable[CallRecord], span: Span) -> list[CallRecord]:
        """Return the records of calls that began in a gap and are not known, the oldest first."""
        begin, end = span[0] - CLOCKS, span[1] + CLOCKS
        known = self._known(begin)
        found = [
            (record.started_at, record)
            for record in records
            if record.started_at is not None
            and begin <= record.started_at <= end
            and not self._is_known(record, record.started_at, known)
        ]
        return [record for _, record in sorted(found, key=lambda each: each[0])]

    def _known(self, since: datetime) -> list[tuple[str, datetime]]:
        """Return who was outside, and when it began, of the calls told of since a moment."""
        since -= SAME
        found = [
            (_outside(call), call.started_at)
            for call in self.coordinator.data.calls.values()
            if call.started_at is not None
        ]
        for past in self.recent.newest(self.recent.count):
            began = dt_util.parse_datetime(past.started_at)
            if began is not None and began >= since:
                found.append((past.number, began))
        return found

    def _is_known(
        self, record: CallRecord, began: datetime, known: Iterable[tuple[str, datetime]]
    ) -> bool:
        """Return whether a record is about a call that a list or a message has told of."""
        registry = self.coordinator.data
        for name in (record.call_id, record.id):
            if name and (registry.find(name) or registry.ended(name)):
                return True
        outside = _outside(record)
        return any(number == outside and abs(at - began) <= SAME for number, at in known)


def _outside(call: Call | CallRecord) -> str:
    """Return the number of the other side; of the caller for a call within the house."""
    return (call.callee if call.direction is Direction.OUTGOING else call.caller).number
