"""Where callers are at home: what is known at once, while the tables are read in the background."""

import asyncio

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN, LOGGER
from .telephony.bounded_map import BoundedMap
from .telephony.places import (
    NOWHERE,
    PARTS_KEPT,
    Part,
    Place,
    Tables,
    country_of,
    has_town,
    town_in,
)

DATA_PLACES: HassKey[Places] = HassKey(f"{DOMAIN}_places")
MAX_NUMBERS = 1000


class Places:
    """The places of numbers, for all accounts."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Start without any table: one is read when a number is first asked for."""
        self._hass = hass
        self._tables: Tables | None = None
        self._parts: BoundedMap[Part] = BoundedMap(PARTS_KEPT)
        self._found: BoundedMap[Place] = BoundedMap(MAX_NUMBERS)
        self._lock = asyncio.Lock()
        self._broken = False

    @callback
    def find(self, number: str) -> Place:
        """Return where a number in international form is at home, as far as that is known now.

        The town of the first number from somewhere is known a moment later.
        """
        if not number.startswith("+"):
            return NOWHERE
        found = self._found.get(number)
        if found is not None:
            return found
        place = Place(country=country_of(number))
        if has_town(number) and not self._broken:
            known = self._known_parts(number)
            if known is None:
                self._read_for(number)
                return place
            place = Place(country=place.country, town=town_in(known, number))
        self._found.put(number, place)
        return place

    def _known_parts(self, number: str) -> list[Part] | None:
        """Return the parts that a number needs; None while one of them is not read."""
        if self._tables is None:
            return None
        known: list[Part] = []
        for name in self._tables.parts_for(number):
            part = self._parts.get(name)
            if part is None:
                return None
            known.append(part)
        return known

    async def async_find(self, number: str) -> Place:
        """Return where a number in international form is at home, once the tables are read."""
        await self._async_read(number)
        return self.find(number)

    @callback
    def _read_for(self, number: str) -> None:
        """Read what a number needs, one number at a time."""
        if not self._lock.locked():
            self._hass.async_create_background_task(
                self._async_read(number), f"{DOMAIN} places", eager_start=False
            )

    async def _async_read(self, number: str) -> None:
        """Read the tables for a number in a thread; without them countries are all there is."""
        if not has_town(number):
            return
        async with self._lock:
            try:
                await self._async_read_parts(number)
            except (OSError, ImportError, AttributeError, SyntaxError) as err:
                self._broken = True
                LOGGER.warning("The places of numbers cannot be read: %s", type(err).__name__)

    async def _async_read_parts(self, number: str) -> None:
        """Read the parts for a number that were not read yet."""
        if self._tables is None:
            language = self._hass.config.language
            self._tables = await self._hass.async_add_executor_job(Tables, language)
        for part in self._tables.parts_for(number):
            if part not in self._parts:
                read = await self._hass.async_add_executor_job(self._tables.read, part)
                self._parts.put(part, read)


@callback
def async_get_places(hass: HomeAssistant) -> Places:
    """Return the places of numbers, for all accounts."""
    if DATA_PLACES not in hass.data:
        hass.data[DATA_PLACES] = Places(hass)
    return hass.data[DATA_PLACES]
