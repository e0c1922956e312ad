"""What an action is, and what several of them have in common."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import voluptuous as vol
from homeassistant.core import SupportsResponse
from homeassistant.helpers import config_validation as cv

from ..accounts import country_of
from ..const import ATTR_CONFIG_ENTRY_ID, ATTR_NUMBER
from ..rights import Access
from ..telephony import models as m
from ..telephony import phone_numbers as numbers
from ..telephony.models import Capability
from .target import Target

MAX_LIMIT = 1000

TEXT = vol.All(cv.string, vol.Strip, vol.Length(min=1, max=255))
LONG_TEXT = vol.All(cv.string, vol.Strip, vol.Length(min=1, max=4096))
TEXTS = vol.All(cv.ensure_list, [TEXT])
LIMIT = vol.All(vol.Coerce(int), vol.Range(min=1, max=MAX_LIMIT))
OFFSET = vol.All(vol.Coerce(int), vol.Range(min=0))
EXTENSION_TYPE = vol.In([kind.value for kind in m.ExtensionType])

type Runner = Callable[[Target], Awaitable[dict[str, Any] | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action: `needs` is its command, `own` the fields every provider with that command honours."""

    name: str
    run: Runner
    needs: Capability
    fields: Mapping[vol.Marker, Any] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    response: SupportsResponse = SupportsResponse.NONE
    access: Access = Access.CONTROL

    @property
    def schema(self) -> vol.Schema:
        """Make the schema of the action's data."""
        return vol.Schema({vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string, **self.fields})


def number_in(target: Target, name: str = ATTR_NUMBER) -> str:
    """Give a number that may be dialled."""
    country = country_of(target.coordinator.hass, target.coordinator.config_entry)
    return numbers.dialable(target.data[name], country, field=name)


def placed_answer(placed: m.Placed) -> dict[str, Any]:
    """Say what became of a call that was placed."""
    return {"call_id": placed.call_id, "outcome": placed.outcome.value}
