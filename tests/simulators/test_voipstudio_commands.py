"""The simulated VoIPstudio places and changes calls as its contract says."""

import asyncio

import aiohttp
import pytest

from tests.simulators.base import FaultKind
from tests.simulators.voipstudio_switches import PlacedLegs

from .voipstudio_bench import ANNA, JONAS, MARTA, OTHER, OUTSIDE, MakeStage, Stage

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_placed_call(heard: Stage) -> None:
    """The user's phone rings first; then the far end is dialled in a second leg."""
    answer = await heard.ask("POST", "/calls", json={"to": OUTSIDE, "from": JONAS})
    assert answer.status == 201
    row = answer.body["data"]
    assert row.keys() == {
        "id", "state", "src_id", "src_name", "src_ua", "dst", "dst_name", "dst_rate", "clid", "start_time",
    }  # fmt: skip
    assert (row["state"], row["src_id"], row["dst"]) == ("RINGING", JONAS, OUTSIDE)
    call_id = str(row["id"])
    assert [(one.call_id, one.source, one.destination) for one in heard.sim.placed] == [(call_id, "1002", OUTSIDE)]
    (call,) = heard.sim.truth()
    assert [(leg.extension, leg.state) for leg in call.legs] == [("1002", "ringing")]
    await heard.sim.answer(call_id, "1002")
    (call,) = heard.sim.truth()
    assert {leg.extension: leg.state for leg in call.legs} == {"1002": "dialing", "": "ringing"}
    first, second = await heard.rows("/calls")
    assert (first["state"], second["state"], second["parent_id"]) == ("CONNECTED", "RINGING", int(call_id))
    await heard.sim.answer(call_id)
    assert [call.state for call in heard.sim.truth()] == ["talking"]
    await heard.sim.hold(call_id, "1002")
    assert [call.state for call in heard.sim.truth()] == ["on_hold"]
    await heard.sim.hang_up(call_id)
    assert [(name, leg) for name, _, leg in heard.receiver.told()] == [
        ("call.initial", 0),
        ("call.ringing", 0),
        ("call.connected", 0),
        ("call.initial", 1),
        ("call.ringing", 1),
        ("call.connected", 1),
        ("call.on_hold", 0),
        ("call.hangup", 0),
        ("call.hangup", 1),
    ]


async def test_placed_call_refused_by_the_phone(heard: Stage) -> None:
    """A user who refuses the ringing phone ends it all."""
    call_id = await heard.place()
    await heard.sim.hang_up(call_id, by="reject")
    assert heard.sim.truth() == []
    assert heard.receiver.names() == ["call.initial", "call.ringing", "call.hangup"]


@pytest.mark.parametrize("kind", list(PlacedLegs))
async def test_kinship_of_placed_legs(make_stage: MakeStage, kind: PlacedLegs) -> None:
    """How the second leg knows of the first is not known."""
    stage = await make_stage(hook=True, placed_legs=kind)
    call_id = await stage.place()
    await stage.sim.answer(call_id, "1001")
    second = (await stage.rows("/calls"))[1]
    assert second["parent_id"] == (int(call_id) if kind is PlacedLegs.PARENT else None)
    root = stage.receiver.bodies[-1]["root_call_id"]
    assert root == (second["id"] if kind is PlacedLegs.UNRELATED else int(call_id))


@pytest.mark.parametrize("target", ["1003", "601"])
async def test_placed_call_inside(stage: Stage, target: str) -> None:
    """A placed call can go to a colleague or a queue."""
    call_id = await stage.place(target)
    await stage.sim.answer(call_id, "1001")
    await stage.sim.answer(call_id, "1003")
    (call,) = stage.sim.truth()
    assert (call.direction, call.state) == ("internal", "talking")
    assert {leg.extension for leg in call.legs} == {"1001", "1003"}


async def test_placed_call_to_somebody_away(heard: Stage) -> None:
    """When the colleague cannot be reached, the call ends after the phone was picked up."""
    await heard.sim.unregister("1003")
    call_id = await heard.place("1003")
    await heard.sim.answer(call_id, "1001")
    assert heard.sim.truth() == []
    assert heard.receiver.names()[-2:] == ["call.hangup", "call.missed"]


