"""What a VoIPSUN PBX answers, read without trust: text for numbers, states in words.

Pure. Next to nothing about the shapes of the answers is published, so everything here accepts
several, and what cannot be read stays unknown.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from math import isfinite
from typing import NamedTuple, NoReturn

from ...telephony.errors import ConnectError
from ...telephony.models import AgentStatus
from ..channels import ChannelKind, channel_kind
from ..turns import Steps, at_once
from ..values import Json, boolean, mapping, mappings, number, seconds, text

MAX_ROWS = 10_000
MAX_DEPTH = 8
MAX_TEXT = 200
LONGEST = timedelta(days=400).total_seconds()
SHORT_SECRET = 3
WIDEST = 2**63

NO_ERROR = frozenset({"", "0"})
EMPTY: tuple[object, ...] = (None, "", "0", 0, [], {})
"""How PHP may write that there is nothing, or how many there are of it."""

_AFTER_NOTICE = re.compile(r"[\n>][ \t]*\ufeff?([\[{])")
_NOTICE = re.compile(r"\s*(?:<br ?/?>|<b>|(?:PHP )?(?:Notice|Warning|Deprecated|Fatal error):)")
_CHANNEL = re.compile(r"(?:SIP|PJSIP)/(.+)-([0-9a-fA-F]{8,})")
_MILLISECONDS = re.compile(r"\(([0-9]{1,6}) ?ms\)")
_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]")
_ABOUT_AUTHENTICATION = re.compile(r"\bpin\b|authenti|password|authori[sz]", re.IGNORECASE)
_SECRET_KEY = re.compile(r"pin$|passw|secret")

# How the states of SIP accounts begin, of chan_sip and of PJSIP.
REACHED = ("ok", "lagged", "avail", "reachable")
NOT_REACHED = ("unreachable", "unk", "unavail")
NOT_MONITORED = ("unmonitored", "nonqual")
# How "no address" is written.
NO_HOST = frozenset({"", "-none-", "(unspecified)", "(null)", "0.0.0.0"})  # noqa: S104
CALLING = frozenset({"ring", "offhook", "dialing offhook", "rsrvd", "pre-ring"})
CALLED = frozenset({"ringing", "dialing"})


# -- the envelope ----------------------------------------------------------------------------------


class Failure(NamedTuple):
    """The phone system's no, in its own words."""

    code: str
    reason: str

    def between(self, first: int, last: int) -> bool:
        """Return whether the code is of a family."""
        value = number(self.code)
        return value is not None and first <= value <= last

    @property
    def about_authentication(self) -> bool:
        """Whether the reason speaks of a PIN.

        The codes of an agent's state and of a wrong PIN are one family.
        """
        return bool(_ABOUT_AUTHENTICATION.search(self.reason))


def decode(body: bytes) -> object:
    """Return what a JSON text says, also before or behind a warning that PHP printed.

    Raise ConnectError for what cannot be read.
    """
    answer = body.decode("utf-8-sig", errors="replace").strip()
    # Only a notice is skipped: the rest of a JSON text that was cut off must not pass for an
    # answer.
    before = None if answer[:1] in "[{" else _AFTER_NOTICE.search(answer)
    try:
        found, end = json.JSONDecoder().raw_decode(answer, before.start(1) if before else 0)
    except ValueError, RecursionError:
        _unreadable()
    if end < len(answer) and not _NOTICE.match(answer, end):
        _unreadable()
    return found


def succeeded(answer: object) -> bool:
    """Return whether a command was carried out; "false" is text and would be truthy."""
    return boolean(mapping(answer).get("success")) is True


def failure(answer: object) -> Failure | None:
    """Return the phone system's no; None when the answer is none, or does not say which it is."""
    envelope = mapping(answer)
    code, reason = line(envelope.get("errno"), 20), line(envelope.get("reason"), 1000)
    if "success" in envelope:
        said = envelope["success"]
        no = said is None or boolean(said) is False or bool(code or reason)
    else:
        no = "reason" in envelope and code not in NO_ERROR
    return Failure(code=code, reason=reason) if no and not succeeded(answer) else None


def items(answer: object) -> tuple[Json, ...]:
    """Return the rows of a list, in any of the styles it may be written in.

    Raise ConnectError for anything else.
    """
    found: object = None
    if isinstance(answer, list):
        found = answer
    elif isinstance(answer, dict):
        values = [value for key, value in answer.items() if key != "success"]
        containers = [value for value in values if _holds_rows(value)]
        filled = [value for value in containers if value]
        if all(value in EMPTY for value in values):
            found = []
        elif len(containers) == 1 or len(filled) == 1:
            (found,) = filled or containers
        elif all(isinstance(value, dict) for value in values):
            found = values
    elif answer is None:
        found = []
    if found is None:
        _unreadable()
    rows = mappings(found)
    if found and not rows:
        _unreadable()
    return rows[:MAX_ROWS]


