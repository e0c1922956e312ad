"""The simulated Voxloud keeps to its contract."""

import asyncio
import itertools
import re
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from .base import FaultKind
from .voxloud import (
    Absent,
    ByCallId,
    DeliveryMode,
    DialFirst,
    Envelope,
    ErrorStyle,
    EventKey,
    EventType,
    ForeignNumber,
    GroupHangup,
    LastEvent,
    NumberStyle,
    Parties,
    UpdateMethod,
    User,
    VoxloudSimulator,
    demo_users,
)

pytestmark = pytest.mark.usefixtures("socket_enabled")

CALLER = "+441632960500"
V1 = "/api/v1"
CONTACT = {"first_name": "Ida", "primary_phone": "+390655509999"}
CTC = {"name": "support", "extension": "101", "outboundNumber": "+390655501000"}


class Clock:
    """A clock that only moves when told."""

    now = 1_790_000_000.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


class Bench:
    """A simulator, somebody with its key, and a receiver of its webhooks."""

    def __init__(self) -> None:
        """Prepare; nothing listens yet."""
        self.clock = Clock()
        self.sim = VoxloudSimulator(clock=self.clock)
        self.got: list[dict[str, Any]] = []
        self.status = 200
        self.hook = ""
        self.session: aiohttp.ClientSession

    async def receive(self, request: web.Request) -> web.Response:
        """Take a webhook."""
        self.got.append(await request.json())
        return web.Response(status=self.status)

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Send a request with the key; give the status and the JSON or text of the answer."""
        all_headers = {"Voverc-Auth": self.sim.api_key} | (headers or {})
        url = self.sim.url + path
        async with self.session.request(method, url, json=body, headers=all_headers, params=params) as response:
            if response.content_type == "application/json" and await response.read():
                return response.status, await response.json()
            return response.status, await response.text()

    def listen(self, *events: EventType) -> list[str]:
        """Subscribe the receiver."""
        return self.sim.subscribe(self.hook, *events)

    def story(self) -> list[str]:
        """Tell the live events and record types received, in the order of their own times."""
        live = [event for event in self.got if event["type"].startswith("CALL_")]
        told = [
            f"{event['data']['type']}({event['data'].get('userExtension') or ''})"
            for event in sorted(live, key=lambda event: event["timestamp"])
        ]
        return told + [event["type"] for event in self.got if event not in live]

    def record(self) -> dict[str, Any]:
        """Give the data of the last record received."""
        records: list[dict[str, Any]] = [e["data"] for e in self.got if not e["type"].startswith("CALL_")]
        return records[-1]

    async def make_ctc(self, **fields: Any) -> str:
        """Create a click-to-call by API; give its id."""
        status, answer = await self.ask("POST", f"{V1}/click-to-call", CTC | fields)
        assert status == 200
        return str(answer["id"])

    async def connect(self, contact: str = CALLER, **fields: Any) -> str:
        """Create a click-to-call and connect it; give the true call's id."""
        resource = await self.make_ctc(**fields)
        status, answer = await self.ask("POST", f"{V1}/click-to-call/{resource}/connect", {"contact": contact})
        assert (status, answer) == (200, {"contact": contact})
        await self.sim.settle()
        return self.sim.placed[-1].call_id


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that is soon to be."""
    async with asyncio.timeout(3):
        while not condition():  # noqa: ASYNC110  # nobody sets an event when a true call changes
            await asyncio.sleep(0.005)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    """Start a simulator, a receiver and a client."""
    made = Bench()
    app = web.Application()
    app.router.add_post("/hook", made.receive)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.hook = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    async with made.sim, aiohttp.ClientSession() as made.session:
        yield made
    await runner.cleanup()


# -- transport, authentication, errors ---------------------------------------------------------------


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


# -- users -------------------------------------------------------------------------------------------


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


# -- contacts ----------------------------------------------------------------------------------------


async def test_the_life_of_a_contact(bench: Bench) -> None:
    """Create, read, replace, delete; the update replaces the whole contact."""
    full = CONTACT | {"last_name": "Berg", "company_name": "Berg&Sons", "phones": ["+390655508888"]}
    _, made = await bench.ask("POST", f"{V1}/contacts", full)
    assert made["company_name"] == "Berg & Sons"
    assert made["crm_name"] == "Voxloud"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0[12]:00", made["created_at"])
    path = f"{V1}/contacts/{made['id']}"
    assert await bench.ask("GET", path) == (200, made)
    bench.clock.now += 60
    _, replaced = await bench.ask("PUT", path, CONTACT | {"crm_name": "Hubspot"})
    assert (replaced.get("last_name"), replaced["phones"], replaced["crm_name"]) == (None, [], "Hubspot")
    assert (replaced["created_at"], replaced["updated_at"] > made["updated_at"]) == (made["created_at"], True)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"first_name": None}, "first_name"),
        ({"first_name": ""}, "first_name"),
        ({"primary_phone": None}, "primary_phone"),
        ({"primary_phone": "0655509999"}, "primary_phone"),
        ({"phones": ["123"]}, "phones"),
        ({"phones": "+390655509998"}, "phones"),
        ({"emails": [1]}, "emails"),
        ({"website": 1}, "website"),
    ],
)
async def test_bad_contacts(bench: Bench, change: dict[str, Any], word: str) -> None:
    """A contact needs a first name and E.164 numbers."""
    status, answer = await bench.ask("POST", f"{V1}/contacts", CONTACT | change)
    assert status == 400
    assert word in answer["message"]


@pytest.mark.parametrize(("allowed", "status"), [(True, 200), (False, 400)])
@pytest.mark.parametrize("change", [{"last_name": ""}, {"phones": []}])
async def test_empty_values(bench: Bench, change: dict[str, Any], status: int, *, allowed: bool) -> None:
    """Empty texts and lists may be refused."""
    bench.sim.empty_values_allowed = allowed
    assert (await bench.ask("POST", f"{V1}/contacts", CONTACT | change))[0] == status


@pytest.mark.parametrize(("rewrite", "name"), [(True, "A & B"), (False, "A&B")])
async def test_rewrite_text(bench: Bench, name: str, *, rewrite: bool) -> None:
    """Free text may come back altered."""
    bench.sim.rewrite_text = rewrite
    assert (await bench.ask("POST", f"{V1}/contacts", CONTACT | {"company_name": "A&B"}))[1]["company_name"] == name


@pytest.mark.parametrize(
    ("method", "put", "post"),
    [(UpdateMethod.PUT, 200, 405), (UpdateMethod.BOTH, 200, 200), (UpdateMethod.POST, 405, 200)],
)
async def test_update_methods(bench: Bench, method: UpdateMethod, put: int, post: int) -> None:
    """Updates go by PUT, by both or by POST, each kind by its own switch."""
    bench.sim.update_method = bench.sim.contact_update_method = method
    contact = next(iter(bench.sim.contacts))
    hook = bench.listen(EventType.CALL_HANGUP)[0]
    body = {"id": hook, "callback_url": bench.hook, "event_type": "CALL_HANGUP"}
    for verb, status in (("PUT", put), ("POST", post)):
        assert (await bench.ask(verb, f"{V1}/contacts/{contact}", CONTACT))[0] == status
        assert (await bench.ask(verb, f"{V1}/webhook-subscriptions/{hook}", body))[0] == status


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Giulia", "Oliver", "Nora"]),
        ({"first_name": "gIU"}, ["Giulia"]),
        ({"phone": "2002"}, ["Giulia"]),
        ({"email": "office@"}, ["Giulia"]),
        ({"email": "example", "last_name": "W"}, ["Oliver"]),
        ({"first_name": "Nora", "last_name": "W"}, []),
    ],
)
async def test_contact_search(bench: Bench, query: dict[str, str], names: list[str]) -> None:
    """Filters contain, ignore case and combine with AND."""
    _, answer = await bench.ask("GET", f"{V1}/contacts", params=query)
    assert [contact["first_name"] for contact in answer["data"]] == names
    assert answer["has_next"] is False


async def test_contact_pages(bench: Bench) -> None:
    """Pages follow each other until has_next is false; twenty is the default."""
    for number in range(20):
        bench.sim.save_contact(CONTACT | {"last_name": str(number)})
    _, first = await bench.ask("GET", f"{V1}/contacts")
    _, last = await bench.ask("GET", f"{V1}/contacts", params={"offset": "20", "limit": "3"})
    assert (len(first["data"]), first["has_next"], len(last["data"]), last["has_next"]) == (20, True, 3, False)


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"offset": "-1"}, {"offset": "x"}])
async def test_contact_page_limits(bench: Bench, query: dict[str, str]) -> None:
    """The limit is 1 to 100, the offset not negative."""
    assert (await bench.ask("GET", f"{V1}/contacts", params=query))[0] == 400


# -- subscriptions -----------------------------------------------------------------------------------


async def test_the_life_of_a_subscription(bench: Bench) -> None:
    """Create, read, change, delete."""
    path = f"{V1}/webhook-subscriptions"
    body = {"callback_url": "http://127.0.0.1/x", "event_type": "CALL_INCOMING", "notification_email": "a@example.com"}
    _, made = await bench.ask("POST", path, body)
    assert made == body | {"id": made["id"], "enabled": True, "failed_count": 0}
    path += f"/{made['id']}"
    assert await bench.ask("GET", path) == (200, made)
    change = {"id": made["id"], "callback_url": "https://x.example/y", "event_type": "CLICK_TO_CALL", "enabled": False}
    assert await bench.ask("PUT", path, change) == (200, made | change)


@pytest.mark.parametrize(
    "change",
    [
        {"event_type": "CALL_MISSED"},
        {"event_type": None},
        {"callback_url": "example.com"},
        {"callback_url": None},
        {"notification_email": 3},
    ],
)
async def test_bad_subscriptions(bench: Bench, change: dict[str, Any]) -> None:
    """An unknown event or a bad address is 400, on create and on update."""
    body = {"callback_url": bench.hook, "event_type": "CALL_HANGUP"} | change
    assert (await bench.ask("POST", f"{V1}/webhook-subscriptions", body))[0] == 400
    hook = bench.listen(EventType.CALL_HANGUP)[0]
    assert (await bench.ask("PUT", f"{V1}/webhook-subscriptions/{hook}", body | {"id": hook}))[0] == 400


@pytest.mark.parametrize("change", [{"id": "other"}, {"id": None}, {"enabled": "yes"}])
async def test_bad_updates(bench: Bench, change: dict[str, Any]) -> None:
    """An update repeats the id in its body."""
    hook = bench.listen(EventType.CALL_HANGUP)[0]
    body = {"id": hook, "callback_url": bench.hook, "event_type": "CALL_HANGUP"} | change
    assert (await bench.ask("PUT", f"{V1}/webhook-subscriptions/{hook}", body))[0] == 400


@pytest.mark.parametrize(("accepted", "status"), [(True, 200), (False, 400)])
async def test_ctc_create(bench: Bench, status: int, *, accepted: bool) -> None:
    """CLICK_TO_CALL may be refused on create, never on update."""
    bench.sim.ctc_create = accepted
    body = {"callback_url": bench.hook, "event_type": "CLICK_TO_CALL"}
    assert (await bench.ask("POST", f"{V1}/webhook-subscriptions", body))[0] == status
    hook = bench.listen(EventType.CALL_HANGUP)[0]
    assert (await bench.ask("PUT", f"{V1}/webhook-subscriptions/{hook}", body | {"id": hook}))[0] == 200


@pytest.mark.parametrize(("refuse", "status"), [(False, 200), (True, 409)])
async def test_refuse_duplicates(bench: Bench, status: int, *, refuse: bool) -> None:
    """The same URL and event twice may be refused; another event may not."""
    bench.sim.refuse_duplicates = refuse
    bench.listen(EventType.CALL_HANGUP)
    body = {"callback_url": bench.hook, "event_type": "CALL_HANGUP"}
    assert (await bench.ask("POST", f"{V1}/webhook-subscriptions", body))[0] == status
    assert (await bench.ask("POST", f"{V1}/webhook-subscriptions", body | {"event_type": "FAX_CALL"}))[0] == 200


@pytest.mark.parametrize(
    ("key", "keys"),
    [
        (EventKey.EVENT_TYPE, ["event_type", "event_type", "event_type"]),
        (EventKey.TYPE, ["type", "type", "type"]),
        (EventKey.MIXED, ["event_type", "type", "type"]),
    ],
)
async def test_event_key(bench: Bench, key: EventKey, keys: list[str]) -> None:
    """The list names the event type in one way or two."""
    bench.sim.event_key = key
    bench.listen(EventType.CALL_STARTED, EventType.CALL_HANGUP, EventType.FAX_CALL)
    _, answer = await bench.ask("GET", f"{V1}/webhook-subscriptions")
    assert [next(k for k in ("event_type", "type") if k in item) for item in answer] == keys


@pytest.mark.parametrize(("keeps", "left"), [(True, (True, "a@example.com")), (False, (False, None))])
async def test_put_keeps_absent(bench: Bench, left: tuple[bool, str | None], *, keeps: bool) -> None:
    """An update without the optional fields keeps them or resets them."""
    bench.sim.put_keeps_absent = keeps
    (hook,) = bench.sim.subscribe(bench.hook, EventType.CALL_HANGUP, notification_email="a@example.com")
    body = {"id": hook, "callback_url": bench.hook, "event_type": "CALL_HANGUP"}
    _, answer = await bench.ask("PUT", f"{V1}/webhook-subscriptions/{hook}", body)
    assert (answer["enabled"], answer.get("notification_email")) == left


async def test_failures_are_counted_and_never_disable_by_default(bench: Bench) -> None:
    """A refused or unreachable callback counts; a good one and one not meant do not."""
    bench.listen(EventType.CALL_INCOMING)
    bench.sim.subscribe("http://127.0.0.1:1/", EventType.CALL_INCOMING)
    bench.listen(EventType.CALL_HANGUP)
    bench.status = 500
    await bench.sim.ring(CALLER, "101")
    bench.status = 200
    await bench.sim.ring(CALLER, "101")
    _, hooks = await bench.ask("GET", f"{V1}/webhook-subscriptions")
    counts = [(hook["failed_count"], hook.get("last_error"), hook["enabled"]) for hook in hooks]
    assert counts == [(1, "HTTP status 500", True), (2, "Connection failed", True), (0, None, True)]


@pytest.mark.parametrize(("resets", "count"), [(True, 0), (False, 2)])
async def test_auto_disable(bench: Bench, count: int, *, resets: bool) -> None:
    """After n failures nothing more comes, somebody is told, and enabling may reset the count."""
    bench.sim.auto_disable_after, bench.sim.enable_resets_count = 2, resets
    (hook,) = bench.sim.subscribe(bench.hook, EventType.CALL_INCOMING, notification_email="a@example.com")
    bench.status = 404
    for _ in range(3):
        await bench.sim.ring(CALLER, "101")
    path = f"{V1}/webhook-subscriptions/{hook}"
    _, answer = await bench.ask("GET", path)
    assert (len(bench.got), answer["enabled"], answer["failed_count"]) == (2, False, 2)
    assert bench.sim.mails == [("a@example.com", hook)]
    body = {"id": hook, "callback_url": bench.hook, "event_type": "CALL_INCOMING", "enabled": True}
    assert (await bench.ask("PUT", path, body))[1]["failed_count"] == count
    await bench.sim.ring(CALLER, "101")
    assert len(bench.got) == 3


# -- delivery ----------------------------------------------------------------------------------------


async def test_envelope(bench: Bench) -> None:
    """An event is wrapped as documented, with prefix outside and without inside."""
    bench.listen(EventType.CALL_INCOMING)
    call = await bench.sim.ring(CALLER, "101", name="Zoe")
    stamp = int(bench.clock.now * 1000)
    data = {
        "timestamp": stamp,
        "callId": call,
        "type": "INCOMING",
        "originatorNumber": CALLER,
        "originatorName": "Zoe",
        "destinationNumber": "+390655501000",
        "destinationName": "Anna Keller",
        "sipUsername": "sip_101k3sfg",
        "userEmail": "user101@example.com",
        "userExtension": 101,
    }
    bench.sim.envelope = Envelope.BARE
    await bench.sim.ring(CALLER, "101")
    wrapped, bare = bench.got
    assert wrapped == {"timestamp": stamp, "type": "CALL_INCOMING", "data": data, "pbx_id": 117}
    assert bare.keys() == data.keys()


@pytest.mark.parametrize(
    ("mode", "count"),
    [
        (DeliveryMode.IN_ORDER, 6),
        (DeliveryMode.DUPLICATED, 12),
        (DeliveryMode.DROP_NTH, 3),
        (DeliveryMode.DELAYED, 6),
        (DeliveryMode.SHUFFLED, 6),
    ],
)
async def test_delivery(bench: Bench, mode: DeliveryMode, count: int) -> None:
    """Webhooks come in order, twice, with gaps, late or shuffled."""
    bench.listen(*EventType)
    bench.sim.delivery = mode
    for _ in range(2):
        call = await bench.sim.ring(CALLER, "101")
        await bench.sim.hang_up(call)
    late = mode in (DeliveryMode.DELAYED, DeliveryMode.SHUFFLED)
    assert (len(bench.got) == 0) is late
    await bench.sim.settle()
    assert len(bench.got) == count
    order = [event["type"] for event in bench.got]
    in_order = ["CALL_INCOMING", "CALL_HANGUP", "PHONE_CALL"] * 2
    # Late webhooks travel on connections of their own, so their order is nobody's promise.
    if mode is not DeliveryMode.DELAYED:
        assert (order == in_order) is (mode is DeliveryMode.IN_ORDER)


async def test_late_failures_are_counted_too(bench: Bench) -> None:
    """A webhook that goes out later still counts for its subscription."""
    (hook,) = bench.listen(EventType.CALL_INCOMING)
    bench.sim.delivery, bench.status = DeliveryMode.DELAYED, 500
    await bench.sim.ring(CALLER, "101")
    await bench.sim.settle()
    assert bench.sim.subscriptions[hook].failed_count == 1


@pytest.mark.parametrize(
    ("style", "caller", "did"),
    [
        (NumberStyle.PLUS, "+390666600001", "+390655501000"),
        (NumberStyle.NO_PLUS, "390666600001", "390655501000"),
        (NumberStyle.NATIONAL, "0666600001", "0655501000"),
    ],
)
async def test_number_styles(bench: Bench, style: NumberStyle, caller: str, did: str) -> None:
    """Events and records write outside numbers in their own styles; extensions stay."""
    bench.sim.number_style = style
    bench.listen(EventType.CALL_INCOMING, EventType.PHONE_CALL)
    call = await bench.sim.ring("+390666600001", "101")
    bench.sim.record_number_style = style
    await bench.sim.answer(call, "101")
    await bench.sim.hang_up(call)
    event, record = (got["data"] for got in bench.got)
    assert (event["originatorNumber"], event["originatorName"], event["destinationNumber"]) == (caller, caller, did)
    assert (record["originatorNumber"], record["destinationName"], record["answererNumber"]) == (caller, did, "101")


@pytest.mark.parametrize("caller", ["anonymous", ""])
async def test_a_hidden_caller(bench: Bench, caller: str) -> None:
    """A hidden caller is anonymous in number and name, and masked in the record."""
    bench.listen(EventType.CALL_INCOMING, EventType.PHONE_CALL)
    await bench.sim.hang_up(await bench.sim.ring(caller, "101"))
    assert {event["data"]["originatorNumber"] for event in bench.got} == {"anonymous"}
    assert {event["data"]["originatorName"] for event in bench.got} == {"anonymous"}
    assert bench.record()["maskCallerNumber"] is True


# -- calls -------------------------------------------------------------------------------------------


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


# -- fax ---------------------------------------------------------------------------------------------


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


# -- records and history -----------------------------------------------------------------------------


@pytest.mark.parametrize(("switch", "key"), [("record_calls", "recordingUrl"), ("transcribe", "transcription")])
async def test_recording_switches(bench: Bench, switch: str, key: str) -> None:
    """Recordings and transcriptions are there or not."""
    bench.listen(EventType.PHONE_CALL)
    for value in (True, False):
        setattr(bench.sim, switch, value)
        call = await bench.sim.ring(CALLER, "101")
        await bench.sim.answer(call, "101")
        await bench.sim.hang_up(call)
        assert (key in bench.record()) is value


async def test_media_lifetime(bench: Bench) -> None:
    """A link may expire; an unknown one is nowhere."""
    bench.sim.media_lifetime = 60
    bench.listen(EventType.PHONE_CALL)
    call = await bench.sim.ring(CALLER, "101")
    await bench.sim.answer(call, "101")
    await bench.sim.hang_up(call)
    bench.clock.now += 61
    async with bench.session.get(bench.record()["recordingUrl"]) as response:
        assert response.status == 403
    async with bench.session.get(f"{bench.sim.url}/media/unknown.mp3") as response:
        assert response.status == 404


async def test_a_known_caller(bench: Bench) -> None:
    """A contact's name and CRM are in events and record, until the contact goes; labels come along."""
    bench.listen(EventType.CALL_INCOMING, EventType.PHONE_CALL)
    bench.sim.labels = ("vip",)
    await bench.sim.hang_up(await bench.sim.ring("+390655502002", "101"))
    assert bench.got[0]["data"]["originatorName"] == "Giulia Bianchi"
    assert (bench.record()["contactCrm"], bench.record()["labels"]) == ("Hubspot", ["vip"])
    await bench.ask("DELETE", f"{V1}/contacts/{next(iter(bench.sim.contacts))}")
    await bench.sim.hang_up(await bench.sim.ring("+390655502002", "101"))
    assert "contactCrm" not in bench.record()