async def test_full_201(make_stage: MakeStage) -> None:
    """The answer can have all fields."""
    stage = await make_stage(short_201=False)
    answer = await stage.ask("POST", "/calls", json={"to": OUTSIDE})
    assert len(answer.body["data"]) == 30


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "to"),
        ({"to": ""}, "to"),
        ({"to": f"+{OUTSIDE}"}, "to"),
        ({"to": "0044 1632"}, "to"),
        ({"to": 441632960123}, "to"),
        ({"to": "1" * 18}, "to"),
        ({"to": "1999"}, "to"),
        ({"to": OUTSIDE, "from": "1001"}, "from"),
        ({"to": OUTSIDE, "from": "80892"}, "from"),
        ({"to": OUTSIDE, "from": "441632960500"}, "from"),
        ({"to": OUTSIDE, "from": "Anna"}, "from"),
        ({"to": OUTSIDE, "from": True}, "from"),
    ],
)
async def test_refused_calls(heard: Stage, body: dict[str, object], field: str) -> None:
    """A bad destination or source is a validation error and places nothing."""
    answer = await heard.ask("POST", "/calls", json=body)
    assert answer.status == 400
    (item,) = answer.body["errors"]
    assert item["field"] == field
    if field == "from":
        assert (item["message"], item["code"]) == ("This value is not valid.", "SF0010")
    assert heard.sim.placed == []
    assert heard.receiver.bodies == []


@pytest.mark.parametrize("place", ["top", "none"])
async def test_place_of_the_code(make_stage: MakeStage, place: str) -> None:
    """The code may stand elsewhere or be missing."""
    stage = await make_stage(code_place=place)
    body = (await stage.ask("POST", "/calls", json={"to": OUTSIDE, "from": "1"})).body
    assert ("code" in body) is (place == "top")
    assert body["errors"] == [{"field": "from", "message": "This value is not valid."}]


@pytest.mark.parametrize("number", ["*98", "1003", "601", "999", OUTSIDE])
async def test_callable_numbers(stage: Stage, number: str) -> None:
    """Numbers, extensions, queues and special codes can be called, where they exist."""
    answer = await stage.ask("POST", "/calls", json={"to": number})
    assert answer.status == (400 if number == "999" else 201)
    assert len(stage.sim.placed) == (number != "999")


@pytest.mark.parametrize(
    ("caller_id", "clid"),
    [("441632960501", '"+441632960501" <+441632960501>'), ("anonymous", '"anonymous" <anonymous>'), (OTHER, None)],
)
async def test_caller_id(stage: Stage, caller_id: str, clid: str | None) -> None:
    """Only the account's own numbers, or none at all, can be shown."""
    answer = await stage.ask("POST", "/calls", json={"to": OUTSIDE, "caller_id": caller_id})
    if clid is None:
        assert (answer.status, answer.body["message"]) == (400, "No CLI prefix set")
        assert stage.sim.placed == []
    else:
        assert (answer.status, answer.body["data"]["clid"]) == (201, clid)


async def test_no_phone(stage: Stage) -> None:
    """Without a registered phone the call is 412, whatever nb_sip_locations says."""
    await stage.sim.unregister("1001")
    answer = await stage.ask("POST", "/calls", json={"to": OUTSIDE})
    assert (answer.status, answer.body["errors"]) == (412, [])
    assert answer.body["message"] == "Unable to make a call with no VoIP clients registered"
    assert (await stage.rows("/users"))[0]["nb_sip_locations"] == 1
    stage.sim.locations_are_live = True
    assert (await stage.rows("/users"))[0]["nb_sip_locations"] == 0
    assert stage.sim.placed == []


@pytest.mark.parametrize(
    ("switches", "status"),
    [({"place_delay": 0.2}, 201), ({"refuse_delay": 0.2}, 412)],
    ids=["slow 201", "slow 412"],
)
async def test_slow_answers(make_stage: MakeStage, switches: dict[str, float], status: int) -> None:
    """The answer can be as slow as the real one; the call is placed before it."""
    stage = await make_stage(**switches)
    if status == 412:
        await stage.sim.unregister("1001")
    asking = asyncio.create_task(stage.ask("POST", "/calls", json={"to": OUTSIDE}))
    await asyncio.sleep(0.1)
    assert not asking.done()
    assert len(stage.sim.placed) == (status == 201)
    assert (await asking).status == status


