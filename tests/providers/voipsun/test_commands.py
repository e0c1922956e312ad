"""VoIPSUN: what a command sends, and what its answer means."""

import asyncio
import logging
import traceback
from contextlib import suppress
from typing import Any

import aiohttp
import pytest

from custom_components.pbx.providers.voipsun import permissions as voipsun
from custom_components.pbx.providers.voipsun.commands import Commands, move_recording
from custom_components.pbx.providers.voipsun.lines import Lines
from custom_components.pbx.providers.voipsun.provider import VoipsunProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    ConnectError,
    InvalidInputError,
    NotFoundError,
    ProviderError,
    RefusedError,
    UnknownOutcomeError,
    UnsupportedError,
)
from custom_components.pbx.telephony.models import CallState, Capability, Direction, ExtensionType

from .box import AGENT, CALLS, OK, PASSWORD, PIN, QUEUE, USER, Box, Run, live, make, no

FULL = m.Originate(
    extension="100",
    number="800 123 456",
    caller_id_number="+420 222 333 444",
    caller_id_name="Dveře & zvonek",
    extension_type=ExtensionType.INTERNAL,
    dialplan="internal",
    custom_cdr=("a", "", "c", "d"),
    recording_filename="call.wav",
    recording_path="/archive/2026",
    check_extension=True,
    check_ip_host="192.0.2.1",
    check_ip_contact="192.0.2.2",
)


PLACE = {"dstNum": "800123456"}


