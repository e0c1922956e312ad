"""One random plan: people use the phones while everything goes wrong, and then Home Assistant must know the truth."""

import asyncio
import random
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import Any

from homeassistant.config_entries import ConfigEntryState, OperationNotAllowed
from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er

from custom_components.pbx.console.websocket import DATA_CONSOLE
from custom_components.pbx.const import DOMAIN
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.registry.call_registry import CallRegistry
from tests.console.test_feed import take
from tests.simulators.base import Body, FaultKind, TrueCall
from tests.simulators.demo import GONE

from .compare import Entity, Shown, Truth, differences, digits, not_away
from .house import House, Json
from .lines import LINES, Line

BEGINS = ("call_incoming", "call_outgoing")
ENDS = ("call_ended", "call_missed")
STEPS = (6, 22)
MOMENT = 0.001
"""Seconds between two things that people do. The times that senders write are no finer: where a ring and its end have
the same, nobody can tell a late message of that call from a second call."""
PAUSES = (MOMENT, MOMENT, 0.01, 0.3, 1, 2, 4, 8, 20)
LONG_PAUSES = (45, 90)
MOST_IN_LINE = 64
RETRY_PATIENCE = 400
LATE = 15.0
OUTAGES = 0.15
BEGINNING = 60
GLANCE = 0.25
"""Seconds between two looks at what is so, while people pause."""
UNKNOWN = "nobody's"
"""The id in a command that is given while the account is not set up, and so has no calls."""
EXPECTED = (
    r"^ERROR custom_components\.pbx: Error fetching Chaos data: ",
    r"^WARNING homeassistant\.config_entries: Config entry 'Chaos' for pbx integration not ready yet",
)


@dataclass(kw_only=True)
class Verdict:
    """What came of a plan."""

    provider: str
    seed: int
    calls: int = 0
    commands: int = 0
    reloads: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    mismatches: list[str] = field(default_factory=list)
    judged: Counter[str] = field(default_factory=Counter)
    """How many calls, and entities about them, were compared, and of how many not everything could be known."""
    story: list[str] = field(default_factory=list)
    """What happened, for whoever repeats a plan."""


@dataclass(kw_only=True)
class _Life:
    """What was told between two reloads."""

    events: list[Json] = field(default_factory=list)
    cut: set[str] = field(default_factory=set)
    """The calls that were known when it ended."""


@dataclass(kw_only=True)
class Settled:
    """Since when nothing has changed, and whether it was judged how that is shown."""

    picture: object = None
    at: float = 0
    judged: bool = False

    def since(self, picture: object, now: float) -> float:
        """Give the seconds for which a picture is the same; none for one that was judged, or for None."""
        if picture is None or picture != self.picture:
            self.picture, self.at, self.judged = picture, now, False
        return 0 if picture is None or self.judged else now - self.at


