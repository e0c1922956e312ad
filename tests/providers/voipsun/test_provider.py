"""VoIPSUN: permissions, polls, and whole days at a simulated phone system."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
import pytest

from custom_components.pbx.providers.http import RateLimit, Reply
from custom_components.pbx.providers.voipsun.permissions import CALL_LIST, SIP_STATUS
from custom_components.pbx.providers.voipsun.provider import VoipsunProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    AuthError,
    ConnectError,
    NotFoundError,
    RateLimitError,
    RefusedError,
)
from custom_components.pbx.telephony.models import AgentStatus, CallState, Capability, Direction
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
    RowStyle,
    Technology,
    Undocumented,
)

from .box import NAMES, PASSWORD, Box, Run, make, no


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


@pytest.mark.parametrize(
    ("poll", "first", "other"),
    [
        ("calls", "listcalls", "sipstatus"),
        ("directory", "sipstatus", "listcalls"),
        ("account", "listcalls", "sipstatus"),
    ],
)
async def test_permissions_that_are_exchanged_between_two_questions(
    client: VoipsunProvider, box: Box, monkeypatch: pytest.MonkeyPatch, poll: str, first: str, other: str
) -> None:
    """The first list is denied, and is not any more when the other one is: the credentials are good."""
    good = dict(box.answers)
    box.answers[first] = no("100")
    name = "ask" if poll == "account" else "read"
    send = getattr(client.http, name)

    async def exchanging(operation: str, *args: Any, **request: Any) -> Reply:
        reply: Reply = await send(operation, *args, **request)
        box.answers = {**good, other: no("100")}
        return reply

    monkeypatch.setattr(client.http, name, exchanging)
    await getattr(client, poll)()
    if poll == "account":
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


BROKEN: list[object] = [
    b"",
    b"<html>x</html>",
    b'[{"channelName":"SIP/x-0000',
    [{"foo": 1}],
    "x",
    {"a": ["x"], "b": []},
]


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


@pytest.mark.parametrize("answer", [{"success": "error"}, {"success": "partly", "calls": []}, {"success": {}}])
async def test_an_answer_that_is_neither_yes_nor_no_is_no_list(
    client: VoipsunProvider, box: Box, answer: object
) -> None:
    """It ends no call, and of a command it says nothing."""
    box.answers |= {"listcalls": answer, "originate": answer}
    with pytest.raises(ConnectError):
        await client.calls()
    placed = await client.originate(m.Originate(extension="100", number="800123456"))
    assert placed.outcome is m.PlacedOutcome.UNKNOWN


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
    {"row_style": RowStyle.PARTIES},
    {"row_style": RowStyle.CONNECTED},
    {"row_style": RowStyle.CONNECTED, "local_channels": True},
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


async def test_a_style_is_kept_once_it_has_been_seen(session: aiohttp.ClientSession) -> None:
    """A caller who gives up in a menu is then told as missed from the first call on."""
    async with house() as sim:
        client = await connect(sim, session)
        assert client.found() == {}
        await sim.ring("+420777123456", "101")
        await client.calls()
        assert client.found() == {"lists_called_phones": True}
        again = await connect(sim, session, **client.found())
        assert again.found() == client.found()
        await sim.ring_menu("+420602111222", did="222300102")
        assert ("incoming", "ringing", "+420602111222", ()) in await seen(again)


async def test_queues_are_asked_with_the_calls_while_somebody_may_wait(session: aiohttp.ClientSession) -> None:
    """And not while nobody calls: a caller who waits inside is not answered, and is counted at once."""
    async with house() as sim:
        client = await connect(sim, session)
        await client.calls()
        assert client.queues_with_calls() == ()
        await sim.dial("101", "600")
        assert await seen(client) == [("internal", "ringing", "101", ("101", "102"))]
        assert [(queue.name, queue.waiting) for queue in client.queues_with_calls()] == [("podpora", 1), ("obchod", 0)]
        await sim.answer(sim.truth()[0].call_id, "102")
        await client.calls()
        await client.calls()
        assert client.queues_with_calls() == ()


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
    "switches",
    [
        {**more, "row_style": style}
        for style in RowStyle
        for more in ({}, {"dial_lag": 3.0}, {"tech": Technology.PJSIP, "local_channels": True})
    ],
    ids=str,
)
async def test_a_random_day(session: aiohttp.ClientSession, switches: dict[str, Any]) -> None:
    """Dozens of calls at once, rung, dialled, asked for, answered, handed over, ended: the client sees what is."""
    rng, now = random.Random(1), [1_700_000_000.0]
    async with house(12, clock=lambda: now[0], **switches) as sim:
        client = await connect(sim, session)
        client.http.budget.set_limits([])
        phones = [extension.number for extension in sim.extensions]
        ids: dict[str, set[str]] = {}
        # Where glue and transfers ring one phone within a second, nothing tells them apart.
        for _ in range(120 if "local_channels" in switches else 150):
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
