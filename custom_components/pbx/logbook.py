"""Activity: what happens at a phone system, in sentences with names."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from homeassistant.components.logbook.const import LOGBOOK_ENTRY_ENTITY_ID, LOGBOOK_ENTRY_NAME
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations

from .const import ATTR_CONFIG_ENTRY_ID, CONF_MASK_NUMBERS, DOMAIN, EVENT_PBX
from .telephony.models import Direction, EventType
from .wording import Wording

MINUTE = 60  # seconds
_PLACEHOLDER = re.compile(r"\{(\w+)\}")

type Description = dict[str, str | None]


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], Description]], None],
) -> None:
    """Say how events are told; the texts were loaded with the integration."""

    def describe(event: Event) -> Description:
        """Return the sentence for an event, in the language of the system."""
        texts = async_get_cached_translations(hass, hass.config.language, "common", DOMAIN)
        return {
            LOGBOOK_ENTRY_NAME: sentence(texts, event.data, _wording(hass, event.data)),
            LOGBOOK_ENTRY_ENTITY_ID: event.data.get(ATTR_ENTITY_ID),
        }

    async_describe_event(DOMAIN, EVENT_PBX, describe)


def sentence(texts: Mapping[str, str], data: Mapping[str, Any], wording: Wording) -> str:
    """Return what happened as a sentence; `texts` are the translations of the integration."""
    key = str(data.get("type"))
    if key == EventType.CALL_ENDED and round(data.get("duration", 0)):
        key = "talked"
    text = _text(texts, key) or _text(texts, EventType.UNKNOWN) or str(data.get("type"))
    hidden = texts.get(f"component.{DOMAIN}.common.hidden_number", "")
    outgoing = data.get("direction") == Direction.OUTGOING
    other, own = ("to", "from") if outgoing else ("from", "to")
    extension = data.get("extension_name") or data.get("extension")
    words = {
        "other": _party(data, other, wording) or hidden,
        "phone": extension or _party(data, own, wording) or str(data.get("queue") or ""),
        "target": data.get("transferred_to", ""),
        "duration": _length(data.get("duration", 0)),
        "digits": data.get("digits", ""),
        "agent": data.get("agent_name") or data.get("agent", ""),
    }
    told = _PLACEHOLDER.sub(lambda found: str(words.get(found[1], "")), text)
    return " ".join(told.split())


def _wording(hass: HomeAssistant, data: Mapping[str, Any]) -> Wording:
    """Return how the account of an event wants its numbers shown."""
    entry = hass.config_entries.async_get_entry(str(data.get(ATTR_CONFIG_ENTRY_ID)))
    return Wording(masked=bool(entry is not None and entry.options.get(CONF_MASK_NUMBERS)))


def _text(texts: Mapping[str, str], key: str) -> str:
    """Return the sentence for a type of event; empty if it has none."""
    return texts.get(f"component.{DOMAIN}.common.activity_{key}", "")


def _party(data: Mapping[str, Any], side: str, wording: Wording) -> str:
    """Return the name of a party, else its number; empty if nothing is known."""
    return str(data.get(f"{side}_name") or wording.number(str(data.get(f"{side}_number") or "")))


def _length(seconds: float) -> str:
    """Return how long somebody talked, as 4:12."""
    minutes, rest = divmod(round(seconds), MINUTE)
    return f"{minutes}:{rest:02}"