COMMANDS: dict[str, tuple[Run, str, dict[str, str]]] = {
    "originate": (
        lambda p: p.originate(m.Originate(extension="100", number="800123456")),
        "originate",
        {**PLACE, "srcSipUsername": "sip100"},
    ),
    "originate with everything": (
        lambda p: p.originate(FULL),
        "originate",
        {
            **PLACE,
            "srcExtenInternalNum": "100",
            "dialplanName": "internal",
            "dialerCid": "+420222333444",
            "dialerName": "Dveře & zvonek",
            "monitorFilename": "call.wav",
            "monitorPath": "/archive/2026",
            "checkExten": "1",
            "checkIpHost": "192.0.2.1",
            "checkIpContact": "192.0.2.2",
            "customCDR1": "a",
            "customCDR3": "c",
            "customCDR4": "d",
        },
    ),
    "originate from an extension nobody named": (
        lambda p: p.originate(m.Originate(extension="150", number="tel:+39-06-12345678", check_extension=False)),
        "originate",
        {"dstNum": "+390612345678", "srcExtenInternalNum": "150"},
    ),
    "originate from a SIP user nobody named": (
        lambda p: p.originate(m.Originate(extension="recepce", number="*97")),
        "originate",
        {"dstNum": "*97", "srcSipUsername": "recepce"},
    ),
    "originate in a dial plan": (
        lambda p: p.originate(m.Originate(extension="100", number="101", dialplan="office")),
        "originate",
        {"dstNum": "101", "srcExtenInternalNum": "100", "dialplanName": "office"},
    ),
    "originate from a public number": (
        lambda p: p.originate(m.Originate(extension="222 333 444", number="101", extension_type=ExtensionType.PUBLIC)),
        "originate",
        {"dstNum": "101", "srcExtenPublicNum": "222333444"},
    ),
    "originate from a row": (
        lambda p: p.originate(m.Originate(extension="17", number="101", extension_type=ExtensionType.ID)),
        "originate",
        {"dstNum": "101", "srcExtenId": "17"},
    ),
    "originate from a SIP user": (
        lambda p: p.originate(m.Originate(extension="sip9", number="101", extension_type=ExtensionType.SIP_USERNAME)),
        "originate",
        {"dstNum": "101", "srcSipUsername": "sip9"},
    ),
    "click to call": (
        lambda p: p.click_to_call(m.Originate(extension="222333444", number="800123456")),
        "originate",
        {**PLACE, "srcSipUsername": "sip100"},
    ),
    "dial by name": (
        lambda p: p.dial(m.Dial(number="800123456", context="processing", route_name="outgoing", hangup_context="bad")),
        "dial",
        {**PLACE, "context": "processing", "outrouteName": "outgoing", "hangupContext": "bad"},
    ),
    "dial by id": (
        lambda p: p.dial(m.Dial(number="800123456", context="processing", route_id="3")),
        "dial",
        {**PLACE, "context": "processing", "outrouteId": "3"},
    ),
    "spy on an extension": (
        lambda p: p.spy(
            m.Spy(
                extension="100", target_extension="101", caller_id_number="555", caller_id_name="Dohled", dialplan="x"
            )
        ),
        "spying",
        {
            "srcExtenInternalNum": "100",
            "dstExtenInternalNum": "101",
            "dialplanName": "x",
            "spyCid": "555",
            "spyName": "Dohled",
        },
    ),
    "spy with types": (
        lambda p: p.spy(
            m.Spy(
                extension="7",
                extension_type=ExtensionType.ID,
                target_extension="222333444",
                target_type=ExtensionType.PUBLIC,
            )
        ),
        "spying",
        {"srcExtenId": "7", "dstExtenPublicNum": "222333444"},
    ),
    "agent login at home": (
        lambda p: p.agent_login(m.AgentRef(id="a0")),
        "agentlogin",
        {"agentNumber": "1000", "agentPin": PIN, "srcSipUsername": "sip100"},
    ),
    "agent login elsewhere": (
        lambda p: p.agent_login(m.AgentRef(number="2000", pin="0007", extension="102")),
        "agentlogin",
        {"agentNumber": "2000", "agentPin": "0007", "srcExtenInternalNum": "102"},
    ),
    "agent logout": (
        lambda p: p.agent_logout(m.AgentRef(id="a0", pin="9999")),
        "agentlogout",
        {"agentNumber": "1000", "agentPin": "9999"},
    ),
    "agent pause by number": (
        lambda p: p.agent_pause(m.AgentRef(number="1000")),
        "agentpause",
        {"agentNumber": "1000", "agentPin": PIN},
    ),
    "agent unpause": (
        lambda p: p.agent_unpause(m.AgentRef(id="a0")),
        "agentunpause",
        {"agentNumber": "1000", "agentPin": PIN},
    ),
    "queue add an agent": (
        lambda p: p.queue_add(m.QueueMember(queue="q0", agent=m.AgentRef(id="a0"), penalty=0)),
        "agentadd",
        {"queueName": "podpora", "agentNumber": "1000", "agentPin": PIN, "penalty": "0"},
    ),
    "queue add an extension": (
        lambda p: p.queue_add(m.QueueMember(queue="obchod", extension="101")),
        "agentadd",
        {"queueName": "obchod", "srcSipUsername": "sip101"},
    ),
    "queue remove both": (
        lambda p: p.queue_remove(m.QueueMember(queue="podpora", agent=m.AgentRef(id="a0", extension="101"))),
        "agentremove",
        {"queueName": "podpora", "agentNumber": "1000", "agentPin": PIN, "srcSipUsername": "sip101"},
    ),
    "move a recording": (
        lambda p: p.move_recording("10000", "record.wav", "/archive/2024"),
        "moverecord",
        {"cdrId": "10000", "filename": "record.wav", "path": "/archive/2024"},
    ),
    "rename a recording": (
        lambda p: p.move_recording("10000", "record.wav", None),
        "moverecord",
        {"cdrId": "10000", "filename": "record.wav"},
    ),
}


PLACING = {"originate", "dial"}


COMMAND_NAMES = sorted(COMMANDS)


@pytest.mark.parametrize("name", COMMAND_NAMES)
async def test_what_a_command_sends(client: VoipsunProvider, box: Box, name: str) -> None:
    """Exactly these parameters, exactly once, as text."""
    run, action, params = COMMANDS[name]
    answer = await run(client)
    assert box.sent(action) == [params]
    assert len(box.queries) == 1
    assert answer == (m.Placed() if action in PLACING else None)


@pytest.mark.parametrize("name", COMMAND_NAMES)
async def test_a_lost_connection_is_an_unknown_outcome_and_never_a_second_try(
    client: VoipsunProvider, box: Box, name: str
) -> None:
    """The command may have been carried out."""
    run, action, _ = COMMANDS[name]
    box.drop = {action}
    if action in PLACING:
        assert (await run(client)).outcome is m.PlacedOutcome.UNKNOWN
    else:
        with pytest.raises(UnknownOutcomeError):
            await run(client)
    await asyncio.sleep(0.05)
    assert len(box.queries) == 1


