"""A clock on which minutes cost nothing: time passes only when nothing else is left to do."""

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, override

import freezegun

NOON = datetime(2026, 10, 5, 12, tzinfo=UTC)
PATIENCE = 0.05
LOOKS = 2
MOMENT = 1e-6
RESTLESS = 2000


class _Selector(selectors.DefaultSelector):
    """Looks for what can be read now; where there is nothing, lets the loop's time pass instead of waiting."""

    loop: FastLoop
    restless = 0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            self._keep_going()
            return ready
        self.restless = 0
        while self.loop.busy_threads:
            if ready := super().select(PATIENCE):
                return ready
        for _ in range(LOOKS):
            # What was sent over loopback may need the kernel's turn. On a busy machine a yield would cost the whole
            # turns of others, and a batch of plans ten times as long; a sleep hardly any.
            time.sleep(MOMENT)
            if ready := super().select(0):
                return ready
        if timeout is None:
            return super().select(None)
        self.loop.pass_time(timeout)
        return []

    def _keep_going(self) -> None:
        """Let a moment pass for timers that a rounding error has set to now, again and again."""
        self.restless += 1
        if self.restless > RESTLESS:
            self.restless = 0
            self.loop.pass_time(MOMENT)


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop with real sockets and threads, whose time is not the real one."""

    def __init__(self, tell: Callable[[datetime], None]) -> None:
        """Begin at noon; `tell` hears what time it is."""
        self._elapsed = 0.0
        self._tell = tell
        self.busy_threads = 0
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)

    @override
    def time(self) -> float:
        return self._elapsed

    def pass_time(self, seconds: float) -> None:
        """Let time pass."""
        self._elapsed += max(seconds, MOMENT)
        self._tell(NOON + timedelta(seconds=self._elapsed))

    @override
    def run_in_executor[*Ts, T](
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run in a thread, for which time stands still."""
        future = super().run_in_executor(executor, func, *args)
        self.busy_threads += 1
        future.add_done_callback(self._thread_done)
        return future

    def _thread_done(self, _future: asyncio.Future[Any]) -> None:
        self.busy_threads -= 1

    @override
    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Wait for the threads in real time."""
        self.busy_threads += 1
        try:
            await super().shutdown_default_executor(timeout)
        finally:
            self.busy_threads -= 1


@contextmanager
def fast_runner() -> Iterator[asyncio.Runner]:
    """Give a runner whose loop, and all that asks for the time, live on the fast clock."""
    with freezegun.freeze_time(NOON.replace(tzinfo=None)) as factory:

        def tell(now: datetime) -> None:
            factory.time_to_freeze = now.replace(tzinfo=None)

        with asyncio.Runner(loop_factory=lambda: FastLoop(tell)) as runner:
            yield runner


def run_fast[T](work: Coroutine[Any, Any, T]) -> T:
    """Run something on the fast clock."""
    with fast_runner() as runner:
        return runner.run(work)
