"""Secrets: every provider through success and failure of everything, and then a search wherever something is kept.

The phone system, or somebody on the way to it, says back whatever it was sent. Nothing of that may be found again but
in the entry's own data, and nothing of callers in logs, diagnostics and registries.
"""

import asyncio
import json
import logging
import sqlite3
from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import cycle, product, repeat
from pathlib import Path
from typing import Any, ClassVar, override
from unittest.mock import patch
from urllib.parse import quote, quote_plus

import pytest
from aiohttp import web
from aiohttp.resolver import ThreadedResolver
from aiohttp.test_utils import TestClient, TestServer
from homeassistant.components.media_source.helper import async_browse_media, async_resolve_media
from homeassistant.components.repairs import repairs_flow_manager
from homeassistant.components.system_health import get_info
from homeassistant.config_entries import SOURCE_RECONFIGURE, SOURCE_USER, ConfigEntryState, ConfigFlowContext
from homeassistant.const import (
    ATTR_ENTITY_ID,
    EVENT_CALL_SERVICE,
    EVENT_HOMEASSISTANT_FINAL_WRITE,
    MATCH_ALL,
    Platform,
)
from homeassistant.core import Context, Event, HomeAssistant, State, callback
from homeassistant.helpers import area_registry as ar
from homeassistant.helpers import category_registry as cr
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import floor_registry as fr
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers import label_registry as lr
from homeassistant.helpers import llm, restore_state
from homeassistant.helpers.json import ExtendedJSONEncoder
from homeassistant.helpers.recorder import async_initialize_recorder
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import async_test_home_assistant

from custom_components.pbx import diagnostics, dial_guard, media_view
from custom_components.pbx.const import DOMAIN
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.data import PbxConfigEntry
from custom_components.pbx.directory_schedule import DirectorySchedule
from custom_components.pbx.providers import PROVIDERS
from custom_components.pbx.providers import http as provider_http
from custom_components.pbx.providers.asterisk.rights import NEEDS
from custom_components.pbx.providers.http import RateLimit
from custom_components.pbx.providers.voipat import api as voipat_access
from custom_components.pbx.services import ACTIONS

from .house import CALLERS
from .simulators.base import Fault, FaultKind, Handler, Simulator
from .simulators.voipat import VoipatSimulator
from .simulators.voipat_wire import ON_PAPER, Profile
from .simulators.voipstudio import VoipstudioSimulator
from .simulators.voipsun import VoipsunSimulator
from .simulators.voxloud import VoxloudSimulator

type Json = dict[str, Any]

WEBHOOK_ID = "canaryhook7e1f5c0b9a8d4e3f"
NAME = "Canary Callerson"
MESSAGE = "Canary text of a message"
PLENTY = (RateLimit(requests=1_000_000, seconds=60), RateLimit(requests=1_000_000, seconds=3600))
ENTRIES = ".storage/core.config_entries"
DOMAIN_LOGGER = "custom_components.pbx"
CORE = ("homeassistant.core", "homeassistant.components.recorder")
# What answers the web writes down at debug the path of every request, that of a webhook too.
WEB = ("homeassistant.helpers.http", "homeassistant.components.webhook")
# Loggers that Home Assistant keeps quiet however loud the rest is, and the database's, which writes down every row.
QUIET = ("requests", "urllib3", "aiohttp.access", "httpx", "sqlalchemy", "sqlalchemy.engine")
TOO_LATE = 0.03
PHRASES: Mapping[str, Callable[[web.Request, bytes], str]] = {
    "headers": lambda request, _: " ".join(request.headers.values()),
    "url": lambda request, _: str(request.url) + " " + request.raw_path,
    "query": lambda request, _: " ".join(request.query.values()) or request.path,
    "body": lambda _, body: body.decode(errors="replace"),
}


# -- what is searched for, and where -----------------------------------------------------------------


def forms(secret: str) -> set[str]:
    """Give every way in which a secret may be written."""
    escaped = json.dumps(secret)[1:-1]
    raw = json.dumps(secret, ensure_ascii=False)[1:-1]
    base64 = b64encode(secret.encode()).decode().rstrip("=")
    found = {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        escaped,
        raw,
        repr(secret)[1:-1],
        base64,
    }
    return found | {json.dumps(form)[1:-1] for form in found}


@dataclass
class Search:
    """What was found in the places that were looked at, with an example of each."""

    secrets: dict[str, str]
    people: dict[str, str]
    looked: dict[str, int] = field(default_factory=dict)
    found: dict[tuple[str, str], str] = field(default_factory=dict)

    def look(self, place: str, texts: Iterable[str], *, people: bool = False, apart_from: Collection[str] = ()) -> None:
        """Look through texts for all secrets, and for people where they have no place either."""
        texts = set(texts)
        text = "\n".join(texts)
        self.looked[place] = len(text)
        for name, secret in (self.secrets | self.people if people else self.secrets).items():
            for form in forms(secret) if name not in apart_from else ():
                if form in text:
                    line = next(line for line in texts if form in line)
                    self.found[place, name] = line[max(0, line.index(form) - 300) :][:600]


def words(item: object) -> str:
    """Write anything down."""
    return json.dumps(item, cls=ExtendedJSONEncoder, ensure_ascii=False, default=repr)


def chain(error: BaseException | None) -> Iterator[str]:
    """Say everything that is ever shown of an exception and of those behind it."""
    while error is not None:
        yield f"{error!s} {error!r} {error.args} {vars(error)} {getattr(error, '__notes__', ())}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


