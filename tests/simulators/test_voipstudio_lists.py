"""The simulated VoIPstudio filters and pages its collections as its contract says."""

import base64
import json

import pytest

from tests.simulators.voipstudio_switches import ContactStyle, DndWrite, PartialAgents

from .voipstudio_bench import ANNA, JONAS, OTHER, OUTSIDE, MakeStage, Stage, fill

pytestmark = pytest.mark.usefixtures("socket_enabled")


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        (("type", "eq", "M"), 2),
        (("src", "like", "77009"), 2),
        (("billsec", "gt", 0), 2),
        (("billsec", "gte", "20"), 2),
        (("billsec", "lt", 20), 4),
        (("billsec", "lte", 20), 6),
        (("calldate", "gte", "2026-05-11"), 6),
        (("calldate", "gte", "2026-05-11 16:38:53"), 3),
        (("calldate", "lt", "2026-05-11"), 0),
        (("is_root", "eq", True), 6),
        (("is_root", "eq", "false"), 0),
        (("parent_live_id", "gt", 1), 0),
        (("parent_live_id", "eq", None), 6),
        (("billsec", "gt", "many"), 0),
        (("type", "ne", "M"), 4),
        (("type", "in", ["M", "O"]), 4),
        (("type", "in", "M,I"), 4),
        (("src", "notlike", "77009"), 4),
    ],
)
async def test_filters(stage: Stage, condition: tuple[str, str, object], count: int) -> None:
    """Each operator finds what it says."""
    await fill(stage)
    assert len(await stage.rows("/cdrs", condition)) == count


async def test_filters_add_up(stage: Stage) -> None:
    """Conditions are joined by and."""
    await fill(stage)
    found = await stage.rows("/cdrs", ("type", "eq", "M"), ("calldate", "gte", "2026-05-11 16:38:53"))
    assert [row["src"] for row in found] == [OTHER]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/cdrs", '[{"property": "calldate", "operator": "between", "value": "2026-01-01"}]'),
        ("/cdrs", '[{"property": "colour", "operator": "eq", "value": "red"}]'),
        ("/cdrs", '[{"property": "calldate", "operator": "gte", "value": "yesterday"}]'),
        ("/cdrs", '[{"property": "type", "operator": "eq"}]'),
        ("/cdrs", '{"property": "type", "operator": "eq", "value": "M"}'),
        ("/cdrs", "["),
        ("/cdrs", "[1]"),
        ("/faxes", '[{"property": "from", "operator": "eq", "value": "1"}]'),
        ("/faxes", '[{"property": "to", "operator": "eq", "value": "1"}]'),
        ("/sms", '[{"property": "message", "operator": "like", "value": "1"}]'),
        ("/voicemessages", '[{"property": "is_new", "operator": "eq", "value": true}]'),
        ("/monitors", '[{"property": "size", "operator": "gt", "value": 1}]'),
    ],
)
async def test_refused_filters(stage: Stage, path: str, text: str) -> None:
    """What cannot be filtered is 400 "Filtration error"."""
    answer = await stage.ask("GET", path, params={"filter": text})
    assert (answer.status, answer.body) == (400, {"message": "Filtration error", "errors": []})


@pytest.mark.parametrize("operator", ["ne", "in", "notlike"])
async def test_reported_operators_can_be_missing(make_stage: MakeStage, operator: str) -> None:
    """Only the documented operators are certain."""
    stage = await make_stage(extra_operators=False)
    text = json.dumps([{"property": "type", "operator": operator, "value": "M"}])
    assert (await stage.ask("GET", "/cdrs", params={"filter": text})).status == 400
    assert await stage.rows("/cdrs", ("type", "eq", "M")) == []


async def test_pages(stage: Stage) -> None:
    """Pages are cut after sorting; total counts all; a page beyond the end is empty."""
    await fill(stage)
    query = {"sort": "id", "dir": "DESC", "limit": "4"}
    first = (await stage.ask("GET", "/cdrs", params=query)).body
    second = (await stage.ask("GET", "/cdrs", params=query | {"page": "2"})).body
    assert first["total"] == second["total"] == 6
    ids = [row["id"] for row in first["data"] + second["data"]]
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 6
    assert await stage.rows("/cdrs", limit=4, page=3) == []