@pytest.mark.parametrize("status", [412, 480, 500])
async def test_phone_rejects_within_the_request(make_stage: MakeStage, status: int) -> None:
    """The phone can reject the call before POST /calls has answered."""
    stage = await make_stage(endpoint_rejects=status)
    assert (await stage.ask("POST", "/calls", json={"to": OUTSIDE})).status == status
    assert stage.sim.placed == []


async def test_phones_that_answer_by_themselves(make_stage: MakeStage) -> None:
    """Both ends can pick up by themselves."""
    stage = await make_stage(auto_answer=0.01, far_answer=0.01)
    await stage.place()
    for _ in range(100):
        await asyncio.sleep(0.01)
        if stage.sim.truth()[0].state == "talking":
            break
    assert stage.sim.truth()[0].state == "talking"


async def test_stop_forgets_what_was_to_happen(make_stage: MakeStage) -> None:
    """A stopped system leaves no task behind and keeps its calls."""
    stage = await make_stage(auto_answer=60.0)
    call_id = await stage.place()
    port = stage.sim.port
    await stage.sim.stop()
    await stage.sim.start()
    assert stage.sim.port == port
    assert (await stage.ask("GET", f"/calls/{call_id}")).body["data"]["state"] == "RINGING"


async def test_placed_once_per_request_at_the_same_time(stage: Stage) -> None:
    """Requests at the same time place one call each."""
    ids = await asyncio.gather(*(stage.place() for _ in range(20)))
    assert len(set(ids)) == 20
    assert [one.call_id for one in stage.sim.placed] == [str(call.call_id) for call in stage.sim.truth()]


async def test_lost_answer_still_places(stage: Stage) -> None:
    """A connection lost after the work was done leaves a call behind."""
    stage.sim.fault(FaultKind.RESET_AFTER, path="/calls", method="POST")
    with pytest.raises(aiohttp.ClientError):
        await stage.ask("POST", "/calls", json={"to": OUTSIDE})
    assert len(stage.sim.placed) == 1


async def test_webcalls(stage: Stage) -> None:
    """Two outside parties cost too much, unless the account may."""
    body = {"from": OUTSIDE, "to": "601"}
    answer = await stage.ask("POST", "/webcalls", json=body)
    assert answer.status == 400
    assert answer.body["message"].startswith(f"Maximum per minute call rate exceeded for {OUTSIDE}.")
    stage.sim.webcalls_allowed = True
    assert (await stage.ask("POST", "/webcalls", json={"from": OUTSIDE})).status == 400
    answer = await stage.ask("POST", "/webcalls", json=body)
    assert (answer.status, answer.body["data"].keys()) == (201, {"id"})
    call_id = str(answer.body["data"]["id"])
    assert stage.sim.placed[0].source == OUTSIDE
    await stage.sim.answer(call_id)
    await stage.sim.answer(call_id, "1002")
    assert [call.state for call in stage.sim.truth()] == ["talking"]


@pytest.mark.parametrize("number", [OUTSIDE, "1002"])
async def test_leadcalls(stage: Stage, number: str) -> None:
    """A number is called and a text spoken to whoever answers."""
    body = {"to": number, "tts": "The cellar is wet", "caller_id": "441632960500"}
    answer = await stage.ask("POST", "/leadcalls", json=body)
    assert answer.status == 201
    assert stage.sim.spoken == []
    await stage.sim.answer(str(answer.body["data"]["id"]))
    assert stage.sim.spoken == [(number, "The cellar is wet")]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"caller_id": None}, "DDI not found"),
        ({"caller_id": "anonymous"}, "DDI not found"),
        ({"tts": ""}, "Validation error"),
        ({"to": ""}, "Validation error"),
    ],
)
async def test_refused_leadcalls(stage: Stage, change: dict[str, object], message: str) -> None:
    """All three fields are needed."""
    body = {"to": OUTSIDE, "tts": "Hello", "caller_id": "441632960500"} | change
    answer = await stage.ask("POST", "/leadcalls", json=body)
    assert (answer.status, answer.body["message"]) == (400, message)
    assert stage.sim.placed == []


