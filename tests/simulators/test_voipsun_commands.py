"""The simulated VoIPSUN box places, ends and overhears calls as its contract says."""

import asyncio

import pytest

from .base import TrueLeg
from .voipsun_bench import CALLER, FROM_101, OK, ORIGINATE, Box, Boxes, eventually
from .voipsun_model import DeviceState, Disposition, OutgoingRight, Undocumented

pytestmark = pytest.mark.usefixtures("socket_enabled")


async def test_originate_rings_the_extension_first(box: Box) -> None:
    """The phone rings; picked up, the number is dialled; answered, people talk."""
    assert await box.ask("originate", **ORIGINATE) == OK
    (placed,) = box.sim.placed
    assert (placed.source, placed.destination) == ("101", "800123456")
    assert await box.rows() == [("sip101", "101", "s", "Ringing")]
    assert box.sim.truth()[0].legs == (TrueLeg(extension="101", state="ringing"),)
    await box.sim.answer(placed.call_id, "101")
    assert await box.rows() == [
        ("sip101", "101", "800123456", "Up"),
        ("trunk-odchozi", "800123456", "800123456", "Ringing"),
    ]
    assert box.sim.truth()[0].state == "dialing"
    await box.sim.answer(placed.call_id)
    truth = box.sim.truth()[0]
    assert (truth.direction, truth.state, truth.caller, truth.callee) == ("outgoing", "talking", "101", "800123456")


async def test_originate_to_an_extension(box: Box) -> None:
    """An internal destination rings the other phone."""
    await box.ask("originate", **FROM_101, dstNum="103")
    call = box.sim.placed[0].call_id
    await box.sim.answer(call, "101")
    assert await box.rows() == [("sip101", "101", "103", "Up"), ("sip103", "103", "103", "Ringing")]
    assert box.sim.truth()[0].direction == "internal"


async def test_originate_options(boxes: Boxes) -> None:
    """The shown caller is in the list; custom fields and the recording are in the record."""
    box = await boxes()
    options = {"dialerCid": "222333444", "dialerName": "Firma", "customCDR1": "a", "customCDR4": "d"}
    audio = {"monitorFilename": "x.wav", "monitorPath": "/archive"}
    assert await box.ask("originate", **ORIGINATE, **options, **audio) == OK
    call = box.sim.placed[0].call_id
    await box.sim.answer(call, "101")
    assert [row[1] for row in await box.rows()] == ["222333444", "800123456"]
    await box.sim.answer(call)
    await box.sim.hang_up(call)
    record = box.sim.records[10000]
    assert record.custom == ("a", "", "", "d")
    assert record.recording is not None
    assert (record.recording.path, record.recording.filename) == ("/archive", "x.wav")


@pytest.mark.parametrize(
    ("right", "number", "follows"),
    [
        (OutgoingRight.ALLOWED, "800123456", True),
        (OutgoingRight.API_ONLY, "800123456", True),
        (OutgoingRight.DENIED, "800123456", False),
        (OutgoingRight.DENIED, "102", False),
        (OutgoingRight.INTERNAL_ONLY, "800123456", False),
        (OutgoingRight.INTERNAL_ONLY, "102", True),
    ],
)
async def test_originate_against_a_right(box: Box, right: OutgoingRight, number: str, *, follows: bool) -> None:
    """A refusing right is answered with success, and no call follows."""
    box.sim.extensions[0].outgoing = right
    assert await box.ask("originate", **FROM_101, dstNum=number) == OK
    assert len(await box.rows()) == len(box.sim.placed) == follows


async def test_api_only_forbids_dialling_by_hand(box: Box) -> None:
    """Who may call by API alone gets nowhere on the phone."""
    box.sim.extensions[0].outgoing = OutgoingRight.API_ONLY
    await box.sim.dial("101", "800123456")
    assert box.sim.truth() == []
    assert box.sim.records[10000].disposition is Disposition.FAILED


