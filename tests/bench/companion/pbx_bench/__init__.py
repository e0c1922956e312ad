"""A stop watch inside Home Assistant, and what the integration is compared with."""

import asyncio
import gc
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence
from contextlib import ExitStack
from datetime import datetime
from itertools import count
from statistics import median
from typing import Any
from unittest.mock import patch

from aiohttp.web import Request, Response, json_response
from homeassistant.components import webhook
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import CALLBACK_TYPE, Event, EventBus, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.typing import ConfigType

from custom_components.pbx import entity
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.event_dispatcher import EventDispatcher
from custom_components.pbx.listeners import Listeners
from custom_components.pbx.providers.http import RateLimit
from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony.models import PushRequest

from .peers import EVENT, EVENT_KEPT, EVENT_SIPGATE, Fritz, Pattern, RealEntities, Sipgate, Written

DOMAIN = "pbx_bench"
MOST_LOOKS, SETTLED = 20, 1.0
"""How often to look at most until nothing changes any more, and for how many seconds that must be so."""
ANY_CALL = b"ANY-CALL"
UNLIMITED = (RateLimit(requests=100_000_000, seconds=60),)

type Json = dict[str, Any]


class Stages:
    """A stop watch for the stages of some work: the time of each is without that of the stages inside it."""

    def __init__(self) -> None:
        """Begin with nothing spent."""
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._inside = [0.0]

    def timed[**P, T](self, stage: str, work: Callable[P, T]) -> Callable[P, T]:
        """Return what does the same, and adds its time to a stage."""

        def do(*arguments: P.args, **named: P.kwargs) -> T:
            self._inside.append(0.0)
            begin = time.thread_time()
            try:
                return work(*arguments, **named)
            finally:
                taken = time.thread_time() - begin
                self.spent[stage] += taken - self._inside.pop()
                self._inside[-1] += taken

        return do