class Log(logging.Handler):
    """Keeps every line of every logger, with whatever is attached to it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__(logging.NOTSET)
        self.ours: list[str] = []
        self.core: list[str] = []
        self.web: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.name} {record.getMessage()} {record.args} {record.__dict__.get('extra')}"
        if record.exc_info:
            text += logging.Formatter().formatException(record.exc_info) + "".join(chain(record.exc_info[1]))
        lines = self.core if record.name.startswith(CORE) else self.web if record.name in WEB else self.ours
        lines.append(text)


# -- a phone system that says back what it hears -----------------------------------------------------


class Echo:
    """Answers of somebody on the way, who repeats what was sent."""

    def __init__(self) -> None:
        """Repeat what is in the headers."""
        self.phrase = "headers"
        self.times = 0

    async def misbehave(
        self, simulator: Simulator, fault: Fault, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        """Answer in every provider's words at once."""
        if fault.kind is FaultKind.HANG:
            await asyncio.sleep(TOO_LATE)
        self.times += 1
        said = PHRASES[self.phrase](request, await request.read())
        if fault.kind is FaultKind.HTML:
            return web.Response(status=fault.status, text=f"<html>{said}</html>", content_type="text/html")
        reason = {"error": said, "detail": said, "message": said, "reason": said, "success": "false", "errno": "620"}
        rows = {"errors": [{"message": said, "code": said, "field": said}], "details": [{"message": said}]}
        return web.json_response({**reason, **rows}, status=fault.status)


# -- Home Assistant ----------------------------------------------------------------------------------


class _Resolver(ThreadedResolver):
    """Resolves nothing but addresses."""

    async def real_close(self) -> None:
        """Close as Home Assistant's own resolver does."""


@asynccontextmanager
async def home(folder: Path) -> AsyncIterator[tuple[HomeAssistant, TestClient[web.Request, web.Application]]]:
    """Start a Home Assistant with a real recorder and real files, behind real HTTP."""
    http = "homeassistant.components.http"
    with (
        patch(f"{http}.HomeAssistantHTTP.async_bind"),
        patch(f"{http}.HomeAssistantHTTP.start"),
        patch(f"{http}.async_get_source_ip", return_value="127.0.0.1"),
        patch("homeassistant.helpers.aiohttp_client._async_make_resolver", lambda _hass: _Resolver()),
    ):
        async with async_test_home_assistant(load_registries=False, config_dir=str(folder)) as hass:
            dr.async_setup(hass)
            for registry in (ar, cr, dr, er, fr, ir, lr, restore_state):
                await registry.async_load(hass)
            hass.data.pop(DATA_CUSTOM_COMPONENTS)
            hass.data["registries_loaded"] = None
            async_initialize_recorder(hass)
            settings = {"db_url": f"sqlite:///{folder / 'home.db'}", "commit_interval": 5}
            assert await async_setup_component(hass, "recorder", {"recorder": settings})
            for component in ("webhook", "media_source", "repairs", "system_health", "llm", DOMAIN):
                assert await async_setup_component(hass, component, {})
            async with TestClient(TestServer(hass.http.app, host="127.0.0.1")) as client:
                hass.config.internal_url = hass.config.external_url = str(client.make_url("")).rstrip("/")
                try:
                    yield hass, client
                finally:
                    await hass.async_stop(force=True)


@dataclass
class Account(ABC):
    """A phone system in which everything secret has a canary, and what a person types to set it up."""

    provider: ClassVar[str]
    anna: ClassVar[str] = "101"
    simulator: Any
    secrets: dict[str, str]
    typed: Json
    again: Json
    """What is typed when the phone system refuses the old credentials."""
    wrong: Json
    options: Json = field(default_factory=dict)
    subentries: tuple[tuple[str, Json], ...] = ()
    typed_only: frozenset[str] = frozenset()
    """Secrets that a person gives with an action, which Home Assistant itself writes down as typed."""
    in_entry: frozenset[str] = frozenset({"key"})
    """Secrets that the entry keeps."""
    later: Json = field(default_factory=dict)
    """What the entry holds as well."""

    @classmethod
    @abstractmethod
    def make(cls) -> Account:
        """Make one."""

    def arrive(self) -> None:
        """Complete what is typed by where the phone system is now; where it can be, with credentials in the URL."""
        self.typed["url"] = self.simulator.url

    @property
    def caller(self) -> str:
        """Somebody outside."""
        return CALLERS[self.provider]


PASSWORD = 'cañary "sün"&pass/word+1%'


class Voipat(Account):
    """VOIP@ Cloud, on the server that tells SIP passwords."""

    provider = "voipat"

    @classmethod
    def make(cls) -> Account:
        """Make one."""
        simulator = VoipatSimulator(
            profile=Profile.NODE,
            rate_limit=0,
            auto_answer=0.0,
            extensions_broken=False,
            api_key="fpx_canaryapikeyofvoipat",
            **ON_PAPER,
        )
        sip = {f"sip_{number}": ext.password for (_, number), ext in simulator.engine.extensions.items()}
        typed = {"url": "", "api_key": simulator.api_key, "domain": simulator.domain, "verify_ssl": True}
        again = {"api_key": simulator.api_key}
        return cls(simulator, {"key": simulator.api_key, **sip}, typed, again, {"api_key": "canary-wrong-key"})

    @override
    def arrive(self) -> None:
        """Type a URL with credentials."""
        self.typed["url"] = self.simulator.url.replace("://", "://canaryuser:canary-url-password@")
        self.secrets["url_password"] = "canary-url-password"


class VoipatToken(Voipat):
    """VOIP@ Cloud, on the server whose key is only good for tokens."""

    @classmethod
    def make(cls) -> Account:
        """Make one."""
        simulator = VoipatSimulator(
            extensions_broken=False, api_key="canary-api-key-of-voipat", global_key="canary-global-key", **ON_PAPER
        )
        typed = {"url": "", "api_key": simulator.global_key, "domain": simulator.domain, "verify_ssl": True}
        made = {"key": simulator.global_key, "jwt": "eyJ"}
        return cls(simulator, made, typed, {"api_key": simulator.global_key}, {"api_key": "canary-wrong-key"})

    @override
    def arrive(self) -> None:
        """Type a URL."""
        self.typed["url"] = self.simulator.url


