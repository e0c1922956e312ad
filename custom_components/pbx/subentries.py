"""What the user adds: speed dials, and agents and queues that the phone system cannot list."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, override

import voluptuous as vol
from homeassistant.config_entries import SOURCE_USER, ConfigSubentryFlow, SubentryFlowResult
from homeassistant.const import CONF_ICON, CONF_NAME, CONF_PIN
from homeassistant.helpers.selector import (
    IconSelector,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)

from .accounts import dialled_number, provider_of, shown_number
from .const import ATTR_CALLER_ID, ATTR_DIAL_FIRST, CONF_DIALLED, CONF_SHOWN
from .data import loaded_coordinator, may_be_extension
from .form_errors import async_explain
from .phone_book.collection import entries_of
from .providers.base import Provider
from .telephony.errors import (
    NO_AGENT,
    NO_QUEUE,
    AuthError,
    InvalidInputError,
    ProviderError,
    RefusedError,
)
from .telephony.models import AgentRef, Capability, DialFirst, Extension

CONF_EXTENSION = "extension"
CONF_NUMBER = "number"
MOST_OFFERED = 1000  # numbers of the phone book in a form


class _NotLoadedError(ProviderError):
    """Nobody can be asked, because the account is not loaded."""


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
        placeholders = {"reason": "", "seconds": ""}
        if user_input is not None:
            try:
                data = await self._async_check(self._stripped(user_input))
            except ProviderError as err:
                errors = await self._async_explain(err, placeholders)
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

    async def _async_explain(
        self, err: ProviderError, placeholders: dict[str, str]
    ) -> dict[str, str]:
        """Return the errors of the form; credentials that are refused are asked for anew."""
        entry = self._get_entry()
        if isinstance(err, AuthError):
            entry.async_start_reauth(self.hass)
        kind = provider_of(entry)
        name = "" if kind is None else kind.name
        errors = await async_explain(self.hass, name, err, self.form(), placeholders)
        if isinstance(err, _NotLoadedError):
            errors["base"] = "not_loaded"
        field = self.field_of(err) if isinstance(err, RefusedError) else None
        return errors if field is None else dict([field])

    def _stripped(self, typed: Mapping[str, Any]) -> dict[str, Any]:
        """Return what was typed without blanks around it; refuse blanks where a text is needed."""
        stripped = {
            name: value.strip() if isinstance(value, str) else value
            for name, value in typed.items()
        }
        for field in self.form().schema:
            if isinstance(field, vol.Required) and stripped.get(str(field)) == "":
                raise InvalidInputError(str(field), "required")
        return {name: value for name, value in stripped.items() if value != ""}

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

    def field_of(self, err: RefusedError) -> tuple[str, str] | None:
        """Return which field a phone system's no is about, and what it means; None if neither."""
        return None

    def _check_extension(self, typed: Mapping[str, Any]) -> None:
        """Raise InvalidInputError for an extension that the account certainly has not."""
        coordinator = loaded_coordinator(self._get_entry())
        number = str(typed.get(CONF_EXTENSION, "")).strip()
        if coordinator is not None and number and not may_be_extension(coordinator, number):
            raise InvalidInputError(CONF_EXTENSION, "unknown_extension", value=number)

    def _provider(self) -> Provider:
        """Return the client of the account; raise _NotLoadedError while it is not loaded."""
        coordinator = loaded_coordinator(self._get_entry())
        if coordinator is None:
            raise _NotLoadedError
        return coordinator.provider

    def _extensions(self) -> SelectSelector:
        """Return the choice of an extension, which may also be typed."""
        return _choice(
            {number: extension.name for number, extension in self._known_extensions().items()}
        )

    def _known_extensions(self) -> Mapping[str, Extension]:
        """Return the extensions by their numbers, none while the account is not loaded."""
        coordinator = loaded_coordinator(self._get_entry())
        return coordinator.data.extensions if coordinator is not None else {}

    def _people(self) -> SelectSelector:
        """Return the choice of somebody in the phone book; a number may be typed as well."""
        return SelectSelector(
            SelectSelectorConfig(
                options=[
                    SelectOptionDict(value=one.number, label=f"{entry.label}: {one.number}")
                    for entry in entries_of(self.hass)
                    for one in entry.callable_numbers
                ][:MOST_OFFERED],
                custom_value=True,
                mode=SelectSelectorMode.DROPDOWN,
            )
        )


