"""VOIP@: what a command sends, and what its answer means."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from custom_components.pbx.providers.voipat import api as voipat_access
from custom_components.pbx.providers.voipat import provider as voipat
from custom_components.pbx.providers.voipat.provider import VoipatProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    ConnectError,
    InvalidInputError,
    NotFoundError,
    ProviderError,
    Refusal,
    RefusedError,
    SwitchDownError,
    TroubleError,
    UnknownOutcomeError,
    UnsupportedError,
)
from custom_components.pbx.telephony.models import Capability, Direction
from tests.simulators.base import FaultKind
from tests.simulators.voipat import Profile, VoipatSimulator
from tests.simulators.voipat_wire import ON_PAPER

from .bridge import (
    DIALING,
    NODE,
    ON_HOLD,
    OTHER,
    OUTSIDE,
    PYTHON,
    TALKING,
    UUID,
    Stub,
    a_call,
    both,
    client,
    only,
    stubbed,
    talking,
)


@both
async def test_originate(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """All fields arrive as the switch can take them; Node answers when the phone is picked up."""
    sim.auto_answer = 0.05
    request = m.Originate(
        extension="101",
        number="06 9876 5432",
        caller_id_number="06-5550 0000",
        caller_id_name="Büro, 'Süd' {1}",
        ring_timeout=5,
    )
    placed = await provider.originate(request)
    assert placed.outcome is m.PlacedOutcome.ACCEPTED
    (sent,) = sim.seen("/calls/originate", "POST")
    assert json.loads(sent.body) == {
        "from": "101",
        "to": OTHER,
        "domain": sim.domain,
        "timeout": 5,
        "callerId": "0655500000",
        "callerName": "Buro_Sud_1",
    }
    assert [(one.source, one.destination, one.call_id) for one in sim.placed] == [("101", OTHER, placed.call_id)]
    assert not sim.broken_commands
    assert (await provider.click_to_call(m.Originate(extension="102", number="*98"))).call_id
    assert json.loads(sim.seen("/calls/originate")[-1].body)["timeout"] == voipat.RING_TIMEOUT
    assert profile in {PYTHON, NODE}


@pytest.mark.parametrize(
    ("change", "field", "problem"),
    [
        ({"number": "12,34"}, "number", "invalid_number"),
        ({"number": ""}, "number", "invalid_number"),
        ({"number": "1234567"}, "number", "invalid_number"),
        ({"extension": ""}, "extension", "required"),
        ({"extension": "1 {x}"}, "extension", "invalid_value"),
        ({"extension": "999"}, "extension", "unknown_extension"),
        ({"ring_timeout": 4}, "ring_timeout", "out_of_range"),
        ({"ring_timeout": 121}, "ring_timeout", "out_of_range"),
        ({"caller_id_number": "a b"}, "caller_id_number", "invalid_number"),
        ({"caller_id_name": "日本"}, "caller_id_name", "invalid_value"),
    ],
)
async def test_what_is_refused_before_it_is_sent(
    change: Mapping[str, Any], field: str, problem: str, provider: VoipatProvider, sim: VoipatSimulator
) -> None:
    """Nothing that breaks the switch's command, and no extension that does not exist."""
    request = replace(m.Originate(extension="101", number=OTHER), **change)
    if change == {"number": "1234567"}:
        request = replace(request, number="+12")
    with pytest.raises(InvalidInputError) as caught:
        await provider.originate(request)
    assert (caught.value.field, caught.value.problem) == (field, problem)
    assert caught.value.value == (change["extension"] if problem == "unknown_extension" else "")
    assert not sim.seen("/calls/originate")


@pytest.mark.parametrize("told", [UUID, f"+OK {UUID}", f" {UUID}\n"])
async def test_the_id_of_a_call_that_was_placed(told: str, stub: Stub, session: aiohttp.ClientSession) -> None:
    """It may stand in the words of the switch; the call is shown under it from then on."""
    stub.on("GET", "/extensions/101", {"extension": {"extension": "101"}})
    stub.on("POST", "/calls/originate", {"uuid": told})
    placed = await stubbed(stub, session).originate(m.Originate(extension="101", number=OTHER))
    assert placed.call_id == UUID
    assert placed.call is not None
    assert [leg.id for leg in placed.call.legs] == [UUID]


