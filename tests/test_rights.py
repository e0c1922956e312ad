"""Who may do what: every action for every kind of user, single phones, and Assist."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from homeassistant.auth.const import GROUP_ID_ADMIN, GROUP_ID_READ_ONLY, GROUP_ID_USER
from homeassistant.auth.models import User
from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.core import Context, HomeAssistant, SupportsResponse
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers import llm
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.pbx.const import CONF_ASSIST, CONF_DIAL_LIMIT, DOMAIN
from custom_components.pbx.devices import SubjectKind
from custom_components.pbx.phone_book.collection import async_get_phone_book
from custom_components.pbx.rights import Access, may, subjects_of_call
from custom_components.pbx.services import ALL_ACTIONS, HOUSE_ACTIONS
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.models import CallState, Capability

from .every_action import EVERY_ACTION, commands
from .fake_provider import FakeProvider, async_set_up, fake_config_entry, incoming, pushed

PAGE = Path("docs/permissions.md")
MARKED = re.compile("<!-- rights -->.*<!-- end of rights -->", re.DOTALL)
YES, NO = "yes", "\N{EN DASH}"
DATA: Mapping[str, dict[str, Any]] = {name: data for name, (data, *_) in EVERY_ACTION.items()} | {
    "call_back": {"extension": "102"},
    "get_calls": {},
    "notify_about_call": {"extension": "102"},
    "rotate_address": {},
    "add_to_phone_book": {"name": "Anna", "numbers": ["101"]},
    "find_in_phone_book": {"number": "101"},
    "export_phone_book": {"format": "csv"},
    "import_phone_book": {"text": "name,number\nBob,102\n"},
    "remove_from_phone_book": {"entry_id": "bob"},
}
OF_THE_HOUSE = {action.name for action in HOUSE_ACTIONS}
EVERY = {action.name: action for action in ALL_ACTIONS}
BOB = {"name": "Bob", "numbers": ["102"]}


async def contexts(hass: HomeAssistant) -> dict[str, Context]:
    """Give a context of each kind of user, and the one of an automation."""
    groups = {"Administrator": GROUP_ID_ADMIN, "User": GROUP_ID_USER, "Read only": GROUP_ID_READ_ONLY}
    users = {name: await hass.auth.async_create_user(name, group_ids=[group]) for name, group in groups.items()}
    return {name: Context(user_id=user.id) for name, user in users.items()} | {"Automation": Context()}


async def act_as(hass: HomeAssistant, context: Context, action: str, data: dict[str, Any]) -> bool:
    """Call an action, and say whether that was allowed."""
    wants = EVERY[action].response is not SupportsResponse.NONE
    try:
        await hass.services.async_call(DOMAIN, action, data, blocking=True, context=context, return_response=wants)
    except Unauthorized:
        return False
    return True


async def rights(hass: HomeAssistant) -> dict[str, dict[str, bool]]:
    """Call every action as everybody."""
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    entry.runtime_data.coordinator.provider.script.capabilities |= Capability.WEBHOOK
    hass.config_entries.async_update_entry(entry, options={CONF_DIAL_LIMIT: 100})
    for state in (CallState.RINGING, CallState.ENDED):  # so that there is somebody to call back
        caller = m.Party(number="+493023125101")
        entry.runtime_data.coordinator.async_push(pushed("back", state, "102", caller=caller, final=True))
    await hass.async_block_till_done()
    found: dict[str, dict[str, bool]] = {}
    everybody = await contexts(hass)
    for name in EVERY:
        found[name] = {}
        for who, context in everybody.items():
            await async_get_phone_book(hass).async_add(BOB)
            found[name][who] = await act_as(hass, context, name, DATA[name])
            await hass.async_block_till_done()  # another address loads the account anew
    return found


def table(found: Mapping[str, Mapping[str, bool]]) -> str:
    """Write down who may do what."""
    who = list(next(iter(found.values())))
    lines = [f"| Action | {' | '.join(who)} |", f"|---|{'---|' * len(who)}"]
    for name, allowed in found.items():
        page = "phone_book" if name in OF_THE_HOUSE else "actions"
        cells = [f"[`pbx.{name}`]({page}.md#pbx{name})", *(YES if ok else NO for ok in allowed.values())]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def told(lines: str, *, write: bool) -> bool:
    """Say whether the page has this table; write it there first if that is wanted."""
    text = PAGE.read_text(encoding="utf-8")
    true = MARKED.sub(f"<!-- rights -->\n{lines}\n<!-- end of rights -->", text)
    if write:
        PAGE.write_text(true, encoding="utf-8")
    return write or text == true


@pytest.mark.usefixtures("able_entry")
async def test_table(hass: HomeAssistant, fake: type[FakeProvider], pytestconfig: pytest.Config) -> None:
    """The page's table is what happens; `--snapshot-update` writes it. What is refused is not sent."""
    found = await rights(hass)
    allowed = sum(sum(everybody.values()) for everybody in found.values())
    silent = {"get_calls", "notify_about_call", "rotate_address"} | OF_THE_HOUSE
    assert len(commands(fake)) == allowed - sum(sum(found[name].values()) for name in silent)
    assert told(table(found), write=pytestconfig.getoption("update_snapshots"))


