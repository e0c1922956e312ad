"""Each row of VoIPstudio's page, from Home Assistant's action or form to the wire and back."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_REAUTH, SOURCE_USER
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.providers.voipstudio import contacts as contacts_module
from custom_components.pbx.providers.voipstudio import history as history_module
from custom_components.pbx.providers.voipstudio.api import base_url, where

from ..every_action import act
from .conftest import Connect
from .proofs import proves
from .voipstudio import BASE, RefusalError, VoipstudioPage, basic

ANNA = {"id": 12345, "ext": "1001", "first_name": "Anna", "last_name": "Keller", "email": "user@example.com"}
BORIS = {"id": 12346, "ext": "1002", "first_name": "Boris", "last_name": "Novak", "email": "b@example.com"}


def leg(number: int, **more: Any) -> dict[str, Any]:
    """Return a row of the call records."""
    return {
        "id": number,
        "live_id": 1000 + number,
        "root_live_id": 1000 + number,
        "is_root": 1,
        "type": "I",
        "calldate": f"2026-05-11 16:35:{number:02}",
        "src": "447911123456",
        "src_id": "0",
        "src_name": "Grace",
        "dst": "441632960500",
        "dst_id": "12345",
        "dst_name": "Anna Keller",
        "duration": 51,
        "billsec": 42,
        "disposition": "CONNECTED",
        "destination": "in",
        **more,
    }


@pytest.fixture
async def page(hass: HomeAssistant) -> AsyncGenerator[VoipstudioPage]:
    """Start the API of the page, with the resources that a phone system has; the page names none."""
    await hass.config.async_update(country="GB")
    server = VoipstudioPage()
    server.resources = {
        "me": {**ANNA, "customer_id": 2},
        "users": [dict(ANNA), dict(BORIS)],
        "queues": [],
        "calls": [],
        "cdrs": [
            leg(1),
            leg(2, type="M", disposition="NO ANSWER", src="447911123457"),
            leg(3, type="O", destination="out", src="1001", src_id="12345", dst_id="0"),
        ],
        "contacts": [
            {
                "id": 1,
                "first_name": "Grace",
                "last_name": "Hopper",
                "tel": "447911123456",
                "mobile": "",
                "email": "g@example.com",
            },
            {
                "id": 2,
                "first_name": "Łucja",
                "last_name": 'O\'Brien & "Sons" +1',
                "tel": "",
                "mobile": "447911123457",
                "email": "",
            },
        ],
        "monitors": [],
        "voicemessages": [],
        "sms": [],
    }
    # The page shows one operator and names no order: these are known from elsewhere.
    server.operators |= {
        "eq": lambda value, wanted: str(value) == str(wanted),
        "gte": lambda value, wanted: str(value) >= str(wanted),
        "lte": lambda value, wanted: str(value) <= str(wanted),
    }
    server.parameters |= {"sort", "dir", "include", "fields[users]"}
    await server.start()
    yield server
    await server.stop()


def typed(page: VoipstudioPage, **more: Any) -> dict[str, Any]:
    """Return what a person types into the form."""
    return {"url": f"{page.address}{BASE}", **more}


def by_key(page: VoipstudioPage) -> dict[str, Any]:
    """Return what a person types who has an API key."""
    return typed(page, api_key=page.api_key, user_id=str(page.user_id))


@pytest.fixture
async def office(page: VoipstudioPage, connect: Connect) -> MockConfigEntry:
    """Set the account up with an API key."""
    return await connect("voipstudio", {**by_key(page), "authentication": "basic"})


async def set_up(hass: HomeAssistant, given: dict[str, Any]) -> Any:
    """Go through the form; return where that ends."""
    flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
    form = await hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": "voipstudio"})
    done = await hass.config_entries.flow.async_configure(form["flow_id"], given)
    if done["type"] is FlowResultType.FORM and done["step_id"] == "paste":
        done = await hass.config_entries.flow.async_configure(done["flow_id"], {})
    return done


async def finished(hass: HomeAssistant, done: Any) -> None:
    """Unload the account that a form has made."""
    await hass.async_block_till_done()
    await hass.config_entries.async_unload(done["result"].entry_id)


# -- who asks ------------------------------------------------------------------------------------------


@proves("voipstudio", "base", "login", "login_special", "login_answer", "basic")
async def test_email_and_password(hass: HomeAssistant, page: VoipstudioPage) -> None:
    """The log-in's answer is enough: its id and token are the user and password of every further request."""
    done = await set_up(hass, typed(page, email=page.email, password=page.password))
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert page.sent("POST", "login") == [{"email": page.email, "password": "$ecretPas$$"}]
    first, *others = page.asked
    assert "Authorization" not in first.headers
    assert first.headers["Content-Type"] == "application/json"
    assert others[-1].headers["Authorization"] == basic(page.user_id, "user_token_1")
    assert all(asked.path.startswith(f"{BASE}/") for asked in page.asked)
    kept = done["result"].data
    assert (kept["user_id"], kept["authentication"]) == ("12345", "basic")
    assert "password" not in kept
    await finished(hass, done)


