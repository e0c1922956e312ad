"""Text messages: to the number in an account's options, and to people of the phone book."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import override

from homeassistant.components.notify import NotifyEntity, NotifyEntityDescription
from homeassistant.components.notify.const import NotifyEntityFeature
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .accounts import dialled_number
from .const import CONF_MESSAGE_NUMBER
from .coordinator import PbxCoordinator
from .data import PbxConfigEntry
from .devices import SubjectKind
from .entity import (
    PbxEntity,
    PbxEntityDescription,
    async_add_subjects,
    is_by_person,
    within_limit,
)
from .errors import invalid
from .phone_book.collection import async_get_phone_book
from .phone_book.entry import MAX_MESSAGES, Entry
from .telephony.models import LONGEST_MESSAGE, Capability

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PbxNotifyEntityDescription(PbxEntityDescription, NotifyEntityDescription):
    """Describe what sends text messages."""


TO_NUMBER = PbxNotifyEntityDescription(
    key="message",
    translation_key="message",
    subject=SubjectKind.ACCOUNT,
    needs=Capability.SEND_SMS,
    essential=True,
    health_only=True,
)
TO_PERSON = PbxNotifyEntityDescription(
    key="message_to",
    translation_key="message_to",
    subject=SubjectKind.ACCOUNT,
    needs=Capability.SEND_SMS,
    essential=True,
    health_only=True,
)
NOTIFIERS = (TO_NUMBER, TO_PERSON)


async def async_setup_entry(
    hass: HomeAssistant, entry: PbxConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up what sends text messages."""
    coordinator = entry.runtime_data.coordinator
    await async_add_subjects(coordinator, async_add_entities, (TO_NUMBER,), PbxMessage)
    if Capability.SEND_SMS in coordinator.provider.capabilities:
        people = People(hass, coordinator, async_add_entities)
        people.async_sync()
        entry.async_on_unload(
            async_get_phone_book(hass).async_add_change_set_listener(people.async_changed)
        )


class PbxMessage(PbxEntity, NotifyEntity):
    """Sends text messages to the number that is named in the account's options."""

    entity_description: PbxNotifyEntityDescription
    _attr_supported_features = NotifyEntityFeature.TITLE

    @callback
    @override
    def async_read(self) -> object:
        """Return nothing: when the last message was sent is Home Assistant's own state."""
        return None

    def number(self) -> str:
        """Return who gets the messages; refuse as long as nobody said."""
        number = str(self.coordinator.config_entry.options.get(CONF_MESSAGE_NUMBER, ""))
        if not number:
            raise invalid("no_message_number", account=self.coordinator.config_entry.title)
        return number

    @override
    async def async_send_message(self, message: str, title: str | None = None) -> None:
        """Send a message once, with its title as the first line, if that number may be written."""
        text = "\n".join(part for part in ((title or "").strip(), message.strip()) if part)
        if not 0 < len(text) <= LONGEST_MESSAGE:
            raise invalid("message_length", limit=str(LONGEST_MESSAGE))
        entry: PbxConfigEntry = self.coordinator.config_entry
        by_person = is_by_person(self)
        number = self.number()
        with entry.runtime_data.guard.placing(number, by_person=by_person, by_hand=True):
            # Both an option and the phone book keep a number as somebody wrote it by hand.
            dialled = dialled_number(self.hass, entry, number, by_hand=True)
            await self.async_run(self.coordinator.provider.send_sms(dialled, text, None))


class PbxMessageTo(PbxMessage):
    """Sends text messages to somebody in the phone book."""

    def __init__(self, coordinator: PbxCoordinator, person: Entry) -> None:
        """Initialize what sends messages to a person, with an account."""
        key = f"{TO_PERSON.key}_{person.id}"
        super().__init__(coordinator, coordinator.devices.account, replace(TO_PERSON, key=key))
        self._person = person
        self._attr_translation_placeholders = {"name": person.label}

    @callback
    def async_change(self, person: Entry) -> None:
        """Show and use what the phone book says of the person now."""
        if person == self._person:
            return
        self._person = person
        self._attr_translation_placeholders = {"name": person.label}
        self.__dict__.pop("name", None)  # Home Assistant keeps it, made of the placeholders
        if self.enabled and self.platform_data is not None:
            self.async_show()

    @override
    def number(self) -> str:
        """Return the person's number."""
        return self._person.message_number


class People:
    """The people of the phone book to whom an account sends text messages."""

    def __init__(
        self,
        hass: HomeAssistant,
        coordinator: PbxCoordinator,
        async_add_entities: AddConfigEntryEntitiesCallback,
    ) -> None:
        """Start without entities."""
        self._hass = hass
        self._coordinator = coordinator
        self._async_add_entities = async_add_entities
        self._known: dict[str, PbxMessageTo] = {}

    async def async_changed(self, _changes: Iterable[object]) -> None:
        """Follow the phone book."""
        self.async_sync()

    @callback
    def async_sync(self) -> None:
        """Add who is marked, rename who has another name, and remove who is marked no more."""
        marked = [
            person
            for person in async_get_phone_book(self._hass).entries
            if person.messages and person.message_number
        ][:MAX_MESSAGES]
        self._remove_others({person.id for person in marked})
        new: list[PbxMessageTo] = []
        for person in marked:
            known = self._known.get(person.id)
            if known is None:
                known = self._known[person.id] = PbxMessageTo(self._coordinator, person)
                new.append(known)
            known.async_change(person)
        if new:
            self._async_add_entities(within_limit(self._coordinator, new))

    def _remove_others(self, wanted: set[str]) -> None:
        """Remove the entities of all others, also of those who went while nobody looked."""
        registry = er.async_get(self._hass)
        account, devices = self._coordinator.devices.account, self._coordinator.devices
        start = devices.unique_id(account, f"{TO_PERSON.key}_")
        for registered in er.async_entries_for_config_entry(
            registry, self._coordinator.config_entry.entry_id
        ):
            person = registered.unique_id.removeprefix(start)
            ours = registered.domain == Platform.NOTIFY and registered.unique_id.startswith(start)
            if ours and person not in wanted:
                registry.async_remove(registered.entity_id)
                self._known.pop(person, None)
