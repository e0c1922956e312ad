"""What an action is about: its account, and the extensions, calls, agents and queues it names."""

from dataclasses import dataclass
from typing import Any

from homeassistant.const import (
    ATTR_AREA_ID,
    ATTR_DEVICE_ID,
    ATTR_ENTITY_ID,
    ATTR_FLOOR_ID,
    ATTR_LABEL_ID,
)
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import service
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids

from ..const import (
    ATTR_AGENT,
    ATTR_CALL_ID,
    ATTR_CONFIG_ENTRY_ID,
    ATTR_EXPECTED_STATE,
    ATTR_EXTENSION,
    ATTR_PIN,
    ATTR_QUEUE,
    ATTR_TARGET_EXTENSION,
    DOMAIN,
)
from ..coordinator import PbxCoordinator
from ..data import PbxConfigEntry
from ..devices import Subject, SubjectKind
from ..errors import invalid
from ..telephony.models import AgentRef, CallRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An account, and what of it was named; `around` is what merely is in a named area or has a named label."""

    coordinator: PbxCoordinator
    subjects: tuple[Subject, ...]
    around: tuple[Subject, ...]
    data: dict[str, Any]

    @property
    def named(self) -> bool:
        """Whether any target was given."""
        return bool(self.subjects or self.around)

    def extension(self, field: str = ATTR_EXTENSION, *, known: bool = True) -> str:
        """Give the extension in a field: a number, or a device of the account."""
        text = str(self.data[field]).strip()
        subject = self.coordinator.devices.subject_of_device(text)
        if subject is not None:
            if subject.kind is not SubjectKind.EXTENSION:
                raise invalid("not_an_extension", field=field)
            return subject.id
        extensions = self.coordinator.data.extensions
        if known and extensions and text not in extensions:
            raise invalid("unknown_extension", provider=self.coordinator.provider.name, value=text)
        return text

    def calls(self) -> list[CallRef]:
        """Give the calls that were named, by id or by target; a stale automation is refused."""
        refs = [self._by_id(self.data[ATTR_CALL_ID])] if ATTR_CALL_ID in self.data else []
        refs += [self._call_of(subject) for subject in self.subjects]
        refs += [self._call_of(subject) for subject in self.around if self._has_call(subject)]
        if not refs:
            raise invalid("no_target")
        on_behalf = {ref.call.id for ref in refs if ref.extension is not None}
        once = {(ref.call.id, ref.extension): ref for ref in refs}.values()
        refs = [ref for ref in once if ref.extension is not None or ref.call.id not in on_behalf]
        expected = self.data.get(ATTR_EXPECTED_STATE)
        registry = self.coordinator.data
        for ref in refs:
            state = (
                registry.state_of(ref.extension) if ref.extension is not None else ref.call.state
            )
            if expected not in (None, state):
                raise invalid("unexpected_state", expected=expected, state=str(state))
        return refs

    def ended(self) -> bool:
        """Whether the call that was named by id is over already."""
        return (
            ATTR_CALL_ID in self.data
            and self.coordinator.data.find(self.data[ATTR_CALL_ID]) is None
            and self.coordinator.data.ended(self.data[ATTR_CALL_ID]) is not None
        )

    def agents(self) -> list[AgentRef]:
        """Give the agents that were named, by target or by number, each once."""
        registry = self.coordinator.data
        extension = self.extension() if ATTR_EXTENSION in self.data else None
        queue = self.queue() if ATTR_QUEUE in self.data else None
        pin = self.data.get(ATTR_PIN)
        if any(subject.kind is not SubjectKind.AGENT for subject in self.subjects):
            raise invalid("no_agent")
        ids = [
            subject.id
            for subject in (*self.subjects, *self.around)
            if subject.kind is SubjectKind.AGENT
        ]
        number = None
        if ATTR_AGENT in self.data:
            text = str(self.data[ATTR_AGENT]).strip()
            subject = self.coordinator.devices.subject_of_device(text)
            identity = subject.id if subject is not None else text
            known = [
                agent.id
                for agent in registry.agents.values()
                if identity in (agent.id, agent.number, agent.name)
            ]
            ids += known[:1]
            number = text if not known else None
        refs = [
            AgentRef(id=agent_id, pin=pin, extension=extension, queue=queue)
            for agent_id in dict.fromkeys(ids)
        ]
        if number is not None:
            refs.append(AgentRef(number=number, pin=pin, extension=extension, queue=queue))
        if not refs:
            raise invalid("no_agent")
        return refs

    def queue(self) -> str:
        """Give the id of a queue that was named by device, id, number or name; else what was written."""
        text = str(self.data[ATTR_QUEUE]).strip()
        subject = self.coordinator.devices.subject_of_device(text)
        identity = subject.id if subject is not None else text
        queues = self.coordinator.data.queues.values()
        return next(
            (queue.id for queue in queues if identity in (queue.id, queue.number, queue.name)),
            identity,
        )

    def _by_id(self, call_id: str) -> CallRef:
        call = self.coordinator.data.find(call_id)
        if call is None:
            raise invalid("unknown_call", call_id=call_id)
        return CallRef(call=call)

    def _has_call(self, subject: Subject) -> bool:
        registry = self.coordinator.data
        match subject.kind:
            case SubjectKind.EXTENSION:
                return registry.call_of(subject.id) is not None
            case SubjectKind.SLOT:
                return registry.slots[int(subject.id) - 1] is not None
            case _:
                return False

    def _call_of(self, subject: Subject) -> CallRef:
        registry = self.coordinator.data
        match subject.kind:
            case SubjectKind.EXTENSION:
                call = registry.call_of(subject.id)
                if call is None:
                    raise invalid("no_call", extension=subject.id)
                return CallRef(call=call, extension=subject.id)
            case SubjectKind.SLOT:
                call = registry.slots[int(subject.id) - 1]
                if call is None:
                    raise invalid("no_call_in_slot", slot=subject.id)
                return CallRef(call=call)
            case _:
                raise invalid("not_a_call")


def resolve(call: ServiceCall) -> Target:
    """Find out which account an action is about, and what of it was named."""
    hass = call.hass
    devices, entities = dr.async_get(hass), er.async_get(hass)
    owners = {call.data[ATTR_CONFIG_ENTRY_ID]} if ATTR_CONFIG_ENTRY_ID in call.data else set()
    for field in DEVICE_FIELDS:
        device = devices.async_get(str(call.data.get(field, "")))
        if device is not None and device.config_entry_id is not None:
            owners.add(device.config_entry_id)
    selection = TargetSelection(call.data)
    found = async_extract_referenced_entity_ids(hass, selection)
    named = [
        _Item.of(hass, devices.async_get(device_id), device_id)
        for device_id in sorted(selection.device_ids)
    ]
    named += [
        _Item.of(hass, entities.async_get(entity_id), entity_id)
        for entity_id in sorted(found.referenced)
    ]
    if any(item.entry_id is None for item in named):
        raise invalid("not_ours", entity=next(item.name for item in named if item.entry_id is None))
    # A device stands for its extension, not for its entities.
    around = [
        _Item.of(hass, devices.async_get(device_id), device_id)
        for device_id in sorted(found.referenced_devices - selection.device_ids)
    ]
    around += [
        _Item.of(hass, registered, entity_id)
        for entity_id in sorted(found.indirectly_referenced)
        if (registered := entities.async_get(entity_id)) is not None
        and registered.device_id not in found.referenced_devices
    ]
    owners |= {item.entry_id for item in named}
    owners = owners or {item.entry_id for item in around if item.entry_id is not None}
    if len(owners) > 1:
        raise invalid("several_accounts")
    entry: PbxConfigEntry = service.async_get_config_entry(hass, DOMAIN, next(iter(owners), None))
    coordinator = entry.runtime_data.coordinator
    subjects = [item.subject(coordinator) for item in named]
    if None in subjects:
        raise invalid("not_a_call")
    near = [item.subject(coordinator) for item in around]
    return Target(
        coordinator=coordinator,
        subjects=tuple(dict.fromkeys(subject for subject in subjects if subject is not None)),
        around=tuple(dict.fromkeys(subject for subject in near if subject is not None)),
        data=dict(call.data),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """A device or an entity of a target, and whose it is if it is ours."""

    name: str
    entry_id: str | None
    unique_id: str | None = None

    @classmethod
    def of(
        cls,
        hass: HomeAssistant,
        found: dr.DeviceEntry | dr.ChildDeviceEntry | er.RegistryEntry | None,
        name: str,
    ) -> _Item:
        """Look up whose it is."""
        entry_id = found.config_entry_id if found is not None else None
        entry = hass.config_entries.async_get_entry(entry_id) if entry_id is not None else None
        return cls(
            name=name,
            entry_id=entry.entry_id if entry is not None and entry.domain == DOMAIN else None,
            unique_id=found.unique_id if isinstance(found, er.RegistryEntry) else None,
        )

    def subject(self, coordinator: PbxCoordinator) -> Subject | None:
        """Give what it stands for."""
        if self.unique_id is not None:
            return coordinator.devices.by_unique_id.get(self.unique_id)
        return coordinator.devices.subject_of_device(self.name)


DEVICE_FIELDS = (ATTR_EXTENSION, ATTR_TARGET_EXTENSION, ATTR_AGENT, ATTR_QUEUE)
TARGET_FIELDS = frozenset(
    {
        ATTR_CONFIG_ENTRY_ID,
        ATTR_ENTITY_ID,
        ATTR_DEVICE_ID,
        ATTR_AREA_ID,
        ATTR_FLOOR_ID,
        ATTR_LABEL_ID,
    }
)
