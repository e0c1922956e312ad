"""An account at an Asterisk: how it is reached, what its manager user may do, and what it is asked.

One connection with events is kept while somebody follows the stream. Before that, and while it is
down, each question opens a connection of its own.
"""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
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
    RefusedError,
    UnknownOutcomeError,
    UnsupportedError,
)
from ...telephony.models import Capability
from ...telephony.phone_numbers import DialForm, in_form
from ..base import Intervals, Provider
from ..settings import Values
from .ami import AmiConnection, Listener, Message, PermissionDeniedError
from .call import Listing
from .call_center import CallCenter, Inside
from .calls import Calls
from .channels import known
from .house import House
from .records import Records
from .rights import CLASSES, FIELDS, NEEDS, NEEDS_FREEPBX, POSSIBLE
from .settings import AsteriskSettings

DND, FORWARD, NAMES, ALLOWED = "DND", "CF", "AMPUSER", "QPENALTY"
"""Where FreePBX keeps in Asterisk's database what people set, are called, and may join."""
TREE = "DBGetTree"
KEYS = {NAMES: "{}/cidname", DND: "{}", FORWARD: "{}"}
"""The key of each phone in these families."""
SOON = timedelta(seconds=1)

_NAME = re.compile(r"[\w@./+*#:-]{1,80}")


class AsteriskAccount(Provider):
    """One Asterisk, by one manager user: its connections, rights, and what can be asked."""

    settings: AsteriskSettings
    settings_type = AsteriskSettings
    dial_form: ClassVar[DialForm] = DialForm.KEYED  # the dial plan alone knows what is dialled
    in_own_network = True
    possible = POSSIBLE
    fields = FIELDS
    intervals = Intervals(busy=5, idle=10, pushed=60, directory=300)

    def __init__(self, session: aiohttp.ClientSession, values: Values) -> None:
        """Talk to one account; the session is not used, for AMI is no HTTP."""
        super().__init__(session, values)
        self._house = House()
        self._center = CallCenter(self._house)
        inside = Inside(self._house, self._center)
        of_phone, country = self._house.extension_of, self.settings.country
        self._calls = Calls(of_phone, inside, country)
        self._records = Records(self._calls, of_phone, inside, country)
        self._live: AmiConnection | None = None
        self._pushes: list[m.Pushed] = []
        self._wake = asyncio.Event()
        self._refused = False
        self._tells_start = False
        self._actions: frozenset[str] | None = None
        self._directory_changed = False

    # -- set-up ------------------------------------------------------------------------------------

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
        if not self._may(TREE):
            await self._read_phones(ami)
        self._house.take_names(await self._kept(ami, NAMES))
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

    async def _open(
        self, listener: Listener | None = None, wanted: Collection[str] = ()
    ) -> AmiConnection:
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
            listener=listener,
            wanted=wanted,
            on_end=self._wake.set,
        )

    @asynccontextmanager
    async def _connected(
        self, listener: Listener | None = None, wanted: Collection[str] = ()
    ) -> AsyncIterator[AmiConnection]:
        """Yield a connection: the one of the stream where that is up, else a new one."""
        live = self._live
        if live is not None and not live.ended and listener is None:
            yield live
            return
        connection = await self._open(listener, wanted)
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
        house.take_names(await self._kept(ami, NAMES))
        if self._may(TREE) or self._may("DBGet"):
            house.take_dnd(await self._kept(ami, DND))
        await self._read_forwarding(ami)
        house.take_mailboxes(await self._rows(ami, "VoicemailUsersList"))

    async def _read_forwarding(self, ami: AmiConnection) -> None:
        """Read where phones are forwarded to, where FreePBX keeps that."""
        if Capability.FORWARDING in self.capabilities:
            self._house.take_forwarding(await self._kept(ami, FORWARD))

    async def _read_queues(self, ami: AmiConnection) -> None:
        """Read the queues, their callers and members."""
        self._center.take_allowed(await self._kept(ami, ALLOWED))
        self._center.take_queues(await self._rows(ami, "QueueStatus"))
        self._center.take_summaries(await self._rows(ami, "QueueSummary"))

    async def _kept(self, ami: AmiConnection, family: str) -> list[Message]:
        """Return what Asterisk's database keeps in a family.

        Older releases (many of 16 and 18) have no list of it: each phone's key is asked for.
        """
        if self._may(TREE) or family not in KEYS:
            return await self._rows(ami, TREE, Family=family)
        found: list[Message] = []
        for number in sorted(self._house.numbers()):
            key = KEYS[family].format(number)
            rows = await self._rows(ami, "DBGet", Family=family, Key=key)
            found += [{**row, "Key": f"/{family}/{key}"} for row in rows if "Val" in row]
        return found

    async def _rows(self, ami: AmiConnection, action: str, **fields: object) -> list[Message]:
        """Return the items of a list; none where it is denied or empty."""
        if not self._may(action):
            return []
        try:
            return await ami.items(action, **fields)
        except PermissionDeniedError, RefusedError:
            return []

    # -- what commands need ------------------------------------------------------------------------

    def _collect(self) -> None:
        """Move what the calls have to tell to what is pushed."""
        if self._calls.pushes:
            self._pushes += self._calls.pushes
            self._calls.pushes.clear()

    async def _command(self, action: str, **fields: object) -> Message:
        """Send an action that changes something, once."""
        if not self._may(action):
            raise UnsupportedError(action)
        try:
            async with self._connected() as ami:
                return await ami.action(action, **fields)
        except ValueError:
            raise InvalidInputError(action) from None

    async def _set_device(self, device: str, state: str) -> None:
        """Set the state of a device that no phone is behind."""
        await self._command("Setvar", Variable=f"DEVICE_STATE({device})", Value=state)

    def _dialled(self, number: str) -> str:
        """Return a checked number as it would be keyed in: the dial plan decides about its form."""
        return in_form(number, DialForm.KEYED, self.settings.country, by_hand=True)


def _tls(*, verify: bool) -> ssl.SSLContext:
    """Return how to encrypt; reads the certificates of the machine, which takes a while."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def plain(name: str) -> str:
    """Return a name as it may stand in quotes."""
    return re.sub(r'[",;<>\\|]+', " ", text.line(name)).strip()


def is_name(value: str) -> bool:
    """Return whether a value is one that names something there, and nothing else."""
    return _NAME.fullmatch(value) is not None


def valid(field: str, value: str) -> str:
    """Return a value that may be sent."""
    if not is_name(value):
        raise InvalidInputError(field)
    return value
