"""Asterisk and FreePBX, over the manager interface.

All that happens is pushed over it, and all commands go there. One connection with events is kept
while somebody follows the stream. Before that, and while it is down, each question opens a
connection of its own.
"""

import asyncio
import re
import secrets
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar, override

import aiohttp

from ...telephony import models as m
from ...telephony import text
from ...telephony.errors import (
    AuthError,
    ConnectError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    UnknownOutcomeError,
    UnsupportedError,
)
from ...telephony.models import Capability, EventType
from ...telephony.phone_numbers import DialForm, dialable, in_form
from ..base import Intervals, Provider
from ..settings import Values
from ..values import integer
from .ami import HIDDEN, AmiConnection, Message, PermissionDeniedError
from .call_center import CallCenter, Member
from .calls import EVENTS as CALL_EVENTS
from .calls import Calls, Listing
from .channels import Channel, known
from .house import DND_DEVICE, House, note
from .settings import AsteriskSettings

RING_TIMEOUT = 30
DND, FORWARD, NAMES, ALLOWED = "DND", "CF", "AMPUSER", "QPENALTY"
"""Where FreePBX keeps in Asterisk's database what people set, are called, and may join."""
FORWARD_DEVICE, QUEUE_DEVICE = "Custom:CF", "Custom:QUEUE"
"""What FreePBX lets the lamps of phones follow besides."""
MANAGER_USER = """\
[homeassistant]
secret = {secret}
deny = 0.0.0.0/0.0.0.0
permit = {address}/255.255.255.255
read = system,call,agent,user,dtmf
write = call,agent,originate,reporting,system
writetimeout = 5000
"""
CONTACTS, FORWARDING, EVERYTHING = "*contacts", "*forwarding", "*everything"
"""What is read again besides queues, which are known by their names."""
MOST_STALE = 200
LAMPS = {
    m.LampState.FREE: "NOT_INUSE",
    m.LampState.IN_USE: "INUSE",
    m.LampState.RINGING: "RINGING",
    m.LampState.ON_HOLD: "ONHOLD",
}
FROM_QUEUE, HINTS = "from-queue", "ext-local"
"""The contexts through which FreePBX reaches agents, and in which it tells their states."""
SPY_MODES = {m.SpyMode.LISTEN: "", m.SpyMode.WHISPER: "w", m.SpyMode.BARGE: "B"}
CALLED_AS = "Home Assistant"
"""What a phone shows that is rung for a sound."""
SOON = timedelta(seconds=1)
MOST_WAITING = 20_000
LOOK_AGAIN_AFTER = 1.0
"""How many seconds at least are between two looks at what events only hint at."""
BUSY_CAUSE = "17"

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
    {"MessageWaiting", "DTMFEnd", "UserEvent", "FullyBooted", "Reload", "Shutdown"}
)
EVENTS = CALL_EVENTS | DEVICE_EVENTS | MEMBER_EVENTS | FIGURE_EVENTS | OTHER_EVENTS

# What an account can do, by the action of the manager interface that it takes.
NEEDS: Mapping[str, Capability] = {
    "CoreShowChannels": Capability.CALLS | Capability.STREAM,
    "DeviceStateList": Capability.REGISTRATION | Capability.DND,
    "VoicemailUsersList": Capability.VOICEMAIL_COUNT,
    "QueueStatus": Capability.AGENTS
    | Capability.QUEUES
    | Capability.QUEUE_FIGURES
    | Capability.GET_AGENT_STATUS
    | Capability.GET_QUEUE_STATUS,
    "Originate": Capability.ORIGINATE
    | Capability.CLICK_TO_CALL
    | Capability.SPY
    | Capability.RETRIEVE
    | Capability.PLAY_SOUND,
    "Ping": Capability.RAW_ACTION,
    "Hangup": Capability.HANGUP,
    "BlindTransfer": Capability.TRANSFER,
    "PlayDTMF": Capability.SEND_DTMF,
    "MuteAudio": Capability.MUTE | Capability.UNMUTE,
    "QueueAdd": Capability.AGENT_LOGIN | Capability.QUEUE_ADD | Capability.QUEUE_LOGIN,
    "QueueRemove": Capability.AGENT_LOGOUT | Capability.QUEUE_REMOVE,
    "QueuePause": Capability.AGENT_PAUSE | Capability.AGENT_UNPAUSE,
    "Park": Capability.PARK,
    "MixMonitor": Capability.START_RECORDING,
    "StopMixMonitor": Capability.STOP_RECORDING,
    "Setvar": Capability.SET_LAMP,
}
NEEDS_FREEPBX = Capability.SET_DND | Capability.FORWARDING
CLASSES = {
    "CoreShowChannels": "reporting",
    "DeviceStateList": "call",
    "Hangup": "call",
    "Originate": "originate",
    "QueueAdd": "agent",
}
"""The class of rights that allows an action, for those that every account should have."""

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

