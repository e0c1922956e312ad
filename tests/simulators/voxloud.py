"""The simulated Voxloud: a company's phones behind the API (contract §1-§9 and §11).

The telephony is in voxloud_engine, what the company consists of in voxloud_model. Nothing here knows the client.
"""

import csv
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import web

from .audio import mp3
from .base import Handler
from .voxloud_engine import VoxloudEngine, VoxloudSwitches
from .voxloud_model import (
    E164,
    Absent,
    ByCallId,
    Call,
    ClickToCall,
    Contact,
    DeliveryMode,
    DialFirst,
    Did,
    Direction,
    Envelope,
    ErrorStyle,
    EventKey,
    EventType,
    ForeignNumber,
    Group,
    GroupHangup,
    LastEvent,
    NumberStyle,
    Parties,
    Record,
    RefusedError,
    Subscription,
    UpdateMethod,
    User,
    demo_users,
    offset_time,
    same_number,
)

V1 = "/api/v1"
ROME = ZoneInfo("Europe/Rome")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:?\d\d)")
CONTACT_TEXTS = (
    "first_name",
    "last_name",
    "primary_phone",
    "primary_email",
    "company_name",
    "job_title",
    "website",
    "crm_name",
    "crm_contact_url",
)
CONTACT_LISTS = ("phones", "emails")
CONTACT_ORDER = (*CONTACT_TEXTS[:3], "phones", "primary_email", "emails", *CONTACT_TEXTS[4:])
SEARCH_LIMIT = 100
NO_CONTENT = 204


def _refuse(message: str) -> RefusedError:
    return RefusedError(400, message)


def _text(body: Mapping[str, Any], key: str) -> str:
    """Give a required text."""
    value = body.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _refuse(f"{key} is required")
    return value


def _number(body: Mapping[str, Any], key: str) -> str:
    """Give a required E.164 number."""
    value = _text(body, key)
    if not E164.fullmatch(value):
        raise _refuse(f"{key} must be in e164 format")
    return value


def _whole(query: Mapping[str, str], key: str, default: int, low: int, high: float) -> int:
    """Give a whole number of the query within its limits."""
    value = query.get(key, str(default))
    if not re.fullmatch(r"\d{1,9}", value) or not low <= int(value) <= high:
        raise _refuse(f"{key} is out of range")
    return int(value)


def _lenient(query: Mapping[str, str], key: str, default: int, low: int) -> int:
    """Give a whole number of the query, or the default for nonsense, as Spring's pages do."""
    value = query.get(key, "")
    return int(value) if re.fullmatch(r"\d{1,9}", value) and int(value) >= low else default


