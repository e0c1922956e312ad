"""VoIPstudio: what a command sends, and what its answer means."""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Literal

import aiohttp
import pytest
from aiohttp import web

from custom_components.pbx.providers.voipstudio.provider import VoipstudioProvider
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    ConnectError,
    InvalidInputError,
    NotFoundError,
    Refusal,
    RefusedError,
    TroubleError,
    UnknownOutcomeError,
    UnsupportedError,
)
from custom_components.pbx.telephony.models import Direction
from tests.simulators.base import FaultKind
from tests.simulators.voipstudio import VoipstudioSimulator
from tests.simulators.voipstudio_switches import PlacedLegs

from .account import (
    BOOK,
    CANARY,
    DDI,
    DIALING,
    ENDED,
    GRACE,
    HANGUP,
    OTHER,
    SHOWN,
    TALKING,
    Stub,
    client,
    pushed,
    stubbed,
)


async def test_numbers_are_dialled_as_they_are_shown(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """Whether or not the plus was lost on the way, in another country than the number's."""
    provider = client(sim, session, country="DE")
    await provider.account()
    await provider.directory()
    sim.requests.clear()
    for written, digits in (
        ("+442079460123", "442079460123"),
        ("442079460123", "442079460123"),
        (SHOWN, DDI),
        ("030 901820", "4930901820"),
        ("1002", "1002"),
    ):
        await provider.originate(m.Originate(extension="1001", number=written))
        assert json.loads(sim.seen("/calls", "POST")[-1].body)["to"] == digits
    await provider.announce("+442079460123", "Hello", None)
    assert json.loads(sim.seen("/leadcalls")[0].body)["caller_id"] == DDI


async def test_originate(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """The extension becomes a user id, the number digits; the call is the one that is polled and pushed."""
    placed = await provider.originate(m.Originate(extension="1001", number="tel:07911 123456"))
    assert placed.outcome is m.PlacedOutcome.ACCEPTED
    (request,) = sim.seen("/calls", "POST")
    assert json.loads(request.body) == {"to": GRACE, "from": "10002"}
    (call,) = await provider.calls() or ()
    assert (call.id, call.direction, call.state) == (placed.call_id, Direction.OUTGOING, DIALING)
    await provider.click_to_call(m.Originate(extension="1002", number="1003", caller_id_number="Anonymous"))
    assert json.loads(sim.seen("/calls", "POST")[1].body) == {"to": "1003", "from": "10003", "caller_id": "anonymous"}
    await provider.originate(m.Originate(extension="1003", number=GRACE, caller_id_number=f"+{DDI}"))
    assert json.loads(sim.seen("/calls", "POST")[2].body)["caller_id"] == DDI


@pytest.mark.parametrize(
    ("status", "dst"), [(201, GRACE), (201, f"00{GRACE}"), (201, "07911 123456"), (412, GRACE), (502, GRACE)]
)
async def test_a_phone_picked_up_before_the_answer_comes(
    stub: Stub, session: aiohttp.ClientSession, status: int, dst: str
) -> None:
    """The answer takes seconds; a phone that picks up meanwhile is not the called party, who is told of later."""
    provider = stubbed(stub, session)
    provider.book = BOOK
    own: dict[str, object] = {"src": "1002", "src_id": "10002", "dst": dst, "dst_id": "0", "destination": "out"}
    told: list[tuple[m.Pushed, ...]] = []

    def tell(call_id: int, event: str, state: str, **more: object) -> None:
        """Push an event."""
        event_row = {**HANGUP, **own, "event_name": event, "state": state, "call_id": call_id, **more}
        told.append(pushed({**event_row, "id": None}, provider))

    async def answer(_request: web.Request) -> web.Response:
        """Ring the phone, which is picked up, and another one; then answer."""
        tell(7, "call.ringing", "RINGING")
        tell(7, "call.connected", "CONNECTED")
        tell(8, "call.connected", "CONNECTED", root_call_id=7)
        tell(9, "call.connected", "CONNECTED", dst=OTHER)
        return web.json_response({"data": {"id": 7}, "message": "no"}, status=status)

    stub.answers["POST", "calls"] = [answer]
    with suppress(RefusedError):
        await provider.originate(m.Originate(extension="1002", number=GRACE))
    tell(10, "call.connected", "CONNECTED")  # dialled by hand, later
    states = [[push.state for push in pushes if isinstance(push, m.LegPush)] for pushes in told]
    assert states == [[DIALING, DIALING], [DIALING, TALKING], [TALKING], [TALKING], [TALKING]]


@pytest.mark.parametrize("legs", list(PlacedLegs))
async def test_placed_calls_in_any_manner(
    provider: VoipstudioProvider, sim: VoipstudioSimulator, legs: PlacedLegs
) -> None:
    """However the two legs know of each other, the list can be read."""
    sim.placed_legs = legs
    placed = await provider.originate(m.Originate(extension="1001", number=GRACE))
    await sim.answer(placed.call_id or "", "1001")
    assert await provider.calls()


@pytest.mark.parametrize(
    ("request_", "field_name", "problem"),
    [
        (m.Originate(extension="1001", number="hello"), "number", "invalid_number"),
        (m.Originate(extension="1001", number=""), "number", "invalid_number"),
        (m.Originate(extension="1001", number="+4412"), "number", "invalid_number"),
        (m.Originate(extension="1999", number=GRACE), "extension", "unknown_extension"),
        (m.Originate(extension="1001", number=GRACE, caller_id_number="1002"), "caller_id_number", "invalid_number"),
        (m.Originate(extension="1001", number=GRACE, caller_id_number="x"), "caller_id_number", "invalid_number"),
    ],
)
async def test_wrong_input_is_never_sent(
    provider: VoipstudioProvider, sim: VoipstudioSimulator, request_: m.Originate, field_name: str, problem: str
) -> None:
    """Input is checked before anything is sent."""
    with pytest.raises(InvalidInputError) as error:
        await provider.originate(request_)
    assert (error.value.field, error.value.problem) == (field_name, problem)
    assert not sim.seen("/calls", "POST")


async def test_a_national_number_needs_a_country(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """A number that starts with 0 cannot be dialled anywhere without its country."""
    provider = client(sim, session, country="")
    with pytest.raises(InvalidInputError):
        await provider.originate(m.Originate(extension="1001", number="07911 123456"))
    provider = client(sim, session, country="gb")  # and the users are looked up when they are needed
    await provider.originate(m.Originate(extension="1001", number="01632 960123"))
    assert json.loads(sim.seen("/calls", "POST")[0].body) == {"to": "441632960123", "from": "10002"}


async def test_originate_with_an_ordinary_users_key(sim: VoipstudioSimulator, session: aiohttp.ClientSession) -> None:
    """Who may not list users has the own phone."""
    provider = client(sim, session, api_key=sim.user_api_key)
    await provider.account()
    directory = await provider.directory()
    assert directory.extensions is not None
    (own,) = directory.extensions
    placed = await provider.originate(m.Originate(extension=own.number, number=GRACE))
    assert placed.call_id
    with pytest.raises(InvalidInputError):
        await provider.originate(m.Originate(extension="1999", number=GRACE))


async def test_refusals_of_originate(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """The phone system's own reason comes along, without numbers."""
    with pytest.raises(RefusedError, match="No CLI prefix set"):
        await provider.originate(m.Originate(extension="1001", number=GRACE, caller_id_number="+447911123499"))
    await sim.unregister("1001")
    with pytest.raises(RefusedError, match="no VoIP clients registered") as error:
        await provider.originate(m.Originate(extension="1001", number=GRACE))
    assert (error.value.code, error.value.kind) == ("412", Refusal.UNAVAILABLE)
    await sim.register("1001")
    kinds: dict[Literal[480, 486, 500], Refusal] = {480: Refusal.UNAVAILABLE, 486: Refusal.BUSY, 500: Refusal.OTHER}
    for status, kind in kinds.items():
        sim.endpoint_rejects = status
        with pytest.raises(RefusedError) as error:
            await provider.originate(m.Originate(extension="1001", number=GRACE))
        assert error.value.kind is kind
    assert not sim.placed


@pytest.mark.parametrize(
    ("body", "status", "expected", "reason", "code"),
    [
        (
            {"message": "x", "errors": [{"field": "from", "message": "This value is not valid.", "code": "SF0010"}]},
            400,
            RefusedError,
            "This value is not valid.",
            "SF0010",
        ),
        ({"message": "Top", "code": "C1", "errors": []}, 400, RefusedError, "Top", "C1"),
        ({"message": "Top", "errors": ["plain"]}, 422, RefusedError, "plain", "422"),
        ({"errors": None}, 400, RefusedError, "HTTP 400", "400"),
        (b"<html>", 409, RefusedError, "HTTP 409", "409"),
        ({"message": "Access denied"}, 403, RefusedError, "Access denied", "403"),
        (
            {"message": f"{CANARY} may not call {GRACE} or +44 1632 960 123"},
            400,
            RefusedError,
            "… may not call … or …",
            "400",
        ),
        ({"message": "a " * 500}, 400, RefusedError, "a " * 100, "400"),
    ],
)
async def test_reasons(
    stub: Stub,
    session: aiohttp.ClientSession,
    body: object,
    status: int,
    expected: type[RefusedError],
    reason: str,
    code: str,
) -> None:
    """The first error's message, else the message, else the status; bounded, and without what is secret."""
    stub.on("POST", "sms", body, status=status)
    with pytest.raises(expected) as error:
        await stubbed(stub, session).send_sms(GRACE, "Hello", None)
    assert (error.value.reason, error.value.code) == (reason, code)
    assert stub.paths() == ["POST sms"]


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"message": "Server error"}, 500, TroubleError),
        ({"message": "Bad Gateway"}, 502, UnknownOutcomeError),
        (b"<html>", 503, UnknownOutcomeError),
        ({"message": "Timeout"}, 504, UnknownOutcomeError),
        ({"message": "Moved"}, 301, ConnectError),
    ],
)
async def test_a_command_meets_trouble(
    stub: Stub, session: aiohttp.ClientSession, body: object, status: int, expected: type[ConnectError]
) -> None:
    """What a gateway says about a command leaves open whether it was carried out."""
    stub.on("POST", "sms", body, status=status)
    with pytest.raises(ConnectError) as error:
        await stubbed(stub, session).send_sms(GRACE, "Hello", None)
    assert type(error.value) is expected


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize("page", [b"<html>Sign in</html>", b" \n<!doctype html>"])
async def test_a_web_page_says_nothing_of_a_message(
    stub: Stub, session: aiohttp.ClientSession, page: bytes, status: int
) -> None:
    """Somebody on the way has answered: whether the text message was sent is not known."""
    stub.on("POST", "sms", page, status=status)
    with pytest.raises(UnknownOutcomeError):
        await stubbed(stub, session).send_sms(GRACE, "Hello", None)
    assert stub.paths() == ["POST sms"]


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        (
            {"to": ["is no number", "is empty"], "from": "is not yours"},
            "to: is no number; to: is empty; from: is not yours",
        ),
        ({"1": {"field": "to", "message": "is no number"}}, "is no number"),
        ([["is no number"], ["is not yours"]], "is no number; is not yours"),
        ([{"to": ["is no number"]}], "is no number"),
        ("is no number", "is no number"),
        ([{"message": ["is no number"]}], "is no number"),
        ([{"field": "to", "message": None}, None, {}, []], "Bad Request"),
        ({}, "Bad Request"),
        (7, "Bad Request"),
    ],
)
async def test_errors_in_any_shape(stub: Stub, session: aiohttp.ClientSession, errors: object, said: str) -> None:
    """The page says *an array of error messages*, which PHP writes as an object where it has names or gaps."""
    stub.on("POST", "sms", {"message": "Bad Request", "errors": errors}, status=400)
    with pytest.raises(RefusedError) as error:
        await stubbed(stub, session).send_sms(GRACE, "Hello", None)
    assert error.value.reason == said


