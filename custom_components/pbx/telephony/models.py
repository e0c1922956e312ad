"""What every phone system is translated into.

These are calls, extensions, agents, queues, records and what is pushed. All times are aware and in
UTC, all lengths are seconds, all numbers are text. A field that a provider cannot know is None or
empty, never guessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Flag, StrEnum, auto
from functools import cached_property

type Scalar = str | int | float | bool | None
type Detail = Scalar | tuple[str, ...]
type Raw = str | int | float | bool | tuple[str, ...]


class CallState(StrEnum):
    """Where a call, or one leg of it, is."""

    DIALING = "dialing"
    RINGING = "ringing"
    TALKING = "talking"
    ON_HOLD = "on_hold"
    ENDED = "ended"


EARLY = frozenset({CallState.DIALING, CallState.RINGING})
"""The states of a leg that nobody has answered yet."""
UP = frozenset({CallState.TALKING, CallState.ON_HOLD})
"""The states of a leg that was answered and is not over."""


class Direction(StrEnum):
    """Which way a call goes, seen from the people who own the phone system."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    INTERNAL = "internal"


class Outcome(StrEnum):
    """How a call ended."""

    ANSWERED = "answered"
    MISSED = "missed"
    NO_ANSWER = "no_answer"  # of a call that one of ours placed
    BUSY = "busy"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    FAILED = "failed"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    VOICEMAIL = "voicemail"
    UNKNOWN = "unknown"


class AgentStatus(StrEnum):
    """What a call-centre agent is doing."""

    LOGGED_OUT = "logged_out"
    AVAILABLE = "available"
    BUSY = "busy"
    TALKING = "talking"
    ON_HOLD = "on_hold"
    PAUSED = "paused"
    UNAVAILABLE = "unavailable"


class EventType(StrEnum):
    """Everything that `pbx_event` can tell."""

    CALL_INCOMING = "call_incoming"
    CALL_OUTGOING = "call_outgoing"
    CALL_ANSWERED = "call_answered"
    CALL_HELD = "call_held"
    CALL_RESUMED = "call_resumed"
    CALL_TRANSFERRED = "call_transferred"
    CALL_MISSED = "call_missed"
    CALL_ENDED = "call_ended"
    CALL_CORRECTED = "call_corrected"
    CALL_RECORD = "call_record"
    RECORDING_READY = "recording_ready"
    VOICEMAIL_RECEIVED = "voicemail_received"
    FAX_RECEIVED = "fax_received"
    FAX_SENT = "fax_sent"
    SMS_RECEIVED = "sms_received"
    DTMF_RECEIVED = "dtmf_received"
    USER_EVENT = "user_event"
    AGENT_LOGGED_IN = "agent_logged_in"
    AGENT_LOGGED_OUT = "agent_logged_out"
    AGENT_PAUSED = "agent_paused"
    AGENT_UNPAUSED = "agent_unpaused"
    AGENT_WRAP_UP = "agent_wrap_up"
    UNKNOWN = "unknown"


