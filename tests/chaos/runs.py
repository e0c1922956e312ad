"""Many plans in a row, each from its seed."""

import faulthandler
import gc
import logging
import signal
import time
from collections.abc import Iterable

from .clock import run_fast
from .house import house, prepare_clock
from .plan import EXPECTED, Plan, Verdict

PATIENCE = 60.0
"""Seconds of processor time that a plan may take; it takes a fifth of one. A busy machine does not shorten it."""
STANDSTILL = 900.0
"""Seconds in real time after which a plan is given up that does nothing at all."""

type Batch = tuple[str, int, int]
"""A provider, the first seed, and how many there are."""


def again(provider: str, seed: int) -> str:
    """Give the command that carries one plan out again."""
    return f"scripts/chaos --provider {provider} --seed {seed}"


def complaint(verdict: Verdict) -> str:
    """Say what was wrong in a plan, and how to see it again."""
    found = "".join(f"\n    {text}" for text in verdict.mismatches)
    return f"{verdict.provider}, seed {verdict.seed}:{found}\n  again: {again(verdict.provider, verdict.seed)}"


def prepare() -> None:
    """Prepare a process that is no test's."""
    # The plans look through the log themselves.
    logging.basicConfig(level=logging.WARNING, handlers=[logging.NullHandler()])
    prepare_clock()


def work_off(batch: Batch, deadline: float | None) -> list[Verdict]:
    """Carry out a batch in a process of its own, unless it is too late to begin."""
    if deadline is not None and time.time() > deadline:
        return []
    provider, first, count = batch
    prepare()
    return carry_out(provider, range(first, first + count), patience=PATIENCE)


def carry_out(
    provider: str, seeds: Iterable[int], *, telling: bool = False, patience: float | None = None
) -> list[Verdict]:
    """Carry out some plans in one Home Assistant; end the process when one takes longer than the patience."""
    return run_fast(_carry_out(provider, seeds, telling=telling, patience=patience))


async def _carry_out(provider: str, seeds: Iterable[int], *, telling: bool, patience: float | None) -> list[Verdict]:
    verdicts = []
    if patience is not None:
        # Told where it was, and then ended as by any signal that nobody takes.
        faulthandler.register(signal.SIGPROF, chain=True)
    async with house() as made:
        for seed in seeds:
            if patience is not None:
                signal.setitimer(signal.ITIMER_PROF, patience)
                faulthandler.dump_traceback_later(STANDSTILL, exit=True)
            verdicts.append(await Plan(made, provider, seed, telling=telling).run())
        if patience is not None:
            signal.setitimer(signal.ITIMER_PROF, 0)
            faulthandler.cancel_dump_traceback_later()
        # What nobody has waited for says so when it is thrown away.
        gc.collect()
        if verdicts:
            verdicts[-1].mismatches += [f"left behind: {text}" for text in made.log.unexpected(EXPECTED)]
    return verdicts
