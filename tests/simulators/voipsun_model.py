"""What the simulated VoIPSUN box is made of: accounts, extensions, trunks, agents, queues, calls and records."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Literal


class Technology(StrEnum):
    """The channel driver that gives a channel its name."""

    SIP = "SIP"
    PJSIP = "PJSIP"
    DAHDI = "DAHDI"


class ChannelStatus(StrEnum):
    """Asterisk's words for the state of a channel (contract section 4)."""

    DOWN = "Down"
    DIALING = "Dialing"
    RING = "Ring"
    RINGING = "Ringing"
    UP = "Up"


class DeviceState(IntEnum):
    """Asterisk's numbers for the state of a phone (contract section 7)."""

    UNKNOWN = 0
    NOT_IN_USE = 1
    IN_USE = 2
    BUSY = 3
    INVALID = 4
    UNAVAILABLE = 5
    RINGING = 6
    RINGING_IN_USE = 7
    ON_HOLD = 8


class OutgoingRight(StrEnum):
    """What an extension may call."""

    ALLOWED = "allowed"
    DENIED = "denied"
    INTERNAL_ONLY = "internal_only"
    API_ONLY = "api_only"


class Reachability(StrEnum):
    """What the box's own check says about a registered, monitored account."""

    OK = "OK"
    LAGGED = "LAGGED"
    UNREACHABLE = "UNREACHABLE"


class Disposition(StrEnum):
    """How a call record says that the call went."""

    ANSWERED = "ANSWERED"
    NO_ANSWER = "NO ANSWER"
    BUSY = "BUSY"
    FAILED = "FAILED"


class CallKind(StrEnum):
    """How a call came to be."""

    INCOMING = "incoming"
    QUEUE = "queue"
    PHONE = "phone"
    ORIGINATE = "originate"
    ROUTE = "route"
    SPY = "spy"


class Permission(StrEnum):
    """The rights of an API user, under the names of the box's own form (contract section 1)."""

    ORIGINATE = "Originate"
    HANG_UP = "Hang up call"
    CALL_LIST = "Call list"
    SIP_STATUS = "SIP status"
    EAVESDROP = "Eavesdrop"
    CALL_CENTER = "Call center"
    MOVE_RECORDINGS = "Move audio recordings"
    SEND_DTMF = "Send DTMF"
    LINE_SETTINGS = "Line settings"


class ListStyle(StrEnum):
    """The shape of a list answer (contract section 1); keyed is PHP's list with gaps."""

    ARRAY = "array"
    WRAPPED = "wrapped"
    KEYED = "keyed"


class EmptyStyle(StrEnum):
    """What a list action answers when there is nothing to list; `as_list` leaves it to the list style."""

    AS_LIST = "as_list"
    OBJECT = "object"
    NULL = "null"
    SUCCESS = "success"


class NumberStyle(StrEnum):
    """Whether figures are JSON strings or numbers."""

    STRINGS = "strings"
    NUMBERS = "numbers"


class LegStyle(StrEnum):
    """How many rows a call takes in the list: one per channel, or one in all."""

    TWO_ROWS = "two_rows"
    ONE_ROW = "one_row"


class RowStyle(StrEnum):
    """What source and destination of a row are (contract section 4 leaves it open).

    `own_number` is what Asterisk itself has: caller id and extension, so that a called channel shows its own number,
    what was dialled while it rings, and nothing once it is up. With `parties` both channels show who calls whom, with
    `connected` each shows the other.
    """

    OWN_NUMBER = "own_number"
    PARTIES = "parties"
    CONNECTED = "connected"


class OkStyle(StrEnum):
    """How a healthy registration is worded."""

    PLAIN = "OK"
    WITH_TIME = "OK (12 ms)"


class AgentStatusStyle(StrEnum):
    """Whether a state other than available is an answer or an error of the family 610-636."""

    OBJECT = "object"
    ERRNO = "errno"


class QueueStatusStyle(StrEnum):
    """The shape of queuestatus: the contract's proposal, the names of Asterisk's manager, or lists alone."""

    NESTED = "nested"
    AMI = "ami"
    LISTS = "lists"


class MemberSelector(StrEnum):
    """What agentadd and agentremove want to know the member by."""

    AGENT = "agent"
    AGENT_AND_SOURCE = "agent_and_source"


class Undocumented(StrEnum):
    """The answer where the manual has none: errno 120, a failure without errno, or a success."""

    ERRNO = "errno"
    BARE = "bare"
    SUCCESS = "success"