@pytest.mark.parametrize("answer", [b"", b"<html>", [], {}, None, "true"])
@pytest.mark.parametrize("status", [200, 502])
async def test_a_command_whose_answer_cannot_be_read(
    client: VoipsunProvider, box: Box, answer: object, status: int
) -> None:
    """PHP may have failed before or after: nobody knows."""
    box.status = status
    box.answers |= dict.fromkeys(("originate", "agentpause"), answer)
    assert (await client.originate(FULL)).outcome is m.PlacedOutcome.UNKNOWN
    with pytest.raises(UnknownOutcomeError):
        await client.agent_pause(m.AgentRef(id="a0"))


@pytest.mark.parametrize("status", [302, 404])
async def test_a_command_that_reached_no_phone_system(client: VoipsunProvider, box: Box, status: int) -> None:
    """The web server has no such page: nothing was done."""
    box.status, box.answers["originate"] = status, b"<html>"
    with pytest.raises(ConnectError) as caught:
        await client.originate(FULL)
    assert not isinstance(caught.value, UnknownOutcomeError)


NOT_FOUND = {201, 202, 203, 250, 302, 303, 304, 310, 311, 312, 800, 801}


CODES = (
    *(120, 200, 201, 202, 203, 210, 211, *range(220, 229), 250),
    *(300, 301, 302, 303, 304, 310, 311, 312),
    *(500, 501, 502, 503, 504, 550, 580, 590, 600, 601, 610, 611, 636),
    *(800, 801, 810, 811, 812, 999),
)


@pytest.mark.parametrize("code", CODES)
async def test_every_error_carries_the_phone_systems_reason(client: VoipsunProvider, box: Box, code: int) -> None:
    """By family: what does not exist, and what is refused."""
    box.answers["originate"] = no(str(code), f"Reason {code}")
    with pytest.raises(RefusedError) as caught:
        await client.originate(FULL)
    assert (caught.value.code, caught.value.reason) == (str(code), f"Reason {code}")
    assert isinstance(caught.value, NotFoundError) is (code in NOT_FOUND)
    assert len(box.queries) == 1


@pytest.mark.parametrize("errno", [None, "x", {}, "1e9"])
async def test_an_error_without_a_readable_code(client: VoipsunProvider, box: Box, errno: object) -> None:
    """It is still a no."""
    box.answers["originate"] = no(errno, None)
    with pytest.raises(RefusedError) as caught:
        await client.originate(FULL)
    assert caught.value.reason == ""


@pytest.mark.parametrize("name", COMMAND_NAMES)
async def test_a_denied_command_is_a_missing_permission(client: VoipsunProvider, box: Box, name: str) -> None:
    """Not a wrong password; what needs the permission is gone from then on."""
    run, action, _ = COMMANDS[name]
    before = client.capabilities
    box.answers[action] = no("100", "Unauthorized user or bad permissions")
    with pytest.raises(RefusedError) as caught:
        await run(client)
    assert caught.value.reason == "Unauthorized user or bad permissions"
    assert client.capabilities != before
    assert client.capabilities & before == client.capabilities
    assert Capability.CALLS in client.capabilities
    client.configure([], [])
    (permission,) = (await client.directory()).missing_permissions
    assert client.capabilities == before & ~voipsun.PERMISSIONS[permission]


@pytest.mark.parametrize("name", COMMAND_NAMES)
async def test_a_command_this_version_does_not_know(client: VoipsunProvider, box: Box, name: str) -> None:
    """That one only is gone."""
    run, action, _ = COMMANDS[name]
    before = client.capabilities
    box.answers[action] = no("110", "Unknown action")
    with pytest.raises(UnsupportedError) as caught:
        await run(client)
    (gone,) = before & ~client.capabilities
    assert caught.value.command == (gone.name or "").lower()
    with pytest.raises(UnsupportedError):
        client.check(gone)
    assert (await client.directory()).missing_permissions == frozenset()


