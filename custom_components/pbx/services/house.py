"""What an action of the house is: one that is about no account, as those of the phone book."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import voluptuous as vol
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)

from ..const import DOMAIN
from ..rights import Access, async_check_everywhere

type HouseRunner = Callable[[HomeAssistant, Mapping[str, Any]], Awaitable[dict[str, Any] | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseAction:
    """One action of the house."""

    name: str
    run: HouseRunner
    fields: Mapping[vol.Marker, Any] = field(default_factory=dict)
    response: SupportsResponse = SupportsResponse.NONE
    access: Access = Access.CONTROL

    @property
    def schema(self) -> vol.Schema:
        """Return the schema of the action's data."""
        return vol.Schema(dict(self.fields))

    @callback
    def async_register(self, hass: HomeAssistant) -> None:
        """Register the action once."""
        hass.services.async_register(
            DOMAIN,
            self.name,
            partial(_async_run, self),
            schema=self.schema,
            supports_response=self.response,
        )


async def _async_run(action: HouseAction, call: ServiceCall) -> ServiceResponse:
    """Carry out an action for a user who has the permission for all accounts."""
    await async_check_everywhere(call.hass, call.context, action.access)
    return await action.run(call.hass, call.data)
