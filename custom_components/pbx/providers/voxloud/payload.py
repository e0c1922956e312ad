"""What Voxloud sends: call records, users, contacts and subscriptions become models."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from ...telephony import models as m
from ...telephony import phone_numbers as numbers
from ...telephony.errors import InvalidInputError
from ...telephony.models import CallState, Direction, Outcome
from ..parties import read_party
from ..values import (
    Json,
    boolean,
    instant,
    integer,
    mapping,
    mappings,
    number,
    paragraphs,
    seconds,
    text,
    texts,
)

WRAPPERS = ("content", "data", "results")  # what a list may be in
FAX_CALL = "FAX_CALL"
CLICK_TO_CALL = "CLICK_TO_CALL"
RECORDS = frozenset({"PHONE_CALL", CLICK_TO_CALL})
RECORD_TYPES: Mapping[str, str] = {
    "PHONE_CALL": "phone_call",
    FAX_CALL: "fax",
    CLICK_TO_CALL: "click_to_call",
}
STATES: Mapping[str, CallState] = {
    "CALL_INCOMING": CallState.RINGING,
    "CALL_STARTED": CallState.DIALING,
    "CALL_ANSWERED": CallState.TALKING,
    "CALL_HANGUP": CallState.ENDED,
}
EVENT_TYPES = (*STATES, "PHONE_CALL", FAX_CALL, CLICK_TO_CALL)

OUTCOMES: Mapping[str, Outcome] = {
    "CALL_TERMINATED": Outcome.ANSWERED,
    "CALL_ANSWERED": Outcome.ANSWERED,
    "CALL_TRANSFERRED": Outcome.ANSWERED,
    "CALL_REJECTED": Outcome.REJECTED,
    "CALL_LOST_USER_BUSY": Outcome.BUSY,
    "CALL_LOST_LOSE_RACE": Outcome.ANSWERED_ELSEWHERE,
    "CALL_REQUEST": Outcome.UNKNOWN,
    "CALL_STARTED": Outcome.UNKNOWN,
}
# The caller gave up, or nobody came: missed by those who were called, in vain for those who called.
# Of their words, more may be to come than have been published: the beginning says it.
GAVE_UP = ("CALL_CANCELED", "CALL_CANCELLED")
LOST = "CALL_LOST_"
DIRECTIONS: Mapping[str, Direction] = {
    "INBOUND": Direction.INCOMING,
    "OUTBOUND": Direction.OUTGOING,
    "INTERNAL": Direction.INTERNAL,
}
TALKED = frozenset({Outcome.ANSWERED, Outcome.VOICEMAIL})

CONTACT_TEXTS: Mapping[str, str] = {
    "first_name": "first_name",
    "last_name": "last_name",
    "number": "primary_phone",
    "email": "primary_email",
    "company": "company_name",
    "job_title": "job_title",
    "website": "website",
    "source": "crm_name",
    "source_url": "crm_contact_url",
}
CONTACT_LISTS: Mapping[str, str] = {"numbers": "phones", "emails": "emails"}

PLACED_BY_API = "-clicktocall"
FAX_NAME = "-fax-caller-id-name"
MAX_TEXT = 200
MAX_NUMBER = 64
MAX_ID = 128
MAX_URL = 2048
MAX_TRANSCRIPTION = 65_535
MAX_SUMMARY = 3_500
MAX_LABELS = 50
YEARS = range(2000, 2100)
LONGEST_CALL = timedelta(days=30)

_EXTENSION = re.compile(r"[0-9]{1,10}")
_ID = re.compile(r"[0-9A-Za-z_\-]{1,128}")
_SECRETS = re.compile(r"https?://\S+|\S+@\S+|\+?[0-9][0-9\s\-./()]{4,}[0-9]", re.IGNORECASE)


class Book(NamedTuple):
    """What helps to tell one's own side of a call: own numbers, and calls just placed by API."""

    country: str = ""
    own: frozenset[str] = frozenset()
    placed: tuple[tuple[str, str], ...] = ()  # extension and number

    def inside(self, party: m.Party) -> bool:
        """Tell whether this is an extension or a number of the phone system's owners."""
        return party.number in self.own or is_extension(party.number)

    def placed_here(self, extension: str | None, *parties: m.Party) -> bool:
        """Tell whether this looks like a call that was just placed by API."""
        return any(
            extension == ours and any(numbers.same(party.number, called) for party in parties)
            for ours, called in self.placed
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the history."""

    rows: tuple[Json, ...]
    total: int | None
    size: int
    last: bool


# -- small things ----------------------------------------------------------------------------------


def short(value: object, most: int = MAX_TEXT) -> str:
    """Give text of bounded length."""
    return text(value)[:most]


def ident(value: object) -> str:
    """Give an id that is safe in a path; empty for anything else."""
    found = "" if isinstance(value, bool) else text(value)
    return found if _ID.fullmatch(found) else ""


def extension_number(value: object) -> str:
    """Give an extension, which comes as a number or as text; empty for anything else."""
    found = (
        ""
        if isinstance(value, bool)
        else text(integer(value) if isinstance(value, float) else value)
    )
    return found if _EXTENSION.fullmatch(found) else ""


def is_extension(value: str) -> bool:
    """Return whether a number is one of the phone system's own, by its length."""
    return value.isdigit() and numbers.is_extension(value)


def e164(digits: str, country: str, field: str) -> str:
    """Return a number as Voxloud wants it; raise InvalidInputError where that cannot be."""
    found = numbers.dialable(digits, country, field=field)
    if not found.startswith("+"):
        raise InvalidInputError(field, "invalid_number")
    return found


def without_secrets(message: str) -> str:
    """Cut addresses, e-mails and numbers out of a phone system's own words."""
    return " ".join(_SECRETS.sub("…", message).split())[:MAX_TEXT]


def call_id_of(value: object) -> str:
    """Return the id of a call; empty for what is none."""
    found = "" if isinstance(value, bool) else text(value)
    return found if len(found) <= MAX_ID else ""


def url_of(value: object) -> str | None:
    """Return an address of the web; None for anything else."""
    found = text(value)
    return found if found.startswith(("https://", "http://")) and len(found) <= MAX_URL else None


def _labels(value: object) -> tuple[str, ...]:
    """Return the names of labels, shortened and not too many."""
    return tuple(label[:MAX_TEXT] for label in texts(value)[:MAX_LABELS])


def moment_of(value: object) -> datetime | None:
    """Return a time in UTC; None for one that cannot be."""
    found = instant(value)
    return found if found is not None and found.year in YEARS else None


def party_of(digits: object, name: object, book: Book) -> m.Party:
    """Return one side of a call; what only repeats a number is no name."""
    words = short(name)
    return read_party(short(digits), "" if words.endswith(FAX_NAME) else words, book.country)


def caller_of(digits: object, name: object, book: Book) -> m.Party:
    """Read who calls: no number at all is hidden only where the key is there to say so."""
    if isinstance(digits, str) and numbers.is_hidden(short(digits)):
        return m.Party(hidden=True)
    return party_of(digits, name, book)


def direction_of(value: object) -> Direction | None:
    """Return which way a call goes; None for an unknown word."""
    return DIRECTIONS.get(text(value).upper())


# -- lists -----------------------------------------------------------------------------------------


def rows(answer: object) -> tuple[Json, ...] | None:
    """Give the objects of a list, wrapped or not; None where there is no list."""
    wrapped = mapping(answer)
    for found in (answer, *map(wrapped.get, WRAPPERS)):
        if isinstance(found, list):
            return mappings(found)
    return None


def page_rows(answer: object) -> tuple[Json, ...] | None:
    """Give the objects of a page, on which nothing may be written as null; None for no page."""
    wrapped = mapping(answer)
    named = [wrapped[name] for name in WRAPPERS if name in wrapped]
    more = integer(wrapped.get("totalElements")) or boolean(wrapped.get("has_next"))
    nothing = named and all(found is None for found in named) and not more
    return () if nothing else rows(answer)


def page(answer: object, asked: int) -> Page | None:
    """Return one page of the history, of which `asked` rows were asked for; None for no page."""
    found = page_rows(answer)
    if found is None:
        return None
    about = mapping(answer)
    size = integer(about.get("size")) or asked  # the server may have its own maximum
    last = boolean(about.get("last"))
    return Page(
        rows=tuple(unwrapped(row) for row in found),
        total=integer(about.get("totalElements")),
        size=size if 0 < size < asked else asked,
        last=not found or (len(found) < size if last is None else last),
    )


def events(answer: object) -> tuple[Json, ...]:
    """Give the rows of an answer about one call: an object as pushed, a list or a page."""
    found = rows(answer)
    return tuple(unwrapped(row) for row in (mappings([answer]) if found is None else found))


def unwrapped(row: Json) -> Json:
    """Take a row out of the envelope that pushes have."""
    data = row.get("data")
    return {"type": row.get("type"), **data} if isinstance(data, dict) else row


def read_users(found: Iterable[Json], country: str) -> tuple[m.Extension, ...]:
    """Read the users that have an extension; a number given twice belongs to the first."""
    extensions: dict[str, m.Extension] = {}
    for row in found:
        extension = extension_number(row.get("extension_number"))
        if extension:
            name = " ".join(
                part for part in (short(row.get("first_name")), short(row.get("last_name"))) if part
            )
            extensions.setdefault(
                extension,
                m.Extension(
                    number=extension,
                    name=name,
                    id=ident(row.get("id")),
                    outbound_numbers=_outbound_numbers(mapping(row.get("outbound_cli")), country),
                ),
            )
    return tuple(extensions.values())


def _outbound_numbers(row: Json, country: str) -> tuple[m.OutboundNumber, ...]:
    """Return the numbers that a user may show."""
    chosen = mapping(row.get("outbound_did"))
    selected = numbers.received(short(chosen.get("number"), MAX_NUMBER), country)
    found: dict[str, m.OutboundNumber] = {}
    for did in (*mappings(row.get("available_dids")), chosen):
        shown = numbers.received(short(did.get("number"), MAX_NUMBER), country)
        if shown:
            found.setdefault(
                shown,
                m.OutboundNumber(
                    number=shown, label=short(did.get("label")), selected=shown == selected
                ),
            )
    return tuple(found.values())


def read_subscription(row: Json) -> m.Subscription | None:
    """Read a subscription; the event is called `event_type` here and `type` there."""
    found, url = ident(row.get("id")), text(row.get("callback_url"))
    if not found or not url:
        return None
    return m.Subscription(
        id=found,
        event=short(row.get("event_type")) or short(row.get("type")),
        url=url,
        enabled=boolean(row.get("enabled")) is not False,
        failed_count=integer(row.get("failed_count")),
        last_error=without_secrets(text(row.get("last_error"))) or None,
    )


def read_click_to_call(row: Json, country: str) -> m.ClickToCall | None:
    """Read a click-to-call object; its name says nothing, the server changes it."""
    found, extension = ident(row.get("id")), extension_number(row.get("extension"))
    if not found or not extension:
        return None
    contact_first = text(row.get("dial_first")).lower() == m.DialFirst.CONTACT
    return m.ClickToCall(
        id=found,
        name=short(row.get("name")),
        extension=extension,
        number=numbers.received(short(row.get("outboundNumber"), MAX_NUMBER), country),
        dial_first=m.DialFirst.CONTACT if contact_first else m.DialFirst.EXTENSION,
    )


# -- contacts --------------------------------------------------------------------------------------


def read_contact(row: Json) -> m.Contact | None:
    """Read a contact."""
    found = ident(row.get("id"))
    return contact_of(row, found) if found else None


def contact_of(row: Json, contact_id: str) -> m.Contact:
    """Read what is written about a contact."""
    words = {
        ours: short(row.get(theirs), MAX_URL) or None for ours, theirs in CONTACT_TEXTS.items()
    }
    lists = {ours: _labels(row.get(theirs)) for ours, theirs in CONTACT_LISTS.items()}
    return m.Contact(
        id=contact_id,
        first_name=words["first_name"],
        last_name=words["last_name"],
        number=words["number"],
        numbers=lists["numbers"],
        email=words["email"],
        emails=lists["emails"],
        company=words["company"],
        job_title=words["job_title"],
        website=words["website"],
        source=words["source"],
        source_url=words["source_url"],
        created_at=moment_of(row.get("created_at")),
        updated_at=moment_of(row.get("updated_at")),
    )


def contact_body(contact: m.Contact, known: Json) -> dict[str, object]:
    """Return a contact written over what is known of it: an update replaces everything."""
    body: dict[str, object] = {}
    for ours, theirs in CONTACT_TEXTS.items():
        given = getattr(contact, ours)
        if value := text(known.get(theirs)) if given is None else given.strip():
            body[theirs] = value
    for ours, theirs in CONTACT_LISTS.items():
        given = getattr(contact, ours)
        if values := list(texts(known.get(theirs)) if given is None else given):
            body[theirs] = values
    return body


# -- records ---------------------------------------------------------------------------------------


def read_record(row: Json, book: Book) -> m.CallRecord | None:
    """Read a call record, as pushed or from the history; one call can have several."""
    call_id = call_id_of(row.get("callId"))
    record_id = ident(row.get("id")) or call_id
    if not record_id:
        return None
    caller = caller_of(row.get("originatorNumber"), row.get("originatorName"), book)
    callee = party_of(row.get("destinationNumber"), row.get("destinationName"), book)
    answerer = party_of(row.get("answererNumber"), row.get("answererName"), book)
    direction = direction_of(row.get("direction"))
    length, ringing = _length(row.get("duration")), _length(row.get("ringTime"))
    outcome = _outcome(row, direction, answerer, length, ringing)
    if ringing is None and outcome not in {*TALKED, Outcome.UNKNOWN}:
        ringing = length  # a call that nobody took did nothing but ring
    started_at = moment_of(row.get("timestamp"))
    taken = answerer.number if is_extension(answerer.number) else None
    called = direction in {Direction.INCOMING, None} or outcome is Outcome.ANSWERED_ELSEWHERE
    own_side = (answerer, callee) if called else (caller,)
    recording_url = url_of(row.get("recordingUrl"))
    talked = outcome in TALKED
    return m.CallRecord(
        id=record_id,
        call_id=call_id or None,
        direction=direction,
        outcome=outcome,
        by_seconds=outcome is Outcome.ANSWERED and not answerer.number,
        caller=caller,
        callee=callee,
        extension=next((party.number for party in own_side if is_extension(party.number)), None),
        answered_by=taken,
        answered_by_number=answerer.number or None,
        answered_by_name=answerer.name or None,
        started_at=started_at,
        answered_at=started_at + ringing if talked and started_at and ringing is not None else None,
        ended_at=started_at + length if started_at and length is not None else None,
        ring_time=None if ringing is None else ringing.total_seconds(),
        duration=max(0.0, (length - ringing).total_seconds())
        if talked and length and ringing is not None
        else None,
        hangup_cause=short(row.get("lastEvent")) or None,
        recording_id=record_id if recording_url else None,
        recording_url=recording_url,
        voicemail=boolean(row.get("voicemail")),
        voicemail_url=url_of(row.get("voicemail_url")) or url_of(row.get("voicemailUrl")),
        details=_details(row),
    )


def most_telling(records: Iterable[m.CallRecord]) -> m.CallRecord | None:
    """Return the record of a call that says most: that of who answered, not of who was slow."""
    order = (Outcome.ANSWERED, Outcome.VOICEMAIL)
    last = (Outcome.UNKNOWN, Outcome.ANSWERED_ELSEWHERE)
    return min(
        records,
        key=lambda record: (record.outcome not in order, record.outcome in last, record.id),
        default=None,
    )


def _outcome(
    row: Json,
    direction: Direction | None,
    answerer: m.Party,
    length: timedelta | None,
    ringing: timedelta | None,
) -> Outcome:
    """Return what became of a call."""
    last = text(row.get("lastEvent")).upper()
    gave_up = last.startswith(GAVE_UP)
    if last in OUTCOMES:
        outcome = OUTCOMES[last]
    elif gave_up or last.startswith(LOST):
        outcome = Outcome.MISSED
        if gave_up and direction in {Direction.OUTGOING, Direction.INTERNAL}:
            outcome = Outcome.CANCELLED
        elif direction is Direction.OUTGOING:
            outcome = Outcome.NO_ANSWER
    else:
        talked = length is not None and ringing is not None and length > ringing
        outcome = Outcome.ANSWERED if talked or answerer.number else Outcome.UNKNOWN
    recorded_words = boolean(row.get("voicemail")) and not answerer.number
    return (
        Outcome.VOICEMAIL
        if recorded_words and outcome is not Outcome.ANSWERED_ELSEWHERE
        else outcome
    )


def _length(value: object) -> timedelta | None:
    """Return a length; None for one that cannot be."""
    amount = seconds(value)
    possible = amount is not None and amount <= LONGEST_CALL.total_seconds()
    return timedelta(seconds=amount) if amount is not None and possible else None


def _details(row: Json) -> dict[str, m.Detail]:
    """Return what else a record tells."""
    found: dict[str, m.Detail] = {
        "caller_masked": boolean(row.get("maskCallerNumber")),
        "archived": boolean(row.get("archived")),
        "record_type": RECORD_TYPES.get(text(row.get("type")).upper()),
        "recorded": boolean(row.get("recorded")),
        "labels": _labels(row.get("labels")) or None,
        "rules": _labels(row.get("ruleNames")) or None,
        "contact_source": short(row.get("contactCrm")) or None,
        "contact_url": url_of(row.get("contactCrmUrl")),
        "contact_logo": url_of(row.get("crmLogo")),
        "click_to_call_type": short(row.get("clickToCallType")).lower() or None,
        "queue_call_id": call_id_of(row.get("queueCallId")) or None,
        "transcription": paragraphs(row.get("transcription"), MAX_TRANSCRIPTION) or None,
        "summary": paragraphs(row.get("summary"), MAX_SUMMARY) or None,
        "sentiment": number(row.get("sentiment_score")),
    }
    return {name: value for name, value in found.items() if value is not None}


# -- pushes ----------------------------------------------------------------------------------------
