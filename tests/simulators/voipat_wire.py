"""VOIP@ Cloud, contract sections 2 to 4 and 14: switches, wording of errors, tokens, request bodies, rate limits."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal

from aiohttp import web

UUID_PATTERN = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$", re.IGNORECASE)


class Profile(StrEnum):
    """Which server answers: the Python bridge, the Node bridge, or what the public documentation promises."""

    PYTHON = "python"
    NODE = "node"
    DOCS = "docs"


class Esl(StrEnum):
    """The bridge's connection to FreeSWITCH; EOF is a clean close, on which the Python bridge hangs as a whole."""

    CONNECTED = "connected"
    DOWN = "down"
    EOF = "eof"


class Loopback(StrEnum):
    """What the pseudo-legs of a call placed by API do on the Python bridge."""

    COLLAPSE = "collapse"
    STAY = "stay"
    NONE = "none"


class Registrations(StrEnum):
    """What the registrations endpoint gives: its brokenness, a list, or a dict with the list inside."""

    BROKEN = "broken"
    LIST = "list"
    ROWS = "rows"
    DATA = "data"
    NESTED = "registrations"


ON_PAPER: Mapping[str, Any] = {"list_lag": (0.0, 0.0, 0.0), "real_rows": False, "record_delay": (0.0, 0.0)}
"""Switches of a phone system that is never late, as the sections of the contract before the thirteenth have it."""


