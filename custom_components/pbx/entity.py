"""The base entity: device, unique id, availability, commands, and writing only what changed."""

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import override

from homeassistant.core import callback
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .commands import commanding
from .const import MANY_EXTENSIONS
from .coordinator import PbxCoordinator
from .devices import Subject, SubjectKind
from .features import PRIMARY, features_of
from .registry.call_registry import CallRegistry
from .registry.changes import listed_key
from .telephony.models import Capability

NOTHING = Capability(0)
LISTED: Mapping[SubjectKind, Callable[[CallRegistry], Container[str]]] = {
    SubjectKind.EXTENSION: lambda registry: registry.extensions,
    SubjectKind.AGENT: lambda registry: registry.agents,
    SubjectKind.QUEUE: lambda registry: registry.queues,
}


# Nobody compares or prints descriptions: at each start, methods for that would be a third of what
# it takes to make these classes.
@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PbxEntityDescription(EntityDescription):
    """Describe what an entity is about, and what the phone system must be able to do for it."""

    subject: SubjectKind
    needs: Capability = NOTHING
    about_calls: bool = False
    essential: bool = False
    for_trunks: bool = False
    health_only: bool = False
    """Show the same whatever changes, but for whether the phone system is there."""
    listed_only: bool = False
    """Show what a list says of a phone, whatever its calls do."""
    exists_fn: Callable[[CallRegistry, str], bool] = lambda _registry, _id: True


class PbxEntity(CoordinatorEntity[PbxCoordinator]):
    """An entity that shows something of one subject."""

    _attr_has_entity_name = True
    entity_description: PbxEntityDescription

    def __init__(
        self, coordinator: PbxCoordinator, subject: Subject, description: PbxEntityDescription
    ) -> None:
        """Initialize the entity of a subject, on the subject's device."""
        key = listed_key(subject.id) if description.listed_only else subject.key
        super().__init__(coordinator, context=None if description.health_only else key)
        self.entity_description = description
        self.subject = subject
        # Properties would cost more than what is done with them: they are read with every push.
        self.registry = coordinator.data
        self.wording = coordinator.wording
        self.device_entry = subject.device
        self._attr_unique_id = coordinator.devices.async_add_entity(subject, description.key)
        if description.key == PRIMARY[subject.kind]:
            self._attr_supported_features = int(features_of(coordinator.provider, subject.kind))
        if subject.kind is SubjectKind.SLOT:
            self._attr_translation_placeholders = {"slot": subject.id}
        if not description.essential and coordinator.devices.extension_count > MANY_EXTENSIONS:
            self._attr_entity_registry_enabled_default = False
        listed = LISTED.get(subject.kind)
        self._listed = None if listed is None else listed(self.registry)
        self._told: object = None

    @property
    @override
    def available(self) -> bool:
        """Return whether what is shown can be known now."""
        if self.entity_description.about_calls:
            known = self.coordinator.calls_known
        else:
            known = self.coordinator.last_update_success
        if self._listed is None:
            return known
        return known and self.subject.id in self._listed

    @override
    async def async_added_to_hass(self) -> None:
        """Listen, and read what is so by now, which Home Assistant writes right after this."""
        await super().async_added_to_hass()
        self._told = (self.available, self.async_read())

    @abstractmethod
    @callback
    def async_read(self) -> object:
        """Read what is shown, and return everything that a state write would show."""

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write only what changed: comparing here costs a tenth of a write."""
        shown = (self.available, self.async_read())
        if shown != self._told:
            self._told = shown
            if self.coordinator.contexts.noted:
                self._async_follow_command()
            self.async_write_ha_state()

    @callback
    def async_show(self) -> None:
        """Write what was not read, and the next reading in any case."""
        self._told = None
        self.async_write()

    @callback
    def async_write(self) -> None:
        """Write the state, as a consequence of the command that just concerned the subject."""
        if self.coordinator.contexts.noted:
            self._async_follow_command()
        self.async_write_ha_state()

    @callback
    def _async_follow_command(self) -> None:
        """Let what is written follow from the command that just concerned the subject, if any."""
        context = self.coordinator.contexts.async_find(self.subject.key)
        if context is not None:
            self.async_set_context(context)

    @callback
    def async_command(self) -> None:
        """Take that a command is on its way, by whoever used this entity."""
        self.coordinator.contexts.async_note([self.subject.key], self._context)

    async def async_run[T](self, command: Awaitable[T]) -> T:
        """Send a command, return its answer, and look what became of it."""
        self.async_command()
        with commanding(self.coordinator):
            return await command


async def async_add_subjects[D: PbxEntityDescription](
    coordinator: PbxCoordinator,
    async_add_entities: AddConfigEntryEntitiesCallback,
    descriptions: Iterable[D],
    make: Callable[[PbxCoordinator, Subject, D], Entity],
) -> None:
    """Add the entities of all subjects, now and whenever new ones come."""

    @callback
    def async_add(subjects: list[Subject]) -> None:
        """Add the entities of some subjects."""
        by_subentry: dict[str | None, list[Entity]] = {}
        for subject, description in product(subjects, descriptions):
            if _exists(coordinator, subject, description):
                entities = by_subentry.setdefault(subject.subentry_id, [])
                entities.append(make(coordinator, subject, description))
        for subentry_id, entities in by_subentry.items():
            async_add_entities(within_limit(coordinator, entities), config_subentry_id=subentry_id)

    await coordinator.devices.async_listen(async_add)


def _exists(
    coordinator: PbxCoordinator, subject: Subject, description: PbxEntityDescription
) -> bool:
    """Return whether a subject has an entity, at this phone system."""
    if description.subject is not subject.kind:
        return False
    if description.needs not in coordinator.provider.capabilities:
        return False
    if not description.for_trunks and _is_trunk(coordinator, subject):
        return False
    return description.exists_fn(coordinator.data, subject.id)


def _is_trunk(coordinator: PbxCoordinator, subject: Subject) -> bool:
    """Return whether a subject is a line to the outside and nobody's phone."""
    if subject.kind is not SubjectKind.EXTENSION:
        return False
    extension = coordinator.data.extensions.get(subject.id)
    return extension is not None and extension.trunk


@callback
def within_limit(coordinator: PbxCoordinator, entities: Sequence[Entity]) -> Sequence[Entity]:
    """Return the entities, of which no more are enabled by default than Home Assistant takes."""
    enabled = [entity for entity in entities if entity.entity_registry_enabled_default]
    room = coordinator.async_make_room(len(enabled))
    for entity in enabled[room:]:
        # The attribute is there to be set, and there is no other way from outside.
        entity._attr_entity_registry_enabled_default = False  # noqa: SLF001
    return entities


def is_by_person(entity: Entity) -> bool:
    """Return whether a user does something with an entity now, and no automation."""
    context = entity._context  # noqa: SLF001 - where Home Assistant keeps it for an entity's own use
    return context is not None and context.user_id is not None
