"""Voxloud: calls through click-to-call objects."""

import asyncio
from dataclasses import asdict, replace

import aiohttp
import pytest

from custom_components.pbx.providers import http as http_module
from custom_components.pbx.telephony import models as m
from custom_components.pbx.telephony.errors import (
    ConnectError,
    InvalidInputError,
    NotFoundError,
    RateLimitError,
    Refusal,
    RefusedError,
)
from custom_components.pbx.telephony.models import (
    DialFirst,
    PlacedOutcome,
)
from tests.simulators.base import FaultKind
from tests.simulators.voxloud import DialFirst as SimulatedOrder
from tests.simulators.voxloud import (
    ForeignNumber,
    VoxloudSimulator,
)

from .account import CANARY, CONTACT, INCOMING, MAIN, SUPPORT, FastProvider, House, asked, make


async def test_a_call_reuses_its_object(client: FastProvider, sim: VoxloudSimulator) -> None:
    """The first call makes an object, the second only connects; the object is kept for its removal."""
    assert await client.originate(asked()) == m.Placed(outcome=PlacedOutcome.ACCEPTED)
    made = next(iter(sim.click_to_calls.values()))
    assert (made.extension, made.outbound_number, made.dial_first) == ("101", MAIN, SimulatedOrder.EXTENSION)
    assert client.created_objects == (made.id,)
    before = len(sim.requests)
    await client.click_to_call(asked("06 5550 2002"))
    assert [seen.path.rpartition("/")[2] for seen in list(sim.requests)[before:]] == ["connect"]
    assert [(placed.source, placed.destination) for placed in sim.placed] == [
        ("101", CONTACT),
        ("101", "+390655502002"),
    ]


async def test_objects_of_before_are_found_again(
    client: FastProvider, sim: VoxloudSimulator, session: aiohttp.ClientSession
) -> None:
    """By extension, order and number, whatever the server made of the name; also those of others."""
    foreign = sim.add_click_to_call("support", "102", SUPPORT)
    await client.originate(asked())
    again = FastProvider(session, {**asdict(client.settings), "created_objects": list(client.created_objects)})
    await again.originate(asked())
    await again.originate(asked(extension="102"))
    assert len(sim.click_to_calls) == 2
    assert foreign.id in sim.click_to_calls
    assert again.created_objects == client.created_objects
    await again.release()
    assert list(sim.click_to_calls) == [foreign.id]
    assert again.created_objects == ()


async def test_who_rings_first_and_which_number_is_shown(client: FastProvider, sim: VoxloudSimulator) -> None:
    """Each pairing has its object; what is not said takes what is there."""
    await client.click_to_call(asked(dial_first=DialFirst.CONTACT))
    await client.click_to_call(asked(caller_id_number="06 55501100"))
    assert [(one.outbound_number, one.dial_first.value) for one in sim.click_to_calls.values()] == [
        (MAIN, "contact"),
        (SUPPORT, "extension"),
    ]
    await client.click_to_call(asked())
    await client.click_to_call(asked(dial_first=DialFirst.CONTACT))
    assert len(sim.click_to_calls) == 2
    await client.click_to_call(asked(caller_id_number=MAIN))
    assert len(sim.click_to_calls) == 3
    assert len(sim.placed) == 5


async def test_a_server_that_shows_another_number(client: FastProvider, sim: VoxloudSimulator) -> None:
    """What was made for a number is used for it again, although the answer names another."""
    sim.ctc_foreign_number = ForeignNumber.REPLACED
    for _ in range(2):
        await client.click_to_call(asked(caller_id_number="+390699999999"))
    assert len(sim.click_to_calls) == 1


