"""VOIP@ Cloud, contract section 5: status, tokens, domains, extensions, call lists, call control and call records."""

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from .base import Placed
from .voipat_bridge import Bridge
from .voipat_engine import Call, Leg, Record
from .voipat_rows import (
    belongs,
    call_rows,
    channel_row,
    documented,
    domain_uuid,
    extension_row,
    full_record,
    record_row,
    single_extension,
    statistics,
)
from .voipat_socket import UNAUTHORIZED, Client
from .voipat_wire import (
    UUID_PATTERN,
    Esl,
    Field,
    Identity,
    Refusal,
    Registrations,
    crash,
    error,
    iso,
    missing,
    node_invalid,
    python_invalid,
    query_int,
    read_body,
    sign,
)

DAY = 86_400
DIALS_AFTER = 0.01
DIGITS = re.compile(r"^[0-9*#A-D]+$")
BREAKING = re.compile(r"[\s,'\"{}]")
CAUSES = frozenset(
    {
        "NORMAL_CLEARING",
        "USER_BUSY",
        "NO_ANSWER",
        "CALL_REJECTED",
        "ORIGINATOR_CANCEL",
        "UNALLOCATED_NUMBER",
        "NO_USER_RESPONSE",
        "NORMAL_UNSPECIFIED",
        "DESTINATION_OUT_OF_ORDER",
        "NORMAL_TEMPORARY_FAILURE",
    }
)
ORIGINATE_FIELDS = (
    Field(name="from", required=True, message="from (extension) is required"),
    Field(name="to", required=True, message="to (destination) is required"),
    Field(name="domain", required=True, message="domain is required"),
    Field(name="callerId"),
    Field(name="callerName"),
    Field(name="timeout", kind=int),
)
TRANSFER_FIELDS = (
    Field(name="destination", required=True, message="destination is required"),
    Field(name="domain", required=True, message="domain is required"),
    Field(name="type"),
)

type Act = Callable[[Leg], bool]
type Check = Callable[[dict[str, Any], Identity], tuple[str, str, int] | None]


