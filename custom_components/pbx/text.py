"""Texts: the number that an extension's calls are forwarded to."""

from dataclasses import dataclass
from typing import override

from homeassistant.components.text import TextEntity, TextEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .accounts import dialled_number
from .coordinator import PbxCoordinator
from .data import PbxConfigEntry
from .devices import Subject, SubjectKind
from .entity import PbxEntity, PbxEntityDescription, async_add_subjects, is_by_person
from .telephony.models import Capability

PARALLEL_UPDATES = 1
LONGEST_NUMBER = 40


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PbxTextEntityDescription(PbxEntityDescription, TextEntityDescription):
    """Describe a text."""


TEXTS: tuple[PbxTextEntityDescription, ...] = (
    PbxTextEntityDescription(
        key="call_forwarding",
        translation_key="call_forwarding",
        subject=SubjectKind.EXTENSION,
        listed_only=True,
        needs=Capability.FORWARDING,
        native_max=LONGEST_NUMBER,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: PbxConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the texts."""
    await async_add_subjects(entry.runtime_data.coordinator, async_add_entities, TEXTS, _make)


def _make(
    coordinator: PbxCoordinator, subject: Subject, description: PbxTextEntityDescription
) -> PbxForwarding:
    """Return the text of a subject."""
    return PbxForwarding(coordinator, subject, description)


class PbxForwarding(PbxEntity, TextEntity):
    """Where all calls of an extension go; empty while they are not forwarded."""

    entity_description: PbxTextEntityDescription

    @callback
    @override
    def async_read(self) -> object:
        """Read the number and return it."""
        extension = self.registry.extensions.get(self.subject.id)
        self._attr_native_value = None if extension is None else extension.forwarded_to
        return self._attr_native_value

    @override
    async def async_set_value(self, value: str) -> None:
        """Forward to a number that may be dialled; an empty one ends it."""
        entry: PbxConfigEntry = self.coordinator.config_entry
        if not value.strip():
            await self._async_forward("")
            return
        by_person = is_by_person(self)
        with entry.runtime_data.guard.placing(value, by_person=by_person, by_hand=by_person):
            await self._async_forward(dialled_number(self.hass, entry, value, by_hand=by_person))

    async def _async_forward(self, number: str) -> None:
        """Forward to a number as it is dialled, or to none, and show that."""
        await self.async_run(self.coordinator.provider.set_forwarding(self.subject.id, number))
        self._attr_native_value = number
        self.async_show()
        self.coordinator.async_reread_directory()
