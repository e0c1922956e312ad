"""Activity: what happens at a phone system, in sentences with names; `activity.py` says of what."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.components.logbook.const import LOGBOOK_ENTRY_NAME
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations

from .const import DOMAIN, EVENT_ACTIVITY
from .telephony.models import EventType

MINUTE = 60  # seconds
_PLACEHOLDER = re.compile(r"\{(\w+)\}")

type Description = dict[str, str]


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], Description]], None],
) -> None:
    """Say how events are told; the texts were loaded with the integration."""

    def describe(event: Event) -> Description:
        """Return the sentence for an event, in the language of the system.

        Beside an entity the front end would show its name instead of the sentence. Whose Activity
        an event belongs to is found by the ids in its own data.
        """
        texts = async_get_cached_translations(hass, hass.config.language, "common", DOMAIN)
        return {LOGBOOK_ENTRY_NAME: sentence(texts, event.data)}

    async_describe_event(DOMAIN, EVENT_ACTIVITY, describe)


def sentence(texts: Mapping[str, str], data: Mapping[str, Any]) -> str:
    """Return what happened as a sentence; `texts` are the translations of the integration."""
    key = str(data.get("type"))
    if key == EventType.CALL_ENDED and "duration" in data:
        key = "talked"
    hidden = texts.get(f"component.{DOMAIN}.common.hidden_number", "")
    words = {
        "other": data.get("name") or data.get("number") or hidden,
        "phone": data.get("phone", ""),
        "target": data.get("transferred_to", ""),
        "duration": _length(data.get("duration", 0)),
        "digits": data.get("digits", ""),
        "agent": data.get("agent", ""),
    }
    text = _text(texts, key) or key
    told = _PLACEHOLDER.sub(lambda found: str(words.get(found[1], "")), text)
    return " ".join(told.split())


def _text(texts: Mapping[str, str], key: str) -> str:
    """Return the sentence for a type of event; empty if it has none."""
    return texts.get(f"component.{DOMAIN}.common.activity_{key}", "")


def _length(seconds: float) -> str:
    """Return how long somebody talked, as 4:12."""
    minutes, rest = divmod(round(seconds), MINUTE)
    return f"{minutes}:{rest:02}"
