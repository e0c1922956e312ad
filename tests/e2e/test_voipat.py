"""VOIP@ Cloud in a real Home Assistant."""

import asyncio
import random
import time
from collections.abc import Iterator
from datetime import datetime

import pytest

from tests.simulators.voipat_wire import Esl

from .accounts import Voipat
from .client import Json
from .house import House, lived_in, open_house, refused
from .process import until
from .proof import Proof

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("socket_enabled")]

CALLER = "+493023125900"
SOON = 2.0
"""Seconds after which Home Assistant must show what has become of a call."""
DESK = "104"
"""A phone of which nothing is pushed: only the list, and the socket's hints, tell of it."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House[Voipat]]:
    """Keep a Home Assistant with an account at the Python server."""
    account = Voipat(auto_answer=0.1, auto_answer_far=0.1, record_delay=(0.5, 1.0))
    with open_house(tmp_path_factory.mktemp("voipat"), account) as house:
        yield house


@lived_in
async def test_main_job(house: House[Voipat]) -> None:
    """A pushed and a polled call are seen; an automation calls; an action and a button hang up."""
    await Proof(house.client, house.account, random.Random(1), print).run()


@lived_in
async def test_hold_transfer_and_tones(house: House[Voipat]) -> None:
    """What a person does with a call happens at the phone system, and is told."""
    sim, client = house.account.simulator, house.client
    call = await sim.ring(CALLER, "101")
    await sim.answer(call, "101")
    await house.wait_state("extension_101", "call_state", "talking")
    switch = await house.entity("extension_101", "hold")
    await client.act("switch.turn_on", entity=switch)
    await house.wait_state("extension_101", "call_state", "on_hold")
    assert [leg.state for leg in sim.truth()[0].legs if leg.extension == "101"] == ["on_hold"]
    await house.events.wait(type="call_held", from_number=CALLER)
    await client.act("pbx.toggle_hold", device=await house.device("extension_101"))
    await house.events.wait(type="call_resumed", from_number=CALLER)
    await house.wait_state("extension_101", "call_state", "talking")
    await client.act("pbx.send_dtmf", device=await house.device("extension_101"), digits="12#")
    assert [digits for _, digits in sim.dtmf_sent] == ["12#"]
    await client.act("pbx.transfer", device=await house.device("extension_101"), number="105")
    await house.wait_state("extension_105", "call_state", "ringing")
    await house.wait_state("extension_101", "call_state", "idle")
    (true,) = sim.truth()
    assert {leg.extension for leg in true.legs if leg.extension} == {"105"}
    await sim.hang_up(true.call_id)
    await house.all_idle()


@lived_in
async def test_ring_group(house: House[Voipat]) -> None:
    """Three phones ring, one answers: one call, and nobody missed it."""
    sim = house.account.simulator
    before = len(house.events.of(type="call_missed"))
    call = await sim.ring("+493023125901", "101", "102", "103", name="Group caller")
    for extension in ("101", "102", "103"):
        await house.wait_state("extension_" + extension, "call_state", "ringing")
    await sim.answer(call, "102")
    await house.wait_state("extension_102", "call_state", "talking")
    for extension in ("101", "103"):
        await house.wait_state("extension_" + extension, "call_state", "idle")
    await sim.hang_up(call)
    await house.all_idle()
    await house.events.wait(type="call_ended", from_number="+493023125901")
    assert len(house.events.of(type="call_answered", from_number="+493023125901")) == 1
    assert len(house.events.of(type="call_ended", from_number="+493023125901")) == 1
    assert len(house.events.of(type="call_missed")) == before


async def talking(house: House[Voipat], number: str) -> str:
    """Let somebody outside talk to the desk phone; give the call's id."""
    sim = house.account.simulator
    call = await sim.ring(number, DESK)
    await house.wait_state(f"extension_{DESK}", "call_state", "ringing")
    await sim.answer(call, DESK)
    await house.wait_state(f"extension_{DESK}", "call_state", "talking")
    return call


async def soon(house: House[Voipat], since: float, state: str, extension: str = DESK) -> None:
    """See that a phone is shown to do something soon after the last change, and that it stays so."""
    shown = await house.wait_state(f"extension_{extension}", "call_state", state)
    await asyncio.sleep(SOON)
    shown = await house.client.state(shown["entity_id"])
    assert shown["state"] == state
    assert datetime.fromisoformat(shown["last_changed"]).timestamp() - since <= SOON


