"""VOIP@ in Home Assistant, on a switch whose list is later than its events: what happens is shown in time.

Each case prints how long it took. The limits are generous, since other work may keep the machine busy; what is
awaited must come, and stay.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from homeassistant.const import CONF_COUNTRY, CONF_WEBHOOK_ID
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx.const import CONF_PROVIDER, DOMAIN, EVENT_PBX
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.providers.voipat import provider as provider_module
from custom_components.pbx.providers.voipat.api import Variant
from custom_components.pbx.telephony.models import CallState, Outcome
from tests.simulators.voipat import Profile, VoipatSimulator

pytestmark = pytest.mark.usefixtures("socket_enabled")

CALLER = "+493023125900"
OUTSIDE = "+442079460123"
PATIENCE = 30.0
STAYS = 1.6
"""Seconds after which every look that follows a hint has been taken."""


class Watched:
    """An account at a simulated switch, and what is told of it."""

    def __init__(self, hass: HomeAssistant, sim: VoipatSimulator, entry: MockConfigEntry) -> None:
        """Listen to the events of the account."""
        self.hass = hass
        self.sim = sim
        self.entry = entry
        self.told: list[dict[str, Any]] = []
        hass.bus.async_listen(EVENT_PBX, self._hear)

    @callback
    def _hear(self, event: Event[dict[str, Any]]) -> None:
        self.told.append(event.data)

    @property
    def coordinator(self) -> PbxCoordinator:
        """The account's coordinator."""
        coordinator: PbxCoordinator = self.entry.runtime_data.coordinator
        return coordinator

    def state(self, extension: str) -> CallState | None:
        """Give what an extension is shown to do."""
        return self.coordinator.data.state_of(extension)

    def kinds(self) -> list[str]:
        """Give what was told of calls, without records."""
        return [str(one["type"]) for one in self.told if one["type"] != "call_record"]

    async def until(self, condition: Callable[[], object]) -> float:
        """Wait for something; give the seconds that took."""
        began = self.hass.loop.time()
        async with asyncio.timeout(PATIENCE):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.002)
        return self.hass.loop.time() - began

    async def shows(self, what: str, condition: Callable[[], object]) -> None:
        """Wait until something is shown, print how long that took, and see that it stays."""
        print(f"\n  {what}: {await self.until(condition):.2f} s")  # noqa: T201
        await asyncio.sleep(STAYS)
        assert condition(), what

    async def talk(self) -> str:
        """Let an outside caller talk to 101; give the call's id."""
        call = await self.sim.ring(CALLER, "101")
        await self.until(lambda: self.state("101") is CallState.RINGING)
        await self.sim.answer(call, "101")
        await self.until(lambda: self.state("101") is CallState.TALKING)
        return call

    async def place(self, **data: str) -> str:
        """Place a call from 101; give its id."""
        answer = await self.hass.services.async_call(
            DOMAIN, "originate", {"extension": "101", "number": OUTSIDE, **data}, blocking=True, return_response=True
        )
        assert answer is not None
        return str(answer["call_id"])

    async def rings(self, extension: str) -> None:
        """Wait until a phone rings at the switch."""
        await self.until(lambda: any(leg.extension == extension for call in self.sim.truth() for leg in call.legs))


