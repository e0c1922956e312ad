"""The simulated VoIPstudio lets in, refuses and misbehaves as its contract says."""

from collections.abc import Callable

import aiohttp
import pytest

from tests.simulators.base import FaultKind
from tests.simulators.voipstudio import VoipstudioSimulator
from tests.simulators.voipstudio_people import people

from .voipstudio_bench import ANNA, OTHER, OUTSIDE, MakeStage, Stage, basic

pytestmark = pytest.mark.usefixtures("socket_enabled")


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
