"""The VoIPSUN client against real HTTP: what it sends, what it makes of a no, and the simulated phone system."""

import asyncio
import itertools
import json
import logging
import random
import traceback
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from custom_components.pbx.providers.http import RateLimit, Reply
from custom_components.pbx.providers.voipsun import provider as voipsun
from custom_components.pbx.providers.voipsun.provider import CALL_CENTER, CALL_LIST, SIP_STATUS, VoipsunProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
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
from custom_components.pbx.telephony.models import AgentStatus, CallState, Capability, Direction, ExtensionType
from tests.simulators.base import FaultKind
from tests.simulators.voipsun import VoipsunSimulator
from tests.simulators.voipsun_model import (
    AgentStatusStyle,
    Broken,
    ChannelStatus,
    EmptyStyle,
    LegStyle,
    ListStyle,
    MemberSelector,
    NumberStyle,
    OkStyle,
    Permission,
    QueueStatusStyle,
    Technology,
    Undocumented,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")

USER, PASSWORD = "api-canary", "p&w/canary +1"
PIN = "0417"
OK = {"success": "true"}
PEERS = [
    {"user": "sip100", "host": "192.0.2.1", "status": "OK", "useragent": "T46S", "regcontact": "sip:sip100@192.0.2.1"},
    {"user": "sip101", "host": "192.0.2.2", "status": "OK", "useragent": "T46S", "regcontact": "sip:sip101@192.0.2.2"},
]
NAMES = {"sip100": {"number": "100", "name": "Anna", "public": ["222333444"]}, "sip101": {"number": "101"}}
CALLS = [
    {"channelName": "SIP/trunk-0000000a", "src": "777123456", "dst": "222333444", "duration": "6", "status": "Up"},
    {"channelName": "SIP/sip101-0000000b", "src": "777123456", "dst": "101", "duration": "5", "status": "Up"},
]
AGENT = m.UserAgent(id="a0", name="novak", number="1000", pin=PIN, extension="100")
QUEUE = m.UserQueue(id="q0", name="podpora")


def no(errno: object = "120", reason: object = "No") -> dict[str, object]:
    """Write a refusal."""
    return {"success": "false", "errno": errno, "reason": reason}


class Box:
    """A phone system that answers what the test says, and remembers what it was asked."""

    def __init__(self) -> None:
        """Answer two empty lists and agree to everything."""
        self.answers: dict[str, object] = {"listcalls": [], "sipstatus": PEERS}
        self.status = 200
        self.headers: dict[str, str] = {}
        self.drop: set[str] = set()
        self.queries: list[dict[str, str]] = []
        self.methods: set[str] = set()
        self.busy = 0
        self.most_busy = 0
        self.port = 0

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        self.methods.add(request.method)
        self.queries.append(dict(request.query))
        self.busy += 1
        self.most_busy = max(self.most_busy, self.busy)
        await asyncio.sleep(0)
        self.busy -= 1
        action = request.query.get("action", "")
        if action in self.drop:
            assert request.transport is not None
            request.transport.abort()
        answer = self.answers.get(action, OK)
        if callable(answer):
            answer = answer(request.query)
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        return web.Response(status=self.status, headers=self.headers, body=body, content_type="text/html")

    def sent(self, action: str) -> list[dict[str, str]]:
        """List what an action was sent with, without the credentials."""
        return [
            {key: value for key, value in query.items() if key not in {"username", "password", "action"}}
            for query in self.queries
            if query.get("action") == action
        ]


@pytest.fixture
async def box() -> AsyncIterator[Box]:
    """Start a phone system."""
    box = Box()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", box.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    box.port = runner.addresses[0][1]
    yield box
    await runner.cleanup()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """Open a session."""
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
async def client(box: Box, session: aiohttp.ClientSession) -> VoipsunProvider:
    """Set up an account with two named phones, an agent and a queue."""
    provider = make(session, host="127.0.0.1", port=box.port, extension_names=NAMES)
    await provider.account()
    await provider.directory()
    provider.configure([AGENT], [QUEUE])
    box.queries.clear()
    return provider


def make(session: aiohttp.ClientSession, **more: object) -> VoipsunProvider:
    """Make a provider."""
    return VoipsunProvider(session, {"username": USER, "password": PASSWORD, "country": "CZ", **more})


async def live(client: VoipsunProvider, box: Box) -> m.Call:
    """Let a call be up: a caller from outside talks to 101."""
    box.answers["listcalls"] = CALLS
    calls = await client.calls()
    assert calls is not None
    return calls[0]


# -- requests and addresses --------------------------------------------------------------------------


async def test_every_request_is_a_get_with_the_credentials_in_its_query(client: VoipsunProvider, box: Box) -> None:
    """Whatever is in them arrives unchanged."""
    await client.hangup(m.CallRef(call=await live(client, box)))
    assert box.methods == {"GET"}
    assert all((q["username"], q["password"]) == (USER, PASSWORD) for q in box.queries)
    assert box.sent("hangupcall") == [{"channelName": "SIP/trunk-0000000a"}]


@pytest.mark.parametrize(
    ("host", "more", "url", "account"),
    [
        ("pbx.example", {}, "http://pbx.example/api/api.php", "pbx.example"),
        ("PBX.example", {"ssl": True}, "https://pbx.example/api/api.php", "pbx.example"),
        ("pbx.example", {"port": 8080.0}, "http://pbx.example:8080/api/api.php", "pbx.example:8080"),
        ("pbx.example:8081", {"port": "8080"}, "http://pbx.example:8081/api/api.php", "pbx.example:8081"),
        ("https://pbx.example/", {"ssl": False}, "https://pbx.example/api/api.php", "pbx.example"),
        ("http://u:p@pbx.example/x/api/api.php?password=p", {}, "http://pbx.example/x/api/api.php", "pbx.example"),
        ("2001:db8::1", {"port": 81}, "http://[2001:db8::1]:81/api/api.php", "2001:db8::1:81"),
        ("[2001:db8::1]", {}, "http://[2001:db8::1]/api/api.php", "2001:db8::1"),
    ],
)
async def test_addresses(
    session: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    host: str,
    more: Mapping[str, object],
    url: str,
    account: str,
) -> None:
    """A name, an address or a whole URL; switching TLS on does not change the account."""
    urls: list[str] = []

    async def ask(_operation: str, _method: str, url: str, **_request: object) -> Any:
        urls.append(url)
        return voipsun_reply(b"[]")

    provider = make(session, host=host, **more)
    monkeypatch.setattr(provider.http, "ask", ask)
    found = await provider.account()
    assert set(urls) == {url}
    assert found.id == account
    assert found.title == f"VoIPSUN PBX ({'2001:db8::1' if ':' in host and '[' in url else 'pbx.example'})"
    assert found.configuration_url is not None
    assert "p@" not in found.configuration_url


def voipsun_reply(body: bytes) -> Any:
    """Write an answer."""
    return Reply(status=200, headers={}, body=body)


@pytest.mark.parametrize("host", ["", " ", "ftp://pbx.example", "http://", "http://[::1", "pbx:example:x:1]", None])
async def test_an_address_that_cannot_be_read(session: aiohttp.ClientSession, host: str | None) -> None:
    """It is a connection problem, before anything is sent."""
    with pytest.raises(ConnectError):
        await make(session, host=host).account()


async def test_nobody_at_the_address(session: aiohttp.ClientSession) -> None:
    """A command was certainly not carried out."""
    provider = make(session, host="127.0.0.1", port=1)
    with pytest.raises(ConnectError):
        await provider.account()
    provider.capabilities = provider.possible
    with pytest.raises(ConnectError) as caught:
        await provider.originate(m.Originate(extension="100", number="800123456"))
    assert not isinstance(caught.value, UnknownOutcomeError)


# -- account and permissions -------------------------------------------------------------------------


async def test_the_account(box: Box, session: aiohttp.ClientSession) -> None:
    """It is the phone system, not the user or the password, and everything is thought possible."""
    provider = make(session, host="127.0.0.1", port=box.port)
    account = await provider.account()
    assert account.id == f"127.0.0.1:{box.port}"
    assert PASSWORD not in repr(account)
    assert provider.capabilities == VoipsunProvider.possible
    assert Capability.HOLD not in provider.capabilities
    assert provider.parse(m.PushRequest(method="POST", query={}, content_type="", body=b"\xff")) == ()


async def test_both_lists_denied_are_wrong_credentials(box: Box, session: aiohttp.ClientSession) -> None:
    """Nothing else would tell."""
    box.answers = {"listcalls": no("100"), "sipstatus": no(100)}
    with pytest.raises(AuthError):
        await make(session, host="127.0.0.1", port=box.port).account()


@pytest.mark.parametrize(
    ("denied", "permission", "capability"),
    [("listcalls", CALL_LIST, Capability.CALLS), ("sipstatus", SIP_STATUS, Capability.REGISTRATION)],
)
async def test_one_list_denied_is_a_missing_permission(
    box: Box, session: aiohttp.ClientSession, denied: str, permission: str, capability: Capability
) -> None:
    """That feature is taken away and no more, and comes back when the permission does."""
    provider = make(session, host="127.0.0.1", port=box.port, extension_names=NAMES)
    good, box.answers[denied] = box.answers[denied], no("100")
    await provider.account()
    assert provider.capabilities == VoipsunProvider.possible & ~capability
    directory = await provider.directory()
    assert directory.missing_permissions == {permission}
    assert [e.number for e in directory.extensions or ()] == ["100", "101"]
    calls = await provider.calls()
    assert calls is None if denied == "listcalls" else calls == ()
    box.answers[denied] = good
    await provider.calls()
    directory = await provider.directory()
    assert directory.missing_permissions == frozenset()
    assert provider.capabilities == VoipsunProvider.possible


@pytest.mark.parametrize("denied", ["listcalls", "sipstatus"])
async def test_a_permission_that_is_withdrawn_later(client: VoipsunProvider, box: Box, denied: str) -> None:
    """The other list tells that the credentials are still good; what was known stays."""
    box.answers[denied] = no("100")
    await client.calls()
    directory = await client.directory()
    assert len(directory.missing_permissions) == 1
    assert [e.number for e in directory.extensions or ()] == ["100", "101"]
    if denied == "sipstatus":
        assert {e.registered for e in directory.extensions or ()} == {None}
    asked = len(box.queries)
    await client.calls()
    assert len(box.queries) == asked + 1  # it is known by now


@pytest.mark.parametrize("poll", ["calls", "directory"])
async def test_credentials_that_are_changed_later(client: VoipsunProvider, box: Box, poll: str) -> None:
    """Both lists are denied: that is certain."""
    box.answers = {"listcalls": no("100"), "sipstatus": no("100")}
    with pytest.raises(AuthError):
        await getattr(client, poll)()
    assert Capability.CALLS in client.capabilities


async def test_a_denied_list_and_one_that_fails_are_no_proof(client: VoipsunProvider, box: Box) -> None:
    """The next poll will tell."""
    box.answers = {"listcalls": no("100"), "sipstatus": b"<html>"}
    with pytest.raises(ConnectError):
        await client.calls()
    box.answers["sipstatus"] = no("110")
    assert await client.calls() is None
    assert (await client.directory()).missing_permissions == {CALL_LIST}


async def test_lists_an_old_version_does_not_know(box: Box, session: aiohttp.ClientSession) -> None:
    """They are left out; no permission is missing."""
    box.answers = {"listcalls": no("110"), "sipstatus": no("110")}
    provider = make(session, host="127.0.0.1", port=box.port)
    await provider.account()
    assert provider.capabilities == VoipsunProvider.possible & ~Capability.CALLS & ~Capability.REGISTRATION
    assert await provider.calls() is None
    directory = await provider.directory()
    assert (directory.extensions, directory.missing_permissions) == ((), frozenset())


@pytest.mark.parametrize("errno", ["120", "999", "", "<b>", None])
async def test_a_list_that_is_refused_otherwise(client: VoipsunProvider, box: Box, errno: object) -> None:
    """It is a failed poll, and ends nothing."""
    box.answers["listcalls"] = no(errno)
    with pytest.raises(ConnectError) as caught:
        await client.calls()
    assert "<b>" not in str(caught.value)


BROKEN: list[object] = [b"", b"<html>x</html>", b'[{"channelName":"SIP/x-0000', [{"foo": 1}], "x", {"a": [], "b": []}]


@pytest.mark.parametrize("answer", BROKEN)
@pytest.mark.parametrize(("action", "poll"), [("listcalls", "calls"), ("sipstatus", "directory")])
async def test_a_poll_that_cannot_be_read(
    client: VoipsunProvider, box: Box, action: str, poll: str, answer: object
) -> None:
    """It is neither an empty list nor a wrong password."""
    box.answers[action] = answer
    with pytest.raises(ConnectError):
        await getattr(client, poll)()


async def test_errors_are_in_the_body_whatever_the_status(client: VoipsunProvider, box: Box) -> None:
    """A 401 with a page is no wrong password; a 403 with a reason is what it says; a list needs a 2xx."""
    box.status = 403
    box.answers["agentpause"] = no("580", "Agent authentication failed")
    with pytest.raises(RefusedError) as caught:
        await client.agent_pause(m.AgentRef(id="a0"))
    assert caught.value.code == "580"
    await client.agent_unpause(m.AgentRef(id="a0"))
    box.answers["listcalls"] = []
    with pytest.raises(ConnectError):
        await client.calls()
    box.status = 401
    box.answers["listcalls"] = b"<html>"
    with pytest.raises(ConnectError):
        await client.calls()


async def test_a_list_of_phones_that_is_suddenly_empty_is_a_glitch(client: VoipsunProvider, box: Box) -> None:
    """No phone system loses all its phones at once."""
    box.answers["sipstatus"] = []
    assert [e.number for e in (await client.directory()).extensions or ()] == ["100", "101"]


async def test_polls_go_one_after_the_other(client: VoipsunProvider, box: Box) -> None:
    """Behind the endpoint is a single Asterisk manager."""
    await asyncio.gather(*(client.calls() for _ in range(4)), client.directory())
    assert box.most_busy == 1


async def test_too_many_requests(client: VoipsunProvider, box: Box) -> None:
    """A 429 slows polls down, and is no reason for anything else."""
    box.status, box.headers = 429, {"Retry-After": "7"}
    with pytest.raises(RateLimitError) as caught:
        await client.calls()
    assert caught.value.retry_after == 7
    with pytest.raises(RateLimitError):
        await client.originate(m.Originate(extension="100", number="800123456"))
    box.status = 200
    with pytest.raises(RateLimitError):
        await client.calls()
    assert len(box.queries) == 2
    await client.agent_pause(m.AgentRef(id="a0"))


async def test_polls_leave_room_for_commands(client: VoipsunProvider, box: Box) -> None:
    """A small budget is spent by polls, and a command still goes at once."""
    client.http.budget.set_limits([RateLimit(requests=40, seconds=60)])
    polls = [asyncio.create_task(client.calls()) for _ in range(12)]
    await asyncio.sleep(0.1)
    await asyncio.wait_for(client.agent_pause(m.AgentRef(id="a0")), 2)
    assert len(box.sent("listcalls")) < 12
    for poll in polls:
        poll.cancel()
    await asyncio.gather(*polls, return_exceptions=True)


# -- commands ----------------------------------------------------------------------------------------

type Run = Callable[[VoipsunProvider], Any]

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
    assert caught.value.reason == "No reason given"


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


# -- secrets -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COMMAND_NAMES)
async def test_reasons_hold_nothing_that_was_sent(client: VoipsunProvider, box: Box, name: str) -> None:
    """Even a phone system that repeats its whole query gives away nothing."""
    run, action, params = COMMANDS[name]

    def echo(query: Any) -> dict[str, object]:
        return no("999", f"bad query {query.query_string if hasattr(query, 'query_string') else ''}{dict(query)}")

    box.answers[action] = echo
    with pytest.raises(RefusedError) as caught:
        await run(client)
    told = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    for secret in (PASSWORD, USER, params.get("agentPin"), params.get("dstNum"), params.get("dialerCid")):
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
    told += caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    for secret in (PASSWORD, "canary", PIN, "800123456"):
        assert secret not in told


# -- hanging up and listening ------------------------------------------------------------------------


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


# -- agents and queues -------------------------------------------------------------------------------


def queue_answer(paused: str = "0") -> dict[str, object]:
    """Answer queuestatus: one waits, the agent is a member."""
    return {
        "success": "true",
        "queue": {"calls": "1", "holdtime": "24"},
        "members": [{"name": "x", "interface": "Agent/1000", "status": "1", "paused": paused}],
        "callers": [{"position": "1", "channel": "SIP/trunk-0000000a", "wait": "48"}],
    }


async def test_the_directory_tells_of_agents_and_queues(client: VoipsunProvider, box: Box) -> None:
    """A pause is known from the queue; a caller who waits is known to wait there."""
    box.answers["agentstatus"] = {"success": "true", "login": "logged in", "status": "available"}
    box.answers["queuestatus"] = queue_answer("1")
    directory = await client.directory()
    assert directory.agents is not None
    assert directory.queues is not None
    (agent,), (queue,) = directory.agents, directory.queues
    assert (agent.id, agent.name, agent.number, agent.extension) == ("a0", "novak", "1000", "100")
    assert (agent.status, agent.logged_in, agent.paused) == (AgentStatus.PAUSED, True, True)
    assert (queue.id, queue.waiting, queue.longest_wait, queue.members) == ("q0", 1, 48, {"a0": True})
    assert box.sent("agentstatus") == [{"agentNumber": "1000", "agentPin": PIN}]
    assert box.sent("queuestatus") == [{"queueName": "podpora"}]
    assert (await live(client, box)).queue == "podpora"


async def test_agents_in_turn(client: VoipsunProvider, box: Box) -> None:
    """Two hundred agents do not fit into one look, and all get their turn; a changed one comes first."""
    agents = [m.UserAgent(id=f"a{n}", name="", number=str(1000 + n), pin="1") for n in range(200)]
    client.configure(agents, [m.UserQueue(id=f"q{n}", name=f"q{n}") for n in range(20)])
    client.http.budget.set_limits([])  # it is kept, but would take its time
    await client.directory()
    first = len(box.queries)
    assert first <= 40
    await client.agent_pause(m.AgentRef(id="a199"))
    box.queries.clear()
    await client.directory()
    assert box.sent("agentstatus")[0]["agentNumber"] == "1199"
    for _ in range(12):
        await client.directory()
    asked = {query["agentNumber"] for query in box.sent("agentstatus")}
    assert len(asked) >= 196  # four more were asked in the first turn
    assert len({query["queueName"] for query in box.sent("queuestatus")}) == 20
    client.configure(agents[:1], [])
    directory = await client.directory()
    assert (len(directory.agents or ()), directory.queues) == (1, ())


async def test_one_agent_that_fails_does_not_spoil_the_others(client: VoipsunProvider, box: Box) -> None:
    """A wrong PIN is that agent's; what is known of those behind a lost connection stays, and they come next."""
    agents = [m.UserAgent(id=f"a{n}", name="", number=str(1000 + n), pin="1") for n in range(3)]
    agents.append(m.UserAgent(id="a3", name="", number="x", pin=""))
    client.configure(agents, [])
    available = {"success": "true", "status": "available"}
    box.answers["agentstatus"] = lambda query: (
        no("610", "Agent authentication failed") if query["agentNumber"] == "1000" else available
    )
    directory = await client.directory()
    assert directory.agents is not None
    assert [agent.status for agent in directory.agents] == [None, AgentStatus.AVAILABLE, AgentStatus.AVAILABLE, None]
    assert directory.agents[0].status_text == "Agent authentication failed"
    assert directory.missing_permissions == frozenset()
    box.answers["agentstatus"] = lambda query: b"<html>" if query["agentNumber"] == "1001" else available
    box.queries.clear()
    directory = await client.directory()
    assert [query["agentNumber"] for query in box.sent("agentstatus")] == ["1000", "1001"]
    assert [agent.status for agent in directory.agents or ()][1:3] == [AgentStatus.AVAILABLE, AgentStatus.AVAILABLE]
    box.queries.clear()
    await client.directory()
    assert box.sent("agentstatus")[0]["agentNumber"] == "1002"


async def test_an_agent_state_may_come_as_an_error(client: VoipsunProvider, box: Box) -> None:
    """Unless it is about the PIN."""
    box.answers["agentstatus"] = no("611", "Agent is logged out")
    agent = await client.agent_status(m.AgentRef(id="a0"))
    assert (agent.status, agent.logged_in) == (AgentStatus.LOGGED_OUT, False)
    assert agent.raw == {"errno": "611", "reason": "Agent is logged out"}
    box.answers["agentstatus"] = no("624", "Agent is on a break")
    agent = await client.agent_status(m.AgentRef(id="a0"))
    assert (agent.status, agent.status_text) == (None, "Agent is on a break")
    for errno, reason in (("610", "Wrong PIN 0417"), ("500", "Agent is logged out")):
        box.answers["agentstatus"] = no(errno, reason)
        with pytest.raises(RefusedError) as caught:
            await client.agent_status(m.AgentRef(id="a0"))
        assert PIN not in caught.value.reason


async def test_an_agent_nobody_has_added(client: VoipsunProvider, box: Box) -> None:
    """A number and a PIN are enough."""
    box.answers["agentstatus"] = {"success": "true", "status": "busy"}
    agent = await client.agent_status(m.AgentRef(number="2000", pin="7"))
    assert (agent.id, agent.number, agent.status, agent.extension) == ("2000", "2000", AgentStatus.BUSY, None)
    assert (await client.agent_status(m.AgentRef(id="a0"))).status is AgentStatus.BUSY


async def test_the_state_of_a_queue(client: VoipsunProvider, box: Box) -> None:
    """By id, by name, or one nobody has added."""
    box.answers["queuestatus"] = queue_answer()
    assert (await client.queue_status("q0")).id == "q0"
    assert (await client.queue_status("podpora")).waiting == 1
    assert (await client.queue_status("obchod")).name == "obchod"
    assert [query["queueName"] for query in box.sent("queuestatus")] == ["podpora", "podpora", "obchod"]
    box.answers["queuestatus"] = no("600", "No such queue")
    with pytest.raises(RefusedError):
        await client.queue_status("q0")
    directory = await client.directory()
    assert directory.queues == (m.Queue(id="q0", name="podpora"),)


@pytest.mark.parametrize(
    ("action", "run", "capability"),
    [
        ("agentstatus", lambda p: p.agent_status(m.AgentRef(id="a0")), Capability.GET_AGENT_STATUS),
        ("queuestatus", lambda p: p.queue_status("q0"), Capability.GET_QUEUE_STATUS),
    ],
)
async def test_call_centre_without_permission_or_in_an_old_version(
    client: VoipsunProvider, box: Box, action: str, run: Run, capability: Capability
) -> None:
    """The permission is missing until an answer comes; an unknown action stays unknown."""
    box.answers |= {"agentstatus": no("100"), "queuestatus": no("100")}
    with pytest.raises(RefusedError):
        await run(client)
    box.queries.clear()
    directory = await client.directory()
    assert directory.missing_permissions == {CALL_CENTER}
    assert (directory.agents, directory.queues) != (None, None)
    assert len(box.queries) == 2  # one try, beside the phones
    assert Capability.AGENT_PAUSE not in client.capabilities
    assert Capability.USER_AGENTS in client.capabilities
    box.answers |= {"agentstatus": OK, "queuestatus": OK}
    assert (await client.directory()).missing_permissions == frozenset()
    assert client.capabilities == VoipsunProvider.possible
    box.answers[action] = no("110")
    with pytest.raises(UnsupportedError):
        await run(client)
    await client.directory()
    assert client.capabilities == VoipsunProvider.possible & ~capability


async def test_objects_that_are_removed_while_they_are_asked_about(client: VoipsunProvider, box: Box) -> None:
    """Their answers are dropped."""

    def answer(_query: Any) -> dict[str, str]:
        client.configure([], [])
        return OK

    box.answers |= {"queuestatus": answer, "agentstatus": answer}
    directory = await client.directory()
    assert (directory.agents, directory.queues) == ((), ())
    client.configure([AGENT], [])
    assert (await client.directory()).agents == ()


# -- the simulated phone system ----------------------------------------------------------------------


@asynccontextmanager
async def house(people: int | None = None, **switches: Any) -> AsyncIterator[VoipsunSimulator]:
    """Run a simulated phone system."""
    sim = VoipsunSimulator(people, **switches)
    async with sim:
        yield sim


def named(sim: VoipsunSimulator) -> dict[str, object]:
    """Name every phone as its owner would."""
    return {
        e.sip_username: {"number": e.number, "name": e.name, "public": list(e.public_numbers)} for e in sim.extensions
    }


async def connect(sim: VoipsunSimulator, session: aiohttp.ClientSession, **more: object) -> VoipsunProvider:
    """Set up an account at a simulated phone system."""
    settings = {"username": sim.username, "password": sim.password, "country": "CZ", "extension_names": named(sim)}
    provider = VoipsunProvider(session, {"host": sim.url, **settings, **more})
    await provider.account()
    await provider.directory()
    agents = [m.UserAgent(id=a.number, name=a.name, number=a.number, pin=a.pin) for a in sim.agents.values()]
    provider.configure(agents, [m.UserQueue(id=name, name=name) for name in sim.queues])
    return provider


async def seen(provider: VoipsunProvider) -> list[tuple[object, ...]]:
    """Say in short which calls the client sees."""
    calls = await provider.calls()
    assert calls is not None
    return [(str(c.direction), c.state.value, c.caller.number, c.extensions) for c in calls]


SWITCHES: list[dict[str, Any]] = [
    {},
    {"list_style": ListStyle.WRAPPED},
    {"list_style": ListStyle.KEYED},
    {"number_style": NumberStyle.NUMBERS},
    {"clock_durations": True},
    {"local_channels": True},
    {"tech": Technology.PJSIP},
    {"outbound_status": ChannelStatus.DIALING},
    {"dial_lag": 1.0},
    {"ok_style": OkStyle.WITH_TIME, "unregistered_host": "(Unspecified)"},
    {"content_type": "text/html"},
    {"error_status": 403},
    {"broken": Broken.WARNING},
    {"broken": Broken.BOM},
    {"queuestatus_style": QueueStatusStyle.AMI},
    {"queuestatus_style": QueueStatusStyle.LISTS, "list_style": ListStyle.KEYED},
    {"agentstatus_style": AgentStatusStyle.ERRNO},
    *({"empty_style": style} for style in EmptyStyle),
]


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
async def test_a_day_at_the_office(session: aiohttp.ClientSession, switches: dict[str, Any]) -> None:
    """Incoming, outgoing and internal calls, an agent and a queue, in every dialect."""
    async with house(**switches) as sim:
        client = await connect(sim, session)
        directory = await client.directory()
        phones = {e.number: e for e in directory.extensions or () if not e.trunk}
        assert list(phones) == ["101", "102", "103", "104", "105"]
        assert phones["101"].registered is True
        await sim.unregister("sip105")
        phones = {e.number: e for e in (await client.directory()).extensions or ()}
        assert phones["105"].registered is False
        assert await client.calls() == ()

        incoming = await sim.ring("+420777123456", "101", "102")
        assert await seen(client) == [("incoming", "ringing", "+420777123456", ("101", "102"))]
        ids = [call.id for call in await client.calls() or ()]
        await sim.answer(incoming, "102")
        assert await seen(client) == [("incoming", "talking", "+420777123456", ("102",))]
        outgoing = await sim.dial("103", "800123456")
        assert (await seen(client))[1] == ("outgoing", "dialing", "103", ("103",))
        await sim.answer(outgoing)
        await sim.dial("104", "101")
        assert (await seen(client))[1:] == [
            ("outgoing", "talking", "103", ("103",)),
            ("internal", "ringing", "104", ("104", "101")),
        ]
        calls = await client.calls() or ()
        assert [call.id for call in calls][:1] == ids
        for call in calls:
            await client.hangup(m.CallRef(call=call))
        assert await client.calls() == ()
        assert sim.truth() == []

        await client.agent_login(m.AgentRef(id="1001", extension="103"))
        await client.agent_pause(m.AgentRef(id="1000"))
        directory = await client.directory()
        agents = {agent.id: agent for agent in directory.agents or ()}
        assert agents["1001"].status is AgentStatus.AVAILABLE
        assert agents["1000"].paused is True
        assert agents["1000"].status is AgentStatus.PAUSED
        await client.agent_logout(m.AgentRef(id="1001"))
        assert (await client.agent_status(m.AgentRef(id="1001"))).status is AgentStatus.LOGGED_OUT
        await sim.ring_queue("+420602111222", "podpora")
        await sim.ring_queue("+420603111222", "podpora")
        queue = await client.queue_status("podpora")
        assert queue.waiting == 2
        await client.directory()
        assert {call.queue for call in await client.calls() or ()} == {"podpora"}
        assert {line[1] for line in await seen(client)} == {"ringing"}  # waiting is not talking


async def test_a_house_in_which_ringing_is_not_listed(session: aiohttp.ClientSession) -> None:
    """Calls show when they are answered."""
    async with house(show_ringing=False) as sim:
        client = await connect(sim, session)
        call = await sim.ring("+420777123456", "101")
        assert await client.calls() == ()
        await sim.answer(call, "101")
        assert await seen(client) == [("incoming", "talking", "+420777123456", ("101",))]


async def test_a_house_with_one_row_per_call(session: aiohttp.ClientSession) -> None:
    """The called phone is known by its number."""
    async with house(legs=LegStyle.ONE_ROW) as sim:
        client = await connect(sim, session)
        call = await sim.ring("+420777123456", "101")
        assert await seen(client) == [("incoming", "ringing", "+420777123456", ("101",))]
        await sim.answer(call, "101")
        assert await seen(client) == [("incoming", "talking", "+420777123456", ("101",))]
        (found,) = await client.calls() or ()
        await client.hangup(m.CallRef(call=found, extension="101"))
        assert sim.truth() == []
        await sim.dial("102", "103")
        assert await seen(client) == [("internal", "ringing", "102", ("102", "103"))]


async def test_a_restart_of_the_phone_system(session: aiohttp.ClientSession) -> None:
    """Channel names begin again, calls do not."""
    clock = itertools.count(1_700_000_000, 1)
    now = [float(next(clock))]
    async with house(clock=lambda: now[0]) as sim:
        client = await connect(sim, session)
        await sim.dial("103", "800123456")
        now[0] += 60
        (before,) = await client.calls() or ()
        await sim.restart_asterisk()
        await sim.dial("103", "800123456")
        (after,) = await client.calls() or ()
        assert after.id != before.id


async def test_a_menu_and_a_blind_transfer(session: aiohttp.ClientSession) -> None:
    """One call from the menu to the last phone."""
    async with house() as sim:
        client = await connect(sim, session)
        await sim.answer(await sim.ring("+420777000111", "105"), "105")
        await client.calls()  # called phones are known to have rows now
        call = await sim.ring_menu("+420777123456")
        (found,) = [c for c in await client.calls() or () if c.caller.number == "+420777123456"]
        assert (found.state, found.extensions) == (CallState.RINGING, ())
        await sim.route(call, "101")
        await client.calls()
        await sim.answer(call, "101")
        (talking,) = [c for c in await client.calls() or () if c.caller.number == "+420777123456"]
        assert (talking.id, talking.state, talking.extensions) == (found.id, CallState.TALKING, ("101",))
        await sim.transfer(call, "101", "102")
        (moved,) = [c for c in await client.calls() or () if c.caller.number == "+420777123456"]
        assert (moved.id, moved.extensions) == (found.id, ("102",))


@pytest.mark.parametrize(
    "switches", [{}, {"dial_lag": 3.0}, {"tech": Technology.PJSIP, "local_channels": True}], ids=str
)
async def test_a_random_day(session: aiohttp.ClientSession, switches: dict[str, Any]) -> None:
    """Dozens of calls at once, rung, dialled, asked for, answered, handed over, ended: the client sees what is."""
    rng, now = random.Random(1), [1_700_000_000.0]
    async with house(12, clock=lambda: now[0], **switches) as sim:
        client = await connect(sim, session)
        client.http.budget.set_limits([])
        phones = [extension.number for extension in sim.extensions]
        ids: dict[str, set[str]] = {}
        for _ in range(150):
            now[0] += rng.choice([0.5, 1, 2, 3])
            await something(sim, client, rng, phones)
            calls = await client.calls() or ()
            assert sorted((str(call.direction), sorted(call.extensions)) for call in calls) == sorted(
                (call.direction, sorted(leg.extension for leg in call.legs if leg.extension)) for call in sim.truth()
            )
            for call in calls:
                if call.direction is Direction.INCOMING:
                    ids.setdefault(call.caller.number, set()).add(call.id)
        assert {len(found) for found in ids.values()} == {1}


async def something(sim: VoipsunSimulator, client: VoipsunProvider, rng: random.Random, phones: list[str]) -> None:
    """Let something happen."""
    call = rng.choice(sim.truth() or [None])
    ringing = [leg.extension for leg in call.legs if leg.state == "ringing"] if call else []
    talking = [leg.extension for leg in call.legs if leg.state == "talking"] if call else []
    outside = f"800{rng.randrange(10**6):06}"
    match rng.randrange(7):
        case 0 | 1:
            await sim.ring(f"+42077{rng.randrange(10**7):07}", *rng.sample(phones, rng.choice([1, 1, 2, 3])))
        case 2:
            caller, callee = rng.sample(phones, 2)
            await sim.dial(caller, rng.choice([callee, outside]))
        case 3 if not ringing:
            await client.originate(m.Originate(extension=rng.choice(phones), number=outside))
        case 3 | 4 if call and ringing:
            await sim.answer(call.call_id, rng.choice(ringing))
        case 5 if call and len(talking) > 1:
            by = talking[0] or talking[1]
            await sim.transfer(call.call_id, by, rng.choice([p for p in phones if p not in (*talking, call.caller)]))
        case 6 if call:
            await sim.hang_up(call.call_id)


async def test_calls_by_api(session: aiohttp.ClientSession) -> None:
    """Click-to-call, call into a context, listen, refuse."""
    async with house() as sim:
        client = await connect(sim, session)
        await client.originate(m.Originate(extension="101", number="800123456", check_extension=True))
        assert await seen(client) == [("outgoing", "ringing", "101", ("101",))]
        await sim.answer(sim.truth()[0].call_id, "101")
        assert await seen(client) == [("outgoing", "dialing", "101", ("101",))]
        await sim.answer(sim.truth()[0].call_id)
        assert await seen(client) == [("outgoing", "talking", "101", ("101",))]
        (call,) = await client.calls() or ()
        await client.spy(m.Spy(extension="102", call=m.CallRef(call=call)))
        await client.dial(m.Dial(number="800999888", context="processing", route_name="outgoing"))
        assert len(sim.placed) == 3
        assert (await seen(client))[-1][0] == "outgoing"
        for request, code in (
            (m.Originate(extension="101", number="800123456", check_extension=True), "22"),
            (m.Originate(extension="199", number="800123456"), "201"),
            (m.Originate(extension="101", number="1", check_ip_host="192.0.2.99"), "210"),
            (m.Originate(extension="101", number="1", check_ip_contact="192.0.2.99"), "211"),
        ):
            with pytest.raises(RefusedError) as caught:
                await client.originate(request)
            assert caught.value.code.startswith(code)
        with pytest.raises(NotFoundError):
            await client.dial(m.Dial(number="800999888", context="processing", route_name="nowhere"))
        assert len(sim.placed) == 3


@pytest.mark.parametrize(
    "kind", [FaultKind.RESET_AFTER, FaultKind.RESET_MID_BODY, FaultKind.EMPTY, FaultKind.TRUNCATED]
)
async def test_a_call_is_placed_once_whatever_the_network_does(session: aiohttp.ClientSession, kind: FaultKind) -> None:
    """The answer is lost after the call was placed: unknown, and not repeated."""
    async with house() as sim:
        client = await connect(sim, session)
        sim.fault(kind)
        placed = await client.originate(m.Originate(extension="101", number="800123456"))
        assert placed.outcome is m.PlacedOutcome.UNKNOWN
        await asyncio.sleep(0.05)
        assert len(sim.placed) == 1
        assert await seen(client) == [("outgoing", "ringing", "101", ("101",))]


@pytest.mark.parametrize("kind", list(FaultKind))
async def test_a_poll_that_meets_trouble(
    session: aiohttp.ClientSession, kind: FaultKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bad answer is one bad answer: the same call is there at the next."""
    async with house() as sim:
        client = await connect(sim, session)
        await sim.ring("+420777123456", "101")
        before = await client.calls()
        if kind in {FaultKind.HANG, FaultKind.SLOW}:
            # Nobody waits ten seconds in a test.
            monkeypatch.setattr(client.http, "read", partial(client.http.read, timeout=0.1))
            sim.fault(kind, delay=0.3)
        else:  # aiohttp repeats a read that is cut off at once
            sim.fault(kind, times=2 if kind in {FaultKind.RESET, FaultKind.RESET_AFTER} else 1)
        with pytest.raises(ConnectError):
            await client.calls()
        assert await client.calls() == before
        await asyncio.sleep(0.3 if kind in {FaultKind.HANG, FaultKind.SLOW} else 0)  # the late answer


@pytest.mark.parametrize("broken", [Broken.EMPTY, Broken.HTML, Broken.CLOSED])
async def test_a_php_script_that_fails(session: aiohttp.ClientSession, broken: Broken) -> None:
    """A broken answer ends nothing."""
    async with house() as sim:
        client = await connect(sim, session)
        sim.broken = broken
        with pytest.raises(ConnectError):
            await client.calls()
        with pytest.raises(ConnectError):
            await client.directory()


@pytest.mark.parametrize("permission", list(Permission))
async def test_each_permission(session: aiohttp.ClientSession, permission: Permission) -> None:
    """What is withheld is told by the phone system's own name, and everything else works."""
    async with house(deny={permission}) as sim:
        record = await sim.add_record()
        client = await connect(sim, session)
        runs: dict[Permission, Run] = {
            Permission.ORIGINATE: lambda p: p.originate(m.Originate(extension="101", number="800123456")),
            Permission.EAVESDROP: lambda p: p.spy(m.Spy(extension="102", target_extension="101")),
            Permission.CALL_CENTER: lambda p: p.agent_pause(m.AgentRef(id="1000")),
            Permission.MOVE_RECORDINGS: lambda p: p.move_recording(str(record), "new.wav", None),
        }
        for needed, run in runs.items():
            if needed is permission:
                with pytest.raises(RefusedError):
                    await run(client)
            else:
                await run(client)
        for call in await client.calls() or ():
            if permission is Permission.HANG_UP:
                with pytest.raises(RefusedError):
                    await client.hangup(m.CallRef(call=call))
                break
            await client.hangup(m.CallRef(call=call))
        missing = (await client.directory()).missing_permissions
        needless = {Permission.SEND_DTMF, Permission.LINE_SETTINGS}
        assert missing == (set() if permission in needless else {permission.value})


async def test_a_wrong_password(session: aiohttp.ClientSession) -> None:
    """At set-up and later."""
    async with house() as sim:
        client = await connect(sim, session)
        with pytest.raises(AuthError):
            await connect(sim, session, password="wrong")
        sim.password = "changed"
        with pytest.raises(AuthError):
            await client.calls()


async def test_refusals_of_the_call_centre_and_the_recordings(session: aiohttp.ClientSession) -> None:
    """With the phone system's reason."""
    async with house() as sim:
        client = await connect(sim, session)
        wrong = m.AgentRef(id="1000", pin="9999")
        record = str(await sim.add_record())
        silent = str(await sim.add_record(recorded=False))
        sim.read_only_paths.add("/locked")
        runs: list[tuple[Run, str]] = [
            (lambda p: p.agent_login(m.AgentRef(id="1000", pin="9999", extension="101")), "500"),
            (lambda p: p.agent_logout(wrong), "550"),
            (lambda p: p.agent_pause(wrong), "580"),
            (lambda p: p.agent_unpause(wrong), "590"),
            (lambda p: p.queue_add(m.QueueMember(queue="podpora", agent=wrong)), "600"),
            (lambda p: p.queue_remove(m.QueueMember(queue="podpora", agent=wrong)), "601"),
            (lambda p: p.agent_status(wrong), "610"),
            (lambda p: p.move_recording("999999", "a.wav", None), "800"),
            (lambda p: p.move_recording(silent, "a.wav", None), "801"),
            (lambda p: p.move_recording(record, None, "/locked"), "811"),
        ]
        for run, code in runs:
            with pytest.raises(RefusedError) as caught:
                await run(client)
            assert caught.value.code == code
            assert caught.value.reason


@pytest.mark.parametrize("answer", list(Undocumented))
async def test_what_is_not_documented(session: aiohttp.ClientSession, answer: Undocumented) -> None:
    """A channel that is gone and a queue that never was, whatever is said about them."""
    async with house(unknown_channel=answer, unknown_queue=answer) as sim:
        client = await connect(sim, session)
        call = await sim.ring("+420777123456", "101")
        (found,) = await client.calls() or ()
        await sim.hang_up(call)
        await client.hangup(m.CallRef(call=found))
        if answer is Undocumented.SUCCESS:
            assert (await client.queue_status("nowhere")).waiting is None
        else:
            with pytest.raises(RefusedError):
                await client.queue_status("nowhere")


async def test_members_of_a_queue(session: aiohttp.ClientSession) -> None:
    """By agent, with the extension where that is wanted."""
    async with house(member_selector=MemberSelector.AGENT_AND_SOURCE) as sim:
        client = await connect(sim, session)
        ref = m.AgentRef(id="1000", extension="102")
        await client.queue_add(m.QueueMember(queue="obchod", agent=ref, penalty=3))
        assert sim.agents["1000"].queues["obchod"] == 3
        await client.queue_remove(m.QueueMember(queue="obchod", agent=ref))
        assert "obchod" not in sim.agents["1000"].queues


async def test_two_thousand_extensions(session: aiohttp.ClientSession) -> None:
    """One request, one list."""
    async with house(2000) as sim:
        client = await connect(sim, session)
        assert len((await client.directory()).extensions or ()) == 2002
