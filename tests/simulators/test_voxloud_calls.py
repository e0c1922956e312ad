"""The simulated Voxloud tells calls and faxes as its contract says."""

from typing import Any

import pytest

from .voxloud import EventType, GroupHangup, LastEvent, Parties
from .voxloud_bench import CALLER, V1, Bench

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_an_answered_call(bench: Bench) -> None:
    """INCOMING, ANSWERED, HANGUP and a record; the truth agrees all the time."""
    bench.listen()
    call = await bench.sim.ring(CALLER, "101")
    (true,) = bench.sim.truth()
    assert (true.call_id, true.direction, true.state, true.caller) == (call, "incoming", "ringing", CALLER)
    bench.clock.now += 4
    await bench.sim.answer(call, "101")
    await bench.sim.hold(call, "101")
    await bench.sim.resume(call, "101")
    assert {leg.extension: leg.state for leg in bench.sim.truth()[0].legs} == {"101": "talking", "": "talking"}
    bench.clock.now += 56
    await bench.sim.hang_up(call)
    assert bench.sim.truth() == []
    assert bench.story() == ["INCOMING(101)", "ANSWERED(101)", "HANGUP(101)", "PHONE_CALL"]
    record = bench.record()
    assert (
        record
        | {
            "type": "PHONE_CALL",
            "direction": "INBOUND",
            "lastEvent": "CALL_TERMINATED",
            "duration": 60,
            "ringTime": 4,
            "answererNumber": "101",
            "answererName": "Anna Keller",
            "callId": call,
            "accountId": bench.sim.account_id,
            "timestamp": 1_790_000_000_000,
            "voicemail": False,
            "recorded": True,
            "sentiment_score": 73,
        }
        == record
    )
    async with bench.session.get(record["recordingUrl"]) as response:
        assert (response.status, response.content_type) == (200, "audio/mpeg")


async def test_events_of_one_call_never_share_a_millisecond(bench: Bench) -> None:
    """The order of a call's events can be told from their times."""
    bench.listen()
    call = await bench.sim.ring(CALLER, "101", "102", "103")
    await bench.sim.answer(call, "102")
    stamps = [event["data"]["timestamp"] for event in bench.got]
    assert len(set(stamps)) == len(stamps) == 6
    assert all(event["timestamp"] == event["data"]["timestamp"] for event in bench.got)


@pytest.mark.parametrize(
    ("by", "last"),
    [
        ("caller", LastEvent.CANCELED),
        ("callee", LastEvent.REJECTED),
        ("reject", LastEvent.REJECTED),
        ("busy", LastEvent.USER_BUSY),
        ("no_answer", LastEvent.NO_ANSWER),
    ],
)
async def test_unanswered_calls(bench: Bench, by: str, last: LastEvent) -> None:
    """The record tells why nobody answered, and has neither answerer nor ring time nor recording."""
    bench.listen()
    await bench.sim.hang_up(await bench.sim.ring(CALLER, "101"), by=by)
    assert bench.story() == ["INCOMING(101)", "HANGUP(101)", "PHONE_CALL"]
    record = bench.record()
    assert (record["lastEvent"], record["recorded"]) == (last.value, False)
    assert not {"answererNumber", "answererName", "ringTime", "recordingUrl", "transcription"} & record.keys()


async def test_an_outgoing_call(bench: Bench) -> None:
    """STARTED, ANSWERED, HANGUP of the user who dialled."""
    bench.listen()
    call = await bench.sim.dial("101", CALLER)
    assert (bench.sim.truth()[0].direction, bench.sim.truth()[0].state) == ("outgoing", "dialing")
    await bench.sim.answer(call)
    assert bench.sim.truth()[0].state == "talking"
    await bench.sim.hang_up(call, by="callee")
    assert bench.story() == ["STARTED(101)", "ANSWERED(101)", "HANGUP(101)", "PHONE_CALL"]
    record = bench.record()
    assert (record["direction"], record["originatorNumber"], record["answererNumber"]) == (
        "OUTBOUND",
        "101",
        CALLER[1:],
    )


