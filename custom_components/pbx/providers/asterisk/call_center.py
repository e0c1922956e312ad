"""The queues of an Asterisk, their callers and their members.

    =============  ==============================================
    asked          tells
    =============  ==============================================
    QueueStatus    queues with their figures, callers and members
    QueueSummary   how long the first caller has waited
    DBGetTree      who may be a member, as FreePBX keeps it
    =============  ==============================================

An agent is whoever is a member of a queue, or was one since we look: whoever logs out is no member
any more. FreePBX also keeps a list of those who may log in to a queue, with their penalties.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import override

from ...telephony import models as m
from ...telephony.models import AgentStatus
from ..values import cleaned, integer, mapping, number, of_calls
from .channels import LONGEST_NAME, Message, known
from .house import MAX_ITEMS, House, note

QUEUE_OF_EVERYBODY = "default"

FREE = frozenset({"0", "1"})
"""The states in which a queue rings a member: also that of a phone whose driver tells none."""
MEMBER_STATES = {
    **dict.fromkeys(FREE, AgentStatus.AVAILABLE),
    "2": AgentStatus.TALKING,
    "3": AgentStatus.BUSY,
    "4": AgentStatus.UNAVAILABLE,
    "5": AgentStatus.UNAVAILABLE,
    "6": AgentStatus.BUSY,
    "7": AgentStatus.TALKING,
    "8": AgentStatus.ON_HOLD,
}

_INTERFACE_NUMBER = re.compile(r"(?:^|[/:])([^/@:;]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A member of a queue; `row` is what Asterisk said of it last."""

    queue: str
    interface: str
    name: str = ""
    state_interface: str = ""
    dynamic: bool = True
    paused: bool = False
    reason: str = ""
    penalty: int = 0
    status: str = "0"
    row: Message = field(default_factory=dict, compare=False, repr=False)


