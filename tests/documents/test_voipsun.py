"""Each row of VoIPSUN's page, from Home Assistant's action or form to the wire and back."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

import pytest
from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import Context, HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import device_registry as dr
from homeassistant.helpers import llm
from homeassistant.helpers.entity import Entity
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import MockConfigEntry, async_capture_events

from custom_components.pbx.const import DOMAIN, EVENT_PBX
from custom_components.pbx.options import stored_options
from custom_components.pbx.providers import PROVIDERS

from ..every_action import act, refused
from .conftest import Connect
from .proofs import proves
from .voipsun import ERRORS, Phone, RefusalError, VoipsunPage

LINES = ("a100 = 100, Anna, 222333100", "a101 = 101, Boris, 222333101")


@pytest.fixture
async def page(hass: HomeAssistant) -> AsyncGenerator[VoipsunPage]:
    """Start the PBX of the page; the house is in the page's country."""
    await hass.config.async_update(country="CZ")
    server = VoipsunPage()
    await server.start()
    yield server
    await server.stop()


def typed(page: VoipsunPage) -> dict[str, Any]:
    """Return what a person types into the form."""
    return {
        "host": page.address,
        "ssl": False,
        "verify_ssl": True,
        "username": page.username,
        "password": page.password,
    }


def options(*lines: str) -> dict[str, Any]:
    """Return the options with the phones as a person enters them; a line is: SIP account = number, name, numbers."""
    rows: list[dict[str, Any]] = []
    for line in lines:
        user, _, rest = line.partition("=")
        number, *more = (word.strip() for word in rest.split(","))
        row: dict[str, Any] = {"user": user.strip(), "hidden": number == "hidden"}
        if number != "hidden":
            row |= {"number": number, "name": "".join(more[:1]), "public": more[1:]}
        rows.append(row)
    return stored_options(PROVIDERS["voipsun"], {"call_slots": 4, "extension_names": rows}, {})


AGENT = {
    "subentry_type": "agent",
    "title": "Agatha",
    "data": {"name": "Agatha", "number": "1000", "pin": "1234", "extension": "100"},
}
QUEUE = {"subentry_type": "queue", "title": "support", "data": {"name": "support"}}


@pytest.fixture
async def office(page: VoipsunPage, connect: Connect) -> MockConfigEntry:
    """Set the account up, with an agent and a queue."""
    return await connect("voipsun", typed(page), options(*LINES), [AGENT, QUEUE])


@proves("voipsun", "authentication")
async def test_set_up(hass: HomeAssistant, page: VoipsunPage) -> None:
    """*username*, *password*: in the query of every request; wrong ones are refused in the form."""
    for password, outcome in (
        ("wrong", FlowResultType.FORM),
        (page.password, FlowResultType.CREATE_ENTRY),
    ):  # after the table of phones
        flow = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
        form = await hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": "voipsun"})
        done = await hass.config_entries.flow.async_configure(form["flow_id"], {**typed(page), "password": password})
        if done["step_id"] == "phones":
            done = await hass.config_entries.flow.async_configure(done["flow_id"], {})
        assert done["type"] is outcome
    await hass.async_block_till_done()
    assert {asked.path for asked in page.asked} == {"/api/api.php"}
    assert all({"username", "password", "action"} <= set(asked.query) for asked in page.asked)