KEPT = frozenset({"key", "hook_password"})


class Voipstudio(Account):
    """VoIPstudio with a key of the dashboard and a webhook behind a password."""

    provider = "voipstudio"
    anna = "1001"

    @classmethod
    def make(cls) -> Account:
        """Make one."""
        simulator = VoipstudioSimulator()
        simulator.api_key = "canary-api-key-of-voipstudio"
        simulator.password = PASSWORD
        secrets = {"key": simulator.api_key, "password": PASSWORD, "hook_password": "canary-hook-password"}
        secrets["hook_basic"] = b64encode(b"hookuser:canary-hook-password").decode()
        secrets |= {f"sip_{user.id}": user.sip_password for user in simulator.users.values()}
        options = {"webhook_username": "hookuser", "webhook_password": "canary-hook-password"}
        typed = {"api_key": simulator.api_key, "url": ""}
        again = {"api_key": simulator.api_key}
        return cls(simulator, secrets, typed, again, {"api_key": "canary-wrong-key"}, options, in_entry=KEPT)


class VoipstudioBasic(Voipstudio):
    """VoIPstudio in the older way, in which the key goes with the user's id."""

    @classmethod
    def make(cls) -> Account:
        """Make one."""
        made = Voipstudio.make()
        basic = f"{made.simulator.admin.id}:{made.simulator.api_key}"
        made.secrets["basic"] = b64encode(basic.encode()).decode()
        made.later = {"authentication": "basic"}
        return made


class VoipstudioPassword(Voipstudio):
    """VoIPstudio with a password and a second factor, which become a key of our own."""

    @classmethod
    def make(cls) -> Account:
        """Make one."""
        made = Voipstudio.make()
        simulator = made.simulator
        simulator.two_factor = True
        secrets = {**made.secrets, "basic": b64encode(f"{simulator.admin.email}:{PASSWORD}".encode()).decode()}
        del secrets["key"]
        given: Callable[[], str] = simulator._secret  # noqa: SLF001

        def noted() -> str:
            secrets[f"token_{len(secrets)}"] = token = given()
            return token

        simulator._secret = noted  # noqa: SLF001
        typed = {"email": simulator.admin.email, "password": PASSWORD, "url": ""}
        again = {"email": simulator.admin.email, "password": PASSWORD}
        return cls(
            simulator,
            secrets,
            typed,
            again,
            {"email": "a@example.com", "password": "canary-wrong"},
            in_entry=KEPT - {"hook_password"},
        )


class Voipsun(Account):
    """VoIPSUN, whose credentials and PINs go into the URL."""

    provider = "voipsun"

    @classmethod
    def make(cls) -> Account:
        """Make one."""
        simulator = VoipsunSimulator(username="canary&user", password=PASSWORD)
        agents = list(simulator.agents.values())
        agents[0].pin, agents[1].pin = "71904417023", "71904417024"
        secrets = {"password": PASSWORD, "user": simulator.username, "pin": agents[0].pin, "typed_pin": agents[1].pin}
        typed = {"host": "127.0.0.1", "port": 0, "ssl": False, "verify_ssl": True}
        known = {"username": simulator.username, "password": PASSWORD}
        lines: list[dict[str, Any]] = [
            {"user": e.sip_username, "number": e.number, "name": e.name} for e in simulator.extensions
        ]
        lines += [{"user": user, "hidden": True} for user in simulator.system.accounts if user.startswith("trunk")]
        agent = {"name": agents[0].full_name, "number": agents[0].number, "pin": agents[0].pin, "extension": "102"}
        return cls(
            simulator,
            secrets,
            {**typed, **known},
            known,
            {"username": simulator.username, "password": "canary-wrong"},
            {"extension_names": lines},
            (("agent", agent), ("queue", {"name": next(iter(simulator.queues))})),
            frozenset({"typed_pin"}),
            frozenset({"user", "password", "pin"}),
        )

    @override
    def arrive(self) -> None:
        """Know the port."""
        self.typed["port"] = self.simulator.port


class Voxloud(Account):
    """Voxloud."""

    provider = "voxloud"

    @classmethod
    def make(cls) -> Account:
        """Make one."""
        simulator = VoxloudSimulator()
        simulator.api_key = "canary-api-key-of-voxloud"
        secrets = {"key": simulator.api_key, "notified": "canary-notified@example.com"}
        options = {"notification_email": "canary-notified@example.com"}
        typed, again = {"api_key": simulator.api_key, "url": ""}, {"api_key": simulator.api_key}
        return cls(simulator, secrets, typed, again, {"api_key": "canary-wrong-key"}, options)


ACCOUNTS: tuple[type[Account], ...] = (
    Voipat,
    VoipatToken,
    Voipstudio,
    VoipstudioBasic,
    VoipstudioPassword,
    Voipsun,
    Voxloud,
)


# -- everything that can be done ---------------------------------------------------------------------


# Each status, with something of what was sent; everything of it with the refusals whose words are shown.
TROUBLES = (
    *((FaultKind.STATUS, status, phrase) for status in (400, 200) for phrase in PHRASES),
    *zip(repeat(FaultKind.STATUS), (401, 403, 404, 405, 409, 412, 422, 500, 502, 503, 429), cycle(PHRASES)),
    *((FaultKind.STATUS, 500, phrase) for phrase in ("headers", "url", "body")),
    *((FaultKind.HTML, status, "url") for status in (200, 502)),
)


