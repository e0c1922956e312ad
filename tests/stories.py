"""What happens in the examples of the documentation, and what they do then."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.pbx.phone_book.collection import async_get_phone_book
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.events import Event
from custom_components.pbx.telephony.models import CallState, Direction

from .house import House

type Play = Callable[[House], Awaitable[None]]


def always(_house: House) -> bool:
    """Expect no more than what was done."""
    return True


async def nothing(_house: House) -> None:
    """Let nothing happen."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """What happens in an example, and what it does then; an automation does nothing before `at_first` is over.

    What happens `before` is over when the example begins. What becomes of it at the phone system is told by `then`.
    """

    does: tuple[tuple[str, Mapping[str, Any]], ...]
    plot: Play = nothing
    before: Play = nothing
    at_first: Play | None = None
    states: Mapping[str, str] = field(default_factory=dict)
    then: Callable[[House], object] = always


def ring(*extensions: str, caller: str | None = None, name: str = "Bakery Schmidt") -> Play:
    """Let somebody call."""

    async def plot(house: House) -> None:
        await house.ring(*extensions, caller=caller, name=name)

    return plot


def miss(*extensions: str, name: str = "Bakery Schmidt") -> Play:
    """Let somebody call in vain."""

    async def plot(house: House) -> None:
        await house.hang_up(await house.ring(*extensions, name=name))

    return plot


async def answer(house: House) -> None:
    """Let somebody call, and Anna pick up."""
    await house.answer(await house.ring(name="Bakery Schmidt"))


async def talk(house: House) -> None:
    """Let somebody call, and talk with Anna for a moment."""
    call = await house.ring(name="Bakery Schmidt")
    await house.answer(call)
    await house.hang_up(call)


async def ring_for_long(house: House) -> None:
    """Let it ring until somebody else takes the call."""
    await house.ring(name="Bakery Schmidt")
    async_fire_time_changed(house.hass, dt_util.utcnow() + timedelta(seconds=21))
    await house.settle()


def hold(*, over: bool = False) -> Play:
    """Let Anna put a caller on hold, and perhaps talk again."""

    async def plot(house: House) -> None:
        call = await house.ring(name="Bakery Schmidt")
        await house.answer(call)
        held = house.told().count("call_held")
        await house.simulator.hold(call, "101")
        await house.until(lambda: house.told().count("call_held") > held, "the pause")
        if over:
            resumed = house.told().count("call_resumed")
            await house.simulator.resume(call, "101")
            await house.until(lambda: house.told().count("call_resumed") > resumed, "the end of the pause")

    return plot


async def passed_on(house: House) -> None:
    """Let Anna give a caller to somebody else."""
    call = m.Call(
        id="passed on",
        state=CallState.TALKING,
        direction=Direction.INCOMING,
        caller=m.Party(number=ANNA, name="Bakery Schmidt"),
        legs=(m.Leg(id="leg", state=CallState.TALKING, extension="101"),),
    )
    event = Event(
        type=m.EventType.CALL_TRANSFERRED,
        provider_event="transfer",
        time=dt_util.utcnow(),
        call=call,
        extension="101",
        tell=("101",),
        fields={"transferred_to": "103"},
    )
    house.coordinator.events.async_tell(event)


async def it_was_voicemail(house: House) -> None:
    """Let the phone system say later that a caller who was missed had left a message."""
    call = m.Call(
        id="late",
        state=CallState.ENDED,
        direction=Direction.INCOMING,
        caller=m.Party(number=ANNA, name="Bakery Schmidt"),
        outcome=m.Outcome.VOICEMAIL,
    )
    event = Event(
        type=m.EventType.CALL_CORRECTED,
        provider_event="history",
        time=dt_util.utcnow(),
        call=call,
        fields={"outcome_before": "missed"},
    )
    house.coordinator.events.async_tell(event)


async def important(house: House) -> None:
    """Let somebody call whom the phone book has among the important ones."""
    book = async_get_phone_book(house.hass)
    await book.async_add({"name": "Bakery Schmidt", "numbers": [ANNA], "groups": ["VIP"]})
    await house.ring(caller=ANNA)


async def talk_long(house: House) -> None:
    """Let Anna talk for more than half an hour."""
    call = await house.ring()
    await house.answer(call)
    now = dt_util.utcnow
    with patch.object(dt_util, "utcnow", lambda: now() + timedelta(minutes=31)):
        await house.hang_up(call)


def press(entity_id: str, *states: str) -> Play:
    """Let an entity of Home Assistant take some states."""

    async def plot(house: House) -> None:
        for state in states:
            house.hass.states.async_set(entity_id, state)
            await house.settle()

    return plot


def fire(event: str, before: Play | None = None) -> Play:
    """Let something happen in Home Assistant, perhaps after something else."""

    async def plot(house: House) -> None:
        if before is not None:
            await before(house)
        house.hass.bus.async_fire(event)
        await house.settle()

    return plot


async def read_again(house: House) -> None:
    """Look at the directory now."""
    house.coordinator.async_reread_directory()
    await house.coordinator.async_refresh()
    await house.settle()


def joins(number: str, extension: str, *, joined: bool) -> Play:
    """Let an agent join or leave a queue by phone."""

    async def plot(house: House) -> None:
        await house.simulator.agent(number, extension, joined=joined)
        await read_again(house)

    return plot


async def agent_button(house: House) -> None:
    """Let Anna press the agent button of the browser phone, and press it again later."""
    await house.simulator.toggle_agent("101")
    await house.until(lambda: "agent_logged_in" in house.told(), "the login")
    await house.simulator.toggle_agent("101")


async def follow_own_call(house: House) -> None:
    """Let a call end whose id was kept, which looks like a number."""
    call = await house.ring()
    house.hass.states.async_set("input_text.my_call", house.events[0].data["call_id"])
    await house.answer(call)
    await house.hang_up(call)


async def touch_hang_up(house: House) -> None:
    """Touch the button of the notification while a group rings: only the own phone stops."""
    call = await house.ring("101", "102", name="Bakery Schmidt")
    await house.until(lambda: house.done, "the notification")
    (button,) = house.done[0].data["data"]["actions"]
    house.hass.bus.async_fire("mobile_app_notification_action", {"action": button["action"]})

    def ringing() -> list[str]:
        """Return the phones that ring."""
        return [leg.extension for up in house.simulator.truth() for leg in up.legs if leg.extension]

    await house.until(lambda: ringing() == ["102"], "silence at the own phone")
    await house.hang_up(call)


async def pause_and_resume(house: House) -> None:
    """Talk while music plays."""
    call = await house.ring()
    await house.answer(call)
    await house.until(lambda: house.done, "the pause")
    await house.hang_up(call)


def press_nine(caller: str | None = None) -> Play:
    """Press a key in a call."""

    async def plot(house: House) -> None:
        call = await house.ring(caller=caller)
        await house.answer(call)
        await house.simulator.press(call, "9", house.anna)

    return plot


async def placed_and_picked_up(house: House) -> None:
    """Press the button, and let both sides pick up."""
    await press("input_button.bakery", "2026-11-22T10:00:00+00:00")(house)
    await house.until(lambda: house.simulator.placed, "the call")
    call = house.simulator.placed[0].call_id
    await house.simulator.answer(call, "101")
    await house.simulator.answer(call)
    await house.coordinator.async_refresh()


async def call_the_bakery(house: House) -> None:
    """Let Anna call the bakery."""
    await house.simulator.dial(house.anna, ANNA)
    await house.until(lambda: "call_outgoing" in house.told(), "the call")


def takes_a_break(*, over: bool) -> Play:
    """Let Petr take a break by phone, and come back from it."""

    async def plot(house: House) -> None:
        await house.simulator.agent_pause("1000")
        await read_again(house)
        if over:
            await house.simulator.agent_unpause("1000")
            await read_again(house)

    return plot


async def place(house: House) -> None:
    """Press the button."""
    await press("input_button.bakery", "2026-11-22T10:00:00+00:00")(house)
    await house.until(lambda: house.simulator.placed, "the call")


async def at_the_office(house: House) -> None:
    """Let Anna, who has left the queue, come to the office."""
    queue = next(queue for queue in house.simulator.queues.values() if queue.number == 601)
    await joins("601", "1001", joined=False)(house)
    await press("person.anna", "home", "Office")(house)
    await house.until(lambda: queue.members[10002], "the login")


def wait_in_queue(callers: int, seconds: float = 0) -> Play:
    """Let callers wait."""

    async def plot(house: House) -> None:
        for number in range(callers):
            await house.simulator.ring_queue(f"+42022233360{number}", "podpora")
        house.simulator.clock = lambda: time.time() + seconds
        await read_again(house)

    return plot


async def in_the_evening(house: House) -> None:
    """Let it become six o'clock after one call."""
    await talk(house)
    house.events.clear()
    async_fire_time_changed(house.hass, dt_util.start_of_local_day() + timedelta(days=1, hours=18))


