"""The simulated VoIPstudio keeps its contract."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta, timezone
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.simulators.base import FaultKind
from tests.simulators.voipstudio import VoipstudioSimulator
from tests.simulators.voipstudio_people import people
from tests.simulators.voipstudio_switches import ContactStyle, DndWrite, PartialAgents, PlacedLegs, Probe

pytestmark = pytest.mark.usefixtures("socket_enabled")

START = 1_778_517_353.0
OUTSIDE = "441632960123"
OTHER = "447700900123"
ANNA, JONAS, MARTA, LUCA, SOPHIE = "10002", "10003", "10004", "10005", "10006"


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: float = START

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@dataclass
class Receiver:
    """Somebody who receives webhooks."""

    url: str = ""
    status: int = 200
    bodies: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        """Keep what comes in."""
        body = await request.read()
        self.requests.append((request.method, request.headers.get("Authorization", ""), body))
        if body:
            self.bodies.append(json.loads(body))
        return web.Response(status=self.status)

    def told(self) -> list[tuple[str, str, int]]:
        """Tell events, whom they concern and the leg's place in its call, and forget them."""
        bodies, self.bodies = self.bodies, []
        return [(body["event_name"], body["dst_id"], body["call_id"] - body["root_call_id"]) for body in bodies]

    def names(self) -> list[str]:
        """Tell the event names and forget the events."""
        bodies, self.bodies = self.bodies, []
        return [body["event_name"] for body in bodies]


@dataclass
class Answer:
    """What the API said."""

    status: int
    body: Any
    headers: dict[str, str]
    raw: bytes


@dataclass
class Stage:
    """A simulator, somebody who asks it and somebody who listens."""

    sim: VoipstudioSimulator
    session: aiohttp.ClientSession
    receiver: Receiver
    clock: Clock

    async def ask(
        self, method: str, path: str, *, key: str | None = None, headers: dict[str, str] | None = None, **options: Any
    ) -> Answer:
        """Ask the API, as the administrator unless told otherwise."""
        if headers is None:
            headers = {"X-Auth-Token": self.sim.api_key if key is None else key}
        async with self.session.request(method, self.sim.url + path, headers=headers, **options) as response:
            raw = await response.read()
        is_json = raw and response.content_type == "application/json"
        await self.sim.settle()
        return Answer(response.status, json.loads(raw) if is_json else None, dict(response.headers), raw)

    async def rows(self, path: str, *conditions: tuple[str, str, object], **params: str | int) -> list[dict[str, Any]]:
        """List a collection."""
        wanted = [{"property": name, "operator": how, "value": value} for name, how, value in conditions]
        query = params | ({"filter": json.dumps(wanted)} if wanted else {})
        answer = await self.ask("GET", path, params=query)
        assert answer.status == 200, answer
        rows: list[dict[str, Any]] = answer.body["data"]
        return rows

    async def place(self, number: str = OUTSIDE, **fields: str) -> str:
        """Place a call by API and give its id."""
        answer = await self.ask("POST", "/calls", json={"to": number} | fields)
        assert answer.status == 201, answer
        return str(answer.body["data"]["id"])

    async def talk(self) -> str:
        """Let Anna talk with the outside."""
        call_id = await self.sim.ring(OUTSIDE, "1001")
        await self.sim.answer(call_id, "1001")
        self.receiver.bodies.clear()
        return call_id


type MakeStage = Callable[..., Awaitable[Stage]]


@pytest.fixture
async def make_stage() -> AsyncIterator[MakeStage]:
    """Build stages with any switches."""
    receiver = Receiver()
    session = aiohttp.ClientSession()
    made: list[VoipstudioSimulator] = []
    runners: list[web.AppRunner] = []

    async def listen() -> None:
        app = web.Application()
        app.router.add_route("*", "/hook", receiver.handle)
        runner = web.AppRunner(app)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"

    async def make(*, hook: bool | None = None, **switches: Any) -> Stage:
        clock = Clock()
        sim = VoipstudioSimulator(clock=clock, **switches)
        made.append(sim)
        await sim.start()
        if hook is not None:
            await listen()
        if hook:
            await sim.add_webhook(receiver.url)
        return Stage(sim, session, receiver, clock)

    yield make
    await session.close()
    for sim in made:
        await sim.stop()
    for runner in runners:
        await runner.cleanup()


