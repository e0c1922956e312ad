"""The simulated VOIP@ Cloud does what the contract says: what is commanded of a call."""

import asyncio
import json

import pytest

from .voipat_bench import (
    CALLER,
    CONTROLS,
    CRASHED,
    DOMAIN,
    NOBODY,
    OUTSIDE,
    Box,
    only_call,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.mark.parametrize("path", CONTROLS)
async def test_a_bad_uuid_is_refused(python: Box, node: Box, path: str) -> None:
    """A bad UUID is refused."""
    assert await python.post(f"/calls/abc-123/{path}") == (400, {"detail": "Invalid UUID format"})
    details = [{"field": "uuid", "message": "Invalid value"}]
    assert await node.post(f"/calls/abc-123/{path}") == (400, {"error": "Validation failed", "details": details})


@pytest.mark.parametrize("path", CONTROLS)
async def test_a_dead_leg_is_answered_by_the_server(python: Box, node: Box, docs: Box, path: str) -> None:
    """A dead leg is answered by the server."""
    url = f"/calls/{NOBODY}/{path}"
    assert await python.post(url) == (403, {"detail": "Channel not found in your domain"})
    holding = "hold" in path
    status, body = await node.post(url)
    text = "No such channel!" if path == "hangup" else "Cannot locate session!"
    assert (status, body.get("error")) == ((200, None) if holding else (500, text))
    wanted = 200 if holding else 500
    assert (await python.post(url, headers={"X-API-Key": python.sim.global_key}))[0] == wanted
    assert await docs.post(url) == (404, {"error": "Channel not found"})


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("hold", "Call placed on hold"),
        ("hold/toggle", "Hold toggled"),
        ("mute", "Channel muted"),
        ("unmute", "Channel unmuted"),
        ("hangup", "Call terminated"),
    ],
)
async def test_success_has_one_shape(each: Box, path: str, message: str) -> None:
    """Success has one shape."""
    call_id = await each.sim.dial("104", "105")
    await each.sim.answer(call_id)
    wanted = {"success": True, "message": message, "uuid": call_id}
    assert await each.post(f"/calls/{call_id}/{path}") == (200, wanted)


async def test_hold_is_of_the_leg_named_and_not_twice(python: Box, node: Box) -> None:
    """Hold is of the leg named and not twice."""
    for running, refusal in ((python, CRASHED), (node, {"error": "Operation failed"})):
        call_id = await running.sim.dial("104", "105")
        await running.sim.answer(call_id)
        assert await running.post(f"/calls/{call_id}/unhold") == (500, refusal)
        assert (await running.post(f"/calls/{call_id}/hold"))[0] == 200
        assert await running.states() == [("104", "HELD"), ("105", "ACTIVE")]
        assert await running.post(f"/calls/{call_id}/hold") == (500, refusal)
        assert (await running.post(f"/calls/{call_id}/hold/toggle"))[0] == 200
        assert await running.states() == [("104", "UNHELD"), ("105", "ACTIVE")]
        await running.post(f"/calls/{call_id}/hold/toggle")
        assert (await running.post(f"/calls/{call_id}/unhold"))[1]["message"] == "Call resumed from hold"


async def test_toggling_a_ringing_leg_does_nothing(each: Box) -> None:
    """Toggling a ringing leg does nothing."""
    call_id = await each.sim.dial("104", "105")
    assert (await each.post(f"/calls/{call_id}/hold/toggle"))[0] == 200
    assert [state for _, state in await each.states()] == ["RINGING", "RINGING"]
    assert only_call(each.sim).state == "ringing"


@pytest.mark.parametrize("leg", [0, 1])
async def test_either_leg_ends_the_call(each: Box, leg: int) -> None:
    """Either leg ends the call."""
    call_id = await each.sim.dial("104", "105")
    await each.sim.answer(call_id)
    uuid = (await each.legs())[leg]["uuid"]
    assert (await each.post(f"/calls/{uuid}/hangup", {"cause": "USER_BUSY"}))[0] == 200
    assert each.sim.truth() == []


@pytest.mark.parametrize(("cause", "wanted"), [("CALL_REJECTED", "CALL_REJECTED"), ("NONSENSE", "NORMAL_CLEARING")])
async def test_a_hangup_has_a_cause(python: Box, cause: str, wanted: str) -> None:
    """A hangup has a cause."""
    call_id = await python.sim.dial("104", "105")
    await python.post(f"/calls/{call_id}/hangup", {"cause": cause})
    assert (await python.only_record())["hangup_cause"] == wanted


async def test_hanging_one_ringing_phone_of_several_up_leaves_the_others(python: Box) -> None:
    """Hanging one ringing phone of several up leaves the others."""
    await python.sim.ring(CALLER, "104", "105")
    uuid = (await python.legs())[1]["uuid"]
    await python.post(f"/calls/{uuid}/hangup")
    assert await python.states() == [("", "RINGING"), ("105", "RINGING")]


async def test_mute_changes_nothing(python: Box) -> None:
    """Mute changes nothing."""
    call_id = await python.sim.dial("104", "105")
    await python.sim.answer(call_id)
    before = await python.legs()
    assert (await python.post(f"/calls/{call_id}/mute"))[0] == 200
    assert await python.legs() == before