@pytest.mark.parametrize("status", [400, 403, 429])
async def test_the_limit_of_objects(client: FastProvider, sim: VoxloudSimulator, status: int) -> None:
    """With the limit full, what comes nearest is used; nothing that was asked for by name is replaced."""
    sim.ctc_limit_status = status
    nearest = sim.add_click_to_call("theirs", "101", SUPPORT, SimulatedOrder.CONTACT)
    sim.ctc_limit = 1
    assert (await client.originate(asked())).outcome is PlacedOutcome.ACCEPTED
    assert sim.seen("connect")[-1].path.split("/")[-2] == nearest.id
    for more in ({"dial_first": DialFirst.EXTENSION}, {"caller_id_number": MAIN}, {"extension": "102"}):
        expected = RateLimitError if status == 429 else RefusedError
        with pytest.raises(expected):
            await client.click_to_call(asked(**more))
    for number in range(4):
        sim.add_click_to_call(f"theirs {number}", "105", SUPPORT)
    with pytest.raises(RefusedError, match="limit"):
        await client.click_to_call(asked(extension="102"))
    assert len(sim.click_to_calls) == 5
    assert client.created_objects == ()


async def test_the_limit_never_blocks_an_extension(client: FastProvider, sim: VoxloudSimulator) -> None:
    """An object that was made here makes room for another one; those of others stay."""
    sim.ctc_limit = 3
    foreign = sim.add_click_to_call("theirs", "103", SUPPORT)
    await client.click_to_call(asked())
    await client.click_to_call(asked(dial_first=DialFirst.CONTACT))
    for extension in ("102", "104", "105", "102"):
        assert (await client.click_to_call(asked(extension=extension))).outcome is PlacedOutcome.ACCEPTED
        assert sim.placed[-1].source == extension
        assert len(sim.click_to_calls) == 3
        assert foreign.id in sim.click_to_calls
        assert set(client.created_objects) == sim.click_to_calls.keys() - {foreign.id}
    await client.click_to_call(asked(caller_id_number=SUPPORT))
    await client.click_to_call(asked(caller_id_number=MAIN))
    kept = {one.extension for one in sim.click_to_calls.values()}
    assert kept >= {"101", "103"}
    await client.release()
    assert list(sim.click_to_calls) == [foreign.id]


async def test_the_object_that_is_missed_least_goes(client: FastProvider, sim: VoxloudSimulator) -> None:
    """One of an extension that has several, before the one that was used longest ago."""
    sim.ctc_limit = 5
    await client.click_to_call(asked(extension="102"))
    await client.click_to_call(asked())
    await client.click_to_call(asked(extension="104"))
    await client.click_to_call(asked(extension="103"))
    await client.click_to_call(asked(dial_first=DialFirst.CONTACT))
    await client.click_to_call(asked(extension="102"))
    await client.click_to_call(asked(extension="105"))
    assert [one.extension for one in sim.click_to_calls.values()] == ["102", "104", "103", "101", "105"]
    await client.click_to_call(asked(extension="901"))
    assert [one.extension for one in sim.click_to_calls.values()] == ["102", "103", "101", "105", "901"]


async def test_a_number_that_is_refused_costs_no_object(client: FastProvider, sim: VoxloudSimulator) -> None:
    """As long as there is room, nothing has to make any."""
    await client.click_to_call(asked())
    with pytest.raises(RefusedError):
        await client.click_to_call(asked(caller_id_number="+390699999999"))
    assert len(sim.click_to_calls) == 1
    assert not sim.seen("click-to-call", "DELETE")


async def test_objects_are_listed_and_removed(client: FastProvider, sim: VoxloudSimulator) -> None:
    """Also those of others; each says whether it was made here."""
    foreign = sim.add_click_to_call("support", "102", SUPPORT, SimulatedOrder.CONTACT)
    await client.click_to_call(asked())
    listed = await client.click_to_calls()
    assert [(one.extension, one.number, one.dial_first.value, one.made_here) for one in listed] == [
        ("102", SUPPORT, "contact", False),
        ("101", MAIN, "extension", True),
    ]
    (one,) = await client.click_to_calls(foreign.id)
    assert replace(one, name=listed[0].name) == listed[0]
    await client.delete_click_to_call(foreign.id)
    await client.delete_click_to_call(listed[1].id)
    assert not sim.click_to_calls
    assert client.created_objects == ()
    for gone in (foreign.id, "8ff3"):
        with pytest.raises(NotFoundError):
            await client.delete_click_to_call(gone)
        with pytest.raises(NotFoundError):
            await client.click_to_calls(gone)
    for wrong in ("../x", "", "a b"):
        with pytest.raises(InvalidInputError):
            await client.delete_click_to_call(wrong)
        with pytest.raises(InvalidInputError):
            await client.click_to_calls(wrong)
    await client.click_to_call(asked())
    assert len(sim.placed) == 2