# A row of the page: what it names, the action with its data, and what has to arrive.
ROWS: dict[str, tuple[str, dict[str, Any], str, dict[str, str]]] = {
    "originate: the page's example": (
        "originate",
        {"extension": "100", "extension_type": "internal", "number": "800123456"},
        "originate",
        {"srcExtenInternalNum": "100", "dstNum": "800123456"},
    ),
    "srcExtenPublicNum": (
        "originate",
        {"extension": "222333100", "extension_type": "public", "number": "800123456"},
        "originate",
        {"srcExtenPublicNum": "222333100", "dstNum": "800123456"},
    ),
    "srcExtenId": (
        "originate",
        {"extension": "1", "extension_type": "id", "number": "800123456"},
        "originate",
        {"srcExtenId": "1", "dstNum": "800123456"},
    ),
    "srcSipUsername": (
        "originate",
        {"extension": "a100", "extension_type": "sip_username", "number": "800123456"},
        "originate",
        {"srcSipUsername": "a100", "dstNum": "800123456"},
    ),
    "dialplanName": (
        "originate",
        {"extension": "100", "extension_type": "internal", "dialplan": "Praha", "number": "101"},
        "originate",
        {"srcExtenInternalNum": "100", "dialplanName": "Praha", "dstNum": "101"},
    ),
    "customCDR1-4": (
        "originate",
        {"extension": "100", "number": "101", "custom_cdr": ["a", "b", "c", "d"]},
        "originate",
        {
            "srcSipUsername": "a100",
            "dstNum": "101",
            "customCDR1": "a",
            "customCDR2": "b",
            "customCDR3": "c",
            "customCDR4": "d",
        },
    ),
    "customCDR2 alone": (
        "originate",
        {"extension": "100", "number": "101", "custom_cdr": ["", "b"]},
        "originate",
        {"srcSipUsername": "a100", "dstNum": "101", "customCDR2": "b"},
    ),
    "dialerCid, dialerName": (
        "originate",
        {"extension": "100", "number": "101", "caller_id_number": "222333444", "caller_id_name": "Shop"},
        "originate",
        {"srcSipUsername": "a100", "dstNum": "101", "dialerCid": "222333444", "dialerName": "Shop"},
    ),
    "monitorFilename, monitorPath": (
        "originate",
        {"extension": "100", "number": "101", "recording_filename": "a.wav", "recording_path": "/archive/2024"},
        "originate",
        {
            "srcSipUsername": "a100",
            "dstNum": "101",
            "monitorFilename": "a.wav",
            "monitorPath": "/archive/2024",
        },
    ),
    "checkExten, checkIpHost, checkIpContact": (
        "originate",
        {
            "extension": "100",
            "number": "101",
            "check_extension": True,
            "check_ip_host": "192.0.2.10",
            "check_ip_contact": "192.0.2.11",
        },
        "originate",
        {
            "srcSipUsername": "a100",
            "dstNum": "101",
            "checkExten": "1",
            "checkIpHost": "192.0.2.10",
            "checkIpContact": "192.0.2.11",
        },
    ),
    "click2call": (
        "click_to_call",
        {"extension": "100", "number": "800123456", "caller_id_number": "222333444"},
        "originate",
        {"srcSipUsername": "a100", "dstNum": "800123456", "dialerCid": "222333444"},
    ),
    "dial: the page's example": (
        "dial",
        {"number": "800123456", "route_name": "outgoing", "context": "processing"},
        "dial",
        {"dstNum": "800123456", "outrouteName": "outgoing", "context": "processing"},
    ),
    "outrouteId, hangupContext": (
        "dial",
        {"number": "800123456", "route_id": "5", "context": "processing", "hangup_context": "bye"},
        "dial",
        {"dstNum": "800123456", "outrouteId": "5", "context": "processing", "hangupContext": "bye"},
    ),
    "spying: internal, internal": (
        "spy",
        {
            "extension": "100",
            "extension_type": "internal",
            "target_extension": "101",
            "target_type": "internal",
            "caller_id_number": "222333444",
            "caller_id_name": "Boss",
        },
        "spying",
        {"srcExtenInternalNum": "100", "dstExtenInternalNum": "101", "spyCid": "222333444", "spyName": "Boss"},
    ),
    "spying: public, id": (
        "spy",
        {"extension": "222333100", "extension_type": "public", "target_extension": "2", "target_type": "id"},
        "spying",
        {"srcExtenPublicNum": "222333100", "dstExtenId": "2"},
    ),
    "spying: id, public": (
        "spy",
        {"extension": "1", "extension_type": "id", "target_extension": "222333101", "target_type": "public"},
        "spying",
        {"srcExtenId": "1", "dstExtenPublicNum": "222333101"},
    ),
    "spying: SIP user names": (
        "spy",
        {
            "extension": "a100",
            "extension_type": "sip_username",
            "target_extension": "a101",
            "target_type": "sip_username",
        },
        "spying",
        {"srcSipUsername": "a100", "dstSipUsername": "a101"},
    ),
    "agentlogin": (
        "agent_login",
        {"agent": "1000", "extension": "101"},
        "agentlogin",
        {"srcSipUsername": "a101", "agentNumber": "1000", "agentPin": "1234"},
    ),
    "agentlogout": ("agent_logout", {"agent": "1000"}, "agentlogout", {"agentNumber": "1000", "agentPin": "1234"}),
    "agentpause": ("agent_pause", {"agent": "1000"}, "agentpause", {"agentNumber": "1000", "agentPin": "1234"}),
    "agentunpause": ("agent_unpause", {"agent": "1000"}, "agentunpause", {"agentNumber": "1000", "agentPin": "1234"}),
    "agentadd": (
        "queue_add",
        {"queue": "support", "agent": "1000", "penalty": 3},
        "agentadd",
        {"queueName": "support", "penalty": "3", "agentNumber": "1000", "agentPin": "1234"},
    ),
    "agentremove": (
        "queue_remove",
        {"queue": "support", "agent": "1000"},
        "agentremove",
        {"queueName": "support", "agentNumber": "1000", "agentPin": "1234"},
    ),
    "moverecord: the page's example": (
        "move_recording",
        {"record_id": "10000", "filename": "record.wav", "path": "/archive/2024"},
        "moverecord",
        {"cdrId": "10000", "filename": "record.wav", "path": "/archive/2024"},
    ),
    "moverecord: filename alone": (
        "move_recording",
        {"record_id": "10000", "filename": "record.wav"},
        "moverecord",
        {"cdrId": "10000", "filename": "record.wav"},
    ),
    "moverecord: path alone": (
        "move_recording",
        {"record_id": "10000", "path": "/archive/2024"},
        "moverecord",
        {"cdrId": "10000", "path": "/archive/2024"},
    ),
}


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize("row", ROWS)
@proves(
    "voipsun",
    "src",
    "dialplanName",
    "customCDR",
    "dialerCid",
    "monitor",
    "check",
    "dial",
    "spying",
    "agentlogin",
    "agentlogout",
    "agentpause",
    "agentadd",
    "agentremove",
    "moverecord",
    "success",
)
async def test_what_arrives(hass: HomeAssistant, page: VoipsunPage, row: str) -> None:
    """An action sends exactly the parameters of the page, and the PBX of the page accepts them."""
    action, data, sent, parameters = ROWS[row]
    await act(hass, action, **data)
    assert page.sent(sent)[-1] == parameters