@pytest.mark.parametrize("incoming", [True, False])
@pytest.mark.parametrize("parties", Parties)
async def test_an_internal_call(bench: Bench, parties: Parties, *, incoming: bool) -> None:
    """The callee may get INCOMING or not; ANSWERED and HANGUP name one or both."""
    bench.sim.internal_incoming, bench.sim.internal_parties = incoming, parties
    bench.listen()
    call = await bench.sim.dial("101", "102")
    await bench.sim.answer(call, "102")
    (true,) = bench.sim.truth()
    assert (true.direction, {leg.extension: leg.state for leg in true.legs}) == (
        "internal",
        {"101": "talking", "102": "talking"},
    )
    await bench.sim.hang_up(call)
    caller, callee = parties is not Parties.CALLEE, parties is not Parties.CALLER
    assert bench.story() == [
        "STARTED(101)",
        *["INCOMING(102)"] * incoming,
        *["ANSWERED(102)"] * callee,
        *["ANSWERED(101)"] * caller,
        *["HANGUP(101)"] * caller,
        *["HANGUP(102)"] * callee,
        "PHONE_CALL",
    ]
    assert (bench.record()["direction"], bench.record()["destinationNumber"]) == ("INTERNAL", "102")


@pytest.mark.parametrize(
    ("policy", "answered", "missed"),
    [
        (
            GroupHangup.PER_USER,
            ["HANGUP(101)", "HANGUP(103)", "HANGUP(102)"],
            ["HANGUP(101)", "HANGUP(102)", "HANGUP(103)"],
        ),
        (GroupHangup.ANSWERED_LEG, ["HANGUP(102)"], []),
        (GroupHangup.ONCE, ["HANGUP()"], ["HANGUP()"]),
        (GroupHangup.NONE, [], []),
    ],
)
async def test_group_hangup(bench: Bench, policy: GroupHangup, answered: list[str], missed: list[str]) -> None:
    """A group's calls end in one of four ways; a single user's always with a HANGUP."""
    bench.sim.group_hangup = policy
    bench.listen()
    call = await bench.sim.ring(CALLER, "901")
    ringing = ["INCOMING(101)", "INCOMING(102)", "INCOMING(103)"]
    await bench.sim.answer(call, "102")
    assert [leg.extension for leg in bench.sim.truth()[0].legs] == ["102", ""]
    await bench.sim.hang_up(call)
    assert bench.story() == [*ringing, "ANSWERED(102)", *answered, "PHONE_CALL"]
    assert bench.record()["ruleNames"] == ["Sales"]
    bench.got.clear()
    await bench.sim.hang_up(await bench.sim.ring(CALLER, "101", "102", "103"), by="no_answer")
    assert bench.story() == [*ringing, *missed, "PHONE_CALL"]
    bench.got.clear()
    await bench.sim.hang_up(await bench.sim.ring(CALLER, "101"))
    assert bench.story() == ["INCOMING(101)", "HANGUP(101)", "PHONE_CALL"]


async def test_a_user_dials_a_group(bench: Bench) -> None:
    """Everyone rings; the caller's own HANGUP does not hang on how groups end."""
    bench.sim.group_hangup = GroupHangup.NONE
    bench.listen()
    call = await bench.sim.dial("105", "901")
    await bench.sim.answer(call, "103")
    await bench.sim.hang_up(call)
    assert bench.story() == [
        "STARTED(105)",
        "INCOMING(101)",
        "INCOMING(102)",
        "INCOMING(103)",
        "ANSWERED(103)",
        "ANSWERED(105)",
        "HANGUP(105)",
        "PHONE_CALL",
    ]
    assert (bench.record()["destinationName"], bench.record()["answererNumber"]) == ("Sales", "103")


