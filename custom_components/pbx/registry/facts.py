"""What is known of a call, who said so, and nothing of what it means."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto

from ..telephony.events import POLL
from ..telephony.models import NOBODY, Call, CallRecord, Direction, Outcome, Party, filled

MOST_RECORDS = 64
CLOCKS_AGREE = timedelta(minutes=1)
"""By how much the clock of a phone system that is right may be another than ours."""
TELLING = (
    Outcome.ANSWERED,
    Outcome.VOICEMAIL,
    Outcome.MISSED,
    Outcome.NO_ANSWER,
    Outcome.BUSY,
    Outcome.CANCELLED,
    Outcome.REJECTED,
    Outcome.FAILED,
)
"""Which of several records of one call says most of it: one phone may be busy, or decline, while
others ring."""


@dataclass(slots=True)
class Phone:
    """What one extension has done in a call so far; it may be doing something else by now."""

    rang: bool = False
    talked: bool = False
    declined: bool = False


@dataclass(slots=True)
class Answer:
    """What was said of the answer of a call."""

    given: bool = False  # somebody answered, though perhaps nobody said who
    at: datetime | None = None
    by: str | None = None
    unseen: bool = False  # it was before anybody looked, so that nobody knows when
    told_at: datetime | None = None  # when the last one was, by the phone system's own clock

    def learn(self, at: datetime | None, by: str | None) -> None:
        """Take when a call was answered, and by whom, where that is not known yet."""
        self.at = self.at or at
        self.by = self.by or by


@dataclass(slots=True)
class Facts:
    """What messages, lists and records have said of a call as a whole.

    What they said of each of its legs is kept with the leg (`ActiveLeg`).
    """

    direction: Direction | None = None
    caller: Party = NOBODY
    callee: Party = NOBODY
    queue: str | None = None
    phones: dict[str, Phone] = field(default_factory=dict)
    group: frozenset[str] = frozenset()  # the phones that have rung together
    reaches_outside: bool = False  # two legs outside at once: the caller, and one more
    answer: Answer = field(default_factory=Answer)
    outcome: Outcome | None = None  # of the whole call, as messages said
    recorded: dict[str, Outcome] = field(default_factory=dict)
    """What each record says of persons, by its id."""
    counted: bool = False  # a record counts seconds, which may be a machine's
    watched: bool = False  # lists have shown who talks, so that a machine's seconds say nothing
    leg_outcome: Outcome | None = None  # of the leg that ended last
    reported_missed: bool = False  # by the phone system's own last word
    hangup_cause: str | None = None
    ended_by: str | None = None
    reached: frozenset[str] = frozenset()  # the legs outside that have talked in it
    handed_outside: str = ""  # the number it was given to, after phones of ours had talked
    hung_up_here: bool = False  # all of it, by Home Assistant, before anybody answered

    @property
    def rang(self) -> bool:
        """Whether a phone of ours has rung."""
        return True in [phone.rang for phone in self.phones.values()]

    @property
    def talked(self) -> bool:
        """Whether a phone of ours has talked."""
        return True in [phone.talked for phone in self.phones.values()]

    @property
    def whole(self) -> Outcome | None:
        """What was said of the whole call: who knows better decides, not who said it last.

        Records about persons come before messages, and those before the seconds that a record
        counts; but messages only say how it ended, so that seconds count where nobody has watched.
        """
        if self.recorded:
            return min(self.recorded.values(), key=TELLING.index)
        if self.counted and not self.watched:
            return Outcome.ANSWERED
        return self.outcome

    def take_record(self, record: CallRecord) -> None:
        """Take what a record says of the whole call; nothing where it is about one part of it."""
        if record.by_seconds and record.outcome is Outcome.ANSWERED:
            self.counted = True
        elif record.outcome in TELLING and (len(self.recorded) < MOST_RECORDS):
            self.recorded[record.id] = record.outcome

    @property
    def outside(self) -> Party:
        """The party that seems to be none of ours: whom we call, else who calls."""
        return self.callee if self.direction is Direction.OUTGOING else self.caller

    def name_outside(self, party: Party) -> None:
        """Add what was found out about the party outside."""
        if self.direction is Direction.OUTGOING:
            self.callee = filled(self.callee, party)
        else:
            self.caller = filled(self.caller, party)


class Source(Enum):
    """Who had the last word about a call."""

    LIST = auto()
    MESSAGE = auto()
    HINT = auto()
    RECORD = auto()
    LOOK_UP = auto()  # of a name


@dataclass(slots=True)
class Sources:
    """When each source last spoke of a call, and what it said where that is needed again."""

    last: Source | None = None
    row: Call | None = None  # of the last list, unless it could be contested
    listed: bool = False  # by any list so far
    missing: int = 0  # from so many complete lists in a row
    pushed_at: datetime | None = None
    first_sent_at: datetime | None = None  # by the sender's clock, like the next
    end_sent_at: datetime | None = None  # of the last leg that was said to end
    last_event: str = POLL
    expected_to_continue: bool = False  # said of the call, though no phone rings or talks
    named: str = ""  # the number for which the name book was asked
    preexisting: Collection[str] = ()  # legs of nobody known, from before the first list

    def repeats(self, row: Call) -> bool:
        """Return whether a row says once more what the list before said, and nobody else spoke."""
        return self.last is Source.LIST and not self.missing and self.row == row

    def pushed_since(self, moment: datetime) -> bool:
        """Return whether a message was about the call since a moment (rule 3)."""
        return self.pushed_at is not None and self.pushed_at >= moment
