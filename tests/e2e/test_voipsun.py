"""VoIPSUN in a real Home Assistant: polled calls, agents, queues and a supervisor."""

import random
from collections.abc import Iterator

import pytest

from .accounts import Voipsun
from .house import House, lived_in, open_house, refused
from .process import until
from .proof import Proof

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("socket_enabled")]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House[Voipsun]]:
    """Keep a Home Assistant with an account, its agents and its queues."""
    with open_house(tmp_path_factory.mktemp("voipsun"), Voipsun(auto_answer=0.1)) as house:
        yield house


async def agent_id(house: House[Voipsun], name: str) -> str:
    """Find the id under which an agent was added."""
    devices = await house.client.devices(house.account.entry_id)
    found = next(device for device in devices if device["name"] == name and "_agent_" in device["identifiers"][0][1])
    return str(found["identifiers"][0][1].rpartition("_agent_")[2])


@lived_in
async def test_main_job(house: House[Voipsun]) -> None:
    """A call is seen ringing, answered and ended by polls; an automation calls; an action and a button hang up."""
    await Proof(house.client, house.account, random.Random(3), print).run()


@lived_in
async def test_agent(house: House[Voipsun]) -> None:
    """An agent is logged in by the switch and paused by the action; the status follows, also what the phone does."""
    sim, client = house.account.simulator, house.client
    subject = f"agent_{await agent_id(house, 'Jana Svobodová')}"
    await house.wait_state(subject, "status", "logged_out")
    await client.act("switch.turn_on", entity=await house.entity(subject, "logged_in"))
    extension = sim.agents["1001"].extension
    assert extension is not None
    assert extension.number == "103"
    await house.wait_state(subject, "status", "available")
    await client.act("pbx.agent_pause", device=await house.device(subject))
    assert sim.agents["1001"].paused
    await house.wait_state(subject, "status", "paused")
    await house.wait_state(subject, "paused", "on")
    await house.events.wait(type="agent_paused")
    await sim.agent_unpause("1001")
    await house.wait_state(subject, "status", "available", 40)


@lived_in
async def test_queue(house: House[Voipsun]) -> None:
    """Two callers wait in a queue while its only agent has a break."""
    sim, client = house.account.simulator, house.client
    petr = await house.device(f"agent_{await agent_id(house, 'Petr Novák')}")
    await client.act("pbx.agent_pause", device=petr)
    calls = [await sim.ring_queue(f"+42022233350{digit}", "podpora") for digit in (1, 2)]
    devices = await client.devices(house.account.entry_id)
    queue = next(device["identifiers"][0][1] for device in devices if device["name"] == "podpora")
    subject = f"queue_{queue.rpartition('_queue_')[2]}"
    await house.wait_state(subject, "waiting", "2", 40)
    status = await client.ask("pbx.get_queue_status", queue="podpora")
    assert status["waiting"] == 2
    assert status["raw"]
    for call in calls:
        await sim.hang_up(call)
    await client.act("pbx.agent_unpause", device=petr)
    await house.wait_state(subject, "waiting", "0", 40)
    await house.all_idle()


@lived_in
async def test_spy(house: House[Voipsun]) -> None:
    """A supervisor listens to a call."""
    sim, client = house.account.simulator, house.client
    call = await sim.ring("+420222333601", "101")
    await sim.answer(call, "101")
    await house.wait_state("extension_101", "call_state", "talking")
    placed = len(sim.placed)
    await client.act("pbx.spy", extension="105", target_extension="101")
    assert [one.source for one in sim.placed[placed:]] == ["105"]
    await sim.hang_up(call)

    async def over() -> bool:
        for true in sim.truth():
            await sim.hang_up(true.call_id)
        return not sim.truth()

    await until(over, "end of the calls")
    await house.all_idle()


@lived_in
async def test_wrong_pin(house: House[Voipsun]) -> None:
    """The form names the field, and the action the phone system's own reason."""
    client = house.client
    step = await client.add_subentry(house.account.entry_id, "agent", name="X", number="1000", pin="9999")
    assert step["errors"] == {"number": "unknown_agent"}
    error = await refused(client.act("pbx.agent_login", agent="1000", pin="9998", extension="104"))
    assert (error.code, error.key) == ("home_assistant_error", "refused_wrong_pin")
    assert "Agent authentication failed" in error.message


@lived_in
async def test_selectors_are_checked_first(house: House[Voipsun]) -> None:
    """What contradicts itself is refused before the phone system is asked."""
    client = house.client
    asked = len(house.account.simulator.seen("api.php"))
    error = await refused(client.act("pbx.dial", number="+420222333602", context="from-trunk"))
    assert error.key == "one_of"
    error = await refused(client.act("pbx.originate", extension="999", number="+420222333602"))
    assert error.key == "unknown_extension"
    sent = [seen.query["action"] for seen in list(house.account.simulator.seen("api.php"))[asked:]]
    assert {"dial", "originate"}.isdisjoint(sent)


@lived_in
async def test_secrets_stay_secret(house: House[Voipsun]) -> None:
    """Neither the password nor a PIN is in the log, though it tells everything; nor are they in the diagnostics."""
    account = house.account
    told = house.process.log()
    status, diagnostics = await house.client.request("GET", f"/api/diagnostics/config_entry/{account.entry_id}")
    assert status == 200
    assert "Finished fetching" in told
    for text in (told, diagnostics):
        assert account.simulator.password not in text
        assert "9999" not in text
        for agent in account.simulator.agents.values():
            assert f'"{agent.pin}"' not in text
            assert f"={agent.pin}" not in text
