"""What Home Assistant keeps of an event: the little that Activity tells of it, years later too.

`pbx_event` has all that is known, several times for each call, and the recorder would keep all of
it. So the recorder is asked to leave it out, and to keep `pbx_activity` instead.
"""

from collections.abc import Mapping
from typing import Any

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.recorder import get_instance

from .const import EVENT_PBX
from .telephony.models import Direction, EventType
from .wording import Wording

RECORDER = "recorder"
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
SAME = ("device_id", "entity_id", "direction", "outcome", "digits", "transferred_to")


@callback
def async_spare_recorder(hass: HomeAssistant) -> None:
    """Have the recorder leave out `pbx_event`, as its option `exclude` would."""
    if RECORDER in hass.config.components:
        get_instance(hass).exclude_event_types.add(EVENT_PBX)


def activity_data(event: Mapping[str, Any], agent: str, wording: Wording) -> dict[str, Any]:
    """Return what is kept of an event: who, at which phone, how it ended and how long it lasted.

    `event` are the data of a `pbx_event`, `agent` is the agent's name. Numbers are masked where the
    user wants that. What is unknown is absent.
    """
    kept: dict[str, Any] = {"type": event["type"]}
    kept |= {name: event[name] for name in SAME if name in event}
    outgoing = event.get("direction") == Direction.OUTGOING
    other, own = ("to", "from") if outgoing else ("from", "to")
    number = wording.number(str(event.get(f"{other}_number", "")))
    words = {
        "name": event.get(f"{other}_name"),
        "number": number,
        "phone": event.get("extension_name")
        or event.get("extension")
        or event.get(f"{own}_name")
        or wording.number(str(event.get(f"{own}_number", "")))
        or event.get("queue"),
        "agent": agent or event.get("agent"),
        "duration": round(event.get("duration", 0)),
    }
    return kept | {name: value for name, value in words.items() if value}
