"""What an Asterisk tells by itself: calls, their records, phones, agents, keys, the dial plan."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import override

import aiohttp

from ...telephony import models as m
from ...telephony import text
from ...telephony.errors import ConnectError
from ...telephony.models import EventType
from ..settings import Values
from ..values import integer
from .account import AsteriskAccount
from .ami import AmiConnection, Message
from .call_events import EVENTS as CALL_EVENTS
from .channels import known
from .house import DND_DEVICE, note

FORWARD_DEVICE = "Custom:CF"
"""The lamp that FreePBX lets follow whether a phone is forwarded."""
CONTACTS, FORWARDING, EVERYTHING = "*contacts", "*forwarding", "*everything"
"""What is read again besides queues, which are known by their names."""
MOST_STALE = 200
MOST_WAITING = 20_000
LOOK_AGAIN_AFTER = 1.0
"""How many seconds at least are between two looks at what events only hint at."""

DEVICE_EVENTS = frozenset({"DeviceStateChange", "ContactStatus", "PeerStatus"})
MEMBER_EVENTS = frozenset(
    {
        *("QueueMemberStatus", "QueueMemberAdded", "QueueMemberRemoved"),
        *("QueueMemberPause", "QueueMemberPenalty"),
    }
)
CALLER_EVENTS = frozenset({"QueueCallerJoin", "QueueCallerLeave"})
FIGURE_EVENTS = CALLER_EVENTS | {"QueueCallerAbandon", "AgentConnect", "AgentComplete"}
"""The events that change the figures of a queue."""
OTHER_EVENTS = frozenset(
    {"MessageWaiting", "DTMFEnd", "UserEvent", "Cdr", "FullyBooted", "Reload", "Shutdown"}
)
EVENTS = CALL_EVENTS | DEVICE_EVENTS | MEMBER_EVENTS | FIGURE_EVENTS | OTHER_EVENTS

LONGEST_KEY, LONGEST_VALUE, MOST_VALUES = 80, 255, 50
USER_EVENT_KEYS = frozenset(
    {
        *("Event", "Privilege", "Timestamp", "SystemName", "UserEvent", "Channel", "ChannelState"),
        *("ChannelStateDesc", "CallerIDNum", "CallerIDName", "ConnectedLineNum", "Uniqueid"),
        *("ConnectedLineName", "Language", "AccountCode", "Context", "Exten", "Priority"),
        *("Linkedid", "ActionID"),
    }
)
"""What Asterisk itself tells with a UserEvent."""


class AsteriskStream(AsteriskAccount):
    """An account that is followed."""

    def __init__(self, session: aiohttp.ClientSession, values: Values) -> None:
        """Follow nothing yet."""
        super().__init__(session, values)
        self._backlog: list[Message] | None = None
        self._stale: set[str] = set()
        self._look = asyncio.Event()

    @override
    async def stream(self) -> AsyncIterator[m.Pushed]:
        """Follow what happens, after all that was so before was read."""
        self._backlog = []
        self._calls.begin_anew()
        async with self._connected(self._hear, EVENTS) as ami:
            try:
                await self._read_phones(ami)
                await self._read_queues(ami)
                await self._read_channels(ami)
                self._live, self._directory_changed = ami, bool(self._house.extension_of_device)
                self._catch_up()
                looking = asyncio.create_task(self._look_again(ami))
                try:
                    yield m.CallHint(provider_event="connected")
                    while not ami.ended:
                        for pushed in self._taken():
                            yield pushed
                        await self._wait()
                finally:
                    looking.cancel()
            finally:
                self._live, self._backlog = None, None
        raise ConnectError("The manager interface closed the connection")

    async def _look_again(self, ami: AmiConnection) -> None:
        """Read what events only hint at: at once, and then not too often."""
        while not ami.ended:
            await self._look.wait()
            self._look.clear()
            stale, self._stale = self._stale, set()
            try:
                for what in sorted(stale):
                    await self._read_again(ami, what)
            except ConnectError:
                return
            self._directory_changed = True
            self._wake.set()
            await asyncio.sleep(LOOK_AGAIN_AFTER)

    async def _read_again(self, ami: AmiConnection, what: str) -> None:
        """Read all again, where phones are or are forwarded to, or one queue by its name."""
        if what == CONTACTS:
            self._house.take_contacts(await self._rows(ami, "PJSIPShowContacts"))
        elif what == FORWARDING:
            await self._read_forwarding(ami)
        elif what == EVERYTHING:
            await self._read_house(ami)
        else:
            self._center.take_queue(what, await self._rows(ami, "QueueStatus", Queue=what))
            self._center.take_summaries(await self._rows(ami, "QueueSummary", Queue=what))

    def _doubt(self, what: str) -> None:
        """Let something be read again soon."""
        if len(self._stale) < MOST_STALE and not any(mark in what for mark in "\r\n\0"):
            self._stale.add(what)
            self._look.set()

    def _catch_up(self) -> None:
        """Take the events that came while the lists were read."""
        backlog, self._backlog = self._backlog or [], None
        for message in backlog:
            self._take(message)

    def _taken(self) -> Iterator[m.Pushed]:
        """Yield what is to be pushed."""
        now = datetime.now(UTC)
        self._calls.tick(now)
        self._collect()
        pushes, self._pushes = [*self._pushes, *self._records.tick(now)], []
        yield from pushes
        if self._directory_changed:
            self._directory_changed = False
            yield m.DirectoryPush(provider_event="DeviceStateChange", directory=self._directory())

    async def _wait(self) -> None:
        """Wait until there is something new, or until it is time to tell what has waited."""
        if self._pushes or self._directory_changed:
            return
        due = min(filter(None, (self._calls.due(), self._records.due())), default=None)
        delay = None if due is None else max(0.0, (due - datetime.now(UTC)).total_seconds())
        try:
            await asyncio.wait_for(self._wake.wait(), delay)
        except TimeoutError:
            return
        self._wake.clear()

    def _hear(self, message: Message) -> None:
        """Take an event, at once or when the lists were read."""
        if self._backlog is None:
            self._take(message)
        elif len(self._backlog) < MOST_WAITING:
            self._backlog.append(message)

    def _take(self, message: Message) -> None:
        """Take an event."""
        kind = message.get("Event", "")
        if kind in CALL_EVENTS:
            self._calls.take(message, datetime.now(UTC))
            self._collect()
        if kind in DEVICE_EVENTS:
            self._take_device(kind, message)
        elif kind in MEMBER_EVENTS:
            self._take_member(kind, message)
        elif kind in FIGURE_EVENTS:
            self._take_figure(kind, message)
        elif kind == "MessageWaiting":
            self._take_mailbox(message)
        elif kind == "DTMFEnd":
            self._take_key(message)
        elif kind == "Cdr":
            self._records.take(message, datetime.now(UTC))
        elif kind == "UserEvent":
            self._take_user_event(message)
        elif kind == "Reload":
            self._doubt(EVERYTHING)  # there may be other phones and queues now
        self._wake.set()

    def _take_device(self, kind: str, message: Message) -> None:
        """Take what a phone or a lamp does."""
        if kind != "DeviceStateChange":
            self._doubt(CONTACTS)
            return
        device, state = message.get("Device", ""), message.get("State", "")
        is_new = self._house.take_device(device, state)
        told = device.lower() in self._house.extension_of_device or device.startswith(DND_DEVICE)
        if told and is_new:
            self._directory_changed = True
        if device.startswith(FORWARD_DEVICE) and self._is_freepbx:
            self._doubt(FORWARDING)

    def _take_member(self, kind: str, message: Message) -> None:
        """Take that a member of a queue came, left, pauses or does something."""
        if kind == "QueueMemberRemoved":
            self._center.lose_member(message)
        else:
            self._center.take_member(message)
        self._directory_changed = True

    def _take_figure(self, kind: str, message: Message) -> None:
        """Take that a caller came to a queue, left it, or was answered."""
        queue = known(message.get("Queue", ""))
        if kind in CALLER_EVENTS:
            note(self._center.waiting, queue, integer(message.get("Count")) or 0)
            self._directory_changed = True
        if queue in self._center.queues:
            self._doubt(queue)

    def _take_mailbox(self, message: Message) -> None:
        """Take that a message was left or heard."""
        box, unread = known(message.get("Mailbox", "")), integer(message.get("New")) or 0
        # Of a box that was not listed it is only sure that the first message is a new one.
        others = max(0, unread - 1) + (integer(message.get("Old")) or 0)
        before = self._house.mailboxes.get(box, unread if others else 0)
        note(self._house.mailboxes, box, unread)
        if unread > before:
            self._pushes.append(
                m.Notice(
                    provider_event="MessageWaiting",
                    type=EventType.VOICEMAIL_RECEIVED,
                    extension=box.partition("@")[0] or None,
                )
            )
        self._directory_changed = True

    def _take_key(self, message: Message) -> None:
        """Take that a key was pressed at an end of a call."""
        channel = self._calls.channel(message.get("Uniqueid", ""))
        if channel is None or not channel.is_line or message.get("Direction") != "Received":
            return
        self._pushes.append(
            m.Notice(
                provider_event="DTMFEnd",
                type=EventType.DTMF_RECEIVED,
                call_id=channel.call,
                leg_id=channel.uid,
                extension=channel.extension,
                fields={"digits": text.line(message.get("Digit", ""), 1)},
            )
        )

    def _take_user_event(self, message: Message) -> None:
        """Take what the dial plan says in its own words, by its application UserEvent."""
        channel = self._calls.channel(message.get("Uniqueid", "").partition("\n")[0])
        said = {
            text.line(key, LONGEST_KEY): text.line(value, LONGEST_VALUE)
            for key, value in _said(message)
        }
        values = tuple(f"{key}={value}" for key, value in list(said.items())[:MOST_VALUES])
        self._pushes.append(
            m.Notice(
                provider_event="UserEvent",
                type=EventType.USER_EVENT,
                call_id=None if channel is None else channel.call,
                extension=None if channel is None else channel.extension,
                fields={
                    "name": text.line(message.get("UserEvent", ""), LONGEST_KEY),
                    "parameters": values,
                },
            )
        )


def _said(message: Message) -> Iterator[tuple[str, str]]:
    """Yield what the dial plan says in an event of its own; it may repeat Asterisk's own keys."""
    for key, value in message.items():
        if key not in USER_EVENT_KEYS and not key.startswith("ChanVariable"):
            yield key, value
        elif key in USER_EVENT_KEYS and "\n" in value:
            yield key, value.partition("\n")[2]
