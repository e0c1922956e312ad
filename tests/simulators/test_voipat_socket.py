"""The simulated VOIP@ Cloud does what the contract says: the WebSocket."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import aiohttp
import pytest

from .voipat_bench import (
    CALLER,
    DOMAIN,
    SPEAKERS,
    Box,
    heard,
    until,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")


@asynccontextmanager
async def listening(running: Box, query: str = "", token: str = "") -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """Open the socket."""
    url = f"{running.sim.ws_url}?token={quote(token or running.sim.api_key)}{query}"
    before = {client.id for client in running.sim.sockets.clients}
    async with running.session.ws_connect(url) as socket:
        await until(lambda: socket.closed or {client.id for client in running.sim.sockets.clients} - before)
        SPEAKERS[socket] = running.sim.sockets.clients
        yield socket


async def test_python_pushes_encoded_events_per_leg_and_hangs_up_twice(python: Box) -> None:
    """Python pushes encoded events per leg and hangs up twice."""
    async with listening(python) as socket:
        call_id = await python.sim.ring(CALLER, "104")
        await python.sim.answer(call_id, "104")
        await python.sim.hold(call_id, "104")
        await python.sim.resume(call_id, "104")
        await python.sim.press(call_id, "", "1")
        await python.sim.hang_up(call_id)
        messages = await heard(socket)
    created = messages[0]
    assert created == {
        "type": "call.created",
        "timestamp": "2026-03-28T10:00:00.250000Z",
        "data": {
            "event": "CHANNEL_CREATE",
            "uuid": call_id,
            "callerNumber": "%2B493023125999",
            "calleeNumber": None,
            "domain": DOMAIN,
            "channelState": "CS_INIT",
            "answerState": "ringing",
            "direction": "inbound",
            "hangupCause": None,
        },
    }
    kinds = [message["type"] for message in messages]
    counts = {kind: kinds.count(kind) for kind in set(kinds) - {"channel.update"}}
    assert counts == {
        "call.created": 2,
        "call.answered": 2,
        "call.bridged": 1,
        "call.held": 1,
        "call.unheld": 1,
        "call.dtmf": 1,
        "call.unbridged": 1,
        "call.hangup": 4,
    }
    assert {m["data"]["hangupCause"] for m in messages if m["type"] == "call.hangup"} == {"NORMAL_CLEARING"}
    without = {m["data"]["event"] for m in messages if m["data"]["domain"] is None}
    assert without == {"CHANNEL_CALLSTATE", "CHANNEL_STATE", "DTMF"}


async def test_node_greets_pongs_and_tells_everything_in_raw(node: Box) -> None:
    """Node greets pongs and tells everything in raw."""
    node.sim.greeting_delay = 0.03
    async with listening(node) as socket:
        await socket.send_json({"type": "ping"})
        assert await socket.receive_json() == {
            "type": "system.status",
            "data": {"eslConnected": True, "domain": DOMAIN, "message": "Connected to FusionPBX API Bridge"},
        }
        assert await heard(socket) == [], "what came before the greeting is lost"
        await socket.send_json({"type": "ping"})
        assert await socket.receive_json() == {"type": "pong", "data": {"ts": 1_774_692_000_250}}
        await socket.send_str("not json")
        call_id = await node.sim.ring(CALLER, "104")
        await node.sim.answer(call_id, "104")
        await node.sim.hang_up(call_id)
        messages = await heard(socket)
    assert sum(message["type"] == "call.hangup" for message in messages) == 2
    assert messages[0]["data"]["callerNumber"] == CALLER
    bridged = next(message for message in messages if message["type"] == "call.bridged")
    raw = json.loads(bridged["data"]["raw"])
    assert (raw["Channel-Call-UUID"], raw["Channel-Call-State"]) == (call_id, "ACTIVE")
    assert raw["Other-Leg-Unique-ID"]
    assert len(bridged["timestamp"]) == 24


@pytest.mark.parametrize("token", ["wrong", "a.b.c", ""])
async def test_a_bad_token_is_refused_by_the_server(python: Box, node: Box, token: str) -> None:
    """A bad token is refused by the server."""
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await python.session.ws_connect(f"{python.sim.ws_url}?token={token}")
    assert refused.value.status == 403
    async with node.session.ws_connect(f"{node.sim.ws_url}?token={token}") as socket:
        message = await socket.receive(timeout=1)
        assert (message.type, message.data, message.extra) == (aiohttp.WSMsgType.CLOSE, 4401, "Unauthorized")


async def test_the_socket_takes_tokens_and_the_global_key(each: Box) -> None:
    """The socket takes tokens and the global key."""
    for token in (each.sim.global_key, (await each.post("/auth/token", {"api_key": each.sim.global_key}))[1]["token"]):
        async with listening(each, f"&domain={DOMAIN}", token) as socket:
            await each.sim.dial("104", "105")
            await each.sim.foreign_call()
            domains = {message["data"].get("domain") for message in await heard(socket)}
            assert domains == {DOMAIN, None}


async def test_the_socket_may_not_be_forwarded(python: Box) -> None:
    """The socket may not be forwarded."""
    python.sim.ws_enabled = False
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await python.session.ws_connect(f"{python.sim.ws_url}?token={python.sim.api_key}")
    assert refused.value.status == 404


async def test_foreign_events_leak_without_domain_or_with_a_similar_one(python: Box, node: Box) -> None:
    """Foreign events leak without domain or with a similar one."""
    for running, domains in ((python, {None}), (node, {None, "old-pbx.example.com"})):
        async with listening(running) as socket:
            await asyncio.sleep(0.03)
            await running.sim.foreign_call()
            await running.sim.foreign_call(similar=True)
            messages = [message for message in await heard(socket) if message["type"] != "system.status"]
        assert {message["data"]["domain"] for message in messages} == domains


async def test_an_admin_subscribes_to_a_domain(node: Box) -> None:
    """An admin subscribes to a domain."""
    async with listening(node, token=node.sim.global_key) as socket:
        await socket.receive_json()
        await socket.send_json({"type": "subscribe", "domain": node.sim.foreign_domain})
        await asyncio.sleep(0.02)
        await node.sim.dial("104", "105")
        await node.sim.foreign_call()
        domains = {message["data"]["domain"] for message in await heard(socket)}
    assert domains == {node.sim.foreign_domain, None}


async def test_the_socket_tells_of_freeswitch_on_node_only(python: Box, node: Box) -> None:
    """The socket tells of FreeSWITCH on Node only."""
    for running, told in ((python, []), (node, ["disconnected", "connected"])):
        async with listening(running) as socket:
            await asyncio.sleep(0.03)
            await running.sim.set_esl("down")
            await running.sim.dial("104", "105")
            await running.sim.set_esl("connected")
            data = [message["data"] for message in await heard(socket)]
        assert [each["status"] for each in data if "status" in each] == told
        assert not [each for each in data if "event" in each]


async def test_command_replies_can_make_noise_on_node(node: Box) -> None:
    """Command replies can make noise on Node."""
    node.sim.library_noise = True
    call_id = await node.sim.dial("104", "105")
    async with listening(node) as socket:
        await socket.receive_json()
        await node.post(f"/calls/{call_id}/mute")
        (message,) = await heard(socket)
    assert (message["type"], message["data"]["uuid"]) == ("channel.update", None)


async def test_connected_sockets_are_counted(python: Box, node: Box) -> None:
    """Connected sockets are counted."""
    for running, keys in ((python, {"domain"}), (node, {"domain", "id", "userId"})):
        async with listening(running):
            told = (await running.get("/status/detailed"))["services"]["websocket"]
            assert (told["connectedClients"], set(told["clients"][0])) == (1, keys)


async def test_python_closes_a_socket_that_does_not_pong(python: Box) -> None:
    """Python closes a socket that does not pong."""
    python.sim.ws_ping = 0.03
    async with python.session.ws_connect(f"{python.sim.ws_url}?token={python.sim.api_key}", autoping=False) as socket:
        kinds = [(await socket.receive(timeout=1)) for _ in range(2)]
    assert [message.type for message in kinds] == [aiohttp.WSMsgType.PING, aiohttp.WSMsgType.CLOSE]
    assert kinds[1].data == 1011
    async with listening(python) as socket:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await socket.receive()
        assert python.sim.sockets.clients


async def test_a_hanging_bridge_freezes_sockets_and_a_restart_breaks_them(python: Box) -> None:
    """A hanging bridge freezes sockets and a restart breaks them."""
    async with listening(python) as socket:
        python.sim.bridge_hang = True
        await socket.ping()
        await python.sim.dial("104", "105")
        assert await heard(socket) == []
        await python.sim.restart_bridge()
        assert (await socket.receive(timeout=1)).type is aiohttp.WSMsgType.CLOSE
    assert len(python.sim.truth()) == 1
