"""VoIPSUN: agents and queues."""

from typing import Any

import pytest

from custom_components.pbx.providers.voipsun.permissions import CALL_CENTER
from custom_components.pbx.providers.voipsun.provider import VoipsunProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    RefusedError,
    UnsupportedError,
)
from custom_components.pbx.telephony.models import AgentStatus, Capability

from .box import AGENT, OK, PIN, Box, Run, live, no


def queue_answer(paused: str = "0") -> dict[str, object]:
    """Answer queuestatus: one waits, the agent is a member."""
    return {
        "success": "true",
        "queue": {"calls": "1", "holdtime": "24"},
        "members": [{"name": "x", "interface": "Agent/1000", "status": "1", "paused": paused}],
        "callers": [{"position": "1", "channel": "SIP/trunk-0000000a", "wait": "48"}],
    }


async def test_the_directory_tells_of_agents_and_queues(client: VoipsunProvider, box: Box) -> None:
    """A pause is known from the queue; a caller who waits is known to wait there."""
    box.answers["agentstatus"] = {"success": "true", "login": "logged in", "status": "available"}
    box.answers["queuestatus"] = queue_answer("1")
    directory = await client.directory()
    assert directory.agents is not None
    assert directory.queues is not None
    (agent,), (queue,) = directory.agents, directory.queues
    assert (agent.id, agent.name, agent.number, agent.extension) == ("a0", "novak", "1000", "100")
    assert (agent.status, agent.logged_in, agent.paused) == (AgentStatus.PAUSED, True, True)
    assert (queue.id, queue.waiting, queue.longest_wait, queue.members) == ("q0", 1, 48, {"a0": True})
    assert box.sent("agentstatus") == [{"agentNumber": "1000", "agentPin": PIN}]
    assert box.sent("queuestatus") == [{"queueName": "podpora"}]
    assert (await live(client, box)).queue == "podpora"


@pytest.mark.parametrize("name", ["Podpora (CZ)", "a;b", "", "$(x)"])
async def test_a_queue_whose_name_may_not_be_sent(name: str, client: VoipsunProvider, box: Box) -> None:
    """Nothing is known of it, and all others are asked about, with the directory and with the calls."""
    box.answers["queuestatus"] = queue_answer()
    odd, known = m.UserQueue(id="odd", name=name), m.UserQueue(id="q0", name="podpora")
    client.configure([AGENT], [odd, known])
    directory = await client.directory()
    assert directory.queues is not None
    assert [(queue.id, queue.waiting) for queue in directory.queues] == [("odd", None), ("q0", 1)]
    assert (await live(client, box)).queue == "podpora"
    assert {query["queueName"] for query in box.sent("queuestatus")} == {"podpora"}


async def test_agents_in_turn(client: VoipsunProvider, box: Box) -> None:
    """Two hundred agents do not fit into one look, and all get their turn; a changed one comes first."""
    agents = [m.UserAgent(id=f"a{n}", name="", number=str(1000 + n), pin="1") for n in range(200)]
    client.configure(agents, [m.UserQueue(id=f"q{n}", name=f"q{n}") for n in range(20)])
    client.http.budget.set_limits([])  # it is kept, but would take its time
    await client.directory()
    first = len(box.queries)
    assert first <= 40
    await client.agent_pause(m.AgentRef(id="a199"))
    box.queries.clear()
    await client.directory()
    assert box.sent("agentstatus")[0]["agentNumber"] == "1199"
    for _ in range(12):
        await client.directory()
    asked = {query["agentNumber"] for query in box.sent("agentstatus")}
    assert len(asked) >= 196  # four more were asked in the first turn
    assert len({query["queueName"] for query in box.sent("queuestatus")}) == 20
    client.configure(agents[:1], [])
    directory = await client.directory()
    assert (len(directory.agents or ()), directory.queues) == (1, ())


async def test_one_agent_that_fails_does_not_spoil_the_others(client: VoipsunProvider, box: Box) -> None:
    """A wrong PIN is that agent's; what is known of those behind a lost connection stays, and they come next."""
    agents = [m.UserAgent(id=f"a{n}", name="", number=str(1000 + n), pin="1") for n in range(3)]
    agents.append(m.UserAgent(id="a3", name="", number="x", pin=""))
    client.configure(agents, [])
    available = {"success": "true", "status": "available"}
    box.answers["agentstatus"] = lambda query: (
        no("610", "Agent authentication failed") if query["agentNumber"] == "1000" else available
    )
    directory = await client.directory()
    assert directory.agents is not None
    assert [agent.status for agent in directory.agents] == [None, AgentStatus.AVAILABLE, AgentStatus.AVAILABLE, None]
    assert directory.agents[0].status_text == "Agent authentication failed"
    assert directory.missing_permissions == frozenset()
    box.answers["agentstatus"] = lambda query: b"<html>" if query["agentNumber"] == "1001" else available
    box.queries.clear()
    directory = await client.directory()
    assert [query["agentNumber"] for query in box.sent("agentstatus")] == ["1000", "1001"]
    assert [agent.status for agent in directory.agents or ()][1:3] == [AgentStatus.AVAILABLE, AgentStatus.AVAILABLE]
    box.queries.clear()
    await client.directory()
    assert box.sent("agentstatus")[0]["agentNumber"] == "1002"