def _holds_rows(value: object) -> bool:
    """Return whether a value may be a list of rows."""
    if isinstance(value, dict):
        return bool(value) and all(isinstance(entry, dict) for entry in value.values())
    return isinstance(value, list)


def _unreadable() -> NoReturn:
    """Raise the error for an answer that cannot be read."""
    raise ConnectError("The answer cannot be read") from None


# -- single values ---------------------------------------------------------------------------------


def line(value: object, limit: int = MAX_TEXT) -> str:
    """Return one line of printable text, which can be shown, stored and sent back."""
    return text(value)[:limit]


def length(value: object) -> float | None:
    """Return a length in seconds; None for what is none, or cannot be one."""
    amount = seconds(value)
    return amount if amount is not None and amount <= LONGEST else None


def amount_of(value: object) -> float | None:
    """Return a figure of a queue: "24", "91.2 %", "91,2", 00:00:24; None where there is none."""
    if isinstance(value, str):
        value = value.replace("%", "").replace(",", ".")
    return length(value)


def cut(reason: str, secrets: Collection[str], limit: int = MAX_TEXT) -> str:
    """Return a text without what must not be shown, then shortened."""
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        # A PIN of three digits must not eat the digits of other numbers.
        edge = r"\b" if len(secret) <= SHORT_SECRET and secret.isalnum() else ""
        reason = re.sub(f"{edge}{re.escape(secret)}{edge}", "…", reason)
    return reason[:limit]


def clean(value: object, secrets: Collection[str] = (), depth: int = MAX_DEPTH) -> object:
    """Return a copy of an answer that can be shown: bounded, printable, without PINs."""
    if depth and isinstance(value, dict):
        return {
            line(key): clean(entry, secrets, depth - 1)
            for key, entry in value.items()
            if not _SECRET_KEY.search(bare(key))
        }
    if depth and isinstance(value, list):
        return [clean(entry, secrets, depth - 1) for entry in value[:MAX_ROWS]]
    if isinstance(value, str):
        return cut(line(value), secrets)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if isfinite(value) and abs(value) < WIDEST else None
    return value if isinstance(value, bool) else None


def bare(key: object) -> str:
    """Return a key without case and punctuation."""
    return _NOT_ALPHANUMERIC.sub("", text(key).lower())