async def test_slow_leadcall(make_stage: MakeStage) -> None:
    """The connection may stay open while the call is set up."""
    stage = await make_stage(lead_delay=0.2)
    body = {"to": OUTSIDE, "tts": "Hello", "caller_id": "441632960500"}
    asking = asyncio.create_task(stage.ask("POST", "/leadcalls", json=body))
    await asyncio.sleep(0.1)
    assert (asking.done(), len(stage.sim.placed)) == (False, 1)
    assert (await asking).status == 201


@pytest.mark.parametrize(("target", "who"), [("1002", JONAS), (OTHER, "0"), ("601", ANNA)])
async def test_transfer(heard: Stage, target: str, who: str) -> None:
    """A blind transfer ends the user's leg and rings the next under the same root."""
    call_id = await heard.talk()
    answer = await heard.ask("PATCH", f"/calls/{call_id}", json={"dst": target})
    assert answer.status == 200
    assert (answer.body["data"]["referred_by"], answer.body["data"]["dst"]) == ("1001", target)
    told = heard.receiver.told()
    assert told[0] == ("call.hangup", ANNA, 0)
    assert ("call.ringing", who, 2 if target == "601" else 1) in told
    rows = await heard.rows("/calls")
    assert (rows[0]["src"], rows[0]["parent_id"], rows[0]["referred_by"]) == (OUTSIDE, int(call_id), "1001")
    assert (await heard.ask("GET", f"/calls/{call_id}")).status == 404
    await heard.sim.answer(call_id, "1001" if target == "601" else "1002" if who == JONAS else "")
    assert [call.state for call in heard.sim.truth()] == ["talking"]
    await heard.sim.hang_up(call_id)
    assert heard.sim.truth() == []
    assert not any(user.legs for user in heard.sim.users.values())


async def test_transfer_of_a_placed_call(stage: Stage) -> None:
    """Both legs of the user end, the far end stays."""
    call_id = await stage.place()
    await stage.sim.answer(call_id, "1001")
    await stage.sim.answer(call_id)
    assert (await stage.ask("PATCH", f"/calls/{call_id}", json={"dst": "1002"})).status == 200
    (row,) = await stage.rows("/calls")
    assert (row["src"], row["dst_id"]) == (OUTSIDE, JONAS)
    await stage.sim.answer(call_id, "1002")
    (call,) = stage.sim.truth()
    assert {leg.extension: leg.state for leg in call.legs} == {"": "talking", "1002": "talking"}


async def test_transfer_by_phone(heard: Stage) -> None:
    """People transfer too, and an unanswered transfer is a missed call."""
    call_id = await heard.sim.ring(OUTSIDE, "1001", "1002")
    await heard.sim.answer(call_id, "1002")
    await heard.sim.hand_over(call_id, "1002", "1003")
    heard.receiver.bodies.clear()
    await heard.sim.hang_up(call_id)
    assert heard.receiver.bodies[0]["final"] is True
    assert heard.receiver.told() == [("call.missed", MARTA, 3)]


@pytest.mark.parametrize("target", ["1001", "1999", f"+{OTHER}", "", 5])
async def test_refused_transfers(stage: Stage, target: object) -> None:
    """A transfer needs a callable number that is not one's own."""
    call_id = await stage.talk()
    assert (await stage.ask("PATCH", f"/calls/{call_id}", json={"dst": target})).status == 400
    assert len(stage.sim.truth()) == 1


async def test_transfer_needs_a_connected_call(stage: Stage) -> None:
    """Neither a ringing nor a held call can be transferred."""
    call_id = await stage.sim.ring(OUTSIDE, "1001")
    assert (await stage.ask("PATCH", f"/calls/{call_id}", json={"dst": "1002"})).status == 400
    await stage.sim.answer(call_id)
    await stage.sim.hold(call_id, "1001")
    assert (await stage.ask("PATCH", f"/calls/{call_id}", json={"dst": "1002"})).status == 400