@pytest.mark.usefixtures("able_entry")
async def test_kinds(hass: HomeAssistant) -> None:
    """Administrators and automations may do everything, users what is not kept for them, the others only ask."""
    for name, allowed in (await rights(hass)).items():
        access = EVERY[name].access
        assert allowed == {
            "Administrator": True,
            "User": access is not Access.ADMINISTER,
            "Read only": access is Access.READ,
            "Automation": True,
        }, name


def test_what_only_asks_needs_no_control() -> None:
    """An action that gives an answer and nothing else is a question, or kept for administrators."""
    for action in EVERY.values():
        asks = action.response is SupportsResponse.ONLY
        assert asks == (action.access is Access.READ) or action.access is Access.ADMINISTER, action.name


@pytest.mark.usefixtures("able_entry")
async def test_deleted_user(hass: HomeAssistant) -> None:
    """A user who is gone may do nothing, as with Home Assistant's own actions."""
    with pytest.raises(UnknownUser):
        await hass.services.async_call(
            DOMAIN, "hangup", {"call_id": "c1"}, blocking=True, context=Context(user_id="gone")
        )


@pytest.mark.usefixtures("able_entry")
@pytest.mark.parametrize("group", [GROUP_ID_ADMIN, GROUP_ID_USER, GROUP_ID_READ_ONLY])
async def test_inactive_user(hass: HomeAssistant, fake: type[FakeProvider], group: str) -> None:
    """A user who was switched off may nothing, also by a script that still runs."""
    await hass.auth.async_create_user("Owner")  # as the first one is
    user = await hass.auth.async_create_user("Off", group_ids=[group])
    await hass.auth.async_deactivate_user(user)
    for action in ("hangup", "get_call_history", "find_in_phone_book"):
        assert not await act_as(hass, Context(user_id=user.id), action, DATA[action]), action
    assert commands(fake) == []


async def test_the_house_without_an_account(hass: HomeAssistant) -> None:
    """What belongs to the house is for administrators while there is no account to have a permission for."""
    assert await async_setup_component(hass, DOMAIN, {})
    everybody = await contexts(hass)
    everybody["Gone"] = Context(user_id="gone")
    allowed = {
        who: await act_as(hass, context, "find_in_phone_book", {"text": "a"}) for who, context in everybody.items()
    }
    assert allowed == {"Administrator": True, "User": False, "Read only": False, "Automation": True, "Gone": False}


# -- some phones only --------------------------------------------------------------------------------


def restricted(hass: HomeAssistant, entry: MockConfigEntry, *names: str, policy: str = POLICY_CONTROL) -> User:
    """Make a user who has a permission for some entities only, named by the ends of their unique ids."""
    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    entity_ids = [entity.entity_id for entity in registered if entity.unique_id.endswith(names)]
    assert len(entity_ids) == len(names)
    user = MockUser(name="Somebody").add_to_hass(hass)
    user.mock_policy({"entities": {"entity_ids": {entity_id: {policy: True} for entity_id in entity_ids}}})
    return user


