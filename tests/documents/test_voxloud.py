"""Each row of Voxloud's page, from Home Assistant's action, form or webhook to the wire and back."""

import json
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.pbx.const import DOMAIN, EVENT_PBX

from ..every_action import act, plain, refused
from .conftest import Connect
from .proofs import proves
from .voxloud import (
    AUTH,
    CLICK_ID,
    CREATED_KINDS,
    ELSEWHERE,
    JOHN_ID,
    LAST_EVENTS,
    PHONE_CALL,
    VoxloudPage,
    payload,
)

HOME = "https://home.example.com"
HOOK = f"{HOME}/api/webhook/hook_of_the_office"
PATH = "/api/webhook/hook_of_the_office"
CONTACTS = "/api/v1/contacts"
CLICKS = "/api/v1/click-to-call"
EVENTS = "/api/v1/telephony-events"
SUBSCRIPTIONS = "/api/v1/webhook-subscriptions"


@pytest.fixture
async def page(hass: HomeAssistant) -> AsyncGenerator[VoxloudPage]:
    """Start the API of the page; the house is in the page's country."""
    await hass.config.async_update(country="IT")
    server = VoxloudPage()
    await server.start()
    yield server
    await server.stop()


def typed(page: VoxloudPage) -> dict[str, Any]:
    """Return what a person types into the form."""
    return {"api_key": page.api_key, "url": page.address}


@pytest.fixture
async def office(page: VoxloudPage, connect: Connect) -> MockConfigEntry:
    """Set the account up."""
    return await connect("voxloud", typed(page))


async def told(
    hass: HomeAssistant, new_client: ClientSessionGenerator, *bodies: dict[str, Any]
) -> list[dict[str, Any]]:
    """Send webhooks as the page shows them; return what `pbx_event` told, without the corrections."""
    events = async_capture_events(hass, EVENT_PBX)
    client = await new_client()
    for body in bodies:
        response = await client.post(PATH, json=body)
        assert response.ok
    await hass.async_block_till_done()
    return [dict(event.data) for event in events if event.data["type"] != "call_corrected"]


# -- authentication ------------------------------------------------------------------------------------


@proves("voxloud", "validate_auth", "validate_auth_401")
async def test_set_up(hass: HomeAssistant, page: VoxloudPage) -> None:
    """A key is checked before it is taken; a wrong one is refused in the form."""
    done: Any = None
    for key, outcome in (("wrong", FlowResultType.FORM), (page.api_key, FlowResultType.CREATE_ENTRY)):
        flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
        form = await hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": "voxloud"})
        done = await hass.config_entries.flow.async_configure(form["flow_id"], {**typed(page), "api_key": key})
        assert done["type"] is outcome
        if outcome is FlowResultType.FORM:
            assert done["errors"] == {"base": "invalid_auth"}
    assert done["title"] == page.company["name"]
    assert page.sent("POST", "/api/v1/validate-auth")
    await hass.async_block_till_done()
    await hass.config_entries.async_unload(done["result"].entry_id)


@pytest.mark.usefixtures("office")
@proves("voxloud", "auth_header", "json", "error_405", "error_406")
async def test_every_request(hass: HomeAssistant, page: VoxloudPage) -> None:
    """The key in each, JSON with every body, and never a method or a format that the page refuses."""
    await act(hass, "click_to_call", extension="101", number="+39987654321")
    await act(hass, "create_contact", first_name="Ada", number="+390312345999")
    await act(hass, "update_contact", contact_id=JOHN_ID, job_title="CTO")
    await act(hass, "search_contacts", name="John Doe")
    await act(hass, "get_call_history")
    assert {asked.headers[AUTH] for asked in page.asked} == {page.api_key}
    wrote = [asked.headers.get("Content-Type") for asked in page.asked if asked.path != "/api/v1/validate-auth"]
    assert set(wrote) == {"application/json"}
    (checked,) = (asked for asked in page.asked if asked.path == "/api/v1/validate-auth")
    assert (checked.text, checked.headers.get("Content-Type")) == ("", None)
    assert {asked.headers["Accept"] for asked in page.asked} == {"application/json"}


# A code of the page, the action that gets it, and the words for it.
CODES = ((400, "refused"), (403, "refused_no_permission"), (404, "not_found"), (406, "refused_not_acceptable"))


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(("status", "key"), CODES)
@proves("voxloud", "error_400", "error_403", "error_404", "error_406")
async def test_error_codes(hass: HomeAssistant, page: VoxloudPage, status: int, key: str) -> None:
    """Each is told in its own words, with the code, and nothing is sent twice."""
    page.refusals["DELETE", f"{CONTACTS}/{JOHN_ID}"] = status
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "delete_contact", contact_id=JOHN_ID)
    assert raised.value.translation_key == key
    assert raised.value.translation_placeholders is not None
    assert raised.value.translation_placeholders["code"] == str(status)
    assert len(page.sent("DELETE", f"{CONTACTS}/{JOHN_ID}")) == 1


