"""Voxloud: what is asked, subscribed and commanded."""

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from hashlib import sha256
from typing import ClassVar, override

import aiohttp

from ...telephony import models as m
from ...telephony.bounded_map import BoundedMap
from ...telephony.errors import BadPayloadError, ConnectError, NotFoundError, RefusedError
from ...telephony.models import Capability
from ..base import Intervals, Provider
from ..settings import Settings, Values
from ..values import Json, boolean, mapping, read_json, text
from . import contacts, history
from .api import FORBIDDEN, METHOD_NOT_ALLOWED, NOT_FOUND, Api
from .dialing import Dialler
from .payload import (
    CLICK_TO_CALL,
    EVENT_TYPES,
    Book,
    ident,
    most_telling,
    read_subscription,
    read_users,
    short,
)
from .push import read_account, read_push
from .settings import VoxloudSettings

LOGGER = logging.getLogger(__name__)

USERS = "/api/v2/users"
SUBSCRIPTIONS = "/api/v1/webhook-subscriptions"
NOT_LISTED = frozenset({str(FORBIDDEN), str(NOT_FOUND)})
ID_LENGTH = 20
LINK_LASTS = 60  # seconds
SOUNDS_KNOWN = 64
SOUNDS = {".wav": "audio/wav", ".ogg": "audio/ogg"}

CONTACT_FIELDS = frozenset(
    {
        *("first_name", "last_name", "number", "numbers", "email", "emails"),
        *("company", "job_title", "website", "source", "source_url"),
    }
)


