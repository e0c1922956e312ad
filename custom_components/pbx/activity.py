"""What Home Assistant keeps of an event: the little that Activity tells of it, years later too.

`pbx_event` has all that is known, several times for each call, and the recorder would keep all of
it. So the recorder is asked to leave it out, and to keep `pbx_activity` instead.
"""

import re
from collections.abc import Mapping
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.recorder import get_instance

from .const import DOMAIN, EVENT_PBX
from .registry.announcements import CALLEE, CALLER
from .telephony.models import Direction, EventType, Outcome
from .wording import Wording, is_placed_by

RECORDER = "recorder"
MINUTE = 60  # seconds
TALKED = "talked"  # how a call is told that ended after somebody talked
ISOLATE, END = "\u2068", "\u2069"
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff]")
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
# Whoever reads that somebody talked, and since when and for how long, knows who answered and when.
# That a record or a recording is there is shown with the call.
UNTOLD = frozenset(
    {
        EventType.CALL_ANSWERED,
        EventType.CALL_RECORD,
        EventType.RECORDING_READY,
        EventType.UNKNOWN,
    }
)
OF_AGENTS = frozenset(
    {
        EventType.AGENT_LOGGED_IN,
        EventType.AGENT_LOGGED_OUT,
        EventType.AGENT_PAUSED,
        EventType.AGENT_UNPAUSED,
        EventType.AGENT_WRAP_UP,
    }
)
SAME = (
    "device_id",
    "entity_id",
    "direction",
    "outcome",
    "outcome_before",
    "digits",
)
HIDDEN_NUMBER = "hidden_number"
HIDDEN_WITH = "hidden_number_with"
# What a caller who hides the number is called behind a "with" or a "from", which changes it in many
# languages.
HIDDEN: Mapping[str, str] = {
    **dict.fromkeys(
        (
            EventType.CALL_HELD,
            EventType.CALL_RESUMED,
            EventType.CALL_TRANSFERRED,
            EventType.CALL_ENDED,
            EventType.CALL_CORRECTED,
            TALKED,
        ),
        HIDDEN_WITH,
    ),
    **dict.fromkeys(
        (EventType.VOICEMAIL_RECEIVED, EventType.FAX_RECEIVED, EventType.SMS_RECEIVED),
        "hidden_number_from",
    ),
}
UNKNOWN_CALLED = "unknown_number_called"
UNKNOWN_WITH = "unknown_number_with"
# Nothing has to be said of how a call ended that was answered, or of which nobody knows.
UNSAID = frozenset({"", Outcome.ANSWERED, Outcome.UNKNOWN})


@callback
def async_spare_recorder(hass: HomeAssistant) -> None:
    """Have the recorder leave out `pbx_event`, as its option `exclude` would."""
    if RECORDER in hass.config.components:
        get_instance(hass).exclude_event_types.add(EVENT_PBX)


def activity_data(
    event: Mapping[str, Any], agent: str, wording: Wording, *, phone: str = ""
) -> dict[str, Any]:
    """Return what is kept of an event: who, at which phone, how it ended and how long it lasted.

    `event` are the data of a `pbx_event`, `agent` is the agent's name, and `phone` the name that
    a person gave the phone here, if any. Numbers are masked where the user wants that. What is
    unknown is absent.
    """
    kept: dict[str, Any] = {"type": event["type"]}
    kept |= {name: event[name] for name in SAME if name in event}
    calls = is_placed_by(
        event.get("extension"), event.get("direction"), event.get("from_number", "")
    )
    other, own = ("to", "from") if calls else ("from", "to")
    name = wording.name(str(event.get(f"{other}_name", "")))
    number = wording.number(str(event.get(f"{other}_number", "")))
    where = _where(event, other, masked=wording.masked)
    phone = (
        phone
        or str(event.get("extension_name", ""))
        or str(event.get("extension", ""))
        or wording.name(str(event.get(f"{own}_name", "")))
        or wording.number(str(event.get(f"{own}_number", "")))
        or str(event.get("queue", ""))
    )
    if event.get("pressed_by") == (CALLER if calls else CALLEE):
        name, number, where = phone, "", ""
    words = {
        "name": name,
        "number": number,
        "phone": phone,
        "agent": agent or event.get("agent"),
        "where": where,
        "transferred_to": wording.name(str(event.get("transferred_to", ""))),
        "duration": round(event.get("duration", 0)),
    }
    return kept | {name: value for name, value in words.items() if value}


def sentence(texts: Mapping[str, str], data: Mapping[str, Any]) -> str:
    """Return what happened as a sentence; `texts` are the translations of the integration."""
    key = str(data.get("type"))
    if key == EventType.CALL_ENDED and "duration" in data:
        key = TALKED
    other = str(data.get("name") or data.get("number") or _nobody(texts, key, data))
    where, about_agent = data.get("where"), key in OF_AGENTS
    outcome = str(data.get("outcome", ""))
    words = {
        "other": other if about_agent else _within(other, where),
        "outcome": _word(texts, f"outcome_{outcome}"),
        "before": _word(texts, f"outcome_{data.get('outcome_before')}"),
        "phone": data.get("phone", ""),
        "target": data.get("transferred_to", ""),
        "duration": _length(data.get("duration", 0)),
        "digits": data.get("digits", ""),
        "agent": data.get("agent", ""),
    }
    text = _word(texts, f"activity_{key}") or key
    told = _PLACEHOLDER.sub(lambda found: together(str(words.get(found[1], "")), text), text)
    if about_agent:
        told = _within(told, where)
    elif key == EventType.CALL_ENDED and outcome not in UNSAID:
        told = _within(told, words["outcome"])
    return " ".join(told.split())


def _nobody(texts: Mapping[str, str], key: str, data: Mapping[str, Any]) -> str:
    """Return what somebody is called of whom no name and number is known, as a sentence wants it.

    Who calls hides it; who is called does not, but the phone system may not tell.
    """
    kind = HIDDEN.get(key, HIDDEN_NUMBER)
    if data.get("direction") == Direction.OUTGOING or key == EventType.FAX_SENT:
        kind = UNKNOWN_WITH if kind == HIDDEN_WITH else UNKNOWN_CALLED
    return _word(texts, kind)


def together(word: str, among: str) -> str:
    """Return a word as it is, or so that it stays together among Arabic words.

    A number would have its plus at the other end.
    """
    return f"{ISOLATE}{word}{END}" if word and _RIGHT_TO_LEFT.search(among) else word


def _where(event: Mapping[str, Any], other: str, *, masked: bool) -> str:
    """Return the queue of an agent, or where a caller is at home of whom that says something.

    A name says more than a town. Of a missed call both help to decide whether to call back.
    """
    if event["type"] in OF_AGENTS:
        return str(event.get("queue", ""))
    told = event["type"] == EventType.CALL_MISSED or not event.get(f"{other}_name")
    return str(event.get("caller_place", "")) if told and other == "from" and not masked else ""


def _within(text: str, where: object) -> str:
    """Return a text with where that is, if it is known."""
    return f"{text} ({where})" if where else text


def _word(texts: Mapping[str, str], key: str) -> str:
    """Return a word or a sentence of the integration; empty if there is none."""
    return texts.get(f"component.{DOMAIN}.common.{key}", "")


def _length(seconds: float) -> str:
    """Return how long somebody talked, as 4:12."""
    minutes, rest = divmod(round(seconds), MINUTE)
    return f"{minutes}:{rest:02}"
