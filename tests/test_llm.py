"""The tools for Assist: when there are any, whom they may call, and what they tell."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import voluptuous as vol
from homeassistant.core import Context, HomeAssistant
from homeassistant.helpers import llm
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.pbx import llm as pbx_llm
from custom_components.pbx.const import CONF_ASSIST, CONF_ASSIST_NUMBERS
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import ConnectError, ProviderError, RefusedError
from custom_components.pbx.telephony.models import CallState, Capability, Direction

from .fake_provider import FakeProvider, async_set_up, fake_config_entry, incoming, pushed

CALL = "pbx__call"
WHO = "pbx__who_is_on_the_phone"
NUMBERS = ["Mum = +39 06 1234 5678", "0612345679", "Nobody = who knows", "Office = tel:+390698765432"]


@pytest.fixture(autouse=True)
async def _assist(hass: HomeAssistant) -> None:
    """Have the Assist API, in Italy."""
    hass.config.country = "IT"
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "llm", {})


def allowing(account: str = "house", **options: Any) -> MockConfigEntry:
    """Make an account that lets Assist call."""
    return fake_config_entry(account, options={CONF_ASSIST: True, CONF_ASSIST_NUMBERS: NUMBERS, **options})


async def async_tools(hass: HomeAssistant) -> dict[str, llm.Tool]:
    """List our tools as a conversation agent gets them."""
    instance = await llm.async_get_api(hass, llm.LLM_API_ASSIST, _context())
    return {tool.name: tool for tool in instance.tools if tool.name.startswith("pbx__")}


async def async_use(hass: HomeAssistant, tool: str, **arguments: Any) -> llm.ToolResult:
    """Use a tool as a conversation agent does."""
    instance = await llm.async_get_api(hass, llm.LLM_API_ASSIST, _context())
    return await instance.async_call_tool(llm.ToolInput(tool_name=tool, tool_args=arguments))


def _context() -> llm.LLMContext:
    return llm.LLMContext(platform="test", context=Context(), language="en", assistant="conversation", device_id=None)


def choices(tool: llm.Tool, name: str) -> list[str]:
    """List what a language model may choose from."""
    fields: Mapping[Any, Any] = tool.parameters.schema
    chosen: list[str] = list(fields[name].container)
    return chosen


# -- when there are tools ----------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {CONF_ASSIST: False, CONF_ASSIST_NUMBERS: NUMBERS}])
async def test_off_by_default(hass: HomeAssistant, fake: type[FakeProvider], options: dict[str, Any]) -> None:
    """Nothing can call until somebody allows it."""
    await async_set_up(hass, fake_config_entry(options=options))
    assert await async_tools(hass) == {}


async def test_tools(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """The tools say what they are and how dangerous."""
    await async_set_up(hass, allowing())
    tools = await async_tools(hass)
    assert set(tools) == {CALL, WHO}
    assert {tool.integration for tool in tools.values()} == {"pbx"}
    assert all(tool.title and tool.description for tool in tools.values())
    assert not tools[CALL].annotations.read_only
    assert tools[CALL].annotations.open_world
    assert tools[WHO].annotations.read_only


async def test_gone_with_the_account(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """An account that is not loaded offers nothing."""
    entry = allowing()
    await async_set_up(hass, entry)
    assert await hass.config_entries.async_unload(entry.entry_id)
    assert await async_tools(hass) == {}


async def test_only_for_assist(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Other APIs get nothing."""
    await async_set_up(hass, allowing())
    assert pbx_llm.async_get_tools(hass, _context(), "another") is None


