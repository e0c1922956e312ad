"""Who may do what: the one place where actions, commands of the front end and Assist ask.

A person needs the same permission as for the entities concerned: *control* for a command, *read*
for a question. The entity of an extension is its call state, of an agent its status, of a queue its
waiting callers, each whether it is enabled or not; everything else is decided by the account's
active calls. What reaches beyond one's own phones is for administrators. An automation has no user,
and may do everything. A user who was switched off may nothing, whatever still runs.
"""

from collections.abc import Iterable
from enum import StrEnum

from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.const import Platform
from homeassistant.core import Context, HomeAssistant, callback
from homeassistant.exceptions import UnknownUser
from homeassistant.helpers import entity_registry as er

from .const import DOMAIN
from .coordinator import PbxCoordinator
from .data import PbxConfigEntry
from .devices import Subject, SubjectKind
from .errors import not_allowed
from .features import PRIMARY
from .telephony.models import Call


class Access(StrEnum):
    """What somebody wants to do."""

    READ = POLICY_READ
    CONTROL = POLICY_CONTROL
    ADMINISTER = "administer"


async def async_check(
    hass: HomeAssistant,
    context: Context,
    entry: PbxConfigEntry,
    subjects: Iterable[Subject],
    access: Access,
) -> None:
    """Raise NotAllowedError if the user of a context may not do this to all of the subjects.

    Without any subject it is about the whole account.
    """
    if context.user_id is None:
        return
    user = await hass.auth.async_get_user(context.user_id)
    if user is None:
        raise UnknownUser(context=context, config_entry_id=entry.entry_id, permission=access)
    if not may(user, entry.runtime_data.coordinator, subjects, access):
        match access:
            case Access.READ:
                raise not_allowed("not_allowed_read", context, entry.entry_id, access)
            case Access.CONTROL:
                raise not_allowed("not_allowed_control", context, entry.entry_id, access)
            case Access.ADMINISTER:
                raise not_allowed("not_allowed_administer", context, entry.entry_id, access)


async def async_check_everywhere(hass: HomeAssistant, context: Context, access: Access) -> None:
    """Raise NotAllowedError if the user of a context may not do this to every account.

    It is about what the accounts share, as the phone book. Without any account it is for
    administrators.
    """
    if context.user_id is None:
        return
    entries: list[PbxConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    for entry in entries:
        await async_check(hass, context, entry, (), access)
    if not entries:
        user = await hass.auth.async_get_user(context.user_id)
        if user is None or not may_everywhere(hass, user, access):
            raise not_allowed("not_allowed_administer", context, None, access)


@callback
def may_everywhere(hass: HomeAssistant, user: User, access: Access) -> bool:
    """Return whether a user may do this to every account; without any, to what they would share."""
    entries: list[PbxConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    if not entries:
        return user.is_active and user.is_admin
    return all(may(user, entry.runtime_data.coordinator, (), access) for entry in entries)


@callback
def may(
    user: User, coordinator: PbxCoordinator, subjects: Iterable[Subject], access: Access
) -> bool:
    """Return whether a user may do this to all subjects; without any, to the whole account."""
    if not user.is_active:
        return False
    if user.is_admin:
        return True
    if access is Access.ADMINISTER:
        return False
    return all(
        _may_entity(user, coordinator, subject, access)
        for subject in tuple(subjects) or (coordinator.devices.account,)
    )


@callback
def subjects_of_call(coordinator: PbxCoordinator, call: Call) -> tuple[Subject, ...]:
    """Return the phones in a call; the account for a call that no phone of ours is in."""
    found = (
        coordinator.devices.subjects.get((SubjectKind.EXTENSION, number))
        for number in call.extensions
    )
    return tuple(subject for subject in found if subject is not None) or (
        coordinator.devices.account,
    )


def _may_entity(user: User, coordinator: PbxCoordinator, subject: Subject, access: Access) -> bool:
    """Return whether a user may do this to the entity that stands for a subject."""
    entity_id = _entity_id(coordinator, subject) or _entity_id(
        coordinator, coordinator.devices.account
    )
    if entity_id is None:
        return user.permissions.access_all_entities(access)
    return user.permissions.check_entity(entity_id, access)


def _entity_id(coordinator: PbxCoordinator, subject: Subject) -> str | None:
    """Return the entity that stands for a subject; None if it has none."""
    if subject.kind is SubjectKind.SLOT:
        return None
    unique_id = coordinator.devices.unique_id(subject, PRIMARY[subject.kind])
    return er.async_get(coordinator.hass).async_get_entity_id(Platform.SENSOR, DOMAIN, unique_id)
