"""The simulated Voxloud lets in, refuses and words errors as its contract says."""

from typing import Any

import aiohttp
import pytest

from .base import FaultKind
from .voxloud import Absent, ErrorStyle, EventType, User, VoxloudSimulator, demo_users
from .voxloud_bench import CALLER, CONTACT, CTC, V1, Bench, until

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_the_key_is_validated_by_post(bench: Bench) -> None:
    """A good key gives the company; the answer has no id."""
    assert await bench.ask("POST", f"{V1}/validate-auth") == (
        200,
        {"name": "Keller & Rossi", "email": "admin@example.com"},
    )


@pytest.mark.parametrize(
    "headers",
    [{}, {"Voverc-Auth": "wrong"}, {"Voverc-Auth": "Bearer KEY"}, {"Authorization": "KEY"}, {"Voxloud-Auth": "KEY"}],
)
async def test_only_the_exact_header_lets_in(bench: Bench, headers: dict[str, str]) -> None:
    """Anything but the raw key in Voverc-Auth is 401, also where nothing is."""
    for path in (f"{V1}/validate-auth", f"{V1}/nowhere"):
        given = {name: value.replace("KEY", bench.sim.api_key) for name, value in headers.items()}
        async with bench.session.post(bench.sim.url + path, headers=given) as response:
            assert response.status == 401
            assert (await response.json())["error"] == "Unauthorized"


async def test_a_rotated_key_locks_the_old_one_out(bench: Bench) -> None:
    """Only the current key counts."""
    old, bench.sim.api_key = bench.sim.api_key, "new"
    assert (await bench.ask("GET", "/api/v2/users"))[0] == 200
    assert (await bench.ask("GET", "/api/v2/users", headers={"Voverc-Auth": old}))[0] == 401


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", f"{V1}/validate-auth", None, {}, 405),
        ("GET", f"{V1}/users", None, {}, 404),
        ("GET", "/api/v2/users/1", None, {}, 404),
        ("POST", "/api/v2/users", {}, {}, 405),
        ("PATCH", f"{V1}/click-to-call", {}, {}, 405),
        ("PUT", f"{V1}/click-to-call/1", {}, {}, 405),
        ("GET", f"{V1}/click-to-call/1/connect", None, {}, 405),
        ("GET", f"{V1}/click-to-call", None, {"Accept": "text/html"}, 406),
        ("GET", f"{V1}/click-to-call", None, {"Accept": "text/csv"}, 406),
        ("POST", f"{V1}/telephony-events", {}, {"Accept": "application/xml"}, 406),
        ("POST", f"{V1}/telephony-events", None, {"Content-Type": "application/json"}, 400),
        ("POST", f"{V1}/contacts", [], {}, 400),
        ("POST", f"{V1}/contacts", None, {"Content-Type": "text/plain"}, 415),
    ],
)
async def test_requests_that_do_not_fit(
    bench: Bench, method: str, path: str, body: Any, headers: dict[str, str], status: int
) -> None:
    """Each mistake has its own status."""
    got, answer = await bench.ask(method, path, body, headers=headers)
    assert (got, answer["status"], answer["path"]) == (status, status, path)


@pytest.mark.parametrize(
    ("style", "kind", "empty"),
    [
        (ErrorStyle.SPRING, "application/json", False),
        (ErrorStyle.EMPTY, "application/octet-stream", True),
        (ErrorStyle.HTML, "text/html", False),
    ],
)
async def test_error_style(bench: Bench, style: ErrorStyle, kind: str, *, empty: bool) -> None:
    """An error's body is as Spring writes it, empty or a page; planned faults look the same."""
    bench.sim.error_style = style
    bench.sim.fault(FaultKind.STATUS, path="users", status=500)
    for path, status in (("/api/v2/users", 500), (f"{V1}/nowhere", 404)):
        headers = {"Voverc-Auth": bench.sim.api_key}
        async with bench.session.get(bench.sim.url + path, headers=headers) as response:
            assert (response.status, response.content_type) == (status, kind)
            assert (await response.read() == b"") is empty


async def test_a_forbidden_feature_is_403(bench: Bench) -> None:
    """Only the feature that the plan lacks is refused."""
    bench.sim.forbidden = frozenset({"click-to-call"})
    assert (await bench.ask("GET", f"{V1}/click-to-call"))[0] == 403
    assert (await bench.ask("GET", f"{V1}/contacts"))[0] == 200


async def test_maintenance_is_503(bench: Bench) -> None:
    """Everything is away for a while."""
    bench.sim.maintenance = True
    assert (await bench.ask("GET", "/api/v2/users"))[0] == 503


@pytest.mark.parametrize("retry_after", [None, 7])
async def test_rate_limit(bench: Bench, retry_after: int | None) -> None:
    """Requests beyond the limit meet 429 until the window has passed."""
    bench.sim.rate_limit, bench.sim.retry_after = 2, retry_after
    headers = {"Voverc-Auth": bench.sim.api_key}
    seen = []
    for _ in range(3):
        async with bench.session.get(f"{bench.sim.url}/api/v2/users", headers=headers) as response:
            seen.append((response.status, response.headers.get("Retry-After")))
    assert seen == [(200, None), (200, None), (429, None if retry_after is None else "7")]
    bench.clock.now += bench.sim.rate_window
    assert (await bench.ask("GET", "/api/v2/users"))[0] == 200


