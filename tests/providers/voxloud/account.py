"""A Voxloud account that says what a test wants, and clients of it."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web

from custom_components.pbx.providers.http import RateLimit
from custom_components.pbx.providers.voxloud import payload
from custom_components.pbx.providers.voxloud.provider import VoxloudProvider
from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import (
    CallState,
    Direction,
)

MS = 1_523_025_126_000


AT = datetime(2018, 4, 6, 14, 32, 6, tzinfo=UTC)


CANARY = "vx-canary-5ec7e7ca9a7ab1ec5ec7e7"


HOOK = "https://ha.example.com/api/webhook/4c1d8f0c"


CONTACT = "+390655502001"


MAIN, SUPPORT = "+390655501000", "+390655501100"


BOOK = payload.Book(country="IT", own=frozenset({MAIN}))


RINGING, TALKING, ENDED, DIALING = CallState.RINGING, CallState.TALKING, CallState.ENDED, CallState.DIALING


INCOMING, OUTGOING, INTERNAL = Direction.INCOMING, Direction.OUTGOING, Direction.INTERNAL


RECORD: dict[str, Any] = {
    "id": 8395,
    "type": "PHONE_CALL",
    "accountId": "faffd4879c2b686fe9c5fb1673ce2800",
    "direction": "INTERNAL",
    "timestamp": MS,
    "originatorName": "User1 User1",
    "originatorNumber": "101",
    "destinationName": "User2 User2",
    "destinationNumber": "102",
    "answererName": "User2 User2",
    "answererNumber": "102",
    "maskCallerNumber": False,
    "lastEvent": "CALL_TERMINATED",
    "duration": 4,
    "ringTime": 1,
    "archived": False,
    "callId": "1734bfbbd5dc4a9c8de1d2e5235e6389",
    "recorded": True,
    "recordingUrl": "https://media.example/rec.mp3",
    "voicemail": True,
    "voicemail_url": "https://media.example/vm.mp3",
    "labels": ["label1", "label2"],
    "ruleNames": ["IVRRule1"],
    "contactCrm": "Hubspot",
    "contactCrmUrl": "https://crm.example/contact/1",
    "crmLogo": "https://crm.example/logo.png",
    "transcription": "Workers who telecommute",
    "summary": "A study",
    "sentiment_score": 73,
}


PLACED_RECORD: dict[str, Any] = {
    "id": 517,
    "type": "CLICK_TO_CALL",
    "direction": "OUTBOUND",
    "timestamp": MS,
    "originatorName": "Pinco Pallino",
    "originatorNumber": "390663971096",
    "destinationName": "393287035654",
    "destinationNumber": "393287035654",
    "duration": 40,
    "ringTime": 1,
    "queueCallId": "303b-clicktocall",
    "clickToCallType": "EXTENSION",
    "archived": False,
    "callId": "303b-clicktocall",
    "recorded": True,
    "recordingUrl": "https://media.example/ctc.mp3",
}


FAX: dict[str, Any] = {
    "id": 1234,
    "timestamp": MS,
    "direction": "outbound",
    "sender": "390312345678",
    "recipient": "390655501000",
    "attachment_url": "https://media.example/fax.pdf",
    "total_pages": 4,
    "description": "A fax description",
}


def wrapped(data: Mapping[str, object], kind: str, pbx_id: object = 117) -> dict[str, object]:
    """Put data into the envelope of a webhook."""
    return {"timestamp": MS, "type": kind, "data": data, "pbx_id": pbx_id}


def request(body: object) -> m.PushRequest:
    """Give a webhook request."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return m.PushRequest(method="POST", query={}, content_type="application/json", body=raw)


def make(**given_settings: object) -> VoxloudProvider:
    """Make a provider that sends nothing."""
    return VoxloudProvider(object(), {"api_key": CANARY, "country": "IT", **given_settings})  # type: ignore[arg-type]


class FastProvider(VoxloudProvider):
    """The provider, with more requests than a test needs."""

    limits = (RateLimit(requests=100_000, seconds=60),)


type Answer = tuple[int, object]


class Stub:
    """A server that answers what a test says, in order, and keeps what it was asked."""

    def __init__(self) -> None:
        """Answer nothing yet."""
        self.answers: dict[tuple[str, str], list[Answer]] = {}
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[bytes] = []

    def add(self, method: str, path: str, *answers: object) -> None:
        """Answer a request; the last answer stays."""
        self.answers[method, path] = [answer if isinstance(answer, tuple) else (200, answer) for answer in answers]

    async def handle(self, asked: web.Request) -> web.Response:
        """Answer."""
        self.asked.append((asked.method, asked.path_qs))
        self.bodies.append(await asked.read())
        planned = self.answers.get((asked.method, asked.path))
        if planned is None:
            return web.json_response({"message": "unplanned"}, status=404)
        status, body = planned.pop(0) if len(planned) > 1 else planned[0]
        if isinstance(body, bytes):
            return web.Response(status=status, body=body)
        return web.json_response(body, status=status)


def stubbed(session: aiohttp.ClientSession, url: str, **given_settings: object) -> FastProvider:
    """Talk to a stub."""
    return FastProvider(session, {"api_key": CANARY, "url": url, "country": "IT", **given_settings})


def asked(number: str = CONTACT, extension: str = "101", **more: Any) -> m.Originate:
    """Ask for a call."""
    return m.Originate(extension=extension, number=number, **more)


class House:
    """Somebody whose registry is fed by the webhooks that the phone system really sends."""

    def __init__(self, provider: VoxloudProvider) -> None:
        """Start empty."""
        self.provider = provider
        self.registry = CallRegistry(grace=provider.grace)
        self.events: list[str] = []
        self.now = datetime.now(UTC)

    async def handle(self, hook: web.Request) -> web.Response:
        """Take a push."""
        for pushed in self.provider.parse(request(await hook.read())):
            changes = self.registry.apply(pushed, self.now)
            self.events += [told.type.value for told in changes.events if told.public]
        return web.Response()

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)
        self.events += [told.type.value for told in self.registry.tick(self.now).events if told.public]

    @property
    def states(self) -> dict[str, CallState]:
        """What the extensions are doing."""
        found = {number: self.registry.state_of(number) for number in ("101", "102", "103", "104")}
        return {number: state for number, state in found.items() if state is not None}