async def test_race_records(bench: Bench) -> None:
    """The losers of a race may have records of their own; a search finds the call's."""
    bench.sim.race_records = True
    bench.listen(EventType.PHONE_CALL)
    call = await bench.sim.ring(CALLER, "101", "102")
    await bench.sim.answer(call, "102")
    await bench.sim.hang_up(call)
    assert [(event["data"]["callId"], event["data"]["lastEvent"]) for event in bench.got] == [
        (call, "CALL_LOST_LOSE_RACE"),
        (call, "CALL_TERMINATED"),
    ]
    found = (await bench.ask("GET", f"{V1}/telephony-events", params={"callId": call}))[1]
    assert found["lastEvent"] == "CALL_TERMINATED"


async def test_refusing_in_a_group_and_ringing_on(bench: Bench) -> None:
    """One refusal leaves the others ringing; the next in line rings; the last refusal ends the call."""
    bench.listen()
    call = await bench.sim.ring(CALLER, "101", "102")
    await bench.sim.refuse(call, "101")
    assert bench.sim.truth()[0].state == "ringing"
    await bench.sim.ring_next(call, "103")
    await bench.sim.refuse(call, "103")
    assert bench.story() == [
        "INCOMING(101)",
        "INCOMING(102)",
        "HANGUP(101)",
        "HANGUP(102)",
        "INCOMING(103)",
        "HANGUP(103)",
        "PHONE_CALL",
    ]
    assert bench.record()["lastEvent"] == "CALL_REJECTED"


@pytest.mark.parametrize("told", [True, False])
async def test_machine_events(bench: Bench, *, told: bool) -> None:
    """An IVR answers with an event without user or with none, then users ring."""
    bench.sim.machine_events = told
    bench.listen()
    call = await bench.sim.ring_machine(CALLER, rule="Night")
    assert bench.sim.truth()[0].state == "talking"
    await bench.sim.ring_next(call, "101")
    assert bench.sim.truth()[0].state == "ringing"
    await bench.sim.answer(call, "101")
    await bench.sim.hang_up(call)
    assert bench.story() == [*["ANSWERED()"] * told, "INCOMING(101)", "ANSWERED(101)", "HANGUP(101)", "PHONE_CALL"]
    bench.got.clear()
    await bench.sim.hang_up(await bench.sim.ring_machine(CALLER))
    assert bench.story() == [*["ANSWERED()", "HANGUP()"] * told, "PHONE_CALL"]
    assert bench.record()["ruleNames"] == ["Welcome"]


@pytest.mark.parametrize("told", [True, False])
async def test_voicemail(bench: Bench, *, told: bool) -> None:
    """A message is a flag and a link in the record of an unanswered call."""
    bench.sim.machine_events = told
    bench.listen()
    call = await bench.sim.ring(CALLER, "101")
    await bench.sim.leave_voicemail(call)
    machine = ["ANSWERED()", "HANGUP()"] if told else []
    assert bench.story() == ["INCOMING(101)", "HANGUP(101)", *machine, "PHONE_CALL"]
    record = bench.record()
    assert (record["voicemail"], record["lastEvent"]) == (True, "CALL_LOST_NO_ANSWER")
    async with bench.session.get(record["voicemail_url"]) as response:
        assert response.status == 200


async def test_an_external_forward_answers_without_user(bench: Bench) -> None:
    """An outside phone that answers is nobody's extension."""
    bench.listen()
    call = await bench.sim.ring(CALLER, "101")
    await bench.sim.forward(call, "+12025550199")
    assert bench.sim.truth()[0].state == "talking"
    await bench.sim.hang_up(call)
    assert bench.story() == ["INCOMING(101)", "HANGUP(101)", "ANSWERED()", "HANGUP()", "PHONE_CALL"]
    assert bench.record()["answererNumber"] == "12025550199"