@proves("voxloud", "error_401")
async def test_a_key_that_is_refused_later(hass: HomeAssistant, page: VoxloudPage, office: MockConfigEntry) -> None:
    """A running account asks for a new key."""
    page.api_key = "another"
    with pytest.raises(HomeAssistantError):
        await act(hass, "get_call_history")
    await hass.async_block_till_done()
    flows = hass.config_entries.flow.async_progress()
    assert [flow["context"]["source"] for flow in flows] == [SOURCE_REAUTH]
    assert flows[0]["context"]["entry_id"] == office.entry_id


@pytest.mark.usefixtures("office")
@proves("voxloud", "error_429")
async def test_too_many_requests(hass: HomeAssistant, page: VoxloudPage) -> None:
    """A command is sent once, and the message says for how long the polls rest."""
    page.refusals["POST", f"{CLICKS}/{CLICK_ID}/connect"] = 429
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "click_to_call", extension="101", number="+39987654321", dial_first="contact")
    assert raised.value.translation_key == "rate_limited"
    assert raised.value.translation_placeholders == {"provider": "Voxloud", "seconds": "30"}
    assert len(page.sent("POST", f"{CLICKS}/{CLICK_ID}/connect")) == 1


@pytest.mark.parametrize("retry_after", ["", "90", "a date"])
@pytest.mark.parametrize("status", [500, 503])
@proves("voxloud", "error_500", "error_503")
async def test_trouble_that_passes(
    page: VoxloudPage,
    office: MockConfigEntry,
    expected_warnings: list[str],
    status: int,
    retry_after: str,
) -> None:
    """The account is unavailable for as long as the server has trouble, and no longer; it says so itself."""
    expected_warnings.append("has trouble of its own")
    coordinator = office.runtime_data.coordinator
    page.refusals["GET", "/api/v2/users"] = status
    page.retry_after = formatdate(time.time() + 90, usegmt=True) if retry_after == "a date" else retry_after
    coordinator.async_reread_directory()
    await coordinator.async_refresh()
    assert not coordinator.last_update_success
    assert coordinator.last_exception.translation_key == "trouble"
    assert coordinator.last_exception.retry_after == (pytest.approx(90, abs=2) if retry_after else None)
    page.refusals.clear()
    await coordinator.async_refresh()
    assert coordinator.last_update_success


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("status", [500, 503])
@proves("voxloud", "error_500", "error_503")
async def test_trouble_with_a_command(hass: HomeAssistant, page: VoxloudPage, status: int) -> None:
    """A server that is down has done nothing, one that failed may have called; nothing is sent twice."""
    connect = f"{CLICKS}/{CLICK_ID}/connect"
    page.refusals["POST", connect] = status
    called = act(hass, "click_to_call", extension="101", number="+39987654321", dial_first="contact")
    if status == 500:
        assert plain(await called)["outcome"] == "unknown"
    else:
        with pytest.raises(HomeAssistantError) as raised:
            await called
        assert raised.value.translation_key == "trouble"
        assert raised.value.translation_placeholders == {"provider": "Voxloud", "answer": f"HTTP {status}"}
    assert len(page.sent("POST", connect)) == 1


# -- contacts ------------------------------------------------------------------------------------------

FULL = {
    "first_name": "Ada",
    "last_name": "Rossi",
    "number": "0312345678",
    "numbers": ["+390387654321"],
    "email": "ada@example.com",
    "emails": ["rossi@example.com"],
    "company": "Rossi S.r.l.",
    "job_title": "CEO",
    "website": "www.rossi.example",
    "source": "Hubspot",
    "source_url": "https://crm.example/1",
}
ON_THE_WIRE = {
    "first_name": "Ada",
    "last_name": "Rossi",
    "primary_phone": "+390312345678",
    "phones": ["+390387654321"],
    "primary_email": "ada@example.com",
    "emails": ["rossi@example.com"],
    "company_name": "Rossi S.r.l.",
    "job_title": "CEO",
    "website": "www.rossi.example",
    "crm_name": "Hubspot",
    "crm_contact_url": "https://crm.example/1",
}


@pytest.mark.usefixtures("office")
@proves(
    "voxloud", "contact_create", "contact_e164", "contact_fields", "contact_created", "contact_get", "contact_delete"
)
async def test_a_contact(hass: HomeAssistant, page: VoxloudPage) -> None:
    """Every field arrives under the table's name and comes back, with the times; then it is removed."""
    made = await act(hass, "create_contact", **FULL)
    assert page.sent("POST", CONTACTS) == [ON_THE_WIRE]
    assert made is not None
    expected = {
        **FULL,
        "number": "+390312345678",
        "id": made["id"],
        "created_at": "2022-12-27T13:42:37+00:00",
        "updated_at": "2022-12-27T13:42:37+00:00",
    }
    assert made == expected
    assert await act(hass, "search_contacts", contact_id=made["id"]) == {"contacts": [expected], "has_next": False}
    assert page.asked[-1].path == f"{CONTACTS}/{made['id']}"
    await act(hass, "create_contact", first_name="Bea", number="+390312345000")
    assert page.sent("POST", CONTACTS)[-1] == {"first_name": "Bea", "primary_phone": "+390312345000"}
    await act(hass, "delete_contact", contact_id=made["id"])
    assert made["id"] not in page.contacts


