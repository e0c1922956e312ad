"""Repairs: subscribe to the phone system's pushes again."""

import voluptuous as vol
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir

from .data import PbxConfigEntry


class SubscribeAgainFlow(RepairsFlow):
    """Ask, then register the webhook at the phone system once more."""

    def __init__(self, entry_id: str) -> None:
        """Initialize the flow for an account."""
        self.entry_id = entry_id

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Go straight to the question."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, str] | None = None
    ) -> RepairsFlowResult:
        """Ask, and register the webhook once somebody agrees."""
        if user_input is not None:
            entry: PbxConfigEntry | None = self.hass.config_entries.async_get_entry(self.entry_id)
            if entry is None or entry.state is not ConfigEntryState.LOADED:
                return self.async_abort(reason="not_loaded")
            entry.runtime_data.subscription.async_subscribe_again()
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
    return SubscribeAgainFlow(str((data or {}).get("entry_id", "")))