@dataclass
class Drive:
    """Does everything, and keeps what came back."""

    hass: HomeAssistant
    client: TestClient[web.Request, web.Application]
    account: Account
    echo: Echo
    told: list[str] = field(default_factory=list)
    """What people are told: answers, and the texts of errors with what lies behind them."""
    filled: list[str] = field(default_factory=list)
    last_step: Mapping[str, Any] | None = None
    """Forms, with what stands in their fields."""
    kept: list[str] = field(default_factory=list)
    """What is in diagnostics and registries."""
    states: list[str] = field(default_factory=list)
    events: list[Event[Json]] = field(default_factory=list)
    offered: set[str] = field(default_factory=set)
    """Actions that this phone system has."""
    succeeded: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)

    @property
    def simulator(self) -> Any:
        """The phone system."""
        return self.account.simulator

    @property
    def entry(self) -> PbxConfigEntry:
        """The account's entry."""
        [entry] = self.hass.config_entries.async_entries(DOMAIN)
        return entry

    @property
    def coordinator(self) -> PbxCoordinator:
        """The account, loaded."""
        return self.entry.runtime_data.coordinator

    async def attempt(self, what: str, doing: Awaitable[Any]) -> Any:
        """Do something that may fail, and keep what is told of it."""
        try:
            answer = await doing
        except Exception as error:  # noqa: BLE001 - whatever comes is looked at
            self.failed.add(what)
            self.told += chain(error)
            return None
        self.succeeded.add(what)
        self.told.append(words(answer))
        return answer

    def notice(self) -> None:
        """Look at all states and registries."""
        self.states += [words(state.as_dict()) for state in self.hass.states.async_all()]
        for entry in self.hass.config_entries.async_entries(DOMAIN):
            devices = dr.async_entries_for_config_entry(dr.async_get(self.hass), entry.entry_id)
            self.kept += [words(device.dict_repr) for device in devices]
        self.kept += [words(entry.extended_dict) for entry in er.async_get(self.hass).entities.values()]
        self.kept += [repr(issue) for issue in ir.async_get(self.hass).issues.values()]

    # -- flows ------------------------------------------------------------------------------------

    def shown(self, step: Mapping[str, Any], typed: Json | None = None) -> None:
        """Keep what a step shows, apart from what is meant to be there.

        That is the address to paste, and what a person has just typed into the same form. What becomes the entry's
        data is not shown.
        """
        self.last_step = step
        kept = {
            key: value
            for key, value in step.items()
            if key not in {"data", "options", "result", "context", "subentries", "data_schema"}
        }
        schema = step.get("data_schema")
        fields = []
        for key in schema.schema if schema else ():
            suggested = (getattr(key, "description", None) or {}).get("suggested_value")
            if str(key) == "address" or (typed and suggested is not None and suggested == typed.get(str(key))):
                continue
            fields.append((str(key), repr(getattr(key, "__dict__", ""))))
        self.filled.append(words({**kept, "fields": fields}))

    async def steps(self, flow: Any, step: Any, *answers: Json) -> Any:
        """Go on with a flow, with what is typed."""
        if step is not self.last_step:
            self.shown(step)
        for answer in answers:
            step = await flow.async_configure(step["flow_id"], answer)
            self.shown(step, answer)
        return step

    async def sign_in(self, step: Any, typed: Json) -> Any:
        """Type credentials, through all troubles first, and a second factor if one is asked for."""
        flow = self.hass.config_entries.flow
        for status, phrase in (*product((400,), PHRASES), (401, "headers"), (500, "url")):
            with self.trouble(FaultKind.STATUS, status=status, phrase=phrase):
                step = await self.steps(flow, step, typed)
            while step["type"] == "form" and step["step_id"] == "code":
                step = await self.steps(flow, step, {"code": "canary-code"})
        with self.trouble(FaultKind.HTML, status=502, phrase="url"):
            step = await self.steps(flow, step, typed)
        step = await self.steps(flow, step, {**typed, **self.account.wrong})
        step = await self.steps(flow, step, typed)
        while step["type"] == "form" and step["step_id"] == "code":
            mail = self.simulator.mailed[-1]
            self.account.secrets |= {"nonce": mail.nonce, "wrong_code": "canary-code"}
            step = await self.steps(flow, step, {"code": "canary-code"})
            mail = self.simulator.mailed[-1]
            self.account.secrets |= {"nonce_2": mail.nonce}
            step = await self.steps(flow, step, {"code": mail.code})
        while step["type"] == "form" and step["step_id"] in {"paste", "prove", "phones"}:
            step = await self.steps(flow, step, {})
        return step

    @contextmanager
    def trouble(self, kind: FaultKind, *, status: int = 0, phrase: str = "headers") -> Iterator[None]:
        """Let every request meet the same trouble."""
        self.echo.phrase = phrase
        self.simulator.fault(kind, status=status, times=1_000_000)
        try:
            yield
        finally:
            self.simulator.faults.clear()

    # -- actions ----------------------------------------------------------------------------------

    def actions(self, call_id: str) -> Iterator[tuple[str, Json]]:
        """Give every action, with what it needs and with more."""
        coordinator = self.coordinator
        anna, number = self.account.anna, self.account.caller
        agent = next(iter(coordinator.data.agents), "1")
        queue = next((item.number or item.name for item in coordinator.data.queues.values()), "1")
        named = {"agent": agent, "queue": queue}
        stored_objects = getattr(self.simulator, "click_to_calls", {})
        if self.account.provider == "voipsun":
            typed = list(self.simulator.agents.values())[1]
            named = {"agent": typed.number, "pin": typed.pin, "queue": queue}
        given: dict[str, Json] = {
            "originate": {"extension": anna, "number": number},
            "click_to_call": {"extension": anna, "number": number},
            "call_back": {"extension": anna},
            "notify_about_call": {"extension": anna},
            "delete_click_to_call": {"click_to_call_id": next(iter(stored_objects), "1")},
            "dial": {"number": number, "context": "canary-context", "route_name": "canary-route"},
            "transfer": {"call_id": call_id, "number": number},
            "send_dtmf": {"call_id": call_id, "digits": "12345678"},
            "spy": {"extension": anna, "call_id": call_id},
            "announce": {"number": number, "message": MESSAGE, "caller_id_number": number},
            "send_sms": {"number": number, "message": MESSAGE},
            "agent_login": {**named, "extension": anna},
            "agent_logout": named,
            "agent_pause": named,
            "agent_unpause": named,
            "queue_add": {**named, "extension": anna},
            "queue_remove": {**named, "extension": anna},
            "get_agent_status": {key: value for key, value in named.items() if key != "queue"},
            "get_queue_status": {"queue": queue},
            "get_call_history": {"number": number},
            "search_contacts": {"number": number, "name": NAME},
            "create_contact": {"first_name": NAME, "number": number},
            "update_contact": {"contact_id": "1", "first_name": NAME, "number": number},
            "delete_contact": {"contact_id": "1"},
            "move_recording": {"record_id": "1", "filename": "canary-file"},
        }
        ending = ("transfer", "hangup")  # what takes the call away comes last
        for action in sorted(ACTIONS, key=lambda action: ending.index(action.name) if action.name in ending else -1):
            if action.name == "rotate_address":
                continue  # it loads the account anew, which is driven elsewhere
            yield action.name, given.get(action.name, {"call_id": call_id} if action.own else {})
        if self.account.provider == "voipsun":
            for name in ("agent_login", "agent_logout", "agent_pause", "agent_unpause"):
                yield name, {"agent": agent}

    async def use_everything(self, call_id: str) -> None:
        """Ask for everything once."""
        hass = self.hass
        loud = {action.name for action in ACTIONS if action.response.value != "none"}
        capabilities = self.coordinator.provider.capabilities
        self.offered |= {action.name for action in ACTIONS if action.needs in capabilities} - {"rotate_address"}
        for name, data in self.actions(call_id):
            acting = hass.services.async_call(DOMAIN, name, data, blocking=True, return_response=name in loud)
            await self.attempt(name, acting)
        coordinator = self.coordinator
        await self.attempt("poll", coordinator.async_refresh())
        coordinator._directory = DirectorySchedule()  # noqa: SLF001
        await self.attempt("directory", coordinator.async_refresh())
        await self.attempt("media", self.listen())
        await self.attempt("pushes", self.entry.runtime_data.subscription._async_verify())  # noqa: SLF001
        await self.attempt("register", self.entry.runtime_data.subscription._async_register())  # noqa: SLF001
        await self.attempt("health", get_info(hass))
        await self.attempt("assist", self.assist())
        states: list[State] = hass.states.async_all([Platform.BUTTON, Platform.SWITCH])
        for state in states:
            for action in ("press",) if state.domain == Platform.BUTTON else ("turn_on", "turn_off"):
                target = {ATTR_ENTITY_ID: state.entity_id}
                await self.attempt(state.domain, hass.services.async_call(state.domain, action, target, blocking=True))

    async def listen(self) -> None:
        """Browse for sound, and play what there is."""
        root = await async_browse_media(self.hass, f"media-source://{DOMAIN}/{self.entry.entry_id}")
        for kind in root.children or ():
            for item in (await async_browse_media(self.hass, kind.media_content_id)).children or ():
                self.told.append(words(item.as_dict()))
                played = await async_resolve_media(self.hass, item.media_content_id, None)
                answer = await self.client.get(played.url)
                self.told.append(f"{dict(answer.headers)} {await answer.text(errors='replace')}")

    async def assist(self) -> None:
        """Use every tool."""
        context = llm.LLMContext(
            platform="test", context=Context(), language="en", assistant="conversation", device_id=None
        )
        api = await llm.async_get_api(self.hass, llm.LLM_API_ASSIST, context)
        for tool in api.tools:
            if tool.name.startswith(DOMAIN):
                self.told.append(words([tool.name, tool.description, str(tool.parameters.schema)]))
                arguments = {"from": f"Anna ({self.account.anna})", "to": "Mum"} if tool.name.endswith("call") else {}
                result = await api.async_call_tool(llm.ToolInput(tool_name=tool.name, tool_args=arguments))
                self.told.append(repr(result))

    async def post(self) -> None:
        """Push what cannot be read, and what is not for us."""
        if not self.entry.runtime_data.health.wanted:
            return  # Home Assistant itself writes down what comes to a hook that nobody has
        path = f"/api/webhook/{WEBHOOK_ID}"
        basic = {"Authorization": "Basic " + b64encode(b"hookuser:canary-wrong-hook").decode()}
        for body in (b"{", b"\xff\xfe", json.dumps({"event": NAME, "number": self.account.caller}).encode(), b"[1]"):
            await self.client.post(path, data=body, headers=basic)
            await self.client.post(path, data=body)
        await self.client.get(path, params={"event": "new_call", "caller": self.account.caller, "name": NAME})
        await self.client.delete(path)

    # -- the whole story --------------------------------------------------------------------------

    async def set_up(self) -> None:
        """Set the account up by its form, with options and what the user adds."""
        hass, account = self.hass, self.account
        flow = hass.config_entries.flow
        step = await self.steps(flow, await flow.async_init(DOMAIN, context={"source": SOURCE_USER}))
        step = await self.steps(flow, step, {"next_step_id": account.provider})
        step = await self.sign_in(step, account.typed)
        assert step["type"] == "create_entry", step
        await self.settle()
        step = await hass.config_entries.options.async_init(self.entry.entry_id)
        more = {"assist": True, "assist_numbers": [f"Mum = {account.caller}"], "call_slots": 4, "mask_numbers": False}
        await self.steps(hass.config_entries.options, step, {**more, **account.options})
        await self.settle()
        assert self.entry.state is ConfigEntryState.LOADED
        dial = {"name": "Mum", "number": account.caller, "extension": account.anna}
        for kind, data in (*account.subentries, ("speed_dial", dial)):
            adding = hass.config_entries.subentries
            for status, phrase in product((200, 400, 500), ("url", "query")):
                with self.trouble(FaultKind.STATUS, status=status, phrase=phrase):
                    step = await adding.async_init((self.entry.entry_id, kind), context={"source": SOURCE_USER})
                    step = await self.steps(adding, step, data)
                if step["type"] == "create_entry":
                    break
            else:
                step = await self.steps(adding, step, data)
            assert step["type"] == "create_entry", step
        await self.settle()
        registry = er.async_get(hass)
        for entity in list(registry.entities.values()):
            registry.async_update_entity(entity.entity_id, disabled_by=None)
        hass.config_entries.async_update_entry(self.entry, data={**self.entry.data, **account.later})
        await hass.config_entries.async_reload(self.entry.entry_id)
        await self.settle()

    async def settle(self) -> None:
        """Let things happen."""
        for _ in range(3):
            await asyncio.sleep(0.01)
            await self.hass.async_block_till_done()

    async def connect(self) -> None:
        """Enter the webhook where a person enters it."""
        url = str(self.client.make_url(f"/api/webhook/{WEBHOOK_ID}"))
        if self.account.provider == "voipat":
            self.simulator.connect_webhook(url)
            for extension in ("101", "102", "103"):
                await self.simulator.log_in_again(extension)
        if self.account.provider == "voipstudio":
            await self.simulator.add_webhook(url.replace("://", "://hookuser:canary-hook-password@"))

    async def end_calls(self) -> None:
        """End every call, until Anna has a caller whom she can call back."""
        for call in self.simulator.truth():
            await self.simulator.hang_up(call.call_id)
        loop = asyncio.get_running_loop()
        until = loop.time() + 10
        while loop.time() < until and self.entry.runtime_data.recent.last_caller(self.account.anna) is None:
            await self.coordinator.async_refresh()
            await self.settle()

    async def call(self) -> str:
        """Let somebody call, and Anna pick up, once she is free."""
        for call in self.simulator.truth():
            await self.simulator.hang_up(call.call_id)
        call_id: str = await self.simulator.ring(self.account.caller, self.account.anna, name=NAME)
        await self.coordinator.async_refresh()
        await self.settle()
        self.notice()
        await self.simulator.answer(call_id, self.account.anna)
        await self.coordinator.async_refresh()
        await self.settle()
        self.notice()
        return next(iter(self.coordinator.data.calls), call_id)

    async def diagnose(self) -> None:
        """Download all diagnostics."""
        self.kept.append(words(await diagnostics.async_get_config_entry_diagnostics(self.hass, self.entry)))
        for device in dr.async_entries_for_config_entry(dr.async_get(self.hass), self.entry.entry_id):
            found = await diagnostics.async_get_device_diagnostics(self.hass, self.entry, device)
            self.kept.append(words(found))

    async def repair(self) -> None:
        """Go through what can be repaired."""
        flow = repairs_flow_manager(self.hass)
        assert flow is not None
        for domain, issue_id in list(ir.async_get(self.hass).issues):
            issue = ir.async_get(self.hass).issues[domain, issue_id]
            if domain == DOMAIN and issue.is_fixable and issue.active:
                step = await flow.async_init(DOMAIN, data={"issue_id": issue_id})
                await self.steps(flow, step, {})

    async def fail_everything(self) -> None:
        """Let everything fail in every way."""
        call_id = await self.call()
        for kind, status, phrase in TROUBLES:
            with self.trouble(kind, status=status, phrase=phrase):
                await self.use_everything(call_id)
        with (
            self.trouble(FaultKind.HANG),
            patch.object(provider_http, "_seconds", lambda _value: 0.01),
            patch.object(media_view, "TIMEOUT", 0.01),
        ):
            await self.use_everything(call_id)
        await self.repair()
        await self.diagnose()
        self.notice()

    async def change(self) -> None:
        """Reauthenticate and reconfigure."""
        hass, flow = self.hass, self.hass.config_entries.flow
        self.entry.async_start_reauth(hass)
        await self.settle()
        [step] = [step for step in flow.async_progress() if step["context"]["source"] == "reauth"]
        self.shown(step)
        step = await self.sign_in(await flow.async_configure(step["flow_id"]), self.account.again)
        assert step["reason"] == "reauth_successful"
        await self.settle()
        context: ConfigFlowContext = {"source": SOURCE_RECONFIGURE, "entry_id": self.entry.entry_id}
        step = await self.sign_in(await flow.async_init(DOMAIN, context=context), self.account.typed)
        assert step["reason"] == "reconfigure_successful"
        await self.settle()
        if "api_key" in self.entry.data:  # which may be a new one of our own
            self.account.secrets["key"] = self.entry.data["api_key"]


