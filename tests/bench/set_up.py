"""How long an account of 1,000 extensions takes to set up, beside as many constant entities of core's template."""

import argparse
import asyncio
import gc
import json
import logging
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

from homeassistant import loader
from homeassistant.const import CONF_WEBHOOK_ID
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_test_home_assistant

from custom_components.pbx import entity
from custom_components.pbx.const import CONF_PROVIDER, DOMAIN
from tests.bench.figures import SELDOM, Figure, noise, ratio
from tests.bench.hass import account

ROOT = Path(__file__).parents[2]
# It would look names up on the network.
ZEROCONF = "homeassistant.components.zeroconf.async_get_async_zeroconf"
KINDS = ("pbx", "template", "pbx again")

type Spent = tuple[float, float, list[str]]


async def measure(rounds: int, extensions: int) -> list[Figure]:
    """Measure in a process of its own; the phone system stays in this one."""
    async with account("voipstudio", extensions) as phones:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.bench.set_up",
            *("--rounds", str(rounds), "--key", phones.simulator.api_key, "--url", phones.simulator.url),
            cwd=ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        answer, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError("The process that sets up has failed")
    found: dict[str, list[tuple[float, float, int]]] = json.loads(answer.splitlines()[-1])
    ours, theirs, again = ([one[0] for one in found[kind]] for kind in KINDS)
    states = found["pbx"][0][2]
    note = f"{median(ours):.2f} s, {median(theirs):.2f} s; {states:,} states"
    what = f"set-up of {extensions:,} extensions, all entities enabled: "
    processor = [[one[1] for one in found[kind]] for kind in KINDS[:2]]
    return [
        ratio(f"{what}time of template", ours, theirs, at_most=0.8, noise=noise(again, ours[::SELDOM]), note=note),
        ratio(f"{what}processor time of template", *processor),
    ]


async def _set_up_pbx(hass: HomeAssistant, url: str, key: str) -> Callable[[], Awaitable[object]]:
    data = {CONF_PROVIDER: "voipstudio", CONF_WEBHOOK_ID: "bench", "api_key": key, "url": url}
    entry = MockConfigEntry(domain=DOMAIN, title="Office", unique_id="voipstudio_2", data=data)
    entry.add_to_hass(hass)
    await async_setup_component(hass, "http", {})
    await hass.async_block_till_done()
    return lambda: hass.config_entries.async_setup(entry.entry_id)


async def _set_up_template(hass: HomeAssistant, names: Sequence[str]) -> Callable[[], Awaitable[object]]:
    sensors = [{"name": name, "unique_id": str(number), "state": "idle"} for number, name in enumerate(names)]
    return lambda: async_setup_component(hass, "template", {"template": [{"sensor": sensors}]})


async def _round(prepare: Callable[[HomeAssistant], Awaitable[Callable[[], Awaitable[object]]]]) -> Spent:
    """Set up in a Home Assistant of its own; give time, processor time, and what the states are called."""
    with tempfile.TemporaryDirectory(prefix="pbx-bench-") as folder, patch(ZEROCONF):
        async with async_test_home_assistant(config_dir=folder) as hass:
            hass.data.pop(loader.DATA_CUSTOM_COMPONENTS)
            set_up = await prepare(hass)
            _forget_others()
            begin, begin_processor = time.perf_counter(), time.process_time()
            done = await set_up()
            await hass.async_block_till_done()
            spent, processor = time.perf_counter() - begin, time.process_time() - begin_processor
            if not done:
                raise RuntimeError("Nothing was set up")
            names = [state.name for state in hass.states.async_all()]
            await hass.async_stop(force=True)
    gc.unfreeze()
    return spent, processor, names


def _forget_others() -> None:
    """Keep what earlier rounds have left in memory out of the collections of garbage of this one."""
    gc.collect()
    gc.freeze()
    gc.collect()


async def _main(rounds: int, url: str, key: str) -> None:
    logging.disable(logging.WARNING)
    vars(entity)["MANY_EXTENSIONS"] = 1_000_000

    async def pbx(hass: HomeAssistant) -> Any:
        return await _set_up_pbx(hass, url, key)

    # The same names, for some cost more than others to make an id of.
    *_, names = await _round(pbx)

    async def template(hass: HomeAssistant) -> Any:
        return await _set_up_template(hass, names)

    found: dict[str, list[tuple[float, ...]]] = {kind: [] for kind in KINDS}
    await _round(template)
    for number in range(rounds):
        turn = number % len(KINDS)
        for kind in (*KINDS[turn:], *KINDS[:turn]):
            if kind == "pbx again" and number % SELDOM:
                continue
            *spent, found_names = await _round(template if kind == "template" else pbx)
            found[kind].append((*spent, len(found_names)))
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--key", required=True)
    asyncio.run(_main(**vars(parser.parse_args())))
