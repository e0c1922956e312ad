"""What happens in the examples of the page "I want to …", and what they do then."""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

from homeassistant.components import conversation, media_source
from homeassistant.core import Context, ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.pbx.coordinator import PbxCoordinator
from custom_components.pbx.phone_book.collection import async_get_phone_book
from custom_components.pbx.providers.voipstudio import provider as voipstudio
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState

from .fake_provider import Script, pushed
from .house import House
from .stories import (
    ANNA,
    NOTIFY,
    Play,
    Story,
    answer,
    hold,
    joins,
    message,
    miss,
    press,
    read_again,
    ring,
    talk,
    voicemail,
)

PRESSED = "2026-11-22T10:00:00+00:00"
KITCHEN = "media_player.kitchen"
APP = "notify.mobile_app_annas_phone"
MOBILE = "+447700900001"
SECOND = "+447700900002"


class FakeSwitch:
    """A phone system that can do everything, with one call at a time."""

    provider = "fake"

    def __init__(self, script: Script, coordinator: PbxCoordinator) -> None:
        """Follow a script, and push to an account."""
        self._script = script
        self._coordinator = coordinator

    def asked(self, name: str) -> list[tuple[Any, ...]]:
        """List with what a command was sent."""
        return self._script.arguments(name)

    def truth(self) -> list[Any]:
        """List no calls: none of them outlives its story."""
        return []

    async def ring(self, _caller: str, *extensions: str, name: str = "") -> str:
        """Let somebody call."""
        caller = m.Party(number="+390612345678", name=name)
        callee = m.Party(number="+390698765432")
        for extension in extensions:
            self._coordinator.async_push(pushed("c1", CallState.RINGING, extension, caller=caller, callee=callee))
        return "c1"

    async def answer(self, call_id: str, extension: str) -> None:
        """Let somebody pick up."""
        self._coordinator.async_push(pushed(call_id, CallState.TALKING, extension))


def touch(action: str, before: Play) -> Play:
    """Touch a button of the notification that came."""

    async def plot(house: House) -> None:
        await before(house)
        await house.until(lambda: house.carried_out(APP), "the notification")
        house.hass.bus.async_fire("mobile_app_notification_action", {"action": action})

    return plot


def listed(group: str, *numbers: str, before: Play) -> Play:
    """Have people in the phone book before something happens."""

    async def plot(house: House) -> None:
        book = async_get_phone_book(house.hass)
        await book.async_add({"name": "Bakery Schmidt", "numbers": list(numbers), "groups": [group]})
        await before(house)

    return plot


def after(passed: timedelta, before: Play) -> Play:
    """Let time pass after something happened."""

    async def plot(house: House) -> None:
        await before(house)
        async_fire_time_changed(house.hass, dt_util.utcnow() + passed)
        await house.settle()

    return plot


def keys(digits: str, *, by_caller: bool, caller: str | None = None) -> Play:
    """Let somebody press a key in a call."""

    async def plot(house: House) -> None:
        call = await house.ring(caller=caller)
        await house.answer(call)
        told = house.told().count("dtmf_received")
        if house.provider == "voipstudio":
            await house.simulator.press(call, digits, house.anna)
        else:
            await house.until(lambda: house.entry.runtime_data.health.streaming, "the socket that tells of keys")
            await (
                house.coordinator.async_refresh()
            )  # which knows the parts of the call by the names that the socket has
            await house.simulator.press(call, "" if by_caller else house.anna, digits)
        await house.until(lambda: house.told().count("dtmf_received") > told, "the key")

    return plot


async def dial_in_vain(house: House) -> None:
    """Let Anna call somebody, and give up."""
    call = await house.simulator.dial(house.anna, ANNA)
    await house.until(lambda: "call_outgoing" in house.told(), "the call")
    await house.hang_up(call)


def talk_at(extension: str) -> Play:
    """Let somebody call a phone, where it is picked up."""

    async def plot(house: House) -> None:
        await house.answer(await house.ring(extension, name="Bakery Schmidt"), extension)

    return plot


async def two_rings(house: House) -> None:
    """Let one call ring at two phones."""
    await house.ring("101", "102", name="Bakery Schmidt")
    await house.settle()


async def from_abroad(house: House) -> None:
    """Let somebody call from London."""
    await house.ring(caller="+442079460123")


async def to_the_garage(house: House) -> None:
    """Let the one number call the other one."""
    await house.ring()


async def say(house: House, text: str) -> None:
    """Say something to the built-in assistant."""
    await conversation.async_converse(house.hass, text, None, Context(), language="en")


async def say_it(house: House) -> None:
    """Say that there is no bread."""
    await say(house, "I need bread")


def automation_rests(house: House) -> bool:
    """Tell whether the automation does nothing any more."""
    return all(state.attributes["current"] == 0 for state in house.hass.states.async_all("automation"))