async def watched(hass: HomeAssistant, sim: VoipatSimulator, *, key: str = "", streaming: bool = True) -> Watched:
    """Set an account up, and wait for its socket where there is one."""
    data = {"url": sim.url, "api_key": key or sim.api_key, "domain": sim.domain, "verify_ssl": True, "auth": "key"}
    entry = MockConfigEntry(
        domain=DOMAIN,
        title="Office",
        unique_id=f"voipat_{sim.domain}",
        data={CONF_PROVIDER: "voipat", CONF_WEBHOOK_ID: "hook_of_the_office", **data},
        options={CONF_COUNTRY: "DE"},
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    made = Watched(hass, sim, entry)
    await made.until(lambda: made.coordinator.health.streaming or not streaming)
    return made


@pytest.fixture
async def switch(socket_enabled: None) -> AsyncIterator[VoipatSimulator]:
    """Start the Python bridge in front of a real switch's manners."""
    async with VoipatSimulator(extensions_broken=False, record_delay=(0.5, 1.0)) as sim:
        yield sim


@pytest.fixture
async def office(hass: HomeAssistant, switch: VoipatSimulator) -> AsyncIterator[Watched]:
    """Watch an account whose key is a user's."""
    made = await watched(hass, switch)
    yield made
    assert await hass.config_entries.async_remove(made.entry.entry_id)


async def test_ring_is_shown_soon(office: Watched) -> None:
    """A ring is shown as soon as the list has it."""
    call = await office.sim.ring(CALLER, "101")
    await office.shows("ring", lambda: office.state("101") is CallState.RINGING)
    await office.sim.hang_up(call)
    await office.shows("caller hung up", lambda: office.state("101") is None)
    assert office.kinds() == ["call_incoming", "call_missed"]


async def test_hold_pressed_and_released_at_once(office: Watched) -> None:
    """A phone's hold, pressed and released within 0.3 s, is told and over."""
    call = await office.talk()
    await office.sim.hold(call, "101")
    await asyncio.sleep(0.25)
    await office.sim.resume(call, "101")
    await office.shows("hold released", lambda: office.kinds()[-1] == "call_resumed")
    assert office.state("101") is CallState.TALKING
    assert office.kinds()[-2:] == ["call_held", "call_resumed"]


async def test_hang_up_right_after_the_answer(office: Watched) -> None:
    """Somebody answers and hangs up at once: it was answered, and is over."""
    call = await office.sim.ring(CALLER, "101", "102")
    await office.until(lambda: office.state("102") is CallState.RINGING)
    await office.sim.answer(call, "102")
    await asyncio.sleep(0.05)
    await office.sim.hang_up(call)
    await office.shows("hung up after the answer", lambda: not office.coordinator.data.calls)
    assert office.kinds() == ["call_incoming", "call_answered", "call_ended"]
    assert office.told[-1]["outcome"] == "answered"


@pytest.mark.parametrize("by", ["call_id", "target", "button"])
async def test_placed_call_is_hung_up_while_the_own_phone_rings(
    hass: HomeAssistant, switch: VoipatSimulator, by: str
) -> None:
    """It is dialing from the answer to the request on, and ends by its id, its phone and the button."""
    office = await watched(hass, switch, key=switch.global_key)
    call_id = await office.place()
    assert office.state("101") is CallState.DIALING
    assert [call.id for call in office.coordinator.data.calls.values()] == [call_id]
    await office.rings("101")
    await asyncio.sleep(STAYS)  # several lists have not had it
    assert office.state("101") is CallState.DIALING
    if by == "button":
        await hass.services.async_call("button", "press", {"entity_id": _hang_up_of(office)}, blocking=True)
    elif by == "target":
        await hass.services.async_call(DOMAIN, "hangup", {"entity_id": _hang_up_of(office)}, blocking=True)
    else:
        await hass.services.async_call(DOMAIN, "hangup", {"call_id": call_id}, blocking=True)
    await office.shows("placed call hung up", lambda: office.state("101") is None)
    assert switch.truth() == []
    assert [(one["type"], one.get("outcome")) for one in office.told] == [
        ("call_outgoing", None),
        ("call_ended", "cancelled"),
    ]
    assert await hass.config_entries.async_remove(office.entry.entry_id)


def _hang_up_of(office: Watched) -> str:
    """Give the hang-up button of 101."""
    (found,) = (
        entity_id
        for entity_id in office.hass.states.async_entity_ids("button")
        if "101" in entity_id and "hang_up" in entity_id
    )
    return found


async def test_bridge_that_refuses_to_end_a_placed_call_is_believed(office: Watched) -> None:
    """To a user's key the ringing phone is nobody's: that is an error, and the call rings on."""
    call_id = await office.place()
    await office.rings("101")
    with pytest.raises(HomeAssistantError, match="Channel not found in your domain"):
        await office.hass.services.async_call(DOMAIN, "hangup", {"call_id": call_id}, blocking=True)
    assert office.state("101") is CallState.DIALING
    await office.sim.hang_up(call_id, by="reject")
    await office.shows("own phone declined", lambda: office.state("101") is None)
    assert office.told[-1]["outcome"] == "rejected"


@pytest.mark.parametrize("number", [OUTSIDE, "102"])
async def test_own_phone_is_busy(office: Watched, number: str) -> None:
    """The bridge said yes before it dialed; that the own phone was busy is told all the same."""
    office.sim.do_not_disturb("101")
    await office.place(number=number)
    await office.shows("own phone busy", lambda: "call_ended" in office.kinds())
    assert office.state("101") is None
    assert [(one["type"], one.get("outcome")) for one in office.told] == [
        ("call_outgoing", None),
        ("call_ended", "busy"),
    ]


async def test_own_phone_does_not_answer(office: Watched) -> None:
    """The own phone rings in vain: the call ends unanswered."""
    office.sim.ring_timeout = 1.0
    await office.place()
    await office.shows("own phone does not answer", lambda: "call_ended" in office.kinds())
    assert office.told[-1]["outcome"] == "no_answer"


async def test_placed_call_is_answered_after_all(office: Watched) -> None:
    """It dials until the far side has answered, and then it is an answered call like any other."""
    call_id = await office.place()
    await office.rings("101")
    await office.sim.answer(call_id, "101")
    await asyncio.sleep(STAYS)
    assert office.state("101") is CallState.DIALING
    await office.sim.answer(call_id)
    await office.shows("far side answered", lambda: office.state("101") is CallState.TALKING)
    await office.sim.hang_up(call_id)
    await office.shows("hung up", lambda: office.state("101") is None)
    assert office.kinds() == ["call_outgoing", "call_answered", "call_ended"]


async def test_placed_call_that_only_the_own_phone_picked_up(office: Watched) -> None:
    """Its record counts seconds from there on, which says nothing of the far side."""
    call_id = await office.place()
    await office.rings("101")
    await office.sim.answer(call_id, "101")
    await asyncio.sleep(STAYS)
    await office.sim.hang_up(call_id)
    await office.until(lambda: "call_ended" in office.kinds())
    await asyncio.sleep(STAYS)  # until its record is written
    last = office.coordinator.data.last_call
    assert last is not None
    assert await office.coordinator.async_ask_records([last]) == []
    assert "call_corrected" not in office.kinds()
    last = office.coordinator.data.last_call
    assert last is not None
    assert last.outcome is Outcome.NO_ANSWER


async def test_busy_phone(office: Watched) -> None:
    """A call to a phone that is busy is over before any list has it: it came, and was missed."""
    office.sim.do_not_disturb("101")
    await office.sim.ring(CALLER, "101")
    await office.shows("busy phone", lambda: "call_missed" in office.kinds())
    assert office.kinds() == ["call_incoming", "call_missed"]
    assert office.told[0]["from_number"] == CALLER
    assert office.coordinator.data.missed == 1


async def test_call_given_to_a_number_outside(office: Watched) -> None:
    """A phone gives its caller to somebody outside: it is told to whom, and who talks now."""
    call = await office.talk()
    await office.sim.transfer(call, "101", OUTSIDE)
    await office.until(lambda: office.state("101") is None)
    await office.sim.answer(call)
    await office.shows("handed outside", lambda: "call_transferred" in office.kinds())
    (told,) = (one for one in office.told if one["type"] == "call_transferred")
    assert told["transferred_to"] == OUTSIDE
    (shown,) = office.coordinator.data.calls.values()
    assert (shown.caller.number, shown.callee.number, shown.state) == (CALLER, OUTSIDE, CallState.TALKING)


async def test_who_talks_after_a_transfer(office: Watched) -> None:
    """A phone gives its caller to another: the one who talks now is shown, and the caller waits until then."""
    call = await office.talk()
    await office.sim.transfer(call, "101", "105")
    await office.shows("the next rings", lambda: office.state("105") is CallState.RINGING)
    await office.sim.answer(call, "105")
    await office.shows("the next talks", lambda: office.state("105") is CallState.TALKING)
    (shown,) = office.coordinator.data.calls.values()
    assert (shown.answered_by, shown.callee.number) == ("105", "105")
    assert office.coordinator.data.slots[0] == shown


async def test_phone_that_hears_ringback_does_not_talk(office: Watched) -> None:
    """Of two phones one hands the other to a third: it dials until that one has answered."""
    call = await office.sim.dial("101", "102")
    await office.until(lambda: office.state("102") is CallState.RINGING)
    await office.sim.answer(call, "102")
    await office.until(lambda: office.state("101") is CallState.TALKING)
    await asyncio.sleep(STAYS)
    await office.sim.transfer(call, "102", "103")
    await office.shows("hears ringback", lambda: office.state("101") is CallState.DIALING)
    await office.sim.answer(call, "103")
    await office.shows("talks again", lambda: office.state("101") is CallState.TALKING)


@pytest.mark.parametrize("profile", [Profile.PYTHON, Profile.NODE])
async def test_hung_bridge_is_away(
    hass: HomeAssistant, profile: Profile, monkeypatch: pytest.MonkeyPatch, expected_warnings: list[str]
) -> None:
    """A bridge that keeps its socket open, but neither pings nor answers, is found to be away."""
    expected_warnings.append("VOIP@ Cloud cannot be reached")
    assert {provider_module.SILENCE[Variant.PYTHON] + 10, provider_module.SILENCE[Variant.NODE] + 10} <= {33, 43}
    monkeypatch.setattr(provider_module, "SILENCE", dict.fromkeys(Variant, 0.6))
    async with VoipatSimulator(profile=profile, extensions_broken=False, ws_ping=0.2) as sim:
        office = await watched(hass, sim)
        monkeypatch.setattr("custom_components.pbx.providers.voipat.api.SECONDS", 0.5)
        await office.until(lambda: office.coordinator.health.streaming and office.coordinator.last_update_success)
        sim.bridge_hang = True
        took = await office.until(lambda: not office.coordinator.last_update_success)
        print(f"\n  away {took:.2f} s after it hung, with 0.6 s for silence and 0.5 s for an answer")  # noqa: T201
        sim.bridge_hang = False
        assert await hass.config_entries.async_remove(office.entry.entry_id)


async def test_ring_is_found_without_a_socket(hass: HomeAssistant) -> None:
    """Where the socket is not forwarded, looks at a pace find a ring of a few seconds."""
    async with VoipatSimulator(extensions_broken=False, ws_enabled=False) as sim:
        office = await watched(hass, sim, streaming=False)
        await office.until(lambda: office.coordinator.polled_calls)
        await asyncio.sleep(1)  # not with the first poll
        before = len(sim.requests)
        await sim.ring(CALLER, "101")
        await office.shows("ring without a socket", lambda: office.state("101") is CallState.RINGING)
        assert len(sim.requests) > before
        assert await hass.config_entries.async_remove(office.entry.entry_id)
