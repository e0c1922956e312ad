"""What an action concerns, so that it can be asked whether its user may do that."""

from homeassistant.exceptions import ServiceValidationError

from ..const import ATTR_AGENT, ATTR_CALL_ID, ATTR_EXTENSION, ATTR_QUEUE, ATTR_TARGET_EXTENSION
from ..devices import Subject, SubjectKind
from ..rights import subjects_of_call
from ..telephony.models import Call, ExtensionType
from .target import Target

EXTENSION_TYPES = {ATTR_EXTENSION: "extension_type", ATTR_TARGET_EXTENSION: "target_type"}


def concerned(target: Target) -> frozenset[Subject]:
    """Return the phones, agents and queues an action is about; the account if it names none.

    What cannot be found counts as the account: only whoever may control all of it learns more.
    """
    found: set[Subject] = set()
    for subject in (*target.subjects, *target.around):
        if subject.kind is SubjectKind.SLOT:
            found |= _phones_in(target, target.coordinator.data.slots[int(subject.id) - 1])
        else:
            found.add(subject)
    if ATTR_CALL_ID in target.data:
        found |= _phones_in(target, target.coordinator.data.find(target.data[ATTR_CALL_ID]))
    for field in EXTENSION_TYPES:
        if field in target.data:
            found.add(_extension(target, field))
    if ATTR_AGENT in target.data:
        found |= _agents(target)
    if ATTR_QUEUE in target.data:
        found.add(_known(target, SubjectKind.QUEUE, target.queue()))
    return frozenset(found or {target.coordinator.devices.account})


def _phones_in(target: Target, call: Call | None) -> set[Subject]:
    """Return the phones in a call; the account for no call."""
    if call is None:
        return {target.coordinator.devices.account}
    return set(subjects_of_call(target.coordinator, call))


def _extension(target: Target, field: str) -> Subject:
    """Return the phone in a field; the account if it may be anybody's."""
    kind = target.data.get(EXTENSION_TYPES[field])
    if kind not in (None, ExtensionType.INTERNAL):
        return target.coordinator.devices.account
    try:
        number = target.extension(field, known=False)
    except ServiceValidationError:
        return target.coordinator.devices.account
    return _known(target, SubjectKind.EXTENSION, number)


def _agents(target: Target) -> set[Subject]:
    """Return the agents that are named; the account if they cannot be found."""
    try:
        refs = target.agents()
    except ServiceValidationError:
        return {target.coordinator.devices.account}
    return {_known(target, SubjectKind.AGENT, ref.id or "") for ref in refs}


def _known(target: Target, kind: SubjectKind, identity: str) -> Subject:
    """Return a subject; the account if there is no such."""
    devices = target.coordinator.devices
    return devices.subjects.get((kind, identity), devices.account)
