"""Put the rows of VoIPstudio's list of calls together into calls."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...telephony import models as m
from ...telephony.bounded_map import BoundedMap
from ...telephony.models import UP, CallState
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
