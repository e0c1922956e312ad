"""What the user adds: speed dials, and agents and queues that the phone system cannot list."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, override

import voluptuous as vol
from homeassistant.config_entries import SOURCE_USER, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_ICON, CONF_NAME, CONF_PIN
from homeassistant.helpers.selector import (
    IconSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .accounts import dialled_number
from .const import CONF_DIALLED
from .data import loaded_coordinator
from .providers.base import Provider
from .telephony.errors import ConnectError, InvalidInputError, ProviderError, RefusedError
from .telephony.models import AgentRef, Capability

CONF_EXTENSION = "extension"
CONF_NUMBER = "number"


class _Flow(ConfigSubentryFlow, ABC):
    """One form to add or change an object of the user's."""

    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> SubentryFlowResult:
        """Add an object."""
        return await self._async_step("user", user_input)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> SubentryFlowResult:
        """Change an object."""
        return await self._async_step("reconfigure", user_input)

    async def _async_step(
        self, step_id: str, user_input: dict[str, Any] | None
    ) -> SubentryFlowResult:
        """Show the form until what was typed can work, and keep it then."""
        errors: dict[str, str] = {}
        placeholders = {"reason": ""}
        if user_input is not None:
            try:
                data = await self._async_check(user_input)
            except InvalidInputError as err:
                errors[err.field if err.field in self.form().schema else "base"] = err.problem
            except RefusedError as err:
                errors["base"] = "refused"
                placeholders["reason"] = err.reason
            except ProviderError:
                errors["base"] = "cannot_connect"
            else:
                return self._finish(data)
        known: Mapping[str, Any] = user_input or {}
        if user_input is None and step_id == "reconfigure":
            known = self._get_reconfigure_subentry().data
        shown = {key: value for key, value in known.items() if key != CONF_PIN}
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(self.form(), shown),
            errors=errors,
            description_placeholders=placeholders,
        )

    def _finish(self, data: dict[str, Any]) -> SubentryFlowResult:
        """Create the subentry, or update it."""
        title, unique_id = self.title(data), self.unique_id_of(data)
        if self.source == SOURCE_USER:
            return self.async_create_entry(title=title, data=data, unique_id=unique_id)
        return self.async_update_and_abort(
            self._get_entry(),
            self._get_reconfigure_subentry(),
            title=title,
            data=data,
            unique_id=unique_id,
        )

    @abstractmethod
    def form(self) -> vol.Schema:
        """Return the form."""

    def title(self, data: Mapping[str, Any]) -> str:
        """Return the name of the object."""
        return str(data[CONF_NAME])

    def unique_id_of(self, data: Mapping[str, Any]) -> str | None:
        """Return what makes the object unique, or None if it may exist twice."""
        return None

    @abstractmethod
    async def _async_check(self, typed: dict[str, Any]) -> dict[str, Any]:
        """Return what is kept of the input; refuse what cannot work."""

    def _provider(self) -> Provider:
        """Return the client of the account; raise ConnectError while it is not loaded."""
        coordinator = loaded_coordinator(self._get_entry())
        if coordinator is None:
            raise ConnectError("The account is not loaded")
        return coordinator.provider

    def _extensions(self) -> SelectSelector:
        """Return the choice of an extension, which may also be typed."""
        coordinator = loaded_coordinator(self._get_entry())
        known = coordinator.data.extensions if coordinator is not None else {}
        return SelectSelector(
            SelectSelectorConfig(
                options=[
                    SelectOptionDict(value=number, label=f"{number} {extension.name}".strip())
                    for number, extension in known.items()
                ],
                custom_value=True,
            )
        )


class SpeedDialFlow(_Flow):
    """A number that a button calls."""

    @override
    def form(self) -> vol.Schema:
        """Return the form for who calls whom, and how the button looks."""
        return vol.Schema(
            {
                vol.Required(CONF_NAME): TextSelector(),
                vol.Required(CONF_EXTENSION): self._extensions(),
                vol.Required(CONF_NUMBER): TextSelector(),
                vol.Optional(CONF_ICON): IconSelector(),
            }
        )

    @override
    async def _async_check(self, typed: dict[str, Any]) -> dict[str, Any]:
        """Return the speed dial as it was typed, and the number as it was checked and is dialled.

        Both are kept: another country later must not make another number of what was typed.
        """
        dialled = dialled_number(self.hass, self._get_entry(), typed[CONF_NUMBER], by_hand=True)
        return {**typed, CONF_DIALLED: dialled}


class AgentFlow(_Flow):
    """A call center agent of a phone system that cannot list them."""

    @override
    def form(self) -> vol.Schema:
        """Return the form for the name, and the number and PIN the phone system wants."""
        return vol.Schema(
            {
                vol.Required(CONF_NAME): TextSelector(),
                vol.Required(CONF_NUMBER): TextSelector(),
                vol.Required(CONF_PIN): TextSelector(
                    TextSelectorConfig(type=TextSelectorType.PASSWORD)
                ),
                vol.Optional(CONF_EXTENSION): self._extensions(),
            }
        )

    @override
    def unique_id_of(self, data: Mapping[str, Any]) -> str | None:
        """Return the number: each may exist once."""
        return f"agent_{data[CONF_NUMBER]}"

    @override
    async def _async_check(self, typed: dict[str, Any]) -> dict[str, Any]:
        """Return the agent, if the phone system knows the number and the PIN."""
        if not (typed[CONF_NUMBER].isascii() and typed[CONF_NUMBER].isdigit()):
            raise InvalidInputError(CONF_NUMBER, "invalid_value")
        provider = self._provider()
        if Capability.GET_AGENT_STATUS in provider.capabilities:
            await provider.agent_status(AgentRef(number=typed[CONF_NUMBER], pin=typed[CONF_PIN]))
        return typed


class QueueFlow(_Flow):
    """A queue of a phone system that cannot list them."""

    @override
    def form(self) -> vol.Schema:
        """Return the form for the name the phone system knows the queue by."""
        return vol.Schema({vol.Required(CONF_NAME): TextSelector()})

    @override
    def unique_id_of(self, data: Mapping[str, Any]) -> str | None:
        """Return the name: each may exist once."""
        return f"queue_{data[CONF_NAME]}"

    @override
    async def _async_check(self, typed: dict[str, Any]) -> dict[str, Any]:
        """Return the queue, if the phone system knows the name."""
        provider = self._provider()
        if Capability.GET_QUEUE_STATUS in provider.capabilities:
            await provider.queue_status(typed[CONF_NAME])
        return typed