@pytest.mark.parametrize(
    ("state", "errno"),
    [
        (DeviceState.UNKNOWN, "220"),
        (DeviceState.IN_USE, "222"),
        (DeviceState.BUSY, "223"),
        (DeviceState.INVALID, "224"),
        (DeviceState.UNAVAILABLE, "225"),
        (DeviceState.RINGING, "226"),
        (DeviceState.RINGING_IN_USE, "227"),
        (DeviceState.ON_HOLD, "228"),
    ],
)
async def test_check_exten(box: Box, state: DeviceState, errno: str) -> None:
    """The check refuses a phone that is not free, with one number per state."""
    await box.sim.force_device_state("101", state)
    assert await box.errno("originate", **ORIGINATE, checkExten="1") == errno
    assert not box.sim.placed
    await box.sim.force_device_state("101", None)
    assert await box.ask("originate", **ORIGINATE, checkExten="1") == OK


async def test_check_exten_sees_calls(box: Box) -> None:
    """States come from what the phone does; without the check a busy phone rings again."""
    first = await box.sim.ring(CALLER, "101")
    assert await box.errno("originate", **ORIGINATE, checkExten="1") == "226"
    await box.sim.answer(first, "101")
    assert await box.errno("originate", **ORIGINATE, checkExten="1") == "222"
    await box.sim.hold(first, "101")
    assert await box.errno("originate", **ORIGINATE, checkExten="1") == "228"
    await box.sim.resume(first, "101")
    assert await box.ask("originate", **ORIGINATE, checkExten="0") == OK
    assert await box.errno("originate", **ORIGINATE, checkExten="1") == "227"
    await box.sim.unregister("sip102")
    assert await box.errno("originate", srcSipUsername="sip102", dstNum="1", checkExten="1") == "225"


@pytest.mark.parametrize(("check", "errno"), [("checkIpHost", "210"), ("checkIpContact", "211")])
async def test_check_addresses(box: Box, check: str, errno: str) -> None:
    """The address checks compare with the registration."""
    host = (await box.sip("sip101"))["host"]
    assert await box.errno("originate", **ORIGINATE, **{check: "203.0.113.9"}) == errno
    assert await box.ask("originate", **ORIGINATE, **{check: host}) == OK


async def test_originate_at_a_dead_phone(box: Box) -> None:
    """Without a check a dead phone is accepted, and nothing rings."""
    await box.sim.unregister("sip101")
    assert await box.ask("originate", **ORIGINATE) == OK
    assert await box.rows() == []
    assert not box.sim.placed


async def test_every_request_places_one_call(box: Box) -> None:
    """Twenty requests at once are twenty calls."""
    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(box.ask("originate", **ORIGINATE))
    assert len({placed.call_id for placed in box.sim.placed}) == len(box.sim.truth()) == 20


async def test_auto_answer(boxes: Boxes) -> None:
    """With auto_answer a phone picks up by itself, not the far side."""
    box = await boxes(auto_answer=0.01)
    await box.ask("originate", **ORIGINATE)
    await eventually(lambda: box.sim.truth()[0].state == "dialing")
    assert [row[3] for row in await box.rows()] == ["Up", "Ringing"]


async def test_auto_answer_after_an_answer(boxes: Boxes) -> None:
    """A phone that was picked up by hand, or stopped ringing, is not picked up again."""
    box = await boxes(auto_answer=0.02)
    for _ in range(2):
        await box.ask("originate", **ORIGINATE)
    ended, answered = (placed.call_id for placed in box.sim.placed)
    await box.sim.hang_up(ended)
    await box.sim.answer(answered, "101")
    channels = box.sim.channels(answered)
    await asyncio.sleep(0.05)
    assert [true.call_id for true in box.sim.truth()] == [answered]
    assert box.sim.channels(answered) == channels


async def test_originate_delay(boxes: Boxes) -> None:
    """The first channel can come later than the answer."""
    box = await boxes(originate_delay=0.05)
    assert await box.ask("originate", **ORIGINATE) == OK
    assert await box.rows() == []
    assert not box.sim.placed
    await eventually(lambda: bool(box.sim.placed))
    assert await box.rows() == [("sip101", "101", "s", "Ringing")]


