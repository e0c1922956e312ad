"""Voxloud's literal server, asked with nothing but HTTP: it answers as the page's examples say."""

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from .page import Page
from .voxloud import (
    AUTH,
    CALL_KINDS,
    CLICK_ID,
    CLICK_TO_CALL,
    CLICKS,
    CONTACTS,
    CREATED_KINDS,
    ELSEWHERE,
    ERRORS,
    JOHN_ID,
    KINDS,
    LISTED_CALL,
    LISTED_FAX,
    PAYLOADS,
    PHONE_CALL,
    SUBSCRIPTION_ID,
    USERS,
    VoxloudPage,
    payload,
)
from .voxloud_rows import ROWS

CONTACT = {"first_name": "John", "primary_phone": "+390312345678"}
SUBSCRIPTION = {"callback_url": ELSEWHERE, "event_type": "CALL_INCOMING"}
CLICK = {"name": "support", "extension": "101", "outboundNumber": "+39123456789"}


class Client:
    """What a person with curl has: the key, and JSON."""

    def __init__(self, page: VoxloudPage, session: aiohttp.ClientSession) -> None:
        """Take the server and a session."""
        self._page = page
        self._session = session

    async def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Return the status of a request and the JSON of its answer, None when it has no body."""
        async with self._session.request(
            method,
            f"{self._page.address}/api/{path}",
            json=body,
            params=query or {},
            headers={AUTH: self._page.api_key, **(headers or {})},
        ) as response:
            text = await response.text()
            return response.status, await response.json() if text else None


class Listener(Page):
    """Somebody who receives webhooks."""

    status = 200

    async def answer(self, request: web.Request, text: str) -> web.StreamResponse:
        """Say that it arrived, or whatever a test wants."""
        return web.Response(status=self.status)


@pytest.fixture
async def page() -> AsyncGenerator[VoxloudPage]:
    """Start the PBX of the page."""
    server = VoxloudPage()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def ask(page: VoxloudPage) -> AsyncGenerator[Client]:
    """Return what asks the server."""
    async with aiohttp.ClientSession() as session:
        yield Client(page, session)


@pytest.fixture
async def listener() -> AsyncGenerator[Listener]:
    """Start somebody who receives webhooks."""
    server = Listener()
    await server.start()
    yield server
    await server.stop()


async def test_validate_auth(page: VoxloudPage, ask: Client) -> None:
    """The key names its company; without it, or with another, everything is refused."""
    assert await ask("POST", "v1/validate-auth") == (
        200,
        {"name": "company name", "email": "administrator@example.com"},
    )
    assert await ask("POST", "v1/validate-auth", headers={AUTH: "wrong"}) == (401, None)
    assert await ask("GET", "v2/users", headers={AUTH: ""}) == (401, None)
    assert [asked.headers[AUTH] for asked in page.asked] == [page.api_key, "wrong", ""]


@pytest.mark.parametrize("status", ERRORS)
async def test_error_codes(page: VoxloudPage, ask: Client, status: int) -> None:
    """Each error code of the table can be had, without a body and with one."""
    page.refusals["GET", "/api/v2/users"] = status
    assert await ask("GET", "v2/users") == (status, None)
    page.error_body = {"message": "no"}
    assert await ask("GET", "v2/users") == (status, {"message": "no"})
    del page.refusals["GET", "/api/v2/users"]
    assert await ask("GET", "v2/users") == (200, list(USERS))


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "v1/validate-auth", 405),
        ("DELETE", "v2/users", 405),
        ("PUT", "v1/contacts", 405),
        ("PUT", f"v1/click-to-call/{CLICK_ID}", 405),
        ("GET", f"v1/click-to-call/{CLICK_ID}/connect", 405),
        ("GET", "v1/users", 404),
        ("GET", "v1/some_call", 404),
        ("GET", "v1/contacts/nobody", 404),
        ("DELETE", "v1/contacts/nobody", 404),
        ("GET", "v1/webhook-subscriptions/none", 404),
        ("DELETE", "v1/webhook-subscriptions/none", 404),
        ("GET", "v1/telephony-events/11231", 404),
        ("GET", "v1/click-to-call/none", 404),
        ("DELETE", "v1/click-to-call/none", 404),
    ],
)
async def test_not_there(ask: Client, method: str, path: str, status: int) -> None:
    """What the page does not name is not there; what it names has only the methods of the page."""
    assert await ask(method, path) == (status, None)


@pytest.mark.parametrize(
    ("accept", "status"),
    [("application/json", 200), ("*/*", 200), ("application/*;q=0.5, text/html", 200), ("text/csv", 406)],
)
async def test_accept(ask: Client, accept: str, status: int) -> None:
    """Whoever accepts no JSON is refused."""
    assert (await ask("GET", "v2/users", headers={"Accept": accept}))[0] == status


async def test_body_is_json(page: VoxloudPage, ask: Client) -> None:
    """A body of another type, no object and no JSON are not well-formed."""
    assert (await ask("POST", "v1/contacts", CONTACT, headers={"Content-Type": "text/plain"}))[0] == 400
    assert (await ask("POST", "v1/contacts", [CONTACT]))[0] == 400
    assert (await ask("POST", "v1/contacts", headers={"Content-Type": "application/json"}))[0] == 400
    assert len(page.contacts) == 2


async def test_contacts(page: VoxloudPage, ask: Client) -> None:
    """A contact is created, read, updated and removed."""
    sent = {key: value for key, value in CONTACTS[0].items() if key not in {"id", "created_at", "updated_at"}}
    status, created = await ask("POST", "v1/contacts", sent)
    assert (status, created) == (200, {**CONTACTS[0], "id": created["id"]})
    assert await ask("GET", f"v1/contacts/{created['id']}") == (200, created)
    phones = ["+390387654321", "+390387654323"]
    page.now = "2023-01-01T00:00:00+01:00"
    updated = {**CONTACTS[0], "phones": phones, "updated_at": page.now}
    for method in ("PUT", "POST"):
        assert await ask(method, f"v1/contacts/{JOHN_ID}", {**sent, "phones": phones}) == (200, updated)
    assert await ask("DELETE", f"v1/contacts/{created['id']}") == (200, None)
    assert await ask("GET", f"v1/contacts/{created['id']}") == (404, None)
    assert page.sent("POST", "/api/v1/contacts") == [sent]


async def test_crm_name(ask: Client) -> None:
    """The CRM is Voxloud when none is named, and a field that was not given is not answered."""
    _, created = await ask("POST", "v1/contacts", CONTACT)
    assert created["crm_name"] == "Voxloud"
    assert "last_name" not in created


@pytest.mark.parametrize(
    "change",
    [
        {"first_name": ""},
        {"primary_phone": ""},
        {"primary_phone": "0312345678"},
        {"primary_phone": "+39 031 2345678"},
        {"phones": "+390387654321"},
        {"phones": ["0387654321"]},
        {"emails": [1]},
        {"last_name": None},
        {"fax": "+390387654321"},
    ],
)
async def test_contact_refused(page: VoxloudPage, ask: Client, change: dict[str, Any]) -> None:
    """A contact without what is required, or with what the table does not allow, is refused."""
    assert await ask("POST", "v1/contacts", {**CONTACT, **change}) == (400, None)
    assert await ask("PUT", f"v1/contacts/{JOHN_ID}", {**CONTACT, **change}) == (400, None)
    assert list(page.contacts.values()) == list(CONTACTS)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["John", "Maria"]),
        ({"first_name": "jOhN", "last_name": "dOe", "email": "j.doe0", "phone": "678"}, ["John"]),
        ({"phone": "7654322"}, ["Maria"]),
        ({"email": "maria@"}, ["Maria"]),
        ({"first_name": "john", "last_name": "rosi"}, []),
        ({"offset": "350", "limit": "25"}, []),
    ],
)
async def test_contact_search(ask: Client, query: dict[str, str], found: list[str]) -> None:
    """Contacts are found by parts, whatever their case, in any of their numbers and addresses."""
    status, answer = await ask("GET", "v1/contacts", query=query)
    assert (status, answer["has_next"]) == (200, False)
    assert [contact["first_name"] for contact in answer["data"]] == found


async def test_contact_pages(ask: Client) -> None:
    """A page has as many as its limit, and says whether there are more."""
    assert await ask("GET", "v1/contacts", query={"limit": "1"}) == (200, {"data": [CONTACTS[0]], "has_next": True})
    assert await ask("GET", "v1/contacts", query={"limit": "1", "offset": "1"}) == (
        200,
        {"data": [CONTACTS[1]], "has_next": False},
    )
    for query in ({"limit": "0"}, {"limit": "101"}, {"offset": "-1"}, {"phone": "Maria"}, {"page": "1"}):
        assert await ask("GET", "v1/contacts", query=query) == (400, None)


async def test_users(ask: Client) -> None:
    """All users are an array."""
    assert await ask("GET", "v2/users") == (200, list(USERS))


async def test_subscriptions(page: VoxloudPage, ask: Client) -> None:
    """A subscription is created, read, updated and removed."""
    body = {**SUBSCRIPTION, "notification_email": "admin@example.com"}
    status, created = await ask("POST", "v1/webhook-subscriptions", body)
    assert (status, created) == (200, {"id": created["id"], "enabled": True, "failed_count": 0, **body})
    address = f"v1/webhook-subscriptions/{created['id']}"
    assert await ask("GET", address) == (200, created)
    change = {"id": created["id"], "enabled": False, "callback_url": ELSEWHERE, "event_type": "CLICK_TO_CALL"}
    for method in ("PUT", "POST"):
        assert await ask(method, address, change) == (200, {**created, **change})
    assert await ask("DELETE", address) == (200, None)
    assert created["id"] not in page.subscriptions


async def test_subscriptions_listed(page: VoxloudPage, ask: Client) -> None:
    """The list spells the event type as its example does: once *event_type*, then *type*."""
    _, listed = await ask("GET", "v1/webhook-subscriptions")
    assert [entry.get("event_type") for entry in listed] == ["CALL_INCOMING", None, None]
    assert [entry.get("type") for entry in listed] == [None, "CALL_ANSWERED", "CALL_HANGUP"]
    assert {entry["callback_url"] for entry in listed} == {ELSEWHERE}
    assert listed[0] == page.subscriptions[SUBSCRIPTION_ID]


@pytest.mark.parametrize("kind", KINDS)
async def test_subscription_kinds(ask: Client, kind: str) -> None:
    """A click to call can be had by an update alone."""
    expected = 200 if kind in CREATED_KINDS else 400
    assert (await ask("POST", "v1/webhook-subscriptions", {**SUBSCRIPTION, "event_type": kind}))[0] == expected
    change = {"id": SUBSCRIPTION_ID, "callback_url": ELSEWHERE, "event_type": kind}
    assert (await ask("PUT", f"v1/webhook-subscriptions/{SUBSCRIPTION_ID}", change))[0] == 200


@pytest.mark.parametrize(
    "change",
    [{"callback_url": ""}, {"event_type": ""}, {"event_type": "CALL_HELD"}, {"notification_email": None}, {"x": 1}],
)
async def test_subscription_refused(page: VoxloudPage, ask: Client, change: dict[str, Any]) -> None:
    """A subscription without what is required, or with what the table does not allow, is refused."""
    assert await ask("POST", "v1/webhook-subscriptions", {**SUBSCRIPTION, **change}) == (400, None)
    path = f"v1/webhook-subscriptions/{SUBSCRIPTION_ID}"
    assert await ask("PUT", path, {"id": SUBSCRIPTION_ID, **SUBSCRIPTION, **change}) == (400, None)
    assert len(page.subscriptions) == 3


async def test_subscription_update_refused(ask: Client) -> None:
    """An update names the subscription in its body, too, and says with a boolean whether it is enabled."""
    path = f"v1/webhook-subscriptions/{SUBSCRIPTION_ID}"
    assert await ask("PUT", path, SUBSCRIPTION) == (400, None)
    assert await ask("PUT", path, {"id": "other", **SUBSCRIPTION}) == (400, None)
    assert await ask("PUT", path, {"id": SUBSCRIPTION_ID, "enabled": "true", **SUBSCRIPTION}) == (400, None)


@pytest.mark.parametrize("kind", KINDS)
async def test_webhook(page: VoxloudPage, listener: Listener, kind: str) -> None:
    """Each kind of webhook arrives in its envelope, with the page's example as its data."""
    assert await page.push_to(f"{listener.address}/hook", kind, id=1) == 200
    (asked,) = listener.asked
    assert (asked.method, asked.path, asked.headers["Content-Type"]) == ("POST", "/hook", "application/json")
    assert payload(kind) == {
        "timestamp": PAYLOADS[kind]["timestamp"],
        "type": kind,
        "data": dict(PAYLOADS[kind]),
        "pbx_id": 117,
    }
    assert "timestamp" not in payload(kind, without=("timestamp",))["data"]
    assert payload(kind, id=1)["data"]["id"] == 1
    if kind in CALL_KINDS:
        assert payload(kind)["data"]["type"] == kind.removeprefix("CALL_")


