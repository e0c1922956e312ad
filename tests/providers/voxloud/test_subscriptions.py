"""Voxloud: webhooks that are registered, mended and removed."""

import aiohttp
import pytest

from custom_components.pbx.providers.voxloud import payload
from custom_components.pbx.telephony.errors import (
    RefusedError,
)
from tests.simulators.base import FaultKind
from tests.simulators.voxloud import (
    ErrorStyle,
    EventKey,
    UpdateMethod,
    VoxloudSimulator,
)
from tests.simulators.voxloud import EventType as SimulatedEvent

from .account import HOOK, FastProvider, Stub, stubbed

FOREIGN_HOOK = "https://crm.example.com/hook"


@pytest.mark.parametrize("key", list(EventKey))
@pytest.mark.parametrize("status", [200, 201])
async def test_one_subscription_per_event(
    client: FastProvider, sim: VoxloudSimulator, key: EventKey, status: int
) -> None:
    """Seven are made once, found again whatever the list calls the event, and removed; those of others stay."""
    sim.event_key, sim.success_status = key, status
    foreign = sim.subscribe(FOREIGN_HOOK)
    made = await client.subscribe(HOOK)
    assert [one.event for one in made] == list(payload.EVENT_TYPES)
    assert {one.id for one in made} == set(sim.subscriptions) - set(foreign)
    assert all(one.enabled and one.url == HOOK for one in made)
    again = await client.subscribe(HOOK)
    assert {one.id for one in again} == {one.id for one in made}
    assert len(sim.seen("webhook-subscriptions", "POST")) == 7
    assert not sim.seen("webhook-subscriptions", "PUT")
    listed = await client.subscriptions()
    assert len(listed) == 14
    assert {one.event for one in listed} == set(payload.EVENT_TYPES)
    await client.unsubscribe(HOOK)
    assert set(sim.subscriptions) == set(foreign)


@pytest.mark.parametrize("style", list(ErrorStyle))
async def test_click_to_call_may_not_be_subscribed(
    client: FastProvider, sim: VoxloudSimulator, style: ErrorStyle
) -> None:
    """The reference leaves it out: a 400 there is carried on without, each time."""
    sim.ctc_create, sim.error_style = False, style
    for _ in range(2):
        made = await client.subscribe(HOOK)
        assert [one.event for one in made] == [kind for kind in payload.EVENT_TYPES if kind != "CLICK_TO_CALL"]
    assert len(sim.subscriptions) == 6


@pytest.mark.parametrize("status", [400, 403, 404, 405, 406, 409, 415, 422])
async def test_click_to_call_may_be_refused_in_any_way(
    stub: tuple[Stub, str], session: aiohttp.ClientSession, status: int
) -> None:
    """The reference has no code for an event that cannot be had: the others are subscribed all the same."""
    path = "/api/v1/webhook-subscriptions"
    stub[0].add("GET", path, [])
    stub[0].add("POST", path, *[{"id": f"s{count}", "enabled": True} for count in range(6)], (status, {}))
    made = await stubbed(session, stub[1]).subscribe(HOOK)
    assert [one.event for one in made] == [kind for kind in payload.EVENT_TYPES if kind != "CLICK_TO_CALL"]


async def test_other_refusals_of_a_subscription_are_told(client: FastProvider, sim: VoxloudSimulator) -> None:
    """Only that event is expected to be refused."""
    sim.fault(FaultKind.STATUS, status=400, method="POST", path="webhook-subscriptions")
    with pytest.raises(RefusedError):
        await client.subscribe(HOOK)
    assert len(await client.subscribe(HOOK)) == 7
    sim.forbidden = frozenset({"webhook-subscriptions"})
    with pytest.raises(RefusedError) as caught:
        await client.subscribe(HOOK)
    assert caught.value.code == "403"