class Capability(Flag):
    """What a phone system, or this account on it, can do."""

    CALLS = auto()  # the active calls can be asked for, or are known from pushes
    WEBHOOK = auto()  # it can push to a URL
    SUBSCRIPTIONS = auto()  # that URL can be registered through the API; else a person pastes it
    STREAM = auto()  # it has a socket
    REGISTRATION = auto()
    DND = auto()
    VOICEMAIL_COUNT = auto()
    RECORDINGS = auto()
    VOICEMAILS = auto()
    AGENTS = auto()  # agents exist, by list, by push, or made by the user
    QUEUES = auto()
    QUEUE_FIGURES = auto()  # how a queue is doing is known, not only who is logged in to it
    USER_AGENTS = auto()  # agents cannot be listed: the user adds them
    USER_QUEUES = auto()
    QUEUE_LOGIN = auto()  # logging in is per queue
    ORIGINATE = auto()
    CLICK_TO_CALL = auto()
    DIAL = auto()
    ANSWER = auto()
    HANGUP = auto()
    HOLD = auto()
    UNHOLD = auto()
    TOGGLE_HOLD = auto()
    MUTE = auto()
    UNMUTE = auto()
    TRANSFER = auto()
    SEND_DTMF = auto()
    SPY = auto()
    ANNOUNCE = auto()
    SEND_SMS = auto()
    AGENT_LOGIN = auto()
    AGENT_LOGOUT = auto()
    AGENT_PAUSE = auto()
    AGENT_UNPAUSE = auto()
    QUEUE_ADD = auto()
    QUEUE_REMOVE = auto()
    GET_CALL_HISTORY = auto()
    GET_CALL_STATISTICS = auto()
    GET_AGENT_STATUS = auto()
    GET_QUEUE_STATUS = auto()
    SEARCH_CONTACTS = auto()
    CREATE_CONTACT = auto()
    UPDATE_CONTACT = auto()
    DELETE_CONTACT = auto()
    GET_CLICK_TO_CALLS = auto()
    DELETE_CLICK_TO_CALL = auto()
    MOVE_RECORDING = auto()
    PARK = auto()
    RETRIEVE = auto()
    START_RECORDING = auto()
    STOP_RECORDING = auto()
    PLAY_SOUND = auto()
    SET_LAMP = auto()
    RAW_ACTION = auto()
    SET_DND = auto()
    FORWARDING = auto()  # where a phone's calls are forwarded to is known, and can be changed