# -- numbers as they are keyed -----------------------------------------------------------------------


KEYED = (
    ("CZ", "800123456"),
    ("CZ", "00420800123456"),
    ("CZ", "+420800123456"),
    ("CZ", "0044 20 7946 0018"),
    ("DE", "030 23125101"),
    ("IT", "0669812345"),
    ("US", "(202) 555-0123"),
    ("CZ", "101"),
    ("CZ", "*31#800123456"),
)
# Every field with a number: the action, what else it needs, and where the number has to arrive.
FIELDS = (
    ("originate", {"extension": "100"}, "number", "originate", "dstNum"),
    ("click_to_call", {"extension": "100"}, "number", "originate", "dstNum"),
    ("dial", {"route_name": "outgoing", "context": "processing"}, "number", "dial", "dstNum"),
    ("originate", {"extension": "100", "number": "101"}, "caller_id_number", "originate", "dialerCid"),
    ("spy", {"extension": "100", "target_extension": "101"}, "caller_id_number", "spying", "spyCid"),
)


@pytest.mark.parametrize(("country", "keyed"), KEYED)
@proves("voipsun", "dstNum", "dialerCid")
async def test_a_number_is_dialled_as_it_is_keyed(
    hass: HomeAssistant, page: VoipsunPage, connect: Connect, country: str, keyed: str
) -> None:
    """The dial plan gets the digits that a phone there would send, without blanks and brackets."""
    await hass.config.async_update(country=country)
    await connect("voipsun", typed(page), options(*LINES))
    digits = "".join(sign for sign in keyed if sign in "+*#0123456789")
    for action, data, field, sent, parameter in FIELDS:
        await act(hass, action, **{**data, field: keyed})
        assert page.sent(sent)[-1][parameter] == digits, field


