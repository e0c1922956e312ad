"""Whom and what an action concerns, so that it can be asked whether its user may do that."""

from homeassistant.exceptions import ServiceValidationError

from ..const import ATTR_AGENT, ATTR_CALL_ID, ATTR_EXTENSION, ATTR_QUEUE, ATTR_TARGET_EXTENSION
from ..devices import Subject, SubjectKind
from ..rights import subjects_of_call
from ..telephony.models import ExtensionType
from .target import Target

EXTENSION_TYPES = {ATTR_EXTENSION: "extension_type", ATTR_TARGET_EXTENSION: "target_type"}


def concerned(target: Target) -> frozenset[Subject]:
    """Return what an action is about: phones, agents, queues; the account where nothing else is named.

    What cannot be found counts as the account: only whoever may control all of it learns more.
    """
    found: set[Subject] = set()
    for subject in (*target.subjects, *target.around):
        found.update(_of_slot(target, subject) if subject.kind is SubjectKind.SLOT else (subject,))
    if ATTR_CALL_ID in target.data:
        call = target.coordinator.data.find(target.data[ATTR_CALL_ID])
        account = (target.coordinator.devices.account,)
        found.update(subjects_of_call(target.coordinator, call) if call is not None else account)
    found.update(_extension(target, field) for field in EXTENSION_TYPES if field in target.data)
    if ATTR_AGENT in target.data:
        found.update(_agents(target))
    if ATTR_QUEUE in target.data:
        found.add(_known(target, SubjectKind.QUEUE, target.queue()))
    return frozenset(found) or frozenset({target.coordinator.devices.account})


def _of_slot(target: Target, subject: Subject) -> tuple[Subject, ...]:
    """Return the phones in the call that a slot shows; the account if it shows none."""
    call = target.coordinator.data.slots[int(subject.id) - 1]
    if call is None:
        return (target.coordinator.devices.account,)
    return subjects_of_call(target.coordinator, call)


def _extension(target: Target, field: str) -> Subject:
    """Return the phone in a field; a number that is not an extension's may be anybody's."""
    internal = (None, ExtensionType.INTERNAL)
    if target.data.get(EXTENSION_TYPES[field]) not in internal:
        return target.coordinator.devices.account
    try:
        number = target.extension(field, known=False)
    except ServiceValidationError:
        return target.coordinator.devices.account
    return _known(target, SubjectKind.EXTENSION, number)


def _agents(target: Target) -> tuple[Subject, ...]:
    """Return the agents that are named."""
    try:
        refs = target.agents()
    except ServiceValidationError:
        return (target.coordinator.devices.account,)
    return tuple(_known(target, SubjectKind.AGENT, ref.id or "") for ref in refs)


def _known(target: Target, kind: SubjectKind, identity: str) -> Subject:
    """Return a subject, or the account where there is no such."""
    devices = target.coordinator.devices
    return devices.subjects.get((kind, identity), devices.account)
