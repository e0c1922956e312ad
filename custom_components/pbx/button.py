"""Buttons: hang up and call back at an extension, acknowledge missed calls, speed dials."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.config_entries import ConfigSubentry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .accounts import call_back_number
from .commands import async_hang_up, async_take_placed, commanding
from .const import (
    ATTR_DIAL_FIRST,
    ATTR_EXTENSION,
    ATTR_NUMBER,
    CONF_DIALLED,
    CONF_SHOWN,
    DOMAIN,
    SUBENTRY_SPEED_DIAL,
)
from .coordinator import PbxCoordinator
from .data import PbxConfigEntry, PbxData
from .devices import Subject, SubjectKind, model_in, texts_of
from .entity import PbxEntity, PbxEntityDescription, async_add_subjects, is_by_person
from .errors import invalid
from .telephony.models import CallRef, Capability, DialFirst, Originate

PARALLEL_UPDATES = 1


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PbxButtonEntityDescription(PbxEntityDescription, ButtonEntityDescription):
    """Describe what a button does."""

    press_fn: Callable[[PbxCoordinator, str], Awaitable[object]]


async def _hang_up(coordinator: PbxCoordinator, extension: str) -> None:
    """Hang up the most urgent call of an extension."""
    call = coordinator.data.call_of(extension)
    if call is None:
        raise invalid("no_call", extension=extension)
    with commanding(coordinator):
        await async_hang_up(coordinator, CallRef(call=call, extension=extension))


async def _call_back(coordinator: PbxCoordinator, extension: str) -> None:
    """Call whoever called an extension last."""
    last = _data(coordinator).recent.last_caller(extension)
    if last is None:
        raise invalid("no_caller", extension=extension)
    with commanding(coordinator):
        number = call_back_number(coordinator.hass, coordinator.config_entry, last.number)
        request = Originate(extension=extension, number=number)
        async_take_placed(coordinator, await coordinator.provider.click_to_call(request))


def _data(coordinator: PbxCoordinator) -> PbxData:
    """Return the parts of an account."""
    entry: PbxConfigEntry = coordinator.config_entry
    return entry.runtime_data


async def _acknowledge(coordinator: PbxCoordinator, _id: str) -> None:
    """Forget the missed calls."""
    coordinator.async_take(coordinator.data.acknowledge_missed())


BUTTONS: tuple[PbxButtonEntityDescription, ...] = (
    PbxButtonEntityDescription(
        key="hang_up",
        translation_key="hang_up",
        subject=SubjectKind.EXTENSION,
        listed_only=True,
        needs=Capability.CALLS | Capability.HANGUP,
        about_calls=True,
        press_fn=_hang_up,
    ),
    PbxButtonEntityDescription(
        key="call_back",
        translation_key="call_back",
        subject=SubjectKind.EXTENSION,
        listed_only=True,
        needs=Capability.CALLS | Capability.CLICK_TO_CALL,
        press_fn=_call_back,
    ),
    PbxButtonEntityDescription(
        key="acknowledge_missed",
        translation_key="acknowledge_missed",
        subject=SubjectKind.ACCOUNT,
        needs=Capability.CALLS,
        essential=True,
        health_only=True,
        press_fn=_acknowledge,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: PbxConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the buttons."""
    coordinator = entry.runtime_data.coordinator
    await async_add_subjects(coordinator, async_add_entities, BUTTONS, _make)
    if Capability.CLICK_TO_CALL in coordinator.provider.capabilities:
        _follow_speed_dials(hass, entry, async_add_entities)


