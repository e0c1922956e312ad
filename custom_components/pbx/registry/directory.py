"""Who and what there is: extensions, agents and queues, as asked for, pushed and remembered."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from ..telephony.events import POLL, Event
from ..telephony.models import Agent, AgentStatus, Directory, EventType, Extension, Notice, Queue
from .changes import (
    ACCOUNT,
    DIRECTORY,
    Changes,
    Key,
    agent_key,
    extension_key,
    listed_key,
    queue_key,
)

MAX_PUSHED_AGENTS = 1000


class Roster:
    """Extensions, agents and queues of one account."""

    def __init__(self) -> None:
        """Know nobody."""
        self.extensions: dict[str, Extension] = {}
        self.agents: dict[str, Agent] = {}
        self.queues: dict[str, Queue] = {}
        self.unread_voicemails: int | None = None
        self.missing_permissions: frozenset[str] = frozenset()
        self.listed: set[str] = set()  # of extension, agent, queue: which the phone system lists
        self._directory_seen = False

    # -- lists --------------------------------------------------------------------------------------

    def directory(self, directory: Directory, now: datetime) -> Changes:
        """Take what was asked about extensions, agents and queues; None keeps what was known."""
        changes = Changes()
        news, self._directory_seen = self._directory_seen, True
        if directory.extensions is not None:
            self.listed.add("extension")
            extensions = {extension.number: extension for extension in directory.extensions}
            _compare(self.extensions, extensions, changes, extension_key, listed_key)
            self.extensions = extensions
        if directory.agents is not None:
            self.listed.add("agent")
            self._list_agents(
                {agent.id: agent for agent in directory.agents}, now if news else None, changes
            )
        if directory.queues is not None:
            self.listed.add("queue")
            queues = {queue.id: queue for queue in directory.queues}
            _compare(self.queues, queues, changes, queue_key)
            self.queues = queues
        if directory.unread_voicemails is not None:
            self._count_voicemails(directory.unread_voicemails, changes)
        self.missing_permissions = directory.missing_permissions
        return changes

    def _list_agents(
        self, listed: dict[str, Agent], now: datetime | None, changes: Changes
    ) -> None:
        for agent_id, agent in listed.items():
            before = self.agents.get(agent_id)
            if before is not None and now is not None:
                changes.events.extend(_differences(before, agent, now))
        _compare(self.agents, listed, changes, agent_key)
        self.agents = listed

    # -- one by one ---------------------------------------------------------------------------------

    def set_agent(self, agent: Agent, now: datetime) -> Changes:
        """Take what was asked about one agent."""
        changes = Changes()
        before = self.agents.get(agent.id)
        if before is not None:
            changes.events.extend(_differences(before, agent, now))
        self._keep_agent(agent, changes)
        return changes

    def remember_agent(self, agent: Agent) -> None:
        """Take back an agent that was known before a restart."""
        self.agents.setdefault(agent.id, agent)

    def set_queue(self, queue: Queue) -> Changes:
        """Take what was asked about one queue."""
        changes = Changes()
        if queue.id not in self.queues:
            changes.keys[DIRECTORY] = None
        if self.queues.get(queue.id) != queue:
            self.queues[queue.id] = queue
            changes.keys[queue_key(queue.id)] = None
        return changes

    # -- pushes -------------------------------------------------------------------------------------

    def _note_agent(self, agent_id: str, notice: Notice, changes: Changes) -> None:
        """Take what a message says of an agent, who is met for the first time where agents are not listed."""
        known = self.agents.get(agent_id)
        if known is None:
            if "agent" in self.listed or len(self.agents) >= MAX_PUSHED_AGENTS:
                return
            person = self.extensions.get(notice.extension or "")
            name = person.name if person is not None else ""
            known = Agent(id=agent_id, name=name, number=agent_id, extension=notice.extension)
        match notice.type:
            case EventType.AGENT_LOGGED_IN:
                known = replace(known, logged_in=True, status=AgentStatus.AVAILABLE)
            case EventType.AGENT_LOGGED_OUT:
                known = replace(known, logged_in=False, paused=None, status=AgentStatus.LOGGED_OUT)
            case EventType.AGENT_PAUSED:
                known = replace(known, paused=True, status=AgentStatus.PAUSED)
            case EventType.AGENT_UNPAUSED:
                known = replace(known, paused=False, status=AgentStatus.AVAILABLE)
            case _:
                pass
        self._keep_agent(known, changes)

    def _count_voicemails(self, unread: int, changes: Changes) -> None:
        if unread != self.unread_voicemails:
            self.unread_voicemails = unread
            changes.keys[ACCOUNT] = None

    def _keep_agent(self, agent: Agent, changes: Changes) -> None:
        before = self.agents.get(agent.id)
        if before is None:
            changes.keys[DIRECTORY] = None
        if before != agent:
            self.agents[agent.id] = agent
            changes.keys[agent_key(agent.id)] = None


def _differences(before: Agent, after: Agent, now: datetime) -> Iterator[Event]:
    """Tell what an agent did between two looks; what is not known before or after is not told."""
    extension = after.extension or before.extension

    def event(kind: EventType, queue: str | None = None) -> Event:
        return Event(
            type=kind,
            provider_event=POLL,
            time=now,
            agent=after.id,
            extension=extension,
            queue=queue,
            tell=(extension,) if extension else (),
        )

    for queue, joined in after.queues.items():
        if queue in before.queues and before.queues[queue] is not joined:
            yield event(EventType.AGENT_LOGGED_IN if joined else EventType.AGENT_LOGGED_OUT, queue)
    per_queue = before.queues or after.queues
    if (
        not per_queue
        and None not in {before.logged_in, after.logged_in}
        and before.logged_in is not after.logged_in
    ):
        yield event(EventType.AGENT_LOGGED_IN if after.logged_in else EventType.AGENT_LOGGED_OUT)
    if None not in {before.paused, after.paused} and before.paused is not after.paused:
        yield event(EventType.AGENT_PAUSED if after.paused else EventType.AGENT_UNPAUSED)


def _compare[T](
    before: Mapping[str, T], after: Mapping[str, T], changes: Changes, *keys: Callable[[str], Key]
) -> None:
    """Name what came, went or changed."""
    if before.keys() != after.keys():
        changes.keys[DIRECTORY] = None
    for name in before.keys() | after.keys():
        if before.get(name) != after.get(name):
            changes.keys |= dict.fromkeys(key(name) for key in keys)