OWN = "extension_101_call_state"
OTHER = "extension_102_call_state"
AGENT = "agent_a1_status"
QUEUE = "queue_q1_waiting"
ACCOUNT = "account_active_calls"

CALL = {"extension": "101", "number": "102"}
CONCERNED: list[tuple[str, dict[str, Any], tuple[str, ...]]] = [
    ("originate", CALL, (OWN,)),
    ("originate", CALL | {"extension_type": "internal"}, (OWN,)),
    ("originate", CALL | {"extension_type": "id"}, (ACCOUNT,)),
    ("originate", CALL | {"extension": "102"}, (OTHER,)),
    ("click_to_call", CALL, (OWN,)),
    ("hangup", {"call_id": "c1"}, (OWN,)),
    ("hangup", {"call_id": "c2"}, (OWN, OTHER)),
    ("hangup", {"entity_id": "sensor.house_call_1"}, (OWN,)),
    ("hold", {"entity_id": "sensor.ann_101_call_state"}, (OWN,)),
    ("transfer", {"call_id": "c1", "number": "102"}, (OWN,)),
    ("announce", {"number": "102", "message": "Hello"}, (ACCOUNT,)),
    ("send_sms", {"number": "102", "message": "Hello"}, (ACCOUNT,)),
    ("agent_pause", {"agent": "501"}, (AGENT,)),
    ("agent_login", {"agent": "501", "extension": "101"}, (AGENT, OWN)),
    ("agent_login", {"agent": "999", "pin": "1", "extension": "101"}, (ACCOUNT, OWN)),
    ("queue_add", {"queue": "Support", "agent": "501"}, (QUEUE, AGENT)),
    ("queue_remove", {"queue": "nope", "extension": "101"}, (ACCOUNT, OWN)),
]


@pytest.mark.parametrize(("action", "data", "needed"), CONCERNED)
async def test_phones_of_ones_own(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    able_entry: MockConfigEntry,
    action: str,
    data: dict[str, Any],
    needed: tuple[str, ...],
) -> None:
    """Exactly the entities concerned must be controllable; any one less, or only to be read, is not enough."""
    fake.script.calls = (incoming("c1", state=CallState.TALKING), incoming("c2", "101", "102"))
    await able_entry.runtime_data.coordinator.async_refresh()
    enough = restricted(hass, able_entry, *needed)
    assert await act_as(hass, Context(user_id=enough.id), action, data)
    sent = commands(fake)
    assert sent
    everything = (OWN, OTHER, AGENT, QUEUE, ACCOUNT)
    for missing in needed:
        others = [name for name in everything if name != missing]
        assert not await act_as(hass, Context(user_id=restricted(hass, able_entry, *others).id), action, data)
    reader = restricted(hass, able_entry, *everything, policy=POLICY_READ)
    assert not await act_as(hass, Context(user_id=reader.id), action, data)
    assert commands(fake) == sent


async def test_disabled_entities_count(hass: HomeAssistant, able_entry: MockConfigEntry) -> None:
    """Whether the entity is enabled does not matter."""
    user = restricted(hass, able_entry, OWN)
    registry = er.async_get(hass)
    registry.async_update_entity("sensor.ann_101_call_state", disabled_by=er.RegistryEntryDisabler.USER)
    await hass.async_block_till_done()
    assert await act_as(hass, Context(user_id=user.id), "originate", CALL)