@pytest.fixture
async def stage(make_stage: MakeStage) -> Stage:
    """Give the account as it most likely is."""
    return await make_stage()


@pytest.fixture
async def heard(make_stage: MakeStage) -> Stage:
    """Give the account with somebody who listens to its webhooks."""
    return await make_stage(hook=True)


def basic(text: str) -> dict[str, str]:
    """Write a Basic header."""
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


# -- signing in -----------------------------------------------------------------------------------------


async def test_login_is_flat_and_its_token_works(stage: Stage) -> None:
    """A session token signs both kinds of header."""
    sim = stage.sim
    answer = await stage.ask("POST", "/login", headers={}, json={"email": sim.email, "password": sim.password})
    assert answer.status == 200
    assert answer.body.keys() == {"message", "user_token", "user_id"}
    token = answer.body["user_token"]
    assert (await stage.ask("GET", "/me", key=token)).body["data"]["id"] == answer.body["user_id"]
    assert (await stage.ask("POST", "/logout", key=token)).status == 200
    assert (await stage.ask("GET", "/me", key=token)).status == 401


async def test_logout_leaves_an_api_key_alone(stage: Stage) -> None:
    """Only a session ends."""
    assert (await stage.ask("POST", "/logout")).status == 200
    assert (await stage.ask("GET", "/ping")).body["data"]["response"] == "Pong"


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (lambda sim: {"X-Auth-Token": sim.api_key}, 200),
        (lambda sim: {"x-auth-token": sim.api_key}, 200),
        (lambda sim: basic(f"10002:{sim.api_key}"), 200),
        (lambda sim: basic(f"{sim.email}:{sim.api_key}"), 200),
        (lambda sim: basic(f"10003:{sim.api_key}"), 401),
        (lambda sim: basic(sim.api_key), 400),
        (lambda sim: basic(f":{sim.api_key}"), 400),
        (lambda _sim: {"Authorization": "Basic ä"}, 400),
        (lambda sim: {"Authorization": f"Bearer {sim.api_key}"}, 401),
        (lambda _sim: {"X-Auth-Token": "f" * 40}, 401),
        (lambda _sim: {}, 401),
    ],
)
async def test_headers(stage: Stage, header: Callable[[VoipstudioSimulator], dict[str, str]], status: int) -> None:
    """Each way of signing a request gets its own answer."""
    answer = await stage.ask("GET", "/me", headers=header(stage.sim))
    assert answer.status == status
    if status == 400:
        assert answer.body["message"] == "Failed to parse Authorization header credentials"
    if status == 401:
        assert answer.body == {"message": "Unauthorized", "errors": []}


@pytest.mark.parametrize(("refusal", "errors"), [(400, []), (401, [{"message": "Invalid email and/or password."}])])
async def test_wrong_password(make_stage: MakeStage, refusal: int, errors: list[dict[str, str]]) -> None:
    """A wrong password is 400, in the vendor's own tests 401."""
    stage = await make_stage(login_refusal=refusal)
    answer = await stage.ask("POST", "/login", headers={}, json={"email": stage.sim.email, "password": "no"})
    assert (answer.status, answer.body["message"]) == (refusal, "Invalid email and/or password.")
    assert answer.body["errors"] == errors


@pytest.mark.parametrize("data", ['{"email": "x"}', "{}", "[]", "no json"])
async def test_malformed_login(stage: Stage, data: str) -> None:
    """A login without its fields is a validation error."""
    answer = await stage.ask("POST", "/login", headers={}, data=data)
    assert answer.status == 400
    assert answer.body.keys() == {"message", "errors"}