class Bench:
    """The stop watch."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Listen to the integration's event, as an automation would."""
        self.hass = hass
        self.seen: list[tuple[str, float]] = []
        self.real = RealEntities(hass)
        self.fritz = Fritz(hass, self.seen)
        self._studied: dict[str, list[Pattern]] = {}
        self._written: Written = []
        self._stop_studying: list[CALLBACK_TYPE] = []
        self._numbers = count(10**9)
        self._last: Pattern | None = None
        for event in (EVENT, EVENT_SIPGATE):
            hass.bus.async_listen(event, self._async_hear)

    @callback
    def _async_hear(self, event: Event) -> None:
        data = event.data
        self.seen.append((f"{data.get('call_id')} {data['provider_event']}", time.monotonic()))
        if self._stop_studying and event.event_type == EVENT:
            pattern = Pattern(written=self._written, events=[(EVENT, dict(data))])
            self._last = pattern
            self._studied.setdefault(data["provider_event"], []).append(pattern)
            self._written = []

    # -- control ------------------------------------------------------------------------------------

    async def async_control(self, hass: HomeAssistant, webhook_id: str, request: Request) -> Response:
        """Do what the bench asks for, and answer what came out."""
        job: Json = await request.json()
        return json_response(await getattr(self, f"async_{job.pop('do')}")(**job))

    async def async_study(self) -> None:
        """Write down from now on which states the integration writes for each push, and what else it tells."""
        self._studied, self._written = {}, []

        @callback
        def write_down(event: Event[EventStateChangedData]) -> None:
            if (state := event.data["new_state"]) is not None:
                self._written.append((state.entity_id, state.state, dict(state.attributes)))

        @callback
        def also(event: Event) -> None:
            if self._last is not None:
                self._last.events.append((EVENT_KEPT, dict(event.data)))

        self._stop_studying = [
            self.hass.bus.async_listen(EVENT_STATE_CHANGED, write_down),
            self.hass.bus.async_listen(EVENT_KEPT, also),
        ]

    async def async_learn(self) -> dict[str, int]:
        """Make real entities that write as much; give the number of states by push."""
        while self._stop_studying:
            self._stop_studying.pop()()
        patterns = {}
        for name, studied in self._studied.items():
            usual = median(len(pattern.written) for pattern in studied)
            patterns[name] = min(studied, key=lambda pattern: abs(len(pattern.written) - usual))
        await self.real.async_learn(patterns)
        return {name: len(pattern.written) for name, pattern in patterns.items()}

    async def async_start(self) -> float:
        """Forget what was heard, and give the processor time so far, of all threads."""
        self.seen.clear()
        gc.collect()
        return time.process_time()

    async def async_collect(self, wanted: int) -> Json:
        """Wait for the rest and give when each event was heard."""
        for _ in range(200):
            if len(self.seen) >= wanted:
                break
            await asyncio.sleep(0.005)
        return {"seen": self.seen, "cpu": time.process_time()}

    async def async_fritz(self, port: int) -> None:
        """Add core's monitor of a FRITZ!Box, which reads lines from a port."""
        await self.fritz.async_add(port)

    async def async_enable(self, many: int) -> None:
        """Let accounts that are added from now on have all entities enabled up to so many extensions."""
        vars(entity)["MANY_EXTENSIONS"] = many

    async def async_cost(self, accounts: Sequence[Json], rounds: int, pushes: int) -> list[list[float]]:
        """Take pushes of several accounts in turn; give the seconds a push of each took, round by round."""
        found: list[list[float]] = [[] for _ in accounts]
        for turn in range(rounds):
            order = range(len(accounts))
            for index in order if turn % 2 else reversed(order):
                coordinator = self._coordinator(accounts[index]["entry_id"])
                requests = self._requests(accounts[index]["bodies"], turn * pushes, pushes)
                found[index].append(self._take(coordinator, requests) / pushes)
                await self.hass.async_block_till_done()
        return found

    async def async_stages(self, entry_id: str, bodies: Sequence[str], pushes: int) -> dict[str, float]:
        """Take pushes; return the processor time of each stage of their work, in seconds."""
        coordinator, stages = self._coordinator(entry_id), Stages()
        watched: tuple[tuple[type, str, str], ...] = (
            (type(coordinator.provider), "parse", "reading the message"),
            (CallRegistry, "apply", "the call registry"),
            (EventDispatcher, "async_tell_first", "the list of recent calls"),
            (Listeners, "async_call", "asking the entities that something changed for"),
            (EventDispatcher, "async_tell", "wording events, and who the caller is"),
            (Entity, "async_write_ha_state", "Home Assistant writes states"),
            (EventBus, "async_fire_internal", "Home Assistant fires events, those of states too"),
        )
        requests = self._requests(bodies, 0, pushes)
        with ExitStack() as stack:
            for owner, name, stage in watched:
                stack.enter_context(patch.object(owner, name, stages.timed(stage, getattr(owner, name))))
            stages.timed("the rest", self._push)(coordinator, requests)
        return dict(stages.spent)

    def _requests(self, bodies: Sequence[str], start: int, number: int) -> list[PushRequest]:
        """Prepare requests; the bodies come in pairs, each pair about one call."""
        requests: list[PushRequest] = []
        for index in range(start, start + number, 2):
            call_id = str(next(self._numbers)).encode()
            pair = index % len(bodies)
            requests += (
                PushRequest(
                    method="POST",
                    query={},
                    content_type="application/json",
                    body=body.encode().replace(ANY_CALL, call_id),
                    authorization=None,
                )
                for body in bodies[pair : pair + 2]
            )
        return requests

    @callback
    def _take(self, coordinator: PbxCoordinator, requests: Sequence[PushRequest]) -> float:
        gc.collect()
        begin = time.thread_time()
        self._push(coordinator, requests)
        return time.thread_time() - begin

    @callback
    def _push(self, coordinator: PbxCoordinator, requests: Sequence[PushRequest]) -> None:
        for request in requests:
            for message in coordinator.provider.parse(request):
                coordinator.async_push(message)

    async def async_poll(self, entry_id: str, rounds: int, times: int) -> Json:
        """Poll when nothing has changed; give the processor seconds beside those of asking alone, and who was told."""
        coordinator = self._coordinator(entry_id)
        coordinator.provider.http.budget.set_limits(UNLIMITED)
        told: Counter[Hashable] = Counter()

        def listen(key: Hashable) -> CALLBACK_TYPE:
            @callback
            def async_told() -> None:
                told[key] += 1

            return coordinator.async_add_listener(async_told, key)

        keys = dict.fromkeys(subject.key for subject in coordinator.devices.subjects.values())
        stop = [listen(key) for key in keys]
        # The list may be late, and callers are looked up: that is told once, after which nothing changes any more.
        for _ in range(MOST_LOOKS):
            told.clear()
            await coordinator.async_refresh()
            await asyncio.sleep(SETTLED)
            if not told:
                break
        before = self._written_at()
        ask, poll, again = [], [], []
        for _ in range(rounds):
            ask.append(await self._processor_time(coordinator.provider.calls, times))
            poll.append(await self._processor_time(coordinator.async_refresh, times))
            again.append(await self._processor_time(coordinator.provider.calls, times))
        written = sum(before.get(name) != at for name, at in self._written_at().items())
        for cancel in stop:
            cancel()
        calls = len(coordinator.data.calls)
        return {
            "ask": ask,
            "poll": poll,
            "again": again,
            "written": written,
            "told": told.total(),
            "calls": calls,
            "extensions": len(coordinator.data.extensions),
        }

    async def _processor_time(self, ask: Callable[[], Any], times: int) -> float:
        begin = time.thread_time()
        for _ in range(times):
            await ask()
        return (time.thread_time() - begin) / times

    def _written_at(self) -> dict[str, datetime]:
        return {state.entity_id: state.last_reported for state in self.hass.states.async_all()}

    def _coordinator(self, entry_id: str) -> PbxCoordinator:
        entry = self.hass.config_entries.async_get_known_entry(entry_id)
        coordinator: PbxCoordinator = entry.runtime_data.coordinator
        return coordinator


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Offer the handlers and the control."""
    bench = Bench(hass)
    sipgate = Sipgate(hass)
    await sipgate.async_setup()
    for name, handler in (
        ("real", bench.real.async_handle),
        ("sipgate", sipgate.async_handle),
        ("control", bench.async_control),
    ):
        webhook.async_register(hass, DOMAIN, name, f"bench_{name}", handler)
    return True
