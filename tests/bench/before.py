"""What the work of a push takes, beside an older checkout of the same project: some processes of each, in turns.

Only what both have is used: their own Home Assistant, companion and simulated phone system.
"""

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from statistics import median

from .figures import Figure, ratio

ROOT = Path(__file__).parents[2]
CHILD = """
import asyncio, json, sys
from tests.bench.hass import account, running
from tests.bench.pushes import bodies

async def main():
    rounds, pushes = int(sys.argv[1]), int(sys.argv[2])
    async with running() as hass, account("voipstudio", 10) as phones:
        entry_id = await hass.add(phones)
        said = [body.decode() for index in range(10) for body in bodies(index)]
        wanted = [{"entry_id": entry_id, "bodies": said}]
        await hass.control("cost", accounts=wanted, rounds=2, pushes=pushes)
        (found,) = await hass.control("cost", accounts=wanted, rounds=rounds, pushes=pushes)
        print(json.dumps(found))

asyncio.run(main())
"""


async def measure(older: Path, processes: int, rounds: int, pushes: int) -> list[Figure]:
    """Measure the newer and the older one in turns, the newer one twice to see what is noise."""
    found: dict[str, list[float]] = {"now": [], "before": [], "again": []}
    for number in range(processes):
        names = list(found)
        turn = number % len(names)
        for name in (*names[turn:], *names[:turn]):
            checkout = older if name == "before" else ROOT
            found[name].append(median(await _process(checkout, rounds, pushes)))
    now, before, again = found.values()
    note = f"{median(now) * 1e6:.0f} µs, {median(before) * 1e6:.0f} µs; {processes} processes each"
    what = "a push's own work beside an older version"
    return [ratio(what, now, before, at_most=0.8, noise=ratio("", again, now).value, note=note)]


async def _process(checkout: Path, rounds: int, pushes: int) -> list[float]:
    """Give the seconds of processor time that a push took in a Home Assistant of a checkout, round by round."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", CHILD, str(rounds), str(pushes)), cwd=checkout, stdout=PIPE
    )
    answer, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{checkout} could not be measured")
    found: list[float] = json.loads(answer.splitlines()[-1])
    return found
