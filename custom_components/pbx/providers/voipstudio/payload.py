"""What VoIPstudio lists: users, queues, sounds, and who is at the ends of a call."""

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from ...telephony import models as m
from ...telephony import phone_numbers as numbers
from ...telephony.models import EARLY, CallState, Direction
from ..values import (
    Json,
    boolean,
    cleaned,
    instant,
    integer,
    mapping,
    mappings,
    number,
    seconds,
    text,
)

LOGGER = logging.getLogger(__name__)

MAX_ID = 64
MAX_TEXT = 200
MAX_DEPTH = 32
REMEMBERED_ENDS = 256
LONGEST_ENDS = 1024
ABOUT_ENDS = (
    "src_id",
    "src",
    "src_name",
    "clid",
    "dst_id",
    "dst",
    "dst_name",
    "destination",
    "context",
)
WORDS = frozenset({str, type(None)})  # of numbers, some are equal that do not read the same
CALLER_LEG = (
    "/caller"  # an internal call is one row with two phones; the called one keeps the row's id
)

STATES: Mapping[str, CallState] = {
    "INITIAL": CallState.RINGING,
    "RINGING": CallState.RINGING,
    "RINING": CallState.RINGING,
    "CONNECTED": CallState.TALKING,
    "ACCEPTED": CallState.TALKING,
    "ON_HOLD": CallState.ON_HOLD,
    "ONHOLD": CallState.ON_HOLD,
    "HANGUP": CallState.ENDED,
    "HUNGUP": CallState.ENDED,
    "MISSED": CallState.ENDED,
    "FAILED": CallState.ENDED,
    # Nobody has published these; a number is most likely the place in the manual's list.
    "0": CallState.RINGING,
    "1": CallState.RINGING,
    "2": CallState.TALKING,
    "3": CallState.ON_HOLD,
    "4": CallState.ENDED,
}

CAUSES: Mapping[str, m.Outcome] = {
    "callrejected": m.Outcome.REJECTED,
    "rejected": m.Outcome.REJECTED,
    "decline": m.Outcome.REJECTED,
    "declined": m.Outcome.REJECTED,
    "userbusy": m.Outcome.BUSY,
    "busy": m.Outcome.BUSY,
    "busyhere": m.Outcome.BUSY,
}
"""By the letters of the cause of an end, in the words of Asterisk and of SIP."""

_MACHINE = re.compile(r"(?:queue|ivr)(?:-[0-9]{1,20})?", re.IGNORECASE)
_QUEUE = re.compile(r"(?:q|queue)-([0-9]{1,20})", re.IGNORECASE)
_CALLER_ID = re.compile(r'"?([^"<>]*)"?\s*(?:<([^<>]*)>)?')
_LETTER = re.compile(r"[^\W\d_]")
_RATE_TABLE = "(Local)"
_WORD = re.compile(r"[A-Za-z0-9_]{1,20}")


class User(NamedTuple):
    """A user of the account; `number` is the extension, or the user's id where there is none."""

    id: str
    number: str
    name: str = ""
    email: str = ""
    cli: str = ""


@dataclass(slots=True, kw_only=True)
class Book:
    """Who is who in the account; a new one is made whenever users or queues were listed.

    It remembers the ends of the rows it has read, because all messages about a call say the same.
    """

    users: Mapping[str, User] = field(default_factory=dict)
    """By id."""
    by_number: Mapping[str, User] = field(default_factory=dict)
    queues: Mapping[str, str] = field(default_factory=dict)
    """The number of each queue, by its id."""
    complete: bool = False
    """Whether all users are known, and not only one's own."""
    country: str = ""
    seen: dict[tuple[object, ...], Ends] = field(default_factory=dict, compare=False, repr=False)
    """The ends of the rows read so far."""

    def end(self, row: Json, side: str) -> User | None:
        """Give the user at one end (`src`, `dst`) of a row; None for the outside."""
        user_id = ident(row.get(f"{side}_id"))
        if user_id in self.users:
            return self.users[user_id]
        line = short(row.get(side))
        if line in self.by_number:
            return self.by_number[line]
        return User(id=user_id, number="") if user_id and not self.complete else None

    def shown(self, value: object) -> str:
        """Give a number for display; senders that are words stay words."""
        return _shown(short(value), self.country)

    def queue(self, row: Json) -> str | None:
        """Return the number of the queue in which a call waits, or its id if that is all."""
        found = _QUEUE.fullmatch(short(row.get("context")))
        return self.queues.get(found[1], found[1]) if found else None


