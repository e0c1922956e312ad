"""What an action is about: its account, and the extensions, calls, agents and queues it names."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from homeassistant.const import (
    ATTR_AREA_ID,
    ATTR_DEVICE_ID,
    ATTR_ENTITY_ID,
    ATTR_FLOOR_ID,
    ATTR_LABEL_ID,
)
from homeassistant.core import Context, ServiceCall
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import service
from homeassistant.helpers.target import TargetSelection
from homeassistant.helpers.translation import async_get_cached_translations

from ..accounts import dialled_number
from ..const import (
    ATTR_AGENT,
    ATTR_CALL_ID,
    ATTR_CONFIG_ENTRY_ID,
    ATTR_EXPECTED_STATE,
    ATTR_EXTENSION,
    ATTR_NUMBER,
    ATTR_PIN,
    ATTR_QUEUE,
    ATTR_REASON,
    ATTR_TARGET_EXTENSION,
    DOMAIN,
)
from ..coordinator import PbxCoordinator
from ..data import PbxConfigEntry
from ..devices import Subject, SubjectKind
from ..errors import invalid
from ..phone_book.collection import async_get_phone_book
from ..registry.call_registry import CallRegistry, KeyKind
from ..targets import Items, items_in
from ..telephony.errors import InvalidInputError
from ..telephony.models import Agent, AgentRef, Call, CallRef, Capability, Queue
from ..telephony.text import line
from ..voice_names import is_named

IDLE = "idle"  # the state of a phone without a call
NOTHING = Capability(0)
MOST_ZEROS = 6
CONTACT_PREFIX = "contact:"
"""What a name begins with that only the phone book is asked for."""
DEVICE_FIELDS = (ATTR_EXTENSION, ATTR_TARGET_EXTENSION, ATTR_AGENT, ATTR_QUEUE, ATTR_NUMBER)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An account, and what of it was named."""

    coordinator: PbxCoordinator
    subjects: tuple[Subject, ...]
    around: tuple[Subject, ...]
    """What merely is in a named area, or has a named label."""
    data: dict[str, Any]
    context: Context
    wants_answer: bool = False
    """The action was called for its response."""
    by_person: bool = False
    """A user asked for it, and no automation."""

    @property
    def named(self) -> bool:
        """Return whether any target was given."""
        return bool(self.subjects or self.around)

    def extension(self, field: str = ATTR_EXTENSION, *, known: bool = True) -> str:
        """Return the number of the extension in a field: a number, or a device of the account.

        Refuse a device that is no extension and, if `known`, a number that the directory lacks.
        """
        text, subject = self._subject_in(field)
        if subject is not None:
            if subject.kind is not SubjectKind.EXTENSION:
                raise invalid("not_an_extension", field=field)
            return subject.id
        extensions = self.coordinator.data.extensions
        if text in extensions:
            return text
        if known and (meant := self._extension_meant(text)) is not None:
            return meant
        if known and extensions:
            raise invalid("unknown_extension", provider=self.coordinator.provider.name, value=text)
        return text

    def _extension_meant(self, text: str) -> str | None:
        """Return the number of the extension that is named otherwise; None where there is none.

        It may be named by what the phone system knows it by, or by an internal number that several
        share, together with the field for the dial plan. Refuse the latter without that.
        """
        extensions = self.coordinator.data.extensions.values()
        for extension in extensions:
            if text and text == extension.identity:
                return extension.number
        sharing = [one for one in extensions if text and text == one.internal_number]
        dialplan = self.data.get("dialplan")
        if len(sharing) > 1 and dialplan is None:
            choices = ", ".join(one.number for one in sharing)
            raise invalid("ambiguous_extension", value=text, choices=choices)
        for extension in sharing:
            if dialplan in (None, extension.dialplan):
                return extension.number
        return None

    def caller(self, *, known: bool = True) -> str:
        """Return the number of the phone that is to call: that of the field, or the target's.

        Refuse several phones, none and, if `known`, a number that the directory lacks.
        """
        named = ATTR_EXTENSION in self.data
        phones = [
            subject.id
            for subject in (*self.subjects, *self.around)
            if subject.kind is SubjectKind.EXTENSION
        ]
        if not phones and not named:
            raise invalid("no_phone")
        if len(phones) + named > 1:
            raise invalid("several_phones")
        return self.extension(known=known) if named else phones[0]

    def number(self) -> str:
        """Return the number in the field of that name: typed, or that of a phone or a person.

        A person is in the phone book. Refuse a name that stands for several numbers; what is
        neither a name nor a number is returned for whoever reads numbers to refuse.
        """
        text, subject = self._subject_in(ATTR_NUMBER)
        if subject is not None:
            if subject.kind is not SubjectKind.EXTENSION:
                raise invalid("not_an_extension", field=ATTR_NUMBER)
            return subject.id
        if text.startswith(CONTACT_PREFIX):
            return self._number_of_contact(text.removeprefix(CONTACT_PREFIX).strip())
        hass, entry = self.coordinator.hass, self.coordinator.config_entry
        if not any(letter.isalpha() for letter in text.removeprefix("tel:")):
            return text
        try:
            dialled_number(hass, entry, text, field=ATTR_NUMBER)
        except InvalidInputError:
            return _only(text, self._numbers_of(text)) or text
        return text

    def _number_of_contact(self, name: str) -> str:
        """Return the number of somebody in the phone book; refuse who is not there, or twice."""
        found = _only(name, self._numbers_in_book(name))
        if found is None:
            raise invalid("unknown_contact", name=line(name, 100))
        return found

    def _numbers_of(self, name: str) -> Iterator[str]:
        """Yield the number of each phone, and the first of each person, of a name."""
        devices = self.coordinator.devices
        for extension in self.coordinator.data.extensions.values():
            subject = devices.subjects.get((SubjectKind.EXTENSION, extension.number))
            shown = "" if subject is None else subject.device.name or ""
            names = (extension.name, devices.given_name(extension.number), shown)
            if not extension.trunk and any(is_named(name, one) for one in names):
                yield extension.number
        yield from self._numbers_in_book(name)

    def _numbers_in_book(self, name: str) -> Iterator[str]:
        """Yield the first number of each person of a name in the phone book."""
        for entry in async_get_phone_book(self.coordinator.hass).entries:
            if is_named(name, entry.label) and entry.callable_numbers:
                yield f"tel:{entry.callable_numbers[0].number}"

    def _subject_in(self, field: str) -> tuple[str, Subject | None]:
        """Return the text in a field, and what it stands for if it is the id of a device."""
        text = str(self.data[field]).strip()
        return text, self.coordinator.devices.subject_of_device(text)

    # -- calls -------------------------------------------------------------------------------------

    def calls(self) -> list[CallRef]:
        """Return the calls that were named, by id or by target, each once.

        Refuse calls that are not in the expected state, so that a stale automation does no harm;
        of the phones in an area they are left out.
        """
        named, around = list(self._named_calls()), list(self._calls_around())
        fitting = [ref for ref in around if self._is_as_expected(ref)]
        for ref in named if named or fitting else around:
            if not self._is_as_expected(ref):
                raise invalid(
                    "unexpected_state",
                    expected=self._word(self.data[ATTR_EXPECTED_STATE]),
                    state=self._word(self._state_of(ref)),
                )
        refs = _once((*named, *fitting))
        if not refs:
            raise invalid("no_target")
        return refs

    def _is_as_expected(self, ref: CallRef) -> bool:
        """Return whether a call is in the state in which it is expected, if it is in any."""
        return self.data.get(ATTR_EXPECTED_STATE) in (None, self._state_of(ref))

    def _word(self, state: str | None) -> str:
        """Return what a state of a phone is called in the language of the house."""
        hass = self.coordinator.hass
        words = async_get_cached_translations(hass, hass.config.language, "entity", DOMAIN)
        key = IDLE if state is None else state
        return words.get(f"component.{DOMAIN}.entity.sensor.call_state.state.{key}", key)

    def _named_calls(self) -> Iterator[CallRef]:
        """Yield the calls that were named themselves."""
        if ATTR_CALL_ID in self.data:
            yield self._by_id(self.data[ATTR_CALL_ID])
        for subject in self.subjects:
            yield self._call_of(subject)

    def _calls_around(self) -> Iterator[CallRef]:
        """Yield the calls in what was named; a phone without a call is no mistake there."""
        for subject in self.around:
            if self._find_call(subject) is not None:
                yield self._call_of(subject)

    def _state_of(self, ref: CallRef) -> str | None:
        """Return the state of a call, as its extension sees it if it was named by one."""
        if ref.extension is None:
            return ref.call.state
        return self.coordinator.data.state_of(ref.extension)

    def _by_id(self, call_id: str) -> CallRef:
        """Return the call with an id; refuse an id that no call has."""
        call = self.coordinator.data.find(call_id)
        if call is None:
            raise invalid("unknown_call", call_id=call_id)
        return CallRef(call=call)

    def _call_of(self, subject: Subject) -> CallRef:
        """Return the call at an extension or in a slot; refuse one without a call."""
        call = self._find_call(subject)
        match subject.kind:
            case SubjectKind.EXTENSION:
                if call is None:
                    raise invalid("no_call", extension=subject.id)
                return CallRef(call=call, extension=subject.id)
            case SubjectKind.SLOT:
                if call is None:
                    raise invalid("no_call_in_slot", slot=subject.id)
                return CallRef(call=call)
            case _:
                raise invalid("not_a_call")

    def _find_call(self, subject: Subject) -> Call | None:
        """Return the call at an extension or in a slot, if there is one."""
        registry = self.coordinator.data
        match subject.kind:
            case SubjectKind.EXTENSION:
                return registry.call_of(subject.id)
            case SubjectKind.SLOT:
                return registry.slots[int(subject.id) - 1]
            case _:
                return None

    def ended(self) -> bool:
        """Return whether the call that was named by id is over already."""
        call_id = self.data.get(ATTR_CALL_ID)
        if call_id is None or self.coordinator.data.find(call_id) is not None:
            return False
        return self.coordinator.data.ended(call_id) is not None

    # -- agents and queues -------------------------------------------------------------------------

    def agents(self) -> list[AgentRef]:
        """Return the agents that were named, by target or by number, each once.

        Refuse a target that is no agent, and an action that names none.
        """
        extension = self.extension() if ATTR_EXTENSION in self.data else None
        queue = self.queue() if ATTR_QUEUE in self.data else None
        ids, number = self._named_agents()
        how = AgentRef(
            pin=self.data.get(ATTR_PIN),
            extension=extension,
            dialplan=self.data.get("dialplan"),
            queue=queue,
            reason=self.data.get(ATTR_REASON),
        )
        refs = [replace(how, id=agent_id) for agent_id in ids]
        if number is not None:
            refs.append(replace(how, number=number))
        if not refs:
            raise invalid("no_agent")
        return refs

    def _named_agents(self) -> tuple[list[str], str | None]:
        """Return the ids of the agents that were named, and a number that no agent is known by."""
        if any(subject.kind is not SubjectKind.AGENT for subject in self.subjects):
            raise invalid("no_agent")
        ids: dict[str, None] = {}
        for subject in (*self.subjects, *self.around):
            if subject.kind is SubjectKind.AGENT:
                ids[subject.id] = None
        if ATTR_AGENT not in self.data:
            return list(ids), None
        text, subject_in_field = self._subject_in(ATTR_AGENT)
        identity = text if subject_in_field is None else subject_in_field.id
        for agent in self.coordinator.data.agents.values():
            if _is_called(identity, agent):
                ids[agent.id] = None
                return list(ids), None
        return list(ids), text

    def queue(self) -> str:
        """Return the id of the queue that was named by device, id, number or name.

        Refuse one that a phone system does not have which lists them all; of others, return what
        was written.
        """
        text, subject = self._subject_in(ATTR_QUEUE)
        identity = text if subject is None else subject.id
        registry, provider = self.coordinator.data, self.coordinator.provider
        for queue in registry.queues.values():
            if _is_called(identity, queue):
                return queue.id
        if KeyKind.QUEUE in registry.listed and Capability.USER_QUEUES not in provider.possible:
            raise invalid("unknown_queue", provider=provider.name, value=line(text, 100))
        return identity


