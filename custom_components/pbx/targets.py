"""What an action is about: its account, and the extensions, calls, agents and queues it names."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from homeassistant.const import ATTR_DEVICE_ID, ATTR_ENTITY_ID
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import service
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids

from .const import DOMAIN
from .coordinator import PbxConfigEntry, PbxCoordinator
from .devices import Subject, SubjectKind
from .providers.models import AgentRef, CallRef

ATTR_CONFIG_ENTRY_ID = "config_entry_id"
ATTR_CALL_ID = "call_id"
ATTR_EXPECTED_STATE = "expected_state"
ATTR_EXTENSION = "extension"
ATTR_AGENT = "agent"
ATTR_PIN = "pin"
ATTR_QUEUE = "queue"


def invalid(key: str, **placeholders: str) -> ServiceValidationError:
    """Refuse wrong input."""
    return ServiceValidationError(translation_domain=DOMAIN, translation_key=key, translation_placeholders=placeholders)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An account, and what of it was named."""

    coordinator: PbxCoordinator
    subjects: tuple[Subject, ...]
    data: dict[str, Any]

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
            raise invalid("unknown_extension", extension=text, title=self.coordinator.config_entry.title)
        return text

    def calls(self) -> list[CallRef]:
        """Give the calls that were named, by id or by target; a stale automation is refused."""
        refs = [self._by_id(self.data[ATTR_CALL_ID])] if ATTR_CALL_ID in self.data else []
        refs += [self._call_of(subject) for subject in self.subjects]
        if not refs:
            raise invalid("no_target")
        expected = self.data.get(ATTR_EXPECTED_STATE)
        registry = self.coordinator.data
        for ref in refs:
            state = registry.state_of(ref.extension) if ref.extension is not None else ref.call.state
            if expected is not None and expected not in (state, ref.call.state):
                raise invalid("unexpected_state", expected=expected, state=str(state or ref.call.state))
        return refs

    def ended(self) -> bool:
        """Whether the call that was named by id is over already."""
        return (
            ATTR_CALL_ID in self.data
            and self.coordinator.data.find(self.data[ATTR_CALL_ID]) is None
            and self.coordinator.data.ended(self.data[ATTR_CALL_ID]) is not None
        )

    def agents(self) -> list[AgentRef]:
        """Give the agents that were named, by target or by number."""
        registry = self.coordinator.data
        extension = self.extension() if ATTR_EXTENSION in self.data else None
        queue = self.queue() if ATTR_QUEUE in self.data else None
        refs = [
            AgentRef(id=subject.id, extension=extension, queue=queue)
            for subject in self.subjects
            if subject.kind is SubjectKind.AGENT
        ]
        if ATTR_AGENT in self.data:
            text = str(self.data[ATTR_AGENT]).strip()
            subject = self.coordinator.devices.subject_of_device(text)
            identity = subject.id if subject is not None else text
            known = next(
                (agent.id for agent in registry.agents.values() if identity in (agent.id, agent.number, agent.name)),
                None,
            )
            refs.append(
                AgentRef(
                    id=known,
                    number=text if known is None else None,
                    pin=self.data.get(ATTR_PIN),
                    extension=extension,
                    queue=queue,
                )
            )
        if not refs:
            raise invalid("no_agent")
        return refs

    def queue(self) -> str:
        """Give the id of a queue that was named by device, id, number or name; else what was written."""
        text = str(self.data[ATTR_QUEUE]).strip()
        subject = self.coordinator.devices.subject_of_device(text)
        identity = subject.id if subject is not None else text
        queues = self.coordinator.data.queues.values()
        return next((queue.id for queue in queues if identity in (queue.id, queue.number, queue.name)), identity)

    def _by_id(self, call_id: str) -> CallRef:
        call = self.coordinator.data.find(call_id)
        if call is None:
            raise invalid("unknown_call", call_id=call_id)
        return CallRef(call=call)

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
    subjects = list(_subjects(hass, call))
    entry_id = call.data.get(ATTR_CONFIG_ENTRY_ID)
    owners = {coordinator.config_entry.entry_id for coordinator, _ in subjects}
    for field in (ATTR_EXTENSION, ATTR_AGENT, ATTR_QUEUE):
        device = dr.async_get(hass).async_get(str(call.data.get(field, "")))
        if device is not None and device.config_entry_id is not None:
            owners.add(device.config_entry_id)
    if entry_id is not None:
        owners.add(entry_id)
    if len(owners) > 1:
        raise invalid("several_accounts")
    entry: PbxConfigEntry = service.async_get_config_entry(hass, DOMAIN, next(iter(owners), None))
    return Target(
        coordinator=entry.runtime_data,
        subjects=tuple(dict.fromkeys(subject for _, subject in subjects)),
        data=dict(call.data),
    )


def _subjects(hass: HomeAssistant, call: ServiceCall) -> Iterable[tuple[PbxCoordinator, Subject]]:
    """Find what the target of an action stands for; a device stands for its extension, not for its entities."""
    selection = TargetSelection(call.data)
    if not selection.has_any_target:
        return
    referenced = async_extract_referenced_entity_ids(hass, selection)
    coordinators: list[PbxCoordinator] = [
        entry.runtime_data for entry in hass.config_entries.async_loaded_entries(DOMAIN)
    ]
    seen: set[tuple[str, Subject]] = set()
    explicit = referenced.referenced
    for device_id in referenced.referenced_devices:
        for coordinator in coordinators:
            subject = coordinator.devices.subject_of_device(device_id)
            if subject is not None:
                seen.add((coordinator.config_entry.entry_id, subject))
                yield coordinator, subject
    entities = er.async_get(hass)
    for entity_id in sorted(explicit):
        registered = entities.async_get(entity_id)
        if registered is None or registered.platform != DOMAIN:
            raise invalid("not_ours", entity=entity_id)
        for coordinator in coordinators:
            subject = coordinator.devices.by_unique_id.get(registered.unique_id)
            if subject is not None and (coordinator.config_entry.entry_id, subject) not in seen:
                seen.add((coordinator.config_entry.entry_id, subject))
                yield coordinator, subject


TARGET_FIELDS = frozenset(
    {
        ATTR_CONFIG_ENTRY_ID,
        ATTR_CALL_ID,
        ATTR_EXPECTED_STATE,
        ATTR_ENTITY_ID,
        ATTR_DEVICE_ID,
        "area_id",
        "floor_id",
        "label_id",
    }
)