@pytest.mark.parametrize("who", ["account", "user", None])
async def test_remote_answer(heard: Stage, who: str | None) -> None:
    """A phone that honours it picks up; another goes on ringing although 200 was said."""
    heard.sim.remote_answer = who != "account"
    heard.sim.admin.remote_answer = who != "user"
    call_id = await heard.sim.ring(OUTSIDE, "1001")
    answer = await heard.ask("PATCH", f"/calls/{call_id}", json={"state": "CONNECTED"})
    wanted = "RINGING" if who else "CONNECTED"
    assert (answer.status, answer.body["data"]["state"]) == (200, wanted)
    assert ("call.connected" in heard.receiver.names()) is (who is None)
    if who is None:
        again = await heard.ask("PATCH", f"/calls/{call_id}", json={"state": "CONNECTED"})
        assert again.status == 400


async def test_remote_answer_needs_our_phone(stage: Stage) -> None:
    """Neither the outside nor a ring group's own leg can be answered."""
    for call_id in (await stage.sim.dial("1001", OUTSIDE), await stage.sim.ring(OUTSIDE, "1002", "1003")):
        answer = await stage.ask("PATCH", f"/calls/{call_id}", json={"state": "CONNECTED"})
        assert answer.status == 400


async def test_action_link(stage: Stage) -> None:
    """A link is kept with the call."""
    call_id = await stage.talk()
    body = {"action_url": "https://example.com/c", "action_text": "Open"}
    assert (await stage.ask("PATCH", f"/calls/{call_id}", json=body)).status == 200
    leg = stage.sim.legs[int(call_id)]
    assert (leg.action_url, leg.action_text) == ("https://example.com/c", "Open")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"state": "ON_HOLD"},
        {"state": "HANGUP"},
        {"mute": True},
        {"dst": "1002", "state": "CONNECTED"},
        {"action_url": "javascript:alert(1)"},
        {"action_url": 1},
        {"action_url": "https://example.com", "dst": "1002"},
    ],
)
async def test_refused_patches(stage: Stage, body: dict[str, object]) -> None:
    """Nothing else can be done with a call, hold least of all."""
    call_id = await stage.talk()
    answer = await stage.ask("PATCH", f"/calls/{call_id}", json=body)
    assert (answer.status, len(answer.body["errors"])) == (400, 1)


async def test_hang_up_by_api(heard: Stage) -> None:
    """DELETE ends the call, pushes it, and then it is gone."""
    call_id = await heard.talk()
    answer = await heard.ask("DELETE", f"/calls/{call_id}")
    assert (answer.status, answer.raw) == (204, b"")
    assert heard.receiver.names() == ["call.hangup"]
    assert (await heard.ask("DELETE", f"/calls/{call_id}")).status == 404


@pytest.mark.parametrize("refuses", [False, True])
async def test_hang_up_of_a_ringing_call(make_stage: MakeStage, refuses: bool) -> None:  # noqa: FBT001
    """Whether the server refuses a ringing call is not known."""
    stage = await make_stage(refuses_ringing_hangup=refuses)
    for call_id in (await stage.sim.ring(OUTSIDE, "1001"), await stage.sim.dial("1002", OUTSIDE)):
        assert (await stage.ask("DELETE", f"/calls/{call_id}")).status == (400 if refuses else 204)
    assert len(stage.sim.truth()) == (2 if refuses else 0)


async def test_hang_up_of_one_ringing_leg(heard: Stage) -> None:
    """One leg of a ringing group stops alone, its root ends everything."""
    call_id = await heard.sim.ring(OUTSIDE, "1001", "1002")
    assert (await heard.ask("DELETE", f"/calls/{int(call_id) + 1}")).status == 204
    (call,) = heard.sim.truth()
    assert {leg.extension for leg in call.legs} == {"", "1002"}
    assert (await heard.ask("DELETE", f"/calls/{call_id}")).status == 204
    assert heard.sim.truth() == []
    assert heard.receiver.bodies[-1]["final"] is True