@dataclass(kw_only=True, eq=False, repr=False)
class VoipatSwitches:
    """The contract's switches; all may be changed while the simulator runs. None means: as the profile does it."""

    profile: Profile = Profile.PYTHON
    version: str | None = None
    """The version told by /status (None: 1.0.0, in the documentation 1.0.1)."""
    docs_errors: Literal["error", "detail"] = "error"
    """The vocabulary of errors in the docs profile."""

    esl: Esl = Esl.CONNECTED
    reconnect_attempts: int = 0
    database: bool = True
    """False: Node answers a good key 401, Python crashes."""
    bridge_hang: bool = False
    """No request is answered; when it ends the connections are dropped, as by a restart of the service."""
    gateway_error: int = 0
    """Answer everything with nginx' HTML page of this status (502, 504)."""
    latency: float = 0.0
    """Seconds every answer takes longer."""
    auth_flap: int = 0
    """So many of the next authenticated requests are answered 401 with a good key."""
    auth_crash: int = 0
    """So many of the next authenticated requests are answered 500."""
    throttle: int = 0
    """So many of the next requests are answered 429."""
    throttle_retry_after: int | None = 30
    """Retry-After of such a 429 (None: the header is missing)."""
    user_enabled: bool = True
    key_cache_ttl: float | None = None
    """Seconds a key's verdict is remembered (None: Node 300, else 0)."""
    cors_origins: frozenset[str] = frozenset()
    """Origins Node does not answer 500."""

    plan: Literal["standard", "enterprise"] = "standard"
    rate_limit: int | None = None
    """Requests per minute; 0 is no limit (None: Node 200 per address, docs by plan, Python none)."""
    hourly_limit: int | None = None
    """Requests per hour; 0 is no limit (None: docs by plan, else none)."""

    extensions_broken: bool | None = None
    """GET /extensions crashes on a stock schema (None: on Python)."""
    registrations: Registrations = Registrations.BROKEN
    registration_key: Literal["reg_user", "user", "sip_user", "sip-auth-user"] = "reg_user"
    registration_with_domain: bool = False
    text_booleans: bool = False
    """enabled and domain_enabled are the text "true"."""
    empty_text: Literal["null", "empty"] = "null"
    """What an unset text column holds."""

    disposition_column: bool = False
    """True: the database has the column Node's call records need."""
    cdr_dates_broken: bool | None = None
    """Any date crashes the call records (None: on Python)."""
    cdr_microseconds: bool = False
    cdr_float_seconds: bool = False
    cdr_null_direction: bool = False

    list_lag: tuple[float, float, float] = (0.001, 0.085, 0.279)
    """Seconds by which a list is later than its event: the least, the median and the most; zeros for none."""
    real_rows: bool = True
    """Rows and placed calls as a real switch has them; False: as the older sections of the contract say."""
    bare_call_uuids: bool = False
    """A leg that rings for another has no call_uuid either until they are bridged."""
    record_delay: tuple[float, float] = (3.0, 25.0)
    """Seconds after its end until a call's record is written: the least and the most."""
    foreign_tenant_rows: bool = False
    """Two other tenants have calls up; the domain of one contains ours."""
    loopback: Loopback = Loopback.COLLAPSE
    loopback_splits: bool = False
    """While it rings, the far leg of a call placed by API carries the loopback's call_uuid, not the shared one."""
    empty_list_glitch: int = 0
    """So many of the next call lists are empty with 200, as when ESL replies are out of step."""
    misled: bool = False
    """The last call list was such an empty one."""
    trunk_accountcode: bool = False
    """Trunk legs carry the tenant's accountcode."""
    old_columns: bool = False
    """An old FreeSWITCH without accountcode and the initial_ columns."""
    b_call_uuid: bool = False
    """Call rows have a b_call_uuid."""
    server_utc_offset: int = 7200
    """Seconds the server's clock face (`created`) is ahead of UTC."""
    ring_at_once: bool = True
    """False: new legs stay DOWN (and a trunk leg in context public) until the verb `route`."""
    early_media: bool = False
    """Dialled legs show EARLY instead of RINGING, and the widget never counts seconds."""
    unregistered_cause: Literal["USER_NOT_REGISTERED", "SUBSCRIBER_ABSENT"] = "USER_NOT_REGISTERED"

    auto_answer: float | None = None
    """Seconds until a phone rung by API is picked up by itself."""
    auto_answer_far: float | None = None
    """Seconds until the far party of a call placed by API picks up by itself."""
    ring_timeout: float | None = None
    """Seconds a phone rung by API rings (None: what the request says)."""

    ws_enabled: bool = True
    """False: the web server in front does not forward /ws."""
    ws_ping: float | None = None
    """Seconds between protocol pings (None: Python 20, Node 30)."""
    greeting_delay: float = 0.02
    """Seconds until Node greets a socket; what a client sends before that is lost."""
    library_noise: bool = False
    """Node pushes ESL command replies as channel.update without data."""

    crm_url: str = ""
    crm_method: Literal["GET", "POST"] = "GET"
    crm_login_url: str = ""
    crm_auto_login_url: str = ""
    crm_agent_login_url: str = ""
    crm_agent_logout_url: str = ""
    crm_settings_cached: bool = True
    """A browser session keeps the (set) URLs it first used until `log_in_again`."""
    widget: Literal["proxy", "standalone"] = "proxy"
    """Standalone: the browser posts a form itself, without braces and domain."""
    widget_permission: bool = True
    widget_hold_back: float = 0.05
    """Seconds (really 2) of the late hang-up of failed, and the late ghost of cancelled, outgoing calls."""
    browser_clock_skew: float = 0.0

    click_to_dial_origins: tuple[str, ...] = ()
    """Origins allowed to use the click-to-dial token; empty allows all."""

    @property
    def python(self) -> bool:
        """Tell if the Python bridge answers."""
        return self.profile is Profile.PYTHON

    @property
    def node(self) -> bool:
        """Tell if the Node bridge answers."""
        return self.profile is Profile.NODE

    @property
    def docs(self) -> bool:
        """Tell if the documentation answers."""
        return self.profile is Profile.DOCS

    @property
    def frozen(self) -> bool:
        """Tell if the bridge answers nobody."""
        return self.bridge_hang or (self.python and self.esl is Esl.EOF)

    @property
    def says_detail(self) -> bool:
        """Tell if errors are worded the Python way."""
        return self.python or (self.docs and self.docs_errors == "detail")

    @property
    def minute_limit(self) -> int:
        """Give the requests allowed per minute; 0 is no limit."""
        if self.rate_limit is not None:
            return self.rate_limit
        if self.docs:
            return 60 if self.plan == "standard" else 300
        return 200 if self.node else 0

    @property
    def hour_limit(self) -> int:
        """Give the requests allowed per hour; 0 is no limit."""
        if self.hourly_limit is not None:
            return self.hourly_limit
        if self.docs:
            return 1000 if self.plan == "standard" else 10_000
        return 0


class Refusal(Exception):  # noqa: N818
    """An answer that ends the request early."""

    def __init__(self, response: web.Response) -> None:
        """Keep the answer."""
        super().__init__(response.status)
        self.response = response


def iso(moment: float, digits: int = 3) -> str:
    """Write a time in UTC with Z and so many decimals."""
    at = datetime.fromtimestamp(moment, UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}"[: 20 + digits] + "Z"