async def test_cdr_delay(bench: Bench) -> None:
    """A record is nowhere before its time."""
    bench.sim.cdr_delay = 10
    bench.listen(EventType.PHONE_CALL)
    calls = [await bench.sim.ring(CALLER, extension) for extension in ("101", "102")]
    await bench.sim.hang_up(calls[0])
    path = f"{V1}/telephony-events"
    assert (await bench.ask("GET", path, params={"callId": calls[0]}))[0] == 404
    assert (await bench.ask("POST", path, {}))[1]["totalElements"] == 0
    await bench.sim.publish_records()
    assert (await bench.ask("GET", path, params={"callId": calls[0]}))[0] == 200
    bench.sim.cdr_delay = 0.01
    await bench.sim.hang_up(calls[1])
    await until(lambda: len(bench.got) > 1)
    assert [event["data"]["callId"] for event in bench.got] == calls


@pytest.mark.parametrize("shape", ByCallId)
@pytest.mark.parametrize("empty", [True, False])
async def test_by_call_id(bench: Bench, shape: ByCallId, *, empty: bool) -> None:
    """A search by call id answers an object, an array or a page; without a hit 404 or nothing."""
    bench.sim.by_call_id, bench.sim.by_call_id_missing_empty = shape, empty
    record = bench.sim.past_call(CALLER, "101", ago=60)
    wire = bench.sim.wire_record(record)
    path = f"{V1}/telephony-events"
    status, answer = await bench.ask("GET", path, params={"callId": record.call_id})
    found = {ByCallId.OBJECT: wire, ByCallId.ARRAY: [wire]}.get(shape)
    assert status == 200
    assert answer == found if shape is not ByCallId.PAGE else answer["content"] == [wire]
    status, answer = await bench.ask("GET", path, params={"callId": "unknown"})
    if empty:
        rows = answer["content"] if shape is ByCallId.PAGE else answer
        assert (status, rows) == (200, "" if shape is ByCallId.OBJECT else [])
    else:
        assert status == 404
    assert (await bench.ask("GET", path))[0] == 400


