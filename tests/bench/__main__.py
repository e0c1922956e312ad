"""Measure what the integration costs, print a table, and keep the figures as JSON."""

import argparse
import asyncio
import json
import sys
import time
import traceback
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from . import before, console, detect, imports, life, push, recorder, set_up, size, stream
from .figures import Figure, as_json, machine, table

RESULT = Path("config") / "bench.json"
BEFORE = "before"
FEW = 7  # rounds of what takes long and varies little
PAGE = Path("docs") / "performance.md"
# What is written stands between these, at the end where there was nothing before.
BEGIN, END = "\n<!-- scripts/bench --write -->\n", "\n<!-- end -->\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How often and how much."""

    rounds: int = 15
    rings: int = 60
    pushes: int = 400
    paced: int = 60
    large: int = 2000
    polled: int = 200
    times: int = 40
    extensions: int = 1000
    calls: int = 12
    lives: int = 9
    processes: int = 5
    events: int = 21_000
    phones: int = 200
    at_once: int = 60
    older: Path | None = None


QUICK = Effort(
    rounds=1,
    rings=2,
    pushes=32,
    paced=32,
    large=20,
    polled=20,
    times=2,
    extensions=20,
    calls=2,
    lives=1,
    processes=1,
    events=420,
    phones=20,
    at_once=6,
)


async def _load(effort: Effort) -> list[Figure]:
    return await asyncio.to_thread(imports.measure, min(effort.rounds, FEW))


PARTS: Mapping[str, Callable[[Effort], Coroutine[Any, Any, list[Figure]]]] = {
    "detect": lambda effort: detect.measure(effort.rings),
    "push": lambda effort: push.measure(effort.rounds, effort.pushes, effort.paced),
    "size": lambda effort: size.measure(effort.rounds, effort.pushes, effort.large, effort.polled, effort.times),
    "set-up": lambda effort: set_up.measure(effort.rounds, effort.extensions),
    "load": _load,
    "recorder": lambda effort: recorder.measure(effort.calls),
    "start": lambda effort: life.measure(effort.lives),
    "stop": lambda effort: life.measure_stop(min(effort.lives, 3), effort.extensions),
    BEFORE: lambda effort: before.measure(effort.older or Path(), effort.processes, effort.rounds, effort.pushes),
    "stream": lambda effort: stream.measure(effort.rounds, effort.events, effort.phones, effort.at_once),
    "console": lambda effort: console.measure(min(effort.rounds, FEW)),
}


def _earlier(kept: Path) -> dict[str, float]:
    """Return what the run before found, as far as it was kept."""
    if not kept.exists():
        return {}
    return {figure["what"]: figure["value"] for figure in json.loads(kept.read_text())["figures"]}


def main() -> int:
    """Do what the command line asks for; a missed target is no failure, for it may be the machine's.

    A part that fails is, once the others are measured.
    """
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these: {', '.join(PARTS)}")
    parser.add_argument(
        "--before", type=Path, metavar="PATH", help="compare with an older checkout, as the part `before`"
    )
    parser.add_argument("--quick", action="store_true", help="see in a minute that it works; the figures mean nothing")
    parser.add_argument("--write", action="store_true", help=f"put the table into {PAGE}")
    parser.add_argument("--rounds", type=int, help="interleaved rounds of each comparison (default 15)")
    parser.add_argument(
        "--json", type=Path, default=RESULT, metavar="FILE", help=f"where to keep it (default {RESULT})"
    )
    arguments = parser.parse_args()
    if BEFORE in arguments.parts and arguments.parts[-1] != BEFORE:
        # `before PATH`: the word that follows is where the older one is.
        arguments.before = Path(arguments.parts.pop(arguments.parts.index(BEFORE) + 1))
    if unknown := set(arguments.parts) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    effort = QUICK if arguments.quick else Effort()
    if arguments.before:
        effort = replace(effort, older=arguments.before.resolve())
    elif BEFORE in arguments.parts:
        parser.error("before which older checkout?")
    if arguments.rounds:
        effort = replace(effort, rounds=arguments.rounds)
    figures: list[Figure] = []
    failed: list[str] = []
    for name in arguments.parts or [part for part in PARTS if part != BEFORE or effort.older]:
        begin = time.monotonic()
        try:
            figures += asyncio.run(PARTS[name](effort))
        except Exception:  # noqa: BLE001 - the other parts are worth measuring all the same
            traceback.print_exc()
            failed.append(name)
        sys.stderr.write(f"{name}: {time.monotonic() - begin:.0f} s\n")
    where = ", ".join(f"{key}: {value}" for key, value in machine().items()) + f"; {effort.rounds} rounds"
    if failed:
        where += f"; NOT MEASURED: {', '.join(failed)}"
    found = f"{where}\n\n{table(figures, _earlier(arguments.json))}\n"
    sys.stdout.write(found)
    if arguments.write:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        PAGE.write_text(f"{before}{BEGIN}\n## The last two runs\n\n{found}{END}{rest.partition(END)[2]}")
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(as_json(figures), indent=2, ensure_ascii=False) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