@lru_cache(maxsize=4096)
def _shown(raw: str, country: str) -> str:
    """Return a number for display, read in a country; a sender that is a word stays one."""
    is_word = raw.isalpha() and not numbers.is_hidden(raw)
    return raw if is_word else numbers.received(raw, country)


def book(users: Iterable[Json], *, complete: bool, country: str, queues: Mapping[str, str]) -> Book:
    """Put users together for looking up."""
    known = {user.id: user for row in users if (user := read_user(row)) is not None}
    by_number = {user.number: user for user in known.values()}
    return Book(users=known, by_number=by_number, queues=queues, complete=complete, country=country)


# -- small things ----------------------------------------------------------------------------------


def ident(value: object) -> str:
    """Give an id as text; empty for none, which VoIPstudio also writes as 0."""
    if isinstance(value, bool):
        return ""
    found = text(integer(value) if isinstance(value, float) else value)
    return "" if found == "0" or len(found) > MAX_ID else found


def short(value: object, most: int = MAX_TEXT) -> str:
    """Give text of bounded length."""
    return text(value)[:most]


def letters(value: object) -> str:
    """Return the letters of a word that is written in several ways: "NO ANSWER", "No-answer"."""
    return "".join(filter(str.isalpha, short(value).lower()))


def outcome_of_cause(value: object) -> m.Outcome | None:
    """Return what became of a leg by the free text of why it ended; None where it says nothing."""
    return CAUSES.get(letters(value))


def given_name(value: object) -> str:
    """Give the name in a caller's name or caller ID string; empty where that is only a number."""
    return _given_name(short(value))


@lru_cache(maxsize=4096)
def _given_name(words: str) -> str:
    """Return the name in some words; empty where they are only a number."""
    found = _CALLER_ID.fullmatch(words)
    name = (
        (found[1] if found else words).rpartition("|")[2].strip()
    )  # a ring group may put its own name before it
    if not _LETTER.search(name) or name.endswith(_RATE_TABLE):
        return ""
    return numbers.display_name(name)


def state(value: object) -> CallState | None:
    """Read a state written as a word or a number; None for one that is not known."""
    written = text(value)
    if (known := STATES.get(written)) is not None:
        return known
    word = written.upper().replace(" ", "_").replace("-", "_")
    if word and word not in STATES:
        _tell_once(word if _WORD.fullmatch(word) else "")
    return STATES.get(word)


@lru_cache(maxsize=64)
def _tell_once(word: str) -> None:
    """Log an unknown state, once."""
    LOGGER.debug(
        "VoIPstudio sent the call state %s, which this version does not know",
        word or "(unreadable)",
    )


def party(row: Json, side: str, user: User | None, known: Book, way: Direction | None) -> m.Party:
    """Read who is at one end (`src`, `dst`) of a row."""
    raw = short(row.get(side))
    name = row.get(f"{side}_name")
    if user is not None:
        own = raw in {"", user.id} or numbers.is_hidden(raw)
        return _party(user.number if own else known.shown(raw), user.name or given_name(name))
    if side == "dst":
        # The name of an outside number is that of its rate, such as "Spain Mobile".
        return _party(known.shown(raw), "" if way is Direction.OUTGOING else given_name(name))
    if not isinstance(row.get(side), str | int | float):
        shown = short(row.get("clid"))
        raw = numbers.strip(shown)
        if not shown or not (raw.lstrip("+").isdigit() or numbers.is_hidden(shown)):
            return m.Party()
        name, raw = shown, shown if numbers.is_hidden(shown) else raw
    if numbers.is_hidden(raw):
        return m.Party(hidden=True)
    return _party(known.shown(raw), given_name(name) or given_name(row.get("clid")))