async def warm_freezer(house: House) -> None:
    """Let the freezer get warm."""
    await press("sensor.freezer", "-5")(house)
    await house.until(lambda: house.simulator.placed, "the call")


async def message(house: House) -> None:
    """Let a text message arrive."""
    await house.simulator.sms_arrives("447700900001", "The parcel is here.")


async def voicemail(house: House) -> None:
    """Let a caller leave a message."""
    await house.simulator.leave_voicemail(await house.ring(name="Giulia Bianchi"))


async def send_fax(house: House) -> None:
    """Let a fax go out."""
    await house.simulator.fax("+390655501000", "+390655502001", direction="outbound")


async def fax(house: House) -> None:
    """Let a fax arrive."""
    await house.simulator.fax("+390655502001", "+390655501000", pages=2)


NOTIFY = "notify.notify"
ANNA = "+493023125101"
STORIES: Mapping[str, Story] = {
    # README
    "Say who is calling": Story(plot=ring(), does=(("tts.speak", {"message": "Call from Bakery Schmidt"}),)),
    # events
    "Somebody calls extension 101": Story(plot=ring(), does=((NOTIFY, {"message": "Bakery Schmidt"}),)),
    "The call that was placed is over": Story(plot=follow_own_call, does=((NOTIFY, {"message": "The call is over."}),)),
    # triggers
    "Somebody known calls Anna": Story(
        at_first=ring("102"), plot=ring("101"), does=((NOTIFY, {"message": "Bakery Schmidt calls."}),)
    ),
    "Anna calls the bakery": Story(
        at_first=ring(),
        plot=call_the_bakery,
        does=((NOTIFY, {"message": f"call from Anna Keller (101) to {ANNA} was placed"}),),
    ),
    "Key 9 opens the garage for Giulia": Story(
        at_first=press_nine("442079460999"), plot=press_nine(), does=(("cover.open_cover", {}),)
    ),
    "The parcel service writes": Story(plot=message, does=((NOTIFY, {"message": "The parcel is here."}),)),
    "Somebody spoke to the mailbox": Story(
        plot=voicemail, does=((NOTIFY, {"message": "Message from Giulia Bianchi"}),)
    ),
    "A fax is in the tray": Story(plot=fax, does=((NOTIFY, {"message": "2 pages from +390655502001"}),)),
    "A fax has gone out": Story(
        plot=send_fax, does=((NOTIFY, {"message": "The fax to +390655502001 is on its way."}),)
    ),
    "A call was written down": Story(plot=talk, does=((NOTIFY, {"message": "Bakery Schmidt: answered"}),)),
    "A recording can be heard": Story(
        plot=talk, does=((NOTIFY, {"message": "The call from Bakery Schmidt can be heard."}),)
    ),
    "Petr takes a break": Story(
        plot=takes_a_break(over=False), does=((NOTIFY, {"message": "agent Petr Novák paused"}),)
    ),
    "Petr is back": Story(
        at_first=takes_a_break(over=False),
        plot=takes_a_break(over=True),
        does=((NOTIFY, {"message": "agent Petr Novák went on"}),),
    ),
    "The support line was answered": Story(plot=answer, does=((NOTIFY, {"message": f"101 talks to {ANNA}."}),)),
    "Nobody answered": Story(at_first=talk, plot=miss(), does=((NOTIFY, {"message": "Missed: Bakery Schmidt"}),)),
    "A long call is over": Story(
        at_first=talk, plot=talk_long, does=((NOTIFY, {"message": "Time for a glass of water."}),)
    ),
    "Somebody takes calls": Story(
        at_first=joins("601", "1002", joined=False),
        plot=joins("602", "1002", joined=True),
        does=((NOTIFY, {"message": "agent Jonas Lindqvist logged in"}),),
    ),
    "Anna goes home": Story(plot=agent_button, does=(("light.turn_off", {"entity_id": ["light.desk"]}),)),
    "The reception takes over": Story(
        at_first=ring("102"), plot=ring_for_long, does=(("pbx.transfer", {"number": "104"}),)
    ),
    "Do not forget the caller": Story(
        at_first=answer, plot=hold(), does=((NOTIFY, {"message": "Bakery Schmidt waits."}),)
    ),
    "The caller waits no more": Story(
        at_first=hold(), plot=hold(over=True), does=((NOTIFY, {"message": "Bakery Schmidt waits no more."}),)
    ),
    "Somebody passed a call on": Story(
        at_first=answer, plot=passed_on, does=((NOTIFY, {"message": "Bakery Schmidt was passed on to 103."}),)
    ),
    "It was a message after all": Story(
        at_first=miss(), plot=it_was_voicemail, does=((NOTIFY, {"message": "Bakery Schmidt left a message."}),)
    ),
    # conditions
    "Louder for somebody important": Story(
        at_first=ring(), plot=important, does=(("media_player.volume_set", {"volume_level": 0.8}),)
    ),
    "Vacuum only while nobody talks": Story(
        at_first=fire("time_to_clean", ring()),
        plot=fire("time_to_clean"),
        does=(("vacuum.start", {"entity_id": ["vacuum.office"]}),),
    ),
    "Pause the film with the remote while it rings": Story(
        at_first=fire("remote_pressed"),
        plot=fire("remote_pressed", ring()),
        does=(("media_player.media_pause", {"entity_id": ["media_player.kitchen"]}),),
    ),
    "No doorbell in the office during a call": Story(
        at_first=fire("doorbell_pressed", answer),
        plot=fire("doorbell_pressed"),
        does=(("media_player.play_media", {"entity_id": ["media_player.kitchen"]}),),
    ),
    "Remind those who could take calls": Story(
        plot=fire("time_to_check"), does=((NOTIFY, {"message": "Petr is available."}),)
    ),
    "Many callers wait": Story(
        at_first=fire("time_to_check", wait_in_queue(1)),
        plot=fire("time_to_check", wait_in_queue(2)),
        does=((NOTIFY, {"message": "2 callers wait."}),),
    ),
    # automations
    "Call back at once": Story(
        plot=miss(), does=(("pbx.click_to_call", {"extension": "101", "number": f"tel:{ANNA}"}),)
    ),
    "Show Anna who is calling": Story(
        plot=touch_hang_up,
        does=(
            ("notify.mobile_app_annas_phone", {"title": "Call for Anna Keller", "message": "Bakery Schmidt"}),
            ("pbx.hangup", {"expected_state": "ringing"}),
        ),
    ),
    "Missed calls stay on the screen": Story(
        plot=miss(), does=(("persistent_notification.create", {"title": "Missed call"}),)
    ),
    "My mother gets through at night": Story(
        states={"input_boolean.night": "on"},
        at_first=ring(),
        plot=ring("102", caller="+493023125102"),
        does=(
            ("media_player.volume_set", {"volume_level": 0.6}),
            ("tts.speak", {"message": "My mother is calling."}),
        ),
    ),
    "No surveys": Story(
        at_first=ring("102"),
        plot=ring(caller="+493023125777"),
        does=(("pbx.hangup", {"cause": "CALL_REJECTED"}),),
    ),
    "Pass calls on to the mobile phone": Story(
        states={"person.anna": "not_home"}, plot=ring(), does=(("pbx.transfer", {"number": "tel:+4915112345678"}),)
    ),
    "Red light at the door while Anna talks": Story(
        plot=talk, does=(("light.turn_on", {"rgb_color": [255, 0, 0]}), ("light.turn_off", {}))
    ),
    "Quiet while somebody talks": Story(
        states={"media_player.kitchen": "playing"},
        plot=pause_and_resume,
        does=(("media_player.media_pause", {}), ("media_player.media_play", {})),
    ),
    "Key 9 opens the gate": Story(plot=press_nine(), does=(("cover.open_cover", {"entity_id": ["cover.gate"]}),)),
    "Phone me when the freezer gets warm": Story(
        states={"sensor.freezer": "-18"},
        plot=warm_freezer,
        does=(("pbx.announce", {"message": "The freezer has -5 degrees."}),),
    ),
    "The big button calls the bakery": Story(
        states={"input_button.bakery": "unknown"}, plot=place, does=(("pbx.originate", {"number": f"tel:{ANNA}"}),)
    ),
    "Did the bakery pick up?": Story(
        states={"input_button.bakery": "unknown"}, plot=placed_and_picked_up, does=((NOTIFY, {"message": "Picked up"}),)
    ),
    "Anna takes calls while she is at the office": Story(
        plot=at_the_office, does=(("pbx.agent_login", {"queue": "Support"}),)
    ),
    "Somebody waits for a minute": Story(
        at_first=wait_in_queue(1),
        plot=wait_in_queue(1, 75),
        does=((NOTIFY, {"message": "1 callers wait in podpora."}),),
    ),
    "How many calls there were": Story(plot=in_the_evening, does=((NOTIFY, {"message": "1 calls today, 0 missed"}),)),
    "Hand on text messages": Story(
        plot=message, does=((NOTIFY, {"title": "From +447700900001", "message": "The parcel is here."}),)
    ),
    "A message was left": Story(plot=voicemail, does=((NOTIFY, {"message": "Giulia Bianchi left a message."}),)),
    "A fax came in": Story(plot=fax, does=((NOTIFY, {}),)),
    # migration
    "Call the office while Anna's phone rings": Story(
        plot=ring(), does=(("pbx.originate", {"extension": "104", "number": "105"}),)
    ),
    "Hang up on strangers": Story(at_first=ring("102"), plot=ring(name=""), does=(("pbx.hangup", {}),)),
    "Anna has left the queue": Story(
        at_first=joins("602", "1003", joined=False),
        plot=joins("601", "1001", joined=False),
        does=((NOTIFY, {"message": "Anna has left the queue."}),),
    ),
    "Tell of missed calls": Story(plot=miss(), does=((NOTIFY, {"message": "Missed: Bakery Schmidt"}),)),
}
OTHERS = (
    "cover.open_cover",
    "esphome.hallway_show_calls",
    "input_text.set_value",
    "light.turn_off",
    "light.turn_on",
    "media_player.media_pause",
    "media_player.media_play",
    "media_player.play_media",
    "media_player.volume_set",
    "notify.mobile_app_annas_phone",
    "notify.notify",
    "persistent_notification.create",
    "todo.add_item",
    "tts.speak",
    "vacuum.start",
)
