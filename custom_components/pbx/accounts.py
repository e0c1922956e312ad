"""Make the client of a phone system from a config entry."""

from collections.abc import Iterable, Mapping

import aiohttp
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_COUNTRY, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.util.hass_dict import HassKey

from .const import (
    ATTR_CALLER_ID,
    ATTR_NUMBER,
    CONF_ASSIST,
    CONF_ASSIST_NUMBERS,
    CONF_CALL_SLOTS,
    CONF_DIAL_ALLOW,
    CONF_DIAL_DENY,
    CONF_DIAL_EMERGENCY,
    CONF_DIAL_KINDS,
    CONF_DIAL_LIMIT,
    CONF_FOLLOW,
    CONF_MESSAGE_NUMBER,
    CONF_PHONES,
    CONF_PROVIDER,
    SUBENTRY_AGENT,
    SUBENTRY_QUEUE,
)
from .devices import known_extensions
from .errors import entry_broken
from .providers import PROVIDERS
from .providers.base import Provider
from .providers.http import refuse_to_move
from .registry.named_phones import read_named
from .telephony import phone_numbers as numbers
from .telephony.errors import InvalidInputError
from .telephony.models import Extension, UserAgent, UserQueue
from .telephony.phone_numbers import DialForm

_KEPT: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys((CONF_CALL_SLOTS, CONF_DIAL_LIMIT), (int, float)),
    **dict.fromkeys(
        (CONF_ASSIST_NUMBERS, CONF_DIAL_ALLOW, CONF_DIAL_DENY, CONF_DIAL_KINDS, CONF_FOLLOW),
        (list, tuple),
    ),
    **dict.fromkeys((CONF_COUNTRY, CONF_MESSAGE_NUMBER), (str,)),
    **dict.fromkeys((CONF_ASSIST, CONF_DIAL_EMERGENCY), (bool,)),
}
"""What the options are, of which a wrong one would not be noticed, or only later."""

_SESSIONS: HassKey[dict[tuple[str, bool], aiohttp.ClientSession]] = HassKey("pbx_sessions")


def country_of(hass: HomeAssistant, entry: ConfigEntry) -> str:
    """Return the country in which an account's numbers are read, as an ISO code, or empty."""
    return str(entry.options.get(CONF_COUNTRY) or hass.config.country or "")


def provider_of(entry: ConfigEntry) -> type[Provider] | None:
    """Return the kind of phone system of an account; None if this version does not know it."""
    return PROVIDERS.get(str(entry.data.get(CONF_PROVIDER)))


def dialled_number(
    hass: HomeAssistant,
    entry: ConfigEntry,
    number: str,
    *,
    field: str = ATTR_NUMBER,
    by_hand: bool = False,
) -> str:
    """Return a typed number, checked, in the form in which the account's phone system dials it.

    `by_hand` is for a form, where no plus is lost on the way. Raise InvalidInputError for what is
    no number, and for what can be read in two ways.
    """
    form = PROVIDERS[entry.data[CONF_PROVIDER]].dial_form
    country = country_of(hass, entry)
    if form is DialForm.E164:  # what is in no numbering plan stays as it was typed
        return numbers.dialable(number, country, field=field, by_hand=by_hand)
    if form is DialForm.KEYED and field == ATTR_NUMBER and numbers.is_global(number):
        form = DialForm.NATIONAL  # nobody keyed it: it is an event's, or the phone book's
    return numbers.in_form(number, form, country, field=field, by_hand=by_hand)


def shown_number(
    hass: HomeAssistant,
    entry: ConfigEntry,
    extensions: Iterable[Extension],
    typed: str,
    *,
    by_hand: bool = False,
) -> str:
    """Return the number that the called party shall see: a typed one, or one of ours by its label.

    A word for a hidden number is returned as it is: which phone system hides one, its client says.
    Raise InvalidInputError for what is none of these.
    """
    label = typed.strip().casefold()
    for extension in extensions:
        for own in extension.outbound_numbers:
            if label and own.label.casefold() == label:
                return own.number
    if label.removeprefix("tel:").isalpha() and numbers.is_hidden(typed):
        return typed.strip()
    return dialled_number(hass, entry, typed, field=ATTR_CALLER_ID, by_hand=by_hand)


