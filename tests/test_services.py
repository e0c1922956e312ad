"""The actions: what each sends, refuses, raises and answers."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import voluptuous as vol
import yaml
from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import HomeAssistant, SupportsResponse
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.json import json_bytes
from homeassistant.setup import async_setup_component
from homeassistant.util.json import json_loads
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_fire_time_changed

from custom_components.pbx.const import DOMAIN
from custom_components.pbx.providers import models as m
from custom_components.pbx.providers.errors import (
    AuthError,
    ConnectError,
    InvalidInputError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    RefusedError,
    UnknownOutcomeError,
    UnsupportedError,
)
from custom_components.pbx.providers.models import AgentRef, CallState, Capability, Direction, Outcome
from custom_components.pbx.services import ACTIONS, Action

from .fake_provider import NOON, FakeProvider, async_set_up, incoming, pushed
from .simulators.base import FaultKind, Simulator
from .test_entity import ACCOUNTS

type Data = dict[str, Any]

SERVICES = yaml.safe_load(Path("custom_components/pbx/services.yaml").read_text(encoding="utf-8"))
BY_NAME = {action.name: action for action in ACTIONS}
ROME = "+390612345678"
LONDON = "+442079460123"
FULL_CONTACT = {
    "first_name": "Ada",
    "last_name": "Rossi",
    "number": ROME,
    "numbers": [ROME, LONDON],
    "email": "ada@example.com",
    "emails": ["ada@example.com", "rossi@example.com"],
    "company": "Bakery",
    "job_title": "Baker",
    "website": "https://bakery.example",
    "source": "shop",
    "source_url": "https://shop.example/1",
    "groups": ["suppliers"],
    "notes": "Knows everything about bread",
}
CONTACT = m.Contact(
    **{key: tuple(value) if isinstance(value, list) else value for key, value in FULL_CONTACT.items()}  # type: ignore[arg-type]
)

# What each action is given, and the command that must come of it; `CALL` stands for a call.
CALL = object()
EVERY_ACTION: dict[str, tuple[Data, str, tuple[object, ...]]] = {
    "originate": (
        {
            "extension": "101",
            "number": "tel:+39 06 1234 5678",
            "caller_id_number": "+44 20 7946 0123",
            "caller_id_name": "Reception",
            "ring_timeout": 30,
            "extension_type": "internal",
            "dialplan": "sales",
            "custom_cdr": ["a", "b"],
            "recording_filename": "call1",
            "recording_path": "2026",
            "check_extension": True,
            "check_ip_host": "10.0.0.1",
            "check_ip_contact": "10.0.0.2",
        },
        "originate",
        (
            m.Originate(
                extension="101",
                number=ROME,
                caller_id_number=LONDON,
                caller_id_name="Reception",
                ring_timeout=30,
                extension_type=m.ExtensionType.INTERNAL,
                dialplan="sales",
                custom_cdr=("a", "b"),
                recording_filename="call1",
                recording_path="2026",
                check_extension=True,
                check_ip_host="10.0.0.1",
                check_ip_contact="10.0.0.2",
            ),
        ),
    ),
    "click_to_call": (
        {"extension": "101", "number": "102", "caller_id_number": LONDON, "dial_first": "contact"},
        "click_to_call",
        (m.Originate(extension="101", number="102", caller_id_number=LONDON, dial_first=m.DialFirst.CONTACT),),
    ),
    "dial": (
        {"number": ROME, "context": "menu", "route_name": "out", "hangup_context": "bye"},
        "dial",
        (m.Dial(number=ROME, context="menu", route_name="out", hangup_context="bye"),),
    ),
    "answer": ({"call_id": "c1"}, "answer", (CALL,)),
    "hold": ({"call_id": "c1"}, "hold", (CALL,)),
    "unhold": ({"call_id": "c1"}, "unhold", (CALL,)),
    "toggle_hold": ({"call_id": "c1"}, "toggle_hold", (CALL,)),
    "mute": ({"call_id": "c1"}, "mute", (CALL,)),
    "unmute": ({"call_id": "c1"}, "unmute", (CALL,)),
    "hangup": ({"call_id": "c1", "cause": "BUSY"}, "hangup", (CALL, "BUSY")),
    "transfer": (
        {"call_id": "c1", "number": "102", "type": "attended"},
        "transfer",
        (CALL, "102", m.TransferType.ATTENDED),
    ),
    "send_dtmf": ({"call_id": "c1", "digits": "12*#a"}, "send_dtmf", (CALL, "12*#A")),
    "spy": (
        {
            "extension": "+390699",
            "extension_type": "public",
            "target_extension": "7",
            "target_type": "id",
            "dialplan": "spy",
            "caller_id_number": LONDON,
            "caller_id_name": "Boss",
        },
        "spy",
        (
            m.Spy(
                extension="+390699",
                extension_type=m.ExtensionType.PUBLIC,
                target_extension="7",
                target_type=m.ExtensionType.ID,
                dialplan="spy",
                caller_id_number=LONDON,
                caller_id_name="Boss",
            ),
        ),
    ),
    "announce": (
        {"number": ROME, "message": " Water in the cellar ", "caller_id_number": LONDON},
        "announce",
        (ROME, "Water in the cellar", LONDON),
    ),
    "send_sms": ({"number": ROME, "message": "Hello", "sender": "House"}, "send_sms", (ROME, "Hello", "House")),
    "agent_login": (
        {"agent": "501", "pin": "77", "extension": "101", "queue": "600"},
        "agent_login",
        (AgentRef(id="a1", pin="77", extension="101", queue="q1"),),
    ),
    "agent_logout": ({"agent": "501", "queue": "600"}, "agent_logout", (AgentRef(id="a1", queue="q1"),)),
    "agent_pause": ({"agent": "501"}, "agent_pause", (AgentRef(id="a1"),)),
    "agent_unpause": ({"agent": "501"}, "agent_unpause", (AgentRef(id="a1"),)),
    "queue_add": (
        {"queue": "600", "agent": "501", "penalty": 3},
        "queue_add",
        (m.QueueMember(queue="q1", agent=AgentRef(id="a1", queue="q1"), penalty=3),),
    ),
    "queue_remove": (
        {"queue": "600", "extension": "101"},
        "queue_remove",
        (m.QueueMember(queue="q1", extension="101"),),
    ),
    "get_call_history": (
        {
            "start": "2026-10-05 10:00:00",
            "end": "2026-10-05T12:00:00+02:00",
            "number": ROME,
            "extension": "101",
            "direction": "incoming",
            "search": "Rossi",
            "limit": 5,
            "offset": 10,
            "sort": "oldest",
            "record_id": "r1",
            "call_id": "c1",
            "format": "csv",
        },
        "history",
        (
            m.HistoryQuery(
                start=datetime(2026, 10, 5, 8, tzinfo=UTC),
                end=datetime(2026, 10, 5, 10, tzinfo=UTC),
                number=ROME,
                extension="101",
                direction=Direction.INCOMING,
                search="Rossi",
                limit=5,
                offset=10,
                sort=m.Sort.OLDEST,
                record_id="r1",
                call_id="c1",
                csv=True,
            ),
        ),
    ),
    "get_call_statistics": (
        {"start": "2026-10-05 10:00:00"},
        "statistics",
        (datetime(2026, 10, 5, 8, tzinfo=UTC), None),
    ),
    "get_agent_status": ({"agent": "501", "pin": "77"}, "agent_status", (AgentRef(id="a1", pin="77"),)),
    "get_queue_status": ({"queue": "Support"}, "queue_status", ("q1",)),
    "search_contacts": (
        {"name": "Ada", "number": ROME, "email": "ada@", "contact_id": "7", "limit": 2, "offset": 4},
        "search_contacts",
        (m.ContactQuery(name="Ada", number=ROME, email="ada@", contact_id="7", limit=2, offset=4),),
    ),
    "create_contact": (FULL_CONTACT, "create_contact", (CONTACT,)),
    "update_contact": (
        {"contact_id": "7", "company": "Mill"},
        "update_contact",
        (m.Contact(id="7", company="Mill"),),
    ),
    "delete_contact": ({"contact_id": "7"}, "delete_contact", ("7",)),
    "move_recording": (
        {"record_id": "r1", "filename": "a", "path": "b"},
        "move_recording",
        ("r1", "a", "b"),
    ),
}


@pytest.fixture
async def entry(
    hass: HomeAssistant, freezer: FrozenDateTimeFactory, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> MockConfigEntry:
    """Set up an account that can do everything, with one call."""
    freezer.move_to(NOON)
    await hass.config.async_update(country="IT", time_zone="Europe/Rome")
    fake.fields = dict.fromkeys(Capability, frozenset(str(key) for action in ACTIONS for key in action.fields))
    fake.script.directory = replace(
        fake.script.directory,
        agents=(m.Agent(id="a1", name="Agatha", number="501"),),
        queues=(m.Queue(id="q1", name="Support", number="600"),),
    )
    fake.script.calls = (incoming("c1", state=CallState.TALKING),)
    fake.script.answers |= {
        "agent_status": m.Agent(id="a1", name="Agatha", logged_in=True, paused=False, raw={"state": "10"}),
        "queue_status": m.Queue(id="q1", waiting=0, raw={"waiting": "0"}),
    }
    await async_set_up(hass, fake_entry)
    return fake_entry


async def act(hass: HomeAssistant, action: str, **data: Any) -> Any:
    """Call an action, and give its answer if it has one."""
    wants = BY_NAME[action].response is not SupportsResponse.NONE
    return await hass.services.async_call(DOMAIN, action, data, blocking=True, return_response=wants)


async def refused(hass: HomeAssistant, action: str, **data: Any) -> tuple[str | None, dict[str, str]]:
    """Call an action that must be refused as wrong input, and say how."""
    with pytest.raises(ServiceValidationError) as raised:
        await act(hass, action, **data)
    return raised.value.translation_key, dict(raised.value.translation_placeholders or {})


def commands(fake: type[FakeProvider]) -> list[str]:
    """List what was asked of the phone system beside polls."""
    return [name for name, _ in fake.script.asked if name not in ("account", "calls", "directory")]


# -- each action -------------------------------------------------------------------------------------


def test_every_action_is_in_the_table() -> None:
    """Every action of the integration is tested below."""
    assert set(EVERY_ACTION) | {"get_calls"} == set(BY_NAME)


@pytest.mark.usefixtures("entry")
@pytest.mark.parametrize("name", EVERY_ACTION)
async def test_action_becomes_one_command(hass: HomeAssistant, fake: type[FakeProvider], name: str) -> None:
    """Every field arrives at the phone system, in its own words, and exactly one command is sent."""
    data, command, expected = EVERY_ACTION[name]
    await act(hass, name, **data)
    assert commands(fake) == [command]
    ((*arguments,),) = fake.script.arguments(command)
    if expected[0] is CALL:
        ref = arguments[0]
        assert (ref.call.id, ref.extension) == ("c1", None)
        arguments, expected = arguments[1:], expected[1:]
    assert tuple(arguments)[: len(expected)] == expected


async def test_actions_that_the_phone_system_lacks(
    hass: HomeAssistant, fake: type[FakeProvider], entry: MockConfigEntry
) -> None:
    """What an account cannot do is refused with the provider's and the action's name; nothing is sent."""
    provider = entry.runtime_data.provider
    for name, action in BY_NAME.items():
        provider.capabilities = fake.script.capabilities & ~action.needs
        data = EVERY_ACTION[name][0] if name in EVERY_ACTION else {}
        expected = {"provider": "Fake PBX", "action": "calls" if name == "get_calls" else name}
        assert await refused(hass, name, **data) == ("unsupported", expected)
    assert commands(fake) == []


@pytest.mark.usefixtures("entry")
@pytest.mark.parametrize("name", [name for name, (data, *_) in EVERY_ACTION.items() if data.keys() - BY_NAME[name].own])
async def test_fields_that_the_phone_system_cannot_honour(
    hass: HomeAssistant, fake: type[FakeProvider], name: str
) -> None:
    """A field that would be ignored is refused by name; nothing is sent."""
    needs = BY_NAME[name].needs
    everything = fake.fields[needs]
    for field in EVERY_ACTION[name][0].keys() - BY_NAME[name].own:
        fake.fields = {needs: everything - {field}}
        key, placeholders = await refused(hass, name, **EVERY_ACTION[name][0])
        assert key == "unsupported_field"
        assert placeholders == {"provider": "Fake PBX", "action": name, "field": field}
    assert commands(fake) == []


@pytest.mark.parametrize("name", EVERY_ACTION)
def test_own_fields_need_no_promise(name: str) -> None:
    """Only what names the subject of an action, or is the action itself, need not be promised by a provider."""
    own = BY_NAME[name].own
    assert own <= {str(key) for key in BY_NAME[name].fields}
    optional = {str(key) for key in BY_NAME[name].fields if isinstance(key, vol.Optional)}
    assert own & optional <= {
        "agent",
        "call_id",
        "expected_state",
        "filename",
        "path",
        "route_id",
        "route_name",
        "target_extension",
        "type",
    }


# -- numbers -----------------------------------------------------------------------------------------

NUMBERED = ("originate", "click_to_call", "dial", "transfer", "announce", "send_sms")


WRITTEN: list[tuple[object, str]] = [
    (ROME, ROME),
    (f"tel:{ROME}", ROME),
    ("TEL:+39-06-1234-5678", ROME),
    (int(ROME), ROME),
    ("06 1234 5678", ROME),
    ("+44 (20) 7946 0123", LONDON),
    (102, "102"),
    ("*97", "*97"),
    ("#31#", "#31#"),
]


@pytest.mark.usefixtures("entry")
@pytest.mark.parametrize("name", NUMBERED)
async def test_numbers_as_people_and_templates_write_them(
    hass: HomeAssistant, fake: type[FakeProvider], name: str
) -> None:
    """A template that turns a number into an integer loses its plus; the number is dialled all the same."""
    data, command, _ = EVERY_ACTION[name]
    for given, dialled in WRITTEN:
        await act(hass, name, **{**data, "number": given})
        arguments = fake.script.arguments(command)[-1]
        assert dialled in [getattr(argument, "number", argument) for argument in arguments]
    assert fake.script.times(command) == len(WRITTEN)


WITH_CALLER_ID = ("originate", "click_to_call", "spy", "announce")


@pytest.mark.usefixtures("entry")
@pytest.mark.parametrize(
    ("name", "field"),
    [*((name, "number") for name in NUMBERED), *((name, "caller_id_number") for name in WITH_CALLER_ID)],
)
async def test_numbers_that_cannot_be_dialled(
    hass: HomeAssistant, fake: type[FakeProvider], name: str, field: str
) -> None:
    """A number that cannot be one is refused with the field's name, and the phone system is not asked."""
    for given in ("hello", "+", "tel:", "+39", "+999123456789", "12345678901234567890123", "06 12ab"):
        key, placeholders = await refused(hass, name, **{**EVERY_ACTION[name][0], field: given})
        assert (key, placeholders["field"]) == ("invalid_number", field), given
    assert commands(fake) == []


