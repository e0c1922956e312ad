"""Which rows of a VoIPSUN PBX are one call: how sure it is that one end called the other.

Theory
======

*listcalls* answers with the channels of an Asterisk, one row each, and says of none which others
belong to its call. What VoIPSUN writes into `src` and `dst` is not published, and Asterisk itself
offers several answers. A call from outside (777123456 dials 222333101) that rings phone 101, and
an outgoing one (101 dials 800123456), look like this in the styles that are read here:

    ===========  ======================  =======================  ================================
    style        the caller's row        the called one's row     what makes the two one call
    ===========  ======================  =======================  ================================
    own number   777123456 > 222333101   101 > 222333101 ringing  The called one shows itself, and
                 101 > 800123456         101 > (nothing) up       while it rings what was dialled.
                                         800123456 > 800123456    An answered one shows no more:
                                                                  then the nearest caller is its.
    parties      777123456 > 222333101   777123456 > 101          Both show who calls.
                 101 > 800123456         101 > 800123456
    connected    777123456 > 101         101 > 777123456          Each shows the other.
                 101 > 800123456         800123456 > 101
    one row      777123456 > 222333101   (none)                   Nothing to pair.
    only up      as *own number*, without what rings              As there.
    ===========  ======================  =======================  ================================

*Own number* is how Asterisk itself writes its channels (caller id and extension), also in its call
records. No style has to be known to read a list: every rule below asks for something that only
rows of one call have in common, and the surest rule that holds for two rows decides. Where more
than one caller fits, numbers dialled, ages and the channels' own counters choose.

`s` for a destination says that the phone system called this end by itself: somebody asked for the
call by a program, it pages, or it lets a supervisor listen. Such a phone is called by no row.

A `Local/N@context;1` and `;2` are *glue*: one call inside Asterisk that joins a caller with N.
Queues, follow-me, forwarding and feature codes use them. Their rows are never ends of a call, but
tell who called whom when nothing else does: `;2` has the caller and N, `;1` what was dialled. One
that is answered the other way round (`;1` dials on) tells whom N calls.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from ...telephony.phone_numbers import EXTENSION_DIGITS, is_extension
from ..turns import Steps
from .ends import End
from .glue import SKEW
from .lines import Line, compared
from .payload import CALLING, LONGEST, Row

RING_TIME = 60.0  # seconds for which an extension rings at most
CERTAIN, LIKELY, WEAK = 0, 1, 2  # how much speaks for two legs being one call
CANDIDATES = 32
NEXT = 8  # channels that are made at most between a caller and the last phone called at once
MAX_ROWS = 4_000

type Edge = tuple[int, int, float, bool, int, int, int]
"""Rank, doubt, difference of age, whether the called one is older, channels apart, caller, called.