async def test_subject_without_its_entity(hass: HomeAssistant, able_entry: MockConfigEntry) -> None:
    """Where a subject has no such entity the account's decides, and without that one the right to all entities."""
    coordinator = able_entry.runtime_data.coordinator
    phone = coordinator.devices.subjects[SubjectKind.EXTENSION, "101"]
    registry = er.async_get(hass)
    own, account = restricted(hass, able_entry, OWN), restricted(hass, able_entry, ACCOUNT)
    registry.async_remove("sensor.ann_101_call_state")
    assert not may(own, coordinator, [phone], Access.CONTROL)
    assert may(account, coordinator, [phone], Access.CONTROL)
    registry.async_remove("sensor.house_active_calls")
    assert not may(account, coordinator, [phone], Access.CONTROL)
    everything = MockUser(name="Everything").add_to_hass(hass)
    everything.mock_policy({"entities": True})
    assert may(everything, coordinator, [phone], Access.CONTROL)
    assert not may(everything, coordinator, [phone], Access.ADMINISTER)


async def test_call_without_a_phone(hass: HomeAssistant, fake: type[FakeProvider], able_entry: MockConfigEntry) -> None:
    """A call that is at no phone of ours belongs to the account."""
    coordinator = able_entry.runtime_data.coordinator
    assert subjects_of_call(coordinator, incoming("c9", "888")) == (coordinator.devices.account,)


# -- the ways to get there ---------------------------------------------------------------------------


@pytest.mark.usefixtures("able_entry")
async def test_front_end(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    hass_read_only_access_token: str,
    fake: type[FakeProvider],
    expected_warnings: list[str],
) -> None:
    """A user of the built-in group of readers is refused over the socket as by Home Assistant's own actions."""
    client = await hass_ws_client(hass, hass_read_only_access_token)
    await client.send_json_auto_id(
        {"type": "call_service", "domain": DOMAIN, "service": "hangup", "service_data": {"call_id": "c1"}}
    )
    error = (await client.receive_json())["error"]
    assert (error["translation_domain"], error["translation_key"]) == (DOMAIN, "not_allowed_control")
    assert error["message"] == "Your user is not allowed to control this"
    expected_warnings.append("Error during service call to pbx.hangup")
    assert commands(fake) == []


@pytest.mark.usefixtures("able_entry")
async def test_script_of_a_user(hass: HomeAssistant, fake: type[FakeProvider], expected_warnings: list[str]) -> None:
    """A script that a user runs may do what that user may; one that an automation runs may do everything."""
    expected_warnings.append("Your user is not allowed to control this")
    sequence = [{"action": "pbx.hangup", "data": {"call_id": "c1"}}]
    assert await async_setup_component(hass, "script", {"script": {"end": {"sequence": sequence}}})
    everybody = await contexts(hass)
    with pytest.raises(Unauthorized):
        await hass.services.async_call("script", "end", blocking=True, context=everybody["Read only"])
    assert commands(fake) == []
    await hass.services.async_call("script", "end", blocking=True, context=everybody["Automation"])
    assert commands(fake) == ["hangup"]


async def test_assist(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Assist may do what the user who speaks may."""
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "llm", {})
    fake.script.calls = (incoming("c1"),)
    await async_set_up(hass, fake_config_entry(options={CONF_ASSIST: True}))
    everybody = await contexts(hass)
    no_read = MockUser(name="Nothing").add_to_hass(hass)
    no_read.mock_policy({})
    everybody["Nothing"] = Context(user_id=no_read.id)

    async def use(who: str, tool: str, **arguments: Any) -> llm.ToolResult:
        context = llm.LLMContext(
            platform="test", context=everybody[who], language="en", assistant="conversation", device_id=None
        )
        instance = await llm.async_get_api(hass, llm.LLM_API_ASSIST, context)
        return await instance.async_call_tool(llm.ToolInput(tool_name=tool, tool_args=arguments))

    call = {"to": "Bob (102)", "from": "Ann (101)"}
    for who, may_call, may_ask in (
        ("Nothing", False, False),
        ("Read only", False, True),
        ("User", True, True),
        ("Automation", True, True),
    ):
        before = len(commands(fake))
        assert (await use(who, "pbx__call", **call)).error is not may_call, who
        assert len(commands(fake)) - before == may_call, who
        asked = await use(who, "pbx__who_is_on_the_phone")
        assert asked.error is not may_ask, who
        assert ("390612345678" in str(asked.data)) is may_ask, who
