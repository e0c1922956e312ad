"""Each row of VOIP@ Cloud's page, from Home Assistant's action, form or webhook to the wire and back."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pbx.const import DOMAIN, EVENT_PBX
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.providers.http import RateLimit
from custom_components.pbx.providers.voipat import api as voipat_api

from ..every_action import act
from .conftest import Connect
from .proofs import proves
from .voipat import DOMAIN as TENANT
from .voipat import VoipatPage

# Before a fixture lets nobody wait for them.
REAL_PLANS = {"STANDARD": voipat_api.STANDARD, "ENTERPRISE": voipat_api.ENTERPRISE}


@pytest.fixture
async def page(hass: HomeAssistant) -> AsyncGenerator[VoipatPage]:
    """Start the bridge of the page."""
    await hass.config.async_update(country="CZ")
    server = VoipatPage()
    await server.start()
    yield server
    await server.stop()


def typed(page: VoipatPage) -> dict[str, Any]:
    """Return what a person types into the form."""
    return {
        "url": f"{page.address}/pbxapi",
        "api_key": page.api_key,
        "domain": TENANT,
        "verify_ssl": True,
    }


@pytest.fixture
async def office(page: VoipatPage, connect: Connect) -> MockConfigEntry:
    """Set the account up."""
    return await connect("voipat", typed(page))


@proves("voipat", "bearer")
async def test_set_up(hass: HomeAssistant, page: VoipatPage) -> None:
    """*Authentication*: the API key is the Bearer token; another one is refused in the form."""
    done: Any = None
    for key, outcome in (("fpx_wrong", "invalid_auth"), (page.api_key, "")):
        flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
        form = await hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": "voipat"})
        done = await hass.config_entries.flow.async_configure(form["flow_id"], {**typed(page), "api_key": key})
        if outcome:
            assert done["errors"] == {"base": outcome}
            continue
        while done["type"] is FlowResultType.FORM:  # the address of the webhook, the table of phones
            assert not done["errors"]
            done = await hass.config_entries.flow.async_configure(done["flow_id"], {})
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()


@pytest.mark.usefixtures("office")
@proves("voipat", "json")
async def test_every_request_says_that_it_is_json(hass: HomeAssistant, page: VoipatPage) -> None:
    """*All requests must include the Content-Type: application/json header*, with and without a body."""
    await act(hass, "originate", extension="101", number="102")
    asked = [request for request in page.asked if request.path != "/ws"]  # a socket is no request of the page
    assert asked
    assert {request.headers.get("Content-Type") for request in asked} == {"application/json"}


# A row of the page: the action with its data, the path, and the body that has to arrive.
ROWS: dict[str, tuple[str, dict[str, Any], str, dict[str, Any]]] = {
    "hangup": ("hangup", {"cause": "NORMAL_CLEARING"}, "hangup", {"cause": "NORMAL_CLEARING"}),
    "hold": ("hold", {}, "hold", {}),
    "unhold": ("unhold", {}, "unhold", {}),
    "hold/toggle": ("toggle_hold", {}, "hold/toggle", {}),
    "unmute": ("unmute", {}, "unmute", {}),
    "dtmf": ("send_dtmf", {"digits": "12#"}, "dtmf", {"digits": "12#"}),
    "transfer: blind": (
        "transfer",
        {"number": "102", "type": "blind"},
        "transfer",
        {"destination": "102", "domain": TENANT, "type": "blind"},
    ),
}


@pytest.mark.parametrize("row", ROWS)
@proves("voipat", "hangup", "hold", "unmute", "dtmf", "transfer")
async def test_what_arrives(hass: HomeAssistant, page: VoipatPage, connect: Connect, row: str) -> None:
    """An action on a call sends exactly what the page says, and the bridge of the page accepts it."""
    page.ring("101", "+420777123456", held=row == "unhold")
    entry = await connect("voipat", typed(page))
    call_id = next(iter(entry.runtime_data.coordinator.data.calls))
    action, data, command, body = ROWS[row]
    await act(hass, action, call_id=call_id, **data)
    path, sent = page.posted[-1]
    assert path.endswith(f"/{command}")
    assert sent == body


@pytest.mark.usefixtures("office")
@proves("voipat", "originate", "domain")
async def test_originate(hass: HomeAssistant, page: VoipatPage) -> None:
    """The page's bridge takes a call from an extension to a number, in the key's domain."""
    await act(hass, "originate", extension="101", number="102", caller_id_number="222333444", caller_id_name="Shop")
    path, sent = page.posted[-1]
    assert path == "calls/originate"
    assert {"from": "101", "to": "102", "domain": TENANT, "callerName": "Shop"}.items() <= sent.items()


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ({"direction": "incoming"}, {"direction": "inbound"}),
        ({"direction": "outgoing"}, {"direction": "outbound"}),
        ({"direction": "internal"}, {"direction": "local"}),
        ({"extension": "101"}, {"extension": "101"}),
        ({"search": "Anna"}, {"search": "Anna"}),
    ],
)
@pytest.mark.usefixtures("office")
@proves("voipat", "cdr", "domain")
async def test_records(hass: HomeAssistant, page: VoipatPage, query: dict[str, str], asked: dict[str, str]) -> None:
    """*Query parameters* of the call records; the domain is always among them, the limit within the page's."""
    await act(hass, "get_call_history", **query)
    sent = [request.query for request in page.asked if request.path.endswith("/cdr")][-1]
    assert {**asked, "domain": TENANT}.items() <= sent.items()
    assert int(sent["limit"]) <= 1000


