"""Which ends of a list are one call: a caller, and those that were called for it.

`pairing` judges how sure it is that one end has called another; here is who may still join whom.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .ends import End
from .glue import SKEW
from .pairing import CERTAIN, RING_TIME, Edge, older_by
from .stories import Story


@dataclass(slots=True)
class Group:
    """The rows of one call, by their places in the list; `root` is the caller's, if it is known."""

    members: list[int]
    root: int | None
    story: Story | None = None


def root_of(group: Group, ends: Sequence[End]) -> End:
    """Return the calling end of a call; the first one where that is not known."""
    return ends[group.members[0] if group.root is None else group.root]


def join(group_of: dict[int, Group], ends: Sequence[End], edge: Edge) -> bool:
    """Make a called leg part of its caller's call; return whether both were still free for that."""
    *_, root, leg = edge
    calling, called = group_of.get(root), group_of.get(leg)
    if called is not None:
        if calling is not None or len(called.members) > 1:
            return False
        called.members.insert(0, root)
        called.root = root
        group_of[root] = called
        return True
    if calling is None:
        calling = group_of[root] = Group([root], root)
    elif not _mayjoin(calling, ends, edge):
        return False
    calling.members.append(leg)
    group_of[leg] = calling
    return True


def rings_later(group_of: Mapping[int, Group], ends: Sequence[End], edge: Edge) -> bool:
    """Return whether a phone rings that began later than those that were called for the caller."""
    *_, root, leg = edge
    group = group_of.get(root)
    if group is None or not ends[leg].rings:
        return False
    called = (ends[index] for index in group.members if index != group.root)
    return any(older_by(other.row, ends[leg].row) > SKEW for other in called)


def _mayjoin(group: Group, ends: Sequence[End], edge: Edge) -> bool:
    """Return whether a called leg may join a call that its caller is in.

    Only whoever began a call calls others in it; but a phone that talks may call somebody to hand
    the call over to, through glue.
    """
    rank, *_, root, leg = edge
    if _takes_part_already(group, ends, leg):
        return False
    if group.root != root:
        return rank == CERTAIN and ends[leg].tie is not None and ends[root].row.up
    return _has_room(group, ends, root, leg)


def _takes_part_already(group: Group, ends: Sequence[End], leg: int) -> bool:
    """Return whether a phone is in a call already that is to ring it: nobody calls it twice."""
    line = ends[leg].line
    if line is None:
        return False
    members = (ends[index] for index in group.members)
    return any(end.line is not None and end.line.user == line.user for end in members)


def _has_room(group: Group, ends: Sequence[End], root: int, leg: int) -> bool:
    """Return whether a leg may join a call.

    Where two already talk, only a phone that still rings from the same attempt may, or one that
    the caller is just being sent to.
    """
    if ends[leg].by_itself or not any(
        ends[index].row.up for index in group.members if index != root
    ):
        return True
    if ends[leg].row.up:
        return False
    if older_by(ends[root].row, ends[leg].row) <= SKEW + RING_TIME:
        return True
    dialled, line = ends[root].dialled, ends[leg].line
    return dialled is not None and line is not None and dialled.user == line.user
