"""Activity: what happens at a phone system, in sentences with names; `activity.py` says of what."""

from collections.abc import Callable

from homeassistant.components.logbook.const import LOGBOOK_ENTRY_NAME
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations

from .activity import sentence
from .const import DOMAIN, EVENT_ACTIVITY

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
