"""What a simulated VoIPstudio may do differently, since its contract leaves it open (sections 8, 9 and 10)."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum
from typing import Literal


class Probe(StrEnum):
    """The request with which the dashboard tries a webhook's address before it saves it."""

    GET = "GET"
    HEAD = "HEAD"
    POST = "POST"
    NONE = ""


class PlacedLegs(StrEnum):
    """How the two legs of a call placed by API know of each other."""

    PARENT = "parent"
    ROOT_ONLY = "root_only"
    UNRELATED = "unrelated"


class PartialAgents(StrEnum):
    """What an incomplete list of agents does to the agents it leaves out."""

    MERGE = "merge"
    REMOVES_OTHERS = "removes_others"


class DndWrite(StrEnum):
    """What PATCH /users/{id} makes of `dnd`."""

    WORKS = "works"
    IGNORED = "ignored"
    REFUSED = "refused"


class ContactStyle(StrEnum):
    """Which edition's contact rows are served; BARE has only the documented columns, which hold no number."""

    OLD = "old"
    NEW = "new"
    BARE = "bare"


@dataclass(kw_only=True, eq=False)
class VoipstudioSwitches:
    """Switches with the contract's most likely reality as default; all may be set at any time."""

    # Signing in: contract sections 2.1 to 2.4.
    session_idle: float = 1800.0
    """Seconds after which an unused session token dies; the older documentation says 900."""
    key_idle: float | None = 604_800.0
    """Idle seconds of the keys made in the dashboard and of those asked for without `expiry`; None is for ever."""
    login_refusal: Literal[400, 401] = 400
    two_factor: bool = False
    """Whether everybody needs a second factor; a single user has a flag of the same name."""

    basic_only: bool = False
    """Whether a token is taken with HTTP Basic and the user's id only, as the older page has it."""
    makes_keys: bool = True
    """Whether there is an endpoint to make API keys at all."""

    # Values on the wire: contract sections 5 and 8.
    int_fields: AbstractSet[str] = field(default_factory=set)
    """Those of state, destination, type and disposition that REST gives as the documentation's integers."""
    missing_fields: AbstractSet[str] = field(default_factory=set)
    """Keys left out of calls, call records and pushed events."""
    extra_fields: Mapping[str, object] = field(default_factory=dict)
    """Unknown keys added to calls, call records, users and pushed events."""
    time_zone: tzinfo = UTC
    """The zone of the times that are written without one."""
    charge_as_string: bool = False
    code_place: Literal["item", "top", "none"] = "item"
    """Where `SF0010` stands in a refusal."""
    short_201: bool = True
    """Whether POST /calls answers about ten fields only."""
    internal_destination: str | None = "in"
    outbound_context: str | None = None
    queue_context: str = "queue-{id}"
    waiting_state: str = "WAITING"
    ringing_state: str = "RINGING"
    cx_addon: bool = False
    contact_style: ContactStyle = ContactStyle.OLD
    voicemail_00: bool = True
    """Whether a voicemail's caller carries the 00 prefix."""
    locations_are_live: bool = False
    """Whether `nb_sip_locations` counts present registrations instead of configured phones."""

    # Collections: contract section 3.3.
    default_limit: int = 25
    over_limit: Literal["clamp", "refuse"] = "clamp"
    calls_paged: bool = False
    """Whether GET /calls heeds page, limit, sort and filter, of which its documentation is silent."""
    extra_operators: bool = True
    """Whether ne, in and notlike are known besides the documented operators."""
    guessed_paths: bool = False
    """Whether /ivrs, /ringgroups and /conferences exist."""

    # Commands: contract sections 4.1 to 4.3.
    place_delay: float = 0.0
    """Seconds until POST /calls answers 201; the real one takes 5 to 6."""
    refuse_delay: float = 0.0
    """Seconds until POST /calls answers 412; the real one takes about 10."""
    endpoint_rejects: Literal[0, 412, 480, 486, 500] = 0
    """A status with which POST /calls fails after `refuse_delay` since the phone itself rejects the call."""
    placed_legs: PlacedLegs = PlacedLegs.PARENT
    auto_answer: float | None = None
    """Seconds after which a phone asked to ring by API is picked up by itself."""
    far_answer: float | None = None
    """Seconds after which the far end of a call placed by API answers by itself."""
    webcalls_allowed: bool = False
    """Whether POST /webcalls works; every live attempt was refused for its price."""
    lead_delay: float = 0.0
    refuses_ringing_hangup: bool = False
    remote_answer: bool = True
    """Whether phones honour an answer by API; a single user has a flag of the same name."""
    partial_agents: PartialAgents = PartialAgents.MERGE
    dnd_write: DndWrite = DndWrite.WORKS
    restricted: AbstractSet[str] = field(
        default_factory=lambda: {"users", "queues", "queuegroups", "ddis", "calltracking", "webcalls"}
    )
    """Resources that only an administrator's token may use."""
    lists_root: bool = True
    """Whether GET /calls shows the parent leg of a ring group or queue call."""

    # Push: contract section 6.
    webhook_probe: Probe = Probe.GET
    probe_needs_2xx: bool = False
    https_only: bool = False
    """Whether a webhook's address must be https, as really is so; loopback cannot."""
    webhook_retries: int = 3
    retry_delay: float = 0.0
    reverse_pushes: bool = False
    """Whether the events of one happening go out last first."""
    sends_initial: bool = True
    missed_state: Literal["HANGUP", "MISSED"] = "HANGUP"
    dtmf_state: Literal["DTMF_RECEIVED", "CONNECTED"] = "DTMF_RECEIVED"
    hangup_after_missed: bool = False
    """Whether an unanswered incoming leg also gets a call.hangup."""
    final_copies: int = 1
    """How many call.missed with `final` true a lost call gives, each with its own event id."""
    separate_call_ids: bool = False
    """Whether webhooks number calls as call records do (`call_id`) instead of as GET /calls does (`id`)."""
    hold_event: str = "call.on_hold"
    resume_event: str = "call.connected"
    failed_event: str = "call.failed"
    wrap_up_event: str = "queue.wrapup"
    wrap_up: bool = False
    """Whether an answered queue call opens the post-call panel by itself when it ends."""
    records_calls: bool = False
    """Whether every answered call is recorded."""

    # Chaos: contract sections 7 and 9.
    throttle: int = 0
    """How many of the next requests get the throttle page with malformed headers."""
    requests_per_minute: int | None = None
    """A request budget beyond which the throttle page is given."""


__all__ = ["ContactStyle", "DndWrite", "PartialAgents", "PlacedLegs", "Probe", "VoipstudioSwitches"]
