"""Sounds of Home Assistant, as addresses from which a phone system can fetch them.

A phone system in the own network plays them to a phone: what a voice speaks, and whatever the media
browser shows. The address is that of Home Assistant in the own network; that of a file is signed,
and is good for a day.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from homeassistant.components.media_player.browse_media import async_process_play_media_url
from homeassistant.components.media_source import async_resolve_media, is_media_source_id
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from yarl import URL

from ..errors import invalid

AS_TELEPHONE: Final = {
    "preferred_format": "wav",
    "preferred_sample_rate": 8000,
    "preferred_sample_channels": 1,
    "preferred_sample_bytes": 2,
}
"""What every phone system can play."""


async def async_sound_for(hass: HomeAssistant, data: Mapping[str, Any]) -> str:
    """Return what the phone system is to play: a name of its own, or an address.

    Raise a translated error for a sound or a voice that Home Assistant does not have.
    """
    field = "message" if "message" in data else "sound"
    sound = _spoken(hass, data) if field == "message" else str(data["sound"])
    if not is_media_source_id(sound):
        return sound
    try:
        found = await async_resolve_media(hass, sound, None)
        return async_process_play_media_url(hass, found.url)
    except HomeAssistantError as err:
        raise invalid("invalid_value", field=field) from err


def _spoken(hass: HomeAssistant, data: Mapping[str, Any]) -> str:
    """Return the name of a text that a voice speaks; there may be only one voice."""
    voices = hass.states.async_entity_ids("tts")
    voice = data.get("tts_entity") or (voices[0] if len(voices) == 1 else None)
    if voice is None:
        raise invalid("required", field="tts_entity")
    options = json.dumps(AS_TELEPHONE, separators=(",", ":"))
    query = {"message": data["message"], "tts_options": options}
    return f"media-source://tts/{URL.build(path=voice, query=query)}"
