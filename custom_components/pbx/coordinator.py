"""The coordinator: polls and pushes go into the registry, and listeners hear of changes."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence, Sized
from datetime import datetime, timedelta
from functools import partial
from typing import override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_STOP
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.core import Event as HassEvent
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from . import issues
from .const import (
    CONF_CALL_SLOTS,
    CONF_MASK_NUMBERS,
    CONF_PHONES,
    DEFAULT_CALL_SLOTS,
    LOGGER,
    MAX_ENABLED_ENTITIES,
)
from .contexts import Contexts
from .devices import PbxDevices
from .directory_schedule import DirectorySchedule
from .errors import poll_errors
from .event_dispatcher import EventDispatcher
from .gaps import Gaps
from .issues import ISSUE_LONG_LIST, ISSUE_TOO_MANY_ENTITIES
from .listeners import Listeners, PagesFirst, Watcher
from .looks import Looks
from .providers.base import Provider
from .providers.http import looking_up
from .push_health import PushHealth
from .registry.call_registry import DIRECTORY, CallRegistry, Changes, Key
from .registry.lifecycle import MAX_CALLS
from .registry.named_phones import read_named
from .stored import PRECIOUS, async_ensure_stored
from .telephony.errors import ProviderError, TooLongError
from .telephony.events import Event
from .telephony.models import Account, Call, Capability, Party, Pushed, RecordPush
from .tick import Tick
from .wording import Wording

HISTORY = "history"
LONG_LIST = 100
AT_ONCE = 20
TURNS = 3  # of the event loop, until also those that a timer wakes have had theirs


class PbxCoordinator(DataUpdateCoordinator[CallRegistry]):
    """Keep one account's registry; call only those who listen to what changed."""

    config_entry: ConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        provider: Provider,
        account: Account,
        health: PushHealth,
        names: Callable[[str], Party | None],
    ) -> None:
        """Initialize the coordinator with an empty registry.

        `names` returns whoever is known to have a number; it is asked when a call begins.
        """
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=timedelta(seconds=provider.intervals.idle),
            request_refresh_debouncer=Debouncer(
                hass, LOGGER, cooldown=provider.looks[0], immediate=False, background=True
            ),
        )
        self.provider = provider
        self.account = account
        self._pages = PagesFirst(hass.loop)
        self.health = health
        self.data = CallRegistry(
            slots=int(entry.options.get(CONF_CALL_SLOTS, DEFAULT_CALL_SLOTS)),
            pushed_ids_differ=provider.pushed_ids_differ,
            complete_after=provider.complete_after,
            grace=provider.grace,
            names=names,
            phones=read_named(entry.options.get(CONF_PHONES)),
            settle=self._pages.async_settle,
        )
        self.devices = PbxDevices(hass, entry, account, provider.name, self.data)
        self.wording = Wording(masked=bool(entry.options.get(CONF_MASK_NUMBERS, False)))
        self.contexts = Contexts(hass.loop.time)
        self.events = EventDispatcher(
            hass, entry, provider.key, self.data, self.devices, self.wording, self.contexts
        )
        self.configured: tuple[Mapping[str, object], Mapping[str, object]] = (
            entry.data,
            entry.options,
        )
        self.polled_calls = False
        self._allowed = provider.capabilities
        self._offered: Capability | None = None  # what there are entities for
        self._entity_count = 0
        self._changed: dict[Key, None] = {}
        self._doubted: dict[Key, None] = {}
        self._untold: list[Event] = []
        self._listeners_by_key = Listeners(entry.title)
        self._told_health: object = None
        self._asked_again = False
        self._directory = DirectorySchedule()
        self._tick = Tick(hass, self._async_tick)
        entry.async_on_unload(health.async_add_listener(self._async_push_changed))
        entry.async_on_unload(self._tick.async_stop)
        self._looks = Looks(
            hass, provider.looks, self._async_look, lambda: provider.http.budget.spare
        )
        entry.async_on_unload(self._looks.async_stop)
        self.gaps = Gaps()
        self._stopping = False
        entry.async_on_unload(
            hass.bus.async_listen(EVENT_HOMEASSISTANT_STOP, self._async_note_stop)
        )

    # -- health ------------------------------------------------------------------------------------

    @property
    def calls_known(self) -> bool:
        """Return whether the active calls can be known now.

        They are polled, or pushed by a phone system that cannot be asked.
        """
        return self.last_update_success and (self.polled_calls or self.health.working)

    @property
    def _told_of_all(self) -> bool:
        """Return whether every call is told of at once, so that lists can be rare."""
        return self.health.streaming or self.health.complete

    @property
    def unloaded(self) -> bool:
        """Return whether the account was unloaded: what comes now is told to nobody."""
        return self._shutdown_requested

    @callback
    def _async_push_changed(self) -> None:
        """Poll at another pace when pushes begin or cease, and tell everybody."""
        self._told_health = None
        before, self.update_interval = self.update_interval, self._next_interval()
        if before is not None and self.update_interval < before:
            self.async_look_again()
        self.async_update_listeners()

    # -- inputs of the config entry and the platforms ----------------------------------------------

    @callback
    def async_keep(self, found: Mapping[str, object]) -> None:
        """Keep what was found out about the account with its entry, without a reload."""
        if all(self.config_entry.data.get(key) == value for key, value in found.items()):
            return
        data = {**self.config_entry.data, **found}
        self.configured = (data, self.config_entry.options)
        self.provider.update_settings(found)
        self.hass.config_entries.async_update_entry(self.config_entry, data=data)
        if not PRECIOUS.isdisjoint(found):
            async_ensure_stored(self.hass, self.config_entry.entry_id)

    @callback
    def async_entities_added(self) -> None:
        """Note that there are entities for all that the phone system can do now."""
        self._offered = self.provider.capabilities

    @callback
    def async_restore_missed(self, number: int) -> None:
        """Add the missed calls that were counted before a restart."""
        self.async_take(self.data.restore_missed(number))

    @callback
    def async_make_room(self, wanted: int) -> int:
        """Return how many of the wanted entities can be enabled; report an issue if not all can."""
        room = min(wanted, MAX_ENABLED_ENTITIES - self._entity_count)
        self._entity_count += room
        if room < wanted:
            issues.async_create(
                self.hass,
                self.config_entry,
                ISSUE_TOO_MANY_ENTITIES,
                limit=str(MAX_ENABLED_ENTITIES),
            )
        return room

    # -- polls -------------------------------------------------------------------------------------

    @override
    async def _async_update_data(self) -> CallRegistry:
        """Poll the phone system; once more if somebody asked meanwhile."""
        self._asked_again = False
        try:
            return await self._async_poll()
        finally:
            # The debouncer drops what comes meanwhile, though this answer may be older.
            if self._asked_again:
                self.hass.loop.call_soon(self._async_ask_soon, "once more")

    async def _async_poll(self) -> CallRegistry:
        """Ask for the calls, and for the directory when that is due.

        The first directory comes before the first list, which may need it to say whose phones
        ring: else they were idle until the next one.
        """
        if not self._directory.known:
            await self._async_poll_directory(unlisted=False)
        requested_at = dt_util.utcnow()
        doubted, self._doubted = self._doubted, {}
        calls = await self._ask(self.provider.calls())
        self.polled_calls, unlisted = calls is not None, False
        if calls is not None:
            self.gaps.note_list(requested_at, pushed=self._told_of_all)
            as_of = requested_at - timedelta(seconds=self.provider.list_lag)
            unlisted = await self._async_take_list(self._bounded(calls), as_of)
            for queue in self.provider.queues_with_calls():
                self._take(self.data.set_queue(queue), dt_util.utcnow())
            self.async_keep(self.provider.found())
            self.health.judge(dt_util.utcnow())
        await self._async_poll_directory(unlisted=unlisted)
        self.update_interval = self._next_interval()
        self._keep_pace()
        self._changed |= doubted
        self._notice_granted()
        return self.data

    async def _async_take_list(self, calls: Sequence[Call], requested_at: datetime) -> bool:
        """Take a list of calls; return whether one is at a phone that the directory does not have.

        A long one is taken and told little by little, so that others have their turns.
        """
        long, unlisted = len(calls) > LONG_LIST, False
        for changes in self.data.snapshot_parts(
            calls, requested_at, dt_util.utcnow(), AT_ONCE if long else None
        ):
            self._take(changes, dt_util.utcnow())
            now = dt_util.utcnow()
            unlisted = self._directory.note_unlisted(changes, self.data, now) or unlisted
            if not long:
                continue
            if self.last_update_success:
                self.async_update_listeners()
            await asyncio.sleep(0)
            if self.unloaded:
                raise asyncio.CancelledError
        return unlisted

    def _bounded(self, calls: tuple[Call, ...]) -> tuple[Call, ...]:
        """Return as many calls as are followed, known ones first; report that there are more."""
        if len(calls) <= MAX_CALLS:
            issues.async_delete(self.hass, self.config_entry, ISSUE_LONG_LIST)
            return calls
        self._report_long_list()
        known: list[Call] = []
        new: list[Call] = []
        for call in calls:
            (new if self.data.find(call.id) is None else known).append(call)
        return tuple((known + new)[:MAX_CALLS])

    def _report_long_list(self) -> None:
        """Report that the phone system lists more than is read."""
        issues.async_create(
            self.hass,
            self.config_entry,
            ISSUE_LONG_LIST,
            provider=self.provider.name,
            limit=str(MAX_CALLS),
        )

    @callback
    def _async_note_stop(self, _event: HassEvent) -> None:
        """Note that Home Assistant stops: its state says so no more when it closes connections."""
        self._stopping = True

    async def _ask[T](self, question: Awaitable[T]) -> T:
        """Return what the phone system answers, unless the account is unloaded by then."""
        with poll_errors(self.provider.name):
            try:
                answer = await question
            except TooLongError:
                self._report_long_list()
                raise
            except ProviderError:
                # When Home Assistant stops, its connections are closed under way.
                if self.unloaded or self._stopping:
                    raise asyncio.CancelledError from None
                raise
        # To read a long list takes time, and so does taking it and telling of it.
        long = isinstance(answer, Sized) and len(answer) >= LONG_LIST
        for _ in range(TURNS if long else 1):
            await asyncio.sleep(0)
        if self.unloaded:
            raise asyncio.CancelledError
        return answer

    def _notice_granted(self) -> None:
        """Tell what the phone system allows now, and reload if entities are missing for that."""
        allowed = self.provider.capabilities
        if allowed != self._allowed:
            self._allowed = allowed
            self._changed[DIRECTORY] = None
        if self._offered is not None and allowed & ~self._offered:
            self._offered |= allowed
            self.hass.config_entries.async_schedule_reload(self.config_entry.entry_id)

    async def _async_poll_directory(self, *, unlisted: bool) -> None:
        """Ask for the directory when it is due; once it was known, a failure keeps what was known.

        It may be slow. What the list of calls brought is told before, also that the phone system
        is there again, unless a call is at a phone that has no entities yet.
        """
        now, schedule = dt_util.utcnow(), self._directory
        if not schedule.is_due(now):
            return
        if schedule.known and self.polled_calls and not unlisted:
            if not self.last_update_success:
                self._asked_again = True
                return
            self.async_update_listeners()
        schedule.begin()
        interval = self.provider.intervals.directory
        try:
            directory = await self._ask(self.provider.directory())
        except UpdateFailed as err:
            if not (schedule.known and self.polled_calls):
                raise
            LOGGER.debug("The directory could not be read this time")
            schedule.failed(now, interval, err.retry_after or 0)
            return
        schedule.done(now, interval)
        self._take(self.data.directory(directory, dt_util.utcnow()), dt_util.utcnow())
        issues.async_report_directory(self.hass, self.config_entry, self.provider.name, directory)
        self.devices.async_settle(directory)

    def _next_interval(self) -> timedelta:
        """Return how long to wait until the next poll."""
        intervals = self.provider.intervals
        if self.data.calls and self.polled_calls:
            seconds = intervals.busy
        elif self._told_of_all:
            seconds = intervals.pushed
        else:
            seconds = intervals.idle
        return timedelta(seconds=min(seconds, intervals.directory))

    def _keep_pace(self) -> None:
        """Plan the next look where nothing is pushed: sooner than the interval if that pays."""
        pace = self.provider.pace
        if self._told_of_all or not self.polled_calls or self.config_entry.pref_disable_polling:
            pace = None
        self._looks.async_keep_pace(pace, busy=bool(self.data.calls))

    @callback
    def async_look_again(self) -> None:
        """Poll the calls soon: a command or a push says that something is new."""
        if self.provider.capabilities & Capability.CALLS and self.polled_calls:
            self._async_ask_soon("look again")
            self._looks.async_hint()

    @callback
    def _async_look(self) -> None:
        """Poll the calls once more after a hint."""
        self._async_ask_soon("look once more")

    @callback
    def async_doubt(self, key: Key) -> None:
        """Tell the listeners of a key after the next poll in any case.

        They show what they only expect until then.
        """
        self._doubted[key] = None

    @callback
    def async_reread_directory(self) -> None:
        """Ask for the directory with the next poll, now."""
        self._directory.want(dt_util.utcnow())
        self._async_ask_soon("reread")

    @callback
    def _async_ask_soon(self, why: str) -> None:
        """Request a poll; one that runs already is followed by another."""
        self._asked_again = True
        self.config_entry.async_create_background_task(
            self.hass, self.async_request_refresh(), f"{self.name} {why}", eager_start=True
        )

    # -- pushes ------------------------------------------------------------------------------------

    @callback
    def async_push(self, pushed: Pushed) -> None:
        """Take what was pushed, and tell open pages of it first; the poll timer runs on."""
        now = dt_util.utcnow()
        self.async_take(self.data.apply(pushed, now), now, pages_first=True)

    @callback
    def async_take(
        self, changes: Changes, now: datetime | None = None, *, pages_first: bool = False
    ) -> None:
        """Tell what an input of the registry changed: all at once, or open pages first."""
        self._take(changes, now or dt_util.utcnow())
        if self._directory.note_unlisted(changes, self.data, dt_util.utcnow()):
            self._async_ask_soon("reread")
        self._async_tell(pages_first=pages_first)

    def _take(self, changes: Changes, now: datetime) -> None:
        """Note what an input of the registry changed."""
        self._changed |= changes.keys
        self._untold += changes.events
        self.health.coverage.told(changes.events, now)
        if changes.refresh:
            self.async_look_again()
        self._tick.async_schedule(self.data.due())

    # -- time --------------------------------------------------------------------------------------

    @callback
    def _async_tick(self, now: datetime) -> None:
        """Let time pass in the registry, and ask what became of calls nobody speaks of any more."""
        self.async_take(self.data.tick(now))
        if questions := self.data.take_questions():
            self.config_entry.async_create_background_task(
                self.hass, self.async_ask_records(questions), f"{self.name} lost calls"
            )

    async def async_ask_records(self, calls: Iterable[Call]) -> list[Call]:
        """Ask the phone system's history what became of calls, and take what it has.

        Return the calls of which it has no record yet, or could not be asked.
        """
        missing: list[Call] = []
        for call in calls:
            try:
                with looking_up():
                    record = await self.provider.record_of(call)
            except ProviderError:
                LOGGER.debug("What became of a call could not be asked")
                record = None
            if record is None:
                missing.append(call)
            else:
                self.async_push(RecordPush(provider_event=HISTORY, record=record))
        return missing

    # -- listeners ---------------------------------------------------------------------------------

    @callback
    @override
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: Hashable = None
    ) -> CALLBACK_TYPE:
        """Listen to one key, given as the context; return what removes the listener."""
        remove = super().async_add_listener(update_callback, context)
        return self._listeners_by_key.async_add(context, update_callback, remove)

    @callback
    def async_watch(self, watcher: Watcher) -> CALLBACK_TYPE:
        """Call a watcher with the keys of every change, or with None if anything may have changed.

        Return what removes the watcher.
        """
        return self._listeners_by_key.async_watch(watcher)

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Tell everybody what is new, now."""
        self._pages.async_settle()
        self._async_tell(pages_first=False)

    @callback
    def _async_tell(self, *, pages_first: bool) -> None:
        """Keep the events, call the listeners of what changed or of all, then tell the events.

        With `pages_first` open pages hear of it some turns of the event loop before all others.
        """
        if self._shutdown_requested:
            return
        changed, self._changed = self._changed, {}
        events, self._untold = self._untold, []
        if events:
            self.events.async_tell_first(events)
        health = (self.last_update_success, self.calls_known)
        if self._told_health != health:
            self._told_health = health
            super().async_update_listeners()
            self._listeners_by_key.async_call_watchers(None)
            changed = {}
        elif changed and self._listeners_by_key.async_call_watchers(changed) and pages_first:
            self._pages.async_wait(partial(self._async_tell_here, changed, events))
            return
        self._async_tell_here(changed, events)

    @callback
    def _async_tell_here(self, changed: Mapping[Key, None], events: Iterable[Event]) -> None:
        """Call the listeners of what changed, then tell the events."""
        if self._shutdown_requested:
            return
        self._listeners_by_key.async_call(changed)
        for event in events:
            self.events.async_tell(event)
