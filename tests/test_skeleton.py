"""The phone system of the guide: its code is taken from the page, registered, set up, polled, pushed and commanded."""

import json
import re
import sys
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_USER, ConfigEntry, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import Event, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pbx import forms
from custom_components.pbx.const import DOMAIN, EVENT_PBX
from custom_components.pbx.data import PbxData
from custom_components.pbx.providers import PROVIDERS

from .test_boundary import INTEGRATION, forbidden_imports

GUIDE = Path(__file__).parents[1] / "docs" / "development" / "architecture.md"
BLOCK = re.compile(r"<!-- file: (?P<file>[^>]+) -->\n```\w+\n(?P<code>.*?)```\n", re.DOTALL)
BLOCKS = {found["file"]: found["code"] for found in BLOCK.finditer(GUIDE.read_text(encoding="utf-8"))}
PACKAGE = "providers/acme/"
NAME = "custom_components.pbx.providers.acme"
KEY = "a key"
CALLER = "+390612345678"

type Json = dict[str, Any]


@dataclass(kw_only=True)
class Acme:
    """A phone system that speaks as the guide's code expects, over HTTP."""

    url: str = ""
    calls: list[Json] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    refusal: str = ""

    def routes(self) -> list[web.RouteDef]:
        """List its requests."""
        return [
            web.get("/account", self._account),
            web.get("/extensions", self._extensions),
            web.get("/calls", self._calls),
            web.post("/calls", self._place),
            web.delete("/calls/{call}", self._hang_up),
        ]

    @web.middleware
    async def check(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Let only whoever has the key in."""
        self.asked.append(f"{request.method} {request.path}")
        if request.headers.get("X-Key") != KEY:
            return web.json_response({"error": "who are you?"}, status=401)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _account(self, _request: web.Request) -> web.Response:
        return web.json_response({"id": 7, "company": "Office"})

    async def _extensions(self, _request: web.Request) -> web.Response:
        return web.json_response([{"ext": "101", "person": "Anna Keller"}, {"ext": 102}, {"person": "nobody"}])

    async def _calls(self, _request: web.Request) -> web.Response:
        return web.json_response(self.calls)

    async def _place(self, request: web.Request) -> web.Response:
        if self.refusal:
            return web.json_response({"error": self.refusal}, status=403)
        asked = await request.json()
        self.calls.append({"call": "c9", **asked, "from": asked["ext"], "way": "out", "status": "calling"})
        return web.json_response({"call": "c9"})

    async def _hang_up(self, request: web.Request) -> web.Response:
        left = [call for call in self.calls if call["call"] != request.match_info["call"]]
        if left == self.calls:
            return web.json_response({"error": "no such call"}, status=404)
        self.calls = left
        return web.Response(status=204)


def row(status: str, **other: object) -> Json:
    """Return a call as Acme tells of it, in a list or in a message."""
    return {"call": "c1", "ext": "101", "from": "06 1234 5678", "to": "101", "way": "in", "status": status, **other}


@pytest.fixture
async def acme(socket_enabled: None) -> AsyncGenerator[Acme]:
    """Start the phone system."""
    system = Acme()
    app = web.Application(middlewares=[system.check])
    app.add_routes(system.routes())
    async with TestServer(app, host="127.0.0.1") as server:
        system.url = str(server.make_url("")).rstrip("/")
        yield system


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the package as the guide has it."""
    folder = tmp_path_factory.mktemp("guide") / "providers" / "acme"
    folder.mkdir(parents=True)
    for file, code in BLOCKS.items():
        if file.startswith(PACKAGE):
            (folder / file.removeprefix(PACKAGE)).write_text(code)
    return folder


@pytest.fixture
def registered(package: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Add the package, its line and its form to the integration."""
    spec = spec_from_file_location(NAME, package / "__init__.py", submodule_search_locations=[str(package)])
    assert isinstance(spec, ModuleSpec)
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[NAME] = module
    try:
        spec.loader.exec_module(module)
        monkeypatch.setitem(PROVIDERS, "acme", module.AcmeProvider)
        for mapping in ("FORMS", "REAUTH_FIELDS", "PROVIDER_OPTIONS"):
            line = BLOCKS[f"forms.py {mapping}"]
            (added,) = eval(f"{{{line}}}", vars(forms)).items()  # noqa: S307 - a line of our own page
            monkeypatch.setitem(getattr(forms, mapping), *added)
        yield
    finally:
        for name in [name for name in sys.modules if name == NAME or name.startswith(f"{NAME}.")]:
            del sys.modules[name]


async def add_account(hass: HomeAssistant, acme: Acme, key: str = KEY) -> Any:
    """Add an account as a person does, up to where the URL for the webhook is shown."""
    result = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    assert result["type"] is FlowResultType.MENU
    assert "acme" in result["menu_options"]
    result = await hass.config_entries.flow.async_configure(result["flow_id"], {"next_step_id": "acme"})
    assert (result["type"], result["step_id"]) == (FlowResultType.FORM, "acme")
    return await hass.config_entries.flow.async_configure(result["flow_id"], {"url": acme.url, "api_key": key})


@dataclass(kw_only=True)
class Living:
    """An account that was set up, what is told about it, and the way to its webhook."""

    entry: ConfigEntry[PbxData]
    events: list[Event[Json]]
    client: Any

    async def push(self, body: Json) -> None:
        """Let the phone system push."""
        answer = await self.client.post(f"/api/webhook/{self.entry.data['webhook_id']}", json=body)
        assert answer.status == 200

    def told(self) -> list[str]:
        """List the types of the events."""
        return [event.data["type"] for event in self.events]


@pytest.fixture
async def living(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, acme: Acme, registered: None
) -> AsyncGenerator[Living]:
    """Set an account up by the config flow."""
    await hass.config.async_update(country="IT")
    assert await async_setup_component(hass, DOMAIN, {})
    client = await hass_client_no_auth()
    hass.config.external_url = str(client.make_url("")).rstrip("/")
    events = async_capture_events(hass, EVENT_PBX)
    shown = await add_account(hass, acme)
    assert (shown["type"], shown["step_id"]) == (FlowResultType.FORM, "paste")
    result = await hass.config_entries.flow.async_configure(shown["flow_id"], {})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "Office"
    entry = result["result"]
    marker = next(marker for marker in shown["data_schema"].schema if marker == "address")
    assert f"/api/webhook/{entry.data['webhook_id']}" in marker.description["suggested_value"]
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    yield Living(entry=entry, events=events, client=client)
    await hass.config_entries.async_unload(entry.entry_id)


def state_of_anna(hass: HomeAssistant) -> str:
    """Return the state of the extension 101."""
    entity_id = er.async_get(hass).async_get_entity_id("sensor", DOMAIN, "acme_7_extension_101_call_state")
    assert entity_id is not None
    state = hass.states.get(entity_id)
    assert state is not None
    return state.state


async def poll(hass: HomeAssistant, living: Living) -> None:
    """Let Home Assistant ask."""
    await living.entry.runtime_data.coordinator.async_refresh()
    await hass.async_block_till_done()


async def test_poll(hass: HomeAssistant, acme: Acme, living: Living) -> None:
    """Calls that are listed are shown and told, and so is their end."""
    assert state_of_anna(hass) == "idle"

    acme.calls = [row("ringing"), row("unheard of", call="c2"), row("ringing", call="")]
    await poll(hass, living)
    assert state_of_anna(hass) == "ringing"
    acme.calls = [row("connected")]
    await poll(hass, living)
    assert state_of_anna(hass) == "talking"
    acme.calls = []
    await poll(hass, living)

    assert state_of_anna(hass) == "idle"
    assert living.told() == ["call_incoming", "call_answered", "call_ended"]
    assert [event.data["from_number"] for event in living.events] == [CALLER] * 3
    assert {event.data["extension"] for event in living.events} == {"101"}


async def test_push(hass: HomeAssistant, acme: Acme, living: Living) -> None:
    """What is pushed is shown and told at once, without a poll."""
    acme.asked.clear()
    acme.calls = [row("connected")]
    for status in ("ringing", "connected", "held", "over"):
        await living.push({"what": "call", **row(status)})
    await living.push({"what": "weather", "sun": True})

    assert state_of_anna(hass) == "idle"
    assert living.told() == ["call_incoming", "call_answered", "call_held", "call_ended", "unknown"]
    assert living.events[0].data["from_number"] == CALLER
    assert acme.asked == []


async def test_body_that_cannot_be_read(hass: HomeAssistant, living: Living) -> None:
    """It is answered, counted, and harms nothing."""
    answer = await living.client.post(f"/api/webhook/{living.entry.data['webhook_id']}", data=b"{")
    await hass.async_block_till_done()

    assert answer.status == 200
    assert living.told() == []
    assert living.entry.runtime_data.webhook.bad == 1


async def test_command(hass: HomeAssistant, acme: Acme, living: Living) -> None:
    """A call is placed and ended, each by one request."""
    acme.asked.clear()
    about = {"config_entry_id": living.entry.entry_id}
    answer = await hass.services.async_call(
        DOMAIN,
        "originate",
        {**about, "extension": "101", "number": CALLER},
        blocking=True,
        return_response=True,
    )
    assert answer is not None
    assert (answer["outcome"], answer["call_id"]) == ("accepted", "c9")
    await poll(hass, living)
    assert state_of_anna(hass) == "dialing"

    await hass.services.async_call(DOMAIN, "hangup", {**about, "call_id": "c9"}, blocking=True)
    await poll(hass, living)
    assert state_of_anna(hass) == "idle"
    assert acme.asked.count("POST /calls") == acme.asked.count("DELETE /calls/c9") == 1
    assert living.told()[0] == "call_outgoing"


async def test_refusal(hass: HomeAssistant, acme: Acme, living: Living) -> None:
    """The phone system's own reason reaches whoever asked."""
    acme.refusal = "the phone is locked"
    data = {"config_entry_id": living.entry.entry_id, "extension": "101", "number": CALLER}
    with pytest.raises(Exception, match="refused") as caught:
        await hass.services.async_call(DOMAIN, "originate", data, blocking=True)

    assert "the phone is locked" in str(caught.value.translation_placeholders)  # type: ignore[attr-defined]


async def test_wrong_key(hass: HomeAssistant, acme: Acme, registered: None) -> None:
    """The form says so, and can be sent again."""
    result = await add_account(hass, acme, "another key")

    assert (result["type"], result["errors"]) == (FlowResultType.FORM, {"base": "invalid_auth"})


async def test_key_that_is_taken_away(
    hass: HomeAssistant, acme: Acme, living: Living, monkeypatch: pytest.MonkeyPatch, expected_warnings: list[str]
) -> None:
    """A person is asked for another one, and nobody pretends to know what the phones do."""
    expected_warnings.append("Authentication failed while fetching Office data")
    monkeypatch.setattr(sys.modules[__name__], "KEY", "another key")
    await poll(hass, living)

    assert state_of_anna(hass) == STATE_UNAVAILABLE
    (flow,) = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["step_id"] == "reauth_confirm"
    result = await hass.config_entries.flow.async_configure(flow["flow_id"], {"api_key": "another key"})
    await hass.async_block_till_done()
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert state_of_anna(hass) == "idle"


async def test_it_is_asked_again_and_again(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, acme: Acme, living: Living
) -> None:
    """Polls go on by themselves."""
    acme.asked.clear()
    freezer.tick(living.entry.runtime_data.coordinator.provider.intervals.idle)
    async_fire_time_changed(hass)
    while not acme.asked:
        await hass.async_block_till_done(wait_background_tasks=True)

    assert "GET /calls" in acme.asked


def test_the_code_is_as_the_rest(package: Path) -> None:
    """It imports nothing from above."""
    root = package.parents[1]
    files = sorted(package.glob("*.py"))

    assert {path.name for path in files} == {"__init__.py", "payload.py", "provider.py", "settings.py"}
    assert [forbidden_imports(path, root) for path in files] == [[], [], [], []]


def test_the_form_and_the_texts_are_whole(registered: None) -> None:
    """Each field of the form has its texts, and nothing else has."""
    texts = json.loads(BLOCKS["translations/en.json"])
    step = texts["config"]["step"]["acme"]
    fields = {str(marker) for marker in forms.FORMS["acme"].schema}

    assert fields == set(step["data"]) == set(step["data_description"])
    known = json.loads((INTEGRATION / "translations" / "en.json").read_text(encoding="utf-8"))
    assert set(step) == set(known["config"]["step"]["voxloud"])
    assert set(texts["config"]["step"]["user"]["menu_options"]) == {"acme"}
    assert "can_reach_voxloud" in known["system_health"]["info"]
    assert set(texts["system_health"]["info"]) == {"can_reach_acme"}
