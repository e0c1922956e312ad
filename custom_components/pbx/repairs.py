"""Repairs: what a person agrees to is done for the account that an issue is about."""

from collections.abc import Callable, Mapping
from typing import Final

import voluptuous as vol
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .data import PbxConfigEntry, PbxData
from .issues import (
    ISSUE_COPY,
    ISSUE_FOREIGN_PUSHES,
    ISSUE_WEBHOOK_DISABLED,
    ISSUE_WEBHOOK_NO_URL,
)

REMEDIES: Final[Mapping[str, Callable[[PbxData], None]]] = {
    ISSUE_COPY: lambda data: data.subscription.async_take_over(),
    ISSUE_FOREIGN_PUSHES: lambda data: data.webhook.sender.async_forget(),
    ISSUE_WEBHOOK_DISABLED: lambda data: data.subscription.async_subscribe_again(),
    ISSUE_WEBHOOK_NO_URL: lambda data: data.subscription.async_subscribe_again(),
}


class RemedyFlow(RepairsFlow):
    """Ask, then do what helps."""

    def __init__(self, entry_id: str, key: str) -> None:
        """Initialize the flow for an issue of an account."""
        self.entry_id = entry_id
        self.key = key

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Go straight to the question."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask, and do it once somebody agrees."""
        if user_input is not None:
            entry: PbxConfigEntry | None = self.hass.config_entries.async_get_entry(self.entry_id)
            if entry is None or entry.state is not ConfigEntryState.LOADED:
                return self.async_abort(reason="not_loaded")
            REMEDIES[self.key](entry.runtime_data)
            return self.async_create_entry(data={})
        issue = ir.async_get(self.hass).async_get_issue(self.handler, self.issue_id)
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema({}),
            description_placeholders=issue.translation_placeholders if issue is not None else None,
        )


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow that fixes an issue."""
    known = data or {}
    return RemedyFlow(str(known.get("entry_id", "")), str(known.get("issue", "")))