_FILE = re.compile(r"[\w@+-][\w@.+-]{0,99}")
_SOUND = re.compile(r"[\w][\w/.+-]{0,199}")
_LAMP = re.compile(r"[\w-]{1,60}")
_ACTION = re.compile(r"[A-Za-z0-9]{1,60}")
_DIGITS = re.compile(r"[0-9*#A-D]{1,128}")
_CAUSE = re.compile(r"[0-9]{1,3}")
_NAME = re.compile(r"[\w@./+*#:-]{1,80}")


class AsteriskProvider(Provider):
    """One Asterisk, by one manager user."""

    key = "asterisk"
    name = "Asterisk / FreePBX"
    manual: ClassVar[str] = (
        "https://docs.asterisk.org/Configuration/Interfaces/Asterisk-Manager-Interface-AMI/"
    )
    settings: AsteriskSettings
    settings_type = AsteriskSettings
    dial_form: ClassVar[DialForm] = DialForm.KEYED  # the dial plan alone knows what is dialled
    in_own_network = True
    possible = NEEDS_FREEPBX
    for needed in NEEDS.values():
        possible |= needed
    del needed
    fields: ClassVar[Mapping[Capability, frozenset[str]]] = {
        Capability.ORIGINATE: frozenset({"ring_timeout", "dialplan", "auto_answer"}),
        Capability.CLICK_TO_CALL: frozenset(),
        Capability.HANGUP: frozenset({"cause"}),
        Capability.PLAY_SOUND: frozenset({"auto_answer"}),
        Capability.RAW_ACTION: frozenset({"parameters"}),
        Capability.TRANSFER: frozenset({"type"}),
        Capability.QUEUE_ADD: frozenset({"agent", "extension", "penalty"}),
        Capability.QUEUE_REMOVE: frozenset({"agent", "extension"}),
        Capability.GET_AGENT_STATUS: frozenset({"agent"}),
        Capability.AGENT_LOGIN: frozenset({"agent", "queue", "extension"}),
        Capability.AGENT_LOGOUT: frozenset({"agent", "queue"}),
        Capability.AGENT_PAUSE: frozenset({"agent", "queue", "reason"}),
        Capability.AGENT_UNPAUSE: frozenset({"agent", "queue"}),
        Capability.SPY: frozenset({"caller_id_number", "caller_id_name", "mode"}),
    }
    intervals = Intervals(busy=5, idle=10, pushed=60, directory=300)

    def __init__(self, session: aiohttp.ClientSession, values: Values) -> None:
        """Talk to one account; the session is not used, for AMI is no HTTP."""
        super().__init__(session, values)
        self._house = House()
        self._center = CallCenter(self._house)
        inside = _Inside(self._house, self._center)
        self._calls = Calls(self._house.extension_of, inside, self.settings.country)
        self._live: AmiConnection | None = None
        self._backlog: list[Message] | None = None
        self._pushes: list[m.Pushed] = []
        self._wake = asyncio.Event()
        self._refused = False
        self._tells_start = False
        self._actions: frozenset[str] | None = None
        self._directory_changed = False
        self._stale: set[str] = set()
        self._look = asyncio.Event()

    # -- set-up ------------------------------------------------------------------------------------

    @override
    @classmethod
    def configuration(cls, address: str) -> str:
        """Return a manager user for `manager.conf`, with a secret that was made up just now."""
        return MANAGER_USER.format(secret=secrets.token_urlsafe(24), address=address)

    @override
    async def account(self) -> m.Account:
        """Say who this is, and what the manager user may do."""
        host, port = self.settings.address
        if not host:
            raise InvalidInputError("host", "required")
        async with self._connected() as ami:
            await self._probe_rights(ami)
            try:
                core = await ami.action("CoreSettings")
            except RefusedError:
                core = {}
        identity = self.settings.account_id or f"{host.lower()}:{port}"
        return m.Account(
            id=identity,
            title=f"Asterisk ({host})",
            model="Asterisk",
            version=known(core.get("AsteriskVersion", "")),
            settings={"account_id": identity},
        )

    async def _probe_rights(self, ami: AmiConnection) -> None:
        """Find out which actions the manager user may send."""
        try:
            answer = await ami.action("ListCommands")
        except RefusedError:
            answer = {}
        self._actions = frozenset(answer)
        capabilities = Capability(0)
        for action, capability in NEEDS.items():
            if action in self._actions:
                capabilities |= capability
        self._house.take_names(await self._rows(ami, "DBGetTree", Family=NAMES))
        if self._may("DBPut") and self._is_freepbx:
            capabilities |= NEEDS_FREEPBX
        self.capabilities = capabilities
        missing = {name for action, name in CLASSES.items() if action not in self._actions}
        self._house.missing = missing

    @property
    def _is_freepbx(self) -> bool:
        """Whether people's settings are kept in Asterisk's database as FreePBX does it."""
        return bool(self._house.users)

    def _may(self, action: str) -> bool:
        """Return whether the manager user may send an action, as far as that is known."""
        return self._actions is None or action in self._actions

    # -- connections -------------------------------------------------------------------------------

    async def _open(self, *, following: bool = False) -> AmiConnection:
        """Return a connection that is not open yet; raise AuthError once a login was refused."""
        if self._refused:
            raise AuthError("The manager interface refuses the login")
        tls = None
        if self.settings.ssl:
            tls = await asyncio.to_thread(_tls, verify=self.settings.verify_ssl)
        return AmiConnection(
            self.settings.address,
            (self.settings.username, self.settings.password),
            tls=tls,
            listener=self._hear if following else None,
            wanted=EVENTS if following else (),
            on_end=self._wake.set,
        )

    @asynccontextmanager
    async def _connected(self, *, following: bool = False) -> AsyncIterator[AmiConnection]:
        """Yield a connection: the one of the stream where that is up, else a new one."""
        live = self._live
        if live is not None and not live.ended and not following:
            yield live
            return
        connection = await self._open(following=following)
        try:
            async with connection:
                await self._expect_booted(connection)
                yield connection
        except AuthError:
            self._refused = True  # never a loop: it would lock the address out
            raise

    async def _expect_booted(self, ami: AmiConnection) -> None:
        """Raise ConnectError while Asterisk starts: it lets in at once, but has no phones yet.

        It says that it has started right behind the answer to the login, to a manager user with
        read `system`. Others are taken to hear nothing of it, unless there is no phone at all.
        """
        await ami.action("Ping")
        self._tells_start = self._tells_start or ami.booted
        if ami.booted:
            return
        if not self._tells_start:
            for action in ("ExtensionStateList", "PJSIPShowEndpoints"):
                if await self._rows(ami, action):
                    return
        raise ConnectError("Asterisk has not started yet")

    # -- state -------------------------------------------------------------------------------------

    @override
    async def calls(self) -> tuple[m.Call, ...]:
        """Return the active calls; also what events have told is put right by the list."""
        await self._ask(self._read_all_calls)
        if self._live is None:
            self._calls.pushes.clear()
        else:
            self._collect()
        return self._calls.snapshot()

    async def _ask(self, question: Callable[[AmiConnection], Awaitable[None]]) -> None:
        """Ask something over the connection of the stream, or over one of its own.

        Where the stream's connection has just ended, ask once more over one of its own.
        """
        shared = self._live
        try:
            async with self._connected() as ami:
                await question(ami)
        except UnknownOutcomeError:
            if shared is None or not shared.ended:
                raise
            async with self._connected() as ami:
                await question(ami)

    async def _read_all_calls(self, ami: AmiConnection) -> None:
        """Read the list of channels, and before that whose they are."""
        if not self._house.extension_of_device:
            await self._read_phones(ami)
        await self._read_channels(ami)

    async def _read_channels(self, ami: AmiConnection) -> None:
        """Read the list of channels, and what it does not tell of them."""
        asked_at = datetime.now(UTC)
        listing = Listing(
            channels=await ami.items("CoreShowChannels"),
            bridges=await self._rows(ami, "BridgeList"),
            parked=await self._rows(ami, "ParkedCalls"),
            held=self._house.held(),
            asked_at=asked_at,
        )
        now = datetime.now(UTC)
        self._calls.take_list(listing, now)
        # What the first list has began before; later nothing is told sooner for having been asked.
        self._calls.tick(now if ami is self._live else now + SOON)

    @override
    async def directory(self) -> m.Directory:
        """Return the phones, trunks, queues and their members."""
        await self._ask(self._read_house)
        return self._directory()

    def _directory(self) -> m.Directory:
        """Return all that is known but the calls."""
        center = self._center
        return replace(
            self._house.directory(), agents=center.agents(), queues=center.listed_queues()
        )

    async def _read_house(self, ami: AmiConnection) -> None:
        """Read all but the calls."""
        await self._read_phones(ami)
        await self._read_people(ami)
        await self._read_queues(ami)

    async def _read_phones(self, ami: AmiConnection) -> None:
        """Read which phones there are and what they do."""
        house = self._house
        house.take_hints(await self._rows(ami, "ExtensionStateList"))
        house.take_endpoints(await self._rows(ami, "PJSIPShowEndpoints"))
        house.take_contacts(await self._rows(ami, "PJSIPShowContacts"))
        house.take_devices(await self._rows(ami, "DeviceStateList"))

    async def _read_people(self, ami: AmiConnection) -> None:
        """Read names, do not disturb, and mailboxes."""
        house = self._house
        house.take_names(await self._rows(ami, "DBGetTree", Family=NAMES))
        if self._may("DBGetTree"):
            house.take_dnd(await self._rows(ami, "DBGetTree", Family=DND))
        await self._read_forwarding(ami)
        house.take_mailboxes(await self._rows(ami, "VoicemailUsersList"))

    async def _read_forwarding(self, ami: AmiConnection) -> None:
        """Read where phones are forwarded to, where FreePBX keeps that."""
        if Capability.FORWARDING in self.capabilities:
            self._house.take_forwarding(await self._rows(ami, "DBGetTree", Family=FORWARD))

    async def _read_queues(self, ami: AmiConnection) -> None:
        """Read the queues, their callers and members."""
        self._center.take_allowed(await self._rows(ami, "DBGetTree", Family=ALLOWED))
        self._center.take_queues(await self._rows(ami, "QueueStatus"))
        self._center.take_summaries(await self._rows(ami, "QueueSummary"))

    async def _rows(self, ami: AmiConnection, action: str, **fields: object) -> list[Message]:
        """Return the items of a list; none where it is denied or empty."""
        if not self._may(action):
            return []
        try:
            return await ami.items(action, **fields)
        except PermissionDeniedError, RefusedError:
            return []

    # -- the stream --------------------------------------------------------------------------------

    @override
    async def stream(self) -> AsyncIterator[m.Pushed]:
        """Follow what happens, after all that was so before was read."""
        self._backlog = []
        async with self._connected(following=True) as ami:
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
        self._calls.tick(datetime.now(UTC))
        self._collect()
        pushes, self._pushes = self._pushes, []
        yield from pushes
        if self._directory_changed:
            self._directory_changed = False
            yield m.DirectoryPush(provider_event="DeviceStateChange", directory=self._directory())

    async def _wait(self) -> None:
        """Wait until there is something new, or until it is time to tell what has waited."""
        if self._pushes or self._directory_changed:
            return
        due = self._calls.due()
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
        elif kind == "UserEvent":
            self._take_user_event(message)
        elif kind == "Reload":
            self._doubt(EVERYTHING)  # there may be other phones and queues now
        self._wake.set()

    def _collect(self) -> None:
        """Move what the calls have to tell to what is pushed."""
        if self._calls.pushes:
            self._pushes += self._calls.pushes
            self._calls.pushes.clear()

    def _take_device(self, kind: str, message: Message) -> None:
        """Take what a phone or a lamp does."""
        if kind != "DeviceStateChange":
            self._doubt(CONTACTS)
            return
        device, state = message.get("Device", ""), message.get("State", "")
        before = self._house.devices.get(device)
        note(self._house.devices, device, state)
        told = device.lower() in self._house.extension_of_device or device.startswith(DND_DEVICE)
        if told and before != state:
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
        before = self._house.mailboxes.get(box, 0)
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
        channel = self._calls.channel(message.get("Uniqueid", ""))
        said = {
            text.line(key, LONGEST_KEY): text.line(value, LONGEST_VALUE)
            for key, value in message.items()
            if key not in USER_EVENT_KEYS and not key.startswith("ChanVariable")
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

    # -- calls -------------------------------------------------------------------------------------

    async def _command(self, action: str, **fields: object) -> Message:
        """Send an action that changes something, once."""
        if not self._may(action):
            raise UnsupportedError(action)
        try:
            async with self._connected() as ami:
                return await ami.action(action, **fields)
        except ValueError:
            raise InvalidInputError(action) from None

    @override
    async def originate(self, request: m.Originate) -> m.Placed:
        """Ring an extension, then connect it to a number.

        The extension's phone shows whom it will call; who is called sees the extension.
        """
        number = dialable(request.number, self.settings.country, by_hand=True)
        device = self._device(request.extension)
        more = _auto_answer(device) if request.auto_answer else ()
        name = _plain(self._house.names.get(request.extension, ""))
        uid = f"pbx-{secrets.token_hex(8)}"
        self._calls.expect_placed(uid, request.extension, number)
        await self._command(
            "Originate",
            Channel=device,
            Context=request.dialplan or self.settings.context,
            Exten=self._dialled(request.number),
            Priority=1,
            # As CallerID it would be what both phones show.
            Variable=(
                f"CALLERID(num)={request.extension}",
                f"CALLERID(name)={name}",
                f"CONNECTEDLINE(num)={number}",
                f"CONNECTEDLINE(name)={number}",
                *more,
            ),
            Timeout=1000 * (request.ring_timeout or RING_TIMEOUT),
            ChannelId=uid,
            Async="true",
        )
        return m.Placed(call_id=uid)

    def _dialled(self, number: str) -> str:
        """Return a checked number as it would be keyed in: the dial plan decides about its form."""
        return in_form(number, DialForm.KEYED, self.settings.country, by_hand=True)

    def _device(self, extension: str) -> str:
        """Return the device of an extension that rings; raise NotFoundError where there is none."""
        if not _NAME.fullmatch(extension):
            raise InvalidInputError("extension")
        if self._house.extension_of_device and extension not in self._house.numbers():
            raise NotFoundError("No such extension")
        device = self._house.device_for(extension)
        if self._house.devices.get(device) == "UNAVAILABLE":
            raise RefusedError("The phone is not registered")
        return device

    @override
    async def hangup(self, target: m.CallRef, cause: str | None = None) -> None:
        """End a call: of one phone that rings only the ringing there, else all of it."""
        if cause is not None and not _CAUSE.fullmatch(cause):
            raise InvalidInputError("cause")
        channels = self._channels(target)
        own = [one for one in channels if target.extension in {None, one.extension}]
        ringing = [one for one in own if not one.is_up and not one.dials]
        rejects = target.extension is not None and len(ringing) == len(own)
        for channel in ringing if rejects else own[:1]:
            try:
                await self._command(
                    "Hangup",
                    Channel=channel.name,
                    Cause=cause or (BUSY_CAUSE if rejects and len(channels) > 1 else None),
                )
            except NotFoundError:
                continue  # it was over before

    @override
    async def transfer(self, target: m.CallRef, number: str, kind: m.TransferType) -> None:
        """Hand the other party over."""
        own = self._own(target)
        fields = {
            "Channel": own.name,
            "Context": self.settings.context,
            "Exten": self._dialled(number),
        }
        if kind is m.TransferType.ATTENDED:
            await self._command("Atxfer", **fields)
            return
        await self._command("BlindTransfer", **fields)

    @override
    async def send_dtmf(self, target: m.CallRef, digits: str) -> None:
        """Send key presses to the other party, or to the menu that has answered."""
        if not _DIGITS.fullmatch(digits):
            raise InvalidInputError("digits")
        own = self._own(target)
        peer = self._calls.peer_of(own)
        for digit in digits:
            if peer is not None:
                await self._command("PlayDTMF", Channel=peer.name, Digit=digit)
            else:
                await self._command("PlayDTMF", Channel=own.name, Digit=digit, Receive="true")

    @override
    async def mute(self, target: m.CallRef) -> None:
        """Silence the own microphone."""
        await self._mute(target, "on")

    @override
    async def unmute(self, target: m.CallRef) -> None:
        """Open the own microphone."""
        await self._mute(target, "off")

    async def _mute(self, target: m.CallRef, state: str) -> None:
        """Let the other party hear the own microphone, or not."""
        own = self._own(target)
        await self._command("MuteAudio", Channel=own.name, Direction="in", State=state)

    @override
    async def spy(self, request: m.Spy) -> None:
        """Ring a supervisor's phone, and let it listen to a channel."""
        spied = self._spied(request)
        uid = f"pbx-{secrets.token_hex(8)}"
        self._calls.ignore(uid)
        name = _plain(request.caller_id_name or "")
        await self._command(
            "Originate",
            Channel=self._device(request.extension),
            Application="ChanSpy",
            Data=f"{spied.name},qE{SPY_MODES[request.mode or m.SpyMode.LISTEN]}",
            CallerID=f'"{name}" <{request.caller_id_number or spied.extension or ""}>',
            Timeout=1000 * RING_TIMEOUT,
            ChannelId=uid,
            Async="true",
        )

    def _spied(self, request: m.Spy) -> Channel:
        """Return the channel to listen to."""
        if request.call is not None:
            return self._own(request.call)
        wanted = request.target_extension
        for call in self._calls.snapshot():
            if wanted in call.extensions:
                return self._own(m.CallRef(call=call, extension=wanted))
        raise NotFoundError("The extension has no call")

    @override
    async def park(self, target: m.CallRef) -> None:
        """Park the other party; the own phone is free."""
        own = self._own(target)
        peer = self._calls.peer_of(own)
        if peer is None:
            raise NotFoundError("The call has no other party")
        await self._command("Park", Channel=peer.name, TimeoutChannel=own.name)

    @override
    async def retrieve(self, target: m.CallRef, extension: str) -> None:
        """Ring an extension, which then dials the parking space."""
        parked = [one for one in self._channels(target) if one.space]
        if not parked:
            raise NotFoundError("The call is not parked")
        uid = f"pbx-{secrets.token_hex(8)}"
        self._calls.expect_joining(uid, parked[0].call)
        await self._command(
            "Originate",
            Channel=self._device(extension),
            Context=self.settings.context,
            Exten=parked[0].space,
            Priority=1,
            CallerID=f'"{_plain(parked[0].caller_name)}" <{_plain(parked[0].number)}>',
            Variable=(f"CALLERID(num)={extension}",),
            Timeout=1000 * RING_TIMEOUT,
            ChannelId=uid,
            Async="true",
        )

    @override
    async def start_recording(self, target: m.CallRef, filename: str | None) -> None:
        """Record into a file in the folder where Asterisk keeps its recordings."""
        if filename is not None and not _FILE.fullmatch(filename):
            raise InvalidInputError("filename")
        own = self._own(target)
        file = filename or f"pbx-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.wav"
        file = file if "." in file else f"{file}.wav"
        await self._command("MixMonitor", Channel=own.name, File=file)

    @override
    async def stop_recording(self, target: m.CallRef) -> None:
        """Record no longer."""
        await self._command("StopMixMonitor", Channel=self._own(target).name)

    @override
    async def play_sound(self, request: m.PlaySound) -> m.Placed:
        """Ring an extension and play it a sound file of the server, named without its ending."""
        if not _SOUND.fullmatch(request.sound) or ".." in request.sound:
            raise InvalidInputError("sound")
        device = self._device(request.extension)
        uid = f"pbx-{secrets.token_hex(8)}"
        self._calls.expect_placed(uid, request.extension, "")
        await self._command(
            "Originate",
            Channel=device,
            Application="Playback",
            Data=request.sound,
            CallerID=f'"{CALLED_AS}" <{request.extension}>',
            Variable=_auto_answer(device) if request.auto_answer else None,
            Timeout=1000 * RING_TIMEOUT,
            ChannelId=uid,
            Async="true",
        )
        return m.Placed(call_id=uid)

    # -- phones ------------------------------------------------------------------------------------

    @override
    async def set_dnd(self, extension: str, *, on: bool) -> None:
        """Set FreePBX's key, which its dial plan reads, and its lamps."""
        _valid("extension", extension)
        await self._keep(DND, extension, "YES" if on else "")
        await self._show_setting(DND, extension, on=on)
        if self._house.dnd is not None:
            (self._house.dnd.add if on else self._house.dnd.discard)(extension)

    @override
    async def set_forwarding(self, extension: str, number: str) -> None:
        """Set FreePBX's key, which its dial plan reads, and its lamps."""
        target = self._dialled(number) if number else ""
        await self._keep(FORWARD, _valid("extension", extension), target)
        await self._show_setting(FORWARD, extension, on=bool(target))
        if self._house.forwarding is not None:
            self._house.forwarding[extension] = target
        self._directory_changed = True
        self._wake.set()

    async def _show_setting(self, setting: str, extension: str, *, on: bool) -> None:
        """Let the lamps for a setting show it: that of the extension, and those of its devices."""
        state = "BUSY" if on else "NOT_INUSE"
        await self._set_device(f"Custom:{setting}{extension}", state)
        for device in self._house.devices_of(extension):
            await self._set_device(f"Custom:DEV{setting}{device.partition('/')[2]}", state)

    async def _keep(self, family: str, key: str, value: str) -> None:
        """Keep a value in Asterisk's database; an empty one is removed."""
        if value:
            await self._command("DBPut", Family=family, Key=key, Val=value)
            return
        try:
            await self._command("DBDel", Family=family, Key=key)
        except RefusedError as error:
            if isinstance(error, PermissionDeniedError):
                raise  # otherwise there was none

    async def _set_device(self, device: str, state: str) -> None:
        """Set the state of a device that no phone is behind."""
        await self._command("Setvar", Variable=f"DEVICE_STATE({device})", Value=state)

    @override
    async def set_lamp(self, lamp: str, state: m.LampState) -> None:
        """Set the state of a custom device, which the hint of a lamp names."""
        if not _LAMP.fullmatch(lamp):
            raise InvalidInputError("lamp")
        await self._set_device(f"Custom:{lamp}", LAMPS[state])

    @override
    async def raw_action(self, action: str, parameters: Mapping[str, m.Raw]) -> m.RawAnswer:
        """Send an action over a connection of its own, whose state is nobody else's."""
        if not _ACTION.fullmatch(action):
            raise InvalidInputError("action")
        if any(not _NAME.fullmatch(key) or ":" in key for key in parameters):
            raise InvalidInputError("parameters")
        try:
            async with await self._open() as ami:
                answer, items = await ami.ask(action, **parameters)
        except AuthError:
            self._refused = True
            raise
        except ValueError, TypeError:
            raise InvalidInputError("parameters") from None
        secret = self.settings.password
        rows = tuple(_shown(item, secret) for item in items)
        return m.RawAnswer(answer=_shown(answer, secret), items=rows)

    def _channels(self, target: m.CallRef) -> list[Channel]:
        """Return the channels of a call that are there."""
        found = (self._calls.channel(leg.id) for leg in target.call.legs)
        return [channel for channel in found if channel is not None]

    def _own(self, target: m.CallRef) -> Channel:
        """Return the channel of the phone that a command is about."""
        extension = target.extension or next(iter(target.call.extensions), None)
        own = [one for one in self._channels(target) if one.extension == extension]
        up = [one for one in own if one.is_up]
        if not own:
            raise NotFoundError("The call has no such leg")
        return (up or own)[0]

    # -- agents and queues -------------------------------------------------------------------------

    @override
    async def agent_login(self, agent: m.AgentRef) -> None:
        """Make an agent a member of one queue, or of all those it is known in."""
        extension = self._extension_of(agent)
        queues = [agent.queue] if agent.queue else list(self._center.memberships(extension))
        if not queues:
            raise InvalidInputError("queue", "required")
        for queue in queues:
            await self.queue_add(m.QueueMember(queue=queue, extension=extension))

    @override
    async def agent_logout(self, agent: m.AgentRef) -> None:
        """Take an agent out of one queue, or of all that let it go."""
        for member in self._memberships(agent):
            if member.dynamic or agent.queue:
                await self._remove(member)

    @override
    async def agent_pause(self, agent: m.AgentRef) -> None:
        """Let an agent get no calls for a while."""
        if agent.reason and not _plain(agent.reason):
            raise InvalidInputError("reason")
        await self._pause(agent, "true", _plain(agent.reason or "") or None)

    @override
    async def agent_unpause(self, agent: m.AgentRef) -> None:
        """Let an agent get calls again."""
        await self._pause(agent, "false", None)

    async def _pause(self, agent: m.AgentRef, paused: str, reason: str | None) -> None:
        """Pause an agent in one queue, or in all."""
        for member in self._memberships(agent):
            await self._command(
                "QueuePause",
                Queue=member.queue,
                Interface=member.interface,
                Paused=paused,
                Reason=reason,
            )

    @override
    async def queue_add(self, member: m.QueueMember) -> None:
        """Add a member to a queue, the way the other members are written.

        Whoever is a member already stays one, with the penalty that is given.
        """
        extension = member.extension or self._extension_of(member.agent or m.AgentRef())
        if self._center.queues and member.queue not in self._center.queues:
            raise NotFoundError("No such queue")
        present = self._center.member_of(member.queue, extension)
        if present is not None:
            if member.penalty is not None:
                await self._command(
                    "QueuePenalty",
                    Queue=present.queue,
                    Interface=present.interface,
                    Penalty=member.penalty,
                )
            return
        interface, state = self._interface(member.queue, extension)
        penalty = member.penalty
        if penalty is None:
            penalty = self._center.allowed.get((member.queue, extension))
        try:
            await self._command(
                "QueueAdd",
                Queue=_valid("queue", member.queue),
                Interface=interface,
                MemberName=_plain(self._house.names.get(extension, "")) or None,
                StateInterface=state,
                Penalty=penalty,
            )
        except RefusedError as error:
            if "already there" not in error.reason.lower():
                raise
        await self._show_login(member.queue, extension, "INUSE")

    def _interface(self, queue: str, extension: str) -> tuple[str, str]:
        """Return how a member is written, and by what its state is told.

        That is as it was before, as FreePBX does it, or as the others of the queue are written.
        """
        before = self._center.left.get((queue, extension))
        if before is not None:
            return before.interface, before.state_interface or before.interface
        if self._is_freepbx:
            return f"Local/{extension}@{FROM_QUEUE}/n", f"hint:{extension}@{HINTS}"
        device = self._house.device_for(extension)
        members = [one for one in self._center.members.values() if one.queue == queue]
        members += self._center.members.values()
        for other in members:
            whose = self._center.extension_of_member(other)
            if whose and other.interface.lower().startswith("local/"):
                return other.interface.replace(whose, extension, 1), device
        return device, device

    async def _show_login(self, queue: str, extension: str, state: str) -> None:
        """Let FreePBX's lamps for an agent's login show it, as its codes do."""
        if self._is_freepbx and self._may("Setvar"):
            for device in self._house.devices_of(extension):
                name = device.partition("/")[2]
                await self._set_device(f"{QUEUE_DEVICE}{name}*{queue}", state)

    @override
    async def queue_remove(self, member: m.QueueMember) -> None:
        """Remove a member from a queue."""
        ref = member.agent or m.AgentRef(number=member.extension)
        for one in self._memberships(ref):
            if one.queue == member.queue:
                await self._remove(one)

    async def _remove(self, member: Member) -> None:
        """Remove a member; raise RefusedError for one that the configuration names."""
        await self._command("QueueRemove", Queue=member.queue, Interface=member.interface)
        if extension := self._center.extension_of_member(member):
            await self._show_login(member.queue, extension, "NOT_INUSE")

    def _extension_of(self, agent: m.AgentRef) -> str:
        """Return the extension of an agent, which is the agent's own name here."""
        found = agent.extension or agent.number or agent.id
        if not found:
            raise InvalidInputError("agent", "required")
        return _valid("agent", found)

    def _memberships(self, agent: m.AgentRef) -> list[Member]:
        """Return what an agent is a member of; raise NotFoundError where that is nothing."""
        wanted = {agent.id, agent.number, agent.extension} - {None}
        found = []
        for member in self._center.members.values():
            names = {self._center.extension_of_member(member), member.interface}
            if names & wanted and agent.queue in {None, "", member.queue}:
                found.append(member)
        if not found:
            raise NotFoundError("The agent is no member of a queue")
        return found

    @override
    async def agent_status(self, agent: m.AgentRef) -> m.Agent:
        """Ask what an agent is doing."""
        async with self._connected() as ami:
            await self._read_queues(ami)
        wanted = {agent.id, agent.number, agent.extension} - {None}
        for found in self._center.agents():
            if found.id in wanted or found.extension in wanted:
                return found
        raise NotFoundError("No such agent")

    @override
    async def queue_status(self, queue: str) -> m.Queue:
        """Ask how a queue is doing."""
        async with self._connected() as ami:
            await self._read_queues(ami)
        if queue not in self._center.queues:
            raise NotFoundError("No such queue")
        return self._center.queue(queue)


class _Inside(Collection[str]):
    """The numbers of the house, as they are now."""

    def __init__(self, house: House, center: CallCenter) -> None:
        """Look at a house and its queues."""
        self._house, self._center = house, center

    @override
    def __contains__(self, number: object) -> bool:
        """Return whether a number is an extension or a queue."""
        return number in self._house.numbers() or number in self._center.queues

    @override
    def __iter__(self) -> Iterator[str]:
        """Yield the extensions."""
        return iter(self._house.numbers())

    @override
    def __len__(self) -> int:
        """Return how many extensions there are."""
        return len(self._house.numbers())


def _tls(*, verify: bool) -> ssl.SSLContext:
    """Return how to encrypt; reads the certificates of the machine, which takes a while."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _auto_answer(device: str) -> tuple[str, ...]:
    """Return the variables that let a phone pick up by itself; each maker obeys another."""
    headers = {"Alert-Info": "info=alert-autoanswer", "Call-Info": "<sip:pbx>\\;answer-after=0"}
    if device.upper().startswith("PJSIP/"):
        return tuple(f"PJSIP_HEADER(add,{name})={value}" for name, value in headers.items())
    pairs = enumerate(headers.items(), 1)
    return tuple(f"__SIPADDHEADER{number:02}={name}: {value}" for number, (name, value) in pairs)


def _shown(message: Message, secret: str) -> dict[str, str]:
    """Return an answer without the id that it was asked with, and without the secret."""
    return {
        key: value.replace(secret or HIDDEN, HIDDEN)
        for key, value in message.items()
        if key != "ActionID"
    }


def _plain(name: str) -> str:
    """Return a name as it may stand in quotes."""
    return re.sub(r'[",;<>\\|]+', " ", text.line(name)).strip()


def _valid(field: str, value: str) -> str:
    """Return a value that may be sent."""
    if not _NAME.fullmatch(value):
        raise InvalidInputError(field)
    return value