# -- who and what there is -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account a provider was set up with; `id` never changes, `title` is shown to people."""

    id: str
    title: str
    model: str = ""
    version: str = ""
    configuration_url: str | None = None
    settings: Mapping[str, object] = field(
        default_factory=dict, repr=False
    )  # found out, and kept with the entry


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundNumber:
    """A number that may be shown to the called party."""

    number: str
    label: str = ""
    selected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """A phone line of the account; `number` is what people dial and the key everywhere else."""

    number: str
    name: str = ""
    id: str = ""  # the provider's own id where commands need it
    identity: str = ""  # what stays when somebody enters another number; empty: the number itself
    registered: bool | None = None
    dnd: bool | None = None
    forwarded_to: str | None = None  # empty: not forwarded; None: not known
    email: str = ""
    internal_number: str = ""
    """What is dialled inside, where several extensions share one number in different dial plans."""
    dialplan: str = ""
    user_agent: str = ""
    contact: str = ""
    address: str = ""
    """The address from which the phone is registered."""
    latency: float | None = None
    """How long the phone takes to answer, in milliseconds."""
    trunk: bool = False
    outbound_numbers: tuple[OutboundNumber, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """A call-centre agent; `queues` says per queue number whether the agent is logged in there."""

    id: str
    name: str = ""
    number: str = ""
    extension: str | None = None
    status: AgentStatus | None = None
    status_text: str = ""  # the phone system's own words where they could not be read
    logged_in: bool | None = None
    paused: bool | None = None
    pause_reason: str = ""
    queues: Mapping[str, bool] = field(default_factory=dict)
    raw: Mapping[str, object] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A waiting line of callers.

    What cannot be read is None, never 0. Times are in seconds, the service level is in percent.
    """

    id: str
    name: str = ""
    number: str = ""
    waiting: int | None = None
    longest_wait: float | None = None
    average_wait: float | None = None
    agents_logged_in: int | None = None
    agents_available: int | None = None
    service_level: float | None = None
    answered: int | None = None
    abandoned: int | None = None
    members: Mapping[str, bool] = field(default_factory=dict)  # agent id -> logged in
    strangers: Mapping[str, str] = field(default_factory=dict)
    """Members who are agents that nobody added: their numbers, and names or an empty text."""
    raw: Mapping[str, object] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """Everything but the calls; None means "could not be asked this time": keep what was known."""

    extensions: tuple[Extension, ...] | None = None
    complete: bool = True
    """Whether nobody else has an extension here, so that any other short number is outside."""
    can_be_listed: bool = True
    """Whether the phone system lists its extensions; else these are those typed or seen so far."""
    agents: tuple[Agent, ...] | None = None
    queues: tuple[Queue, ...] | None = None
    unread_voicemails: int | None = None
    missing_permissions: frozenset[str] = (
        frozenset()
    )  # by the phone system's own name, for a repair hint


@dataclass(frozen=True, slots=True, kw_only=True)
class UserAgent:
    """An agent that the user added because the phone system cannot list agents.

    The PIN is a secret.
    """

    id: str
    name: str
    number: str
    pin: str = field(repr=False)
    extension: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserQueue:
    """A queue that the user added because the phone system cannot list queues."""

    id: str
    name: str


# -- calls -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One end of a call; a hidden caller has no number."""

    number: str = ""
    name: str = ""
    hidden: bool = False
    known: bool | None = None  # in the contacts


NOBODY = Party()
UNTAKEN = frozenset(
    {
        Outcome.MISSED,
        Outcome.NO_ANSWER,
        Outcome.BUSY,
        Outcome.REJECTED,
        Outcome.CANCELLED,
        Outcome.FAILED,
    }
)
"""The outcomes of a call in which nobody has talked, with a person or to a mailbox."""


def filled(known: Party, found: Party | None) -> Party:
    """Return a party with what else was found out about it; what is known already is never lost.

    What is found out about another number is about somebody else.
    """
    if found is None or found is known or found == known:
        return known
    if known.number and found.number and known.number != found.number:
        return known
    number = known.number or found.number
    return Party(
        number=number,
        name=known.name or found.name,
        hidden=(known.hidden or found.hidden) and not number,
        known=known.known if known.known is not None else found.known,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One phone's part in a call.

    `extension` is None for the outside, whose `number` may be told. `id` is unique and addresses
    commands.
    """

    id: str
    state: CallState
    extension: str | None = None
    number: str = ""
    changed: datetime | None = None  # the phone system's own time of this state
    context: str = ""
    account_code: str = ""


@dataclass(frozen=True, kw_only=True)  # without slots, so that something can be worked out once
class Call:
    """One call with its legs.

    `state` is what the most urgent leg is doing; it is ENDED once all are over.
    """

    id: str
    state: CallState
    direction: Direction | None = None
    caller: Party = NOBODY
    callee: Party = NOBODY
    legs: tuple[Leg, ...] = ()
    queue: str | None = None
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    answered_by: str | None = None  # an extension
    outcome: Outcome | None = None
    hangup_cause: str | None = None
    ended_by: str | None = None
    record: CallRecord | None = None

    @cached_property
    def extensions(self) -> tuple[str, ...]:
        """The extensions that take or took part, in order of their legs, each once."""
        return tuple(
            dict.fromkeys([leg.extension for leg in self.legs if leg.extension is not None])
        )

    @property
    def met_at(self) -> datetime | None:
        """When its sides met; None of a call that nobody took, whatever machine picked it up."""
        return None if self.outcome in UNTAKEN else self.answered_at

    def legs_of(self, extension: str) -> tuple[Leg, ...]:
        """Give the legs of one extension."""
        return tuple(leg for leg in self.legs if leg.extension == extension)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """A finished call as the phone system wrote it down.

    `call_id` joins it to a live call where that is known.
    """

    id: str
    call_id: str | None = None
    direction: Direction | None = None
    outcome: Outcome = Outcome.UNKNOWN
    by_seconds: bool = False
    """Whether only bill seconds say that it was answered, which run for machines as well."""
    caller: Party = NOBODY
    callee: Party = NOBODY
    extension: str | None = None
    answered_by: str | None = None
    answered_by_number: str | None = None
    answered_by_name: str | None = None
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ring_time: float | None = None
    duration: float | None = None  # of talk
    hangup_cause: str | None = None
    recording_id: str | None = None
    recording_url: str | None = None
    voicemail: bool | None = None
    voicemail_url: str | None = None
    details: Mapping[str, Detail] = field(
        default_factory=dict
    )  # the remaining call_record fields of the surface


def outside(call: Call | CallRecord) -> Party:
    """Return the party that seems to be none of ours: whom we call, else who calls."""
    return call.callee if call.direction is Direction.OUTGOING else call.caller


# -- what is pushed --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LegPush:
    """A message about one leg of a call, or with `leg_id` None about the whole call.

    `key` is equal for repeated messages. `final` says that with this the whole call is over,
    `lasts` that it is not, whatever this leg does.
    """

    provider_event: str
    call_id: str
    state: CallState
    leg_id: str | None = None
    extension: str | None = None
    key: str | None = None
    time: datetime | None = None
    sent_at: datetime | None = None  # by the sender's own clock, which may be wrong
    direction: Direction | None = None
    by_length: bool = False
    """Whether only the short number of the caller says that the call is internal."""
    caller: Party | None = None
    callee: Party | None = None
    queue: str | None = None
    by_machine: bool = False
    """Whether a menu or a queue has picked up this leg, so that a record may count its seconds."""
    started_at: datetime | None = None
    answered_at: datetime | None = None
    talk_time: float | None = None
    """How many seconds the leg was connected, as its end tells."""
    outcome: Outcome | None = None
    hangup_cause: str | None = None
    ended_by: str | None = None
    transferred_to: str | None = None
    final: bool = False
    lasts: bool = False
    details: Mapping[str, Detail] = field(default_factory=dict)  # user_email, sip_username


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPush:
    """A call record that was pushed; several may come for one call."""

    provider_event: str
    record: CallRecord
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Anything else that was pushed: agents, faxes, SMS, DTMF, recordings.

    Its fields are those of `pbx_event`. `leg_id` is the leg in which a key was pressed.
    """

    provider_event: str
    type: EventType
    key: str | None = None
    time: datetime | None = None
    call_id: str | None = None
    leg_id: str | None = None
    extension: str | None = None
    agent: str | None = None  # an Agent.id
    fields: Mapping[str, Detail] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHint:
    """Something is known to have happened to a leg, but the phone system is to be asked what.

    The hint names the cause of the end, the outcome or a key, or just says to look now. `state` is
    what the leg has done, which is plain where it rang, or talked and is put on hold or resumed.
    """

    provider_event: str
    leg_id: str | None = None
    state: CallState | None = None
    hangup_cause: str | None = None
    outcome: Outcome | None = None
    dtmf: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownPush:
    """A message of a kind that this version does not know."""

    provider_event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryPush:
    """What changed about phones, agents or queues, as a whole: None keeps what was known."""

    provider_event: str
    directory: Directory


type Pushed = LegPush | RecordPush | Notice | CallHint | DirectoryPush | UnknownPush


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRequest:
    """The parts of a webhook request that came in."""

    method: str
    query: Mapping[str, str] = field(repr=False)
    content_type: str
    body: bytes = field(repr=False)
    authorization: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One registration of a URL at the phone system."""

    id: str
    event: str
    url: str = field(repr=False)
    enabled: bool = True
    failed_count: int | None = None
    last_error: str | None = None


# -- commands --------------------------------------------------------------------------------------


class DialFirst(StrEnum):
    """Who rings first."""

    EXTENSION = "extension"
    CONTACT = "contact"


class TransferType(StrEnum):
    """With or without talking to the target first."""

    BLIND = "blind"
    ATTENDED = "attended"


class HeardBy(StrEnum):
    """Who hears the keys that are pressed in a call."""

    OTHER_PARTY = "other_party"
    OWN_PHONE = "own_phone"


class SpyMode(StrEnum):
    """What a supervisor in a call can do: hear it, also speak to one side, or to both."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


class LampState(StrEnum):
    """What a lamp on a phone shows."""

    FREE = "free"
    IN_USE = "in_use"
    RINGING = "ringing"
    ON_HOLD = "on_hold"


class ExtensionType(StrEnum):
    """How an extension is named to the phone system."""

    INTERNAL = "internal"
    PUBLIC = "public"
    ID = "id"
    SIP_USERNAME = "sip_username"


class PlacedOutcome(StrEnum):
    """What is known after a call was asked for."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The answer to a request for a call.

    `call` is the call as it begins, where the phone system does not list it yet.
    """

    call_id: str | None = None
    outcome: PlacedOutcome = PlacedOutcome.ACCEPTED
    call: Call | None = None


SHORTEST_RING, LONGEST_RING = 5, 120
"""How long an extension may be rung before a call is given up, in seconds."""
LONGEST_MESSAGE = 4096
"""How many characters a text message may have, and a text that is spoken."""
MAX_CUSTOM_FIELDS = 4
"""How many fields of a call's record the user may fill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Originate:
    """Ring an extension, then connect it to a number. `ring_timeout` in seconds."""

    extension: str
    number: str
    caller_id_number: str | None = None
    caller_id_name: str | None = None
    ring_timeout: int | None = None
    dial_first: DialFirst | None = None
    extension_type: ExtensionType | None = None
    dialplan: str | None = None
    custom_cdr: tuple[str, ...] | None = None
    recording_filename: str | None = None
    recording_path: str | None = None
    check_extension: bool | None = None
    check_ip_host: str | None = None
    check_ip_contact: str | None = None
    auto_answer: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaySound:
    """Ring an extension, and play it a sound.

    `sound` is the name of one that is kept on the phone system, or a URL from which it is fetched.
    """

    extension: str
    sound: str
    auto_answer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RawAnswer:
    """What a phone system answered to an action in its own words, and the list that it gave."""

    answer: Mapping[str, str]
    items: tuple[Mapping[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClickToCall:
    """An object that is stored at the phone system, and through which calls are placed.

    `number` is what the called party sees; `made_here` says that this account made it.
    """

    id: str
    extension: str
    number: str
    dial_first: DialFirst
    name: str = ""
    made_here: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """Call a number through an outbound route and put it into a dialplan context."""

    number: str
    context: str
    route_name: str | None = None
    route_id: str | None = None
    hangup_context: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRef:
    """The call a command is about, and on whose behalf.

    `extension` is the user's own side where it is known.
    """

    call: Call
    extension: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spy:
    """Let a supervisor's extension listen to a call or to another extension's call."""

    extension: str
    target_extension: str | None = None
    call: CallRef | None = None
    extension_type: ExtensionType | None = None
    target_type: ExtensionType | None = None
    dialplan: str | None = None
    caller_id_number: str | None = None
    caller_id_name: str | None = None
    mode: SpyMode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRef:
    """The agent a command is about: one that is known by id, or a number with its PIN."""

    id: str | None = None
    number: str | None = None
    pin: str | None = field(default=None, repr=False)
    extension: str | None = None
    dialplan: str | None = None
    queue: str | None = None
    reason: str | None = None
    """Why the agent pauses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMember:
    """A change to the members of a queue."""

    queue: str
    agent: AgentRef | None = None
    extension: str | None = None
    dialplan: str | None = None
    penalty: int | None = None


class Sort(StrEnum):
    """Order of a history."""

    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryQuery:
    """What to look for among finished calls."""

    start: datetime | None = None
    end: datetime | None = None
    number: str | None = None
    extension: str | None = None
    direction: Direction | None = None
    search: str | None = None
    limit: int = 100
    offset: int = 0
    sort: Sort = Sort.NEWEST
    sort_by: str | None = None
    """A property in the phone system's own words, descending where the newest come first."""
    record_id: str | None = None
    call_id: str | None = None
    csv: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Finished calls that were found; `total` None where the phone system does not say."""

    records: tuple[CallRecord, ...] = ()
    total: int | None = None
    csv: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Sums over finished calls; mean duration in seconds."""

    total: int
    answered: int | None = None
    missed: int | None = None
    mean_duration: float | None = None
    by_direction: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person or company in the phone system's address book."""

    id: str = ""
    first_name: str | None = None
    last_name: str | None = None
    number: str | None = None
    numbers: tuple[str, ...] | None = None
    email: str | None = None
    emails: tuple[str, ...] | None = None
    company: str | None = None
    job_title: str | None = None
    website: str | None = None
    source: str | None = None
    source_url: str | None = None
    groups: tuple[str, ...] | None = None
    notes: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactQuery:
    """What to look for among contacts."""

    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    number: str | None = None
    email: str | None = None
    contact_id: str | None = None
    limit: int = 20
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPage:
    """Contacts that were found."""

    contacts: tuple[Contact, ...] = ()
    has_next: bool = False


class MediaKind(StrEnum):
    """What can be listened to."""

    RECORDING = "recording"
    VOICEMAIL = "voicemail"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaItem:
    """One recording or voicemail."""

    id: str
    kind: MediaKind
    caller: str = ""
    callee: str = ""
    time: datetime | None = None
    duration: float | None = None
    size: int | None = None
    unread: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSource:
    """Where to fetch the sound of a recording or voicemail, and with which secret headers."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    content_type: str = "audio/mpeg"
