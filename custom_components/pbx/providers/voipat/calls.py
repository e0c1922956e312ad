"""The switch's channels, one per leg, turned into calls as people see them.

Pure. The switch tells directions from its own viewpoint, lists pseudo-channels, begins calls by
itself, and shows the channels of other tenants.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ...telephony import models as m
from ...telephony.bounded_map import BoundedMap
from ...telephony.models import CallState, Direction
from ...telephony.phone_numbers import same
from ..turns import Steps, at_once
from ..values import Json, instant, number
from .payload import PlacedCall, Tenant, name_of, party, word

ANSWERED = frozenset({"ACTIVE", "HELD", "UNHELD"})
ALERTING = frozenset({"RINGING", "EARLY", "RING_WAIT"})
OVER = "HANGUP"
TRUNKS = ("sofia/external", "sofia/gateway")
MACHINES = frozenset({"callcenter", "conference", "ivr", "playback", "voicemail"})
PARKING = frozenset({"park", "valet_park"})
SPYING = frozenset({"eavesdrop", "userspy"})
CONFERENCE = "conference"
MOST_ALIKE = 64  # callers who show one number, of whom a phone may ring for each


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The calls that are up, to which call each leg belongs, and the extensions that took part."""

    calls: tuple[m.Call, ...] = ()
    call_of: Mapping[str, str] = field(default_factory=dict)
    extensions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One channel.

    `extension` is the tenant's phone on it, `loopback` the number a pseudo-channel stands for.
    """

    uuid: str
    call_uuid: str
    outbound: bool
    state: str
    extension: str | None
    ours: bool
    loopback: str
    loopback_side: str
    caller: str
    caller_name: str
    dialled: str
    callee: str
    callee_name: str
    created: float
    application: str
    context: str
    account_code: str
    room: str
    """The conference that it is in; empty for none."""
    meets: bool = False
    """Whether there is somebody else in that conference."""

    @property
    def answered(self) -> bool:
        """Whether somebody, or something, has picked up."""
        return self.state in ANSWERED


def read_channels(
    rows: Collection[Json],
    tenant: Tenant,
    placed: BoundedMap[PlacedCall],
    call_of: BoundedMap[str],
) -> Snapshot:
    """Return the calls of a list of channels; `call_of` has the former call of each leg."""
    return at_once(reading(rows, tenant, placed, call_of))


def reading(
    rows: Collection[Json],
    tenant: Tenant,
    placed: BoundedMap[PlacedCall],
    call_of: BoundedMap[str],
) -> Steps[Snapshot]:
    """Read a list of channels row by row and call by call, as `read_channels` does."""
    read: dict[str, _Row] = {}
    for item in rows:
        if (found := _row(item, tenant)) is not None:
            read[found.uuid] = found
        yield
    together = yield from _groups(_met(list(read.values())), call_of)
    groups = [group for group in together if any(row.ours for row in group)]
    home = {row.uuid: index for index, group in enumerate(groups) for row in group}
    calls: dict[str, m.Call] = {}
    legs: dict[str, str] = {}
    for index, group in enumerate(groups):
        yield
        real = [row for row in group if not row.loopback]
        if not real:
            continue
        first = _initiator(real, placed, through=len(real) < len(group))
        inherited = _inherited_id(real, index, home, calls, call_of)
        call_id = inherited or _new_id(first, real, placed, calls)
        legs |= dict.fromkeys((row.uuid for row in group), call_id)
        loopbacks = [row for row in group if row.loopback]
        call = _call(call_id, first, real, loopbacks, tenant, placed)
        if call is None:
            continue
        was_left = inherited in call_of and inherited not in home
        if was_left and (first is None or first.outbound):
            # Whoever began the call has left it: what is known of the call is truer than what its
            # rest looks like.
            call = _without_sides(call)
        calls[call_id] = call
    extensions = frozenset(row.extension for row in read.values() if row.extension)
    return Snapshot(calls=tuple(calls.values()), call_of=legs, extensions=extensions)


def _inherited_id(
    rows: list[_Row],
    index: int,
    home: Mapping[str, int],
    taken: Collection[str],
    call_of: BoundedMap[str],
) -> str:
    """Return the call to which a group of legs belonged before; empty where there is none.

    After an unbridge both legs remember the same call; it stays with the leg that began it. `home`
    says in which group each leg is now.
    """
    named = []
    for row in rows:
        call_id = call_of.get(row.uuid)
        if call_id is None or call_id in taken or home.get(call_id, index) != index:
            continue
        named.append(call_id)
    return min(named, key=lambda call_id: call_id not in home, default="")


def _new_id(
    first: _Row | None, rows: list[_Row], placed: BoundedMap[PlacedCall], taken: Collection[str]
) -> str:
    """Return the id of a call: that of the leg that began it, as the switch names it."""
    if first is not None and first.uuid in placed:
        return first.uuid
    return next((row.call_uuid for row in rows if row.call_uuid not in taken), rows[0].uuid)


def _row(item: Json, tenant: Tenant) -> _Row | None:
    """Return one channel; None for one that is over, has no id, or only listens to others."""
    uuid, state = word(item.get("uuid")), word(item.get("callstate")).upper()
    application = word(item.get("application")).lower()
    if not uuid or state == OVER or application in SPYING:
        return None
    name, presence = word(item.get("name")), word(item.get("presence_id"))
    context, account_code = word(item.get("context")), word(item.get("accountcode"))
    outbound = word(item.get("direction")).lower() == "outbound"
    caller = word(item.get("cid_num")) or word(item.get("caller_id_number"))
    dialled = word(item.get("dest")) or word(item.get("destination_number"))
    user, _, presence_domain = presence.rpartition("@")
    loopback = re.fullmatch(r"loopback/(.*?)(?:-([ab]))?", name)
    extension: str | None = user if user and tenant.owns(presence_domain) else None
    if extension is None and not presence:
        extension = _fallback_extension(name, dialled, tenant, outbound=outbound)
    return _Row(
        uuid=uuid,
        call_uuid=word(item.get("call_uuid")) or uuid,
        outbound=outbound,
        state=state,
        extension=None if loopback else extension,
        ours=any(tenant.owns(domain) for domain in (presence_domain, context, account_code)),
        loopback=(loopback[1] or name) if loopback else "",
        loopback_side=(loopback[2] or "") if loopback else "",
        caller=caller,
        caller_name=word(item.get("cid_name")) or word(item.get("caller_id_name")),
        dialled=dialled,
        callee=word(item.get("callee_num")),
        callee_name=word(item.get("callee_name")),
        created=number(item.get("created_epoch")) or 0.0,
        application=application,
        context=context,
        account_code=account_code,
        room=(word(item.get("application_data")) or dialled) if application == CONFERENCE else "",
    )


def _fallback_extension(name: str, dialled: str, tenant: Tenant, *, outbound: bool) -> str | None:
    """Return the phone of a leg without presence: who dialled, or whom the switch calls."""
    if name.startswith(TRUNKS):
        return None
    if outbound:
        return dialled if dialled in tenant.extensions else None
    user, _, domain = name.rsplit("/", 1)[-1].partition("@")
    return (
        user if user and (tenant.owns(domain.split(":")[0]) or user in tenant.extensions) else None
    )


def _groups(rows: list[_Row], call_of: BoundedMap[str]) -> Steps[Iterable[list[_Row]]]:
    """Find the legs of each call, oldest first, row by row."""
    parent: dict[str, str] = {}

    def root(key: str) -> str:
        """Return what stands for all that was put together with a key."""
        while (above := parent.setdefault(key, key)) != key:
            parent[key] = parent[above]
            key = above
        return key

    rows.sort(key=lambda row: (row.created, row.outbound))
    waiting: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        yield
        parent[root(row.uuid)] = root(row.call_uuid)
        if row.loopback_side:
            # The two ends of a loopback are the same call, though each has a partner of its own.
            other = "a" if row.loopback_side == "b" else "b"
            if ends := waiting.get((row.loopback, other)):
                parent[root(row.uuid)] = root(ends.pop(0))
            else:
                waiting.setdefault((row.loopback, row.loopback_side), []).append(row.uuid)
    for joined, caller in (*_queued(rows, call_of), *_paged(rows)):
        parent[root(joined.uuid)] = root(caller.uuid)
    groups: dict[str, list[_Row]] = {}
    for row in rows:
        groups.setdefault(root(row.uuid), []).append(row)
        yield
    return groups.values()


def _queued(rows: list[_Row], call_of: BoundedMap[str]) -> Iterator[tuple[_Row, _Row]]:
    """Return each phone that rings for a caller in a queue, with that caller.

    The switch joins them only when the phone answers. Of callers who show one number, as those of
    a company or without any do, a phone is for whom it rang before, else for the first for whom
    none rings yet.
    """
    callers: dict[str, list[_Row]] = {}
    joined = {row.call_uuid for row in rows if row.uuid != row.call_uuid}
    for row in sorted(rows, key=lambda row: (row.uuid in joined, row.created, row.uuid)):
        inside = row.extension or row.loopback
        if row.ours and row.caller and not row.outbound and not inside:
            callers.setdefault(row.caller, []).append(row)
    reached = set(joined)
    for row in sorted(rows, key=lambda row: (row.uuid not in call_of, row.created, row.uuid)):
        if not (row.outbound and row.extension and row.uuid == row.call_uuid):
            continue
        alike = callers.get(row.caller, ())[:MOST_ALIKE]
        found = [one for one in alike if not row.created or one.created <= row.created]
        alone = [one for one in found if one.uuid not in joined]
        known = call_of.get(row.uuid)
        before = [one for one in alone if known is not None and call_of.get(one.uuid) == known]
        waiting = [one for one in alone if one.uuid not in reached]
        if caller := next(iter(before or waiting or found), None):
            reached.add(caller.uuid)
            yield row, caller


def _met(rows: list[_Row]) -> list[_Row]:
    """Return the rows, with who is not alone in a conference."""
    people = Counter(row.room for row in rows if row.ours and row.room and row.answered)
    return [replace(row, meets=True) if people[row.room] > 1 else row for row in rows]


def _paged(rows: list[_Row]) -> Iterator[tuple[_Row, _Row]]:
    """Return each leg that the switch has called into a conference, with the leg that asked for it.

    That is how a page reaches phones: nobody calls them one by one.
    """
    first: dict[str, _Row] = {}
    for row in rows:
        if row.ours and row.room and not row.outbound:
            first.setdefault(row.room, row)
    for row in rows:
        if row.room in first and row.outbound and row.uuid == row.call_uuid:
            yield row, first[row.room]


def _initiator(rows: list[_Row], placed: BoundedMap[PlacedCall], *, through: bool) -> _Row | None:
    """Return the leg that began a call; None where it is not among the rows.

    A call that was placed by API begins with a leg the switch calls: one that shows its own number,
    or that has others behind it.
    """
    arrived = [row for row in rows if not row.outbound]
    if arrived:
        # Who fetches a parked call has arrived as well, but later.
        oldest = [row for row in arrived if row.created == arrived[0].created]
        return next((row for row in oldest if row.uuid == row.call_uuid), arrived[0])
    called = [row for row in rows if row.uuid in placed]
    if called:
        return called[0]
    own = [row for row in rows if row.uuid == row.call_uuid]
    return next(
        (row for row in own if through or len(rows) > 1 or row.caller == row.extension), None
    )


def _call(
    call_id: str,
    first: _Row | None,
    rows: list[_Row],
    loopbacks: list[_Row],
    tenant: Tenant,
    placed: BoundedMap[PlacedCall],
) -> m.Call | None:
    """Return a call; None while no phone rings yet. `first` is the leg that began it."""
    others = [row for row in rows if row is not first]
    order = placed.get(first.uuid) if first is not None else None
    dialled = _dialled(first, others, loopbacks, order, tenant)
    direction = _direction(first, others, dialled, tenant)
    left = len(rows) == 1  # with nobody but whoever has parked it
    states = [(row, _called_state(row, left=left)) for row in others]
    if first is not None:
        states.insert(0, (first, _first_state(first, others, loopbacks, placed)))
    legs = [_leg(row, state, tenant) for row, state in states if state is not None]
    if not legs:
        return None
    answering = next(
        (row.extension for row in others if row.extension and row.outbound and row.answered), None
    )
    began = min((row.created for row in rows if row.created), default=None)
    return m.Call(
        id=call_id,
        state=_most_urgent(legs),
        direction=direction,
        caller=_caller(first, others, tenant),
        callee=_callee(dialled, [*rows], tenant),
        legs=tuple(legs),
        started_at=instant(began),
        answered_by=None if direction is Direction.OUTGOING else answering,
    )


def _without_sides(call: m.Call) -> m.Call:
    """Return a call without who calls whom."""
    return m.Call(id=call.id, state=call.state, legs=call.legs, started_at=call.started_at)


def _leg(row: _Row, state: CallState, tenant: Tenant) -> m.Leg:
    """Return a channel as a leg of a call."""
    if row.extension:
        number = ""
    else:
        number = (
            tenant.number(row.dialled) if row.outbound else party(row.caller, "", tenant).number
        )
    return m.Leg(
        id=row.uuid,
        state=state,
        extension=row.extension,
        number=number,
        context=row.context,
        account_code=row.account_code,
    )


def _first_state(
    first: _Row, others: list[_Row], loopbacks: list[_Row], placed: BoundedMap[PlacedCall]
) -> CallState:
    """Return what the leg that began a call does: it talks once somebody it called has answered.

    An outside caller whom a machine has answered still rings, for the people.
    """
    reached = first.meets or any(row.answered for row in others)
    if first.state == "HELD" or (first.answered and first.application in PARKING and not reached):
        return CallState.ON_HOLD
    if first.extension is None and not first.outbound:
        if reached:
            return CallState.TALKING
        return CallState.DIALING if first.state == "DOWN" else CallState.RINGING
    if not first.answered:
        return CallState.DIALING
    if others:
        return CallState.TALKING if reached else CallState.DIALING
    if loopbacks:
        machine = any(row.answered for row in loopbacks)
    else:
        # With nobody else there it is a machine that talks, unless the called one has no leg yet.
        machine = first.uuid not in placed or first.application in MACHINES
    return CallState.TALKING if machine else CallState.DIALING


def _called_state(row: _Row, *, left: bool) -> CallState | None:
    """Return what a leg that was called does; None for a phone that does not ring yet.

    `left` says that no other leg of the call is there.
    """
    if row.answered:
        held = row.state == "HELD" or (left and row.application in PARKING)
        return CallState.ON_HOLD if held else CallState.TALKING
    if row.extension is None or not row.outbound:
        return CallState.DIALING
    return CallState.RINGING if row.state in ALERTING else None


def _most_urgent(legs: list[m.Leg]) -> CallState:
    """Return what a call does: what its phones do; one that is held holds the call."""
    states = {leg.state for leg in legs if leg.extension} or {leg.state for leg in legs}
    order = (CallState.ON_HOLD, CallState.RINGING, CallState.TALKING, CallState.DIALING)
    return next(state for state in order if state in states)


def _dialled(
    first: _Row | None,
    others: list[_Row],
    loopbacks: list[_Row],
    order: PlacedCall | None,
    tenant: Tenant,
) -> str:
    """Return which number was called; empty where nothing tells."""
    if order is not None:
        return order.number
    called = [row.extension or row.dialled for row in others if row.outbound]
    behind = [row.loopback.split("/")[0] for row in loopbacks]
    typed = [first.dialled] if first is not None and not first.outbound else []
    found = next((value for value in (*typed, *called, *behind) if value), "")
    return tenant.number(found)


def _direction(
    first: _Row | None, others: list[_Row], dialled: str, tenant: Tenant
) -> Direction | None:
    """Return which way a call goes, seen from the tenant: the switch's words are about a leg."""
    inside = any(row.extension for row in others)
    if first is None:
        caller = next((row.caller for row in others), "")
        if not inside:
            return Direction.OUTGOING
        return Direction.INTERNAL if tenant.is_inside(caller) else Direction.INCOMING
    if first.extension is None:
        return Direction.INCOMING
    if others:
        return Direction.INTERNAL if inside else Direction.OUTGOING
    if not dialled:
        return Direction.OUTGOING if first.outbound else None
    return Direction.INTERNAL if tenant.dials_inside(dialled) else Direction.OUTGOING


def _caller(first: _Row | None, others: list[_Row], tenant: Tenant) -> m.Party:
    """Return who calls."""
    if first is not None and first.extension:
        return m.Party(
            number=first.extension, name=name_of(first.caller_name, first.caller, first.extension)
        )
    row = first if first is not None else next(iter(others))
    if row is first and row.outbound:
        return party(row.dialled, row.callee_name, tenant)
    return party(row.caller, row.caller_name, tenant)


def _callee(dialled: str, rows: list[_Row], tenant: Tenant) -> m.Party:
    """Return who is called, with the first name that a leg shows for the number."""
    for row in rows:
        if not row.callee or not same(tenant.number(row.callee), dialled):
            continue
        if name := name_of(row.callee_name, dialled):
            return m.Party(number=dialled, name=name)
    return m.Party(number=dialled)
