"""Queues and agents, out of what Asterisk lists and tells of them."""

from collections.abc import Mapping

import pytest

from custom_components.pbx.providers.asterisk.call_center import CallCenter
from custom_components.pbx.providers.asterisk.house import House
from custom_components.pbx.telephony.models import Agent, AgentStatus

type Row = Mapping[str, str]


def params(queue: str = "401", calls: str = "0") -> Row:
    """Return a queue as a list has it."""
    return {"Event": "QueueParams", "Queue": queue, "Calls": calls}


def member(extension: str = "102", queue: str = "401", **more: str) -> Row:
    """Return a member as a list has it."""
    row = {
        "Event": "QueueMember",
        "Queue": queue,
        "Name": f"Agent {extension}",
        "Location": f"Local/{extension}@from-queue/n",
        "StateInterface": f"hint:{extension}@ext-local",
        "Membership": "dynamic",
        "Status": "1",
        "Paused": "0",
    }
    return row | more


@pytest.fixture
def center() -> CallCenter:
    """Return the call centre of a house with three phones."""
    house = House()
    house.take_hints({"Exten": number, "Hint": f"PJSIP/{number}"} for number in ("101", "102", "103"))
    return CallCenter(house)


def agents(center: CallCenter) -> dict[str, Agent]:
    """Return the agents by their ids."""
    return {agent.id: agent for agent in center.agents()}


def gone(row: Row) -> Row:
    """Return the event that a member is one no more."""
    event = {"Event": "QueueMemberRemoved", "Interface": row["Location"], "MemberName": row["Name"]}
    return {key: value for key, value in row.items() if key not in ("Location", "Name")} | event


@pytest.mark.parametrize("how", ["event", "list", "list of the queue"])
def test_who_logs_out_is_still_an_agent(center: CallCenter, how: str) -> None:
    """However that is heard: with the name and queues of before, and logged out; until the agent is back."""
    center.take_queues([params(), member(), params("402"), member(queue="402", Paused="1", PausedReason="lunch")])
    assert agents(center)["102"].queues == {"401": True, "402": True}
    match how:
        case "event":
            center.lose_member(gone(member()))
        case "list":
            center.take_queues([params(), params("402"), member(queue="402")])
        case _:
            center.take_queue("401", [params()])
    assert agents(center)["102"].queues == {"401": False, "402": True}
    center.lose_member(gone(member(queue="402")))
    agent = agents(center)["102"]
    assert (agent.name, agent.queues) == ("Agent 102", {"401": False, "402": False})
    assert (agent.logged_in, agent.paused, agent.status) == (False, None, AgentStatus.LOGGED_OUT)
    assert center.queue("401").members == {"102": False}
    center.take_member(member())
    assert agents(center)["102"].queues == {"401": True, "402": False}
    assert center.queue("401").agents_logged_in == 1


def test_another_way_to_the_same_agent(center: CallCenter) -> None:
    """An agent who is reached otherwise now has not logged out."""
    center.take_queues([params(), member()])
    center.take_queues([params(), member(Location="PJSIP/102", StateInterface="PJSIP/102")])
    assert agents(center)["102"].queues == {"401": True}


def test_a_queue_that_is_gone(center: CallCenter) -> None:
    """Nobody is an agent of it any more."""
    center.take_queues([params(), member()])
    center.take_queues([])
    assert agents(center) == {}


def test_who_may_log_in(center: CallCenter) -> None:
    """FreePBX lists them; what else stands there, and what is written badly, is passed over."""
    keys = {"401/agents/103": "5", "401/agents/101": "x", "401/dynmemberonly": "yes", "9/agents/102": "1", "": ""}
    center.take_allowed({"Key": f"/QPENALTY/{key}", "Val": value} for key, value in keys.items())
    center.take_queues([params(), member()])
    assert {agent.id: agent.queues for agent in center.agents()} == {
        "101": {"401": False},
        "102": {"401": True},
        "103": {"401": False},
    }
    assert center.allowed["401", "103"] == 5


def test_why_an_agent_pauses(center: CallCenter) -> None:
    """The reason is that of a pause which lasts, and a pause in one of two queues is none altogether."""
    center.take_queues([params(), member(Paused="1", PausedReason="lunch"), params("402"), member(queue="402")])
    assert (agents(center)["102"].paused, agents(center)["102"].pause_reason) == (False, "lunch")
    center.take_member(member(queue="402", Paused="1"))
    assert (agents(center)["102"].paused, agents(center)["102"].status) == (True, AgentStatus.PAUSED)
    for queue in ("401", "402"):
        center.take_member(member(queue=queue, PausedReason="lunch"))
    assert (agents(center)["102"].paused, agents(center)["102"].pause_reason) == (False, "")


def test_one_queue_is_read_again(center: CallCenter) -> None:
    """The others stay as they were."""
    center.take_queues([params(calls="1"), member(), params("402", "2"), member("103", "402")])
    center.take_queue("402", [params("402", "7"), params("401", "9")])
    assert (center.waiting, set(center.members)) == ({"401": 1, "402": 7}, {("401", "Local/102@from-queue/n")})


@pytest.mark.parametrize(
    ("answered", "abandoned", "told", "level"),
    [("0", "0", "0.0", None), ("3", "1", "75.0", 75), ("0", "2", "0.0", 0), ("", "", "50.0", 50)],
)
def test_service_level(center: CallCenter, answered: str, abandoned: str, told: str, level: float | None) -> None:
    """A queue without a call has none; one whose callers all gave up has none that is good."""
    counted = {"Completed": answered, "Abandoned": abandoned, "ServicelevelPerf": told}
    center.take_queues([{**params(), **counted}])
    assert center.queue("401").service_level == level


@pytest.mark.parametrize(
    ("status", "paused", "shown", "free"),
    [
        ("0", "0", AgentStatus.AVAILABLE, 1),
        ("1", "0", AgentStatus.AVAILABLE, 1),
        ("0", "1", AgentStatus.PAUSED, 0),
        ("1", "1", AgentStatus.PAUSED, 0),
        ("2", "0", AgentStatus.TALKING, 0),
        ("4", "0", AgentStatus.UNAVAILABLE, 0),
        ("5", "1", AgentStatus.UNAVAILABLE, 0),
    ],
)
def test_what_an_agent_does(center: CallCenter, status: str, paused: str, shown: AgentStatus, free: int) -> None:
    """Asterisk lets a queue ring whom it knows no state of, such as an analogue phone."""
    center.take_queues([params(), member(Status=status, Paused=paused)])
    assert agents(center)["102"].status is shown
    assert center.queue("401").agents_available == free


@pytest.mark.parametrize(
    ("membership", "dynamic"),
    [("dynamic", True), ("Dynamic", True), ("static", False), ("realtime", False), ("", True)],
)
def test_who_can_log_out(center: CallCenter, membership: str, *, dynamic: bool) -> None:
    """Only who was added: of a member that the configuration or a database names Asterisk refuses it."""
    assert center.take_member(member(Membership=membership)).dynamic is dynamic
