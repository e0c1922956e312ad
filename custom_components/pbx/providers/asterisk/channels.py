"""One channel of an Asterisk, as its events and its list of channels tell of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ...telephony import models as m
from ...telephony import text
from ...telephony.phone_numbers import is_hidden
from ..channels import ChannelKind, channel_kind
from ..parties import read_party
from ..values import seconds

type Message = Mapping[str, str]

LONGEST_NUMBER, LONGEST_NAME = 200, 120  # a URI with a name has room
LONGEST_CALL = 30 * 86400
PLACED = timedelta(milliseconds=1500)
"""How long a phone that rings waits for the event that says who calls it; usually it is there."""
NOTHING = frozenset({"", "<unknown>", "unknown", "<none>", "(null)", "s"})
CALLED = frozenset({"appdial", "appdial2", "appqueue"})
CONFERENCES = frozenset({"confbridge", "meetme"})

OUTCOMES = {
    "BUSY": m.Outcome.BUSY,
    "CONGESTION": m.Outcome.FAILED,
    "CHANUNAVAIL": m.Outcome.FAILED,
    "DONTCALL": m.Outcome.REJECTED,
    "TORTURE": m.Outcome.REJECTED,
}
DECLINED, ELSEWHERE = "21", "26"
"""The causes of a leg whose phone has declined, and of one that another phone was quicker than."""
RINGS = frozenset({"RINGING", "PROGRESS"})


class ChannelState(StrEnum):
    """How far a channel is; the values are Asterisk's numbers."""

    DOWN = "0"
    CALLING = "4"
    RINGING = "5"
    UP = "6"
    PRE_RING = "9"


CALLS = frozenset({ChannelState.CALLING, ChannelState.PRE_RING})
"""The states of a channel that has placed a call, or of a line on which somebody calls."""


def known(value: str, limit: int = LONGEST_NUMBER) -> str:
    """Return a value as a clean line; nothing where Asterisk only says that there is none."""
    clean = text.line(value, limit)
    return "" if clean.lower() in NOTHING else clean


def device_of(channel: str) -> str:
    """Return the device of a channel's name: `PJSIP/101` of `PJSIP/101-0000002a`."""
    return channel.rpartition("-")[0] or channel


def other_half(local: str) -> str:
    """Return the name of the other half of a pair of Local channels."""
    base, _, half = local.rpartition(";")
    return f"{base};{'2' if half == '1' else '1'}"


def party(number: str, name: str, country: str) -> m.Party:
    """Return one end of a call; a caller who hides has neither number nor name."""
    number = known(number)
    if is_hidden(number):
        return m.Party(hidden=True)
    return read_party(number, known(name, LONGEST_NAME), country, national=True)


