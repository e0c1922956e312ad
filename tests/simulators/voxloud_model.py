"""What the simulated Voxloud consists of: words, people, numbers, calls and records (contract §3-§8, §11)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Any

E164 = re.compile(r"\+[1-9]\d{5,14}")
ANONYMOUS = "anonymous"


class EventType(StrEnum):
    """What a subscription can be for and the type of a webhook's envelope."""

    CALL_STARTED = "CALL_STARTED"
    CALL_INCOMING = "CALL_INCOMING"
    CALL_ANSWERED = "CALL_ANSWERED"
    CALL_HANGUP = "CALL_HANGUP"
    PHONE_CALL = "PHONE_CALL"
    FAX_CALL = "FAX_CALL"
    CLICK_TO_CALL = "CLICK_TO_CALL"


class LastEvent(StrEnum):
    """How a call ended, as its record words it."""

    REQUEST = "CALL_REQUEST"
    STARTED = "CALL_STARTED"
    CANCELED = "CALL_CANCELED_BY_ORIGINATOR"
    ANSWERED = "CALL_ANSWERED"
    TERMINATED = "CALL_TERMINATED"
    REJECTED = "CALL_REJECTED"
    LOSE_RACE = "CALL_LOST_LOSE_RACE"
    NO_ANSWER = "CALL_LOST_NO_ANSWER"
    TRANSFERRED = "CALL_TRANSFERRED"
    USER_BUSY = "CALL_LOST_USER_BUSY"


class Direction(StrEnum):
    """The direction of a call record."""

    INTERNAL = "INTERNAL"
    OUTBOUND = "OUTBOUND"
    INBOUND = "INBOUND"


class DialFirst(StrEnum):
    """Who rings first in a click-to-call."""

    EXTENSION = "extension"
    CONTACT = "contact"


class LegState(StrEnum):
    """What one phone is doing, in neutral words."""

    DIALING = "dialing"
    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"


class EventKey(StrEnum):
    """The key of the event type in the list of subscriptions; MIXED is what the reference shows."""

    EVENT_TYPE = "event_type"
    TYPE = "type"
    MIXED = "mixed"


class UpdateMethod(StrEnum):
    """The method by which the server takes updates."""

    PUT = "put"
    BOTH = "both"
    POST = "post"


class Envelope(StrEnum):
    """Whether a webhook's data comes wrapped."""

    WRAPPED = "wrapped"
    BARE = "bare"


class GroupHangup(StrEnum):
    """Which CALL_HANGUP events a call to several phones at once sends."""

    PER_USER = "per_user"
    ANSWERED_LEG = "answered_leg"
    ONCE = "once"
    NONE = "none"


class Parties(StrEnum):
    """Whose CALL_ANSWERED and CALL_HANGUP an internal call sends."""

    CALLER = "caller"
    CALLEE = "callee"
    BOTH = "both"


class DeliveryMode(StrEnum):
    """How badly webhooks are delivered."""

    IN_ORDER = "in_order"
    SHUFFLED = "shuffled"
    DUPLICATED = "duplicated"
    DROP_NTH = "drop_nth"
    DELAYED = "delayed"


class NumberStyle(StrEnum):
    """How outside numbers are written."""

    PLUS = "plus"
    NO_PLUS = "no_plus"
    NATIONAL = "national"


class ByCallId(StrEnum):
    """What a search by call id answers."""

    OBJECT = "object"
    ARRAY = "array"
    PAGE = "page"


class ErrorStyle(StrEnum):
    """What the body of an error is."""

    SPRING = "spring"
    EMPTY = "empty"
    HTML = "html"


class Absent(StrEnum):
    """How a field without a value is shown."""

    ABSENT = "absent"
    NULL = "null"


class ForeignNumber(StrEnum):
    """What happens to a click-to-call with a number that the company does not own."""

    REFUSED = "refused"
    REPLACED = "replaced"