async def test_an_extension_that_cannot_be_checked(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Whether it exists is the server's business then."""
    stub.on("GET", "/extensions/101", "Internal Server Error", status=500)
    stub.on("POST", "/calls/originate", {"message": "Call initiated"})
    assert await stubbed(stub, session).originate(m.Originate(extension="101", number=OTHER)) == m.Placed()


@pytest.mark.parametrize(("cause", "unregistered"), [("USER_NOT_REGISTERED", True), ("USER_BUSY", False)])
async def test_originate_that_fails_on_node(
    cause: str,
    unregistered: bool,  # noqa: FBT001
    session: aiohttp.ClientSession,
) -> None:
    """Node says why."""
    async with VoipatSimulator(profile=NODE, **ON_PAPER) as sim:
        provider = client(sim, session)
        await provider.account()
        await provider.directory()
        if unregistered:
            sim.unregister("101")
        else:
            sim.do_not_disturb("101")
        with pytest.raises(RefusedError) as caught:
            await provider.originate(m.Originate(extension="101", number=OTHER))
        assert (caught.value.reason, caught.value.code) == (cause, "500")
        assert caught.value.kind is (Refusal.UNAVAILABLE if unregistered else Refusal.BUSY)


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        ("USER_BUSY", Refusal.BUSY),
        ("-ERR USER_BUSY", Refusal.BUSY),
        ("user_busy", Refusal.BUSY),
        ("NO_ANSWER", Refusal.UNAVAILABLE),
        ("NO_USER_RESPONSE", Refusal.UNAVAILABLE),
        ("USER_NOT_REGISTERED", Refusal.UNAVAILABLE),
        ("SUBSCRIBER_ABSENT", Refusal.UNAVAILABLE),
        ("CALL_REJECTED", Refusal.UNAVAILABLE),
        ("UNALLOCATED_NUMBER", Refusal.NOT_FOUND),
        ("NO_ROUTE_DESTINATION", Refusal.NO_ROUTE),
        ("DESTINATION_OUT_OF_ORDER", Refusal.OTHER),
        ("Operation failed", Refusal.OTHER),
    ],
)
async def test_why_a_phone_did_not_pick_up(
    cause: str, kind: Refusal, stub: Stub, session: aiohttp.ClientSession
) -> None:
    """The switch's word is a reason to branch on."""
    stub.on("GET", "/extensions/101", {"extension": {"extension": "101"}})
    stub.on("POST", "/calls/originate", {"error": cause}, status=500)
    with pytest.raises(RefusedError) as caught:
        await stubbed(stub, session).originate(m.Originate(extension="101", number=OTHER))
    assert (caught.value.kind, caught.value.reason) == (kind, cause)


