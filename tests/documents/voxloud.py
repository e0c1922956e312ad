"""Voxloud's page *API reference* as a server: a key in a header, JSON, nine error codes, webhooks.

Where the page contradicts itself, what it shows counts as much as what it tells: both methods of an
update are taken, and the list of subscriptions spells a field as its example does. Where it leaves
something open, an attribute of the server says what was chosen, and a test may choose otherwise.
"""

import csv
import io
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

import aiohttp
from aiohttp import web

from .page import Page

AUTH = "Voverc-Auth"
V1 = "/api/v1"
V2 = "/api/v2"
JSON = "application/json"
CSV = "text/csv"

# The page's table of error codes.
ERRORS: Final[Mapping[int, str]] = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    429: "Too Many Requests",
    500: "Internal Server Error",
    503: "Service Unavailable",
}

CALL_KINDS = ("CALL_STARTED", "CALL_INCOMING", "CALL_ANSWERED", "CALL_HANGUP")
# What a subscription can be created for. Only its update and its answers name CLICK_TO_CALL too.
CREATED_KINDS = ("FAX_CALL", "PHONE_CALL", *CALL_KINDS)
KINDS = (*CREATED_KINDS, "CLICK_TO_CALL")
LAST_EVENTS = (
    "CALL_REQUEST",
    "CALL_STARTED",
    "CALL_CANCELED_BY_ORIGINATOR",
    "CALL_ANSWERED",
    "CALL_TERMINATED",
    "CALL_REJECTED",
    "CALL_LOST_LOSE_RACE",
    "CALL_LOST_NO_ANSWER",
    "CALL_TRANSFERRED",
    "CALL_LOST_USER_BUSY",
)
DIAL_FIRST = ("contact", "extension")
E164 = re.compile(r"\+[1-9][0-9]{1,14}")
PART_OF_E164 = re.compile(r"\+?[0-9]+")
MOST_CONTACTS = 100
# The page names no default for the size of a page of events.
EVENTS_PER_PAGE = 20

JOHN_ID = "54db43f0-7d1c-11fd-8149-bdf161b05c48"
MARIA_ID = "54db43f0-7d1c-11fd-8149-bdf161b05c49"
CONTACT_FIELDS = (
    "first_name",
    "last_name",
    "primary_phone",
    "phones",
    "primary_email",
    "emails",
    "company_name",
    "job_title",
    "website",
    "crm_name",
    "crm_contact_url",
)
CONTACTS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "id": JOHN_ID,
        "first_name": "John",
        "last_name": "Doe",
        "primary_phone": "+390312345678",
        "phones": ["+390387654321"],
        "primary_email": "j.doe01@example.com",
        "emails": ["john@example.com"],
        "company_name": "John & Associates",
        "job_title": "CEO",
        "website": "www.johna.com",
        "crm_name": "Voxloud",
        "crm_contact_url": "https://www.crm.com/contacts/profile/1",
        "created_at": "2022-12-27T14:42:37+01:00",
        "updated_at": "2022-12-27T14:42:37+01:00",
    },
    {
        "id": MARIA_ID,
        "first_name": "Maria",
        "last_name": "Rosi",
        "primary_phone": "+390312345637",
        "phones": ["+390387654322"],
        "primary_email": "m.rosi@example.com",
        "emails": ["maria@example.com"],
        "company_name": "Maria & Associates",
        "job_title": "CEO",
        "website": "www.maria.com",
        "crm_name": "Voxloud",
        "crm_contact_url": "https://www.crm.com/contacts/profile/2",
        "created_at": "2022-12-28T14:42:37+01:00",
        "updated_at": "2022-12-28T14:42:37+01:00",
    },
)
USERS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "id": "facbb7fe-f845-11ee-b19b-960000128e6c",
        "first_name": "John",
        "last_name": "Smith",
        "extension_number": 101,
        "outbound_cli": {
            "outbound_did": {"number": "+390112121212", "label": "Main office"},
            "available_dids": [
                {"number": "+390112121212", "label": "Main office"},
                {"number": "+3943212332432", "label": "Customer support"},
                {"number": "+3902421321222", "label": "Secondary office"},
            ],
        },
    },
    {
        "id": "facc2109-f845-11ee-b99b-960000128e6c",
        "first_name": "Federico",
        "last_name": "Support",
        "extension_number": 102,
        "outbound_cli": {
            "outbound_did": {"number": "+3943212332432", "label": "Customer support"},
            "available_dids": [{"number": "+3943212332432", "label": "Customer support"}],
        },
    },
)
SUBSCRIPTION_ID = "119a7b3d-00b9-4445-808a-a69676f86763"
ELSEWHERE = "http://my_endpoint.domain"
SUBSCRIPTIONS: Final[tuple[Mapping[str, Any], ...]] = tuple(
    {
        "id": identifier,
        "event_type": kind,
        "failed_count": 0,
        "enabled": True,
        "callback_url": ELSEWHERE,
        "notification_email": "admin@example.com",
    }
    for identifier, kind in (
        (SUBSCRIPTION_ID, "CALL_INCOMING"),
        ("f98b8c5d-4935-4e32-b6e4-490687c7f14d", "CALL_ANSWERED"),
        ("9cf8e5e7-d32a-4fc9-bc4a-1c2c9f2aa82d", "CALL_HANGUP"),
    )
)
CLICK_ID = "8ff3728fb5c5d9560e81c3c7080c3b95"
CLICKS: Final[tuple[Mapping[str, Any], ...]] = (
    {
        "id": CLICK_ID,
        "name": "support",
        "extension": "101",
        "outboundNumber": "+390660786731",
        "dial_first": "contact",
    },
    {
        "id": "7fad6102abe18759324cd292344aa3213",
        "name": "marketing",
        "extension": "102",
        "outboundNumber": "+390660786731",
        "dial_first": "contact",
    },
)

