"""Switches: hold, mute and do not disturb at an extension, an agent's login and pause."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import PbxCoordinator
from .data import PbxConfigEntry
from .devices import Subject, SubjectKind
from .entity import PbxEntity, PbxEntityDescription, async_add_subjects, within_limit
from .errors import invalid
from .providers.base import Provider
from .registry.call_registry import CallRegistry
from .telephony.models import AgentRef, CallRef, CallState, Capability

PARALLEL_UPDATES = 1


class TurnCommand(Protocol):
    """What a switch commands for the subject with an id."""

    def __call__(
        self, provider: Provider, registry: CallRegistry, identity: str, /, *, on: bool
    ) -> Awaitable[None]:
        """Send the command."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class PbxSwitchEntityDescription(PbxEntityDescription, SwitchEntityDescription):
    """Describe how a switch reads its state and what it commands."""

    is_on_fn: Callable[[CallRegistry, str], bool | None]
    turn_fn: TurnCommand


def _call(registry: CallRegistry, extension: str) -> CallRef:
    """Return the most urgent call of an extension; refuse an extension without a call."""
    call = registry.call_of(extension)
    if call is None:
        raise invalid("no_call", extension=extension)
    return CallRef(call=call, extension=extension)


def _on_hold(registry: CallRegistry, extension: str) -> bool:
    """Return whether the most urgent call of an extension is on hold."""
    return registry.state_of(extension) is CallState.ON_HOLD


def _hold(
    provider: Provider, registry: CallRegistry, extension: str, *, on: bool
) -> Awaitable[None]:
    """Put the most urgent call of an extension on hold, or resume it."""
    target = _call(registry, extension)
    return provider.hold(target) if on else provider.unhold(target)


def _mute(
    provider: Provider, registry: CallRegistry, extension: str, *, on: bool
) -> Awaitable[None]:
    """Mute or unmute an extension in its most urgent call."""
    target = _call(registry, extension)
    return provider.mute(target) if on else provider.unmute(target)


def _agent(registry: CallRegistry, agent_id: str, queue: str | None = None) -> AgentRef:
    """Return an agent as a command names it."""
    agent = registry.agents[agent_id]
    return AgentRef(id=agent_id, extension=agent.extension, queue=queue)


def _login(
    provider: Provider, registry: CallRegistry, agent_id: str, *, on: bool
) -> Awaitable[None]:
    """Log an agent in or out."""
    agent = _agent(registry, agent_id)
    return provider.agent_login(agent) if on else provider.agent_logout(agent)


def _pause(
    provider: Provider, registry: CallRegistry, agent_id: str, *, on: bool
) -> Awaitable[None]:
    """Pause an agent, or end the pause."""
    agent = _agent(registry, agent_id)
    return provider.agent_pause(agent) if on else provider.agent_unpause(agent)


def _listed_dnd(registry: CallRegistry, extension: str) -> bool | None:
    """Return whether a phone is not to be disturbed; None where that is not known."""
    listed = registry.extensions.get(extension)
    return None if listed is None else listed.dnd


def _dnd(
    provider: Provider, _registry: CallRegistry, extension: str, *, on: bool
) -> Awaitable[None]:
    """Let a phone ring no more, or again."""
    return provider.set_dnd(extension, on=on)


SWITCHES: tuple[PbxSwitchEntityDescription, ...] = (
    PbxSwitchEntityDescription(
        key="hold",
        translation_key="hold",
        subject=SubjectKind.EXTENSION,
        needs=Capability.CALLS | Capability.HOLD | Capability.UNHOLD,
        about_calls=True,
        is_on_fn=_on_hold,
        turn_fn=_hold,
    ),
    PbxSwitchEntityDescription(
        key="mute",
        translation_key="mute",
        subject=SubjectKind.EXTENSION,
        needs=Capability.CALLS | Capability.MUTE | Capability.UNMUTE,
        about_calls=True,
        is_on_fn=lambda _registry, _extension: None,
        turn_fn=_mute,
    ),
    PbxSwitchEntityDescription(
        key="do_not_disturb_setting",
        translation_key="do_not_disturb",
        subject=SubjectKind.EXTENSION,
        listed_only=True,
        needs=Capability.DND | Capability.SET_DND,
        is_on_fn=_listed_dnd,
        turn_fn=_dnd,
    ),
    PbxSwitchEntityDescription(
        key="logged_in",
        translation_key="logged_in",
        subject=SubjectKind.AGENT,
        needs=Capability.AGENTS | Capability.AGENT_LOGIN | Capability.AGENT_LOGOUT,
        is_on_fn=lambda registry, agent: (
            registry.agents[agent].logged_in if agent in registry.agents else None
        ),
        turn_fn=_login,
    ),
    PbxSwitchEntityDescription(
        key="paused",
        translation_key="paused",
        subject=SubjectKind.AGENT,
        needs=Capability.AGENTS | Capability.AGENT_PAUSE | Capability.AGENT_UNPAUSE,
        is_on_fn=lambda registry, agent: (
            registry.agents[agent].paused if agent in registry.agents else None
        ),
        turn_fn=_pause,
    ),
)


