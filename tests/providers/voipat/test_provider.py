"""VOIP@: what is asked of the simulated bridge, and what is never told."""

import asyncio
import json
import logging
import traceback
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from custom_components.pbx.providers.http import Reply
from custom_components.pbx.providers.voipat import api as voipat_access
from custom_components.pbx.providers.voipat import extensions as voipat_extensions
from custom_components.pbx.providers.voipat import provider as voipat
from custom_components.pbx.providers.voipat.api import reason_of
from custom_components.pbx.providers.voipat.provider import VoipatProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    BadPayloadError,
    ConnectError,
    NotFoundError,
    ProviderError,
    RateLimitError,
    TroubleError,
    UnknownOutcomeError,
)
from custom_components.pbx.telephony.models import CallState, Capability, Direction, Outcome
from tests.simulators.base import FaultKind
from tests.simulators.voipat import Esl, Loopback, Profile, Registrations, VoipatSimulator
from tests.simulators.voipat_wire import ON_PAPER

from .bridge import (
    CANARY,
    DIALING,
    DOMAIN,
    NODE,
    ON_HOLD,
    OTHER,
    OUTSIDE,
    PYTHON,
    RINGING,
    TALKING,
    UUID,
    Stub,
    a_call,
    both,
    by_token,
    client,
    hang,
    node,
    only,
    stubbed,
    talking,
)

OTHER_UUID = "bbbbbbbb-0000-4000-8000-bbbbbbbbbbbb"


async def test_extensions_of_node(session: aiohttp.ClientSession) -> None:
    """Node lists them, with names, and without anybody's password."""
    async with VoipatSimulator(profile=NODE, **ON_PAPER) as sim:
        provider = client(sim, session)
        await provider.account()
        directory = await provider.directory()
        assert directory.extensions is not None
        assert [extension.number for extension in directory.extensions] == ["101", "102", "103", "104", "105"]
        assert directory.extensions[0].name == "Anna Keller"
        assert directory.extensions[0].outbound_numbers[0].number == "+493023125101"
        assert (directory.agents, directory.queues) == (None, None)
        assert not any(secret in repr(directory) for secret in sim.secrets)
        await provider.directory()
        assert len(sim.seen("/extensions/registrations")) == 1


async def test_extensions_that_cannot_be_listed(sim: VoipatSimulator, session: aiohttp.ClientSession) -> None:
    """The typed ones are asked for one by one, and those that took part in calls are learned."""
    provider = client(sim, session, extensions="101, 102;999\n101")
    await provider.account()
    directory = await provider.directory()
    assert directory.extensions is not None
    assert [(known.number, known.name) for known in directory.extensions] == [
        ("101", "Anna Keller"),
        ("102", "Luca Rossi"),
    ]
    call_id = await sim.ring(OUTSIDE, "103")
    await provider.calls()
    await sim.hang_up(call_id)
    directory = await provider.directory()
    assert directory.extensions is not None
    assert [(known.number, known.name) for known in directory.extensions][-1] == ("103", "Sofie Jansen")
    assert len(sim.seen("/extensions/101")) == 1  # asked for once


async def test_an_extension_that_cannot_be_asked_for(stub: Stub, session: aiohttp.ClientSession) -> None:
    """It stays: a person typed it, or it made a call."""
    stub.on("GET", "/extensions", "Internal Server Error", status=500)
    stub.on("GET", "/extensions/101", "Internal Server Error", status=500)
    stub.on("GET", "/extensions/103", {"extension": None})
    provider = stubbed(stub, session, extensions=["101", "103", "*bad*", 7])
    directory = await provider.directory()
    assert directory.extensions == tuple(m.Extension(number=number) for number in ("101", "103"))


async def test_aliases_and_disabled_extensions_are_no_phones(stub: Stub, session: aiohttp.ClientSession) -> None:
    """The bridge finds an extension by its alias too, and one that is switched off; each is asked for once."""
    stub.on("GET", "/extensions", "Internal Server Error", status=500)
    stub.on("GET", "/extensions/101", {"extension": {"extension": "101", "enabled": "true"}})
    stub.on("GET", "/extensions/sales", {"extension": {"extension": "1102", "number_alias": "sales"}})
    stub.on("GET", "/extensions/103", {"extension": {"extension": "103", "enabled": "false"}})
    provider = stubbed(stub, session, extensions=["101", "sales", "103"])
    for _ in range(2):
        directory = await provider.directory()
        assert directory.extensions is not None
        assert [known.number for known in directory.extensions] == ["101", "1102"]
    assert [stub.count(f"/extensions/{number}") for number in ("101", "sales", "103")] == [1, 1, 1]


