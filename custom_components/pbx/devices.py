"""The devices of an account: they come and go with the directory, and every entity has one."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import batched

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import async_get_platforms
from homeassistant.helpers.translation import async_get_cached_translations

from .const import CONF_FOLLOW, CONF_PHONES, DOMAIN, SUBENTRY_AGENT, SUBENTRY_QUEUE
from .registry.call_registry import (
    ACCOUNT,
    CallRegistry,
    Key,
    KeyKind,
    agent_key,
    extension_key,
    queue_key,
    slot_key,
)
from .registry.named_phones import hidden_in, read_named
from .telephony.events import Event
from .telephony.models import Account, Agent, Directory, Extension

MISSES_BEFORE_REMOVAL = 2
SUBJECTS_AT_ONCE = 20
ENTITIES_AT_ONCE = 200


class SubjectKind(StrEnum):
    """What entities can be about: some of what the registry has keys for."""

    ACCOUNT = KeyKind.ACCOUNT.value
    SLOT = KeyKind.SLOT.value
    EXTENSION = KeyKind.EXTENSION.value
    AGENT = KeyKind.AGENT.value
    QUEUE = KeyKind.QUEUE.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What an entity is about, and the device it belongs to.

    `id` is what the registry knows it by, `identity` what its device and entities are known by for
    good: an extension may be given another number later.
    """

    kind: SubjectKind
    id: str
    identity: str
    key: Key
    device: dr.DeviceEntry = field(compare=False)  # not hashable, and renamed in time
    subentry_id: str | None = None


type SubjectListener = Callable[[list[Subject]], None]


def known_extensions(hass: HomeAssistant, entry: ConfigEntry) -> list[str]:
    """Return the numbers of the extensions that have a device, also from before a restart.

    Some phone systems cannot list their extensions.
    """
    return sorted(number for _, number in _registered(hass, entry, [SubjectKind.EXTENSION]))


def _prefix(entry: ConfigEntry) -> str:
    """Return what the identifiers and unique ids of an account begin with."""
    return entry.unique_id or entry.entry_id


def device_identifier(entry: ConfigEntry, kind: SubjectKind, identity: str) -> tuple[str, str]:
    """Return the identifier of the device of an extension, agent or queue."""
    return (DOMAIN, f"{_prefix(entry)}_{kind}_{identity}")


def _registered(
    hass: HomeAssistant, entry: ConfigEntry, kinds: Iterable[SubjectKind]
) -> dict[tuple[SubjectKind, str], str]:
    """Return the ids of the registered devices of some kinds, also of those before a restart."""
    found: dict[tuple[SubjectKind, str], str] = {}
    starts = {kind: device_identifier(entry, kind, "")[1] for kind in kinds}
    for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id):
        for domain, identifier in device.identifiers:
            if domain != DOMAIN:
                continue
            for kind, start in starts.items():
                if identifier.startswith(start):
                    found[kind, identifier.removeprefix(start)] = device.id
    return found


def texts_of(hass: HomeAssistant) -> Mapping[str, str]:
    """Return the texts in the language of the system; they were loaded with the integration."""
    return async_get_cached_translations(hass, hass.config.language, "common", DOMAIN)


def model_in(texts: Mapping[str, str], kind: str) -> str:
    """Return the model of a device: what it is, in the words of the texts.

    Home Assistant does not translate it; what pickers look at is `model_id`, the kind itself.
    """
    english = kind.replace("_", " ").capitalize()
    return texts.get(f"component.{DOMAIN}.common.model_{kind}", english)


def _extension_name(extension: Extension) -> str:
    """Return the name of an extension's device."""
    name, number = extension.name, extension.number
    return f"{name} ({number})" if name and name != number else number


