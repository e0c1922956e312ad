"""VOIP@ Cloud: what is asked of a bridge, in which order, and what is commanded."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, override

import aiohttp
from aiohttp import WSMsgType

from ...telephony import models as m
from ...telephony.bounded_map import BoundedMap
from ...telephony.errors import (
    ConnectError,
    InvalidInputError,
    UnknownOutcomeError,
    UnsupportedError,
)
from ...telephony.models import Capability
from ...telephony.phone_numbers import dialable
from ..base import Intervals, Provider
from ..pacing import Pace
from ..settings import Settings, Values
from ..turns import in_turns
from ..values import Json, mapping, text
from . import payload
from .api import (
    INTERNAL_ERROR,
    STANDARD,
    Api,
    Identity,
    Scheme,
    Variant,
    reason_of,
    refusal,
    rows_of,
    unread,
)
from .arrivals import ARRIVES, Arrivals
from .calls import reading
from .commands import shown_number, switch_word
from .control import Control
from .extensions import Extensions
from .history import History
from .placing import MARGIN, MOST_REMEMBERED, PlacedCalls
from .push import IN_ADDRESS, SocketReader, read_webhook
from .settings import VoipatSettings

RING_TIMEOUT = 30  # seconds, where nobody says how long to ring
# Seconds without a ping after which a bridge is asked whether it is still there: they ping every
# 20 or 30 seconds when they are well. After twice that the socket is dead.
SILENCE = {Variant.PYTHON: 23.0, Variant.NODE: 33.0}
SOCKET_ENDS = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR})
LONGEST_MESSAGE = 1024 * 1024

COMMANDS = (
    Capability.ORIGINATE
    | Capability.CLICK_TO_CALL
    | Capability.HANGUP
    | Capability.HOLD
    | Capability.UNHOLD
    | Capability.TOGGLE_HOLD
    | Capability.UNMUTE
    | Capability.TRANSFER
    | Capability.SEND_DTMF
)
ALWAYS = COMMANDS | Capability.CALLS | Capability.WEBHOOK | Capability.STREAM | Capability.AGENTS
HISTORY = Capability.GET_CALL_HISTORY | Capability.GET_CALL_STATISTICS


class VoipatProvider(Provider):
    """One domain at one VOIP@ bridge."""

    key = "voipat"
    name = "VOIP@ Cloud"
    manual: ClassVar[str] = "https://mt.voipat.com"
    webhook_manual: ClassVar[str] = "https://mt.voipat.com"
    settings_type: ClassVar[type[Settings]] = VoipatSettings
    settings: VoipatSettings
    possible = ALWAYS | HISTORY | Capability.REGISTRATION
    transfers_ringing = True  # the caller's leg is up, and it is the one that is moved
    fields: ClassVar[Mapping[Capability, frozenset[str]]] = {
        Capability.ORIGINATE: frozenset({"caller_id_number", "caller_id_name", "ring_timeout"}),
        Capability.CLICK_TO_CALL: frozenset({"caller_id_number"}),
        Capability.HANGUP: frozenset({"cause"}),
        Capability.TRANSFER: frozenset({"type"}),
        Capability.GET_CALL_HISTORY: frozenset(
            {
                "start",
                "end",
                "number",
                "extension",
                "direction",
                "search",
                "limit",
                "offset",
                "sort",
                "record_id",
                "call_id",
            }
        ),
        Capability.GET_CALL_STATISTICS: frozenset({"start", "end"}),
    }
    limits = STANDARD
    intervals = Intervals(busy=5, idle=10, pushed=60, directory=600)
    pace = Pace(quick=3.8, slow=4.8)
    looks = (0.05, 0.18, 0.35, 1.0)
    list_lag = 0.28
    pushed_ids_differ = True
    complete_after = 2
    # Only browsers push: whether the call goes on at a desk phone is what the next list says.
    grace = 5
    record_after = 10

    def __init__(self, session: aiohttp.ClientSession, values: Values) -> None:
        """Talk to one account; the session stays the caller's."""
        super().__init__(session, values)
        self._session = session
        self._country = self.settings.country
        self._domain = self.settings.domain
        self._calls: dict[str, m.Call] = {}
        self._call_of: BoundedMap[str] = BoundedMap(MOST_REMEMBERED)
        """To which call a leg belongs."""
        self._in_order = asyncio.Lock()  # lists are taken in the order in which they came
        self._placed = PlacedCalls()
        self._arrivals = Arrivals()
        self._streaming = False
        self._api = Api(
            self.http,
            self.settings.url,
            self.settings.api_key,
            scheme=_scheme(self.settings.auth),
            plan=self.settings.rate_plan,
        )
        typed = (*self.settings.extensions, *self.settings.known_extensions)
        self._extensions = Extensions(self._api, typed, lambda: self._tenant)
        self._history = History(self._api, lambda: self._tenant)
        self._socket = SocketReader(self._placed, lambda: self._tenant)
        self._control = Control(self._api, self._placed, lambda: self._look(waiting=True))

    # -- set-up ------------------------------------------------------------------------------------

    @override
    async def account(self) -> m.Account:
        """Return who this is, and settle `capabilities`.

        Raise InvalidInputError for a key, an address or a domain that cannot be meant.
        """
        if not self.settings.api_key:
            raise InvalidInputError("api_key", "required")
        found = await self._api.identify(self._domain)
        self._domain = found.domain
        self.capabilities = ALWAYS
        if await self._history.exists():
            self.capabilities |= HISTORY
        return self._account(found)

    def _account(self, found: Identity) -> m.Account:
        """Return the account that a bridge has told of."""
        return m.Account(
            id=found.domain.lower(),
            title=found.domain,
            model=f"FusionPBX ({found.variant.value.title()} bridge)",
            version=found.version,
            configuration_url=self._api.home,
            settings={
                "url": self._api.base,
                "domain": found.domain,
                "auth": self._api.scheme.value,
            },
        )

    @property
    def _tenant(self) -> payload.Tenant:
        """Whose rows concern us, and which extensions are there."""
        return payload.Tenant(
            domain=self._domain,
            country=self._country,
            extensions=self._extensions.known,
            complete=self._extensions.complete,
        )

    # -- state -------------------------------------------------------------------------------------

    @override
    async def directory(self) -> m.Directory:
        """Return the extensions, with who is registered where that can be asked."""
        extensions = await self._extensions.ask()
        if extensions is None:
            return m.Directory()
        registered = await self._extensions.registered()
        if registered is not None:
            self.capabilities |= Capability.REGISTRATION
            extensions = tuple(
                replace(known, registered=known.number in registered) for known in extensions
            )
        listed = self._extensions.complete
        return m.Directory(extensions=extensions, complete=listed, can_be_listed=listed)

    @override
    async def calls(self) -> tuple[m.Call, ...]:
        """Return the active calls; raise ConnectError where the switch itself did not answer."""
        calls = await self._look(waiting=False)
        if self._arrivals.any and not self._streaming:
            # Nothing will say when there is more to see.
            await asyncio.sleep(ARRIVES)
            calls = await self._look(waiting=False)
        return calls

    async def _look(self, *, waiting: bool) -> tuple[m.Call, ...]:
        """Return the active calls, as a poll or (`waiting`) for a person."""
        if not self._domain:
            raise ConnectError("The domain is not known yet")
        asked_at = time.monotonic()
        reply = await self._api.get(
            "channels", "/calls/channels", {"domain": self._domain}, waiting=waiting
        )
        if not reply.ok:
            raise unread(reply, "The calls could not be read")
        async with self._in_order:
            return await self._take_channels(rows_of(reply, "channels"), asked_at)

    async def _take_channels(self, rows: Collection[Json], asked_at: float) -> tuple[m.Call, ...]:
        """Return the calls of a list of channels, and keep whose legs they are."""
        found = await in_turns(reading(rows, self._tenant, self._placed.orders, self._call_of))
        fresh = found.calls
        if self._streaming:
            # Of others nothing will be told that makes anybody look once more.
            fresh = tuple(call for call in fresh if self._socket.has_announced(call.id))
        held_back = self._arrivals.held_back(fresh, self._call_of, asked_at)
        calls = self._placed.with_unlisted(
            [
                call
                for call in found.calls
                if call.id not in held_back and not self._placed.is_over(call)
            ]
        )
        self._calls = {leg.id: call for call in calls for leg in call.legs}
        for leg_id, call_id in found.call_of.items():
            if call_id in held_back:
                continue
            self._call_of.discard(leg_id)
            self._call_of.put(leg_id, call_id)
        self._extensions.learn(found.extensions)
        return calls

    @override
    async def record_of(self, call: m.Call) -> m.CallRecord | None:
        """Return what became of a call; the record has the id of the leg that began it."""
        if Capability.GET_CALL_HISTORY not in self.capabilities:
            return None
        names = (call.id, *(leg.id for leg in call.legs))
        leg_id = next((name for name in names if payload.UUID.fullmatch(name)), "")
        record = await self._history.record(leg_id, waiting=False) if leg_id else None
        if record is None:
            return None
        # Of a call that was placed by API, the seconds begin when the own phone is picked up.
        placed = leg_id in self._placed.orders and record.outcome is m.Outcome.ANSWERED
        return replace(record, call_id=call.id, by_seconds=record.by_seconds or placed)

    @override
    def parse(self, request: m.PushRequest) -> tuple[m.Pushed, ...]:
        """Return what a webhook request of the browser's phone says."""
        if request.method.upper() == "HEAD":
            return ()
        return read_webhook(request, self._tenant, self._placed.ringing_for_others())

    @override
    async def stream(self) -> AsyncIterator[m.Pushed]:
        """Listen to the socket; its URL holds the key, so nothing of its errors is passed on."""
        await self.http.budget.for_poll()
        encoded = self._api.variant is not Variant.NODE
        url, query = (
            self._api.socket,
            {"token": await self._api.secret(), "domain": self._domain},
        )
        try:
            async with self._session.ws_connect(
                url, params=query, autoping=False, max_msg_size=LONGEST_MESSAGE
            ) as socket:
                # Node takes everybody's connection, and greets those whose key is right.
                if greeted := encoded:
                    self._streaming = True
                    yield m.CallHint(provider_event="connected")
                async for message in _messages(
                    socket, SILENCE[self._api.variant or Variant.PYTHON]
                ):
                    if message is None:
                        yield m.CallHint(provider_event="silence")
                    elif not greeted:
                        self._streaming = greeted = True
                        yield m.CallHint(provider_event="connected")
                    else:
                        for pushed in self._heard(message, encoded=encoded):
                            yield pushed
                if not greeted:
                    raise ConnectError("The socket was closed at once")
        except aiohttp.ClientError, TimeoutError:
            raise ConnectError("The socket failed") from None
        finally:
            self._streaming = False

    def _heard(self, message: str, *, encoded: bool) -> tuple[m.Pushed, ...]:
        """Return what a message of the socket says; nothing where it is nothing to us."""
        return self._socket.read(message, self._calls, self._call_of, encoded=encoded)

    # -- webhooks ----------------------------------------------------------------------------------

    @override
    def urls_to_paste(self, url: str) -> Mapping[str, str]:
        """Return the URL for the three settings that take one, with what it is to hold."""
        query = "&".join(f"{name}={{{name}}}" for name in IN_ADDRESS)
        full = f"{url}{'&' if '?' in url else '?'}{query}"
        return dict.fromkeys(("crm_url", "crm_agent_login_url", "crm_agent_logout_url"), full)

    # -- calls -------------------------------------------------------------------------------------

    @override
    async def originate(self, request: m.Originate) -> m.Placed:
        """Ring an extension, then connect it to a number.

        The Node server answers only when the extension is picked up.
        """
        ring = RING_TIMEOUT if request.ring_timeout is None else request.ring_timeout
        if not m.SHORTEST_RING <= ring <= m.LONGEST_RING:
            raise InvalidInputError("ring_timeout", "out_of_range")
        target = dialable(request.number, self._country)
        body: dict[str, object] = {"to": target, "domain": self._domain, "timeout": ring}
        if request.caller_id_number is not None:
            body["callerId"] = shown_number(request.caller_id_number)
        if request.caller_id_name is not None:
            body["callerName"] = switch_word(request.caller_id_name)
        body["from"] = extension = await self._extensions.checked(request.extension)
        order = payload.PlacedCall(
            extension=extension, number=target, shown=text(body.get("callerId")) or extension
        )
        self._placed.asked(order)
        try:
            return await self._place(body, order, ring)
        except UnknownOutcomeError:
            return m.Placed(outcome=m.PlacedOutcome.UNKNOWN)

    async def _place(
        self, body: Mapping[str, object], order: payload.PlacedCall, ring: float
    ) -> m.Placed:
        """Place a call; `ring` is how many seconds the phone of the extension may ring."""
        seconds = ring + MARGIN
        # The Node server lets everybody's requests wait until the phone is picked up.
        with self._api.waiting(seconds if self._api.variant is Variant.NODE else 0):
            reply = await self._api.post("originate", "/calls/originate", body, seconds=seconds)
        sent = (order.extension, order.number, order.shown, text(body.get("callerName")))
        if not reply.ok:
            if reply.status == INTERNAL_ERROR and not reason_of(reply):
                # The bridge gave up waiting for the switch, which may have begun the call.
                raise UnknownOutcomeError("The bridge had no answer from the switch")
            raise refusal(reply, sent)
        told = payload.word(mapping(reply.json()).get("uuid"))
        if not told:
            return m.Placed()
        if (found := payload.UUID.search(told)) is None:
            raise UnknownOutcomeError("The answer names no call")
        call_id = found[0]
        # The Node server has waited until the phone was picked up.
        ring = 0 if self._api.variant is Variant.NODE else ring
        call = self._placed.placed(call_id, order, ring, streaming=self._streaming)
        return m.Placed(call_id=call_id, call=call)

    @override
    async def hangup(self, target: m.CallRef, cause: str | None = None) -> None:
        """End a call; one that is already over is a success."""
        await self._control.hangup(target, cause)

    @override
    async def hold(self, target: m.CallRef) -> None:
        """Put the other party on hold, unless it is."""
        await self._control.hold(target)

    @override
    async def unhold(self, target: m.CallRef) -> None:
        """Resume a call, unless it goes on."""
        await self._control.unhold(target)

    @override
    async def toggle_hold(self, target: m.CallRef) -> None:
        """Hold, or resume."""
        await self._control.toggle_hold(target)

    @override
    async def unmute(self, target: m.CallRef) -> None:
        """Remove what silences a leg; the mute of the bridge has no effect, so there is none."""
        await self._control.unmute(target)

    @override
    async def transfer(self, target: m.CallRef, number: str, kind: m.TransferType) -> None:
        """Hand the other party over; only blind transfers are completed by the switch."""
        if kind is not m.TransferType.BLIND:
            raise UnsupportedError("transfer", "type")
        await self._control.transfer(target, dialable(number, self._country), self._domain)

    @override
    async def send_dtmf(
        self, target: m.CallRef, digits: str, heard_by: m.HeardBy = m.HeardBy.OTHER_PARTY
    ) -> None:
        """Send key presses to the other party."""
        if heard_by is not m.HeardBy.OTHER_PARTY:
            raise UnsupportedError("send_dtmf", "heard_by")
        await self._control.send_dtmf(target, digits)

    # -- history -----------------------------------------------------------------------------------

    @override
    async def history(self, query: m.HistoryQuery) -> m.HistoryPage:
        """Return finished calls."""
        return await self._history.search(query)

    @override
    async def statistics(self, start: datetime | None, end: datetime | None) -> m.Statistics:
        """Return sums over finished calls; counted here where the server cannot."""
        return await self._history.statistics(start, end)


async def _messages(
    socket: aiohttp.ClientWebSocketResponse, silence: float
) -> AsyncIterator[str | None]:
    """Return what a socket says until it ends, and None once it is silent for so many seconds.

    Raise TimeoutError when it is silent for as long again.
    """
    silent = False
    while True:
        try:
            message = await socket.receive(timeout=silence)
        except TimeoutError:
            if silent:
                raise
            silent = True
            yield None
            continue
        silent = False
        if message.type in SOCKET_ENDS:
            return
        if message.type is WSMsgType.PING:
            await socket.pong(message.data)
        elif message.type is WSMsgType.TEXT:
            yield message.data


def _scheme(kept: str) -> Scheme:
    """Return how the server was found to check keys; at first, the way most do."""
    return Scheme(kept) if kept in set(Scheme) else Scheme.KEY
