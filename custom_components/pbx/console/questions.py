"""What the cards ask a phone system: bounded in number, in time, and never the same thing twice.

Every key that is pressed in every open browser may ask, and a phone system allows perhaps sixty
requests a minute for everything. An answer is kept for a while, the same question is asked once for
all who wait for it, and only so many questions of a kind are let through.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Final

from aiolimiter import AsyncLimiter

from ..coordinator import PbxCoordinator
from ..errors import command_errors
from ..telephony.errors import ConnectError, ProviderError, RateLimitError

TIMEOUT: Final = 10
"""Seconds until an account is left out of an answer."""
KEPT: Final = 20
"""Seconds for which an answer is good."""
FRESH: Final = 8
"""Seconds for which a list of finished calls is good that may lack the last one."""
WRITTEN: Final = 15
"""Seconds after its end by which a phone system has written a call down."""
MOST_KEPT: Final = 64
BURST: Final = 8
PERIOD: Final = 30
"""So many questions to one account in so many seconds: a quarter of the usual sixty a minute."""


class Questions:
    """The questions to one account."""

    def __init__(self, coordinator: PbxCoordinator) -> None:
        """Have asked nothing."""
        self._coordinator = coordinator
        self._limiter = AsyncLimiter(BURST, PERIOD)
        self._answers: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._asked: dict[Hashable, asyncio.Task[Any]] = {}
        self._ended: float | None = None

    async def ask[T](
        self,
        key: Hashable,
        question: Callable[[], Coroutine[Any, Any, T]],
        *,
        about_ends: bool = False,
    ) -> T:
        """Return the answer to what `key` stands for, which may be some seconds old.

        One that is `about_ends` is a list of finished calls, and may lack the last one for a while.

        Raise HomeAssistantError, translated, when the phone system refuses, is away, takes too
        long, or was asked too much.
        """
        kept = self._answers.get(key)
        if kept is not None and self._is_good(kept[0], about_ends=about_ends):
            answer: T = kept[1]
            return answer
        coordinator = self._coordinator
        with command_errors(coordinator.hass, coordinator.config_entry, coordinator.provider.name):
            try:
                task = self._task(key, question)
                # The others who wait for the same are not let down when one of them goes.
                try:
                    await asyncio.wait({task}, timeout=TIMEOUT)
                finally:
                    if not task.done():
                        task.add_done_callback(_note_refusal)
                if not task.done() or task.cancelled():  # cancelled as the account is unloaded
                    raise ConnectError
                return task.result()
            except RateLimitError:
                if kept is None or now() - kept[0] >= KEPT:
                    raise
                before: T = kept[1]
                return before

    def note_end(self) -> None:
        """Note that a call has ended: what is kept of the finished calls may lack it."""
        self._ended = now()

    def _is_good(self, answered: float, *, about_ends: bool) -> bool:
        """Return whether an answer of some moment can be given again.

        While the last call may not have been written down yet, finished calls are asked for more
        often.
        """
        lacks = about_ends and self._ended is not None and self._ended > answered - WRITTEN
        return now() - answered < (FRESH if lacks else KEPT)

    def _task[T](
        self, key: Hashable, question: Callable[[], Coroutine[Any, Any, T]]
    ) -> asyncio.Task[T]:
        """Return the request that is on its way for this key; begin it where there is none."""
        task: asyncio.Task[T] | None = self._asked.get(key)
        if task is None:
            if not self._limiter.has_capacity():
                raise RateLimitError(PERIOD / BURST)
            coordinator = self._coordinator
            task = coordinator.config_entry.async_create_background_task(
                coordinator.hass, self._request(key, question), f"{coordinator.name} question"
            )
            if not task.done():
                self._asked[key] = task
        return task

    async def _request[T](self, key: Hashable, question: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Ask the phone system, and keep the answer for a while."""
        try:
            await self._limiter.acquire()
            answer = await question()
            self._answers[key] = (now(), answer)
            self._answers.move_to_end(key)
            while len(self._answers) > MOST_KEPT:
                self._answers.popitem(last=False)
            return answer
        finally:
            self._asked.pop(key, None)


def now() -> float:
    """Return the time by which answers grow old, in seconds."""
    return asyncio.get_running_loop().time()


def _note_refusal(task: asyncio.Task[Any]) -> None:
    """Take note of a refusal that came when nobody waited any more; raise anything else."""
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, ProviderError):
        raise error