INVALID: list[tuple[Run, str, str]] = [
    (lambda p: p.originate(m.Originate(extension="100", number="abc")), "number", "invalid_number"),
    (lambda p: p.originate(m.Originate(extension="100", number="")), "number", "invalid_number"),
    (lambda p: p.originate(m.Originate(extension=" ", number="101")), "extension", "required"),
    (lambda p: p.originate(m.Originate(extension="a b", number="101")), "extension", "invalid_value"),
    (
        lambda p: p.originate(m.Originate(extension="x", number="101", extension_type=ExtensionType.ID)),
        "extension",
        "invalid_value",
    ),
    (
        lambda p: p.originate(m.Originate(extension="1", number="101", custom_cdr=("a",) * 5)),
        "custom_cdr",
        "out_of_range",
    ),
    (lambda p: p.originate(m.Originate(extension="1", number="101", custom_cdr=("a\nb",))), "custom_cdr", ""),
    (lambda p: p.originate(m.Originate(extension="1", number="101", caller_id_name="a\x00b")), "caller_id_name", ""),
    (lambda p: p.originate(m.Originate(extension="1", number="101", caller_id_name="\ud800")), "caller_id_name", ""),
    (
        lambda p: p.originate(m.Originate(extension="1", number="101", caller_id_number="abc")),
        "caller_id_number",
        "invalid_number",
    ),
    (
        lambda p: p.originate(m.Originate(extension="1", number="101", recording_filename="../x")),
        "recording_filename",
        "invalid_value",
    ),
    (
        lambda p: p.originate(m.Originate(extension="1", number="101", recording_path="/a/../b")),
        "recording_path",
        "invalid_value",
    ),
    *(
        (
            lambda p, name=name: p.originate(m.Originate(extension="1", number="101", caller_id_name=name)),
            "caller_id_name",
            "",
        )
        for name in ('"Bank" <+49110>', "a,b|c", "${SHELL(id)}", "a;b", "a`b`", "a\\b", "[a]")
    ),
    (lambda p: p.originate(m.Originate(extension="1", number="101", dialplan="a,b|c")), "dialplan", ""),
    (lambda p: p.originate(m.Originate(extension="1", number="101", custom_cdr=("${x}",))), "custom_cdr", ""),
    (lambda p: p.dial(m.Dial(number="101", context="a,1", route_id="1")), "context", "invalid_value"),
    *(
        (lambda p, path=path: p.move_recording("1", None, path), "path", "invalid_value")
        for path in (
            *("/etc/asterisk", "//etc", "/var/www/html", "/VAR/lib", "$(id)"),
            *("a/..%2f..%2fb", "a/../b", "a//b", ".ssh"),
        )
    ),
    *(
        (lambda p, name=name: p.move_recording("1", name, None), "filename", "invalid_value")
        for name in ("x.php", "x.PHTML", "`id`.wav", ".htaccess", "a;b.wav", "$(id).wav", "x.sh")
    ),
    (lambda p: p.originate(m.Originate(extension="1", number="101", check_ip_host="a b")), "check_ip_host", ""),
    (lambda p: p.dial(m.Dial(number="101", context="x")), "route_name", "required"),
    (lambda p: p.dial(m.Dial(number="101", context="x", route_name="a", route_id="1")), "route_id", "conflict"),
    (lambda p: p.dial(m.Dial(number="101", context="x", route_id="a")), "route_id", "invalid_value"),
    (lambda p: p.dial(m.Dial(number="101", context="", route_id="1")), "context", "required"),
    (lambda p: p.spy(m.Spy(extension="100")), "target_extension", "required"),
    (
        lambda p: p.spy(
            m.Spy(
                extension="100",
                target_extension="101",
                call=m.CallRef(call=m.Call(id="x", state=CallState.TALKING)),
            )
        ),
        "target_extension",
        "conflict",
    ),
    (lambda p: p.agent_login(m.AgentRef(number="1", pin="2")), "extension", "required"),
    (lambda p: p.agent_logout(m.AgentRef(number="1")), "pin", "required"),
    (lambda p: p.agent_logout(m.AgentRef(number="1", pin="x")), "pin", "invalid_value"),
    (lambda p: p.agent_logout(m.AgentRef(pin="1")), "agent", "required"),
    (lambda p: p.agent_logout(m.AgentRef(id="nobody")), "agent", "unknown_agent"),
    (lambda p: p.queue_add(m.QueueMember(queue="q0")), "agent", "required"),
    (lambda p: p.queue_add(m.QueueMember(queue="q0", extension="1", penalty=-1)), "penalty", "out_of_range"),
    (lambda p: p.queue_add(m.QueueMember(queue="", extension="1")), "queue", "required"),
    (lambda p: p.queue_status("a\nb"), "queue", "invalid_value"),
    (lambda p: p.move_recording("1", None, None), "filename", "required"),
    (lambda p: p.move_recording("x", "a", None), "record_id", "invalid_value"),
    (lambda p: p.move_recording("1", "a/b", None), "filename", "invalid_value"),
    (lambda p: p.move_recording("1", "..", None), "filename", "invalid_value"),
    (lambda p: p.move_recording("1", None, ".."), "path", "invalid_value"),
]