async def test_webhooks_fail(page: VoxloudPage, listener: Listener) -> None:
    """Only who subscribed is told, and who fails too often is disabled."""
    page.subscriptions[SUBSCRIPTION_ID]["callback_url"] = listener.address
    assert await page.push("PHONE_CALL") == []
    assert await page.push("CALL_INCOMING") == [200]
    listener.status = 500
    for count in range(1, page.disabled_after + 1):
        assert await page.push("CALL_INCOMING") == [500]
        assert page.subscriptions[SUBSCRIPTION_ID]["failed_count"] == count
    assert page.subscriptions[SUBSCRIPTION_ID]["last_error"] == "HTTP 500"
    assert await page.push("CALL_INCOMING") == []


async def test_events(ask: Client) -> None:
    """A query answers a page of events, as the example does."""
    status, answer = await ask(
        "POST",
        "v1/telephony-events",
        {"date_time_from": "2018-05-01T00:00:00.000Z", "date_time_to": "2018-06-01T00:00:00.000+02:00"},
        query={"sort": "timestamp,desc", "size": "30", "page": "0"},
    )
    assert (status, answer) == (
        200,
        {
            "content": [
                {**LISTED_FAX, "timestamp": "2018-05-15T15:47:03.000+0000"},
                {**LISTED_CALL, "timestamp": "2018-05-07T13:47:49.000+0000"},
            ],
            "last": True,
            "totalElements": 2,
            "totalPages": 1,
            "sort": [
                {
                    "direction": "DESC",
                    "property": "timestamp",
                    "ignoreCase": False,
                    "nullHandling": "NATIVE",
                    "ascending": False,
                    "descending": True,
                },
            ],
            "first": True,
            "numberOfElements": 2,
            "size": 30,
            "number": 0,
        },
    )