async def test_grouping(stage: Stage) -> None:
    """group_by gives one row of each kind."""
    await fill(stage)
    assert [row["type"] for row in await stage.rows("/cdrs", group_by="type")] == ["I", "M", "O"]


async def test_default_and_greatest_limit(make_stage: MakeStage) -> None:
    """Without a limit a short page comes; above 5000 it is clamped or refused."""
    stage = await make_stage(default_limit=3)
    for _ in range(5001):
        stage.sim.campaigns.add({})
    assert len(await stage.rows("/calltracking/campaigns")) == 3
    assert len(await stage.rows("/calltracking/campaigns", limit=9999)) == 5000
    stage.sim.over_limit = "refuse"
    assert (await stage.ask("GET", "/users?limit=5001")).status == 400


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "page=0", "page=-1", "sort=colour", "sort=id&dir=UP"])
async def test_refused_queries(stage: Stage, query: str) -> None:
    """Nonsense is a validation error."""
    assert (await stage.ask("GET", f"/cdrs?{query}")).status == 400
    assert (await stage.ask("GET", "/cdrs?group_by=colour")).status == 400


async def test_calls_ignore_or_heed_paging(stage: Stage) -> None:
    """GET /calls has no documented parameters."""
    for extension in ("1001", "1002", "1003"):
        await stage.sim.ring(OUTSIDE, extension)
    assert len(await stage.rows("/calls", limit=1)) == 3
    stage.sim.calls_paged = True
    assert len(await stage.rows("/calls", limit=1)) == 1


@pytest.mark.parametrize("path", ["/ivrs", "/ringgroups", "/conferences"])
async def test_guessed_paths(stage: Stage, path: str) -> None:
    """Paths that nobody has seen are 404 unless switched on."""
    answer = await stage.ask("GET", path)
    assert (answer.status, answer.body["errors"]) == (404, [])
    stage.sim.guessed_paths = True
    assert (await stage.ask("GET", path)).status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/webhooks"),
        ("GET", "/presence"),
        ("PUT", "/users/10002"),
        ("POST", "/cdrs"),
        ("PATCH", "/cdrs"),
        ("PATCH", "/sms/1"),
        ("DELETE", "/cdrs/1"),
        ("DELETE", "/contacts/501,502"),
        ("GET", "/users/99"),
        ("GET", "/users/abc"),
        ("GET", "/queues/99"),
        ("GET", "/contacts/99"),
        ("GET", "/calls/99"),
        ("GET", "/calls/abc"),
        ("PATCH", "/calls/99"),
        ("DELETE", "/calls/99"),
        ("GET", "/monitors/99.mp3"),
        ("GET", "/faxes/99.mp3"),
        ("GET", "/monitors/99.pdf"),
        ("GET", "/calltracking/nothing"),
    ],
)
async def test_not_found(stage: Stage, method: str, path: str) -> None:
    """What is not there is 404, in JSON."""
    answer = await stage.ask(method, path)
    assert (answer.status, answer.body) == (404, {"message": "Resource not found", "errors": []})


async def test_users(stage: Stage) -> None:
    """Users have text extensions, one none at all, and no secrets."""
    rows = await stage.rows("/users")
    assert [row["ext"] for row in rows] == ["1001", "1002", "1003", "1004", "1005", ""]
    assert rows[0] == {
        "id": 10002,
        "ext": "1001",
        "first_name": "Anna",
        "last_name": "Keller",
        "email": "user1001@example.com",
        "active": True,
        "dnd": False,
        "nb_sip_locations": 1,
        "cli": "441632960500",
    }
    assert (await stage.ask("GET", "/users/10002")).body == {"data": rows[0], "links": {}}


@pytest.mark.parametrize("write", list(DndWrite))
async def test_dnd_by_api(make_stage: MakeStage, write: DndWrite) -> None:
    """Whether do not disturb can be written is not known."""
    stage = await make_stage(dnd_write=write)
    answer = await stage.ask("PATCH", "/users/10003", json={"dnd": True})
    assert answer.status == (400 if write is DndWrite.REFUSED else 200)
    assert stage.sim.users[10003].dnd is (write is DndWrite.WORKS)


