"""Actions on the phone system's address book."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from typing import Any

import voluptuous as vol
from homeassistant.core import SupportsResponse

from ..data import PbxConfigEntry
from ..providers.base import Provider
from ..rights import Access
from ..telephony import models as m
from ..telephony.models import Capability
from .action import LIMIT, LONG_TEXT, OFFSET, TEXT, TEXTS, Action
from .target import Target

CONTACT_FIELDS: Mapping[str, Any] = {
    "first_name": TEXT,
    "last_name": TEXT,
    "number": TEXT,
    "numbers": TEXTS,
    "email": TEXT,
    "emails": TEXTS,
    "company": TEXT,
    "job_title": TEXT,
    "website": TEXT,
    "source": TEXT,
    "source_url": TEXT,
    "groups": TEXTS,
    "notes": LONG_TEXT,
}


async def _search_contacts(target: Target) -> dict[str, Any]:
    """Return the contacts that fit, and whether there are more."""
    data = target.data
    query = m.ContactQuery(
        name=data.get("name"),
        first_name=data.get("first_name"),
        last_name=data.get("last_name"),
        number=data.get("number"),
        email=data.get("email"),
        contact_id=data.get("contact_id"),
        limit=data.get("limit", 20),
        offset=data.get("offset", 0),
    )
    page = await target.coordinator.provider.search_contacts(query)
    return {"contacts": [_contact(contact) for contact in page.contacts], "has_next": page.has_next}


async def _create_contact(target: Target) -> dict[str, Any]:
    """Add a contact; return it."""
    with _changing(target) as provider:
        return _contact(await provider.create_contact(_typed_contact(target)))


async def _update_contact(target: Target) -> dict[str, Any]:
    """Change the given fields of a contact; return it."""
    with _changing(target) as provider:
        return _contact(await provider.update_contact(_typed_contact(target)))


async def _delete_contact(target: Target) -> None:
    """Delete a contact."""
    with _changing(target) as provider:
        await provider.delete_contact(target.data["contact_id"])


@contextmanager
def _changing(target: Target) -> Iterator[Provider]:
    """Give the provider, whose contacts are others now: callers are looked up once more."""
    entry: PbxConfigEntry = target.coordinator.config_entry
    try:
        yield target.coordinator.provider
    finally:
        entry.runtime_data.lookups.names.distrust()


def _typed_contact(target: Target) -> m.Contact:
    """Return the contact that the fields describe."""
    data = target.data
    values: dict[str, Any] = {name: data[name] for name in CONTACT_FIELDS if name in data}
    for name in ("numbers", "emails", "groups"):
        if name in values:
            values[name] = tuple(values[name])
    return m.Contact(id=data.get("contact_id", ""), **values)


def _contact(contact: m.Contact) -> dict[str, Any]:
    """Return what is known of a contact."""
    values = {key: value for key, value in asdict(contact).items() if value not in (None, "", ())}
    return {key: _answer(value) for key, value in values.items()}


def _answer(value: object) -> object:
    """Return a value as an action's answer can hold it."""
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value


CONTACTS: tuple[Action, ...] = (
    Action(
        name="search_contacts",
        needs=Capability.SEARCH_CONTACTS,
        access=Access.ADMINISTER,
        run=_search_contacts,
        fields={
            vol.Optional("name"): TEXT,
            vol.Optional("first_name"): TEXT,
            vol.Optional("last_name"): TEXT,
            vol.Optional("number"): TEXT,
            vol.Optional("email"): TEXT,
            vol.Optional("contact_id"): TEXT,
            vol.Optional("limit"): LIMIT,
            vol.Optional("offset"): OFFSET,
        },
        response=SupportsResponse.ONLY,
    ),
    Action(
        name="create_contact",
        needs=Capability.CREATE_CONTACT,
        access=Access.ADMINISTER,
        run=_create_contact,
        fields={vol.Optional(name): kind for name, kind in CONTACT_FIELDS.items()},
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="update_contact",
        needs=Capability.UPDATE_CONTACT,
        access=Access.ADMINISTER,
        run=_update_contact,
        fields={
            vol.Required("contact_id"): TEXT,
            **{vol.Optional(name): kind for name, kind in CONTACT_FIELDS.items()},
        },
        own=frozenset({"contact_id"}),
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="delete_contact",
        needs=Capability.DELETE_CONTACT,
        access=Access.ADMINISTER,
        run=_delete_contact,
        fields={vol.Required("contact_id"): TEXT},
        own=frozenset({"contact_id"}),
    ),
)