async def test_tones_are_sent_or_refused(python: Box, node: Box) -> None:
    """Tones are sent or refused."""
    path = ""
    for running in (python, node):
        call_id = await running.sim.dial("104", OUTSIDE)
        path = f"/calls/{call_id}/dtmf"
        assert (await running.post(path, {"digits": "12*#A"}))[1]["message"] == "DTMF 12*#A sent"
        assert running.sim.dtmf_sent == [(call_id, "12*#A")]
    dead = (403, {"detail": "Channel not found in your domain"})
    assert await python.post(f"/calls/{NOBODY}/dtmf", {"digits": "1w2"}) == dead, "ownership comes first"
    status, body = await node.post(path, {"digits": "a"})
    assert (status, body["details"][0]["message"]) == (400, "Invalid DTMF digits")
    assert (await node.post(path, {}))[0] == 400
    uuid = (await python.legs())[0]["uuid"]
    assert await python.post(f"/calls/{uuid}/dtmf", {"digits": "a"}) == (400, {"detail": "Invalid DTMF digits"})
    assert (await python.post(f"/calls/{uuid}/dtmf", {}))[0] == 422
    assert (await node.post(f"/calls/{NOBODY}/dtmf", {"digits": "1"}))[1] == {"error": "Cannot locate session!"}


async def test_a_blind_transfer_moves_the_leg_named_and_drops_its_partner(each: Box) -> None:
    """A blind transfer moves the leg named and drops its partner."""
    call_id = await each.sim.ring(CALLER, "104")
    await each.sim.answer(call_id, "104")
    body = {"destination": "105", "domain": DOMAIN}
    status, answer = await each.post(f"/calls/{call_id}/transfer", body)
    assert (status, answer["message"]) == (200, "Blind transfer to 105 executed")
    call = only_call(each.sim)
    assert (call.callee, [leg.extension for leg in call.legs]) == ("105", ["", "105"])
    await each.sim.answer(call_id, "105")
    assert only_call(each.sim).state == "talking"


async def test_transferring_the_own_leg_cuts_the_caller_off(python: Box) -> None:
    """Transferring the own leg cuts the caller off."""
    call_id = await python.sim.ring(CALLER, "104")
    await python.sim.answer(call_id, "104")
    own = (await python.legs())[1]["uuid"]
    await python.post(f"/calls/{own}/transfer", {"destination": OUTSIDE, "domain": DOMAIN, "type": "blind"})
    assert await python.states() == [("104", "RING_WAIT"), ("", "RINGING")]
    assert {row["call_uuid"] for row in await python.legs()} == {own}


@pytest.mark.parametrize(("number", "rows"), [("999", 0), ("*5900", 1), ("*97", 1), (OUTSIDE, 2)])
async def test_a_transfer_goes_through_the_dialplan(python: Box, number: str, rows: int) -> None:
    """A transfer goes through the dialplan."""
    call_id = await python.sim.ring(CALLER, "104")
    await python.sim.answer(call_id, "104")
    await python.post(f"/calls/{call_id}/transfer", {"destination": number, "domain": DOMAIN})
    legs = await python.legs()
    assert len(legs) == rows
    if number == "*5900":
        assert (legs[0]["state"], legs[0]["application"]) == ("CS_PARK", "valet_park")


async def test_transfers_are_validated(python: Box, node: Box) -> None:
    """Transfers are validated."""
    for running in (python, node):
        call_id = await running.sim.dial("104", "105")
        await running.sim.answer(call_id)
        path = f"/calls/{call_id}/transfer"
        assert (await running.post(path, {"destination": "103"}))[0] == (422 if running is python else 400)
        status, body = await running.post(path, {"destination": "103", "domain": DOMAIN, "type": "warm"})
        assert status == 400
        assert 'type must be "blind" or "attended"' in json.dumps(body).replace('\\"', '"')
        status, body = await running.post(path, {"destination": "103", "domain": "other.example.net"})
        if running is python:
            assert (status, body) == (403, {"detail": "Transfer destination domain must match your domain"})
        else:
            assert status == 200


async def test_an_attended_transfer_never_completes(python: Box) -> None:
    """An attended transfer never completes."""
    call_id = await python.sim.ring(CALLER, "104")
    await python.sim.answer(call_id, "104")
    path, body = f"/calls/{call_id}/transfer", {"destination": "105", "domain": DOMAIN, "type": "attended"}
    status, answer = await python.post(path, body)
    assert (status, set(answer)) == (200, {"success", "message", "originalUuid", "newUuid"})
    assert answer["originalUuid"] == call_id
    await python.sim.answer(answer["newUuid"], "105")
    assert await python.states() == [("", "HELD"), ("104", "ACTIVE")]
    python.sim.unregister("105")
    assert (await python.post(path, body))[0] == 200


async def test_node_waits_for_the_target_of_an_attended_transfer(node: Box) -> None:
    """Node waits for the target of an attended transfer."""
    call_id = await node.sim.ring(CALLER, "104")
    await node.sim.answer(call_id, "104")
    path, body = f"/calls/{call_id}/transfer", {"destination": "105", "domain": DOMAIN, "type": "attended"}
    waiting = asyncio.create_task(node.post(path, body))
    while len(node.sim.truth()) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert not waiting.done()
    await node.sim.ring_out(node.sim.truth()[1].call_id)
    assert await waiting == (500, {"error": "NO_ANSWER"})