@pytest.mark.parametrize(
    ("number", "sent"),
    [
        ("tel:+420777123456", "777123456"),
        ("tel:+442079460018", "00442079460018"),
        ("tel:777123456", "777123456"),
        ("tel:101", "101"),
    ],
)
@pytest.mark.usefixtures("office")
@proves("voipsun", "dstNum")
async def test_a_number_that_nobody_keyed(hass: HomeAssistant, page: VoipsunPage, number: str, sent: str) -> None:
    """What an automation takes from an event goes out as a phone there dials it; a caller ID stays whole."""
    for action in ("originate", "click_to_call"):
        await act(hass, action, extension="100", number=number)
        assert page.sent("originate")[-1]["dstNum"] == sent
    await act(hass, "originate", extension="100", number="101", caller_id_number="tel:+420777123456")
    assert page.sent("originate")[-1]["dialerCid"] == "+420777123456"


@pytest.mark.parametrize("typed", ["800 123 456", "+420 800 123 456", "00420800123456"])
@pytest.mark.usefixtures("office")
@proves("voipsun", "dstNum")
async def test_whoever_is_in_the_phone_book(hass: HomeAssistant, page: VoipsunPage, typed: str) -> None:
    """A person is called by name, at the number that people there dial."""
    person = {"name": "Taxi", "numbers": [typed]}
    await hass.services.async_call(DOMAIN, "add_to_phone_book", person, blocking=True)
    await act(hass, "originate", extension="100", number="Taxi")
    assert page.sent("originate")[-1]["dstNum"] == "800123456"


@proves("voipsun", "dstNum")
async def test_whom_assist_may_call(hass: HomeAssistant, page: VoipsunPage, connect: Connect) -> None:
    """The list of the options is dialled as people there dial it."""
    more = {"assist": True, "assist_numbers": ["Taxi = 800 123 456"]}
    await connect("voipsun", typed(page), {**options(*LINES), **more})
    await hass.async_block_till_done()
    for component in ("homeassistant", "llm"):
        assert await async_setup_component(hass, component, {})
    context = llm.LLMContext(
        platform="test", context=Context(), language="en", assistant="conversation", device_id=None
    )
    assist = await llm.async_get_api(hass, llm.LLM_API_ASSIST, context)
    wish = llm.ToolInput(tool_name="pbx__call", tool_args={"from": "Anna (100)", "to": "Taxi"})
    assert not (await assist.async_call_tool(wish)).error
    assert page.sent("originate")[-1]["dstNum"] == "800123456"


@proves("voipsun", "dstNum")
async def test_a_speed_dial_keeps_what_was_entered(
    hass: HomeAssistant, page: VoipsunPage, office: MockConfigEntry
) -> None:
    """The form keeps the number as it was typed, and the button dials it so."""
    flow = await hass.config_entries.subentries.async_init(
        (office.entry_id, "speed_dial"), context={"source": SOURCE_USER}
    )
    done = await hass.config_entries.subentries.async_configure(
        flow["flow_id"], {"name": "Taxi", "extension": "100", "number": "800 123 456"}
    )
    assert done["type"] is FlowResultType.CREATE_ENTRY
    await hass.async_block_till_done()
    (subentry,) = office.get_subentries_of_type("speed_dial")
    assert subentry.data["number"] == "800 123 456"
    await hass.services.async_call("button", "press", {"entity_id": "button.taxi"}, blocking=True)
    assert page.sent("originate")[-1] == {"srcSipUsername": "a100", "dstNum": "800123456"}


