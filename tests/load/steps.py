"""How long each step of a large account keeps the event loop from anything else."""

import asyncio
import gc
import time
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from pytest_homeassistant_custom_component.common import MockEntityPlatform

from custom_components.pbx import entity
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.diagnostics import async_get_config_entry_diagnostics
from custom_components.pbx.providers.http import RateLimit
from tests.chaos.house import House, house
from tests.chaos.runs import prepare

from .lines import CALLS
from .phones import WEBHOOK_ID, Phones, phones

PROBE = 0.002
LONGEST = 0.1
BARE = "unload of bare entities"
BARE_TAKES = 0.07
"""Seconds that this takes on a quiet machine: where it takes longer, each step has so much more time."""
UNLIMITED = (RateLimit(requests=1_000_000, seconds=60),)


def slow(found: Mapping[str, float]) -> dict[str, float]:
    """Return the steps that took too long in one go, measured by what Home Assistant itself took in the same run."""
    longest = LONGEST * max(1, found[BARE] / BARE_TAKES)
    return {step: seconds for step, seconds in found.items() if step != BARE and seconds > longest}


class Lag:
    """Looks every moment how late it is woken; time that the machine gave to others does not count."""

    def __init__(self) -> None:
        """Have seen nothing yet."""
        self.longest = 0.0

    async def watch(self) -> None:
        """Look until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due, worked = loop.time() + PROBE, time.thread_time()
            await asyncio.sleep(PROBE)
            self.longest = max(self.longest, min(loop.time() - due, time.thread_time() - worked))


@asynccontextmanager
async def blocked(into: dict[str, float], step: str) -> AsyncGenerator[None]:
    """Note for how many seconds a step has blocked the loop at most, but for Python's own collection of garbage."""
    gc.collect()
    gc.disable()
    lag = Lag()
    task = asyncio.create_task(lag.watch())
    await asyncio.sleep(0)
    try:
        yield
        await asyncio.sleep(2 * PROBE)
    finally:
        task.cancel()
        gc.enable()
    into[step] = max(lag.longest, into.get(step, 0.0))


def best_of(provider: str, times: int) -> Mapping[str, float]:
    """Take all steps some times, in a process of their own; the best counts, for other programs work as well."""
    prepare()
    rounds = [asyncio.run(take_steps(provider)) for _ in range(times)]
    return {step: min(found[step] for found in rounds) for step in rounds[0]}


async def take_steps(provider: str) -> Mapping[str, float]:
    """Do everything once with a large account; give for how many seconds each step has blocked the loop at most."""
    found: dict[str, float] = {}
    async with phones(provider) as system, house() as home:
        with patch.object(entity, "MANY_EXTENSIONS", 1_000_000):  # so that every entity is enabled
            platforms = await _live(found, system, home)
        await _bare(found, home.hass, platforms)
    return found


class Bare(Entity):
    """The least that a registered entity can be."""

    _attr_should_poll = False
    _attr_state = "idle"

    def __init__(self, name: str) -> None:
        """Be registered."""
        self._attr_unique_id = self._attr_name = name


async def _bare(found: dict[str, float], hass: HomeAssistant, platforms: Mapping[str, int]) -> None:
    """Take away as many bare entities as the account had: what of it is Home Assistant's own part."""
    made = []
    for domain, entities in platforms.items():
        platform = MockEntityPlatform(hass, domain=domain, platform_name="bare")
        await platform.async_add_entities([Bare(f"bare {domain} {number}") for number in range(entities)])
        made.append(platform)
    async with blocked(found, BARE):
        await asyncio.gather(*(platform.async_reset() for platform in made))


async def _live(found: dict[str, float], system: Phones, home: House) -> Mapping[str, int]:
    hass = home.hass
    entry = system.entry()
    entry.add_to_hass(hass)
    async with blocked(found, "set-up"):
        await hass.config_entries.async_setup(entry.entry_id)
        await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED
    await system.do("connect", url=f"{home.url}/api/webhook/{WEBHOOK_ID}")

    def coordinator() -> PbxCoordinator:
        now: PbxCoordinator = entry.runtime_data.coordinator
        now.provider.http.budget.set_limits(UNLIMITED)
        return now

    async def directory() -> None:
        coordinator().async_reread_directory()
        await coordinator().async_refresh()

    async def reload() -> None:
        await hass.config_entries.async_reload(entry.entry_id)
        await hass.async_block_till_done()

    async with blocked(found, "calls begin"):
        up = await system.do("ring", calls=CALLS)
    async with blocked(found, "poll with calls"):
        await coordinator().async_refresh()
    assert len(coordinator().data.calls) == up == CALLS
    for step, work in {
        "poll again": lambda: coordinator().async_refresh(),
        "directory": directory,
        "diagnostics": lambda: async_get_config_entry_diagnostics(hass, entry),
        "reload": reload,
    }.items():
        async with blocked(found, step):
            await work()
    assert entry.state is ConfigEntryState.LOADED
    async with blocked(found, "calls end"):
        await system.do("hang_up")
        await coordinator().async_refresh()
    platforms = Counter(state.domain for state in hass.states.async_all())
    async with blocked(found, "unload"):
        await hass.config_entries.async_unload(entry.entry_id)
        await hass.async_block_till_done()
    return platforms
