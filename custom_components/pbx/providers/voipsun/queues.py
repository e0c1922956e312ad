"""How a queue of a VoIPSUN PBX does, out of an answer whose shape is not published.

Pure. Fields are known by what they are called, wherever they are; what is not there is unknown.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ...telephony import models as m
from ..values import Json, boolean, number, of_calls
from .payload import amount_of, bare, clean, line


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueReading:
    """A queue as it was answered.

    `channels` wait in it; `paused` says of known agents whether they are.
    """

    queue: m.Queue
    channels: tuple[str, ...] = ()
    paused: Mapping[str, bool] = field(default_factory=dict)


@dataclass(slots=True)
class _Parts:
    """An answer about a queue, sorted."""

    figures: dict[str, object] = field(default_factory=dict)
    callers: list[Json] = field(default_factory=list)
    members: list[Json] = field(default_factory=list)
    lists_callers: bool = False


_CALLER_KEYS = frozenset({"wait", "position"})
_MEMBER_KEYS = frozenset({"paused", "penalty", "callstaken"})
_AWAY = frozenset({4, 5})  # device states: invalid, unavailable
_FREE = 1
_PERCENT = 100
_FIGURES = {
    "waiting": ("calls", "callers", "waiting", "waitingcallers", "callerswaiting", "callswaiting"),
    "average_wait": (
        "holdtime",
        "avgwait",
        "waittime",
        "averagewait",
        "avgholdtime",
        "avgwaittime",
    ),
    "longest_wait": ("longestholdtime", "maxwait", "longestwait", "maxwaittime"),
    "service_level": ("servicelevelperf", "servicelevel", "sla"),
    "answered": ("completed", "answered"),
    "abandoned": ("abandoned", "lost"),
    "agents_logged_in": ("loggedin", "agentsloggedin"),
    "agents_available": ("available", "agentsavailable"),
}


def queue_reading(
    user_queue: m.UserQueue,
    answer: object,
    agents: Mapping[str, str],
    secrets: Collection[str] = (),
) -> QueueReading:
    """Return how a queue is doing, by what the fields are called, wherever they are.

    `agents` has the ids of agents by number and by name, in small letters.
    """
    shown = clean(answer, secrets)
    raw = shown if isinstance(shown, dict) else {"answer": shown}
    parts = _Parts()
    _collect(raw, parts, row_like=False)
    found = {name: _figure(parts, keys) for name, keys in _FIGURES.items()}
    _count_callers(parts, found)
    _count_members(parts, found)
    members, paused = _members(parts, agents)
    queue = m.Queue(
        id=user_queue.id,
        name=user_queue.name,
        waiting=_whole(found["waiting"]),
        longest_wait=found["longest_wait"],
        average_wait=found["average_wait"],
        agents_logged_in=_whole(found["agents_logged_in"]),
        agents_available=_whole(found["agents_available"]),
        service_level=of_calls(
            _service_level(parts, found["service_level"]), found["answered"], found["abandoned"]
        ),
        answered=_whole(found["answered"]),
        abandoned=_whole(found["abandoned"]),
        members=members,
        strangers=_strangers(parts, agents),
        raw={key: value for key, value in raw.items() if key != "success"},
    )
    channels = (line(_field(caller, "channel")) for caller in parts.callers)
    return QueueReading(queue=queue, channels=tuple(filter(None, channels)), paused=paused)


def _count_callers(parts: _Parts, found: dict[str, float | None]) -> None:
    """Add the figures that the list of callers tells, where the answer has none."""
    if not parts.callers and not parts.lists_callers:
        return
    if found["waiting"] is None:
        found["waiting"] = len(parts.callers)
    waits = [amount_of(_field(caller, "wait")) for caller in parts.callers]
    known = [wait for wait in waits if wait is not None]
    if found["longest_wait"] is None and len(known) == len(waits):
        found["longest_wait"] = max(known, default=0.0)


def _count_members(parts: _Parts, found: dict[str, float | None]) -> None:
    """Add the figures that the list of members tells, where the answer has none."""
    states = []
    for member in parts.members:
        state, rests = number(_field(member, "status")), boolean(_field(member, "paused"))
        if state is None or rests is None:
            return
        states.append((state, rests))
    if not states:
        return
    if found["agents_logged_in"] is None:
        found["agents_logged_in"] = sum(state not in _AWAY for state, _ in states)
    if found["agents_available"] is None:
        found["agents_available"] = states.count((_FREE, False))


def _service_level(parts: _Parts, level: float | None) -> float | None:
    """Return the share of calls answered in time, in percent; None where it is not measured."""
    if level is None or level > _PERCENT:
        return None
    # A queue whose target is 0 seconds measures none.
    measured = amount_of(parts.figures.get("servicelevel")) != 0
    return level if level or measured else None


def _collect(value: object, parts: _Parts, *, row_like: bool) -> None:
    """Sort an answer into callers, members and figures.

    Only what is among others of its kind can be a row.
    """
    if isinstance(value, list):
        for entry in value:
            _collect(entry, parts, row_like=True)
    if not isinstance(value, dict):
        return
    keys = {bare(key) for key in value}
    if row_like and keys & _CALLER_KEYS:
        parts.callers.append(value)
        return
    if row_like and keys & _MEMBER_KEYS:
        parts.members.append(value)
        return
    among = bool(value) and all(isinstance(entry, dict) for entry in value.values())
    for key, entry in value.items():
        name = bare(key)
        if isinstance(entry, dict | list):
            parts.lists_callers = parts.lists_callers or (not entry and name in _FIGURES["waiting"])
            _collect(entry, parts, row_like=among)
        else:
            parts.figures.setdefault(name, entry)


def _figure(parts: _Parts, keys: tuple[str, ...]) -> float | None:
    """Return the first figure that has one of these names."""
    for key in keys:
        found = amount_of(parts.figures.get(key))
        if found is not None:
            return found
    return None


def _strangers(parts: _Parts, agents: Mapping[str, str]) -> dict[str, str]:
    """Return the members that are agents, but none of the known ones: names by number."""
    found: dict[str, str] = {}
    for member in parts.members:
        kind, number_ = _reached(member)
        name = line(_field(member, "name"))
        if kind.lower() == "agent" and number_.isdecimal() and number_ not in agents:
            found[number_] = "" if name in (number_, _interface(member)) else name
    return found


def _interface(member: Json) -> str:
    """Return by what a queue reaches a member, as `Agent/1000` or `Local/1000@agents/n`."""
    return line(_field(member, "interface") or _field(member, "location"))


def _reached(member: Json) -> tuple[str, str]:
    """Return the technology and the number, or the name, of what a queue reaches a member by."""
    kind, _, seat = _interface(member).partition("/")
    return kind, seat.partition("@")[0]


def _members(parts: _Parts, agents: Mapping[str, str]) -> tuple[dict[str, bool], dict[str, bool]]:
    """Return which of the known agents are logged in, and which are paused, by id."""
    logged_in: dict[str, bool] = {}
    paused: dict[str, bool] = {}
    for member in parts.members:
        names = (_reached(member)[1], line(_field(member, "name")))
        agent = next((agents[name] for name in map(str.lower, names) if name in agents), None)
        if agent is None:
            continue
        logged_in[agent] = number(_field(member, "status")) not in _AWAY
        rest = boolean(_field(member, "paused"))
        if rest is not None:
            paused[agent] = rest
    return logged_in, paused


def _field(item: Json, name: str) -> object:
    """Return the value of a field, however its name is written; None where there is none."""
    for key, value in item.items():
        if bare(key) == name:
            return value
    return None


def _whole(value: float | None) -> int | None:
    """Return a figure as a whole number."""
    return None if value is None else int(value)
