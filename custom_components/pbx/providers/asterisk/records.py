"""Records of calls, as Asterisk's `Cdr` events tell them where its cdr_manager is on.

Asterisk writes one for each channel that calls and each that it calls: of a group one for each of
its phones, of a call over Local channels one for each part of the way. All of one call are put
together to one record, when the call is over and no more have come for a moment:

    =====================================  ======================================================
    joined by                              where
    =====================================  ======================================================
    the Uniqueid of a channel              that was seen, of whatever call it was a part in the end
    the Linkedid                           the server adds it (`linkedid => LinkedID`)
    the names of a pair of Local channels  nothing was seen
    =====================================  ======================================================

Who has watched a call from its beginning to its end knows better how it went than its records do:
these say *answered* of a phone whose call another has picked up, and of a queue that nobody
answers. Of such a call the record leaves the outcome open. Of a call that was not watched, because
there was no connection for a while, it says who has answered. That one with a phone or trunk for
its destination was answered tells of a person; one without tells of a machine.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ...telephony import models as m
from ...telephony.bounded_map import BoundedMap
from ...telephony.models import Direction, Outcome
from ..channels import ChannelKind, channel_kind
from ..values import integer
from .calls import Calls
from .channels import Message, device_of, known, party
from .parties import Parties, is_inside

type ExtensionOf = Callable[[str], str | None]

COLLECTED = timedelta(milliseconds=400)
"""How long is waited for further records of a call; Asterisk writes them at once."""
ZONE_STEP = timedelta(minutes=15)
MOST_ROWS = 2000
ANSWERED, LINKED = "ANSWERED", "linkedid"
OUTCOMES = {
    "BUSY": Outcome.BUSY,
    "FAILED": Outcome.FAILED,
    "CONGESTION": Outcome.FAILED,
}
MAILBOXES = frozenset({"voicemail", "minivmrecord"})
LISTENING = frozenset({"chanspy", "extenspy"})


class Row(NamedTuple):
    """One `Cdr` event, and when it came."""

    message: Message
    at: datetime

    def says(self, key: str) -> str:
        """Return a value; empty where Asterisk only says that there is none."""
        return known(self.message.get(key, ""))

    @property
    def linked(self) -> str:
        """The Linkedid of its call, by whatever name the server was told to add it."""
        return next((known(self.message[key]) for key in self.message if key.lower() == LINKED), "")

    @property
    def answered(self) -> bool:
        """Whether its destination has answered, or where it has none, whatever picked up."""
        return self.says("Disposition") == ANSWERED

    @property
    def application(self) -> str:
        """What the dial plan did last."""
        return self.says("LastApplication").lower()

    @property
    def order(self) -> tuple[str, int]:
        """What its time among the records of its call is."""
        return self.says("StartTime"), integer(self.says("Sequence")) or 0

    @property
    def local(self) -> frozenset[str]:
        """The pairs of Local channels that it is about."""
        ends = (self.says("Channel"), self.says("DestinationChannel"))
        glue = (one for one in ends if channel_kind(one) is ChannelKind.GLUE)
        return frozenset(one.rpartition(";")[0] for one in glue)

    def time(self, key: str) -> datetime | None:
        """Return a time. Asterisk tells the hour of its own zone, and not which that is.

        The record has just been written, so that its end tells the zone.
        """
        moment, end = _clock(self.says(key)), _clock(self.says("EndTime"))
        if moment is None or end is None:
            return None
        zone = ZONE_STEP * round((end - self.at) / ZONE_STEP)
        return min(moment - zone, self.at)


@dataclass(slots=True)
class Group:
    """The records of one call. `seen` is the id of a call that was seen."""

    rows: list[Row]
    id: str
    seen: bool
    locals: frozenset[str]


class Records:
    """Puts the records of each call together."""

    def __init__(
        self, calls: Calls, extension_of: ExtensionOf, inside: Collection[str], country: str
    ) -> None:
        """Wait for records of these calls, or of others."""
        self._calls, self._extension_of = calls, extension_of
        self._inside, self._country = inside, country
        self._parties = Parties(inside, country)
        self._rows: list[Row] = []
        self._due: datetime | None = None
        self._told = BoundedMap[Outcome](MOST_ROWS)

    def take(self, message: Message, now: datetime) -> None:
        """Take a `Cdr` event."""
        ignored = message.get("UniqueID", "") in self._calls.remembered.ignored
        row = Row(message, now)
        if ignored or row.application in LISTENING or len(self._rows) >= MOST_ROWS:
            return
        self._rows.append(row)
        self._due = now + COLLECTED

    def due(self) -> datetime | None:
        """Return when `tick` may have something to tell; None where nothing waits."""
        return self._due

    def tick(self, now: datetime) -> list[m.Pushed]:
        """Return the records that are complete; those of calls that go on wait."""
        if self._due is None or now < self._due:
            return []
        waiting: list[Row] = []
        pushes: list[m.Pushed] = []
        for group in self._groups():
            if group.seen and self._calls.is_active(group.id):
                waiting += group.rows
            elif (push := self._push(group)) is not None:
                pushes.append(push)
        self._rows = waiting
        self._due = now + COLLECTED if waiting else None
        return pushes

    def _groups(self) -> Iterable[Group]:
        """Return the records that wait, those of one call together."""
        groups: dict[str, Group] = {}
        for row in sorted(self._rows, key=lambda row: row.order):
            uid = row.says("UniqueID")
            seen = self._calls.call_of(uid, row.linked)
            call_id = seen or row.linked or uid
            group = groups.setdefault(call_id, Group([], call_id, bool(seen), frozenset()))
            group.rows.append(row)
            group.locals |= row.local
        joined: list[Group] = []
        for group in sorted(groups.values(), key=lambda one: not one.seen):
            other = next((one for one in joined if one.locals & group.locals), None)
            if other is None or group.seen:
                joined.append(group)
            else:
                other.rows.extend(group.rows)
                other.locals |= group.locals
        return joined

    def _push(self, group: Group) -> m.RecordPush | None:
        """Return what is told of the records of a call; None for what was told, or is no call."""
        past = self._calls.remembered.past.get(group.id)
        if past is not None and not past.told:
            return None
        watched = past is not None and past.watched
        record = m.CallRecord(id=group.id, call_id=group.id) if watched else self._record(group)
        if record is None or self._told.get(group.id) in {record.outcome, Outcome.ANSWERED}:
            return None
        self._told.put(group.id, record.outcome)
        return m.RecordPush(
            provider_event="Cdr", record=record, key=f"Cdr {group.id} {record.outcome}"
        )

    def _record(self, group: Group) -> m.CallRecord | None:
        """Return one record of all that are about a call that was not watched."""
        rows = sorted(group.rows, key=lambda row: row.order)
        first = next((row for row in rows if _is_line(row.says("Channel"))), None)
        if first is None:
            return None
        reached = [row for row in rows if _is_line(row.says("DestinationChannel"))]
        own = self._extension_of(first.says("Channel"))
        direction = self._direction(first, own, reached)
        answers = [row for row in reached if row.answered]
        taken = answers[-1] if answers else None
        answered_by = None
        if taken is not None and direction is not Direction.OUTGOING:
            answered_by = self._extension_of(taken.says("DestinationChannel"))
        outcome = _outcome(rows, reached, direction)
        began, ended = rows[0].time("StartTime"), max(rows, key=_end).time("EndTime")
        answered_at = taken.time("AnswerTime") if taken is not None else None
        return m.CallRecord(
            id=group.id,
            call_id=group.id,
            direction=direction,
            outcome=outcome,
            caller=m.Party(number=own) if own else self._caller(first),
            callee=m.Party(number=self._parties.number(first.says("Destination"))),
            extension=own if own is not None else answered_by or self._called(reached),
            answered_by=answered_by,
            started_at=began,
            answered_at=answered_at if outcome is Outcome.ANSWERED else None,
            ended_at=ended,
        )

    def _direction(self, first: Row, own: str | None, reached: list[Row]) -> Direction:
        """Return which way a call went."""
        if own is None:
            return Direction.INCOMING
        outside = any(self._extension_of(row.says("DestinationChannel")) is None for row in reached)
        by_length = is_inside(first.says("Destination"), self._inside)
        inside = not outside and (bool(reached) or by_length)
        return Direction.INTERNAL if inside else Direction.OUTGOING

    def _called(self, reached: list[Row]) -> str | None:
        """Return the extension that was called; None where there were none or several."""
        found = {self._extension_of(row.says("DestinationChannel")) for row in reached} - {None}
        return found.pop() if len(found) == 1 else None

    def _caller(self, row: Row) -> m.Party:
        """Return who calls from outside, with the name that comes with the number."""
        name = row.says("CallerID").rpartition("<")[0].strip().strip('"')
        return party(row.says("Source"), name, self._country)


def _is_line(channel: str) -> bool:
    """Return whether a channel is that of a phone or trunk."""
    return bool(channel) and channel_kind(channel) is ChannelKind.LINE and bool(device_of(channel))


def _end(row: Row) -> str:
    """Return when a record ends, by Asterisk's clock."""
    return row.says("EndTime")


def _clock(value: str) -> datetime | None:
    """Return what a clock has shown, as if it were in Greenwich."""
    try:
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    except ValueError:
        return None


def _outcome(rows: list[Row], reached: list[Row], direction: Direction) -> Outcome:
    """Return how a call went: a phone or trunk that answered is a person."""
    if any(row.answered for row in reached):
        return Outcome.ANSWERED
    if rows[-1].application in MAILBOXES:
        return Outcome.VOICEMAIL
    if direction is not Direction.INCOMING and any(row.answered for row in rows):
        return Outcome.ANSWERED  # whoever placed the call has reached what it dialled
    tried = reached or rows
    if direction is Direction.OUTGOING:
        tried = tried[-1:]  # the trunks before were passed over
    said = {row.says("Disposition") for row in tried}
    only = OUTCOMES.get(said.pop()) if len(said) == 1 else None
    nobody = Outcome.MISSED if direction is Direction.INCOMING else Outcome.NO_ANSWER
    return only or nobody
