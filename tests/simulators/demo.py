"""An ordinary day at the phones: calls come, ring, are answered, held, missed and ended, by the neutral verbs alone."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from .base import Simulator

# What a verb raises when the call it names went another way, because somebody at Home Assistant had a hand in it.
GONE = (ValueError, LookupError)

type Plot = Callable[["Demo"], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Somebody outside; without a name the phone system shows none."""

    number: str
    name: str = ""


@dataclass(kw_only=True)
class Demo:
    """Let people use the phones of a simulator; the same seed gives the same day, `pace` 2 makes it twice as fast."""

    simulator: Simulator
    extensions: Sequence[str]
    callers: Sequence[Caller]
    seed: int = 0
    pace: float = 1.0
    at_most: int = 3
    gap: tuple[float, float] = (3, 14)
    plots: Sequence[tuple[Plot, int]] = ()
    """Further things that happen here, each with its weight; an answered call has 6."""
    rng: random.Random = field(init=False)
    _busy: set[str] = field(default_factory=set, init=False)
    _calls: set[str] = field(default_factory=set, init=False)
    _strangers: dict[str, int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Throw the dice anew."""
        self.rng = random.Random(self.seed)

    async def run(self) -> None:
        """Go on until cancelled."""
        plots = [
            (answered, 6),
            (group, 3),
            (missed, 3),
            (rejected, 1),
            (outgoing, 4),
            (in_vain, 1),
            (internal, 2),
            *self.plots,
        ]
        kinds, weights = [plot for plot, _ in plots], [weight for _, weight in plots]
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._caretaker())
            going: set[asyncio.Task[None]] = set()
            while True:
                if len(going) < self.at_most:
                    (plot,) = self.rng.choices(kinds, weights)
                    task = tasks.create_task(self._play(plot))
                    going.add(task)
                    task.add_done_callback(going.discard)
                await self.wait(*self.gap)

    # -- for plots ----------------------------------------------------------------------------------

    async def wait(self, low: float, high: float) -> None:
        """Let some time pass."""
        await asyncio.sleep(self.rng.uniform(low, high) / self.pace)

    @contextmanager
    def free(self, count: int = 1) -> Iterator[list[str]]:
        """Take some phones that nobody uses, if there are as many; nobody else takes them meanwhile."""
        phones = [extension for extension in self.extensions if extension not in self._busy]
        chosen = self.rng.sample(phones, count) if len(phones) >= count else []
        self._busy |= set(chosen)
        try:
            yield chosen
        finally:
            self._busy -= set(chosen)

    def caller(self) -> Caller:
        """Choose somebody outside who is not on the phone already, if there is anybody."""
        busy = {number for call in self.simulator.truth() for number in (call.caller, call.callee)}
        return self.rng.choice([who for who in self.callers if who.number not in busy] or self.callers)

    async def incoming(self, *extensions: str) -> str:
        """Let somebody outside call."""
        who = self.caller()
        return self.mine(await self.simulator.ring(who.number, *extensions, name=who.name))

    def mine(self, call_id: str) -> str:
        """Remember a call as one of the demo's own, which the demo will end."""
        self._calls.add(call_id)
        return call_id

    async def talk(self, call_id: str, extension: str) -> None:
        """Talk, sometimes with a pause on hold, and end it."""
        await self.wait(8, 22)
        if self.rng.random() < 0.4:
            await self.simulator.hold(call_id, extension)
            await self.wait(5, 10)
            await self.simulator.resume(call_id, extension)
            await self.wait(5, 12)
        await self.simulator.hang_up(call_id, by=self.rng.choice(("caller", "callee")))

    # -- behind the scenes --------------------------------------------------------------------------

    async def _play(self, plot: Plot) -> None:
        try:
            await plot(self)
        except GONE:
            await self.wait(1, 2)

    async def _caretaker(self) -> None:
        """Let people pick up calls that were placed from Home Assistant, and end them after a while."""
        while True:
            await self.wait(4, 6)
            up = {call.call_id: call for call in self.simulator.truth()}
            self._strangers = {call_id: seen for call_id, seen in self._strangers.items() if call_id in up}
            for call_id in up.keys() - self._calls:
                seen = self._strangers[call_id] = self._strangers.get(call_id, 0) + 1
                try:
                    if seen <= 3 and up[call_id].state in ("dialing", "ringing"):
                        await self.simulator.answer(call_id)
                    elif seen > 8:
                        await self.simulator.hang_up(call_id)
                except GONE:
                    continue
            self._calls &= up.keys()


async def answered(demo: Demo) -> None:
    """Let a call come and be answered."""
    with demo.free() as phones:
        for phone in phones:
            call = await demo.incoming(phone)
            await demo.wait(3, 7)
            await demo.simulator.answer(call, phone)
            await demo.talk(call, phone)


async def group(demo: Demo) -> None:
    """Let three phones ring at once; the quickest has the call."""
    with demo.free(3) as phones:
        if phones:
            call = await demo.incoming(*phones)
            await demo.wait(3, 6)
            quickest = demo.rng.choice(phones)
            await demo.simulator.answer(call, quickest)
            await demo.talk(call, quickest)


async def missed(demo: Demo) -> None:
    """Let a caller give up, since nobody is there."""
    with demo.free() as phones:
        for phone in phones:
            call = await demo.incoming(phone)
            await demo.wait(9, 15)
            await demo.simulator.hang_up(call)


async def rejected(demo: Demo) -> None:
    """Let a call be refused; where it then goes to voicemail, the caller leaves no message."""
    with demo.free() as phones:
        for phone in phones:
            call = await demo.incoming(phone)
            await demo.wait(2, 5)
            await demo.simulator.hang_up(call, by="reject")
            await demo.wait(2, 4)
            if any(up.call_id == call for up in demo.simulator.truth()):
                await demo.simulator.hang_up(call)


async def outgoing(demo: Demo) -> None:
    """Let somebody call out and be answered."""
    with demo.free() as phones:
        for phone in phones:
            call = demo.mine(await demo.simulator.dial(phone, demo.caller().number))
            await demo.wait(3, 7)
            await demo.simulator.answer(call)
            await demo.talk(call, phone)


async def in_vain(demo: Demo) -> None:
    """Let somebody call out in vain."""
    with demo.free() as phones:
        for phone in phones:
            call = demo.mine(await demo.simulator.dial(phone, demo.caller().number))
            await demo.wait(7, 12)
            await demo.simulator.hang_up(call)


async def internal(demo: Demo) -> None:
    """Let one extension call another."""
    with demo.free(2) as phones:
        if phones:
            call = demo.mine(await demo.simulator.dial(*phones))
            await demo.wait(2, 5)
            await demo.simulator.answer(call, phones[1])
            await demo.wait(6, 15)
            await demo.simulator.hang_up(call, by=demo.rng.choice(("caller", "callee")))


__all__ = ["GONE", "Caller", "Demo", "Plot"]