@dataclass(slots=True)
class Channel:
    """A channel and what is known of it. `uid` is Asterisk's Uniqueid and is never read."""

    uid: str
    name: str
    call: str
    linked: str
    kind: ChannelKind
    extension: str | None
    """The phone of ours that it belongs to; None for the outside."""
    state: str
    seen_at: datetime
    began_at: datetime
    changed_at: datetime
    """When an event or a list told of it last."""
    dials: bool
    """Whether it began the call, or is called."""
    number: str = ""
    caller_name: str = ""
    dialled: str = ""
    renamed: bool = False
    """Whether it was told anew who calls, and nobody has looked yet."""
    originated: bool = False
    """Whether it is called by nobody: the phone system itself rings it first."""
    reached: bool = False
    """Whether it is known who calls it; the event that says so may come after its ringing."""
    bridge: str = ""
    holding: bool = False
    queue: str = ""
    space: str = ""
    overdue: bool = False
    """Whether it was parked for so long that whoever has parked it is rung."""
    conference: bool = False
    spying: bool = False
    up_at: datetime | None = None
    outcome: m.Outcome | None = None

    @property
    def is_up(self) -> bool:
        """Whether it was picked up."""
        return self.state == ChannelState.UP

    @property
    def begins(self) -> bool:
        """Whether the call began with it: it calls, or is rung first by the phone system."""
        return self.dials or self.originated

    @property
    def is_line(self) -> bool:
        """Whether it is an end of a call."""
        return self.kind is ChannelKind.LINE and not self.spying

    @property
    def placed_by(self) -> datetime:
        """Until when is waited for the event that says whose call it is a part of."""
        return self.seen_at + PLACED

    def is_placed(self, now: datetime) -> bool:
        """Return whether it is known whose call it is a part of, or was waited for that."""
        return self.begins or self.reached or now >= self.placed_by

    def take_name(self, name: str) -> None:
        """Take another name, which a channel gets that is moved."""
        if name and name != self.name:
            self.name = name
            self.kind = channel_kind(name)

    def take_state(self, state: str, now: datetime) -> None:
        """Take a state."""
        if state == ChannelState.UP and self.state != ChannelState.UP:
            self.up_at = now
        self.state = state or self.state

    def take_start(self, message: Message) -> bool:
        """Return whether it has placed a call: a handset that was off the hook has dialled."""
        places = message.get("ChannelState") in CALLS and self.is_line
        if places:
            self.dials, self.originated = True, False
            self.dialled = known(self.dialled) or message.get("Exten", "")
            self.take_caller(message)
        return places

    def take_caller(self, message: Message) -> None:
        """Take who calls, where the line or a look-up of the dial plan tells it only now.

        What came with the call stays: the dial plan also puts words of its own before a name.
        """
        number, name = known(self.number), known(self.caller_name)
        if self.extension is None and self.dials and not (number and is_hidden(number)):
            self.number = number or message.get("CallerIDNum", "")
            self.caller_name = message.get("CallerIDName", "") if name in {"", number} else name
            self.renamed = True

    def take_application(self, row: Message) -> None:
        """Take from a row of the list what the dial plan does with it."""
        application = row.get("Application", "").lower()
        self.conference = application in CONFERENCES
        waits = application == "queue" and not row.get("BridgeId")
        self.queue = known(row.get("ApplicationData", "").partition(",")[0]) if waits else ""

    def take_dial_state(self, message: Message) -> None:
        """Take that a phone rings: one that sends a tone of its own (183) never says so itself."""
        rings = message.get("Event") == "DialState" and message.get("DialStatus") in RINGS
        if rings and self.extension is not None and not self.is_up:
            self.state = ChannelState.RINGING

    def take_dial_end(self, message: Message) -> None:
        """Take how the attempt to reach it ended."""
        status = message.get("DialStatus", "")
        if status in OUTCOMES:
            self.outcome = OUTCOMES[status]

    def take_cause(self, cause: str) -> None:
        """Take why it ended."""
        if cause == ELSEWHERE:
            self.outcome = m.Outcome.ANSWERED_ELSEWHERE
        elif cause == DECLINED and self.outcome is None:
            self.outcome = m.Outcome.REJECTED


def channel_from(
    message: Message, call: str, extension: str | None, now: datetime, *, listed: bool = False
) -> Channel:
    """Return the channel that a `Newchannel` event, or a row of the list, tells of."""
    state = message.get("ChannelState", "")
    application = message.get("Application", "").lower()
    name = message.get("Channel", "")
    dials = state in CALLS
    if listed and state == ChannelState.UP:
        dials = application not in CALLED
    uid, linked = message.get("Uniqueid", ""), message.get("Linkedid", "")
    channel = Channel(
        uid=uid,
        name=name,
        call=call,
        linked=linked,
        kind=channel_kind(name),
        extension=extension,
        state=state,
        seen_at=now,
        began_at=_began_at(message, now),
        changed_at=now,
        dials=dials,
        number=message.get("CallerIDNum", ""),
        caller_name=message.get("CallerIDName", ""),
        dialled=message.get("Exten", "") if dials else "",
        originated=uid == linked and state in {ChannelState.DOWN, ChannelState.RINGING},
        reached=listed,
        spying=channel_kind(name, application) is not channel_kind(name),
        up_at=now if state == ChannelState.UP else None,
    )
    if listed:
        channel.bridge = message.get("BridgeId", "")
        if dials and not known(channel.dialled):  # it is in a routine of the dial plan
            channel.dialled = message.get("ConnectedLineNum", "")
        channel.take_application(message)
    return channel


def _began_at(row: Message, now: datetime) -> datetime:
    """Return when a channel began: a row of the list tells for how long it has been there."""
    length = seconds(row.get("Duration")) or 0
    return now - timedelta(seconds=length) if length <= LONGEST_CALL else now