def _is_called(text: str, one: Agent | Queue) -> bool:
    """Return whether a text is the id, the number or the name of an agent or a queue."""
    return text in (one.id, one.number) or is_named(text, one.name)


def _only(name: str, numbers: Iterable[str]) -> str | None:
    """Return the one number that a name stands for, if any; refuse several."""
    found = {number.removeprefix("tel:"): number for number in numbers}
    if len(found) > 1:
        raise invalid("several_named", name=line(name, 100))
    return next(iter(found.values()), None)


def _once(refs: Iterable[CallRef]) -> list[CallRef]:
    """Return each call once: on behalf of its extensions if it was named by any."""
    once = {(ref.call.id, ref.extension): ref for ref in refs}
    on_behalf = {call_id for call_id, extension in once if extension is not None}
    return [
        ref
        for (call_id, extension), ref in once.items()
        if extension is not None or call_id not in on_behalf
    ]


def resolve(call: ServiceCall, needs: Capability = NOTHING) -> Target:
    """Return the account that an action is about, and what of it was named.

    `needs` is what the account has to be able to do, where nothing else says which one it is.

    Refuse what belongs to another integration, to several accounts or to none.
    """
    hass = call.hass
    items = items_in(hass, TargetSelection(call.data))
    for item in items.named:
        if item.entry_id is None:
            raise invalid("not_ours", entity=item.name)

    entry = _account(call, items, needs)
    coordinator = entry.runtime_data.coordinator
    subjects = [item.subject(coordinator.devices) for item in items.named]
    if None in subjects:
        raise invalid("not_a_call")
    return Target(
        coordinator=coordinator,
        subjects=_known(subjects),
        around=_known(item.subject(coordinator.devices) for item in items.around),
        data=_with_known_call(call.data, coordinator.data),
        wants_answer=call.return_response,
        context=call.context,
        by_person=call.context.user_id is not None,
    )


