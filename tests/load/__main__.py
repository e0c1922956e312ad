"""Load every provider as far as it goes: what blocks the loop, what is asked, and what stays in memory."""

import argparse
import asyncio
import sys
from multiprocessing import get_context

from .budget import Asked, ask_apart
from .lines import LINES
from .soak import GROWTH, soak
from .steps import BARE, best_of, slow

SOAKS = (("registry", 100_000), ("home-assistant", 10_000))


def main() -> int:
    """Print tables; the status says whether all is within its limits."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=("steps", "requests", "memory", []), help="only these")
    parser.add_argument("--times", type=int, default=3, help="how often each step is taken (default 3)")
    parser.add_argument("--minutes", type=int, default=30, help="how long requests are counted (default 30)")
    arguments = parser.parse_args()
    parts = arguments.parts or ("steps", "requests", "memory")
    failed = False
    # Each in a process of its own: a clock that was set once may stay so.
    with get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        if "steps" in parts:
            sys.stdout.write("The longest time that a step blocks the loop, in ms\n\n")
            steps = {provider: pool.apply(best_of, (provider, arguments.times)) for provider in LINES}
            rows = [[step, *(f"{found[step] * 1e3:.0f}" for found in steps.values())] for step in steps["voipat"]]
            _table(["", *steps], rows)
            failed = any(slow(found) for found in steps.values())
            sys.stdout.write(f"*{BARE}* is what Home Assistant itself takes for as many entities.\n\n")
        if "requests" in parts:
            asked = {provider: pool.apply(ask_apart, (provider, arguments.minutes)) for provider in LINES}
            rows = [[provider, f"{found.most}", f"{found.limit:g}", _turns(found)] for provider, found in asked.items()]
            _table(["", "requests in the busiest minute", "limit", "turns of each agent"], rows)
            failed |= any(found.most > found.limit for found in asked.values())
    if "memory" in parts:
        rows = []
        for what, calls in SOAKS:
            half, end = asyncio.run(soak(what, calls))
            objects, size = end.objects / half.objects, end.bytes / half.bytes
            failed |= max(objects, size) > GROWTH
            rows.append([f"{calls:,} through {what}", f"{objects - 1:+.2%}", f"{size - 1:+.2%}", f"{end.bytes >> 20}"])
        _table(["calls", "objects, second half", "memory, second half", "MiB"], rows)
    return int(failed)


def _turns(asked: Asked) -> str:
    turns = asked.agents.values()
    return f"{len(turns)} agents, {min(turns)} to {max(turns)}" if turns else ""


def _table(head: list[str], rows: list[list[str]]) -> None:
    for row in (head, ["---"] * len(head), *rows):
        sys.stdout.write(f"| {' | '.join(row)} |\n")
    sys.stdout.write("\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