@proves("voipsun", "dstNum", "listcalls")
async def test_call_back(hass: HomeAssistant, page: VoipsunPage, office: MockConfigEntry) -> None:
    """Who called is called back as a phone there would dial the number."""
    page.calls = [
        {
            "channelName": "SIP/trunk-0000b703",
            "context": "incoming",
            "src": "777123456",
            "dst": "222333100",
            "duration": "3",
            "status": "Ring",
            "accountCode": "",
        },
        {
            "channelName": "SIP/a100-0000b704",
            "context": "internal",
            "src": "777123456",
            "dst": "100",
            "duration": "3",
            "status": "Ringing",
            "accountCode": "",
        },
    ]
    coordinator = office.runtime_data.coordinator
    await coordinator.async_refresh()
    page.calls = []
    for _ in range(3):
        await coordinator.async_refresh()
    await hass.async_block_till_done()
    await hass.services.async_call("button", "press", {"entity_id": "button.anna_100_call_back"}, blocking=True)
    await act(hass, "call_back", extension="100")
    assert page.sent("originate") == [{"srcSipUsername": "a100", "dstNum": "777123456"}] * 2


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("action", "data", "fields"),
    [
        ("move_recording", {"record_id": "10000"}, "filename, path"),
        ("queue_add", {"queue": "support"}, "agent, extension"),
        ("queue_remove", {"queue": "support"}, "agent, extension"),
    ],
)
@proves("voipsun", "moverecord")
async def test_at_least_one(hass: HomeAssistant, action: str, data: dict[str, Any], fields: str) -> None:
    """Where the page wants at least one of two, the message does not ask for exactly one."""
    assert await refused(hass, action, **data) == ("any_of", {"fields": fields})


# -- the page's error codes --------------------------------------------------------------------------

# Codes, an action that gets them, and the reason that a script reads.
ORIGINATE = ("originate", {"extension": "100", "number": "101"}, "originate")
LOGIN = ("agent_login", {"agent": "1000", "extension": "100"}, "agentlogin")
MOVE = ("move_recording", {"record_id": "10000", "path": "/archive"}, "moverecord")
SPY = ("spy", {"extension": "100", "target_extension": "101"}, "spying")
DIAL = ("dial", {"number": "101", "context": "c", "route_name": "outgoing"}, "dial")
ADD = ("queue_add", {"queue": "support", "agent": "1000"}, "agentadd")
CODES: tuple[tuple[range, tuple[str, dict[str, Any], str], str], ...] = (
    (range(100, 101), ORIGINATE, "no_permission"),
    (range(120, 121), ORIGINATE, "incomplete"),
    (range(200, 201), ORIGINATE, "conflict"),
    (range(201, 204), ORIGINATE, "not_found"),
    (range(210, 212), ORIGINATE, "wrong_address"),
    (range(220, 229), ORIGINATE, "unavailable"),
    (range(250, 251), DIAL, "no_route"),
    (range(300, 302), SPY, "conflict"),
    (range(302, 305), SPY, "not_found"),
    (range(310, 313), SPY, "not_found"),
    (range(500, 505), LOGIN, "wrong_pin"),
    (range(550, 551), ("agent_logout", {"agent": "1000"}, "agentlogout"), "wrong_pin"),
    (range(580, 581), ("agent_pause", {"agent": "1000"}, "agentpause"), "wrong_pin"),
    (range(590, 591), ("agent_unpause", {"agent": "1000"}, "agentunpause"), "wrong_pin"),
    (range(600, 602), ADD, "queue"),
    (range(800, 801), MOVE, "no_record"),
    (range(801, 802), MOVE, "no_recording"),
    (range(810, 813), MOVE, "file_access"),
)
STATES = range(610, 637)  # answers of agentstatus: a state of the agent


def test_every_code_of_the_page_has_a_row() -> None:
    """The table above leaves no code of the page out, but for 110, which ends in *unsupported*."""
    rows = {code for codes, _, _ in CODES for code in codes}
    assert rows | set(STATES) | {110} == set(ERRORS)