async def test_event_by_id(bench: Bench) -> None:
    """An event is found by its number, with its time in milliseconds."""
    record = bench.sim.past_call(CALLER, "101", ago=60)
    path = f"{V1}/telephony-events"
    status, answer = await bench.ask("GET", f"{path}/{record.id}")
    assert (status, answer["timestamp"]) == (200, 1_789_999_940_000)
    assert (await bench.ask("GET", f"{path}/1"))[0] == 404
    assert (await bench.ask("GET", f"{path}/x"))[0] == 400


async def test_history_pages(bench: Bench) -> None:
    """Pages count from zero, newest first, with times that have an offset without colon."""
    records = [bench.sim.past_call(CALLER, "101", ago=3600 - number) for number in range(25)]
    path = f"{V1}/telephony-events"
    _, first = await bench.ask("POST", path, {}, params={"sort": "timestamp,desc", "size": "10", "page": "0"})
    assert [row["id"] for row in first["content"]] == [record.id for record in records[:14:-1]]
    assert (first["first"], first["last"], first["number"], first["totalPages"], first["totalElements"]) == (
        True,
        False,
        0,
        3,
        25,
    )
    _, last = await bench.ask("POST", path, {}, params={"sort": "id,asc", "size": "10", "page": "2"})
    assert [row["id"] for row in last["content"]] == [record.id for record in records[20:]]
    assert (last["first"], last["last"], last["numberOfElements"], last["sort"][0]["ascending"]) == (
        False,
        True,
        5,
        True,
    )
    stamp = first["content"][0]["timestamp"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", stamp)
    assert datetime.fromisoformat(stamp).timestamp() == records[-1].started
    _, plain = await bench.ask("POST", path, {})
    assert (plain["size"], plain["numberOfElements"], plain["number"]) == (20, 20, 0)
    bench.sim.page_size_max = 5
    assert (await bench.ask("POST", path, {}, params={"size": "9"}))[1]["size"] == 5
    bench.sim.page_size_default = 3
    assert (await bench.ask("POST", path, {}, params={"size": "x", "page": "-1"}))[1]["size"] == 3
    assert (await bench.ask("POST", path, {}, params={"page": "99"}))[1]["content"] == []
    assert (await bench.ask("POST", path, {}, params={"sort": "color,asc"}))[0] == 400


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ({}, 3),
        ({"number": CALLER}, 2),
        ({"number": "01632960500"}, 0),
        ({"number": "1632960500"}, 2),
        ({"number": "102"}, 1),
        ({"number": "0655501000"}, 3),
        ({"date_time_from": "2026-09-21T14:13:19.000Z"}, 2),
        ({"date_time_to": "2026-09-21T16:13:18.999+02:00"}, 1),
        ({"date_time_from": "2026-09-21T14:13:19.000Z", "number": "102"}, 0),
    ],
)
async def test_history_filters(bench: Bench, body: dict[str, str], count: int) -> None:
    """The history is searched by any way to write a number and by times with a zone."""
    bench.sim.past_call("+12025550100", "102", ago=100)
    bench.sim.past_call(CALLER, "101", ago=1)
    bench.sim.past_call(CALLER, "101", ago=0)
    assert (await bench.ask("POST", f"{V1}/telephony-events", body))[1]["totalElements"] == count