class VoxloudSimulator(VoxloudEngine):
    """A Voxloud company on loopback HTTP."""

    # -- the server -----------------------------------------------------------------------------------

    def routes(self) -> list[web.AbstractRouteDef]:
        """List the API, the recordings and the answers to everything else."""
        subscriptions, contacts, resources = f"{V1}/webhook-subscriptions", f"{V1}/contacts", f"{V1}/click-to-call"
        table: dict[str, dict[str, Handler]] = {
            f"{V1}/validate-auth": {"POST": self._validate_auth},
            "/api/v2/users": {"GET": self._users},
            contacts: {"GET": self._search_contacts, "POST": self._create_contact},
            f"{contacts}/{{id}}": {
                "GET": self._get_contact,
                "PUT": self._update_contact,
                "POST": self._update_contact,
                "DELETE": self._delete_contact,
            },
            subscriptions: {"GET": self._list_subscriptions, "POST": self._create_subscription},
            f"{subscriptions}/{{id}}": {
                "GET": self._get_subscription,
                "PUT": self._update_subscription,
                "POST": self._update_subscription,
                "DELETE": self._delete_subscription,
            },
            f"{V1}/telephony-events": {"GET": self._event_by_call, "POST": self._query_events},
            f"{V1}/telephony-events/{{id}}": {"GET": self._event_by_id},
            resources: {"GET": self._list_resources, "POST": self._create_resource},
            f"{resources}/{{id}}": {"GET": self._get_resource, "DELETE": self._delete_resource},
            f"{resources}/{{id}}/connect": {"POST": self._connect},
        }
        routes: list[web.AbstractRouteDef] = []
        for path, methods in table.items():
            routes += [web.route(method, path, self._guarded(handler)) for method, handler in methods.items()]
            routes.append(web.route("*", path, self._guarded(self._wrong_method)))
        routes.append(web.get("/media/{name}", self._media))
        routes.append(web.route("*", "/{rest:.*}", self._guarded(self._nowhere)))
        return routes

    def error_body(self, status: int) -> web.Response:
        """Answer an error as `error_style` says."""
        return self._error(RefusedError(status), "")

    def _error(self, error: RefusedError, path: str) -> web.Response:
        phrase = HTTPStatus(error.status).phrase
        if self.error_style is ErrorStyle.EMPTY:
            return web.Response(status=error.status, headers=error.headers)
        if self.error_style is ErrorStyle.HTML:
            page = f"<html><body><h1>{error.status} {phrase}</h1></body></html>"
            return web.Response(status=error.status, text=page, content_type="text/html", headers=error.headers)
        body = {
            "timestamp": offset_time(self.clock()),
            "status": error.status,
            "error": phrase,
            "message": error.message,
            "path": path,
        }
        return web.json_response(body, status=error.status, headers=error.headers)

    def _guarded(self, handler: Handler) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                self._admit(request)
                return await handler(request)
            except RefusedError as error:
                return self._error(error, request.path)

        return guarded

    def _admit(self, request: web.Request) -> None:
        if self.maintenance:
            raise RefusedError(503, "We're temporarily offline for maintenance. Please try again later.")
        if request.headers.get("Voverc-Auth") != self.api_key:
            raise RefusedError(401, "Your API key is wrong.")
        self._count_request()
        feature = request.path.removeprefix("/api/").partition("/")[2].partition("/")[0]
        if self.old_host and feature in ("validate-auth", "contacts", "users"):
            raise RefusedError(404)
        if feature in self.forbidden:
            raise RefusedError(403, "The requested resource is not accessible with your credentials.")
        history = request.method == "POST" and request.path == f"{V1}/telephony-events"
        accepted = {"*/*", "application/*", "application/json"} | ({"text/csv", "text/*"} if history else set())
        accept = {part.partition(";")[0].strip() for part in request.headers.get("Accept", "*/*").split(",")}
        if not accept & accepted:
            raise RefusedError(406)

    def _count_request(self) -> None:
        if self.rate_limit is None:
            return
        now = self.clock()
        recent = self.recent_requests
        while recent and recent[0] <= now - self.rate_window:
            recent.popleft()
        if len(recent) >= self.rate_limit:
            wait = {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}
            raise RefusedError(429, "You're doing too many requests! Slow down!", wait)
        recent.append(now)

    async def _wrong_method(self, _request: web.Request) -> web.StreamResponse:
        raise RefusedError(405)

    async def _nowhere(self, _request: web.Request) -> web.StreamResponse:
        raise RefusedError(404)

    async def _body(self, request: web.Request) -> dict[str, Any]:
        if request.content_type != "application/json":
            raise RefusedError(415)
        try:
            body = json.loads(await request.read())
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise _refuse("The body is not a JSON object")
        return body

    def _shown(self, fields: dict[str, Any], *optional: str) -> dict[str, Any]:
        """Leave out the optional fields without a value, or show them as null."""
        if self.missing_as is Absent.NULL:
            return fields
        return {key: value for key, value in fields.items() if value is not None or key not in optional}

    def _updates_by(self, method: UpdateMethod, request: web.Request) -> None:
        if method is not UpdateMethod.BOTH and request.method != method.value.upper():
            raise RefusedError(405)

    def _done(self, body: Mapping[str, Any]) -> web.Response:
        return web.json_response(body, status=self.success_status)

    def _deleted(self) -> web.Response:
        if self.delete_status == NO_CONTENT:
            return web.Response(status=NO_CONTENT)
        return web.json_response({}, status=self.delete_status)

    # -- company and users ----------------------------------------------------------------------------

    async def _validate_auth(self, _request: web.Request) -> web.Response:
        return web.json_response({"name": self.company, "email": self.email})

    async def _users(self, _request: web.Request) -> web.Response:
        users = [self._wire_user(user) for user in self.users.values()]
        return web.json_response({"results": users} if self.users_wrapped else users)

    def _wire_user(self, user: User) -> dict[str, Any]:
        cli = None
        if user.dids:
            cli = {"outbound_did": user.dids[0].wire(), "available_dids": [did.wire() for did in user.dids]}
        fields = {
            "id": user.id,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "extension_number": int(user.extension),
            "outbound_cli": cli,
        }
        return self._shown(fields, "last_name", "outbound_cli")

    # -- contacts -------------------------------------------------------------------------------------

    async def _search_contacts(self, request: web.Request) -> web.Response:
        query = request.query
        offset = _whole(query, "offset", 0, 0, math.inf)
        limit = _whole(query, "limit", 20, 1, SEARCH_LIMIT)
        found = [contact for contact in self.contacts.values() if self._matches(contact, query)]
        page = [self._wire_contact(contact) for contact in found[offset : offset + limit]]
        return web.json_response({"data": page, "has_next": len(found) > offset + limit})

    @staticmethod
    def _matches(contact: Contact, query: Mapping[str, str]) -> bool:
        values: dict[str, Sequence[str]] = {
            "first_name": [contact.fields["first_name"]],
            "last_name": [contact.fields.get("last_name") or ""],
            "phone": contact.phones,
            "email": contact.emails,
        }
        return all(
            any(query.get(key, "").casefold() in text.casefold() for text in (texts or [""]))
            for key, texts in values.items()
        )

    async def _create_contact(self, request: web.Request) -> web.Response:
        return self._done(self._wire_contact(self.save_contact(self._contact_fields(await self._body(request)))))

    async def _get_contact(self, request: web.Request) -> web.Response:
        return web.json_response(self._wire_contact(self._known_contact(request)))

    async def _update_contact(self, request: web.Request) -> web.Response:
        self._updates_by(self.contact_update_method, request)
        contact = self._known_contact(request)
        fields = self._contact_fields(await self._body(request))
        return self._done(self._wire_contact(self.save_contact(fields, contact.id)))

    async def _delete_contact(self, request: web.Request) -> web.Response:
        self.delete_contact(self._known_contact(request).id)
        return self._deleted()

    def _known_contact(self, request: web.Request) -> Contact:
        if (contact := self.contacts.get(request.match_info["id"])) is None:
            raise RefusedError(404)
        return contact

    def _contact_fields(self, body: Mapping[str, Any]) -> dict[str, Any]:
        _text(body, "first_name")
        _number(body, "primary_phone")
        fields: dict[str, Any] = {}
        for key in (*CONTACT_TEXTS, *CONTACT_LISTS):
            value = body.get(key)
            kind = list if key in CONTACT_LISTS else str
            if value is not None and not isinstance(value, kind):
                raise _refuse(f"{key} is malformed")
            if key in body and not value and not self.empty_values_allowed:
                raise _refuse(f"{key} must not be empty")
            if value:
                fields[key] = value
        for phone in fields.get("phones", []):
            _number({"phones": phone}, "phones")
        for email in fields.get("emails", []):
            _text({"emails": email}, "emails")
        fields.setdefault("crm_name", "Voxloud")
        if self.rewrite_text and "company_name" in fields:
            fields["company_name"] = re.sub(r"\s*&\s*", " & ", fields["company_name"])
        return fields

    def _wire_contact(self, contact: Contact) -> dict[str, Any]:
        fields: dict[str, Any] = {"id": contact.id}
        for key in CONTACT_ORDER:
            fields[key] = contact.fields.get(key, [] if key in CONTACT_LISTS else None)
        fields["created_at"] = datetime.fromtimestamp(contact.created, ROME).isoformat(timespec="seconds")
        fields["updated_at"] = datetime.fromtimestamp(contact.updated, ROME).isoformat(timespec="seconds")
        return self._shown(fields, *CONTACT_ORDER)

    # -- subscriptions --------------------------------------------------------------------------------

    async def _list_subscriptions(self, _request: web.Request) -> web.Response:
        answer: list[dict[str, Any]] = []
        for subscription in self.subscriptions.values():
            short = self.event_key is EventKey.TYPE or (self.event_key is EventKey.MIXED and answer)
            answer.append(self._wire_subscription(subscription, "type" if short else "event_type"))
        return web.json_response(answer)

    async def _create_subscription(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        event, url = self._event_type(body), self._callback(body)
        if event is EventType.CLICK_TO_CALL and not self.ctc_create:
            raise _refuse("event_type is not valid")
        same = any(s.callback_url == url and s.event_type is event for s in self.subscriptions.values())
        if same and self.refuse_duplicates:
            raise RefusedError(409, "The subscription exists")
        made = self.subscribe(url, event, notification_email=self._notification_email(body))
        return self._done(self._wire_subscription(self.subscriptions[made[0]]))

    async def _get_subscription(self, request: web.Request) -> web.Response:
        return web.json_response(self._wire_subscription(self._known_subscription(request)))

    async def _update_subscription(self, request: web.Request) -> web.Response:
        self._updates_by(self.update_method, request)
        subscription = self._known_subscription(request)
        body = await self._body(request)
        if body.get("id") != subscription.id:
            raise _refuse("id is required")
        event, url, email = self._event_type(body), self._callback(body), self._notification_email(body)
        enabled = body.get("enabled", subscription.enabled if self.put_keeps_absent else False)
        if not isinstance(enabled, bool):
            raise _refuse("enabled is malformed")
        subscription.event_type, subscription.callback_url, subscription.enabled = event, url, enabled
        if "notification_email" in body or not self.put_keeps_absent:
            subscription.notification_email = email
        if body.get("enabled") is True and self.enable_resets_count:
            subscription.failed_count, subscription.last_error = 0, None
        return self._done(self._wire_subscription(subscription))

    async def _delete_subscription(self, request: web.Request) -> web.Response:
        del self.subscriptions[self._known_subscription(request).id]
        return self._deleted()

    def _known_subscription(self, request: web.Request) -> Subscription:
        if (subscription := self.subscriptions.get(request.match_info["id"])) is None:
            raise RefusedError(404)
        return subscription

    @staticmethod
    def _event_type(body: Mapping[str, Any]) -> EventType:
        event = _text(body, "event_type")
        if event not in EventType:
            raise _refuse("event_type is not valid")
        return EventType(event)

    @staticmethod
    def _callback(body: Mapping[str, Any]) -> str:
        url = _text(body, "callback_url")
        if not re.fullmatch(r"https?://[^\s/]+\S*", url):
            raise _refuse("callback_url is not a URL")
        return url

    @staticmethod
    def _notification_email(body: Mapping[str, Any]) -> str | None:
        return _text(body, "notification_email") if body.get("notification_email") is not None else None

    def _wire_subscription(self, subscription: Subscription, key: str = "event_type") -> dict[str, Any]:
        fields = {
            "id": subscription.id,
            "enabled": subscription.enabled,
            key: subscription.event_type.value,
            "failed_count": subscription.failed_count,
            "last_error": subscription.last_error,
            "callback_url": subscription.callback_url,
            "notification_email": subscription.notification_email,
        }
        return self._shown(fields, "last_error", "notification_email")

    # -- call history ---------------------------------------------------------------------------------

    async def _query_events(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        number = _text(body, "number") if body.get("number") is not None else ""
        start, end = self._moment(body, "date_time_from"), self._moment(body, "date_time_to")
        found = [
            record
            for record in self.records.values()
            if (start is None or record.started >= start)
            and (end is None or record.started <= end)
            and (not number or self._concerns(record, number))
        ]
        order = self._sort(request, found)
        size = min(_lenient(request.query, "size", self.page_size_default, 1), self.page_size_max)
        page = _lenient(request.query, "page", 0, 0)
        rows = [self._row(record) for record in found[page * size : (page + 1) * size]]
        accept = request.headers.get("Accept", "*/*")
        if accept.startswith("text/"):
            return self._csv(rows)
        return web.json_response(self._page(rows, len(found), size, page, order))

    @staticmethod
    def _moment(body: Mapping[str, Any], key: str) -> float | None:
        value = body.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not MOMENT.fullmatch(value):
            raise _refuse(f"{key} must be in ISO8601 format with timezone")
        try:
            return datetime.fromisoformat(value).timestamp()
        except ValueError:
            raise _refuse(f"{key} is no such time") from None

    @staticmethod
    def _concerns(record: Record, number: str) -> bool:
        ends = ("originatorNumber", "destinationNumber", "answererNumber")
        return any(same_number(record.data.get(end, ""), number) for end in ends)

    @staticmethod
    def _sort(request: web.Request, found: list[Record]) -> list[dict[str, Any]]:
        """Sort in place; give the page's own account of it."""
        name, _, direction = request.query.get("sort", "timestamp,desc").partition(",")
        descending = direction.lower() == "desc"
        if name == "timestamp":
            found.sort(key=lambda record: (record.started, record.id), reverse=descending)
        elif name == "id":
            found.sort(key=lambda record: record.id, reverse=descending)
        elif name in ("duration", "direction", "type", "originatorNumber", "destinationNumber"):
            found.sort(key=lambda record: record.data[name], reverse=descending)
        else:
            raise _refuse(f"No property {name} found")
        return [
            {
                "direction": "DESC" if descending else "ASC",
                "property": name,
                "ignoreCase": False,
                "nullHandling": "NATIVE",
                "ascending": not descending,
                "descending": descending,
            }
        ]

    def _row(self, record: Record) -> dict[str, Any]:
        return self.history_row(record) | {"timestamp": offset_time(record.started)}

    @staticmethod
    def _page(
        rows: list[dict[str, Any]], total: int, size: int, page: int, order: list[dict[str, Any]]
    ) -> dict[str, Any]:
        pages = math.ceil(total / size)
        return {
            "content": rows,
            "last": page >= pages - 1,
            "totalElements": total,
            "totalPages": pages,
            "sort": order,
            "first": page == 0,
            "numberOfElements": len(rows),
            "size": size,
            "number": page,
        }

    @staticmethod
    def _csv(rows: list[dict[str, Any]]) -> web.Response:
        columns = list(dict.fromkeys(key for row in rows for key in row)) or ["id"]
        text = io.StringIO()
        writer = csv.DictWriter(text, columns)
        writer.writeheader()
        writer.writerows(rows)
        return web.Response(text=text.getvalue(), content_type="text/csv")

    async def _event_by_id(self, request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        if not re.fullmatch(r"\d{1,18}", wanted):
            raise _refuse("The id is not a number")
        if (record := self.records.get(int(wanted))) is None:
            raise RefusedError(404)
        return web.json_response(self.wire_record(record))

    async def _event_by_call(self, request: web.Request) -> web.Response:
        if not (call_id := request.query.get("callId")):
            raise _refuse("callId is required")
        # The record of the call itself comes after those of the phones that lost the race.
        rows = [self.wire_record(record) for record in reversed(self.records_of(call_id))]
        if not rows and not self.by_call_id_missing_empty:
            raise RefusedError(404)
        if self.by_call_id is ByCallId.ARRAY:
            return web.json_response(rows)
        if self.by_call_id is ByCallId.PAGE:
            return web.json_response(self._page(rows, len(rows), self.page_size_default, 0, []))
        return web.json_response(rows[0]) if rows else web.Response()

    async def _media(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        record = next((r for r in self.records.values() if f"/media/{name}" in json.dumps([r.data, r.fax])), None)
        if record is None:
            return web.Response(status=404)
        if self.media_lifetime is not None and self.clock() > record.started + self.media_lifetime:
            return web.Response(status=403, text="<Error><Code>AccessDenied</Code></Error>", content_type="text/xml")
        if name.endswith(".pdf"):
            return web.Response(body=b"%PDF-1.4\n%%EOF\n", content_type="application/pdf")
        return web.Response(body=mp3(4096), content_type="audio/mpeg")

    # -- click-to-call --------------------------------------------------------------------------------

    @property
    def click_to_call_limit(self) -> int:
        """How many click-to-calls there may be."""
        return len(self.users) + len(self.groups) if self.ctc_limit is None else self.ctc_limit

    async def _list_resources(self, _request: web.Request) -> web.Response:
        return web.json_response([self._wire_resource(resource) for resource in self.click_to_calls.values()])

    async def _create_resource(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        name, extension, number = _text(body, "name"), _text(body, "extension"), _text(body, "outboundNumber")
        first = body.get("dial_first", DialFirst.EXTENSION.value)
        if first not in list(DialFirst):
            raise _refuse("dial_first must be contact or extension")
        if extension not in self.users and extension not in self.groups:
            raise _refuse("extension does not exist")
        if number not in {did.number for did in self.dids}:
            if self.ctc_foreign_number is ForeignNumber.REFUSED:
                raise _refuse("outboundNumber is not one of your numbers")
            number = self.dids[0].number
        if len(self.click_to_calls) >= self.click_to_call_limit:
            raise RefusedError(self.ctc_limit_status, "The limit of click-to-call objects is reached")
        return self._done(self._wire_resource(self.add_click_to_call(name, extension, number, DialFirst(first))))

    def add_click_to_call(
        self, name: str, extension: str, number: str, dial_first: DialFirst = DialFirst.EXTENSION
    ) -> ClickToCall:
        """Store a click-to-call, also beyond the limit, without the API."""
        resource = ClickToCall(
            id=f"{self.rng.getrandbits(128):032x}",
            name=name,
            extension=extension,
            outbound_number=number,
            dial_first=dial_first,
        )
        self.click_to_calls[resource.id] = resource
        return resource

    async def _get_resource(self, request: web.Request) -> web.Response:
        return web.json_response(self._wire_resource(self._known_resource(request), prefix="ctc_"))

    async def _delete_resource(self, request: web.Request) -> web.Response:
        del self.click_to_calls[self._known_resource(request).id]
        return self._deleted()

    async def _connect(self, request: web.Request) -> web.Response:
        resource = self._known_resource(request)
        contact = _number(await self._body(request), "contact")
        self.push_soon(self.connect(resource, contact))
        return self._done({"contact": contact})

    def _known_resource(self, request: web.Request) -> ClickToCall:
        if (resource := self.click_to_calls.get(request.match_info["id"])) is None:
            raise RefusedError(404)
        return resource

    def _wire_resource(self, resource: ClickToCall, prefix: str = "ctc-") -> dict[str, Any]:
        return {
            "id": resource.id,
            "name": f"{prefix if self.ctc_rename else ''}{resource.name}",
            "extension": resource.extension,
            "outboundNumber": resource.outbound_number,
            "dial_first": resource.dial_first.value,
        }


__all__ = [
    "Absent",
    "ByCallId",
    "Call",
    "ClickToCall",
    "Contact",
    "DeliveryMode",
    "DialFirst",
    "Did",
    "Direction",
    "Envelope",
    "ErrorStyle",
    "EventKey",
    "EventType",
    "ForeignNumber",
    "Group",
    "GroupHangup",
    "LastEvent",
    "NumberStyle",
    "Parties",
    "UpdateMethod",
    "User",
    "VoxloudSimulator",
    "VoxloudSwitches",
    "demo_users",
]
