"""Put the channels of a VoIPSUN PBX together into calls: a list of rows in, calls with ids that are never reused out.

A row says nothing about which other rows belong to its call, so numbers, ages and states have to tell. What was put
together stays together while it lasts. A channel's name comes again after a restart: then its age is smaller, or at
least not what it would have become, and the numbers are others.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from ...telephony.models import Call, CallState, Direction, Leg, Party
from ...telephony.phone_numbers import EXTENSION_DIGITS, is_extension
from .lines import Line, Lines, compared
from .payload import CALLED, CALLING, Row

SKEW = 2.0  # seconds by which the ages of two legs that began together may differ
RING_TIME = 60.0
CERTAIN, LIKELY, WEAK = 0, 1, 2  # how much speaks for two legs being one call
CANDIDATES = 32
MAX_ROWS = 4_000
PLACED_AGE = timedelta(minutes=2)
UNKNOWN = datetime.max.replace(tzinfo=UTC)
WHOLE = 1.0  # seconds to which an age is rounded

type Edge = tuple[
    int, int, float, bool, int, int, int
]  # rank, doubt, difference of age, order, channels apart, who


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """A row with what is known about it: `line` is our phone, None for the outside."""

    row: Row
    line: Line | None
    source: str  # numbers in their compared form, empty where they tell nothing
    destination: str
    from_us: bool
    dialled: Line | None  # our phone whose number was dialled
    left_alone: bool  # by the other side of its call

    @property
    def to_us(self) -> bool:
        """Whether the number of one of our phones was dialled."""
        return self.dialled is not None

    @property
    def keys(self) -> tuple[str, ...]:
        """What another leg of the same call has in common with this one."""
        return (
            "/".join(sorted((self.source, self.destination))),
            self.source,
            self.destination or self.source,
        )

    def calls(self) -> bool | None:
        """Tell whether this end is the calling one; None where nothing speaks for either."""
        if self.row.status in CALLING:
            return True
        if self.row.status in CALLED:
            return False
        if self.line is None:
            return False if self.from_us else True if self.to_us else None
        code = compared(self.row.account_code)
        own_source, own_destination = (
            self.line.is_at(n, code) for n in (self.source, self.destination)
        )
        return None if own_source == own_destination else own_source


@dataclass(slots=True, kw_only=True)
class _Story:
    """What is remembered about a call while one of its channels is up."""

    id: str
    started_at: datetime | None
    root: str  # the caller's channel
    direction: Direction | None = None
    queue: str | None = None
    answered: bool = False
    guessed: bool = (
        False  # that it was answered: whoever called was picked up, perhaps by a menu or a queue
    )
    placed: str | None = None  # the number, if it was this client that asked for the call
    called_leg: str  # for a called phone that is known without a channel of its own
    size: int = 0
    paired: bool = False
    polls_up_alone: int = 0


@dataclass(slots=True, kw_only=True)
class _Channel:
    leg: str
    story: _Story
    duration: float | None = None
    numbers: tuple[str, str] = ("", "")
    began_before: datetime = UNKNOWN

    def note(self, row: Row, now: datetime) -> None:
        """Take note of a list that has this channel."""
        self.numbers = row.source, row.destination
        if row.duration is not None:
            self.duration = row.duration
            self.began_before = min(self.began_before, now - timedelta(seconds=row.duration))

    def begun_anew(self, row: Row, asked_at: datetime) -> bool:
        """Tell whether another channel has this one's name now, in a list that was asked for then."""
        if self.duration is None or row.duration is None:
            return False
        later = asked_at - timedelta(seconds=row.duration + WHOLE) > self.began_before
        return row.duration < self.duration or (
            later and self.numbers != (row.source, row.destination)
        )


@dataclass(slots=True)
class _Group:
    members: list[int]
    root: int | None
    story: _Story | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRequest:
    """A call that this client asked for: to ring one of our phones first, or somebody outside."""

    inside: bool
    user: str | None  # of the phone, where that is known
    number: str
    at: datetime

    def matches(self, root: End) -> bool:
        """Tell whether a new call is the one that was asked for; the phone that rings may show either number."""
        if self.inside is not (root.line is not None) or compared(self.number) not in (
            root.source,
            root.destination,
        ):
            return False
        return self.user is None or root.line is None or root.line.user == self.user


