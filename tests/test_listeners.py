"""Who hears first: open pages some turns of the event loop before states and events, and nothing is skipped."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.http_websocket import WebSocketWriter
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, HomeAssistant, callback
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.pbx.console.websocket import DATA_CONSOLE
from custom_components.pbx.const import EVENT_PBX
from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.listeners import TURNS, PagesFirst
from custom_components.pbx.registry.call_registry import CallRegistry
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState

from .fake_provider import NOON, FakeProvider, async_set_up, incoming, pushed

pytestmark = pytest.mark.usefixtures("call_entities", "at_noon")

STATE = "sensor.ann_101_call_state"
LATER = NOON + timedelta(seconds=1)


async def turns(number: int) -> None:
    """Let so many turns of the event loop pass."""
    for _ in range(number):
        await asyncio.sleep(0)


def written(hass: HomeAssistant) -> list[str]:
    """Note every state that the phone takes from now on."""
    states: list[str] = []

    @callback
    def note(event: Event[Any]) -> None:
        if event.data["entity_id"] == STATE and event.data["new_state"] is not None:
            states.append(event.data["new_state"].state)

    hass.bus.async_listen(EVENT_STATE_CHANGED, note)
    return states


async def coordinator_of(hass: HomeAssistant, entry: MockConfigEntry) -> PbxCoordinator:
    """Set an account up that is pushed to; give its coordinator."""
    await async_set_up(hass, entry)
    coordinator: PbxCoordinator = entry.runtime_data.coordinator
    coordinator.async_push(pushed("earlier", CallState.RINGING, "102"))
    coordinator.async_push(pushed("earlier", CallState.ENDED, "102", final=True))
    await hass.async_block_till_done()
    return coordinator


def open_page(hass: HomeAssistant) -> tuple[list[dict[str, Any]], Callable[[], None]]:
    """Open a page; give what it is told, and what closes it."""
    told: list[dict[str, Any]] = []
    close = hass.data[DATA_CONSOLE].async_listen("user", lambda _feed: True, told.append)
    told.clear()
    return told, close


async def test_an_open_page_is_told_first(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """It is told at once; states and events follow as soon as its socket has had its turns."""
    coordinator = await coordinator_of(hass, fake_entry)
    told, _ = open_page(hass)
    events = async_capture_events(hass, EVENT_PBX)
    coordinator.async_push(pushed("c1", CallState.RINGING))
    assert [message["type"] for message in told] == ["delta"]
    assert hass.states.is_state(STATE, "idle")
    assert not events
    await turns(TURNS)
    assert hass.states.is_state(STATE, "idle")
    await turns(1)
    assert hass.states.is_state(STATE, "ringing")
    assert [event.data["type"] for event in events] == ["call_incoming"]
    assert len(told) == 1


async def test_nothing_waits_while_no_page_is_open(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """States and events do not wait for a page that was closed, or was never there."""
    coordinator = await coordinator_of(hass, fake_entry)
    coordinator.async_push(pushed("c1", CallState.RINGING))
    assert hass.states.is_state(STATE, "ringing")
    _, close = open_page(hass)
    close()
    coordinator.async_push(pushed("c1", CallState.TALKING))
    assert hass.states.is_state(STATE, "talking")


INPUTS: dict[str, Callable[[CallRegistry], object]] = {
    "message": lambda registry: registry.apply(pushed("c1", CallState.TALKING), LATER),
    "list": lambda registry: registry.snapshot((incoming("c1", state=CallState.TALKING),), LATER, LATER),
    "time": lambda registry: registry.tick(NOON + timedelta(hours=5)),
    "placed call": lambda registry: registry.begin_placed(incoming("c1", state=CallState.TALKING), LATER),
    "name": lambda registry: registry.name_caller("c1", m.Party(name="Zoe", known=True)),
    "restored count": lambda registry: registry.restore_missed(2),
    "seen": lambda registry: registry.acknowledge_missed(),
    "directory": lambda registry: registry.directory(m.Directory(extensions=()), LATER),
    "agent": lambda registry: registry.set_agent(m.Agent(id="a1"), LATER),
    "queue": lambda registry: registry.set_queue(m.Queue(id="q1")),
}


@pytest.mark.parametrize("given", INPUTS)
async def test_whatever_comes_meanwhile_settles_it(
    hass: HomeAssistant, fake_entry: MockConfigEntry, given: str
) -> None:
    """No input of the registry changes what was not shown yet."""
    coordinator = await coordinator_of(hass, fake_entry)
    open_page(hass)
    states = written(hass)
    coordinator.async_push(pushed("c1", CallState.RINGING))
    assert hass.states.is_state(STATE, "idle")
    INPUTS[given](coordinator.data)
    assert hass.states.is_state(STATE, "ringing")
    assert states == ["ringing"]


async def test_each_part_of_a_long_list_settles_it(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """What is pushed between two parts of a list is shown before the next one is taken."""
    coordinator = await coordinator_of(hass, fake_entry)
    open_page(hass)
    rows = [incoming(f"p{number}", "102") for number in range(2)]
    parts = coordinator.data.snapshot_parts(rows, LATER, LATER, 1)
    next(parts)
    coordinator.async_push(pushed("c1", CallState.RINGING))
    assert hass.states.is_state(STATE, "idle")
    next(parts)
    assert hass.states.is_state(STATE, "ringing")


async def test_a_quick_answer_skips_no_state(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """A call that rings, is answered and ends in one turn takes every state, in order, with every event."""
    coordinator = await coordinator_of(hass, fake_entry)
    open_page(hass)
    events, states = async_capture_events(hass, EVENT_PBX), written(hass)
    for state in (CallState.RINGING, CallState.TALKING, CallState.ENDED):
        coordinator.async_push(pushed("c1", state, final=state is CallState.ENDED))
    await turns(TURNS + 1)
    assert states == ["ringing", "talking", "idle"]
    assert [event.data["type"] for event in events] == ["call_incoming", "call_answered", "call_ended"]


async def test_a_poll_tells_at_once(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """What a poll brings waits for no page, and comes after what waits."""
    coordinator = await coordinator_of(hass, fake_entry)
    open_page(hass)
    coordinator.async_push(pushed("c1", CallState.RINGING))
    coordinator.async_update_listeners()
    assert hass.states.is_state(STATE, "ringing")


async def test_an_unloaded_account_tells_nothing_more(hass: HomeAssistant, fake_entry: MockConfigEntry) -> None:
    """What waits when an account is unloaded is told to nobody."""
    coordinator = await coordinator_of(hass, fake_entry)
    open_page(hass)
    events = async_capture_events(hass, EVENT_PBX)
    coordinator.async_push(pushed("c1", CallState.RINGING))
    await coordinator.async_shutdown()
    await turns(TURNS + 2)
    assert not events
    assert hass.states.is_state(STATE, "idle")


async def test_the_socket_sends_before_a_state_is_written(
    hass: HomeAssistant,
    fake_entry: MockConfigEntry,
    hass_ws_client: WebSocketGenerator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Home Assistant's own WebSocket has had its turns by then: the message travels alone."""
    coordinator = await coordinator_of(hass, fake_entry)
    order: list[str] = []
    send = WebSocketWriter.send_frame

    async def noted(self: WebSocketWriter, message: bytes, *args: Any, **more: Any) -> None:
        order.extend(["sent"] if b'"delta"' in bytes(message) else [])
        await send(self, message, *args, **more)

    monkeypatch.setattr(WebSocketWriter, "send_frame", noted)
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "pbx/subscribe"})
    for _ in range(3):  # the answer, the snapshot, what the user chose
        await client.receive_json()

    @callback
    def note(_event: Event[Any]) -> None:
        order.append("written")

    hass.bus.async_listen(EVENT_STATE_CHANGED, note)
    coordinator.async_push(pushed("c1", CallState.RINGING))
    await turns(TURNS + 1)
    assert order[0] == "sent"
    assert "written" in order
    assert (await client.receive_json())["event"]["type"] == "delta"


async def test_what_waits_is_told_once() -> None:
    """Whether its turns pass or something settles it, and also if both happen."""
    told: list[str] = []
    pages = PagesFirst(asyncio.get_running_loop())
    pages.async_wait(lambda: told.append("one"))
    pages.async_settle()
    pages.async_settle()
    assert told == ["one"]
    pages.async_wait(lambda: told.append("two"))  # the turns of the first do not count for it
    await turns(TURNS)
    assert told == ["one"]
    await turns(1)
    assert told == ["one", "two"]
    await turns(TURNS + 2)
    assert told == ["one", "two"]