@pytest.mark.parametrize("one_user", [True, False])
async def test_second_factor(make_stage: MakeStage, one_user: bool) -> None:  # noqa: FBT001
    """A second factor is 202 with a nonce, mails each time, and a nonce is good once."""
    stage = await make_stage(two_factor=not one_user)
    stage.sim.admin.two_factor = one_user
    body = {"email": stage.sim.email, "password": stage.sim.password}
    answers = [await stage.ask("POST", "/login", headers={}, json=body) for _ in range(2)]
    assert [answer.status for answer in answers] == [202, 202]
    assert answers[0].body["nonce"] != answers[1].body["nonce"]
    assert len(stage.sim.mailed) == 2
    wrong = {"nonce": answers[0].body["nonce"], "code": "x"}
    assert (await stage.ask("POST", "/login2fa", headers={}, json=wrong)).status == 400
    right = {"nonce": answers[1].body["nonce"], "code": stage.sim.mailed[1].code}
    done = await stage.ask("POST", "/login2fa", headers={}, json=right)
    assert done.status == 200
    assert (await stage.ask("GET", "/me", key=done.body["user_token"])).status == 200
    assert (await stage.ask("POST", "/login2fa", headers={}, json=right)).status == 400


@pytest.mark.parametrize("idle", [900.0, 1800.0])
async def test_session_dies_of_idleness(make_stage: MakeStage, idle: float) -> None:
    """Each request resets a session's timer; without any it ends."""
    stage = await make_stage(session_idle=idle)
    body = {"email": stage.sim.email, "password": stage.sim.password}
    token = (await stage.ask("POST", "/login", headers={}, json=body)).body["user_token"]
    for _ in range(3):
        stage.clock.now += idle - 1
        assert (await stage.ask("GET", "/ping", key=token)).status == 200
    stage.clock.now += idle + 1
    assert (await stage.ask("GET", "/ping", key=token)).status == 401


async def test_key_dies_of_idleness_or_never(make_stage: MakeStage) -> None:
    """A dashboard key has an idle expiry that can be taken away."""
    stage = await make_stage(key_idle=60.0)
    stage.clock.now += 61
    assert (await stage.ask("GET", "/ping")).status == 401
    stage.sim.key_idle = None
    stage.sim.api_key = "a" * 40
    stage.clock.now += 10**9
    assert (await stage.ask("GET", "/ping")).status == 200


async def test_rotated_key(stage: Stage) -> None:
    """A new key kills the old one."""
    old = stage.sim.api_key
    stage.sim.api_key = "b" * 40
    assert (await stage.ask("GET", "/ping", key=old)).status == 401
    assert (await stage.ask("GET", "/ping")).status == 200


async def test_minted_keys(stage: Stage) -> None:
    """A key is minted once per name, found, used, expires on its own and is deleted."""
    body = {"name": "Home Assistant", "expiry": 100}
    made = await stage.ask("POST", "/apitokens", json=body)
    assert made.status == 201
    token = made.body["data"]["token"]
    assert made.body["data"]["created_at"] == "2026-05-11 16:35:53"
    again = await stage.ask("POST", "/apitokens", json=body)
    assert (again.status, again.body["errors"][0]["field"]) == (400, "name")
    assert [row["token"] for row in await stage.rows("/apitokens", ("name", "eq", "Home Assistant"))] == [token]
    stage.clock.now += 99
    assert (await stage.ask("GET", "/ping", key=token)).status == 200
    gone = await stage.ask("DELETE", f"/apitokens/{token}")
    assert (gone.status, gone.raw) == (204, b"")
    assert (await stage.ask("GET", "/ping", key=token)).status == 401
    assert (await stage.ask("DELETE", f"/apitokens/{token}")).status == 404
    brief = (await stage.ask("POST", "/apitokens", json=body)).body["data"]["token"]
    endless = (await stage.ask("POST", "/apitokens", json={"name": "Ever", "expiry": 0})).body["data"]["token"]
    stage.clock.now += 101
    assert (await stage.ask("GET", "/ping", key=brief)).status == 401
    stage.clock.now += 10**8
    assert (await stage.ask("GET", "/ping", key=endless)).status == 200


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x", "expiry": -1}, {"name": "x", "expiry": "y"}])
async def test_refused_keys(stage: Stage, body: dict[str, object]) -> None:
    """A key needs a name and a sensible expiry."""
    assert (await stage.ask("POST", "/apitokens", json=body)).status == 400


async def test_me_leaks_the_sip_password(stage: Stage) -> None:
    """GET /me holds the account, the name and the secret."""
    row = (await stage.ask("GET", "/me")).body["data"]
    assert row["customer_id"] == 2
    assert row["sip_password"] == stage.sim.sip_password


