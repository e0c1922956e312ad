"""The simulated VoIPSUN box keeps agents and queues as its contract says."""

import pytest

from .voipsun_bench import CALLER, FROM_101, NOVAK, OK, Box, Boxes, two_sites
from .voipsun_model import AgentStatusStyle, DeviceState, ListStyle, MemberSelector, NumberStyle, QueueStatusStyle, demo

pytestmark = pytest.mark.usefixtures("socket_enabled")


SVOBODA = {"agentNumber": "1001", "agentPin": "2580"}


async def test_log_in_and_out(box: Box) -> None:
    """An agent logs in at a phone, pauses, and leaves."""
    agent = box.sim.agents["1001"]
    assert (await box.ask("agentstatus", **SVOBODA))["login"] == "logged out"
    assert await box.ask("agentlogin", **SVOBODA, srcSipUsername="sip103") == OK
    assert agent.extension is box.sim.extensions[2]
    assert await box.ask("agentstatus", **SVOBODA) == {
        "success": "true",
        "agentNumber": "1001",
        "login": "logged in",
        "status": "available",
    }
    assert await box.ask("agentpause", **SVOBODA) == OK
    assert agent.paused
    assert (await box.ask("agentstatus", **SVOBODA))["status"] == "available"
    assert await box.ask("agentunpause", **SVOBODA) == OK
    assert not agent.paused
    assert await box.ask("agentlogout", **SVOBODA) == OK
    assert agent.extension is None


@pytest.mark.parametrize("wrong", [NOVAK | {"agentPin": "417"}, NOVAK | {"agentNumber": "9"}])
@pytest.mark.parametrize(
    ("action", "more", "errno"),
    [
        ("agentlogin", FROM_101, "500"),
        ("agentlogout", {}, "550"),
        ("agentpause", {}, "580"),
        ("agentunpause", {}, "590"),
        ("agentadd", {"queueName": "obchod"}, "600"),
        ("agentremove", {"queueName": "podpora"}, "601"),
        ("agentstatus", {}, "610"),
    ],
)
async def test_wrong_pins(box: Box, action: str, more: dict[str, str], errno: str, wrong: dict[str, str]) -> None:
    """Each action has its own number for a wrong agent; a PIN's leading zero counts."""
    assert await box.errno(action, **wrong, **more) == errno
    assert box.sim.agents["1000"].queues == {"podpora": 1}


async def test_an_agent_without_queue_stays_out(boxes: Boxes) -> None:
    """Logging in without any queue is accepted and does nothing."""
    box = await boxes(two_sites())
    assert await box.ask("agentlogin", **NOVAK, srcExtenInternalNum="104") == OK
    assert (await box.ask("agentstatus", **NOVAK))["login"] == "logged out"


async def test_pausing_who_is_out(box: Box) -> None:
    """A logged-out agent cannot be paused."""
    assert await box.ask("agentpause", **SVOBODA) == OK
    assert not box.sim.agents["1001"].paused


@pytest.mark.parametrize(
    ("state", "word", "errno"),
    [
        (DeviceState.UNKNOWN, "unavailable", "620"),
        (DeviceState.IN_USE, "in call", "622"),
        (DeviceState.BUSY, "busy", "623"),
        (DeviceState.INVALID, "unavailable", "624"),
        (DeviceState.UNAVAILABLE, "unavailable", "625"),
        (DeviceState.RINGING, "busy", "626"),
        (DeviceState.RINGING_IN_USE, "in call", "627"),
        (DeviceState.ON_HOLD, "on hold", "628"),
    ],
)
async def test_agent_states(box: Box, state: DeviceState, word: str, errno: str) -> None:
    """States are words of a success or numbers of an error, as switched."""
    await box.sim.force_device_state("102", state)
    assert (await box.ask("agentstatus", **NOVAK))["status"] == word
    box.sim.agentstatus_style = AgentStatusStyle.ERRNO
    answer = await box.ask("agentstatus", **NOVAK)
    assert answer == {"success": "false", "errno": errno, "reason": f"Agent is {word}"}


async def test_agent_states_as_errors(boxes: Boxes) -> None:
    """Logged out is an error too; available is a success."""
    box = await boxes(agentstatus_style=AgentStatusStyle.ERRNO)
    assert await box.errno("agentstatus", **SVOBODA) == "611"
    assert (await box.ask("agentstatus", **NOVAK))["status"] == "available"


async def test_add_and_remove(box: Box) -> None:
    """An agent joins a queue with a penalty and leaves it."""
    assert await box.ask("agentadd", **NOVAK, queueName="obchod", penalty="3") == OK
    assert box.sim.agents["1000"].queues == {"podpora": 1, "obchod": 3}
    assert await box.ask("agentremove", **NOVAK, queueName="obchod") == OK
    assert box.sim.agents["1000"].queues == {"podpora": 1}


