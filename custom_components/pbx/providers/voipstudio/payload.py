"""Read what VoIPstudio lists: rows of calls, users, queues, call records, contacts and sounds become models."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ...telephony import models as m
from ...telephony import phone_numbers as numbers
from ...telephony.bounded_map import BoundedMap
from ...telephony.models import EARLY, UP, CallState, Direction, Outcome
from ..values import Json, boolean, instant, integer, mapping, mappings, number, text, texts

LOGGER = logging.getLogger(__name__)

MAX_ID = 64
MAX_TEXT = 200
MAX_DEPTH = 32
REMEMBERED_LEGS = 4096
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
    # Nobody has published these; should a number ever come, it is most likely the place in the manual's list.
    "0": CallState.RINGING,
    "1": CallState.RINGING,
    "2": CallState.TALKING,
    "3": CallState.ON_HOLD,
    "4": CallState.ENDED,
}
URGENCY = (CallState.RINGING, CallState.TALKING, CallState.ON_HOLD, CallState.DIALING)
OUTCOMES = {"CONNECTED": Outcome.ANSWERED, "BUSY": Outcome.BUSY, "FAILED": Outcome.FAILED}

_QUEUE = re.compile(r"(?:q|queue)-([0-9]{1,20})", re.IGNORECASE)
_CALLER_ID = re.compile(r'"?([^"<>]*)"?\s*(?:<([^<>]*)>)?')
_LETTER = re.compile(r"[^\W\d_]")
_DIALLED = re.compile(r"\+?[0-9\s\-./()]+")
_RATE_TABLE = "(Local)"
_WORD = re.compile(r"[A-Za-z0-9_]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user of the account; `number` is the extension, or the user's id where there is none."""

    id: str
    number: str
    name: str = ""
    email: str = ""
    cli: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Who is who in the account; `complete` says that all users are known, and not only one's own."""

    users: Mapping[str, User] = field(default_factory=dict)
    by_number: Mapping[str, User] = field(default_factory=dict)
    queues: Mapping[str, str] = field(default_factory=dict)  # id -> number
    complete: bool = False
    country: str = ""
    seen: dict[tuple[object, ...], Ends] = field(
        default_factory=dict, compare=False, repr=False
    )  # lately

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
        return _shown(short(value, MAX_ID), self.country)

    def queue(self, row: Json) -> str | None:
        """Give the number of the queue in which a row's call waits, or its id while the number is unknown."""
        found = _QUEUE.fullmatch(short(row.get("context")))
        return self.queues.get(found[1], found[1]) if found else None


@lru_cache(maxsize=4096)
def _shown(raw: str, country: str) -> str:
    return (
        numbers.received(raw, country)
        if _DIALLED.fullmatch(raw) or raw[:4].lower() == "tel:"
        else raw
    )


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


def given_name(value: object) -> str:
    """Give the name in a caller's name or caller ID string; empty where that is only a number."""
    return _given_name(short(value))


@lru_cache(maxsize=4096)
def _given_name(words: str) -> str:
    found = _CALLER_ID.fullmatch(words)
    name = (
        (found[1] if found else words).rpartition("|")[2].strip()
    )  # a ring group may put its own name before it
    hidden = numbers.is_hidden(name) or not _LETTER.search(name) or name.endswith(_RATE_TABLE)
    return "" if hidden else name


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
    LOGGER.debug(
        "VoIPstudio sent the call state %s, which this version does not know",
        word or "(unreadable)",
    )


def party(row: Json, side: str, user: User | None, known: Book, way: Direction | None) -> m.Party:
    """Read who is at one end (`src`, `dst`) of a row."""
    raw = short(row.get(side), MAX_ID)
    name = row.get(f"{side}_name")
    if user is not None:
        own = raw in {"", user.id} or numbers.is_hidden(raw)
        return _party(user.number if own else known.shown(raw), user.name or given_name(name))
    if side == "dst":
        # The name of an outside number is that of its rate, such as "Spain Mobile".
        return _party(known.shown(raw), "" if way is Direction.OUTGOING else given_name(name))
    if not isinstance(row.get(side), str | int | float):
        found = _CALLER_ID.fullmatch(short(row.get("clid")))
        raw = (found[2] or "") if found else ""
        return _party(known.shown(raw), given_name(row.get("clid"))) if raw else m.Party()
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


