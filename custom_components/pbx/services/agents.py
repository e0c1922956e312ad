"""Actions on agents and queues."""

from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import voluptuous as vol
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import SupportsResponse
from homeassistant.helpers import config_validation as cv

from ..const import ATTR_AGENT, ATTR_EXTENSION, ATTR_PIN, ATTR_QUEUE
from ..errors import invalid
from ..rights import Access
from ..telephony import models as m
from ..telephony.models import Capability
from .action import TEXT, Action
from .target import Target

AGENT_FIELDS: Mapping[vol.Marker, Any] = {
    **cv.ENTITY_SERVICE_FIELDS,
    vol.Optional(ATTR_AGENT): TEXT,
    vol.Optional(ATTR_PIN): TEXT,
}


async def _each_agent(target: Target, command: str) -> None:
    for ref in target.agents():
        await getattr(target.coordinator.provider, command)(ref)
    target.coordinator.async_reread_directory()


async def _queue_member(target: Target, command: str) -> None:
    data = target.data
    named = ATTR_AGENT in data or target.named
    if not named and ATTR_EXTENSION not in data:
        raise invalid("one_of", fields=f"{ATTR_AGENT}, {ATTR_EXTENSION}")
    extension = target.extension() if ATTR_EXTENSION in data else None
    for agent in target.agents() if named else [None]:
        member = m.QueueMember(
            queue=target.queue(), agent=agent, extension=extension, penalty=data.get("penalty")
        )
        await getattr(target.coordinator.provider, command)(member)
    target.coordinator.async_reread_directory()


async def _get_agent_status(target: Target) -> dict[str, Any]:
    agents = target.agents()
    if len(agents) > 1:
        raise invalid("one_of", fields=f"{ATTR_AGENT}, {ATTR_ENTITY_ID}")
    return _figures(await target.coordinator.provider.agent_status(agents[0]))


async def _get_queue_status(target: Target) -> dict[str, Any]:
    return _figures(await target.coordinator.provider.queue_status(target.queue()))


def _figures(item: m.Agent | m.Queue) -> dict[str, Any]:
    """Flatten what could be read, and keep the phone system's own answer beside it."""
    figures = {key: value for key, value in asdict(item).items() if value not in (None, "", {})}
    figures["raw"] = dict(item.raw)
    return figures


def _agent(name: str, needs: Capability, fields: Mapping[vol.Marker, Any] | None = None) -> Action:
    return Action(
        name=name,
        needs=needs,
        run=partial(_each_agent, command=name),
        fields={**AGENT_FIELDS, vol.Optional(ATTR_QUEUE): TEXT, **(fields or {})},
        own=frozenset({ATTR_AGENT}),
    )


AGENTS: tuple[Action, ...] = (
    _agent("agent_login", Capability.AGENT_LOGIN, {vol.Optional(ATTR_EXTENSION): TEXT}),
    _agent("agent_logout", Capability.AGENT_LOGOUT),
    _agent("agent_pause", Capability.AGENT_PAUSE),
    _agent("agent_unpause", Capability.AGENT_UNPAUSE),
    *(
        Action(
            name=name,
            needs=needs,
            run=partial(_queue_member, command=name),
            fields={
                **AGENT_FIELDS,
                vol.Required(ATTR_QUEUE): TEXT,
                vol.Optional(ATTR_EXTENSION): TEXT,
                **extra,
            },
            own=frozenset({ATTR_QUEUE, ATTR_AGENT}),
        )
        for name, needs, extra in (
            (
                "queue_add",
                Capability.QUEUE_ADD,
                {vol.Optional("penalty"): vol.All(vol.Coerce(int), vol.Range(min=0, max=1000))},
            ),
            ("queue_remove", Capability.QUEUE_REMOVE, {}),
        )
    ),
    Action(
        name="get_agent_status",
        needs=Capability.GET_AGENT_STATUS,
        access=Access.READ,
        run=_get_agent_status,
        fields=AGENT_FIELDS,
        own=frozenset({ATTR_AGENT}),
        response=SupportsResponse.ONLY,
    ),
    Action(
        name="get_queue_status",
        needs=Capability.GET_QUEUE_STATUS,
        access=Access.READ,
        run=_get_queue_status,
        fields={vol.Required(ATTR_QUEUE): TEXT},
        own=frozenset({ATTR_QUEUE}),
        response=SupportsResponse.ONLY,
    ),
)