def stored(folder: Path) -> dict[str, str]:
    """Read all that Home Assistant stores beside the database."""
    return {
        str(path.relative_to(folder)): path.read_text(errors="replace")
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("home.db")
    }


def recorded(folder: Path) -> dict[str, list[str]]:
    """Read the recorder's database; what an action was called with stands apart."""
    found: dict[str, list[str]] = {"recorder": [], "recorded actions": []}
    with closing(sqlite3.connect(folder / "home.db")) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"').fetchall():  # noqa: S608 - its own names
                text = " ".join(str(value) for value in row)
                found["recorded actions" if '"service_data":' in text else "recorder"].append(text)
    return found


@asynccontextmanager
async def driven(
    kind: type[Account], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Drive, Log]]:
    """Give an account at its phone system, in a Home Assistant that logs as loudly as it can."""
    log, echo, account = Log(), Echo(), kind.make()

    async def misbehave(*given: Any) -> web.StreamResponse:
        return await echo.misbehave(*given)

    monkeypatch.setattr(Simulator, "_misbehave", misbehave)
    monkeypatch.setattr(PROVIDERS[account.provider], "limits", PLENTY)
    # A call that the guard holds back leaves no trace, so it would hide what the rest of them leaves.
    monkeypatch.setattr(dial_guard, "MINUTE", 0)
    monkeypatch.setattr(voipat_access, "STANDARD", PLENTY)
    monkeypatch.setattr(voipat_access, "CONFIRM_AFTER", 0.0)
    monkeypatch.setattr(provider_http.Budget, "slow_down", lambda _budget, _wait: None)
    monkeypatch.setattr("custom_components.pbx.config_flow.async_generate_id", lambda: WEBHOOK_ID)
    levels = {name: logging.getLogger(name).level for name in ("", DOMAIN_LOGGER, *QUIET)}
    for name in levels:
        logging.getLogger(name).setLevel(logging.WARNING if name in QUIET else logging.DEBUG)
    logging.getLogger().addHandler(log)
    try:
        async with account.simulator, home(folder) as (hass, client):
            account.arrive()
            drive = Drive(hass, client, account, echo)

            @callback
            def heard(event: Event[Json]) -> None:
                drive.events.append(event)

            hass.bus.async_listen(MATCH_ALL, heard)
            yield drive, log
    finally:
        logging.getLogger().removeHandler(log)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)