async def test_what_is_missing_disabled_or_twice_is_mended(client: FastProvider, sim: VoxloudSimulator) -> None:
    """A missing one is made, a disabled one enabled, of two the working one stays."""
    foreign = sim.subscribe(FOREIGN_HOOK, SimulatedEvent.CALL_HANGUP)[0]
    sim.subscriptions[foreign].enabled = False
    missing, disabled, first = [one.id for one in await client.subscribe(HOOK)][:3]
    del sim.subscriptions[missing]
    sim.subscriptions[disabled].enabled = False
    sim.subscriptions[disabled].failed_count = 12
    sim.subscriptions[disabled].last_error = "Connect to https://secret.example/4c1d8f0c failed"
    sim.subscriptions[first].enabled = False
    second = sim.subscribe(HOOK, SimulatedEvent.CALL_ANSWERED)[0]
    shown = {one.id: one for one in await client.subscriptions()}
    assert not shown[disabled].enabled
    assert shown[disabled].failed_count == 12
    assert shown[disabled].last_error == "Connect to … failed"

    mended = await client.subscribe(HOOK)
    assert len(mended) == 7
    assert all(one.enabled for one in mended)
    assert first not in sim.subscriptions
    assert {second, disabled} <= {one.id for one in mended}
    assert sim.subscriptions[disabled].enabled
    assert not sim.subscriptions[foreign].enabled
    assert len(sim.subscriptions) == 8


@pytest.mark.parametrize("delete_status", [200, 204])
async def test_an_update_that_is_refused_with_405(
    client: FastProvider, sim: VoxloudSimulator, delete_status: int
) -> None:
    """What cannot be changed is removed and made again."""
    sim.update_method, sim.delete_status = UpdateMethod.POST, delete_status
    old = (await client.subscribe(HOOK))[0].id
    sim.subscriptions[old].enabled = False
    mended = await client.subscribe(HOOK)
    assert old not in sim.subscriptions
    assert len(mended) == len(sim.subscriptions) == 7


async def test_click_to_call_that_cannot_be_made_again(client: FastProvider, sim: VoxloudSimulator) -> None:
    """It is disabled, cannot be changed and cannot be created: then there are six."""
    made = await client.subscribe(HOOK)
    sim.update_method, sim.ctc_create = UpdateMethod.POST, False
    sim.subscriptions[made[-1].id].enabled = False
    assert len(await client.subscribe(HOOK)) == 6


async def test_updates_say_everything(client: FastProvider, sim: VoxloudSimulator) -> None:
    """A server that forgets what an update leaves out forgets nothing."""
    sim.put_keeps_absent = False
    sim.subscribe(HOOK, SimulatedEvent.CALL_INCOMING, notification_email="kept@example.com")
    only = next(iter(sim.subscriptions.values()))
    only.enabled = False
    await client.subscribe(HOOK)
    assert only.enabled
    assert only.notification_email == "kept@example.com"


async def test_who_is_told_when_a_subscription_is_disabled(client: FastProvider, sim: VoxloudSimulator) -> None:
    """The option goes into new ones, and changes those there are; where it cannot, they stay as they work."""
    await client.subscribe(HOOK)
    client.update_settings({"notification_email": "me@example.com"})
    sim.update_method = UpdateMethod.POST
    before = set(sim.subscriptions)
    assert len(await client.subscribe(HOOK)) == 7
    assert set(sim.subscriptions) == before
    sim.update_method = UpdateMethod.PUT
    sim.subscriptions.popitem()
    await client.subscribe(HOOK)
    assert {one.notification_email for one in sim.subscriptions.values()} == {"me@example.com"}


async def test_subscriptions_that_go_away_meanwhile(stub: tuple[Stub, str], session: aiohttp.ClientSession) -> None:
    """One that is gone when it is to be enabled is made again; one that is gone when it is to be removed is gone."""
    rows = [
        {"id": "a", "type": "CALL_INCOMING", "callback_url": HOOK, "enabled": False},
        {"id": "b", "event_type": "CALL_INCOMING", "callback_url": f"{HOOK}/", "enabled": False},
        {"id": None, "event_type": "CALL_INCOMING", "callback_url": HOOK},
        {"id": "c", "event_type": "CALL_INCOMING", "callback_url": None},
        "x",
    ]
    stub[0].add("GET", "/api/v1/webhook-subscriptions", rows)
    stub[0].add("POST", "/api/v1/webhook-subscriptions", b"")
    provider = stubbed(session, stub[1])
    made = await provider.subscribe(HOOK)
    assert len(made) == 7
    assert [method for method, path in stub[0].asked if path.endswith(("/a", "/b"))] == ["DELETE", "PUT"]
    await provider.unsubscribe(HOOK)
    stub[0].add("PUT", "/api/v1/webhook-subscriptions/a", (400, {}))
    with pytest.raises(RefusedError):
        await provider.subscribe(HOOK)