@pytest.mark.parametrize(
    "body",
    [
        {"date_time_from": "2026-09-21T13:46:39.000"},
        {"date_time_from": "2026-09-21T13:46:39Z"},
        {"date_time_to": "2026-13-21T13:46:39.000Z"},
        {"date_time_to": 1790000000000},
        {"number": 102},
    ],
)
async def test_bad_history_filters(bench: Bench, body: dict[str, Any]) -> None:
    """A time needs milliseconds and a zone, a number is a text."""
    assert (await bench.ask("POST", f"{V1}/telephony-events", body))[0] == 400


@pytest.mark.parametrize(("order", "durations"), [("asc", [7, 40, 90]), ("desc", [90, 40, 7])])
async def test_history_order(bench: Bench, order: str, durations: list[int]) -> None:
    """The history can be sorted by other properties than the time."""
    for duration in (40, 90, 7):
        bench.sim.past_call(CALLER, "101", ago=600, duration=duration)
    _, answer = await bench.ask("POST", f"{V1}/telephony-events", {}, params={"sort": f"duration,{order}"})
    assert [row["duration"] for row in answer["content"]] == durations


async def test_history_as_csv(bench: Bench) -> None:
    """The history can be had as a table."""
    record = bench.sim.past_call(CALLER, "101", ago=60)
    status, text = await bench.ask("POST", f"{V1}/telephony-events", {}, headers={"Accept": "text/csv"})
    head, row, *_ = text.splitlines()
    assert status == 200
    assert dict(zip(head.split(","), row.split(","), strict=False))["id"] == str(record.id)


