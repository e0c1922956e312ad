"""The main job, proved at the literal servers: each speaks as a phone system's own document says, and nothing else."""

import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, ClassVar

import aiohttp

from tests.documents import voipat, voipstudio, voipsun, voxloud
from tests.documents.page import Page

from .client import Client, pasted
from .process import until
from .proof import ProofError

PATIENCE = 25
AUTOMATION = "call_back_who_was_missed"


class Document[P: Page](ABC):
    """A literal server: what a person types to set it up, and how a call comes in at it."""

    provider: ClassVar[str]
    country: ClassVar[str] = "IT"
    extension: ClassVar[str] = "101"
    caller: ClassVar[str] = "+390612345678"
    options: ClassVar[Mapping[str, object]] = {}
    known_as: ClassVar[str] = ""
    """What the extension is known by for good, where that is not its number."""

    def __init__(self) -> None:
        """Make the server."""
        self.page = self.make()
        self.urls: Sequence[str] = ()

    page: P

    @abstractmethod
    def make(self) -> P:
        """Make the server."""

    @property
    @abstractmethod
    def form(self) -> dict[str, object]:
        """What a person types into the form."""

    @abstractmethod
    async def ring(self) -> None:
        """Let somebody call the extension."""

    @abstractmethod
    async def give_up(self) -> None:
        """Let the caller give up."""

    @property
    @abstractmethod
    def placed(self) -> Sequence[object]:
        """What was asked for: one item for each request that places a call."""


class VoipatDocument(Document[voipat.VoipatPage]):
    """VOIP@ Cloud: the call comes as a webhook request of the browser phone."""

    provider = "voipat"

    def make(self) -> voipat.VoipatPage:
        """Make the server."""
        return voipat.VoipatPage()

    @property
    def form(self) -> dict[str, object]:
        """What a person types into the form."""
        url = f"{self.page.address}{voipat.BASE}"
        return {"url": url, "api_key": self.page.api_key, "domain": voipat.DOMAIN, "verify_ssl": True}

    async def _tell(self, event: str) -> None:
        fields = {
            "event": event,
            "caller_id": self.caller,
            "caller_name": "Baker",
            "destination": "390699999999",
            "direction": "inbound",
            "duration": "0",
            "extension": self.extension,
            "call_id": "abc@widget",
            "timestamp": datetime.now(UTC).isoformat(),
            "domain": voipat.DOMAIN,
        }
        await post(self.urls[0], fields)

    async def ring(self) -> None:
        """Let somebody call the extension."""
        await self._tell("new_call")

    async def give_up(self) -> None:
        """Let the caller give up."""
        await self._tell("hangup")

    @property
    def placed(self) -> Sequence[object]:
        """What was posted to originate."""
        return [body for path, body in self.page.posted if path == "calls/originate"]


class VoipstudioDocument(Document[voipstudio.VoipstudioPage]):
    """VoIPstudio: the log-in of the page, and a list of calls that is polled."""

    provider = "voipstudio"
    country = "GB"
    extension = "1001"
    caller = "+447911123456"

    def make(self) -> voipstudio.VoipstudioPage:
        """Make the server with the resources that a phone system has; the page names none."""
        page = voipstudio.VoipstudioPage()
        user: dict[str, Any] = {"id": page.user_id, "ext": self.extension, "first_name": "Anna", "last_name": "Keller"}
        page.resources = {
            "me": {**user, "customer_id": 2, "email": page.email},
            "users": [user],
            **{name: [] for name in ("queues", "calls", "cdrs", "contacts", "monitors", "voicemessages", "sms")},
        }
        page.parameters |= {"sort", "dir", "include", "fields[users]"}
        page.operators["gte"] = lambda value, wanted: str(value) >= str(wanted)
        page.answers["POST", "calls"] = (201, {"data": {"id": 4278003533}, "links": {}})
        return page

    @property
    def form(self) -> dict[str, object]:
        """What a person types into the form."""
        url = f"{self.page.address}{voipstudio.BASE}"
        return {"url": url, "email": self.page.email, "password": self.page.password}

    async def ring(self) -> None:
        """Let somebody call the extension."""
        self.page.resources["calls"] = [
            {
                "id": 4278003532,
                "state": "RINGING",
                "start_time": int(datetime.now(UTC).timestamp()),
                "context": "LOCAL_USER",
                "destination": "in",
                "src": self.caller.removeprefix("+"),
                "src_id": "0",
                "dst": "441632960500",
                "dst_id": str(self.page.user_id),
                "dst_name": "Anna Keller",
            },
        ]

    async def give_up(self) -> None:
        """Let the caller give up."""
        self.page.resources["calls"] = []

    @property
    def placed(self) -> Sequence[object]:
        """What was posted to calls."""
        return self.page.sent("POST", "calls")


class VoipsunDocument(Document[voipsun.VoipsunPage]):
    """VoIPSUN: a list of channels that is polled."""

    provider = "voipsun"
    country = "CZ"
    extension = "100"
    known_as = "a100"
    caller = "+420777123456"
    options: ClassVar[Mapping[str, object]] = {
        "extension_names": [
            {"user": "a100", "number": "100", "name": "Anna"},
            {"user": "a101", "number": "101", "name": "Boris"},
        ]
    }

    def make(self) -> voipsun.VoipsunPage:
        """Make the server."""
        return voipsun.VoipsunPage()

    @property
    def form(self) -> dict[str, object]:
        """What a person types into the form."""
        return {
            "host": self.page.address,
            "ssl": False,
            "verify_ssl": True,
            "username": self.page.username,
            "password": self.page.password,
        }

    async def ring(self) -> None:
        """Let somebody call the extension."""
        row = {"context": "internal", "src": "777123456", "dst": "100", "duration": "1", "accountCode": ""}
        self.page.calls = [
            {**row, "channelName": "SIP/trunk-0000b703", "status": "Ring"},
            {**row, "channelName": "SIP/a100-0000b704", "status": "Ringing"},
        ]

    async def give_up(self) -> None:
        """Let the caller give up."""
        self.page.calls = []

    @property
    def placed(self) -> Sequence[object]:
        """What was sent to originate."""
        return self.page.sent("originate")