class Broken(StrEnum):
    """A way in which the PHP script fails; with html and closed the action is not carried out."""

    EMPTY = "empty"
    WARNING = "warning"
    BOM = "bom"
    HTML = "html"
    CLOSED = "closed"


@dataclass(kw_only=True, eq=False)
class VoipsunSwitches:
    """Every unknown of the contract (section 10 and the text before it) as something to set, at any time.

    `broken_actions` and `deny` narrow what they say to some actions and permissions; no broken action means all.
    `originate_delay` is the time from the accepted request to the first channel; `originate_blocks` keeps the
    request open until the first phone was picked up or not. `dial_lag` is how much later the second channel of a
    call starts; `outbound_status` is what a trunk shows while the far phone rings.
    """

    list_style: ListStyle = ListStyle.ARRAY
    empty_style: EmptyStyle = EmptyStyle.AS_LIST
    number_style: NumberStyle = NumberStyle.STRINGS
    clock_durations: bool = False
    show_ringing: bool = True
    legs: LegStyle = LegStyle.TWO_ROWS
    row_style: RowStyle = RowStyle.OWN_NUMBER
    local_channels: bool = False
    tech: Technology = Technology.SIP
    outbound_status: ChannelStatus = ChannelStatus.RINGING
    dial_lag: float = 0.0
    ok_style: OkStyle = OkStyle.PLAIN
    unregistered_host: str = ""
    content_type: Literal["application/json", "text/html"] = "application/json"
    error_status: int = 200
    agentstatus_style: AgentStatusStyle = AgentStatusStyle.OBJECT
    queuestatus_style: QueueStatusStyle = QueueStatusStyle.NESTED
    member_selector: MemberSelector = MemberSelector.AGENT
    unknown_channel: Undocumented = Undocumented.ERRNO
    unknown_queue: Undocumented = Undocumented.ERRNO
    authenticate: bool = True
    deny: set[Permission] = field(default_factory=set)
    broken: Broken | None = None
    broken_actions: set[str] = field(default_factory=set)
    originate_delay: float = 0.0
    originate_blocks: bool = False
    auto_answer: float | None = None
    record_calls: bool = False


@dataclass(slots=True, kw_only=True)
class SipAccount:
    """One SIP channel: a phone's or a trunk's registration; it is registered while it has a contact."""

    user: str
    host: str = ""
    contact: str = ""
    user_agent: str = ""
    monitored: bool = True
    reachability: Reachability = Reachability.OK
    latency: int = 12


@dataclass(slots=True, kw_only=True, eq=False)
class Extension:
    """A line of the house; without a SIP user name it has no phone."""

    row_id: int
    number: str
    name: str
    sip_username: str
    public_numbers: tuple[str, ...] = ()
    dialplan: str = "internal"
    outgoing: OutgoingRight = OutgoingRight.ALLOWED
    forced_state: DeviceState | None = None
    legs: dict[str, Leg] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True, eq=False)
class Trunk:
    """A line to the outside."""

    name: str
    host: str = "198.51.100.10"
    technology: Technology | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class OutRoute:
    """A named way out over a trunk."""

    row_id: int
    name: str
    trunk: str


@dataclass(slots=True, kw_only=True, eq=False)
class Agent:
    """A person who takes calls from queues; logged in while `extension` is set."""

    number: str
    name: str
    full_name: str
    pin: str
    queues: dict[str, int] = field(default_factory=dict)
    extension: Extension | None = None
    paused: bool = False
    wrap_up: float = 0.0
    free_at: float = 0.0
    calls_taken: int = 0
    last_call: float = 0.0
    login_at: str = ""


@dataclass(slots=True, kw_only=True, eq=False)
class Queue:
    """A queue; extensions named in `permanent` are members who never log in or out."""

    name: str
    number: str
    strategy: str = "rrmemory"
    service_level: int = 60
    permanent: tuple[str, ...] = ()
    completed: int = 0
    abandoned: int = 0
    within_level: int = 0
    hold_time: float = 0.0
    talk_time: float = 0.0
    waiting: dict[str, Call] = field(default_factory=dict)
    offered: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True, eq=False)
