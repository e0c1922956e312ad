"""The devices of an account: they appear and go with the directory, and every entity belongs to one."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import CONF_FOLLOW, DOMAIN, SUBENTRY_AGENT, SUBENTRY_QUEUE
from .providers.calls import ACCOUNT, DIRECTORY, Key, agent_key, extension_key, queue_key, slot_key
from .providers.events import Event
from .providers.models import Agent

if TYPE_CHECKING:
    from .coordinator import PbxConfigEntry, PbxCoordinator

MISSES_BEFORE_REMOVAL = 2


class SubjectKind(StrEnum):
    """What entities can be about."""

    ACCOUNT = "account"
    SLOT = "slot"
    EXTENSION = "extension"
    AGENT = "agent"
    QUEUE = "queue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an entity is about, and the device it belongs to."""

    kind: SubjectKind
    id: str
    key: Key
    device: dr.DeviceEntry = field(hash=False)  # not hashable
    subentry_id: str | None = None


type SubjectListener = Callable[[list[Subject]], None]


class PbxDevices:
    """Register the devices once, before the platforms, and keep them in step with the directory."""

    def __init__(self, hass: HomeAssistant, entry: PbxConfigEntry, coordinator: PbxCoordinator) -> None:
        """Know no device yet."""
        self.hass = hass
        self.entry = entry
        self.coordinator = coordinator
        self.subjects: dict[tuple[SubjectKind, str], Subject] = {}
        self.by_unique_id: dict[str, Subject] = {}
        self._listeners: list[SubjectListener] = []
        self._misses: dict[tuple[SubjectKind, str], int] = {}

    @property
    def account(self) -> Subject:
        """The account itself."""
        return self.subjects[SubjectKind.ACCOUNT, ""]

    @callback
    def async_setup(self) -> None:
        """Register what is known now, and listen for what comes and goes."""
        account = self.coordinator.account
        device = dr.async_get(self.hass).async_get_or_create(
            config_entry_id=self.entry.entry_id,
            identifiers={(DOMAIN, self._prefix)},
            entry_type=dr.DeviceEntryType.SERVICE,
            manufacturer=self.coordinator.provider.name,
            model=account.model or None,
            sw_version=account.version or None,
            name=self.entry.title,
            configuration_url=account.configuration_url,
        )
        self._add(SubjectKind.ACCOUNT, "", ACCOUNT, device)
        for slot in range(1, len(self.coordinator.data.slots) + 1):
            self._add(SubjectKind.SLOT, str(slot), slot_key(slot), device)
        self._remember_agents()
        self.async_sync()
        self.entry.async_on_unload(self.coordinator.async_add_listener(self.async_sync, DIRECTORY))

    @property
    def unsettled(self) -> bool:
        """Whether a device was missing from the last list, so that the next one decides."""
        return bool(self._misses)

    @callback
    def async_listen(self, listener: SubjectListener) -> CALLBACK_TYPE:
        """Hear of every subject: at once of those that exist, later of new ones."""
        self._listeners.append(listener)
        listener(list(self.subjects.values()))
        return lambda: self._listeners.remove(listener)

    @callback
    def async_sync(self) -> None:
        """Register what is new in the directory; remove what is gone from complete lists."""
        registry = self.coordinator.data
        followed = set(self.entry.options.get(CONF_FOLLOW, ()))
        new: list[Subject] = []
        for number, extension in registry.extensions.items():
            if followed and number not in followed:
                continue
            name = f"{extension.name} ({number})" if extension.name and extension.name != number else number
            new += self._want(SubjectKind.EXTENSION, number, extension_key(number), name, None)
        for agent in registry.agents.values():
            subentry = self._subentry_id(SUBENTRY_AGENT, agent.id)
            new += self._want(SubjectKind.AGENT, agent.id, agent_key(agent.id), agent.name or agent.id, subentry)
        for queue in registry.queues.values():
            subentry = self._subentry_id(SUBENTRY_QUEUE, queue.id)
            new += self._want(SubjectKind.QUEUE, queue.id, queue_key(queue.id), queue.name or queue.id, subentry)
        self._remove_stale(followed)
        if new:
            for listener in self._listeners:
                listener(new)

    def subject_of_event(self, event: Event) -> Subject:
        """Find the device an event is about: the extension's, else the agent's, else the account's."""
        for kind, identity in (
            (SubjectKind.EXTENSION, event.extension),
            (SubjectKind.AGENT, event.agent),
            (SubjectKind.QUEUE, event.queue),
        ):
            if identity and (subject := self.subjects.get((kind, identity))) is not None:
                return subject
        return self.account

    def subject_of_device(self, device_id: str) -> Subject | None:
        """Find what a device stands for."""
        return next(
            (
                subject
                for subject in self.subjects.values()
                if subject.device.id == device_id and subject.kind is not SubjectKind.SLOT
            ),
            None,
        )

    def unique_id(self, subject: Subject, key: str) -> str:
        """Make the unique id of an entity, and remember whose it is."""
        unique_id = "_".join(part for part in (self._prefix, subject.kind, subject.id, key) if part)
        self.by_unique_id[unique_id] = subject
        return unique_id

    @property
    def _prefix(self) -> str:
        return self.entry.unique_id or self.entry.entry_id

    def _identifier(self, kind: SubjectKind, identity: str) -> tuple[str, str]:
        return (DOMAIN, f"{self._prefix}_{kind}_{identity}")

    def _want(self, kind: SubjectKind, identity: str, key: Key, name: str, subentry: str | None) -> list[Subject]:
        self._misses.pop((kind, identity), None)
        known = self.subjects.get((kind, identity))
        if known is not None and known.device.name == name and known.subentry_id == subentry:
            return []
        device = dr.async_get(self.hass).async_get_or_create(
            config_entry_id=self.entry.entry_id,
            config_subentry_id=subentry,
            identifiers={self._identifier(kind, identity)},
            manufacturer=self.coordinator.provider.name,
            name=name,
            translation_key=None,
            via_device_id=self.account.device.id,
        )
        subject = self._add(kind, identity, key, device, subentry)
        return [] if known is not None else [subject]

    def _add(
        self, kind: SubjectKind, identity: str, key: Key, device: dr.DeviceEntry, subentry: str | None = None
    ) -> Subject:
        subject = Subject(kind=kind, id=identity, key=key, device=device, subentry_id=subentry)
        self.subjects[kind, identity] = subject
        return subject

    def _subentry_id(self, kind: str, identity: str) -> str | None:
        return (
            identity
            if identity in self.entry.subentries and self.entry.subentries[identity].subentry_type == kind
            else None
        )

    def _remember_agents(self) -> None:
        """Take back the agents that only pushes speak of; what they do now is unknown."""
        start = self._identifier(SubjectKind.AGENT, "")
        registry = self.coordinator.data
        if "agent" in registry.listed:
            return
        for device in dr.async_entries_for_config_entry(dr.async_get(self.hass), self.entry.entry_id):
            for domain, identifier in device.identifiers:
                if domain == DOMAIN and identifier.startswith(start[1]):
                    agent_id = identifier[len(start[1]) :]
                    registry.remember_agent(Agent(id=agent_id, name=device.name or agent_id, number=agent_id))

    def _remove_stale(self, followed: set[str]) -> None:
        """Remove devices that two complete lists in a row did not have; one list may be a glitch."""
        registry = self.coordinator.data
        present = {
            SubjectKind.EXTENSION: {n for n in registry.extensions if not followed or n in followed},
            SubjectKind.AGENT: set(registry.agents),
            SubjectKind.QUEUE: set(registry.queues),
        }
        devices = dr.async_get(self.hass)
        for device in dr.async_entries_for_config_entry(devices, self.entry.entry_id):
            for kind, identities in present.items():
                start = self._identifier(kind, "")[1]
                for domain, identifier in device.identifiers:
                    if domain != DOMAIN or not identifier.startswith(start) or kind not in registry.listed:
                        continue
                    identity = identifier[len(start) :]
                    if identity in identities:
                        continue
                    misses = self._misses[kind, identity] = self._misses.get((kind, identity), 0) + 1
                    if misses >= MISSES_BEFORE_REMOVAL:
                        self._misses.pop((kind, identity))
                        self.subjects.pop((kind, identity), None)
                        devices.async_remove_device(device.id)
