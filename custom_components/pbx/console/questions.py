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
from ..telephony.errors import ConnectError, RateLimitError

TIMEOUT: Final = 10
"""Seconds until an account is left out of an answer."""
KEPT: Final = 20
"""Seconds for which an answer is good."""
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

    async def ask[T](self, key: Hashable, question: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the answer to what `key` stands for, which may be some seconds old.

        Raise HomeAssistantError, translated, when the phone system refuses, is away, takes too
        long, or was asked too much.
        """
        now = asyncio.get_running_loop().time()
        kept = self._answers.get(key)
        if kept is not None and now - kept[0] < KEPT:
            answer: T = kept[1]
            return answer
        coordinator = self._coordinator
        with command_errors(coordinator.hass, coordinator.config_entry, coordinator.provider.name):
            try:
                async with asyncio.timeout(TIMEOUT):
                    # The others who wait for the same are not let down when one of them goes.
                    return await asyncio.shield(self._task(key, question))
            except TimeoutError:
                raise ConnectError from None

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
            self._answers[key] = (asyncio.get_running_loop().time(), answer)
            self._answers.move_to_end(key)
            while len(self._answers) > MOST_KEPT:
                self._answers.popitem(last=False)
            return answer
        finally:
            self._asked.pop(key, None)