@lived_in
async def test_hold_pressed_and_released_at_once(house: House[Voipat]) -> None:
    """A phone's hold, released within 0.3 s, is told and over, though the list is later than both."""
    sim, number = house.account.simulator, "+493023125920"
    call = await talking(house, number)
    await sim.hold(call, DESK)
    await asyncio.sleep(0.25)
    await sim.resume(call, DESK)
    since = time.time()
    await house.events.wait(type="call_resumed", from_number=number)
    await soon(house, since, "talking")
    kinds = [event["type"] for event in house.events.of(from_number=number)]
    assert kinds[-2:] == ["call_held", "call_resumed"]
    await sim.hang_up(call)
    await house.all_idle()


@lived_in
async def test_hang_up_right_after_the_answer(house: House[Voipat]) -> None:
    """Who answers and hangs up at once has answered, and the call is over."""
    sim, number = house.account.simulator, "+493023125921"
    call = await sim.ring(number, DESK, "105")
    await house.wait_state(f"extension_{DESK}", "call_state", "ringing")
    await sim.answer(call, DESK)
    await asyncio.sleep(0.05)
    await sim.hang_up(call)
    since = time.time()
    ended = await house.events.wait(type="call_ended", from_number=number)
    assert ended["outcome"] == "answered"
    await soon(house, since, "idle")
    kinds = [event["type"] for event in house.events.of(from_number=number) if event["type"] != "call_record"]
    assert kinds == ["call_incoming", "call_answered", "call_ended"]


@lived_in
async def test_busy_phone(house: House[Voipat]) -> None:
    """A call that is over before any list has it came, and was missed."""
    sim, number = house.account.simulator, "+493023125922"
    sim.do_not_disturb(DESK)
    await sim.ring(number, DESK)
    since = time.time()
    missed = await house.events.wait(SOON, type="call_missed", from_number=number)
    assert datetime.fromisoformat(missed["time"]).timestamp() - since <= SOON
    sim.do_not_disturb(DESK, on=False)
    await house.all_idle()
    kinds = [event["type"] for event in house.events.of(from_number=number) if event["type"] != "call_record"]
    assert kinds == ["call_incoming", "call_missed"]


@lived_in
async def test_placed_call_that_ends_while_the_own_phone_rings(house: House[Voipat]) -> None:
    """It is dialing from the answer of the action on, and over soon after it was hung up, by whomever.

    The key of this account may hang up what is not listed yet.
    """
    other = Voipat(seed=1, domain="placed.example.com", auto_answer=None)
    other.simulator.api_key = other.simulator.global_key
    async with other.simulator:
        await other.set_up(house.client)
        try:
            for by in ("person", "action", "button"):
                await place_and_hang_up(house, other, by)
        finally:
            await house.client.remove(other.entry_id)


async def place_and_hang_up(house: House[Voipat], other: Voipat, by: str) -> None:
    """Place a call, and hang it up while the phone of whoever calls rings."""
    client, sim = house.client, other.simulator
    phone = await client.entity(other.entry_id, f"extension_{DESK}", "call_state")
    button = await client.entity(other.entry_id, f"extension_{DESK}", "hang_up")
    answer = await client.ask("pbx.originate", extension=DESK, number=CALLER, config_entry_id=other.entry_id)
    call_id = answer["call_id"]
    await client.wait_state(phone["entity_id"], "dialing")
    await until(lambda: rings(other), "ring of the own phone")
    if by == "person":
        await sim.hang_up(call_id, by="reject")
    elif by == "action":
        await client.act("pbx.hangup", call_id=call_id, config_entry_id=other.entry_id)
    else:
        await client.act("button.press", entity=button["entity_id"])
    since = time.time()
    ended = await house.events.wait(type="call_ended", call_id=call_id)
    assert ended["outcome"] == ("rejected" if by == "person" else "cancelled")
    assert datetime.fromisoformat(ended["time"]).timestamp() - since <= SOON
    await client.wait_state(phone["entity_id"], "idle", SOON)
    assert sim.truth() == []


async def rings(account: Voipat) -> bool:
    """Return whether the phone of a placed call rings at the switch."""
    return any(leg.state == "ringing" for call in account.simulator.truth() for leg in call.legs)