@pytest.mark.parametrize(
    ("direction", "number", "hidden"),
    [
        ("inbound", "", True),
        ("inbound", "anonymous", True),
        ("inbound", "+420777123456", False),
        ("outbound", "", False),
        ("local", "102", False),
    ],
)
@pytest.mark.usefixtures("office")
@proves("voipat", "cdr")
async def test_who_hid_is_marked(
    hass: HomeAssistant, page: VoipatPage, direction: str, number: str, *, hidden: bool
) -> None:
    """A record says of a caller without a number that it was hidden, as the call did."""
    page.records = [
        {
            "xml_cdr_uuid": "00000000-0000-4000-8000-000000000001",
            "domain_name": TENANT,
            "direction": direction,
            "caller_id_name": "",
            "caller_id_number": number,
            "destination_number": "101",
            "start_stamp": "2026-10-05 12:00:00+00",
            "end_stamp": "2026-10-05 12:00:09+00",
            "billsec": "0",
            "hangup_cause": "ORIGINATOR_CANCEL",
        }
    ]
    answer = await act(hass, "get_call_history")
    assert answer is not None
    (record,) = answer["records"]
    assert record.get("caller_hidden", False) is hidden
    assert record.get("from_number", "") == ("" if hidden else number)


@pytest.mark.usefixtures("office")
@proves("voipat", "statistics")
async def test_statistics(hass: HomeAssistant) -> None:
    """The figures of the page arrive by its names."""
    figures = await act(hass, "get_call_statistics")
    assert figures is not None
    assert (figures["total"], figures["answered"], figures["missed"], figures["mean_duration"]) == (3, 2, 1, 40)


@proves("voipat", "status_503")
async def test_the_switch_is_down(
    hass: HomeAssistant, page: VoipatPage, office: MockConfigEntry, expected_warnings: list[str]
) -> None:
    """*503 for ESL/FreeSWITCH not connected*: the bridge is reached, and the message says what is not."""
    expected_warnings.append("its switch is down")
    page.switch_connected = False
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "originate", extension="101", number="102")
    assert raised.value.translation_key == "switch_down"
    await office.runtime_data.coordinator.async_refresh()
    error = office.runtime_data.coordinator.last_exception
    assert error.translation_key == "switch_down"


# -- the limits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("plan", "hour"), [(60, 1_000), (300, 10_000)], ids=["standard", "enterprise"])
@proves("voipat", "limits")
async def test_requests_stay_within_the_plan(
    hass: HomeAssistant,
    page: VoipatPage,
    connect: Connect,
    monkeypatch: pytest.MonkeyPatch,
    plan: int,
    hour: int,
) -> None:
    """The headers tell which plan it is; nobody is refused, whatever many people want at once.

    A minute takes two seconds here, and one more, since a busy machine brings requests late and together.
    """
    name = {60: "STANDARD", 300: "ENTERPRISE"}[plan]
    assert REAL_PLANS[name] == (RateLimit(requests=plan, seconds=60), RateLimit(requests=hour, seconds=3600))
    page.counts, page.plan, page.minute = True, plan, 2.0
    for each, (minute, _) in REAL_PLANS.items():
        monkeypatch.setattr(voipat_api, each, (RateLimit(requests=minute.requests, seconds=page.minute + 1),))
    await connect("voipat", typed(page))
    wanted = {60: 75, 300: 150}[plan]
    await asyncio.gather(*(act(hass, "get_call_statistics") for _ in range(wanted)))
    assert page.too_many == 0
    assert len(page.answered) >= wanted
    assert plan // 4 < page.most_in_a_minute <= plan


