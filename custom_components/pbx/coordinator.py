"""One account's truth: poll and push go into the registry, and only those concerned are told."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping, Sized
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.debounce import Debouncer
from homeassistant.helpers.dispatcher import async_dispatcher_send
from homeassistant.helpers.event import async_call_later, async_track_point_in_utc_time
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util
from homeassistant.util.signal_type import SignalType

from .const import (
    CONF_CALL_SLOTS,
    CONF_CREATED_OBJECTS,
    CONF_MASK_NUMBERS,
    DEFAULT_CALL_SLOTS,
    DOMAIN,
    EVENT_PBX,
    LOGGER,
)
from .devices import PbxDevices, SubjectKind
from .errors import command_errors, poll_errors
from .providers.base import Provider
from .push.stream import PbxStream
from .push.webhook import PbxWebhook
from .registry.call_registry import CallRegistry, Changes, Key, agent_key
from .telephony.errors import ProviderError
from .telephony.events import Event, Value, call_data, event_data
from .telephony.models import (
    Account,
    Call,
    Capability,
    ContactQuery,
    Direction,
    EventType,
    Party,
    Pushed,
    RecordPush,
)

type PbxConfigEntry = ConfigEntry[PbxCoordinator]
type EventListener = Callable[[Event], None]

SIGNAL_EVENT: SignalType[PbxCoordinator, Event] = SignalType(f"{DOMAIN}_told")
HISTORY = "history"
REFRESH_COOLDOWN = 0.4
DIRECTORY_RETRY = 15
NAMES_KEPT = 500
MAX_PENDING_RECORDS = 50
MAX_UNLISTED = 1000
LONG_LIST = 100
TURNS = 3  # of the loop, until also those have had theirs whom a timer wakes


class PbxCoordinator(DataUpdateCoordinator[CallRegistry]):
    """Keep one account's registry; call only those who listen to what changed."""

    config_entry: PbxConfigEntry

    def __init__(
        self, hass: HomeAssistant, entry: PbxConfigEntry, provider: Provider, account: Account
    ) -> None:
        """Start with an empty registry."""
        super().__init__(
            hass,
            LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=timedelta(seconds=provider.intervals.idle),
            request_refresh_debouncer=Debouncer(
                hass, LOGGER, cooldown=REFRESH_COOLDOWN, immediate=False, background=True
            ),
        )
        self.provider = provider
        self.account = account
        self.data = CallRegistry(
            slots=int(entry.options.get(CONF_CALL_SLOTS, DEFAULT_CALL_SLOTS)),
            pushed_ids_differ=provider.pushed_ids_differ,
            complete_after=provider.complete_after,
            grace=provider.grace,
        )
        self.devices = PbxDevices(hass, entry, self)
        self.webhook = PbxWebhook(hass, entry, self)
        self.stream = PbxStream(hass, entry, self)
        self.masked = bool(entry.options.get(CONF_MASK_NUMBERS, False))
        self.configured: tuple[Mapping[str, object], Mapping[str, object]] = (
            entry.data,
            entry.options,
        )
        self.last_callers: dict[str, str] = {}
        self.offered: Capability | None = None  # what there are entities for
        self.polled_calls = False
        self.entity_count = 0
        self._changed: dict[Key, None] = {}
        self._doubted: dict[Key, None] = {}
        self._events: list[Event] = []
        self._keyed: dict[Hashable, dict[CALLBACK_TYPE, CALLBACK_TYPE]] = {}
        self._event_listeners: dict[str | Key | None, dict[EventListener, None]] = {}
        self._told_health: object = None
        self.described: tuple[Call | None, dict[str, Any]] = (
            None,
            {},
        )  # the call that sensors showed last
        self._told_call: tuple[Call | None, Mapping[str, Value]] = (None, {})
        self._told_data: tuple[Event | None, Mapping[str, Value]] = (None, {})
        self._asked_again = False
        self._directory_at: datetime | None = None
        self._directory_retry: float = DIRECTORY_RETRY
        self._unlisted: set[str] = set()
        self._tick_at: datetime | None = None
        self._cancel_tick: CALLBACK_TYPE | None = None
        self._cancel_records: dict[str, CALLBACK_TYPE] = {}
        self._names: OrderedDict[str, Party] = OrderedDict()
        entry.async_on_unload(self._stop_timers)

    @property
    def calls_known(self) -> bool:
        """Whether the active calls can be known now: polled, or pushed by a phone system that cannot be asked."""
        return self.last_update_success and (self.polled_calls or self.webhook.working)

    @property
    def unloaded(self) -> bool:
        """Whether the account was unloaded: what comes now is nobody's, and nobody is told of it."""
        return self._shutdown_requested

    @property
    def pushing(self) -> bool:
        """Whether anything is pushed at all, by webhook or socket."""
        return self.webhook.working or self.stream.working

    @callback
    def async_push_changed(self) -> None:
        """Pushes began or ceased: poll at another pace, and tell everybody."""
        self._told_health = None
        before, self.update_interval = self.update_interval, self._next_interval()
        if before is not None and self.update_interval < before:
            self.async_look_again()
        self.async_update_listeners()

    @callback
    def async_keep(self, found: Mapping[str, object]) -> None:
        """Keep what was found out with the account, without a reload."""
        if all(self.config_entry.data.get(key) == value for key, value in found.items()):
            return
        data = {**self.config_entry.data, **found}
        self.configured = (data, self.config_entry.options)
        self.provider.update_settings(found)
        self.hass.config_entries.async_update_entry(self.config_entry, data=data)

    # -- polls --------------------------------------------------------------------------------------

    @override
    async def _async_update_data(self) -> CallRegistry:
        self._asked_again = False
        try:
            return await self._async_poll()
        finally:
            if (
                self._asked_again
            ):  # the debouncer drops what comes meanwhile, though this answer may be older
                self.hass.loop.call_soon(self._async_ask_soon, "once more")

    async def _async_poll(self) -> CallRegistry:
        requested_at = dt_util.utcnow()
        doubted, self._doubted = self._doubted, {}
        calls = await self._ask(self.provider.calls())
        self.polled_calls, unlisted = calls is not None, False
        if calls is not None:
            changes = self.data.snapshot(calls, requested_at, dt_util.utcnow())
            self._take(changes)
            unlisted = self._notice_unlisted(changes)
            self.webhook.coverage.judge(dt_util.utcnow())
        await self._async_poll_directory(unlisted=unlisted)
        self.update_interval = self._next_interval()
        self._changed |= doubted
        self._notice_granted()
        return self.data

    async def _ask[T](self, question: Awaitable[T]) -> T:
        """Ask the phone system; an answer that comes after the account was unloaded is nobody's."""
        with poll_errors(self.provider.name):
            answer = await question
        long = isinstance(answer, Sized) and len(answer) >= LONG_LIST
        for _ in range(
            TURNS if long else 1
        ):  # to read a long list takes time, and so does to take and tell it
            await asyncio.sleep(0)
        if self.unloaded:
            raise asyncio.CancelledError
        return answer

    def _notice_granted(self) -> None:
        """Start anew when the phone system allows what it did not when the entities were made."""
        if self.offered is not None and self.provider.capabilities & ~self.offered:
            self.offered |= self.provider.capabilities
            self.hass.config_entries.async_schedule_reload(self.config_entry.entry_id)

    def _notice_unlisted(self, changes: Changes) -> bool:
        """Reread the directory with the next poll, once for a phone that it does not have, but that has a call."""
        concerned = (
            str(identity) for kind, identity in changes.keys if kind == SubjectKind.EXTENSION
        )
        unlisted = {number for number in concerned if number not in self.data.extensions}
        unlisted = {number for number in unlisted - self._unlisted if self.data.calls_of(number)}
        if not unlisted or self._directory_at is None or len(self._unlisted) >= MAX_UNLISTED:
            return False
        self._unlisted |= unlisted
        self._directory_at = dt_util.utcnow()
        return True

    async def _async_poll_directory(self, *, unlisted: bool) -> None:
        """Ask for the rest at its own pace; once it was known, a failure keeps what was known.

        It may be slow. What the list of calls brought is told before, also that the phone system is there again,
        unless a call is at a phone that has no entities yet.
        """
        now, due = dt_util.utcnow(), self._directory_at
        if due is not None and now < due:
            return
        if due is not None and self.polled_calls and not unlisted:
            if not self.last_update_success:
                self._asked_again = True
                return
            self.async_update_listeners()
        try:
            directory = await self._ask(self.provider.directory())
        except UpdateFailed as err:
            if due is None or not self.polled_calls:
                raise
            LOGGER.debug("The directory could not be read this time")
            self._next_directory(due, now, max(self._directory_retry, err.retry_after or 0))
            self._directory_retry = min(
                2 * self._directory_retry, self.provider.intervals.directory
            )
            return
        self._directory_retry = DIRECTORY_RETRY
        self._next_directory(due, now, self.provider.intervals.directory)
        self._take(self.data.directory(directory, dt_util.utcnow()))
        self._report_permissions(directory.missing_permissions)
        self.devices.async_settle(directory)

    def _next_directory(self, due: datetime | None, now: datetime, seconds: float) -> None:
        """Set when the directory is asked for next, unless somebody wanted it anew while it was read."""
        if self._directory_at is due:
            self._directory_at = now + timedelta(seconds=seconds)

    def _report_permissions(self, missing: frozenset[str]) -> None:
        """Say which permissions the account lacks; without them what needs them is left out."""
        issue_id = f"missing_permission_{self.config_entry.entry_id}"
        if not missing:
            ir.async_delete_issue(self.hass, DOMAIN, issue_id)
            return
        ir.async_create_issue(
            self.hass,
            DOMAIN,
            issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key="missing_permission",
            translation_placeholders={
                "title": self.config_entry.title,
                "provider": self.provider.name,
                "permissions": ", ".join(sorted(missing)),
            },
        )

    def _next_interval(self) -> timedelta:
        intervals = self.provider.intervals
        if self.stream.working or self.webhook.complete:
            seconds = intervals.pushed
        elif self.data.calls:
            seconds = intervals.busy
        else:
            seconds = intervals.idle
        return timedelta(seconds=min(seconds, intervals.directory))

    @callback
    def async_look_again(self) -> None:
        """Ask soon: a command or a push says that something is new."""
        if self.provider.capabilities & Capability.CALLS and self.polled_calls:
            self._async_ask_soon("look again")

    @contextmanager
    def commanding(self) -> Iterator[None]:
        """Carry out a command: word its errors, keep what it made at the phone system, look what became of it."""
        try:
            with command_errors(self.hass, self.config_entry, self.provider.name):
                yield
        finally:
            if self.provider.created_objects:
                self.async_keep({CONF_CREATED_OBJECTS: list(self.provider.created_objects)})
        self.async_look_again()

    @callback
    def async_doubt(self, key: Key) -> None:
        """Tell those who listen to this key after the next poll in any case: they show what they only expect."""
        self._doubted[key] = None

    @callback
    def async_reread_directory(self) -> None:
        """Ask for the directory with the next poll, now."""
        self._directory_at = dt_util.utcnow()
        self._async_ask_soon("reread")

    @callback
    def _async_ask_soon(self, why: str) -> None:
        self._asked_again = True
        self.config_entry.async_create_background_task(
            self.hass, self.async_request_refresh(), f"{self.name} {why}", eager_start=True
        )

    # -- pushes -------------------------------------------------------------------------------------

    @callback
    def async_push(self, pushed: Pushed) -> None:
        """Take what was pushed; the poll timer runs on."""
        self.async_take(self.data.apply(pushed, dt_util.utcnow()))

    @callback
    def async_take(self, changes: Changes) -> None:
        """Tell at once what an input changed."""
        self._take(changes)
        if self._notice_unlisted(changes):
            self.async_reread_directory()
        self.async_update_listeners()

    def _take(self, changes: Changes) -> None:
        self._changed |= changes.keys
        self._events += changes.events
        self.webhook.coverage.told(changes.events, dt_util.utcnow())
        if changes.refresh:
            self.async_look_again()
        self._schedule_tick()

    # -- time ---------------------------------------------------------------------------------------

    @callback
    def _schedule_tick(self) -> None:
        due = self.data.due()
        # A tick that comes too early only looks again, which costs less than moving it with every call.
        if due is None or (self._tick_at is not None and self._tick_at <= due):
            return
        if self._cancel_tick is not None:
            self._cancel_tick()
        self._tick_at = due
        self._cancel_tick = async_track_point_in_utc_time(self.hass, self._async_tick, due)

    @callback
    def _async_tick(self, now: datetime) -> None:
        self._tick_at = self._cancel_tick = None
        self.async_take(self.data.tick(now))
        if questions := self.data.take_questions():
            self.config_entry.async_create_background_task(
                self.hass, self._async_ask_records(questions), f"{self.name} lost calls"
            )

    async def _async_ask_records(self, calls: list[Call]) -> None:
        for call in calls:
            try:
                record = await self.provider.record_of(call)
            except ProviderError:
                LOGGER.debug("What became of a call could not be asked")
                continue
            if record is not None:
                self.async_push(RecordPush(provider_event=HISTORY, record=record))

    @callback
    def _stop_timers(self) -> None:
        if self._cancel_tick is not None:
            self._cancel_tick()
        for cancel in self._cancel_records.values():
            cancel()

    # -- telling ------------------------------------------------------------------------------------

    @callback
    @override
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: Hashable = None
    ) -> CALLBACK_TYPE:
        """Listen to one key, given as the context."""
        remove = super().async_add_listener(update_callback, context)
        self._keyed.setdefault(context, {})[remove] = update_callback
        return partial(self._async_remove_listener, context, remove)

    @callback
    def _async_remove_listener(self, context: Hashable, remove: CALLBACK_TYPE) -> None:
        remove()
        listeners = self._keyed[context]
        del listeners[remove]
        if not listeners:
            del self._keyed[context]

    @callback
    def async_listen_events(
        self, whose: str | Key | None, listener: EventListener
    ) -> CALLBACK_TYPE:
        """Hear what happens at one extension, to one agent (given by its key), or (None) at the account."""
        listeners = self._event_listeners.setdefault(whose, {})
        listeners[listener] = None
        return partial(listeners.__delitem__, listener)

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Call who listens to what changed, everybody when health changed, and then tell what happened."""
        if self.unloaded:
            return
        changed, self._changed = self._changed, {}
        health = (self.last_update_success, self.calls_known)
        if self._told_health != health:
            self._told_health = health
            super().async_update_listeners()
        else:
            for key in changed:
                for update_callback in tuple(self._keyed.get(key, {}).values()):
                    try:
                        update_callback()
                    except Exception:
                        self.logger.exception("Unexpected error updating %s", self.name)
        events, self._events = self._events, []
        for event in events:
            self._tell(event)

    def _tell(self, event: Event) -> None:
        if (
            event.type is EventType.CALL_INCOMING
            and event.call is not None
            and event.call.caller.number
        ):
            self.last_callers.update(dict.fromkeys(event.tell, event.call.caller.number))
        listeners = [
            listener
            for extension in event.tell
            for listener in self._event_listeners.get(extension, ())
        ]
        if event.public:
            listeners += self._event_listeners.get(None, ())
            if event.agent is not None:
                listeners += self._event_listeners.get(agent_key(event.agent), ())
        for listener in listeners:
            try:
                listener(event)
            except Exception:
                self.logger.exception("Unexpected error telling an event of %s", self.name)
        if event.public:
            self.hass.bus.async_fire(EVENT_PBX, self.bus_data(event))
        async_dispatcher_send(self.hass, SIGNAL_EVENT, self, event)
        if event.public:
            self._follow_up(event)

    def bus_data(self, event: Event) -> Mapping[str, Value]:
        """Complete an event with what only Home Assistant knows; all who are told of it ask for the same."""
        told, data = self._told_data
        if told is not event:
            data = self._complete(event)
            self._told_data = (event, data)
        return data

    def _complete(self, event: Event) -> dict[str, Value]:
        call, told = self._told_call
        if event.call is not None and event.call is not call:
            told = call_data(event.call)
            self._told_call = (event.call, told)
        data = event_data(event, told)
        data["config_entry_id"] = self.config_entry.entry_id
        data["provider"] = self.provider.key
        subject = self.devices.subject_of_event(event)
        data["device_id"] = subject.device.id
        if event.extension and (known := self.data.extensions.get(event.extension)) and known.name:
            data["extension_name"] = known.name
        return data

    # -- following up -------------------------------------------------------------------------------

    def _follow_up(self, event: Event) -> None:
        """Complete what a provider tells later, or only when asked: a caller's name, a call's record."""
        call = event.call
        if call is None:
            return
        if event.type in (EventType.CALL_INCOMING, EventType.CALL_OUTGOING):
            outside = call.callee if call.direction is Direction.OUTGOING else call.caller
            wanted = (
                call.direction is not Direction.INTERNAL and outside.number and not outside.name
            )
            if wanted and Capability.SEARCH_CONTACTS in self.provider.capabilities:
                self._name(call.id, outside.number)
        ended = event.type in (EventType.CALL_ENDED, EventType.CALL_MISSED)
        after = self.provider.record_after
        if ended and after is not None and len(self._cancel_records) < MAX_PENDING_RECORDS:

            @callback
            def async_ask(_now: datetime) -> None:
                self._cancel_records.pop(call.id, None)
                self.config_entry.async_create_background_task(
                    self.hass, self._async_ask_records([call]), f"{self.name} record"
                )

            self._cancel_records[call.id] = async_call_later(self.hass, after, async_ask)

    def _name(self, call_id: str, number: str) -> None:
        known = self._names.get(number)
        if known is not None:
            self.async_take(self.data.name_caller(call_id, known))
            return
        self.config_entry.async_create_background_task(
            self.hass, self._async_name(call_id, number), f"{self.name} contact", eager_start=False
        )

    async def _async_name(self, call_id: str, number: str) -> None:
        try:
            page = await self.provider.search_contacts(ContactQuery(number=number, limit=1))
        except ProviderError:
            LOGGER.debug("A caller could not be looked up")
            return
        contact = next(iter(page.contacts), None)
        words = (contact.first_name, contact.last_name) if contact is not None else ()
        name = " ".join(word for word in words if word) or (
            contact.company or "" if contact is not None else ""
        )
        party = self._names[number] = Party(name=name, known=contact is not None)
        if len(self._names) > NAMES_KEPT:
            self._names.popitem(last=False)
        self.async_take(self.data.name_caller(call_id, party))