@pytest.mark.usefixtures("office")
@proves("voxloud", "contact_update")
async def test_an_update(hass: HomeAssistant, page: VoxloudPage) -> None:
    """What is not given stays as it was; the required fields go along."""
    page.now = "2026-01-01T00:00:00+01:00"
    changed = await act(hass, "update_contact", contact_id=JOHN_ID, company="Doe & Sons")
    (sent,) = page.sent("PUT", f"{CONTACTS}/{JOHN_ID}")
    assert {
        "first_name": "John",
        "primary_phone": "+390312345678",
        "company_name": "Doe & Sons",
    }.items() <= sent.items()
    assert changed is not None
    assert (changed["company"], changed["updated_at"]) == ("Doe & Sons", "2025-12-31T23:00:00+00:00")


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("query", "sent"),
    [
        ({"first_name": "jOhN", "last_name": "dOe"}, {"first_name": "jOhN", "last_name": "dOe"}),
        ({"first_name": "oh"}, {"first_name": "oh"}),
        ({"email": "j.doe0"}, {"email": "j.doe0"}),
        ({"number": "678"}, {"phone": "678"}),
        ({"number": "+390312345678"}, {"phone": "+390312345678"}),
    ],
)
@proves("voxloud", "contact_search", "contact_offset", "contact_limit")
async def test_a_search(hass: HomeAssistant, page: VoxloudPage, query: dict[str, str], sent: dict[str, str]) -> None:
    """Full or partial names, number and email, each in its own parameter."""
    found = await act(hass, "search_contacts", **query)
    assert found is not None
    assert [contact["id"] for contact in found["contacts"]] == [JOHN_ID]
    assert page.asked[-1].query == {**sent, "offset": "0", "limit": "20"}


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("caller", "name"),
    [
        ("+390312345678", "John Doe"),
        ("+390387654322", "Maria Rosi"),
        ("+39031234567", None),
        ("+39031", None),
        ("678", None),
        ("+3903123456", None),
        ("+390312345600", "Zoe"),
    ],
)
@proves("voxloud", "contact_search")
async def test_a_part_of_a_number_is_nobodys(
    hass: HomeAssistant,
    page: VoxloudPage,
    hass_client_no_auth: ClientSessionGenerator,
    caller: str,
    name: str | None,
) -> None:
    """A search finds parts of numbers: a caller has the name of whoever has the whole one, and of nobody else."""
    for number in range(600, 650):
        contact = {"id": f"c{number}", "first_name": f"Not {number}", "primary_phone": f"+390312345600{number}"}
        page.contacts[contact["id"]] = contact
    page.contacts["zoe"] = {"id": "zoe", "first_name": "Zoe", "primary_phone": "+390312345600"}
    at = int(time.time()) * 1000
    rings, talks = (
        payload(kind, originatorNumber=caller, originatorName=caller, timestamp=at + late)
        for kind, late in (("CALL_INCOMING", 0), ("CALL_ANSWERED", 1000))
    )
    await told(hass, hass_client_no_auth, rings)
    await hass.async_block_till_done(wait_background_tasks=True)
    (answered,) = await told(hass, hass_client_no_auth, talks)
    assert answered.get("from_name") == name


@pytest.mark.usefixtures("office")
@proves("voxloud", "contact_offset", "contact_limit", "contact_has_next")
async def test_pages_of_contacts(hass: HomeAssistant, page: VoxloudPage) -> None:
    """Never more than 100 at once, and no page after the last."""
    for number in range(250):
        contact = {"id": f"c{number}", "first_name": "Zoe", "primary_phone": f"+3903123{number:05}"}
        page.contacts[contact["id"]] = contact
    page.asked.clear()
    found = await act(hass, "search_contacts", first_name="Zoe", limit=1000)
    assert found is not None
    assert (len(found["contacts"]), found["has_next"]) == (250, False)
    assert [(asked.query["offset"], asked.query["limit"]) for asked in page.asked if asked.path == CONTACTS] == [
        ("0", "100"),
        ("100", "100"),
        ("200", "100"),
    ]
    found = await act(hass, "search_contacts", first_name="Zoe", limit=100)
    assert found is not None
    assert found["has_next"]


