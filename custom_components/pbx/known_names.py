"""Who has a number, where something that is over is shown: it says a number, and seldom a name."""

from .accounts import country_of
from .coordinator import PbxCoordinator
from .phone_book.collection import async_get_phone_book


def known_name(coordinator: PbxCoordinator, number: str) -> str:
    """Return the name of one of our phones, or of whom the phone book has it; else nothing."""
    extension = coordinator.data.extensions.get(number)
    if extension is not None:
        return extension.name
    country = country_of(coordinator.hass, coordinator.config_entry)
    found = async_get_phone_book(coordinator.hass).find(number, country) if number else None
    return coordinator.wording.name(found.name) if found is not None else ""