def searched(drive: Drive, log: Log, files: Mapping[str, str], tables: Mapping[str, Iterable[str]]) -> Search:
    """Search everywhere."""
    account = drive.account
    digits = account.caller.removeprefix("+")
    people = {"number": digits, "name": NAME, "message": MESSAGE}
    search = Search({**account.secrets, "webhook": WEBHOOK_ID}, people)
    search.look("log", log.ours, people=True)
    search.look("log of the core", log.core, apart_from=account.typed_only)
    search.look("log of the web server", log.web, people=True, apart_from={"webhook"})
    search.look("answers", drive.told)
    search.look("forms", drive.filled, apart_from={"user"})  # a name to correct is shown, a password is not
    search.look("diagnostics and registries", drive.kept, people=True)
    search.look("states", drive.states)
    actions = [words(event.as_dict()) for event in drive.events if event.event_type == EVENT_CALL_SERVICE]
    others = [words(event.as_dict()) for event in drive.events if event.event_type != EVENT_CALL_SERVICE]
    search.look("actions", actions, apart_from=account.typed_only)
    search.look("events", others)
    for place, texts in tables.items():
        apart = account.typed_only if place == "recorded actions" else frozenset()
        search.look(place, texts, apart_from=apart)
    for place, text in files.items():
        search.look(place, [text], people="registry" in place)
    return search


