"""The simulated Voxloud keeps subscriptions and delivers to them as its contract says."""

from typing import Any

import pytest

from .voxloud import DeliveryMode, Envelope, EventKey, EventType, NumberStyle
from .voxloud_bench import CALLER, V1, Bench

pytestmark = pytest.mark.usefixtures("socket_enabled")


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
