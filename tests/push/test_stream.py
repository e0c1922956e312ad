"""The socket: it tells the poll when to look, comes back gently, and costs nothing when it never comes up."""

import asyncio
from datetime import timedelta

import pytest
from freezegun.api import FrozenDateTimeFactory
from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.pbx.const import EVENT_PBX
from custom_components.pbx.providers.base import Intervals
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import AuthError, ConnectError, ProviderError
from custom_components.pbx.telephony.models import CallState, Capability

from ..fake_provider import FakeProvider, async_set_up, pushed

pytestmark = pytest.mark.usefixtures("at_noon")

UP = m.CallHint(provider_event="up")


@pytest.fixture
def socket(fake: type[FakeProvider]) -> type[FakeProvider]:
    """Give the phone system a socket, and a pace for every situation."""
    fake.intervals = Intervals(busy=5, idle=20, pushed=60, directory=300)
    fake.script.capabilities |= Capability.STREAM | Capability.WEBHOOK
    return fake


async def settle(hass: HomeAssistant) -> None:
    """Let everything happen that needs no time; the socket's task never ends."""
    for _ in range(5):
        await asyncio.sleep(0)
        await hass.async_block_till_done()


async def asked_in(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], seconds: int, name: str = "calls"
) -> int:
    """Count the questions of a while, second by second."""
    before = fake.script.times(name)
    for _ in range(seconds):
        freezer.tick(timedelta(seconds=1))
        async_fire_time_changed(hass)
        await settle(hass)
    return fake.script.times(name) - before


