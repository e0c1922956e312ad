"""VoIPstudio: agents and queues."""

import asyncio

import aiohttp
import pytest

from custom_components.pbx.providers.voipstudio.provider import VoipstudioProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    ConnectError,
    InvalidInputError,
    RefusedError,
)
from tests.simulators.base import FaultKind
from tests.simulators.voipstudio import VoipstudioSimulator
from tests.simulators.voipstudio_switches import PartialAgents

from .account import Stub, stubbed


@pytest.mark.parametrize("partial", list(PartialAgents))
async def test_agents_join_and_leave(
    provider: VoipstudioProvider, sim: VoipstudioSimulator, partial: PartialAgents
) -> None:
    """One agent of one queue changes, and everybody else stays as they were."""
    sim.partial_agents = partial
    await provider.agent_logout(m.AgentRef(id="10003", queue="601"))
    assert sim.queues[80892].members == {10002: True, 10003: False, 10004: True}
    assert sim.queues[80893].members == {10003: False, 10004: True, 10005: True}
    await provider.agent_login(m.AgentRef(number="1002", queue="80893"))
    assert sim.queues[80893].members == {10003: True, 10004: True, 10005: True}
    await provider.agent_logout(m.AgentRef(number="1003"))
    assert (sim.queues[80892].members[10004], sim.queues[80893].members[10004]) == (False, False)
    before = len(sim.seen("/queues", "PATCH"))
    await provider.agent_logout(m.AgentRef(id="10004", queue="601"))
    assert len(sim.seen("/queues", "PATCH")) == before


async def test_two_agents_at_once(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """Two changes at the same time do not undo each other."""
    await asyncio.gather(
        *(provider.agent_logout(m.AgentRef(id=str(user), queue="601")) for user in (10002, 10003, 10004))
    )
    assert set(sim.queues[80892].members.values()) == {False}


@pytest.mark.parametrize(
    ("ref", "field_name", "problem"),
    [
        (m.AgentRef(id="10006", queue="601"), "agent", "unknown_agent"),
        (m.AgentRef(id="10005", queue="601"), "queue", "not_a_member"),
        (m.AgentRef(id="10005", queue="699"), "queue", "unknown_queue"),
        (m.AgentRef(), "agent", "unknown_agent"),
    ],
)
async def test_unknown_agents(
    provider: VoipstudioProvider, sim: VoipstudioSimulator, ref: m.AgentRef, field_name: str, problem: str
) -> None:
    """Who is not a member cannot join."""
    with pytest.raises(InvalidInputError) as error:
        await provider.agent_login(ref)
    assert (error.value.field, error.value.problem) == (field_name, problem)
    assert not sim.seen("/queues", "PATCH")


async def test_members_without_status_are_never_overwritten(stub: Stub, session: aiohttp.ClientSession) -> None:
    """A list that does not say who has joined is not written back."""
    stub.on("GET", "queues", {"data": [{"id": 1, "number": 601, "users": [10002, 10003]}], "total": 1})
    with pytest.raises(ConnectError):
        await stubbed(stub, session).agent_login(m.AgentRef(id="10002", queue="601"))
    assert stub.paths() == ["GET queues"]


async def test_joining_that_is_refused(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """The phone system's reason is told."""
    sim.fault(FaultKind.STATUS, path="/queues", method="PATCH", status=403)
    with pytest.raises(RefusedError):
        await provider.agent_logout(m.AgentRef(id="10002", queue="601"))
    assert sim.queues[80892].members[10002]


async def test_agent_and_queue_status(provider: VoipstudioProvider) -> None:
    """Both are asked for on the spot."""
    agent = await provider.agent_status(m.AgentRef(number="1002"))
    assert (agent.id, dict(agent.queues), agent.raw) == (
        "10003",
        {"601": True, "602": False},
        {"queues": {"601": True, "602": False}},
    )
    queue = await provider.queue_status("602")
    assert (queue.name, queue.agents_logged_in, dict(queue.members)) == (
        "Sales",
        2,
        {"10003": False, "10004": True, "10005": True},
    )
