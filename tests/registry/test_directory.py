"""Extensions, agents and queues: who comes, goes and changes is named, and what agents do is told."""

import pytest

from custom_components.pbx.registry.call_registry import (
    ACCOUNT,
    DIRECTORY,
    CallRegistry,
    Key,
    agent_key,
    extension_key,
    queue_key,
)
from custom_components.pbx.registry.changes import listed_key
from custom_components.pbx.telephony.models import Agent, AgentStatus, Directory, EventType, Extension, Notice, Queue

from .story import moment

NOW = moment(0)
ANNA, BERT = Extension(number="101", name="Anna"), Extension(number="102", name="Bert")


@pytest.mark.parametrize(
    ("before", "after", "keys"),
    [
        pytest.param((), (ANNA,), {DIRECTORY, extension_key("101"), listed_key("101")}, id="comes"),
        pytest.param((ANNA,), (ANNA,), set(), id="stays"),
        pytest.param((ANNA,), None, set(), id="not_asked"),
        pytest.param(
            (ANNA,), (Extension(number="101", name="Ann"),), {extension_key("101"), listed_key("101")}, id="changes"
        ),
        pytest.param((ANNA, BERT), (BERT,), {DIRECTORY, extension_key("101"), listed_key("101")}, id="goes"),
    ],
)
def test_extensions(before: tuple[Extension, ...], after: tuple[Extension, ...] | None, keys: set[Key]) -> None:
    """Only what came, went or changed is named."""
    registry = CallRegistry()
    registry.directory(Directory(extensions=before), NOW)
    changes = registry.directory(Directory(extensions=after), NOW)
    assert set(changes.keys) == keys
    assert registry.extensions == {each.number: each for each in (before if after is None else after)}


def test_what_is_listed() -> None:
    """A system that lists none at all is one that has none."""
    registry = CallRegistry()
    registry.directory(Directory(extensions=(), missing_permissions=frozenset({"cdr"})), NOW)
    assert registry.listed == {"extension"}
    assert registry.missing_permissions == {"cdr"}
    registry.directory(Directory(agents=(), queues=()), NOW)
    assert registry.listed == {"extension", "agent", "queue"}


def test_unread_voicemails() -> None:
    """They are counted where the phone system does, and a new one counts at once."""
    registry = CallRegistry()
    new = Notice(provider_event="x", type=EventType.VOICEMAIL_RECEIVED)
    assert ACCOUNT not in registry.apply(new, NOW).keys
    assert registry.unread_voicemails is None
    assert ACCOUNT in registry.directory(Directory(unread_voicemails=2), NOW).keys
    assert not registry.directory(Directory(unread_voicemails=2), NOW)
    assert ACCOUNT in registry.apply(new, NOW).keys
    assert registry.unread_voicemails == 3


def test_queues() -> None:
    """By list and one by one."""
    registry = CallRegistry()
    assert set(registry.set_queue(Queue(id="1")).keys) == {DIRECTORY, queue_key("1")}
    assert not registry.set_queue(Queue(id="1", raw={"a": 1}))
    assert set(registry.set_queue(Queue(id="1", waiting=2)).keys) == {queue_key("1")}
    assert set(registry.directory(Directory(queues=()), NOW).keys) == {DIRECTORY, queue_key("1")}
    assert registry.queues == {}


OUT, IN = EventType.AGENT_LOGGED_OUT, EventType.AGENT_LOGGED_IN
AGENT_NEWS = [
    pytest.param(Agent(id="7"), Agent(id="7", logged_in=True), [], id="not_known_before"),
    pytest.param(Agent(id="7", logged_in=True), Agent(id="7"), [], id="not_known_now"),
    pytest.param(Agent(id="7", logged_in=False), Agent(id="7", logged_in=True), [(IN, None)], id="logs_in"),
    pytest.param(Agent(id="7", logged_in=True), Agent(id="7", logged_in=False), [(OUT, None)], id="logs_out"),
    pytest.param(
        Agent(id="7", logged_in=True, paused=False),
        Agent(id="7", logged_in=True, paused=True),
        [(EventType.AGENT_PAUSED, None)],
        id="pauses",
    ),
    pytest.param(
        Agent(id="7", paused=True), Agent(id="7", paused=False), [(EventType.AGENT_UNPAUSED, None)], id="goes_on"
    ),
    pytest.param(
        Agent(id="7", logged_in=True, queues={"600": True, "601": False}),
        Agent(id="7", logged_in=False, queues={"600": False, "601": True, "602": True}),
        [(OUT, "600"), (IN, "601")],
        id="per_queue",
    ),
]