@pytest.mark.usefixtures("entry")
async def test_country_of_the_account_decides(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A number without a country code is one of the account's country, else of Home Assistant's."""
    (entry,) = hass.config_entries.async_entries(DOMAIN)
    await act(hass, "originate", extension="101", number="020 7946 0123")
    hass.config_entries.async_update_entry(entry, options={"country": "GB"})
    await hass.async_block_till_done()
    await act(hass, "originate", extension="101", number="020 7946 0123")
    italian, british = (request.number for (request,) in fake.script.arguments("originate"))
    assert italian != LONDON
    assert british == LONDON


# -- wrong input -------------------------------------------------------------------------------------


WRONG: list[tuple[str, Data]] = [
    ("originate", {"ring_timeout": 4}),
    ("originate", {"ring_timeout": 121}),
    ("originate", {"extension": None}),
    ("originate", {"extension": ""}),
    ("originate", {"number": None}),
    ("originate", {"number": ["102"]}),
    ("originate", {"extension_type": "sip"}),
    ("originate", {"custom_cdr": ["1", "2", "3", "4", "5"]}),
    ("originate", {"unknown_field": 1}),
    ("click_to_call", {"dial_first": "me"}),
    ("transfer", {"type": "warm"}),
    ("hold", {"expected_state": "ended"}),
    ("send_dtmf", {"digits": "12x"}),
    ("send_dtmf", {"digits": ""}),
    ("announce", {"message": ""}),
    ("announce", {"message": None}),
    ("send_sms", {"message": "x" * 4097}),
    ("queue_add", {"penalty": -1}),
    ("get_call_history", {"limit": 0}),
    ("get_call_history", {"limit": 1001}),
    ("get_call_history", {"offset": -1}),
    ("get_call_history", {"direction": "sideways"}),
    ("get_call_history", {"sort": "random"}),
    ("get_call_history", {"format": "xml"}),
    ("get_call_history", {"start": "yesterday"}),
    ("search_contacts", {"limit": 0}),
    ("create_contact", {"first_name": {}}),
]


@pytest.mark.usefixtures("entry")
async def test_data_that_no_form_would_let_through(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """The schemas refuse what cannot be meant."""
    for name, wrong in WRONG:
        with pytest.raises(vol.Invalid):
            await act(hass, name, **{**EVERY_ACTION[name][0], **wrong})
    assert commands(fake) == []


@pytest.mark.usefixtures("entry")
@pytest.mark.parametrize(
    ("name", "data", "fields"),
    [
        ("dial", {"number": ROME, "context": "x"}, "route_name, route_id"),
        ("dial", {"number": ROME, "context": "x", "route_name": "a", "route_id": "1"}, "route_name, route_id"),
        ("spy", {"extension": "101"}, "target_extension, call_id"),
        ("spy", {"extension": "101", "target_extension": "102", "call_id": "c1"}, "target_extension, call_id"),
        (
            "spy",
            {"extension": "102", "entity_id": "sensor.ann_101_caller", "call_id": "c2"},
            "target_extension, call_id",
        ),
        ("queue_add", {"queue": "600"}, "agent, extension"),
        ("queue_remove", {"queue": "600"}, "agent, extension"),
        ("move_recording", {"record_id": "r1"}, "filename, path"),
        ("get_agent_status", {"agent": "501", "entity_id": "sensor.agnes_status"}, "agent, entity_id"),
    ],
)
async def test_one_of_several_fields(
    hass: HomeAssistant, fake: type[FakeProvider], name: str, data: Data, fields: str
) -> None:
    """Where one of several fields is needed, none or too many are refused."""
    coordinator = hass.config_entries.async_entries(DOMAIN)[0].runtime_data
    coordinator.async_push(pushed("c2", CallState.RINGING, "102"))
    agents = (m.Agent(id="a1", name="Agatha", number="501"), m.Agent(id="a2", name="Agnes"))
    coordinator.async_take(coordinator.data.directory(m.Directory(agents=agents), NOON))
    await hass.async_block_till_done(wait_background_tasks=True)
    fake.script.asked.clear()
    assert await refused(hass, name, **data) == ("one_of", {"fields": fields})
    assert commands(fake) == []


@pytest.mark.usefixtures("entry")
async def test_spying_on_a_call(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """A call can be listened to by id or target; a known extension is checked."""
    await act(hass, "spy", extension="102", call_id="c1")
    await act(hass, "spy", extension="102", entity_id="sensor.ann_101_call_state")
    refs = [request.call for (request,) in fake.script.arguments("spy")]
    assert [(ref.call.id, ref.extension) for ref in refs] == [("c1", None), ("c1", "101")]
    assert (await refused(hass, "spy", extension="999", call_id="c1"))[0] == "unknown_extension"
    assert (await refused(hass, "spy", extension="101", target_extension="999"))[0] == "unknown_extension"


@pytest.mark.usefixtures("entry")
@pytest.mark.parametrize("kind", ["public", "id", "sip_username"])
async def test_extension_named_in_another_way(hass: HomeAssistant, fake: type[FakeProvider], kind: str) -> None:
    """An extension that is not named by its number is the phone system's business."""
    await act(hass, "originate", extension="strange", number="102", extension_type=kind)
    assert fake.script.arguments("originate")[0][0].extension == "strange"
    key, _ = await refused(hass, "originate", extension="strange", number="102", extension_type="internal")
    assert key == "unknown_extension"


@pytest.mark.usefixtures("entry")
async def test_several_members_join_a_queue(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Every named agent is added; an agent may be given a seat."""
    coordinator = hass.config_entries.async_entries(DOMAIN)[0].runtime_data
    agents = (m.Agent(id="a1", name="Agatha", number="501"), m.Agent(id="a2", name="Agnes"))
    coordinator.async_take(coordinator.data.directory(m.Directory(agents=agents), NOON))
    await hass.async_block_till_done()
    await act(
        hass, "queue_add", queue="600", entity_id=["sensor.agatha_status", "sensor.agnes_status"], extension="101"
    )
    members = [member for (member,) in fake.script.arguments("queue_add")]
    assert [(member.queue, member.agent.id, member.extension) for member in members] == [
        ("q1", "a1", "101"),
        ("q1", "a2", "101"),
    ]


# -- hanging up --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("entry")
async def test_hanging_up_a_call_that_is_over_is_a_success(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Nobody is asked for what has happened already; a call that never was is refused."""
    coordinator = hass.config_entries.async_entries(DOMAIN)[0].runtime_data
    coordinator.async_push(pushed("c2", CallState.RINGING, "102"))
    coordinator.async_push(pushed("c2", CallState.ENDED, "102", final=True))
    await act(hass, "hangup", call_id="c2", expected_state="ringing")
    assert fake.script.times("hangup") == 0
    assert await refused(hass, "hangup", call_id="c9") == ("unknown_call", {"call_id": "c9"})
    assert (await refused(hass, "hold", call_id="c2"))[0] == "unknown_call"


# -- errors ------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("entry")
@pytest.mark.parametrize(
    ("error", "kind", "key", "placeholders"),
    [
        (AuthError(), HomeAssistantError, "invalid_auth", {}),
        (ConnectError(), HomeAssistantError, "cannot_connect", {}),
        (ProviderError(), HomeAssistantError, "cannot_connect", {}),
        (UnknownOutcomeError(), HomeAssistantError, "unknown_outcome", {}),
        (RateLimitError(12.4), HomeAssistantError, "rate_limited", {"seconds": "12"}),
        (RateLimitError(), HomeAssistantError, "rate_limited", {"seconds": "60"}),
        (RefusedError("Busy here", "486"), HomeAssistantError, "refused", {"reason": "Busy here"}),
        (NotFoundError("No such channel"), HomeAssistantError, "not_found", {"reason": "No such channel"}),
        (InvalidInputError("number", "out_of_range"), ServiceValidationError, "out_of_range", {"field": "number"}),
        (UnsupportedError("hold"), ServiceValidationError, "unsupported", {"action": "hold"}),
        (
            UnsupportedError("transfer", "type"),
            ServiceValidationError,
            "unsupported_field",
            {"action": "transfer", "field": "type"},
        ),
    ],
)
async def test_every_error_is_worded(
    hass: HomeAssistant,
    fake: type[FakeProvider],
    error: ProviderError,
    kind: type[HomeAssistantError],
    key: str,
    placeholders: dict[str, str],
) -> None:
    """Each error has its own text with the provider's name, and the command is not sent again."""
    for name in ("originate", "hangup", "agent_login", "send_sms", "get_call_history"):
        data, command, _ = EVERY_ACTION[name]
        fake.script.errors[command] = error
        with pytest.raises(HomeAssistantError) as raised:
            await act(hass, name, **data)
        assert type(raised.value) is kind
        assert (raised.value.translation_domain, raised.value.translation_key) == (DOMAIN, key)
        assert raised.value.translation_placeholders == {"provider": "Fake PBX", **placeholders}
        assert fake.script.times(command) == 1
    await hass.async_block_till_done()
    flows = [flow["context"]["source"] for flow in hass.config_entries.flow.async_progress()]
    assert flows == ([SOURCE_REAUTH] if isinstance(error, AuthError) else [])


@pytest.mark.usefixtures("entry")
async def test_one_refusal_stops_the_rest(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """When a command for one of several calls is refused, the person hears of it at once."""
    coordinator = hass.config_entries.async_entries(DOMAIN)[0].runtime_data
    coordinator.async_push(pushed("c2", CallState.TALKING, "102"))
    fake.script.errors["hold"] = RefusedError("no")
    with pytest.raises(HomeAssistantError):
        await act(hass, "hold", entity_id=["sensor.ann_101_caller", "sensor.bob_102_caller"])
    assert fake.script.times("hold") == 1


# -- answers -----------------------------------------------------------------------------------------


def plain(answer: Any) -> Any:
    """Give an answer as it arrives at a caller over HTTP; it must be JSON."""
    return json_loads(json_bytes(answer))


@pytest.mark.usefixtures("entry")
@pytest.mark.parametrize("name", ["originate", "click_to_call", "dial", "announce"])
@pytest.mark.parametrize(
    ("placed", "answer"),
    [
        (m.Placed(call_id="c5"), {"call_id": "c5", "outcome": "accepted"}),
        (m.Placed(outcome=m.PlacedOutcome.UNKNOWN), {"call_id": None, "outcome": "unknown"}),
    ],
)
async def test_answer_of_a_placed_call(
    hass: HomeAssistant, fake: type[FakeProvider], name: str, placed: m.Placed, answer: Data
) -> None:
    """Who asks is told the call's id, where it is known, and whether it was accepted."""
    data, command, _ = EVERY_ACTION[name]
    fake.script.answers[command] = placed
    assert plain(await act(hass, name, **data)) == answer
    await hass.services.async_call(DOMAIN, name, data, blocking=True)
    assert fake.script.times(command) == 2


@pytest.mark.usefixtures("entry")
async def test_answers(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """Every other answer, as JSON; what is unknown is absent."""
    fake.script.answers |= {
        "history": m.HistoryPage(
            records=(
                m.CallRecord(
                    id="r1",
                    call_id="c0",
                    direction=Direction.INCOMING,
                    outcome=Outcome.ANSWERED,
                    caller=m.Party(number=ROME, name="Rossi"),
                    started_at=NOON,
                    duration=61.0,
                    details={"labels": ("vip",), "archived": False},
                ),
                m.CallRecord(id="r2"),
            ),
            total=7,
        ),
        "statistics": m.Statistics(total=4, answered=3, mean_duration=12.5, by_direction={Direction.INCOMING: 4}),
        "search_contacts": m.ContactPage(contacts=(replace(CONTACT, id="7"), m.Contact(id="8")), has_next=True),
    }
    assert plain(await act(hass, "get_call_history")) == {
        "records": [
            {
                "record_id": "r1",
                "call_id": "c0",
                "direction": "incoming",
                "from_number": ROME,
                "from_name": "Rossi",
                "started_at": NOON.isoformat(),
                "outcome": "answered",
                "duration": 61.0,
                "labels": ["vip"],
                "archived": False,
            },
            {"record_id": "r2", "outcome": "unknown"},
        ],
        "total": 7,
    }
    assert plain(await act(hass, "get_call_statistics")) == {
        "total": 4,
        "answered": 3,
        "mean_duration": 12.5,
        "by_direction": {"incoming": 4},
    }
    assert plain(await act(hass, "search_contacts")) == {
        "contacts": [{"id": "7", **FULL_CONTACT}, {"id": "8"}],
        "has_next": True,
    }
    assert plain(await act(hass, "create_contact", first_name="Ada")) == {"first_name": "Ada"}
    assert plain(await act(hass, "update_contact", contact_id="7", groups=["a"])) == {"id": "7", "groups": ["a"]}
    assert plain(await act(hass, "send_sms", number=ROME, message="x")) == {"message_id": "sms1"}
    assert plain(await act(hass, "get_agent_status", agent="501")) == {
        "id": "a1",
        "name": "Agatha",
        "logged_in": True,
        "paused": False,
        "raw": {"state": "10"},
    }
    assert plain(await act(hass, "get_queue_status", queue="600")) == {
        "id": "q1",
        "waiting": 0,
        "raw": {"waiting": "0"},
    }


@pytest.mark.usefixtures("entry")
async def test_history_as_csv(hass: HomeAssistant, fake: type[FakeProvider]) -> None:
    """The phone system's own table comes as text; an unknown total is null."""
    fake.script.answers["history"] = m.HistoryPage(csv="id;from\n1;2\n")
    answer = plain(await act(hass, "get_call_history", format="csv"))
    assert answer == {"records": [], "total": None, "csv": "id;from\n1;2\n"}
    query = fake.script.arguments("history")[0][0]
    assert (query.limit, query.offset, query.sort) == (100, 0, m.Sort.NEWEST)


@pytest.mark.usefixtures("entry")
async def test_all_calls(hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry) -> None:
    """The list of calls has all of them with their legs, and what the attributes leave out."""
    call = incoming("c2", "102", state=CallState.TALKING)
    leg = replace(call.legs[0], context="from-trunk", account_code="sales")
    fake.script.calls = (incoming(), replace(call, legs=(leg, m.Leg(id="far", state=CallState.TALKING))))
    await fake_entry.runtime_data.async_refresh()
    answer = plain(await act(hass, "get_calls"))
    assert [found["call_id"] for found in answer["calls"]] == ["c1", "c2"]
    assert answer["calls"][1]["state"] == "talking"
    assert answer["calls"][1]["from_number"] == ROME
    assert answer["calls"][1]["legs"] == [
        {
            "id": "c2-102",
            "extension": "102",
            "state": "talking",
            "context": "from-trunk",
            "account_code": "sales",
        },
        {"id": "far", "state": "talking"},
    ]


async def test_calls_that_cannot_be_known(
    hass: HomeAssistant, fake: type[FakeProvider], fake_entry: MockConfigEntry
) -> None:
    """An empty list would be a lie where calls are only pushed and no push works."""
    fake.script.calls = None
    await async_set_up(hass, fake_entry)
    assert await refused(hass, "get_calls") == ("calls_unknown", {"provider": "Fake PBX"})


# -- what follows ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "calls", "directory"),
    [
        ("hold", 1, 0),
        ("originate", 1, 0),
        ("agent_login", 1, 1),
        ("queue_add", 1, 1),
        ("get_call_history", 0, 0),
        ("get_calls", 0, 0),
        ("get_agent_status", 0, 0),
    ],
)
async def test_phone_system_is_asked_what_became_of_it(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    fake: type[FakeProvider],
    entry: MockConfigEntry,
    name: str,
    calls: int,
    directory: int,
) -> None:
    """A command makes the next poll come at once, a question does not."""
    before = fake.script.times("calls"), fake.script.times("directory")
    await act(hass, name, **(EVERY_ACTION[name][0] if name in EVERY_ACTION else {}))
    freezer.tick(timedelta(seconds=1))
    async_fire_time_changed(hass)
    await hass.async_block_till_done(wait_background_tasks=True)
    assert (fake.script.times("calls") - before[0], fake.script.times("directory") - before[1]) == (calls, directory)


# -- the forms ---------------------------------------------------------------------------------------


async def test_every_action_is_registered_without_an_account(hass: HomeAssistant) -> None:
    """Actions are there before any account is, so that automations can be checked."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert set(hass.services.async_services_for_domain(DOMAIN)) == set(BY_NAME)


def test_descriptions_name_every_action() -> None:
    """Every action has a description, and no description lacks its action."""
    assert set(SERVICES) == set(BY_NAME)


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.name)
def test_descriptions_agree_with_the_schemas(action: Action) -> None:
    """The form of an action offers exactly its fields, with the same options, bounds and necessity."""
    described = SERVICES[action.name] or {}
    target = {"entity_id", "device_id", "area_id", "floor_id", "label_id"}
    fields = {str(key): key for key in action.schema.schema if str(key) not in target}
    assert set(described.get("fields", {})) == set(fields)
    assert ("target" in described) is bool(target & {str(key) for key in action.schema.schema})
    for name, field in described.get("fields", {}).items():
        assert field.get("required", False) is isinstance(fields[name], vol.Required), name
        ((kind, selector),) = field["selector"].items()
        validator = action.schema.schema[fields[name]]
        if kind == "select":
            values = [option if isinstance(option, str) else option["value"] for option in selector["options"]]
            assert [validator(value) for value in values] == values
            assert sorted(values) == sorted(validator.container), name
        if kind == "number":
            for bound, beyond in (("min", -1), ("max", 1)):
                if bound in selector:
                    assert validator(selector[bound]) == selector[bound], name
                if bound == "min" or name == "ring_timeout":
                    with pytest.raises(vol.Invalid):
                        validator(selector[bound] + beyond)
        if kind == "config_entry":
            assert selector == {"integration": DOMAIN}


def test_texts_name_every_action_and_field() -> None:
    """Every action and every field of it has a name and a description."""
    path = Path("custom_components/pbx/translations/en.json")
    texts = json.loads(path.read_text(encoding="utf-8"))["services"]
    assert set(texts) == set(SERVICES)
    for name, described in SERVICES.items():
        assert texts[name]["name"]
        assert texts[name]["description"]
        fields = texts[name].get("fields", {})
        assert set(fields) == set((described or {}).get("fields", {})), name
        assert all(field["name"] and field["description"] for field in fields.values()), name


# -- at every phone system ---------------------------------------------------------------------------


@pytest.fixture
def simulator(request: pytest.FixtureRequest) -> Simulator:
    """Give the simulated phone system that the test's parameter names."""
    found: Simulator = request.getfixturevalue(request.param)
    return found


@pytest.fixture
async def account(hass: HomeAssistant, simulator: Simulator) -> MockConfigEntry:
    """Set up an account at that phone system."""
    await hass.config.async_update(country="GB")
    entry = ACCOUNTS[simulator.provider](simulator)
    await async_set_up(hass, entry)
    return entry


def phone(entry: MockConfigEntry) -> str:
    """Give one of the account's phones."""
    return next(iter(entry.runtime_data.data.extensions), "101")


@pytest.mark.parametrize("simulator", sorted(ACCOUNTS), indirect=True)
@pytest.mark.parametrize("name", ["originate", "click_to_call"])
async def test_one_call_is_placed(
    hass: HomeAssistant, simulator: Simulator, account: MockConfigEntry, name: str
) -> None:
    """An action places exactly one call, whatever the phone system."""
    answer = plain(await act(hass, name, extension=phone(account), number="tel:+442079460123"))
    assert answer["outcome"] == "accepted"
    assert len(simulator.placed) == 1
    await hass.async_block_till_done()
    assert len(simulator.placed) == 1


@pytest.mark.parametrize("simulator", sorted(ACCOUNTS), indirect=True)
async def test_invalid_number_is_never_sent(
    hass: HomeAssistant, simulator: Simulator, account: MockConfigEntry
) -> None:
    """No request reaches the phone system for a number that cannot be one."""
    await hass.async_block_till_done()
    before = len(simulator.requests)
    assert (await refused(hass, "originate", extension=phone(account), number="+44 hello"))[0] == "invalid_number"
    assert len(simulator.requests) == before


LACKING: list[tuple[str, str, Data]] = [
    ("voipat", "send_sms", {"number": LONDON, "message": "x"}),
    ("voipat", "spy", {"extension": "101", "target_extension": "102"}),
    ("voipstudio", "dial", {"number": LONDON, "context": "x", "route_id": "1"}),
    ("voipstudio", "agent_pause", {"agent": "501"}),
    ("voipsun", "hold", {"call_id": "x"}),
    ("voipsun", "get_call_history", {}),
    ("voxloud", "hangup", {"call_id": "x"}),
    ("voxloud", "agent_login", {"agent": "501"}),
]


@pytest.mark.parametrize(("simulator", "name", "data"), LACKING, indirect=["simulator"])
async def test_phone_system_that_lacks_an_action(
    hass: HomeAssistant, simulator: Simulator, account: MockConfigEntry, name: str, data: Data
) -> None:
    """The refusal names the provider and the action, and nothing is sent."""
    await hass.async_block_till_done()
    before = len(simulator.requests)
    key, placeholders = await refused(hass, name, **data)
    assert key == "unsupported"
    assert placeholders == {"provider": account.runtime_data.provider.name, "action": name}
    assert len(simulator.requests) == before


WRONG_FIELDS: list[tuple[str, str]] = [
    ("voipat", "dialplan"),
    ("voipstudio", "ring_timeout"),
    ("voipsun", "ring_timeout"),
    ("voxloud", "caller_id_name"),
]


@pytest.mark.parametrize(("simulator", "field"), WRONG_FIELDS, indirect=["simulator"])
async def test_phone_system_that_lacks_a_field(
    hass: HomeAssistant, simulator: Simulator, account: MockConfigEntry, field: str
) -> None:
    """A field that a phone system would ignore is refused by name, and no call is placed."""
    await hass.async_block_till_done()
    before = len(simulator.requests)
    data = {"extension": phone(account), "number": LONDON, field: "30"}
    key, placeholders = await refused(hass, "originate", **data)
    assert (key, placeholders["field"]) == ("unsupported_field", field)
    assert len(simulator.requests) == before


@pytest.mark.parametrize("simulator", ["voipat", "voipstudio", "voipsun"], indirect=True)
async def test_call_that_was_placed_but_not_confirmed(
    hass: HomeAssistant, simulator: Simulator, account: MockConfigEntry
) -> None:
    """A connection that breaks after the command was carried out is an unknown outcome, and nothing is sent again."""
    await hass.async_block_till_done()
    path, method = {"voipsun": ("/api.php", "GET")}.get(simulator.provider, ("/calls", "POST"))
    simulator.fault(FaultKind.RESET_AFTER, path=path, method=method)
    answer = plain(await act(hass, "originate", extension=phone(account), number=LONDON))
    assert answer["outcome"] == "unknown"
    await hass.async_block_till_done()
    assert len(simulator.placed) == 1


@pytest.mark.parametrize("simulator", ["voipsun"], indirect=True)
async def test_calling_from_a_device(hass: HomeAssistant, simulator: Simulator, account: MockConfigEntry) -> None:
    """The device of a phone can be given where an extension is asked for."""
    subject = account.runtime_data.devices.subjects["extension", "sip101"]
    await act(hass, "originate", extension=subject.device.id, number=LONDON)
    assert [placed.source for placed in simulator.placed] == ["101"]