async def test_node_lets_everybody_wait(session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a phone rings by API a list takes as long as the ringing; it is waited for, not given up."""
    monkeypatch.setattr(voipat_access, "SECONDS", 0.2)
    async with VoipatSimulator(profile=NODE, auto_answer=0.6, **ON_PAPER) as sim:
        provider = client(sim, session)
        await provider.account()
        await provider.directory()
        placing = asyncio.create_task(provider.originate(m.Originate(extension="101", number="102")))
        await asyncio.sleep(0.1)
        call = await only(provider)
        assert call.direction is Direction.INTERNAL
        assert (await placing).call_id == call.id
        assert len(sim.placed) == 1


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"detail": "You can only originate calls within your domain"}, 403, RefusedError),
        ({"detail": "from, to, domain are required"}, 400, RefusedError),
        ({"detail": [{"type": "missing", "loc": ["body"], "msg": "Field required"}]}, 422, RefusedError),
        ({"error": "USER_BUSY"}, 200, RefusedError),
        ({"detail": [{"msg": "Field required"}]}, 200, RefusedError),
        ({"error": "ESL not connected"}, 503, SwitchDownError),
        ("<html>", 503, ConnectError),
        ("", 307, ConnectError),
    ],
)
async def test_originate_that_is_refused(
    body: object, status: int, error: type[ProviderError], stub: Stub, session: aiohttp.ClientSession
) -> None:
    """Nothing was placed, for certain."""
    stub.on("GET", "/extensions/101", {"extension": {"extension": "101"}})
    stub.on("POST", "/calls/originate", body, status=status)
    with pytest.raises(error) as caught:
        await stubbed(stub, session).originate(m.Originate(extension="101", number=OTHER))
    assert type(caught.value) is error
    assert stub.count("/calls/originate") == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("<html>", 502),
        ("<html>", 504),
        ("Internal Server Error", 500),  # the bridge waited for the switch in vain
        ("<html>", 200),
        ("", 200),
        ({"uuid": "-ERR NO_ANSWER"}, 200),
        ({"uuid": 7}, 200),
    ],
)
async def test_originate_whose_outcome_is_not_known(
    body: object, status: int, stub: Stub, session: aiohttp.ClientSession
) -> None:
    """It is said so, and never tried again."""
    stub.on("GET", "/extensions/101", {"extension": {"extension": "101"}})
    stub.on("POST", "/calls/originate", body, status=status)
    placed = await stubbed(stub, session).originate(m.Originate(extension="101", number=OTHER))
    assert placed == m.Placed(outcome=m.PlacedOutcome.UNKNOWN)
    assert stub.count("/calls/originate") == 1


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.RESET_AFTER, FaultKind.RESET_MID_BODY])
async def test_a_connection_lost_while_placing(kind: FaultKind, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """One request, at most one call."""
    sim.fault(kind, path="/calls/originate")
    placed = await provider.originate(m.Originate(extension="101", number=OTHER))
    assert placed == m.Placed(outcome=m.PlacedOutcome.UNKNOWN)
    assert len(sim.seen("/calls/originate")) == 1
    assert len(sim.placed) == (0 if kind is FaultKind.RESET else 1)
    if sim.placed:
        call = await only(provider)
        assert (call.direction, call.state, call.caller.number) == (Direction.INTERNAL, DIALING, "101") or (
            call.direction,
            call.state,
        ) == (Direction.OUTGOING, DIALING)


@both
async def test_holding(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """The own leg is held; what is already so is not asked for."""
    _, target = await talking(provider, sim)
    await provider.hold(target)
    assert (await only(provider)).state is ON_HOLD
    await provider.hold(target)
    await provider.unhold(target)
    assert (await only(provider)).state is TALKING
    await provider.unhold(target)
    await provider.toggle_hold(replace(target, extension=None))
    assert (await only(provider)).legs_of("101")[0].state is ON_HOLD
    posts = [seen.path.rsplit("/calls/", 1)[1] for seen in sim.requests if seen.method == "POST"]
    own = target.call.legs_of("101")[0].id
    assert posts == [f"{own}/hold", f"{own}/unhold", f"{own}/hold/toggle"]
    assert profile in {PYTHON, NODE}


@both
async def test_holding_what_cannot_be_held(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """The switch would say yes to all of it."""
    call_id = await sim.ring(OUTSIDE, "101")
    target = m.CallRef(call=await only(provider), extension="101")
    for command in (provider.hold, provider.unhold, provider.toggle_hold):
        with pytest.raises(RefusedError):
            await command(target)
    await sim.hang_up(call_id)
    for command in (provider.hold, provider.unhold, provider.toggle_hold):
        with pytest.raises(NotFoundError):
            await command(target)
    assert not [seen for seen in sim.requests if seen.method == "POST"]
    assert profile in {PYTHON, NODE}


@both
async def test_hanging_up(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """An extension leaves a ringing group; without one the whole call ends; twice is once."""
    await sim.ring(OUTSIDE, "101", "102")
    call = await only(provider)
    await provider.hangup(m.CallRef(call=call, extension="101"), "call_rejected ")
    assert (await only(provider)).extensions == ("102",)
    (sent,) = sim.seen("/hangup", "POST")
    assert json.loads(sent.body) == {"cause": "CALL_REJECTED"}
    await provider.hangup(m.CallRef(call=call))
    assert await provider.calls() == ()
    await provider.hangup(m.CallRef(call=call))
    await provider.hangup(m.CallRef(call=call, extension="102"))
    with pytest.raises(InvalidInputError, match="cause"):
        await provider.hangup(m.CallRef(call=call), "normal clearing")
    assert profile in {PYTHON, NODE}


@both
async def test_transferring(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """The other party's leg is named; there is no attended transfer."""
    call_id, target = await talking(provider, sim)
    with pytest.raises(UnsupportedError) as caught:
        await provider.transfer(target, "102", m.TransferType.ATTENDED)
    assert (caught.value.command, caught.value.field) == ("transfer", "type")
    with pytest.raises(InvalidInputError):
        await provider.transfer(target, "x", m.TransferType.BLIND)
    await provider.transfer(target, "102", m.TransferType.BLIND)
    (sent,) = sim.seen("/transfer", "POST")
    assert sent.path.endswith(f"/calls/{call_id}/transfer")
    assert json.loads(sent.body) == {"destination": "102", "domain": sim.domain, "type": "blind"}
    call = await only(provider)
    assert (call.id, call.extensions) == (call_id, ("102",))
    assert profile in {PYTHON, NODE}


@both
async def test_key_presses(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """They go out towards the other party."""
    call_id, target = await talking(provider, sim)
    await provider.send_dtmf(target, " 12a# ")
    assert sim.dtmf_sent == [(call_id, "12A#")]
    for digits in ("", "12,3", "x", "1" * 129):
        with pytest.raises(InvalidInputError, match="digits"):
            await provider.send_dtmf(target, digits)
    assert profile in {PYTHON, NODE}


@both
async def test_unmuting(profile: Profile, provider: VoipatProvider, sim: VoipatSimulator) -> None:
    """Unmute works; mute has no effect at the switch, so there is none."""
    _, target = await talking(provider, sim)
    await provider.unmute(target)
    (sent,) = sim.seen("/unmute", "POST")
    assert target.call.legs_of("101")[0].id in sent.path
    with pytest.raises(UnsupportedError):
        provider.check(Capability.MUTE)
    with pytest.raises(UnsupportedError):
        await provider.mute(target)
    assert profile in {PYTHON, NODE}


@pytest.mark.parametrize("key", ["user", "global"])
@both
async def test_a_call_that_is_over(
    key: str, profile: Profile, sim: VoipatSimulator, session: aiohttp.ClientSession
) -> None:
    """Each server says it in its own way: 403, a reason, or nothing at all."""
    provider = client(sim, session, api_key=sim.api_key if key == "user" else sim.global_key)
    await provider.account()
    call_id, target = await talking(provider, sim)
    await sim.hang_up(call_id)
    with pytest.raises(NotFoundError):
        await provider.unmute(target)
    with pytest.raises(NotFoundError):
        await provider.send_dtmf(target, "1")
    with pytest.raises(NotFoundError):
        await provider.transfer(target, "102", m.TransferType.BLIND)
    await provider.hangup(target)
    assert profile in {PYTHON, NODE}


@pytest.mark.parametrize(
    ("body", "status", "error", "reason"),
    [
        ({"error": "Operation failed"}, 500, RefusedError, "Operation failed"),
        ({"error": "No such channel!"}, 500, NotFoundError, "No such channel!"),
        ({"error": "Cannot locate session!"}, 500, NotFoundError, "Cannot locate session!"),
        ({"detail": "Channel not found in your domain"}, 403, NotFoundError, "Channel not found in your domain"),
        ("<html>", 403, RefusedError, "HTTP 403"),
        ({"detail": "Invalid UUID format"}, 400, RefusedError, "Invalid UUID format"),
        (
            {"error": "Validation failed", "details": [{"field": "uuid", "message": "Invalid value"}]},
            400,
            RefusedError,
            "Validation failed: Invalid value",
        ),
        ("Not Found", 404, RefusedError, "HTTP 404"),
        ("Internal Server Error", 500, RefusedError, "HTTP 500"),
        ({"error": "No such channel!"}, 200, NotFoundError, "No such channel!"),
        ({"detail": "Not allowed"}, 200, RefusedError, "Not allowed"),
        ({"success": False, "message": "Cannot locate session!"}, 200, NotFoundError, "Cannot locate session!"),
        ({"error": {"code": 5, "message": "Number barred"}}, 400, RefusedError, "Number barred"),
        ("<html>Please sign in</html>", 200, UnknownOutcomeError, None),
        ("", 200, UnknownOutcomeError, None),
        ({"error": "ESL not connected"}, 503, SwitchDownError, None),
        ("<html>", 502, UnknownOutcomeError, None),
        ("<html>", 504, UnknownOutcomeError, None),
        ("", 302, ConnectError, None),
    ],
)
async def test_every_answer_to_a_command(
    body: object,
    status: int,
    error: type[ProviderError],
    reason: str | None,
    stub: Stub,
    session: aiohttp.ClientSession,
) -> None:
    """What was refused, what is gone, and what nobody knows."""
    stub.on("POST", f"/calls/{UUID}/unmute", body, status=status)
    stub.on("GET", f"/calls/channels/{UUID}", {"channel": {"callstate": "ACTIVE"}})
    target = m.CallRef(call=a_call((UUID, "101")))
    with pytest.raises(error) as caught:
        await stubbed(stub, session).unmute(target)
    assert type(caught.value) is error
    if isinstance(caught.value, RefusedError):
        assert (caught.value.reason, caught.value.code) == (reason, str(status))
        missing = caught.value.kind is Refusal.NO_PERMISSION
        assert missing is (status == 403 and error is RefusedError)
    assert stub.count(f"/calls/{UUID}/unmute") == 1


@pytest.mark.parametrize("no", [False, "false", 0])
async def test_a_yes_that_says_no(no: object, stub: Stub, session: aiohttp.ClientSession) -> None:
    """Every yes has success: true; where it says otherwise, nothing was done, whatever the status."""
    stub.on("GET", "/extensions/101", {"extension": {"extension": "101"}})
    stub.on("POST", "/calls/originate", {"success": no, "error": f"USER_BUSY at {OTHER}"})
    stub.on("POST", f"/calls/{UUID}/hangup", {"success": no, "message": "Permission denied"})
    provider = stubbed(stub, session)
    with pytest.raises(RefusedError) as caught:
        await provider.originate(m.Originate(extension="101", number=OTHER))
    assert caught.value.reason == "USER_BUSY at …"
    with pytest.raises(RefusedError, match="Permission denied"):
        await provider.hangup(m.CallRef(call=a_call((UUID, "101"))))


@pytest.mark.parametrize(
    "body",
    [
        {"error": "Channel not found"},
        {"error": "Not found"},
        {"error": "Not Found", "message": "The call has ended"},
        {"message": "Call not found"},
        {"detail": "Unknown UUID"},
        {},
        "",
        "<html>",
    ],
)
async def test_a_leg_that_is_gone_is_not_found_in_any_words(
    body: object, stub: Stub, session: aiohttp.ClientSession
) -> None:
    """By the page, 404 says that the channel is not found or the call has ended: what hangs up is done, then."""
    stub.on("POST", f"/calls/{UUID}/unmute", body, status=404)
    stub.on("POST", f"/calls/{UUID}/hangup", body, status=404)
    stub.on("GET", f"/calls/channels/{UUID}", body, status=404)
    target = m.CallRef(call=a_call((UUID, "101")))
    provider = stubbed(stub, session)
    with pytest.raises(NotFoundError):
        await provider.unmute(target)
    await provider.hangup(target)
    assert (stub.count(f"/calls/{UUID}/unmute"), stub.count(f"/calls/{UUID}/hangup")) == (1, 1)


async def test_a_command_that_is_not_known(stub: Stub, session: aiohttp.ClientSession) -> None:
    """A route that is missing says nothing of the leg, which is there."""
    stub.on("POST", f"/calls/{UUID}/hangup", {"error": "Not found"}, status=404)
    stub.on("GET", f"/calls/channels/{UUID}", {"channel": {"callstate": "ACTIVE"}})
    with pytest.raises(RefusedError) as caught:
        await stubbed(stub, session).hangup(m.CallRef(call=a_call((UUID, "101"))))
    assert type(caught.value) is RefusedError


@pytest.mark.parametrize("status", [404, 500])
async def test_an_error_without_a_reason_for_a_leg_that_is_gone(
    status: int, stub: Stub, session: aiohttp.ClientSession
) -> None:
    """A look at the leg tells."""
    stub.on("POST", f"/calls/{UUID}/unmute", "Error", status=status)
    stub.on("POST", f"/calls/{UUID}/hangup", "Error", status=status)
    provider, target = stubbed(stub, session), m.CallRef(call=a_call((UUID, "101")))
    with pytest.raises(NotFoundError):
        await provider.unmute(target)
    await provider.hangup(target)


@pytest.mark.parametrize("kind", [FaultKind.RESET, FaultKind.RESET_AFTER])
async def test_a_connection_lost_during_a_command(
    kind: FaultKind, provider: VoipatProvider, sim: VoipatSimulator
) -> None:
    """Nobody knows, and nobody tries again."""
    _, target = await talking(provider, sim)
    for command in (provider.unmute(target), provider.hangup(target)):
        sim.fault(kind, method="POST")
        with pytest.raises(UnknownOutcomeError):
            await command
    assert len([seen for seen in sim.requests if seen.method == "POST"]) == 2


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        ({"detail": "Channel not found"}, 404, NotFoundError),
        ({"detail": "Channel not found in your domain"}, 403, NotFoundError),
        ("Internal Server Error", 500, TroubleError),
        ({"channel": None}, 200, RefusedError),
        ({"channel": {"callstate": "RINGING"}}, 200, RefusedError),
        ("<html>", 200, ConnectError),
    ],
)
async def test_looking_before_holding(
    answer: object, status: int, error: type[ProviderError], stub: Stub, session: aiohttp.ClientSession
) -> None:
    """The look decides."""
    stub.on("GET", f"/calls/channels/{UUID}", answer, status=status)
    with pytest.raises(error) as caught:
        await stubbed(stub, session).hold(m.CallRef(call=a_call((UUID, "101"))))
    assert type(caught.value) is error
    assert stub.count(f"/calls/{UUID}/hold") == 0