# -- errors (section 3) -----------------------------------------------------------------------------


def html_error(status: int) -> web.Response:
    """Answer like the web server in front of the bridge."""
    title = {502: "502 Bad Gateway", 504: "504 Gateway Time-out"}.get(status, f"{status} Error")
    page = f"<html>\r\n<head><title>{title}</title></head>\r\n<body><center><h1>{title}</h1></center></body></html>"
    return web.Response(status=status, text=page, content_type="text/html")


def error(switches: VoipatSwitches, status: int, text: str, **extra: str) -> Refusal:
    """Word an application error; `extra` is only said by Node."""
    if switches.says_detail:
        return Refusal(web.json_response({"detail": text}, status=status))
    return Refusal(web.json_response({"error": text, **extra}, status=status))


def crash(switches: VoipatSwitches, text: str) -> Refusal:
    """Word a failure inside: Node tells the cause, Python loses it."""
    if switches.says_detail:
        return Refusal(web.Response(status=500, text="Internal Server Error"))
    return Refusal(web.json_response({"error": text}, status=500))


def node_invalid(*details: tuple[str, str]) -> Refusal:
    """Word Node's validation error."""
    listed = [{"field": field, "message": message} for field, message in details]
    return Refusal(web.json_response({"error": "Validation failed", "details": listed}, status=400))


def python_invalid(*details: Mapping[str, Any]) -> Refusal:
    """Word Python's validation error."""
    return Refusal(web.json_response({"detail": list(details)}, status=422))


def missing(loc: Sequence[str], given: object) -> Mapping[str, Any]:
    """Describe an absent field the Python way."""
    return {"type": "missing", "loc": list(loc), "msg": "Field required", "input": given}


# -- request bodies ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of a request body."""

    name: str
    kind: type[str | int | bool] = str
    required: bool = False
    message: str = ""
    nullable: bool = True


async def read_body(switches: VoipatSwitches, request: web.Request, fields: Sequence[Field]) -> dict[str, Any]:
    """Read and check a JSON body the way the profile does; what is absent stays absent."""
    raw = await request.read()
    needed = any(field.required for field in fields)
    if not switches.says_detail:
        body = _node_json(raw) if request.content_type == "application/json" and raw else {}
        wrong = [(f.name, f.message or f"{f.name} is required") for f in fields if f.required and not _filled(body, f)]
        if wrong:
            raise node_invalid(*wrong)
        return body
    if not raw and not needed:
        return {}
    if not raw:
        raise python_invalid(missing(["body"], None))
    typed = request.content_type == "application/json"
    parsed = _python_json(raw) if typed else raw.decode(errors="replace")
    if not isinstance(parsed, dict):
        text = "Input should be a valid dictionary or object to extract fields from"
        raise python_invalid({"type": "model_attributes_type", "loc": ["body"], "msg": text, "input": parsed})
    problems = [problem for field in fields if (problem := _python_problem(parsed, field)) is not None]
    if problems:
        raise python_invalid(*problems)
    return {key: value for key, value in parsed.items() if value is not None}


def _filled(body: Mapping[str, Any], field: Field) -> bool:
    return body.get(field.name) not in (None, "")


