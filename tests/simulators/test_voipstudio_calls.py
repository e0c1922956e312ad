"""The simulated VoIPstudio shows calls as its contract says."""

from datetime import timedelta, timezone

import pytest

from .voipstudio_bench import ANNA, JONAS, MARTA, OTHER, OUTSIDE, MakeStage, Stage, fill

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_call_row(stage: Stage) -> None:
    """A call has the documented fields with the types seen live."""
    call_id = await stage.sim.ring(OUTSIDE, "1001")
    stage.clock.now += 8
    await stage.sim.answer(call_id)
    stage.clock.now += 42
    (row,) = await stage.rows("/calls")
    assert len(row) == 30
    assert row["id"] == int(call_id) > 2**31
    assert (row["state"], row["destination"], row["context"]) == ("CONNECTED", "in", "LOCAL_USER")
    assert (row["start_time"], row["connected_at"], row["duration"]) == (1778517353, 1778517361, 42)
    assert (row["src"], row["src_id"], row["clid"]) == (OUTSIDE, "0", f'"{OUTSIDE}" <{OUTSIDE}>')
    assert (row["dst"], row["dst_id"], row["dst_name"]) == ("441632960500", ANNA, "Anna Keller")
    assert (await stage.ask("GET", f"/calls/{call_id}")).body == {"data": row, "links": {}}
    await stage.sim.hang_up(call_id)
    assert (await stage.ask("GET", f"/calls/{call_id}")).status == 404


async def test_withheld_and_named_caller(stage: Stage) -> None:
    """A withheld number is empty; a name goes into the caller ID string."""
    await stage.sim.ring("", "1001")
    await stage.sim.ring(OTHER, "1002", name="Grace Okafor")
    rows = await stage.rows("/calls")
    assert [row["src"] for row in rows] == ["", OTHER]
    assert rows[1]["src_name"] == f'"Grace Okafor" <{OTHER}>'


@pytest.mark.parametrize(
    ("verb", "number"), [(0, "RINGING"), (1, "CONNECTED"), (2, "ON_HOLD")], ids=["ringing", "connected", "held"]
)
async def test_integers_for_states(make_stage: MakeStage, verb: int, number: str) -> None:
    """The documentation's integers stand in for the strings where asked, in REST alone."""
    stage = await make_stage(hook=True, int_fields={"state", "destination"})
    call_id = await stage.sim.ring(OUTSIDE, "1001")
    if verb > 0:
        await stage.sim.answer(call_id)
    if verb > 1:
        await stage.sim.hold(call_id, "1001")
    (row,) = await stage.rows("/calls")
    assert (row["state"], row["destination"]) == (verb + 1, 0)
    assert stage.receiver.bodies[-1]["state"] == number


async def test_integers_in_records(make_stage: MakeStage) -> None:
    """Records can have the documentation's integers, and their charge as a string."""
    stage = await make_stage(int_fields={"type", "disposition"}, charge_as_string=True)
    await fill(stage)
    rows = await stage.rows("/cdrs", limit=3)
    assert [(row["type"], row["disposition"]) for row in rows] == [(1, 1), (2, 0), (0, 0)]
    assert rows[0]["charge"] == "0.0000"


async def test_missing_and_unknown_fields(make_stage: MakeStage) -> None:
    """Optional fields can be absent and new ones present, everywhere."""
    stage = await make_stage(
        hook=True, missing_fields={"context", "root_call_id", "final", "id"}, extra_fields={"mood": "calm"}
    )
    call_id = await stage.sim.ring(OUTSIDE, "1001")
    (row,) = await stage.rows("/calls")
    assert row["id"] == int(call_id)
    await stage.sim.hang_up(call_id)
    (record,) = await stage.rows("/cdrs")
    for shown in (row, record, stage.receiver.bodies[-1]):
        assert not {"context", "root_call_id", "final"} & shown.keys()
        assert shown["mood"] == "calm"
    assert "id" not in stage.receiver.bodies[-1]
    assert (await stage.rows("/users"))[0]["mood"] == "calm"
    assert (await stage.ask("POST", "/calls", json={"to": OUTSIDE})).body["data"]["mood"] == "calm"