The smaller, the surer; caller and called are positions in the list. Of those who wait in a line,
whoever is older is rather meant.
"""


# -- candidates ------------------------------------------------------------------------------------


def pairs(ends: Sequence[End], fresh: Sequence[int]) -> Steps[set[Edge]]:
    """Find all pairs of caller and called with at least one new row; `fresh` are their places."""
    index = _by_key(ends)
    talking, blank = _by_counter(ends)
    edges: set[Edge] = set()
    for place in fresh:
        yield
        others: set[int] = set()
        for key in ends[place].keys:
            others |= _near(ends[place], index.get(key, ()))
        if ends[place].answered_blankly or ends[place].tie is not None:
            others |= _near(ends[place], talking)
        elif ends[place].row.up:
            others |= _near(ends[place], blank)
        for other in others - {place}:
            edges |= _edges(ends, place, other)
            edges |= _edges(ends, other, place)
    return edges


type Places = Sequence[tuple[int, int]]
"""The counters of channels, in order, each with its place in the list."""


def _by_key(ends: Sequence[End]) -> Mapping[str, Places]:
    """Return the ends by what they have in common with others of their calls."""
    index: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for place in sorted(range(len(ends)), key=lambda place: _counter(ends[place])):
        for key in set(ends[place].keys):
            index[key].append((_counter(ends[place]), place))
    return index


def _by_counter(ends: Sequence[End]) -> tuple[Places, Places]:
    """Return the channels that talk and may have called, and those that show only themselves."""
    talking, blank = [], []
    for place, end in enumerate(ends):
        if end.row.number is None:
            continue
        if end.answered_blankly:
            blank.append((end.row.number, place))
        elif end.row.up and end.calls() is not False:
            talking.append((end.row.number, place))
    return sorted(talking), sorted(blank)


def _near(end: End, places: Places) -> set[int]:
    """Return the places of the channels that were made last before an end, and next after it."""
    middle = bisect_left(places, (_counter(end), 0))
    nearest = places[max(0, middle - CANDIDATES) : middle + CANDIDATES]
    return {place for _, place in nearest}


def _counter(end: End) -> int:
    """Return the number of a channel, or one before all of them where it has none."""
    return -1 if end.row.number is None else end.row.number


def _edges(ends: Sequence[End], caller: int, called: int) -> set[Edge]:
    """Return what joins a caller with one that was called; nothing where they are two calls."""
    root, leg = ends[caller], ends[called]
    rank = _rank(root, leg)
    if rank is None:
        return set()
    age = older_by(root.row, leg.row)
    apart = _apart(root.row, leg.row)
    came_with_it = apart <= NEXT and abs(age) <= SKEW  # it was called as soon as the caller came
    in_line = _stands_in_line(root, leg) and not came_with_it
    apart_in_age = LONGEST - age if in_line else abs(age)
    return {(rank, _doubt(root, leg), apart_in_age, age < 0, apart, caller, called)}


def _stands_in_line(root: End, leg: End) -> bool:
    """Return whether a phone rings for one of those who wait where a caller does: for the first."""
    return root.waits and root.dialled is None and leg.rings and leg.shows_itself


def older_by(one: Row, other: Row) -> float:
    """Return by how many seconds one channel is older than the other; 0 where an age is unknown."""
    if one.duration is None or other.duration is None:
        return 0.0
    return one.duration - other.duration


def _doubt(root: End, leg: End) -> int:
    """Return how much speaks against one end having called the other."""
    order = int(root.calls() is False) + int(leg.calls() is True)
    order -= int(root.calls() is True or leg.calls() is False)
    if leg.row.up and not root.row.up:
        order += 1  # whoever was answered does not hear it ring
    if leg.line is None:
        # The whole number says more than an age, by which another phone may be nearer.
        return order - int(_is_at_dialled_number(root, leg))
    if _each_shows_the_other(root, leg):
        return order  # both show what the other has dialled, or is
    if root.dialled is None:
        return order - int(_ends_in(root.destination, leg.line.internal))
    return order - 1 if root.dialled.number == leg.line.number else order + 1


def _ends_in(dialled: str, number: str) -> bool:
    """Return whether a number from outside ends in that of a phone, as those of a block do."""
    return len(dialled) > EXTENSION_DIGITS and bool(number) and dialled.endswith(number)


def _apart(root: Row, leg: Row) -> int:
    """Return how many channels were made between two; a called one is made after its caller."""
    if root.number is None or leg.number is None or leg.number < root.number:
        return MAX_ROWS
    return leg.number - root.number


# -- the rules -------------------------------------------------------------------------------------


def _rank(root: End, leg: End) -> int | None:
    """Return how sure it is that one end has called the other; None when it has not."""
    if root.rings or leg.row.status in CALLING:
        return None
    if root.line is not None and leg.line is not None and root.line.user == leg.line.user:
        return None
    rank = _first(GLUED, root, leg)
    if leg.by_itself:
        rank = LIKELY if _is_paged(root, leg) else None
    elif rank is None and root.line is None and leg.line is None:
        rank = _first(OUTSIDE, root, leg)
    elif rank is None:
        rank = _inside_rank(root, leg)
    age = older_by(root.row, leg.row)
    any_age = _is_at_dialled_number(root, leg) or _has_waited(root, leg)
    if rank == WEAK and age > SKEW + RING_TIME and not any_age:
        return None
    return None if age < -SKEW else rank


def _inside_rank(root: End, leg: End) -> int | None:
    """Judge two legs of which at least one is a phone of ours."""
    rank = _first(SURE, root, leg)
    if rank is not None:
        return rank
    if _alike(root.source, leg.source):
        return _same_source_rank(root, leg)
    return _first(UNSURE, root, leg)


type Rule = Callable[[End, End], bool]


def _first(rules: Iterable[tuple[Rule, int]], root: End, leg: End) -> int | None:
    """Return how sure the first rule is that holds for a caller and a called one."""
    return next((rank for holds, rank in rules if holds(root, leg)), None)


def _alike(one: str, other: str) -> bool:
    """Return whether two numbers, in their compared form, are known and the same."""
    return bool(one) and one == other


# -- rules of every style: glue


def _glued_to_caller(root: End, leg: End) -> bool:
    """Return whether glue for the called one was made by this caller, whatever a phone shows."""
    if leg.tie is None:
        return False
    return root.source in leg.tie.callers or _is_one_of(root.line, leg.tie.callers)


def _is_one_of(line: Line | None, numbers: Iterable[str]) -> bool:
    """Return whether one of the numbers is this phone's own."""
    return line is not None and any(line.is_at(number) for number in numbers)