class Leg:
    """One channel; extension is None for the outside."""

    channel: str
    call: Call
    extension: Extension | None
    context: str
    src: str
    dst: str
    status: ChannelStatus
    created: float
    account: str = ""
    held: bool = False
    inner: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """A call with its channels, the caller's first."""

    call_id: str
    kind: CallKind
    direction: str
    caller: str
    callee: str
    created: float
    caller_name: str = ""
    legs: dict[str, Leg] = field(default_factory=dict)
    connected: float | None = None
    queue: Queue | None = None
    joined: float = 0.0
    served: float | None = None
    agent: Agent | None = None
    refused: set[str] = field(default_factory=set)
    context: str = ""
    hangup_context: str = ""
    custom: tuple[str, ...] = ("", "", "", "")
    shown: str = ""
    monitor: tuple[str, str] | None = None
    listeners: list[Call] = field(default_factory=list)
    waiters: list[asyncio.Future[Disposition]] = field(default_factory=list)

    @property
    def first(self) -> Leg:
        """The caller's channel."""
        return next(iter(self.legs.values()))

    @property
    def waits(self) -> bool:
        """Whether a queue holds the call for its next free member."""
        return self.queue is not None and self.call_id in self.queue.waiting

    def ringing(self) -> list[Leg]:
        """List the channels that wait for somebody to pick up."""
        waiting = (ChannelStatus.RINGING, ChannelStatus.DIALING, ChannelStatus.DOWN)
        return [leg for leg in self.legs.values() if leg.status in waiting]


@dataclass(slots=True, kw_only=True)
class Recording:
    """The audio file of a call record."""

    path: str
    filename: str
    readable: bool = True


@dataclass(slots=True, kw_only=True)
class CallRecord:
    """What remains of an ended call; `continued_in` is the dialplan context that took over a failed one."""

    cdr_id: int
    call_id: str
    src: str
    dst: str
    started: float
    answered: float | None
    ended: float
    disposition: Disposition
    ended_by: str = ""
    custom: tuple[str, ...] = ("", "", "", "")
    recording: Recording | None = None
    continued_in: str = ""


@dataclass(slots=True, kw_only=True)
class Population:
    """Who lives in the box."""

    extensions: Sequence[Extension]
    trunks: Sequence[Trunk] = ()
    routes: Sequence[OutRoute] = ()
    agents: Sequence[Agent] = ()
    queues: Sequence[Queue] = ()
    main_number: str = "222333444"


def demo() -> Population:
    """Give a small house: five extensions, two trunks, two queues, two agents of whom one is logged in."""
    names = ("Anna Keller", "Petr Novák", "Jana Svobodová", "Lukas Brandt", "Sofia Rossi")
    population = crowd(len(names))
    for extension, name in zip(population.extensions, names, strict=True):
        extension.name = name
    population.agents = (
        Agent(number="1000", name="novak", full_name="Petr Novák", pin="0417", queues={"podpora": 1}, login_at="102"),
        Agent(
            number="1001",
            name="svoboda",
            full_name="Jana Svobodová",
            pin="2580",
            queues={"podpora": 2, "obchod": 1},
        ),
    )
    population.queues = (Queue(name="podpora", number="600"), Queue(name="obchod", number="601", permanent=("105",)))
    return population


def crowd(count: int) -> Population:
    """Give any number of extensions from 101 (or 10001) on, with trunks and a route, without a call centre."""
    start = 101 if count < 900 else 10001
    return Population(
        extensions=[
            Extension(
                row_id=index + 1,
                number=str(start + index),
                name=f"Person {start + index}",
                sip_username=f"sip{start + index}",
                public_numbers=(f"2223{start + index:05}",),
            )
            for index in range(count)
        ],
        trunks=(Trunk(name="trunk-prichozi"), Trunk(name="trunk-odchozi", host="198.51.100.11")),
        routes=(OutRoute(row_id=1, name="outgoing", trunk="trunk-odchozi"),),
    )


__all__ = [
    "Agent",
    "AgentStatusStyle",
    "Broken",
    "Call",
    "CallKind",
    "CallRecord",
    "ChannelStatus",
    "DeviceState",
    "Disposition",
    "EmptyStyle",
    "Extension",
    "Leg",
    "LegStyle",
    "ListStyle",
    "MemberSelector",
    "NumberStyle",
    "OkStyle",
    "OutRoute",
    "OutgoingRight",
    "Permission",
    "Population",
    "Queue",
    "QueueStatusStyle",
    "Reachability",
    "Recording",
    "RowStyle",
    "SipAccount",
    "Technology",
    "Trunk",
    "Undocumented",
    "VoipsunSwitches",
    "crowd",
    "demo",
]