@lru_cache(maxsize=1024)
def _party(number: str, name: str) -> m.Party:
    """Make a party, and not another one for each message about its call."""
    return m.Party(number=number, name=name)


def direction(row: Json, caller: User | None, callee: User | None) -> Direction | None:
    """Tell which way a row's call goes."""
    way = text(row.get("destination")).lower()
    if caller is not None:
        return Direction.INTERNAL if callee is not None or way == "in" else Direction.OUTGOING
    if callee is not None:
        return Direction.INCOMING
    return {"in": Direction.INCOMING, "out": Direction.OUTGOING}.get(way)


# -- calls -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """The two ends of a call row or call event, and what they are doing."""

    caller: User | None
    callee: User | None
    direction: Direction | None
    from_party: m.Party
    to_party: m.Party
    queue: str | None
    waits: bool = False
    """Whether the caller is alone with a queue or a menu, and not with a phone of ours."""


def ends(row: Json, known: Book) -> Ends:
    """Return both ends of a row, which are read once while all rows of a call say the same."""
    said = tuple(map(row.get, ABOUT_ENDS))
    if not WORDS.issuperset(map(type, said)):
        return _ends(row, known)
    found = known.seen.get(said)
    if found is None:
        found = _ends(row, known)
        if len(known.seen) == REMEMBERED_ENDS:
            known.seen.clear()
        if len(str(said)) <= LONGEST_ENDS:
            known.seen[said] = found
    return found


def _ends(row: Json, known: Book) -> Ends:
    """Return both ends of a row."""
    caller, callee = known.end(row, "src"), known.end(row, "dst")
    way = direction(row, caller, callee)
    queue = known.queue(row)
    return Ends(
        caller=caller,
        callee=callee,
        direction=way,
        from_party=party(row, "src", caller, known, way),
        to_party=party(row, "dst", callee, known, way),
        queue=queue,
        waits=callee is None and _is_machine(row, queue),
    )


def _is_machine(row: Json, queue: str | None) -> bool:
    """Return whether it is a queue or a menu that takes a call, and not a person."""
    return queue is not None or bool(_MACHINE.fullmatch(short(row.get("context"))))


def phones(
    leg_id: str, doing: CallState, both: Ends, *, child: bool
) -> tuple[tuple[str, User | None, CallState], ...]:
    """Give the legs of a row: id, user (None for the outside) and state.

    A dialled call has the leg of the user's phone and, below it, one of the called party.
    """
    if both.waits and doing is CallState.TALKING:
        doing = CallState.RINGING  # a queue that plays music has not answered
    early = doing in EARLY
    if both.callee is not None:
        called = (leg_id, both.callee, CallState.RINGING if early else doing)
        if both.caller is None:
            return (called,)
        return called, (leg_id + CALLER_LEG, both.caller, CallState.DIALING if early else doing)
    if both.caller is not None and both.direction is Direction.OUTGOING:
        return ((leg_id, None if child else both.caller, CallState.DIALING if early else doing),)
    if both.caller is not None:
        return ((leg_id, both.caller, CallState.DIALING if early else doing),)
    return (
        (
            leg_id,
            None,
            CallState.DIALING if early and both.direction is Direction.OUTGOING else doing,
        ),
    )


# -- who and what there is -------------------------------------------------------------------------


def read_user(row: Json) -> User | None:
    """Read who a user is; None for a row without an id."""
    user_id = ident(row.get("id"))
    if not user_id:
        return None
    name = f"{short(row.get('first_name'))} {short(row.get('last_name'))}".strip()
    number_ = short(row.get("ext"), MAX_ID) or user_id
    return User(
        id=user_id,
        number=number_,
        name=name,
        email=short(row.get("email")),
        cli=short(row.get("cli"), MAX_ID),
    )


