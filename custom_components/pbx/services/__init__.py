"""The actions, declared as a table: what each needs, takes and answers, and what it does."""

from dataclasses import replace
from functools import partial

from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)

from ..commands import commanding
from ..const import ATTR_NUMBER, DOMAIN
from ..data import PbxConfigEntry
from ..errors import command_errors
from ..rights import async_check
from .action import Action
from .address import ADDRESS
from .agents import AGENTS
from .calls import CALLS
from .concerned import concerned
from .contacts import CONTACTS
from .described import async_setup_descriptions
from .expert import EXPERT
from .history import HISTORY
from .house import HouseAction
from .messages import MESSAGES
from .notifying import NOTIFYING
from .phone_book import PHONE_BOOK
from .placing import PLACING
from .target import TARGET_FIELDS, resolve

ACTIONS: tuple[Action, ...] = (
    *PLACING,
    *CALLS,
    *MESSAGES,
    *NOTIFYING,
    *AGENTS,
    *HISTORY,
    *CONTACTS,
    *ADDRESS,
    *EXPERT,
)
HOUSE_ACTIONS: tuple[HouseAction, ...] = PHONE_BOOK
ALL_ACTIONS: tuple[Action | HouseAction, ...] = (*ACTIONS, *HOUSE_ACTIONS)


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register every action once, for all accounts."""
    for action in ACTIONS:
        hass.services.async_register(
            DOMAIN,
            action.name,
            partial(_async_run, action),
            schema=action.schema,
            supports_response=action.response,
        )
    for house_action in HOUSE_ACTIONS:
        house_action.async_register(hass)
    async_setup_descriptions(hass, ACTIONS)


async def _async_run(action: Action, call: ServiceCall) -> ServiceResponse:
    """Carry out an action for the account it names, and return its answer.

    Refuse what the user may not do, and what this phone system cannot do. After a command the
    phone system is asked what became of it.
    """
    target = resolve(call, action.needs)
    coordinator = target.coordinator
    subjects = concerned(target)
    await async_check(call.hass, call.context, coordinator.config_entry, subjects, action.access)
    provider = coordinator.provider
    if action.response is SupportsResponse.ONLY:
        doing = command_errors(call.hass, coordinator.config_entry, provider.name)
    else:
        coordinator.contexts.async_note((one.key for one in subjects), call.context)
        doing = commanding(coordinator)
    with doing:
        provider.check(action.needs, call.data.keys() - TARGET_FIELDS - action.own)
        if not action.dials:
            return await action.run(target)
        target = replace(target, data={**target.data, ATTR_NUMBER: target.number()})
        entry: PbxConfigEntry = coordinator.config_entry
        guard = entry.runtime_data.guard
        with guard.placing(target.data[ATTR_NUMBER], by_person=target.by_person):
            return await action.run(target)
