"""The agents and queues of a VoIPSUN PBX: who they are, what was heard of them, whose turn it is.

The phone system lists neither, so the user adds them; each is asked about alone, and only some at a
time, because hundreds would not fit into the budget. Only the queues know of an agent's pause.
"""

from collections.abc import Collection, Iterator, Sequence

from ...telephony import models as m
from ...telephony.errors import InvalidInputError
from ...telephony.models import AgentStatus
from .commands import DIGITS, Commands, Params, valid
from .payload import AgentState
from .queues import QueueReading, queue_reading

AGENTS_PER_TURN = 16
QUEUES_PER_TURN = 8
QUEUES_PER_LIST = 3


class CallCenter:
    """Remember the agents and queues that the user added."""

    def __init__(self, commands: Commands) -> None:
        """Know nobody yet."""
        self._commands = commands
        self._agents: dict[str, m.UserAgent] = {}
        self._queues: dict[str, m.UserQueue] = {}
        self._states: dict[str, AgentState] = {}
        self._readings: dict[str, QueueReading] = {}
        self._turns: dict[str, int] = {}
        self._changed: dict[str, m.UserAgent] = {}
        """The agents that a command has changed: to be asked about first."""

    def configure(self, agents: Collection[m.UserAgent], queues: Collection[m.UserQueue]) -> None:
        """Take the agents and queues the user added, and forget what is known of others."""
        self._agents = {agent.id: agent for agent in agents}
        self._queues = {queue.id: queue for queue in queues}
        self._states = {key: state for key, state in self._states.items() if key in self._agents}
        self._readings = {
            key: known for key, known in self._readings.items() if key in self._queues
        }

    # -- what is known -----------------------------------------------------------------------------

    @property
    def agents(self) -> tuple[m.Agent, ...]:
        """The agents, each as it was last heard of."""
        known = self._agents.values()
        return tuple(self.agent(agent, self._states.get(agent.id)) for agent in known)

    @property
    def queues(self) -> tuple[m.Queue, ...]:
        """The queues, each as it was last heard of; one that was not has a name only."""
        return tuple(self.queue(queue) for queue in self._queues.values())

    @property
    def waiting(self) -> dict[str, str]:
        """The channels that wait in a queue, with the queue's name."""
        waiting: dict[str, str] = {}
        for reading in self._readings.values():
            waiting |= dict.fromkeys(reading.channels, reading.queue.name)
        return waiting

    def agent(self, agent: m.UserAgent, state: AgentState | None) -> m.Agent:
        """Return an agent in a state, with the pause that the queues tell of."""
        state = state or AgentState()
        paused = self._is_paused(agent.id)
        status = state.status
        if paused and status in (None, AgentStatus.AVAILABLE):
            status = AgentStatus.PAUSED
        return m.Agent(
            id=agent.id,
            name=agent.name,
            number=agent.number,
            extension=agent.extension or None,
            status=status,
            status_text=state.words,
            logged_in=state.logged_in,
            paused=paused,
            raw=state.raw,
        )

    def keep_state(self, agent: m.UserAgent, state: AgentState) -> None:
        """Remember what an agent does, unless it was removed meanwhile."""
        if agent.id in self._agents:
            self._states[agent.id] = state

    def keep_reading(self, queue: m.UserQueue, reading: QueueReading) -> None:
        """Remember how a queue does, unless it was removed meanwhile."""
        if queue.id in self._queues:
            self._readings[queue.id] = reading

    def read_queue(self, queue: m.UserQueue, answer: object, password: str) -> QueueReading:
        """Return what an answer says about a queue; its members are known by name or number."""
        ids = {agent.name.lower(): agent.id for agent in self._agents.values() if agent.name}
        ids |= {agent.number: agent.id for agent in self._agents.values()}
        return queue_reading(queue, answer, ids, (password,))

    def queue(self, queue: m.UserQueue) -> m.Queue:
        """Return a queue as it was last heard of."""
        reading = self._readings.get(queue.id)
        return reading.queue if reading else m.Queue(id=queue.id, name=queue.name)

    def _is_paused(self, agent_id: str) -> bool | None:
        """Return whether a queue says that an agent is paused; None where no queue knows it."""
        marks = [reading.paused.get(agent_id) for reading in self._readings.values()]
        if True in marks:
            return True
        return False if False in marks else None

    # -- whose turn it is --------------------------------------------------------------------------

    def next_queues(self) -> Iterator[m.UserQueue]:
        """Return the queues to ask about now."""
        return self._next("queues", tuple(self._queues.values()), QUEUES_PER_TURN)

    def busy_queues(self) -> tuple[m.UserQueue, ...]:
        """Return the queues to ask about along with a list of calls: where somebody waits, first.

        Where there are more, the others follow with the next lists.
        """
        chosen = dict.fromkeys(key for key, known in self._readings.items() if known.channels)
        others = self._next("busy queues", tuple(self._queues), QUEUES_PER_LIST)
        chosen |= dict.fromkeys(others)
        return tuple(self._queues[key] for key in tuple(chosen)[:QUEUES_PER_LIST])

    def next_agents(self) -> Iterator[m.UserAgent]:
        """Return the agents to ask about now: first those that a command has changed."""
        changed = [agent for agent in self._changed.values() if agent.id in self._agents]
        self._changed.clear()
        yield from changed
        yield from self._next("agents", tuple(self._agents.values()), AGENTS_PER_TURN)

    def note_change(self, agent: m.AgentRef) -> None:
        """Ask about an agent first the next time, because a command is about to change it."""
        known = self.known_agent(agent)
        if known is not None:
            self._changed[known.id] = known

    def _next[T](self, kind: str, items: Sequence[T], count: int) -> Iterator[T]:
        """Go round; where a turn breaks off, the next one starts behind the item that broke it."""
        for _ in range(min(count, len(items))):
            position = self._turns.get(kind, 0) % len(items)
            self._turns[kind] = position + 1
            yield items[position]

    # -- who is meant ------------------------------------------------------------------------------

    def known_agent(self, agent: m.AgentRef) -> m.UserAgent | None:
        """Return the agent that is meant, by id or by number; None for a number nobody added.

        Raise InvalidInputError for an id that does not exist.
        """
        if agent.id is not None:
            if agent.id not in self._agents:
                raise InvalidInputError("agent", "unknown_agent", value=agent.number or agent.id)
            return self._agents[agent.id]
        for known in self._agents.values():
            if known.number == agent.number:
                return known
        return None

    def user_queue(self, queue: str) -> m.UserQueue:
        """Return the queue that is meant, by id or by name; a name nobody added is a queue too."""
        for known in self._queues.values():
            if queue in (known.id, known.name):
                return known
        return m.UserQueue(id=queue, name=valid("queue", queue))

    def credentials(self, agent: m.AgentRef) -> Params:
        """Return an agent's number and PIN, as text: a PIN may begin with 0."""
        known = self.known_agent(agent)
        number, pin = agent.number or "", agent.pin or ""
        if known is not None:
            number, pin = number or known.number, pin or known.pin
        return {
            "agentNumber": valid("agent", number, DIGITS),
            "agentPin": valid("pin", pin, DIGITS),
        }

    def seat(self, agent: m.AgentRef) -> Params:
        """Return where an agent sits: the given extension, or where the agent is at home."""
        known = self.known_agent(agent)
        extension = agent.extension or (known.extension if known else "")
        if not extension:
            raise InvalidInputError("extension", "required")
        return self._commands.extension("src", extension, dialplan=agent.dialplan)

    def member(self, member: m.QueueMember) -> Params:
        """Return who is to be a member of which queue.

        How a member is named is not published, so agent, extension or both are sent.
        """
        if member.agent is None and member.extension is None:
            raise InvalidInputError("agent", "required")
        params = {"queueName": valid("queue", self.user_queue(member.queue).name)}
        extension = member.extension
        if member.agent is not None:
            params |= self.credentials(member.agent)
            extension = extension or member.agent.extension
        if extension is not None:
            params |= self._commands.extension("src", extension, dialplan=member.dialplan)
        return params