async def test_many_extensions_are_asked_for_bit_by_bit(stub: Stub, session: aiohttp.ClientSession) -> None:
    """A long list must not eat the budget at once."""
    stub.on("GET", "/extensions", "", status=500)
    for number in range(101, 151):
        stub.on("GET", f"/extensions/{number}", {"extension": {"extension": str(number)}})
    provider = stubbed(stub, session, extensions=" ".join(map(str, range(101, 151))))
    directory = await provider.directory()
    assert directory.extensions is not None
    assert len(directory.extensions) == 50
    assert sum(1 for _, path in stub.seen if path.startswith("/extensions/1")) == voipat_extensions.PROBES


async def test_a_list_that_breaks_later(sim: VoipatSimulator, session: aiohttp.ClientSession) -> None:
    """What was known is kept."""
    sim.extensions_broken = False
    provider = client(sim, session)
    directory = await provider.directory()
    assert directory.extensions is not None
    assert len(directory.extensions) == 5
    sim.extensions_broken = True
    assert (await provider.directory()).extensions is None


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, TroubleError), (501, TroubleError), (502, ConnectError), (504, ConnectError), (301, ConnectError)],
)
async def test_a_bridge_in_trouble(
    status: int, error: type[ConnectError], stub: Stub, session: aiohttp.ClientSession
) -> None:
    """It was reached, and says so; a gateway in front of it says that it was not."""
    stub.on("GET", "/calls/channels", "Internal Server Error", status=status)
    with pytest.raises(ConnectError) as caught:
        await stubbed(stub, session).calls()
    assert type(caught.value) is error
    assert isinstance(caught.value, TroubleError) is (str(caught.value) == f"HTTP {status}")


@pytest.mark.parametrize(("status", "variant"), [(502, PYTHON), (403, PYTHON), (500, NODE)])
async def test_a_directory_that_cannot_be_read(
    status: int, variant: Profile, stub: Stub, session: aiohttp.ClientSession
) -> None:
    """Trouble that passes is no empty directory."""
    if variant is NODE:
        node(stub)
    provider = stubbed(stub, session)
    await provider.account()
    stub.on("GET", "/extensions", {"error": "x"}, status=status)
    with pytest.raises(ConnectError):
        await provider.directory()
    stub.on("GET", "/extensions", {"extensions": None})
    with pytest.raises(ConnectError):
        await provider.directory()


@pytest.mark.parametrize("style", [Registrations.LIST, Registrations.ROWS, Registrations.DATA, Registrations.NESTED])
async def test_registrations_should_they_ever_work(
    style: Registrations, sim: VoipatSimulator, session: aiohttp.ClientSession
) -> None:
    """Then the capability is there."""
    sim.registrations, sim.extensions_broken = style, False
    sim.unregister("102")
    provider = client(sim, session)
    await provider.account()
    directory = await provider.directory()
    assert directory.extensions is not None
    registered = {known.number: known.registered for known in directory.extensions}
    assert (registered["101"], registered["102"]) == (True, False)
    assert Capability.REGISTRATION in provider.capabilities


async def test_registrations_that_fail_for_once(stub: Stub, session: aiohttp.ClientSession) -> None:
    """They are asked for again; a no is asked for once."""
    stub.on("GET", "/extensions", {"extensions": [{"extension": "101"}]})
    stub.on("GET", "/extensions/registrations", "<html>", {"registrations": [{"user": "101"}]}, {"message": "no"})
    provider = stubbed(stub, session)
    assert (await provider.directory()).extensions == (m.Extension(number="101"),)
    assert (await provider.directory()).extensions == (m.Extension(number="101", registered=True),)
    for _ in range(2):
        assert (await provider.directory()).extensions == (m.Extension(number="101"),)
    assert stub.count("/extensions/registrations") == 3