def _account(call: ServiceCall, items: Items, needs: Capability) -> PbxConfigEntry:
    """Return the one account that an action is about; where several are meant, refuse to guess."""
    owners = {item.entry_id for item in items.named} | _owners_in_fields(call)
    if not owners:
        owners = {item.entry_id for item in items.around} - {None}
    if len(owners) > 1:
        raise invalid("several_accounts")
    if not owners:
        fitting = _fitting(call, needs)
        if len(fitting) > 1:
            titles = ", ".join(sorted(entry.title for entry in fitting))
            raise invalid("which_account", accounts=titles)
        owners = {entry.entry_id for entry in fitting}
    entry: PbxConfigEntry = service.async_get_config_entry(
        call.hass, DOMAIN, next(iter(owners), None)
    )
    return entry


def _fitting(call: ServiceCall, needs: Capability) -> list[PbxConfigEntry]:
    """Return the accounts that can do it, and among them those that have what is named."""
    loaded: list[PbxConfigEntry] = call.hass.config_entries.async_loaded_entries(DOMAIN)
    able = [
        entry for entry in loaded if needs in entry.runtime_data.coordinator.provider.capabilities
    ]
    return [entry for entry in able if _has_named(entry, call.data)] or able


def _has_named(entry: PbxConfigEntry, data: Mapping[str, Any]) -> bool:
    """Return whether an account has the call, the phones, the agent and the queue of the fields."""
    registry = entry.runtime_data.coordinator.data
    if ATTR_CALL_ID in data and _known_call(registry, data[ATTR_CALL_ID]) is None:
        return False
    for field in (ATTR_EXTENSION, ATTR_TARGET_EXTENSION):
        if field in data and str(data[field]).strip() not in registry.extensions:
            return False
    return all(
        any(_is_called(data[field], one) for one in known.values())
        for field, known in ((ATTR_AGENT, registry.agents), (ATTR_QUEUE, registry.queues))
        if field in data
    )


