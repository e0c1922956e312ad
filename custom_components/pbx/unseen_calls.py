"""Calls that no list has shown: the history tells of them, a few minutes late."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from .const import LOGGER
from .coordinator import HISTORY, PbxCoordinator
from .gaps import Span
from .recent_calls import RecentCalls
from .telephony.errors import ProviderError
from .telephony.models import CallRecord, Capability, HistoryQuery, RecordPush, outside

LOOK = timedelta(minutes=1)
MOST = 50  # calls, of which the last ones are told of
CLOCKS = timedelta(seconds=5)  # by which the phone system's clock may be wrong


class Known(NamedTuple):
    """A call that was told of: the number outside, and from when to when it was."""

    number: str
    began: datetime
    ended: datetime


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
        self._cancel: CALLBACK_TYPE | None = None
        self._job = HassJob(
            self._async_look, f"{entry.title} unseen calls", cancel_on_shutdown=True
        )

    @callback
    def async_setup(self) -> None:
        """Look whether there is something to ask after each gap, until the entry is unloaded."""
        if Capability.GET_CALL_HISTORY not in self.coordinator.provider.capabilities:
            return
        self.coordinator.gaps.on_gap = self._async_look_later
        self.entry.async_on_unload(self._async_stop)

    @callback
    def _async_stop(self) -> None:
        """Ask no more."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    @callback
    def _async_look_later(self) -> None:
        """Look in a while, unless that is going to happen anyway."""
        if self._cancel is None and not self.coordinator.unloaded:
            self._cancel = async_call_later(self.hass, LOOK, self._job)

    @callback
    def _async_look(self, _now: datetime) -> None:
        """Ask in the background, if a gap is due; else look again later."""
        self._cancel = None
        gaps = self.coordinator.gaps
        paused = self.coordinator.provider.http.budget.paused_for
        span = None if paused else gaps.take(dt_util.utcnow())
        if span is not None:
            self.entry.async_create_background_task(
                self.hass, self._async_ask(span), f"{self.entry.title} unseen calls"
            )
        if gaps.pending:
            self._async_look_later()

    async def _async_ask(self, span: Span) -> None:
        """Ask for the calls of a gap, and tell of those that nothing was heard of."""
        try:
            page = await self.coordinator.provider.history(HistoryQuery(limit=MOST))
        except ProviderError:
            LOGGER.debug("The history could not be asked for calls that no list has shown")
            self.coordinator.gaps.put_back(span)
            self._async_look_later()
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

    def _known(self, since: datetime) -> list[Known]:
        """Return who was outside of the calls told of that were not over at a moment, and when."""
        found = [
            Known(outside(call).number, call.started_at, dt_util.utcnow())
            for call in self.coordinator.data.calls.values()
            if call.started_at is not None
        ]
        for past in self.recent.newest(self.recent.count):
            began = dt_util.parse_datetime(past.started_at)
            if began is None:
                continue
            ended = dt_util.parse_datetime(past.ended_at) or began
            if ended >= since:
                found.append(Known(past.number, began, ended))
        return found

    def _is_known(self, record: CallRecord, began: datetime, known: Iterable[Known]) -> bool:
        """Return whether a record is about a call that a list or a message has told of."""
        registry = self.coordinator.data
        for name in (record.call_id, record.id):
            if name and (registry.find(name) or registry.ended(name)):
                return True
        number = outside(record).number
        ended = max(record.ended_at or began, began)
        # A record may begin when a menu answered, and a list know only the phone that rang later.
        return any(
            call.number == number and call.began - CLOCKS <= ended and began <= call.ended + CLOCKS
            for call in known
        )
