"""The simulated VOIP@ Cloud does what the contract says: what phones do."""

import pytest

from .voipat_bench import CALLER, NOBODY, Box, only_call

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.mark.parametrize(
    ("end", "cause", "status"),
    [
        ("caller", "ORIGINATOR_CANCEL", "missed"),
        ("callee", "CALL_REJECTED", "missed"),
        ("reject", "CALL_REJECTED", "missed"),
        ("ring_out", "NO_ANSWER", "missed"),
        ("fail", "USER_BUSY", "missed"),
    ],
)
async def test_an_unanswered_call_ends_with_a_cause_and_a_record(
    python: Box, end: str, cause: str, status: str
) -> None:
    """An unanswered call ends with a cause and a record."""
    call_id = await python.sim.ring(CALLER, "104", "105")
    if end == "ring_out":
        await python.sim.ring_out(call_id)
    elif end == "fail":
        await python.sim.fail(call_id, "USER_BUSY")
    else:
        await python.sim.hang_up(call_id, by=end)
    assert python.sim.truth() == []
    record = await python.only_record()
    assert (record["hangup_cause"], record["answer_stamp"], record["billsec"]) == (cause, None, 0)
    assert (await python.get(f"/cdr/{call_id}"))["record"]["status"] == status


async def test_one_phone_of_several_refuses(python: Box) -> None:
    """One phone of several refuses."""
    call_id = await python.sim.ring(CALLER, "104", "105")
    await python.sim.reject(call_id, "104")
    assert await python.states() == [("", "RINGING"), ("105", "RINGING")]
    await python.sim.answer(call_id, "105")
    with pytest.raises(ValueError, match="does not ring"):
        await python.sim.reject(call_id, "105")


async def test_phones_that_cannot_ring_end_the_call(python: Box) -> None:
    """Phones that cannot ring end the call."""
    python.sim.unregister("104")
    await python.sim.ring(CALLER, "104")
    assert (await python.only_record())["hangup_cause"] == "USER_NOT_REGISTERED"
    python.clock.now += 60
    await python.sim.dial("105", "99")
    causes = [record["hangup_cause"] for record in (await python.get("/cdr"))["records"]]
    assert causes == ["UNALLOCATED_NUMBER", "USER_NOT_REGISTERED"]


async def test_a_phone_transfers_its_partner(python: Box) -> None:
    """A phone transfers its partner."""
    call_id = await python.sim.ring(CALLER, "104")
    with pytest.raises(ValueError, match="talks to nobody"):
        await python.sim.transfer(call_id, "104", "105")
    await python.sim.answer(call_id, "104")
    await python.sim.transfer(call_id, "104", "105")
    assert await python.states() == [("", "RING_WAIT"), ("105", "RINGING")]


async def test_a_phone_connects_its_two_partners(python: Box) -> None:
    """A phone connects its two partners."""
    first = await python.sim.ring(CALLER, "104")
    await python.sim.answer(first, "104")
    await python.sim.hold(first, "104")
    second = await python.sim.dial("104", "105")
    with pytest.raises(ValueError, match="answered"):
        await python.sim.complete_transfer(first, second, "104")
    await python.sim.answer(second, "105")
    await python.sim.complete_transfer(first, second, "104")
    assert only_call(python.sim).call_id == first
    assert await python.states() == [("", "ACTIVE"), ("105", "ACTIVE")]
    await python.sim.hang_up(first)
    assert python.sim.truth() == []
    assert (await python.get("/cdr"))["total"] == 2


async def test_verbs_that_make_no_sense_are_mistakes_of_the_test(python: Box) -> None:
    """Verbs that make no sense are mistakes of the test."""
    with pytest.raises(ValueError, match="no extension"):
        await python.sim.ring(CALLER, "999")
    with pytest.raises(ValueError, match="ring whom"):
        await python.sim.ring(CALLER)
    with pytest.raises(ValueError, match="no call"):
        await python.sim.answer(NOBODY)
    call_id = await python.sim.ring(CALLER, "104")
    with pytest.raises(ValueError, match="cannot hold"):
        await python.sim.hold(call_id, "104")
    with pytest.raises(ValueError, match="by whom"):
        await python.sim.hang_up(call_id, by="nobody")
    await python.sim.answer(call_id, "104")
    with pytest.raises(ValueError, match="nobody rings"):
        await python.sim.answer(call_id)