async def test_a_missing_permission_is_told_as_one(stub: Stub, session: aiohttp.ClientSession) -> None:
    """In words of its own, with those of the phone system."""
    stub.on("POST", "sms", {"message": "Access denied", "errors": []}, status=403)
    with pytest.raises(RefusedError) as error:
        await stubbed(stub, session).send_sms(GRACE, "Hello", None)
    assert (error.value.kind, error.value.reason) == (Refusal.NO_PERMISSION, "Access denied")


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER, FaultKind.RESET_MID_BODY, FaultKind.RESET])
async def test_a_call_is_placed_at_most_once(
    provider: VoipstudioProvider, sim: VoipstudioSimulator, kind: FaultKind
) -> None:
    """A connection that breaks leaves the outcome open, and nothing is sent again."""
    sim.fault(kind, path="/calls", method="POST")
    placed = await provider.originate(m.Originate(extension="1001", number=GRACE))
    assert placed == m.Placed(outcome=m.PlacedOutcome.UNKNOWN)
    assert len(sim.seen("/calls", "POST")) == 1
    assert len(sim.placed) == (0 if kind is FaultKind.RESET else 1)


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "POST"])
async def test_other_commands_are_sent_once(
    provider: VoipstudioProvider, sim: VoipstudioSimulator, method: str
) -> None:
    """The same for hanging up, transferring and writing."""
    call_id = await sim.ring(GRACE, "1001")
    await sim.answer(call_id, "1001")
    (call,) = await provider.calls() or ()
    sim.fault(FaultKind.RESET_AFTER, method=method)
    ref = m.CallRef(call=call, extension="1001")
    commands: dict[str, Callable[[], Awaitable[object]]] = {
        "DELETE": lambda: provider.hangup(ref),
        "PATCH": lambda: provider.transfer(ref, "1002", m.TransferType.BLIND),
        "POST": lambda: provider.send_sms(GRACE, "Hello", None),
    }
    with pytest.raises(UnknownOutcomeError):
        await commands[method]()
    assert len(sim.seen("/", method)) == 1


