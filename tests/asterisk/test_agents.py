"""Agents and queues on a real Asterisk, plain and as FreePBX: who is rung, what is pushed, what lamps show."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError

from .desk import Desk, at_desk
from .freepbx import QUEUE
from .hass import Watcher
from .lab import Lab, until
from .phone import Call
from .stories import OUTSIDE


@pytest.fixture
async def desk(hass: HomeAssistant, lab: Lab) -> AsyncGenerator[Desk]:
    """Set an account up at a plain Asterisk."""
    async with at_desk(hass, lab) as desk:
        yield desk


@pytest.fixture
async def office(hass: HomeAssistant, freepbx: Lab) -> AsyncGenerator[Desk]:
    """Set an account up at a FreePBX."""
    async with at_desk(hass, freepbx) as desk:
        yield desk


async def turn(desk: Desk, switch: str, *, on: bool) -> None:
    """Turn a switch of the account on or off."""
    action = "turn_on" if on else "turn_off"
    await desk.hass.services.async_call("switch", action, {"entity_id": desk.entity(switch)}, blocking=True)


async def members(desk: Desk, queue: str) -> dict[str, dict[str, str]]:
    """Return what the server says of the members of a queue, by how they are reached."""
    rows = await desk.ami.items("QueueStatus", Queue=queue)
    return {row["Location"]: row for row in rows if row["Event"] == "QueueMember"}


async def status(desk: Desk, agent: str) -> dict[str, Any]:
    """Return what the action says of an agent."""
    data = {"agent": agent, "config_entry_id": desk.entry.entry_id}
    answer = await desk.hass.services.async_call("pbx", "get_agent_status", data, blocking=True, return_response=True)
    assert answer is not None
    return dict(answer)


async def rings(desk: Desk, queue: str, *phones: str) -> None:
    """Let somebody call a queue: these phones ring, and no others."""
    far = await desk.lab.trunk.dial(f"222300{queue}", caller=OUTSIDE)
    ringing: list[Call] = [await desk.lab.phones[phone].ringing() for phone in phones]
    others = [phone for name, phone in desk.lab.phones.items() if name not in phones]
    assert all(phone.incoming.empty() for phone in others)
    await far.hangup()
    for call in ringing:
        await call.ended()


async def test_an_agent_logs_in_and_out(desk: Desk) -> None:
    """Who logged out is still there, logged out, and can log in again; the queue's caller rings where that is right."""
    watcher = Watcher(desk.hass, desk.entry)
    member = {"queue": "support", "extension": "102", "config_entry_id": desk.entry.entry_id}
    await desk.act("queue_add", **member)
    await until(lambda: desk.state("agent_102_logged_in") == "on")
    await until(lambda: desk.state("agent_102_logged_in_support") == "on")
    await rings(desk, "801", "102")
    await turn(desk, "agent_102_logged_in", on=False)
    await until(lambda: desk.state("agent_102_logged_in") == "off")
    await until(lambda: desk.state("agent_102_status") == "logged_out")
    assert await members(desk, "support") == {}
    await turn(desk, "agent_102_logged_in_support", on=True)
    await until(lambda: desk.state("agent_102_logged_in") == "on")
    await rings(desk, "801", "102")
    await desk.act("queue_add", **member)  # as before
    await turn(desk, "agent_102_logged_in", on=False)
    await until(lambda: desk.state("agent_102_logged_in") == "off")
    told = [event["type"] for event in watcher.events if event["type"].startswith("agent_")]
    assert told == ["agent_logged_out", "agent_logged_in", "agent_logged_out"]


async def test_an_agent_pauses_for_a_reason(desk: Desk) -> None:
    """The server shows it, no call comes, and it is over when the agent is back."""
    await desk.act("queue_add", queue="support", extension="102", config_entry_id=desk.entry.entry_id)
    await until(lambda: desk.state("agent_102_paused") == "off")
    await desk.act("agent_pause", agent="102", reason="lunch", config_entry_id=desk.entry.entry_id)
    await until(lambda: desk.state("agent_102_paused") == "on")
    (row,) = (await members(desk, "support")).values()
    assert (row["Paused"], row["PausedReason"]) == ("1", "lunch")
    assert (await status(desk, "102"))["pause_reason"] == "lunch"
    far = await desk.lab.trunk.dial("222300801", caller=OUTSIDE)
    await until(lambda: desk.state("queue_support_waiting") == "1")
    await desk.act("agent_unpause", agent="102", config_entry_id=desk.entry.entry_id)
    near = await desk.lab.phones["102"].ringing()
    assert "pause_reason" not in await status(desk, "102")
    await far.hangup()
    await near.ended()
    await desk.act("queue_remove", queue="support", extension="102", config_entry_id=desk.entry.entry_id)


