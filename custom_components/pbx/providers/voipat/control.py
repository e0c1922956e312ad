"""Commands about a call that is up: which of its legs each is about, and what its answer means."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Mapping

from ...telephony import models as m
from ...telephony.errors import InvalidInputError, NotFoundError, RefusedError
from ...telephony.phone_numbers import same
from ..values import mapping, text
from . import payload
from .api import FORBIDDEN, INTERNAL_ERROR, NOT_FOUND, Api, reason_of, refusal, unread
from .calls import ANSWERED
from .commands import addressable, addressable_of, own_leg
from .placing import PlacedCalls

HELD = "HELD"
PAUSES = (
    0.1,
    0.2,
)  # seconds between questions to a list that may be late; more than its lag in all

_CAUSE = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
_DIGITS = re.compile(r"[0-9*#A-D]{1,128}")
_GONE = ("no such channel", "cannot locate session", "channel not found")


class Control:
    """Commands the calls of one domain; the switch wants to be told of a leg, never of a call."""

    def __init__(
        self, api: Api, placed: PlacedCalls, look: Callable[[], Awaitable[tuple[m.Call, ...]]]
    ) -> None:
        """Send by `api`; `look` asks for the calls that are up, for a person who waits."""
        self._api = api
        self._placed = placed
        self._look = look

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
            await self._send("hangup", leg.id, "hangup", body)
        except NotFoundError:
            return

    async def hold(self, target: m.CallRef) -> None:
        """Put the other party on hold, unless it is."""
        await self._set_held(target, "hold", held=True)

    async def unhold(self, target: m.CallRef) -> None:
        """Resume a call, unless it goes on."""
        await self._set_held(target, "unhold", held=False)

    async def _set_held(self, target: m.CallRef, command: str, *, held: bool) -> None:
        """Hold or resume; what is so already is a success, which the switch takes for a failure."""
        leg_id = await self._own_leg(target)
        if await self._is_held(leg_id, doubt=held) is held:
            return
        try:
            await self._send(command, leg_id, command)
        except RefusedError:
            if await self._is_held(leg_id, doubt=not held) is not held:
                raise

    async def toggle_hold(self, target: m.CallRef) -> None:
        """Hold, or resume."""
        leg_id = await self._own_leg(target)
        await self._is_held(leg_id)
        await self._send("toggle_hold", leg_id, "hold/toggle")

    async def unmute(self, target: m.CallRef) -> None:
        """Remove what silences a leg; the mute of the bridge has no effect, so there is none."""
        await self._send("unmute", await self._own_leg(target), "unmute")

    async def transfer(self, target: m.CallRef, goal: str, domain: str) -> None:
        """Hand the other party over: the switch moves the leg it is given and drops its partner."""
        body = {"destination": goal, "domain": domain, "type": m.TransferType.BLIND.value}
        await self._send("transfer", await self._other_leg(target), "transfer", body, sent=(goal,))

    async def send_dtmf(self, target: m.CallRef, digits: str) -> None:
        """Send key presses to the other party: they go out towards the leg they are given for."""
        digits = digits.strip().upper()
        if not _DIGITS.fullmatch(digits):
            raise InvalidInputError("digits")
        await self._send(
            "send_dtmf", await self._other_leg(target), "dtmf", {"digits": digits}, sent=(digits,)
        )

    async def _legs(self, target: m.CallRef) -> tuple[m.Leg, ...]:
        """Return the legs the switch knows; a call that only a webhook told of is looked for."""
        legs = addressable(target.call)
        if not _has_own(legs, target):
            legs = await _patiently(
                lambda: self._listed(target), lambda found: _has_own(found, target)
            )
        if not legs:
            raise NotFoundError("The phone system does not list this call")
        return legs

    async def _listed(self, target: m.CallRef) -> tuple[m.Leg, ...]:
        """Return the legs of a call as they are listed now; none of one that is not listed."""
        calls = await self._look()
        if legs := addressable_of(calls, target):
            return legs
        extension = target.extension or next(iter(target.call.extensions), None)
        number = m.outside(target.call).number
        found = [call for call in calls if extension in call.extensions]
        found = [call for call in found if not number or same(m.outside(call).number, number)]
        return addressable(found[0]) if extension is not None and len(found) == 1 else ()

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
        if not _others(legs, extension):
            legs = await _patiently(
                lambda: self._listed(target), lambda found: bool(_others(found, extension))
            )
        others = _others(legs, extension)
        if not others:
            raise NotFoundError("The call has no other party")
        talking = [leg for leg in others if leg.state in m.UP]
        return (talking or others)[0].id

    async def _is_held(self, leg_id: str, *, doubt: bool | None = None) -> bool:
        """Return whether a leg is on hold; raise RefusedError for one that nobody has answered.

        The switch says yes to whatever it is asked about holding. What is listed may be a moment
        old: it is believed once it stays so, which `unless` says of what is not expected.
        """
        state = await _patiently(
            lambda: self._state(leg_id),
            lambda state: state in ANSWERED and (state == HELD) is not doubt,
        )
        if state not in ANSWERED:
            raise RefusedError("The call is not answered", state[: payload.LONGEST_NAME])
        return state == HELD

    async def _state(self, leg_id: str) -> str:
        """Return the switch's word for what a leg does; empty while it is not listed yet."""
        reply = await self._api.get("channel", f"/calls/channels/{leg_id}", waiting=True)
        if reply.status in {NOT_FOUND, FORBIDDEN}:
            if self._placed.is_unlisted(leg_id):
                return ""
            raise NotFoundError("The call is over", str(reply.status))
        if not reply.ok:
            raise unread(reply, "The call could not be read")
        return text(mapping(mapping(reply.json()).get("channel")).get("callstate")).upper()

    async def _send(
        self,
        operation: str,
        leg_id: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        sent: Collection[str] = (),
    ) -> None:
        """Send a command about one leg; raise NotFoundError for one that is gone."""
        try:
            reply = await self._api.post(operation, f"/calls/{leg_id}/{path}", body)
        except RefusedError as error:
            if _is_about_gone(error.reason):
                raise NotFoundError(error.reason, error.code) from None
            raise
        if reply.ok:
            return
        reason = reason_of(reply, sent)
        if reply.status == FORBIDDEN and self._placed.is_unlisted(leg_id):
            # To the bridge a phone that rings for a placed call is nobody's yet.
            raise refusal(reply, sent)
        gone = _is_about_gone(reason)
        if not gone and (
            reply.status == NOT_FOUND or (reply.status == INTERNAL_ERROR and not reason)
        ):
            # 404 is for a call that has ended, in whatever words, and for what a server does not
            # know. The Python server loses the reason on its way.
            gone = await _patiently(lambda: self._is_gone(leg_id), bool)
        if gone:
            raise NotFoundError(reason or "The call is over", str(reply.status))
        raise refusal(reply, sent)

    async def _is_gone(self, leg_id: str) -> bool:
        """Return whether a leg is not listed any more."""
        reply = await self._api.get("channel", f"/calls/channels/{leg_id}", waiting=True)
        return reply.status == NOT_FOUND


def _is_about_gone(reason: str) -> bool:
    """Return whether a reason says that a leg is gone."""
    return any(words in reason.lower() for words in _GONE)


async def _patiently[T](ask: Callable[[], Awaitable[T]], good: Callable[[T], bool]) -> T:
    """Return the first good answer, or what is answered once the list cannot be late any more."""
    answer = await ask()
    for pause in PAUSES:
        if good(answer):
            break
        await asyncio.sleep(pause)
        answer = await ask()
    return answer


def _has_own(legs: Collection[m.Leg], target: m.CallRef) -> bool:
    """Return whether there is a leg of the extension that commands, or any where none is named."""
    if target.extension is None:
        return bool(legs)
    return own_leg(legs, target.extension) is not None


def _others(legs: Collection[m.Leg], extension: str | None) -> list[m.Leg]:
    """Return the legs of all others in a call; none where the extension's own is not there."""
    own = own_leg(legs, extension)
    return [leg for leg in legs if own is not None and leg.id != own.id]