@pytest.mark.parametrize(
    ("action", "query", "errno"),
    [
        ("agentadd", {"queueName": "podpora"}, "600"),
        ("agentadd", {"queueName": "nobody"}, "600"),
        ("agentadd", {"queueName": "obchod", "penalty": "much"}, "600"),
        ("agentremove", {"queueName": "obchod"}, "601"),
        ("agentremove", {"queueName": "nobody"}, "601"),
    ],
)
async def test_add_and_remove_errors(box: Box, action: str, query: dict[str, str], errno: str) -> None:
    """What cannot be added or removed is 600 or 601."""
    assert await box.errno(action, **NOVAK, **query) == errno


async def test_a_build_that_wants_the_source_too(boxes: Boxes) -> None:
    """With the switch agentadd wants an extension as well."""
    box = await boxes(member_selector=MemberSelector.AGENT_AND_SOURCE)
    query = NOVAK | {"queueName": "obchod"}
    assert await box.errno("agentadd", **query) == "120"
    assert await box.errno("agentadd", **query, srcExtenInternalNum="999") == "600"
    assert await box.ask("agentadd", **query, srcExtenInternalNum="102") == OK
    assert await box.errno("agentremove", **query) == "120"
    assert await box.ask("agentremove", **query, srcExtenInternalNum="102") == OK


async def test_agents_at_the_phone(box: Box) -> None:
    """What agents do at their phones shows as well."""
    await box.sim.agent_login("1001", "103")
    await box.sim.agent_pause("1001")
    members = (await box.ask("queuestatus", queueName="podpora"))["members"]
    assert [(row["name"], row["paused"]) for row in members] == [("novak", "0"), ("svoboda", "1")]
    await box.sim.agent_unpause("1001")
    assert not box.sim.agents["1001"].paused
    await box.sim.agent_logout("1001")
    assert len((await box.ask("queuestatus", queueName="podpora"))["members"]) == 1


async def test_queuestatus(box: Box) -> None:
    """The whole answer, with one caller served and two waiting."""
    first = await box.sim.ring_queue("447700900001", "podpora")
    box.clock.now += 10
    await box.sim.answer(first, "102")
    await box.sim.ring_queue(CALLER, "podpora", name="Firma")
    box.clock.now += 30
    await box.sim.ring_queue("447700900002", "podpora")
    box.clock.now += 9
    assert await box.ask("queuestatus", queueName="podpora") == {
        "success": "true",
        "queue": {
            "name": "podpora",
            "max": "0",
            "strategy": "rrmemory",
            "calls": "2",
            "holdtime": "0",
            "talktime": "0",
            "completed": "0",
            "abandoned": "0",
            "serviceLevel": "60",
            "serviceLevelPerf": "0.0",
            "weight": "0",
            "loggedIn": "1",
            "available": "0",
            "callers": "2",
            "longestHoldTime": "39",
        },
        "members": [
            {
                "name": "novak",
                "interface": "Agent/1000",
                "membership": "dynamic",
                "penalty": "1",
                "callsTaken": "0",
                "lastCall": "0",
                "inCall": "1",
                "status": "2",
                "paused": "0",
                "pausedReason": "",
            }
        ],
        "callers": [
            {
                "position": "1",
                "channel": "SIP/trunk-prichozi-0000b706",
                "callerIdNum": CALLER,
                "callerIdName": "Firma",
                "wait": "39",
            },
            {
                "position": "2",
                "channel": "SIP/trunk-prichozi-0000b707",
                "callerIdNum": "447700900002",
                "callerIdName": "",
                "wait": "9",
            },
        ],
    }


async def test_a_queue_serves_the_next_caller(box: Box) -> None:
    """A caller waits up, the free member rings, and the next caller's turn comes after the call."""
    first = await box.sim.ring_queue(CALLER, "podpora")
    assert await box.rows() == [
        ("trunk-prichozi", CALLER, "222333444", "Up"),
        ("sip102", "102", "222333444", "Ringing"),
    ]
    assert box.sim.truth()[0].state == "ringing"
    await box.sim.answer(first, "102")
    second = await box.sim.ring_queue("447700900002", "podpora")
    assert len(box.sim.channels(second)) == 1
    box.clock.now += 60
    await box.sim.hang_up(first)
    assert len(box.sim.channels(second)) == 2
    figures = (await box.ask("queuestatus", queueName="podpora"))["queue"]
    assert (figures["completed"], figures["talktime"], figures["serviceLevelPerf"]) == ("1", "60", "100.0")
    assert box.sim.agents["1000"].calls_taken == 1