@pytest.mark.parametrize("version", ["v1.1", "v1.2"])
async def test_both_versions(stage: Stage, version: str) -> None:
    """v1.1 and v1.2 behave the same, v1 is not there."""
    headers = {"X-Auth-Token": stage.sim.api_key}
    async with stage.session.get(f"{stage.sim.origin}/{version}/voipstudio/me", headers=headers) as response:
        assert response.status == 200
    async with stage.session.get(f"{stage.sim.origin}/v1/voipstudio/me", headers=headers) as response:
        assert response.status == 404


async def test_cors(stage: Stage) -> None:
    """Browsers may ask."""
    answer = await stage.ask("OPTIONS", "/calls", headers={})
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")


# -- roles ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/users", "/users/10002", "/queues", "/ddis", "/calltracking/ddis", "/queuegroups"])
async def test_ordinary_user_is_kept_out(stage: Stage, path: str) -> None:
    """An ordinary user's key gets 403 where rights are missing."""
    answer = await stage.ask("GET", path, key=stage.sim.user_api_key)
    assert (answer.status, answer.body) == (403, {"message": "Access denied", "errors": []})
    stage.sim.restricted = set()
    assert (await stage.ask("GET", path, key=stage.sim.user_api_key)).status == 200


async def test_ordinary_user_sees_own_calls_only(stage: Stage) -> None:
    """Other people's calls and recordings are hidden and refused."""
    theirs = await stage.talk()
    own = await stage.sim.ring(OTHER, "1002")
    key = stage.sim.user_api_key
    answer = await stage.ask("GET", "/calls", key=key)
    assert [str(row["id"]) for row in answer.body["data"]] == [own]
    assert (await stage.ask("GET", f"/calls/{theirs}", key=key)).status == 403
    assert (await stage.ask("DELETE", f"/calls/{theirs}", key=key)).status == 403
    body = {"to": OUTSIDE, "from": ANNA}
    assert (await stage.ask("POST", "/calls", key=key, json=body)).status == 403
    monitor = await stage.sim.recording_ready(theirs)
    assert (await stage.ask("GET", "/monitors", key=key)).body["total"] == 0
    for path in (f"/monitors/{monitor}", f"/monitors/{monitor}.mp3"):
        assert (await stage.ask("GET", path, key=key)).status == 403


# -- collections ----------------------------------------------------------------------------------------


async def fill(stage: Stage) -> None:
    """Make six call records, a minute apart: answered, missed and dialled twice each."""
    for number in (OUTSIDE, OTHER):
        call_id = await stage.sim.ring(number, "1001")
        await stage.sim.answer(call_id)
        stage.clock.now += 20
        await stage.sim.hang_up(call_id)
        stage.clock.now += 40
        await stage.sim.hang_up(await stage.sim.ring(number, "1002"))
        stage.clock.now += 60
        await stage.sim.hang_up(await stage.sim.dial("1003", number))
        stage.clock.now += 60


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


# -- reading calls --------------------------------------------------------------------------------------


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


# -- incoming and outgoing calls ------------------------------------------------------------------------


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


# -- placing calls --------------------------------------------------------------------------------------


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


# -- commanding calls -----------------------------------------------------------------------------------


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


# -- users and queues -----------------------------------------------------------------------------------


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


# -- records --------------------------------------------------------------------------------------------


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


# -- webhooks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("probe", list(Probe))
async def test_probe(make_stage: MakeStage, probe: Probe) -> None:
    """An address is tried before it is saved, one way or another."""
    stage = await make_stage(hook=True, webhook_probe=probe)
    methods = [method for method, _, _ in stage.receiver.requests]
    assert methods == ([probe.value] if probe else [])
    assert all(body == b"" for _, _, body in stage.receiver.requests)


