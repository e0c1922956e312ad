"""A registry, what is fed to it step by step, and what it tells: the language of the registry's tests."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from custom_components.pbx.registry.call_registry import CallRegistry, Changes, Key
from custom_components.pbx.telephony.events import Event
from custom_components.pbx.telephony.models import (
    Call,
    CallHint,
    CallRecord,
    CallState,
    Direction,
    Leg,
    LegPush,
    Notice,
    Outcome,
    Party,
    Pushed,
    RecordPush,
)

START = datetime(2026, 1, 5, 8, tzinfo=UTC)
CALLER = "+390612345678"

D, R, T, H, E = CallState.DIALING, CallState.RINGING, CallState.TALKING, CallState.ON_HOLD, CallState.ENDED
IN, OUT, INTERNAL = Direction.INCOMING, Direction.OUTGOING, Direction.INTERNAL


def moment(seconds: float) -> datetime:
    """Give a time of the test's day."""
    return START + timedelta(seconds=seconds)


@dataclass
class Story:
    """A registry with a clock of its own; every step takes a second."""

    registry: CallRegistry
    clock: float = 0
    events: list[Event] = field(default_factory=list)
    keys: set[Key] = field(default_factory=set)
    last: Changes = field(default_factory=Changes)

    @property
    def now(self) -> datetime:
        """The time it is."""
        return moment(self.clock)

    def take(self, changes: Changes) -> None:
        """Note what came of a step."""
        self.last = changes
        self.events += changes.events
        self.keys |= changes.keys.keys()

    def play(self, *steps: Step) -> Story:
        """Do one step after the other."""
        for step in steps:
            self.clock += 1
            step(self)
        return self

    @property
    def told(self) -> list[str]:
        """What the bus and the account heard."""
        return [event.type.value for event in self.events if event.public]

    def heard(self, extension: str) -> list[str]:
        """Say what an extension heard, with the outcome where there is one."""
        return [
            ":".join(filter(None, (event.type.value, outcome_of(event))))
            for event in self.events
            if extension in event.tell
        ]


type Step = Callable[[Story], None]


def outcome_of(event: Event) -> str | None:
    """How a call ended, for those who hear an event."""
    return event.outcome or (event.call.outcome if event.call is not None else None)


def story(**options: float) -> Story:
    """Begin with an account without calls."""
    made = Story(CallRegistry(**options))  # type: ignore[arg-type]
    made.take(made.registry.snapshot((), made.now, made.now))
    return made


# -- steps -------------------------------------------------------------------------------------------


def pushed(message: Pushed) -> Step:
    """Push a message."""
    return lambda s: s.take(s.registry.apply(message, s.now))


def push(  # noqa: PLR0913 - as many as a message has
    call_id: str,
    phone: str | None,
    state: CallState,
    *,
    time: float | None = None,
    direction: Direction | None = IN,
    caller: str | None = CALLER,
    callee: str = "",
    leg: str | None = None,
    key: str | None = None,
    final: bool = False,
    outcome: Outcome | None = None,
    transferred_to: str | None = None,
    cause: str | None = None,
) -> Step:
    """Push what a phone does, as phone systems with one id for both sources tell it."""
    return pushed(
        LegPush(
            provider_event=f"told.{state}",
            call_id=call_id,
            leg_id=leg or phone,
            state=state,
            extension=phone if phone and phone.isdigit() else None,
            time=None if time is None else moment(time),
            direction=direction,
            caller=None if caller is None else Party(number=caller),
            callee=Party(number=callee),
            key=key,
            final=final,
            outcome=outcome,
            transferred_to=transferred_to,
            hangup_cause=cause,
        )
    )


def widget(
    call_id: str,
    phone: str,
    state: CallState,
    *,
    caller: str = CALLER,
    callee: str = "",
    direction: Direction = IN,
    sent: float | None = None,
) -> Step:
    """Push what a phone does under an id of its own kind."""
    return pushed(
        LegPush(
            provider_event=f"widget.{state}",
            call_id=call_id,
            state=state,
            extension=phone,
            direction=direction,
            caller=Party(number=caller, hidden=not caller),
            callee=Party(number=callee) if callee else None,
            key=f"{call_id}{state}",
            sent_at=None if sent is None else moment(sent),
        )
    )


def call(call_id: str, *legs: Leg, direction: Direction | None = IN, caller: str = CALLER, callee: str = "") -> Call:
    """Make a row of a list."""
    return Call(
        id=call_id,
        state=legs[0].state,
        direction=direction,
        caller=Party(number=caller),
        callee=Party(number=callee),
        legs=legs,
    )


def leg(name: str, state: CallState) -> Leg:
    """Make a leg: of the phone with that number, or from outside."""
    return Leg(id=f"leg-{name}", state=state, extension=name if name.isdigit() else None)


def listed(*calls: Call, asked: float = 0) -> Step:
    """Give a complete list, asked for so many seconds ago."""
    return lambda s: s.take(s.registry.snapshot(calls, s.now - timedelta(seconds=asked), s.now))


def hint(leg_id: str | None, cause: str | None = None, outcome: Outcome | None = None, dtmf: str | None = None) -> Step:
    """Push that something happened to a leg."""
    return pushed(CallHint(provider_event="hint", leg_id=leg_id, hangup_cause=cause, outcome=outcome, dtmf=dtmf))


def record(record: CallRecord, *, key: str | None = "r") -> Step:
    """Push a record, or with no key bring one from the history."""
    return pushed(RecordPush(provider_event="record", record=record, key=key and f"{key}{record.id}"))


def notice(message: Notice) -> Step:
    """Push anything else."""
    return pushed(message)


def wait(seconds: float) -> Step:
    """Let time pass, with all that falls due meanwhile."""

    def step(s: Story) -> None:
        until = s.clock + seconds
        while (due := s.registry.due()) is not None and due <= moment(until):
            s.clock = max(s.clock, (due - START).total_seconds())
            s.take(s.registry.tick(s.now))
        s.clock = until
        s.take(s.registry.tick(s.now))

    return step


ANSWERED = ["call_incoming", "call_answered", "call_ended"]
MISSED = ["call_incoming", "call_missed"]


GROUP = [push("c", "101", R, time=1), push("c", "102", R, time=1), push("c", "103", R, time=1)]


def states(made: Story) -> dict[str, str]:
    """Say what every leg of every active call does."""
    return {each.id: each.state.value for active in made.registry.calls.values() for each in active.legs}