@pytest.mark.parametrize(("end", "text"), [("answer", "true"), ("reject", '"223"'), ("callee", '"225"')])
async def test_originate_blocks(boxes: Boxes, end: str, text: str) -> None:
    """A blocking box answers when the phone was picked up or not."""
    box = await boxes(originate_blocks=True)
    request = asyncio.create_task(box.raw("originate", **ORIGINATE))
    await eventually(lambda: bool(box.sim.placed))
    call = box.sim.placed[0].call_id
    await asyncio.sleep(0.02)
    assert not request.done()
    if end == "answer":
        await box.sim.answer(call, "101")
    else:
        await box.sim.hang_up(call, by=end)
    assert text in (await request)[2]


async def test_blocking_originate_at_a_dead_phone(boxes: Boxes) -> None:
    """A blocking box says at once that nothing can ring."""
    box = await boxes(originate_blocks=True)
    await box.sim.unregister("sip101")
    assert await box.errno("originate", **ORIGINATE) == "225"


@pytest.mark.parametrize("route", [{"outrouteName": "outgoing"}, {"outrouteId": "1"}])
async def test_dial(box: Box, route: dict[str, str]) -> None:
    """The number outside is called first, then the context takes over."""
    assert await box.ask("dial", dstNum="800123456", context="processing", **route) == OK
    (placed,) = box.sim.placed
    assert (placed.source, placed.destination) == ("outgoing", "800123456")
    (row,) = await box.ask("listcalls")
    assert (row["context"], row["status"], row["dst"]) == ("from-trunk", "Ringing", "800123456")
    await box.sim.answer(placed.call_id)
    (row,) = await box.ask("listcalls")
    assert (row["context"], row["status"]) == ("processing", "Up")


@pytest.mark.parametrize("route", [{"outrouteName": "other"}, {"outrouteId": "9"}])
async def test_dial_without_route(box: Box, route: dict[str, str]) -> None:
    """An unknown route is 250."""
    assert await box.errno("dial", dstNum="1", context="c", **route) == "250"
    assert not box.sim.placed


@pytest.mark.parametrize(("answered", "continued"), [(True, ""), (False, "failed")])
async def test_dial_continues_on_failure(box: Box, *, answered: bool, continued: str) -> None:
    """The hang-up context takes over only a call that nobody answered."""
    await box.ask("dial", dstNum="1", context="c", outrouteId="1", hangupContext="failed")
    call = box.sim.placed[0].call_id
    if answered:
        await box.sim.answer(call)
        await box.sim.hang_up(call, by="callee")
    else:
        await box.sim.hang_up(call, by="reject")
    assert box.sim.records[10000].continued_in == continued


@pytest.mark.parametrize("index", [0, 1])
async def test_hangupcall(box: Box, index: int) -> None:
    """Ending either leg of a bridged call ends the call, and that one only."""
    call = await box.sim.dial("102", "103")
    await box.sim.answer(call, "103")
    other = await box.sim.ring(CALLER, "101")
    assert await box.ask("hangupcall", channelName=box.sim.channels(call)[index]) == OK
    assert [true.call_id for true in box.sim.truth()] == [other]
    assert box.sim.records[10000].ended_by == "api"


async def test_hangupcall_of_one_of_several_phones(box: Box) -> None:
    """One phone of a group stops ringing; the last one ends the call."""
    call = await box.sim.ring(CALLER, "101", "102")
    _, first, second = box.sim.channels(call)
    await box.ask("hangupcall", channelName=first)
    assert box.sim.channels(call)[1:] == [second]
    await box.ask("hangupcall", channelName=second)
    assert box.sim.truth() == []