async def nobody_then_somebody(house: House) -> None:
    """Let the first not pick up, and the second do."""
    await press("binary_sensor.freezer", "off", "on")(house)
    await house.until(lambda: len(house.simulator.placed) == 1, "the first call")
    await house.simulator.hang_up(house.simulator.placed[0].call_id)
    await house.until(lambda: len(house.simulator.placed) == 2, "the second call")
    await house.simulator.answer(house.simulator.placed[1].call_id)
    await house.until(lambda: automation_rests(house), "the end of the automation")


async def new_message(house: House) -> None:
    """Let somebody leave a voicemail."""
    await house.simulator.voicemail_arrives("1001", "442079460123")
    with patch.object(voipstudio, "VOICEMAIL_EVERY", 0):  # it asks for that less often than for the rest
        await read_again(house)


async def unplugged(house: House) -> None:
    """Let Anna's phone go."""
    await house.simulator.unregister("sip101")
    await read_again(house)


async def parked_and_fetched(house: House) -> None:
    """Park a call, and fetch it elsewhere."""
    call = await house.ring()
    await house.answer(call)
    await press("input_button.park", PRESSED)(house)
    await house.until(lambda: house.simulator.asked("park"), "the parking")
    await press("input_button.fetch", PRESSED)(house)


async def recorded(house: House) -> None:
    """Record a call, and stop it."""
    await answer(house)
    await house.until(lambda: house.simulator.asked("start_recording"), "the recording")
    await press("input_button.stop_recording", PRESSED)(house)


async def browsing(house: House) -> None:
    """Have a voicemail, and a player that can look through media as Home Assistant's own do."""
    hass = house.hass
    await new_message(house)

    async def browse(call: ServiceCall) -> ServiceResponse:
        found = await media_source.async_browse_media(hass, call.data["media_content_id"])
        return {KITCHEN: found.as_dict()}

    hass.services.async_register("media_player", "browse_media", browse, supports_response=SupportsResponse.ONLY)


async def at_the_door(house: House) -> None:
    """Talk with whoever is at the door, and press the button."""
    await answer(house)
    await press("input_button.door", PRESSED)(house)


async def to_write_to(house: House) -> None:
    """Have somebody in the phone book who is marked for text messages."""
    book = async_get_phone_book(house.hass)
    await book.async_add({"name": "Anna Schmidt", "numbers": [MOBILE], "messages": True})
    await house.hass.async_block_till_done()


def written(number: str, text: str, house: House) -> bool:
    """Tell whether the phone system was given this one message to send."""
    rows = house.simulator.sms.rows.values()
    return [(row["to"], row["message"]) for row in rows] == [(number.removeprefix("+"), text)]


def done(action: str, **data: Any) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """Name the only action that is expected."""
    return ((action, data),)


def over(house: House) -> bool:
    """Tell whether the phone system has no call any more."""
    return not house.simulator.truth()


def placed(source: str, destination: str, house: House) -> bool:
    """Tell whether the phone system was asked for exactly this call."""
    return [(call.source, call.destination) for call in house.simulator.placed] == [(source, destination)]


def announced(*numbers: str) -> Any:
    """Make what tells whether the phone system was asked to speak to these numbers, in order."""

    def check(house: House) -> bool:
        called = [call.destination[-9:] for call in house.simulator.placed]
        return called == [number[-9:] for number in numbers]

    return check


def rings_at(extension: str, house: House) -> bool:
    """Tell whether a call rings at a phone."""
    return any(leg.extension == extension for call in house.simulator.truth() for leg in call.legs)


def asked(*names: str) -> Any:
    """Make what tells whether the phone system was asked for all of these."""

    def check(house: House) -> bool:
        return all(house.simulator.asked(name) for name in names)

    return check


def state(entity_id: str, expected: str, house: House) -> bool:
    """Tell whether an entity is in a state."""
    found = house.hass.states.get(entity_id)
    return found is not None and found.state == expected


def said(text: str, times: int = 1) -> Any:
    """Make what tells whether a notification was sent as often as expected."""

    def check(house: House) -> bool:
        return [data["message"] for data in house.carried_out(NOTIFY)] == [text] * times

    return check


def told_steps(house: House) -> bool:
    """Tell whether the notifications tell the call from its beginning to its end."""
    steps = ["Call from Bakery Schmidt", "They talk", "The call is over"]
    return [data["message"] for data in house.carried_out(NOTIFY)] == steps