@pytest.mark.parametrize(
    "written",
    [
        lambda at: str(int(at)),
        lambda at: str(int(at * 1000)),
        lambda at: datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        lambda at: formatdate(at, usegmt=True),
    ],
    ids=["seconds", "milliseconds", "ISO 8601", "HTTP"],
)
@proves("voipat", "limit_429")
async def test_too_many_requests(
    hass: HomeAssistant,
    page: VoipatPage,
    office: MockConfigEntry,
    expected_warnings: list[str],
    written: Callable[[float], str],
) -> None:
    """*Wait until the X-RateLimit-Reset timestamp*: a command is sent once and says for how long; polls rest."""
    expected_warnings.append("Try again in")
    page.writes_reset = written
    page.reset = time.time() + 30
    page.asked.clear()
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "originate", extension="101", number="102")
    assert raised.value.translation_key == "rate_limited"
    assert raised.value.translation_placeholders is not None
    assert 25 <= int(raised.value.translation_placeholders["seconds"]) <= 31
    assert len(page.asked) == 1
    coordinator = office.runtime_data.coordinator
    await coordinator.async_refresh()
    assert (len(page.asked), coordinator.last_update_success) == (1, False)
    assert coordinator.last_exception.translation_key == "rate_limited"
    assert 25 <= coordinator.last_exception.retry_after <= 33


@proves("voipat", "limit_429")
async def test_polls_go_on_after_the_reset(
    page: VoipatPage, office: MockConfigEntry, expected_warnings: list[str]
) -> None:
    """Once the time has come, the account is there again."""
    expected_warnings.append("Try again in")
    coordinator = office.runtime_data.coordinator
    page.reset = float(int(time.time()) + 2)
    await coordinator.async_refresh()
    assert not coordinator.last_update_success
    refused = page.too_many
    loop = asyncio.get_running_loop()
    until = loop.time() + 10
    while not coordinator.last_update_success and loop.time() < until:
        await asyncio.sleep(0.05)
        await coordinator.async_refresh()
    assert coordinator.last_update_success
    assert page.too_many == refused


@pytest.mark.usefixtures("office")
@proves("voipat", "limit_429")
async def test_back_off(hass: HomeAssistant, page: VoipatPage) -> None:
    """*Exponential backoff*, where no time is told; it begins anew after an answer."""
    page.tells_reset = False
    told: list[str] = []
    for reset in (math.inf, math.inf, math.inf, None, math.inf):
        page.reset = reset
        if reset is None:
            await act(hass, "get_call_statistics")
            continue
        with pytest.raises(HomeAssistantError) as raised:
            await act(hass, "get_call_statistics")
        told.append((raised.value.translation_placeholders or {})["seconds"])
    assert told == ["30", "60", "120", "30"]


# -- the CRM webhook ---------------------------------------------------------------------------------

PLACEHOLDERS: dict[str, Any] = {
    "caller_id": "+420777123456",
    "caller_name": "Baker",
    "destination": "222333444",
    "direction": "inbound",
    "duration": "0",
    "extension": "101",
    "call_id": "abc@widget",
    "timestamp": "2026-10-05T12:00:00.000Z",
    "domain": TENANT,
}