@pytest.mark.parametrize(
    ("switch", "answer"),
    [
        (Undocumented.ERRNO, {"success": "false", "errno": "120", "reason": "Missing required parameter"}),
        (Undocumented.BARE, {"success": "false", "reason": "Failed"}),
        (Undocumented.SUCCESS, OK),
    ],
)
async def test_undocumented_answers(boxes: Boxes, switch: Undocumented, answer: dict[str, str]) -> None:
    """An unknown channel and an unknown queue are answered as switched."""
    box = await boxes(unknown_channel=switch, unknown_queue=switch)
    assert await box.ask("hangupcall", channelName=r"SIP\sip101-0000b704") == answer
    assert await box.ask("queuestatus", queueName="nobody") == answer


@pytest.mark.parametrize("target", ["dstChannelName", "dstExtenInternalNum", "dstSipUsername", "dstExtenId"])
async def test_spying(box: Box, target: str) -> None:
    """The supervisor's phone rings, listens, and stops with the call."""
    call = await box.sim.dial("102", "103")
    await box.sim.answer(call, "103")
    values = {"dstChannelName": box.sim.channels(call)[0], "dstSipUsername": "sip102", "dstExtenId": "2"}
    value = values.get(target, "102")
    assert await box.ask("spying", **FROM_101, spyCid="999", spyName="Chef", **{target: value}) == OK
    (placed,) = box.sim.placed
    assert (placed.source, placed.destination) == ("101", value)
    assert (await box.rows())[2] == ("sip101", "999", "s", "Ringing")
    await box.sim.answer(placed.call_id, "101")
    assert (await box.rows())[2][3] == "Up"
    await box.sim.hang_up(call)
    assert box.sim.truth() == []


async def test_the_end_of_spying_leaves_the_call(box: Box) -> None:
    """A supervisor who leaves ends nothing else."""
    call = await box.sim.dial("102", "103")
    await box.ask("spying", **FROM_101, dstExtenInternalNum="102")
    await box.sim.hang_up(box.sim.placed[0].call_id)
    assert [true.call_id for true in box.sim.truth()] == [call]


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ({"filename": "new.wav"}, ("/var/spool/asterisk/monitor", "new.wav")),
        ({"path": "/archive/2024"}, ("/archive/2024", "old.wav")),
        ({"filename": "new.wav", "path": "/archive/2024"}, ("/archive/2024", "new.wav")),
    ],
)
async def test_moverecord(box: Box, query: dict[str, str], target: tuple[str, str]) -> None:
    """A recording is renamed, moved, or both."""
    record_id = await box.sim.add_record()
    assert await box.ask("moverecord", cdrId=str(record_id), **query) == OK
    recording = box.sim.records[record_id].recording
    assert recording is not None
    assert (recording.path, recording.filename) == target


async def test_moverecord_errors(box: Box) -> None:
    """No record, no recording, and the three troubles with files."""
    mute = await box.sim.add_record(recorded=False)
    kept = await box.sim.add_record(filename="kept.wav")
    hidden = await box.sim.add_record(filename="hidden.wav")
    recording = box.sim.records[hidden].recording
    assert recording is not None
    recording.readable = False
    box.sim.read_only_paths = {"/cdrom"}
    moved = {"filename": "x.wav"}
    assert await box.errno("moverecord", cdrId="1", **moved) == "800"
    assert await box.errno("moverecord", cdrId="one", **moved) == "800"
    assert await box.errno("moverecord", cdrId=str(mute), **moved) == "801"
    assert await box.errno("moverecord", cdrId=str(hidden), **moved) == "810"
    assert await box.errno("moverecord", cdrId=str(kept), path="/cdrom") == "811"
    assert await box.errno("moverecord", cdrId=str(kept), filename="hidden.wav") == "812"


async def test_recorded_calls(boxes: Boxes) -> None:
    """A box that records everything has a recording of each answered call."""
    box = await boxes(record_calls=True)
    missed = await box.sim.ring(CALLER, "101")
    await box.sim.hang_up(missed)
    talked = await box.sim.ring(CALLER, "101")
    await box.sim.answer(talked, "101")
    await box.sim.hang_up(talked)
    assert await box.errno("moverecord", cdrId="10000", filename="x.wav") == "801"
    assert await box.ask("moverecord", cdrId="10001", filename="x.wav") == OK