_RECORDINGS = "https://vmediaproduction.s3.eu-central-1.amazonaws.com/213/call_recordings"
_FOUND_OUT: Final[Mapping[str, Any]] = {
    "labels": ["label1", "label2"],
    "ruleNames": ["IVRRule1", "IVRRule2"],
    "contactCrm": "Hubspot",
    "contactCrmUrl": "https://app.hubspot.com/contacts/1111111/contact/1111111",
    "crmLogo": "https://fake.cloudfront.net/image/logos/fake-hubspot.png",
    "transcription": "Workers who telecommute tend to be more aware of cybersecurity threats.",
    "summary": "A study has found that remote workers tend to be more aware of cybersecurity threats.",
    "sentiment_score": 73,
}
STARTED: Final[Mapping[str, Any]] = {
    "timestamp": 1523025126000,
    "destinationNumber": "102",
    "destinationName": "User2 User2",
    "originatorNumber": "101",
    "originatorName": "User1 User1",
    "callId": "9cb33f1b427c4d8983a064f0bd68be95",
    "type": "STARTED",
    "sipUsername": "sip_138oksfg",
    "userEmail": "user1@example.com",
    "userExtension": 101,
}
INCOMING: Final[Mapping[str, Any]] = {
    "timestamp": 1512552226000,
    "callId": "9cb33f1b427c4d8983a064f0bd68be95",
    "destinationNumber": "+3912345678",
    "destinationName": "Some User",
    "originatorNumber": "+390687654321",
    "originatorName": "Another User",
    "type": "INCOMING",
    "userEmail": "some.user@example.com",
    "userExtension": 101,
    "sipUsername": "sip_user",
}
PHONE_CALL: Final[Mapping[str, Any]] = {
    "id": 8395,
    "type": "PHONE_CALL",
    "accountId": "faffd4879c2b686fe9c5fb1673ce2800",
    "direction": "INTERNAL",
    "timestamp": 1523369486000,
    "originatorName": "User1 User2",
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
    "recordingUrl": f"{_RECORDINGS}/call_recording_1734bfbbd5dc4a9c8de1d2e5235e6389.mp3",
    "voicemail": True,
    "voicemail_url": f"{_RECORDINGS}/vm_1734bfbbd5dc4a9c8de1d2e5235e6389.mp3",
    **_FOUND_OUT,
}
FAX: Final[Mapping[str, Any]] = {
    "id": 1234,
    "timestamp": 1523369486000,
    "direction": "outbound",
    "sender": "39123456789",
    "recipient": "39987654321",
    "attachment_url": "https://prod-fax-service.s3.eu-central-1.amazonaws.com/1/1/fax_2011_5_11_11_32_30.pdf",
    "total_pages": 4,
    "description": "A fax description",
}
CLICK_TO_CALL: Final[Mapping[str, Any]] = {
    "id": 517,
    "type": "CLICK_TO_CALL",
    "accountId": "2b7c39f77b46eb2899fc39d0b1bd4329",
    "direction": "OUTBOUND",
    "timestamp": 1569525122000,
    "originatorName": "Pinco Pallino",
    "originatorNumber": "390663971096",
    "destinationName": "393287035654",
    "destinationNumber": "393287035654",
    "duration": 40,
    "ringTime": 1,
    "queueCallId": "303b553038d9847c93ca59ebd310225fae95-clicktocall",
    "clickToCallType": "EXTENSION",
    "archived": False,
    "callId": "303b553038d9847c93ca59ebd310225fae95-clicktocall",
    "recorded": True,
    "recordingUrl": "https://voxloud.s3.eu-central-1.amazonaws.com/6/call_recordings/"
    "call_recording_303b553038d9847c93ca59ebd310225fae95-clicktocall.mp3",
    **_FOUND_OUT,
}
# The two events of the page's query: 2018-05-15T15:47:03Z and 2018-05-07T13:47:49Z.
LISTED_FAX: Final[Mapping[str, Any]] = {
    "id": 8563,
    "type": "FAX_CALL",
    "accountId": "faffd4879c2b686fe9c5fb1673ce2800",
    "direction": "INBOUND",
    "timestamp": 1526399223000,
    "originatorName": "anonymous",
    "originatorNumber": "anonymous",
    "destinationName": "3907331980093-fax-caller-id-name",
    "destinationNumber": "3907331980093",
    "callId": "fae5d4a5-d2f9-1236-57a7-06f6192f6ec4",
    "duration": 32,
    "archived": False,
}
LISTED_CALL: Final[Mapping[str, Any]] = {
    "id": 8536,
    "type": "PHONE_CALL",
    "accountId": "faffd4879c2b686fe9c5fb1673ce2800",
    "direction": "INBOUND",
    "timestamp": 1525700869000,
    "originatorName": "Emanuele De Amicis",
    "originatorNumber": "0697631539",
    "destinationName": "3907761790162",
    "destinationNumber": "3907761790162",
    "lastEvent": "CALL_CANCELED_BY_ORIGINATOR",
    "duration": 7,
    "archived": False,
    "callId": "125113c1-cca0-1236-9ea3-06f6192f6ec4",
    "recorded": False,
    "voicemail": False,
}
PAYLOADS: Final[Mapping[str, Mapping[str, Any]]] = {
    "CALL_STARTED": STARTED,
    "CALL_INCOMING": INCOMING,
    "CALL_ANSWERED": {**INCOMING, "type": "ANSWERED"},
    "CALL_HANGUP": {**INCOMING, "type": "HANGUP"},
    "PHONE_CALL": PHONE_CALL,
    "FAX_CALL": FAX,
    "CLICK_TO_CALL": CLICK_TO_CALL,
}
# What a query can be sorted by: what the page's events say in one word or number.
SORTED_BY = frozenset(
    name
    for event in (PHONE_CALL, CLICK_TO_CALL, LISTED_CALL)
    for name, value in event.items()
    if not isinstance(value, list)
)


