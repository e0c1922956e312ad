"""The simulated VOIP@ Cloud does what the contract says: all of it together, and the manners of a real switch."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest

from .voipat import Extension, Profile, VoipatSimulator
from .voipat_bench import (
    CALLER,
    CONTROLS,
    DOMAIN,
    NOBODY,
    OUTSIDE,
    Box,
    Clock,
    box,
    until,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")

# -- the whole --------------------------------------------------------------------------------------


def test_an_unknown_switch_is_a_mistake() -> None:
    """An unknown switch is a mistake."""
    with pytest.raises(TypeError):
        VoipatSimulator(no_such_switch=True)


def something(running: Box, calls: list[str]) -> Coroutine[Any, Any, object]:
    """Choose something people or programs do."""
    sim, rng = running.sim, running.sim.rng
    people = ["101", "102", "103", "104", "105"]
    one, other, call = rng.choice(people), rng.choice(people), rng.choice(calls or [NOBODY])
    leg = rng.choice(list(sim.engine.legs) or [NOBODY])
    acts: list[Callable[[], Coroutine[Any, Any, object]]] = [
        lambda: sim.ring(CALLER, *rng.sample(people, rng.randint(1, 3))),
        lambda: sim.dial(one, rng.choice([other, OUTSIDE, "*5901", "77"])),
        lambda: running.originate(**{"from": one, "to": rng.choice([other, OUTSIDE])}),
        lambda: sim.answer(call),
        lambda: sim.hang_up(call, by=rng.choice(["caller", "callee", "reject"])),
        lambda: sim.transfer(call, one, rng.choice([other, OUTSIDE])),
        lambda: sim.complete_transfer(call, rng.choice(calls or [NOBODY]), one),
        lambda: sim.ring_out(call),
        lambda: running.post(f"/calls/{leg}/{rng.choice(CONTROLS)}"),
        lambda: running.post(f"/calls/{leg}/transfer", {"destination": one, "domain": DOMAIN}),
    ]
    return rng.choice(acts)()


@pytest.mark.parametrize("seed", range(6))
async def test_nothing_is_left_after_a_wild_day(seed: int) -> None:
    """Nothing is left after a wild day."""
    async with box(profile=list(Profile)[seed % 3], seed=seed, auto_answer=0.0) as running:
        engine = running.sim.engine
        for _ in range(150):
            running.clock.now += 1
            with suppress(ValueError):
                answer = await something(running, [call.call_id for call in running.sim.truth()])
                assert not isinstance(answer, tuple) or answer[0] in (200, 403, 404, 500)
            assert {leg.call.id for leg in engine.legs.values()} == set(engine.calls)
            for leg in engine.legs.values():
                assert leg.partner is None or (leg.partner.partner is leg and leg.partner.uuid in engine.legs)
        await asyncio.sleep(0.01)
        for uuid in list(engine.legs):
            await running.post(f"/calls/{uuid}/hangup")
        assert (running.sim.truth(), engine.legs) == ([], {})
        uuids = [record.uuid for record in engine.records]
        assert len(set(uuids)) == len(uuids)


async def test_the_same_seed_gives_the_same_ids() -> None:
    """The same seed gives the same ids."""
    ids = []
    for _ in range(2):
        async with box(seed=7) as running:
            ids.append(await running.sim.ring(CALLER, "104"))
    assert ids[0] == ids[1]


@pytest.mark.parametrize("make", [lambda: [Extension(number="201", name="Zoë")], lambda: 12])
async def test_the_population_is_ones_own(make: Callable[[], Any]) -> None:
    """The population is one's own."""
    async with box(profile="node", domain="tenant.example", extensions=make()) as node:
        listed = (await node.get("/extensions?domain=tenant.example"))["extensions"]
        assert listed[0]["extension"] in ("201", "101")
        assert len(listed) in (1, 12)


# -- section 13: the manners of a real switch --------------------------------------------------------


@asynccontextmanager
async def real(**kwargs: Any) -> AsyncIterator[Box]:
    """Run a simulator as it is by default, and somebody with its key."""
    async with VoipatSimulator(**kwargs) as sim, aiohttp.ClientSession() as session:
        yield Box(sim, session, Clock())