async def _refused(hass: HomeAssistant, action: str, data: dict[str, Any]) -> HomeAssistantError:
    """Return the error that an action ends with."""
    with pytest.raises(HomeAssistantError) as raised:
        await hass.services.async_call(DOMAIN, action, data, blocking=True)
    return raised.value


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(("codes", "asked", "reason"), CODES)
@pytest.mark.parametrize("worded", [True, False])
@proves(
    "voipsun",
    "success",
    "errors",
    "errors_originate",
    "errors_dial",
    "errors_spying",
    "errors_agent",
    "errors_recording",
)
async def test_an_error_says_what_it_means(
    hass: HomeAssistant,
    page: VoipsunPage,
    codes: range,
    asked: tuple[str, dict[str, Any], str],
    reason: str,
    *,
    worded: bool,
) -> None:
    """Each code has a sentence of its own, with the code, the PBX's words and a reason to branch on."""
    action, data, sent = asked
    for code in codes:
        said = ERRORS[code] if worded else ""
        page.refusals[sent] = RefusalError(code, said)
        error = await _refused(hass, action, data)
        # Without words nobody can tell a wrong PIN from a missing extension.
        expected = "agent_login" if code in range(500, 505) and not worded else reason
        assert error.translation_key == f"refused_{expected}"
        assert error.translation_placeholders == {
            "provider": "VoIPSUN PBX",
            "reason": expected,
            "code": str(code),
            "answer": f"{code}: {said}" if worded else str(code),
        }


@pytest.mark.usefixtures("office")
@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Extension 100 is busy", "busy"),
        ("Extension a100 is in use", "busy"),
        ("Extension 100 is ringing", "ringing"),
        ("Extension a100 is not registered", "unavailable"),
        ("Linka 100 je obsazená", "busy"),
        ("Linka 100 vyzvání", "ringing"),
        ("Linka 100 je nedostupná", "unavailable"),
    ],
)
@proves("voipsun", "errors_originate")
async def test_busy_is_told_from_ringing(hass: HomeAssistant, page: VoipsunPage, said: str, reason: str) -> None:
    """*Extension unavailability states*: a script can go on to the next person, and the words arrive whole."""
    for code in range(220, 229):
        page.refusals["originate"] = RefusalError(code, said)
        answer = await act(hass, "originate", extension="100", number="101")
        assert answer == {"call_id": None, "outcome": "refused", "reason": reason, "code": str(code), "answer": said}
    error = await _refused(hass, "originate", {"extension": "100", "number": "101"})
    assert error.translation_key == f"refused_{reason}"
    assert error.translation_placeholders is not None
    assert error.translation_placeholders["answer"] == f"228: {said}"


@pytest.mark.usefixtures("office")
@proves("voipsun", "errors")
async def test_an_unknown_action(hass: HomeAssistant, page: VoipsunPage) -> None:
    """*110*: this PBX does not know the action."""
    page.refusals["originate"] = RefusalError(110)
    error = await _refused(hass, "originate", {"extension": "100", "number": "101"})
    assert error.translation_key == "unsupported"


@pytest.mark.usefixtures("office")
@proves("voipsun", "errors_agent", "agentstatus")
async def test_an_agents_state(hass: HomeAssistant, page: VoipsunPage) -> None:
    """*610-636*: what is a state is told as one; a wrong PIN is refused."""
    for code in STATES:
        page.refusals["agentstatus"] = RefusalError(code, "Agent is logged out")
        answer = await act(hass, "get_agent_status", agent="1000")
        assert answer is not None
        assert answer["status"] == "logged_out"
        page.refusals["agentstatus"] = RefusalError(code, "Wrong PIN")
        with pytest.raises(HomeAssistantError) as raised:
            await act(hass, "get_agent_status", agent="1000")
        assert raised.value.translation_key == "refused_wrong_pin"