@pytest.mark.parametrize(("status", "kind"), [(403, Refusal.NO_PERMISSION), (406, Refusal.NOT_ACCEPTABLE)])
async def test_refusals_with_words_of_their_own(
    client: FastProvider, sim: VoxloudSimulator, status: int, kind: Refusal
) -> None:
    """What Voxloud's table tells apart is told apart."""
    sim.fault(FaultKind.STATUS, status=status, path="connect")
    with pytest.raises(RefusedError) as caught:
        await client.click_to_call(asked())
    assert (caught.value.kind, caught.value.code) == (kind, str(status))


async def test_a_refused_call_is_none_whose_events_are_awaited(
    house: House, client: FastProvider, sim: VoxloudSimulator
) -> None:
    """Should the contact call a moment later, that is an incoming call."""
    sim.fault(FaultKind.STATUS, status=400, path="connect")
    with pytest.raises(RefusedError):
        await client.click_to_call(asked())
    call_id = await sim.ring(CONTACT, "101")
    assert house.registry.calls[call_id].direction is INCOMING


async def test_a_number_that_is_not_theirs(client: FastProvider, sim: VoxloudSimulator) -> None:
    """Only the server knows all of them; its refusal is told in its own words, without the number."""
    with pytest.raises(RefusedError, match="not one of your numbers"):
        await client.click_to_call(asked(caller_id_number="+390699999999"))
    assert not sim.seen("connect")
    sim.fault(FaultKind.STATUS, status=406, method="POST", path="click-to-call")
    with pytest.raises(RefusedError, match="Not Acceptable"):
        await client.click_to_call(asked())


async def test_an_object_that_was_removed_by_others(client: FastProvider, sim: VoxloudSimulator) -> None:
    """A 404 says that no call was placed: the list is read again, another object used or made, once."""
    await client.originate(asked())
    sim.click_to_calls.clear()
    await client.originate(asked())
    assert len(sim.placed) == 2
    assert len(sim.click_to_calls) == 1
    sim.fault(FaultKind.STATUS, status=404, path="connect", times=2)
    before = len(sim.seen("connect"))
    with pytest.raises(NotFoundError):
        await client.originate(asked())
    assert len(sim.seen("connect")) == before + 2
    assert len(sim.placed) == 2


@pytest.mark.parametrize("kind", [FaultKind.RESET_AFTER, FaultKind.RESET_MID_BODY, FaultKind.RESET])
async def test_a_call_is_never_placed_twice(client: FastProvider, sim: VoxloudSimulator, kind: FaultKind) -> None:
    """A connection lost after the request is an unknown outcome, not a reason to repeat it."""
    sim.fault(kind, path="connect")
    assert await client.click_to_call(asked()) == m.Placed(outcome=PlacedOutcome.UNKNOWN)
    assert len(sim.seen("connect")) == 1
    assert len(sim.placed) == (0 if kind is FaultKind.RESET else 1)


