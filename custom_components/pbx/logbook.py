"""Activity: what happens at a phone system, in sentences with names; `activity.py` says of what."""

from collections.abc import Callable, Mapping

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations

from .activity import OF_AGENTS, sentence, together
from .const import DOMAIN, EVENT_ACTIVITY
from .telephony.models import EventType

type Description = dict[str, str]

ICONS: Mapping[EventType, str] = {
    EventType.CALL_INCOMING: "mdi:phone-incoming",
    EventType.CALL_OUTGOING: "mdi:phone-outgoing",
    EventType.CALL_HELD: "mdi:phone-paused",
    EventType.CALL_RESUMED: "mdi:phone-in-talk",
    EventType.CALL_TRANSFERRED: "mdi:phone-forward",
    EventType.CALL_MISSED: "mdi:phone-missed",
    EventType.CALL_ENDED: "mdi:phone-hangup",
    EventType.VOICEMAIL_RECEIVED: "mdi:voicemail",
    EventType.FAX_RECEIVED: "mdi:fax",
    EventType.FAX_SENT: "mdi:fax",
    EventType.SMS_RECEIVED: "mdi:message-text",
    EventType.DTMF_RECEIVED: "mdi:dialpad",
    **dict.fromkeys(OF_AGENTS, "mdi:headset"),
}
OTHERS_ICON = "mdi:phone"


@callback
def async_describe_events(
    hass: HomeAssistant,
    async_describe_event: Callable[[str, str, Callable[[Event], Description]], None],
) -> None:
    """Say how events are told; the texts were loaded with the integration."""

    def describe(event: Event) -> Description:
        """Return the sentence for an event, in the language of the system, and whom it is about.

        The details of an entity show the sentence alone; all other pages show both. Beside the id
        of an entity the front end would show its name. Whose Activity an event belongs to is found
        by the ids in its own data.
        """
        texts = async_get_cached_translations(hass, hass.config.language, "common", DOMAIN)
        icon = ICONS.get(event.data.get("type", ""), OTHERS_ICON)
        message = sentence(texts, event.data)
        about = str(event.data.get("phone") or event.data.get("agent") or "")
        return {
            LOGBOOK_ENTRY_NAME: f"{together(about, message)}:" if about else "",
            LOGBOOK_ENTRY_MESSAGE: message,
            LOGBOOK_ENTRY_ICON: icon,
        }

    async_describe_event(DOMAIN, EVENT_ACTIVITY, describe)