# -- listcalls -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One channel that is up.

    `user` is the SIP user name, empty for anything but SIP; `number` counts channels; `duration`
    is in seconds.
    """

    channel: str
    user: str = ""
    number: int | None = None
    source: str = ""
    destination: str = ""
    duration: float | None = None
    status: str = ""
    context: str = ""
    account_code: str = ""
    glue: bool = False
    """Whether it only joins two channels, and is no end of a call."""

    @property
    def up(self) -> bool:
        """Whether this end was picked up."""
        return self.status == "up"


def row(item: Json) -> Row | None:
    """Return one row of the active calls; None for what is no channel, or one inside Asterisk.

    Channels that only join two others are read as well: they tell who called whom.
    """
    written = item.get("channelName")
    channel = line(written)
    kind = channel_kind(channel)
    if isinstance(written, str) and channel != written.strip():
        return None
    if kind is ChannelKind.INTERNAL:
        return None
    sip = _CHANNEL.fullmatch(channel)
    return Row(
        channel=channel,
        user=sip[1] if sip else "",
        number=int(sip[2], 16) if sip else None,
        source=line(item.get("src")),
        destination=line(item.get("dst")),
        duration=length(item.get("duration")),
        status=line(item.get("status"), 40).lower(),
        context=line(item.get("context")),
        account_code=line(item.get("accountCode")),
        glue=kind is ChannelKind.GLUE,
    )


def without_technology(channel: str) -> str:
    """Return a channel's name without its technology.

    A list may write `SIP/101-00000001` for what another list calls `PJSIP/101-00000001`.
    """
    return channel.partition("/")[2] or channel


def call_rows(answer: object) -> tuple[Row, ...]:
    """Return the active channels, each once.

    Raise ConnectError where nothing in a list is a channel.
    """
    return at_once(reading_calls(answer))


def reading_calls(answer: object) -> Steps[tuple[Row, ...]]:
    """Read the active channels row by row, as `call_rows` does."""
    listed = items(answer)
    if listed and not any(text(item.get("channelName")) for item in listed):
        _unreadable()
    found: dict[str, Row] = {}
    for item in listed:
        if (channel := row(item)) is not None:
            found[channel.channel] = channel
        yield
    return tuple(found.values())


# -- sipstatus -------------------------------------------------------------------------------------


class Peer(NamedTuple):
    """One SIP account: a phone or a trunk."""

    user: str
    registered: bool | None
    has_host: bool
    user_agent: str = ""
    contact: str = ""
    address: str = ""
    latency: float | None = None
    """In milliseconds, as the phone system measures it for phones that it monitors."""


def peers(answer: object) -> tuple[Peer, ...]:
    """Return the SIP accounts; raise ConnectError where nothing in a list is one."""
    return at_once(reading_peers(answer))


def reading_peers(answer: object) -> Steps[tuple[Peer, ...]]:
    """Read the SIP accounts row by row, as `peers` does."""
    listed = items(answer)
    found: dict[str, Peer] = {}
    for item in listed:
        if user := line(item.get("user")):
            found[user] = _peer(user, item)
        yield
    if listed and not found:
        _unreadable()
    return tuple(found.values())


def _peer(user: str, item: Json) -> Peer:
    """Return one SIP account."""
    status, contact = line(item.get("status")).lower(), line(item.get("regcontact"))
    host = line(item.get("host"))
    has_host = host.lower() not in NO_HOST
    registered: bool | None = None
    if status.startswith(REACHED):
        registered = True
    elif status.startswith(NOT_REACHED):
        registered = False
    elif status.startswith(NOT_MONITORED):
        registered = bool(contact) or has_host
    return Peer(
        user=user,
        registered=registered,
        has_host=has_host,
        user_agent=line(item.get("useragent")),
        contact=contact,
        address=host if has_host else "",
        latency=_latency(status),
    )


def _latency(status: str) -> float | None:
    """Return the milliseconds that a status like *ok (12 ms)* has in brackets."""
    found = _MILLISECONDS.search(status)
    return float(found[1]) if found else None


# -- agents ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentState:
    """What an agent does; `words` is what the phone system said where that could not be read."""

    status: AgentStatus | None = None
    logged_in: bool | None = None
    words: str = ""
    raw: Mapping[str, object] = field(default_factory=dict)


# In this order: "unavailable" holds "available".
_STATES = (
    ("loggedout", AgentStatus.LOGGED_OUT),
    ("loggedoff", AgentStatus.LOGGED_OUT),
    ("notloggedin", AgentStatus.LOGGED_OUT),
    ("unavailable", AgentStatus.UNAVAILABLE),
    ("notavailable", AgentStatus.UNAVAILABLE),
    ("available", AgentStatus.AVAILABLE),
    ("onhold", AgentStatus.ON_HOLD),
    ("incall", AgentStatus.TALKING),
    ("busy", AgentStatus.BUSY),
)
# What a field may be called that is yes or no, and what no means.
_LOG_IN = {"loggedin": "loggedout", "loggedout": "loggedin"}
_NOT_STATES = frozenset(
    {"success", "errno", "agentnumber", "agentpin", "agent", "number", "name", "agentname"}
)
"""Fields whose own text tells no state."""


def agent_state(answer: object, secrets: Collection[str] = ()) -> AgentState:
    """Return what an agent does, out of whatever words the answer holds.

    The answer may also be written as a failure.
    """
    shown = clean(answer, secrets)
    raw = shown if isinstance(shown, dict) else {"answer": shown} if shown else {}
    said = tuple(_words(raw))
    words = "|".join((*(bare(word) for word in said), *_log_in(raw)))
    status = next((state for word, state in _STATES if word in words), None)
    logged_in: bool | None = None
    if status is AgentStatus.LOGGED_OUT:
        logged_in = False
    elif "loggedin" in words or status not in (None, AgentStatus.UNAVAILABLE):
        logged_in = True
    return AgentState(
        status=status,
        logged_in=logged_in,
        words="" if status else ", ".join(said)[:MAX_TEXT],
        raw={key: value for key, value in raw.items() if key != "success"},
    )


def _log_in(value: object) -> Iterator[str]:
    """Return the words for a log-in that is told as a truth value, by the name of its field."""
    if isinstance(value, list):
        for entry in value:
            yield from _log_in(entry)
    if not isinstance(value, dict):
        return
    for key, entry in value.items():
        name, flag = bare(key), boolean(entry)
        if name in _LOG_IN and flag is not None:
            yield name if flag else _LOG_IN[name]
        yield from _log_in(entry)


def _words(value: object) -> Iterator[str]:
    """Return the words of an answer that may tell a state."""
    if isinstance(value, str) and value:
        yield value
    elif isinstance(value, list):
        for entry in value:
            yield from _words(entry)
    elif isinstance(value, dict):
        for key, entry in value.items():
            if isinstance(entry, dict | list) or bare(key) not in _NOT_STATES:
                yield from _words(entry)
