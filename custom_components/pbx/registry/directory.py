"""Who and what there is: extensions, agents and queues, as asked for, pushed and remembered."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from ..telephony.events import POLL, Event
from ..telephony.models import (
    Agent,
    AgentStatus,
    Direction,
    Directory,
    EventType,
    Extension,
    Notice,
    Party,
    Queue,
)
from .changes import (
    ACCOUNT,
    DIRECTORY,
    Changes,
    Key,
    KeyKind,
    agent_key,
    extension_key,
    listed_key,
    queue_key,
)
from .named_phones import NamedPhone, hidden_in, shown

MAX_PUSHED_AGENTS = 1000


class AccountDirectory:
    """Extensions, agents and queues of one account, and what is told of them."""

    def __init__(self, named: Mapping[str, NamedPhone] | None = None) -> None:
        """Start without anybody; the three mappings stay the same, whatever comes into them.

        `named` is what a person says of phones, by number.
        """
        self._named = named or {}
        self._hidden = hidden_in(self._named)
        self.found: tuple[Extension, ...] = ()
        """The extensions as the phone system lists them, also those that a person hid."""
        self.extensions: dict[str, Extension] = {}
        self.agents: dict[str, Agent] = {}
        self.queues: dict[str, Queue] = {}
        self.version = 0
        self.unread_voicemails: int | None = None
        self.missing_permissions: frozenset[str] = frozenset()
        self.listed: set[KeyKind] = set()  # extensions, agents, queues: what the provider lists
        self._seen = False
        self.complete = False

    def is_outside(self, number: str) -> bool:
        """Return whether a number, however short, is certainly none of ours."""
        if not self.complete or not number or number in self.extensions:
            return False
        if number in self._hidden:
            return False
        return all(number not in (queue.id, queue.number) for queue in self.queues.values())

    def is_pretended(self, number: str, direction: str | None) -> bool:
        """Return whether a caller from outside shows the number of one of ours: anybody can."""
        return direction == Direction.INCOMING and number in self.extensions

    def named(self, party: Party) -> Party:
        """Return a party with the name of its extension, if it is one of ours and came without."""
        own = self.extensions.get(party.number)
        if party.name or own is None or not own.name:
            return party
        return replace(party, name=own.name)

    # -- lists -------------------------------------------------------------------------------------

    def take(self, directory: Directory, now: datetime) -> Changes:
        """Take what was asked about extensions, agents and queues; None keeps what was known."""
        changes = Changes()
        first, self._seen = not self._seen, True
        if directory.extensions is not None:
            self.listed.add(KeyKind.EXTENSION)
            self.complete = directory.complete and bool(directory.extensions)
            self.found = directory.extensions
            named = shown(directory.extensions, self._named)
            extensions = {extension.number: extension for extension in named}
            _compare(self.extensions, extensions, changes, extension_key, listed_key)
            _replace(self.extensions, extensions)
            self.version += 1
        if directory.agents is not None:
            self.listed.add(KeyKind.AGENT)
            agents = {agent.id: agent for agent in directory.agents}
            if not first:
                self._tell_agents(agents, now, changes)
            _compare(self.agents, agents, changes, agent_key)
            _replace(self.agents, agents)
        if directory.queues is not None:
            self.listed.add(KeyKind.QUEUE)
            queues = {queue.id: queue for queue in directory.queues}
            _compare(self.queues, queues, changes, queue_key)
            _replace(self.queues, queues)
        if directory.unread_voicemails is not None:
            self._set_voicemails(directory.unread_voicemails, changes)
        self.missing_permissions = directory.missing_permissions
        return changes

    def _tell_agents(self, agents: Mapping[str, Agent], now: datetime, changes: Changes) -> None:
        """Tell what the agents that were known did since the last list."""
        for agent_id, agent in agents.items():
            before = self.agents.get(agent_id)
            if before is not None:
                changes.events += _differences(before, agent, now)

    # -- one by one --------------------------------------------------------------------------------

    def set_agent(self, agent: Agent, now: datetime) -> Changes:
        """Take what was asked about one agent."""
        changes = Changes()
        before = self.agents.get(agent.id)
        if before is not None:
            changes.events += _differences(before, agent, now)
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

    # -- pushes ------------------------------------------------------------------------------------

    def note_agent(self, agent_id: str, notice: Notice, changes: Changes) -> None:
        """Take what a message says of an agent.

        Where agents are not listed, it may be a new one.
        """
        agent = self.agents.get(agent_id)
        if agent is None:
            if KeyKind.AGENT in self.listed or len(self.agents) >= MAX_PUSHED_AGENTS:
                return
            person = self.extensions.get(notice.extension or "")
            name = person.name if person is not None else ""
            agent = Agent(id=agent_id, name=name, number=agent_id, extension=notice.extension)
        self._keep_agent(_after(agent, notice.type), changes)

    def count_voicemail(self, changes: Changes) -> None:
        """Count one more unread voicemail, where the phone system counts them."""
        if self.unread_voicemails is not None:
            self._set_voicemails(self.unread_voicemails + 1, changes)

    def _set_voicemails(self, unread: int, changes: Changes) -> None:
        """Set how many voicemails are unread."""
        if unread != self.unread_voicemails:
            self.unread_voicemails = unread
            changes.keys[ACCOUNT] = None

    def _keep_agent(self, agent: Agent, changes: Changes) -> None:
        """Keep what is known of an agent now."""
        before = self.agents.get(agent.id)
        if before is None:
            changes.keys[DIRECTORY] = None
        if before != agent:
            self.agents[agent.id] = agent
            changes.keys[agent_key(agent.id)] = None


def _after(agent: Agent, event: EventType) -> Agent:
    """Return an agent as it is after what it did."""
    match event:
        case EventType.AGENT_LOGGED_IN:
            return replace(agent, logged_in=True, status=AgentStatus.AVAILABLE)
        case EventType.AGENT_LOGGED_OUT:
            return replace(agent, logged_in=False, paused=None, status=AgentStatus.LOGGED_OUT)
        case EventType.AGENT_PAUSED:
            return replace(agent, paused=True, status=AgentStatus.PAUSED)
        case EventType.AGENT_UNPAUSED:
            return replace(agent, paused=False, status=AgentStatus.AVAILABLE)
    return agent


def _differences(before: Agent, after: Agent, now: datetime) -> list[Event]:
    """Return what an agent did between two looks; what is not known before or after is not told."""
    events: list[Event] = []
    for queue, joined in after.queues.items():
        if queue in before.queues and before.queues[queue] is not joined:
            events.append(_login(before, after, now, logged_in=joined, queue=queue))
    if not (before.queues or after.queues) and _differ(before.logged_in, after.logged_in):
        events.append(_login(before, after, now, logged_in=bool(after.logged_in)))
    if _differ(before.paused, after.paused):
        kind = EventType.AGENT_PAUSED if after.paused else EventType.AGENT_UNPAUSED
        events.append(_agent_event(kind, before, after, now))
    return events


def _differ(before: bool | None, after: bool | None) -> bool:  # noqa: FBT001 - they are states
    """Return whether both are known, and not the same."""
    return before is not None and after is not None and before is not after


def _login(
    before: Agent, after: Agent, now: datetime, *, logged_in: bool, queue: str | None = None
) -> Event:
    """Return that an agent logged in or out, of a queue or altogether."""
    kind = EventType.AGENT_LOGGED_IN if logged_in else EventType.AGENT_LOGGED_OUT
    return _agent_event(kind, before, after, now, queue)


def _agent_event(
    kind: EventType, before: Agent, after: Agent, now: datetime, queue: str | None = None
) -> Event:
    """Return an event about an agent, for its phone too where that is known."""
    extension = after.extension or before.extension
    return Event(
        type=kind,
        provider_event=POLL,
        time=now,
        agent=after.id,
        extension=extension,
        queue=queue,
        tell=(extension,) if extension else (),
    )


def _replace[T](known: dict[str, T], found: Mapping[str, T]) -> None:
    """Replace what was known in place: others look at the same mapping."""
    known.clear()
    known.update(found)


def _compare[T](
    before: Mapping[str, T], after: Mapping[str, T], changes: Changes, *keys: Callable[[str], Key]
) -> None:
    """Note what came, went or changed."""
    if before.keys() != after.keys():
        changes.keys[DIRECTORY] = None
    for name in before.keys() | after.keys():
        if before.get(name) != after.get(name):
            changes.keys |= dict.fromkeys(key(name) for key in keys)