# -- click-to-call -----------------------------------------------------------------------------------


async def test_the_life_of_a_click_to_call(bench: Bench) -> None:
    """The server renames in two ways; there is no update."""
    path = f"{V1}/click-to-call"
    _, made = await bench.ask("POST", path, CTC)
    assert re.fullmatch(r"[0-9a-f]{32}", made["id"])
    assert made == CTC | {"id": made["id"], "name": "ctc-support", "dial_first": "extension"}
    assert (await bench.ask("GET", path))[1] == [made]
    assert (await bench.ask("GET", f"{path}/{made['id']}"))[1] == made | {"name": "ctc_support"}
    bench.sim.ctc_rename = False
    assert (await bench.ask("GET", path))[1][0]["name"] == "support"


@pytest.mark.parametrize(
    "change",
    [
        {"name": None},
        {"extension": 101},
        {"extension": "199"},
        {"outboundNumber": None},
        {"outboundNumber": "+390655509999"},
        {"dial_first": "both"},
    ],
)
async def test_bad_click_to_calls(bench: Bench, change: dict[str, Any]) -> None:
    """Extension and number must be the company's own."""
    assert (await bench.ask("POST", f"{V1}/click-to-call", CTC | change))[0] == 400


async def test_ctc_foreign_number(bench: Bench) -> None:
    """A foreign number may be replaced instead of refused."""
    bench.sim.ctc_foreign_number = ForeignNumber.REPLACED
    _, made = await bench.ask("POST", f"{V1}/click-to-call", CTC | {"outboundNumber": "+390655509999"})
    assert made["outboundNumber"] == "+390655501000"