@pytest.mark.parametrize("expected_lingering_timers", [True])  # Home Assistant's own, to tidy its registries
@pytest.mark.parametrize("kind", ACCOUNTS, ids=lambda kind: kind.__name__)
async def test_nothing_is_found(
    socket_enabled: None,
    kind: type[Account],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    expected_warnings: list[str],
) -> None:
    """Credentials are in the entry's own data and nowhere else; people are where they belong."""
    expected_warnings.append("")
    async with driven(kind, tmp_path, monkeypatch) as (drive, log):
        await drive.set_up()
        await drive.connect()
        await drive.use_everything(await drive.call())
        await drive.post()
        await drive.diagnose()
        await drive.fail_everything()
        await drive.change()
        await drive.end_calls()
        await drive.use_everything(await drive.call())
        await drive.diagnose()
        drive.notice()
        drive.hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
        await drive.hass.async_block_till_done()
        files = stored(tmp_path)
        await drive.hass.config_entries.async_unload(drive.entry.entry_id)
        await drive.hass.config_entries.async_remove(drive.entry.entry_id)
        await drive.settle()
        drive.notice()
    search = searched(drive, log, files, recorded(tmp_path))
    kept = {(ENTRIES, name) for name in drive.account.in_entry | {"webhook"}}
    assert {found: line for found, line in search.found.items() if found[0] != ENTRIES} == {}
    assert search.found.keys() >= kept
    assert all(search.looked[place] for place in ("log", "answers", "forms", "states", "events", "recorder"))
    assert drive.echo.times > 300
    assert drive.failed >= drive.offered - {"get_calls", "notify_about_call"}  # these ask nobody
    assert drive.succeeded >= drive.offered - {"agent_login", "answer", "move_recording", "spy"}
    gone = searched(drive, Log(), stored(tmp_path), {})
    assert not any(place.startswith(".storage") for place, _ in gone.found)


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_what_leaks_is_found(
    socket_enabled: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_warnings: list[str]
) -> None:
    """The search sees a secret in every place, however it is written, and people where they have no place."""
    expected_warnings.append("")
    async with driven(Voxloud, tmp_path, monkeypatch) as (drive, log):
        hass, account = drive.hass, drive.account
        secret = account.secrets["key"] = 'canary "k/ey+" of voxloud'
        await drive.set_up()
        basic, quoted, escaped = b64encode(secret.encode()).decode(), quote(secret), json.dumps(secret)
        logging.getLogger(f"{DOMAIN_LOGGER}.leak").debug("GET %s for %s", f"http://x/?key={quoted}", account.caller)
        hass.states.async_set("sensor.leak", "on", {"key": quote_plus(secret)})
        hass.bus.async_fire("leak", {"authorization": f"Basic {basic}"})
        async_create_issue = ir.async_create_issue
        async_create_issue(
            hass, DOMAIN, "leak", is_fixable=False, severity=ir.IssueSeverity.WARNING, translation_key=WEBHOOK_ID
        )
        reading = patch.object(diagnostics, "_capabilities", lambda _coordinator: [NAME])

        async def refuse() -> None:
            raise RuntimeError("No") from ValueError(escaped)

        await drive.attempt("leak", refuse())
        drive.shown({"type": "form", "description_placeholders": {"reason": secret}})
        with reading:
            await drive.diagnose()
        device = dr.async_get(hass).async_get_or_create(
            config_entry_id=drive.entry.entry_id, identifiers={(DOMAIN, "leak")}, name=secret
        )
        drive.notice()
        await drive.settle()
        hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
        await hass.async_block_till_done()
        files = stored(tmp_path)
        assert device.name == secret
    found = searched(drive, log, files, recorded(tmp_path)).found.keys()
    registries = {("diagnostics and registries", name) for name in ("key", "webhook", "name")}
    places = {"log", "states", "events", "recorder", "answers", "forms", ".storage/core.device_registry"}
    assert found >= registries | {(place, "key") for place in places} | {("log", "number")}