async def test_users_by_api(stage: Stage) -> None:
    """Users are made, changed and deleted."""
    body = {"first_name": "Nils", "last_name": "Berg", "email": "nils@example.com", "ext": "1006"}
    made = await stage.ask("POST", "/users", json=body)
    assert made.status == 201
    path = f"/users/{made.body['data']['id']}"
    assert (await stage.ask("PATCH", path, json={"ext": "1007"})).body["data"]["ext"] == "1007"
    assert stage.sim.user_at("1007").first_name == "Nils"
    assert (await stage.ask("PATCH", path, json={"ext": "1001"})).body["errors"][0]["field"] == "ext"
    assert (await stage.ask("DELETE", path)).status == 204
    assert (await stage.ask("GET", path)).status == 404
    assert (await stage.ask("DELETE", "/users/10002")).status == 403
    assert (await stage.ask("DELETE", "/users/10003")).status == 204
    assert 10003 not in (await stage.rows("/queues"))[0]["users"]


@pytest.mark.parametrize("body", [{"first_name": "x"}, {"ext": "0"}, {"ext": 1006}, {"sip_password": "x"}, {"id": 1}])
async def test_refused_users(stage: Stage, body: dict[str, object]) -> None:
    """Missing, malformed and unknown fields are validation errors."""
    assert (await stage.ask("POST", "/users", json=body)).status == 400


async def test_queues(stage: Stage) -> None:
    """Members are ids, or objects when asked for; the number is an integer."""
    plain = (await stage.rows("/queues"))[0]
    assert (plain["number"], plain["ring_strategy"], plain["users"]) == (601, "A", [10002, 10003, 10004])
    query = {"include": "users", "fields[users]": "id,first_name,status"}
    rich = (await stage.rows("/queues", **query))[1]
    assert rich["users"][0] == {"id": 10003, "first_name": "Jonas", "status": False}
    one = await stage.ask("GET", "/queues/80893", params={"include": "users"})
    assert one.body["data"]["users"][0].keys() == {"id", "first_name", "last_name", "status"}


@pytest.mark.parametrize("kind", list(PartialAgents))
async def test_agents(make_stage: MakeStage, kind: PartialAgents) -> None:
    """Agents join and leave; what happens to those left out of the list is not known."""
    stage = await make_stage(partial_agents=kind)
    body = {"users": [{"id": 10003, "status": False}]}
    answer = await stage.ask("PATCH", "/queues/80892?include=users", json=body)
    assert answer.status == 200
    found = {user["id"]: user["status"] for user in answer.body["data"]["users"]}
    others = {10002: True, 10004: True} if kind is PartialAgents.MERGE else {}
    assert found == {10003: False} | others


@pytest.mark.parametrize(
    "body",
    [
        {"users": {"id": 10003, "status": True}},
        {"users": [10003]},
        {"users": [{"id": 10003}]},
        {"users": [{"id": 10003, "status": 1}]},
        {"users": [{"id": 99, "status": True}]},
        {"number": 605},
        {"ring_time": "long"},
    ],
)
async def test_refused_queue_changes(stage: Stage, body: dict[str, object]) -> None:
    """A malformed change is refused whole."""
    assert (await stage.ask("PATCH", "/queues/80892", json=body)).status == 400
    assert stage.sim.queues[80892].members == {10002: True, 10003: True, 10004: True}


async def test_queue_call(heard: Stage) -> None:
    """Free agents who joined ring; the answer frees the others; the caller's own leg stays."""
    await heard.talk()
    await heard.sim.agent("601", "1003", joined=False)
    call_id = await heard.sim.enter_queue(OTHER, "601")
    assert heard.receiver.told() == [("call.initial", JONAS, 1), ("call.ringing", JONAS, 1)]
    rows = await heard.rows("/calls")
    assert [row["queue_state"] for row in rows] == [None, "RINGING", "RINGING"]
    assert {row["context"] for row in rows[1:]} == {"queue-80892"}
    await heard.sim.answer(call_id, "1002")
    assert [row["state"] for row in await heard.rows("/calls")] == ["CONNECTED"] * 3