@pytest.mark.parametrize("blind", [True, False])
async def test_transfer(bench: Bench, *, blind: bool) -> None:
    """A transfer rings the other user under the same call id; the record says so."""
    bench.listen()
    call = await bench.sim.ring(CALLER, "101")
    await bench.sim.answer(call, "101")
    assert await bench.sim.transfer(call, "101", "102", blind=blind) == call
    await bench.sim.answer(call, "102")
    assert {leg.extension for leg in bench.sim.truth()[0].legs} == {"102", ""}
    await bench.sim.hang_up(call)
    end = ["HANGUP(101)", "ANSWERED(102)"] if blind else ["ANSWERED(102)", "HANGUP(101)"]
    assert bench.story() == [
        "INCOMING(101)",
        "ANSWERED(101)",
        "INCOMING(102)",
        *end,
        "HANGUP(102)",
        "PHONE_CALL",
    ]
    assert bench.record()["lastEvent"] == "CALL_TRANSFERRED"


async def test_a_refused_transfer_leaves_the_call(bench: Bench) -> None:
    """The first user keeps the call."""
    call = await bench.sim.dial("101", CALLER)
    await bench.sim.answer(call)
    await bench.sim.transfer(call, "101", "102")
    await bench.sim.refuse(call, "102")
    (true,) = bench.sim.truth()
    assert {leg.extension: leg.state for leg in true.legs} == {"101": "talking", "": "talking"}


@pytest.mark.parametrize("internal", [True, False])
async def test_transfer_new_call_id(bench: Bench, *, internal: bool) -> None:
    """A transfer may go on under a new call id; the old call has its own record."""
    bench.sim.transfer_new_call_id = True
    bench.listen()
    call = await (bench.sim.dial("103", "101") if internal else bench.sim.ring(CALLER, "101"))
    await bench.sim.answer(call, "101")
    new = await bench.sim.transfer(call, "101", "102")
    assert new != call
    assert bench.record()["lastEvent"] == "CALL_TRANSFERRED"
    await bench.sim.answer(new, "102")
    (true,) = bench.sim.truth()
    assert {leg.extension: leg.state for leg in true.legs} == {"102": "talking", "103" if internal else "": "talking"}
    await bench.sim.hang_up(new)
    assert (bench.record()["callId"], bench.record()["lastEvent"]) == (new, "CALL_TERMINATED")
    caller = {event["data"]["originatorNumber"] for event in bench.got if event["data"]["callId"] == new}
    assert caller <= ({"103"} if internal else {CALLER, CALLER[1:]})


async def test_verbs_refuse_what_cannot_be(bench: Bench) -> None:
    """Nobody answers twice, where nothing rings, or a call that is over."""
    call = await bench.sim.ring(CALLER, "101")
    with pytest.raises(ValueError, match="102"):
        await bench.sim.answer(call, "102")
    await bench.sim.answer(call)
    with pytest.raises(ValueError, match="outside"):
        await bench.sim.answer(call)
    await bench.sim.hang_up(call)
    with pytest.raises(ValueError, match="not up"):
        await bench.sim.hang_up(call)


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
async def test_fax(bench: Bench, direction: str) -> None:
    """A fax has one shape in the webhook and by id, another in the history."""
    bench.listen(EventType.FAX_CALL)
    number = await bench.sim.fax(CALLER, "+390655501000", direction=direction, pages=4, description="Order")
    (event,) = bench.got
    told: dict[str, Any] = {"description": "Order"} if direction == "outbound" else {}
    link = f"{bench.sim.url}/media/fax_{number}.pdf"
    data = {
        "id": number,
        "timestamp": int(bench.clock.now * 1000),
        "direction": direction,
        "sender": CALLER[1:],
        "recipient": "390655501000",
        "attachment_url": link,
        "total_pages": 4,
    } | told
    assert (event["type"], event["data"]) == ("FAX_CALL", data)
    assert await bench.ask("GET", f"{V1}/telephony-events/{number}") == (200, data)
    row = (await bench.ask("POST", f"{V1}/telephony-events", {}))[1]["content"][0]
    assert (row["type"], row["direction"], row["destinationName"], "sender" in row) == (
        "FAX_CALL",
        direction.upper(),
        "390655501000-fax-caller-id-name",
        False,
    )
    async with bench.session.get(link) as response:
        assert (response.status, response.content_type) == (200, "application/pdf")