@both
@pytest.mark.parametrize("known", [True, False])
async def test_the_life_of_a_call(
    profile: Profile,
    known: bool,  # noqa: FBT001
    sim: VoipatSimulator,
    session: aiohttp.ClientSession,
) -> None:
    """What the poll says is what is true, from the first ring to the end."""
    sim.foreign_tenant_rows = True
    provider = client(sim, session)
    await provider.account()
    if known:
        await provider.directory()
    call_id = await sim.ring(OUTSIDE, "101", "102", name="Grace")

    async def agrees() -> m.Call:
        call, (truth,) = await only(provider), sim.truth()
        assert (call.direction, call.state) == (truth.direction, truth.state)
        assert call.caller.number == truth.caller
        legs = {leg.extension: leg.state.value for leg in call.legs if leg.extension}
        assert legs == {leg.extension: leg.state for leg in truth.legs if leg.extension}
        return call

    assert (await agrees()).caller.name == "Grace"
    await sim.answer(call_id, "102")
    assert (await agrees()).answered_by == "102"
    await sim.hold(call_id, "102")
    assert (await agrees()).state is ON_HOLD
    await sim.resume(call_id, "102")
    assert (await agrees()).state is TALKING
    await sim.transfer(call_id, "102", "103")
    assert (await agrees()).id == call_id
    await sim.answer(call_id, "103")
    await agrees()
    await sim.hang_up(call_id)
    assert await provider.calls() == ()
    assert profile in {PYTHON, NODE}


@both
@pytest.mark.parametrize(("number", "direction"), [(OTHER, Direction.OUTGOING), ("103", Direction.INTERNAL)])
async def test_dialled_calls(
    number: str, direction: Direction, profile: Profile, provider: VoipatProvider, sim: VoipatSimulator
) -> None:
    """Outgoing and internal calls."""
    call_id = await sim.dial("101", number)
    call = await only(provider)
    assert (call.id, call.direction, call.callee.number, call.caller.number) == (call_id, direction, number, "101")
    await sim.answer(call_id)
    call = await only(provider)
    assert (call.state, {leg.state for leg in call.legs}) == (TALKING, {TALKING})
    assert profile in {PYTHON, NODE}


@pytest.mark.parametrize("rows", ["original", "early", "old", "trunk"])
@both
async def test_other_builds_of_the_switch(
    rows: str, profile: Profile, provider: VoipatProvider, sim: VoipatSimulator
) -> None:
    """Columns differ, early media ring too."""
    sim.old_columns, sim.early_media, sim.trunk_accountcode = rows == "old", rows == "early", rows == "trunk"
    await sim.ring(OUTSIDE, "101")
    call = await only(provider)
    assert (call.state, call.direction, call.extensions) == (RINGING, Direction.INCOMING, ("101",))
    assert profile in {PYTHON, NODE}