async def test_penalties(desk: Desk) -> None:
    """A member with a higher penalty is rung only when those with a lower one cannot be."""
    for extension, penalty in (("102", 0), ("103", 5)):
        member = {"queue": "support", "extension": extension, "config_entry_id": desk.entry.entry_id}
        await desk.act("queue_add", penalty=penalty, **member)
    await until(lambda: desk.state("agent_103_logged_in") == "on")
    await rings(desk, "801", "102")
    await desk.act("queue_add", queue="support", extension="102", penalty=9, config_entry_id=desk.entry.entry_id)
    assert {row["Penalty"] for row in (await members(desk, "support")).values()} == {"9", "5"}
    await rings(desk, "801", "103")
    for extension in ("102", "103"):
        await desk.act("queue_remove", queue="support", extension=extension, config_entry_id=desk.entry.entry_id)


async def test_figures_are_pushed(desk: Desk) -> None:
    """Who waits, was answered or gave up is shown at once, not when the queues are asked about again."""
    await until(lambda: desk.state("queue_support_waiting") == "0")
    answered, abandoned = desk.state("queue_support_answered"), desk.state("queue_support_abandoned")
    far = await desk.lab.trunk.dial("222300801", caller=OUTSIDE)
    await until(lambda: desk.state("queue_support_waiting") == "1")
    await far.hangup()
    await until(lambda: desk.state("queue_support_waiting") == "0")
    await until(lambda: desk.state("queue_support_abandoned") == str(int(abandoned) + 1))
    await desk.act("queue_add", queue="support", extension="102", config_entry_id=desk.entry.entry_id)
    await until(lambda: desk.state("queue_support_agents_available") == "1")
    far = await desk.lab.trunk.dial("222300801", caller=OUTSIDE)
    near = await (await desk.lab.phones["102"].ringing()).answer()
    await until(lambda: desk.state("queue_support_agents_available") == "0")
    await far.hangup()
    await near.ended()
    await until(lambda: desk.state("queue_support_answered") == str(int(answered) + 1))
    await desk.act("queue_remove", queue="support", extension="102", config_entry_id=desk.entry.entry_id)


async def test_a_static_member_stays(desk: Desk) -> None:
    """Whom the configuration names cannot log out of that queue, and Asterisk's words say why."""
    with pytest.raises(HomeAssistantError, match=r"(?i)dynamic"):
        await desk.act("queue_remove", queue="sales", extension="104", config_entry_id=desk.entry.entry_id)
    assert "PJSIP/104" in await members(desk, "sales")


# -- as FreePBX does it ------------------------------------------------------------------------------


async def test_freepbx_agents(office: Desk) -> None:
    """Whoever may log in is an agent; each logs in as FreePBX's own codes do it, with its penalty, lamp and name."""
    lamp = office.lab.phones["104"]
    await lamp.watch(f"*45103*{QUEUE}")
    assert {agent: office.state(f"agent_{agent}_logged_in") for agent in ("102", "103", "105")} == {
        "102": "off",
        "103": "off",
        "105": "on",
    }
    await turn(office, "agent_103_logged_in", on=True)
    row = (await members(office, QUEUE))["Local/103@from-queue/n"]
    assert (row["StateInterface"], row["Penalty"], row["Name"]) == ("hint:103@ext-local", "5", "Jana Svobodova")
    await until(lambda: lamp.lamps.get(f"*45103*{QUEUE}") == "confirmed")
    await until(lambda: office.state("agent_103_status") == "available")
    call = await office.lab.phones["103"].dial(f"*45{QUEUE}")  # it takes the code for the same agent
    await call.ended()
    await until(lambda: office.state("agent_103_logged_in") == "off")
    await until(lambda: lamp.lamps.get(f"*45103*{QUEUE}") == "terminated")
    call = await office.lab.phones["102"].dial(f"*45{QUEUE}")
    await call.ended()
    await until(lambda: office.state("agent_102_logged_in") == "on")
    await rings(office, QUEUE, "102", "105")
    await turn(office, f"agent_102_logged_in_{QUEUE}", on=False)
    await until(lambda: office.state("agent_102_logged_in") == "off")


async def test_a_pause_shows_on_freepbx_lamps(office: Desk) -> None:
    """The lamp for a pause follows, and the static agent is rung no more."""
    lamp = office.lab.phones["104"]
    await lamp.watch(f"*46*105*{QUEUE}")
    await turn(office, "agent_105_paused", on=True)
    await until(lambda: lamp.lamps.get(f"*46*105*{QUEUE}") == "confirmed")
    await until(lambda: office.state("agent_105_paused") == "on")
    await turn(office, "agent_105_paused", on=False)
    await until(lambda: lamp.lamps.get(f"*46*105*{QUEUE}") == "terminated")
    await rings(office, QUEUE, "105")