def extensions(rows: Iterable[Json], known: Book) -> tuple[m.Extension, ...]:
    """Return the users whose phones may ring and who have an extension."""
    found: dict[str, m.Extension] = {}
    for row in rows:
        user = read_user(row)
        if (
            user is None
            or boolean(row.get("active")) is False
            or (known.complete and user.number == user.id)
        ):
            continue
        shown = known.shown(user.cli)
        found[user.number] = m.Extension(
            number=user.number,
            name=user.name,
            id=user.id,
            # More than none says nothing: phones that were set up are counted.
            registered=False if number(row.get("nb_sip_locations")) == 0 else None,
            dnd=boolean(row.get("dnd")),
            email=user.email,
            outbound_numbers=(m.OutboundNumber(number=shown, selected=True),) if shown else (),
        )
    return tuple(found.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A queue with its members as they were sent: id as it came, joined, row."""

    id: str
    number: str
    name: str
    members: tuple[tuple[str, bool | None, Json], ...]
    row: Json

    @property
    def joined(self) -> Mapping[str, bool]:
        """Who is known to have joined or left."""
        return {user_id: status for user_id, status, _ in self.members if status is not None}


def read_queue(row: Json) -> QueueRow | None:
    """Read a queue; None for a row without an id."""
    queue_id = ident(row.get("id"))
    if not queue_id:
        return None
    members = row.get("users")
    rows = (
        [mapping(item) or {"id": item} for item in members]
        if isinstance(members, list)
        else mappings(members)
    )
    return QueueRow(
        id=queue_id,
        number=ident(row.get("number")) or queue_id,
        name=short(row.get("name")),
        members=tuple(
            (key, boolean(item.get("status")), item)
            for item in rows
            if (key := ident(item.get("id")))
        ),
        row=row,
    )


def queue(item: QueueRow) -> m.Queue:
    """Describe a queue; the numbers of those who wait are nowhere to be had."""
    joined = item.joined
    return m.Queue(
        id=item.id,
        name=item.name,
        number=item.number,
        agents_logged_in=sum(joined.values()) if len(joined) == len(item.members) else None,
        members=joined,
        raw=mapping(cleaned(item.row)),
    )


def agents(queues: Iterable[QueueRow], known: Book) -> tuple[m.Agent, ...]:
    """Read the agents, who are the members of the queues."""
    rows: dict[str, Json] = {}
    joined: dict[str, dict[str, bool]] = {}
    for item in queues:
        for user_id, status, row in item.members:
            rows[user_id] = {**rows.get(user_id, {}), **row}
            places = joined.setdefault(user_id, {})
            if status is not None:
                places[item.number] = status
    return tuple(
        _agent(user_id, rows[user_id], places, known) for user_id, places in joined.items()
    )


def _agent(user_id: str, row: Json, places: Mapping[str, bool], known: Book) -> m.Agent:
    """Return an agent; `places` says which queues it is in, and whether it has joined."""
    user = known.users.get(user_id)
    name = f"{short(row.get('first_name'))} {short(row.get('last_name'))}".strip()
    logged_in = any(places.values()) if places else None
    status = (
        None
        if logged_in is None
        else m.AgentStatus.AVAILABLE
        if logged_in
        else m.AgentStatus.LOGGED_OUT
    )
    return m.Agent(
        id=user_id,
        name=(user.name if user else "") or name,
        number=user.number if user else user_id,
        extension=user.number if user else None,
        status=status,
        logged_in=logged_in,
        queues=places,
        raw={"queues": dict(places)},
    )


# -- contacts, recordings, voicemail ---------------------------------------------------------------


def recording(row: Json, known: Book) -> m.MediaItem | None:
    """Read a recording; None for a row without an id."""
    return _sound(row, known, m.MediaKind.RECORDING, "called", "timestamp")


def voicemail(row: Json, known: Book) -> m.MediaItem | None:
    """Read a voicemail; None for a row without an id."""
    return _sound(row, known, m.MediaKind.VOICEMAIL, "dialled", "origtime")


def _sound(row: Json, known: Book, kind: m.MediaKind, callee: str, time: str) -> m.MediaItem | None:
    """Return one sound; None for a row without an id."""
    item_id = ident(row.get("id"))
    if not item_id:
        return None
    return m.MediaItem(
        id=item_id,
        kind=kind,
        caller=known.shown(row.get("caller")),
        callee=known.shown(row.get(callee)),
        time=instant(row.get(time)),
        duration=seconds(row.get("duration")),
        size=integer(row.get("size")),
        unread=boolean(row.get("is_new")),
    )