def call_back_number(hass: HomeAssistant, entry: ConfigEntry, number: str) -> str:
    """Return the number of a caller, which nobody typed, as a phone of the account dials it.

    Raise InvalidInputError for a text that is no number: callers choose what they show.
    """
    country = country_of(hass, entry)
    if PROVIDERS[entry.data[CONF_PROVIDER]].dial_form is DialForm.E164:
        return numbers.dialable(number, country, by_hand=True)
    return numbers.in_form(number, DialForm.NATIONAL, country, by_hand=True)


@callback
def async_session(
    hass: HomeAssistant, owner: str, *, verify_ssl: bool = True
) -> aiohttp.ClientSession:
    """Return the session of one account, or of what else `owner` names.

    It keeps no cookies: a server that trusts one more than the key would answer with another
    account's calls. It outlives a reload of the account: a command that is under way then has an
    answer to come, which tells whether it was carried out.
    """
    sessions = hass.data.setdefault(_SESSIONS, {})
    session = sessions.get((owner, verify_ssl))
    if session is None or session.closed:
        session = async_create_clientsession(
            hass,
            verify_ssl=verify_ssl,
            auto_cleanup=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(refuse_to_move,),
        )
        sessions[owner, verify_ssl] = session
    return session


@callback
def async_forget_sessions(hass: HomeAssistant, owner: str) -> None:
    """Let the sessions of an account go that is removed."""
    sessions = hass.data.get(_SESSIONS, {})
    for key in [key for key in sessions if key[0] == owner]:
        sessions.pop(key).detach()


def check_options(entry: ConfigEntry, provider: str) -> None:
    """Raise ConfigEntryError for options that no version of ours has kept.

    Without one of the rules of dialling an account might dial what somebody has forbidden.
    """
    for name, kinds in _KEPT.items():
        value = entry.options.get(name, kinds[0]())
        is_texts = not isinstance(value, list) or all(isinstance(one, str) for one in value)
        if type(value) not in kinds or not is_texts:
            raise entry_broken("broken_entry", provider=provider)


def make_provider(hass: HomeAssistant, entry: ConfigEntry) -> Provider:
    """Return the client of an account's phone system.

    Raises ConfigEntryError for an entry that cannot be understood, as one of a newer version.
    """
    kind = provider_of(entry)
    if kind is None:
        raise entry_broken("unknown_provider", provider=str(entry.data.get(CONF_PROVIDER)))
    verify_ssl = bool(entry.data.get(CONF_VERIFY_SSL, True))
    session = async_session(hass, entry.entry_id, verify_ssl=verify_ssl)
    settings = {
        CONF_COUNTRY: hass.config.country or "",
        "known_extensions": [
            *known_extensions(hass, entry),
            *read_named(entry.options.get(CONF_PHONES)),
        ],
        **entry.data,
        **entry.options,
    }
    try:
        provider = kind(session, settings)
        configure(provider, entry)
    except (AttributeError, InvalidInputError, KeyError, TypeError, ValueError) as err:
        raise entry_broken("broken_entry", provider=kind.name) from err
    return provider


def configure(provider: Provider, entry: ConfigEntry) -> None:
    """Tell the provider which agents and queues the user added."""
    provider.configure(
        agents=[
            UserAgent(
                id=subentry.subentry_id,
                name=subentry.title,
                number=subentry.data["number"],
                pin=subentry.data["pin"],
                extension=subentry.data.get("extension", ""),
            )
            for subentry in entry.get_subentries_of_type(SUBENTRY_AGENT)
        ],
        queues=[
            UserQueue(id=subentry.subentry_id, name=subentry.data["name"])
            for subentry in entry.get_subentries_of_type(SUBENTRY_QUEUE)
        ],
    )
