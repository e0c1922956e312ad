"""VoIPstudio: what is asked of the simulated phone system."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web

from custom_components.pbx.providers import http as http_module
from custom_components.pbx.providers.voipstudio.provider import VoipstudioProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    ConnectError,
    ProviderError,
    RateLimitError,
    RefusedError,
    UnsupportedError,
)
from custom_components.pbx.telephony.models import Capability, Direction, EventType, Outcome
from tests.simulators.base import FaultKind
from tests.simulators.voipstudio import VoipstudioSimulator

from .account import (
    CANARY,
    ENDED,
    GRACE,
    HANGUP,
    HELD,
    INCOMING,
    OTHER,
    RINGING,
    TALKING,
    Stub,
    answering,
    client,
    pushed,
    stubbed,
)


async def test_directory(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """Users, queues, who joined, unread voicemail; the latter is asked for at its own pace."""
    await sim.voicemail_arrives("1001", GRACE)
    await sim.set_dnd("1002", on=True)
    provider = client(sim, session)
    await provider.account()
    directory = await provider.directory()
    assert directory.extensions is not None
    assert [extension.number for extension in directory.extensions] == ["1001", "1002", "1003", "1004", "1005"]
    assert [extension.dnd for extension in directory.extensions][:2] == [False, True]
    assert directory.unread_voicemails == 1
    assert directory.queues is not None
    assert [(queue.number, queue.agents_logged_in) for queue in directory.queues] == [("601", 3), ("602", 2)]
    assert directory.agents is not None
    assert {agent.extension: dict(agent.queues) for agent in directory.agents}["1002"] == {"601": True, "602": False}
    assert (await provider.directory()).unread_voicemails is None
    assert len(sim.seen("/voicemessages")) == 1


async def test_a_directory_that_fails(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A server in trouble says nothing about anybody."""
    sim.fault(FaultKind.STATUS, path="/users", status=500)
    with pytest.raises(ConnectError):
        await provider.directory()
    sim.fault(FaultKind.STATUS, path="/users", status=400)
    with pytest.raises(RefusedError):
        await provider.directory()