@pytest.mark.parametrize("by_list", [True, False])
@pytest.mark.parametrize(("before", "after", "told"), AGENT_NEWS)
def test_what_an_agent_did_between_two_looks(
    before: Agent,
    after: Agent,
    told: list[tuple[EventType, str | None]],
    by_list: bool,  # noqa: FBT001
) -> None:
    """Told once, with the queue where logging in is per queue; what is not known is not told."""
    registry = CallRegistry()
    if by_list:
        first = registry.directory(Directory(agents=(before,)), NOW)
        changes = registry.directory(Directory(agents=(after,)), NOW)
    else:
        first = registry.set_agent(before, NOW)
        changes = registry.set_agent(after, NOW)
    assert set(first.keys) == {DIRECTORY, agent_key("7")}
    assert first.events == []
    assert [(event.type, event.queue) for event in changes.events] == told
    assert all(event.agent == "7" for event in changes.events)
    assert set(changes.keys) == {agent_key("7")}
    assert not registry.set_agent(after, NOW)


def test_an_agents_phone_hears_it() -> None:
    """Also the phone that was just left."""
    registry = CallRegistry()
    registry.set_agent(Agent(id="7", extension="101", logged_in=True), NOW)
    changes = registry.set_agent(Agent(id="7", logged_in=False), NOW)
    assert [event.tell for event in changes.events] == [("101",)]


@pytest.mark.parametrize(
    ("kind", "logged_in", "paused", "status"),
    [
        (EventType.AGENT_LOGGED_IN, True, None, AgentStatus.AVAILABLE),
        (EventType.AGENT_LOGGED_OUT, False, None, AgentStatus.LOGGED_OUT),
        (EventType.AGENT_PAUSED, None, True, AgentStatus.PAUSED),
        (EventType.AGENT_UNPAUSED, None, False, AgentStatus.AVAILABLE),
        (EventType.AGENT_WRAP_UP, None, None, None),
    ],
)
def test_an_agent_is_met_by_a_push(
    kind: EventType,
    logged_in: bool | None,  # noqa: FBT001
    paused: bool | None,  # noqa: FBT001
    status: AgentStatus | None,
) -> None:
    """Where agents are not listed; with the name of the phone."""
    registry = CallRegistry()
    registry.directory(Directory(extensions=(ANNA,)), NOW)
    notice = Notice(provider_event="x", type=kind, agent="101", extension="101")
    changes = registry.apply(notice, NOW)
    assert set(changes.keys) == {DIRECTORY, agent_key("101")}
    assert [event.type for event in changes.events] == [kind]
    agent = registry.agents["101"]
    assert agent == Agent(
        id="101", name="Anna", number="101", extension="101", logged_in=logged_in, paused=paused, status=status
    )
    assert set(registry.apply(notice, NOW).keys) == set()


def test_agents_that_are_listed_go_with_the_list() -> None:
    """A push about somebody else makes no agent."""
    registry = CallRegistry()
    registry.directory(Directory(agents=(Agent(id="7"),)), NOW)
    changes = registry.apply(Notice(provider_event="x", type=EventType.AGENT_WRAP_UP, agent="8"), NOW)
    assert [event.type for event in changes.events] == [EventType.AGENT_WRAP_UP]
    assert registry.agents.keys() == {"7"}
    assert set(registry.directory(Directory(agents=()), NOW).keys) == {DIRECTORY, agent_key("7")}


def test_an_agent_is_remembered() -> None:
    """From before a restart, unless more is known by now; nothing is told of it."""
    registry = CallRegistry()
    registry.remember_agent(Agent(id="7", name="Anna"))
    registry.remember_agent(Agent(id="7", name="Other"))
    assert registry.agents["7"].name == "Anna"
    changes = registry.apply(Notice(provider_event="x", type=EventType.AGENT_LOGGED_IN, agent="7"), NOW)
    assert set(changes.keys) == {agent_key("7")}
    assert registry.agents["7"].name == "Anna"


def test_a_voicemail_in_a_directory_that_does_not_count_them() -> None:
    """None keeps what was known."""
    registry = CallRegistry()
    registry.directory(Directory(unread_voicemails=1), NOW)
    assert not registry.directory(Directory(), NOW)
    assert registry.unread_voicemails == 1
