"""Whatever is lost, late, doubled or out of order: the registry tells each call once, and forgets all of them.

`PBX_SEQUENCES=20000 scripts/test tests/registry/test_sequences.py` plays so many that nobody has seen before.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.vendor.pretty import RepresentationPrinter

from custom_components.pbx.registry.call_registry import ACCOUNT, CallRegistry, Changes, extension_key, slot_key
from custom_components.pbx.telephony.events import Event
from custom_components.pbx.telephony.models import (
    Call,
    CallRecord,
    CallState,
    Direction,
    EventType,
    Leg,
    LegPush,
    Outcome,
    Party,
    Pushed,
    RecordPush,
)

from .story import CALLER, IN, INTERNAL, OUT, D, E, H, R, T, moment

WANTED = int(os.environ.get("PBX_SEQUENCES", "0"))
SEQUENCES = settings(
    max_examples=(WANTED or 2400) // 4,
    derandomize=not WANTED,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

PHONES = ("101", "102", "103", "104")
OUTSIDE = "out"
RANK = {D: 0, R: 0, T: 1, H: 1}
STARTS = frozenset({EventType.CALL_INCOMING, EventType.CALL_OUTGOING})
ENDS = frozenset({EventType.CALL_ENDED, EventType.CALL_MISSED})
AFTERWARDS = frozenset({EventType.CALL_RECORD, EventType.CALL_CORRECTED})
ONCE = STARTS | {EventType.CALL_ANSWERED}
SLOTS = 2


# -- what happens ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """One leg of a call does something new."""

    time: int
    who: str
    state: CallState


@dataclass(frozen=True)
class Plan:
    """A call as it really goes: which way, between whom, and what each leg does when."""

    name: str
    direction: Direction
    caller: str
    callee: str
    changes: tuple[Change, ...]
    told: tuple[str, ...]  # what everybody should hear of it

    def legs_at(self, time: float) -> dict[str, CallState]:
        """Say what each leg does at a time, without those that are over."""
        now: dict[str, CallState] = {}
        for change in self.changes:
            if change.time <= time:
                now[change.who] = change.state
        return {who: state for who, state in now.items() if state is not E}

    def row_at(self, time: float) -> Call | None:
        """Make the row of a list."""
        legs = tuple(
            Leg(id=f"{self.name}-{who}", state=state, extension=None if who == OUTSIDE else who)
            for who, state in self.legs_at(time).items()
        )
        if not legs:
            return None
        return Call(
            id=self.name,
            state=legs[0].state,
            direction=self.direction,
            caller=Party(number=self.caller),
            callee=Party(number=self.callee),
            legs=legs,
        )


@dataclass
class Script:
    """A plan in the making."""

    draw: st.DrawFn
    phones: list[str]
    clock: int
    changes: list[Change] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def then(self, who: str, state: CallState, after: int = 0) -> None:
        """Let a leg do something."""
        self.clock += after
        self.changes.append(Change(self.clock, who, state))

    def wait(self) -> None:
        """Let some time pass."""
        self.clock += self.draw(st.integers(2, 20))

    def ring(self, direction: Direction) -> tuple[list[str], list[str]]:
        """Begin a call; give who talks if it is answered, the phone of ours last, and who else rings."""
        first, second = self.phones[:2]
        self.told.append("call_incoming" if direction is IN else "call_outgoing")
        if direction is IN:
            return self._ring_group()
        self.then(first, D)
        if direction is INTERNAL:
            self.then(second, R)
            self.told.append("call_incoming")
            return [first, second], []
        self.then(OUTSIDE, D)
        return [OUTSIDE, first], []

    def _ring_group(self) -> tuple[list[str], list[str]]:
        group = self.phones[: self.draw(st.integers(1, 3))]
        self.then(OUTSIDE, R)
        if self.draw(st.booleans()):
            for phone in group[:-1]:
                self.then(phone, R, 1)
                self.then(phone, E, 4)
            group = group[-1:]
        for phone in group:
            self.then(phone, R)
        first = self.draw(st.sampled_from(group))
        return [OUTSIDE, first], [phone for phone in group if phone != first]

    def talk(self, talking: list[str], ringing: list[str]) -> None:
        """Let the call be answered, held and resumed, and given to somebody else."""
        for who in talking:
            self.then(who, T)
        for who in ringing:
            self.then(who, E)
        self.told.append("call_answered")
        for _ in range(self.draw(st.integers(0, 2))):
            self.then(talking[-1], H, 3)
            self.then(talking[-1], T, 3)
            self.told += ["call_held", "call_resumed"]
        if talking[0] == OUTSIDE and self.draw(st.booleans()):
            target = self.phones[3]
            self.then(target, R, 2)
            self.then(target, T, 3)
            self.then(talking.pop(), E, 2)
            talking.append(target)
            self.told.append("call_transferred")
        self.wait()


@st.composite
def plans(draw: st.DrawFn, name: str) -> Plan:
    """Make up a call."""
    script = Script(draw, list(draw(st.permutations(PHONES))), draw(st.integers(1, 40)))
    direction = draw(st.sampled_from((IN, IN, OUT, INTERNAL)))
    talking, ringing = script.ring(direction)
    script.wait()
    answered = draw(st.booleans())
    if answered:
        script.talk(talking, ringing)
    for who in talking if answered else [*talking, *ringing]:
        script.then(who, E)
    script.told.append("call_ended" if answered or direction is not IN else "call_missed")
    outside, phone = f"{CALLER[:-1]}{name[-1]}", script.phones[0]
    caller, callee = (outside, phone) if direction is IN else (phone, outside if direction is OUT else script.phones[1])
    return Plan(name, direction, caller, callee, tuple(script.changes), tuple(script.told))


# -- how it is told ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mode:
    """How a phone system tells of its calls."""

    polled: bool
    pushed: bool
    differ: bool = False
    complete_after: int = 1
    grace: float = 0
    recorded: bool = False

    def registry(self) -> CallRegistry:
        """Make a registry for it."""
        return CallRegistry(
            slots=SLOTS, pushed_ids_differ=self.differ, complete_after=self.complete_after, grace=self.grace
        )

    def message(self, plan: Plan, change: Change) -> Pushed | None:
        """Tell of a change, as far as this phone system does."""
        if change.who == OUTSIDE and (self.differ or not self.polled):
            return None
        if self.differ:
            if change.state is H:
                return None
            passed_on = plan.direction is OUT and change.who != plan.caller
            return LegPush(
                provider_event=change.state,
                call_id=f"{plan.name}-w{change.who}",
                state=change.state,
                extension=change.who,
                direction=IN if passed_on else plan.direction,
                caller=Party(number=plan.callee if passed_on else plan.caller),
                callee=Party(number=plan.callee if change.who == plan.caller else change.who),
                key=f"{plan.name}{change.who}{change.state}",
            )
        return LegPush(
            provider_event=change.state,
            call_id=plan.name,
            leg_id=f"{plan.name}-{change.who}",
            state=change.state,
            extension=None if change.who == OUTSIDE else change.who,
            time=moment(change.time),
            direction=plan.direction,
            caller=Party(number=plan.caller),
            key=f"{plan.name}{change.who}{change.state}{change.time}",
        )

    def record(self, plan: Plan) -> RecordPush:
        """Tell how a call went."""
        answered = "call_answered" in plan.told
        record = CallRecord(
            id=plan.name,
            call_id=plan.name,
            direction=plan.direction,
            outcome=Outcome.ANSWERED if answered else Outcome.MISSED,
        )
        return RecordPush(provider_event="record", record=record, key=f"record-{plan.name}")


POLLED = Mode(polled=True, pushed=False, complete_after=2)
PUSHED = Mode(polled=False, pushed=True, grace=5, recorded=True)
BOTH = Mode(polled=True, pushed=True, grace=2)
DIFFER = Mode(polled=True, pushed=True, differ=True, complete_after=2, grace=5)
MODES = [
    pytest.param(POLLED, id="polled"),
    pytest.param(PUSHED, id="pushed"),
    pytest.param(BOTH, id="both"),
    pytest.param(DIFFER, id="ids_differ"),
]


@dataclass(frozen=True)
class Arrival:
    """Something that reaches the registry: a message, or a list that was asked for at a time."""

    time: float
    message: Pushed | None = None
    asked: float = 0
    rows: tuple[Call, ...] = ()

    def _repr_pretty_(self, printer: RepresentationPrinter, _cycle: bool) -> None:  # noqa: FBT001 - as hypothesis asks
        match self.message:
            case None:
                rows = {row.id: {leg.id: leg.state.value for leg in row.legs} for row in self.rows}
                printer.text(f"{self.time}: list of {self.asked}: {rows}")
            case LegPush(call_id=call_id, extension=phone, state=state):
                printer.text(f"{self.time}: {call_id} {phone or OUTSIDE} {state}")
            case _:
                printer.text(f"{self.time}: {type(self.message).__name__}")


def list_at(asked: float, time: float, plans: tuple[Plan, ...]) -> Arrival:
    """Make a list of what is up when it is asked for."""
    rows = tuple(row for plan in plans if (row := plan.row_at(asked)) is not None)
    return Arrival(time, asked=asked, rows=rows)


DELAYS = st.sampled_from((0.0, 0.0, 0.0, 0.25, 1.5, 7.0, 30.0, None))


@st.composite
def disturbed(draw: st.DrawFn, mode: Mode) -> tuple[Arrival, ...]:
    """Make up calls, and lose, double and delay what is told of them."""
    made = tuple(draw(plans(f"call-{n}")) for n in range(draw(st.integers(1, 4))))
    arrivals: list[Arrival] = []
    if mode.pushed:
        for plan in made:
            messages = [
                (change.time, message) for change in plan.changes if (message := mode.message(plan, change)) is not None
            ]
            if mode.recorded and draw(st.booleans()):
                messages.append((plan.changes[-1].time + 3, mode.record(plan)))
            for time, message in messages:
                for _ in range(draw(st.sampled_from((1, 1, 1, 2)))):
                    delay = draw(DELAYS)
                    if delay is not None:
                        arrivals.append(Arrival(time + delay, message))
    if mode.polled:
        for asked in draw(st.lists(st.integers(0, 110), max_size=14, unique=True)):
            taken = asked + draw(st.sampled_from((0.0, 0.5, 4.0)))
            glitch = draw(st.integers(0, 9)) == 0
            arrivals.append(Arrival(taken, asked=asked) if glitch else list_at(asked, taken, made))
    return tuple(sorted(arrivals, key=lambda arrival: arrival.time))


# -- what must hold ----------------------------------------------------------------------------------


@dataclass
class Watcher:
    """Feeds a registry and checks after every step what must always hold."""

    mode: Mode
    registry: CallRegistry = field(init=False)
    clock: float = 0
    events: list[Event] = field(default_factory=list)
    ranks: dict[tuple[str, str], int] = field(default_factory=dict)
    said_over: set[tuple[str, str]] = field(default_factory=set)
    slots: dict[str, int] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    shown: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.registry = self.mode.registry()
        self.shown = dict(self._shown())
        if self.mode.polled:
            self._check(self.registry.snapshot((), moment(-1), moment(-1)))

    def feed(self, arrival: Arrival) -> None:
        """Let time pass up to an arrival, and take it."""
        self.pass_time(arrival.time)
        now = moment(self.clock)
        if arrival.message is not None:
            self._check(self.registry.apply(arrival.message, now))
            self._note_end(arrival.message)
        else:
            self._check(self.registry.snapshot(arrival.rows, moment(arrival.asked), now))

    def _note_end(self, message: Pushed) -> None:
        """Note a leg that itself has said that it is over."""
        if isinstance(message, LegPush) and message.state is E:
            call = self.registry.calls.get(message.call_id)
            over = [leg for leg in call.legs if leg.id == message.leg_id and leg.state is E] if call is not None else []
            self.said_over |= {(message.call_id, leg.id) for leg in over}

    def pass_time(self, until: float) -> None:
        """Let everything happen that falls due."""
        while (due := self.registry.due()) is not None and due <= moment(until):
            self._check(self.registry.tick(due))
            self.registry.take_questions()
        self.clock = until

    def settle(self) -> None:
        """Let the phone system have the last word: complete lists, or none for hours."""
        if self.mode.polled:
            for _ in range(self.mode.complete_after):
                self.feed(Arrival(self.clock + 60, asked=self.clock + 60))
        else:
            self.pass_time(self.clock + timedelta(hours=5).total_seconds())
        self.pass_time(self.clock + 60)

    def _check(self, changes: Changes) -> None:
        self.events += changes.events
        registry = self.registry
        ends = [event.call for event in changes.events if event.public and event.type in ENDS]
        self.ended |= {call.id for call in ends if call is not None}
        for call_id in self.ended - registry.calls.keys():
            self.slots.pop(call_id, None)  # should it come back, it is as good as new
        for call in registry.calls.values():
            assert call.state is not E
            assert any(leg.state is not E for leg in call.legs)
            for leg in call.legs:
                if leg.state is E:
                    continue
                assert (call.id, leg.id) not in self.said_over, "a leg came back that had said it was over"
                rank = RANK[leg.state]
                assert self.ranks.get((call.id, leg.id), 0) <= rank, "a leg went back"
                self.ranks[call.id, leg.id] = rank
        self._check_slots()
        shown = dict(self._shown())
        for key in shown.keys() | self.shown.keys():
            assert shown.get(key) == self.shown.get(key) or self._key(key) in changes.keys, f"{key} changed unnamed"
        self.shown = shown
        assert all(size <= 1000 for size in registry.sizes.values())

    def _check_slots(self) -> None:
        registry = self.registry
        filled = {call.id: n for n, call in enumerate(registry.slots) if call is not None}
        assert filled.keys() <= registry.calls.keys()
        assert all(registry.slots[n] == registry.calls[call_id] for call_id, n in filled.items())
        for call_id, slot in filled.items():
            assert self.slots.setdefault(call_id, slot) == slot, "a call changed its slot"

    def _shown(self) -> Iterator[tuple[str, object]]:
        yield "account", dict(self.registry.calls)
        for phone in PHONES:
            yield phone, (self.registry.state_of(phone), self.registry.call_of(phone))
        for n, call in enumerate(self.registry.slots):
            yield f"slot{n}", call

    def _key(self, name: str) -> object:
        if name == "account":
            return ACCOUNT
        return slot_key(int(name[4:]) + 1) if name.startswith("slot") else extension_key(name)

    def check_story(self) -> None:
        """Check what was told of each call, once nothing more can come."""
        told: dict[str, Counter[EventType]] = defaultdict(Counter)
        heard: dict[tuple[str, str], EventType] = {}
        for event in self.events:
            if event.call is None or event.type in AFTERWARDS or "told_late" in event.fields:
                continue
            for phone in event.tell:
                heard[event.call.id, phone] = event.type
            if event.public:
                told[event.call.id][event.type] += 1
                assert event.type not in ENDS or told[event.call.id].keys() & STARTS, "ended without a beginning"
        for kinds in told.values():
            assert all(kinds[kind] <= 1 for kind in ONCE)
            assert sum(kinds[kind] for kind in ENDS) == 1, "not ended exactly once"
        assert all(kind in ENDS for kind in heard.values()), "a phone did not hear the end"

    def check_empty(self) -> None:
        """Check that nothing is left but names and tombstones."""
        registry = self.registry
        assert not registry.calls
        assert registry.slots == [None] * SLOTS
        assert registry.due() is None
        left = ("calls", "legs", "leg_ids", "extensions_with_calls", "questions", "deadlines")
        assert {name: registry.sizes[name] for name in left} == dict.fromkeys(left, 0)


@pytest.mark.parametrize("mode", MODES)
def test_nothing_is_told_twice_or_never_ends(mode: Mode) -> None:
    """Any calls, disturbed in any way."""

    @SEQUENCES
    @given(disturbed(mode))
    def play(arrivals: tuple[Arrival, ...]) -> None:
        watcher = Watcher(mode)
        for arrival in arrivals:
            watcher.feed(arrival)
        watcher.settle()
        watcher.check_story()
        watcher.check_empty()

    play()


@pytest.mark.parametrize("mode", MODES)
def test_what_is_told_undisturbed_is_the_truth(mode: Mode) -> None:
    """Every way of telling gives the same story, in its order."""

    @settings(SEQUENCES, max_examples=100)
    @given(plans("call-0"))
    def play(plan: Plan) -> None:
        arrivals: list[Arrival] = []
        for change in plan.changes:
            message = mode.message(plan, change) if mode.pushed else None
            if message is not None:
                arrivals.append(Arrival(change.time, message))
            if mode.polled:
                arrivals.append(list_at(change.time, change.time + 0.5, (plan,)))
        watcher = Watcher(mode)
        for arrival in sorted(arrivals, key=lambda arrival: arrival.time):
            watcher.feed(arrival)
        watcher.settle()
        assert [event.type for event in watcher.events if event.public] == list(plan.told)
        assert watcher.registry.missed == plan.told.count("call_missed")
        watcher.check_story()
        watcher.check_empty()

    play()


# -- phones that take part more than once ------------------------------------------------------------


@dataclass
class Round:
    """A call that goes round: who does what now, and each message that tells of it."""

    draw: st.DrawFn
    clock: float = 0
    phones: dict[str, CallState] = field(default_factory=dict)
    told: list[tuple[float, LegPush]] = field(default_factory=list)

    def in_state(self, state: CallState) -> list[str]:
        """Name the phones that do this."""
        return [phone for phone, doing in self.phones.items() if doing is state]

    def then(self, phone: str, state: CallState) -> None:
        """Let a phone do something, whose id comes again whenever it takes part."""
        self.clock += 0.001
        self.phones[phone] = state
        message = LegPush(
            provider_event=state,
            call_id="call",
            leg_id=phone,
            state=state,
            extension=phone,
            time=moment(self.clock),
            direction=IN,
            caller=Party(number=CALLER),
            key=f"{phone}{state}{self.clock}",
        )
        self.told.append((self.clock, message))

    def step(self) -> None:
        """Answer, hand on, ring the next phone instead, or refuse."""
        self.clock += self.draw(st.sampled_from((0, 0, 0.3, 2, 8, 40)))
        ringing, talking = self.in_state(R), self.in_state(T)
        kind = self.draw(st.sampled_from(("answer", "answer", "hand on", "hand on", "next", "refuse")))
        if kind == "answer" and ringing:
            answering = self.draw(st.sampled_from(ringing))
            self.then(answering, T)
            for phone in (one for one in ringing if one != answering):
                self.then(phone, E)
        elif kind == "hand on" and talking and not ringing:
            giver = talking[0]
            self.then(self.draw(st.sampled_from([phone for phone in PHONES if phone != giver])), R)
            self.then(giver, E)
        elif kind == "next" and ringing and not talking:
            for phone in ringing:
                self.then(phone, E)
            self.then(self.draw(st.sampled_from(PHONES)), R)
        elif kind == "refuse" and len(ringing) > 1:
            self.then(ringing[0], E)


@st.composite
def shuffled(draw: st.DrawFn) -> tuple[dict[str, CallState], tuple[Arrival, ...]]:
    """Make up such a call, double its messages and let them overtake each other; say what each phone does at last."""
    made = Round(draw)
    for phone in draw(st.permutations(PHONES))[: draw(st.integers(1, 3))]:
        made.then(phone, R)
    for _ in range(draw(st.integers(0, 6))):
        made.step()
    arrivals = [
        Arrival(time + draw(st.sampled_from((0.0, 0.0, 0.2, 1.0, 3.0))), message)
        for time, message in made.told
        for _ in range(draw(st.sampled_from((1, 1, 1, 2))))
    ]
    last = {phone: state for phone, state in made.phones.items() if state is not E}
    return last, tuple(sorted(arrivals, key=lambda arrival: arrival.time))


def test_what_a_phone_did_last_holds_in_whatever_order_it_is_told() -> None:
    """Also where a phone rings, talks and leaves more than once under one id."""

    @SEQUENCES
    @given(shuffled())
    def play(drawn: tuple[dict[str, CallState], tuple[Arrival, ...]]) -> None:
        last, arrivals = drawn
        registry = PUSHED.registry()
        for arrival in arrivals:
            while (due := registry.due()) is not None and due <= moment(arrival.time):
                registry.tick(due)
            assert arrival.message is not None
            registry.apply(arrival.message, moment(arrival.time))
        registry.tick(moment(arrivals[-1].time + 30))
        assert {phone: state for phone in PHONES if (state := registry.state_of(phone)) is not None} == last

    play()