# -- users ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("office")
@proves("voxloud", "users", "user_extension", "user_outbound")
async def test_users(hass: HomeAssistant, page: VoxloudPage) -> None:
    """Extensions with their names and the numbers they may show, which an action takes by label."""
    assert any(asked.path == "/api/v2/users" for asked in page.asked)
    state = hass.states.get("sensor.john_smith_101_outgoing_number")
    assert state is not None
    assert state.state == "+390112121212"
    assert state.attributes["numbers"] == [
        {"number": "+390112121212", "label": "Main office"},
        {"number": "+3943212332432", "label": "Customer support"},
        {"number": "+3902421321222", "label": "Secondary office"},
    ]
    assert hass.states.get("sensor.federico_support_102_outgoing_number") is not None
    await act(hass, "click_to_call", extension="101", number="+39987654321", caller_id_number="customer support")
    assert page.sent("POST", CLICKS)[-1]["outboundNumber"] == "+3943212332432"


@pytest.mark.parametrize(
    ("chosen", "sent"),
    [
        ({}, ("+390112121212", "extension")),
        ({"caller_id_number": "+3943212332432"}, ("+3943212332432", "extension")),
        ({"caller_id_number": "Secondary Office"}, ("+3902421321222", "extension")),
        ({"caller_id_number": "011 2121 212"}, ("+390112121212", "extension")),
        ({"dial_first": "contact"}, ("+390112121212", "contact")),
    ],
    ids=["usual", "picked", "label", "typed", "contact first"],
)
@proves("voxloud", "user_outbound", "click_outbound", "click_first")
async def test_a_speed_dial_shows_one_of_them(
    hass: HomeAssistant, page: VoxloudPage, office: MockConfigEntry, chosen: dict[str, str], sent: tuple[str, str]
) -> None:
    """The form of a speed dial lists the numbers with their labels; the button shows the one that was chosen."""
    page.clicks.clear()
    kind = (office.entry_id, "speed_dial")
    form = await hass.config_entries.subentries.async_init(kind, context={"source": SOURCE_USER})
    assert form["data_schema"] is not None
    listed = form["data_schema"].schema["caller_id_number"].config["options"]
    assert {"value": "+3943212332432", "label": "+3943212332432 Customer support"} in listed
    assert len({option["value"] for option in listed}) == len(listed)
    taxi = {"name": "Taxi", "extension": "101", "number": "+39987654321", **chosen}
    done = await hass.config_entries.subentries.async_configure(form["flow_id"], taxi)
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    await hass.services.async_call("button", "press", {"entity_id": "button.taxi"}, blocking=True)
    (made,) = page.sent("POST", CLICKS)
    assert (made["outboundNumber"], made["dial_first"]) == sent
    assert [contact for _, contact in page.connected] == ["+39987654321"]


# -- subscriptions -------------------------------------------------------------------------------------


@pytest.fixture
async def reachable(hass: HomeAssistant) -> None:
    """Give the house an address on the internet."""
    await hass.config.async_update(external_url=HOME)


@pytest.mark.usefixtures("reachable")
@proves("voxloud", "subscription_create", "subscription_kinds", "subscription_email", "subscription_of_others")
async def test_subscriptions(hass: HomeAssistant, page: VoxloudPage, connect: Connect) -> None:
    """One for each kind that the page lets be created, with an email only where one is given."""
    others = {key: dict(value) for key, value in page.subscriptions.items()}
    await connect("voxloud", typed(page))
    await hass.async_block_till_done(wait_background_tasks=True)
    made = [body for body in page.sent("POST", SUBSCRIPTIONS) if body["event_type"] in CREATED_KINDS]
    assert sorted(made, key=lambda body: CREATED_KINDS.index(body["event_type"])) == [
        {"callback_url": HOOK, "event_type": kind} for kind in CREATED_KINDS
    ]
    assert {key: page.subscriptions[key] for key in others} == others


@pytest.mark.usefixtures("reachable")
@proves("voxloud", "subscription_email")
async def test_whom_it_tells(hass: HomeAssistant, page: VoxloudPage, connect: Connect) -> None:
    """The address of the options goes along."""
    await connect("voxloud", typed(page), {"notification_email": "me@example.com"})
    await hass.async_block_till_done(wait_background_tasks=True)
    assert {body["notification_email"] for body in page.sent("POST", SUBSCRIPTIONS)} == {"me@example.com"}


def ours(page: VoxloudPage, kind: str, **more: Any) -> dict[str, Any]:
    """Add a subscription of ours, as an earlier run left it."""
    made = {
        "id": f"ours-{kind}",
        "event_type": kind,
        "failed_count": 0,
        "enabled": True,
        "callback_url": HOOK,
        **more,
    }
    page.subscriptions[made["id"]] = made
    return made


