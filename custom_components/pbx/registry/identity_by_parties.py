"""Identify by phone, other party and time: for a phone system whose messages have ids of their own.

Each phone, and each window of a program on it, pushes under an id that no list has. Which of the
calls that is can only be inferred from who talks to whom, and since when:

- A message with a new id is about a call of its phone with the same other party, while the phone
  rings there, or the call is young, or the phone has just come into it. Else it is about a call in
  which other phones show the same number: a group that rings at once, or a call that is passed on.
  Else it is a new call.
- A phone that rings with the number of a colleague who has called out may be given that call, or
  called by the colleague besides: which of the two, the next list tells.
- A row with a new id is the nearest pushed call of its phones with the same other party. Else, if
  a phone that does not push has answered, it is a call whose pushing phones are done.
- Between two calls that fit, the one that fits nothing else is taken.

What was matched wrongly is put right by the lists: see `correlated.py` and `Inferred.BY_MATCH`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import takewhile
from typing import override

from ..telephony.models import (
    EARLY,
    NOBODY,
    UP,
    Call,
    CallState,
    Direction,
    LegPush,
    Party,
    outside,
)
from ..telephony.phone_numbers import same
from .active_call import ActiveCall
from .active_leg import ActiveLeg
from .apply_message import Address
from .ended import EndedCall, Tombstones
from .identity import LATEST, Identity, name_of

SAME_INSTANT = timedelta(seconds=3)
SAME_RING = timedelta(seconds=10)
SAME_CALL = timedelta(seconds=30)
SAME_START = timedelta(minutes=5)


class IdentityByParties(Identity):
    """Knows calls also by their phones, their other party, and when they began."""

    def __init__(
        self,
        active: Mapping[str, ActiveCall],
        ended: Tombstones,
        calls_of: Callable[[str | None], Collection[str]],
    ) -> None:
        """Start without calls; `calls_of` returns the ids of the calls of an extension."""
        super().__init__(active, ended)
        self._calls_of = calls_of

    # -- which call this is about ------------------------------------------------------------------

    @override
    def address(self, push: LegPush) -> Address:
        """Return the leg of a message, whose id is of another kind than those in lists."""
        return Address(push.call_id if push.leg_id is None else push.leg_id, correlated=True)

    @override
    def match_push(self, push: LegPush, now: datetime) -> ActiveCall | EndedCall | None:
        """Return the call that a message is about, active or just ended; None for a new one.

        It is found by the phone of the message, else by the party outside.
        """
        found: ActiveCall | EndedCall | None = self._of_phone(push, now)
        if found is None:
            found = self._of_others(push, now) or self._ended_just_now(push, now)
        return found

    @override
    def is_doubtful(self, push: LegPush) -> bool:
        """Return whether a message may be about a call that is just being handed on.

        Whoever is given a call that a colleague has placed rings with the colleague's number.
        """
        if push.state in UP and self._talks_already(push.caller or NOBODY):
            return True
        giver = push.caller.number if push.caller is not None else ""
        if push.direction is not Direction.INTERNAL or giver in {"", push.extension}:
            return False
        for call in self._with_phones((giver,)):
            placed = call.facts.direction is Direction.OUTGOING and call.sources.listed
            if placed and all(leg.over for leg in _legs_of(call, push.extension)):
                return True
        return False

    def _talks_already(self, caller: Party) -> bool:
        """Return whether a caller talks whom a phone answers whose ring nobody has heard.

        The call may have been given to it; or somebody else calls with the same number.
        """
        calls = self._by_number.get(name_of(caller), {}).values() if caller.number else ()
        return any(call.sources.listed and _may_be_passed_on(call) for call in calls)

    @override
    def match_row(
        self, row: Call, rows: Collection[Call], now: datetime
    ) -> ActiveCall | EndedCall | None:
        """Return the call that a row is about, active or just ended; None for a new one.

        It is found by the phones of the row, else by the party outside, and by when it began.
        """
        known = self._with_phones(row.extensions)
        return _nearest(row, known, rows, now, SAME_START) or self._silently_answered(
            row, rows, now
        )

    @override
    def match_placed(self, row: Call, now: datetime) -> ActiveCall | None:
        """Return the call of its phone that was pushed already, unless it dials somebody else.

        The phone of a call that was placed shows its own number, or whom it dials.
        """
        known = [
            call for call in self._with_phones(row.extensions) if not _dials_another(call, row)
        ]
        return _nearest(row, known, (row,), now, SAME_START)

    def _of_phone(self, push: LegPush, now: datetime) -> ActiveCall | None:
        """Return the call of its phone that a message is about; of two, the one no message knew."""
        found = [
            call for call in self._with_phones((push.extension,)) if _is_about(push, call, now)
        ]
        if not found:
            return None
        return min(
            found, key=lambda call: any(leg.correlated for leg in _legs_of(call, push.extension))
        )

    def _of_others(self, push: LegPush, now: datetime) -> ActiveCall | None:
        """Return the call of other phones into which the phone of a message comes."""
        if push.state is CallState.ENDED or push.caller is None:
            return None
        for call in self._by_number.get(name_of(push.caller), {}).values():
            if _has_room(push, call) and _reaches(push, call, now):
                return call
        return None

    def _ended_just_now(self, push: LegPush, now: datetime) -> EndedCall | None:
        """Return the call that ended a moment ago, and of which a late message tells.

        It tells of a ring, or that a phone of the call has answered.
        """
        if push.state is CallState.ENDED or push.sent_at is None or push.caller is None:
            return None
        name, rings = name_of(push.caller), push.state is CallState.RINGING
        recent = takewhile(lambda ended: now - ended.at <= SAME_CALL, self._ended.inferred(LATEST))
        for ended in recent:
            facts = ended.call.facts
            if facts.direction is not push.direction or name != name_of(facts.outside):
                continue
            if rings and (_rang_at(ended, push.sent_at) or _was_passed_on_at(ended, push.sent_at)):
                return ended
            if not rings and push.extension in facts.phones and _was_up_at(ended, push.sent_at):
                return ended
        return None

    def _silently_answered(
        self, row: Call, rows: Collection[Call], now: datetime
    ) -> ActiveCall | EndedCall | None:
        """Return the call of a row in which a phone talks that does not push.

        The phones that do push are done with it; unless another row has one of them.
        """
        ended = {each.view.id: each for each in self._ended.inferred(LATEST)}
        shown = name_of(outside(row))
        known = (*self._by_number.get(shown, {}).values(), *(each.call for each in ended.values()))
        found = _nearest(row, known, (), now, SAME_CALL)
        if found is None:
            return None
        for other in rows:
            shares = not found.facts.phones.keys().isdisjoint(other.extensions)
            if other is not row and shares and shown and name_of(outside(other)) == shown:
                return None
        return ended.get(found.id, found)

    def _with_phones(self, extensions: Iterable[str | None]) -> Iterable[ActiveCall]:
        """Return the active calls in which any of these extensions takes or took part."""
        ids: dict[str, None] = {}
        for extension in extensions:
            ids.update(dict.fromkeys(self._calls_of(extension)))
        return [self._active[call_id] for call_id in ids]


# -- does a call fit a message ---------------------------------------------------------------------


def _is_about(push: LegPush, call: ActiveCall, now: datetime) -> bool:
    """Return whether a message may be about a call of its phone, in which the phone still is."""
    legs = _legs_of(call, push.extension)
    windows = [leg for leg in legs if leg.correlated]
    if (
        windows
        and _is_done(legs, windows, call.sources.end_sent_at)
        and not _was_overtaken(push, call)
    ):
        return False
    rings = any(leg.state in EARLY for leg in legs)
    answers = push.state in UP
    if not (rings or answers or _came_just_now(call, legs, now)):
        return False
    if not _same_parties(call, push.caller or NOBODY, push.callee or NOBODY):
        return (rings or (answers and not windows)) and _is_given_by(call, push.caller)
    # Whoever dials tells so once, and whom.
    return not _dials(push) or (not windows and _same_callee(call, push.callee or NOBODY))


def _is_done(
    legs: Iterable[ActiveLeg], windows: Iterable[ActiveLeg], sent_at: datetime | None
) -> bool:
    """Return whether all windows of a phone have told its end, and no list its next part since.

    `sent_at` is when the last end was sent, by a clock that may be off: it may have come late.
    """
    if not all(leg.over for leg in windows):
        return False
    told_at = max((leg.pushed_at for leg in windows if leg.pushed_at is not None), default=None)
    if told_at is not None and sent_at is not None:
        told_at = min(told_at, sent_at)
    left = [leg.began_at for leg in legs if not leg.over and leg.began_at is not None]
    return told_at is None or all(began_at <= told_at for began_at in left)


def _was_overtaken(push: LegPush, call: ActiveCall) -> bool:
    """Return whether a message was sent when the call began, and before an end that was told.

    That its phone is done may have been inferred meanwhile: nobody has told an end then.
    """
    if push.sent_at is None or not _begins_at(call, push.sent_at):
        return False
    over = call.sources.end_sent_at
    return over is None or push.sent_at < over


def _came_just_now(call: ActiveCall, legs: Iterable[ActiveLeg], now: datetime) -> bool:
    """Return whether a call is young, or its phone is new in it: not all have told of it yet."""
    times = [leg.began_at for leg in legs if leg.began_at is not None and not leg.over]
    return now - max((call.seen_at, *times)) <= SAME_CALL


def _dials(push: LegPush) -> bool:
    """Return whether a phone tells whom it calls.

    What was placed by API rings with its own number.
    """
    if push.caller is None or push.callee is None:
        return False
    return push.caller.number == push.extension != push.callee.number


def _is_given_by(call: ActiveCall, giver: Party | None) -> bool:
    """Return whether a phone has handed a call on: the next one may ring with its number."""
    if giver is None or giver.number not in call.facts.phones:
        return False
    return all(leg.over for leg in _legs_of(call, giver.number))


def _has_room(push: LegPush, call: ActiveCall) -> bool:
    """Return whether a phone can come into a call.

    One that had rung in it comes again when the call is handed to it, when another of its windows
    has answered, or when that one's end has overtaken this one's ring.
    """
    legs = _legs_of(call, push.extension)
    if not legs:
        return True
    answers_late = call.grace_since is not None and push.state in UP
    again = _may_be_passed_on(call) or answers_late or _was_overtaken(push, call)
    return again and all(leg.over for leg in legs)


def _may_be_passed_on(call: ActiveCall) -> bool:
    """Return whether a call was answered: who talks in it, or waits, may be given to a phone."""
    return call.state in UP or call.meaning.answered


def _reaches(push: LegPush, call: ActiveCall, now: datetime) -> bool:
    """Return whether a phone may be another one of a call.

    It is one of a group that rings at once, or the call is passed on to it. Of the one that
    answers the group the ring may have been lost: it may come late, unless a list has come, which
    would show it.
    """
    same_way = call.facts.direction is push.direction
    if _may_be_passed_on(call):
        return push.state in EARLY and (same_way or push.direction is Direction.INCOMING)
    if not same_way:
        return False
    if push.state in EARLY:
        return now - call.seen_at <= SAME_RING
    named = push.caller is not None and bool(push.caller.number)
    lost_ring = push.state in UP and named and not call.sources.listed
    return lost_ring or now - call.seen_at <= SAME_CALL


def _rang_at(ended: EndedCall, moment: datetime) -> bool:
    """Return whether a call had just begun and was not over yet, by the clocks of its senders.

    A sender may write the same time into all that it tells of two calls: the second is no late
    message of the first.
    """
    call, sources = ended.call, ended.call.sources
    began, over = sources.first_sent_at, sources.end_sent_at
    if over is None:
        over = ended.at if began is None else began + (ended.at - call.seen_at)
    return _begins_at(call, moment) and moment < over


def _begins_at(call: ActiveCall, moment: datetime) -> bool:
    """Return whether a call has begun at a moment, by a clock that may be a bit off."""
    return abs((call.sources.first_sent_at or call.started_at) - moment) <= SAME_INSTANT


def _was_passed_on_at(ended: EndedCall, moment: datetime) -> bool:
    """Return whether a call was answered and not over yet: another phone may have been given it."""
    return ended.call.meaning.answered and ended.call.started_at <= moment < ended.at


def _was_up_at(ended: EndedCall, moment: datetime) -> bool:
    """Return whether a call that is over went on at a moment, by a clock that may be a bit off."""
    call = ended.call
    return call.started_at - SAME_INSTANT <= moment <= ended.at + SAME_INSTANT


# -- does a call fit a row -------------------------------------------------------------------------


def _nearest(
    row: Call,
    known: Iterable[ActiveCall],
    rows: Collection[Call],
    now: datetime,
    within: timedelta,
) -> ActiveCall | None:
    """Return the call that was only pushed so far and that a list now names: the nearest in time.

    A call that was handed on has another callee by now; but of two rows, the one with its callee
    is the call. One that was first heard of when it was answered began long before: `within`
    bounds only how much later the row may have begun.
    """
    started_at = row.started_at or now
    found: dict[tuple[bool, timedelta], ActiveCall] = {}
    for call in known:
        if call.sources.listed or not _same_parties(call, row.caller, row.callee):
            continue
        apart = abs(call.started_at - started_at)
        if apart > (within if started_at > call.started_at else SAME_START):
            continue
        fits = _fits(call, row)
        if fits or not any(_fits(call, other) for other in rows):
            found[not fits, apart] = call
    return found[min(found)] if found else None


def _dials_another(call: ActiveCall, row: Call) -> bool:
    """Return whether a call was pushed with a callee that is neither a row's nor its phone."""
    callee = call.facts.callee.number
    return callee not in row.extensions and not _same_callee(call, row.callee)


def _fits(call: ActiveCall, row: Call) -> bool:
    """Return whether a row also shows the callee a call was pushed with: a number, or a phone."""
    shown = name_of(call.facts.outside)
    if not shown or shown != name_of(outside(row)):
        return False
    return call.facts.callee.number in row.extensions or _same_callee(call, row.callee)


# -- parties ---------------------------------------------------------------------------------------


def _legs_of(call: ActiveCall, extension: str | None) -> list[ActiveLeg]:
    """Return the legs of one phone."""
    return [leg for leg in call.legs.values() if leg.extension == extension]


def _same_parties(call: ActiveCall, caller: Party, callee: Party) -> bool:
    """Return whether a call has this party outside, as far as both are known."""
    mine = call.facts.outside
    other = callee if call.facts.direction is Direction.OUTGOING else caller
    if not mine.number or not other.number:
        return not mine.number and not other.number
    return same(mine.number, other.number)


def _same_callee(call: ActiveCall, callee: Party) -> bool:
    """Return whether a call has this callee, as far as both are known."""
    mine = call.facts.callee.number
    return not mine or not callee.number or same(mine, callee.number)