@dataclass(slots=True)
class CallTracker:
    """Turn each list of channels into calls."""

    lines: Lines
    _channels: dict[str, _Channel] = field(default_factory=dict, init=False)
    _legs: dict[str, str] = field(
        default_factory=dict, init=False
    )  # the channel that a command to a leg goes to
    _requests: deque[CallRequest] = field(default_factory=lambda: deque(maxlen=64), init=False)
    _lists_called_phones: bool = field(default=False, init=False)

    def expect(self, request: CallRequest) -> None:
        """Remember that a call was asked for: the phone that rings first would look like one that is called."""
        self._requests.append(request)

    def withdraw(self, request: CallRequest) -> None:
        """Forget a request that was refused."""
        if request in self._requests:
            self._requests.remove(request)

    def channel(self, leg_id: str) -> str | None:
        """Give the name of a leg's channel; None when it is over."""
        return self._legs.get(leg_id)

    def is_up(self, leg_id: str, rows: Sequence[Row], asked_at: datetime) -> bool:
        """Tell whether a leg is among the channels of a newer list."""
        name = self.channel(leg_id)
        return any(
            row.channel == name and not self._channels[row.channel].begun_anew(row, asked_at)
            for row in rows
        )

    def update(
        self, rows: Sequence[Row], asked_at: datetime, now: datetime, queues: Mapping[str, str]
    ) -> tuple[Call, ...]:
        """Take a complete list of channels; `queues` says which channels wait in a queue."""
        telling = [row for row in rows[:MAX_ROWS] if _tells_something(row)]
        self._channels = {
            row.channel: known
            for row in telling
            if (known := self._channels.get(row.channel)) is not None
            and not known.begun_anew(row, asked_at)
        }
        legs = Counter(known.story.id for known in self._channels.values())
        ends = [self._end(row, legs) for row in telling]
        groups = self._grouped(ends)
        self._legs = {}
        calls = []
        for group in groups:
            story = group.story or self._begin(group, ends, now)
            if story.guessed and self._waits(story.root, queues):
                story.answered = story.guessed = False
                self._channels.pop(
                    story.root, None
                )  # what has talked cannot ring again, so it is another leg
            for index in group.members:
                row = ends[index].row
                known = self._channels.get(row.channel)
                if known is None:
                    known = self._channels[row.channel] = _Channel(leg=uuid4().hex, story=story)
                known.note(row, now)
                self._legs[known.leg] = row.channel
            calls.append(self._call(story, group, ends, queues))
        return tuple(calls)

    def _end(self, row: Row, legs: Mapping[str, int]) -> End:
        source, destination = compared(row.source), compared(row.destination)
        known = self._channels.get(row.channel)
        return End(
            row=row,
            line=self.lines.phone(row),
            source=source,
            destination=destination,
            from_us=bool(source) and self.lines.is_ours(row.source),
            dialled=self.lines.owner(row.destination) if destination else None,
            left_alone=known is not None and known.story.paired and legs[known.story.id] == 1,
        )

    # -- which rows are one call --------------------------------------------------------------------

    def _grouped(self, ends: Sequence[End]) -> list[_Group]:
        """Keep what was put together, and find what the new rows belong to, the most certain first."""
        group_of: dict[int, _Group] = {}
        groups: dict[str, _Group] = {}
        fresh = []
        for index, end in enumerate(ends):
            known = self._channels.get(end.row.channel)
            if known is None:
                fresh.append(index)
                continue
            group = groups.setdefault(known.story.id, _Group([], None, known.story))
            group_of[index] = group
            group.members.append(index)
            if known.story.root == end.row.channel:
                group.root = index
        for group in groups.values():
            if len(group.members) == 1:
                group.root = group.members[0]
        for rank, *_, root, leg in sorted(_edges(ends, fresh)):
            if _join(group_of, ends, root, leg) and rank < WEAK and ends[leg].line is not None:
                self._lists_called_phones = True
        for index in fresh:
            group_of.setdefault(index, _Group([index], index))
        return list({id(group_of[index]): group_of[index] for index in range(len(ends))}.values())

    def _begin(self, group: _Group, ends: Sequence[End], now: datetime) -> _Story:
        """Mint a call."""
        ages = [age for index in group.members if (age := ends[index].row.duration) is not None]
        root = ends[group.members[0] if group.root is None else group.root]
        story = _Story(
            id=uuid4().hex,
            started_at=now - timedelta(seconds=max(ages)) if ages else None,
            root=root.row.channel,
            called_leg=uuid4().hex,
        )
        for request in tuple(self._requests):
            if now - request.at > PLACED_AGE:
                self._requests.remove(request)
            elif story.placed is None and request.matches(root):
                self._requests.remove(request)
                story.placed = request.number
        return story

    # -- what a call is -----------------------------------------------------------------------------

    def _call(
        self, story: _Story, group: _Group, ends: Sequence[End], queues: Mapping[str, str]
    ) -> Call:
        if group.root is not None:
            story.root = ends[group.root].row.channel
        root = ends[group.members[0] if group.root is None else group.root]
        others = [ends[index] for index in group.members if ends[index] is not root]
        if len(group.members) > story.size or story.direction is None:
            story.direction = self._direction(story, root, others)
        story.size = len(group.members)
        story.paired = story.paired or bool(others)
        story.queue = story.queue or next(
            (q for e in (root, *others) if (q := queues.get(e.row.channel))), None
        )
        story.answered = story.answered or self._is_answered(story, root, others, queues)
        caller, callee = self._parties(story, root, others)
        legs = tuple(
            Leg(
                id=self._channels[end.row.channel].leg,
                state=_state(end, story, calling=end is root),
                extension=end.line.number if end.line else None,
                context=end.row.context,
                account_code=end.row.account_code,
            )
            for end in (root, *others)
        )
        if not others and not self._lists_called_phones:
            legs += self._unlisted(story, root)
        return Call(
            id=story.id,
            state=_call_state(legs, calling=legs[0], answered=story.answered),
            direction=story.direction,
            caller=caller,
            callee=callee,
            legs=legs,
            queue=story.queue,
            started_at=story.started_at,
        )

    def _direction(self, story: _Story, root: End, others: Collection[End]) -> Direction | None:
        """Say which way a call goes, as far as its ends tell."""
        if story.placed is not None:
            return (
                Direction.INTERNAL
                if self.lines.is_ours(story.placed) and root.line
                else Direction.OUTGOING
            )
        if not others:
            return _direction_outside(root) if root.line is None else _direction_inside(root)
        if root.line is None:
            # An outgoing call whose phone has left, and which is handed over, stays one.
            return (
                Direction.OUTGOING if story.direction is Direction.OUTGOING else Direction.INCOMING
            )
        return Direction.OUTGOING if any(end.line is None for end in others) else Direction.INTERNAL

    def _unlisted(self, story: _Story, root: End) -> tuple[Leg, ...]:
        """Name the called phone where the phone system lists one row per call, the caller's."""
        phone = self.lines.owner(root.row.destination)
        if phone is None or phone == root.line or root.calls() is False:
            return ()
        self._legs[story.called_leg] = root.row.channel
        state = CallState.TALKING if story.answered else CallState.RINGING
        return (Leg(id=story.called_leg, state=state, extension=phone.number),)

    def _is_answered(
        self, story: _Story, root: End, others: Collection[End], queues: Mapping[str, str]
    ) -> bool:
        """Tell whether somebody talks to the caller, and not only a menu, a queue or the ringing tone."""
        if others:
            return any(end.row.up for end in others)
        if not root.row.up:
            return False
        if root.line is None:
            story.guessed = story.direction is Direction.INCOMING and not self._waits(
                root.row.channel, queues
            )
            return story.guessed or story.direction is not Direction.INCOMING
        story.polls_up_alone += 1
        # Between the pick-up of the phone that rang first and the call to the other side there is a moment.
        return story.placed is None or story.polls_up_alone > 1

    def _waits(self, channel: str, queues: Mapping[str, str]) -> bool:
        """Tell whether a lone caller from outside was only picked up by a menu or a queue.

        Where phones that are called have rows, such a caller has reached no phone.
        """
        return self._lists_called_phones or channel in queues

    def _parties(self, story: _Story, root: End, others: Sequence[End]) -> tuple[Party, Party]:
        own = self._own(root.line) if root.line else Party()
        if story.placed is not None and root.line is not None:
            return own, self.lines.party(story.placed)
        is_called = root.line is not None and root.calls() is False
        caller = self.lines.party(root.row.source)
        if root.line is not None and not is_called:
            caller = replace(caller, name=own.name) if caller.number else own
        callee = next(
            (self.lines.party(end.row.destination) for end in (root, *others) if end.destination),
            None,
        )
        if callee is None:
            phone = root.line if is_called else next((end.line for end in others if end.line), None)
            callee = self._own(phone) if phone else Party()
        return caller, callee

    def _own(self, line: Line) -> Party:
        return Party(number=line.number, name=line.name)