@pytest.mark.parametrize("path", [f"{V1}/validate-auth", f"{V1}/contacts", "/api/v2/users"])
async def test_old_host(bench: Bench, path: str) -> None:
    """The brand's old host lacks what came later."""
    bench.sim.old_host = True
    assert (await bench.ask("POST" if "auth" in path else "GET", path))[0] == 404
    assert (await bench.ask("GET", f"{V1}/click-to-call"))[0] == 200


async def test_an_unknown_switch_is_a_mistake() -> None:
    """A switch that does not exist is not swallowed; one that exists is taken."""
    with pytest.raises(TypeError):
        VoxloudSimulator(no_such_switch=1)
    assert VoxloudSimulator(ctc_limit=3).ctc_limit == 3


@pytest.mark.parametrize(("switch", "create", "delete"), [((200, 204), 200, 204), ((201, 200), 201, 200)])
async def test_success_statuses(bench: Bench, switch: tuple[int, int], create: int, delete: int) -> None:
    """The statuses of creating and deleting can be chosen, for every kind of object."""
    bench.sim.success_status, bench.sim.delete_status = switch
    hook = {"callback_url": bench.hook, "event_type": "CALL_HANGUP"}
    for path, body in (("contacts", CONTACT), ("click-to-call", CTC), ("webhook-subscriptions", hook)):
        status, answer = await bench.ask("POST", f"{V1}/{path}", body)
        assert status == create
        status, gone = await bench.ask("DELETE", f"{V1}/{path}/{answer['id']}")
        assert (status, gone) == (delete, "" if delete == 204 else {})
        assert (await bench.ask("GET", f"{V1}/{path}/{answer['id']}"))[0] == 404
        assert (await bench.ask("DELETE", f"{V1}/{path}/{answer['id']}"))[0] == 404


async def test_a_restart_keeps_everything(bench: Bench) -> None:
    """The same port has the same calls, subscriptions and records on their way."""
    bench.sim.cdr_delay = 0.2
    bench.listen(EventType.PHONE_CALL)
    call = await bench.sim.ring(CALLER, "101")
    other = await bench.sim.ring(CALLER, "102")
    await bench.sim.hang_up(call)
    port = bench.sim.port
    await bench.sim.stop()
    with pytest.raises(aiohttp.ClientError):
        await bench.ask("GET", "/api/v2/users")
    await bench.sim.start()
    assert bench.sim.port == port
    assert [true.call_id for true in bench.sim.truth()] == [other]
    assert len((await bench.ask("GET", f"{V1}/webhook-subscriptions"))[1]) == 1
    await until(lambda: bool(bench.got))
    assert [event["data"]["callId"] for event in bench.got] == [call]


async def test_users(bench: Bench) -> None:
    """Users are a plain array whose extensions are integers."""
    status, users = await bench.ask("GET", "/api/v2/users")
    assert status == 200
    assert [user["extension_number"] for user in users] == [101, 102, 103, 104, 105]
    main = {"number": "+390655501000", "label": "Main office"}
    assert users[0] == {
        "id": bench.sim.users["101"].id,
        "first_name": "Anna",
        "last_name": "Keller",
        "extension_number": 101,
        "outbound_cli": {
            "outbound_did": main,
            "available_dids": [main, {"number": "+390655501100", "label": "Customer support"}],
        },
    }


async def test_users_wrapped(bench: Bench) -> None:
    """The array can come wrapped."""
    bench.sim.users_wrapped = True
    assert len((await bench.ask("GET", "/api/v2/users"))[1]["results"]) == 5


@pytest.mark.parametrize("missing", Absent)
async def test_missing_as(bench: Bench, missing: Absent) -> None:
    """What has no value is absent or null, in users, contacts, subscriptions and events."""
    bench.sim.missing_as = missing
    bench.sim.machine_events = True
    bare = User(id="u", extension="110", first_name="Kim", last_name=None, email="", sip_username="s", dids=())
    bench.sim.users["110"] = bare
    await bench.ask("POST", f"{V1}/contacts", CONTACT)
    bench.listen(EventType.CALL_ANSWERED)
    await bench.sim.ring_machine(CALLER)
    user = (await bench.ask("GET", "/api/v2/users"))[1][-1]
    contact = (await bench.ask("GET", f"{V1}/contacts"))[1]["data"][-1]
    hook = (await bench.ask("GET", f"{V1}/webhook-subscriptions"))[1][0]
    shown = missing is Absent.NULL
    for fields, keys in (
        (user, ("last_name", "outbound_cli")),
        (contact, ("last_name", "website")),
        (hook, ("last_error", "notification_email")),
        (bench.got[0]["data"], ("userEmail", "userExtension", "sipUsername")),
    ):
        assert [(key in fields, fields.get(key)) for key in keys] == [(shown, None)] * len(keys)


async def test_a_large_company() -> None:
    """Two thousand users and five hundred calls are no effort."""
    sim = VoxloudSimulator(users=demo_users(2000, first=1001), groups=(), contacts=())
    for number in range(500):
        await sim.ring(CALLER, str(1001 + number))
    assert len(sim.truth()) == 500
    assert len({user.name for user in sim.users.values()}) == 2000
