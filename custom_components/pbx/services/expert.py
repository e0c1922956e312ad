"""Actions for administrators: lamps of phones, and the phone system in its own words."""

from typing import Any

import voluptuous as vol
from homeassistant.core import SupportsResponse
from homeassistant.helpers import config_validation as cv

from ..rights import Access
from ..telephony import models as m
from ..telephony.models import Capability
from .action import TEXT, Action
from .target import Target

MAX_PARAMETERS = 50
LONGEST_PARAMETER = 4096

SCALAR = vol.Any(
    bool, int, float, vol.All(cv.string, vol.Length(max=LONGEST_PARAMETER), msg="too long")
)
PARAMETERS = vol.All(
    {cv.string: vol.Any(SCALAR, vol.All([SCALAR], vol.Length(max=MAX_PARAMETERS)))},
    vol.Length(max=MAX_PARAMETERS),
)


async def _set_lamp(target: Target) -> None:
    """Let a lamp show something."""
    state = m.LampState(target.data["state"])
    await target.coordinator.provider.set_lamp(target.data["lamp"], state)


async def _raw_action(target: Target) -> dict[str, Any]:
    """Send an action in the phone system's own words; return its answer."""
    given = target.data.get("parameters", {})
    parameters: dict[str, m.Raw] = {
        key: tuple(map(str, value)) if isinstance(value, list) else value
        for key, value in given.items()
    }
    answer = await target.coordinator.provider.raw_action(target.data["name"], parameters)
    return {"answer": dict(answer.answer), "items": [dict(item) for item in answer.items]}


EXPERT: tuple[Action, ...] = (
    Action(
        name="set_lamp",
        needs=Capability.SET_LAMP,
        access=Access.ADMINISTER,
        run=_set_lamp,
        fields={
            vol.Required("lamp"): TEXT,
            vol.Required("state"): vol.In([state.value for state in m.LampState]),
        },
        own=frozenset({"lamp", "state"}),
    ),
    Action(
        name="raw_action",
        needs=Capability.RAW_ACTION,
        access=Access.ADMINISTER,
        run=_raw_action,
        fields={
            vol.Required("name"): TEXT,
            vol.Optional("parameters"): PARAMETERS,
        },
        own=frozenset({"name"}),
        response=SupportsResponse.OPTIONAL,
    ),
)