async def test_refused_webhooks(make_stage: MakeStage) -> None:
    """An address that does not answer is refused; whether an error will do can be chosen."""
    stage = await make_stage(hook=False)
    with pytest.raises(ValueError, match="does not answer"):
        await stage.sim.add_webhook("http://127.0.0.1:9/hook")
    stage.receiver.status = 405
    stage.sim.probe_needs_2xx = True
    with pytest.raises(ValueError, match="405"):
        await stage.sim.add_webhook(stage.receiver.url)
    stage.sim.probe_needs_2xx = False
    await stage.sim.add_webhook(stage.receiver.url)
    stage.sim.https_only = True
    with pytest.raises(ValueError, match="https"):
        await stage.sim.add_webhook(stage.receiver.url)
    assert len(stage.sim.hooks) == 1


async def test_several_webhooks_with_chosen_events(make_stage: MakeStage) -> None:
    """Each webhook has its own events and Basic auth out of its address."""
    stage = await make_stage(hook=False, webhook_probe=Probe.NONE)
    await stage.sim.add_webhook(stage.receiver.url.replace("//", "//ha:secret@"), events=["call.ringing"])
    await stage.sim.add_webhook(stage.receiver.url, events=["call.missed", "call.ringing"])
    await stage.sim.hang_up(await stage.sim.ring(OUTSIDE, "1001"))
    signs = [sign for _, sign, _ in stage.receiver.requests]
    assert signs == [basic("ha:secret")["Authorization"], "", ""]
    assert stage.receiver.names() == ["call.ringing", "call.ringing", "call.missed"]


@pytest.mark.parametrize(("retries", "delay"), [(3, 0.0), (0, 0.0), (2, 0.1)])
async def test_retries(make_stage: MakeStage, retries: int, delay: float) -> None:
    """What is not answered with success is sent again, the same event."""
    stage = await make_stage(hook=True, webhook_retries=retries, retry_delay=delay, sends_initial=False)
    stage.receiver.status = 500
    began = asyncio.get_running_loop().time()
    await stage.sim.ring(OUTSIDE, "1001")
    assert asyncio.get_running_loop().time() - began >= retries * delay
    assert len(stage.receiver.bodies) == 1 + retries
    assert len({body["id"] for body in stage.receiver.bodies}) == 1


async def test_bad_delivery(heard: Stage) -> None:
    """Webhooks can come twice, in another order or not at all."""
    heard.sim.webhooks.duplicate = 1.0
    await heard.sim.ring(OUTSIDE, "1001")
    assert heard.receiver.names() == ["call.initial", "call.initial", "call.ringing", "call.ringing"]
    heard.sim.webhooks.duplicate = 0.0
    heard.sim.reverse_pushes = True
    await heard.sim.ring(OUTSIDE, "1002")
    assert heard.receiver.names() == ["call.ringing", "call.initial"]
    heard.sim.webhooks.drop = lambda event, _body: event == "call.ringing"
    await heard.sim.ring(OUTSIDE, "1003")
    assert heard.receiver.names() == ["call.initial"]


async def test_nobody_listens(heard: Stage) -> None:
    """A webhook whose owner is gone does not hold the phones up."""
    heard.sim.hooks[0].url = "http://127.0.0.1:9/hook"
    await heard.sim.hang_up(await heard.sim.ring(OUTSIDE, "1001"))
    assert {delivery.status for delivery in heard.sim.webhooks.sent} == {None}


async def test_dtmf(make_stage: MakeStage) -> None:
    """A key tone is pushed with its target."""
    stage = await make_stage(hook=True)
    call_id = await stage.talk()
    await stage.sim.press(call_id, "*", "1001")
    body = stage.receiver.bodies[-1]
    assert (body["event_name"], body["state"]) == ("call.dtmf", "DTMF_RECEIVED")
    assert (body["dtmf_tag"], body["dtmf_target"]) == ("*", "U:10002")
    stage.sim.dtmf_state = "CONNECTED"
    await stage.sim.press(call_id, "#", "1001")
    assert stage.receiver.bodies[-1]["state"] == "CONNECTED"


@pytest.mark.parametrize(
    ("switches", "names"),
    [
        ({}, ["call.initial", "call.ringing", "call.missed"]),
        ({"sends_initial": False}, ["call.ringing", "call.missed"]),
        ({"hangup_after_missed": True}, ["call.initial", "call.ringing", "call.missed", "call.hangup"]),
        ({"final_copies": 2}, ["call.initial", "call.ringing", "call.missed", "call.missed"]),
    ],
)
async def test_event_sequences(make_stage: MakeStage, switches: dict[str, Any], names: list[str]) -> None:
    """A missed call may be told in more or fewer events, each with its own id."""
    stage = await make_stage(hook=True, **switches)
    await stage.sim.hang_up(await stage.sim.ring(OUTSIDE, "1001"))
    assert len({body["id"] for body in stage.receiver.bodies}) == len(names)
    assert stage.receiver.names() == names