async def test_callers_wait(heard: Stage) -> None:
    """A caller waits while nobody is free and is offered to whoever becomes so."""
    for extension in ("1001", "1002", "1003"):
        await heard.sim.agent("601", extension, joined=False)
    call_id = await heard.sim.enter_queue(OTHER, "601")
    (row,) = await heard.rows("/calls")
    assert (row["queue_state"], row["state"]) == ("WAITING", "RINGING")
    assert heard.receiver.bodies == []
    body = {"users": [{"id": 10002, "status": True}]}
    await heard.ask("PATCH", "/queues/80892", json=body)
    assert heard.receiver.told() == [("call.initial", ANNA, 1), ("call.ringing", ANNA, 1)]
    await heard.sim.hang_up(call_id, by="reject")
    assert (await heard.rows("/calls"))[0]["queue_state"] == "WAITING"
    await heard.sim.hang_up(call_id)
    assert heard.receiver.told() == [("call.missed", ANNA, 1), ("call.missed", "0", 0)]
    assert heard.sim.truth() == []


async def test_busy_agents_get_waiting_callers_later(heard: Stage) -> None:
    """An agent who hangs up is offered the next caller; a queue may also ring busy agents."""
    for extension in ("1002", "1003"):
        await heard.sim.agent("601", extension, joined=False)
    first = await heard.talk()
    await heard.sim.enter_queue(OTHER, "601")
    assert heard.receiver.bodies == []
    await heard.sim.hang_up(first)
    assert heard.receiver.names() == ["call.hangup", "call.initial", "call.ringing"]
    heard.sim.queues[80892].skip_busy = False
    await heard.sim.enter_queue(OUTSIDE, "601")
    assert heard.receiver.names() == ["call.initial", "call.ringing"]


@pytest.mark.parametrize(("form", "shown"), [("Q-{id}", "Q-80892"), ("Queue", "Queue")])
async def test_queue_words(make_stage: MakeStage, form: str, shown: str) -> None:
    """How a queue is named and what states it has is not known."""
    stage = await make_stage(queue_context=form, waiting_state="W", ringing_state="R")
    await stage.sim.enter_queue(OTHER, "601")
    rows = await stage.rows("/calls")
    assert {(row["context"], row["queue_state"]) for row in rows} == {(shown, "R")}
    for extension in ("1001", "1002", "1003"):
        await stage.sim.agent("601", extension, joined=False)
    await stage.sim.enter_queue(OUTSIDE, "601")
    assert (await stage.rows("/calls"))[-1]["queue_state"] == "W"


async def test_wrap_up(make_stage: MakeStage) -> None:
    """The post-call panel opens by itself where asked, and closes by hand."""
    stage = await make_stage(hook=True, wrap_up=True, wrap_up_event="queue.wrap_up")
    call_id = await stage.sim.enter_queue(OTHER, "601")
    await stage.sim.answer(call_id, "1002")
    await stage.sim.hang_up(call_id)
    body = stage.receiver.bodies[-1]
    assert (body["event_name"], body["state"], body["user_id"]) == ("queue.wrap_up", "opened", 10003)
    await stage.sim.wraps_up("601", "1002", "timed_out")
    assert stage.receiver.bodies[-1]["state"] == "timed_out"


async def test_recordings(heard: Stage) -> None:
    """A recording is pushed, listed and served whole, whatever range is asked for."""
    call_id = await heard.talk()
    heard.clock.now += 45
    await heard.sim.hang_up(call_id)
    monitor_id = await heard.sim.recording_ready(call_id)
    body = heard.receiver.bodies[-1]
    assert (body["event_name"], body["monitor_id"], body["call_id"]) == (
        "monitor.audio_ready",
        monitor_id,
        int(call_id),
    )
    assert (body["user_id"], body["duration"], body["src"]) == (10002, 45, OUTSIDE)
    (row,) = await heard.rows("/monitors", ("duration", "gte", 45))
    assert row.keys() == {"id", "timestamp", "caller", "called", "duration", "type", "size"}
    assert row["size"] == body["size"]
    headers = {"X-Auth-Token": heard.sim.api_key, "Range": "bytes=0-9"}
    audio = await heard.ask("GET", f"/monitors/{monitor_id}.mp3", headers=headers)
    assert (audio.status, len(audio.raw), audio.headers["Content-Type"]) == (200, row["size"], "audio/mpeg3")
    assert not {"Accept-Ranges", "Content-Disposition"} & audio.headers.keys()
    heard.sim.cx_addon = True
    assert (await heard.ask("GET", f"/monitors/{monitor_id}")).body["data"]["cx_score"] == 8


