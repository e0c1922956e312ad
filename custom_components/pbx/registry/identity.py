"""Which pushed call is which polled one, where a phone system gives the two ids of different kinds."""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from itertools import takewhile

from ..telephony.models import EARLY, NOBODY, UP, Call, CallState, Direction, LegPush, Party
from ..telephony.phone_numbers import same
from .active_call import LiveCall
from .active_leg import LiveLeg
from .ended import Grave

HIDDEN = "hidden"
SAME_RING = timedelta(seconds=10)
SAME_CALL = timedelta(seconds=30)
SAME_START = timedelta(minutes=5)
SAME_INSTANT = timedelta(seconds=3)


class Matcher:
    """Finds the call that a message or a list is about, by phone, other party and time."""

    def __init__(self) -> None:
        """Know no calls."""
        self._by_number: dict[str, dict[str, LiveCall]] = {}
        self._filed: dict[str, str] = {}

    def file(self, live: LiveCall) -> None:
        """Make a call known by the number that other phones show for it."""
        number = _name(_shown(live))
        if self._filed.get(live.id, "") == number:
            return
        self.remove(live)
        if number:
            self._filed[live.id] = number
            self._by_number.setdefault(number, {})[live.id] = live

    def remove(self, live: LiveCall) -> None:
        """Forget a call."""
        number = self._filed.pop(live.id, "")
        if number:
            del self._by_number[number][live.id]
            if not self._by_number[number]:
                del self._by_number[number]

    def of_number(self, call: Call) -> Iterable[LiveCall]:
        """Give the calls with the number that a listed call shows."""
        return tuple(self._by_number.get(_name(_shown(call)), {}).values())

    def pushed(
        self, push: LegPush, of_extension: Iterable[LiveCall], now: datetime
    ) -> LiveCall | None:
        """Find the call that a message with a new id is about."""
        found = [live for live in of_extension if _is_about(push, live, now)]
        if found:
            # Of two calls with the same parties it is the one that no message was about yet.
            return min(
                found, key=lambda live: any(leg.shadow for leg in _legs_of(live, push.extension))
            )
        if push.state is CallState.ENDED or push.caller is None:
            return None
        calls = self._by_number.get(_name(push.caller), {}).values()
        others = (live for live in calls if _has_room(push, live))
        return next((live for live in others if _reaches(push, live, now)), None)

    def polled(
        self,
        call: Call,
        of_extensions: Iterable[LiveCall],
        now: datetime,
        within: timedelta = SAME_START,
        rows: Collection[Call] = (),
    ) -> LiveCall | None:
        """Find the call that was only pushed so far and that a list now names: the nearest in time.

        A call that was handed on has another callee by now; but of two rows, the one with its callee is the call. One
        that was first heard of when it was answered began long before.
        """
        started_at = call.started_at or now
        near = {
            (not fits, apart): live
            for live in of_extensions
            if not live.polled
            and (apart := abs(live.started_at - started_at))
            <= (within if started_at > live.started_at else SAME_START)
            and _same_parties(live, call.caller, call.callee)
            and ((fits := _fits(live, call)) or not any(_fits(live, row) for row in rows))
        }
        return near[min(near)] if near else None

    def late(self, push: LegPush, graves: Iterable[Grave], now: datetime) -> Grave | None:
        """Find the call that was over a moment ago, and that rang elsewhere when the ring began which is told now."""
        if push.state is not CallState.RINGING or push.sent_at is None or push.caller is None:
            return None
        for grave in takewhile(lambda grave: now - grave.at <= SAME_CALL, graves):
            live = grave.live
            same_way = live.direction is push.direction and _name(push.caller) == _name(
                _shown(live)
            )
            if same_way and _rang_at(grave, push.sent_at):
                return grave
        return None


def _rang_at(grave: Grave, moment: datetime) -> bool:
    """Tell whether a call had just begun and was not over yet, by the clocks of those who told of it."""
    live = grave.live
    began, last = live.sent_at or live.started_at, live.last_sent_at or grave.at
    return abs(began - moment) <= SAME_INSTANT and moment <= last


def _is_about(push: LegPush, live: LiveCall, now: datetime) -> bool:
    """Tell whether a message may be about a call of its phone; one that the phone has left is another's."""
    legs = _legs_of(live, push.extension)
    rings = any(leg.state in EARLY for leg in legs)
    recent = now - live.seen_at <= SAME_CALL or push.state in UP or rings
    up = any(leg.state is not CallState.ENDED for leg in legs if leg.shadow) or not any(
        leg.shadow for leg in legs
    )
    if not (recent and up and _same_parties(live, push.caller or NOBODY, push.callee or NOBODY)):
        return False
    if push.caller is None or push.callee is None or push.caller.number != push.extension:
        return True
    if push.callee.number == push.extension:
        return True  # it was placed by API, and rings with its own number
    # Whoever dials tells so once, and whom.
    return not any(leg.shadow for leg in legs) and _same_callee(live, push.callee)


def _reaches(push: LegPush, live: LiveCall, now: datetime) -> bool:
    """Tell whether a phone may be another one of a call: of a group that rings at once, or one it is passed on to.

    Of the one that answers the group, the ring may have been lost. A list that has come would show it.
    """
    if live.state in UP:
        passed_on = live.direction is push.direction or push.direction is Direction.INCOMING
        return passed_on and push.state in EARLY
    within = SAME_RING if push.state in EARLY else SAME_CALL
    lasts = (
        push.state in UP
        and not live.polled
        and push.caller is not None
        and bool(push.caller.number)
    )
    return live.direction is push.direction and (lasts or now - live.seen_at <= within)


def _has_room(push: LegPush, live: LiveCall) -> bool:
    """Tell whether a phone can come into a call.

    One that had rung in it comes again when the call is handed to it, or when another of its windows has answered.
    """
    legs = _legs_of(live, push.extension)
    again = live.state in UP or (live.faded_at is not None and push.state in UP)
    return not legs or (again and all(leg.state is CallState.ENDED for leg in legs))


def same_parties(one: LiveCall | Call, other: Call) -> bool:
    """Tell whether two calls show one number, or none."""
    name = _name(_shown(one))
    return bool(name) and name == _name(_shown(other))


def _name(party: Party) -> str:
    """Name a party for looking up; all hidden callers have one name, and who is not known yet has none."""
    return party.number or (HIDDEN if party.hidden else "")


def _shown(live: LiveCall | Call) -> Party:
    return live.callee if live.direction is Direction.OUTGOING else live.caller


def _legs_of(live: LiveCall, extension: str | None) -> list[LiveLeg]:
    return [leg for leg in live.legs.values() if leg.extension == extension]


def _same_parties(live: LiveCall, caller: Party, callee: Party) -> bool:
    """Tell whether a call has these parties, as far as both sides know them."""
    mine, other = _shown(live), callee if live.direction is Direction.OUTGOING else caller
    if not mine.number or not other.number:
        return not mine.number and not other.number
    return same(mine.number, other.number)


def _same_callee(live: LiveCall, callee: Party) -> bool:
    return not live.callee.number or not callee.number or same(live.callee.number, callee.number)


def _fits(live: LiveCall, call: Call) -> bool:
    """Tell whether a row shows the callee too that a call was pushed with: the number dialled, or one of its phones."""
    return same_parties(live, call) and (
        live.callee.number in call.extensions or _same_callee(live, call.callee)
    )
