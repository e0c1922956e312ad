"""VOIP@ Cloud, contract section 7: the WebSocket and its events."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from aiohttp import WSCloseCode, WSMsgType, web

from .voipat_engine import Leg
from .voipat_wire import Esl, VoipatSwitches, iso

UNAUTHORIZED = 4401
HEARING = 0.01

NODE_TYPES = {
    "CHANNEL_CREATE": "call.created",
    "CHANNEL_ANSWER": "call.answered",
    "CHANNEL_HOLD": "call.held",
    "CHANNEL_UNHOLD": "call.unheld",
    "CHANNEL_BRIDGE": "call.bridged",
    "CHANNEL_UNBRIDGE": "call.unbridged",
    "CHANNEL_HANGUP_COMPLETE": "call.hangup",
    "DTMF": "call.dtmf",
}
PYTHON_TYPES = NODE_TYPES | {"CHANNEL_HANGUP": "call.hangup"}
WITHOUT_DOMAIN = frozenset({"CHANNEL_STATE", "CHANNEL_CALLSTATE", "DTMF"})


@dataclass(eq=False)
class Client:
    """A connected socket; without a domain it hears every tenant."""

    id: str
    user: str
    domain: str | None
    admin: bool
    socket: web.WebSocketResponse
    waiting: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    greeted: bool = False
    alive: float = field(default_factory=time.monotonic)


class Sockets:
    """All connected sockets."""

    def __init__(self, switches: VoipatSwitches, clock: Callable[[], float]) -> None:
        """Start with nobody connected."""
        self.clients: list[Client] = []
        self._switches = switches
        self._clock = clock

    async def serve(self, client: Client, request: web.Request) -> None:
        """Talk to one client until it goes."""
        try:
            await client.socket.prepare(request)
        except ConnectionResetError:  # whoever asked is gone by now
            return
        self.clients.append(client)
        helpers = [asyncio.create_task(self._write(client)), asyncio.create_task(self._ping(client))]
        try:
            async for message in client.socket:
                while self._switches.frozen and not client.socket.closed:  # noqa: ASYNC110
                    await asyncio.sleep(HEARING)
                if message.type is WSMsgType.PING:
                    await client.socket.pong(message.data)
                elif message.type is WSMsgType.PONG:
                    client.alive = time.monotonic()
                elif message.type is WSMsgType.TEXT:
                    self._hear(client, message.data)
        finally:
            self.clients.remove(client)
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def close(self) -> None:
        """Send everybody away."""
        for client in list(self.clients):
            await client.socket.close(code=WSCloseCode.GOING_AWAY)

    def fired(self, event: str, leg: Leg) -> None:
        """Push one FreeSWITCH event."""
        if not self.clients or self._switches.esl is not Esl.CONNECTED or self._switches.frozen:
            return
        domain = None if event in WITHOUT_DOMAIN else leg.call.domain
        text = ""
        for client in self.clients:
            if self._hears(client, domain):
                text = text or json.dumps(self._message(event, leg, domain), separators=(",", ":"))
                client.waiting.put_nowait(text)

    def esl_changed(self) -> None:
        """Push that FreeSWITCH went or came back; only Node does."""
        if not self._switches.python:
            connected = self._switches.esl is Esl.CONNECTED
            words = "Connected to FreeSWITCH" if connected else "Disconnected from FreeSWITCH"
            data = {"status": "connected" if connected else "disconnected", "message": words}
            self._to_all({"type": "system.status", "timestamp": iso(self._clock()), "data": data})

    def command_replied(self) -> None:
        """Push an ESL command's reply as some of Node's ESL libraries do."""
        if self._switches.library_noise and not self._switches.python:
            keys = ("event", "uuid", "callerNumber", "calleeNumber", "domain", "channelState", "answerState")
            nothing: dict[str, Any] = dict.fromkeys((*keys, "direction", "hangupCause", "timestamp"))
            data = nothing | {"raw": "{}"}
            self._to_all({"type": "channel.update", "timestamp": iso(self._clock()), "data": data})

    def _to_all(self, message: dict[str, Any]) -> None:
        text = json.dumps(message, separators=(",", ":"))
        for client in self.clients:
            client.waiting.put_nowait(text)

    def _hears(self, client: Client, domain: str | None) -> bool:
        if domain is None or client.domain is None:
            return True
        return domain == client.domain if self._switches.python else client.domain in domain

    def _hear(self, client: Client, text: str) -> None:
        if self._switches.python or not client.greeted:
            return
        try:
            message = json.loads(text)
        except ValueError:
            return
        if not isinstance(message, dict):
            return
        if message.get("type") == "ping":
            pong = {"type": "pong", "data": {"ts": int(self._clock() * 1000)}}
            client.waiting.put_nowait(json.dumps(pong))
        elif message.get("type") == "subscribe" and client.admin:
            client.domain = message.get("domain") or None

    async def _write(self, client: Client) -> None:
        if not self._switches.python:
            await asyncio.sleep(self._switches.greeting_delay)
            data = {
                "eslConnected": self._switches.esl is Esl.CONNECTED,
                "domain": client.domain,
                "message": "Connected to FusionPBX API Bridge",
            }
            await client.socket.send_str(json.dumps({"type": "system.status", "data": data}))
            client.greeted = True
        while True:
            await client.socket.send_str(await client.waiting.get())

    async def _ping(self, client: Client) -> None:
        interval = self._switches.ws_ping or (20.0 if self._switches.python else 30.0)
        while not client.socket.closed:
            asked = time.monotonic()
            if not self._switches.frozen:
                await client.socket.ping()
            await asyncio.sleep(interval)
            if self._switches.python and not self._switches.frozen and client.alive < asked:
                await client.socket.close(code=WSCloseCode.INTERNAL_ERROR)

    def _message(self, event: str, leg: Leg, domain: str | None) -> dict[str, Any]:
        switches = self._switches
        ended = event in ("CHANNEL_HANGUP", "CHANNEL_HANGUP_COMPLETE")

        def worded(value: str) -> str | None:
            if not value:
                return None
            return quote(value, safe="/*~!$()',") if switches.python else value

        data: dict[str, Any] = {
            "event": event,
            "uuid": leg.uuid,
            "callerNumber": worded(leg.cid_num),
            "calleeNumber": worded(leg.callee_num),
            "domain": worded(domain or ""),
            "channelState": leg.state,
            "answerState": leg.answer_state,
            "direction": leg.direction,
            "hangupCause": leg.cause if ended else None,
        }
        now = self._clock()
        types = PYTHON_TYPES if switches.python else NODE_TYPES
        if not switches.python:
            data["timestamp"] = str(int(now * 1_000_000))
            data["raw"] = json.dumps(
                {
                    "Event-Name": event,
                    "Unique-ID": leg.uuid,
                    "Caller-Caller-ID-Number": leg.cid_num,
                    "Caller-Destination-Number": leg.dest,
                    "Channel-Presence-ID": leg.presence_id,
                    "Channel-Call-State": leg.callstate.value,
                    "Channel-Call-UUID": leg.call_uuid,
                    "Channel-Name": leg.name,
                    "Call-Direction": leg.direction,
                }
                | ({} if leg.partner is None else {"Other-Leg-Unique-ID": leg.partner.uuid})
                | ({"DTMF-Digit": leg.pressed} if event == "DTMF" else {})
            )
        stamp = iso(now, 6 if switches.python else 3)
        return {"type": types.get(event, "channel.update"), "timestamp": stamp, "data": data}