async def test_many_users_come_in_pages(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Pages are read until all were seen, or an empty one comes although more were promised."""
    page = [{"id": number, "ext": str(1000 + number)} for number in range(1, 4)]
    stub.on("GET", "users", {"data": page, "total": 9}, {"data": [{"id": 4, "ext": "1004"}], "total": 9}, {"data": []})
    stub.on("GET", "queues", {"data": {"7": {"id": 80892, "number": 601, "users": []}}})
    stub.answers["GET", "queues"].append(answering({"data": []}, 200))
    stub.on("GET", "voicemessages", {"data": [], "total": 0})
    directory = await stubbed(stub, session).directory()
    assert directory.extensions is not None
    assert [extension.number for extension in directory.extensions] == ["1001", "1002", "1003", "1004"]
    assert directory.queues is not None
    assert [queue.number for queue in directory.queues] == ["601"]


async def test_calls(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A ring group of three is one call from its first ring to its end."""
    assert await provider.calls() == ()
    call_id = await sim.ring(GRACE, "1001", "1002", "1003", name="Grace")
    (call,) = await provider.calls() or ()
    assert (call.id, call.state, call.direction) == (call_id, RINGING, Direction.INCOMING)
    assert call.extensions == ("1001", "1002", "1003")
    assert call.caller.number == "+447911123456"
    await sim.answer(call_id, "1002")
    (call,) = await provider.calls() or ()
    assert (call.state, call.answered_by, call.extensions) == (TALKING, "1002", ("1002",))
    await sim.hold(call_id, "1002")
    (call,) = await provider.calls() or ()
    assert call.state is HELD
    await sim.hang_up(call_id)
    assert await provider.calls() == ()


async def test_calls_without_a_parents_row(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """It does not matter whether the list shows the parent, or states are integers."""
    sim.lists_root = False
    sim.int_fields = {"state", "destination"}
    call_id = await sim.ring(GRACE, "1001", "1002", "1003")
    (call,) = await provider.calls() or ()
    assert (call.id, call.state, call.direction) == (call_id, RINGING, Direction.INCOMING)


@pytest.mark.parametrize("lists_root", [True, False])
async def test_a_call_that_is_handed_on_stays_one_call(
    provider: VoipstudioProvider, sim: VoipstudioSimulator, *, lists_root: bool
) -> None:
    """The new leg is below one that the list has forgotten, which was below the call."""
    sim.lists_root = lists_root
    call_id = await sim.ring(GRACE, "1001", "1002")
    await sim.answer(call_id, "1001")
    await provider.calls()
    await sim.hand_over(call_id, "1001", "1003")
    (call,) = await provider.calls() or ()
    assert (call.id, call.extensions) == (call_id, ("1003",))


async def test_a_call_that_was_handed_on_before_a_restart_is_one_call(
    stub: Stub, session: aiohttp.ClientSession
) -> None:
    """The queue has nobody to ring, and its caller talks below a leg nobody has heard of: that is one call."""
    queued = {**INCOMING, "id": 1, "dst_id": "0", "dst": "601", "context": "queue-7", "state": "RINGING"}
    handed = {**INCOMING, "id": 3, "parent_id": 2, "state": "CONNECTED"}
    other = {**queued, "id": 4}
    for rows, ids in (
        ([queued, handed], ["1"]),
        ([{**queued, "src": "447700900999"}, handed], ["1", "2"]),
        ([queued, handed, other], ["1", "2", "4"]),
    ):
        stub.on("GET", "calls", {"data": rows, "total": len(rows)})
        assert sorted(call.id for call in await stubbed(stub, session).calls() or ()) == ids

    provider = stubbed(stub, session)
    for rows, ids in (([{**INCOMING, "id": 2}], ["2"]), ([queued, handed], ["1", "2"])):
        stub.on("GET", "calls", {"data": rows, "total": len(rows)})
        assert sorted(call.id for call in await provider.calls() or ()) == ids, "it was seen that this is another"


async def test_a_push_says_to_which_call_a_leg_belongs(stub: Stub, session: aiohttp.ClientSession) -> None:
    """What a message has said of a leg holds when a list shows that leg, or what is below it."""
    provider = stubbed(stub, session)
    pushed({**HANGUP, "event_name": "call.ringing", "state": "RINGING", "call_id": 3, "root_call_id": 1}, provider)
    rows = [{**INCOMING, "id": 1}, {**INCOMING, "id": 3, "parent_id": 2}, {**INCOMING, "id": 4, "parent_id": 3}]
    stub.on("GET", "calls", {"data": rows[:2], "total": 2}, {"data": [rows[0], rows[2]], "total": 2})
    for _ in range(2):
        assert [call.id for call in await provider.calls() or ()] == ["1"]


@pytest.mark.parametrize("status", [403, 404])
async def test_calls_may_not_be_asked_for(stub: Stub, session: aiohttp.ClientSession, status: int) -> None:
    """A list that is forbidden, or that there is none of, is "cannot be asked", and not "no calls"."""
    provider = stubbed(stub, session)
    stub.on("GET", "calls", {"message": "Access denied", "errors": [{"code": "X1"}]}, status=status)
    assert await provider.calls() is None
    assert Capability.CALLS not in provider.capabilities
    stub.on("GET", "calls", {"data": [], "total": 0})
    assert await provider.calls() == ()
    assert Capability.CALLS in provider.capabilities


@pytest.mark.parametrize("nothing", [{"data": [], "total": 0}, {"data": {}, "total": "0"}, {"data": None, "total": 0}])
async def test_a_list_without_anything(stub: Stub, session: aiohttp.ClientSession, nothing: object) -> None:
    """However PHP writes that, it is a list, as long as its total agrees."""
    stub.on("GET", "calls", nothing)
    stub.on("GET", "contacts", nothing)
    provider = stubbed(stub, session)
    assert await provider.calls() == ()
    assert await provider.search_contacts(m.ContactQuery(name="nobody")) == m.ContactPage()


@pytest.mark.parametrize(
    "bodies",
    [
        [{"data": [INCOMING], "total": 3}, {"data": [], "total": 3}],
        [{"data": None}],
        [{"total": 0}],
        [{"data": "none"}],
        [[]],
        [b"<html>"],
        [b'{"data": [], "total'],
    ],
)
async def test_a_glitch_is_no_list_of_calls(stub: Stub, session: aiohttp.ClientSession, bodies: list[object]) -> None:
    """A list that is not complete, or none at all, ends no call."""
    stub.on("GET", "calls", *bodies)
    with pytest.raises(ConnectError):
        await stubbed(stub, session).calls()


@pytest.mark.parametrize("status", [500, 502, 503, 301])
async def test_a_server_in_trouble(stub: Stub, session: aiohttp.ClientSession, status: int) -> None:
    """5xx and redirects are trouble."""
    stub.on("GET", "calls", {"message": "Oops"}, status=status)
    with pytest.raises(ConnectError):
        await stubbed(stub, session).calls()


async def test_throttled(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A page that HTTP cannot read is "slow down": polls wait, and nobody signs in again."""
    sim.throttle = 1
    with pytest.raises(RateLimitError) as error:
        await provider.calls()
    assert error.value.retry_after == 30
    before = len(sim.requests)
    with pytest.raises(RateLimitError):
        await provider.calls()
    assert len(sim.requests) == before


async def test_a_throttled_command_may_have_been_carried_out(
    provider: VoipstudioProvider, sim: VoipstudioSimulator
) -> None:
    """The unreadable page may be an error after the fact, and is never tried again."""
    sim.throttle = 1
    placed = await provider.originate(m.Originate(extension="1001", number=GRACE))
    assert placed == m.Placed(outcome=m.PlacedOutcome.UNKNOWN)
    with pytest.raises(RateLimitError):
        await provider.calls()


async def test_429(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A proper 429 says how long to wait."""
    sim.fault(FaultKind.STATUS, path="/calls", status=429, headers={"Retry-After": "7"})
    with pytest.raises(RateLimitError) as error:
        await provider.calls()
    assert error.value.retry_after == 7


async def test_the_budget(
    sim: VoipstudioSimulator, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A minute has room for sixty requests; a command that would have to wait for long is refused."""
    monkeypatch.setattr(http_module, "PATIENCE", 0.01)
    provider = client(sim, session)
    provider.http.budget.set_limits(VoipstudioProvider.limits)

    async def send_many() -> None:
        for _ in range(61):
            await provider.send_sms(GRACE, "Hello", None)

    with pytest.raises(RateLimitError):
        await send_many()
    assert 10 <= len(sim.requests) <= 60


async def test_record_of(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """What became of a call is found by its id or that of a leg."""
    call_id = await sim.ring(GRACE, "1001", "1002", "1003")
    await sim.answer(call_id, "1002")
    (call,) = await provider.calls() or ()
    await sim.hang_up(call_id)
    record = await provider.record_of(call)
    assert record is not None
    assert (record.call_id, record.outcome, record.answered_by) == (call_id, Outcome.ANSWERED, "1002")
    assert (await provider.record_of(replace(call, id="x"))) == record
    assert await provider.record_of(m.Call(id="1", state=ENDED)) is None


async def test_pushes_of_the_simulated_account(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """What is really pushed can be read, and each call id is one that is polled as well."""
    bodies: list[bytes] = []

    async def receive(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/hook", receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server = site._server  # noqa: SLF001
    assert isinstance(server, asyncio.Server)
    await sim.add_webhook(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook")
    call_id = await sim.ring(GRACE, "1001", "1002", "1003")
    (call,) = await provider.calls() or ()
    await sim.hang_up(call_id)
    placed = await provider.originate(m.Originate(extension="1001", number=GRACE))
    await sim.answer(placed.call_id or "", "1001")
    await sim.sms_arrives(GRACE, "Hello", extension="1002")
    await sim.wraps_up("601", "1002", "opened")
    await sim.settle()
    await sim.webhooks.settle()
    found = [push for body in bodies for push in pushed(body, provider)]
    await runner.cleanup()
    assert not [push for push in found if isinstance(push, m.UnknownPush)]
    legs = [push for push in found if isinstance(push, m.LegPush)]
    assert {push.call_id for push in legs} == {call.id, placed.call_id}
    assert {leg.id for leg in call.legs} < {push.leg_id for push in legs}
    final = [push for push in legs if push.final]
    assert [(push.call_id, push.outcome) for push in final] == [(call_id, Outcome.MISSED)]
    keys = [push.key for push in legs]
    assert len(set(keys)) == len(keys)
    assert {push.type for push in found if isinstance(push, m.Notice)} == {
        EventType.SMS_RECEIVED,
        EventType.AGENT_WRAP_UP,
    }
    wrapped = next(push for push in found if isinstance(push, m.Notice) and push.type is EventType.AGENT_WRAP_UP)
    assert (wrapped.agent, wrapped.extension) == ("10003", "1002")


async def test_nothing_secret_is_told(
    stub: Stub, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """Key, numbers, names and URLs are in no exception and in no line of our log, however loud it is."""
    caplog.set_level(logging.DEBUG, "custom_components.pbx")
    provider = stubbed(stub, session, user_id="10002", webhook_password="hook-secret")
    said = {"message": f"{CANARY} {GRACE} {stub.url}", "errors": [{"message": f"no {CANARY} for {GRACE} by Zelda"}]}
    call = m.Call(id="1", state=TALKING, legs=(m.Leg(id="1", state=TALKING, extension="1002"),))
    commands: list[Callable[[], Awaitable[object]]] = [
        provider.account,
        provider.calls,
        provider.directory,
        provider.release,
        lambda: provider.send_sms(GRACE, "Zelda", None),
        lambda: provider.announce(GRACE, "Zelda", f"+{OTHER}"),
        lambda: provider.transfer(m.CallRef(call=call), GRACE, m.TransferType.BLIND),
        lambda: provider.hangup(m.CallRef(call=call)),
        lambda: provider.create_contact(m.Contact(first_name="Zelda", number=GRACE)),
        lambda: provider.history(m.HistoryQuery(number=GRACE)),
        lambda: provider.media(m.MediaKind.RECORDING, 1, 0),
    ]
    told: list[str] = []
    for status in (400, 401, 403, 404, 412, 429, 500, 502):
        for method, path in (
            ("GET", "me"), ("GET", "calls"), ("GET", "users"), ("GET", "queues"), ("POST", "sms"), ("GET", "cdrs"),
            ("POST", "leadcalls"), ("PATCH", "calls/1"), ("DELETE", "calls/1"), ("POST", "contacts"),
            ("GET", "monitors"),
        ):  # fmt: skip
            stub.on(method, path, said, status=status)
        for command in commands:
            try:
                await command()
            except ProviderError as err:
                told += [str(err), repr(err), repr(err.__dict__), repr(err.__cause__)]
    assert told
    logged = "".join(record.getMessage() for record in caplog.records if record.name.startswith("custom_components"))
    everything = logged + "".join(told)
    for secret in (CANARY, GRACE, OTHER, "hook-secret", "127.0.0.1"):
        assert secret not in everything
    assert "Zelda" not in logged


async def test_every_command_is_declared(session: aiohttp.ClientSession) -> None:
    """What is offered exists, what does not exist is refused by its name, and unknown fields are refused."""
    provider = VoipstudioProvider(session, {"api_key": CANARY})
    provider.capabilities = provider.possible
    assert set(provider.fields) <= set(provider.possible)
    ref = m.CallRef(call=m.Call(id="1", state=TALKING))
    for refused in (provider.hold, provider.unhold, provider.mute, provider.unmute):
        with pytest.raises(UnsupportedError):
            await refused(ref)
    with pytest.raises(UnsupportedError):
        provider.check(Capability.ORIGINATE, ["ring_timeout"])
    with pytest.raises(UnsupportedError):
        provider.check(Capability.SPY)
    provider.check(Capability.GET_CALL_HISTORY, ["start", "record_id"])