@proves("voipstudio", "login_wrong")
async def test_a_wrong_password(hass: HomeAssistant, page: VoipstudioPage) -> None:
    """It is told in the form, and tried once."""
    done = await set_up(hass, typed(page, email=page.email, password="wrong"))
    assert (done["type"], done["errors"]) == (FlowResultType.FORM, {"base": "invalid_auth"})
    assert len(page.sent("POST", "login")) == 1


@proves("voipstudio", "api_key", "basic")
async def test_an_api_key(hass: HomeAssistant, page: VoipstudioPage) -> None:
    """In the place of the token, with the id of its user, and no log-in at all; another user's is refused."""
    done = await set_up(hass, {**by_key(page), "user_id": "54321"})
    assert (done["type"], done["errors"]) == (FlowResultType.FORM, {"base": "invalid_auth"})
    done = await set_up(hass, by_key(page))
    assert done["type"] is FlowResultType.CREATE_ENTRY
    assert not page.sent("POST", "login")
    await hass.async_block_till_done()
    assert {asked.headers.get("Authorization") for asked in page.asked[-3:]} == {basic(page.user_id, page.api_key)}
    await finished(hass, done)


@proves("voipstudio", "key_gone")
async def test_a_key_that_is_gone(hass: HomeAssistant, page: VoipstudioPage, office: MockConfigEntry) -> None:
    """A running account asks for a new one, and logs in nowhere by itself."""
    page.api_key = "another"
    with pytest.raises(HomeAssistantError):
        await act(hass, "get_call_history")
    await hass.async_block_till_done()
    (flow,) = hass.config_entries.flow.async_progress()
    assert (flow["context"]["source"], flow["context"]["entry_id"]) == (SOURCE_REAUTH, office.entry_id)
    assert not page.sent("POST", "login")


# -- answers -------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("created", [200, 201])
@proves("voipstudio", "status_2xx", "content_type", "single", "json")
async def test_a_contact(hass: HomeAssistant, page: VoipstudioPage, created: int) -> None:
    """It is added, changed, read and removed, with JSON in every body."""
    page.created = created
    made = await act(hass, "create_contact", first_name="Ada", number="07911 123999")
    assert made is not None
    assert page.sent("POST", "contacts") == [{"first_name": "Ada", "tel": "447911123999"}]
    changed = await act(hass, "update_contact", contact_id=made["id"], last_name="Rossi")
    assert changed is not None
    assert (changed["first_name"], changed["last_name"], changed["number"]) == ("Ada", "Rossi", "+447911123999")
    found = await act(hass, "search_contacts", contact_id=made["id"])
    assert found is not None
    assert found["contacts"] == [changed]
    await act(hass, "delete_contact", contact_id=made["id"])
    assert len(page.resources["contacts"]) == 2
    assert {asked.headers.get("Content-Type") for asked in page.asked} == {"application/json"}


ERRORS: tuple[tuple[list[Any], str], ...] = (
    (["first_name is too long", "tel is no number"], "first_name is too long; tel is no number"),
    ([], "Bad Request"),
    ([{"field": "tel", "message": "no number"}], "no number"),
)


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(("errors", "said"), ERRORS)
@proves("voipstudio", "status_4xx", "message", "errors")
async def test_errors(hass: HomeAssistant, page: VoipstudioPage, errors: list[Any], said: str) -> None:
    """All of them reach the person, the general message where there is none, and nothing is sent twice."""
    page.refusals["POST", "contacts"] = RefusalError(400, *errors)
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "create_contact", first_name="Ada", number="07911 123999")
    assert raised.value.translation_placeholders is not None
    assert raised.value.translation_placeholders["answer"] == said
    assert len(page.sent("POST", "contacts")) == 1


