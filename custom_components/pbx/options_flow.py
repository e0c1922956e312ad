"""The options flow: how an account behaves, and a new address for what its phone system pushes."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol
from homeassistant.config_entries import ConfigFlowResult, OptionsFlow
from homeassistant.helpers.selector import BooleanSelector

from .accounts import make_provider, provider_of
from .const import CONF_FOLLOW, CONF_PHONES
from .data import PbxConfigEntry, loaded_coordinator, may_be_extension
from .forms import options_form
from .options import shown_options, shown_phones, stored_options
from .telephony import phone_numbers as numbers
from .telephony.errors import InvalidInputError
from .telephony.models import Capability
from .webhook_page import CONF_ADDRESSES, async_webhook_page

CONF_NEW_ADDRESS = "new_address"


class PbxOptionsFlow(OptionsFlow):
    """Change how an account behaves."""

    def __init__(self) -> None:
        """Initialize the flow before anything is typed."""
        self._options: dict[str, Any] = {}

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the options that fit the provider."""
        entry = self.config_entry
        kind = provider_of(entry)
        if kind is None:
            return self.async_abort(reason="unknown_provider")
        errors: dict[str, str] = {}
        line = ""
        coordinator = loaded_coordinator(entry)
        found = coordinator.data.found_extensions if coordinator is not None else ()
        if user_input is not None:
            await self.hass.async_add_executor_job(numbers.load)
            replace = user_input.pop(CONF_NEW_ADDRESS, False)
            user_input = {k: v for k, v in user_input.items() if k not in CONF_ADDRESSES}
            try:
                options = stored_options(
                    kind, user_input, entry.options, self.hass.config.country or "", found
                )
                self._check_followed(options)
            except InvalidInputError as err:
                errors[err.field] = err.problem
                line = err.value
            else:
                self._options = options
                return await self._async_replace_address() if replace else self._finish()
        extensions = coordinator.data.extensions if coordinator is not None else {}
        schema = options_form(kind, extensions)
        provider = make_provider(self.hass, entry)
        page = await async_webhook_page(self.hass, provider, entry.data)
        shown = user_input or shown_options(kind, entry.options)
        if user_input is None and CONF_PHONES in schema.schema:
            shown = {**shown, CONF_PHONES: shown_phones(entry.options, found)}
        if user_input is None and coordinator is not None:
            shown = {**shown, **coordinator.provider.suggested_options(guess=False)}
        form = self.add_suggested_values_to_schema(schema, shown)
        fields = {} if page is None else dict(page.fields)
        if coordinator is not None and Capability.WEBHOOK in kind.possible:
            fields[vol.Optional(CONF_NEW_ADDRESS, default=False)] = BooleanSelector()
        return self.async_show_form(
            step_id="init",
            data_schema=vol.Schema({**fields, **form.schema}),
            errors=errors,
            description_placeholders={
                "provider": kind.name,
                "line": line,
                "how": "" if page is None else page.how,
            },
        )

    async def _async_replace_address(self) -> ConfigFlowResult:
        """Give the account a new address, and show it where a person has to enter it."""
        entry: PbxConfigEntry = self.config_entry
        if loaded_coordinator(entry) is None:
            return self._finish()
        await entry.runtime_data.subscription.async_rotate(self._options)
        return await self.async_step_address()

    async def async_step_address(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show the new address."""
        entry = self.config_entry
        provider = make_provider(self.hass, entry)
        page = await async_webhook_page(self.hass, provider, entry.data)
        if user_input is not None or page is None:
            return self._finish()
        return self.async_show_form(
            step_id="address",
            data_schema=vol.Schema(page.fields),
            description_placeholders={"provider": provider.name, "how": page.how},
        )

    def _finish(self) -> ConfigFlowResult:
        """Keep the options."""
        return self.async_create_entry(data=self._options)

    def _check_followed(self, options: Mapping[str, Any]) -> None:
        """Raise InvalidInputError for an extension that is new to the list and does not exist."""
        coordinator = loaded_coordinator(self.config_entry)
        known = self.config_entry.options.get(CONF_FOLLOW, ())
        for number in options.get(CONF_FOLLOW, ()):
            if coordinator and number not in known and not may_be_extension(coordinator, number):
                raise InvalidInputError(CONF_FOLLOW, "unknown_extension", value=number)
