"""The demo is a busy day at any of the simulated phone systems."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from .base import Simulator, TrueCall
from .demo import Caller, Demo
from .voipat import VoipatSimulator
from .voipstudio import VoipstudioSimulator
from .voipsun import VoipsunSimulator
from .voxloud import VoxloudSimulator

pytestmark = pytest.mark.usefixtures("socket_enabled")

FAST = 400
SIMULATORS: list[tuple[Callable[[], Simulator], int]] = [
    (VoipatSimulator, 101),
    (VoxloudSimulator, 101),
    (VoipsunSimulator, 101),
    (VoipstudioSimulator, 1001),
]


def made(make: Callable[[], Simulator], first: int, seed: int = 1) -> Demo:
    """Make a demo that does not take long."""
    return Demo(
        simulator=make(),
        extensions=[str(first + index) for index in range(5)],
        callers=[Caller(number="+493023125101", name="Bakery"), Caller(number="+493023125102")],
        seed=seed,
        pace=FAST,
    )


@asynccontextmanager
async def running(demo: Demo) -> AsyncIterator[None]:
    """Let the day go on meanwhile, and no longer than ten seconds."""
    async with demo.simulator, asyncio.timeout(10):
        day = asyncio.create_task(demo.run())
        try:
            yield
            assert not day.done()
        finally:
            day.cancel()
            await asyncio.wait([day])


async def looks(demo: Demo) -> AsyncIterator[list[TrueCall]]:
    """Look at the calls again and again."""
    while True:
        await asyncio.sleep(0.002)
        yield demo.simulator.truth()


@pytest.mark.parametrize(("make", "first"), SIMULATORS)
async def test_busy_day(make: Callable[[], Simulator], first: int) -> None:
    """Many calls come and go, in every direction and state, and never more than a handful at once."""
    demo = made(make, first)
    calls: set[str] = set()
    words: set[str] = set()
    async with running(demo):
        async for up in looks(demo):
            assert len(up) <= demo.at_most + 1
            calls |= {call.call_id for call in up}
            words |= {word for call in up for word in (call.direction, call.state)}
            if len(calls) > 20 and words >= {"incoming", "outgoing", "internal", "ringing", "talking"}:
                break


async def test_ends_what_others_began() -> None:
    """A call that the demo knows nothing of is picked up, and ended after a while."""
    demo = made(VoipatSimulator, 101)
    demo.gap = (10_000, 10_000)
    async with running(demo):
        call = await demo.simulator.dial("101", "+493023125103")
        states: list[str] = []
        async for up in looks(demo):
            states += [one.state for one in up if one.call_id == call]
            if all(one.call_id != call for one in up):
                break
        assert "talking" in states


async def test_same_seed_same_day() -> None:
    """The same seed throws the same dice."""
    one, other = made(VoipatSimulator, 101), made(VoipatSimulator, 101)
    assert [one.caller() for _ in range(20)] == [other.caller() for _ in range(20)]
    with one.free(3) as first, other.free(3) as second:
        assert first == second
        with one.free(3) as none:
            assert none == []


async def test_goes_on_when_somebody_interferes() -> None:
    """A call that somebody ends from outside ends its part of the day, and nothing else."""
    demo = made(VoipatSimulator, 101)
    ended = 0
    async with running(demo):
        async for up in looks(demo):
            for call in up:
                await demo.simulator.hang_up(call.call_id)
                ended += 1
            if ended > 20:
                break