class PbxDevices:
    """Register the devices before the platforms, and keep them in step with the directory."""

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
        self._hidden = hidden_in(read_named(entry.options.get(CONF_PHONES)))
        self.subjects: dict[tuple[SubjectKind, str], Subject] = {}
        self.extension_count = 0
        self.by_unique_id: dict[str, Subject] = {}
        self._texts: Mapping[str, str] = {}
        self._known_devices = dr.async_get(hass)
        self._listeners: list[SubjectListener] = []
        self._misses: dict[tuple[SubjectKind, str], int] = {}

    @property
    def account(self) -> Subject:
        """Return the account itself."""
        return self.subjects[SubjectKind.ACCOUNT, ""]

    @callback
    def async_setup(self) -> None:
        """Register the devices that are known now."""
        account = self._account
        device = dr.async_get(self.hass).async_get_or_create(
            config_entry_id=self.entry.entry_id,
            identifiers={(DOMAIN, _prefix(self.entry))},
            entry_type=dr.DeviceEntryType.SERVICE,
            manufacturer=self._manufacturer,
            model=account.model or None,
            model_id=SubjectKind.ACCOUNT.value,
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
        """Call a listener with the subjects that there are, and later with new ones.

        It is called until the entities are cleared.
        """
        self._listeners.append(listener)
        await self._async_tell([listener], list(self.subjects.values()))

    async def _async_tell(
        self, listeners: Iterable[SubjectListener], subjects: Sequence[Subject]
    ) -> None:
        """Call listeners with some subjects at a time.

        The entities of a thousand, made at once, would hold up everything else.
        """
        for first, some in enumerate(batched(subjects, SUBJECTS_AT_ONCE, strict=False)):
            if first:
                await asyncio.sleep(0)
            for listener in listeners:
                if listener in self._listeners:
                    listener([subject for subject in some if self._is_present(subject)])

    def _is_present(self, subject: Subject) -> bool:
        """Return whether a subject was not removed meanwhile."""
        return (subject.kind, subject.id) in self.subjects

    async def async_clear(self) -> None:
        """Remove the entities, some at a time.

        Home Assistant would remove all of a platform in one go.
        """
        self._listeners.clear()
        entities: list[Entity] = []
        for platform in async_get_platforms(self.hass, DOMAIN):
            if platform.config_entry is self.entry:
                entities += platform.entities.values()
        for some in batched(entities, ENTITIES_AT_ONCE, strict=False):
            for entity in some:
                await entity.async_remove()
            await asyncio.sleep(0)

    @callback
    def async_sync(self) -> None:
        """Register what is new in the directory, and rename what has another name there."""
        new: list[Subject] = []
        self._texts = texts_of(self.hass)
        followed = [one for one in self._registry.extensions.values() if self._follows(one)]
        self.extension_count = len(followed)
        for extension in followed:
            key = extension_key(extension.number)
            new += self._want(
                SubjectKind.EXTENSION,
                extension.number,
                key,
                _extension_name(extension),
                identity=extension.identity,
            )
        for agent in self._registry.agents.values():
            subentry = self._subentry_id(SUBENTRY_AGENT, agent.id)
            name = agent.name or agent.id
            new += self._want(
                SubjectKind.AGENT, agent.id, agent_key(agent.id), name, subentry=subentry
            )
        for queue in self._registry.queues.values():
            subentry = self._subentry_id(SUBENTRY_QUEUE, queue.id)
            name = queue.name or queue.id
            new += self._want(
                SubjectKind.QUEUE, queue.id, queue_key(queue.id), name, subentry=subentry
            )
        if new:
            self.entry.async_create_background_task(
                self.hass,
                self._async_tell(tuple(self._listeners), new),
                f"{self.entry.title} subjects",
            )

    @callback
    def async_settle(self, directory: Directory) -> None:
        """Remove the devices that two complete directories in a row did not have.

        One may be a glitch.
        """
        if self.subjects:
            self.async_sync()
        present = self._present_in(directory)
        registered = _registered(self.hass, self.entry, present)
        for subject in list(self.subjects.values()):
            kind, identity = subject.kind, subject.identity
            gone = kind in present and identity not in present[kind]
            if gone and (kind, identity) not in registered:
                self._forget(kind, identity)  # its device went with the subentry
        misses = {key: count for key, count in self._misses.items() if key[0] not in present}
        for key, device_id in registered.items():
            kind, identity = key
            if identity in present[kind]:
                continue
            misses[key] = self._misses.get(key, 0) + 1
            if misses[key] >= MISSES_BEFORE_REMOVAL:
                del misses[key]
                self._forget(kind, identity)
                dr.async_get(self.hass).async_remove_device(device_id)
        self._misses = misses

    def _forget(self, kind: SubjectKind, identity: str) -> None:
        """Drop the subject with an identity, if there is one."""
        for key, subject in list(self.subjects.items()):
            if (subject.kind, subject.identity) == (kind, identity):
                del self.subjects[key]

    def _present_in(self, directory: Directory) -> dict[SubjectKind, set[str]]:
        """Return the identities that a directory has of each kind that it lists."""
        present: dict[SubjectKind, set[str]] = {}
        if directory.extensions is not None:
            present[SubjectKind.EXTENSION] = {
                extension.identity or extension.number
                for extension in directory.extensions
                if self._follows(extension)
            }
        if directory.agents is not None:
            present[SubjectKind.AGENT] = {agent.id for agent in directory.agents}
        if directory.queues is not None:
            present[SubjectKind.QUEUE] = {queue.id for queue in directory.queues}
        return present

    def subject_of_event(self, event: Event) -> Subject:
        """Return what an event is about: an extension, else an agent, a queue, or the account."""
        for kind, identity in (
            (SubjectKind.EXTENSION, event.extension),
            (SubjectKind.AGENT, event.agent),
            (SubjectKind.QUEUE, event.queue),
        ):
            subject = self.subjects.get((kind, identity or ""))
            if subject is not None:
                return subject
        return self.account

    def subject_of_device(self, device_id: str) -> Subject | None:
        """Return what a device stands for, or None if it is none of this account's."""
        for subject in self.subjects.values():
            if subject.device.id == device_id and subject.kind is not SubjectKind.SLOT:
                return subject
        return None

    def given_name(self, extension: str) -> str:
        """Return the name that a person gave an extension's device; empty if nobody did."""
        subject = self.subjects.get((SubjectKind.EXTENSION, extension))
        if subject is None:
            return ""
        device = self._known_devices.async_get(subject.device.id)
        return (device.name_by_user or "") if device is not None else ""

    def unique_id(self, subject: Subject, key: str) -> str:
        """Return the unique id that an entity of a subject has."""
        parts = (_prefix(self.entry), subject.kind, subject.identity, key)
        return "_".join(part for part in parts if part)

    @callback
    def async_add_entity(self, subject: Subject, key: str) -> str:
        """Note that a subject has an entity, and return its unique id."""
        unique_id = self.unique_id(subject, key)
        self.by_unique_id[unique_id] = subject
        return unique_id

    def _want(
        self,
        kind: SubjectKind,
        id_: str,
        key: Key,
        name: str,
        *,
        identity: str = "",
        subentry: str | None = None,
    ) -> list[Subject]:
        """Register the device of a subject if it is new or renamed; return the subject if new.

        `identity` is given where it is another than the id.
        """
        known = self.subjects.get((kind, id_))
        model = model_in(self._texts, kind)
        wanted = (name, model, subentry)
        if known is not None and wanted == (
            known.device.name,
            known.device.model,
            known.subentry_id,
        ):
            return []
        if known is not None:
            identity = known.identity  # its entities are there
        device = dr.async_get(self.hass).async_get_or_create(
            config_entry_id=self.entry.entry_id,
            config_subentry_id=subentry,
            identifiers={device_identifier(self.entry, kind, identity or id_)},
            manufacturer=self._manufacturer,
            model=model,
            model_id=kind.value,
            name=name,
            translation_key=None,
            via_device_id=self.account.device.id,
        )
        subject = self._add(kind, id_, key, device, identity=identity, subentry=subentry)
        return [] if known is not None else [subject]

    def _add(
        self,
        kind: SubjectKind,
        id_: str,
        key: Key,
        device: dr.DeviceEntry,
        *,
        identity: str = "",
        subentry: str | None = None,
    ) -> Subject:
        """Add a subject, or replace it, and return it."""
        subject = Subject(
            kind=kind,
            id=id_,
            identity=identity or id_,
            key=key,
            device=device,
            subentry_id=subentry,
        )
        self.subjects[kind, id_] = subject
        return subject

    def _subentry_id(self, kind: str, identity: str) -> str | None:
        """Return the id of the subentry that an agent or queue was added with, if any."""
        subentry = self.entry.subentries.get(identity)
        if subentry is None or subentry.subentry_type != kind:
            return None
        return identity

    def _remember_agents(self) -> None:
        """Restore the agents that only pushes speak of; what they do now is unknown."""
        if KeyKind.AGENT in self._registry.listed:
            return
        devices = dr.async_get(self.hass)
        agents = _registered(self.hass, self.entry, [SubjectKind.AGENT])
        for (_kind, agent_id), device_id in agents.items():
            device = devices.async_get(device_id)
            name = device.name if device is not None else None
            self._registry.remember_agent(
                Agent(id=agent_id, name=name or agent_id, number=agent_id)
            )

    def _follows(self, extension: Extension) -> bool:
        """Return whether there is a device for an extension; by default there is for all."""
        if extension.number in self._hidden:
            return False
        if not self._followed:
            return True
        return extension.number in self._followed or extension.identity in self._followed