def _with_known_call(data: Mapping[str, Any], registry: CallRegistry) -> dict[str, Any]:
    """Return the fields of an action, with the id of a call as it is known."""
    if ATTR_CALL_ID not in data:
        return dict(data)
    return {**data, ATTR_CALL_ID: _known_call(registry, data[ATTR_CALL_ID]) or data[ATTR_CALL_ID]}


def _known_call(registry: CallRegistry, call_id: str) -> str | None:
    """Return the id of a call that is up or ended a short time ago; None if it is not known.

    A template makes a number of what looks like one: of 1764460800.10 it leaves 1764460800.1.
    """
    zeros = MOST_ZEROS if "." in call_id else 0
    candidates = (call_id + "0" * count for count in range(zeros + 1))
    for candidate in candidates:
        if registry.find(candidate) is not None or registry.ended(candidate) is not None:
            return candidate
    return None


def _owners_in_fields(call: ServiceCall) -> set[str | None]:
    """Return the accounts that the fields of an action name, themselves or by a device."""
    owners: set[str | None] = set()
    devices = dr.async_get(call.hass)
    if ATTR_CONFIG_ENTRY_ID in call.data:
        named = call.data[ATTR_CONFIG_ENTRY_ID]
        device = devices.async_get(named)
        # What the editor picks is the account's device, which outlives the entry.
        owners.add(named if device is None else device.config_entry_id)
    for field in DEVICE_FIELDS:
        device = devices.async_get(str(call.data.get(field, "")))
        if device is not None and device.config_entry_id is not None:
            owners.add(device.config_entry_id)
    return owners


def _known(subjects: Iterable[Subject | None]) -> tuple[Subject, ...]:
    """Return the subjects that there are, each once."""
    return tuple(dict.fromkeys(subject for subject in subjects if subject is not None))