def _tells_something(row: Row) -> bool:
    """Leave out a leg that is only being made: once it has numbers, it can be told whose it is."""
    return (
        row.up
        or row.status == "ringing"
        or bool(compared(row.source) or compared(row.destination) or row.source)
    )


def _edges(ends: Sequence[End], fresh: Sequence[int]) -> set[Edge]:
    """Give all pairs of caller and called with at least one new row."""
    index: dict[str, list[int]] = defaultdict(list)
    for i, end in enumerate(ends):
        for key in end.keys:
            if len(index[key]) < CANDIDATES:
                index[key].append(i)
    edges: set[Edge] = set()
    for i in fresh:
        for j in {j for key in ends[i].keys for j in index[key] if j != i}:
            for root, leg in ((i, j), (j, i)):
                rank = _rank(ends[root], ends[leg])
                if rank is not None:
                    one, other = ends[root].row, ends[leg].row
                    age = _older_by(one, other)
                    doubt = _doubt(ends[root], ends[leg])
                    edges.add((rank, doubt, abs(age), age < 0, _apart(one, other), root, leg))
    return edges


def _join(group_of: dict[int, _Group], ends: Sequence[End], root: int, leg: int) -> bool:
    """Make a called leg part of its caller's call, if both are still free for that."""
    calling, called = group_of.get(root), group_of.get(leg)
    if called is not None:
        if calling is not None or len(called.members) > 1:
            return False
        called.members.insert(0, root)
        called.root = root
        group_of[root] = called
        return True
    if calling is None:
        calling = group_of[root] = _Group([root], root)
    elif calling.root != root or not _has_room(calling, ends, root, leg):
        return False
    calling.members.append(leg)
    group_of[leg] = calling
    return True