@pytest.mark.parametrize(
    ("code", "said", "told"),
    [
        (100, "Unauthorized user", "the account may not do this (100: Unauthorized user)"),
        (100, "", "the account may not do this (100)"),
        (120, "", "something is missing in the request (120)"),
    ],
)
@proves("voipsun", "errors_agent", "errors")
async def test_an_error_in_a_form(
    hass: HomeAssistant, page: VoipsunPage, office: MockConfigEntry, code: int, said: str, told: str
) -> None:
    """Whoever adds an agent reads what the error means, also where the PBX has no words for it."""
    page.refusals["agentstatus"] = RefusalError(code, said)
    flow = await hass.config_entries.subentries.async_init((office.entry_id, "agent"), context={"source": SOURCE_USER})
    agent = {"name": "Jana", "number": "1001", "pin": "2580"}
    form = await hass.config_entries.subentries.async_configure(flow["flow_id"], agent)
    assert form["errors"] == {"base": "refused"}
    assert form["description_placeholders"] == {"reason": f"VoIPSUN PBX: {told}", "seconds": ""}


# -- several extensions with one internal number -----------------------------------------------------

SHARED = ("a100 = 100@Praha, Anna", "b100 = 100@Brno, Boris", "a101 = 101, Cyril")


@pytest.fixture
async def two_towns(page: VoipsunPage, connect: Connect) -> MockConfigEntry:
    """Set an account up whose phones in two dial plans share the number 100."""
    page.phones.append(
        Phone(
            exten_id="3", internal="100", public="541333100", sip_username="b100", dialplan="Brno", host="192.0.2.30"
        ),
    )
    return await connect("voipsun", typed(page), options(*SHARED), [AGENT, QUEUE])


BRNO = {"srcExtenInternalNum": "100", "dialplanName": "Brno"}
# How the phone in Brno is named: the fields of the action, and what has to arrive.
NAMES: tuple[tuple[dict[str, str], dict[str, str]], ...] = (
    ({"extension": "100", "dialplan": "Brno"}, BRNO),
    ({"extension": "100@Brno"}, {"srcSipUsername": "b100"}),
    ({"extension": "b100"}, {"srcSipUsername": "b100"}),
    ({"extension": "100@Brno", "dialplan": "Brno"}, BRNO),
)
# Every action that names an extension, with what else it needs.
NAMING: tuple[tuple[str, dict[str, Any], str, dict[str, str]], ...] = (
    ("originate", {"number": "101"}, "originate", {"dstNum": "101"}),
    ("click_to_call", {"number": "101"}, "originate", {"dstNum": "101"}),
    ("spy", {"target_extension": "101", "target_type": "id"}, "spying", {"dstExtenId": "101"}),
    ("agent_login", {"agent": "1000"}, "agentlogin", {"agentNumber": "1000", "agentPin": "1234"}),
    ("queue_add", {"queue": "support"}, "agentadd", {"queueName": "support"}),
    ("queue_remove", {"queue": "support"}, "agentremove", {"queueName": "support"}),
)


@pytest.mark.usefixtures("two_towns")
@pytest.mark.parametrize(("action", "data", "sent", "parameters"), NAMING, ids=[row[0] for row in NAMING])
@proves("voipsun", "dialplanName")
async def test_phones_that_share_a_number(
    hass: HomeAssistant,
    page: VoipsunPage,
    action: str,
    data: dict[str, Any],
    sent: str,
    parameters: dict[str, str],
) -> None:
    """*dialplanName: required if multiple extensions share the same internal number*: none is mistaken for another."""
    page.phones[1] = replace(page.phones[1], exten_id="101")
    for name, arrives in NAMES:
        await act(hass, action, **data, **name)
        assert page.sent(sent)[-1] == {**parameters, **arrives}, name
    before = len(page.sent(sent))
    assert await refused(hass, action, extension="100", **data) == (
        "ambiguous_extension",
        {"value": "100", "choices": "100@Praha, 100@Brno"},
    )
    assert len(page.sent(sent)) == before