def _choice(numbers: Mapping[str, str]) -> SelectSelector:
    """Return the choice of a number, given with its name; another one may be typed."""
    return SelectSelector(
        SelectSelectorConfig(
            options=[
                SelectOptionDict(value=number, label=f"{number} {name}".strip())
                for number, name in numbers.items()
            ],
            custom_value=True,
        )
    )


def _own_numbers(extensions: Iterable[Extension]) -> dict[str, str]:
    """Return the numbers that extensions may show, each with its label."""
    return {
        own.number: own.label
        for extension in extensions
        for own in extension.outbound_numbers
        if own.number
    }


class SpeedDialFlow(_Flow):
    """A number that a button calls."""

    @override
    def form(self) -> vol.Schema:
        """Return the form for who calls whom, as far as the phone system lets it be chosen."""
        kind = provider_of(self._get_entry())
        offered = frozenset() if kind is None else kind.fields.get(Capability.CLICK_TO_CALL, ())
        fields: dict[vol.Marker, object] = {
            vol.Required(CONF_NAME): TextSelector(),
            vol.Required(CONF_EXTENSION): self._extensions(),
            vol.Required(CONF_NUMBER): self._people(),
        }
        if ATTR_CALLER_ID in offered:
            own = _own_numbers(self._known_extensions().values())
            fields[vol.Optional(ATTR_CALLER_ID)] = _choice(own)
        if ATTR_DIAL_FIRST in offered:
            fields[vol.Optional(ATTR_DIAL_FIRST)] = SelectSelector(
                SelectSelectorConfig(
                    options=[who.value for who in DialFirst], translation_key=ATTR_DIAL_FIRST
                )
            )
        return vol.Schema({**fields, vol.Optional(CONF_ICON): IconSelector()})

    @override
    async def _async_check(self, typed: dict[str, Any]) -> dict[str, Any]:
        """Return the speed dial as it was typed, and its numbers as they were checked and are sent.

        Both are kept: another country later must not make another number of what was typed.
        """
        self._check_extension(typed)
        entry = self._get_entry()
        kept = {
            **typed,
            CONF_DIALLED: dialled_number(self.hass, entry, typed[CONF_NUMBER], by_hand=True),
        }
        if ATTR_CALLER_ID in typed:
            known = self._known_extensions().values()
            kept[CONF_SHOWN] = shown_number(
                self.hass, entry, known, typed[ATTR_CALLER_ID], by_hand=True
            )
        return kept


class AgentFlow(_Flow):
    """A call center agent of a phone system that cannot list them."""

    def _seen_agents(self) -> dict[str, str]:
        """Return the agents that were seen in queues and that nobody has added: names by number."""
        coordinator = loaded_coordinator(self._get_entry())
        if coordinator is None:
            return {}
        added = {agent.number for agent in coordinator.data.agents.values()}
        return {
            number: name
            for queue in coordinator.data.queues.values()
            for number, name in queue.strangers.items()
            if number not in added
        }

    @override
    def form(self) -> vol.Schema:
        """Return the form for the name, and the number and PIN the phone system wants."""
        return vol.Schema(
            {
                vol.Required(CONF_NAME): TextSelector(),
                vol.Required(CONF_NUMBER): _choice(self._seen_agents()),
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
    def field_of(self, err: RefusedError) -> tuple[str, str] | None:
        """Return that there is no such agent, where that is what the phone system means."""
        return (CONF_NUMBER, "unknown_agent") if err.kind in NO_AGENT else None

    @override
    async def _async_check(self, typed: dict[str, Any]) -> dict[str, Any]:
        """Return the agent, if the phone system knows the number and the PIN."""
        if not (typed[CONF_NUMBER].isascii() and typed[CONF_NUMBER].isdigit()):
            raise InvalidInputError(CONF_NUMBER, "invalid_value")
        self._check_extension(typed)
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
    def field_of(self, err: RefusedError) -> tuple[str, str] | None:
        """Return that there is no such queue, where that is what the phone system means."""
        return (CONF_NAME, "unknown_queue") if err.kind in NO_QUEUE else None

    @override
    async def _async_check(self, typed: dict[str, Any]) -> dict[str, Any]:
        """Return the queue, if the phone system knows the name."""
        provider = self._provider()
        if Capability.GET_QUEUE_STATUS in provider.capabilities:
            await provider.queue_status(typed[CONF_NAME])
        return typed