@pytest.mark.parametrize("index", range(len(INVALID)))
async def test_wrong_input_is_refused_before_anything_is_sent(client: VoipsunProvider, box: Box, index: int) -> None:
    """With the field's name."""
    run, field, problem = INVALID[index]
    with pytest.raises(InvalidInputError) as caught:
        await run(client)
    assert caught.value.field == field
    assert caught.value.problem == problem or not problem
    assert caught.value.value == ("nobody" if problem == "unknown_agent" else "")
    assert box.queries == []


def test_only_what_can_be_honoured_is_offered() -> None:
    """Each command takes the surface's fields and no others."""
    fields = VoipsunProvider.fields
    assert "ring_timeout" not in fields[Capability.ORIGINATE]
    assert "queue" not in fields[Capability.AGENT_LOGIN]
    assert Capability.HANGUP not in fields
    assert {"agent", "extension", "penalty"} <= fields[Capability.QUEUE_ADD]
    assert set(fields) <= set(VoipsunProvider.possible)


@pytest.mark.parametrize("name", COMMAND_NAMES)
async def test_reasons_hold_nothing_that_was_sent(client: VoipsunProvider, box: Box, name: str) -> None:
    """A phone system that repeats its whole query gives away nothing but extensions, which are no secret."""
    run, action, params = COMMANDS[name]
    numbers = [number for number in (params.get("dstNum"), params.get("dialerCid")) if number and len(number) > 6]

    def echo(query: Any) -> dict[str, object]:
        return no("999", f"bad query {query.query_string if hasattr(query, 'query_string') else ''}{dict(query)}")

    box.answers[action] = echo
    with pytest.raises(RefusedError) as caught:
        await run(client)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    for secret in (PASSWORD, USER, params.get("agentPin"), *numbers):
        assert secret is None or secret not in told
    assert len(caught.value.reason) <= 200


async def test_an_encoded_password_is_cut_out_as_well(client: VoipsunProvider, box: Box) -> None:
    """As it stands in a URL."""
    box.answers["agentpause"] = no("580", "GET /api/api.php?password=p%26w%2Fcanary%20%2B1&x=p%26w%2Fcanary+%2B1")
    with pytest.raises(RefusedError) as caught:
        await client.agent_pause(m.AgentRef(id="a0"))
    assert "canary" not in caught.value.reason