async def test_event_pages(ask: Client) -> None:
    """Pages are counted from 0, in the order that was asked for."""
    pages = [
        (await ask("POST", "v1/telephony-events", {}, query={"sort": "id,asc", "size": "3", "page": number}))[1]
        for number in ("0", "1")
    ]
    assert [[event["id"] for event in page["content"]] for page in pages] == [[517, 8395, 8536], [8563]]
    assert [(page["first"], page["last"], page["totalPages"]) for page in pages] == [(True, False, 2), (False, True, 2)]


@pytest.mark.parametrize("number", ["0697631539", "3907761790162", "+3907761790162"])
async def test_events_of_a_number(ask: Client, number: str) -> None:
    """A number may be either side of a call."""
    _, answer = await ask("POST", "v1/telephony-events", {"number": number})
    assert [event["id"] for event in answer["content"]] == [8536]


async def test_events_as_csv(page: VoxloudPage) -> None:
    """Whoever accepts CSV alone gets it."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{page.address}/api/v1/telephony-events",
            json={"number": "0697631539"},
            headers={AUTH: page.api_key, "Accept": "text/csv"},
        ) as response,
    ):
        assert response.content_type == "text/csv"
        head, line = (await response.text()).splitlines()
    assert head.startswith("id,type,accountId,")
    assert line.startswith("8536,PHONE_CALL,")


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ({"date_time_from": "2018-03-11T07:00:00.000"}, {}),
        ({"date_time_to": "yesterday"}, {}),
        ({"date_time_to": 1523369486000}, {}),
        ({"extension": "101"}, {}),
        ({}, {"sort": "shoe_size,desc"}),
        ({}, {"sort": "timestamp"}),
        ({}, {"sort": "timestamp,down"}),
        ({}, {"size": "0"}),
        ({}, {"page": "-1"}),
        ({}, {"offset": "0"}),
    ],
)
async def test_events_refused(ask: Client, body: dict[str, Any], query: dict[str, str]) -> None:
    """A time without a zone, an unknown property and an unknown parameter are refused."""
    assert await ask("POST", "v1/telephony-events", body, query=query) == (400, None)


@pytest.mark.parametrize("event", [PHONE_CALL, CLICK_TO_CALL])
async def test_event(ask: Client, event: dict[str, Any]) -> None:
    """One event is read by its id or its call, as a webhook says it."""
    assert await ask("GET", f"v1/telephony-events/{event['id']}") == (200, event)
    assert await ask("GET", "v1/telephony-events", query={"callId": event["callId"]}) == (200, event)


async def test_event_refused(ask: Client) -> None:
    """An event is asked for by its call, and one that does not exist is not there."""
    assert await ask("GET", "v1/telephony-events") == (400, None)
    assert await ask("GET", "v1/telephony-events", query={"callId": "aabbccddeeff123456"}) == (404, None)


async def test_clicks(page: VoxloudPage, ask: Client) -> None:
    """An object is created, read, used and removed; its name comes back as in the example."""
    status, created = await ask("POST", "v1/click-to-call", {**CLICK, "dial_first": "contact"})
    assert (status, created) == (
        200,
        {"id": created["id"], **CLICK, "name": "ctc-support", "dial_first": "contact"},
    )
    path = f"v1/click-to-call/{created['id']}"
    assert await ask("GET", path) == (200, created)
    assert (await ask("GET", "v1/click-to-call"))[1][2] == created
    contact = {"contact": "+39987654321"}
    assert await ask("POST", f"{path}/connect", contact) == (200, contact)
    assert page.connected == [(created["id"], "+39987654321")]
    assert await ask("DELETE", path) == (200, None)
    assert await ask("POST", f"{path}/connect", contact) == (404, None)


async def test_clicks_listed(page: VoxloudPage, ask: Client) -> None:
    """All objects are an array."""
    assert await ask("GET", "v1/click-to-call") == (
        200,
        [{**click, "name": f"ctc-{click['name']}"} for click in CLICKS],
    )
    page.prefix = ""
    assert await ask("GET", "v1/click-to-call") == (200, list(CLICKS))


async def test_click_limit(page: VoxloudPage, ask: Client) -> None:
    """There are as many objects as users and groups, and the extension is dialled first by default."""
    for _ in range(2):
        status, created = await ask("POST", "v1/click-to-call", CLICK)
        assert (status, created["dial_first"]) == (200, "extension")
    assert await ask("POST", "v1/click-to-call", CLICK) == (page.over_the_limit, None)
    assert len(page.clicks) == page.most_clicks == 4


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"extension": ""},
        {"extension": 101},
        {"extension": "999"},
        {"outboundNumber": ""},
        {"outboundNumber": "+420222333444"},
        {"dial_first": "both"},
        {"contact": "+39987654321"},
    ],
)
async def test_click_refused(page: VoxloudPage, ask: Client, change: dict[str, Any]) -> None:
    """An object without what is required, or with what the table does not allow, is refused."""
    assert await ask("POST", "v1/click-to-call", {**CLICK, **change}) == (400, None)
    assert len(page.clicks) == 2


@pytest.mark.parametrize("body", [{}, {"contact": ""}, {"contact": "0987654321"}, {"contact": "+39987654321", "x": 1}])
async def test_connect_refused(page: VoxloudPage, ask: Client, body: dict[str, str]) -> None:
    """A contact is a number in E.164."""
    assert await ask("POST", f"v1/click-to-call/{CLICK_ID}/connect", body) == (400, None)
    assert page.connected == []


def test_rows() -> None:
    """Each row has an id of its own."""
    assert len({row.id for row in ROWS}) == len(ROWS)
