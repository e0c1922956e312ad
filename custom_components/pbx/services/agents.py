"""Actions on agents and queues."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any

import voluptuous as vol
from homeassistant.const import ATTR_ENTITY_ID
from homeassistant.core import SupportsResponse
from homeassistant.helpers import config_validation as cv

from ..const import ATTR_AGENT, ATTR_EXTENSION, ATTR_PIN, ATTR_QUEUE, ATTR_REASON
from ..errors import invalid
from ..providers.base import Provider
from ..rights import Access
from ..telephony import models as m
from ..telephony.errors import NO_QUEUE, InvalidInputError, RefusedError
from ..telephony.models import Capability
from .action import TEXT, Action
from .target import Target

AGENT_FIELDS: Mapping[vol.Marker, Any] = {
    **cv.ENTITY_SERVICE_FIELDS,
    vol.Optional(ATTR_AGENT): TEXT,
    vol.Optional(ATTR_PIN): TEXT,
}
MEMBER_FIELDS: Mapping[vol.Marker, Any] = {
    **AGENT_FIELDS,
    vol.Required(ATTR_QUEUE): TEXT,
    vol.Optional(ATTR_EXTENSION): TEXT,
    vol.Optional("dialplan"): TEXT,
}

type AgentCommand = Callable[[Provider, m.AgentRef], Awaitable[None]]
type MemberCommand = Callable[[Provider, m.QueueMember], Awaitable[None]]


async def _each_agent(target: Target, command: AgentCommand) -> None:
    """Send a command for each agent that was named."""
    for ref in target.agents():
        await command(target.coordinator.provider, ref)
    target.coordinator.async_reread_directory()


async def _each_member(target: Target, command: MemberCommand) -> None:
    """Send a command for each member of a queue that was named: agents, or one extension."""
    data = target.data
    named = ATTR_AGENT in data or target.named
    if not named and ATTR_EXTENSION not in data:
        raise invalid("any_of", fields=f"{ATTR_AGENT}, {ATTR_EXTENSION}")
    extension = target.extension() if ATTR_EXTENSION in data else None
    agents: list[m.AgentRef | None] = [*target.agents()] if named else [None]
    for agent in agents:
        member = m.QueueMember(
            queue=target.queue(),
            agent=agent,
            extension=extension,
            dialplan=data.get("dialplan"),
            penalty=data.get("penalty"),
        )
        await command(target.coordinator.provider, member)
    target.coordinator.async_reread_directory()


async def _get_agent_status(target: Target) -> dict[str, Any]:
    """Return what one agent is doing."""
    agents = target.agents()
    if len(agents) > 1:
        raise invalid("one_of", fields=f"{ATTR_AGENT}, {ATTR_ENTITY_ID}")
    return _figures(await target.coordinator.provider.agent_status(agents[0]))


async def _get_queue_status(target: Target) -> dict[str, Any]:
    """Return how a queue is doing; refuse one that there is not, in words that say so."""
    queue = target.queue()
    try:
        return _figures(await target.coordinator.provider.queue_status(queue))
    except RefusedError as err:
        if err.kind in NO_QUEUE and queue not in target.coordinator.data.queues:
            raise InvalidInputError(ATTR_QUEUE, "unknown_queue", value=queue) from err
        raise


def _figures(item: m.Agent | m.Queue) -> dict[str, Any]:
    """Return what could be read, flat, with the phone system's own answer as `raw`."""
    figures = {key: value for key, value in asdict(item).items() if value not in (None, "", {})}
    figures.pop("strangers", None)
    figures["raw"] = dict(item.raw)
    return figures


def _agent(
    name: str,
    needs: Capability,
    command: AgentCommand,
    fields: Mapping[vol.Marker, Any] | None = None,
) -> Action:
    """Return the action for a command that is sent for each agent."""
    return Action(
        name=name,
        needs=needs,
        run=partial(_each_agent, command=command),
        fields={**AGENT_FIELDS, vol.Optional(ATTR_QUEUE): TEXT, **(fields or {})},
        own=frozenset({ATTR_AGENT}),
    )


AGENTS: tuple[Action, ...] = (
    _agent(
        "agent_login",
        Capability.AGENT_LOGIN,
        lambda provider, agent: provider.agent_login(agent),
        {vol.Optional(ATTR_EXTENSION): TEXT, vol.Optional("dialplan"): TEXT},
    ),
    _agent(
        "agent_logout",
        Capability.AGENT_LOGOUT,
        lambda provider, agent: provider.agent_logout(agent),
    ),
    _agent(
        "agent_pause",
        Capability.AGENT_PAUSE,
        lambda provider, agent: provider.agent_pause(agent),
        {vol.Optional(ATTR_REASON): TEXT},
    ),
    _agent(
        "agent_unpause",
        Capability.AGENT_UNPAUSE,
        lambda provider, agent: provider.agent_unpause(agent),
    ),
    Action(
        name="queue_add",
        needs=Capability.QUEUE_ADD,
        run=partial(_each_member, command=lambda provider, member: provider.queue_add(member)),
        fields={
            **MEMBER_FIELDS,
            vol.Optional("penalty"): vol.All(vol.Coerce(int), vol.Range(min=0, max=1000)),
        },
        own=frozenset({ATTR_QUEUE, ATTR_AGENT}),
    ),
    Action(
        name="queue_remove",
        needs=Capability.QUEUE_REMOVE,
        run=partial(_each_member, command=lambda provider, member: provider.queue_remove(member)),
        fields=MEMBER_FIELDS,
        own=frozenset({ATTR_QUEUE, ATTR_AGENT}),
    ),
    Action(
        name="get_agent_status",
        needs=Capability.GET_AGENT_STATUS,
        run=_get_agent_status,
        fields=AGENT_FIELDS,
        own=frozenset({ATTR_AGENT}),
        response=SupportsResponse.ONLY,
        access=Access.READ,
    ),
    Action(
        name="get_queue_status",
        needs=Capability.GET_QUEUE_STATUS,
        run=_get_queue_status,
        fields={vol.Required(ATTR_QUEUE): TEXT},
        own=frozenset({ATTR_QUEUE}),
        response=SupportsResponse.ONLY,
        access=Access.READ,
    ),
)