class RefusedError(Exception):
    """The server refuses a request."""

    def __init__(self, status: int, message: str = "", headers: dict[str, str] | None = None) -> None:
        """Keep the status and what to say."""
        super().__init__(message or HTTPStatus(status).phrase)
        self.status = status
        self.message = str(self)
        self.headers = headers or {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Did:
    """A number of the company."""

    number: str
    label: str

    def wire(self) -> dict[str, Any]:
        """Show the number as the user list does."""
        return {"number": self.number, "label": self.label}


@dataclass(slots=True, kw_only=True)
class User:
    """A person with an extension; the first of `dids` is the selected outgoing number."""

    id: str
    extension: str
    first_name: str
    last_name: str | None
    email: str
    sip_username: str
    dids: tuple[Did, ...]

    @property
    def name(self) -> str:
        """The name shown in calls."""
        return f"{self.first_name} {self.last_name or ''}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A ring group: an extension that rings several users at once and that no endpoint lists."""

    extension: str
    name: str
    members: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class Contact:
    """An address book entry; `fields` holds what was written, by wire name."""

    id: str
    fields: dict[str, Any]
    created: float
    updated: float

    @property
    def name(self) -> str:
        """The name shown in calls."""
        return f"{self.fields['first_name']} {self.fields.get('last_name') or ''}".strip()

    @property
    def phones(self) -> list[str]:
        """All numbers."""
        return [self.fields["primary_phone"], *(self.fields.get("phones") or [])]

    @property
    def emails(self) -> list[str]:
        """All addresses."""
        primary = self.fields.get("primary_email")
        return [*([primary] if primary else []), *(self.fields.get("emails") or [])]


@dataclass(slots=True, kw_only=True)
class Subscription:
    """A wish to be told about one kind of event."""

    id: str
    callback_url: str
    event_type: EventType
    enabled: bool = True
    notification_email: str | None = None
    failed_count: int = 0
    last_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickToCall:
    """A stored pairing of an extension, an outgoing number and who rings first."""

    id: str
    name: str
    extension: str
    outbound_number: str
    dial_first: DialFirst


@dataclass(slots=True)
class Leg:
    """One user's phone in a call."""

    user: User
    state: LegState
    origin: bool = False
    was_answered: bool = False


@dataclass(slots=True, kw_only=True)
class Call:
    """A call that is up; numbers are E.164 or an extension's digits, however they go over the wire later."""

    id: str
    record_call_id: str
    direction: Direction
    originator: tuple[str, str]
    destination: tuple[str, str]
    started: float
    legs: list[Leg] = field(default_factory=list)
    answered: float | None = None
    answerer: tuple[str, str] | None = None
    outside: LegState | None = None
    parallel: bool = False
    machine: bool = False
    transfer_from: Leg | None = None
    transferred: bool = False
    rules: list[str] = field(default_factory=list)
    click_to_call: ClickToCall | None = None
    last_stamp: int = 0

    @property
    def live(self) -> list[Leg]:
        """The legs that have not ended."""
        return [leg for leg in self.legs if leg.state is not LegState.ENDED]

    def leg(self, extension: str, *states: LegState) -> Leg:
        """Give an extension's leg in one of these states."""
        for leg in self.live:
            if leg.user.extension == extension and leg.state in states:
                return leg
        raise ValueError(f"{extension or 'the outside'} has no such part in call {self.id}")

    def ringing(self) -> list[Leg]:
        """List the legs that ring."""
        return [leg for leg in self.legs if leg.state is LegState.RINGING]


@dataclass(slots=True, kw_only=True)
class Record:
    """A call or fax that is over; `data` has canonical numbers and no timestamp, `fax` is the other fax shape."""

    id: int
    type: EventType
    call_id: str
    started: float
    data: dict[str, Any]
    fax: dict[str, Any] | None = None


def styled(number: str, style: NumberStyle) -> str:
    """Write an outside number in a style; extensions and words stay as they are."""
    if not number.startswith("+") or style is NumberStyle.PLUS:
        return number
    if style is NumberStyle.NO_PLUS:
        return number[1:]
    return number.removeprefix("+39") if number.startswith("+39") else f"00{number[1:]}"


def same_number(left: str, right: str) -> bool:
    """Tell whether two ways of writing mean the same number."""
    one, two = (re.sub(r"\D", "", text).removeprefix("00") for text in (left, right))
    short = min(len(one), len(two))
    return bool(one) and (one == two or (short > len("123456") and (one.endswith(two) or two.endswith(one))))


def offset_time(moment: float) -> str:
    """Write a time as the history does: milliseconds and an offset without colon."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(moment * 1000) % 1000:03d}+0000"


MAIN_DID = Did(number="+390655501000", label="Main office")
SUPPORT_DID = Did(number="+390655501100", label="Customer support")
NAMES = (
    ("Anna", "Keller"),
    ("Marco", "Rossi"),
    ("Élodie", "Dubois"),
    ("Jan", "de Vries"),
    ("Sofia", "Lindqvist"),
)


def demo_users(
    count: int = len(NAMES), *, first: int = 101, dids: Sequence[Did] = (MAIN_DID, SUPPORT_DID)
) -> list[User]:
    """Invent users with consecutive extensions."""
    users = []
    for number in range(count):
        given, family = NAMES[number % len(NAMES)]
        if number >= len(NAMES):
            family = f"{family} {number // len(NAMES) + 1}"
        extension = str(first + number)
        users.append(
            User(
                id=f"facbb7fe-f845-11ee-b19b-{first + number:012x}",
                extension=extension,
                first_name=given,
                last_name=family,
                email=f"user{extension}@example.com",
                sip_username=f"sip_{extension}k3sfg",
                dids=tuple(dids),
            )
        )
    return users


def demo_groups(users: Sequence[User]) -> list[Group]:
    """Invent two ring groups among the first users."""
    members = [user.extension for user in users[:5]]
    return [
        Group(extension="901", name="Sales", members=tuple(members[:3])),
        Group(extension="902", name="Support", members=tuple(members[2:5])),
    ]


def demo_contacts() -> list[dict[str, Any]]:
    """Invent address book entries."""
    return [
        {
            "first_name": "Giulia",
            "last_name": "Bianchi",
            "primary_phone": "+390655502001",
            "phones": ["+390655502002"],
            "primary_email": "giulia.bianchi@example.com",
            "emails": ["office@example.com"],
            "company_name": "Bianchi & Associates",
            "job_title": "CEO",
            "website": "www.example.com",
            "crm_name": "Hubspot",
            "crm_contact_url": "https://crm.example.com/contact/1",
        },
        {
            "first_name": "Oliver",
            "last_name": "Wright",
            "primary_phone": "+441632960101",
            "primary_email": "oliver.wright@example.org",
        },
        {"first_name": "Nora", "primary_phone": "+12025550143"},
    ]
