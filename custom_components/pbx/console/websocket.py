"""The commands of the front end over Home Assistant's own WebSocket.

Reading an account needs the right to read its sensor of active calls. What the cards do goes
through the integration's actions, which check rights of their own.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import voluptuous as vol
from homeassistant.components import websocket_api
from homeassistant.components.websocket_api.connection import ActiveConnection
from homeassistant.components.websocket_api.const import (
    ERR_INVALID_FORMAT,
    ERR_SERVICE_VALIDATION_ERROR,
)
from homeassistant.components.websocket_api.decorators import async_response, websocket_command
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.collection import ItemNotFound
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from ..errors import invalid
from ..phone_book.collection import ENTRY_FIELDS, PhoneBook, async_get_phone_book
from ..phone_book.entry import entry_data
from ..rights import Access, async_check_everywhere, may, may_everywhere
from ..telephony import phone_numbers
from ..telephony.models import Call, Direction, Outcome, outside
from .archive import Archive, HistoryFilter
from .caller import about
from .feed import Console, Feed, Json
from .preferences import PopUp, Preferences

DATA_CONSOLE: HassKey[Console] = HassKey("pbx_console")
DATA_PREFERENCES: HassKey[Preferences] = HassKey("pbx_console_preferences")

MAX_LIMIT: Final = 100
TEXT: Final = vol.All(str, vol.Length(max=100))
CHOICE: Final = vol.Any(None, vol.All(str, vol.Length(min=1, max=200)))
CHOICES: Final = ("extension", "caller_id", "popup", "sound")
ACCOUNTS: Final = vol.Any(str, vol.All([str], vol.Length(min=1, max=MAX_LIMIT)))
CURSOR: Final = vol.All(str, vol.Length(max=2000))


@callback
def async_register_commands(hass: HomeAssistant) -> None:
    """Let the front end ask."""
    commands = (
        *(ws_subscribe, ws_history, ws_search, ws_me, ws_set_me, ws_seen, ws_recent),
        *(ws_voicemails, ws_about, ws_list_phone_book, ws_update_phone_book),
    )
    for command in commands:
        websocket_api.async_register_command(hass, command)


def _allowed(connection: ActiveConnection, access: Access = Access.READ) -> Callable[[Feed], bool]:
    """Return what says whether the user of a connection may read an account, or do more to it."""
    return lambda feed: may(connection.user, feed.coordinator, (), access)


@websocket_command({vol.Required("type"): "pbx/subscribe"})
@callback
def ws_subscribe(hass: HomeAssistant, connection: ActiveConnection, msg: Json) -> None:
    """Tell what is, then what changes, and what the user chose."""

    @callback
    def forward(message: Json) -> None:
        """Send a message to the page."""
        connection.send_event(msg["id"], message)

    connection.send_result(msg["id"])
    connection.subscriptions[msg["id"]] = hass.data[DATA_CONSOLE].async_listen(
        connection.user.id, _allowed(connection), forward
    )
    forward({"type": "me", "me": hass.data[DATA_PREFERENCES].data_of(connection.user.id)})


@websocket_command(
    {
        vol.Required("type"): "pbx/history",
        vol.Optional("account"): ACCOUNTS,
        vol.Optional("cursor"): CURSOR,
        vol.Optional("limit", default=25): vol.All(int, vol.Range(min=1, max=MAX_LIMIT)),
        vol.Optional("search"): TEXT,
        vol.Optional("direction"): vol.Coerce(Direction),
        vol.Optional("outcome"): vol.Coerce(Outcome),
        vol.Optional("missed", default=False): bool,
    }
)
@async_response
async def ws_history(hass: HomeAssistant, connection: ActiveConnection, msg: Json) -> None:
    """Return a page of finished calls of all accounts that the user may read, newest first."""
    archive = Archive(_feeds(hass, connection, msg.get("account")))
    wanted = HistoryFilter(
        search=msg.get("search", "").strip() or None,
        direction=msg.get("direction"),
        outcome=msg.get("outcome"),
        missed=msg["missed"],
    )
    try:
        page = await archive.page(wanted, msg["limit"], msg.get("cursor"))
    except ValueError:
        connection.send_error(msg["id"], ERR_INVALID_FORMAT, "The cursor is none of this server's")
        return
    connection.send_result(msg["id"], page)


@websocket_command(
    {
        vol.Required("type"): "pbx/search",
        vol.Required("text"): vol.All(str, vol.Strip, vol.Length(min=2, max=100)),
        vol.Optional("account"): str,
        vol.Optional("limit", default=8): vol.All(int, vol.Range(min=1, max=MAX_LIMIT)),
    }
)
@async_response
async def ws_search(hass: HomeAssistant, connection: ActiveConnection, msg: Json) -> None:
    """Return contacts by a part of their name or number.

    Extensions are not among them: the cards know those themselves. The phone systems' own contacts
    are for administrators, as with the action.
    """
    feeds = _feeds(hass, connection, msg.get("account"), Access.ADMINISTER)
    found = await Archive(feeds).search(msg["text"], msg["limit"], _book(hass, connection))
    connection.send_result(msg["id"], found)


def _book(hass: HomeAssistant, connection: ActiveConnection) -> PhoneBook | None:
    """Return the phone book of the house; None where the user may not read all accounts."""
    allowed = may_everywhere(hass, connection.user, Access.READ)
    return async_get_phone_book(hass) if allowed else None


def _feeds(
    hass: HomeAssistant,
    connection: ActiveConnection,
    account: str | list[str] | None,
    access: Access = Access.READ,
) -> list[Feed]:
    """List the accounts that the user may read, or do more to, all or the named ones."""
    allowed = _allowed(connection, access)
    named = [account] if isinstance(account, str) else account
    return [
        feed
        for entry_id, feed in hass.data[DATA_CONSOLE].feeds.items()
        if (named is None or entry_id in named) and allowed(feed)
    ]


@websocket_command(
    {
        vol.Required("type"): "pbx/recent",
        vol.Optional("account"): ACCOUNTS,
        vol.Optional("limit", default=25): vol.All(int, vol.Range(min=1, max=MAX_LIMIT)),
        vol.Optional("missed", default=False): bool,
    }
)
@callback
def ws_recent(hass: HomeAssistant, connection: ActiveConnection, msg: Json) -> None:
    """Return the calls that Home Assistant has kept, also where a phone system keeps none."""
    archive = Archive(_feeds(hass, connection, msg.get("account")))
    connection.send_result(msg["id"], archive.recent(msg["limit"], missed=msg["missed"]))


@websocket_command(
    {
        vol.Required("type"): "pbx/voicemails",
        vol.Optional("account"): ACCOUNTS,
        vol.Optional("limit", default=25): vol.All(int, vol.Range(min=1, max=MAX_LIMIT)),
    }
)
@async_response
async def ws_voicemails(hass: HomeAssistant, connection: ActiveConnection, msg: Json) -> None:
    """Return the newest voicemails of all accounts that the user may read."""
    archive = Archive(_feeds(hass, connection, msg.get("account")))
    connection.send_result(msg["id"], await archive.voicemails(msg["limit"]))


@websocket_command(
    {
        vol.Required("type"): "pbx/about",
        vol.Exclusive("call_id", "who"): str,
        vol.Exclusive("number", "who"): vol.All(TEXT, phone_numbers.strip),
        vol.Optional("account"): str,
    }
)
@async_response
async def ws_about(hass: HomeAssistant, connection: ActiveConnection, msg: Json) -> None:
    """Return what is known of the other side of a call that is up, or of a number.

    A call is named by its account and its id, so that a masked number is found as well.
    """
    feeds = _feeds(hass, connection, None)
    chosen = [feed for feed in feeds if msg.get("account") in (None, feed.entry_id)]
    result: Json = {}
    if chosen:
        feed = chosen[0]
        call = feed.coordinator.data.calls.get(msg.get("call_id", ""))
        number = msg.get("number", "") if call is None else _number_of(feed, call)
        result = await about(hass, feeds, feed, number, _book(hass, connection))
    connection.send_result(msg["id"], result)


def _number_of(feed: Feed, call: Call) -> str:
    """Return the number of the other side of a call; none where anybody may pretend to have it."""
    number = outside(call).number
    return "" if feed.coordinator.data.is_pretended(number, call.direction) else number


@websocket_command({vol.Required("type"): "pbx/me"})
@callback
def ws_me(hass: HomeAssistant, connection: ActiveConnection, msg: Json) -> None:
    """Return what the user chose."""
    connection.send_result(msg["id"], hass.data[DATA_PREFERENCES].data_of(connection.user.id))


@websocket_command(
    {
        vol.Required("type"): "pbx/me/set",
        vol.Optional("extension"): CHOICE,
        vol.Optional("caller_id"): CHOICE,
        vol.Optional("popup"): vol.Any(None, vol.Coerce(PopUp)),
        vol.Optional("sound"): bool,
    }
)
@callback
def ws_set_me(hass: HomeAssistant, connection: ActiveConnection, msg: Json) -> None:
    """Keep what the user chose; what is not named stays as it was."""
    preferences = hass.data[DATA_PREFERENCES]
    chosen = {key: msg[key] for key in CHOICES if key in msg}
    choice = replace(preferences.of(connection.user.id), **chosen)
    if choice.seen is None and choice.popup is not None:
        # What was missed before the user wanted to know of it is old.
        choice = replace(choice, seen=dt_util.utcnow().isoformat())
    preferences.async_set(connection.user.id, choice)
    connection.send_result(msg["id"], preferences.data_of(connection.user.id))


@websocket_command({vol.Required("type"): "pbx/seen"})
@callback
def ws_seen(hass: HomeAssistant, connection: ActiveConnection, msg: Json) -> None:
    """Note that the user has seen the calls that were missed up to now."""
    preferences = hass.data[DATA_PREFERENCES]
    now = dt_util.utcnow().isoformat()
    preferences.async_set(connection.user.id, replace(preferences.of(connection.user.id), seen=now))
    connection.send_result(msg["id"], preferences.data_of(connection.user.id))


@websocket_command({vol.Required("type"): "pbx/phone_book/list"})
@async_response
async def ws_list_phone_book(hass: HomeAssistant, connection: ActiveConnection, msg: Json) -> None:
    """Return the phone book of the house, and which groups there are in it."""
    await async_check_everywhere(hass, connection.context(msg), Access.READ)
    book = async_get_phone_book(hass)
    entries = [entry_data(entry) for entry in book.entries]
    connection.send_result(msg["id"], {"entries": entries, "groups": list(book.groups)})


@websocket_command(
    {
        vol.Required("type"): "pbx/phone_book/update",
        vol.Required("entry_id"): str,
        **ENTRY_FIELDS,
    }
)
@async_response
async def ws_update_phone_book(
    hass: HomeAssistant, connection: ActiveConnection, msg: Json
) -> None:
    """Change an entry of the phone book; what is not named stays as it was.

    Entries are added, removed and imported by the actions, which suffice for that.
    """
    await async_check_everywhere(hass, connection.context(msg), Access.CONTROL)
    changes = {str(field): msg[str(field)] for field in ENTRY_FIELDS if str(field) in msg}
    try:
        entry = await async_get_phone_book(hass).async_update_item(msg["entry_id"], changes)
    except ItemNotFound:
        _refuse(connection, msg, invalid("phone_book_unknown", entry_id=msg["entry_id"]))
    except ServiceValidationError as err:
        _refuse(connection, msg, err)
    else:
        connection.send_result(msg["id"], {"entry": entry_data(entry)})


def _refuse(connection: ActiveConnection, msg: Json, err: ServiceValidationError) -> None:
    """Tell who typed something wrong, and nobody else: raised, it would be in the log."""
    connection.send_error(
        msg["id"],
        ERR_SERVICE_VALIDATION_ERROR,
        str(err),
        translation_domain=err.translation_domain,
        translation_key=err.translation_key,
        translation_placeholders=err.translation_placeholders,
    )
