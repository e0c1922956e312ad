"""The simulated VOIP@ Cloud does what the contract says: calls that are placed by API."""

import asyncio
from typing import Any

import pytest

from .voipat import Loopback
from .voipat_bench import (
    DOMAIN,
    OUTSIDE,
    Box,
    box,
    only_call,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_python_places_a_call_at_once_and_reaches_the_number_later(python: Box) -> None:
    """Python places a call at once and reaches the number later."""
    status, body = await python.originate(callerId="+493023125000", callerName="Office")
    assert (status, body["message"]) == (200, f"Call from 104 to {OUTSIDE} initiated")
    (row,) = await python.legs()
    assert (row["uuid"], row["direction"], row["callstate"]) == (body["uuid"], "outbound", "RINGING")
    assert (row["presence_id"], row["cid_num"], row["cid_name"]) == (f"104@{DOMAIN}", "+493023125000", "Office")
    await python.sim.answer(body["uuid"], "104")
    names = [row["name"] for row in await python.legs()]
    assert [name.startswith("loopback/") for name in names] == [False, True, True, False]
    await python.sim.answer(body["uuid"])
    assert await python.states() == [("104", "ACTIVE"), ("", "ACTIVE")]
    (placed,) = python.sim.placed
    assert (placed.call_id, placed.source, placed.destination) == (body["uuid"], "104", OUTSIDE)
    assert only_call(python.sim).direction == "outgoing"


@pytest.mark.parametrize(("style", "ringing", "talking"), [(Loopback.STAY, 4, 4), (Loopback.NONE, 2, 2)])
async def test_loopbacks_stay_or_never_come(style: Loopback, ringing: int, talking: int) -> None:
    """Loopbacks stay or never come."""
    async with box(loopback=style) as python:
        uuid = (await python.originate())[1]["uuid"]
        await python.sim.answer(uuid, "104")
        assert len(await python.legs()) == ringing
        await python.sim.answer(uuid)
        assert len(await python.legs()) == talking
        await python.sim.hang_up(uuid, by="callee")
        assert await python.legs() == []


async def test_the_far_leg_can_hang_on_the_loopback_until_it_collapses(python: Box) -> None:
    """The far leg can hang on the loopback until it collapses."""
    python.sim.loopback_splits = True
    uuid = (await python.originate())[1]["uuid"]
    await python.sim.answer(uuid, "104")
    *_, pseudo, far = await python.legs()
    assert far["call_uuid"] == pseudo["uuid"] != uuid
    await python.sim.answer(uuid)
    assert {row["call_uuid"] for row in await python.legs()} == {uuid}


@pytest.mark.parametrize("number", ["105", "*97"])
async def test_a_call_can_be_placed_to_a_phone_or_a_code(python: Box, number: str) -> None:
    """A call can be placed to a phone or a code."""
    uuid = (await python.originate(to=number))[1]["uuid"]
    await python.sim.answer(uuid, "104")
    if number == "105":
        assert ("105", "RINGING") in await python.states()
        await python.sim.answer(uuid, "105")
    assert only_call(python.sim).state == "talking"


async def test_a_placed_call_that_nobody_takes_vanishes(python: Box) -> None:
    """A placed call that nobody takes vanishes."""
    python.sim.ring_timeout = 0.03
    uuid = (await python.originate())[1]["uuid"]
    assert len(python.sim.truth()) == 1
    await asyncio.sleep(0.06)
    assert python.sim.truth() == []
    record = await python.only_record()
    assert (record["xml_cdr_uuid"], record["answer_stamp"], record["hangup_cause"]) == (uuid, None, "NO_ANSWER")


async def test_phones_can_pick_up_by_themselves() -> None:
    """Phones can pick up by themselves."""
    async with box(auto_answer=0.01, auto_answer_far=0.01) as python:
        await python.originate()
        await asyncio.sleep(0.06)
        assert only_call(python.sim).state == "talking"


@pytest.mark.parametrize("why", ["unregistered", "busy", "nobody"])
async def test_python_says_200_even_if_no_phone_rings(python: Box, why: str) -> None:
    """Python says 200 even if no phone rings."""
    if why == "unregistered":
        python.sim.unregister("104")
    elif why == "busy":
        python.sim.do_not_disturb("104")
    status, body = await python.originate(**{"from": "999"} if why == "nobody" else {})
    assert status == 200
    assert (await python.ask("GET", f"/calls/channels/{body['uuid']}"))[0] == 404
    assert python.sim.placed == []


@pytest.mark.parametrize(
    ("why", "cause"),
    [("unregistered", "USER_NOT_REGISTERED"), ("busy", "USER_BUSY"), ("nobody", "SUBSCRIBER_ABSENT")],
)
async def test_node_names_the_cause_if_no_phone_rings(node: Box, why: str, cause: str) -> None:
    """Node names the cause if no phone rings."""
    if why == "unregistered":
        node.sim.unregister("104")
    elif why == "busy":
        node.sim.do_not_disturb("104")
    assert await node.originate(**{"from": "999"} if why == "nobody" else {}) == (500, {"error": cause})
    node.sim.unregister("105")
    node.sim.unregistered_cause = "SUBSCRIBER_ABSENT"
    assert await node.originate(**{"from": "105"}) == (500, {"error": "SUBSCRIBER_ABSENT"})


async def test_node_blocks_everybody_until_the_phone_is_picked_up(node: Box) -> None:
    """Node blocks everybody until the phone is picked up."""
    placing = asyncio.create_task(node.originate(to="105"))
    while not node.sim.placed:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    listing = asyncio.create_task(node.full("GET", "/calls/channels"))
    await asyncio.sleep(0.03)
    assert not placing.done()
    assert not listing.done()
    assert (await node.ask("GET", "/status"))[0] == 200
    await node.sim.answer(node.sim.placed[0].call_id, "104")
    status, body = await placing
    assert (status, body["uuid"]) == (200, node.sim.placed[0].call_id)
    assert (await listing)[1]["count"] == 2


async def test_node_tells_when_nobody_picks_up(node: Box) -> None:
    """Node tells when nobody picks up."""
    node.sim.ring_timeout = 0.02
    assert await node.originate() == (500, {"error": "NO_ANSWER"})


async def test_node_reaches_registered_phones_only(node: Box) -> None:
    """Node reaches registered phones only."""
    node.sim.auto_answer = 0.0
    assert (await node.originate())[0] == 200
    assert node.sim.truth() == []


async def test_a_stop_releases_who_waits_for_a_phone(node: Box) -> None:
    """A stop releases who waits for a phone."""
    placing = asyncio.create_task(node.originate())
    while not node.sim.placed:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await node.sim.stop()
    assert (await placing)[0] == 500
    await node.sim.start()
    assert len(node.sim.truth()) == 1


@pytest.mark.parametrize(
    ("body", "python_status", "node_status"),
    [
        ({"from": None}, 422, 400),
        ({"from": 104}, 422, 0),
        ({"to": ""}, 400, 400),
        ({"timeout": 4}, 400, 400),
        ({"timeout": 121}, 400, 400),
        ({"timeout": "soon"}, 422, 400),
        ({"timeout": 0}, 200, 400),
        ({"timeout": None}, 200, 400),
        ({"timeout": 120}, 200, 0),
        ({"domain": "other.example.net"}, 403, 500),
    ],
)
async def test_requests_to_place_a_call_are_validated(
    python: Box, node: Box, body: dict[str, Any], python_status: int, node_status: int
) -> None:
    """Requests to place a call are validated."""
    assert (await python.originate(**body))[0] == python_status
    node.sim.auto_answer = 0.0
    assert (await node.originate(to=body.get("to", "105"), **{k: v for k, v in body.items() if k != "to"}))[0] == (
        node_status or 200
    )


async def test_the_words_of_refused_requests(python: Box, node: Box) -> None:
    """The words of refused requests."""
    path = "/calls/originate"
    status, body = await node.post(path, {})
    assert body["details"][0] == {"field": "from", "message": "from (extension) is required"}
    status, body = await python.post(path, {"to": "1", "domain": DOMAIN})
    assert (status, body["detail"][0]["loc"]) == (422, ["body", "from"])
    assert await python.originate(to="") == (400, {"detail": "from, to, domain are required"})
    assert await python.originate(timeout=3) == (400, {"detail": "timeout must be between 5 and 120"})
    assert (await node.originate(timeout=3))[1]["details"][0]["field"] == "timeout"
    wanted = {"detail": "You can only originate calls within your domain"}
    assert await python.originate(domain="other.example.net") == (403, wanted)
    form = {"data": "from=104", "headers": {"X-API-Key": python.sim.api_key, "Content-Type": "text/plain"}}
    status, body = await python.ask("POST", path, **form)
    assert (status, body["detail"][0]["type"]) == (422, "model_attributes_type")
    status, body = await python.ask("POST", path)
    assert (status, body["detail"][0]["loc"]) == (422, ["body"])


@pytest.mark.parametrize(
    ("name", "works"), [("Anna", True), ("Anna Keller", False), ("'Anna Keller'", True), ('A"x', False), ("{a}", False)]
)
async def test_a_name_with_a_space_breaks_the_command(python: Box, node: Box, name: str, works: bool) -> None:  # noqa: FBT001
    """A name with a space breaks the command."""
    status, _ = await python.originate(callerName=name)
    assert (status, len(python.sim.placed), len(python.sim.broken_commands)) == (200, int(works), int(not works))
    node.sim.auto_answer = 0.0
    assert (await node.originate(to="105", callerName=name))[0] == (200 if works else 500)


async def test_the_documentation_places_calls_at_once(docs: Box) -> None:
    """The documentation places calls at once."""
    status, body = await docs.originate()
    assert status == 200
    await docs.sim.answer(body["uuid"], "104")
    await docs.sim.answer(body["uuid"])
    assert only_call(docs.sim).state == "talking"
