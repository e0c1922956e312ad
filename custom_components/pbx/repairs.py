"""Repairs: what a person agrees to is done for the account that an issue is about."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final, override

import voluptuous as vol
from homeassistant.components.repairs import RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from . import issues
from .const import CONF_PHONES, CONF_PHONES_COMPLETED
from .data import PbxConfigEntry, PbxData
from .forms import PHONES_TABLE
from .issues import (
    ISSUE_COPY,
    ISSUE_FOREIGN_PUSHES,
    ISSUE_UNLISTED_PHONES,
    ISSUE_WEBHOOK_DISABLED,
    ISSUE_WEBHOOK_NO_URL,
    ISSUE_WEBHOOK_REFUSED,
    ISSUE_WEBHOOK_SILENT,
)
from .options import shown_phones, stored_table
from .telephony.errors import InvalidInputError
from .trials import PATIENCE
from .webhook_page import CONF_TEST, async_webhook_page, test_field

REMEDIES: Final[Mapping[str, Callable[[PbxData], None]]] = {
    ISSUE_COPY: lambda data: data.subscription.async_take_over(),
    ISSUE_FOREIGN_PUSHES: lambda data: data.webhook.sender.async_forget(),
    ISSUE_WEBHOOK_DISABLED: lambda data: data.subscription.async_subscribe_again(),
    ISSUE_WEBHOOK_NO_URL: lambda data: data.subscription.async_subscribe_again(),
    ISSUE_WEBHOOK_REFUSED: lambda data: data.subscription.async_subscribe_again(),
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


class EnterWebhookFlow(RepairsFlow):
    """Show the page of a webhook that says nothing, and wait until it does."""

    def __init__(self, entry_id: str) -> None:
        """Initialize the flow for an account."""
        self.entry_id = entry_id
        self._waiting: asyncio.Task[bool] | None = None

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Go straight to the page."""
        return await self.async_step_confirm()

    async def async_step_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show the address to enter, and wait for a call then."""
        entry = self._loaded_entry()
        if entry is None:
            return self.async_abort(reason="not_loaded")
        if user_input is None:
            return await self._async_show_page(entry, {})
        if user_input.get(CONF_TEST):
            return await self.async_step_wait()
        return self.async_create_entry(data={})

    async def async_step_wait(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Wait until the phone system has pushed something."""
        entry = self._loaded_entry()
        if entry is None:
            return self.async_abort(reason="not_loaded")
        if self._waiting is None:
            self._waiting = self.hass.async_create_task(_async_next_push(entry), eager_start=False)
        if not self._waiting.done():
            provider = entry.runtime_data.coordinator.provider.name
            return self.async_show_progress(
                step_id="wait",
                progress_action="wait_for_call",
                description_placeholders={"provider": provider},
                progress_task=self._waiting,
            )
        came, self._waiting = self._waiting.result(), None
        return self.async_show_progress_done(next_step_id="done" if came else "silent")

    async def async_step_silent(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show the page once more, because nothing came."""
        if user_input is not None:
            return await self.async_step_confirm(user_input)
        entry = self._loaded_entry()
        if entry is None:
            return self.async_abort(reason="not_loaded")
        return await self._async_show_page(entry, {"base": "not_received"})

    async def async_step_done(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Close the issue, which the push has mended."""
        return self.async_create_entry(data={})

    @callback
    @override
    def async_remove(self) -> None:
        """Wait no longer, when somebody closes the page."""
        if self._waiting is not None:
            self._waiting.cancel()

    def _loaded_entry(self) -> PbxConfigEntry | None:
        """Return the account, if it is loaded."""
        entry: PbxConfigEntry | None = self.hass.config_entries.async_get_entry(self.entry_id)
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        return entry

    async def _async_show_page(
        self, entry: PbxConfigEntry, errors: dict[str, str]
    ) -> RepairsFlowResult:
        """Show the address, and ask whether to wait for a call."""
        provider = entry.runtime_data.coordinator.provider
        page = await async_webhook_page(self.hass, provider, entry.data)
        if page is None:
            return self.async_create_entry(data={})
        return self.async_show_form(
            step_id="confirm",
            data_schema=vol.Schema({**page.fields, **test_field()}),
            errors=errors,
            description_placeholders={
                "title": entry.title,
                "provider": provider.name,
                "how": page.how,
            },
        )


class PhonesFlow(RepairsFlow):
    """Show the phones that were seen so far, to be named and completed."""

    def __init__(self, entry_id: str) -> None:
        """Initialize the flow for an account whose phone system cannot list its phones."""
        self.entry_id = entry_id

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Go straight to the table."""
        return await self.async_step_phones()

    async def async_step_phones(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Show the table, and keep it as the options do."""
        entry: PbxConfigEntry | None = self.hass.config_entries.async_get_entry(self.entry_id)
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return self.async_abort(reason="not_loaded")
        coordinator = entry.runtime_data.coordinator
        provider, found = coordinator.provider, coordinator.data.found_extensions
        errors: dict[str, str] = {}
        if user_input is not None:
            try:
                table = stored_table(type(provider), user_input, found)
            except InvalidInputError as err:
                errors[err.field] = err.problem
            else:
                self._keep(entry, table)
                return self.async_create_entry(data={})
        shown = user_input or {CONF_PHONES: shown_phones(entry.options, found)}
        return self.async_show_form(
            step_id="phones",
            data_schema=self.add_suggested_values_to_schema(PHONES_TABLE, shown),
            errors=errors,
            description_placeholders={"title": entry.title, "provider": provider.name},
        )

    @callback
    def _keep(self, entry: PbxConfigEntry, table: Mapping[str, Any]) -> None:
        """Keep the table, and that a person has gone through it; the entry reloads by itself."""
        options = {key: value for key, value in entry.options.items() if key != CONF_PHONES}
        issues.async_delete(self.hass, entry, ISSUE_UNLISTED_PHONES)
        self.hass.config_entries.async_update_entry(
            entry,
            data={**entry.data, CONF_PHONES_COMPLETED: True},
            options={**options, **table},
        )


async def _async_next_push(entry: PbxConfigEntry) -> bool:
    """Return whether something is pushed within the time that a person needs to call."""
    pushed = asyncio.Event()
    remove = entry.runtime_data.health.async_add_push_listener(pushed.set)
    try:
        async with asyncio.timeout(PATIENCE):
            await pushed.wait()
    except TimeoutError:
        return False
    finally:
        remove()
    return True


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow that fixes an issue."""
    known = data or {}
    entry_id, key = str(known.get("entry_id", "")), str(known.get("issue", ""))
    if key == ISSUE_WEBHOOK_SILENT:
        return EnterWebhookFlow(entry_id)
    if key == ISSUE_UNLISTED_PHONES:
        return PhonesFlow(entry_id)
    return RemedyFlow(entry_id, key)
