"""A real Asterisk with the neutral verbs of the simulators, so that the demo and the proof can use its phones."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, override

from aiohttp import web

from tests.simulators.base import Placed, Simulator, TrueCall, TrueLeg

from .config import DID, PEOPLE
from .lab import Lab, Server
from .phone import Call, CallFailedError

GROUP = "600"
PATIENCE = 5.0


@dataclass(kw_only=True)
class Talk:
    """A call as the people in it know it: who began it, and whose phones ring."""

    id: str
    caller: str
    callee: str
    direction: str
    began: Call
    rings: dict[str, Call] = field(default_factory=dict)
    """The phones that ring or talk, by extension; the outside is empty."""

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.began.state == "ended" or (
            bool(self.rings) and all(call.state == "ended" for call in self.rings.values())
        )

    @property
    def talking(self) -> bool:
        """Whether two people are connected."""
        return self.began.state == "up" and any(call.state == "up" for call in self.rings.values())


class RealAsterisk(Simulator):
    """Five people with phones, and the world outside behind a trunk."""

    def __init__(self, *, seed: int = 0, auto_answer: float = 2.5) -> None:
        """Prepare; `auto_answer` is after how many seconds a phone is picked up that rings for Home Assistant."""
        super().__init__(seed=seed)
        self.auto_answer = auto_answer
        self.placed: list[Placed] = []
        self._lab: Lab | None = None
        self._talks: dict[str, Talk] = {}
        self._count = 0
        self._picking: set[asyncio.Task[None]] = set()

    # -- life --------------------------------------------------------------------------------------

    @override
    def routes(self) -> list[web.AbstractRouteDef]:
        """Serve nothing: it speaks AMI and SIP."""
        return []

    @override
    def error_body(self, status: int) -> web.Response:
        """Answer no requests."""
        raise NotImplementedError

    @property
    @override
    def url(self) -> str:
        """Where it is."""
        return f"AMI at 127.0.0.1:{self.port}"

    @property
    def lab(self) -> Lab:
        """The running Asterisk with its phones."""
        assert self._lab is not None
        return self._lab

    @override
    async def start(self, port: int = 0) -> None:
        """Start Asterisk on ports that are free, and plug in the phones."""
        self._server = await asyncio.to_thread(Server, ami_port=port)
        self._lab = await Lab(server=self._server).__aenter__()
        self.port = self._lab.ami_port
        for extension, phone in self._lab.phones.items():
            phone.policy = lambda call, extension=extension: self._rung(extension, call)
        self._lab.trunk.policy = lambda call: self._rung("", call)

    @override
    async def stop(self) -> None:
        """Unplug and stop everything."""
        for task in self._picking:
            task.cancel()
        if self._lab is not None:
            await self._lab.__aexit__()
            await asyncio.to_thread(self._server.stop)
            self._lab = None

    def _begin(self, caller: str, callee: str, direction: str, began: Call) -> Talk:
        """Know a call from now on."""
        self._count += 1
        talk = Talk(id=f"real-{self._count}", caller=caller, callee=callee, direction=direction, began=began)
        self._talks[talk.id] = talk
        return talk

    def _rung(self, extension: str, call: Call) -> None:
        """Take note that a phone rings: for a call that is known, or for one that Home Assistant places."""
        call.ring()
        for talk in reversed(self._talks.values()):
            expected = talk.callee in (extension, GROUP) or (not extension and talk.direction == "outgoing")
            if not talk.over and expected and extension not in talk.rings and talk.began is not call:
                talk.rings[extension] = call
                return
        if extension:
            talk = self._begin(extension, call.caller, "outgoing", call)
            if call.caller in PEOPLE:
                talk.direction = "internal"
            self.placed.append(Placed(call_id=talk.id, source=extension, destination=call.caller))
            task = asyncio.create_task(self._pick_up(call))
            self._picking.add(task)
            task.add_done_callback(self._picking.discard)

    async def _pick_up(self, call: Call) -> None:
        """Pick up a phone that rings for Home Assistant."""
        await asyncio.sleep(self.auto_answer)
        if call.state == "ringing":
            await call.answer()

    # -- the neutral verbs -------------------------------------------------------------------------

    @override
    async def ring(self, caller: str, *extensions: str, name: str = "") -> str:
        """Let somebody outside call one phone, or the group."""
        callee = extensions[0] if len(extensions) == 1 else GROUP
        began = await self.lab.trunk.dial(f"{DID}{callee}", caller=caller, caller_name=name)
        return self._begin(caller, callee, "incoming", began).id

    @override
    async def dial(self, extension: str, number: str) -> str:
        """Let a phone call a number."""
        inside = number in PEOPLE
        began = await self.lab.phones[extension].dial(number)
        return self._begin(extension, number, "internal" if inside else "outgoing", began).id

    @override
    async def answer(self, call_id: str, extension: str = "") -> None:
        """Pick up, at one phone or wherever it rings; raise LookupError for a call that is over."""
        talk = self._talk(call_id)
        async with asyncio.timeout(PATIENCE):
            while not talk.rings:
                if talk.over:
                    raise LookupError(call_id)
                await asyncio.sleep(0.02)
        ringing = talk.rings.get(extension) or next(iter(talk.rings.values()))
        if ringing.state != "ringing":
            raise LookupError(call_id)
        try:
            await ringing.answer()
            await talk.began.wait("up")
        except CallFailedError as error:
            raise LookupError(call_id) from error

    @override
    async def hold(self, call_id: str, extension: str) -> None:
        """Put the other side on hold."""
        await self._own(self._talk(call_id), extension).hold()

    @override
    async def resume(self, call_id: str, extension: str) -> None:
        """Go on."""
        await self._own(self._talk(call_id), extension).resume()

    @override
    async def hang_up(self, call_id: str, *, by: str = "caller") -> None:
        """End a call: by who began it, by who was called, or by declining it everywhere."""
        talk = self._talk(call_id)
        if by == "caller" or not talk.rings:
            await talk.began.hangup()
            return
        for call in list(talk.rings.values()):
            await call.hangup()

    @override
    def truth(self) -> list[TrueCall]:
        """List the calls that are not over."""
        self._talks = {key: talk for key, talk in self._talks.items() if not talk.over}
        return [_true(talk) for talk in self._talks.values()]

    def _talk(self, call_id: str) -> Talk:
        """Return a call; raise LookupError for one that is over."""
        talk = self._talks.get(call_id)
        if talk is None or talk.over:
            raise LookupError(call_id)
        return talk

    @staticmethod
    def _own(talk: Talk, extension: str) -> Call:
        """Return the end of a call at a phone."""
        return talk.rings.get(extension, talk.began)


def _true(talk: Talk) -> TrueCall:
    """Return a call as it is."""
    state = "talking" if talk.talking else "ringing"
    words: Mapping[str, Any] = {"up": "talking", "ringing": "ringing", "new": "dialing", "ended": "ended"}
    legs = [TrueLeg(extension=extension, state=words[call.state]) for extension, call in talk.rings.items()]
    return TrueCall(
        call_id=talk.id,
        direction=talk.direction,
        state=state,
        caller=talk.caller,
        callee=talk.callee,
        legs=tuple(legs),
    )
