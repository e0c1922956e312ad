"""Tools for Assist: call somebody, and say who is on the phone; none until an account's option allows it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, override

import voluptuous as vol
from homeassistant.components.llm import LLMTools
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, Unauthorized
from homeassistant.helpers.llm import (
    LLM_API_ASSIST,
    LLMContext,
    Tool,
    ToolAnnotations,
    ToolInput,
    ToolResult,
)
from homeassistant.util.json import JsonObjectType, JsonValueType

from .accounts import country_of
from .const import (
    ATTR_CONFIG_ENTRY_ID,
    ATTR_EXTENSION,
    ATTR_NUMBER,
    CONF_ASSIST,
    CONF_ASSIST_NUMBERS,
    DOMAIN,
    LOGGER,
)
from .data import PbxConfigEntry
from .options import assist_number
from .rights import Access, async_check
from .telephony import phone_numbers as numbers
from .telephony.errors import InvalidInputError
from .telephony.models import Call, Capability, Party

ATTR_FROM = "from"
ATTR_TO = "to"
ATTR_ACCOUNT = "account"
MOST_NAMES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Somebody:
    """Whom an account may call: an extension, or a number from its list."""

    entry: PbxConfigEntry
    name: str
    number: str
    extension: bool

    @property
    def label(self) -> str:
        """How a language model is told of them; the number behind a name of the list stays here."""
        if not self.name:
            return self.number
        return f"{self.name} ({self.number})" if self.extension else self.name

    def is_meant(self, text: str) -> bool:
        """Whether somebody says this name, or writes this number."""
        said = text.strip().casefold()
        names = {self.label.casefold(), self.name.casefold(), self.number}
        return bool(said) and (said in names or numbers.same(said, self.number))


@callback
def async_get_tools(hass: HomeAssistant, llm_context: LLMContext, api_id: str) -> LLMTools | None:
    """Offer the tools for the accounts that allow them."""
    entries = _allowed(hass)
    if api_id != LLM_API_ASSIST or not entries:
        return None
    tools: list[Tool] = [PbxWhoTool()]
    if callable_people := [who for entry in entries if _command(entry) for who in _people(entry)]:
        tools.insert(0, PbxCallTool(callable_people))
    return LLMTools(tools=tools)


class PbxCallTool(Tool):
    """Places a call."""

    name = f"{DOMAIN}__call"
    title = "Call somebody by phone"
    description = (
        "Places a phone call. The phone of the caller's extension rings first; when it is picked up, the other "
        "side is called. Use it only when the user asks for a call, and ask back when the name is not certain."
    )
    annotations = ToolAnnotations(
        read_only=False, destructive=True, idempotent=False, open_world=True
    )
    integration = DOMAIN

    def __init__(self, people: list[Somebody]) -> None:
        """Tell the language model who can call whom."""
        phones = _labels(who for who in people if who.extension)
        everybody = _labels(people)
        accounts = _unique(who.entry.title for who in people)
        fields: dict[vol.Marker, Any] = {
            vol.Required(ATTR_TO, description="Whom to call: a name from the list"): _one_of(
                everybody
            ),
            vol.Required(
                ATTR_FROM, description="Whose phone rings first: the user's own extension"
            ): _one_of(phones),
        }
        if len(accounts) > 1:
            fields[vol.Optional(ATTR_ACCOUNT, description="Only if a name exists twice")] = vol.In(
                accounts
            )
        self.parameters = vol.Schema(fields)

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """Find both sides in one account and place the call."""
        data = self.parameters(tool_input.tool_args)
        entries = [
            entry
            for entry in _allowed(hass)
            if _command(entry) and data.get(ATTR_ACCOUNT) in (None, entry.title)
        ]
        # Looked up again: the option may have been switched off since the list was given.
        pairs = {
            (entry.entry_id, phone.number, other.number): (phone, other)
            for entry in entries
            for phone in _people(entry)
            if phone.extension and phone.is_meant(data[ATTR_FROM])
            for other in _people(entry)
            if other.number != phone.number and other.is_meant(data[ATTR_TO])
        }
        if len(pairs) != 1:
            return _error(
                "Several people fit: ask which one"
                if pairs
                else "Nobody of that name may be called"
            )
        phone, other = next(iter(pairs.values()))
        try:
            answer = await hass.services.async_call(
                DOMAIN,
                _command(phone.entry),
                {
                    ATTR_CONFIG_ENTRY_ID: phone.entry.entry_id,
                    ATTR_EXTENSION: phone.number,
                    ATTR_NUMBER: other.number,
                },
                blocking=True,
                context=llm_context.context,
                return_response=True,
            )
        except Unauthorized:
            return _error("This user may not place calls from that phone")
        except HomeAssistantError as err:
            return _error(str(err))
        return ToolResult(
            data={"calling": other.label, "rings_first": phone.label, **(answer or {})}
        )


class PbxWhoTool(Tool):
    """Says who is on the phone."""

    name = f"{DOMAIN}__who_is_on_the_phone"
    title = "Who is on the phone"
    description = "Lists the phone calls that are ringing, running or on hold right now, and who takes part in them."
    annotations = ToolAnnotations(
        read_only=True, destructive=False, idempotent=True, open_world=False
    )
    integration = DOMAIN

    @override
    async def async_call(
        self, hass: HomeAssistant, tool_input: ToolInput, llm_context: LLMContext
    ) -> ToolResult:
        """List the calls of the accounts that allow it."""
        self.parameters(tool_input.tool_args)
        calls: list[JsonValueType] = []
        silent: list[JsonValueType] = []
        entries = _allowed(hass)
        readable = [entry for entry in entries if await _may_read(hass, llm_context, entry)]
        if entries and not readable:
            return _error("This user may not see calls")
        for entry in readable:
            if not entry.runtime_data.coordinator.calls_known:
                silent.append(entry.title)
            calls += (
                _told(entry, call) for call in entry.runtime_data.coordinator.data.calls.values()
            )
        return ToolResult(
            data={"calls": calls, **({"calls_cannot_be_known_of": silent} if silent else {})}
        )


def _allowed(hass: HomeAssistant) -> list[PbxConfigEntry]:
    entries: list[PbxConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    return [entry for entry in entries if entry.options.get(CONF_ASSIST)]


async def _may_read(hass: HomeAssistant, llm_context: LLMContext, entry: PbxConfigEntry) -> bool:
    """Return whether the user who asks may see the calls of an account."""
    context = llm_context.context
    if context is None:
        return True
    try:
        await async_check(hass, context, entry, (), Access.READ)
    except Unauthorized:
        return False
    return True


def _command(entry: PbxConfigEntry) -> str:
    """Give the action that places a call at this phone system; empty where it cannot."""
    capabilities = entry.runtime_data.coordinator.provider.capabilities
    for needed in (Capability.ORIGINATE, Capability.CLICK_TO_CALL):
        if needed in capabilities:
            return str(needed.name).lower()
    return ""


def _people(entry: PbxConfigEntry) -> Iterator[Somebody]:
    """List whom an account may call: its extensions, and the names and numbers of its option."""
    for extension in entry.runtime_data.coordinator.data.extensions.values():
        if not extension.trunk:
            yield Somebody(
                entry=entry, name=extension.name, number=extension.number, extension=True
            )
    country = country_of(entry.runtime_data.coordinator.hass, entry)
    for line in entry.options.get(CONF_ASSIST_NUMBERS, ()):
        try:
            name, number = assist_number(line, country)
        except InvalidInputError:
            LOGGER.debug("A number that Assist may call cannot be read")
            continue
        yield Somebody(entry=entry, name=name, number=number, extension=False)


def _told(entry: PbxConfigEntry, call: Call) -> JsonObjectType:
    """Word a call; where numbers are masked, a language model does not get them either."""
    coordinator = entry.runtime_data.coordinator
    told: JsonObjectType = {"account": entry.title, "state": call.state.value}
    if call.direction is not None:
        told["direction"] = call.direction.value
    for side, party in (("caller", call.caller), ("callee", call.callee)):
        if shown := _shown(entry, party):
            told[side] = shown
    phones = [coordinator.data.extensions.get(number) for number in call.extensions]
    told["phones"] = [phone.name or phone.number for phone in phones if phone is not None]
    if since := call.answered_at or call.started_at:
        told["since"] = since.isoformat()
    return told


def _shown(entry: PbxConfigEntry, party: Party) -> str:
    coordinator = entry.runtime_data.coordinator
    if party.hidden:
        return "hidden"
    if party.name:
        return party.name
    extension = coordinator.data.extensions.get(party.number)
    if extension is not None:
        return extension.name or extension.number
    return "" if coordinator.wording.masked else party.number


def _labels(people: Iterable[Somebody]) -> list[str]:
    return _unique(who.label for who in people)


def _unique(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(texts))


def _one_of(labels: list[str]) -> Any:
    """Let a language model choose from a list, unless that would fill its memory."""
    return vol.In(labels) if len(labels) <= MOST_NAMES else str


def _error(reason: str) -> ToolResult:
    return ToolResult(data={"error": reason}, error=True)