WISHES: Mapping[str, Story] = {
    # Know who calls
    "hang up from the notification": Story(
        plot=touch("PBX_HANG_UP", ring()),
        does=((APP, {"message": "Bakery Schmidt calls"}), ("pbx.hangup", {"expected_state": "ringing"})),
        then=over,
    ),
    "have the notification go when the call is over": Story(
        at_first=ring(), plot=miss(), does=done(APP, message="clear_notification", data={"tag": "call"})
    ),
    "hear of a call at any of several phones, once": Story(
        at_first=ring("103"), plot=two_rings, does=done(NOTIFY), then=said("Bakery Schmidt calls the office.")
    ),
    "know when a colleague's phone rings, and when it is picked up": Story(
        at_first=ring(),
        plot=talk_at("102"),
        does=done(NOTIFY, message="Luca's phone was picked up."),
    ),
    "be told every step of a call: rings, dials, talks, is over": Story(
        at_first=ring("102"), plot=talk, does=done(NOTIFY), then=told_steps
    ),
    "know where a caller is from": Story(
        at_first=ring(), plot=from_abroad, does=done(NOTIFY, message="A call from GB.")
    ),
    "answer the door phone from the notification, or decline": Story(
        at_first=ring(caller="442079460999"),
        plot=touch("PBX_ANSWER", ring()),
        does=((APP, {}), ("pbx.answer", {"expected_state": "ringing"})),
        then=lambda house: [call.state for call in house.simulator.truth()] == ["talking"],
    ),
    # See what was
    "keep a list of missed calls, with names": Story(
        at_first=talk,
        plot=miss(),
        does=done("persistent_notification.create", title="1 missed calls", message="- Bakery Schmidt"),
    ),
    "show the calls on an e-paper display": Story(
        plot=miss(), does=done("esphome.hallway_show_calls", lines="Bakery Schmidt: missed")
    ),
    "ask for the missed calls of a week": Story(before=miss(), does=done(NOTIFY, message=f"Missed: {ANNA}")),
    "count the calls of the last 24 hours": Story(
        plot=after(timedelta(minutes=15), talk), does=(), then=partial(state, "sensor.calls_in_a_day", "1")
    ),
    "know how long it rang, and how long we talked": Story(
        at_first=miss(), plot=talk, does=done(NOTIFY, message="Rang 0 s, talked 0 s")
    ),
    "act only on calls that ended in a certain way": Story(
        at_first=talk, plot=dial_in_vain, does=done("todo.add_item", item=f"Call {ANNA} again")
    ),
    # People and numbers
    "give a number a name of my own": Story(
        does=done("pbx.add_to_phone_book"),
        then=lambda house: async_get_phone_book(house.hass).find(ANNA, "DE").name == "Bakery",  # type: ignore[union-attr]
    ),
    "let important people get through": Story(
        at_first=ring(),
        plot=listed("vip", ANNA, before=ring()),
        does=(("media_player.volume_set", {}), ("tts.speak", {"message": "Bakery Schmidt is calling."})),
    ),
    "get rid of spam callers": Story(
        at_first=ring(), plot=listed("blocked", ANNA, before=ring()), does=done("pbx.hangup"), then=over
    ),
    "act on all numbers that begin alike": Story(
        at_first=ring(caller="+493124125101"), plot=ring(), does=done("light.turn_on")
    ),
    "look up whose number it is": Story(
        states={"input_text.number": ANNA},
        before=listed("family", ANNA, before=ring()),
        does=done(NOTIFY, message="Bakery Schmidt"),
    ),
    "act when one number calls another one": Story(
        at_first=ring(caller="+390655502999"), plot=to_the_garage, does=done("cover.open_cover")
    ),
    # Pass calls on
    "pass a call on that nobody picks up": Story(
        at_first=answer,
        plot=after(timedelta(seconds=31), ring()),
        does=done("pbx.transfer", number="104"),
        then=partial(rings_at, "104"),
    ),
    "send calls elsewhere outside office hours": Story(
        states={"schedule.office_hours": "off"},
        plot=ring(),
        does=done("pbx.transfer", number="104"),
        then=partial(rings_at, "104"),
    ),
    "know what one phone of a group has missed": Story(
        at_first=miss("102"), plot=miss("101", "102"), does=done("light.turn_on")
    ),
    "turn a caller away as if the line were busy": Story(
        at_first=ring(), plot=ring(caller="+493023125777"), does=done("pbx.hangup", cause="USER_BUSY"), then=over
    ),
    "end a call that lasts too long": Story(
        at_first=after(timedelta(minutes=59), answer),
        plot=after(timedelta(minutes=61), answer),
        does=done("pbx.hangup"),
        then=over,
    ),
    "show that somebody is on hold": Story(
        at_first=answer, plot=hold(over=True), does=(("light.turn_on", {}), ("light.turn_off", {}))
    ),
    "park a call, and fetch it at another phone": Story(
        plot=parked_and_fetched,
        does=(("pbx.park", {}), ("pbx.retrieve", {"extension": "102"})),
        then=asked("park", "retrieve"),
    ),
    "switch the answering machine on and off": Story(
        states={"input_boolean.answering_machine": "off"},
        plot=press("input_boolean.answering_machine", "on"),
        does=done("text.set_value", value="*101"),
        then=lambda house: house.simulator.asked("set_forwarding") == [("101", "*101")],
    ),
    # Doors
    "open the gate with a key, but only if the caller pressed it": Story(
        at_first=listed("family", ANNA, before=keys("5", by_caller=False)),
        plot=keys("5", by_caller=True),
        does=done("cover.open_cover"),
    ),
    "see which key was pressed": Story(
        plot=keys("9", by_caller=True), does=done("input_text.set_value", value="Key 9")
    ),
    "press the door opener's key for me": Story(plot=at_the_door, does=done("pbx.send_dtmf", digits="9")),
    # Call out
    "call a customer, who sees the number of the shop": Story(
        does=done("pbx.click_to_call"), then=partial(placed, "101", "+493023125102")
    ),
    "call a colleague under another name": Story(
        does=done("pbx.originate", caller_id_name="Shop"), then=partial(placed, "101", "102")
    ),
    "say whom to call": Story(plot=say_it, does=done("pbx.originate"), then=partial(placed, "101", ANNA)),
    # Be phoned
    "be called when a window is left open": Story(
        states={"binary_sensor.window": "off"},
        at_first=after(timedelta(minutes=9), press("binary_sensor.window", "on")),
        plot=after(timedelta(minutes=11), press("binary_sensor.window", "off", "on")),
        does=done("pbx.announce"),
        then=announced(MOBILE),
    ),
    "be called when the garage is left open": Story(
        states={"cover.garage": "closed"},
        plot=after(timedelta(minutes=11), press("cover.garage", "open")),
        does=done("pbx.announce"),
        then=announced(MOBILE),
    ),
    "be called in an alarm, for 15 seconds, before a mailbox picks up": Story(
        states={"alarm_control_panel.house": "armed_away"},
        plot=after(timedelta(seconds=20), press("alarm_control_panel.house", "triggered")),
        does=done("pbx.announce", ring_timeout=15),
        then=announced(MOBILE),
    ),
    "call one person after the other until somebody picks up": Story(
        plot=nobody_then_somebody, does=done("pbx.announce", number=f"tel:{SECOND}"), then=announced(MOBILE, SECOND)
    ),
    "tell several people the same": Story(does=done("pbx.announce"), then=announced(MOBILE, SECOND)),
    # Messages
    "send a text message that I type on a dashboard": Story(
        states={"input_text.number": MOBILE, "input_text.message": "Bread, please."},
        plot=press("input_button.send", PRESSED),
        does=done("pbx.send_sms", message="Bread, please."),
        then=partial(written, MOBILE, "Bread, please."),
    ),
    "notify somebody by a text message": Story(
        before=to_write_to,
        does=done("notify.send_message"),
        then=partial(written, MOBILE, "Dinner is ready."),
    ),
    "get alarms as text messages": Story(
        states={"binary_sensor.cellar": "off"},
        plot=press("binary_sensor.cellar", "on"),
        does=done("notify.send_message", title="Alarm"),
        then=partial(written, MOBILE, "Alarm\nThere is water in the cellar."),
    ),
    "get text messages as notifications": Story(
        plot=message, does=done(NOTIFY, title=f"From {MOBILE}", message="The parcel is here.")
    ),
    "see that there is voicemail": Story(plot=new_message, does=done("light.turn_on")),
    "be told at once who left a message": Story(
        plot=voicemail, does=done(NOTIFY, message="Giulia Bianchi left a message.")
    ),
    "listen to voicemail in the media browser": Story(before=browsing, does=done("media_player.play_media")),
    "record a call, and stop again": Story(
        plot=recorded,
        does=(("pbx.start_recording", {"filename": "complaint.wav"}), ("pbx.stop_recording", {})),
        then=asked("start_recording", "stop_recording"),
    ),
    # Phones, agents, queues
    "know when a phone is no longer connected": Story(
        plot=unplugged, does=done(NOTIFY, message="Anna's phone has lost its connection.")
    ),
    "count the phones that are connected": Story(
        plot=unplugged, does=(), then=partial(state, "sensor.connected_phones", "4")
    ),
    "know when somebody joins or leaves a queue": Story(
        at_first=joins("601", "1002", joined=False),
        plot=joins("602", "1002", joined=True),
        does=done(NOTIFY, message="Somebody joined the sales queue."),
    ),
    "have the phone leave me alone at night": Story(
        states={"input_boolean.night": "off"},
        plot=press("input_boolean.night", "on"),
        does=done("switch.turn_on"),
        then=lambda house: house.simulator.asked("set_dnd") == [("101", True)],
    ),
    "send a command of the manager interface": Story(
        does=done("pbx.raw_action", name="QueueReload"), then=asked("raw_action")
    ),
}
