"""What the size of an account costs: a push with 10 and with 2,000 extensions, and a poll that brings nothing new."""

import asyncio
from contextlib import AsyncExitStack
from statistics import median
from typing import Any

from .figures import Figure, noise, ratio
from .hass import BenchHass, account, running
from .pushes import bodies

SMALL = 10
CALLS = 20
POLLED_KINDS = ("voipstudio", "voipsun", "voipat")


async def measure(rounds: int, pushes: int, large: int, polled: int, times: int) -> list[Figure]:
    """Measure both in one Home Assistant."""
    async with running() as hass:
        return [
            *await _stages(hass, rounds * pushes),
            *await _pushes(hass, rounds, pushes, large),
            *await _polls(hass, rounds, polled, times),
        ]


async def _stages(hass: BenchHass, pushes: int) -> list[Figure]:
    """Show where the processor time of a push goes, in percent; the stop watch itself takes a part of all."""
    async with account("voipstudio", SMALL, 5) as house:
        entry_id = await hass.add(house)
        said = [body.decode() for index in range(SMALL) for body in bodies(index)]
        for _ in range(2):  # where callers are at home is known only a moment after the first call from there
            await hass.control("stages", entry_id=entry_id, bodies=said, pushes=2 * SMALL)
            await asyncio.sleep(1)
        found: dict[str, float] = await hass.control("stages", entry_id=entry_id, bodies=said, pushes=pushes)
        await hass.client.remove(entry_id)
    whole = sum(found.values())
    return [
        Figure(what=f"a push's own work: {stage}, %", value=100 * spent / whole)
        for stage, spent in sorted(found.items(), key=lambda one: -one[1])
    ]


async def _pushes(hass: BenchHass, rounds: int, pushes: int, large: int) -> list[Figure]:
    # Both have the same entities enabled: of each phone its call state and event, as large accounts have.
    await hass.control("enable", many=0)
    async with account("voipstudio", SMALL, 3) as house, account("voipstudio", large, 4) as company:
        few, many = await hass.add(house), await hass.add(company)
        same = [body.decode() for index in range(SMALL) for body in bodies(index)]
        spread = [body.decode() for index in range(large) for body in bodies(index)]
        wanted = [
            {"entry_id": few, "bodies": same},
            {"entry_id": many, "bodies": same},
            {"entry_id": many, "bodies": spread},
            {"entry_id": few, "bodies": same},
        ]
        # All phones are called once before, so that nothing is done for the first time.
        await hass.control("cost", accounts=wanted, rounds=1, pushes=2 * large)
        base, alike, everywhere, again = await hass.control("cost", accounts=wanted, rounds=rounds, pushes=pushes)
        for entry_id in (few, many):
            await hass.client.remove(entry_id)
    still = noise(again, base)

    def compared(what: str, found: list[float], most: float) -> Figure:
        note = f"{median(found) * 1e6:.0f} µs, {median(base) * 1e6:.0f} µs"
        what = f"a push with {large:,} extensions of one with {SMALL}: {what}"
        return ratio(what, found, base, at_most=most, noise=still, note=note)

    return [compared("the same called", alike, 1.2), compared("all called", everywhere, 2.0)]


async def _polls(hass: BenchHass, rounds: int, polled: int, times: int) -> list[Figure]:
    await hass.control("enable", many=polled)
    found: list[Figure] = []
    async with AsyncExitStack() as stack:
        for kind in POLLED_KINDS:
            phones = await stack.enter_async_context(account(kind, polled))
            entry_id = await hass.add(phones)
            first = int(phones.extensions[0])
            for index in range(len(phones.extensions) if kind == "voipat" else CALLS):
                call_id = await phones.simulator.ring(phones.callers[0].number, str(first + index))
                if index % 2:
                    await phones.simulator.answer(call_id, str(first + index))
            found += _poll_figures(kind, await hass.control("poll", entry_id=entry_id, rounds=rounds, times=times))
    return found


def _poll_figures(kind: str, result: dict[str, Any]) -> list[Figure]:
    name = f"a poll without change, {kind}"
    ask, poll = result["ask"], result["poll"]
    note = f"{median(poll) * 1e6:.0f} µs, {median(ask) * 1e6:.0f} µs; {result['calls']} calls"
    note += f", {result['extensions']} extensions"
    still = noise(result["again"], ask)
    return [
        ratio(f"{name}: processor time of calls()", poll, ask, at_most=1.2, noise=still, note=note),
        Figure(what=f"{name}: states written", value=result["written"], at_most=0),
        Figure(what=f"{name}: listeners called", value=result["told"], at_most=0),
    ]