async def test_abandoned_callers(box: Box) -> None:
    """Who leaves the queue unanswered is abandoned and lowers the service level."""
    await box.sim.hang_up(await box.sim.ring_queue(CALLER, "podpora"))
    late = await box.sim.ring_queue(CALLER, "podpora")
    box.clock.now += 61
    await box.sim.answer(late, "102")
    await box.sim.hang_up(late)
    figures = (await box.ask("queuestatus", queueName="podpora"))["queue"]
    assert (figures["completed"], figures["abandoned"], figures["holdtime"]) == ("1", "1", "61")
    assert figures["serviceLevelPerf"] == "0.0"


async def test_a_refusing_agent_leaves_the_caller_waiting(box: Box) -> None:
    """A refusal goes on to the next agent; with none the caller waits."""
    call = await box.sim.ring_queue(CALLER, "podpora")
    await box.sim.hang_up(call, by="reject")
    assert len(box.sim.channels(call)) == 1
    await box.sim.agent_login("1001", "103")
    assert (await box.rows())[1][0] == "sip103"


async def test_round_robin_and_ringall(boxes: Boxes) -> None:
    """Members of one penalty take turns, or ring all together."""
    population = demo()
    for agent in population.agents:
        agent.queues = {"podpora": 1}
    population.agents[1].login_at = "103"
    box = await boxes(population)
    rung = []
    for _ in range(3):
        call = await box.sim.ring_queue(CALLER, "podpora")
        rung.append((await box.rows())[1][0])
        await box.sim.hang_up(call)
    assert rung == ["sip102", "sip103", "sip102"]
    box.sim.queues["podpora"].strategy = "ringall"
    await box.sim.ring_queue(CALLER, "podpora")
    assert len(await box.rows()) == 3


async def test_wrap_up(box: Box) -> None:
    """An agent who wraps up gets no call until the time is over."""
    box.sim.agents["1000"].wrap_up = 20
    call = await box.sim.ring_queue(CALLER, "podpora")
    await box.sim.answer(call, "102")
    await box.sim.hang_up(call)
    waiting = await box.sim.ring_queue(CALLER, "podpora")
    assert len(box.sim.channels(waiting)) == 1
    box.clock.now += 21
    box.sim.system.serve_queues()
    assert len(box.sim.channels(waiting)) == 2


async def test_permanent_members_and_dialling_a_queue(box: Box) -> None:
    """An extension in a queue is a member without logging in; a queue can be dialled from inside."""
    (member,) = (await box.ask("queuestatus", queueName="obchod"))["members"]
    assert (member["name"], member["interface"], member["membership"]) == ("105", "SIP/sip105", "static")
    call = await box.sim.dial("101", "601")
    assert await box.rows() == [("sip101", "101", "601", "Up"), ("sip105", "105", "601", "Ringing")]
    await box.sim.answer(call, "105")
    assert box.sim.truth()[0].state == "talking"


async def test_queue_numbers(boxes: Boxes) -> None:
    """Figures can be numbers; names and phone numbers stay text."""
    box = await boxes(number_style=NumberStyle.NUMBERS)
    await box.sim.ring_queue(CALLER, "podpora")
    answer = await box.ask("queuestatus", queueName="podpora")
    assert (answer["queue"]["calls"], answer["members"][0]["status"], answer["callers"][0]["wait"]) == (1, 6, 0)
    assert answer["callers"][0]["callerIdNum"] == CALLER
    assert answer["success"] == "true"


async def test_queue_style_ami(boxes: Boxes) -> None:
    """The figures can carry the names of Asterisk's manager."""
    box = await boxes(queuestatus_style=QueueStatusStyle.AMI)
    await box.sim.ring_queue(CALLER, "podpora")
    answer = await box.ask("queuestatus", queueName="podpora")
    assert (answer["Queue"], answer["Calls"], answer["Holdtime"]) == ("podpora", "1", "0")
    assert answer["QueueMember"][0]["CallsTaken"] == "0"
    assert answer["QueueEntry"][0]["CallerIDNum"] == CALLER


async def test_queue_style_lists(boxes: Boxes) -> None:
    """Figures can be missing, lists can be keyed."""
    box = await boxes(queuestatus_style=QueueStatusStyle.LISTS, list_style=ListStyle.KEYED)
    await box.sim.ring_queue(CALLER, "podpora")
    answer = await box.ask("queuestatus", queueName="podpora")
    assert answer["queue"] == {"name": "podpora"}
    assert answer["callers"]["0"]["callerIdNum"] == CALLER
    assert answer["members"]["0"]["name"] == "novak"
