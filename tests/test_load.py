"""Large accounts: nothing holds Home Assistant up, nobody is asked too much, and memory stays what it was.

Here is what takes seconds; scripts/soak does the same with every provider and with many more calls.
"""

import asyncio

import pytest

from .load.budget import ask
from .load.soak import GROWTH, soak
from .load.steps import BARE, slow, take_steps

REPEATS = 8


@pytest.mark.parametrize(
    ("bare", "reload", "is_slow"),
    [(0.03, 0.09, False), (0.03, 0.11, True), (0.07, 0.11, True), (0.14, 0.19, False), (0.14, 0.21, True)],
)
def test_a_step_that_is_too_slow(bare: float, reload: float, *, is_slow: bool) -> None:
    """On a machine that is busy, or not fast, each step has as much more time as Home Assistant's own work takes."""
    assert slow({"set-up": 0.01, "reload": reload, BARE: bare}) == ({"reload": reload} if is_slow else {})


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("socket_enabled")
def test_no_step_blocks_the_loop(expected_warnings: list[str]) -> None:
    """With 1,000 extensions, 50 queues and 500 calls no step takes 100 ms in one go, the best of a few times."""
    expected_warnings.append("")
    best = asyncio.run(take_steps("voipstudio"))
    for _ in range(REPEATS - 1):
        if not slow(best):
            break
        again = asyncio.run(take_steps("voipstudio"))
        best = {step: min(seconds, again[step]) for step, seconds in best.items()}

    assert not slow(best)


@pytest.mark.usefixtures("socket_enabled")
def test_no_minute_has_more_requests_than_allowed(expected_warnings: list[str]) -> None:
    """Of 200 agents and 50 queues each has its turn, and no minute has more requests than the limit."""
    expected_warnings.append("")
    asked = ask("voipsun", minutes=4)

    assert 0 < asked.most <= asked.limit
    assert len(asked.agents) == 200
    assert max(asked.agents.values()) - min(asked.agents.values()) <= 1


@pytest.mark.parametrize(("what", "calls"), [("registry", 5_000), ("home-assistant", 200)])
async def test_memory_does_not_grow(socket_enabled: None, what: str, calls: int) -> None:
    """The second half of very many calls leaves next to nothing behind."""
    half, end = await soak(what, calls)

    assert end.objects <= half.objects * GROWTH
    assert end.bytes <= half.bytes * GROWTH