@proves("voipstudio", "status_5xx")
async def test_trouble_that_passes(page: VoipstudioPage, office: MockConfigEntry, expected_warnings: list[str]) -> None:
    """The account is unavailable for as long as the server has trouble, and no longer; it says so itself."""
    expected_warnings.append("has trouble of its own")
    coordinator = office.runtime_data.coordinator
    page.refusals["GET", "calls"] = RefusalError(500)
    await coordinator.async_refresh()
    assert not coordinator.last_update_success
    assert coordinator.last_exception.translation_key == "trouble"
    page.refusals.clear()
    await coordinator.async_refresh()
    assert coordinator.last_update_success


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("status", [500, 503])
@proves("voipstudio", "status_5xx", "errors")
async def test_trouble_with_a_command(hass: HomeAssistant, page: VoipstudioPage, status: int) -> None:
    """Who commands is told that the server answered, in its own words."""
    page.refusals["POST", "contacts"] = RefusalError(status, "The database is read-only")
    with pytest.raises(HomeAssistantError) as raised:
        await act(hass, "create_contact", first_name="Ada", number="07911 123999")
    assert raised.value.translation_key == "trouble"
    assert raised.value.translation_placeholders == {
        "provider": "VoIPstudio",
        "answer": f"{status}: The database is read-only",
    }
    assert len(page.sent("POST", "contacts")) == 1


# -- collections ---------------------------------------------------------------------------------------


@proves("voipstudio", "collection", "page", "limit", "total")
async def test_a_collection(page: VoipstudioPage, office: MockConfigEntry) -> None:
    """It is read page by page, as far as its total says."""
    users = page.resources["users"]
    assert isinstance(users, list)
    users += [{"id": 20000 + number, "ext": str(30000 + number), "first_name": f"U{number}"} for number in range(6000)]
    page.asked.clear()
    directory = await office.runtime_data.coordinator.provider.directory()  # as devices they would take half a minute
    assert len(directory.extensions) == 6002
    asked = [request.query for request in page.asked if request.path == f"{BASE}/users"]
    assert [(query["page"], query["limit"]) for query in asked] == [("1", "5000"), ("2", "5000")]
    assert all(int(request.query.get("limit", "0")) <= 5000 for request in page.asked)


@pytest.mark.usefixtures("office")
@proves("voipstudio", "filter", "filter_like", "total")
async def test_a_contact_is_filtered(
    hass: HomeAssistant, page: VoipstudioPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number is looked for by filter where the first page does not hold the whole list."""
    monkeypatch.setattr(contacts_module, "FIRST_ROWS", 1)
    page.asked.clear()
    found = await act(hass, "search_contacts", number="07911 123457")
    assert found is not None
    assert [contact["id"] for contact in found["contacts"]] == ["2"]
    filters = [json.loads(asked.query["filter"]) for asked in page.asked if "filter" in asked.query]
    assert filters == [[{"property": name, "operator": "like", "value": "911123457"}] for name in ("tel", "mobile")]


@pytest.mark.usefixtures("office")
@proves("voipstudio", "filter")
async def test_records_are_filtered(hass: HomeAssistant, page: VoipstudioPage, monkeypatch: pytest.MonkeyPatch) -> None:
    """By number and by direction, where the first page does not hold the whole list."""
    monkeypatch.setattr(history_module, "HISTORY_PAGE", 2)
    for query, ids in (({"number": "07911 123457"}, ["2"]), ({"direction": "outgoing"}, ["3"])):
        page.asked.clear()
        answer = await act(hass, "get_call_history", **query)
        assert answer is not None
        assert [record["record_id"] for record in answer["records"]] == ids
        assert any("filter" in asked.query for asked in page.asked)


@proves("voipstudio", "filter_encoding")
async def test_a_filter_of_all_scripts(page: VoipstudioPage, office: MockConfigEntry) -> None:
    """Blanks, quotes, &, + and letters of all scripts arrive as they were."""
    api = office.runtime_data.coordinator.provider.api
    words = 'O\'Brien & "Sons" +1 Łucja 東京'
    rows = await api.rows(api.http.ask, "contacts", {"filter": where(("last_name", "like", words))})
    assert rows == ()
    assert json.loads(page.asked[-1].query["filter"])[0]["value"] == words


@pytest.mark.usefixtures("office")
@proves("voipstudio", "group_by", "total")
async def test_figures(hass: HomeAssistant, page: VoipstudioPage) -> None:
    """The kinds that there are come of `group_by`, how many there are of each of `total`."""
    page.asked.clear()
    figures = await act(hass, "get_call_statistics")
    assert figures == {
        "total": 3,
        "answered": 2,
        "missed": 1,
        "by_direction": {"incoming": 2, "outgoing": 1},
    }
    assert {(asked.method, asked.query.get("group_by")) for asked in page.asked if asked.path == f"{BASE}/cdrs"} == {
        ("GET", "type"),
        ("GET", "disposition"),
        ("GET", None),
    }


@proves("voipstudio", "ssl")
def test_authentication_is_over_ssl() -> None:
    """Unless somebody types another address."""
    assert base_url("").startswith("https://")
    assert base_url("l7api.example").startswith("https://")