@pytest.mark.parametrize("status", [400, 403, 429])
async def test_ctc_limit(bench: Bench, status: int) -> None:
    """There may be as many as users and groups, or as set."""
    bench.sim.ctc_limit_status = status
    assert bench.sim.click_to_call_limit == 7
    for number in range(7):
        bench.sim.add_click_to_call(str(number), "101", "+390655501000")
    path = f"{V1}/click-to-call"
    assert (await bench.ask("POST", path, CTC))[0] == status
    await bench.ask("DELETE", f"{path}/{next(iter(bench.sim.click_to_calls))}")
    assert (await bench.ask("POST", path, CTC))[0] == 200
    bench.sim.ctc_limit = 8
    assert (await bench.ask("POST", path, CTC))[0] == 200
    assert (await bench.ask("POST", path, CTC))[0] == status


@pytest.mark.parametrize("contact", [None, "", "0632960500", 44])
async def test_connect_refuses_bad_contacts(bench: Bench, contact: Any) -> None:
    """A refused connect places nothing."""
    resource = await bench.make_ctc()
    path = f"{V1}/click-to-call/{resource}/connect"
    assert (await bench.ask("POST", path, {"contact": contact}))[0] == 400
    assert (await bench.ask("POST", f"{V1}/click-to-call/none/connect", {"contact": CALLER}))[0] == 404
    assert (bench.sim.placed, bench.sim.truth()) == ([], [])


