"""Handlers to compare the integration with, and a stop watch inside Home Assistant."""

import asyncio
import gc
import logging
import time
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from statistics import median
from typing import Any

from aiohttp.web import Request, Response, json_response
from homeassistant.components import webhook
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import CALLBACK_TYPE, Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_component import EntityComponent
from homeassistant.helpers.typing import ConfigType

from custom_components.pbx import entity
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.providers.http import RateLimit
from custom_components.pbx.telephony.models import PushRequest

DOMAIN = "pbx_bench"
EVENT = "pbx_event"
ANY_CALL = b"ANY-CALL"
UNLIMITED = (RateLimit(requests=100_000_000, seconds=60),)

type Json = dict[str, Any]
type Written = list[tuple[str, str, Json]]


@dataclass(frozen=True, slots=True)
class Pattern:
    """What one kind of push makes of the integration: an event, and so many states."""

    event: Json
    written: Written


class Plain(Entity):
    """The least that an entity can be."""

    _attr_should_poll = False

    def __init__(self, name: str) -> None:
        """Be registered, as every entity that one can rename is."""
        self._attr_unique_id = name
        self._attr_name = name

    @callback
    def show(self, state: str, attributes: Json) -> None:
        """Write a state."""
        self._attr_state = state
        self._attr_extra_state_attributes = attributes
        self.async_write_ha_state()


class Bench:
    """The stop watch."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Listen to the integration's event, as an automation would."""
        self.hass = hass
        self.seen: list[tuple[str, float]] = []
        self.patterns: dict[str, Pattern] = {}
        self.entities: dict[str, Plain] = {}
        self._component = EntityComponent[Plain](logging.getLogger(__name__), DOMAIN, hass)
        self._studied: dict[str, list[Pattern]] = {}
        self._written: Written = []
        self._stop_studying: CALLBACK_TYPE | None = None
        self._numbers = count(10**9)
        hass.bus.async_listen(EVENT, self._async_hear)

    @callback
    def _async_hear(self, event: Event) -> None:
        data = event.data
        self.seen.append((f"{data.get('call_id')} {data['provider_event']}", time.monotonic()))
        if self._stop_studying is not None:
            self._studied.setdefault(data["provider_event"], []).append(Pattern(dict(data), self._written))
            self._written = []

    # -- handlers to compare with -------------------------------------------------------------------

    async def async_event(self, hass: HomeAssistant, webhook_id: str, request: Request) -> None:
        """Fire the event that the integration would fire, and nothing else."""
        body = await request.json()
        event = self.patterns[body["event_name"]].event
        hass.bus.async_fire(EVENT, {**event, "call_id": body["call_id"]})

    async def async_entities(self, hass: HomeAssistant, webhook_id: str, request: Request) -> None:
        """Let as many of the plainest entities write their states as the integration would, then fire the event."""
        body = await request.json()
        pattern = self.patterns[body["event_name"]]
        for name, state, attributes in pattern.written:
            self.entities[name].show(state, {**attributes, "call_id": body["call_id"]})
        hass.bus.async_fire(EVENT, {**pattern.event, "call_id": body["call_id"]})

    async def async_states(self, hass: HomeAssistant, webhook_id: str, request: Request) -> None:
        """Write as many states as the integration would, then fire the event."""
        body = await request.json()
        pattern = self.patterns[body["event_name"]]
        for entity_id, state, attributes in pattern.written:
            hass.states.async_set(entity_id, state, {**attributes, "call_id": body["call_id"]})
        hass.bus.async_fire(EVENT, {**pattern.event, "call_id": body["call_id"]})

    # -- control ------------------------------------------------------------------------------------

    async def async_control(self, hass: HomeAssistant, webhook_id: str, request: Request) -> Response:
        """Do what the bench asks for, and answer what came out."""
        job: Json = await request.json()
        return json_response(await getattr(self, f"async_{job.pop('do')}")(**job))

    async def async_study(self) -> None:
        """Write down from now on which states the integration writes for each push."""
        self._studied, self._written = {}, []

        @callback
        def write_down(event: Event[EventStateChangedData]) -> None:
            if (state := event.data["new_state"]) is not None:
                self._written.append((f"{DOMAIN}.{state.object_id}", state.state, dict(state.attributes)))

        self._stop_studying = self.hass.bus.async_listen(EVENT_STATE_CHANGED, write_down)

    async def async_learn(self) -> dict[str, int]:
        """Take what was written down for the pattern of the bare handlers; give the number of states by push."""
        if self._stop_studying is not None:
            self._stop_studying()
            self._stop_studying = None
        for name, patterns in self._studied.items():
            usual = median(len(pattern.written) for pattern in patterns)
            self.patterns[name] = min(patterns, key=lambda pattern: abs(len(pattern.written) - usual))
        names = {name for pattern in self.patterns.values() for name, _, _ in pattern.written}
        new = {name: Plain(name) for name in names - self.entities.keys()}
        self.entities |= new
        await self._component.async_add_entities(new.values())
        return {name: len(self.patterns[name].written) for name in self._studied}

    async def async_start(self) -> float:
        """Forget what was heard, and give the processor time so far."""
        self.seen.clear()
        gc.collect()
        return time.thread_time()

    async def async_collect(self, wanted: int) -> Json:
        """Wait for the rest and give when each event was heard."""
        for _ in range(200):
            if len(self.seen) >= wanted:
                break
            await asyncio.sleep(0.005)
        return {"seen": self.seen, "cpu": time.thread_time()}

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
        for request in requests:
            for message in coordinator.provider.parse(request):
                coordinator.async_push(message)
        return time.thread_time() - begin

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
        await coordinator.async_refresh()
        stop = [listen(key) for key in keys]
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
        return {
            state.entity_id: state.last_reported for state in self.hass.states.async_all() if state.domain != DOMAIN
        }

    def _coordinator(self, entry_id: str) -> PbxCoordinator:
        entry = self.hass.config_entries.async_get_known_entry(entry_id)
        coordinator: PbxCoordinator = entry.runtime_data.coordinator
        return coordinator


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Offer the handlers and the control."""
    bench = Bench(hass)
    for name, handler in (
        ("event", bench.async_event),
        ("states", bench.async_states),
        ("entities", bench.async_entities),
        ("control", bench.async_control),
    ):
        webhook.async_register(hass, DOMAIN, name, f"bench_{name}", handler)
    return True
