"""Voxloud in a real Home Assistant."""

import json
import random
from collections.abc import Iterator
from itertools import count

import pytest

from tests.simulators.voxloud_model import EventType

from .accounts import Voxloud
from .house import House, lived_in, open_house, refused
from .process import until
from .proof import Proof

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("socket_enabled")]

FOREIGN = "http://127.0.0.1:9/somebody-else"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House[Voxloud]]:
    """Keep a Home Assistant with an account, at which somebody else is subscribed as well."""
    account = Voxloud(auto_answer=0.1)
    account.simulator.subscribe(FOREIGN, EventType.CALL_INCOMING)
    with open_house(tmp_path_factory.mktemp("voxloud"), account) as house:
        yield house


async def subscribed(house: House[Voxloud], account: Voxloud, count: int) -> list[EventType]:
    """Wait until an account is subscribed to so many kinds of event, and give them."""

    async def there() -> list[EventType] | None:
        own = [
            one for one in account.simulator.subscriptions.values() if one.callback_url.startswith(house.process.url)
        ]
        return [one.event_type for one in own] if len(own) == count else None

    return await until(there, f"{count} subscriptions")


@lived_in
async def test_subscribes_to_everything(house: House[Voxloud]) -> None:
    """Each kind of event has one subscription with Home Assistant's own URL."""
    assert set(await subscribed(house, house.account, 7)) == set(EventType)
    await house.wait_state("account", "push", "on")


@lived_in
async def test_subscribes_to_what_is_allowed(house: House[Voxloud]) -> None:
    """Where CLICK_TO_CALL is refused, there are six; all go with the account."""
    other = Voxloud(ctc_create=False)
    other.simulator.api_key = "vx-key-of-another-company"
    other.simulator.company = "Another company"
    other.simulator.email = "another@example.com"
    async with other.simulator:
        await other.set_up(house.client)
        assert set(await subscribed(house, other, 6)) == set(EventType) - {EventType.CLICK_TO_CALL}
        await house.client.remove(other.entry_id)
        await subscribed(house, other, 0)


@lived_in
async def test_main_job(house: House[Voxloud]) -> None:
    """A pushed call is seen, and an automation calls back who was missed."""
    await Proof(house.client, house.account, random.Random(2), print).run()


@lived_in
async def test_ring_group_with_a_lost_hang_up(house: House[Voxloud]) -> None:
    """Three phones ring, one answers, one hang-up is lost: one call, answered once, with its record."""
    sim = house.account.simulator
    caller = "+390655502777"
    hang_ups = count()
    call = await sim.ring(caller, "901")
    for extension in ("101", "102", "103"):
        await house.wait_state(f"extension_{extension}", "call_state", "ringing")
    sim.webhooks.drop = lambda event, _body: event == EventType.CALL_HANGUP and next(hang_ups) == 0
    await sim.answer(call, "102")
    phone = await house.wait_state("extension_102", "call_state", "talking", caller=caller)
    for extension in ("101", "103"):
        await house.wait_state(f"extension_{extension}", "call_state", "idle")
    await sim.hang_up(call)
    await sim.settle()
    sim.webhooks.drop = lambda _event, _body: False
    record = await house.events.wait(type="call_record", from_number=caller)
    assert record["outcome"] == "answered"
    assert record["call_id"] == phone["attributes"]["call_id"]
    await house.all_idle()
    assert next(hang_ups) > 1
    assert len(house.events.of(type="call_incoming", from_number=caller)) == 1
    assert len(house.events.of(type="call_answered", from_number=caller)) == 1
    assert len(house.events.of(type="call_ended", from_number=caller)) == 1
    assert house.events.of(type="call_missed", from_number=caller) == []


@lived_in
async def test_click_to_call_reuses_its_object(house: House[Voxloud]) -> None:
    """The second call by click-to-call needs no second object at the phone system."""
    sim, client = house.account.simulator, house.client
    known = len(sim.click_to_calls)
    for digits in ("801", "802"):
        number = f"+390655502{digits}"
        placed = len(sim.placed)
        await client.ask("pbx.click_to_call", extension="105", number=number)
        assert [(call.source, call.destination) for call in sim.placed[placed:]] == [("105", number)]
        assert len(sim.click_to_calls) == known + 1
        await sim.hang_up(sim.placed[-1].call_id)
    await house.all_idle()


@lived_in
async def test_contacts(house: House[Voxloud]) -> None:
    """A contact is made, found, changed without losing anything, and deleted."""
    client = house.client
    made = await client.ask(
        "pbx.create_contact",
        first_name="Ida",
        last_name="Berg",
        number="+390655502600",
        company="Berg",
        job_title="CEO",
    )
    found = await client.ask("pbx.search_contacts", number="+390655502600")
    assert [contact["id"] for contact in found["contacts"]] == [made["id"]]
    changed = await client.ask("pbx.update_contact", contact_id=made["id"], company="Berg & Sons")
    assert (changed["first_name"], changed["job_title"], changed["company"]) == ("Ida", "CEO", "Berg & Sons")
    await client.act("pbx.delete_contact", contact_id=made["id"])
    assert (await client.ask("pbx.search_contacts", number="+390655502600"))["contacts"] == []


@lived_in
async def test_history_as_text(house: House[Voxloud]) -> None:
    """The history comes as records, and as CSV."""
    found = await house.client.ask("pbx.get_call_history", number="+390655502777")
    assert found["total"] == len(found["records"]) == 1
    text = await house.client.ask("pbx.get_call_history", number="+390655502777", format="csv")
    assert "390655502777" in text["csv"]


@lived_in
async def test_refuses_what_it_lacks(house: House[Voxloud]) -> None:
    """Hold is refused with the provider's name, and a bad number before the phone system is asked."""
    device = await house.device("extension_101")
    asked = len(house.account.simulator.requests)
    error = await refused(house.client.act("pbx.hold", device=device))
    assert (error.code, error.key) == ("service_validation_error", "unsupported")
    assert "Voxloud" in error.message
    error = await refused(house.client.act("pbx.click_to_call", extension="101", number="+3900"))
    assert error.key == "invalid_number"
    assert len(house.account.simulator.requests) == asked


@lived_in
async def test_bad_bodies_change_nothing(house: House[Voxloud]) -> None:
    """Empty, huge, malformed and foreign bodies are answered 200 and change nothing."""
    sim = house.account.simulator
    own = next(one for one in sim.subscriptions.values() if one.callback_url != FOREIGN)
    path = own.callback_url.removeprefix(house.process.url)
    before = len(house.events.all)
    foreign = {"type": "CALL_INCOMING", "pbx_id": 4711, "account_id": "x", "data": {"callId": "1", "extension": "101"}}
    odd: tuple[object, ...] = ("", [], [1, 2], {"type": 5, "data": "text"}, {"type": "NEW_KIND"}, foreign)
    for body in (b"", b"{", b"x" * 5_000_000, *(json.dumps(one).encode() for one in odd)):
        status, _ = await house.client.request("POST", path, body)
        assert status == 200
    assert [event for event in house.events.all[before:] if event["type"] != "unknown"] == []
    assert (await house.client.state(await house.entity("account", "active_calls")))["state"] == "0"


@lived_in
async def test_without_account(house: House[Voxloud]) -> None:
    """A removed account leaves nothing of its own behind, and everything of others."""
    sim = house.account.simulator
    await house.client.remove(house.account.entry_id)
    await subscribed(house, house.account, 0)
    assert [one.callback_url for one in sim.subscriptions.values()] == [FOREIGN]
    assert sim.click_to_calls == {}
    assert await house.client.accounts() == []
