"""Read long lists little by little, so that the event loop has time for others in between."""

import asyncio
from collections.abc import Generator
from itertools import islice

AT_ONCE = 50  # steps, such as rows of a list: some milliseconds

type Steps[T] = Generator[None, None, T]
"""Work that yields after each step, and returns its result."""


def at_once[T](steps: Steps[T]) -> T:
    """Return the result of some work, all of which is done now."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result


async def in_turns[T](steps: Steps[T]) -> T:
    """Return the result of some work; others have their turn after every 50 steps of it."""
    results: list[T] = []

    def until_done() -> Generator[None]:
        """Take the steps and keep the result."""
        results.append((yield from steps))

    remaining = until_done()
    while not results:
        for _ in islice(remaining, AT_ONCE):
            pass
        if not results:
            await asyncio.sleep(0)
    return results[0]