async def async_setup_entry(
    hass: HomeAssistant, entry: PbxConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Set up the switches."""
    coordinator = entry.runtime_data.coordinator
    await async_add_subjects(coordinator, async_add_entities, SWITCHES, _make)
    if Capability.QUEUE_LOGIN in coordinator.provider.capabilities:
        await _add_queue_logins(coordinator, async_add_entities)


def _make(
    coordinator: PbxCoordinator, subject: Subject, description: PbxSwitchEntityDescription
) -> PbxSwitch:
    """Return the switch of a subject."""
    return PbxSwitch(coordinator, subject, description)


async def _add_queue_logins(
    coordinator: PbxCoordinator, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add a switch for every queue of every agent, also for queues that are joined later."""
    shown: dict[str, set[str]] = {}

    @callback
    def async_look(agent_id: str) -> None:
        """Add the switches of an agent that there are none of yet."""
        agent = coordinator.data.agents.get(agent_id)
        subject = coordinator.devices.subjects.get((SubjectKind.AGENT, agent_id))
        if agent is None or subject is None:
            return
        new = [queue for queue in agent.queues if queue not in shown[agent_id]]
        shown[agent_id].update(new)
        entities = [PbxQueueLogin(coordinator, subject, queue) for queue in new]
        async_add_entities(
            within_limit(coordinator, entities), config_subentry_id=subject.subentry_id
        )

    @callback
    def async_add(subjects: list[Subject]) -> None:
        """Add the switches of the agents among some subjects, and follow these agents."""
        for subject in subjects:
            if subject.kind is not SubjectKind.AGENT:
                continue
            if subject.id not in shown:
                remove = coordinator.async_add_listener(
                    partial(async_look, subject.id), subject.key
                )
                coordinator.config_entry.async_on_unload(remove)
            shown[subject.id] = set()
            async_look(subject.id)

    await coordinator.devices.async_listen(async_add)


class PbxSwitch(PbxEntity, SwitchEntity):
    """A switch of one subject."""

    entity_description: PbxSwitchEntityDescription

    @callback
    @override
    def async_read(self) -> object:
        """Read the state and return it."""
        self._attr_is_on = self.entity_description.is_on_fn(self.registry, self.subject.id)
        return self._attr_is_on

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Turn the switch on."""
        await self._async_turn(on=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Turn the switch off."""
        await self._async_turn(on=False)

    async def _async_turn(self, *, on: bool) -> None:
        """Send the command, and show it done until the next poll says what became of it."""
        turn = self.entity_description.turn_fn
        await self.async_run(turn(self.coordinator.provider, self.registry, self.subject.id, on=on))
        self._attr_is_on = on
        self.async_show()
        self.coordinator.async_doubt(self.subject.key)
        if self.subject.kind is SubjectKind.AGENT:
            self.coordinator.async_reread_directory()


class PbxQueueLogin(PbxSwitch):
    """An agent's login at one queue."""

    def __init__(self, coordinator: PbxCoordinator, subject: Subject, queue: str) -> None:
        """Initialize the switch of a queue, which names it."""
        description = PbxSwitchEntityDescription(
            key=f"logged_in_{queue}",
            translation_key="logged_in_queue",
            subject=SubjectKind.AGENT,
            is_on_fn=lambda registry, agent: (
                registry.agents[agent].queues.get(queue) if agent in registry.agents else None
            ),
            turn_fn=self._turn,
        )
        self.queue = queue
        self._attr_translation_placeholders = {"queue": _queue_name(coordinator, queue)}
        super().__init__(coordinator, subject, description)

    def _turn(
        self,
        provider: Provider,
        registry: CallRegistry,
        agent_id: str,
        *,
        on: bool,
    ) -> Awaitable[None]:
        """Log the agent in or out at the queue."""
        agent = _agent(registry, agent_id, self.queue)
        return provider.agent_login(agent) if on else provider.agent_logout(agent)


def _queue_name(coordinator: PbxCoordinator, queue: str) -> str:
    """Return the name of a queue, or the number or id it is given by if it has none."""
    for known in coordinator.data.queues.values():
        if queue in (known.number, known.id):
            return known.name or queue
    return queue