class Plan:
    """People and troubles of one seed; the same seed does the same."""

    def __init__(self, house: House, provider: str, seed: int, *, telling: bool = False) -> None:
        """Throw the dice."""
        self.telling = telling
        self.house = house
        self.hass = house.hass
        self.line: Line[Any] = LINES[provider](seed)
        self.sim = self.line.simulator
        self.rng = random.Random(f"plan {provider} {seed}")
        self.verdict = Verdict(provider=provider, seed=seed)
        self.lives = [_Life()]
        self.asked: dict[str, str] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.reloading = False
        self.registry: CallRegistry | None = None
        self.drop = 0.0
        self.settled = Settled()
        self.relearnt_at = 0.0
        self.steps = 0
        self.page: dict[str, Json] | None = None

    @property
    def coordinator(self) -> PbxCoordinator | None:
        """The coordinator, while the account is set up."""
        if self.entry.state is not ConfigEntryState.LOADED:
            return None
        coordinator: PbxCoordinator = self.entry.runtime_data.coordinator
        return coordinator

    async def run(self) -> Verdict:
        """Carry the plan out."""
        # Home Assistant throws dice too, and its polls heed full seconds.
        random.seed(self.verdict.seed)
        await asyncio.sleep(BEGINNING - self.hass.loop.time() % BEGINNING)
        async with self.sim:
            self.entry = self.line.entry()
            self.entry.add_to_hass(self.hass)
            self.entry.async_on_state_change(self._state_changed)
            self.house.on_event = self._heard
            self.house.log.clear()
            self.sim.webhooks.drop = self._is_lost
            await self.hass.config_entries.async_setup(self.entry.entry_id)
            await self.line.connect(f"{self.house.url}/api/webhook/{self.entry.data['webhook_id']}")
            await asyncio.sleep(1)
            close = self._open_page()
            try:
                await self._storm()
                await self._calm()
                self._compare("after the storm")
                if self.rng.random() < OUTAGES:
                    await self._outage()
                await self._end_all()
                self._compare("when all was over", over=True)
                self._judge_commands()
                self._judge_events()
                self._judge_flows()
            except Exception:  # noqa: BLE001 - the other plans go on
                self._mismatch(f"the plan broke: {traceback.format_exc()}")
            finally:
                close()
                for task in self.tasks:
                    task.cancel()
                await asyncio.gather(*self.tasks, return_exceptions=True)
                self.house.on_event = lambda _data: None
                await self.hass.config_entries.async_remove(self.entry.entry_id)
                await self.hass.async_block_till_done()
        self._judge_log()
        return self.verdict

    def _open_page(self) -> Callable[[], None]:
        """Open a page with cards in every second plan, which is told before all others; give what closes it."""
        if self.verdict.seed % 2:
            return lambda: None
        self.page = known = dict[str, Json]()

        def listen(message: Json) -> None:
            take(known, message)

        close: Callable[[], None] = self.hass.data[DATA_CONSOLE].async_listen("user", lambda _feed: True, listen)
        return close

    # -- the storm ----------------------------------------------------------------------------------

    async def _storm(self) -> None:
        verbs: list[tuple[int, Any]] = [
            (5, self._ring),
            (2, self._ring_group),
            (4, self._dial),
            (2, self._dial_inside),
            (7, self._answer),
            (2, self._hold),
            (2, self._resume),
            (5, self._hang_up),
            (4, self._command),
            *self.line.steps(),
        ]
        weights, steps = [weight for weight, _ in verbs], [step for _, step in verbs]
        self._weather()
        for _ in range(self.rng.randint(*STEPS)):
            if self.rng.random() < 0.5:
                await self._trouble()
            (step,) = self.rng.choices(steps, weights)
            try:
                await step(self.rng)
            except (*GONE, IndexError):
                continue
            finally:
                self.steps += 1
            self._tell(f"{getattr(step, '__name__', step)} {self._picture()}")
            self._listen_in()
            await self._pause(self.rng.choice(PAUSES if self.rng.random() < 0.9 else LONG_PAUSES))
            self._listen_in()

    async def _pause(self, seconds: float) -> None:
        """Do nothing for a while; what has not changed for long must be shown, if it can be known at all."""
        until = self.hass.loop.time() + seconds
        while (left := until - self.hass.loop.time()) > 0:
            await asyncio.sleep(min(GLANCE, left))
            if self.settled.since(self._picture_of_all(), self.hass.loop.time()) < self.line.shown_after:
                continue
            self.settled.judged = True
            self.verdict.judged["soon"] += 1
            self._compare(f"{self.line.shown_after:g} s after the last change", soon=True)

    def _picture_of_all(self) -> object:
        """Give all that must stay as it is for a while before anything is expected; None while that is too early."""
        coordinator = self.coordinator
        if coordinator is None or self.reloading or self.tasks or self.sim.faults or self.sim.held_up:
            return None
        if not (coordinator.last_update_success and coordinator.calls_known and self.line.undisturbed(coordinator)):
            return None
        if self.sim.webhooks.on_the_way or self.hass.loop.time() < self.relearnt_at:
            return None
        # A call may come and go between two glances: it has changed something all the same.
        return tuple(self.line.truth()), self.steps, self.line.over, coordinator

    def _tell(self, text: str) -> None:
        """Note what happened."""
        if self.telling:
            self.verdict.story.append(f"{self.hass.loop.time():9.3f} {text}")

    def _picture(self) -> str:
        return " | ".join(
            f"{call.call_id[:8]} {call.direction} {call.caller}>{call.callee} {call.state} "
            + ",".join(f"{leg.extension or 'out'}:{leg.state}" for leg in call.legs)
            for call in (self.line.truth() if self.telling else ())
        )

    async def _ring(self, rng: random.Random) -> None:
        await self.sim.ring(self._number(), rng.choice(self.line.extensions), name=rng.choice(("", "Ada Lovelace")))

    async def _ring_group(self, rng: random.Random) -> None:
        await self.sim.ring(self._number(), *rng.sample(self.line.extensions, rng.randint(2, 4)))

    async def _dial(self, rng: random.Random) -> None:
        await self.sim.dial(rng.choice(self.line.extensions), self._number())

    async def _dial_inside(self, rng: random.Random) -> None:
        await self.sim.dial(*rng.sample(self.line.extensions, 2))

    async def _answer(self, rng: random.Random) -> None:
        ringing = [(call, leg) for call in self.line.truth() for leg in call.legs if leg.state == "ringing"]
        call, leg = rng.choice(ringing)
        await self.sim.answer(call.call_id, leg.extension)

    async def _hold(self, rng: random.Random) -> None:
        call, extension = rng.choice(self._phones("talking"))
        await self.sim.hold(call.call_id, extension)

    async def _resume(self, rng: random.Random) -> None:
        call, extension = rng.choice(self._phones("on_hold", "talking"))
        await self.sim.resume(call.call_id, extension)

    async def _hang_up(self, rng: random.Random) -> None:
        call = rng.choice(self.line.truth())
        await self.sim.hang_up(call.call_id, by=rng.choice(("caller", "callee", "reject")))

    def _phones(self, *states: str) -> list[tuple[TrueCall, str]]:
        return [
            (call, leg.extension)
            for call in self.line.truth()
            for leg in call.legs
            if leg.extension and leg.state in states
        ]

    def _number(self) -> str:
        self.verdict.calls += 1
        return self.line.fresh()

    # -- commands -----------------------------------------------------------------------------------

    async def _command(self, rng: random.Random) -> None:
        action = rng.choice(self.line.commands)
        if action in ("originate", "click_to_call"):
            number = self._number()
            data = {"extension": rng.choice(self.line.extensions), "number": self._dialled(number)}
            self._spawn(self._place(action, digits(number), data))
        else:
            coordinator = self.coordinator
            call_id = rng.choice(list(coordinator.data.calls)) if coordinator is not None else UNKNOWN
            self._spawn(self._act(action, {"call_id": call_id}))

    def _dialled(self, number: str) -> str:
        return number if number.startswith("+") else f"+{number}"

    async def _place(self, action: str, number: str, data: Json) -> None:
        self.verdict.commands += 1
        self.asked[number] = "unknown"
        try:
            answer = await self.hass.services.async_call(
                DOMAIN,
                action,
                {**data, "config_entry_id": self.entry.entry_id},
                blocking=True,
                return_response=True,
            )
        except HomeAssistantError as err:
            self.asked[number] = "unknown" if err.translation_key == "unknown_outcome" else "refused"
            self._tell(f"{action} {data}: {err.translation_key} {err.translation_placeholders}")
        else:
            self.asked[number] = str((answer or {}).get("outcome"))
            self._tell(f"{action} {data}: {answer}")

    async def _act(self, action: str, data: Json) -> None:
        self.verdict.commands += 1
        try:
            await self.hass.services.async_call(
                DOMAIN, action, {**data, "config_entry_id": self.entry.entry_id}, blocking=True
            )
        except HomeAssistantError:
            return

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._worked)

    def _worked(self, task: asyncio.Task[None]) -> None:
        """Find that something in the background failed in a way that nobody handles."""
        self.tasks.discard(task)
        if not task.cancelled() and (err := task.exception()) is not None:
            self._mismatch(f"a task broke: {''.join(traceback.format_exception(err))}")

    # -- troubles -----------------------------------------------------------------------------------

    async def _trouble(self) -> None:
        own = self.line.troubles()
        kind = self.rng.random()
        if kind < 0.5:
            self._fault()
        elif kind < 0.7 and own:
            name, trouble = self.rng.choice(own)
            self.verdict.faults[name] += 1
            self._tell(f"trouble: {name}")
            done = trouble(self.rng)
            if isawaitable(done):
                await done
        elif kind < 0.82:
            self._weather()
        elif kind < 0.9:
            self._spawn(self._reload())
        elif kind < 0.94:
            self.verdict.faults["restart"] += 1
            self._tell("restart of the phone system")
            self.line.note_deafness()
            if self.sim.webhooks.on_the_way:
                self._relearn()
            await self.sim.stop()
            await asyncio.sleep(self.rng.choice((0.5, 5, 30)))
            await self.sim.start()

    def _fault(self) -> None:
        kind = self.rng.choice(list(FaultKind))
        plan: dict[str, Any] = {"times": self.rng.randint(1, 3)}
        name = str(kind)
        match kind:
            case FaultKind.SLOW:
                plan["delay"] = self.rng.uniform(0.2, 9)
            case FaultKind.HANG:
                plan["delay"] = LATE
            case FaultKind.STATUS:
                status = self.rng.choice((500, 502, 503, 429, 401))
                plan["status"] = status
                name = f"HTTP {status}"
                if status == 429 and self.rng.random() < 0.5:
                    plan["headers"] = {"Retry-After": str(self.rng.randint(1, 30))}
                if status == 401:
                    # Two in a row are wrong credentials by contract.
                    plan["times"] = 1
                    if self.line.refuses or any(fault.status == 401 for fault in self.sim.faults):
                        return
            case FaultKind.HTML:
                plan["status"] = self.rng.choice((200, 502, 504))
        self.verdict.faults[name] += plan["times"]
        self._tell(f"fault: {name} {plan}")
        self.sim.fault(kind, **plan)

    def _weather(self) -> None:
        """Change how webhooks travel."""
        if not self.line.pushes:
            return
        hooks, rng = self.sim.webhooks, self.rng
        self.drop = rng.choice((0, 0, 0, 0.2, 0.6))
        hooks.duplicate = rng.choice((0, 0, 0.5))
        hooks.delay = rng.choice((0, 0, 0.2, 3))
        hooks.shuffle = rng.random() < 0.3
        for name, value in (("late", hooks.delay), ("doubled", hooks.duplicate), ("shuffled", hooks.shuffle)):
            self.verdict.faults[f"webhooks {name}"] += bool(value)

    def _is_lost(self, event: str, body: Body) -> bool:
        lost = self.rng.random() < self.drop
        self._tell(f"    webhook {event} {'lost ' if lost else ''}{body!r}")
        self.verdict.faults["webhook lost"] += lost
        if lost:
            self._relearn()
        self.line.hear(event, body, lost=lost)
        self._listen_in()
        return lost

    def _relearn(self) -> None:
        """Expect nothing that a lost message would have told until a list has told it."""
        self.relearnt_at = self.hass.loop.time() + self.line.relearns

    def _listen_in(self) -> None:
        self.line.truth()
        if self.reloading or self.coordinator is None or not self.coordinator.calls_known:
            self.line.note_deafness()

    async def _reload(self) -> None:
        if self.reloading:
            return
        self.verdict.reloads += 1
        self._tell("reload")
        self.reloading = True
        self.line.note_deafness()
        try:
            await self.hass.config_entries.async_reload(self.entry.entry_id)
        except OperationNotAllowed:
            return  # it is being set up
        finally:
            self.line.note_deafness()
            self.reloading = False

    @callback
    def _state_changed(self) -> None:
        """Begin a new life when the account is unloaded, by whomever."""
        if self.entry.state is not ConfigEntryState.LOADED:
            self.line.begin_again()  # also when a set-up that had read the calls has failed
        if self.entry.state is ConfigEntryState.UNLOAD_IN_PROGRESS:
            self.registry = self.entry.runtime_data.coordinator.data
            self.line.note_deafness()
        elif self.registry is not None:
            self.lives[-1].cut |= set(self.registry.unfinished)
            self.lives.append(_Life())
            self.registry = None
            self.line.note_deafness()

    # -- afterwards ---------------------------------------------------------------------------------

    async def _calm(self) -> None:
        """Let everything work, and give it the time it may take."""
        self.sim.faults.clear()
        hooks = self.sim.webhooks
        self.drop = hooks.duplicate = hooks.delay = 0.0
        hooks.shuffle = False
        await self.line.calm()
        self._tell("calm")
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=RETRY_PATIENCE)
        await self.line.flush()
        for _ in range(RETRY_PATIENCE):
            if self.coordinator is not None:
                break
            await asyncio.sleep(1)
        self._listen_in()
        await self._settle(self.line.settle)

    async def _outage(self) -> None:
        """Let the phone system be away for a while, and see that nobody pretends to know what it does."""
        self.verdict.faults["outage"] += 1
        self.line.note_deafness()
        await self.sim.stop()
        await self._settle(self.line.notice)
        if self.coordinator is not None:
            for text in not_away(self._shown(self.coordinator)):
                self._mismatch(text)
        await self.sim.start()
        await self._settle(self.line.settle + self.line.notice)
        self.line.note_deafness()
        self._compare("after an outage")

    async def _settle(self, seconds: float) -> None:
        coordinator = self.coordinator
        if coordinator is not None:
            # As long as the phone system has asked to be left alone.
            await asyncio.sleep(coordinator.provider.http.budget.paused_for)
        await asyncio.sleep(seconds)
        await self.hass.async_block_till_done()

    async def _end_all(self) -> None:
        for turn in range(MOST_IN_LINE):
            up = self.line.truth()
            if turn >= 4 and not up:  # whoever waited in a queue behind others is gone as well
                break
            for call in up:
                try:
                    await self.sim.hang_up(call.call_id)
                except GONE:
                    continue
            await asyncio.sleep(0.5)
        await self.line.flush()
        await self._settle(self.line.forget)

    def _mismatch(self, text: str) -> None:
        self._tell(f"MISMATCH {text}")
        self.verdict.mismatches.append(text)

    def _compare(self, when: str, *, over: bool = False, soon: bool = False) -> None:
        """Compare every entity with the truth; `soon` after a change only what is about calls."""
        coordinator = self.coordinator
        if coordinator is None:
            self._mismatch(f"{when}: the account is {self.entry.state} ({self.entry.reason})")
            return
        if not over and not self.line.can_be_asked and not coordinator.calls_known:
            return
        if self.page is not None:
            feed = self.hass.data[DATA_CONSOLE].feeds[self.entry.entry_id]
            shown, known = self.page.get(self.entry.entry_id, {}), feed.snapshot()
            for name in known:
                if shown.get(name) != known[name]:
                    self._mismatch(f"{when}: an open page shows {name} {shown.get(name)} instead of {known[name]}")
        ids = {one.title: one.subentry_id for one in self.entry.subentries.values()}
        others = self.line.others(ids, long=over)
        truth = Truth(
            extensions=self.line.extensions,
            calls=self.line.truth(),
            others={
                "account_connected": "on",
                "account_push": None,
                **(dict.fromkeys(others) if soon else others),
            },
            # What a directory brings, an agent of a queue for one, is known with the next one.
            absent=self.line.absent | (frozenset(others) if soon else frozenset()),
            lossy=frozenset() if over or self.line.can_be_asked else frozenset(self.line.lossy),
            unseen=frozenset(self.line.unseen),
            judged=self.verdict.judged,
        )
        for text in differences(truth, self._shown(coordinator)):
            self._mismatch(f"{when}: {text}")

    def _shown(self, coordinator: PbxCoordinator) -> Shown:
        entities = {}
        for entry in er.async_entries_for_config_entry(er.async_get(self.hass), self.entry.entry_id):
            state = self.hass.states.get(entry.entity_id)
            if state is not None:
                key = self.line.key_by_number(entry.unique_id.removeprefix(f"{self.entry.unique_id}_"))
                entities[key] = Entity(domain=entry.domain, state=state.state, attributes=state.attributes)
            elif entry.disabled_by is None:
                self._mismatch(f"{entry.entity_id} has no state")
        calls = {call.id: call.extensions for call in coordinator.data.calls.values()}
        return Shown(entities=entities, calls=calls)

    # -- what was told ------------------------------------------------------------------------------

    def _heard(self, data: Json) -> None:
        self.lives[-1].events.append(data)
        if self.telling:
            names = (
                "type",
                "provider_event",
                "call_id",
                "direction",
                "state",
                "from_number",
                "to_number",
                "extension",
                "outcome",
            )
            self._tell("    told: " + " ".join(str(data[name]) for name in names if name in data))

    def _judge_commands(self) -> None:
        placed = Counter(digits(one.destination) for one in self.sim.placed)
        allowed = {
            "accepted": (1,) if self.line.promises else (0, 1),
            "refused": (0, 1) if self.line.refuses_late else (0,),
            "unknown": (0, 1),
        }
        for number, outcome in self.asked.items():
            if placed[number] not in allowed[outcome]:
                self._mismatch(f"a call was {outcome}, but placed {placed[number]} times ({number})")

    def _judge_events(self) -> None:  # noqa: C901 - one rule after the other
        incoming: Counter[str] = Counter()
        for index, life in enumerate(self.lives):
            begun: Counter[str] = Counter()
            ended: Counter[str] = Counter()
            for data in life.events:
                call_id = data.get("call_id", "")
                begun[call_id] += data["type"] in BEGINS
                ended[call_id] += data["type"] in ENDS
                if data["type"] == "call_incoming" and data.get("direction") == "incoming":
                    incoming[digits(data.get("from_number", ""))] += 1
            for call_id in begun | ended:
                ends, starts = ended[call_id], begun[call_id]
                if ends > 1 or (starts and not ends and call_id not in life.cut):
                    self._mismatch(f"call {call_id} has {starts} beginnings and {ends} ends in life {index}")
            twice = Counter((data["type"], data.get("call_id")) for data in life.events if data["type"] in BEGINS)
            for (kind, call_id), count in twice.items():
                if count > 1:
                    self._mismatch(f"{kind} of {call_id} was told {count} times in life {index}")
        if len(self.lives) == 1:
            for number, count in incoming.items():
                returned = self.line.returned[number]
                self.verdict.judged["unknown"] += bool(returned)
                if number and count > 1 + returned:
                    self._mismatch(f"call_incoming from {number} was told {count} times")

    def _judge_flows(self) -> None:
        """Find that somebody is asked something, such as for other credentials."""
        flows = self.hass.config_entries.flow.async_progress_by_handler(DOMAIN)
        if flows:
            self._mismatch(f"a flow was started: {flows[0]['context'].get('source')}")
            for flow in flows:
                self.hass.config_entries.flow.async_abort(flow["flow_id"])

    def _judge_log(self) -> None:
        """Find what nobody expects in the log, whoever logged it."""
        for text in self.house.log.unexpected(EXPECTED):
            self._mismatch(f"unexpected in the log: {text}")


async def run_plans(house: House, provider: str, seeds: Sequence[int]) -> list[Verdict]:
    """Carry out one plan after the other."""
    return [await Plan(house, provider, seed).run() for seed in seeds]


type Work = Awaitable[Any]
