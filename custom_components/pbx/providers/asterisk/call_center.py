"""The queues of an Asterisk, their callers and their members.

    =============  ==============================================
    asked          tells
    =============  ==============================================
    QueueStatus    queues with their figures, callers and members
    QueueSummary   how long the first caller has waited
    =============  ==============================================

An agent is whoever is a member of a queue.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from ...telephony import models as m
from ...telephony.models import AgentStatus
from ..values import integer, number
from .channels import LONGEST_NAME, Message, known
from .house import MAX_ITEMS, House, note

QUEUE_OF_EVERYBODY = "default"

MEMBER_STATES = {
    "1": AgentStatus.AVAILABLE,
    "2": AgentStatus.TALKING,
    "3": AgentStatus.BUSY,
    "4": AgentStatus.UNAVAILABLE,
    "5": AgentStatus.UNAVAILABLE,
    "6": AgentStatus.BUSY,
    "7": AgentStatus.TALKING,
    "8": AgentStatus.ON_HOLD,
}

_INTERFACE_NUMBER = re.compile(r"(?:^|[/:])([^/@:;]+)")


@dataclass(slots=True)
class Member:
    """A member of a queue."""

    queue: str
    interface: str
    name: str = ""
    state_interface: str = ""
    dynamic: bool = True
    paused: bool = False
    reason: str = ""
    penalty: int = 0
    status: str = "0"


@dataclass(slots=True)
class CallCenter:
    """Queues and members, who are people of a house."""

    house: House
    queues: dict[str, Message] = field(default_factory=dict)
    summaries: dict[str, Message] = field(default_factory=dict)
    members: dict[tuple[str, str], Member] = field(default_factory=dict)
    waiting: dict[str, int] = field(default_factory=dict)

    # -- reading -----------------------------------------------------------------------------------

    def take_queues(self, rows: Iterable[Message]) -> None:
        """Take the queues with their members and callers."""
        self.queues, self.members, self.waiting = {}, {}, {}
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

    def take_member(self, row: Message) -> Member:
        """Take a member, from a list or an event, which name things differently."""
        interface = row.get("Interface") or row.get("Location", "")
        member = Member(
            queue=known(row.get("Queue", "")),
            interface=interface,
            name=known(row.get("MemberName") or row.get("Name", ""), LONGEST_NAME),
            state_interface=row.get("StateInterface", ""),
            dynamic=row.get("Membership", "dynamic") != "static",
            paused=row.get("Paused") == "1",
            reason=known(row.get("PausedReason", ""), LONGEST_NAME),
            penalty=integer(row.get("Penalty")) or 0,
            status=row.get("Status", "0"),
        )
        note(self.members, (member.queue, interface), member)
        return member

    # -- views -------------------------------------------------------------------------------------

    def extension_of_member(self, member: Member) -> str | None:
        """Return the extension at which a member of a queue sits."""
        for interface in (member.state_interface, member.interface):
            if found := self.house.extension_of_device.get(interface.lower()):
                return found
            for word in _INTERFACE_NUMBER.findall(interface):
                if word in self.house.numbers():
                    return str(word)
        return None

    def agents(self) -> tuple[m.Agent, ...]:
        """Return the agents: whoever is a member of a queue, each once."""
        found: dict[str, list[Member]] = {}
        for member in self.members.values():
            agent_id = self.extension_of_member(member) or member.interface
            found.setdefault(agent_id, []).append(member)
        return tuple(self._agent(agent_id, found[agent_id]) for agent_id in sorted(found))

    def _agent(self, agent_id: str, members: list[Member]) -> m.Agent:
        """Return an agent, who is a member of one or more queues."""
        extension = self.extension_of_member(members[0])
        paused = all(member.paused for member in members)
        status = MEMBER_STATES.get(members[0].status)
        if paused and status is AgentStatus.AVAILABLE:
            status = AgentStatus.PAUSED
        name = members[0].name
        if not name or name == members[0].interface:
            name = self.house.names.get(extension or "", "")
        return m.Agent(
            id=agent_id,
            name=name or agent_id,
            number=extension or "",
            extension=extension,
            status=status,
            logged_in=True,
            paused=paused,
            queues={member.queue: True for member in members},
            raw={member.queue: member.reason for member in members if member.reason},
        )

    def listed_queues(self) -> tuple[m.Queue, ...]:
        """Return the queues."""
        return tuple(self.queue(name) for name in sorted(self.queues))

    def queue(self, name: str) -> m.Queue:
        """Return how a queue is doing."""
        row, summary = self.queues.get(name, {}), self.summaries.get(name, {})
        members = [member for member in self.members.values() if member.queue == name]
        free = [member for member in members if member.status == "1" and not member.paused]
        return m.Queue(
            id=name,
            name=name,
            number=name,
            waiting=self.waiting.get(name, 0),
            longest_wait=number(summary.get("LongestHoldTime")),
            average_wait=number(row.get("Holdtime")),
            agents_logged_in=len(members),
            agents_available=len(free),
            service_level=number(row.get("ServicelevelPerf")),
            answered=integer(row.get("Completed")),
            abandoned=integer(row.get("Abandoned")),
            members={self.extension_of_member(one) or one.interface: True for one in members},
            raw=dict(row),
        )