async def test_socket_slows_the_polls_down_while_it_works(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, socket: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A socket that works makes polls rare, and its end makes one come soon."""
    await async_set_up(hass, fake_entry)
    assert hass.states.is_state("binary_sensor.house_push_messages", STATE_OFF)
    socket.script.stream.put_nowait(UP)
    await settle(hass)
    assert hass.states.is_state("binary_sensor.house_push_messages", STATE_ON)
    await asked_in(hass, freezer, socket, 21)
    assert await asked_in(hass, freezer, socket, 130) == 2

    socket.script.stream.put_nowait(None)
    await settle(hass)
    assert hass.states.is_state("binary_sensor.house_push_messages", STATE_OFF)
    assert await asked_in(hass, freezer, socket, 2) == 1
    assert await asked_in(hass, freezer, socket, 66) == 3


async def test_what_the_socket_says_is_told(
    hass: HomeAssistant, socket: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A message of the socket is a push like any other."""
    await async_set_up(hass, fake_entry)
    bus = async_capture_events(hass, EVENT_PBX)
    socket.script.stream.put_nowait(UP)
    socket.script.stream.put_nowait(pushed("c1", CallState.RINGING))
    await settle(hass)
    assert [event.data["type"] for event in bus] == ["call_incoming"]
    assert hass.states.is_state("sensor.ann_101_call_state", "ringing")


@pytest.mark.parametrize("error", [ConnectError(), AuthError(), None])
async def test_socket_that_never_comes_up_is_tried_less_and_less(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    socket: type[FakeProvider],
    fake_entry: MockConfigEntry,
    error: ProviderError | None,
) -> None:
    """The tries are 1, 2, 4 … 60 s apart, and the polls go on as without a socket."""
    if error is None:
        for _ in range(100):
            socket.script.stream.put_nowait(None)
    else:
        socket.script.errors["stream"] = error
    await async_set_up(hass, fake_entry)
    await settle(hass)
    tries = [await asked_in(hass, freezer, socket, seconds, "stream") for seconds in (1, 2, 4, 8, 16, 32, 60, 60)]
    assert tries == [1] * 8
    assert await asked_in(hass, freezer, socket, 66) == 3
    assert not fake_entry.runtime_data.health.streaming


async def test_socket_that_worked_comes_back_at_once(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, socket: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """After a socket has worked the waiting begins anew, and everything is asked again, for nothing is replayed."""
    await async_set_up(hass, fake_entry)
    stream, health = fake_entry.runtime_data.stream, fake_entry.runtime_data.health
    for _ in range(4):
        socket.script.stream.put_nowait(ConnectError())
    await settle(hass)
    await asked_in(hass, freezer, socket, 20)
    assert stream.reconnects == 4

    for _ in range(2):  # that it is up, and a message
        socket.script.stream.put_nowait(UP)
    await settle(hass)
    socket.script.stream.put_nowait(ConnectError())
    await settle(hass)
    assert (health.streaming, stream.reconnects) == (False, 5)
    before = socket.script.times("stream")
    await asked_in(hass, freezer, socket, 1)
    socket.script.stream.put_nowait(UP)
    assert await asked_in(hass, freezer, socket, 2) == 1
    assert socket.script.times("stream") == before + 1
    assert health.streaming


async def test_own_server_is_tried_quickly_for_a_minute(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, socket: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A server in one's own network that restarts is found again within a second, and later less and less often."""
    socket.in_own_network = True
    await async_set_up(hass, fake_entry)
    for _ in range(2):  # that it is up, and a message
        socket.script.stream.put_nowait(UP)
    await settle(hass)
    socket.script.errors["stream"] = ConnectError()
    socket.script.stream.put_nowait(ConnectError())
    await settle(hass)
    tries = [await asked_in(hass, freezer, socket, 1, "stream") for _ in range(58)]
    assert min(tries) >= 1
    assert max(tries) <= 2
    await asked_in(hass, freezer, socket, 6, "stream")
    assert await asked_in(hass, freezer, socket, 60, "stream") <= 6
    assert await asked_in(hass, freezer, socket, 130, "stream") <= 3


@pytest.mark.parametrize("greets", [True, False])
async def test_own_server_that_never_worked_is_not_tried_quickly(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    socket: type[FakeProvider],
    fake_entry: MockConfigEntry,
    *,
    greets: bool,
) -> None:
    """To greet is not to work: the pauses become longer, also in one's own network."""
    socket.in_own_network = True
    for _ in range(20):
        if greets:
            socket.script.stream.put_nowait(UP)
        socket.script.stream.put_nowait(ConnectError())
    await async_set_up(hass, fake_entry)
    await settle(hass)
    tries = [await asked_in(hass, freezer, socket, seconds, "stream") for seconds in (1, 2, 4, 8, 16)]
    assert tries == [1] * 5


async def test_own_server_that_refuses_the_login_is_not_tried_quickly(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, socket: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A password that was changed meanwhile would lock the address out if it was tried every second."""
    socket.in_own_network = True
    await async_set_up(hass, fake_entry)
    for _ in range(2):  # that it is up, and a message
        socket.script.stream.put_nowait(UP)
    await settle(hass)
    socket.script.errors["stream"] = AuthError()
    socket.script.stream.put_nowait(ConnectError())
    await settle(hass)
    await asked_in(hass, freezer, socket, 2, "stream")
    assert await asked_in(hass, freezer, socket, 60, "stream") <= 7


async def test_socket_that_greets_and_breaks_off(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, socket: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """One that never says more than that it is up is tried less and less often."""
    for _ in range(20):
        socket.script.stream.put_nowait(UP)
        socket.script.stream.put_nowait(ConnectError())
    await async_set_up(hass, fake_entry)
    await settle(hass)
    tries = [await asked_in(hass, freezer, socket, seconds, "stream") for seconds in (1, 2, 4, 8, 16)]
    assert tries == [1] * 5


async def test_socket_survives_what_nobody_expected(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    socket: type[FakeProvider],
    fake_entry: MockConfigEntry,
    expected_warnings: list[str],
) -> None:
    """An error in reading the socket is logged, and the socket is tried again after a good while."""
    expected_warnings.append("Unexpected error in the stream of Fake PBX")
    await async_set_up(hass, fake_entry)
    health = fake_entry.runtime_data.health
    socket.script.stream.put_nowait(UP)
    await settle(hass)
    socket.script.stream.put_nowait(KeyError("row"))
    await settle(hass)
    assert not health.streaming
    assert await asked_in(hass, freezer, socket, 59, "stream") == 0
    assert await asked_in(hass, freezer, socket, 2, "stream") == 1
    socket.script.stream.put_nowait(UP)
    await settle(hass)
    assert health.streaming


async def test_socket_closes_with_the_account(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, socket: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """After the account is unloaded nobody listens or tries again."""
    await async_set_up(hass, fake_entry)
    socket.script.stream.put_nowait(UP)
    await settle(hass)
    assert await hass.config_entries.async_unload(fake_entry.entry_id)
    bus = async_capture_events(hass, EVENT_PBX)
    socket.script.stream.put_nowait(pushed("c1", CallState.RINGING))
    assert await asked_in(hass, freezer, socket, 5, "stream") == 0
    assert bus == []


async def test_no_socket_where_there_is_none(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """A phone system without a socket is not asked for one."""
    await async_set_up(hass, fake_entry)
    assert fake.script.times("stream") == 0
