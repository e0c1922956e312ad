"""The devices of an account: they appear and go with the directory, and every entity belongs to one."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import batched

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.entity_platform import async_get_platforms

from .const import CONF_FOLLOW, DOMAIN, SUBENTRY_AGENT, SUBENTRY_QUEUE
from .registry.call_registry import (
    ACCOUNT,
    CallRegistry,
    Key,
    agent_key,
    extension_key,
    queue_key,
    slot_key,
)
from .telephony.events import Event
from .telephony.models import Account, Agent, Directory

MISSES_BEFORE_REMOVAL = 2
SUBJECTS_AT_ONCE = 20
ENTITIES_AT_ONCE = 200


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
    device: dr.DeviceEntry = field(compare=False)  # not hashable, and renamed in time
    subentry_id: str | None = None


type SubjectListener = Callable[[list[Subject]], None]


def known_extensions(hass: HomeAssistant, entry: ConfigEntry) -> list[str]:
    """List the extensions that have a device from before, for phone systems that cannot list them."""
    start = f"{entry.unique_id or entry.entry_id}_{SubjectKind.EXTENSION}_"
    return sorted(
        identifier.removeprefix(start)
        for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
        for domain, identifier in device.identifiers
        if domain == DOMAIN and identifier.startswith(start)
    )


class PbxDevices:
    """Register the devices once, before the platforms, and keep them in step with the directory."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        account: Account,
        manufacturer: str,
        registry: CallRegistry,
    ) -> None:
        """Initialize the devices of an account, none of which is registered yet."""
        self.hass = hass
        self.entry = entry
        self._account = account
        self._manufacturer = manufacturer
        self._registry = registry
        self._followed = frozenset(entry.options.get(CONF_FOLLOW, ()))
        self.subjects: dict[tuple[SubjectKind, str], Subject] = {}
        self.extension_count = 0
        self.by_unique_id: dict[str, Subject] = {}
        self._listeners: list[SubjectListener] = []
        self._misses: dict[tuple[SubjectKind, str], int] = {}

    @property
    def account(self) -> Subject:
        """The account itself."""
        return self.subjects[SubjectKind.ACCOUNT, ""]

    @callback
    def async_setup(self) -> None:
        """Register the devices that are known now."""
        account = self._account
        device = dr.async_get(self.hass).async_get_or_create(
            config_entry_id=self.entry.entry_id,
            identifiers={(DOMAIN, self._prefix)},
            entry_type=dr.DeviceEntryType.SERVICE,
            manufacturer=self._manufacturer,
            model=account.model or None,
            sw_version=account.version or None,
            name=self.entry.title,
            configuration_url=account.configuration_url,
        )
        self._add(SubjectKind.ACCOUNT, "", ACCOUNT, device)
        for slot in range(1, len(self._registry.slots) + 1):
            self._add(SubjectKind.SLOT, str(slot), slot_key(slot), device)
        self._remember_agents()
        self.async_sync()

    async def async_listen(self, listener: SubjectListener) -> None:
        """Hear of every subject until they are cleared: now of those that exist, later of new ones."""
        self._listeners.append(listener)
        await self._async_tell([listener], list(self.subjects.values()))

    async def _async_tell(
        self, listeners: Iterable[SubjectListener], subjects: Sequence[Subject]
    ) -> None:
        """Tell of some subjects at a time: the entities of a thousand made at once would hold up everything else."""
        for first, some in enumerate(batched(subjects, SUBJECTS_AT_ONCE, strict=False)):
            if first:
                await asyncio.sleep(0)
            for listener in listeners:
                if listener in self._listeners:
                    listener(
                        [subject for subject in some if (subject.kind, subject.id) in self.subjects]
                    )

    async def async_clear(self) -> None:
        """Take off the entities, some at a time: Home Assistant would take all of a platform in one go."""
        self._listeners.clear()
        for platform in async_get_platforms(self.hass, DOMAIN):
            if platform.config_entry is self.entry:
                for some in batched(
                    list(platform.entities.values()), ENTITIES_AT_ONCE, strict=False
                ):
                    for entity in some:
                        await entity.async_remove()
                    await asyncio.sleep(0)

    @callback
    def async_sync(self) -> None:
        """Register what is new in the directory, and rename what has another name there."""
        registry = self._registry
        new: list[Subject] = []
        followed = [number for number in registry.extensions if self._follows(number)]
        self.extension_count = len(followed)
        for number in followed:
            extension = registry.extensions[number]
            name = (
                f"{extension.name} ({number})"
                if extension.name and extension.name != number
                else number
            )
            new += self._want(SubjectKind.EXTENSION, number, extension_key(number), name, None)
        for agent in registry.agents.values():
            subentry = self._subentry_id(SUBENTRY_AGENT, agent.id)
            new += self._want(
                SubjectKind.AGENT, agent.id, agent_key(agent.id), agent.name or agent.id, subentry
            )
        for queue in registry.queues.values():
            subentry = self._subentry_id(SUBENTRY_QUEUE, queue.id)
            new += self._want(
                SubjectKind.QUEUE, queue.id, queue_key(queue.id), queue.name or queue.id, subentry
            )
        if new:
            self.entry.async_create_background_task(
                self.hass,
                self._async_tell(tuple(self._listeners), new),
                f"{self.entry.title} subjects",
            )

    @callback
    def async_settle(self, directory: Directory) -> None:
        """Take a list: remove the devices that two complete ones in a row did not have; one may be a glitch."""
        if self.subjects:
            self.async_sync()
        present: dict[SubjectKind, set[str]] = {}
        if directory.extensions is not None:
            present[SubjectKind.EXTENSION] = {
                item.number for item in directory.extensions if self._follows(item.number)
            }
        if directory.agents is not None:
            present[SubjectKind.AGENT] = {item.id for item in directory.agents}
        if directory.queues is not None:
            present[SubjectKind.QUEUE] = {item.id for item in directory.queues}
        registered = self._registered(present)
        for kind, identity in list(self.subjects):
            if (
                kind in present
                and identity not in present[kind]
                and (kind, identity) not in registered
            ):
                del self.subjects[kind, identity]  # its device went with the subentry
        misses = {key: count for key, count in self._misses.items() if key[0] not in present}
        for key, device_id in registered.items():
            kind, identity = key
            if identity in present[kind]:
                continue
            misses[key] = self._misses.get(key, 0) + 1
            if misses[key] >= MISSES_BEFORE_REMOVAL:
                del misses[key]
                self.subjects.pop(key, None)
                dr.async_get(self.hass).async_remove_device(device_id)
        self._misses = misses

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

    def _want(
        self, kind: SubjectKind, identity: str, key: Key, name: str, subentry: str | None
    ) -> list[Subject]:
        known = self.subjects.get((kind, identity))
        if known is not None and known.device.name == name and known.subentry_id == subentry:
            return []
        device = dr.async_get(self.hass).async_get_or_create(
            config_entry_id=self.entry.entry_id,
            config_subentry_id=subentry,
            identifiers={self._identifier(kind, identity)},
            manufacturer=self._manufacturer,
            model=kind.value.capitalize(),
            name=name,
            translation_key=None,
            via_device_id=self.account.device.id,
        )
        subject = self._add(kind, identity, key, device, subentry)
        return [] if known is not None else [subject]

    def _add(
        self,
        kind: SubjectKind,
        identity: str,
        key: Key,
        device: dr.DeviceEntry,
        subentry: str | None = None,
    ) -> Subject:
        subject = Subject(kind=kind, id=identity, key=key, device=device, subentry_id=subentry)
        self.subjects[kind, identity] = subject
        return subject

    def _subentry_id(self, kind: str, identity: str) -> str | None:
        return (
            identity
            if identity in self.entry.subentries
            and self.entry.subentries[identity].subentry_type == kind
            else None
        )

    def _remember_agents(self) -> None:
        """Take back the agents that only pushes speak of; what they do now is unknown."""
        registry = self._registry
        if SubjectKind.AGENT in registry.listed:
            return
        devices = dr.async_get(self.hass)
        for (_kind, agent_id), device_id in self._registered([SubjectKind.AGENT]).items():
            device = devices.async_get(device_id)
            name = device.name if device is not None else None
            registry.remember_agent(Agent(id=agent_id, name=name or agent_id, number=agent_id))

    def _follows(self, number: str) -> bool:
        return not self._followed or number in self._followed

    def _registered(self, kinds: Iterable[SubjectKind]) -> dict[tuple[SubjectKind, str], str]:
        """Find the registered devices of these kinds, also those of before a restart."""
        starts = {kind: self._identifier(kind, "")[1] for kind in kinds}
        return {
            (kind, identifier.removeprefix(start)): device.id
            for device in dr.async_entries_for_config_entry(
                dr.async_get(self.hass), self.entry.entry_id
            )
            for domain, identifier in device.identifiers
            for kind, start in starts.items()
            if domain == DOMAIN and identifier.startswith(start)
        }