def _has_room(group: _Group, ends: Sequence[End], root: int, leg: int) -> bool:
    """Let into a call in which two already talk only a phone that still rings from the same attempt."""
    if not any(ends[index].row.up for index in group.members if index != root):
        return True
    return not ends[leg].row.up and _older_by(ends[root].row, ends[leg].row) <= SKEW + RING_TIME


def _older_by(one: Row, other: Row) -> float:
    return 0.0 if one.duration is None or other.duration is None else one.duration - other.duration


def _doubt(root: End, leg: End) -> int:
    """How much speaks against one end having called the other."""
    order = (
        (root.calls() is False)
        + (leg.calls() is True)
        - (root.calls() is True or leg.calls() is False)
    )
    unheard = leg.row.up and not root.row.up  # whoever was answered does not hear it ring
    if root.dialled is None or leg.line is None:
        return order + unheard
    return order + unheard + (1 if root.dialled.number != leg.line.number else -1)


def _apart(root: Row, leg: Row) -> int:
    """How many channels were made between two; a called one is made after the one that calls."""
    if root.number is None or leg.number is None or leg.number < root.number:
        return MAX_ROWS
    return leg.number - root.number


def _rank(root: End, leg: End) -> int | None:
    """Say how sure it is that one end has called the other; None when it has not."""
    if root.row.status in CALLED or leg.row.status in CALLING:
        return None
    if root.line is not None and leg.line is not None and root.line.user == leg.line.user:
        return None
    age = _older_by(root.row, leg.row)
    rank = (
        _outside_rank(root, leg)
        if root.line is None and leg.line is None
        else _inside_rank(root, leg)
    )
    # Whoever waits in a queue is older than the phone that answers by any time; a weak likeness must be of one age.
    if age < -SKEW or (rank == WEAK and age > SKEW + RING_TIME):
        return None
    return rank


