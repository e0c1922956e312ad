"""The simulated Voxloud places calls by click-to-call objects as its contract says."""

import asyncio
import itertools
import re
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from .base import FaultKind
from .voxloud import DialFirst, EventType, ForeignNumber, VoxloudSimulator
from .voxloud_bench import CALLER, CTC, V1, Bench, until

pytestmark = pytest.mark.usefixtures("socket_enabled")


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
