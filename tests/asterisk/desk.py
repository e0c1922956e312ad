"""What a test of commands has before it: an account, the phones, and all that Asterisk says."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from .ami import Ami, Message
from .hass import HassStage, entry_for, set_up, state_of
from .lab import Lab
from .phone import Call
from .stories import SHORT, talk_with


@dataclass(kw_only=True)
class Desk:
    """What a test has before it."""

    hass: HomeAssistant
    entry: MockConfigEntry
    lab: Lab
    ami: Ami
    stage: HassStage
    heard: list[Message]

    def entity(self, unique: str) -> str:
        """Return the entity of the account whose unique id ends so."""
        registry = er.async_get(self.hass)
        return next(
            entity.entity_id
            for entity in er.async_entries_for_config_entry(registry, self.entry.entry_id)
            if entity.unique_id.endswith(unique)
        )

    async def act(self, action: str, **data: object) -> None:
        """Call an action of the integration."""
        await self.hass.services.async_call("pbx", action, data, blocking=True)

    async def at(self, extension: str, action: str, **data: object) -> None:
        """Call an action for an extension's call."""
        await self.act(action, entity_id=self.entity(f"extension_{extension}_call_state"), **data)

    async def talk(self) -> tuple[Call, Call]:
        """Let somebody outside talk with 101, and Home Assistant know of it; return both ends."""
        far, near = await talk_with(self.stage, "222300101", "101")
        await self.stage.state("101", "talking")
        return far, near

    def state(self, unique: str) -> str:
        """Return the state of an entity of the account, by the end of its unique id."""
        return state_of(self.hass, self.entry, unique)

    def events(self, kind: str) -> list[Message]:
        """Return what Asterisk told of a kind."""
        return [message for message in self.heard if message.get("Event") == kind]


@asynccontextmanager
async def at_desk(hass: HomeAssistant, lab: Lab) -> AsyncGenerator[Desk]:
    """Set an account up and listen to all that Asterisk says; in the end hang everything up."""
    entry = await set_up(hass, entry_for(lab))
    async with lab.ami(events=True) as ami:
        heard: list[Message] = []
        ami.listeners.append(lambda message, _raw, _now: heard.append(message))
        stage = HassStage(hass, entry, lab, ami, SHORT)
        yield Desk(hass=hass, entry=entry, lab=lab, ami=ami, stage=stage, heard=heard)
        for phone in (*lab.phones.values(), lab.trunk):
            for call in list(phone.calls.values()):
                await call.hangup()
        await stage.silence()