@pytest.mark.parametrize(
    ("event", "order"),
    [
        (EventType.CALL_STARTED, ["STARTED(101)", "|", "|", "ANSWERED(101)", "HANGUP(101)"]),
        (EventType.CALL_INCOMING, ["INCOMING(101)", "|", "ANSWERED(101)", "|", "HANGUP(101)"]),
    ],
)
async def test_click_to_call_extension_first(bench: Bench, event: EventType, order: list[str]) -> None:
    """The user's phone rings, then the contact's; the record has its own shape."""
    bench.sim.ctc_event = event
    bench.listen()
    call = await bench.connect()
    assert [(placed.source, placed.destination) for placed in bench.sim.placed] == [("101", CALLER)]
    marks = [len(bench.story())]
    assert bench.sim.truth()[0].state == "ringing"
    await bench.sim.answer(call, "101")
    marks.append(len(bench.story()) + 1)
    assert {leg.extension: leg.state for leg in bench.sim.truth()[0].legs} == {"101": "dialing", "": "ringing"}
    bench.clock.now += 5
    await bench.sim.answer(call)
    assert bench.sim.truth()[0].state == "talking"
    bench.clock.now += 30
    await bench.sim.hang_up(call)
    story = bench.story()
    assert story.pop() == "CLICK_TO_CALL"
    for mark in marks:
        story.insert(mark, "|")
    assert story == order
    first = bench.got[0]["data"]
    ends = (first["originatorNumber"], first["destinationNumber"])
    assert ends == (("101", CALLER) if event is EventType.CALL_STARTED else (CALLER, "101"))
    record = bench.record()
    assert (
        record
        | {
            "type": "CLICK_TO_CALL",
            "direction": "OUTBOUND",
            "callId": call,
            "queueCallId": call,
            "clickToCallType": "EXTENSION",
            "originatorNumber": "390655501000",
            "originatorName": "Anna Keller",
            "destinationNumber": CALLER[1:],
            "destinationName": CALLER[1:],
            "duration": 35,
            "ringTime": 5,
        }
        == record
    )
    assert call.endswith("-clicktocall")
    assert not {"lastEvent", "answererNumber", "voicemail", "maskCallerNumber"} & record.keys()


async def test_click_to_call_contact_first(bench: Bench) -> None:
    """Nothing is heard of the user before the contact answers."""
    bench.listen()
    call = await bench.connect(dial_first="contact")
    assert (bench.story(), bench.sim.truth()[0].state) == ([], "dialing")
    await bench.sim.answer(call)
    assert (bench.story(), bench.sim.truth()[0].state) == (["STARTED(101)"], "ringing")
    await bench.sim.answer(call, "101")
    await bench.sim.hang_up(call)
    assert bench.story() == ["STARTED(101)", "ANSWERED(101)", "HANGUP(101)", "CLICK_TO_CALL"]
    assert bench.record()["clickToCallType"] == DialFirst.CONTACT.name