class VoxloudDocument(Document[voxloud.VoxloudPage]):
    """Voxloud: Home Assistant subscribes to its webhooks by itself."""

    provider = "voxloud"

    def make(self) -> voxloud.VoxloudPage:
        """Make the server."""
        return voxloud.VoxloudPage()

    @property
    def form(self) -> dict[str, object]:
        """What a person types into the form."""
        return {"api_key": self.page.api_key, "url": self.page.address}

    async def _push(self, kind: str) -> None:
        async def subscribed() -> str | None:
            for item in self.page.subscriptions.values():
                if item["event_type"] == kind and item["callback_url"] != voxloud.ELSEWHERE:
                    return str(item["callback_url"])
            return None

        url = await until(subscribed, f"a subscription to {kind}", PATIENCE)
        moment = int(datetime.now(UTC).timestamp() * 1000)
        status = await self.page.push_to(url, kind, originatorNumber=self.caller, timestamp=moment)
        if status != HTTPStatus.OK:
            raise ProofError(f"A webhook was answered with {status}")

    async def ring(self) -> None:
        """Let somebody call the extension."""
        await self._push("CALL_INCOMING")

    async def give_up(self) -> None:
        """Let the caller give up."""
        await self._push("CALL_HANGUP")

    @property
    def placed(self) -> Sequence[object]:
        """What was connected."""
        return self.page.connected


DOCUMENTS: Mapping[str, type[Document[Any]]] = {
    kind.provider: kind for kind in (VoipatDocument, VoipstudioDocument, VoipsunDocument, VoxloudDocument)
}


async def post(url: str, fields: Mapping[str, str]) -> None:
    """Send a webhook request."""
    async with aiohttp.ClientSession() as session, session.post(url, json=fields) as response:
        response.raise_for_status()


@contextlib.asynccontextmanager
async def servers(documents: Sequence[Document[Any]], say: Callable[[str], None]) -> AsyncIterator[None]:
    """Keep the literal servers running."""
    async with contextlib.AsyncExitStack() as stack:
        for document in documents:
            await document.page.start()
            stack.push_async_callback(document.page.stop)
            say(f"{document.provider}: its document answers on {document.page.address}")
        yield


async def prove(client: Client, document: Document[Any], say: Callable[[str], None]) -> None:
    """Set an account up as a person does; a missed call is told, and an automation calls back exactly once."""
    menu = await client.start_flow("pbx")
    step = await client.step(await client.step(menu, next_step_id=document.provider), "flow", **document.form)
    urls: list[str] = []
    while step.get("step_id") in {"paste", "prove", "phones"}:
        urls += pasted(step)
        step = await client.step(step)
    if step["type"] != "create_entry":
        raise ProofError(f"The flow ended with {step}")
    document.urls = urls
    entry_id = step["result"]["entry_id"]
    say(f"== {document.provider}: set up over the config flow as {step['title']!r}")
    kept = {"call_slots": 4, "mask_numbers": False, "assist": False}
    await client.set_options(entry_id, country=document.country, **kept, **document.options)
    await client.loaded(entry_id)
    events = await client.events()
    known_as = document.known_as or document.extension
    sensor = (await client.entity(entry_id, f"extension_{known_as}", "call_state", PATIENCE))["entity_id"]
    await _automate(client, entry_id, document)
    try:
        await document.ring()
        await events.wait(PATIENCE, type="call_incoming", from_number=document.caller)
        shown = await client.wait_state(sensor, "ringing", PATIENCE, caller=document.caller)
        say(f"  {sensor} is {shown['state']}, caller {shown['attributes']['caller']}")
        await document.give_up()
        await events.wait(PATIENCE, type="call_missed", from_number=document.caller)
        say(f"  call_missed from {document.caller}")

        async def done() -> bool:
            attributes = (await client.state(f"automation.{AUTOMATION}"))["attributes"]
            return bool(attributes.get("last_triggered")) and attributes.get("current") == 0

        await until(done, "the automation's run", PATIENCE)
        if len(document.placed) != 1:
            raise ProofError(f"{len(document.placed)} calls were placed instead of one: {document.placed}")
        say(f"  the automation placed exactly one call: {document.placed[0]}")
    finally:
        await client.delete(f"/api/config/automation/config/{AUTOMATION}")


async def _automate(client: Client, entry_id: str, document: Document[Any]) -> None:
    """Let an automation call back whom the extension missed."""
    action = {
        "action": "pbx.originate",
        "data": {
            "config_entry_id": entry_id,
            "extension": document.extension,
            "number": "tel:{{ trigger.event.data.from_number }}",
        },
    }
    wanted = {"type": "call_missed", "config_entry_id": entry_id}
    automation = {
        "alias": "Call back who was missed",
        "mode": "single",
        "triggers": [{"trigger": "event", "event_type": "pbx_event", "event_data": wanted}],
        "actions": [action],
    }
    await client.post(f"/api/config/automation/config/{AUTOMATION}", automation)
    await client.wait_state(f"automation.{AUTOMATION}", "on")
