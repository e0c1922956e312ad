"""What an action is, and what several of them have in common."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import voluptuous as vol
from homeassistant.core import SupportsResponse
from homeassistant.helpers import config_validation as cv

from ..accounts import dialled_number, shown_number
from ..commands import async_take_placed
from ..const import ATTR_CALLER_ID, ATTR_CONFIG_ENTRY_ID, ATTR_NUMBER
from ..rights import Access
from ..telephony import models as m
from ..telephony.errors import RefusedError
from ..telephony.models import Capability
from .target import CONTACT_PREFIX, Target

CONTACT = "contact"
MAX_LIMIT = 1000

TEXT = vol.All(cv.string, vol.Strip, vol.Length(min=1, max=255))
LONG_TEXT = vol.All(cv.string, vol.Strip, vol.Length(min=1, max=m.LONGEST_MESSAGE))
TEXTS = vol.All(cv.ensure_list, [TEXT])
LIMIT = vol.All(vol.Coerce(int), vol.Range(min=1, max=MAX_LIMIT))
OFFSET = vol.All(vol.Coerce(int), vol.Range(min=0))
RING_TIME = vol.All(vol.Coerce(int), vol.Range(min=m.SHORTEST_RING, max=m.LONGEST_RING))
EXTENSION_TYPE = vol.In([kind.value for kind in m.ExtensionType])


CHOICE = vol.Schema(
    {vol.Required("active_choice"): vol.In(["number", CONTACT, "phone"])}, extra=True
)


def _whom(value: object) -> str:
    """Return what was written, or chosen in the editor: a number, a phone, or somebody by name."""
    if not isinstance(value, Mapping):
        text: str = TEXT(value)
        return text
    choice = CHOICE(value)["active_choice"]
    if choice not in value:
        raise vol.Invalid("nothing was chosen", path=[choice])
    chosen: str = TEXT(value[choice])
    return f"{CONTACT_PREFIX}{chosen}" if choice == CONTACT else chosen


WHOM = _whom
"""A number, the name of somebody in the phone book or of a phone, or a phone's device.

A name of the phone book, and of nobody else, has the prefix in front of it.
"""

type Runner = Callable[[Target], Awaitable[dict[str, Any] | None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action, and what it needs of the phone system."""

    name: str
    run: Runner
    needs: Capability
    """The command that the phone system has to have."""
    fields: Mapping[vol.Marker, Any] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    """The fields that every provider with that command honours."""
    response: SupportsResponse = SupportsResponse.NONE
    access: Access = Access.CONTROL
    dials: bool = False
    """The field `number` is dialled, or gets a message that may cost as much as a call."""

    @property
    def schema(self) -> vol.Schema:
        """Return the schema of the action's data."""
        return vol.Schema({vol.Optional(ATTR_CONFIG_ENTRY_ID): cv.string, **self.fields})


def number_in(target: Target, name: str = ATTR_NUMBER) -> str:
    """Return the number in a field, in the form in which it is dialled; refuse what is none."""
    coordinator = target.coordinator
    return dialled_number(coordinator.hass, coordinator.config_entry, target.data[name], field=name)


def caller_id_in(target: Target) -> str | None:
    """Return the number to show: one that is typed, or one of the account's by its label."""
    if ATTR_CALLER_ID not in target.data:
        return None
    coordinator = target.coordinator
    extensions = coordinator.data.extensions.values()
    typed = target.data[ATTR_CALLER_ID]
    return shown_number(coordinator.hass, coordinator.config_entry, extensions, typed)


def extension_type_in(target: Target, name: str = "extension_type") -> m.ExtensionType | None:
    """Return the kind of extension in a field, or None if the field is not given."""
    return m.ExtensionType(target.data[name]) if name in target.data else None


async def placed(target: Target, placing: Awaitable[m.Placed]) -> dict[str, Any]:
    """Return what became of a call.

    Who wants an answer is told of a refusal there, with its reason, so that a script can try
    somebody else; for all others it is an error.
    """
    try:
        answer = await placing
        async_take_placed(target.coordinator, answer)
        return _placed_answer(answer)
    except RefusedError as err:
        if not target.wants_answer:
            raise
        return _refused_answer(err)


def _placed_answer(placed: m.Placed) -> dict[str, Any]:
    """Return what became of a call that was placed."""
    return {"call_id": placed.call_id, "outcome": placed.outcome.value}


def _refused_answer(err: RefusedError) -> dict[str, Any]:
    """Return why the phone system placed no call: a reason to branch on, its code and its words."""
    return {
        "call_id": None,
        "outcome": m.PlacedOutcome.REFUSED.value,
        "reason": err.kind.value,
        "code": err.code,
        "answer": err.reason,
    }