@pytest.mark.usefixtures("reachable")
@proves("voxloud", "subscription_list", "subscription_click", "subscription_update", "subscription_disabled")
async def test_subscriptions_that_are_there(hass: HomeAssistant, page: VoxloudPage, connect: Connect) -> None:
    """Both spellings of the list are read: none is made twice, and one that is disabled is enabled again."""
    for kind in (*CREATED_KINDS, "CLICK_TO_CALL"):
        ours(page, kind, enabled=kind != "CALL_HANGUP")
    await connect("voxloud", typed(page))
    await hass.async_block_till_done(wait_background_tasks=True)
    assert not page.sent("POST", SUBSCRIPTIONS)
    assert page.sent("PUT", f"{SUBSCRIPTIONS}/ours-CALL_HANGUP") == [
        {"id": "ours-CALL_HANGUP", "callback_url": HOOK, "event_type": "CALL_HANGUP", "enabled": True},
    ]
    assert all(item["enabled"] for item in page.subscriptions.values())


@pytest.mark.usefixtures("reachable")
@proves("voxloud", "subscription_failed", "subscription_disabled")
async def test_the_last_error(hass: HomeAssistant, page: VoxloudPage, connect: Connect) -> None:
    """Where a subscription cannot be mended, the repair issue has the phone system's own error."""
    entry = await connect("voxloud", typed(page))
    await hass.async_block_till_done(wait_background_tasks=True)
    broken = next(item for item in page.subscriptions.values() if item["callback_url"] == HOOK)
    broken |= {"enabled": False, "failed_count": 5, "last_error": "Connection refused"}
    page.refusals["PUT", f"{SUBSCRIPTIONS}/{broken['id']}"] = 500
    await entry.runtime_data.subscription._async_verify()  # noqa: SLF001 - it comes by a timer
    issue = ir.async_get(hass).async_get_issue(DOMAIN, f"webhook_disabled_{entry.entry_id}")
    assert issue is not None
    assert issue.translation_placeholders is not None
    assert issue.translation_placeholders["reason"] == "Connection refused"


@pytest.mark.usefixtures("reachable")
@proves("voxloud", "subscription_delete", "subscription_of_others", "click_delete")
async def test_what_is_left_behind(hass: HomeAssistant, page: VoxloudPage, connect: Connect) -> None:
    """With the account go its subscriptions and the objects it made, and nothing of others."""
    entry = await connect("voxloud", typed(page))
    await hass.async_block_till_done(wait_background_tasks=True)
    await act(hass, "click_to_call", extension="102", number="+39987654321")
    assert len(page.clicks) == 3
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert {item["callback_url"] for item in page.subscriptions.values()} == {ELSEWHERE}
    assert CLICK_ID in page.clicks
    assert len(page.clicks) == 2