def _node_json(raw: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(raw)
    except ValueError:
        text = "Expected property name or '}' in JSON at position 1 (line 1 column 2)"
        raise Refusal(web.json_response({"error": text}, status=400)) from None
    return parsed if isinstance(parsed, dict) else {}


def _python_json(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except ValueError as err:
        wrong = {"type": "json_invalid", "loc": ["body", getattr(err, "pos", 0)], "msg": "JSON decode error"}
        raise python_invalid(wrong | {"input": {}, "ctx": {"error": getattr(err, "msg", str(err))}}) from None


def _python_problem(body: Mapping[str, Any], field: Field) -> Mapping[str, Any] | None:
    loc = ["body", field.name]
    if field.name not in body:
        return missing(loc, dict(body)) if field.required else None
    value = body[field.name]
    if value is None and field.nullable and not field.required:
        return None
    if field.kind is str and not isinstance(value, str):
        return {"type": "string_type", "loc": loc, "msg": "Input should be a valid string", "input": value}
    if field.kind is int and not _like_int(value):
        text = "Input should be a valid integer, unable to parse string as an integer"
        return {"type": "int_parsing", "loc": loc, "msg": text, "input": value}
    return None


def _like_int(value: object) -> bool:
    if isinstance(value, str):
        return bool(re.fullmatch(r"\s*[+-]?\d+\s*", value))
    return isinstance(value, int) or (isinstance(value, float) and value.is_integer())


def query_int(
    switches: VoipatSwitches, request: web.Request, name: str, default: int, least: int, most: int | None
) -> int:
    """Read a number of the query within its bounds."""
    text = request.query.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"[+-]?\d+", text):
        words = "Input should be a valid integer, unable to parse string as an integer"
        raise (
            python_invalid({"type": "int_parsing", "loc": ["query", name], "msg": words, "input": text})
            if switches.says_detail
            else node_invalid((name, "Invalid value"))
        )
    value = int(text)
    if value >= least and (most is None or value <= most):
        return value
    if not switches.says_detail:
        raise node_invalid((name, "Invalid value"))
    if value < least:
        kind, words, context = "greater_than_equal", f"Input should be greater than or equal to {least}", {"ge": least}
    else:
        kind, words, context = "less_than_equal", f"Input should be less than or equal to {most}", {"le": most or 0}
    raise python_invalid({"type": kind, "loc": ["query", name], "msg": words, "input": text, "ctx": context})


# -- keys and tokens (section 2) --------------------------------------------------------------------


@dataclass(slots=True, kw_only=True)
class ApiKey:
    """A key of one user."""

    uuid: str
    plain: str
    domain: str
    username: str
    created: float
    description: str = ""
    admin: bool = False
    enabled: bool = True
    expires: float | None = None
    last_used: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks; without a domain it is the global key."""

    domain: str | None
    kind: Literal["api_key", "jwt"] = "api_key"
    username: str = "admin"
    uuid: str = ""
    admin: bool = False
    claims: Mapping[str, Any] | None = None


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _signature(signed: str, secret: str) -> str:
    return _text(hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest())


def sign(claims: Mapping[str, Any], secret: str) -> str:
    """Make a JSON web token (HS256)."""
    head = _text(b'{"alg":"HS256","typ":"JWT"}')
    signed = f"{head}.{_text(json.dumps(claims, separators=(',', ':')).encode())}"
    return f"{signed}.{_signature(signed, secret)}"


def verify(token: str, secret: str, now: float) -> dict[str, Any] | None:
    """Give a token's claims; None when it is forged, broken or expired."""
    signed, _, signature = token.rpartition(".")
    if not signed or not hmac.compare_digest(signature.encode(), _signature(signed, secret).encode()):
        return None
    middle = signed.partition(".")[2]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    return claims if claims.get("exp", 0) > now else None


# -- rate limits (section 4) ------------------------------------------------------------------------


class RateLimiter:
    """Count requests in fixed windows."""

    def __init__(self, switches: VoipatSwitches, clock: Callable[[], float]) -> None:
        """Start with nothing counted."""
        self._switches = switches
        self._clock = clock
        self._windows: dict[tuple[str, int], tuple[float, int]] = {}

    def take(self, who: str) -> tuple[bool, dict[str, str]]:
        """Count one request; tell if it is allowed, and the headers of its answer."""
        switches = self._switches
        if switches.throttle:
            switches.throttle -= 1
            wait = switches.throttle_retry_after
            return False, {} if wait is None else {"Retry-After": str(wait)}
        allowed, headers = True, dict[str, str]()
        for limit, span in ((switches.hour_limit, 3600), (switches.minute_limit, 60)):
            if not limit:
                continue
            now = self._clock()
            start, count = self._windows.get((who, span), (now, 0))
            if now >= start + span:
                start, count = now, 0
            self._windows[who, span] = (start, count + 1)
            over = count >= limit
            if allowed or over:
                headers = self._headers(limit, span, max(0, limit - count - 1), start + span - now, over=over)
            if over:
                return False, headers
        return allowed, headers

    def _headers(self, limit: int, span: int, remaining: int, left: float, *, over: bool) -> dict[str, str]:
        if self._switches.docs:
            reset = int(self._clock() + left)
            return {
                "X-RateLimit-Limit": str(limit),
                "X-RateLimit-Remaining": str(remaining),
                "X-RateLimit-Reset": str(reset),
            }
        seconds = str(max(1, round(left)))
        headers = {
            "RateLimit-Policy": f"{limit};w={span}",
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(remaining),
            "RateLimit-Reset": seconds,
        }
        return headers | ({"Retry-After": seconds} if over else {})