async def test_an_agent_state_may_come_as_an_error(client: VoipsunProvider, box: Box) -> None:
    """Unless it is about the PIN."""
    box.answers["agentstatus"] = no("611", "Agent is logged out")
    agent = await client.agent_status(m.AgentRef(id="a0"))
    assert (agent.status, agent.logged_in) == (AgentStatus.LOGGED_OUT, False)
    assert agent.raw == {"errno": "611", "reason": "Agent is logged out"}
    box.answers["agentstatus"] = no("624", "Agent is on a break")
    agent = await client.agent_status(m.AgentRef(id="a0"))
    assert (agent.status, agent.status_text) == (None, "Agent is on a break")
    for errno, reason in (("610", "Wrong PIN 0417"), ("500", "Agent is logged out")):
        box.answers["agentstatus"] = no(errno, reason)
        with pytest.raises(RefusedError) as caught:
            await client.agent_status(m.AgentRef(id="a0"))
        assert PIN not in caught.value.reason


async def test_an_agent_nobody_has_added(client: VoipsunProvider, box: Box) -> None:
    """A number and a PIN are enough."""
    box.answers["agentstatus"] = {"success": "true", "status": "busy"}
    agent = await client.agent_status(m.AgentRef(number="2000", pin="7"))
    assert (agent.id, agent.number, agent.status, agent.extension) == ("2000", "2000", AgentStatus.BUSY, None)
    assert (await client.agent_status(m.AgentRef(id="a0"))).status is AgentStatus.BUSY


async def test_the_state_of_a_queue(client: VoipsunProvider, box: Box) -> None:
    """By id, by name, or one nobody has added."""
    box.answers["queuestatus"] = queue_answer()
    assert (await client.queue_status("q0")).id == "q0"
    assert (await client.queue_status("podpora")).waiting == 1
    assert (await client.queue_status("obchod")).name == "obchod"
    assert [query["queueName"] for query in box.sent("queuestatus")] == ["podpora", "podpora", "obchod"]
    box.answers["queuestatus"] = no("600", "No such queue")
    with pytest.raises(RefusedError):
        await client.queue_status("q0")
    directory = await client.directory()
    assert directory.queues == (m.Queue(id="q0", name="podpora"),)


@pytest.mark.parametrize(
    ("action", "run", "capability"),
    [
        ("agentstatus", lambda p: p.agent_status(m.AgentRef(id="a0")), Capability.GET_AGENT_STATUS),
        ("queuestatus", lambda p: p.queue_status("q0"), Capability.GET_QUEUE_STATUS),
    ],
)
async def test_call_centre_without_permission_or_in_an_old_version(
    client: VoipsunProvider, box: Box, action: str, run: Run, capability: Capability
) -> None:
    """The permission is missing until an answer comes; an unknown action stays unknown."""
    box.answers |= {"agentstatus": no("100"), "queuestatus": no("100")}
    with pytest.raises(RefusedError):
        await run(client)
    box.queries.clear()
    directory = await client.directory()
    assert directory.missing_permissions == {CALL_CENTER}
    assert (directory.agents, directory.queues) != (None, None)
    assert len(box.queries) == 2  # one try, beside the phones
    assert Capability.AGENT_PAUSE not in client.capabilities
    assert Capability.USER_AGENTS in client.capabilities
    box.answers |= {"agentstatus": OK, "queuestatus": OK}
    assert (await client.directory()).missing_permissions == frozenset()
    assert client.capabilities == VoipsunProvider.possible
    box.answers[action] = no("110")
    with pytest.raises(UnsupportedError):
        await run(client)
    await client.directory()
    assert client.capabilities == VoipsunProvider.possible & ~capability


async def test_objects_that_are_removed_while_they_are_asked_about(client: VoipsunProvider, box: Box) -> None:
    """Their answers are dropped."""

    def answer(_query: Any) -> dict[str, str]:
        client.configure([], [])
        return OK

    box.answers |= {"queuestatus": answer, "agentstatus": answer}
    directory = await client.directory()
    assert (directory.agents, directory.queues) == ((), ())
    client.configure([AGENT], [])
    assert (await client.directory()).agents == ()