class Api(Bridge):
    """The endpoints of the bridge the integration may use."""

    # -- status (5.1) -------------------------------------------------------------------------------

    async def get_status(self, request: web.Request) -> web.Response:
        """Answer without looking at anything, even at a key."""
        del request
        return web.json_response(
            {
                "status": "ok",
                "service": "FusionPBX API Bridge",
                "version": self.version or ("1.0.1" if self.docs else "1.0.0"),
                "timestamp": iso(self.clock(), 6 if self.python else 3),
            }
        )

    async def get_detailed_status(self, request: web.Request) -> web.Response:
        """Tell the health of what is behind the bridge."""
        self._identify(request)
        clients = [
            {"domain": client.domain}
            if self.python
            else {"id": client.id, "userId": client.user, "domain": client.domain}
            for client in self.sockets.clients
        ]
        esl = self._esl_status()
        return web.json_response(
            {
                "status": "ok",
                "timestamp": iso(self.clock(), 6 if self.python else 3),
                "services": {
                    "esl": {"connected": esl["connected"]} if self.docs else esl,
                    "database": {"connected": self.database},
                    "websocket": {"connectedClients": len(clients), "clients": clients},
                },
            }
        )

    async def get_esl_status(self, request: web.Request) -> web.Response:
        """Tell the state of the connection to FreeSWITCH."""
        self._identify(request)
        return web.json_response(self._esl_status())

    def _esl_status(self) -> dict[str, Any]:
        up = self.esl is Esl.CONNECTED
        return {"connected": up, "host": "127.0.0.1", "port": 8021, "reconnectAttempts": self.reconnect_attempts}

    # -- tokens (2.2) and the socket (7) ------------------------------------------------------------

    async def post_token(self, request: web.Request) -> web.Response:
        """Exchange a key for a token; Python does so only for the global key."""
        fields = (
            Field(name="api_key", required=True, message="api_key is required"),
            Field(name="domain", nullable=False),
        )
        body = await read_body(self, request, fields)
        plain, now = body["api_key"], int(self.clock())
        if self.python:
            if plain != self.global_key:
                raise error(self, 401, "Invalid API key")
            claims: dict[str, Any] = {"sub": plain, "domain": body.get("domain"), "exp": now + DAY}
            return web.json_response({"token": sign(claims, self.jwt_secret), "type": "Bearer"})
        if not self.database:
            raise crash(self, "Token generation failed")
        identity = self.by_key(str(plain))
        if identity is None:
            raise error(self, 401, "Invalid API key")
        bootstrap = identity.domain is None
        domain = body.get("domain") if bootstrap else identity.domain
        claims = {
            "userId": identity.username,
            "userUuid": identity.uuid,
            "domain": domain,
            "admin": identity.admin,
            "scope": "full",
            "iat": now,
            "exp": now + DAY,
        }
        answer = {"token": sign(claims, self.jwt_secret), "expires_in": "24h", "token_type": "Bearer", "domain": domain}
        return web.json_response(answer if bootstrap else answer | {"username": identity.username})

    async def get_verify(self, request: web.Request) -> web.Response:
        """Tell who the key belongs to; unknown on Python."""
        self._only(request, here=not self.python)
        identity = self._identify(request)
        user = {
            "type": identity.kind,
            "userId": identity.username,
            "userUuid": identity.uuid,
            "domain": identity.domain,
            "admin": identity.admin,
        }
        if identity.claims is not None:
            user |= {name: identity.claims[name] for name in ("scope", "iat", "exp")}
        return web.json_response({"valid": True, "user": user, "domain": identity.domain})

    async def get_socket(self, request: web.Request) -> web.StreamResponse:
        """Open the WebSocket."""
        if not self.ws_enabled:
            return web.Response(status=404, text="<html><h1>404 Not Found</h1></html>", content_type="text/html")
        identity = self._socket_identity(request.query.get("token", ""))
        if identity is None and self.python:
            return web.Response(status=403)
        socket = web.WebSocketResponse(autoping=False)
        if identity is None:
            await socket.prepare(request)
            await socket.close(code=UNAUTHORIZED, message=b"Unauthorized")
            return socket
        asked = request.query.get("domain") or None
        client = Client(
            id=self.engine.new_uuid(),
            user=identity.username,
            domain=identity.domain or asked,
            admin=identity.admin,
            socket=socket,
        )
        await self.sockets.serve(client, request)
        return socket

    def _socket_identity(self, token: str) -> Identity | None:
        if not token:
            return None
        if self.python or token.startswith("fpx_") or token == self.global_key:
            identity = self.by_key(token)
            if identity is not None or not self.python:
                return identity
        return self.by_token(token)

    # -- domains and extensions (5.3, 5.4) ----------------------------------------------------------

    async def get_domains(self, request: web.Request) -> web.Response:
        """List the tenants: all on Node, the key's own on Python."""
        identity = self._identify(request)
        rows: list[dict[str, Any]]
        if self.python and identity.domain is not None:
            rows = [{"domain_name": identity.domain}]
        else:
            rows = [
                {
                    "domain_uuid": domain_uuid(name),
                    "domain_name": name,
                    "domain_enabled": "true" if self.text_booleans else True,
                }
                for name in sorted((self.domain, self.foreign_domain, self.similar_domain))
                if self.node or identity.domain in (None, name)
            ]
            if self.python:
                rows = [row | {"domain_description": None} for row in rows]
        return web.json_response({"domains": rows, "count": len(rows)})

    async def get_extensions(self, request: web.Request) -> web.Response:
        """List the extensions, or fail as a stock schema lets Python fail."""
        domain = self._needed_domain(self._identify(request), request)
        if self.python if self.extensions_broken is None else self.extensions_broken:
            raise crash(self, 'column "voicemail_enabled" does not exist')
        mine = [each for (tenant, _), each in self.engine.extensions.items() if tenant == domain and each.enabled]
        rows = [extension_row(self, each) for each in sorted(mine, key=lambda each: each.number)]
        return web.json_response({"extensions": rows, "count": len(rows)})

    async def get_extension(self, request: web.Request) -> web.Response:
        """Give one extension; Python also finds it by its alias."""
        domain = self._needed_domain(self._identify(request), request)
        number = request.match_info.get("extension", "registrations")
        found = self.engine.extensions.get((domain, number))
        if found is None and self.python:
            everyone = self.engine.extensions.items()
            found = next((each for (tenant, _), each in everyone if tenant == domain and each.alias == number), None)
        if found is None:
            raise error(self, 404, "Extension not found")
        return web.json_response({"extension": single_extension(self, found)})

    async def get_registrations(self, request: web.Request) -> web.Response:
        """List registered phones, where that is not broken; Node takes the word for an extension."""
        if self.node:
            return await self.get_extension(request)
        domain = self._needed_domain(self._identify(request), request)
        if self.python and self.registrations is Registrations.BROKEN:
            raise crash(self, "no such API")
        present = [each for (tenant, _), each in self.engine.extensions.items() if tenant == domain and each.registered]
        if self.docs:
            rows = [{"reg_user": each.number, "reg_host": domain, "status": "Registered"} for each in present]
            return web.json_response({"registrations": rows})
        tail = f"@{domain}" if self.registration_with_domain else ""
        rows = [{self.registration_key: f"{each.number}{tail}", "reg_host": domain} for each in present]
        inside = self.registrations is not Registrations.LIST
        return web.json_response({"registrations": {self.registrations.value: rows} if inside else rows})

    def _needed_domain(self, identity: Identity, request: web.Request) -> str:
        if not request.query.get("domain"):
            if self.says_detail:
                raise python_invalid(missing(["query", "domain"], None))
            raise node_invalid(("domain", "domain is required"))
        return self._scope(identity, request)

    # -- call lists (5.5) ---------------------------------------------------------------------------

    async def get_active(self, request: web.Request) -> web.Response:
        """List calls the way `show calls` does."""
        rows = await self._listed(request, lambda legs: call_rows(self, legs))
        return web.json_response({"calls": rows, "count": len(rows)})

    async def get_channels(self, request: web.Request) -> web.Response:
        """List legs the way `show channels` does."""
        rows = await self._listed(request, lambda legs: [channel_row(self, leg) for leg in legs])
        return web.json_response({"channels": rows, "count": len(rows)})

    async def _listed(
        self, request: web.Request, write: Callable[[Sequence[Leg]], list[dict[str, str]]]
    ) -> list[dict[str, Any]]:
        domain = self._scope(self._identify(request), request)
        async with self._turn():
            self._need_esl_for_list()
            if self.empty_list_glitch:
                self.empty_list_glitch -= 1
                self.misled = True
                return []
            self.misled = False
            self._tend_foreign_calls()
            rows = write(list(self.channels.legs(self.engine.legs).values()))
        kept = [row for row in rows if not domain or belongs(self, row, domain)]
        return [documented(row, self.clock()) for row in kept] if self.docs else list(kept)

    async def get_channel(self, request: web.Request) -> web.Response:
        """Give one leg."""
        identity = self._identify(request)
        uuid = request.match_info["uuid"]
        if self.python and not UUID_PATTERN.match(uuid):
            raise error(self, 400, "Invalid UUID format")
        async with self._turn():
            self._need_esl_for_list()
            leg = self.channels.legs(self.engine.legs).get(uuid.lower())
        if leg is None:
            raise error(self, 404, "Channel not found")
        row = channel_row(self, leg)
        if not self.node and identity.domain is not None and not belongs(self, row, identity.domain):
            if self.real_rows and row["context"] == "default":
                raise error(self, 404, "Channel not found")
            raise error(self, 403, "Access denied")
        return web.json_response({"channel": documented(row, self.clock()) if self.docs else row})

    # -- call control (5.6) -------------------------------------------------------------------------

    async def post_hangup(self, request: web.Request) -> web.Response:
        """End a leg, and with it the call it is bridged to."""

        def act(leg: Leg) -> bool:
            cause = body.get("cause")
            self.engine.kill(leg, cause if cause in CAUSES else "NORMAL_CLEARING")
            return True

        body: dict[str, Any] = {}
        return await self._control(request, "Call terminated", act, fields=(Field(name="cause"),), into=body)

    async def post_hold(self, request: web.Request) -> web.Response:
        """Hold a leg."""
        return await self._control(request, "Call placed on hold", self.engine.hold, gone="")

    async def post_unhold(self, request: web.Request) -> web.Response:
        """Resume a leg."""
        return await self._control(request, "Call resumed from hold", self.engine.unhold, gone="")

    async def post_toggle(self, request: web.Request) -> web.Response:
        """Hold or resume a leg; one that rings stays as it is."""

        def act(leg: Leg) -> bool:
            if not self.engine.unhold(leg):
                self.engine.hold(leg)
            return True

        return await self._control(request, "Hold toggled", act, gone="")

    async def post_mute(self, request: web.Request) -> web.Response:
        """Say that a leg is muted; nothing happens."""
        return await self._control(request, "Channel muted", lambda _leg: True, gone="Cannot locate session!")

    async def post_unmute(self, request: web.Request) -> web.Response:
        """Say that a leg is heard again; it always was."""
        return await self._control(request, "Channel unmuted", lambda _leg: True, gone="Cannot locate session!")

    async def post_dtmf(self, request: web.Request) -> web.Response:
        """Send tones towards a leg."""

        def act(leg: Leg) -> bool:
            self.dtmf_sent.append((leg.uuid, body["digits"]))
            return True

        def check(given: dict[str, Any], _who: Identity) -> tuple[str, str, int] | None:
            return None if DIGITS.match(str(given["digits"])) else ("digits", "Invalid DTMF digits", 400)

        fields = (Field(name="digits", required=True, message="digits is required"),)
        body: dict[str, Any] = {}
        return await self._control(
            request, "DTMF {digits} sent", act, fields=fields, check=check, gone="Cannot locate session!", into=body
        )

    async def post_transfer(self, request: web.Request) -> web.Response:
        """Transfer blind, or begin the attended transfer that cannot be completed."""
        consulting: list[tuple[Call | None, str, str]] = []

        def act(leg: Leg) -> bool:
            if body.get("type", "blind") == "blind":
                self.engine.transfer(leg, str(body["destination"]))
            else:
                consulting.append(self._consult(leg, str(body["destination"])))
            return True

        def check(given: dict[str, Any], who: Identity) -> tuple[str, str, int] | None:
            if given.get("type", "blind") not in ("blind", "attended"):
                return ("type", 'type must be "blind" or "attended"', 400)
            if self.python and who.domain not in (None, given["domain"]):
                return ("domain", "Transfer destination domain must match your domain", 403)
            return None

        body: dict[str, Any] = {}
        words = "Blind transfer to {destination} executed"
        answer = await self._control(request, words, act, fields=TRANSFER_FIELDS, check=check, into=body)
        if not consulting:
            return answer
        call, uuid, cause = consulting[0]
        if self.node:
            failed = cause if call is None else await self._outcome(uuid)
            if failed:
                raise crash(self, failed)
        text = f"Attended transfer to {body['destination']} initiated"
        original = request.match_info["uuid"]
        return web.json_response({"success": True, "message": text, "originalUuid": original, "newUuid": uuid})

    def _consult(self, leg: Leg, number: str) -> tuple[Call | None, str, str]:
        uuid = self.engine.new_uuid()
        target = self.engine.extensions.get((leg.call.domain, number))
        if target is None:
            self.engine.hold(leg)
            return None, uuid, "UNALLOCATED_NUMBER"
        call = self.engine.consult(leg, target, uuid)
        return call, uuid, "USER_BUSY" if target.registered else self.unregistered_cause

    async def _control(
        self,
        request: web.Request,
        message: str,
        act: Act,
        *,
        fields: Sequence[Field] = (),
        check: Check | None = None,
        gone: str = "No such channel!",
        into: dict[str, Any] | None = None,
    ) -> web.Response:
        """Do something to a leg; `gone` is FreeSWITCH's complaint about a dead one (empty: it says +OK)."""
        identity = self._identify(request)
        body = await read_body(self, request, fields)
        if into is not None:
            into |= body
        uuid = request.match_info["uuid"]
        if not UUID_PATTERN.match(uuid):
            raise (
                error(self, 400, "Invalid UUID format") if self.says_detail else node_invalid(("uuid", "Invalid value"))
            )
        if not self.python:
            self._check(check, body, identity)
        async with self._turn():
            self._need_esl()
            leg = self.engine.legs.get(uuid.lower())
            self._own(identity, self.channels.legs(self.engine.legs).get(uuid.lower()))
            if self.python:
                self._check(check, body, identity)
            if leg is None and gone:
                raise crash(self, gone)
            if leg is not None and not act(leg):
                raise crash(self, "Operation failed")
        self.sockets.command_replied()
        return web.json_response({"success": True, "message": message.format(**body), "uuid": uuid})

    def _check(self, check: Check | None, body: dict[str, Any], identity: Identity) -> None:
        wrong = check(body, identity) if check is not None else None
        if wrong is not None:
            field, message, status = wrong
            raise error(self, status, message) if self.says_detail else node_invalid((field, message))

    def _own(self, identity: Identity, leg: Leg | None) -> None:
        if self.node or identity.domain is None:
            return
        if leg is None and self.docs:
            raise error(self, 404, "Channel not found")
        if leg is None or not belongs(self, channel_row(self, leg), identity.domain):
            raise error(self, 403, "Channel not found in your domain")

    # -- placing a call (5.7) -----------------------------------------------------------------------

    async def post_originate(self, request: web.Request) -> web.Response:
        """Ring the extension first, then reach the number; Node answers when the extension did."""
        identity = self._identify(request)
        body = await read_body(self, request, ORIGINATE_FIELDS)
        if not self.says_detail:
            self._check_timeout(body)
        async with self._turn():
            self._need_esl(placing=True)
            if not self.node and identity.domain not in (None, body["domain"]):
                raise error(self, 403, "You can only originate calls within your domain")
            if self.says_detail:
                if not (body["from"] and body["to"] and body["domain"]):
                    raise error(self, 400, "from, to, domain are required")
                self._check_timeout(body)
            uuid, cause = self._place(body)
            if self.node:
                failed = cause or await self._outcome(uuid)
                if failed:
                    raise crash(self, failed)
        self.sockets.command_replied()
        return web.json_response({"uuid": uuid, "message": f"Call from {body['from']} to {body['to']} initiated"})

    def _check_timeout(self, body: dict[str, Any]) -> None:
        given = body.get("timeout", 30)
        if self.says_detail and int(given) == 0:
            return
        whole = re.fullmatch(r"\s*\d+(\.0)?\s*", str(given)) is not None and not isinstance(given, bool)
        if not whole or not 5 <= int(float(given)) <= 120:
            if self.says_detail:
                raise error(self, 400, "timeout must be between 5 and 120")
            raise node_invalid(("timeout", "Invalid value"))

    def _place(self, body: dict[str, Any]) -> tuple[str, str]:
        """Place the call; give its id, and why it failed at once."""
        uuid = self.engine.new_uuid()
        source, number, domain = str(body["from"]), str(body["to"]), str(body["domain"])
        caller_id = str(body.get("callerId") or source)
        name = str(body.get("callerName") or source)
        quoted = re.fullmatch(r"'([^']*)'", name)
        pasted = (source, number, domain, caller_id, "" if quoted else name)
        if any(BREAKING.search(text) for text in pasted):
            self.broken_commands.append(" ".join((*pasted, name)))
            return uuid, "NORMAL_TEMPORARY_FAILURE"
        phone = self.engine.extensions.get((domain, source))
        if phone is None or not phone.registered:
            return uuid, "SUBSCRIBER_ABSENT" if phone is None else self.unregistered_cause
        limit = self.ring_timeout if self.ring_timeout is not None else float(body.get("timeout") or 30)

        def dial() -> bool:
            if self.engine.place(phone, number, caller_id, quoted[1] if quoted else name, uuid) is None:
                return False
            self.placed.append(Placed(call_id=uuid, source=source, destination=number))
            leg = self.engine.legs[uuid]
            self._ring_timers[uuid] = self._later(limit, lambda: self.engine.kill(leg, "NO_ANSWER"))
            if self.auto_answer is not None:
                self._later(self.auto_answer, lambda: self._answer_if_ringing(leg))
            return True

        def begin() -> None:
            dial()

        if self.python and self.real_rows:
            self._later(DIALS_AFTER, begin)  # it says yes before it dials
            return uuid, ""
        return uuid, "" if dial() else "USER_BUSY"

    def _answer_if_ringing(self, leg: Leg) -> None:
        if leg.uuid in self.engine.legs and leg.answered_at is None:
            self.engine.answer(leg)

    async def _outcome(self, uuid: str) -> str:
        """Wait until a leg is answered (empty) or over (its cause)."""
        if uuid not in self.engine.legs:
            return "NO_ANSWER"
        self._waits[uuid] = asyncio.get_running_loop().create_future()
        return await self._waits[uuid]

    # -- call records (5.8) -------------------------------------------------------------------------

    async def get_records(self, request: web.Request) -> web.Response:
        """List call records, newest first."""
        identity = self._identify(request)
        limit = query_int(self, request, "limit", 100, 1, 1000)
        offset = query_int(self, request, "offset", 0, 0, None)
        found = self._found(identity, request)
        rows = [record_row(self, record) for record in found[offset : offset + limit]]
        return web.json_response({"records": rows, "total": len(found), "limit": limit, "offset": offset})

    async def get_record(self, request: web.Request) -> web.Response:
        """Give one call record with every column."""
        identity = self._identify(request)
        uuid = request.match_info["uuid"]
        if not UUID_PATTERN.match(uuid):
            raise crash(self, "invalid uuid") if self.says_detail else node_invalid(("uuid", "Invalid value"))
        if not self.database:
            raise crash(self, "Connection terminated unexpectedly")
        found = next((record for record in self._written() if record.uuid == uuid.lower()), None)
        if found is None:
            raise error(self, 404, "CDR record not found")
        if not self.node and identity.domain not in (None, found.domain):
            raise error(self, 403, "Access denied")
        return web.json_response({"record": full_record(self, found)})

    async def get_statistics(self, request: web.Request) -> web.Response:
        """Sum the call records up."""
        identity = self._identify(request)
        return web.json_response({"stats": statistics(self, self._found(identity, request, summary=True))})

    def _found(self, identity: Identity, request: web.Request, *, summary: bool = False) -> list[Record]:
        if not self.database:
            raise crash(self, "Connection terminated unexpectedly")
        if self.node and not self.disposition_column:
            raise crash(self, 'column "disposition" does not exist')
        query, domain = request.query, self._scope(identity, request)
        start, end = self._date(query.get("start_date")), self._date(query.get("end_date"))
        extension, search, direction = query.get("extension"), query.get("search"), query.get("direction")
        if summary:
            extension = search = direction = None

        def folded(text: str) -> str:
            return text if self.python else text.lower()

        def wanted(record: Record) -> bool:
            texts = (record.caller_number, record.destination, record.caller_name)
            return (
                (not domain or record.domain == domain)
                and (start is None or record.start >= start)
                and (end is None or record.start <= end)
                and (not direction or record.direction == direction)
                and (not extension or extension in texts[:2])
                and (not search or any(folded(search) in folded(text) for text in texts))
            )

        return sorted(filter(wanted, self._written()), key=lambda record: record.start, reverse=True)

    def _written(self) -> list[Record]:
        """List the records that are written by now."""
        now = self.clock()
        return [record for record in self.engine.records if record.written <= now]

    def _date(self, text: str | None) -> float | None:
        if not text:
            return None
        if self.python if self.cdr_dates_broken is None else self.cdr_dates_broken:
            raise crash(self, "expected a datetime.date or datetime.datetime instance")
        try:
            at = datetime.fromisoformat(text)
        except ValueError:
            raise self._bad_date(text) from None
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()

    def _bad_date(self, text: str) -> Refusal:
        return crash(self, f'invalid input syntax for type timestamp with time zone: "{text}"')