async def test_times_of_another_zone(make_stage: MakeStage) -> None:
    """The zone of naive times can be another; numbers stay."""
    stage = await make_stage(hook=True, time_zone=timezone(timedelta(hours=2)))
    await stage.sim.ring(OUTSIDE, "1001")
    assert stage.receiver.bodies[0]["start_time"] == "2026-05-11 18:35:53"
    assert (await stage.rows("/calls"))[0]["start_time"] == 1778517353


async def test_parent_legs_can_be_hidden(make_stage: MakeStage) -> None:
    """A ring group's own leg shows in GET /calls, or not at all."""
    stage = await make_stage()
    call_id = await stage.sim.ring(OUTSIDE, "1001", "1002")
    rows = await stage.rows("/calls")
    assert [row["parent_id"] for row in rows] == [None, int(call_id), int(call_id)]
    stage.sim.lists_root = False
    assert [row["dst_id"] for row in await stage.rows("/calls")] == [ANNA, JONAS]
    assert (await stage.ask("GET", f"/calls/{call_id}")).status == 404


async def test_incoming_answered(heard: Stage) -> None:
    """One leg: initial, ringing, connected, hold, resume, hang-up; one record."""
    call_id = await heard.sim.ring(OUTSIDE, "1001")
    assert [(call.direction, call.state) for call in heard.sim.truth()] == [("incoming", "ringing")]
    heard.clock.now += 7
    await heard.sim.answer(call_id, "1001")
    await heard.sim.hold(call_id, "1001")
    await heard.sim.hold(call_id, "1001")
    (call,) = heard.sim.truth()
    assert call.state == "on_hold"
    assert {leg.extension: leg.state for leg in call.legs} == {"": "talking", "1001": "on_hold"}
    await heard.sim.resume(call_id, "1001")
    heard.clock.now += 11
    await heard.sim.hang_up(call_id)
    bodies = list(heard.receiver.bodies)
    assert heard.receiver.names() == [
        "call.initial",
        "call.ringing",
        "call.connected",
        "call.on_hold",
        "call.connected",
        "call.hangup",
    ]
    assert {body["call_id"] for body in bodies} == {body["root_call_id"] for body in bodies} == {int(call_id)}
    assert len({body["id"] for body in bodies}) == 6
    last = bodies[-1]
    assert "terminated_by" not in bodies[0]
    assert (last["state"], last["duration"], last["t_cause"]) == ("HANGUP", 11, "Normal Clearing")
    assert (last["start_time"], last["connected_at"]) == ("2026-05-11 16:35:53", "2026-05-11 16:36:00")
    assert (last["src_id"], last["dst_id"], last["terminated_by"]) == ("0", ANNA, "caller")
    assert len(last["src_hash"]) == 40
    (record,) = await heard.rows("/cdrs")
    assert (record["type"], record["disposition"], record["duration"], record["billsec"]) == ("I", "CONNECTED", 18, 11)
    assert record["live_id"] == record["root_live_id"] == int(call_id)
    assert record["call_id"] != record["live_id"]
    assert heard.sim.truth() == []


async def test_incoming_missed(heard: Stage) -> None:
    """A call nobody answered is missed for good, and has no hang-up."""
    await heard.sim.hang_up(await heard.sim.ring(OUTSIDE, "1001"))
    body = heard.receiver.bodies[-1]
    assert (body["event_name"], body["final"], body["connected_at"]) == ("call.missed", True, None)
    assert (body["state"], body["terminated_by"]) == ("HANGUP", "caller")
    assert heard.receiver.names() == ["call.initial", "call.ringing", "call.missed"]
    (record,) = await heard.rows("/cdrs")
    assert (record["type"], record["disposition"], record["billsec"]) == ("M", "NO ANSWER", 0)


async def test_incoming_rejected(heard: Stage) -> None:
    """A rejecting phone ends the call as busy and missed."""
    await heard.sim.hang_up(await heard.sim.ring(OUTSIDE, "1001"), by="reject")
    assert heard.receiver.bodies[-1]["terminated_by"] == "callee"
    assert heard.receiver.names()[-1] == "call.missed"
    assert (await heard.rows("/cdrs"))[0]["disposition"] == "BUSY"