class RefusalError(Exception):
    """An answer with one of the page's error codes."""

    def __init__(self, status: int) -> None:
        """Take the status code."""
        super().__init__(ERRORS[status])
        self.status = status


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request with what its handler needs: the identifier in its path, its query and its JSON."""

    name: str
    query: Mapping[str, str]
    body: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One of the page's endpoints; `{id}` in its path stands for an identifier."""

    path: str
    methods: tuple[str, ...]
    handler: str
    body: bool = False
    formats: tuple[str, ...] = (JSON,)

    def match(self, path: str) -> re.Match[str] | None:
        """Return the match of a request's path, None when this is another endpoint's."""
        return re.fullmatch(self.path.replace("{id}", "(?P<id>[^/]+)"), path)


# The headline of *Update contact* says POST, its example PUT; with a subscription it is the other way round.
ENDPOINTS: Final[tuple[Endpoint, ...]] = (
    Endpoint(path=f"{V1}/validate-auth", methods=("POST",), handler="_validate"),
    Endpoint(path=f"{V1}/contacts", methods=("POST",), handler="_create_contact", body=True),
    Endpoint(path=f"{V1}/contacts", methods=("GET",), handler="_search_contacts"),
    Endpoint(path=f"{V1}/contacts/{{id}}", methods=("PUT", "POST"), handler="_update_contact", body=True),
    Endpoint(path=f"{V1}/contacts/{{id}}", methods=("GET",), handler="_contact"),
    Endpoint(path=f"{V1}/contacts/{{id}}", methods=("DELETE",), handler="_delete_contact"),
    Endpoint(path=f"{V2}/users", methods=("GET",), handler="_users"),
    Endpoint(path=f"{V1}/webhook-subscriptions", methods=("POST",), handler="_subscribe", body=True),
    Endpoint(path=f"{V1}/webhook-subscriptions", methods=("GET",), handler="_list_subscriptions"),
    Endpoint(path=f"{V1}/webhook-subscriptions/{{id}}", methods=("PUT", "POST"), handler="_resubscribe", body=True),
    Endpoint(path=f"{V1}/webhook-subscriptions/{{id}}", methods=("GET",), handler="_subscription"),
    Endpoint(path=f"{V1}/webhook-subscriptions/{{id}}", methods=("DELETE",), handler="_unsubscribe"),
    Endpoint(path=f"{V1}/telephony-events", methods=("POST",), handler="_query_events", body=True, formats=(JSON, CSV)),
    Endpoint(path=f"{V1}/telephony-events", methods=("GET",), handler="_event_of_call"),
    Endpoint(path=f"{V1}/telephony-events/{{id}}", methods=("GET",), handler="_event"),
    Endpoint(path=f"{V1}/click-to-call", methods=("POST",), handler="_create_click", body=True),
    Endpoint(path=f"{V1}/click-to-call", methods=("GET",), handler="_list_clicks"),
    Endpoint(path=f"{V1}/click-to-call/{{id}}", methods=("GET",), handler="_click"),
    Endpoint(path=f"{V1}/click-to-call/{{id}}", methods=("DELETE",), handler="_delete_click"),
    Endpoint(path=f"{V1}/click-to-call/{{id}}/connect", methods=("POST",), handler="_connect", body=True),
)