async def test_no_exception_and_no_log_line_holds_a_secret(
    box: Box, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong, at debug level."""
    caplog.set_level(logging.DEBUG)
    told = ""
    for answers, drop, status in (
        (no("100", f"user {USER} {PASSWORD}"), set(), 200),
        (b"<html>", set(), 500),
        (no("120"), set(), 400),
        (OK, {"listcalls", "sipstatus", "originate", "agentpause"}, 200),
    ):
        box.answers = dict.fromkeys(("listcalls", "sipstatus", "originate", "agentpause"), answers)
        box.drop, box.status = drop, status
        provider = make(session, host="127.0.0.1", port=box.port)
        provider.configure([AGENT], [QUEUE])
        for run in (
            provider.account,
            provider.calls,
            provider.directory,
            lambda p=provider: p.originate(FULL),
            lambda p=provider: p.agent_pause(m.AgentRef(id="a0")),
        ):
            try:
                told += repr(await run())
            except ProviderError as error:
                told += "".join(traceback.format_exception(error)) + repr(error)
    told += caplog.text + repr([(record.msg, record.args, record.exc_text) for record in caplog.records])
    for secret in (PASSWORD, "canary", PIN, "800123456"):
        assert secret not in told


async def test_hanging_up(client: VoipsunProvider, box: Box) -> None:
    """The user's own leg where there is one; a call that is over needs no request."""
    call = await live(client, box)
    await client.hangup(m.CallRef(call=call, extension="101"))
    assert box.sent("hangupcall") == [{"channelName": "SIP/sip101-0000000b"}]
    box.answers["listcalls"] = []
    await client.calls()
    await client.hangup(m.CallRef(call=call))
    assert len(box.sent("hangupcall")) == 1


@pytest.mark.parametrize("lost", [False, True])
async def test_a_failed_hang_up_of_a_call_that_is_over_is_a_success(
    client: VoipsunProvider,
    box: Box,
    lost: bool,  # noqa: FBT001
) -> None:
    """The list tells; the command itself is sent once."""
    call = await live(client, box)
    box.answers["hangupcall"] = no("120", "Missing channel")
    box.drop = {"hangupcall"} if lost else set()
    with pytest.raises(UnknownOutcomeError if lost else RefusedError):
        await client.hangup(m.CallRef(call=call))
    box.answers["listcalls"] = b"<html>"
    with pytest.raises(UnknownOutcomeError if lost else RefusedError):
        await client.hangup(m.CallRef(call=call))
    box.answers["listcalls"] = [CALLS[1]]
    await client.hangup(m.CallRef(call=call))
    assert len(box.sent("hangupcall")) == 3
    box.answers["listcalls"] = [CALLS[0] | {"duration": "1"}]  # the name came again
    await client.hangup(m.CallRef(call=call))


@pytest.mark.parametrize(("errno", "error"), [("100", RefusedError), ("110", UnsupportedError)])
async def test_a_hang_up_that_is_not_allowed(
    client: VoipsunProvider, box: Box, errno: str, error: type[ProviderError]
) -> None:
    """No need to look whether the call is over."""
    call = await live(client, box)
    box.answers["hangupcall"] = no(errno)
    box.queries.clear()
    with pytest.raises(error):
        await client.hangup(m.CallRef(call=call))
    assert len(box.queries) == 1


async def test_listening_to_a_call(client: VoipsunProvider, box: Box) -> None:
    """By its channel; not after its end."""
    call = await live(client, box)
    await client.spy(m.Spy(extension="100", call=m.CallRef(call=call, extension="101")))
    assert box.sent("spying") == [{"srcSipUsername": "sip100", "dstChannelName": "SIP/sip101-0000000b"}]
    box.answers["listcalls"] = []
    await client.calls()
    with pytest.raises(NotFoundError):
        await client.spy(m.Spy(extension="100", call=m.CallRef(call=call)))


async def test_a_call_that_was_asked_for_is_known_when_it_rings(client: VoipsunProvider, box: Box) -> None:
    """Also when the answer was lost; not when it was refused."""
    ring = {"src": "800123456", "dst": "100", "duration": "1", "status": "Ringing"}
    directions = []
    for number, answer in enumerate((OK, b"", no("220", "Extension unavailable"))):
        box.answers["originate"] = answer
        with suppress(RefusedError):
            await client.originate(m.Originate(extension="100", number="800123456"))
        box.answers["listcalls"] = [{"channelName": f"SIP/sip100-0000001{number}", **ring}]
        calls = await client.calls()
        assert calls
        directions.append(calls[0].direction)
    assert directions == [Direction.OUTGOING, Direction.OUTGOING, Direction.INCOMING]


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("+49(0)30123456", "+4930123456"),
        ("+49 30 123456", "+4930123456"),
        ("tel:+4930123456", "+4930123456"),
        ("+49030123456", "+4930123456"),
        ("030 123456", "030123456"),
        ("*21#", "*21#"),
        ("101", "101"),
    ],
)
def test_what_is_checked_is_what_is_sent(typed: str, sent: str) -> None:
    """A number leaves in the form in which it was checked, also the caller's."""
    commands = Commands(Lines((), "DE"), "DE")
    params, _ = commands.originate(m.Originate(extension="101", number=typed, caller_id_number=typed))
    assert (params["dstNum"], params["dialerCid"]) == (sent, sent)


@pytest.mark.parametrize("path", ["/archive/2024", "2024/10", "archive", "/var/spool/asterisk/monitor", "Büro 1/März"])
def test_folders_below_the_recordings(path: str) -> None:
    """What a folder is called is up to the house."""
    assert move_recording("1", "Anruf 1.wav", path)["path"] == path
