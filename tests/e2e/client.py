"""Home Assistant's own API, as the user interface uses it: sign-in, REST, flows and the WebSocket."""

import asyncio
import contextlib
import io
import re
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp

from .process import HassProcess, until

USER = "dev"
PASSWORD = "dev"

# What Home Assistant takes to begin a reload.
RELOAD = 0.2

type Json = dict[str, Any]


def pasted(step: Mapping[str, Any]) -> list[str]:
    """Give the URLs that a step of a flow shows to copy, once for each setting that takes it."""
    settings = re.findall(r"`(URL|crm_\w+_url|crm_url)`", step["description_placeholders"].get("how", ""))
    shown = [
        field["description"]["suggested_value"]
        for field in step["data_schema"]
        if field["name"].startswith("address") and field["description"]
    ]
    return shown * len(settings) if len(shown) == 1 else shown


def known_as(subject: str) -> tuple[str, ...]:
    """Give what an extension is called inside: by its number, or by its SIP account where that lasts longer."""
    return (subject, subject.replace("extension_", "extension_sip", 1))


class ActionError(Exception):
    """An action or a command failed; the fields are what the user interface is told."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        """Keep what was told."""
        super().__init__(f"{error.get('code')}: {error.get('message')}")
        self.code = str(error.get("code", ""))
        self.message = str(error.get("message", ""))
        self.key = error.get("translation_key")
        self.placeholders: Mapping[str, str] = error.get("translation_placeholders") or {}


class HttpError(Exception):
    """Home Assistant answered a request with an error."""

    def __init__(self, status: int, text: str) -> None:
        """Keep the answer."""
        super().__init__(f"{status}: {text[:500]}")
        self.status = status
        self.text = text


class EventLog:
    """The events of one type since the subscription, oldest first."""

    def __init__(self) -> None:
        """Start empty."""
        self.all: list[Json] = []
        self._more = asyncio.Condition()

    async def add(self, event: Json) -> None:
        """Take one that came."""
        async with self._more:
            self.all.append(event)
            self._more.notify_all()

    def of(self, **wanted: object) -> list[Json]:
        """List those whose data have these values."""
        return [data for data in self.all if all(data.get(key) == value for key, value in wanted.items())]

    async def wait(self, patience: float = 10, **wanted: object) -> Json:
        """Give the first whose data have these values, now or as soon as it comes."""
        try:
            async with asyncio.timeout(patience), self._more:
                while not (found := self.of(**wanted)):
                    await self._more.wait()
        except TimeoutError:
            seen = "\n".join(f"  {data}" for data in self.all[-10:]) or "  none"
            raise TimeoutError(f"No event with {wanted} within {patience:g} s; the last ones:\n{seen}") from None
        return found[0]


class Client:
    """Somebody signed in to a running Home Assistant."""

    def __init__(self, process: HassProcess) -> None:
        """Prepare; `async with` signs in."""
        self.process = process
        self.token = ""
        self.refresh_token = ""
        self._session = aiohttp.ClientSession()
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._reader: asyncio.Task[None] | None = None
        self._last_id = 0
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._logs: dict[int, EventLog] = {}

    async def __aenter__(self) -> Self:
        """Sign in, connect, and wait until Home Assistant runs."""
        try:
            await self._sign_in()

            async def runs() -> bool:
                config = await self.get("/api/config")
                return bool(config["state"] == "RUNNING")

            await until(runs, "running Home Assistant", 60)
            await self._connect()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Disconnect."""
        await self.close()

    async def close(self) -> None:
        """Disconnect; an open socket would delay the stop of Home Assistant."""
        if self._reader is not None:
            self._reader.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reader
        if self._socket is not None:
            await self._socket.close()
        await self._session.close()

    # -- signing in ---------------------------------------------------------------------------------

    async def _sign_in(self) -> None:
        client_id = f"{self.process.url}/"
        code = await self._onboard(client_id) or await self._log_in(client_id)
        form = {"grant_type": "authorization_code", "code": code, "client_id": client_id}
        async with self._session.post(f"{self.process.url}/auth/token", data=form) as response:
            tokens = await response.json()
            self.token, self.refresh_token = tokens["access_token"], tokens["refresh_token"]

    async def _onboard(self, client_id: str) -> str:
        async with self._session.get(f"{self.process.url}/api/onboarding") as response:
            steps = await response.json() if response.status == 200 else []
        if all(step["done"] for step in steps if step["step"] == "user"):
            return ""
        user = {"client_id": client_id, "name": USER, "username": USER, "password": PASSWORD, "language": "en"}
        return str((await self.post("/api/onboarding/users", user))["auth_code"])

    async def _log_in(self, client_id: str) -> str:
        start = {"client_id": client_id, "handler": ["homeassistant", None], "redirect_uri": client_id}
        flow = await self.post("/auth/login_flow", start)
        answer = {"client_id": client_id, "username": USER, "password": PASSWORD}
        result = await self.post(f"/auth/login_flow/{flow['flow_id']}", answer)
        if "result" not in result:
            raise HttpError(403, f"User {USER} with password {PASSWORD} was not let in")
        return str(result["result"])

    # -- REST ---------------------------------------------------------------------------------------

    async def request(self, method: str, path: str, body: bytes = b"") -> tuple[int, str]:
        """Send any request as the signed-in user; give status and text."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = io.BytesIO(body) if body else None
        async with self._session.request(method, self.process.url + path, data=data, headers=headers) as response:
            return response.status, await response.text()

    async def get(self, path: str) -> Any:
        """Read."""
        return await self._json("GET", path)

    async def post(self, path: str, json: object = None) -> Any:
        """Write."""
        return await self._json("POST", path, json)

    async def delete(self, path: str) -> Any:
        """Delete."""
        return await self._json("DELETE", path)

    async def _json(self, method: str, path: str, json: object = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        async with self._session.request(method, self.process.url + path, json=json, headers=headers) as response:
            if response.status >= 400:
                raise HttpError(response.status, await response.text())
            return await response.json() if response.content_type == "application/json" else await response.text()

    async def fetch(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """Fetch a path without being signed in, as a media player does; give status and body."""
        async with self._session.get(self.process.url + path, headers=headers) as response:
            return response.status, await response.read()

    # -- the WebSocket ------------------------------------------------------------------------------

    async def _connect(self) -> None:
        self._socket = await self._session.ws_connect(f"{self.process.url}/api/websocket", max_msg_size=0)
        await self._socket.receive_json()
        await self._socket.send_json({"type": "auth", "access_token": self.token})
        welcome = await self._socket.receive_json()
        if welcome["type"] != "auth_ok":
            raise HttpError(401, str(welcome))
        self._reader = asyncio.create_task(self._read(self._socket))

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            content = message.json()
            if content["type"] == "event":
                event = content["event"]
                await self._logs[content["id"]].add(event.get("data", event))
            elif (answer := self._answers.pop(content["id"], None)) is not None and not answer.done():
                if content.get("success", True):
                    answer.set_result(content.get("result"))
                else:
                    answer.set_exception(ActionError(content["error"]))
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(ConnectionError("Home Assistant closed the WebSocket"))

    async def command(self, kind: str, **fields: object) -> Any:
        """Send a command over the WebSocket and give its result."""
        return await self._command(self._next_id(), {"type": kind, **fields})

    async def _command(self, number: int, message: Json) -> Any:
        assert self._socket is not None
        self._answers[number] = answer = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, **message})
        return await asyncio.wait_for(answer, 60)

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    async def events(self, kind: str = "pbx_event") -> EventLog:
        """Subscribe to a type of event."""
        number = self._next_id()
        log = self._logs[number] = EventLog()
        await self._command(number, {"type": "subscribe_events", "event_type": kind})
        return log

    async def act(self, action: str, *, device: str = "", entity: str = "", **data: object) -> Any:
        """Perform an action without an answer."""
        return await self._act(action, data, device, entity, answer=False)

    async def ask(self, action: str, *, device: str = "", entity: str = "", **data: object) -> Any:
        """Perform an action and give its response data."""
        return (await self._act(action, data, device, entity, answer=True))["response"]

    async def _act(self, action: str, data: Mapping[str, object], device: str, entity: str, *, answer: bool) -> Any:
        domain, _, service = action.partition(".")
        target = ({"device_id": device} if device else {}) | ({"entity_id": entity} if entity else {})
        return await self.command(
            "call_service",
            domain=domain,
            service=service,
            service_data=data,
            return_response=answer,
            **({"target": target} if target else {}),
        )

    # -- flows --------------------------------------------------------------------------------------

    async def start_flow(self, handler: object, kind: str = "flow", **context: object) -> Json:
        """Start a flow: an account's (`flow`), its options' (`options/flow`) or a subentry's (`subentries/flow`)."""
        step: Json = await self.post(f"/api/config/config_entries/{kind}", {"handler": handler, **context})
        return step

    async def step(self, flow: Mapping[str, Any], kind: str = "flow", **fields: object) -> Json:
        """Submit a step of a flow and give the next."""
        step: Json = await self.post(f"/api/config/config_entries/{kind}/{flow['flow_id']}", fields)
        return step

    async def add_subentry(self, entry_id: str, subentry: str, **fields: object) -> Json:
        """Add an object of the user's to an account."""
        kind = "subentries/flow"
        return await self.step(await self.start_flow([entry_id, subentry], kind), kind, **fields)

    async def set_options(self, entry_id: str, **fields: object) -> Json:
        """Change the options of an account."""
        return await self.step(await self.start_flow(entry_id, "options/flow"), "options/flow", **fields)

    async def accounts(self) -> list[Json]:
        """List the accounts."""
        entries: list[Json] = await self.get("/api/config/config_entries/entry?domain=pbx")
        return entries

    async def accounts_by_provider(self) -> dict[str, str]:
        """Find the accounts by what their devices are called inside; of several of one provider, any."""
        listed: list[Json] = await self.command("config/device_registry/list")
        return {
            identifier.partition("_")[0]: device["config_entry_id"]
            for device in listed
            for domain, identifier in device["identifiers"]
            if domain == "pbx"
        }

    async def urls_to_paste(self, entry_id: str) -> list[str]:
        """Read the webhook URLs that the options show again."""
        step = await self.start_flow(entry_id, "options/flow")
        await self.delete(f"/api/config/config_entries/options/flow/{step['flow_id']}")
        return pasted(step)

    async def loaded(self, entry_id: str) -> None:
        """Wait until an account is set up, also after a reload that has yet to begin."""

        async def is_loaded() -> bool:
            return any(one["entry_id"] == entry_id and one["state"] == "loaded" for one in await self.accounts())

        await asyncio.sleep(RELOAD)
        await until(is_loaded, "account that is set up", 20)

    async def speak(self, language: str, *entry_ids: str) -> None:
        """Change the language of the profile, and that in which Home Assistant names the entities of accounts."""
        await self.command("frontend/set_user_data", key="language", value={"language": language})
        await self.command("config/core/update", language=language)
        for entry_id in entry_ids:
            await self.post(f"/api/config/config_entries/entry/{entry_id}/reload")
            await self.loaded(entry_id)

    async def remove(self, entry_id: str) -> None:
        """Remove an account."""
        await self.delete(f"/api/config/config_entries/entry/{entry_id}")

    # -- what there is ------------------------------------------------------------------------------

    async def entities(self, entry_id: str) -> list[Json]:
        """List the registered entities of an account."""
        listed: list[Json] = await self.command("config/entity_registry/list")
        return [entity for entity in listed if entity["config_entry_id"] == entry_id]

    async def entity(self, entry_id: str, subject: str, key: str, patience: float = 10) -> Json:
        """Find an entity by its subject (`account`, `extension_101` …) and key, waiting until it is there."""

        async def registered() -> Json | None:
            ends = tuple(f"_{name}_{key}" for name in known_as(subject))
            return next((one for one in await self.entities(entry_id) if one["unique_id"].endswith(ends)), None)

        return await until(registered, f"entity {subject} {key}", patience)

    async def wait_entities(self, entry_id: str, kind: str, key: str, count: int) -> None:
        """Wait until so many agents, queues … of an account have an entity with this key."""

        async def there() -> bool:
            ids = [str(one["unique_id"]) for one in await self.entities(entry_id)]
            return sum(f"_{kind}_" in unique_id and unique_id.endswith(f"_{key}") for unique_id in ids) >= count

        await until(there, f"{count} entities {kind} {key}")

    async def devices(self, entry_id: str) -> list[Json]:
        """List the devices of an account."""
        listed: list[Json] = await self.command("config/device_registry/list")
        return [device for device in listed if device["config_entry_id"] == entry_id]

    async def device(self, entry_id: str, subject: str, patience: float = 10) -> str:
        """Find a device by its subject (`extension_101`, `agent_…`) and give its id."""

        async def registered() -> str | None:
            for device in await self.devices(entry_id):
                ends = tuple(f"_{name}" for name in known_as(subject))
                if any(identifier.endswith(ends) for _, identifier in device["identifiers"]):
                    return str(device["id"])
            return None

        return await until(registered, f"device {subject}", patience)

    async def state(self, entity_id: str) -> Json:
        """Give the state of an entity."""
        state: Json = await self.get(f"/api/states/{entity_id}")
        return state

    async def wait_state(
        self, entity_id: str, wanted: str | Callable[[Json], bool], patience: float = 10, **attributes: object
    ) -> Json:
        """Wait until an entity is in a state, with these attributes, and give it."""
        last: Json = {}

        async def reached() -> Json | None:
            nonlocal last
            status, _ = await self.request("GET", f"/api/states/{entity_id}")
            last = await self.state(entity_id) if status == 200 else {"state": None, "attributes": {}}
            right = wanted(last) if callable(wanted) else last["state"] == wanted
            same = all(last["attributes"].get(key) == value for key, value in attributes.items())
            return last if right and same else None

        try:
            return await until(reached, entity_id, patience)
        except TimeoutError:
            goal = "the right state" if callable(wanted) else wanted
            raise TimeoutError(
                f"{entity_id} did not become {goal} {attributes or ''} within {patience:g} s; "
                f"it is {last['state']} {last['attributes']}"
            ) from None
