"""Put the rows of VoIPstudio's list of calls together into calls."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from ...telephony import models as m
from ...telephony.bounded_map import BoundedMap
from ...telephony.models import UP, CallState
from ..turns import Steps, at_once
from ..values import Json, instant
from .payload import (
    MAX_DEPTH,
    MAX_ID,
    Book,
    Ends,
    ends,
    ident,
    phones,
    short,
    state,
)

REMEMBERED_LEGS = 4096
URGENCY = (CallState.RINGING, CallState.TALKING, CallState.ON_HOLD, CallState.DIALING)


class CallRow(NamedTuple):
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
    """Return the calls of a list of active calls: rows below one parent are one call.

    `roots` are the calls of legs that were told of before, and of those that are told of now.
    """
    return at_once(reading(rows, known, BoundedMap(REMEMBERED_LEGS) if roots is None else roots))


def reading(rows: Iterable[Json], known: Book, roots: BoundedMap[str]) -> Steps[tuple[m.Call, ...]]:
    """Read a list of active calls row by row and call by call, as `calls` does."""
    items: dict[str, CallRow] = {}
    for row in rows:
        if (read := read_call(row, known)) is not None:
            items[read.id] = read
        yield
    active = [item for item in items.values() if item.state is not CallState.ENDED]
    lonely = _lonely(active)
    groups: dict[str, list[CallRow]] = {}
    for item in active:
        root, certain = _root(item, items, roots)
        if not certain:
            root = lonely.get(item.ends.from_party.number) or root
        roots.put(item.id, root)
        groups.setdefault(root, []).append(item)
        yield
    found: list[m.Call] = []
    for root, group in groups.items():
        found.append(_call(root, group))
        yield
    return tuple(found)


def _lonely(active: list[CallRow]) -> Mapping[str, str]:
    """Return, by caller, the calls from outside that no phone takes part in.

    A caller with several has none (an empty text). A leg below one that nobody has heard of, of
    the same caller, is most likely where such a call has been handed to.
    """
    above = {item.parent for item in active}
    found: dict[str, str] = {}
    for item in active:
        number_ = item.ends.from_party.number
        ours = item.ends.caller or item.ends.callee
        if not number_ or ours or item.parent or item.id in above:
            continue
        found[number_] = "" if number_ in found else item.id
    return found


def _root(item: CallRow, items: Mapping[str, CallRow], roots: BoundedMap[str]) -> tuple[str, bool]:
    """Return the call a row belongs to, and whether that is more than a guess."""
    seen = [item.id]
    while (above := items[seen[-1]].parent) and len(seen) < MAX_DEPTH:
        if above in seen:
            return min(seen), True
        seen.append(above)
        if above not in items:  # it has been left, and the list has forgotten whose it was
            known = _first(roots.get(leg_id) for leg_id in reversed(seen))
            return known or above, known is not None
    return seen[-1], True


def _call(root: str, group: list[CallRow]) -> m.Call:
    """Return the call that the rows of a group are."""
    group.sort(key=lambda item: (item.id != root, len(item.id), item.id))
    first = group[0]
    rows = _telling(group)
    legs = tuple(leg for item in rows for leg in item.legs)
    states = {leg.state for leg in legs}
    up = [item for item in rows if any(leg.state in UP for leg in item.legs)]
    return m.Call(
        id=root,
        state=next(state for state in URGENCY if state in states),
        direction=_first(item.ends.direction for item in group),
        caller=first.ends.from_party,
        callee=first.ends.to_party,
        legs=legs,
        queue=_first(item.ends.queue for item in group),
        started_at=_earliest(group, "start_time"),
        answered_at=_earliest(up, "connected_at"),
        answered_by=_first(item.ends.callee.number for item in up if item.ends.callee) or None,
    )


def _first[T](found: Iterable[T | None]) -> T | None:
    """Return the first that is known; None where none is."""
    return next((item for item in found if item is not None), None)


def _earliest(items: Iterable[CallRow], name: str) -> datetime | None:
    """Return the earliest of the times that rows have under a name; None where none has any."""
    times = (instant(item.row.get(name)) for item in items)
    return min(filter(None, times), default=None)


def _telling(group: list[CallRow]) -> list[CallRow]:
    """Return the rows without those that only say what the rows below them say in detail."""
    below: dict[str, set[str | None]] = {}
    for item in group:
        below.setdefault(item.parent, set()).update(leg.extension for leg in item.legs)

    def repeats(item: CallRow) -> bool:
        """Return whether all phones of a row are in the rows below it."""
        own = {leg.extension for leg in item.legs if leg.extension is not None}
        return item.id in below and own <= below[item.id]

    return [item for item in group if not repeats(item)] or group[:1]