def _glued_to_dialled(root: End, leg: End) -> bool:
    """Return whether glue for the called one was made because of what this caller dialled."""
    return leg.tie is not None and root.destination in leg.tie.callers


def _leaves_through_glue(root: End, leg: End) -> bool:
    """Return whether a leg to the outside talks that glue was made for, by a caller unknown."""
    talks = root.row.up and leg.row.up and not leg.destination
    return (
        talks and leg.tie is not None and root.tie is None and _apart(root.row, leg.row) < MAX_ROWS
    )


def _dials_on_through_glue(root: End, leg: End) -> bool:
    """Return whether glue dials on for the caller: it was rung first, as by a program."""
    if root.tie is None or leg.line is not None:
        return False
    return leg.source in root.tie.dialled or leg.destination in root.tie.dialled


# -- rules of one style each


def _same_parties(root: End, leg: End) -> bool:
    """Return whether both ends show who calls and who is called (*parties*)."""
    same_source = _alike(root.source, leg.source)
    return same_source and _alike(root.destination, leg.destination)


def _each_shows_the_other(root: End, leg: End) -> bool:
    """Return whether each end shows the other as connected (*connected*)."""
    crossed = _alike(root.source, leg.destination)
    return crossed and _alike(root.destination, leg.source)


def _rings_for_what_was_dialled(root: End, leg: End) -> bool:
    """Return whether a called one shows itself and what its caller dialled (*own number*)."""
    if not leg.rings or not _alike(root.destination, leg.destination):
        return False
    return leg.shows_itself or (leg.line is None and leg.source == leg.destination)


def _talks_where_it_was_dialled(root: End, leg: End) -> bool:
    """Return whether a phone that shows only itself is the one that was dialled (*own number*)."""
    if not leg.answered_blankly or not root.row.up or leg.line is None:
        return False
    return root.dialled is not None and root.dialled.user == leg.line.user


def _talks_from_a_queue(root: End, leg: End) -> bool:
    """Return whether a phone shows itself and the queue that a caller from outside has dialled."""
    talks = root.row.up and leg.row.up and leg.shows_itself
    return talks and root.line is None and _alike(root.destination, leg.destination)


def _talks_after(root: End, leg: End) -> bool:
    """Return whether a phone that shows only itself may talk to this caller (*own number*)."""
    if not leg.answered_blankly or not root.row.up or root.calls() is False:
        return False
    return not root.answered_blankly and _apart(root.row, leg.row) < MAX_ROWS


def _is_paged(root: End, leg: End) -> bool:
    """Return whether the phone system called a phone by itself, on behalf of one that talks."""
    if not leg.by_itself or root.line is None or not root.row.up:
        return False
    on_behalf = root.line.is_at(compared(leg.row.account_code))
    return on_behalf and abs(older_by(root.row, leg.row)) <= SKEW


def _shows_who_comes_in(root: End, leg: End) -> bool:
    """Return whether a phone shows a caller from outside, be it with a number of ours (*parties*).

    Of others with such a number it may be that they called, or were called.
    """
    called = leg.line is not None and leg.calls() is not True
    return root.comes_in and called and _alike(root.source, leg.source)


def _called_back(root: End, leg: End) -> bool:
    """Return whether the called one shows its caller where a destination should be."""
    return _alike(root.source, leg.destination)


def _shows_only_itself(root: End, leg: End) -> bool:
    """Return whether the called one shows nothing but the number that was dialled."""
    return _alike(root.destination, leg.source) and not leg.destination


def _is_at_dialled_number(root: End, leg: End) -> bool:
    """Return whether a leg to the outside shows nothing but the whole number that a phone dialled.

    A phone that a program has rung first may have rung for any time before.
    """
    whole = len(root.destination) > EXTENSION_DIGITS
    return whole and root.line is not None and leg.line is None and _shows_only_itself(root, leg)


def _has_waited(root: End, leg: End) -> bool:
    """Return whether a phone that was called may have answered a caller who waited in a queue.

    Such a caller dialled no phone, and is older than the one that answers by any time.
    """
    waits = root.line is None and root.dialled is None and root.row.up
    return waits and leg.line is not None and leg.answered_blankly