def _outside_rank(root: End, leg: End) -> int | None:
    """In on one trunk and out on another. Two callers of one number are two calls."""
    if not root.source or root.source != leg.source:
        return None
    return WEAK if root.destination != leg.destination or leg.row.status in CALLED else None


def _inside_rank(root: End, leg: End) -> int | None:
    same_source = bool(root.source) and root.source == leg.source
    same_destination = bool(root.destination) and root.destination == leg.destination
    back = bool(root.source) and root.source == leg.destination
    itself = bool(root.destination) and root.destination == leg.source
    if (same_source and same_destination) or (back and itself):
        return CERTAIN
    if same_source:
        return _same_source_rank(root, leg)
    # An outgoing call that shows another number; a short number is dialled by many.
    outgoing = same_destination and leg.line is None and len(root.destination) > EXTENSION_DIGITS
    incoming_hidden = (
        not root.source and not leg.source and root.line is None and _can_ring_for(leg)
    )
    return WEAK if outgoing or back or (itself and not leg.destination) or incoming_hidden else None


def _same_source_rank(root: End, leg: End) -> int | None:
    """Judge two legs with one caller: many lines may show one number, so what was dialled has a say."""
    if leg.line is None:
        return (
            LIKELY
            if not leg.destination or not root.destination or is_extension(root.destination)
            else None
        )
    if leg.line.is_at(leg.source):
        return None  # it rings because a call was asked for, not because of a caller
    if root.line is None and not root.from_us:
        return LIKELY
    if root.left_alone:
        return LIKELY if leg.calls() is False else None  # whoever stayed is being handed over
    if root.line is None or not _can_ring_for(leg) or not _can_ring_for(root):
        return None
    return (
        WEAK if root.to_us else LIKELY
    )  # one phone sent the call on to another; a group has a number of its own


def _can_ring_for(phone: End) -> bool:
    """Tell whether a phone's leg names something inside, as one that is called does."""
    return not phone.destination or is_extension(phone.destination) or phone.to_us


def _direction_outside(end: End) -> Direction | None:
    """Say which way a call goes of which only a trunk is listed."""
    calls = end.calls()
    if calls is None:
        return Direction.INCOMING if end.source else None
    return Direction.INCOMING if calls else Direction.OUTGOING


def _direction_inside(end: End) -> Direction | None:
    """Say which way a call goes of which only one phone is listed."""
    calls, to_us = end.calls(), end.to_us or is_extension(end.destination)
    if calls is None:
        # Neither number is known to be this phone's own: a short one is at least inside.
        calls = end.from_us
        if not end.from_us and not to_us:
            return None
    if calls:
        return Direction.INTERNAL if to_us else Direction.OUTGOING
    return Direction.INTERNAL if end.from_us else Direction.INCOMING


def _state(end: End, story: _Story, *, calling: bool) -> CallState:
    """Say what one end does; a caller that was only picked up by a menu or a queue does not talk yet."""
    if end.row.up and (story.answered or not calling):
        return CallState.TALKING
    if end.row.status == "ringing":
        return CallState.RINGING
    return (
        CallState.RINGING
        if end.line is None and story.direction is Direction.INCOMING
        else CallState.DIALING
    )


def _call_state(legs: Sequence[Leg], *, calling: Leg, answered: bool) -> CallState:
    """Say what a call does: what our phones do, or the outside where none of ours is listed."""
    if answered:
        return CallState.TALKING
    inside = {leg.state for leg in legs if leg.extension is not None} or {calling.state}
    return CallState.RINGING if CallState.RINGING in inside else CallState.DIALING