def ends(row: Json, known: Book) -> Ends:
    """Read both ends of a row, once while all rows and messages about a call say the same of them."""
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
    caller, callee = known.end(row, "src"), known.end(row, "dst")
    way = direction(row, caller, callee)
    return Ends(
        caller=caller,
        callee=callee,
        direction=way,
        from_party=party(row, "src", caller, known, way),
        to_party=party(row, "dst", callee, known, way),
        queue=known.queue(row),
    )


def phones(
    leg_id: str, doing: CallState, both: Ends, *, child: bool
) -> tuple[tuple[str, User | None, CallState], ...]:
    """Give the legs of a row: id, user (None for the outside) and state.

    A dialled call has the leg of the user's phone and, below it, one of the called party.
    """
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
    if both.queue is not None and doing is CallState.TALKING:
        doing = CallState.RINGING  # a queue that plays music has not answered
    return (
        (
            leg_id,
            None,
            CallState.DIALING if early and both.direction is Direction.OUTGOING else doing,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """A row of the list of active calls."""

    id: str
    parent: str
    state: CallState
    ends: Ends
    row: Json

    @property
    def legs(self) -> tuple[m.Leg, ...]:
        """The legs this row tells of."""
        context = short(self.row.get("context"), MAX_ID)
        return tuple(
            m.Leg(
                id=leg_id,
                state=doing,
                extension=user.number or None if user else None,
                context=context,
            )
            for leg_id, user, doing in phones(
                self.id, self.state, self.ends, child=bool(self.parent)
            )
        )


def read_call(row: Json, known: Book) -> CallRow | None:
    """Read one row of the list of active calls; None for one without an id."""
    call_id = ident(row.get("id"))
    if not call_id:
        return None
    doing = state(row.get("state"))
    if doing is None:
        doing = CallState.TALKING if instant(row.get("connected_at")) else CallState.RINGING
    return CallRow(
        id=call_id, parent=ident(row.get("parent_id")), state=doing, ends=ends(row, known), row=row
    )


def calls(
    rows: Iterable[Json], known: Book, roots: BoundedMap[str] | None = None
) -> tuple[m.Call, ...]:
    """Put the rows of the list of active calls together: rows below one parent are one call.

    `roots` are the calls of legs that were told of before, and of those that are told of now.
    """
    roots = BoundedMap(REMEMBERED_LEGS) if roots is None else roots
    items = {item.id: item for row in rows if (item := read_call(row, known)) is not None}
    active = [item for item in items.values() if item.state is not CallState.ENDED]
    lonely = _lonely(active)
    groups: dict[str, list[CallRow]] = {}
    for item in active:
        root, certain = _root(item, items, roots)
        if not certain:
            root = lonely.get(item.ends.from_party.number) or root
        roots.put(item.id, root)
        groups.setdefault(root, []).append(item)
    return tuple(_call(root, group) for root, group in groups.items())


def _lonely(active: list[CallRow]) -> Mapping[str, str]:
    """Give, by caller, the calls from outside that no phone takes part in, where a caller has only one.

    A leg below one that nobody has heard of, of the same caller, is most likely where such a call has been handed to.
    """
    above = {item.parent for item in active}
    found: dict[str, str] = {}
    for item in active:
        number_ = item.ends.from_party.number
        if (
            number_
            and not item.parent
            and item.id not in above
            and item.ends.caller is item.ends.callee is None
        ):
            found[number_] = "" if number_ in found else item.id
    return found


def _root(item: CallRow, items: Mapping[str, CallRow], roots: BoundedMap[str]) -> tuple[str, bool]:
    """Name the call a row belongs to, and tell whether that is more than a guess."""
    seen = [item.id]
    while (above := items[seen[-1]].parent) and len(seen) < MAX_DEPTH:
        if above in seen:
            return min(seen), True
        seen.append(above)
        if above not in items:  # it has been left, and the list has forgotten whose it was
            known = next(
                (root for leg_id in reversed(seen) if (root := roots.get(leg_id)) is not None), None
            )
            return known or above, known is not None
    return seen[-1], True


def _call(root: str, group: list[CallRow]) -> m.Call:
    group.sort(key=lambda item: (item.id != root, len(item.id), item.id))
    first = group[0]
    rows = _telling(group)
    legs = tuple(leg for item in rows for leg in item.legs)
    up = [item for item in rows if any(leg.state in UP for leg in item.legs)]
    answered_by = next(
        (item.ends.callee.number for item in up if item.ends.callee is not None), None
    )
    return m.Call(
        id=root,
        state=next(state for state in URGENCY if any(leg.state is state for leg in legs)),
        direction=next(
            (item.ends.direction for item in group if item.ends.direction is not None), None
        ),
        caller=first.ends.from_party,
        callee=first.ends.to_party,
        legs=legs,
        queue=next((item.ends.queue for item in group if item.ends.queue is not None), None),
        started_at=min(
            (at for item in group if (at := instant(item.row.get("start_time")))), default=None
        ),
        answered_at=min(
            (at for item in up if (at := instant(item.row.get("connected_at")))), default=None
        ),
        answered_by=answered_by or None,
    )


def _telling(group: list[CallRow]) -> list[CallRow]:
    """Leave out the rows that only say what the rows below them say in detail."""
    below: dict[str, set[str | None]] = {}
    for item in group:
        below.setdefault(item.parent, set()).update(leg.extension for leg in item.legs)

    def repeats(item: CallRow) -> bool:
        own = {leg.extension for leg in item.legs if leg.extension is not None}
        return item.id in below and own <= below[item.id]

    return [item for item in group if not repeats(item)] or group[:1]


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
    """Read the users whose phones may ring and who have an extension; of oneself alone that may not be told."""
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
            # More than none says nothing: phones that were set up are counted, not phones that are there.
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
        raw=item.row,
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


# -- finished calls --------------------------------------------------------------------------------


def records(rows: Iterable[Json], known: Book) -> Iterator[tuple[m.CallRecord, tuple[Json, ...]]]:
    """Put the legs of finished calls together, each with the rows it was made of."""
    groups: dict[str, list[Json]] = {}
    for row in rows:
        if key := root_of_record(row):
            groups.setdefault(key, []).append(row)
    for key, group in groups.items():
        yield _record(key, group, known), tuple(group)


def root_of_record(row: Json) -> str:
    """Name the call to which a leg of a finished call belongs."""
    names = ("root_live_id", "parent_live_id", "live_id")
    found = next((key for name in names if (key := ident(row.get(name)))), "")
    return found or (f"record {own}" if (own := ident(row.get("id"))) else "")


def _record(key: str, group: list[Json], known: Book) -> m.CallRecord:
    main = next(
        (row for row in group if boolean(row.get("is_root"))),
        next((row for row in group if ident(row.get("live_id")) == key), group[0]),
    )
    both = ends(main, known)
    way = both.direction or {
        "I": Direction.INCOMING,
        "M": Direction.INCOMING,
        "O": Direction.OUTGOING,
    }.get(text(main.get("type")).upper())
    below = [row for row in group if row is not main]
    # Of a call placed by API the first row is the caller's own phone, whose pick-up is no answer.
    other = below[0] if below and way is Direction.OUTGOING else main
    taken = next((row for row in below if _outcome(row, way) is Outcome.ANSWERED), other)
    outcome = _outcome(taken, way)
    answered = outcome is Outcome.ANSWERED
    started, length, talk = (
        instant(main.get("calldate")),
        number(main.get("duration")),
        number(taken.get("billsec")),
    )
    ring = length - talk if length is not None and talk is not None and length >= talk else None
    picked = known.end(taken, "dst") if answered and way is not Direction.OUTGOING else None
    user = (both.caller if way is Direction.OUTGOING else both.callee) or picked or both.caller
    begun = started.timestamp() if started else None
    return m.CallRecord(
        id=ident(main.get("id")),
        call_id=None if key.startswith("record ") else key,
        direction=way,
        outcome=outcome,
        caller=both.from_party,
        callee=both.to_party,
        extension=user.number or None if user else None,
        answered_by=picked.number or None if picked else None,
        answered_by_number=picked.number or None if picked else None,
        answered_by_name=picked.name or None if picked else None,
        started_at=started,
        answered_at=instant(begun + ring)
        if answered and begun is not None and ring is not None
        else None,
        ended_at=instant(begun + length) if begun is not None and length is not None else None,
        ring_time=ring,
        duration=talk if answered else None,
        hangup_cause=short(main.get("t_cause")) or None,
        details={"labels": labels}
        if (labels := tuple(short(label) for label in texts(main.get("labels"))))
        else {},
    )


def _outcome(row: Json, way: Direction | None) -> Outcome:
    if text(row.get("type")).upper() == "M":
        return Outcome.MISSED
    word = text(row.get("disposition")).upper().replace("_", " ")
    if word == "NO ANSWER":
        return Outcome.CANCELLED if way is Direction.OUTGOING else Outcome.MISSED
    return OUTCOMES.get(word, Outcome.UNKNOWN)


# -- contacts, recordings, voicemail ---------------------------------------------------------------

PHONE_KEYS = ("tel", "tel_1", "tel_2", "mobile", "mobile_1", "mobile_2")


def contact(row: Json, known: Book) -> m.Contact | None:
    """Read a contact; None for a row without an id."""
    contact_id = ident(row.get("id"))
    if not contact_id:
        return None
    phone_numbers = tuple(
        dict.fromkeys(shown for key in PHONE_KEYS if (shown := known.shown(row.get(key))))
    )
    groups = tuple(short(item) for item in texts(row.get("groups"))) or tuple(
        filter(None, [_word(row, "group_name")])
    )
    email = _word(row, "email")
    return m.Contact(
        id=contact_id,
        first_name=_word(row, "first_name"),
        last_name=_word(row, "last_name"),
        number=next(iter(phone_numbers), None),
        numbers=phone_numbers or None,
        email=email,
        emails=(email,) if email else None,
        company=_word(row, "company"),
        groups=groups or None,
        notes=short(row.get("notes"), 10 * MAX_TEXT) or None,
    )


def _word(row: Json, key: str) -> str | None:
    return short(row.get(key)) or None


def recording(row: Json, known: Book) -> m.MediaItem | None:
    """Read a recording; None for a row without an id."""
    return _sound(row, known, m.MediaKind.RECORDING, "called", "timestamp")


def voicemail(row: Json, known: Book) -> m.MediaItem | None:
    """Read a voicemail; None for a row without an id."""
    return _sound(row, known, m.MediaKind.VOICEMAIL, "dialled", "origtime")


def _sound(row: Json, known: Book, kind: m.MediaKind, callee: str, time: str) -> m.MediaItem | None:
    item_id = ident(row.get("id"))
    if not item_id:
        return None
    return m.MediaItem(
        id=item_id,
        kind=kind,
        caller=known.shown(row.get("caller")),
        callee=known.shown(row.get(callee)),
        time=instant(row.get(time)),
        duration=number(row.get("duration")),
        size=integer(row.get("size")),
        unread=boolean(row.get("is_new")),
    )