def _by_id(records: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return copies of the page's records by their identifier."""
    return {str(record["id"]): deepcopy(dict(record)) for record in records}


def payload(kind: str, *, without: Collection[str] = (), **changes: Any) -> dict[str, Any]:
    """Return a webhook as the page shows it, with other data or without some of it."""
    data = {**deepcopy(dict(PAYLOADS[kind])), **changes}
    for name in without:
        del data[name]
    return {
        "timestamp": data.get("timestamp", PAYLOADS[kind]["timestamp"]),
        "type": kind,
        "data": data,
        "pbx_id": 117,
    }


class VoxloudPage(Page):
    """A PBX that speaks exactly as the page says."""

    def __init__(self) -> None:
        """Start with all that the page's examples show: contacts, users, subscriptions, events, calls on a click."""
        super().__init__()
        self.api_key = "your_api_key"
        self.company: dict[str, str] = {"name": "company name", "email": "administrator@example.com"}
        self.contacts = _by_id(CONTACTS)
        self.users = [deepcopy(dict(user)) for user in USERS]
        self.groups = {"201": "Support", "202": "Sales"}
        self.subscriptions = _by_id(SUBSCRIPTIONS)
        self.events = _by_id((LISTED_FAX, LISTED_CALL, PHONE_CALL, CLICK_TO_CALL))
        self.clicks = _by_id(CLICKS)
        # The numbers of the click-to-call examples; those of the users count as well.
        self.numbers = {"+39123456789", "+390660786731"}
        self.now = "2022-12-27T14:42:37+01:00"
        self.connected: list[tuple[str, str]] = []
        self.refusals: dict[tuple[str, str], int] = {}
        self.retry_after: str | None = None  # the page has no such header, HTTP has
        # What the page leaves open, and what was chosen.
        self.error_body: Any = None
        self.over_the_limit = 403
        self.deleted = 200
        self.prefix = "ctc-"
        self.disabled_after = 5
        self._created = 0

    @property
    def most_clicks(self) -> int:
        """Return how many click-to-call objects there can be: one for each user and each group."""
        return len(self.users) + len(self.groups)

    def sent(self, method: str, path: str) -> list[Any]:
        """Return the bodies of each request with a method to a path; None where there was none."""
        return [
            json.loads(asked.text) if asked.text else None
            for asked in self.asked
            if (asked.method, asked.path) == (method, path)
        ]

    # -- webhooks ------------------------------------------------------------------------------------

    async def push(self, kind: str, *, without: Collection[str] = (), **changes: Any) -> list[int]:
        """Send a webhook to each enabled subscription of its kind; return their statuses, 0 for no answer."""
        statuses = []
        for subscription in list(self.subscriptions.values()):
            if subscription["event_type"] != kind or not subscription["enabled"]:
                continue
            status = await self.push_to(subscription["callback_url"], kind, without=without, **changes)
            if not 200 <= status < 300:
                self._note_failure(subscription, status)
            statuses.append(status)
        return statuses

    async def push_to(self, url: str, kind: str, *, without: Collection[str] = (), **changes: Any) -> int:
        """Send a webhook to a URL; return the status of the answer, 0 when there was none."""
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.post(url, json=payload(kind, without=without, **changes)) as response,
            ):
                return response.status
        except aiohttp.ClientError:
            return 0

    def _note_failure(self, subscription: dict[str, Any], status: int) -> None:
        """Count a failed attempt, and disable the subscription when there were too many."""
        subscription["failed_count"] += 1
        subscription["last_error"] = f"HTTP {status}" if status else "no answer"
        if subscription["failed_count"] >= self.disabled_after:
            subscription["enabled"] = False

    # -- requests ------------------------------------------------------------------------------------

    async def answer(self, request: web.Request, text: str) -> web.StreamResponse:
        """Answer a request, or refuse it with one of the page's codes."""
        try:
            return self._carry_out(request, text)
        except RefusalError as refusal:
            headers = {} if self.retry_after is None else {"Retry-After": self.retry_after}
            if self.error_body is None:
                return web.Response(status=refusal.status, headers=headers)
            return web.json_response(self.error_body, status=refusal.status, headers=headers)

    def _carry_out(self, request: web.Request, text: str) -> web.Response:
        """Check a request from the outside to the inside, then let its handler answer."""
        if request.headers.get(AUTH) != self.api_key:
            raise RefusalError(401)
        if planned := self.refusals.get((request.method, request.path)):
            raise RefusalError(planned)
        endpoint, name = self._find(request.method, request.path)
        wanted = _wanted(request.headers.get("Accept", JSON), endpoint.formats)
        body = _read(request.content_type, text) if endpoint.body else {}
        handler: Callable[[Request], Any] = getattr(self, endpoint.handler)
        answer = handler(Request(name=name, query=dict(request.query), body=body))
        if request.method == "DELETE":
            return web.Response(status=self.deleted)
        if wanted == CSV:
            return web.Response(text=_as_csv(answer["content"]), content_type=CSV)
        return web.json_response(answer)

    def _find(self, method: str, path: str) -> tuple[Endpoint, str]:
        """Return the endpoint of a request and the identifier in its path."""
        found = [(endpoint, match) for endpoint in ENDPOINTS if (match := endpoint.match(path))]
        if not found:
            raise RefusalError(404)
        for endpoint, match in found:
            if method in endpoint.methods:
                return endpoint, match.groupdict().get("id", "")
        raise RefusalError(405)

    def _validate(self, _request: Request) -> Any:
        """Return whose key it is."""
        return self.company

    # -- contacts ------------------------------------------------------------------------------------

    def _create_contact(self, request: Request) -> Any:
        """Create a contact."""
        _check_contact(request.body)
        contact = {
            "id": self._new_id(),
            **request.body,
            "crm_name": request.body.get("crm_name", "Voxloud"),
            "created_at": self.now,
            "updated_at": self.now,
        }
        self.contacts[contact["id"]] = contact
        return contact

    def _update_contact(self, request: Request) -> Any:
        """Update a contact; what the request leaves out stays as it was."""
        contact = _known(self.contacts, request.name)
        _check_contact(request.body)
        contact.update(request.body, updated_at=self.now)
        return contact

    def _search_contacts(self, request: Request) -> Any:
        """Return the contacts in which each parameter is found, whatever its case."""
        _allow(request.query, ("first_name", "last_name", "phone", "email", "offset", "limit"))
        offset = _number(request.query.get("offset", "0"), least=0)
        limit = _number(request.query.get("limit", "20"), least=1, most=MOST_CONTACTS)
        if "phone" in request.query and not PART_OF_E164.fullmatch(request.query["phone"]):
            raise RefusalError(400)
        found = [contact for contact in self.contacts.values() if _is_like(contact, request.query)]
        return {"data": found[offset : offset + limit], "has_next": len(found) > offset + limit}

    def _contact(self, request: Request) -> Any:
        """Return a contact."""
        return _known(self.contacts, request.name)

    def _delete_contact(self, request: Request) -> None:
        """Remove a contact."""
        _known(self.contacts, request.name)
        del self.contacts[request.name]

    def _users(self, _request: Request) -> Any:
        """Return all users."""
        return self.users

    # -- webhook subscriptions -------------------------------------------------------------------------

    def _subscribe(self, request: Request) -> Any:
        """Create a subscription."""
        _allow(request.body, ("callback_url", "event_type", "notification_email"))
        _need(request.body, "callback_url", "event_type")
        _check_texts(request.body, request.body)
        if request.body["event_type"] not in CREATED_KINDS:
            raise RefusalError(400)
        subscription = {"id": self._new_id(), "enabled": True, "failed_count": 0, **request.body}
        self.subscriptions[subscription["id"]] = subscription
        return subscription

    def _resubscribe(self, request: Request) -> Any:
        """Update a subscription; what the request leaves out stays as it was."""
        subscription = _known(self.subscriptions, request.name)
        _allow(request.body, ("id", "callback_url", "event_type", "enabled", "notification_email"))
        _need(request.body, "id", "callback_url", "event_type")
        _check_texts(request.body, set(request.body) - {"enabled"})
        if request.body["id"] != request.name or request.body["event_type"] not in KINDS:
            raise RefusalError(400)
        if not isinstance(request.body.get("enabled", True), bool):
            raise RefusalError(400)
        subscription.update(request.body)
        return subscription

    def _list_subscriptions(self, _request: Request) -> Any:
        """Return the subscriptions; as in the page's example, all but the first call their event type `type`."""
        answer: list[dict[str, Any]] = []
        for subscription in self.subscriptions.values():
            said = dict(subscription)
            if answer:
                said["type"] = said.pop("event_type")
            answer.append(said)
        return answer

    def _subscription(self, request: Request) -> Any:
        """Return a subscription."""
        return _known(self.subscriptions, request.name)

    def _unsubscribe(self, request: Request) -> None:
        """Remove a subscription."""
        _known(self.subscriptions, request.name)
        del self.subscriptions[request.name]

    # -- telephony events ----------------------------------------------------------------------------

    def _query_events(self, request: Request) -> Any:
        """Return a page of the events of a number and a span of time."""
        _allow(request.query, ("sort", "size", "page"))
        _allow(request.body, ("number", "date_time_from", "date_time_to"))
        _check_texts(request.body, request.body)
        span = {
            name: _moment(request.body[name]) for name in ("date_time_from", "date_time_to") if name in request.body
        }
        size = _number(request.query.get("size", str(EVENTS_PER_PAGE)), least=1)
        page = _number(request.query.get("page", "0"), least=0)
        found = [event for event in self.events.values() if _is_asked_for(event, request.body.get("number"), span)]
        sort = []
        if "sort" in request.query:
            name, direction = _sorting(request.query["sort"])
            found.sort(key=lambda event: _sort_key(event.get(name)), reverse=direction == "DESC")
            sort.append(
                {
                    "direction": direction,
                    "property": name,
                    "ignoreCase": False,
                    "nullHandling": "NATIVE",
                    "ascending": direction == "ASC",
                    "descending": direction == "DESC",
                },
            )
        content = [_as_listed(event) for event in found[page * size : (page + 1) * size]]
        pages = -(-len(found) // size)
        return {
            "content": content,
            "last": page >= pages - 1,
            "totalElements": len(found),
            "totalPages": pages,
            "sort": sort,
            "first": page == 0,
            "numberOfElements": len(content),
            "size": size,
            "number": page,
        }

    def _event(self, request: Request) -> Any:
        """Return an event as a webhook says it."""
        return _known(self.events, request.name)

    def _event_of_call(self, request: Request) -> Any:
        """Return the event of a call as a webhook says it."""
        _allow(request.query, ("callId",))
        _need(request.query, "callId")
        for event in self.events.values():
            if event["callId"] == request.query["callId"]:
                return event
        raise RefusalError(404)

    # -- click to call -------------------------------------------------------------------------------

    def _create_click(self, request: Request) -> Any:
        """Create a click-to-call object, as long as there are not too many."""
        _allow(request.body, ("name", "extension", "outboundNumber", "dial_first"))
        _need(request.body, "name", "extension", "outboundNumber")
        _check_texts(request.body, request.body)
        if request.body["extension"] not in self._extensions():
            raise RefusalError(400)
        if request.body["outboundNumber"] not in self._outbound_numbers():
            raise RefusalError(400)
        if request.body.get("dial_first", "extension") not in DIAL_FIRST:
            raise RefusalError(400)
        if len(self.clicks) >= self.most_clicks:
            raise RefusalError(self.over_the_limit)
        click = {"id": self._new_id(), "dial_first": "extension", **request.body}
        self.clicks[click["id"]] = click
        return self._named(click)

    def _list_clicks(self, _request: Request) -> Any:
        """Return the click-to-call objects."""
        return [self._named(click) for click in self.clicks.values()]

    def _click(self, request: Request) -> Any:
        """Return a click-to-call object."""
        return self._named(_known(self.clicks, request.name))

    def _delete_click(self, request: Request) -> None:
        """Remove a click-to-call object."""
        _known(self.clicks, request.name)
        del self.clicks[request.name]

    def _connect(self, request: Request) -> Any:
        """Connect a contact with the extension of a click-to-call object."""
        _known(self.clicks, request.name)
        _allow(request.body, ("contact",))
        _need(request.body, "contact")
        _check_number(request.body["contact"])
        self.connected.append((request.name, request.body["contact"]))
        return {"contact": request.body["contact"]}

    def _named(self, click: Mapping[str, Any]) -> dict[str, Any]:
        """Return a click-to-call object; the example creates *support* and is answered *ctc-support*."""
        return {**click, "name": f"{self.prefix}{click['name']}"}

    def _extensions(self) -> set[str]:
        """Return the numbers of all users and groups."""
        return {str(user["extension_number"]) for user in self.users} | set(self.groups)

    def _outbound_numbers(self) -> set[str]:
        """Return the numbers that are configured in the PBX."""
        return self.numbers | {did["number"] for user in self.users for did in user["outbound_cli"]["available_dids"]}

    def _new_id(self) -> str:
        """Return an identifier that nothing else has."""
        self._created += 1
        return f"00000000-0000-4000-8000-{self._created:012}"


def _wanted(accept: str, formats: tuple[str, ...]) -> str:
    """Return the format of the answer that an *Accept* header likes best; refuse when it likes none."""
    best, weight = "", 0.0
    for part in accept.split(","):
        wanted, *parameters = (piece.strip() for piece in part.split(";"))
        quality = next((float(piece[2:]) for piece in parameters if piece.startswith("q=")), 1.0)
        fitting = [name for name in formats if wanted in {name, "*/*", f"{name.split('/', maxsplit=1)[0]}/*"}]
        if fitting and quality > weight:
            best, weight = fitting[0], quality
    if not best:
        raise RefusalError(406)
    return best


def _read(content_type: str, text: str) -> Mapping[str, Any]:
    """Return the object in a request's body; refuse anything else."""
    if content_type != JSON:
        raise RefusalError(400)
    try:
        body = json.loads(text)
    except ValueError:
        raise RefusalError(400) from None
    if not isinstance(body, dict):
        raise RefusalError(400)
    return body


def _allow(given: Iterable[str], names: Iterable[str]) -> None:
    """Refuse what the page does not name."""
    if set(given) - set(names):
        raise RefusalError(400)


def _need(given: Mapping[str, Any], *names: str) -> None:
    """Refuse a request without what the page requires."""
    if not all(given.get(name) for name in names):
        raise RefusalError(400)


def _check_texts(given: Mapping[str, Any], names: Iterable[str]) -> None:
    """Refuse what should be a text and is none."""
    if not all(isinstance(given[name], str) for name in names):
        raise RefusalError(400)


def _check_number(number: Any) -> None:
    """Refuse a telephone number that is not in E.164 format."""
    if not isinstance(number, str) or not E164.fullmatch(number):
        raise RefusalError(400)


def _check_contact(body: Mapping[str, Any]) -> None:
    """Refuse a contact that the table of its fields does not allow."""
    _allow(body, CONTACT_FIELDS)
    _need(body, "first_name", "primary_phone")
    lists = {"phones", "emails"} & set(body)
    _check_texts(body, set(body) - lists)
    for name in lists:
        if not isinstance(body[name], list) or not all(isinstance(entry, str) for entry in body[name]):
            raise RefusalError(400)
    for number in (body["primary_phone"], *body.get("phones", ())):
        _check_number(number)


def _known(records: Mapping[str, dict[str, Any]], name: str) -> dict[str, Any]:
    """Return a record by its identifier."""
    if name not in records:
        raise RefusalError(404)
    return records[name]


def _number(text: str, *, least: int, most: int | None = None) -> int:
    """Return a number of the query that is neither too small nor too great."""
    if not re.fullmatch(r"[0-9]+", text) or int(text) < least or (most is not None and int(text) > most):
        raise RefusalError(400)
    return int(text)


def _is_like(contact: Mapping[str, Any], query: Mapping[str, str]) -> bool:
    """Return whether a contact has each text of a search in it."""
    searched: dict[str, list[str]] = {
        "first_name": [contact.get("first_name", "")],
        "last_name": [contact.get("last_name", "")],
        "phone": [contact["primary_phone"], *contact.get("phones", ())],
        "email": [contact.get("primary_email", ""), *contact.get("emails", ())],
    }
    return all(
        any(query[name].casefold() in text.casefold() for text in texts)
        for name, texts in searched.items()
        if name in query
    )


def _moment(text: str) -> datetime:
    """Return an ISO 8601 time; refuse one without a time zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RefusalError(400) from None
    if moment.tzinfo is None:
        raise RefusalError(400)
    return moment


def _is_asked_for(event: Mapping[str, Any], number: str | None, span: Mapping[str, datetime]) -> bool:
    """Return whether an event is one of a number and within a span of time, as far as they are given."""
    moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    if moment < span.get("date_time_from", moment) or moment > span.get("date_time_to", moment):
        return False
    parties = {event.get(f"{party}Number", "").lstrip("+") for party in ("originator", "destination", "answerer")}
    return number is None or number.lstrip("+") in parties


def _as_listed(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as a query answers it: its time is a text, where a webhook has a number."""
    moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
    return {**event, "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")}


def _sorting(text: str) -> tuple[str, Literal["ASC", "DESC"]]:
    """Return the property and the direction of `timestamp,desc`."""
    match text.split(","):
        case [name, "asc"] if name in SORTED_BY:
            return name, "ASC"
        case [name, "desc"] if name in SORTED_BY:
            return name, "DESC"
    raise RefusalError(400)


def _sort_key(value: Any) -> tuple[bool, Any]:
    """Return what orders the values of a property, with those that have none last."""
    return (True, 0) if value is None else (False, value)


def _as_csv(content: Iterable[Mapping[str, Any]]) -> str:
    """Return events as CSV, with the names of their fields on top."""
    rows = list(content)
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