async def test_group_second_phone_answers(heard: Stage) -> None:
    """Each phone has its own leg under one root; the others give up without a final miss."""
    call_id = await heard.sim.ring(OUTSIDE, "1001", "1002", "1003")
    bodies = [body for body in heard.receiver.bodies if body["event_name"] == "call.ringing"]
    assert {body["context"] for body in bodies} == {"RG-83502"}
    assert {body["src_name"] for body in bodies} == {f"Acme | {OUTSIDE}"}
    assert {body["root_call_id"] for body in bodies} == {int(call_id)}
    assert len({body["call_id"] for body in bodies}) == 3
    heard.receiver.bodies.clear()
    await heard.sim.answer(call_id, "1002")
    assert [body.get("final") for body in heard.receiver.bodies] == [False, False, None]
    assert heard.receiver.told() == [("call.missed", ANNA, 1), ("call.missed", MARTA, 3), ("call.connected", JONAS, 2)]
    await heard.sim.hang_up(call_id)
    assert heard.receiver.told() == [("call.hangup", JONAS, 2)]
    records = await heard.rows("/cdrs")
    assert [row["is_root"] for row in records] == [False, False, False, True]
    assert [row["type"] for row in records] == ["M", "M", "I", "I"]


async def test_group_missed_by_all(heard: Stage) -> None:
    """When the caller gives up, each leg is missed and then the root, once and for good."""
    call_id = await heard.sim.ring(OUTSIDE, "1001", "1002", "1003")
    heard.receiver.bodies.clear()
    await heard.sim.hang_up(call_id)
    assert [body["final"] for body in heard.receiver.bodies] == [False, False, False, True]
    assert {body["terminated_by"] for body in heard.receiver.bodies} == {"caller"}
    assert heard.receiver.bodies[-1]["context"] == "RG-83502"
    assert heard.receiver.told()[-1] == ("call.missed", "0", 0)
    assert [row["type"] for row in await heard.rows("/cdrs", ("is_root", "eq", True))] == ["M"]


async def test_group_phones_reject_one_by_one(heard: Stage) -> None:
    """A group rings on until its last phone has refused."""
    call_id = await heard.sim.ring(OUTSIDE, "1001", "1002")
    await heard.sim.reject(call_id, "1001")
    assert len(heard.sim.truth()) == 1
    await heard.sim.reject(call_id, "1002")
    assert heard.sim.truth() == []
    finals = [body["final"] for body in heard.receiver.bodies if "final" in body]
    assert finals == [False, False, True]


@pytest.mark.parametrize("how", ["dnd", "unregistered"])
async def test_unreachable_phones_miss_at_once(heard: Stage, how: str) -> None:
    """A phone that cannot ring misses its leg the moment the others ring."""
    if how == "dnd":
        await heard.sim.set_dnd("1001", on=True)
    else:
        await heard.sim.unregister("1001")
    await heard.sim.ring(OUTSIDE, "1001", "1002")
    assert ("call.missed", ANNA, 1) in heard.receiver.told()
    assert len(heard.sim.truth()) == 1
    await heard.sim.ring(OTHER, "1001")
    assert heard.receiver.bodies[-1]["final"] is True
    assert len(heard.sim.truth()) == 1
    await heard.sim.set_dnd("1001", on=False)
    await heard.sim.register("1001")
    await heard.sim.ring(OTHER, "1001")
    assert len(heard.sim.truth()) == 2


async def test_group_with_nobody(heard: Stage) -> None:
    """A group whose phones are all away is missed at once."""
    await heard.sim.unregister("1001")
    await heard.sim.unregister("1002")
    await heard.sim.ring(OUTSIDE, "1001", "1002")
    assert heard.sim.truth() == []
    assert [body["final"] for body in heard.receiver.bodies if "final" in body] == [False, False, True]