async def test_all_calls_recorded(make_stage: MakeStage) -> None:
    """Every answered call can be recorded, once."""
    stage = await make_stage(hook=True, records_calls=True)
    await stage.sim.hang_up(await stage.talk())
    assert stage.receiver.names() == ["call.hangup", "monitor.audio_ready"]
    call_id = await stage.place()
    await stage.sim.answer(call_id, "1001")
    await stage.sim.answer(call_id)
    await stage.sim.hang_up(call_id)
    assert stage.receiver.names().count("monitor.audio_ready") == 1


@pytest.mark.parametrize(("prefixed", "caller"), [(True, f"00{OTHER}"), (False, OTHER)])
async def test_voicemail(make_stage: MakeStage, prefixed: bool, caller: str) -> None:  # noqa: FBT001
    """Voicemail has no size and perhaps a prefixed caller; nothing pushes it."""
    stage = await make_stage(hook=True, voicemail_00=prefixed)
    message = await stage.sim.voicemail_arrives("1001", OTHER, seconds=9)
    (row,) = await stage.rows("/voicemessages", ("origtime", "gte", "2026-05-11"))
    assert row == {
        "id": message,
        "origtime": "2026-05-11 16:35:53",
        "caller": caller,
        "dialled": "1001",
        "duration": 9,
        "folder": "INBOX",
        "is_new": True,
    }
    assert (await stage.ask("GET", f"/voicemessages/{message}.mp3")).raw.startswith(b"ID3")
    await stage.sim.voicemail_heard(message)
    assert (await stage.ask("GET", f"/voicemessages/{message}")).body["data"]["is_new"] is False
    assert stage.receiver.bodies == []


@pytest.mark.parametrize(
    ("style", "there", "absent"),
    [(ContactStyle.OLD, "tel", "tel_1"), (ContactStyle.NEW, "tel_1", "tel"), (ContactStyle.BARE, "internal", "tel")],
)
async def test_contact_editions(make_stage: MakeStage, style: ContactStyle, there: str, absent: str) -> None:
    """Contacts are served as one edition of the documentation or another has them."""
    stage = await make_stage(contact_style=style)
    row = (await stage.rows("/contacts"))[-1]
    assert there in row
    assert absent not in row
    assert (row["first_name"], row["internal"]) == ("Piotr", False)


async def test_contacts(stage: Stage) -> None:
    """Contacts are made in both editions' words, changed singly and in bulk, and deleted."""
    ids = []
    for field_name in ("tel", "tel_1"):
        made = await stage.ask("POST", "/contacts", json={"first_name": "Ada", field_name: OTHER})
        assert (made.status, made.body["data"]["tel"]) == (201, OTHER)
        ids.append(made.body["data"]["id"])
    assert (await stage.rows("/contacts"))[0]["rel_user_id"] == 10002
    single = await stage.ask("PATCH", f"/contacts/{ids[0]}", json={"last_name": "Bell"})
    assert single.body["data"]["last_name"] == "Bell"
    bulk = await stage.ask("PATCH", "/contacts", json=[{"id": one, "group_name": "VIP"} for one in ids])
    assert [row["group_name"] for row in bulk.body["data"]] == ["VIP", "VIP"]
    assert (await stage.ask("DELETE", f"/contacts/{ids[0]}")).status == 204
    assert (await stage.ask("GET", f"/contacts/{ids[0]}")).status == 404


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("POST", {}),
        ("POST", {"first_name": "x", "shoe_size": 40}),
        ("PATCH", {"id": 501, "group_name": "x"}),
        ("PATCH", [{"id": 99, "group_name": "x"}]),
        ("PATCH", [{"id": [1], "group_name": "x"}]),
        ("PATCH", [1]),
    ],
)
async def test_refused_contacts(stage: Stage, method: str, body: object) -> None:
    """Nameless contacts, unknown fields and unknown ids are validation errors."""
    assert (await stage.ask(method, "/contacts", json=body)).status == 400