@proves("voipsun", "dialplanName")
async def test_phones_that_share_a_number_are_two_devices(hass: HomeAssistant, two_towns: MockConfigEntry) -> None:
    """Each with entities of its own, and a call is at the one whose channel is up."""
    names = {
        device.name
        for device in dr.async_entries_for_config_entry(dr.async_get(hass), two_towns.entry_id)
        if device.model_id == "extension"
    }
    assert names == {"Anna (100@Praha)", "Boris (100@Brno)", "Cyril (101)"}
    assert hass.states.get("sensor.boris_100_brno_call_state") is not None


@proves("voipsun", "sipstatus")
async def test_where_a_phone_is_registered(
    hass: HomeAssistant, page: VoipsunPage, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """*host*, *regcontact*, *useragent* and the time of *status* are there to be looked up."""
    monkeypatch.setattr(Entity, "entity_registry_enabled_default", property(lambda _entity: True))
    page.phones[0] = replace(page.phones[0], status="OK (12 ms)")
    await connect("voipsun", typed(page), options(*LINES))
    shown = {
        name: hass.states.get(f"sensor.anna_100_{name}").state  # type: ignore[union-attr]
        for name in ("registered_from", "sip_contact", "latency", "phone_software")
    }
    assert shown == {
        "registered_from": "192.0.2.10",
        "sip_contact": "sip:a100@192.0.2.10:5060",
        "latency": "12.0",
        "phone_software": "Yealink T54W",
    }


@proves("voipsun", "listcalls_up")
async def test_nothing_is_made_up(hass: HomeAssistant, page: VoipsunPage, office: MockConfigEntry) -> None:
    """*status: Connection status (Up)*: of a call that is first seen up nobody knows how long it rang."""
    events = async_capture_events(hass, EVENT_PBX)
    row = {"context": "internal", "src": "777123456", "dst": "100", "duration": "35", "status": "Up", "accountCode": ""}
    page.calls = [
        {**row, "channelName": "SIP/trunk-0000b703"},
        {**row, "channelName": "SIP/a100-0000b704"},
    ]
    coordinator = office.runtime_data.coordinator
    for _ in range(3):
        await coordinator.async_refresh()
    page.calls = []
    for _ in range(3):
        await coordinator.async_refresh()
    await hass.async_block_till_done()
    ended = next(event.data for event in events if event.data["type"] == "call_ended")
    assert ended["outcome"] == "answered"
    assert not {"ring_time", "answered_at", "duration"} & ended.keys()


@proves("voipsun", "hangupcall", "listcalls", "agentstatus", "queuestatus")
async def test_what_is_asked_for(hass: HomeAssistant, page: VoipsunPage, office: MockConfigEntry) -> None:
    """The calls with what the page lists of each, an agent, a queue; and a call is ended by its channel."""
    row = {"context": "internal", "src": "777123456", "dst": "100", "duration": "3", "status": "Ringing"}
    page.calls = [
        {**row, "channelName": "SIP/trunk-0000b703", "status": "Ring", "accountCode": ""},
        {**row, "channelName": "SIP/a100-0000b704", "accountCode": "acc1"},
    ]
    await office.runtime_data.coordinator.async_refresh()
    answer = await act(hass, "get_calls")
    assert answer is not None
    (call,) = answer["calls"]
    assert (call["state"], call["from_number"]) == ("ringing", "+420777123456")
    legs = {leg.get("extension"): leg for leg in call["legs"]}
    assert (legs["100"]["context"], legs["100"]["account_code"]) == ("internal", "acc1")
    await act(hass, "agent_login", agent="1000", extension="100")
    status = await act(hass, "get_agent_status", agent="1000")
    assert status is not None
    assert status["status"] == "available"
    queue = await act(hass, "get_queue_status", queue="support")
    assert queue is not None
    assert (queue["waiting"], queue["raw"]["queue"]) == (0, "support")
    await act(hass, "hangup", call_id=call["call_id"])
    assert page.sent("hangupcall")[-1]["channelName"] in {"SIP/trunk-0000b703", "SIP/a100-0000b704"}