async def eventually(box: Box, wanted: Callable[[list[dict[str, str]]], object]) -> list[dict[str, str]]:
    """Wait until the list shows something."""
    async with asyncio.timeout(10):
        while not wanted(rows := await box.legs()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    return rows


async def test_list_is_later_than_its_event() -> None:
    """A leg is listed up to 0.28 s after it began, changed or ended, and never sooner than something before it."""
    lags = []
    async with real() as each:
        for _ in range(12):
            call = await each.sim.ring(CALLER, "101")
            began = asyncio.get_running_loop().time()
            early = await each.legs()
            await eventually(each, lambda rows: len(rows) == 2)
            lags.append(asyncio.get_running_loop().time() - began)
            await each.sim.hang_up(call)
            assert len(early) < 2
            await eventually(each, lambda rows: not rows)
    assert min(lags) < 0.28


async def test_short_call_is_told_by_the_socket_and_never_listed() -> None:
    """A call to a phone that does not want to be disturbed is over before any list can show it."""
    async with real(list_lag=(0.05, 0.1, 0.279)) as each:
        each.sim.do_not_disturb("101")
        async with each.session.ws_connect(each.sim.ws_url, params={"token": each.sim.api_key}) as socket:
            await until(lambda: each.sim.sockets.clients)
            call = await each.sim.ring(CALLER, "101")
            assert await each.legs() == []
            kinds: list[str] = []
            while kinds.count("call.hangup") < 2:
                message = await socket.receive_json(timeout=10)
                if message["data"]["uuid"] == call:
                    kinds.append(message["type"])
            assert kinds[0] == "call.created"
        await asyncio.sleep(0.3)
        assert await each.legs() == []


async def test_placed_leg_is_no_tenants_until_it_is_answered() -> None:
    """The Python bridge lists the first leg of a placed call only once it is answered, and refuses to end it."""
    async with real(list_lag=(0.0, 0.0, 0.0)) as each:
        body = {"from": "101", "to": OUTSIDE, "domain": DOMAIN}
        status, answer = await each.post("/calls/originate", body)
        assert status == 200
        uuid = answer["uuid"]
        await until(each.sim.truth)
        assert await each.legs() == []
        assert await each.ask("GET", f"/calls/channels/{uuid}") == (404, {"detail": "Channel not found"})
        status, answer = await each.post(f"/calls/{uuid}/hangup")
        assert (status, answer) == (403, {"detail": "Channel not found in your domain"})
        await each.sim.answer(uuid, "101")
        rows = await each.legs()
        assert [row["callstate"] for row in rows if row["uuid"] == uuid] == ["RING_WAIT"]
        assert {row["callstate"] for row in rows if row["name"].startswith("loopback/")} == {"RINGING"}
        assert {row["call_uuid"] for row in rows if row["name"].endswith("-b")} == {""}
        assert {row["callee_num"] for row in rows if row["name"].startswith("loopback/")} == {DOMAIN}
        status, _ = await each.post(f"/calls/{uuid}/hangup")
        assert status == 200
        assert each.sim.truth() == []


async def test_global_key_ends_a_placed_call_that_rings() -> None:
    """The key of the whole server may end what belongs to no tenant yet."""
    async with real(list_lag=(0.0, 0.0, 0.0)) as each:
        _, answer = await each.post("/calls/originate", {"from": "101", "to": OUTSIDE, "domain": DOMAIN})
        await until(each.sim.truth)
        headers = {"X-API-Key": each.sim.global_key}
        status, _ = await each.post(f"/calls/{answer['uuid']}/hangup", headers=headers)
        assert status == 200
        assert each.sim.truth() == []


async def test_rows_of_a_real_switch() -> None:
    """Ids of calls are empty until they are bridged, phones have addresses, and a resumed leg is active."""
    async with real(list_lag=(0.0, 0.0, 0.0)) as each:
        call = await each.sim.ring(CALLER, "101")
        caller, phone = await each.legs()
        assert (caller["call_uuid"], phone["call_uuid"]) == ("", caller["uuid"])
        assert (phone["accountcode"], phone["context"]) == ("", DOMAIN)
        assert phone["name"].startswith("sofia/internal/101@192.0.2.15:")
        await each.sim.answer(call, "101")
        assert {row["call_uuid"] for row in await each.legs()} == {caller["uuid"]}
        await each.sim.hold(call, "101")
        await each.sim.resume(call, "101")
        caller, phone = await each.legs()
        assert (caller["callstate"], phone["callstate"]) == ("ACTIVE", "ACTIVE")
        assert (caller["application"], phone["accountcode"]) == ("playback", DOMAIN)
        each.sim.bare_call_uuids = True
        await each.sim.ring("+493023125998", "102")
        assert {row["call_uuid"] for row in (await each.legs())[2:]} == {""}


async def test_record_is_written_later() -> None:
    """A record is there seconds after the end of its call."""
    async with box(record_delay=(5.0, 5.0)) as each:
        call = await each.sim.ring(CALLER, "101")
        await each.sim.hang_up(call)
        assert (await each.get("/cdr", params={"domain": DOMAIN}))["total"] == 0
        each.clock.now += 5
        assert (await each.get("/cdr", params={"domain": DOMAIN}))["total"] == 1
        status, _ = await each.ask("GET", f"/cdr/{call}")
        assert status == 200