async def test_cannot_call(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A phone system that cannot call can still be listened to."""
    fake.script.capabilities &= ~(Capability.ORIGINATE | Capability.CLICK_TO_CALL)
    await async_set_up(hass, allowing())
    assert set(await async_tools(hass)) == {WHO}


# -- calling -----------------------------------------------------------------------------------------


async def test_whom(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A language model is told names; the numbers behind the names of the list stay here."""
    extensions = fake.script.directory.extensions or ()
    trunk = m.Extension(number="900", name="Line", trunk=True)
    fake.script.directory = replace(fake.script.directory, extensions=(*extensions, trunk))
    await async_set_up(hass, allowing())
    tool = (await async_tools(hass))[CALL]
    assert choices(tool, "from") == ["Ann (101)", "Bob (102)"]
    assert choices(tool, "to") == ["Ann (101)", "Bob (102)", "Mum", "+390612345679", "Office"]


@pytest.mark.parametrize(
    ("to", "number"),
    [
        ("Mum", "+390612345678"),
        ("Bob (102)", "102"),
        ("+390612345679", "+390612345679"),
        ("Office", "+390698765432"),
    ],
)
async def test_call(hass: HomeAssistant, fake: type[FakeProvider], to: str, number: str) -> None:
    """A call is placed once, from the phone that was named."""
    await async_set_up(hass, allowing())
    result = await async_use(hass, CALL, **{"from": "Ann (101)", "to": to})
    assert result.error is False
    assert result.data == {"calling": to, "rings_first": "Ann (101)", "call_id": "new", "outcome": "accepted"}
    assert fake.script.arguments("originate") == [(m.Originate(extension="101", number=number),)]


async def test_click_to_call(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Where that is all a phone system has, it is used."""
    fake.script.capabilities &= ~Capability.ORIGINATE
    await async_set_up(hass, allowing())
    assert not (await async_use(hass, CALL, **{"from": "Ann (101)", "to": "Mum"})).error
    assert fake.script.times("click_to_call") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        {"from": "Ann (101)", "to": "+393331234567"},
        {"from": "Ann (101)", "to": "Nobody"},
        {"from": "Mum", "to": "Ann (101)"},
        {"from": "Ann (101)"},
        {"from": "Ann (101)", "to": "Mum", "number": "+393331234567"},
    ],
)
async def test_nobody_else(hass: HomeAssistant, fake: type[FakeProvider], arguments: dict[str, str]) -> None:
    """A number that is not on the list is not called, whatever a language model was talked into."""
    await async_set_up(hass, allowing())
    with pytest.raises(vol.Invalid):
        await async_use(hass, CALL, **arguments)
    assert fake.script.times("originate") == 0


async def test_oneself(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Nobody calls themselves."""
    await async_set_up(hass, allowing())
    assert (await async_use(hass, CALL, **{"from": "Ann (101)", "to": "Ann (101)"})).error
    assert fake.script.times("originate") == 0


@pytest.fixture
async def crowd(hass: HomeAssistant, fake: type[FakeProvider]) -> MockConfigEntry:
    """Give an account with more people than fit into a prompt; two have the same name."""
    people = [m.Extension(number=str(1000 + index), name=f"User {index % 299}") for index in range(300)]
    fake.script.directory = replace(fake.script.directory, extensions=tuple(people))
    entry = allowing()
    await async_set_up(hass, entry)
    return entry


@pytest.mark.parametrize(
    ("phone", "to", "called"),
    [
        ("User 5", "user 7", ["1007"]),
        ("User 5.", "user, 7!", ["1007"]),
        ("1005", "User 7 (1007)", ["1007"]),
        ("1005", "mum", ["+390612345678"]),
        ("1005", "06 1234 5678", ["+390612345678"]),
        ("1005", "User 0", []),
        ("1005", "+393331234567", []),
        ("1005", " ", []),
        ("mum", "1007", []),
    ],
)
async def test_crowd(
    hass: HomeAssistant, fake: type[FakeProvider], crowd: MockConfigEntry, phone: str, to: str, called: list[str]
) -> None:
    """Among many, a name is looked up when it is said; one that is not clear is asked about."""
    result = await async_use(hass, CALL, **{"from": phone, "to": to})
    assert result.error is not bool(called)
    assert [request.number for (request,) in fake.script.arguments("originate")] == called


async def test_a_number_of_the_list_is_no_phone(
    hass: HomeAssistant, fake: type[FakeProvider], crowd: MockConfigEntry
) -> None:
    """Only an extension can ring first."""
    result = await async_use(hass, CALL, **{"from": "mum", "to": "1007"})
    assert result == llm.ToolResult(data={"error": "Nobody of that name may be called"}, error=True)


async def test_switched_off_meanwhile(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A tool that was handed out before the option was switched off calls nobody."""
    entry = allowing()
    await async_set_up(hass, entry)
    tool = (await async_tools(hass))[CALL]
    hass.config_entries.async_update_entry(entry, options={CONF_ASSIST: False})
    await hass.async_block_till_done()
    arguments = {"from": "Ann (101)", "to": "Mum"}
    result = await tool.async_call(hass, llm.ToolInput(tool_name=CALL, tool_args=arguments), _context())
    assert isinstance(result, llm.ToolResult)
    assert result.error
    assert fake.script.times("originate") == 0


@pytest.mark.parametrize(
    ("error", "message"),
    [(RefusedError("No phone registered"), "No phone registered"), (ConnectError("away"), "cannot be reached")],
)
async def test_refused(hass: HomeAssistant, fake: type[FakeProvider], error: ProviderError, message: str) -> None:
    """What goes wrong is said, so that it can be said on."""
    fake.script.errors["originate"] = error
    await async_set_up(hass, allowing())
    result = await async_use(hass, CALL, **{"from": "Ann (101)", "to": "Mum"})
    assert result.error
    assert message in str(result.data["error"])


async def test_two_accounts(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """With people of one name in two accounts, the account decides."""
    await async_set_up(hass, allowing())
    fake.script.account = m.Account(id="office", title="Office")
    await async_set_up(hass, allowing("office"))
    arguments = {"from": "Ann (101)", "to": "Mum"}
    assert (await async_use(hass, CALL, **arguments)).error
    assert fake.script.times("originate") == 0
    assert not (await async_use(hass, CALL, account="Office", **arguments)).error
    assert fake.script.times("originate") == 1


# -- who is on the phone -----------------------------------------------------------------------------


async def test_nobody_on_the_phone(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """No call is no call."""
    await async_set_up(hass, allowing())
    assert await async_use(hass, WHO) == llm.ToolResult(data={"calls": []})


async def test_who(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A call is told with those who take part."""
    entry = allowing()
    await async_set_up(hass, entry)
    entry.runtime_data.coordinator.async_push(pushed("c1", CallState.RINGING, "102"))
    entry.runtime_data.coordinator.async_push(
        pushed("c2", CallState.DIALING, direction=Direction.INTERNAL, caller=m.Party(number="101"))
    )
    entry.runtime_data.coordinator.async_push(pushed("c3", CallState.TALKING, "102", caller=m.Party(hidden=True)))
    result = await async_use(hass, WHO)
    calls = result.data["calls"]
    assert isinstance(calls, list)
    told = [{key: value for key, value in dict(call).items() if key != "since"} for call in calls]  # type: ignore[arg-type]
    assert told == [
        {"account": "House", "state": "ringing", "direction": "incoming", "caller": "+390612345678", "phones": ["Bob"]},
        {"account": "House", "state": "dialing", "direction": "internal", "caller": "Ann", "phones": ["Ann"]},
        {"account": "House", "state": "talking", "direction": "incoming", "caller": "hidden", "phones": ["Bob"]},
    ]
    assert all("since" in dict(call) for call in calls)  # type: ignore[arg-type]


async def test_masked(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Who masks numbers does not want a language model to have them; names remain."""
    fake.script.calls = (incoming(), replace(incoming("c2"), caller=m.Party(number="+390612345678", name="Zoe")))
    await async_set_up(hass, allowing(mask_numbers=True))
    result = await async_use(hass, WHO)
    assert "+39" not in str(result.data)
    assert "Zoe" in str(result.data)


async def test_calls_cannot_be_known(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Not to know is not the same as no call."""
    fake.script.calls = None
    await async_set_up(hass, allowing())
    assert await async_use(hass, WHO) == llm.ToolResult(data={"calls": [], "calls_cannot_be_known_of": ["House"]})


async def test_only_of_allowing_accounts(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """The calls of another account are nobody's business."""
    await async_set_up(hass, allowing())
    fake.script.account = m.Account(id="office", title="Office")
    fake.script.calls = (incoming(),)
    await async_set_up(hass, fake_config_entry("office"))
    assert await async_use(hass, WHO) == llm.ToolResult(data={"calls": []})