@both
async def test_calls_that_are_not_routed_yet(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """A call that rings nobody yet is no ringing extension."""
    sim.ring_at_once = False
    call_id = await sim.ring(OUTSIDE, "101")
    assert all(call.state is not RINGING for call in await provider.calls())
    await sim.route(call_id)
    assert (await only(provider)).state is RINGING
    assert profile in {PYTHON, NODE}


@pytest.mark.parametrize("loopback", list(Loopback))
@pytest.mark.parametrize("splits", [True, False])
async def test_the_life_of_an_originated_call(
    loopback: Loopback,
    splits: bool,  # noqa: FBT001
    provider: VoipatProvider,
    sim: VoipatSimulator,
) -> None:
    """It dials until the far party answers, and it is one call all the time."""
    sim.loopback, sim.loopback_splits = loopback, splits
    placed = await provider.originate(m.Originate(extension="101", number=OTHER))
    assert placed.call_id is not None
    expected = [(DIALING, 1), (DIALING, 2), (TALKING, 2)]
    for state, legs in expected:
        call = await only(provider)
        assert (call.id, call.direction, call.state) == (placed.call_id, Direction.OUTGOING, state)
        assert (call.caller.number, call.callee.number, len(call.legs)) == ("101", OTHER, legs)
        assert call.extensions == ("101",)
        if state is not TALKING:
            await sim.answer(placed.call_id, "101" if legs == 1 else "")
    await provider.hangup(m.CallRef(call=await only(provider)))
    assert await provider.calls() == ()


@both
async def test_a_queue(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """A machine's answer is nobody's."""
    call_id = await sim.greet(OUTSIDE, application="callcenter")
    assert (await only(provider)).state is RINGING
    await sim.distribute(call_id, "101", "102")
    call = await only(provider)
    assert (call.state, call.extensions) == (RINGING, ("101", "102"))
    await sim.answer(call_id, "102")
    assert (await only(provider)).answered_by == "102"
    assert profile in {PYTHON, NODE}


ROUGH: list[tuple[FaultKind, dict[str, Any]]] = [
    (FaultKind.STATUS, {"status": 500}),
    (FaultKind.STATUS, {"status": 503}),
    (FaultKind.STATUS, {"status": 404}),
    (FaultKind.STATUS, {"status": 403}),
    (FaultKind.HTML, {"status": 502}),
    (FaultKind.HTML, {"status": 200}),
    (FaultKind.TRUNCATED, {}),
    (FaultKind.EMPTY, {}),
    (FaultKind.RESET_MID_BODY, {}),
]


@both
@pytest.mark.parametrize(("kind", "plan"), ROUGH)
async def test_a_list_that_cannot_be_read_is_no_empty_list(
    kind: FaultKind, plan: dict[str, Any], profile: Profile, provider: VoipatProvider, sim: VoipatSimulator
) -> None:
    """Whatever goes wrong, calls are not said to be over."""
    await sim.ring(OUTSIDE, "101")
    sim.fault(kind, path="/calls/channels", **plan)
    with pytest.raises(ConnectError):
        await provider.calls()
    assert len(await provider.calls()) == 1
    assert profile in {PYTHON, NODE}


@both
async def test_the_switch_is_away(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """Without FreeSWITCH nothing is known, and nothing is done."""
    _, target = await talking(provider, sim)
    await sim.set_esl(Esl.DOWN)
    with pytest.raises(ConnectError):
        await provider.calls()
    for command in (
        provider.hangup(target),
        provider.hold(target),
        provider.unmute(target),
        provider.send_dtmf(target, "1"),
        provider.originate(m.Originate(extension="102", number=OTHER)),
    ):
        with pytest.raises(ConnectError) as caught:
            await command
        assert not isinstance(caught.value, UnknownOutcomeError)
    await sim.set_esl(Esl.CONNECTED)
    assert len(await provider.calls()) == 1
    assert profile in {PYTHON, NODE}


async def test_a_bridge_that_hangs(
    provider: VoipatProvider, sim: VoipatSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list times out, a command's outcome is not known."""
    _, target = await talking(provider, sim)
    monkeypatch.setattr(voipat_access, "SECONDS", 0.1)
    monkeypatch.setattr(voipat, "MARGIN", -4.9)
    sim.bridge_hang = True
    with pytest.raises(ConnectError):
        await provider.calls()
    with pytest.raises(UnknownOutcomeError):
        await provider.hangup(target)
    placed = await provider.originate(m.Originate(extension="102", number=OTHER, ring_timeout=5))
    assert placed == m.Placed(outcome=m.PlacedOutcome.UNKNOWN)
    await sim.restart_bridge()


async def test_a_glitch_is_an_empty_list(provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """It cannot be told from the truth: two such lists are asked for."""
    call_id = await sim.ring(OUTSIDE, "101")
    before = await only(provider)
    sim.empty_list_glitch = 1
    assert await provider.calls() == ()
    assert (await only(provider)).id == before.id == call_id
    assert provider.complete_after == 2


async def test_a_provider_that_does_not_know_its_domain(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Then nothing is known about calls."""
    stub.on("GET", "/calls/channels", {"channels": []})
    with pytest.raises(ConnectError):
        await stubbed(stub, session, domain="").calls()


async def test_what_is_remembered_is_bounded(
    sim: VoipatSimulator, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old legs and placed calls are forgotten."""
    monkeypatch.setattr(voipat, "MOST_REMEMBERED", 1)
    monkeypatch.setattr(voipat_extensions, "MOST_LEARNED", 1)
    provider = client(sim, session)
    await provider.account()
    for number in ("101", "102"):
        placed = await provider.originate(m.Originate(extension=number, number=OTHER))
        assert placed.call_id
    assert len(await provider.calls()) == 2
    assert len(sim.placed) == 2


def push(method: str, query: str = "", body: bytes = b"") -> m.PushRequest:
    """Make a webhook request."""
    pairs = dict(part.split("=", 1) for part in query.split("&") if part)
    return m.PushRequest(method=method, query=pairs, content_type="application/json", body=body)


def test_parse() -> None:
    """Requests of other methods are silence, bodies of nothing are none."""
    provider = VoipatProvider(None, {"domain": DOMAIN, "api_key": CANARY})  # type: ignore[arg-type]
    assert provider.parse(push("HEAD")) == ()
    (pushed,) = provider.parse(push("GET", "event=new_call&call_id=a&extension=101&caller_id=102"))
    assert isinstance(pushed, m.LegPush)
    assert pushed.direction is Direction.INTERNAL
    with pytest.raises(BadPayloadError):
        provider.parse(push("POST", body=b"nothing"))


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://ha.example/api/webhook/x", "https://ha.example/api/webhook/x?"),
        ("https://h/x?a=b", "https://h/x?a=b&"),
    ],
)
def test_urls_to_paste(url: str, expected: str) -> None:
    """All three settings take the same URL, with every placeholder but the name, which may be anything."""
    provider = VoipatProvider(None, {"api_key": CANARY})  # type: ignore[arg-type]
    urls = provider.urls_to_paste(url)
    assert list(urls) == ["crm_url", "crm_agent_login_url", "crm_agent_logout_url"]
    query = (
        "event={event}&caller_id={caller_id}&destination={destination}&direction={direction}"
        "&duration={duration}&extension={extension}&call_id={call_id}&timestamp={timestamp}&domain={domain}"
    )
    assert set(urls.values()) == {expected + query}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("widget", ["proxy", "standalone"])
async def test_what_the_browsers_phone_sends(
    method: str, widget: str, provider: VoipatProvider, sim: VoipatSimulator
) -> None:
    """Real requests, from the first ring to the ghost of the hang-up, and the agent's button."""
    got: list[m.Pushed] = []

    async def receive(request: web.Request) -> web.Response:
        sent = m.PushRequest(
            method=request.method,
            query=dict(request.query),
            content_type=request.content_type,
            body=await request.read(),
        )
        got.extend(provider.parse(sent))
        return web.Response()

    app = web.Application()
    app.router.add_route("*", "/api/webhook/x", receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server = site._server  # noqa: SLF001
    assert isinstance(server, asyncio.Server)
    sim.widget = "proxy" if widget == "proxy" else "standalone"
    sim.connect_webhook(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api/webhook/x", method)
    call_id = await sim.ring(OUTSIDE, "101", name="Jöhn Smith")
    await sim.answer(call_id, "101")
    await sim.hang_up(call_id, by="callee")
    await sim.toggle_agent("101")
    await sim.settle()
    kinds = [(type(one).__name__, getattr(one, "state", None) or getattr(one, "type", None)) for one in got]
    assert kinds == [
        ("LegPush", RINGING),
        ("LegPush", TALKING),
        ("LegPush", CallState.ENDED),
        ("Notice", m.EventType.AGENT_LOGGED_IN),
    ]
    ringing = got[0]
    assert isinstance(ringing, m.LegPush)
    assert (ringing.caller, ringing.extension) == (m.Party(number=OUTSIDE, name="Jöhn Smith"), "101")
    got.clear()
    placed = await provider.originate(m.Originate(extension="101", number=OTHER))
    assert placed.call_id
    await sim.answer(placed.call_id, "101")
    await sim.settle()
    assert [type(one) for one in got] == [m.CallHint, m.CallHint]
    await runner.cleanup()


async def listen(provider: VoipatProvider, until: int) -> list[m.Pushed]:
    """Hear so many messages."""
    heard: list[m.Pushed] = []
    stream = provider.stream()
    async for one in stream:
        heard.append(one)
        if len(heard) == until:
            break
    await stream.aclose()  # type: ignore[attr-defined]
    return heard


@both
async def test_the_socket(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """The first message says that it works, the others when to look; strangers are not heard."""
    stream = provider.stream()
    assert await anext(stream) == m.CallHint(provider_event="connected")
    await sim.foreign_call(similar=True)
    call_id = await sim.ring(OUTSIDE, "101")
    first = await asyncio.wait_for(anext(stream), 2)
    assert isinstance(first, m.CallHint)
    call = await only(provider)
    await sim.hang_up(call_id)
    hangups: list[m.CallHint] = []
    while not hangups:
        one = await asyncio.wait_for(anext(stream), 2)
        assert isinstance(one, m.CallHint)
        assert one.leg_id in {leg.id for leg in call.legs}
        if one.hangup_cause:
            hangups.append(one)
    assert (hangups[0].leg_id, hangups[0].hangup_cause) == (call_id, "ORIGINATOR_CANCEL")
    assert hangups[0].outcome is Outcome.MISSED
    await stream.aclose()  # type: ignore[attr-defined]
    assert profile in {PYTHON, NODE}


@pytest.mark.parametrize(
    ("over", "shown"), [((), ("A", "B")), (("A",), ("A", "B")), (("A", "B"), ())], ids=["none", "one", "all"]
)
async def test_list_that_is_older_than_the_end_of_a_call(
    stub: Stub, session: aiohttp.ClientSession, over: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    """What the socket has told to be over does not begin anew, though a list that was late still has it."""
    row = {"call_uuid": "A", "cid_num": "+390612345678", "dest": "101", "context": DOMAIN, "callstate": "RINGING"}
    rows = [
        {**row, "uuid": "A", "direction": "inbound", "name": "sofia/external/+390612345678@trunk.example"},
        {**row, "uuid": "B", "direction": "outbound", "presence_id": f"101@{DOMAIN}"},
    ]
    stub.on("GET", "/calls/channels", {"channels": rows})
    provider = stubbed(stub, session)
    for leg_id in over:
        data = {"uuid": leg_id, "domain": DOMAIN, "event": "CHANNEL_HANGUP", "hangupCause": "ORIGINATOR_CANCEL"}
        provider._heard(json.dumps({"type": "call.hangup", "data": data}), encoded=True)  # noqa: SLF001
    assert tuple(leg.id for call in await provider.calls() for leg in call.legs) == shown


async def test_key_presses_on_the_socket(session: aiohttp.ClientSession) -> None:
    """A key press is told, and so is that the switch went away."""
    async with VoipatSimulator(profile=NODE, **ON_PAPER) as sim:
        provider = client(sim, session)
        await provider.account()
        call_id, _ = await talking(provider, sim)
        stream = provider.stream()
        await anext(stream)
        await sim.press(call_id, "101", "5")
        hint = await asyncio.wait_for(anext(stream), 2)
        assert isinstance(hint, m.CallHint)
        assert hint.dtmf == "5"  # the Node server passes on what the switch says of it
        await sim.set_esl(Esl.DOWN)
        assert await asyncio.wait_for(anext(stream), 2) == m.CallHint(provider_event="system.status")
        await stream.aclose()  # type: ignore[attr-defined]


@both
async def test_a_socket_that_ends(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """It ends quietly; the next one is the caller's affair."""
    heard = []
    async for one in provider.stream():
        heard.append(one)
        await sim.restart_bridge()
    assert heard[0] == m.CallHint(provider_event="connected")
    assert profile in {PYTHON, NODE}


@both
async def test_a_socket_that_is_refused(profile: Profile, sim: VoipatSimulator, session: aiohttp.ClientSession) -> None:
    """A wrong key, or no socket at all, and nobody learns the key from it."""
    sim.key_cache_ttl = 0
    provider = client(sim, session)
    await provider.account()
    secret = sim.api_key
    sim.api_key = "fpx_rotated"
    with pytest.raises(ConnectError) as caught:
        await listen(provider, 1)
    assert secret not in "".join(traceback.format_exception(caught.value))
    sim.ws_enabled = False
    with pytest.raises(ConnectError) as caught:
        await listen(provider, 1)
    assert secret not in "".join(traceback.format_exception(caught.value))
    await sim.stop()
    with pytest.raises(ConnectError):
        await listen(provider, 1)
    assert profile in {PYTHON, NODE}


async def test_a_socket_with_a_token(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Where only tokens are taken, the socket gets a fresh one; what is no text is passed over."""
    asked: list[Mapping[str, str]] = []

    async def serve(request: web.Request) -> web.StreamResponse:
        asked.append(dict(request.query))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_bytes(b"binary")
        await socket.send_str("noise")
        await socket.send_json({"type": "system.status", "data": {"status": "connected"}})
        await socket.close()
        return socket

    stub.answers["GET", "/ws"] = [serve]
    by_token(stub, "one", "two")
    stub.answers["GET", "/ws"] = [serve]
    provider = stubbed(stub, session)
    await provider.account()
    heard = [one async for one in provider.stream()]
    assert heard == [m.CallHint(provider_event="connected"), m.CallHint(provider_event="system.status")]
    assert asked == [{"token": "two", "domain": DOMAIN}]


async def test_a_socket_while_polls_pause(stub: Stub, session: aiohttp.ClientSession) -> None:
    """A socket is a request like others."""
    provider = stubbed(stub, session)
    provider.http.budget.pause(60)
    with pytest.raises(RateLimitError):
        await listen(provider, 1)


@pytest.mark.parametrize(
    ("caller", "extension", "found"),
    [
        (m.Party(number=OUTSIDE), "101", True),
        (m.Party(number="0612345678"), None, True),
        (m.Party(hidden=True), "101", True),
        (m.Party(number=OTHER), "101", False),
        (m.Party(number=OUTSIDE), "105", False),
    ],
)
async def test_a_call_known_by_push_only(
    caller: m.Party,
    extension: str | None,
    found: bool,  # noqa: FBT001
    provider: VoipatProvider,
    sim: VoipatSimulator,
) -> None:
    """It is looked for by extension and number."""
    call_id = await sim.ring(OUTSIDE, "101")
    await sim.answer(call_id, "101")
    legs = (m.Leg(id="7tqk3a1b2", state=TALKING, extension=extension or "101"),)
    call = m.Call(id="7tqk3a1b2", state=TALKING, direction=Direction.INCOMING, caller=caller, legs=legs)
    target = m.CallRef(call=call, extension=extension)
    if found:
        await provider.hold(target)
        assert (await only(provider)).state is ON_HOLD
    else:
        with pytest.raises(NotFoundError):
            await provider.hold(target)


async def test_two_calls_that_a_push_could_mean(provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """Then neither is touched; and a call without any leg cannot be looked for."""
    await sim.ring(OUTSIDE, "104")
    await sim.ring(OTHER, "104")
    legs = (m.Leg(id="7tqk3a1b2", state=TALKING, extension="104"),)
    call = m.Call(id="7tqk3a1b2", state=TALKING, direction=Direction.INCOMING, legs=legs)
    for unclear in (call, replace(call, legs=())):
        with pytest.raises(NotFoundError):
            await provider.hangup(m.CallRef(call=unclear))


async def test_a_pushed_call_that_was_polled_since(provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """Its legs have the switch's ids, whatever its own id is; an extension that joined is looked for."""
    call_id, target = await talking(provider, sim)
    known = replace(target.call, id="7tqk3a1b2")
    await provider.hold(m.CallRef(call=known, extension="101"))
    assert not sim.seen("/calls/channels", "GET")[-1].path.endswith("/channels")
    await provider.unhold(m.CallRef(call=known, extension="101"))
    await sim.transfer(call_id, "101", "102")
    await sim.answer(call_id, "102")
    await provider.hold(m.CallRef(call=known, extension="102"))
    assert (await only(provider)).state is ON_HOLD
    with pytest.raises(NotFoundError):
        await provider.hold(m.CallRef(call=known, extension="101"))
    await provider.hangup(m.CallRef(call=known, extension="101"))
    assert (await only(provider)).extensions == ("102",)


async def test_extensions_that_are_not_in_the_call(provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """There is nothing to hold, and nothing left to hang up."""
    call_id = await sim.greet(OUTSIDE)
    call = await only(provider)
    with pytest.raises(NotFoundError):
        await provider.hold(m.CallRef(call=call))
    await provider.hangup(m.CallRef(call=call, extension="101"))
    assert (await only(provider)).id == call_id
    await provider.hangup(m.CallRef(call=replace(call, id="7tqk3a1b2")))
    assert await provider.calls() == ()


async def test_ids_that_are_none_of_the_switchs(stub: Stub, session: aiohttp.ClientSession) -> None:
    """The documentation shows some; no command takes them."""
    row = {"uuid": "abc-123", "presence_id": f"101@{DOMAIN}", "callstate": "ACTIVE"}
    stub.on("GET", "/calls/channels", {"channels": [row]})
    provider = stubbed(stub, session)
    with pytest.raises(NotFoundError):
        await provider.hangup(m.CallRef(call=await only(provider), extension="101"))


async def test_the_other_party_of_a_call_that_was_alone(provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """A leg that came since is found; where there is nobody, nobody is transferred."""
    call_id = await sim.dial("101", OTHER)
    call = await only(provider)
    alone = replace(call, legs=call.legs_of("101"))
    await sim.answer(call_id)
    await provider.send_dtmf(m.CallRef(call=alone), "1")
    assert sim.dtmf_sent == [(call.legs[1].id, "1")]
    mailbox = a_call((UUID, "102"))
    with pytest.raises(NotFoundError):
        await provider.send_dtmf(m.CallRef(call=mailbox), "1")


@pytest.mark.parametrize("nothing", [None, {}, [], ""])
@pytest.mark.parametrize("count", [0, "0", None])
async def test_a_list_that_is_written_otherwise_when_nobody_calls(
    nothing: object, count: object, stub: Stub, session: aiohttp.ClientSession
) -> None:
    """It counts none; where it does not count either, it is no list, and ends no call."""
    stub.on("GET", "/calls/channels", {"channels": nothing, "count": count})
    looking = stubbed(stub, session).calls()
    if nothing == [] or count is not None:
        assert await looking == ()
    else:
        with pytest.raises(ConnectError):
            await looking


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": f"no route for {OTHER} from 101"}, "no route for … from …"),
        ({"error": "x", "detail": "y", "details": [{"message": "z"}]}, "x: y: z"),
        ({"detail": [{"msg": "Field required", "input": {"api_key": CANARY}}]}, "Field required"),
        ({"message": "m"}, "m"),
        ({"error": {"a": 1}, "detail": 7}, ""),
        ({"error": {"code": 5, "message": "Number barred"}}, "Number barred"),
        ({"detail": ["Not allowed", "x"]}, "Not allowed"),
        ({"error": [], "detail": [{}], "details": {}}, ""),
        ({"error": "\ud83d" + "x" * 500}, "?" + "x" * 199),
        ([1], ""),
    ],
)
def test_reasons(body: object, expected: str) -> None:
    """The server's words, bounded, without what was sent."""
    reply = Reply(status=400, headers={}, body=json.dumps(body).encode())
    assert reason_of(reply, (OTHER, "101", "1")) == expected
    assert reason_of(Reply(status=500, headers={}, body=b"[" * 100_000)) == ""


async def test_nothing_secret_is_told(
    stub: Stub, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither log nor exception holds the key, a number, a name or an address, whatever goes wrong."""
    caplog.set_level(logging.DEBUG)
    stub.on("GET", "/extensions/101", {"extension": {"extension": "101"}})
    stub.on("GET", "/calls/channels", {"error": "x"}, status=500)
    stub.on("GET", "/cdr", {"error": f"bad value 98765 {CANARY[:2]}"}, status=400)
    stub.on("GET", f"/calls/channels/{UUID}", {"channel": {"callstate": "ACTIVE"}})
    stub.on("GET", f"/calls/channels/{OTHER_UUID}", "x", status=500)
    stub.on("POST", "/calls/originate", {"error": f"no route to {OTHER} for Canary_Name"}, status=500)
    stub.on("POST", f"/calls/{OTHER_UUID}/transfer", {"error": f"bad {OTHER}"}, status=400)
    stub.on("POST", f"/calls/{OTHER_UUID}/dtmf", {"error": "bad 987654"}, status=400)
    stub.answers["POST", f"/calls/{UUID}/unmute"] = [hang]
    stub.on("POST", "/auth/token", {"error": "Invalid API key"}, status=401)
    provider = stubbed(stub, session)
    target = m.CallRef(call=a_call((UUID, "101"), (OTHER_UUID, None)))
    placing = m.Originate(extension="101", number=OTHER, caller_id_name="Canary Name")
    told: list[str] = []
    for attempt in (
        provider.calls(),
        provider.history(m.HistoryQuery(search="98765")),
        provider.originate(placing),
        provider.transfer(target, OTHER, m.TransferType.BLIND),
        provider.send_dtmf(target, "987654"),
        provider.unmute(target),
        listen(provider, 1),
    ):
        with pytest.raises(ProviderError) as caught:
            await attempt
        told += traceback.format_exception(caught.value)[-1:]
        told.append(repr(caught.value.__dict__))
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("custom_components")]
    assert lines
    everything = "\n".join([*told, *lines])
    for secret in (CANARY, OTHER, OTHER[1:], "Canary_Name", "987654", stub.url, "127.0.0.1"):
        assert secret not in everything