@lived_in
async def test_agents_come_by_push(house: House[Voipat]) -> None:
    """An agent who presses the button in the browser appears as a device."""
    await house.account.simulator.toggle_agent("103")
    await house.events.wait(type="agent_logged_in", agent="103")
    await house.device("agent_103")
    await house.wait_state("agent_103", "status", "available")
    await house.account.simulator.toggle_agent("103")
    await house.events.wait(type="agent_logged_out", agent="103")
    await house.wait_state("agent_103", "status", "logged_out")


@lived_in
async def test_history(house: House[Voipat]) -> None:
    """The calls of the other tests are in the history, found by number and counted."""
    sim, client = house.account.simulator, house.client
    call = await sim.ring("+493023125902", "104")
    await sim.answer(call, "104")
    await sim.hang_up(call)

    async def written() -> list[Json] | None:
        found = await client.ask("pbx.get_call_history", number="+493023125902", direction="incoming")
        return found["records"] or None

    (record,) = await until(written, "record of the call")
    assert (record["from_number"], record["outcome"]) == ("+493023125902", "answered")
    counted = await client.ask("pbx.get_call_statistics")
    assert counted["total"] >= 1
    assert await client.ask("pbx.get_calls") == {"calls": []}


@lived_in
async def test_switch_away_is_not_no_calls(house: House[Voipat]) -> None:
    """While the bridge has lost its switch, calls are unknown; the account and its events stay."""
    sim = house.account.simulator
    house.expected += ["VOIP@ Cloud cannot be reached", "VOIP@ Cloud has trouble of its own"]
    await sim.set_esl(Esl.DOWN)
    await house.look_again()
    await house.wait_state("account", "active_calls", "unavailable")
    await house.wait_state("extension_101", "call_state", "unavailable")
    await house.wait_state("account", "connected", "off")
    event = await house.client.state(await house.entity("extension_101", "call_event"))
    assert event["state"] != "unavailable"
    await sim.set_esl(Esl.CONNECTED)
    await house.look_again()
    await house.wait_state("account", "active_calls", "0")


@lived_in
async def test_bad_pushes_change_nothing(house: House[Voipat]) -> None:
    """Whatever comes to the webhook is answered 200, and changes nothing."""
    (url, *_) = await house.client.urls_to_paste(house.account.entry_id)
    path = url.partition("?")[0].removeprefix(house.process.url)
    before = len(house.events.all)
    for method in ("GET", "HEAD", "POST", "PUT"):
        for body in (b"", b"[]", b'{"event": "no such"}', b'{"{event}": "new_call"}', b"{", b"x" * 300_000):
            status, _ = await house.client.request(method, path, body)
            assert status == 200
    status, _ = await house.client.request("GET", f"{path}?event=new_call&domain=other.example.net&extension=101")
    assert status == 200
    assert [event for event in house.events.all[before:] if event["type"] != "unknown"] == []
    assert (await house.client.state(await house.entity("account", "active_calls")))["state"] == "0"


@lived_in
async def test_node_server(house: House[Voipat]) -> None:
    """A second account, at a server of the other variant, lives beside the first."""
    other = Voipat(profile="node", domain="node.example.com")
    async with other.simulator:
        await other.set_up(house.client)
        call = await other.simulator.ring("+493023125903", "101")
        event = await house.events.wait(type="call_incoming", from_number="+493023125903")
        assert event["config_entry_id"] == other.entry_id
        await other.simulator.hang_up(call)
        await house.events.wait(type="call_missed", from_number="+493023125903")
        error = await refused(house.client.act("pbx.originate", extension="101", number="105"))
        assert error.code == "service_validation_error"
        await house.client.remove(other.entry_id)
    assert len(await house.client.accounts()) == 1


@lived_in
async def test_power_cut(house: House[Voipat]) -> None:
    """After a power cut the account is back, and sees the call that is up."""
    sim = house.account.simulator
    call = await sim.ring(CALLER, "104")
    await sim.answer(call, "104")
    await house.client.close()
    await house.process.kill()
    await house.process.start()
    await house.enter()
    await house.wait_state("extension_104", "call_state", "talking")

    async def restored() -> bool:
        state = await house.client.state(await house.entity("account", "missed_calls"))
        return state["state"] not in ("unknown", "unavailable")

    await until(restored, "number of missed calls")
    await sim.hang_up(call)
    await house.all_idle()