async def test_dialled(heard: Stage) -> None:
    """A dialled call is one leg out."""
    call_id = await heard.sim.dial("1001", OUTSIDE)
    (call,) = heard.sim.truth()
    assert (call.direction, call.state, call.caller, call.callee) == ("outgoing", "dialing", "1001", OUTSIDE)
    (row,) = await heard.rows("/calls")
    assert (row["destination"], row["src"], row["src_id"], row["dst_id"]) == ("out", "1001", ANNA, "0")
    assert row["clid"] == '"+441632960500" <+441632960500>'
    await heard.sim.answer(call_id)
    heard.clock.now += 60
    await heard.sim.hang_up(call_id, by="callee")
    assert heard.receiver.bodies[-1]["terminated_by"] == "callee"
    assert heard.receiver.names() == ["call.initial", "call.ringing", "call.connected", "call.hangup"]
    (record,) = await heard.rows("/cdrs")
    assert (record["type"], record["disposition"], record["charge"]) == ("O", "CONNECTED", 0.035)


@pytest.mark.parametrize(
    ("how", "event", "state", "disposition"),
    [
        ("caller", "call.hangup", "HANGUP", "NO ANSWER"),
        ("callee", "call.hangup", "HANGUP", "BUSY"),
        ("fail", "call.failed", "FAILED", "FAILED"),
    ],
)
async def test_dialled_in_vain(heard: Stage, how: str, event: str, state: str, disposition: str) -> None:
    """A dialled call that nobody answered is hung up, not missed."""
    call_id = await heard.sim.dial("1001", OUTSIDE)
    if how == "fail":
        await heard.sim.fail(call_id)
    else:
        await heard.sim.hang_up(call_id, by=how)
    body = heard.receiver.bodies[-1]
    assert (body["event_name"], body["state"], body["connected_at"]) == (event, state, None)
    (record,) = await heard.rows("/cdrs")
    assert (record["type"], record["disposition"]) == ("O", disposition)


@pytest.mark.parametrize("word", ["in", "out", None])
async def test_internal(make_stage: MakeStage, word: str | None) -> None:
    """A call between users is one leg whose direction is not known."""
    stage = await make_stage(internal_destination=word)
    call_id = await stage.sim.dial("1001", "1002")
    (call,) = stage.sim.truth()
    assert (call.direction, call.state) == ("internal", "ringing")
    assert {leg.extension: leg.state for leg in call.legs} == {"1001": "dialing", "1002": "ringing"}
    (row,) = await stage.rows("/calls")
    assert (row["src_id"], row["dst_id"], row["destination"]) == (ANNA, JONAS, word)
    await stage.sim.answer(call_id, "1002")
    await stage.sim.hold(call_id, "1001")
    await stage.sim.hold(call_id, "1002")
    await stage.sim.resume(call_id, "1001")
    (call,) = stage.sim.truth()
    assert {leg.extension: leg.state for leg in call.legs} == {"1001": "talking", "1002": "on_hold"}


async def test_dialling_groups_and_queues(stage: Stage) -> None:
    """A user can dial a ring group and a queue."""
    await stage.sim.dial("1004", "701")
    await stage.sim.dial("1005", "601")
    assert [(call.direction, call.callee) for call in stage.sim.truth()] == [("internal", "701"), ("internal", "601")]


@pytest.mark.parametrize("context", [None, "EXTERNAL"])
async def test_context_of_outgoing_calls(make_stage: MakeStage, context: str | None) -> None:
    """What stands as context on the way out is not known."""
    stage = await make_stage(outbound_context=context)
    await stage.sim.dial("1001", OUTSIDE)
    assert (await stage.rows("/calls"))[0]["context"] == context


async def test_impossible_verbs(stage: Stage) -> None:
    """People cannot do what cannot be done."""
    call_id = await stage.talk()
    impossible = [
        stage.sim.answer(call_id, "1001"),
        stage.sim.answer(call_id),
        stage.sim.hold(call_id, "1002"),
        stage.sim.hang_up("1"),
        stage.sim.ring(OUTSIDE, "4711"),
        stage.sim.press(call_id, "1", "1002"),
        stage.sim.hand_over(call_id, "1002", "1003"),
        stage.sim.enter_queue(OUTSIDE, "999"),
        stage.sim.agent("999", "1001", joined=True),
        stage.sim.wraps_up("999", "1001", "opened"),
        stage.sim.recording_ready(await stage.sim.ring(OUTSIDE, "1002")),
    ]
    for verb in impossible:
        with pytest.raises(LookupError):
            await verb