# -- the manager interface of an Asterisk, which is no HTTP --------------------------------------------


SECRET = 'canary "secret" of%2F the+manager'


class Parrot:
    """A manager interface that lets the secret in, has one phone, and says back whatever it was sent."""

    def __init__(self) -> None:
        """Let nobody in yet."""
        self.port, self.said, self.lets_in = 0, 0, True

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection; there is no challenge, so that the secret comes in clear."""
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        heard = ""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                rows = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
                action = dict(row.split(": ", 1) for row in rows)
                heard += " ".join(rows) + " "
                self.answer(action, heard, writer)
        writer.close()

    def answer(self, action: Mapping[str, str], heard: str, writer: asyncio.StreamWriter) -> None:
        """Answer an action."""
        name, number = action["Action"], action["ActionID"]
        right = name == "Login" and self.lets_in and action.get("Secret") == SECRET
        if right or name == "Ping":
            writer.write(b"Event: FullyBooted\r\n\r\n" if right else b"")
            writer.write(f"Response: Success\r\nActionID: {number}\r\nMessage: {heard}\r\n\r\n".encode())
        elif name == "ListCommands":
            rights = "\r\n".join(f"{right}: {heard}" for right in NEEDS)
            writer.write(f"Response: Success\r\nActionID: {number}\r\n{rights}\r\n\r\n".encode())
        elif name in {"ExtensionStateList", "CoreShowChannels"}:
            phone = f"Event: ExtensionStatus\r\nActionID: {number}\r\nExten: 101\r\nHint: PJSIP/101\r\n\r\n"
            begin = f"Response: Success\r\nActionID: {number}\r\nEventList: start\r\n\r\n"
            end = f"Event: Done\r\nActionID: {number}\r\nEventList: Complete\r\n\r\n"
            writer.write(f"{begin}{phone if name == 'ExtensionStateList' else ''}{end}".encode())
        else:
            self.said += SECRET in heard
            writer.write(f"Response: Error\r\nActionID: {number}\r\nMessage: {heard}\r\n\r\n".encode())


@pytest.mark.parametrize("expected_lingering_timers", [True])
async def test_the_secret_of_a_manager_is_nowhere(  # noqa: PLR0915 - one story
    socket_enabled: None, tmp_path: Path, expected_warnings: list[str]
) -> None:
    """Though somebody on the way says it back in every refusal, it stands in the entry's own data alone."""
    expected_warnings.append("")
    log, parrot, search = Log(), Parrot(), Search({"secret": SECRET}, {})
    levels = {name: logging.getLogger(name).level for name in ("", DOMAIN_LOGGER, *QUIET)}
    for name in levels:
        logging.getLogger(name).setLevel(logging.WARNING if name in QUIET else logging.DEBUG)
    logging.getLogger().addHandler(log)
    events: list[str] = []
    told: list[str] = []
    try:
        listening = await asyncio.start_server(parrot.serve, "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        typed = {"host": "127.0.0.1", "port": port, "username": "manager", "password": SECRET}
        async with home(tmp_path) as (hass, _client):
            hass.bus.async_listen(MATCH_ALL, callback(lambda event: events.append(words(event.as_dict()))))
            flow = hass.config_entries.flow
            step = await flow.async_init(DOMAIN, context={"source": SOURCE_USER})
            step = await flow.async_configure(step["flow_id"], {"next_step_id": "asterisk"})
            step = await flow.async_configure(step["flow_id"], typed)
            for asked in ("prove", "phones"):
                assert step["step_id"] == asked, step
                step = await flow.async_configure(step["flow_id"], {})
            assert step["type"] == "create_entry", step
            await hass.async_block_till_done()
            [entry] = hass.config_entries.async_entries(DOMAIN)
            assert entry.state is ConfigEntryState.LOADED
            for action, data in (
                ("originate", {"extension": "101", "number": "102"}),
                ("raw_action", {"name": "Ping"}),
                ("raw_action", {"name": "CoreSettings"}),
                ("queue_add", {"queue": "sales", "extension": "101"}),
                ("set_lamp", {"lamp": "laundry", "state": "in_use"}),
            ):
                try:
                    answer = await hass.services.async_call(
                        DOMAIN,
                        action,
                        {"config_entry_id": entry.entry_id, **data},
                        blocking=True,
                        return_response=action in {"originate", "raw_action"},
                    )
                    told.append(words(answer))
                except Exception as error:  # noqa: BLE001 - whatever people are told
                    told += chain(error)
            kept = [words(await diagnostics.async_get_config_entry_diagnostics(hass, entry))]
            kept += [words(issue.to_json()) for issue in ir.async_get(hass).issues.values()]
            parrot.lets_in = False
            await hass.config_entries.async_reload(entry.entry_id)
            await hass.async_block_till_done()
            assert [step["context"]["source"] for step in flow.async_progress()] == ["reauth"]
            kept += [words(step) for step in flow.async_progress()]
            states = [words(state.as_dict()) for state in hass.states.async_all()]
            hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
            await hass.async_block_till_done()
            files = stored(tmp_path)
        listening.close()
    finally:
        logging.getLogger().removeHandler(log)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
    for place, texts in (("log", log.ours), ("log of the core", log.core), ("kept", kept), ("states", states)):
        search.look(place, texts)
    search.look("events", events)
    search.look("answers", told)
    for place, rows in recorded(tmp_path).items():
        search.look(place, rows)
    for place, text in files.items():
        search.look(place, [text])
    assert {place for place, _ in search.found} == {ENTRIES}, search.found
    assert all(search.looked[place] for place in ("log", "kept", "states", "events", "answers", "recorder"))
    assert parrot.said > 10