async def test_an_unanswered_click_to_call(bench: Bench) -> None:
    """Its record says so only by its times."""
    bench.listen()
    call = await bench.connect()
    bench.clock.now += 20
    await bench.sim.hang_up(call, by="no_answer")
    assert bench.story() == ["STARTED(101)", "HANGUP(101)", "CLICK_TO_CALL"]
    assert (bench.record()["duration"], bench.record()["ringTime"], bench.record()["recorded"]) == (20, 20, False)


async def test_ctc_same_call_id(bench: Bench) -> None:
    """The live events may have another call id than the record."""
    bench.sim.ctc_same_call_id = False
    bench.listen()
    call = await bench.connect()
    await bench.sim.hang_up(call)
    assert re.fullmatch(r"[0-9a-f]{32}", call)
    assert bench.got[0]["data"]["callId"] == call
    assert re.fullmatch(r"[0-9a-f]{32}-clicktocall", bench.record()["callId"])
    assert bench.record()["callId"].partition("-")[0] != call


@pytest.mark.parametrize("first", DialFirst)
async def test_auto_answer(bench: Bench, first: DialFirst) -> None:
    """A phone that rings by API may pick up by itself; the contact never does."""
    bench.sim.auto_answer = 0.2
    call = await bench.connect(dial_first=first.value)
    if first is DialFirst.CONTACT:
        await bench.sim.answer(call)
    assert bench.sim.truth()[0].state == "ringing"
    await until(lambda: bench.sim.truth()[0].state != "ringing")
    assert bench.sim.truth()[0].state == ("dialing" if first is DialFirst.EXTENSION else "talking")


async def test_auto_answer_of_a_call_that_is_over(bench: Bench) -> None:
    """A phone that rings no more is not picked up."""
    bench.sim.auto_answer = 0.01
    call = await bench.connect()
    await bench.sim.hang_up(call)
    await asyncio.sleep(0.05)
    assert bench.sim.truth() == []


async def test_a_click_to_call_of_a_group_rings_everyone(bench: Bench) -> None:
    """All members ring, the first takes it."""
    bench.listen()
    call = await bench.connect(extension="902")
    assert bench.sim.placed[0].source == "902"
    await bench.sim.answer(call, "104")
    await bench.sim.answer(call)
    await bench.sim.hang_up(call)
    assert bench.story() == [
        "STARTED(103)",
        "STARTED(104)",
        "STARTED(105)",
        "HANGUP(103)",
        "HANGUP(105)",
        "ANSWERED(104)",
        "HANGUP(104)",
        "CLICK_TO_CALL",
    ]


async def test_every_accepted_request_places_one_call(bench: Bench) -> None:
    """Concurrent requests place as many calls as there are; one whose answer is lost was placed too."""
    resource = await bench.make_ctc()
    path = f"{V1}/click-to-call/{resource}/connect"
    answers = await asyncio.gather(*(bench.ask("POST", path, {"contact": CALLER}) for _ in range(20)))
    assert {status for status, _ in answers} == {200}
    assert len({placed.call_id for placed in bench.sim.placed}) == len(bench.sim.truth()) == 20
    bench.sim.fault(FaultKind.RESET_AFTER, path="connect")
    with pytest.raises(aiohttp.ClientError):
        await bench.ask("POST", path, {"contact": CALLER})
    assert len(bench.sim.placed) == 21
    bench.sim.fault(FaultKind.RESET, path="connect", times=2)
    with pytest.raises(aiohttp.ClientError):
        await bench.ask("POST", path, {"contact": CALLER})
    assert len(bench.sim.placed) == 21


async def test_events_wait_for_the_answer_not_the_other_way_round(bench: Bench) -> None:
    """A callback that answers late does not hold up the API."""
    held = asyncio.Event()

    async def slow(_request: web.Request) -> web.Response:
        await held.wait()
        return web.Response()

    app = web.Application()
    app.router.add_post("/", slow)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bench.sim.subscribe(f"http://127.0.0.1:{runner.addresses[0][1]}/", EventType.CALL_STARTED)
    resource = await bench.make_ctc()
    status, _ = await bench.ask("POST", f"{V1}/click-to-call/{resource}/connect", {"contact": CALLER})
    assert (status, list(bench.sim.webhooks.sent)) == (200, [])
    held.set()
    await bench.sim.settle()
    assert [delivery.status for delivery in bench.sim.webhooks.sent] == [200]
    await runner.cleanup()


async def test_the_same_seed_gives_the_same_ids() -> None:
    """Ids depend on the seed only."""
    one, two, three = (VoxloudSimulator(seed=seed) for seed in (1, 1, 2))
    ids = [await sim.ring(CALLER, "101") for sim in (one, two, three)]
    assert ids[0] == ids[1] != ids[2]
    assert list(itertools.islice(one.contacts, 1)) == list(itertools.islice(two.contacts, 1))
