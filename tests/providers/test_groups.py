"""A ring group rings for one call: none of its phones is who was called, and who rejects it says for whom.

Asterisk is asked to hang up on real phones, in tests/asterisk; Voxloud cannot hang up.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from custom_components.pbx.providers.base import Provider
from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.events import event_data
from custom_components.pbx.telephony.models import CallState, Direction, Outcome
from tests.simulators.base import Simulator
from tests.simulators.voipat import VoipatSimulator
from tests.simulators.voipat_wire import ON_PAPER
from tests.simulators.voipstudio import VoipstudioSimulator
from tests.simulators.voipsun import VoipsunSimulator
from tests.simulators.voipsun_model import RowStyle

from .voipat import bridge
from .voipstudio import account
from .voipsun.test_provider import connect

NOW = datetime(2026, 6, 15, 9, tzinfo=UTC)
CALLER = "+420777123456"

type House = AbstractAsyncContextManager[tuple[Any, Provider, tuple[str, ...]]]
type Open = Callable[[aiohttp.ClientSession], House]


@asynccontextmanager
async def at_voipat(session: aiohttp.ClientSession) -> AsyncIterator[tuple[Simulator, Provider, tuple[str, ...]]]:
    """Open an account of VOIP@."""
    async with VoipatSimulator(profile=bridge.PYTHON, disposition_column=True, **ON_PAPER) as sim:
        provider = bridge.client(sim, session, extensions=["101", "102", "103"])
        await provider.account()
        await provider.directory()
        yield sim, provider, ("101", "102", "103")


@asynccontextmanager
async def at_voipstudio(session: aiohttp.ClientSession) -> AsyncIterator[tuple[Simulator, Provider, tuple[str, ...]]]:
    """Open an account of VoIPstudio."""
    async with VoipstudioSimulator() as sim:
        provider = account.client(sim, session)
        await provider.account()
        await provider.directory()
        yield sim, provider, ("1001", "1002", "1003")


def at_voipsun(**switches: Any) -> Open:
    """Return what opens an account of VoIPSUN at a box of some style."""

    @asynccontextmanager
    async def opened(session: aiohttp.ClientSession) -> AsyncIterator[tuple[Simulator, Provider, tuple[str, ...]]]:
        """Open it."""
        async with VoipsunSimulator(**switches) as sim:
            yield sim, await connect(sim, session), ("101", "102", "103")

    return opened


HOUSES: dict[str, Open] = {
    "voipat": at_voipat,
    "voipstudio": at_voipstudio,
    **{
        f"voipsun-{style}{'-local' * local}": at_voipsun(row_style=style, local_channels=local)
        for style in RowStyle
        for local in (False, True)
    },
}
everywhere = pytest.mark.parametrize("house", HOUSES.values(), ids=HOUSES)


async def the_call(provider: Provider) -> m.Call:
    """Return the one call that is up."""
    (call,) = await provider.calls() or ()
    return call


def ringing(sim: Simulator) -> set[str]:
    """Return the phones that really ring."""
    return {leg.extension for call in sim.truth() for leg in call.legs if leg.extension and leg.state == "ringing"}


@everywhere
async def test_no_phone_of_a_group_is_who_was_called(house: Open, session: aiohttp.ClientSession) -> None:
    """The number of the group is, or nobody; the phones are the call's."""
    async with house(session) as (sim, provider, phones):
        call_id = await sim.ring(CALLER, *phones)
        call = await the_call(provider)
        assert set(call.extensions) == set(phones)
        assert call.callee.number not in phones
        await sim.answer(call_id, phones[1])
        assert (await the_call(provider)).callee.number not in {phones[0], phones[2]}


@everywhere
async def test_who_rejects_the_call_ends_it_for_the_group(house: Open, session: aiohttp.ClientSession) -> None:
    """By its id alone."""
    async with house(session) as (sim, provider, phones):
        await sim.ring(CALLER, *phones)
        await provider.hangup(m.CallRef(call=await the_call(provider)))
        assert sim.truth() == []


@everywhere
async def test_who_rejects_it_at_a_phone_ends_its_ringing_there(house: Open, session: aiohttp.ClientSession) -> None:
    """The others ring on, and one of them can answer."""
    async with house(session) as (sim, provider, phones):
        call_id = await sim.ring(CALLER, *phones)
        await provider.hangup(m.CallRef(call=await the_call(provider), extension=phones[1]))
        assert ringing(sim) == {phones[0], phones[2]}
        await sim.answer(call_id, phones[2])
        call = await the_call(provider)
        assert (call.state, call.extensions) == (CallState.TALKING, (phones[2],))


def leg(phone: str, state: CallState) -> m.Leg:
    """Make a leg of a phone."""
    return m.Leg(id=phone, state=state, extension=phone)


def row(callee: str, *legs: m.Leg) -> m.Call:
    """Make a call from outside as a list shows it."""
    state = CallState.TALKING if any(one.state is CallState.TALKING for one in legs) else CallState.RINGING
    return m.Call(
        id="c",
        state=state,
        direction=Direction.INCOMING,
        caller=m.Party(number=CALLER),
        callee=m.Party(number=callee),
        legs=legs,
    )


@pytest.mark.parametrize("listed", ["101", "102", "", "600"])
@pytest.mark.parametrize("pushed", [False, True])
@pytest.mark.parametrize("answers", ["101", "102"])
def test_a_group_is_known_by_its_phones(listed: str, pushed: bool, answers: str) -> None:  # noqa: FBT001
    """Whatever a phone system says was called: as soon as two ring, it was neither of them."""
    registry = CallRegistry()
    registry.snapshot((), NOW, NOW)
    if pushed:
        registry.apply(
            m.LegPush(
                provider_event="x",
                call_id="c",
                leg_id="101",
                extension="101",
                state=CallState.RINGING,
                direction=Direction.INCOMING,
                caller=m.Party(number=CALLER),
                callee=m.Party(number="101"),
            ),
            NOW,
        )
    both = (leg("101", CallState.RINGING), leg("102", CallState.RINGING))
    group = listed if listed == "600" else ""
    registry.snapshot((row(listed, *both),), NOW + timedelta(seconds=1), NOW + timedelta(seconds=1))
    assert registry.calls["c"].callee.number == group
    told = list(
        registry.snapshot(
            (row(listed, leg(answers, CallState.TALKING)),), NOW + timedelta(seconds=5), NOW + timedelta(seconds=5)
        ).events
    )
    assert registry.calls["c"].callee.number in {group, answers}
    told += registry.snapshot((), NOW + timedelta(seconds=9), NOW + timedelta(seconds=9)).events
    ended = event_data(next(event for event in told if event.public and event.type == "call_ended"))
    assert ended.get("to_number", "") in {group, answers}
    assert (ended["outcome"], ended["answered_by"]) == (Outcome.ANSWERED, answers)