async def test_sms(heard: Stage) -> None:
    """Messages are sent, arrive with a push of other names, and are all deleted at once."""
    sent = await heard.ask("POST", "/sms", json={"to": OTHER, "message": "Hi"})
    assert sent.status == 201
    assert sent.body["data"].keys() == {"id", "created_at", "from", "to", "message", "result", "type", "user_id"}
    await heard.sim.sms_arrives("Vodafone", "Hello", extension="1002")
    body = heard.receiver.bodies[-1]
    assert (body["event_name"], body["from_no"], body["text"], body["user_id"]) == (
        "sms.received",
        "Vodafone",
        "Hello",
        10003,
    )
    assert [row["message"] for row in await heard.rows("/sms", ("type", "eq", "I"))] == ["Hello"]
    gone = await heard.ask("DELETE", "/sms")
    assert (gone.status, gone.raw) == (202, b"")
    assert await heard.rows("/sms") == []


@pytest.mark.parametrize(
    "body",
    [
        {"to": OTHER},
        {"message": "Hi"},
        {"to": f"+{OTHER}", "message": "Hi"},
        {"to": OTHER, "message": ""},
        {"to": OTHER, "message": "Hi", "from": OUTSIDE},
    ],
)
async def test_refused_sms(stage: Stage, body: dict[str, str]) -> None:
    """A message needs a destination, a text and one of our numbers."""
    assert (await stage.ask("POST", "/sms", json=body)).status == 400
    assert await stage.rows("/sms") == []


async def test_numbers(stage: Stage) -> None:
    """Numbers are the same under both paths and change in bulk."""
    rows = await stage.rows("/ddis")
    assert rows == await stage.rows("/calltracking/ddis")
    assert [row["e164"] for row in rows] == ["441632960500", "441632960501"]
    change = [{"e164": "441632960501", "campaign_id": 201}]
    assert (await stage.ask("PATCH", "/calltracking/ddis", json=change)).status == 200
    assert (await stage.rows("/ddis"))[1]["campaign_id"] == 201


async def test_documents(stage: Stage) -> None:
    """A fax is a file, a transaction a file inside JSON, an unfinished one an error."""
    fax = await stage.sim.fax_arrives(OTHER)
    assert (await stage.ask("GET", f"/faxes/{fax}.pdf")).raw.startswith(b"%PDF")
    done = await stage.ask("GET", "/transactions/6001.pdf")
    assert done.body["data"]["mime_type"] == "application/pdf"
    assert base64.b64decode(done.body["data"]["base64"]).startswith(b"%PDF")
    unfinished = await stage.ask("GET", "/transactions/6002.pdf")
    assert unfinished.status == 400
    assert unfinished.body["message"].startswith("This Transaction is not completed yet")


async def test_unified_history(stage: Stage) -> None:
    """Every channel leaves a row."""
    await stage.sim.hang_up(await stage.talk())
    await stage.sim.sms_arrives(OTHER, "Hello")
    await stage.sim.voicemail_arrives("1001", OTHER)
    await stage.sim.fax_arrives(OTHER)
    rows = await stage.rows("/conversations")
    assert [row["channel"] for row in rows] == ["call", "sms", "voicemail", "fax"]


async def test_small_collections(stage: Stage) -> None:
    """Groups and widget settings are made and deleted; chat messages go in bulk."""
    for path in ("/queuegroups", "/callmeback/settings"):
        assert (await stage.ask("POST", path, json={})).status == 400
        made = await stage.ask("POST", path, json={"name": "x"})
        assert made.status == 201
        assert (await stage.ask("DELETE", f"{path}/{made.body['data']['id']}")).status == 204
    assert (await stage.ask("PATCH", "/queuegroups/4216", json={"name": "y"})).body["data"]["name"] == "y"
    for path in ("/callmeback/websites", "/calltracking/campaigns", "/chats", "/chats/1101"):
        assert (await stage.ask("GET", path)).status == 200
    ids = ",".join(str(row["id"]) for row in await stage.rows("/chatmsgs"))
    assert (await stage.ask("DELETE", f"/chatmsgs/{ids}")).status == 204
    assert await stage.rows("/chatmsgs") == []