@callback
def _follow_speed_dials(
    hass: HomeAssistant, entry: PbxConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add and rename speed dials as the user makes them, without a reload.

    Home Assistant removes deleted ones itself.
    """
    known: set[str] = set()

    async def async_sync(_hass: HomeAssistant, _entry: PbxConfigEntry) -> None:
        """Add or rename the devices of speed dials, and add the buttons of new ones."""
        devices = dr.async_get(hass)
        for subentry in entry.get_subentries_of_type(SUBENTRY_SPEED_DIAL):
            devices.async_get_or_create(
                config_entry_id=entry.entry_id,
                config_subentry_id=subentry.subentry_id,
                identifiers={(DOMAIN, subentry.subentry_id)},
                entry_type=dr.DeviceEntryType.SERVICE,
                manufacturer=entry.runtime_data.coordinator.provider.name,
                model=model_in(texts_of(hass), SUBENTRY_SPEED_DIAL),
                model_id=SUBENTRY_SPEED_DIAL,
                name=subentry.title,
                via_device_id=entry.runtime_data.devices.account.device.id,
            )
            if subentry.subentry_id not in known:
                known.add(subentry.subentry_id)
                async_add_entities(
                    [PbxSpeedDial(entry.runtime_data.coordinator, subentry)],
                    config_subentry_id=subentry.subentry_id,
                )
        known.intersection_update(entry.subentries)

    entry.async_on_unload(entry.add_update_listener(async_sync))
    entry.async_create_task(hass, async_sync(hass, entry), "speed dials")


class PbxButton(PbxEntity, ButtonEntity):
    """A button of one subject."""

    entity_description: PbxButtonEntityDescription

    @callback
    @override
    def async_read(self) -> object:
        """Return nothing: a button shows no state of a call."""
        return None

    @override
    async def async_press(self) -> None:
        """Do what the button is for."""
        self.async_command()
        await self.entity_description.press_fn(self.coordinator, self.subject.id)


class PbxCallBack(PbxButton):
    """Calls the last caller back; its attributes say who that is, and which phone rings first."""

    _unrecorded_attributes = frozenset({"name", "number", "rings_first"})

    @property
    @override
    def extra_state_attributes(self) -> dict[str, str]:
        """Return whom the button would call, and from where."""
        last = _data(self.coordinator).recent.last_caller(self.subject.id)
        if last is None:
            return {}
        phone = self.device_entry or self.subject.device  # the first is followed if it is renamed
        shown = {
            "name": self.wording.name(last.name),
            "number": self.wording.number(last.number),
            "rings_first": phone.name_by_user or phone.name or "",
        }
        return {key: value for key, value in shown.items() if value}

    @callback
    @override
    def async_read(self) -> object:
        """Return what would be shown, so that it is written when it changes."""
        return self.extra_state_attributes

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the recent calls."""
        await super().async_added_to_hass()
        self.async_on_remove(
            _data(self.coordinator).recent.async_listen(
                self._handle_coordinator_update, self.subject.id
            )
        )

    @override
    async def async_press(self) -> None:
        """Call the last caller back, if that number may be dialled."""
        data = _data(self.coordinator)
        last = data.recent.last_caller(self.subject.id)
        if last is None:
            await super().async_press()
            return
        with data.guard.placing(last.number, by_person=is_by_person(self), by_hand=True):
            await super().async_press()


def _make(
    coordinator: PbxCoordinator, subject: Subject, description: PbxButtonEntityDescription
) -> PbxButton:
    """Return the button for a subject."""
    kind = PbxCallBack if description.key == "call_back" else PbxButton
    return kind(coordinator, subject, description)


class PbxSpeedDial(ButtonEntity):
    """A button that places the call that the user prepared."""

    _attr_has_entity_name = True
    _attr_translation_key = "speed_dial"
    _attr_name = None

    def __init__(self, coordinator: PbxCoordinator, subentry: ConfigSubentry) -> None:
        """Initialize the button of a subentry, on the subentry's own device."""
        self.coordinator = coordinator
        self.subentry_id = subentry.subentry_id
        self._attr_unique_id = subentry.subentry_id
        self._attr_icon = subentry.data.get("icon")
        self.device_entry = dr.async_get(coordinator.hass).async_get_device_by_identifier(
            (DOMAIN, subentry.subentry_id), coordinator.config_entry.entry_id
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Listen for another icon in the subentry."""
        self.async_on_remove(
            self.coordinator.config_entry.add_update_listener(self._async_entry_updated)
        )

    async def _async_entry_updated(self, _hass: HomeAssistant, entry: PbxConfigEntry) -> None:
        """Show the icon that the subentry has now."""
        subentry = entry.subentries.get(self.subentry_id)
        if subentry is not None and subentry.data.get("icon") != self._attr_icon:
            self._attr_icon = subentry.data.get("icon")
            self.async_write_ha_state()

    @override
    async def async_press(self) -> None:
        """Place the call with what the subentry says now."""
        data = self.coordinator.config_entry.subentries[self.subentry_id].data
        # A speed dial that an older version made keeps only the number as it is dialled.
        number = data.get(CONF_DIALLED, data[ATTR_NUMBER])
        request = Originate(
            extension=data[ATTR_EXTENSION],
            number=number,
            caller_id_number=data.get(CONF_SHOWN),
            dial_first=DialFirst(data[ATTR_DIAL_FIRST]) if ATTR_DIAL_FIRST in data else None,
        )
        guard = _data(self.coordinator).guard
        placing = guard.placing(number, by_person=is_by_person(self), by_hand=True)
        with placing, commanding(self.coordinator):
            placed = await self.coordinator.provider.click_to_call(request)
            async_take_placed(self.coordinator, placed)