async def test_announce(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A text is spoken to a number; who calls is the own number unless told otherwise."""
    placed = await provider.announce("07911 123456", "The cellar is wet.", None)
    assert placed.call_id
    await sim.answer(placed.call_id)
    assert sim.spoken == [(GRACE, "The cellar is wet.")]
    assert json.loads(sim.seen("/leadcalls")[0].body)["caller_id"] == DDI
    with pytest.raises(RefusedError, match="DDI not found"):
        await provider.announce(GRACE, "Hello", "+447911123499")
    for number, message, caller_id, field_name in (
        ("x", "Hello", None, "number"),
        (GRACE, " ", None, "message"),
        (GRACE, "Hello", "anonymous", "caller_id_number"),
    ):
        with pytest.raises(InvalidInputError) as error:
            await provider.announce(number, message, caller_id)
        assert error.value.field == field_name


async def test_announce_without_an_own_number(stub: Stub, session: aiohttp.ClientSession) -> None:
    """Without a number of one's own one has to be given; an answer without id is an answer."""
    provider = stubbed(stub, session)
    with pytest.raises(InvalidInputError) as error:
        await provider.announce(GRACE, "Hello", None)
    assert (error.value.field, error.value.problem) == ("caller_id_number", "required")
    stub.on("POST", "leadcalls", b"", status=201)
    assert await provider.announce(GRACE, "Hello", f"+{OTHER}") == m.Placed()


async def test_answer(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A ringing phone is picked up, the one that is meant."""
    call_id = await sim.ring(GRACE, "1001", "1002", "1003")
    (call,) = await provider.calls() or ()
    with pytest.raises(InvalidInputError) as error:
        await provider.answer(m.CallRef(call=call))
    assert (error.value.field, error.value.problem) == ("extension", "required")
    await provider.answer(m.CallRef(call=call, extension="1002"))
    (talking,) = await provider.calls() or ()
    assert (talking.id, talking.answered_by) == (call_id, "1002")
    with pytest.raises(InvalidInputError) as error:
        await provider.answer(m.CallRef(call=talking, extension="1002"))
    assert (error.value.field, error.value.problem) == ("call", "not_ringing")
    with pytest.raises(NotFoundError):
        await provider.answer(m.CallRef(call=call, extension="1001"))  # that phone rings no more


async def test_hangup(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A conversation ends, a phone of a group stops ringing, and what is over already is fine."""
    call_id = await sim.ring(GRACE, "1001", "1002", "1003")
    (call,) = await provider.calls() or ()
    await provider.hangup(m.CallRef(call=call, extension="1001"))
    (call,) = await provider.calls() or ()
    assert call.extensions == ("1002", "1003")
    await sim.answer(call_id, "1003")
    (call,) = await provider.calls() or ()
    await provider.hangup(m.CallRef(call=call))
    assert sim.truth() == []
    await provider.hangup(m.CallRef(call=call))
    sent = len(sim.seen("/calls", "DELETE"))
    await provider.hangup(m.CallRef(call=replace(call, legs=tuple(replace(leg, state=ENDED) for leg in call.legs))))
    assert len(sim.seen("/calls", "DELETE")) == sent
    await provider.hangup(m.CallRef(call=replace(call, legs=())))
    assert len(sim.seen("/calls", "DELETE")) == sent + 1


async def test_hangup_of_a_group_that_rings(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """Without a phone to speak for, all phones that ring are meant."""
    await sim.ring(GRACE, "1001", "1002", "1003")
    (call,) = await provider.calls() or ()
    await provider.hangup(m.CallRef(call=call))
    assert sim.truth() == []


async def test_hangup_of_a_group_of_which_one_phone_is_refused(
    provider: VoipstudioProvider, sim: VoipstudioSimulator
) -> None:
    """The others ring no more, and the refusal is told."""
    await sim.ring(GRACE, "1001", "1002", "1003")
    (call,) = await provider.calls() or ()
    sim.fault(FaultKind.STATUS, path=f"/calls/{call.legs[0].id}", method="DELETE", status=400)
    with pytest.raises(RefusedError):
        await provider.hangup(m.CallRef(call=call))
    (left,) = await provider.calls() or ()
    assert left.legs == call.legs[:1]


async def test_hangup_of_an_internal_call(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """Both phones of an internal call share an id, and one request is enough."""
    await sim.dial("1001", "1002")
    (call,) = await provider.calls() or ()
    await provider.hangup(m.CallRef(call=call))
    assert len(sim.seen("/calls", "DELETE")) == 1
    assert sim.truth() == []


async def test_hangup_that_is_refused(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A refusal is told."""
    sim.refuses_ringing_hangup = True
    await sim.ring(GRACE, "1001")
    (call,) = await provider.calls() or ()
    with pytest.raises(RefusedError):
        await provider.hangup(m.CallRef(call=call, extension="1001"))


async def test_transfer(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A conversation is handed over blind, and nothing else is."""
    call_id = await sim.ring(GRACE, "1001")
    (call,) = await provider.calls() or ()
    ref = m.CallRef(call=call, extension="1001")
    for bad, number, field_name in (
        (ref, "1002", "call"),
        (ref, "1001", "number"),
        (ref, "nobody", "number"),
    ):
        with pytest.raises(InvalidInputError) as error:
            await provider.transfer(bad, number, m.TransferType.BLIND)
        assert error.value.field == field_name
    with pytest.raises(UnsupportedError) as unsupported:
        await provider.transfer(ref, "1002", m.TransferType.ATTENDED)
    assert (unsupported.value.command, unsupported.value.field) == ("transfer", "type")
    await sim.answer(call_id, "1001")
    (call,) = await provider.calls() or ()
    await provider.transfer(m.CallRef(call=call, extension="1001"), f"+{OTHER}", m.TransferType.BLIND)
    assert json.loads(sim.seen("/calls", "PATCH")[0].body) == {"dst": OTHER}
    with pytest.raises(InvalidInputError):
        await provider.transfer(m.CallRef(call=replace(call, legs=())), "1002", m.TransferType.BLIND)


async def test_ids_that_lead_astray(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """An id that is a path belongs to nothing and is never sent."""
    for bad in ("../users/10002", "1/../2", "", "a?b"):
        with pytest.raises(NotFoundError):
            await provider.delete_contact(bad)
    assert not sim.requests


async def test_send_sms(provider: VoipstudioProvider, sim: VoipstudioSimulator) -> None:
    """A message has a number, a text and perhaps a sender."""
    assert (await provider.send_sms("07911 123456", "Hello", f"+{DDI}")).isdigit()
    assert json.loads(sim.seen("/sms", "POST")[0].body) == {"to": GRACE, "message": "Hello", "from": DDI}
    for number, message, sender, field_name in (
        ("1002", "Hello", None, "number"),
        (GRACE, "", None, "message"),
        (GRACE, "Hello", "me", "sender"),
    ):
        with pytest.raises(InvalidInputError) as error:
            await provider.send_sms(number, message, sender)
        assert error.value.field == field_name
