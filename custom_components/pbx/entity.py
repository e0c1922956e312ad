"""What all entities share: their device, unique id, availability, writing only what changed, command errors."""

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import override

from homeassistant.core import callback
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import MANY_EXTENSIONS
from .coordinator import PbxCoordinator
from .devices import Subject, SubjectKind
from .registry.call_registry import CallRegistry
from .registry.changes import listed_key
from .telephony.models import Capability
from .wording import Wording

NOTHING = Capability(0)
LISTED: Mapping[SubjectKind, Callable[[CallRegistry], Container[str]]] = {
    SubjectKind.EXTENSION: lambda registry: registry.extensions,
    SubjectKind.AGENT: lambda registry: registry.agents,
    SubjectKind.QUEUE: lambda registry: registry.queues,
}


@dataclass(frozen=True, kw_only=True)
class PbxEntityDescription(EntityDescription):
    """What kind of thing an entity is about, and what the phone system must be able to do for it."""

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
        """Belong to the subject's device."""
        key = listed_key(subject.id) if description.listed_only else subject.key
        super().__init__(coordinator, context=None if description.health_only else key)
        self.entity_description = description
        self.subject = subject
        self.device_entry = subject.device
        self._attr_unique_id = coordinator.devices.unique_id(subject, description.key)
        if subject.kind is SubjectKind.SLOT:
            self._attr_translation_placeholders = {"slot": subject.id}
        if not description.essential and coordinator.devices.extension_count > MANY_EXTENSIONS:
            self._attr_entity_registry_enabled_default = False
        self._listed = LISTED.get(subject.kind)
        self._told: object = None

    @property
    def wording(self) -> Wording:
        """Return how parties and calls are worded in states."""
        return self.coordinator.wording

    @property
    def registry(self) -> CallRegistry:
        """What is known about the account."""
        return self.coordinator.data

    @property
    @override
    def available(self) -> bool:
        """Whether what is shown can be known now."""
        coordinator = self.coordinator
        known = (
            coordinator.calls_known
            if self.entity_description.about_calls
            else coordinator.last_update_success
        )
        return known and (self._listed is None or self.subject.id in self._listed(coordinator.data))

    @override
    async def async_added_to_hass(self) -> None:
        """Listen, and read what is so by now: Home Assistant writes the state right after this."""
        await super().async_added_to_hass()
        self._told = (self.available, self.async_read())

    @abstractmethod
    @callback
    def async_read(self) -> object:
        """Take over what is shown, and give everything that a state write would show."""

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write only what changed: comparing here costs a tenth of a write."""
        shown = (self.available, self.async_read())
        if shown != self._told:
            self._told = shown
            self.async_write_ha_state()

    @callback
    def async_show(self) -> None:
        """Write what was not read, and with the next reading whatever that brings."""
        self._told = None
        self.async_write_ha_state()

    async def async_run[T](self, command: Awaitable[T]) -> T:
        """Carry out a command and look what became of it."""
        with self.coordinator.commanding():
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
        by_subentry: dict[str | None, list[Entity]] = {}
        for subject in subjects:
            for description in descriptions:
                if (
                    description.subject is subject.kind
                    and description.needs in coordinator.provider.capabilities
                    and (description.for_trunks or not _is_trunk(coordinator, subject))
                    and description.exists_fn(coordinator.data, subject.id)
                ):
                    by_subentry.setdefault(subject.subentry_id, []).append(
                        make(coordinator, subject, description)
                    )
        for subentry_id, entities in by_subentry.items():
            async_add_entities(within_limit(coordinator, entities), config_subentry_id=subentry_id)

    await coordinator.devices.async_listen(async_add)


def _is_trunk(coordinator: PbxCoordinator, subject: Subject) -> bool:
    """Tell whether a subject is a line to the outside and nobody's phone."""
    extension = (
        coordinator.data.extensions.get(subject.id)
        if subject.kind is SubjectKind.EXTENSION
        else None
    )
    return extension is not None and extension.trunk


@callback
def within_limit(coordinator: PbxCoordinator, entities: Sequence[Entity]) -> Sequence[Entity]:
    """Enable no more entities by default than Home Assistant can take, and say so."""
    enabled = [entity for entity in entities if entity.entity_registry_enabled_default]
    room = coordinator.async_make_room(len(enabled))
    for entity in enabled[room:]:
        entity._attr_entity_registry_enabled_default = False  # noqa: SLF001 - the attribute is there to be set
    return entities
