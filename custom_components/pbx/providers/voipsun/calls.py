"""Put the channels of a VoIPSUN PBX together into calls: a list of rows in, calls with ids out.

Which rows are one call is judged in `pairing` and `grouping`; what was put together stays together
while it lasts, as `stories` remembers.
"""

from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import combinations, groupby
from operator import itemgetter
from uuid import uuid4

from ...telephony.models import Call, CallState, Direction, Leg, Party
from ...telephony.phone_numbers import is_extension
from ..turns import Steps, at_once
from .ends import End
from .glue import Tie, read_ties, share_out
from .grouping import Group, join, rings_later, root_of
from .lines import Line, Lines, compared
from .pairing import (
    MAX_ROWS,
    WEAK,
    Edge,
    fetched,
    is_just_begun,
    pairs,
)
from .payload import Row, without_technology
from .shown import call_state, direction_inside, direction_outside, number_outside, state_of
from .stories import CallRequest, Channel, Story

PLACED_AGE = timedelta(minutes=2)
DOWN = "down"
CONNECTING = timedelta(seconds=6)  # within which a phone leaves two calls that it connects
LATELY = timedelta(seconds=10)


@dataclass(slots=True)
class CallTracker:
    """Turn each list of channels into calls."""

    lines: Lines
    lists_called_phones: bool = False
    """Whether a phone that is called was seen to have a row of its own."""
    _looked_at: datetime | None = field(default=None, init=False)
    _watched: bool = field(default=False, init=False)
    """Whether there was a list lately: what is new since has not talked for long."""
    _channels: dict[str, Channel] = field(default_factory=dict, init=False)
    _legs: dict[str, str] = field(default_factory=dict, init=False)
    """The channel that a command to a leg goes to."""
    _legs_before: dict[str, str] = field(default_factory=dict, init=False)
    """The same of the list before, while a list is taken."""
    _requests: deque[CallRequest] = field(default_factory=lambda: deque(maxlen=64), init=False)

    def expect(self, request: CallRequest) -> None:
        """Remember that a call was asked for.

        The phone that rings first would otherwise look like one that is called.
        """
        self._requests.append(request)

    def withdraw(self, request: CallRequest) -> None:
        """Forget a request that was refused."""
        if request in self._requests:
            self._requests.remove(request)

    def channel(self, leg_id: str) -> str | None:
        """Return the name of a leg's channel; None when it is over."""
        return self._legs.get(leg_id) or self._legs_before.get(leg_id)

    def is_up(self, leg_id: str, rows: Sequence[Row], asked_at: datetime) -> bool:
        """Return whether a leg is among the channels of a newer list."""
        name = self.channel(leg_id)
        for row in rows:
            if row.channel == name:
                known = self._channels.get(row.channel)
                return known is not None and not known.begun_anew(row, asked_at)
        return False

    def may_wait(self, rows: Sequence[Row]) -> bool:
        """Return whether somebody who was picked up may wait in a queue: nobody is known to talk.

        `rows` is a list that `update` has not had yet.
        """
        for row in rows:
            known = self._channels.get(row.channel)
            talks = known is not None and known.story.answered and not known.story.guessed
            if row.up and not row.glue and not talks:
                return True
        return False

    def update(
        self, rows: Sequence[Row], asked_at: datetime, now: datetime, queues: Mapping[str, str]
    ) -> tuple[Call, ...]:
        """Return the calls of a complete list of channels.

        `asked_at` is when the list was requested; `queues` has the channels that wait in a queue,
        with its name.
        """
        return at_once(self.updating(rows, asked_at, now, queues))

    def updating(
        self, rows: Sequence[Row], asked_at: datetime, now: datetime, queues: Mapping[str, str]
    ) -> Steps[tuple[Call, ...]]:
        """Take a complete list of channels row by row and call by call, as `update` does."""
        listed = rows[:MAX_ROWS]
        waiting = {without_technology(channel): queue for channel, queue in queues.items()}
        telling = [row for row in listed if not row.glue and self._tells_something(row)]
        self._forget_all_but(telling, asked_at, now)
        self._watched = self._looked_at is not None and now - self._looked_at <= LATELY
        self._looked_at = now
        legs = Counter(known.story.id for known in self._channels.values())
        lined: list[tuple[Row, Line | None]] = []
        for row in telling:
            lined.append((row, self.lines.phone(row)))
            yield
        ties = yield from share_out(read_ties(listed), lined)
        ends: list[End] = []
        for row, line in lined:
            end = self._end(row, line, legs, ties.get(row.channel))
            if not self._is_service(end):
                ends.append(end)
            yield
        groups = yield from self._grouped(ends)
        self._legs_before, self._legs = self._legs, {}
        calls = []
        for group in groups:
            yield
            story = group.story or self._begin(group, ends, now)
            self._doubt_answer(story, waiting)
            for index in group.members:
                self._remember(ends[index], story, now)
            calls.append(self._call(story, group, ends, waiting))
        self._legs_before = {}
        return tuple(calls)

    def _tells_something(self, row: Row) -> bool:
        """Return whether a leg is more than being made: once it has numbers, its owner can be told.

        A phone whose channel is down is about to be called: one that calls is never down.
        """
        if row.up or row.status == "ringing":
            return True
        if row.status == DOWN and row.channel not in self._channels and self.lines.phone(row):
            return False
        return bool(row.source or compared(row.destination))

    def _forget_all_but(self, rows: Sequence[Row], asked_at: datetime, now: datetime) -> None:
        """Forget the channels that are no longer listed, and those whose name another one has."""
        remaining = {}
        for row in rows:
            known = self._channels.get(row.channel)
            if known is not None and not known.begun_anew(row, asked_at):
                remaining[row.channel] = known
        for name, known in self._channels.items():
            if name not in remaining and known.inside:
                known.story.left_by[known.user] = now
        self._channels = remaining
        self._put_together(now)

    def _put_together(self, now: datetime) -> None:
        """Make one call of two that the same phone has left at once: it has connected them.

        Of each exactly one end has to be left, and somebody has talked in the older one.
        """
        for one, other in combinations(self._just_left(now), 2):
            first, second = self._channels[one], self._channels[other]
            if not first.story.left_by.keys() & second.story.left_by.keys():
                continue
            same_phone = first.inside and first.user == second.user
            if first.story.answered and not same_phone:
                # The leg gets an id of its own, because the call that it was in ends.
                self._channels[other] = replace(second, leg=uuid4().hex, story=first.story)
                first.story.left_by.clear()
                return

    def _just_left(self, now: datetime) -> list[str]:
        """Return the last channels of the calls that a phone has just left, the oldest first."""
        legs = Counter(known.story.id for known in self._channels.values())
        found = []
        for name, known in self._channels.items():
            story = known.story
            left = any(now - left_at <= CONNECTING for left_at in story.left_by.values())
            if story.paired and left and legs[story.id] == 1:
                found.append(name)
        return sorted(found, key=lambda name: self._channels[name].began_before)

    def _doubt_answer(self, story: Story, queues: Mapping[str, str]) -> None:
        """Take back that a call was answered, where it turns out to be a menu or a queue."""
        if story.guessed and self._waits(story.root, queues):
            story.answered = story.guessed = False
            # What has talked cannot ring again, so it is another leg.
            self._channels.pop(story.root, None)

    def _remember(self, end: End, story: Story, now: datetime) -> None:
        """Remember a channel as part of a call, and how a command reaches it."""
        row = end.row
        known = self._channels.get(row.channel)
        if known is None:
            inside = end.line is not None
            known = Channel(leg=uuid4().hex, story=story, user=row.user, inside=inside)
            self._channels[row.channel] = known
        known.note(row, now)
        self._legs[known.leg] = row.channel

    def _is_service(self, end: End) -> bool:
        """Return whether the phone system only lets a phone listen, or plays something to it.

        Then it shows a short number that is nobody's, and dialled nothing.
        """
        if end.line is None or not end.source or end.row.channel in self._channels:
            return False
        nobody = not end.from_us or self.lines.owner(end.row.source) is None
        dialled_nothing = end.by_itself or end.destination == end.source
        return dialled_nothing and nobody and is_extension(end.source) and not end.shows_itself

    def _end(self, row: Row, line: Line | None, legs: Mapping[str, int], tie: Tie | None) -> End:
        """Return a row with what is known about it; `legs` counts those of each known call."""
        source, destination = compared(row.source), compared(row.destination)
        known = self._channels.get(row.channel)
        left_alone = known is not None and known.story.paired and legs[known.story.id] == 1
        return End(
            row=row,
            line=line,
            tie=tie,
            parked=(
                left_alone
                and known is not None
                and known.story.answered
                and line is None
                and row.up
                and known.story.destination == destination
            ),
            source=source,
            destination=destination,
            from_us=bool(source) and self.lines.is_ours(row.source),
            dialled=self.lines.owner(row.destination) if destination else None,
            left_alone=left_alone,
            waits=row.up and self._watched and (known is None or not known.story.paired),
        )

    # -- which rows are one call -------------------------------------------------------------------

    def _grouped(self, ends: Sequence[End]) -> Steps[list[Group]]:
        """Keep what was put together, and find what the new rows belong to, the surest first."""
        group_of = self._known_groups(ends)
        fresh = [index for index in range(len(ends)) if index not in group_of]
        edges = yield from pairs(ends, fresh)
        for _, alike in groupby(sorted(edges), key=itemgetter(0)):
            yield from self._join_all(group_of, ends, list(alike))
        for index in fresh:
            yield
            if index not in group_of and (owner := fetched(ends, index)) in group_of:
                group_of[owner].members.append(index)
                group_of[index] = group_of[owner]
        for index in fresh:
            group_of.setdefault(index, Group([index], index))
        return list({id(group_of[index]): group_of[index] for index in range(len(ends))}.values())

    def _join_all(
        self, group_of: dict[int, Group], ends: Sequence[End], edges: Iterable[Edge]
    ) -> Steps[None]:
        """Make calls of pairs of one rank, the surest first.

        A phone that begins to ring is rather for a caller for whom nothing rings yet, as in a
        queue, than for one whose group of phones rings already, or one of which has answered.
        """
        late = []
        for edge in edges:
            yield
            if edge[0] < WEAK and rings_later(group_of, ends, edge):
                late.append(edge)
            else:
                self._join_pair(group_of, ends, edge)
        for edge in late:
            yield
            self._join_pair(group_of, ends, edge)

    def _join_pair(self, group_of: dict[int, Group], ends: Sequence[End], edge: Edge) -> None:
        """Make a pair one call where both are free, and learn whether called phones are listed."""
        if join(group_of, ends, edge) and edge[0] < WEAK and ends[edge[-1]].line is not None:
            self.lists_called_phones = True

    def _known_groups(self, ends: Sequence[End]) -> dict[int, Group]:
        """Return the groups of the rows whose calls are known, by the rows' places."""
        group_of: dict[int, Group] = {}
        groups: dict[str, Group] = {}
        for index, end in enumerate(ends):
            known = self._channels.get(end.row.channel)
            if known is None:
                continue
            group = groups.setdefault(known.story.id, Group([], None, known.story))
            group_of[index] = group
            group.members.append(index)
            if known.story.root == end.row.channel:
                group.root = index
        for group in groups.values():
            if len(group.members) == 1:
                group.root = group.members[0]
        return group_of

    def _begin(self, group: Group, ends: Sequence[End], now: datetime) -> Story:
        """Return the story of a new call, with an id of its own."""
        durations = (ends[index].row.duration for index in group.members)
        ages = [age for age in durations if age is not None]
        root = root_of(group, ends)
        story = Story(
            id=uuid4().hex,
            started_at=now - timedelta(seconds=max(ages)) if ages else None,
            root=root.row.channel,
            called_leg=uuid4().hex,
            by_itself=root.places_call,
        )
        while self._requests and now - self._requests[0].at > PLACED_AGE:
            self._requests.popleft()
        fitting = [request for request in self._requests if request.matches(root)]
        if fitting:
            began = story.started_at or now
            request = min(fitting, key=lambda request: request.doubt(root, began))
            self._requests.remove(request)
            story.placed = request.number
        return story

    # -- what a call is ----------------------------------------------------------------------------

    def _call(
        self, story: Story, group: Group, ends: Sequence[End], queues: Mapping[str, str]
    ) -> Call:
        """Return a call as its rows show it now, and remember that in its story."""
        root = root_of(group, ends)
        others = [ends[index] for index in group.members if ends[index] is not root]
        if group.root is not None:
            story.root = root.row.channel
        self._continue(story, root, others, queues)
        caller, callee = self._parties(story, root, others)
        legs = tuple(self._leg(end, story, root) for end in (root, *others))
        if not others and not self.lists_called_phones:
            legs += self._unlisted(story, root)
        return Call(
            id=story.id,
            state=call_state(legs, calling=legs[0], answered=story.answered),
            direction=story.direction,
            caller=caller,
            callee=callee,
            legs=legs,
            queue=story.queue,
            started_at=story.started_at,
        )

    def _continue(
        self, story: Story, root: End, others: Sequence[End], queues: Mapping[str, str]
    ) -> None:
        """Note what a list adds to the story of a call; `others` are the ends but the caller's."""
        size = 1 + len(others)
        if size > story.size or story.direction is None:
            story.direction = self._direction(story, root, others)
        story.size = size
        story.paired = story.paired or bool(others)
        if others:
            story.destination = root.destination
        elif root.comes_in:
            story.rang_alone = True
        for end in (root, *others):
            story.queue = story.queue or queues.get(without_technology(end.row.channel))
        if not story.answered:
            story.answered = self._is_answered(story, root, others, queues)
            story.answered_in = root.row.context

    def _leg(self, end: End, story: Story, root: End) -> Leg:
        """Return one end of a call as a leg; `root` is the caller's end."""
        inside = end.line is not None
        return Leg(
            id=self._channels[end.row.channel].leg,
            state=state_of(end, story, calling=end is root),
            extension=end.line.number if end.line else None,
            number="" if inside else self.lines.party(number_outside(end, root)).number,
            context=end.row.context,
            account_code=end.row.account_code,
        )

    def _direction(self, story: Story, root: End, others: Collection[End]) -> Direction | None:
        """Return which way a call goes, as far as its ends tell."""
        if root.rings and not others and (story.placed is not None or root.places_call):
            return Direction.OUTGOING
        if story.placed is not None:
            inside = root.line is not None and self.lines.is_ours(story.placed)
            return Direction.INTERNAL if inside else Direction.OUTGOING
        if not others:
            return direction_outside(root) if root.line is None else direction_inside(root)
        if root.line is not None:
            leaves = any(end.line is None for end in others)
            return Direction.OUTGOING if leaves else Direction.INTERNAL
        # An outgoing call whose phone has left, and which is handed over, stays one.
        if story.direction is Direction.OUTGOING:
            return Direction.OUTGOING
        return Direction.INCOMING

    def _unlisted(self, story: Story, root: End) -> tuple[Leg, ...]:
        """Return the called phone where the phone system lists only the caller's row of a call."""
        phone = self.lines.owner(root.row.destination)
        if story.placed is not None or story.by_itself:
            return ()
        if phone is None or phone == root.line or root.calls() is False:
            return ()
        if story.answered and root.row.context != story.answered_in:
            return ()  # the caller was sent on, and talks to somebody else
        self._legs[story.called_leg] = root.row.channel
        state = CallState.TALKING if story.answered else CallState.RINGING
        return (Leg(id=story.called_leg, state=state, extension=phone.number),)

    def _is_answered(
        self, story: Story, root: End, others: Collection[End], queues: Mapping[str, str]
    ) -> bool:
        """Return whether somebody talks to the caller, and not only a menu or a queue."""
        if others:
            return any(end.row.up for end in others)
        if not root.row.up:
            return False
        if root.line is None:
            incoming = story.direction is Direction.INCOMING
            story.guessed = incoming and self._reached_somebody(story, root, queues)
            return story.guessed or not incoming
        if without_technology(root.row.channel) in queues:
            return False
        story.polls_up_alone += 1
        # Between the pick-up of the phone that rang first and the call to the other side there is
        # a moment, and so there is between a service's pick-up and the queue behind it.
        placed = story.placed is not None or story.by_itself
        return story.polls_up_alone > 1 or not (placed or _may_reach_a_queue(root))

    def _reached_somebody(self, story: Story, root: End, queues: Mapping[str, str]) -> bool:
        """Return whether a lone caller from outside talks to somebody who is not listed.

        A menu or a queue picks up at once. So it is somebody if it rang before, if a phone's own
        number was dialled, or if the caller has left the queue.
        """
        if self._waits(root.row.channel, queues):
            return False
        if story.queue is not None:
            # Whoever hangs up leaves the queue before the list: only who is still there talks.
            story.polls_out_of_queue += 1
            return story.polls_out_of_queue > 1
        return story.rang_alone or root.to_us

    def _waits(self, channel: str, queues: Mapping[str, str]) -> bool:
        """Return whether a lone caller from outside was only picked up by a menu or a queue.

        Where phones that are called have rows, such a caller has reached no phone.
        """
        return self.lists_called_phones or without_technology(channel) in queues

    def _parties(self, story: Story, root: End, others: Sequence[End]) -> tuple[Party, Party]:
        """Return who calls, and who is called."""
        own = self._own(root.line) if root.line else Party()
        if story.placed is not None and root.line is not None:
            return own, self.lines.party(story.placed)
        asked = story.by_itself and root.line is not None
        is_called = not asked and root.line is not None and root.calls() is False
        caller = self.lines.party(root.row.source)
        if root.line is not None and not is_called:
            known = caller.number and not root.line.dialplan
            caller = replace(caller, name=own.name) if known else own
        phones = [end.line for end in others if end.line is not None]
        for end in (root, *others):
            one_of_group = end is not root and len(phones) > 1 and end.shows_own_destination
            if end.destination and not one_of_group and self._names_callee(end, root, asked=asked):
                return caller, self.lines.party(end.row.destination)
        if is_called:
            return caller, own
        if phones:
            return caller, self._own(phones[0]) if len(phones) == 1 else Party()
        for end in others:
            if end.source and end.source != root.source:
                return caller, self.lines.party(end.row.source)
        return caller, Party()

    def _names_callee(self, end: End, root: End, *, asked: bool) -> bool:
        """Return whether an end's destination is who is called; a called one may show its caller.

        A phone that was `asked` for by a program may show itself.
        """
        if asked and root.line is not None and root.line.is_at(end.destination):
            return False
        return end is root or end.destination != root.source

    def _own(self, line: Line) -> Party:
        """Return one of our phones as a party of a call."""
        return Party(number=line.number, name=line.name)


def _may_reach_a_queue(root: End) -> bool:
    """Return whether a phone was picked up just now by something that may put it into a queue."""
    if root.to_us or not root.shows_itself or not is_just_begun(root.row):
        return False
    return not root.destination or is_extension(root.destination)
