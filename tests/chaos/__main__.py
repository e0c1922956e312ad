"""Carry out random plans by the thousand, and say what was thrown at Home Assistant and what it got wrong."""

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from .kills import carry_out_kills
from .lines import LINES
from .plan import Verdict
from .runs import Batch, carry_out, complaint, prepare, work_off

PLANS = 10_000
KILLS = 20
AT_ONCE = 50
WORKERS = 2
BATCHES_PER_PROCESS = 10


def main() -> int:
    """Do what the command line asks for; a mismatch is a failure."""
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__)
    parser.add_argument("plans", nargs="?", type=int, default=PLANS, help=f"how many, in all (default {PLANS:,})")
    parser.add_argument("--provider", choices=LINES, help="only at this phone system")
    parser.add_argument("--seed", type=int, help="carry out this one plan, and tell it line by line")
    parser.add_argument("--first", type=int, default=1, help="the seed to begin with (default 1)")
    parser.add_argument("--kills", type=int, default=KILLS, help=f"how often to kill Home Assistant (default {KILLS})")
    parser.add_argument("--minutes", type=float, help="begin nothing new after so long")
    arguments = parser.parse_args()
    providers = [arguments.provider] if arguments.provider else list(LINES)
    if arguments.seed is not None:
        return max(_tell(provider, arguments.seed) for provider in providers)
    wrong = _many(list(_batches(providers, arguments.first, arguments.plans)), arguments.minutes)
    return max(wrong, _kill(providers, arguments.first, arguments.kills))


def _batches(providers: Sequence[str], first: int, plans: int) -> Iterator[Batch]:
    """Share the plans between the providers, in turns."""
    each, more = divmod(plans, len(providers))
    for begin in range(0, each + bool(more), AT_ONCE):
        for index, provider in enumerate(providers):
            count = min(AT_ONCE, each + (index < more) - begin)
            if count > 0:
                yield provider, first + begin, count


def _tell(provider: str, seed: int) -> int:
    prepare()
    (verdict,) = carry_out(provider, [seed], telling=True)
    sys.stdout.write("\n".join(verdict.story) + "\n")
    return _conclude([verdict], 0)


def _many(batches: Sequence[Batch], minutes: float | None) -> int:
    begin = time.monotonic()
    deadline = None if minutes is None else time.time() + 60 * minutes
    verdicts: list[Verdict] = []
    broken = 0
    pool = ProcessPoolExecutor(
        WORKERS, mp_context=multiprocessing.get_context("spawn"), max_tasks_per_child=BATCHES_PER_PROCESS
    )
    with pool:
        work = {pool.submit(work_off, batch, deadline): batch for batch in batches}
        for done in as_completed(work):
            provider, first, count = work[done]
            try:
                found = done.result()
            except BrokenProcessPool:
                broken += 1
                sys.stdout.write(f"{provider}, seeds {first} to {first + count - 1}: not finished\n")
                continue
            verdicts += found
            sys.stdout.writelines(complaint(verdict) + "\n" for verdict in found if verdict.mismatches)
            sys.stdout.flush()
            sys.stderr.write(f"\r{len(verdicts)} plans, {time.monotonic() - begin:.0f} s ")
    sys.stderr.write("\n")
    return max(_conclude(verdicts, time.monotonic() - begin), int(broken > 0))


def _kill(providers: Sequence[str], first: int, kills: int) -> int:
    """Kill a real Home Assistant in the middle of calls, in turns at each phone system; begin with any seed."""
    begin = time.monotonic()
    verdicts: list[Verdict] = []
    each, more = divmod(kills, len(providers))
    for index, provider in enumerate(providers):
        if count := each + (index < more):
            verdicts += carry_out_kills(provider, range(first, first + count))
    for verdict in verdicts:
        found = "".join(f"\n    {text}" for text in verdict.mismatches)
        if found:
            sys.stdout.write(f"{verdict.provider}, killed, seed {verdict.seed}:{found}\n")
    return _conclude(verdicts, time.monotonic() - begin) if verdicts else 0


def _conclude(verdicts: Sequence[Verdict], seconds: float) -> int:
    """Print what was done, and give the exit status."""
    wrong = sum(bool(verdict.mismatches) for verdict in verdicts)
    lines = []
    for provider in LINES:
        mine = [verdict for verdict in verdicts if verdict.provider == provider]
        if not mine:
            continue
        faults: Counter[str] = Counter()
        judged: Counter[str] = Counter()
        for verdict in mine:
            faults.update(verdict.faults)
            judged.update(verdict.judged)
        sums = [sum(getattr(verdict, name) for verdict in mine) for name in ("calls", "commands", "reloads")]
        lines.append(
            f"{provider}: {len(mine)} plans, {sums[0]} calls, {sums[1]} commands, {sums[2]} reloads, "
            f"{faults.total()} faults, {sum(len(verdict.mismatches) for verdict in mine)} mismatches, "
            f"{judged['unknown']} of {judged['compared']} calls and entities not wholly known"
        )
        lines += [f"    {count:6} {name}" for name, count in sorted(faults.items()) if count]
    lines.append(f"{len(verdicts)} plans, {wrong} with mismatches, {seconds:.0f} s")
    sys.stdout.write("\n".join(lines) + "\n")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
