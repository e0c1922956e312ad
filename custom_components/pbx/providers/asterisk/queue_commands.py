"""Commands on the queues of an Asterisk and their agents."""

from typing import override

from ...telephony import models as m
from ...telephony.errors import InvalidInputError, NotFoundError, RefusedError
from .account import plain, valid
from .call_center import Member
from .call_commands import CallCommands

QUEUE_DEVICE = "Custom:QUEUE"
"""The lamp that FreePBX lets follow whether an agent is logged in."""
FROM_QUEUE, HINTS = "from-queue", "ext-local"
"""The contexts through which FreePBX reaches agents, and in which it tells their states."""


class QueueCommands(CallCommands):
    """What can be done with queues and agents."""

    @override
    async def agent_login(self, agent: m.AgentRef) -> None:
        """Make an agent a member of one queue, or of all those it is known in."""
        extension = self._extension_of(agent)
        queues = [agent.queue] if agent.queue else list(self._center.memberships(extension))
        if not queues:
            raise InvalidInputError("queue", "required")
        for queue in queues:
            await self.queue_add(m.QueueMember(queue=queue, extension=extension))

    @override
    async def agent_logout(self, agent: m.AgentRef) -> None:
        """Take an agent out of one queue, or of all that let it go."""
        for member in self._memberships(agent):
            if member.dynamic or agent.queue:
                await self._remove(member)

    @override
    async def agent_pause(self, agent: m.AgentRef) -> None:
        """Let an agent get no calls for a while."""
        if agent.reason and not plain(agent.reason):
            raise InvalidInputError("reason")
        await self._pause(agent, "true", plain(agent.reason or "") or None)

    @override
    async def agent_unpause(self, agent: m.AgentRef) -> None:
        """Let an agent get calls again."""
        await self._pause(agent, "false", None)

    async def _pause(self, agent: m.AgentRef, paused: str, reason: str | None) -> None:
        """Pause an agent in one queue, or in all."""
        for member in self._memberships(agent):
            await self._command(
                "QueuePause",
                Queue=member.queue,
                Interface=member.interface,
                Paused=paused,
                Reason=reason,
            )

    @override
    async def queue_add(self, member: m.QueueMember) -> None:
        """Add a member to a queue, the way the other members are written.

        Whoever is a member already stays one, with the penalty that is given.
        """
        extension = member.extension or self._extension_of(member.agent or m.AgentRef())
        if self._center.queues and member.queue not in self._center.queues:
            raise NotFoundError("No such queue")
        present = self._center.member_of(member.queue, extension)
        if present is not None:
            if member.penalty is not None:
                await self._command(
                    "QueuePenalty",
                    Queue=present.queue,
                    Interface=present.interface,
                    Penalty=member.penalty,
                )
            return
        interface, state = self._interface(member.queue, extension)
        penalty = member.penalty
        if penalty is None:
            penalty = self._center.allowed.get((member.queue, extension))
        try:
            await self._command(
                "QueueAdd",
                Queue=valid("queue", member.queue),
                Interface=interface,
                MemberName=plain(self._house.names.get(extension, "")) or None,
                StateInterface=state,
                Penalty=penalty,
            )
        except RefusedError as error:
            if "already there" not in error.reason.lower():
                raise
        await self._show_login(member.queue, extension, "INUSE")

    def _interface(self, queue: str, extension: str) -> tuple[str, str]:
        """Return how a member is written, and by what its state is told.

        That is as it was before, as FreePBX does it, or as the others of the queue are written.
        """
        before = self._center.left.get((queue, extension))
        if before is not None:
            return before.interface, before.state_interface or before.interface
        if self._is_freepbx:
            return f"Local/{extension}@{FROM_QUEUE}/n", f"hint:{extension}@{HINTS}"
        device = self._house.device_for(extension)
        members = [one for one in self._center.members.values() if one.queue == queue]
        members += self._center.members.values()
        for other in members:
            whose = self._center.extension_of_member(other)
            technology, _, way = other.interface.partition("/")
            number, at, rest = way.partition("@")
            if technology.lower() == "local" and at and number == whose:
                return f"{technology}/{extension}@{rest}", device
        return device, device

    async def _show_login(self, queue: str, extension: str, state: str) -> None:
        """Let FreePBX's lamps for an agent's login show it, as its codes do."""
        if self._is_freepbx and self._may("Setvar"):
            for device in self._house.devices_of(extension):
                name = device.partition("/")[2]
                await self._set_device(f"{QUEUE_DEVICE}{name}*{queue}", state)

    @override
    async def queue_remove(self, member: m.QueueMember) -> None:
        """Remove a member from a queue."""
        ref = member.agent or m.AgentRef(number=member.extension)
        for one in self._memberships(ref):
            if one.queue == member.queue:
                await self._remove(one)

    async def _remove(self, member: Member) -> None:
        """Remove a member; raise RefusedError for one that the configuration names."""
        await self._command("QueueRemove", Queue=member.queue, Interface=member.interface)
        if extension := self._center.extension_of_member(member):
            await self._show_login(member.queue, extension, "NOT_INUSE")

    def _extension_of(self, agent: m.AgentRef) -> str:
        """Return the extension of an agent, which is the agent's own name here."""
        found = agent.extension or agent.number or agent.id
        if not found:
            raise InvalidInputError("agent", "required")
        return valid("agent", found)

    def _memberships(self, agent: m.AgentRef) -> list[Member]:
        """Return what an agent is a member of; raise NotFoundError where that is nothing."""
        wanted = {agent.id, agent.number, agent.extension} - {None}
        found = []
        for member in self._center.members.values():
            names = {self._center.extension_of_member(member), member.interface}
            if names & wanted and agent.queue in {None, "", member.queue}:
                found.append(member)
        if not found:
            raise NotFoundError("The agent is no member of a queue")
        return found

    @override
    async def agent_status(self, agent: m.AgentRef) -> m.Agent:
        """Ask what an agent is doing."""
        async with self._connected() as ami:
            await self._read_queues(ami)
        wanted = {agent.id, agent.number, agent.extension} - {None}
        for found in self._center.agents():
            if found.id in wanted or found.extension in wanted:
                return found
        raise NotFoundError("No such agent")

    @override
    async def queue_status(self, queue: str) -> m.Queue:
        """Ask how a queue is doing."""
        async with self._connected() as ami:
            await self._read_queues(ami)
        if queue not in self._center.queues:
            raise NotFoundError("No such queue")
        return self._center.queue(queue)