class VoxloudProvider(Provider):
    """One Voxloud account."""

    key = "voxloud"
    name = "Voxloud"
    manual: ClassVar[str] = "https://developer.voxloud.com"
    settings_type: ClassVar[type[Settings]] = VoxloudSettings
    settings: VoxloudSettings
    possible: ClassVar[Capability] = (
        Capability.CALLS
        | Capability.WEBHOOK
        | Capability.SUBSCRIPTIONS
        | Capability.RECORDINGS
        | Capability.VOICEMAILS
        | Capability.ORIGINATE
        | Capability.CLICK_TO_CALL
        | Capability.GET_CALL_HISTORY
        | Capability.SEARCH_CONTACTS
        | Capability.CREATE_CONTACT
        | Capability.UPDATE_CONTACT
        | Capability.DELETE_CONTACT
        | Capability.GET_CLICK_TO_CALLS
        | Capability.DELETE_CLICK_TO_CALL
    )
    fields: ClassVar[Mapping[Capability, frozenset[str]]] = {
        Capability.ORIGINATE: frozenset({"caller_id_number"}),
        Capability.CLICK_TO_CALL: frozenset({"caller_id_number", "dial_first"}),
        Capability.GET_CALL_HISTORY: frozenset(
            {
                *("start", "end", "number", "extension", "direction", "search"),
                *("limit", "offset", "sort", "sort_by", "record_id", "call_id", "format"),
            }
        ),
        Capability.SEARCH_CONTACTS: frozenset(
            {
                *("name", "first_name", "last_name", "number", "email"),
                *("contact_id", "limit", "offset"),
            }
        ),
        Capability.CREATE_CONTACT: CONTACT_FIELDS,
        Capability.UPDATE_CONTACT: CONTACT_FIELDS,
        Capability.GET_CLICK_TO_CALLS: frozenset({"click_to_call_id"}),
    }
    intervals = Intervals(
        busy=300, idle=300, pushed=300, directory=300
    )  # calls are pushed, never asked for
    rings_groups = True
    pushes_every_call = True
    names_account = True
    grace = 5

    def __init__(self, session: aiohttp.ClientSession, values: Values) -> None:
        """Know nobody yet."""
        super().__init__(session, values)
        self._api = Api(self.http, self.settings.url, self.settings.api_key)
        self.created_objects = self.settings.created_objects
        self._dialler = Dialler(self._api, self._country, self._known_users, self.created_objects)
        self._users: tuple[m.Extension, ...] | None = None
        self._own: frozenset[str] = frozenset()
        self._sounds: BoundedMap[tuple[float, m.MediaSource]] = BoundedMap(SOUNDS_KNOWN)

    @property
    def _country(self) -> str:
        """The country in which numbers are read."""
        return self.settings.country

    # -- set-up ------------------------------------------------------------------------------------

    @override
    async def account(self) -> m.Account:
        """Return whose key this is.

        For want of an id, one is made of the administrator's address, and kept.
        """
        found = await self._api.validate()
        company, email = short(found.get("name")), short(found.get("email")).lower()
        if not company and not email:
            raise ConnectError("The answer names no account")
        account_id = sha256((email or company).encode()).hexdigest()[:ID_LENGTH]
        kept = self.settings.account_id
        if kept and company and company == self.settings.company:
            account_id = kept
        self.capabilities = self.possible
        return m.Account(
            id=account_id,
            title=company or self.title_of(email),
            settings={"account_id": account_id, "company": company},
        )

    # -- state -------------------------------------------------------------------------------------

    @override
    async def directory(self) -> m.Directory:
        """Ask for the users; groups cannot be listed."""
        try:
            await self._read_users(waiting=False)
        except RefusedError as err:
            if err.code not in NOT_LISTED:
                raise
            return m.Directory(missing_permissions=frozenset({"users"}))
        return m.Directory(extensions=self._users)

    @override
    async def calls(self) -> tuple[m.Call, ...] | None:
        """Say that this phone system cannot be asked: what is known of calls is pushed."""
        return None

    @override
    async def record_of(self, call: m.Call) -> m.CallRecord | None:
        """Ask what became of a call; of several records, the one of whoever answered."""
        return most_telling(
            await history.records_of(self._api, call.id, self._book(), waiting=False)
        )

    async def _read_users(self, *, waiting: bool) -> tuple[m.Extension, ...]:
        """Ask for the users and keep them; return them."""
        rows = await self._api.listed("users", USERS, waiting=waiting)
        self._users = read_users(rows, self._country)
        self._own = frozenset(
            number.number for user in self._users for number in user.outbound_numbers
        )
        return self._users

    async def _known_users(self) -> tuple[m.Extension, ...]:
        """Return the users, asking for them once; none where this key may not."""
        if self._users is not None:
            return self._users
        try:
            return await self._read_users(waiting=True)
        except RefusedError as err:
            if err.code not in NOT_LISTED:
                raise
            return ()

    def _book(self) -> Book:
        """Return what helps to tell one's own side of a call."""
        return Book(country=self._country, own=self._own, placed=self._dialler.recently_placed())

    # -- webhooks ----------------------------------------------------------------------------------

    @override
    def parse(self, request: m.PushRequest) -> tuple[m.Pushed, ...]:
        """Read an event."""
        pushed = read_push(_body(request), self._book())
        if pushed is None:
            raise BadPayloadError("The event cannot be read")
        return (pushed,)

    @override
    def account_of(self, request: m.PushRequest) -> str | None:
        """Give the id of the phone system that an event names."""
        try:
            return read_account(_body(request))
        except BadPayloadError:
            return None

    @override
    async def subscriptions(self) -> tuple[m.Subscription, ...]:
        """List what is registered, also by others."""
        return tuple(found for found, _ in await self._subscriptions())

    @override
    async def subscribe(self, url: str) -> tuple[m.Subscription, ...]:
        """Register the URL for every event, one subscription each; those of others stay."""
        listed = await self._subscriptions()
        ours: list[m.Subscription | None] = []
        for event in EVENT_TYPES:
            same = [
                (found, email)
                for found, email in listed
                if found.event == event and _same_url(found.url, url)
            ]
            same.sort(key=lambda item: not item[0].enabled)
            for duplicate, _ in same[1:]:
                await self._remove(duplicate)
            ours.append(
                await self._mended(*same[0])
                if same
                else await self._subscribed(event, url, self._notify)
            )
        return tuple(found for found in ours if found is not None)

    @override
    async def unsubscribe(self, url: str) -> None:
        """Remove what was registered for the URL, and nothing else."""
        for found, _ in await self._subscriptions():
            if _same_url(found.url, url):
                await self._remove(found)

    @property
    def _notify(self) -> str:
        """Whom Voxloud tells when it disables a subscription."""
        return self.settings.notification_email

    async def _subscriptions(self) -> list[tuple[m.Subscription, str]]:
        """List the subscriptions, each with whom its end is told."""
        rows = await self._api.listed("webhook-subscriptions", SUBSCRIPTIONS, waiting=False)
        read = ((read_subscription(row), text(row.get("notification_email"))) for row in rows)
        return [(found, email) for found, email in read if found is not None]

    async def _subscribed(self, event: str, url: str, email: str) -> m.Subscription | None:
        """Return a new subscription; None for an event that cannot be had."""
        body = {
            "callback_url": url,
            "event_type": event,
            **({"notification_email": email} if email else {}),
        }
        try:
            answer = await self._api.command("subscribe", "POST", SUBSCRIPTIONS, json=body)
        except RefusedError:
            # The reference leaves this event out of what can be created, and only there.
            if event == CLICK_TO_CALL:
                return None
            raise
        return m.Subscription(
            id=ident(answer.get("id")), event=event, url=url, enabled=_enabled(answer)
        )

    async def _mended(self, found: m.Subscription, email: str) -> m.Subscription | None:
        """Enable a subscription that is not, and let it tell whom it should."""
        notify = self._notify or email
        if found.enabled and notify == email:
            return found
        body: Json = {
            "id": found.id,
            "callback_url": found.url,
            "event_type": found.event,
            "enabled": True,
            **({"notification_email": notify} if notify else {}),
        }
        path = f"{SUBSCRIPTIONS}/{found.id}"
        try:
            answer = await self._api.command("mend subscription", "PUT", path, json=body)
        except NotFoundError:
            return await self._subscribed(found.event, found.url, notify)
        except RefusedError as err:
            if err.code != str(METHOD_NOT_ALLOWED):
                raise
            if found.enabled:
                return found
            await self._remove(found)
            return await self._subscribed(found.event, found.url, notify)
        return replace(found, enabled=_enabled(answer))

    async def _remove(self, subscription: m.Subscription) -> None:
        """Remove a subscription, if it is still there."""
        try:
            await self._api.command("unsubscribe", "DELETE", f"{SUBSCRIPTIONS}/{subscription.id}")
        except NotFoundError:
            LOGGER.debug("A subscription is gone already")

    # -- calls -------------------------------------------------------------------------------------

    @override
    async def originate(self, request: m.Originate) -> m.Placed:
        """Ring an extension, then connect it to a number, as click-to-call usually does."""
        return await self.click_to_call(request)

    @override
    async def click_to_call(self, request: m.Originate) -> m.Placed:
        """Connect an extension and a number, either of which may ring first."""
        try:
            return await self._dialler.place(request)
        finally:
            self.created_objects = self._dialler.made

    @override
    async def click_to_calls(self, object_id: str | None = None) -> tuple[m.ClickToCall, ...]:
        """Return the click-to-call objects, or the one with an id."""
        return await self._dialler.listed(object_id)

    @override
    async def delete_click_to_call(self, object_id: str) -> None:
        """Remove a click-to-call object, whoever made it."""
        try:
            await self._dialler.delete(object_id)
        finally:
            self.created_objects = self._dialler.made

    @override
    async def release(self) -> None:
        """Remove the click-to-call objects that were made here."""
        try:
            await self._dialler.release()
        finally:
            self.created_objects = self._dialler.made

    # -- history, contacts, recordings -------------------------------------------------------------

    @override
    async def history(self, query: m.HistoryQuery) -> m.HistoryPage:
        """Look for finished calls and faxes."""
        return await history.search(self._api, query, self._book())

    @override
    async def search_contacts(self, query: m.ContactQuery) -> m.ContactPage:
        """Look for contacts."""
        return await contacts.search(self._api, query, self._country)

    @override
    async def create_contact(self, contact: m.Contact) -> m.Contact:
        """Add a contact, for which a first name and a number are needed."""
        return await contacts.create(self._api, contact, self._country)

    @override
    async def update_contact(self, contact: m.Contact) -> m.Contact:
        """Change the given fields of a contact and keep the others."""
        return await contacts.update(self._api, contact, self._country)

    @override
    async def delete_contact(self, contact_id: str) -> None:
        """Remove a contact."""
        await contacts.delete(self._api, contact_id)

    @override
    async def media(self, kind: m.MediaKind, limit: int, offset: int) -> tuple[m.MediaItem, ...]:
        """List recordings or voicemails of recent calls, newest first."""
        return await history.media(self._api, kind, limit, offset, self._book())

    @override
    async def media_source(self, kind: m.MediaKind, item_id: str) -> m.MediaSource:
        """Say where the sound is. It is stored elsewhere, so that the key does not go with it.

        A browser plays a sound in many parts: the link, which is good for a while only, is not
        asked for with each.
        """
        name = f"{kind} {item_id}"
        known = self._sounds.get(name)
        if known is not None and time.monotonic() < known[0]:
            return known[1]
        record = await history.record(self._api, item_id, self._book())
        url = None if record is None else history.sound_of(record, kind)
        if url is None:
            raise NotFoundError("There is no such recording", str(NOT_FOUND))
        source = m.MediaSource(url=url, content_type=_sound_type(url))
        self._sounds.discard(name)
        self._sounds.put(name, (time.monotonic() + LINK_LASTS, source))
        return source


def _body(request: m.PushRequest) -> Json:
    """Return the JSON object of a body; raise BadPayloadError for anything else."""
    return _object(request.body)


@lru_cache(maxsize=1)
def _object(text_of_body: bytes) -> Json:
    """Read a body, which is asked for its events and for its account; raise as `_body` does."""
    try:
        body = read_json(text_of_body)
    except ValueError, RecursionError:
        raise BadPayloadError("The body is not JSON") from None
    if not isinstance(body, dict):
        raise BadPayloadError("The body is no object")
    return mapping(body)


def _enabled(answer: Json) -> bool:
    """Return whether a subscription is enabled."""
    return boolean(answer.get("enabled")) is not False


def _same_url(one: str, other: str) -> bool:
    """Return whether two addresses are the same but for a slash at the end."""
    return one.rstrip("/") == other.rstrip("/")


def _sound_type(url: str) -> str:
    """Return the content type of a sound, by its name."""
    name = url.partition("?")[0].lower()
    return next((kind for suffix, kind in SOUNDS.items() if name.endswith(suffix)), "audio/mpeg")