async def until_all_is_over(coordinator: PbxCoordinator) -> None:
    """Wait until the lists, which are believed after a while, agree that no call is left."""
    loop = asyncio.get_running_loop()
    until = loop.time() + 10
    while coordinator.data.unfinished and loop.time() < until:
        await coordinator.async_refresh()
        await asyncio.sleep(0.05)
    assert not coordinator.data.unfinished
    await coordinator.hass.async_block_till_done()


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("duration", "told"),
    [("42", ["call_incoming", "call_ended"]), ("0", ["call_incoming", "call_missed"])],
)
@proves("voipat", "duration", "webhook")
async def test_duration_is_evidence(
    hass: HomeAssistant,
    hass_client_no_auth: ClientSessionGenerator,
    method: str,
    duration: str,
    told: list[str],
) -> None:
    """*Call duration in seconds (sent on hangup)*: a call that lasted was answered, even if nothing else said so."""
    events = async_capture_events(hass, EVENT_PBX)
    client = await hass_client_no_auth()
    for event, at, length in (
        ("new_call", "2026-10-05T12:00:00.000Z", "0"),
        ("hangup", "2026-10-05T12:00:50.000Z", duration),
    ):
        fields = {**PLACEHOLDERS, "event": event, "timestamp": at, "duration": length}
        if method == "GET":
            await client.get("/api/webhook/hook_of_the_office", params=fields)
        else:
            await client.post("/api/webhook/hook_of_the_office", json=fields)
    await until_all_is_over(hass.config_entries.async_entries(DOMAIN)[0].runtime_data.coordinator)
    calls = [event.data["type"] for event in events if event.data["type"].startswith("call_")]
    assert [kind for kind in calls if kind != "call_corrected"] == told


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {"caller_id": "+420777123457"}),
        ({}, {"caller_id": ""}),
    ],
    ids=["another caller", "a hidden caller"],
)
@proves("voipat", "timestamp")
async def test_two_calls_at_one_time_are_two(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, first: dict[str, str], second: dict[str, str]
) -> None:
    """Two events with the same text of time, of two calls, are two."""
    events = async_capture_events(hass, EVENT_PBX)
    client = await hass_client_no_auth()
    for call_id, fields in (("one@widget", first), ("two@widget", second)):
        await client.post(
            "/api/webhook/hook_of_the_office",
            json={**PLACEHOLDERS, "event": "new_call", "call_id": call_id, **fields},
        )
    await hass.async_block_till_done()
    assert [event.data["type"] for event in events].count("call_incoming") == 2


@pytest.mark.usefixtures("office")
@proves("voipat", "timestamp")
async def test_a_second_call_with_the_time_of_the_first(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator
) -> None:
    """A server that has only one text of time tells of each call all the same, and of its end."""
    events = async_capture_events(hass, EVENT_PBX)
    client = await hass_client_no_auth()
    coordinator = hass.config_entries.async_entries(DOMAIN)[0].runtime_data.coordinator
    for call_id in ("one@widget", "two@widget"):
        for event in ("new_call", "hangup"):
            fields = {**PLACEHOLDERS, "event": event, "call_id": call_id}
            await client.post("/api/webhook/hook_of_the_office", json=fields)
        await until_all_is_over(coordinator)
    told = [event.data["type"] for event in events]
    assert (told.count("call_incoming"), told.count("call_missed")) == (2, 2)


@proves("voipat", "extensions", "calls")
async def test_extensions_and_calls(hass: HomeAssistant, page: VoipatPage, connect: Connect) -> None:
    """What is listed becomes devices, and calls with both of their sides."""
    page.ring("101", "+420777123456")
    entry = await connect("voipat", typed(page))
    assert {"101", "102"} <= set(entry.runtime_data.coordinator.data.extensions)
    answer = await act(hass, "get_calls")
    assert answer is not None
    (call,) = answer["calls"]
    assert call["from_number"] == "+420777123456"
    assert {leg.get("extension") for leg in call["legs"]} == {None, "101"}


@pytest.mark.usefixtures("office")
@proves("voipat", "webhook", "placeholders", "crm_agent")
async def test_placeholders(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """What the server has filled in is read."""
    events = async_capture_events(hass, EVENT_PBX)
    client = await hass_client_no_auth()
    for event in ("new_call", "agent_login", "agent_logout"):
        await client.get("/api/webhook/hook_of_the_office", params={**PLACEHOLDERS, "event": event})
    await hass.async_block_till_done()
    incoming = next(event.data for event in events if event.data["type"] == "call_incoming")
    assert {
        "from_number": "+420777123456",
        "from_name": "Baker",
        "direction": "incoming",
        "extension": "101",
    }.items() <= incoming.items()
    assert {"agent_logged_in", "agent_logged_out"} <= {event.data["type"] for event in events}