async def test_a_call_whose_answer_does_not_come(
    client: FastProvider, sim: VoxloudSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A time-out is an unknown outcome as well."""
    await client.originate(asked())
    monkeypatch.setattr(http_module, "_seconds", lambda _value: 0.05)
    sim.fault(FaultKind.HANG, path="connect", delay=0.2)
    assert (await client.originate(asked())).outcome is PlacedOutcome.UNKNOWN
    assert len(sim.seen("connect")) == 2
    await asyncio.sleep(0.25)


@pytest.mark.parametrize("kind", [FaultKind.EMPTY, FaultKind.TRUNCATED])
async def test_a_yes_that_cannot_be_read_is_a_yes(client: FastProvider, sim: VoxloudSimulator, kind: FaultKind) -> None:
    """The status says that it was done."""
    sim.fault(kind, path="connect")
    assert (await client.originate(asked())).outcome is PlacedOutcome.ACCEPTED
    sim.fault(kind, method="POST", path="click-to-call")
    await client.originate(asked(extension="102"))
    assert set(client.created_objects) == set(sim.click_to_calls)


async def test_an_object_whose_making_is_unclear_is_looked_for(client: FastProvider, sim: VoxloudSimulator) -> None:
    """Nothing rings yet: if it is there now it is ours; else the call certainly was not placed."""
    sim.fault(FaultKind.RESET_AFTER, method="POST", path="click-to-call")
    assert (await client.originate(asked())).outcome is PlacedOutcome.ACCEPTED
    assert client.created_objects == tuple(sim.click_to_calls)
    sim.fault(FaultKind.RESET, method="POST", path="click-to-call")
    with pytest.raises(ConnectError) as caught:
        await client.originate(asked(extension="102"))
    assert type(caught.value) is ConnectError
    assert len(sim.placed) == 1


@pytest.mark.parametrize(
    ("wanted", "field", "problem"),
    [
        (asked(extension=""), "extension", "invalid_value"),
        (asked(extension="abc"), "extension", "invalid_value"),
        (asked(extension="*97"), "extension", "invalid_value"),
        (asked(""), "number", "invalid_number"),
        (asked("abc"), "number", "invalid_number"),
        (asked("102"), "number", "invalid_number"),
        (asked("anonymous"), "number", "invalid_number"),
        (asked("+39"), "number", "invalid_number"),
        (asked("+3912345678901234567"), "number", "invalid_number"),
        (asked(caller_id_number="x"), "caller_id_number", "invalid_number"),
        (asked(caller_id_number=""), "caller_id_number", "invalid_number"),
        (asked(caller_id_number="101"), "caller_id_number", "invalid_number"),
    ],
)
async def test_wrong_input_is_refused_before_anything_is_sent(
    client: FastProvider, sim: VoxloudSimulator, wanted: m.Originate, field: str, problem: str
) -> None:
    """A number that is none costs no request."""
    with pytest.raises(InvalidInputError) as caught:
        await client.click_to_call(wanted)
    assert (caught.value.field, caught.value.problem) == (field, problem)
    assert not sim.requests


async def test_national_numbers_need_a_country(session: aiohttp.ClientSession, sim: VoxloudSimulator) -> None:
    """Without one, only E.164 can be dialled."""
    provider = FastProvider(session, {"api_key": CANARY, "url": sim.url})
    with pytest.raises(InvalidInputError):
        await provider.originate(asked("0655502001"))
    assert (await provider.originate(asked("tel:+39-06-55502001"))).outcome is PlacedOutcome.ACCEPTED


async def test_a_number_to_show_is_needed_to_make_an_object(client: FastProvider, sim: VoxloudSimulator) -> None:
    """A group shows that of anybody; with none at all, and none said, nothing can be made."""
    await client.originate(asked(extension="901"))
    assert next(iter(sim.click_to_calls.values())).outbound_number == MAIN
    sim.forbidden = frozenset({"users"})
    blind = FastProvider(client.http._session, asdict(client.settings))  # noqa: SLF001
    with pytest.raises(InvalidInputError) as caught:
        await blind.originate(asked())
    assert (caught.value.field, caught.value.problem) == ("caller_id_number", "required")
    assert (await blind.originate(asked(caller_id_number=SUPPORT))).outcome is PlacedOutcome.ACCEPTED


async def test_release_removes_what_is_left(client: FastProvider, sim: VoxloudSimulator) -> None:
    """What is gone already is gone; what cannot be removed now stays on the list."""
    await client.originate(asked())
    await client.originate(asked(extension="102"))
    first, second = client.created_objects
    del sim.click_to_calls[first]
    sim.fault(FaultKind.STATUS, status=503, method="DELETE", path=second)
    with pytest.raises(ConnectError):
        await client.release()
    assert client.created_objects == (second,)
    await client.release()
    assert not sim.click_to_calls


@pytest.mark.parametrize("kept", [None, "abc", 5, ["../x", None, 7, "ok"], ("ok",)])
def test_what_the_entry_kept_is_read_with_care(kept: object) -> None:
    """Ids only."""
    made = make(created_objects=kept).created_objects
    assert set(made) <= {"ok", "7"}
    assert ("ok" in made) == isinstance(kept, list | tuple)
