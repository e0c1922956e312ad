"""VOIP@ Cloud: what is asked of a bridge, in which order, and what is commanded."""

import asyncio
import re
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
    NotFoundError,
    RefusedError,
    UnknownOutcomeError,
    UnsupportedError,
)
from ...telephony.models import Capability
from ...telephony.phone_numbers import dialable, same
from ..base import Intervals, Provider
from ..pacing import Pace
from ..settings import Settings, Values
from ..turns import in_turns
from ..values import Json, mapping, text
from . import payload
from .api import (
    FORBIDDEN,
    INTERNAL_ERROR,
    NOT_FOUND,
    STANDARD,
    Api,
    Identity,
    Scheme,
    Variant,
    reason_of,
    refusal,
    rows_of,
)
from .calls import ANSWERED, reading
from .commands import (
    addressable,
    addressable_of,
    other_number,
    own_leg,
    shown_number,
    switch_word,
)
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

_CAUSE = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
_DIGITS = re.compile(r"[0-9*#A-D]{1,128}")
_GONE = ("no such channel", "cannot locate session", "channel not found")


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
        return m.Directory(extensions=extensions, complete=self._extensions.complete)

    @override
    async def calls(self) -> tuple[m.Call, ...]:
        """Return the active calls; raise ConnectError where the switch itself did not answer."""
        return await self._look(waiting=False)

    async def _look(self, *, waiting: bool) -> tuple[m.Call, ...]:
        """Return the active calls, as a poll or (`waiting`) for a person."""
        if not self._domain:
            raise ConnectError("The domain is not known yet")
        reply = await self._api.get(
            "channels", "/calls/channels", {"domain": self._domain}, waiting=waiting
        )
        if not reply.ok:
            raise ConnectError("The calls could not be read")
        async with self._in_order:
            return await self._take_channels(rows_of(reply, "channels"))

    async def _take_channels(self, rows: Collection[Json]) -> tuple[m.Call, ...]:
        """Return the calls of a list of channels, and keep whose legs they are."""
        found = await in_turns(reading(rows, self._tenant, self._placed.orders, self._call_of))
        calls = self._placed.with_unlisted(found.calls)
        self._calls = {leg.id: call for call in calls for leg in call.legs}
        for leg_id, call_id in found.call_of.items():
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
        try:
            call_id = payload.word(mapping(reply.json()).get("uuid"))
        except ConnectError:
            raise UnknownOutcomeError("The answer cannot be read") from None
        if not call_id:
            return m.Placed()
        # The Node server has waited until the phone was picked up.
        ring = 0 if self._api.variant is Variant.NODE else ring
        call = self._placed.placed(call_id, order, ring, streaming=self._streaming)
        return m.Placed(call_id=call_id, call=call)

    @override
    async def hangup(self, target: m.CallRef, cause: str | None = None) -> None:
        """End a call; one that is already over is a success."""
        body: dict[str, object] = {}
        if cause is not None:
            body["cause"] = cause.strip().upper()
            if not _CAUSE.fullmatch(str(body["cause"])):
                raise InvalidInputError("cause")
        legs = await self._legs(target)
        # Without an extension all of the call is meant, which ends with the leg that began it.
        begun = next((leg for leg in legs if leg.id == target.call.id), legs[0])
        leg = own_leg(legs, target.extension) if target.extension else begun
        if leg is None:
            return  # the extension has left the call
        try:
            await self._control("hangup", leg.id, "hangup", body)
        except NotFoundError:
            return

    @override
    async def hold(self, target: m.CallRef) -> None:
        """Put the other party on hold, unless it is."""
        leg_id = await self._own_leg(target)
        if await self._talking_state(leg_id) != "HELD":
            await self._control("hold", leg_id, "hold")

    @override
    async def unhold(self, target: m.CallRef) -> None:
        """Resume a call, unless it goes on."""
        leg_id = await self._own_leg(target)
        if await self._talking_state(leg_id) == "HELD":
            await self._control("unhold", leg_id, "unhold")

    @override
    async def toggle_hold(self, target: m.CallRef) -> None:
        """Hold, or resume."""
        leg_id = await self._own_leg(target)
        await self._talking_state(leg_id)
        await self._control("toggle_hold", leg_id, "hold/toggle")

    @override
    async def unmute(self, target: m.CallRef) -> None:
        """Remove what silences a leg; the mute of the bridge has no effect, so there is none."""
        await self._control("unmute", await self._own_leg(target), "unmute")

    @override
    async def transfer(self, target: m.CallRef, number: str, kind: m.TransferType) -> None:
        """Hand the other party over: the switch moves the leg it is given and drops its partner."""
        if kind is not m.TransferType.BLIND:
            raise UnsupportedError("transfer", "type")
        goal = dialable(number, self._country)
        body = {"destination": goal, "domain": self._domain, "type": kind.value}
        await self._control(
            "transfer", await self._other_leg(target), "transfer", body, sent=(goal,)
        )

    @override
    async def send_dtmf(self, target: m.CallRef, digits: str) -> None:
        """Send key presses to the other party: they go out towards the leg they are given for."""
        digits = digits.strip().upper()
        if not _DIGITS.fullmatch(digits):
            raise InvalidInputError("digits")
        await self._control(
            "send_dtmf", await self._other_leg(target), "dtmf", {"digits": digits}, sent=(digits,)
        )

    async def _legs(self, target: m.CallRef) -> tuple[m.Leg, ...]:
        """Return the legs the switch knows; a call that only a webhook told of is looked for."""
        legs = addressable(target.call)
        if legs and (target.extension is None or own_leg(legs, target.extension) is not None):
            return legs
        calls = await self._look(waiting=True)
        if legs := addressable_of(calls, target):
            return legs
        extension = target.extension or next(iter(target.call.extensions), None)
        number = other_number(target.call)
        found = [call for call in calls if extension in call.extensions]
        found = [call for call in found if not number or same(other_number(call), number)]
        if extension is None or len(found) != 1 or not (legs := addressable(found[0])):
            raise NotFoundError("The phone system does not list this call")
        return legs

    async def _own_leg(self, target: m.CallRef) -> str:
        """Return the id of the leg of the extension that commands."""
        leg = own_leg(
            await self._legs(target), target.extension or next(iter(target.call.extensions), None)
        )
        if leg is None:
            raise NotFoundError("The call has no such leg")
        return leg.id

    async def _other_leg(self, target: m.CallRef) -> str:
        """Return the id of the other party's leg, which may have changed since it was last seen."""
        extension = target.extension or next(iter(target.call.extensions), None)
        legs = await self._legs(target)
        if len(legs) < 2:  # noqa: PLR2004 - a call has two ends
            legs = addressable_of(await self._look(waiting=True), target)
        own = own_leg(legs, extension)
        others = [leg for leg in legs if own is not None and leg.id != own.id]
        talking = [leg for leg in others if leg.state in m.UP]
        if not others:
            raise NotFoundError("The call has no other party")
        return (talking or others)[0].id

    async def _talking_state(self, leg_id: str) -> str:
        """Return the state of a leg that talks, or raise why it does not.

        The switch says yes to whatever it is asked about holding.
        """
        reply = await self._api.get("channel", f"/calls/channels/{leg_id}", waiting=True)
        if reply.status in {NOT_FOUND, FORBIDDEN}:
            raise NotFoundError("The call is over", str(reply.status))
        if not reply.ok:
            raise ConnectError("The call could not be read")
        state = text(mapping(mapping(reply.json()).get("channel")).get("callstate")).upper()
        if state not in ANSWERED:
            raise RefusedError("The call is not answered", state[: payload.LONGEST_NAME])
        return state

    async def _control(
        self,
        operation: str,
        leg_id: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        sent: Collection[str] = (),
    ) -> None:
        """Send a command about one leg; raise NotFoundError for one that is gone."""
        reply = await self._api.post(operation, f"/calls/{leg_id}/{path}", body)
        if reply.ok:
            return
        reason = reason_of(reply, sent)
        if reply.status == FORBIDDEN and self._placed.is_unlisted(leg_id):
            # To the bridge a phone that rings for a placed call is nobody's yet.
            raise refusal(reply, sent)
        gone = any(words in reason.lower() for words in _GONE)
        if not gone and reply.status in {INTERNAL_ERROR, NOT_FOUND} and not reason:
            # The Python server loses the reason on its way.
            gone = (
                await self._api.get("channel", f"/calls/channels/{leg_id}", waiting=True)
            ).status == NOT_FOUND
        if gone:
            raise NotFoundError(reason or "The call is over", str(reply.status))
        raise refusal(reply, sent)

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