async def test_event_words(make_stage: MakeStage) -> None:
    """Names and states that nobody has seen can be others."""
    words = {"hold_event": "call.onhold", "resume_event": "call.resumed", "failed_event": "call.hangup"}
    stage = await make_stage(hook=True, missed_state="MISSED", **words)
    call_id = await stage.talk()
    await stage.sim.hold(call_id, "1001")
    await stage.sim.resume(call_id, "1001")
    assert stage.receiver.names() == ["call.onhold", "call.resumed"]
    await stage.sim.fail(await stage.sim.dial("1002", OUTSIDE))
    assert stage.receiver.names()[-1] == "call.hangup"
    await stage.sim.hang_up(await stage.sim.ring(OUTSIDE, "1003"))
    assert stage.receiver.bodies[-1]["state"] == "MISSED"


async def test_separate_numbers_of_calls(make_stage: MakeStage) -> None:
    """Webhooks may number calls as call records do."""
    stage = await make_stage(hook=True, separate_call_ids=True)
    call_id = await stage.sim.ring(OUTSIDE, "1001", "1002")
    await stage.sim.hang_up(call_id)
    last = stage.receiver.bodies[-1]
    record = (await stage.rows("/cdrs"))[-1]
    assert last["call_id"] == last["root_call_id"] == record["call_id"] != int(call_id)
    assert record["live_id"] == int(call_id)


# -- misbehaviour ---------------------------------------------------------------------------------------


async def test_throttle_page(stage: Stage) -> None:
    """Throttling is a page with malformed headers, so that no status is to be seen."""
    stage.sim.throttle = 1
    with pytest.raises(aiohttp.ClientError):
        await stage.ask("GET", "/calls")
    assert (await stage.ask("GET", "/calls")).status == 200


async def test_request_budget(make_stage: MakeStage) -> None:
    """A budget gives the throttle page until a minute has passed."""
    stage = await make_stage(requests_per_minute=2)
    for _ in range(2):
        assert (await stage.ask("GET", "/ping")).status == 200
    with pytest.raises(aiohttp.ClientError):
        await stage.ask("GET", "/ping")
    stage.clock.now += 61
    assert (await stage.ask("GET", "/ping")).status == 200


@pytest.mark.parametrize("status", [403, 500, 503])
async def test_server_errors(stage: Stage, status: int) -> None:
    """Planned errors are worded as the platform's own."""
    stage.sim.fault(FaultKind.STATUS, status=status)
    answer = await stage.ask("GET", "/calls")
    assert (answer.status, answer.body["errors"]) == (status, [])


# -- size -----------------------------------------------------------------------------------------------


async def test_large_account(make_stage: MakeStage) -> None:
    """2,000 extensions and 500 calls are no burden, and the same seed gives the same account."""
    stage = await make_stage(extensions=2000)
    ids = [await stage.sim.ring(f"4416329{index:05}", str(1001 + index)) for index in range(500)]
    for call_id in ids:
        await stage.sim.answer(call_id)
    assert (await stage.ask("GET", "/calls")).body["total"] == 500
    assert (await stage.ask("GET", "/users?limit=5000")).body["total"] == 2001
    for call_id in ids:
        await stage.sim.hang_up(call_id)
    assert stage.sim.truth() == []
    assert not stage.sim.legs


async def test_another_population(make_stage: MakeStage) -> None:
    """An account can be another one."""
    population = people(1)
    population.customer_id = 77
    population.queues.clear()
    stage = await make_stage(population=population)
    assert (await stage.ask("GET", "/me")).body["data"]["customer_id"] == 77
    assert await stage.rows("/queues") == []


async def test_unknown_switch() -> None:
    """A switch that does not exist is a mistake."""
    with pytest.raises(TypeError):
        VoipstudioSimulator(colour="red")
