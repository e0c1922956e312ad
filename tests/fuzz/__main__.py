"""Feed bad bodies to every parser of every provider, and say what became of them."""

import argparse
import asyncio
import multiprocessing
import resource
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from itertools import batched

from custom_components.pbx.providers import PROVIDERS

from . import ami
from .branches import watched
from .corpus import corpus
from .run import BATCH, LARGEST, Count, Outcome, Shelf, feed

SIMULATED = [key for key in PROVIDERS if key != "asterisk"]  # which has no bodies, but a stream of bytes

SHARE = 2000  # bodies that a process takes at a time
SHOWN = 10
SHELVES: list[Shelf] = []


def _part(seeds: Sequence[int]) -> tuple[Outcome, int, int]:
    """Run some batches in a process of their own; tell which, and how large it is."""
    outcome = asyncio.run(feed(SHELVES, seeds))
    return outcome, multiprocessing.current_process().pid or 0, memory()


def memory() -> int:
    """Give the resident memory of this process at its largest, in kB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def run(seeds: Sequence[int], processes: int) -> tuple[Outcome, Mapping[int, list[int]]]:
    """Run all batches, in several processes; tell how large each was after each part."""
    total, sizes = Outcome(), dict[int, list[int]]()
    parts = list(batched(seeds, max(1, SHARE // BATCH), strict=False))
    found: Iterable[tuple[Outcome, int, int]]
    if processes == 1 or len(parts) == 1:
        found = map(_part, parts)
    else:
        # Forked, because what was recorded is code as well.
        pool = ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork"))
        found = pool.map(_part, parts)
    begin = time.monotonic()
    for number, (outcome, process, size) in enumerate(found, 1):
        total.add(outcome)
        sizes.setdefault(process, []).append(size)
        if number % 50 == 0:
            done = sum(count.bodies for count in total.counts.values())
            sys.stderr.write(f"{done:,} bodies, {time.monotonic() - begin:.0f} s, {len(total.failures)} failures\n")
    return total, sizes


def table(outcome: Outcome) -> str:
    """Write down what became of the bodies, parser by parser and provider by provider."""
    rows = [("provider", "parser", "bodies", "reached", "refused", "nothing")]
    for provider in SIMULATED:
        found = {name: count for (owner, name), count in sorted(outcome.counts.items()) if owner == provider}
        if found:
            found["all"] = summed(found.values())
        for name, count in found.items():
            silent = count.bodies - count.reached - count.refused
            shares = [f"{part / max(1, count.bodies):.0%}" for part in (count.reached, count.refused, silent)]
            rows.append((provider, name, f"{count.bodies:,}", shares[0], shares[1], shares[2]))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(" ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def summed(counts: Iterable[Count]) -> Count:
    """Add up."""
    total = Count()
    for count in counts:
        total.bodies += count.bodies
        total.reached += count.reached
        total.refused += count.refused
    return total


def asterisk(streams: Sequence[int]) -> int:
    """Feed spoilt streams of events; return 1 where anything came out that must not."""
    found = asyncio.run(ami.feed(streams))
    sys.stdout.write(
        f"{found.streams:,} streams, of {found.told:,} something was told; largest registry {found.largest} "
        f"(of {ami.LARGEST} allowed); {len(found.failures)} failures; {memory() / 1024:.0f} MB\n"
    )
    for failure in found.failures[:SHOWN]:
        sys.stdout.write(f"\n{failure}\n")
    return 1 if found.failures else 0


def main() -> int:
    """Do what the command line asks for; 1 where anything came out that must not."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("bodies", nargs="?", type=int, default=1_000_000, help="how many (default 1,000,000)")
    parser.add_argument("--provider", choices=SIMULATED, help="only this one")
    parser.add_argument("--seed", type=int, help=f"repeat the {BATCH} bodies of this seed")
    parser.add_argument("--begin", type=int, default=0, help="the seed to begin with (default 0)")
    parser.add_argument("--processes", type=int, default=2, help="how many at once (default 2)")
    parser.add_argument(
        "--branches", action="store_true", help="in one process; 1 also where a branch of a parser was not reached"
    )
    parser.add_argument("--asterisk", type=int, metavar="STREAMS", help="only so many streams of Asterisk's events")
    arguments = parser.parse_args()
    if arguments.asterisk is not None:
        first = arguments.begin if arguments.seed is None else arguments.seed
        return asterisk(range(first, first + arguments.asterisk))
    providers = SIMULATED
    begin = time.monotonic()
    SHELVES.extend(Shelf(provider, works) for provider, works in asyncio.run(corpus(providers)).items())
    works = sum(len(shelf.seeds) for shelf in SHELVES)
    sys.stdout.write(f"{works:,} valid bodies recorded in {time.monotonic() - begin:.0f} s\n")
    if arguments.seed is not None:
        seeds: Sequence[int] = [arguments.seed]
    else:
        # A seed says which provider it is for, so that it means the same whatever else is fed.
        step = len(providers) if arguments.provider else 1
        first = arguments.begin + (providers.index(arguments.provider) if arguments.provider else 0)
        seeds = range(first, first + step * -(-arguments.bodies // BATCH), step)
    begin = time.monotonic()
    with watched(arguments.provider or "") if arguments.branches else nullcontext(list[str]()) as missed:
        outcome, sizes = run(seeds, 1 if arguments.branches else arguments.processes)
    total = summed(outcome.counts.values())
    took = time.monotonic() - begin
    sys.stdout.write(f"{table(outcome)}\n\n")
    sys.stdout.write(
        f"{total.bodies:,} bodies in {took:.0f} s, {total.reached / max(1, total.bodies):.1%} reached the models; "
        f"{outcome.foreign:,} pushes of other accounts changed nothing; {len(outcome.failures)} failures\n"
    )
    sys.stdout.write(f"largest registry (of {LARGEST} allowed): {dict(outcome.largest)}\n")
    for process, kept in enumerate(sizes.values(), 1):
        after = kept[min(len(kept) - 1, len(kept) // 4)]
        sys.stdout.write(
            f"process {process}: {after / 1024:.0f} MB after a quarter, {kept[-1] / 1024:.0f} MB at the end\n"
        )
    for failure in outcome.failures[:SHOWN]:
        sys.stdout.write(f"\n{failure}\n")
    for branch in missed:
        sys.stdout.write(f"not reached: {branch}\n")
    return 1 if outcome.failures or missed else 0


if __name__ == "__main__":
    sys.exit(main())