def _leaves_for_what_was_dialled(root: End, leg: End) -> bool:
    """Return whether a leg to the outside shows what was dialled, and another caller.

    A short number is dialled by many.
    """
    dialled = leg.line is None and _alike(root.destination, leg.destination)
    return dialled and len(root.destination) > EXTENSION_DIGITS


def _is_hidden_caller_of(root: End, leg: End) -> bool:
    """Return whether a caller from outside, who shows no number, may ring a phone."""
    no_numbers = not root.source and not leg.source
    return no_numbers and root.line is None and _can_ring_for(leg)


def _passes_caller_on(root: End, leg: End) -> bool:
    """Return whether a call leaves again with its caller's number.

    Two callers of one number are two calls.
    """
    if not _alike(root.source, leg.source):
        return False
    return root.destination != leg.destination or leg.rings


def _is_sent_outside(root: End, leg: End) -> bool:
    """Return whether a caller whom our phone has left is sent to a number outside.

    The house may show its own number there. A short number is dialled by many.
    """
    sent = root.left_alone and _alike(root.destination, leg.destination)
    return sent and leg.calls() is False and len(root.destination) > EXTENSION_DIGITS


GLUED: tuple[tuple[Rule, int], ...] = (
    (_glued_to_caller, CERTAIN),
    (_dials_on_through_glue, CERTAIN),
    (_glued_to_dialled, LIKELY),
)
SURE: tuple[tuple[Rule, int], ...] = (
    (_same_parties, CERTAIN),
    # Two phones that call each other at once do so as well, in two calls.
    (_each_shows_the_other, LIKELY),
    (_rings_for_what_was_dialled, LIKELY),
    (_talks_where_it_was_dialled, LIKELY),
    (_shows_who_comes_in, LIKELY),
)
UNSURE: tuple[tuple[Rule, int], ...] = (
    (_called_back, WEAK),
    (_shows_only_itself, WEAK),
    (_leaves_for_what_was_dialled, WEAK),
    (_talks_from_a_queue, WEAK),
    (_talks_after, WEAK),
    (_is_hidden_caller_of, WEAK),
)
OUTSIDE: tuple[tuple[Rule, int], ...] = (
    (_each_shows_the_other, CERTAIN),
    (_rings_for_what_was_dialled, LIKELY),
    (_is_sent_outside, LIKELY),
    (_passes_caller_on, WEAK),
    (_shows_only_itself, WEAK),
    (_leaves_through_glue, WEAK),
)
"""In on one trunk and out on another."""


def _same_source_rank(root: End, leg: End) -> int | None:
    """Judge two legs with one caller: many lines may show one number, so the dialled one counts."""
    if leg.line is None:
        dialled_inside = not root.destination or is_extension(root.destination)
        return LIKELY if dialled_inside or not leg.destination else None
    if leg.line.is_at(leg.source):
        return None  # it rings because a call was asked for, not because of a caller
    if root.line is None and not root.from_us:
        return LIKELY
    if root.left_alone:
        return LIKELY if leg.calls() is False else None  # whoever stayed is being handed over
    if root.line is None or not _can_ring_for(leg) or not _can_ring_for(root):
        return None
    # One phone sent the call on to another; a group has a number of its own.
    return WEAK if root.to_us else LIKELY


def _can_ring_for(phone: End) -> bool:
    """Return whether a phone's leg names something inside, as one that is called does."""
    return not phone.destination or is_extension(phone.destination) or phone.to_us


# -- calls that somebody else fetches --------------------------------------------------------------


def is_just_begun(row: Row) -> bool:
    """Return whether a channel is only a few seconds old, as far as that is known."""
    return row.duration is None or row.duration <= SKEW + SKEW


def fetched(ends: Sequence[End], place: int) -> int | None:
    """Return the place of the end whose call a phone has fetched by dialling a code; else None.

    A pick-up code begins with a star and ends in the number of a phone that rings. A lot, in
    which a call is parked, has a short number that is nobody's; it is fetched at once.
    """
    end = ends[place]
    if end.line is None or not end.row.up or not end.shows_itself or end.to_us:
        return None
    if end.destination.startswith("*"):
        return _picked_up(ends, end.destination)
    if not is_just_begun(end.row) or not is_extension(end.destination):
        return None
    parked = [other for other, known in enumerate(ends) if known.parked]
    return parked[0] if len(parked) == 1 else None


def _picked_up(ends: Sequence[End], code: str) -> int | None:
    """Return the place of the phone that rings, and whose number a pick-up code ends in."""
    for place, other in enumerate(ends):
        if other.rings and other.line is not None and code.endswith(other.line.internal):
            return place
    return None
