"""What is known of a caller beside the call: the phone book's words, and when one last talked.

The pop-up asks once for each call that it shows, and a page that was opened with a caller's number
asks for that number.
"""

from collections.abc import Iterable

from homeassistant.core import HomeAssistant

from ..accounts import country_of
from ..const import CONF_CALLER_PLACES
from ..phone_book.collection import PhoneBook
from ..places import async_get_places
from ..recent_calls import MAX_CALLS, RecentCall
from ..telephony.models import Outcome
from ..telephony.places import NOWHERE
from .feed import Feed, Json, known


async def about(
    hass: HomeAssistant, feeds: Iterable[Feed], feed: Feed, number: str, book: PhoneBook | None
) -> Json:
    """Return who has a number and where that is, as an account reads numbers, and the last talk.

    The place is a town, or the country of somebody from abroad, unless the options forbid it.
    `feeds` are the accounts in which one may look for that talk, `book` is the phone book, where
    the user may read it. What is unknown is absent.
    """
    if not number:
        return {}
    entry = feed.coordinator.config_entry
    home = country_of(hass, entry)
    found = book.find(number, home) if book is not None else None
    place = NOWHERE
    if entry.options.get(CONF_CALLER_PLACES, True):
        place = await async_get_places(hass).async_find(number)
    companies = [one.company for one in found.entries if one.company] if found else []
    return known(
        name=feed.coordinator.wording.name(found.name) if found else None,
        company=companies[0] if companies else None,
        groups=list(found.groups) or None if found else None,
        place=place.town or None,
        country=place.country if place.country not in {"", home} else None,
        last=_last_talk(feeds, number),
    )


def _last_talk(feeds: Iterable[Feed], number: str) -> Json | None:
    """Return when, and with which of our phones, somebody last talked; None for never."""
    newest: tuple[Feed, RecentCall] | None = None
    for feed in feeds:
        for call in feed.recent.newest(MAX_CALLS):
            if call.number != number or call.outcome != Outcome.ANSWERED:
                continue
            if newest is None or call.started_at > newest[1].started_at:
                newest = (feed, call)
            break
    if newest is None:
        return None
    feed, call = newest
    whose = call.answered_by or next(iter(call.extensions), "")
    extension = feed.coordinator.data.extensions.get(whose)
    return known(
        at=call.started_at or call.ended_at or None,
        extension=whose or None,
        name=extension.name or None if extension is not None else None,
    )