@dataclass(slots=True)
class CallCenter:
    """Queues and members, who are people of a house."""

    house: House
    queues: dict[str, Message] = field(default_factory=dict)
    summaries: dict[str, Message] = field(default_factory=dict)
    members: dict[tuple[str, str], Member] = field(default_factory=dict)
    """By queue and interface."""
    left: dict[tuple[str, str], Member] = field(default_factory=dict)
    """Those who were members before, by queue and agent."""
    allowed: dict[tuple[str, str], int] = field(default_factory=dict)
    """The penalties of those who may be members, by queue and extension, where FreePBX says so."""
    waiting: dict[str, int] = field(default_factory=dict)

    # -- reading -----------------------------------------------------------------------------------

    def take_queues(self, rows: Iterable[Message]) -> None:
        """Take all queues with their members and callers."""
        before = self.members
        self.queues, self.members, self.waiting = {}, {}, {}
        self._take_rows(rows)
        self._notice_who_left(before)

    def take_queue(self, name: str, rows: Iterable[Message]) -> None:
        """Take one queue with its members and callers."""
        before = {key: member for key, member in self.members.items() if member.queue == name}
        for key in before:
            del self.members[key]
        self._take_rows(row for row in rows if row.get("Queue") == name)
        self._notice_who_left(before)

    def _take_rows(self, rows: Iterable[Message]) -> None:
        """Take what a list of queues says."""
        for row in rows:
            name = known(row.get("Queue", ""))
            if not name or name == QUEUE_OF_EVERYBODY or len(self.queues) >= MAX_ITEMS:
                continue
            match row.get("Event"):
                case "QueueParams":
                    self.queues[name] = row
                    self.waiting[name] = integer(row.get("Calls")) or 0
                case "QueueMember":
                    self.take_member(row)

    def _notice_who_left(self, before: Mapping[tuple[str, str], Member]) -> None:
        """Remember those who are no members any more."""
        for key, member in before.items():
            if key not in self.members:
                self._remember(member)

    def _remember(self, member: Member) -> None:
        """Remember somebody who is no member any more, unless it was by another name."""
        agent_id = self.agent_of(member)
        here = (one for one in self.members.values() if one.queue == member.queue)
        if agent_id not in map(self.agent_of, here):
            note(self.left, (member.queue, agent_id), member)

    def take_member(self, row: Message) -> Member:
        """Take a member, from a list or an event, which name things differently."""
        interface = row.get("Interface") or row.get("Location", "")
        member = Member(
            queue=known(row.get("Queue", "")),
            interface=interface,
            name=known(row.get("MemberName") or row.get("Name", ""), LONGEST_NAME),
            state_interface=row.get("StateInterface", ""),
            dynamic=row.get("Membership", "").lower() in {"", "dynamic"},
            paused=row.get("Paused") == "1",
            reason=known(row.get("PausedReason", ""), LONGEST_NAME),
            penalty=integer(row.get("Penalty")) or 0,
            status=row.get("Status", "0"),
            row=row,
        )
        note(self.members, (member.queue, interface), member)
        self.left.pop((member.queue, self.agent_of(member)), None)
        return member

    def lose_member(self, row: Message) -> None:
        """Take that somebody is no member any more."""
        member = self.take_member(row)
        self.members.pop((member.queue, member.interface), None)
        self._remember(member)

    def take_summaries(self, rows: Iterable[Message]) -> None:
        """Take what tells how long the first callers have waited."""
        self.summaries |= {name: row for row in rows if (name := known(row.get("Queue", "")))}

    def take_allowed(self, rows: Iterable[Message]) -> None:
        """Take who may be a member of which queue: `/QPENALTY/401/agents/102` with the penalty."""
        self.allowed.clear()
        for row in rows:
            parts = row.get("Key", "").strip("/").split("/")
            if len(parts) == 4 and parts[2] == "agents":  # noqa: PLR2004 - as above
                key = (known(parts[1]), known(parts[3]))
                note(self.allowed, key, integer(row.get("Val")) or 0)

    # -- views -------------------------------------------------------------------------------------

    def agent_of(self, member: Member) -> str:
        """Return the id of an agent: the extension, else how the queue reaches the agent."""
        return self.extension_of_member(member) or member.interface

    def extension_of_member(self, member: Member) -> str | None:
        """Return the extension at which a member of a queue sits."""
        for interface in (member.state_interface, member.interface):
            if found := self.house.extension_of_device.get(interface.lower()):
                return found
            for word in _INTERFACE_NUMBER.findall(interface):
                if word in self.house.numbers():
                    return str(word)
        return None

    def member_of(self, queue: str, agent_id: str) -> Member | None:
        """Return an agent as a member of a queue; None where it is none."""
        members = (one for one in self.members.values() if one.queue == queue)
        return next((one for one in members if self.agent_of(one) == agent_id), None)

    def memberships(self, agent_id: str) -> dict[str, bool]:
        """Return the queues that an agent is known in, and whether it is a member there now."""
        found = {queue: False for queue, one in (*self.allowed, *self.left) if one == agent_id}
        found |= {
            member.queue: True
            for member in self.members.values()
            if self.agent_of(member) == agent_id
        }
        return {queue: found[queue] for queue in sorted(found) if queue in self.queues}

    def agents(self) -> tuple[m.Agent, ...]:
        """Return the agents: whoever is, was or may be a member of a queue, each once."""
        found: dict[str, list[Member]] = {}
        known_in: dict[str, dict[str, bool]] = {}
        for queue, agent_id in (*self.allowed, *self.left):
            known_in.setdefault(agent_id, {})[queue] = False
        for member in self.members.values():
            agent_id = self.agent_of(member)
            found.setdefault(agent_id, []).append(member)
            known_in.setdefault(agent_id, {})[member.queue] = True
        return tuple(
            self._agent(agent_id, found.get(agent_id, []), queues)
            for agent_id in sorted(known_in)
            if (
                queues := {
                    queue: known_in[agent_id][queue]
                    for queue in sorted(known_in[agent_id])
                    if queue in self.queues
                }
            )
        )

    def _agent(
        self, agent_id: str, members: Sequence[Member], queues: Mapping[str, bool]
    ) -> m.Agent:
        """Return an agent, who is a member of some of the queues."""
        extension = agent_id if agent_id in self.house.numbers() else None
        paused = all(member.paused for member in members) if members else None
        status = MEMBER_STATES.get(members[0].status) if members else AgentStatus.LOGGED_OUT
        if paused and status is AgentStatus.AVAILABLE:
            status = AgentStatus.PAUSED
        before = [member for (_, one), member in self.left.items() if one == agent_id]
        names = [one.name for one in (*members, *before) if one.name and one.name != one.interface]
        return m.Agent(
            id=agent_id,
            name=next(iter(names), "") or self.house.names.get(extension or "", "") or agent_id,
            number=extension or "",
            extension=extension,
            status=status,
            logged_in=bool(members),
            paused=paused,
            pause_reason=next((one.reason for one in members if one.paused and one.reason), ""),
            queues=queues,
            raw={member.queue: dict(member.row) for member in members},
        )

    def listed_queues(self) -> tuple[m.Queue, ...]:
        """Return the queues."""
        return tuple(self.queue(name) for name in sorted(self.queues))

    def queue(self, name: str) -> m.Queue:
        """Return how a queue is doing."""
        row, summary = self.queues.get(name, {}), self.summaries.get(name, {})
        members = [member for member in self.members.values() if member.queue == name]
        free = [member for member in members if member.status in FREE and not member.paused]
        agents = {
            agent_id: False for queue, agent_id in (*self.allowed, *self.left) if queue == name
        }
        level = number(row.get("ServicelevelPerf"))
        answered, abandoned = integer(row.get("Completed")), integer(row.get("Abandoned"))
        return m.Queue(
            id=name,
            name=name,
            number=name,
            waiting=self.waiting.get(name, 0),
            longest_wait=number(summary.get("LongestHoldTime")),
            average_wait=number(row.get("Holdtime")),
            agents_logged_in=len(members),
            agents_available=len(free),
            service_level=of_calls(level, answered, abandoned),
            answered=answered,
            abandoned=abandoned,
            members=agents | {self.agent_of(one): True for one in members},
            raw=mapping(cleaned(dict(row))),
        )


class Inside(Collection[str]):
    """The numbers of the house, as they are now."""

    def __init__(self, house: House, center: CallCenter) -> None:
        """Look at a house and its queues."""
        self._house, self._center = house, center

    @override
    def __contains__(self, number: object) -> bool:
        """Return whether a number is an extension or a queue."""
        return number in self._house.numbers() or number in self._center.queues

    @override
    def __iter__(self) -> Iterator[str]:
        """Yield the extensions."""
        return iter(self._house.numbers())

    @override
    def __len__(self) -> int:
        """Return how many extensions there are."""
        return len(self._house.numbers())
