"""What an extension, agent or queue is called in the filters of triggers."""

from collections.abc import Iterable

from .coordinator import PbxCoordinator
from .devices import SubjectKind
from .telephony.models import Agent, Queue
from .voice_names import is_named


def names_one(
    coordinator: PbxCoordinator, kind: SubjectKind, identity: str, wanted: Iterable[str]
) -> bool:
    """Return whether one of the texts of a filter is an id, a number, a name or a device of this.

    `identity` is what an event calls an extension, agent or queue.
    """
    known = known_by(coordinator, kind, identity)
    names, name = {identity}, ""
    if known is not None:
        names |= {known.id, known.number}
        identity, name = known.id, known.name
    subject = coordinator.devices.subjects.get((kind, identity))
    if subject is not None:
        names.add(subject.device.id)
    return any(each in names or is_named(each, name) for each in wanted)


def known_by(coordinator: PbxCoordinator, kind: SubjectKind, identity: str) -> Agent | Queue | None:
    """Return an agent or a queue, if it is known."""
    registry = coordinator.data
    if kind is SubjectKind.AGENT:
        return registry.agents.get(identity)
    if kind is SubjectKind.QUEUE:
        # Calls name their queue as the phone system does, which may be any of these.
        for queue in registry.queues.values():
            if identity in (queue.id, queue.number, queue.name):
                return queue
    return None