# -- webhooks ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("office")
@proves(
    "voxloud",
    "webhook_envelope",
    "webhook_incoming",
    "webhook_answered",
    "webhook_hangup",
    "webhook_user",
    "webhook_numbers",
)
async def test_an_incoming_call(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """From its ringing to its end, with all ten fields of the page."""
    at = int(time.time()) * 1000
    bodies = [
        payload(kind, type=kind.removeprefix("CALL_"), timestamp=at + seconds * 1000)
        for kind, seconds in (("CALL_INCOMING", 0), ("CALL_ANSWERED", 4), ("CALL_HANGUP", 64))
    ]
    found = await told(hass, hass_client_no_auth, *bodies)
    incoming, answered, *_ = found
    assert [event["type"] for event in found[:2]] == ["call_incoming", "call_answered"]
    assert incoming["provider_event"] == "CALL_INCOMING"
    fields = {
        "call_id": "9cb33f1b427c4d8983a064f0bd68be95",
        "direction": "incoming",
        "from_number": "+390687654321",
        "from_name": "Another User",
        "to_number": "+3912345678",
        "to_name": "Some User",
        "extension": "101",
        "user_email": "some.user@example.com",
        "sip_username": "sip_user",
    }
    assert fields.items() <= incoming.items()
    assert fields.items() <= answered.items()


@pytest.mark.usefixtures("office")
@proves("voxloud", "webhook_started", "webhook_user")
async def test_a_call_that_is_placed(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """An outbound call begins at the extension of its user."""
    found = await told(hass, hass_client_no_auth, payload("CALL_STARTED", destinationNumber="+39987654321"))
    assert [event["type"] for event in found] == ["call_outgoing"]
    assert {"extension": "101", "to_number": "+39987654321", "user_email": "user1@example.com"}.items() <= found[
        0
    ].items()


@pytest.mark.usefixtures("office")
@proves(
    "voxloud",
    "webhook_phone_call",
    "webhook_milliseconds",
    "record_duration",
    "record_recording",
    "record_voicemail",
    "record_answerer",
    "record_labels",
    "record_crm",
    "record_archived",
    "record_masked",
    "record_sentiment",
    "record_direction",
)
async def test_a_record(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """The page's own example, field by field."""
    found = await told(hass, hass_client_no_auth, payload("PHONE_CALL"))
    record = next(event for event in found if event["type"] == "call_record")
    assert {
        "record_id": "8395",
        "record_type": "phone_call",
        "call_id": "1734bfbbd5dc4a9c8de1d2e5235e6389",
        "direction": "internal",
        "outcome": "answered",
        "from_number": "101",
        "from_name": "User1 User2",
        "to_number": "102",
        "to_name": "User2 User2",
        "answered_by_number": "102",
        "answered_by_name": "User2 User2",
        "caller_masked": False,
        "caller_hidden": False,
        "hangup_cause": "CALL_TERMINATED",
        "ring_time": 1.0,
        "duration": 3.0,
        "archived": False,
        "recorded": True,
        "recording_url": PHONE_CALL["recordingUrl"],
        "voicemail": True,
        "voicemail_url": PHONE_CALL["voicemail_url"],
        "labels": ["label1", "label2"],
        "rules": ["IVRRule1", "IVRRule2"],
        "contact_source": "Hubspot",
        "contact_url": PHONE_CALL["contactCrmUrl"],
        "contact_logo": PHONE_CALL["crmLogo"],
        "transcription": PHONE_CALL["transcription"],
        "summary": PHONE_CALL["summary"],
        "sentiment": 73.0,
        "started_at": datetime.fromtimestamp(1523369486, UTC).isoformat(),
    }.items() <= record.items()
    assert {"recording_ready", "voicemail_received"} <= {event["type"] for event in found}


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("said", "direction"), [("INTERNAL", "internal"), ("OUTBOUND", "outgoing"), ("INBOUND", "incoming")]
)
@proves("voxloud", "record_direction", "events_anonymous")
async def test_directions_and_hidden_callers(
    hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, said: str, direction: str
) -> None:
    """Each of the three; of *anonymous* no number is made, and it is marked."""
    found = await told(hass, hass_client_no_auth, payload("PHONE_CALL", direction=said, originatorNumber="anonymous"))
    record = next(event for event in found if event["type"] == "call_record")
    assert record["direction"] == direction
    assert "from_number" not in record
    assert record.get("caller_hidden", direction == "outgoing")


OUTCOMES = {
    "CALL_REQUEST": "unknown",
    "CALL_STARTED": "unknown",
    "CALL_CANCELED_BY_ORIGINATOR": "missed",
    "CALL_ANSWERED": "answered",
    "CALL_TERMINATED": "answered",
    "CALL_REJECTED": "rejected",
    "CALL_LOST_LOSE_RACE": "answered_elsewhere",
    "CALL_LOST_NO_ANSWER": "missed",
    "CALL_TRANSFERRED": "answered",
    "CALL_LOST_USER_BUSY": "busy",
}


@pytest.mark.usefixtures("office")
@proves("voxloud", "record_last_event")
async def test_how_a_call_ended(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """Each of the ten words has an outcome."""
    assert set(OUTCOMES) == set(LAST_EVENTS)
    bodies = [
        payload(
            "PHONE_CALL",
            without=("answererNumber", "answererName"),
            id=number,
            callId=f"call{number}",
            lastEvent=word,
            direction="INBOUND",
            voicemail=False,
        )
        for number, word in enumerate(OUTCOMES, 1)
    ]
    found = await told(hass, hass_client_no_auth, *bodies)
    records = {event["hangup_cause"]: event["outcome"] for event in found if event["type"] == "call_record"}
    assert records == OUTCOMES


@pytest.mark.usefixtures("office")
@proves("voxloud", "record_transcription", "record_sentiment")
async def test_long_texts(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """They arrive whole, and no state grows over its limit; a sentiment of 0 is a number."""
    body = payload("PHONE_CALL", transcription="t" * 65_535, summary="s" * 3_500, sentiment_score=0)
    found = await told(hass, hass_client_no_auth, body)
    record = next(event for event in found if event["type"] == "call_record")
    assert (len(record["transcription"]), len(record["summary"]), record["sentiment"]) == (65_535, 3_500, 0)
    assert all(len(state.state) <= 255 for state in hass.states.async_all())


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("direction", ["outbound", "inbound"])
@proves("voxloud", "webhook_fax", "webhook_fax_inbound")
async def test_a_fax(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator, direction: str) -> None:
    """Both ways, the incoming one without a description."""
    inbound = direction == "inbound"
    body = payload("FAX_CALL", without=("description",) if inbound else (), direction=direction)
    (fax,) = await told(hass, hass_client_no_auth, body)
    assert fax["type"] == ("fax_received" if inbound else "fax_sent")
    assert {
        "fax_id": "1234",
        "from_number": "39123456789",  # the example has no plus, and none is made up
        "to_number": "39987654321",
        "pages": 4,
        "document_url": body["data"]["attachment_url"],
    }.items() <= fax.items()
    assert ("description" in fax) is not inbound


@pytest.mark.usefixtures("office")
@proves("voxloud", "webhook_click")
async def test_a_click(hass: HomeAssistant, hass_client_no_auth: ClientSessionGenerator) -> None:
    """The record of a call on a click says that it is one, and who was called first."""
    found = await told(hass, hass_client_no_auth, payload("CLICK_TO_CALL"))
    record = next(event for event in found if event["type"] == "call_record")
    assert {
        "record_id": "517",
        "record_type": "click_to_call",
        "click_to_call_type": "extension",
        "queue_call_id": "303b553038d9847c93ca59ebd310225fae95-clicktocall",
        "direction": "outgoing",
        "duration": 39.0,
    }.items() <= record.items()


# -- telephony events ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("office")
@proves("voxloud", "events_query", "events_time_zone", "events_sort", "events_page", "events_time", "events_anonymous")
async def test_the_history(hass: HomeAssistant, page: VoxloudPage) -> None:
    """The page's own query; faxes and calls on a click are told from calls."""
    answer = await act(hass, "get_call_history", start="2018-03-11T07:00:00+00:00", end="2018-06-16T07:00:00+00:00")
    assert page.sent("POST", EVENTS) == [
        {"date_time_from": "2018-03-11T07:00:00.000Z", "date_time_to": "2018-06-16T07:00:00.000Z"},
    ]
    assert {"sort": "timestamp,desc", "page": "0"}.items() <= page.asked[-1].query.items()
    assert answer is not None
    assert [(record["record_id"], record["record_type"]) for record in answer["records"]] == [
        ("8563", "fax"),
        ("8536", "phone_call"),
        ("8395", "phone_call"),
    ]
    fax, call, _ = answer["records"]
    assert fax["caller_hidden"]
    assert "from_number" not in fax
    assert call["started_at"] == "2018-05-07T13:47:49+00:00"
    assert answer["total"] == 3


@pytest.mark.usefixtures("office")
@proves("voxloud", "events_query")
async def test_the_history_of_a_number(hass: HomeAssistant, page: VoxloudPage) -> None:
    """A number is asked for in the ways in which it may be stored."""
    answer = await act(hass, "get_call_history", number="0697631539")
    assert {body["number"] for body in page.sent("POST", EVENTS)} == {"+390697631539", "390697631539", "0697631539"}
    assert answer is not None
    assert [record["record_id"] for record in answer["records"]] == ["8536"]


@pytest.mark.usefixtures("office")
@proves("voxloud", "events_sort")
async def test_the_order_of_another_property(hass: HomeAssistant, page: VoxloudPage) -> None:
    """*The property used for sorting*: any that the API takes, both ways."""
    for sort, direction, first in (("newest", "desc", "517"), ("oldest", "asc", "8395")):
        answer = await act(hass, "get_call_history", sort_by="duration", sort=sort)
        assert page.asked[-1].query["sort"] == f"duration,{direction}"
        assert answer is not None
        assert answer["records"][0]["record_id"] == first
    assert await refused(hass, "get_call_history", sort_by="duration,desc&x=1") == (
        "invalid_value",
        {"provider": "Voxloud", "field": "sort_by", "value": ""},
    )


@pytest.mark.usefixtures("office")
@proves("voxloud", "events_page", "events_last")
async def test_pages_of_events(hass: HomeAssistant, page: VoxloudPage) -> None:
    """The first page is 0, and nothing is asked for after the last."""
    page.events = {
        str(number): {**PHONE_CALL, "id": number, "callId": f"call{number}", "timestamp": 1523369486000 + number}
        for number in range(1, 251)
    }
    answer = await act(hass, "get_call_history", limit=1000)
    assert answer is not None
    assert (len(answer["records"]), answer["total"]) == (250, 250)
    assert [asked.query["page"] for asked in page.asked if asked.path == EVENTS] == ["0", "1", "2"]


@pytest.mark.usefixtures("office")
@proves("voxloud", "events_json")
async def test_csv(hass: HomeAssistant, page: VoxloudPage) -> None:
    """The table of the phone system, asked for by the header that the page names."""
    answer = await act(hass, "get_call_history", format="csv")
    assert page.asked[-1].headers["Accept"] == "text/csv"
    assert answer is not None
    assert answer["csv"].startswith("id,type,")


@pytest.mark.usefixtures("office")
@proves("voxloud", "event_get", "event_of_call")
async def test_one_event(hass: HomeAssistant, page: VoxloudPage) -> None:
    """By its id, and by the id of its call."""
    answer = await act(hass, "get_call_history", record_id="8395")
    assert page.asked[-1].path == f"{EVENTS}/8395"
    assert answer is not None
    assert [record["record_id"] for record in answer["records"]] == ["8395"]
    answer = await act(hass, "get_call_history", call_id="125113c1-cca0-1236-9ea3-06f6192f6ec4")
    assert page.asked[-1].query == {"callId": "125113c1-cca0-1236-9ea3-06f6192f6ec4"}
    assert answer is not None
    assert [record["record_id"] for record in answer["records"]] == ["8536"]


# -- click to call -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("office")
@proves(
    "voxloud",
    "click_create",
    "click_outbound",
    "click_first",
    "click_reuse",
    "click_list",
    "click_name",
    "click_connect",
    "click_e164",
)
async def test_calls_on_a_click(hass: HomeAssistant, page: VoxloudPage) -> None:
    """An object is made once and used again; one of others that fits is used as well."""
    for number in ("0287654321", "+39987654321"):
        await act(hass, "click_to_call", extension="101", number=number)
    await act(hass, "click_to_call", extension="102", number="+39987654321", dial_first="contact")
    (made,) = page.sent("POST", CLICKS)
    assert made == {
        "name": made["name"],
        "extension": "101",
        "outboundNumber": "+390112121212",
        "dial_first": "extension",
    }
    own = next(key for key, click in page.clicks.items() if click["name"] == made["name"])
    assert page.connected == [
        (own, "+390287654321"),
        (own, "+39987654321"),
        ("7fad6102abe18759324cd292344aa3213", "+39987654321"),
    ]


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("group", ["201", "202"])
@proves("voxloud", "click_create", "click_limit")
async def test_calls_of_a_group(hass: HomeAssistant, page: VoxloudPage, group: str) -> None:
    """Groups have objects as well, though no list of them."""
    for action in ("click_to_call", "originate"):
        await act(hass, action, extension=group, number="+39987654321")
    assert [body["extension"] for body in page.sent("POST", CLICKS)] == [group]
    assert len(page.connected) == 2


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("over", [400, 403, 429])
@proves("voxloud", "click_limit")
async def test_the_limit(hass: HomeAssistant, page: VoxloudPage, over: int) -> None:
    """*Dependent on the sum of users and groups*: no extension is ever blocked, and nothing of others is removed."""
    page.over_the_limit = over
    others = set(page.clicks)
    for extension, first in (
        ("101", "extension"),
        ("102", "extension"),
        ("201", "extension"),
        ("202", "contact"),
        ("202", "extension"),
        ("201", "contact"),
        ("101", "extension"),
        ("102", "extension"),
    ):
        await act(hass, "click_to_call", extension=extension, number="+39987654321", dial_first=first)
        assert page.clicks[page.connected[-1][0]]["extension"] == extension
        assert len(page.clicks) <= page.most_clicks
    assert others <= set(page.clicks)
    assert len(page.connected) == 8


@proves("voxloud", "click_limit")
async def test_the_limit_with_two_objects_for_an_extension(
    hass: HomeAssistant, page: VoxloudPage, connect: Connect
) -> None:
    """Who rings first takes an object of its own: two people use up all, and the next one still calls."""
    page.users += [{**page.users[0], "id": f"u{number}", "extension_number": number} for number in (103, 104)]
    page.groups.clear()
    page.clicks.clear()
    await connect("voxloud", typed(page))
    for extension, first in (
        ("101", "extension"),
        ("101", "contact"),
        ("102", "extension"),
        ("102", "contact"),
        ("103", "extension"),
        ("104", "contact"),
        ("101", "extension"),
    ):
        await act(hass, "click_to_call", extension=extension, number="+39987654321", dial_first=first)
        used = page.clicks[page.connected[-1][0]]
        assert (used["extension"], used["dial_first"]) == (extension, first)
    assert len(page.clicks) == page.most_clicks == 4
    assert len(page.connected) == 7


@pytest.mark.usefixtures("office")
@proves("voxloud", "click_limit", "click_list", "click_get", "click_delete")
async def test_leftovers(hass: HomeAssistant, page: VoxloudPage) -> None:
    """Where objects of others take all the room, the refusal says so, and a person can remove one of them."""
    for number in range(2):
        page.clicks[f"left{number}"] = {**page.clicks[CLICK_ID], "id": f"left{number}", "name": f"left{number}"}
    answer = await act(hass, "click_to_call", extension="201", number="+39987654321")
    assert answer is not None
    assert (answer["outcome"], answer["code"]) == ("refused", "403")
    assert "limit" in answer["answer"]
    listed = await act(hass, "get_click_to_calls")
    assert listed is not None
    assert listed["click_to_calls"][0] == {
        "click_to_call_id": CLICK_ID,
        "name": "ctc-support",
        "extension": "101",
        "caller_id_number": "+390660786731",
        "dial_first": "contact",
        "made_here": False,
    }
    one = await act(hass, "get_click_to_calls", click_to_call_id="left0")
    assert page.asked[-1].path == f"{CLICKS}/left0"
    assert one is not None
    assert [found["name"] for found in one["click_to_calls"]] == ["ctc-left0"]
    await act(hass, "delete_click_to_call", click_to_call_id="left0")
    assert page.asked[-1].method == "DELETE"
    await act(hass, "click_to_call", extension="201", number="+39987654321")
    assert json.loads(page.asked[-1].text) == {"contact": "+39987654321"}
