"""Long work leaves others their turns."""

import asyncio

import pytest

from custom_components.pbx.providers.turns import AT_ONCE, Steps, at_once, in_turns


def counting(steps: int) -> Steps[int]:
    """Take some steps; return how many."""
    for _ in range(steps):
        yield
    return steps


def failing(steps: int) -> Steps[int]:
    """Take some steps, then fail."""
    yield from counting(steps)
    raise LookupError


@pytest.mark.parametrize("steps", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 10 * AT_ONCE])
async def test_the_result_is_the_same(steps: int) -> None:
    """Whether it is done at once or in turns, and the loop turns once for each full part."""
    turns = 0

    async def turn() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    turning = asyncio.create_task(turn())
    await asyncio.sleep(0)
    assert at_once(counting(steps)) == steps
    assert turns == 0
    assert await in_turns(counting(steps)) == steps
    turning.cancel()
    assert turns in range(steps // AT_ONCE - 1, steps // AT_ONCE + 1)


@pytest.mark.parametrize("steps", [0, AT_ONCE, 3 * AT_ONCE])
async def test_what_fails_fails(steps: int) -> None:
    """An error gets to whoever asked."""
    with pytest.raises(LookupError):
        at_once(failing(steps))
    with pytest.raises(LookupError):
        await in_turns(failing(steps))
